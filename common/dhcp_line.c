#include "common/dhcp_line.h"

#include <stdarg.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/text_format.h"

enum { TYPE_WIDTH = 8 };

struct output {
    char *buf;
    size_t cap, len;
};

static void put(struct output *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct output *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t start = o->len, room = o->cap - o->len - 1;
    size_t len = (size_t)text_format(o->buf + start, room + 1, format, args);
    va_end(args);
    o->len += len < room ? len : room;
    for (size_t i = start; i < o->len; i++) /* a terminal must not act on what it is shown */
        if ((unsigned char)o->buf[i] < ' ' || o->buf[i] == 0x7f)
            o->buf[i] = '?';
}

/* A colour, or nothing. */
static void put_color(struct output *o, bool color, const char *code)
{
    size_t len = strlen(code);
    if (!color || len >= o->cap - o->len)
        return;
    memcpy(o->buf + o->len, code, len + 1);
    o->len += len;
}

static const char *color_of(const struct dhcp_line *line)
{
    if (strcmp(line->type, "NAK") == 0 || strcmp(line->type, "DECLINE") == 0)
        return "\x1b[1;31m";
    return line->op == DHCP_BOOTREQUEST ? "\x1b[1;36m" : "\x1b[1;32m";
}

static void put_type(struct output *o, const struct dhcp_line *line, bool color)
{
    size_t len = strlen(line->type);
    put_color(o, color, color_of(line));
    put(o, "%s", line->type);
    put_color(o, color, "\x1b[0m");
    for (; len < TYPE_WIDTH; len++)
        put(o, " ");
    put(o, "  ");
}

size_t dhcp_line_format(const struct dhcp_line *line, bool color, char *buf, size_t cap)
{
    const struct {
        const char *name, *address;
    } addresses[] = {{"ciaddr", line->ciaddr},
                     {"yiaddr", line->yiaddr},
                     {"giaddr", line->giaddr},
                     {"requested", line->requested}};
    struct output o = {buf, cap, 0};
    if (line->type != NULL)
        put_type(&o, line, color);
    put(&o, "%s:%u > %s:%u  xid %s  chaddr %s", line->src, line->sport, line->dst, line->dport, line->xid,
        line->chaddr);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        if (addresses[i].address[0] != '\0' && strcmp(addresses[i].address, "0.0.0.0") != 0)
            put(&o, "  %s %s", addresses[i].name, addresses[i].address);
    return o.len;
}
