#include "lab/replay_plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

enum { SECS_AT = 8, FLAGS_AT = 10, REPLAY_BUCKETS_SHIFT = 20 };

_Static_assert(UINT32_MAX >> REPLAY_BUCKETS_SHIFT == REPLAY_BUCKETS - 1, "each bucket can be meant");

/* Which message the answer can be one to; an answer that is to none goes unasked. */
static bool is_answer_to(uint8_t answer, uint8_t message)
{
    switch ((enum dhcp_type)answer) {
    case DHCP_OFFER:
        return message == DHCP_DISCOVER;
    case DHCP_ACK: /* to a DISCOVER: RFC 4039 */
        return message == DHCP_REQUEST || message == DHCP_INFORM || message == DHCP_DISCOVER;
    case DHCP_NAK:
        return message == DHCP_REQUEST;
    case DHCP_LEASEUNASSIGNED:
    case DHCP_LEASEUNKNOWN:
    case DHCP_LEASEACTIVE:
        return message == DHCP_LEASEQUERY;
    case DHCP_BOOTP:
        return message == DHCP_BOOTP;
    case DHCP_DISCOVER:
    case DHCP_REQUEST:
    case DHCP_DECLINE:
    case DHCP_RELEASE:
    case DHCP_INFORM:
    case DHCP_FORCERENEW:
    case DHCP_LEASEQUERY:
    case DHCP_BULKLEASEQUERY:
    case DHCP_LEASEQUERYDONE:
    case DHCP_ACTIVELEASEQUERY:
    case DHCP_LEASEQUERYSTATUS:
    case DHCP_TLS:
        return false;
    }
    return false;
}

static bool is_from_client(uint8_t type)
{
    return type == DHCP_BOOTP || type == DHCP_DISCOVER || type == DHCP_REQUEST || type == DHCP_DECLINE ||
           type == DHCP_RELEASE || type == DHCP_INFORM || type == DHCP_LEASEQUERY;
}

/* RFC 2131 table 1: 'secs' counts on while the client repeats itself. */
static bool is_repetition(const struct replay_datagram *a, const struct replay_datagram *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, SECS_AT) == 0 &&
           memcmp(a->bytes + FLAGS_AT, b->bytes + FLAGS_AT, a->len - FLAGS_AT) == 0;
}

static bool is_same_transaction(const struct replay_message *r, const struct dhcp_msg *m)
{
    struct hw_addr hw = dhcp_msg_hw(m);
    return r->xid == m->xid && hw_equal(&r->client, &hw);
}

static bool copy(struct replay_plan *p, const struct replay_datagram *from, struct replay_datagram *out)
{
    uint8_t *bytes = arena_alloc(&p->arena, from->len);
    if (bytes == NULL)
        return false;
    memcpy(bytes, from->bytes, from->len);
    *out = *from;
    out->bytes = bytes;
    return true;
}

/* Some clients count their transaction ids: every octet of one has a say. */
static size_t bucket_of(uint32_t xid)
{
    return xid * 2654435761U >> REPLAY_BUCKETS_SHIFT;
}

/* The newest of the last messages that `fits`; NULL: none does. */
typedef bool fits_fn(const struct replay_message *r, const struct dhcp_msg *m,
                     const struct replay_datagram *d);

static struct replay_message *look_back(const struct replay_plan *p, fits_fn *fits, const struct dhcp_msg *m,
                                        const struct replay_datagram *d)
{
    uint32_t at = p->newest[bucket_of(m->xid)];
    for (int i = 0; at > 0 && i < REPLAY_LOOK_BACK; i++, at = p->messages[at - 1].older)
        if (is_same_transaction(&p->messages[at - 1], m) && fits(&p->messages[at - 1], m, d))
            return &p->messages[at - 1];
    return NULL;
}

static bool was_asked(const struct replay_message *r, const struct dhcp_msg *m,
                      const struct replay_datagram *d)
{
    (void)d;
    return r->relay == m->giaddr && is_answer_to(m->type, r->type);
}

/* What was answered is not said again but for a reason. */
static bool is_open_copy(const struct replay_message *r, const struct dhcp_msg *m,
                         const struct replay_datagram *d)
{
    (void)m;
    return r->n_answers == 0 && is_repetition(&r->sent, d);
}

/* RFC 1542 4.1.1: a relay agent passes on what the client has broadcast. Where both were captured the server
 * gets the relay agent's. */
static bool is_passed_on(const struct replay_message *r, const struct dhcp_msg *m,
                         const struct replay_datagram *d)
{
    (void)d;
    return r->n_answers == 0 && r->relay == 0 && m->giaddr != 0 && r->type == m->type;
}

