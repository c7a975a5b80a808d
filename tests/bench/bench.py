"""The command line of tests/bench/run: measures, prints tables, writes what was measured, plots, and the README's part."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import sys
import tempfile
import time

import measure
import plot
import results
import servers
from servers import labtest

README_BEGIN, README_END = "<!-- tests/bench/run --readme: begin -->\n", "<!-- tests/bench/run --readme: end -->\n"


def machine():
    """What the numbers hold for."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)", info, re.M)
    memory = int(re.search(r"^MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)[1]) / (1 << 20)
    return (f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}, {memory:.0f} GiB, "
            f"{platform.system()} {platform.release().split('-')[0]}")


def idle_share(seconds=1):
    """How much of the machine's time nobody uses."""
    def read():
        values = [int(value) for value in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        return values[3] + values[4], sum(values)
    before = read()
    time.sleep(seconds)
    after = read()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def sync_ms(folder):
    """How long the disk takes to keep a short record, which a server with `sync` waits for."""
    times = []
    with open(folder / "sync", "wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(100))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def say(text):
    print(text, file=sys.stderr, flush=True)


def tell(sample):
    facts = ", ".join(f"{key} {value:.6g}" for key, value in sample.items()
                      if isinstance(value, (int, float)) and key != "round")
    say(f"round {sample['round'] + 1}: {sample['subject']}, {sample['case']}: {facts}")


def run(options):
    """The report of a whole run."""
    begin = time.monotonic()
    report = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": machine(),
              "idle_before": idle_share(), "rounds": options.rounds, "seconds": options.seconds, "quick": options.quick, "busy_poll": options.busy_poll,
              "versions": servers.versions()}
    if report["idle_before"] < 0.9:
        say(f"this machine is {100 - 100 * report['idle_before']:.0f} % busy with other things: the numbers will say little")
    with tempfile.TemporaryDirectory(prefix="dhcplab-bench.") as folder:
        report["sync_ms"] = sync_ms(pathlib.Path(folder))
        bench = measure.Bench(pathlib.Path(folder), options.seconds, options.quick, options.busy_poll)
        with bench.lab():
            report["samples"] = measure.run(bench, options.rounds, options.servers, tell)
    return report | {"took_s": round(time.monotonic() - begin)}


def notes(report):
    return [f"{report['date'][:10]}, {report['machine']}, server on one core and load on the other",
            f"{report['rounds']} rounds of {report['seconds']:g} s: medians; upright lines from the lowest to the highest"]


def write_plots(report, folder):
    """Those that there are measurements for. Their names."""
    r, names = results.Results(report), []
    figures = (("leases.svg", "leases", plot.leases_figure), ("offered.svg", "offered", plot.offered_figure))
    for name, kind, figure in figures:
        if r.cases("dhcplab", kind) or r.cases("kea", kind):
            (folder / name).write_text(figure(r, notes(report)))
            names.append(name)
    return names


def heading(report):
    versions = "; ".join(f"{name} {version}" for name, version in report["versions"].items())
    return (f"{report['date'][:10]}, {report['machine']}, {100 * report['idle_before']:.0f} % idle before; fdatasync takes "
            f"{report['sync_ms']:.2f} ms; medians of {report['rounds']} rounds of {report['seconds']:g} s each"
            f"{', with a generator that never sleeps' if report.get('busy_poll') else ''}. Beside it: {versions}.")


def readme_part(report):
    tables = results.tables(results.Results(report))
    images = [f"![{alt}](tests/bench/{name})\n" for name, alt in
              (("leases.svg", "Rate and p99 against the number of leases"),
               ("offered.svg", "Rate and p99 against the offered load"))]
    return "\n".join([f"Measured on {heading(report)}\n", *map(results.as_markdown, tables), *images])


def fill_readme(report, readme, folder):
    """Replaces the part between the two marks, and writes the plots that it shows."""
    text = readme.read_text()
    before, begin, rest = text.partition(README_BEGIN)
    _, end, after = rest.partition(README_END)
    if not begin or not end:
        raise SystemExit(f"{readme}: the marks {README_BEGIN.strip()} and {README_END.strip()} are not there")
    write_plots(report, folder)
    readme.write_text(before + begin + "\n" + readme_part(report) + "\n" + end + after)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--servers", type=lambda text: text.split(","), default=measure.SUBJECTS)
    parser.add_argument("--busy-poll", action="store_true")
    parser.add_argument("--from", type=pathlib.Path, dest="source")
    parser.add_argument("--out", type=pathlib.Path, default=labtest.SOURCE / "build" / "bench")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (2 if options.quick else 3)
    options.seconds = options.seconds or (1 if options.quick else 2)
    if set(options.servers) - set(measure.SUBJECTS) or (os.cpu_count() or 1) < 2:
        parser.error(f"two cores are needed, and servers of: {', '.join(measure.SUBJECTS)}")
    return options


def main():
    options = parse(sys.argv[1:])
    report = json.loads(options.source.read_text()) if options.source else run(options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.json").write_text(json.dumps(report, indent=1) + "\n")
    plots = write_plots(report, options.out)
    if options.markdown:
        print(readme_part(report))
    else:
        print(heading(report) + "\n")
        print("\n".join(map(results.as_text, results.tables(results.Results(report)))))
    if options.readme:
        fill_readme(report, labtest.SOURCE / "README.md", labtest.SOURCE / "tests" / "bench")
    say(f"in {options.out}: " + ", ".join(["bench.json", *plots]))


if __name__ == "__main__":
    main()
