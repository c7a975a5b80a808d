#include "lab/explain_svg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/dhcp_proto.h"
#include "common/text.h"
#include "lab/explain_exchange.h"
#include "lab/explain_print.h"
#include "lab/explain_svg_hosts.h"
#include "lab/ladder_svg.h"

enum { NS_PER_S = 1000000000, PAUSE_S = 2, PATH_LEN = 4096, TEXT_LEN = 512, WARNINGS_SHOWN = 2 };

struct message {
    struct ladder_svg_row row; /* all but what is known at the end of the page */
    struct explain_svg_way way;
    const struct dissect_exchange *exchange;
    ip4 offered_by; /* of an OFFER; else 0 */
    uint64_t number;
    int64_t time_ns;
    struct hw_addr src_hw, dst_hw; /* of the frame; len 0: not known */
    size_t seen_at;                /* interface */
    bool has_arrived;              /* was seen at another, too */
    size_t arrived_at;
    bool is_lost;
};

/* What was told of an exchange so far. */
struct told {
    unsigned odd, n_discovers, n_requests;
    unsigned page; /* on which it has its heading */
    int64_t last_ns;
};

struct explain_svg {
    const char *path, *capture;
    const struct dissect_exchanges *exchanges;
    struct arena arena; /* the texts of the page */
    bool out_of_memory;
    unsigned page;     /* from 1 */
    size_t pages;      /* at most */
    uint64_t n_before; /* messages on the pages before */
    uint64_t n_left;   /* for which there is no page */
    struct explain_svg_hosts hosts;
    size_t n;
    struct message messages[EXPLAIN_SVG_MESSAGES];
    struct ladder_svg_row rows[EXPLAIN_SVG_MESSAGES];
    struct told told[]; /* as many as there can be exchanges */
};

struct explain_svg *explain_svg_new(const char *path, const char *capture, size_t pages,
                                    const struct dissect_exchanges *exchanges)
{
    struct explain_svg *s = calloc(1, sizeof *s + dissect_exchanges_limit(exchanges) * sizeof s->told[0]);
    if (s == NULL)
        return NULL;
    s->path = path;
    s->capture = capture;
    s->exchanges = exchanges;
    s->page = 1;
    s->pages = pages;
    arena_init(&s->arena);
    return s;
}

void explain_svg_free(struct explain_svg *s)
{
    if (s != NULL)
        arena_fini(&s->arena);
    free(s);
}

static const char *keep(struct explain_svg *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *keep(struct explain_svg *s, const char *format, ...)
{
    char text[TEXT_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *copy = arena_alloc(&s->arena, strlen(text) + 1);
    if (copy == NULL) {
        s->out_of_memory = true;
        return "";
    }
    return strcpy(copy, text);
}

static void add_note(struct ladder_svg_row *row, enum ladder_svg_note_kind kind, const char *text)
{
    if (text[0] != '\0' && row->n_notes < LADDER_SVG_NOTES_MAX)
        row->notes[row->n_notes++] = (struct ladder_svg_note){kind, text};
}

/* ---- what a message says ---- */

static enum ladder_svg_tone tone_of(const struct dhcp_msg *m)
{
    switch (m->type) {
    case DHCP_NAK:
    case DHCP_DECLINE:
        return LADDER_SVG_REFUSAL;
    case DHCP_RELEASE:
        return LADDER_SVG_NOTICE;
    default: /* the others by who sends them */
        return m->op == DHCP_BOOTREQUEST ? LADDER_SVG_REQUEST : LADDER_SVG_REPLY;
    }
}

static const char *say_request(struct explain_svg *s, const struct dissect_exchange *e,
                               const struct dhcp_msg *m)
{
    char addr[IP4_LEN], server[IP4_LEN];
    ip4 wanted = m->ciaddr, of = 0;
    dhcp_get_ip4(m, DHCP_OPT_REQUESTED_IP, &wanted);
    ip4_format(wanted, addr);
    if (dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &of))
        return keep(s, "takes %s, which %s offered", addr, ip4_format(of, server));
    if (m->ciaddr == 0)
        return keep(s, "is %s still good for me?", addr);
    if (e != NULL && e->kind == EXCHANGE_RENEWAL)
        return keep(s, "asks its server for more time with %s", addr);
    return keep(s, "asks every server for more time with %s", addr);
}

static const char *say_grant(struct explain_svg *s, const struct dhcp_msg *m, const char *verb)
{
    char addr[IP4_LEN], span[CLOCK_SPAN_LEN];
    uint32_t lease_s;
    if (!dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &lease_s))
        return keep(s, "the settings for %s", ip4_format(m->yiaddr != 0 ? m->yiaddr : m->ciaddr, addr));
    clock_span(lease_s, span);
    return keep(s, "%s %s for %s", verb, ip4_format(m->yiaddr, addr), span);
}

