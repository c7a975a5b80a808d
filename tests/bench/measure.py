"""Measuring: a lab of two hosts with the server on core 0 and the load on core 1, and what is done to each server there.

Everything measured is a sample, a dict: "subject" (whom), "case" (how), "round", and what came out, such as "rate"
(exchanges a second that were answered), "p99_ms", or "lost" (messages without a good answer). The cases:

    window N       closed loop, N four-message exchanges under way, 50,000 clients, a pool that is nearly a /16
    renew N        the same with renewals of two messages
    offered P      open loop at P percent of the best rate of the windows; "offered" tells the rate; what is not answered in
                   half a second is lost (with which 50,000 clients are enough for 100,000 lost a second)
    leases N       window 64 in a /8 that has N leases already; "start_s", "octets" of memory before the load
    full P         as many leases as releases, window 64, in a /13 of which P percent are leased to others
    generator      a generator of load on the responder; "generator --segments" is ours with that option
"""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import servers
from servers import ADDRESS, labtest, peer

RELAY = "10.77.0.2"
CLIENTS, WINDOW = 50000, 64
WINDOWS, SHARES = (64, 128, 256, 512), (10, 25, 50, 75, 90, 100, 125, 150, 200)
QUICK_WINDOWS, QUICK_SHARES = (64, 512), (25, 50, 75, 100, 150, 200)
LEASES, KEA_LEASES = (1000, 10000, 100000, 1000000), (1000, 10000, 100000)
FULL = (0, 90, 99.9)
WIDE = "10.0.0.0/8", "10.80.0.0", "10.255.255.254"  # subnet, first and last address of its pool
HALF = "10.64.0.0/12", "10.64.0.0", "10.71.255.255"
SLOW = 100  # exchanges a second; of a server below, more than that it is slow is not found out
START_LIMIT_S = 60
PATIENT_S = 3  # so long a server is asked often; then it gets time for each answer
LAB = {"hosts": {"s": {}, "c": {}},
       "links": [{"type": "veth", "ends": [{"host": "s", "address": f"{ADDRESS}/16"},
                                           {"host": "c", "address": f"{RELAY}/16"}]}]}


class Server:
    """One that runs."""

    def __init__(self, pid, start_s):
        self.pid, self.start_s = pid, start_s

    def octets(self):
        """Of memory."""
        return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_s(self):
        threads = pathlib.Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9


