#include "lab/capture_notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/frame.h"
#include "common/hash.h"

enum {
    TALK_BUCKETS = 4096,
    CLAIMS_MAX = 8,
    TALK_MS = 10000, /* without an event a talk is forgotten */
    TEXT_MAX = 1024,
    OWN_MAX = 192,
    NODE_MAX = 64,
    TYPES_MAX = 32, /* of messages */
};

/* ---- the parts ---- */

/* Enough to tell the messages of one client on one host apart. */
struct key {
    bool sent;
    uint32_t xid;
    uint8_t type;
    uint16_t sport, dport;
    ip4 src, dst;
    size_t len; /* of the UDP payload */
};

/* What was decided in one matter. */
struct matter {
    unsigned refs;
    time_ms last;     /* of its events */
    uint32_t xid;     /* of the message that began it; 0: a decision did */
    bool is_received; /* by a message that was received, not sent */
    bool has_state;   /* a change of state is among what was decided */
    bool is_sent;     /* a message has left that came of it */
    char answer[16];  /* "NAK"; "": none was sent */
    char main[TEXT_MAX], how[TEXT_MAX];
};

/* A message was traced whose packet has not come yet. */
struct claim {
    struct key key;
    struct matter *matter; /* NULL: free */
};

/* What one host has to do with one client. A client may change its transaction id with each message, so that
 * its hardware address is what holds it together. */
struct talk {
    char node[NODE_MAX];
    char client[HW_LEN];
    time_ms last;
    struct matter *now; /* NULL: none yet */
    struct claim claims[CLAIMS_MAX];
    size_t next_claim;
    struct held *waiting; /* packets whose messages were not traced yet, oldest first */
    struct talk *next;
};

struct held {
    struct held *next, *prev; /* by the packet's time */
    const char *node;
    struct pcapng_packet packet;
    time_ms until;
    bool is_dhcp;      /* of ports 67 and 68 */
    struct key key;    /* then */
    struct talk *talk; /* NULL: no message that can be read */
    struct held *next_waiting;
    struct matter *matter; /* NULL: not known */
    char own[OWN_MAX];     /* what happened to this packet alone */
    uint8_t bytes[];
};

struct capture_notes {
    struct capture_notes_limits limits;
    capture_notes_write_fn *write;
    void *user;
    struct capture_notes_counts counts;
    struct held *first, *last;
    size_t n_held;
    struct talk *talks[TALK_BUCKETS];
    time_ms swept;
    struct dhcp_msg msg;
};

struct capture_notes *capture_notes_new(const struct capture_notes_limits *limits,
                                        capture_notes_write_fn *write, void *user)
{
    struct capture_notes *n = calloc(1, sizeof *n);
    if (n != NULL) {
        n->limits = *limits;
        n->write = write;
        n->user = user;
    }
    return n;
}

static void drop_matter(struct matter *m)
{
    if (m != NULL && --m->refs == 0)
        free(m);
}

static struct matter *keep_matter(struct matter *m)
{
    m->refs++;
    return m;
}

static void free_talk(struct talk *t)
{
    drop_matter(t->now);
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        drop_matter(t->claims[i].matter);
    free(t);
}

static void stop_waiting(struct held *h)
{
    for (struct held **at = &h->talk->waiting; *at != NULL; at = &(*at)->next_waiting)
        if (*at == h) {
            *at = h->next_waiting;
            return;
        }
}

static void remove_first(struct capture_notes *n)
{
    struct held *h = n->first;
    n->first = h->next;
    if (n->first != NULL)
        n->first->prev = NULL;
    else
        n->last = NULL;
    n->n_held--;
    if (h->talk != NULL && h->matter == NULL)
        stop_waiting(h);
    drop_matter(h->matter);
    free(h);
}

void capture_notes_free(struct capture_notes *n)
{
    while (n->first != NULL)
        remove_first(n);
    for (size_t i = 0; i < TALK_BUCKETS; i++)
        for (struct talk *t = n->talks[i], *next; t != NULL; t = next) {
            next = t->next;
            free_talk(t);
        }
    free(n);
}

const struct capture_notes_counts *capture_notes_counts(const struct capture_notes *n)
{
    return &n->counts;
}

/* ---- talks and matters ---- */

static struct talk **bucket_of(struct capture_notes *n, const char *node, const char *client)
{
    uint64_t hash = hash_bytes(hash_bytes(0, (const uint8_t *)node, strlen(node)), (const uint8_t *)client,
                               strlen(client));
    return &n->talks[hash % TALK_BUCKETS];
}

