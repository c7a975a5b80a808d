/* Kea's expression language for DHCPv4: the conditions (`test`) and values (`template-test`) of client
 * classes. Compiled once from the text of the configuration, evaluated for each message. Pure; evaluation
 * takes nothing from the heap, its time and memory are bounded by the length of the expression and of the
 * message.
 *
 *     values      'text'  0x5a7d  123 (4 octets)  192.0.2.1 (4 octets)  2001:db8::1 (16 octets)
 *                 option[60].hex  option[host-name].text  option[82].option[1].hex  relay4[1].hex
 *                 pkt.iface|src|dst|len  pkt4.mac|hlen|htype|ciaddr|giaddr|yiaddr|siaddr|msgtype|transid
 *                 vendor.enterprise  vendor[4491].option[1].hex  (option 125; [*]: of any enterprise)
 *                 vendor-class.enterprise  vendor-class[4491].data  vendor-class[4491].data[1]  (option 124)
 *                 substring(value, start, length|all)  split(value, delimiters, field)
 *                 concat(a, b)  a + b  ifelse(condition, a, b)  hexstring(value, separator)
 *                 lcase(value)  ucase(value)  addrtotext(value)
 *                 int8totext(value), int16-, int32-, uint8-, uint16-, uint32totext(value)
 *     conditions  a == b  option[82].exists  option[82].option[1].exists  relay4[1].exists
 *                 vendor[4491].exists  vendor[4491].option[1].exists  vendor-class[*].exists
 *                 member('gold')  known  unknown  not c  c and d  c or d  (c)
 *
 * Values are octets. What is absent from the message is the empty value. `hex` gives the octets of an option,
 * a text without the NULs at its end (RFC 2132 2); `text` gives a text, or printable octets of no known form,
 * as it is, and any other option as the log shows it. `and`, `or` and `ifelse` look at what decides only. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/dhcp_msg.h"
#include "common/packet.h"

enum {
    SRV_EXPR_STEPS_MAX = 65536, /* tokens of one expression */
    SRV_EXPR_NEST_MAX = 32,     /* parentheses, functions and `not` inside each other */
    SRV_EXPR_VALUES_MAX = 4 * SRV_EXPR_NEST_MAX,
    SRV_EXPR_SCRATCH_MAX = 8192, /* octets that the functions of one evaluation make */
    SRV_EXPR_NAME_MAX = 127,     /* octets of the name of a class or an option */
    SRV_EXPR_ERROR_MAX = 256,
};

/* What an expression gives. */
enum srv_expr_type { SRV_EXPR_CONDITION, SRV_EXPR_VALUE };

struct srv_expr; /* compiled; never changes */

/* What an expression may speak of by name. */
struct srv_expr_names {
    /* The code of an option of the configuration's own, or ERR_NOTFOUND. NULL: there is none. */
    int (*find_option)(void *user, const char *name);
    /* The number of the class (0 or more), or ERR_NOTFOUND: it is not defined, or not yet. `known` and
     * `unknown` ask for "KNOWN". */
    int (*find_class)(void *user, const char *name);
    void *user;
};

/* Why a text is no expression. */
struct srv_expr_error {
    unsigned column;               /* in the text, from 1 */
    char text[SRV_EXPR_ERROR_MAX]; /* "expected "==" ..., found ..." */
};

/* Compiles into `arena`. Returns 0 and *out; ERR_NOMEM; or ERR_INVALID and *out_error. */
int srv_expr_compile(struct arena *arena, const char *text, enum srv_expr_type type,
                     const struct srv_expr_names *names, const struct srv_expr **out,
                     struct srv_expr_error *out_error);

/* What an expression looks at. All borrowed. */
struct srv_expr_input {
    const struct dhcp_msg *msg;
    const struct packet *packet; /* addresses and length of the datagram */
    const char *iface;           /* that it came in on */
    bool (*is_member)(const void *user, unsigned class_number);
    const void *user;
};

enum srv_expr_verdict {
    SRV_EXPR_FALSE,
    SRV_EXPR_TRUE,
    SRV_EXPR_FAILED, /* a value cannot be converted, or is longer than SRV_EXPR_SCRATCH_MAX */
};

/* Does it look at nothing but what is on record of a lease's client: its hardware address, its client
 * identifier, with `has_relay_info` option 82, and classes for which `is_sure` is true? */
bool srv_expr_is_of_record(const struct srv_expr *expr, bool has_relay_info,
                           bool (*is_sure)(const void *user, unsigned class_number), const void *user);

/* Is the condition true for the message? *out_why is a sentence (static storage) if it failed. */
enum srv_expr_verdict srv_expr_test(const struct srv_expr *expr, const struct srv_expr_input *in,
                                    const char **out_why);
/* The value for the message: its length, at most `cap`; or ERR_INVALID and *out_why. */
int srv_expr_value(const struct srv_expr *expr, const struct srv_expr_input *in, uint8_t *out, size_t cap,
                   const char **out_why);
