#include "common/addr.h"

#include <stdio.h>
#include <string.h>

#include "common/hex.h"
#include "common/text_format.h"

/* Reads a decimal number of at most `max`; advances *p past it. No sign, no space, no leading zero. */
static bool read_number(const char **p, unsigned max, unsigned *out)
{
    const char *s = *p;
    unsigned value = 0;
    if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
        return false;
    for (; *s >= '0' && *s <= '9'; s++) {
        value = value * 10 + (unsigned)(*s - '0');
        if (value > max)
            return false;
    }
    *p = s;
    *out = value;
    return true;
}

static bool read_ip4(const char **p, ip4 *out)
{
    const char *s = *p;
    ip4 addr = 0;
    for (int i = 0; i < 4; i++) {
        unsigned octet;
        if ((i > 0 && *s++ != '.') || !read_number(&s, 255, &octet))
            return false;
        addr = addr << 8 | octet;
    }
    *p = s;
    *out = addr;
    return true;
}

bool ip4_parse(const char *text, ip4 *out)
{
    ip4 addr;
    if (!read_ip4(&text, &addr) || *text != '\0')
        return false;
    *out = addr;
    return true;
}

char *ip4_format_end(ip4 addr, char *buf)
{
    for (unsigned shift = 24; shift > 0; shift -= 8) {
        buf = text_format_number(buf, addr >> shift & 255);
        *buf++ = '.';
    }
    buf = text_format_number(buf, addr & 255);
    *buf = '\0';
    return buf;
}

const char *ip4_format(ip4 addr, char *buf)
{
    ip4_format_end(addr, buf);
    return buf;
}

bool ip4_net_parse(const char *text, struct ip4_net *out)
{
    ip4 addr;
    unsigned len;
    if (!read_ip4(&text, &addr) || *text++ != '/' || !read_number(&text, 32, &len) || *text != '\0')
        return false;
    *out = (struct ip4_net){.addr = addr, .len = (uint8_t)len};
    return true;
}

const char *ip4_net_format(struct ip4_net net, char *buf)
{
    char addr[IP4_LEN];
    snprintf(buf, IP4_NET_LEN, "%s/%u", ip4_format(net.addr, addr), net.len > 32U ? 32U : net.len);
    return buf;
}

int ip4_mask_len(ip4 mask)
{
    ip4 host = ~mask;
    if ((host & (host + 1)) != 0) /* not only ones at the end */
        return -1;
    return host == 0 ? 32 : __builtin_clz(host);
}

bool ip4_range_parse(const char *text, struct ip4_range *out)
{
    struct ip4_net net;
    if (ip4_net_parse(text, &net)) {
        *out = (struct ip4_range){.first = ip4_net_base(net), .last = ip4_net_broadcast(net)};
        return true;
    }
    struct ip4_range range;
    if (!read_ip4(&text, &range.first))
        return false;
    text += strspn(text, " ");
    if (*text++ != '-')
        return false;
    text += strspn(text, " ");
    if (!read_ip4(&text, &range.last) || *text != '\0' || range.first > range.last)
        return false;
    *out = range;
    return true;
}

uint64_t ip4_range_size(struct ip4_range range)
{
    return (uint64_t)range.last - range.first + 1;
}

bool ip4_is_host(ip4 addr)
{
    return addr >> 24 != 0 && addr >> 24 != 127 && addr < 0xe0000000U;
}

bool hw_parse(const char *text, struct hw_addr *out)
{
    struct hw_addr hw = {.type = 1};
    for (;;) {
        int octet = hex_octet(text);
        if (octet < 0 || hw.len == HW_MAX)
            return false;
        hw.bytes[hw.len++] = (uint8_t)octet;
        text += 2;
        if (*text == '\0')
            break;
        if (*text++ != ':')
            return false;
    }
    *out = hw;
    return true;
}

const char *hw_format(const struct hw_addr *hw, char *buf)
{
    static const char digits[] = "0123456789abcdef";
    char *at = buf;
    for (unsigned i = 0; i < hw->len && i < HW_MAX; i++) {
        if (i > 0)
            *at++ = ':';
        *at++ = digits[hw->bytes[i] >> 4];
        *at++ = digits[hw->bytes[i] & 15];
    }
    *at = '\0';
    return buf;
}

struct hw_addr hw_broadcast(const struct hw_addr *own)
{
    struct hw_addr hw = {.type = own->type, .len = own->len};
    memset(hw.bytes, 0xff, hw.len);
    return hw;
}