static struct talk *find_talk(struct capture_notes *n, const char *node, const char *client)
{
    for (struct talk *t = *bucket_of(n, node, client); t != NULL; t = t->next)
        if (strcmp(t->client, client) == 0 && strcmp(t->node, node) == 0)
            return t;
    return NULL;
}

/* NULL if memory is out. */
static struct talk *open_talk(struct capture_notes *n, const char *node, const char *client, time_ms now)
{
    struct talk *t = find_talk(n, node, client);
    if (t == NULL) {
        struct talk **bucket = bucket_of(n, node, client);
        t = calloc(1, sizeof *t);
        if (t == NULL)
            return NULL;
        snprintf(t->node, sizeof t->node, "%s", node);
        snprintf(t->client, sizeof t->client, "%s", client);
        t->next = *bucket;
        *bucket = t;
    }
    t->last = now;
    return t;
}

/* False if memory is out. */
static bool start_matter(struct talk *t, uint32_t xid, time_ms now)
{
    struct matter *m = calloc(1, sizeof *m);
    if (m == NULL)
        return false;
    *m = (struct matter){.refs = 1, .last = now, .xid = xid};
    drop_matter(t->now);
    t->now = m;
    return true;
}

/* What a host does later than that is another matter. */
static bool is_fresh(const struct capture_notes *n, const struct talk *t, time_ms now)
{
    return t->now != NULL && now - t->now->last <= n->limits.hold_ms;
}

static void sweep(struct capture_notes *n, time_ms now)
{
    if (now - n->swept < TALK_MS)
        return;
    n->swept = now;
    for (size_t i = 0; i < TALK_BUCKETS; i++)
        for (struct talk **at = &n->talks[i]; *at != NULL;) {
            struct talk *t = *at;
            if (now - t->last <= TALK_MS || t->waiting != NULL) {
                at = &t->next;
                continue;
            }
            *at = t->next;
            free_talk(t);
        }
}

/* ---- packets and messages find each other ---- */

static bool is_same(const struct key *a, const struct key *b)
{
    return a->sent == b->sent && a->xid == b->xid && a->type == b->type && a->sport == b->sport &&
           a->dport == b->dport && a->src == b->src && a->dst == b->dst && a->len == b->len;
}

static void claim_later(struct talk *t, const struct key *key)
{
    struct claim *c = &t->claims[t->next_claim++ % CLAIMS_MAX];
    drop_matter(c->matter);
    *c = (struct claim){*key, keep_matter(t->now)};
}

/* What was traced before its packet came; NULL: nothing yet. */
static struct matter *take_claim(struct talk *t, const struct key *key)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        struct claim *c = &t->claims[(t->next_claim + i) % CLAIMS_MAX];
        if (c->matter == NULL || !is_same(&c->key, key))
            continue;
        struct matter *m = c->matter;
        c->matter = NULL;
        return m;
    }
    return NULL;
}

static void wait_for_message(struct held *h)
{
    struct held **at = &h->talk->waiting;
    while (*at != NULL)
        at = &(*at)->next_waiting;
    *at = h;
}

static struct held *find_waiting(const struct talk *t, const struct key *key)
{
    for (struct held *h = t->waiting; h != NULL; h = h->next_waiting)
        if (is_same(&h->key, key))
            return h;
    return NULL;
}

/* ---- packets ---- */

/* Is it one of DHCP's ports? Then its key. True: a message that can be read, n->msg. */
static bool read_packet(struct capture_notes *n, struct held *h)
{
    struct packet p;
    enum reason reason = frame_decode(h->packet.bytes, h->packet.len, FRAME_CHECKSUM_NOT_READY, &p);
    if (reason != REASON_NONE || (p.dport != DHCP_PORT_SERVER && p.dport != DHCP_PORT_CLIENT))
        return false;
    h->is_dhcp = true;
    h->key = (struct key){.sent = h->packet.direction == PCAPNG_OUTBOUND,
                          .sport = p.sport,
                          .dport = p.dport,
                          .src = p.src,
                          .dst = p.dst,
                          .len = p.len};
    if (dhcp_msg_decode(&n->msg, p.bytes, p.len) != REASON_NONE)
        return false;
    h->key.type = n->msg.type;
    h->key.xid = n->msg.xid;
    return true;
}

