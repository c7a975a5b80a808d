/* Messages are made from a client's letter, a type and an xid, and known by their xid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "server/srv_queue.h"

enum { LOST_MAX = 64 };

static const struct siphash_key key = {1, 2};
static struct srv_queue *queue;
static struct {
    enum reason reason;
    uint64_t at_us;
} lost[LOST_MAX];
static unsigned n_lost;

static void on_lost(void *user, enum reason reason, const struct srv_queued *what)
{
    assert_ptr_equal(user, &lost);
    assert_true(n_lost < LOST_MAX);
    lost[n_lost].reason = reason;
    lost[n_lost++].at_us = what->received_us;
}

static void start(size_t capacity)
{
    n_lost = 0;
    queue = srv_queue_new(capacity, &key, on_lost, &lost);
    assert_non_null(queue);
}

static int stop(void **state)
{
    (void)state;
    srv_queue_free(queue);
    queue = NULL;
    return 0;
}

static struct dhcp_msg msg;
static struct srv_queued made;
static uint8_t bytes[4096];

/* `at_us` names the packet in what follows. */
static void make(char client, uint8_t type, uint64_t at_us)
{
    dhcp_msg_init(&msg, DHCP_BOOTREQUEST);
    msg.htype = 1;
    msg.hlen = 6;
    msg.chaddr[5] = (uint8_t)client;
    if (type != DHCP_BOOTP)
        dhcp_put_u8(&msg, DHCP_OPT_TYPE, type);
    made = (struct srv_queued){.ifindex = 3, .received_us = at_us};
}

static void put(void)
{
    unsigned dropped;
    size_t len = dhcp_msg_encode(&msg, bytes, sizeof bytes, &dropped);
    made.packet = (struct packet){.src = 7, .bytes = bytes, .len = len};
    assert_int_equal(srv_queue_put(queue, made.ifindex, made.received_us, &made.packet), 0);
    memset(bytes, 0xee, sizeof bytes); /* the queue has a copy */
}

static void put_msg(char client, uint8_t type, uint64_t at_us)
{
    make(client, type, at_us);
    put();
}

static void expect_take(char client, uint8_t type, uint64_t at_us)
{
    const struct srv_queued *out = srv_queue_take(queue);
    struct dhcp_msg got;
    assert_non_null(out);
    assert_true(out->received_us == at_us);
    assert_int_equal(out->ifindex, 3);
    assert_int_equal(out->packet.src, 7);
    assert_int_equal(dhcp_msg_decode(&got, out->packet.bytes, out->packet.len), REASON_NONE);
    assert_int_equal(got.chaddr[5], client);
    assert_int_equal(got.type, type);
}

static void expect_empty(void)
{
    assert_null(srv_queue_take(queue));
    assert_int_equal(srv_queue_count(queue), 0);
}

static void expect_lost(unsigned n, enum reason reason, uint64_t at_us)
{
    assert_true(n_lost > n);
    assert_int_equal(lost[n].reason, reason);
    assert_true(lost[n].at_us == at_us);
}

static void test_first_come_first_served(void **state)
{
    (void)state;
    start(8);
    expect_empty();
    put_msg('a', DHCP_DISCOVER, 1);
    put_msg('b', DHCP_REQUEST, 2);
    put_msg('c', DHCP_BOOTP, 3);
    assert_int_equal(srv_queue_count(queue), 3);
    expect_take('a', DHCP_DISCOVER, 1);
    expect_take('b', DHCP_REQUEST, 2);
    put_msg('a', DHCP_REQUEST, 4);
    expect_take('c', DHCP_BOOTP, 3);
    expect_take('a', DHCP_REQUEST, 4);
    expect_empty();
    assert_int_equal(n_lost, 0);
}

static void test_the_newest_message_takes_the_place_of_the_older(void **state)
{
    (void)state;
    start(8);
    put_msg('a', DHCP_DISCOVER, 1);
    put_msg('b', DHCP_DISCOVER, 2);
    put_msg('a', DHCP_DISCOVER, 3);
    put_msg('a', DHCP_REQUEST, 4);
    assert_int_equal(n_lost, 2);
    expect_lost(0, REASON_QUEUE_REPLACED, 1);
    expect_lost(1, REASON_QUEUE_REPLACED, 3);
    expect_take('a', DHCP_REQUEST, 4); /* who repeats itself does not lose its place */
    expect_take('b', DHCP_DISCOVER, 2);
    expect_empty();
}