static const char *say(struct explain_svg *s, const struct dissect_exchange *e, const struct dhcp_msg *m)
{
    char addr[IP4_LEN];
    ip4 wanted = 0;
    dhcp_get_ip4(m, DHCP_OPT_REQUESTED_IP, &wanted);
    switch (m->type) {
    case DHCP_DISCOVER:
        return wanted == 0 ? "who has an address for me?"
                           : keep(s, "who has an address for me? I should like %s", ip4_format(wanted, addr));
    case DHCP_OFFER:
        return say_grant(s, m, "offers");
    case DHCP_REQUEST:
        return say_request(s, e, m);
    case DHCP_ACK:
        return say_grant(s, m, "leases");
    case DHCP_NAK:
        return "no: begin anew with DISCOVER";
    case DHCP_DECLINE:
        return keep(s, "somebody else uses %s already", ip4_format(wanted, addr));
    case DHCP_RELEASE:
        return keep(s, "gives %s back", ip4_format(m->ciaddr, addr));
    case DHCP_INFORM:
        return keep(s, "has %s, and asks for the other settings", ip4_format(m->ciaddr, addr));
    case DHCP_FORCERENEW:
        return "renew now";
    default: /* a number of the wire */
        return "";
    }
}

/* Option 56: RFC 2132 9.9, "the message ... is used by a DHCP server to provide an error message to a DHCP
 * client in a DHCPNAK message in the event of a failure", and by a client in DHCPDECLINE. */
static const char *say_message(struct explain_svg *s, const struct dhcp_msg *m)
{
    char text[TEXT_LEN];
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_MESSAGE);
    if (option == NULL)
        return "";
    text_escape(option->data, option->len, text, sizeof text);
    return keep(s, "because: %s", text);
}

/* "12:30:00", behind the date if that is not `today`. */
static const char *say_when(struct explain_svg *s, int64_t time_ns, int64_t today_ns)
{
    enum { DATE = sizeof "2026-11-21" - 1 };
    char then[EXPLAIN_TIME_LEN], today[EXPLAIN_TIME_LEN];
    explain_time(time_ns, then);
    explain_time(today_ns, today);
    if (strncmp(then, today, DATE) == 0)
        return keep(s, "%.8s", then + DATE + 1);
    return keep(s, "%.5s %.5s", then + sizeof "2026-" - 1, then + DATE + 1);
}

static void add_lease(struct explain_svg *s, struct ladder_svg_row *row, const struct dissect_exchange *e)
{
    if (!e->has_lease || e->lease_s == 0 || e->lease_s == LEASE_INFINITE)
        return;
    int64_t start_ns = dissect_exchange_lease_ns(e);
    uint32_t t2_s = e->t2_s < e->lease_s ? e->t2_s : e->lease_s, t1_s = e->t1_s < t2_s ? e->t1_s : t2_s;
    row->lease = (struct ladder_svg_lease){
        .t1 = (double)t1_s / e->lease_s,
        .t2 = (double)t2_s / e->lease_s,
        .t1_text = say_when(s, start_ns + (int64_t)e->t1_s * NS_PER_S, start_ns),
        .t2_text = say_when(s, start_ns + (int64_t)e->t2_s * NS_PER_S, start_ns),
        .end_text = say_when(s, start_ns + (int64_t)e->lease_s * NS_PER_S, start_ns),
    };
}

/* ---- what is unusual ---- */

static void add_odd(struct ladder_svg_row *row, unsigned odd)
{
    for (const char *text; (text = dissect_odd_take(&odd)) != NULL;)
        add_note(row, LADDER_SVG_WARNING, text);
}

