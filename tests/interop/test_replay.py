#!/usr/bin/env python3
"""Captures made with programs of others, said again to dhcplab-server: udhcpc with dnsmasq, and dhclient with Kea. Our
server has the same pool and lease times; what differs beyond that is in the tables below, each with its reason. `dhcplab
explain` and tshark read the same out of these captures."""

import json

import peer
from labtest import wait_for
from test_explain import compare  # of this folder

PLAIN = {
    "hosts": {"server": {}, "h1": {}},
    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}],
}

OURS = {
    "hosts": {
        "server": {
            "server": {
                "Dhcp4": {
                    "interfaces-config": {"interfaces": ["eth0"]},
                    "authoritative": True,
                    "valid-lifetime": 3600,
                    "renew-timer": 1800,
                    "rebind-timer": 3150,
                    "subnet4": [{"id": 77, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.150"}],
                                 "option-data": [{"name": "routers", "data": "10.77.0.1"}]}],
                }
            }
        },
        "h1": {},
    },
    "links": PLAIN["links"],
}

SAID = ["DISCOVER", "OFFER", "REQUEST", "ACK", "RELEASE"]

# (kind, option or field): what it is.
DNSMASQ = {
    ("differs", "siaddr"): "dnsmasq names itself as the next server of a boot, though nobody asked",
    ("missing", 28): "dnsmasq works the broadcast address out of the mask; ours has the options that are configured",
    ("appears", 61): "RFC 6842: the client identifier is echoed; dnsmasq does as RFC 2131 said before, and leaves it out",
}
KEA = {}  # none


class Replays(peer.PeerCase):
    def record_lease(self, server, client):
        """A lease and its release, captured on the client's interface."""
        self.dhcplab("up", self.write("plain.json", PLAIN))
        capture = self.record("h1")
        self.serve(server)
        client = client(self, "h1")
        client.start()
        wait_for(lambda: "ACK" in self.captured(capture), "an ACK", peer.labtest.LIMIT_S)
        self.wait_for(lambda: self.addresses_of("h1"), "the address on the interface", client)
        client.release()
        wait_for(lambda: "RELEASE" in self.captured(capture), "a RELEASE")
        self.dhcplab("down")
        return capture

    def serve(self, kind):
        server = kind(self, "server")
        server.output = self.dir / "server.log"
        server.t1_s, server.t2_s = 1800, 3150
        server.start()
        # Who has to ask again says how long that takes, which dnsmasq repeats and our server does not.
        self.wait_for(lambda: ":0043 " in self.run_on("server", "cat", "/proc/net/udp"), "its socket", server)

    def expect(self, server, client, expected):
        capture = self.record_lease(server, client)
        self.dhcplab("up", self.write("ours.json", OURS))
        done = self.dhcplab("replay", capture, "--json", "--timeout", "20", code=None)
        came = json.loads(done.stdout)
        said = [message["type"] for message in came["messages"]]
        self.assertEqual(said, ["DISCOVER", "REQUEST", "RELEASE"])
        self.assertEqual(came["messages"][-1]["outcome"], "nothing")
        for message in came["messages"][:-1]:
            self.assertEqual(message["live"]["type"], message["captured"]["type"])
            self.assertEqual(message["live"]["address"], "10.77.0.100")
            found = {(row["kind"], row["code"] or row["name"]) for row in message["differences"]
                     if row["kind"] not in ("mapped", "volatile")}
            self.assertEqual(found, set(expected), message["differences"])
        self.assertEqual(done.returncode, 1 if expected else 0)
        self.assertGreaterEqual(compare(self, capture)[1], len(SAID))

    def test_udhcpc_dnsmasq(self):
        self.expect(peer.Dnsmasq, peer.Udhcpc, DNSMASQ)

    def test_a_server_of_others_is_asked(self):
        capture = self.record_lease(peer.Udhcpd, peer.Udhcpc)
        self.dhcplab("up", "plain.json")
        self.assertIn("`--to HOST` says which", self.dhcplab("replay", capture, code=2).stderr)
        self.assertIn("no host nobody on which", self.dhcplab("replay", capture, "--to", "nobody", code=2).stderr)
        self.serve(peer.Udhcpd)
        came = json.loads(self.dhcplab("replay", capture, "--to", "server", "--json", "--timeout", "20", code=None).stdout)
        self.assertEqual([(message["type"], message["outcome"]) for message in came["messages"]],
                         [("DISCOVER", "equal"), ("REQUEST", "equal"), ("RELEASE", "nothing")], came)

    def test_dhclient_kea(self):
        self.expect(peer.Kea, peer.Dhclient, KEA)


if __name__ == "__main__":
    peer.main()
