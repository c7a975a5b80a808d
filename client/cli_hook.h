/* The hook script: run for each transition, one after the other in their order, beside the event loop. What
 * it is told stands in its environment and nowhere else. Part of the program, not of the pure engine. */
#pragma once
#include "client/cli_engine.h"
#include "client/cli_settings.h"
#include "common/io_loop.h"
#include "common/io_trace.h"

struct cli_hook_link {
    bool has_carrier; /* ifcarrier */
    unsigned mtu;     /* ifmtu */
};

enum { CLI_HOOK_QUEUE_MAX = 64 /* runs that wait for their turn */ };

struct cli_hook;

/* `script` is executed without a shell, and killed after `limit_ms`. All borrowed until _free. NULL if memory
 * is out. */
struct cli_hook *cli_hook_new(struct io_loop *loop, const char *script, time_ms limit_ms, const char *ifname,
                              struct io_trace *trace);
/* Waits for the runs that are due, each for `limit_ms` at most. NULL is fine. */
void cli_hook_free(struct cli_hook *h);

/* Runs the script when all earlier runs are over. With a lease (NULL: none) the variables of it and of `ack`
 * are new_*; those of the one before are old_*, and with none the last. NOCARRIER takes
 * no lease away: the next run has the same old_*. If CLI_HOOK_QUEUE_MAX wait already,
 * the run is left out, and the log says so. */
void cli_hook_run(struct cli_hook *h, enum cli_hook_reason reason, const struct cli_hook_link *link,
                  const struct cli_lease *lease, const struct cli_ack *ack);
