#include "common/capfile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pcapng_format.h"
#include "common/wire.h"

enum {
    NS_PER_S = 1000000000,
    PCAP_HEAD = 24,
    PCAP_RECORD = 16,
    PCAP_RECORD_PATCHED = 24, /* of Alexey Kuznetzov's libpcap: interface, protocol and type of the packet */
    LINKTYPE_MASK = 0x03ffffff, /* above it: the length of a frame check sequence */
    TIME_POWER_MAX = 19,        /* 10^19 and 2^63 units in a second fit 64 bits */
    TIME_SHIFT_MAX = 63,
};

static uint16_t get_u16(bool swapped, const uint8_t *p)
{
    uint16_t value = wire_u16(p);
    return swapped ? __builtin_bswap16(value) : value;
}

static uint32_t get_u32(bool swapped, const uint8_t *p)
{
    uint32_t value = wire_u32(p);
    return swapped ? __builtin_bswap32(value) : value;
}

void capfile_init(struct capfile *c)
{
    *c = (struct capfile){.form = CAPFILE_START};
}

void capfile_fini(struct capfile *c)
{
    free(c->interfaces);
}

static enum capfile_status need(struct capfile *c, size_t octets)
{
    c->need = octets;
    return CAPFILE_MORE;
}

static enum capfile_status bad(struct capfile *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static enum capfile_status bad(struct capfile *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
    return CAPFILE_BAD;
}

/* NULL, and c->why, if there is no more room. */
static struct capfile_interface *add_interface(struct capfile *c)
{
    if (c->n_interfaces == CAPFILE_INTERFACES_MAX) {
        bad(c, "more than %d interfaces", CAPFILE_INTERFACES_MAX);
        return NULL;
    }
    if (c->n_interfaces == c->cap) {
        size_t cap = c->cap == 0 ? 16 : 2 * c->cap;
        struct capfile_interface *more = realloc(c->interfaces, cap * sizeof *more);
        if (more == NULL) {
            bad(c, "out of memory");
            return NULL;
        }
        c->interfaces = more;
        c->cap = cap;
    }
    struct capfile_interface *interface = &c->interfaces[c->n_interfaces++];
    *interface = (struct capfile_interface){.units = 1000000};
    return interface;
}

/* Far times, which only damage brings, stay where they can be counted. */
static int64_t time_ns(const struct capfile_interface *interface, uint64_t stamp)
{
    static const int64_t max_s = INT64_MAX / NS_PER_S - 1;
    uint64_t whole = stamp / interface->units, rest = stamp % interface->units;
    uint64_t ns =
        interface->units <= NS_PER_S
            ? rest * (NS_PER_S / interface->units) + rest * (NS_PER_S % interface->units) / interface->units
            : (uint64_t)((double)rest * NS_PER_S / (double)interface->units);
    int64_t s = whole > (uint64_t)max_s ? max_s : (int64_t)whole;
    int64_t offset_s = interface->offset_s;
    if (offset_s > max_s - s)
        s = max_s;
    else if (offset_s < -s) /* before 1970 */
        return 0;
    else
        s += offset_s;
    return s * NS_PER_S + (int64_t)(ns < NS_PER_S ? ns : NS_PER_S - 1);
}

/* ---- pcap ---- */

/* The magic number as it reads with the most significant octet first. */
static const struct {
    uint32_t magic;
    uint32_t units;
    size_t record_head;
} pcap_forms[] = {
    {0xa1b2c3d4, 1000000, PCAP_RECORD},
    {0xa1b23c4d, NS_PER_S, PCAP_RECORD},
    {0xa1b2cd34, 1000000, PCAP_RECORD_PATCHED},
};

static enum capfile_status open_pcap(struct capfile *c, const uint8_t *p, size_t len, size_t *at, size_t form,
                                     bool swapped)
{
    if (len < PCAP_HEAD)
        return need(c, PCAP_HEAD);
    struct capfile_interface *interface = add_interface(c);
    if (interface == NULL)
        return CAPFILE_BAD;
    interface->units = pcap_forms[form].units;
    interface->snaplen = get_u32(swapped, p + 16);
    interface->linktype = (int)(get_u32(swapped, p + 20) & LINKTYPE_MASK);
    c->swapped = swapped;
    c->record_head = pcap_forms[form].record_head;
    c->form = CAPFILE_PCAP;
    *at += PCAP_HEAD;
    return CAPFILE_PACKET;
}

static enum capfile_status next_pcap(struct capfile *c, const uint8_t *bytes, size_t len, size_t *at,
                                     struct capfile_packet *out)
{
    const uint8_t *p = bytes + *at;
    size_t left = len - *at;
    if (left < c->record_head)
        return need(c, c->record_head);
    uint32_t captured = get_u32(c->swapped, p + 8);
    if (captured > CAPFILE_RECORD_MAX - PCAP_RECORD_PATCHED)
        return bad(c, "a packet of %" PRIu32 " octets, more than can be", captured);
    if (left < c->record_head + captured)
        return need(c, c->record_head + captured);
    const struct capfile_interface *interface = &c->interfaces[0];
    uint64_t stamp = get_u32(c->swapped, p) * interface->units + get_u32(c->swapped, p + 4);
    *out = (struct capfile_packet){
        .time_ns = time_ns(interface, stamp),
        .interface = interface,
        .bytes = p + c->record_head,
        .len = captured,
        .wire_len = get_u32(c->swapped, p + 12),
    };
    *at += c->record_head + captured;
    return CAPFILE_PACKET;
}

/* ---- pcapng: options ---- */

struct option {
    uint16_t code;
    const uint8_t *value;
    size_t len;
};

/* The option at *at; false: there is none any more. */
static bool next_option(bool swapped, const uint8_t *bytes, size_t len, size_t *at, struct option *out)
{
    if (len - *at < 4)
        return false;
    *out = (struct option){get_u16(swapped, bytes + *at), bytes + *at + 4, get_u16(swapped, bytes + *at + 2)};
    size_t whole = 4 + out->len + PCAPNG_PAD(out->len);
    if (out->code == PCAPNG_OPT_END || 4 + out->len > len - *at)
        return false;
    *at += whole < len - *at ? whole : len - *at;
    return true;
}

const char *capfile_comment(const struct capfile_packet *packet, size_t *at, size_t *out_len)
{
    struct option option;
    while (next_option(packet->swapped, packet->options, packet->options_len, at, &option))
        if (option.code == PCAPNG_OPT_COMMENT) {
            *out_len = option.len;
            return (const char *)option.value;
        }
    return NULL;
}

/* "Resolution of timestamps. If the Most Significant Bit is equal to zero, the remaining bits indicates the
 * resolution of the timestamp as a negative power of 10 ... If [it] is equal to one, ... of 2". 0: more than
 * can be counted. */
static uint64_t units_per_s(uint8_t resolution)
{
    uint64_t units = 1;
    unsigned power = resolution & 0x7f;
    if (resolution & 0x80)
        return power <= TIME_SHIFT_MAX ? UINT64_C(1) << power : 0;
    if (power > TIME_POWER_MAX)
        return 0;
    while (power-- > 0)
        units *= 10;
    return units;
}

static void read_name(struct capfile_interface *interface, const struct option *option)
{
    size_t n = 0;
    for (size_t i = 0; i < option->len && option->value[i] != '\0' && n < CAPFILE_NAME_LEN - 1; i++)
        interface->name[n++] =
            (char)(option->value[i] >= ' ' && option->value[i] < 0x7f ? option->value[i] : '?');
    interface->name[n] = '\0';
}

static enum capfile_status read_interface(struct capfile *c, const uint8_t *body, size_t len)
{
    struct option option;
    if (len < 8)
        return bad(c, "an interface block of %zu octets", len);
    struct capfile_interface *interface = add_interface(c);
    if (interface == NULL)
        return CAPFILE_BAD;
    interface->linktype = get_u16(c->swapped, body);
    interface->snaplen = get_u32(c->swapped, body + 4);
    for (size_t at = 8; next_option(c->swapped, body, len, &at, &option);) {
        if (option.code == PCAPNG_OPT_INTERFACE_NAME)
            read_name(interface, &option);
        if (option.code == PCAPNG_OPT_INTERFACE_RESOLUTION && option.len == 1)
            interface->units = units_per_s(option.value[0]);
        if (option.code == PCAPNG_OPT_INTERFACE_TIME_OFFSET && option.len == 8) {
            uint64_t high = get_u32(c->swapped, option.value + (c->swapped ? 4 : 0));
            uint64_t low = get_u32(c->swapped, option.value + (c->swapped ? 0 : 4));
            interface->offset_s = (int64_t)(high << 32 | low);
        }
    }
    return interface->units == 0 ? bad(c, "times of an interface that are too fine to be counted")
                                 : CAPFILE_PACKET;
}

/* ---- pcapng: packets ---- */

/* Where the three kinds of packet block have their fields, from the start of the body; 0: it has none (the
 * interface of a packet is at 0). */
static const struct packet_form {
    uint32_t type;
    uint8_t interface_len, time_at, len_at, wire_len_at, head;
} packet_forms[] = {
    {PCAPNG_ENHANCED_PACKET, 4, 4, 12, 16, 20},
    {PCAPNG_OLD_PACKET, 2, 4, 12, 16, 20},
    {PCAPNG_SIMPLE_PACKET, 0, 0, 0, 0, 4},
};

static const struct packet_form *find_form(uint32_t type)
{
    for (size_t i = 0; i < sizeof packet_forms / sizeof packet_forms[0]; i++)
        if (packet_forms[i].type == type)
            return &packet_forms[i];
    return NULL;
}

static uint32_t simple_len(const struct capfile_interface *interface, uint32_t wire_len)
{
    return interface->snaplen != 0 && interface->snaplen < wire_len ? interface->snaplen : wire_len;
}

static enum capfile_status read_packet(struct capfile *c, const struct packet_form *form, const uint8_t *body,
                                       size_t len, struct capfile_packet *out)
{
    if (len < form->head)
        return bad(c, "a packet block of %zu octets", len);
    uint32_t id = form->interface_len == 4   ? get_u32(c->swapped, body)
                  : form->interface_len == 2 ? get_u16(c->swapped, body)
                                             : 0;
    if (id >= c->n_interfaces)
        return bad(c, "a packet of interface %" PRIu32 ", which was not described", id);
    const struct capfile_interface *interface = &c->interfaces[id];
    uint32_t wire_len = get_u32(c->swapped, body + form->wire_len_at);
    uint32_t captured =
        form->len_at != 0 ? get_u32(c->swapped, body + form->len_at) : simple_len(interface, wire_len);
    if (captured > len - form->head)
        return bad(c, "a packet of %" PRIu32 " octets in a block of %zu", captured, len);
    size_t options_at = form->head + captured + PCAPNG_PAD(captured);
    bool has_options = form->time_at != 0 && options_at < len;
    *out = (struct capfile_packet){
        .interface = interface,
        .interface_number = id,
        .bytes = body + form->head,
        .len = captured,
        .wire_len = wire_len,
        .options = has_options ? body + options_at : body,
        .options_len = has_options ? len - options_at : 0,
        .swapped = c->swapped,
    };
    if (form->time_at != 0)
        out->time_ns = time_ns(interface, (uint64_t)get_u32(c->swapped, body + form->time_at) << 32 |
                                              get_u32(c->swapped, body + form->time_at + 4));
    return CAPFILE_PACKET;
}

/* ---- pcapng: blocks ---- */

/* A section has byte order and interfaces of its own. */
static enum capfile_status start_section(struct capfile *c, const uint8_t *p, size_t left)
{
    if (left < PCAPNG_HEAD + 8)
        return need(c, PCAPNG_HEAD + 8);
    uint32_t order = wire_u32(p + PCAPNG_HEAD);
    if (order != PCAPNG_ORDER && __builtin_bswap32(order) != PCAPNG_ORDER)
        return bad(c, "a section without its byte order");
    c->swapped = order != PCAPNG_ORDER;
    uint16_t major = get_u16(c->swapped, p + PCAPNG_HEAD + 4);
    if (major != PCAPNG_MAJOR)
        return bad(c, "version %u of pcapng, which is not known", major);
    c->form = CAPFILE_PCAPNG;
    c->n_interfaces = 0;
    return CAPFILE_PACKET;
}

/* Passes over as much of a block as there is. */
static bool is_skipping(struct capfile *c, size_t len, size_t *at)
{
    size_t n = c->skip < len - *at ? (size_t)c->skip : len - *at;
    *at += n;
    c->skip -= n;
    return c->skip > 0;
}

/* One block: CAPFILE_PACKET, and *out_packet if it is one. */
static enum capfile_status read_block(struct capfile *c, const uint8_t *p, size_t left, size_t *out_len,
                                      bool *out_packet, struct capfile_packet *out)
{
    uint32_t type = get_u32(c->swapped, p);
    if (type == PCAPNG_SECTION) {
        enum capfile_status status = start_section(c, p, left);
        if (status != CAPFILE_PACKET)
            return status;
    }
    size_t len = get_u32(c->swapped, p + PCAPNG_LENGTH_AT);
    if (len < PCAPNG_BLOCK_MIN || len % 4 != 0)
        return bad(c, "a block of %zu octets", len);
    *out_len = len;
    const struct packet_form *form = find_form(type);
    if (form == NULL && type != PCAPNG_INTERFACE)
        return CAPFILE_PACKET;
    if (len > CAPFILE_RECORD_MAX)
        return bad(c, "a block of %zu octets, more than can be", len);
    if (left < len)
        return need(c, len);
    if (get_u32(c->swapped, p + len - 4) != len)
        return bad(c, "a block that says two things about its length");
    size_t body = len - PCAPNG_BLOCK_MIN;
    if (form == NULL)
        return read_interface(c, p + PCAPNG_HEAD, body);
    *out_packet = true;
    return read_packet(c, form, p + PCAPNG_HEAD, body, out);
}

static enum capfile_status next_pcapng(struct capfile *c, const uint8_t *bytes, size_t len, size_t *at,
                                       struct capfile_packet *out)
{
    bool is_packet = false;
    while (!is_packet) {
        size_t block_len = 0;
        if (is_skipping(c, len, at))
            return need(c, 1);
        if (len - *at < PCAPNG_HEAD)
            return need(c, PCAPNG_HEAD);
        enum capfile_status status = read_block(c, bytes + *at, len - *at, &block_len, &is_packet, out);
        if (status != CAPFILE_PACKET)
            return status;
        c->skip = block_len;
    }
    is_skipping(c, len, at); /* of a packet there is all */
    return CAPFILE_PACKET;
}

/* ---- the file ---- */

/* As Wireshark and tcpdump leave captures, if asked: what undoes it; NULL: it is something else. */
static const char *find_compressor(uint32_t magic)
{
    static const struct {
        uint32_t magic, mask;
        const char *program;
    } rows[] = {{0x1f8b0000, 0xffff0000, "gzip"},
                {0x28b52ffd, 0xffffffff, "zstd"},
                {0x04224d18, 0xffffffff, "lz4"},
                {0xfd377a58, 0xffffffff, "xz"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((magic & rows[i].mask) == rows[i].magic)
            return rows[i].program;
    return NULL;
}

enum capfile_status capfile_start(struct capfile *c, const uint8_t *bytes, size_t len, size_t *at)
{
    if (len - *at < sizeof(uint32_t))
        return need(c, sizeof(uint32_t));
    uint32_t magic = wire_u32(bytes + *at);
    if (magic == PCAPNG_SECTION) {
        c->form = CAPFILE_PCAPNG;
        return CAPFILE_PACKET;
    }
    for (size_t i = 0; i < sizeof pcap_forms / sizeof pcap_forms[0]; i++)
        if (magic == pcap_forms[i].magic || __builtin_bswap32(magic) == pcap_forms[i].magic)
            return open_pcap(c, bytes + *at, len - *at, at, i, magic != pcap_forms[i].magic);
    const char *program = find_compressor(magic);
    if (program != NULL)
        return bad(c, "it is compressed: `%s -dc` undoes that, and - reads what it prints", program);
    return bad(c, "neither pcap nor pcapng: it starts with %08" PRIx32, magic);
}

int capfile_linktype(const struct capfile *c)
{
    return c->form == CAPFILE_PCAP ? c->interfaces[0].linktype : -1;
}

enum capfile_status capfile_next(struct capfile *c, const uint8_t *bytes, size_t len, size_t *at,
                                 struct capfile_packet *out)
{
    if (c->form == CAPFILE_START) {
        enum capfile_status status = capfile_start(c, bytes, len, at);
        if (status != CAPFILE_PACKET)
            return status;
    }
    return c->form == CAPFILE_PCAP ? next_pcap(c, bytes, len, at, out) : next_pcapng(c, bytes, len, at, out);
}

bool capfile_is_cut(const struct capfile *c, size_t left)
{
    return left > 0 || c->skip > 0 || c->form == CAPFILE_START;
}
