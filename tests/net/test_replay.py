#!/usr/bin/env python3
"""dhcplab replay: what was captured in a lab, in virtual time and by others, said again to a server that runs."""

import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import time
import unittest

import labtest
from labtest import wait_for
from test_explain import from_client, from_server, octets, pcap

CAPTURES = pathlib.Path(os.environ.get("DHCPLAB_CAPTURES", labtest.SOURCE.parent / "shared" / "captures"))
INFORM, LEASEQUERY = 8, 10
OPTIONS = [(1, octets("255.255.255.0")), (51, struct.pack(">I", 600)), (58, struct.pack(">I", 300)),
           (59, struct.pack(">I", 525))]


def server(lease_s=600, pool="10.77.0.100 - 10.77.0.199", **more):
    subnet = {"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": pool}], **more}
    return {"server": {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": lease_s,
                                 "renew-timer": lease_s // 2, "rebind-timer": lease_s * 7 // 8, "subnet4": [subnet]}}}


def lab(h1=None, **servers):
    ends = [{"host": name, "address": f"10.77.0.{place}/24"} for place, name in enumerate(servers, 1)]
    return {"name": "lab", "hosts": {**servers, "h1": h1 or {}},
            "links": [{"type": "bridge", "name": "lan", "ends": [*ends, {"host": "h1"}]}]}


CLIENT = {"client": {"hostname": "h1", "start-delay-ms": [0, 0], "address-conflict-detection": False}}


class Replay(labtest.LabCase):
    def up(self, **hosts):
        self.dhcplab("up", self.write("lab.json", lab(**hosts)))

    def replay(self, capture, *arguments, code=0):
        """The answer of --json: for a busy machine with a long limit."""
        return json.loads(self.dhcplab("replay", capture, "--json", "--timeout", "20", *arguments, code=code).stdout)

    def capture(self, *packets, **how):
        path = self.dir / "made.pcap"
        path.write_bytes(pcap(packets, **how))
        return path

    def differences(self, message):
        return {(row["kind"], row["code"] or row["name"], row["captured"], row["live"])
                for row in message["differences"] if row["kind"] not in ("mapped", "volatile")}

    def test_the_client_of_a_lab_again(self):
        self.up(s=server(), h1=CLIENT)
        self.dhcplab("release", "h1")
        capture = self.record("h1")
        self.dhcplab("renew", "h1")
        self.dhcplab("renew", "h1")
        self.dhcplab("release", "h1")
        said = ["DISCOVER", "OFFER", "REQUEST", "ACK", "REQUEST", "ACK", "RELEASE"]
        wait_for(lambda: self.captured(capture) == said, "the recorded messages")
        capture = shutil.copy(capture, self.dir / "lease.pcap")  # without what is to come
        came = self.replay(capture)
        self.assertEqual([message["outcome"] for message in came["messages"]], ["equal", "equal", "equal", "nothing"])
        self.assertTrue(came["equal"])
        discover, request, renewal, _ = came["messages"]
        self.assertEqual(discover["captured_client"], "02:00:00:00:00:02")
        self.assertEqual(discover["client"][:3], "0a:")
        self.assertEqual(discover["captured"]["address"], "10.77.0.100")
        self.assertEqual(discover["live"]["address"], "10.77.0.101")  # the other one is h1's, though free
        self.assertEqual(renewal["live"], {"type": "ACK", "address": "10.77.0.101", "server": "10.77.0.1"})
        xids = {message["xid"] for message in came["messages"]}
        self.assertEqual(len(xids), 4)
        # Its client is one like any other, and has given its lease back.
        (lease,) = [lease for lease in json.loads(self.dhcplab("leases", "--json").stdout)
                    if lease["hw-address"] == discover["client"]]
        self.assertEqual((lease["ip-address"], lease["state"]), ("10.77.0.101", 3))
        # To the server the renewal went straight, the others to everybody.
        events = [json.loads(line) for line in self.dhcplab("log", "--json", "s").stdout.splitlines()]
        heard = [(event["type"], event["src"], event["dst"]) for event in events
                 if event.get("direction") == "rx" and event.get("chaddr") == discover["client"]]
        everybody = ("0.0.0.0", "255.255.255.255")
        self.assertEqual(heard, [("DISCOVER", *everybody), ("REQUEST", *everybody),
                                 ("REQUEST", "10.77.0.101", "10.77.0.1"), ("RELEASE", "10.77.0.101", "10.77.0.1")])
        # The same for people.
        shown = self.dhcplab("replay", capture, "--timeout", "20").stdout
        self.assertIn("4 messages: 3 equal, 1 that nobody answers, 0 different", shown)
        self.assertNotIn("differs", shown)
        self.assertNotIn("does not begin here", shown)
        side_by_side = self.dhcplab("replay", capture, "--timeout", "20", "--diff").stdout
        self.assertRegex(side_by_side, r"(?m)^ +~ mapped +yiaddr +10\.77\.0\.100 +10\.77\.0\.1\d\d$")
        self.assertRegex(side_by_side, r"(?m)^ += same +51 dhcp-lease-time +600 s \(10 min\) +600 s \(10 min\)$")

    def test_a_capture_of_every_interface(self):
        """`dhcplab capture` has each packet twice, where it leaves and where it arrives: it is said once."""
        self.up(s=server(), h1=CLIENT)
        self.dhcplab("release", "h1")
        capture = subprocess.Popen([labtest.DHCPLAB, "capture", "lab.pcapng"], env=self.env, cwd=self.dir,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(capture.stderr.close)
        self.addCleanup(capture.kill)
        self.assertIn("Ctrl-C ends", capture.stderr.readline())
        self.dhcplab("renew", "h1")
        self.dhcplab("renew", "h1")
        capture.send_signal(signal.SIGINT)
        self.assertEqual(capture.wait(labtest.LIMIT_S), 0)
        came = self.replay("lab.pcapng")
        self.assertEqual([(message["type"], message["outcome"], message["copies"]) for message in came["messages"]],
                         [("DISCOVER", "equal", 1), ("REQUEST", "equal", 1), ("REQUEST", "equal", 1)])

    def test_virtual_time_and_the_wire_answer_the_same(self):
        """The simulator's capture of the teaching lab, to the server of the lab itself."""
        self.dhcplab("run", "teaching", "--pcap", "run.pcap")
        self.dhcplab("up", "pair")
        came = self.replay("run.pcap")
        self.assertEqual(len(came["messages"]), 12)
        self.assertTrue(came["equal"])

    def test_the_trace_of_a_lab_in_virtual_time(self):
        """Live decisions and answers, and those that the same engine gives in the simulator, for the same messages."""
        self.up(s=server(), h1=CLIENT)
        for command in ("release", "renew", "renew", "release"):
            self.dhcplab(command, "h1")
        heard = ["DISCOVER", "REQUEST", "RELEASE", "DISCOVER", "REQUEST", "REQUEST", "RELEASE"]

        def trace():
            return self.dhcplab("log", "--json").stdout

        def at_server():
            events = map(json.loads, trace().splitlines())
            return [event["type"] for event in events if event["node"] == "s" and event.get("direction") == "rx"]

        wait_for(lambda: at_server() == heard, "all messages at the server")
        file = self.write("trace.ndjson", trace())
        self.dhcplab("down")
        came = json.loads(self.dhcplab("replay", "--virtual", file, "--topology", "lab.json", "--json").stdout)
        self.assertEqual(came["differences"], [])
        self.assertEqual((came["equal"], came["heard"], came["answers"], came["left_out"]), (True, 7, 5, 0))
        self.assertGreater(came["decisions"], 10)
        # A server that leases for longer answers otherwise.
        self.write("other.json", lab(s=server(lease_s=1200), h1=CLIENT))
        shown = self.dhcplab("replay", "--virtual", file, "--topology", "other.json", code=1).stdout
        self.assertRegex(shown, r"(?m)^  trace   .*\"600 s \(10 min\)\"")
        self.assertRegex(shown, r"(?m)^  virtual .*\"1200 s \(20 min\)\"")
        for words in ([file], [file, "--topology", "absent"], ["absent", "--topology", "lab.json"],
                      [file, "--topology", "lab.json", "--to", "s"], [self.write("empty", ""), "--topology", "lab.json"],
                      [self.write("wrong", "{}\n"), "--topology", "lab.json"]):
            with self.subTest(words):
                self.assertNotEqual(self.dhcplab("replay", "--virtual", *words, code=2).stderr, "")

    def test_another_server_answers_otherwise(self):
        self.up(s=server(lease_s=900, **{"option-data": [{"name": "routers", "data": "10.77.0.1"}]}))
        capture = self.capture(
            from_client(1), from_server(2, [*OPTIONS, (28, octets("10.77.0.255"))], yiaddr="10.77.0.50"),
            from_client(3, [(50, octets("10.77.0.50")), (54, octets("10.77.0.1"))]),
            from_server(5, OPTIONS, yiaddr="10.77.0.50"))
        came = self.replay(capture, code=1)
        common = {("differs", 51, "600 s (10 min)", "900 s (15 min)"), ("differs", 58, "300 s (5 min)", "450 s (7 min 30 s)"),
                  ("differs", 59, "525 s (8 min 45 s)", "787 s (13 min 7 s)"), ("appears", 3, None, "10.77.0.1")}
        self.assertEqual(self.differences(came["messages"][0]), common | {("missing", 28, "10.77.0.255", None)})
        self.assertEqual(self.differences(came["messages"][1]), common)
        self.assertEqual([message["outcome"] for message in came["messages"]], ["different", "different"])

    def test_a_capture_that_starts_with_a_renewal(self):
        self.up(s=server())
        renewal = [from_client(3, ciaddr="10.77.0.100", src="10.77.0.100", dst="10.77.0.1"), from_server(5, OPTIONS, yiaddr="10.77.0.100")]
        said = self.dhcplab("replay", self.capture(*renewal), code=1).stdout
        self.assertIn("\n1 of them are about a lease that does not begin here", said)

    def test_a_server_that_is_silent(self):
        """The lease begins in the capture, though not with the live server."""
        self.up(s={})
        capture = self.capture(
            from_client(1), from_server(2, OPTIONS, yiaddr="10.77.0.100"),
            from_client(3, [(50, octets("10.77.0.100")), (54, octets("10.77.0.1"))]),
            from_server(5, OPTIONS, yiaddr="10.77.0.100"))
        said = self.dhcplab("replay", capture, "--to", "s", code=1).stdout
        self.assertIn("2 messages: 0 equal, 0 that nobody answers, 0 different, 2 without a live answer", said)
        self.assertNotIn("does not begin here", said)

    def test_one_server_of_several(self):
        self.up(s1=server(), s2=server(pool="10.77.0.200 - 10.77.0.250"))
        capture = self.capture(from_client(1), from_server(2, OPTIONS, yiaddr="10.77.0.100"))
        said = self.dhcplab("replay", capture, code=2).stderr
        self.assertIn("several servers", said)
        came = self.replay(capture, "--to", "s2")
        self.assertEqual(came["messages"][0]["live"], {"type": "OFFER", "address": "10.77.0.200", "server": "10.77.0.2"})
        self.assertIn("has no host s3 on which", self.dhcplab("replay", capture, "--to", "s3", code=2).stderr)

    def test_relayed_messages(self):
        """What a relay agent passed on, of a network that the lab does not have: it stands for the last address of the
        server's network, and is answered there."""
        self.dhcplab("run", "relay", "--pcap", "run.pcap")
        self.up(s=server(lease_s=3600, **{"option-data": [{"name": "routers", "data": "10.88.0.1"}]}))
        came = self.replay("run.pcap")
        self.assertEqual([message["outcome"] for message in came["messages"]], ["equal"] * len(came["messages"]))
        giaddr = [row for row in came["messages"][0]["differences"] if row["name"] == "giaddr"]
        self.assertEqual([(row["captured"], row["live"]) for row in giaddr], [("10.88.0.1", "10.77.0.254")])

    def test_the_silence_of_the_server(self):
        self.up(s=server())
        capture = self.capture(from_client(LEASEQUERY, ciaddr="10.77.0.100"))
        (message,) = json.loads(self.dhcplab("replay", capture, "--json", "--timeout", "3").stdout)["messages"]
        self.assertEqual((message["outcome"], message["live"]), ("nothing", None))
        self.assertEqual(message["why"], "leasequery is not switched on")
        # An answer that comes now only, and one that came then only.
        (message,) = self.replay(self.capture(from_client(1)), code=1)["messages"]
        self.assertEqual((message["outcome"], message["captured"]), ("new-answer", None))
        self.dhcplab("exec", "s", "ip", "link", "set", "eth0", "down")
        capture = self.capture(from_client(1), from_server(2, OPTIONS, yiaddr="10.77.0.100"))
        shown = self.dhcplab("replay", capture, code=1).stdout
        self.assertIn("1 without a live answer", shown)

    def test_hardware_addresses_and_pace(self):
        self.up(s=server())
        capture = self.capture(from_client(1), from_server(2, OPTIONS, yiaddr="10.77.0.100"),
                               from_client(3, [(50, octets("10.77.0.100")), (54, octets("10.77.0.1"))]),
                               from_server(5, OPTIONS, yiaddr="10.77.0.100"), step_ms=300)
        start = time.monotonic()
        came = self.replay(capture, "--pace", "real", "--map-mac", "02:00:5e:10:00:01=02:aa:bb:cc:dd:ee")
        self.assertGreater(time.monotonic() - start, 0.6)  # between DISCOVER and REQUEST
        self.assertEqual({message["client"] for message in came["messages"]}, {"02:aa:bb:cc:dd:ee"})

    def test_at_the_pace_of_the_capture_it_is_told_what_is_waited_for(self):
        self.up(s=server())
        capture = self.capture(from_client(1), from_server(2, OPTIONS, yiaddr="10.77.0.100"),
                               from_client(3, [(50, octets("10.77.0.100")), (54, octets("10.77.0.1"))]), step_ms=1000000)
        with subprocess.Popen([labtest.DHCPLAB, "replay", capture, "--pace", "real"], env=self.env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            shown = [process.stdout.readline() for _ in range(2)]  # while it waits
            self.assertIn("DISCOVER", shown[1])
            self.assertRegex(process.stderr.readline(), r"^dhcplab: packet 3, REQUEST, is due in 00:33:[01]\d\n$")
            process.send_signal(signal.SIGINT)

    def test_captures_of_others(self):
        """No capture breaks it, and each client's message is answered or has its reason."""
        files = sorted(CAPTURES.glob("*/*.pcap*")) if CAPTURES.is_dir() else []
        if not files:
            self.skipTest(f"there are no captures in {CAPTURES}")
        self.up(s=server())
        seen = 0
        for file in files:
            done = self.dhcplab("replay", file, "--json", "--timeout", "3", code=None)
            self.assertIn(done.returncode, (0, 1, 2, 3), f"{file}: {done.stderr}")
            if done.returncode == 2:
                continue
            for message in json.loads(done.stdout)["messages"]:
                seen += 1
                if message["type"] == "DISCOVER" and message["outcome"] != "not-sent":
                    self.assertEqual(message["live"] and message["live"]["type"], "OFFER", f"{file}: {message}")
                elif message["outcome"] == "no-answer":
                    self.assertTrue(message["why"], f"{file}: {message}")
        self.assertGreater(seen, 40)

    def test_wrong_usage(self):
        self.assertIn("there is no topology file nosuch, and no lab of that name; there are: lan, pair, ",
                      self.dhcplab("replay", "--virtual", "-", "--topology", "nosuch", code=2).stderr)
        self.assertIn("no lab runs", self.dhcplab("replay", self.capture(from_client(1)), code=1).stderr)
        for words in ([], ["a", "b"], ["x.pcap", "--pace", "slow"], ["x.pcap", "--map-mac", "02:00:00:00:00:01"],
                      ["x.pcap", "--map-mac", "02:01=02:01:02"], ["x.pcap", "--timeout", "0"], ["x.pcap", "--diff", "--json"],
                      ["absent.pcap"], [self.write("text.pcap", "no capture")], [self.capture()],
                      [self.capture(from_server(2, OPTIONS, yiaddr="10.77.0.100"))]):
            with self.subTest(words):
                self.assertNotEqual(self.dhcplab("replay", *words, code=2).stderr, "")
        twice = ["--map-mac", "02:00:00:00:00:01=02:00:00:00:00:02"] * 2
        self.up(s=server())
        self.assertIn("twice", self.dhcplab("replay", self.capture(from_client(1)), *twice, code=2).stderr)


if __name__ == "__main__":
    labtest.main()
