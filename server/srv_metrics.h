/* The server's state as text for Prometheus (exposition format 0.0.4). Pure. */
#pragma once
#include "common/histogram.h"
#include "common/text.h"
#include "server/srv_engine.h"

/* All borrowed during the call. */
struct srv_metrics {
    const struct srv_engine *engine;
    const struct srv_config *config;
    const struct histogram *answer_time; /* from a packet's arrival to its answer */
    const struct histogram *sync_time;   /* of the lease file; NULL: there is none */
    uint64_t store_failures;             /* commits of the lease file that failed */
    uint64_t log_suppressed;             /* lines */
    size_t queue_length;
    time_ms uptime_ms;
};

#define SRV_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

void srv_metrics_format(const struct srv_metrics *m, struct text *out);
