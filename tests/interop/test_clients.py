#!/usr/bin/env python3
"""Clients of others get a lease from dhcplab-server, and give it back."""

import json

import peer

LAB = {
    "hosts": {
        "server": {
            "server": {
                "Dhcp4": {
                    "interfaces-config": {"interfaces": ["eth0"]},
                    "valid-lifetime": 3600,
                    "subnet4": [
                        {
                            "id": 1,
                            "subnet": "10.77.0.0/24",
                            "pools": [{"pool": "10.77.0.10 - 10.77.0.99"}],
                            "option-data": [{"name": "routers", "data": "10.77.0.1"}],
                        }
                    ],
                }
            }
        },
        "h1": {},
    },
    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}],
}

ACTIVE, RELEASED = 0, 3


class Clients(peer.PeerCase):
    def leases(self, state):
        leases = json.loads(self.dhcplab("leases", "--json").stdout)
        return [lease for lease in leases if lease["state"] == state]

    def lease_and_release(self, kind):
        self.dhcplab("up", self.write("lab.json", LAB))
        client = kind(self, "h1")
        client.start()
        (lease,) = self.wait_for(lambda: self.leases(ACTIVE), "a lease at the server", client)
        address = lease["ip-address"]
        self.assertRegex(address, r"^10\.77\.0\.[1-9][0-9]$")
        self.assertEqual(lease["valid-lft"], 3600)
        self.assertEqual(lease["hw-address"], self.run_on("h1", "cat", "/sys/class/net/eth0/address").strip())
        self.wait_for(lambda: address in self.addresses_of("h1"), "the address on the interface", client)

        client.release()
        self.wait_for(lambda: self.leases(RELEASED), "the release at the server", client)
        self.assertEqual(self.leases(RELEASED)[0]["ip-address"], address)
        self.assertEqual(self.leases(ACTIVE), [])
        self.wait_for(lambda: address not in self.addresses_of("h1"), "the address to go", client)

    def test_udhcpc(self):
        self.lease_and_release(peer.Udhcpc)

    def test_dhclient(self):
        self.lease_and_release(peer.Dhclient)

    def test_dhcpcd(self):
        self.lease_and_release(peer.Dhcpcd)


if __name__ == "__main__":
    peer.main()
