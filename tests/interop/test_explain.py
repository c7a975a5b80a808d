#!/usr/bin/env python3
"""dhcplab explain and tshark read the same out of captures that others made: of DHCP the header and the code, length and
octets of every option; of ARP, IPv4, ICMP, UDP and TCP the fields below, relative sequence numbers and checksums included.
The captures do not belong to the project: without them that test is skipped. And what `dhcplab tour` captures."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import peer
from labtest import DHCPLAB

CAPTURES = pathlib.Path(os.environ.get("DHCPLAB_CAPTURES", peer.labtest.SOURCE.parent / "shared" / "captures"))


def number(text):
    return int(text, 0)


def same(text):
    return text


def first(text):
    return int(re.split("[,-]", text)[0])  # "1, echo 0" and "10-20" of ours


def flag(text):
    return int(text, 0) & 0xFF  # tshark counts the reserved bits of the octet before, too


# What tshark calls it: layer and field of ours, and how to read both.
FIELDS = {
    "eth.src": ("eth", "src", same),
    "eth.dst": ("eth", "dst", same),
    "arp.opcode": ("arp", "op", number),
    "arp.src.hw_mac": ("arp", "sender_hw", same),
    "arp.src.proto_ipv4": ("arp", "sender", same),
    "arp.dst.proto_ipv4": ("arp", "target", same),
    "ip.src": ("ip", "src", same),
    "ip.dst": ("ip", "dst", same),
    "ip.len": ("ip", "len", number),
    "ip.id": ("ip", "id", number),
    "ip.ttl": ("ip", "ttl", number),
    "ip.proto": ("ip", "proto", number),
    "ip.frag_offset": ("ip", "frag_offset", number),
    "ipv6.src": ("ipv6", "src", same),
    "ipv6.dst": ("ipv6", "dst", same),
    "ipv6.plen": ("ipv6", "payload_len", number),
    "ipv6.nxt": ("ipv6", "next_header", number),
    "ipv6.hlim": ("ipv6", "hop_limit", number),
    "icmp.type": ("icmp", "type", number),
    "icmp.code": ("icmp", "code", number),
    "icmp.ident": ("icmp", "ident", number),
    "icmp.seq": ("icmp", "seq", number),
    "udp.srcport": ("udp", "srcport", number),
    "udp.dstport": ("udp", "dstport", number),
    "udp.length": ("udp", "length", number),
    "tcp.srcport": ("tcp", "srcport", number),
    "tcp.dstport": ("tcp", "dstport", number),
    "tcp.seq_raw": ("tcp", "seq", number),
    "tcp.ack_raw": ("tcp", "ack", number),
    "tcp.seq": ("connection", "relative_seq", number),
    "tcp.ack": ("connection", "relative_ack", number),
    "tcp.flags": ("tcp", "flags", flag),
    "tcp.hdr_len": ("tcp", "hdr_len", number),
    "tcp.window_size_value": ("tcp", "window", number),
    "tcp.window_size": ("connection", "window_size", number),
    "tcp.options.mss_val": ("tcp", "mss", number),
    "tcp.options.wscale.shift": ("tcp", "window-scale", number),
    "tcp.options.timestamp.tsval": ("tcp", "timestamps", first),
    "tcp.options.sack_le": ("connection", "relative_sack", first),
    "dhcp.type": ("dhcp", "op", number),
    "dhcp.hops": ("dhcp", "hops", number),
    "dhcp.id": ("dhcp", "xid", number),
    "dhcp.secs": ("dhcp", "secs", number),
    "dhcp.flags": ("dhcp", "flags", number),
    "dhcp.ip.client": ("dhcp", "ciaddr", same),
    "dhcp.ip.your": ("dhcp", "yiaddr", same),
    "dhcp.ip.server": ("dhcp", "siaddr", same),
    "dhcp.ip.relay": ("dhcp", "giaddr", same),
}
UNITS = {"ip.frag_offset": 8}  # of tshark's number
CHECKSUMS = {"ip.checksum.status": "ip", "icmp.checksum.status": "icmp", "udp.checksum.status": "udp",
             "tcp.checksum.status": "tcp"}
OPTIONS = ("dhcp.option.type", "dhcp.option.length", "dhcp.option.value")
GOOD, BAD = "1", "0"
ACK = 0x10
PAD, END = 0, 255

# Innermost protocol as we see it: why tshark finds more layers in such a packet.
MORE_INSIDE = {
    "IPv6": "the project speaks DHCPv4: of IPv6 it reads the header",
    "802.3": "there is no IPv4 in LLC as we read it",
    "EtherType": "not IPv4",
    "UDP": "a tunnel in UDP, such as VXLAN, is data to us",
    "IPv4": "a tunnel or another protocol that we do not take apart",
    "ICMP": "tshark reads on in the datagram that an error quotes, and in a header that was cut",
    "fragment": "tshark reads a first fragment by itself if the others are missing",
}
# (end of the capture's name, beginning of the field's): why we differ, and that is right.
EXCEPTIONS = {
    ("raw_ip.pcap", "dhcp.secs"): "tshark guesses that the sender has the two octets in the wrong order",
    ("arp-too-long-tha.pcap", "arp."): "a length of a hardware address that is not Ethernet's: we read no addresses",
    ("ipv4-options.pcap", "ip.dst"): "with a source route, tshark shows the end of it and we the header",
    ("test012.pcapng", "dhcp."): "the capture has a part of the message only; tshark then shows nothing of it",
}


def layer(packet, name):
    """The first of that name; of several headers of one protocol tshark's first value is that of the outermost."""
    return next((entry for entry in packet["layers"] if entry["name"] == name), None)


