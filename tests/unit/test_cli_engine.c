/* The client in virtual time: figure 5 of RFC 2131, and who is believed. Trap numbers are those of the
 * mistakes that DHCP clients are known for; each has its test here or in a neighbour of this file. */
#include "test_cli_world.h"

/* ---- INIT and SELECTING ---- */

static void stopped_client_waits_for_nothing(void **state)
{
    struct world *w = *state;
    assert_int_equal(status_of(w).state, CLI_STOPPED);
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
    AT(w, 1000000, CLI_DEADLINE, "");
}

static void rfc2131_4_4_1_start_waits_1_to_10_s(void **state)
{
    struct world *w = *state;
    w->config.start_delay_min_ms = 1000;
    w->config.start_delay_max_ms = 10000;
    AT(w, 500, CLI_START, "STOPPED>INIT(start) note(start-delay)");
    time_ms at = cli_engine_deadline(w->engine);
    assert_in_range(at, 1500, 10500);
    assert_int_equal(w->traced.facts.num, at - 500);
    FIRES(w, at, "INIT>SELECTING(search) TX:DISCOVER");
}

static void start_delay_covers_its_whole_range(void **state)
{
    (void)state;
    time_ms low = TIME_NEVER, high = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct world w;
        world_init(&w, seed);
        w.config.start_delay_min_ms = 1000;
        w.config.start_delay_max_ms = 10000;
        AT(&w, 0, CLI_START, "STOPPED>INIT(start) note(start-delay)");
        time_ms at = cli_engine_deadline(w.engine);
        low = at < low ? at : low;
        high = at > high ? at : high;
        world_fini(&w);
    }
    assert_in_range(low, 1000, 1050);
    assert_in_range(high, 9950, 10000);
}

static void second_start_changes_nothing(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    time_ms at = cli_engine_deadline(w->engine);
    AT(w, 10, CLI_START, "note(already-started)");
    assert_int_equal(cli_engine_deadline(w->engine), at);
}

/* Traps 2, 3 and 21: gaps of 4, 8, 16, 32, 64, 64 ... s, each +-1 s, without end, of one xid. */
static void trap_2_3_21_discover_is_repeated_by_the_back_off(void **state)
{
    struct world *w = *state;
    static const time_ms gaps_ms[] = {4000, 8000, 16000, 32000, 64000, 64000, 64000, 64000, 64000};
    AT(w, 0, CLI_START, STARTS);
    uint32_t xid = w->tx.xid;
    time_ms now = 0;
    unsigned jittered = 0;
    for (unsigned i = 0; i < sizeof gaps_ms / sizeof gaps_ms[0]; i++) {
        time_ms at = cli_engine_deadline(w->engine);
        assert_in_range(at - now, gaps_ms[i] - 1000, gaps_ms[i] + 1000);
        jittered += at - now != gaps_ms[i];
        FIRES(w, at, "note(retransmit) TX:DISCOVER");
        now = at;
        assert_int_equal(w->traced.facts.num, i + 2);
        assert_int_equal(w->tx.xid, xid);
        assert_int_equal(w->tx.secs, now / 1000);
        assert_int_equal(status_of(w).transmissions, i + 2);
    }
    assert_true(jittered > 0);
}

/* ---- the exchange ---- */

static void dora_binds(void **state)
{
    struct world *w = *state;
    AT(w, 1000, CLI_START, STARTS);
    RX(w, 1010, CHOOSES, .type = DHCP_OFFER);
    RX(w, 1030, BINDS, .type = DHCP_ACK);
    struct cli_status status = status_of(w);
    assert_int_equal(status.state, CLI_BOUND);
    assert_int_equal(status.state_since_ms, 1030);
    assert_int_equal(status.state_reason, REASON_GOT_ACK);
    assert_int_equal(status.lease->addr, ADDR);
    assert_int_equal(status.lease->server_id, SERVER);
    assert_int_equal(status.lease->requested_ms, 1010);
    assert_int_equal(status.lease->acked_ms, 1030);
    assert_int_equal(status.timer, CLI_TIMER_T1);
    assert_int_equal(status.timer_at_ms, 1010 + HOUR_T1);
    assert_int_equal(status.transmissions, 0);
    assert_int_equal(status.sent[DHCP_DISCOVER], 1);
    assert_int_equal(status.sent[DHCP_REQUEST], 1);
    assert_int_equal(status.received[DHCP_OFFER], 1);
    assert_int_equal(status.received[DHCP_ACK], 1);
    assert_int_equal(status.reasons[REASON_GOT_ACK], 1);
}

