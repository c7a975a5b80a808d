/* The wire between the hosts of a lab, in user space: each host's interface is one end of a veth pair, and
 * this holds the others. It is what the simulator's wire is (sim_world.h), and is as kind or unkind to
 * frames, by the same code and the same streams of luck (sim_link.h). A frame goes to whom it is for: a
 * segment is a switch that knows its hosts.
 *
 * Luck, delay, cuts and scripts are for what the programs send: DHCP, the ARP of address conflict detection,
 * ICMP echo. What else the kernels say, the ARP by which they find each other before all, passes at once: it
 * goes by the machine's clock, which the lab's leaves behind. IPv6 does not pass at all.
 *
 * Times are the lab's. */
#pragma once
#include "lab/scenario_run.h"
#include "lab/sim_link.h"

struct veth_wire;

/* Who is there, and who wants to know. */
struct veth_wire_observer {
    void *user;
    /* Has the host power, by its place in the topology? Asleep or not: what is for it goes onto the wire. */
    bool (*is_up)(void *user, size_t host);
    /* Does it hear what comes now? */
    bool (*hears)(void *user, size_t host);
    /* Does one of its clients hold the address, or probe it? */
    bool (*is_concerned)(void *user, size_t host, ip4 addr);
    /* The host sends a datagram, whether anybody is there or not. */
    void (*sent)(void *user, size_t host, const struct packet *packet);
    /* A frame of DHCP or ARP leaves an interface, before luck has its way, or arrives at one. Either `packet`
     * or `arp` is NULL. */
    void (*frame)(void *user, const struct scenario_port *port, enum trace_direction direction,
                  const struct packet *packet, const struct arp *arp);
    /* ARP of somebody's kernel has arrived at the host, whose program may have something to say to it. */
    void (*asked)(void *user, size_t host);
    /* The host has sent an ARP probe or an announcement. */
    void (*probed)(void *user, size_t host, ip4 addr);
    /* `packet` is NULL if the frame held no datagram. */
    void (*lost)(void *user, const char *link, const struct packet *packet, enum reason reason);
    void (*fault)(void *user, const struct sim_fault *fault);
};

enum { VETH_WIRE_END_LEN = 16 };
/* What our end of the topology's end number `end` is called, for net_wire(). */
void veth_wire_end(size_t end, char out[VETH_WIRE_END_LEN]);

/* Opens our ends, which are there. `only` as in sim_link_pass(). Scenario, `only` and observer are borrowed.
 * NULL, errno tells. */
struct veth_wire *veth_wire_new(const struct scenario *s, uint64_t seed, const struct sim_fault_list *only,
                                const struct veth_wire_observer *observer);
void veth_wire_free(struct veth_wire *w); /* NULL is fine */

/* As sim_world_add_rule(). */
int veth_wire_add_rule(struct veth_wire *w, const struct sim_rule *rule);

/* To be polled: at most `max` into `out`; how many there are. */
size_t veth_wire_fds(const struct veth_wire *w, int *out, size_t max);
/* Takes what hosts have sent. False: nothing was there. ERR_NOMEM goes to veth_wire_err(). */
bool veth_wire_take(struct veth_wire *w, time_ms now);
/* The host's program has a timer; TIME_NEVER: none. What happens at one instant, be it a timer or a frame
 * that arrives, comes in the order in which it was armed or sent, as in the simulator. */
void veth_wire_arm(struct veth_wire *w, size_t host, time_ms at);
/* When the next timer or frame is due; TIME_NEVER: there is none. */
time_ms veth_wire_deadline(const struct veth_wire *w);
/* Takes out a timer that comes next, if that is by `now`. False: a frame comes next, or nothing. */
bool veth_wire_next_timer(struct veth_wire *w, time_ms now, size_t *out_host);
/* Hands the frame over that comes next, if that is by `now`; where there are no rules, with datagrams of
 * other clients for the same host, as many as it can take at once. False: there is none. */
bool veth_wire_deliver(struct veth_wire *w, time_ms now, size_t *out_host);
/* Takes out one of the questions by ARP, of the host's kernel on its interface *out_name, that nobody has
 * answered. False: there is none. */
bool veth_wire_next_unanswered(struct veth_wire *w, size_t *out_host, const char **out_name, ip4 *out_addr);
/* 0, or ERR_NOMEM: a frame could not be carried. */
int veth_wire_err(const struct veth_wire *w);
