#include "lab/veth_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "client/cli_crowd_table.h"
#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/frame.h"
#include "common/io_sock.h"
#include "common/timerq.h"

enum {
    FRAME_OCTETS_MAX = 2048,
    TAKEN_AT_ONCE = 64,     /* of one end, before the others have their turn */
    DELIVERED_AT_ONCE = 32, /* a burst of more could overflow the buffers of who hears it */
    PROTOCOL_AT = 9,        /* in an IPv4 header */
    CHADDR_AT = 28,         /* in a DHCP message: RFC 2131 2 */
    UNANSWERED_MAX = 64,    /* of one instant; more are left to the kernels */
};

/* Where a host is on the wire. */
struct port {
    size_t host;
    struct scenario_port is;
    size_t segment;
    ip4 addr;
    uint32_t n_crowd; /* clients with hardware addresses of their own */
    int fd;
    struct sim_link *links[TOPOLOGY_ENDS_MAX]; /* by the other port; NULL until the first frame goes there */
};

/* A host's timer, or the first part of a frame. */
struct coming {
    struct timerq_node node; /* first */
    struct port *to;         /* where a frame arrives; NULL: it is a timer */
};

/* Under way. */
struct frame {
    struct coming coming;     /* first */
    uint8_t client[ETH_ALEN]; /* whose datagram it is; of other frames all zeros */
    size_t len;
    uint8_t bytes[];
};

/* Asked by ARP. */
struct question {
    const struct port *from;
    ip4 addr;
};

struct veth_wire {
    const struct scenario *s;
    uint64_t seed;
    const struct sim_fault_list *only;
    struct veth_wire_observer observer;
    struct port ports[TOPOLOGY_ENDS_MAX];
    size_t n_ports;
    struct sim_rule rules[SIM_RULES_MAX];
    size_t n_rules;
    struct timerq queue;                 /* of struct coming */
    struct coming timers[LAB_HOSTS_MAX]; /* by host */
    struct question unanswered[UNANSWERED_MAX];
    size_t n_unanswered;
    time_ms now;
    int err;
};

void veth_wire_end(size_t end, char out[VETH_WIRE_END_LEN])
{
    snprintf(out, VETH_WIRE_END_LEN, "wire%zu", end);
}

/* ---- making ---- */

/* Hears what the host sends, whatever the protocol, and not what we send. */
static int open_end(size_t end)
{
    char name[VETH_WIRE_END_LEN];
    veth_wire_end(end, name);
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    io_sock_grow(fd);
    return fd;
}

static bool add_port(struct veth_wire *w, size_t segment, size_t end)
{
    const struct topology *t = &w->s->topology;
    const struct topology_end *e = &t->ends[end];
    const struct topology_host *host = &t->hosts[e->host];
    bool has_clients = host->role == LAB_CLIENT && strcmp(host->interface, e->interface) == 0;
    w->ports[w->n_ports] = (struct port){.host = e->host,
                                         .is = {host->name, e->interface, (int)w->n_ports + 1, e->mac},
                                         .segment = segment,
                                         .addr = e->has_address ? e->address.addr : 0,
                                         .n_crowd = has_clients ? host->n_clients : 0,
                                         .fd = open_end(end)};
    return w->ports[w->n_ports++].fd >= 0;
}

struct veth_wire *veth_wire_new(const struct scenario *s, uint64_t seed, const struct sim_fault_list *only,
                                const struct veth_wire_observer *observer)
{
    struct veth_wire *w = calloc(1, sizeof *w);
    bool is_open = w != NULL;
    if (w == NULL)
        return NULL;
    w->s = s;
    w->seed = seed;
    w->only = only;
    w->observer = *observer;
    timerq_init(&w->queue);
    for (size_t l = 0; l < s->topology.n_links; l++)
        for (size_t k = 0; is_open && k < s->topology.links[l].n_ends; k++)
            is_open = add_port(w, l, s->topology.links[l].first_end + k);
    if (is_open)
        return w;
    int error = errno;
    veth_wire_free(w);
    errno = error;
    return NULL;
}

void veth_wire_free(struct veth_wire *w)
{
    struct timerq_node *node;
    if (w == NULL)
        return;
    while ((node = timerq_pop_due(&w->queue, TIME_NEVER - 1)) != NULL)
        if (((struct coming *)node)->to != NULL)
            free(node);
    timerq_fini(&w->queue);
    for (size_t i = 0; i < w->n_ports; i++) {
        for (size_t k = 0; k < w->n_ports; k++)
            free(w->ports[i].links[k]);
        if (w->ports[i].fd >= 0)
            close(w->ports[i].fd);
    }
    free(w);
}

/* ---- links ---- */

