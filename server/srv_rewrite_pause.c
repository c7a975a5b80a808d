#include "server/srv_rewrite_pause.h"

bool srv_rewrite_pause_is_over(const struct srv_rewrite_pause *p, time_ms now)
{
    return now >= p->until_ms;
}

bool srv_rewrite_pause_on_end(struct srv_rewrite_pause *p, bool is_done, time_ms now)
{
    bool is_news = !is_done && !p->has_failed;
    p->has_failed = !is_done;
    if (!is_done)
        p->until_ms = now + SRV_REWRITE_PAUSE_MS;
    return is_news;
}
