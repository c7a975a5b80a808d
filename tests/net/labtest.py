"""What the tests of a running lab share: running dhcplab with a state folder of its own, waiting for an event with a
limit, and looking at the system from outside (processes, interfaces, namespaces) without any tool."""

import json
import os
import pathlib
import pty
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BIN = pathlib.Path(os.environ.get("DHCPLAB_BIN", SOURCE / "build" / "bin")).resolve()
DHCPLAB = BIN / "dhcplab"
SKIPPED = 77
LIMIT_S = 20  # for anything that is waited for


def has_programs(*names):
    """Are these programs built?"""
    return all((BIN / name).exists() for name in names)


def wait_for(condition, what, limit_s=LIMIT_S):
    """Returns the first true value of condition(), or fails after limit_s."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit_s} s in vain for {what}")
        time.sleep(0.02)


def serves(path):
    """Does somebody listen at a Unix socket? Its name is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as peer:
        try:
            peer.connect(str(path))
        except OSError:
            return False
    return True


def living():
    """The pids of all processes that have not ended."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                state = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state not in "ZX":
                found.append(int(entry))
    return found


def processes(mark):
    """The command lines, by pid, of the living processes whose environment or command line has `mark`."""
    found = {}
    for pid in living():
        try:
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in command + environment and pid != os.getpid():
            found[pid] = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def namespaces(pid):
    """The namespaces that a process is in or holds open, such as "net:[4026531833]"."""
    found = set()
    for folder in (f"/proc/{pid}/ns", f"/proc/{pid}/fd"):
        try:
            for entry in os.listdir(folder):
                target = os.readlink(f"{folder}/{entry}")
                if target.partition(":")[0] in ("net", "mnt", "pid", "user"):
                    found.add(target)
        except OSError:
            pass
    return found


def now_ticks():
    """The time of /proc/PID/stat: clock ticks since the machine started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")


def in_use(noted_at, others):
    """Those of the namespaces, each with the time when it was noted, that a process holds which was there then. The kernel
    gives the number of a namespace that has ended to a new one, so that a younger process says nothing, and no more do the
    `others`, of tests beside this one."""
    found = set()
    for pid in set(living()) - set(others):
        try:
            started = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        except OSError:
            continue
        found |= {name for name in namespaces(pid) & noted_at.keys() if started <= noted_at[name]}
    return found


def interfaces():
    """Every interface here: its index, flags and hardware address by its name."""
    found = {}
    for name in sorted(os.listdir("/sys/class/net")):
        try:
            found[name] = tuple(pathlib.Path("/sys/class/net", name, file).read_text().strip()
                                for file in ("ifindex", "flags", "address"))
        except OSError:
            pass
    return found


def addresses():
    """The kernel's own tables of addresses and routes here."""
    return [pathlib.Path("/proc/net", file).read_text() for file in ("fib_trie", "route")]


def leased_addresses():
    """The IPv4 addresses here but the loopback's, as rtnetlink tells them: (address/length, seconds that it is valid)."""
    newaddr, getaddr, dump, done = 20, 22, 0x301, 3
    found = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        # struct nlmsghdr, struct ifaddrmsg
        netlink.send(struct.pack("=IHHII BBBBI", 24, getaddr, dump, 1, 0, socket.AF_INET, 0, 0, 0, 0))
        while True:
            data = netlink.recv(65536)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind == done:
                    return found
                if kind == newaddr:
                    prefix = data[17]
                    attributes = dict(rtattrs(data[24:length]))
                    address, valid_s = socket.inet_ntoa(attributes[2]), struct.unpack_from("=II", attributes[6])[1]
                    if not address.startswith("127."):
                        found.append((f"{address}/{prefix}", valid_s))
                data = data[(length + 3) & ~3:]


def rtattrs(data):
    """The attributes of a message of rtnetlink: type and content of each."""
    while data:
        length, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:length]
        data = data[(length + 3) & ~3:]


def default_routes():
    """The gateways of the default routes here."""
    rows = [line.split() for line in pathlib.Path("/proc/net/route").read_text().splitlines()[1:]]
    return [socket.inet_ntoa(struct.pack("=I", int(row[2], 16))) for row in rows if row[1] == row[7] == "00000000"]


class Footprint:
    """What a lab may leave behind itself. Made before the lab; note() while it runs."""

    def __init__(self, test):
        self.test = test
        self.own_namespaces = namespaces("self")
        self.interfaces = interfaces()
        self.lab_namespaces = {}  # name: when it was noted, as now_ticks() says

    def note(self):
        for pid in self.test.processes():
            self.lab_namespaces |= dict.fromkeys(namespaces(pid) - self.own_namespaces, now_ticks())

    def left(self):
        """What there is of the lab: nothing, if every part is empty."""
        own = self.test.processes()
        others = processes("DHCPLAB_RUN=").keys() - own.keys()
        return {"processes": own, "namespaces": in_use(self.lab_namespaces, others),
                "files": sorted(str(path) for path in self.test.run_dir.rglob("*")),
                "interfaces": {} if interfaces() == self.interfaces else interfaces()}


