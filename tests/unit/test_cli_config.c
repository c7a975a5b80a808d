#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_config.h"
#include "common/dhcp_proto.h"
#include "common/err.h"

static char error[JCFG_TEXT_MAX];

static int parse(const char *text, struct cli_config *out)
{
    return cli_config_parse("c.json", text, strlen(text), NULL, NULL, error, out);
}

static void assert_default(const struct cli_config *c)
{
    static const uint8_t prl[] = {1, 3, 6, 15, 26, 28, 58, 59};
    assert_string_equal(c->hostname, "");
    assert_string_equal(c->vendor_class, "");
    assert_int_equal(c->client_id_kind, CLI_CLIENT_ID_HW);
    assert_int_equal(c->n_prl, sizeof prl);
    assert_memory_equal(c->prl, prl, sizeof prl);
    assert_int_equal(c->requested_address, 0);
    assert_int_equal(c->requested_lease_s, 0);
    assert_int_equal(c->max_message_size, 1472);
    assert_false(c->broadcast);
    assert_int_equal(c->start_delay_min_ms, 1000);
    assert_int_equal(c->start_delay_max_ms, 10000);
    assert_int_equal(c->collect_offers_ms, 0);
    assert_int_equal(c->choice, CLI_CHOOSE_FIRST);
    assert_int_equal(c->n_deny, 0);
    assert_int_equal(c->extra_len, 0);
    assert_string_equal(c->hook, "");
    assert_int_equal(c->hook_limit_ms, 30000);
    assert_false(c->sends_fqdn);
    assert_false(c->rapid_commit);
    assert_int_equal(c->server, 0);
    assert_true(c->default_route);
    assert_true(c->acd);
    assert_string_equal(c->profile.name, "rfc2131");
    assert_string_equal(c->profile_file, "");
}

static void empty_map_gives_the_defaults(void **state)
{
    (void)state;
    struct cli_config c;
    assert_int_equal(parse("{}", &c), 0);
    assert_string_equal(error, "");
    assert_default(&c);
}

static void every_key_is_read(void **state)
{
    (void)state;
    struct cli_config c;
    int err = parse("{ \"hostname\": \"h1\", \"vendor-class\": \"lab\", \"client-id\": \"00:61:62\",\n"
                    "  \"parameter-request-list\": [\"routers\", 1, \"domain-name\", 254],\n"
                    "  \"requested-address\": \"10.0.0.10\", \"requested-lease-time\": 4294967295,\n"
                    "  \"max-message-size\": 576, \"broadcast\": true, \"start-delay-ms\": [0, 50],\n"
                    "  \"collect-offers-ms\": 250, \"server\": \"10.0.0.2\", \"default-route\": false,\n"
                    "  \"address-conflict-detection\": false, \"choose-offer\": \"requested-address\",\n"
                    "  \"deny-servers\": [\"10.0.0.66\", \"10.0.0.67\"],\n"
                    "  \"comment\": \"any\" }",
                    &c);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    assert_string_equal(c.hostname, "h1");
    assert_string_equal(c.vendor_class, "lab");
    assert_int_equal(c.client_id_kind, CLI_CLIENT_ID_BYTES);
    assert_int_equal(c.client_id_len, 3);
    assert_memory_equal(c.client_id, "\0ab", 3);
    assert_int_equal(c.n_prl, 4);
    assert_memory_equal(c.prl, "\3\1\17\376", 4);
    assert_int_equal(c.requested_address, 0x0a00000a);
    assert_int_equal(c.requested_lease_s, LEASE_INFINITE);
    assert_int_equal(c.max_message_size, 576);
    assert_true(c.broadcast);
    assert_int_equal(c.start_delay_min_ms, 0);
    assert_int_equal(c.start_delay_max_ms, 50);
    assert_int_equal(c.collect_offers_ms, 250);
    assert_int_equal(c.server, 0x0a000002);
    assert_int_equal(c.choice, CLI_CHOOSE_ADDRESS);
    assert_int_equal(c.n_deny, 2);
    assert_int_equal(c.deny[1], 0x0a000043);
    assert_false(c.default_route);
    assert_false(c.acd);
}

