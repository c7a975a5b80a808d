#include "lab/load_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_loop.h"
#include "lab/load_report.h"

enum { WAIT_MAX_US = 100000 }; /* a signal is noticed by then */

static void on_answer(void *user, uint64_t now_us, const uint8_t *bytes, size_t len)
{
    const struct load_run *run = user;
    struct load_answer answer;
    if (load_message_read(&run->messages, bytes, len, &answer))
        load_engine_answer(run->engine, now_us, &answer);
    else
        load_engine_unreadable(run->engine);
}

static uint32_t on_holder(void *user, ip4 addr)
{
    const struct load_run *run = user;
    return load_engine_holder(run->engine, addr, io_now_us());
}

/* Sends what is due now, one batch of it. The number, or ERR_IO. */
static int send_some(struct load_run *run, uint64_t now_us)
{
    int n = 0;
    struct load_send send;
    for (; load_link_has_room(run->link) && load_engine_next(run->engine, now_us, &send); n++)
        load_link_add(run->link, &run->messages, &send);
    return n > 0 && load_link_flush(run->link) < 0 ? ERR_IO : n;
}

static void tell(const struct load_run *run, struct load_progress *last, uint64_t now_us)
{
    if (run->progress_us == 0 || now_us - last->at_us < run->progress_us)
        return;
    struct load_progress state = load_report_state(load_engine_stats(run->engine), now_us);
    if (state.done < last->done) /* what was done beforehand does not count */
        last->done = 0;
    struct text t;
    text_init(&t);
    load_report_progress(&t, last, &state, load_engine_under_way(run->engine));
    char *line = text_take(&t);
    bool terminal = isatty(STDERR_FILENO);
    fprintf(stderr, terminal ? "\r\x1b[K%s" : "%s\n", line == NULL ? "" : line);
    free(line);
    *last = state;
}

static void wait_for_more(struct load_run *run, uint64_t now_us)
{
    uint64_t at = load_engine_deadline(run->engine);
    uint64_t us = at <= now_us ? 0 : at - now_us;
    load_link_wait(run->link, us < WAIT_MAX_US ? us : WAIT_MAX_US);
}

int load_run(struct load_run *run)
{
    struct load_progress last = {.at_us = io_now_us()};
    while (!load_engine_is_done(run->engine)) {
        int received = load_link_receive(run->link, on_answer, run);
        load_link_resolve(run->link, &run->messages, on_holder, run);
        uint64_t now_us = io_now_us();
        if (*run->ended)
            load_engine_stop(run->engine, now_us);
        load_engine_tick(run->engine, *run->ended > 1 ? UINT64_MAX : now_us);
        int sent = send_some(run, now_us);
        if (received < 0 || sent < 0)
            return ERR_IO;
        tell(run, &last, now_us);
        if (received == 0 && sent == 0 && !run->busy_poll)
            wait_for_more(run, now_us);
    }
    if (run->progress_us > 0 && isatty(STDERR_FILENO))
        fputs("\r\x1b[K", stderr);
    return 0;
}
