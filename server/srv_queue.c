#include "server/srv_queue.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/wire.h"

enum {
    BUCKETS = 4096,
    CLIENT_ID_MAX = 255,
    ROOM = 600, /* octets that most messages fit in: the nodes of these are used again */
};
/* Places in a message, RFC 2131 2. */
enum { HTYPE_AT = 1, HLEN_AT = 2, GIADDR_AT = 24, CHADDR_AT = 28 };

/* A place in a list whose two ends meet in the queue. */
struct link {
    struct link *older, *newer;
};

struct node {
    struct link link;            /* first: so a link is its node */
    struct node *next_of_bucket; /* of what is spare: the next one */
    bool yields;                 /* it goes first where the queue is full */
    struct link yielding;        /* if it yields */
    bool has_client;
    uint64_t client; /* if has_client: its hash */
    struct srv_queued queued;
    bool fits; /* `bytes` has ROOM octets, otherwise as many as the packet */
    uint8_t bytes[];
};

struct srv_queue {
    size_t capacity, n, octets;
    struct siphash_key key;
    srv_queue_lost_fn *lost;
    void *user;
    struct link ends; /* newer than this is the oldest packet, older the newest one */
    struct link
        *unsorted;        /* the first of the newest ones that nobody has looked at; `ends`: there are none */
    struct link yielding; /* the ends of those that yield */
    struct node *spare;   /* free nodes of ROOM octets */
    struct node *taken;   /* by the last srv_queue_take() */
    struct node *buckets[BUCKETS];
};

struct srv_queue *srv_queue_new(size_t capacity, const struct siphash_key *key, srv_queue_lost_fn *lost,
                                void *user)
{
    struct srv_queue *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->capacity = capacity;
    q->key = *key;
    q->lost = lost;
    q->user = user;
    q->ends = (struct link){&q->ends, &q->ends};
    q->unsorted = &q->ends;
    q->yielding = (struct link){&q->yielding, &q->yielding};
    return q;
}

void srv_queue_free(struct srv_queue *q)
{
    if (q == NULL)
        return;
    for (struct link *link = q->ends.newer, *newer; link != &q->ends; link = newer) {
        newer = link->newer;
        free(link);
    }
    for (struct node *node = q->spare, *next; node != NULL; node = next) {
        next = node->next_of_bucket;
        free(node);
    }
    free(q->taken);
    free(q);
}

void srv_queue_set_capacity(struct srv_queue *q, size_t capacity)
{
    q->capacity = capacity;
}

size_t srv_queue_count(const struct srv_queue *q)
{
    return q->n;
}

/* ---- whose message it is ---- */

/* What tells clients apart, read without decoding the whole: most of it would be in vain when more comes than
 * can be answered. */
struct sender {
    uint8_t type; /* option 53 */
    const uint8_t *client_id;
    uint8_t client_id_len;
};

/* False: it is not to be seen at first sight. It is no request, or its options run over the end, are split or
 * go on in sname or file. */
static bool read_sender(const uint8_t *bytes, size_t len, struct sender *out)
{
    *out = (struct sender){.type = DHCP_BOOTP};
    if (len < DHCP_OPTIONS_AT || bytes[0] != DHCP_BOOTREQUEST || bytes[HLEN_AT] > DHCP_CHADDR_LEN)
        return false;
    uint32_t cookie = wire_u32(bytes + DHCP_COOKIE_AT);
    if (cookie != DHCP_COOKIE)
        return cookie == 0; /* RFC 951 */
    for (size_t at = DHCP_OPTIONS_AT; at < len && bytes[at] != DHCP_OPT_END; at++) {
        uint8_t code = bytes[at];
        if (code == DHCP_OPT_PAD)
            continue;
        if (len - at < 2 || bytes[at + 1] > len - at - 2)
            return false;
        const uint8_t *value = bytes + at + 2;
        uint8_t value_len = bytes[at + 1];
        if (code == DHCP_OPT_OVERLOAD || (code == DHCP_OPT_CLIENT_ID && out->client_id != NULL))
            return false;
        if (code == DHCP_OPT_TYPE && value_len == 1)
            out->type = value[0];
        if (code == DHCP_OPT_CLIENT_ID) {
            out->client_id = value;
            out->client_id_len = value_len;
        }
        at += 1U + value_len;
    }
    return true;
}

/* A server that has served a DISCOVER has worked in vain if the REQUEST that follows is lost; a RELEASE and a
 * DECLINE are told only once. Of everything else there is more when there is room again. */
static bool yields(bool is_readable, uint8_t type)
{
    return !is_readable || (type != DHCP_REQUEST && type != DHCP_RELEASE && type != DHCP_DECLINE);
}

static bool wants_answer(uint8_t type)
{
    return type != DHCP_RELEASE && type != DHCP_DECLINE;
}

/* Two clients with one hash: as unlikely as it is harmless, the one that is replaced asks again. (Pieces of a
 * known size are copied in place: so all of chaddr is, and what does not count is written over.) */
static uint64_t hash_sender(const struct srv_queue *q, const struct srv_queued *p,
                            const struct sender *sender)
{
    struct {
        int ifindex;
        ip4 giaddr; /* as it is in the message */
        uint8_t id[2 + DHCP_CHADDR_LEN + CLIENT_ID_MAX];
    } who;
    const uint8_t *bytes = p->packet.bytes;
    who.ifindex = p->ifindex;
    memcpy(&who.giaddr, bytes + GIADDR_AT, sizeof who.giaddr);
    memcpy(who.id, bytes + HTYPE_AT, 2); /* with hlen */
    memcpy(who.id + 2, bytes + CHADDR_AT, DHCP_CHADDR_LEN);
    uint8_t *end = who.id + 2 + bytes[HLEN_AT];
    if (sender->client_id != NULL)
        end = (uint8_t *)memcpy(end, sender->client_id, sender->client_id_len) + sender->client_id_len;
    return siphash_1_3(&q->key, &who, (size_t)(end - (uint8_t *)&who));
}

