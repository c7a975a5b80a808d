#!/usr/bin/env python3
"""What a running server has given up, and that it still does all of its work."""

import os
import pathlib
import pwd
import re
import signal
import subprocess
import unittest

import labtest
from labtest import BIN, wait_for
from leasetest import LeaseCase, Told, Lines

NET_BIND_SERVICE, NET_RAW = 1 << 10, 1 << 13
UDP_67 = "00000000:0043"

LAB = {
    "hosts": {"s": {}, "c": {}},
    "links": [{"type": "veth", "ends": [{"host": "s", "address": "10.9.0.1/16"},
                                        {"host": "c", "address": "10.9.0.2/16"}]},
              {"type": "veth", "ends": [{"host": "s", "address": "10.8.0.1/16"},
                                        {"host": "c", "address": "10.8.0.2/16"}]}],
}


def proc_status(pid):
    """The fields of /proc/PID/status."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


class Confine(LeaseCase):
    lab = LAB
    lease_database = {"lfc-interval": 1}

    def start_with(self, *options):
        self.server = self.spawn("s", BIN / "dhcplab-server", "-f", "-c", self.dir / "server.json", "--control",
                                 self.control_path, *options, stderr=subprocess.PIPE)
        self.server_log = Lines(self.server.stderr)
        wait_for(self.answers, "the server")

    def serve_another_interface(self):
        """Sockets are opened after the start, one of them by packet socket."""
        text = (self.dir / "server.json").read_text()
        (self.dir / "server.json").write_text(text.replace('"eth0"', '"eth0", "eth1"'))
        os.kill(self.server_pid(), signal.SIGHUP)
        wait_for(lambda: len(self.control(self.control_path, "status-get")["arguments"]["interfaces"]) == 2, "eth1")

    def do_everything(self):
        """Leases under traffic, the file rewritten by a thread, reload, the commands that touch files, the end."""
        told = Told()
        self.start_traffic(20, 1)
        self.go()
        wait_for(lambda: self.status()["rewrites"] >= 2, "two rewrites")
        self.serve_another_interface()
        config = self.control(self.control_path, "config-get")["arguments"]["Dhcp4"]
        self.assertEqual(self.control(self.control_path, "config-set", {"Dhcp4": config})["result"], 0)
        written = self.control(self.control_path, "config-write")
        self.assertEqual(written["result"], 0, written)
        self.assertEqual(self.control(self.control_path, "config-reload")["result"], 0)
        for command in ("list-commands", "statistic-get-all", "leases-reclaim", "lease4-get-all", "subnet4-list"):
            self.assertIn(self.control(self.control_path, command)["result"], (0, 1))
        told.take(self.pause())
        self.assertGreater(told.acks, 20)
        self.assertEqual(told.compare(self.leases()), [])
        self.assertEqual(self.control(self.control_path, "shutdown", {"exit-value": 7})["result"], 0)
        self.assertEqual(self.server.wait(labtest.LIMIT_S), 7)

    def test_privileges_are_given_up_and_all_goes_on(self):
        self.start_server()
        status = proc_status(self.server_pid())
        self.assertEqual(int(status["CapEff"], 16), NET_BIND_SERVICE | NET_RAW)
        self.assertEqual(int(status["CapPrm"], 16), NET_BIND_SERVICE | NET_RAW)
        self.assertEqual(int(status["CapBnd"], 16), 0)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.do_everything()

    def test_the_filter_can_be_left_out(self):
        self.start_with("--no-seccomp")
        status = proc_status(self.server_pid())
        self.assertEqual(status["Seccomp"], proc_status("self")["Seccomp"])
        self.assertEqual(int(status["CapEff"], 16), NET_BIND_SERVICE | NET_RAW)

    @unittest.skipUnless(os.getuid() == 0, "only root can go on as somebody else")
    def test_another_user_does_all_of_it(self):
        nobody = pwd.getpwnam("nobody")
        os.chown(self.dir, nobody.pw_uid, nobody.pw_gid)
        os.chown(self.dir / "server.json", nobody.pw_uid, nobody.pw_gid)
        self.start_with("--user", "nobody")
        status = proc_status(self.server_pid())
        self.assertEqual(status["Uid"].split(), [str(nobody.pw_uid)] * 4)
        self.assertEqual(status["Gid"].split(), [str(nobody.pw_gid)] * 4)
        self.assertEqual(int(status["CapEff"], 16), NET_BIND_SERVICE | NET_RAW)
        for path in (self.lease_file, self.control_path):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (nobody.pw_uid, nobody.pw_gid))
        self.do_everything()
        self.assertEqual(self.lease_file.stat().st_uid, nobody.pw_uid)

    @unittest.skipUnless(os.getuid() == 0, "only root can go on as somebody else")
    def test_what_another_user_cannot_do_is_told_at_the_start(self):
        self.dir.chmod(0o755)
        (self.dir / "server.json").chmod(0o600)
        self.start_with("--user", "nobody:root")
        for warning in ("the folder of .*leases.csv is not ours to write", "server.json is not ours to read"):
            wait_for(lambda warning=warning: re.search(warning, "\n".join(self.server_log.all)), warning)

    def test_unknown_user(self):
        done = subprocess.run([BIN / "dhcplab-server", "-c", "x", "--user", "no-such-user"], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no such user or group: no-such-user", done.stderr)

    def test_nothing_listens_on_the_network_but_dhcp(self):
        self.start_server()
        tables = {}
        for table in ("udp", "udp6", "udplite", "tcp", "tcp6", "raw", "raw6"):
            lines = self.on("s", "cat", f"/proc/net/{table}", code=None).stdout.splitlines()[1:]
            tables[table] = [line.split()[1] for line in lines]
        self.assertEqual(tables.pop("udp"), [UDP_67])
        self.assertEqual([entry for entries in tables.values() for entry in entries], [])
        # AF_PACKET: one socket, only to send: protocol 0 receives nothing.
        packet = [line.split() for line in self.on("s", "cat", "/proc/net/packet").stdout.splitlines()[1:]]
        self.assertEqual([row[3] for row in packet], ["0000"])
        self.assertEqual(self.control_path.stat().st_mode & 0o777, 0o660)


if __name__ == "__main__":
    labtest.main()
