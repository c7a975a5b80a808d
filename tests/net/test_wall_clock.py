#!/usr/bin/env python3
"""RFC 2131 3.3: a lease ends so many seconds after it was given. Who sets the wall clock of the server meanwhile neither
ends leases nor makes them longer: not those in memory, and not those that are read at the next start."""

import os
import resource
import signal

import labtest
from labtest import BIN, wait_for
from leasetest import LeaseCase

CLOCK = BIN.parent / "tests" / "libset_clock.so"
DAY_S = 86400
LEASE = {"ip-address": "10.9.1.7", "hw-address": "02:00:00:00:00:07", "valid-lft": 3600}


class WallClock(LeaseCase):
    server_command = ("env", f"LD_PRELOAD={CLOCK}", *LeaseCase.server_command)

    def setUp(self):
        super().setUp()
        self.env["SET_CLOCK"] = str(self.dir)
        (self.dir / "seconds").write_text("0")
        os.mkfifo(self.dir / "set")
        self.pipe = os.open(self.dir / "set", os.O_RDWR)
        self.addCleanup(os.close, self.pipe)

    def set_clock(self, ahead_s):
        (self.dir / "seconds").write_text(str(ahead_s))
        os.write(self.pipe, b"1")

    def limit_files(self, octets):
        """Files that the server writes may have so many octets: beyond, its writes fail as on a full disk."""
        resource.prlimit(self.server_pid(), resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))

    def kill_server(self):
        os.kill(self.server_pid(), signal.SIGKILL)
        self.server.wait(labtest.LIMIT_S)

    def lease(self):
        return self.control(self.control_path, "lease4-get", LEASE)

    def check_lease(self, ahead_s):
        """It ends an hour after its grant, by the clock as it is now."""
        answer = self.lease()
        self.assertEqual(answer["result"], 0, answer)
        seen = answer["arguments"]
        self.assertEqual((seen["valid-lft"], seen["state"]), (3600, 0))
        # The file has whole seconds, rounded up each time.
        self.assertLessEqual(abs(seen["cltt"] - ahead_s - self.granted["cltt"]), 2)

    def logged(self, text):
        return [line for line in self.server_log.all if text in line]

    def check(self, ahead_s, told):
        self.set_clock(ahead_s)
        wait_for(lambda: self.logged(told), told)
        self.check_lease(ahead_s)
        self.kill_server()
        self.start_server()
        self.check_lease(ahead_s)

    def test_rfc2131_3_3_a_step_of_the_wall_clock_moves_no_lease(self):
        self.start_server()
        self.assertEqual(self.control(self.control_path, "lease4-add", LEASE)["result"], 0)
        self.granted = self.lease()["arguments"]
        self.check(10 * DAY_S, "the wall clock was set forward by 10 d: 1 leases are written with the new time")
        self.check(2 * DAY_S, "the wall clock was set back by 8 d: 1 leases are written with the new time")

    def test_a_step_while_nothing_can_be_stored_is_stored_later(self):
        self.start_server()
        self.limit_files(self.lease_file.stat().st_size)
        self.assertEqual(self.control(self.control_path, "lease4-add", LEASE)["result"], 1)
        self.granted = self.lease()["arguments"]
        failures = self.status()["failures"]
        self.set_clock(10 * DAY_S)
        wait_for(lambda: self.status()["failures"] > failures, "the next try to store")
        told = "the wall clock was set forward by 10 d: 1 leases are written with the new time"
        self.assertEqual(self.logged(told), [])
        self.limit_files(resource.RLIM_INFINITY)
        wait_for(lambda: self.logged(told), told)
        self.kill_server()
        self.start_server()
        self.check_lease(10 * DAY_S)

    def test_a_clock_that_is_only_kept_right_writes_nothing(self):
        self.start_server()
        self.control(self.control_path, "lease4-add", LEASE)
        before = self.status()["commits"]
        self.set_clock(0)
        self.control(self.control_path, "lease4-add", {**LEASE, "ip-address": "10.9.1.8"})
        self.assertEqual(self.status()["commits"], before + 1)
        self.assertEqual(self.logged("the wall clock was set"), [])


if __name__ == "__main__":
    labtest.main()
