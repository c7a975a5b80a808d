#!/usr/bin/env python3
"""Leasequery on a wire: over UDP (RFC 4388) and, in bulk, over TCP (RFC 6926), from a host that may ask and one that may
not."""

import json
import socket
import struct
import sys

import labtest
from labtest import LIMIT_S, LabCase
from test_server import TYPE, message, scan

LEASEQUERY, LEASEUNASSIGNED, LEASEACTIVE, BULKLEASEQUERY, LEASEQUERYDONE = 10, 11, 13, 14, 15
SERVER = "10.3.0.1"


def configuration(port=67, connections=10):
    return {
        "interfaces-config": {"interfaces": ["eth0"]},
        "hooks-libraries": [{"library": "libdhcp_lease_query.so", "parameters": {
            "requesters": ["10.3.0.9"],
            "advanced": {"bulk-query-enabled": True, "lease-query-ip": SERVER, "lease-query-tcp-port": port,
                         "max-requester-connections": connections, "max-leases-per-fetch": 7}}}],
        "subnet4": [{"id": 1, "subnet": "10.3.0.0/16", "pools": [{"pool": "10.3.1.0 - 10.3.8.255"}]}]}


LAB = {
    "hosts": {"s": {"server": {"Dhcp4": configuration()}}, "asker": {}, "other": {}},
    "links": [{"type": "bridge", "name": "lan",
               "ends": [{"host": "s", "address": f"{SERVER}/16"}, {"host": "asker", "address": "10.3.0.9/16"},
                        {"host": "other", "address": "10.3.0.8/16"}]}],
}


def query(kind, ciaddr="0.0.0.0", giaddr="0.0.0.0"):
    """A query by address, or by nothing: no hardware address."""
    head = bytearray(message([(TYPE, bytes((kind,)))], ciaddr=ciaddr))
    head[1:3] = 0, 0
    head[24:28] = socket.inet_aton(giaddr)
    head[28:44] = bytes(16)
    return bytes(head)


# ---- what runs on a host of the lab ----


def read_messages(connection):
    """The messages until LEASEQUERYDONE, or the end of the connection: (type, address) each."""
    with connection.makefile("rb") as stream:
        while True:
            size = stream.read(2)
            if len(size) < 2:
                return
            answer = stream.read(struct.unpack("!H", size)[0])
            kind = scan(answer[240:])[TYPE][0]
            yield kind, socket.inet_ntoa(answer[12:16])
            if kind == LEASEQUERYDONE:
                return


def converse(connection, octets, pieces):
    """The answers to one query, whose first octets are sent one by one; none if the server hangs up."""
    framed = struct.pack("!H", len(octets)) + octets
    try:
        for at in range(pieces):
            connection.sendall(framed[at:at + 1])
        connection.sendall(framed[pieces:])
        return list(read_messages(connection))
    except ConnectionError:
        return []


def bulk(port, *queries):
    """Asks one after the other on one connection; prints the answers."""
    with socket.create_connection((SERVER, int(port)), timeout=LIMIT_S) as connection:
        for octets in map(bytes.fromhex, queries):
            print(json.dumps(converse(connection, octets, 10)))


def crowd(n):
    """Opens n connections at once; prints how many the server keeps."""
    connections = [socket.create_connection((SERVER, 67), timeout=LIMIT_S) for _ in range(int(n))]
    print(sum(converse(connection, query(BULKLEASEQUERY), 0) != [] for connection in connections))


def ask(octets):
    """One query over UDP from port 67; prints the type and address of the answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
        relay.bind(("", 67))
        relay.settimeout(LIMIT_S)
        relay.sendto(bytes.fromhex(octets), (SERVER, 67))
        answer = relay.recv(4096)
        print(json.dumps([scan(answer[240:])[TYPE][0], socket.inet_ntoa(answer[12:16])]))


class Leasequery(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))
        for last, mac in ((1, "02:00:00:00:00:01"), (3, "02:00:00:00:00:03")):
            self.dhcplab("command", "s", "lease4-add", json.dumps({"ip-address": f"10.3.1.{last}", "hw-address": mac}))

    def python(self, host, *arguments, **more):
        return self.on(host, sys.executable, "-B", __file__, *map(str, arguments), **more)

    def bulk(self, host, *queries, port=67):
        """The answers to each query."""
        done = self.python(host, "bulk", port, *(octets.hex() for octets in queries))
        return [[tuple(answer) for answer in json.loads(line)] for line in done.stdout.splitlines()]

    def test_udp(self):
        octets = query(LEASEQUERY, "10.3.1.3", giaddr="10.3.0.9")
        self.assertEqual(json.loads(self.python("asker", "ask", octets.hex()).stdout), [LEASEACTIVE, "10.3.1.3"])

    def test_bulk(self):
        everything, one = query(BULKLEASEQUERY), query(BULKLEASEQUERY, "10.3.1.1")
        first, second = self.bulk("asker", everything, one)
        self.assertEqual(len(first), 8 * 256 + 1)
        self.assertEqual([address for kind, address in first if kind == LEASEACTIVE], ["10.3.1.1", "10.3.1.3"])
        self.assertEqual({kind for kind, _ in first[:-1]}, {LEASEACTIVE, LEASEUNASSIGNED})
        self.assertEqual(first[-1][0], LEASEQUERYDONE)
        self.assertEqual(second, [(LEASEACTIVE, "10.3.1.1"), (LEASEQUERYDONE, "0.0.0.0")])

    def test_who_may_not_ask_is_not_heard(self):
        self.assertEqual(self.bulk("other", query(BULKLEASEQUERY)), [[]])
        self.assertIn("10.3.0.8 may not ask for leases", self.dhcplab("log", "s").stdout)

    def test_connections_are_limited_and_a_reload_moves_the_port(self):
        self.dhcplab("command", "s", "config-set", json.dumps({"Dhcp4": configuration(connections=2)}))
        self.assertEqual(self.python("asker", "crowd", 5).stdout.strip(), "2")
        self.assertIn("2 are open, as many as the configuration allows", self.dhcplab("log", "s").stdout)
        self.dhcplab("command", "s", "config-set", json.dumps({"Dhcp4": configuration(port=6767)}))
        self.assertEqual(self.bulk("asker", query(BULKLEASEQUERY, "10.3.1.1"), port=6767),
                         [[(LEASEACTIVE, "10.3.1.1"), (LEASEQUERYDONE, "0.0.0.0")]])


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("bulk", "crowd", "ask"):
        globals()[sys.argv[1]](*sys.argv[2:])
        sys.exit(0)
    if not labtest.has_programs("dhcplab-server"):
        print(f"no server in {labtest.BIN}")
        sys.exit(1)
    labtest.main()
