/* The stepping alone: programs of paper, and a wire on which a packet takes a number of rests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "lab/pace.h"

enum { CLIENTS_MAX = 2, FLIGHT = 2 /* rests that a packet takes, if the test says nothing else */ };

/* A client asks at its deadline, and has the next one once it is answered; unanswered it waits. */
struct client {
    time_ms deadline, period;
    unsigned to_server, to_client; /* rests until the packet arrives; 0: none is on its way */
    uint64_t sent, heard;
};

struct world {
    time_ms now, per_rest; /* per_rest: a clock that runs meanwhile */
    struct client clients[CLIENTS_MAX];
    size_t n_clients;
    uint64_t server_sent, server_heard;
    unsigned flight;                         /* rests that a packet takes; 0: FLIGHT */
    unsigned disk, storing;                  /* rests that a lease takes to the disk; those that are left */
    bool server_is_down, is_silent, is_deaf; /* deaf: does nothing at its deadline */
    int jump_error;
    unsigned rests, jumps;
    char story[1024];
};

static void tell(struct world *w, const char *what, size_t client)
{
    size_t len = strlen(w->story);
    snprintf(w->story + len, sizeof w->story - len, "%lld %s%zu\n", (long long)w->now, what, client);
}

static unsigned flight(const struct world *w)
{
    return w->flight != 0 ? w->flight : FLIGHT;
}

static void do_due(struct world *w)
{
    for (size_t i = 0; i < w->n_clients && !w->is_deaf; i++) {
        struct client *c = &w->clients[i];
        if (c->deadline > w->now)
            continue;
        tell(w, "ask", i);
        c->sent++;
        c->deadline += c->period;
        c->to_server = flight(w);
    }
}

/* Program 0 is the server. */
static bool look(void *user, size_t program, struct pace_look *out)
{
    struct world *w = user;
    do_due(w);
    *out = (struct pace_look){w->now, TIME_NEVER, w->server_sent, w->server_heard, w->storing > 0};
    if (program > 0) {
        const struct client *c = &w->clients[program - 1];
        *out = (struct pace_look){w->now, c->deadline, c->sent, c->heard, false};
    }
    return !w->is_silent;
}

static int jump(void *user, time_ms at)
{
    struct world *w = user;
    w->jumps++;
    if (at > w->now)
        w->now = at;
    return w->jump_error;
}

static void rest(void *user)
{
    struct world *w = user;
    w->rests++;
    w->now += w->per_rest;
    for (size_t i = 0; i < w->n_clients; i++) {
        struct client *c = &w->clients[i];
        if (c->to_client > 0 && --c->to_client == 0) {
            c->heard++;
            tell(w, "answered", i);
        }
        if (w->storing > 0 && --w->storing == 0) {
            w->server_sent++;
            c->to_client = flight(w);
        }
        if (c->to_server > 0 && --c->to_server == 0 && !w->server_is_down) {
            w->server_heard++;
            w->storing = w->disk;
            w->server_sent += w->disk == 0;
            c->to_client = w->disk == 0 ? flight(w) : 0;
        }
    }
}

static struct pace pace_of(struct world *w)
{
    return (struct pace){w, 1 + w->n_clients, look, jump, rest};
}

