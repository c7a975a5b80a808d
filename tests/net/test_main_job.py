#!/usr/bin/env python3
"""The main job, as the README tells it: a lab comes up, its client gets a lease and tells about it, renews and releases
it, everything that was said can be read, and nothing is left. Our own server and client, on veth."""

import datetime
import json
import os
import re
import signal
import subprocess
import sys
import threading
import unittest

import labtest
from labtest import BIN, DHCPLAB, LabCase, wait_for

CLIENT = {"src": "0.0.0.0", "sport": 68, "dst": "255.255.255.255", "dport": 67}
SERVER = {"src": "10.77.0.1", "sport": 67, "dst": "10.77.0.100", "dport": 68}

# Code, name, length, value and octets.
ASKED = (55, "dhcp-parameter-request-list", 10, [1, 3, 6, 15, 26, 28, 58, 59, 12, 119],
         "0103060f1a1c3a3b0c77")
IDENTITY = (61, "dhcp-client-identifier", 7, {"type": 1, "id": "02:00:00:00:00:02"}, "01020000000002")
ABOUT_CLIENT = [(12, "host-name", 2, "h1", "6831"), (57, "dhcp-max-message-size", 2, 1472, "05c0"), ASKED]
SERVER_ID = (54, "dhcp-server-identifier", 4, "10.77.0.1", "0a4d0001")
PARAMETERS = [
    SERVER_ID,
    (51, "dhcp-lease-time", 4, 3600, "00000e10"),
    (58, "dhcp-renewal-time", 4, 1800, "00000708"),
    (59, "dhcp-rebinding-time", 4, 3150, "00000c4e"),
    (1, "subnet-mask", 4, "255.255.255.0", "ffffff00"),
    (3, "routers", 4, ["10.77.0.1"], "0a4d0001"),
    (6, "domain-name-servers", 4, ["10.77.0.1"], "0a4d0001"),
    (15, "domain-name", 11, "lab.example", "6c61622e6578616d706c65"),
    IDENTITY,
]
FOUR = {
    "DISCOVER": [(53, "dhcp-message-type", 1, "DISCOVER", "01"), IDENTITY, *ABOUT_CLIENT],
    "OFFER": [(53, "dhcp-message-type", 1, "OFFER", "02"), *PARAMETERS],
    "REQUEST": [(53, "dhcp-message-type", 1, "REQUEST", "03"), IDENTITY,
                (50, "dhcp-requested-address", 4, "10.77.0.100", "0a4d0064"), SERVER_ID, *ABOUT_CLIENT],
    "ACK": [(53, "dhcp-message-type", 1, "ACK", "05"), *PARAMETERS],
}


def codes(message):
    return {option["code"] for option in message["options"]}


def part(message, keys):
    return {key: message[key] for key in keys}


def instant(text):
    return datetime.datetime.fromisoformat(text)


class MainJob(LabCase):
    """A lab with our server and client. Each command that is waited for is over when it has returned."""

    def events(self, *hosts):
        """The log of these hosts, or of all."""
        return [json.loads(line) for line in self.dhcplab("log", "--json", *hosts).stdout.splitlines()]

    def messages(self, host="h1"):
        return [event for event in self.events(host) if event["kind"] == "message"]

    def new_messages(self, *command):
        """What h1 sent and received because of a command."""
        before = len(self.messages())
        self.dhcplab(*command)
        return self.messages()[before:]

    def status(self, host="h1"):
        return json.loads(self.dhcplab("status", host, "--json").stdout)[0]

    def lease(self):
        return self.status()["lease"]

    def leases(self):
        return json.loads(self.dhcplab("leases", "--json").stdout)

    def types(self, messages):
        return [(message["direction"], message["type"]) for message in messages]

    def expect_four(self, messages):
        self.assertEqual(self.types(messages), [("tx", "DISCOVER"), ("rx", "OFFER"), ("tx", "REQUEST"), ("rx", "ACK")])
        self.assertEqual(len({message["xid"] for message in messages}), 1)


