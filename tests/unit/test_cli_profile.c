#include <stdlib.h>

#include "test_cli_profiles.h"
#include "test_cli_world.h"

static char error[JCFG_TEXT_MAX];

/* The text of a profile as it lies in the source tree, where tests run; the caller frees it. */
static char *text_of(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "config/profiles/%s.json", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 16384);
    assert_non_null(text);
    assert_in_range(fread(text, 1, 16383, file), 100, 16000);
    fclose(file);
    return text;
}

static int parse(const char *text, struct cli_profile *out)
{
    error[0] = '\0';
    return cli_profile_parse("p.json", text, strlen(text), error, out);
}

static void the_library_holds_the_files_the_default_first(void **state)
{
    (void)state;
    static const char *const names[] = {"rfc2131",  "dhcpcd",   "udhcpc",
                                        "networkd", "dhclient", "networkmanager"};
    for (size_t i = 0; i < 6; i++) {
        char *text = text_of(names[i]);
        struct cli_profile found, read;
        assert_string_equal(cli_profile_name(i), names[i]);
        assert_int_equal(cli_profile_find(names[i], &found), 0);
        assert_string_equal(found.name, names[i]);
        assert_int_equal(cli_profile_parse(names[i], text, strlen(text), error, &read), 0);
        assert_memory_equal(&found, &read, sizeof found);
        free(text);
    }
    assert_null(cli_profile_name(6));
    assert_null(cli_profile_name(1000));
    struct cli_profile none;
    assert_int_equal(cli_profile_find("rfc2132", &none), ERR_NOTFOUND);
}

static void a_profile_is_called_by_its_file(void **state)
{
    (void)state;
    char *text = text_of("udhcpc");
    struct cli_profile p;
    assert_int_equal(cli_profile_parse("/some/where/mine.json", text, strlen(text), error, &p), 0);
    assert_string_equal(p.name, "mine");
    free(text);
}

/* RFC 2131 3.1, 4.1, 4.4.1, 4.4.5 and RFC 5227 1.1. */
static void the_default_has_the_numbers_of_the_rfcs(void **state)
{
    (void)state;
    const struct cli_profile *p = profile_of(CLI_PROFILE_DEFAULT);
    assert_int_equal(p->start_delay.low_ms, 1000);
    assert_int_equal(p->start_delay.high_ms, 10000);
    assert_int_equal(p->request.transmissions, 4);
    assert_int_equal(p->discover.transmissions, 0);
    assert_true(p->renew.is_half && !p->renew.to_expiry);
    assert_true(p->rebind.is_half && p->rebind.to_expiry);
    assert_int_equal(p->renew.minimum_ms, 60000);
    assert_int_equal(p->rebind.minimum_ms, 60000);
    assert_int_equal(p->t1.share, 500000);
    assert_int_equal(p->t2.share, 875000);
    assert_false(p->is_base_ack);
    assert_int_equal(p->decline.list[0].low_ms, 10000);
    assert_true(p->acd);
    const struct cli_acd_numbers *acd = &p->acd_numbers;
    assert_int_equal(acd->probe_wait.high_ms, 1000);
    assert_int_equal(acd->probe_num, 3);
    assert_int_equal(acd->probe_interval.low_ms, 1000);
    assert_int_equal(acd->probe_interval.high_ms, 2000);
    assert_int_equal(acd->announce_wait_ms, 2000);
    assert_int_equal(acd->announce_num, 2);
    assert_int_equal(acd->announce_interval_ms, 2000);
    assert_int_equal(acd->max_conflicts, 10);
    assert_int_equal(acd->rate_limit_interval_ms, 60000);
    assert_int_equal(acd->defend_interval_ms, 10000);
}

