#include "server/srv_engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "server/srv_block.h"
#include "server/srv_classify.h"
#include "server/srv_count.h"
#include "server/srv_expire.h"
#include "server/srv_on.h"
#include "server/srv_select.h"
#include "server/srv_strict.h"

/* ---- actions ---- */

void srv_actions_init(struct srv_actions *out)
{
    *out = (struct srv_actions){0};
    arena_init(&out->arena);
}

void srv_actions_reset(struct srv_actions *out)
{
    assert(!out->is_explained);
    arena_reset(&out->arena);
    out->first = out->last = out->due = NULL;
    out->classes.names = out->notes.text = NULL;
}

void srv_actions_fini(struct srv_actions *out)
{
    arena_fini(&out->arena);
    out->first = out->last = out->due = NULL;
    out->classes.names = out->notes.text = NULL;
}

/* Takes back what was added after `last`. */
void srv_engine_rewind(struct srv_actions *out, struct srv_action *last)
{
    out->last = last;
    if (last != NULL)
        last->next = NULL;
    else
        out->first = NULL;
}

/* ---- receiving ---- */

static enum reason read_identity(struct srv_step *s, struct trace_facts *facts)
{
    const struct dhcp_option *id = dhcp_msg_find(s->msg, DHCP_OPT_CLIENT_ID);
    s->client.hw = s->hw;
    if (id != NULL && id->len > SRV_CLIENT_ID_MAX) {
        facts->num = id->len;
        facts->max = SRV_CLIENT_ID_MAX;
        return REASON_MSG_CLIENT_ID_LONG;
    }
    if (id != NULL && id->len != 0) {
        s->client.client_id_len = (uint8_t)id->len;
        s->client.client_id = id->data;
        return REASON_NONE;
    }
    return s->client.hw.len != 0 ? REASON_NONE : REASON_MSG_NO_IDENTITY;
}

/* A cut server identifier or address must not be taken for none: the message would mean something else. */
static enum reason check_addresses(const struct dhcp_msg *msg, struct trace_facts *facts)
{
    static const uint8_t codes[] = {DHCP_OPT_REQUESTED_IP, DHCP_OPT_SERVER_ID};
    for (size_t i = 0; i < sizeof codes; i++) {
        const struct dhcp_option *option = dhcp_msg_find(msg, codes[i]);
        if (option == NULL || option->len == 4)
            continue;
        facts->num = codes[i];
        facts->max = option->len;
        return REASON_MSG_BAD_OPTION;
    }
    return REASON_NONE;
}

static enum reason check_form(const struct dhcp_msg *msg, const struct srv_config *config,
                              struct trace_facts *facts)
{
    enum opt_defect defect;
    const struct dhcp_option *bad = config->strict ? srv_strict_find(msg, config->optdefs, &defect) : NULL;
    if (bad == NULL)
        return REASON_NONE;
    facts->num = bad->code;
    facts->text = opt_defect_text(defect);
    return REASON_MSG_MALFORMED_OPTION;
}

/* A relay that brings our own packets back. On the loopback interface everybody has our address. */
static bool is_loop(const struct srv_event *ev)
{
    enum { LOOPBACK_NET = 127 };
    return ev->packet.src == ev->iface->addr.addr && ev->packet.src >> 24 != LOOPBACK_NET;
}

/* Most clients have no reservation: none of their subnets is asked for it then. */
static void read_host_ids(struct srv_step *s)
{
    const struct srv_config *config = s->e->config;
    if (config->n_hosts == 0)
        return;
    srv_host_ids_read(config->host_ids, config->n_host_ids, s->msg, s->msg->giaddr != 0 || s->is_stashed,
                      &s->host_ids);
    srv_host_keep_known(config->hosts, &s->host_ids);
}

