/* Address conflict detection in virtual time: RFC 5227 between the ACK and BOUND and after, and the DECLINE
 * of RFC 2131 that follows a conflict. */
#include "test_cli_profiles.h"
#include "test_cli_world.h"

#include "client/cli_acd.h"

static const struct hw_addr other_hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 0x66}};

#define NOBODY 0

static int setup_acd(void **state)
{
    setup(state);
    struct world *w = *state;
    w->config.acd = true;
    return 0;
}

/* An ARP message { ... } comes in at `now`. */
#define ARP(w, now_ms, expected, ...)                                                                        \
    do {                                                                                                     \
        step((w), &(struct cli_event){.kind = CLI_ARP_RX, .now = (now_ms), .arp = {__VA_ARGS__}});           \
        assert_string_equal((w)->log, (expected));                                                           \
    } while (0)

#define PROBES   "REQUESTING>PROBING(ack-probe)"
#define PROBED   "SET 10.0.0.10/24 PROBING>BOUND(probed) ARP:ANNOUNCE note(announce)"
#define DECLINED "TX:DECLINE note(decline-wait)"

/* PROBING since `now`. */
static void probe_from(struct world *w, time_ms now)
{
    AT(w, now, CLI_START, STARTS);
    RX(w, now, CHOOSES, .type = DHCP_OFFER);
    RX(w, now, PROBES, .type = DHCP_ACK);
}

/* Lets the deadline come `n` times; the instant of the last. */
static time_ms pass(struct world *w, unsigned n)
{
    time_ms at = 0;
    for (unsigned i = 0; i < n; i++) {
        at = cli_engine_deadline(w->engine);
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = at});
    }
    return at;
}

/* BOUND, both announcements sent; returns when. */
static time_ms probe_and_bind(struct world *w)
{
    probe_from(w, 0);
    time_ms at = pass(w, 3 + 2);
    assert_int_equal(status_of(w).state, CLI_BOUND);
    assert_int_equal(status_of(w).announcements, 2);
    return at;
}

/* ---- before use ---- */

static void rfc5227_2_1_1_three_probes_and_a_wait_come_before_the_address(void **state)
{
    struct world *w = *state;
    probe_from(w, 1000);
    assert_false(w->is_set);
    assert_null(status_of(w).lease);
    assert_int_equal(status_of(w).acd_addr, ADDR);
    time_ms last = 1000;
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(status_of(w).timer, CLI_TIMER_PROBE);
        time_ms at = cli_engine_deadline(w->engine);
        if (i == 1)
            assert_in_range(at - last, 0, 1000);
        else
            assert_in_range(at - last, 1000, 2000);
        FIRES(w, at, "ARP:PROBE note(probe)");
        assert_int_equal(w->arp.op, ARP_REQUEST);
        assert_true(hw_equal(&w->arp.sender_hw, &own_hw));
        assert_int_equal(w->arp.sender, NOBODY);
        assert_int_equal(w->arp.target_hw.len, 0);
        assert_int_equal(w->arp.target, ADDR);
        assert_int_equal(w->traced.facts.num, i);
        assert_int_equal(status_of(w).probes, i);
        last = at;
    }
    assert_int_equal(status_of(w).timer, CLI_TIMER_ANNOUNCE);
    FIRES(w, last + 2000, PROBED);
    assert_true(w->is_set);
    assert_int_equal(status_of(w).lease->addr, ADDR);
}

static void rfc5227_2_3_two_announcements_2_s_apart(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    time_ms bound = pass(w, 4);
    assert_string_equal(w->log, PROBED);
    assert_int_equal(w->arp.op, ARP_REQUEST);
    assert_int_equal(w->arp.sender, ADDR);
    assert_int_equal(w->arp.target, ADDR);
    assert_int_equal(status_of(w).timer, CLI_TIMER_ANNOUNCE);
    FIRES(w, bound + 2000, "ARP:ANNOUNCE note(announce)");
    assert_int_equal(w->traced.facts.num, 2);
    /* Then nothing until T1, which counts from the REQUEST, not from the end of the probes. */
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
}

