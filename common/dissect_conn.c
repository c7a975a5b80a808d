#include "common/dissect_conn.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/dissect_tree.h"
#include "common/wire.h"

enum { WAYS = 4 };

struct side {
    ip4 addr;
    uint16_t port;
    enum dissect_conn_state state;
    bool has_first;
    uint32_t first; /* its sequence number 0: of the SYN, or right before the first octet seen */
    uint32_t next;  /* behind the last octet that it sent */
    bool fin;
    uint32_t fin_end; /* what acknowledges its FIN */
    bool has_syn;     /* it was seen */
    int8_t scale;     /* of its windows, by its SYN; -1: none */
    struct dissect_http_stream http;
};

struct conn {
    bool used;
    unsigned number;
    uint64_t last; /* step at which it was seen */
    struct side sides[2];
};

struct dissect_conns {
    uint64_t step, forgotten;
    unsigned n;
    size_t n_sets;
    struct conn rows[];
};

const char *dissect_conn_state_name(enum dissect_conn_state state)
{
    static const char *const names[] = {
#define X(name, text) [name] = text,
        DISSECT_CONN_STATE_MAP(X)
#undef X
    };
    return names[state];
}

const char *dissect_conn_event_text(enum dissect_conn_event event)
{
    static const char *const texts[] = {
#define X(name, text) [name] = text,
        DISSECT_CONN_EVENT_MAP(X)
#undef X
    };
    return texts[event];
}

struct dissect_conns *dissect_conns_new(size_t limit)
{
    assert(limit > 0);
    size_t n_sets = (limit + WAYS - 1) / WAYS;
    struct dissect_conns *c = calloc(1, sizeof *c + n_sets * WAYS * sizeof c->rows[0]);
    if (c != NULL)
        c->n_sets = n_sets;
    return c;
}

void dissect_conns_free(struct dissect_conns *c)
{
    free(c);
}

uint64_t dissect_conns_forgotten(const struct dissect_conns *c)
{
    return c->forgotten;
}

/* RFC 9293 3.4: comparison modulo 2^32. */
static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* The same set for both directions. */
static struct conn *set_of(struct dissect_conns *c, const struct dissect *d)
{
    uint32_t hash = (d->ip.src ^ d->ip.dst) * 2654435761U + (uint32_t)(d->tcp.sport ^ d->tcp.dport) * 40503U;
    return &c->rows[(hash >> 8) % c->n_sets * WAYS];
}

static bool is_side(const struct side *s, ip4 addr, uint16_t port)
{
    return s->addr == addr && s->port == port;
}

static bool is_over(const struct conn *x)
{
    return x->sides[0].state == CONN_CLOSED || x->sides[1].state == CONN_CLOSED;
}

/* The connection, and which side the sender is; a new one, without states, if there is none. */
static struct conn *find(struct dissect_conns *c, const struct dissect *d, int *out_sender)
{
    struct conn *set = set_of(c, d), *victim = set;
    for (int i = 0; i < WAYS; i++) {
        struct conn *x = &set[i];
        for (int s = 0; s < 2 && x->used; s++) {
            if (is_side(&x->sides[s], d->ip.src, d->tcp.sport) &&
                is_side(&x->sides[!s], d->ip.dst, d->tcp.dport)) {
                *out_sender = s;
                return x;
            }
        }
        if (!x->used || (victim->used && x->last < victim->last))
            victim = x;
    }
    c->forgotten += victim->used && !is_over(victim);
    *victim = (struct conn){.used = true, .number = ++c->n};
    victim->sides[0] = (struct side){.addr = d->ip.src, .port = d->tcp.sport};
    victim->sides[1] = (struct side){.addr = d->ip.dst, .port = d->tcp.dport};
    *out_sender = 0;
    return victim;
}

static void begin(struct side *s, uint32_t first)
{
    s->has_first = true;
    s->first = s->next = first;
}