/* What the configuration sets itself stands, wherever the key of the profile is. */
static void a_profile_sets_what_the_configuration_does_not(void **state)
{
    (void)state;
    struct cli_config c;
    assert_int_equal(parse("{ \"profile\": \"dhcpcd\" }", &c), 0);
    assert_string_equal(c.profile.name, "dhcpcd");
    assert_int_equal(c.start_delay_min_ms, 0);
    assert_int_equal(c.start_delay_max_ms, 1000);
    assert_true(c.acd);
    assert_int_equal(parse("{ \"address-conflict-detection\": true, \"profile\": \"udhcpc\",\n"
                           "  \"start-delay-ms\": [5, 6] }",
                           &c),
                     0);
    assert_int_equal(c.start_delay_min_ms, 5);
    assert_int_equal(c.start_delay_max_ms, 6);
    assert_true(c.acd);
    assert_int_equal(c.profile.acd_numbers.probe_num, 1);
}

static void a_profile_that_is_a_file_is_left_to_the_caller(void **state)
{
    (void)state;
    struct cli_config c;
    assert_int_equal(parse("{ \"profile\": \"mine.json\" }", &c), 0);
    assert_string_equal(c.profile_file, "mine.json");
    assert_int_equal(parse("{ \"profile\": \"/etc/udhcpc\" }", &c), 0);
    assert_string_equal(c.profile_file, "/etc/udhcpc");
    struct cli_profile profile;
    assert_int_equal(cli_profile_find("networkd", &profile), 0);
    cli_config_use_profile(&c, &profile);
    assert_string_equal(c.profile_file, "");
    assert_string_equal(c.profile.name, "networkd");
    assert_false(c.acd);
}

static void client_identifier_words(void **state)
{
    (void)state;
    struct cli_config c;
    assert_int_equal(parse("{ \"client-id\": \"none\" }", &c), 0);
    assert_int_equal(c.client_id_kind, CLI_CLIENT_ID_NONE);
    assert_int_equal(parse("{ \"client-id\": \"duid\" }", &c), 0);
    assert_int_equal(c.client_id_kind, CLI_CLIENT_ID_DUID);
    assert_int_equal(parse("{ \"client-id\": \"hw\" }", &c), 0);
    assert_int_equal(c.client_id_kind, CLI_CLIENT_ID_HW);
}

static void empty_request_list_asks_for_nothing(void **state)
{
    (void)state;
    struct cli_config c;
    assert_int_equal(parse("{ \"parameter-request-list\": [] }", &c), 0);
    assert_int_equal(c.n_prl, 0);
}

/* Each mistake is named with line, column and path; the rest of the sentence is for people. */
static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *path;
    } rows[] = {
        {"[]", "c.json:1:1:", "$"},
        {"{\n  \"profile\": \"rfc2132\" }", "c.json:2:14:", "$.profile"},
        {"{\n  \"profile\": 1 }", "c.json:2:14:", "$.profile"},
        {"{\n  \"timer-fuzz-ms\": [1, 0] }", "c.json:2:20:", "$.timer-fuzz-ms"},
        {"{\n  \"timer-fuzz-ms\": [-600001, 0] }", "c.json:2:21:", "$.timer-fuzz-ms[0]"},
        {"{\n  \"hostnam\": \"h1\" }", "c.json:2:", "$.hostnam"},
        {"{\n  \"hostname\": 5 }", "c.json:2:15:", "$.hostname"},
        {"{ \"hostname\": \"\" }", "c.json:1:15:", "$.hostname"},
        {"{ \"client-id\": \"01\" }", "c.json:1:16:", "$.client-id"},
        {"{ \"client-id\": \"zz:zz\" }", "c.json:1:16:", "$.client-id"},
        {"{ \"parameter-request-list\": [1, 0] }", "c.json:1:33:", "$.parameter-request-list[1]"},
        {"{ \"parameter-request-list\": [255] }", "c.json:1:30:", "$.parameter-request-list[0]"},
        {"{ \"parameter-request-list\": [1.5] }", "c.json:1:30:", "$.parameter-request-list[0]"},
        {"{ \"parameter-request-list\": [\"no\"] }", "c.json:1:30:", "$.parameter-request-list[0]"},
        {"{ \"parameter-request-list\": [3, \"routers\"] }", "c.json:1:33:", "$.parameter-request-list[1]"},
        {"{ \"requested-address\": \"10.0.0.256\" }", "c.json:1:24:", "$.requested-address"},
        {"{ \"requested-address\": \"224.0.0.1\" }", "c.json:1:24:", "$.requested-address"},
        {"{ \"server\": \"255.255.255.255\" }", "c.json:1:13:", "$.server"},
        {"{ \"requested-lease-time\": 0 }", "c.json:1:27:", "$.requested-lease-time"},
        {"{ \"max-message-size\": 575 }", "c.json:1:23:", "$.max-message-size"},
        {"{ \"max-message-size\": 1501 }", "c.json:1:23:", "$.max-message-size"},
        {"{ \"broadcast\": 1 }", "c.json:1:16:", "$.broadcast"},
        {"{ \"start-delay-ms\": [5] }", "c.json:1:21:", "$.start-delay-ms"},
        {"{ \"start-delay-ms\": [5, 4] }", "c.json:1:21:", "$.start-delay-ms"},
        {"{ \"start-delay-ms\": [1, 2, 3] }", "c.json:1:21:", "$.start-delay-ms"},
        {"{ \"start-delay-ms\": [-1, 2] }", "c.json:1:22:", "$.start-delay-ms[0]"},
        {"{ \"start-delay-ms\": [1, 600001] }", "c.json:1:25:", "$.start-delay-ms[1]"},
        {"{ \"collect-offers-ms\": -1 }", "c.json:1:24:", "$.collect-offers-ms"},
        {"{ \"choose-offer\": \"best\" }", "c.json:1:19:", "$.choose-offer"},
        {"{ \"choose-offer\": \"requested-address\" }", "c.json:1:19:", "$.choose-offer"},
        {"{ \"deny-servers\": [\"10.0.0.1\", 5] }", "c.json:1:32:", "$.deny-servers[1]"},
        {"{ \"hook\": \"\" }", "c.json:1:11:", "$.hook"},
        {"{ \"hook-timeout\": 0 }", "c.json:1:19:", "$.hook-timeout"},
        {"{ \"default-route\": \"yes\" }", "c.json:1:20:", "$.default-route"},
        {"{ \"address-conflict-detection\": 1 }", "c.json:1:33:", "$.address-conflict-detection"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_config c;
        assert_int_equal(parse(rows[i].text, &c), ERR_CONFIG);
        if (strncmp(error, rows[i].place, strlen(rows[i].place)) != 0 || strstr(error, rows[i].path) == NULL)
            fail_msg("%s\ngives: %s\nnot:   %s ... %s", rows[i].text, error, rows[i].place, rows[i].path);
    }
}

