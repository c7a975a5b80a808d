#!/usr/bin/env python3
"""More packets than the server can take at once: which of them are served, and what is told of the others."""

import json
import os
import signal
import struct
import sys

import labtest
from labtest import wait_for
from leasetest import LeaseCase

COOKIE = bytes((99, 130, 83, 99))
DISCOVER, DECLINE, RELEASE = 1, 4, 7
CAPACITY, LOG_RATE = 8, 5
MANY, ROUND_MAX, KEPT_MAX = 1100, 16 * 64, 16384  # messages, those of one turn, what is kept of what is done
OPTIONS = {
    # Much to decide about. 50: in no pool, 51: below the least, 57: little room, 60 and 77: of classes, 81: cut, 55: sent,
    # never sent, not configured, superseded, for others, without room
    DISCOVER: bytes((50, 4, 10, 8, 0, 1, 51, 4, 0, 0, 0, 1, 57, 2, 2, 64, 60, 1, 65, 77, 2, 1, 65, 81, 5, 5, 0, 0, 9, 9,
                     55, 8, 3, 42, 33, 69, 121, 224, 225, 2)),
    # 50: the first address of the pool, 54: the server
    DECLINE: bytes((50, 4, 10, 9, 1, 0, 54, 4, 10, 9, 0, 1)),
    RELEASE: b"",
}


def message(client, kind, xid):
    head = struct.pack("!BBBBIHH16x4sH10x192x", 1, 1, 6, 0, xid, 0, 0x8000, bytes((2, 0, 0, 0)), client)
    return head + COOKIE + bytes((53, 1, kind)) + OPTIONS[kind] + b"\xff"


def send(count, clients, *kinds):
    """Runs on a host of the lab. The last kind is that of all other messages, too."""
    import socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("", 68))
        for xid in range(count):
            kind = kinds[min(xid, len(kinds) - 1)]
            data = message(xid % clients, kind, xid) if kind else b"rubbish"
            client.sendto(data, ("10.9.0.1", 67))


def mangle(count):
    """Runs on a host of the lab: sends messages whose UDP checksum is wrong, which the kernel drops."""
    import socket
    data = message(0, DISCOVER, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as client:
        for wrong in range(1, count + 1):
            client.sendto(struct.pack("!HHHH", 68, 67, 8 + len(data), wrong) + data, ("10.9.0.1", 0))


class FloodCase(LeaseCase):
    def flood(self, count, clients, *kinds):
        """All of it waits in the socket when the server goes on."""
        pid = self.server_pid()
        before = self.statistic("pkt4-received")
        os.kill(pid, signal.SIGSTOP)
        try:
            self.on("c", sys.executable, "-B", __file__, "send", *map(str, (count, clients, *kinds)))
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: self.statistic("pkt4-received") == before + count, "the packets")


class Burst(FloodCase):
    def test_a_burst_waits_in_the_socket(self):
        """More than a socket has room for if it is not made larger, and not so much that anybody looks who asks twice."""
        self.start_server()
        self.flood(400, 250, DISCOVER)
        self.assertEqual(self.statistic("pkt4-offer-sent"), 400)

    def test_what_the_socket_has_no_room_for_is_counted(self):
        self.start_server()
        self.flood(20000, 20000, DISCOVER)
        dropped = self.statistic("pkt4-kernel-dropped")
        self.assertGreater(dropped, 0)
        self.assertEqual(self.statistic("pkt4-offer-sent") + self.statistic("pkt4-queue-full") + dropped, 20000)


    def test_what_the_kernel_drops_is_counted_when_it_is_asked_for(self):
        """However little it is, and though nothing is served after it."""
        self.start_server()
        self.on("c", sys.executable, "-B", __file__, "mangle", "3")
        wait_for(lambda: self.statistic("pkt4-kernel-dropped") == 3, "the packets that are dropped")
        self.assertEqual(self.statistic("pkt4-discover-received"), 0)


