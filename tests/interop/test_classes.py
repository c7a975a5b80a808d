#!/usr/bin/env python3
"""Clients of others are known by their vendor class, and get the options and boot fields of their class."""

import peer
from peer import write

LAB = {
    "hosts": {
        "server": {"server": {"Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"]},
            "client-classes": [{
                "name": "phones", "test": "option[60].text == 'phone'",
                "option-data": [{"name": "domain-name", "data": "phones.example"}],
                "next-server": "10.77.0.9", "boot-file-name": "phone.img",
            }],
            "option-data": [{"name": "domain-name", "data": "all.example"}],
            "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [
                {"pool": "10.77.0.10 - 10.77.0.19", "client-class": "phones"}, {"pool": "10.77.0.20 - 10.77.0.29"}]}],
        }}},
        "h1": {},
    },
    "links": [{"type": "veth", "ends": [{"host": "server", "address": "10.77.0.1/24"}, {"host": "h1"}]}],
}


class Noting:
    """The script of the client notes what it was told, too."""

    def script(self):
        script = self.dir / "noting"
        write(script, f'#!/bin/sh\nenv >>{self.dir / "told"}\nexec {super().script()} "$@"\n')
        script.chmod(0o755)
        return str(script)

    def told(self):
        told = self.dir / "told"
        return told.read_text(errors="replace").splitlines() if told.exists() else []


class Udhcpc(Noting, peer.Udhcpc):
    TOLD = ("domain=phones.example", "boot_file=phone.img", "siaddr=10.77.0.9")

    def command(self):
        return [*super().command(), "-V", "phone"]


class Dhclient(Noting, peer.Dhclient):
    TOLD = ("new_domain_name=phones.example", "new_filename=phone.img", "new_next_server=10.77.0.9")

    def command(self):
        command = super().command()
        write(self.dir / "dhclient.conf", 'send vendor-class-identifier "phone";\n')
        return command


class Classes(peer.PeerCase):
    def member_gets(self, kind):
        self.dhcplab("up", self.write("lab.json", LAB))
        client = kind(self, "h1")
        client.start()
        for line in client.TOLD:
            self.wait_for(lambda line=line: line in client.told(), line, client)
        self.wait_for(lambda: "10.77.0.10" in self.addresses_of("h1"), "an address of the pool for phones", client)

    def test_udhcpc(self):
        self.member_gets(Udhcpc)

    def test_dhclient(self):
        self.member_gets(Dhclient)


if __name__ == "__main__":
    peer.main()
