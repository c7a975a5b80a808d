/* A client that starts with the lease it had: INIT-REBOOT and REBOOTING (RFC 2131 3.2, 4.3.2, 4.4.2) in
 * virtual time, and what is saved for it and forgotten. */
#include "test_cli_world.h"

#define REBOOTS "STOPPED>INIT-REBOOT(saved-lease) INIT-REBOOT>REBOOTING(reboot) TX:REQUEST"

/* The lease of an hour that was asked for at `requested_ms`. */
static struct cli_lease lease_of(time_ms requested_ms)
{
    return (struct cli_lease){
        .addr = ADDR,
        .prefix_len = 24,
        .server_id = SERVER,
        .lease_s = 3600,
        .timers = {.t1_ms = 1800000,
                   .t2_ms = 3150000,
                   .t1_origin = CLI_TIMER_OPTION,
                   .t2_origin = CLI_TIMER_OPTION},
        .requested_ms = requested_ms,
        .acked_ms = requested_ms + 1,
        .renew_at_ms = requested_ms + 1800000,
        .rebind_at_ms = requested_ms + 3150000,
        .expires_at_ms = requested_ms + 3600000,
    };
}

static void start_with(struct world *w, time_ms now, const struct cli_lease *saved, const char *expected)
{
    w->is_saved = true;
    w->set = *saved;
    step(w, &(struct cli_event){.kind = CLI_START, .now = now, .saved = saved});
    assert_string_equal(w->log, expected);
}

/* Table 4: option 50, no option 54, ciaddr 0; and without the start delay. */
static void rfc2131_4_3_2_request_asks_for_the_saved_address(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    ip4 addr;
    w->config.start_delay_min_ms = w->config.start_delay_max_ms = 5000;
    start_with(w, 0, &saved, REBOOTS);
    assert_true(dhcp_get_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, &addr));
    assert_int_equal(addr, ADDR);
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_SERVER_ID));
    assert_true(dhcp_msg_has(&w->tx, DHCP_OPT_CLIENT_ID));
    assert_true(dhcp_msg_has(&w->tx, DHCP_OPT_PRL));
    assert_int_equal(w->tx.ciaddr, 0);
    assert_int_equal(w->tx.secs, 0);
    assert_int_equal(w->packet.src, 0);
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
    assert_false(w->is_set);
    assert_null(status_of(w).lease);
}

static void ack_of_any_server_binds_and_counts_from_the_request(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    start_with(w, 500, &saved, REBOOTS);
    RX(w, 510, "drop(ack-address)", .type = DHCP_ACK, .yiaddr = ADDR + 1);
    RX(w, 520, "SET 10.0.0.10/24 REBOOTING>BOUND(ack)", .type = DHCP_ACK, .server = OTHER, .lease_s = 600);
    assert_int_equal(status_of(w).lease->server_id, OTHER);
    assert_int_equal(w->saved.expires_at_ms, 600500);
    FIRES(w, 300500, "BOUND>RENEWING(t1) TX:REQUEST");
}

static void nak_leads_to_init_and_the_lease_is_forgotten(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    start_with(w, 0, &saved, REBOOTS);
    RX(w, 10, "REBOOTING>INIT(nak) note(nak-wait)", .type = DHCP_NAK, .server = OTHER);
    assert_false(w->is_saved);
    FIRES(w, 1010, "INIT>SELECTING(search) TX:DISCOVER");
    assert_int_equal(w->tx.ciaddr, 0);
}

static void rfc2131_3_2_silence_leaves_the_old_lease_in_use_until_it_ends(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    static const time_ms gaps_ms[] = {4000, 8000, 16000};
    start_with(w, 0, &saved, REBOOTS);
    uint32_t xid = w->tx.xid;
    time_ms now = 0;
    for (unsigned i = 0; i < 3; i++) {
        time_ms at = cli_engine_deadline(w->engine);
        assert_in_range(at - now, gaps_ms[i] - 1000, gaps_ms[i] + 1000);
        FIRES(w, at, "note(retransmit) TX:REQUEST");
        assert_int_equal(w->tx.xid, xid);
        now = at;
    }
    time_ms at = cli_engine_deadline(w->engine);
    assert_in_range(at - now, 31000, 33000);
    FIRES(w, at, "SET 10.0.0.10/24 REBOOTING>BOUND(reboot-silent)");
    FIRES(w, saved.renew_at_ms, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_int_equal(w->tx.ciaddr, ADDR);
    AT(w, saved.expires_at_ms, CLI_DEADLINE,
       "CLEAR RENEWING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
    assert_false(w->is_saved);
}

static void a_t2_that_is_past_comes_at_once_after_the_silence(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-3400000);
    start_with(w, 0, &saved, REBOOTS);
    for (unsigned i = 0; i < 4; i++)
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = cli_engine_deadline(w->engine)});
    assert_string_equal(w->log,
                        "SET 10.0.0.10/24 REBOOTING>BOUND(reboot-silent) BOUND>REBINDING(t2) TX:REQUEST");
}

static void a_lease_that_ends_while_nobody_answers_is_over(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-3598000);
    start_with(w, 0, &saved, REBOOTS);
    assert_int_equal(status_of(w).timer, CLI_TIMER_EXPIRY);
    FIRES(w, 2000, "REBOOTING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
    assert_false(w->is_saved);
}

