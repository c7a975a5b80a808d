#!/usr/bin/env python3
"""dhcplab-client --seed: transaction ids, delays and jitter are those of the seed."""

import json

import labtest

LAB = {"hosts": {"h1": {}, "h2": {}}, "links": [{"type": "veth", "ends": [{"host": "h1"}, {"host": "h2"}]}]}
CONFIG = {"start-delay-ms": [0, 1000], "address-conflict-detection": False}


class Seed(labtest.LabCase):
    def first_words(self, name, seed):
        """The start delay and the first transaction id of a client that nobody answers."""
        trace = self.dir / f"{name}.ndjson"
        # It gives up one second after its first message.
        self.dhcplab("exec", "h1", labtest.BIN / "dhcplab-client", "-i", "eth0", "-c", self.write("c.json", CONFIG),
                     "--seed", str(seed), "--trace", trace, "-1", "-t", "1", code=1)
        events = [json.loads(line) for line in trace.read_text().splitlines()]
        (delay,) = [event["text"] for event in events if event.get("reason") == "start-delay"]
        (discover,) = [event for event in events if event.get("type") == "DISCOVER"]
        return delay, discover["xid"]

    def test_the_same_seed_says_the_same(self):
        self.dhcplab("up", self.write("lab.json", LAB))
        first, again, other = (self.first_words(*run) for run in (("a", 7), ("b", 7), ("c", 8)))
        self.assertEqual(first, again)
        self.assertNotEqual(first[0], other[0])
        self.assertNotEqual(first[1], other[1])


if __name__ == "__main__":
    labtest.main()
