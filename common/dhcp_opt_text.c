#include "common/dhcp_opt_text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/text_format.h"
#include "common/wire.h"

void dhcp_opt_text_init(struct opt_text *t, char *buf, size_t cap)
{
    assert(cap > 3);
    *t = (struct opt_text){.buf = buf, .cap = cap};
    buf[0] = '\0';
}

/* `len` more octets stand behind the text, or would if there was room. */
static void extend(struct opt_text *t, size_t len)
{
    if (len < t->cap - t->len) {
        t->len += len;
        return;
    }
    t->cut = true;
    t->len = t->cap - 1;
    memcpy(t->buf + t->cap - 4, "...", 4);
}

void dhcp_opt_text_put(struct opt_text *t, const char *raw)
{
    size_t len = strlen(raw), room = t->cap - t->len;
    if (t->cut)
        return;
    size_t n = len < room ? len : room - 1;
    memcpy(t->buf + t->len, raw, n);
    t->buf[t->len + n] = '\0';
    extend(t, len);
}

void dhcp_opt_text_add(struct opt_text *t, const char *format, ...)
{
    if (t->cut)
        return;
    va_list args;
    va_start(args, format);
    int len = text_format(t->buf + t->len, t->cap - t->len, format, args);
    va_end(args);
    assert(len >= 0);
    extend(t, (size_t)len);
}

void dhcp_opt_text_hex(struct opt_text *t, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len && !t->cut; i++) {
        const char octet[] = {':', digits[data[i] >> 4], digits[data[i] & 15], '\0'};
        dhcp_opt_text_put(t, i == 0 ? octet + 1 : octet);
    }
}

enum { IP6_OCTETS = 16, IP6_GROUPS = 8 };

/* RFC 5952 4.2: "::" stands for the longest run of zero groups, the first of equals, never for one alone. */
static void find_zeros(const uint8_t *data, size_t *out_at, size_t *out_n)
{
    size_t run = 0;
    *out_at = IP6_GROUPS;
    *out_n = 1;
    for (size_t i = 0; i < IP6_GROUPS; i++) {
        run = wire_u16(data + 2 * i) == 0 ? run + 1 : 0;
        if (run > *out_n) {
            *out_n = run;
            *out_at = i + 1 - run;
        }
    }
}

void dhcp_opt_text_ip6(struct opt_text *t, const uint8_t *data, size_t len)
{
    assert(len == IP6_OCTETS);
    size_t zeros_at, zeros_n;
    find_zeros(data, &zeros_at, &zeros_n);
    for (size_t i = 0; i < IP6_GROUPS; i++) {
        if (i == zeros_at) {
            dhcp_opt_text_add(t, "::");
            i += zeros_n - 1;
        } else {
            bool after_zeros = zeros_at < i && i == zeros_at + zeros_n;
            dhcp_opt_text_add(t, "%s%x", i == 0 || after_zeros ? "" : ":", wire_u16(data + 2 * i));
        }
    }
}

static bool is_printable(uint8_t c)
{
    return c >= ' ' && c < 0x7f;
}

/* RFC 2132 2: "the receiver of such options MUST be prepared to delete trailing nulls if they exist." */
static size_t without_nuls(const uint8_t *data, size_t len)
{
    while (len > 0 && data[len - 1] == 0)
        len--;
    return len;
}

void dhcp_opt_text_escaped(struct opt_text *t, const uint8_t *data, size_t len)
{
    len = without_nuls(data, len);
    for (size_t i = 0; i < len && !t->cut; i++) {
        char octet[OPT_TEXT_ESCAPED + 1];
        text_escape(data + i, 1, octet, sizeof octet);
        dhcp_opt_text_add(t, "%s", octet);
    }
}

void dhcp_opt_text_opaque(struct opt_text *t, const uint8_t *data, size_t len)
{
    bool printable = true;
    for (size_t i = 0; i < len; i++)
        printable = printable && is_printable(data[i]);
    if (len == 0) {
        dhcp_opt_text_add(t, "(empty)");
    } else if (!printable) {
        dhcp_opt_text_hex(t, data, len);
    } else {
        dhcp_opt_text_add(t, "\"");
        dhcp_opt_text_escaped(t, data, len);
        dhcp_opt_text_add(t, "\"");
    }
}