/* The first ones of the tree, and how many more there are. */
static void add_warnings(struct explain_svg *s, struct ladder_svg_row *row, const struct dissect_field *f,
                         unsigned *shown)
{
    for (; f != NULL; f = f->next) {
        if (f->is_warning && (*shown)++ < WARNINGS_SHOWN)
            add_note(row, LADDER_SVG_WARNING, keep(s, "%s", f->value));
        add_warnings(s, row, f->first, shown);
    }
}

/* ---- taking messages ---- */

static const char *say_span(struct explain_svg *s, int64_t span_ns)
{
    if (span_ns < NS_PER_S)
        return keep(s, "+%.*f ms", span_ns < 100000000 ? 2 : 0, (double)span_ns / 1e6);
    return keep(s, "+%.1f s", (double)span_ns / 1e9);
}

/* What the exchange tells about its newest message. */
static void relate(struct explain_svg *s, struct message *m, const struct dhcp_msg *msg)
{
    const struct dissect_exchange *e = m->exchange;
    struct ladder_svg_row *row = &m->row;
    struct told *told = &s->told[e - dissect_exchanges_at(s->exchanges, 0)];
    if (told->last_ns != 0)
        row->since = say_span(s, m->time_ns - told->last_ns);
    if (told->page != s->page) {
        char hw[HW_LEN];
        row->heading = ""; /* its text is known at the end of the page */
        row->heading_detail = keep(s, "%s, xid 0x%08x%s", hw_format(&e->client, hw), e->xid,
                                   told->page != 0 ? ", goes on" : "");
    }
    row->again = (told->n_discovers > 0 && e->n_discovers > told->n_discovers) ||
                 (told->n_requests > 0 && e->n_requests > told->n_requests);
    if ((msg->type == DHCP_DISCOVER && told->n_discovers == e->n_discovers) ||
        (msg->type == DHCP_REQUEST && told->n_requests == e->n_requests))
        add_note(row, LADDER_SVG_PLAIN, "passed on by a relay or router");
    if (msg->type == DHCP_ACK && e->answer_ns == m->time_ns)
        add_lease(s, row, e);
    add_odd(row, e->odd & ~told->odd);
    *told = (struct told){e->odd, e->n_discovers, e->n_requests, s->page, m->time_ns};
}

/* False if the page has no room for the packet's hosts. */
static bool take(struct explain_svg *s, const struct explain_packet *packet, const struct dissect *d,
                 const struct explain_relation *relation)
{
    const struct dissect_exchange *exchange = relation->exchange;
    const struct dhcp_msg *msg = &d->dhcp;
    struct message *m = &s->messages[s->n];
    char time[EXPLAIN_TIME_LEN];
    char hw[HW_LEN] = "";
    struct hw_addr client = dhcp_msg_hw(msg);
    unsigned shown = 0;
    *m = (struct message){.exchange = exchange,
                          .number = packet->number,
                          .time_ns = packet->time_ns,
                          .src_hw = d->link.src_hw,
                          .dst_hw = d->link.dst_hw,
                          .seen_at = packet->interface_number,
                          .is_lost = relation->is_lost};
    if (!explain_svg_hosts_take(&s->hosts, d, &m->way))
        return false;
    const char *name = dhcp_type_name(msg->type);
    if (m->way.crowd)
        hw_format(&client, hw);
    m->row = (struct ladder_svg_row){
        .time = keep(s, "%.12s", explain_time(packet->time_ns, time) + sizeof "2026-11-21T" - 1),
        .since = "",
        .tone = tone_of(msg),
        .label = name != NULL ? name : "?",
        .detail = keep(s, "%s%sxid 0x%08x%s", hw, m->way.crowd ? ", " : "", msg->xid,
                       m->way.to_all ? ", to all" : ""),
    };
    if (msg->type == DHCP_OFFER) {
        m->offered_by = d->ip.src;
        dhcp_get_ip4(msg, DHCP_OPT_SERVER_ID, &m->offered_by);
    }
    add_note(&m->row, LADDER_SVG_PLAIN, say(s, exchange, msg));
    add_note(&m->row, LADDER_SVG_DECISION, say_message(s, msg));
    add_note(&m->row, LADDER_SVG_DECISION, keep(s, "%s", packet->comment));
    if (exchange != NULL)
        relate(s, m, msg);
    add_warnings(s, &m->row, d->tree != NULL ? d->tree->first : NULL, &shown);
    if (shown > WARNINGS_SHOWN)
        add_note(&m->row, LADDER_SVG_WARNING, keep(s, "and %u more warnings", shown - WARNINGS_SHOWN));
    s->n++;
    return true;
}

