/* Where a program's trace goes: as text to standard error, as NDJSON to a file that several programs may
 * share. */
#pragma once
#include <stdbool.h>

#include "common/io_log.h"
#include "common/log_rate.h"
#include "common/trace.h"

/* What people are shown. Errors and warnings always are. */
enum io_trace_show {
    IO_TRACE_ALL,    /* every event, on standard error */
    IO_TRACE_ERRORS, /* errors and warnings, on standard error */
    IO_TRACE_SYSLOG, /* errors and warnings, in the system's log: there is no terminal */
};

/* Sees each event as its line of NDJSON, with the end. */
typedef void io_trace_tap_fn(void *user, const char *line, size_t len);

struct io_trace {
    const char *node; /* borrowed */
    int fd;           /* of the NDJSON file, -1 for none */
    enum io_trace_show show;
    enum trace_color color;
    uint64_t lost; /* lines since a write failed, which was told */
    bool is_torn;  /* a part of the last one is in the file */
    struct log_rate rate;
    io_trace_tap_fn *tap; /* NULL: none */
    void *tap_user;
    struct io_log *log; /* then people are told by it alone, whatever `show` says; NULL: none. Borrowed. */
};

/* Starts a trace. `path` NULL: no file; otherwise the file is appended to. Text is coloured only on a
 * terminal and without NO_COLOR. ERR_IO: the file cannot be opened, errno tells. */
int io_trace_open(struct io_trace *t, const char *node, const char *path, enum io_trace_show show);
/* At most so many lines of one kind in a second (0: no limit, as at the start): one reason, messages
 * received, messages sent, one level of the log. How many more there were is a line of its own, at the end of
 * the second: by the next line that is written, or by io_trace_tick(). */
void io_trace_limit(struct io_trace *t, uint32_t per_s);
/* When io_trace_tick() has something to write; TIME_NEVER if never. */
time_ms io_trace_deadline(const struct io_trace *t);
void io_trace_tick(struct io_trace *t);
void io_trace_close(struct io_trace *t);

/* Is nobody interested in events? To be asked before many of them are told, one by one. */
static inline bool io_trace_is_off(const struct io_trace *t)
{
    bool is_shown = t->log != NULL ? io_log_wants_events(t->log) : t->show == IO_TRACE_ALL;
    return t->fd < 0 && t->tap == NULL && !is_shown;
}

/* Each stamps with the time now and writes one event: one line, one write(2). A failing write is told once,
 * and how many lines it cost when the next one is written. */
void io_trace_event(struct io_trace *t, const struct trace_event *event);
void io_trace_write_message(struct io_trace *t, enum trace_direction direction, const char *ifname,
                            const struct packet *packet);

static inline void io_trace_message(struct io_trace *t, enum trace_direction direction, const char *ifname,
                                    const struct packet *packet)
{
    if (!io_trace_is_off(t))
        io_trace_write_message(t, direction, ifname, packet);
}

void io_trace_drop(struct io_trace *t, const char *ifname, const struct packet *packet, enum reason reason,
                   const struct trace_facts *facts);
/* level: "info", "warning" or "error"; printf-style. */
void io_trace_log(struct io_trace *t, const char *level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
