/* A DHCP message as a value: decoding from and encoding to the UDP payload. RFC 2131 2, RFC 3396, RFC
 * 2132 9.3. Pure.
 *
 * Decoding never fails half-way: either the whole is refused with a reason (enum reason), or the message is
 * complete as far as it could be read and `defects` tells what was wrong with it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/dhcp_proto.h"
#include "common/reason.h"
#include "common/wire.h"

enum dhcp_region { DHCP_IN_OPTIONS, DHCP_IN_FILE, DHCP_IN_SNAME };

/* "options", "file" or "sname". */
const char *dhcp_region_name(enum dhcp_region region);

/* One option as found on the wire. An option that is split (RFC 3396) has several, of the same code. */
struct dhcp_piece {
    uint16_t offset; /* of the code octet, from the start of the message */
    uint8_t code;
    uint8_t len;
    enum dhcp_region region;
};

/* One option with its whole value. */
struct dhcp_option {
    uint8_t code;
    uint8_t pieces;  /* 1, or more if it was split */
    uint16_t offset; /* of the first piece's code octet; 0 in a message being built */
    uint16_t len;
    const uint8_t *data; /* into the decoded bytes, or into `store` */
};

/* What was wrong with a message that could be read all the same. Bits of dhcp_msg.defects. */
#define DHCP_DEFECT_MAP(X)                                                                                   \
    X(DHCP_DEFECT_NO_END, 0, "missing-end", "the options do not end with option 255")                        \
    X(DHCP_DEFECT_CUT, 1, "option-cut", "an option runs past the end of its field")                          \
    X(DHCP_DEFECT_OVERLOAD, 2, "bad-overload",                                                               \
      "option 52 is not 1, 2 or 3, or stands outside the options field")                                     \
    X(DHCP_DEFECT_LIMIT, 3, "too-many-pieces",                                                               \
      "more option pieces or octets than we keep; the rest is left out")

enum dhcp_defect {
#define X(name, bit, token, text) name = 1 << (bit),
    DHCP_DEFECT_MAP(X)
#undef X
};

enum {
    DHCP_OPTIONS_MAX = 254, /* distinct codes 1..254 */
    DHCP_PIECES_MAX = 512,
    DHCP_STORE_MAX = 4096, /* octets of joined or newly put option values */
};

struct dhcp_msg {
    uint8_t op, htype, hlen, hops;
    uint32_t xid;
    uint16_t secs, flags;
    ip4 ciaddr, yiaddr, siaddr, giaddr;
    uint8_t chaddr[DHCP_CHADDR_LEN];
    uint8_t sname[DHCP_SNAME_LEN]; /* as on the wire, also when overloaded */
    uint8_t file[DHCP_FILE_LEN];

    uint8_t type;         /* option 53, or DHCP_BOOTP */
    uint8_t overload;     /* option 52 as it was used; decode only */
    uint8_t may_overload; /* bits of enum dhcp_overload: fields that may hold options; encode only */
    uint8_t defects;      /* bits of enum dhcp_defect */
    uint16_t defect_at;   /* offset of the first defect */

    uint16_t n_options; /* in order of first appearance; on encoding: the order to send in */
    struct dhcp_option options[DHCP_OPTIONS_MAX];
    uint8_t index[256]; /* code -> place in options + 1, 0 if absent */

    uint16_t n_pieces; /* decode only */
    struct dhcp_piece pieces[DHCP_PIECES_MAX];

    uint16_t store_used;
    uint8_t store[DHCP_STORE_MAX];
};

/* Decodes a UDP payload. `bytes` is borrowed: the message's options point into it.
 * Returns REASON_NONE, or why the whole is refused: REASON_MSG_TOO_SHORT, REASON_MSG_TOO_LONG (above 65535),
 * REASON_MSG_BAD_OP, REASON_MSG_BAD_HLEN (hlen > 16), REASON_MSG_BAD_COOKIE (four zeros in a BOOTREQUEST are
 * none, and there are no options then: RFC 951), REASON_MSG_BAD_TYPE (option 53 not of length 1, or an
 * unassigned value). The header fields are filled in whenever there were 236 octets.
 */
