/* What must be true of the hosts of a run on the wire, seen from outside: from what they send, the lease
 * files, the states that the clients tell, when their programs want to wake up, and the addresses of the
 * interfaces. As in the simulator (sim_check.h), the first thing that is not ends the run. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/cli_timing.h"
#include "common/dhcp_msg.h"
#include "common/err.h"
#include "lab/veth_inside.h"
#include "lab/view.h"

__attribute__((format(printf, 4, 5))) static void fail(struct veth_run *r, enum sim_invariant invariant,
                                                       const struct veth_host *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sim_check_record(&r->out->check, invariant, r->now, h->t->name, format, args);
    va_end(args);
}

/* ---- what a server says, and what is in its lease file ---- */

/* False: the file has no record of the address. */
static bool find_record(struct veth_run *r, struct veth_host *server, ip4 addr, struct srv_lease *out)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX];
    snprintf(path, sizeof path, "%s/%s.csv", r->dir, server->t->name);
    if (veth_leases_follow(&server->leases, path) == ERR_NOMEM)
        veth_run_fail(r, "%s", err_text(ERR_NOMEM));
    return veth_leases_find(&server->leases, addr, out);
}

static void check_offer(struct veth_run *r, struct veth_host *server, const struct dhcp_msg *offer)
{
    struct srv_lease record;
    char why[SIM_WHY_MAX], addr[IP4_LEN];
    if (!sim_check_is_right(server->config, server->t->name, offer, why))
        fail(r, SIM_OFFER_RIGHT, server, "%s", why);
    /* The file's times are whole seconds, rounded up. */
    if (find_record(r, server, offer->yiaddr, &record) && record.state == SRV_LEASE_DECLINED &&
        r->now <= record.expires_ms - 1000)
        fail(r, SIM_QUARANTINE, server, "%s offers %s, which is in quarantine until %lld ms", server->t->name,
             ip4_format(offer->yiaddr, addr), (long long)record.expires_ms);
}

/* RFC 2131 3.1 (4): the server "commits the binding for the client to persistent storage and responds with a
 * DHCPACK". */
static void check_ack(struct veth_run *r, struct veth_host *server, const struct dhcp_msg *ack)
{
    struct srv_lease record;
    struct hw_addr hw = dhcp_msg_hw(ack);
    char addr[IP4_LEN], client[HW_LEN], other[HW_LEN];
    uint32_t lease_s;
    if (ack->yiaddr == 0 || !dhcp_get_u32(ack, DHCP_OPT_LEASE_TIME, &lease_s))
        return; /* RFC 2131 4.3.5: the answer to an INFORM */
    time_ms ends_ms = time_add(r->now, time_from_lease_s(lease_s));
    ip4_format(ack->yiaddr, addr);
    hw_format(&hw, client);
    if (!find_record(r, server, ack->yiaddr, &record))
        fail(r, SIM_LEASE_KNOWN, server, "%s acknowledges %s to %s, and its lease file has no record of it",
             server->t->name, addr, client);
    else if (record.state != SRV_LEASE_ACTIVE || !hw_equal(&record.hw, &hw))
        fail(r, SIM_LEASE_KNOWN, server, "%s acknowledges %s to %s, and its lease file says state %d of %s",
             server->t->name, addr, client, (int)record.state, hw_format(&record.hw, other));
    else if (record.expires_ms < ends_ms)
        fail(r, SIM_LEASE_KNOWN, server,
             "%s acknowledges %s to %s until %lld ms, and its lease file says until %lld ms", server->t->name,
             addr, client, (long long)ends_ms, (long long)record.expires_ms);
}

void veth_check_sent(struct veth_run *r, struct veth_host *h, const struct packet *packet)
{
    struct dhcp_msg msg;
    if (h->t->role != LAB_SERVER || dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE ||
        msg.op != DHCP_BOOTREPLY)
        return;
    if (msg.type == DHCP_OFFER)
        check_offer(r, h, &msg);
    else if (msg.type == DHCP_ACK)
        check_ack(r, h, &msg);
}

/* ---- what a client has ---- */

/* The latest instants: a client may count from its REQUEST, which was sent earlier. */
static struct veth_lease lease_of(const struct veth_run *r, const struct veth_host *h,
                                  const struct dhcp_msg *ack)
{
    struct veth_lease lease = {.addr = ack->yiaddr};
    struct cli_timers timers;
    uint32_t lease_s = LEASE_INFINITE, t1_s, t2_s;
    dhcp_get_ip4(ack, DHCP_OPT_SERVER_ID, &lease.server);
    dhcp_get_u32(ack, DHCP_OPT_LEASE_TIME, &lease_s);
    bool has_t1 = dhcp_get_u32(ack, DHCP_OPT_T1, &t1_s), has_t2 = dhcp_get_u32(ack, DHCP_OPT_T2, &t2_s);
    cli_timing_derive(&r->s->clients[h->place]->profile, lease_s == 0 ? 1 : lease_s, has_t1 ? &t1_s : NULL,
                      has_t2 ? &t2_s : NULL, &timers);
    lease.renew_ms = time_add(r->now, timers.t1_ms);
    lease.rebind_ms = time_add(r->now, timers.t2_ms);
    lease.expires_ms = time_add(r->now, time_from_lease_s(lease_s));
    return lease;
}

void veth_check_received(struct veth_run *r, struct veth_host *h, const struct packet *packet)
{
    struct dhcp_msg msg;
    if (h->t->role != LAB_CLIENT || packet->dport != DHCP_PORT_CLIENT ||
        dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE || msg.type != DHCP_ACK)
        return;
    struct hw_addr hw = dhcp_msg_hw(&msg);
    struct veth_client *c = veth_host_find_client(h, &hw);
    if (c != NULL && c->state != CLI_PROBING) /* it has its ACK */
        c->told = lease_of(r, h, &msg);
}

