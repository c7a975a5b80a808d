#include "server/srv_send.h"

#include <assert.h>
#include <string.h>

#include "server/srv_block.h"
#include "server/srv_classify.h"
#include "server/srv_force_step.h"
#include "server/srv_name.h"
#include "server/srv_origin.h"

static void tell_packed(struct srv_step *s, enum reason reason, const char *options)
{
    struct trace_facts *facts = srv_step_decide(s, reason);
    facts->form = TRACE_OPTIONS;
    facts->text = options;
}

/* Most answers have the same notes as the one before, which stay where they are as long as the actions do. */
static const char *copy_notes(struct srv_step *s, const struct srv_block *block)
{
    struct srv_notes_text *last = &s->out->notes;
    if (last->text != NULL && last->number == block->number && last->generation == s->e->generation)
        return last->text;
    const char *text = (const char *)srv_step_bytes(s, (const uint8_t *)block->text, block->text_size);
    if (!s->out_of_memory)
        *last = (struct srv_notes_text){text, block->number, s->e->generation};
    return text;
}

static void tell_notes(struct srv_step *s, const struct srv_block *block)
{
    if (block->n_notes == 0)
        return;
    const char *text = copy_notes(s, block);
    for (size_t i = 0; i < block->n_notes && !s->out_of_memory; i++)
        tell_packed(s, block->notes[i].reason, text + block->notes[i].at);
}

/* Where the record of an answer's options goes. */
struct teller {
    struct srv_step *step;
    struct srv_block *block; /* in which it is kept; NULL: in none */
    size_t n;
};

static void tell_options(void *user, enum reason reason, const char *options)
{
    struct teller *t = user;
    tell_packed(t->step, reason, srv_step_text(t->step, options));
    if (t->block != NULL)
        srv_block_note(t->block, reason, options);
    t->n++;
}

/* What is in the answer and what is not, with the whys. */
static void tell_content(struct srv_step *s, const struct srv_reply *reply, const uint8_t *bytes,
                         const struct srv_reply_size *size)
{
    struct srv_block *block = size->block;
    if (block != NULL && block->is_told) {
        tell_notes(s, block);
        return;
    }
    struct teller teller = {.step = s, .block = block != NULL && block->n_notes == 0 ? block : NULL};
    struct dhcp_msg answer;
    enum reason reason = dhcp_msg_decode(&answer, bytes, size->len);
    assert(reason == REASON_NONE); /* we have just encoded it */
    srv_origin_tell(reply, &answer, tell_options, &teller);
    if (teller.block != NULL)
        srv_block_told(teller.block, teller.n);
}

void srv_send_scopes(const struct srv_step *s, const struct srv_pool *pool, struct srv_scopes *out)
{
    srv_scope_list(s->e->config, s->host, s->subnet, pool, s->classes, out);
}

static void fill_in(const struct srv_step *s, const struct srv_scopes *scopes, struct srv_reply *reply)
{
    reply->scopes = scopes;
    reply->blocks = s->e->blocks;
    reply->boot = &s->boot;
    reply->request = s->msg;
    reply->config = s->e->config;
    reply->subnet = s->subnet;
    reply->server = s->ev->iface->addr.addr;
    reply->server_id = s->relay.server_id;
    reply->relay_port = s->relay.port;
    reply->is_stashed = s->is_stashed;
}

/* Encodes it where it stays, with what it is made of on record. NULL: there is no memory for it. */
static const uint8_t *encode(struct srv_step *s, const struct srv_reply *reply, size_t *out_len)
{
    struct srv_reply_size size;
    uint8_t *bytes = arena_take(&s->out->arena, DHCP_MSG_MAX);
    if (bytes == NULL) {
        s->out_of_memory = true;
        return NULL;
    }
    srv_reply_encode(reply, bytes, &size);
    arena_trim(&s->out->arena, bytes, size.len);
    tell_content(s, reply, bytes, &size);
    if (size.dropped != 0)
        *srv_step_decide(s, REASON_OPTIONS_DROPPED) =
            (struct trace_facts){.num = size.dropped, .max = (int64_t)size.max};
    *out_len = size.len;
    return bytes;
}

