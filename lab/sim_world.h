/* The simulator: hosts on segments in virtual time, driving the real engines. A discrete-event world: events
 * are ordered by (time, sequence), every random draw comes from the stream of a link or a node, so that a
 * seed repeats everything, and adding a node leaves the luck of the others alone. Pure.
 *
 * A step that lacks memory sets `err`; the run then ends. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/clock.h"
#include "common/packet.h"
#include "common/timerq.h"
#include "common/trace.h"
#include "lab/relay.h"
#include "lab/sim_link.h"

enum {
    SIM_HOSTS_MAX = 64,
    SIM_PORTS_MAX = 256,
    SIM_BUCKETS = 4096,
    SIM_WHY_MAX = 256,
    SIM_INSTANT_MAX = 1000000, /* events at one instant; more are a livelock */
};

/* 2026-01-01T00:00:00Z: what the clocks on the wall show when the run begins. */
#define SIM_EPOCH_MS INT64_C(1767225600000)

struct sim_world;
struct sim_host;
struct sim_server; /* sim_server.c */
struct sim_client; /* sim_client.c */

/* What is to happen at a time. */
struct sim_timer {
    struct timerq_node node; /* first: the queue hands it back */
    void (*fire)(struct sim_world *w, struct sim_timer *timer);
    void (*discard)(
        struct sim_timer *timer); /* frees it when the world ends before it fires; NULL: nothing */
};

/* Where frames go to: a hardware address and at most one IPv4 address. A host's interface is one; each client
 * of a crowd is one, on the host's interface. */
struct sim_station {
    struct sim_port *port;
    struct sim_client *client; /* NULL: of a server or a plain host */
    struct hw_addr hw;
    ip4 addr;   /* held now; 0: none */
    ip4 probed; /* that its ARP probes or announcements are about; 0: none */
    bool is_up; /* its host runs */
    struct sim_station *next_hw, *next_addr, *next_probed; /* in the buckets of the world */
};

/* The wires from an interface. */
struct sim_links {
    struct sim_link
        *to[SIM_PORTS_MAX]; /* by the other port's index - 1; NULL until the first frame goes there */
};

/* An interface. */
struct sim_port {
    struct sim_host *host;
    char name[2 * SIM_NAME_MAX]; /* "eth0" */
    size_t segment;
    int index;               /* from 1, over all ports: the kernel's number, as it were */
    struct ip4_net addr;     /* the fixed address with host bits; addr.addr 0: none */
    struct sim_station own;  /* not of a host with clients */
    struct sim_links *links; /* NULL until the first frame leaves */
};

/* A server, one client or a crowd of them, a relay agent, or a plain host. */
struct sim_host {
    struct sim_world *world;
    char name[SIM_NAME_MAX];
    struct sim_port *ports[SIM_PORTS_MAX];
    size_t n_ports;
    bool is_running;
    bool is_asleep;             /* hears nothing, no command either, and its timers wait */
    struct sim_server *server;  /* NULL: none */
    struct sim_client *clients; /* NULL: none */
    size_t n_clients;
    struct rng rng;                       /* seeds its engines: one seed each time that its power comes */
    ip4 relay_servers[RELAY_SERVERS_MAX]; /* of a relay agent: where it sends requests to */
    size_t n_relay_servers;               /* 0: it is none */
};

/* Who wants to know. Any function may be NULL. Times are w->now. */
struct sim_observer {
    void *user;
    void (*message)(void *user, const struct sim_host *host, enum trace_direction direction,
                    const struct sim_port *port, const struct packet *packet);
    void (*event)(void *user, const struct sim_host *host, const struct trace_event *event);
    /* A frame at an interface: TRACE_TX as it leaves, before luck has its way; TRACE_RX as it arrives. Either
     * a datagram, with the hardware addresses, or ARP; the other is NULL. */
    void (*frame)(void *user, const struct sim_port *port, enum trace_direction direction,
                  const struct packet *packet, const struct arp *arp);
    /* A frame that did not arrive; `packet` is NULL if it held no datagram. */
    void (*lost)(void *user, const struct sim_link *link, const struct packet *packet, enum reason reason);
    void (*fault)(void *user, const struct sim_fault *fault); /* luck has done this */
    void (*changed)(void *user, const struct sim_host *host); /* its server or client was stepped */
};

