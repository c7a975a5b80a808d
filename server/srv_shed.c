#include "server/srv_shed.h"

static bool is_too_long(const struct srv_shed *s, size_t n, size_t capacity, time_ms now)
{
    return n >= capacity || (n >= SRV_SHED_FROM && now < s->short_until_ms);
}

bool srv_shed_step(struct srv_shed *s, size_t n, size_t capacity, bool waits, time_ms now)
{
    if (n < SRV_SHED_UNTIL || waits) {
        s->sheds = false;
    } else if (capacity >= SRV_SHED_CAPACITY_MIN && is_too_long(s, n, capacity, now)) {
        s->sheds = true;
        s->short_until_ms = now + SRV_SHED_SHORT_MS;
    }
    return s->sheds;
}
