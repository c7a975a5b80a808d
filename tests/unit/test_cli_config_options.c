/* Options that a client is told to send, from the file to the message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_config.h"
#include "client/cli_message.h"
#include "common/err.h"

static char error[JCFG_TEXT_MAX];
static const struct hw_addr hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 1}};

static int parse(const char *text, struct cli_config *out)
{
    return cli_config_parse("c.json", text, strlen(text), NULL, NULL, error, out);
}

static struct dhcp_msg *build(const char *text, enum cli_form form)
{
    static struct dhcp_msg m;
    static struct cli_config c;
    assert_int_equal(parse(text, &c), 0);
    cli_message_build(&c, &hw, &(struct cli_draft){.form = form, .addr = 1, .server_id = 1, .text = "in use"},
                      &m);
    return &m;
}

static void assert_option(const struct dhcp_msg *m, uint8_t code, const void *data, size_t len)
{
    const struct dhcp_option *option = dhcp_msg_find(m, code);
    assert_non_null(option);
    assert_int_equal(option->len, len);
    assert_memory_equal(option->data, data, len);
}

static void rfc3004_user_classes(void **state)
{
    (void)state;
    static const char text[] = "{ \"user-class\": [\"ab\", \"c\"] }";
    /* each with its length in front */
    static const uint8_t expected[] = {2, 'a', 'b', 1, 'c'};
    assert_option(build(text, CLI_FORM_DISCOVER), 77, expected, sizeof expected);
    assert_option(build(text, CLI_FORM_REQUEST_RENEWING), 77, expected, sizeof expected);
    assert_false(dhcp_msg_has(build(text, CLI_FORM_RELEASE), 77));
    assert_false(dhcp_msg_has(build("{ \"user-class\": [] }", CLI_FORM_DISCOVER), 77));
}

static void rfc4702_fqdn_in_each_of_its_moods(void **state)
{
    (void)state;
    static const struct {
        const char *who;
        uint8_t flags; /* E (4), with S (1) or N (8) */
    } rows[] = {{"server", 5}, {"client", 4}, {"none", 12}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "{ \"hostname\": \"h1\", \"fqdn\": \"h1.lab\", \"fqdn-update\": \"%s\" }",
                 rows[i].who);
        /* flags, two response codes, h1.lab. as labels */
        uint8_t expected[] = {rows[i].flags, 0, 0, 2, 'h', '1', 3, 'l', 'a', 'b', 0};
        struct dhcp_msg *m = build(text, CLI_FORM_REQUEST_SELECTING);
        assert_option(m, 81, expected, sizeof expected);
        assert_false(dhcp_msg_has(m, DHCP_OPT_HOST_NAME)); /* RFC 4702 3.1 */
    }
    static const uint8_t by_default[] = {5, 0, 0, 1, 'h', 0};
    assert_option(build("{ \"fqdn\": \"h\" }", CLI_FORM_DISCOVER), 81, by_default, sizeof by_default);
}

static void any_option_by_text_or_octets(void **state)
{
    (void)state;
    static const char text[] =
        "{ \"option-data\": [ { \"name\": \"subnet-selection\", \"data\": \"10.0.0.0\" },\n"
        "  { \"code\": 93, \"data\": \"7\" }, { \"code\": 224, \"data\": \"00ff\", \"csv-format\": false },\n"
        "  { \"code\": 116, \"csv-format\": false, \"data\": \"01\" } ] }";
    static const uint8_t subnet[] = {10, 0, 0, 0}, arch[] = {0, 7}, octets[] = {0, 255}, one[] = {1};
    const struct dhcp_msg *m = build(text, CLI_FORM_DISCOVER);
    assert_option(m, 118, subnet, 4);
    assert_option(m, 93, arch, 2);
    assert_option(m, 224, octets, 2);
    assert_option(m, 116, one, 1);
    m = build(text, CLI_FORM_DECLINE);
    assert_false(dhcp_msg_has(m, 118));
}

