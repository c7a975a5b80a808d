#include "server/srv_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/dhcp_opt.h"

enum { XID_AT = 4, CHADDR_AT = 28, SENTENCE_MAX = 2048, FIXED_MIN = 240 };

struct note {
    enum trace_kind kind;
    enum reason reason;
    struct trace_facts facts; /* its text is among the record's */
};

struct message {
    struct packet packet; /* .len 0: none; its bytes are below */
    uint8_t bytes[SRV_EXPLAIN_BYTES_MAX];
};

struct record {
    int64_t wall_ms;
    uint32_t xid;
    struct hw_addr client;
    struct message query, response;
    bool has_response; /* also if it was too long to be kept */
    unsigned n_notes, n_lost;
    struct note notes[SRV_EXPLAIN_NOTES_MAX];
    size_t text_len;
    char texts[SRV_EXPLAIN_TEXT_MAX]; /* copies of facts.text */
};

struct srv_explain {
    unsigned n, next; /* records in use; where the next one goes */
    struct record ring[SRV_EXPLAIN_MAX];
};

struct srv_explain *srv_explain_new(void)
{
    return calloc(1, sizeof(struct srv_explain));
}

void srv_explain_free(struct srv_explain *x)
{
    free(x);
}

/* ---- adding ---- */

static struct record *add_record(struct srv_explain *x, const struct clock_now *now, uint32_t xid,
                                 const struct hw_addr *client)
{
    struct record *r = &x->ring[x->next];
    x->next = (x->next + 1) % SRV_EXPLAIN_MAX;
    if (x->n < SRV_EXPLAIN_MAX)
        x->n++;
    r->wall_ms = now->wall_ms;
    r->xid = xid;
    r->client = *client;
    r->query.packet.len = r->response.packet.len = 0;
    r->has_response = false;
    r->n_notes = r->n_lost = 0;
    r->text_len = 0;
    return r;
}

/* The one that is `age` back; 0: the newest. */
static struct record *record_at(const struct srv_explain *x, unsigned age)
{
    unsigned place = (x->next + SRV_EXPLAIN_MAX - 1 - age) % SRV_EXPLAIN_MAX;
    return (struct record *)(uintptr_t)&x->ring[place];
}

static void keep_message(struct message *m, const struct packet *packet)
{
    if (packet->len > sizeof m->bytes)
        return;
    m->packet = *packet;
    memcpy(m->bytes, packet->bytes, packet->len);
    m->packet.bytes = m->bytes;
}

static uint32_t read_xid(const struct packet *packet)
{
    const uint8_t *b = packet->bytes + XID_AT;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static struct hw_addr read_chaddr(const struct packet *packet)
{
    struct hw_addr hw = {.type = packet->bytes[1], .len = packet->bytes[2]};
    if (hw.len > HW_MAX)
        hw.len = 0;
    memcpy(hw.bytes, packet->bytes + CHADDR_AT, sizeof hw.bytes); /* which is quicker than as many as count */
    return hw;
}

/* As much of it as there is room for; "" is always there, at the end. */
static const char *keep_text(struct record *r, const char *text)
{
    char *copy = r->texts + r->text_len;
    size_t room = sizeof r->texts - 1 - r->text_len, len = strnlen(text, room);
    memcpy(copy, text, len);
    copy[len] = '\0';
    r->text_len += len < room ? len + 1 : len;
    return copy;
}

static inline void add_note(struct record *r, const struct trace_event *event)
{
    if (r->n_notes == SRV_EXPLAIN_NOTES_MAX) {
        r->n_lost++;
        return;
    }
    struct note *note = &r->notes[r->n_notes++];
    note->kind = event->kind;
    note->reason = event->reason;
    note->facts = event->facts;
    if (event->facts.text != NULL)
        note->facts.text = keep_text(r, event->facts.text);
}

static bool is_about(const struct record *r, uint32_t xid, const struct hw_addr *client)
{
    return r->xid == xid && hw_equal(&r->client, client);
}

/* The transaction that the decision is about; NULL if it has fallen out, or there never was one. */
static struct record *find_record(const struct srv_explain *x, uint32_t xid, const struct hw_addr *client)
{
    for (unsigned age = 0; age < x->n && xid != 0; age++) {
        struct record *r = record_at(x, age);
        if (is_about(r, xid, client))
            return r;
    }
    return NULL;
}

/* A decision of the transaction of its xid; without one, it stands alone. */
static void note_event(struct srv_explain *x, const struct clock_now *now, const struct trace_event *event)
{
    struct record *r = find_record(x, event->xid, &event->client);
    if (r == NULL)
        r = add_record(x, now, event->xid, &event->client);
    add_note(r, event);
}

void srv_explain_unsent(struct srv_explain *x, const struct clock_now *now, const struct trace_event *event)
{
    for (unsigned age = 0; age < x->n; age++) {
        struct record *r = record_at(x, age);
        if (!r->has_response || !is_about(r, event->xid, &event->client))
            continue;
        r->has_response = false;
        r->response.packet.len = 0;
        add_note(r, event);
        return;
    }
    note_event(x, now, event);
}

/* Most often of the message at hand, whose record is `own`, or NULL. */
static void add_answer(struct srv_explain *x, struct record *own, const struct packet *packet)
{
    struct hw_addr client = read_chaddr(packet);
    uint32_t xid = read_xid(packet);
    struct record *r = own != NULL && is_about(own, xid, &client) ? own : find_record(x, xid, &client);
    if (r == NULL)
        return;
    r->has_response = true;
    keep_message(&r->response, packet);
}

void srv_explain_add(struct srv_explain *x, const struct clock_now *now, const struct packet *packet,
                     const struct srv_action *first)
{
    struct record *own = NULL;
    if (packet != NULL && packet->len >= FIXED_MIN) {
        struct hw_addr client = read_chaddr(packet);
        own = add_record(x, now, read_xid(packet), &client);
        keep_message(&own->query, packet);
    }
    for (const struct srv_action *a = first; a != NULL; a = a->next) {
        switch (a->kind) {
        case SRV_TRACE:
            if (own != NULL && is_about(own, a->trace.xid, &a->trace.client))
                add_note(own, &a->trace);
            else
                note_event(x, now, &a->trace);
            break;
        case SRV_TX:
            add_answer(x, own, &a->packet);
            break;
        case SRV_LEASE_PUT: /* a decision says so */
        case SRV_PROBE:
            break;
        }
    }
}

/* ---- finding ---- */

static bool decode(const struct message *m, struct dhcp_msg *out)
{
    return m->packet.len != 0 && dhcp_msg_decode(out, m->packet.bytes, m->packet.len) == REASON_NONE;
}

static bool speaks_of(const struct record *r, ip4 addr)
{
    struct dhcp_msg msg;
    for (unsigned i = 0; i < r->n_notes; i++)
        if (r->notes[i].facts.addr == addr)
            return true;
    return (decode(&r->query, &msg) && msg.ciaddr == addr) ||
           (decode(&r->response, &msg) && msg.yiaddr == addr);
}

static bool has_client_id(const struct record *r, const uint8_t *id, size_t len)
{
    struct dhcp_msg msg;
    const struct dhcp_option *option =
        decode(&r->query, &msg) ? dhcp_msg_find(&msg, DHCP_OPT_CLIENT_ID) : NULL;
    return option != NULL && option->len == len && memcmp(option->data, id, len) == 0;
}

static bool is_meant(const struct srv_explain_filter *f, const struct record *r)
{
    return (f->xid == 0 || f->xid == r->xid) && (f->hw == NULL || hw_equal(f->hw, &r->client)) &&
           (f->addr == 0 || speaks_of(r, f->addr)) &&
           (f->client_id == NULL || has_client_id(r, f->client_id, f->client_id_len));
}

/* ---- telling ---- */

static cJSON *note_json(const struct note *note)
{
    static const char *const kinds[] = {
        [TRACE_DECISION] = "decision", [TRACE_DROP] = "drop", [TRACE_STATE] = "state"};
    char sentence[SENTENCE_MAX];
    trace_sentence(note->reason, &note->facts, sentence, sizeof sentence);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "kind", kinds[note->kind]);
    cJSON_AddStringToObject(json, "reason", reason_token(note->reason));
    cJSON_AddStringToObject(json, "text", sentence);
    return json;
}