class Screen:
    """A terminal for the standard error of a process, and what it has shown."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        os.set_blocking(self.ours, False)
        self.seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.ours)
        os.close(self.theirs)

    def shows(self, what):
        try:
            self.seen += os.read(self.ours, 65536)
        except BlockingIOError:
            pass
        return what in self.seen


class LabCase(unittest.TestCase):
    """A test with a folder for files (self.dir), in which dhcplab keeps its state too (self.run_dir)."""

    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dhcplab-test."))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.run_dir = self.dir / "run"
        self.env = dict(os.environ, DHCPLAB_RUN=str(self.run_dir))
        self.addCleanup(self.dhcplab, "down", "--all", code=None)

    def dhcplab(self, *arguments, code=0, program=DHCPLAB, timeout=90, **more):
        """Runs dhcplab and checks its exit code (None: any). The result has .stdout and .stderr as text."""
        done = subprocess.run([program, *arguments], env=self.env, cwd=self.dir, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, **more)
        if code is not None:
            self.assertEqual(done.returncode, code, f"dhcplab {arguments}:\n{done.stdout}{done.stderr}")
        return done

    def processes(self):
        """The living processes of this test's labs and of what it runs in them."""
        return processes(f"DHCPLAB_RUN={self.run_dir}")

    def write(self, name, content):
        """Writes a file into the test's folder: text, or a value as JSON. Returns its name."""
        (self.dir / name).write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        return name

    def labs(self):
        """What `dhcplab ps --json` says, by the labs' names."""
        return {lab["name"]: lab for lab in json.loads(self.dhcplab("ps", "--json").stdout)}

    def on(self, host, *command, code=0, **more):
        """Runs a command inside a host of the only lab. The result has .stdout and .stderr as text."""
        return self.dhcplab("exec", host, *command, code=code, **more)

    def seen_on(self, host, function):
        """What a function of this module without arguments finds on a host."""
        program = f"import json, sys; sys.path.append({str(HERE)!r}); import labtest; print(json.dumps(labtest.{function}()))"
        return json.loads(self.on(host, sys.executable, "-B", "-c", program).stdout)

    def record(self, host, name="capture.pcap", interface="eth0"):
        """Begins to write the frames of an interface into a pcap file of the test's folder, whose path it returns. It
        listens when this returns, and goes on until the lab ends."""
        path = self.dir / name
        recorder = subprocess.Popen([DHCPLAB, "exec", host, sys.executable, "-B", HERE / "record.py", interface, path],
                                    env=self.env, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(recorder.stdout.close)
        self.addCleanup(recorder.wait, LIMIT_S)
        self.addCleanup(recorder.terminate)
        self.assertEqual(recorder.stdout.readline(), "listening\n")
        return path

    def captured(self, path):
        """The types of the DHCP messages in a capture so far."""
        lines = self.dhcplab("explain", path, code=None).stdout.splitlines()
        return [words[3] for words in map(str.split, lines) if words[2] == "DHCP"]

    def control(self, path, command, arguments=None):
        """One command over a control socket, with the answer as a value."""
        request = {"command": command}
        if arguments is not None:
            request["arguments"] = arguments
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(LIMIT_S)
            peer.connect(str(path))
            peer.sendall(json.dumps(request).encode())
            answer = b""
            while chunk := peer.recv(65536):
                answer += chunk
        return json.loads(answer)


def namespaces_allowed():
    """Tries a lab of one plain host. False, with the reason printed, where the system does not allow it."""
    with tempfile.TemporaryDirectory(prefix="dhcplab-test.") as folder:
        lab = pathlib.Path(folder, "probe.json")
        lab.write_text('{"hosts": {"x": {}}}')
        env = dict(os.environ, DHCPLAB_RUN=folder + "/run")
        up = subprocess.run([DHCPLAB, "up", lab], env=env, text=True, capture_output=True, timeout=60, check=False)
        subprocess.run([DHCPLAB, "down", "--all"], env=env, capture_output=True, timeout=60, check=False)
        if up.returncode == SKIPPED:
            print(up.stderr.strip())
            return False
        return True


def main():
    """Runs the tests of the calling script; exit code 77 where nothing of it can run."""
    if not DHCPLAB.exists():
        print(f"{DHCPLAB} is not built")
        sys.exit(1)
    if not namespaces_allowed():
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
