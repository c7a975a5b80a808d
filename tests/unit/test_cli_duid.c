/* The client identifier of RFC 4361, and the file that keeps it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_duid.h"
#include "common/err.h"

static const struct hw_addr hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 9}};
static char why[CLI_DUID_WHY_MAX];

static void rfc8415_11_4_duid_of_the_hardware_address(void **state)
{
    (void)state;
    /* type 3 (DUID-LL), hardware type 1, the address */
    static const uint8_t expected[] = {0, 3, 0, 1, 2, 0, 0, 0, 0, 9};
    struct cli_duid duid;
    cli_duid_from_hw(&hw, &duid);
    assert_int_equal(duid.len, sizeof expected);
    assert_memory_equal(duid.bytes, expected, sizeof expected);
}

static void rfc8415_11_2_duid_with_a_time(void **state)
{
    (void)state;
    /* type 1 (DUID-LLT), hardware type 1, seconds since 2000 (256), the address */
    static const uint8_t expected[] = {0, 1, 0, 1, 0, 0, 1, 0, 2, 0, 0, 0, 0, 9};
    struct cli_duid duid;
    cli_duid_new(&hw, (946684800LL + 256) * 1000, &duid);
    assert_int_equal(duid.len, sizeof expected);
    assert_memory_equal(duid.bytes, expected, sizeof expected);
}

static void rfc4361_6_1_identifier(void **state)
{
    (void)state;
    /* type 255, IAID, DUID */
    static const uint8_t expected[] = {255, 0, 0, 0, 9, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9};
    struct cli_duid duid;
    uint8_t id[CLI_DUID_CLIENT_ID_MAX];
    cli_duid_from_hw(&hw, &duid);
    assert_int_equal(cli_duid_client_id(cli_duid_iaid(&hw), &duid, id), sizeof expected);
    assert_memory_equal(id, expected, sizeof expected);
    struct hw_addr shorter = {.type = 1, .len = 2, .bytes = {1, 2}};
    assert_int_equal(cli_duid_iaid(&shorter), 0x0102);
}

static int keep(const char *text, const char *ifname, struct cli_duid *duid, uint32_t *iaid, char **out)
{
    why[0] = '\0';
    return cli_duid_keep("duid.json", text, text ? strlen(text) : 0, ifname, duid, iaid, out, why);
}

static void file_is_made_and_read_back(void **state)
{
    (void)state;
    struct cli_duid duid;
    uint32_t iaid = 7;
    char *text, *more, *none;
    cli_duid_new(&hw, 1000000000000LL, &duid);
    assert_int_equal(keep(NULL, "eth0", &duid, &iaid, &text), 0);
    assert_non_null(strstr(text, "\"00:01:00:01:"));
    /* The next start finds the same, whatever the hardware address is by then. */
    struct cli_duid later;
    uint32_t later_iaid = 8;
    memset(&later, 0xff, sizeof later);
    assert_int_equal(keep(text, "eth0", &later, &later_iaid, &none), 0);
    assert_null(none);
    assert_int_equal(later_iaid, 7);
    assert_int_equal(later.len, duid.len);
    assert_memory_equal(later.bytes, duid.bytes, duid.len);
    /* Another interface of the host: the same DUID, an IAID of its own, which is added. */
    uint32_t other_iaid = 8;
    assert_int_equal(keep(text, "eth1", &later, &other_iaid, &more), 0);
    assert_int_equal(other_iaid, 8);
    assert_memory_equal(later.bytes, duid.bytes, duid.len);
    other_iaid = 9;
    assert_int_equal(keep(more, "eth1", &later, &other_iaid, &none), 0);
    assert_int_equal(other_iaid, 8);
    free(text);
    free(more);
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"", "duid.json:1:1:"},
        {"[]", "duid.json:1:1:"},
        {"{}", "duid"},
        {"{ \"duid\": \"00:01\" }", "$.duid"},
        {"{ \"duid\": \"zz:zz:zz\" }", "$.duid"},
        {"{ \"duid\": \"00:03:00\", \"iaids\": { \"eth0\": -1 } }", "$.iaids.eth0"},
        {"{ \"duid\": \"00:03:00\", \"iaid\": 1 }", "$.iaid"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_duid duid;
        uint32_t iaid = 1;
        char *text;
        cli_duid_from_hw(&hw, &duid);
        assert_int_equal(keep(rows[i].text, "eth0", &duid, &iaid, &text), ERR_CONFIG);
        assert_null(text);
        if (strstr(why, rows[i].place) == NULL)
            fail_msg("%s gives: %s", rows[i].text, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8415_11_4_duid_of_the_hardware_address),
        cmocka_unit_test(rfc8415_11_2_duid_with_a_time),
        cmocka_unit_test(rfc4361_6_1_identifier),
        cmocka_unit_test(file_is_made_and_read_back),
        cmocka_unit_test(wrong_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
