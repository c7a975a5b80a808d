#!/usr/bin/env python3
"""dhcplab tour: what it says is what it captured, and nothing of its lab is left, however it ends."""

import json
import resource
import shutil
import signal
import struct
import subprocess

import labtest
from labtest import DHCPLAB, LabCase, wait_for

TYPES = ["RELEASE", "DISCOVER", "OFFER", "REQUEST", "ACK", "REQUEST", "ACK"]


def frames(capture):
    """The frames of a pcapng file in network byte order."""
    data = capture.read_bytes()
    found = []
    while data:
        kind, length = struct.unpack_from(">II", data)
        if kind == 6:
            size = struct.unpack_from(">I", data, 20)[0]
            found.append(data[28:28 + size])
        data = data[length:]
    return found


def ones_sum(data):
    """RFC 1071: the sum of 16-bit words with end-around carries."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def limit_files_to(octets):
    """For preexec_fn: as `ulimit -f` does."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


class Tour(LabCase):
    def test_a_limit_of_file_sizes_is_told_and_leaves_no_lab(self):
        for octets in (1024, 16384):  # less than the lab's own files, than its capture
            done = self.dhcplab("tour", "--keep", "kept.pcapng", code=1, preexec_fn=limit_files_to(octets))
            self.assertIn("File too large", done.stderr)
            self.assertTrue(self.gone())
        done = self.dhcplab("run", "avalanche", "--pcap", "run.pcapng", code=1, preexec_fn=limit_files_to(1024))
        self.assertEqual(done.stderr, "dhcplab: run.pcapng cannot be written: File too large\n")

    def gone(self):
        """Is nothing left of the lab, not even its folder?"""
        return not self.processes() and not list(self.run_dir.glob("*"))

    def tour(self, *arguments):
        return json.loads(self.dhcplab("tour", "--json", *arguments).stdout)

    def test_the_exercises_are_there_with_what_they_show(self):
        capture = self.dir / "tour.pcapng"
        result = self.tour("--teach", "--keep", str(capture))
        self.assertTrue(self.gone())
        exercises = {exercise["name"]: exercise for exercise in result["exercises"]}
        self.assertEqual(list(exercises), ["dhcp", "arp", "ping", "fragments", "udp", "tcp"])
        lines = {name: [packet["summary"] for packet in exercise["packets"]] for name, exercise in exercises.items()}
        notes = {name: [packet["note"] for packet in exercise["packets"]] for name, exercise in exercises.items()}
        self.assertEqual([p["warnings"] for e in exercises.values() for p in e["packets"] if p["warnings"]], [])
        self.assertEqual([line.split()[0] for line in lines["dhcp"]], TYPES)
        self.assertTrue(exercises["dhcp"]["packets"][-1]["comment"].startswith("RENEWING -> BOUND: 10.77.0.100 is ours"))
        self.assertIn("who has 10.77.0.1? tell 10.77.0.100 (02:00:00:00:00:02)", lines["arp"])
        self.assertIn("10.77.0.1 is at 02:00:00:00:00:01", lines["arp"])
        self.assertEqual(["echo request" in lines["ping"][0], "echo reply" in lines["ping"][1]], [True, True])
        whole = [note for note in notes["fragments"] if "fragment 6, the datagram is whole: 8008 octets" in note]
        self.assertEqual((len(lines["fragments"]), len(whole)), (12, 2))
        for step in ("handshake 1 of 3", "handshake 2 of 3", "handshake 3 of 3", "close: the sender has no more data",
                     "close: the FIN is acknowledged", "close: now the other side", "close: the last FIN is acknowledged"):
            self.assertEqual(len([note for note in notes["tcp"] if step in note]), 1, step)
        self.assertTrue(any(line.endswith("GET /metrics HTTP/1.1") for line in lines["tcp"]))
        self.assertTrue(any("HTTP/1.1 200 OK" in line for line in lines["tcp"]))
        self.check_capture(capture, exercises)
        self.check_questions(exercises)

    def check_capture(self, capture, exercises):
        """What was said is in the octets."""
        self.assertLessEqual(max(map(len, frames(capture))), 1514)  # as on a wire, not as between a host and its interface
        ip4 = [frame[14:] for frame in frames(capture) if frame[12:14] == b"\x08\0"]
        echoes = [packet for packet in ip4 if packet[9] == 1 and packet[16:20] == bytes([10, 77, 0, 1]) and len(packet) != 84]
        words = [struct.unpack(">H", packet[6:8])[0] for packet in echoes]
        self.assertEqual([(word & 0x1FFF) * 8 for word in words], [0, 1480, 2960, 4440, 5920, 7400])
        self.assertEqual([word >> 13 for word in words], [1] * 5 + [0])
        number = exercises["udp"]["packets"][0]["packet"]
        datagram = frames(capture)[number - 1][14:]
        udp = datagram[20:]
        pseudo = datagram[12:20] + struct.pack(">HH", 17, len(udp))
        right = 0xFFFF - ones_sum(pseudo + udp[:6] + b"\0\0" + udp[8:])
        self.assertEqual(udp[6:8], struct.pack(">H", right))
        self.assertIn(f"The packet has {right:04x}: correct.", exercises["udp"]["worked"])
        text = self.dhcplab("explain", str(capture), "--exchanges").stdout
        self.assertIn("renewal", text)

    def check_questions(self, exercises):
        answers = {name: " ".join(item["answer"] for item in exercise["questions"]) for name, exercise in exercises.items()}
        xid = exercises["dhcp"]["packets"][1]["summary"].partition("xid ")[2].split()[0]
        for name, words in (("dhcp", f"The four messages of the lease have {xid};"), ("dhcp", "after 1800 s"), ("dhcp", "giaddr is 0.0.0.0"),
                            ("arp", "The operation is 1 (request)"), ("ping", "56 of data"),
                            ("fragments", "0, 1480, 2960, 4440, 5920, 7400 octets"), ("fragments", "8008 / 1480, rounded up, is 6"),
                            ("udp", "Source port (68), destination port (67)"), ("tcp", "\"HTTP/1.1 200 OK\""), ("tcp", "By 4 segments.")):
            self.assertIn(words, answers[name])

    def test_text_without_questions(self):
        done = self.dhcplab("tour")
        for title in ("1. DHCP", "2. ARP", "3. ICMP", "4. IPv4", "5. UDP", "6. TCP and HTTP"):
            self.assertIn(f"\n{title}", done.stdout)
        self.assertNotIn("?\n       ", done.stdout)
        self.assertIn("tour: a lab with a server and a client\n", done.stderr)
        self.assertTrue(self.gone())

    def path_with_ping(self, script):
        """A PATH with this ping alone."""
        folder = self.dir / "bin"
        folder.mkdir()
        if script is not None:
            (folder / "ping").write_text(f"#!{shutil.which('sh')}\n{script}\n")
            (folder / "ping").chmod(0o755)
        return dict(self.env, PATH=str(folder))

    def test_without_ping_it_fails_and_leaves_nothing(self):
        self.env = self.path_with_ping(None)
        self.assertIn("there is no program ping here", self.dhcplab("tour", code=1).stderr)
        self.assertTrue(self.gone())

    def test_the_lab_goes_with_whoever_ends_the_tour(self):
        env = self.path_with_ping(f"exec {shutil.which('sleep')} 60")
        for number in (signal.SIGKILL, signal.SIGINT):
            with subprocess.Popen([DHCPLAB, "tour"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tour:
                wait_for(lambda: any("sleep 60" in command for command in self.processes().values()), "the ping that hangs")
                tour.send_signal(number)
                self.assertEqual(tour.wait(labtest.LIMIT_S), -number)
            wait_for(self.gone, "the end of the lab")

    def test_where_no_namespaces_are_allowed(self):
        # In a user namespace whose owner allows no network namespaces in it.
        script = 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$0" tour'
        done = subprocess.run(["unshare", "-Ur", "sh", "-c", script, DHCPLAB], env=self.env, capture_output=True, text=True,
                              timeout=60, check=False)
        if done.stderr.startswith("unshare:"):
            self.skipTest("no user namespaces here")
        self.assertEqual((done.returncode, done.stdout), (77, ""), done.stderr)
        self.assertTrue(self.gone())

    def test_what_cannot_be_written(self):
        self.assertIn("/nowhere/it.pcapng", self.dhcplab("tour", "--keep", "/nowhere/it.pcapng", code=1).stderr)
        self.assertTrue(self.gone())
        self.dhcplab("tour", "h1", code=2)
        self.dhcplab("tour", "--what", code=2)


if __name__ == "__main__":
    labtest.main()