static void waits_cover_their_whole_ranges(void **state)
{
    (void)state;
    time_ms low[3] = {TIME_NEVER, TIME_NEVER, TIME_NEVER}, high[3] = {0};
    struct rng rng;
    rng_init(&rng, 1, "waits");
    const struct cli_acd_numbers *acd = &profile_of("rfc2131")->acd_numbers;
    for (unsigned i = 0; i < 6000; i++) {
        time_ms wait = cli_acd_wait(acd, i % 3, &rng);
        low[i % 3] = wait < low[i % 3] ? wait : low[i % 3];
        high[i % 3] = wait > high[i % 3] ? wait : high[i % 3];
    }
    assert_in_range(low[0], 0, 20);
    assert_in_range(high[0], 980, 1000);
    for (unsigned i = 1; i < 3; i++) {
        assert_in_range(low[i], 1000, 1020);
        assert_in_range(high[i], 1980, 2000);
    }
    assert_int_equal(cli_acd_wait(acd, 3, &rng), 2000);
}

static void renewals_do_not_probe(void **state)
{
    struct world *w = *state;
    probe_and_bind(w);
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    RX(w, 1800010, "SET 10.0.0.10/24 RENEWING>BOUND(ack)", .type = DHCP_ACK);
    FIRES(w, 3600000, "BOUND>RENEWING(t1) TX:REQUEST");
}

static void an_address_that_was_lost_is_probed_for_again(void **state)
{
    struct world *w = *state;
    time_ms at = probe_and_bind(w);
    AT(w, at, CLI_RELEASE, "TX:RELEASE CLEAR BOUND>STOPPED(command-release)");
    probe_from(w, at + 1);
    assert_int_equal(status_of(w).probes, 0);
}

static void a_lease_shorter_than_the_probes_is_used_unprobed(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER, .lease_s = 7);
    RX(w, 0, "note(probe-skipped) " BINDS, .type = DHCP_ACK, .lease_s = 7);
    assert_int_equal(status_of(w).timer, CLI_TIMER_T1);
}

static void a_lease_of_8_s_is_probed_for(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER, .lease_s = 8);
    RX(w, 0, PROBES, .type = DHCP_ACK, .lease_s = 8);
    pass(w, 4);
    assert_int_equal(status_of(w).probes, 3);
}

/* T1 of 1 s is past when the probes are through: it comes at once, beside the announcement. */
static void a_t1_that_passed_while_probing_comes_at_once(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER, .lease_s = 60, .t1_s = 1);
    RX(w, 0, PROBES, .type = DHCP_ACK, .lease_s = 60, .t1_s = 1);
    time_ms at = pass(w, 4);
    assert_string_equal(w->log, PROBED " BOUND>RENEWING(t1) TX:REQUEST");
    FIRES(w, at + 2000, "ARP:ANNOUNCE note(announce)");
}

