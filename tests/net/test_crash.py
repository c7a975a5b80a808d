#!/usr/bin/env python3
"""kill -9 at random moments: after each restart the server knows every lease that it has acknowledged, and no other.

DHCPLAB_ROUNDS=N asks for N rounds (15), DHCPLAB_SEED=N for certain moments and a certain traffic."""

import os
import random
import signal
import time

import labtest
from leasetest import LeaseCase, Told

ROUNDS = int(os.environ.get("DHCPLAB_ROUNDS", "15"))
SEED = int(os.environ.get("DHCPLAB_SEED", random.SystemRandom().randrange(1 << 31)))
CLIENTS = 200


class Crash(LeaseCase):
    lease_database = {"lfc-interval": 1}

    def life_s(self, luck):
        """How long the server lives: somewhere in its first moments, or around its first or second rewrite of the file."""
        return luck.choice((luck.uniform(0, 0.3), luck.uniform(0.9, 1.05), luck.uniform(1.9, 2.05)))

    def kill_server(self):
        os.kill(self.server_pid(), signal.SIGKILL)
        self.server.wait(labtest.LIMIT_S)

    def test_kill_9_loses_no_acknowledged_lease(self):
        repeat = f"DHCPLAB_SEED={SEED} DHCPLAB_ROUNDS={ROUNDS} tests/net/test_crash.py"
        print(f"repeat with: {repeat}", flush=True)
        luck, told, rewrites, cut, ahead = random.Random(SEED), Told(), 0, 0, 0
        self.start_server()
        self.start_traffic(CLIENTS, SEED)
        for number in range(1, ROUNDS + 1):
            self.go()
            time.sleep(self.life_s(luck))
            self.kill_server()
            told.take(self.pause())
            rewrites += any("is rewritten" in line for line in self.server_log.all)
            cut += (self.dir / "leases.csv.new").exists()
            ahead += self.lease_file.read_bytes().endswith(b"\0")
            self.start_server()
            wrong = told.compare(self.leases())
            self.assertEqual(wrong, [], f"round {number} of {repeat}")
            self.assertFalse((self.dir / "leases.csv.new").exists())
        print(f"{ROUNDS} rounds, {told.acks} ACKs, {len(told.held)} leases at the end, {rewrites} rounds with a "
              f"rewrite, {cut} killed within one, {ahead} with zeros behind the records")
        self.assertGreater(told.acks, ROUNDS)


if __name__ == "__main__":
    labtest.main()