/* A SYN of either kind begins the count of its sender; one after the end begins a new connection. */
static enum dissect_conn_event take_syn(struct dissect_conns *c, struct conn *x, int from,
                                        const struct dissect_tcp *t)
{
    struct side *sender = &x->sides[from], *receiver = &x->sides[!from];
    bool again = sender->has_first && sender->first == t->seq;
    if (!(t->flags & DISSECT_TCP_ACK)) {
        if (again)
            return sender->state == CONN_SYN_SENT ? CONN_SYN_AGAIN : CONN_AGAIN;
        if (!sender->has_first && receiver->state == CONN_SYN_SENT) {
            begin(sender, t->seq);
            sender->next++;
            sender->state = receiver->state = CONN_SYN_RECEIVED;
            return CONN_SYN_BOTH;
        }
        if (sender->has_first)
            x->number = ++c->n;
        *sender = (struct side){.addr = sender->addr, .port = sender->port, .state = CONN_SYN_SENT};
        *receiver = (struct side){.addr = receiver->addr, .port = receiver->port, .state = CONN_LISTEN};
        begin(sender, t->seq);
        sender->next++;
        return CONN_SYN;
    }
    if (again && receiver->state == CONN_SYN_RECEIVED && t->ack == receiver->first + 1) {
        receiver->state = CONN_ESTABLISHED; /* of two that open at a time */
        return sender->state == CONN_ESTABLISHED ? CONN_OPENED : CONN_SYN_ACK;
    }
    if (again)
        return CONN_AGAIN;
    begin(sender, t->seq);
    sender->next++;
    sender->state = CONN_SYN_RECEIVED;
    if (!receiver->has_first)
        begin(receiver, t->ack - 1);
    receiver->state = CONN_ESTABLISHED;
    return CONN_SYN_ACK;
}

static enum dissect_conn_event take_reset(struct side *sender, struct side *receiver)
{
    bool refused = receiver->state == CONN_SYN_SENT;
    sender->state = receiver->state = CONN_CLOSED;
    return refused ? CONN_REFUSED : CONN_RESET;
}

/* What the acknowledgment does to the one that receives it: RFC 9293 3.10.7.4, fifth. */
static enum dissect_conn_event take_ack(struct side *receiver, uint32_t ack)
{
    if (receiver->state == CONN_SYN_RECEIVED && ack == receiver->first + 1) {
        receiver->state = CONN_ESTABLISHED;
        return CONN_OPENED;
    }
    if (!receiver->fin || is_before(ack, receiver->fin_end))
        return CONN_NOTHING;
    switch (receiver->state) {
    case CONN_FIN_WAIT_1:
        receiver->state = CONN_FIN_WAIT_2;
        return CONN_FIN_ACKED;
    case CONN_CLOSING:
        receiver->state = CONN_TIME_WAIT;
        return CONN_DONE;
    case CONN_LAST_ACK:
        receiver->state = CONN_CLOSED;
        return CONN_DONE;
    case CONN_CLOSED:
    case CONN_LISTEN:
    case CONN_SYN_SENT:
    case CONN_SYN_RECEIVED:
    case CONN_ESTABLISHED:
    case CONN_FIN_WAIT_2:
    case CONN_CLOSE_WAIT:
    case CONN_TIME_WAIT:
        break;
    }
    return CONN_NOTHING;
}

/* A FIN moves its sender when it leaves and its receiver when it arrives: RFC 9293 3.6. */
static enum dissect_conn_event take_fin(struct side *sender, struct side *receiver, uint32_t end)
{
    if (sender->fin)
        return CONN_AGAIN;
    sender->fin = true;
    sender->fin_end = end;
    sender->next = end;
    sender->state = sender->state == CONN_CLOSE_WAIT ? CONN_LAST_ACK : CONN_FIN_WAIT_1;
    if (receiver->state == CONN_FIN_WAIT_2) {
        receiver->state = CONN_TIME_WAIT;
    } else if (receiver->state == CONN_FIN_WAIT_1) { /* both at a time */
        receiver->state = CONN_CLOSING;
        sender->state = CONN_CLOSING;
    } else {
        receiver->state = CONN_CLOSE_WAIT;
    }
    return receiver->fin ? CONN_BOTH_CLOSED : CONN_HALF_CLOSED;
}

