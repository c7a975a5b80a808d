"""What tests/bench/run measures, and the table that it prints."""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

import servers
from servers import ADDRESS, labtest, peer

RELAY = "10.77.0.2"
CLIENTS, WINDOW = 50000, 64
START_LIMIT_S = 60
LAB = {"hosts": {"s": {}, "c": {}},
       "links": [{"type": "veth", "ends": [{"host": "s", "address": f"{ADDRESS}/16"},
                                           {"host": "c", "address": f"{RELAY}/16"}]}]}
MILLION = 1000000
COMM_MAX = 15  # so much of a program's name the kernel knows


class Bench:
    """A lab of two hosts: the server runs on core 0, the load on core 1."""

    def __init__(self, folder, seconds):
        self.dir, self.seconds = folder, seconds
        self.env = dict(os.environ, DHCPLAB_RUN=str(folder / "run"))

    def dhcplab(self, *arguments):
        return subprocess.run([labtest.DHCPLAB, *map(str, arguments)], env=self.env, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=600, check=False)

    def load(self, *arguments):
        """The report of one run."""
        done = self.dhcplab("exec", "c", "taskset", "-c", 1, labtest.DHCPLAB, "load", "--json", "--server", ADDRESS,
                            "--local", RELAY, "--drop-time", 5, *arguments)
        if done.returncode not in (0, 3):
            raise RuntimeError(done.stderr.strip())
        report = json.loads(done.stdout)
        twice = sum(exchange["non_unique"] for exchange in report["exchanges"].values())
        if twice:
            raise RuntimeError(f"{twice} addresses were given twice")
        return report

    def closed(self, *arguments):
        return self.load("--window", WINDOW, "--clients", CLIENTS, "--duration", self.seconds, *arguments)

    @contextlib.contextmanager
    def serving(self, command):
        """Runs a server until the end of the block, which gets the seconds until its first answer."""
        with (self.dir / "server.log").open("w") as log:
            begin = time.monotonic()
            process = subprocess.Popen([labtest.DHCPLAB, "exec", "s", "taskset", "-c", "0", *command], env=self.env,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while not self.load("--exchanges", 1, "--clients", 1, "--drop-time", 0.02 if time.monotonic() - begin < 10
                                else 5)["completed"]["dora"]:
                if process.poll() is not None or time.monotonic() - begin > START_LIMIT_S:
                    raise RuntimeError("it does not answer: " + (self.dir / "server.log").read_text()[-500:])
            yield time.monotonic() - begin
        finally:
            process.terminate()
            process.wait(labtest.LIMIT_S)

    @contextlib.contextmanager
    def fresh(self, name):
        """The folder of a server that knows no lease."""
        with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=self.dir) as folder:
            yield pathlib.Path(folder)

    def measure(self, name):
        """What one round finds out about a server."""
        with self.fresh(name) as folder, self.serving(servers.SERVERS[name](folder)):
            dora = self.closed()
            top = dora["rate"]
            found = {"dora_per_s": top, "dora_p99_ms": dora["dora"]["delay"]["p99_ms"]}
            if top < 100:
                return found
            found["renew_per_s"] = self.closed("--mix", "renew=1", "--preload", 2000, "--clients", 2000)["rate"]
            half = self.load("--rate", int(top / 2), "--clients", CLIENTS, "--duration", self.seconds)
            found["half_p99_ms"] = half["dora"]["delay"]["p99_ms"]
            twice = self.load("--rate", int(top * 2), "--clients", CLIENTS, "--duration", self.seconds)
            return found | {"overload_per_s": twice["rate"]}

    def perfdhcp(self):
        """How fast perfdhcp drives the bare responder."""
        program = peer.program("kea-admin", "usr/sbin/perfdhcp")
        with self.fresh("perfdhcp") as folder, self.serving(servers.responder(folder)):
            done = self.dhcplab("exec", "c", "taskset", "-c", 1, *program, "-4", "-l", RELAY, "-R", CLIENTS, "-p",
                                max(1, int(self.seconds)), ADDRESS)
        rate = re.search(r"^Rate: ([0-9.e+]+) 4-way", done.stdout, re.M)
        if rate is None:
            raise RuntimeError(done.stdout + done.stderr)
        return {"dora_per_s": float(rate[1])}

    def million(self):
        """Our server with a million leases in a /8."""
        wide = {"max-leases": 2 * MILLION,
                "subnet4": [{"id": 1, "subnet": "10.0.0.0/8", "pools": [{"pool": "10.80.0.0 - 10.255.255.254"}]}]}
        with self.fresh("million") as folder:
            write_leases(folder / "leases.csv", MILLION)
            with self.serving(servers.dhcplab(folder, **wide)) as start_s:
                memory = resident(self.dir / "run", "dhcplab-server"[:COMM_MAX])
                rate = self.closed()["rate"]
        with self.fresh("empty") as folder, self.serving(servers.dhcplab(folder, **wide)):
            empty = resident(self.dir / "run", "dhcplab-server"[:COMM_MAX])
            few = self.closed()["rate"]
        return {"start_s": start_s, "octets_per_lease": (memory - empty) / MILLION, "dora_per_s": rate,
                "dora_per_s_empty": few}


