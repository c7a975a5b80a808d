/* ICMP: RFC 792, RFC 1122 3.2.2. */
#include "common/dissect_tree.h"

#include "common/frame.h"
#include "common/wire.h"

enum {
    ICMP_MIN = 8,
    ECHO_REPLY = 0,
    UNREACHABLE = 3,
    REDIRECT = 5,
    ECHO = 8,
    TIME_EXCEEDED = 11,
    PARAMETER_PROBLEM = 12,
    TIMESTAMP = 13,
    TIMESTAMP_REPLY = 14,
    NEEDS_FRAGMENTS = 4, /* code of UNREACHABLE */
};

const char *dissect_icmp_name(uint8_t type)
{
    switch (type) {
    case ECHO_REPLY:
        return "echo reply";
    case UNREACHABLE:
        return "destination unreachable";
    case 4:
        return "source quench";
    case REDIRECT:
        return "redirect";
    case ECHO:
        return "echo request";
    case 9:
        return "router advertisement";
    case 10:
        return "router solicitation";
    case TIME_EXCEEDED:
        return "time exceeded";
    case PARAMETER_PROBLEM:
        return "parameter problem";
    case TIMESTAMP:
        return "timestamp request";
    case TIMESTAMP_REPLY:
        return "timestamp reply";
    default: /* a number of the wire */
        return NULL;
    }
}

const char *dissect_icmp_code_name(uint8_t type, uint8_t code)
{
    static const char *const unreachable[] = {
        "network unreachable",
        "host unreachable",
        "protocol unreachable",
        "port unreachable: no program listens there",
        "fragmentation needed, and DF is set",
        "source route failed",
        "destination network unknown",
        "destination host unknown",
        "source host isolated",
        "network administratively prohibited",
        "host administratively prohibited",
        "network unreachable for this type of service",
        "host unreachable for this type of service",
        "communication administratively prohibited",
        "host precedence violation",
        "precedence cutoff in effect",
    };
    static const char *const exceeded[] = {
        "the TTL became 0 on the way",
        "not all fragments came in time",
    };
    static const char *const redirect[] = {
        "for the network",
        "for the host",
        "for this type of service and the network",
        "for this type of service and the host",
    };
    static const char *const problem[] = {
        "the pointer tells where",
        "an option is missing",
        "the length is wrong",
    };
    static const struct {
        uint8_t type;
        const char *const *names;
        size_t n;
    } rows[] = {
        {UNREACHABLE, unreachable, sizeof unreachable / sizeof unreachable[0]},
        {REDIRECT, redirect, sizeof redirect / sizeof redirect[0]},
        {TIME_EXCEEDED, exceeded, sizeof exceeded / sizeof exceeded[0]},
        {PARAMETER_PROBLEM, problem, sizeof problem / sizeof problem[0]},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == type && code < rows[i].n)
            return rows[i].names[code];
    return NULL;
}

static bool is_error(uint8_t type)
{
    return type == UNREACHABLE || type == 4 || type == REDIRECT || type == TIME_EXCEEDED ||
           type == PARAMETER_PROBLEM;
}

/* Has an identifier and a sequence number, so that request and reply can be paired. */
static bool is_query(uint8_t type)
{
    return type == ECHO || type == ECHO_REPLY || type == TIMESTAMP || type == TIMESTAMP_REPLY;
}

static bool is_whole(const struct dissect *d)
{
    return !d->ip.cut;
}

static void add_checksum(struct dissect *d, size_t at, size_t len)
{
    uint16_t value = wire_u16(d->now + at + 2);
    struct dissect_field *f = dissect_add_hex(d, "checksum", at + 2, 2, value);
    if (!is_whole(d)) {
        dissect_mean(f, "not checked: the packet is cut");
        return;
    }
    if (frame_sum_finish(frame_sum(0, d->now + at, len)) == 0) {
        dissect_mean(f, "correct");
        return;
    }
    uint32_t others = frame_sum(frame_sum(0, d->now + at, 2), d->now + at + 4, len - 4);
    dissect_warn(d, at + 2, 2, "the checksum is 0x%04x and should be 0x%04x", value,
                 frame_sum_finish(others));
}

/* RFC 792: "The timestamp is 32 bits of milliseconds since midnight UT." */
static void add_times(struct dissect *d, size_t at, size_t len)
{
    static const char *const names[] = {"originate", "receive", "transmit"};
    for (size_t i = 0; i < 3 && len >= 4 * (i + 1); i++)
        dissect_mean(dissect_add_number(d, names[i], at + 4 * i, 4, wire_u32(d->now + at + 4 * i)),
                     "ms since midnight, UTC");
}

static void add_rest(struct dissect *d, size_t at, size_t len)
{
    const uint8_t *p = d->now + at;
    const struct dissect_icmp *icmp = &d->icmp;
    if (is_query(icmp->type)) {
        dissect_add_number(d, "ident", at + 4, 2, icmp->id);
        dissect_add_number(d, "seq", at + 6, 2, icmp->seq);
        if (icmp->type == TIMESTAMP || icmp->type == TIMESTAMP_REPLY)
            add_times(d, at + ICMP_MIN, len - ICMP_MIN);
        else
            dissect_data(d, "data", at + ICMP_MIN, len - ICMP_MIN);
        return;
    }
    if (icmp->type == UNREACHABLE && icmp->code == NEEDS_FRAGMENTS)
        dissect_mean(dissect_add_number(d, "mtu", at + 6, 2, wire_u16(p + 6)), "RFC 1191: of the next link");
    if (icmp->type == REDIRECT)
        dissect_add_ip4(d, "gateway", at + 4, wire_u32(p + 4));
    if (icmp->type == PARAMETER_PROBLEM)
        dissect_mean(dissect_add_number(d, "pointer", at + 4, 1, p[4]), "the octet that is wrong");
    if (is_error(icmp->type))
        dissect_ip_quoted(d, at + ICMP_MIN, len - ICMP_MIN);
    else
        dissect_data(d, "data", at + 4, len - 4);
}

void dissect_icmp(struct dissect *d, size_t at, size_t len)
{
    d->protocol = "ICMP";
    struct dissect_field *above = dissect_layer(d, "icmp", at, len);
    if (dissect_need(d, at, len, ICMP_MIN, "an ICMP header")) {
        const uint8_t *p = d->now + at;
        d->icmp = (struct dissect_icmp){true, p[0], p[1], wire_u16(p + 4), wire_u16(p + 6)};
        const char *type = dissect_icmp_name(p[0]), *code = dissect_icmp_code_name(p[0], p[1]);
        dissect_mean(dissect_add_number(d, "type", at, 1, p[0]), type != NULL ? type : "not known here");
        struct dissect_field *f = dissect_add_number(d, "code", at + 1, 1, p[1]);
        if (code != NULL)
            dissect_mean(f, code);
        add_checksum(d, at, len);
        add_rest(d, at, len);
    }
    dissect_close(d, above);
}
