#include "lab/sim_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/err.h"
#include "server/srv_host.h"

const char *sim_invariant_name(enum sim_invariant invariant)
{
    static const char *const names[] = {
#define X(name, word, text) [name] = word,
        SIM_INVARIANT_MAP(X)
#undef X
    };
    return names[invariant];
}

const char *sim_invariant_text(enum sim_invariant invariant)
{
    static const char *const texts[] = {
#define X(name, word, text) [name] = text,
        SIM_INVARIANT_MAP(X)
#undef X
    };
    return texts[invariant];
}

void sim_check_fini(struct sim_check *check)
{
    free(check->quarantines);
    check->quarantines = NULL;
}

bool sim_check_record(struct sim_check *check, enum sim_invariant invariant, time_ms now, const char *host,
                      const char *format, va_list args)
{
    if (check->failed || (check->off & (1U << invariant)))
        return false;
    vsnprintf(check->why, sizeof check->why, format, args);
    check->failed = true;
    check->invariant = invariant;
    check->at_ms = now;
    snprintf(check->host, sizeof check->host, "%s", host);
    return true;
}

/* Records the violation, and ends the run. */
static void fail(struct sim_world *w, enum sim_invariant invariant, const struct sim_host *host,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void fail(struct sim_world *w, enum sim_invariant invariant, const struct sim_host *host,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (sim_check_record(w->check, invariant, w->now, host->name, format, args))
        w->is_over = true;
    va_end(args);
}

/* ---- clients ---- */

static void check_unique(struct sim_client *c)
{
    const struct sim_station *s = NULL;
    struct sim_world *w = c->host->world;
    size_t segment = c->station.port->segment;
    char addr[IP4_LEN];
    while ((s = sim_world_find_addr(w, segment, c->station.addr, s)) != NULL)
        if (s != &c->station && s->client != NULL)
            fail(w, SIM_UNIQUE_ADDRESS, c->host, "%s and %s both hold %s", c->host->name, s->port->host->name,
                 ip4_format(c->station.addr, addr));
}

static const struct sim_host *find_server(const struct sim_world *w, ip4 server_id)
{
    for (size_t i = 0; i < w->n_hosts; i++)
        for (size_t k = 0; w->hosts[i]->server != NULL && k < w->hosts[i]->n_ports; k++)
            if (w->hosts[i]->ports[k]->addr.addr == server_id)
                return w->hosts[i];
    return NULL;
}

static bool is_known(const struct sim_client *c, ip4 addr, time_ms until_ms, const struct srv_engine *engine)
{
    struct srv_lease known;
    return srv_engine_find_lease(engine, addr, &known) && known.state == SRV_LEASE_ACTIVE &&
           hw_equal(&known.hw, &c->station.hw) && known.expires_ms >= until_ms;
}

/* RFC 2131 4.4.5: a client counts from its REQUEST, and a server from its ACK. A profile that counts from the
 * ACK, too, has no right to what that adds. */
static void check_known(struct sim_client *c, const struct cli_lease *lease)
{
    struct sim_world *w = c->host->world;
    const struct sim_host *server = find_server(w, lease->server_id);
    time_ms until_ms = time_add(lease->requested_ms, time_from_lease_s(lease->lease_s));
    char addr[IP4_LEN];
    if (until_ms <= w->now)
        return; /* the client is about to see it, or asleep */
    if (server == NULL || sim_server_engine(server) == NULL)
        return; /* it is checked when the server is back */
    if (!is_known(c, lease->addr, until_ms, sim_server_engine(server)))
        fail(w, SIM_LEASE_KNOWN, c->host, "%s has a lease of %s by %s, which knows nothing of it",
             c->host->name, ip4_format(lease->addr, addr), server->name);
}

/* RFC 2131 4.4.5: T1, T2 and expiry come to pass at their time. */
static void check_timers(struct sim_client *c, const struct cli_status *status, time_ms wakes_at)
{
    const struct cli_lease *lease = status->lease;
    time_ms limit = status->state == CLI_BOUND      ? lease->renew_at_ms
                    : status->state == CLI_RENEWING ? lease->rebind_at_ms
                                                    : lease->expires_at_ms;
    if (wakes_at > limit)
        fail(c->host->world, SIM_TIMERS_KEPT, c->host, "%s is %s until %lld ms, but next wakes up at %lld ms",
             c->host->name, cli_state_name(status->state), (long long)limit, (long long)wakes_at);
}

static bool is_bound(const struct cli_status *status)
{
    return status->state == CLI_BOUND || status->state == CLI_RENEWING || status->state == CLI_REBINDING;
}

void sim_check_client(struct sim_client *c, const struct cli_status *status, time_ms wakes_at)
{
    struct sim_world *w = c->host->world;
    char addr[IP4_LEN];
    if (c->station.addr == 0 || !is_bound(status))
        return;
    check_unique(c);
    if (status->state == CLI_BOUND)
        check_known(c, status->lease);
    if (c->host->is_asleep)
        return;
    check_timers(c, status, wakes_at);
    if (w->now >= status->lease->expires_at_ms)
        fail(w, SIM_NOT_EXPIRED, c->host, "%s uses %s, whose lease has ended", c->host->name,
             ip4_format(c->station.addr, addr));
}

void sim_check_bound(struct sim_world *w)
{
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct sim_host *host = w->hosts[i];
        for (size_t k = 0; host->is_running && !host->is_asleep && k < host->n_clients; k++) {
            struct cli_status status;
            sim_client_status(&host->clients[k], &status);
            if (!is_bound(&status) && status.state != CLI_STOPPED)
                fail(w, SIM_BOUND, host, "%s is %s: %s", host->name, cli_state_name(status.state),
                     status.state_text);
        }
    }
}

