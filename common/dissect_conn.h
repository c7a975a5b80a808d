/* TCP connections in a capture: the states of both sides as RFC 9293 3.3.2 has them, sequence numbers
 * relative to the beginning, and what each segment does: the three-way handshake, data, the close, a reset;
 * and the HTTP messages in the data. Bounded: of more connections than fit, the one that was silent longest
 * is forgotten. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dissect.h"
#include "common/dissect_http.h"

/* X(identifier, name) */
#define DISSECT_CONN_STATE_MAP(X)                                                                            \
    X(CONN_CLOSED, "CLOSED")                                                                                 \
    X(CONN_LISTEN, "LISTEN")                                                                                 \
    X(CONN_SYN_SENT, "SYN-SENT")                                                                             \
    X(CONN_SYN_RECEIVED, "SYN-RECEIVED")                                                                     \
    X(CONN_ESTABLISHED, "ESTABLISHED")                                                                       \
    X(CONN_FIN_WAIT_1, "FIN-WAIT-1")                                                                         \
    X(CONN_FIN_WAIT_2, "FIN-WAIT-2")                                                                         \
    X(CONN_CLOSE_WAIT, "CLOSE-WAIT")                                                                         \
    X(CONN_CLOSING, "CLOSING")                                                                               \
    X(CONN_LAST_ACK, "LAST-ACK")                                                                             \
    X(CONN_TIME_WAIT, "TIME-WAIT")

enum dissect_conn_state {
#define X(name, text) name,
    DISSECT_CONN_STATE_MAP(X)
#undef X
};

/* What a segment does. X(identifier, sentence) */
#define DISSECT_CONN_EVENT_MAP(X)                                                                            \
    X(CONN_NOTHING, "")                                                                                      \
    X(CONN_MIDDLE, "the beginning was not captured")                                                         \
    X(CONN_SYN, "handshake 1 of 3")                                                                          \
    X(CONN_SYN_AGAIN, "SYN sent again: nobody has answered")                                                 \
    X(CONN_SYN_BOTH, "handshake: both open at a time")                                                       \
    X(CONN_SYN_ACK, "handshake 2 of 3")                                                                      \
    X(CONN_OPENED, "handshake 3 of 3: the connection is open")                                               \
    X(CONN_AGAIN, "sent again")                                                                              \
    X(CONN_HALF_CLOSED, "close: the sender has no more data; the other way stays open")                      \
    X(CONN_FIN_ACKED, "close: the FIN is acknowledged")                                                      \
    X(CONN_BOTH_CLOSED, "close: now the other side has no more data either")                                 \
    X(CONN_DONE, "close: the last FIN is acknowledged, the connection is over")                              \
    X(CONN_REFUSED, "refused: nobody listens there")                                                         \
    X(CONN_RESET, "reset: the connection is cut off")

enum dissect_conn_event {
#define X(name, text) name,
    DISSECT_CONN_EVENT_MAP(X)
#undef X
};

struct dissect_conn_answer {
    unsigned number; /* of the connection, from 1 */
    enum dissect_conn_event event;
    enum dissect_conn_state sender, receiver; /* after the segment has arrived */
    uint32_t seq, ack;                        /* relative; ack 0 without the flag */
    bool has_window;                          /* is the unit of the window known? Both SYNs were seen */
    uint32_t window;                          /* octets that the sender is ready to take */
    struct dissect_http_answer http; /* request and status lines that end in it; `at` counts in the packet */
};

struct dissect_conns;

enum { DISSECT_CONNS_DEFAULT = 1024 };

/* At most `limit` connections, > 0, rounded up to a multiple of 4. NULL if memory is out. */
struct dissect_conns *dissect_conns_new(size_t limit);
void dissect_conns_free(struct dissect_conns *c);
/* Takes the segment in *d; d->tcp.found. */
void dissect_conns_step(struct dissect_conns *c, const struct dissect *d, struct dissect_conn_answer *out);
/* Connections that were forgotten to make room before they were over. */
uint64_t dissect_conns_forgotten(const struct dissect_conns *c);
/* Adds the answer to the tree of *d. */
void dissect_conns_show(struct dissect *d, const struct dissect_conn_answer *answer);

const char *dissect_conn_state_name(enum dissect_conn_state state);
const char *dissect_conn_event_text(enum dissect_conn_event event);
