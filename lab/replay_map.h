/* Who stands for whom in a replay: each client of the capture gets a hardware address of its own, each of its
 * addresses becomes the one that the live server gave instead, and every server of the capture is the live
 * one. Messages keep their octets but for those. As large as the plan that is replayed makes it. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/dhcp_msg.h"
#include "common/rng.h"

struct replay_client {
    struct hw_addr captured, live; /* of the same type and length */
    struct hw_addr frame;          /* Ethernet's: where its frames come from */
    struct replay_client *older;   /* that was added before */
};

struct replay_lease {
    const struct replay_client *client;
    ip4 captured, live;
};

struct replay_map {
    struct rng rng;
    struct ip4_net server; /* the live one's address and network */
    struct replay_client *newest;
    struct replay_lease *leases; /* the newest last */
    size_t n_leases, capacity;
};

/* Every hardware address and transaction id follows from the seed. */
void replay_map_init(struct replay_map *map, uint64_t seed, struct ip4_net server);
void replay_map_fini(struct replay_map *map);

/* The client with the captured address stands from now on as `live`, both of one type and length. ERR_INVALID
 * if they are not, or it stands as another already; ERR_NOMEM. */
int replay_map_client_as(struct replay_map *map, const struct hw_addr *captured, const struct hw_addr *live);
/* Who stands for the client; one that is new gets an address. NULL: memory. */
const struct replay_client *replay_map_client(struct replay_map *map, const struct hw_addr *captured);
uint32_t replay_map_xid(struct replay_map *map); /* a fresh one */

/* The client's captured address is now `live`. 0 or ERR_NOMEM. */
int replay_map_learn(struct replay_map *map, const struct replay_client *client, ip4 captured, ip4 live);
bool replay_map_knows(const struct replay_map *map, const struct replay_client *client, ip4 captured);
/* The address that stands for the client's; itself, if the live server has not given another. */
ip4 replay_map_addr(const struct replay_map *map, const struct replay_client *client, ip4 captured);
/* Where a relay agent has to be: its own address, if that is on the server's network, else the last one of
 * that network, so that the server's answer gets there. 0 stays 0. */
ip4 replay_map_relay(const struct replay_map *map, ip4 captured);

/* Rewrites a captured message, decoded as `m`, in place: xid, chaddr, the addresses of the client and the
 * relay agent, options 50 and 54, siaddr where it is the server's own, and the client's hardware address
 * wherever it stands in an option, such as 61 and 82. */
void replay_map_rewrite(const struct replay_map *map, const struct replay_client *client,
                        const struct dhcp_msg *m, uint32_t xid, uint8_t *bytes);
