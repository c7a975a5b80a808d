#!/usr/bin/env python3
"""dhcplab sweep, as a user sees it: the bar on a terminal, the first seed that fails made short, and the command that
repeats it. Needs no lab."""

import json
import os
import pathlib
import pty
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import labtest
from labtest import DHCPLAB

# A client that must be fast on wires that lose and double: some seeds do it the favour, some do not.
UNLUCKY = {
    "topology": "pair",
    "duration": "1 min",
    "unchecked": ["bound"],
    "steps": [{"at": "0 s", "do": "faults", "link": "*", "loss": 0.2, "duplicate": 0.2, "delay": "5 ms", "jitter": "10 ms"}],
    "expect": [{"until": "1 s", "host": "h1", "state": "BOUND"}],
}


class Sweep(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "un lucky's.json"
        self.file.write_text(json.dumps(UNLUCKY))

    def run_program(self, *words, code):
        done = subprocess.run([DHCPLAB, *words], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_the_first_failure_is_short_and_repeats(self):
        said = self.run_program("sweep", self.file, "--seeds", "1-1000", code=1)
        seed, before, needed = map(int, re.match(r"Seed (\d+) fails\. Of its (\d+) faults it needs (\d+):\n", said).groups())
        self.assertLessEqual(needed, before)
        for earlier in range(1, seed):
            self.run_program("run", self.file, "--seed", str(earlier), code=0)
        self.run_program("run", self.file, "--seed", str(seed), code=1)
        command = shlex.split(said.splitlines()[-1])
        self.assertEqual(command[:2], ["dhcplab", "run"])
        again = self.run_program(*command[1:], code=1)
        self.assertIn("not met: h1 is BOUND, from 0 s to 1 s", again)
        self.assertIn(again.splitlines()[0], said)
        # Each of its faults is needed.
        faults = command[command.index("--only-faults") + 1].split(",")
        self.assertEqual(len(faults), needed)
        for fault in faults:
            rest = ",".join(other for other in faults if other != fault)
            self.run_program("run", self.file, "--seed", str(seed), "--only-faults", rest, code=0)
        # So it is, however many processes look for it.
        self.assertEqual(self.run_program("sweep", self.file, "--seeds", "1-1000", "--jobs", "5", code=1).splitlines()[-1],
                         said.splitlines()[-1])

    def test_the_highest_seeds(self):
        said = self.run_program("sweep", "teaching", "--seeds", "18446744073709551613-18446744073709551615", code=0)
        self.assertIn("teaching.json: 3 seeds, none failed", said)

    def test_the_bar_on_a_terminal(self):
        ours, theirs = pty.openpty()
        with subprocess.Popen([DHCPLAB, "sweep", "faults", "--seeds", "1-300"], stdout=subprocess.PIPE, stderr=theirs,
                              text=True) as process:
            os.close(theirs)
            shown = b""
            try:
                while chunk := os.read(ours, 65536):
                    shown += chunk
            except OSError:  # the other end is closed
                pass
            os.close(ours)
            said = process.stdout.read()
        self.assertEqual(process.returncode, 0)
        self.assertIn("300 seeds, none failed", said)
        self.assertIn(b"\r[" + b"#" * 40 + b"] 300 of 300 seeds\r\n", shown)


if __name__ == "__main__":
    if not labtest.has_programs("dhcplab"):
        sys.exit(f"{DHCPLAB} is not built")
    unittest.main(verbosity=2)
