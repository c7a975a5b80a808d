#include "lab/replay_map.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/wire.h"

enum {
    XID_AT = 4,
    CIADDR_AT = 12,
    YIADDR_AT = 16,
    SIADDR_AT = 20,
    GIADDR_AT = 24,
    CHADDR_AT = 28,
    VALUE_AT = 2, /* in a piece of an option: behind code and length */
    ETHERNET = 1,
    ETHERNET_LEN = 6,
    LOCAL_UNICAST = 0x0a, /* first octet: locally administered, of one station */
};

void replay_map_init(struct replay_map *map, uint64_t seed, struct ip4_net server)
{
    *map = (struct replay_map){.server = server};
    rng_init(&map->rng, seed, "replay");
}

void replay_map_fini(struct replay_map *map)
{
    for (struct replay_client *c = map->newest, *older; c != NULL; c = older) {
        older = c->older;
        free(c);
    }
    free(map->leases);
    *map = (struct replay_map){0};
}

/* ---- clients ---- */

static struct hw_addr random_hw(struct replay_map *map, uint8_t type, uint8_t len)
{
    struct hw_addr hw = {.type = type, .len = len};
    for (uint8_t i = 0; i < len; i++)
        hw.bytes[i] = (uint8_t)rng_u64(&map->rng);
    if (type == ETHERNET && len == ETHERNET_LEN)
        hw.bytes[0] = LOCAL_UNICAST;
    return hw;
}

static const struct replay_client *find_client(const struct replay_map *map, const struct hw_addr *captured)
{
    const struct replay_client *c = map->newest;
    while (c != NULL && !hw_equal(&c->captured, captured))
        c = c->older;
    return c;
}

static const struct replay_client *add_client(struct replay_map *map, const struct hw_addr *captured,
                                              const struct hw_addr *live)
{
    bool is_ethernet = live->type == ETHERNET && live->len == ETHERNET_LEN;
    struct replay_client *client = malloc(sizeof *client);
    if (client == NULL)
        return NULL;
    *client =
        (struct replay_client){.captured = *captured, .live = *live, .frame = *live, .older = map->newest};
    if (!is_ethernet)
        client->frame = random_hw(map, ETHERNET, ETHERNET_LEN);
    map->newest = client;
    return client;
}

int replay_map_client_as(struct replay_map *map, const struct hw_addr *captured, const struct hw_addr *live)
{
    if (captured->type != live->type || captured->len != live->len || find_client(map, captured) != NULL)
        return ERR_INVALID;
    return add_client(map, captured, live) == NULL ? ERR_NOMEM : 0;
}

const struct replay_client *replay_map_client(struct replay_map *map, const struct hw_addr *captured)
{
    const struct replay_client *client = find_client(map, captured);
    if (client != NULL)
        return client;
    struct hw_addr live = random_hw(map, captured->type, captured->len);
    return add_client(map, captured, &live);
}

uint32_t replay_map_xid(struct replay_map *map)
{
    return (uint32_t)rng_u64(&map->rng);
}

/* ---- addresses ---- */

static struct replay_lease *find_lease(const struct replay_map *map, const struct replay_client *client,
                                       ip4 captured)
{
    for (size_t i = map->n_leases; i > 0; i--)
        if (map->leases[i - 1].client == client && map->leases[i - 1].captured == captured)
            return &map->leases[i - 1];
    return NULL;
}

int replay_map_learn(struct replay_map *map, const struct replay_client *client, ip4 captured, ip4 live)
{
    struct replay_lease *lease = find_lease(map, client, captured);
    if (lease == NULL && map->n_leases == map->capacity) {
        size_t capacity = 2 * map->capacity + 64;
        struct replay_lease *list = realloc(map->leases, capacity * sizeof *list);
        if (list == NULL)
            return ERR_NOMEM;
        map->leases = list;
        map->capacity = capacity;
    }
    if (lease == NULL)
        lease = &map->leases[map->n_leases++];
    *lease = (struct replay_lease){client, captured, live};
    return 0;
}

bool replay_map_knows(const struct replay_map *map, const struct replay_client *client, ip4 captured)
{
    return find_lease(map, client, captured) != NULL;
}

ip4 replay_map_addr(const struct replay_map *map, const struct replay_client *client, ip4 captured)
{
    const struct replay_lease *lease = find_lease(map, client, captured);
    return lease == NULL ? captured : lease->live;
}

ip4 replay_map_relay(const struct replay_map *map, ip4 captured)
{
    ip4 last = ip4_net_broadcast(map->server) - 1;
    if (captured == 0 || (ip4_net_has(map->server, captured) && captured != map->server.addr))
        return captured;
    return last == map->server.addr ? last - 1 : last;
}

/* ---- octets ---- */

/* Puts the live hardware address wherever the captured one stands. */
static void replace_hw(const struct replay_client *client, uint8_t *value, size_t len)
{
    size_t hw_len = client->captured.len;
    for (size_t i = 0; hw_len >= ETHERNET_LEN && i + hw_len <= len; i++)
        if (memcmp(value + i, client->captured.bytes, hw_len) == 0)
            memcpy(value + i, client->live.bytes, hw_len);
}

static void rewrite_option(const struct replay_map *map, const struct replay_client *client,
                           const struct dhcp_msg *m, const struct dhcp_piece *piece, uint8_t *value)
{
    ip4 requested;
    bool is_whole = piece->len == sizeof(ip4);
    if (is_whole && piece->code == DHCP_OPT_SERVER_ID)
        wire_set_u32(value, map->server.addr);
    else if (is_whole && dhcp_get_ip4(m, DHCP_OPT_REQUESTED_IP, &requested) &&
             piece->code == DHCP_OPT_REQUESTED_IP)
        wire_set_u32(value, replay_map_addr(map, client, requested));
    else
        replace_hw(client, value, piece->len);
}

void replay_map_rewrite(const struct replay_map *map, const struct replay_client *client,
                        const struct dhcp_msg *m, uint32_t xid, uint8_t *bytes)
{
    ip4 server;
    wire_set_u32(bytes + XID_AT, xid);
    wire_set_u32(bytes + CIADDR_AT, replay_map_addr(map, client, m->ciaddr));
    wire_set_u32(bytes + YIADDR_AT, replay_map_addr(map, client, m->yiaddr));
    wire_set_u32(bytes + GIADDR_AT, replay_map_relay(map, m->giaddr));
    if (dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &server) && m->siaddr == server)
        wire_set_u32(bytes + SIADDR_AT, map->server.addr);
    memcpy(bytes + CHADDR_AT, client->live.bytes, client->live.len);
    for (size_t i = 0; i < m->n_pieces; i++)
        rewrite_option(map, client, m, &m->pieces[i], bytes + m->pieces[i].offset + VALUE_AT);
}
