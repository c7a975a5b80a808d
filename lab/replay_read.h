/* Finds the DHCP messages of a capture. */
#pragma once
#include "lab/replay_plan.h"

/* Reads a pcap or pcapng file ("-": standard input) into an empty plan. 0; ERR_INVALID: it cannot be read, or
 * only its beginning, which has been told on standard error; ERR_NOMEM. */
int replay_read(const char *path, struct replay_plan *out);
