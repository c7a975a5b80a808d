#include "common/io_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "common/err.h"
#include "common/trace.h"

enum { TARGETS_MAX = 16, PATH_MAX_LEN = 4096 };

struct target {
    struct io_log_target want; /* output: our own copy */
    FILE *file;                /* NULL: the system's log */
    bool is_ours;              /* a file that we opened */
    bool is_endless;           /* it is no file, such as /dev/null, whose name would go to one */
    size_t size;
};

struct io_log {
    struct target targets[TARGETS_MAX];
    size_t n;
};

struct io_log *io_log_new(void)
{
    return calloc(1, sizeof(struct io_log));
}

static bool open_file(struct target *t)
{
    t->file = fopen(t->want.output, "ae");
    if (t->file == NULL)
        return false;
    t->is_ours = true;
    struct stat st;
    t->is_endless = fstat(fileno(t->file), &st) == 0 && !S_ISREG(st.st_mode);
    fseek(t->file, 0, SEEK_END);
    long size = ftell(t->file);
    t->size = size < 0 ? 0 : (size_t)size;
    return true;
}

static bool open_output(struct target *t)
{
    const char *output = t->want.output;
    if (strcmp(output, "syslog") == 0 || strncmp(output, "syslog:", 7) == 0)
        return true;
    if (strcmp(output, "stdout") == 0 || strcmp(output, "stderr") == 0) {
        t->file = output[3] == 'o' ? stdout : stderr;
        return true;
    }
    return open_file(t);
}

int io_log_add(struct io_log *log, const struct io_log_target *target)
{
    if (log->n == TARGETS_MAX)
        return ERR_NOMEM;
    struct target *t = &log->targets[log->n];
    *t = (struct target){.want = *target};
    t->want.output = strdup(target->output);
    if (t->want.output == NULL)
        return ERR_NOMEM;
    if (!open_output(t)) {
        int why = errno;
        free((void *)(uintptr_t)t->want.output);
        errno = why;
        return ERR_IO;
    }
    log->n++;
    return 0;
}

bool io_log_wants_events(const struct io_log *log)
{
    for (size_t i = 0; i < log->n; i++)
        if (log->targets[i].want.severity == IO_LOG_DEBUG)
            return true;
    return false;
}

/* FILE.2 becomes FILE.3, FILE.1 FILE.2, FILE FILE.1: the last one is gone. */
static void rotate(struct target *t)
{
    char from[PATH_MAX_LEN], to[PATH_MAX_LEN];
    fclose(t->file);
    for (uint32_t i = t->want.maxver; i > 0; i--) {
        snprintf(to, sizeof to, "%s.%u", t->want.output, i);
        snprintf(from, sizeof from, "%s.%u", t->want.output, i - 1);
        rename(i == 1 ? t->want.output : from, to); /* what is not there yet cannot be renamed */
    }
    if (t->want.maxver == 0)
        remove(t->want.output);
    if (!open_file(t)) {
        t->file = stderr; /* better than nowhere */
        t->is_ours = false;
    }
}

static enum io_log_severity weight_of(const cJSON *event)
{
    const char *level = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "level"));
    if (level == NULL)
        return IO_LOG_DEBUG;
    return strcmp(level, "error") == 0     ? IO_LOG_ERROR
           : strcmp(level, "warning") == 0 ? IO_LOG_WARNING
                                           : IO_LOG_INFO;
}

static void write_syslog(enum io_log_severity weight, const char *text, size_t len)
{
    static const int priorities[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR, LOG_ERR, LOG_ERR};
    syslog(priorities[weight], "%.*s", (int)len, text);
}

static void write_file(struct target *t, const char *text, size_t len)
{
    if (t->is_ours && !t->is_endless && t->want.maxsize != 0 && t->size != 0 &&
        t->size + len > t->want.maxsize)
        rotate(t);
    t->size += len;
    fwrite(text, 1, len, t->file);
    if (t->want.flush)
        fflush(t->file);
}

/* Its first line, unless all of it is wanted. */
static size_t wanted_len(const struct io_log_target *want, const char *text)
{
    bool details = want->severity == IO_LOG_DEBUG && want->debuglevel >= IO_LOG_DETAILS;
    const char *end = strchr(text, '\n');
    return details || end == NULL ? strlen(text) : (size_t)(end - text) + 1;
}

void io_log_write(struct io_log *log, const cJSON *event)
{
    enum io_log_severity weight = weight_of(event);
    char *text = NULL;
    for (size_t i = 0; i < log->n; i++) {
        struct target *t = &log->targets[i];
        if (weight < t->want.severity)
            continue;
        if (text == NULL)
            text = trace_text(event, TRACE_PLAIN);
        if (text == NULL)
            return;
        if (t->file == NULL)
            write_syslog(weight, text, wanted_len(&t->want, text));
        else
            write_file(t, text, wanted_len(&t->want, text));
    }
    free(text);
}

void io_log_free(struct io_log *log)
{
    for (size_t i = 0; log != NULL && i < log->n; i++) {
        struct target *t = &log->targets[i];
        if (t->is_ours)
            fclose(t->file);
        else if (t->file != NULL)
            fflush(t->file);
        free((void *)(uintptr_t)t->want.output);
    }
    free(log);
}
