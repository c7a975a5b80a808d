/* The registry of options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_table.h"
#include "common/dhcp_proto.h"

static void check_name_style(const char *name)
{
    assert_true(name[0] != '-' && name[0] != '\0' && name[strlen(name) - 1] != '-');
    assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
}

/* Octets that a fixed field has, so that dhcp_opt.c may read them without asking. */
static void check_layout(const struct opt_def *def, int depth)
{
    assert_true(depth < 3);
    assert_true(def->max == 0 || def->min <= def->max);
    assert_true(def->multiple == 0 || def->min % def->multiple == 0);
    assert_true(def->high == 0 || def->low <= def->high);
    assert_true((def->type == OPT_RECORD) == (def->fields != NULL));
    for (const struct opt_def *field = def->fields; field != NULL && field->name != NULL; field++) {
        assert_true(field->type != OPT_RECORD);
        assert_null(field->rfc);
        if (field[1].name != NULL)
            assert_true(field->min == field->max && field->min > 0);
        check_layout(field, depth + 1);
    }
}

static void rows_are_sorted_unique_and_complete(void **state)
{
    (void)state;
    for (int space = 0; space < OPT_SPACE_COUNT; space++) {
        struct opt_rows table = dhcp_opt_table((enum opt_space)space);
        for (size_t i = 0; i < table.n; i++) {
            const struct opt_def *def = &table.rows[i];
            assert_true(i == 0 || table.rows[i - 1].code < def->code);
            check_name_style(def->name);
            check_layout(def, 0);
            assert_non_null(def->rfc);
            bool is_number = strlen(def->rfc) >= 4 && strspn(def->rfc, "0123456789") == 4;
            assert_true(is_number || strcmp(def->rfc, "-") == 0);
            /* so that every name is found, and finds its own row */
            assert_ptr_equal(dhcp_opt_find_name((enum opt_space)space, def->name), def);
            assert_ptr_equal(dhcp_opt_find((enum opt_space)space, def->code), def);
        }
    }
}

/* Sub-options hold sub-options only for RFC 4243 in option 82: printing a value recurses no deeper. */
static void inner_spaces_do_not_nest(void **state)
{
    (void)state;
    for (int space = OPT_SPACE_DHCP + 1; space < OPT_SPACE_COUNT; space++) {
        struct opt_rows table = dhcp_opt_table((enum opt_space)space);
        for (size_t i = 0; i < table.n; i++) {
            enum opt_type type = table.rows[i].type;
            bool nests = type == OPT_SUBOPTIONS || type == OPT_ATTRIBUTES || type == OPT_VIVSO;
            if (nests)
                assert_int_equal(space, OPT_SPACE_RELAY);
            for (const struct opt_def *f = table.rows[i].fields; f != NULL && f->name != NULL; f++)
                assert_true(f->type != OPT_SUBOPTIONS && f->type != OPT_ATTRIBUTES && f->type != OPT_VIVSO);
            if (type == OPT_SUBOPTIONS || type == OPT_ATTRIBUTES)
                assert_true(table.rows[i].sub != OPT_SPACE_RELAY && table.rows[i].sub != OPT_SPACE_DHCP);
        }
    }
}

/* The codes of IANA's list "BOOTP Vendor Extensions and DHCP Options", and two that everybody uses. */
static void every_assigned_code_has_a_row(void **state)
{
    (void)state;
    static const struct {
        int first, last;
    } assigned[] = {{0, 83},    {85, 95},   {97, 101},  {108, 109}, {112, 114},
                    {116, 125}, {128, 148}, {150, 159}, {161, 162}, {175, 177},
                    {208, 213}, {220, 221}, {249, 249}, {252, 252}, {255, 255}};
    int next = 0;
    for (size_t i = 0; i < sizeof assigned / sizeof assigned[0]; i++) {
        for (; next < assigned[i].first; next++)
            assert_null(dhcp_opt_find(OPT_SPACE_DHCP, (uint8_t)next));
        for (; next <= assigned[i].last; next++)
            assert_non_null(dhcp_opt_find(OPT_SPACE_DHCP, (uint8_t)next));
    }
    for (int code = 1; code <= 19; code++)
        assert_true((dhcp_opt_find(OPT_SPACE_RELAY, (uint8_t)code) == NULL) == (code == 3));
    assert_null(dhcp_opt_find(OPT_SPACE_VIVCO, 1));
}

/* Configurations name options as Kea does. */
static void names_are_those_of_kea(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t code;
    } names[] = {{"subnet-mask", 1},
                 {"routers", 3},
                 {"domain-name-servers", 6},
                 {"host-name", 12},
                 {"boot-size", 13},
                 {"vendor-encapsulated-options", 43},
                 {"netbios-dd-server", 45},
                 {"dhcp-lease-time", 51},
                 {"dhcp-message-type", 53},
                 {"dhcp-renewal-time", 58},
                 {"tftp-server-name", 66},
                 {"streettalk-directory-assistance-server", 76},
                 {"dhcp-agent-options", 82},
                 {"bcms-controller-names", 88},
                 {"v6-only-preferred", 108},
                 {"domain-search", 119},
                 {"classless-static-route", 121},
                 {"vivso-suboptions", 125},
                 {"option-6rd", 212}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(dhcp_opt_find_name(OPT_SPACE_DHCP, names[i].name)->code, names[i].code);
    assert_null(dhcp_opt_find_name(OPT_SPACE_DHCP, "Routers"));
    assert_null(dhcp_opt_find_name(OPT_SPACE_DHCP, ""));
    assert_null(dhcp_opt_find_name(OPT_SPACE_VIVCO, "routers"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_unique_and_complete),
        cmocka_unit_test(inner_spaces_do_not_nest),
        cmocka_unit_test(every_assigned_code_has_a_row),
        cmocka_unit_test(names_are_those_of_kea),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