class Pair(MainJob):
    def setUp(self):
        super().setUp()
        self.footprint = labtest.Footprint(self)
        self.started = self.dhcplab("up")

    def test_up_tells_the_lease(self):
        self.assertRegex(self.started.stdout, r"server +server +eth0 10\.77\.0\.1/24 +answers\n")
        self.assertRegex(self.started.stdout, r"h1 +client +eth0 +10\.77\.0\.100/24 from 10\.77\.0\.1 for 1 h\n")
        self.assertEqual(self.started.stderr, "")

    def test_lease_by_four_messages(self):
        messages = self.messages()
        self.expect_four(messages)
        for message in messages:
            with self.subTest(type=message["type"]):
                sent = message["direction"] == "tx"
                self.assertEqual(part(message, CLIENT), CLIENT if sent else SERVER)
                self.assertEqual(message["op"], 1 if sent else 2)
                self.assertEqual(message["src_hw"], "02:00:00:00:00:02" if sent else "02:00:00:00:00:01")
                self.assertEqual(message["dst_hw"], "ff:ff:ff:ff:ff:ff" if sent else "02:00:00:00:00:02")
                self.assertEqual((message["htype"], message["hlen"], message["hops"]), (1, 6, 0))
                self.assertEqual(message["chaddr"], "02:00:00:00:00:02")
                self.assertEqual((message["ciaddr"], message["giaddr"]), ("0.0.0.0", "0.0.0.0"))
                self.assertEqual(message["yiaddr"], "0.0.0.0" if sent else "10.77.0.100")
                self.assertIs(message["broadcast"], False)
                self.assertEqual(message["defects"], [])

    def test_every_option_is_logged(self):
        for message in self.messages():
            with self.subTest(type=message["type"]):
                offset = 240  # after the fixed fields and the magic cookie
                for option in message["options"]:
                    self.assertEqual(option["offset"], offset)
                    self.assertEqual(len(option["hex"]), 2 * option["length"])
                    self.assertNotEqual(option["text"], "")
                    offset += 2 + option["length"]
                shown = [tuple(option[key] for key in ("code", "name", "length", "value", "hex"))
                         for option in message["options"]]
                self.assertCountEqual(shown, FOUR[message["type"]])

    def test_both_sides_log_the_same_messages(self):
        keys = ("type", "xid", "src", "dst", "sport", "dport", "length", "options", "chaddr", "yiaddr", "secs", "flags")
        client, server = self.messages("h1"), self.messages("server")
        self.assertEqual([part(message, keys) for message in client], [part(message, keys) for message in server])
        self.assertEqual([{"tx": "rx", "rx": "tx"}[message["direction"]] for message in client],
                         [message["direction"] for message in server])

    def test_the_decisions_are_logged(self):
        reasons = [event["reason"] for event in self.events() if event["kind"] in ("decision", "state")]
        for reason in ("start", "search", "subnet-interface", "addr-next", "to-yiaddr", "offer-first", "request-selecting",
                       "lease-new", "ack"):
            self.assertIn(reason, reasons)
        states = [(event["from"], event["to"]) for event in self.events("h1") if event["kind"] == "state"]
        self.assertEqual(states, [("STOPPED", "INIT"), ("INIT", "SELECTING"), ("SELECTING", "REQUESTING"),
                                  ("REQUESTING", "BOUND")])

    def test_address_mask_and_route_are_on_the_interface(self):
        (address, valid_s), = self.seen_on("h1", "leased_addresses")
        self.assertEqual(address, "10.77.0.100/24")
        self.assertTrue(3600 - labtest.LIMIT_S <= valid_s <= 3600, valid_s)  # the kernel takes it away if the client cannot
        self.assertEqual(self.seen_on("h1", "default_routes"), ["10.77.0.1"])
        self.on("h1", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "10.77.0.1")
        self.on("server", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "10.77.0.100")

    def test_status_as_text(self):
        text = self.dhcplab("status").stdout
        stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        for line in (r"h1: DHCP client on eth0", r"   Host Name[ .]+: h1",
                     r"   Connection-specific DNS Suffix[ .]+: lab\.example",
                     r"   Physical Address[ .]+: 02-00-00-00-00-02", rf"   State[ .]+: BOUND for 00:00:\d\d, since {stamp}",
                     r"   IPv4 Address[ .]+: 10\.77\.0\.100", r"   Subnet Mask[ .]+: 255\.255\.255\.0",
                     rf"   Lease Obtained[ .]+: {stamp}, 00:00:\d\d ago",
                     rf"   T1, Renews[ .]+: {stamp}, in 00:(29:\d\d|30:00) \(30 min, option 58\)",
                     rf"   T2, Rebinds[ .]+: {stamp}, in 00:52:\d\d \(52 min 30 s, option 59\)",
                     rf"   Lease Expires[ .]+: {stamp}, in (00:59:\d\d|01:00:00) \(1 h\)",
                     r"   Default Gateway[ .]+: 10\.77\.0\.1", r"   DHCP Server[ .]+: 10\.77\.0\.1",
                     r"   DNS Servers[ .]+: 10\.77\.0\.1", rf"   Next Timer[ .]+: T1, {stamp}, in 00:(29:\d\d|30:00)",
                     r"   Messages Sent[ .]+: DISCOVER 1, REQUEST 1", r"   Messages Received[ .]+: OFFER 1, ACK 1",
                     r"server: DHCP server"):
            self.assertRegex(text, rf"(?m)^{line}$")
        self.assertNotIn("server: DHCP server", self.dhcplab("status", "h1").stdout)

    def test_status_as_json_counts_down(self):
        first = self.status()
        self.assertEqual(part(first, ("host", "role", "interface", "state")),
                         {"host": "h1", "role": "client", "interface": "eth0", "state": "BOUND"})
        lease = first["lease"]
        self.assertEqual(part(lease, ("address", "prefix_length", "subnet_mask", "router", "server", "dns", "domain")),
                         {"address": "10.77.0.100", "prefix_length": 24, "subnet_mask": "255.255.255.0",
                          "router": "10.77.0.1", "server": "10.77.0.1", "dns": ["10.77.0.1"], "domain": "lab.example"})
        requested = instant(lease["requested"])
        for name, duration_s in (("t1", 1800), ("t2", 3150), ("expiry", 3600)):
            timer = lease[name]
            self.assertEqual(timer["duration_s"], duration_s)
            # RFC 2131 4.4.5: the lease counts from when the client sent its REQUEST
            self.assertEqual(instant(timer["at"]) - requested, datetime.timedelta(seconds=duration_s))
            self.assertTrue(duration_s - labtest.LIMIT_S < timer["remaining_s"] <= duration_s, timer)
        self.assertEqual(first["next_timer"], dict(part(lease["t1"], ("at", "remaining_s")), name="T1", base_s=None,
                                                   jitter_s=None))
        later = wait_for(lambda: [s for s in [self.status()] if s["state_age_s"] > first["state_age_s"]], "time to pass")[0]
        for name in ("t1", "t2", "expiry"):
            self.assertLess(later["lease"][name]["remaining_s"], lease[name]["remaining_s"])
            moved = instant(later["lease"][name]["at"]) - instant(lease[name]["at"])
            self.assertLess(abs(moved), datetime.timedelta(milliseconds=100))  # as the system's clock may be adjusted
            self.assertEqual(later["lease"][name]["duration_s"], lease[name]["duration_s"])

    def test_renew_with_a_lease(self):
        before = self.lease()
        known = {message["xid"] for message in self.messages()}
        sent, received = self.new_messages("renew", "h1")
        self.assertEqual(self.types([sent, received]), [("tx", "REQUEST"), ("rx", "ACK")])
        self.assertEqual((sent["src"], sent["dst"], sent["ciaddr"]), ("10.77.0.100", "10.77.0.1", "10.77.0.100"))
        self.assertFalse(codes(sent) & {50, 54})  # RFC 2131 table 5
        self.assertNotIn(sent["xid"], known)
        self.assertEqual(received["xid"], sent["xid"])
        self.assertEqual((received["src"], received["dst"]), ("10.77.0.1", "10.77.0.100"))
        after = self.lease()
        self.assertEqual(after["address"], "10.77.0.100")
        for name in ("t1", "t2", "expiry"):
            self.assertGreater(instant(after[name]["at"]), instant(before[name]["at"]))
        self.assertIn("request-renewing", [event.get("reason") for event in self.events("server")])

    def test_renew_tells_the_outcome(self):
        self.assertEqual(self.dhcplab("renew", "h1").stdout, "h1: 10.77.0.100/24 from 10.77.0.1 for 1 h\n")

    def test_release(self):
        sent, = self.new_messages("release", "h1")
        self.assertEqual(self.types([sent]), [("tx", "RELEASE")])
        self.assertEqual(part(sent, ("src", "sport", "dst", "dport", "ciaddr")), {
            "src": "10.77.0.100", "sport": 68, "dst": "10.77.0.1", "dport": 67, "ciaddr": "10.77.0.100"})
        self.assertIn(54, codes(sent))
        self.assertNotIn(50, codes(sent))
        self.assertEqual(self.seen_on("h1", "leased_addresses"), [])
        self.assertEqual(self.seen_on("h1", "default_routes"), [])
        lease = wait_for(lambda: [lease for lease in self.leases() if lease["state_name"] == "released"],
                         "the server to free the lease")[0]
        self.assertEqual((lease["ip-address"], lease["remaining_s"]), ("10.77.0.100", None))
        status = self.status()
        self.assertEqual((status["state"], status["lease"], status["next_timer"]), ("STOPPED", None, None))
        self.assertRegex(self.dhcplab("status", "h1").stdout, r"(?m)^   State[ .]+: STOPPED ")

    def test_release_tells_the_outcome(self):
        self.assertEqual(self.dhcplab("release", "h1").stdout, "h1: 10.77.0.100 released to 10.77.0.1\n")
        again = self.dhcplab("release", "h1", code=1)
        self.assertEqual((again.stdout, again.stderr), ("", "dhcplab: h1: there is no lease to release\n"))

    def test_renew_without_a_lease(self):
        known = {message["xid"] for message in self.messages()}
        self.dhcplab("release", "h1")
        messages = self.new_messages("renew", "h1")
        self.expect_four(messages)
        self.assertNotIn(messages[0]["xid"], known)
        self.assertEqual(self.lease()["address"], "10.77.0.100")
        self.assertEqual([address for address, _ in self.seen_on("h1", "leased_addresses")], ["10.77.0.100/24"])
        self.assertEqual(self.seen_on("h1", "default_routes"), ["10.77.0.1"])
        self.assertIn("addr-previous", [event.get("reason") for event in self.events("server")])
        self.assertEqual([lease["state_name"] for lease in self.leases()], ["active"])

    def test_leases(self):
        lease, = self.leases()
        self.assertEqual(part(lease, ("server", "ip-address", "hw-address", "client-id", "hostname", "state_name",
                                      "valid-lft", "subnet-id")),
                         {"server": "server", "ip-address": "10.77.0.100", "hw-address": "02:00:00:00:00:02",
                          "client-id": "01:02:00:00:00:00:02", "hostname": "h1", "state_name": "active",
                          "valid-lft": 3600, "subnet-id": 1})
        self.assertTrue(3600 - labtest.LIMIT_S < lease["remaining_s"] <= 3600, lease)
        heading, row = self.dhcplab("leases").stdout.splitlines()
        self.assertRegex(heading, r"^SERVER +ADDRESS +HARDWARE ADDRESS +CLIENT ID +HOSTNAME +STATE +EXPIRES IN +AT$")
        self.assertRegex(row, r"^server +10\.77\.0\.100 +02:00:00:00:00:02 +01:02:00:00:00:00:02 +h1 +active +"
                              r"(00:59:\d\d|01:00:00) +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")

    def test_log_as_text(self):
        text = self.dhcplab("log").stdout
        for type_name in ("DISCOVER", "OFFER", "REQUEST", "ACK"):
            self.assertEqual(len(re.findall(rf"(?m)^\d\d:\d\d:\d\d\.\d{{3}} \w+ +[<>] eth0  {type_name} ", text)), 2)
        self.assertIn("\n     51 dhcp-lease-time               4  3600 s (1 h)\n", text)
        self.assertIn("10.77.0.100: the next free address of the pools\n", text)

    def test_log_of_one_host(self):
        for host in ("h1", "server"):
            self.assertEqual({event["node"] for event in self.events(host)}, {host})
            names = re.findall(r"(?m)^\d\d:\d\d:\d\d\.\d{3} (\w+)", self.dhcplab("log", host).stdout)
            self.assertEqual(set(names), {host})
        self.assertEqual({event["node"] for event in self.events()}, {"h1", "server"})

    def test_log_follows_until_the_lab_goes_down(self):
        following = subprocess.Popen([DHCPLAB, "log", "-f", "--json", "h1"], env=self.env, stdout=subprocess.PIPE, text=True)
        self.addCleanup(following.stdout.close)
        limit = threading.Timer(labtest.LIMIT_S, following.kill)
        limit.start()
        self.addCleanup(limit.cancel)

        def next_ack():
            for line in following.stdout:
                event = json.loads(line)
                if event.get("type") == "ACK":
                    return event
            self.fail("there was no ACK to be read")

        first = next_ack()
        self.dhcplab("renew", "h1")
        self.assertNotEqual(next_ack()["xid"], first["xid"])
        self.dhcplab("down")
        self.assertEqual(following.wait(labtest.LIMIT_S), 0)

    def test_ladder(self):
        self.dhcplab("renew", "h1")
        self.dhcplab("release", "h1")
        wait_for(lambda: len(self.messages("server")) == 7, "the RELEASE to arrive")
        drawn = []
        for block in self.dhcplab("log", "--ladder").stdout.split("\n\n"):
            arrow, = re.findall(r"(?m)^\d\d:\d\d:\d\d\.\d{3} +\|(<?)-+ (\w+) -+(>?)\|$", block)
            options = re.findall(r"(?m)^ +(\d+) ([a-z][a-z-]+) +\d+  ", block)
            drawn.append((arrow, [(int(code), name) for code, name in options]))
        # The server stands on the left, and its messages go to the right.
        self.assertEqual(drawn, [
            (("<" if message["direction"] == "tx" else "", message["type"], ">" if message["direction"] == "rx" else ""),
             [(option["code"], option["name"]) for option in message["options"]]) for message in self.messages()])
        self.assertEqual([arrow[1] for arrow, _ in drawn],
                         ["DISCOVER", "OFFER", "REQUEST", "ACK", "REQUEST", "ACK", "RELEASE"])

    def expect_nothing_left(self):
        for what, left in self.footprint.left().items():
            self.assertFalse(left, f"{what} left: {left}")

    def test_down_leaves_nothing(self):
        self.footprint.note()
        self.assertEqual(len(self.footprint.left()["processes"]), 3)  # supervisor, server, client
        self.assertEqual(self.dhcplab("down").stdout, "The lab pair is down.\n")
        self.expect_nothing_left()

    def test_down_after_a_killed_supervisor_leaves_nothing(self):
        self.footprint.note()
        pid = self.labs()["pair"]["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.labs()["pair"]["state"] == "dead" and not self.processes(), "the end of the processes")
        for command in (["status"], ["renew", "h1"], ["release", "h1"], ["leases"]):
            self.assertIn("was killed", self.dhcplab(*command, code=1).stderr)
        self.dhcplab("down")
        self.expect_nothing_left()


class Others(MainJob):
    """The other labs that come with the program."""

    def test_lan(self):
        self.dhcplab("up", "lan")
        found = {host: self.status(host)["lease"]["address"] for host in ("h1", "h2", "h3")}
        self.assertEqual(len(set(found.values())), 3, found)
        for host, address in found.items():
            self.assertEqual([address for address, _ in self.seen_on(host, "leased_addresses")], [f"{address}/24"])
            self.assertIn("10.77.0.", address)
        self.on("h1", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", found["h3"])  # one may get lost
        self.assertEqual({lease["hostname"]: lease["ip-address"] for lease in self.leases()}, found)

    def test_two_servers(self):
        done = self.dhcplab("up", "two-servers")
        self.assertIn("10.77.0.150/24 from 10.77.0.2 for 1 h", done.stdout)
        for server, address in (("s1", "10.77.0.100"), ("s2", "10.77.0.150")):
            offers = [message for message in self.messages(server) if message["type"] == "OFFER"]
            self.assertEqual([offer["yiaddr"] for offer in offers], [address])
        events = self.events("h1")
        offers = [event["boot_ms"] for event in events if event.get("type") == "OFFER"]
        requests = [event["boot_ms"] for event in events if event.get("type") == "REQUEST"]
        self.assertEqual((len(offers), len(requests)), (2, 1))
        self.assertGreaterEqual(requests[0] - min(offers), 1000)  # collect-offers-ms
        back, = [event for event in self.events("s1") if event.get("reason") == "offer-taken-back"]
        self.assertEqual(back["text"], "the client chose the server 10.77.0.2: the offer of 10.77.0.100 is taken back")
        refused = [event["text"] for event in events if "is refused" in event.get("text", "")]
        self.assertEqual(len(refused), 1, refused)
        self.assertTrue(refused[0].startswith("the offer of 10.77.0.100 by 10.77.0.1 is refused: "), refused)
        self.assertEqual([(lease["server"], lease["ip-address"]) for lease in self.leases()], [("s2", "10.77.0.150")])
        self.assertEqual(json.loads(self.dhcplab("leases", "s1", "--json").stdout), [])

    def test_help(self):
        for command in ("up", "ps", "status", "release", "renew", "leases", "log", "exec", "down"):
            with self.subTest(command=command):
                done = self.dhcplab(command, "--help")
                self.assertTrue(done.stdout.startswith(f"Usage: dhcplab {command}"), done.stdout)
                self.assertIn(f"\n  dhcplab {command}", done.stdout.partition("Examples:")[2])
                self.assertEqual(done.stderr, "")
                self.assertIn(f"\n  {command}", self.dhcplab("--help").stdout)

    def test_wrong_usage(self):
        self.dhcplab("up")
        for arguments in (["renew"], ["release"], ["renew", "nobody"], ["release", "server"], ["status", "nobody"],
                          ["log", "nobody"], ["leases", "h1"], ["renew", "h1", "--timeout", "x"], ["log", "--ladder", "-f"],
                          ["status", "--nonsense"]):
            with self.subTest(arguments=arguments):
                self.assertNotEqual(self.dhcplab(*arguments, code=2).stderr, "")

    @unittest.skipUnless(os.getuid() == 0, "it runs as an ordinary user anyhow")
    def test_as_an_ordinary_user(self):
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self.dir.chmod(0o755)
        self.run_dir.mkdir()
        os.chown(self.run_dir, 65534, 65534)
        if subprocess.run(["test", "-x", DHCPLAB], check=False, **user).returncode != 0:
            self.skipTest(f"{BIN} is closed to other users")
        self.addCleanup(self.dhcplab, "down", "--all", code=None, **user)
        started = self.dhcplab("up", code=None, **user)
        if started.returncode == labtest.SKIPPED:
            self.skipTest(started.stderr)
        self.assertIn("10.77.0.100/24 from 10.77.0.1 for 1 h", started.stdout + started.stderr)
        self.assertIn("10.77.0.100/24", self.dhcplab("renew", "h1", **user).stdout)
        self.dhcplab("exec", "h1", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "10.77.0.1", **user)
        self.assertEqual(self.dhcplab("release", "h1", **user).stdout, "h1: 10.77.0.100 released to 10.77.0.1\n")
        self.dhcplab("down", **user)
        self.assertEqual((self.processes(), list(self.run_dir.iterdir())), ({}, []))


if __name__ == "__main__":
    if not labtest.has_programs("dhcplab-server", "dhcplab-client"):
        print(f"no server and client in {BIN}")
        sys.exit(1)
    labtest.main()
