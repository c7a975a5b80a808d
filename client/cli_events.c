#include "client/cli_events.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

struct cli_event_reader {
    struct cli_event_reader *next;
    struct cli_events *events;
    struct control_request *request;
};

static struct cli_event_reader **find(struct cli_events *e, const struct cli_event_reader *reader)
{
    struct cli_event_reader **place = &e->readers;
    while (*place != reader)
        place = &(*place)->next;
    return place;
}

static void take_out(struct cli_event_reader *reader)
{
    struct cli_events *e = reader->events;
    *find(e, reader) = reader->next;
    if (--e->n_readers == 0)
        e->trace->tap = NULL;
    free(reader);
}

static void on_gone(void *user, struct control_request *request)
{
    (void)request;
    take_out(user);
}

/* Its last line tells the reader why there are no more. */
static void drop(struct cli_event_reader *reader)
{
    static const char last[] =
        "{\"kind\":\"log\",\"level\":\"warning\",\"text\":\"this reader is too slow and is "
        "dropped: events are missing from here on\"}\n";
    control_stream_end(reader->request, last, sizeof last - 1);
    take_out(reader);
}

static void on_line(void *user, const char *line, size_t len)
{
    struct cli_events *e = user;
    unsigned dropped = 0;
    for (struct cli_event_reader *r = e->readers, *next; r != NULL; r = next) {
        next = r->next;
        if (control_stream_put(r->request, line, len) == 0)
            continue;
        drop(r);
        dropped++;
    }
    e->n_dropped += dropped;
    /* The others are told, and the log; each time there are fewer of them. */
    while (dropped-- > 0)
        io_trace_event(e->trace, &(struct trace_event){.kind = TRACE_DECISION,
                                                       .reason = REASON_READER_SLOW,
                                                       .facts = {.num = CONTROL_STREAM_MAX}});
}

void cli_events_init(struct cli_events *e, struct io_trace *trace)
{
    *e = (struct cli_events){.trace = trace};
}

void cli_events_add(struct cli_events *e, struct control_request *request)
{
    struct cli_event_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        control_reply(request, CONTROL_ERROR, err_text(ERR_NOMEM), NULL);
        return;
    }
    *reader = (struct cli_event_reader){.next = e->readers, .events = e, .request = request};
    if (!control_stream_start(request, "events follow, one a line", on_gone, reader)) {
        free(reader);
        return;
    }
    e->readers = reader;
    e->n_readers++;
    e->trace->tap = on_line;
    e->trace->tap_user = e;
}
