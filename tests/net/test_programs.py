#!/usr/bin/env python3
"""dhcplab-server and dhcplab-client as programs of their own, started by hand on plain hosts of a lab: their options and
exit codes, signals, files, and what they make of packets that no client would send."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import unittest

import labtest
from labtest import BIN, DHCPLAB, LabCase, wait_for

SERVER = BIN / "dhcplab-server"
CLIENT = BIN / "dhcplab-client"

# s is for servers, a and b for clients, x for what sends packets of its own.
LAB = {
    "hosts": {"s": {}, "a": {}, "b": {}, "x": {}},
    "links": [{"type": "bridge", "ends": [{"host": "s", "address": "10.3.0.1/24"}, {"host": "a"}, {"host": "b"},
                                          {"host": "x", "address": "10.3.0.9/24"}]}],
}

AT_ONCE = {"start-delay-ms": [0, 0], "address-conflict-detection": False}

# Sends its arguments, DHCP messages in hexadecimal, as a client that has an address does not have to.
SENDER = """
import socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
udp.bind(("", 68))
for message in sys.argv[1:]:
    udp.sendto(bytes.fromhex(message), ("255.255.255.255", 67))
"""


def served(pool="10.3.0.100 - 10.3.0.109", interfaces=("eth0",), **more):
    """A server's configuration."""
    return {"Dhcp4": {"interfaces-config": {"interfaces": list(interfaces)}, "valid-lifetime": 600,
                      "subnet4": [{"id": 1, "subnet": "10.3.0.0/24", "pools": [{"pool": pool}]}], **more}}


def datagram(xid, options="350101ff", op=1, hlen=6, cookie="63825363"):
    """A DHCP message in hexadecimal, of the client 02:00:00:00:99:xid; without options of its own, a DISCOVER."""
    # op, htype, hlen, hops; xid; secs, flags; ciaddr, yiaddr, siaddr, giaddr; chaddr; sname, file; cookie; options
    return (f"{op:02x}01{hlen:02x}00" f"{xid:08x}" "00000000" + 32 * "0" + f"0200000099{xid:02x}" + 20 * "0" + 384 * "0"
            + cookie + options)


class Program:
    """A server or client that runs on a host, with its text in a file and its trace in another."""

    def __init__(self, test, host, name, *command):
        self.text_file = test.dir / f"{name}.text"
        self.trace_file = test.dir / f"{name}.trace"
        self.test = test
        with self.text_file.open("a") as text:
            self.process = subprocess.Popen([DHCPLAB, "exec", host, *command, "--trace", self.trace_file.name],
                                            env=test.env, cwd=test.dir, stdin=subprocess.DEVNULL, stdout=text,
                                            stderr=text)
        test.addCleanup(self.process.wait, labtest.LIMIT_S)
        test.addCleanup(self.process.terminate)

    def text(self):
        return self.text_file.read_text()

    def events(self):
        """What it has traced up to now, in whole lines."""
        lines = self.trace_file.read_text().splitlines(keepends=True) if self.trace_file.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def messages(self, direction, *types):
        return [event for event in self.events()
                if event["kind"] == "message" and event["direction"] == direction and event["type"] in types]

    def wait_for_text(self, pattern):
        """Waits until it has printed that; returns the match."""
        try:
            return wait_for(lambda: re.search(pattern, self.text(), re.M), pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}; it says:\n{self.text()}") from None

    def wait_for_message(self, direction, type_name, count=1):
        try:
            return wait_for(lambda: self.messages(direction, type_name)[count - 1:], f"{type_name} number {count}")[0]
        except AssertionError as error:
            raise AssertionError(f"{error}; it says:\n{self.text()}") from None

    def kill(self, number):
        """Sends a signal to the program itself; returns its pid."""
        pids = [pid for pid, line in self.test.processes().items()
                if self.trace_file.name in line and line.split()[0] in (str(SERVER), str(CLIENT))]
        self.test.assertEqual(len(pids), 1, self.text())
        os.kill(pids[0], number)
        return pids[0]

    def end(self, number=signal.SIGTERM):
        """Ends it with a signal; returns its exit code, as a shell tells it."""
        self.kill(number)
        return self.process.wait(labtest.LIMIT_S)


