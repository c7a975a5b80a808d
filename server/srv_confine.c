#include "server/srv_confine.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "server/srv_seccomp.h"

static int fail(const char *what)
{
    fprintf(stderr, "dhcplab-server: %s: %s\n", what, strerror(errno));
    return ERR_IO;
}

static int give_files(const struct srv_confine *c)
{
    if (c->store != NULL && srv_store_give(c->store, c->user->uid, c->user->gid) < 0)
        return fail("giving away the lease file");
    if (srv_channel_give(c->channels, c->user->uid, c->user->gid) < 0)
        return fail("giving away the control sockets");
    return 0;
}

static void tell_unusable(const struct srv_confine *c, struct io_trace *trace)
{
    char *copy = strdup(c->lease_path);
    if (copy != NULL && c->store != NULL && access(dirname(copy), W_OK | X_OK) < 0)
        io_trace_log(trace, "warning",
                     "the folder of %s is not ours to write: the file cannot be rewritten, it grows",
                     c->lease_path);
    free(copy);
    if (strcmp(c->config_path, "-") != 0 && access(c->config_path, R_OK) < 0)
        io_trace_log(trace, "warning", "%s is not ours to read: it cannot be read again", c->config_path);
}

int srv_confine(const struct srv_confine *c, struct io_trace *trace)
{
    if (c->user != NULL && give_files(c) < 0)
        return ERR_IO;
    if (srv_privilege_drop(c->user) < 0)
        return fail("giving up privileges");
    tell_unusable(c, trace);
    if (c->filter && srv_seccomp_start() < 0)
        return fail("filtering system calls (--no-seccomp does without)");
    return 0;
}
