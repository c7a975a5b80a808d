/* The record of what happened: typed events, as JSON objects and as text for people. One event is one JSON
 * object on one line (NDJSON); the text form is made from the object, so that a program's own log, `dhcplab
 * log` and a file of last week read the same. Pure: a driver stamps and writes, the engines only fill in.
 *
 * Every object has: "time" (ISO 8601), "boot_ms", "node", "kind", and by kind:
 *   message   direction, interface, src, dst, sport, dport, src_hw, dst_hw, length, op, type, htype, hlen,
 * hops, xid, secs, flags, broadcast, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file, options, defects
 *   drop      direction, interface, src, dst, length, reason, text
 *   decision  reason, text, xid, client, and the facts that the sentence uses
 *   state     from, to, reason, text, xid
 *   lease     action, address, client, client_id, subnet_id, lease_s, expires
 *   log       level, text */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/addr.h"
#include "common/clock.h"
#include "common/dhcp_msg.h"
#include "common/packet.h"
#include "common/reason.h"

/* What the sentence of a reason speaks of; fields that it does not name are ignored. */
struct trace_facts {
    ip4 addr;
    ip4 other;
    struct ip4_net net;
    int64_t num;
    int64_t max;
    uint32_t span_s; /* seconds, LEASE_INFINITE allowed */
    struct hw_addr hw;
    const char *text; /* borrowed until the event is written */
};

enum trace_kind { TRACE_DECISION, TRACE_DROP, TRACE_STATE };

/* What an engine emits. Messages are traced by the driver, which knows how they travelled. */
struct trace_event {
    enum trace_kind kind;
    enum reason reason;
    struct trace_facts facts;
    uint32_t xid;
    struct hw_addr client; /* len 0: none */
    const char *from, *to; /* TRACE_STATE: names of states, static storage */
};

/* Who writes, and when. */
struct trace_stamp {
    struct clock_now now;
    const char *node; /* "server", "h1" */
};

enum trace_direction { TRACE_RX, TRACE_TX };

/* Fills the places of the reason's sentence. Cuts at `cap`; returns the length. */
size_t trace_sentence(enum reason reason, const struct trace_facts *facts, char *buf, size_t cap);

/* Objects; the caller owns them. NULL if memory is out. */
cJSON *trace_event_json(const struct trace_stamp *stamp, const struct trace_event *event);
/* A message with every option: code, name, length, value, text, hex, offset, and why it is malformed if it
 * is. Bytes that are no DHCP message give a "drop" object with the reason. */
cJSON *trace_message_json(const struct trace_stamp *stamp, enum trace_direction direction, const char *ifname,
                          const struct packet *packet);
cJSON *trace_drop_json(const struct trace_stamp *stamp, const char *ifname, const struct packet *packet,
                       enum reason reason, const struct trace_facts *facts);
cJSON *trace_log_json(const struct trace_stamp *stamp, const char *level, const char *text);

enum trace_color { TRACE_PLAIN, TRACE_COLOR };

/* The object as text: one line, and for a message one more line per header field group and per option. Ends
 * with a newline. malloc'ed, the caller frees; NULL if memory is out. An object that is not a trace event
 * gives its JSON. */
char *trace_text(const cJSON *event, enum trace_color color);
