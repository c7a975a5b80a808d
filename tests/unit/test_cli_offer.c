/* Which OFFERs are refused and why, and which of the others is chosen. */
#include "tests/unit/test_cli_world.h"

#define CHOICE(w, reason) "SELECTING>REQUESTING(" reason ") TX:REQUEST"

static ip4 asked(const struct world *w)
{
    ip4 addr = 0;
    dhcp_get_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, &addr);
    return addr;
}

static void what_is_unsafe_is_refused_and_counted_by_reason(void **state)
{
    struct world *w = *state;
    static const struct {
        struct answer offer;
        enum reason reason;
        const char *log;
    } rows[] = {
        {{.yiaddr = 0xffffffff}, REASON_OFFER_BROADCAST, "drop(offer-broadcast)"},
        {{.yiaddr = 0x0a0000ff}, REASON_OFFER_BROADCAST, "drop(offer-broadcast)"},
        {{.yiaddr = 0xe0000001}, REASON_OFFER_MULTICAST, "drop(offer-multicast)"},
        {{.yiaddr = 0xefffffff}, REASON_OFFER_MULTICAST, "drop(offer-multicast)"},
        {{.yiaddr = 0x0a000000}, REASON_OFFER_NETWORK, "drop(offer-network)"},
        {{.yiaddr = 0x7f000001}, REASON_OFFER_UNSAFE, "drop(offer-unsafe)"},
        {{.yiaddr = 0x00000001}, REASON_OFFER_UNSAFE, "drop(offer-unsafe)"},
        {{.yiaddr = 0xf0000001}, REASON_OFFER_UNSAFE, "drop(offer-unsafe)"},
        {{.no_yiaddr = true}, REASON_OFFER_NO_ADDRESS, "drop(offer-no-address)"},
        {{.no_server = true}, REASON_NO_SERVER_ID, "drop(no-server-id)"},
        {{.server = IP4_BROADCAST}, REASON_BAD_SERVER_ID, "drop(bad-server-id)"},
        {{.no_lease = true}, REASON_NO_LEASE_TIME, "drop(no-lease-time)"},
        {{.zero_lease = true}, REASON_LEASE_ZERO, "drop(lease-zero)"},
        {{.xid_xor = 1}, REASON_XID, "drop(wrong-xid)"},
        {{.hw_xor = 1}, REASON_CHADDR, "drop(wrong-chaddr)"},
    };
    AT(w, 0, CLI_START, STARTS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t before = status_of(w).reasons[rows[i].reason];
        struct answer offer = rows[i].offer;
        offer.type = DHCP_OFFER;
        answer(w, 1, &offer);
        assert_string_equal(w->log, rows[i].log);
        assert_int_equal(status_of(w).reasons[rows[i].reason], before + 1);
    }
    RX(w, 2, CHOICE(w, "offer-first"), .type = DHCP_OFFER);
}

static void denied_servers_are_not_believed_in_any_state(void **state)
{
    struct world *w = *state;
    w->config.n_deny = 2;
    w->config.deny[1] = OTHER;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 1, "drop(server-denied)", .type = DHCP_OFFER, .server = OTHER);
    assert_int_equal(w->traced.facts.other, OTHER);
    assert_string_equal(w->text, "OFFER");
    /* A denied server that gives itself out as another one: its source address tells. */
    RX(w, 1, "drop(server-denied)", .type = DHCP_OFFER, .source = OTHER);
    RX(w, 2, CHOICE(w, "offer-first"), .type = DHCP_OFFER);
    RX(w, 3, "drop(server-denied)", .type = DHCP_NAK, .server = OTHER);
    RX(w, 4, BINDS, .type = DHCP_ACK);
    AT(w, 3150002, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    RX(w, 3150003, "drop(server-denied)", .type = DHCP_ACK, .server = OTHER);
    assert_int_equal(status_of(w).reasons[REASON_SERVER_DENIED], 4);
}

static void first_offer_wins_by_default(void **state)
{
    struct world *w = *state;
    w->config.collect_offers_ms = 100;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "note(offer-collected)", .type = DHCP_OFFER, .lease_s = 60);
    RX(w, 1, "note(offer-collected)", .type = DHCP_OFFER, .server = OTHER, .yiaddr = ADDR + 1,
       .lease_s = 7200);
    FIRES(w, 100, "note(offer-later) " CHOICE(w, "offer-first"));
    assert_int_equal(asked(w), ADDR);
}

static void longest_lease_wins(void **state)
{
    struct world *w = *state;
    w->config.choice = CLI_CHOOSE_LONGEST;
    w->config.collect_offers_ms = 100;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "note(offer-collected)", .type = DHCP_OFFER, .lease_s = 60);
    RX(w, 1, "note(offer-collected)", .type = DHCP_OFFER, .yiaddr = ADDR + 1, .lease_s = 7200);
    RX(w, 2, "note(offer-collected)", .type = DHCP_OFFER, .yiaddr = ADDR + 2, .lease_s = 7200);
    /* Of two that are equally good the first one. */
    FIRES(w, 100, "note(offer-shorter) note(offer-later) " CHOICE(w, "offer-longest"));
    assert_int_equal(asked(w), ADDR + 1);
}

static void infinite_lease_is_the_longest(void **state)
{
    struct world *w = *state;
    w->config.choice = CLI_CHOOSE_LONGEST;
    w->config.collect_offers_ms = 100;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "note(offer-collected)", .type = DHCP_OFFER, .lease_s = LEASE_INFINITE);
    RX(w, 1, "note(offer-collected)", .type = DHCP_OFFER, .yiaddr = ADDR + 1, .lease_s = LEASE_INFINITE - 1);
    FIRES(w, 100, "note(offer-shorter) " CHOICE(w, "offer-longest"));
    assert_int_equal(asked(w), ADDR);
}

static void requested_address_wins(void **state)
{
    struct world *w = *state;
    w->config.choice = CLI_CHOOSE_ADDRESS;
    w->config.requested_address = ADDR + 1;
    w->config.collect_offers_ms = 100;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "note(offer-collected)", .type = DHCP_OFFER);
    RX(w, 1, "note(offer-collected)", .type = DHCP_OFFER, .server = OTHER, .yiaddr = ADDR + 1);
    FIRES(w, 100, "note(offer-other-address) " CHOICE(w, "offer-wanted-address"));
    assert_int_equal(asked(w), ADDR + 1);
}

static void first_offer_wins_if_none_has_the_requested_address(void **state)
{
    struct world *w = *state;
    w->config.choice = CLI_CHOOSE_ADDRESS;
    w->config.requested_address = ADDR + 9;
    w->config.collect_offers_ms = 100;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "note(offer-collected)", .type = DHCP_OFFER);
    RX(w, 1, "note(offer-collected)", .type = DHCP_OFFER, .server = OTHER, .yiaddr = ADDR + 1);
    FIRES(w, 100, "note(offer-later) " CHOICE(w, "offer-first"));
    assert_int_equal(asked(w), ADDR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_unsafe_is_refused_and_counted_by_reason),
        TEST(denied_servers_are_not_believed_in_any_state),
        TEST(first_offer_wins_by_default),
        TEST(longest_lease_wins),
        TEST(infinite_lease_is_the_longest),
        TEST(requested_address_wins),
        TEST(first_offer_wins_if_none_has_the_requested_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