static void rfc2131_4_4_1_ack_in_selecting_is_discarded(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 10, "drop(not-in-this-state)", .type = DHCP_ACK);
    RX(w, 11, "drop(not-in-this-state)", .type = DHCP_NAK);
    RX(w, 12, "drop(not-in-this-state)", .type = DHCP_BOOTP);
    RX(w, 13, "drop(not-in-this-state)", .type = DHCP_DISCOVER);
    RX(w, 14, CHOOSES, .type = DHCP_OFFER);
}

/* Traps "chaddr not compared" and xid: in every state that waits for an answer. */
static void answers_to_others_are_discarded(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 1, "drop(wrong-xid)", .type = DHCP_OFFER, .xid_xor = 1);
    RX(w, 1, "drop(wrong-chaddr)", .type = DHCP_OFFER, .hw_xor = 1);
    RX(w, 1, "drop(msg-request-at-client)", .type = DHCP_OFFER, .op = DHCP_BOOTREQUEST);
    RX(w, 1, CHOOSES, .type = DHCP_OFFER);
    RX(w, 2, "drop(wrong-xid)", .type = DHCP_ACK, .xid_xor = 0x80000000U);
    RX(w, 2, "drop(wrong-chaddr)", .type = DHCP_ACK, .hw_xor = 1);
    RX(w, 2, "drop(wrong-xid)", .type = DHCP_NAK, .xid_xor = 1);
    RX(w, 2, BINDS, .type = DHCP_ACK);
    FIRES(w, 1 + HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
    RX(w, HOUR_T1 + 2, "drop(wrong-xid)", .type = DHCP_ACK, .xid_xor = 1);
    RX(w, HOUR_T1 + 2, "drop(wrong-chaddr)", .type = DHCP_NAK, .hw_xor = 1);
    assert_int_equal(status_of(w).reasons[REASON_XID], 4);
    assert_int_equal(status_of(w).reasons[REASON_CHADDR], 3);
}

/* The driver traces them, with the addresses that only it knows. */
static void broken_packets_are_counted_by_reason(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    uint8_t buf[DHCP_MSG_MAX];
    size_t len = write_answer(w, &(struct answer){.type = DHCP_OFFER}, buf);
    struct cli_event event = {.kind = CLI_RX, .now = 1, .packet = {.bytes = buf}};
    for (event.packet.len = 0; event.packet.len < DHCP_MSG_MIN; event.packet.len++) {
        step(w, &event);
        assert_string_equal(w->log, "");
    }
    assert_int_equal(status_of(w).reasons[REASON_MSG_TOO_SHORT], DHCP_MSG_MIN);
    event.packet.len = len;
    buf[2] = 17; /* hlen */
    step(w, &event);
    assert_int_equal(status_of(w).reasons[REASON_MSG_BAD_HLEN], 1);
    buf[2] = 6;
    buf[0] = 9; /* op */
    step(w, &event);
    assert_string_equal(w->log, "");
    assert_int_equal(status_of(w).reasons[REASON_MSG_BAD_OP], 1);
}

/* Every shorter prefix of an OFFER is refused, or is an offer as far as it can be read; nothing else happens.
 */
static void every_prefix_of_an_offer_is_survived(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 1);
    AT(&w, 0, CLI_START, STARTS);
    uint8_t buf[DHCP_MSG_MAX];
    size_t whole = write_answer(&w, &(struct answer){.type = DHCP_OFFER}, buf);
    world_fini(&w);
    for (size_t len = 0; len <= whole; len++) {
        world_init(&w, 1);
        AT(&w, 0, CLI_START, STARTS);
        step(&w, &(struct cli_event){.kind = CLI_RX, .now = 1, .packet = {.bytes = buf, .len = len}});
        enum cli_state after = status_of(&w).state;
        assert_true(after == CLI_SELECTING || after == CLI_REQUESTING);
        world_fini(&w);
    }
}

/* RFC 3021: both addresses of a /31 are hosts'. */
static void address_of_a_31_bit_net_is_usable(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 1, CHOOSES, .type = DHCP_OFFER, .mask = 0xfffffffe);
    RX(w, 1, "SET 10.0.0.10/31 REQUESTING>BOUND(ack)", .type = DHCP_ACK, .mask = 0xfffffffe);
}

