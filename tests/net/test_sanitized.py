#!/usr/bin/env python3
"""The server that AddressSanitizer and UndefinedBehaviorSanitizer watch, under a load that it cannot keep up with: it
goes on, gives no address twice, has every lease after kill -9, and ends without a complaint."""

import json
import os
import signal
import unittest

import labtest
from labtest import BIN, wait_for
from leasetest import LeaseCase

SERVER = BIN.parent / "asan" / "bin" / "dhcplab-server"
MIX = "dora=6,renew=3,release=1"
COMPLAINTS = ("Sanitizer", "runtime error")


@unittest.skipUnless(SERVER.exists(), f"there is no {SERVER}: tests/run makes it")
class Sanitized(LeaseCase):
    server_command = (SERVER, "--no-seccomp")  # with the filter LeakSanitizer could not look around

    def server_pid(self):
        pids = [pid for pid, command in labtest.processes(f"DHCPLAB_RUN={self.run_dir}").items()
                if command.startswith(str(SERVER))]
        return pids[0] if pids else None

    def end_server(self, number):
        os.kill(self.server_pid(), number)
        code = self.server.wait(labtest.LIMIT_S)
        self.server_log.thread.join(labtest.LIMIT_S)
        self.assertEqual([line for line in self.server_log.all if any(word in line for word in COMPLAINTS)], [])
        return code

    def load(self, *arguments):
        """Of 3000 clients, and so many exchanges, however slow the machine is. What is not answered in time is no failure
        here. Returns how many leases were given, and the rate."""
        done = self.on("c", labtest.DHCPLAB, "load", "--json", "--server", "10.9.0.1", "--local", "10.9.0.2", "--clients",
                       "3000", "--duration", "60", "--exchanges", "6000", "--mix", MIX, *map(str, arguments), code=None)
        report = json.loads(done.stdout)
        self.assertEqual(sum(exchange["non_unique"] for exchange in report["exchanges"].values()), 0)
        return report["completed"]["dora"], report["rate"]

    def test_it_survives_what_it_cannot_keep_up_with(self):
        self.start_server()
        given, top = self.load("--window", 256, "--drop-time", 10)
        self.assertGreater(given, 500)
        given = 0

        def goes_on():
            nonlocal given
            given += self.load("--rate", int(2 * top), "--drop-time", 4)[0]
            return given > 500
        wait_for(goes_on, "500 leases under a load of twice what it can do", 120)
        wait_for(self.is_idle, "the end of what waited in its queue")
        held = self.leases()
        self.assertGreater(len(held), 1000)
        self.end_server(signal.SIGKILL)
        self.start_server()
        self.assertEqual(self.leases(), held)
        self.assertEqual(self.end_server(signal.SIGTERM), 0)


if __name__ == "__main__":
    labtest.main()
