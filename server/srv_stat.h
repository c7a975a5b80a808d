/* The server's counters and leases under Kea's statistic names. One sample each: the value now. Pure. */
#pragma once
#include <cjson/cJSON.h>

#include "server/srv_engine.h"

enum { SRV_STAT_COUNTERS_MAX = 48 };

/* What was reset. A counter tells how often since; what is counted in the leases cannot be reset. */
struct srv_stat {
    uint64_t zero[SRV_STAT_COUNTERS_MAX];
};

/* Borrowed during the call. */
struct srv_stat_source {
    struct srv_stat *stat;
    const struct srv_engine *engine;
    const struct srv_config *config;
    struct clock_now now;
};

/* {NAME: [[value, "2026-11-21 08:00:00.000000"]]}; {} if `name` is not known, all if it is NULL. */
cJSON *srv_stat_get(const struct srv_stat_source *s, const char *name);

enum srv_stat_reset { SRV_STAT_RESET, SRV_STAT_UNKNOWN, SRV_STAT_NOT_A_COUNTER };
/* `name` NULL: every counter. */
enum srv_stat_reset srv_stat_reset(const struct srv_stat_source *s, const char *name);

/* The arguments of stat-lease4-get for the subnets with identifiers first..last; *out_n is how many there
 * are. */
cJSON *srv_stat_subnets(const struct srv_stat_source *s, uint32_t first, uint32_t last, unsigned *out_n);
