/* HTTP on a connection: every line is found, however the octets are cut into segments, and nothing of a body
 * is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dissect_conn.h"
#include "common/dissect_http.h"

static struct dissect_http_stream to_server, to_client;
static char told[4096];

static int set_up(void **state)
{
    (void)state;
    to_server = to_client = (struct dissect_http_stream){0};
    told[0] = '\0';
    return 0;
}

/* Adds "GET / HTTP/1.1 [1]|" to `told`: the lines, with their number of segments. */
static void tell(const struct dissect_http_answer *answer)
{
    size_t len = strlen(told);
    for (unsigned i = 0; i < answer->n; i++)
        len += (size_t)snprintf(told + len, sizeof told - len, "%s [%u]|", answer->lines[i].text,
                                answer->lines[i].segments);
}

/* One segment, in memory of its own, so that a sanitizer sees a read behind its end. */
static struct dissect_http_answer take(struct dissect_http_stream *s, const char *text, size_t len)
{
    struct dissect_http_answer answer;
    uint8_t *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    dissect_http_take(s, s == &to_server ? &to_client : &to_server, copy, len, &answer);
    free(copy);
    tell(&answer);
    return answer;
}

static void ask(const char *text)
{
    take(&to_server, text, strlen(text));
}

static void answer(const char *text)
{
    take(&to_client, text, strlen(text));
}

static void test_requests_in_a_row_in_one_segment(void **state)
{
    (void)state;
    ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /\r\nHEAD /c "
        "HTTP/1.0\n\n");
    assert_string_equal(told, "GET /a HTTP/1.1 [1]|POST /b HTTP/1.1 [1]|HEAD /c HTTP/1.0 [1]|");
    told[0] = '\0';
    answer("HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\nHTTP/1.1 200 NO");
    answer("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: Chunked\r\n\r\n"
           "0f;x=y\r\nHTTP/1.1 200 NO\r\n0\r\nTrailer: 1\r\n\r\n");
    answer("HTTP/1.1 200 of HEAD\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 500 behind it\r\n\r\n");
    assert_string_equal(told, "HTTP/1.1 200 OK [1]|HTTP/1.1 404 Not Found [1]|HTTP/1.1 200 of HEAD [1]|"
                              "HTTP/1.1 500 behind it [1]|");
}

/* Two requests, and two answers, the first of them in chunks, cut at every two places. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    static const char text[] =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4\r\nGET \r\n10\r\n0123456789abcdef\r\n0\r\n\r\nHTTP/1.0 304 Same\r\nContent-Length: 9"
        "\r\n\r\nHTTP/1.1 200 To the end\r\n\r\nHTTP/1.1 200 NO\r\n";
    size_t len = sizeof text - 1;
    for (size_t a = 1; a < len; a++) {
        for (size_t b = a; b < len; b += 3) {
            set_up(state);
            ask("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
            told[0] = '\0';
            take(&to_client, text, a);
            take(&to_client, text + a, b - a);
            take(&to_client, text + b, len - b);
            char *p = told, *out = told; /* without the numbers */
            for (; *p != '\0'; p++)
                if (*p != '[' && *p != ']' && (p == told || p[-1] != '['))
                    *out++ = *p;
            *out = '\0';
            assert_string_equal(told, "HTTP/1.1 100 Continue |HTTP/1.1 200 OK |HTTP/1.0 304 Same |"
                                      "HTTP/1.1 200 To the end |");
        }
    }
}

static void test_a_line_over_segments_says_so(void **state)
{
    (void)state;
    ask("G");
    ask("ET /a HT");
    struct dissect_http_answer last = take(&to_server, "TP/1.1\r\n\r\nGET /b HTTP/1.1\r\n", 27);
    assert_string_equal(told, "GET /a HTTP/1.1 [3]|GET /b HTTP/1.1 [1]|");
    assert_int_equal(last.lines[0].at, 0);
    assert_int_equal(last.lines[0].len, 6);
    assert_int_equal(last.lines[1].at, 10);
    assert_int_equal(last.lines[1].len, 15);
    assert_false(last.lines[0].is_status);
}

static void test_what_is_no_http(void **state)
{
    (void)state;
    ask("\x16\x03\x01 binary\n");
    ask("GET this is no request\r\n\r\n");
    answer("HTTP/1.1 2x0 no status\r\n");
    answer("HTTP/2 200\r\n");
    assert_string_equal(told, "");
    ask("GET / HTTP/1.1\r\n\r\n"); /* found again at the beginning of a segment */
    assert_string_equal(told, "GET / HTTP/1.1 [1]|");
}

