/* The client in virtual time: figure 5 of RFC 2131, its timers, and who is believed. Trap numbers are those
 * of the mistakes that DHCP clients are known for; each has its test here or in a neighbour of this file. */
#include "test_cli_world.h"

#define HOUR_T1   1800000
#define HOUR_T2   3150000
#define HOUR_ENDS 3600000

static int setup(void **state)
{
    static struct world w;
    world_init(&w, 1);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    world_fini(*state);
    return 0;
}

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

/* ---- T1, T2, expiry ---- */

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

/* ---- commands ---- */

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

/* ---- repeatability ---- */

/* Start delay, four DISCOVERs, an OFFER that nobody confirms: everything that a seed decides, as octets and
 * instants. */
static size_t record(uint64_t seed, const struct hw_addr *hw, uint8_t *out, size_t cap)
{
    struct cli_config config;
    assert_int_equal(cli_config_init(&config), 0);
    struct cli_counters counters = {0};
    struct cli_engine *e = cli_engine_new(&config, hw, seed, &counters);
    struct cli_actions actions;
    cli_actions_init(&actions);
    size_t used = 0;
    struct cli_event event = {.kind = CLI_START};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(cli_engine_step(e, &event, &actions), 0);
        for (const struct cli_action *a = actions.first; a != NULL; a = a->next)
            if (a->kind == CLI_TX) {
                assert_true(used + sizeof event.now + a->packet.len <= cap);
                memcpy(out + used, &event.now, sizeof event.now);
                memcpy(out + used + sizeof event.now, a->packet.bytes, a->packet.len);
                used += sizeof event.now + a->packet.len;
            }
        cli_actions_reset(&actions);
        event = (struct cli_event){.kind = CLI_DEADLINE, .now = cli_engine_deadline(e)};
    }
    cli_actions_fini(&actions);
    cli_engine_free(e);
    return used;
}

static void same_seed_same_octets(void **state)
{
    (void)state;
    static uint8_t a[8192], b[8192];
    size_t len = record(42, &own_hw, a, sizeof a);
    assert_int_equal(record(42, &own_hw, b, sizeof b), len);
    assert_memory_equal(a, b, len);
    record(43, &own_hw, b, sizeof b);
    assert_memory_not_equal(a, b, len);
    struct hw_addr neighbour = own_hw; /* one seed for a whole lab: its clients still differ in their luck */
    neighbour.bytes[5]++;
    record(42, &neighbour, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof(time_ms));
}

/* An answer of any kind, often wrong in one way. */
static struct answer random_answer(struct rng *rng)
{
    static const uint8_t types[] = {DHCP_OFFER, DHCP_OFFER, DHCP_ACK,   DHCP_ACK,
                                    DHCP_ACK,   DHCP_NAK,   DHCP_INFORM};
    static const uint32_t leases_s[] = {1, 2, 60, 3600, 86400, LEASE_INFINITE - 1, LEASE_INFINITE};
    struct answer a = {.type = types[rng_between(rng, 0, 6)], .lease_s = leases_s[rng_between(rng, 0, 6)]};
    switch (rng_between(rng, 0, 15)) {
    case 0:
        a.xid_xor = 1;
        break;
    case 1:
        a.hw_xor = 1;
        break;
    case 2:
        a.server = OTHER;
        break;
    case 3:
        a.yiaddr = ADDR + 1;
        break;
    case 4:
        a.zero_lease = true;
        break;
    case 5:
        a.t1_s = (uint32_t)rng_between(rng, 1, 4000);
        a.t2_s = (uint32_t)rng_between(rng, 1, 4000);
        break;
    default:
        break;
    }
    return a;
}

static time_ms random_event(struct world *w, struct rng *rng, time_ms now)
{
    static const enum cli_event_kind commands[] = {CLI_START,   CLI_RELEASE, CLI_RENEW, CLI_REBIND,
                                                   CLI_DECLINE, CLI_INFORM,  CLI_STOP};
    time_ms deadline = cli_engine_deadline(w->engine);
    struct answer a = random_answer(rng);
    switch (rng_between(rng, 0, 9)) {
    case 0:
        now += rng_between(rng, 0, 100000);
        step(w,
             &(struct cli_event){.kind = commands[rng_between(rng, 0, 6)], .now = now, .addr = {ADDR, 24}});
        return now;
    case 1: /* asleep for a while */
        now += rng_between(rng, 0, 4000000);
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = now});
        return now;
    case 2:
    case 3:
    case 4:
        now = deadline == TIME_NEVER ? now : deadline;
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = now});
        return now;
    default:
        now += rng_between(rng, 0, 2000);
        answer(w, now, &a);
        return now;
    }
}

/* What must hold after every step, whatever came in. */
static void assert_invariants(struct world *w, time_ms now)
{
    struct cli_status s = status_of(w);
    bool leased = s.state == CLI_BOUND || s.state == CLI_RENEWING || s.state == CLI_REBINDING;
    assert_int_equal(s.lease != NULL, leased);
    assert_int_equal(w->is_set, leased);
    assert_true(s.timer_at_ms > now);
    assert_int_equal(s.timer == CLI_NO_TIMER, s.timer_at_ms == TIME_NEVER);
    if (s.lease == NULL)
        return;
    assert_true(s.timer_at_ms <= s.lease->expires_at_ms || s.lease->expires_at_ms == TIME_NEVER);
    assert_true(s.lease->expires_at_ms > now);
    assert_true(s.lease->requested_ms <= s.lease->acked_ms);
    if (s.lease->expires_at_ms != TIME_NEVER) {
        assert_true(s.lease->requested_ms < s.lease->renew_at_ms);
        assert_true(s.lease->renew_at_ms < s.lease->rebind_at_ms);
        assert_true(s.lease->rebind_at_ms < s.lease->expires_at_ms);
    }
}

static void random_events_keep_the_invariants(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct world w;
        struct rng rng;
        world_init(&w, seed);
        rng_init(&rng, seed, "events");
        w.config.collect_offers_ms = seed % 3 == 0 ? 500 : 0;
        AT(&w, 0, CLI_START, STARTS);
        time_ms now = 0;
        for (int i = 0; i < 400; i++) {
            now = random_event(&w, &rng, now);
            assert_invariants(&w, now);
        }
        world_fini(&w);
    }
}

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
        cmocka_unit_test(same_seed_same_octets),
        cmocka_unit_test(random_events_keep_the_invariants),
        cmocka_unit_test(every_state_and_timer_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
