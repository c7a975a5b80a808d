#!/usr/bin/env python3
"""Many DHCP clients in one process, for tests of a server: `traffic.py IFACE CLIENTS SEED`.

Commands come on standard input, one a line: `go` starts the traffic, `pause` ends it, and when everything that has
arrived is read, `paused` is printed. Standard output says in order what the clients did and what they were told; what a
client sends is told before it is sent:

    request MAC ADDRESS      it asks for the address (selecting, or again: INIT-REBOOT)
    ack MAC ADDRESS SECONDS  it was given the address
    nak MAC ADDRESS          it was refused the address that it had or had been offered
    release MAC ADDRESS      it gives it back
"""

import collections
import ipaddress
import os
import random
import select
import socket
import struct
import sys
import time

DISCOVER, OFFER, REQUEST, ACK, NAK, RELEASE = 1, 2, 3, 5, 6, 7
RETRY_S = 0.2
RELEASE_SHARE = 0.02


def say(*words):
    print(*words, flush=True)


class Client:
    """One client: without an address it asks for one; with one it asks for it again, or gives it back."""

    def __init__(self, number, traffic):
        self.traffic = traffic
        self.mac = bytes((2, 0x77, 0, 0, number >> 8, number & 255))
        self.name = ":".join(f"{octet:02x}" for octet in self.mac)
        self.xid = number << 16
        self.address = None  # what it was given
        self.server = None  # its identifier
        self.asked = None  # what it has asked for and not been answered
        self.next_s = 0.0

    def message(self, kind, ciaddr=b"\0" * 4, options=b""):
        # RFC 2131 2: op, htype, hlen, hops, xid, secs, flags (broadcast), ciaddr, yiaddr, siaddr, giaddr, chaddr, sname,
        # file, magic cookie
        head = struct.pack("!BBBBIHH4s12x16s192x4s", 1, 1, 6, 0, self.xid, 0, 0x8000, ciaddr, self.mac,
                           b"\x63\x82\x53\x63")
        return (head + bytes((53, 1, kind)) + options + b"\xff").ljust(300, b"\0")

    def begin(self, now):
        """A new exchange."""
        self.xid += 1
        self.next_s = now + RETRY_S
        self.asked = None
        if self.address is None:
            self.traffic.send(self.message(DISCOVER))
        elif self.traffic.random.random() < RELEASE_SHARE:
            address, self.address = self.address, None
            say("release", self.name, address)
            packed = ipaddress.IPv4Address(address).packed
            self.traffic.send(self.message(RELEASE, packed, b"\x36\x04" + self.server))
        else:
            self.request(self.address, b"")

    def request(self, address, server):
        self.asked = address
        say("request", self.name, address)
        self.traffic.send(self.message(REQUEST, options=b"\x32\x04" + ipaddress.IPv4Address(address).packed + server))

    def answer(self, kind, address, options, now):
        if kind == OFFER and self.asked is None and self.address is None:
            self.server = options[54]
            self.request(address, b"\x36\x04" + self.server)
        elif kind == ACK and self.asked is not None:
            self.asked = None
            self.address = address
            self.next_s = now  # the next exchange may begin
            say("ack", self.name, address, int.from_bytes(options[51], "big"))
        elif kind == NAK and self.asked is not None:
            say("nak", self.name, self.asked)
            self.asked = self.address = None


def decode(datagram):
    """(xid, yiaddr, {code: octets}) of a reply; None if it is none."""
    if len(datagram) < 240 or datagram[0] != 2:
        return None
    options, at = {}, 240
    while at + 1 < len(datagram) and datagram[at] != 255:
        if datagram[at] == 0:
            at += 1
            continue
        code, length = datagram[at], datagram[at + 1]
        options[code] = datagram[at + 2:at + 2 + length]
        at += 2 + length
    return int.from_bytes(datagram[4:8], "big"), str(ipaddress.IPv4Address(datagram[16:20])), options


class Traffic:
    def __init__(self, iface, count, seed):
        self.random = random.Random(seed)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, iface.encode())
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("", 68))
        self.socket.setblocking(False)
        self.clients = [Client(number, self) for number in range(count)]
        self.queue = collections.deque(self.clients)
        self.running = False

    def send(self, message):
        self.socket.sendto(message, ("255.255.255.255", 67))

    def receive(self):
        """Reads all that is there; returns how much that was."""
        count = 0
        while True:
            try:
                reply = decode(self.socket.recv(2048))
            except BlockingIOError:
                return count
            count += 1
            if reply is None:
                continue
            xid, address, options = reply
            client = self.clients[xid >> 16] if xid >> 16 < len(self.clients) else None
            if client and client.xid == xid and 53 in options:
                client.answer(options[53][0], address, options, time.monotonic())

    def command(self):
        line = os.read(0, 64).decode()
        if not line:
            return False
        self.running = line.strip() == "go"
        if not self.running:
            while select.select([self.socket], [], [], 0.05)[0]:
                self.receive()
            say("paused")
        return True

    def begin_some(self):
        """A few clients at a time, so that what is sent and what comes back keep pace."""
        now = time.monotonic()
        for _ in range(16):
            client = self.queue[0]
            self.queue.rotate(-1)
            if client.next_s <= now:
                client.begin(now)

    def run(self):
        while True:
            ready = select.select([0, self.socket], [], [], 0.002 if self.running else None)[0]
            if 0 in ready and not self.command():
                return
            self.receive()
            if self.running:
                self.begin_some()


if __name__ == "__main__":
    Traffic(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run()
