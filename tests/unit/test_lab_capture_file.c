/* A capture that cannot be written is told, whoever found out first and however often it is tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "lab/capture_file.h"

/* A file that takes nothing the first time it is written to, and all after that, as stdio forgets what it
 * could not write. */
static ssize_t write_once_too_large(void *user, const char *bytes, size_t len)
{
    int *writes = user;
    (void)bytes;
    if ((*writes)++ > 0)
        return (ssize_t)len;
    errno = EFBIG;
    return 0;
}

static void test_the_first_failure_is_the_one_told(void **state)
{
    (void)state;
    int writes = 0;
    FILE *out = fopencookie(&writes, "w", (cookie_io_functions_t){.write = write_once_too_large});
    assert_non_null(out);
    struct capture_file *f = capture_file_new(out, NULL);
    assert_non_null(f);
    capture_file_write(f);
    assert_true(capture_file_has_failed(f));
    errno = ENOENT;
    assert_false(capture_file_free(f));
    assert_int_equal(errno, EFBIG);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_first_failure_is_the_one_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