class Overload(FloodCase):
    def test_most_of_what_is_too_much_is_not_even_read(self):
        self.start_server()
        self.dhcplab("exec", "c", labtest.DHCPLAB, "load", "--server", "10.9.0.1", "--local", "10.9.0.2", "--rate", "400000",
                     "--duration", "1", "--drop-time", "0.2", code=3)
        self.assertGreater(self.statistic("pkt4-kernel-dropped"), self.statistic("pkt4-queue-full"))
        wait_for(self.is_idle, "the server to serve what has arrived")
        self.dhcplab("exec", "c", labtest.DHCPLAB, "load", "--server", "10.9.0.1", "--local", "10.9.0.2", "--clients", "100",
                     "--window", "1", "--exchanges", "100", "--drop-time", "10", "--duration", "60")


class Left(FloodCase):
    def configure(self, **database):
        super().configure(**database)
        config = json.loads((self.dir / "server.json").read_text())
        config["Dhcp4"] |= {
            "client-classes": [{"name": "one", "test": "option[60].exists"},
                               {"name": "more", "test": "option[77].exists", "only-in-additional-list": True}],
            "option-data": [{"name": "ntp-servers", "data": "10.9.0.1", "never-send": True},
                            {"name": "smtp-server", "data": "10.9.0.1", "client-classes": ["KNOWN"]},
                            {"name": "routers", "data": "10.9.0.1"},
                            {"name": "classless-static-route", "data": "0.0.0.0/0 - 10.9.0.1"},
                            {"code": 224, "csv-format": False, "data": "5a" * 250},
                            {"code": 225, "csv-format": False, "data": "5a" * 250}]}
        config["Dhcp4"]["subnet4"][0] |= {"evaluate-additional-classes": ["more"], "min-valid-lifetime": 60}
        self.write("server.json", config)

    def test_what_is_left_is_served_when_there_is_room_again(self):
        """With a record that no answer waits for, all that is done is kept until that is stored: so much is done here that
        the last messages have to wait."""
        self.start_server()
        self.flood(1, 1, DISCOVER)
        self.flood(MANY, MANY, DECLINE, DISCOVER)
        self.assertEqual(self.statistic("pkt4-offer-sent"), MANY)
        told = self.control(self.control_path, "explain4", {"limit": 1})["arguments"]["transactions"]
        actions = len(told[0]["decisions"]) + 1
        self.assertGreater(ROUND_MAX * actions, KEPT_MAX)


class Flood(FloodCase):
    def configure(self, **database):
        super().configure(**database)
        config = json.loads((self.dir / "server.json").read_text())
        config["Dhcp4"] |= {"dhcp-queue-control": {"capacity": CAPACITY}, "max-log-rate": LOG_RATE}
        self.write("server.json", config)

    def test_of_one_client_the_newest_message_is_served(self):
        self.start_server()
        self.flood(30, 3, DISCOVER)
        self.assertEqual(self.statistic("pkt4-duplicate"), 27)
        self.assertEqual(self.statistic("pkt4-offer-sent"), 3)
        self.assertEqual(self.statistic("pkt4-queue-full"), 0)
        told = self.control(self.control_path, "explain4", {"limit": 3})["arguments"]["transactions"]
        self.assertEqual(sorted(one["xid"] for one in told), ["0x0000001b", "0x0000001c", "0x0000001d"])

    def test_a_full_queue_loses_its_oldest(self):
        self.start_server()
        self.flood(30, 30, DISCOVER)
        self.assertEqual(self.statistic("pkt4-queue-full"), 30 - CAPACITY)
        self.assertEqual(self.statistic("pkt4-offer-sent"), CAPACITY)
        self.assertEqual(self.statistic("pkt4-receive-drop"), 30 - CAPACITY)

    def test_release_is_told_once_and_stays(self):
        self.start_server()
        self.flood(6, 1, RELEASE)
        self.assertEqual(self.statistic("pkt4-release-received"), 6)

    def test_a_flood_does_not_fill_the_log(self):
        self.start_server()
        self.flood(40, 1, 0)
        wait_for(lambda: any(' more lines of "queue-full" are suppressed' in line for line in self.server_log.all),
                 "the line about what was suppressed")
        self.assertLessEqual(sum("as many as allowed: this one goes" in line for line in self.server_log.all),
                             2 * LOG_RATE)


if __name__ == "__main__":
    on_a_host = {"send": send, "mangle": mangle}.get(sys.argv[1] if len(sys.argv) > 1 else None)
    if on_a_host:
        on_a_host(*map(int, sys.argv[2:]))
        sys.exit(0)
    labtest.main()
