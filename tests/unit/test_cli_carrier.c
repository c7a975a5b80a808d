/* The cable, in virtual time: the carrier is lost and comes back (RFC 2131 3.7), in each state. */
#include "test_cli_world.h"

#define VERIFIES "INIT-REBOOT>REBOOTING(reboot) TX:REQUEST"

static void loss_changes_nothing(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 1000, CLI_CARRIER_LOST, "note(carrier-lost)");
    assert_string_equal(w->hooks, "NOCARRIER");
    assert_true(w->is_set);
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
}

/* RFC 2131 4.3.2: as in INIT-REBOOT, so with option 50, without 54, ciaddr 0, to everybody. */
static void return_asks_for_the_lease_again(void **state)
{
    struct world *w = *state;
    ip4 addr;
    bind_at(w, 0, (struct answer){0});
    AT(w, 5000, CLI_CARRIER_BACK, "CLEAR BOUND>INIT-REBOOT(carrier-back) " VERIFIES);
    assert_string_equal(w->hooks, "CARRIER");
    assert_true(w->is_saved);
    assert_true(dhcp_get_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, &addr));
    assert_int_equal(addr, ADDR);
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_SERVER_ID));
    assert_int_equal(w->tx.ciaddr, 0);
    assert_int_equal(w->tx.secs, 0);
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
    RX(w, 5010, "SET 10.0.0.10/24 REBOOTING>BOUND(ack)", .type = DHCP_ACK);
    assert_string_equal(w->hooks, "REBOOT");
    assert_int_equal(w->set.expires_at_ms, 3605000);
}

static void another_network_says_nak(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 5000, CLI_CARRIER_BACK, "CLEAR BOUND>INIT-REBOOT(carrier-back) " VERIFIES);
    RX(w, 5010, "REBOOTING>INIT(nak) note(nak-wait)", .type = DHCP_NAK, .server = OTHER);
    assert_false(w->is_saved);
}

/* RFC 2131 3.7: "the client may continue to use the previous network address until the lease for that address
 * expires". */
static void silence_leaves_the_lease_in_use_and_its_timers_as_they_were(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    step(w, &(struct cli_event){.kind = CLI_CARRIER_BACK, .now = 5000});
    for (unsigned i = 0; i < 4; i++)
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = cli_engine_deadline(w->engine)});
    assert_string_equal(w->log, "SET 10.0.0.10/24 REBOOTING>BOUND(reboot-silent)");
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
}

static void return_while_renewing_rebinding_or_rebooting(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 1, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    AT(w, 2, CLI_CARRIER_BACK, "CLEAR RENEWING>INIT-REBOOT(carrier-back) " VERIFIES);
    AT(w, 3, CLI_CARRIER_BACK, "REBOOTING>INIT-REBOOT(carrier-back) " VERIFIES);
    RX(w, 4, "SET 10.0.0.10/24 REBOOTING>BOUND(ack)", .type = DHCP_ACK);
    AT(w, 5, CLI_REBIND, "BOUND>REBINDING(command-rebind) TX:REQUEST");
    AT(w, 6, CLI_CARRIER_BACK, "CLEAR REBINDING>INIT-REBOOT(carrier-back) " VERIFIES);
}

static void return_while_probing_asks_before_it_probes_again(void **state)
{
    struct world *w = *state;
    w->config.acd = true;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 0, "REQUESTING>PROBING(ack-probe)", .type = DHCP_ACK);
    AT(w, 1, CLI_CARRIER_BACK, "PROBING>INIT-REBOOT(carrier-back) " VERIFIES);
    RX(w, 2, "REBOOTING>PROBING(ack-probe)", .type = DHCP_ACK);
    assert_int_equal(status_of(w).probes, 0);
}

static void return_starts_an_acquisition_anew(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    uint32_t xid = w->tx.xid;
    AT(w, 50000, CLI_CARRIER_BACK,
       "note(retransmit) TX:DISCOVER SELECTING>INIT(carrier-back) "
       "INIT>SELECTING(search) TX:DISCOVER");
    assert_string_equal(w->hooks, "CARRIER");
    assert_int_not_equal(w->tx.xid, xid);
    assert_int_equal(w->tx.secs, 0);
    RX(w, 50001, CHOOSES, .type = DHCP_OFFER);
    AT(w, 50002, CLI_CARRIER_BACK, "REQUESTING>INIT(carrier-back) INIT>SELECTING(search) TX:DISCOVER");
}

static void return_does_not_shorten_a_wait_nor_start_a_stopped_client(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_CARRIER_BACK, "note(carrier-back)");
    assert_int_equal(status_of(w).state, CLI_STOPPED);
    w->config.start_delay_min_ms = w->config.start_delay_max_ms = 5000;
    AT(w, 1, CLI_START, "STOPPED>INIT(start) note(start-delay)");
    AT(w, 2, CLI_CARRIER_BACK, "note(carrier-back)");
    assert_string_equal(w->hooks, "CARRIER");
    FIRES(w, 5001, "INIT>SELECTING(search) TX:DISCOVER");
}

static void return_asks_anew_for_what_inform_was_told(void **state)
{
    struct world *w = *state;
    struct ip4_net own = {ADDR, 24};
    step(w, &(struct cli_event){.kind = CLI_INFORM, .now = 0, .addr = own});
    RX(w, 1, "HOST INFORMING>INFORMED(informed)", .type = DHCP_ACK);
    AT(w, 2, CLI_CARRIER_BACK, "note(carrier-back) UNHOST INFORMED>INFORMING(command-inform) TX:INFORM");
    assert_int_equal(w->tx.ciaddr, ADDR);
    AT(w, 3, CLI_CARRIER_BACK, "note(carrier-back) INFORMING>INFORMING(command-inform) TX:INFORM");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(loss_changes_nothing),
        TEST(return_asks_for_the_lease_again),
        TEST(another_network_says_nak),
        TEST(silence_leaves_the_lease_in_use_and_its_timers_as_they_were),
        TEST(return_while_renewing_rebinding_or_rebooting),
        TEST(return_while_probing_asks_before_it_probes_again),
        TEST(return_starts_an_acquisition_anew),
        TEST(return_does_not_shorten_a_wait_nor_start_a_stopped_client),
        TEST(return_asks_anew_for_what_inform_was_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