static void a_machine_that_slept_while_probing_does_not_take_the_address(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    AT(w, 3600000, CLI_DEADLINE, "PROBING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
    assert_int_equal(status_of(w).sent[DHCP_DECLINE], 0);
}

static void switched_off_there_are_neither_probes_nor_conflicts(void **state)
{
    struct world *w = *state;
    w->config.acd = false;
    bind_at(w, 0, (struct answer){0});
    ARP(w, 10, "", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR);
    assert_int_equal(status_of(w).acd_addr, 0);
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
}

/* ---- a conflict before use ---- */

static void rfc2131_3_1_5_an_address_in_use_is_declined_and_10_s_pass(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    time_ms at = pass(w, 1);
    uint32_t xid = w->tx.xid;
    ARP(w, at + 1, "PROBING>INIT(conflict) " DECLINED, .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR,
        .target_hw = own_hw);
    assert_int_not_equal(w->tx.xid, xid);
    assert_int_equal(w->packet.src, 0);
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
    assert_false(w->is_set);
    assert_null(status_of(w).lease);
    assert_int_equal(status_of(w).conflicts, 1);
    assert_int_equal(status_of(w).acd_addr, 0);
    FIRES(w, at + 10001, "INIT>SELECTING(search) TX:DISCOVER");
}

/* Trap 23, from the other side: the wait is one for the state, not for the first conflict only. */
static void trap_23_every_decline_is_followed_by_a_wait_and_the_tenth_by_60_s(void **state)
{
    struct world *w = *state;
    time_ms now = 0;
    AT(w, now, CLI_START, STARTS);
    for (unsigned i = 1; i <= 12; i++) {
        RX(w, now, CHOOSES, .type = DHCP_OFFER);
        RX(w, now, PROBES, .type = DHCP_ACK);
        ARP(w, now, "PROBING>INIT(conflict) " DECLINED, .op = ARP_REQUEST, .sender_hw = other_hw,
            .sender = ADDR, .target = ROUTER);
        now += i < 10 ? 10000 : 60000;
        FIRES(w, now, "INIT>SELECTING(search) TX:DISCOVER");
    }
    RX(w, now, CHOOSES, .type = DHCP_OFFER);
    RX(w, now, PROBES, .type = DHCP_ACK);
    pass(w, 4);
    assert_int_equal(status_of(w).conflicts, 0);
}

static void the_wait_before_the_first_probe_listens_too(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    ARP(w, 0, "PROBING>INIT(conflict) " DECLINED, .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR);
}

static void the_wait_after_the_last_probe_listens_to_its_last_millisecond(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    time_ms at = pass(w, 3);
    ARP(w, at + 1999, "PROBING>INIT(conflict) " DECLINED, .op = ARP_REPLY, .sender_hw = other_hw,
        .sender = ADDR);
}

static void rfc5227_2_1_1_the_probe_of_another_host_is_a_conflict(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    ARP(w, 1, "PROBING>INIT(conflict-probe) " DECLINED, .op = ARP_REQUEST, .sender_hw = other_hw,
        .target = ADDR);
}

/* Trap 13. */
static void trap_13_own_frames_and_answers_for_other_addresses_are_no_conflicts(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    ARP(w, 0, "", .op = ARP_REQUEST, .sender_hw = own_hw, .target = ADDR);
    ARP(w, 0, "", .op = ARP_REQUEST, .sender_hw = own_hw, .sender = ADDR, .target = ADDR);
    ARP(w, 0, "", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ROUTER, .target = ADDR,
        .target_hw = own_hw);
    ARP(w, 0, "", .op = ARP_REPLY, .sender_hw = other_hw, .sender = 0, .target = ADDR, .target_hw = own_hw);
    ARP(w, 0, "", .op = ARP_REQUEST, .sender_hw = other_hw, .sender = SERVER, .target = ADDR);
    ARP(w, 0, "", .op = ARP_REQUEST, .sender_hw = other_hw, .target = OTHER);
    pass(w, 4);
    assert_string_equal(w->log, PROBED);
}

static void arp_before_the_ack_is_nothing_to_us(void **state)
{
    struct world *w = *state;
    ARP(w, 0, "", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR);
    AT(w, 0, CLI_START, STARTS);
    ARP(w, 0, "", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    ARP(w, 0, "", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR);
    /* Nor is what has no sender, before there is an address at all. */
    ARP(w, 0, "", .op = ARP_REQUEST, .sender_hw = other_hw);
}

/* ---- a conflict in use ---- */

static void rfc5227_2_4_one_conflict_in_10_s_is_defended(void **state)
{
    struct world *w = *state;
    time_ms at = probe_and_bind(w);
    for (unsigned i = 1; i <= 3; i++) {
        ARP(w, at, "ARP:DEFEND note(conflict-defended)", .op = ARP_REQUEST, .sender_hw = other_hw,
            .sender = ADDR, .target = ADDR);
        assert_int_equal(w->arp.sender, ADDR);
        assert_int_equal(w->arp.target, ADDR);
        at += 10000;
    }
    assert_true(w->is_set);
    assert_int_equal(status_of(w).reasons[REASON_CONFLICT_DEFENDED], 3);
}

static void rfc5227_2_4_a_second_conflict_within_10_s_ends_the_use(void **state)
{
    struct world *w = *state;
    time_ms at = probe_and_bind(w);
    ARP(w, at, "ARP:DEFEND note(conflict-defended)", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR);
    ARP(w, at + 9999, "CLEAR BOUND>INIT(conflict-lost) " DECLINED, .op = ARP_REPLY, .sender_hw = other_hw,
        .sender = ADDR);
    assert_int_equal(w->packet.src, 0);
    FIRES(w, at + 19999, "INIT>SELECTING(search) TX:DISCOVER");
    /* The next lease has its own defence. */
    RX(w, at + 19999, CHOOSES, .type = DHCP_OFFER);
    RX(w, at + 19999, PROBES, .type = DHCP_ACK);
    at = pass(w, 4);
    ARP(w, at, "ARP:DEFEND note(conflict-defended)", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ADDR);
}

static void the_address_is_defended_while_it_is_renewed_too(void **state)
{
    struct world *w = *state;
    probe_and_bind(w);
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    ARP(w, 1800001, "ARP:DEFEND note(conflict-defended)", .op = ARP_REPLY, .sender_hw = other_hw,
        .sender = ADDR);
    ARP(w, 1800002, "CLEAR RENEWING>INIT(conflict-lost) " DECLINED, .op = ARP_REPLY, .sender_hw = other_hw,
        .sender = ADDR);
    assert_int_equal(w->tx.secs, 0);
}

static void in_use_probes_of_others_and_own_frames_are_no_conflicts(void **state)
{
    struct world *w = *state;
    time_ms at = probe_and_bind(w);
    /* The kernel answers a probe. */
    ARP(w, at, "", .op = ARP_REQUEST, .sender_hw = other_hw, .target = ADDR);
    ARP(w, at, "", .op = ARP_REQUEST, .sender_hw = own_hw, .sender = ADDR, .target = ADDR);
    ARP(w, at, "", .op = ARP_REPLY, .sender_hw = other_hw, .sender = ROUTER, .target = ADDR);
}

static void a_lease_that_ends_takes_its_announcements_along(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    time_ms at = pass(w, 4);
    AT(w, at, CLI_STOP, "CLEAR BOUND>STOPPED(command-stop)");
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
}

/* ---- commands and messages while probing ---- */

static void release_while_probing_is_broadcast(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    AT(w, 10, CLI_RELEASE, "TX:RELEASE PROBING>STOPPED(command-release)");
    assert_int_equal(w->tx.ciaddr, ADDR);
    assert_int_equal(w->packet.src, 0);
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
}

static void stop_while_probing_stops(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    AT(w, 10, CLI_STOP, "PROBING>STOPPED(command-stop)");
}

static void renew_while_probing_starts_over(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    AT(w, 10, CLI_RENEW, "PROBING>INIT(command-renew) INIT>SELECTING(search) TX:DISCOVER");
}

static void answers_while_probing_are_not_expected(void **state)
{
    struct world *w = *state;
    probe_from(w, 0);
    RX(w, 0, "drop(offer-later)", .type = DHCP_OFFER, .server = OTHER);
    RX(w, 0, "drop(not-in-this-state)", .type = DHCP_ACK);
    RX(w, 0, "drop(not-in-this-state)", .type = DHCP_NAK);
    assert_int_equal(status_of(w).state, CLI_PROBING);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup_acd, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc5227_2_1_1_three_probes_and_a_wait_come_before_the_address),
        TEST(rfc5227_2_3_two_announcements_2_s_apart),
        TEST(waits_cover_their_whole_ranges),
        TEST(renewals_do_not_probe),
        TEST(an_address_that_was_lost_is_probed_for_again),
        TEST(a_lease_shorter_than_the_probes_is_used_unprobed),
        TEST(a_lease_of_8_s_is_probed_for),
        TEST(a_t1_that_passed_while_probing_comes_at_once),
        TEST(a_machine_that_slept_while_probing_does_not_take_the_address),
        TEST(switched_off_there_are_neither_probes_nor_conflicts),
        TEST(rfc2131_3_1_5_an_address_in_use_is_declined_and_10_s_pass),
        TEST(trap_23_every_decline_is_followed_by_a_wait_and_the_tenth_by_60_s),
        TEST(the_wait_before_the_first_probe_listens_too),
        TEST(the_wait_after_the_last_probe_listens_to_its_last_millisecond),
        TEST(rfc5227_2_1_1_the_probe_of_another_host_is_a_conflict),
        TEST(trap_13_own_frames_and_answers_for_other_addresses_are_no_conflicts),
        TEST(arp_before_the_ack_is_nothing_to_us),
        TEST(rfc5227_2_4_one_conflict_in_10_s_is_defended),
        TEST(rfc5227_2_4_a_second_conflict_within_10_s_ends_the_use),
        TEST(the_address_is_defended_while_it_is_renewed_too),
        TEST(in_use_probes_of_others_and_own_frames_are_no_conflicts),
        TEST(a_lease_that_ends_takes_its_announcements_along),
        TEST(release_while_probing_is_broadcast),
        TEST(stop_while_probing_stops),
        TEST(renew_while_probing_starts_over),
        TEST(answers_while_probing_are_not_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
