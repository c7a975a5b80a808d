#include "common/trace.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/text.h"
#include "common/trace_options.h"

enum {
    SENTENCE_MAX = 640, /* the longest sentence with a NAK's whole option 56 in it */
    FACT_MAX = 512,
    VALUE_MAX = 2048, /* of an option's text; what is longer is cut, "hex" has it all */
    XID_LEN = 11,     /* "0x3903f326" and NUL */
};

/* ---- sentences ---- */

/* X(identifier, name) */
#define FACT_MAP(X)                                                                                          \
    X(FACT_ADDR, "addr")                                                                                     \
    X(FACT_OTHER, "other")                                                                                   \
    X(FACT_NET, "net")                                                                                       \
    X(FACT_NUM, "num")                                                                                       \
    X(FACT_MAX_NUM, "max")                                                                                   \
    X(FACT_SPAN, "span")                                                                                     \
    X(FACT_HW, "hw")                                                                                         \
    X(FACT_TEXT, "text")

enum fact {
#define X(name, text) name,
    FACT_MAP(X)
#undef X
        FACT_COUNT
};

static const char *const fact_names[FACT_COUNT] = {
#define X(name, text) [name] = text,
    FACT_MAP(X)
#undef X
};

/* If a place such as "{addr}" starts at `p`: its length and which fact it names. Otherwise 0. */
static size_t place_at(const char *p, enum fact *out)
{
    if (*p != '{')
        return 0;
    for (int i = 0; i < FACT_COUNT; i++) {
        size_t len = strlen(fact_names[i]);
        if (strncmp(p + 1, fact_names[i], len) == 0 && p[1 + len] == '}') {
            *out = (enum fact)i;
            return len + 2;
        }
    }
    return 0;
}

/* `buf` holds FACT_MAX bytes. */
static void format_fact(enum fact fact, const struct trace_facts *facts, char *buf)
{
    switch (fact) {
    case FACT_ADDR:
        ip4_format(facts->addr, buf);
        return;
    case FACT_OTHER:
        ip4_format(facts->other, buf);
        return;
    case FACT_NET:
        ip4_net_format(facts->net, buf);
        return;
    case FACT_NUM:
        snprintf(buf, FACT_MAX, "%" PRId64, facts->num);
        return;
    case FACT_MAX_NUM:
        snprintf(buf, FACT_MAX, "%" PRId64, facts->max);
        return;
    case FACT_SPAN:
        if (facts->span_s == LEASE_INFINITE)
            snprintf(buf, FACT_MAX, "an infinite time");
        else
            clock_span(facts->span_s, buf);
        return;
    case FACT_HW:
        if (facts->hw.len == 0)
            snprintf(buf, FACT_MAX, "a client without hardware address");
        else
            hw_format(&facts->hw, buf);
        return;
    case FACT_TEXT:
    case FACT_COUNT:
        if (facts->text == NULL)
            buf[0] = '\0';
        else if (facts->form == TRACE_OPTIONS)
            trace_options_format(facts->text, buf, FACT_MAX);
        else
            text_escape((const uint8_t *)facts->text, strlen(facts->text), buf, FACT_MAX);
        return;
    }
}

size_t trace_sentence(enum reason reason, const struct trace_facts *facts, char *buf, size_t cap)
{
    const char *p = reason_text(reason);
    size_t at = 0;
    assert(cap > 0);
    while (*p != '\0') {
        char value[FACT_MAX];
        enum fact fact;
        size_t step = place_at(p, &fact);
        if (step > 0) {
            format_fact(fact, facts, value);
        } else {
            step = 1;
            value[0] = *p;
            value[1] = '\0';
        }
        size_t len = strlen(value);
        size_t room = cap - 1 - at;
        memcpy(buf + at, value, len < room ? len : room);
        at += len < room ? len : room;
        p += step;
    }
    buf[at] = '\0';
    return at;
}

/* ---- objects ---- */

/* A map being filled in; a failed allocation is remembered. */
struct map {
    cJSON *json;
    bool failed;
};

static struct map map_new(void)
{
    cJSON *json = cJSON_CreateObject();
    return (struct map){json, json == NULL};
}

static cJSON *map_take(struct map *m)
{
    if (!m->failed)
        return m->json;
    cJSON_Delete(m->json);
    return NULL;
}