class ProgramCase(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("lab.json", LAB))
        self.write("client.json", AT_ONCE)

    def server(self, *arguments, config=None, name="server", prefix=()):
        """Starts a server in the foreground, and waits until it serves."""
        self.write("server.json", config or served())
        program = Program(self, "s", name, *prefix, SERVER, "-c", "server.json", "-f", "--control", f"{name}.sock",
                          *arguments)
        program.wait_for_text(r"serving eth0, 10\.3\.0\.1/24")
        return program

    def client(self, host, *arguments, name="client", config=None):
        """Starts a client and waits until it has a lease."""
        self.write("client.json", AT_ONCE | (config or {}))
        program = Program(self, host, name, CLIENT, "-i", "eth0", "-c", "client.json", "--control", f"{name}.sock",
                          *arguments)
        program.wait_for_text("is ours for")
        return program

    def once(self, host, *arguments, code=0):
        """Runs a client until it has a lease; the address that it left on the interface."""
        self.on(host, CLIENT, "-i", "eth0", "-c", "client.json", "-1", *arguments, code=code)
        addresses = [address for address, _ in self.seen_on(host, "leased_addresses")]
        return addresses[0] if addresses else None

    def leases(self, name="server"):
        """The states of the leases that the server knows, by address."""
        answer = self.control(self.dir / f"{name}.sock", "lease4-get-all")
        states = {0: "active", 3: "released"}  # Kea's numbers
        return {lease["ip-address"]: states[lease["state"]] for lease in answer["arguments"]["leases"]}

    def send(self, *messages):
        """Sends DHCP messages in hexadecimal from x to every server."""
        self.on("x", sys.executable, "-c", SENDER, *messages)


