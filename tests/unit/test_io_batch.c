/* On the loopback interface, over UDP; raw frames are what the tests of a lab send. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_batch.h"
#include "common/io_sock.h"
#include "common/io_sock_inside.h"

#define LOOPBACK 0x7f000001

static struct io_batch *in, *out;
static int from, to, failures;

static int setup(void **state)
{
    (void)state;
    in = io_batch_new(100);
    out = io_batch_new(100);
    failures = 0;
    return io_udp_open_at(LOOPBACK, 0, &from) < 0 || io_udp_open_at(LOOPBACK, 0, &to) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    io_batch_free(in);
    io_batch_free(out);
    close(from);
    close(to);
    return 0;
}

static bool on_failed(void *user, int i)
{
    (void)user;
    (void)i;
    failures++;
    return false;
}

static int add(uint8_t first, size_t len, uint16_t port)
{
    uint8_t bytes[200] = {first};
    const struct packet p = {.src = LOOPBACK, .dst = LOOPBACK, .dport = port, .bytes = bytes, .len = len};
    return io_batch_add_udp(out, 0, &p);
}

static void test_a_full_batch_arrives_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < IO_BATCH_MAX; i++) {
        assert_false(io_batch_is_full(out));
        assert_int_equal(add((uint8_t)i, (size_t)i + 1, io_sock_port(to)), 0);
    }
    assert_true(io_batch_is_full(out));
    assert_int_equal(add(0, 1, io_sock_port(to)), ERR_LIMIT);
    io_batch_send(out, from, on_failed, NULL);
    assert_int_equal(io_batch_count(out), 0);
    assert_int_equal(io_batch_recv_udp(in, to), IO_BATCH_MAX);
    for (int i = 0; i < IO_BATCH_MAX; i++) {
        const struct packet *p = io_batch_packet(in, i, NULL);
        assert_int_equal(p->len, i + 1);
        assert_int_equal(p->bytes[0], i);
        assert_int_equal(p->src, LOOPBACK);
        assert_int_equal(p->dst, LOOPBACK);
        assert_int_equal(p->sport, io_sock_port(from));
        assert_int_equal(p->dport, io_sock_port(to));
    }
    assert_int_equal(io_batch_recv_udp(in, to), 0);
    assert_int_equal(failures, 0);
}

static void test_what_cannot_be_sent_is_told_and_the_rest_goes(void **state)
{
    (void)state;
    assert_int_equal(add(1, 1, io_sock_port(to)), 0);
    assert_int_equal(add(2, 1, 0), 0); /* there is no port 0 */
    assert_int_equal(add(3, 1, io_sock_port(to)), 0);
    io_batch_send(out, from, on_failed, NULL);
    assert_int_equal(failures, 1);
    assert_int_equal(io_batch_recv_udp(in, to), 2);
    assert_int_equal(io_batch_packet(in, 1, NULL)->bytes[0], 3);
}

static void test_what_is_longer_than_a_place_is_refused_or_cut(void **state)
{
    (void)state;
    assert_int_equal(add(1, 101, io_sock_port(to)), ERR_LIMIT);
    assert_int_equal(io_batch_count(out), 0);
    uint8_t bytes[150] = {9};
    const struct packet p = {.dst = LOOPBACK, .dport = io_sock_port(to), .bytes = bytes, .len = sizeof bytes};
    assert_int_equal(io_udp_send(from, 0, &p), 0);
    assert_int_equal(io_batch_recv_udp(in, to), 1);
    assert_int_equal(io_batch_packet(in, 0, NULL)->len, 100);
}

static void test_a_batch_that_sent_can_receive(void **state)
{
    (void)state;
    assert_int_equal(add(5, 1, io_sock_port(to)), 0);
    io_batch_send(out, from, on_failed, NULL);
    assert_int_equal(io_batch_recv_udp(out, to), 1);
    assert_int_equal(io_batch_packet(out, 0, NULL)->bytes[0], 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_full_batch_arrives_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_sent_is_told_and_the_rest_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_longer_than_a_place_is_refused_or_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_batch_that_sent_can_receive, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
