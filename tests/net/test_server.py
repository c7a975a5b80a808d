#!/usr/bin/env python3
"""The server's messages that no client of ours sends: hand-made datagrams on a wire, and what comes back."""

import json
import socket
import struct
import sys

import labtest
from labtest import LabCase

CHADDR = bytes.fromhex("02000000beef")
COOKIE = bytes((99, 130, 83, 99))
DISCOVER, OFFER, REQUEST, DECLINE, ACK, INFORM = 1, 2, 3, 4, 5, 8
TYPE, REQUESTED, SERVER, PRL, RAPID_COMMIT, FQDN = 53, 50, 54, 55, 80, 81
QUIET_S = 0.5

LAB = {
    "hosts": {
        "s": {"server": {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]}, "decline-probation-period": 1000,
            "hooks-libraries": [{"library": "libdhcp_bootp.so"}],
            "ddns-qualifying-suffix": "lab",
            "option-data": [{"code": code, "csv-format": False, "data": "ab" * 110} for code in (224, 225, 226)],
            "subnet4": [{"id": 1, "subnet": "10.3.0.0/24", "rapid-commit": True,
                         "pools": [{"pool": "10.3.0.100 - 10.3.0.101"}]}]}}},
        "x": {},
    },
    "links": [{"type": "veth", "ends": [{"host": "s", "address": "10.3.0.1/24"},
                                        {"host": "x", "address": "10.3.0.9/24"}]}],
}


def message(options, ciaddr="0.0.0.0"):
    """A BOOTREQUEST with the broadcast flag: the kernel of the client's host takes the answer whatever its address."""
    head = struct.pack("!BBBBIHH4s12x16s192x", 1, 1, 6, 0, 0x1234, 0, 0x8000, socket.inet_aton(ciaddr), CHADDR)
    return head + COOKIE + b"".join(bytes((code, len(data))) + data for code, data in options) + b"\xff"


def scan(area):
    """The options of a field, by code."""
    found = {}
    while area and area[0] != 255:
        if area[0] == 0:
            area = area[1:]
            continue
        found[area[0]] = found.get(area[0], b"") + area[2:2 + area[1]]
        area = area[2 + area[1]:]
    return found


def exchange(request, limit_s):
    """Sends the datagram, in hexadecimal, and prints the answer, or nothing after so long. Runs on a host of the lab."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        client.bind(("", 68))
        client.settimeout(float(limit_s))
        client.sendto(bytes.fromhex(request), ("255.255.255.255", 67))
        try:
            print(client.recv(4096).hex())
        except TimeoutError:
            pass


class Server(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))

    def exchange(self, request, limit_s=labtest.LIMIT_S):
        """The octets of the server's answer; none for silence."""
        return bytes.fromhex(self.on("x", sys.executable, "-B", __file__, "exchange", request.hex(), str(limit_s)).stdout)

    def ask(self, kind, *options, ciaddr="0.0.0.0", **limit):
        """What the server answers: yiaddr and options; None for silence."""
        answer = self.exchange(message([(TYPE, bytes((kind,))), *options], ciaddr), **limit)
        if not answer:
            return None
        found = scan(answer[240:])
        overload = found.get(52, b"\0")[0]
        for bit, area in ((1, answer[108:236]), (2, answer[44:108])):
            if overload & bit:
                found |= scan(area)
        return socket.inet_ntoa(answer[16:20]), found

    def states(self):
        leases = json.loads(self.dhcplab("leases", "--json").stdout)
        return {lease["ip-address"]: lease["state_name"] for lease in leases}

    def test_decline(self):
        """RFC 2131 4.3.3: no answer, the address is out of use, and the client gets another one."""
        server = (SERVER, socket.inet_aton("10.3.0.1"))
        address, options = self.ask(DISCOVER)
        self.assertEqual((address, options[TYPE]), ("10.3.0.100", bytes((OFFER,))))
        address, options = self.ask(REQUEST, server, (REQUESTED, socket.inet_aton(address)))
        self.assertEqual((address, options[TYPE]), ("10.3.0.100", bytes((ACK,))))
        self.assertIsNone(self.ask(DECLINE, server, (REQUESTED, socket.inet_aton(address)), limit_s=QUIET_S))
        labtest.wait_for(lambda: self.states() == {"10.3.0.100": "declined"}, "the server to hear the DECLINE")
        self.assertEqual(self.ask(DISCOVER)[0], "10.3.0.101")

    def test_inform(self):
        """RFC 2131 4.3.5, and RFC 2132 9.3: options that do not fit stand in file and sname."""
        address, options = self.ask(INFORM, (PRL, bytes((226, 225, 224))), ciaddr="10.3.0.9")
        self.assertEqual((address, options[TYPE]), ("0.0.0.0", bytes((ACK,))))
        for code in (224, 225, 226):
            self.assertEqual(options[code], b"\xab" * 110)
        self.assertEqual(options[52], b"\1")
        self.assertFalse({51, 58, 59} & set(options))
        self.assertEqual(self.states(), {})

    def test_bootp(self):
        """RFC 951, RFC 1534: two messages of 300 octets, none of them DHCP's, and an address for ever."""
        request = message([]).ljust(300, b"\0")
        answer = self.exchange(request)
        self.assertEqual((len(answer), socket.inet_ntoa(answer[16:20])), (300, "10.3.0.100"))
        self.assertFalse({TYPE, SERVER, 51} & set(scan(answer[240:])))
        self.assertEqual(self.states(), {"10.3.0.100": "active"})

    def test_fqdn(self):
        """RFC 4702: the name completed; flags E and N, and O as the server overrides S; 255 twice."""
        _, options = self.ask(DISCOVER, (FQDN, b"\5\0\0\2h1"))
        self.assertEqual(options[FQDN], b"\x0e\xff\xff\2h1\3lab\0")

    def test_rapid_commit(self):
        """RFC 4039: the whole exchange is two messages."""
        address, options = self.ask(DISCOVER, (RAPID_COMMIT, b""))
        self.assertEqual((address, options[TYPE], options[RAPID_COMMIT]), ("10.3.0.100", bytes((ACK,)), b""))
        self.assertEqual(self.states(), {"10.3.0.100": "active"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["exchange"]:
        exchange(*sys.argv[2:])
        sys.exit(0)
    if not labtest.has_programs("dhcplab-server"):
        print(f"no server in {labtest.BIN}")
        sys.exit(1)
    labtest.main()
