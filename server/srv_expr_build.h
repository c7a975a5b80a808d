/* An expression while it is compiled: the token at hand, the steps so far, the first error. Not for others
 * than srv_expr_term and srv_expr_parse.
 *
 * After the first error every token is the end, so that all rules of the grammar return at once. */
#pragma once
#include "server/srv_expr_code.h"
#include "server/srv_expr_lex.h"

enum { SRV_EXPR_STEPS_OF_TOKEN = 2 }; /* at most */

struct srv_expr_build {
    struct arena *arena;
    const char *text, *at;
    struct srv_expr_token token; /* the next one */
    const struct srv_expr_names *names;
    struct srv_expr_step *steps; /* room for those of all tokens */
    size_t n;
    unsigned depth;  /* of nesting */
    unsigned height; /* values on the stack */
    bool failed, out_of_memory;
    struct srv_expr_error *error;
};

/* Records the error if it is the first one. printf-style. */
void srv_expr_build_fail(struct srv_expr_build *p, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "expected WHAT, found ...", at the token at hand. */
void srv_expr_build_expected(struct srv_expr_build *p, const char *what);

void srv_expr_build_next(struct srv_expr_build *p);
bool srv_expr_build_is(const struct srv_expr_token *t, enum srv_expr_token_kind kind, const char *text);
/* Takes the token if it is this one. */
bool srv_expr_build_take_sign(struct srv_expr_build *p, const char *sign);
bool srv_expr_build_take_word(struct srv_expr_build *p, const char *word);
/* The same; it is an error if it is not. */
void srv_expr_build_need_sign(struct srv_expr_build *p, const char *sign);
/* The integer at hand, which must be `low` to `high`. */
int64_t srv_expr_build_integer(struct srv_expr_build *p, int64_t low, int64_t high);

/* Appends a step to fill in. */
struct srv_expr_step *srv_expr_build_add(struct srv_expr_build *p, enum srv_expr_op op);
/* Appends octets, of which a copy is made. */
void srv_expr_build_data(struct srv_expr_build *p, const void *data, size_t len);

/* One level deeper; p->depth goes back by itself. False, and an error, beyond SRV_EXPR_NEST_MAX. */
bool srv_expr_build_enter(struct srv_expr_build *p);
