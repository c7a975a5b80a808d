#!/usr/bin/env python3
"""dhcplab-client --count: many clients on one interface, whose own addresses stay as they are."""

import json
import os
import pathlib
import signal
import subprocess

import labtest
from labtest import BIN, wait_for

CLIENTS = 500
SERVER = {
    "Dhcp4": {
        "interfaces-config": {"interfaces": ["eth0"]},
        "valid-lifetime": 3600,
        "subnet4": [{"id": 1, "subnet": "10.77.0.0/16", "pools": [{"pool": "10.77.1.0 - 10.77.8.255"}]}],
    }
}
CLIENT = {"start-delay-ms": [0, 0], "address-conflict-detection": False}
LAB = {
    "hosts": {"server": {"server": SERVER}, "h1": {}},
    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/16"}, {"host": "h1"}]}],
}
ACTIVE, RELEASED = 0, 3
MEMBER_MAX = 2048  # octets for each


class Crowd(labtest.LabCase):
    def leases(self, state):
        leases = json.loads(self.dhcplab("leases", "--json").stdout)
        return [lease for lease in leases if lease["state"] == state]

    def start_crowd(self, count, config, *more):
        self.socket = self.dir / f"crowd{count}.sock"
        command = [BIN / "dhcplab-client", "-i", "eth0", "-q", "-c", self.write("c.json", config), "--count", str(count),
                   "--control", self.socket, *map(str, more)]
        process = subprocess.Popen([labtest.DHCPLAB, "exec", "h1", *command], env=self.env, cwd=self.dir)
        self.addCleanup(process.wait, labtest.LIMIT_S)
        self.addCleanup(process.kill)
        return process

    def status(self, arguments=None):
        try:
            return self.control(self.socket, "status", arguments)["arguments"]
        except (OSError, ValueError):
            return None

    def bound(self):
        return (self.status() or {"by_state": {}})["by_state"].get("BOUND", 0)

    def resident(self):
        """The memory of the crowd in octets."""
        (pid,) = [pid for pid, command in self.processes().items()
                  if command.startswith(str(BIN / "dhcplab-client")) and "--count" in command]
        (line,) = [line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                   if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    def end(self, crowd):
        self.control(self.socket, "stop")
        self.assertEqual(crowd.wait(labtest.LIMIT_S), 0)

    def test_all_get_renew_and_release_a_lease_of_their_own(self):
        self.dhcplab("up", self.write("lab.json", LAB))
        before = self.seen_on("h1", "leased_addresses")
        crowd = self.start_crowd(CLIENTS, CLIENT)
        wait_for(lambda: self.bound() == CLIENTS, f"{CLIENTS} clients to be BOUND")
        status = self.status()
        self.assertEqual((status["clients"], status["by_state"]), (CLIENTS, {"BOUND": CLIENTS}))
        self.assertGreaterEqual(status["all_bound_after_s"], 0)
        active = self.leases(ACTIVE)
        self.assertEqual(len({lease["ip-address"] for lease in active}), CLIENTS)
        self.assertEqual(len({lease["hw-address"] for lease in active}), CLIENTS)
        self.assertEqual(self.seen_on("h1", "leased_addresses"), before)

        one = self.status({"client": 17})
        (lease,) = [lease for lease in active if lease["hw-address"] == one["hardware_address"]]
        self.assertEqual(one["lease"]["address"], lease["ip-address"])

        # To a client with an address the server sends by ARP, which the crowd has to answer for it.
        acks = status["received"]["ACK"]
        self.control(self.socket, "renew")
        wait_for(lambda: self.status()["received"]["ACK"] == acks + CLIENTS, "the ACK of every renewal")
        wait_for(lambda: self.bound() == CLIENTS, "all to be BOUND again")

        self.end(crowd)
        wait_for(lambda: len(self.leases(RELEASED)) == CLIENTS, "the server to hear every release")
        self.assertEqual(self.leases(ACTIVE), [])

    def test_a_signal_releases_too(self):
        self.dhcplab("up", self.write("lab.json", LAB))
        crowd = self.start_crowd(40, CLIENT)
        wait_for(lambda: self.bound() == 40, "40 clients to be BOUND")
        (pid,) = [pid for pid, command in self.processes().items()
                  if command.startswith(str(BIN / "dhcplab-client")) and "--count" in command]
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(crowd.wait(labtest.LIMIT_S), 0)
        wait_for(lambda: len(self.leases(RELEASED)) == 40, "the server to hear every release")

    def test_a_lease_that_is_still_probed_for_is_released_too(self):
        self.dhcplab("up", self.write("lab.json", LAB))
        crowd = self.start_crowd(40, {**CLIENT, "address-conflict-detection": True})
        wait_for(lambda: (self.status() or {"by_state": {}})["by_state"] == {"PROBING": 40}, "all to be PROBING")
        self.end(crowd)
        wait_for(lambda: len(self.leases(RELEASED)) == 40, "the server to hear every release")
        self.assertEqual(self.leases(ACTIVE), [])

    def test_ten_thousand_take_less_than_2_kib_each(self):
        # Nobody answers: what a client takes does not depend on that.
        self.dhcplab("up", self.write("alone.json", {**LAB, "hosts": {"server": {}, "h1": {}}}))
        sizes = {}
        for count in (1, 10000):
            crowd = self.start_crowd(count, CLIENT)
            wait_for(lambda: (self.status() or {"by_state": {}})["by_state"] == {"SELECTING": count}, "all to have begun")
            sizes[count] = self.resident()
            self.end(crowd)
        each = (sizes[10000] - sizes[1]) / 9999
        print(f"{each:.0f} octets for each of 10,000 clients")
        self.assertLess(each, MEMBER_MAX)

    def test_a_host_of_a_lab_can_be_a_crowd(self):
        lab = {**LAB, "hosts": {"server": {"server": SERVER}, "h1": {"client": CLIENT, "clients": 30}}}
        up = self.dhcplab("up", self.write("lab.json", lab)).stdout
        self.assertRegex(up, r"h1 .*30 of 30 clients have a lease")
        status = self.dhcplab("status", "h1").stdout
        self.assertIn("h1: 30 DHCP clients on eth0", status)
        self.assertRegex(status, r"Clients By State[ .]*: BOUND 30\n")
        timers = self.dhcplab("timers").stdout
        self.assertIn("h1: 30 DHCP clients on eth0", timers)
        self.assertRegex(timers, r"Clients By State[ .]*: BOUND 30\n")
        self.assertEqual(json.loads(self.dhcplab("timers", "h1", "--json").stdout)[0]["by_state"], {"BOUND": 30})
        self.assertEqual(len(self.leases(ACTIVE)), 30)

    def test_more_clients_than_the_kernel_has_room_for_neighbours(self):
        file = pathlib.Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
        if not file.exists():
            self.skipTest("a container does not see the limit")
        limit = int(file.read_text())
        if limit > 5000:
            self.skipTest(f"the kernel knows {limit} neighbours at one time")
        for count, is_told in ((limit, False), (limit + 1, True)):
            lab = {**LAB, "hosts": {"server": {"server": SERVER}, "h1": {"client": CLIENT, "clients": count}}}
            told = self.dhcplab("up", self.write("lab.json", lab)).stderr
            self.assertEqual(f"dhcplab: {count} clients, and the kernel knows at most {limit} neighbours at one time" in told, is_told)
            self.dhcplab("down")

    def test_what_makes_no_sense_for_a_crowd_is_refused(self):
        command = [BIN / "dhcplab-client", "-i", "eth0", "--count"]
        self.write("id.json", {"client-id": "00:61:62"})
        for arguments in (["0"], ["100001"], ["2", "-1"], ["2", "--hook", "/bin/true"], ["2", "--set-hostname"],
                          ["2", "-c", "id.json"]):
            done = self.dhcplab(*map(str, command[1:] + arguments), program=command[0], code=2)
            self.assertIn("--count", done.stderr)
        self.assertIn("--wave takes a number", self.dhcplab("-i", "eth0", "--count", "2", "--wave", "0", program=command[0], code=2).stderr)

    def test_after_a_power_cut_each_asks_for_its_old_address(self):
        self.dhcplab("up", self.write("lab.json", LAB))
        more = ["--lease-file", self.dir / "crowd.leases", "--wave", "40", "--trace", self.dir / "crowd.ndjson"]
        crowd = self.start_crowd(40, CLIENT, *more)
        wait_for(lambda: self.bound() == 40, "40 clients to be BOUND")
        before = {lease["hw-address"]: lease["ip-address"] for lease in self.leases(ACTIVE)}
        (pid,) = [pid for pid, command in self.processes().items()
                  if command.startswith(str(BIN / "dhcplab-client")) and "--count" in command]
        os.kill(int(pid), signal.SIGKILL)
        crowd.wait(labtest.LIMIT_S)
        self.start_crowd(40, CLIENT, *more)
        wait_for(lambda: self.bound() == 40, "40 clients to be BOUND again")
        self.assertEqual({lease["hw-address"]: lease["ip-address"] for lease in self.leases(ACTIVE)}, before)
        events = [json.loads(line) for line in (self.dir / "crowd.ndjson").read_text().splitlines()]
        sent = [event["type"] for event in events if event["kind"] == "message" and event["direction"] == "tx"]
        self.assertEqual({kind: sent.count(kind) for kind in set(sent)}, {"DISCOVER": 40, "REQUEST": 80})


if __name__ == "__main__":
    labtest.main()
