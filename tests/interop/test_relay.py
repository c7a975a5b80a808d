#!/usr/bin/env python3
"""Relays of others stand between our client and our server: three hosts, two links, and a router between them. RFC 2131
4.1, RFC 3046."""

import json

import peer

SERVER, UPPER, LOWER = "10.78.0.1", "10.78.0.2", "10.77.0.1"
LAB = {
    "hosts": {
        "s": {"server": {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "host-reservation-identifiers": ["circuit-id"],
            # A renewal that goes past the relay names no circuit: the server goes by the one of the lease.
            "store-extended-info": True, "stash-agent-options": True,
            "subnet4": [
                {"id": 78, "subnet": "10.78.0.0/24", "pools": [{"pool": "10.78.0.100 - 10.78.0.199"}]},
                {"id": 77, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}],
                 "option-data": [{"name": "routers", "data": LOWER}],
                 "reservations": [{"circuit-id": "'eth1'", "ip-address": "10.77.0.50"}]},
            ],
        }}},
        "r": {},
        "h": {"client": {}},
    },
    "links": [
        {"type": "veth", "ends": [{"host": "s", "address": f"{SERVER}/24"}, {"host": "r", "address": f"{UPPER}/24"}]},
        {"type": "veth", "ends": [{"host": "r", "address": f"{LOWER}/24"}, {"host": "h"}]},
    ],
}

ACTIVE, RELEASED = 0, 3


class Relays(peer.PeerCase):
    def lease(self, state):
        """The only one of the server that is in the state, or None."""
        leases = json.loads(self.dhcplab("leases", "--json").stdout)
        return next((lease for lease in leases if lease["state"] == state), None)

    def last(self, giaddr):
        """The last transaction of which the message has this giaddr: message, answer, and reasons of the decisions."""
        told = json.loads(self.dhcplab("command", "s", "explain4", json.dumps({"limit": 20})).stdout)
        one = next(one for one in told["arguments"]["transactions"] if one["query"]["giaddr"] == giaddr)
        return one["query"], one["response"], {decision["reason"] for decision in one["decisions"]}

    def life_through(self, relay, address, agent_info):
        self.run_on("r", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        self.run_on("s", "ip", "route", "add", "10.77.0.0/24", "via", UPPER)
        relay.start()
        self.wait_for(lambda: address in self.addresses_of("h"), "the address on the interface", relay)
        self.assertEqual(self.lease(ACTIVE)["ip-address"], address)
        query, response, reasons = self.last(LOWER)
        self.assertEqual((query["type"], query["hops"]), ("REQUEST", 1))
        self.assertEqual((response["type"], response["dst"], response["dport"]), ("ACK", LOWER, 67))
        self.assertLessEqual({"subnet-relay", "to-relay"}, reasons)
        for message in (query, response):
            info = [option["hex"] for option in message["options"] if option["code"] == 82]
            self.assertEqual(info, agent_info)

        # Past the relay: the router forwards what the client and the server send to each other. (dhcrelay reads that, too,
        # from its raw socket, and relays a copy.)
        self.dhcplab("renew", "h")
        query, response, reasons = self.last("0.0.0.0")
        self.assertEqual((query["type"], query["src"]), ("REQUEST", address))
        self.assertEqual((response["type"], response["dst"], response["dport"]), ("ACK", address, 68))
        self.assertLessEqual({"request-renewing", "subnet-ciaddr", "to-ciaddr"}, reasons)

        self.dhcplab("release", "h")
        self.wait_for(lambda: self.lease(RELEASED), "the release at the server", relay)
        self.assertEqual(self.lease(RELEASED)["ip-address"], address)
        self.assertIsNone(self.lease(ACTIVE))

    def setUp(self):
        super().setUp()
        self.dhcplab("up", "--no-wait", self.write("lab.json", LAB))

    def test_dhcrelay(self):
        """It adds sub-option 1, the circuit, which a reservation goes by; the server returns it."""
        self.life_through(peer.Dhcrelay(self, "r", SERVER), "10.77.0.50", ["010465746831"])

    def test_dnsmasq(self):
        self.life_through(peer.DnsmasqRelay(self, "r", SERVER, LOWER), "10.77.0.100", [])


if __name__ == "__main__":
    peer.main()