/* REASON_NONE if the message can be worked on. */
static enum reason read_message(struct srv_step *s, struct trace_facts *facts)
{
    const struct packet *packet = &s->ev->packet;
    struct dhcp_msg *msg = &s->e->msg;
    enum reason reason = dhcp_msg_decode(msg, packet->bytes, packet->len);
    if (reason != REASON_NONE)
        return reason;
    s->msg = msg;
    s->xid = msg->xid;
    s->hw = dhcp_msg_hw(msg);
    if (msg->op != DHCP_BOOTREQUEST)
        return REASON_MSG_REPLY_AT_SERVER;
    if (s->parked == NULL) /* else it has been counted */
        s->e->counters.received[msg->type]++;
    facts->addr = packet->src;
    if (is_loop(s->ev))
        return REASON_MSG_OWN_ADDRESS;
    facts->num = msg->hops;
    if (msg->hops > DHCP_HOPS_MAX)
        return REASON_MSG_HOPS;
    srv_select_read_relay(s);
    reason = check_addresses(msg, facts);
    if (reason == REASON_NONE)
        reason = check_form(msg, s->e->config, facts);
    if (reason == REASON_NONE && msg->type != DHCP_LEASEQUERY) /* which is about a client, not from one */
        reason = read_identity(s, facts);
    if (reason == REASON_NONE && msg->type == DHCP_REQUEST && msg->giaddr == 0)
        srv_select_stash(s);
    read_host_ids(s);
    return reason;
}

static void on_rx(struct srv_step *s)
{
    struct trace_facts facts = {0};
    enum reason reason = read_message(s, &facts);
    if (reason != REASON_NONE && s->msg == NULL) { /* the trace of the packet says so already */
        s->e->counters.reasons[reason]++;
        s->e->counters.dropped++;
        return;
    }
    if (reason != REASON_NONE) {
        *srv_step_drop(s, reason) = facts;
        return;
    }
    if (!srv_classify_arrival(s))
        return;
    if (s->e->config->early_global_hosts)
        srv_select_early_host(s);
    if (s->parked != NULL && !srv_park_settle(s))
        return;
    switch (s->msg->type) {
    case DHCP_BOOTP:
        srv_on_bootp(s);
        break;
    case DHCP_DISCOVER:
        srv_on_discover(s);
        break;
    case DHCP_REQUEST:
        srv_on_request(s);
        break;
    case DHCP_RELEASE:
        srv_classify_tell(s);
        srv_on_release(s);
        break;
    case DHCP_DECLINE:
        srv_classify_tell(s);
        srv_on_decline(s);
        break;
    case DHCP_INFORM:
        srv_on_inform(s);
        break;
    case DHCP_LEASEQUERY:
        srv_classify_tell(s);
        srv_on_leasequery(s);
        break;
    default: /* not our enum: any octet that RFCs assign */
        srv_classify_tell(s);
        facts.text = dhcp_type_name(s->msg->type);
        *srv_step_drop(s, REASON_MSG_TYPE_NOT_SERVED) = facts;
        break;
    }
    srv_classify_tell(s);
}

/* Each piece of work has all its actions, or none of them. */
static int run(struct srv_step *s, void (*work)(struct srv_step *s))
{
    struct srv_action *last = s->out->last;
    work(s);
    if (s->out_of_memory) {
        srv_count_undo(s, last == NULL ? s->out->first : last->next);
        srv_engine_rewind(s->out, last);
        return ERR_NOMEM;
    }
    if (s->tally_from != NULL)
        srv_count_tally(s);
    return 0;
}

/* A message whose probe has ended. Without memory for its answer the client has to ask again. */
static void resume(struct srv_step *s, struct srv_parked *parked)
{
    struct srv_iface iface = parked->iface;
    struct srv_event ev = {.kind = SRV_RX, .now = s->ev->now, .iface = &iface, .packet = parked->packet};
    struct srv_step again = {.e = s->e, .ev = &ev, .out = s->out, .parked = parked};
    iface.name = srv_step_text(&again, parked->ifname);
    run(&again, on_rx);
    free(parked);
}

