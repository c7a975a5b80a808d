#!/usr/bin/env python3
"""Messages with malformed options, to a Kea and to dhcplab-server as Kea would have it ("kea": true): the same are
answered."""

import json
import socket
import struct
import sys

import peer
from peer import labtest

LAST = 255  # the number of a message without fault, which each server answers after all others
LAB = {"hosts": {"kea": {}, "x": {}, "ours": {"server": {"Dhcp4": {
           "interfaces-config": {"interfaces": ["eth0"]}, "compatibility": {"kea": True},
           "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.160 - 10.77.0.250"}]}]}}}},
       "links": [{"type": "bridge", "name": "lan",
                  "ends": [{"host": "kea", "address": "10.77.0.1/24"}, {"host": "ours", "address": "10.77.0.2/24"},
                           {"host": "x", "address": "10.77.0.9/24"}]}]}
# The code of an option, and its octets.
OPTIONS = [
    (124, b"\0\0\x11\x8b\3abc"), (124, b"\0\0\x11\x8b\x09abc"), (124, b"\0\0"), (125, b"\0\0\x11\x8b\x09\1\1a"),
    (125, b"\0\0"), (43, b"\1\7a"), (43, b""), (82, b"\1\7a"), (12, b""), (12, b"\0\0"), (60, b""), (77, b""), (77, b"\7ab"),
    (55, b""), (51, b"\1\2"), (51, b"\1\2\3\4\5"), (57, b"\1"), (57, b"\0\x64"), (57, b"\1\2\3"), (61, b""), (61, b"\1"),
    (81, b"\4\0\0\x3fab"), (81, b"\0\0\0host"), (81, b"\4\0"), (118, b"\1\2\3"), (119, b"\x3fab"), (137, b"\x3fab"),
    (213, b"\x3fab"), (3, b"\1\2\3\4\5"), (138, b"\1\2\3"), (93, b"\0\0\0"), (94, b"\1\2"), (94, b"\1\2\3\4"), (108, b"\0\0\0"),
    (212, b"\x09"), (80, b"\1"), (116, b"\1\1"), (120, b"\2\2\3"), (121, b"\x20\1\2"), (19, b"\1\2"), (19, b"\7"), (68, b""),
    (63, b"\1\7a"), (175, b"\1\7a"), (56, b""), (26, b"\0\1"),
]


def discover(number):
    """A DISCOVER of a client of its own, with one of the options; the last without."""
    option = b"" if number == LAST else bytes((OPTIONS[number][0], len(OPTIONS[number][1]))) + OPTIONS[number][1]
    chaddr = bytes((2, 0, 0, 0, 1, number))
    head = struct.pack("!BBBBIHH16x16s192x", 1, 1, 6, 0, number, 0, 0x8000, chaddr)
    return head + bytes((99, 130, 83, 99, 53, 1, 1)) + option + b"\xff"


def ask():
    """Prints who answers: the server's identifier and the number of the message, until both have answered the last. Runs
    on a host of the lab."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)  # all answers may wait in it
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        client.bind(("", 68))
        client.settimeout(labtest.LIMIT_S)
        for number in (*range(len(OPTIONS)), LAST):
            client.sendto(discover(number), ("255.255.255.255", 67))
        while sum(number == LAST for _, number in answers) < 2:
            answer = client.recv(4096)
            at = answer.index(b"\x36\x04", 240)
            answers.append([socket.inet_ntoa(answer[at + 2:at + 6]), int.from_bytes(answer[4:8], "big")])
    print(json.dumps(answers))


class Strict(peer.PeerCase):
    def test_kea(self):
        kea = peer.Kea(self, "kea")
        self.dhcplab("up", self.write("lab.json", LAB))
        kea.start()
        self.wait_for(lambda: "DHCP4_STARTED" in kea.printed(), "its start", kea)
        answers = json.loads(self.on("x", sys.executable, "-B", __file__, "ask").stdout)
        by_kea, by_us = ({number for server, number in answers if server == address and number != LAST}
                         for address in ("10.77.0.1", "10.77.0.2"))
        self.assertEqual([OPTIONS[number] for number in sorted(by_us ^ by_kea)], [])
        self.assertTrue(0 < len(by_kea) < len(OPTIONS))


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        ask()
    else:
        peer.main()
