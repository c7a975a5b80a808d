/* Getting into a host of a running lab: its namespaces are open files of the supervisor. */
#pragma once
#include "lab/rundir.h"

/* Moves the calling process into the host for good, its future children into the lab's pid namespace; an
 * ordinary user becomes root of the lab's user namespace. 0 or ERR_IO with errno. */
int enter_host(const struct lab_state *lab, const struct lab_host_state *host);

/* Moves only the network of the calling process into the host's: files stay those of outside. 0 or ERR_IO
 * with errno. */
int enter_network(const struct lab_state *lab, const struct lab_host_state *host);
