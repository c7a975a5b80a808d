/* A client that does without IPv4 where the network prefers IPv6, in virtual time: RFC 8925. */
#include "test_cli_world.h"

static int setup_v6only(void **state)
{
    setup(state);
    struct world *w = *state;
    w->config.prl[w->config.n_prl++] = DHCP_OPT_V6ONLY;
    return 0;
}

#define WAITS "SELECTING>INIT(v6-only-wait)"
#define AGAIN "INIT>SELECTING(search) TX:DISCOVER"

static void rfc8925_3_2_offer_with_option_108_stops_ipv4_for_its_time(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 1000, WAITS, .type = DHCP_OFFER, .has_v6only = true, .v6only_s = 1800);
    assert_int_equal(w->traced.facts.span_s, 1800);
    assert_int_equal(w->traced.facts.other, SERVER);
    assert_int_equal(status_of(w).reasons[REASON_V6ONLY_WAIT], 1);
    FIRES(w, 1801000, AGAIN);
}

/* RFC 8925 3.4: MIN_V6ONLY_WAIT, 300 seconds. */
static void rfc8925_3_2_the_wait_is_300_s_at_least(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, WAITS, .type = DHCP_OFFER, .has_v6only = true, .v6only_s = 299);
    FIRES(w, 300000, AGAIN);
    RX(w, 300000, WAITS, .type = DHCP_OFFER, .has_v6only = true, .v6only_s = UINT32_MAX);
    FIRES(w, 300000 + UINT32_MAX * 1000LL, AGAIN);
}

/* RFC 8925 3.3: the server may put 0.0.0.0 into yiaddr. */
static void rfc8925_3_3_the_offer_needs_no_address(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, WAITS, .type = DHCP_OFFER, .has_v6only = true, .no_yiaddr = true, .no_lease = true);
}

static void rfc8925_3_2_who_did_not_ask_ignores_it(void **state)
{
    struct world *w = *state;
    w->config.n_prl--;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER, .has_v6only = true, .v6only_s = 1800);
}

static void other_servers_than_the_wanted_one_cannot_stop_us(void **state)
{
    struct world *w = *state;
    w->config.server = OTHER;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, "drop(offer-not-wanted)", .type = DHCP_OFFER, .has_v6only = true);
}

static void ack_in_rebooting_stops_and_forgets_the_lease(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = {.addr = ADDR, .server_id = SERVER, .prefix_len = 24, .expires_at_ms = 3600000};
    w->is_saved = true;
    step(w, &(struct cli_event){.kind = CLI_START, .saved = &saved});
    RX(w, 0, "REBOOTING>INIT(v6-only-wait)", .type = DHCP_ACK, .has_v6only = true);
    assert_false(w->is_saved);
    FIRES(w, 300000, AGAIN);
}

static void lease_that_is_in_use_goes_on(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 1800000, CLI_DEADLINE, "BOUND>RENEWING(t1) TX:REQUEST");
    RX(w, 1800000, "SET 10.0.0.10/24 RENEWING>BOUND(ack)", .type = DHCP_ACK, .has_v6only = true);
}

static void command_ends_the_wait(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, WAITS, .type = DHCP_OFFER, .has_v6only = true);
    AT(w, 1000, CLI_RENEW, "INIT>INIT(command-renew) " AGAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_v6only, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc8925_3_2_offer_with_option_108_stops_ipv4_for_its_time),
        TEST(rfc8925_3_2_the_wait_is_300_s_at_least),
        TEST(rfc8925_3_3_the_offer_needs_no_address),
        TEST(rfc8925_3_2_who_did_not_ask_ignores_it),
        TEST(other_servers_than_the_wanted_one_cannot_stop_us),
        TEST(ack_in_rebooting_stops_and_forgets_the_lease),
        TEST(lease_that_is_in_use_goes_on),
        TEST(command_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
