#!/usr/bin/env python3
"""Labs of real namespaces: they come up, hold together, are looked at and go away without a trace."""

import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import unittest

import labtest
from labtest import BIN, DHCPLAB, LabCase, wait_for

VETH = {
    "description": "two hosts and a wire",
    "hosts": {"a": {}, "b": {}},
    "links": [{"type": "veth", "ends": [{"host": "a", "address": "10.1.0.1/24"},
                                        {"host": "b", "address": "10.1.0.2/24"}]}],
}

BRIDGE = {
    "hosts": {"a": {}, "b": {}, "c": {}},
    "links": [{"type": "bridge", "name": "lan",
               "ends": [{"host": "a", "address": "10.2.0.1/24"},
                        {"host": "b", "address": "10.2.0.2/24", "mac": "02:00:00:00:be:ef"},
                        {"host": "c", "address": "10.2.0.3/24"}]}],
}

# Stands for a server where only the lab is tested: answers its control socket, does nothing.
STAND_IN = """#!/usr/bin/env python3
import os, socket, sys
path = sys.argv[sys.argv.index("--control") + 1]
if "refuse" in open(sys.argv[sys.argv.index("-c") + 1]).read():
    line = open(sys.argv[sys.argv.index("-c") + 1]).read().split("refuse")[0].count("\\n") + 1
    print(f"{sys.argv[sys.argv.index('-c') + 1]}:{line}:1: at $: this is refused", file=sys.stderr)
    sys.exit(2)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
while True:
    peer, _ = listener.accept()
    peer.recv(65536)
    peer.sendall(b'{"result": 0, "text": "stand-in"}')
    peer.close()
"""


def served(configuration):
    """A lab with one server."""
    return {"hosts": {"s": {"server": configuration}, "x": {}},
            "links": [{"type": "veth", "ends": [{"host": "s", "address": "10.3.0.1/24"}, {"host": "x"}]}]}


class Topology(LabCase):
    def test_errors_name_file_line_column_and_path(self):
        self.write("bad.json", '{\n  "hosts": { "a": {} },\n  "links": [ { "type": "wire", "ends": [] } ]\n}\n')
        done = self.dhcplab("up", "bad.json", code=2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, 'dhcplab: bad.json:3:24: at $.links[0].type: expected one of "veth", "bridge", '
                                      'found "wire"\n')
        self.write("cut.json", '{ "hosts": {')
        self.assertTrue(self.dhcplab("up", "cut.json", code=2).stderr.startswith("dhcplab: cut.json:1:13: at $"))
        self.assertFalse(self.run_dir.exists())

    def test_unknown_file(self):
        done = self.dhcplab("up", "nothing", code=2)
        self.assertEqual(done.stderr, "dhcplab: there is no topology file nothing, and no lab of that name comes with "
                                      "the program; there are: lan, pair, tour, two-servers\n")

    def test_labs_are_looked_for_beside_the_program(self):
        for program, labs in (("tree/build/bin", "tree/config/labs"), ("usr/bin", "usr/share/dhcplab/labs")):
            for folder in (program, labs):
                (self.dir / folder).mkdir(parents=True)
            copy = self.dir / program / "dhcplab"
            copy.write_bytes(DHCPLAB.read_bytes())
            copy.chmod(0o755)
            self.write(f"{labs}/pair.json", VETH)
            done = self.dhcplab("up", "pair", program=copy)
            self.assertIn(f"Lab pair from {(self.dir / labs).resolve()}/pair.json\n", done.stdout)
            self.dhcplab("down")

    @unittest.skipUnless(os.getuid() == 0, "only root can be somebody else, too")
    def test_run_folder_of_a_user_without_a_session(self):
        def as_nobody(session):
            env = {name: text for name, text in self.env.items() if name != "DHCPLAB_RUN"}
            return subprocess.run([self.dir / "dhcplab", "ps"], env=dict(env, XDG_RUNTIME_DIR=session), user=65534,
                                  group=65534, extra_groups=[], text=True, capture_output=True, timeout=30, check=False)
        (self.dir / "dhcplab").write_bytes(DHCPLAB.read_bytes())
        (self.dir / "dhcplab").chmod(0o755)
        self.dir.chmod(0o755)
        fallback = pathlib.Path("/tmp/dhcplab-65534")
        if fallback.exists():
            self.skipTest(f"{fallback} is in use")
        for session in (str(self.dir / "none"), "/root"):
            self.assertEqual(as_nobody(session).stdout, "No lab runs.\n")
        fallback.mkdir(mode=0o777)
        self.addCleanup(fallback.rmdir)
        done = as_nobody("/root")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not a folder that is yours alone", done.stderr)

    def test_warnings_do_not_stop_the_lab(self):
        self.write("comma.json", '{ "hosts": { "a": {}, } }')
        done = self.dhcplab("up", "comma.json")
        self.assertIn("comma.json:1:21: at $.hosts", done.stderr)

    def test_output_that_cannot_be_written_is_told(self):
        def to_a_full_disk(*command):
            with open("/dev/full", "w") as full:
                return subprocess.run(command, env=self.env, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, text=True, timeout=60, check=False)

        for command in (["--help"], ["ps"], ["run", "teaching"], ["timeline"], ["up", "--help"]):
            with self.subTest(command=command):
                done = to_a_full_disk(DHCPLAB, *command)
                self.assertEqual((done.returncode, done.stderr), (1, "dhcplab: not all of the output could be written\n"))
        done = to_a_full_disk(BIN / "dhcplab-server", "-c", labtest.SOURCE / "config" / "server.json", "-t")
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output: No space left on device", done.stderr)


