/* Which classes the client of a message is in, step by step as Kea does it: before a subnet is chosen, when
 * it is known whether there is a reservation, and before the answer is made. */
#pragma once
#include "server/srv_step.h"

/* The first round, on arrival: ALL, VENDOR_CLASS_x, and the classes whose expression is true, in the order of
 * the file. False, and the message is dropped, if the client is in DROP then. */
bool srv_classify_arrival(struct srv_step *s);
/* The second round, when the subnet is chosen: KNOWN or UNKNOWN, and the classes whose expression speaks of
 * these. False, and dropped, likewise. */
bool srv_classify_known(struct srv_step *s, bool is_known);
/* The third round, before the answer: the classes that `pool` (may be NULL), the subnet and its shared
 * network ask for. */
void srv_classify_additional(struct srv_step *s, const struct srv_pool *pool);

/* Records which classes the client is in, if that is not done yet. */
void srv_classify_tell(struct srv_step *s);
