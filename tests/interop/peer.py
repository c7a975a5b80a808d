"""Programs of others, as tests/peers unpacked them: how each is set up, started and asked. All of them run inside a lab,
and keep their files in a folder of the test."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "net"))
import labtest  # noqa: E402: it lies beside the tests that need no peers
from labtest import wait_for  # noqa: E402

PEERS = pathlib.Path(os.environ.get("DHCPLAB_PEERS", labtest.SOURCE / "build" / "peers")).resolve()
ROOT = PEERS / "root"


def program(package, path):
    """The command line that starts a program of a package; skips the test, with the reason, where it was not fetched."""
    why = PEERS / f"{package}.why"
    file = ROOT / path
    if not file.exists():
        raise unittest.SkipTest(
            why.read_text().strip() if why.exists() else f"{package} is not in {ROOT}: run tests/peers fetch"
        )
    libraries = [str(folder) for top in ("lib", "usr/lib") for folder in (ROOT / top, *ROOT.glob(f"{top}/*-linux-*"))]
    return ["env", f"LD_LIBRARY_PATH={':'.join(libraries)}", f"WIRESHARK_DATA_DIR={ROOT}/usr/share/wireshark", str(file)]


def busybox(package="udhcpc"):
    return program(package, "bin/busybox")


def write(path, text):
    path.write_text(text)
    return str(path)


class PeerCase(labtest.LabCase):
    """A test with a lab in which programs of others run."""

    def run_on(self, host, *command):
        return self.dhcplab("exec", host, *command).stdout

    def start_on(self, host, log, *command):
        """Starts a program that goes on; what it prints goes to the file. It ends with the lab at the latest."""
        with log.open("w") as file:
            return self.popen_on(host, file, *command)

    def popen_on(self, host, output, *command):
        process = subprocess.Popen([labtest.DHCPLAB, "exec", host, *command], env=self.env, cwd=self.dir,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait, labtest.LIMIT_S)
        self.addCleanup(process.terminate)
        return process

    def wait_for(self, condition, what, peer, limit_s=labtest.LIMIT_S):
        """As labtest.wait_for, and where it waits in vain it shows what the peer printed."""
        try:
            return wait_for(condition, what, limit_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; {peer.NAME} says:\n{peer.printed()}") from None

    def addresses_of(self, host):
        """The addresses of its interfaces but the loopback's."""
        table = self.run_on(host, "cat", "/proc/self/net/fib_trie")
        return {found for found in re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", table) if not found.startswith("127.")}


class Peer:
    """A program on eth0 of a host. Its files lie in the test's folder."""

    def __init__(self, test, host):
        self.test = test
        self.host = host
        self.dir = test.dir
        self.output = self.dir / "peer.log"

    def printed(self):
        return self.output.read_text(errors="replace")

    def start(self):
        self.process = self.test.start_on(self.host, self.output, *self.command())


class Server(Peer):
    """A DHCP server on 10.77.0.1/24 that leases 10.77.0.100 to 10.77.0.150 for an hour. It can be started again, with
    other numbers, and then knows the leases that it gave."""

    net = "10.77.0"
    lease_s, t1_s, t2_s = 3600, None, None  # None: as the server would have them
    LEASE_MIN_S = 1  # shorter ones it does not give

    def start(self):
        """What it prints is added to what it has printed before."""
        with self.output.open("a") as file:
            self.process = self.test.popen_on(self.host, file, *self.command())

    def file(self, name):
        """A file that is empty at first."""
        (self.dir / name).touch()
        return str(self.dir / name)

    def has_declined(self, address):
        """Does the server say that a client found the address in use?"""
        return re.search(self.DECLINED % re.escape(address), self.printed(), re.M) is not None

    def has_released(self, address):
        """Does the server say that it took the lease back?"""
        return re.search(self.RELEASED % re.escape(address), self.printed(), re.M) is not None


class Kea(Server):
    NAME = "Kea"
    RELEASED = r"DHCP4_RELEASE .* address %s was released properly"
    DECLINED = r"DHCP4_DECLINE_LEASE .*\b%s\b"

    def command(self):
        config = {
            "interfaces-config": {"interfaces": ["eth0"]},
            # No clean-up of the lease file: for that it looks for its own program where a package would have put it.
            "lease-database": {"type": "memfile", "name": str(self.dir / "leases.csv"), "lfc-interval": 0},
            "authoritative": True,
            "valid-lifetime": self.lease_s,
            "renew-timer": self.t1_s or self.lease_s // 2,
            "rebind-timer": self.t2_s or self.lease_s * 7 // 8,
            "subnet4": [
                {
                    "id": int(self.net.split(".")[1]),  # another network is another subnet
                    "subnet": f"{self.net}.0/24",
                    "pools": [{"pool": f"{self.net}.100 - {self.net}.150"}],
                    "option-data": [{"name": "routers", "data": f"{self.net}.1"}],
                }
            ],
            "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout", "flush": True}]}],
        }
        file = write(self.dir / "kea.json", json.dumps({"Dhcp4": config}))
        folders = [f"KEA_PIDFILE_DIR={self.dir}", f"KEA_LOCKFILE_DIR={self.dir}"]
        return ["env", *folders, *program("kea-dhcp4-server", "usr/sbin/kea-dhcp4"), "-c", file]


