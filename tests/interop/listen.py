#!/usr/bin/env python3
"""Prints a line for each DHCPDISCOVER that comes in on an interface: when, in seconds, and how much later than it wanted
to this program has woken up since the line before, or how long a shell has taken that does nothing, at the worst: on a
busy machine others are late, too, and so are the scripts that they wait for.

Usage: listen.py INTERFACE"""

import select
import socket
import subprocess
import sys
import threading
import time

ETH_P_IP = 0x0800
BOOTP, MAGIC, OPTIONS = 14 + 20 + 8, 236, 240  # the message in the frame; the cookie and the options in the message
MESSAGE_TYPE, DISCOVER, PAD, END = 53, 1, 0, 255
NAP_S = 0.05


def message_type(frame):
    """The DHCP message type of a frame for port 67, or None."""
    if len(frame) < BOOTP + OPTIONS or frame[14] != 0x45 or frame[23] != socket.IPPROTO_UDP:
        return None
    if int.from_bytes(frame[36:38], "big") != 67 or frame[BOOTP + MAGIC:BOOTP + OPTIONS] != b"\x63\x82\x53\x63":
        return None
    options = frame[BOOTP + OPTIONS:]
    while len(options) > 2 and options[0] != END:
        if options[0] == PAD:
            options = options[1:]
        elif options[0] == MESSAGE_TYPE:
            return options[2]
        else:
            options = options[2 + options[1]:]
    return None


class Lateness:
    """The worst that was noted since it was taken last."""

    def __init__(self):
        self.lock, self.worst_s = threading.Lock(), 0

    def note(self, late_s):
        with self.lock:
            self.worst_s = max(self.worst_s, late_s)

    def take(self):
        with self.lock:
            worst_s, self.worst_s = self.worst_s, 0
        return worst_s


def start_shells(lateness):
    while True:
        begin_s = time.monotonic()
        subprocess.run(["/bin/sh", "-c", ":"], check=True)
        lateness.note(time.monotonic() - begin_s)
        time.sleep(NAP_S)


def main():
    lateness = Lateness()
    threading.Thread(target=start_shells, args=(lateness,), daemon=True).start()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP)) as listener:
        listener.bind((sys.argv[1], ETH_P_IP))
        print("listening", flush=True)
        while True:
            wake_at_s = time.monotonic() + NAP_S
            is_there, _, _ = select.select([listener], [], [], NAP_S)
            now_s = time.monotonic()
            lateness.note(now_s - wake_at_s)
            if is_there and message_type(listener.recv(65536)) == DISCOVER:
                print(f"{now_s:.3f} {lateness.take():.3f}", flush=True)


if __name__ == "__main__":
    main()
