/* dhcplab replay --virtual: the trace of a lab again, in virtual time. */
#pragma once
#include <stdbool.h>

/* `trace`: a file of NDJSON as `dhcplab log --json` prints it, "-" for standard input; `topology`: a file, or
 * a lab that comes with the program. Returns the exit code (command.h). */
int replay_again(const char *trace, const char *topology, bool json);
