#!/usr/bin/env python3
"""A relay agent on a host of a lab, by hand: it is part of the lab, in its log, its ladder and its captures, by its clock."""

import datetime
import json
import subprocess
import unittest

import labtest
from labtest import BIN, DHCPLAB, LabCase, wait_for

QUICK = {"start-delay-ms": [0, 0], "address-conflict-detection": False}
LAB = {
    "hosts": {
        "server": {"server": {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "subnet4": [{"id": 1, "subnet": "10.1.0.0/24", "pools": [{"pool": "10.1.0.100 - 10.1.0.199"}]},
                        {"id": 2, "subnet": "10.2.0.0/24", "pools": [{"pool": "10.2.0.100 - 10.2.0.199"}]}]}}},
        "r": {},
        "h": {"client": QUICK},
    },
    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.1.0.1/24"}, {"host": "r", "address": "10.1.0.254/24"}]},
              {"type": "veth", "ends": [{"host": "r", "address": "10.2.0.1/24"}, {"host": "h"}]}],
}


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Relay(LabCase):
    def setUp(self):
        super().setUp()
        self.write("far.json", LAB)
        self.dhcplab("up", "far.json", "--no-wait")

    def relay(self, *options):
        """Starts it, and lets the client begin anew, so that nobody waits for its next try."""
        relay = subprocess.Popen([DHCPLAB, "exec", "r", DHCPLAB, "relay", "10.1.0.1", *options], env=self.env, cwd=self.dir,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(relay.wait)
        self.addCleanup(relay.terminate)
        wait_for(self.has_lease, "a lease through the relay")

    def has_lease(self):
        """Asks anew only while there is none: a renewal would go to the server without the relay."""
        return (json.loads(self.dhcplab("status", "h", "--json", code=None).stdout)[0].get("lease")
                or self.dhcplab("renew", "h", "--timeout", "2", code=None).returncode == 0)

    def events(self, *hosts):
        return [json.loads(line) for line in self.dhcplab("log", "--json", *hosts).stdout.splitlines()]

    def test_what_it_does_is_in_the_log_and_the_ladder(self):
        self.relay()
        seen = [(event.get("direction"), event.get("type"), event.get("reason")) for event in self.events("r")]
        for expected in (("rx", "DISCOVER", None), ("tx", "DISCOVER", None), ("rx", "ACK", None), ("tx", "ACK", None)):
            self.assertIn(expected, seen)
        self.assertIn("relayed-request", [reason for _, _, reason in seen])
        ladder = self.dhcplab("log", "--ladder", "h").stdout
        self.assertRegex(ladder, r"\A +r +h\n")
        self.assertRegex(ladder, r"\n[\d:.]+ +\|-+ ACK -+>\|\n")
        self.assertNotIn("is not traced", self.dhcplab("log", "--ladder").stdout)

    def test_it_goes_by_the_clock_of_the_lab(self):
        def last_ack(host):
            times = [event["time"] for event in self.events(host) if event.get("type") == "ACK" and event["direction"] == "rx"]
            return datetime.datetime.fromisoformat(times[-1])

        self.relay()
        before = last_ack("r")
        self.dhcplab("clock", "advance", "2h")
        self.dhcplab("release", "h")
        self.dhcplab("renew", "h")
        self.assertGreater((last_ack("r") - before).total_seconds(), 7200)
        self.assertLess(abs((last_ack("r") - last_ack("h")).total_seconds()), 60)

    def test_options_come_first(self):
        trace = self.dir / "apart.ndjson"
        self.relay("--trace", str(trace), "--node", "agent")
        self.assertEqual({json.loads(line)["node"] for line in trace.read_text().splitlines()}, {"agent"})
        self.assertEqual(self.events("r"), [])


if __name__ == "__main__":
    labtest.main()
