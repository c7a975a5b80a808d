#!/usr/bin/env python3
"""udp-segments: answers to one relay leave together, and its UDP socket gets each datagram by itself."""

import array
import fcntl
import json
import os
import pathlib
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
SIOCETHTOOL, ETHTOOL_GSTRINGS, ETHTOOL_GSSET_INFO, ETHTOOL_SFEATURES, ETH_SS_FEATURES = 0x8946, 0x1B, 0x37, 0x3B, 4
NAME_LEN = 32


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


def ethtool(interface, request):
    """What the kernel makes of it, linux/ethtool.h."""
    data = array.array("B", request)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP16x", interface.encode(), data.buffer_info()[0]))
    return data.tobytes()


def cut(interface, cuts):
    """Runs on a host of the lab: as ethtool -K INTERFACE tx-udp-segmentation on or off."""
    count = struct.unpack("=16xI", ethtool(interface, struct.pack("=IIQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_FEATURES, 0)))[0]
    head = struct.pack("=III", ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count)
    names = ethtool(interface, head + bytes(count * NAME_LEN))[len(head):]
    at = [names[i:i + NAME_LEN].rstrip(b"\0") for i in range(0, len(names), NAME_LEN)].index(b"tx-udp-segmentation")
    words = [(1 << at % 32, cuts << at % 32) if i == at // 32 else (0, 0) for i in range((count + 31) // 32)]
    ethtool(interface, struct.pack("=II", ETHTOOL_SFEATURES, len(words)) + b"".join(struct.pack("=II", *w) for w in words))


def sent():
    """How many times UDP datagrams left a host: those that left together count as one."""
    names, numbers = (line.split() for line in pathlib.Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:"))
    return int(numbers[names.index("OutDatagrams")])


class Segments(LeaseCase):
    def here(self, host, *what):
        """What a function of this file prints on a host."""
        return self.on(host, sys.executable, "-B", __file__, *what).stdout

    def answer(self, wanted):
        """How often the server sent to answer COUNT messages that waited in the socket, and how many frames the relay saw
        that no wire takes, where udp-segments is `wanted`; None: by default."""
        config = json.loads((self.dir / "server.json").read_text())
        if wanted is not None:
            config["Dhcp4"]["interfaces-config"]["udp-segments"] = wanted
        self.write("server.json", config)
        result = self.control(self.control_path, "config-reload")
        self.assertEqual(result["result"], 0, result)
        before = int(self.here("s", "sent"))
        os.kill(self.server_pid(), signal.SIGSTOP)
        try:
            relay = self.spawn("c", sys.executable, "-B", __file__, "ask", stdout=subprocess.PIPE)
            self.assertEqual(relay.stdout.readline(), "sent\n")
        finally:
            os.kill(self.server_pid(), signal.SIGCONT)
        xids, long_ones = json.loads(relay.communicate(timeout=labtest.LIMIT_S)[0])
        self.assertEqual(xids, list(range(1, COUNT + 1)))
        return int(self.here("s", "sent")) - before, long_ones

    def expect_together(self, wanted):
        n, long_ones = self.answer(wanted)
        self.assertLess(n, COUNT)
        return long_ones

    def expect_singly(self, wanted):
        self.assertEqual(self.answer(wanted), (COUNT, 0))

    def test_nobody_sees_that_answers_left_together(self):
        self.start_server()
        self.assertEqual(self.expect_together(None), 0)
        self.expect_singly("never")
        self.assertEqual(self.expect_together("always"), 0)

    def test_where_the_interface_cuts_they_leave_together_only_if_wanted(self):
        self.start_server()
        self.here("s", "cut", "eth0", "1")
        self.expect_singly("auto")
        self.assertGreater(self.expect_together("always"), 0)
        self.here("s", "cut", "eth0", "0")
        self.assertEqual(self.expect_together("auto"), 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        ask()
    elif sys.argv[1:2] == ["sent"]:
        print(sent())
    elif sys.argv[1:2] == ["cut"]:
        cut(sys.argv[2], int(sys.argv[3]))
    else:
        labtest.main()
