#!/usr/bin/env python3
"""What a lab sends is what others read: tshark finds no malformed packet and no bad checksum in a capture of it."""

import subprocess
import sys

import peer
import test_explain
from labtest import LIMIT_S, wait_for

# A veth pair has no hardware that would fill in the checksums which the kernel leaves to hardware, so a capture shows
# them half made. Told not to leave them, the kernel computes them itself: struct ethtool_value {ETHTOOL_STXCSUM, off}.
CHECKSUMS_IN_SOFTWARE = """
import array, fcntl, socket, struct
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
value = array.array("B", struct.pack("II", ETHTOOL_STXCSUM, 0))
request = struct.pack("16sP16x", b"eth0", value.buffer_info()[0])
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), SIOCETHTOOL, request)
"""

DISCOVER, OFFER, REQUEST, ACK, RELEASE = "1", "2", "3", "5", "7"
# What `renew`, `release`, `renew`, `release` of a client with a lease put on the wire.
WANTED = [REQUEST, ACK, RELEASE, DISCOVER, OFFER, REQUEST, ACK, RELEASE]

COMPLAINTS = (
    '_ws.malformed || ip.checksum.status == "Bad" || udp.checksum.status == "Bad"'
    ' || (dhcp && (_ws.expert.severity == "Error" || _ws.expert.severity == "Warning"))'
)


class Tshark(peer.PeerCase):
    def tshark(self, capture, *arguments):
        """The lines that tshark prints about the capture, with every checksum checked."""
        command = [*peer.program("tshark", "usr/bin/tshark"), "-n", "-r", str(capture)]
        checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
        done = subprocess.run([*command, *checks, *arguments], cwd=self.dir, text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def types(self, capture):
        return self.tshark(capture, "-Y", "dhcp", "-T", "fields", "-e", "dhcp.option.dhcp")

    def capture(self):
        """Drives a client through two leases, and returns what the server's interface saw."""
        for host in ("server", "h1"):
            self.run_on(host, sys.executable, "-c", CHECKSUMS_IN_SOFTWARE)
        file, log = self.dir / "lab.pcap", self.dir / "dumpcap.log"
        command = [*peer.program("tshark", "usr/bin/dumpcap"), "-P", "-i", "eth0", "-f", "udp port 67 or udp port 68"]
        dumpcap = self.start_on("server", log, *command, "-c", str(len(WANTED)), "-w", str(file))
        wait_for(lambda: "File: " in log.read_text(), "dumpcap to listen")
        for action in ("renew", "release", "renew", "release"):
            self.dhcplab(action, "h1")
        dumpcap.wait(LIMIT_S)
        return file

    def test_nothing_is_malformed_and_every_checksum_is_right(self):
        peer.program("tshark", "usr/bin/tshark")
        self.dhcplab("up", "pair")
        file = self.capture()
        self.assertEqual(self.types(file), WANTED)
        self.assertEqual(self.tshark(file, "-Y", COMPLAINTS), [])

        # What we read out of it is what tshark reads.
        self.assertEqual(test_explain.compare(self, file), (len(WANTED), len(WANTED)))

        # The check can fail: with one octet of the last packet changed there is something to complain about.
        octets = bytearray(file.read_bytes())
        octets[-1] ^= 0x55
        file.write_bytes(octets)
        self.assertEqual(len(self.tshark(file, "-Y", COMPLAINTS)), 1)


if __name__ == "__main__":
    peer.main()
