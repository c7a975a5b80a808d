/* Which subnet a client is in, and what a relay says of it. RFC 2131 4.3.1, 3011, 3046, 3527, 5107, 8357. */
#pragma once
#include "server/srv_step.h"

/* Reads option 82 into s->relay. */
void srv_select_read_relay(struct srv_step *s);

/* The client is in `subnet`, for `reason`. False, and the message is dropped, if that is NULL. */
bool srv_select_take(struct srv_step *s, const struct srv_subnet *subnet, enum reason reason, ip4 addr,
                     const char *text);
/* Finds the subnet from where the message came from, and takes it. False if there is none. */
bool srv_select_subnet(struct srv_step *s);