static void texts_have_the_length_of_one_option(void **state)
{
    (void)state;
    char text[400];
    char name[257];
    struct cli_config c;
    memset(name, 'a', sizeof name);
    name[255] = '\0';
    snprintf(text, sizeof text, "{ \"hostname\": \"%s\" }", name);
    assert_int_equal(parse(text, &c), 0);
    assert_string_equal(c.hostname, name);
    name[255] = 'a';
    name[256] = '\0';
    snprintf(text, sizeof text, "{ \"hostname\": \"%s\" }", name);
    assert_int_equal(parse(text, &c), ERR_CONFIG);
}

static void servers_to_deny_have_a_limit(void **state)
{
    (void)state;
    char text[512] = "{ \"deny-servers\": [\"10.0.0.1\"";
    for (int i = 1; i < CLI_DENY_MAX; i++)
        strcat(text, ", \"10.0.0.1\"");
    struct cli_config c;
    size_t len = strlen(text);
    strcpy(text + len, "] }");
    assert_int_equal(parse(text, &c), 0);
    assert_int_equal(c.n_deny, CLI_DENY_MAX);
    strcpy(text + len, ", \"10.0.0.1\"] }");
    assert_int_equal(parse(text, &c), ERR_CONFIG);
    assert_non_null(strstr(error, "$.deny-servers[16]"));
}

static void every_prefix_of_a_file_is_survived(void **state)
{
    (void)state;
    static const char text[] = "{ \"client-id\": \"00:61\", \"parameter-request-list\": [1, \"routers\"], "
                               "\"start-delay-ms\": [0, 1] }";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct cli_config c;
        assert_int_equal(cli_config_parse("c.json", text, len, NULL, NULL, error, &c), ERR_CONFIG);
        assert_memory_equal(error, "c.json:1:", 9);
    }
}

/* The example says that it holds the defaults. Tests run in the source folder. */
static void example_file_is_the_defaults(void **state)
{
    (void)state;
    static char text[16384];
    FILE *file = fopen("config/client.json", "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    struct cli_config c;
    int err = cli_config_parse("config/client.json", text, len, NULL, NULL, error, &c);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    assert_default(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_map_gives_the_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(a_profile_sets_what_the_configuration_does_not),
        cmocka_unit_test(a_profile_that_is_a_file_is_left_to_the_caller),
        cmocka_unit_test(client_identifier_words),
        cmocka_unit_test(empty_request_list_asks_for_nothing),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(texts_have_the_length_of_one_option),
        cmocka_unit_test(servers_to_deny_have_a_limit),
        cmocka_unit_test(every_prefix_of_a_file_is_survived),
        cmocka_unit_test(example_file_is_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
