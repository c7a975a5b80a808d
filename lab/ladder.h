/* The messages of a lab as a ladder: hosts are columns, each message is one arrow, drawn once, with its
 * options under it. Values in, text out. */
#pragma once
#include <stddef.h>

#include <cjson/cJSON.h>

#include "common/trace.h"

struct ladder_view {
    const char *const *hosts; /* columns, from the left; at most LADDER_HOSTS_MAX */
    size_t n_hosts;
    const char *const *only; /* what these sent or received, and what was lost of it; none: everything */
    size_t n_only;
    enum trace_color color;
};

enum { LADDER_HOSTS_MAX = 64 };

/* `events`: a list of trace objects (trace.h) in any order; those that are no messages, or of other nodes,
 * are left out. A sender's "tx" and the "rx" of the receivers are one arrow if the message is the same, octet
 * for octet of what is traced, and the times fit. Up to five hosts fit 80 characters. malloc'ed, the caller
 * frees; NULL if memory is out. */
char *ladder_text(const cJSON *events, const struct ladder_view *view);