static void put_text(struct map *m, const char *key, const char *value)
{
    m->failed = m->failed || cJSON_AddStringToObject(m->json, key, value) == NULL;
}

static void put_number(struct map *m, const char *key, double value)
{
    m->failed = m->failed || cJSON_AddNumberToObject(m->json, key, value) == NULL;
}

static void put_bool(struct map *m, const char *key, bool value)
{
    m->failed = m->failed || cJSON_AddBoolToObject(m->json, key, value) == NULL;
}

/* Takes `item` over; NULL is a failed allocation. */
static void put_item(struct map *m, const char *key, cJSON *item)
{
    if (item != NULL && !m->failed && cJSON_AddItemToObject(m->json, key, item))
        return;
    cJSON_Delete(item);
    m->failed = true;
}

static void put_ip4(struct map *m, const char *key, ip4 value)
{
    char buf[IP4_LEN];
    put_text(m, key, ip4_format(value, buf));
}

static void put_hw(struct map *m, const char *key, const struct hw_addr *hw)
{
    char buf[HW_LEN];
    if (hw->len == 0)
        put_item(m, key, cJSON_CreateNull());
    else
        put_text(m, key, hw_format(hw, buf));
}

static void put_xid(struct map *m, uint32_t xid)
{
    char buf[XID_LEN];
    snprintf(buf, sizeof buf, "0x%08" PRIx32, xid);
    put_text(m, "xid", buf);
}

static void put_stamp(struct map *m, const struct trace_stamp *stamp, const char *kind)
{
    char time[CLOCK_ISO_LEN];
    clock_iso(stamp->now.wall_ms, stamp->now.utc_offset_s, time);
    put_text(m, "time", time);
    put_number(m, "boot_ms", (double)stamp->now.boot_ms);
    put_text(m, "node", stamp->node);
    put_text(m, "kind", kind);
}

static void put_fact(struct map *m, enum fact fact, const struct trace_facts *facts)
{
    char buf[FACT_MAX];
    switch (fact) {
    case FACT_NUM:
        put_number(m, "num", (double)facts->num);
        return;
    case FACT_MAX_NUM:
        put_number(m, "max", (double)facts->max);
        return;
    case FACT_SPAN:
        put_number(m, "span_s", facts->span_s);
        return;
    case FACT_HW:
        put_hw(m, "hw", &facts->hw);
        return;
    case FACT_ADDR:
    case FACT_OTHER:
    case FACT_NET:
    case FACT_TEXT:
    case FACT_COUNT:
        format_fact(fact, facts, buf);
        put_text(m, fact_names[fact], buf);
        return;
    }
}

static void put_reason(struct map *m, enum reason reason, const struct trace_facts *facts)
{
    static const struct trace_facts none = {0};
    char sentence[SENTENCE_MAX];
    if (facts == NULL)
        facts = &none;
    trace_sentence(reason, facts, sentence, sizeof sentence);
    put_text(m, "reason", reason_token(reason));
    put_text(m, "text", sentence);
    struct map named = map_new();
    bool seen[FACT_COUNT] = {false};
    enum fact fact;
    for (const char *p = reason_text(reason); *p != '\0'; p++) {
        if (place_at(p, &fact) == 0 || seen[fact])
            continue;
        seen[fact] = true;
        put_fact(&named, fact, facts);
    }
    put_item(m, "facts", map_take(&named));
}

static const char *kind_name(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_DECISION:
        return "decision";
    case TRACE_DROP:
        return "drop";
    case TRACE_STATE:
        return "state";
    }
    return "";
}

cJSON *trace_event_json(const struct trace_stamp *stamp, const struct trace_event *event)
{
    struct map m = map_new();
    put_stamp(&m, stamp, kind_name(event->kind));
    if (event->kind == TRACE_STATE) {
        put_text(&m, "from", event->from);
        put_text(&m, "to", event->to);
    }
    if (event->xid != 0)
        put_xid(&m, event->xid);
    if (event->client.len > 0)
        put_hw(&m, "client", &event->client);
    put_reason(&m, event->reason, &event->facts);
    return map_take(&m);
}

static const char *direction_name(enum trace_direction direction)
{
    switch (direction) {
    case TRACE_RX:
        return "rx";
    case TRACE_TX:
        return "tx";
    }
    return "";
}

