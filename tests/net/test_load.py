#!/usr/bin/env python3
"""dhcplab load: it gets leases as a relay and as hosts, and a server that answers wrongly does not pass."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

import labtest
from labtest import wait_for
from leasetest import LeaseCase

POOL = "10.9.1.0-10.9.255.254"
SERVER = "10.9.0.1"
PATIENT = ("--drop-time", "10", "--duration", "60")  # on a busy machine an answer takes its time, and so do all of them
COOKIE = bytes((99, 130, 83, 99))
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6


def options(message):
    found, at = {}, 240
    while message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        found[message[at]] = message[at + 2:at + 2 + message[at + 1]]
        at += 2 + message[at + 1]
    return found


def serve(mistake):
    """A server of one's own on a host of the lab: each client has an address after its number, but for the mistake."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind((SERVER, 67))
        print("ready", flush=True)
        while True:
            message, peer = port.recvfrom(2048)
            number = int.from_bytes(message[31:34], "big")
            kind = options(message)[53][0]
            answer = {DISCOVER: OFFER, REQUEST: ACK}[kind]
            address = 0x0a090100 + number
            chaddr = message[28:44]
            if mistake == "twice" and number == 7:
                address -= 1
            elif mistake == "other-address" and kind == REQUEST and number == 7:
                address += 1000
            elif mistake == "not-in-pool" and number == 7:
                address = 0x0a0a0001
            elif mistake == "nak" and kind == REQUEST and number == 7:
                answer, address = NAK, 0
            elif mistake == "wrong-client" and number == 7:
                chaddr = bytes(16)
            elif mistake == "silent" and number == 7:
                continue
            elif mistake == "no-address" and number == 7:
                address = 0
            told = {54: socket.inet_aton(SERVER), 51: (3600).to_bytes(4, "big")}
            if number == 7:
                told.pop({"no-server-id": 54, "no-lease-time": 51}.get(mistake), None)
            head = bytes((2, 1, 6, 0)) + message[4:12] + bytes(4) + address.to_bytes(4, "big") + bytes(4) + message[24:28]
            tail = b"".join(bytes((code, 4)) + value for code, value in told.items())
            port.sendto(head + chaddr + bytes(192) + COOKIE + bytes((53, 1, answer)) + tail + b"\xff", peer)


