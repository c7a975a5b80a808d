#include "lab/explain_svg_hosts.h"

#include <stdio.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/text.h"

void explain_svg_hosts_reset(struct explain_svg_hosts *h)
{
    *h = (struct explain_svg_hosts){0};
}

/* ---- who they are ---- */

static struct explain_svg_host *add(struct explain_svg_hosts *h, enum explain_svg_role role)
{
    if (h->n == EXPLAIN_SVG_LANES)
        return NULL;
    struct explain_svg_host *host = &h->rows[h->n++];
    *host = (struct explain_svg_host){.role = role};
    return host;
}

/* Option 12 if it has one: RFC 2132 3.14. */
static void name_client(struct explain_svg_host *host, const struct dhcp_msg *m)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_HOST_NAME);
    if (m->op != DHCP_BOOTREQUEST || option == NULL || option->len == 0)
        return;
    text_escape(option->data, option->len, host->name, sizeof host->name);
    hw_format(&host->hw, host->detail);
}

static struct explain_svg_host *find_crowd(struct explain_svg_hosts *h)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->rows[i].role == EXPLAIN_SVG_CROWD)
            return &h->rows[i];
    struct explain_svg_host *host = add(h, EXPLAIN_SVG_CROWD);
    if (host != NULL)
        snprintf(host->name, sizeof host->name, "all others");
    return host;
}

static struct explain_svg_host *find_client(struct explain_svg_hosts *h, const struct dhcp_msg *m)
{
    struct hw_addr hw = dhcp_msg_hw(m);
    struct explain_svg_host *host = NULL;
    size_t n = 0;
    for (size_t i = 0; i < h->n && host == NULL; i++) {
        n += h->rows[i].role == EXPLAIN_SVG_CLIENT;
        if (h->rows[i].role == EXPLAIN_SVG_CLIENT && hw_equal(&h->rows[i].hw, &hw))
            host = &h->rows[i];
    }
    if (host == NULL && n == EXPLAIN_SVG_CLIENTS)
        return find_crowd(h);
    if (host == NULL && (host = add(h, EXPLAIN_SVG_CLIENT)) != NULL) {
        host->hw = hw;
        hw_format(&hw, host->name);
    }
    if (host != NULL)
        name_client(host, m);
    return host;
}

static struct explain_svg_host *find_addr(struct explain_svg_hosts *h, enum explain_svg_role role, ip4 addr)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->rows[i].role == role && h->rows[i].addr == addr)
            return &h->rows[i];
    struct explain_svg_host *host = add(h, role);
    if (host == NULL)
        return NULL;
    host->addr = addr;
    host->relayed = true;
    if (role == EXPLAIN_SVG_ALL)
        snprintf(host->name, sizeof host->name, "everybody");
    else
        ip4_format(addr, host->name);
    return host;
}

/* ---- between whom ---- */

static bool is_all(ip4 addr)
{
    return addr == IP4_BROADCAST;
}

/* RFC 2131 4.1: a relay sends on what it got with its own address in giaddr, and the answer goes there. */
static struct explain_svg_host *find_sender(struct explain_svg_hosts *h, const struct dissect *d)
{
    const struct dhcp_msg *m = &d->dhcp;
    ip4 server = d->ip.src;
    if (m->op == DHCP_BOOTREQUEST)
        return m->giaddr != 0 ? find_addr(h, EXPLAIN_SVG_RELAY, m->giaddr) : find_client(h, m);
    if (m->giaddr != 0 && d->ip.dst != m->giaddr)
        return find_addr(h, EXPLAIN_SVG_RELAY, m->giaddr);
    dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &server);
    struct explain_svg_host *host = find_addr(h, EXPLAIN_SVG_SERVER, server);
    /* What extends a lease may have come through routers: RFC 2131 4.3.6. */
    if (host != NULL && m->giaddr == 0 && m->ciaddr == 0) {
        host->relayed = false;
        if (d->link.has_hw)
            hw_format(&d->link.src_hw, host->detail);
    }
    return host;
}

