/* TCP connections, segment by segment: what each does, and the states of RFC 9293 figure 5 on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/dissect_conn.h"

enum { LIMIT = 256, MANY = 4 * LIMIT };
enum { A = 1024, B = 80, ISN_B = 5000 };
#define ISN_A 0xfffffff0U /* the count of A wraps around */
enum { SYN = DISSECT_TCP_SYN, ACK = DISSECT_TCP_ACK, FIN = DISSECT_TCP_FIN, RST = DISSECT_TCP_RST };

/* seq and ack are relative, as the answer is to have them. */
struct row {
    uint16_t from;
    uint8_t flags;
    uint32_t seq, ack, len;
    enum dissect_conn_event event;
    enum dissect_conn_state sender, receiver;
};

static struct dissect_conns *conns;

static int set_up(void **state)
{
    (void)state;
    conns = dissect_conns_new(LIMIT);
    return conns == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    dissect_conns_free(conns);
    return 0;
}

static struct dissect_conn_answer arrive(struct dissect_tcp tcp)
{
    static struct dissect d;
    struct dissect_conn_answer answer;
    dissect_init(&d, NULL);
    d.ip = (struct dissect_ip){.found = true, .src = tcp.sport, .dst = tcp.dport};
    d.tcp = tcp;
    d.tcp.found = true;
    dissect_conns_step(conns, &d, &answer);
    return answer;
}

static struct dissect_conn_answer step(uint16_t sport, uint16_t dport, uint8_t flags, uint32_t seq,
                                       uint32_t ack, uint32_t len)
{
    return arrive((struct dissect_tcp){
        .sport = sport, .dport = dport, .flags = flags, .seq = seq, .ack = ack, .segment_len = len});
}

static struct dissect_conn_answer step_window(uint16_t sport, uint16_t dport, uint8_t flags, int8_t scale,
                                              uint16_t window)
{
    return arrive((struct dissect_tcp){
        .sport = sport, .dport = dport, .flags = flags, .window = window, .window_scale = scale});
}

static void play(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &rows[i];
        bool from_a = row->from == A;
        uint32_t seq = row->seq + (from_a ? ISN_A : (uint32_t)ISN_B);
        uint32_t ack = row->flags & ACK ? row->ack + (from_a ? (uint32_t)ISN_B : ISN_A) : 0;
        struct dissect_conn_answer answer = step(row->from, from_a ? B : A, row->flags, seq, ack, row->len);
        if (answer.event != row->event || answer.sender != row->sender || answer.receiver != row->receiver ||
            answer.seq != row->seq || answer.ack != row->ack)
            fail_msg("segment %zu: \"%s\", %s, %s, seq %u, ack %u", i + 1,
                     dissect_conn_event_text(answer.event), dissect_conn_state_name(answer.sender),
                     dissect_conn_state_name(answer.receiver), answer.seq, answer.ack);
    }
}

#define PLAY(rows) play(rows, sizeof(rows) / sizeof((rows)[0]))

static const struct row opening[] = {
    {A, SYN, 0, 0, 0, CONN_SYN, CONN_SYN_SENT, CONN_LISTEN},
    {B, SYN | ACK, 0, 1, 0, CONN_SYN_ACK, CONN_SYN_RECEIVED, CONN_ESTABLISHED},
    {A, ACK, 1, 1, 0, CONN_OPENED, CONN_ESTABLISHED, CONN_ESTABLISHED},
};

