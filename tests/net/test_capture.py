#!/usr/bin/env python3
"""dhcplab capture on a running lab: which hosts, when it ends, and what it says."""

import os
import signal
import struct
import subprocess
import unittest

import labtest
from labtest import DHCPLAB, LIMIT_S


def interfaces_and_packets(data):
    """The names of the interfaces of a pcapng file of ours, and the interface's number of each packet."""
    names, packets, at = [], [], 0
    while at < len(data):
        kind, length = struct.unpack_from(">II", data, at)
        body = data[at + 8:at + length - 4]
        if kind == 1:
            names.append(body[12:12 + struct.unpack_from(">H", body, 10)[0]].decode())
        if kind == 6:
            packets.append(struct.unpack_from(">I", body)[0])
        at += length
    return names, packets


class Capture(labtest.LabCase):
    def start(self, *arguments, **more):
        capture = subprocess.Popen([DHCPLAB, "capture", *arguments], env=self.env, cwd=self.dir, stderr=subprocess.PIPE,
                                   **more)
        self.addCleanup(capture.wait, LIMIT_S)
        self.addCleanup(capture.stderr.close)
        self.addCleanup(capture.kill)
        self.assertIn(b"Ctrl-C ends", capture.stderr.readline())
        return capture

    def test_of_one_host_and_so_many_packets(self):
        self.dhcplab("up", "pair")
        capture = self.start("lab.pcapng", "h1", "--count", "3")
        self.on("h1", "ping", "-c", "2", "-i", "0.01", "10.77.0.1")
        self.assertEqual(capture.wait(LIMIT_S), 0)
        self.assertIn("lab.pcapng: 3 packets, ", capture.stderr.read().decode())
        names, packets = interfaces_and_packets((self.dir / "lab.pcapng").read_bytes())
        self.assertEqual((names, packets), (["h1/eth0"], [0, 0, 0]))

    def test_a_packet_counts_once(self):
        self.dhcplab("up", "pair")
        capture = self.start("lab.pcapng", "--count", "4")
        self.on("h1", "ping", "-c", "4", "-i", "0.01", "10.77.0.1")
        self.assertEqual(capture.wait(LIMIT_S), 0)
        self.assertIn("lab.pcapng: 8 packets, ", capture.stderr.read().decode())
        _, packets = interfaces_and_packets((self.dir / "lab.pcapng").read_bytes())
        self.assertEqual(sorted(packets), [0, 0, 0, 0, 1, 1, 1, 1])

    def test_an_older_capture_stays_until_the_first_packet(self):
        self.dhcplab("up", "pair")
        self.on("h1", "ip", "link", "set", "eth0", "down")  # silence
        self.on("server", "ip", "link", "set", "eth0", "down")
        older = self.dir / "lab.pcapng"
        older.write_bytes(b"older" * 1000)
        capture = self.start("lab.pcapng")
        capture.send_signal(signal.SIGINT)
        self.assertEqual(capture.wait(LIMIT_S), 0)
        self.assertIn("the file is as it was", capture.stderr.read().decode())
        self.assertEqual(older.read_bytes(), b"older" * 1000)
        self.on("server", "ip", "link", "set", "eth0", "up")
        capture = self.start("lab.pcapng", "--count", "1")
        self.on("h1", "ip", "link", "set", "eth0", "up")
        self.assertEqual(capture.wait(LIMIT_S), 0)
        names, packets = interfaces_and_packets(older.read_bytes())
        self.assertEqual(names, ["server/eth0", "h1/eth0"])
        self.assertIn(len(packets), (1, 2))  # seen at both, if both were up already

    def test_a_terminal_is_no_place_for_it(self):
        self.dhcplab("up", "pair")
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        done = subprocess.run([DHCPLAB, "capture", "-", "--duration", "1"], env=self.env, stdout=theirs,
                              stderr=subprocess.PIPE, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"nothing for a terminal", done.stderr)

    def test_it_ends_with_its_time_a_signal_or_the_lab(self):
        self.dhcplab("up", "pair")
        self.dhcplab("capture", "lab.pcapng", "--duration", "1")
        for name in (signal.SIGINT, signal.SIGTERM):
            capture = self.start("lab.pcapng")
            capture.send_signal(name)
            self.assertEqual(capture.wait(LIMIT_S), 0)
        capture = self.start("lab.pcapng")
        self.dhcplab("down")
        self.assertEqual(capture.wait(LIMIT_S), 0)
        names, _ = interfaces_and_packets((self.dir / "lab.pcapng").read_bytes())
        self.assertEqual(names, ["server/eth0", "h1/eth0"])

    def test_standard_output_is_explained_as_it_comes(self):
        self.dhcplab("up", "pair")
        with subprocess.Popen([DHCPLAB, "explain", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as explain:
            capture = self.start("-", stdout=explain.stdin)
            explain.stdin.close()
            self.dhcplab("release", "h1")
            for line in explain.stdout:
                if b"RELEASE" in line:
                    break
            else:
                self.fail("no RELEASE while it runs")
            capture.send_signal(signal.SIGINT)
            explain.stdout.read()
        self.assertEqual(capture.wait(LIMIT_S), 0)

    def test_what_cannot_be(self):
        self.dhcplab("capture", "lab.pcapng", code=1)  # no lab runs
        self.dhcplab("up", "pair")
        self.dhcplab("capture", code=2)
        self.dhcplab("capture", "lab.pcapng", "h9", code=2)
        self.dhcplab("capture", "lab.pcapng", "--count", "0", code=2)
        self.dhcplab("capture", "lab.pcapng", "--duration", "soon", code=2)
        self.assertIn("cannot be written", self.dhcplab("capture", "none/lab.pcapng", code=1).stderr)
        self.assertIn("cannot be written", self.dhcplab("capture", "/dev/full", "--duration", "1", code=1).stderr)


if __name__ == "__main__":
    labtest.main()
