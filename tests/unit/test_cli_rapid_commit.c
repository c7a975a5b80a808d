/* DISCOVER and ACK as the whole exchange, in virtual time: RFC 4039. */
#include "test_cli_world.h"

static int setup_rapid_commit(void **state)
{
    setup(state);
    struct world *w = *state;
    w->config.rapid_commit = true;
    return 0;
}

#define COMMITS "note(ack-rapid) SET 10.0.0.10/24 SELECTING>BOUND(ack)"

static void rfc4039_only_the_discover_has_the_option(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    const struct dhcp_option *option = dhcp_msg_find(&w->tx, DHCP_OPT_RAPID_COMMIT);
    assert_non_null(option);
    assert_int_equal(option->len, 0);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_RAPID_COMMIT));
    RX(w, 0, BINDS, .type = DHCP_ACK);
    AT(w, 1800000, CLI_DEADLINE, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_RAPID_COMMIT));
}

static void rfc4039_ack_with_the_option_binds(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 400, COMMITS, .type = DHCP_ACK, .rapid = true);
    /* Everything counts from the DISCOVER that was answered. */
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    ip4 addr = w->packet.dst;
    assert_int_equal(addr, SERVER);
}

/* A server that was away for longer than its leases last is back. */
static void lease_counts_from_the_discover_that_was_answered(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    uint32_t first_xid = w->tx.xid;
    while (w->n_tx < 70)
        AT(w, cli_engine_deadline(w->engine), CLI_DEADLINE, "note(retransmit) TX:DISCOVER");
    time_ms sent_ms = cli_engine_deadline(w->engine);
    AT(w, sent_ms, CLI_DEADLINE, "note(retransmit) TX:DISCOVER");
    assert_true(sent_ms > HOUR_ENDS);
    RX(w, sent_ms, "drop(wrong-xid)", .type = DHCP_ACK, .rapid = true, .xid_xor = w->tx.xid ^ first_xid);
    RX(w, sent_ms + 400, COMMITS, .type = DHCP_ACK, .rapid = true);
    FIRES(w, sent_ms + HOUR_T1, "BOUND>RENEWING(t1) TX:REQUEST");
}

/* Trap 24. */
static void trap_24_ack_without_the_option_is_no_commit(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "drop(ack-not-rapid)", .type = DHCP_ACK);
    assert_int_equal(status_of(w).reasons[REASON_ACK_NOT_RAPID], 1);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER, .rapid = true);
}

static void who_did_not_ask_takes_no_commit(void **state)
{
    struct world *w = *state;
    w->config.rapid_commit = false;
    AT(w, 0, CLI_START, STARTS);
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_RAPID_COMMIT));
    RX(w, 0, "drop(not-in-this-state)", .type = DHCP_ACK, .rapid = true);
}

static void unsafe_or_unwanted_commits_are_refused(void **state)
{
    struct world *w = *state;
    w->config.server = SERVER;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "drop(offer-broadcast)", .type = DHCP_ACK, .rapid = true, .yiaddr = 0x0a0000ff);
    RX(w, 0, "drop(no-lease-time)", .type = DHCP_ACK, .rapid = true, .no_lease = true);
    RX(w, 0, "drop(no-server-id)", .type = DHCP_ACK, .rapid = true, .no_server = true);
    RX(w, 0, "drop(other-server-answer)", .type = DHCP_ACK, .rapid = true, .server = OTHER);
    RX(w, 0, "drop(not-in-this-state)", .type = DHCP_NAK, .rapid = true);
    RX(w, 0, COMMITS, .type = DHCP_ACK, .rapid = true);
}

static void commit_ends_the_collecting_of_offers(void **state)
{
    struct world *w = *state;
    w->config.collect_offers_ms = 500;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "note(offer-collected)", .type = DHCP_OFFER, .server = OTHER);
    RX(w, 100, "note(offer-later) " COMMITS, .type = DHCP_ACK, .rapid = true);
    assert_int_equal(status_of(w).timer, CLI_TIMER_T1);
}

static void address_is_probed_for_all_the_same(void **state)
{
    struct world *w = *state;
    w->config.acd = true;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "note(ack-rapid) SELECTING>PROBING(ack-probe)", .type = DHCP_ACK, .rapid = true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_rapid_commit, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc4039_only_the_discover_has_the_option),
        TEST(rfc4039_ack_with_the_option_binds),
        TEST(trap_24_ack_without_the_option_is_no_commit),
        TEST(who_did_not_ask_takes_no_commit),
        TEST(unsafe_or_unwanted_commits_are_refused),
        TEST(commit_ends_the_collecting_of_offers),
        TEST(address_is_probed_for_all_the_same),
        TEST(lease_counts_from_the_discover_that_was_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
