#!/usr/bin/env python3
"""dhcplab explain over captures that are made here: every form of file, what is printed, and files that end in the middle."""

import fcntl
import json
import os
import pathlib
import pty
import select
import struct
import subprocess
import tempfile
import termios
import unittest
import xml.etree.ElementTree

import labtest
from labtest import DHCPLAB

SVG = "{http://www.w3.org/2000/svg}"
ETHERNET, RAW, SLL = 1, 101, 113
CLIENT, SERVER, ALL = bytes.fromhex("02005e100001"), bytes.fromhex("02005e100002"), b"\xff" * 6
NOBODY, EVERYBODY = "0.0.0.0", "255.255.255.255"


def octets(address):
    return bytes(map(int, address.split(".")))


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data[: len(data) // 2 * 2])) + (data[-1] << 8 if len(data) % 2 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(src, dst, protocol, payload, ident=1, offset=0, more=False):
    """An IPv4 datagram, or one fragment of it."""
    words = offset // 8 | (0x2000 if more else 0)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, words, 64, protocol, 0) + octets(src) + octets(dst)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def udp(src, dst, sport, dport, payload):
    head = struct.pack(">HHH", sport, dport, 8 + len(payload))
    pseudo = octets(src) + octets(dst) + struct.pack(">HH", 17, 8 + len(payload))
    return ip(src, dst, 17, head + struct.pack(">H", checksum(pseudo + head + b"\0\0" + payload)) + payload)


def option(code, value):
    return bytes([code, len(value)]) + value


def dhcp(kind, options, xid=0x3903F326, ciaddr=NOBODY, yiaddr=NOBODY, mac=CLIENT):
    op = 2 if kind in (2, 5, 6) else 1
    head = struct.pack(">BBBBIHH", op, 1, 6, 0, xid, 0, 0) + octets(ciaddr) + octets(yiaddr) + bytes(8)
    body = head + mac.ljust(16, b"\0") + bytes(192) + bytes.fromhex("63825363") + option(53, bytes([kind]))
    return (body + b"".join(option(*pair) for pair in options) + b"\xff").ljust(300, b"\0")


def from_client(kind, options=(), dst=EVERYBODY, src=NOBODY, **fields):
    return ALL + CLIENT + b"\x08\0" + udp(src, dst, 68, 67, dhcp(kind, options, **fields))


def from_server(kind, options=(), src="10.77.0.1", dst="10.77.0.100", **fields):
    options = [(54, octets(src)), *options]
    return CLIENT + SERVER + b"\x08\0" + udp(src, dst, 67, 68, dhcp(kind, options, **fields))


def arp(operation, sender_hw, sender, target):
    message = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + sender_hw + octets(sender) + bytes(6) + octets(target)
    return ALL + sender_hw + b"\x08\x06" + message


def segment(to_server, flags, seq, ack, data=b"", options=b""):
    """Of TCP, between port 1024 of 10.0.0.1 and port 80 of 10.0.0.2."""
    ends = ("10.0.0.1", "10.0.0.2") if to_server else ("10.0.0.2", "10.0.0.1")
    ports = (1024, 80) if to_server else (80, 1024)
    head = struct.pack(">HHIIBBHHH", *ports, seq, ack, (20 + len(options)) * 4, flags, 1000, 0, 0) + options
    pseudo = octets(ends[0]) + octets(ends[1]) + struct.pack(">HH", 6, len(head + data))
    return ip(*ends, 6, head[:16] + struct.pack(">H", checksum(pseudo + head + data)) + head[18:] + data)


LEASE = [(51, struct.pack(">I", 3600)), (1, octets("255.255.255.0"))]
FIRST_LEASE = [
    from_client(1),
    from_server(2, LEASE, yiaddr="10.77.0.100"),
    from_client(3, [(50, octets("10.77.0.100")), (54, octets("10.77.0.1"))]),
    from_server(5, LEASE, yiaddr="10.77.0.100"),
]


def pcap(packets, linktype=ETHERNET, order="<", nano=False, step_ms=100):
    """`packets`: octets, or (milliseconds, octets)."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, linktype)
    for number, packet in enumerate(packets):
        at_ms, data = packet if isinstance(packet, tuple) else (number * step_ms, packet)
        fraction = at_ms % 1000 * (1000000 if nano else 1000)
        out += struct.pack(order + "IIII", 1800000000 + at_ms // 1000, fraction, len(data), len(data)) + data
    return out


def pcapng(packets, step_ms=100):
    """`packets`: octets, or (interface, link type, comment, octets)."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    def text(code, value):
        return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4) if value else b""

    packets = [packet if isinstance(packet, tuple) else ("", ETHERNET, "", packet) for packet in packets]
    interfaces = sorted({packet[:2] for packet in packets})
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for name, linktype in interfaces:
        out += block(1, struct.pack("<HHI", linktype, 0, 0) + text(2, name.encode()))
    for number, (name, linktype, comment, data) in enumerate(packets):
        at = 1800000000 * 10**6 + number * step_ms * 1000
        head = struct.pack("<IIIII", interfaces.index((name, linktype)), at >> 32, at & 0xFFFFFFFF, len(data), len(data))
        out += block(6, head + data + b"\0" * (-len(data) % 4) + text(1, comment.encode()))
    return out


class ExplainCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "it.pcap"

    def run_program(self, *arguments, code=0, data=None):
        command = [DHCPLAB, "explain", *map(str, arguments)]
        done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False, env={"TZ": "UTC"})
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode(), done.stderr.decode()

    def explain(self, data, *arguments, code=0):
        self.file.write_bytes(data)
        return self.run_program(self.file, *arguments, code=code)[0]

    def objects(self, data, *arguments):
        return [json.loads(line) for line in self.explain(data, "--json", *arguments).splitlines()]


class Explain(ExplainCase):
    def test_every_form_of_file_gives_the_same_lines(self):
        lines = self.explain(pcap(FIRST_LEASE))
        for kind, line in zip(("DISCOVER", "OFFER", "REQUEST", "ACK"), lines.splitlines()):
            self.assertIn(f"DHCP      {kind}  ", line)
        self.assertIn("    2  08:00:00.100000  ", lines)
        self.assertIn("10.77.0.1:67 > 10.77.0.100:68  xid 0x3903f326  chaddr 02:00:5e:10:00:01  yiaddr 10.77.0.100", lines)
        for other in (pcap(FIRST_LEASE, order=">"), pcap(FIRST_LEASE, nano=True), pcapng(FIRST_LEASE)):
            self.assertEqual(self.explain(other), lines)
        self.assertEqual(self.explain(pcap([packet[14:] for packet in FIRST_LEASE], RAW)), lines)
        self.assertEqual(self.run_program("-", data=pcap(FIRST_LEASE))[0], lines)

    def test_standard_input_is_explained_as_it_comes(self):
        whole = pcap(FIRST_LEASE)
        first = 24 + 16 + len(FIRST_LEASE[0])
        with subprocess.Popen([DHCPLAB, "explain", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            program.stdin.write(whole[:first])
            program.stdin.flush()
            self.assertTrue(select.select([program.stdout], [], [], labtest.LIMIT_S)[0], "no line while the pipe is open")
            self.assertIn(b"DISCOVER", program.stdout.readline())
            rest, _ = program.communicate(whole[first:], timeout=labtest.LIMIT_S)
        self.assertEqual((len(rest.splitlines()), program.returncode), (3, 0))

    def test_what_is_given_up_is_told(self):
        parts = [(0, ip("10.0.0.1", "10.0.0.2", 1, bytes(8), ident=1, more=True)),
                 (60001, ip("10.0.0.1", "10.0.0.2", 1, bytes(8), ident=2, more=True))]
        self.file.write_bytes(pcap(parts, RAW))
        self.assertIn("of 1 datagrams fragments were missing for longer than 60 s", self.run_program(self.file)[1])
        self.file.write_bytes(pcap([ip("10.0.0.1", "10.0.0.2", 1, bytes(8), ident=n, more=True) for n in range(65)], RAW, step_ms=1))
        self.assertIn("1 datagrams in fragments were given up: more than 64, or 4194304 octets", self.run_program(self.file)[1])

    def test_limits_are_options_and_filled_ones_are_told(self):
        def told(name, packets, linktype=ETHERNET, limit=4):
            self.file.write_bytes(pcap(packets, linktype, step_ms=1))
            self.assertEqual(self.run_program(self.file)[1], "")
            return self.run_program(self.file, "--limit", f"{name}={limit}", "--exchanges")

        syns = [ip("10.0.0.1", "10.0.0.2", 6, struct.pack(">HHIIBBHHH", port, 80, 1, 0, 0x50, 2, 1000, 0, 0)) for port in range(9)]
        self.assertIn("5 connections were forgotten before they were over: more than 4 at a time (--limit connections=N)",
                      told("connections", syns, RAW)[1])
        claims = [arp(1, CLIENT, f"10.0.0.{n}", NOBODY) for n in range(1, 10)]
        self.assertIn("5 addresses were forgotten that somebody else may claim: more than 4 at a time (--limit addresses=N)",
                      told("addresses", claims)[1])
        parts = [ip("10.0.0.1", "10.0.0.2", 1, bytes(8), ident=n, more=True) for n in range(9)]
        self.assertIn("5 datagrams in fragments were given up: more than 4, or ", told("datagrams", parts, RAW)[1])
        self.assertIn("datagrams in fragments were given up: more than 64, or 5000 octets", told("octets", parts[:2], RAW, 5000)[1])
        self.assertIn("2 messages of later exchanges are left out: there is room for 4 (--limit)",
                      told("exchanges", [from_client(1, xid=n) for n in range(6)])[0])
        for wrong in ("connections", "connections=0", "connections=x", "connections=10000001", "connection=4", "=4"):
            self.run_program(self.file, "--limit", wrong, code=2)

    def test_two_claim_one_address(self):
        packets = [(0, arp(1, CLIENT, NOBODY, "10.77.0.9")), (1, arp(2, SERVER, "10.77.0.9", NOBODY)),
                   (10000, arp(1, SERVER, "10.77.0.5", "10.77.0.5")), (20000, arp(1, CLIENT, "10.77.0.5", "10.77.0.5"))]
        lines = self.explain(pcap(packets)).splitlines()
        self.assertTrue(lines[1].endswith("(conflict: 10.77.0.9 is in use, and 02:00:5e:10:00:01 probes for it: at 08:00:00)  [1 warning]"))
        self.assertTrue(lines[3].endswith("(conflict: 02:00:5e:10:00:02 uses 10.77.0.5, too: at 08:00:10)  [1 warning]"))
        self.assertNotIn("conflict", lines[0] + lines[2])
        self.assertIn("a DHCP client sends DECLINE", self.explain(pcap(packets), "--teach"))

    def test_http_over_segments_and_in_a_row(self):
        texts = [b"GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /c H", b"TTP/1.1\r\n\r\n"]
        packets = [segment(True, 24, 100, 1, texts[0]), segment(True, 24, 100 + len(texts[0]), 1, texts[1])]
        lines = self.explain(pcap(packets, RAW)).splitlines()
        self.assertIn("GET /a HTTP/1.1  (connection 1", lines[0])
        self.assertTrue(lines[0].endswith("; POST /b HTTP/1.1)"))
        self.assertIn("HTTP      10.0.0.1:1024", lines[1])
        self.assertIn("  GET /c HTTP/1.1  (connection 1", lines[1])
        first, second = self.objects(pcap(packets, RAW))
        found = [(f["name"], f["value"], f["offset"], f["length"], f.get("meaning")) for packet in (first, second)
                 for layer in packet["layers"] if layer["name"] == "http" for f in layer["fields"] if f["name"] == "request-line"]
        self.assertEqual(found, [("request-line", "GET /a HTTP/1.1", 40, 15, None), ("request-line", "POST /b HTTP/1.1", 59, 16, None),
                                 ("request-line", "GET /c HTTP/1.1", 40, 7, "its end; it is spread over 2 segments")])

    def test_headers_of_http_and_windows_in_octets(self):
        scale = b"\x03\x03\x02\x00"  # window-scale: units of 4 octets
        text = b"GET /a HTTP/1.1\r\nHost: b.example\r\nAccept-Language: de\r\n\r\nbody\r\n"
        packets = [segment(True, 2, 100, 0, b"", scale), segment(False, 0x12, 500, 101, b"", scale),
                   segment(True, 24, 101, 501, text), segment(True, 24, 101 + len(text), 501, b"HTTP/1.1 200 OK\nServer: c")]
        syn, _, get, cut = self.objects(pcap(packets, RAW))
        http = [[(f["name"], f.get("value"), f["offset"]) for layer in packet["layers"] if layer["name"] == "http"
                 for f in layer["fields"]] for packet in (get, cut)]
        self.assertEqual(http[0][:3], [("request-line", "GET /a HTTP/1.1", 40), ("header", "Host: b.example", 57),
                                       ("header", "Accept-Language: de", 74)])
        self.assertEqual([(name, offset) for name, _, offset in http[0][3:]], [("rest", 97)])
        self.assertEqual([(name, offset) for name, _, offset in http[1]], [("status-line", 40), ("rest", 56)])
        windows = [(f["value"], f.get("meaning")) for packet in (syn, get) for layer in packet["layers"]
                   if layer["name"] == "connection" for f in layer["fields"] if f["name"] == "window_size"]
        self.assertEqual(windows, [("1000", None), ("4000", "1000 x 4 octets, the unit that its SYN names")])

    def test_one_packet_with_every_field(self):
        text = self.explain(pcap(FIRST_LEASE), "--packet", 4)
        self.assertIn("Packet 4, 2027-01-15T08:00:00.300000000+00:00, 342 octets", text)
        self.assertIn("dhcp-lease-time    3600 s (1 h)  (option 51)", text)
        self.assertNotIn("Packet 3", text)
        self.assertIn("checksum           0x", text)
        text = self.explain(pcap(FIRST_LEASE), "--packet", 4, "--bytes")
        self.assertIn("   278     4  63 82 53 63 ", text)
        self.assertIn("   272  00 00 00 00 00 00 63 82 53 63 35 01 05 36 04 0a  ......c.Sc5..6..", text)
        self.explain(pcap(FIRST_LEASE), "--packet", 5, code=1)

    def test_lines_are_wrapped_to_a_terminal(self):
        self.file.write_bytes(pcap(FIRST_LEASE))
        whole = self.run_program(self.file)[0]
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [DHCPLAB, "explain", self.file]
        done = subprocess.run(command, stdout=theirs, timeout=60, check=False, env={"TZ": "UTC", "NO_COLOR": "1"})
        os.close(theirs)
        self.assertEqual(done.returncode, 0)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # all is read, and nobody writes any more
                break
        lines = shown.decode().splitlines()
        self.assertGreater(len(lines), len(whole.splitlines()))
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual(" ".join(shown.decode().split()), " ".join(whole.split()))
        self.assertTrue(all(line.startswith(" " * 24) or line[:5].strip().isdigit() for line in lines), lines)

    def test_json_has_each_field_with_its_octets(self):
        for packet, data in zip(self.objects(pcap(FIRST_LEASE), "--bytes"), FIRST_LEASE):
            self.assertEqual([layer["name"] for layer in packet["layers"]], ["eth", "ip", "udp", "dhcp"])
            self.assertEqual(packet["warnings"], 0)
            fields = list(packet["layers"])
            while fields:
                field = fields.pop()
                fields += field.get("fields", [])
                end = field["offset"] + field["length"]
                self.assertEqual(field.get("hex", ""), data[field["offset"]:end].hex())

    def test_interfaces_comments_and_twins_of_pcapng(self):
        seen = [("h1/eth0", ETHERNET, "INIT -> SELECTING", FIRST_LEASE[0]), ("server/eth0", ETHERNET, "", FIRST_LEASE[0]),
                ("server/eth0", ETHERNET, "OFFER: it's \u2713\x1b[31m\n", FIRST_LEASE[1]), ("h1/tun0", RAW, "", FIRST_LEASE[1][14:]),
                ("h1/eth0", ETHERNET, "", FIRST_LEASE[1])]
        lines = self.explain(pcapng(seen)).splitlines()
        self.assertIn("  h1/eth0      DHCP      DISCOVER  ", lines[0])
        self.assertTrue(lines[0].endswith("  # INIT -> SELECTING"), lines[0])
        self.assertTrue(lines[1].endswith("(packet 1, seen here)"), lines[1])
        self.assertTrue(lines[2].endswith("  # OFFER: it's \u2713?[31m?"), lines[2])
        self.assertIn("  h1/tun0      DHCP      OFFER  ", lines[3])  # without Ethernet it is another packet
        self.assertTrue(lines[4].endswith("(packet 3, seen here)"), lines[4])
        objects = self.objects(pcapng(seen))
        self.assertEqual([packet["interface"] for packet in objects], [packet[0] for packet in seen])
        self.assertEqual((objects[0]["comment"], objects[2]["comment"]), ("INIT -> SELECTING", "OFFER: it's \u2713?[31m?"))
        self.assertNotIn("comment", objects[1])
        self.assertIn("at h1/eth0\n# INIT -> SELECTING\n", self.explain(pcapng(seen), "--packet", 1))
        # The first message is one of the exchange and of the ladder, though it is in the capture twice.
        self.assertIn("1-4       ", self.explain(pcapng(seen), "--exchanges"))
        self.assertIn("3 messages", self.explain(pcapng(seen), "--exchanges"))
        self.assertEqual(self.explain(pcapng(seen), "--ladder").count(" DISCOVER "), 1)
        # The same octets a second later are sent again.
        self.assertNotIn("seen here", self.explain(pcapng(seen[:2], step_ms=1000)))

    def test_counts(self):
        ping = ip("10.77.0.100", "10.77.0.1", 1, struct.pack(">BBHHH", 8, 0, 0, 7, 1))  # its checksum is wrong
        packets = [*FIRST_LEASE, FIRST_LEASE[0], CLIENT + SERVER + b"\x08\0" + ping]
        text = self.explain(pcap(packets), "--count")
        lines = [line.split() for line in text.splitlines()]
        self.assertIn("From 2027-01-15T08:00:00.000000000+00:00 to 2027-01-15T08:00:00.500000000+00:00\n", text)
        for row in (["DHCP", "5", "1710"], ["ICMP", "1", "42"], ["all", "6", "1752"], ["odd", "1"], ["DISCOVER", "2"], ["ACK", "1"]):
            self.assertIn(row, lines)
        found, = self.objects(pcap(packets), "--count")
        self.assertEqual((found["packets"], found["octets"], found["odd"]), (6, 1752, 1))
        self.assertEqual(found["dhcp"], {"DISCOVER": 2, "OFFER": 1, "REQUEST": 1, "ACK": 1})
        self.assertEqual(found["protocols"][1], {"protocol": "ICMP", "packets": 1, "octets": 42})
        self.assertEqual(self.objects(pcap([]), "--count"),
                         [{"packets": 0, "octets": 0, "odd": 0, "seen_again": 0, "first": None, "last": None, "protocols": [], "dhcp": {}}])
        self.explain(pcap(packets), "--count", "--packet", "1", code=2)
        self.explain(pcap(packets), "--count", "--ladder", code=2)

    def test_what_several_interfaces_saw_counts_once(self):
        seen = [(f"h{host}/eth0", ETHERNET, "", packet) for packet in FIRST_LEASE for host in (1, 2, 3)]
        found, = self.objects(pcapng(seen), "--count")
        self.assertEqual((found["packets"], found["octets"], found["seen_again"]), (4, 4 * 342, 8))
        self.assertEqual(found["dhcp"], {"DISCOVER": 1, "OFFER": 1, "REQUEST": 1, "ACK": 1})
        self.assertEqual(found["protocols"], [{"protocol": "DHCP", "packets": 4, "octets": 4 * 342}])
        self.assertIn("seen again              8  of the same packets", self.explain(pcapng(seen), "--count"))
        self.assertNotIn("seen again", self.explain(pcap(FIRST_LEASE), "--count"))

    def test_ladder(self):
        text = self.explain(pcap(FIRST_LEASE), "--ladder")
        self.assertEqual(text.count(" DISCOVER ") + text.count(" OFFER ") + text.count(" REQUEST ") + text.count(" ACK "), 4)
        self.assertIn(" 51 dhcp-lease-time               4  3600 s (1 h)", text)
        self.assertIn("5e:10:00:01", text.splitlines()[0])
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 80)

    def test_a_long_option_of_the_ladder_goes_on_below(self):
        discover = from_client(1, [(12, b"host"), (55, bytes(range(1, 40)))])
        text = self.explain(pcap([discover]), "--ladder")
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 80)
        self.assertIn("subnet-mask (1), time-offset (2), routers (3), ", " ".join(text.split()))

    def test_many_clients_make_several_ladders(self):
        discovers = [from_client(1, mac=CLIENT[:5] + bytes([n])) for n in range(2, 9)]
        text = self.explain(pcap([*FIRST_LEASE[1:], *discovers]), "--ladder")
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 80)
        arrows = [line for line in text.splitlines() if " DISCOVER " in line]
        self.assertEqual(len(arrows), 7)
        for arrow in arrows:
            self.assertRegex(arrow, r">\||\|<")
        self.assertGreater(text.count(" all"), 1)

    def draw(self, data, name="it.svg", code=0):
        """The picture: its root, and the messages of each lane."""
        out = self.file.with_name(name)
        self.explain(data, "--svg", out, code=code)
        root = xml.etree.ElementTree.parse(out).getroot()
        self.assertEqual(root.tag, SVG + "svg")
        self.assertEqual([e.tag for e in root.iter() if e.tag in (SVG + "script", SVG + "foreignObject")], [])
        return root, [g for g in root.iter(SVG + "g") if g.get("class").split()[0] == "message"]

    def words(self, element):
        return " ".join(part for part in element.itertext() if part.strip())

    def test_a_picture_has_one_arrow_per_message(self):
        other = from_server(2, LEASE, src="10.77.0.2", yiaddr="10.77.0.200")
        again = from_client(1, [(12, b"<h1> & \xff")])
        root, messages = self.draw(pcap([FIRST_LEASE[0], (4000, again), (4001, FIRST_LEASE[1]), (4002, other),
                                         (4003, FIRST_LEASE[2]), (4004, FIRST_LEASE[3])]))
        self.assertEqual([self.words(m).split(",")[0] for m in messages], ["DISCOVER", "DISCOVER", "OFFER", "OFFER", "REQUEST", "ACK"])
        heads = [[polygon.get("points").split(",")[0] for polygon in m.iter(SVG + "polygon")] for m in messages]
        client, first, second = "240", "448", "656"
        self.assertEqual(heads, [[first, second]] * 2 + [[client]] * 2 + [[first, second], [client]])
        self.assertEqual([line.get("class") for m in messages for line in m.iter(SVG + "line")],
                         ["line request", "line request again", "line reply", "line reply", "line request", "line reply"])
        self.assertEqual([m.get("class") for m in messages][2:4], ["message", "message dim"])
        for message, parts in zip(messages[1:], (
                ("08:00:04.000", "+4.0 s", "xid 0x3903f326, to all", "DISCOVER was sent more than once"),
                ("+1.00 ms", "offers 10.77.0.100 for 1 h", "this one was chosen"), ("not chosen",),
                ("takes 10.77.0.100, which 10.77.0.1 offered",),
                ("leases 10.77.0.100 for 1 h", "T1 08:30:04", "T2 08:52:34", "expires 09:00:04"))):
            for part in parts:
                self.assertIn(part, self.words(message))
        text = self.words(root)
        for part in ("4 s later", "first lease: 10.77.0.100 for 1 h from 10.77.0.1", "<h1> & \\xff", "10.77.0.2"):
            self.assertIn(part, text)

    def test_a_picture_of_relays_and_refusals(self):
        nak = from_server(6, [(56, b"not in <this> subnet")], xid=7, dst=EVERYBODY)
        packets = [from_client(3, [(50, octets("10.9.9.9"))], xid=7), nak,
                   from_client(7, [(54, octets("10.77.0.1"))], src="10.77.0.100", dst="10.77.0.1", ciaddr="10.77.0.100", xid=8)]
        _, messages = self.draw(pcap(packets))
        self.assertIn("is 10.9.9.9 still good for me?", self.words(messages[0]))
        self.assertIn("because: not in <this> subnet", self.words(messages[1]))
        self.assertIn("gives 10.77.0.100 back", self.words(messages[2]))
        self.assertEqual([m.find(SVG + "line").get("class") for m in messages], ["line request", "line refusal", "line notice"])
        relayed = dhcp(1, []).replace(bytes(4), octets("10.88.0.1"), 0)
        relayed = relayed[:3] + b"\1" + relayed[4:24] + octets("10.88.0.1") + relayed[28:]
        packets = [from_client(1), SERVER + CLIENT + b"\x08\0" + udp("10.88.0.1", "10.77.0.1", 67, 67, relayed)]
        renewal = [from_client(3, src="10.88.0.100", dst="10.77.0.1", ciaddr="10.88.0.100", xid=9),  # comes through the router
                   from_server(5, LEASE, ciaddr="10.88.0.100", yiaddr="10.88.0.100", xid=9)]
        root, messages = self.draw(pcap(packets + renewal))
        lanes = [self.words(g) for g in root.iter(SVG + "g") if g.get("class") == "lane"]
        self.assertEqual([" ".join(lane.split()[-2:]) for lane in lanes], ["CLIENT 02:00:5e:10:00:01", "RELAY 10.88.0.1", "SERVER 10.77.0.1"])
        heads = [[polygon.get("points").split(",")[0] for polygon in m.iter(SVG + "polygon")] for m in messages]
        self.assertEqual(heads, [["448"], ["656"], ["656"], ["240"]])  # the client's broadcast is heard by the relay alone
        self.assertEqual(["passed on" in self.words(m) for m in messages], [False, True, False, False])

    def test_many_messages_make_several_pictures(self):
        packets = [from_client(1, xid=n) for n in range(201)]
        root, messages = self.draw(pcap(packets, step_ms=1))
        self.assertEqual(len(messages), 200)
        self.assertIn("goes on in it-2.svg", self.words(root))
        second = xml.etree.ElementTree.parse(self.file.with_name("it-2.svg")).getroot()
        self.assertIn("messages 201 to 201, goes on", self.words(second))
        root, messages = self.draw(pcap([]))
        self.assertEqual((messages, "no DHCP message" in self.words(root)), ([], True))
        self.draw_nowhere()

    def test_one_message_is_one(self):
        for n, words in ((1, "it.svg: 1 message\n"), (2, "it.svg: 2 messages\n")):
            out = self.explain(pcap(FIRST_LEASE[:n]), "--svg", self.file.with_name("it.svg"))
            self.assertTrue(out.endswith(words), out)

    def test_a_crowd_shares_a_lane(self):
        hosts = [bytes([2, 0, 0, 0, 0, n]) for n in range(40)]
        root, messages = self.draw(pcap([from_client(1, xid=n, mac=mac) for n, mac in enumerate(hosts)], step_ms=1))
        words = [[text.text for text in g.iter(SVG + "text")] for g in root.iter(SVG + "g") if g.get("class") == "lane"]
        self.assertEqual(words, [*(["CLIENT", f"02:00:00:00:00:{n:02x}"] for n in range(12)), ["CLIENTS", "all others"],
                                 ["TO ALL", "everybody"]])
        said = [" ".join(text.text for text in g.iter(SVG + "text")) for g in messages]
        self.assertEqual(len(said), 40)
        self.assertNotIn("02:00:00:00:00:0b", said[11])
        self.assertIn("02:00:00:00:00:0c, xid 0x0000000c, to all", said[12])

    def test_pictures_have_a_limit(self):
        self.file.write_bytes(pcap([from_client(1, xid=n) for n in range(605)], step_ms=1))
        first = self.file.with_name("it.svg")
        out, err = self.run_program(self.file, "--svg", first, "--limit", "pictures=2")
        self.assertEqual([line.split(": ")[1] for line in out.splitlines()], ["200 messages"] * 2)
        self.assertEqual(len(list(self.file.parent.glob("*.svg"))), 2)
        self.assertIn("205 messages are not drawn: they need more than 2 pictures (--limit pictures=N)", err)
        last = xml.etree.ElementTree.parse(self.file.with_name("it-2.svg")).getroot()
        self.assertIn("205 messages more are not drawn", self.words(last))

    def test_a_picture_on_standard_output(self):
        root = xml.etree.ElementTree.fromstring(self.explain(pcap(FIRST_LEASE), "--svg", "-").encode())
        self.assertEqual(len([g for g in root.iter(SVG + "g") if g.get("class") == "message"]), 4)
        self.file.write_bytes(pcap([from_client(1, xid=n) for n in range(201)], step_ms=1))
        out, err = self.run_program(self.file, "--svg", "-", code=1)
        self.assertEqual(out, "")
        self.assertIn("more than one picture: name a file", err)
        self.assertFalse(pathlib.Path("-").exists())

    def draw_nowhere(self):
        self.file.write_bytes(pcap(FIRST_LEASE))
        self.assertIn("cannot be written", self.run_program(self.file, "--svg", "/nowhere/it.svg", code=1)[1])

    def test_a_file_that_ends_in_the_middle_is_explained_up_to_there(self):
        whole = pcap(FIRST_LEASE)
        for cut in range(24, len(whole), 7):
            self.file.write_bytes(whole[:cut])
            n, rest = divmod(cut - 24, 16 + len(FIRST_LEASE[0]))  # all four have the same length
            out, err = self.run_program(self.file, code=1 if rest else 0)
            self.assertEqual(len(out.splitlines()), n)
            self.assertEqual(f"behind packet {n}" in err, rest != 0)

    def test_what_is_no_capture(self):
        self.file.write_bytes(b"no capture")
        self.run_program(self.file, code=2)
        self.run_program(self.file.with_suffix(".missing"), code=2)
        self.file.write_bytes(pcap([], 127))
        self.assertIn("packets of link type 127 cannot be explained", self.run_program(self.file, code=2)[1])
        self.run_program(code=2)
        self.run_program(self.file, "--packet", "0", code=2)
        self.run_program(self.file, "--ladder", "--json", code=2)
        self.run_program(self.file, "--ladder", "--svg", "it.svg", code=2)

    def test_exchanges_by_client(self):
        renewal = [from_client(3, src="10.77.0.100", dst="10.77.0.1", ciaddr="10.77.0.100", xid=2),
                   from_server(5, LEASE, ciaddr="10.77.0.100", yiaddr="10.77.0.100", xid=2)]
        other = from_server(2, LEASE, src="10.77.0.2", yiaddr="10.77.0.200")
        times = [0, 100, 150, 200, 300, 1800200, 1800210]
        packets = list(zip(times, [*FIRST_LEASE[:2], other, *FIRST_LEASE[2:], *renewal]))
        text = self.explain(pcap(packets), "--exchanges")
        for words in ("Client 02:00:5e:10:00:01", "1-5       08:00:00.000  first lease  (xid 0x3903f326, 5 messages)",
                      "offered by 10.77.0.1: 10.77.0.100, after 100.000 ms; this one was chosen",
                      "offered by 10.77.0.2: 10.77.0.200, after 150.000 ms\n", "answered 100.000 ms after the request",
                      "all of it took 300.000 ms", "T1 at 08:30:00, T2 at 08:52:30, expires 09:00:00",
                      "6-7       08:30:00.200  renewal at T1", "answered 10.000 ms", "expires 09:30:00"):
            self.assertIn(words, text)
        self.assertNotIn("!", text)
        first, second = self.objects(pcap(packets), "--exchanges")
        self.assertEqual((first["what"], first["outcome"], first["server"]), ("first lease", "ack", "10.77.0.1"))
        self.assertEqual(first["offers"][1], {"server": "10.77.0.2", "address": "10.77.0.200", "after_s": 0.15})
        self.assertEqual((second["what"], second["answered_after_s"], second["lease_s"]), ("renewal at T1", 0.01, 3600))
        self.assertEqual((second["t1"], second["odd"]), ("2027-01-15T09:00:00.200000000+00:00", []))
        lines = self.explain(pcap(packets)).splitlines()
        self.assertTrue(lines[6].endswith("(renewal at T1: 10.77.0.100 for 1 h from 10.77.0.1)"))

    def test_a_lost_answer_is_none(self):
        """What the lab's captures say of a frame; the newer ACK has what is left of the lease."""
        left = [(51, struct.pack(">I", 3595))]
        lost = "ACK: new lease; dropped: the wire server.eth0>h1.eth0 drops the frame, as the scenario says"
        packets = [*FIRST_LEASE, FIRST_LEASE[2], from_server(5, left, yiaddr="10.77.0.100")]
        notes = ["", "", "", lost, "", ""]
        capture = pcapng([("h1/eth0", ETHERNET, note, packet) for note, packet in zip(notes, packets)], step_ms=1000)
        text = self.explain(capture, "--exchanges")
        for words in ("10.77.0.100 for 59 min 55 s", "answered 1.000 s after", "all of it took 5.000 s", "expires 08:59:57"):
            self.assertIn(words, text)
        self.assertNotIn("(first lease: ", self.explain(capture).splitlines()[3])
        _, messages = self.draw(capture)
        self.assertEqual([m.get("class") for m in messages], ["message"] * 3 + ["message lost"] + ["message"] * 2)
        self.assertEqual(["expires" in self.words(m) for m in messages], [False] * 5 + [True])
        ladder = self.explain(capture, "--ladder")
        self.assertEqual(ladder.count("nobody was seen to receive it"), 1)

    def test_what_one_wire_loses_may_pass_another(self):
        lost = "dropped: the wire h1.eth0>s1.eth0 is cut"
        seen = [("h1/eth0", ETHERNET, lost, FIRST_LEASE[0]), ("s2/eth0", ETHERNET, "", FIRST_LEASE[0])]
        for capture, is_lost in ((seen, False), (seen[:1], True)):
            _, messages = self.draw(pcapng(capture))
            self.assertEqual([m.get("class") for m in messages], ["message lost" if is_lost else "message"])
            self.assertEqual("nobody was seen to receive it" in self.explain(pcapng(capture), "--ladder"), is_lost)

    def test_a_renewal_of_a_lease_that_was_not_captured(self):
        renewal = [from_client(3, src="10.77.0.100", dst="10.77.0.1", ciaddr="10.77.0.100"),
                   from_server(5, LEASE, ciaddr="10.77.0.100", yiaddr="10.77.0.100")]
        self.assertIn("(renewal: 10.77.0.100 for 1 h from 10.77.0.1)", self.explain(pcap(renewal)))

    def test_what_does_not_arrive_where_others_do_is_lost(self):
        """Both ends were captured: the OFFER arrived, the first ACK did not, the last message may be still under way."""
        server, client = "server/eth0", "h1/eth0"
        seen = [(client, 0), (server, 0), (server, 1), (client, 1), (client, 2), (server, 2), (server, 3), (client, 2), (server, 2), (server, 3)]
        _, messages = self.draw(pcapng([(name, ETHERNET, "", FIRST_LEASE[n]) for name, n in seen], step_ms=600))
        self.assertEqual([m.get("class") for m in messages],
                         ["message", "message", "message", "message lost", "message", "message"])
        twice = [(client, 0), (server, 0), (server, 1), (server, 1), (client, 1), (client, 1), (client, 2)]
        _, messages = self.draw(pcapng([(name, ETHERNET, "", FIRST_LEASE[n]) for name, n in twice], step_ms=100))
        self.assertEqual({m.get("class") for m in messages}, {"message"})
        only_server = [(server, ETHERNET, "", packet) for packet in FIRST_LEASE]
        _, messages = self.draw(pcapng(only_server))
        self.assertEqual({m.get("class") for m in messages}, {"message"})

    def test_pauses_are_rounded(self):
        for step_ms, words in ((4573, "5 s later"), (1799993, "30 min later"), (2400, "2 s later")):
            root, _ = self.draw(pcap(FIRST_LEASE[:2], step_ms=step_ms))
            self.assertIn(words, self.words(root))

    def test_each_column_of_the_fields_has_its_name(self):
        head, ethernet, dst = self.explain(pcap(FIRST_LEASE), "--packet", 1, "--bytes").splitlines()[1:4]
        self.assertEqual(head.split(), ["Offset", "Length", "Octets", "Field", "Value", "(Meaning)"])
        self.assertEqual(head.index("Octets"), dst.index("ff ff"))
        self.assertEqual(head.index("Field"), ethernet.index("eth"))
        self.assertEqual(head.index("Value"), dst.index("ff:ff"))
        head, ethernet, dst = self.explain(pcap(FIRST_LEASE), "--packet", 1).splitlines()[1:4]
        self.assertEqual(head.split(), ["Offset", "Length", "Field", "Value", "(Meaning)"])
        self.assertEqual((head.index("Field"), head.index("Value")), (ethernet.index("eth"), dst.index("ff:ff")))

    def test_a_ping_of_8000_octets(self):
        message = struct.pack(">BBHHH", 8, 0, 0, 7, 1) + bytes(range(250)) * 32
        message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
        parts = [(at, message[at:at + 1480]) for at in range(0, len(message), 1480)]
        packets = [ip("10.77.0.100", "10.77.0.1", 1, part, offset=at, more=at + 1480 < len(message)) for at, part in parts]
        self.assertEqual([at for at, _ in parts], [0, 1480, 2960, 4440, 5920, 7400])
        lines = self.explain(pcap(packets, RAW)).splitlines()
        self.assertIn("fragment of 0x0001, octets 5920 to 7399, more follow  (fragment 5, 7400 octets so far)", lines[4])
        self.assertIn("echo request  id 7  seq 1  8000 octets  (fragment 6, the datagram is whole: 8008 octets)", lines[5])
        text = self.explain(pcap(packets, RAW), "--packet", 6, "--teach")
        self.assertIn("925 x 8 = 7400, so it holds octets 7400 to 8007", text)
        self.assertIn("6 fragments make a payload of 8008 octets", text)
        whole = self.objects(pcap(packets, RAW), "--bytes")[5]["layers"][-1]
        self.assertEqual((whole["name"], whole["source"], whole["hex"]), ("icmp", "reassembled", message.hex()))
        found, = self.objects(pcap(packets, RAW), "--count")
        self.assertEqual({row["protocol"]: row["packets"] for row in found["protocols"]}, {"fragment": 5, "ICMP": 1})
        self.assertIn("correct", [field.get("meaning") for field in whole["fields"]])

    def test_the_udp_checksum_step_by_step(self):
        packet = udp("10.0.0.1", "10.0.0.2", 1024, 9, b"\xf0\x01\xff\xfeZ")
        text = self.explain(pcap([packet], RAW), "--teach")
        # 1837 + f001 = 0839 with its carry, + fffe = 0838 likewise, + 5a00 = 6238
        for step in ("+ 000d =  1421", "+ 000d =  1837", "+ f001 fffe 5a00", "= 6238", "The sum is 6238", "turned over: 9dc7",
                     "the number of octets is odd", "The packet has 9dc7: correct"):
            self.assertIn(step, text)

    def test_sack_counts_from_the_beginning_of_the_connection(self):
        sack = bytes([1, 1, 5, 18]) + struct.pack(">IIII", 1101, 1201, 1301, 1311)
        packets = [segment(True, 2, 1000, 0), segment(False, 18, 7000, 1001), segment(True, 16, 1001, 7001),
                   segment(True, 24, 1101, 7001, bytes(100)), segment(False, 16, 7001, 1001, options=sack)]
        last = self.objects(pcap(packets, RAW))[-1]
        connection = next(layer for layer in last["layers"] if layer["name"] == "connection")
        blocks = [(f["value"], f["offset"], f["length"]) for f in connection["fields"] if f["name"] == "relative_sack"]
        self.assertEqual(blocks, [("101-201", 44, 8), ("301-311", 52, 8)])

    def test_a_connection_is_opened_and_closed(self):
        packets = [segment(True, 2, 1000, 0), segment(False, 18, 7000, 1001), segment(True, 16, 1001, 7001),
                   segment(True, 24, 1001, 7001, b"GET /metrics HTTP/1.1\r\n\r\n"),
                   segment(False, 24, 7001, 1026, b"HTTP/1.1 200 OK\r\n\r\n"), segment(False, 17, 7020, 1026),
                   segment(True, 16, 1026, 7021), segment(True, 17, 1026, 7021), segment(False, 16, 7021, 1027)]
        lines = self.explain(pcap(packets, RAW)).splitlines()
        for line, words in zip(lines, (
                "relative seq 0 ack 0; handshake 1 of 3; SYN-SENT, LISTEN", "relative seq 0 ack 1; handshake 2 of 3",
                "handshake 3 of 3: the connection is open; ESTABLISHED, ESTABLISHED", "GET /metrics HTTP/1.1",
                "HTTP/1.1 200 OK", "FIN-WAIT-1, CLOSE-WAIT", "the FIN is acknowledged; CLOSE-WAIT, FIN-WAIT-2",
                "LAST-ACK, TIME-WAIT", "the connection is over; TIME-WAIT, CLOSED")):
            self.assertIn(words, line)
            self.assertNotIn("warning", line)


if __name__ == "__main__":
    labtest.main()
