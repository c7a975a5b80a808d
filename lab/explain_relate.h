/* What a packet means to the packets before it: fragments are put together, TCP connections and DHCP
 * exchanges followed, and who claims which address. */
#pragma once
#include <stdbool.h>

#include "common/dissect.h"
#include "common/dissect_claims.h"
#include "common/dissect_conn.h"
#include "common/dissect_exchange.h"
#include "common/dissect_reasm.h"
#include "lab/explain_read.h"

enum { EXPLAIN_RELATION_NOTE_LEN = 256, EXPLAIN_PICTURES_DEFAULT = 20 };

/* Of one packet; pointers are borrowed until the next. */
struct explain_relation {
    const struct dissect_reasm_answer *fragment; /* NULL if it is none; likewise below */
    const struct dissect_conn_answer *segment;
    const struct dissect_exchange *exchange; /* lasts */
    enum dissect_claim_event claim;          /* CLAIM_NOTHING unless two claim one address */
    uint64_t
        twin;     /* the packet that this one is, seen at another interface; it relates to nothing. 0: none */
    bool is_lost; /* the capture says that a wire took it, of what is to all perhaps only on the way to one */
    char note[EXPLAIN_RELATION_NOTE_LEN]; /* the same in words; "" if there is nothing to say */
};

/* What may be followed at a time; of more the oldest is given up, of exchanges the newest. */
struct explain_limits {
    struct dissect_reasm_limits fragments;
    size_t connections, exchanges, addresses;
    size_t pictures; /* of --svg; the messages after them are not drawn */
};

void explain_limits_init(struct explain_limits *l);

/* "connections=16": sets one of connections, exchanges, addresses, pictures, datagrams (in fragments) and
 * octets (of those). False if it is none, or the number is not from 1 to 10,000,000. */
bool explain_limits_parse(const char *text, struct explain_limits *l);

struct explain_relate;

/* NULL if memory is out. */
struct explain_relate *explain_relate_new(const struct explain_limits *limits);
void explain_relate_free(struct explain_relate *r);
/* Is the packet, which *d has, a twin or a fragment? The last fragment of a datagram makes *d go on with the
 * whole. */
void explain_relate_datagram(struct explain_relate *r, const struct explain_packet *packet, struct dissect *d,
                             struct explain_relation *out);
/* Takes the packet likewise, and what connection, exchange or claim it belongs to. */
void explain_relate_packet(struct explain_relate *r, const struct explain_packet *packet, struct dissect *d,
                           struct explain_relation *out);
const struct dissect_exchanges *explain_relate_exchanges(const struct explain_relate *r);
/* What was given up on the way, on stderr, where somebody might look for it. */
void explain_relate_tell_limits(const struct explain_relate *r);