class IscDhcpd(Server):
    NAME = "ISC dhcpd"
    RELEASED = r"^DHCPRELEASE of %s from .* \(found\)$"
    DECLINED = r"^DHCPDECLINE of %s from .*: abandoned$"

    def command(self):
        timers = "".join(f"option {name} {value};\n" for name, value in
                         (("dhcp-renewal-time", self.t1_s), ("dhcp-rebinding-time", self.t2_s)) if value)
        config = write(
            self.dir / "dhcpd.conf",
            f"authoritative;\ndefault-lease-time {self.lease_s};\nmin-lease-time 1;\n{timers}"
            f"subnet {self.net}.0 netmask 255.255.255.0 {{\n"
            f"  range {self.net}.100 {self.net}.150;\n  option routers {self.net}.1;\n}}\n",
        )
        leases = self.file("dhcpd.leases")
        server = program("isc-dhcp-server", "usr/sbin/dhcpd")
        return [*server, "-4", "-f", "-d", "-cf", config, "-lf", leases, "-pf", str(self.dir / "dhcpd.pid"), "eth0"]


class Dnsmasq(Server):
    NAME = "dnsmasq"
    RELEASED = r"DHCPRELEASE\(eth0\) %s [0-9a-f:]+ *$"
    DECLINED = r"DHCPDECLINE\(eth0\) %s [0-9a-f:]+"
    LEASE_MIN_S = 120

    def command(self):
        return [
            *program("dnsmasq-base", "usr/sbin/dnsmasq"),
            *("--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=eth0", "--bind-interfaces"),
            *("--user=root", "--pid-file", "--no-ping", "--no-resolv", "--no-hosts", "--log-dhcp"),
            "--dhcp-authoritative",
            f"--dhcp-range={self.net}.100,{self.net}.150,255.255.255.0,{self.lease_s}",
            *(f"--dhcp-option=option:{name},{value}" for name, value in (("T1", self.t1_s), ("T2", self.t2_s)) if value),
            f"--dhcp-leasefile={self.dir / 'dnsmasq.leases'}",
        ]


class Udhcpd(Server):
    NAME = "udhcpd"

    def command(self):
        self.leases = self.file("udhcpd.leases")
        self.pid = str(self.dir / "udhcpd.pid")
        config = write(
            self.dir / "udhcpd.conf",
            f"start {self.net}.100\nend {self.net}.150\nmax_leases 51\ninterface eth0\nmin_lease 1\n"
            f"lease_file {self.leases}\npidfile {self.pid}\n"
            f"option subnet 255.255.255.0\noption router {self.net}.1\noption lease {self.lease_s}\n",
        )
        return [*busybox("udhcpd"), "udhcpd", "-f", config]

    def says_of(self, address):
        """It prints nothing about a release or a DECLINE: what its lease file, written on SIGUSR1, says. Nothing, while
        that is being written."""
        self.test.run_on(self.host, "sh", "-c", f"kill -USR1 $(cat {self.pid})")
        leases = self.test.on(self.host, *busybox("udhcpd"), "dumpleases", "-f", self.leases, code=None).stdout
        found = re.search(rf"^.*\b{re.escape(address)} .*$", leases, re.M)
        return found[0] if found else ""

    def has_released(self, address):
        return "expired" in self.says_of(address)

    def has_declined(self, address):
        """What is nobody's is not given for a while."""
        return "00:00:00:00:00:00" in self.says_of(address)


