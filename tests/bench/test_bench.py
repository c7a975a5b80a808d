#!/usr/bin/env python3
"""What tests/bench/run makes of its samples: medians, ratios, bars, tables, plots and the README's part. Measures nothing."""

import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import bench  # noqa: E402: it lies beside this file
import plot  # noqa: E402
import results  # noqa: E402

ROUNDS = 3


def report():
    """Round 0 is at the median, round 1 a tenth below, round 2 a fifth above."""
    cases = {("dhcplab", "window 64"): {"rate": 80000, "p99_ms": 1.5, "lost": 10}, ("dhcplab", "window 512"): {"rate": 90000},
             ("kea", "window 64"): {"rate": 10000}, ("kea", "window 512"): {"rate": 10000},
             ("responder", "window 64"): {"rate": 200000}, ("responder-single", "window 64"): {"rate": 100000},
             ("responder-sync", "window 64"): {"rate": 50000}, ("responder-sync", "renew 64"): {"rate": 60000},
             ("udhcpd", "window 64"): {"rate": 0.4},
             ("dhcplab", "renew 64"): {"rate": 130000}, ("dhcplab", "renew 512"): {"rate": 120000},
             ("dhcplab", "full 0"): {"rate": 1000},
             ("dhcplab", "full 90"): {"rate": 900}, ("dhcplab", "full 99.9"): {"rate": 899},
             ("perfdhcp", "generator"): {"rate": 20000}, ("dhcplab load", "generator"): {"rate": 160000},
             ("dhcplab load", "generator --segments"): {"rate": 300000}}
    for count in (1000, 10000, 1000000):
        cases["dhcplab", f"leases {count}"] = {"rate": 1e8 / (count + 1e3), "p99_ms": 2, "start_s": count / 1e6,
                                               "octets": 5000000 + 150 * count}
    for share in (10, 50, 100, 200):
        cases["dhcplab", f"offered {share}"] = {"rate": 900 * min(share, 95), "offered": 900 * share, "p99_ms": share / 20}
    samples = [{"round": i, "subject": subject, "case": case} | {key: value * factor for key, value in found.items()}
               for i, factor in enumerate((1, 0.9, 1.2)) for (subject, case), found in cases.items()]
    return {"date": "2026-01-02T03:04:05+00:00", "machine": "2 cores <of one> & another", "idle_before": 0.99, "sync_ms": 0.5,
            "rounds": ROUNDS, "seconds": 2, "versions": {"Kea": "2.2.0"}, "samples": samples}


class Bench(unittest.TestCase):
    def setUp(self):
        self.results = results.Results(report())

    def test_medians_and_spread(self):
        self.assertEqual(self.results.median("kea", "window 64"), 10000)
        self.assertAlmostEqual(self.results.spread("kea", "window 64"), 30)
        self.assertIsNone(self.results.median("kea", "window 128"))
        self.assertEqual(self.results.best("dhcplab"), 90000)
        self.assertEqual(self.results.least_ratio("dhcplab", "kea"), 8)
        self.assertAlmostEqual(self.results.lost("dhcplab"), 31)
        self.assertAlmostEqual(self.results.octets_per_lease("dhcplab"), 150)

    def test_bars_are_met_or_not(self):
        verdicts = [row[-1] for row in results.bars_table(self.results)[2]]
        self.assertEqual(verdicts, ["met", "met", "met", "met", "NOT MET", "NOT MET", "NOT MET", "met", "met", "met", "met", "met", "NOT MET", "met",
                                    "NOT MET", "NOT MET", "met"])

    def test_bars_on_rates_tell_what_sockets_and_disk_allow(self):
        told = {tuple(row[:2]): row[3] for row in results.bars_table(self.results)[2]}
        self.assertEqual(told["1", "the same at the window where it is least"], "0.25")
        self.assertEqual(told["5", "renewals, of four-message exchanges, window 64"], "1.20")
        self.assertEqual(told["2", "memory for each lease"], "-")

    def test_what_is_not_measured_is_no_bar_met(self):
        empty = results.Results(report() | {"samples": []})
        self.assertEqual({row[-1] for row in results.bars_table(empty)[2]}, {"not measured"})

    def test_tables_have_a_cell_for_each_head(self):
        for table in results.tables(self.results):
            for row in table[2]:
                self.assertEqual(len(row), len(table[1]), table[0])
            self.assertEqual(len(results.as_text(table).splitlines()), 2 + len(table[2]))
            self.assertEqual(len(results.as_markdown(table).splitlines()), 4 + len(table[2]))

    def test_plots_are_svg_and_inside_their_frame(self):
        for figure in (plot.leases_figure, plot.offered_figure):
            root = xml.etree.ElementTree.fromstring(figure(self.results, bench.notes(report())))
            width, height = float(root.get("width")), float(root.get("height"))
            circles = root.findall("{*}circle")
            self.assertGreaterEqual(len(circles), 6)
            for circle in circles:
                self.assertTrue(0 < float(circle.get("cx")) < width and 0 < float(circle.get("cy")) < height)

    def test_an_axis_covers_its_values(self):
        for values, log in (([3, 970], False), ([0.02, 8], True), ([5], True), ([0], False)):
            axis = plot.covering("x", values, log)
            self.assertTrue(all(0 <= axis.share(value) <= 1 for value in values), (values, axis))
            self.assertGreater(len(axis.ticks()), 1)

    def test_the_readme_is_filled_between_its_marks_again_and_again(self):
        with tempfile.TemporaryDirectory() as folder:
            readme = pathlib.Path(folder, "README.md")
            readme.write_text(f"before\n{bench.README_BEGIN}old\n{bench.README_END}after\n")
            bench.fill_readme(report(), readme, pathlib.Path(folder))
            once = readme.read_text()
            self.assertTrue(once.startswith("before\n") and once.endswith("after\n"))
            self.assertIn("| dhcplab | 80,000 |", once)
            self.assertNotIn("old", once)
            self.assertTrue(pathlib.Path(folder, "offered.svg").exists())
            bench.fill_readme(report(), readme, pathlib.Path(folder))
            self.assertEqual(readme.read_text(), once)

    def test_the_readme_of_the_project_has_the_marks(self):
        text = (HERE.parents[1] / "README.md").read_text()
        self.assertLess(0, text.find(bench.README_BEGIN))
        self.assertLess(text.find(bench.README_BEGIN), text.find(bench.README_END))


if __name__ == "__main__":
    unittest.main()