static void rfc4361_duid_identifier_is_in_every_message(void **state)
{
    (void)state;
    /* 255, IAID, DUID-LL */
    static const uint8_t expected[] = {255, 0, 0, 0, 1, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1};
    for (enum cli_form form = CLI_FORM_DISCOVER; form <= CLI_FORM_RELEASE; form++)
        assert_option(build("{ \"client-id\": \"duid\" }", form), 61, expected, sizeof expected);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path, *words;
    } rows[] = {
        {"{ \"user-class\": \"a\" }", "$.user-class", "list"},
        {"{ \"user-class\": [\"\"] }", "$.user-class[0]", "1 to 255"},
        {"{ \"fqdn\": \"a..b\" }", "$.fqdn", "a..b"},
        {"{ \"fqdn\": \"a\", \"fqdn-update\": \"all\" }", "$.fqdn-update", "server"},
        {"{ \"fqdn-update\": \"none\" }", "$.fqdn-update", "no \"fqdn\""},
        {"{ \"rapid-commit\": 1 }", "$.rapid-commit", ""},
        {"{ \"option-data\": [5] }", "$.option-data[0]", "map"},
        {"{ \"option-data\": [{}] }", "$.option-data[0]", "name"},
        {"{ \"option-data\": [{ \"name\": \"nothing\" }] }", "$.option-data[0].name", "nothing"},
        {"{ \"option-data\": [{ \"name\": \"routers\", \"code\": 4 }] }", "$.option-data[0].name",
         "that option"},
        {"{ \"option-data\": [{ \"code\": 255 }] }", "$.option-data[0].code", ""},
        {"{ \"option-data\": [{ \"code\": 93, \"data\": \"x\" }] }", "$.option-data[0].data", "option 93"},
        {"{ \"option-data\": [{ \"code\": 224, \"csv-format\": true }] }", "$.option-data[0].csv-format",
         "no definition"},
        {"{ \"option-data\": [{ \"code\": 61, \"data\": \"01\" }] }", "$.option-data[0]", "client-id"},
        {"{ \"option-data\": [{ \"code\": 108, \"data\": \"1\" }] }", "$.option-data[0]",
         "parameter-request-list"},
        {"{ \"option-data\": [{ \"code\": 93, \"data\": \"1\" }, { \"code\": 93, \"data\": \"2\" }] }",
         "$.option-data[1]", "already"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_config c;
        assert_int_equal(parse(rows[i].text, &c), ERR_CONFIG);
        if (strstr(error, rows[i].path) == NULL || strstr(error, rows[i].words) == NULL)
            fail_msg("%s\ngives: %s", rows[i].text, error);
    }
}

static void own_options_cannot_be_set_twice_over(void **state)
{
    (void)state;
    static const uint8_t codes[] = {12, 50, 51, 52, 53, 54, 55, 56, 57, 60, 61, 77, 80, 81, 108};
    for (size_t i = 0; i < sizeof codes; i++) {
        char text[120];
        struct cli_config c;
        snprintf(text, sizeof text,
                 "{ \"option-data\": [{ \"code\": %u, \"csv-format\": false, \"data\": \"01\" }] }",
                 codes[i]);
        assert_int_equal(parse(text, &c), ERR_CONFIG);
        assert_non_null(strstr(error, "cannot be configured here"));
    }
}

static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    static char text[8192];
    char data[1200];
    struct cli_config c;
    memset(data, 'a', sizeof data);
    snprintf(text, sizeof text,
             "{ \"option-data\": [{ \"code\": 224, \"csv-format\": false, \"data\": \"'%.1000s'\" }] }",
             data);
    assert_int_equal(parse(text, &c), 0);
    snprintf(text, sizeof text,
             "{ \"option-data\": [{ \"code\": 224, \"csv-format\": false, \"data\": \"'%.1022s'\" }] }",
             data);
    assert_int_equal(parse(text, &c), ERR_CONFIG);
    assert_non_null(strstr(error, "more than 1024 octets"));
    snprintf(text, sizeof text,
             "{ \"hostname\": \"%.255s\", \"option-data\": [{ \"code\": 224, \"csv-format\": false, "
             "\"data\": \"'%.1000s'\" }] }",
             data, data);
    assert_int_equal(parse(text, &c), ERR_CONFIG);
    assert_non_null(strstr(error, "1472"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3004_user_classes),
        cmocka_unit_test(rfc4702_fqdn_in_each_of_its_moods),
        cmocka_unit_test(any_option_by_text_or_octets),
        cmocka_unit_test(rfc4361_duid_identifier_is_in_every_message),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(own_options_cannot_be_set_twice_over),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
