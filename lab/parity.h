/* Whether two runs of a scenario are the same: each client's ladder, message by message, who sent it when to
 * whom with which fields and options. Transaction ids are counted from 1 in each ladder, and what comes of a
 * server's own secret (option 90) is left aside. Of different clients the order within an instant is not
 * compared. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"
#include "common/packet.h"

struct parity_log;

/* NULL if memory is out. */
struct parity_log *parity_log_new(void);
void parity_log_free(struct parity_log *log); /* NULL is fine */
/* The host sends a datagram; one that is no DHCP message is left aside. */
void parity_log_add(struct parity_log *log, time_ms now, const char *host, const struct packet *packet);
size_t parity_log_count(const struct parity_log *log);

enum { PARITY_TOLD_MAX = 5 };
/* The first differences, for people, malloc'ed; `a` and `b` are what the runs are called. The logs are in
 * another order then: nothing is to be added any more. NULL, and
 * *out_same: there is none; NULL alone: memory is out, now or when something was added. */
char *parity_compare(struct parity_log *one, const char *a, struct parity_log *other, const char *b,
                     bool *out_same);
