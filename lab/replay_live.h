/* dhcplab replay CAPTURE: what a capture's clients said, said again to a server of a lab. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

enum { REPLAY_LIVE_MACS_MAX = 64 };

struct replay_live {
    const char *capture; /* "-": standard input */
    const char *lab;     /* NULL: the only one */
    const char *to;      /* the server's host; NULL: the only one */
    bool real_pace, diff, json;
    uint32_t timeout_s;
    size_t n_macs;
    struct hw_addr macs[REPLAY_LIVE_MACS_MAX][2]; /* captured, live */
};

/* Returns the exit code (command.h), everything told. */
int replay_live(const struct replay_live *o);
