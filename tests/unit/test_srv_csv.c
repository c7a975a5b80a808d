#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/srv_csv.h"

enum { OFFSET_MS = 1700000000 }; /* wall clock minus boot-time clock */

static struct srv_lease sample(void)
{
    struct srv_lease lease = {.addr = 0x0a4d0064, /* 10.77.0.100 */
                              .subnet_id = 7,
                              .hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 2}},
                              .client_id_len = 3,
                              .client_id = {0xff, 0x00, 0x2c},
                              .state = SRV_LEASE_ACTIVE,
                              .lease_s = 3600,
                              .granted_ms = 1000,
                              .expires_ms = 3601000,
                              .hostname = "h1"};
    return lease;
}

static void line_has_the_columns_of_kea(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX];
    struct srv_lease lease = sample();
    size_t len = srv_csv_format(&lease, 0, OFFSET_MS, line);
    /* (3601000 + 1700000000) / 1000 = 1703601 */
    assert_string_equal(line, "10.77.0.100,02:00:00:00:00:02,ff:00:2c,3600,1703601,7,0,0,h1,0,,0\n");
    assert_int_equal(len, strlen(line));
    srv_csv_format(&lease, 4294967294, OFFSET_MS, line);
    assert_string_equal(line, "10.77.0.100,02:00:00:00:00:02,ff:00:2c,3600,1703601,7,0,0,h1,0,,4294967294\n");
}

static void numbers_are_written_in_full(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX], expected[32];
    struct srv_lease lease = sample();
    for (uint64_t power = 1; power <= UINT32_MAX; power *= 10) {
        const uint64_t values[] = {power - 1, power, power + 1, power * 37 / 10};
        for (size_t i = 0; i < sizeof values / sizeof values[0] && values[i] <= UINT32_MAX; i++) {
            srv_csv_format(&lease, (uint32_t)values[i], OFFSET_MS, line);
            snprintf(expected, sizeof expected, ",%u\n", (uint32_t)values[i]);
            assert_string_equal(strrchr(line, ','), expected);
        }
    }
}

static void addresses_are_written_in_full(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX], expected[32];
    struct srv_lease lease = sample();
    for (uint32_t octet = 0; octet <= UINT8_MAX; octet++) {
        lease.addr = octet << 24 | (UINT8_MAX - octet) << 8 | octet;
        srv_csv_format(&lease, 0, OFFSET_MS, line);
        int len = snprintf(expected, sizeof expected, "%u.0.%u.%u,", octet, UINT8_MAX - octet, octet);
        assert_memory_equal(line, expected, (size_t)len);
    }
}

static void lease_on_disk_never_ends_before_the_client_was_told(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX];
    struct srv_lease lease = sample();
    lease.expires_ms = 3600001; /* one millisecond into the second */
    srv_csv_format(&lease, 0, OFFSET_MS, line);
    assert_non_null(strstr(line, ",1703601,"));
}

static void line_read_back_is_the_lease(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX];
    struct srv_lease lease = sample(), back;
    const char *why;
    strcpy(lease.hostname, "a,b&c");
    size_t len = srv_csv_format(&lease, 0, OFFSET_MS, line);
    assert_non_null(strstr(line, ",a&#x2cb&#x26c,"));
    assert_true(srv_csv_parse(line, len - 1, OFFSET_MS, &back, &why));
    assert_int_equal(back.addr, lease.addr);
    assert_int_equal(back.subnet_id, lease.subnet_id);
    assert_true(hw_equal(&back.hw, &lease.hw));
    assert_int_equal(back.client_id_len, 3);
    assert_memory_equal(back.client_id, lease.client_id, 3);
    assert_int_equal(back.state, SRV_LEASE_ACTIVE);
    assert_int_equal(back.lease_s, 3600);
    assert_int_equal(back.granted_ms, 1000);
    assert_int_equal(back.expires_ms, 3601000);
    assert_string_equal(back.hostname, "a,b&c");
}

/* circuit-id (1) "eth1", remote-id (2) 0a 0b */
static const uint8_t relay_info[] = {1, 4, 'e', 't', 'h', '1', 2, 2, 0x0a, 0x0b};