class Bench:
    def __init__(self, folder, seconds, quick, busy_poll=False):
        self.dir, self.seconds, self.quick = folder, seconds, quick
        self.load_options = ["--busy-poll"] if busy_poll else []
        self.windows, self.shares = (QUICK_WINDOWS, QUICK_SHARES) if quick else (WINDOWS, SHARES)
        self.env = dict(os.environ, DHCPLAB_RUN=str(folder / "run"))

    @contextlib.contextmanager
    def lab(self):
        """The lab is up until the end of the block."""
        up = self.dhcplab("up", peer.write(self.dir / "bench.json", json.dumps(LAB)))
        if up.returncode:
            raise RuntimeError(up.stderr)
        try:
            yield
        finally:
            self.dhcplab("down", "--all")

    def dhcplab(self, *arguments):
        return subprocess.run([labtest.DHCPLAB, *map(str, arguments)], env=self.env, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=600, check=False)

    def load(self, *arguments):
        """The report of one run."""
        done = self.dhcplab("exec", "c", "taskset", "-c", 1, labtest.DHCPLAB, "load", "--json", "--server", ADDRESS,
                            "--local", RELAY, *self.load_options, *arguments)
        if done.returncode not in (0, 3):
            raise RuntimeError(done.stderr.strip())
        report = json.loads(done.stdout)
        twice = sum(exchange["non_unique"] for exchange in report["exchanges"].values())
        if twice:
            raise RuntimeError(f"{twice} addresses were given twice")
        return report

    def sample(self, server, *arguments):
        """What one run comes to, and the time of the server's core for each exchange."""
        before = server.cpu_s() if server else 0
        report = self.load("--clients", CLIENTS, "--duration", self.seconds, *arguments)
        done = sum(report["completed"].values())
        lost = sum(exchange["drops"] + exchange["rejected"] for exchange in report["exchanges"].values())
        found = {"rate": report["rate"], "lost": lost}
        for exchange in (report["dora"], report["exchanges"]["renew-ack"]):
            if exchange["delay"]["count"]:
                found |= {key: exchange["delay"][key] for key in ("p50_ms", "p99_ms", "p99_9_ms")}
                break
        if server and done:
            found["cpu_us"] = (server.cpu_s() - before) / done * 1e6
        return found

    def closed(self, server, window, *arguments):
        return self.sample(server, "--window", window, "--drop-time", 5, *arguments)

    def is_answering(self, waited_s):
        report = self.load("--exchanges", 1, "--clients", 1, "--drop-time", 0.02 if waited_s < PATIENT_S else 5)
        return report["completed"]["dora"] == 1

    def pid_of(self, command):
        """Of the program of the lab that runs the command's program; the newest, if there are several."""
        program = next(word for word in command if "/" in word and "=" not in word)
        name = pathlib.Path(program).name[:15].encode()  # the kernel keeps no more
        return max(pid for pid in labtest.processes(f"DHCPLAB_RUN={self.dir / 'run'}")
                   if pathlib.Path(f"/proc/{pid}/comm").read_bytes().strip() == name)

    @contextlib.contextmanager
    def serving(self, command):
        """Runs a server until the end of the block."""
        with (self.dir / "server.log").open("w") as log:
            begin = time.monotonic()
            process = subprocess.Popen([labtest.DHCPLAB, "exec", "s", "taskset", "-c", "0", *command], env=self.env,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while not self.is_answering(time.monotonic() - begin):
                if process.poll() is not None or time.monotonic() - begin > START_LIMIT_S:
                    raise RuntimeError("it does not answer: " + (self.dir / "server.log").read_text()[-500:])
            start_s = time.monotonic() - begin
            yield Server(self.pid_of(command), start_s)
        finally:
            process.terminate()
            process.wait(labtest.LIMIT_S)

    @contextlib.contextmanager
    def fresh(self, name):
        """The folder of a server that knows no lease."""
        with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=self.dir) as folder:
            yield pathlib.Path(folder)

    def leased(self, count, net, free=0):
        """A lease file, made once: the first `count` addresses of the net's pool, but for `free` ones among them."""
        path = self.dir / f"leases-{count}-{free}.csv"
        if not path.exists():
            write_leases(path, count, servers.number(net[1]), set(random.Random(1).sample(range(count), free)))
        return path


def write_leases(path, count, first, free):
    expire = int(time.time()) + 86400
    with path.open("w") as file:
        file.write("address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n")
        for i in range(count):
            n = first + i
            if i not in free:
                file.write(f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255},0a:00:00:{i >> 16:02x}:{i >> 8 & 255:02x}:"
                           f"{i & 255:02x},,86400,{expire},1,0,0,,0,\n")


# ---- what is done to whom: each takes a Bench and yields (case, sample) ----


def windows(name):
    """The best rate of a server; of one that is not slow, also renewals, and what it does with less and more."""
    def measure(bench):
        with bench.fresh(name) as folder, bench.serving(servers.SERVERS[name](folder)) as server:
            top = 0
            for window in bench.windows:
                found = bench.closed(server, window)
                top = max(top, found["rate"])
                yield f"window {window}", found
                if found["rate"] < SLOW:
                    return
            for window in (bench.windows[0], bench.windows[-1]):
                yield f"renew {window}", bench.closed(server, window, "--mix", "renew=1", "--preload", 2000, "--clients", 2000)
            for share in bench.shares if name in ("dhcplab", "kea") else (50, 200):
                offered = max(1, int(top * share / 100))
                found = bench.sample(server, "--rate", offered, "--drop-time", 0.5)
                yield f"offered {share}", found | {"offered": offered}
    return name, measure


