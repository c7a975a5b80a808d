#!/usr/bin/env python3
"""The command lines of dhcplab: what is wrong with one is told, with the name of the command and where there is more."""

import shlex

import labtest
from labtest import LabCase

# A command line: what is said of it.
WRONG = {
    "up --timeout x": "--timeout expects seconds from 1 to 3600",
    "up --timeout 0": "--timeout expects seconds from 1 to 3600",
    "up --timeout 3601": "--timeout expects seconds from 1 to 3600",
    "up a b": "one topology file at a time",
    "up -n ../x": "a lab's name has at most 31 letters, digits, '-' and '_' and begins with a letter or digit",
    "down a b": "one name at a time",
    "down --all a": "--all leaves nothing to name",
    "exec": "expected a host and a command",
    "exec h1": "expected a host and a command",
    "exec h1 --": "expected a host and a command",
    "capture": "into which file?",
    "capture --duration 0 f": "--duration takes a number of seconds, not 0",
    "capture --count 1000000001 f": "--count takes a number of packets, not 1000000001",
    "explain": "which capture?",
    "explain a b": "one capture at a time",
    "explain --packet 0 a": "--packet takes a number from 1, not 0",
    "explain --limit octets=0 a": "--limit takes NAME=N, N from 1 to 10000000, not octets=0",
    "explain --limit octets=10000001 a": "--limit takes NAME=N, N from 1 to 10000000, not octets=10000001",
    "explain --limit octet=1 a": "--limit takes NAME=N, N from 1 to 10000000, not octet=1",
    "explain --ladder --json a": "--ladder, --svg, --exchanges and --count tell of all packets in their own way, alone",
    "explain --svg s --bytes a": "--ladder, --svg, --exchanges and --count tell of all packets in their own way, alone",
    "explain --count --exchanges a": "--ladder, --svg, --exchanges and --count tell of all packets in their own way, alone",
    "explain --count --packet 1 a": "--ladder, --svg, --exchanges and --count tell of all packets in their own way, alone",
    "explain --teach --json a": "--teach is for people, --json for programs",
    "tour x": "it has a lab of its own, and takes no x",
    "replay": "which capture?",
    "replay a b": "one capture at a time",
    "replay --pace slow a": "--pace is real or fast, not slow",
    "replay --map-mac 02:00:00:00:00:01 a": "--map-mac takes OLD=NEW, two hardware addresses of one length, not "
                                            "02:00:00:00:00:01",
    "replay --map-mac 02:00:00:00:00:01=02:01 a": "--map-mac takes OLD=NEW, two hardware addresses of one length, not "
                                                  "02:00:00:00:00:01",
    "replay --timeout 3601 a": "--timeout takes seconds from 1 to 3600, not 3601",
    "replay --diff --json a": "--diff is for people; --json has all of it",
    "replay --virtual a": "--virtual and --topology belong together",
    "replay --topology pair a": "--virtual and --topology belong together",
    "replay --virtual --topology pair --diff a": "--virtual goes with --topology and --json only",
    "replay --virtual --topology pair --to h a": "--virtual goes with --topology and --json only",
    "timeline x": "there are no arguments but options: x",
    "timeline --lease 0": "--lease takes seconds from 1 to 4294967295, not 0",
    "timeline --t1 -1": "--t1 takes seconds from 1 to 4294967295, not -1",
    "timeline --t2 4294967296": "--t2 takes seconds from 1 to 4294967295, not 4294967296",
    "timeline --until 86401": "--until takes seconds from 1 to 86400, not 86401",
    "timeline --seed x": "--seed takes a number, not x",
    "timeline --profile ,": "--profile names none",
    "timeline --profile " + ",".join(17 * ["udhcpc"]): "these are too many profiles",
    "load": "--server and --local are needed, or --interface",
    "load --server 10.0.0.1": "--server and --local are needed, or --interface",
    "load x": "not understood: x",
    "load --interface eth0 --relays 2": "--interface is for clients, --server, --local, --relays and --segments are for relays",
    "load --server 10.0.0.1 --local 223.0.0.1/8 --relays 34": "there are not so many subnets after that of --local",
    "load --interface eth0 --rate 1 --window 1": "--rate and --window exclude each other",
    "load --interface eth0 --clients 1 --preload 2": "--preload is at most --clients",
    "load --mix dora=1,foo=2": "--mix takes shares from 0 to 1000000 of dora, renew and release, not all 0, such as "
                               "dora=8,renew=1, not dora=1,foo=2",
    "load --mix dora=0": "--mix takes shares from 0 to 1000000 of dora, renew and release, not all 0, such as "
                         "dora=8,renew=1, not dora=0",
    "load --server x": "--server takes the address of a host, not x",
    "load --relays 1025": "--relays takes a number from 1 to 1024, not 1025",
    "load --window 4194305": "--window takes a number from 1 to 4194304, not 4194305",
    "load --rate 10000001": "--rate takes a number from 1 to 10000000, not 10000001",
    "load --preload 4194305": "--preload takes a number up to 4194304, not 4194305",
    "load --exchanges 0": "--exchanges takes a number from 1, not 0",
    "load --progress 86401": "--progress takes seconds up to 86400, not 86401",
    "load --pool 10.0.0.9-10.0.0.1": "--pool takes a range such as 10.0.0.10-10.0.0.99 or 10.0.0.0/24, at most 16 times, "
                                     "not 10.0.0.9-10.0.0.1",
    "load --duration 0": "--duration takes seconds from 0.001 to 86400, not 0",
    "run": "which scenario?",
    "run a b": "one scenario at a time",
    "run --seed 18446744073709551616 a": "--seed takes a number, not 18446744073709551616",
    "run --only-faults x a": "this is no fault: x",
    "run --trace - a": "--trace and --pcap take a file: standard output has what came of the run",
    "run --pcap - a": "--trace and --pcap take a file: standard output has what came of the run",
    "sweep --seeds 1-2": "which scenario?",
    "sweep --seeds 1-2 a b": "one scenario at a time",
    "sweep a": "which --seeds?",
    "sweep --seeds 2-1 a": "--seeds takes two numbers such as 1-1000, not 2-1",
    "sweep --seeds 1 a": "--seeds takes two numbers such as 1-1000, not 1",
    "sweep --seeds 1-18446744073709551616 a": "--seeds takes two numbers such as 1-1000, not 1-18446744073709551616",
    "sweep --seeds 1--2 a": "--seeds takes two numbers such as 1-1000, not 1--2",
    "sweep --jobs 257 a": "--jobs takes a number from 1 to 256, not 257",
    "relay": "which servers?",
}