static void a_saved_lease_that_has_ended_is_not_asked_for(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-3600000);
    start_with(w, 0, &saved, "note(saved-lease-over) " STARTS);
    assert_false(w->is_saved);
}

static void a_saved_lease_of_an_unwanted_server_is_not_asked_for(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    w->config.server = OTHER;
    start_with(w, 0, &saved, "note(saved-lease-other-server) " STARTS);
    assert_false(w->is_saved);
}

static void an_infinite_saved_lease_is_asked_for_and_kept(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    saved.lease_s = LEASE_INFINITE;
    cli_timing_derive(&w->config.profile, LEASE_INFINITE, NULL, NULL, &saved.timers);
    saved.renew_at_ms = saved.rebind_at_ms = saved.expires_at_ms = TIME_NEVER;
    start_with(w, 0, &saved, REBOOTS);
    for (unsigned i = 0; i < 4; i++)
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = cli_engine_deadline(w->engine)});
    assert_string_equal(w->log, "SET 10.0.0.10/24 REBOOTING>BOUND(reboot-silent)");
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
}

/* RFC 2131 2.2: "the client SHOULD probe the newly received address, e.g., with ARP"; after a restart it is
 * new. */
static void the_address_is_probed_for_before_it_is_used_again(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    w->config.acd = true;
    start_with(w, 0, &saved, REBOOTS);
    RX(w, 10, "REBOOTING>PROBING(ack-probe)", .type = DHCP_ACK);
    struct arp arp = {.op = ARP_REPLY, .sender_hw = {1, 6, {2, 0, 0, 0, 0, 9}}, .sender = ADDR};
    step(w, &(struct cli_event){.kind = CLI_ARP_RX, .now = 20, .arp = arp});
    assert_string_equal(w->log, "PROBING>INIT(conflict) TX:DECLINE note(decline-wait)");
    assert_false(w->is_saved);
}

static void other_messages_are_not_expected(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    start_with(w, 0, &saved, REBOOTS);
    RX(w, 1, "drop(not-in-this-state)", .type = DHCP_OFFER);
    RX(w, 1, "drop(wrong-xid)", .type = DHCP_ACK, .xid_xor = 1);
    RX(w, 1, "drop(lease-zero)", .type = DHCP_ACK, .zero_lease = true);
    AT(w, 2, CLI_START, "note(already-started)");
}

static void commands_while_rebooting(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = lease_of(-1000);
    start_with(w, 0, &saved, REBOOTS);
    AT(w, 1, CLI_STOP, "REBOOTING>STOPPED(command-stop)");
    assert_true(w->is_saved);
    start_with(w, 2, &saved, REBOOTS);
    AT(w, 3, CLI_RENEW, "REBOOTING>INIT(command-renew) INIT>SELECTING(search) TX:DISCOVER");
    AT(w, 4, CLI_STOP, "SELECTING>STOPPED(command-stop)");
    start_with(w, 5, &saved, REBOOTS);
    AT(w, 6, CLI_RELEASE, "note(no-lease) REBOOTING>STOPPED(command-release)");
    assert_false(w->is_saved);
}

static void each_ack_is_saved_and_release_forgets_it_but_stop_does_not(void **state)
{
    struct world *w = *state;
    bind_at(w, 1000, (struct answer){0});
    assert_true(w->is_saved);
    assert_int_equal(w->saved.expires_at_ms, 3601000);
    FIRES(w, 1801000, "BOUND>RENEWING(t1) TX:REQUEST");
    RX(w, 1801010, "SET 10.0.0.10/24 RENEWING>BOUND(ack)", .type = DHCP_ACK);
    assert_int_equal(w->saved.expires_at_ms, 5401000);
    struct cli_lease saved = w->saved;
    AT(w, 1802000, CLI_STOP, "CLEAR BOUND>STOPPED(command-stop)");
    assert_true(w->is_saved);
    start_with(w, 1803000, &saved, REBOOTS);
    RX(w, 1803010, "SET 10.0.0.10/24 REBOOTING>BOUND(ack)", .type = DHCP_ACK);
    AT(w, 1804000, CLI_RELEASE, "TX:RELEASE CLEAR BOUND>STOPPED(command-release)");
    assert_false(w->is_saved);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_4_3_2_request_asks_for_the_saved_address),
        TEST(ack_of_any_server_binds_and_counts_from_the_request),
        TEST(nak_leads_to_init_and_the_lease_is_forgotten),
        TEST(rfc2131_3_2_silence_leaves_the_old_lease_in_use_until_it_ends),
        TEST(a_t2_that_is_past_comes_at_once_after_the_silence),
        TEST(a_lease_that_ends_while_nobody_answers_is_over),
        TEST(a_saved_lease_that_has_ended_is_not_asked_for),
        TEST(a_saved_lease_of_an_unwanted_server_is_not_asked_for),
        TEST(an_infinite_saved_lease_is_asked_for_and_kept),
        TEST(the_address_is_probed_for_before_it_is_used_again),
        TEST(other_messages_are_not_expected),
        TEST(commands_while_rebooting),
        TEST(each_ack_is_saved_and_release_forgets_it_but_stop_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
