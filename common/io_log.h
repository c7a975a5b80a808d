/* Where a program's log goes for people: as text, by weight, to files that are rotated, to standard output or
 * error, to the system's log. What Kea calls loggers. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* The weight of a line. Events (messages, decisions, states, drops) are of the weight DEBUG. */
enum io_log_severity {
    IO_LOG_DEBUG,
    IO_LOG_INFO,
    IO_LOG_WARNING,
    IO_LOG_ERROR,
    IO_LOG_FATAL, /* nothing is: what would be ends the program, which says so on standard error */
    IO_LOG_NONE,
};

enum { IO_LOG_DETAILS = 55 }; /* the debuglevel from which on a message has every field and option */

struct io_log_target {
    const char *output; /* "stdout", "stderr", "syslog", "syslog:NAME", or the path of a file; borrowed */
    enum io_log_severity severity; /* no line below it */
    uint32_t debuglevel;           /* with IO_LOG_DEBUG */
    bool flush;                    /* a line is in the kernel's hands at once */
    uint32_t maxsize;              /* octets; a file that would grow beyond becomes FILE.1; 0: it grows */
    uint32_t maxver;               /* how many of FILE.1, FILE.2, ... are kept */
};

struct io_log;

struct io_log *io_log_new(void); /* NULL: ERR_NOMEM */
/* Adds a target. ERR_NOMEM; ERR_IO (errno tells): the file cannot be opened, and nothing is added. */
int io_log_add(struct io_log *log, const struct io_log_target *target);
/* Is anybody told of events? */
bool io_log_wants_events(const struct io_log *log);
/* Writes a trace object (trace.h) to each target that wants it. */
void io_log_write(struct io_log *log, const cJSON *event);
void io_log_free(struct io_log *log); /* NULL is fine */
