#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli_crowd_table.h"
#include "client/cli_step.h"

static const struct hw_addr own = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0xab, 0xcd}};

static void a_hardware_address_has_the_number_of_its_member(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {0, 1, 255, 256, 65535, 65536, 99999, 0xffffff};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct hw_addr hw = cli_crowd_hw(&own, numbers[i]);
        assert_int_equal(hw.type, 1);
        assert_int_equal(hw.len, 6);
        assert_int_equal(hw.bytes[0] & 3, 2); /* locally administered, one host's */
        assert_int_equal(cli_crowd_number(&own, hw.bytes), numbers[i]);
    }
    struct hw_addr other = own;
    other.bytes[5]++;
    assert_int_equal(cli_crowd_number(&other, cli_crowd_hw(&own, 5).bytes), CLI_CROWD_NOBODY);
    assert_int_equal(cli_crowd_number(&own, own.bytes), CLI_CROWD_NOBODY);
}

/* Against a plain list, with few members and addresses, so that chains are long and addresses meet. */
static void members_are_found_by_the_address_they_have(void **state)
{
    (void)state;
    enum { MEMBERS = 7, ADDRS = 10 };
    struct cli_crowd_table t;
    assert_int_equal(cli_crowd_table_init(&t, MEMBERS), 0);
    ip4 has[MEMBERS] = {0};
    struct rng rng;
    rng_init(&rng, 1, "table");
    for (int round = 0; round < 5000; round++) {
        uint32_t member = (uint32_t)rng_between(&rng, 0, MEMBERS - 1);
        has[member] = (ip4)rng_between(&rng, 0, ADDRS);
        cli_crowd_table_set(&t, member, has[member]);
        for (ip4 addr = 1; addr <= ADDRS; addr++) {
            uint32_t found = cli_crowd_table_find(&t, addr);
            bool exists = false;
            for (int i = 0; i < MEMBERS; i++)
                exists |= has[i] == addr;
            assert_int_equal(found != CLI_CROWD_NOBODY, exists);
            if (exists)
                assert_int_equal(has[found], addr);
        }
    }
    cli_crowd_table_fini(&t);
}

/* Under 2 KiB for each of a crowd: the engine, and what the crowd has beside it. */
static void a_member_takes_less_than_2_kib(void **state)
{
    (void)state;
    assert_true(sizeof(struct cli_engine) <= CLI_ENGINE_SIZE_MAX);
    assert_true(CLI_ENGINE_SIZE_MAX + 128 + 12 < 2048);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hardware_address_has_the_number_of_its_member),
        cmocka_unit_test(members_are_found_by_the_address_they_have),
        cmocka_unit_test(a_member_takes_less_than_2_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
