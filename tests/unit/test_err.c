#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"

static void every_code_is_negative_and_has_a_text_of_its_own(void **state)
{
    (void)state;
    static const int codes[] = {
#define X(name, number, text) name,
        ERR_MAP(X)
#undef X
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_true(codes[i] < 0);
        assert_string_not_equal(err_text(codes[i]), err_text(1));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(err_text(codes[i]), err_text(codes[j]));
    }
    assert_string_equal(err_text(ERR_DENIED), "permission denied");
}

static void what_is_no_code_has_a_text_too(void **state)
{
    (void)state;
    assert_string_equal(err_text(0), "success");
    assert_string_equal(err_text(1), "unknown error");
    assert_string_equal(err_text(-1000), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_negative_and_has_a_text_of_its_own),
        cmocka_unit_test(what_is_no_code_has_a_text_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