class Network(LabCase):
    def ping(self, host, address, lab=None, code=0):
        name = ["-n", lab] if lab else []
        self.dhcplab("exec", *name, host, "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", address, code=code)

    def test_veth(self):
        self.dhcplab("up", self.write("wire.json", VETH))
        self.ping("a", "10.1.0.2")
        self.ping("b", "10.1.0.1")
        self.ping("a", "127.0.0.1")

    def test_no_segment_is_longer_than_the_link_takes(self):
        talk = ("import socket, sys\n"
                "if sys.argv[1] == 'a':\n"
                "    s = socket.create_server(('10.1.0.1', 5000)); print('listens', flush=True)\n"
                "    peer = s.accept()[0]; peer.sendall(b'x' * 100000)\n"
                "else:\n"
                "    s = socket.create_connection(('10.1.0.1', 5000)); n = 0\n"
                "    while part := s.recv(65536): n += len(part)\n"
                "    print(n)\n")
        self.write("talk.py", talk)
        self.dhcplab("up", self.write("veth.json", VETH))
        capture = self.record("b")
        with subprocess.Popen([DHCPLAB, "exec", "a", sys.executable, "talk.py", "a"], env=self.env, cwd=self.dir,
                              stdout=subprocess.PIPE, text=True) as server:
            self.assertEqual(server.stdout.readline(), "listens\n")
            self.assertEqual(self.on("b", sys.executable, "talk.py", "b").stdout, "100000\n")
        counted = [json.loads(line) for line in self.dhcplab("explain", capture, "--json", code=None).stdout.splitlines()]
        self.assertGreater(len(counted), 60)
        self.assertLessEqual(max(packet["length"] for packet in counted), 1514)

    def test_bridge(self):
        self.dhcplab("up", self.write("lan.json", BRIDGE))
        for host, address in (("a", "10.2.0.2"), ("b", "10.2.0.3"), ("c", "10.2.0.1")):
            self.ping(host, address)

    def test_ps(self):
        self.assertEqual(self.dhcplab("ps").stdout, "No lab runs.\n")
        self.assertEqual(self.labs(), {})
        self.dhcplab("up", self.write("lan.json", BRIDGE))
        lab = self.labs()["lan"]
        self.assertEqual(lab["state"], "running")
        self.assertEqual(lab["dir"], str(self.run_dir / "lan"))
        self.assertIn(lab["pid"], self.processes())
        hosts = [{key: host[key] for key in ("name", "role", "pid", "control", "interfaces")} for host in lab["hosts"]]
        self.assertEqual(hosts, [
            {"name": name, "role": "plain", "pid": 0, "control": None, "interfaces": [
                {"name": "eth0", "hardware_address": mac, "address": address, "link": "lan"}]}
            for name, mac, address in (("a", "02:00:00:00:00:01", "10.2.0.1/24"),
                                       ("b", "02:00:00:00:be:ef", "10.2.0.2/24"),
                                       ("c", "02:00:00:00:00:03", "10.2.0.3/24"))])
        self.assertRegex(self.dhcplab("ps").stdout, r"b +plain +- +eth0 02:00:00:00:be:ef 10\.2\.0\.2/24 \(lan\)")
        for host in hosts:
            shown = self.dhcplab("exec", host["name"], "cat", "/sys/class/net/eth0/address").stdout.strip()
            self.assertEqual(shown, host["interfaces"][0]["hardware_address"])

    def test_a_lab_in_which_nobody_speaks_has_an_empty_log(self):
        self.dhcplab("up", self.write("wire.json", VETH))
        self.assertEqual(self.dhcplab("log").stdout, "")
        self.dhcplab("capture", "wire.pcapng", "--duration", "1")

    def test_two_labs_at_once(self):
        wire = self.write("wire.json", VETH)
        self.dhcplab("up", wire)
        self.dhcplab("up", wire, "-n", "second")
        again = self.dhcplab("up", wire, code=1)
        self.assertEqual(again.stderr, "dhcplab: a lab of the name wire runs already; `dhcplab down wire` ends it, "
                                       "`dhcplab up -n NAME` starts another beside it\n")
        self.assertEqual(list(self.labs()), ["second", "wire"])
        self.assertIn("choose one with -n: second wire", self.dhcplab("exec", "a", "true", code=1).stderr)
        self.ping("a", "10.1.0.2", lab="second")
        self.dhcplab("-n", "second", "exec", "a", "true")
        self.dhcplab("--name=second", "exec", "a", "true")
        self.assertIn("no lab of the name third", self.dhcplab("-n", "third", "exec", "a", "true", code=1).stderr)
        self.assertIn("second wire", self.dhcplab("down", code=2).stderr)
        self.dhcplab("down", "wire")
        self.assertEqual(list(self.labs()), ["second"])
        self.ping("a", "10.1.0.2")
        self.dhcplab("down")
        self.assertEqual(self.dhcplab("down", code=1).stderr, "dhcplab: no lab runs\n")

    def test_the_callers_network_stays_as_it_is(self):
        before = labtest.interfaces(), labtest.addresses()
        self.dhcplab("up", self.write("lan.json", BRIDGE))
        self.assertEqual((labtest.interfaces(), labtest.addresses()), before)
        names = self.dhcplab("exec", "a", "sh", "-c", "cd /sys/class/net && echo *").stdout.split()
        self.assertEqual(names, ["eth0", "lo"])
        self.dhcplab("down")
        self.assertEqual((labtest.interfaces(), labtest.addresses()), before)


