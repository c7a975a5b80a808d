/* The profiles that come with the program, for tests that need their numbers. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli_profile.h"

/* Static storage, until the next call. */
static inline const struct cli_profile *profile_of(const char *name)
{
    static struct cli_profile profile;
    assert_int_equal(cli_profile_find(name, &profile), 0);
    return &profile;
}
