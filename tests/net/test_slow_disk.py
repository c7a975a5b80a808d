#!/usr/bin/env python3
"""RFC 2131 3.1 (4): a DHCPACK follows its record to stable storage. While the disk works, the server goes on: other
messages are read and answered, and only what a record promises waits for it."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys

import labtest
from labtest import BIN, wait_for
from leasetest import LeaseCase

DISK = BIN.parent / "tests" / "libslow_disk.so"
FLOOD_MAX = 16384
FLOOD_LIMIT_S = 100  # for so many, one after the other
COOKIE = bytes((99, 130, 83, 99))
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
NAMES = {OFFER: "offer", ACK: "ack"}
SERVER = "10.9.0.1"


class Clients:
    """Runs on a host of the lab. Prints the answers in the order in which they come."""

    def __init__(self, wire):
        self.wire, self.offered = wire, {}

    def send(self, client, kind, options=b""):
        head = struct.pack("!BBBBIHH16x6s10x192x", 1, 1, 6, 0, client, 0, 0x8000, bytes((2, 0, 0, 0, 0, client)))
        self.wire.sendto(head + COOKIE + bytes((53, 1, kind)) + options + b"\xff", (SERVER, 67))

    def hear(self):
        data = self.wire.recv(2048)
        client, kind = data[33], data[242]
        self.offered[client] = data[16:20]
        print(NAMES.get(kind, kind), client, flush=True)

    def discover(self, client):
        self.send(client, DISCOVER)
        self.hear()

    def request(self, client):
        self.send(client, REQUEST, bytes((50, 4)) + self.offered[client] + bytes((54, 4)) + socket.inet_aton(SERVER))

    def flood(self, client, rubbish=0):
        """DISCOVERs, each behind so many messages that cannot be read, until the server has no answer to two in a row: one
        may be lost on a busy machine. While it answers, it has read all that was sent before."""
        self.wire.settimeout(0.5)
        silent = 0
        for _ in range(FLOOD_MAX):
            for _ in range(rubbish):
                self.wire.sendto(bytes(300), (SERVER, 67))
            self.send(client, DISCOVER)
            with contextlib.suppress(TimeoutError):
                self.wire.recv(2048)
                silent = -1
            silent += 1
            if silent == 2:
                break
        else:
            print("it answered every time", flush=True)
        self.wire.settimeout(labtest.LIMIT_S)


def act(gate, words):
    """Steps such as "discover 1" and "request 1"; between "stop" and "go" the disk stands still, and "held" waits until the
    server waits for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("", 68))
        wire.settimeout(labtest.LIMIT_S)
        clients = Clients(wire)
        held = gate.with_name(gate.name + ".held")
        disk = {"stop": gate.touch, "go": gate.unlink, "held": lambda: wait_for(held.exists, "a sync")}
        for step in words.split(", "):
            word, *client = step.split()
            (disk.get(word) or getattr(clients, word))(*map(int, client))


class SlowDisk(LeaseCase):
    server_command = ("env", f"LD_PRELOAD={DISK}", *LeaseCase.server_command)

    def setUp(self):
        super().setUp()
        self.gate = self.dir / "busy"
        self.env["SLOW_DISK"] = str(self.gate)

    def act(self, steps):
        return self.spawn("c", sys.executable, "-B", __file__, "act", self.gate, steps, stdout=subprocess.PIPE)

    def test_rfc2131_3_1_only_what_a_record_promises_waits_for_the_disk(self):
        self.start_server()
        heard, _ = self.act("discover 1, stop, request 1, held, discover 2, discover 3, request 2, discover 4, go, hear, "
                            "hear").communicate(timeout=labtest.LIMIT_S)
        self.assertEqual(heard, "offer 1\noffer 2\noffer 3\noffer 4\nack 1\nack 2\n")
        status = self.status()
        self.assertEqual((status["commits"], status["syncs"]), (2, 2))

    def test_what_is_kept_while_the_disk_stands_still_has_a_limit(self):
        self.start_server()
        heard, _ = self.act("discover 1, discover 2, stop, request 1, held, discover 3, request 2, flood 3, go, hear, hear, "
                            "hear, discover 4").communicate(timeout=FLOOD_LIMIT_S)
        heard = heard.splitlines()
        self.assertEqual(heard[:3], ["offer 1", "offer 2", "offer 3"])
        self.assertEqual(sorted(heard[3:6]), ["ack 1", "ack 2", "offer 3"])
        self.assertEqual(heard[6:], ["offer 4"])

    def test_what_cannot_be_read_is_kept_with_it(self):
        """For explain4. It is nothing that anybody decides about."""
        self.start_server()
        self.act("discover 1, discover 2, stop, request 1, held, discover 3, request 2, flood 3 100").communicate(
            timeout=FLOOD_LIMIT_S)
        read = self.statistic("pkt4-parse-failed")
        self.assertGreater(read, FLOOD_MAX / 2)
        self.assertLess(read, FLOOD_MAX)
        self.gate.unlink()
        wait_for(lambda: self.statistic("pkt4-parse-failed") > read, "the messages that had to wait")

    def test_of_an_interface_that_is_given_up_nothing_that_waits_is_served(self):
        self.start_server()
        client = self.act("discover 1, discover 2, stop, request 1, held, discover 3, request 2, flood 3")
        client.communicate(timeout=FLOOD_LIMIT_S)
        config = json.loads((self.dir / "server.json").read_text())
        config["Dhcp4"]["interfaces-config"]["interfaces"] = ["lo"]
        answer = self.control(self.control_path, "config-set", config)
        self.assertEqual(answer["result"], 0, answer)
        self.gate.unlink()
        wait_for(lambda: [line for line in self.server_log.all if "its interface is not served any more" in line],
                 "the last message of the flood")
        self.assertEqual(sorted(self.leases()), ["10.9.1.0", "10.9.1.1"])

    def test_what_waits_for_the_disk_at_the_end_is_stored_and_sent(self):
        self.start_server()
        client = self.act("discover 1, stop, request 1, hear")
        self.assertEqual(client.stdout.readline(), "offer 1\n")
        wait_for(self.leases, "the lease, in memory")
        os.kill(self.server_pid(), signal.SIGTERM)
        self.gate.unlink()
        self.assertEqual(client.stdout.readline(), "ack 1\n")
        self.server.wait(labtest.LIMIT_S)
        self.assertIn("10.9.1.0,02:00:00:00:00:01,", self.lease_file.read_text())


if __name__ == "__main__":
    if sys.argv[1:2] == ["act"]:
        act(pathlib.Path(sys.argv[2]), sys.argv[3])
    else:
        labtest.main()
