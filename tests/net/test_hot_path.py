#!/usr/bin/env python3
"""A server that has served the like before serves messages without taking memory, and with its log off without formatting
any text."""

import json
import struct

import labtest
from labtest import BIN
from leasetest import LeaseCase

COUNTER = BIN.parent / "tests" / "libcount_calls.so"
CLIENTS = 1000
MIX = "dora=6,renew=3,release=1"


class HotPath(LeaseCase):
    server_command = ("env", f"LD_PRELOAD={COUNTER}", *LeaseCase.server_command, "-q")

    def setUp(self):
        super().setUp()
        self.counts = self.dir / "counts"
        self.env["COUNT_CALLS"] = str(self.counts)

    def load(self, exchanges, *arguments):
        done = self.on("c", labtest.DHCPLAB, "load", "--json", "--server", "10.9.0.1", "--local", "10.9.0.2", "--drop-time", "10",
                       "--duration", "60", "--clients", str(CLIENTS), "--exchanges", str(exchanges), "--mix", MIX, *arguments,
                       code=None)  # what is lost on a busy machine is no failure here
        return sum(exchange["sent"] for exchange in json.loads(done.stdout)["exchanges"].values())

    def serve(self, *arguments):
        """How often it took memory, and formatted text, for some ten thousand messages."""
        before = struct.unpack("=2Q", self.counts.read_bytes())
        self.assertGreater(self.load(4 * CLIENTS, *arguments), 4 * CLIENTS)
        after = struct.unpack("=2Q", self.counts.read_bytes())
        return after[0] - before[0], after[1] - before[1]

    def check(self, *arguments):
        self.start_server()
        self.serve(*arguments)
        rounds = []
        while (0, 0) not in rounds:  # at first a batch may be larger than all before
            self.assertLess(len(rounds), 12, rounds)
            rounds.append(self.serve(*arguments))
        self.assertEqual({text for _, text in rounds}, {0})

    def test_with_few_messages_at_a_time(self):
        self.check("--window", "8")

    def test_with_many_messages_at_a_time(self):
        self.check("--window", "256")


if __name__ == "__main__":
    labtest.main()
