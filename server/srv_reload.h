/* The configuration of a running server: it is read, and another takes its place as a whole or not at all.
 * What says why something failed (`why`) has room for JCFG_TEXT_MAX bytes. */
#pragma once
#include "server/srv_driver_inside.h"

/* Reads the file. ERR_CONFIG, ERR_IO, ERR_NOMEM: `why` says what is wrong. */
int srv_reload_read(struct srv_driver *d, struct srv_config **out, char *why);
/* Serves `config`, which becomes the driver's. Below 0, it is freed and nothing has changed. */
int srv_reload_serve(struct srv_driver *d, struct srv_config *config, char *why);
/* Serves the file as it is now. Below 0: nothing has changed. The log says what came of it. */
int srv_reload_again(struct srv_driver *d, char *why);

/* ---- of a configuration, for the start as well ----
 * What the command line names stands in its stead. */

/* The lease file; "": none. */
const char *srv_reload_lease_path(const struct srv_driver *d, const struct srv_config *config);
/* The control sockets: how many, and their paths. */
size_t srv_reload_control_paths(const struct srv_driver *d, const struct srv_config *config,
                                const char *const **out);
/* Opens the interfaces; see srv_ports_open(). */
int srv_reload_open_ports(const struct srv_driver *d, const struct srv_config *config, struct srv_ports *out,
                          char *why);
/* A port for bulk leasequery if `config` wants one; *out is NULL otherwise. ERR_IO, ERR_NOMEM. */
int srv_reload_listen_bulk(struct srv_driver *d, const struct srv_config *config, struct srv_bulk_port **out,
                           char *why);
/* Sends the log where the driver's configuration says. If a file cannot be opened, ERR_IO or ERR_NOMEM, and
 * `why` (of JCFG_TEXT_MAX bytes) says which; the log goes to the others. */
int srv_reload_use_loggers(struct srv_driver *d, char *why);
/* Hands out what of the driver's configuration is not the engine's. */
void srv_reload_use(struct srv_driver *d);
