#!/usr/bin/env python3
"""The commands of a running server: what they change in what clients get, in the lease file, and after a restart."""

import json
import os
import shutil
import subprocess

import labtest
from labtest import BIN, DHCPLAB, LabCase, wait_for

CONFIG = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600, "subnet4": [
    {"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.109"}]}]}}


class Commands(LabCase):
    def setUp(self):
        super().setUp()
        self.config = self.dir / "server.json"
        self.leases = self.run_dir / "cmd" / "s.csv"
        self.write("server.json", CONFIG)
        self.write("lab.json", {
            "name": "cmd",
            "hosts": {"s": {"server": str(self.config)}, "x": {},
                      "h": {"client": {"hostname": "h", "start-delay-ms": [0, 0]}}},
            "links": [{"type": "bridge", "name": "lan", "ends": [{"host": "s", "address": "10.77.0.1/24"},
                                                                 {"host": "h"},
                                                                 {"host": "x", "address": "10.77.0.2/24"}]}]})
        self.dhcplab("up", "lab.json")

    def command(self, name, arguments=None, code=0, host="s"):
        words = [name] if arguments is None else [name, json.dumps(arguments)]
        return json.loads(self.dhcplab("command", host, *words, code=code).stdout)

    def statistic(self, name):
        return self.command("statistic-get", {"name": name})["arguments"][name][0][0]

    def test_a_lease_is_seen_counted_and_deleted_for_good(self):
        lease = self.command("lease4-get-all")["arguments"]["leases"][0]
        address = lease["ip-address"]
        self.assertEqual(self.statistic("assigned-addresses"), 1)
        self.assertEqual(self.statistic("pkt4-ack-sent"), 1)
        self.assertEqual(self.command("lease4-del", {"ip-address": address})["text"], "IPv4 lease deleted.")
        self.assertEqual(self.command("lease4-get", {"ip-address": address}, code=3)["text"], "Lease not found.")
        last = self.leases.read_text().splitlines()[-1].split(",")
        self.assertEqual((last[0], last[3]), (address, "0"))
        self.assertEqual(self.command("lease4-add", {"ip-address": "10.77.0.105", "hw-address": "02:00:00:00:00:99"})
                         ["result"], 0)
        self.assertIn("10.77.0.105,02:00:00:00:00:99", self.leases.read_text())
        self.assertEqual([lease["ip-address"] for lease in self.next_start()], ["10.77.0.105"])

    def next_start(self):
        """The leases that a server knows that starts with the file as it is."""
        shutil.copy(self.leases, self.dir / "copy.csv")
        socket = self.dir / "next.sock"
        server = subprocess.Popen([DHCPLAB, "exec", "x", BIN / "dhcplab-server", "-c", self.config, "-f", "-q",
                                   "--lease-file", self.dir / "copy.csv", "--control", socket],
                                  env=self.env, cwd=self.dir)
        wait_for(lambda: labtest.serves(socket), "the second server")
        leases = self.control(socket, "lease4-get-all")["arguments"]["leases"]
        self.assertEqual(self.control(socket, "shutdown", {"exit-value": 5})["text"], "Shutting down.")
        self.assertEqual(server.wait(labtest.LIMIT_S), 5)
        return leases

    def test_a_word_too_few_or_too_many_is_told(self):
        for words, told in (((), "the name of a host is missing.\n"), (("s",), 'something is missing behind "s".\n'),
                            (("s", "lease4-get", "{ip-address:", "10}"), '"10}" is one argument too many.\n')):
            self.assertEqual(self.dhcplab("command", *words, code=2).stderr,
                             f"dhcplab command: {told}see `dhcplab command --help`\n")

    def test_disabled_service_is_silent_and_counts(self):
        self.dhcplab("release", "h")
        self.assertEqual(self.command("dhcp-disable")["text"], "DHCPv4 service disabled")
        self.dhcplab("renew", "h", "--timeout", "2", code=1)
        self.assertGreater(self.statistic("pkt4-service-disabled"), 0)
        self.command("dhcp-enable")
        self.dhcplab("renew", "h")

    def test_configuration_is_set_written_and_reloaded(self):
        config = self.command("config-get")["arguments"]
        config["Dhcp4"]["subnet4"][0]["max-valid-lifetime"] = config["Dhcp4"]["subnet4"][0]["valid-lifetime"] = 7200
        told = self.command("config-set", {"Dhcp4": config["Dhcp4"]})
        self.assertEqual(told["text"], "Configuration successful.")
        self.assertEqual(self.command("config-hash-get")["arguments"], told["arguments"])
        self.assertNotEqual(told["arguments"]["hash"], config["hash"])
        written = self.command("config-write")["arguments"]
        self.assertEqual(os.path.getsize(written["filename"]), written["size"])
        self.assertEqual(self.command("config-reload")["result"], 0)
        self.assertEqual(self.command("config-hash-get")["arguments"], told["arguments"])
        self.config.write_text("{")
        refused = self.command("config-reload", code=1)
        self.assertRegex(refused["text"], "^Config reload failed: .*server.json:1:2")
        self.assertEqual(self.command("config-hash-get")["arguments"], told["arguments"])

    def test_explain_tells_why(self):
        told = self.command("explain4", {"ip-address": "10.77.0.100"})["arguments"]["transactions"]
        self.assertEqual([(one["query"]["type"], one["response"]["type"]) for one in told],
                         [("REQUEST", "ACK"), ("DISCOVER", "OFFER")])
        reasons = [decision["reason"] for decision in told[0]["decisions"]]
        self.assertLessEqual({"request-selecting", "subnet-interface", "identity-client-id", "lease-new", "options-sent",
                              "options-not-configured", "to-yiaddr"}, set(reasons))

    def test_exit_codes_and_usage(self):
        self.assertEqual(self.command("nonsense", code=1)["result"], 2)
        self.assertEqual(self.command("subnet4-get", {"id": 9}, code=3)["result"], 3)
        self.assertEqual(self.command("status", host="h")["result"], 0)
        for words in ([], ["s"], ["s", "status-get", "[]"], ["s", "status-get", "{"], ["x", "status-get"],
                      ["nobody", "status-get"], ["s", "a", "{}", "b"]):
            with self.subTest(words=words):
                self.assertNotEqual(self.dhcplab("command", *words, code=2).stderr, "")
        self.assertIn("Example", self.dhcplab("command", "--help").stdout)


if __name__ == "__main__":
    labtest.main()
