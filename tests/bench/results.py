"""What the samples of measure.py come to: medians over the rounds, their spread, the tables, and the bars."""

import statistics

WINDOWS = (64, 128, 256, 512)


class Results:
    def __init__(self, report):
        self.report = report
        self.values = {}  # (subject, case, key) -> one value for each round
        for sample in report["samples"]:
            for key, value in sample.items():
                if key not in ("subject", "case", "round"):
                    self.values.setdefault((sample["subject"], sample["case"], key), []).append(value)

    def all(self, subject, case, key="rate"):
        return self.values.get((subject, case, key), [])

    def median(self, subject, case, key="rate"):
        """None: it was not measured."""
        values = self.all(subject, case, key)
        return statistics.median(values) if values else None

    def spread(self, subject, case, key="rate"):
        """Percent of the median between the lowest and the highest round."""
        values = self.all(subject, case, key)
        return (max(values) - min(values)) / statistics.median(values) * 100 if len(values) > 1 else None

    def subjects(self):
        return list(dict.fromkeys(subject for subject, _, _ in self.values))

    def cases(self, subject, kind):
        """The numbers of the cases such as "leases 1000", in order."""
        found = {case.split()[1] for name, case, _ in self.values if name == subject and case.split()[0] == kind}
        return sorted(found, key=float)

    def best(self, subject):
        """The rate of the best window."""
        rates = [self.median(subject, f"window {window}") for window in WINDOWS]
        return max((rate for rate in rates if rate is not None), default=None)

    def lost(self, subject):
        """Messages that were not answered in 5 s with so many under way as the windows tell, in all rounds."""
        return sum(sum(self.all(subject, f"window {window}", "lost")) for window in WINDOWS)

    def ratio(self, subject, case, other, other_case=None, key="rate"):
        return divide(self.median(subject, case, key), self.median(other, other_case or case, key))

    def least_ratio(self, subject, other):
        """Over the windows that both were measured with."""
        ratios = [self.ratio(subject, f"window {window}", other) for window in WINDOWS]
        return min((ratio for ratio in ratios if ratio is not None), default=None)

    def octets_per_lease(self, subject):
        """From the memory with most leases and that with fewest."""
        counts = self.cases(subject, "leases")
        if len(counts) < 2:
            return None
        few, many = (self.median(subject, f"leases {count}", "octets") for count in (counts[0], counts[-1]))
        return (many - few) / (int(counts[-1]) - int(counts[0]))


def divide(part, whole):
    return part / whole if part is not None and whole else None


# ---- bars ----


def bars(r, us="dhcplab"):
    """(number, what, "at least" or "under", the limit, its unit, what was measured or None)"""
    return [
        *(row for other, whose, limit in (("kea", "Kea's", 8),
                                          ("responder-single", "a bare responder's that makes a call for each message", 0.6),
                                          ("responder", "a bare responder's that makes a call for many", 0.6))
          for row in (("1", f"rate, of {whose}, the best of each", "at least", limit, "times",
                       divide(r.best(us), r.best(other))),
                      ("1", "the same at the window where it is least", "at least", limit, "times",
                       r.least_ratio(us, other)))),
        ("2", "rate with 1,000,000 leases, of that with 10,000", "at least", 0.9, "times",
         r.ratio(us, "leases 1000000", us, "leases 10000")),
        ("2", "memory for each lease", "at most", 160, "octets", r.octets_per_lease(us)),
        ("2", "start-up with 1,000,000 leases", "under", 1.5, "s", r.median(us, "leases 1000000", "start_s")),
        ("3", "p99 at half of its best rate", "under", 5, "ms", r.median(us, "offered 50", "p99_ms")),
        ("3", "answered with twice its best rate offered, of the best", "at least", 0.9, "times",
         divide(r.median(us, "offered 200"), r.best(us))),
        ("4", "rate with a pool 90 % full, of an empty one", "at least", 0.9, "times", r.ratio(us, "full 90", us, "full 0")),
        ("4", "rate with a pool 99.9 % full, of an empty one", "at least", 0.9, "times",
         r.ratio(us, "full 99.9", us, "full 0")),
        *(("5", f"renewals, of four-message exchanges, window {window}", "at least", 1.6, "times",
           r.ratio(us, f"renew {window}", us, f"window {window}")) for window in (64, 512)),
        ("-", "dhcplab load, of perfdhcp", "more than", 8, "times",
         r.ratio("dhcplab load", "generator", "perfdhcp")),
        ("-", "dhcplab load --segments, of perfdhcp", "more than", 8, "times",
         r.ratio("dhcplab load", "generator --segments", "perfdhcp", "generator")),
    ]


def is_met(kind, limit, value):
    return {"at least": value >= limit, "at most": value <= limit, "under": value < limit, "more than": value > limit}[kind]


# ---- tables: (title, heads, rows), all text ----


