#!/usr/bin/env python3
"""Reservations and shared networks on a wire: real clients, what they get, and what the server says of why."""

import json

import labtest
from labtest import LabCase, wait_for

CLIENT = {"start-delay-ms": [0, 0], "address-conflict-detection": False}
SERVER = {"Dhcp4": {
    "interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
    "shared-networks": [{"name": "floor1", "subnet4": [
        {"id": 1, "subnet": "10.3.0.0/24", "pools": [{"pool": "10.3.0.100/32"}],
         "option-data": [{"name": "routers", "data": "10.3.0.1"}],
         "reservations": [
             {"hw-address": "02:00:00:00:00:aa", "ip-address": "10.3.0.50", "hostname": "by-hardware"},
             {"client-id": "00:6b:69:6f:73:6b", "ip-address": "10.3.0.51",
              "option-data": [{"name": "domain-name", "data": "kiosk.example"}]}]},
        {"id": 2, "subnet": "10.4.0.0/24", "pools": [{"pool": "10.4.0.100 - 10.4.0.101"}],
         "option-data": [{"name": "routers", "data": "10.4.0.1"}]}]}]}}
LAB = {
    "hosts": {
        "s": {"server": SERVER},
        "hardware": {"client": CLIENT},
        "kiosk": {"client": {**CLIENT, "client-id": "00:6b:69:6f:73:6b"}},
        "first": {"client": CLIENT},
        "second": {"client": CLIENT},
        "third": {"client": CLIENT},
    },
    "links": [{"type": "bridge", "name": "lan", "ends": [
        {"host": "s", "address": "10.3.0.1/24"}, {"host": "hardware", "mac": "02:00:00:00:00:aa"}, {"host": "kiosk"},
        {"host": "first"}, {"host": "second"}, {"host": "third"}]}],
}


class Reservations(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))

    def lease(self, host):
        return json.loads(self.dhcplab("status", host, "--json").stdout)[0]["lease"]

    def command(self, name, arguments=None, code=0):
        words = [name] if arguments is None else [name, json.dumps(arguments)]
        return json.loads(self.dhcplab("command", "s", *words, code=code).stdout)

    def reasons(self, address):
        transactions = self.command("explain4", {"ip-address": address})["arguments"]["transactions"]
        return json.dumps(transactions)

    def test_two_identifiers_each_with_its_address(self):
        self.assertEqual(self.lease("hardware")["address"], "10.3.0.50")
        self.assertIn("a reservation for hw-address 02:00:00:00:00:aa in 10.3.0.0/24 holds", self.reasons("10.3.0.50"))
        self.assertEqual(self.lease("kiosk")["address"], "10.3.0.51")
        self.assertEqual(self.lease("kiosk")["domain"], "kiosk.example")
        self.assertIn("a reservation for client-id 00:6b:69:6f:73:6b in 10.3.0.0/24 holds", self.reasons("10.3.0.51"))
        lease = self.command("lease4-get", {"ip-address": "10.3.0.50"})["arguments"]
        self.assertEqual(lease["hostname"], "by-hardware")

    def test_a_network_is_filled_over_its_first_subnet(self):
        leases = [self.lease(host) for host in ("first", "second", "third")]
        self.assertEqual(sorted(lease["address"] for lease in leases), ["10.3.0.100", "10.4.0.100", "10.4.0.101"])
        for lease in leases:
            self.assertEqual(lease["router"], lease["address"].rsplit(".", 1)[0] + ".1")
        stats = self.command("stat-lease4-get")["arguments"]["result-set"]
        assigned = {row[0]: row[stats["columns"].index("assigned-addresses")] for row in stats["rows"]}
        self.assertEqual(assigned, {1: 3, 2: 2})

    def test_a_reservation_by_command_moves_a_client(self):
        # The one whose subnet is the server's: there is no router that would take a renewal of the others to it.
        host = next(host for host in ("first", "second", "third") if self.lease(host)["address"] == "10.3.0.100")
        before = self.lease(host)
        mac = self.command("lease4-get", {"ip-address": before["address"]})["arguments"]["hw-address"]
        self.command("reservation-add", {"reservation": {"subnet-id": 2, "hw-address": mac, "ip-address": "10.4.0.60"}})
        self.dhcplab("renew", host, code=None)
        wait_for(lambda: (self.lease(host) or {}).get("address") == "10.4.0.60", "the reserved address")
        self.assertIn("is not the address reserved for this client: that is 10.4.0.60",
                      self.reasons(before["address"]))
        found = self.command("reservation-get-by-id", {"identifier-type": "hw-address", "identifier": mac})
        self.assertEqual(found["arguments"]["hosts"][0]["ip-address"], "10.4.0.60")
        # the other clients keep what they have
        self.assertEqual(self.lease("hardware")["address"], "10.3.0.50")


if __name__ == "__main__":
    labtest.main()
