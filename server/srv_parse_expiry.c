/* expired-leases-processing: what becomes of leases whose time is over. The defaults are Kea's. */
#include "server/srv_parse.h"

enum {
    RECLAIM_WAIT_DEFAULT_S = 10,
    FLUSH_WAIT_DEFAULT_S = 25,
    HOLD_DEFAULT_S = 3600,
    RECLAIM_LEASES_DEFAULT = 100,
    RECLAIM_TIME_DEFAULT_MS = 250,
    UNWARNED_DEFAULT = 5,
};

/* One key a line. */
/* clang-format off */
static const char *const expiry_keys[] = {
    "flush-reclaimed-timer-wait-time",
    "hold-reclaimed-time",
    "max-reclaim-leases",
    "max-reclaim-time",
    "reclaim-timer-wait-time",
    "unwarned-reclaim-cycles",
    NULL,
};
/* clang-format on */

void srv_parse_expiry(struct srv_parse *p, const cJSON *global)
{
    struct srv_expiry *e = &p->config->expiry;
    const cJSON *map = jcfg_get_map(&p->c, global, "expired-leases-processing");
    *e = (struct srv_expiry){.is_given = map != NULL || p->config->kea,
                             .reclaim_wait_s = RECLAIM_WAIT_DEFAULT_S,
                             .max_leases = RECLAIM_LEASES_DEFAULT,
                             .max_time_ms = RECLAIM_TIME_DEFAULT_MS,
                             .unwarned = UNWARNED_DEFAULT,
                             .hold_s = HOLD_DEFAULT_S,
                             .flush_wait_s = FLUSH_WAIT_DEFAULT_S};
    if (map == NULL)
        return;
    jcfg_check_keys(&p->c, map, expiry_keys, NULL);
    jcfg_get_u32(&p->c, map, "reclaim-timer-wait-time", 0, UINT16_MAX, &e->reclaim_wait_s);
    jcfg_get_u32(&p->c, map, "flush-reclaimed-timer-wait-time", 0, UINT16_MAX, &e->flush_wait_s);
    jcfg_get_u32(&p->c, map, "hold-reclaimed-time", 0, UINT32_MAX, &e->hold_s);
    jcfg_get_u32(&p->c, map, "max-reclaim-leases", 0, UINT32_MAX, &e->max_leases);
    jcfg_get_u32(&p->c, map, "max-reclaim-time", 0, UINT16_MAX, &e->max_time_ms);
    jcfg_get_u32(&p->c, map, "unwarned-reclaim-cycles", 0, UINT16_MAX, &e->unwarned);
}