def text(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def servers_table(r):
    heads = ("server", "window 64", "spread %", "best", "to Kea", "to responder", "to single", "p99 ms", "lost", "CPU us", "renewals",
             "p99 ms at half", "at twice")
    rows = []
    for name in r.subjects():
        case = "window 64"
        if r.median(name, case) is None:
            continue
        slow = r.median(name, case) < 10
        rows.append((name, text(r.median(name, case), "{:.1f}" if slow else "{:,.0f}"), text(r.spread(name, case)),
                     text(r.best(name), "{:.1f}" if slow else "{:,.0f}"),
                     text(r.ratio(name, case, "kea"), "{:.2g}" if slow else "{:.2f}"),
                     text(r.ratio(name, case, "responder"), "{:.1g}" if slow else "{:.2f}"),
                     text(r.ratio(name, case, "responder-single"), "{:.1g}" if slow else "{:.2f}"),
                     text(r.median(name, case, "p99_ms"), "{:,.2f}"), text(r.lost(name)),
                     text(r.median(name, case, "cpu_us"), "{:,.1f}"), text(r.median(name, case.replace("window", "renew"))),
                     text(r.median(name, "offered 50", "p99_ms"), "{:.2f}"),
                     text(divide(r.median(name, "offered 200"), r.best(name)), "{:.2f}")))
    return "Four-message exchanges a second, closed loop", heads, rows


def windows_table(r):
    names = ("responder", "responder-single", "responder-sync", "dhcplab", "dhcplab-never", "kea", "kea-mt")
    windows = [window for window in WINDOWS if any(r.all(name, f"window {window}") for name in names)]
    heads = ("server", *(f"window {window}" for window in windows), *(f"p99 ms, {window}" for window in windows))
    rows = []
    for name in names:
        if r.median(name, "window 64") is not None:
            cases = [f"window {window}" for window in windows]
            rows.append((name, *(text(r.median(name, case)) for case in cases),
                         *(text(r.median(name, case, "p99_ms"), "{:.2f}") for case in cases)))
    return "The same for each window", heads, rows


def leases_table(r):
    heads = ("server", "leases", "a second", "spread %", "p99 ms", "start-up s", "memory MB")
    rows = []
    for name in ("dhcplab", "kea"):
        for count in r.cases(name, "leases"):
            case = f"leases {count}"
            rows.append((name, text(int(count)), text(r.median(name, case)), text(r.spread(name, case)),
                         text(r.median(name, case, "p99_ms"), "{:.2f}"), text(r.median(name, case, "start_s"), "{:.2f}"),
                         text(divide(r.median(name, case, "octets"), 1e6), "{:.0f}")))
    return "With leases from before, in a /8", heads, rows


def full_table(r):
    rows = [(f"{percent} %", text(r.median("dhcplab", f"full {percent}")), text(r.spread("dhcplab", f"full {percent}")),
             text(r.ratio("dhcplab", f"full {percent}", "dhcplab", "full 0"), "{:.2f}"))
            for percent in r.cases("dhcplab", "full")]
    return ("dhcplab-server and a pool that is full but for scattered addresses, as many leases as releases",
            ("full", "a second", "spread %", "to empty"), rows)


def generators_table(r):
    rows = []
    for subject, case in (("perfdhcp", "generator"), ("dhcplab load", "generator"), ("dhcplab load", "generator --segments")):
        if r.median(subject, case) is not None:
            rows.append((subject + case.removeprefix("generator"), text(r.median(subject, case)),
                         text(r.spread(subject, case)), text(r.ratio(subject, case, "perfdhcp", "generator"), "{:.1f}")))
    return "Generators of load, each on one core", ("generator", "exchanges a second", "spread %", "to perfdhcp"), rows


def bars_table(r):
    """With what the least would reach that a server with durable leases could be, where it is about rates alone."""
    rows = []
    for (number, what, kind, limit, unit, value), (*_, least) in zip(bars(r), bars(r, "responder-sync")):
        verdict = "not measured" if value is None else "met" if is_met(kind, limit, value) else "NOT MET"
        rows.append((number, what, f"{kind} {limit:g} {unit}", text(least if number in "15" else None, "{:,.2f}"),
                     text(value, "{:,.2f}"), verdict))
    return "Bars", ("bar", "what", "wanted", "responder-sync", "measured", ""), rows


def tables(r):
    all_of_them = (servers_table(r), windows_table(r), leases_table(r), full_table(r), generators_table(r), bars_table(r))
    return [table for table in all_of_them if table[2]]


def is_number(cell):
    return cell[:1].isdigit() or cell == "-"


def as_text(table):
    title, heads, rows = table
    columns = [(max(map(len, column)), all(map(is_number, column[1:]))) for column in zip(heads, *rows)]
    lines = [title + ":"]
    for row in (heads, *rows):
        cells = [cell.rjust(width) if right else cell.ljust(width) for cell, (width, right) in zip(row, columns)]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(table):
    title, heads, rows = table
    lines = [f"{title}:", ""]
    rule = ["---:" if all(map(is_number, column)) else "---" for column in zip(*rows)]
    lines += ["| " + " | ".join(row) + " |" for row in (heads, rule, *rows)]
    return "\n".join(lines) + "\n"
