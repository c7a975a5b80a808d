/* The record of what happened: typed events, as JSON objects and as text for people. One event is one JSON
 * object on one line (NDJSON); the text form is made from the object, so that a program's own log, `dhcplab
 * log` and a file of last week read the same. Pure: a driver stamps and writes, the engines only fill in.
 *
 * Every object has "time" (ISO 8601), "boot_ms", "node", "kind". What else it has follows from its kind:
 *
 * - message: "direction" (rx or tx), "interface", "src", "dst", "sport", "dport", "src_hw", "dst_hw" (null if
 *   not known), "length" of the UDP payload; "op", "type", "htype", "hlen", "hops", "xid", "secs", "flags",
 *   "broadcast", "ciaddr", "yiaddr", "siaddr", "giaddr", "chaddr", "sname", "file"; "options", "defects"
 * - drop: what a message has up to "length", then "reason", "text", "facts"; from an engine, which sees no
 *   frames, "xid" and "client" instead of the former, where there are any
 * - decision: "reason", "text", "facts", and "xid" and "client" where there are any
 * - state: the same, and "from", "to"
 * - log: "level", "text"
 *
 * "facts" has what the sentence of the reason names: addr, other, net, num, max, span_s, hw, text.
 * An option has "code", "name", "length", "value" (by type; null if unknown or malformed), "text", "hex" and
 * "offset"; "region" if it stands in file or sname; "pieces" if it was split; "malformed" {reason, text} if
 * it breaks its definition. A defect has "reason", "text", and "offset" where it is the only one. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/addr.h"
#include "common/clock.h"
#include "common/dhcp_msg.h"
#include "common/packet.h"
#include "common/reason.h"

/* What facts.text is. */
enum trace_form {
    TRACE_PLAIN_TEXT,
    TRACE_OPTIONS, /* packed: trace_options.h */
};

/* What the sentence of a reason speaks of; fields that it does not name are ignored. */
struct trace_facts {
    ip4 addr;
    ip4 other;
    struct ip4_net net;
    int64_t num;
    int64_t max;
    uint32_t span_s; /* seconds, LEASE_INFINITE allowed */
    struct hw_addr hw;
    enum trace_form form : 8; /* of the text */
    const char *text;         /* borrowed until the event is written; escaped when it is */
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
/* A received datagram that was not looked into further. `packet` and `facts` may be NULL. */
cJSON *trace_drop_json(const struct trace_stamp *stamp, const char *ifname, const struct packet *packet,
                       enum reason reason, const struct trace_facts *facts);
cJSON *trace_log_json(const struct trace_stamp *stamp, const char *level, const char *text);

enum trace_color { TRACE_PLAIN, TRACE_COLOR };

/* The object as text: one line, and for a message one more line per header field group and per option. Ends
 * with a newline. malloc'ed, the caller frees; NULL if memory is out. An object that is not a trace event
 * gives its JSON. */
char *trace_text(const cJSON *event, enum trace_color color);

/* A message in one line (dhcp_line.h), without an end; its type may stand elsewhere. Likewise malloc'ed. */
char *trace_line(const cJSON *message, bool with_type, enum trace_color color);
/* Only what stands under the first line of a message: header fields, options, defects. Likewise malloc'ed. */
char *trace_details(const cJSON *message, enum trace_color color);
