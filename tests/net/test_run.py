#!/usr/bin/env python3
"""dhcplab run on veth: every scenario that comes with the program, with the same ladder as in virtual time."""

import json
import signal
import subprocess

import labtest

SCENARIOS = sorted(path.name.removesuffix(".json") for path in (labtest.HERE.parent.parent / "config/scenarios").glob("*.json")
                   if not path.name.endswith(".schema.json"))
ALONE = {"week"}  # test_run_week.py, beside this one


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

    def test_bad_luck_is_the_same_in_both_clocks(self):
        ladders = set()
        for seed in range(2, 8):
            with self.subTest(seed=seed):
                result = json.loads(self.dhcplab("run", "faults", "--parity", "--json", "--seed", str(seed)).stdout)
                self.assertTrue(result["parity"]["same"], result["parity"]["differences"])
                ladders.add((result["messages"], result["lost"]))
        self.assertGreater(len(ladders), 3)  # and another for each seed

    def test_what_happens_at_one_instant_has_one_order(self):
        """Timers in the order in which they were set, before what is sent then; not by the places of the hosts."""
        client = {"start-delay-ms": [0, 0], "address-conflict-detection": False}
        server = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 600, "renew-timer": 300,
                            "subnet4": [{"id": 1, "subnet": "10.9.0.0/24", "pools": [{"pool": "10.9.0.100/30"}]}]}}
        topology = {"hosts": {"server": {"server": server}, "h1": {"client": client}, "h2": {"client": client}, "h3": {"client": client}},
                    "links": [{"type": "bridge", "ends": [{"host": "server", "address": "10.9.0.1/24"}, {"host": "h1"}, {"host": "h2"},
                                                          {"host": "h3"}]}]}
        steps = [{"at": "10 s", "do": "renew", "host": host} for host in ("h3", "h1", "h2")]
        file = self.write("s.json", {"topology": topology, "duration": "6 min", "steps": steps, "expect": []})
        sent = {}
        for clock in ("--virtual", "--veth"):
            self.dhcplab("run", clock, file, "--trace", "t.ndjson")
            events = [json.loads(line) for line in (self.dir / "t.ndjson").read_text().splitlines()]
            sent[clock] = [(event["boot_ms"], event["node"], event["type"], event["chaddr"]) for event in events
                           if event["kind"] == "message" and event["direction"] == "tx"]
        self.assertEqual(sent["--veth"], sent["--virtual"])
        self.assertEqual([node for at, node, _, _ in sent["--veth"] if at == 310000], ["h3", "h1", "h2", *3 * ["server"]])

    def test_two_clients_heard_at_once(self):
        """With this seed a server hears in one instant what it answers after a sync, and what it answers at once."""
        for _ in range(5):
            result = json.loads(self.dhcplab("run", "faults-relay", "--parity", "--json", "--seed", "11").stdout)
            self.assertTrue(result["parity"]["same"], result["parity"]["differences"])

    def test_what_a_relay_broadcasts_is_heard(self):
        """Answers to a client that wants broadcasts, and the NAK to one whose address is of the network of before."""
        def server(pools):
            return {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 600, "authoritative": True,
                              "subnet4": [{"id": 2, "subnet": "10.88.0.0/24", "pools": [{"pool": pools}],
                                           "option-data": [{"name": "routers", "data": "10.88.0.1"}]}]}}
        client = {"start-delay-ms": [0, 0], "address-conflict-detection": False}
        topology = {"hosts": {"server": {"server": server("10.88.0.100/31")}, "r": {}, "h1": {"client": {**client, "broadcast": True}},
                              "h2": {"client": client}},
                    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "r", "address": "10.77.0.254/24"}]},
                              {"type": "bridge", "ends": [{"host": "r", "address": "10.88.0.1/24"}, {"host": "h1"}, {"host": "h2"}]}]}
        scenario = {"topology": topology, "relays": {"r": ["10.77.0.1"]}, "duration": "20 min", "unchecked": ["lease-known"],
                    "steps": [{"at": "1 min", "do": "configure", "host": "server", "server": server("10.88.0.200/31")},
                              {"at": "2 min", "do": "rebind", "host": "h2"}],
                    "expect": [{"until": "1 s", "host": "h1", "state": "BOUND"}, {"at": "2 min", "host": "r", "sends": "NAK", "unicast": False},
                               {"at": "2 min", "host": "h2", "reason": "nak"},
                               {"from": "3 min", "until": "4 min", "host": "h2", "address": "10.88.0.200"}]}
        result = json.loads(self.dhcplab("run", self.write("s.json", scenario), "--parity", "--json", code=None).stdout)
        self.assertEqual([(item["text"], item["instead"]) for item in result["expectations"] if not item["met"]], [])
        self.assertTrue(result["parity"]["same"], result["parity"]["differences"])

    def test_who_sleeps_is_told_nothing(self):
        server = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 600, "forcerenew": True,
                            "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}]}]}}
        client = {"start-delay-ms": [0, 0], "address-conflict-detection": False, "forcerenew": True}
        dos = ["sleep", "renew", "force-renew", "rebind", "release", "start", "wake", "sleep", "crash", "wake", "sleep", "start"]
        topology = {"hosts": {"server": {"server": server}, "h1": {"client": client}},
                    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}
        scenario = {"topology": topology, "duration": "1 h", "steps": [{"at": f"{10 * i + 10} s", "do": do, "host": "h1"} for i, do in enumerate(dos)],
                    "expect": [{"from": "10 s", "until": "69 s", "host": "h1", "sends": "any", "never": True},
                               {"from": "10 s", "until": "119 s", "host": "server", "sends": "any", "never": True},
                               {"at": "120 s", "host": "h1", "sends": "REQUEST"}, {"at": "1 h", "host": "h1", "state": "BOUND"}]}
        result = json.loads(self.dhcplab("run", self.write("s.json", scenario), "--parity", "--json", code=None).stdout)
        self.assertEqual([(item["text"], item["instead"]) for item in result["expectations"] if not item["met"]], [])
        self.assertTrue(result["parity"]["same"], result["parity"]["differences"])

    def test_what_is_sent_to_a_sleeper_and_who_probes_at_once(self):
        """Both are on the wire, where luck draws for them: an ACK to who sleeps, and the probe that another one who has just
        been given the same address (by one client identifier) hears before its own."""
        server = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 600,
                            "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}]}]}}
        client = {"start-delay-ms": [0, 0], "client-id": "00:aa:bb"}
        topology = {"hosts": {"server": {"server": server}, **{host: {"client": client} for host in ("h1", "h2")}},
                    "links": [{"type": "bridge", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}, {"host": "h2"}]}]}
        steps = [{"at": "0 s", "do": "faults", "link": "*", "loss": 0.05, "delay": "2 ms", "jitter": "40 ms"}, {"at": "30 s", "do": "stop", "host": "h2"}]
        steps += [{"at": f"{minute} min{ms}", "do": do, "host": "h1"} for minute in range(2, 50, 3)
                  for ms, do in (("", "renew"), (" 1 ms", "sleep"), (" 20 s", "wake"))]
        scenario = {"topology": topology, "duration": "1 h", "unchecked": ["unique-address", "lease-known"], "steps": steps,
                    "expect": [{"until": "10 s", "host": "server", "sends": "OFFER"}]}
        for seed in range(1, 4):
            with self.subTest(seed=seed):
                done = self.dhcplab("run", self.write("s.json", scenario), "--parity", "--json", "--seed", str(seed), code=None)
                result = json.loads(done.stdout)
                self.assertTrue(result["parity"]["same"], result["parity"]["differences"])

    def test_every_step(self):
        """What no scenario that comes with the program does, and all of it to a crowd."""
        server = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 600, "forcerenew": True,
                            "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}]}]}}
        client = {"start-delay-ms": [0, 0], "address-conflict-detection": False, "forcerenew": True}
        dos = ["start", "renew", "rebind", "force-renew", "decline", "renew", "release", "renew", "sleep", "wake", "crash", "start", "stop"]
        steps = [{"at": f"{60 * i} s", "do": do, "host": host} for i, do in enumerate(dos) for host in ("h1", "c")]
        steps += [{"at": "0 s", "do": "faults", "link": "*", "delay": "3 ms", "jitter": "20 ms", "duplicate": 0.2},
                  {"at": "0 s", "do": "cut", "link": "h1>server"}, {"at": "70 s", "do": "heal", "link": "*"},
                  {"at": "6 min", "do": "drop", "link": "server>c", "type": "ACK", "nth": 2, "count": 3},
                  {"at": "10 min", "do": "stop", "host": "server"}, {"at": "10 min 30 s", "do": "start", "host": "server"},
                  {"at": "13 min", "do": "crash", "host": "server"}, {"at": "13 min", "do": "forget-leases", "host": "server"},
                  {"at": "13 min 1 s", "do": "start", "host": "server"}, {"at": "14 min", "do": "start", "host": "h1"}]
        topology = {"hosts": {"server": {"server": server}, "h1": {"client": client}, "c": {"client": client, "clients": 7}},
                    "links": [{"type": "bridge", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}, {"host": "c"}]}]}
        scenario = {"topology": topology, "duration": "1 h", "off": ["h1", "c"], "unchecked": ["lease-known"], "steps": steps,
                    "expect": [{"until": "5 s", "host": "c", "state": "BOUND"}, {"until": "65 s", "host": "h1", "state": "BOUND", "never": True},
                               {"from": "3 min", "until": "190 s", "host": "server", "sends": "FORCERENEW", "count": 8},
                               {"at": "10 min 1 s", "host": "c", "address": "none"}, {"at": "1 h", "host": "h1", "state": "BOUND"}]}
        result = json.loads(self.dhcplab("run", self.write("s.json", scenario), "--parity", "--json", code=None).stdout)
        self.assertEqual([(item["text"], item["instead"]) for item in result["expectations"] if not item["met"]], [])
        self.assertTrue(result["parity"]["same"], result["parity"]["differences"])

    def test_every_kind_of_client(self):
        server = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 900,
                            "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "rapid-commit": True, "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}],
                                         "option-data": [{"name": "routers", "data": "10.77.0.1"}]}]}}
        clients = [{"profile": path.stem} for path in sorted((labtest.HERE.parent.parent / "config/profiles").glob("*.json"))
                   if not path.name.endswith(".schema.json")]
        clients += [{"start-delay-ms": [0, 3000], "rapid-commit": True, "fqdn": "a.example.org"}, {"client-id": "duid"},
                    {"client-id": "none", "vendor-class": "abc"}]
        self.assertGreater(len(clients), 8)
        hosts = {f"h{number}": {"client": client} for number, client in enumerate(clients)}
        ends = [{"host": "server", "address": "10.77.0.1/24"}] + [{"host": host} for host in hosts]
        scenario = {"topology": {"hosts": {"server": {"server": server}, **hosts}, "links": [{"type": "bridge", "ends": ends}]},
                    "duration": "1 h", "expect": [{"at": "1 h", "host": host, "state": "BOUND"} for host in hosts],
                    "steps": [{"at": "0 s", "do": "faults", "link": "*", "loss": 0.05, "duplicate": 0.02, "reorder": 0.02,
                               "delay": "1 ms", "jitter": "4 ms"},
                              {"at": ["5 min", "20 min"], "do": "crash", "host": "server"}, {"at": "22 min", "do": "start", "host": "server"}]}
        result = json.loads(self.dhcplab("run", self.write("s.json", scenario), "--parity", "--json", code=None).stdout)
        self.assertTrue(result["parity"]["same"], result["parity"]["differences"])
        self.assertEqual([item["text"] for item in result["expectations"] if not item["met"]], [])