class Load(LeaseCase):
    def load(self, *arguments, code=0):
        done = self.on("c", labtest.DHCPLAB, "load", "--json", *PATIENT, *map(str, arguments), code=code)
        return json.loads(done.stdout)

    def relay(self, *arguments, **more):
        return self.load("--server", SERVER, "--local", "10.9.0.2", "--pool", POOL, *arguments, **more)

    def check_server(self, report, leases=None):
        """Nothing was lost or wrong, and the server knows so many leases."""
        for exchange in report["exchanges"].values():
            self.assertEqual([exchange[key] for key in ("drops", "orphans", "rejected", "non_unique")], [0, 0, 0, 0])
        if leases is not None:
            self.assertEqual(len(self.leases()), leases)

    def test_some_thousand_leases_as_a_relay(self):
        self.start_server()
        report = self.relay("--exchanges", 3000, "--clients", 2000)
        self.check_server(report, 2000)
        self.assertEqual(report["completed"], {"dora": 3000, "renew": 0, "release": 0})
        self.assertEqual(report["dora"]["delay"]["count"], 3000)
        self.assertGreater(report["dora"]["delay"]["p99_ms"], 0)
        self.assertTrue(report["ok"])

    def test_in_groups_that_the_kernel_cuts(self):
        self.start_server()
        self.check_server(self.relay("--segments", "--exchanges", 3000, "--clients", 2000), 2000)

    def test_without_a_pause(self):
        """Otherwise the generator sleeps before each of these exchanges."""
        self.start_server()
        pauses = []
        for arguments in ([], ["--busy-poll"]):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw
            self.check_server(self.relay("--exchanges", 400, "--rate", 1000, *arguments))
            pauses.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_nvcsw - before)
        self.assertGreater(pauses[0], 2 * pauses[1])

    def test_as_several_relays_at_a_rate(self):
        self.start_server()
        self.on("c", "ip", "address", "add", "10.9.0.3/16", "dev", "eth0")
        report = self.relay("--relays", 2, "--exchanges", 1000, "--rate", 500, "--preload", 100,
                            "--mix", "dora=1,renew=1,release=1")
        self.check_server(report)
        self.assertEqual(sum(report["completed"].values()), 1000)
        self.assertGreater(report["duration_s"], 1.9)  # 1000 at 500 a second
        self.assertEqual(report["late"], 0)

    def test_as_relays_with_a_subnet_each(self):
        nets = range(16, 20)
        self.write("server.json", {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "lease-database": {"type": "memfile", "name": str(self.lease_file)},
            "subnet4": [{"id": n, "subnet": f"10.{n}.0.0/16", "pools": [{"pool": f"10.{n}.1.0 - 10.{n}.1.255"}]}
                        for n in nets]}})
        for n in nets:
            self.on("c", "ip", "address", "add", f"10.{n}.0.2/16", "dev", "eth0")
        self.on("s", "ip", "route", "add", "10.16.0.0/14", "dev", "eth0")
        self.start_server()
        report = self.load("--server", SERVER, "--local", "10.16.0.2/16", "--relays", 4, "--clients", 400, "--exchanges", 800)
        self.check_server(report)
        subnets = [int(address.split(".")[1]) for address in self.leases()]
        self.assertEqual({n: subnets.count(n) for n in nets}, {n: 100 for n in nets})

    def test_as_hosts_that_answer_arp(self):
        self.start_server()
        report = self.load("--interface", "eth0", "--pool", POOL, "--clients", 50, "--exchanges", 2000, "--window", 8,
                           "--mix", "dora=2,renew=2,release=1")
        for job in ("dora", "renew", "release"):
            self.assertGreater(report["completed"][job], 200, report)
        held = 50 - report["completed"]["release"]
        self.assertLessEqual(held, len(self.leases()))
        self.assertTrue(report["ok"])

    def test_a_relay_needs_its_address(self):
        done = self.on("c", labtest.DHCPLAB, "load", "--server", SERVER, "--local", "10.9.0.99", code=1)
        self.assertIn("10.9.0.99", done.stderr)

    def test_it_tells_how_it_goes(self):
        self.start_server()
        done = self.on("c", labtest.DHCPLAB, "load", "--server", SERVER, "--local", "10.9.0.2", *PATIENT, "--rate", "100",
                       "--duration", "2", "--progress", "0.1")
        lines = done.stderr.splitlines()
        self.assertGreaterEqual(len(lines), 4)
        for line in lines:
            self.assertRegex(line, r"^completed: \d+, \d+/s; under way: \d+; dropped or rejected: 0$")

    def test_what_is_acknowledged_at_full_rate_outlives_a_kill(self):
        self.start_server()
        # Each client comes once, so that every lease was acknowledged or was about to be.
        load = self.spawn("c", labtest.DHCPLAB, "load", "--json", "--server", SERVER, "--local", "10.9.0.2", "--clients", 60000,
                          "--window", 256, "--duration", 60, "--drop-time", 0.3, stdout=subprocess.PIPE)
        wait_for(lambda: self.lease_file.exists() and self.lease_file.read_bytes().count(b"\n") > 6000, "some thousand leases")
        (load_pid,) = [pid for pid, command in labtest.processes(f"DHCPLAB_RUN={self.run_dir}").items()
                       if command.startswith(f"{labtest.DHCPLAB} load")]
        os.kill(self.server_pid(), signal.SIGKILL)
        self.server.wait(labtest.LIMIT_S)
        os.kill(load_pid, signal.SIGINT)  # not sooner, or what is under way may still be answered
        report = json.loads(load.communicate(timeout=labtest.LIMIT_S)[0])
        self.assertEqual(load.returncode, 3)
        self.assertTrue(self.lease_file.read_bytes().endswith(b"\0"))
        self.start_server()
        self.assertNotIn(b"\0", self.lease_file.read_bytes())
        name = "subnet[1].assigned-addresses"
        kept = self.control(self.control_path, "statistic-get", {"name": name})["arguments"][name][0][0]
        self.assertLessEqual(report["completed"]["dora"], kept)
        self.assertLessEqual(kept, report["exchanges"]["request-ack"]["sent"])
        self.assertGreater(report["completed"]["dora"], 3000)
        self.assertEqual(report["exchanges"]["request-ack"]["non_unique"], 0)

    def test_what_a_second_interrupt_gives_up_is_told(self):
        """Nobody answers, and it would wait for an hour."""
        load = self.spawn("c", labtest.DHCPLAB, "load", "--json", "--server", SERVER, "--local", "10.9.0.2", "--window", 5,
                          "--drop-time", 3600, "--progress", 0.1, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn("under way: 5;", load.stderr.readline())
        (pid,) = [pid for pid, command in labtest.processes(f"DHCPLAB_RUN={self.run_dir}").items()
                  if command.startswith(f"{labtest.DHCPLAB} load")]
        os.kill(pid, signal.SIGINT)
        self.assertIn("under way: 5;", load.stderr.readline())
        self.assertIn("under way: 5;", load.stderr.readline())
        os.kill(pid, signal.SIGINT)
        report = json.loads(load.communicate(timeout=labtest.LIMIT_S)[0])
        self.assertEqual(load.returncode, 3)
        self.assertEqual([report["exchanges"]["discover-offer"][key] for key in ("sent", "received", "drops")], [5, 0, 5])

    def test_a_server_that_stalls_cannot_hide_it(self):
        """Of 5 s at 400 a second it is silent for 0.5: a tenth of the exchanges are 0 to 500 ms late, evenly."""
        self.start_server()
        load = self.spawn("c", labtest.DHCPLAB, "load", "--json", "--server", SERVER, "--local", "10.9.0.2", "--drop-time", 10,
                          "--rate", 400, "--duration", 5, "--progress", 0.5, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        load.stderr.readline()
        os.kill(self.server_pid(), signal.SIGSTOP)
        time.sleep(0.5)  # not a wait for anything: the stall itself
        os.kill(self.server_pid(), signal.SIGCONT)
        report = json.loads(load.communicate(timeout=labtest.LIMIT_S)[0])
        self.assertEqual((load.returncode, report["exchanges"]["discover-offer"]["sent"], report["late"]), (0, 2000, 0))
        self.assertGreater(report["dora"]["delay"]["max_ms"], 490)
        self.assertGreater(report["dora"]["delay"]["p99_ms"], 400)
        self.assertLess(report["dora"]["delay"]["p50_ms"], 400)

    def test_what_it_cannot_begin_itself_is_late(self):
        """No machine begins so many, and nobody answers."""
        report = self.relay("--rate", 10000000, "--clients", 1000, "--duration", 0.1, "--drop-time", 0.1, code=3)
        self.assertEqual(report["exchanges"]["discover-offer"]["sent"] + report["late"], 1000000)
        self.assertGreater(report["late"], 0)

    def test_the_manual_names_whatever_is_in_the_json(self):
        self.start_server()
        manual = (labtest.SOURCE / "lab" / "dhcplab.1").read_text()

        def names(value):
            for name, inner in value.items():
                yield name
                if isinstance(inner, dict):
                    yield from names(inner)
        report = self.relay("--exchanges", 10, "--clients", 10)
        del report["settings"]
        self.assertEqual([name for name in names(report) if not re.search(rf"\b{name}\b", manual)], [])

    def test_values_are_bounded_and_errors_tell_the_bounds(self):
        for option, most in (("relays", 1024), ("window", 4194304), ("rate", 10000000), ("clients", 4194304),
                             ("duration", 86400), ("drop-time", 86400), ("progress", 86400)):
            relay = ("load", "--server", SERVER, "--local", "192.0.2.1")
            self.dhcplab(*relay, f"--{option}", str(most), code=1)  # that is not our address
            done = self.dhcplab(*relay, f"--{option}", str(most + 1), code=2)
            self.assertRegex(done.stderr, rf"--{option} takes .*\b{most}, not {most + 1};")
            self.assertIn(f"--{option} takes ", self.dhcplab(*relay, f"--{option}", "-1", code=2).stderr)

    def test_wrong_usage(self):
        for arguments in ([], ["--server", SERVER], ["--server", SERVER, "--local", "10.9.0.2", "--mix", "discover=1"],
                          ["--server", SERVER, "--local", "10.9.0.2", "--rate", "5", "--window", "5"],
                          ["--server", SERVER, "--local", "255.0.0.2/8", "--relays", "2"],
                          ["--server", SERVER, "--local", "10.9.0.2/33"], ["--interface", "eth0", "--relays", "2"],
                          ["--interface", "eth0", "--segments"],
                          ["--interface", "eth0", "--clients", "5", "--preload", "6"]):
            with self.subTest(arguments):
                self.dhcplab("load", *arguments, code=2)

    def test_a_server_that_answers_wrongly_does_not_pass(self):
        for mistake in ("twice", "other-address", "not-in-pool", "nak", "wrong-client", "no-address", "no-server-id",
                        "no-lease-time", "silent", "none"):
            with self.subTest(mistake):
                server = self.spawn("s", sys.executable, "-B", __file__, "serve", mistake, stdout=-1)
                self.assertEqual(server.stdout.readline(), "ready\n")
                report = self.relay("--exchanges", 20, "--clients", 20, "--drop-time", 3,
                                    code=0 if mistake == "none" else 3)
                rejected = {name: n for name, n in report["rejected"].items() if n}
                faulty = mistake in report["rejected"]
                self.assertEqual(rejected, {mistake: 1} if faulty else {})
                self.assertEqual(report["exchanges"]["request-ack"]["non_unique"], int(mistake == "twice"))
                self.assertEqual(report["exchanges"]["discover-offer"]["drops"], int(mistake == "silent"))
                self.assertEqual(report["completed"]["dora"], 20 if mistake in ("twice", "none") else 19)
                server.kill()
                server.wait()
                server.stdout.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    labtest.main()
