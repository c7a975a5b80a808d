#include "common/reason.h"

#include <assert.h>

static const struct {
    const char *token;
    const char *text;
} rows[REASON_COUNT] = {
#define X(name, token, text) [name] = {token, text},
    REASON_MAP(X)
#undef X
};

const char *reason_token(enum reason reason)
{
    assert(reason < REASON_COUNT);
    return rows[reason].token;
}

const char *reason_text(enum reason reason)
{
    assert(reason < REASON_COUNT);
    return rows[reason].text;
}