class Chroot(LabCase):
    """In a chroot "/" may be no mount, whose propagation could be chosen."""

    @unittest.skipUnless(os.geteuid() == 0, "only root may chroot")
    def test_a_hosts_files_are_its_own(self):
        root = self.dir / "root"
        (root / "etc").mkdir(parents=True)
        shutil.copy("/etc/ld.so.cache", root / "etc")
        (root / "etc/resolv.conf").write_text("the machine's\n")
        folders = {f"/{path.parts[1]}" for path in map(pathlib.Path, ("/usr", "/proc", "/sys", "/dev", BIN, self.run_dir))}
        for folder in folders:
            (root / folder[1:]).mkdir()
        for link in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{link}"):
                (root / link).symlink_to(os.readlink(f"/{link}"))
        script = (f"""for folder in {' '.join(sorted(folders))}; do mount --rbind $folder {root}$folder; done
            lab() {{ chroot {root} {DHCPLAB} "$@"; }}
            lab up {self.dir / self.write("wire.json", VETH)} >&2
            lab exec a sh -c 'echo the host >/etc/resolv.conf' && lab exec a cat /etc/resolv.conf && lab exec b cat /etc/resolv.conf
            lab down >&2
            lab run lost-ack --veth >&2""")
        done = subprocess.run(["unshare", "--mount", "sh", "-euc", script], env=self.env, text=True, timeout=60,
                              capture_output=True, check=False)
        if done.stderr.startswith("unshare:"):
            self.skipTest("a chroot already")
        self.assertEqual((done.returncode, done.stdout), (0, "the host\n"), done.stderr)
        self.assertEqual((root / "etc/resolv.conf").read_text(), "the machine's\n")