def field(entry, name):
    return next((inner for inner in entry.get("fields", []) if inner["name"] == name), None)


def pieces(entry):
    """(code, length, octets) of every option of the DHCP layer, each piece of a split one for itself."""
    found = []
    for option in entry["fields"]:
        parts = [inner for inner in option.get("fields", []) if inner["name"] == "piece"] or [option]
        for part in parts:
            code, length = field(part, "code"), field(part, "length")
            if code and length:
                n = int(length["value"])
                found.append((int(code["value"]), n, part["hex"][4:4 + 2 * n]))
    return sorted(found)


def tshark_pieces(values):
    codes = [code for code in map(int, values.get(OPTIONS[0], [])) if code not in (PAD, END)]
    lengths = list(map(int, values.get(OPTIONS[1], [])))
    octets = iter(values.get(OPTIONS[2], []))
    return sorted((code, n, next(octets, "?") if n else "") for code, n in zip(codes, lengths))


def explain(file):
    """The packets, and whether the whole capture could be read."""
    done = subprocess.run([DHCPLAB, "explain", file, "--json", "--bytes"], capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode == 0


def tshark(file):
    command = [*peer.program("tshark", "usr/bin/tshark"), "-n", "-r", str(file), "-T", "json"]
    command += ["-Y", "frame.encap_type"]  # not the custom blocks of pcapng, which tshark shows as if they were packets
    for name in (*FIELDS, *CHECKSUMS, *OPTIONS):
        command += ["-e", name]
    for name in ("ip", "udp", "tcp"):
        command += ["-o", f"{name}.check_checksum:TRUE"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [packet["_source"]["layers"] for packet in json.loads(done.stdout or "[]")]


def differences(packet, values):
    """(field, ours, tshark's) of one packet."""
    for name, (where, what, read) in FIELDS.items():
        entry = layer(packet, where)
        ours = field(entry, what) if entry else None
        theirs = values.get(name)
        if ours is None and (theirs is None or packet["protocol"] in MORE_INSIDE):
            continue
        if name == "tcp.ack" and entry and not number(field(layer(packet, "tcp"), "flags")["value"]) & ACK:
            continue  # tshark shows a number that means nothing
        if name == "tcp.window_size" and entry and ours is None:
            continue  # the handshake was not captured: tshark shows the number without its unit
        scale = UNITS.get(name, 1)
        if ours is None or theirs is None or read(ours["value"]) != read(theirs[0]) * scale:
            yield name, ours and ours["value"], theirs and theirs[0]
    for name, where in CHECKSUMS.items():
        entry, theirs = layer(packet, where), values.get(name, [None])[0]
        if entry is None and packet["protocol"] in MORE_INSIDE:
            continue
        ours = field(entry, "checksum") if entry else None
        meaning = ours.get("meaning") if ours else None
        ours = GOOD if meaning == "correct" else BAD if ours and meaning is None else None
        if theirs in (GOOD, BAD) and ours != theirs:
            yield name, ours, theirs
    entry = layer(packet, "dhcp")
    ours, theirs = pieces(entry) if entry else [], tshark_pieces(values)
    if ours != theirs:
        yield OPTIONS[0], ours, theirs


def compare(test, file):
    """Fails for each difference that is no exception. Returns the number of packets and of DHCP messages compared."""
    packets, whole = explain(file)
    peers = tshark(file)
    if whole:
        test.assertEqual(len(packets), len(peers), file)
    for packet, values in zip(packets, peers):
        for name, ours, theirs in differences(packet, values):
            if not any(str(file).endswith(end) and name.startswith(what) for end, what in EXCEPTIONS):
                with test.subTest(file=file.name, packet=packet["packet"], field=name):
                    test.assertEqual(ours, theirs)
    return len(packets), sum(layer(packet, "dhcp") is not None for packet in packets)


class Explain(unittest.TestCase):
    def test_captures_of_others(self):
        if not CAPTURES.is_dir():
            self.skipTest(f"there are no captures in {CAPTURES}")
        counts = [compare(self, file) for file in sorted(CAPTURES.rglob("*.pcap*"))]
        packets, messages = map(sum, zip(*counts))
        print(f"{packets} packets with {messages} DHCP messages compared")
        self.assertGreater(messages, 100)

    def test_the_tour(self):
        """What a kernel, ping, our programs and an HTTP server say to each other: DHCP, ARP, fragments, a TCP connection."""
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "tour.pcapng")
            subprocess.run([DHCPLAB, "tour", "--keep", file], check=True, capture_output=True, timeout=60,
                           env=dict(os.environ, DHCPLAB_RUN=folder))
            packets, messages = compare(self, file)
        self.assertGreater(packets, 40)
        self.assertEqual(messages, 7)


if __name__ == "__main__":
    peer.main()
