/* The server's counters and leases under Kea's statistic names, with the values that they had. Pure. */
#pragma once
#include <cjson/cJSON.h>

#include "server/srv_engine.h"
#include "server/srv_series.h"

/* The statistics: those of messages, and those that are counted of leases (srv_tally.h). {0} at the start. */
struct srv_stat {
    struct srv_series *list;
    size_t n;
    unsigned generation; /* of the engine's configuration that the list is for; 0: there is no list yet */
};

/* Borrowed during the call. */
struct srv_stat_source {
    struct srv_stat *stat;
    struct srv_engine *engine;
    const struct srv_config *config;
    struct clock_now now;
};

void srv_stat_fini(struct srv_stat *stat);

/* Takes a sample of each statistic that has changed: to be called after each step, or after several at once.
 * With another configuration the statistics of subnets and pools start anew, as Kea's do. Without memory for
 * them there are none. */
void srv_stat_observe(const struct srv_stat_source *s);

/* {NAME: [[value, time], ...]}; {} if `name` is not known, all if it is NULL. */
cJSON *srv_stat_get(const struct srv_stat_source *s, const char *name);

enum srv_stat_change {
    SRV_STAT_RESET,
    SRV_STAT_REMOVE,
    SRV_STAT_LIMIT, /* the samples */
};
/* Of the statistic, or of all if `name` is NULL. False if there is none with the name. */
bool srv_stat_change(const struct srv_stat_source *s, const char *name, enum srv_stat_change change,
                     struct srv_series_limit limit);

/* The arguments of stat-lease4-get for the subnets with identifiers first..last, by identifier; *out_n is how
 * many there are. */
cJSON *srv_stat_subnets(const struct srv_stat_source *s, uint32_t first, uint32_t last, unsigned *out_n);
