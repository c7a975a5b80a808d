#!/usr/bin/env python3
"""The whole life of leases from servers of others: renewal at T1, rebinding at T2, expiry, INIT-REBOOT, a NAK after
renumbering, release; and beside it a client whose address somebody else uses."""

import json
import unittest

import peer
from labtest import LIMIT_S, wait_for

LEASE_S, T1_S, T2_S = 12, 3, 7
LATE_S = 1.5  # how late a busy machine may be

LAB = {
    "hosts": {
        "server": {},
        "h1": {"client": {"hostname": "h1", "start-delay-ms": [0, 0], "address-conflict-detection": False}},
        "h2": {"client": {"hostname": "h2", "start-delay-ms": [0, 0]}},
        "squatter": {},
    },
    "links": [{"type": "bridge", "name": "lan", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"},
                                                         {"host": "h2"}, {"host": "squatter"}]}],
}

# Says of every address that the host with the hardware address in the argument probes for: that is mine.
SQUATTER = """
import socket, sys
victim = bytes.fromhex(sys.argv[1].replace(":", ""))
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
link.bind(("eth0", 0x0806))
own = link.getsockname()[4]
while True:
    frame = link.recv(100)
    op, hw, sender, target = frame[21], frame[22:28], frame[28:32], frame[38:42]
    if op == 1 and sender == bytes(4) and hw == victim:
        link.send(hw + own + frame[12:21] + bytes([2]) + own + target + hw + sender)
"""


class Client:
    """A client of the lab, whose events are gone through one after the other."""

    def __init__(self, test, host, server):
        self.test, self.host, self.server = test, host, server
        self.seen = 0

    def events(self):
        return [json.loads(line) for line in self.test.dhcplab("log", "--json", self.host).stdout.splitlines()]

    def wait_for(self, what, limit_s=LIMIT_S, **fields):
        """The next event with these fields. Those before it are left out from now on."""
        def found():
            for i, event in enumerate(self.events()[self.seen:]):
                if all(event.get(key) == value for key, value in fields.items()):
                    self.seen += i + 1
                    return event
            return None
        return self.test.wait_for(found, f"{self.host}: {what}", self.server, limit_s)

    def wait_for_state(self, state, **more):
        return self.wait_for(state, kind="state", to=state, **more)

    def wait_for_message(self, kind, direction, **more):
        return self.wait_for(kind, kind="message", type=kind, direction=direction, **more)

    def last_answered(self):
        """The last REQUEST that got its ACK; those that a server broadcasts to others are heard, too. All before the ACK is
        left out from now on."""
        events = self.events()
        asked = {event["xid"]: event for event in events if event.get("type") == "REQUEST"}
        self.seen, request = [(i + 1, asked[event["xid"]]) for i, event in enumerate(events)
                              if event.get("type") == "ACK" and event["xid"] in asked][-1]
        return request

    def lease(self):
        (status,) = json.loads(self.test.dhcplab("status", self.host, "--json").stdout)
        return status["lease"]


def option(message, code):
    """The text of an option; None if it is not there."""
    return next((option["text"] for option in message["options"] if option["code"] == code), None)