static void put_way(struct map *m, enum trace_direction direction, const char *ifname,
                    const struct packet *packet)
{
    put_text(m, "direction", direction_name(direction));
    put_text(m, "interface", ifname);
    if (packet == NULL)
        return;
    put_ip4(m, "src", packet->src);
    put_ip4(m, "dst", packet->dst);
    put_number(m, "sport", packet->sport);
    put_number(m, "dport", packet->dport);
    put_hw(m, "src_hw", &packet->src_hw);
    put_hw(m, "dst_hw", &packet->dst_hw);
    put_number(m, "length", (double)packet->len);
}

static cJSON *drop_json(const struct trace_stamp *stamp, enum trace_direction direction, const char *ifname,
                        const struct packet *packet, enum reason reason, const struct trace_facts *facts)
{
    struct map m = map_new();
    put_stamp(&m, stamp, kind_name(TRACE_DROP));
    put_way(&m, direction, ifname, packet);
    put_reason(&m, reason, facts);
    return map_take(&m);
}

cJSON *trace_drop_json(const struct trace_stamp *stamp, const char *ifname, const struct packet *packet,
                       enum reason reason, const struct trace_facts *facts)
{
    return drop_json(stamp, TRACE_RX, ifname, packet, reason, facts);
}

cJSON *trace_log_json(const struct trace_stamp *stamp, const char *level, const char *text)
{
    struct map m = map_new();
    struct text safe;
    text_init(&safe);
    text_add(&safe, "%s", text);
    char *shown = text_take(&safe);
    put_stamp(&m, stamp, "log");
    put_text(&m, "level", level);
    put_text(&m, "text", shown != NULL ? shown : "");
    m.failed = m.failed || shown == NULL;
    free(shown);
    return map_take(&m);
}

/* ---- messages ---- */

static cJSON *piece_json(const struct dhcp_piece *piece)
{
    struct map m = map_new();
    put_number(&m, "offset", piece->offset);
    put_number(&m, "length", piece->len);
    put_text(&m, "region", dhcp_region_name(piece->region));
    return map_take(&m);
}

static void put_pieces(struct map *m, const struct dhcp_msg *msg, const struct dhcp_option *option)
{
    cJSON *pieces = cJSON_CreateArray();
    bool failed = pieces == NULL;
    for (unsigned i = 0; i < msg->n_pieces && !failed; i++) {
        if (msg->pieces[i].code != option->code)
            continue;
        cJSON *piece = piece_json(&msg->pieces[i]);
        failed = piece == NULL || !cJSON_AddItemToArray(pieces, piece);
    }
    put_item(m, "pieces", pieces);
    m->failed = m->failed || failed;
}

static enum dhcp_region region_of(const struct dhcp_msg *msg, const struct dhcp_option *option)
{
    for (unsigned i = 0; i < msg->n_pieces; i++)
        if (msg->pieces[i].offset == option->offset)
            return msg->pieces[i].region;
    return DHCP_IN_OPTIONS;
}

static void put_hex(struct map *m, const uint8_t *bytes, size_t len)
{
    char *hex = malloc(2 * len + 1);
    if (hex == NULL) {
        m->failed = true;
        return;
    }
    text_hex(bytes, len, hex, 2 * len + 1);
    put_text(m, "hex", hex);
    free(hex);
}

static void put_opt_defect(struct map *m, enum opt_defect defect)
{
    struct map why = map_new();
    put_text(&why, "reason", opt_defect_token(defect));
    put_text(&why, "text", opt_defect_text(defect));
    put_item(m, "malformed", map_take(&why));
}

static cJSON *option_json(const struct dhcp_msg *msg, const struct dhcp_option *option)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, option->code);
    enum opt_defect defect = dhcp_opt_check(def, option->data, option->len);
    enum dhcp_region region = region_of(msg, option);
    char text[VALUE_MAX];
    dhcp_opt_format(def, option->data, option->len, text, sizeof text);
    struct map m = map_new();
    put_number(&m, "code", option->code);
    put_text(&m, "name", def != NULL ? def->name : "unknown");
    put_number(&m, "length", option->len);
    put_item(&m, "value", dhcp_opt_json(def, option->data, option->len));
    put_text(&m, "text", text);
    put_hex(&m, option->data, option->len);
    put_number(&m, "offset", option->offset);
    if (region != DHCP_IN_OPTIONS)
        put_text(&m, "region", dhcp_region_name(region));
    if (option->pieces > 1)
        put_pieces(&m, msg, option);
    if (defect != OPT_OK && defect != OPT_UNKNOWN)
        put_opt_defect(&m, defect);
    return map_take(&m);
}

