#!/usr/bin/env python3
"""dhcplab-client gets a lease from servers of others, renews it, and gives it back."""

import json

import peer

LAB = {
    "hosts": {"server": {}, "h1": {"client": {"hostname": "h1", "start-delay-ms": [0, 0],
                                              "address-conflict-detection": False}}},
    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}],
}


class Servers(peer.PeerCase):
    def status(self, state):
        """The status of h1, or None while it is in another state or does not answer yet."""
        (status,) = json.loads(self.dhcplab("status", "h1", "--json", code=None).stdout)
        return status if status.get("state") == state else None

    def messages(self, kind):
        events = [json.loads(line) for line in self.dhcplab("log", "--json").stdout.splitlines()]
        return [event for event in events if event["kind"] == "message" and event["type"] == kind]

    def lease_renew_and_release(self, kind):
        # The client is there before the server, so its first DISCOVER goes unheard and it has to ask again.
        self.dhcplab("up", "--no-wait", self.write("lab.json", LAB))
        server = kind(self, "server")
        server.start()

        status = self.wait_for(lambda: self.status("BOUND"), "a lease", server)
        lease = status["lease"]
        address = lease["address"]
        self.assertRegex(address, r"^10\.77\.0\.1[0-5][0-9]$")
        self.assertEqual((lease["prefix_length"], lease["router"], lease["server"]), (24, "10.77.0.1", "10.77.0.1"))
        self.assertEqual(lease["expiry"]["duration_s"], 3600)
        self.assertIn(address, self.addresses_of("h1"))

        self.dhcplab("renew", "h1")
        self.assertEqual(self.status("BOUND")["lease"]["address"], address)
        request, ack = self.messages("REQUEST")[-1], self.messages("ACK")[-1]
        self.assertEqual((request["ciaddr"], request["dst"]), (address, "10.77.0.1"))
        self.assertEqual((ack["yiaddr"], ack["xid"]), (address, request["xid"]))

        self.dhcplab("release", "h1")
        self.wait_for(lambda: server.has_released(address), "the release at the server", server)
        self.assertNotIn(address, self.addresses_of("h1"))

    def test_kea(self):
        self.lease_renew_and_release(peer.Kea)

    def test_isc_dhcpd(self):
        self.lease_renew_and_release(peer.IscDhcpd)

    def test_dnsmasq(self):
        self.lease_renew_and_release(peer.Dnsmasq)

    def test_udhcpd(self):
        self.lease_renew_and_release(peer.Udhcpd)


if __name__ == "__main__":
    peer.main()