static void resume_due(struct srv_step *s)
{
    for (int i = 0; i < SRV_EXPIRE_MAX; i++) {
        struct srv_parked *parked = srv_park_take_due(s);
        if (parked == NULL)
            return;
        resume(s, parked);
    }
}

static void tell_late(struct srv_step *s)
{
    srv_step_decide(s, REASON_PROBE_LATE)->addr = s->ev->addr;
}

static int on_probe_answered(struct srv_step *s)
{
    struct srv_parked *parked = srv_park_take_answered(&s->e->park, s->ev->addr);
    if (parked == NULL)
        return run(s, tell_late);
    resume(s, parked);
    return 0;
}

/* What happens of itself comes before what the event brings. */
static bool is_due(const struct srv_engine *e, const struct srv_event *event)
{
    return event->kind == SRV_DEADLINE || srv_lease_deadline(e->offers) <= event->now ||
           srv_lease_deadline(e->leases) <= event->now || srv_park_deadline(&e->park) <= event->now;
}

static void run_due(struct srv_engine *e, const struct srv_event *event, struct srv_actions *out)
{
    struct srv_step s = {.e = e, .ev = event, .out = out};
    run(&s, srv_expire);
    resume_due(&s);
}

int srv_engine_step(struct srv_engine *e, const struct srv_event *event, struct srv_actions *out)
{
    if (is_due(e, event))
        run_due(e, event, out);
    out->due = out->last;
    struct srv_step s = {.e = e, .ev = event, .out = out};
    switch (event->kind) {
    case SRV_RX:
        return run(&s, on_rx);
    case SRV_PROBE_ANSWERED:
        return on_probe_answered(&s);
    case SRV_DEADLINE:
        break;
    }
    return 0;
}

time_ms srv_engine_deadline(const struct srv_engine *e)
{
    time_ms first = srv_expire_deadline(e), probe = srv_park_deadline(&e->park);
    return probe < first ? probe : first;
}

const struct srv_counters *srv_engine_counters(const struct srv_engine *e)
{
    return &e->counters;
}

struct srv_tally *srv_engine_tally(struct srv_engine *e)
{
    return e->tally;
}

struct srv_block_counts srv_engine_blocks(const struct srv_engine *e)
{
    return srv_blocks_counts(e->blocks);
}

unsigned srv_engine_generation(const struct srv_engine *e)
{
    return e->generation;
}

/* ---- start, reload, end ---- */

static void free_parts(struct srv_engine *e)
{
    srv_lease_table_free(e->leases);
    srv_lease_table_free(e->offers);
    srv_alloc_pools_free(e->pools);
    srv_tally_free(e->tally);
    srv_blocks_free(e->blocks);
}

/* Empty tables for `config`. False, and nothing to free, if memory is out. */
static bool make_parts(struct srv_engine *e, const struct srv_config *config, const struct siphash_key *key)
{
    e->config = config;
    e->key = *key;
    e->leases = srv_lease_table_new(config->max_leases, key);
    e->offers = srv_lease_table_new(config->max_offers, key);
    e->pools = srv_alloc_pools_new(config, key);
    e->tally = srv_tally_new(config);
    e->blocks = srv_blocks_new(config->max_option_blocks);
    bool ok = e->leases != NULL && e->offers != NULL && srv_lease_table_count_by_hw(e->offers) == 0 &&
              e->pools != NULL && e->tally != NULL && e->blocks != NULL;
    if (!ok)
        free_parts(e);
    return ok;
}

struct srv_engine *srv_engine_new(const struct srv_config *config, const struct siphash_key *key)
{
    struct srv_engine *e = calloc(1, sizeof *e);
    if (e != NULL && !make_parts(e, config, key)) {
        free(e);
        return NULL;
    }
    if (e != NULL)
        e->generation = 1;
    return e;
}

