/* The subnets of a configuration by what they are looked for. Finding is a search by halves, however many
 * subnets there are; and what is found by address, relay or interface is a chain of those that come into
 * question, the first choice first, so that nobody has to walk through all subnets. Pure. */
#pragma once
#include "server/srv_config.h"

struct srv_index;

/* A subnet that comes into question, and the one to ask if it is not that. */
struct srv_index_place {
    ip4 addr; /* the first one of the subnet, or the relay's; not for an interface */
    const struct srv_subnet *subnet;
    const struct srv_index_place *next; /* NULL: there is no other */
};

/* With memory of `arena`; the subnets stay where they are. NULL if memory is out. */
const struct srv_index *srv_index_new(struct arena *arena, const struct srv_subnet *subnets, size_t n);

/* Those that contain the address, the longest prefix first; NULL: none does. */
const struct srv_index_place *srv_index_find_net(const struct srv_index *index, ip4 addr);
/* Those that name the relay, or the interface, in the order of the subnets; NULL: none does. */
const struct srv_index_place *srv_index_find_relay(const struct srv_index *index, ip4 giaddr);
const struct srv_index_place *srv_index_find_interface(const struct srv_index *index, const char *name);
/* The one with the identifier, or NULL. */
const struct srv_subnet *srv_index_find_id(const struct srv_index *index, uint32_t id);
