#!/usr/bin/env python3
"""tshark reads our captures: an interface for each end, times in nanoseconds, nothing malformed, every checksum right, and
on each DHCP message as the packet's comment what was decided."""

import subprocess

import peer
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


if __name__ == "__main__":
    peer.main()