/* Whose it is, and what it is worth. */
static void look_at(const struct srv_queue *q, struct node *node)
{
    struct sender sender;
    bool is_readable = read_sender(node->bytes, node->queued.packet.len, &sender);
    node->yields = yields(is_readable, sender.type);
    node->has_client = is_readable && wants_answer(sender.type);
    if (node->has_client)
        node->client = hash_sender(q, &node->queued, &sender);
}

static struct node **bucket(struct srv_queue *q, uint64_t client)
{
    return &q->buckets[client % BUCKETS];
}

static struct node *find_waiting(struct srv_queue *q, uint64_t client)
{
    struct node *node = *bucket(q, client);
    while (node != NULL && node->client != client)
        node = node->next_of_bucket;
    return node;
}

/* ---- the lists ---- */

static void put_behind(struct link *older, struct link *link)
{
    *link = (struct link){.older = older, .newer = older->newer};
    link->newer->older = link;
    older->newer = link;
}

static void take_out(struct link *link)
{
    link->older->newer = link->newer;
    link->newer->older = link->older;
}

static struct node *make_node(struct srv_queue *q, const struct packet *packet)
{
    size_t len = packet->len;
    struct node *node = len <= ROOM ? q->spare : NULL;
    if (node != NULL)
        q->spare = node->next_of_bucket;
    else
        node = malloc(sizeof *node + (len <= ROOM ? ROOM : len));
    if (node == NULL)
        return NULL;
    node->yields = node->has_client = false; /* until somebody looks */
    node->fits = len <= ROOM;
    node->queued.packet = *packet;
    node->queued.packet.bytes = memcpy(node->bytes, packet->bytes, len);
    return node;
}

/* There are never more spare nodes than there were packets in the queue. */
static void free_node(struct srv_queue *q, struct node *node)
{
    if (node == NULL || !node->fits) {
        free(node);
        return;
    }
    node->next_of_bucket = q->spare;
    q->spare = node;
}

static void append(struct srv_queue *q, struct node *node)
{
    put_behind(q->ends.older, &node->link);
    if (q->unsorted == &q->ends)
        q->unsorted = &node->link;
    q->n++;
    q->octets += node->queued.packet.len;
}

static void remove_node(struct srv_queue *q, struct node *node)
{
    if (q->unsorted == &node->link)
        q->unsorted = node->link.newer;
    take_out(&node->link);
    q->n--;
    q->octets -= node->queued.packet.len;
    if (node->yields)
        take_out(&node->yielding);
    if (!node->has_client)
        return;
    struct node **at = bucket(q, node->client);
    while (*at != node)
        at = &(*at)->next_of_bucket;
    *at = node->next_of_bucket;
}

static void lose(struct srv_queue *q, struct node *node, enum reason reason)
{
    remove_node(q, node);
    q->lost(q->user, reason, &node->queued);
    free_node(q, node);
}

/* Gives it the place of the one that its client has in the queue. */
static void replace(struct srv_queue *q, struct node *node, struct node *before)
{
    take_out(&node->link);
    put_behind(&before->link, &node->link);
    lose(q, before, REASON_QUEUE_REPLACED);
}

/* Also there it takes the place of the one that it replaces, if that has one. */
static void add_yielding(struct srv_queue *q, struct node *node, struct node *replaced)
{
    put_behind(replaced != NULL && replaced->yields ? &replaced->yielding : q->yielding.older,
               &node->yielding);
}

static void sort_in(struct srv_queue *q, struct node *node)
{
    look_at(q, node);
    struct node *before = node->has_client ? find_waiting(q, node->client) : NULL;
    if (node->yields)
        add_yielding(q, node, before);
    if (node->has_client) {
        node->next_of_bucket = *bucket(q, node->client);
        *bucket(q, node->client) = node;
    }
    if (before != NULL)
        replace(q, node, before);
}

void srv_queue_sort(struct srv_queue *q)
{
    while (q->unsorted != &q->ends) {
        struct node *node = (struct node *)q->unsorted;
        q->unsorted = node->link.newer;
        sort_in(q, node);
    }
}

/* Is there more than a part of what the capacity lets in? */
static bool is_above(const struct srv_queue *q, size_t part)
{
    return q->n > q->capacity / part || (q->n > 1 && q->octets > q->capacity / part * SRV_QUEUE_OCTETS);
}

/* If there is one. */
static struct node *oldest(const struct srv_queue *q)
{
    return (struct node *)q->ends.newer;
}

static struct node *first_to_go(const struct srv_queue *q)
{
    if (q->yielding.newer == &q->yielding)
        return oldest(q);
    void *node = (char *)q->yielding.newer - offsetof(struct node, yielding);
    return node;
}

int srv_queue_put(struct srv_queue *q, int ifindex, uint64_t received_us, const struct packet *packet)
{
    struct node *node = make_node(q, packet);
    if (node == NULL)
        return ERR_NOMEM;
    node->queued.ifindex = ifindex;
    node->queued.received_us = received_us;
    append(q, node);
    if (!is_above(q, SRV_QUEUE_CALM))
        return 0;
    srv_queue_sort(q);
    while (is_above(q, 1))
        lose(q, first_to_go(q), REASON_QUEUE_FULL);
    return 0;
}

const struct srv_queued *srv_queue_take(struct srv_queue *q)
{
    if (q->n == 0)
        return NULL;
    struct node *node = oldest(q);
    remove_node(q, node);
    free_node(q, q->taken);
    q->taken = node;
    return &node->queued;
}
