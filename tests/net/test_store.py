#!/usr/bin/env python3
"""The lease file of a running server: a disk that fails and recovers, reloads, the two kinds of syncing, rewriting."""

import os
import resource
import signal
import time

import labtest
from labtest import wait_for
from leasetest import LeaseCase, Told

CLIENTS = 20
GROWN = 20 << 20  # octets: so large a file is rewritten


class Store(LeaseCase):
    def run_traffic(self):
        self.go()
        time.sleep(0.3)
        return self.pause()

    def run_until_acks(self, told, count):
        """So many in all; on a busy machine they take their time."""
        deadline = time.monotonic() + labtest.LIMIT_S
        while told.acks <= count and time.monotonic() < deadline:
            told.take(self.run_traffic())
        self.assertGreater(told.acks, count)

    def run_until_failures(self, count):
        """So many in all, and a client has asked in vain. Returns every line."""
        lines = []
        deadline = time.monotonic() + labtest.LIMIT_S
        while time.monotonic() < deadline:
            lines += self.run_traffic()
            if self.status()["failures"] >= count and [line for line in lines if line.startswith("request ")]:
                break
        return lines

    def run_until_commits(self, count):
        self.go()
        wait_for(lambda: self.status()["commits"] > count, "another commit")
        self.pause()
        return self.status()

    def restart(self):
        os.kill(self.server_pid(), signal.SIGKILL)
        self.server.wait(labtest.LIMIT_S)
        self.start_server()

    def logged(self, text):
        return [line for line in self.server_log.all if text in line]

    def transactions(self):
        return self.control(self.control_path, "explain4", {"limit": 50})["arguments"]["transactions"]

    def expect_told_once(self, text):
        wait_for(lambda: self.logged(text), text)
        self.assertEqual(len(self.logged(text)), 1)

    def rested_size(self):
        """Of the file when no zeros stand behind its records any more."""
        wait_for(lambda: self.lease_file.stat().st_size == self.status()["size"], "the end of the zeros")
        return self.lease_file.stat().st_size

    def limit_files(self, octets):
        """Files that the server writes may have so many octets: beyond, its writes fail as on a full disk."""
        resource.prlimit(self.server_pid(), resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))

    def test_a_full_disk_sends_no_ack_is_told_once_and_recovers(self):
        told = Told()
        self.start_server()
        self.start_traffic(CLIENTS, 1)
        self.run_until_acks(told, CLIENTS)
        before = told.acks
        sent = self.statistic("pkt4-ack-sent")
        # In the middle of the next record.
        self.limit_files(self.rested_size() + 20)
        during = self.run_until_failures(2)
        self.assertNotIn("ack", [line.split()[0] for line in during])
        self.assertIn("request", [line.split()[0] for line in during])
        told.take(during)
        self.assertTrue(self.status()["failing"])
        self.assertGreater(self.status()["failures"], 1)
        self.expect_told_once("leases cannot be stored, so no ACK is sent: File too large")
        self.assertGreater(self.statistic("pkt4-receive-drop"), 0)
        self.assertEqual(self.statistic("pkt4-ack-sent"), sent)
        decisions = [decision["reason"] for one in self.transactions() for decision in one["decisions"] if
                     not one["answered"]]
        self.assertIn("store-failed", decisions)
        # Without any packet: what the engine knows is stored by the server's own retry.
        self.limit_files(resource.RLIM_INFINITY)
        wait_for(lambda: not self.status()["failing"], "the next try to store")
        self.expect_told_once("leases can be stored again")
        known = self.leases()
        self.run_until_acks(told, before + CLIENTS)
        self.assertGreater(self.statistic("pkt4-ack-sent"), sent)
        self.restart()
        self.assertEqual(told.compare(self.leases()), [])
        wait_for(lambda: self.logged("leases read from"), "the line about them")
        self.assertEqual(self.logged(", 0 records not usable"), self.logged("leases read from"))
        self.assertTrue(known)

    def test_zeros_go_when_it_is_quiet(self):
        self.start_server()
        self.on("c", labtest.DHCPLAB, "load", "--server", "10.9.0.1", "--local", "10.9.0.2", "--clients", "3000",
                "--exchanges", "3000", "--drop-time", "10", "--duration", "60")
        self.rested_size()
        records = self.lease_file.read_bytes().splitlines()[1:]
        self.assertEqual(len(records), len(self.leases()))
        self.assertEqual(len(records), 3000)

    def test_what_waited_for_the_disk_is_there_after_a_crash(self):
        self.start_server()
        self.start_traffic(CLIENTS, 2)
        self.limit_files(self.lease_file.stat().st_size)
        self.go()
        wait_for(self.leases, "leases, in memory")
        self.pause()
        known = self.leases()
        self.assertNotIn(b"10.9.", self.lease_file.read_bytes())
        self.limit_files(resource.RLIM_INFINITY)
        wait_for(lambda: not self.status()["failing"], "the next try to store")
        self.restart()
        self.assertEqual(self.leases(), known)

    def test_a_command_that_cannot_be_stored_says_so_and_is_stored_later(self):
        self.start_server()
        self.limit_files(self.lease_file.stat().st_size)
        lease = {"ip-address": "10.9.1.7", "hw-address": "02:00:00:00:00:07"}
        answer = self.control(self.control_path, "lease4-add", lease)
        self.assertEqual(answer["result"], 1)
        self.assertEqual(answer["text"],
                         "the change is in memory, but not stored yet, which is tried again: File too large")
        # What changes nothing has nothing to be stored.
        self.assertEqual(self.control(self.control_path, "lease4-get", lease)["result"], 0)
        self.limit_files(resource.RLIM_INFINITY)
        wait_for(lambda: not self.status()["failing"], "the next try to store")
        self.assertIn("10.9.1.7,02:00:00:00:00:07", self.lease_file.read_text())
        self.restart()
        self.assertEqual(list(self.leases()), ["10.9.1.7"])

    def test_a_reload_keeps_leases_and_a_bad_file_changes_nothing(self):
        self.start_server()
        self.start_traffic(CLIENTS, 3)
        told = Told()
        told.take(self.run_traffic())
        leases = self.leases()
        os.kill(self.server_pid(), signal.SIGHUP)
        wait_for(lambda: self.logged("read again; leases are kept"), "the reload")
        self.assertEqual(self.leases(), leases)
        self.assertEqual(self.control(self.control_path, "config-reload")["result"], 0)
        self.assertEqual(self.leases(), leases)
        good = (self.dir / "server.json").read_text()
        self.write("server.json", good.replace("10.9.255.254", "10.10.0.1"))
        os.kill(self.server_pid(), signal.SIGHUP)
        wait_for(lambda: self.logged("reload failed: "), "the failure")
        answer = self.control(self.control_path, "config-reload")
        self.assertEqual(answer["result"], 1)
        self.assertIn("server.json:", answer["text"])
        self.assertEqual(self.leases(), leases)
        told.take(self.run_traffic())
        self.assertEqual(told.compare(self.leases()), [])
        self.write("server.json", good)
        self.restart()
        self.assertEqual(told.compare(self.leases()), [])

    def test_sync_batch_syncs_each_commit_and_none_syncs_none(self):
        self.start_server()
        self.start_traffic(CLIENTS, 4)
        batch = self.run_until_commits(0)
        self.assertEqual(batch["sync"], "batch")
        self.assertEqual(batch["syncs"], batch["commits"])
        self.configure(sync="none")
        self.assertEqual(self.control(self.control_path, "config-reload")["result"], 0)
        none = self.run_until_commits(batch["commits"])
        self.assertEqual(none["sync"], "none")
        self.assertEqual(none["syncs"], batch["syncs"])

    def has_one_record_an_address(self):
        lines = self.lease_file.read_text().splitlines()[1:]
        addresses = [line.split(",")[0] for line in lines]
        return len(addresses) == len(set(addresses)) > 0

    def test_the_file_is_rewritten_while_the_server_answers(self):
        told = Told()
        self.configure(**{"lfc-interval": 1})
        self.start_server()
        self.start_traffic(CLIENTS, 5)
        self.go()
        wait_for(lambda: self.status()["rewrites"] >= 2, "two rewrites")
        told.take(self.pause())
        wait_for(self.has_one_record_an_address, "the rewrite of what came last")
        self.assertEqual(told.compare(self.leases()), [])
        self.restart()
        self.assertEqual(told.compare(self.leases()), [])

    def test_reloads_do_not_put_the_rewriting_off(self):
        def is_rewritten_between_reloads():
            self.assertEqual(self.control(self.control_path, "config-reload")["result"], 0)
            return self.status()["rewrites"] > 0

        self.configure(**{"lfc-interval": 1})
        self.start_server()
        self.start_traffic(CLIENTS, 7)
        self.run_until_commits(0)
        wait_for(is_rewritten_between_reloads, "the rewrite")

    def test_a_file_that_has_grown_is_rewritten_under_load(self):
        """Long before lfc-interval. A commit runs nearly all the time, then too when the new file is ready."""
        header = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n"
        renewed = "10.9.1.0,02:00:00:00:00:01,01:02:00:00:00:00:01,86400,4000000000,1,0,0,,0,,0\n"
        self.lease_file.write_text(header + renewed * (GROWN // len(renewed) + 1))
        self.start_server()
        self.on("c", labtest.DHCPLAB, "load", "--server", "10.9.0.1", "--local", "10.9.0.2", "--clients", "2000", "--exchanges", "20000",
                "--duration", str(labtest.LIMIT_S), code=None)
        wait_for(lambda: self.status()["rewrites"] == 1, "the rewrite")
        self.assertEqual(len(self.leases()), 2001)

    def test_a_folder_that_takes_no_new_file_is_told_once_and_leases_go_on(self):
        told = Told()
        self.configure(**{"lfc-interval": 1})
        self.start_server()
        (self.dir / "leases.csv.new").mkdir()  # stands for any reason why it cannot be made
        self.start_traffic(CLIENTS, 6)
        self.go()
        wait_for(lambda: self.logged("the lease file cannot be rewritten, it grows: "), "the warning")
        told.take(self.pause())
        self.assertEqual(self.status()["rewrites"], 0)
        self.assertEqual(told.compare(self.leases()), [])
        (self.dir / "leases.csv.new").rmdir()
        self.restart()
        self.assertEqual(told.compare(self.leases()), [])


if __name__ == "__main__":
    labtest.main()
