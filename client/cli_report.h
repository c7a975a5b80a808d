/* The client's status as JSON, for the control command `status`: state, lease and timers, each as duration,
 * instant and remaining seconds. Pure: `now` is a value. */
#pragma once
#include <cjson/cJSON.h>

#include "client/cli_history.h"
#include "client/cli_settings.h"

struct cli_report {
    const char *node, *ifname;
    struct hw_addr hw;
    const char *hostname;
    const struct cli_config *config;     /* whose client identifier is shown; borrowed */
    const struct cli_settings *settings; /* of the lease, if there is one; else not looked at */
    struct clock_now now;
    unsigned event_readers;            /* who follow the events */
    const struct cli_history *history; /* borrowed */
    uint64_t event_readers_dropped;    /* because they were too slow */
};

/* The caller owns the object; NULL if memory is out. */
cJSON *cli_report_json(const struct cli_report *r, const struct cli_status *status);

/* Adds "sent", "received" and "discarded" of the status. */
void cli_report_add_counters(cJSON *json, const struct cli_status *status);
