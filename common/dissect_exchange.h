/* What happened between DHCP clients and servers, as a capture shows it: messages grouped by client and
 * transaction, what they came to, how long it took, and what was unusual. Bounded: of more exchanges than
 * fit, the later ones are counted and left out. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dissect.h"

/* X(identifier, name) */
#define DISSECT_EXCHANGE_MAP(X)                                                                              \
    X(EXCHANGE_UNKNOWN, "the beginning was not captured")                                                    \
    X(EXCHANGE_LEASE, "lease by DISCOVER")                                                                   \
    X(EXCHANGE_RENEWAL, "renewal")     /* REQUEST with ciaddr to one server: T1 */                           \
    X(EXCHANGE_REBINDING, "rebinding") /* the same to all: T2 */                                             \
    X(EXCHANGE_REBOOT, "INIT-REBOOT")  /* is the address that I had still good? */                           \
    X(EXCHANGE_SELECTION, "selection, its DISCOVER was not captured")                                        \
    X(EXCHANGE_RELEASE, "release")                                                                           \
    X(EXCHANGE_DECLINE, "decline")                                                                           \
    X(EXCHANGE_INFORM, "inform")                                                                             \
    X(EXCHANGE_BOOTP, "BOOTP")                                                                               \
    X(EXCHANGE_OTHER, "other")

enum dissect_exchange_kind {
#define X(name, text) name,
    DISSECT_EXCHANGE_MAP(X)
#undef X
};

/* What is unusual: bits of dissect_exchange.odd. X(identifier, bit, sentence) */
#define DISSECT_ODD_MAP(X)                                                                                   \
    X(ODD_DISCOVER_AGAIN, 0, "DISCOVER was sent more than once")                                             \
    X(ODD_REQUEST_AGAIN, 1, "REQUEST was sent more than once")                                               \
    X(ODD_LATE_OFFER, 2, "an offer came after the client had chosen")                                        \
    X(ODD_SAME_OFFER, 3, "two servers offered the same address")                                             \
    X(ODD_OTHER_SERVER, 4, "the answer came from another server than the one that was asked")                \
    X(ODD_OTHER_ADDRESS, 5, "the ACK has another address than was asked for")                                \
    X(ODD_NOT_OFFERED, 6, "the client asked for an address that was not offered")                            \
    X(ODD_TWO_ANSWERS, 7, "ACK and NAK, or the answers of two servers, to one REQUEST")                      \
    X(ODD_SLOW, 8, "an answer took longer than a second")                                                    \
    X(ODD_EARLY, 9, "before T1 of the lease that was seen")                                                  \
    X(ODD_EXPIRED, 10, "after the lease that was seen had expired")                                          \
    X(ODD_SHORTER, 11, "the lease ends earlier than the one before it")

enum dissect_odd {
#define X(name, bit, text) name = 1 << (bit),
    DISSECT_ODD_MAP(X)
#undef X
};

enum {
    EXCHANGE_OFFERS_MAX = 8,
    EXCHANGE_CLIENT_ID_MAX = 128, /* octets of an identifier that are looked at */
    DISSECT_EXCHANGES_DEFAULT = 4096
};

enum dissect_outcome {
    OUTCOME_OPEN,
    OUTCOME_ACK,
    OUTCOME_NAK,
    OUTCOME_NONE_NEEDED,
    OUTCOME_ANSWERED, /* of what is no lease: a lease query */
};

struct dissect_offer {
    ip4 server, address;
    int64_t time_ns;
};

/* By which way a message came past. */
struct dissect_way {
    uint8_t hops;
    ip4 giaddr;
    struct hw_addr src_hw; /* of the frame; len 0: not known */
};

struct dissect_exchange {
    struct hw_addr client; /* its hardware address */
    /* Of option 61 as the client or, RFC 6842, the server sends it; len 0: nobody does. RFC 2131 4.2: a
     * client that has an identifier is told by it, and else by its hardware address */
    uint8_t client_id[EXCHANGE_CLIENT_ID_MAX];
    uint8_t client_id_len;
    size_t client_number; /* from 0; the exchanges of one client have one */
    uint32_t xid;
    enum dissect_exchange_kind kind;
    enum dissect_outcome outcome;
    bool first; /* of this client in the capture */
    uint64_t first_packet, last_packet;
    unsigned n_messages, n_discovers, n_requests;
    int64_t first_ns, last_ns;
    int64_t requested_ns;          /* of the first REQUEST of those that the answer may be to; 0: not seen */
    int64_t request_ns, answer_ns; /* of the answer, and the last REQUEST or INFORM before it; likewise */
    unsigned n_answered;           /* n_requests when the answer came */
    bool is_due; /* a renewal at T1 or later, a rebinding at T2 or later, of a lease that was seen */
    unsigned n_offers;
    struct dissect_offer offers[EXCHANGE_OFFERS_MAX];
    ip4 asked;   /* address in option 50 or ciaddr */
    ip4 server;  /* that was chosen or asked; of the answer if none was */
    ip4 address; /* of the ACK */
    bool has_lease;
    uint32_t lease_s, t1_s, t2_s; /* of the ACK; T1 and T2 by the rule of RFC 2131 4.4.5 if it does not say */
    unsigned odd;                 /* bits of enum dissect_odd */
    int64_t pending_ns;           /* of the last REQUEST or INFORM that arrived; private, likewise below */
    /* Of the first of each; what a relay or router passes on is no repetition */
    struct dissect_way discover_way, request_way;
    uint32_t next_of_client;                      /* the one before of the same client */
    uint32_t next_of_xid, next_of_id, next_of_hw; /* the one before of its bucket */
};

struct dissect_exchanges;

/* At most `limit` exchanges, < 2^32. NULL if memory is out. */
struct dissect_exchanges *dissect_exchanges_new(size_t limit);
size_t dissect_exchanges_limit(const struct dissect_exchanges *x);
void dissect_exchanges_free(struct dissect_exchanges *x);
/* Takes the message in *d, d->has_dhcp; packet `number`, seen at `now_ns`. `is_lost`: it was sent and never
 * arrived, so that it is no answer and has none. The exchange that it belongs to, borrowed; NULL if there is
 * no room for another. */
const struct dissect_exchange *dissect_exchanges_add(struct dissect_exchanges *x, const struct dissect *d,
                                                     uint64_t number, int64_t now_ns, bool is_lost);
size_t dissect_exchanges_count(const struct dissect_exchanges *x);
const struct dissect_exchange *dissect_exchanges_at(const struct dissect_exchanges *x,
                                                    size_t i); /* by first packet */
uint64_t
dissect_exchanges_left_out(const struct dissect_exchanges *x); /* messages for which there was no room */

/* From when the lease counts, e->has_lease. All transmissions of a REQUEST have one xid, so that which of
 * them was answered cannot be told; then RFC 2131 4.4.1 has "the time at which the original request was
 * sent". Of the ACK if no REQUEST was seen. */
int64_t dissect_exchange_lease_ns(const struct dissect_exchange *e);
/* "renewal"; static storage. */
const char *dissect_exchange_name(enum dissect_exchange_kind kind);
/* The sentence of the first of the bits of enum dissect_odd in *odd, which is taken out of it; NULL: there is
 * none. Static storage. */
const char *dissect_odd_take(unsigned *odd);