/* ---- pages ---- */

/* "ladder-2.svg" */
static const char *page_path(const struct explain_svg *s, unsigned page, char *buf)
{
    const char *name = strrchr(s->path, '/'), *dot = strrchr(name != NULL ? name : s->path, '.');
    int stem = dot != NULL ? (int)(dot - s->path) : (int)strlen(s->path);
    if (page == 1)
        snprintf(buf, PATH_LEN, "%s", s->path);
    else
        snprintf(buf, PATH_LEN, "%.*s-%u%s", stem, s->path, page, s->path + stem);
    return buf;
}

/* Does another message on the same way tell where this one should have been seen? */
static bool is_same_way(const struct message *m, const struct message *other)
{
    return other->has_arrived && other->seen_at == m->seen_at && hw_equal(&other->src_hw, &m->src_hw) &&
           hw_equal(&other->dst_hw, &m->dst_hw);
}

/* Of the same message sent twice in a row, which of the two was seen again cannot be told. */
static bool is_sent_twice(const struct explain_svg *s, const struct message *m)
{
    for (const struct message *other = s->messages; other < s->messages + s->n; other++)
        if (is_same_way(m, other) && other->exchange == m->exchange &&
            strcmp(other->row.label, m->row.label) == 0 && llabs(other->time_ns - m->time_ns) < NS_PER_S)
            return true;
    return false;
}

/* Was it not seen where others on its way arrived, though that interface was still listened to? */
static bool is_missing(const struct explain_svg *s, const struct message *m)
{
    const struct message *end = s->messages + s->n, *other = s->messages;
    if (m->has_arrived || m->way.to_all || m->dst_hw.len == 0 || is_sent_twice(s, m))
        return false;
    while (other < end && !is_same_way(m, other))
        other++;
    if (other == end)
        return false;
    for (const struct message *later = m + 1; later < end; later++)
        if (later->seen_at == other->arrived_at ||
            (later->has_arrived && later->arrived_at == other->arrived_at))
            return true;
    return false;
}

static void finish_row(struct explain_svg *s, const struct message *m, const struct message *before,
                       struct ladder_svg_row *row)
{
    const struct dissect_exchange *e = m->exchange;
    char text[EXPLAIN_NOTE_LEN], span[CLOCK_SPAN_LEN];
    *row = m->row;
    explain_svg_hosts_way(&s->hosts, &m->way, &row->from, &row->to);
    row->is_lost = m->is_lost || is_missing(s, m);
    if (row->is_lost)
        row->lease = (struct ladder_svg_lease){0};
    int64_t pause_ns = before != NULL ? m->time_ns - before->time_ns : 0;
    if (pause_ns >= (int64_t)PAUSE_S * NS_PER_S) {
        int64_t pause_s = (pause_ns + NS_PER_S / 2) / NS_PER_S;
        clock_span(pause_s < UINT32_MAX ? (uint32_t)pause_s : UINT32_MAX - 1, span);
        row->pause = keep(s, "%s later", span);
    }
    if (row->heading != NULL)
        row->heading = keep(s, "%s", explain_exchange_note(e, text));
    if (m->offered_by == 0 || e == NULL || e->n_offers < 2 || e->outcome != OUTCOME_ACK)
        return;
    row->dim = m->offered_by != e->server;
    add_note(row, LADDER_SVG_PLAIN, row->dim ? "not chosen" : "this one was chosen");
}

static bool is_stdout(const struct explain_svg *s)
{
    return strcmp(s->path, "-") == 0;
}

