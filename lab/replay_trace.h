/* What a trace (trace.h) tells of a server: the messages that it got, with all their octets again, and what
 * it did, in a form that can be compared. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/clock.h"
#include "common/packet.h"

enum replay_trace_kind {
    REPLAY_TRACE_OTHER,    /* the log, a frame that was not looked into */
    REPLAY_TRACE_HEARD,    /* a message that came in */
    REPLAY_TRACE_SENT,     /* a message that went out */
    REPLAY_TRACE_DECISION, /* a decision, drop or change of state */
    REPLAY_TRACE_STARTED,  /* a server has started */
};

/* What the event is about. */
enum replay_trace_kind replay_trace_kind(const cJSON *event);
/* Of a start: the server knows no leases from before. */
bool replay_trace_is_empty(const cJSON *event);
/* Its "boot_ms"; -1 without one. */
time_ms replay_trace_time(const cJSON *event);
/* Its "xid": "0x3903f326"; "" without one. Borrowed. */
const char *replay_trace_xid(const cJSON *event);

/* The datagram of a message event. Its payload is written to `buf`: the octets as they were, but for what
 * stood behind END and beyond a hardware address. False if the event does not have all of it, or it is longer
 * than `cap`. */
bool replay_trace_packet(const cJSON *event, uint8_t *buf, size_t cap, struct packet *out);

/* The event without what differs from run to run: times, and hardware addresses of frames. malloc'ed, the
 * caller frees; NULL: memory. The event is changed. */
char *replay_trace_text(cJSON *event);