int veth_wire_add_rule(struct veth_wire *w, const struct sim_rule *rule)
{
    if (w->n_rules == SIM_RULES_MAX)
        return ERR_LIMIT;
    w->rules[w->n_rules++] = *rule;
    for (size_t i = 0; i < w->n_ports; i++)
        for (size_t k = 0; k < w->n_ports; k++)
            if (w->ports[i].links[k] != NULL)
                sim_link_apply(w->ports[i].links[k], rule, w->ports[i].is.host, w->ports[k].is.host);
    return 0;
}

static struct sim_link *find_link(struct veth_wire *w, struct port *from, const struct port *to)
{
    struct sim_link **place = &from->links[to - w->ports];
    char name[SIM_LINK_NAME_MAX];
    if (*place != NULL)
        return *place;
    *place = malloc(sizeof **place);
    if (*place == NULL) {
        w->err = ERR_NOMEM;
        return NULL;
    }
    snprintf(name, sizeof name, "%s.%s>%s.%s", from->is.host, from->is.name, to->is.host, to->is.name);
    sim_link_init(*place, w->seed, name);
    for (size_t i = 0; i < w->n_rules; i++)
        sim_link_apply(*place, &w->rules[i], from->is.host, to->is.host);
    return *place;
}

/* ---- carrying ---- */

/* The bytes, from a host, and what is in them. */
struct taken {
    struct port *from;
    const uint8_t *bytes;
    size_t len;
    const struct packet *packet; /* NULL: no datagram of DHCP */
    const struct arp *arp;       /* NULL: no ARP */
};

static void tell_frame(const struct veth_wire *w, const struct port *port, enum trace_direction direction,
                       const struct taken *t)
{
    if (t->packet != NULL || t->arp != NULL)
        w->observer.frame(w->observer.user, &port->is, direction, t->packet, t->arp);
}

/* Looks into the frame; what *t then points to is in *packet and *arp. */
static void look_into(struct taken *t, struct packet *packet, struct arp *arp)
{
    if (frame_arp_decode(t->bytes, t->len, arp) == REASON_NONE)
        t->arp = arp;
    else if (frame_decode(t->bytes, t->len, FRAME_CHECKSUM_CHECK, packet) == REASON_NONE &&
             (packet->dport == DHCP_PORT_SERVER || packet->dport == DHCP_PORT_CLIENT))
        t->packet = packet;
}

static void queue_frame(struct veth_wire *w, const struct taken *t, struct port *to, time_ms at)
{
    struct frame *f = malloc(sizeof *f + t->len);
    if (f == NULL || (*f = (struct frame){.coming.to = to, .len = t->len},
                      timerq_set(&w->queue, &f->coming.node, at)) < 0) {
        free(f);
        w->err = ERR_NOMEM;
        return;
    }
    if (t->packet != NULL && t->packet->len >= CHADDR_AT + ETH_ALEN)
        memcpy(f->client, t->packet->bytes + CHADDR_AT, ETH_ALEN);
    memcpy(f->bytes, t->bytes, t->len);
}

/* Luck has its way. */
static void pass(struct veth_wire *w, const struct taken *t, struct port *to)
{
    struct sim_link *link = find_link(w, t->from, to);
    struct sim_fate fate;
    if (link == NULL)
        return;
    sim_link_pass(link, w->now, t->packet, w->only, &fate);
    for (size_t i = 0; i < fate.n_faults; i++)
        w->observer.fault(w->observer.user, &fate.faults[i]);
    if (fate.copies == 0) {
        w->observer.lost(w->observer.user, link->name, t->packet, fate.reason);
    }
    for (unsigned i = 0; i < fate.copies; i++)
        queue_frame(w, t, to, fate.at_ms[i]);
}

/* What does not fit is lost, as on any wire. */
static void put(struct veth_wire *w, const struct port *to, const struct taken *t)
{
    tell_frame(w, to, TRACE_RX, t);
    while (send(to->fd, t->bytes, t->len, 0) < 0 && errno == EINTR)
        ;
}

static bool is_group(const uint8_t *hw)
{
    return (hw[0] & 1) != 0;
}

static bool has_hw(const struct port *port, const uint8_t *hw)
{
    return memcmp(port->is.hw.bytes, hw, ETH_ALEN) == 0 ||
           (port->n_crowd > 0 && cli_crowd_number(&port->is.hw, hw) < port->n_crowd);
}

static bool is_neighbour(const struct port *port, const struct port *from)
{
    return port != from && port->segment == from->segment;
}

/* A plain host whose power is off says nothing, not even by its kernel. */
static bool is_dead(const struct veth_wire *w, const struct port *port)
{
    return w->s->topology.hosts[port->host].role == LAB_PLAIN &&
           !w->observer.is_up(w->observer.user, port->host);
}

