#!/usr/bin/env python3
"""dhcplab restart: a client asks for the address that it had, a server knows the leases that it gave."""

import json
import os
import signal
import unittest

import labtest
from labtest import BIN, LabCase, wait_for

LAB = {"hosts": {"server": {"server": {"Dhcp4": {
    "interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
    "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.109"}]}]}}},
                 "h1": {"client": {"start-delay-ms": [0, 0], "address-conflict-detection": False}}, "plain": {}},
       "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Restart(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))

    def pids(self):
        return {host["host"]: host["pid"] for host in json.loads(self.dhcplab("status", "--json").stdout)}

    def log_of_h1(self):
        return [json.loads(line) for line in self.dhcplab("log", "--json", "h1").stdout.splitlines()]

    def test_client_asks_for_the_address_it_had(self):
        before, known = self.pids(), len(self.log_of_h1())
        done = self.dhcplab("restart", "h1")
        self.assertEqual(done.stdout, "h1: dhcplab-client on h1 is started anew\n")
        wait_for(lambda: json.loads(self.dhcplab("status", "h1", "--json").stdout)[0]["state"] == "BOUND", "the lease")
        events = self.log_of_h1()[known:]
        self.assertEqual([event["to"] for event in events if event["kind"] == "state"],
                         ["STOPPED", "INIT-REBOOT", "REBOOTING", "BOUND"])
        self.assertEqual([event["type"] for event in events if event["kind"] == "message"], ["REQUEST", "ACK"])
        self.assertEqual(self.seen_on("h1", "leased_addresses")[0][0], "10.77.0.100/24")
        after = self.pids()
        self.assertEqual(after["server"], before["server"])
        self.assertNotEqual(after["h1"], before["h1"])
        self.assertIn(after["h1"], self.processes())

    def test_server_knows_its_leases(self):
        self.dhcplab("restart", "server")
        (lease,) = json.loads(self.dhcplab("leases", "--json").stdout)
        self.assertEqual((lease["ip-address"], lease["state_name"]), ("10.77.0.100", "active"))
        self.assertEqual(self.dhcplab("renew", "h1").stdout, "h1: 10.77.0.100/24 from 10.77.0.1 for 1 h\n")

    def test_program_that_does_not_heed_the_signal_is_ended(self):
        before = self.pids()["h1"]
        os.kill(before, signal.SIGSTOP)
        self.dhcplab("restart", "h1")
        self.assertNotIn(before, self.processes())

    def ended(self):
        return {host["name"]: host["ended"] for host in self.labs()["lab"]["hosts"]}

    def test_stopped_client_is_shown_and_comes_back(self):
        self.dhcplab("command", "h1", "stop")
        wait_for(lambda: self.ended() == {"server": None, "h1": "stopped", "plain": None}, "the end of the client")
        shown = self.dhcplab("status", code=3)
        self.assertIn("h1: DHCP client, stopped; `dhcplab restart h1` starts it anew\n", shown.stdout)
        self.assertIn("server: DHCP server", shown.stdout)
        self.assertRegex(self.dhcplab("ps").stdout, r"h1 +client +- .*  stopped\n")
        (status,) = json.loads(self.dhcplab("status", "h1", "--json", code=3).stdout)
        self.assertEqual((status["ended"], status["pid"] if "pid" in status else None), ("stopped", None))
        self.assertEqual(self.dhcplab("renew", "h1", code=1).stderr,
                         "dhcplab: h1: dhcplab-client stopped; `dhcplab restart h1` starts it anew\n")
        self.assertEqual(self.log_of_h1()[-1]["text"], "dhcplab-client stopped")
        known = len(self.log_of_h1())
        self.dhcplab("restart", "h1")
        wait_for(lambda: json.loads(self.dhcplab("status", "h1", "--json").stdout)[0]["state"] == "BOUND", "the lease")
        self.assertEqual([event["type"] for event in self.log_of_h1()[known:] if event["kind"] == "message"],
                         ["REQUEST", "ACK"])
        self.assertEqual(self.ended()["h1"], None)

    def test_server_that_was_shut_down_comes_back_with_its_leases(self):
        self.dhcplab("command", "server", "shutdown")
        wait_for(lambda: self.ended()["server"] == "stopped", "the end of the server")
        self.assertIn("server: dhcplab-server stopped", self.dhcplab("leases", code=3).stderr)
        self.assertIn("DISCOVER", self.dhcplab("log").stdout)
        self.dhcplab("restart", "server")
        (lease,) = json.loads(self.dhcplab("leases", "--json").stdout)
        self.assertEqual((lease["ip-address"], lease["state_name"]), ("10.77.0.100", "active"))

    def test_crash_of_a_client_is_told_and_the_lab_stays(self):
        os.kill(self.pids()["h1"], signal.SIGKILL)
        wait_for(lambda: self.ended()["h1"] == "was ended by signal 9 (Killed)", "the end of the client")
        last = self.log_of_h1()[-1]
        self.assertEqual((last["kind"], last["level"]), ("log", "error"))
        self.assertTrue(last["text"].startswith("dhcplab-client was ended by signal 9 (Killed)"))
        self.dhcplab("restart", "h1")
        wait_for(lambda: json.loads(self.dhcplab("status", "h1", "--json").stdout)[0]["state"] == "BOUND", "the lease")

    def test_program_that_ends_again_tells_why_at_once(self):
        self.dhcplab("down")
        lab = json.loads(json.dumps(LAB))
        served = lab["hosts"]["server"]["server"]
        lab["hosts"]["server"]["server"] = self.write("served.json", served)
        self.dhcplab("up", self.write("lab.json", lab))
        self.write("served.json", {"Dhcp4": {**served["Dhcp4"], "valid-lifetime": "long"}})
        told = self.dhcplab("restart", "server", code=1, timeout=30).stderr
        self.assertRegex(told, r"\Adhcplab: server: dhcplab-server was started anew, and ended with exit code 2; its last word: "
                         r"dhcplab-server: \S*served\.json:\d+:\d+: at \$\.Dhcp4\.valid-lifetime: expected a number [^\n]*\n\Z")
        self.write("served.json", served)
        self.dhcplab("restart", "server")

    def test_what_a_lab_does_not_use_of_a_configuration_is_told(self):
        self.dhcplab("down")
        lab = json.loads(json.dumps(LAB))
        lab["hosts"]["server"]["server"]["Dhcp4"].update({
            "lease-database": {"type": "memfile", "name": "/nowhere/leases.csv"},
            "control-socket": {"socket-type": "unix", "socket-name": "/nowhere/d.sock"}})
        told = self.dhcplab("up", self.write("lab.json", lab)).stderr
        self.assertIn("server: warning: the lease file /nowhere/leases.csv of the configuration is not used: "
                      "--lease-file takes its place\n", told)
        self.assertIn("server: warning: the control socket /nowhere/d.sock of the configuration is not used: "
                      "--control takes its place\n", told)

    def test_up_tells_why_there_is_no_lease_in_a_sentence(self):
        self.dhcplab("down")
        lab = json.loads(json.dumps(LAB))
        lab["hosts"]["server"]["server"]["Dhcp4"]["subnet4"][0]["subnet"] = "10.78.0.0/24"
        lab["hosts"]["server"]["server"]["Dhcp4"]["subnet4"][0]["pools"] = [{"pool": "10.78.0.1 - 10.78.0.9"}]
        told = self.dhcplab("up", self.write("lab.json", lab), "--timeout", "3", code=3).stdout
        self.assertRegex(told, r"\n  server +[a-z][^\n]* [^\n]* \(no-subnet \d+\)\n")

    def test_mistake_in_a_topology_is_told_by_dhcplab(self):
        self.assertRegex(self.dhcplab("up", self.write("bad.json", "{"), code=2).stderr, r"^dhcplab: \S*bad\.json:1:")

    def test_only_a_program_can_be_restarted(self):
        self.assertEqual(self.dhcplab("restart", "plain", code=2).stderr,
                         "dhcplab: plain runs no program: its role is plain\n")
        self.assertIn("has no host", self.dhcplab("restart", "nobody", code=2).stderr)
        answer = self.control(self.run_dir / "lab" / "lab.sock", "restart", {"host": "plain"})
        self.assertEqual(answer, {"result": 1, "text": "\"host\" does not name a host with a program"})


if __name__ == "__main__":
    labtest.main()
