/* On the loopback interface: what leaves, and what cannot. */
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io_batch.h"
#include "common/io_sock_inside.h"
#include "server/srv_transmit.h"

#define LOOPBACK 0x7f000001

static struct io_trace trace;
static struct srv_transmit *transmit;
static struct srv_port port;
static int to;

static int setup(void **state)
{
    (void)state;
    port = (struct srv_port){.iface = {.name = "lo"}, .raw_fd = -1};
    transmit = srv_transmit_new(&trace);
    return transmit == NULL || io_trace_open(&trace, "server", NULL, IO_TRACE_ERRORS) < 0 ||
                   io_udp_open_at(LOOPBACK, 0, &port.udp_fd) < 0 || io_udp_open_at(LOOPBACK, 0, &to) < 0
               ? -1
               : 0;
}

static int teardown(void **state)
{
    (void)state;
    srv_transmit_free(transmit);
    io_trace_close(&trace);
    close(port.udp_fd);
    close(to);
    return 0;
}

static void add(uint16_t dport, uint64_t *sent)
{
    static const uint8_t bytes[] = {1};
    srv_transmit_add(
        transmit, &port, SRV_VIA_UDP,
        &(struct packet){.src = LOOPBACK, .dst = LOOPBACK, .dport = dport, .bytes = bytes, .len = 1}, sent);
}

static void test_what_has_left_is_counted_and_what_waits_is_not(void **state)
{
    (void)state;
    uint64_t acks = 0, naks = 0;
    add(io_sock_port(to), &acks);
    add(io_sock_port(to), &naks);
    add(io_sock_port(to), &acks);
    assert_int_equal(acks + naks, 0);
    srv_transmit_flush(transmit);
    assert_int_equal(acks, 2);
    assert_int_equal(naks, 1);
    srv_transmit_flush(transmit);
    assert_int_equal(acks, 2);
    for (int i = 0; i <= IO_BATCH_MAX; i++) /* the full batch leaves for the one more */
        add(io_sock_port(to), &acks);
    assert_int_equal(acks, 2 + IO_BATCH_MAX);
}

static void test_what_cannot_be_sent_is_not_counted(void **state)
{
    (void)state;
    uint64_t acks = 0, naks = 0;
    add(io_sock_port(to), &acks);
    add(0, &naks); /* there is no port 0 */
    add(io_sock_port(to), &acks);
    srv_transmit_flush(transmit);
    assert_int_equal(acks, 2);
    assert_int_equal(naks, 0);
}

static size_t receive_len(void)
{
    uint8_t buf[IO_BATCH_MAX];
    struct packet got;
    assert_int_equal(io_udp_recv(to, buf, sizeof buf, &got), 1);
    return got.len;
}

/* A socket that can take them uncut gets them so. */
static void test_whether_answers_leave_together_can_change(void **state)
{
    (void)state;
    uint64_t acks = 0;
    int on = 1;
    assert_int_equal(setsockopt(to, SOL_UDP, UDP_GRO, &on, sizeof on), 0);
    for (int round = 0; round < 3; round++) {
        srv_transmit_join(transmit, round == 1 ? SRV_SEGMENTS_ALWAYS : SRV_SEGMENTS_NEVER);
        add(io_sock_port(to), &acks);
        add(io_sock_port(to), &acks);
        srv_transmit_flush(transmit);
        assert_int_equal(receive_len(), round == 1 ? 2 : 1);
        if (round != 1)
            assert_int_equal(receive_len(), 1);
    }
    assert_int_equal(acks, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_has_left_is_counted_and_what_waits_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_sent_is_not_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whether_answers_leave_together_can_change, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
