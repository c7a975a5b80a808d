"""The servers that are measured: how each is set up, with a pool that is a /16 without its first 256 addresses, and
started. Each logs as little as it can and keeps its leases as it does by default."""

import contextlib
import ipaddress
import json
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "interop"), str(HERE.parent / "net")]
import labtest  # noqa: E402: it lies beside other tests
import peer  # noqa: E402

ADDRESS, FIRST, LAST = "10.77.0.1", "10.77.1.0", "10.77.255.254"
NET = "10.77.0.0/16", FIRST, LAST  # subnet, first and last address of its pool


def number(address):
    return int(ipaddress.IPv4Address(address))


def dhcp4(folder, net, **more):
    return {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 86400,
            "lease-database": {"type": "memfile", "name": str(folder / "leases.csv"), "lfc-interval": 0},
            "subnet4": [{"id": 1, "subnet": net[0], "pools": [{"pool": f"{net[1]} - {net[2]}"}]}], **more}


def dhcplab(folder, net=NET, **interfaces):
    config = dhcp4(folder, net, **{"max-leases": 2000000})
    config["interfaces-config"] |= interfaces
    file = peer.write(folder / "server.json", json.dumps({"Dhcp4": config}))
    return [str(labtest.BIN / "dhcplab-server"), "-f", "-q", "-c", file]


def dhcplab_never(folder):
    return dhcplab(folder, **{"udp-segments": "never"})


def kea(folder, net=NET, threads=0):
    config = dhcp4(folder, net, **{
        "loggers": [{"name": "kea-dhcp4", "severity": "ERROR", "output_options": [{"output": "stdout"}]}],
        "multi-threading": {"enable-multi-threading": threads > 0, "thread-pool-size": threads}})
    config["interfaces-config"]["dhcp-socket-type"] = "udp"
    file = peer.write(folder / "kea.json", json.dumps({"Dhcp4": config}))
    return ["env", f"KEA_PIDFILE_DIR={folder}", f"KEA_LOCKFILE_DIR={folder}",
            *peer.program("kea-dhcp4-server", "usr/sbin/kea-dhcp4"), "-c", file]


def kea_threads(folder):
    return kea(folder, threads=2)


def isc_dhcpd(folder):
    config = peer.write(folder / "dhcpd.conf",
                        "authoritative;\nping-check false;\ndefault-lease-time 86400;\nmax-lease-time 86400;\n"
                        f"subnet 10.77.0.0 netmask 255.255.0.0 {{\n  range {FIRST} {LAST};\n}}\n")
    leases = peer.write(folder / "dhcpd.leases", "")
    return [*peer.program("isc-dhcp-server", "usr/sbin/dhcpd"), "-4", "-f", "-q", "-cf", config, "-lf", leases, "-pf",
            str(folder / "dhcpd.pid"), "eth0"]


def dnsmasq(folder):
    return [*peer.program("dnsmasq-base", "usr/sbin/dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
            "--interface=eth0", "--bind-interfaces", "--user=root", "--pid-file", "--no-ping", "--no-resolv",
            "--no-hosts", "--quiet-dhcp", "--log-facility=/dev/null", "--dhcp-authoritative", "--dhcp-lease-max=100000",
            f"--dhcp-range={FIRST},{LAST},255.255.0.0,86400", f"--dhcp-leasefile={folder / 'dnsmasq.leases'}"]


def udhcpd(folder):
    config = peer.write(folder / "udhcpd.conf",
                        f"start {FIRST}\nend {LAST}\nmax_leases 65000\ninterface eth0\nlease_file "
                        f"{peer.write(folder / 'udhcpd.leases', '')}\npidfile {folder / 'udhcpd.pid'}\n"
                        "option subnet 255.255.0.0\noption lease 86400\n")
    return [*peer.busybox("udhcpd"), "udhcpd", "-f", config]


def responder(_folder):
    return [str(labtest.BIN / "bench_responder"), ADDRESS]


def responder_single(folder):
    return [*responder(folder), "--single"]


def responder_sync(folder):
    return [*responder(folder), "--sync", str(folder / "records")]


def perfdhcp():
    return peer.program("kea-admin", "usr/sbin/perfdhcp")


def versions():
    """Of the programs of others, as far as they are there and tell."""
    commands = {"Kea": (["kea-dhcp4-server", "usr/sbin/kea-dhcp4"], "-v"),
                "ISC dhcpd": (["isc-dhcp-server", "usr/sbin/dhcpd"], "--version"),
                "dnsmasq": (["dnsmasq-base", "usr/sbin/dnsmasq"], "--version"),
                "busybox udhcpd": (["udhcpd", "bin/busybox"], "--help"),
                "perfdhcp": (["kea-admin", "usr/sbin/perfdhcp"], "-v")}
    found = {}
    for name, (where, option) in commands.items():
        with contextlib.suppress(OSError, unittest.SkipTest):
            done = subprocess.run([*peer.program(*where), option], text=True, capture_output=True, check=False)
            version = re.search(r"\d+\.[\w.]+", done.stdout + done.stderr)
            found |= {name: version[0]} if version else {}
    return found


SERVERS = {"dhcplab": dhcplab, "dhcplab-never": dhcplab_never, "responder": responder,
           "responder-single": responder_single, "responder-sync": responder_sync, "kea": kea, "kea-mt": kea_threads, "isc-dhcpd": isc_dhcpd,
           "dnsmasq": dnsmasq, "udhcpd": udhcpd}