static void test_open_data_and_a_close_of_four_segments(void **state)
{
    (void)state;
    static const struct row rest[] = {
        {A, ACK, 1, 1, 100, CONN_NOTHING, CONN_ESTABLISHED, CONN_ESTABLISHED},
        {A, ACK, 1, 1, 100, CONN_AGAIN, CONN_ESTABLISHED, CONN_ESTABLISHED},
        {B, ACK, 1, 101, 50, CONN_NOTHING, CONN_ESTABLISHED, CONN_ESTABLISHED},
        {A, FIN | ACK, 101, 51, 0, CONN_HALF_CLOSED, CONN_FIN_WAIT_1, CONN_CLOSE_WAIT},
        {B, ACK, 51, 102, 0, CONN_FIN_ACKED, CONN_CLOSE_WAIT, CONN_FIN_WAIT_2},
        {B, ACK, 51, 102, 10, CONN_NOTHING, CONN_CLOSE_WAIT, CONN_FIN_WAIT_2}, /* the other half is open */
        {B, FIN | ACK, 61, 102, 0, CONN_BOTH_CLOSED, CONN_LAST_ACK, CONN_TIME_WAIT},
        {A, ACK, 102, 62, 0, CONN_DONE, CONN_TIME_WAIT, CONN_CLOSED},
    };
    PLAY(opening);
    PLAY(rest);
}

static void test_fin_and_ack_in_one_segment(void **state)
{
    (void)state;
    static const struct row rest[] = {
        {A, FIN | ACK, 1, 1, 0, CONN_HALF_CLOSED, CONN_FIN_WAIT_1, CONN_CLOSE_WAIT},
        {B, FIN | ACK, 1, 2, 0, CONN_BOTH_CLOSED, CONN_LAST_ACK, CONN_TIME_WAIT},
        {A, ACK, 2, 2, 0, CONN_DONE, CONN_TIME_WAIT, CONN_CLOSED},
    };
    PLAY(opening);
    PLAY(rest);
}

static void test_both_close_at_a_time(void **state)
{
    (void)state;
    static const struct row rest[] = {
        {A, FIN | ACK, 1, 1, 0, CONN_HALF_CLOSED, CONN_FIN_WAIT_1, CONN_CLOSE_WAIT},
        {B, FIN | ACK, 1, 1, 0, CONN_BOTH_CLOSED, CONN_CLOSING, CONN_CLOSING},
        {A, ACK, 2, 2, 0, CONN_DONE, CONN_CLOSING, CONN_TIME_WAIT},
        {B, ACK, 2, 2, 0, CONN_DONE, CONN_TIME_WAIT, CONN_TIME_WAIT},
    };
    PLAY(opening);
    PLAY(rest);
}

/* RFC 9293 figure 8: "Simultaneous Connection Synchronization". */
static void test_both_open_at_a_time(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {A, SYN, 0, 0, 0, CONN_SYN, CONN_SYN_SENT, CONN_LISTEN},
        {B, SYN, 0, 0, 0, CONN_SYN_BOTH, CONN_SYN_RECEIVED, CONN_SYN_RECEIVED},
        {A, SYN | ACK, 0, 1, 0, CONN_SYN_ACK, CONN_SYN_RECEIVED, CONN_ESTABLISHED},
        {B, SYN | ACK, 0, 1, 0, CONN_OPENED, CONN_ESTABLISHED, CONN_ESTABLISHED},
        {A, ACK, 1, 1, 10, CONN_NOTHING, CONN_ESTABLISHED, CONN_ESTABLISHED},
    };
    PLAY(rows);
}

static void test_refused_and_reset_are_told_apart(void **state)
{
    (void)state;
    static const struct row refused[] = {
        {A, SYN, 0, 0, 0, CONN_SYN, CONN_SYN_SENT, CONN_LISTEN},
        {A, SYN, 0, 0, 0, CONN_SYN_AGAIN, CONN_SYN_SENT, CONN_LISTEN},
    };
    PLAY(refused);
    struct dissect_conn_answer answer = step(B, A, RST | ACK, 0, ISN_A + 1, 0);
    assert_int_equal(answer.event, CONN_REFUSED);
    assert_int_equal(answer.receiver, CONN_CLOSED);
    dissect_conns_free(conns);
    conns = dissect_conns_new(LIMIT);
    static const struct row reset[] = {{B, RST, 1, 0, 0, CONN_RESET, CONN_CLOSED, CONN_CLOSED}};
    PLAY(opening);
    PLAY(reset);
}

