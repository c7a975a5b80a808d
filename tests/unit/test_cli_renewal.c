/* T1, T2 and expiry, in virtual time: RFC 2131 4.4.5. */
#include "test_cli_world.h"

/* Traps 1, 4 and 17, RFC 2131 4.4.5: the golden instants of a one-hour lease that nobody extends. */
static void trap_1_4_17_one_hour_lease_without_an_answer(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    static const time_ms renewing[] = {2475000, 2812500, 2981250, 3065625, 3125625};
    for (size_t i = 0; i < sizeof renewing / sizeof renewing[0]; i++) {
        FIRES(w, renewing[i], "note(retransmit) TX:REQUEST");
        assert_int_equal(w->tx.secs, (renewing[i] - 1800000) / 1000);
    }
    assert_int_equal(status_of(w).timer, CLI_TIMER_T2);
    FIRES(w, 3150000, "RENEWING>REBINDING(t2) TX:REQUEST");
    static const time_ms rebinding[] = {3375000, 3487500, 3547500};
    for (size_t i = 0; i < sizeof rebinding / sizeof rebinding[0]; i++)
        FIRES(w, rebinding[i], "note(retransmit) TX:REQUEST");
    assert_int_equal(status_of(w).timer, CLI_TIMER_EXPIRY);
    FIRES(w, 3600000, "CLEAR REBINDING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
    assert_null(status_of(w).lease);
    assert_int_equal(w->tx.secs, 0);
}

static void one_minute_lease_has_one_renewal_and_one_rebinding(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = 60});
    FIRES(w, 30000, "BOUND>RENEWING(t1) TX:REQUEST");
    FIRES(w, 52500, "RENEWING>REBINDING(t2) TX:REQUEST");
    FIRES(w, 60000, "CLEAR REBINDING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
}

/* Trap 5 */
static void trap_5_one_second_lease_keeps_its_order(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = 1});
    FIRES(w, 500, "BOUND>RENEWING(t1) TX:REQUEST");
    FIRES(w, 875, "RENEWING>REBINDING(t2) TX:REQUEST");
    FIRES(w, 1000, "CLEAR REBINDING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
}

/* Trap 22 */
static void trap_22_infinite_lease_has_no_timer(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = LEASE_INFINITE, .t1_s = 10, .t2_s = 20});
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
    assert_int_equal(status_of(w).timer, CLI_NO_TIMER);
    assert_int_equal(w->set.lease_s, LEASE_INFINITE);
    assert_int_equal(w->set.timers.t1_origin, CLI_TIMER_NONE);
    AT(w, INT64_MAX - 1, CLI_DEADLINE, "");
}

static void trap_22_longest_finite_lease_does_not_overflow(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = LEASE_INFINITE - 1});
    FIRES(w, 2147483647000, "BOUND>RENEWING(t1) TX:REQUEST");
}

static void infinite_lease_can_be_renewed_and_stays_without_an_answer(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = LEASE_INFINITE});
    AT(w, 1000, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    for (int i = 0; i < 3; i++)
        AT(w, cli_engine_deadline(w->engine), CLI_DEADLINE, "note(retransmit) TX:REQUEST");
    AT(w, cli_engine_deadline(w->engine), CLI_DEADLINE, "RENEWING>BOUND(renew-gave-up)");
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
    assert_int_equal(status_of(w).lease->addr, ADDR);
    AT(w, 1000000, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    assert_int_equal(w->tx.secs, 0);
}

/* Trap 6 */
static void trap_6_options_58_and_59_are_used(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.t1_s = 100, .t2_s = 200});
    assert_int_equal(w->set.timers.t1_origin, CLI_TIMER_OPTION);
    FIRES(w, 100000, "BOUND>RENEWING(t1) TX:REQUEST");
    FIRES(w, 160000, "note(retransmit) TX:REQUEST");
    FIRES(w, 200000, "RENEWING>REBINDING(t2) TX:REQUEST");
}

