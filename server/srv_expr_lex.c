#include "server/srv_expr_lex.h"

#include <ctype.h>
#include <string.h>

#define DIGITS     "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"
#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static size_t len_of_integer(const char *p)
{
    size_t sign = *p == '-';
    size_t digits = strspn(p + sign, DIGITS);
    return digits == 0 ? 0 : sign + digits;
}

/* 2001:db8::1, ::ffff:192.0.2.1; no other token has a colon. */
static size_t len_of_ip6(const char *p)
{
    size_t len = strspn(p, HEX_DIGITS ":.");
    return memchr(p, ':', len) != NULL ? len : 0;
}

static size_t len_of_sign(const char *p)
{
    if (strncmp(p, "==", 2) == 0)
        return 2;
    return *p != '\0' && strchr("()[],.+*", *p) != NULL;
}

static void set(struct srv_expr_token *token, enum srv_expr_token_kind kind, size_t skipped, size_t len)
{
    token->kind = kind;
    token->start += skipped;
    token->len = len;
}

/* Sets the token at token->start; returns the octets that it takes in the text. */
static size_t read_token(struct srv_expr_token *token)
{
    const char *p = token->start;
    size_t len;
    if (*p == '\0')
        set(token, TOKEN_END, 0, 0);
    else if (*p == '\'' && p[len = 1 + strcspn(p + 1, "'\n")] == '\'') {
        set(token, TOKEN_STRING, 1, len - 1);
        return len + 1;
    } else if (*p == '0' && (p[1] == 'x' || p[1] == 'X') && (len = strspn(p + 2, HEX_DIGITS)) != 0) {
        set(token, TOKEN_HEX, 2, len);
        return len + 2;
    } else if ((len = len_of_ip6(p)) != 0)
        set(token, TOKEN_IP6, 0, len);
    else if ((len = len_of_integer(p)) != 0 && p[len] == '.')
        set(token, TOKEN_IP4, 0, strspn(p, "-" DIGITS "."));
    else if (len != 0)
        set(token, TOKEN_INTEGER, 0, len);
    else if (isalpha((unsigned char)*p))
        set(token, TOKEN_WORD, 0, strspn(p, LETTERS DIGITS "-_"));
    else if ((len = len_of_sign(p)) != 0)
        set(token, TOKEN_SIGN, 0, len);
    else
        set(token, TOKEN_BAD, 0, 1);
    return token->len;
}

struct srv_expr_token srv_expr_lex(const char *text, const char **at)
{
    const char *p = *at + strspn(*at, " \t\r\n");
    struct srv_expr_token token = {.start = p, .column = (unsigned)(p - text) + 1};
    *at = p + read_token(&token);
    return token;
}
