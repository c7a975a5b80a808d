#include "server/srv_force.h"

#include <string.h>

#include "common/err.h"
#include "common/wire.h"
#include "server/srv_force_step.h"

void srv_force_set_secret(struct srv_engine *e, const struct srv_secret *secret)
{
    e->secret = *secret;
    e->has_secret = true;
}

/* The same as long as the secret is, whenever it is needed: nothing is to be kept with the lease. */
static void make_nonce(const struct srv_engine *e, const struct srv_lease *lease, uint8_t *out)
{
    uint8_t purpose[4 + 2 + HW_MAX + SRV_CLIENT_ID_MAX];
    struct wire_writer w;
    wire_writer_init(&w, purpose, sizeof purpose);
    wire_put_u32(&w, lease->addr);
    wire_put_u8(&w, lease->hw.type);
    wire_put_u8(&w, lease->hw.len);
    wire_put_bytes(&w, lease->hw.bytes, lease->hw.len);
    wire_put_bytes(&w, lease->client_id, lease->client_id_len);
    dhcp_auth_make_nonce(e->secret.key, purpose, w.at, out);
}

bool srv_force_is_offered(const struct srv_step *s)
{
    return s->e->has_secret && s->e->config->forcerenew && dhcp_auth_is_capable(s->msg);
}

/* A client that begins anew has forgotten it, and one with another identity would get another one. */
bool srv_force_has_nonce(const struct srv_step *s, const struct srv_lease *before)
{
    return before->has_nonce && s->msg->ciaddr != 0 && hw_equal(&before->hw, &s->client.hw) &&
           before->client_id_len == s->client.client_id_len &&
           (before->client_id_len == 0 ||
            memcmp(before->client_id, s->client.client_id, before->client_id_len) == 0);
}

/* RFC 6704 3.1.3 would not see the nonce more often on the wire than it must be: a renewal within the life of
 * our secret needs none. */
size_t srv_force_hand_out(struct srv_step *s, const struct srv_lease *lease, uint8_t *out)
{
    uint8_t nonce[DHCP_NONCE_LEN];
    if (!srv_force_is_offered(s) || s->has_nonce)
        return 0;
    make_nonce(s->e, lease, nonce);
    dhcp_auth_put_nonce(++s->e->secret.replay, nonce, out);
    s->has_nonce = true;
    srv_step_decide(s, REASON_NONCE)->addr = lease->addr;
    return DHCP_AUTH_LEN;
}

/* RFC 3203 2: the message is unicast to the client. RFC 2131 knows no fields for it: those of an answer. */
static size_t encode(struct srv_engine *e, const struct srv_lease *lease, ip4 server, uint8_t *buf)
{
    struct dhcp_msg m;
    uint8_t auth[DHCP_AUTH_LEN], nonce[DHCP_NONCE_LEN];
    unsigned dropped;
    uint64_t replay = ++e->secret.replay;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    m.htype = lease->hw.type;
    m.hlen = lease->hw.len;
    memcpy(m.chaddr, lease->hw.bytes, lease->hw.len);
    m.xid = (uint32_t)replay;
    m.ciaddr = lease->addr;
    dhcp_auth_put_unsigned(replay, auth);
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_FORCERENEW);
    dhcp_put_u32(&m, DHCP_OPT_SERVER_ID, server);
    dhcp_put_bytes(&m, DHCP_OPT_AUTH, auth, sizeof auth);
    size_t len = dhcp_msg_encode(&m, buf, DHCP_MSG_MAX, &dropped);
    make_nonce(e, lease, nonce);
    dhcp_auth_sign(nonce, buf, len);
    return len;
}

int srv_force_renew(struct srv_engine *e, ip4 addr, const struct srv_iface *iface, struct srv_actions *out)
{
    struct srv_step s = {.e = e, .out = out};
    struct srv_lease lease;
    if (!srv_lease_find(e->leases, addr, &lease) || lease.state != SRV_LEASE_ACTIVE)
        return ERR_NOTFOUND;
    if (!e->has_secret || !e->config->forcerenew)
        return ERR_INVALID;
    if (!lease.has_nonce)
        return ERR_DENIED;
    uint8_t *buf = arena_alloc(&out->arena, DHCP_MSG_MAX);
    struct srv_action *last = out->last, *tx = srv_step_add(&s, SRV_TX);
    *srv_step_decide(&s, REASON_FORCERENEW) = (struct trace_facts){.addr = addr, .hw = lease.hw};
    if (buf == NULL || s.out_of_memory) {
        srv_engine_rewind(out, last);
        return ERR_NOMEM;
    }
    tx->type = DHCP_FORCERENEW;
    tx->via = SRV_VIA_UDP;
    tx->ifindex = iface->index;
    tx->packet = (struct packet){.src = iface->addr.addr,
                                 .dst = addr,
                                 .sport = DHCP_PORT_SERVER,
                                 .dport = DHCP_PORT_CLIENT,
                                 .bytes = buf,
                                 .len = encode(e, &lease, iface->addr.addr, buf)};
    return 0;
}
