/* Why a server was silent: what it wrote into the trace of its lab about a transaction. */
#pragma once
#include <stdint.h>
#include <stdio.h>

#include "lab/rundir.h"

enum { REPLAY_WHY_TEXT = 256 };

struct replay_why {
    FILE *trace; /* NULL: it cannot be read, and nothing is known */
    char node[LAB_NAME_MAX];
};

/* From what the trace will have from now on. */
void replay_why_init(struct replay_why *w, const struct lab_state *lab, const char *node);
void replay_why_fini(struct replay_why *w);
/* The last decision, or drop, about the transaction since the call before; "" if there is none. `buf` holds
 * REPLAY_WHY_TEXT; returns it. */
const char *replay_why_text(struct replay_why *w, uint32_t xid, char *buf);