/* Trap "odd T2 > lease repaired silently" */
static void broken_t1_and_t2_are_repaired_aloud(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 0, "note(timers-repaired) " BINDS, .type = DHCP_ACK, .t1_s = 100, .t2_s = 7200);
    assert_int_equal(w->set.renew_at_ms, HOUR_T1);
    assert_int_equal(w->set.rebind_at_ms, HOUR_T2);
}

static void t1_of_0_does_not_renew_at_once(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 0, "note(timers-repaired) " BINDS, .type = DHCP_ACK, .zero_t1 = true);
    assert_int_equal(cli_engine_deadline(w->engine), HOUR_T1);
}

static void renewal_counts_from_the_answered_request(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    FIRES(w, HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
    struct dhcp_msg first = w->tx;
    FIRES(w, 2475000, "note(retransmit) TX:REQUEST");
    assert_int_not_equal(w->tx.xid, first.xid); /* a new xid per transmission tells which was answered */
    RX(w, 2475900, "SET 10.0.0.10/24 RENEWING>BOUND(ack)", .type = DHCP_ACK);
    assert_int_equal(w->set.requested_ms, 2475000);
    assert_int_equal(w->set.expires_at_ms, 2475000 + HOUR_ENDS);
    FIRES(w, 2475000 + HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_int_equal(w->tx.secs, 0); /* another renewal, another count */
}

/* Trap "renewal ACK with a different yiaddr accepted": it is refused, and the lease runs on. */
static void renewal_to_another_address_is_refused(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    FIRES(w, HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
    RX(w, HOUR_T1 + 1, "drop(ack-address)", .type = DHCP_ACK, .yiaddr = ADDR + 1);
    assert_int_equal(status_of(w).lease->addr, ADDR);
    RX(w, HOUR_T1 + 1, "drop(other-server-answer)", .type = DHCP_ACK, .server = OTHER);
    FIRES(w, 2475000, "note(retransmit) TX:REQUEST");
}

static void rebinding_takes_any_server_and_then_renews_with_that_one(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, HOUR_T1, CLI_DEADLINE, "BOUND>RENEWING(t1) TX:REQUEST");
    AT(w, HOUR_T2, CLI_DEADLINE, "RENEWING>REBINDING(t2) TX:REQUEST");
    RX(w, HOUR_T2 + 5, "SET 10.0.0.10/24 REBINDING>BOUND(ack)", .type = DHCP_ACK, .server = OTHER);
    FIRES(w, HOUR_T2 + HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_int_equal(w->packet.dst, OTHER);
}

/* Trap 20: a machine that slept through its timers. */
static void trap_20_late_wake_up_obeys_the_last_instant_passed(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, HOUR_T2 + 7, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    AT(w, HOUR_ENDS + 7, CLI_DEADLINE, "CLEAR REBINDING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
}

/* RFC 2131 4.4.5: an ACK that is read after the lease has ended does not save it. */
static void ack_at_the_instant_of_expiry_is_too_late(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, HOUR_T2, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    AT(w, 3375000, CLI_DEADLINE, "note(retransmit) TX:REQUEST");
    RX(w, HOUR_ENDS, "CLEAR REBINDING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER drop(wrong-xid)",
       .type = DHCP_ACK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trap_1_4_17_one_hour_lease_without_an_answer),
        TEST(one_minute_lease_has_one_renewal_and_one_rebinding),
        TEST(trap_5_one_second_lease_keeps_its_order),
        TEST(trap_22_infinite_lease_has_no_timer),
        TEST(trap_22_longest_finite_lease_does_not_overflow),
        TEST(infinite_lease_can_be_renewed_and_stays_without_an_answer),
        TEST(trap_6_options_58_and_59_are_used),
        TEST(broken_t1_and_t2_are_repaired_aloud),
        TEST(t1_of_0_does_not_renew_at_once),
        TEST(renewal_counts_from_the_answered_request),
        TEST(renewal_to_another_address_is_refused),
        TEST(rebinding_takes_any_server_and_then_renews_with_that_one),
        TEST(trap_20_late_wake_up_obeys_the_last_instant_passed),
        TEST(ack_at_the_instant_of_expiry_is_too_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
