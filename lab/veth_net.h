/* The network of a run on the wire: a host's every interface is one end of a veth pair, the other is ours
 * (veth_wire.h). */
#pragma once
#include "lab/net.h"
#include "lab/scenario.h"

/* Makes all hosts, by place in the topology, with a socket in each one's network. Hosts with a relay agent
 * are routers, and the others know the way through them. `dir` is the folder of the run. 0; ERR_DENIED,
 * ERR_IO: net->error tells. */
int veth_net_make(struct net *net, const struct scenario *s, const char *dir, struct net_host *out_hosts,
                  int *out_sockets);
