/* What a user can tell the client, in virtual time. */
#include "test_cli_world.h"

/* Trap 25: RELEASE leaves before the address does, once, and waits for no answer; no timer fires later. */
static void trap_25_release_sends_then_clears_then_stops(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 1000, CLI_RELEASE, "TX:RELEASE CLEAR BOUND>STOPPED(command-release)");
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
    assert_null(status_of(w).lease);
    AT(w, HOUR_ENDS, CLI_DEADLINE, "");
    AT(w, HOUR_ENDS, CLI_RELEASE, "note(no-lease)");
    assert_int_equal(status_of(w).sent[DHCP_RELEASE], 1);
}

static void release_works_in_renewing_and_rebinding(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, HOUR_T1, CLI_DEADLINE, "BOUND>RENEWING(t1) TX:REQUEST");
    AT(w, HOUR_T1 + 1, CLI_RELEASE, "TX:RELEASE CLEAR RENEWING>STOPPED(command-release)");
    bind_at(w, 4000000, (struct answer){0});
    AT(w, 4000000 + HOUR_T2, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    AT(w, 4000000 + HOUR_T2 + 1, CLI_RELEASE, "TX:RELEASE CLEAR REBINDING>STOPPED(command-release)");
}

static void release_without_a_lease_stops_and_sends_nothing(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    AT(w, 1, CLI_RELEASE, "note(no-lease) SELECTING>STOPPED(command-release)");
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
    RX(w, 2, "drop(not-in-this-state)", .type = DHCP_OFFER);
}

static void renew_when_bound_is_a_renewal_now(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 600000, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    assert_int_equal(w->packet.dst, SERVER);
    RX(w, 600010, "SET 10.0.0.10/24 RENEWING>BOUND(ack)", .type = DHCP_ACK);
    /* Trap "two timers alive after a manual renew": the old T1 is gone. */
    FIRES(w, 600000 + HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
}

/* RFC 2131 4.4.5: half of the time that remains until T2, also when asked before T1. */
static void renew_without_an_answer_is_retried_until_t2(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 150000, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    FIRES(w, 1650000, "note(retransmit) TX:REQUEST");
    AT(w, 1650001, CLI_RENEW, "note(command-renew) TX:REQUEST");
    assert_int_equal(status_of(w).transmissions, 1);
    FIRES(w, 2400000, "note(retransmit) TX:REQUEST"); /* 1650001 + 1499999 / 2 */
    AT(w, HOUR_T2, CLI_DEADLINE, "RENEWING>REBINDING(t2) TX:REQUEST");
    AT(w, HOUR_T2 + 1, CLI_RENEW, "note(command-renew) TX:REQUEST");
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
}

static void rebind_with_a_lease_asks_every_server_before_t2(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 1000, CLI_REBIND, "BOUND>REBINDING(command-rebind) TX:REQUEST");
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
    assert_int_equal(w->tx.ciaddr, ADDR);
    /* Half of the remaining lease, as after T2. */
    FIRES(w, 1000 + (HOUR_ENDS - 1000) / 2, "note(retransmit) TX:REQUEST");
    AT(w, 1900000, CLI_REBIND, "REBINDING>REBINDING(command-rebind) TX:REQUEST");
    RX(w, 1900010, "SET 10.0.0.10/24 REBINDING>BOUND(ack)", .type = DHCP_ACK, .server = OTHER);
    FIRES(w, 1900000 + HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_int_equal(w->packet.dst, OTHER);
    AT(w, 1900001 + HOUR_T1, CLI_REBIND, "RENEWING>REBINDING(command-rebind) TX:REQUEST");
}

static void rebind_of_an_infinite_lease_without_an_answer_keeps_it(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = LEASE_INFINITE});
    AT(w, 0, CLI_REBIND, "BOUND>REBINDING(command-rebind) TX:REQUEST");
    for (unsigned i = 0; i < w->config.profile.request.transmissions; i++)
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = cli_engine_deadline(w->engine)});
    assert_string_equal(w->log, "REBINDING>BOUND(renew-gave-up)");
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
}

static void rebind_without_a_lease_searches(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_REBIND, "STOPPED>INIT(command-rebind) INIT>SELECTING(search) TX:DISCOVER");
}

static void renew_without_a_lease_asks_at_once(void **state)
{
    struct world *w = *state;
    w->config.start_delay_min_ms = w->config.start_delay_max_ms = 5000;
#define ASKS "STOPPED>INIT(command-renew) INIT>SELECTING(search) TX:DISCOVER"
    AT(w, 0, CLI_RENEW, ASKS);
    RX(w, 1, CHOOSES, .type = DHCP_OFFER);
    RX(w, 2, BINDS, .type = DHCP_ACK);
    AT(w, 3, CLI_RELEASE, "TX:RELEASE CLEAR BOUND>STOPPED(command-release)");
    AT(w, 4, CLI_RENEW, ASKS);
    AT(w, 5, CLI_RENEW, "SELECTING>INIT(command-renew) INIT>SELECTING(search) TX:DISCOVER");
    RX(w, 6, CHOOSES, .type = DHCP_OFFER);
    AT(w, 7, CLI_RENEW, "REQUESTING>INIT(command-renew) INIT>SELECTING(search) TX:DISCOVER");
}

/* RFC 2131 3.2 (4): a client does not normally release on shutdown. */
static void stop_clears_and_sends_nothing(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 1, CLI_STOP, "CLEAR BOUND>STOPPED(command-stop)");
    AT(w, 2, CLI_STOP, "note(command-stop)");
    AT(w, 3, CLI_START, STARTS);
    AT(w, 4, CLI_STOP, "SELECTING>STOPPED(command-stop)");
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
}

/* Who stops and starts again begins anew: with the shortest wait after a NAK, and with `secs` 0. */
static void stop_forgets_naks_and_elapsed_time(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 0, "REQUESTING>INIT(nak) note(nak-wait)", .type = DHCP_NAK);
    AT(w, 1, CLI_STOP, "INIT>STOPPED(command-stop)");
    AT(w, 10000, CLI_START, STARTS);
    assert_int_equal(w->tx.secs, 0);
    RX(w, 10000, CHOOSES, .type = DHCP_OFFER);
    RX(w, 10000, "REQUESTING>INIT(nak) note(nak-wait)", .type = DHCP_NAK);
    assert_int_equal(w->traced.facts.num, 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trap_25_release_sends_then_clears_then_stops),
        TEST(release_works_in_renewing_and_rebinding),
        TEST(release_without_a_lease_stops_and_sends_nothing),
        TEST(renew_when_bound_is_a_renewal_now),
        TEST(renew_without_an_answer_is_retried_until_t2),
        TEST(rebind_with_a_lease_asks_every_server_before_t2),
        TEST(rebind_of_an_infinite_lease_without_an_answer_keeps_it),
        TEST(rebind_without_a_lease_searches),
        TEST(renew_without_a_lease_asks_at_once),
        TEST(stop_clears_and_sends_nothing),
        TEST(stop_forgets_naks_and_elapsed_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