/* False if memory is out. */
static bool join_talk(struct capture_notes *n, struct held *h, time_ms now)
{
    char client[HW_LEN];
    struct hw_addr hw = dhcp_msg_hw(&n->msg);
    h->talk = open_talk(n, h->node, hw_format(&hw, client), now);
    if (h->talk == NULL)
        return false;
    h->matter = take_claim(h->talk, &h->key);
    if (h->matter == NULL)
        wait_for_message(h);
    return true;
}

/* Behind those of the same time and before later ones. */
static void insert(struct capture_notes *n, struct held *h)
{
    struct held *after = n->last;
    while (after != NULL && after->packet.time_ns > h->packet.time_ns)
        after = after->prev;
    h->prev = after;
    h->next = after != NULL ? after->next : n->first;
    if (h->next != NULL)
        h->next->prev = h;
    else
        n->last = h;
    if (after != NULL)
        after->next = h;
    else
        n->first = h;
    n->n_held++;
}

static void write_first(struct capture_notes *n)
{
    struct held *h = n->first;
    char comment[2 * TEXT_MAX + OWN_MAX];
    size_t len = 0;
    const struct matter *m = h->matter;
    comment[0] = '\0';
    if (m != NULL) {
        const char *text = m->main[0] != '\0' ? m->main : m->how;
        if (text[0] != '\0')
            len = (size_t)snprintf(comment, sizeof comment, "%s%s%s", m->answer,
                                   m->answer[0] != '\0' ? ": " : "", text);
    }
    if (h->own[0] != '\0')
        snprintf(comment + len, sizeof comment - len, "%s%s", len > 0 ? "; " : "", h->own);
    h->packet.comment = comment;
    n->counts.commented += comment[0] != '\0';
    n->write(n->user, &h->packet);
    remove_first(n);
}

bool capture_notes_packet(struct capture_notes *n, const char *node, const struct pcapng_packet *packet,
                          time_ms now)
{
    struct held *h = malloc(sizeof *h + packet->len);
    if (h == NULL)
        return false;
    *h = (struct held){.node = node, .packet = *packet, .until = time_add(now, n->limits.hold_ms)};
    memcpy(h->bytes, packet->bytes, packet->len);
    h->packet.bytes = h->bytes;
    if (read_packet(n, h) && !join_talk(n, h, now)) {
        free(h);
        return false;
    }
    insert(n, h);
    n->counts.packets++;
    n->counts.dhcp += h->is_dhcp;
    while (n->n_held > n->limits.packets) {
        n->counts.early++;
        write_first(n);
    }
    return true;
}

void capture_notes_release(struct capture_notes *n, time_ms now)
{
    while (n->first != NULL && n->first->until <= now)
        write_first(n);
    sweep(n, now);
}

time_ms capture_notes_deadline(const struct capture_notes *n)
{
    return n->first != NULL ? n->first->until : TIME_NEVER;
}

void capture_notes_flush(struct capture_notes *n)
{
    while (n->first != NULL)
        write_first(n);
}

/* ---- events ---- */

static const char *get_text(const cJSON *event, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, key));
    return text != NULL ? text : "";
}

static unsigned get_number(const cJSON *event, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);
    return cJSON_IsNumber(item) && item->valuedouble > 0 ? (unsigned)item->valuedouble : 0;
}

static uint8_t type_of(const char *name)
{
    for (int type = 1; type < TYPES_MAX; type++) {
        const char *known = dhcp_type_name((uint8_t)type);
        if (known != NULL && strcmp(known, name) == 0)
            return (uint8_t)type;
    }
    return DHCP_BOOTP;
}

static struct key key_of(const cJSON *event)
{
    struct key key = {
        .sent = strcmp(get_text(event, "direction"), "tx") == 0,
        .xid = (uint32_t)strtoul(get_text(event, "xid"), NULL, 16),
        .sport = (uint16_t)get_number(event, "sport"),
        .dport = (uint16_t)get_number(event, "dport"),
        .len = get_number(event, "length"),
        .type = type_of(get_text(event, "type")),
    };
    ip4_parse(get_text(event, "src"), &key.src);
    ip4_parse(get_text(event, "dst"), &key.dst);
    return key;
}

/* A client sends RELEASE of its own accord: it has nothing to do with what was received before. A relay agent
 * sends on the one that it got. */
static bool is_of_its_own(const struct talk *t, const struct key *key)
{
    return key->type == DHCP_RELEASE && t->now->xid != key->xid;
}

