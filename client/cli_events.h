/* Who follows the client's events over the control socket: each gets every line of the trace, until it goes
 * or is too slow. */
#pragma once
#include "common/control.h"
#include "common/io_trace.h"

struct cli_event_reader;

struct cli_events {
    struct io_trace *trace; /* borrowed */
    struct cli_event_reader *readers;
    unsigned n_readers;
    uint64_t n_dropped; /* readers, because they were too slow */
};

/* There is nothing to free: every reader goes when its connection does, with the control socket at last. */
void cli_events_init(struct cli_events *e, struct io_trace *trace);
/* Answers the request, and makes it one of the readers. */
void cli_events_add(struct cli_events *e, struct control_request *request);
