/* What an inspector is told of the past: the last changes of state, the last messages. */
#include "test_cli_world.h"

#include "client/cli_history.h"

static struct cli_action change(const char *from, const char *to)
{
    return (struct cli_action){
        .kind = CLI_TRACE,
        .trace = {.kind = TRACE_STATE, .reason = REASON_SEARCH, .from = from, .to = to},
    };
}

static void last_twenty_changes_are_kept(void **state)
{
    (void)state;
    struct cli_history h = {0};
    assert_null(cli_history_find(&h, 0));
    for (time_ms at = 1; at <= 45; at++) {
        struct cli_action action = change("INIT", at % 2 ? "SELECTING" : "STOPPED");
        cli_history_act(&h, &action, at);
    }
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(cli_history_find(&h, i)->at_ms, 45 - i);
    assert_null(cli_history_find(&h, 20));
    assert_string_equal(cli_history_find(&h, 0)->to, "SELECTING");
}

static void decisions_are_no_changes(void **state)
{
    (void)state;
    struct cli_history h = {0};
    struct cli_action action = {.kind = CLI_TRACE, .trace = {.kind = TRACE_DECISION}};
    cli_history_act(&h, &action, 1);
    action = (struct cli_action){.kind = CLI_IF_CLEAR};
    cli_history_act(&h, &action, 2);
    assert_int_equal(h.n_transitions, 0);
    assert_int_equal(h.sent.type, 0);
}

/* A message of this type and xid, in `buf`. */
static struct packet message(uint8_t type, uint32_t xid, uint8_t *buf)
{
    struct dhcp_msg m;
    unsigned dropped;
    dhcp_msg_init(&m, type == DHCP_ACK ? DHCP_BOOTREPLY : DHCP_BOOTREQUEST);
    m.xid = xid;
    m.giaddr = ROUTER;
    dhcp_put_u8(&m, DHCP_OPT_TYPE, type);
    return (struct packet){
        .src = SERVER, .dst = OTHER, .bytes = buf, .len = dhcp_msg_encode(&m, buf, DHCP_MSG_MAX, &dropped)};
}

static void answer_has_a_round_trip_time(void **state)
{
    (void)state;
    uint8_t buf[DHCP_MSG_MAX];
    struct cli_history h = {0};
    struct cli_action action = {.kind = CLI_TX, .packet = message(DHCP_REQUEST, 7, buf)};
    cli_history_act(&h, &action, 1000);
    assert_int_equal(h.sent.type, DHCP_REQUEST);
    assert_int_equal(h.sent.peer, OTHER);
    assert_int_equal(h.sent.xid, 7);
    struct packet packet = message(DHCP_ACK, 7, buf);
    cli_history_hear(&h, &packet, 1250);
    assert_int_equal(h.received.type, DHCP_ACK);
    assert_int_equal(h.received.peer, SERVER);
    assert_int_equal(h.received.giaddr, ROUTER);
    assert_int_equal(h.received.rtt_ms, 250);
    packet = message(DHCP_ACK, 8, buf); /* an answer to somebody else */
    cli_history_hear(&h, &packet, 1300);
    assert_int_equal(h.received.at_ms, 1300);
    assert_true(h.received.rtt_ms == TIME_NEVER);
    packet.len = 100; /* no message at all */
    cli_history_hear(&h, &packet, 1400);
    assert_int_equal(h.received.at_ms, 1300);
}

/* RFC 2131 4.1: 4 s and 8 s, each +-1 s; 4.4.5: half of the time that is left, nothing random. */
static void wait_of_a_retransmission_is_told_with_its_base(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 5);
    AT(&w, 1000, CLI_START, STARTS);
    for (unsigned i = 0; i < 2; i++) {
        struct cli_status s = status_of(&w);
        assert_int_equal(s.wait_base_ms, i == 0 ? 4000 : 8000);
        assert_in_range(s.wait_ms, s.wait_base_ms - 1000, s.wait_base_ms + 1000);
        if (i == 0)
            FIRES(&w, 1000 + s.wait_ms, "note(retransmit) TX:DISCOVER");
    }
    RX(&w, 10000, CHOOSES, .type = DHCP_OFFER);
    RX(&w, 10000, BINDS, .type = DHCP_ACK);
    assert_true(status_of(&w).wait_ms == TIME_NEVER);
    assert_true(status_of(&w).wait_base_ms == TIME_NEVER);
    FIRES(&w, 1810000, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_int_equal(status_of(&w).wait_ms, 675000);
    assert_int_equal(status_of(&w).wait_base_ms, 675000);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_twenty_changes_are_kept),
        cmocka_unit_test(decisions_are_no_changes),
        cmocka_unit_test(answer_has_a_round_trip_time),
        cmocka_unit_test(wait_of_a_retransmission_is_told_with_its_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
