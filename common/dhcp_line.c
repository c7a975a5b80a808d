#include "common/dhcp_line.h"

#include <string.h>

#include "common/dhcp_proto.h"
#include "common/text_format.h"

enum { TYPE_WIDTH = 8, NUMBER_LEN = 24 };

struct output {
    char *at, *end; /* room for a NUL is behind `end` */
};

static void put(struct output *o, const char *text)
{
    for (; *text != '\0' && o->at < o->end; text++) /* a terminal must not act on what it is shown */
        *o->at++ = (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text;
}

static void put_port(struct output *o, unsigned port)
{
    char text[NUMBER_LEN];
    *text_format_number(text, port) = '\0';
    put(o, ":");
    put(o, text);
}

/* A colour, or nothing. */
static void put_color(struct output *o, bool color, const char *code)
{
    size_t len = strlen(code);
    if (!color || len > (size_t)(o->end - o->at))
        return;
    memcpy(o->at, code, len);
    o->at += len;
}

static const char *color_of(const struct dhcp_line *line)
{
    if (strcmp(line->type, "NAK") == 0 || strcmp(line->type, "DECLINE") == 0)
        return "\x1b[1;31m";
    return line->op == DHCP_BOOTREQUEST ? "\x1b[1;36m" : "\x1b[1;32m";
}

static void put_type(struct output *o, const struct dhcp_line *line, bool color)
{
    put_color(o, color, color_of(line));
    put(o, line->type);
    put_color(o, color, "\x1b[0m");
    for (size_t len = strlen(line->type); len < TYPE_WIDTH; len++)
        put(o, " ");
    put(o, "  ");
}

size_t dhcp_line_format(const struct dhcp_line *line, bool color, char *buf, size_t cap)
{
    const struct {
        const char *name, *address;
    } addresses[] = {{"  ciaddr ", line->ciaddr},
                     {"  yiaddr ", line->yiaddr},
                     {"  giaddr ", line->giaddr},
                     {"  requested ", line->requested}};
    struct output o = {buf, buf + cap - 1};
    if (line->type != NULL)
        put_type(&o, line, color);
    put(&o, line->src);
    put_port(&o, line->sport);
    put(&o, " > ");
    put(&o, line->dst);
    put_port(&o, line->dport);
    put(&o, "  xid ");
    put(&o, line->xid);
    put(&o, "  chaddr ");
    put(&o, line->chaddr);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        if (addresses[i].address[0] == '\0' || strcmp(addresses[i].address, "0.0.0.0") == 0)
            continue;
        put(&o, addresses[i].name);
        put(&o, addresses[i].address);
    }
    *o.at = '\0';
    return (size_t)(o.at - buf);
}
