/* Two runs of a scenario beside each other: what is the same, and what is told of what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "lab/parity.h"

static struct parity_log *one, *other;

static int new_logs(void **state)
{
    (void)state;
    one = parity_log_new();
    other = parity_log_new();
    return one == NULL || other == NULL ? -1 : 0;
}

static int free_logs(void **state)
{
    (void)state;
    parity_log_free(one);
    parity_log_free(other);
    return 0;
}

/* A message of the client whose hardware address ends so. */
struct said {
    time_ms at;
    const char *host;
    uint8_t client, type;
    uint32_t xid;
    ip4 dst;
    uint8_t ttl;   /* option 23, as an example; 0: none */
    uint8_t nonce; /* option 90; 0: none */
};

static void say(struct parity_log *log, struct said s)
{
    static struct dhcp_msg msg;
    uint8_t bytes[DHCP_MSG_MAX];
    unsigned dropped;
    dhcp_msg_init(&msg, s.type == DHCP_ACK ? DHCP_BOOTREPLY : DHCP_BOOTREQUEST);
    msg.htype = 1;
    msg.hlen = 6;
    msg.chaddr[0] = 2;
    msg.chaddr[5] = s.client;
    msg.type = s.type;
    msg.xid = s.xid;
    dhcp_put_u8(&msg, DHCP_OPT_TYPE, s.type);
    if (s.ttl != 0)
        dhcp_put_u8(&msg, 23, s.ttl);
    if (s.nonce != 0)
        dhcp_put_u8(&msg, DHCP_OPT_AUTH, s.nonce);
    struct packet packet = {.dst = s.dst, .sport = 68, .dport = 67, .bytes = bytes};
    packet.len = dhcp_msg_encode(&msg, bytes, sizeof bytes, &dropped);
    parity_log_add(log, s.at, s.host, &packet);
}

static const struct said discover = {0, "h1", 1, DHCP_DISCOVER, 0x1111, IP4_BROADCAST, 0, 0};

static void assert_same(void)
{
    bool is_same;
    assert_null(parity_compare(one, "a", other, "b", &is_same));
    assert_true(is_same);
}

static void assert_differs(const char *told)
{
    bool is_same;
    char *text = parity_compare(one, "a", other, "b", &is_same);
    assert_false(is_same);
    assert_non_null(text);
    if (strstr(text, told) == NULL)
        fail_msg("\"%s\" is not in:\n%s", told, text);
    free(text);
}

static void test_nothing_and_the_same(void **state)
{
    (void)state;
    assert_same();
    say(one, discover);
    say(other, discover);
    assert_int_equal(parity_log_count(one), 1);
    assert_same();
}

static void test_transaction_ids_and_nonces_are_left_aside(void **state)
{
    (void)state;
    struct said said = discover;
    for (uint32_t i = 0; i < 3; i++) {
        said.xid = i < 2 ? 7 : 9;
        said.nonce = 1;
        say(one, said);
        said.xid = i < 2 ? 700 : 3;
        said.nonce = 2;
        say(other, said);
    }
    assert_same();
}

static void test_that_a_new_transaction_begins_is_not(void **state)
{
    (void)state;
    struct said said = discover;
    for (uint32_t i = 0; i < 3; i++) {
        said.xid = 7;
        say(one, said);
        said.xid = 7 + i / 2;
        say(other, said);
    }
    assert_differs("transaction 2");
}

static void test_clients_of_one_instant_come_in_any_order(void **state)
{
    (void)state;
    struct said second = discover;
    second.client = 2;
    say(one, discover);
    say(one, second);
    say(other, second);
    say(other, discover);
    assert_same();
}

static void test_whatever_else_differs_is_told(void **state)
{
    (void)state;
    const struct {
        struct said said;
        const char *told;
    } rows[] = {
        {{1, "h1", 1, DHCP_DISCOVER, 0x1111, IP4_BROADCAST, 0, 0}, "b        at 0.001 s h1 sends DISCOVER"},
        {{0, "h2", 1, DHCP_DISCOVER, 0x1111, IP4_BROADCAST, 0, 0}, "b        at 0.000 s h2 sends DISCOVER"},
        {{0, "h1", 2, DHCP_DISCOVER, 0x1111, IP4_BROADCAST, 0, 0}, "b        nothing"},
        {{0, "h1", 1, DHCP_REQUEST, 0x1111, IP4_BROADCAST, 0, 0}, "b        at 0.000 s h1 sends REQUEST"},
        {{0, "h1", 1, DHCP_DISCOVER, 0x1111, 0x0a000001, 0, 0}, "to 10.0.0.1"},
        {{0, "h1", 1, DHCP_DISCOVER, 0x1111, IP4_BROADCAST, 9, 0}, "the rest "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        free_logs(NULL);
        new_logs(NULL);
        say(one, discover);
        say(other, rows[i].said);
        assert_differs(rows[i].told);
    }
}

static void test_the_value_of_an_option(void **state)
{
    struct said said = discover;
    (void)state;
    said.ttl = 8;
    say(one, said);
    say(other, said);
    said.ttl = 9;
    say(one, said);
    said.ttl = 10;
    say(other, said);
    assert_differs("the rest ");
}

static void test_a_ladder_that_ends_early(void **state)
{
    (void)state;
    say(one, discover);
    say(one, (struct said){5, "s", 1, DHCP_ACK, 0x1111, IP4_BROADCAST, 0, 0});
    say(other, discover);
    assert_differs(
        "a        at 0.005 s s sends ACK to 255.255.255.255: client 02:00:00:00:00:01, transaction 1");
}

static void test_only_the_first_differences_are_told(void **state)
{
    bool is_same;
    (void)state;
    for (int i = 0; i < 100; i++)
        say(one, discover);
    char *text = parity_compare(one, "a", other, "b", &is_same);
    size_t lines = 0;
    for (const char *p = text; *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 2 * PARITY_TOLD_MAX);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_logs, free_logs)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_and_the_same),
        TEST(test_transaction_ids_and_nonces_are_left_aside),
        TEST(test_that_a_new_transaction_begins_is_not),
        TEST(test_clients_of_one_instant_come_in_any_order),
        TEST(test_whatever_else_differs_is_told),
        TEST(test_the_value_of_an_option),
        TEST(test_a_ladder_that_ends_early),
        TEST(test_only_the_first_differences_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
