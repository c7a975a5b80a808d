/* Why: the last transactions, each with the message, every decision about it and the answer. A ring of fixed
 * size; the oldest falls out. Fed with what the engine answers, read by the command explain4. Nothing that
 * the engine has made is copied: the actions are kept when they are executed. Pure. */
#pragma once
#include <cjson/cJSON.h>

#include "server/srv_engine.h"

enum {
    SRV_EXPLAIN_MAX = 256,        /* transactions */
    SRV_EXPLAIN_NOTES_MAX = 32,   /* decisions of one that are told; more are counted */
    SRV_EXPLAIN_BYTES_MAX = 1500, /* a longer message is not told */
    SRV_EXPLAIN_OCTETS_MAX =
        16 * 1024 * 1024 /* of actions that are kept; the oldest transactions make room */
};

struct srv_explain;

struct srv_explain *srv_explain_new(void);    /* NULL if memory is out */
void srv_explain_free(struct srv_explain *x); /* NULL is fine */

/* Adds what one step answered, the actions behind `before` (NULL: all). `packet` is the message it was about,
 * or NULL: then decisions join the last transaction of their xid, and those without one (an expiry) stand
 * alone. The actions are borrowed until srv_explain_keep() takes them. */
void srv_explain_add(struct srv_explain *x, const struct clock_now *now, const struct packet *packet,
                     struct srv_actions *actions, const struct srv_action *before);
/* The last answer to the event's client with the event's xid was not sent, for the reason of the event, which
 * is copied to the `actions`. */
void srv_explain_unsent(struct srv_explain *x, const struct clock_now *now, const struct trace_event *event,
                        struct srv_actions *actions);
/* In the place of srv_actions_reset(), when the actions are executed. */
void srv_explain_keep(struct srv_explain *x, struct srv_actions *actions);

/* Which transactions; what is 0 or NULL does not matter. */
struct srv_explain_filter {
    const struct hw_addr *hw;
    const uint8_t *client_id; /* option 61 of the message */
    size_t client_id_len;
    ip4 addr; /* spoken of in a decision, or in ciaddr or yiaddr */
    uint32_t xid;
    unsigned limit; /* how many at most */
};

/* A list of maps, the newest first: "time", "xid", "hw-address", "query", "decisions" (each with "kind",
 * "reason", "text"), "decisions-not-kept", "answered",
 * "response" (null: none, or not kept), "requested-not-sent". The messages are those of trace.h. */
cJSON *srv_explain_list(const struct srv_explain *x, const struct clock_now *now,
                        const struct srv_explain_filter *filter);
