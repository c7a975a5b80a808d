#!/usr/bin/env python3
"""Client classes on a wire: clients of two kinds get what is for their class, and the server says why."""

import json

import labtest
from labtest import LabCase

LAB = {
    "hosts": {
        "s": {"server": {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "client-classes": [
                {"name": "phones", "test": "substring(option[60].hex, 0, 5) == 'phone'", "valid-lifetime": 600,
                 "option-data": [{"name": "domain-name", "data": "phones.example"}]},
                {"name": "maker", "template-test": "split(option[60].text, '-', 2)"},
            ],
            "option-data": [{"name": "domain-name", "data": "all.example"}],
            "subnet4": [{"id": 1, "subnet": "10.4.0.0/24", "pools": [
                {"pool": "10.4.0.10 - 10.4.0.19", "client-classes": ["phones"]},
                {"pool": "10.4.0.20 - 10.4.0.29"}]}]}}},
        "phone": {"client": {"vendor-class": "phone-acme", "start-delay-ms": [0, 0]}},
        "other": {"client": {"start-delay-ms": [0, 0]}},
    },
    "links": [{"type": "bridge", "name": "lan", "ends": [
        {"host": "s", "address": "10.4.0.1/24"}, {"host": "phone"}, {"host": "other"}]}],
}


class Class(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))

    def command(self, name, arguments=None):
        return json.loads(self.dhcplab("command", "s", name, json.dumps(arguments or {})).stdout)

    def lease_of(self, host):
        mac = self.on(host, "cat", "/sys/class/net/eth0/address").stdout.strip()
        (lease,) = self.command("lease4-get-by-hw-address", {"hw-address": mac})["arguments"]["leases"]
        return lease["ip-address"], lease["valid-lft"], mac

    def decisions_of(self, mac):
        (last,) = self.command("explain4", {"hw-address": mac, "limit": 1})["arguments"]["transactions"]
        return [decision["text"] for decision in last["decisions"]]

    def test_members_get_what_is_for_them(self):
        address, lease_s, mac = self.lease_of("phone")
        self.assertEqual((address, lease_s), ("10.4.0.10", 600))
        self.assertIn("classes: ALL, VENDOR_CLASS_phone-acme, phones, SPAWN_maker_acme, maker, UNKNOWN",
                      self.decisions_of(mac))
        address, lease_s, mac = self.lease_of("other")
        self.assertEqual((address, lease_s), ("10.4.0.20", 7200))
        self.assertIn("classes: ALL, UNKNOWN", self.decisions_of(mac))
        log = self.dhcplab("log").stdout
        self.assertIn("the pool 10.4.0.10 - 10.4.0.19 is not for the classes that the client is in", log)
        self.assertIn("phones.example", self.dhcplab("status", "phone").stdout)
        self.assertIn("all.example", self.dhcplab("status", "other").stdout)

    def test_the_commands(self):
        classes = self.command("class-list")
        self.assertEqual((classes["result"], classes["text"]), (0, "2 classes found"))
        self.assertEqual(classes["arguments"]["client-classes"], [{"name": "phones"}, {"name": "maker"}])
        (phones,) = self.command("class-get", {"name": "phones"})["arguments"]["client-classes"]
        self.assertEqual((phones["valid-lifetime"], phones["only-in-additional-list"]), (600, False))


if __name__ == "__main__":
    labtest.main()