class Dhcrelay(Peer):
    """A relay from the clients on eth1 to a server beyond eth0; it puts the name of eth1 into option 82."""

    NAME = "dhcrelay"

    def __init__(self, test, host, server):
        super().__init__(test, host)
        self.server = server

    def command(self):
        relay = program("isc-dhcp-relay", "usr/sbin/dhcrelay")
        return [*relay, "-4", "-d", "--no-pid", "-a", "-iu", "eth0", "-id", "eth1", self.server]


class DnsmasqRelay(Peer):
    """A relay from the clients on the link with an address of ours; without option 82."""

    NAME = "dnsmasq"

    def __init__(self, test, host, server, address):
        super().__init__(test, host)
        self.server, self.address = server, address

    def command(self):
        return [
            *program("dnsmasq-base", "usr/sbin/dnsmasq"),
            *("--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=eth1", "--interface=eth0"),
            *("--user=root", "--pid-file", "--no-resolv", "--no-hosts", "--log-dhcp"),
            f"--dhcp-relay={self.address},{self.server}",
        ]


class Client(Peer):
    """A DHCP client. Where it leaves the address to a script it gets one that does nothing else: nothing of the machine is
    touched, such as /etc/resolv.conf."""

    def script(self):
        ifconfig = " ".join([*busybox(), "ifconfig"])
        script = self.dir / "script"
        write(
            script,
            "#!/bin/sh\n"
            'case "${reason:-$1}" in\n'
            f'BOUND | RENEW | REBIND) {ifconfig} "$interface" "$new_ip_address" netmask "$new_subnet_mask" ;;\n'
            f'bound | renew) {ifconfig} "$interface" "$ip" netmask "$subnet" ;;\n'
            f'PREINIT | EXPIRE | FAIL | RELEASE | STOP | deconfig) {ifconfig} "$interface" 0.0.0.0 up ;;\n'
            "esac\n",
        )
        script.chmod(0o755)
        return str(script)

    def release(self):
        self.process.terminate()
        self.process.wait(labtest.LIMIT_S)


class Udhcpc(Client):
    NAME = "udhcpc"

    def command(self):
        # -R: release on SIGTERM
        return [*busybox(), "udhcpc", "-f", "-i", "eth0", "-R", "-s", self.script()]


class Dhclient(Client):
    NAME = "dhclient"

    def command(self):
        paths = {"-cf": "dhclient.conf", "-lf": "dhclient.leases", "-pf": "dhclient.pid"}
        write(self.dir / "dhclient.conf", "")
        arguments = [word for option, name in paths.items() for word in (option, str(self.dir / name))]
        return [*program("isc-dhcp-client", "sbin/dhclient"), "-4", "-d", "-v", *arguments, "-sf", self.script(), "eth0"]

    def release(self):
        self.test.run_on(self.host, *self.command(), "-r")
        self.process.wait(labtest.LIMIT_S)


class Dhcpcd(Client):
    NAME = "dhcpcd"

    def command(self):
        """It sets the address itself. Its folders cannot be chosen, so it gets empty ones of its own in their place."""
        config = write(self.dir / "dhcpcd.conf", "")
        arguments = ["-4", "-B", "-d", "--noarp", "-f", config, "-c", "/bin/true", "eth0"]
        dhcpcd = " ".join([*program("dhcpcd-base", "usr/sbin/dhcpcd"), *arguments])
        return [
            # As it is in the lab, where no mount spreads to the machine; that is made sure of.
            *("unshare", "--mount", "--propagation", "unchanged", "sh", "-c"),
            "! grep ' shared:' /proc/self/mountinfo &&"
            " mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib && mkdir -p /run/dhcpcd /var/lib/dhcpcd &&"
            f" {{ trap 'kill -ALRM $!' TERM; {dhcpcd} & wait $!; wait $!; }}",
        ]


def main():
    """Runs the tests of the calling script; exit code 77 where something of it cannot run, and nothing fails."""
    if not labtest.namespaces_allowed():
        sys.exit(labtest.SKIPPED)
    result = unittest.main(verbosity=2, exit=False).result
    if result.skipped and result.wasSuccessful():
        sys.exit(labtest.SKIPPED)
    sys.exit(not result.wasSuccessful())
