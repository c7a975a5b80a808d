/* The drivers of the simulator: each executes what an engine answers, in its order. Pure. */
#pragma once
#include "client/cli_engine.h"
#include "lab/sim_world.h"
#include "server/srv_engine.h"

/* ---- servers (sim_server.c) ---- */

/* The host becomes a server with a durable store that is empty. `config` is borrowed. ERR_NOMEM. */
int sim_server_new(struct sim_host *host, const struct srv_config *config);
void sim_server_free(struct sim_server *s);

/* From its store. Nothing happens if it runs. */
void sim_server_start(struct sim_host *host);
/* Ends it at once: what was not durable is lost. */
void sim_server_crash(struct sim_host *host);
/* Its lease file is lost: the store is empty. Only while it does not run. */
void sim_server_forget(struct sim_host *host);
/* Serves another configuration from now on. */
void sim_server_configure(struct sim_host *host, const struct srv_config *config);
/* DHCPFORCERENEW to the client with the lease. ERR_NOTFOUND; ERR_INVALID. */
int sim_server_force_renew(struct sim_host *host, ip4 addr);

void sim_server_receive(struct sim_port *port, const struct packet *packet);
void sim_server_answered(struct sim_port *port, ip4 addr);

/* NULL while it does not run. */
const struct srv_engine *sim_server_engine(const struct sim_host *host);
const struct srv_config *sim_server_config(const struct sim_host *host);
/* Leases that are active now. */
size_t sim_server_count(const struct sim_host *host);

/* ---- relay agents (sim_relay.c): hosts with relay_servers, which route between their segments, too ---- */

void sim_relay_receive(struct sim_port *port, const struct packet *packet);
/* Routes a datagram that is for somebody else. */
void sim_relay_forward(struct sim_port *port, const struct packet *packet);
/* Is it an address of the host's own? */
bool sim_relay_is_own(const struct sim_host *host, ip4 addr);
/* Can what comes in on the port get to the address? */
bool sim_relay_reaches(const struct sim_port *port, ip4 addr);

/* ---- clients (sim_client.c) ---- */

struct sim_client {
    struct sim_timer timer; /* first: the deadline of its engine */
    struct sim_host *host;
    struct sim_station station;
    const struct cli_config *config;
    struct cli_counters counters;
    struct cli_engine *engine; /* NULL: its power is off */
    bool has_saved;
    struct cli_lease saved; /* as its lease file has it */
};

/* The host becomes a client on its interface `port`, or with n > 0 a crowd of them. `config` is borrowed.
 * ERR_NOMEM. */
int sim_client_new(struct sim_host *host, struct sim_port *port, const struct cli_config *config, size_t n);
void sim_client_free_all(struct sim_host *host);

/* For all clients of the host. */
void sim_client_command(struct sim_host *host, enum cli_event_kind kind);
/* DHCPINFORM with the fixed address of the interface, which is then the client's while it has no lease. */
void sim_client_inform(struct sim_host *host);
void sim_client_set_asleep(struct sim_host *host, bool is_asleep);

void sim_client_receive(struct sim_client *c, const struct packet *packet);
void sim_client_receive_arp(struct sim_client *c, const struct arp *arp);
/* Without an engine STOPPED. */
void sim_client_status(const struct sim_client *c, struct cli_status *out);

/* ---- any host ---- */

void sim_node_start(struct sim_host *host);
/* As if its power had failed. */
void sim_node_crash(struct sim_host *host);
