/* What the hook script is told of which transition, in virtual time. */
#include "test_cli_world.h"

/* At the deadline of the engine. */
static void assert_fires(struct world *w, const char *hooks)
{
    step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = cli_engine_deadline(w->engine)});
    assert_string_equal(w->hooks, hooks);
}

static void assert_command(struct world *w, time_ms now, enum cli_event_kind kind, const char *hooks)
{
    step(w, &(struct cli_event){.kind = kind, .now = now});
    assert_string_equal(w->hooks, hooks);
}

static void assert_answer(struct world *w, time_ms now, struct answer a, const char *hooks)
{
    answer(w, now, &a);
    assert_string_equal(w->hooks, hooks);
}

static void life_of_a_lease(void **state)
{
    struct world *w = *state;
    assert_command(w, 0, CLI_START, "PREINIT");
    assert_answer(w, 0, (struct answer){.type = DHCP_OFFER}, "");
    assert_answer(w, 0, (struct answer){.type = DHCP_ACK}, "BOUND");
    assert_command(w, 1800000, CLI_DEADLINE, "");
    assert_answer(w, 1800000, (struct answer){.type = DHCP_ACK}, "RENEW");
    assert_command(w, 1800000 + 3150000, CLI_DEADLINE, "");
    assert_answer(w, 1800000 + 3150000, (struct answer){.type = DHCP_ACK}, "REBIND");
    assert_command(w, 1800000 + 3150000 + 3600000, CLI_DEADLINE, "EXPIRE");
    assert_answer(w, 8550000, (struct answer){.type = DHCP_OFFER}, "");
    assert_answer(w, 8550000, (struct answer){.type = DHCP_ACK}, "BOUND");
    assert_command(w, 8550001, CLI_RELEASE, "RELEASE");
    assert_command(w, 8550002, CLI_STOP, "");
}

/* Not the hook's alone: what the driver applies, saves and tells of comes from it. */
static void every_ack_that_counts_is_handed_over_whole(void **state)
{
    struct world *w = *state;
    struct dhcp_msg m;
    uint32_t t1_s = 0;
    bind_at(w, 0, (struct answer){.t1_s = 100});
    assert_int_equal(dhcp_msg_decode(&m, w->ack, w->ack_len), REASON_NONE);
    assert_int_equal(m.type, DHCP_ACK);
    assert_true(dhcp_get_u32(&m, DHCP_OPT_T1, &t1_s));
    assert_int_equal(t1_s, 100);
    assert_command(w, 100000, CLI_DEADLINE, "");
    assert_answer(w, 100000, (struct answer){.type = DHCP_ACK, .t1_s = 200}, "RENEW");
    dhcp_msg_decode(&m, w->ack, w->ack_len);
    dhcp_get_u32(&m, DHCP_OPT_T1, &t1_s);
    assert_int_equal(t1_s, 200);
    /* An ACK that is not believed is not. */
    assert_command(w, 300000, CLI_DEADLINE, "");
    assert_answer(w, 300000, (struct answer){.type = DHCP_ACK, .t1_s = 300, .server = OTHER}, "");
    dhcp_msg_decode(&m, w->ack, w->ack_len);
    dhcp_get_u32(&m, DHCP_OPT_T1, &t1_s);
    assert_int_equal(t1_s, 200);
}

static void nak_in_renewing(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    assert_command(w, 1800000, CLI_DEADLINE, "");
    assert_answer(w, 1800000, (struct answer){.type = DHCP_NAK}, "NAK");
}

static void stop_with_a_lease(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    assert_command(w, 1, CLI_STOP, "STOP");
}

static void reboot_with_and_without_an_answer(void **state)
{
    struct world *w = *state;
    struct cli_lease saved = {.addr = ADDR, .server_id = SERVER, .prefix_len = 24, .expires_at_ms = 3600000};
    w->is_saved = true;
    step(w, &(struct cli_event){.kind = CLI_START, .saved = &saved});
    assert_string_equal(w->hooks, "PREINIT");
    assert_answer(w, 0, (struct answer){.type = DHCP_ACK}, "REBOOT");
    assert_command(w, 1, CLI_STOP, "STOP");
    step(w, &(struct cli_event){.kind = CLI_START, .now = 2, .saved = &saved});
    for (int i = 0; i < 3; i++)
        assert_fires(w, "");
    assert_fires(w, "TIMEOUT");
}

static void request_without_an_answer(void **state)
{
    struct world *w = *state;
    assert_command(w, 0, CLI_START, "PREINIT");
    assert_answer(w, 0, (struct answer){.type = DHCP_OFFER}, "");
    for (int i = 0; i < 3; i++)
        assert_fires(w, "");
    assert_fires(w, "FAIL");
}

static void conflicts_before_and_after_the_lease_is_used(void **state)
{
    struct world *w = *state;
    struct arp squatter = {.op = ARP_REPLY, .sender_hw = {1, 6, {2, 0, 0, 0, 0, 9}}, .sender = ADDR};
    w->config.acd = true;
    assert_command(w, 0, CLI_START, "PREINIT");
    assert_answer(w, 0, (struct answer){.type = DHCP_OFFER}, "");
    assert_answer(w, 0, (struct answer){.type = DHCP_ACK}, "");
    step(w, &(struct cli_event){.kind = CLI_ARP_RX, .now = 1, .arp = squatter});
    assert_string_equal(w->hooks, "FAIL");
    assert_fires(w, "");
    time_ms now = status_of(w).state_since_ms;
    assert_answer(w, now, (struct answer){.type = DHCP_OFFER}, "");
    assert_answer(w, now, (struct answer){.type = DHCP_ACK}, "");
    for (int i = 0; i < 3; i++)
        assert_fires(w, "");
    assert_fires(w, "BOUND");
    now = status_of(w).state_since_ms;
    step(w, &(struct cli_event){.kind = CLI_ARP_RX, .now = now + 1, .arp = squatter});
    assert_string_equal(w->hooks, "");
    step(w, &(struct cli_event){.kind = CLI_ARP_RX, .now = now + 2, .arp = squatter});
    assert_string_equal(w->hooks, "EXPIRE");
}

static void network_that_prefers_ipv6(void **state)
{
    struct world *w = *state;
    w->config.prl[w->config.n_prl++] = DHCP_OPT_V6ONLY;
    assert_command(w, 0, CLI_START, "PREINIT");
    assert_answer(w, 0, (struct answer){.type = DHCP_OFFER, .has_v6only = true}, "V6ONLY");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(life_of_a_lease),
        TEST(every_ack_that_counts_is_handed_over_whole),
        TEST(nak_in_renewing),
        TEST(stop_with_a_lease),
        TEST(reboot_with_and_without_an_answer),
        TEST(request_without_an_answer),
        TEST(conflicts_before_and_after_the_lease_is_used),
        TEST(network_that_prefers_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
