#include "server/srv_metrics.h"

#define PREFIX "dhcplab_server_"

static void head(struct text *out, const char *name, const char *type, const char *help)
{
    text_add(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void single(struct text *out, const char *name, const char *type, const char *help, uint64_t value)
{
    head(out, name, type, help);
    text_add(out, PREFIX "%s %llu\n", name, (unsigned long long)value);
}

/* The messages of RFC 2131 always; others once there was one. */
static void put_types(struct text *out, const char *name, const char *help, const uint64_t *counts)
{
    head(out, name, "counter", help);
    for (unsigned type = 0; type <= DHCP_TLS; type++)
        if (counts[type] != 0 || (type >= DHCP_DISCOVER && type <= DHCP_INFORM))
            text_add(out, PREFIX "%s{type=\"%s\"} %llu\n", name, dhcp_type_name((uint8_t)type),
                     (unsigned long long)counts[type]);
}

static void put_reasons(struct text *out, const uint64_t *counts)
{
    head(out, "reasons_total", "counter", "Decisions, silences and discards by reason.");
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
        if (counts[reason] != 0)
            text_add(out, PREFIX "reasons_total{reason=\"%s\"} %llu\n", reason_token((enum reason)reason),
                     (unsigned long long)counts[reason]);
}

static void put_blocks(struct text *out, struct srv_block_counts counts)
{
    single(out, "option_blocks", "gauge", "Option blocks that are kept.", counts.kept);
    single(out, "option_blocks_found", "gauge",
           "Answers whose option block was there, since the last reload.", counts.found);
    single(out, "option_blocks_made", "gauge", "Answers whose option block was made, since the last reload.",
           counts.made);
}

static void put_leases(struct text *out, const struct srv_metrics *m)
{
    static const struct {
        enum srv_lease_state state;
        const char *name;
    } states[] = {{SRV_LEASE_ACTIVE, "active"},
                  {SRV_LEASE_DECLINED, "declined"},
                  {SRV_LEASE_EXPIRED, "expired"},
                  {SRV_LEASE_RELEASED, "released"},
                  {SRV_LEASE_OFFERED, "offered"}};
    head(out, "leases", "gauge", "Records of leases and standing offers.");
    for (size_t i = 0; i < m->config->n_subnets; i++)
        for (size_t k = 0; k < sizeof states / sizeof states[0]; k++)
            text_add(out, PREFIX "leases{subnet=\"%u\",state=\"%s\"} %zu\n", m->config->subnets[i].id,
                     states[k].name,
                     srv_engine_count_leases(m->engine, m->config->subnets[i].id, states[k].state));
}

static void put_pools(struct text *out, const struct srv_config *config)
{
    head(out, "pool_addresses", "gauge", "Addresses in the pools.");
    for (size_t i = 0; i < config->n_subnets; i++) {
        const struct srv_subnet *subnet = &config->subnets[i];
        uint64_t n = 0;
        for (size_t k = 0; k < subnet->n_pools; k++)
            n += (uint64_t)subnet->pools[k].range.last - subnet->pools[k].range.first + 1;
        text_add(out, PREFIX "pool_addresses{subnet=\"%u\"} %llu\n", subnet->id, (unsigned long long)n);
    }
}

/* Buckets count everything up to their bound. */
static void put_histogram(struct text *out, const char *name, const char *help, const struct histogram *h)
{
    uint64_t n = 0;
    head(out, name, "histogram", help);
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        n += h->counts[i];
        text_add(out, PREFIX "%s_bucket{le=\"%g\"} %llu\n", name, (double)histogram_bounds_us[i] / 1e6,
                 (unsigned long long)n);
    }
    text_add(out, PREFIX "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)h->n);
    text_add(out, PREFIX "%s_sum %llu.%06u\n", name, (unsigned long long)(h->sum_us / 1000000),
             (unsigned)(h->sum_us % 1000000));
    text_add(out, PREFIX "%s_count %llu\n", name, (unsigned long long)h->n);
}

void srv_metrics_format(const struct srv_metrics *m, struct text *out)
{
    const struct srv_counters *c = srv_engine_counters(m->engine);
    head(out, "build_info", "gauge", "The version of the server.");
    text_add(out, PREFIX "build_info{version=\"%s\"} 1\n", DHCPLAB_VERSION);
    head(out, "uptime_seconds", "gauge", "How long it has been serving.");
    text_add(out, PREFIX "uptime_seconds %lld.%03u\n", (long long)(m->uptime_ms / 1000),
             (unsigned)(m->uptime_ms % 1000));
    put_types(out, "received_total", "Messages received, by type.", c->received);
    put_types(out, "sent_total", "Messages sent, by type.", c->sent);
    single(out, "dropped_total", "counter", "Messages that were not served; see reasons.", c->dropped);
    put_reasons(out, c->reasons);
    single(out, "queue_length", "gauge", "Packets received and not yet served.", m->queue_length);
    put_blocks(out, srv_engine_blocks(m->engine));
    put_leases(out, m);
    put_pools(out, m->config);
    put_histogram(out, "answer_seconds", "From the arrival of a packet to its answer.", m->answer_time);
    if (m->sync_time != NULL) {
        put_histogram(out, "sync_seconds", "Syncs of the lease file.", m->sync_time);
        single(out, "store_failures_total", "counter", "Commits of the lease file that failed.",
               m->store_failures);
    }
    single(out, "log_suppressed_total", "counter", "Lines that max-log-rate has suppressed.",
           m->log_suppressed);
}
