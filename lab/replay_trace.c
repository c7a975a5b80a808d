#include "lab/replay_trace.h"

#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/hex.h"

static const char *text_of(const cJSON *map, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
    return text == NULL ? "" : text;
}

/* -1 if there is none. */
static double number_of(const cJSON *map, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

static bool is(const cJSON *map, const char *key, const char *value)
{
    return strcmp(text_of(map, key), value) == 0;
}

enum replay_trace_kind replay_trace_kind(const cJSON *event)
{
    bool is_of_engine = cJSON_GetObjectItemCaseSensitive(event, "direction") == NULL;
    if (is(event, "kind", "message"))
        return is(event, "direction", "rx") ? REPLAY_TRACE_HEARD : REPLAY_TRACE_SENT;
    if (is(event, "reason", reason_token(REASON_SERVER_STARTED)))
        return REPLAY_TRACE_STARTED;
    if (is_of_engine &&
        (is(event, "kind", "decision") || is(event, "kind", "drop") || is(event, "kind", "state")))
        return REPLAY_TRACE_DECISION;
    return REPLAY_TRACE_OTHER;
}

bool replay_trace_is_empty(const cJSON *event)
{
    return number_of(cJSON_GetObjectItemCaseSensitive(event, "facts"), "num") == 0;
}

time_ms replay_trace_time(const cJSON *event)
{
    return (time_ms)number_of(event, "boot_ms");
}

const char *replay_trace_xid(const cJSON *event)
{
    return text_of(event, "xid");
}

/* ---- octets ---- */

struct octets {
    uint8_t *bytes;
    size_t len;
    bool failed; /* something does not fit, or is not understood */
};

static void put_number(struct octets *o, size_t at, size_t size, double value)
{
    uint32_t number = (uint32_t)value;
    o->failed = o->failed || value < 0 || value > UINT32_MAX || at + size > o->len;
    for (size_t i = 0; i < size && !o->failed; i++)
        o->bytes[at + i] = (uint8_t)(number >> 8 * (size - 1 - i));
}

static void put_hex_number(struct octets *o, size_t at, size_t size, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 16);
    put_number(o, at, size, *text == '\0' || *end != '\0' ? -1 : (double)value);
}

static void put_addr(struct octets *o, size_t at, const char *text)
{
    ip4 addr;
    put_number(o, at, sizeof addr, ip4_parse(text, &addr) ? (double)addr : -1);
}

/* text_escape() backwards: \\ and \xHH. */
static void put_escaped(struct octets *o, size_t at, size_t size, const char *text)
{
    for (size_t i = 0; *text != '\0' && !o->failed; i++) {
        int value = (uint8_t)*text++;
        if (value == '\\' && *text == '\\') {
            text++;
        } else if (value == '\\') {
            value = *text == 'x' ? hex_octet(text + 1) : -1;
            text += value < 0 ? 0 : 3;
        }
        o->failed = value < 0 || i >= size || at + i >= o->len;
        if (!o->failed)
            o->bytes[at + i] = (uint8_t)value;
    }
}

/* `len` octets of the value, from its octet `from` on, as one piece of the option. */
static void put_piece(struct octets *o, double offset, const cJSON *option, size_t from, double len)
{
    const char *hex = text_of(option, "hex");
    size_t at = (size_t)offset, n = (size_t)len;
    o->failed = o->failed || offset < 0 || len < 0 || strlen(hex) < 2 * (from + n) || at + 2 + n > o->len;
    put_number(o, at, 1, number_of(option, "code"));
    put_number(o, at + 1, 1, len);
    for (size_t i = 0; i < n && !o->failed; i++) {
        int octet = hex_octet(hex + 2 * (from + i));
        o->failed = octet < 0;
        if (!o->failed)
            o->bytes[at + 2 + i] = (uint8_t)octet;
    }
}

/* The three fields that options stand in, and where those end so far; 0: there are none. */
struct fields {
    size_t sname, file, options;
};

static void note_end(double offset, double len, struct fields *out)
{
    size_t end = offset < 0 || len < 0 ? 0 : (size_t)offset + 2 + (size_t)len;
    size_t *field = offset >= DHCP_OPTIONS_AT ? &out->options
                    : offset >= DHCP_FILE_AT  ? &out->file
                                              : &out->sname;
    *field = end > *field ? end : *field;
}

