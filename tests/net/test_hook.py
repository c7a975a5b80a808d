#!/usr/bin/env python3
"""The hook script of dhcplab-client: what it is told, in which order, and that nobody waits for it."""

import json
import subprocess
import unittest

import labtest
from labtest import BIN, DHCPLAB, LabCase, wait_for

LAB = {"hosts": {"server": {"server": {"Dhcp4": {
           "interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600, "min-valid-lifetime": 2,
           "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.109"}],
                        "option-data": [{"name": "routers", "data": "10.77.0.1"},
                                        {"name": "host-name", "data": "a b; touch /tmp/x", "always-send": True},
                                        {"code": 224, "csv-format": False, "data": "00ff", "always-send": True}]}]}}},
                 "h1": {}},
       "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}

# After so many seconds of sleep, the environment as one JSON object on a line.
HOOK = """#!/usr/bin/env python3
import json, os, time
time.sleep({sleep})
with open({log!r}, "a") as log:
    log.write(json.dumps(dict(os.environ)) + "\\n")
"""


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Hook(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))
        self.log = self.dir / "hook.log"
        self.lease_file = self.dir / "lease.json"

    def start(self, client=None, sleep=0):
        hook = self.dir / self.write("hook.py", HOOK.format(log=str(self.log), sleep=sleep))
        hook.chmod(0o755)
        self.write("client.json", {"start-delay-ms": [0, 0], "address-conflict-detection": False, **(client or {})})
        process = subprocess.Popen([DHCPLAB, "exec", "h1", BIN / "dhcplab-client", "-i", "eth0", "-c", "client.json",
                                    "--hook", hook, "--lease-file", self.lease_file, "--control", "client.sock",
                                    "--trace", "trace.json"], env=self.env, cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, labtest.LIMIT_S)
        self.addCleanup(process.terminate)
        return process

    def runs(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def reasons(self):
        return [run["reason"] for run in self.runs()]

    def wait_for_reason(self, reason, count=1):
        wait_for(lambda: self.reasons().count(reason) >= count, f"the hook for {reason}")
        return [run for run in self.runs() if run["reason"] == reason][-1]

    def command(self, name):
        self.assertEqual(self.control(self.dir / "client.sock", name)["result"], 0)

    def test_every_transition_is_told_in_its_order(self):
        process = self.start()
        bound = self.wait_for_reason("BOUND")
        self.assertEqual({name: bound.get(name) for name in (
            "interface", "if_up", "new_ip_address", "new_subnet_cidr", "new_routers", "new_dhcp_lease_time",
            "new_dhcp_server_identifier", "new_option_224", "new_host_name", "old_ip_address")}, {
                "interface": "eth0", "if_up": "true", "new_ip_address": "10.77.0.100", "new_subnet_cidr": "24",
                "new_routers": "10.77.0.1", "new_dhcp_lease_time": "3600", "new_dhcp_server_identifier": "10.77.0.1",
                "new_option_224": "00ff", "new_host_name": None, "old_ip_address": None})
        # An option without a name is in the log as it came.
        trace = [json.loads(line) for line in (self.dir / "trace.json").read_text().splitlines()]
        ack = next(event for event in trace if event.get("type") == "ACK")
        unknown = next(option for option in ack["options"] if option["code"] == 224)
        self.assertEqual((unknown["hex"].replace(":", ""), unknown["value"]), ("00ff", None))
        self.command("renew")
        self.assertEqual(self.wait_for_reason("RENEW")["old_ip_address"], "10.77.0.100")
        self.command("rebind")
        self.wait_for_reason("REBIND")
        self.command("release")
        released = self.wait_for_reason("RELEASE")
        self.assertEqual((released["if_up"], released["old_ip_address"], released.get("new_ip_address")),
                         ("false", "10.77.0.100", None))
        self.command("renew")
        self.wait_for_reason("BOUND", 2)
        process.terminate()
        process.wait(labtest.LIMIT_S)
        self.assertEqual(self.reasons(),
                         ["PREINIT", "BOUND", "RENEW", "REBIND", "RELEASE", "BOUND", "STOP"])
        # The last run was waited for. Now the server has another idea of the address that was kept.
        saved = json.loads(self.lease_file.read_text())
        self.lease_file.write_text(json.dumps({**saved, "address": "10.99.0.5"}))
        self.log.unlink()
        process = self.start()
        self.wait_for_reason("BOUND")
        self.assertEqual(self.reasons(), ["PREINIT", "NAK", "BOUND"])
        process.terminate()
        process.wait(labtest.LIMIT_S)
        self.log.unlink()
        self.start()
        self.wait_for_reason("REBOOT")
        self.assertEqual(self.reasons(), ["PREINIT", "REBOOT"])

    def test_lease_that_expires(self):
        self.start({"requested-lease-time": 2})
        self.wait_for_reason("BOUND")
        self.on("server", "ip", "link", "set", "eth0", "down")
        self.assertEqual(self.wait_for_reason("EXPIRE")["old_ip_address"], "10.77.0.100")

    def test_cable_that_is_pulled_and_put_back(self):
        """The lease is verified as after a restart, and what the kernel dropped with the link is set again."""
        self.start()
        bound = self.wait_for_reason("BOUND")
        self.assertEqual((bound["ifcarrier"], bound["ifmtu"]), ("up", "1500"))
        self.on("h1", "ip", "link", "set", "eth0", "down")
        lost = self.wait_for_reason("NOCARRIER")
        self.assertEqual((lost["ifcarrier"], lost["if_up"], lost["old_ip_address"]), ("down", "false", "10.77.0.100"))
        self.on("h1", "ip", "link", "set", "eth0", "up")
        back = self.wait_for_reason("CARRIER")
        self.assertEqual((back["ifcarrier"], back["old_ip_address"]), ("up", "10.77.0.100"))
        self.assertEqual(self.wait_for_reason("REBOOT")["new_ip_address"], "10.77.0.100")
        self.assertEqual(self.reasons(), ["PREINIT", "BOUND", "NOCARRIER", "CARRIER", "REBOOT"])
        self.assertIn("default via 10.77.0.1", self.on("h1", "ip", "route").stdout)
        # The other end of the pair takes the carrier away, too.
        self.on("server", "ip", "link", "set", "eth0", "down")
        self.wait_for_reason("NOCARRIER", 2)
        self.on("server", "ip", "link", "set", "eth0", "up")
        self.wait_for_reason("REBOOT", 2)

    def test_inform(self):
        self.start()
        self.wait_for_reason("BOUND")
        self.command("release")
        self.wait_for_reason("RELEASE")
        self.on("h1", "ip", "address", "add", "10.77.0.50/24", "dev", "eth0")
        self.command("inform")
        told = self.wait_for_reason("INFORM")
        self.assertEqual((told["if_up"], told["new_ip_address"], told["new_routers"], told.get("new_dhcp_lease_time")),
                         ("true", "10.77.0.50", "10.77.0.1", None))

    def test_script_that_hangs_holds_nobody_up_and_is_killed(self):
        self.start({"hook-timeout": 1}, sleep=60)
        wait_for(self.lease_file.exists, "the lease")
        self.command("renew")

        def killed():
            lines = (self.dir / "trace.json").read_text().splitlines()
            return [line for line in lines if "takes longer than 1000 ms: killed" in line]
        wait_for(lambda: len(killed()) >= 2, "the end of two scripts")
        self.assertIn("PREINIT", killed()[0])
        self.assertIn("BOUND", killed()[1])
        self.assertEqual(self.runs(), [])

    def test_script_that_is_not_there(self):
        done = self.on("h1", BIN / "dhcplab-client", "-i", "eth0", "-1", "--hook", "/nowhere/hook", code=1)
        self.assertIn("/nowhere/hook: No such file or directory", done.stderr)


if __name__ == "__main__":
    labtest.main()