enum reason dhcp_msg_decode(struct dhcp_msg *m, const uint8_t *bytes, size_t len);

/* An empty message to build. */
void dhcp_msg_init(struct dhcp_msg *m, uint8_t op);

/* Puts the options into the order of their codes, but 53 first and 82 last. */
void dhcp_msg_sort(struct dhcp_msg *m);

/* Encodes into `buf`: header, cookie, options in their order (53 first, 82 last), split at 255 octets (RFC
 * 3396), END, padding to DHCP_MSG_SEND_MIN. Returns the length; `cap` >= DHCP_MSG_SEND_MIN.
 *
 * If they do not fit `cap`, file and then sname take options, too, where the message allows it
 * (may_overload), needs them for nothing else (all zeros) and has no option 52 of its own: an option stands
 * in the first of options field, file and sname that has room for it, and only one that has to be split is
 * spread over them. 53, 52 and 82 always stand in the options field. Whole options that do not fit even so
 * are left out, and counted in *out_dropped; the message then holds as many as can be, in their order. */
size_t dhcp_msg_encode(const struct dhcp_msg *m, uint8_t *buf, size_t cap, unsigned *out_dropped);

/* The fields in the DHCP_COOKIE_AT octets before the cookie; what is behind stays as it is. */
void dhcp_read_header(struct dhcp_msg *m, const uint8_t *bytes);

/* For who writes options one after the other: one, split at 255 octets (RFC 3396); and END, with padding up
 * to `full` octets: DHCP_MSG_SEND_MIN, if the writer holds the whole message. */
void dhcp_write_option(struct wire_writer *w, uint8_t code, const uint8_t *data, size_t len);
void dhcp_write_end(struct wire_writer *w, size_t full);

static inline bool dhcp_msg_has(const struct dhcp_msg *m, uint8_t code)
{
    return m->index[code] != 0;
}

/* The option, or NULL. */
static inline const struct dhcp_option *dhcp_msg_find(const struct dhcp_msg *m, uint8_t code)
{
    return dhcp_msg_has(m, code) ? &m->options[m->index[code] - 1] : NULL;
}

/* Typed getters: false, and *out untouched, if the option is absent or its length is not that of the type. */
bool dhcp_get_u8(const struct dhcp_msg *m, uint8_t code, uint8_t *out);
bool dhcp_get_u16(const struct dhcp_msg *m, uint8_t code, uint16_t *out);
bool dhcp_get_u32(const struct dhcp_msg *m, uint8_t code, uint32_t *out);
bool dhcp_get_ip4(const struct dhcp_msg *m, uint8_t code, ip4 *out);
/* First address of a list. */
bool dhcp_get_ip4_first(const struct dhcp_msg *m, uint8_t code, ip4 *out);

/* Typed putters: append an option (a code that is there already is replaced in place). False if the message's
 * limits are reached. */
bool dhcp_put_bytes(struct dhcp_msg *m, uint8_t code, const void *data, size_t len);
bool dhcp_put_u8(struct dhcp_msg *m, uint8_t code, uint8_t value);
bool dhcp_put_u16(struct dhcp_msg *m, uint8_t code, uint16_t value);
bool dhcp_put_u32(struct dhcp_msg *m, uint8_t code, uint32_t value);
bool dhcp_put_ip4(struct dhcp_msg *m, uint8_t code, ip4 value);
bool dhcp_put_text(struct dhcp_msg *m, uint8_t code, const char *text);

/* chaddr with htype and hlen as a hardware address, 0 behind them; hlen is at most 16 in a decoded message.
 */
struct hw_addr dhcp_msg_hw(const struct dhcp_msg *m);