/* The octets that are new, to whoever reads the stream. */
static void take_data(struct conn *x, int from, const struct dissect *d, struct dissect_http_answer *out)
{
    struct side *sender = &x->sides[from];
    const struct dissect_tcp *t = &d->tcp;
    uint32_t known = sender->next - t->seq; /* sent again */
    if (is_before(sender->next, t->seq)) {
        dissect_http_gap(&sender->http);
        known = 0;
    }
    if (known >= t->segment_len)
        return;
    if (known < t->payload_len) {
        const uint8_t *base = d->payload_source == DISSECT_CAPTURED ? d->bytes : d->datagram;
        size_t at = t->payload_at + known;
        dissect_http_take(&sender->http, &x->sides[!from].http, base + at, t->payload_len - known, out);
        for (unsigned i = 0; i < out->n; i++)
            out->lines[i].at += at;
    }
    if (t->payload_len < t->segment_len)
        dissect_http_gap(&sender->http);
}

static enum dissect_conn_event take_segment(struct conn *x, int from, const struct dissect *d,
                                            struct dissect_http_answer *out_http)
{
    const struct dissect_tcp *t = &d->tcp;
    struct side *sender = &x->sides[from], *receiver = &x->sides[!from];
    enum dissect_conn_event event = CONN_NOTHING;
    uint32_t end = t->seq + t->segment_len;
    if (!sender->has_first) { /* as if its SYN stood right before it */
        begin(sender, t->seq - 1);
        sender->next++;
        event = receiver->has_first ? CONN_NOTHING : CONN_MIDDLE;
        if (event == CONN_MIDDLE)
            sender->state = receiver->state = CONN_ESTABLISHED;
    }
    if (!receiver->has_first && t->flags & DISSECT_TCP_ACK)
        begin(receiver, t->ack - 1);
    if (t->flags & DISSECT_TCP_RST)
        return take_reset(sender, receiver);
    if (t->segment_len > 0)
        take_data(x, from, d, out_http);
    if (t->segment_len > 0 && is_before(t->seq, sender->next))
        event = CONN_AGAIN;
    if (is_before(sender->next, end))
        sender->next = end;
    if (t->flags & DISSECT_TCP_ACK) {
        enum dissect_conn_event acked = take_ack(receiver, t->ack);
        event = acked != CONN_NOTHING ? acked : event;
    }
    return t->flags & DISSECT_TCP_FIN ? take_fin(sender, receiver, end + 1) : event;
}

/* RFC 7323 2.2: "The window field in a segment where the SYN bit is set [...] MUST NOT be scaled", and "both
 * sides MUST send Window Scale options in their <SYN> segments to enable window scaling in either direction."
 */
static void take_window(const struct side *sender, const struct side *receiver, const struct dissect_tcp *t,
                        struct dissect_conn_answer *out)
{
    bool is_syn = t->flags & DISSECT_TCP_SYN, both = sender->scale >= 0 && receiver->scale >= 0;
    out->has_window = is_syn || (sender->has_syn && receiver->has_syn);
    out->window = (uint32_t)t->window << (both && !is_syn && out->has_window ? sender->scale : 0);
}

void dissect_conns_step(struct dissect_conns *c, const struct dissect *d, struct dissect_conn_answer *out)
{
    const struct dissect_tcp *t = &d->tcp;
    int from;
    struct conn *x = find(c, d, &from);
    x->last = ++c->step;
    out->http.n = out->http.n_more = 0; /* the lines behind them are not read */
    out->event = t->flags & DISSECT_TCP_SYN ? take_syn(c, x, from, t) : take_segment(x, from, d, &out->http);
    const struct side *sender = &x->sides[from], *receiver = &x->sides[!from];
    if (t->flags & DISSECT_TCP_SYN) {
        x->sides[from].has_syn = true;
        x->sides[from].scale = t->window_scale;
    }
    take_window(sender, receiver, t, out);
    out->number = x->number;
    out->sender = sender->state;
    out->receiver = receiver->state;
    out->seq = sender->has_first ? t->seq - sender->first : 0;
    out->ack = t->flags & DISSECT_TCP_ACK && receiver->has_first ? t->ack - receiver->first : 0;
}

