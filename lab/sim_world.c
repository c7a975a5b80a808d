#include "lab/sim_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "lab/sim_check.h"
#include "lab/sim_node.h"

/* ---- making ---- */

struct sim_world *sim_world_new(uint64_t seed, const struct sim_observer *observer)
{
    struct sim_world *w = calloc(1, sizeof *w);
    struct sim_check *check = calloc(1, sizeof *check);
    if (w == NULL || check == NULL) {
        free(w);
        free(check);
        return NULL;
    }
    w->seed = seed;
    w->observer = *observer;
    w->check = check;
    w->budget = UINT64_MAX;
    timerq_init(&w->queue);
    return w;
}

static void free_port(struct sim_port *port, size_t n_ports)
{
    for (size_t i = 0; port->links != NULL && i < n_ports; i++)
        free(port->links->to[i]);
    free(port->links);
    free(port);
}

void sim_world_free(struct sim_world *w)
{
    if (w == NULL)
        return;
    struct timerq_node *node;
    while ((node = timerq_pop_due(&w->queue, TIME_NEVER - 1)) != NULL) {
        struct sim_timer *timer = (struct sim_timer *)node;
        if (timer->discard != NULL)
            timer->discard(timer);
    }
    for (size_t i = 0; i < w->n_hosts; i++) {
        sim_server_free(w->hosts[i]->server);
        sim_client_free_all(w->hosts[i]);
        free(w->hosts[i]);
    }
    for (size_t i = 0; i < w->n_ports; i++)
        free_port(w->ports[i], w->n_ports);
    timerq_fini(&w->queue);
    sim_check_fini(w->check);
    free(w->check);
    free(w);
}

size_t sim_world_add_segment(struct sim_world *w)
{
    return w->n_segments++;
}

struct sim_host *sim_world_add_host(struct sim_world *w, const char *name)
{
    struct sim_host *host = calloc(1, sizeof *host);
    assert(w->n_hosts < SIM_HOSTS_MAX);
    if (host == NULL)
        return NULL;
    host->world = w;
    snprintf(host->name, sizeof host->name, "%s", name);
    w->hosts[w->n_hosts++] = host;
    return host;
}

struct sim_port *sim_world_add_port(struct sim_world *w, struct sim_host *host, size_t segment,
                                    const struct hw_addr *hw, struct ip4_net addr)
{
    struct sim_port *port = calloc(1, sizeof *port);
    assert(w->n_ports < SIM_PORTS_MAX);
    if (port == NULL)
        return NULL;
    snprintf(port->name, sizeof port->name, "eth%zu", host->n_ports);
    port->host = host;
    port->segment = segment;
    port->addr = addr;
    port->own = (struct sim_station){.port = port, .hw = *hw};
    w->ports[w->n_ports++] = port;
    port->index = (int)w->n_ports;
    host->ports[host->n_ports++] = port;
    sim_world_add_station(w, &port->own);
    sim_world_set_addr(w, &port->own, addr.addr);
    return port;
}

/* ---- time ---- */

void sim_world_arm(struct sim_world *w, struct sim_timer *timer, time_ms at)
{
    if (timerq_is_set_for(&w->queue, &timer->node, at))
        return;
    if (timerq_set(&w->queue, &timer->node, at) < 0)
        w->err = ERR_NOMEM;
}

/* False: time does not move on. */
static bool count_event(struct sim_world *w)
{
    w->at_instant = w->now == w->instant ? w->at_instant + 1 : 1;
    w->instant = w->now;
    w->counts.events++;
    return w->at_instant <= SIM_INSTANT_MAX && w->counts.events <= w->budget;
}

int sim_world_run(struct sim_world *w, time_ms until)
{
    struct timerq_node *node;
    time_ms at = timerq_deadline(&w->queue);
    for (; w->err == 0 && !w->is_over && (node = timerq_pop_due(&w->queue, until)) != NULL;
         at = timerq_deadline(&w->queue)) {
        struct sim_timer *timer = (struct sim_timer *)node;
        w->now = at > w->now ? at : w->now;
        bool in_limits = count_event(w);
        timer->fire(w, timer);
        if (!in_limits)
            return ERR_LIMIT;
    }
    if (w->err == 0 && !w->is_over)
        w->now = until;
    return w->err;
}

/* ---- stations ---- */

static size_t bucket_of(uint32_t key)
{
    return (key * UINT32_C(2654435761)) >> 20; /* Knuth's: the high 12 bits */
}

static uint32_t hw_key(const struct hw_addr *hw)
{
    uint32_t key = 0;
    for (size_t i = 0; i < hw->len; i++)
        key = key * 31 + hw->bytes[i];
    return key;
}