static bool take_message(const struct capture_notes *n, struct talk *t, const cJSON *event, time_ms now)
{
    struct key key = key_of(event);
    bool goes_on = key.sent && is_fresh(n, t, now) && !is_of_its_own(t, &key);
    if (!goes_on && !start_matter(t, key.xid, now))
        return false;
    t->now->last = now;
    t->now->is_received = !key.sent;
    if (key.sent) {
        t->now->is_sent = true;
        if (get_number(event, "op") == DHCP_BOOTREPLY)
            snprintf(t->now->answer, sizeof t->now->answer, "%s", get_text(event, "type"));
    }
    struct held *h = find_waiting(t, &key);
    if (h == NULL) {
        claim_later(t, &key);
        return true;
    }
    stop_waiting(h);
    h->matter = keep_matter(t->now);
    return true;
}

/* Decisions about the way, by the beginning of their tokens. */
static bool is_how(const char *token)
{
    static const char *const beginnings[] = {"subnet-",  "classes",     "identity-",   "options-", "to-",
                                             "request-", "relay-info-", "reservation", "name-"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (strncmp(token, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static void add_sentence(char *text, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_sentence(char *text, size_t cap, const char *format, ...)
{
    va_list args;
    size_t len = strlen(text);
    if (len > 0)
        len += (size_t)snprintf(text + len, cap - len, "; ");
    if (len >= cap)
        return;
    va_start(args, format);
    vsnprintf(text + len, cap - len, format, args);
    va_end(args);
}

/* Somebody asked for it: no message was the cause. */
static bool is_command(const cJSON *event)
{
    static const char beginning[] = "command-";
    return strncmp(get_text(event, "reason"), beginning, sizeof beginning - 1) == 0;
}

/* Is all said in the matter before the event? A message changes a client's state once: the next change has
 * another cause, a timer or a conflict, however soon it comes. */
static bool is_over(const struct matter *m, const cJSON *event, bool is_state)
{
    bool is_decided = m->main[0] != '\0' || m->how[0] != '\0';
    bool is_changed = is_state && m->is_received && m->has_state;
    return is_decided && (m->is_sent || is_changed || is_command(event));
}

static bool take_decision(const struct capture_notes *n, struct talk *t, const cJSON *event, time_ms now)
{
    const char *kind = get_text(event, "kind"), *text = get_text(event, "text");
    bool is_state = strcmp(kind, "state") == 0;
    bool goes_on = is_fresh(n, t, now) && !is_over(t->now, event, is_state);
    if (!goes_on && !start_matter(t, 0, now))
        return false;
    struct matter *m = t->now;
    m->last = now;
    m->has_state = m->has_state || is_state;
    if (is_state)
        add_sentence(m->main, sizeof m->main, "%s -> %s: %s", get_text(event, "from"), get_text(event, "to"),
                     text);
    else if (strcmp(kind, "drop") == 0)
        add_sentence(m->main, sizeof m->main, "dropped: %s", text);
    else if (is_how(get_text(event, "reason")))
        add_sentence(m->how, sizeof m->how, "%s", text);
    else
        add_sentence(m->main, sizeof m->main, "%s", text);
    return true;
}

/* A datagram that was lost or thrown away before anybody saw a message in it. A wire's node is
 * "h1.eth0>server.eth0": its sender's packet is meant. */
static void take_loss(struct capture_notes *n, const cJSON *event)
{
    const char *node = get_text(event, "node");
    struct key key = key_of(event);
    size_t len = strcspn(node, ".>");
    key.sent = strchr(node, '>') != NULL;
    if (!key.sent)
        len = strlen(node);
    for (struct held *h = n->last; h != NULL; h = h->prev) {
        key.type = h->key.type;
        key.xid = h->key.xid;
        if (!h->is_dhcp || strlen(h->node) != len || memcmp(h->node, node, len) != 0 ||
            !is_same(&h->key, &key))
            continue;
        add_sentence(h->own, sizeof h->own, "dropped: %s", get_text(event, "text"));
        return;
    }
}

bool capture_notes_event(struct capture_notes *n, const cJSON *event, time_ms now)
{
    const char *kind = get_text(event, "kind");
    bool is_message = strcmp(kind, "message") == 0;
    const char *client = get_text(event, is_message ? "chaddr" : "client");
    if (strcmp(kind, "drop") == 0 && cJSON_HasObjectItem(event, "src"))
        take_loss(n, event);
    if (client[0] == '\0')
        return true;
    struct talk *t = open_talk(n, get_text(event, "node"), client, now);
    if (t == NULL)
        return false;
    return is_message ? take_message(n, t, event, now) : take_decision(n, t, event, now);
}
