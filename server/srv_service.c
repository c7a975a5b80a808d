#include "server/srv_service.h"

#include "common/err.h"

static void forget(struct srv_service *s, size_t place)
{
    s->off[place] = s->off[--s->n];
}

void srv_service_enable(struct srv_service *s, uint32_t origin)
{
    for (size_t i = s->n; i-- > 0;)
        if (s->off[i].origin == origin)
            forget(s, i);
}

int srv_service_disable(struct srv_service *s, uint32_t origin, time_ms until_ms, time_ms now)
{
    srv_service_enable(s, origin);
    for (size_t i = s->n; i-- > 0;)
        if (s->off[i].until_ms <= now)
            forget(s, i);
    if (s->n == SRV_SERVICE_ORIGINS_MAX)
        return ERR_LIMIT;
    s->off[s->n++] = (struct srv_service_switch){.origin = origin, .until_ms = until_ms};
    return 0;
}

bool srv_service_is_disabled_by(const struct srv_service *s, uint32_t first, uint32_t last, time_ms now)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->off[i].origin >= first && s->off[i].origin <= last && now < s->off[i].until_ms)
            return true;
    return false;
}

bool srv_service_is_disabled(const struct srv_service *s, time_ms now)
{
    return srv_service_is_disabled_by(s, 0, UINT32_MAX, now);
}
