#!/usr/bin/env python3
"""dhcplab run on veth: a week of one-hour leases for 250 clients, with the same ladder as in virtual time."""

import json

import labtest


class Week(labtest.LabCase):
    def test_the_same_ladder_in_both_clocks(self):
        result = json.loads(self.dhcplab("run", "week", "--parity", "--json", timeout=400).stdout)
        self.assertTrue(result["met"])
        self.assertTrue(result["parity"]["same"], result["parity"]["differences"])
        self.assertGreater(result["parity"]["messages"], 2 * 250 * 7 * 24 * 2)


if __name__ == "__main__":
    labtest.main()