void srv_engine_free(struct srv_engine *e)
{
    if (e == NULL)
        return;
    free_parts(e);
    srv_park_fini(&e->park);
    free(e);
}

static const struct srv_subnet *find_home(const struct srv_config *config, const struct srv_lease *lease)
{
    const struct srv_subnet *subnet = srv_config_find_subnet_id(config, lease->subnet_id);
    return subnet != NULL && ip4_net_has(subnet->net, lease->addr)
               ? subnet
               : srv_config_find_subnet(config, lease->addr);
}

int srv_engine_load(struct srv_engine *e, const struct srv_lease *lease, time_ms now)
{
    const struct srv_subnet *home = find_home(e->config, lease);
    if (home == NULL || lease->state == SRV_LEASE_OFFERED)
        return ERR_INVALID;
    if (srv_lease_find(e->leases, lease->addr, NULL))
        return ERR_EXISTS;
    struct srv_lease loaded = *lease;
    loaded.subnet_id = home->id;
    loaded.has_nonce = false;         /* it was another secret's */
    if (srv_lease_is_deletion(lease)) /* takes no place from a lease */
        srv_lease_table_set_max(e->leases, e->config->max_leases + ++e->n_deletions);
    if (srv_lease_is_held(lease) && lease->expires_ms <= now)
        srv_expire_free(&loaded);
    return srv_step_put_record(e, &loaded, home->match_client_id);
}

void srv_engine_loaded(struct srv_engine *e)
{
    for (size_t i = e->n_deletions == 0 ? 0 : srv_lease_table_count(e->leases); i-- > 0;) {
        struct srv_lease lease;
        srv_lease_at(e->leases, i, &lease);
        if (!srv_lease_is_deletion(&lease))
            continue;
        srv_step_remove_record(e, &lease); /* the last one takes its place: seen already */
    }
    e->n_deletions = 0;
    srv_lease_table_set_max(e->leases, e->config->max_leases);
}

/* Copies every record of a table into that of another engine, each into its subnet of today. */
static int move_table(struct srv_engine *to, struct srv_lease_table *table,
                      const struct srv_lease_table *from)
{
    size_t max = srv_lease_table_room(table), n = srv_lease_table_count(from);
    int err = 0;
    srv_lease_table_set_max(table, n > max ? n : max); /* what is there stays */
    for (size_t i = 0; i < n && err == 0; i++) {
        struct srv_lease lease;
        srv_lease_at(from, i, &lease);
        const struct srv_subnet *home = find_home(to->config, &lease);
        if (home != NULL)
            lease.subnet_id = home->id;
        err = srv_lease_put(table, &lease, home == NULL || home->match_client_id);
        srv_alloc_pools_mark(to->pools, lease.addr);
        if (table == to->leases)
            srv_tally_lease(to->tally, &lease, 1);
    }
    srv_lease_table_set_max(table, max);
    return err;
}

/* A free address that is offered must not be offered again. */
static void withhold_offered(struct srv_engine *e)
{
    for (size_t i = 0; i < srv_lease_table_count(e->offers); i++) {
        struct srv_lease offer;
        srv_lease_at(e->offers, i, &offer);
        srv_lease_withhold(e->leases, offer.addr, true);
    }
}

int srv_engine_reconfigure(struct srv_engine *e, const struct srv_config *config)
{
    struct srv_engine fresh;
    if (!make_parts(&fresh, config, &e->key))
        return ERR_NOMEM;
    int err = move_table(&fresh, fresh.leases, e->leases);
    if (err == 0)
        err = move_table(&fresh, fresh.offers, e->offers);
    if (err < 0) {
        free_parts(&fresh);
        return err;
    }
    withhold_offered(&fresh);
    free_parts(e);
    e->config = fresh.config;
    e->leases = fresh.leases;
    e->offers = fresh.offers;
    e->pools = fresh.pools;
    e->tally = fresh.tally;
    e->blocks = fresh.blocks;
    e->generation++;
    e->classes_text.order = 0;          /* the numbers are other classes' now */
    e->expire = (struct srv_expire){0}; /* what was to wait need not wait so long now */
    return 0;
}

