/* Offers: which can be chosen, which is. Part of the engine (client/cli_step.h). Pure. */
#pragma once
#include "client/cli_step.h"

/* An OFFER with our hardware address and xid came. */
void cli_offer_on_offer(struct cli_step *s, const struct dhcp_msg *m);
/* Collecting is over, with one or more: REQUESTING. */
void cli_offer_choose(struct cli_step *s);
/* Another answer was taken than those that were collected. */
void cli_offer_refuse_all(struct cli_step *s);