COMMANDS = ("up", "ps", "status", "timers", "release", "renew", "rebind", "decline", "inform", "restart", "clock", "leases",
            "log", "events", "capture", "explain", "tour", "replay", "run", "sweep", "timeline", "load", "relay", "command",
            "exec", "down")


class Usage(LabCase):
    def test_what_is_wrong_is_told(self):
        for words, sentence in WRONG.items():
            with self.subTest(words=words):
                command, _, _ = words.partition(" ")
                self.assertEqual(self.dhcplab(*shlex.split(words), code=2).stderr,
                                 f"dhcplab {command}: {sentence}; see `dhcplab {command} --help`\n")

    def test_who_complains_is_named_and_where_there_is_more(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                lines = self.dhcplab(command, "--nonsense", code=2).stderr.splitlines()
                self.assertEqual(lines[0], f"dhcplab {command}: unrecognized option '--nonsense'")
                self.assertIn(f"see `dhcplab {command} --help`", lines[-1])

    def test_no_command(self):
        for words in ([], ["nonsense"]):
            with self.subTest(words=words):
                self.assertNotEqual(self.dhcplab(*words, code=2).stderr, "")

    def test_help(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                text = self.dhcplab(command, "--help").stdout
                self.assertRegex(text, rf"^Usage: (\[.*\]|dhcplab {command})")
                self.assertIn("\nExample", text)
                self.assertEqual(self.dhcplab("help", command).stdout, text)
        everything = self.dhcplab("--help").stdout
        self.assertIn("\nExample", everything)
        self.assertEqual(self.dhcplab("help", "nonsense").stdout, everything)
        self.assertRegex(self.dhcplab("--version").stdout, r"^dhcplab \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    labtest.main()
