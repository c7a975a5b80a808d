/* Text that is built piece by piece in a caller's buffer and cut with "..." when that is full. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opt_text {
    char *buf; /* borrowed; always NUL-terminated */
    size_t cap;
    size_t len; /* < cap */
    bool cut;
};

enum { OPT_TEXT_ESCAPED = 4 }; /* octets of text for one octet of value, at most */

/* `cap` > 3: there is room for the dots. */
void dhcp_opt_text_init(struct opt_text *t, char *buf, size_t cap);
void dhcp_opt_text_put(struct opt_text *t, const char *raw); /* as it is */
void dhcp_opt_text_add(struct opt_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The 16 octets of an IPv6 address as RFC 5952 writes them: "2001:db8::1". `len` is 16. */
void dhcp_opt_text_ip6(struct opt_text *t, const uint8_t *data, size_t len);
/* "02:00:5e" */
void dhcp_opt_text_hex(struct opt_text *t, const uint8_t *data, size_t len);
/* Without the NULs at the end; control and non-ASCII octets as \xHH, a backslash as \\. */
void dhcp_opt_text_escaped(struct opt_text *t, const uint8_t *data, size_t len);
/* Quoted text if all octets are printable, else hexadecimal; "(empty)" for none. */
void dhcp_opt_text_opaque(struct opt_text *t, const uint8_t *data, size_t len);