static void pass_at_once(struct veth_wire *w, const struct taken *t)
{
    for (size_t i = 0; i < w->n_ports; i++) {
        struct port *to = &w->ports[i];
        if (is_neighbour(to, t->from) && (is_group(t->bytes) || has_hw(to, t->bytes)) && !is_dead(w, to)) {
            put(w, to, t);
            if (t->arp != NULL)
                w->observer.asked(w->observer.user, to->host);
        }
    }
}

/* ---- datagrams ---- */

/* As in the simulator: the kernels of the others would throw it away. */
static bool is_listening(const struct veth_wire *w, const struct port *port, uint16_t dport)
{
    enum lab_role role = w->s->topology.hosts[port->host].role;
    return dport == DHCP_PORT_SERVER ? role == LAB_SERVER || w->s->n_relays[port->host] > 0
                                     : role == LAB_CLIENT;
}

static void pass_datagram(struct veth_wire *w, const struct taken *t)
{
    bool to_all = is_group(t->bytes), is_told = to_all;
    w->observer.sent(w->observer.user, t->from->host, t->packet);
    if (to_all)
        tell_frame(w, t->from, TRACE_TX, t);
    for (size_t i = 0; i < w->n_ports; i++) {
        struct port *to = &w->ports[i];
        if (!is_neighbour(to, t->from) ||
            !(to_all ? is_listening(w, to, t->packet->dport)
                     : has_hw(to, t->bytes) && w->observer.is_up(w->observer.user, to->host)))
            continue;
        if (!is_told)
            tell_frame(w, t->from, TRACE_TX, t);
        is_told = true;
        pass(w, t, to);
    }
}

/* To whom it says anything: who has the address, and who asks for it. */
static void pass_conflict_arp(struct veth_wire *w, const struct taken *t)
{
    const struct arp *arp = t->arp;
    if (arp->op == ARP_REQUEST)
        w->observer.probed(w->observer.user, t->from->host, arp->target);
    for (size_t i = 0; i < w->n_ports; i++) {
        struct port *to = &w->ports[i];
        bool is_for = arp->op == ARP_REPLY
                          ? has_hw(to, t->bytes)
                          : to->addr == arp->target ||
                                w->observer.is_concerned(w->observer.user, to->host, arp->target);
        if (is_neighbour(to, t->from) && is_for && w->observer.is_up(w->observer.user, to->host))
            pass(w, t, to);
    }
}

/* RFC 5227: a probe has no sender, an announcement has itself; the answer to a probe is for nobody. */
static bool is_conflict_arp(const struct arp *arp)
{
    return arp->op == ARP_REQUEST ? arp->sender == 0 || arp->sender == arp->target : arp->target == 0;
}

static void note_question(struct veth_wire *w, const struct port *from, const struct arp *arp)
{
    if (w->n_unanswered < UNANSWERED_MAX)
        w->unanswered[w->n_unanswered++] = (struct question){from, arp->target};
}

static void note_answer(struct veth_wire *w, const struct arp *arp)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_unanswered; i++)
        if (w->unanswered[i].addr != arp->sender)
            w->unanswered[n++] = w->unanswered[i];
    w->n_unanswered = n;
}

static bool is_echo(const uint8_t *bytes, size_t len)
{
    const uint8_t *ip = bytes + FRAME_ETH_LEN;
    bool is_ip = len > FRAME_ETH_LEN + FRAME_IP_LEN && ip[-2] == ETHERTYPE_IP >> 8 && ip[-1] == 0;
    size_t head = is_ip ? (size_t)(ip[0] & 0x0f) * 4 : 0;
    if (head < FRAME_IP_LEN || FRAME_ETH_LEN + head >= len || ip[PROTOCOL_AT] != IPPROTO_ICMP)
        return false;
    return ip[head] == ICMP_ECHO || ip[head] == ICMP_ECHOREPLY;
}

static void pass_echo(struct veth_wire *w, const struct taken *t)
{
    for (size_t i = 0; i < w->n_ports; i++)
        if (is_neighbour(&w->ports[i], t->from) && has_hw(&w->ports[i], t->bytes) &&
            w->observer.is_up(w->observer.user, w->ports[i].host))
            pass(w, t, &w->ports[i]);
}

static void carry(struct veth_wire *w, struct port *from, const uint8_t *bytes, size_t len)
{
    struct packet packet;
    struct arp arp;
    struct taken t = {.from = from, .bytes = bytes, .len = len};
    uint16_t type = (uint16_t)(bytes[2 * ETH_ALEN] << 8 | bytes[2 * ETH_ALEN + 1]);
    if (type == ETHERTYPE_IPV6)
        return;
    look_into(&t, &packet, &arp);
    if (t.arp != NULL)
        tell_frame(w, from, TRACE_TX, &t);
    if (t.arp != NULL && t.arp->op == ARP_REPLY)
        note_answer(w, t.arp);
    else if (t.arp != NULL && !is_conflict_arp(t.arp))
        note_question(w, from, t.arp);
    if (t.packet != NULL)
        pass_datagram(w, &t);
    else if (t.arp != NULL && is_conflict_arp(t.arp))
        pass_conflict_arp(w, &t);
    else if (is_echo(bytes, len))
        pass_echo(w, &t);
    else
        pass_at_once(w, &t);
}

