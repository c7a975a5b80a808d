/* The load on a server as a pure function of time and answers: which message of which client is to be sent
 * now, what an answer means, and what it all comes to. RFC 2131 3.1, 4.4.
 *
 * Open loop: exchanges begin at a fixed rate, whether the server keeps up or not, and a delay counts from the
 * instant at which the message should have been sent, so that neither a server that stalls nor a generator
 * that is too slow can hide it. Closed loop: so many exchanges are under way at any time.
 *
 * Nothing is repeated: an exchange whose answer does not come within the drop time has failed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "lab/load_hdr.h"

enum {
    LOAD_CLIENTS_MAX = 1 << 22,
    LOAD_POOLS_MAX = 16,
    LOAD_PRELOAD_WINDOW = 64,
};

/* What clients do; a REQUEST follows its DISCOVER. */
enum load_job { LOAD_DORA, LOAD_RENEW, LOAD_RELEASE, LOAD_JOBS };

/* A message and the answer to it. A RELEASE has none. */
#define LOAD_EXCHANGE_MAP(X)                                                                                 \
    X(LOAD_DISCOVER_OFFER, "discover-offer", "DISCOVER-OFFER")                                               \
    X(LOAD_REQUEST_ACK, "request-ack", "REQUEST-ACK")                                                        \
    X(LOAD_RENEW_ACK, "renew-ack", "RENEW-ACK")                                                              \
    X(LOAD_RELEASE_ONLY, "release", "RELEASE")

enum load_exchange {
#define X(name, token, title) name,
    LOAD_EXCHANGE_MAP(X)
#undef X
        LOAD_EXCHANGES
};

/* What is wrong with an answer, so that the client does not take it. */
#define LOAD_FAULT_MAP(X)                                                                                    \
    X(LOAD_FAULT_NAK, "nak", "refused with a NAK")                                                           \
    X(LOAD_FAULT_NO_ADDRESS, "no-address", "without an address")                                             \
    X(LOAD_FAULT_NO_SERVER_ID, "no-server-id", "without a server identifier")                                \
    X(LOAD_FAULT_NO_LEASE_TIME, "no-lease-time", "without a lease time")                                     \
    X(LOAD_FAULT_WRONG_CLIENT, "wrong-client", "with another client's hardware address")                     \
    X(LOAD_FAULT_NOT_IN_POOL, "not-in-pool", "with an address outside the pools")                            \
    X(LOAD_FAULT_OTHER_SUBNET, "other-subnet", "with an address outside the relay's subnet")                 \
    X(LOAD_FAULT_OTHER_ADDRESS, "other-address", "ACK of another address than was asked for")

enum load_fault {
#define X(name, token, text) name,
    LOAD_FAULT_MAP(X)
#undef X
        LOAD_FAULTS
};

struct load_settings {
    uint32_t clients;        /* 1..LOAD_CLIENTS_MAX */
    uint32_t preload;        /* clients that get a lease before anything counts; <= clients */
    uint64_t rate;           /* exchanges begun a second; 0: closed loop */
    uint32_t window;         /* exchanges under way in a closed loop, > 0 */
    uint32_t mix[LOAD_JOBS]; /* relative shares of the jobs; not all 0 */
    uint64_t drop_us;        /* how long an answer is waited for */
    uint64_t duration_us;    /* how long new exchanges are to begin */
    uint64_t limit;          /* that many exchanges, then no more; 0: no limit */
    uint64_t seed;
    struct ip4_range pools[LOAD_POOLS_MAX];
    size_t n_pools; /* 0: any address will do */
    /* The first relay and its subnet: each of the others has the same place in the subnet that follows the
     * one before, and a client is always behind the same. Of length 32 the subnet is not known, and any
     * address will do. addr 0: there are no relays. */
    struct ip4_net relay;
    uint32_t relays; /* > 0 if there are any */
};

/* A message to send. */
struct load_send {
    enum load_exchange exchange;
    uint32_t client; /* 0.. */
    uint32_t xid;
    ip4 addr;   /* REQUEST: the one that was offered; RENEW, RELEASE: the leased one */
    ip4 server; /* the server identifier that was told */
    ip4 relay;  /* giaddr; 0: none */
};

/* An answer as far as it matters. */
struct load_answer {
    uint32_t xid;
    uint8_t type;     /* enum dhcp_type */
    uint32_t client;  /* by chaddr; UINT32_MAX: none of ours */
    ip4 addr;         /* yiaddr */
    ip4 server;       /* 0: option 54 is absent */
    uint32_t lease_s; /* 0: option 51 is absent */
};

struct load_count {
    uint64_t sent, received;
    uint64_t drops;      /* no answer came in time */
    uint64_t orphans;    /* answers that nobody waited for, or no longer */
    uint64_t rejected;   /* answers with a fault */
    uint64_t duplicates; /* addresses that another client held at the time */
    struct load_hdr delay;
};

struct load_stats {
    struct load_count exchanges[LOAD_EXCHANGES];
    uint64_t faults[LOAD_FAULTS];
    uint64_t done[LOAD_JOBS];    /* jobs that came to their good end */
    uint64_t done_in_time;       /* the same, until new ones were no longer begun */
    struct load_hdr dora;        /* from the DISCOVER to the ACK */
    uint64_t unreadable;         /* datagrams that are no answer */
    uint64_t late;               /* open loop: exchanges not begun because every client was busy, or we */
    uint64_t begun_us, ended_us; /* when the first exchange and when no more was begun */
};

struct load_engine;

/* The address of relay `i` of those there are. */
ip4 load_engine_relay(const struct load_settings *settings, uint32_t i);

/* `settings` is copied. The first tick begins it, whenever that is. NULL if memory is out. */
struct load_engine *load_engine_new(const struct load_settings *settings, uint64_t now_us);
void load_engine_free(struct load_engine *e);

/* Ends what waits too long. Then load_engine_next() tells message by message what is to be sent now; false:
 * nothing. */
void load_engine_tick(struct load_engine *e, uint64_t now_us);
bool load_engine_next(struct load_engine *e, uint64_t now_us, struct load_send *out);

void load_engine_answer(struct load_engine *e, uint64_t now_us, const struct load_answer *answer);
/* A datagram that is no answer at all. */
void load_engine_unreadable(struct load_engine *e);

/* No new exchange from now on; those under way go on. */
void load_engine_stop(struct load_engine *e, uint64_t now_us);
bool load_engine_is_done(const struct load_engine *e);

/* When there is something to send or to end without an answer coming; UINT64_MAX: never. */
uint64_t load_engine_deadline(const struct load_engine *e);

uint32_t load_engine_under_way(const struct load_engine *e);
/* The client that holds the address now; UINT32_MAX: none. */
uint32_t load_engine_holder(const struct load_engine *e, ip4 addr, uint64_t now_us);
/* Borrowed. */
const struct load_stats *load_engine_stats(const struct load_engine *e);

/* Has every exchange ended well? Exit code 0, otherwise 3. */
bool load_stats_is_good(const struct load_stats *stats);