static int supersede(struct replay_plan *p, struct replay_message *r, const struct dhcp_msg *m,
                     const struct replay_datagram *d)
{
    r->copies++;
    r->relay = m->giaddr;
    return copy(p, d, &r->sent) ? 0 : ERR_NOMEM;
}

static int add_answer(struct replay_plan *p, const struct dhcp_msg *m, const struct replay_datagram *d)
{
    struct replay_message *r = look_back(p, was_asked, m, d);
    if (r == NULL) {
        p->n_strays++;
        return 0;
    }
    for (size_t i = 0; i < r->n_answers; i++)
        if (is_repetition(&r->answers[i], d))
            return 0;
    if (r->n_answers == REPLAY_ANSWERS_MAX) {
        p->n_left_out++;
        return 0;
    }
    if (!copy(p, d, &r->answers[r->n_answers]))
        return ERR_NOMEM;
    r->n_answers++;
    return 0;
}

static int add_message(struct replay_plan *p, const struct dhcp_msg *m, const struct replay_datagram *d)
{
    struct replay_message *r = look_back(p, is_open_copy, m, d);
    if (r != NULL) {
        r->copies++;
        return 0;
    }
    r = look_back(p, is_passed_on, m, d);
    if (r != NULL)
        return supersede(p, r, m, d);
    if (p->n == REPLAY_MESSAGES_MAX) {
        p->n_left_out++;
        return 0;
    }
    if (p->n == p->capacity) {
        size_t capacity = 2 * p->capacity + 64;
        r = realloc(p->messages, capacity * sizeof *r);
        if (r == NULL)
            return ERR_NOMEM;
        p->messages = r;
        p->capacity = capacity;
    }
    r = &p->messages[p->n];
    *r =
        (struct replay_message){.type = m->type, .xid = m->xid, .client = dhcp_msg_hw(m), .relay = m->giaddr};
    if (!copy(p, d, &r->sent))
        return ERR_NOMEM;
    r->older = p->newest[bucket_of(m->xid)];
    p->newest[bucket_of(m->xid)] = (uint32_t)++p->n;
    return 0;
}

void replay_plan_init(struct replay_plan *p)
{
    *p = (struct replay_plan){0};
    arena_init(&p->arena);
}

int replay_plan_add(struct replay_plan *p, const struct replay_datagram *d)
{
    struct dhcp_msg m;
    if (dhcp_msg_decode(&m, d->bytes, d->len) != REASON_NONE) {
        p->n_unreadable++;
        return 0;
    }
    if (m.op == DHCP_BOOTREPLY)
        return add_answer(p, &m, d);
    if (is_from_client(m.type))
        return add_message(p, &m, d);
    p->n_unreadable++;
    return 0;
}

/* ---- choosing ---- */

static ip4 server_of(const struct replay_datagram *d)
{
    struct dhcp_msg m;
    ip4 server = 0;
    if (dhcp_msg_decode(&m, d->bytes, d->len) == REASON_NONE)
        dhcp_get_ip4(&m, DHCP_OPT_SERVER_ID, &server);
    return server;
}

/* RFC 2131 3.1 (3): the client chooses by the "'server identifier' option" of the REQUEST that follows. */
static ip4 chosen_server(const struct replay_plan *p, size_t place)
{
    const struct replay_message *discover = &p->messages[place], *chosen = NULL;
    uint32_t at = p->newest[bucket_of(discover->xid)];
    for (int i = 0; at > place + 1 && i < REPLAY_LOOK_BACK; i++, at = p->messages[at - 1].older) {
        const struct replay_message *r = &p->messages[at - 1];
        if (r->type == DHCP_REQUEST && r->xid == discover->xid && r->relay == discover->relay &&
            hw_equal(&r->client, &discover->client))
            chosen = r; /* the first after it */
    }
    return chosen == NULL ? 0 : server_of(&chosen->sent);
}

void replay_plan_choose(struct replay_plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct replay_message *r = &p->messages[i];
        ip4 server = r->n_answers > 1 && r->type == DHCP_DISCOVER ? chosen_server(p, i) : 0;
        for (size_t k = 0; server != 0 && k < r->n_answers; k++)
            if (server_of(&r->answers[k]) == server)
                r->chosen = k;
    }
}

void replay_plan_fini(struct replay_plan *p)
{
    arena_fini(&p->arena);
    free(p->messages);
    *p = (struct replay_plan){0};
}

const struct replay_datagram *replay_plan_answer(const struct replay_message *m)
{
    return m->n_answers > 0 ? &m->answers[m->chosen] : NULL;
}

bool replay_plan_is_answerable(const struct replay_message *m)
{
    return m->type != DHCP_RELEASE && m->type != DHCP_DECLINE;
}
