/* What the programs of a lab answer, as text for people. Values in, text out. */
#pragma once
#include <stdbool.h>
#include <time.h>

#include <cjson/cJSON.h>

/* A client's `status`, like `ipconfig /all`; `name` is the host's. malloc'ed, the caller frees; NULL if
 * memory is out. */
char *report_client(const char *name, const cJSON *status);
/* The `status` of a crowd of clients, by state; likewise. */
char *report_crowd(const char *name, const cJSON *status);
/* A server's `status-get`, in brief; likewise. */
char *report_server(const char *name, const cJSON *status);
/* Is this the token of a reason for which a server refuses, or does not answer? */
bool report_is_refusal(const char *token);
/* Why a server refused or kept silent, by its `status-get`, as one line: "no-subnet 3, pool-empty 1"; what it
 * did instead, if there was nothing of the kind; likewise. */
char *report_refusals(const cJSON *status);

/* Adds to a lease of `lease4-get-all` its "server", "state_name", "expires" (ISO 8601) and "remaining_s"; the
 * last two are null for a lease that does not run or does not end. */
void report_lease_complete(cJSON *lease, const char *server, time_t now);
/* A list of completed leases as a table; likewise malloc'ed. */
char *report_leases(const cJSON *leases);
