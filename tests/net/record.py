#!/usr/bin/env python3
"""Writes the frames of an interface into a pcap file, each at once, until it is ended: record.py INTERFACE FILE. Prints a
line when it listens. Started by tests inside a host."""

import socket
import struct
import sys
import time

ALL, ETHERNET = 3, 1


def main(interface, path):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL)) as wire, open(path, "wb", buffering=0) as file:
        wire.bind((interface, ALL))
        file.write(struct.pack("=IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, ETHERNET))
        print("listening", flush=True)
        while True:
            frame, now = wire.recv(65535), time.time_ns() // 1000
            file.write(struct.pack("=IIII", now // 10**6, now % 10**6, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main(*sys.argv[1:])
