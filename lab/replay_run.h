/* Sends what was captured into a network and hears what is answered: on one interface of the calling process,
 * for clients and relay agents that are nowhere but here. Answers ARP for the addresses that they hold. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "lab/replay_diff.h"
#include "lab/replay_map.h"
#include "lab/replay_plan.h"

enum { REPLAY_WHY_MAX = 160 };

/* X(identifier, name, what it says) */
#define REPLAY_OUTCOME_MAP(X)                                                                                \
    X(REPLAY_EQUAL, "equal", "the answers are equal but for what is volatile")                               \
    X(REPLAY_NOTHING, "nothing", "neither was answered, or nobody answers such a message")                   \
    X(REPLAY_DIFFERENT, "different", "the answers differ")                                                   \
    X(REPLAY_NO_ANSWER, "no-answer", "only the captured message was answered")                               \
    X(REPLAY_NEW_ANSWER, "new-answer", "only the live message was answered")                                 \
    X(REPLAY_NOT_SENT, "not-sent", "it does not fit a frame of Ethernet")

enum replay_outcome {
#define X(name, token, text) name,
    REPLAY_OUTCOME_MAP(X)
#undef X
};

enum { REPLAY_OUTCOMES = REPLAY_NOT_SENT + 1 };

const char *replay_outcome_name(enum replay_outcome outcome); /* "no-answer"; static storage */

/* What came of one message. */
struct replay_result {
    const struct replay_message *message;
    const struct replay_client *client;
    enum replay_outcome outcome;
    uint32_t xid;    /* of the live message */
    bool is_unbegun; /* about a lease that the client was not seen to get before */
    bool has_captured, has_live;
    struct dhcp_msg captured, live; /* the answers */
    int64_t answered_us;            /* has_live: so long after it was sent */
    unsigned n_others;              /* answers of other servers than the one that was asked */
    struct replay_diff diff;        /* of both answers, if there are both */
};

struct replay_setting {
    const char *interface;
    struct ip4_net server;    /* address and network of the server that is asked */
    struct hw_addr server_hw; /* where unicast goes to */
    bool real_pace;           /* as slow as in the capture */
    uint32_t timeout_ms;      /* for an answer */
    /* Before the time of a message is waited for. */
    void (*waits)(void *user, const struct replay_message *next, uint64_t left_ms);
    void (*told)(void *user, const struct replay_result *result);
    void *user;
};

/* Sends each message of the plan and waits for its answer. 0; ERR_NOTFOUND: no such interface; ERR_DENIED;
 * ERR_NOMEM; ERR_IO. `why` (REPLAY_WHY_MAX octets) says what failed. */
int replay_run(const struct replay_plan *plan, struct replay_map *map, const struct replay_setting *setting,
               char *why);