/* The text with `from`, which has to be in it, replaced. */
static char *changed(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    char *out = calloc(1, strlen(text) + strlen(to) + 1);
    assert_non_null(out);
    sprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *path;
    } rows[] = {
        {"\"start-delay-ms\": [1000, 10000]", "\"start-delay-ms\": [10000, 1000]", "$.start-delay-ms"},
        {"\"start-delay-ms\": [1000, 10000]", "\"start-delay-ms\": [1000]", "$.start-delay-ms"},
        {"\"start-delay-ms\": [1000, 10000]", "\"start-delay-ms\": [-1, 0]", "$.start-delay-ms"},
        {"\"start-delay-ms\": [1000, 10000],", "", "$"},
        {"\"discover\": { \"waits-ms\": [[3000,", "\"discover\": { \"waits-ms\": [[99,",
         "$.discover.waits-ms[0]"},
        {"\"transmissions\": 4", "\"transmissions\": 0", "$.request.transmissions"},
        {"\"transmissions\": 4", "\"comment\": \"4\"", "$.request"},
        {"\"half-of-time-to\": \"T2\"", "\"half-of-time-to\": \"T3\"", "$.renew.half-of-time-to"},
        {"\"half-of-time-to\": \"expiry\"", "\"half-of-time-to\": \"T2\"", "$.rebind.half-of-time-to"},
        {"\"minimum-ms\": 60000", "\"minimum-ms\": 999", "$.renew.minimum-ms"},
        {"\"minimum-ms\": 60000", "\"minimum-ms\": 60000, \"waits-ms\": [[1000, 1000]]", "$.renew.waits-ms"},
        {"\"half-of-time-to\": \"T2\", ", "", "$.renew"},
        {"\"share\": 0.5", "\"share\": 0.875", "$.t1"},
        {"\"share\": 0.5", "\"share\": 1", "$.t1.share"},
        {"\"share\": 0.5", "\"share\": 0.5, \"left-ms\": 30000", "$.t1.left-ms"},
        {"\"share\": 0.5", "\"share\": 0.5, \"fuzz-share\": [0, 2]", "$.t1.fuzz-share"},
        {"\"option\": true, \"share\": 0.875", "\"left-ms\": 30000", "$.t2"},
        {"\"lease-counts-from\": \"request\"", "\"lease-counts-from\": \"offer\"", "$.lease-counts-from"},
        {"\"nak-waits-ms\": [",
         "\"nak-waits-ms\": [[0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], "
         "[0, 0], [0, 0], [0, 0], ",
         "$.nak-waits-ms"},
        {"\"decline-waits-ms\": [[10000, 10000]]", "\"decline-waits-ms\": []", "$.decline-waits-ms"},
        {"\"probe-num\": 3", "\"probe-num\": 0", "$.address-conflict-detection.probe-num"},
        {"\"enabled\": true,", "", "$.address-conflict-detection"},
        {"\"reboot\":", "\"rebot\":", "$.rebot"},
    };
    char *text = text_of("rfc2131");
    struct cli_profile p;
    assert_int_equal(parse(text, &p), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *wrong = changed(text, rows[i].from, rows[i].to);
        char place[64];
        snprintf(place, sizeof place, ": at %s: ", rows[i].path);
        assert_int_equal(parse(wrong, &p), ERR_CONFIG);
        assert_memory_equal(error, "p.json:", 7);
        if (strstr(error, place) == NULL)
            fail_msg("row %zu: %s", i, error);
        free(wrong);
    }
    free(text);
}

static void every_prefix_of_a_file_is_survived(void **state)
{
    (void)state;
    char *text = text_of("udhcpc");
    size_t whole = (size_t)(strrchr(text, '}') - text) + 1;
    struct cli_profile p;
    for (size_t len = 0; len < whole; len++)
        assert_int_equal(cli_profile_parse("p.json", text, len, error, &p), ERR_CONFIG);
    assert_int_equal(cli_profile_parse("p.json", text, whole, error, &p), 0);
    free(text);
}

/* ---- the engine goes by the profile ---- */

static int profile_world(void **state, const char *name)
{
    setup(state);
    struct world *w = *state;
    cli_config_use_profile(&w->config, profile_of(name));
    w->config.acd = false;
    w->config.start_delay_min_ms = w->config.start_delay_max_ms = 0;
    return 0;
}

static int udhcpc(void **state)
{
    return profile_world(state, "udhcpc");
}

static int dhcpcd(void **state)
{
    return profile_world(state, "dhcpcd");
}

#define AGAIN(what) "note(retransmit) TX:" what

static void udhcpc_rests_after_three_discovers(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    static const time_ms at_ms[] = {3000, 6000, 29000, 32000, 35000, 58000};
    for (size_t i = 0; i < sizeof at_ms / sizeof at_ms[0]; i++)
        FIRES(w, at_ms[i], AGAIN("DISCOVER"));
}

static void udhcpc_gives_up_a_request_after_three(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    FIRES(w, 3000, AGAIN("REQUEST"));
    FIRES(w, 6000, AGAIN("REQUEST"));
    FIRES(w, 9000, "REQUESTING>INIT(gave-up) INIT>SELECTING(search) TX:DISCOVER");
}

/* T2 is where little is left of the lease; three broadcasts, and it is over before its end. */
static void udhcpc_gives_a_lease_up_before_its_end(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = 120, .t1_s = 10, .t2_s = 20});
    FIRES(w, 60000, "BOUND>RENEWING(t1) TX:REQUEST");
    FIRES(w, 91500, AGAIN("REQUEST"));
    FIRES(w, 94500, "RENEWING>REBINDING(t2) TX:REQUEST");
    FIRES(w, 97500, AGAIN("REQUEST"));
    FIRES(w, 100500, AGAIN("REQUEST"));
    FIRES(w, 103500, "CLEAR REBINDING>INIT(gave-up) INIT>SELECTING(search) TX:DISCOVER");
    assert_false(w->is_saved);
}

static void a_lease_of_such_a_profile_counts_from_the_ack(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 700, BINDS, .type = DHCP_ACK);
    assert_int_equal(w->set.requested_ms, 0);
    assert_int_equal(w->set.renew_at_ms, 1800700);
    assert_int_equal(w->set.rebind_at_ms, 3150700);
    assert_int_equal(w->set.expires_at_ms, 3600700);
}

