#!/usr/bin/env python3
"""udp-segments: answers to one relay leave together, and its UDP socket gets each datagram by itself."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys

import labtest
from leasetest import LeaseCase

COOKIE, DISCOVER, COUNT = bytes((99, 130, 83, 99)), 1, 40
SERVER, RELAY = "10.9.0.1", "10.9.0.2"
ETH_P_IP, FRAME_MAX = 0x0800, 1514


def discover(xid):
    head = struct.pack("!BBBBIHH12x4s6s10x192x", 1, 1, 6, 1, xid, 0, 0, socket.inet_aton(RELAY), bytes((2, 0, 0, 0, 0, xid)))
    return head + COOKIE + bytes((53, 1, DISCOVER, 255))


def ask():
    """Runs on a host of the lab, as a relay agent. Prints which DISCOVERs were answered, in the order of the answers, and how
    many frames there were that no wire takes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay, \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP)) as wire:
        relay.bind((RELAY, 67))
        relay.settimeout(labtest.LIMIT_S)
        for xid in range(1, COUNT + 1):
            relay.sendto(discover(xid), (SERVER, 67))
        print("sent", flush=True)
        xids = [int.from_bytes(relay.recv(65536)[4:8], "big") for _ in range(COUNT)]
        wire.setblocking(False)
        lengths = []
        try:
            while True:
                lengths.append(len(wire.recv(65536)))
        except BlockingIOError:
            pass
        print(json.dumps([xids, sum(length > FRAME_MAX for length in lengths)]))


class Segments(LeaseCase):
    def count_long_frames(self, wanted):
        """The frames of COUNT answers to messages that waited in the socket, where udp-segments is `wanted`; None: by
        default."""
        config = json.loads((self.dir / "server.json").read_text())
        if wanted is not None:
            config["Dhcp4"]["interfaces-config"]["udp-segments"] = wanted
        self.write("server.json", config)
        result = self.control(self.control_path, "config-reload")
        self.assertEqual(result["result"], 0, result)
        os.kill(self.server_pid(), signal.SIGSTOP)
        try:
            relay = self.spawn("c", sys.executable, "-B", __file__, "ask", stdout=subprocess.PIPE)
            self.assertEqual(relay.stdout.readline(), "sent\n")
        finally:
            os.kill(self.server_pid(), signal.SIGCONT)
        xids, long_ones = json.loads(relay.communicate(timeout=labtest.LIMIT_S)[0])
        self.assertEqual(xids, list(range(1, COUNT + 1)))
        return long_ones

    def test_answers_to_a_relay_leave_together_if_wanted(self):
        self.start_server()
        self.assertEqual(self.count_long_frames(None), 0)
        self.assertGreater(self.count_long_frames(True), 0)
        self.assertEqual(self.count_long_frames(False), 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        ask()
    else:
        labtest.main()
