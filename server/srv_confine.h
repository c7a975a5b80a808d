/* A started server gives up what only the start needed: its user, capabilities, system calls. */
#pragma once
#include "common/io_trace.h"
#include "server/srv_channel.h"
#include "server/srv_privilege.h"
#include "server/srv_store.h"

struct srv_confine {
    const struct srv_user *user;         /* to go on as; NULL: as who started it */
    bool filter;                         /* system calls, by seccomp */
    struct srv_store *store;             /* becomes the user's; NULL: none */
    const struct srv_channels *channels; /* become the user's */
    const char *lease_path;              /* only to tell what will fail later */
    const char *config_path;             /* likewise; "-": standard input */
};

/* What the user will not be able to do is told as warnings. Returns 0, or ERR_IO after telling on standard
 * error what is wrong. */
int srv_confine(const struct srv_confine *c, struct io_trace *trace);
