/* One direction of a wire, in the simulator and between real hosts: what it does to each frame is drawn from
 * its own random stream, or scripted. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/packet.h"
#include "common/reason.h"
#include "common/rng.h"

enum {
    SIM_NAME_MAX = 32,
    SIM_LINK_NAME_MAX = 72,
    SIM_SCRIPTS_MAX = 16,
    SIM_RULES_MAX = 256,
    SIM_PPM = 1000000,
};

/* X(identifier, word) */
#define SIM_LUCK_MAP(X)                                                                                      \
    X(SIM_LOSS, "loss")                                                                                      \
    X(SIM_DUPLICATE, "duplicate")                                                                            \
    X(SIM_REORDER, "reorder")

enum sim_luck {
#define X(name, word) name,
    SIM_LUCK_MAP(X)
#undef X
};

/* What is likely, in millionths, and how long a frame travels. Without reordering frames arrive in the order
 * in which they were sent, whatever the jitter. */
struct sim_faults {
    uint32_t loss, duplicate, reorder; /* each at most SIM_PPM */
    time_ms delay_ms;
    time_ms jitter_ms;     /* 0 to this is added, uniformly */
    time_ms reorder_by_ms; /* what a reordered frame is late by */
};

/* "Drop the third ACK": counted from the time the script is added. */
struct sim_script {
    uint8_t type;         /* enum dhcp_type */
    uint32_t first, last; /* from 1, both included */
    uint32_t seen;
};

/* One thing that luck has done: the frame is counted from 1 on its link. */
struct sim_fault {
    char link[SIM_LINK_NAME_MAX];
    uint64_t frame;
    enum sim_luck luck;
};

enum { SIM_FAULT_LEN = SIM_LINK_NAME_MAX + 40 };
/* "server.eth0>h1.eth0#3:loss". */
void sim_fault_format(const struct sim_fault *fault, char buf[SIM_FAULT_LEN]);
/* False, and *out untouched, if it is none. */
bool sim_fault_parse(const char *text, struct sim_fault *out);

/* A repetition with less bad luck: of what luck would do, only what is listed happens. */
struct sim_fault_list {
    const struct sim_fault *list;
    size_t n;
};

struct sim_link {
    char name[SIM_LINK_NAME_MAX]; /* "h1.eth0>server.eth0" */
    struct rng rng;
    struct sim_faults faults;
    bool is_cut;
    uint64_t frames; /* sent so far */
    time_ms last_ms; /* arrival of the last frame that kept its place */
    struct sim_script scripts[SIM_SCRIPTS_MAX];
    size_t n_scripts;
};

/* What becomes of a frame. */
struct sim_fate {
    unsigned copies;            /* 0: lost; 2: duplicated */
    enum reason reason;         /* of a loss */
    time_ms at_ms[2];           /* arrival of each copy */
    struct sim_fault faults[2]; /* that luck has done: to be told */
    size_t n_faults;
};

/* The stream belongs to (seed, name): another link does not change the luck of this one. No faults, no
 * delay. */
void sim_link_init(struct sim_link *l, uint64_t seed, const char *name);

/* False: SIM_SCRIPTS_MAX is reached. */
bool sim_link_add_script(struct sim_link *l, struct sim_script script);

/* Faults of all links whose hosts the pattern names. */
struct sim_rule {
    char from[SIM_NAME_MAX], to[SIM_NAME_MAX]; /* hosts; "*": any */
    bool has_faults, sets_cut, is_cut;
    struct sim_faults faults;
    struct sim_script script; /* type 0: none */
};

/* Puts the rule into force on the link between these hosts, if it names them. */
void sim_link_apply(struct sim_link *l, const struct sim_rule *rule, const char *from, const char *to);

/* Decides about the next frame, sent at `now`; `packet` is NULL if it holds no datagram. `only` NULL: luck is
 * free. Each frame takes the same number of draws, so that scripts, cuts and `only` leave the luck of the
 * others alone. */
void sim_link_pass(struct sim_link *l, time_ms now, const struct packet *packet,
                   const struct sim_fault_list *only, struct sim_fate *out);