/* ---- which offer ---- */

static void first_of_two_servers_wins(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 5, CHOOSES, .type = DHCP_OFFER, .server = OTHER, .yiaddr = ADDR + 1);
    RX(w, 6, "drop(offer-later)", .type = DHCP_OFFER);
    RX(w, 7, "drop(offer-again)", .type = DHCP_OFFER, .server = OTHER, .yiaddr = ADDR + 1);
    RX(w, 8, "SET 10.0.0.11/24 REQUESTING>BOUND(ack)", .type = DHCP_ACK, .server = OTHER, .yiaddr = ADDR + 1);
    RX(w, 9, "drop(offer-later)", .type = DHCP_OFFER);
}

static void offers_are_collected_and_the_rest_refused(void **state)
{
    struct world *w = *state;
    w->config.collect_offers_ms = 500;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 100, "note(offer-collected)", .type = DHCP_OFFER);
    assert_int_equal(w->traced.facts.num, 500);
    RX(w, 200, "note(offer-collected)", .type = DHCP_OFFER, .server = OTHER);
    assert_int_equal(w->traced.facts.num, 400);
    RX(w, 300, "drop(offer-again)", .type = DHCP_OFFER);
    assert_int_equal(status_of(w).timer, CLI_TIMER_OFFERS);
    FIRES(w, 600, "note(offer-later) " CHOOSES);
    ip4 chosen;
    assert_true(dhcp_get_ip4(&w->tx, DHCP_OPT_SERVER_ID, &chosen));
    assert_int_equal(chosen, SERVER);
}

static void collecting_has_a_limit(void **state)
{
    struct world *w = *state;
    w->config.collect_offers_ms = 500;
    AT(w, 0, CLI_START, STARTS);
    for (ip4 i = 0; i < 16; i++)
        RX(w, 1, "note(offer-collected)", .type = DHCP_OFFER, .yiaddr = ADDR + i);
    RX(w, 1, "drop(offers-full)", .type = DHCP_OFFER, .yiaddr = ADDR + 16);
}

static void wanted_server_is_taken_and_others_never(void **state)
{
    struct world *w = *state;
    w->config.server = OTHER;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 10, "drop(offer-not-wanted)", .type = DHCP_OFFER);
    time_ms at = cli_engine_deadline(w->engine);
    FIRES(w, at, "note(retransmit) TX:DISCOVER");
    RX(w, at, "drop(offer-not-wanted)", .type = DHCP_OFFER);
    RX(w, at + 1, "SELECTING>REQUESTING(offer-wanted) TX:REQUEST", .type = DHCP_OFFER, .server = OTHER);
    RX(w, at + 2, "drop(offer-later)", .type = DHCP_OFFER);
    RX(w, at + 2, "drop(other-server-answer)", .type = DHCP_ACK);
    RX(w, at + 2, BINDS, .type = DHCP_ACK, .server = OTHER);
}

static void wanted_server_waits_for_the_other_offers_too(void **state)
{
    struct world *w = *state;
    w->config.server = OTHER;
    w->config.collect_offers_ms = 500;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 10, "note(offer-collected)", .type = DHCP_OFFER, .server = OTHER);
    RX(w, 20, "drop(offer-not-wanted)", .type = DHCP_OFFER);
    FIRES(w, 510, "SELECTING>REQUESTING(offer-wanted) TX:REQUEST");
}

static void wanted_server_is_the_only_one_believed_in_rebinding(void **state)
{
    struct world *w = *state;
    w->config.server = SERVER;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "SELECTING>REQUESTING(offer-wanted) TX:REQUEST", .type = DHCP_OFFER);
    RX(w, 0, BINDS, .type = DHCP_ACK);
    AT(w, HOUR_T2, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    RX(w, HOUR_T2 + 1, "drop(other-server-answer)", .type = DHCP_NAK, .server = OTHER);
    RX(w, HOUR_T2 + 1, "drop(other-server-answer)", .type = DHCP_ACK, .server = OTHER);
}

