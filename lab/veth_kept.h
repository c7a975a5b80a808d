/* The last messages of a run on the wire, for the ladder around an expectation that is not met: such a run
 * cannot be asked again. */
#pragma once
#include <stdbool.h>

#include "lab/scenario.h"

enum { VETH_KEPT_MAX = 60 };

struct veth_kept {
    char *lines[VETH_KEPT_MAX]; /* malloc'ed; a ring */
    size_t n;                   /* so many were added */
};

/* A line of NDJSON. Keeps a copy, and returns true, if it is a message. */
bool veth_kept_add(struct veth_kept *k, const char *line);
/* Their ladder, as `host` saw it; malloc'ed, NULL if memory is out. */
char *veth_kept_ladder(const struct veth_kept *k, const struct scenario *s, const char *host);
void veth_kept_fini(struct veth_kept *k);
