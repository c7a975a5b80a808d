#!/usr/bin/env python3
"""DHCPFORCERENEW on a wire: the server's command makes the client renew, and nobody else can."""

import json

import labtest
from labtest import LabCase, wait_for

LAB = {
    "hosts": {
        "s": {"server": {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
            "subnet4": [{"id": 1, "subnet": "10.3.0.0/24", "pools": [{"pool": "10.3.0.100 - 10.3.0.109"}]}]}}},
        "c": {"client": {"forcerenew": True, "start-delay-ms": [0, 0], "address-conflict-detection": False}},
        "old": {"client": {"start-delay-ms": [0, 0], "address-conflict-detection": False}},
    },
    "links": [{"type": "bridge", "name": "lan",
               "ends": [{"host": "s", "address": "10.3.0.1/24"}, {"host": "c"}, {"host": "old"}]}],
}


class ForceRenew(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))

    def force(self, host, code=0):
        """Asks the client of the host to renew; its address and the reply."""
        address = json.loads(self.dhcplab("status", host, "--json").stdout)[0]["lease"]["address"]
        reply = self.dhcplab("command", "s", "lease4-force-renew", json.dumps({"ip-address": address}), code=code)
        return address, reply.stdout

    def messages(self, host):
        events = map(json.loads, self.dhcplab("log", host, "--json").stdout.splitlines())
        return [event["type"] for event in events if event["kind"] == "message"]

    def test_a_client_with_a_nonce_renews(self):
        address, _ = self.force("c")
        wait_for(lambda: self.messages("c")[-3:] == ["FORCERENEW", "REQUEST", "ACK"], "the renewal")
        self.assertIn(f"10.3.0.1 asks for a renewal of {address} now", self.dhcplab("log", "c").stdout)

    def test_a_client_without_one_is_left_alone(self):
        _, reply = self.force("old", 1)
        self.assertIn("has not said that it takes DHCPFORCERENEW", reply)
        self.assertNotIn("FORCERENEW", self.messages("s") + self.messages("old"))


if __name__ == "__main__":
    labtest.main()