static bool write_page(struct explain_svg *s, const char *text, const char *path)
{
    if (is_stdout(s))
        return fputs(text, stdout) >= 0;
    FILE *file = fopen(path, "we");
    bool is_written = file != NULL && fputs(text, file) >= 0;
    if (file != NULL && fclose(file) != 0)
        is_written = false;
    if (is_written)
        printf("%s: %zu message%s\n", path, s->n, s->n == 1 ? "" : "s");
    else
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", path, strerror(errno));
    return is_written;
}

/* Where the messages go on. */
static const char *say_footer(struct explain_svg *s, bool more)
{
    char next[PATH_LEN];
    if (s->n_left > 0)
        return keep(s, "%llu messages more are not drawn", (unsigned long long)s->n_left);
    if (!more)
        return "";
    const char *name = strrchr(page_path(s, s->page + 1, next), '/');
    return keep(s, "goes on in %s", name != NULL ? name + 1 : next);
}

/* Draws the page and begins the next. */
static bool draw_page(struct explain_svg *s, bool more)
{
    if (more && is_stdout(s)) {
        fprintf(stderr, "dhcplab: the messages need more than one picture: name a file\n");
        return false;
    }
    char path[PATH_LEN], time[EXPLAIN_TIME_LEN] = "";
    struct ladder_svg_lane lanes[EXPLAIN_SVG_LANES];
    size_t n_lanes = explain_svg_hosts_lanes(&s->hosts, lanes);
    for (size_t i = 0; i < s->n; i++)
        finish_row(s, &s->messages[i], i > 0 ? &s->messages[i - 1] : NULL, &s->rows[i]);
    if (s->n > 0)
        explain_time(s->messages[0].time_ns, time);
    page_path(s, s->page, path);
    const char *name = strrchr(s->capture, '/');
    unsigned long long last_number = s->n_before + s->n;
    const struct ladder_svg ladder = {
        .title = strcmp(s->capture, "-") == 0 ? "DHCP"
                                              : keep(s, "DHCP in %s", name != NULL ? name + 1 : s->capture),
        .subtitle = s->n == 0
                        ? "no DHCP message"
                        : keep(s, "%.10s, messages %llu to %llu%s", time, (unsigned long long)s->n_before + 1,
                               last_number, s->page > 1 ? ", goes on" : ""),
        .lanes = lanes,
        .n_lanes = n_lanes,
        .rows = s->rows,
        .n_rows = s->n,
        .footer = say_footer(s, more),
    };
    char *text = s->out_of_memory ? NULL : ladder_svg_text(&ladder);
    bool done = text != NULL && write_page(s, text, path);
    if (text == NULL)
        fprintf(stderr, "dhcplab: out of memory\n");
    free(text);
    s->n_before += s->n;
    s->n = 0;
    s->page++;
    explain_svg_hosts_reset(&s->hosts);
    arena_reset(&s->arena);
    return done;
}

/* What is to all may be lost on one wire, and pass another. */
static void note_arrived(struct explain_svg *s, uint64_t number, size_t interface_number)
{
    for (size_t i = s->n; i > 0 && s->messages[i - 1].number >= number; i--) {
        struct message *m = &s->messages[i - 1];
        if (m->number == number) {
            m->has_arrived = true;
            m->arrived_at = interface_number;
            m->is_lost = false;
        }
    }
}

bool explain_svg_add(struct explain_svg *s, const struct explain_packet *packet, const struct dissect *d,
                     const struct explain_relation *relation)
{
    if (relation->twin != 0) {
        note_arrived(s, relation->twin, packet->interface_number);
        return true;
    }
    if (!d->has_dhcp)
        return true;
    if (s->n_left == 0 && s->n < EXPLAIN_SVG_MESSAGES && take(s, packet, d, relation))
        return true;
    if (s->page == s->pages) {
        s->n_left++;
        return true;
    }
    return draw_page(s, true) && take(s, packet, d, relation);
}

bool explain_svg_finish(struct explain_svg *s)
{
    if (s->n_left > 0)
        fprintf(
            stderr,
            "dhcplab: %llu messages are not drawn: they need more than %zu pictures (--limit pictures=N); "
            "--exchanges and --ladder tell of all\n",
            (unsigned long long)s->n_left, s->pages);
    return draw_page(s, false);
}