static void put_option(struct octets *o, const cJSON *option, struct fields *out_ends)
{
    const cJSON *pieces = cJSON_GetObjectItemCaseSensitive(option, "pieces"), *piece;
    double offset = number_of(option, "offset"), len = number_of(option, "length");
    size_t from = 0;
    if (pieces == NULL) {
        put_piece(o, offset, option, 0, len);
        note_end(offset, len, out_ends);
    }
    cJSON_ArrayForEach(piece, pieces)
    {
        offset = number_of(piece, "offset");
        len = number_of(piece, "length");
        put_piece(o, offset, option, from, len);
        note_end(offset, len, out_ends);
        from += len < 0 ? 0 : (size_t)len;
    }
}

static bool has_defect(const cJSON *event, const char *token)
{
    const cJSON *defect;
    cJSON_ArrayForEach(defect, cJSON_GetObjectItemCaseSensitive(event, "defects"))
    {
        if (is(defect, "reason", token))
            return true;
    }
    return false;
}

static void put_options(struct octets *o, const cJSON *event)
{
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(event, "options"), *option;
    struct fields ends = {.options = DHCP_OPTIONS_AT};
    if (cJSON_GetArraySize(options) == 0) /* RFC 951: BOOTP without vendor extensions */
        return;
    if (o->len > DHCP_OPTIONS_AT)
        put_number(o, DHCP_COOKIE_AT, sizeof(uint32_t), DHCP_COOKIE);
    cJSON_ArrayForEach(option, options)
    {
        put_option(o, option, &ends);
    }
    if (has_defect(event, "missing-end"))
        return;
    if (ends.options < o->len)
        put_number(o, ends.options, 1, DHCP_OPT_END);
    if (ends.file > 0 && ends.file < DHCP_COOKIE_AT)
        put_number(o, ends.file, 1, DHCP_OPT_END);
    if (ends.sname > 0 && ends.sname < DHCP_FILE_AT)
        put_number(o, ends.sname, 1, DHCP_OPT_END);
}

/* RFC 2131 2, figure 1. */
static void put_header(struct octets *o, const cJSON *event)
{
    struct hw_addr hw = {0};
    const char *chaddr = text_of(event, "chaddr");
    static const struct {
        const char *key;
        size_t at;
    } addrs[] = {{"ciaddr", 12}, {"yiaddr", 16}, {"siaddr", 20}, {"giaddr", 24}};
    put_number(o, 0, 1, number_of(event, "op"));
    put_number(o, 1, 1, number_of(event, "htype"));
    put_number(o, 2, 1, number_of(event, "hlen"));
    put_number(o, 3, 1, number_of(event, "hops"));
    put_hex_number(o, 4, 4, text_of(event, "xid"));
    put_number(o, 8, 2, number_of(event, "secs"));
    put_hex_number(o, 10, 2, text_of(event, "flags"));
    for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++)
        put_addr(o, addrs[i].at, text_of(event, addrs[i].key));
    o->failed = o->failed || (chaddr[0] != '\0' && !hw_parse(chaddr, &hw));
    if (!o->failed)
        memcpy(o->bytes + 28, hw.bytes, hw.len);
    put_escaped(o, DHCP_SNAME_AT, DHCP_SNAME_LEN, text_of(event, "sname"));
    put_escaped(o, DHCP_FILE_AT, DHCP_FILE_LEN, text_of(event, "file"));
}

bool replay_trace_packet(const cJSON *event, uint8_t *buf, size_t cap, struct packet *out)
{
    double len = number_of(event, "length");
    if (len < DHCP_COOKIE_AT || len > (double)cap)
        return false;
    struct octets o = {.bytes = buf, .len = (size_t)len};
    memset(buf, 0, o.len);
    put_header(&o, event);
    put_options(&o, event);
    *out = (struct packet){.sport = (uint16_t)number_of(event, "sport"),
                           .dport = (uint16_t)number_of(event, "dport"),
                           .bytes = buf,
                           .len = o.len};
    return !o.failed && ip4_parse(text_of(event, "src"), &out->src) &&
           ip4_parse(text_of(event, "dst"), &out->dst) && number_of(event, "sport") >= 0 &&
           number_of(event, "dport") >= 0;
}

/* ---- comparing ---- */

char *replay_trace_text(cJSON *event)
{
    static const char *const keys[] = {"time", "boot_ms", "src_hw", "dst_hw"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(event, keys[i]);
    return cJSON_PrintUnformatted(event);
}