/* ---- taking and handing over ---- */

size_t veth_wire_fds(const struct veth_wire *w, int *out, size_t max)
{
    size_t n = w->n_ports < max ? w->n_ports : max;
    for (size_t i = 0; i < n; i++)
        out[i] = w->ports[i].fd;
    return n;
}

static bool take_from(struct veth_wire *w, struct port *port)
{
    uint8_t bytes[FRAME_OCTETS_MAX];
    ssize_t len = -1;
    int n = 0;
    for (; n < TAKEN_AT_ONCE && (len = recv(port->fd, bytes, sizeof bytes, 0)) >= 0; n++)
        if (len >= FRAME_ETH_LEN)
            carry(w, port, bytes, (size_t)len);
    return n > 0;
}

bool veth_wire_take(struct veth_wire *w, time_ms now)
{
    bool any = false, again = true;
    w->now = now;
    while (again) {
        again = false;
        for (size_t i = 0; i < w->n_ports; i++)
            again = take_from(w, &w->ports[i]) || again;
        any = any || again;
    }
    return any;
}

time_ms veth_wire_deadline(const struct veth_wire *w)
{
    return timerq_deadline(&w->queue);
}

void veth_wire_arm(struct veth_wire *w, size_t host, time_ms at)
{
    struct timerq_node *node = &w->timers[host].node;
    if (!timerq_is_set_for(&w->queue, node, at) && timerq_set(&w->queue, node, at) < 0)
        w->err = ERR_NOMEM;
}

/* What comes next, if that is by `now`, or NULL. */
static struct coming *next_coming(const struct veth_wire *w, time_ms now)
{
    return timerq_deadline(&w->queue) <= now ? (struct coming *)timerq_first(&w->queue) : NULL;
}

bool veth_wire_next_timer(struct veth_wire *w, time_ms now, size_t *out_host)
{
    struct coming *next = next_coming(w, now);
    if (next == NULL || next->to != NULL)
        return false;
    timerq_clear(&w->queue, &next->node);
    *out_host = (size_t)(next - w->timers);
    return true;
}

static void hand_over(struct veth_wire *w, const struct frame *f)
{
    struct taken t = {.bytes = f->bytes, .len = f->len};
    struct packet packet;
    struct arp arp;
    look_into(&t, &packet, &arp);
    put(w, f->coming.to, &t);
}

/* A server that hears two clients at once answers who needs no record first, or not. Where luck or a script
 * looks at frames in their order, there are no batches. */
static int batch_max(const struct veth_wire *w)
{
    return w->n_rules == 0 ? DELIVERED_AT_ONCE : 1;
}

/* A server passes over what it hears twice of one client at once: so no client has two in a batch. */
static bool is_batchable(const struct frame *f, uint8_t clients[][ETH_ALEN], int n)
{
    static const uint8_t nobody[ETH_ALEN];
    for (int i = 0; i < n; i++)
        if (memcmp(f->client, clients[i], ETH_ALEN) == 0)
            return false;
    return n == 0 || (memcmp(f->client, nobody, ETH_ALEN) != 0 && memcmp(clients[0], nobody, ETH_ALEN) != 0);
}

bool veth_wire_deliver(struct veth_wire *w, time_ms now, size_t *out_host)
{
    uint8_t clients[DELIVERED_AT_ONCE][ETH_ALEN];
    const struct port *to = NULL;
    struct coming *next;
    for (int n = 0; n < batch_max(w) && (next = next_coming(w, now)) != NULL && next->to != NULL; n++) {
        struct frame *f = (struct frame *)next;
        if ((to != NULL && next->to != to) || !is_batchable(f, clients, n))
            break;
        to = next->to;
        memcpy(clients[n], f->client, ETH_ALEN);
        timerq_clear(&w->queue, &next->node);
        if (w->observer.hears(w->observer.user, to->host))
            hand_over(w, f);
        free(f);
    }
    if (to != NULL)
        *out_host = to->host;
    return to != NULL;
}

bool veth_wire_next_unanswered(struct veth_wire *w, size_t *out_host, const char **out_name, ip4 *out_addr)
{
    if (w->n_unanswered == 0)
        return false;
    const struct question *q = &w->unanswered[--w->n_unanswered];
    *out_host = q->from->host;
    *out_name = q->from->is.name;
    *out_addr = q->addr;
    return true;
}

int veth_wire_err(const struct veth_wire *w)
{
    return w->err;
}
