#!/usr/bin/env python3
"""The client's control socket: rebind, decline, inform, and the stream of events, on a wire."""

import json
import socket
import subprocess
import unittest

import labtest
from labtest import BIN, DHCPLAB, LIMIT_S, LabCase, wait_for

LAB = {"hosts": {"server": {"server": {"Dhcp4": {
    "interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
    "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.109"}],
                 "option-data": [{"name": "routers", "data": "10.77.0.1"},
                                 {"name": "domain-name-servers", "data": "10.77.0.53"},
                                 {"name": "domain-name", "data": "lab.example"}]}]}}},
                 "h1": {"client": {"start-delay-ms": [0, 0], "address-conflict-detection": False}}, "plain": {}},
       "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}

# Gives eth0 an address, as an administrator would: SIOCSIFADDR and SIOCSIFNETMASK with a struct ifreq.
SET_ADDRESS = """
import fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    for request, text in ((0x8916, sys.argv[1]), (0x891c, "255.255.0.0")):
        fcntl.ioctl(s, request, struct.pack("16sH2x4s8x", b"eth0", socket.AF_INET, socket.inet_aton(text)))
"""


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Control(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))
        self.socket = self.run_dir / "lab" / "h1.sock"

    def status(self):
        return json.loads(self.dhcplab("status", "h1", "--json").stdout)[0]

    def messages(self, kind, node):
        events = [json.loads(line) for line in self.dhcplab("log", "--json", node).stdout.splitlines()]
        return [event for event in events if event["kind"] == "message" and event["type"] == kind]

    def addresses(self):
        return [address for address, _ in self.seen_on("h1", "leased_addresses")]

    def test_rebind_asks_every_server(self):
        self.assertEqual(self.dhcplab("rebind", "h1").stdout, "h1: 10.77.0.100/24 from 10.77.0.1 for 1 h\n")
        request = self.messages("REQUEST", "h1")[-1]
        self.assertEqual((request["src"], request["dst"], request["ciaddr"]),
                         ("10.77.0.100", "255.255.255.255", "10.77.0.100"))

    def test_decline_takes_the_address_away_and_waits(self):
        answer = json.loads(self.dhcplab("decline", "h1", "--json").stdout)
        self.assertEqual((answer["result"], answer["arguments"]["state"], answer["arguments"]["state_reason"]),
                         (0, "INIT", "command-decline"))
        left_s = answer["arguments"]["next_timer"]["remaining_s"]
        self.assertTrue(9 < left_s <= 10, left_s)
        self.assertEqual(self.addresses(), [])
        decline = wait_for(lambda: self.messages("DECLINE", "server"), "the DECLINE at the server")[0]
        self.assertEqual((decline["src"], decline["ciaddr"]), ("0.0.0.0", "0.0.0.0"))
        self.assertEqual([lease["state_name"] for lease in json.loads(self.dhcplab("leases", "--json").stdout)],
                         ["declined"])
        done = self.dhcplab("decline", "h1", code=1)
        self.assertEqual(done.stderr, "dhcplab: h1: there is no address to decline\n")

    def test_inform_for_an_address_of_ones_own(self):
        done = self.dhcplab("inform", "h1", code=1)
        self.assertEqual(done.stderr, "dhcplab: h1: the address is leased: its configuration came with the lease\n")
        self.dhcplab("release", "h1")
        done = self.dhcplab("inform", "h1", code=1)
        self.assertIn("the interface has no address to ask for", done.stderr)
        self.on("h1", "python3", "-c", SET_ADDRESS, "10.77.0.50")
        self.assertEqual(self.dhcplab("inform", "h1").stdout, "h1: 10.77.0.1 told the configuration of 10.77.0.50\n")
        status = self.status()
        inform = status["inform"]
        self.assertEqual({key: inform[key] for key in ("address", "prefix_length", "router", "dns", "domain", "server")},
                         {"address": "10.77.0.50", "prefix_length": 24, "router": "10.77.0.1", "dns": ["10.77.0.53"],
                          "domain": "lab.example", "server": "10.77.0.1"})
        self.assertEqual((status["state"], status["lease"], status["next_timer"]), ("INFORMED", None, None))
        self.assertEqual(self.addresses(), ["10.77.0.50/16"])  # as it was
        self.assertIn(": 10.77.0.50, not leased\n", self.dhcplab("status", "h1").stdout)
        inform, ack = self.messages("INFORM", "server")[-1], self.messages("ACK", "h1")[-1]
        self.assertEqual((inform["src"], inform["ciaddr"], ack["dst"], ack["yiaddr"]),
                         ("10.77.0.50", "10.77.0.50", "10.77.0.50", "0.0.0.0"))
        # And on to a lease; what the administrator has set stays his.
        self.dhcplab("renew", "h1")
        self.assertEqual(self.status()["state"], "BOUND")
        self.assertIn("10.77.0.50/16", self.addresses())
        answer = self.control(self.socket, "inform", {"address": "10.77.0"})
        self.assertEqual(answer["result"], 4)

    def test_inform_sets_the_resolver_until_something_else_comes(self):
        self.dhcplab("release", "h1")
        self.on("h1", "python3", "-c", SET_ADDRESS, "10.77.0.50")
        resolv_conf, path = self.dir / "resolv.conf", self.dir / "by-hand.sock"
        resolv_conf.write_text("# as it was\n")
        self.write("client.json", {"start-delay-ms": [60000, 60000]})
        client = subprocess.Popen([DHCPLAB, "exec", "h1", BIN / "dhcplab-client", "-i", "eth0", "-c", "client.json", "-q",
                                   "--resolv-conf", resolv_conf, "--control", path], env=self.env, cwd=self.dir,
                                  stdin=subprocess.DEVNULL)
        self.addCleanup(client.wait, LIMIT_S)
        self.addCleanup(client.terminate)
        wait_for(lambda: labtest.serves(path), "the client's socket")
        answer = wait_for(lambda: self.control(path, "inform"), "an answer")
        self.assertEqual(answer["text"], "10.77.0.1 told the configuration of 10.77.0.50")
        self.assertIn("nameserver 10.77.0.53\n", resolv_conf.read_text())
        self.control(path, "stop")
        self.assertEqual(client.wait(LIMIT_S), 0)
        self.assertEqual(resolv_conf.read_text(), "# as it was\n")
        self.assertEqual(self.addresses(), ["10.77.0.50/16"])

    def test_inform_that_nobody_answers(self):
        self.dhcplab("release", "h1")
        answer = self.control(self.socket, "inform", {"address": "192.0.2.5/24", "timeout_s": 0.2})
        self.assertEqual(answer, {"result": 1, "text": "no DHCP server answered in time; the client goes on trying"})
        self.assertEqual(self.status()["state"], "INFORMING")
        answer = self.control(self.socket, "inform", {"address": "224.0.0.1/4"})
        self.assertIn("is not an address of a host", answer["text"])

    def remote(self, *arguments, code=0, path=None):
        return self.dhcplab("--control", path or self.socket, *arguments, code=code, program=BIN / "dhcplab-client")

    def test_command_line_of_the_client_itself(self):
        self.assertEqual(self.remote("renew", '{"timeout_s": 10}').stdout, "10.77.0.100/24 from 10.77.0.1 for 1 h\n")
        self.assertEqual(json.loads(self.remote("status").stdout)["state"], "BOUND")
        self.assertIn("inform", json.loads(self.remote("list-commands").stdout))
        self.assertGreater(json.loads(self.remote("clock-get").stdout)["sent"], 0)
        self.assertEqual(self.remote("release").stdout, "10.77.0.100 released to 10.77.0.1\n")
        self.assertEqual(self.remote("release", code=3).stderr, "there is no lease to release\n")
        self.assertEqual(self.remote("frobnicate", code=1).stderr, "'frobnicate' command not supported.\n")
        self.assertIn("are a JSON map", self.remote("renew", "10", code=2).stderr)
        self.assertIn("one argument too many", self.remote("renew", "{}", "x", code=2).stderr)
        self.assertIn("goes with --control", self.remote("renew", "-i", "eth0", code=2).stderr)
        events = subprocess.Popen([BIN / "dhcplab-client", "--control", self.socket, "events"], text=True,
                                  stdout=subprocess.PIPE)
        self.addCleanup(events.stdout.close)
        self.addCleanup(events.wait, LIMIT_S)
        self.addCleanup(events.kill)
        wait_for(lambda: self.status()["event_readers"] == 1, "the reader")
        self.remote("renew")
        self.assertEqual(json.loads(events.stdout.readline())["to"], "INIT")
        self.dhcplab("down")
        self.assertEqual(events.wait(LIMIT_S), 0)
        self.assertIn("dhcplab-client: ", self.remote("status", code=1).stderr)

    def test_command_line_of_the_client_for_a_server(self):
        server = self.socket.parent / "server.sock"
        lease, = json.loads(self.remote("lease4-get-all", path=server).stdout)["leases"]
        self.assertEqual(lease["ip-address"], "10.77.0.100")
        self.assertEqual(json.loads(self.remote("status-get", path=server).stdout)["active_leases"], 1)
        self.assertEqual(self.remote("dhcp-enable", path=server).stdout, "DHCP service successfully enabled\n")
        nobody = '{"ip-address": "10.77.0.199"}'
        self.assertEqual(self.remote("lease4-get", nobody, path=server, code=3).stderr, "Lease not found.\n")

    def test_events_as_they_happen(self):
        reader = subprocess.Popen([DHCPLAB, "events", "h1", "--json"], env=self.env, cwd=self.dir, text=True,
                                  stdout=subprocess.PIPE)
        self.addCleanup(reader.stdout.close)
        self.addCleanup(reader.wait, LIMIT_S)
        self.addCleanup(reader.kill)
        wait_for(lambda: self.status()["event_readers"] == 1, "the reader")
        self.dhcplab("renew", "h1")
        self.dhcplab("down")
        self.assertEqual(reader.wait(LIMIT_S), 0)
        events = [json.loads(line) for line in reader.stdout]
        self.assertEqual([event["type"] for event in events if event["kind"] == "message"], ["REQUEST", "ACK"])
        self.assertEqual([event["to"] for event in events if event["kind"] == "state"], ["RENEWING", "BOUND", "STOPPED"])
        self.assertEqual({event["node"] for event in events}, {"h1"})

    def test_reader_that_leaves_is_forgotten(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.socket))
            peer.sendall(b'{"command": "events"}')
            self.assertEqual(json.loads(peer.recv(65536)), {"result": 0, "text": "events follow, one a line"})
            self.assertEqual(self.status()["event_readers"], 1)
        wait_for(lambda: self.status()["event_readers"] == 0, "that the reader is noticed to be gone")
        self.assertEqual(self.status()["event_readers_dropped"], 0)

    def test_reader_that_does_not_read_is_dropped_and_told(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(LIMIT_S)
            peer.connect(str(self.socket))
            peer.sendall(b'{"command": "events"}')
            peer.recv(10)

            def is_dropped():
                for _ in range(20):
                    self.control(self.socket, "renew")
                return self.status()["event_readers_dropped"] == 1
            wait_for(is_dropped, "that the reader is dropped", 60)
            self.assertEqual(self.status()["event_readers"], 0)
            text = b""
            while chunk := peer.recv(65536):
                text += chunk
        self.assertGreater(len(text), 1 << 18)
        last = json.loads(text.splitlines()[-1])
        self.assertEqual((last["level"], last["text"]),
                         ("warning", "this reader is too slow and is dropped: events are missing from here on"))
        log = [json.loads(line) for line in self.dhcplab("log", "--json", "h1").stdout.splitlines()]
        self.assertEqual([event["facts"]["num"] for event in log if event.get("reason") == "reader-slow"], [1 << 18])


if __name__ == "__main__":
    labtest.main()
