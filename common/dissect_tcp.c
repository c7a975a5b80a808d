/* TCP: RFC 9293; window scale and timestamps: RFC 7323; SACK: RFC 2018. */
#include "common/dissect_tree.h"

#include <stdio.h>
#include <string.h>

#include "common/dissect_http.h"
#include "common/wire.h"

enum {
    TCP_MIN = 20,
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_WINDOW_SCALE = 3,
    SCALE_MAX = 14,
    HTTP_MIN = 8,      /* of what can be told from other data */
    HEADERS_MAX = 100, /* shown of one message */
    HEADER_LEN = 256   /* shown of one header */
};

const char *dissect_tcp_flags(uint8_t flags, char *buf)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } names[] = {{DISSECT_TCP_FIN, "FIN"}, {DISSECT_TCP_SYN, "SYN"}, {DISSECT_TCP_RST, "RST"},
                 {DISSECT_TCP_PSH, "PSH"}, {DISSECT_TCP_ACK, "ACK"}, {DISSECT_TCP_URG, "URG"},
                 {DISSECT_TCP_ECE, "ECE"}, {DISSECT_TCP_CWR, "CWR"}};
    size_t at = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (flags & names[i].bit)
            at +=
                (size_t)snprintf(buf + at, DISSECT_FLAGS_LEN - at, "%s%s", at > 0 ? "," : "", names[i].name);
    return buf;
}

static const struct {
    uint8_t kind, len; /* len 0: any */
    const char *name;
} options[] = {
    {OPTION_END, 1, "end"},
    {OPTION_NOP, 1, "no-operation"},
    {2, 4, "mss"},
    {OPTION_WINDOW_SCALE, 3, "window-scale"},
    {4, 2, "sack-permitted"},
    {5, 0, "sack"},
    {8, 10, "timestamps"},
    {19, 18, "md5-signature"},
    {28, 4, "user-timeout"},
    {29, 0, "authentication"},
    {30, 0, "multipath"},
    {34, 0, "fast-open"},
};

/* Index in `options`, or -1. */
static int find_option(uint8_t kind)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].kind == kind)
            return (int)i;
    return -1;
}

static void add_option(struct dissect *d, size_t at, size_t len)
{
    const uint8_t *p = d->now + at;
    int known = find_option(p[0]);
    const char *name = known >= 0 ? options[known].name : "unknown-option";
    struct dissect_field *f;
    if (known >= 0 && options[known].len != 0 && options[known].len != len) {
        dissect_data(d, name, at, len);
        dissect_warn(d, at, len, "option %u has %u octets, here %zu", p[0], options[known].len, len);
        return;
    }
    switch (p[0]) {
    case 2:
        f = dissect_add_number(d, name, at, len, wire_u16(p + 2));
        dissect_mean_number(d, f, "I take segments of at most ", wire_u16(p + 2), " octets of data");
        return;
    case OPTION_WINDOW_SCALE:
        /* RFC 7323 2.3: "If a Window Scale option is received with a shift.cnt value larger than 14, the TCP
         * [...] MUST use 14 instead of the specified value." */
        d->tcp.window_scale = (int8_t)(p[2] < SCALE_MAX ? p[2] : SCALE_MAX);
        f = dissect_add_number(d, name, at, len, p[2]);
        dissect_mean_number(d, f, "my windows count in units of ", 1U << d->tcp.window_scale, " octets");
        return;
    case 5: {
        struct dissect_field *above = dissect_layer(d, name, at, len);
        for (size_t i = 2; i + 8 <= len; i += 8)
            dissect_add(d, "block", at + i, 8, "%u-%u", wire_u32(p + i), wire_u32(p + i + 4));
        if ((len - 2) % 8 != 0)
            dissect_warn(d, at, len, "SACK has 2 octets and 8 for each block, here %zu", len);
        dissect_close(d, above);
        return;
    }
    case 28: /* RFC 5482 3.1: a bit for minutes instead of seconds, and 15 of the number */
        dissect_add(d, name, at, len, "%u %s", wire_u16(p + 2) & 0x7fffU, p[2] & 0x80 ? "min" : "s");
        return;
    case 34: { /* RFC 7413: without a cookie, a request for one */
        struct dissect_field *above = dissect_layer(d, name, at, len);
        dissect_data(d, "cookie", at + 2, len - 2);
        dissect_close(d, above);
        return;
    }
    case 8:
        dissect_add(d, name, at, len, "%u, echo %u", wire_u32(p + 2), wire_u32(p + 6));
        return;
    default: /* a number of the wire */
        dissect_add_number(d, name, at, len, p[0]);
    }
}

static void add_options(struct dissect *d, size_t at, size_t end)
{
    while (at < end) {
        uint8_t kind = d->now[at];
        size_t len = kind <= OPTION_NOP ? 1 : end - at >= 2 ? d->now[at + 1] : 0;
        if (len < (kind <= OPTION_NOP ? 1U : 2U) || len > end - at) {
            dissect_warn(d, at, end - at, "an option runs past the end of the header or has no length");
            return;
        }
        add_option(d, at, len);
        if (kind == OPTION_END)
            return;
        at += len;
    }
}

static void add_checksum(struct dissect *d, size_t at)
{
    struct dissect_field *f = dissect_add_hex(d, "checksum", at + 16, 2, wire_u16(d->now + at + 16));
    if (d->tcp.checksum == DISSECT_SUM_GOOD)
        dissect_mean(f, "correct");
    else if (d->tcp.checksum == DISSECT_SUM_BAD)
        dissect_warn(
            d, at + 16, 2,
            "the checksum is wrong; a host leaves it to its network card, and a capture on that host "
            "sees it half made");
    else
        dissect_mean(f, "not checked: the segment is cut");
}

