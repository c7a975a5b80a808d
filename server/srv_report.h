/* The server's leases and counters as JSON, in the shape of Kea's commands. Pure: `now` is a value. */
#pragma once
#include <cjson/cJSON.h>

#include "server/srv_engine.h"

struct srv_report {
    struct clock_now now; /* in */
    cJSON *json;          /* out; the caller owns it */
    unsigned n;           /* out: leases in it */
};

/* {"leases": [...]} as lease4-get-all answers; offers that nobody has taken up yet are not leases. */
void srv_report_leases(struct srv_report *r, const struct srv_engine *e);
/* {"received": {...}, "sent": {...}, "dropped": n, "reasons": {...}, "leases": n} for status-get. */
void srv_report_status(struct srv_report *r, const struct srv_engine *e);
