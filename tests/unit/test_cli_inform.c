/* DHCPINFORM in virtual time: the configuration for an address that did not come from us (RFC 2131 3.4,
 * 4.4.3); and DECLINE by hand. */
#include "test_cli_world.h"

/* An INFORM for the interface's own ADDR/16 at `now`. */
static void inform_at(struct world *w, time_ms now, const char *expected)
{
    step(w, &(struct cli_event){.kind = CLI_INFORM, .now = now, .addr = {ADDR, 16}});
    assert_string_equal(w->log, expected);
}

#define ASKS "STOPPED>INFORMING(command-inform) TX:INFORM"

static void answer_is_shown_without_lease_and_timers(void **state)
{
    struct world *w = *state;
    inform_at(w, 1000, ASKS);
    assert_null(status_of(w).inform);
    assert_int_equal(status_of(w).transmissions, 1);
    /* "The DHCPACK ... SHOULD NOT" have a lease time (4.3.5); whatever it says of one counts for nothing. */
    RX(w, 1500, "HOST INFORMING>INFORMED(informed)", .type = DHCP_ACK, .lease_s = 7, .t1_s = 2, .t2_s = 3);
    struct cli_status status = status_of(w);
    assert_null(status.lease);
    assert_non_null(status.inform);
    assert_int_equal(status.inform->addr, ADDR);
    assert_int_equal(status.inform->prefix_len, 24); /* the server's mask, not the interface's */
    assert_int_equal(status.inform->server_id, SERVER);
    assert_int_equal(status.inform->lease_s, 0);
    assert_int_equal(status.inform->requested_ms, 1000);
    assert_int_equal(status.inform->acked_ms, 1500);
    assert_true(status.inform->expires_at_ms == TIME_NEVER);
    assert_int_equal(status.timer, CLI_NO_TIMER);
    assert_true(cli_engine_deadline(w->engine) == TIME_NEVER);
    AT(w, 100000000, CLI_DEADLINE, "");
    assert_false(w->is_saved);
    assert_int_equal(w->set.addr, ADDR);
    assert_true(w->ack_len > 0);
}

static void mask_of_the_interface_counts_where_the_server_tells_none(void **state)
{
    struct world *w = *state;
    inform_at(w, 0, ASKS);
    RX(w, 0, "HOST INFORMING>INFORMED(informed)", .type = DHCP_ACK, .no_lease = true, .no_mask = true);
    assert_int_equal(status_of(w).inform->prefix_len, 16);
}

/* RFC 2131 4.4.3: "60 seconds or 4 tries": at 0, 4, 12 and 28 s, up to 60 s, each wait +-1 s, with one xid.
 */
static void nobody_answers(void **state)
{
    struct world *w = *state;
    static const time_ms gaps_ms[] = {4000, 8000, 16000, 32000};
    inform_at(w, 0, ASKS);
    uint32_t xid = w->tx.xid;
    time_ms at = 0;
    for (unsigned i = 0; i < 4; i++) {
        time_ms next = cli_engine_deadline(w->engine);
        assert_in_range(next - at, gaps_ms[i] - 1000, gaps_ms[i] + 1000);
        at = next;
        if (i < 3)
            FIRES(w, at, "note(retransmit) TX:INFORM");
        else
            FIRES(w, at, "INFORMING>STOPPED(inform-gave-up)");
        assert_int_equal(w->tx.xid, xid);
    }
    assert_int_equal(w->n_tx, 4);
    assert_null(status_of(w).inform);
    assert_true(cli_engine_deadline(w->engine) == TIME_NEVER);
    RX(w, at + 1, "drop(not-in-this-state)", .type = DHCP_ACK);
}

static void answers_that_do_not_count(void **state)
{
    struct world *w = *state;
    w->config.server = SERVER;
    inform_at(w, 0, ASKS);
    RX(w, 1, "drop(not-in-this-state)", .type = DHCP_OFFER);
    RX(w, 1, "drop(not-in-this-state)", .type = DHCP_NAK);
    RX(w, 1, "drop(wrong-xid)", .type = DHCP_ACK, .xid_xor = 1);
    RX(w, 1, "drop(no-server-id)", .type = DHCP_ACK, .no_server = true);
    RX(w, 1, "drop(other-server-answer)", .type = DHCP_ACK, .server = OTHER);
    RX(w, 1, "HOST INFORMING>INFORMED(informed)", .type = DHCP_ACK, .no_lease = true);
    RX(w, 2, "drop(not-in-this-state)", .type = DHCP_ACK);
    RX(w, 2, "drop(not-in-this-state)", .type = DHCP_NAK);
    RX(w, 2, "drop(not-in-this-state)", .type = DHCP_OFFER);
}

