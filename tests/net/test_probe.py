#!/usr/bin/env python3
"""The ping check on a wire: a host that took the first address of the pool by hand, and what a client gets."""

import json
import socket
import sys

import labtest
from labtest import LIMIT_S, LabCase
from test_server import ACK, CHADDR, DISCOVER, INFORM, OFFER, TYPE, message, scan

LAB = {
    "hosts": {
        "s": {"server": {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]}, "decline-probation-period": 1000,
            "hooks-libraries": [{"library": "libdhcp_ping_check.so", "parameters": {"min-ping-requests": 2, "reply-timeout": 1000}}],
            "subnet4": [{"id": 1, "subnet": "10.3.0.0/24", "pools": [{"pool": "10.3.0.100 - 10.3.0.109"}]}]}}},
        "squatter": {},
        "x": {},
    },
    "links": [{"type": "bridge", "name": "lan",
               "ends": [{"host": "s", "address": "10.3.0.1/24"}, {"host": "squatter", "address": "10.3.0.100/24"},
                        {"host": "x", "address": "10.3.0.9/24"}]}],
}


def converse(*requests):
    """Sends the datagrams, in hexadecimal, and prints as many answers, in the order in which they come. Runs on a host of
    the lab."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        client.bind(("", 68))
        client.settimeout(LIMIT_S)
        for request in requests:
            client.sendto(bytes.fromhex(request), ("255.255.255.255", 67))
        for _ in requests:
            print(client.recv(4096).hex())


class Probe(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))
        self.on("s", "ping", "-c", "3", "-i", "0.2", "-W", str(LIMIT_S), "10.3.0.100")  # the squatter is there

    def converse(self, *requests):
        """The type and yiaddr of each answer."""
        lines = self.on("x", sys.executable, "-B", __file__, "converse",
                        *(request.hex() for request in requests)).stdout.split()
        return [(scan(answer[240:])[TYPE][0], socket.inet_ntoa(answer[16:20])) for answer in map(bytes.fromhex, lines)]

    def test_an_address_in_use_is_not_offered_and_nobody_else_waits(self):
        discover = message([(TYPE, bytes((DISCOVER,)))])
        inform = message([(TYPE, bytes((INFORM,)))], ciaddr="10.3.0.9").replace(CHADDR, bytes.fromhex("02000000cafe"))
        # The squatter answers at once, the next address never: while that is waited for, the INFORM is answered.
        self.assertEqual(self.converse(discover, inform), [(ACK, "0.0.0.0"), (OFFER, "10.3.0.101")])
        leases = json.loads(self.dhcplab("leases", "--json").stdout)
        self.assertEqual({lease["ip-address"]: lease["state_name"] for lease in leases}["10.3.0.100"], "declined")
        log = self.dhcplab("log", "s").stdout
        self.assertIn("10.3.0.100 is in quarantine for 16 min 40 s: somebody there answers echo requests", log)
        self.assertIn("nobody at 10.3.0.101 answered 2 echo requests", log)


if __name__ == "__main__":
    if sys.argv[1:2] == ["converse"]:
        converse(*sys.argv[2:])
        sys.exit(0)
    if not labtest.has_programs("dhcplab-server"):
        print(f"no server in {labtest.BIN}")
        sys.exit(1)
    labtest.main()