/* Up to a quarter of the queue nobody looks; then at all that wait, as if it had been done at once. */
static void test_in_a_short_queue_each_message_has_its_place(void **state)
{
    (void)state;
    start(16);
    put_msg('a', DHCP_DISCOVER, 1);
    put_msg('a', DHCP_DISCOVER, 2);
    expect_take('a', DHCP_DISCOVER, 1);
    put_msg('b', DHCP_DISCOVER, 3);
    put_msg('a', DHCP_REQUEST, 4);
    put_msg('b', DHCP_RELEASE, 5);
    assert_int_equal(n_lost, 0);
    put_msg('b', DHCP_DISCOVER, 6);
    assert_int_equal(n_lost, 2);
    expect_lost(0, REASON_QUEUE_REPLACED, 2);
    expect_lost(1, REASON_QUEUE_REPLACED, 3);
    put_msg('a', DHCP_REQUEST, 7); /* there is calm again */
    assert_int_equal(n_lost, 2);
    srv_queue_sort(queue); /* unless all have to wait */
    assert_int_equal(n_lost, 3);
    expect_lost(2, REASON_QUEUE_REPLACED, 4);
    expect_take('a', DHCP_REQUEST, 7);
    expect_take('b', DHCP_DISCOVER, 6);
    expect_take('b', DHCP_RELEASE, 5);
    expect_empty();
}

static void test_the_last_of_the_queue_can_be_replaced(void **state)
{
    (void)state;
    start(8);
    put_msg('a', DHCP_DISCOVER, 1);
    put_msg('a', DHCP_DISCOVER, 2);
    put_msg('b', DHCP_DISCOVER, 3);
    expect_take('a', DHCP_DISCOVER, 2);
    expect_take('b', DHCP_DISCOVER, 3);
    expect_empty();
}

static void test_what_is_told_once_stays(void **state)
{
    (void)state;
    start(8);
    put_msg('a', DHCP_RELEASE, 1);
    put_msg('a', DHCP_DISCOVER, 2);
    put_msg('a', DHCP_DECLINE, 3);
    put_msg('a', DHCP_DECLINE, 4);
    put_msg('a', DHCP_DISCOVER, 5);
    assert_int_equal(n_lost, 1);
    expect_lost(0, REASON_QUEUE_REPLACED, 2);
    expect_take('a', DHCP_RELEASE, 1);
    expect_take('a', DHCP_DISCOVER, 5);
    expect_take('a', DHCP_DECLINE, 3);
    expect_take('a', DHCP_DECLINE, 4);
    expect_empty();
}

static void put_with_client_id(uint64_t at_us, const char *client_id)
{
    make('a', DHCP_DISCOVER, at_us);
    dhcp_put_text(&msg, DHCP_OPT_CLIENT_ID, client_id);
    put();
}

static void test_who_cannot_be_told_at_first_sight_takes_nobodys_place(void **state)
{
    (void)state;
    start(8);
    for (uint64_t i = 1; i <= 2; i++) { /* two pieces: RFC 3396 */
        static const char id[300];
        make('a', DHCP_DISCOVER, i);
        dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, id, sizeof id);
        put();
    }
    for (uint64_t i = 3; i <= 4; i++) { /* the identifier may be in sname */
        make('a', DHCP_DISCOVER, i);
        dhcp_put_u8(&msg, DHCP_OPT_OVERLOAD, DHCP_OVERLOAD_SNAME);
        put();
    }
    assert_int_equal(n_lost, 0);
    assert_int_equal(srv_queue_count(queue), 4);
}

/* One network card, several clients: a boot loader and its system, virtual machines on one address. And one
 * client that several relays, or several of our interfaces, hear. */
static void test_who_is_another_client(void **state)
{
    (void)state;
    start(16);
    put_msg('a', DHCP_DISCOVER, 1);
    put_with_client_id(2, "one");
    put_with_client_id(3, "two");
    put_with_client_id(4, "one");
    make('a', DHCP_DISCOVER, 5);
    msg.giaddr = 0x0a000001;
    put();
    make('a', DHCP_DISCOVER, 6);
    msg.htype = 6;
    put();
    make('a', DHCP_DISCOVER, 7);
    msg.hlen = 5;
    put();
    make('a', DHCP_DISCOVER, 8);
    made.ifindex = 4;
    put();
    assert_int_equal(n_lost, 1);
    expect_lost(0, REASON_QUEUE_REPLACED, 2);
    assert_int_equal(srv_queue_count(queue), 7);
}