static void address_of_a_lease_needs_no_inform(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    inform_at(w, 1000, "note(inform-leased)");
    assert_int_equal(status_of(w).state, CLI_BOUND);
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
}

static void takes_the_place_of_a_search(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    inform_at(w, 500, "SELECTING>INFORMING(command-inform) TX:INFORM");
    assert_int_equal(w->tx.secs, 0);
    RX(w, 600, "HOST INFORMING>INFORMED(informed)", .type = DHCP_ACK);
    inform_at(w, 700, "UNHOST INFORMED>INFORMING(command-inform) TX:INFORM");
    assert_null(status_of(w).inform);
}

static void leaves_by_any_command(void **state)
{
    struct world *w = *state;
    inform_at(w, 0, ASKS);
    AT(w, 1, CLI_RENEW, "INFORMING>INIT(command-renew) INIT>SELECTING(search) TX:DISCOVER");
    assert_int_equal(w->tx.ciaddr, 0);
    inform_at(w, 2, "SELECTING>INFORMING(command-inform) TX:INFORM");
    RX(w, 3, "HOST INFORMING>INFORMED(informed)", .type = DHCP_ACK);
    AT(w, 4, CLI_DECLINE, "note(no-lease)");
    AT(w, 5, CLI_START, "note(already-started)");
    AT(w, 6, CLI_REBIND, "UNHOST INFORMED>INIT(command-rebind) INIT>SELECTING(search) TX:DISCOVER");
    inform_at(w, 7, "SELECTING>INFORMING(command-inform) TX:INFORM");
    RX(w, 8, "HOST INFORMING>INFORMED(informed)", .type = DHCP_ACK);
    AT(w, 9, CLI_STOP, "UNHOST INFORMED>STOPPED(command-stop)");
}

/* ---- DECLINE by hand ---- */

static void address_of_the_lease_is_declined(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 5000, CLI_DECLINE, "CLEAR BOUND>INIT(command-decline) TX:DECLINE note(decline-wait)");
    ip4 addr;
    assert_true(dhcp_get_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, &addr));
    assert_int_equal(addr, ADDR);
    const struct dhcp_option *text = dhcp_msg_find(&w->tx, DHCP_OPT_MESSAGE);
    assert_non_null(text);
    assert_memory_equal(text->data, "declined by hand", text->len);
    assert_int_equal(w->packet.src, 0);
    assert_false(w->is_saved);
    /* RFC 2131 3.1 (5): "The client SHOULD wait a minimum of ten seconds". */
    FIRES(w, 15000, "INIT>SELECTING(search) TX:DISCOVER");
}

static void address_that_is_probed_for_is_declined(void **state)
{
    struct world *w = *state;
    w->config.acd = true;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 0, "REQUESTING>PROBING(ack-probe)", .type = DHCP_ACK);
    AT(w, 0, CLI_DECLINE, "PROBING>INIT(command-decline) TX:DECLINE note(decline-wait)");
    FIRES(w, 10000, "INIT>SELECTING(search) TX:DISCOVER");
}

static void without_a_lease_there_is_nothing_to_decline(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_DECLINE, "note(no-lease)");
    AT(w, 0, CLI_START, STARTS);
    AT(w, 1, CLI_DECLINE, "note(no-lease)");
    assert_int_equal(status_of(w).state, CLI_SELECTING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answer_is_shown_without_lease_and_timers),
        TEST(mask_of_the_interface_counts_where_the_server_tells_none),
        TEST(nobody_answers),
        TEST(answers_that_do_not_count),
        TEST(address_of_a_lease_needs_no_inform),
        TEST(takes_the_place_of_a_search),
        TEST(leaves_by_any_command),
        TEST(address_of_the_lease_is_declined),
        TEST(address_that_is_probed_for_is_declined),
        TEST(without_a_lease_there_is_nothing_to_decline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
