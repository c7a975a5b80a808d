#!/usr/bin/env python3
"""dhcplab run on veth: every scenario that comes with the program, with the same ladder as in virtual time."""

import json
import pathlib
import signal
import subprocess

import labtest

SCENARIOS = sorted(path.name.removesuffix(".json") for path in (labtest.HERE.parent.parent / "config/scenarios").glob("*.json")
                   if not path.name.endswith(".schema.json"))
ALONE = {"faults", "week"}  # test_run_week.py, beside this one


class Scenarios(labtest.LabCase):
    def test_each_has_the_same_ladder_in_both_clocks(self):
        self.assertGreater(len(SCENARIOS), 20)
        for name in SCENARIOS:
            if name in ALONE:
                continue
            with self.subTest(scenario=name):
                done = self.dhcplab("run", name, "--parity", "--json")
                result = json.loads(done.stdout)
                self.assertEqual([item["text"] for item in result["expectations"] if not item["met"]], [])
                self.assertEqual((result["clock"], result["parity"]["same"]), ("veth", True))
                self.assertGreater(result["parity"]["messages"], 3)


class Run(labtest.LabCase):
    def scenario(self, **more):
        return self.write("s.json", {"topology": "pair", "duration": "1 h", "steps": [], "expect": [], **more})

    def test_what_is_not_met_is_told_with_the_ladder(self):
        done = self.dhcplab("run", "--veth", self.scenario(expect=[{"at": "10 min", "host": "h1", "state": "REBINDING"}]), code=1)
        self.assertIn("not met: h1 is REBINDING, at 10 min\n  instead: it is BOUND and holds 10.77.0.100;", done.stdout)
        self.assertIn("DISCOVER", done.stdout)
        self.assertIn("0 of 1 expectations met, seed 1; on veth 1 h in", done.stdout)

    def test_trace_and_capture(self):
        self.dhcplab("run", "--veth", self.scenario(), "--trace", "t.ndjson", "--pcap", "c.pcapng")
        events = [json.loads(line) for line in (self.dir / "t.ndjson").read_text().splitlines()]
        sent = [(event["boot_ms"], event["node"], event["type"]) for event in events
                if event["kind"] == "message" and event["direction"] == "tx"]
        self.assertEqual(sent, [(0, "h1", "DISCOVER"), (0, "server", "OFFER"), (0, "h1", "REQUEST"), (0, "server", "ACK"),
                                (1800000, "h1", "REQUEST"), (1800000, "server", "ACK"),
                                (3600000, "h1", "REQUEST"), (3600000, "server", "ACK")])
        captured = self.dhcplab("explain", "c.pcapng").stdout
        self.assertIn("ARP", captured)  # the kernels ask each other who has the address
        self.assertIn("DHCP ACK", " ".join(captured.split()))

    def test_a_program_that_cannot_run_is_told(self):
        topology = {"hosts": {"server": {"server": {"Dhcp4": {"interfaces-config": {"interfaces": ["eth7"]},
                                                             "subnet4": [{"id": 1, "subnet": "10.77.0.0/24"}]}}}, "h1": {"client": {}}},
                    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}
        done = self.dhcplab("run", "--veth", self.scenario(topology=topology), code=1)
        self.assertIn("the program on server", done.stderr)
        self.assertIn("eth7", done.stderr)

    def test_an_interrupted_run_leaves_nothing(self):
        before = set(pathlib.Path("/tmp").glob("dhcplab-run-*"))
        run = subprocess.Popen([labtest.DHCPLAB, "run", "week", "--veth"], env=self.env, cwd=self.dir,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        labtest.wait_for(lambda: len(self.processes()) >= 5, "the programs of the run")
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(timeout=10), -signal.SIGTERM)
        labtest.wait_for(lambda: not self.processes(), "the end of the programs")
        self.assertEqual(set(pathlib.Path("/tmp").glob("dhcplab-run-*")) - before, set())


if __name__ == "__main__":
    labtest.main()