static void put_message(cJSON *json, const char *key, const struct message *m, enum trace_direction direction,
                        const struct trace_stamp *stamp)
{
    cJSON *message =
        m->packet.len == 0 ? cJSON_CreateNull() : trace_message_json(stamp, direction, "", &m->packet);
    for (size_t i = 0; i < 4 && cJSON_IsObject(message); i++) /* what stands around a line of the trace */
        cJSON_DeleteItemFromObjectCaseSensitive(
            message, (const char *const[]){"time", "boot_ms", "node", "interface"}[i]);
    cJSON_AddItemToObject(json, key, message);
}

/* Option 55 against the answer. */
static void put_absent(cJSON *json, const struct record *r)
{
    struct dhcp_msg query, response;
    cJSON *list = cJSON_AddArrayToObject(json, "requested-not-sent");
    if (!decode(&r->query, &query) || !decode(&r->response, &response))
        return;
    const struct dhcp_option *asked = dhcp_msg_find(&query, DHCP_OPT_PRL);
    for (unsigned i = 0; asked != NULL && i < asked->len; i++) {
        const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, asked->data[i]);
        if (dhcp_msg_has(&response, asked->data[i]))
            continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "code", asked->data[i]);
        cJSON_AddStringToObject(item, "name", def != NULL ? def->name : "unknown");
        cJSON_AddItemToArray(list, item);
    }
}

static cJSON *record_json(const struct record *r, const struct clock_now *now)
{
    char time[CLOCK_ISO_LEN], xid[16], hw[HW_LEN];
    struct trace_stamp stamp = {.now = *now, .node = ""};
    clock_iso(r->wall_ms, now->utc_offset_s, time);
    snprintf(xid, sizeof xid, "0x%08x", r->xid);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "time", time);
    cJSON_AddStringToObject(json, "xid", xid);
    cJSON_AddStringToObject(json, "hw-address", hw_format(&r->client, hw));
    put_message(json, "query", &r->query, TRACE_RX, &stamp);
    cJSON *notes = cJSON_AddArrayToObject(json, "decisions");
    for (unsigned i = 0; i < r->n_notes; i++)
        cJSON_AddItemToArray(notes, note_json(&r->notes[i]));
    cJSON_AddNumberToObject(json, "decisions-not-kept", r->n_lost);
    cJSON_AddBoolToObject(json, "answered", r->has_response);
    put_message(json, "response", &r->response, TRACE_TX, &stamp);
    put_absent(json, r);
    return json;
}

cJSON *srv_explain_list(const struct srv_explain *x, const struct clock_now *now,
                        const struct srv_explain_filter *filter)
{
    cJSON *list = cJSON_CreateArray();
    unsigned n = 0;
    for (unsigned age = 0; age < x->n && n < filter->limit; age++) {
        const struct record *r = record_at(x, age);
        if (!is_meant(filter, r))
            continue;
        cJSON_AddItemToArray(list, record_json(r, now));
        n++;
    }
    return list;
}