static void add_header(struct dissect *d, size_t at, size_t header)
{
    const struct dissect_tcp *t = &d->tcp;
    char flags[DISSECT_FLAGS_LEN];
    dissect_add_number(d, "srcport", at, 2, t->sport);
    dissect_add_number(d, "dstport", at + 2, 2, t->dport);
    dissect_add_number(d, "seq", at + 4, 4, t->seq);
    struct dissect_field *f = dissect_add_number(d, "ack", at + 8, 4, t->ack);
    if (!(t->flags & DISSECT_TCP_ACK))
        dissect_mean(f, "means nothing without the flag ACK");
    dissect_mean_number(d, dissect_add_number(d, "hdr_len", at + 12, 1, header), "", header / 4,
                        " x 4 octets");
    dissect_mean_format(d, dissect_add_hex(d, "flags", at + 13, 1, d->now[at + 13]), "%s",
                        dissect_tcp_flags(t->flags, flags));
    dissect_add_number(d, "window", at + 14, 2, t->window);
    add_checksum(d, at);
    dissect_add_number(d, "urgent", at + 18, 2, wire_u16(d->now + at + 18));
    add_options(d, at + TCP_MIN, at + header);
}

/* Octets that the segment had when it was sent. */
static size_t sent_len(const struct dissect *d, size_t len)
{
    size_t whole = d->ip.total_len - d->ip.header_len;
    return d->source == DISSECT_CAPTURED && whole > len ? whole : len;
}

void dissect_tcp(struct dissect *d, size_t at, size_t len)
{
    d->protocol = "TCP";
    struct dissect_field *above = dissect_layer(d, "tcp", at, len < TCP_MIN ? len : TCP_MIN);
    size_t header = 0;
    if (dissect_need(d, at, len, TCP_MIN, "a TCP header")) {
        const uint8_t *p = d->now + at;
        header = (p[12] >> 4) * 4U;
        if (header < TCP_MIN)
            dissect_warn(d, at + 12, 1, "the header length is %zu, less than 20", header);
        if (header < TCP_MIN || !dissect_need(d, at, len, header, "this TCP header"))
            header = 0;
        if (header != 0) {
            size_t sent = sent_len(d, len);
            d->tcp = (struct dissect_tcp){
                .found = true,
                .sport = wire_u16(p),
                .dport = wire_u16(p + 2),
                .seq = wire_u32(p + 4),
                .ack = wire_u32(p + 8),
                .flags = p[13],
                .window = wire_u16(p + 14),
                .window_scale = -1, /* until its option is read */
                .checksum = sent > len                               ? DISSECT_SUM_UNKNOWN
                            : dissect_transport_sum(d, at, len) == 0 ? DISSECT_SUM_GOOD
                                                                     : DISSECT_SUM_BAD,
                .at = at,
                .payload_at = at + header,
                .payload_len = len - header,
                .segment_len = (uint32_t)(sent - header),
            };
            if (d->parent != above)
                d->parent->len = header;
            add_header(d, at, header);
        }
    }
    dissect_close(d, above);
    if (header != 0 && d->tcp.payload_len > 0)
        dissect_http(d, d->tcp.payload_at, d->tcp.payload_len);
}

/* ---- HTTP/1.1, RFC 9112 3 to 5: the message that this segment begins with; others: dissect_http.h ---- */

static bool starts_with(const uint8_t *p, size_t len, const char *word)
{
    size_t n = strlen(word);
    return len >= n && memcmp(p, word, n) == 0;
}

/* Without the CR before its LF. */
static size_t line_len(const uint8_t *p, size_t len)
{
    return len > 0 && p[len - 1] == '\r' ? len - 1 : len;
}

/* Printable, as far as there is room. */
static void copy_line(char *out, size_t cap, const uint8_t *p, size_t len)
{
    size_t n = len < cap - 1 ? len : cap - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = p[i] >= ' ' && p[i] < 0x7f ? (char)p[i] : '?';
    out[n] = '\0';
}

/* The lines behind the first one, each that is whole, to the empty one. Returns where they end: `len` is that
 * of the segment's data. */
static size_t add_headers(struct dissect *d, size_t at, size_t from, size_t len)
{
    const uint8_t *end;
    for (int n = 0; n < HEADERS_MAX && (end = memchr(d->now + at + from, '\n', len - from)) != NULL; n++) {
        char text[HEADER_LEN];
        size_t line_at = at + from, line = line_len(d->now + line_at, (size_t)(end - (d->now + line_at)));
        from = (size_t)(end - (d->now + at)) + 1;
        if (line == 0)
            break;
        copy_line(text, sizeof text, d->now + line_at, line);
        dissect_add_text(d, "header", line_at, line, text);
    }
    return from;
}

void dissect_http(struct dissect *d, size_t at, size_t len)
{
    const uint8_t *p = d->now + at;
    if (len < HTTP_MIN || !dissect_http_is_start(p, len)) {
        dissect_data(d, "data", at, len);
        return;
    }
    const uint8_t *end = memchr(p, '\n', len);
    size_t line = line_len(p, end != NULL ? (size_t)(end - p) : len);
    copy_line(d->http, sizeof d->http, p, line);
    d->protocol = "HTTP";
    struct dissect_field *above = dissect_layer(d, "http", at, len);
    bool status = starts_with(p, len, "HTTP/1.");
    dissect_add_text(d, status ? "status-line" : "request-line", at, line, d->http);
    size_t rest = end != NULL ? (size_t)(end - p) + 1 : len;
    if (dissect_has_tree(d))
        rest = add_headers(d, at, rest, len);
    dissect_data(d, "rest", at + rest, len - rest);
    dissect_close(d, above);
}