def one_window(name, window, seconds=None):
    """The rate of a server that is slow."""
    def measure(bench):
        with bench.fresh(name) as folder, bench.serving(servers.SERVERS[name](folder)) as server:
            more = ["--duration", seconds] if seconds else []
            yield f"window {WINDOW}", bench.closed(server, window, *more)
    return name, measure


def leases(name, count):
    """A server that has many leases when it starts."""
    def measure(bench):
        with bench.fresh(name) as folder:
            shutil.copy(bench.leased(count, WIDE), folder / "leases.csv")
            with bench.serving(servers.SERVERS[name](folder, net=WIDE)) as server:
                octets = server.octets()
                yield f"leases {count}", {"start_s": server.start_s, "octets": octets} | bench.closed(server, WINDOW)
    return name, measure


def full(name, percent):
    """A server whose pool is full but for some addresses here and there, which come and go."""
    size = servers.number(HALF[2]) - servers.number(HALF[1]) + 1

    def measure(bench):
        with bench.fresh(name) as folder:
            if percent:
                shutil.copy(bench.leased(size, HALF, size - int(size * percent / 100)), folder / "leases.csv")
            with bench.serving(servers.SERVERS[name](folder, net=HALF)) as server:
                yield f"full {percent:g}", bench.closed(server, WINDOW, "--mix", "dora=10,release=11")
    return name, measure


def generators():
    """perfdhcp and our own generator in turn, on a responder that is faster than they are."""
    def measure(bench):
        with bench.fresh("perfdhcp") as folder, bench.serving([*servers.responder(folder), "--segments"]):
            yield "generator", {"subject": "perfdhcp", "rate": perfdhcp(bench)}
            for case, options in (("generator", []), ("generator --segments", ["--segments"])):
                found = bench.closed(None, 256, *options)
                yield case, {"subject": "dhcplab load"} | found
    return "generators", measure


def perfdhcp(bench):
    """How many exchanges a second it drives."""
    done = bench.dhcplab("exec", "c", "taskset", "-c", 1, *servers.perfdhcp(), "-4", "-l", RELAY, "-R", CLIENTS, "-p",
                         max(1, round(bench.seconds)), ADDRESS)
    rate = re.search(r"^Rate: ([0-9.e+]+) 4-way", done.stdout, re.M)
    if rate is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(rate[1])


def plan(quick, wanted):
    """What one round measures, in its order."""
    steps = [windows("responder"), windows("responder-single"), windows("responder-sync"), windows("dhcplab"),
             windows("dhcplab-never"), windows("kea"), windows("kea-mt"), one_window("isc-dhcpd", WINDOW),
             one_window("dnsmasq", WINDOW), one_window("udhcpd", 1, 3), generators()]
    steps += [leases("dhcplab", count) for count in LEASES]
    steps += [leases("kea", count) for count in (KEA_LEASES if quick else LEASES)]
    steps += [full("dhcplab", percent) for percent in FULL]
    return [step for step in steps if step[0] in wanted]


SUBJECTS = [*servers.SERVERS, "generators"]


def run(bench, rounds, wanted, tell):
    """All samples. Every other round goes backwards, so that a machine that grows slower or faster favours nobody."""
    samples = []
    steps = plan(bench.quick, wanted)
    for i in range(rounds):
        for name, measure in steps[::-1 if i % 2 else 1]:
            try:
                for case, found in measure(bench):
                    samples.append({"round": i, "subject": name, "case": case} | found)
                    tell(samples[-1])
            except (RuntimeError, unittest.SkipTest) as why:
                print(f"{name}: {why}", file=sys.stderr)
    return samples
