/* The words of an expression: text in, one token at a time out. Pure. */
#pragma once
#include <stddef.h>

enum srv_expr_token_kind {
    TOKEN_END,
    TOKEN_WORD,    /* option, vendor-class, dhcp-lease-time */
    TOKEN_STRING,  /* 'text'; start and len are those of what stands between the quotes */
    TOKEN_HEX,     /* 0x5a7d; start and len are those of the digits */
    TOKEN_INTEGER, /* 123, -1 */
    TOKEN_IP4,     /* digits and dots */
    TOKEN_IP6,     /* hexadecimal digits, colons and dots */
    TOKEN_SIGN,    /* ( ) [ ] , . + * == */
    TOKEN_BAD,     /* a character that begins no token, or a string without an end */
};

struct srv_expr_token {
    enum srv_expr_token_kind kind;
    const char *start; /* into the text */
    size_t len;
    unsigned column; /* where it begins, from 1 */
};

/* The token at or after *at, which moves behind it. `text` is the whole, for the column. */
struct srv_expr_token srv_expr_lex(const char *text, const char **at);