class Run(labtest.LabCase):
    def scenario(self, **more):
        return self.write("s.json", {"topology": "pair", "duration": "1 h", "steps": [], "expect": [], **more})

    def test_what_is_not_met_is_told_with_the_ladder(self):
        done = self.dhcplab("run", "--veth", self.scenario(expect=[{"at": "10 min", "host": "h1", "state": "REBINDING"}]), code=1)
        self.assertIn("not met: h1 is REBINDING, at 10 min\n  instead: it is BOUND and holds 10.77.0.100;", done.stdout)
        self.assertIn("DISCOVER", done.stdout)
        self.assertIn("0 of 1 expectations met, seed 1; on veth 1 h in", done.stdout)

    def test_where_nothing_is_said_the_ladder_has_what_was_said_last(self):
        file = self.scenario(steps=[{"at": "10 s", "do": "crash", "host": "server"}], expect=[{"at": "40 min", "host": "h1", "state": "BOUND"}])
        shown = self.dhcplab("run", file, code=1).stdout
        self.assertIn("not met: h1 is BOUND, at 40 min\n", shown)
        self.assertRegex(shown, r"00:30:00\.000 .* REQUEST .*\n.*\n +nobody was seen to receive it\n")
        self.assertNotIn("DISCOVER", shown)

    def test_a_server_that_has_other_leases_is_told_and_the_time_goes_on(self):
        expect = [{"at": "0 s", "host": "server", "leases": 1}, {"at": "10 min", "host": "server", "leases": 3},
                  {"from": "20 min", "until": "40 min", "host": "server", "leases": 0}, {"at": "1 h", "host": "server", "leases": 1}]
        done = self.dhcplab("run", "--parity", self.scenario(expect=expect), code=1)
        self.assertIn("not met: server has 3 leases, at 10 min\n  instead: it has 1\n", done.stdout)
        self.assertIn("2 of 4 expectations met, seed 1; on veth 1 h in", done.stdout)
        self.assertIn("the same ladder", done.stdout)

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

    def test_what_a_relay_agent_decides_is_in_the_capture(self):
        self.dhcplab("run", "relay", "--pcap", "c.pcapng")
        captured = [line for line in self.dhcplab("explain", "c.pcapng").stdout.splitlines() if "  r/eth" in line]
        self.assertGreater(len(captured), 7)
        for line, ends in zip(captured, ["# relayed to 10.77.0.1 with giaddr 10.88.0.1 (RFC 1542 4.1.1)"] * 2 +
                              ["# OFFER: relayed to 10.88.0.100 on the link of giaddr 10.88.0.1 (RFC 1542 4.1.2)"] * 2):
            self.assertTrue(line.endswith(ends), line)

    def test_the_time_stands_while_a_hook_runs(self):
        script = self.dir / "hook.sh"
        script.write_text(f'#!/bin/sh\nsleep 0.1\necho "$reason" >>{self.dir}/told\n')
        script.chmod(0o755)
        topology = {"hosts": {"server": {"server": {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
                                                             "subnet4": [{"id": 1, "subnet": "10.77.0.0/24",
                                                                          "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}]}]}}},
                              "h1": {"client": {"start-delay-ms": [0, 0], "address-conflict-detection": False, "hook": str(script)}}},
                    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}
        self.dhcplab("run", "--parity", self.scenario(topology=topology, duration="50 min"))
        self.assertEqual((self.dir / "told").read_text().split(), ["PREINIT", "BOUND", "RENEW"])

    def test_a_program_that_cannot_run_is_told(self):
        topology = {"hosts": {"server": {"server": {"Dhcp4": {"interfaces-config": {"interfaces": ["eth7"]},
                                                             "subnet4": [{"id": 1, "subnet": "10.77.0.0/24"}]}}}, "h1": {"client": {}}},
                    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}
        done = self.dhcplab("run", "--veth", self.scenario(topology=topology), code=1)
        self.assertIn("the program on server", done.stderr)
        self.assertIn("eth7", done.stderr)

    def test_an_ordinary_user_can(self):
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if subprocess.run([*nobody, "test", "-r", labtest.SOURCE / "config"], cwd="/", timeout=60, check=False).returncode != 0:
            self.skipTest("ordinary users may not read this folder")
        done = subprocess.run([*nobody, labtest.DHCPLAB, "run", "teaching", "--parity"],
                              cwd="/", capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 77:
            self.skipTest("ordinary users may not make namespaces here")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_where_no_namespaces_are_allowed(self):
        # In a user namespace whose owner allows no network namespaces in it.
        script = 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$0" run teaching --veth'
        done = subprocess.run(["unshare", "-Ur", "sh", "-c", script, labtest.DHCPLAB], capture_output=True, text=True, timeout=60, check=False)
        if done.stderr.startswith("unshare:"):
            self.skipTest("no user namespaces here")
        self.assertEqual((done.returncode, done.stdout), (77, ""), done.stderr)
        self.assertIn("namespaces", done.stderr)

    def test_scenarios_are_found(self):
        for command in (["run"], ["sweep", "--seeds", "1-2"]):
            names = ", ".join(sorted(SCENARIOS, key=lambda name: name + "."))  # as the files are
            self.assertIn(f"Scenarios that come with the program: {names}\n", self.dhcplab(*command, "--help").stdout)
            self.assertIn("which scenario?", self.dhcplab(*command, code=2).stderr)
            self.assertEqual(self.dhcplab(*command, "teachin", code=2).stderr,
                             "dhcplab: there is no scenario file teachin, and none of that name. "
                             f"Scenarios that come with the program: {names}\n")

    def test_a_topology_is_looked_for_beside_the_scenario(self):
        (self.dir / "homework").mkdir()
        lab = {"hosts": {"c": {"client": {}}}, "links": [{"type": "bridge", "ends": [{"host": "c"}]}]}
        self.write("homework/lab.json", lab)
        self.write("homework/task.json", {"topology": "lab.json", "duration": "1 min",
                                          "expect": [{"until": "20 s", "host": "c", "sends": "DISCOVER"}]})
        self.dhcplab("run", "homework/task.json")
        self.dhcplab("run", str(self.dir / "homework" / "task.json"), "--parity")
        self.write("task.json", {"topology": "homework/lab.json", "duration": "1 min"})
        self.dhcplab("run", "task.json")

    def test_standard_output_has_the_report(self):
        for option in ("--trace", "--pcap"):
            self.assertIn("take a file", self.dhcplab("run", "lost-ack", option, "-", code=2).stderr)
        self.assertIn("not read from standard input", self.dhcplab("run", "-", code=2).stderr)
        self.assertEqual(list(self.dir.glob("-")), [])

    def test_a_lab_is_no_scenario(self):
        lab = self.write("lab.json", {"hosts": {"a": {}}})
        for name in (str(lab), "pair"):
            self.assertEqual(self.dhcplab("run", name, code=2).stderr,
                             f"dhcplab: {name} is a lab, not a scenario; `dhcplab up {name}` starts it\n")
        broken = self.dhcplab("run", self.write("s.json", {"topology": "pair"}), code=2).stderr
        self.assertIn("the key \"duration\" is missing", broken)

    def test_a_long_run_is_seen_to_move(self):
        with labtest.Screen() as screen:
            run = subprocess.Popen([labtest.DHCPLAB, "run", "week", "--veth"], env=dict(self.env, TMPDIR=str(self.dir)),
                                   stdout=subprocess.DEVNULL, stderr=screen.theirs)
            labtest.wait_for(lambda: screen.shows(b" of 7 d 00:00:00"), "the bar")
            run.send_signal(signal.SIGTERM)
            self.assertEqual(run.wait(labtest.LIMIT_S), -signal.SIGTERM)

    def test_without_expectations_it_is_told_what_was_looked_at(self):
        self.assertIn(": no expectations, every invariant kept, seed 3; simulated ", self.dhcplab("run", "faults", "--seed", "3").stdout)
        self.assertIn(": no expectations, every invariant kept, seed 1; on veth ", self.dhcplab("run", self.scenario(), "--veth").stdout)

    def test_the_last_of_the_clocks_counts(self):
        for options, clock in ((["--veth", "--virtual"], "virtual"), (["--virtual", "--veth"], "veth"), ([], "virtual")):
            done = self.dhcplab("run", self.scenario(), "--json", *options)
            self.assertEqual(json.loads(done.stdout)["clock"], clock)

    def test_a_relay_agent_says_what_is_wrong(self):
        self.assertIn("which servers?", self.dhcplab("relay", code=2).stderr)
        self.assertIn("not here", self.dhcplab("relay", "10.0.0.1", "here", code=2).stderr)
        self.assertIn("/nowhere", self.dhcplab("relay", "10.0.0.1", "--clock", "/nowhere", code=1).stderr)
        self.assertIn("/nowhere/t", self.dhcplab("relay", "10.0.0.1", "--trace", "/nowhere/t", code=1).stderr)

    def test_an_interrupted_run_leaves_nothing(self):
        run = subprocess.Popen([labtest.DHCPLAB, "run", "week", "--veth"], env=dict(self.env, TMPDIR=str(self.dir)), cwd=self.dir,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        labtest.wait_for(lambda: len(self.processes()) >= 5, "the programs of the run")
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(labtest.LIMIT_S), -signal.SIGTERM)
        labtest.wait_for(lambda: not self.processes(), "the end of the programs")
        self.assertEqual(list(self.dir.glob("dhcplab-run-*")), [])

    def test_what_a_killed_run_leaves_is_removed_by_the_next(self):
        self.env["TMPDIR"] = str(self.dir)

        def folders():
            return set(self.dir.glob("dhcplab-run-*"))

        def start():
            before = folders()
            run = subprocess.Popen([labtest.DHCPLAB, "run", "week", "--veth"], env=self.env, cwd=self.dir,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(run.wait)
            self.addCleanup(run.kill)
            labtest.wait_for(lambda: len(self.processes()) >= 5, "the programs of the run")
            return run, *(folders() - before)

        for command in (["run", "teaching", "--veth"], ["down", "--all"]):
            run, dead = start()
            pids = set(self.processes())
            run.kill()
            # One that is ending has no command line any more, but still its files, and with them the lock.
            labtest.wait_for(lambda pids=pids: not pids & set(labtest.living()), "the end of the programs")
            living_run, living = start()
            self.assertEqual(folders(), {living})  # a new one has removed it
            dead.mkdir()  # and what has no lock at all belongs to nobody, too
            (dead / "h1.csv").touch()
            told = self.dhcplab(*command).stderr
            self.assertIn(f"dhcplab: {dead} was left by a run that was killed; it is removed\n", told)
            self.assertEqual(folders(), {living})
            living_run.terminate()
            living_run.wait(labtest.LIMIT_S)
            labtest.wait_for(lambda: not self.processes(), "the end of the programs")
            self.assertEqual(folders(), set())


if __name__ == "__main__":
    labtest.main()