/* dhcpcd repeats a renewal like a DISCOVER, and T2 and the end of the lease cut that short. */
static void dhcpcd_renews_by_its_waits(void **state)
{
    struct world *w = *state;
    static const time_ms wait_ms[] = {4000, 8000, 16000, 32000, 64000, 64000};
    bind_at(w, 0, (struct answer){0});
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    time_ms last = 1800000;
    for (size_t i = 0; i < sizeof wait_ms / sizeof wait_ms[0]; i++) {
        time_ms at = cli_engine_deadline(w->engine);
        assert_in_range(at - last, wait_ms[i] - 1000, wait_ms[i] + 1000);
        FIRES(w, at, AGAIN("REQUEST"));
        last = at;
    }
    AT(w, 3150000, CLI_DEADLINE, "RENEWING>REBINDING(t2) TX:REQUEST");
    assert_in_range(cli_engine_deadline(w->engine), 3153000, 3155000);
    AT(w, 3600000, CLI_DEADLINE, "CLEAR REBINDING>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
}

static void a_renewal_with_a_limit_is_silent_until_t2(void **state)
{
    struct world *w = *state;
    w->config.profile.renew.waits = (struct cli_waits){.list = {{5000, 5000}}, .n = 1, .transmissions = 2};
    bind_at(w, 0, (struct answer){0});
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    FIRES(w, 1805000, AGAIN("REQUEST"));
    AT(w, 1810000, CLI_DEADLINE, "");
    FIRES(w, 3150000, "RENEWING>REBINDING(t2) TX:REQUEST");
}

/* One probe of 2 s, and nothing is announced: what `udhcpc -a` does. */
static void udhcpc_probes_once_where_it_is_told_to(void **state)
{
    struct world *w = *state;
    w->config.acd = true;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 0, "REQUESTING>PROBING(ack-probe) ARP:PROBE note(probe)", .type = DHCP_ACK);
    FIRES(w, 2000, "SET 10.0.0.10/24 PROBING>BOUND(probed)");
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
}

static int networkd(void **state)
{
    return profile_world(state, "networkd");
}

/* The instants have the fuzz, each ACK draws it anew, and the status shows it. */
static void fuzz_moves_t1_and_t2_of_each_lease(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.t1_s = 100, .t2_s = 200});
    const struct cli_lease first = w->set;
    assert_in_range(first.renew_at_ms, 99000, 101000);
    assert_int_equal(first.renew_at_ms, 100000 + status_of(w).lease->timers.t1_fuzz_ms);
    assert_int_equal(first.rebind_at_ms, 200000 + status_of(w).lease->timers.t2_fuzz_ms);
    assert_int_equal(first.expires_at_ms, 3600000);
    assert_int_not_equal(first.timers.t1_fuzz_ms, 0);
    assert_int_not_equal(first.timers.t1_fuzz_ms, first.timers.t2_fuzz_ms);
    FIRES(w, first.renew_at_ms, "BOUND>RENEWING(t1) TX:REQUEST");
    RX(w, first.renew_at_ms, "SET 10.0.0.10/24 RENEWING>BOUND(ack)", .type = DHCP_ACK, .t1_s = 100,
       .t2_s = 200);
    assert_int_not_equal(w->set.timers.t1_fuzz_ms, first.timers.t1_fuzz_ms);
}

/* A configuration's own fuzz stands in place of the profile's, whichever that is. */
static void fuzz_can_be_configured(void **state)
{
    (void)state;
    static const char text[] = "{ \"timer-fuzz-ms\": [-2000, -1999], \"profile\": \"dhclient\" }";
    struct cli_config c;
    assert_int_equal(cli_config_parse("c", text, sizeof text - 1, NULL, NULL, error, &c), 0);
    assert_int_equal(c.profile.t1.fuzz.low_ms, -2000);
    assert_int_equal(c.profile.t2.fuzz.high_ms, -1999);
    assert_int_equal(c.profile.t1.fuzz_share_low, 0);
    static const char alone[] = "{ \"timer-fuzz-ms\": [-1000, 1000] }";
    assert_int_equal(cli_config_parse("c", alone, sizeof alone - 1, NULL, NULL, error, &c), 0);
    assert_string_equal(c.profile.name, "rfc2131");
    assert_int_equal(c.profile.t1.fuzz.high_ms, 1000);
}

int main(void)
{
#define IN(setup, test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_holds_the_files_the_default_first),
        cmocka_unit_test(a_profile_is_called_by_its_file),
        cmocka_unit_test(the_default_has_the_numbers_of_the_rfcs),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(every_prefix_of_a_file_is_survived),
        IN(udhcpc, udhcpc_rests_after_three_discovers),
        IN(udhcpc, udhcpc_gives_up_a_request_after_three),
        IN(udhcpc, udhcpc_gives_a_lease_up_before_its_end),
        IN(udhcpc, udhcpc_probes_once_where_it_is_told_to),
        IN(dhcpcd, a_lease_of_such_a_profile_counts_from_the_ack),
        IN(dhcpcd, dhcpcd_renews_by_its_waits),
        IN(networkd, fuzz_moves_t1_and_t2_of_each_lease),
        cmocka_unit_test(fuzz_can_be_configured),
        IN(dhcpcd, a_renewal_with_a_limit_is_silent_until_t2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
