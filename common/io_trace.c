#include "common/io_trace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_loop.h"

int io_trace_open(struct io_trace *t, const char *node, const char *path, enum io_trace_show show)
{
    const char *no_color = getenv("NO_COLOR");
    bool color = isatty(STDERR_FILENO) && (no_color == NULL || no_color[0] == '\0');
    *t = (struct io_trace){.node = node, .fd = -1, .show = show, .color = color ? TRACE_COLOR : TRACE_PLAIN};
    log_rate_init(&t->rate, 0);
    if (path == NULL)
        return 0;
    t->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    return t->fd < 0 ? ERR_IO : 0;
}

void io_trace_close(struct io_trace *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static void write_log(struct io_trace *t, const char *level, const char *text);

static void lose_line(struct io_trace *t, ssize_t written)
{
    if (t->lost++ == 0)
        fprintf(stderr, "the trace file cannot be written: %s\n",
                written < 0 ? strerror(errno) : "disk full");
}

static void tell_lost(struct io_trace *t)
{
    char text[96];
    snprintf(text, sizeof text, "%llu lines before this one could not be written into the trace",
             (unsigned long long)t->lost);
    t->lost = 0;
    write_log(t, "warning", text);
}

static void write_line(struct io_trace *t, const char *line, size_t len)
{
    if (t->is_torn) /* what is left of a line stands alone */
        t->is_torn = write(t->fd, "\n", 1) != 1;
    ssize_t n = t->is_torn ? -1 : write(t->fd, line, len);
    if (n != (ssize_t)len) {
        t->is_torn = t->is_torn || n > 0;
        lose_line(t, n);
    } else if (t->lost > 0) {
        tell_lost(t);
    }
}

static void give_line(struct io_trace *t, const cJSON *event)
{
    char *line = cJSON_PrintUnformatted(event);
    if (line == NULL)
        return;
    size_t len = strlen(line);
    line[len] = '\n'; /* in the place of the NUL: the line and its end go out in one write */
    if (t->fd >= 0)
        write_line(t, line, len + 1);
    if (t->tap != NULL)
        t->tap(t->tap_user, line, len + 1);
    free(line);
}

static void write_event(struct io_trace *t, cJSON *event)
{
    if (event == NULL)
        return;
    if (t->fd >= 0 || t->tap != NULL)
        give_line(t, event);
    if (t->log != NULL) {
        io_log_write(t->log, event);
    } else if (t->show == IO_TRACE_ALL) {
        char *text = trace_text(event, t->color);
        if (text != NULL)
            fputs(text, stderr);
        free(text);
    }
    cJSON_Delete(event);
}

/* ---- how many lines ---- */

/* The kinds that are not a reason. */
enum { KIND_RX = REASON_COUNT, KIND_TX, KIND_INFO, KIND_WARNING, KIND_ERROR, N_KINDS };

static_assert((int)N_KINDS <= (int)LOG_RATE_KINDS_MAX, "each kind has its place in struct log_rate");

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {"rx", "tx", "info", "warning", "error"};
    return kind < REASON_COUNT ? reason_token((enum reason)kind) : names[kind - REASON_COUNT];
}

static unsigned level_kind(const char *level)
{
    return strcmp(level, "error") == 0     ? KIND_ERROR
           : strcmp(level, "warning") == 0 ? KIND_WARNING
                                           : KIND_INFO;
}

void io_trace_limit(struct io_trace *t, uint32_t per_s)
{
    t->rate.per_s = per_s;
}

time_ms io_trace_deadline(const struct io_trace *t)
{
    return t->rate.deadline;
}

static void tell_suppressed(struct io_trace *t, time_ms now)
{
    unsigned kind;
    uint32_t n;
    while (log_rate_take_due(&t->rate, now, &kind, &n)) {
        char text[128];
        snprintf(text, sizeof text, "%u more lines of \"%s\" are suppressed: %u a second are written", n,
                 kind_name(kind), t->rate.per_s);
        write_log(t, "warning", text);
    }
}

void io_trace_tick(struct io_trace *t)
{
    tell_suppressed(t, io_real_ms());
}

static bool admit(struct io_trace *t, unsigned kind)
{
    time_ms now = io_real_ms();
    tell_suppressed(t, now);
    return log_rate_admit(&t->rate, kind, now);
}

/* ---- lines ---- */

void io_trace_event(struct io_trace *t, const struct trace_event *event)
{
    if (io_trace_is_off(t))
        return;
    struct trace_stamp stamp = {.now = io_now(), .node = t->node};
    if (!admit(t, event->reason))
        return;
    write_event(t, trace_event_json(&stamp, event));
}

void io_trace_write_message(struct io_trace *t, enum trace_direction direction, const char *ifname,
                            const struct packet *packet)
{
    struct trace_stamp stamp = {.now = io_now(), .node = t->node};
    if (!admit(t, direction == TRACE_RX ? KIND_RX : KIND_TX))
        return;
    write_event(t, trace_message_json(&stamp, direction, ifname, packet));
}

void io_trace_drop(struct io_trace *t, const char *ifname, const struct packet *packet, enum reason reason,
                   const struct trace_facts *facts)
{
    if (io_trace_is_off(t))
        return;
    struct trace_stamp stamp = {.now = io_now(), .node = t->node};
    if (!admit(t, reason))
        return;
    write_event(t, trace_drop_json(&stamp, ifname, packet, reason, facts));
}

/* What must be told even where the events are not shown. */
static void show_trouble(const struct io_trace *t, const char *level, const char *text)
{
    bool is_error = strcmp(level, "error") == 0;
    if (!is_error && strcmp(level, "warning") != 0)
        return;
    if (t->show == IO_TRACE_ERRORS)
        fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, level, text);
    else if (t->show == IO_TRACE_SYSLOG)
        syslog(is_error ? LOG_ERR : LOG_WARNING, "%s: %s", t->node, text);
}

static void write_log(struct io_trace *t, const char *level, const char *text)
{
    struct trace_stamp stamp = {.now = io_now(), .node = t->node};
    if (t->log == NULL)
        show_trouble(t, level, text);
    if (t->log != NULL || !io_trace_is_off(t))
        write_event(t, trace_log_json(&stamp, level, text));
}

void io_trace_log(struct io_trace *t, const char *level, const char *format, ...)
{
    char text[1024];
    if (!admit(t, level_kind(level)))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_log(t, level, text);
}