static void relay_information_stands_where_kea_has_it(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX];
    struct srv_lease lease = sample(), back;
    const char *why;
    lease.relay_info_len = sizeof relay_info;
    memcpy(lease.relay_info, relay_info, sizeof relay_info);
    size_t len = srv_csv_format(&lease, 0, OFFSET_MS, line);
    assert_non_null(strstr(line, ",h1,0,{ \"ISC\": { \"relay-agent-info\": { \"sub-options\": "
                                 "\"0x01046574683102020A0B\" } } },0\n"));
    assert_true(srv_csv_parse(line, len - 1, OFFSET_MS, &back, &why));
    assert_int_equal(back.relay_info_len, sizeof relay_info);
    assert_memory_equal(back.relay_info, relay_info, sizeof relay_info);
    memset(lease.relay_info, 0xee, SRV_RELAY_INFO_MAX);
    lease.relay_info_len = SRV_RELAY_INFO_MAX;
    len = srv_csv_format(&lease, 0, OFFSET_MS, line);
    assert_true(srv_csv_parse(line, len - 1, OFFSET_MS, &back, &why));
    assert_int_equal(back.relay_info_len, SRV_RELAY_INFO_MAX);
}

static void user_contexts_of_kea(void **state)
{
    (void)state;
    static const struct {
        const char *context;
        int len; /* of option 82; -1: refused */
    } rows[] = {
        {"{ \"ISC\": { \"relay-agent-info\": \"0x010465746831\" } }", 6},
        {"{ \"ISC\": { \"relay-agent-info\": { \"remote-id\": \"0a0b\"&#x2c \"sub-options\": \"0x02020A0B\" "
         "} } }",
         4},
        {"{ \"owner\": \"room 12\" }", 0},
        {"", 0},
        {"{ \"ISC\": { \"relay-agent-info\": \"0x0104657\" } }", -1},
        {"{ \"ISC\": { \"relay-agent-info\": \"0x01zz\" } }", -1},
        {"{ \"ISC\": { \"relay-agent-info\": \"0x01", -1},
        {"{ \"ISC\": { \"relay-agent-info\": \"0x01-4\" } }", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[SRV_CSV_LINE_MAX];
        struct srv_lease lease;
        const char *why;
        int len = snprintf(line, sizeof line, "10.0.0.1,02:00:00:00:00:01,,60,1703601,1,0,0,,0,%s,0",
                           rows[i].context);
        assert_int_equal(srv_csv_parse(line, (size_t)len, OFFSET_MS, &lease, &why), rows[i].len >= 0);
        if (rows[i].len >= 0)
            assert_int_equal(lease.relay_info_len, rows[i].len);
    }
}

static void infinite_lease_stays_infinite(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX];
    struct srv_lease lease = sample(), back;
    const char *why;
    lease.lease_s = LEASE_INFINITE;
    lease.expires_ms = TIME_NEVER;
    size_t len = srv_csv_format(&lease, 0, OFFSET_MS, line);
    assert_true(srv_csv_parse(line, len - 1, OFFSET_MS, &back, &why));
    assert_int_equal(back.lease_s, LEASE_INFINITE);
    assert_true(back.expires_ms == TIME_NEVER);
}

static void longest_lease_fits_a_line(void **state)
{
    (void)state;
    char line[SRV_CSV_LINE_MAX];
    struct srv_lease lease = sample(), back;
    const char *why;
    lease.addr = IP4_BROADCAST;
    lease.hw.len = HW_MAX;
    lease.client_id_len = SRV_CLIENT_ID_MAX;
    memset(lease.hostname, '\x01', SRV_HOSTNAME_MAX);
    lease.subnet_id = UINT32_MAX;
    lease.lease_s = UINT32_MAX - 1;
    size_t len = srv_csv_format(&lease, 0, OFFSET_MS, line);
    assert_true(srv_csv_parse(line, len - 1, OFFSET_MS, &back, &why));
    assert_string_equal(back.hostname, lease.hostname);
}