/* ---- what an administrator changes ---- */

int srv_engine_put_lease(struct srv_engine *e, const struct srv_lease *lease, struct srv_actions *out)
{
    struct srv_step s = {.e = e, .out = out};
    struct srv_action *last = out->last;
    srv_step_add(&s, SRV_LEASE_PUT)->lease = *lease;
    int err = s.out_of_memory
                  ? ERR_NOMEM
                  : srv_step_put_record(e, lease, srv_config_matches_client_id(e->config, lease->subnet_id));
    if (err < 0) {
        srv_engine_rewind(out, last);
        return err;
    }
    srv_lease_remove(e->offers, lease->addr);
    return 0;
}

int srv_engine_delete_lease(struct srv_engine *e, ip4 addr, time_ms now, struct srv_actions *out)
{
    const struct srv_event ev = {.kind = SRV_DEADLINE, .now = now};
    struct srv_step s = {.e = e, .ev = &ev, .out = out};
    struct srv_lease lease;
    if (!srv_lease_find(e->leases, addr, &lease))
        return ERR_NOTFOUND;
    srv_step_forget_lease(&s, &lease);
    return s.out_of_memory ? ERR_NOMEM : 0;
}

int srv_engine_reclaim(struct srv_engine *e, time_ms now, struct srv_actions *out)
{
    const struct srv_event ev = {.kind = SRV_DEADLINE, .now = now};
    struct srv_step s = {.e = e, .ev = &ev, .out = out};
    return run(&s, srv_expire_leases);
}

void srv_engine_count_drops(struct srv_engine *e, enum reason reason, uint64_t n)
{
    e->counters.reasons[reason] += n;
    e->counters.dropped += n;
}

uint64_t *srv_engine_sent(struct srv_engine *e, uint8_t type)
{
    return &e->counters.sent[type];
}

/* ---- looking ---- */

bool srv_engine_find_lease(const struct srv_engine *e, ip4 addr, struct srv_lease *out)
{
    return srv_lease_find(e->leases, addr, out);
}

uint32_t srv_engine_pool_id(const struct srv_engine *e, const struct srv_lease *lease)
{
    return srv_config_pool_id(e->config, lease->subnet_id, lease->addr);
}

size_t srv_engine_count_leases(const struct srv_engine *e, uint32_t subnet_id, enum srv_lease_state state)
{
    return srv_lease_table_count_state(state == SRV_LEASE_OFFERED ? e->offers : e->leases, subnet_id, state);
}

/* Of the two records that come next, takes the one with the lower address; the lease before the offer. */
static bool next_record(const struct srv_engine *e, size_t *lease_place, size_t *offer_place,
                        struct srv_lease *out)
{
    struct srv_lease offer;
    bool has_lease = *lease_place < srv_lease_table_count(e->leases);
    bool has_offer = *offer_place < srv_lease_table_count(e->offers);
    if (has_lease)
        srv_lease_at(e->leases, *lease_place, out);
    if (has_offer)
        srv_lease_at(e->offers, *offer_place, &offer);
    if (has_offer && (!has_lease || offer.addr < out->addr)) {
        *out = offer;
        ++*offer_place;
        return true;
    }
    ++*lease_place;
    return has_lease;
}

void srv_engine_leases(const struct srv_engine *e, srv_lease_fn *each, void *user)
{
    size_t lease_place = 0, offer_place = 0;
    struct srv_lease lease;
    srv_lease_sort(e->leases);
    srv_lease_sort(e->offers);
    while (next_record(e, &lease_place, &offer_place, &lease))
        if (!each(user, &lease))
            return;
}
