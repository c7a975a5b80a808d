#include "server/srv_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/dhcp_opt.h"
#include "common/wire.h"

enum { XID_AT = 4, CHADDR_AT = 28, SENTENCE_MAX = 2048, FIXED_MIN = 240 };
/* Lists that are kept: a transaction is in two of them where an address was probed meanwhile, and two more
 * are under way at a time. */
enum { KEPT_MAX = 2 * SRV_EXPLAIN_MAX + 2 };

/* Actions of one step, in their order; others may stand between them. */
struct part {
    const struct srv_action *first, *last; /* NULL: none */
    struct part *next;
};

struct record {
    int64_t wall_ms;
    uint32_t xid;
    struct hw_addr client;
    struct packet query;             /* .len 0: none, or too long */
    const struct srv_action *unsent; /* the decision that the answers before it have not left; NULL: none */
    struct part own, *newest;
};

/* Actions that were executed; their records are older than the record with the number `until`. */
struct kept {
    struct srv_actions actions;
    size_t octets;
    uint64_t until;
};

struct srv_explain {
    uint64_t n_added; /* records up to now: the number of the next one */
    unsigned n;       /* in use */
    struct record ring[SRV_EXPLAIN_MAX];
    unsigned first_kept, n_kept;
    size_t octets; /* of those that are kept */
    struct kept kept[KEPT_MAX];
};

struct srv_explain *srv_explain_new(void)
{
    return calloc(1, sizeof(struct srv_explain));
}

void srv_explain_free(struct srv_explain *x)
{
    for (unsigned i = 0; x != NULL && i < x->n_kept; i++)
        srv_actions_fini(&x->kept[(x->first_kept + i) % KEPT_MAX].actions);
    free(x);
}

/* ---- keeping ---- */

/* What was kept first goes, and the records that it may be of; its memory goes to the spare one. */
static void give_up(struct srv_explain *x, struct arena *spare)
{
    struct kept *k = &x->kept[x->first_kept];
    uint64_t n_left = x->n_added - k->until;
    if (x->n > n_left)
        x->n = (unsigned)n_left;
    x->octets -= k->octets;
    x->first_kept = (x->first_kept + 1) % KEPT_MAX;
    x->n_kept--;
    arena_reset(&k->actions.arena);
    arena_give(&k->actions.arena, spare);
}

/* Have all its records fallen out, or must they now? */
static bool is_to_go(const struct srv_explain *x, const struct kept *oldest)
{
    return oldest->until <= x->n_added - x->n || x->octets > SRV_EXPLAIN_OCTETS_MAX || x->n_kept == KEPT_MAX;
}

/* Ready for others. What grew large for once must not count for ever. */
static void make_spare(struct srv_actions *actions)
{
    actions->is_explained = false;
    srv_actions_reset(actions);
    if (arena_size(&actions->arena) > SRV_EXPLAIN_OCTETS_MAX / 2)
        srv_actions_fini(actions);
}

/* Memory goes round: what is not in use is for the next actions. */
static void keep(struct srv_explain *x, struct srv_actions *actions)
{
    struct srv_actions spare;
    srv_actions_init(&spare);
    arena_give(&actions->arena, &spare.arena);
    size_t octets = arena_size(&actions->arena);
    x->kept[(x->first_kept + x->n_kept++) % KEPT_MAX] = (struct kept){*actions, octets, x->n_added};
    x->octets += octets;
    while (x->n_kept > 0 && is_to_go(x, &x->kept[x->first_kept]))
        give_up(x, &spare.arena);
    *actions = spare;
}

void srv_explain_keep(struct srv_explain *x, struct srv_actions *actions)
{
    if (actions->is_explained)
        keep(x, actions);
    make_spare(actions);
}

/* ---- adding ---- */

static struct record *add_record(struct srv_explain *x, const struct clock_now *now, uint32_t xid,
                                 const struct hw_addr *client)
{
    struct record *r = &x->ring[x->n_added++ % SRV_EXPLAIN_MAX];
    if (x->n < SRV_EXPLAIN_MAX)
        x->n++;
    r->wall_ms = now->wall_ms;
    r->xid = xid;
    r->client = *client;
    r->query.len = 0;
    r->unsent = NULL;
    r->own = (struct part){0};
    r->newest = &r->own;
    return r;
}