static void test_a_tunnel_is_no_http_any_more(void **state)
{
    (void)state;
    ask("CONNECT h:443 HTTP/1.1\r\n\r\n");
    answer("HTTP/1.1 200 Connected\r\n\r\n");
    ask("GET / HTTP/1.1\r\n\r\n");
    answer("HTTP/1.1 200 OK\r\n\r\n");
    assert_string_equal(told, "CONNECT h:443 HTTP/1.1 [1]|HTTP/1.1 200 Connected [1]|");
}

static void test_a_gap_ends_what_is_known(void **state)
{
    (void)state;
    answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    dissect_http_gap(&to_client);
    answer("still the body");
    answer("HTTP/1.1 204 Next\r\n\r\n");
    assert_string_equal(told, "HTTP/1.1 200 OK [1]|HTTP/1.1 204 Next [1]|");
}

static void test_lines_are_limited(void **state)
{
    (void)state;
    char many[DISSECT_HTTP_LINES_MAX * 20 + 41] = "";
    for (int i = 0; i < DISSECT_HTTP_LINES_MAX + 2; i++)
        strcat(many, "GET / HTTP/1.1\r\n\r\n");
    struct dissect_http_answer all = take(&to_server, many, strlen(many));
    assert_int_equal(all.n, DISSECT_HTTP_LINES_MAX);
    assert_int_equal(all.n_more, 2);
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    static const char begin[] = {'G', 'E', 'T', ' ', '/'},
                      end[] = {' ', 'H', 'T', 'T', 'P', '/', '1', '.', '1', '\r', '\n', '\r', '\n'};
    memcpy(longest, begin, sizeof begin);
    memcpy(longest + sizeof longest - sizeof end, end, sizeof end);
    all = take(&to_server, longest, sizeof longest);
    assert_int_equal(all.n, 1);
    assert_int_equal(strlen(all.lines[0].text), DISSECT_HTTP_TEXT_LEN - 1);
    assert_int_equal(all.lines[0].len, sizeof longest - 4);
    /* More requests than are counted, without an answer. */
    for (int i = 0; i < 100; i++)
        ask("HEAD / HTTP/1.1\r\n\r\n");
    assert_int_equal(to_server.n_requests, 32);
}

/* ---- on a connection ---- */

static struct dissect_conn_answer segment(struct dissect_conns *conns, uint32_t seq, const char *text,
                                          size_t cut)
{
    static struct dissect d;
    static uint8_t bytes[256];
    struct dissect_conn_answer answer;
    size_t len = strlen(text);
    assert_true(len < sizeof bytes - 7);
    strcpy((char *)bytes + 7, text);
    dissect_init(&d, NULL);
    d.bytes = bytes;
    d.ip = (struct dissect_ip){.found = true, .src = 1, .dst = 2};
    d.tcp = (struct dissect_tcp){.found = true,
                                 .sport = 1024,
                                 .dport = 80,
                                 .flags = DISSECT_TCP_ACK,
                                 .seq = seq,
                                 .payload_at = 7,
                                 .payload_len = len - cut,
                                 .segment_len = (uint32_t)len};
    dissect_conns_step(conns, &d, &answer);
    tell(&answer.http);
    return answer;
}

static void test_segments_again_lost_and_cut(void **state)
{
    (void)state;
    struct dissect_conns *conns = dissect_conns_new(4);
    segment(conns, 100, "GET /a HT", 0);
    segment(conns, 100, "GET /a HT", 0); /* again */
    assert_int_equal(segment(conns, 105, "a HTTP/1.1\r\n\r\n", 0).http.lines[0].at,
                     11); /* 4 octets are known */
    segment(conns, 119, "GET /b HTTP/1.1\r\nA: ", 0);
    segment(conns, 200, "b\r\n\r\n", 0);                       /* something is missing before it */
    segment(conns, 205, "GET /c HTTP/1.1\r\nA: b\r\n\r\n", 8); /* of which the end was not captured */
    segment(conns, 230, "GET /d HTTP/1.1\r\n\r\n", 0);
    assert_string_equal(told,
                        "GET /a HTTP/1.1 [2]|GET /b HTTP/1.1 [1]|GET /c HTTP/1.1 [1]|GET /d HTTP/1.1 [1]|");
    dissect_conns_free(conns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_requests_in_a_row_in_one_segment, set_up),
        cmocka_unit_test_setup(test_cut_anywhere, set_up),
        cmocka_unit_test_setup(test_a_line_over_segments_says_so, set_up),
        cmocka_unit_test_setup(test_what_is_no_http, set_up),
        cmocka_unit_test_setup(test_a_tunnel_is_no_http_any_more, set_up),
        cmocka_unit_test_setup(test_a_gap_ends_what_is_known, set_up),
        cmocka_unit_test_setup(test_lines_are_limited, set_up),
        cmocka_unit_test_setup(test_segments_again_lost_and_cut, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