class Usage(ProgramCase):
    """What is wrong is told in a sentence on standard error; exit code 2 for the command line and the files."""

    def expect(self, host, command, code, pattern):
        with self.subTest(command=" ".join(map(str, command))):
            done = self.on(host, *command, code=code)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, pattern)

    def test_server(self):
        self.write("server.json", served())
        self.write("nosuch.json", served(interfaces=["nosuch"]))
        self.write("bad.json", '{\n  "Dhcp4": {\n    "valid-lifetime": "long"\n  }\n}\n')
        config = served()
        config["Dhcp4"]["loggers"] = [{"name": "kea-dhcp4", "output-options": [{"output": "none/log"}]}]
        self.write("log.json", config)
        bad = r"(?m)^dhcplab-server: bad\.json:3:23: at \$\.Dhcp4\.valid-lifetime: "
        for arguments, code, pattern in (
                ([], 2, r"^dhcplab-server: -c FILE is missing\nTry 'dhcplab-server --help'\.\n$"),
                (["--nonsense"], 2, "--nonsense"),
                (["-c", "server.json", "more"], 2, r"there are no arguments but options: more\n"),
                (["-c", "none.json", "-f"], 2, r"^dhcplab-server: none\.json: \S.*\n$"),
                (["-c", "none.json", "-t"], 2, r"^dhcplab-server: none\.json: \S.*\n$"),
                (["-c", "bad.json", "-f"], 2, bad),
                (["-c", "bad.json", "-t"], 2, bad),
                (["-c", "bad.json"], 2, bad),
                (["-c", "nosuch.json", "-f"], 1, r"(?m)^dhcplab-server: nosuch: there is no such interface$"),
                (["-c", "server.json", "-i", "nosuch"], 1, r"(?m)^dhcplab-server: nosuch: there is no such interface$"),
                (["-c", "log.json", "-f"], 1, r"(?m)^dhcplab-server: log file none/log: No such file or directory$"),
                (["-c", "server.json", "-f", "--trace", "none/trace"], 1, r"none/trace: No such file or directory\n"),
                (["-c", "server.json", "-f", "--control", "none/s.sock"], 1, r"none/s\.sock: No such file or directory\n"),
                (["-c", "server.json", "-f", "--lease-file", "none/l.csv"], 1, r"none/l\.csv: No such file or directory\n"),
        ):
            self.expect("s", [SERVER, *arguments], code, pattern)
        self.expect("a", [SERVER, "-c", "server.json", "-f"], 1, r"(?m)^dhcplab-server: eth0: it has no IPv4 address; ")

    def test_client(self):
        self.write("bad.json", '{\n  "hostname": "h1",\n  "host-name": "h1"\n}\n')
        for arguments, code, pattern in (
                ([], 2, r"^dhcplab-client: -i INTERFACE is missing\nTry 'dhcplab-client --help'\.\n$"),
                (["--nonsense"], 2, "--nonsense"),
                (["-i", "eth0", "more"], 2, r"a command goes with --control PATH, and without -i: more\n"),
                (["-i", "eth0", "-1", "-t", "soon"], 2, "--timeout takes a number of seconds.*, not soon\n"),
                (["-i", "eth0", "--seed", "x"], 2, "--seed takes a number, not x\n"),
                (["-i", "eth0", "-c", "none.json"], 2, r"^dhcplab-client: none\.json: \S.*\n$"),
                (["-i", "eth0", "-c", "bad.json"], 2, r"^dhcplab-client: bad\.json:3:\d+: at \$\.host-name: .*\n$"),
                (["-i", "nosuch"], 1, r"^dhcplab-client: nosuch: \S.*\n$"),
                (["-i", "eth0", "--trace", "none/trace"], 1, r"none/trace: No such file or directory\n"),
                (["-i", "eth0", "--control", "none/c.sock"], 1, r"none/c\.sock: No such file or directory\n"),
        ):
            self.expect("a", [CLIENT, *arguments], code, pattern)

    def test_help_and_version(self):
        for program in (SERVER, CLIENT):
            for option in ("-h", "--help"):
                done = self.dhcplab(option, program=program)
                self.assertTrue(done.stdout.startswith(f"Usage: {program.name} "))
                self.assertIn("\nExamples:\n", done.stdout)
            self.assertRegex(self.dhcplab("-V", program=program).stdout, rf"^{program.name} \d+\.\d+\.\d+\n$")

    def test_check_of_a_configuration(self):
        self.write("server.json", served())
        done = self.on("a", SERVER, "-c", "server.json", "-t")
        self.assertEqual(done.stderr, "server.json: ok, 1 subnet, 0 warnings\n")
        printed = json.loads(done.stdout)["Dhcp4"]
        self.assertEqual((printed["subnet4"][0]["id"], printed["echo-client-id"]), (1, True))
        self.write("idle.json", {"Dhcp4": {}})
        done = self.on("a", SERVER, "-c", "idle.json", "-t")
        self.assertRegex(done.stderr, r"no interface is named.*\nidle\.json: ok, 0 subnets, 2 warnings\n$")

    def test_loggers_and_control_socket_of_the_configuration(self):
        """What the loggers say goes to their files, by severity; the command line's -f says nothing beside them."""
        loggers = [{"name": "kea-dhcp4", "severity": severity, "debuglevel": 99,
                    "output-options": [{"output": str(self.dir / f"{severity}.log")}]} for severity in ("DEBUG", "INFO")]
        config = served()
        config["Dhcp4"] |= {"loggers": loggers,
                            "control-socket": {"socket-type": "unix", "socket-name": str(self.dir / "own.sock")}}
        self.write("server.json", config)
        server = Program(self, "s", "server", SERVER, "-c", "server.json", "-f")
        wait_for(lambda: labtest.serves(self.dir / "own.sock"), "the control socket")
        self.client("a", "-1")
        self.assertEqual(self.control(self.dir / "own.sock", "version-get")["result"], 0)
        debug, info = ((self.dir / f"{severity}.log").read_text() for severity in ("DEBUG", "INFO"))
        self.assertRegex(debug, r"(?m)^\S+ server +< eth0 +DISCOVER ")
        self.assertRegex(debug, r"(?m)^ +53 dhcp-message-type ")
        for text in (debug, info):
            self.assertIn("serving eth0, 10.3.0.1/24", text)
        self.assertNotIn("DISCOVER", info)
        self.assertEqual(server.text(), "")

    def test_the_log_tells_start_reloads_and_end(self):
        """However they come about: by a signal, or by a command."""
        config = served()
        config["Dhcp4"] |= {"loggers": [{"name": "kea-dhcp4", "severity": "INFO",
                                         "output-options": [{"output": str(self.dir / "server.log")}]}]}
        again = "configuration server.json read again; leases are kept"
        bad = "reload failed: server.json: not found"
        by_command = "another configuration is served: config-set; leases are kept"
        changed = "another configuration is served: reservation-add; leases are kept"
        reservation = {"subnet-id": 1, "hw-address": "02:00:00:00:00:42", "ip-address": "10.3.0.42"}
        path = self.dir / "server.sock"
        for name, end in (("SIGTERM", lambda server: server.kill(signal.SIGTERM)),
                          ("SIGINT", lambda server: server.kill(signal.SIGINT)),
                          ("shutdown", lambda server: self.control(path, "shutdown"))):
            self.write("server.json", config)
            server = Program(self, "s", "server", SERVER, "-c", "server.json", "-f", "--control", "server.sock")
            wait_for(lambda: labtest.serves(path), "the control socket")
            self.assertEqual(self.control(path, "config-reload")["result"], 0)
            self.assertEqual(self.control(path, "config-set", config)["result"], 0)
            self.assertEqual(self.control(path, "reservation-add", {"reservation": reservation})["result"], 0)
            (self.dir / "server.json").unlink()
            self.assertEqual(self.control(path, "config-reload")["result"], 1)
            end(server)
            self.assertEqual(server.process.wait(labtest.LIMIT_S), 0)
            lines = [line.split(maxsplit=3)[3] for line in (self.dir / "server.log").read_text().splitlines()]
            self.assertEqual(lines[-5:], [again, by_command, changed, bad, f"the server ends: {name}"])

    def test_each_control_socket_of_the_configuration_is_served(self):
        paths = [self.dir / "first.sock", self.dir / "second.sock"]
        config = served()
        config["Dhcp4"]["control-sockets"] = [{"socket-type": "unix", "socket-name": str(path)} for path in paths]
        self.write("server.json", config)
        server = Program(self, "s", "server", SERVER, "-c", "server.json", "-f")
        server.wait_for_text(r"serving eth0, 10\.3\.0\.1/24")
        for path in paths:
            self.assertEqual(path.stat().st_mode & 0o777, 0o660)
            self.assertEqual(self.control(path, "version-get")["result"], 0)
        config["Dhcp4"]["control-sockets"].pop()
        self.write("server.json", config)
        self.assertEqual(self.control(paths[1], "config-reload")["result"], 0)
        server.wait_for_text("other control sockets are used only after a restart")
        self.assertEqual(self.control(paths[1], "shutdown")["result"], 0)
        self.assertEqual(server.process.wait(labtest.LIMIT_S), 0)
        self.assertEqual([path for path in paths if path.exists()], [])

    def test_a_control_socket_that_another_server_serves_leaves_none_of_the_others(self):
        config = served()
        config["Dhcp4"]["control-sockets"] = [{"socket-type": "unix", "socket-name": str(self.dir / name)}
                                              for name in ("first.sock", "server.sock")]
        self.server()
        self.write("server.json", config)
        done = self.on("x", SERVER, "-c", "server.json", "-f", code=1)
        self.assertRegex(done.stderr, r"(?m)^dhcplab-server: \S*/server\.sock: ")
        self.assertFalse((self.dir / "first.sock").exists())

    def test_port_is_taken(self):
        self.server()
        self.expect("s", [SERVER, "-c", "server.json", "-f"], 1,
                    r"(?m)^dhcplab-server: eth0: another program serves UDP port 67 there$")