void sim_world_add_station(struct sim_world *w, struct sim_station *station)
{
    struct sim_station **bucket = &w->by_hw[bucket_of(hw_key(&station->hw))];
    station->next_hw = *bucket;
    *bucket = station;
}

void sim_world_set_addr(struct sim_world *w, struct sim_station *station, ip4 addr)
{
    if (station->addr == addr)
        return;
    struct sim_station **at = &w->by_addr[bucket_of(station->addr)];
    while (station->addr != 0 && *at != station)
        at = &(*at)->next_addr;
    if (station->addr != 0)
        *at = station->next_addr;
    station->addr = addr;
    station->next_addr = NULL;
    if (addr == 0)
        return;
    /* Last in its bucket: who held the address first is found first. */
    for (at = &w->by_addr[bucket_of(addr)]; *at != NULL; at = &(*at)->next_addr)
        ;
    *at = station;
}

void sim_world_set_probed(struct sim_world *w, struct sim_station *station, ip4 addr)
{
    if (station->probed == addr)
        return;
    struct sim_station **at = &w->by_probed[bucket_of(station->probed)];
    while (station->probed != 0 && *at != station)
        at = &(*at)->next_probed;
    if (station->probed != 0)
        *at = station->next_probed;
    station->probed = addr;
    if (addr == 0)
        return;
    at = &w->by_probed[bucket_of(addr)];
    station->next_probed = *at;
    *at = station;
}

struct sim_station *sim_world_find_addr(const struct sim_world *w, size_t segment, ip4 addr,
                                        const struct sim_station *after)
{
    struct sim_station *s = after != NULL ? after->next_addr : w->by_addr[bucket_of(addr)];
    while (s != NULL && !(s->addr == addr && s->is_up && s->port->segment == segment))
        s = s->next_addr;
    return s;
}

static struct sim_station *find_hw(const struct sim_world *w, size_t segment, const struct hw_addr *hw)
{
    struct sim_station *s = w->by_hw[bucket_of(hw_key(hw))];
    while (s != NULL && !(s->is_up && s->port->segment == segment && hw_equal(&s->hw, hw)))
        s = s->next_hw;
    return s;
}

/* ---- links ---- */

static void make_link(struct sim_world *w, struct sim_port *from, struct sim_port *to)
{
    char name[SIM_LINK_NAME_MAX];
    struct sim_link *link = malloc(sizeof *link);
    if (link == NULL)
        return;
    snprintf(name, sizeof name, "%s.%s>%s.%s", from->host->name, from->name, to->host->name, to->name);
    sim_link_init(link, w->seed, name);
    for (size_t i = 0; i < w->n_rules; i++)
        sim_link_apply(link, &w->rules[i], from->host->name, to->host->name);
    from->links->to[to->index - 1] = link;
}

/* NULL, and w->err is set, if memory is out. */
static struct sim_link *find_link(struct sim_world *w, struct sim_port *from, struct sim_port *to)
{
    if (from->links == NULL)
        from->links = calloc(1, sizeof *from->links);
    if (from->links != NULL && from->links->to[to->index - 1] == NULL)
        make_link(w, from, to);
    if (from->links == NULL || from->links->to[to->index - 1] == NULL) {
        w->err = ERR_NOMEM;
        return NULL;
    }
    return from->links->to[to->index - 1];
}

int sim_world_add_rule(struct sim_world *w, const struct sim_rule *rule)
{
    if (w->n_rules == SIM_RULES_MAX)
        return ERR_LIMIT;
    w->rules[w->n_rules++] = *rule;
    for (size_t i = 0; i < w->n_ports; i++)
        for (size_t k = 0; w->ports[i]->links != NULL && k < w->n_ports; k++)
            if (w->ports[i]->links->to[k] != NULL)
                sim_link_apply(w->ports[i]->links->to[k], rule, w->ports[i]->host->name,
                               w->ports[k]->host->name);
    return 0;
}

/* ---- frames ---- */

enum frame_kind { FRAME_UDP, FRAME_ARP, FRAME_ECHO, FRAME_ECHO_REPLY };

struct frame {
    struct sim_timer timer; /* first */
    enum frame_kind kind;
    struct sim_port *from, *to;
    struct sim_station *station; /* whom it is for; NULL: everybody on the port */
    struct packet packet;        /* FRAME_UDP; FRAME_ECHO...: only src and dst */
    struct arp arp;
    uint8_t bytes[];
};

static void receive_at_relay(const struct frame *f)
{
    const struct packet *p = &f->packet;
    if (p->dst != IP4_BROADCAST && !sim_relay_is_own(f->to->host, p->dst))
        sim_relay_forward(f->to, p);
    else if (p->dport == DHCP_PORT_SERVER)
        sim_relay_receive(f->to, p);
}

