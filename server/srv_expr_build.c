#include "server/srv_expr_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens and errors ---- */

void srv_expr_build_fail(struct srv_expr_build *p, unsigned column, const char *format, ...)
{
    va_list args;
    if (!p->failed) {
        va_start(args, format);
        vsnprintf(p->error->text, sizeof p->error->text, format, args);
        va_end(args);
        p->error->column = column;
    }
    p->failed = true;
    p->token.kind = TOKEN_END;
}

void srv_expr_build_expected(struct srv_expr_build *p, const char *what)
{
    const struct srv_expr_token *t = &p->token;
    static const char ending[] = "a string without its closing quote";
    if (t->kind == TOKEN_END)
        srv_expr_build_fail(p, t->column, "expected %s, found the end of the expression", what);
    else if (t->kind == TOKEN_BAD && *t->start == '\'')
        srv_expr_build_fail(p, t->column, "expected %s, found %s", what, ending);
    else
        srv_expr_build_fail(p, t->column, "expected %s, found \"%.*s\"", what, t->len > 40 ? 40 : (int)t->len,
                            t->start);
}

void srv_expr_build_next(struct srv_expr_build *p)
{
    if (!p->failed)
        p->token = srv_expr_lex(p->text, &p->at);
}

bool srv_expr_build_is(const struct srv_expr_token *t, enum srv_expr_token_kind kind, const char *text)
{
    return t->kind == kind && t->len == strlen(text) && memcmp(t->start, text, t->len) == 0;
}

bool srv_expr_build_take_sign(struct srv_expr_build *p, const char *sign)
{
    bool is_there = srv_expr_build_is(&p->token, TOKEN_SIGN, sign);
    if (is_there)
        srv_expr_build_next(p);
    return is_there;
}

bool srv_expr_build_take_word(struct srv_expr_build *p, const char *word)
{
    bool is_there = srv_expr_build_is(&p->token, TOKEN_WORD, word);
    if (is_there)
        srv_expr_build_next(p);
    return is_there;
}

void srv_expr_build_need_sign(struct srv_expr_build *p, const char *sign)
{
    char what[8];
    if (!srv_expr_build_take_sign(p, sign)) {
        snprintf(what, sizeof what, "\"%s\"", sign);
        srv_expr_build_expected(p, what);
    }
}

/* ---- steps ---- */

/* Values that each step takes from the stack. */
static const uint8_t taken[] = {
#define X(name, taken) [name] = (taken),
    SRV_EXPR_OP_MAP(X)
#undef X
};

struct srv_expr_step *srv_expr_build_add(struct srv_expr_build *p, enum srv_expr_op op)
{
    struct srv_expr_step *step = &p->steps[p->n++];
    bool puts_none = op == EXPR_AND || op == EXPR_OR || op == EXPR_UNLESS || op == EXPR_GOTO;
    *step = (struct srv_expr_step){.op = op};
    p->height += (puts_none ? 0U : 1U) - taken[op];
    if (p->height > SRV_EXPR_VALUES_MAX)
        srv_expr_build_fail(p, p->token.column, "the expression holds more than %u values at a time",
                            SRV_EXPR_VALUES_MAX);
    return step;
}

void srv_expr_build_data(struct srv_expr_build *p, const void *data, size_t len)
{
    struct srv_expr_step *step = srv_expr_build_add(p, EXPR_DATA);
    uint8_t *copy = arena_alloc(p->arena, len + 1);
    if (copy == NULL) {
        p->out_of_memory = true;
        return;
    }
    step->data = memcpy(copy, data, len);
    step->a = (int64_t)len;
}

/* ---- numbers and names ---- */

int64_t srv_expr_build_integer(struct srv_expr_build *p, int64_t low, int64_t high)
{
    char what[64], digits[24];
    snprintf(what, sizeof what, "a number from %lld to %lld", (long long)low, (long long)high);
    if (p->token.kind != TOKEN_INTEGER || p->token.len >= sizeof digits) {
        srv_expr_build_expected(p, what);
        return low;
    }
    snprintf(digits, sizeof digits, "%.*s", (int)p->token.len, p->token.start);
    errno = 0;
    int64_t value = strtoll(digits, NULL, 10);
    if (errno != 0 || value < low || value > high) {
        srv_expr_build_expected(p, what);
        return low;
    }
    srv_expr_build_next(p);
    return value;
}

bool srv_expr_build_enter(struct srv_expr_build *p)
{
    if (++p->depth <= SRV_EXPR_NEST_MAX)
        return true;
    srv_expr_build_fail(p, p->token.column,
                        "more than %d parentheses, functions and \"not\" inside each other",
                        SRV_EXPR_NEST_MAX);
    return false;
}
