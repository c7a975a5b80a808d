#include "server/srv_expr_parse.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "server/srv_expr_term.h"

/* ---- the levels, innermost first ---- */

static enum srv_expr_type parse_sum(struct srv_expr_build *p)
{
    unsigned column = p->token.column;
    enum srv_expr_type type = srv_expr_term(p);
    while (srv_expr_build_take_sign(p, "+")) {
        if (type != SRV_EXPR_VALUE)
            srv_expr_build_fail(p, column, "expected a value before \"+\", found a condition");
        column = p->token.column;
        if (srv_expr_term(p) != SRV_EXPR_VALUE)
            srv_expr_build_fail(p, column, "expected a value after \"+\", found a condition");
        srv_expr_build_add(p, EXPR_CONCAT);
    }
    return type;
}

static enum srv_expr_type parse_comparison(struct srv_expr_build *p)
{
    unsigned column = p->token.column;
    enum srv_expr_type type = parse_sum(p);
    if (!srv_expr_build_take_sign(p, "=="))
        return type;
    if (type != SRV_EXPR_VALUE)
        srv_expr_build_fail(p, column, "expected a value before \"==\", found a condition");
    srv_expr_parse_value(p);
    srv_expr_build_add(p, EXPR_EQUAL);
    return SRV_EXPR_CONDITION;
}

static enum srv_expr_type parse_not(struct srv_expr_build *p)
{
    if (!srv_expr_build_take_word(p, "not"))
        return parse_comparison(p);
    if (!srv_expr_build_enter(p))
        return SRV_EXPR_CONDITION;
    if (parse_not(p) != SRV_EXPR_CONDITION)
        srv_expr_build_expected(p, "\"==\" after a value");
    srv_expr_build_add(p, EXPR_NOT);
    p->depth--;
    return SRV_EXPR_CONDITION;
}

/* `level` by `level`, joined by `word`; the left side decides or is taken away (`op`). */
static enum srv_expr_type parse_joined(struct srv_expr_build *p, const char *word, enum srv_expr_op op,
                                       enum srv_expr_type (*level)(struct srv_expr_build *))
{
    enum srv_expr_type type = level(p);
    while (srv_expr_build_is(&p->token, TOKEN_WORD, word)) {
        if (type != SRV_EXPR_CONDITION)
            srv_expr_build_expected(p, "\"==\" after a value");
        struct srv_expr_step *step = srv_expr_build_add(p, op);
        srv_expr_build_next(p);
        if (level(p) != SRV_EXPR_CONDITION)
            srv_expr_build_expected(p, "\"==\" after a value");
        step->a = (int64_t)p->n;
    }
    return type;
}

static enum srv_expr_type parse_and(struct srv_expr_build *p)
{
    return parse_joined(p, "and", EXPR_AND, parse_not);
}

enum srv_expr_type srv_expr_parse_any(struct srv_expr_build *p)
{
    return parse_joined(p, "or", EXPR_OR, parse_and);
}

void srv_expr_parse_condition(struct srv_expr_build *p)
{
    if (srv_expr_parse_any(p) != SRV_EXPR_CONDITION)
        srv_expr_build_expected(p, "\"==\" after a value");
}

void srv_expr_parse_value(struct srv_expr_build *p)
{
    unsigned column = p->token.column;
    if (parse_sum(p) != SRV_EXPR_VALUE)
        srv_expr_build_fail(p, column, "expected a value, found a condition");
}

/* ---- the whole ---- */

static void parse_all(struct srv_expr_build *p, enum srv_expr_type type)
{
    srv_expr_build_next(p);
    if (type == SRV_EXPR_CONDITION)
        srv_expr_parse_condition(p);
    else
        srv_expr_parse_value(p);
    if (!p->failed && p->token.kind != TOKEN_END)
        srv_expr_build_expected(p, type == SRV_EXPR_CONDITION ? "\"and\", \"or\" or the end"
                                                              : "\"+\" or the end");
}

static size_t count_tokens(const char *text)
{
    const char *at = text;
    size_t n = 0;
    while (srv_expr_lex(text, &at).kind != TOKEN_END)
        n++;
    return n;
}

static int keep(struct srv_expr_build *p, enum srv_expr_type type, const struct srv_expr **out)
{
    struct srv_expr *expr = arena_alloc(p->arena, sizeof *expr);
    struct srv_expr_step *steps = arena_alloc(p->arena, p->n * sizeof *steps);
    if (expr == NULL || steps == NULL)
        return ERR_NOMEM;
    memcpy(steps, p->steps, p->n * sizeof *steps);
    *expr = (struct srv_expr){.steps = steps, .n = p->n, .type = type};
    *out = expr;
    return 0;
}

int srv_expr_compile(struct arena *arena, const char *text, enum srv_expr_type type,
                     const struct srv_expr_names *names, const struct srv_expr **out,
                     struct srv_expr_error *out_error)
{
    struct srv_expr_build p = {.arena = arena, .text = text, .at = text, .names = names, .error = out_error};
    size_t n = count_tokens(text);
    if (n > SRV_EXPR_STEPS_MAX) {
        srv_expr_build_fail(&p, 1, "the expression has %zu words and signs, more than %d", n,
                            SRV_EXPR_STEPS_MAX);
        return ERR_INVALID;
    }
    p.steps = calloc(SRV_EXPR_STEPS_OF_TOKEN * n + 1, sizeof *p.steps);
    if (p.steps == NULL)
        return ERR_NOMEM;
    parse_all(&p, type);
    int err = p.out_of_memory ? ERR_NOMEM : p.failed ? ERR_INVALID : keep(&p, type, out);
    free(p.steps);
    return err;
}
