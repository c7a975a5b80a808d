/* Running a scenario on the wire: dhcplab-server, dhcplab-client and relay agents in namespaces of their own,
 * with real packets, in the lab's time. That stands while there is anything to do, and then jumps to the next
 * instant at which there is: of a program's timer, a frame under way, or a step of the scenario. So what
 * happens at which instant is what happens in the simulator. */
#pragma once
#include "lab/scenario_run.h"

enum { VETH_RUN_WHY_MAX = 4096 };

struct net;

/* As scenario_run(), in the calling process's new namespaces (veth_enter.h); `dir` is an empty folder for the
 * files of the run, `programs` the folder of dhcplab-server and dhcplab-client. Invariants are checked from
 * outside: by what the programs send, their lease files, and the addresses of the interfaces. The scenario's
 * sync_ms and setting->bugs are without effect. 0; ERR_NOMEM; ERR_IO, ERR_DENIED with a sentence in `why`,
 * which holds VETH_RUN_WHY_MAX octets. */
int veth_run(struct net *net, const char *dir, const char *programs, const struct scenario *s,
             const struct scenario_setting *setting, struct scenario_outcome *out, char *why);