class Exec(LabCase):
    def setUp(self):
        super().setUp()
        self.dhcplab("up", self.write("wire.json", VETH))

    def test_exit_codes_are_those_of_a_shell(self):
        self.dhcplab("exec", "a", "true")
        self.dhcplab("exec", "a", "sh", "-c", "exit 42", code=42)
        self.dhcplab("exec", "a", "sh", "-c", "kill -9 $$", code=137)
        ignored = self.dhcplab("exec", "a", "sed", "-n", "s/^SigIgn:.//p", "/proc/self/status").stdout
        self.assertEqual(int(ignored, 16), 0)
        self.dhcplab("exec", "a", "no-such-program", code=127)
        self.dhcplab("exec", "a", "/", code=126)
        self.assertIn("no host nobody", self.dhcplab("exec", "nobody", "true", code=2).stderr)

    def test_folder_files_and_standard_streams_are_the_callers(self):
        self.write("here.txt", "content\n")
        self.assertEqual(self.dhcplab("exec", "a", "cat", "here.txt").stdout, "content\n")
        self.assertEqual(self.dhcplab("exec", "a", "pwd").stdout.strip(), str(self.dir))
        program = self.dir / "mine"
        program.write_text("#!/bin/sh\nread line; echo \"got $line\"; echo complaint >&2\n")
        program.chmod(0o755)
        done = subprocess.run([DHCPLAB, "exec", "a", "./mine"], env=self.env, cwd=self.dir, input="a line\n", text=True,
                              capture_output=True, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "got a line\n", "complaint\n"))

    def test_two_dashes_before_the_command(self):
        self.assertEqual(self.dhcplab("exec", "a", "--", "echo", "--", "x").stdout, "-- x\n")
        self.dhcplab("exec", "a", "--", code=2)

    def test_the_machine_is_called_as_the_host(self):
        before = os.uname().nodename
        self.assertEqual(self.dhcplab("exec", "b", "uname", "-n").stdout, "b\n")
        self.assertEqual(os.uname().nodename, before)

    def test_options_belong_to_the_command(self):
        self.assertEqual(self.dhcplab("exec", "a", "echo", "-n", "--help").stdout, "--help")

    def test_signals_reach_the_command(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            running = subprocess.Popen([DHCPLAB, "exec", "a", "sh", "-c", "echo started; exec sleep 1000"], env=self.env,
                                       stdout=subprocess.PIPE, text=True)
            self.assertEqual(running.stdout.readline(), "started\n")
            running.send_signal(number)
            self.assertEqual(running.wait(labtest.LIMIT_S), 128 + number)
            running.stdout.close()

    def test_interrupt_from_the_terminal_is_the_commands_to_take(self):
        script = "trap 'echo caught; exit 5' INT; echo started; while :; do sleep 0.05; done"
        running = subprocess.Popen([DHCPLAB, "exec", "a", "sh", "-c", script], env=self.env, stdout=subprocess.PIPE,
                                   text=True, start_new_session=True)
        self.assertEqual(running.stdout.readline(), "started\n")
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to the whole group
        self.assertEqual(running.stdout.readline(), "caught\n")
        self.assertEqual(running.wait(labtest.LIMIT_S), 5)
        running.stdout.close()

    def test_down_ends_it(self):
        running = subprocess.Popen([DHCPLAB, "exec", "a", "sh", "-c", "echo started; exec sleep 1000"], env=self.env,
                                   stdout=subprocess.PIPE, text=True)
        self.assertEqual(running.stdout.readline(), "started\n")
        self.dhcplab("down")
        self.assertEqual(running.wait(labtest.LIMIT_S), 128 + signal.SIGKILL)
        running.stdout.close()


class Ends(LabCase):
    """However a lab ends, nothing is left."""

    def setUp(self):
        super().setUp()
        # A copy of dhcplab finds its server beside itself.
        self.program = self.dir / "bin" / "dhcplab"
        self.program.parent.mkdir()
        os.symlink(DHCPLAB, self.program)
        self.footprint = labtest.Footprint(self)

    def is_clean(self):
        return not any(self.footprint.left().values())

    def expect_nothing_left(self):
        """No process, namespace or file of the lab, and the interfaces as they were."""
        try:
            wait_for(self.is_clean, "nothing to be left")
        except AssertionError:
            self.assertEqual(self.footprint.left(), None)

    def up(self, topology, *arguments, **more):
        done = self.dhcplab("up", self.write("lab.json", topology), *arguments, **more)
        self.footprint.note()
        return done

    def supervisor(self):
        return self.labs()["lab"]["pid"]

    def expect_dead(self, pid):
        wait_for(lambda: pid not in self.processes() and self.labs()["lab"]["state"] == "dead", "the supervisor's end")

    def test_down(self):
        self.up(BRIDGE)
        left = self.footprint.left()
        self.assertEqual(len(left["processes"]), 1)  # the supervisor
        # A network and a mount namespace for the switch and for each of three hosts, and one of processes.
        kinds = sorted(name.partition(":")[0] for name in left["namespaces"])
        self.assertEqual(kinds, ["mnt"] * 4 + ["net"] * 4 + ["pid"] + (["user"] if os.getuid() != 0 else []))
        self.assertEqual(self.dhcplab("down").stdout, "The lab lab is down.\n")
        self.assertTrue(self.is_clean(), self.footprint.left())  # at once, not soon

    def test_down_over_the_control_socket(self):
        self.up(VETH)
        path = self.run_dir / "lab" / "lab.sock"
        self.assertTrue(stat.S_ISSOCK(path.stat().st_mode))
        hosts = self.control(path, "hosts")["arguments"]["hosts"]
        self.assertEqual([host["name"] for host in hosts], ["a", "b"])
        self.assertEqual(self.control(path, "nonsense")["result"], 2)
        self.assertEqual(self.control(path, "down")["result"], 0)
        self.expect_nothing_left()

    def test_termination_of_the_supervisor(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.up(BRIDGE)
            os.kill(self.supervisor(), number)
            self.expect_nothing_left()

    def test_the_supervisor_survives_its_terminal(self):
        self.up(VETH)
        pid = self.supervisor()
        os.kill(pid, signal.SIGHUP)
        self.dhcplab("exec", "a", "true")
        self.assertEqual(os.getsid(pid), pid)
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        self.assertTrue(os.path.samefile(f"/proc/{pid}/fd/0", "/dev/null"))

    def test_killed_supervisor(self):
        self.up(BRIDGE)
        pid = self.supervisor()
        running = subprocess.Popen([DHCPLAB, "exec", "a", "sleep", "1000"], env=self.env)
        wait_for(lambda: "sleep 1000" in self.processes().values(), "the command")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(running.wait(labtest.LIMIT_S), 128 + signal.SIGKILL)
        self.expect_dead(pid)
        self.assertIn("was killed", self.dhcplab("exec", "a", "true", code=1).stderr)
        self.dhcplab("down")
        self.expect_nothing_left()

    def test_up_again_after_a_killed_supervisor(self):
        self.up(VETH)
        pid = self.supervisor()
        os.kill(pid, signal.SIGKILL)
        self.expect_dead(pid)
        self.up(VETH)
        self.dhcplab("exec", "a", "true")
        self.dhcplab("down")
        self.expect_nothing_left()

    def test_a_pid_that_is_not_the_supervisors_is_left_alone(self):
        self.up(VETH)
        pid = self.supervisor()
        os.kill(pid, signal.SIGKILL)
        self.expect_dead(pid)
        other = subprocess.Popen(["sleep", "1000"])
        (self.run_dir / "lab" / "lock").write_text(f"{other.pid}\n")
        self.dhcplab("down")
        self.assertIsNone(other.poll())
        other.kill()
        other.wait()
        self.expect_nothing_left()

    def test_down_while_a_command_is_suspended(self):
        self.up(VETH)
        running = subprocess.Popen([DHCPLAB, "exec", "a", "sleep", "1000"], env=self.env)
        wait_for(lambda: "sleep 1000" in self.processes().values(), "the command")
        running.send_signal(signal.SIGSTOP)
        self.assertIn("a suspended `dhcplab exec` still holds process", self.dhcplab("down").stderr)
        self.assertEqual(self.labs(), {})
        running.send_signal(signal.SIGCONT)
        self.assertEqual(running.wait(labtest.LIMIT_S), 128 + signal.SIGKILL)
        self.expect_nothing_left()

    def test_frozen_supervisor(self):
        self.up(VETH)
        os.kill(self.supervisor(), signal.SIGSTOP)
        self.dhcplab("down")
        self.expect_nothing_left()

    def test_interrupted_up_leaves_nothing(self):
        self.use_stand_in("import time; time.sleep(1000)\n")
        for number in (signal.SIGINT, signal.SIGKILL):
            name = self.write("lab.json", served({}))
            running = subprocess.Popen([self.program, "up", name], env=self.env, cwd=self.dir, stdout=subprocess.PIPE)
            wait_for(lambda: any("dhcplab-server" in command for command in self.processes().values()), "the server")
            running.send_signal(number)
            running.wait(labtest.LIMIT_S)
            running.stdout.close()
            self.expect_nothing_left()

    def interrupt(self, is_time):
        """Ctrl-C, which all processes of the terminal get, as soon as it is time."""
        running = subprocess.Popen([self.program, "up", "lab.json"], env=self.env, cwd=self.dir, stdout=subprocess.DEVNULL,
                                   start_new_session=True)
        while not is_time():
            pass
        os.killpg(running.pid, signal.SIGINT)
        self.assertEqual(running.wait(labtest.LIMIT_S), -signal.SIGINT)
        self.expect_nothing_left()

    def test_up_interrupted_at_any_instant_leaves_nothing(self):
        self.use_stand_in("import time; time.sleep(1000)\n")
        self.write("lab.json", served({}))
        for _ in range(5):
            self.interrupt((self.run_dir / "lab").exists)
        for ms in range(0, 60, 3):
            end = time.monotonic() + ms / 1000
            self.interrupt(lambda: time.monotonic() >= end)

    def test_up_on_a_full_disk(self):
        """There is room for the lab's clock, but not for the lock's pid."""
        self.write("wire.json", VETH)
        self.run_dir.mkdir(exist_ok=True)
        script = f"""mount -t tmpfs -o size=$(getconf PAGESIZE) none {self.run_dir}
            {DHCPLAB} up wire.json || echo $?
            ls {self.run_dir}"""
        done = subprocess.run(["unshare", "--mount", "sh", "-euc", script], env=self.env, cwd=self.dir, text=True,
                              timeout=60, capture_output=True, check=False)
        if done.stderr.startswith(("unshare:", "mount:")):
            self.skipTest("nothing may be mounted here")
        self.assertEqual(done.stdout, "Lab wire from wire.json\n1\n")
        self.assertIn("the supervisor cannot start: No space left on device", done.stderr)
        self.expect_nothing_left()

    def use_stand_in(self, text=STAND_IN):
        """Puts a program in the place of dhcplab-server, beside a copy of dhcplab."""
        self.program.unlink(missing_ok=True)
        self.program.write_bytes(DHCPLAB.read_bytes())
        self.program.chmod(0o755)
        server = self.program.parent / "dhcplab-server"
        server.write_text(text if text.startswith("#!") else "#!/usr/bin/env python3\n" + text)
        server.chmod(0o755)

    def test_server_that_does_not_answer(self):
        self.use_stand_in("import time; time.sleep(1000)\n")
        done = self.up(served({}), "--timeout", "1", program=self.program, code=1)
        self.assertIn("the server on s does not answer", done.stderr)
        self.expect_nothing_left()

    def test_server_that_refuses_its_configuration(self):
        self.use_stand_in()
        text = json.dumps(served({"comment": "X"}), indent=1).replace('"X"', '"refuse"')
        line = text.split("refuse")[0].count("\n") + 1
        self.write("bad.json", text)
        done = self.dhcplab("up", "bad.json", program=self.program, code=2)
        self.assertIn(f"bad.json:{line}:1: at $: this is refused", done.stderr)
        self.assertIn("ended with exit code 2", done.stderr)
        self.expect_nothing_left()

    def test_program_that_is_not_there(self):
        self.program.unlink()
        self.program.write_bytes(DHCPLAB.read_bytes())
        self.program.chmod(0o755)
        done = self.up(served({}), program=self.program, code=1)
        self.assertIn("dhcplab-server on s cannot be started: No such file or directory", done.stderr)
        self.expect_nothing_left()

    def test_death_of_a_server_is_told_and_the_lab_stays(self):
        self.use_stand_in()
        self.up(served({}), program=self.program)
        server = self.labs()["lab"]["hosts"][0]
        self.assertEqual((server["role"], server["ended"]), ("server", None))
        os.kill(server["pid"], signal.SIGKILL)
        wait_for(lambda: self.labs()["lab"]["hosts"][0]["ended"] == "was ended by signal 9 (Killed)", "the end")
        (event,) = [json.loads(line) for line in self.dhcplab("log", "--json").stdout.splitlines()]
        self.assertEqual((event["node"], event["level"]), ("s", "error"))
        self.assertTrue(event["text"].startswith("dhcplab-server was ended by signal 9 (Killed)"))
        self.assertIn("DHCP server, its program was ended by signal 9 (Killed)", self.dhcplab("status", code=3).stdout)
        self.dhcplab("exec", "s", "true")
        self.dhcplab("down")
        self.expect_nothing_left()

    def test_lab_whose_state_cannot_be_written_goes_down_and_tells_it(self):
        self.use_stand_in()
        self.up(served({}), program=self.program)
        (self.run_dir / "lab" / "lab.json.new").mkdir()
        os.kill(self.labs()["lab"]["hosts"][0]["pid"], signal.SIGKILL)
        lab = wait_for(lambda: (self.labs()["lab"]["state"] == "failed" and self.labs()["lab"]) or None, "the record")
        self.assertIn("lab.json: ", lab["reason"])
        self.assertIn("lab.json: ", self.dhcplab("exec", "s", "true", code=1).stderr)
        wait_for(lambda: not self.processes(), "the end of the processes")
        self.assertEqual([path.name for path in self.run_dir.iterdir()], ["lab.failed"])
        self.assertIn("gone down by itself", self.dhcplab("down").stdout)
        self.expect_nothing_left()

    def test_server_that_ignores_termination(self):
        self.use_stand_in(STAND_IN.replace("listener = ",
                                           "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nlistener = ",
                                           1))
        self.up(served({}), program=self.program)
        self.dhcplab("down")
        self.expect_nothing_left()


@unittest.skipUnless(labtest.has_programs("dhcplab-server", "dhcplab-client"), f"no server and client in {BIN}")
class Leases(LabCase):
    """The labs that come with the program."""

    def test_pair(self):
        done = self.dhcplab("up")
        self.assertRegex(done.stdout, r"h1 +client +eth0 +10\.77\.0\.\d+/24 from 10\.77\.0\.1 for 1 h\n")
        self.dhcplab("exec", "h1", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "10.77.0.1")
        server, client = self.labs()["pair"]["hosts"]
        self.assertEqual((server["role"], client["role"]), ("server", "client"))
        leased = json.loads(self.dhcplab("leases", "--json").stdout)[0]["ip-address"] + "/24"
        self.assertEqual(client["interfaces"][0]["address"], leased)
        self.assertRegex(self.dhcplab("ps").stdout, rf"since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d, [^$]* {leased} \(link1\)")
        status = json.loads(self.dhcplab("status", "server", "--json").stdout)[0]
        self.assertEqual(status["pid"], server["pid"])
        self.assertGreaterEqual(status["uptime_s"], status["reload_s"])
        self.assertNotIn("uptime", status)
        refused = self.dhcplab("leases", "h1", code=2)
        self.assertEqual((refused.stdout, refused.stderr), ("", "dhcplab: h1 runs no DHCP server: its role is client\n"))
        self.dhcplab("release", "h1")
        self.assertIsNone(self.labs()["pair"]["hosts"][1]["interfaces"][0]["address"])
        self.dhcplab("down")

    def test_lan(self):
        done = self.dhcplab("up", "lan")
        leases = [line.split()[3] for line in done.stdout.splitlines() if " from 10.77.0.1 for " in line]
        self.assertEqual((len(leases), len(set(leases))), (3, 3), done.stdout)
        self.dhcplab("down")

    def test_two_servers(self):
        done = self.dhcplab("up", "two-servers")
        self.assertIn("/24 from 10.77.0.2 for 1 h", done.stdout)
        self.dhcplab("down")

    def test_configurations_in_files_of_their_own(self):
        lab = json.loads(re.sub(r"#.*", "", (labtest.SOURCE / "config" / "labs" / "pair.json").read_text()))
        (self.dir / "sub").mkdir()
        for host, role in (("server", "server"), ("h1", "client")):
            self.write(f"sub/my-{host}.json", lab["hosts"][host][role])
            lab["hosts"][host][role] = f"my-{host}.json"
        self.write("sub/files.json", lab)
        self.assertIn("from 10.77.0.1 for 1 h", self.dhcplab("up", "sub/files.json", "-n", "files").stdout)
        self.dhcplab("down")

    def test_client_on_its_second_link(self):
        server = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "subnet4": [
            {"id": 1, "subnet": "10.3.0.0/24", "pools": [{"pool": "10.3.0.9 - 10.3.0.9"}]}]}}
        self.write("far.json", {
            "hosts": {"s": {"server": server}, "h": {"client": {"start-delay-ms": [0, 0]}, "interface": "eth1"}, "x": {}},
            "links": [{"type": "veth", "ends": [{"host": "h"}, {"host": "x"}]},
                      {"type": "veth", "ends": [{"host": "h"}, {"host": "s", "address": "10.3.0.1/24"}]}]})
        self.assertIn("10.3.0.9/24 from 10.3.0.1", self.dhcplab("up", "far.json").stdout)
        self.assertIn("h: DHCP client on eth1", self.dhcplab("status", "h").stdout)

    def test_no_wait(self):
        self.dhcplab("up", "--no-wait")
        client = self.labs()["pair"]["hosts"][1]
        self.assertEqual(client["role"], "client")
        self.assertIn(client["pid"], self.processes())

    def test_client_without_a_lease(self):
        self.write("alone.json", {"hosts": {"h1": {"client": {"start-delay-ms": [0, 0]}}},
                                  "links": [{"type": "bridge", "ends": [{"host": "h1"}]}]})
        done = self.dhcplab("up", "alone.json", "--timeout", "3", code=3)
        self.assertIn("no lease, state SELECTING", done.stdout)
        self.assertIn("as the servers tell:\n  no host of the lab has a server\n", done.stdout)
        self.assertEqual(self.labs()["alone"]["state"], "running")

    def test_why_there_is_no_lease_and_what_the_configuration_warns_of(self):
        server = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "authoritative": True,
                            "subnet4": [{"id": 1, "subnet": "10.9.0.0/24", "pools": []}]}}
        lab = {"hosts": {"s": {"server": server}, "h": {"client": {"start-delay-ms": [0, 0]}}},
               "links": [{"type": "veth", "ends": [{"host": "s", "address": "10.3.0.1/24"}, {"host": "h"}]}]}
        self.write("why.json", lab)
        done = self.dhcplab("up", "why.json", "-n", "odd", "--timeout", "3", code=3)
        self.assertRegex(done.stderr, r"s: warning: .*why\.json:\d+:\d+: at \$\.Dhcp4.* pools")
        self.assertRegex(done.stdout, r"\n  s +no configured subnet contains 10\.3\.0\.1 \(no-subnet \d")
        self.assertRegex(self.dhcplab("status", "s").stdout, r"Refused or Not Answered.*: no-subnet \d")
        # The hints name the lab, and work as they stand.
        hints = re.findall(r"^  (.*-n odd.*)$", done.stdout, re.M)
        self.assertEqual(len(hints), 5, done.stdout)
        for hint in hints:
            subprocess.run(hint, shell=True, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           timeout=30, check=True)
        self.assertEqual(self.labs(), {})

    def test_error_in_a_servers_inline_configuration_is_told_with_its_place(self):
        text = json.dumps(served({"Dhcp4": {"subnet4": [{"id": 1, "subnet": "10.3.0.300/24"}]}}), indent=1)
        line = text.split("10.3.0.300")[0].count("\n") + 1
        self.write("bad.json", text)
        done = self.dhcplab("up", "bad.json", code=2)
        self.assertRegex(done.stderr, rf"bad\.json:{line}:\d+: at \$\.Dhcp4\.subnet4\[0\]\.subnet: ")
        self.assertEqual(self.labs(), {})


if __name__ == "__main__":
    labtest.main()