static void older_line_without_the_last_columns_is_read(void **state)
{
    (void)state;
    const char *line = "192.0.2.1,aa:bb:cc:dd:ee:ff,,7200,1700007200,1,0,0,";
    struct srv_lease lease;
    const char *why;
    assert_true(srv_csv_parse(line, strlen(line), 0, &lease, &why));
    assert_int_equal(lease.state, SRV_LEASE_ACTIVE);
    assert_int_equal(lease.client_id_len, 0);
}

static void what_is_no_lease_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"", "it does not have the columns of the header"},
        {"192.0.2.1,aa:bb", "it does not have the columns of the header"},
        {"192.0.2.256,aa:bb:cc:dd:ee:ff,,7200,1,1,0,0,,0,,0", "the address is not a dotted quad"},
        {"192.0.2.1,aa-bb,,7200,1,1,0,0,,0,,0",
         "the hardware address is not colon-separated hexadecimal octets"},
        {"192.0.2.1,aa:bb,1:2,7200,1,1,0,0,,0,,0",
         "the client identifier is not colon-separated hexadecimal octets"},
        {"192.0.2.1,aa:bb,01:-1,7200,1,1,0,0,,0,,0",
         "the client identifier is not colon-separated hexadecimal octets"},
        {"192.0.2.1,aa:bb, 1,7200,1,1,0,0,,0,,0",
         "the client identifier is not colon-separated hexadecimal octets"},
        {"192.0.2.1,aa:bb,,-1,1,1,0,0,,0,,0", "valid_lifetime is not a number of seconds"},
        {"192.0.2.1,aa:bb,,1,x,1,0,0,,0,,0", "expire is not a time in seconds since 1970"},
        {"192.0.2.1,aa:bb,,1,1,4294967296,0,0,,0,,0", "subnet_id is not a number"},
        {"192.0.2.1,aa:bb,,1,1,1,0,0,,4,,0", "state is not 0, 1, 2 or 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_lease lease;
        const char *why = NULL;
        assert_false(srv_csv_parse(cases[i].line, strlen(cases[i].line), 0, &lease, &why));
        assert_string_equal(why, cases[i].why);
    }
}

/* Wherever they are: what stands in front of them would pass for the whole field. */
static void a_line_with_zeros_is_no_lease(void **state)
{
    (void)state;
    static const char line[] = "10.77.0.100,02:00:00:00:00:02,ff:00:2c,3600,1703601,7,0,0,h1,0,,0";
    for (size_t i = 0; i < sizeof line - 1; i++) {
        char cut[sizeof line];
        struct srv_lease lease;
        const char *why = NULL;
        memcpy(cut, line, sizeof line);
        cut[i] = '\0';
        assert_false(srv_csv_parse(cut, sizeof line - 1, 0, &lease, &why));
        assert_string_equal(why, "it has octets of zero, where a crash kept something from the disk");
    }
}

static void every_shorter_prefix_is_refused_or_a_lease(void **state)
{
    (void)state;
    const char *line = "10.77.0.100,02:00:00:00:00:02,ff:00:2c,3600,1703601,7,0,0,h1,0,,0";
    for (size_t len = 0; len < strlen(line); len++) {
        struct srv_lease lease;
        const char *why;
        char *exact = malloc(len ? len : 1);
        memcpy(exact, line, len);
        bool read = srv_csv_parse(exact, len, 0, &lease, &why);
        assert_true(read || why != NULL);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_has_the_columns_of_kea),
        cmocka_unit_test(numbers_are_written_in_full),
        cmocka_unit_test(addresses_are_written_in_full),
        cmocka_unit_test(lease_on_disk_never_ends_before_the_client_was_told),
        cmocka_unit_test(line_read_back_is_the_lease),
        cmocka_unit_test(relay_information_stands_where_kea_has_it),
        cmocka_unit_test(user_contexts_of_kea),
        cmocka_unit_test(infinite_lease_stays_infinite),
        cmocka_unit_test(longest_lease_fits_a_line),
        cmocka_unit_test(older_line_without_the_last_columns_is_read),
        cmocka_unit_test(what_is_no_lease_is_refused_with_a_reason),
        cmocka_unit_test(a_line_with_zeros_is_no_lease),
        cmocka_unit_test(every_shorter_prefix_is_refused_or_a_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