static void put_options(struct map *m, const struct dhcp_msg *msg)
{
    cJSON *options = cJSON_CreateArray();
    bool failed = options == NULL;
    for (unsigned i = 0; i < msg->n_options && !failed; i++) {
        cJSON *option = option_json(msg, &msg->options[i]);
        failed = option == NULL || !cJSON_AddItemToArray(options, option);
    }
    put_item(m, "options", options);
    m->failed = m->failed || failed;
}

static void put_defects(struct map *m, const struct dhcp_msg *msg)
{
    static const struct {
        enum dhcp_defect defect;
        const char *token;
        const char *text;
    } rows[] = {
#define X(name, bit, token, text) {name, token, text},
        DHCP_DEFECT_MAP(X)
#undef X
    };
    cJSON *defects = cJSON_CreateArray();
    bool failed = defects == NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !failed; i++) {
        if (!(msg->defects & rows[i].defect))
            continue;
        struct map defect = map_new();
        put_text(&defect, "reason", rows[i].token);
        put_text(&defect, "text", rows[i].text);
        if (msg->defects == rows[i].defect)
            put_number(&defect, "offset", msg->defect_at);
        cJSON *json = map_take(&defect);
        failed = json == NULL || !cJSON_AddItemToArray(defects, json);
    }
    put_item(m, "defects", defects);
    m->failed = m->failed || failed;
}

/* sname or file, up to its NUL; "" if it carries options. */
static void put_field(struct map *m, const char *key, const uint8_t *bytes, size_t len, bool has_options)
{
    char text[4 * DHCP_FILE_LEN + 1];
    text_escape(bytes, has_options ? 0 : strnlen((const char *)bytes, len), text, sizeof text);
    put_text(m, key, text);
}

static void put_header(struct map *m, const struct dhcp_msg *msg)
{
    char flags[8];
    struct hw_addr chaddr = dhcp_msg_hw(msg);
    snprintf(flags, sizeof flags, "0x%04x", msg->flags);
    put_number(m, "op", msg->op);
    put_text(m, "type", dhcp_type_name(msg->type));
    put_number(m, "htype", msg->htype);
    put_number(m, "hlen", msg->hlen);
    put_number(m, "hops", msg->hops);
    put_xid(m, msg->xid);
    put_number(m, "secs", msg->secs);
    put_text(m, "flags", flags);
    put_bool(m, "broadcast", (msg->flags & DHCP_FLAG_BROADCAST) != 0);
    put_ip4(m, "ciaddr", msg->ciaddr);
    put_ip4(m, "yiaddr", msg->yiaddr);
    put_ip4(m, "siaddr", msg->siaddr);
    put_ip4(m, "giaddr", msg->giaddr);
    put_hw(m, "chaddr", &chaddr);
    put_field(m, "sname", msg->sname, sizeof msg->sname, (msg->overload & DHCP_OVERLOAD_SNAME) != 0);
    put_field(m, "file", msg->file, sizeof msg->file, (msg->overload & DHCP_OVERLOAD_FILE) != 0);
}

/* What the sentences of REASON_MSG_* speak of. */
static int64_t number_refused(enum reason reason, const struct dhcp_msg *msg, size_t len)
{
    if (reason == REASON_MSG_BAD_OP)
        return msg->op;
    if (reason == REASON_MSG_BAD_HLEN)
        return msg->hlen;
    return (int64_t)len;
}

cJSON *trace_message_json(const struct trace_stamp *stamp, enum trace_direction direction, const char *ifname,
                          const struct packet *packet)
{
    struct dhcp_msg msg;
    enum reason reason = dhcp_msg_decode(&msg, packet->bytes, packet->len);
    if (reason != REASON_NONE) {
        struct trace_facts facts = {.num = number_refused(reason, &msg, packet->len)};
        return drop_json(stamp, direction, ifname, packet, reason, &facts);
    }
    struct map m = map_new();
    put_stamp(&m, stamp, "message");
    put_way(&m, direction, ifname, packet);
    put_header(&m, &msg);
    put_options(&m, &msg);
    put_defects(&m, &msg);
    return map_take(&m);
}
