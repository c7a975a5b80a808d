#!/usr/bin/env python3
"""What must be true on veth, too: programs that do not keep to it are found out, each by one of the invariants. Before the
real programs stand scripts that change how they are started."""

import json
import shutil

import labtest

SERVER = {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
                    "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.199"}]}]}}
CLIENT = {"start-delay-ms": [0, 0], "address-conflict-detection": False}
ELSEWHERE = {"Dhcp4": {**SERVER["Dhcp4"],
                       "subnet4": [{**SERVER["Dhcp4"]["subnet4"][0], "pools": [{"pool": "10.77.0.10 - 10.77.0.19"}]}]}}


class Check(labtest.LabCase):
    def topology(self, *clients, **servers):
        hosts = {**{name: {"server": config} for name, config in servers.items()}, **{name: {"client": CLIENT} for name in clients}}
        ends = [{"host": name, "address": f"10.77.0.{number}/24"} for number, name in enumerate(servers, 1)]
        return {"hosts": hosts, "links": [{"type": "bridge", "ends": ends + [{"host": name} for name in clients]}]}

    def programs(self, **wrapped):
        """A folder with the programs; of those that are named, a script that does the lines and then starts the real one."""
        folder = self.dir / "bin"
        folder.mkdir()
        shutil.copy(labtest.BIN / "dhcplab", folder / "dhcplab")
        for role in ("server", "client"):
            program = folder / f"dhcplab-{role}"
            program.write_text(f'#!/bin/bash\nreal={labtest.BIN / f"dhcplab-{role}"}\n'
                               f'{wrapped.get(role, "")}\nexec "$real" "$@"\n')
            program.chmod(0o755)
        return folder / "dhcplab"

    def violated(self, topology, program=labtest.DHCPLAB, duration="2 h", **more):
        """The invariant that is found violated, and when in seconds; None."""
        scenario = self.write("s.json", {"topology": topology, "duration": duration, **more})
        result = json.loads(self.dhcplab("run", "--veth", scenario, "--json", program=program, code=None).stdout)
        violation = result["violation"]
        self.assertEqual(result["met"], violation is None)
        return violation and (violation["invariant"], violation["boot_ms"] / 1000)

    def test_what_is_as_it_should_be(self):
        self.assertIsNone(self.violated(self.topology("h1", "h2", s1=SERVER), self.programs()))

    def test_two_servers_give_one_address_to_two_clients(self):
        steps = [{"at": "0 s", "do": "cut", "link": link} for link in ("h1>s2", "s2>h1", "h2>s1", "s1>h2", "s1>s2", "s2>s1")]
        topology = self.topology("h1", "h2", s1=SERVER, s2=SERVER)
        self.assertEqual(self.violated(topology, steps=steps), ("unique-address", 0))
        shown = self.dhcplab("run", "--veth", "s.json", code=1).stdout
        self.assertIn("violated at 0 s: no two clients hold one address at one time (unique-address)\n"
                      "  instead: h2 and h1 both hold 10.77.0.100\n", shown)
        self.assertIn("OFFER", shown)  # the ladder
        self.assertIsNone(self.violated(topology, steps=steps, unchecked=["unique-address"]))

    def test_an_ack_without_a_record(self):
        program = self.programs(server='set -- "${@/%.csv/.other}"')
        self.assertEqual(self.violated(self.topology("h1", s1=SERVER), program), ("lease-known", 0))

    def test_a_quarantine_ends_within_a_second(self):
        """The record in the lease file is of whole seconds."""
        subnet = {**SERVER["Dhcp4"]["subnet4"][0], "pools": [{"pool": "10.77.0.100 - 10.77.0.100"}]}
        server = {"Dhcp4": {**SERVER["Dhcp4"], "decline-probation-period": 10, "subnet4": [subnet]}}
        steps = [{"at": "2500 ms", "do": "decline", "host": "h1"}, {"at": "2600 ms", "do": "stop", "host": "h1"},
                 {"at": "12500 ms", "do": "start", "host": "h2"}]
        expect = [{"at": "13 s", "host": "h2", "address": "10.77.0.100"}]
        self.assertIsNone(self.violated(self.topology("h1", "h2", s1=server), steps=steps, off=["h2"], expect=expect))

    def test_a_server_that_has_forgotten(self):
        steps = [{"at": f"{number} min", "do": do, "host": "s1"} for number, do in enumerate(("crash", "forget-leases", "start"), 1)]
        self.assertEqual(self.violated(self.topology("h1", s1=SERVER), steps=steps), ("lease-known", 180))

    def test_an_offer_from_no_pool(self):
        self.write("elsewhere.json", ELSEWHERE)
        program = self.programs(server=f'set -- -c {self.dir}/elsewhere.json "${{@:3}}"')
        self.assertEqual(self.violated(self.topology("h1", s1=SERVER), program), ("offer-right", 0))

    def test_an_offer_from_quarantine(self):
        """When it starts for the second time, the server has another lease file, in which no quarantine is."""
        program = self.programs(server=f'[[ -e {self.dir}/second ]] && set -- "${{@/%.csv/.other}}"; touch {self.dir}/second')
        steps = [{"at": "1 min", "do": "decline", "host": "h1"}, {"at": "2 min", "do": "crash", "host": "s1"},
                 {"at": "3 min", "do": "start", "host": "s1"}, {"at": "4 min", "do": "start", "host": "h2"}]
        found = self.violated(self.topology("h1", "h2", s1=SERVER), program, steps=steps, off=["h2"], unchecked=["lease-known"])
        self.assertEqual(found, ("quarantine", 240))

    def test_a_client_that_renews_too_late(self):
        """T1 at 9/10 of the lease, and options 58 and 59 are not obeyed: its ACK says 1800 s."""
        profile = json.loads((labtest.SOURCE / "config/profiles/rfc2131.json").read_text())
        late = {**profile, "t1": {"option": False, "share": 0.9}, "t2": {"option": False, "share": 0.95}}
        self.write("late.json", late)
        self.write("client.json", {**CLIENT, "profile": str(self.dir / "late.json")})
        program = self.programs(client=f'set -- -c {self.dir}/client.json "${{@:3}}"')
        self.assertEqual(self.violated(self.topology("h1", s1=SERVER), program), ("timers-kept", 0))

    def test_an_address_that_is_used_past_its_expiry(self):
        """The server is away, and a hook gives the interface back what the client takes from it."""
        hook = self.dir / "hook.py"
        hook.write_text("""#!/usr/bin/env python3
import fcntl, os, socket, struct
if os.environ["reason"] == "EXPIRE":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8916, struct.pack("16sHH4s8x", b"eth0", socket.AF_INET, 0,  # SIOCSIFADDR
                                                    socket.inet_aton(os.environ["old_ip_address"])))
""")
        hook.chmod(0o755)
        topology = self.topology("h1", s1=SERVER)
        topology["hosts"]["h1"]["client"] = {**CLIENT, "hook": str(hook)}
        found = self.violated(topology, steps=[{"at": "1 min", "do": "stop", "host": "s1"}], unchecked=["bound"])
        self.assertEqual(found, ("not-expired", 3600))


if __name__ == "__main__":
    labtest.main()