static struct explain_svg_host *find_receiver(struct explain_svg_hosts *h, const struct dissect *d)
{
    const struct dhcp_msg *m = &d->dhcp;
    if (m->op == DHCP_BOOTREQUEST)
        return find_addr(h, EXPLAIN_SVG_SERVER, d->ip.dst);
    return m->giaddr != 0 && d->ip.dst == m->giaddr ? find_addr(h, EXPLAIN_SVG_RELAY, m->giaddr)
                                                    : find_client(h, m);
}

bool explain_svg_hosts_take(struct explain_svg_hosts *h, const struct dissect *d, struct explain_svg_way *out)
{
    size_t before = h->n;
    bool to_all = d->dhcp.op == DHCP_BOOTREQUEST && is_all(d->ip.dst);
    const struct explain_svg_host *from = find_sender(h, d), *to = NULL;
    if (from != NULL)
        to = to_all ? find_addr(h, EXPLAIN_SVG_ALL, IP4_BROADCAST) : find_receiver(h, d);
    if (to == NULL) {
        h->n = before;
        return false;
    }
    *out = (struct explain_svg_way){(unsigned)(from - h->rows), (unsigned)(to - h->rows), to_all,
                                    from->role == EXPLAIN_SVG_CROWD || to->role == EXPLAIN_SVG_CROWD};
    return true;
}

/* ---- lanes ---- */

static bool has_role(const struct explain_svg_hosts *h, enum explain_svg_role role)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->rows[i].role == role)
            return true;
    return false;
}

/* "Everybody" has a lane where no server has one. */
static bool is_shown(const struct explain_svg_hosts *h, const struct explain_svg_host *host)
{
    return host->role != EXPLAIN_SVG_ALL || !has_role(h, EXPLAIN_SVG_SERVER);
}

size_t explain_svg_hosts_lanes(struct explain_svg_hosts *h, struct ladder_svg_lane *out)
{
    static const char *const roles[] = {[EXPLAIN_SVG_CLIENT] = "CLIENT",
                                        [EXPLAIN_SVG_CROWD] = "CLIENTS",
                                        [EXPLAIN_SVG_RELAY] = "RELAY",
                                        [EXPLAIN_SVG_SERVER] = "SERVER",
                                        [EXPLAIN_SVG_ALL] = "TO ALL"};
    size_t n = 0;
    for (enum explain_svg_role role = EXPLAIN_SVG_CLIENT; role <= EXPLAIN_SVG_ALL; role++) {
        for (size_t i = 0; i < h->n; i++) {
            const struct explain_svg_host *host = &h->rows[i];
            if (host->role != role || !is_shown(h, host))
                continue;
            h->place[i] = (uint8_t)n;
            out[n++] = (struct ladder_svg_lane){roles[role], host->name, host->detail};
        }
    }
    return n;
}

/* On the link of a client: relays, and servers that were seen to speak without one. */
static bool is_near(const struct explain_svg_host *host)
{
    return host->role == EXPLAIN_SVG_RELAY || (host->role == EXPLAIN_SVG_SERVER && !host->relayed);
}

static bool is_far(const struct explain_svg_host *host)
{
    return host->role == EXPLAIN_SVG_SERVER || host->role == EXPLAIN_SVG_ALL;
}

static uint32_t lanes_of(const struct explain_svg_hosts *h, unsigned but,
                         bool (*is_one)(const struct explain_svg_host *host))
{
    uint32_t lanes = 0;
    for (unsigned i = 0; i < h->n; i++)
        if (i != but && is_shown(h, &h->rows[i]) && is_one(&h->rows[i]))
            lanes |= UINT32_C(1) << h->place[i];
    return lanes;
}

void explain_svg_hosts_way(const struct explain_svg_hosts *h, const struct explain_svg_way *way,
                           unsigned *out_from, uint32_t *out_to)
{
    *out_from = h->place[way->from];
    *out_to = UINT32_C(1) << h->place[way->to];
    if (!way->to_all)
        return;
    *out_to = lanes_of(h, way->from, is_near);
    if (*out_to == 0)
        *out_to = lanes_of(h, way->from, is_far);
}
