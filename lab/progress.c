#include "lab/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/io_now.h"
#include "lab/view.h"

enum { AGAIN_US = 200000, BAR = 40, TEXT_MAX = 2 * VIEW_SPAN_LEN + 8 };

void progress_init(struct progress *p, uint64_t quiet_us)
{
    *p = (struct progress){.is_on = isatty(STDERR_FILENO), .next_us = io_now_us() + quiet_us};
}

bool progress_is_due(const struct progress *p, uint64_t done, uint64_t total)
{
    bool is_end = p->is_shown && done == total;
    return p->is_on && total > 0 && (is_end || io_now_us() >= p->next_us);
}

void progress_draw(struct progress *p, uint64_t done, uint64_t total, const char *text)
{
    int filled = (int)((double)done * BAR / (double)total);
    p->is_shown = true;
    p->next_us = io_now_us() + AGAIN_US;
    fprintf(stderr, "\r[%.*s%*s] %s", filled, "########################################", BAR - filled, "",
            text);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->is_shown)
        fputc('\n', stderr);
    p->is_shown = false;
}

void progress_time(struct progress *p, time_ms done, time_ms total)
{
    char text[TEXT_MAX], so_far[VIEW_SPAN_LEN], whole[VIEW_SPAN_LEN];
    if (!progress_is_due(p, (uint64_t)done, (uint64_t)total))
        return;
    snprintf(text, sizeof text, "%s of %s", view_span((double)done / 1000, so_far),
             view_span((double)total / 1000, whole));
    progress_draw(p, (uint64_t)done, (uint64_t)total, text);
}
