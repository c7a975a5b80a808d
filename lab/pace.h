/* Moving the clock of programs that really run so that nothing is skipped: from one deadline to the next, and
 * at each one real packets are given the time that they take. So a client renews at T1, though half an hour
 * passes in a moment.
 *
 * The clock may run or stand meanwhile; all times are the programs'. How they are asked and told is the
 * caller's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

enum {
    PACE_QUIET_LOOKS = 3,    /* so many looks in a row have to show the same, ... */
    PACE_UNHEARD_LOOKS = 12, /* ... or so many, if more packets were sent than heard */
    PACE_LOOKS_MAX = 400,    /* more are not waited for: something never rests */
};

/* Where a program stands. */
struct pace_look {
    time_ms now, deadline; /* by its clock; TIME_NEVER: it waits for nothing */
    uint64_t sent, heard;  /* packets, since it started */
    bool is_busy;          /* it will send of itself, soon */
};

struct pace {
    void *user;
    size_t n; /* programs */
    /* False: the program does not answer, and nobody waits for it. */
    bool (*look)(void *user, size_t program, struct pace_look *out);
    /* Moves the clock of all programs forward to `at`, if it is not there yet; what is due by then in a
     * program is done, or about to be, when it returns. 0 or a negative enum err. */
    int (*jump)(void *user, time_ms at);
    /* Lets a moment of the machine's time pass, in which a packet crosses the lab: some milliseconds. */
    void (*rest)(void *user);
};

/* What all programs together show. */
struct pace_sum {
    time_ms now;      /* the latest; 0 if none answers */
    time_ms deadline; /* the earliest that is still to come; TIME_NEVER: none */
    bool is_busy;     /* somebody is, or has a deadline that has come */
    uint64_t sent, heard;
};

struct pace_sum pace_look(const struct pace *p);

/* Waits until nothing goes on: the same numbers of packets, look after look with a rest in between, and
 * nobody busy. False: it was not quiet within PACE_LOOKS_MAX looks. */
bool pace_settle(const struct pace *p);

/* Lets the time of all programs pass until `until`, with all that is due at and before it, and waits for what
 * comes of that. What never rests is not waited for. *out_jumps counts the jumps. 0, or an error of jump().
 */
int pace_advance(const struct pace *p, time_ms until, uint64_t *out_jumps);
