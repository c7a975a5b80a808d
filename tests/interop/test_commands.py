#!/usr/bin/env python3
"""The same commands to a Kea and to dhcplab-server: the same result, and the same text.

The Kea of the distribution (2.2) has the commands of libdhcp_lease_cmds and libdhcp_stat_cmds. Those of subnets, classes and
reservations came with libraries that were not free then: their texts are held to its manual by the unit tests. Where a newer
Kea has another text or result (an existing lease is a conflict, 4), the newer one counts."""

import json

import peer
from peer import labtest

LAB = {"hosts": {"kea": {}, "ours": {}},
       "links": [{"type": "veth", "ends": [{"host": "kea", "address": "10.77.0.1/24"},
                                           {"host": "ours", "address": "10.77.0.2/24"}]}]}
SUBNETS = [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100 - 10.77.0.109"}]},
           {"id": 7, "subnet": "10.77.7.0/24"}]
HW = {"hw-address": "02:00:00:00:00:0a"}
LEASE = {"ip-address": "10.77.0.100", **HW}

# In this order: what one does is seen by those after it.
SAME = [
    ("foo", None),
    ("statistic-get", {}), ("statistic-get", {"name": 5}), ("statistic-get", {"name": "foo"}),
    ("statistic-reset", {"name": "pkt4-received"}), ("statistic-reset", {"name": "foo"}), ("statistic-reset", {}),
    ("statistic-sample-age-set", {"name": "pkt4-received", "duration": 30}),
    ("statistic-sample-age-set", {"name": "pkt4-received"}), ("statistic-sample-age-set", {"duration": 30}),
    ("statistic-sample-age-set", {"name": "foo", "duration": 30}),
    ("statistic-sample-count-set", {"name": "pkt4-received", "max-samples": 3}),
    ("statistic-sample-count-set", {"name": "pkt4-received"}),
    ("statistic-sample-count-set", {"name": "foo", "max-samples": 3}),
    ("statistic-sample-age-set-all", {"duration": 30}), ("statistic-sample-age-set-all", {}),
    ("statistic-sample-count-set-all", {"max-samples": 30}), ("statistic-sample-count-set-all", {}),
    ("statistic-remove", {"name": "pkt4-inform-received"}), ("statistic-remove", {"name": "foo"}),
    ("stat-lease4-get", None), ("stat-lease4-get", {"subnet-id": 7}), ("stat-lease4-get", {"subnet-id": 9}),
    ("stat-lease4-get", {"subnet-range": {"first-subnet-id": 5}}),
    ("stat-lease4-get", {"subnet-range": {"first-subnet-id": 5, "last-subnet-id": 3}}),
    ("stat-lease4-get", {"subnet-range": {"first-subnet-id": 2, "last-subnet-id": 9}}),
    ("leases-reclaim", None), ("leases-reclaim", {"remove": "x"}), ("leases-reclaim", {"remove": True}),
    ("dhcp-disable", None), ("dhcp-disable", {"max-period": -5}), ("dhcp-enable", None),
    ("shutdown", {"exit-value": "x"}),
    ("config-test", {}), ("config-test", None), ("config-test", {"Dhcp4": {}, "Dhcp6": {}}), ("config-test", {"Dhcp4": []}),
    ("config-set", {}), ("config-set", None), ("config-set", {"Dhcp4": []}),
    ("statistic-get-all", None), ("statistic-get", None), ("statistic-reset", None), ("statistic-remove", None),
    ("dhcp-disable", {"max-period": 0}), ("dhcp-disable", {"origin": "user"}), ("dhcp-enable", {"origin": "user"}),
    ("stat-lease4-get", {"subnet-range": 5}), ("stat-lease4-get", {"subnet-range": {}}), ("stat-lease4-get", {}),
    ("stat-lease4-get", {"subnet-id": 1, "subnet-range": {"first-subnet-id": 1, "last-subnet-id": 2}}),
    ("lease4-add", LEASE), ("lease4-add", {"ip-address": "192.0.2.1", **HW}),
    ("lease4-add", {"ip-address": "10.77.7.1", "subnet-id": 1, **HW}),
    ("lease4-add", {"ip-address": "10.77.7.1", "subnet-id": 3, **HW}),
    ("lease4-get", {"ip-address": "10.77.0.100"}), ("lease4-get", {"ip-address": "10.77.0.99"}), ("lease4-get", {}),
    ("lease4-get", {"subnet-id": 1, "identifier-type": "hw-address", "identifier": HW["hw-address"]}),
    ("lease4-get-all", None), ("lease4-get-all", {"subnets": [7]}), ("lease4-get-all", {"subnets": 5}),
    ("lease4-get-page", {"from": "start", "limit": 5}), ("lease4-get-page", {"from": "10.77.0.100", "limit": 5}),
    ("lease4-get-page", {"limit": 5}), ("lease4-get-page", {"from": "start"}),
    ("lease4-get-page", {"from": "x", "limit": 5}), ("lease4-get-page", {"from": "start", "limit": 0}),
    ("lease4-get-all", {}), ("lease4-get-all", {"subnets": []}), ("lease4-get-all", {"subnets": ["x"]}),
    ("lease4-get", {"subnet-id": 1, "identifier-type": "client-id", "identifier": "01:02"}),
    ("lease4-get-by-hw-address", HW), ("lease4-get-by-hw-address", {}),
    ("lease4-get-by-client-id", {"client-id": "01:02:03"}), ("lease4-get-by-client-id", {}),
    ("lease4-get-by-hostname", {"hostname": "x"}), ("lease4-get-by-hostname", {}),
    ("lease4-get-by-hostname", {"hostname": ""}),
    ("lease4-update", {**LEASE, "hw-address": "02:00:00:00:00:0c"}),
    ("lease4-update", {"ip-address": "10.77.0.101", **HW, "force-create": True}),
    ("lease4-del", {"ip-address": "10.77.0.100"}), ("lease4-del", {"ip-address": "10.77.0.100"}),
    ("lease4-wipe", {"subnet-id": 7}), ("lease4-wipe", {"subnet-id": 9}), ("lease4-wipe", {}), ("lease4-wipe", {"subnet-id": 1}), ("lease4-wipe", None),
    ("lease4-resend-ddns", {"ip-address": "10.77.0.100"}), ("lease4-resend-ddns", {}),
    # At the end: Kea then thinks that its pools have no addresses.
    ("statistic-reset-all", None), ("statistic-remove-all", None),
    ("config-reload", None),
]