/* Trap 24: an OFFER with an option that we did not ask for is still an OFFER. */
static void trap_24_offer_with_rapid_commit_is_taken(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    struct dhcp_msg m;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    m.htype = 1;
    m.hlen = 6;
    m.xid = w->tx.xid;
    m.yiaddr = ADDR;
    memcpy(m.chaddr, own_hw.bytes, 6);
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_OFFER);
    dhcp_put_bytes(&m, 80, NULL, 0);
    dhcp_put_ip4(&m, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_u32(&m, DHCP_OPT_LEASE_TIME, 3600);
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    size_t len = dhcp_msg_encode(&m, buf, sizeof buf, &dropped);
    step(w, &(struct cli_event){.kind = CLI_RX, .now = 1, .packet = {.bytes = buf, .len = len}});
    assert_string_equal(w->log, CHOOSES);
}

/* ---- REQUESTING ---- */

/* RFC 2131 3.1 (5): sends at 0, 4, 12 and 28 s, gives up at 60 s (each wait +-1 s), then starts again with a
 * new xid; `secs` goes on counting. */
static void rfc2131_3_1_request_gives_up_after_60_s(void **state)
{
    struct world *w = *state;
    static const time_ms gaps_ms[] = {4000, 8000, 16000};
    AT(w, 0, CLI_START, STARTS);
    uint32_t xid = w->tx.xid;
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    time_ms now = 0;
    for (unsigned i = 0; i < 3; i++) {
        time_ms at = cli_engine_deadline(w->engine);
        assert_in_range(at - now, gaps_ms[i] - 1000, gaps_ms[i] + 1000);
        FIRES(w, at, "note(retransmit) TX:REQUEST");
        assert_int_equal(w->tx.xid, xid);
        assert_int_equal(w->tx.secs, 0);
        now = at;
    }
    time_ms at = cli_engine_deadline(w->engine);
    assert_in_range(at, 56000, 64000);
    FIRES(w, at, "REQUESTING>INIT(gave-up) INIT>SELECTING(search) TX:DISCOVER");
    assert_int_not_equal(w->tx.xid, xid);
    assert_int_equal(w->tx.secs, at / 1000);
}

static void ack_that_gives_something_else_is_refused(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 1, "drop(ack-address)", .type = DHCP_ACK, .yiaddr = ADDR + 1);
    assert_int_equal(w->traced.facts.addr, ADDR + 1);
    assert_int_equal(w->traced.facts.other, ADDR);
    RX(w, 1, "drop(no-lease-time)", .type = DHCP_ACK, .no_lease = true);
    RX(w, 1, "drop(lease-zero)", .type = DHCP_ACK, .zero_lease = true);
    RX(w, 1, "drop(no-server-id)", .type = DHCP_ACK, .no_server = true);
    RX(w, 1, "drop(other-server-answer)", .type = DHCP_ACK, .server = OTHER);
    RX(w, 1, BINDS, .type = DHCP_ACK);
    RX(w, 1, "drop(not-in-this-state)", .type = DHCP_ACK); /* a copy */
}

/* Trap 14: the lease counts from the REQUEST, not from its ACK; if the REQUEST was repeated, from the first.
 */
static void trap_14_expiry_counts_from_the_request(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 700, CHOOSES, .type = DHCP_OFFER);
    time_ms again = cli_engine_deadline(w->engine);
    FIRES(w, again, "note(retransmit) TX:REQUEST");
    RX(w, again + 400, BINDS, .type = DHCP_ACK);
    assert_int_equal(w->set.requested_ms, 700);
    assert_int_equal(w->set.acked_ms, again + 400);
    assert_int_equal(w->set.renew_at_ms, 700 + HOUR_T1);
    assert_int_equal(w->set.rebind_at_ms, 700 + HOUR_T2);
    assert_int_equal(w->set.expires_at_ms, 700 + HOUR_ENDS);
}

static void ack_after_the_end_of_its_lease_is_refused(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 1000, "drop(ack-late)", .type = DHCP_ACK, .lease_s = 1);
    RX(w, 1000, "SET 10.0.0.10/24 REQUESTING>BOUND(ack) BOUND>RENEWING(t1) TX:REQUEST", .type = DHCP_ACK,
       .lease_s = 2);
}

/* ---- NAK ---- */

/* Trap 16 */
static void trap_16_nak_of_another_server_is_ignored(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 1, "drop(other-server-answer)", .type = DHCP_NAK, .server = OTHER);
    assert_int_equal(w->traced.facts.other, OTHER);
    RX(w, 1, "drop(no-server-id)", .type = DHCP_NAK, .no_server = true);
    RX(w, 1, BINDS, .type = DHCP_ACK);
    FIRES(w, HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
    RX(w, HOUR_T1 + 1, "drop(other-server-answer)", .type = DHCP_NAK, .server = OTHER);
    assert_int_equal(status_of(w).state, CLI_RENEWING);
}