static void test_a_beginning_that_was_not_captured(void **state)
{
    (void)state;
    struct dissect_conn_answer answer = step(A, B, ACK, 1000, 2000, 10);
    assert_int_equal(answer.event, CONN_MIDDLE);
    assert_int_equal(answer.seq, 1);
    assert_int_equal(answer.receiver, CONN_ESTABLISHED);
    answer = step(B, A, ACK, 2000, 1010, 0);
    assert_int_equal(answer.event, CONN_NOTHING);
    assert_int_equal(answer.ack, 11);
}

static void test_the_same_ports_again_are_another_connection(void **state)
{
    (void)state;
    PLAY(opening);
    struct dissect_conn_answer answer = step(A, B, SYN, 77, 0, 0);
    assert_int_equal(answer.event, CONN_SYN);
    assert_int_equal(answer.number, 2);
}

static void test_connections_are_limited(void **state)
{
    (void)state;
    for (int port = 1; port <= MANY; port++)
        assert_int_equal(step((uint16_t)port, 8080, SYN, 0, 0, 0).number, port);
    /* The newest is known; most of the oldest have made room. */
    assert_int_equal(step(MANY, 8080, SYN, 0, 0, 0).event, CONN_SYN_AGAIN);
    unsigned known = 0;
    for (int port = 1; port <= LIMIT; port++)
        known += step((uint16_t)port, 8080, SYN, 0, 0, 0).event == CONN_SYN_AGAIN;
    assert_true(known < LIMIT / 4);
    assert_in_range(dissect_conns_forgotten(conns), MANY - LIMIT, 2 * MANY);
}

static void test_what_is_over_is_forgotten_without_a_word(void **state)
{
    (void)state;
    for (int port = 1; port <= MANY; port++) {
        step((uint16_t)port, 8080, SYN, 0, 0, 0);
        step(8080, (uint16_t)port, RST | ACK, 0, 1, 0);
    }
    assert_int_equal(dissect_conns_forgotten(conns), 0);
}

/* The unit of the windows is the exponent of two in the sender's SYN, if both SYNs have one; the SYNs
 * themselves count octets. */
static void test_windows_in_octets(void **state)
{
    (void)state;
    enum { NO_SCALE = -1, WINDOW = 1000 };
    static const struct {
        int8_t a, b;        /* the options of the SYNs */
        int64_t of_a, of_b; /* the windows of what follows */
    } rows[] = {
        {10, 0, 1024000, WINDOW},  {10, NO_SCALE, WINDOW, WINDOW},       {NO_SCALE, 7, WINDOW, WINDOW},
        {14, 7, 16384000, 128000}, {NO_SCALE, NO_SCALE, WINDOW, WINDOW},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dissect_conn_answer answer = step_window(A, B, SYN, rows[i].a, WINDOW);
        assert_true(answer.has_window);
        assert_int_equal(answer.window, WINDOW);
        answer = step_window(A, B, ACK, NO_SCALE, WINDOW);
        assert_false(answer.has_window); /* the other SYN may have an option or not */
        answer = step_window(B, A, SYN | ACK, rows[i].b, WINDOW);
        assert_true(answer.has_window);
        assert_int_equal(answer.window, WINDOW);
        answer = step_window(A, B, ACK, NO_SCALE, WINDOW);
        assert_true(answer.has_window);
        assert_int_equal(answer.window, rows[i].of_a);
        answer = step_window(B, A, ACK, NO_SCALE, WINDOW);
        assert_int_equal(answer.window, rows[i].of_b);
        dissect_conns_free(conns);
        conns = dissect_conns_new(4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open_data_and_a_close_of_four_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fin_and_ack_in_one_segment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_both_close_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_both_open_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_and_reset_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_beginning_that_was_not_captured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_ports_again_are_another_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_connections_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_over_is_forgotten_without_a_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_windows_in_octets, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