def write_leases(path, count):
    expire = int(time.time()) + 86400
    with path.open("w") as file:
        file.write("address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n")
        for i in range(count):
            n = (80 << 16) + i
            file.write(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255},0a:00:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x},,"
                       f"86400,{expire},1,0,0,,0,\n")


def resident(run_dir, name):
    """Octets of memory of the program `name` of the lab."""
    (pid,) = [pid for pid in labtest.processes(f"DHCPLAB_RUN={run_dir}")
              if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == name]
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def median(rounds, key):
    values = [found[key] for found in rounds if key in found]
    return statistics.median(values) if values else None


def spread(rounds, key):
    values = [found[key] for found in rounds if key in found]
    return (max(values) - min(values)) / statistics.median(values) * 100 if len(values) > 1 else 0


def summarize(results):
    """By server: the medians, and ratios to others of the same run."""
    keys = ("dora_per_s", "dora_p99_ms", "renew_per_s", "half_p99_ms", "overload_per_s")
    rows = {name: {key: median(rounds, key) for key in keys} | {"spread_percent": spread(rounds, "dora_per_s")}
            for name, rounds in results.items() if rounds}
    for row in rows.values():
        rate = row["dora_per_s"]
        row["to_kea"] = rate / rows["kea"]["dora_per_s"] if "kea" in rows else None
        row["to_responder"] = rate / rows["responder"]["dora_per_s"] if "responder" in rows else None
        row["renew_to_dora"] = row["renew_per_s"] / rate if row["renew_per_s"] else None
        row["overload_to_top"] = row["overload_per_s"] / rate if row["overload_per_s"] else None
    return rows


COLUMNS = (("leases/s", "dora_per_s", "{:.0f}"), ("+-%", "spread_percent", "{:.0f}"), ("to kea", "to_kea", "{:.2f}"),
           ("to responder", "to_responder", "{:.2f}"), ("p99 ms", "dora_p99_ms", "{:.2f}"),
           ("renew/dora", "renew_to_dora", "{:.2f}"), ("p99 ms at half", "half_p99_ms", "{:.2f}"),
           ("at twice/top", "overload_to_top", "{:.2f}"))


def print_table(rows):
    print(" | ".join(["server".ljust(10), *(title for title, _, _ in COLUMNS)]))
    for name, row in rows.items():
        cells = ["-" if row.get(key) is None else form.format(row[key]) for _, key, form in COLUMNS]
        print(" | ".join([name.ljust(10), *(cell.rjust(len(title)) for cell, (title, _, _) in zip(cells, COLUMNS))]))


def run(bench, names, rounds):
    results = {name: [] for name in [*names, "perfdhcp"]}
    for i in range(rounds):
        for name in [*results][::-1 if i % 2 else 1]:
            try:
                results[name].append(bench.perfdhcp() if name == "perfdhcp" else bench.measure(name))
            except (RuntimeError, unittest.SkipTest) as why:
                print(f"{name}: {why}", file=sys.stderr)
    return results


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--servers", default=",".join(servers.SERVERS))
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    names = options.servers.split(",")
    if set(names) - set(servers.SERVERS) or (os.cpu_count() or 1) < 2:
        parser.error(f"two cores are needed, and servers of: {', '.join(servers.SERVERS)}")
    report = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "machine": platform.platform(), "load_before": os.getloadavg()[0], "seconds": options.seconds}
    with tempfile.TemporaryDirectory(prefix="dhcplab-bench.") as folder:
        bench = Bench(pathlib.Path(folder), options.seconds)
        lab = pathlib.Path(peer.write(pathlib.Path(folder, "bench.json"), json.dumps(LAB)))
        up = bench.dhcplab("up", lab)
        if up.returncode:
            sys.exit(up.stderr)
        try:
            report["rounds"] = run(bench, names, options.rounds)
            if options.million:
                report["million"] = bench.million()
        finally:
            bench.dhcplab("down", "--all")
    report["medians"] = summarize(report["rounds"])
    print_table(report["medians"])
    if options.million:
        print("a million leases: " + ", ".join(f"{key} {value:.2f}" for key, value in report["million"].items()))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
