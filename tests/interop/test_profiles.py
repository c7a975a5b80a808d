#!/usr/bin/env python3
"""The profiles that are called by clients of others wait as those do: nobody answers, and the first gaps between the
DISCOVERs of each are held against what its profile says."""

import json
import pathlib
import sys

import peer
from peer import labtest

LISTENER = pathlib.Path(__file__).with_name("listen.py")
PROFILES = labtest.SOURCE / "config" / "profiles"
GAPS = 3
LATE_S = 0.4  # what a client may add to a wait, or take from it if the message before was late; and what the machine does

LAB = {
    "hosts": {"server": {}, "h1": {}},
    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}],
}


def waits_of(profile):
    """The shortest and the longest wait after the first, second, ... DISCOVER, in seconds."""
    discover = json.loads((PROFILES / f"{profile}.json").read_text())["discover"]
    waits = discover["waits-ms"]
    for i in range(GAPS):
        low, high = waits[i % len(waits) if discover.get("cycle") else min(i, len(waits) - 1)]
        yield low / 1000, high / 1000


class Profiles(peer.PeerCase):
    def lines(self):
        return self.heard.read_text().splitlines()

    def hold_against(self, profile, kind):
        waits = list(waits_of(profile))
        self.dhcplab("up", self.write("lab.json", LAB))
        client = kind(self, "h1")
        command = client.command()  # skips the test where the program is missing
        self.heard = self.dir / "heard"
        self.start_on("server", self.heard, sys.executable, "-B", LISTENER, "eth0")
        labtest.wait_for(self.lines, "the listener")
        client.process = self.start_on("h1", client.output, *command)
        limit_s = labtest.LIMIT_S + sum(high for _, high in waits)
        try:
            labtest.wait_for(lambda: len(self.lines()) > 1 + GAPS, f"{1 + GAPS} DISCOVERs", limit_s)
        except AssertionError as error:
            self.fail(f"{error}; {client.NAME} says:\n{client.printed()}")
        heard = [tuple(map(float, line.split())) for line in self.lines()[1:]]
        gaps = [later - earlier for (earlier, _), (later, _) in zip(heard, heard[1:])]
        machine = [max(before, after) for (_, before), (_, after) in zip(heard, heard[1:])]
        print(f"{client.NAME}: {[round(gap, 3) for gap in gaps[:GAPS]]} s, its profile says {waits}; "
              f"the machine was up to {max(machine):.3f} s late")
        for number, (gap, machine_s, (low, high)) in enumerate(zip(gaps, machine, waits), 1):
            late_s = LATE_S + machine_s
            self.assertTrue(low - late_s <= gap <= high + late_s,
                            f"gap {number} of {client.NAME} is {gap:.3f} s, and its profile says {low} to {high} s")

    def test_udhcpc(self):
        self.hold_against("udhcpc", peer.Udhcpc)

    def test_dhclient(self):
        self.hold_against("dhclient", peer.Dhclient)

    def test_dhcpcd(self):
        self.hold_against("dhcpcd", peer.Dhcpcd)


if __name__ == "__main__":
    peer.main()
