#!/usr/bin/env python3
"""dhcplab-client on a real link: what it does about other hosts that use its address."""

import json
import pathlib
import socket
import subprocess
import sys
import unittest

import labtest
from labtest import BIN, DHCPLAB, LabCase, wait_for

SERVER = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
                    "subnet4": [{"id": 1, "subnet": "10.77.0.0/24",
                                 "pools": [{"pool": "10.77.0.100 - 10.77.0.109"}]}]}}
CLIENT = {"hostname": "h1", "start-delay-ms": [0, 0]}
LATE_S = 2  # how late on a busy machine a message may be


def lan(client):
    """A server, a client, and a host that may be anything."""
    return {"hosts": {"server": {"server": SERVER}, "h1": {"client": client}, "other": {}},
            "links": [{"type": "bridge", "name": "lan",
                       "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}, {"host": "other"}]}]}


# Prints each ARP message as JSON: the time when the kernel received it, operation, sender's hardware address, sender's and
# target's address. With an argument it answers each request and probe for that address with a reply to the asker, as its owner would.
ARP = """
import json, socket, struct, sys
claimed = socket.inet_aton(sys.argv[1]) if len(sys.argv) > 1 else None
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
link.bind(("eth0", 0x0806))
SO_TIMESTAMPNS = 35
link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
own = link.getsockname()[4]
while True:
    frame, ((_, _, stamp),), _, _ = link.recvmsg(100, 64)
    s, ns = struct.unpack("qq", stamp)
    op, hw, sender, target = frame[21], frame[22:28], frame[28:32], frame[38:42]
    print(json.dumps([s + ns / 1e9, op, hw.hex(":"), socket.inet_ntoa(sender), socket.inet_ntoa(target)]), flush=True)
    if op == 1 and target == claimed and hw != own:
        link.send(hw + own + frame[12:21] + bytes([2]) + own + claimed + hw + sender)
"""

# Broadcasts one ARP announcement of the address in the argument.
ANNOUNCE = """
import socket, sys
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
link.bind(("eth0", 0))
own, address = link.getsockname()[4], socket.inet_aton(sys.argv[1])
link.send(b"\\xff" * 6 + own + bytes.fromhex("08060001080006040001") + own + address + bytes(6) + address)
"""


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Client(LabCase):
    def status(self):
        """The status of h1; without "state" while the client does not answer yet."""
        (status,) = json.loads(self.dhcplab("status", "h1", "--json", code=None).stdout)
        return status

    def events(self, host, kind):
        events = [json.loads(line) for line in self.dhcplab("log", "--json", host).stdout.splitlines()]
        return [event for event in events if event["kind"] == kind]

    def messages(self, host, message_type):
        return [event for event in self.events(host, "message") if event["type"] == message_type]

    def has_address(self, address):
        table = self.dhcplab("exec", "h1", "cat", "/proc/self/net/fib_trie").stdout
        return f"|-- {address}\n" in table

    def start_arp(self, *arguments):
        """Lets the other host listen to ARP, or answer it. Returns a function that gives what it has heard of h1."""
        log = self.dir / "arp.log"
        script = self.dir / self.write("arp.py", ARP)
        with log.open("w") as file:
            process = subprocess.Popen([DHCPLAB, "exec", "other", "python3", script, *arguments], env=self.env,
                                       cwd=self.dir, stdin=subprocess.DEVNULL, stdout=file)
        self.addCleanup(process.wait, labtest.LIMIT_S)
        self.addCleanup(process.terminate)

        def heard():
            events = [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
            return [event for event in events if event[2] == "02:00:00:00:00:02" and event[4] != "10.77.0.1"]
        heard.stop = process.terminate
        return heard


class ConflictDetection(Client):
    def test_address_is_probed_for_and_announced(self):
        # The start delay leaves time to listen from the first probe on.
        self.dhcplab("up", "--no-wait", self.write("lab.json", lan({**CLIENT, "start-delay-ms": [1000, 1000]})))
        heard = self.start_arp()
        probing = wait_for(lambda: (lambda s: s.get("state") == "PROBING" and s)(self.status()), "the probes")
        self.assertIsNone(probing["lease"])
        self.assertEqual(probing["conflict_detection"]["address"], "10.77.0.100")
        self.assertFalse(self.has_address("10.77.0.100"))
        wait_for(lambda: len(heard()) >= 5, "three probes and two announcements")
        self.assertEqual([event[1:2] + event[3:] for event in heard()],
                         [[1, "0.0.0.0", "10.77.0.100"]] * 3 + [[1, "10.77.0.100", "10.77.0.100"]] * 2)
        times = [event[0] for event in heard()]
        # Both announcements count from the last probe: before the first the lease is stored, on whatever disk.
        for earlier, later, low, high in ((0, 1, 1, 2), (1, 2, 1, 2), (2, 3, 2, 2), (2, 4, 4, 4)):
            gap = times[later] - times[earlier]
            self.assertGreater(gap, low - 0.1)
            self.assertLess(gap, high + LATE_S)
        status = self.status()
        self.assertEqual((status["state"], status["conflicts"]), ("BOUND", 0))
        self.assertTrue(self.has_address("10.77.0.100"))

    def test_squatter_on_the_address(self):
        self.dhcplab("up", "--no-wait", self.write("lab.json", lan(CLIENT)))
        heard = self.start_arp("10.77.0.100")
        decline = wait_for(lambda: self.messages("h1", "DECLINE"), "a DECLINE")[0]
        self.assertEqual((decline["src"], decline["dst"], decline["ciaddr"]), ("0.0.0.0", "255.255.255.255", "0.0.0.0"))
        self.assertEqual({option["name"]: option["text"] for option in decline["options"]}, {
            "dhcp-message-type": "DECLINE",
            "dhcp-client-identifier": "hardware 1 02:00:00:00:00:02",
            "dhcp-requested-address": "10.77.0.100",
            "dhcp-server-identifier": "10.77.0.1",
            "dhcp-message": "in use by 02:00:00:00:00:03"})
        at_server = wait_for(lambda: self.messages("server", "DECLINE"), "the DECLINE at the server")[0]
        self.assertEqual(at_server["xid"], decline["xid"])
        status = self.status()
        self.assertEqual((status["state"], status["state_reason"], status["lease"], status["conflicts"]),
                         ("INIT", "conflict", None, 1))
        self.assertGreater(status["next_timer"]["remaining_s"], 5)
        self.assertFalse(self.has_address("10.77.0.100"))
        # Asked to, it starts again before the 10 s are over; and without the squatter it gets an address.
        heard.stop()
        self.dhcplab("renew", "h1")
        self.assertEqual((self.status()["state"], self.status()["conflicts"]), ("BOUND", 0))

    def test_address_in_use_is_defended_once(self):
        self.dhcplab("up", self.write("lab.json", lan(CLIENT)))
        address = self.status()["lease"]["address"]
        self.dhcplab("exec", "other", "python3", "-c", ANNOUNCE, address)
        wait_for(lambda: self.status()["conflict_detection"]["defences"] == 1, "the defence")
        self.assertTrue(self.has_address(address))
        self.dhcplab("exec", "other", "python3", "-c", ANNOUNCE, address)
        wait_for(lambda: self.messages("server", "DECLINE"), "the DECLINE at the server")
        self.assertEqual(self.status()["state_reason"], "conflict-lost")
        self.assertFalse(self.has_address(address))


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class SavedLease(LabCase):
    """A client by hand that keeps its lease in a file."""

    def setUp(self):
        super().setUp()
        lab = lan(CLIENT)
        lab["hosts"]["h1"] = {}
        self.dhcplab("up", self.write("lab.json", lab))
        self.write("client.json", {**CLIENT, "address-conflict-detection": False})
        self.file = self.dir / "lease.json"

    def run_client(self, *arguments, code=0):
        """Runs a client to its first lease; the types of its messages and its changes of state."""
        trace = self.dir / "trace.json"
        trace.unlink(missing_ok=True)
        self.dhcplab("exec", "h1", BIN / "dhcplab-client", "-i", "eth0", "-c", "client.json", "-1", "--trace", trace,
                     "--lease-file", self.file, *arguments, code=code)
        self.trace = [json.loads(line) for line in trace.read_text().splitlines()]
        return ([event["type"] for event in self.trace if event["kind"] == "message"],
                [event["to"] for event in self.trace if event["kind"] == "state"])

    def test_client_asks_for_the_lease_it_had(self):
        self.assertEqual(self.run_client()[0], ["DISCOVER", "OFFER", "REQUEST", "ACK"])
        saved = json.loads(self.file.read_text())
        self.assertEqual((saved["address"], saved["lease-time"]), ("10.77.0.100", 3600))
        self.assertEqual(self.run_client(), (["REQUEST", "ACK"], ["INIT-REBOOT", "REBOOTING", "BOUND"]))
        request = next(event for event in self.trace if event["kind"] == "message")
        names = {option["name"]: option["text"] for option in request["options"]}
        self.assertEqual((names["dhcp-requested-address"], request["ciaddr"]), ("10.77.0.100", "0.0.0.0"))
        self.assertNotIn("dhcp-server-identifier", names)
        self.assertGreater(json.loads(self.file.read_text())["requested-ms"], saved["requested-ms"])

    def test_address_of_another_network_is_refused_and_forgotten(self):
        self.run_client()
        saved = json.loads(self.file.read_text())
        self.file.write_text(json.dumps({**saved, "address": "10.99.0.5"}))
        messages, states = self.run_client()
        self.assertEqual(messages, ["REQUEST", "NAK", "DISCOVER", "OFFER", "REQUEST", "ACK"])
        self.assertEqual(states, ["INIT-REBOOT", "REBOOTING", "INIT", "SELECTING", "REQUESTING", "BOUND"])
        self.assertEqual(json.loads(self.file.read_text())["address"], "10.77.0.100")

    def test_file_that_is_no_lease_is_told_and_replaced(self):
        self.file.write_text("no JSON")
        self.assertEqual(self.run_client()[0], ["DISCOVER", "OFFER", "REQUEST", "ACK"])
        warning = next(event for event in self.trace if event["kind"] == "log" and event["level"] == "warning")
        self.assertRegex(warning["text"], r"^no lease was taken from the file: .*lease\.json:1:1: ")
        self.assertEqual(json.loads(self.file.read_text())["address"], "10.77.0.100")

    def test_rebinding_keeps_it_and_release_forgets_it(self):
        client = subprocess.Popen([DHCPLAB, "exec", "h1", BIN / "dhcplab-client", "-i", "eth0", "-c", "client.json", "-q",
                                   "--lease-file", self.file, "--control", "client.sock"], env=self.env, cwd=self.dir,
                                  stdin=subprocess.DEVNULL)
        self.addCleanup(client.wait, labtest.LIMIT_S)
        self.addCleanup(client.terminate)
        wait_for(self.file.exists, "the saved lease")
        # On the way there: a renewal by broadcast, long before T2.
        answer = self.control(self.dir / "client.sock", "rebind")
        self.assertEqual((answer["result"], answer["text"]), (0, "10.77.0.100/24 from 10.77.0.1 for 1 h"))
        self.control(self.dir / "client.sock", "release")
        self.assertFalse(self.file.exists())


# Prints what a host has of its lease as JSON: routes as (destination, gateway, metric), the resolver's file, its name.
APPLIED = """
import json, pathlib, socket, struct
def ip(text):
    return socket.inet_ntoa(struct.pack("=I", int(text, 16)))
rows = [line.split() for line in pathlib.Path("/proc/self/net/route").read_text().splitlines()[1:]]
routes = {f"{ip(row[1])}/{bin(int(row[7], 16)).count('1')}": ip(row[2]) for row in rows}
print(json.dumps([routes, pathlib.Path("/etc/resolv.conf").read_text(), socket.gethostname()]))
"""


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Applying(Client):
    def applied(self, host="h1"):
        return json.loads(self.on(host, sys.executable, "-c", APPLIED).stdout)

    def test_routes_resolver_and_name_come_and_go_with_the_lease(self):
        outside = pathlib.Path("/etc/resolv.conf").read_text(), socket.gethostname()
        subnet = {**SERVER["Dhcp4"]["subnet4"][0], "option-data": [
            {"name": "routers", "data": "10.77.0.9"},
            {"name": "classless-static-route", "always-send": True,
             "data": "192.168.8.0/21 - 10.77.0.2, 192.168.0.0/24 - 0.0.0.0, 0.0.0.0/0 - 10.99.0.1"},
            {"name": "domain-name-servers", "data": "10.77.0.3, 10.77.0.4"},
            {"name": "domain-name", "data": "lab.example"},
            {"name": "domain-search", "data": "a.example, b.example", "always-send": True},
            {"name": "v4-captive-portal", "data": "https://portal.example/", "always-send": True},
            {"name": "host-name", "data": "named-by-server", "always-send": True}]}
        lab = lan({**CLIENT, "address-conflict-detection": False})
        lab["hosts"]["server"] = {"server": {"Dhcp4": {**SERVER["Dhcp4"], "subnet4": [subnet]}}}
        self.dhcplab("up", self.write("lab.json", lab))
        bound = [{"10.77.0.0/24": "0.0.0.0", "192.168.8.0/21": "10.77.0.2", "192.168.0.0/24": "0.0.0.0",
                  "0.0.0.0/0": "10.99.0.1"},
                 "# Written by dhcplab-client for eth0\nsearch a.example b.example\n"
                 "nameserver 10.77.0.3\nnameserver 10.77.0.4\n",
                 "named-by-server"]
        self.assertEqual(self.applied(), bound)
        lease = self.status()["lease"]
        self.assertEqual((lease["router"], lease["captive_portal"]), ("10.99.0.1", "https://portal.example/"))
        # The other hosts and the machine have their own.
        self.assertEqual(self.applied("other")[1:], ["", "other"])
        self.dhcplab("release", "h1")
        self.assertEqual(self.applied(), [{}, "", "h1"])
        self.dhcplab("renew", "h1")
        self.assertEqual(self.applied(), bound)
        self.assertEqual((pathlib.Path("/etc/resolv.conf").read_text(), socket.gethostname()), outside)


# Takes eth0 down: SIOCSIFFLAGS with a struct ifreq.
TAKE_DOWN = """
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sH", b"eth0", 0))
"""


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Losing(Client):
    """A lease that ends otherwise than by a RELEASE takes its static routes and its resolver with it, too."""

    ROUTES = ({"name": "classless-static-route", "always-send": True,
               "data": "192.168.8.0/21 - 10.77.0.2, 0.0.0.0/0 - 10.77.0.9"},
              {"name": "static-routes", "always-send": True, "data": "192.168.9.0, 10.77.0.2"})

    def start(self, routes, **more):
        """A client that has a lease with routes by that option, and the names of servers."""
        subnet = {**SERVER["Dhcp4"]["subnet4"][0], "option-data": [
            routes, {"name": "domain-name-servers", "data": "10.77.0.3"}]}
        self.configuration = {**SERVER["Dhcp4"], "authoritative": True, "subnet4": [subnet], **more}
        client = {**CLIENT, "address-conflict-detection": False, "parameter-request-list": [1, 6, 33, 121]}
        lab = lan(client)
        lab["hosts"]["server"] = {"server": {"Dhcp4": self.configuration}}
        self.dhcplab("up", self.write("lab.json", lab))
        routes, resolver = self.applied()
        self.assertEqual(resolver, "# Written by dhcplab-client for eth0\nnameserver 10.77.0.3\n")
        self.assertIn("10.77.0.2", routes.values())

    def applied(self):
        return json.loads(self.on("h1", sys.executable, "-c", APPLIED).stdout)[:2]

    def assert_lost(self, reason):
        wait_for(lambda: [event for event in self.events("h1", "state") if event["reason"] == reason], reason)
        wait_for(lambda: self.applied() == [{}, ""], "the interface to be bare")

    def test_refusal_after_renumbering(self):
        for routes in self.ROUTES:
            with self.subTest(routes["name"]):
                self.start(routes)
                # The network of the link has another number now, and nothing to lease yet.
                renumbered = {**self.configuration,
                              "subnet4": [{"id": 2, "subnet": "10.78.0.0/24", "interface": "eth0"}]}
                self.dhcplab("command", "server", "config-set", json.dumps({"Dhcp4": renumbered}))
                self.control(self.run_dir / "lab" / "h1.sock", "rebind", {"timeout_s": 0.1})
                self.assert_lost("nak")
                self.dhcplab("down")

    def test_expiry(self):
        for routes in self.ROUTES:
            with self.subTest(routes["name"]):
                self.start(routes, **{"valid-lifetime": 3})
                self.on("server", sys.executable, "-c", TAKE_DOWN)
                self.assert_lost("expired")
                self.dhcplab("down")

    def test_decline(self):
        for routes in self.ROUTES:
            with self.subTest(routes["name"]):
                self.start(routes)
                self.dhcplab("decline", "h1")
                self.assert_lost("command-decline")
                self.dhcplab("down")


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Options(LabCase):
    """What a client by hand says and takes."""

    def run_client(self, client, *arguments, server=None):
        """Runs a client to its first lease; its messages, each with its options by name as text."""
        lab = lan(CLIENT)
        lab["hosts"]["h1"] = {}
        lab["hosts"]["server"] = {"server": server or SERVER}
        if not self.labs():
            self.dhcplab("up", self.write("lab.json", lab))
        self.write("client.json", {**CLIENT, "address-conflict-detection": False, **client})
        trace = self.dir / "trace.json"
        trace.unlink(missing_ok=True)
        self.on("h1", BIN / "dhcplab-client", "-i", "eth0", "-c", "client.json", "-1", "--trace", trace, *arguments)
        messages = [json.loads(line) for line in trace.read_text().splitlines()]
        return [(event["type"], {option["name"]: option["text"] for option in event["options"]})
                for event in messages if event["kind"] == "message"]

    def start_lab(self):
        lab = lan(CLIENT)
        lab["hosts"]["h1"] = {}
        self.dhcplab("up", self.write("lab.json", lab))

    def test_what_an_ordinary_user_lacks_is_named(self):
        self.start_lab()
        drop = ("import ctypes, os, sys; libc = ctypes.CDLL(None); "
                "[libc.prctl(24, cap, 0, 0, 0) for cap in range(64)]; os.execv(sys.argv[1], sys.argv[1:])")  # PR_CAPBSET_DROP
        advice = "needs root or CAP_NET_RAW, CAP_NET_BIND_SERVICE; or use dhcplab up\n"
        done = self.on("h1", sys.executable, "-c", drop, BIN / "dhcplab-client", "-i", "eth0", "-q", code=1)
        self.assertEqual(done.stderr, "dhcplab-client: packet socket: " + advice)
        self.on("h1", "ip", "address", "add", "10.77.0.9/24", "dev", "eth0")
        self.write("server.json", SERVER)
        done = self.on("h1", sys.executable, "-c", drop, BIN / "dhcplab-server", "-c", "server.json", "-f", code=1)
        self.assertIn("dhcplab-server: eth0: " + advice, done.stderr)

    def test_loopback_is_refused(self):
        self.start_lab()
        self.assertEqual(self.on("h1", BIN / "dhcplab-client", "-i", "lo", "-q", code=1).stderr,
                         "dhcplab-client: lo: it has no Ethernet address: this is no interface for DHCP\n")

    def requested(self, *arguments):
        """The parameter request list of the first message, as text."""
        return self.run_client({}, *arguments)[0][1]["dhcp-parameter-request-list"]

    def test_what_an_option_of_the_command_line_needs_is_asked_for(self):
        resolv_conf = self.dir / "resolv.conf"
        resolv_conf.write_text("")
        self.assertNotIn("(12)", self.requested())
        self.assertIn("host-name (12)", self.requested("--set-hostname"))
        self.assertIn("domain-search (119)", self.requested("--resolv-conf", resolv_conf))
        added = [event["text"] for event in map(json.loads, (self.dir / "trace.json").read_text().splitlines())
                 if event["kind"] == "log"]
        self.assertIn("option 119 is added to the parameter request list: --resolv-conf needs it", added)

    def test_lease_that_is_not_probed_for_in_time_is_released(self):
        lab = lan(CLIENT)
        lab["hosts"]["h1"] = {}
        lab["hosts"]["server"] = {"server": SERVER}
        self.dhcplab("up", self.write("lab.json", lab))
        self.write("client.json", {**CLIENT, "address-conflict-detection": True})
        done = self.on("h1", BIN / "dhcplab-client", "-i", "eth0", "-c", "client.json", "-1", "-t", "3", code=1)  # probing takes four
        self.assertRegex(done.stderr, r"10\.77\.0\.\d+ was granted, but probing was not finished in time: it is released")
        wait_for(lambda: [lease["state_name"] for lease in json.loads(self.dhcplab("leases", "--json").stdout)
                          if lease["hw-address"] == "02:00:00:00:00:02"] == ["released"], "the server to hear the RELEASE")

    def test_duid_is_kept_in_a_file(self):
        duid_file = self.dir / "duid.json"
        messages = self.run_client({"client-id": "duid"}, "--duid-file", duid_file)
        saved = json.loads(duid_file.read_text())
        self.assertRegex(saved["duid"], r"^00:01:00:01:([0-9a-f]{2}:){4}02:00:00:00:00:02$")
        identifier = messages[0][1]["dhcp-client-identifier"]
        # Other hardware, the same file: it is the same client.
        duid_file.write_text(json.dumps({"duid": "00:02:00:00:ab:cd:01", "iaids": {"eth0": 5}}))
        messages = self.run_client({"client-id": "duid"}, "--duid-file", duid_file)
        self.assertNotEqual(messages[0][1]["dhcp-client-identifier"], identifier)
        self.assertEqual(messages[0][1]["dhcp-client-identifier"], "IAID 00000005 DUID-EN enterprise 43981 01")
        self.assertEqual(json.loads(duid_file.read_text())["iaids"], {"eth0": 5})

    def test_two_messages_are_enough_with_rapid_commit(self):
        server = {"Dhcp4": {**SERVER["Dhcp4"], "rapid-commit": True}}
        messages = self.run_client({"rapid-commit": True, "user-class": ["a", "b"], "fqdn": "h1.example.org"},
                                   server=server)
        self.assertEqual([name for name, _ in messages], ["DISCOVER", "ACK"])
        self.assertEqual((messages[0][1]["user-class"], messages[0][1].get("host-name")), ('"a", "b"', None))
        self.assertIn("h1.example.org", messages[0][1]["fqdn"])


if __name__ == "__main__":
    labtest.main()
