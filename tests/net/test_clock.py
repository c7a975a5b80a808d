#!/usr/bin/env python3
"""dhcplab clock: the time of a whole lab jumps, flies and stands, and real packets keep to it."""

import datetime
import json
import re
import signal
import subprocess
import unittest

import labtest
from labtest import BIN, DHCPLAB, LIMIT_S, LabCase, wait_for

LEASE_S, T1_S, T2_S = 3600, 1800, 3150
MS = 1000
# How late on a busy machine something may come that the machine's own clock brings.
LATE_S = 5

SERVER = {"server": {"Dhcp4": {
    "interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": LEASE_S,
    "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}]}]}}}
CLIENT = {"client": {"start-delay-ms": [0, 0], "address-conflict-detection": False}}
LINKS = [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]


def seconds(iso):
    """Since 1970."""
    return datetime.datetime.fromisoformat(iso).timestamp()


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class ClockCase(LabCase):
    client = CLIENT

    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", {"hosts": {"server": SERVER, "h1": self.client}, "links": LINKS}))

    def clock(self, *words, code=0):
        return json.loads(self.dhcplab("clock", *words, "--json", code=code).stdout)

    def events(self, host="h1", **wanted):
        """The host's events of the log that have these fields."""
        events = [json.loads(line) for line in self.dhcplab("log", "--json", host).stdout.splitlines()]
        return [event for event in events if wanted.items() <= event.items()]

    def status(self):
        return json.loads(self.dhcplab("status", "h1", "--json").stdout)[0]

    def requested_ms(self):
        """The client's clock when it asked for its first lease: T1, T2 and expiry count from there."""
        return self.events(kind="state", to="REQUESTING")[0]["boot_ms"]

    def lease_of_server(self):
        (lease,) = json.loads(self.dhcplab("leases", "--json").stdout)
        return lease

    def about(self, value, expected, late=LATE_S):
        self.assertGreaterEqual(value, expected - late)
        self.assertLessEqual(value, expected + late)


class Clock(ClockCase):
    def test_a_lab_begins_with_the_machines_clock(self):
        clock = self.clock()
        self.assertEqual((clock["scale"], clock["ahead_s"]), (1, 0))
        self.about(seconds(clock["time"]), datetime.datetime.now().timestamp())
        self.assertEqual([program["host"] for program in clock["programs"]], ["server", "h1"])
        self.about(clock["programs"][1]["due_in_s"], T1_S)
        self.assertRegex(self.dhcplab("clock").stdout,
                         r"^lab: [-\d]+ [:\d]+, 00:00:00 ahead of the machine's clock; it runs like the machine's\n"
                         r"  server   next timer in 00:59:5\d\n  h1       next timer in 00:29:5\d\n$")

    def test_half_an_hour_at_once_renews_at_t1(self):
        requested_ms, before = self.requested_ms(), datetime.datetime.now().timestamp()
        self.about(self.clock("advance", "30m")["ahead_s"], T1_S)
        (renewing,) = self.events(kind="state", to="RENEWING")
        self.about(renewing["boot_ms"], requested_ms + T1_S * MS, 200)
        sent = self.events(kind="message", direction="tx", type="REQUEST")
        self.assertEqual(len(sent), 2)
        self.assertEqual((sent[1]["dst"], sent[1]["ciaddr"]), ("10.77.0.1", "10.77.0.100"))
        self.assertNotIn(50, [option["code"] for option in sent[1]["options"]])
        self.about(seconds(sent[1]["time"]), before + T1_S)
        # Every display goes by the new time.
        status = self.status()
        self.assertEqual(status["state"], "BOUND")
        self.about(status["lease"]["t1"]["remaining_s"], T1_S)
        self.about(status["lease"]["expiry"]["remaining_s"], LEASE_S)
        (timers,) = json.loads(self.dhcplab("timers", "--json").stdout)
        self.assertTrue(all(check["ok"] for check in timers["checks"]), timers["checks"])
        self.about(timers["server_view"]["difference_s"], 0, 2)
        lease = self.lease_of_server()
        self.about(lease["remaining_s"], LEASE_S)
        self.about(lease["cltt"], before + T1_S)
        # So does the kernel.
        ((address, valid_s),) = self.seen_on("h1", "leased_addresses")
        self.assertEqual(address, "10.77.0.100/24")
        self.about(valid_s, LEASE_S)

    def test_what_is_due_on_the_way_comes_in_its_order(self):
        requested_ms = self.requested_ms()
        self.dhcplab("clock", "advance", "2", "h", "31min")
        at = [event["boot_ms"] for event in self.events(kind="state", to="RENEWING")]
        self.assertEqual(len(at), 5)
        for i, boot_ms in enumerate(at):
            self.about(boot_ms, requested_ms + (i + 1) * T1_S * MS, 500)
        self.assertEqual(len(self.events(kind="message", direction="rx", type="ACK")), 6)
        self.assertEqual(self.events(kind="message", type="DISCOVER", direction="tx")[1:], [])
        self.about(self.seen_on("h1", "leased_addresses")[0][1], LEASE_S - 60)

    def test_a_lease_ends_where_nobody_answers(self):
        requested_ms = self.requested_ms()
        self.dhcplab("command", "server", "shutdown")
        wait_for(lambda: self.labs()["lab"]["hosts"][0]["ended"], "the end of the server")
        self.dhcplab("clock", "advance", "59m")
        self.assertEqual(self.status()["state"], "REBINDING")
        ((_, valid_s),) = self.seen_on("h1", "leased_addresses")
        self.about(valid_s, 60)
        self.dhcplab("clock", "advance", "2m")
        self.assertEqual(self.seen_on("h1", "leased_addresses"), [])
        states = [(event["to"], event["boot_ms"] - requested_ms) for event in self.events(kind="state")]
        known = [name for name, _ in states].index("RENEWING")
        for (name, at_ms), (expected, expected_s) in zip(
                states[known:], [("RENEWING", T1_S), ("REBINDING", T2_S), ("INIT", LEASE_S)]):
            self.assertEqual(name, expected)
            self.about(at_ms, expected_s * MS, 500)

    def test_a_fast_clock_comes_to_t1_by_itself(self):
        requested_ms = self.requested_ms()
        clock = self.clock("scale", "3600")
        self.assertEqual(clock["scale"], 3600)
        (renewing,) = wait_for(lambda: self.events(kind="state", to="RENEWING")[:1], "T1, which is half a second away")
        self.assertGreaterEqual(renewing["boot_ms"], requested_ms + T1_S * MS)
        # The kernel counts by the machine's clock: an hour is a second.
        self.dhcplab("clock", "scale", "60")
        if self.status()["state"] == "BOUND":
            ((_, valid_s),) = self.seen_on("h1", "leased_addresses")
            self.assertLessEqual(valid_s, LEASE_S / 60)
        self.assertRegex(self.dhcplab("clock", "scale", "0.5").stdout, " ahead of .*; it runs 0.5 times as fast\n")

    def test_a_clock_that_stands_moves_only_when_told(self):
        requested_ms = self.requested_ms()
        first = self.clock("scale", "0")
        self.assertEqual(first["scale"], 0)
        self.assertEqual(self.clock()["now_ms"], first["now_ms"])
        self.assertEqual(self.seen_on("h1", "leased_addresses")[0][1], 0xffffffff)
        wait_for(lambda: re.search(r"00:00:(?!00)\d\d behind the machine's clock; it stands", self.dhcplab("clock").stdout), "a second")
        self.assertEqual(self.clock("advance", "30m")["now_ms"], first["now_ms"] + T1_S * MS)
        (renewing,) = self.events(kind="state", to="RENEWING")
        self.assertEqual(renewing["boot_ms"], requested_ms + T1_S * MS)  # to the instant
        (bound,) = self.events(kind="state", to="BOUND")[1:]
        self.assertEqual(bound["boot_ms"], renewing["boot_ms"])
        self.dhcplab("clock", "scale", "1")
        self.about(self.seen_on("h1", "leased_addresses")[0][1], LEASE_S)

    def test_a_program_that_is_started_anew_has_the_labs_clock(self):
        self.dhcplab("clock", "advance", "20m")
        before = self.lease_of_server()
        self.dhcplab("restart", "server")
        self.dhcplab("restart", "h1")
        wait_for(lambda: self.status()["state"] == "BOUND", "the lease")
        clock = self.clock()
        for program in clock["programs"]:
            self.about(program["now_ms"], clock["now_ms"], LATE_S * MS)
        self.assertEqual(self.events(kind="state", to="INIT-REBOOT")[0]["reason"], "saved-lease")
        self.about(self.status()["lease"]["expiry"]["remaining_s"], LEASE_S)
        after = self.lease_of_server()
        self.assertEqual(after["ip-address"], before["ip-address"])
        self.about(after["cltt"], before["cltt"] + 20 * 60)
        self.about(after["remaining_s"], LEASE_S)

    def test_a_lease_that_is_not_renewed_keeps_its_end_over_a_restart_of_the_server(self):
        before = self.lease_of_server()
        self.dhcplab("clock", "advance", "20m")
        self.dhcplab("restart", "server")
        after = self.lease_of_server()
        # The lease file has whole seconds, rounded up.
        self.about(after["cltt"], before["cltt"], 1)
        self.about(after["remaining_s"], LEASE_S - 20 * 60)

    def test_a_program_that_has_ended_is_not_waited_for(self):
        self.dhcplab("clock", "advance", "10m")
        now_ms = self.clock()["now_ms"]
        self.dhcplab("command", "h1", "stop")
        wait_for(lambda: self.labs()["lab"]["hosts"][1]["ended"], "the end of the client")
        self.about(self.events(kind="log")[-1]["boot_ms"], now_ms, LATE_S * MS)  # which the supervisor has told
        self.assertEqual([program["host"] for program in self.clock()["programs"]], ["server"])
        self.about(self.clock("advance", "1h")["ahead_s"], 4200)
        self.assertEqual(self.lease_of_server()["state_name"], "expired")

    def test_who_watches_the_timers_sees_it(self):
        with open(self.dir / "seen", "wb") as seen:
            watch = subprocess.Popen([DHCPLAB, "timers", "--watch"], env=self.env, stdout=seen)
        self.addCleanup(watch.wait, LIMIT_S)
        self.addCleanup(watch.kill)

        def shows(remaining):
            return re.search(rf"T1 +00:30:00 .* {remaining} ", (self.dir / "seen").read_text())

        wait_for(lambda: shows("00:29:5."), "the first look")
        self.dhcplab("clock", "advance", "20m")
        wait_for(lambda: shows("00:09:5."), "T1 in ten minutes")
        self.assertNotRegex((self.dir / "seen").read_text(), "the server's lease ends no earlier .*: no")

    def test_an_address_whose_quarantine_is_over_is_nobodys_lease(self):
        self.dhcplab("down")
        server = {"server": {"Dhcp4": {**SERVER["server"]["Dhcp4"], "decline-probation-period": 60}}}
        self.dhcplab("up", self.write("lab.json", {"hosts": {"server": server, "h1": self.client}, "links": LINKS}))
        self.dhcplab("decline", "h1")
        self.dhcplab("clock", "advance", "15s")  # RFC 2131 3.1 step 5: it waits for ten
        wait_for(lambda: self.status()["state"] == "BOUND", "another address")
        self.assertIn("declined", self.dhcplab("leases").stdout)
        self.dhcplab("clock", "advance", "2m")
        self.assertEqual(self.lease_of_server()["ip-address"], "10.77.0.101")
        self.assertNotIn("expired", self.dhcplab("leases").stdout)

    def test_two_that_move_it_take_turns(self):
        both = [subprocess.Popen([DHCPLAB, "clock", "advance", "10m"], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in "12"]
        self.assertEqual([one.wait(LIMIT_S) for one in both], [0, 0])
        self.about(self.clock()["ahead_s"], 1200)

    def test_a_long_advance_is_seen_to_move_and_is_waited_for(self):
        with labtest.Screen() as screen:
            long = subprocess.Popen([DHCPLAB, "clock", "advance", "3650d"], env=self.env, stdout=subprocess.DEVNULL,
                                    stderr=screen.theirs)
            wait_for(lambda: screen.shows(b" of 3650 d 00:00:00"), "the bar")
            other = subprocess.Popen([DHCPLAB, "clock", "scale", "60"], env=self.env, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, text=True)
            self.assertIn("another command moves the clock of ", other.stderr.readline())
            long.send_signal(signal.SIGINT)
            self.assertEqual(long.wait(LIMIT_S), -signal.SIGINT)
            self.assertEqual(other.wait(LIMIT_S), 0)
            other.stderr.close()
        self.assertIn(b"[#", screen.seen.replace(b" ", b"#"))

    def test_a_capture_has_the_labs_times(self):
        capture = subprocess.Popen([DHCPLAB, "capture", "lab.pcapng", "h1"], env=self.env, cwd=self.dir, stderr=subprocess.PIPE)
        self.addCleanup(capture.wait, LIMIT_S)
        self.addCleanup(capture.stderr.close)
        self.addCleanup(capture.kill)
        self.assertIn(b"Ctrl-C ends", capture.stderr.readline())
        self.dhcplab("clock", "scale", "0")
        self.dhcplab("clock", "advance", "61m")
        capture.send_signal(signal.SIGINT)
        self.assertEqual(capture.wait(LIMIT_S), 0)
        packets = [json.loads(line) for line in self.dhcplab("explain", "--json", "lab.pcapng").stdout.splitlines()]
        at = [packet["time"] for packet in packets if packet["summary"].startswith("REQUEST")]
        told = [event["time"] for event in self.events(kind="message", direction="tx", type="REQUEST")][1:]
        self.assertEqual(len(at), 2)
        for one, other in zip(at, told):
            self.about(seconds(one), seconds(other), 0.005)
        self.assertEqual(packets, sorted(packets, key=lambda packet: seconds(packet["time"])))

    def test_a_capture_ends_by_the_machines_clock(self):
        self.dhcplab("clock", "scale", "0")
        self.dhcplab("capture", "lab.pcapng", "--duration", "1")

    def test_an_advance_that_is_interrupted_leaves_the_lab_as_it_is(self):
        long = subprocess.Popen([DHCPLAB, "clock", "advance", "3650d"], env=self.env, stdout=subprocess.DEVNULL)
        wait_for(lambda: self.clock()["ahead_s"] > 86400, "the second day")
        long.send_signal(signal.SIGINT)
        self.assertEqual(long.wait(LIMIT_S), -signal.SIGINT)
        self.assertLess(self.clock()["ahead_s"], 3650 * 86400)
        wait_for(lambda: self.status()["state"] == "BOUND", "the end of a renewal that it may be in")
        self.assertEqual(self.dhcplab("renew", "h1").stdout, "h1: 10.77.0.100/24 from 10.77.0.1 for 1 h\n")

    def test_no_program_starts_with_what_is_no_clock(self):
        self.write("bad", "{}\n")
        for program, *options in (("dhcplab-client", "-i", "lo"), ("dhcplab-server", "-c", "lab.json")):
            for file, why in (("bad", "this is not the file of a lab's clock"), ("gone", "No such file or directory")):
                done = self.dhcplab(*options, "--clock", file, program=BIN / program, code=2)
                self.assertEqual(done.stderr, f"{program}: {file}: {why}\n")

    def test_what_is_not_understood_is_refused(self):
        for words in (["advance"], ["advance", "soon"], ["advance", "30"], ["advance", "0s"], ["advance", "-5m"], ["advance", "3661d"], ["scale"], ["scale", "1e3"],
                      ["scale", "fast"], ["scale", "1", "2"], ["scale", "86401"], ["jump", "30m"]):
            refused = self.dhcplab("clock", *words, code=2)
            self.assertTrue(refused.stderr.startswith("dhcplab clock: "), refused.stderr)
        self.assertEqual(self.clock()["ahead_s"], 0)


class Crowd(ClockCase):
    """Many clients in one program move with it."""

    client = {"client": dict(CLIENT["client"]), "clients": 20}

    def test_every_member_renews_at_t1(self):
        wait_for(lambda: self.status()["by_state"] == {"BOUND": 20}, "the leases")
        self.dhcplab("clock", "advance", "31m")
        self.assertEqual(self.status()["by_state"], {"BOUND": 20})
        self.assertEqual(len(self.events(kind="state", to="RENEWING")), 20)
        for lease in json.loads(self.dhcplab("leases", "--json").stdout):
            self.about(lease["remaining_s"], LEASE_S - 60, 30)


if __name__ == "__main__":
    labtest.main()
