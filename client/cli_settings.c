#include "client/cli_settings.h"

#include <string.h>

#include "common/dhcp_opt_walk.h"
#include "common/text.h"
#include "common/wire.h"

/* ---- routes ---- */

struct routes {
    ip4 own;
    bool default_route;
    struct cli_settings *out;
};

static void add_route(struct routes *r, struct ip4_net to, ip4 via)
{
    struct cli_settings *out = r->out;
    to.addr = ip4_net_base(to);
    bool usable = via == 0 || (ip4_is_host(via) && via != r->own);
    if (!usable || (to.len == 0 && !r->default_route))
        return;
    for (unsigned i = 0; i < out->n_routes; i++)
        if (out->routes[i].to.addr == to.addr && out->routes[i].to.len == to.len)
            return; /* RFC 2132 5.8: "in descending order of priority" */
    if (out->n_routes == CLI_ROUTES_MAX) {
        out->routes_left_out++;
        return;
    }
    out->routes[out->n_routes++] = (struct cli_route){to, via};
}

static bool add_classless(struct routes *r, const struct dhcp_msg *m, uint8_t code)
{
    const struct dhcp_option *option = dhcp_msg_find(m, code);
    if (option == NULL ||
        dhcp_opt_check(dhcp_opt_find(OPT_SPACE_DHCP, code), option->data, option->len) != OPT_OK)
        return false;
    /* Two rounds: a router may be on a link that another of the routes makes reachable. */
    for (int round = 0; round < 2; round++) {
        struct wire_reader reader;
        struct opt_route route;
        wire_reader_init(&reader, option->data, option->len);
        while (dhcp_opt_walk_route(&reader, &route))
            if ((route.via == 0) == (round == 0))
                add_route(r, route.net, route.via);
    }
    return true;
}

/* RFC 2132 5.8 has no masks: a network of its class, or else one host. */
static void add_static(struct routes *r, const struct dhcp_msg *m)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_STATIC_ROUTES);
    if (option == NULL || option->len % 8 != 0)
        return;
    for (size_t at = 0; at < option->len; at += 8) {
        ip4 addr = wire_u32(option->data + at), via = wire_u32(option->data + at + 4);
        struct ip4_net to = {addr, cli_lease_class_len(addr)};
        if (ip4_net_base(to) != addr)
            to.len = 32;
        /* "The default route (0.0.0.0) is an illegal destination for a static route." */
        if (addr != 0 && via != 0)
            add_route(r, to, via);
    }
}

static void read_routes(struct routes *r, const struct dhcp_msg *m)
{
    /* RFC 3442: "If the DHCP server returns both a Classless Static Routes option and a Router option, the
     * DHCP client MUST ignore the Router option. Similarly ... MUST ignore the Static Routes option." */
    if (add_classless(r, m, DHCP_OPT_CLASSLESS_ROUTES) || add_classless(r, m, DHCP_OPT_MS_CLASSLESS_ROUTES))
        return;
    ip4 router;
    add_static(r, m);
    if (dhcp_get_ip4_first(m, DHCP_OPT_ROUTERS, &router) && router != 0)
        add_route(r, (struct ip4_net){0, 0}, router);
}

ip4 cli_settings_router(const struct cli_settings *settings)
{
    for (unsigned i = 0; i < settings->n_routes; i++)
        if (settings->routes[i].to.len == 0)
            return settings->routes[i].via;
    return 0;
}

/* ---- names ---- */

static bool is_uri(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len > 0;
}

/* A text option of at most CLI_NAME_LEN - 1 octets that is_valid. */
static void read_text(const struct dhcp_msg *m, uint8_t code, bool is_valid(const char *, size_t), char *out)
{
    const struct dhcp_option *option = dhcp_msg_find(m, code);
    if (option == NULL)
        return;
    const char *text = (const char *)option->data;
    /* RFC 2132 2: "Options containing NVT ASCII data SHOULD NOT include a trailing NULL; however, the
     * receiver of such options MUST be prepared to delete trailing nulls if they exist." */
    size_t len = option->len;
    while (len > 0 && text[len - 1] == '\0')
        len--;
    if (len < CLI_NAME_LEN && is_valid(text, len))
        memcpy(out, text, len);
}

static void read_search(const struct dhcp_msg *m, struct cli_settings *out)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_DOMAIN_SEARCH);
    struct opt_name name;
    size_t used = 0, at = 0;
    while (option != NULL && at < option->len &&
           dhcp_opt_walk_name(option->data, option->len, OPT_NAME_POINTERS, &at, &name)) {
        size_t len = strlen(name.text), blank = used > 0 ? 1 : 0;
        if (!cli_lease_is_name(name.text, len) || used + blank + len >= CLI_SEARCH_LEN)
            continue;
        if (blank)
            out->search[used++] = ' ';
        memcpy(out->search + used, name.text, len);
        used += len;
    }
}

void cli_settings_read(const struct cli_ack *ack, bool default_route, struct cli_settings *out)
{
    struct dhcp_msg m;
    memset(out, 0, sizeof *out);
    if (dhcp_msg_decode(&m, ack->bytes, ack->len) != REASON_NONE)
        return;
    read_routes(&(struct routes){m.yiaddr ? m.yiaddr : m.ciaddr, default_route, out}, &m);
    read_search(&m, out);
    read_text(&m, DHCP_OPT_HOST_NAME, cli_lease_is_name, out->hostname);
    read_text(&m, DHCP_OPT_CAPTIVE_PORTAL, is_uri, out->portal);
}

char *cli_settings_resolv(const struct cli_lease *lease, const struct cli_settings *settings,
                          const char *ifname)
{
    struct text t;
    text_init(&t);
    text_add(&t, CLI_RESOLV_MARK " for %s\n", ifname);
    const char *search = settings->search[0] != '\0' ? settings->search : lease->domain;
    if (search[0] != '\0')
        text_add(&t, "search %s\n", search);
    char addr[IP4_LEN];
    for (unsigned i = 0; i < lease->n_dns; i++)
        text_add(&t, "nameserver %s\n", ip4_format(lease->dns[i], addr));
    return text_take(&t);
}
