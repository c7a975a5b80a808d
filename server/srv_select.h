/* Which subnet a client is in, and what a relay says of it. RFC 2131 4.3.1, 3011, 3046, 3527, 5107, 8357. */
#pragma once
#include "server/srv_step.h"

/* Reads option 82 into s->relay. */
void srv_select_read_relay(struct srv_step *s);

/* From now on the client is served from another subnet of the shared network. Nothing happens if that is
 * NULL, or where the client is already. */
void srv_select_move(struct srv_step *s, const struct srv_subnet *subnet);

/* Finds a global reservation before there is a subnet, and takes its classes. */
void srv_select_early_host(struct srv_step *s);
/* Where the configuration wants it, gives a DHCPREQUEST without giaddr, if it is a renewal, the option 82
 * that the relay put in when its lease was made. */
void srv_select_stash(struct srv_step *s);

/* The client is in `subnet`, for `reason`. False, and the message is dropped, if that is NULL or the client's
 * classes do not allow it, or if the client turns out to be in the class DROP. */
bool srv_select_take(struct srv_step *s, const struct srv_subnet *subnet, enum reason reason, ip4 addr,
                     const char *text);
/* Where a message came from. */
struct srv_select_from {
    ip4 link;     /* sub-option 5 of option 82; 0: none */
    ip4 selected; /* option 118; 0: none */
    ip4 giaddr;   /* 0: from the client itself */
    const char *ifname;
    ip4 ifaddr;                          /* the receiving interface's */
    const struct srv_class_set *classes; /* of the client: some subnets are only for members */
};

/* The subnet, or NULL; *out_reason is the rule that has chosen it, *out_addr what the rule went by.
 * *out_closed is a subnet that would have been it but for the client's classes, or NULL. */
const struct srv_subnet *srv_select_find(const struct srv_config *config, const struct srv_select_from *from,
                                         enum reason *out_reason, ip4 *out_addr,
                                         const struct srv_subnet **out_closed);
/* Finds the subnet from where the message came from, and takes it. False if there is none. */
bool srv_select_subnet(struct srv_step *s);