void srv_send_reply(struct srv_step *s, const struct srv_pool *pool, const struct srv_reply *part)
{
    struct srv_reply reply = *part;
    struct srv_scopes scopes;
    if (reply.type != DHCP_NAK)
        srv_classify_additional(s, pool);
    srv_send_scopes(s, pool, &scopes);
    fill_in(s, &scopes, &reply);
    if (reply.server_id != 0)
        srv_step_decide(s, REASON_SERVER_ID_OVERRIDE)->addr = reply.server_id;
    size_t len;
    const uint8_t *bytes = encode(s, &reply, &len);
    if (bytes == NULL)
        return;
    struct srv_action *tx = srv_step_make(s, SRV_TX);
    struct trace_facts facts;
    enum reason route = srv_route_answer(&reply, &tx->packet, &tx->via, &facts);
    *srv_step_decide(s, route) = facts;
    tx->packet.bytes = bytes;
    tx->packet.len = len;
    tx->type = s->sent = (uint8_t)reply.type;
    tx->ifindex = s->ev->iface->index;
    tx->received_us = 0;
    tx->record = NULL;
    tx->next_answer = NULL;
    srv_step_append(s, tx);
}

void srv_send_lease(struct srv_step *s, enum dhcp_type type, const struct srv_lease *lease)
{
    const struct srv_pool *pool = srv_config_find_pool(s->subnet, lease->addr);
    uint8_t fqdn[SRV_NAME_OPTION_MAX], auth[DHCP_AUTH_LEN];
    size_t auth_len = type == DHCP_ACK ? srv_force_hand_out(s, lease, auth) : 0;
    srv_send_reply(s, pool,
                   &(struct srv_reply){.type = type,
                                       .fqdn = fqdn,
                                       .fqdn_len = srv_name_encode(s->msg, lease->hostname, fqdn),
                                       .yiaddr = lease->addr,
                                       .lease_s = lease->lease_s,
                                       .auth = auth,
                                       .auth_len = auth_len,
                                       .forcerenew = type == DHCP_OFFER && srv_force_is_offered(s),
                                       .rapid_commit = type == DHCP_ACK && s->msg->type == DHCP_DISCOVER});
}

/* The sentence of the reason goes to the client, too: option 56, RFC 2131 table 3. */
void srv_send_nak(struct srv_step *s, enum reason reason, ip4 addr, ip4 other)
{
    struct trace_facts facts = {.addr = addr, .other = other, .net = s->subnet->net};
    char message[256];
    trace_sentence(reason, &facts, message, sizeof message);
    *srv_step_decide(s, reason) = facts;
    srv_send_reply(s, NULL, &(struct srv_reply){.type = DHCP_NAK, .message = message});
}

void srv_send_to_relay(struct srv_step *s, enum dhcp_type type, const struct dhcp_msg *m, unsigned dropped)
{
    size_t max = srv_reply_max_len(s->msg);
    uint8_t buf[DHCP_MSG_MAX];
    unsigned left_out = 0;
    size_t len = dhcp_msg_encode(m, buf, max, &left_out);
    if (dropped + left_out != 0)
        *srv_step_decide(s, REASON_OPTIONS_DROPPED) =
            (struct trace_facts){.num = dropped + left_out, .max = (int64_t)max};
    uint16_t port = s->relay.port != 0 ? s->relay.port : DHCP_PORT_SERVER;
    *srv_step_decide(s, s->relay.port != 0 ? REASON_TO_RELAY_PORT : REASON_TO_RELAY) =
        (struct trace_facts){.addr = m->giaddr, .num = s->relay.port};
    struct srv_action *tx = srv_step_add(s, SRV_TX);
    tx->via = SRV_VIA_UDP;
    tx->ifindex = s->ev->iface->index;
    tx->packet = (struct packet){.src = s->ev->iface->addr.addr,
                                 .dst = m->giaddr,
                                 .sport = DHCP_PORT_SERVER,
                                 .dport = port,
                                 .bytes = srv_step_bytes(s, buf, len),
                                 .len = len};
    tx->type = s->sent = (uint8_t)type;
}
