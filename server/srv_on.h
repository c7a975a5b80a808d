/* What the server does on each message; each function is in the file of its name. */
#pragma once
#include "server/srv_step.h"

void srv_on_bootp(struct srv_step *s);    /* RFC 951, 1542, 1534 */
void srv_on_discover(struct srv_step *s); /* RFC 2131 4.3.1 */
void srv_on_request(struct srv_step *s);  /* RFC 2131 4.3.2 */
void srv_on_decline(struct srv_step *s);  /* RFC 2131 4.3.3 */
/* Puts the address of the lease or offer into quarantine. */
void srv_decline(struct srv_step *s, struct srv_lease *lease, enum reason reason);
void srv_on_release(struct srv_step *s);    /* RFC 2131 4.3.4 */
void srv_on_inform(struct srv_step *s);     /* RFC 2131 4.3.5 */
void srv_on_leasequery(struct srv_step *s); /* RFC 4388 6 */