/* Trap 18: after a NAK the next OFFER counts. A server that refuses what it offers is asked 1, 2, 4 ... 64 s
 * later. */
static void trap_18_nak_starts_again_and_never_floods(void **state)
{
    struct world *w = *state;
    static const time_ms waits_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000};
    AT(w, 0, CLI_START, STARTS);
    time_ms now = 0;
    uint32_t xid = 0;
    for (unsigned i = 0; i < sizeof waits_ms / sizeof waits_ms[0]; i++) {
        assert_int_not_equal(w->tx.xid, xid);
        xid = w->tx.xid;
        RX(w, now, CHOOSES, .type = DHCP_OFFER);
        RX(w, now, "REQUESTING>INIT(nak) note(nak-wait)", .type = DHCP_NAK);
        assert_int_equal(w->traced.facts.num, waits_ms[i]);
        RX(w, now, "drop(not-in-this-state)", .type = DHCP_OFFER);
        FIRES(w, now + waits_ms[i], "INIT>SELECTING(search) TX:DISCOVER");
        now += waits_ms[i];
        assert_int_equal(w->tx.secs, 0);
    }
    RX(w, now, CHOOSES, .type = DHCP_OFFER);
    RX(w, now, BINDS, .type = DHCP_ACK);
    AT(w, now + 1, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    RX(w, now + 2, "CLEAR RENEWING>INIT(nak) note(nak-wait)", .type = DHCP_NAK);
    assert_int_equal(w->traced.facts.num, 1000); /* an ACK ended the row */
}

static void nak_says_why(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 1, "REQUESTING>INIT(nak) note(nak-wait)", .type = DHCP_NAK, .message = "taken\n");
    assert_string_equal(w->text, "taken\\x0a");
}

static void nak_in_rebinding_counts_from_any_server(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, HOUR_T2, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    RX(w, HOUR_T2 + 1, "CLEAR REBINDING>INIT(nak) note(nak-wait)", .type = DHCP_NAK, .server = OTHER);
    assert_null(status_of(w).lease);
}

static void nak_without_a_question_is_ignored(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    RX(w, 1, "drop(not-in-this-state)", .type = DHCP_NAK);
    assert_int_equal(status_of(w).state, CLI_BOUND);
}

/* ---- repeatability ---- */

static void every_state_and_timer_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(cli_state_name(CLI_REBINDING), "REBINDING");
    assert_string_equal(cli_state_name(CLI_STOPPED), "STOPPED");
    assert_string_equal(cli_timer_name(CLI_TIMER_T1), "T1");
    assert_string_equal(cli_timer_name(CLI_NO_TIMER), "none");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stopped_client_waits_for_nothing),
        TEST(rfc2131_4_4_1_start_waits_1_to_10_s),
        TEST(start_delay_covers_its_whole_range),
        TEST(second_start_changes_nothing),
        TEST(trap_2_3_21_discover_is_repeated_by_the_back_off),
        TEST(dora_binds),
        TEST(rfc2131_4_4_1_ack_in_selecting_is_discarded),
        TEST(answers_to_others_are_discarded),
        TEST(broken_packets_are_counted_by_reason),
        TEST(every_prefix_of_an_offer_is_survived),
        TEST(address_of_a_31_bit_net_is_usable),
        TEST(first_of_two_servers_wins),
        TEST(offers_are_collected_and_the_rest_refused),
        TEST(collecting_has_a_limit),
        TEST(wanted_server_is_taken_and_others_never),
        TEST(wanted_server_waits_for_the_other_offers_too),
        TEST(wanted_server_is_the_only_one_believed_in_rebinding),
        TEST(trap_24_offer_with_rapid_commit_is_taken),
        TEST(rfc2131_3_1_request_gives_up_after_60_s),
        TEST(ack_that_gives_something_else_is_refused),
        TEST(trap_14_expiry_counts_from_the_request),
        TEST(ack_after_the_end_of_its_lease_is_refused),
        TEST(trap_16_nak_of_another_server_is_ignored),
        TEST(trap_18_nak_starts_again_and_never_floods),
        TEST(nak_says_why),
        TEST(nak_in_rebinding_counts_from_any_server),
        TEST(nak_without_a_question_is_ignored),
        cmocka_unit_test(every_state_and_timer_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