class Server(ProgramCase):
    def test_ends(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.server(name=f"server{number}")
            self.assertEqual(server.end(number), 0)
            self.assertFalse((self.dir / f"server{number}.sock").exists())

    def test_reads_a_changed_file(self):
        server = self.server()
        self.assertEqual(self.once("a"), "10.3.0.100/24")
        self.write("server.json", served(pool="10.3.0.150 - 10.3.0.159"))
        server.kill(signal.SIGHUP)
        server.wait_for_text("configuration server.json read again; leases are kept")
        self.assertEqual(self.once("b"), "10.3.0.150/24")
        self.assertEqual(self.leases(), {"10.3.0.100": "active", "10.3.0.150": "active"})

    def expect_no_change(self, server, pattern):
        """The file is refused and the first configuration is in force."""
        server.kill(signal.SIGHUP)
        server.wait_for_text(pattern)
        self.assertEqual(self.once("b"), "10.3.0.101/24")
        self.assertEqual(self.leases(), {"10.3.0.100": "active", "10.3.0.101": "active"})

    def test_bad_file_changes_nothing(self):
        server = self.server()
        self.assertEqual(self.once("a"), "10.3.0.100/24")
        self.write("server.json", '{ "Dhcp4": {\n  "valid-lifetime": 0 } }')
        self.expect_no_change(server, r"reload failed: server\.json:2:\d+: at \$\.Dhcp4\.valid-lifetime: ")

    def test_file_with_an_interface_that_is_not_there_changes_nothing(self):
        server = self.server()
        self.assertEqual(self.once("a"), "10.3.0.100/24")
        self.write("server.json", served(pool="10.3.0.150 - 10.3.0.159", interfaces=["eth0", "nosuch"]))
        self.expect_no_change(server, r"nosuch: there is no such interface")

    def test_no_file_changes_nothing(self):
        server = self.server()
        self.assertEqual(self.once("a"), "10.3.0.100/24")
        (self.dir / "server.json").unlink()
        self.expect_no_change(server, r"reload failed: server\.json: ")

    def background(self, *arguments, code=0):
        self.write("server.json", served())
        return self.on("s", SERVER, "-c", "server.json", *arguments, code=code)

    def test_goes_to_the_background(self):
        done = self.background("--control", "server.sock", "--trace", "server.trace", "--lease-file", "leases.csv")
        self.assertRegex(done.stdout, r"^dhcplab-server: serving in the background as process \d+\n$")
        pid, = [pid for pid, line in self.processes().items() if line.startswith(str(SERVER))]
        self.assertEqual(os.getsid(pid), os.getpgid(pid))
        self.assertTrue(os.path.samefile(f"/proc/{pid}/fd/2", "/dev/null"))
        self.assertEqual(self.once("a"), "10.3.0.100/24")
        self.assertEqual(self.leases(), {"10.3.0.100": "active"})
        self.assertIn("10.3.0.100,", (self.dir / "leases.csv").read_text())
        self.write("server.json", served(pool="10.3.0.150 - 10.3.0.159"))
        self.assertEqual(self.control(self.dir / "server.sock", "config-reload")["result"], 0)
        self.assertEqual(self.once("b"), "10.3.0.150/24")
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: pid not in labtest.living(), "the server's end")
        self.assertFalse((self.dir / "server.sock").exists())
        traced = [json.loads(line).get("type") for line in (self.dir / "server.trace").read_text().splitlines()]
        self.assertEqual(traced.count("ACK"), 2)

    def test_errors_before_the_background_are_told(self):
        for arguments, pattern in ((["--control", "none/s.sock"], r"^dhcplab-server: none/s\.sock: No such file"),
                                   (["--lease-file", "none/l.csv"], r"^dhcplab-server: none/l\.csv: No such file"),
                                   (["--trace", "none/trace"], r"^dhcplab-server: none/trace: No such file"),
                                   (["-i", "nosuch"], r"^dhcplab-server: nosuch: there is no such interface\n")):
            with self.subTest(arguments=arguments):
                self.assertRegex(self.background(*arguments, code=1).stderr, pattern)
        self.assertEqual([line for line in self.processes().values() if line.startswith(str(SERVER))], [])

    def test_lease_file_over_a_restart(self):
        for number, code in ((signal.SIGTERM, 0), (signal.SIGKILL, 137)):
            with self.subTest(signal=number):
                lease_file = f"leases{number}.csv"
                server = self.server("--lease-file", lease_file, name=f"first{number}")
                self.assertEqual(self.once("a"), "10.3.0.100/24")
                self.assertEqual(server.end(number), code)
                server = self.server("--lease-file", lease_file, name=f"second{number}")
                server.wait_for_text(rf"1 leases read from {lease_file}, 0 records not usable")
                self.assertEqual(self.leases(f"second{number}"), {"10.3.0.100": "active"})
                # A server that had forgotten would give this one the first address.
                self.assertEqual(self.once("b"), "10.3.0.101/24")
                self.assertEqual(self.once("a"), "10.3.0.100/24")
                self.assertEqual(server.end(), 0)

    def test_lease_that_is_not_stored_is_not_acknowledged(self):
        server = self.server("--lease-file", "leases.csv", name="before")
        self.assertEqual(self.once("a"), "10.3.0.100/24")
        server.end()
        # Many records make the lease file the largest of the server's files, so that a limit hits no other one.
        leases = self.dir / "leases.csv"
        heading, record = leases.read_text().splitlines(keepends=True)
        leases.write_text(heading + 500 * record)
        server = self.server("--lease-file", "leases.csv", prefix=["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh"])
        pid = server.kill(0)
        unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (leases.stat().st_size, unlimited[1]))
        self.assertIsNone(self.once("b", "-t", "3", code=1))
        server.wait_for_text("leases cannot be stored, so no ACK is sent: ")
        self.assertNotEqual(server.messages("rx", "REQUEST"), [])
        self.assertEqual(server.messages("tx", "ACK"), [])
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
        self.assertEqual(self.once("b"), "10.3.0.101/24")
        server.wait_for_text("leases can be stored again")
        self.assertEqual(len(server.messages("tx", "ACK")), 1)

    def test_malformed_messages(self):
        server = self.server()
        self.send(
            datagram(1, op=2),
            datagram(2, op=7),
            datagram(3, hlen=17),
            datagram(4)[:200],
            datagram(5, cookie="63825364"),
            datagram(6, options="35020101ff"),  # option 53 of two octets
            datagram(7, options="3501010c026831"),  # no END
            datagram(8, options="350101340107ff"),  # option 52 is 7
            datagram(9, options="3501010c096831"),  # option 12 ends after the message
            datagram(10, options="35010332040a0300643603000001ff"),  # option 54 of three octets
            datagram(99),
        )
        server.wait_for_text("OFFER .* xid 0x00000063 ")  # it still answers
        events = server.events()
        reasons = [event["reason"] for event in events if event["kind"] == "drop"]
        text = server.text()
        for reason in ("msg-reply-at-server", "msg-bad-op", "msg-bad-hlen", "msg-too-short", "msg-bad-cookie",
                       "msg-bad-type", "msg-bad-option"):
            with self.subTest(reason=reason):
                self.assertEqual(reasons.count(reason), 1, reasons)
                self.assertIn(reason, text)
        read = {event["xid"]: event for event in events if event.get("direction") == "rx" and "options" in event}
        for xid, defect in ((7, "missing-end"), (8, "bad-overload"), (9, "option-cut")):
            with self.subTest(defect=defect):
                found = {defect["reason"]: defect["text"] for defect in read[f"0x{xid:08x}"]["defects"]}
                self.assertIn(defect, found)
                self.assertIn(found[defect], text)
        server_id, = [option for option in read["0x0000000a"]["options"] if option["code"] == 54]
        self.assertIsNone(server_id["value"])
        self.assertEqual((server_id["hex"], server_id["length"]), ("000001", 3))
        self.assertTrue(server_id["malformed"]["reason"] and server_id["malformed"]["text"])
        # Whom such a REQUEST is for is not known.
        self.assertEqual(server.messages("tx", "ACK"), [])

    def test_two_messages_at_once(self):
        server = self.server()
        server.kill(signal.SIGSTOP)
        self.send(datagram(1), datagram(2))
        server.kill(signal.SIGCONT)
        server.wait_for_message("tx", "OFFER", count=2)
        offers = {offer["xid"]: (offer["yiaddr"], offer["chaddr"]) for offer in server.messages("tx", "OFFER")}
        self.assertEqual(offers, {"0x00000001": ("10.3.0.100", "02:00:00:00:99:01"),
                                  "0x00000002": ("10.3.0.101", "02:00:00:00:99:02")})

    def test_quiet(self):
        self.write("server.json", served())
        server = Program(self, "s", "server", SERVER, "-c", "server.json", "-f", "-q", "--control", "server.sock")
        wait_for(lambda: labtest.serves(self.dir / "server.sock"), "the control socket")
        self.once("a")
        self.assertEqual(server.text(), "")
        self.write("server.json", "{")
        server.kill(signal.SIGHUP)
        server.wait_for_text("server.json:1:2: at ")
        self.assertEqual(len(server.text().splitlines()), 1, server.text())


