#include "lab/parity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/hash.h"
#include "common/text.h"
#include "lab/sim_link.h"

struct message {
    uint8_t client[DHCP_CHADDR_LEN];
    size_t sequence; /* in the log */
    time_ms at;
    char host[SIM_NAME_MAX];
    uint8_t type;
    uint32_t xid;
    ip4 dst, ciaddr, yiaddr;
    uint64_t rest; /* of the other fields and the options */
};

struct parity_log {
    struct message *list;
    size_t n, capacity;
    bool has_failed; /* memory was out */
};

struct parity_log *parity_log_new(void)
{
    return calloc(1, sizeof(struct parity_log));
}

void parity_log_free(struct parity_log *log)
{
    if (log != NULL)
        free(log->list);
    free(log);
}

size_t parity_log_count(const struct parity_log *log)
{
    return log->n;
}

/* ---- adding ---- */

static void mix_number(uint64_t *hash, uint64_t number)
{
    *hash = hash_u64(*hash ^ number);
}

static uint64_t hash_rest(const struct dhcp_msg *msg, const struct packet *packet)
{
    const uint64_t fields[] = {packet->src, packet->sport, packet->dport, msg->op,     msg->htype, msg->hlen,
                               msg->hops,   msg->secs,     msg->flags,    msg->siaddr, msg->giaddr};
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        mix_number(&hash, fields[i]);
    hash = hash_bytes(hash, msg->sname, sizeof msg->sname);
    hash = hash_bytes(hash, msg->file, sizeof msg->file);
    for (size_t i = 0; i < msg->n_options; i++) {
        const struct dhcp_option *o = &msg->options[i];
        mix_number(&hash, o->code);
        if (o->code != DHCP_OPT_AUTH)
            hash = hash_bytes(hash, o->data, o->len);
    }
    return hash;
}

static bool make_room(struct parity_log *log)
{
    if (log->n < log->capacity)
        return true;
    size_t capacity = 2 * log->capacity + 256;
    struct message *more = realloc(log->list, capacity * sizeof *more);
    log->has_failed = more == NULL;
    if (more == NULL)
        return false;
    log->list = more;
    log->capacity = capacity;
    return true;
}

void parity_log_add(struct parity_log *log, time_ms now, const char *host, const struct packet *packet)
{
    struct dhcp_msg msg;
    if (dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE || !make_room(log))
        return;
    struct message *m = &log->list[log->n];
    *m = (struct message){.sequence = log->n++,
                          .at = now,
                          .type = msg.type,
                          .xid = msg.xid,
                          .dst = packet->dst,
                          .ciaddr = msg.ciaddr,
                          .yiaddr = msg.yiaddr,
                          .rest = hash_rest(&msg, packet)};
    memcpy(m->client, msg.chaddr, sizeof m->client);
    snprintf(m->host, sizeof m->host, "%s", host);
}

/* ---- comparing ---- */

static int by_client(const void *one, const void *other)
{
    const struct message *a = one, *b = other;
    int order = memcmp(a->client, b->client, sizeof a->client);
    return order != 0 ? order : a->sequence < b->sequence ? -1 : 1;
}

/* Each client's transactions from 1, in the order of their first message. */
static void number_transactions(struct message *list, size_t n)
{
    uint32_t last_xid = 0, number = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_first = i == 0 || memcmp(list[i].client, list[i - 1].client, sizeof list[i].client) != 0;
        number = is_first ? 1 : number + (list[i].xid != last_xid);
        last_xid = list[i].xid;
        list[i].xid = number;
    }
}

static void prepare(struct parity_log *log)
{
    if (log->n > 0)
        qsort(log->list, log->n, sizeof *log->list, by_client);
    number_transactions(log->list, log->n);
}

static bool is_same(const struct message *a, const struct message *b)
{
    return memcmp(a->client, b->client, sizeof a->client) == 0 && a->at == b->at &&
           strcmp(a->host, b->host) == 0 && a->type == b->type && a->xid == b->xid && a->dst == b->dst &&
           a->ciaddr == b->ciaddr && a->yiaddr == b->yiaddr && a->rest == b->rest;
}

static void tell(struct text *t, const char *run, const struct message *m)
{
    char dst[IP4_LEN], ciaddr[IP4_LEN], yiaddr[IP4_LEN], client[HW_LEN];
    if (m == NULL) {
        text_add(t, "  %-8s nothing\n", run);
        return;
    }
    struct hw_addr hw = {.type = 1, .len = 6};
    memcpy(hw.bytes, m->client, 6);
    text_add(t,
             "  %-8s at %" PRId64 ".%03d s %s sends %s to %s: client %s, transaction %u, ciaddr %s, yiaddr "
             "%s, the rest %016" PRIx64 "\n",
             run, m->at / 1000, (int)(m->at % 1000), m->host, dhcp_type_name(m->type),
             ip4_format(m->dst, dst), hw_format(&hw, client), m->xid, ip4_format(m->ciaddr, ciaddr),
             ip4_format(m->yiaddr, yiaddr), m->rest);
}

/* The one that both have now, or that only one of them has: the client's ladder of the other has ended. */
static void next_pair(const struct parity_log *one, size_t *i, const struct parity_log *other, size_t *k,
                      const struct message **out_a, const struct message **out_b)
{
    const struct message *a = *i < one->n ? &one->list[*i] : NULL;
    const struct message *b = *k < other->n ? &other->list[*k] : NULL;
    int order = a == NULL ? 1 : b == NULL ? -1 : memcmp(a->client, b->client, sizeof a->client);
    *out_a = order <= 0 ? a : NULL;
    *out_b = order >= 0 ? b : NULL;
    *i += *out_a != NULL;
    *k += *out_b != NULL;
}

char *parity_compare(struct parity_log *one, const char *a, struct parity_log *other, const char *b,
                     bool *out_same)
{
    struct text t;
    size_t i = 0, k = 0, n_told = 0;
    *out_same = false;
    if (one->has_failed || other->has_failed)
        return NULL;
    prepare(one);
    prepare(other);
    text_init(&t);
    while (i < one->n || k < other->n) {
        const struct message *m, *other_m;
        next_pair(one, &i, other, &k, &m, &other_m);
        if (m != NULL && other_m != NULL && is_same(m, other_m))
            continue;
        if (n_told++ == PARITY_TOLD_MAX)
            break;
        tell(&t, a, m);
        tell(&t, b, other_m);
    }
    *out_same = n_told == 0;
    char *told = text_take(&t);
    if (n_told > 0)
        return told;
    free(told);
    return NULL;
}