static void receive_udp(struct sim_world *w, const struct frame *f)
{
    struct sim_host *host = f->to->host;
    const struct packet *p = &f->packet;
    bool is_ours = p->dst == IP4_BROADCAST || p->dst == f->to->own.addr;
    if (host->server != NULL && p->dport == DHCP_PORT_SERVER && is_ours) {
        w->counts.messages++;
        sim_server_receive(f->to, p);
    }
    if (host->n_relay_servers > 0)
        receive_at_relay(f);
    if (p->dport != DHCP_PORT_CLIENT)
        return;
    for (size_t i = 0; f->station == NULL && i < host->n_clients; i++)
        if (host->clients[i].station.port == f->to)
            sim_client_receive(&host->clients[i], p);
    if (f->station != NULL && f->station->client != NULL) {
        w->counts.messages++;
        sim_client_receive(f->station->client, p);
    }
}

static void receive_arp(struct sim_world *w, const struct frame *f)
{
    struct sim_station *s = f->station;
    assert(s != NULL); /* only stations get ARP */
    if (s->client != NULL)
        sim_client_receive_arp(s->client, &f->arp);
    /* RFC 826: a host answers for the address that it has. */
    if (f->arp.op != ARP_REQUEST || s->addr == 0 || s->addr != f->arp.target || f->arp.sender == s->addr)
        return;
    struct arp reply = {.op = ARP_REPLY,
                        .sender_hw = s->hw,
                        .sender = s->addr,
                        .target_hw = f->arp.sender_hw,
                        .target = f->arp.sender};
    sim_world_send_arp(w, s, &reply);
}

static void pass(struct sim_world *w, struct sim_station *from, struct sim_station *to,
                 const struct frame *f);

static void receive_echo(struct sim_world *w, struct frame *f)
{
    assert(f->station != NULL);
    if (f->station->addr != f->packet.dst)
        return;
    struct frame reply = {.kind = FRAME_ECHO_REPLY, .to = f->from, .station = &f->from->own};
    reply.packet = (struct packet){.src = f->packet.dst, .dst = f->packet.src};
    pass(w, f->station, &f->from->own, &reply);
}

static void tell_frame(const struct sim_world *w, const struct sim_port *port, enum trace_direction direction,
                       const struct frame *f)
{
    if (w->observer.frame != NULL && (f->kind == FRAME_UDP || f->kind == FRAME_ARP))
        w->observer.frame(w->observer.user, port, direction, f->kind == FRAME_UDP ? &f->packet : NULL,
                          f->kind == FRAME_ARP ? &f->arp : NULL);
}

static void arrive(struct sim_world *w, struct sim_timer *timer)
{
    struct frame *f = (struct frame *)timer;
    bool hears = f->station == NULL ? f->to->host->is_running : f->station->is_up;
    if (hears && !f->to->host->is_asleep) {
        if (f->from != f->to)
            tell_frame(w, f->to, TRACE_RX, f);
        switch (f->kind) {
        case FRAME_UDP:
            receive_udp(w, f);
            break;
        case FRAME_ARP:
            receive_arp(w, f);
            break;
        case FRAME_ECHO:
            receive_echo(w, f);
            break;
        case FRAME_ECHO_REPLY:
            sim_server_answered(f->to, f->packet.src);
            break;
        }
    }
    free(f);
}

static void discard(struct sim_timer *timer)
{
    free(timer);
}

static void copy_and_arm(struct sim_world *w, const struct frame *f, time_ms at)
{
    struct frame *copy = malloc(sizeof *copy + f->packet.len);
    if (copy == NULL) {
        w->err = ERR_NOMEM;
        return;
    }
    *copy = *f;
    copy->timer = (struct sim_timer){.fire = arrive, .discard = discard};
    if (f->packet.len > 0)
        memcpy(copy->bytes, f->packet.bytes, f->packet.len);
    copy->packet.bytes = copy->bytes;
    sim_world_arm(w, &copy->timer, at);
}

static void tell_lost(struct sim_world *w, const struct sim_link *link, const struct frame *f,
                      enum reason reason)
{
    w->counts.lost++;
    if (w->observer.lost != NULL)
        w->observer.lost(w->observer.user, link, f->kind == FRAME_UDP ? &f->packet : NULL, reason);
}

/* Puts a frame from the station's port onto the wire to f->to. Within one port there is no wire. */
static void pass(struct sim_world *w, struct sim_station *from, struct sim_station *to, const struct frame *f)
{
    struct frame frame = *f;
    struct sim_fate fate;
    frame.from = from->port;
    frame.station = to;
    if (frame.from == frame.to) {
        copy_and_arm(w, &frame, w->now);
        return;
    }
    struct sim_link *link = find_link(w, frame.from, frame.to);
    if (link == NULL)
        return;
    sim_link_pass(link, w->now, f->kind == FRAME_UDP ? &f->packet : NULL, w->only, &fate);
    for (size_t i = 0; i < fate.n_faults && w->observer.fault != NULL; i++)
        w->observer.fault(w->observer.user, &fate.faults[i]);
    if (fate.copies == 0)
        tell_lost(w, link, &frame, fate.reason);
    for (unsigned i = 0; i < fate.copies; i++)
        copy_and_arm(w, &frame, fate.at_ms[i]);
}