static bool has_lease(const struct veth_run *r, const struct veth_host *h, const struct veth_client *c)
{
    return h->pace >= 0 && veth_host_is_bound(c) && c->held.addr != 0 && r->now < c->held.expires_ms;
}

static void check_unique(struct veth_run *r, const struct veth_host *h, const struct veth_client *mine)
{
    char addr[IP4_LEN];
    for (size_t i = 0; i < r->n_hosts; i++) {
        const struct veth_host *other = &r->hosts[i];
        for (size_t k = 0; veth_host_link(other) == veth_host_link(h) && k < other->n_clients; k++)
            if (&other->clients[k] != mine && has_lease(r, other, &other->clients[k]) &&
                other->clients[k].held.addr == mine->held.addr)
                fail(r, SIM_UNIQUE_ADDRESS, h, "%s and %s both hold %s", h->t->name, other->t->name,
                     ip4_format(mine->held.addr, addr));
    }
}

/* A client that nobody answers when it starts again goes on with the lease that it has. */
void veth_check_state(struct veth_run *r, struct veth_host *h, struct veth_client *c, const cJSON *event)
{
    ip4 addr = 0;
    if (c->state != CLI_BOUND)
        return;
    ip4_parse(view_text(cJSON_GetObjectItemCaseSensitive(event, "facts"), "addr"), &addr);
    if (c->told.addr != 0)
        c->held = c->told.addr == addr ? c->told : (struct veth_lease){0};
    c->told = (struct veth_lease){0};
    if (has_lease(r, h, c))
        check_unique(r, h, c);
}

/* Have its T1 and T2 a random part? */
static bool is_random(const struct cli_config *config)
{
    const struct cli_timer_rule *t1 = &config->profile.t1, *t2 = &config->profile.t2;
    return config->has_fuzz || t1->fuzz.high_ms > 0 || t1->fuzz_share_high > 0 || t2->fuzz.high_ms > 0 ||
           t2->fuzz_share_high > 0;
}

static time_ms limit_of(const struct veth_client *c, bool is_random)
{
    if (is_random || c->state == CLI_REBINDING)
        return c->held.expires_ms;
    return c->state == CLI_BOUND ? c->held.renew_ms : c->held.rebind_ms;
}

/* RFC 2131 4.4.5: T1, T2 and expiry come to pass at their time. A crowd's program wakes up for the first. */
static void check_times(struct veth_run *r, const struct veth_host *h, size_t i)
{
    const struct veth_client *c = &h->clients[i];
    char addr[IP4_LEN];
    time_ms limit = limit_of(c, is_random(r->s->clients[h->place]));
    if (r->now >= c->held.expires_ms && veth_host_address(h, i) == c->held.addr)
        fail(r, SIM_NOT_EXPIRED, h, "%s uses %s, whose lease has ended", h->t->name,
             ip4_format(c->held.addr, addr));
    else if (has_lease(r, h, c) && h->deadline_ms > limit)
        fail(r, SIM_TIMERS_KEPT, h, "%s is %s until %lld ms, but next wakes up at %lld ms", h->t->name,
             cli_state_name(c->state), (long long)limit, (long long)h->deadline_ms);
}

void veth_check_rest(struct veth_run *r)
{
    for (size_t i = 0; i < r->n_hosts; i++) {
        const struct veth_host *h = &r->hosts[i];
        for (size_t k = 0; h->pace >= 0 && !h->is_asleep && k < h->n_clients; k++)
            if (h->clients[k].held.addr != 0)
                check_times(r, h, k);
    }
}

static struct veth_host *find_server(struct veth_run *r, ip4 server_id)
{
    const struct topology *t = &r->s->topology;
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i].has_address && t->ends[i].address.addr == server_id)
            return &r->hosts[t->ends[i].host];
    return NULL;
}

static void check_known(struct veth_run *r, const struct veth_host *h, const struct veth_client *c)
{
    struct veth_host *server = find_server(r, c->held.server);
    struct srv_lease record;
    char addr[IP4_LEN];
    if (server == NULL || server->pace < 0)
        return; /* it is looked at when the server is back */
    if (!find_record(r, server, c->held.addr, &record) || record.state != SRV_LEASE_ACTIVE)
        fail(r, SIM_LEASE_KNOWN, h, "%s has a lease of %s by %s, whose lease file does not say so",
             h->t->name, ip4_format(c->held.addr, addr), server->t->name);
}

void veth_check_leases(struct veth_run *r)
{
    for (size_t i = 0; i < r->n_hosts; i++)
        for (size_t k = 0; k < r->hosts[i].n_clients; k++) {
            const struct veth_client *c = &r->hosts[i].clients[k];
            if (has_lease(r, &r->hosts[i], c) && c->state == CLI_BOUND)
                check_known(r, &r->hosts[i], c);
        }
}

void veth_check_bound(struct veth_run *r)
{
    for (size_t i = 0; i < r->n_hosts; i++) {
        const struct veth_host *h = &r->hosts[i];
        for (size_t k = 0; h->is_running && !h->is_asleep && k < h->n_clients; k++)
            if (!veth_host_is_bound(&h->clients[k]) && h->clients[k].state != CLI_STOPPED)
                fail(r, SIM_BOUND, h, "%s is %s: %s", h->t->name, cli_state_name(h->clients[k].state),
                     h->text);
    }
}