class Client(ProgramCase):
    def test_once(self):
        self.server()
        self.assertEqual(self.once("a"), "10.3.0.100/24")
        self.assertEqual([line for line in self.processes().values() if line.startswith(str(CLIENT))], [])
        self.assertEqual(self.leases(), {"10.3.0.100": "active"})

    def test_once_without_a_server(self):
        done = self.on("a", CLIENT, "-i", "eth0", "-c", "client.json", "-1", "-t", "1", code=1)
        self.assertIn("no lease in time", done.stderr)
        self.assertEqual(self.seen_on("a", "leased_addresses"), [])

    def test_quiet(self):
        quiet = [CLIENT, "-i", "eth0", "-c", "client.json", "-1", "-q"]
        done = self.on("a", *quiet, "-t", "1", code=1)
        self.assertRegex(done.stderr, r"^[^\n]*no lease in time\n$")
        self.server()
        done = self.on("a", *quiet)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_renews_and_releases(self):
        self.server()
        client = self.client("a")
        client.kill(signal.SIGUSR1)
        ack = client.wait_for_message("rx", "ACK", count=2)
        renewal = client.messages("tx", "REQUEST")[-1]
        self.assertEqual((renewal["ciaddr"], renewal["dst"], renewal["xid"]), ("10.3.0.100", "10.3.0.1", ack["xid"]))
        client.kill(signal.SIGUSR2)
        self.assertEqual(client.wait_for_message("tx", "RELEASE")["ciaddr"], "10.3.0.100")
        wait_for(lambda: self.leases() == {"10.3.0.100": "released"}, "the server to free the lease")
        wait_for(lambda: self.seen_on("a", "leased_addresses") == [], "the address to leave the interface")
        client.kill(signal.SIGUSR1)  # without a lease: the whole exchange again
        client.wait_for_message("rx", "ACK", count=3)
        self.assertEqual(client.end(), 0)

    def test_ends_without_a_release(self):
        self.server()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number):
                client = self.client("a", name=f"client{number}")
                self.assertEqual([address for address, _ in self.seen_on("a", "leased_addresses")], ["10.3.0.100/24"])
                self.assertEqual(client.end(number), 0)
                self.assertEqual(self.seen_on("a", "leased_addresses"), [])
                self.assertEqual(client.messages("tx", "RELEASE"), [])
                self.assertEqual(self.leases(), {"10.3.0.100": "active"})
                self.assertFalse((self.dir / f"client{number}.sock").exists())

    def test_broadcast_flag(self):
        """RFC 2131 4.1: where the flag is set, the answers are broadcast; where not, they go to yiaddr."""
        self.server()
        for host, flag, dst, dst_hw in (("a", True, "255.255.255.255", "ff:ff:ff:ff:ff:ff"),
                                        ("b", False, "10.3.0.101", "02:00:00:00:00:03")):
            with self.subTest(broadcast=flag):
                client = self.client(host, name=host, config={"broadcast": flag})
                for answer in client.messages("rx", "OFFER", "ACK"):
                    self.assertEqual((answer["dst"], answer["dst_hw"], answer["broadcast"]), (dst, dst_hw, flag))
                self.assertEqual({message["broadcast"] for message in client.messages("tx", "DISCOVER", "REQUEST")}, {flag})


if __name__ == "__main__":
    if not labtest.has_programs("dhcplab-server", "dhcplab-client"):
        print(f"no server and client in {BIN}")
        sys.exit(1)
    labtest.main()
