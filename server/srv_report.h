/* The server's leases and counters as JSON, in the shape of Kea's commands. Pure: `now` is a value. */
#pragma once
#include <cjson/cJSON.h>

#include "server/srv_class.h"
#include "server/srv_engine.h"
#include "server/srv_host.h"

struct srv_report {
    struct clock_now now; /* in */
    cJSON *json;          /* out; the caller owns it */
    unsigned n;           /* out: leases in it */
};

/* A lease in Kea's form, with the id of the pool that it is in (0: none). The caller owns it. */
cJSON *srv_report_lease(const struct srv_lease *lease, uint32_t pool_id, const struct clock_now *now);
/* The map "Dhcp4" as it was read, completed with the defaults, and each subnet with what it inherits. Read
 * again, it gives the same. The caller owns it. */
cJSON *srv_report_config(const struct srv_config *config);
/* One reservation of that, with "subnet-id" beside (0: global). */
cJSON *srv_report_host(const struct srv_host *host);
/* One class, subnet or shared network of that. */
cJSON *srv_report_class(const struct srv_class *class);
cJSON *srv_report_subnet(const struct srv_subnet *subnet);
cJSON *srv_report_network(const struct srv_config *config, const struct srv_network *network);
/* {"received": {...}, "sent": {...}, "dropped": n, "reasons": {...}, "leases": n} for status-get. */
void srv_report_status(struct srv_report *r, const struct srv_engine *e);