static void what_is_due_comes_in_its_order_and_is_answered_at_its_time(void **state)
{
    (void)state;
    struct world w = {.n_clients = 2,
                      .clients = {{.deadline = 1000, .period = 1000}, {.deadline = 1500, .period = 9000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 3000, &jumps), 0);
    assert_string_equal(w.story, "1000 ask0\n1000 answered0\n"
                                 "1500 ask1\n1500 answered1\n"
                                 "2000 ask0\n2000 answered0\n"
                                 "3000 ask0\n3000 answered0\n");
    assert_int_equal(w.now, 3000);
    assert_int_equal(jumps, 4);
    assert_int_equal(jumps, w.jumps);
}

static void nothing_after_the_end_happens(void **state)
{
    (void)state;
    struct world w = {.n_clients = 1, .clients = {{.deadline = 1000, .period = 1000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 999, &jumps), 0);
    assert_string_equal(w.story, "");
    assert_int_equal(w.now, 999);
    assert_int_equal(pace_advance(&p, 1000, &jumps), 0);
    assert_string_equal(w.story, "1000 ask0\n1000 answered0\n");
}

static void a_packet_on_its_way_is_awaited_before_the_first_jump(void **state)
{
    (void)state;
    struct world w = {
        .now = 5, .n_clients = 1, .clients = {{.deadline = 9000, .to_server = FLIGHT, .sent = 1}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 8000, &jumps), 0);
    assert_string_equal(w.story, "5 answered0\n");
}

/* While a lease is on its way to the disk no packet is, and yet the answer will come. */
static void an_answer_that_waits_for_the_disk_is_awaited(void **state)
{
    (void)state;
    struct world w = {.disk = 50, .n_clients = 1, .clients = {{.deadline = 1000, .period = 9000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 5000, &jumps), 0);
    assert_string_equal(w.story, "1000 ask0\n1000 answered0\n");
}

/* A busy kernel holds a packet for longer than a quiet lab is looked at. */
static void a_packet_that_nobody_has_heard_yet_is_awaited(void **state)
{
    (void)state;
    struct world w = {
        .flight = PACE_QUIET_LOOKS + 3, .n_clients = 1, .clients = {{.deadline = 1000, .period = 9000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 5000, &jumps), 0);
    assert_string_equal(w.story, "1000 ask0\n1000 answered0\n");
}

static void without_an_answer_the_time_goes_on(void **state)
{
    (void)state;
    struct world w = {
        .server_is_down = true, .n_clients = 1, .clients = {{.deadline = 1000, .period = 1000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 2500, &jumps), 0);
    assert_string_equal(w.story, "1000 ask0\n2000 ask0\n");
    assert_int_equal(w.now, 2500);
}

/* A clock that runs may come to a deadline, or past the end, by itself. */
static void a_running_clock_is_not_held_up(void **state)
{
    (void)state;
    struct world w = {.per_rest = 400, .n_clients = 1, .clients = {{.deadline = 1000, .period = 1000000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 1100, &jumps), 0);
    assert_non_null(strstr(w.story, " ask0\n"));
    assert_true(w.now >= 1100);
}

static void what_never_rests_is_not_awaited_for_ever(void **state)
{
    (void)state;
    struct world w = {.is_deaf = true, .n_clients = 1, .clients = {{.deadline = 1000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_true(pace_settle(&p));
    w.now = 1000;
    w.rests = 0;
    assert_false(pace_settle(&p));
    assert_int_equal(w.rests, PACE_LOOKS_MAX - 1);
    assert_int_equal(pace_advance(&p, 5000, &jumps), 0);
    assert_int_equal(w.now, 5000);
}

static void nobody_to_wait_for_is_one_jump(void **state)
{
    (void)state;
    struct world w = {.is_silent = true, .n_clients = 1, .clients = {{.deadline = 1000, .period = 1000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 5000, &jumps), 0);
    assert_int_equal(w.now, 5000);
    assert_int_equal(jumps, 1);
}

static void a_clock_that_cannot_be_moved_ends_it(void **state)
{
    (void)state;
    struct world w = {.jump_error = ERR_IO, .n_clients = 1, .clients = {{.deadline = 1000, .period = 1000}}};
    struct pace p = pace_of(&w);
    uint64_t jumps;
    assert_int_equal(pace_advance(&p, 5000, &jumps), ERR_IO);
    assert_int_equal(w.jumps, 1);
}

static void a_quiet_lab_is_quiet_after_a_few_looks(void **state)
{
    (void)state;
    struct world w = {.n_clients = 1, .clients = {{.deadline = 1000, .period = 1000}}};
    struct pace p = pace_of(&w);
    assert_true(pace_settle(&p));
    assert_int_equal(w.rests, PACE_QUIET_LOOKS - 1);
    w.clients[0].deadline = 0;
    assert_true(pace_settle(&p));
    assert_string_equal(w.story, "0 ask0\n0 answered0\n");
    struct pace_sum sum = pace_look(&p);
    assert_int_equal(sum.deadline, 1000);
    assert_int_equal(sum.sent, 2);
    assert_int_equal(sum.heard, 2);
    assert_false(sum.is_busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_comes_in_its_order_and_is_answered_at_its_time),
        cmocka_unit_test(nothing_after_the_end_happens),
        cmocka_unit_test(a_packet_on_its_way_is_awaited_before_the_first_jump),
        cmocka_unit_test(an_answer_that_waits_for_the_disk_is_awaited),
        cmocka_unit_test(a_packet_that_nobody_has_heard_yet_is_awaited),
        cmocka_unit_test(without_an_answer_the_time_goes_on),
        cmocka_unit_test(a_running_clock_is_not_held_up),
        cmocka_unit_test(what_never_rests_is_not_awaited_for_ever),
        cmocka_unit_test(nobody_to_wait_for_is_one_jump),
        cmocka_unit_test(a_clock_that_cannot_be_moved_ends_it),
        cmocka_unit_test(a_quiet_lab_is_quiet_after_a_few_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
