/* On the loopback interface: what the kernel lets in while it is to drop DISCOVERs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/dhcp_proto.h"
#include "common/io_shed.h"
#include "common/io_sock.h"
#include "common/io_sock_inside.h"

#define LOOPBACK 0x7f000001

static int from, to;

static int setup(void **state)
{
    (void)state;
    return io_udp_open_at(LOOPBACK, 0, &from) < 0 || io_udp_open_at(LOOPBACK, 0, &to) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    close(from);
    close(to);
    return 0;
}

/* So many octets, with these after the magic cookie. */
static void send_options(size_t len, const char *options)
{
    uint8_t bytes[300] = {DHCP_BOOTREQUEST};
    size_t room = sizeof bytes - DHCP_OPTIONS_AT, n = strlen(options);
    memcpy(bytes + DHCP_OPTIONS_AT, options, n < room ? n : room);
    const struct packet p = {
        .src = LOOPBACK, .dst = LOOPBACK, .dport = io_sock_port(to), .bytes = bytes, .len = len};
    assert_int_equal(io_udp_send(from, 0, &p), 0);
}

/* The loopback interface delivers while we send. */
static bool is_let_in(void)
{
    uint8_t bytes[300];
    struct packet p;
    return io_udp_recv(to, bytes, sizeof bytes, &p) > 0;
}

static void expect(bool discover)
{
    send_options(300, "\65\1\1\377"); /* option 53: DISCOVER */
    assert_int_equal(is_let_in(), discover);
    send_options(DHCP_OPTIONS_AT + 3, "\65\1\1"); /* nothing behind it */
    assert_int_equal(is_let_in(), discover);
    static const char *const others[] = {
        "\65\1\3\377",       /* REQUEST */
        "\65\1\7\377",       /* RELEASE */
        "\65\2\1\1\377",     /* an option 53 that is too long: for those to count who read it */
        "\14\1\1\377",       /* another option */
        "\14\1x\65\1\1\377", /* a DISCOVER that begins with option 12 */
        "",                  /* BOOTP */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        send_options(300, others[i]);
        assert_true(is_let_in());
    }
    for (size_t len = 1; len < DHCP_OPTIONS_AT + 3; len++) { /* shorter ones than any DISCOVER */
        send_options(len, "\65\1\1");
        assert_true(is_let_in());
    }
}

static void discovers_and_nothing_else_are_dropped(void **state)
{
    (void)state;
    expect(true);
    assert_int_equal(io_shed_count(to), 0);
    io_shed_discovers(to, true);
    expect(false);
    assert_int_equal(io_shed_count(to), 2);
    io_shed_discovers(to, true); /* again */
    expect(false);
    io_shed_discovers(to, false);
    expect(true);
    assert_int_equal(io_shed_count(to), 4);
}

static void what_a_socket_has_no_room_for_is_counted(void **state)
{
    (void)state;
    uint32_t sent = 0, read = 0;
    for (; io_shed_count(to) < 10; sent++) { /* it is soon full */
        assert_true(sent < 100000);
        send_options(300, "\65\1\1\377");
    }
    while (is_let_in())
        read++;
    assert_int_equal(read + io_shed_count(to), sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(discovers_and_nothing_else_are_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_socket_has_no_room_for_is_counted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
