/* How much of each thing there may be, and where one can look at it. */
#include "server/srv_parse.h"

enum {
    QUEUE_CAPACITY_DEFAULT = 4096,
    QUEUE_CAPACITY_MAX = 65536,
    LOG_RATE_DEFAULT = 1000,
    DECLINED_DEFAULT = 10000,
    BLOCKS_DEFAULT = 1024,
    BLOCKS_MAX = 65536,
    STAT_COUNT_DEFAULT = 20,
    LOOPBACK = 0x7f000001,
};

static const char *const queue_keys[] = {"capacity", NULL};
static const char *const metrics_keys[] = {"address", "port", NULL};
static const char *const queue_elsewhere[] = {"enable-queue", "queue-type", NULL};

static void read_queue(struct srv_parse *p, const cJSON *global)
{
    const cJSON *map = jcfg_get_map(&p->c, global, "dhcp-queue-control");
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, queue_keys, queue_elsewhere);
    jcfg_get_u32(&p->c, map, "capacity", 1, QUEUE_CAPACITY_MAX, &p->config->queue_capacity);
}

static void read_metrics(struct srv_parse *p, const cJSON *global)
{
    const cJSON *map = jcfg_get_map(&p->c, global, "metrics");
    uint32_t port = 0;
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, metrics_keys, NULL);
    p->config->metrics.address = LOOPBACK;
    jcfg_get_ip4(&p->c, map, "address", &p->config->metrics.address);
    jcfg_require(&p->c, map, "port");
    jcfg_get_u32(&p->c, map, "port", 1, UINT16_MAX, &port);
    p->config->metrics.port = (uint16_t)port;
}

void srv_parse_limits(struct srv_parse *p, const cJSON *global)
{
    struct srv_config *config = p->config;
    config->queue_capacity = QUEUE_CAPACITY_DEFAULT;
    config->max_log_rate = LOG_RATE_DEFAULT;
    config->max_declined = DECLINED_DEFAULT;
    config->max_option_blocks = BLOCKS_DEFAULT;
    config->stat_count = STAT_COUNT_DEFAULT;
    read_queue(p, global);
    read_metrics(p, global);
    jcfg_get_u32(&p->c, global, "max-log-rate", 0, UINT32_MAX, &config->max_log_rate);
    jcfg_get_u32(&p->c, global, "max-declined-addresses", 0, UINT32_MAX, &config->max_declined);
    jcfg_get_u32(&p->c, global, "max-option-blocks", 0, BLOCKS_MAX, &config->max_option_blocks);
    jcfg_get_u32(&p->c, global, "statistic-default-sample-count", 0, UINT32_MAX, &config->stat_count);
    jcfg_get_u32(&p->c, global, "statistic-default-sample-age", 0, UINT32_MAX, &config->stat_age_s);
}
