#!/usr/bin/env python3
"""dhcplab timers: what the clients' timers are made of, with the server's view beside it."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import unittest

import labtest
from labtest import BIN, DHCPLAB, LIMIT_S, LabCase, wait_for

LAB = {"hosts": {"server": {"server": {"Dhcp4": {
    "interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600, "renew-timer": 1000, "rebind-timer": 2000,
    "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.109"}]}]}}},
                 "h1": {"client": {"start-delay-ms": [0, 0], "address-conflict-detection": False}}},
       "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}]}


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Timers(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))

    def timers(self, code=0):
        (timers,) = json.loads(self.dhcplab("timers", "--json", code=code).stdout)
        return timers

    def test_lease_and_the_servers_view(self):
        timers = self.timers()
        lease, view = timers["lease"], timers["server_view"]
        self.assertEqual((timers["host"], timers["state"], timers["next_timer"]["name"]), ("h1", "BOUND", "T1"))
        self.assertEqual([(lease[name]["duration_s"], lease[name]["option_s"], lease[name]["origin"])
                          for name in ("t1", "t2")], [(1000, 1000, "option"), (2000, 2000, "option")])
        self.assertAlmostEqual(lease["expiry"]["remaining_s"], 3600, delta=LIMIT_S)
        self.assertGreaterEqual(lease["obtained_boot_s"], lease["requested_boot_s"])
        self.assertEqual((view["host"], view["state"], view["duration_s"]), ("server", "active", 3600))
        self.assertLess(abs(view["difference_s"]), 1.1)  # it counts whole seconds
        self.assertEqual([check["ok"] for check in timers["checks"]], [True, True, True])
        hw = timers["hardware_address"]
        self.assertEqual(timers["client_id"], {"hex": "01" + hw.replace(":", ""), "decoded": f"hardware address {hw}"})
        self.assertIsNone(timers["last_received"]["giaddr"])
        self.assertEqual((timers["last_sent"]["type"], timers["last_received"]["type"]), ("REQUEST", "ACK"))
        self.assertLess(timers["last_received"]["rtt_s"], LIMIT_S)
        self.assertEqual([change["to"] for change in timers["transitions"]], ["BOUND", "REQUESTING", "SELECTING", "INIT"])

    def test_text_has_eighty_columns(self):
        text = self.dhcplab("timers", "h1").stdout
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 80)
        self.assertRegex(text, r"(?m)^  T1            00:16:40  \S+ \S+     00:16:\d\d  \[-{16}\]$")
        self.assertIn("T1 option 58 (1000 s)", text)

    def test_server_that_has_forgotten_the_lease_is_a_failed_check(self):
        self.control(self.run_dir / "lab" / "server.sock", "lease4-del", {"ip-address": "10.77.0.100"})
        timers = self.timers(code=0)
        self.assertIsNone(timers["server_view"])
        self.assertEqual([check["ok"] for check in timers["checks"]], [True, None, None])
        lease = {"ip-address": "10.77.0.100", "hw-address": "02:00:00:00:00:99", "valid-lft": 60}
        self.control(self.run_dir / "lab" / "server.sock", "lease4-add", lease)
        timers = self.timers(code=3)
        self.assertEqual([check["ok"] for check in timers["checks"]], [True, False, False])
        self.assertLess(timers["server_view"]["difference_s"], -3000)

    def test_retransmission_has_a_base_and_a_random_part(self):
        self.dhcplab("exec", "server", "python3", "-c",
                     "import fcntl, socket, struct\n"
                     "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:\n"
                     "    fcntl.ioctl(s, 0x8914, struct.pack('16sH', b'eth0', 0))\n")  # SIOCSIFFLAGS: down
        self.dhcplab("release", "h1")
        self.control(self.run_dir / "lab" / "h1.sock", "renew", {"timeout_s": 0.1})
        timer = self.timers()["next_timer"]
        self.assertEqual((timer["name"], timer["base_s"]), ("retransmit", 4))
        self.assertLessEqual(abs(timer["jitter_s"]), 1)
        self.assertIn(" after transmission 1\n            wait ", self.dhcplab("timers").stdout)

    def start_watch(self, **more):
        process = subprocess.Popen([DHCPLAB, "timers", "--watch"], env=self.env, cwd=self.dir,
                                   stdin=subprocess.DEVNULL, **more)
        self.addCleanup(process.wait, LIMIT_S)
        self.addCleanup(process.kill)
        return process

    def test_watch_draws_on_a_terminal_and_gives_it_back(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 80, 0, 0))
        process = self.start_watch(stdout=theirs)
        os.close(theirs)
        os.set_blocking(ours, False)
        seen = b""

        def shows(what, times=1):
            nonlocal seen
            try:
                seen += os.read(ours, 65536)
            except (BlockingIOError, OSError):
                pass
            return seen.count(what) >= times
        wait_for(lambda: shows(b"\x1b[J"), "the first drawing")
        self.assertTrue(seen.startswith(b"\x1b[?1049h\x1b[?25l\x1b[Hh1: BOUND"))
        self.assertNotIn(b"origin", seen)  # more lines than the terminal has
        first = seen.split(b"\x1b[J")[0].split(b"\x1b[K")[:-1]
        self.assertEqual(len(first), 9)
        self.assertRegex(first[-1], rb"^\s+\.\.\. [1-9]\d more lines: ")
        wait_for(lambda: shows(b"\x1b[H", 3), "two more drawings")
        self.dhcplab("release", "h1")
        wait_for(lambda: shows(b"h1: STOPPED"), "the change of state")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(LIMIT_S), 0)
        wait_for(lambda: shows(b"\x1b[?25h\x1b[?1049l"), "the terminal as it was")

    def test_watch_into_a_pipe_is_plain_and_ends_with_the_lab(self):
        process = self.start_watch(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertTrue(process.stdout.readline().startswith("h1: BOUND"))
        self.dhcplab("down")
        rest, errors = process.communicate(timeout=LIMIT_S)
        self.assertNotIn("\x1b", rest)
        self.assertEqual((process.returncode, errors), (0, ""))

    def test_watch_goes_on_while_a_client_is_away(self):
        process = self.start_watch(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertTrue(process.stdout.readline().startswith("h1: BOUND"))
        self.control(self.run_dir / "lab" / "h1.sock", "stop")
        self.assertTrue(any(line.startswith("dhcplab: h1") for line in process.stdout), "that it is away")
        self.dhcplab("restart", "h1")
        self.assertTrue(any(line.startswith("h1: BOUND") for line in process.stdout), "that it is back")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT_S)
        self.assertEqual((process.returncode, errors), (0, ""))

    def test_watch_is_not_for_programs(self):
        self.assertIn("does not go with --json", self.dhcplab("timers", "--watch", "--json", code=2).stderr)
        self.assertIn("runs no DHCP client", self.dhcplab("timers", "server", code=2).stderr)


if __name__ == "__main__":
    labtest.main()
