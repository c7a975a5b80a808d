/* What of a capture is replayed, and which answer belongs to it. */
#include "tests/unit/test_replay.h"

#include "lab/replay_plan.h"

static struct replay_plan plan;
static uint64_t number;

static int set_up(void **state)
{
    (void)state;
    number = 0;
    replay_plan_init(&plan);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    replay_plan_fini(&plan);
    return 0;
}

static void capture_octets(const struct octets *o)
{
    number++;
    struct replay_datagram d = {.number = number,
                                .time_ns = (int64_t)number * 1000000,
                                .dst = IP4_BROADCAST,
                                .bytes = o->bytes,
                                .len = o->len};
    assert_int_equal(replay_plan_add(&plan, &d), 0);
}

static void capture(const struct dhcp_msg *m)
{
    struct octets o = encode(m);
    capture_octets(&o);
}

static void capture_type(uint8_t type, ip4 server)
{
    struct dhcp_msg m;
    message(&m, type, server);
    capture(&m);
}

/* The packet with the answer that counts; 0: there is none. */
static uint64_t answer_to(size_t place)
{
    const struct replay_datagram *answer = replay_plan_answer(&plan.messages[place]);
    return answer == NULL ? 0 : answer->number;
}

static void test_each_message_has_its_answer(void **state)
{
    (void)state;
    static const uint8_t said[] = {DHCP_DISCOVER, DHCP_OFFER,   DHCP_REQUEST, DHCP_ACK,
                                   DHCP_INFORM,   DHCP_RELEASE, DHCP_ACK};
    for (size_t i = 0; i < sizeof said; i++)
        capture_type(said[i], said[i] == DHCP_DISCOVER ? 0 : SERVER_1);
    replay_plan_choose(&plan);
    assert_int_equal(plan.n, 4);
    assert_int_equal(plan.messages[0].type, DHCP_DISCOVER);
    assert_int_equal(plan.messages[0].sent.number, 1);
    assert_int_equal(answer_to(0), 2);
    assert_int_equal(plan.messages[1].type, DHCP_REQUEST);
    assert_int_equal(answer_to(1), 4);
    assert_int_equal(plan.messages[2].type, DHCP_INFORM);
    assert_int_equal(answer_to(2), 7); /* nobody answers the RELEASE before it */
    assert_int_equal(plan.messages[3].type, DHCP_RELEASE);
    assert_int_equal(answer_to(3), 0);
    assert_true(replay_plan_is_answerable(&plan.messages[0]));
    assert_false(replay_plan_is_answerable(&plan.messages[3]));
}

/* RFC 2131 4.1: a client repeats what nobody answers. Once it is answered, the same octets are said for a
 * reason of their own. */
static void test_repetitions_are_one_message(void **state)
{
    (void)state;
    struct dhcp_msg m;
    message(&m, DHCP_DISCOVER, 0);
    capture(&m);
    m.secs = 4;
    capture(&m);
    capture_type(DHCP_OFFER, SERVER_1);
    capture(&m);
    assert_int_equal(plan.n, 2);
    assert_int_equal(plan.messages[0].copies, 1);
    assert_int_equal(answer_to(0), 3);
    assert_int_equal(plan.messages[1].copies, 0);
    assert_int_equal(answer_to(1), 0);
}

/* A capture of several interfaces has each packet several times. */
static void test_the_same_packet_seen_twice(void **state)
{
    (void)state;
    capture_type(DHCP_DISCOVER, 0);
    capture_type(DHCP_DISCOVER, 0);
    capture_type(DHCP_OFFER, SERVER_1);
    capture_type(DHCP_OFFER, SERVER_1);
    assert_int_equal(plan.n, 1);
    assert_int_equal(plan.messages[0].copies, 1);
    assert_int_equal(plan.messages[0].n_answers, 1);
}

static void test_the_answer_of_the_chosen_server_counts(void **state)
{
    (void)state;
    capture_type(DHCP_DISCOVER, 0);
    capture_type(DHCP_OFFER, SERVER_1);
    capture_type(DHCP_OFFER, SERVER_2);
    capture_type(DHCP_REQUEST, SERVER_2);
    capture_type(DHCP_ACK, SERVER_2);
    replay_plan_choose(&plan);
    assert_int_equal(plan.messages[0].n_answers, 2);
    assert_int_equal(answer_to(0), 3);
    assert_int_equal(answer_to(1), 5);
}

/* Where the client's link was captured, too: what the client said and what the relay agent made of it. */
static void test_what_a_relay_agent_passes_on_is_the_message(void **state)
{
    (void)state;
    struct dhcp_msg own, relayed, answer;
    message(&own, DHCP_DISCOVER, 0);
    message(&relayed, DHCP_DISCOVER, 0);
    message(&answer, DHCP_OFFER, SERVER_1);
    relayed.hops = 1;
    relayed.giaddr = answer.giaddr = RELAY;
    capture(&own);
    capture(&relayed);
    capture(&answer);
    assert_int_equal(plan.n, 1);
    assert_int_equal(plan.messages[0].relay, RELAY);
    assert_int_equal(plan.messages[0].sent.number, 2);
    assert_int_equal(plan.messages[0].copies, 1);
    assert_int_equal(answer_to(0), 3);
}

/* The client renews at its server itself, and then through the relay agent: those are two. */
static void test_an_answered_message_is_not_what_was_passed_on(void **state)
{
    (void)state;
    struct dhcp_msg own, relayed;
    message(&own, DHCP_REQUEST, 0);
    message(&relayed, DHCP_REQUEST, 0);
    relayed.giaddr = RELAY;
    capture(&own);
    capture_type(DHCP_ACK, SERVER_1);
    capture(&relayed);
    assert_int_equal(plan.n, 2);
    assert_int_equal(answer_to(0), 2);
    assert_int_equal(answer_to(1), 0);
}

static void test_what_is_left_out_is_counted(void **state)
{
    (void)state;
    struct octets cut = {.len = 20};
    capture_type(DHCP_ACK, SERVER_1); /* to what was not captured */
    capture_octets(&cut);
    struct dhcp_msg m;
    message(&m, DHCP_DISCOVER, 0);
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_OFFER); /* a server's type in a client's message */
    capture(&m);
    assert_int_equal(plan.n, 0);
    assert_int_equal(plan.n_strays, 1);
    assert_int_equal(plan.n_unreadable, 2);
    capture_type(DHCP_DISCOVER, 0);
    for (ip4 i = 0; i < REPLAY_ANSWERS_MAX + 1; i++)
        capture_type(DHCP_OFFER, SERVER_1 + i);
    assert_int_equal(plan.messages[0].n_answers, REPLAY_ANSWERS_MAX);
    assert_int_equal(plan.n_left_out, 1);
}

static void test_there_is_a_limit(void **state)
{
    (void)state;
    struct dhcp_msg m;
    message(&m, DHCP_DISCOVER, 0);
    struct octets o = encode(&m);
    struct replay_datagram d = {.bytes = o.bytes, .len = o.len};
    for (uint32_t xid = 0; xid <= REPLAY_MESSAGES_MAX; xid++) {
        memcpy(o.bytes + 4, &xid, sizeof xid);
        assert_int_equal(replay_plan_add(&plan, &d), 0);
    }
    assert_int_equal(plan.n, REPLAY_MESSAGES_MAX);
    assert_int_equal(plan.n_left_out, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_message_has_its_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_repetitions_are_one_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_packet_seen_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_answer_of_the_chosen_server_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_relay_agent_passes_on_is_the_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_answered_message_is_not_what_was_passed_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_left_out_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_there_is_a_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
