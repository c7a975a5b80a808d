#include "server/srv_lease_order.h"

#include <assert.h>
#include <stdlib.h>

#include "common/bisect.h"
#include "common/err.h"

enum { RUNS_MIN = 4 };

/* ---- a run ---- */

static bool is_empty(const struct srv_lease_run *run)
{
    return run->ends.after == &run->ends;
}

static void run_init(struct srv_lease_run *run)
{
    run->ends = (struct srv_lease_turn){.before = &run->ends, .after = &run->ends, .at = TIME_NEVER};
}

static void link_after(struct srv_lease_turn *before, struct srv_lease_turn *turn)
{
    turn->before = before;
    turn->after = before->after;
    before->after->before = turn;
    before->after = turn;
}

/* The run has another place in memory. */
static void run_move(struct srv_lease_run *to, const struct srv_lease_run *from)
{
    *to = *from;
    if (is_empty(from)) {
        run_init(to);
        return;
    }
    to->ends.after->before = &to->ends;
    to->ends.before->after = &to->ends;
}

/* ---- the tree ---- */

static time_ms earlier(time_ms a, time_ms b)
{
    return a < b ? a : b;
}

/* The run may begin otherwise than before. */
static void note_first(struct srv_lease_order *o, size_t run)
{
    time_ms at = o->runs[run].ends.after->at;
    for (size_t i = o->cap + run; i > 0 && o->firsts[i] != at; i /= 2) {
        o->firsts[i] = at;
        at = earlier(o->firsts[i], o->firsts[i ^ 1]);
    }
}

static void tree_init(struct srv_lease_order *o)
{
    o->firsts[0] = TIME_NEVER; /* beside the root there is nothing */
    for (size_t i = 0; i < o->cap; i++)
        o->firsts[o->cap + i] = i < o->n ? o->runs[i].ends.after->at : TIME_NEVER;
    for (size_t i = o->cap - 1; i > 0; i--)
        o->firsts[i] = earlier(o->firsts[2 * i], o->firsts[2 * i + 1]);
}

/* ---- runs ---- */

/* Room for twice as many runs. */
static int grow(struct srv_lease_order *o)
{
    size_t cap = o->cap == 0 ? RUNS_MIN : 2 * o->cap;
    struct srv_lease_run *runs = malloc(cap * sizeof *runs);
    time_ms *firsts = malloc(2 * cap * sizeof *firsts);
    if (runs == NULL || firsts == NULL) {
        free(runs);
        free(firsts);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < o->n; i++)
        run_move(&runs[i], &o->runs[i]);
    free(o->runs);
    free(o->firsts);
    o->runs = runs;
    o->firsts = firsts;
    o->cap = cap;
    tree_init(o);
    return 0;
}

int srv_lease_order_init(struct srv_lease_order *o, size_t n_max)
{
    assert(n_max >= RUNS_MIN && (n_max & (n_max - 1)) == 0);
    *o = (struct srv_lease_order){.n_max = n_max};
    return grow(o);
}

void srv_lease_order_fini(struct srv_lease_order *o)
{
    free(o->runs);
    free(o->firsts);
    *o = (struct srv_lease_order){0};
}

static bool is_later(const void *run, const void *at)
{
    return ((const struct srv_lease_run *)run)->latest > *(const time_ms *)at;
}

/* The first run that has nothing later. Those before it end later, and have had nothing of this instant since
 * that came to this one: so of what ends together, the first in is in the first run. */
static struct srv_lease_turn *place_for(struct srv_lease_order *o, time_ms at, size_t *run)
{
    *run = bisect(o->runs, o->n, sizeof *o->runs, is_later, &at);
    if (*run == o->n && (o->n < o->cap || (o->cap < o->n_max && grow(o) == 0)))
        run_init(&o->runs[o->n++]);
    if (*run < o->n) {
        o->runs[*run].latest = at;
        return o->runs[*run].ends.before;
    }
    *run = o->n - 1;
    struct srv_lease_turn *ends = &o->runs[*run].ends, *place = ends->before;
    while (place != ends && place->at > at)
        place = place->before;
    return place;
}

void srv_lease_order_put(struct srv_lease_order *o, struct srv_lease_turn *turn, time_ms at)
{
    srv_lease_order_remove(o, turn);
    turn->at = at;
    if (at == TIME_NEVER)
        return;
    size_t run;
    link_after(place_for(o, at, &run), turn);
    note_first(o, run);
}

void srv_lease_order_remove(struct srv_lease_order *o, struct srv_lease_turn *turn)
{
    if (!srv_lease_turn_is_in_order(turn))
        return;
    struct srv_lease_turn *before = turn->before;
    before->after = turn->after;
    turn->after->before = before;
    turn->before = turn->after = NULL;
    if (before->at == TIME_NEVER) /* the ring's ends, where a run starts */
        note_first(o, (size_t)((struct srv_lease_run *)(void *)before - o->runs));
    while (o->n > 0 && is_empty(&o->runs[o->n - 1]))
        o->n--;
}

struct srv_lease_turn *srv_lease_order_first(const struct srv_lease_order *o)
{
    if (srv_lease_order_deadline(o) == TIME_NEVER)
        return NULL;
    size_t i = 1;
    while (i < o->cap) /* of equal ones the former, see place_for() */
        i = o->firsts[2 * i] == o->firsts[i] ? 2 * i : 2 * i + 1;
    return o->runs[i - o->cap].ends.after;
}
