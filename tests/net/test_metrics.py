#!/usr/bin/env python3
"""Metrics over HTTP: asked for on the wire, while leases are given; what a peer may take; on and off by a reload."""

import http.client
import json
import re
import socket
import subprocess
import sys
import time

import labtest
from labtest import wait_for
from leasetest import LeaseCase, Told

PORT = 9547
CONNECTIONS = 8  # common/io_http.h
SAMPLE = re.compile(r'([a-z_:]+)(?:\{([a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*)\})? (\d[\d.e+-]*|\+Inf)')


def get(method="GET", path="/metrics", body=None, header=""):
    """One request from the server's own host; what comes back, as JSON. Runs on a host of the lab."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=labtest.LIMIT_S)
    try:
        connection.request(method, path, body, {"X-Header": header} if header else {})
        answer = connection.getresponse()
        return {"status": answer.status, "type": answer.getheader("Content-Type"), "body": answer.read().decode()}
    except (OSError, http.client.HTTPException) as error:
        return {"error": type(error).__name__}


def crowd():
    """As many silent connections as there may be; then a request that has to wait until they are closed."""
    peers = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(CONNECTIONS + 3)]
    start = time.monotonic()
    late = get()
    waited = time.monotonic() - start
    ended = [peer.recv(1) == b"" for peer in peers[:CONNECTIONS]]
    return {"status": late.get("status"), "waited": waited, "ended": ended}


class Metrics(LeaseCase):
    def configure(self, metrics=True, **database):
        super().configure(**database)
        config = json.loads((self.dir / "server.json").read_text())
        if metrics:
            config["Dhcp4"]["metrics"] = {"port": PORT}
        self.write("server.json", config)

    def there(self, function, *arguments):
        """The result of a function of this file, run on the server's host."""
        done = self.on("s", sys.executable, "-B", __file__, function, *arguments)
        return json.loads(done.stdout)

    def samples(self):
        answer = self.there("get")
        self.assertEqual((answer["status"], answer["type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        found = {}
        for line in answer["body"].splitlines():
            if not re.fullmatch(r"# (HELP|TYPE) .*", line):
                sample = SAMPLE.fullmatch(line)
                self.assertTrue(sample, line)
                found[line.rpartition(" ")[0]] = float(sample[3])
        return found

    def test_metrics_are_told_while_leases_are_given(self):
        self.start_server()
        self.start_traffic(20, 1)
        self.go()
        wait_for(lambda: self.samples().get('dhcplab_server_sent_total{type="ACK"}', 0) > 50, "some leases")
        told = Told()
        told.take(self.pause())
        now = self.samples()
        acks = now['dhcplab_server_sent_total{type="ACK"}']
        self.assertGreaterEqual(acks, told.acks)
        self.assertEqual(now['dhcplab_server_leases{subnet="1",state="active"}'], len(self.leases()))
        self.assertGreaterEqual(now["dhcplab_server_answer_seconds_count"], acks)
        self.assertEqual(now['dhcplab_server_answer_seconds_bucket{le="+Inf"}'],
                         now["dhcplab_server_answer_seconds_count"])
        self.assertEqual(now["dhcplab_server_sync_seconds_count"], self.status()["syncs"])
        self.assertGreater(now["dhcplab_server_sync_seconds_sum"], 0)
        self.assertGreater(now['dhcplab_server_reasons_total{reason="lease-new"}'], 0)

    def test_what_the_kernel_drops_is_told(self):
        self.start_server()
        self.on("c", sys.executable, "-B", labtest.HERE / "test_flood.py", "mangle", "3")
        wait_for(lambda: self.samples().get('dhcplab_server_reasons_total{reason="kernel-dropped"}') == 3,
                 "the packets that are dropped")

    def test_only_what_there_is_is_told(self):
        self.start_server()
        self.assertEqual(self.there("get", "GET", "/")["status"], 404)
        self.assertEqual(self.there("get", "GET", "/metrics/x")["status"], 404)
        self.assertEqual(self.there("get", "HEAD")["body"], "")
        self.assertGreaterEqual(self.there("get", "POST", "/metrics", "x")["status"], 400)
        large = self.there("get", "GET", "/metrics", "", "x" * 20000)
        self.assertNotEqual(large.get("status", 413), 200)
        self.assertEqual(self.there("get")["status"], 200)

    def test_it_listens_on_loopback_only_where_it_is_wanted(self):
        self.start_server()
        listening = self.on("s", "cat", "/proc/net/tcp").stdout.splitlines()[1:]
        self.assertEqual([line.split()[1] for line in listening if line.split()[3] == "0A"],
                         [f"0100007F:{PORT:04X}"])
        self.configure(metrics=False)
        self.assertEqual(self.control(self.control_path, "config-reload")["result"], 0)
        self.assertEqual(self.there("get"), {"error": "ConnectionRefusedError"})
        self.configure()
        self.assertEqual(self.control(self.control_path, "config-reload")["result"], 0)
        self.assertEqual(self.there("get")["status"], 200)

    def test_connections_are_limited_and_silent_ones_end(self):
        self.start_server()
        seen = self.there("crowd")
        self.assertEqual(seen["status"], 200)
        self.assertGreater(seen["waited"], 1)  # what was open before kept it out
        self.assertEqual(seen["ended"], [True] * CONNECTIONS)
        self.assertEqual(self.there("get")["status"], 200)

    def test_a_port_that_is_taken_is_told(self):
        taker = self.spawn("s", sys.executable, "-c", "import socket, time; s = socket.socket(); "
                           f"s.bind(('127.0.0.1', {PORT})); s.listen(); print('ready', flush=True); time.sleep(60)",
                           stdout=subprocess.PIPE)
        self.assertEqual(taker.stdout.readline(), "ready\n")
        done = self.on("s", labtest.BIN / "dhcplab-server", "-f", "-c", self.dir / "server.json", code=1)
        self.assertIn("metrics: Address already in use", done.stderr)
        taker.stdout.close()


if __name__ == "__main__":
    if sys.argv[1:2] in (["get"], ["crowd"]):
        print(json.dumps({"get": get, "crowd": crowd}[sys.argv[1]](*sys.argv[2:])))
        sys.exit(0)
    labtest.main()
