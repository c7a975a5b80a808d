/* Who claims which IPv4 address on a link, as the ARP messages of a capture show it, and where two do: RFC
 * 5227 2.1.1 (while one probes) and 2.4 (while one uses it). An address that DHCP gives to another host, or
 * that is given back, may change hands. Bounded: of more addresses than fit, the one that was silent longest
 * is forgotten. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/dissect.h"

enum dissect_claim_event {
    CLAIM_NOTHING,
    CLAIM_IN_USE,     /* the packet's sender uses what another probes for */
    CLAIM_BOTH_PROBE, /* two probe for it at a time */
    CLAIM_CONFLICT,   /* the packet's sender uses what another uses */
    CLAIM_DEFENCE,    /* the one that had it first says so, after another has used it */
};

struct dissect_claim_answer {
    enum dissect_claim_event event;
    ip4 addr;             /* that is claimed twice; likewise below */
    struct hw_addr other; /* who else claims it */
    int64_t other_ns;     /* when that was seen last */
};

enum { DISSECT_CLAIMS_DEFAULT = 4096 };

struct dissect_claims;

/* At most `limit` addresses, > 0, rounded up to a multiple of 4. NULL if memory is out. */
struct dissect_claims *dissect_claims_new(size_t limit);
void dissect_claims_free(struct dissect_claims *c);
/* Takes the packet in *d, seen at `now_ns`; only ARP and DHCP say anything. */
void dissect_claims_step(struct dissect_claims *c, const struct dissect *d, int64_t now_ns,
                         struct dissect_claim_answer *out);
/* Adds a warning to the tree of *d, if there is a conflict. */
void dissect_claims_show(struct dissect *d, const struct dissect_claim_answer *answer);
/* Addresses that were forgotten to make room. */
uint64_t dissect_claims_forgotten(const struct dissect_claims *c);

enum { DISSECT_CLAIM_TEXT_LEN = 128 };
/* "conflict: 02:00:5e:10:00:01 uses 10.77.0.100, too"; "" for CLAIM_NOTHING. `buf` holds
 * DISSECT_CLAIM_TEXT_LEN. */
const char *dissect_claim_format(const struct dissect_claim_answer *answer, char *buf);
