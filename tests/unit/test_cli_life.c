/* Leases that are renewed again and again, that change their length, and machines that sleep, in virtual
 * time. Trap numbers are those of tests/unit/test_cli_engine.c. */
#include "test_cli_world.h"

#include "common/frame.h"

#define RENEWS  "BOUND>RENEWING(t1) TX:REQUEST"
#define RENEWED "SET 10.0.0.10/24 RENEWING>BOUND(ack)"
#define REBINDS "RENEWING>REBINDING(t2) TX:REQUEST"
#define EXPIRES "CLEAR REBINDING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER"

/* Traps 5 and 22: every instant of a lease of one second that nobody extends. */
static void trap_5_22_one_second_lease_without_an_answer(void **state)
{
    struct world *w = *state;
    bind_at(w, 1000, (struct answer){.lease_s = 1});
    FIRES(w, 1500, RENEWS);
    FIRES(w, 1875, REBINDS);
    FIRES(w, 2000, EXPIRES);
    assert_int_equal(w->n_tx, 5); /* no flood */
}

/* Trap 22: renewed for an hour, a lease of one second neither drifts nor asks more than once a time. */
static void trap_22_one_second_lease_is_renewed_for_an_hour(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = 1});
    unsigned before = w->n_tx;
    for (time_ms at = 500; at < 3600000; at += 500) {
        uint32_t xid = w->tx.xid;
        FIRES(w, at, RENEWS);
        assert_int_not_equal(w->tx.xid, xid);
        RX(w, at + 10, RENEWED, .type = DHCP_ACK, .lease_s = 1);
        assert_int_equal(status_of(w).lease->expires_at_ms, at + 1000);
    }
    assert_int_equal(w->n_tx - before, 7199);
}

/* Two timers alive after a manual renewal: only the new lease's T1 may come. */
static void renewal_by_hand_leaves_one_timer(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 100000, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    RX(w, 100050, RENEWED, .type = DHCP_ACK);
    AT(w, 1800000, CLI_DEADLINE, "");
    FIRES(w, 1900000, RENEWS);
    RX(w, 1900050, RENEWED, .type = DHCP_ACK);
    AT(w, 3600000, CLI_DEADLINE, ""); /* the end of the first lease is nobody's business any more */
    FIRES(w, 3700000, RENEWS);
}

/* Trap 14: in REBINDING, too, the lease counts from the REQUEST that was answered. */
static void trap_14_rebinding_counts_from_the_answered_request(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 3150000, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    FIRES(w, 3375000, "note(retransmit) TX:REQUEST"); /* half of the 450 s that were left */
    RX(w, 3376000, "SET 10.0.0.10/24 REBINDING>BOUND(ack)", .type = DHCP_ACK, .server = OTHER);
    assert_int_equal(status_of(w).lease->requested_ms, 3375000);
    assert_int_equal(status_of(w).lease->expires_at_ms, 3375000 + 3600000);
    FIRES(w, 3375000 + 1800000, RENEWS);
    assert_int_equal(w->packet.dst, OTHER);
}

/* Trap 11: an answer in REBINDING may come from a server never spoken to, out of another network. */
static void trap_11_rebinding_hears_a_server_of_another_network(void **state)
{
    const ip4 far_server = 0xc0a80901U, far_source = 0xc0a80902U; /* 192.168.9.1 and 192.168.9.2 */
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    FIRES(w, 1800000, RENEWS);
    assert_int_equal(w->packet.dst, SERVER);
    AT(w, 3150000, CLI_DEADLINE, REBINDS);
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
    RX(w, 3150007, "SET 10.0.0.10/24 REBINDING>BOUND(ack)", .type = DHCP_ACK, .server = far_server,
       .source = far_source);
    assert_int_equal(status_of(w).lease->server_id, far_server);
    FIRES(w, 3150000 + 1800000, RENEWS);
    assert_int_equal(w->packet.dst, far_server);
}

/* Hands over the frame as the client's packet socket does: only a datagram that can be taken out is heard. */
static enum reason hear_frame(struct world *w, time_ms now, const uint8_t *frame, size_t len,
                              enum frame_checksum checksum)
{
    struct cli_event event = {.kind = CLI_RX, .now = now};
    enum reason reason = frame_decode(frame, len, checksum, &event.packet);
    w->log[0] = '\0';
    if (reason == REASON_NONE)
        step(w, &event);
    return reason;
}

/* Trap 19: the kernel at the other end of a veth pair leaves the UDP checksum to hardware that is not there,
 * so what stands in its place is wrong. The packet socket knows which frames are so; any other is refused. */