/* The one that is `age` back; 0: the newest. */
static struct record *record_at(const struct srv_explain *x, unsigned age)
{
    const struct record *r = &x->ring[(x->n_added - 1 - age) % SRV_EXPLAIN_MAX];
    return (struct record *)(uintptr_t)r;
}

static uint32_t read_xid(const struct packet *packet)
{
    return wire_u32(packet->bytes + XID_AT);
}

static struct hw_addr read_chaddr(const struct packet *packet)
{
    struct hw_addr hw = {.type = packet->bytes[1], .len = packet->bytes[2]};
    if (hw.len > HW_MAX)
        hw.len = 0;
    memcpy(hw.bytes, packet->bytes + CHADDR_AT, sizeof hw.bytes); /* which is quicker than as many as count */
    return hw;
}

static void keep_query(struct record *r, const struct packet *packet, struct arena *arena)
{
    uint8_t *copy = packet->len <= SRV_EXPLAIN_BYTES_MAX ? arena_take(arena, packet->len) : NULL;
    if (copy == NULL)
        return;
    r->query = *packet;
    r->query.bytes = memcpy(copy, packet->bytes, packet->len);
}

static bool is_of(const struct record *r, uint32_t xid, const struct hw_addr *client)
{
    return r->xid == xid && hw_equal(&r->client, client);
}

/* A decision, or an answer; that a lease was stored, a decision says. */
static bool is_about(const struct record *r, const struct srv_action *a)
{
    if (a->kind == SRV_TRACE)
        return is_of(r, a->trace.xid, &a->trace.client);
    if (a->kind != SRV_TX)
        return false;
    struct hw_addr client = read_chaddr(&a->packet);
    return is_of(r, read_xid(&a->packet), &client);
}

/* 0: of none. */
static uint32_t xid_of(const struct srv_action *a)
{
    if (a->kind == SRV_TRACE)
        return a->trace.xid;
    return a->kind == SRV_TX ? read_xid(&a->packet) : 0;
}

/* The transaction that the action is about; NULL if it has fallen out, or there never was one. */
static struct record *find_record(const struct srv_explain *x, const struct srv_action *a)
{
    for (unsigned age = 0; age < x->n && xid_of(a) != 0; age++) {
        struct record *r = record_at(x, age);
        if (is_about(r, a))
            return r;
    }
    return NULL;
}

/* Without memory the record has to do without them. */
static void join(struct record *r, const struct srv_action *first, const struct srv_action *last,
                 struct arena *arena)
{
    struct part *part = r->own.first == NULL ? &r->own : arena_take(arena, sizeof *part);
    if (part == NULL)
        return;
    *part = (struct part){.first = first, .last = last};
    if (part != &r->own)
        r->newest = r->newest->next = part;
}

/* To the transaction of its xid; without one, a decision stands alone. */
static void add_due(struct srv_explain *x, const struct clock_now *now, const struct srv_action *a,
                    struct arena *arena)
{
    struct record *r = find_record(x, a);
    if (r == NULL && a->kind == SRV_TRACE)
        r = add_record(x, now, a->trace.xid, &a->trace.client);
    if (r != NULL)
        join(r, a, a, arena);
}

void srv_explain_add(struct srv_explain *x, const struct clock_now *now, const struct packet *packet,
                     struct srv_actions *actions, const struct srv_action *before)
{
    const struct srv_action *a = before != NULL ? before->next : actions->first, *own = NULL;
    struct record *r = NULL;
    if (packet != NULL && packet->len >= FIXED_MIN) {
        struct hw_addr client = read_chaddr(packet);
        r = add_record(x, now, read_xid(packet), &client);
        keep_query(r, packet, &actions->arena);
        own = actions->due != NULL ? actions->due->next : actions->first;
    }
    actions->is_explained |= r != NULL || a != NULL;
    for (; a != own; a = a->next)
        add_due(x, now, a, &actions->arena);
    if (own != NULL)
        join(r, own, actions->last, &actions->arena);
}

/* ---- finding ---- */

/* Where one is among the actions of a record. */
struct walk {
    const struct record *record;
    const struct part *part;
    const struct srv_action *next; /* NULL: the first of the part */
};

/* The next action about the record; NULL: there are no more. */
static const struct srv_action *walk_on(struct walk *w)
{
    while (w->part != NULL && w->part->first != NULL) {
        const struct srv_action *a = w->next != NULL ? w->next : w->part->first;
        bool is_last = a == w->part->last;
        w->next = is_last ? NULL : a->next;
        if (is_last)
            w->part = w->part->next;
        if (is_about(w->record, a))
            return a;
    }
    return NULL;
}