/* How many events were executed, and what of. */
struct sim_counts {
    uint64_t events, messages, lost;
};

struct sim_check; /* sim_check.h */

struct sim_world {
    uint64_t seed;
    time_ms now;
    time_ms instant; /* of the last event */
    uint64_t at_instant;
    struct timerq queue;
    struct sim_host *hosts[SIM_HOSTS_MAX];
    size_t n_hosts, n_segments;
    struct sim_port *ports[SIM_PORTS_MAX];
    size_t n_ports;
    struct sim_station *by_hw[SIM_BUCKETS], *by_addr[SIM_BUCKETS], *by_probed[SIM_BUCKETS];
    struct sim_rule rules[SIM_RULES_MAX];
    size_t n_rules;
    const struct sim_fault_list *only; /* NULL: luck is free */
    struct sim_observer observer;
    struct sim_counts counts;
    struct sim_check *check;
    uint64_t budget; /* events */
    time_ms sync_ms; /* how long a server's store takes until a lease is durable */
    unsigned bugs;   /* bits of enum sim_bug */
    int err;         /* 0, or ERR_NOMEM */
    bool is_over;    /* an observer has seen enough */
};

/* Mistakes that a program could have, for the tests that show that the checks find them. */
enum sim_bug {
    SIM_BUG_ACK_BEFORE_STORE = 1, /* the ACK leaves before the lease is durable */
    SIM_BUG_NO_QUARANTINE = 2,    /* a declined address is free at once */
    SIM_BUG_RENEW_LATE = 4,       /* RENEWING waits for half of the whole lease, not of what is left */
};

/* NULL if memory is out. */
struct sim_world *sim_world_new(uint64_t seed, const struct sim_observer *observer);
void sim_world_free(struct sim_world *w);

/* A new segment's number. */
size_t sim_world_add_segment(struct sim_world *w);
/* NULL if memory is out; SIM_HOSTS_MAX and SIM_PORTS_MAX are the caller's to keep. */
struct sim_host *sim_world_add_host(struct sim_world *w, const char *name);
struct sim_port *sim_world_add_port(struct sim_world *w, struct sim_host *host, size_t segment,
                                    const struct hw_addr *hw, struct ip4_net addr);

/* Applies to the links from now on, after the rules before it. ERR_LIMIT: SIM_RULES_MAX. */
int sim_world_add_rule(struct sim_world *w, const struct sim_rule *rule);

/* Arms the timer, which must not move until it has fired. TIME_NEVER disarms. */
void sim_world_arm(struct sim_world *w, struct sim_timer *timer, time_ms at);

/* Stations. Each change of an address goes through these. */
void sim_world_add_station(struct sim_world *w, struct sim_station *station);
void sim_world_set_addr(struct sim_world *w, struct sim_station *station, ip4 addr);
void sim_world_set_probed(struct sim_world *w, struct sim_station *station, ip4 addr);
/* The first station on the segment that runs and holds the address; NULL: nobody does. `after` NULL: from the
 * start. */
struct sim_station *sim_world_find_addr(const struct sim_world *w, size_t segment, ip4 addr,
                                        const struct sim_station *after);

/* Sending, at w->now, on the station's segment. A datagram to a hardware address goes there; else to who
 * holds packet->dst, be it behind a relay agent, which routes, too; or to the broadcast address, to whom it
 * concerns. */
void sim_world_send(struct sim_world *w, struct sim_station *from, const struct packet *packet);
void sim_world_send_arp(struct sim_world *w, struct sim_station *from, const struct arp *arp);
/* An ICMP echo request; its answer comes to sim_server_answered(). */
void sim_world_ping(struct sim_world *w, struct sim_station *from, ip4 addr);

/* Runs what is due up to `until`, which is then the time. 0; ERR_NOMEM; ERR_LIMIT: the budget, or
 * SIM_INSTANT_MAX; it also ends with 0 when w->is_over. */
int sim_world_run(struct sim_world *w, time_ms until);
