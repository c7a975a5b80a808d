#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_saved.h"
#include "common/err.h"
#include "test_cli_profiles.h"

static const struct hw_addr own_hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 1}};
static const struct clock_now then = {.boot_ms = 5000, .wall_ms = 1790000000000};
/* An hour less a second later, just booted. */
static const struct clock_now rebooted = {.boot_ms = 1000, .wall_ms = 1790003599000};

static const struct cli_lease lease = {
    .addr = 0x0a00000a,
    .prefix_len = 24,
    .server_id = 0x0a000002,
    .dns = {0x0a000003, 0x0a000004},
    .n_dns = 2,
    .mtu = 1400,
    .domain = "lab.example",
    .lease_s = 7200,
    /* T1 has a random part, which does not come back: it is drawn anew. */
    .timers = {1000700, 6300000, CLI_TIMER_OPTION, CLI_TIMER_DEFAULT, 700, 0},
    .requested_ms = 4900,
    .acked_ms = 5000,
    .renew_at_ms = 1004900,
    .rebind_at_ms = 6304900,
    .expires_at_ms = 7204900,
};

static const struct cli_ack ack = {3, {2, 1, 0xff}}; /* any octets */
static struct cli_ack got_ack;
static char why[CLI_SAVED_WHY_MAX];

static int parse(const char *text, struct cli_lease *out)
{
    why[0] = '\0';
    return cli_saved_parse("lease", text, strlen(text),
                           &(struct cli_saved_reader){profile_of("rfc2131"), &own_hw, &rebooted}, out,
                           &got_ack, why);
}

static void a_lease_comes_back_with_its_instants_on_the_new_boot_time_clock(void **state)
{
    (void)state;
    struct cli_lease got;
    char *text = cli_saved_format(&lease, &ack, &own_hw, &then);
    assert_non_null(text);
    assert_int_equal(parse(text, &got), 0);
    free(text);
    assert_int_equal(got.addr, lease.addr);
    assert_int_equal(got.prefix_len, 24);
    assert_int_equal(got.server_id, lease.server_id);
    assert_int_equal(got.n_dns, 2);
    assert_int_equal(got.dns[1], lease.dns[1]);
    assert_int_equal(got.mtu, 1400);
    assert_string_equal(got.domain, "lab.example");
    assert_int_equal(got.lease_s, 7200);
    assert_int_equal(got_ack.len, ack.len);
    assert_memory_equal(got_ack.bytes, ack.bytes, ack.len);
    assert_int_equal(got.timers.t1_ms, 1000000);
    assert_int_equal(got.timers.t1_origin, CLI_TIMER_OPTION);
    assert_int_equal(got.timers.t2_ms, 6300000);
    assert_int_equal(got.timers.t2_origin, CLI_TIMER_DEFAULT);
    /* 3599.1 s ago, and now it is 1 s after the start of the machine. */
    assert_true(got.requested_ms == 1000 - 3599100);
    assert_true(got.acked_ms == 1000 - 3599000);
    assert_true(got.renew_at_ms == got.requested_ms + 1000000);
    assert_int_equal(got.expires_at_ms, 1000 + 7200000 - 3599100);
}

static void an_infinite_lease_comes_back_as_one(void **state)
{
    (void)state;
    struct cli_lease got,
        infinite = {.addr = 0x0a00000a,
                    .prefix_len = 32,
                    .server_id = 0x0a000002,
                    .lease_s = LEASE_INFINITE,
                    .timers = {TIME_NEVER, TIME_NEVER, CLI_TIMER_NONE, CLI_TIMER_NONE, 0, 0},
                    .requested_ms = 4900,
                    .acked_ms = 5000,
                    .renew_at_ms = TIME_NEVER,
                    .rebind_at_ms = TIME_NEVER,
                    .expires_at_ms = TIME_NEVER};
    char *text = cli_saved_format(&infinite, &ack, &own_hw, &then);
    assert_int_equal(parse(text, &got), 0);
    free(text);
    assert_int_equal(got.lease_s, LEASE_INFINITE);
    assert_int_equal(got.expires_at_ms, TIME_NEVER);
    assert_int_equal(got.renew_at_ms, TIME_NEVER);
    assert_int_equal(got.timers.t1_origin, CLI_TIMER_NONE);
    assert_int_equal(got.mtu, 0);
    assert_string_equal(got.domain, "");
}

static void a_file_that_was_cut_is_no_lease(void **state)
{
    (void)state;
    struct cli_lease got;
    char *text = cli_saved_format(&lease, &ack, &own_hw, &then);
    for (size_t len = strlen(text) - 1; len > 0; len--) {
        assert_int_equal(
            cli_saved_parse("lease", text, len,
                            &(struct cli_saved_reader){profile_of("rfc2131"), &own_hw, &rebooted}, &got,
                            &got_ack, why),
            ERR_CONFIG);
        assert_string_not_equal(why, "");
    }
    free(text);
}

#define REST "\"ack\":\"02\"," REST_OF
#define REST_OF                                                                                              \
    "\"prefix-length\":24,\"server\":\"10.0.0.2\",\"lease-time\":60,\"requested-ms\":1790003590000,"         \
    "\"obtained-ms\":"

static void what_cannot_be_used_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"[]", "a map with a lease"},
        {"{}", "the key \"hardware-address\" is missing"},
        {"{\"hardware-address\":\"02:00:00:00:00:09\",\"address\":\"10.0.0.10\"," REST "1790003590001}",
         "another interface"},
        {"{\"hardware-address\":\"02:00:00:00:00:01\",\"address\":\"224.0.0.1\"," REST "1790003590001}",
         "the address of one host"},
        {"{\"hardware-address\":\"02:00:00:00:00:01\",\"address\":\"10.0.0.10\"," REST "1790003599001}",
         "obtained in the future"},
        {"{\"hardware-address\":\"02:00:00:00:00:01\",\"address\":\"10.0.0.10\"," REST "1790003589999}",
         "$.obtained-ms"},
        {"{\"hardware-address\":\"02:00:00:00:00:01\",\"address\":\"10.0.0.10\",\"ack\":\"xy\"," REST_OF
         "1790003590001}",
         "$.ack"},
    };
    struct cli_lease got;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse(rows[i].text, &got), ERR_CONFIG);
        if (strstr(why, rows[i].why) == NULL)
            fail_msg("%s: %s", rows[i].text, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_comes_back_with_its_instants_on_the_new_boot_time_clock),
        cmocka_unit_test(an_infinite_lease_comes_back_as_one),
        cmocka_unit_test(a_file_that_was_cut_is_no_lease),
        cmocka_unit_test(what_cannot_be_used_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
