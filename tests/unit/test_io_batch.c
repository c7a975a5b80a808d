/* On the loopback interface, over UDP; raw frames are what the tests of a lab send. */
#include <errno.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
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

/* The octets of what is added, until it is sent. */
static uint8_t *place_of_next(uint8_t first)
{
    static uint8_t places[IO_BATCH_MAX + 1][200];
    uint8_t *bytes = places[io_batch_count(out)];
    bytes[0] = first;
    return bytes;
}

static int add(uint8_t first, size_t len, uint16_t port)
{
    const struct packet p = {
        .src = LOOPBACK, .dst = LOOPBACK, .dport = port, .bytes = place_of_next(first), .len = len};
    return io_batch_add_udp(out, 0, &p);
}

static int receive(struct io_batch *b, int fd)
{
    return io_batch_recv_udp(b, fd, io_sock_port(fd));
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
    assert_int_equal(receive(in, to), IO_BATCH_MAX);
    for (int i = 0; i < IO_BATCH_MAX; i++) {
        const struct packet *p = io_batch_packet(in, i, NULL);
        assert_int_equal(p->len, i + 1);
        assert_int_equal(p->bytes[0], i);
        assert_int_equal(p->src, LOOPBACK);
        assert_int_equal(p->dst, LOOPBACK);
        assert_int_equal(p->sport, io_sock_port(from));
        assert_int_equal(p->dport, io_sock_port(to));
    }
    assert_int_equal(receive(in, to), 0);
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
    assert_int_equal(receive(in, to), 2);
    assert_int_equal(io_batch_packet(in, 1, NULL)->bytes[0], 3);
}

static void test_a_frame_that_is_longer_than_a_place_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[100];
    const struct packet p = {.bytes = bytes, .len = 100 - FRAME_HEADERS + 1};
    assert_int_equal(io_batch_add_raw(out, 0, &p), ERR_LIMIT);
    assert_int_equal(io_batch_count(out), 0);
}

static void test_what_is_received_and_longer_than_a_place_is_cut(void **state)
{
    (void)state;
    uint8_t bytes[150] = {9};
    const struct packet p = {.dst = LOOPBACK, .dport = io_sock_port(to), .bytes = bytes, .len = sizeof bytes};
    assert_int_equal(io_udp_send(from, 0, &p), 0);
    assert_int_equal(receive(in, to), 1);
    assert_int_equal(io_batch_packet(in, 0, NULL)->len, 100);
}

static void test_each_datagram_tells_its_addresses_also_the_next_time(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add((uint8_t)i, 1, io_sock_port(to)), 0);
        io_batch_send(out, from, on_failed, NULL);
        assert_int_equal(receive(in, to), 1);
        const struct packet *p = io_batch_packet(in, 0, NULL);
        assert_int_equal(p->src, LOOPBACK);
        assert_int_equal(p->sport, io_sock_port(from));
        assert_int_equal(p->dst, LOOPBACK);
        assert_int_equal(p->len, 1);
    }
}

static void test_a_batch_that_sent_can_receive(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 2; i++) {
        assert_int_equal(add(i, 1, io_sock_port(to)), 0);
        io_batch_send(out, from, on_failed, NULL);
        place_of_next(9);
        assert_int_equal(receive(out, to), 1);
        assert_int_equal(io_batch_packet(out, 0, NULL)->bytes[0], i);
    }
}

/* ---- runs that leave as one ---- */

static void expect(int i, uint8_t first, size_t len)
{
    const struct packet *p = io_batch_packet(in, i, NULL);
    assert_int_equal(p->bytes[0], first);
    assert_int_equal(p->len, len);
}

static int add_from_anywhere(uint8_t first, size_t len, uint16_t port)
{
    const struct packet p = {.dst = LOOPBACK, .dport = port, .bytes = place_of_next(first), .len = len};
    return io_batch_add_udp(out, 0, &p);
}

/* A shorter datagram ends a run; another length, peer or source begins one. */
static void test_joined_datagrams_arrive_as_they_were_added(void **state)
{
    (void)state;
    static const size_t lens[] = {20, 20, 20, 10, 20, 20, 30, 30, 1};
    enum { N = sizeof lens / sizeof lens[0] };
    io_batch_join(out, true);
    for (int i = 0; i < N; i++)
        assert_int_equal(add((uint8_t)i, lens[i], io_sock_port(to)), 0);
    assert_int_equal(add_from_anywhere(N, 1, io_sock_port(to)), 0);
    assert_int_equal(add(100, 1, io_sock_port(from)), 0);
    assert_int_equal(add(N + 1, 1, io_sock_port(to)), 0);
    io_batch_send(out, from, on_failed, NULL);
    assert_int_equal(failures, 0);
    assert_int_equal(receive(in, to), N + 2);
    for (int i = 0; i < N; i++)
        expect(i, (uint8_t)i, lens[i]);
    expect(N, N, 1);
    expect(N + 1, N + 1, 1);
    assert_int_equal(receive(in, from), 1);
    expect(0, 100, 1);
}

/* A socket that can take them uncut gets them so. */
static void test_joined_datagrams_leave_as_one(void **state)
{
    (void)state;
    int on = 1;
    assert_int_equal(setsockopt(to, SOL_UDP, UDP_GRO, &on, sizeof on), 0);
    io_batch_join(out, true);
    for (int i = 0; i < 4; i++)
        assert_int_equal(add((uint8_t)i, 20, io_sock_port(to)), 0);
    io_batch_send(out, from, on_failed, NULL);
    assert_int_equal(receive(in, to), 1);
    expect(0, 0, 80);
}

/* Without checksums the kernel cuts nothing. */
static void test_where_they_cannot_be_joined_they_go_one_by_one(void **state)
{
    (void)state;
    int on = 1;
    assert_int_equal(setsockopt(from, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
    io_batch_join(out, true);
    for (int i = 0; i < IO_BATCH_MAX; i++)
        assert_int_equal(add((uint8_t)i, 20, i == 7 ? 0 : io_sock_port(to)), 0);
    io_batch_send(out, from, on_failed, NULL);
    assert_int_equal(failures, 1);
    assert_int_equal(receive(in, to), IO_BATCH_MAX - 1);
    for (int i = 0; i < IO_BATCH_MAX - 1; i++)
        expect(i, (uint8_t)(i + (i >= 7)), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_full_batch_arrives_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_sent_is_told_and_the_rest_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_frame_that_is_longer_than_a_place_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_received_and_longer_than_a_place_is_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_each_datagram_tells_its_addresses_also_the_next_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_batch_that_sent_can_receive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_joined_datagrams_arrive_as_they_were_added, setup, teardown),
        cmocka_unit_test_setup_teardown(test_joined_datagrams_leave_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where_they_cannot_be_joined_they_go_one_by_one, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