class Lifetimes(peer.PeerCase):
    def start(self, kind, t1_s, t2_s):
        # The clients are there before the server, so their first DISCOVERs go unheard.
        self.dhcplab("up", "--no-wait", self.write("lab.json", LAB))
        self.server = kind(self, "server")
        self.server.lease_s, self.server.t1_s, self.server.t2_s = max(LEASE_S, kind.LEASE_MIN_S), t1_s, t2_s
        self.h1, self.h2 = Client(self, "h1", self.server), Client(self, "h2", self.server)
        self.start_on("squatter", self.dir / "squatter.log", "python3", "-c", SQUATTER, "02:00:00:00:00:03")
        self.server.start()

    def stop_server(self):
        self.server.process.terminate()
        self.server.process.wait(LIMIT_S)

    def assert_after(self, later, earlier, seconds):
        """`later` came so many seconds after `earlier`."""
        passed_s = (later["boot_ms"] - earlier["boot_ms"]) / 1000
        self.assertGreaterEqual(passed_s, seconds - 0.01)
        self.assertLess(passed_s, seconds + LATE_S)

    def assert_keeps_its_address(self, request, destination):
        """RFC 2131, table 4: what RENEWING and REBINDING have in common."""
        self.assertEqual((request["src"], request["ciaddr"], request["dst"]), (self.address, self.address, destination))
        self.assertEqual((option(request, 50), option(request, 54)), (None, None))

    def get_lease(self):
        request = self.h1.wait_for_message("REQUEST", "tx")
        self.h1.wait_for_state("BOUND")
        lease = self.h1.lease()
        self.address = lease["address"]
        self.assertTrue(self.address.startswith("10.77.0.1"))
        self.assertEqual(lease["expiry"]["duration_s"], self.server.lease_s)
        self.t1_s, self.t2_s = lease["t1"]["duration_s"], lease["t2"]["duration_s"]
        if self.server.t1_s is not None:
            self.assertEqual((lease["t1"]["origin"], lease["t2"]["origin"]), ("option", "option"))
        return request

    def renews_at_t1(self, request):
        renewal = self.h1.wait_for_message("REQUEST", "tx")
        self.assert_after(renewal, request, self.t1_s)
        self.assert_keeps_its_address(renewal, "10.77.0.1")
        self.h1.wait_for_message("ACK", "rx", xid=renewal["xid"])
        self.h1.wait_for_state("BOUND", **{"from": "RENEWING"})

    def rebinds_at_t2(self):
        """The server is gone at T1, and there again at T2."""
        self.stop_server()
        request = self.h1.last_answered()
        renewal = self.h1.wait_for_message("REQUEST", "tx")
        self.assertEqual(renewal["dst"], "10.77.0.1")
        self.server.start()
        self.h1.wait_for_state("REBINDING")
        rebinding = self.h1.wait_for_message("REQUEST", "tx")
        self.assert_after(rebinding, request, self.t2_s)
        self.assert_keeps_its_address(rebinding, "255.255.255.255")
        self.h1.wait_for_message("ACK", "rx", xid=rebinding["xid"])
        self.h1.wait_for_state("BOUND", **{"from": "REBINDING"})

    def expires(self):
        """The server does not come back."""
        self.stop_server()
        request = self.h1.last_answered()
        self.assert_after(self.h1.wait_for_state("INIT", reason="expired"), request, LEASE_S)
        self.assertNotIn(self.address, self.addresses_of("h1"))
        self.assertEqual(self.h1.wait_for_message("DISCOVER", "tx")["ciaddr"], "0.0.0.0")
        self.server.start()
        # Whoever does not want to wait for the next DISCOVER.
        wait_for(lambda: self.dhcplab("renew", "h1", "--timeout", "3", code=None).returncode == 0, "a lease")
        self.assertEqual(self.h1.lease()["address"], self.address)

    def reboots(self):
        self.h1.seen = len(self.h1.events())
        self.dhcplab("restart", "h1")
        self.h1.wait_for_state("REBOOTING")
        request = self.h1.wait_for_message("REQUEST", "tx")
        self.assertEqual((request["dst"], request["ciaddr"]), ("255.255.255.255", "0.0.0.0"))
        self.assertEqual((option(request, 50), option(request, 54)), (self.address, None))
        self.h1.wait_for_message("ACK", "rx", xid=request["xid"])
        self.h1.wait_for_state("BOUND", **{"from": "REBOOTING"})
        self.assertEqual(self.h1.lease()["address"], self.address)

    def is_refused_after_renumbering(self):
        self.stop_server()
        self.run_on("server", *peer.busybox(), "ifconfig", "eth0", "10.88.0.1", "netmask", "255.255.255.0")
        self.server.net = "10.88.0"
        self.server.start()
        self.h1.seen = len(self.h1.events())

        def nak():
            """Until the server listens, its client asks in vain; it is not waited for that it asks again."""
            self.dhcplab("restart", "h1")
            try:
                return wait_for(lambda: any(event.get("type") == "NAK" for event in self.h1.events()[self.h1.seen:]),
                                "a NAK", 1)
            except AssertionError:
                return False
        wait_for(nak, "a NAK")
        self.h1.wait_for_state("INIT", reason="nak")
        self.assertNotIn(self.address, self.addresses_of("h1"))
        self.h1.wait_for_state("BOUND")
        self.address = self.h1.lease()["address"]
        self.assertTrue(self.address.startswith("10.88.0.1"))

    def releases(self):
        self.dhcplab("release", "h1")
        self.wait_for(lambda: self.server.has_released(self.address), "the release at the server", self.server)
        self.assertNotIn(self.address, self.addresses_of("h1"))

    def finds_a_squatter(self):
        decline = self.h2.wait_for_message("DECLINE", "tx")
        declined = option(decline, 50)
        self.assertEqual((decline["src"], decline["dst"], option(decline, 54)), ("0.0.0.0", "255.255.255.255", "10.77.0.1"))
        self.wait_for(lambda: self.server.has_declined(declined), "the DECLINE at the server", self.server)
        # It stops, lest it asks for an address that h1 has lost, declines that too, and h1 cannot have it back.
        self.dhcplab("release", "h2", code=None)
        self.h2.wait_for_state("STOPPED")

    def live(self, kind, t1_s=T1_S, t2_s=T2_S):
        self.start(kind, t1_s, t2_s)
        self.renews_at_t1(self.get_lease())
        self.finds_a_squatter()
        self.rebinds_at_t2()
        if kind.LEASE_MIN_S <= LEASE_S:
            self.expires()
        self.reboots()
        self.is_refused_after_renumbering()
        self.releases()

    def test_kea(self):
        self.live(peer.Kea)

    def test_isc_dhcpd(self):
        self.live(peer.IscDhcpd)

    def test_dnsmasq(self):
        self.live(peer.Dnsmasq)

    def test_dnsmasq_expiry(self):
        self.skipTest(f"its shortest lease is {peer.Dnsmasq.LEASE_MIN_S} s: its end is not waited for")

    def test_udhcpd(self):
        self.live(peer.Udhcpd, None, None)  # it sends neither option 58 nor 59


if __name__ == "__main__":
    peer.main()