static void test_what_is_no_message_waits_like_any(void **state)
{
    (void)state;
    start(2);
    static const uint8_t rubbish[] = {1, 2, 3};
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(srv_queue_put(queue, 3, i, &(struct packet){.bytes = rubbish, .len = 3}), 0);
    assert_int_equal(n_lost, 1);
    expect_lost(0, REASON_QUEUE_FULL, 0);
    const struct srv_queued *out = srv_queue_take(queue);
    assert_non_null(out);
    assert_true(out->received_us == 1);
    assert_memory_equal(out->packet.bytes, rubbish, 3);
}

static void test_a_full_queue_loses_its_oldest(void **state)
{
    (void)state;
    start(26);
    for (int c = 'a'; c <= 'z'; c++)
        put_msg((char)c, DHCP_DISCOVER, (uint64_t)c);
    assert_int_equal(n_lost, 0);
    put_msg('A', DHCP_DISCOVER, 1000);
    assert_int_equal(n_lost, 1);
    expect_lost(0, REASON_QUEUE_FULL, 'a');
    assert_int_equal(srv_queue_count(queue), 26);
    put_msg('z', DHCP_DISCOVER, 1001); /* it is there already: nobody else goes */
    assert_int_equal(n_lost, 2);
    expect_lost(1, REASON_QUEUE_REPLACED, 'z');
    expect_take('b', DHCP_DISCOVER, 'b');
}

/* The DISCOVERs first: their clients have nothing yet, and ask again. */
static void test_a_full_queue_keeps_requests_longest(void **state)
{
    (void)state;
    start(3);
    put_msg('a', DHCP_REQUEST, 1);
    put_msg('b', DHCP_DISCOVER, 2);
    put_msg('c', DHCP_RELEASE, 3);
    put_msg('d', DHCP_DISCOVER, 4);
    expect_lost(0, REASON_QUEUE_FULL, 2);
    put_msg('e', DHCP_INFORM, 5);
    expect_lost(1, REASON_QUEUE_FULL, 4);
    put_msg('f', DHCP_DECLINE, 6);
    expect_lost(2, REASON_QUEUE_FULL, 5);
    put_msg('g', DHCP_DISCOVER, 7); /* the only one that can go */
    expect_lost(3, REASON_QUEUE_FULL, 7);
    put_msg('h', DHCP_REQUEST, 8);
    expect_lost(4, REASON_QUEUE_FULL, 1);
    expect_take('c', DHCP_RELEASE, 3);
    expect_take('f', DHCP_DECLINE, 6);
    expect_take('h', DHCP_REQUEST, 8);
    expect_empty();
}

/* Who goes first follows what a client says now. */
static void test_a_message_that_replaces_another_is_what_counts(void **state)
{
    (void)state;
    start(3);
    put_msg('a', DHCP_DISCOVER, 1);
    put_msg('b', DHCP_REQUEST, 2);
    put_msg('c', DHCP_DISCOVER, 3);
    put_msg('a', DHCP_REQUEST, 4);
    put_msg('b', DHCP_DISCOVER, 5);
    put_msg('c', DHCP_DISCOVER, 6);
    assert_int_equal(n_lost, 3); /* those that were replaced */
    put_msg('d', DHCP_REQUEST, 7);
    expect_lost(3, REASON_QUEUE_FULL, 6);
    put_msg('e', DHCP_REQUEST, 8);
    expect_lost(4, REASON_QUEUE_FULL, 5);
    expect_take('a', DHCP_REQUEST, 4);
    expect_take('d', DHCP_REQUEST, 7);
    expect_take('e', DHCP_REQUEST, 8);
    expect_empty();
}

/* Nodes are used again, whatever they held before. */
static void test_packets_of_every_size_come_out_as_they_went_in(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 599, 600, 601, 3000, 0, 600};
    static uint8_t octets[3000];
    start(4);
    for (uint64_t i = 0; i < 200; i++) {
        size_t len = lens[i % (sizeof lens / sizeof lens[0])];
        memset(octets, (int)(i + 1), sizeof octets);
        assert_int_equal(srv_queue_put(queue, 3, i, &(struct packet){.bytes = octets, .len = len}), 0);
        if (i < 2)
            continue;
        const struct srv_queued *out = srv_queue_take(queue);
        assert_non_null(out);
        assert_true(out->received_us == i - 2);
        assert_int_equal(out->packet.len, lens[(i - 2) % (sizeof lens / sizeof lens[0])]);
        for (size_t at = 0; at < out->packet.len; at++)
            assert_int_equal(out->packet.bytes[at], (uint8_t)(i - 1));
    }
    assert_int_equal(n_lost, 0);
}

