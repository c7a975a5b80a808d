/* What of a capture is replayed: each message of a client or relay agent once, with the answer that it got
 * then. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/arena.h"
#include "common/dhcp_msg.h"

enum {
    REPLAY_MESSAGES_MAX = 100000, /* more are counted and left out */
    REPLAY_ANSWERS_MAX = 8,       /* to one message, of several servers */
    REPLAY_LOOK_BACK = 4096,      /* so many messages with such an xid are looked at */
    REPLAY_BUCKETS = 4096,
};

struct replay_datagram {
    uint64_t number; /* of the packet in the capture, from 1 */
    int64_t time_ns;
    ip4 src, dst;
    const uint8_t *bytes; /* of the UDP payload */
    size_t len;
};

struct replay_message {
    struct replay_datagram sent; /* bytes are the plan's, here and in the answers */
    uint8_t type;                /* enum dhcp_type */
    uint32_t xid;
    struct hw_addr client;
    ip4 relay;       /* giaddr; 0: the client's own message */
    unsigned copies; /* left out: repetitions, the same packet on another interface, the original of what a
                        relay agent passed on */
    size_t n_answers;
    struct replay_datagram answers[REPLAY_ANSWERS_MAX];
    uint32_t older; /* place + 1 of the message before it in its bucket; 0: it is the first */
    size_t chosen;  /* the answer that counts: of the server that the client chose, else the first */
};

struct replay_plan {
    struct replay_message *messages; /* in the order of the capture */
    size_t n, capacity;
    struct arena arena;
    uint32_t newest[REPLAY_BUCKETS]; /* by xid: place + 1 of the last message; 0: none */
    uint64_t n_unreadable;           /* datagrams that are no DHCP message, or cut */
    uint64_t n_left_out;             /* beyond the limit */
    uint64_t n_strays;               /* answers to what was not captured */
};

void replay_plan_init(struct replay_plan *p);
void replay_plan_fini(struct replay_plan *p);
/* Takes a copy of what it needs. 0 or ERR_NOMEM. */
int replay_plan_add(struct replay_plan *p, const struct replay_datagram *d);
/* When all are there: chooses among the answers. */
void replay_plan_choose(struct replay_plan *p);

/* The answer that counts; NULL: there was none. */
const struct replay_datagram *replay_plan_answer(const struct replay_message *m);
/* RFC 2131 table 4: nobody answers a RELEASE or a DECLINE. */
bool replay_plan_is_answerable(const struct replay_message *m);
