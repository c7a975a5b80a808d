/* What an expression is compiled to: steps that take values from a stack and put their result on it. Only
 * those who write them (srv_expr_build, _term, _parse) and who follows them (srv_expr.c) look at it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "server/srv_expr.h"

/* X(identifier, values taken). Each puts one value but those that only jump. The parser knows the types:
 * no step ever finds a condition where it needs octets, or the reverse. */
#define SRV_EXPR_OP_MAP(X)                                                                                   \
    X(EXPR_DATA, 0)             /* data, a: length */                                                        \
    X(EXPR_OPTION, 0)           /* a: code; form */                                                          \
    X(EXPR_SUBOPTION, 0)        /* a: code, b: code of the sub-option; form */                               \
    X(EXPR_VENDOR, 0)           /* a: option 124 or 125, b: enterprise; is it there? */                      \
    X(EXPR_VENDOR_OPTION, 0)    /* a: enterprise, b: code; form */                                           \
    X(EXPR_VENDOR_CLASS, 0)     /* a: enterprise, b: which of its data */                                    \
    X(EXPR_VENDOR_NUMBER, 0)    /* a: option 124 or 125: the first enterprise */                             \
    X(EXPR_FIELD, 0)            /* a: enum srv_expr_field */                                                 \
    X(EXPR_MEMBER, 0)           /* a: number of the class */                                                 \
    X(EXPR_NOT, 1)              /* */                                                                        \
    X(EXPR_EQUAL, 2)            /* */                                                                        \
    X(EXPR_AND, 1)              /* a false value stays and the steps go on at a; a true one is taken */      \
    X(EXPR_OR, 1)               /* the reverse */                                                            \
    X(EXPR_UNLESS, 1)           /* takes a condition; if it is false, the steps go on at a */                \
    X(EXPR_GOTO, 0)             /* the steps go on at a */                                                   \
    X(EXPR_SUBSTRING, 1)        /* a: start, b: length */                                                    \
    X(EXPR_SPLIT, 2)            /* a: number of the field, from 1 */                                         \
    X(EXPR_CONCAT, 2)           /* */                                                                        \
    X(EXPR_HEXSTRING, 2)        /* */                                                                        \
    X(EXPR_LCASE, 1)            /* */                                                                        \
    X(EXPR_UCASE, 1)            /* */                                                                        \
    X(EXPR_ADDR_TO_TEXT, 1)     /* */                                                                        \
    X(EXPR_SIGNED_TO_TEXT, 1)   /* a: octets */                                                              \
    X(EXPR_UNSIGNED_TO_TEXT, 1) /* a: octets */

enum srv_expr_op {
#define X(name, taken) name,
    SRV_EXPR_OP_MAP(X)
#undef X
};

/* Of an option: its octets, its text, or whether it is there. */
enum srv_expr_form { EXPR_HEX, EXPR_TEXT, EXPR_EXISTS };

enum srv_expr_field {
    EXPR_IFACE,
    EXPR_SRC,
    EXPR_DST,
    EXPR_LEN,
    EXPR_MAC,
    EXPR_HLEN,
    EXPR_HTYPE,
    EXPR_CIADDR,
    EXPR_GIADDR,
    EXPR_YIADDR,
    EXPR_SIADDR,
    EXPR_MSGTYPE,
    EXPR_TRANSID,
};

enum { EXPR_ANY_ENTERPRISE = 0 };

#define EXPR_LENGTH_ALL INT64_MAX

struct srv_expr_step {
    enum srv_expr_op op;
    enum srv_expr_form form;
    int64_t a, b;
    const uint8_t *data;
};

struct srv_expr {
    const struct srv_expr_step *steps;
    size_t n;
    enum srv_expr_type type;
};