static void trap_19_answer_with_an_offloaded_checksum_is_heard(void **state)
{
    enum { CHECKSUM_AT = FRAME_ETH_LEN + FRAME_IP_LEN + 6 };
    struct world *w = *state;
    uint8_t payload[DHCP_MSG_MAX], frame[FRAME_MAX];
    AT(w, 0, CLI_START, STARTS);
    struct packet offer = {.src = SERVER,
                           .dst = ADDR,
                           .sport = DHCP_PORT_SERVER,
                           .dport = DHCP_PORT_CLIENT,
                           .src_hw = own_hw,
                           .dst_hw = own_hw,
                           .bytes = payload};
    offer.len = write_answer(w, &(struct answer){.type = DHCP_OFFER}, payload);
    size_t len = frame_encode(&offer, frame, sizeof frame);
    assert_true(len > 0);
    frame[CHECKSUM_AT] ^= 0x5a;
    assert_int_equal(hear_frame(w, 1, frame, len, FRAME_CHECKSUM_CHECK), REASON_FRAME_UDP_CHECKSUM);
    assert_int_equal(status_of(w).state, CLI_SELECTING);
    assert_int_equal(hear_frame(w, 2, frame, len, FRAME_CHECKSUM_NOT_READY), REASON_NONE);
    assert_string_equal(w->log, CHOOSES);
}

static void lease_that_gets_shorter_or_longer_has_the_timers_of_the_last_ack(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    FIRES(w, 1800000, RENEWS);
    RX(w, 1800000, RENEWED, .type = DHCP_ACK, .lease_s = 20);
    FIRES(w, 1810000, RENEWS);
    FIRES(w, 1817500, REBINDS);
    RX(w, 1817600, "SET 10.0.0.10/24 REBINDING>BOUND(ack)", .type = DHCP_ACK, .lease_s = LEASE_INFINITE);
    assert_int_equal(cli_engine_deadline(w->engine), TIME_NEVER);
    AT(w, 5000000, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    RX(w, 5000000, RENEWED, .type = DHCP_ACK, .lease_s = 60);
    FIRES(w, 5030000, RENEWS);
    FIRES(w, 5052500, REBINDS);
    FIRES(w, 5060000, EXPIRES);
}

/* Trap 20: who slept through all of a lease has lost it, and asks for nothing in its name. */
static void trap_20_sleep_through_the_whole_lease(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 86400000, CLI_DEADLINE, "CLEAR BOUND>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
    assert_int_equal(w->tx.ciaddr, 0);
    assert_int_equal(w->tx.secs, 0);
    assert_false(w->is_saved);
}

/* Trap 20: any number of missed transmissions is made up for by one. */
static void trap_20_sleep_while_asking_sends_one_message(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    AT(w, 86400000, CLI_DEADLINE, "note(retransmit) TX:DISCOVER");
    assert_true(cli_engine_deadline(w->engine) > 86400000);
    RX(w, 86400100, CHOOSES, .type = DHCP_OFFER);
    RX(w, 86400200, BINDS, .type = DHCP_ACK);
    time_ms t1 = 86400100 + 1800000;
    FIRES(w, t1, RENEWS);
    AT(w, t1 + 1000000, CLI_DEADLINE, "note(retransmit) TX:REQUEST"); /* three would have been due */
    assert_int_equal(cli_engine_deadline(w->engine), t1 + 1000000 + 175000);
}

/* Trap 20: the answer that was waiting when the machine woke is read after what is due. */
static void trap_20_answer_after_a_sleep_past_the_end_does_not_count(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = 60});
    FIRES(w, 30000, RENEWS);
    RX(w, 60000, "CLEAR RENEWING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER drop(wrong-xid)",
       .type = DHCP_ACK, .lease_s = 60);
    assert_null(status_of(w).lease);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trap_5_22_one_second_lease_without_an_answer),
        TEST(trap_22_one_second_lease_is_renewed_for_an_hour),
        TEST(renewal_by_hand_leaves_one_timer),
        TEST(trap_14_rebinding_counts_from_the_answered_request),
        TEST(trap_11_rebinding_hears_a_server_of_another_network),
        TEST(trap_19_answer_with_an_offloaded_checksum_is_heard),
        TEST(lease_that_gets_shorter_or_longer_has_the_timers_of_the_last_ack),
        TEST(trap_20_sleep_through_the_whole_lease),
        TEST(trap_20_sleep_while_asking_sends_one_message),
        TEST(trap_20_answer_after_a_sleep_past_the_end_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
