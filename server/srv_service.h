/* Who has switched DHCP off: the administrator, or programs that do so for a while. It is served when nobody
 * keeps it off any more. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

/* Kea's numbers: one for who types commands; ranges for programs on this machine and on others. */
enum { SRV_ORIGIN_USER = 1, SRV_ORIGIN_LOCAL = 1000, SRV_ORIGIN_REMOTE = 2000, SRV_ORIGIN_MAX = 3000 };

enum { SRV_SERVICE_ORIGINS_MAX = 16 };

/* Zeroed: served. */
struct srv_service {
    struct srv_service_switch {
        uint32_t origin;
        time_ms until_ms; /* switched on again by itself; TIME_NEVER: by command only */
    } off[SRV_SERVICE_ORIGINS_MAX];
    size_t n;
};

/* Switched off by `origin`, whatever it said before. ERR_LIMIT: SRV_SERVICE_ORIGINS_MAX others did. */
int srv_service_disable(struct srv_service *s, uint32_t origin, time_ms until_ms, time_ms now);
void srv_service_enable(struct srv_service *s,
                        uint32_t origin); /* nothing happens if it did not switch it off */
/* Does anybody keep it off at `now`? */
bool srv_service_is_disabled(const struct srv_service *s, time_ms now);
/* Does an origin from first to last? */
bool srv_service_is_disabled_by(const struct srv_service *s, uint32_t first, uint32_t last, time_ms now);