/* The lines that dissect_packet() has not seen: behind the first message of a segment, or begun in another
 * one. */
static void show_http(struct dissect *d, const struct dissect_http_answer *http)
{
    struct dissect_field *above = d->parent;
    bool is_open = false;
    for (unsigned i = 0; i < http->n; i++) {
        const struct dissect_http_line *line = &http->lines[i];
        if (line->at == d->tcp.payload_at && line->segments == 1)
            continue;
        if (d->http[0] == '\0') {
            snprintf(d->http, sizeof d->http, "%s", line->text);
            d->protocol = "HTTP";
        }
        if (!is_open)
            above = dissect_layer(d, "http", d->tcp.payload_at, d->tcp.payload_len);
        is_open = true;
        struct dissect_field *f = dissect_add_text(d, line->is_status ? "status-line" : "request-line",
                                                   line->at, line->len, line->text);
        if (line->segments > 1)
            dissect_mean_format(d, f, "its end; it is spread over %u segments", line->segments);
    }
    dissect_close(d, above);
}

/* RFC 2018 3: each block has the first octet that has come behind a gap, and the one behind the last. `base`
 * is the sequence number that counts as 0. */
static void show_sack(struct dissect *d, uint32_t base)
{
    enum { HEADER = 20, END = 0, NO_OPERATION = 1, SACK = 5 };
    const uint8_t *bytes = d->payload_source == DISSECT_CAPTURED ? d->bytes : d->datagram;
    for (size_t at = d->tcp.at + HEADER, len; at < d->tcp.payload_at && bytes[at] != END; at += len) {
        len = bytes[at] == NO_OPERATION ? 1 : at + 1 < d->tcp.payload_at ? bytes[at + 1] : 0;
        if (len == 0 || len > d->tcp.payload_at - at)
            return;
        for (size_t i = 2; bytes[at] == SACK && i + 8 <= len; i += 8)
            dissect_mean(dissect_add(d, "relative_sack", at + i, 8, "%u-%u", wire_u32(bytes + at + i) - base,
                                     wire_u32(bytes + at + i + 4) - base),
                         "these octets have come, behind a gap");
    }
}

static void show_window(struct dissect *d, uint32_t window)
{
    struct dissect_field *f = dissect_add_number(d, "window_size", d->tcp.at + 14, 2, window);
    if (d->tcp.window > 0 && window > d->tcp.window)
        dissect_mean_format(d, f, "%u x %u octets, the unit that its SYN names", d->tcp.window,
                            window / d->tcp.window);
}

void dissect_conns_show(struct dissect *d, const struct dissect_conn_answer *answer)
{
    if (dissect_has_tree(d) && d->tree == NULL)
        return;
    d->parent = d->tree;
    show_http(d, &answer->http);
    struct dissect_field *above = dissect_open(d, dissect_add_number(d, "connection", 0, 0, answer->number));
    const char *text = dissect_conn_event_text(answer->event);
    if (text[0] != '\0')
        dissect_add_text(d, "event", 0, 0, text);
    dissect_mean(dissect_add_number(d, "relative_seq", d->tcp.at + 4, 4, answer->seq),
                 "octets from the beginning; the SYN is 0");
    if (d->tcp.flags & DISSECT_TCP_ACK)
        dissect_mean(dissect_add_number(d, "relative_ack", d->tcp.at + 8, 4, answer->ack),
                     "the next octet that is wanted");
    if (answer->has_window)
        show_window(d, answer->window);
    if (d->tcp.flags & DISSECT_TCP_ACK && dissect_has_tree(d))
        show_sack(d, d->tcp.ack - answer->ack);
    dissect_add_text(d, "sender_state", 0, 0, dissect_conn_state_name(answer->sender));
    dissect_add_text(d, "receiver_state", 0, 0, dissect_conn_state_name(answer->receiver));
    dissect_close(d, above);
}
