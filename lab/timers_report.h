/* One client's timers, as text of at most 80 columns. Values in, text out. */
#pragma once
#include <cjson/cJSON.h>

#include "common/clock.h"

/* What the servers of a lab know of the address that a client leases, beside the client's own `status`: adds
 * the member "server_view". `lease` is what a server's `lease4-get` gave, NULL if none has the address;
 * `server` is that server's host, NULL if none was asked; `now` may be some time after the client
 * told its status. The difference is positive where the server's lease ends later; Kea's form counts whole
 * seconds. */
void timers_report_add_server(cJSON *status, const char *server, const cJSON *lease,
                              const struct clock_now *now);

/* Adds the member "checks": what must hold, each with "ok", true, false or null (not to be said). */
void timers_report_add_checks(cJSON *status);

/* `status` with both members, for people; `name` is the host's. malloc'ed, the caller frees; NULL if memory
 * is out. */
char *timers_report_text(const char *name, const cJSON *status);