static struct walk walk_from(const struct record *r)
{
    return (struct walk){.record = r, .part = &r->own};
}

/* NULL: none has left. */
static const struct packet *find_response(const struct record *r)
{
    const struct packet *response = NULL;
    struct walk w = walk_from(r);
    for (const struct srv_action *a = walk_on(&w); a != NULL; a = walk_on(&w)) {
        if (a->kind == SRV_TX)
            response = &a->packet;
        else if (a == r->unsent)
            response = NULL;
    }
    return response;
}

/* The newest answer to the client with the xid. */
static struct record *find_answered(const struct srv_explain *x, uint32_t xid, const struct hw_addr *client)
{
    for (unsigned age = 0; age < x->n; age++) {
        struct record *r = record_at(x, age);
        if (is_of(r, xid, client) && find_response(r) != NULL)
            return r;
    }
    return NULL;
}

void srv_explain_unsent(struct srv_explain *x, const struct clock_now *now, const struct trace_event *event,
                        struct srv_actions *actions)
{
    struct record *r = find_answered(x, event->xid, &event->client);
    struct srv_action *a = arena_alloc(&actions->arena, sizeof *a);
    if (a == NULL)
        return;
    a->kind = SRV_TRACE;
    a->trace = *event;
    if (event->facts.text != NULL)
        a->trace.facts.text = arena_text(&actions->arena, event->facts.text, strlen(event->facts.text));
    actions->is_explained = true;
    if (r == NULL) {
        add_due(x, now, a, &actions->arena);
        return;
    }
    r->unsent = a;
    join(r, a, a, &actions->arena);
}

static bool decode(const struct packet *packet, struct dhcp_msg *out)
{
    return packet != NULL && packet->len != 0 && packet->len <= SRV_EXPLAIN_BYTES_MAX &&
           dhcp_msg_decode(out, packet->bytes, packet->len) == REASON_NONE;
}

static bool speaks_of(const struct record *r, ip4 addr)
{
    struct dhcp_msg msg;
    struct walk w = walk_from(r);
    for (const struct srv_action *a = walk_on(&w); a != NULL; a = walk_on(&w))
        if (a->kind == SRV_TRACE && a->trace.facts.addr == addr)
            return true;
    return (decode(&r->query, &msg) && msg.ciaddr == addr) ||
           (decode(find_response(r), &msg) && msg.yiaddr == addr);
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

static cJSON *decision_json(const struct trace_event *event)
{
    static const char *const kinds[] = {
        [TRACE_DECISION] = "decision", [TRACE_DROP] = "drop", [TRACE_STATE] = "state"};
    char sentence[SENTENCE_MAX];
    trace_sentence(event->reason, &event->facts, sentence, sizeof sentence);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "kind", kinds[event->kind]);
    cJSON_AddStringToObject(json, "reason", reason_token(event->reason));
    cJSON_AddStringToObject(json, "text", sentence);
    return json;
}

static void put_decisions(cJSON *json, const struct record *r)
{
    cJSON *list = cJSON_AddArrayToObject(json, "decisions");
    unsigned n = 0;
    struct walk w = walk_from(r);
    for (const struct srv_action *a = walk_on(&w); a != NULL; a = walk_on(&w))
        if (a->kind == SRV_TRACE && ++n <= SRV_EXPLAIN_NOTES_MAX)
            cJSON_AddItemToArray(list, decision_json(&a->trace));
    cJSON_AddNumberToObject(json, "decisions-not-kept",
                            n > SRV_EXPLAIN_NOTES_MAX ? n - SRV_EXPLAIN_NOTES_MAX : 0);
}

static void put_message(cJSON *json, const char *key, const struct packet *packet,
                        enum trace_direction direction, const struct trace_stamp *stamp)
{
    cJSON *message = packet == NULL || packet->len == 0 || packet->len > SRV_EXPLAIN_BYTES_MAX
                         ? cJSON_CreateNull()
                         : trace_message_json(stamp, direction, "", packet);
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
    if (!decode(&r->query, &query) || !decode(find_response(r), &response))
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
    put_decisions(json, r);
    const struct packet *response = find_response(r);
    cJSON_AddBoolToObject(json, "answered", response != NULL);
    put_message(json, "response", response, TRACE_TX, &stamp);
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
