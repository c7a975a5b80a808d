#!/usr/bin/env python3
"""tshark reads our captures: an interface for each end, times in nanoseconds, nothing malformed, every checksum right, and
on each DHCP message as the packet's comment what was decided."""

import signal
import subprocess

import peer
from peer import labtest
from test_tshark import COMPLAINTS

FIELDS = ("frame.interface_name", "frame.time_epoch", "dhcp.option.dhcp", "frame.comment")
REQUEST, NAK = "3", "6"


def tshark(file, *arguments):
    checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    command = [*peer.program("tshark", "usr/bin/tshark"), "-n", "-r", str(file), *checks, *arguments]
    done = subprocess.run(command, text=True, capture_output=True, check=True)
    return done.stdout.splitlines()


def packets(file, *arguments):
    """(interface, time, message type, comment) of each packet."""
    fields = [word for name in FIELDS for word in ("-e", name)]
    return [tuple(line.split("\t")) for line in tshark(file, "-T", "fields", *fields, *arguments)]


class Capture(peer.PeerCase):
    def test_a_run_in_virtual_time(self):
        file = self.dir / "run.pcapng"
        self.dhcplab("run", "renumbering", "--pcap", str(file))
        self.assertEqual(tshark(file, "-Y", COMPLAINTS), [])
        seen = packets(file)
        self.assertEqual({name for name, *_ in seen}, {"h1/eth0", "server/eth0"})
        self.assertEqual([row for row in seen if not row[3]], [])
        refused = "NAK: 10.77.0.100 is not in subnet 10.78.0.0/24"
        # T2 of a lease of an hour at 2026-01-01T00:00:00Z, in seconds since 1970.
        self.assertIn(("server/eth0", "1767228750.000000000", REQUEST, refused), seen)
        self.assertIn(("server/eth0", "1767228750.000000000", NAK, refused), seen)
        self.assertEqual(packets(file, "-Y", f'frame.comment == "{refused}"'), [row for row in seen if row[3] == refused])

    def test_a_lab_that_runs(self):
        peer.program("tshark", "usr/bin/tshark")
        file = self.dir / "lab.pcapng"
        self.dhcplab("up", "pair")
        command = [labtest.DHCPLAB, "capture", str(file)]
        with subprocess.Popen(command, env=self.env, stderr=subprocess.PIPE, text=True) as capture:
            self.assertEqual(capture.stderr.readline(), "capturing at server/eth0, h1/eth0; Ctrl-C ends\n")
            self.dhcplab("release", "h1")
            self.dhcplab("renew", "h1")
            capture.send_signal(signal.SIGINT)
            told = capture.communicate(timeout=labtest.LIMIT_S)[1]
        self.assertEqual(capture.returncode, 0, told)
        self.assertEqual(tshark(file, "-Y", COMPLAINTS), [])
        seen = packets(file, "-Y", "dhcp")
        self.assertIn(f"{len(seen)} of them of DHCP, {len(seen)} with what was decided", told)
        # Each at both ends, the sender first, and at each what was decided there.
        self.assertEqual([row[2] for row in seen], [kind for kind in "71235" for _ in range(2)])
        self.assertEqual([row[0] for row in seen], ["h1/eth0", "server/eth0"] * 2 + ["server/eth0", "h1/eth0"] +
                         ["h1/eth0", "server/eth0"] + ["server/eth0", "h1/eth0"])
        times = [int(row[1].replace(".", "")) for row in seen]
        self.assertEqual(times, sorted(times))
        self.assertTrue(any(time % 1000 for time in times), "no time is finer than a microsecond")
        comments = [row[3] for row in seen]
        for place, words in ((0, "BOUND -> STOPPED: asked to release"), (1, "10.77.0.100 is free again"),
                             (2, "INIT -> SELECTING: asking every server for an offer"), (3, "OFFER: 10.77.0.100"),
                             (4, "OFFER: 10.77.0.100"), (5, "SELECTING -> REQUESTING"), (7, "ACK: new lease of 10.77.0.100"),
                             (8, "ACK: new lease of 10.77.0.100"), (9, "REQUESTING -> BOUND: 10.77.0.100 is ours")):
            self.assertIn(words, comments[place])


if __name__ == "__main__":
    peer.main()
