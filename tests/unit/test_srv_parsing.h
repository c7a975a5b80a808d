/* One configuration as a text, what came of it, and what it was warned of. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "server/srv_config.h"

static struct srv_config *config;
static char error[JCFG_TEXT_MAX];
static char warnings[4096];

static inline void keep_warning(void *user, const char *text)
{
    (void)user;
    size_t used = strlen(warnings);
    snprintf(warnings + used, sizeof warnings - used, "%s\n", text); /* as many as there is room for */
}

static inline int parse(const char *text)
{
    srv_config_free(config);
    error[0] = warnings[0] = '\0';
    return srv_config_parse("server.json", text, strlen(text), keep_warning, NULL, error, &config);
}

static inline void accept(const char *text)
{
    int err = parse(text);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    assert_non_null(config);
}

static inline void refuse(const char *text, const char *expected)
{
    assert_int_equal(parse(text), ERR_CONFIG);
    assert_string_equal(error, expected);
    assert_null(config);
}

static inline int stop(void **state)
{
    (void)state;
    srv_config_free(config);
    config = NULL;
    return 0;
}