/* Does anybody on the host listen for such a broadcast? The others' kernels would throw it away. */
static bool is_listening(const struct sim_port *port, uint16_t dport)
{
    const struct sim_host *host = port->host;
    return dport == DHCP_PORT_SERVER ? host->server != NULL || host->n_relay_servers > 0
                                     : host->n_clients > 0;
}

static bool is_broadcast(const struct hw_addr *hw)
{
    return hw->len == 0 || (hw->bytes[0] & 1) != 0;
}

/* The router's interface on the segment through which the address can be reached; NULL: none. */
static struct sim_station *find_router(const struct sim_world *w, size_t segment, ip4 addr)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        struct sim_port *port = w->ports[i];
        if (port->segment == segment && port->own.is_up && port->host->n_relay_servers > 0 &&
            sim_relay_reaches(port, addr))
            return &port->own;
    }
    return NULL;
}

static void send_to_all(struct sim_world *w, struct sim_station *from, struct frame *f)
{
    f->packet.dst_hw = (struct hw_addr){1, 6, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    tell_frame(w, from->port, TRACE_TX, f);
    for (size_t i = 0; i < w->n_ports; i++) {
        f->to = w->ports[i];
        if (f->to->segment == from->port->segment && f->to != from->port &&
            is_listening(f->to, f->packet.dport))
            pass(w, from, NULL, f);
    }
}

/* Whose hardware address the frame is for: the one that it names, or what ARP tells. NULL: nobody answers. */
static struct sim_station *resolve(struct sim_world *w, const struct sim_station *from,
                                   const struct packet *packet)
{
    size_t segment = from->port->segment;
    if (!is_broadcast(&packet->dst_hw))
        return find_hw(w, segment, &packet->dst_hw);
    struct sim_station *to = sim_world_find_addr(w, segment, packet->dst, NULL);
    return to != NULL ? to : find_router(w, segment, packet->dst);
}

void sim_world_send(struct sim_world *w, struct sim_station *from, const struct packet *packet)
{
    struct frame f = {.kind = FRAME_UDP, .packet = *packet};
    f.packet.src_hw = from->hw;
    if (packet->dst == IP4_BROADCAST && is_broadcast(&packet->dst_hw)) {
        send_to_all(w, from, &f);
        return;
    }
    struct sim_station *to = resolve(w, from, packet);
    if (to == NULL || to->port == from->port)
        return;
    f.packet.dst_hw = to->hw;
    f.to = to->port;
    tell_frame(w, from->port, TRACE_TX, &f);
    pass(w, from, to, &f);
}

static void send_arp_to(struct sim_world *w, struct sim_station *from, struct sim_station *to,
                        const struct arp *arp)
{
    struct frame f = {.kind = FRAME_ARP, .arp = *arp, .to = to->port};
    if (to != from && to->is_up && to->port->segment == from->port->segment)
        pass(w, from, to, &f);
}

/* A request is only sent to those whom it says anything: who has the address, and who asks for it. */
void sim_world_send_arp(struct sim_world *w, struct sim_station *from, const struct arp *arp)
{
    tell_frame(w, from->port, TRACE_TX, &(struct frame){.kind = FRAME_ARP, .arp = *arp});
    if (arp->op == ARP_REPLY) {
        struct sim_station *to = find_hw(w, from->port->segment, &arp->target_hw);
        if (to != NULL)
            send_arp_to(w, from, to, arp);
        return;
    }
    for (struct sim_station *s = w->by_addr[bucket_of(arp->target)]; s != NULL; s = s->next_addr)
        if (s->addr == arp->target)
            send_arp_to(w, from, s, arp);
    for (struct sim_station *s = w->by_probed[bucket_of(arp->target)]; s != NULL; s = s->next_probed)
        if (s->probed == arp->target && s->addr != arp->target)
            send_arp_to(w, from, s, arp);
}

void sim_world_ping(struct sim_world *w, struct sim_station *from, ip4 addr)
{
    struct sim_station *to = sim_world_find_addr(w, from->port->segment, addr, NULL);
    struct frame f = {.kind = FRAME_ECHO, .packet = {.src = from->addr, .dst = addr}};
    if (to == NULL)
        return;
    f.to = to->port;
    pass(w, from, to, &f);
}
