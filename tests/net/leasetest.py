"""What the tests of the lease file share: a server that is run by hand in a plain host of a lab, so that it may die, and
clients in another host that write down what they were told."""

import pathlib
import queue
import subprocess
import threading

import labtest
from labtest import BIN, DHCPLAB, LIMIT_S, LabCase, wait_for

TRAFFIC = pathlib.Path(__file__).with_name("traffic.py")

LAB = {
    "hosts": {"s": {}, "c": {}},
    "links": [{"type": "veth", "ends": [{"host": "s", "address": "10.9.0.1/16"},
                                        {"host": "c", "address": "10.9.0.2/16"}]}],
}


class Lines:
    """The lines of a pipe, read by a thread so that the writer never waits."""

    def __init__(self, pipe):
        self.queue = queue.Queue()
        self.all = []
        self.thread = threading.Thread(target=self.read, args=(pipe,), daemon=True)
        self.thread.start()

    def read(self, pipe):
        with pipe:
            for line in pipe:
                self.all.append(line.rstrip("\n"))
                self.queue.put(line.rstrip("\n"))


class LeaseCase(LabCase):
    """self.start_server() runs the server in host s, self.start_traffic() the clients in host c."""

    lab = LAB
    lease_database = {}
    server_command = (BIN / "dhcplab-server",)

    def setUp(self):
        super().setUp()
        self.control_path = self.dir / "server.sock"
        self.lease_file = self.dir / "leases.csv"
        self.server = self.server_log = self.traffic = None
        self.configure(**self.lease_database)
        self.dhcplab("up", self.write("crash.json", self.lab))

    def configure(self, **database):
        """Writes the server's configuration."""
        self.write("server.json", {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "lease-database": {"type": "memfile", "name": str(self.lease_file), **database},
            "valid-lifetime": 86400,
            "subnet4": [{"id": 1, "subnet": "10.9.0.0/16", "pools": [{"pool": "10.9.1.0 - 10.9.255.254"}]}]}})

    def spawn(self, host, *command, **more):
        process = subprocess.Popen([DHCPLAB, "exec", host, *map(str, command)], env=self.env, cwd=self.dir, text=True,
                                   **more)
        self.addCleanup(process.wait, LIMIT_S)
        self.addCleanup(process.kill)
        return process

    def server_pid(self):
        """Seen from here, not from the lab."""
        for pid, command in labtest.processes(f"DHCPLAB_RUN={self.run_dir}").items():
            if command.startswith(str(BIN / "dhcplab-server")):
                return pid
        return None

    def answers(self):
        if self.server.poll() is not None:
            self.server_log.thread.join(LIMIT_S)
            self.fail("the server ended: " + "\n".join(self.server_log.all[-20:]))
        try:
            return self.control(self.control_path, "status-get")["result"] == 0
        except (OSError, ValueError):
            return False

    def start_server(self):
        self.server = self.spawn("s", *self.server_command, "-f", "-c", self.dir / "server.json", "--control",
                                 self.control_path, stderr=subprocess.PIPE)
        self.server_log = Lines(self.server.stderr)
        wait_for(self.answers, "the server")

    def status(self):
        """What the server says of its lease file."""
        return self.control(self.control_path, "status-get")["arguments"]["lease_file"]

    def statistic(self, name):
        return self.control(self.control_path, "statistic-get", {"name": name})["arguments"][name][0][0]

    def leases(self):
        """The active leases that the server knows: {address: (mac, seconds)}."""
        answer = self.control(self.control_path, "lease4-get-all")
        return {lease["ip-address"]: (lease["hw-address"], lease["valid-lft"])
                for lease in answer["arguments"]["leases"] if lease["state"] == 0}

    def start_traffic(self, clients, seed):
        self.traffic = self.spawn("c", "python3", TRAFFIC, "eth0", clients, seed, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.addCleanup(self.traffic.stdin.close)
        self.traffic_lines = Lines(self.traffic.stdout)

    def go(self):
        self.traffic.stdin.write("go\n")
        self.traffic.stdin.flush()

    def is_idle(self):
        """Has the server served all that has arrived, which waits in its sockets, then in itself?"""
        sockets = [line.split()[4] for line in self.on("s", "cat", "/proc/net/udp").stdout.splitlines()[1:]]
        return (all(queues.endswith(":00000000") for queues in sockets)
                and not self.control(self.control_path, "clock-get")["arguments"]["busy"])

    def lines_to_pause(self):
        """Ends the traffic; returns every line since the last pause, with all that had arrived."""
        self.traffic.stdin.write("pause\n")
        self.traffic.stdin.flush()
        return list(iter(lambda: self.traffic_lines.queue.get(timeout=LIMIT_S), "paused"))

    def pause(self):
        """Ends the traffic, and waits until a server that lives has answered all of it: an OFFER that comes late is asked
        for. Returns every line since the last pause."""
        lines = []
        while more := self.lines_to_pause():
            lines += more
            if self.server.poll() is None:
                wait_for(self.is_idle, "the server to serve what has arrived")
        return lines


class Told:
    """What the clients have asked for and been told, in order."""

    def __init__(self):
        self.held = {}  # address: (mac, seconds), by the last ACK
        self.asked = {}  # mac: the addresses that it has ever asked for
        self.open = set()  # (address, mac): it has asked for that since it was last answered
        self.acks = 0
        self.errors = []

    def take(self, lines):
        for line in lines:
            what, mac, address, *rest = line.split()
            if what == "request":
                self.asked.setdefault(mac, set()).add(address)
                self.open.add((address, mac))
            elif what == "ack":
                self.acks += 1
                holder = self.held.get(address, (mac, 0))[0]
                if holder != mac:
                    self.errors.append(f"{address} was given to {mac} while {holder} held it")
                self.held[address] = (mac, int(rest[0]))
                self.open.discard((address, mac))
            elif what == "nak" and self.held.get(address, ("", 0))[0] == mac:
                self.errors.append(f"{mac} was refused {address}, which it held")
            elif what == "release":
                self.held.pop(address, None)

    def compare(self, leases):
        """What is wrong with the server's leases: every acknowledged one is there, none is invented. One that was asked
        for and not acknowledged may be there, new or extended (the crash came between storing and sending), and one that
        was released (the RELEASE did not arrive)."""
        wrong = list(self.errors)
        for address, lease in self.held.items():
            known = leases.get(address)
            is_extended = known is not None and known[0] == lease[0] and (address, known[0]) in self.open
            if known != lease and not is_extended:
                wrong.append(f"{address} was acknowledged to {lease}, the server has {known}")
        for address, (mac, _) in leases.items():
            if address not in self.asked.get(mac, ()):
                wrong.append(f"{address} is leased to {mac}, which never asked for it")
        return wrong