class Kea(peer.Server):
    NAME = "Kea"

    def command(self):
        config = {"interfaces-config": {"interfaces": []}, "valid-lifetime": 3600, "subnet4": SUBNETS,
                  "lease-database": {"type": "memfile", "persist": False},
                  "control-socket": {"socket-type": "unix", "socket-name": str(self.dir / "kea.sock")},
                  "hooks-libraries": [{"library": str(library)} for name in ("lease", "stat")
                                      for library in peer.ROOT.glob(f"usr/lib/*/kea/hooks/libdhcp_{name}_cmds.so")]}
        file = peer.write(self.dir / "kea.json", json.dumps({"Dhcp4": config}))
        return ["env", f"KEA_PIDFILE_DIR={self.dir}", f"KEA_LOCKFILE_DIR={self.dir}",
                *peer.program("kea-dhcp4-server", "usr/sbin/kea-dhcp4"), "-c", file]


class Commands(peer.PeerCase):
    def start_ours(self):
        self.write("ours.json", {"Dhcp4": {"interfaces-config": {"interfaces": ["eth0"]}, "valid-lifetime": 3600,
                                           "subnet4": SUBNETS}})
        self.start_on("ours", self.dir / "ours.log", labtest.BIN / "dhcplab-server", "-c", self.dir / "ours.json", "-f",
                      "--lease-file", self.dir / "ours.csv", "--control", self.dir / "ours.sock")
        labtest.wait_for(lambda: labtest.serves(self.dir / "ours.sock"), "our server")

    def test_kea(self):
        self.dhcplab("up", self.write("lab.json", LAB))
        kea = Kea(self, "kea")
        kea.start()
        self.wait_for(lambda: labtest.serves(self.dir / "kea.sock"), "the control socket", kea)
        self.start_ours()
        for command, arguments in SAME:
            with self.subTest(command=command, arguments=arguments):
                theirs = self.control(self.dir / "kea.sock", command, arguments)
                ours = self.control(self.dir / "ours.sock", command, arguments)
                self.assertEqual((ours["result"], ours.get("text", "")), (theirs["result"], theirs.get("text", "")))
                if command.startswith(("lease4-get", "stat-lease4")):
                    self.assertEqual(shape(ours.get("arguments")), shape(theirs.get("arguments")))
        ours, theirs = (self.control(self.dir / f"{name}.sock", "list-commands")["arguments"] for name in ("ours", "kea"))
        missing = {name for name in theirs if "6" not in name} - set(ours)
        # There is no configuration back end, and no other server.
        self.assertLessEqual(missing, {"config-backend-pull", "libreload", "server-tag-get"})


def shape(value):
    """The value without what differs by the time that it was."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key not in ("cltt", "timestamp")}
    return [shape(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    peer.main()