static void on_lost_uncounted(void *user, enum reason reason, const struct srv_queued *what)
{
    (void)user, (void)reason, (void)what;
}

static void put_of(uint32_t number, uint8_t type)
{
    make('\0', type, 0);
    memcpy(msg.chaddr, &number, sizeof number);
    put();
}

/* At each tick two clients begin, and the server has time for two messages: for one exchange. Who is offered
 * an address asks for it at the next tick. Were all kinds lost alike, three of four ticks would end one. */
static void test_at_twice_the_load_exchanges_end_at_nearly_the_best_rate(void **state)
{
    (void)state;
    enum { TICKS = 5000, PER_TICK = 2, CAPACITY = 256 };
    uint32_t clients = 0, offered[PER_TICK], n_offered = 0, n_ended = 0;
    queue = srv_queue_new(CAPACITY, &key, on_lost_uncounted, NULL);
    assert_non_null(queue);
    for (int tick = 0; tick < TICKS; tick++) {
        for (int i = 0; i < PER_TICK; i++)
            put_of(++clients, DHCP_DISCOVER);
        for (uint32_t i = 0; i < n_offered; i++)
            put_of(offered[i], DHCP_REQUEST);
        n_offered = 0;
        const struct srv_queued *out;
        struct dhcp_msg got;
        for (int i = 0; i < PER_TICK && (out = srv_queue_take(queue)) != NULL; i++) {
            assert_int_equal(dhcp_msg_decode(&got, out->packet.bytes, out->packet.len), REASON_NONE);
            if (got.type == DHCP_DISCOVER)
                memcpy(&offered[n_offered++], got.chaddr, sizeof offered[0]);
            else
                n_ended++;
        }
    }
    assert_in_range(n_ended, TICKS * 9 / 10, TICKS);
}

static void test_fewer_places_make_the_oldest_go(void **state)
{
    (void)state;
    start(4);
    for (int c = 'a'; c <= 'd'; c++)
        put_msg((char)c, DHCP_DISCOVER, (uint64_t)c);
    srv_queue_set_capacity(queue, 2);
    put_msg('e', DHCP_DISCOVER, 'e');
    assert_int_equal(n_lost, 3);
    expect_take('d', DHCP_DISCOVER, 'd');
    expect_take('e', DHCP_DISCOVER, 'e');
    expect_empty();
}

/* Large datagrams count by their size: four places hold no four of 4000 octets. */
static void test_octets_are_limited_too(void **state)
{
    (void)state;
    start(4);
    static const uint8_t large[4000];
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(srv_queue_put(queue, 3, i, &(struct packet){.bytes = large, .len = sizeof large}),
                         0);
    assert_int_equal(n_lost, 2);
    expect_lost(1, REASON_QUEUE_FULL, 1);
    srv_queue_set_capacity(queue, 1);
    assert_int_equal(srv_queue_put(queue, 3, 9, &(struct packet){.bytes = large, .len = sizeof large}), 0);
    assert_int_equal(srv_queue_count(queue), 1); /* the last one stays however large it is */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_first_come_first_served, stop),
        cmocka_unit_test_teardown(test_the_newest_message_takes_the_place_of_the_older, stop),
        cmocka_unit_test_teardown(test_in_a_short_queue_each_message_has_its_place, stop),
        cmocka_unit_test_teardown(test_the_last_of_the_queue_can_be_replaced, stop),
        cmocka_unit_test_teardown(test_what_is_told_once_stays, stop),
        cmocka_unit_test_teardown(test_who_is_another_client, stop),
        cmocka_unit_test_teardown(test_who_cannot_be_told_at_first_sight_takes_nobodys_place, stop),
        cmocka_unit_test_teardown(test_what_is_no_message_waits_like_any, stop),
        cmocka_unit_test_teardown(test_a_full_queue_loses_its_oldest, stop),
        cmocka_unit_test_teardown(test_a_full_queue_keeps_requests_longest, stop),
        cmocka_unit_test_teardown(test_a_message_that_replaces_another_is_what_counts, stop),
        cmocka_unit_test_teardown(test_packets_of_every_size_come_out_as_they_went_in, stop),
        cmocka_unit_test_teardown(test_at_twice_the_load_exchanges_end_at_nearly_the_best_rate, stop),
        cmocka_unit_test_teardown(test_fewer_places_make_the_oldest_go, stop),
        cmocka_unit_test_teardown(test_octets_are_limited_too, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