/* ---- servers ---- */

static bool is_reserved(const struct srv_config *config, ip4 addr, const struct hw_addr *hw, bool *out_ours)
{
    bool is_kept = false;
    *out_ours = false;
    for (size_t i = 0; i < config->n_hosts; i++) {
        const struct srv_host *host = &config->host_list[i];
        if (host->addr != addr)
            continue;
        is_kept = true;
        *out_ours = *out_ours || host->id.type != SRV_HOST_HW_ADDRESS ||
                    (host->id.len == hw->len && memcmp(host->id.bytes, hw->bytes, hw->len) == 0);
    }
    return is_kept;
}

static bool is_in_pool(const struct srv_config *config, ip4 addr)
{
    for (size_t i = 0; i < config->n_subnets; i++)
        if (srv_config_find_pool(&config->subnets[i], addr) != NULL)
            return true;
    return false;
}

bool sim_check_is_right(const struct srv_config *config, const char *server, const struct dhcp_msg *offer,
                        char *why)
{
    struct hw_addr hw = dhcp_msg_hw(offer);
    char addr[IP4_LEN], client[HW_LEN];
    bool is_ours, is_kept = is_reserved(config, offer->yiaddr, &hw, &is_ours);
    if (is_kept ? is_ours : is_in_pool(config, offer->yiaddr))
        return true;
    snprintf(why, SIM_WHY_MAX, "%s offers %s to %s: it is %s", server, ip4_format(offer->yiaddr, addr),
             hw_format(&hw, client), is_kept ? "reserved for another" : "in no pool");
    return false;
}

static void check_offered(const struct sim_host *server, const struct dhcp_msg *msg)
{
    char why[SIM_WHY_MAX];
    if (!sim_check_is_right(sim_server_config(server), server->name, msg, why))
        fail(server->world, SIM_OFFER_RIGHT, server, "%s", why);
}

static void check_quarantine(const struct sim_host *server, ip4 offered)
{
    const struct sim_check *check = server->world->check;
    char addr[IP4_LEN];
    for (size_t i = 0; i < check->n_quarantines; i++) {
        const struct sim_quarantine *q = &check->quarantines[i];
        if (q->server == server && q->addr == offered && server->world->now < q->until_ms)
            fail(server->world, SIM_QUARANTINE, server, "%s offers %s, which is in quarantine until %lld ms",
                 server->name, ip4_format(offered, addr), (long long)q->until_ms);
    }
}

void sim_check_answer(const struct sim_host *server, const struct packet *packet)
{
    struct dhcp_msg msg;
    if (dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE || msg.type != DHCP_OFFER)
        return;
    check_offered(server, &msg);
    check_quarantine(server, msg.yiaddr);
}

/* The place for the address: the one that it has, one that is over, or a new one. NULL if memory is out. */
static struct sim_quarantine *place_for(struct sim_check *check, const struct sim_host *server, ip4 addr)
{
    for (size_t i = 0; i < check->n_quarantines; i++)
        if (check->quarantines[i].until_ms <= server->world->now ||
            (check->quarantines[i].addr == addr && check->quarantines[i].server == server))
            return &check->quarantines[i];
    if (check->n_quarantines == check->capacity) {
        size_t capacity = 2 * check->capacity + 16;
        struct sim_quarantine *more = realloc(check->quarantines, capacity * sizeof *more);
        if (more == NULL)
            return NULL;
        check->quarantines = more;
        check->capacity = capacity;
    }
    return &check->quarantines[check->n_quarantines++];
}

void sim_check_stored(const struct sim_host *server, const struct srv_lease *lease)
{
    if (lease->state != SRV_LEASE_DECLINED)
        return;
    struct sim_quarantine *q = place_for(server->world->check, server, lease->addr);
    if (q == NULL)
        server->world->err = ERR_NOMEM;
    else
        *q = (struct sim_quarantine){server, lease->addr, lease->expires_ms};
}

void sim_check_server(const struct sim_host *server)
{
    struct sim_world *w = server->world;
    for (size_t i = 0; i < w->n_hosts; i++)
        for (size_t k = 0; k < w->hosts[i]->n_clients; k++) {
            struct sim_client *c = &w->hosts[i]->clients[k];
            struct cli_status status;
            sim_client_status(c, &status);
            if (c->station.addr != 0 && is_bound(&status) &&
                find_server(w, status.lease->server_id) == server)
                check_known(c, status.lease);
        }
}
