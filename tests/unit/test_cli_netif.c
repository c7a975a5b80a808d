/* A lease on a real interface: a veth pair in a network namespace of our own, looked at through rtnetlink.
 * Exits with 77 where no namespace may be made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli_netif.h"
#include "common/err.h"

#define ADDR   0x0a00000aU /* 10.0.0.10 */
#define ROUTER 0x0a0000feU /* 10.0.0.254 */

enum { EXIT_SKIPPED = 77 };

static const struct cli_settings no_routes;
static const struct cli_settings to_router = {.routes = {{{0, 0}, ROUTER}}, .n_routes = 1};

static struct nl_sock *nl;
static struct cli_netif *netif;
static char why[CLI_NETIF_WHY_MAX];

static const struct cli_lease hour = {
    .addr = ADDR, .prefix_len = 24, .lease_s = 3600, .requested_ms = 1000000, .expires_at_ms = 4600000};

/* At the instant of the request. */
static time_ms left_ms(const struct cli_lease *lease)
{
    return lease->expires_at_ms == TIME_NEVER ? TIME_NEVER : lease->expires_at_ms - lease->requested_ms;
}

#define OK(call)                                                                                             \
    do {                                                                                                     \
        why[0] = '\0';                                                                                       \
        int rc_ = (call);                                                                                    \
        if (rc_ != 0)                                                                                        \
            fail_msg("%s gives %d: %s", #call, rc_, why);                                                    \
    } while (0)

/* ---- what the kernel has ---- */

static ip4 ip4_of(struct nl_addr *a)
{
    uint32_t wire = 0;
    if (a != NULL && nl_addr_get_len(a) == sizeof wire)
        memcpy(&wire, nl_addr_get_binary_addr(a), sizeof wire);
    return ntohl(wire);
}

/* The IPv4 addresses of the interface as "10.0.0.10/24 brd 10.0.0.255 3600 s", one a line. */
static const char *addresses(void)
{
    static char text[512];
    struct nl_cache *cache;
    text[0] = '\0';
    assert_int_equal(rtnl_addr_alloc_cache(nl, &cache), 0);
    for (struct nl_object *o = nl_cache_get_first(cache); o != NULL; o = nl_cache_get_next(o)) {
        struct rtnl_addr *a = (struct rtnl_addr *)(void *)o;
        if (rtnl_addr_get_family(a) != AF_INET || rtnl_addr_get_ifindex(a) != (int)if_nametoindex("h1"))
            continue;
        char addr[IP4_LEN], broadcast[IP4_LEN];
        size_t used = strlen(text);
        uint32_t valid_s = rtnl_addr_get_valid_lifetime(a);
        assert_int_equal(rtnl_addr_get_preferred_lifetime(a), valid_s);
        snprintf(text + used, sizeof text - used, "%s/%d brd %s %d s\n",
                 ip4_format(ip4_of(rtnl_addr_get_local(a)), addr), rtnl_addr_get_prefixlen(a),
                 ip4_format(ip4_of(rtnl_addr_get_broadcast(a)), broadcast), (int)valid_s);
    }
    nl_cache_free(cache);
    return text;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The routes by DHCP as "0.0.0.0/0 via 10.0.0.254 src 10.0.0.10 dhcp", with "onlink" if they are so, sorted,
 * one a line. */
static const char *routes(void)
{
    enum { LINES_MAX = 8, LINE_LEN = 100 };
    static char text[LINES_MAX * LINE_LEN], lines[LINES_MAX][LINE_LEN];
    size_t n = 0;
    struct nl_cache *cache;
    assert_int_equal(rtnl_route_alloc_cache(nl, AF_INET, 0, &cache), 0);
    for (struct nl_object *o = nl_cache_get_first(cache); o != NULL; o = nl_cache_get_next(o)) {
        struct rtnl_route *r = (struct rtnl_route *)(void *)o;
        if (rtnl_route_get_table(r) != RT_TABLE_MAIN || rtnl_route_get_protocol(r) != RTPROT_DHCP)
            continue;
        assert_true(n < LINES_MAX);
        struct rtnl_nexthop *hop = rtnl_route_nexthop_n(r, 0);
        struct nl_addr *dst = rtnl_route_get_dst(r);
        char to[IP4_LEN], via[IP4_LEN], source[IP4_LEN];
        snprintf(lines[n++], LINE_LEN, "%s/%u via %s src %s dhcp%s\n", ip4_format(ip4_of(dst), to),
                 nl_addr_get_prefixlen(dst), ip4_format(ip4_of(rtnl_route_nh_get_gateway(hop)), via),
                 ip4_format(ip4_of(rtnl_route_get_pref_src(r)), source),
                 rtnl_route_nh_get_flags(hop) & RTNH_F_ONLINK ? " onlink" : "");
    }
    nl_cache_free(cache);
    qsort(lines, n, LINE_LEN, compare_lines);
    text[0] = '\0';
    for (size_t i = 0; i < n; i++)
        strcat(text, lines[i]);
    return text;
}

static struct cli_netif_info info(void)
{
    struct cli_netif_info i;
    OK(cli_netif_info(netif, &i, why));
    return i;
}

/* ---- the namespace and the pair ---- */

static int group_setup(void **state)
{
    (void)state;
    nl = nl_socket_alloc();
    return nl == NULL ? -1 : nl_connect(nl, NETLINK_ROUTE);
}

static int group_teardown(void **state)
{
    (void)state;
    nl_socket_free(nl);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    int rc = rtnl_link_veth_add(nl, "h1", "s1", getpid());
    if (rc < 0)
        fail_msg("no veth pair: %s", nl_geterror(rc));
    OK(cli_netif_open("h1", &netif, why));
    OK(cli_netif_up(netif, why));
    return 0;
}

static void delete_pair(void)
{
    struct rtnl_link *link;
    if (rtnl_link_get_kernel(nl, 0, "h1", &link) < 0)
        return;
    rtnl_link_delete(nl, link);
    rtnl_link_put(link);
}

static int teardown(void **state)
{
    (void)state;
    cli_netif_close(netif);
    delete_pair();
    return 0;
}

/* ---- tests ---- */

static void interface_is_looked_up_and_set_up(void **state)
{
    (void)state;
    struct cli_netif *other;
    OK(cli_netif_open("s1", &other, why));
    struct cli_netif_info i;
    OK(cli_netif_info(other, &i, why));
    assert_int_equal(i.index, if_nametoindex("s1"));
    assert_int_equal(i.hw.type, 1);
    assert_int_equal(i.hw.len, 6);
    assert_int_equal(i.mtu, 1500);
    assert_false(i.up);
    OK(cli_netif_up(other, why));
    OK(cli_netif_up(other, why));
    OK(cli_netif_info(other, &i, why));
    assert_true(i.up);
    cli_netif_close(other);
}

static void unknown_interface_is_named(void **state)
{
    (void)state;
    struct cli_netif *other;
    assert_int_equal(cli_netif_open("nope0", &other, why), ERR_NOTFOUND);
    assert_null(other);
    assert_string_equal(why, "there is no interface named nope0");
    cli_netif_close(other);
}

static void lease_sets_address_lifetime_and_route(void **state)
{
    (void)state;
    OK(cli_netif_set(netif, &hour, &to_router, left_ms(&hour), why));
    assert_string_equal(addresses(), "10.0.0.10/24 brd 10.0.0.255 3600 s\n");
    assert_string_equal(routes(), "0.0.0.0/0 via 10.0.0.254 src 10.0.0.10 dhcp\n");
    OK(cli_netif_clear(netif, why));
    assert_string_equal(addresses(), "");
    assert_string_equal(routes(), "");
    OK(cli_netif_clear(netif, why)); /* nothing left to do */
}

static void renewal_changes_only_the_lifetime(void **state)
{
    (void)state;
    OK(cli_netif_set(netif, &hour, &to_router, left_ms(&hour), why));
    OK(cli_netif_set(netif, &hour, &to_router, 1800000, why));
    assert_string_equal(addresses(), "10.0.0.10/24 brd 10.0.0.255 1800 s\n");
    assert_string_equal(routes(), "0.0.0.0/0 via 10.0.0.254 src 10.0.0.10 dhcp\n");
}

static void lifetime_is_infinite_with_the_lease_and_never_0(void **state)
{
    (void)state;
    struct cli_lease lease = hour;
    OK(cli_netif_set(netif, &lease, &to_router, 1, why));
    assert_string_equal(addresses(), "10.0.0.10/24 brd 10.0.0.255 1 s\n");
    lease.lease_s = LEASE_INFINITE;
    lease.expires_at_ms = TIME_NEVER;
    OK(cli_netif_set(netif, &lease, &to_router, left_ms(&lease), why));
    assert_string_equal(addresses(), "10.0.0.10/24 brd 10.0.0.255 -1 s\n");
}

static void another_address_replaces_the_first(void **state)
{
    (void)state;
    OK(cli_netif_set(netif, &hour, &to_router, left_ms(&hour), why));
    struct cli_lease lease = hour;
    lease.addr = 0x0a010014; /* 10.1.0.20 */
    lease.prefix_len = 16;
    struct cli_settings settings = {.routes = {{{0, 0}, 0x0a010001}}, .n_routes = 1};
    OK(cli_netif_set(netif, &lease, &settings, left_ms(&lease), why));
    assert_string_equal(addresses(), "10.1.0.20/16 brd 10.1.255.255 3600 s\n");
    assert_string_equal(routes(), "0.0.0.0/0 via 10.1.0.1 src 10.1.0.20 dhcp\n");
    lease.prefix_len = 24; /* the same address, another mask */
    OK(cli_netif_set(netif, &lease, &settings, left_ms(&lease), why));
    assert_string_equal(addresses(), "10.1.0.20/24 brd 10.1.0.255 3600 s\n");
}

static void route_follows_the_router(void **state)
{
    (void)state;
    struct cli_settings settings = to_router;
    OK(cli_netif_set(netif, &hour, &settings, left_ms(&hour), why));
    settings.routes[0].via = ROUTER - 1;
    OK(cli_netif_set(netif, &hour, &settings, left_ms(&hour), why));
    assert_string_equal(routes(), "0.0.0.0/0 via 10.0.0.253 src 10.0.0.10 dhcp\n");
    OK(cli_netif_set(netif, &hour, &no_routes, left_ms(&hour), why));
    assert_string_equal(routes(), "");
    assert_string_equal(addresses(), "10.0.0.10/24 brd 10.0.0.255 3600 s\n");
}

/* One on the link, one through a router that only that one makes reachable, one through a router in the
 * subnet. */
static void routes_of_every_kind_come_and_go(void **state)
{
    (void)state;
    struct cli_settings settings = {
        .routes = {{{0xc0a80000, 24}, 0},
                   {{0xc0a80800, 21}, 0xc0a80001},
                   {{0x0a140000, 16}, ROUTER},
                   {{0, 0}, ROUTER}},
        .n_routes = 4,
    };
    OK(cli_netif_set(netif, &hour, &settings, left_ms(&hour), why));
    assert_string_equal(routes(), "0.0.0.0/0 via 10.0.0.254 src 10.0.0.10 dhcp\n"
                                  "10.20.0.0/16 via 10.0.0.254 src 10.0.0.10 dhcp\n"
                                  "192.168.0.0/24 via 0.0.0.0 src 10.0.0.10 dhcp\n"
                                  "192.168.8.0/21 via 192.168.0.1 src 10.0.0.10 dhcp onlink\n");
    /* The next ACK has another selection. */
    settings.n_routes = 1;
    OK(cli_netif_set(netif, &hour, &settings, left_ms(&hour), why));
    assert_string_equal(routes(), "192.168.0.0/24 via 0.0.0.0 src 10.0.0.10 dhcp\n");
    settings.n_routes = 4;
    OK(cli_netif_set(netif, &hour, &settings, left_ms(&hour), why));
    OK(cli_netif_clear(netif, why));
    assert_string_equal(routes(), "");
}

static void router_outside_the_subnet_is_onlink(void **state)
{
    (void)state;
    struct cli_lease lease = hour;
    lease.prefix_len = 32;
    OK(cli_netif_set(netif, &lease, &to_router, left_ms(&lease), why));
    assert_string_equal(addresses(), "10.0.0.10/32 brd 0.0.0.0 3600 s\n");
    assert_string_equal(routes(), "0.0.0.0/0 via 10.0.0.254 src 10.0.0.10 dhcp onlink\n");
    OK(cli_netif_clear(netif, why));
    assert_string_equal(routes(), "");
}

static void mtu_is_set_and_set_back(void **state)
{
    (void)state;
    struct cli_lease lease = hour;
    lease.mtu = 1400;
    OK(cli_netif_set(netif, &lease, &to_router, left_ms(&lease), why));
    assert_int_equal(info().mtu, 1400);
    lease.mtu = 1300;
    OK(cli_netif_set(netif, &lease, &to_router, left_ms(&lease), why));
    assert_int_equal(info().mtu, 1300);
    lease.mtu = 575; /* below what every host must take: left alone */
    OK(cli_netif_set(netif, &lease, &to_router, left_ms(&lease), why));
    assert_int_equal(info().mtu, 1500);
    lease.mtu = 1400;
    OK(cli_netif_set(netif, &lease, &to_router, left_ms(&lease), why));
    OK(cli_netif_clear(netif, why));
    assert_int_equal(info().mtu, 1500);
}

/* Addresses and routes that somebody else set, on this interface and on the other, stay. */
static void what_others_set_stays(void **state)
{
    (void)state;
    struct cli_netif *other;
    struct cli_lease theirs = hour;
    theirs.addr = 0x0a000063; /* 10.0.0.99 */
    OK(cli_netif_open("h1", &other, why));
    OK(cli_netif_set(other, &theirs, &no_routes, left_ms(&theirs), why));
    cli_netif_close(other);
    struct cli_lease far_side = hour;
    far_side.addr = 0x0a020001; /* 10.2.0.1 */
    struct cli_settings far_router = {.routes = {{{0, 0}, 0x0a020002}}, .n_routes = 1};
    OK(cli_netif_open("s1", &other, why));
    OK(cli_netif_up(other, why));
    OK(cli_netif_set(other, &far_side, &far_router, left_ms(&far_side), why));

    OK(cli_netif_set(netif, &hour, &to_router, left_ms(&hour), why));
    OK(cli_netif_clear(netif, why));
    assert_string_equal(addresses(), "10.0.0.99/24 brd 10.0.0.255 3600 s\n");
    assert_string_equal(routes(), "0.0.0.0/0 via 10.2.0.2 src 10.2.0.1 dhcp\n");
    cli_netif_close(other);
}

/* The kernel ends an address by itself when its lifetime is over; the client then has nothing to remove. */
static void clear_after_somebody_else_cleared(void **state)
{
    (void)state;
    OK(cli_netif_set(netif, &hour, &to_router, left_ms(&hour), why));
    struct cli_netif *other;
    OK(cli_netif_open("h1", &other, why));
    OK(cli_netif_set(other, &hour, &to_router, left_ms(&hour), why));
    OK(cli_netif_clear(other, why));
    cli_netif_close(other);
    OK(cli_netif_clear(netif, why));
    assert_string_equal(addresses(), "");
}

static void interface_that_went_away(void **state)
{
    (void)state;
    struct cli_lease lease = hour;
    lease.mtu = 1400;
    OK(cli_netif_set(netif, &lease, &to_router, left_ms(&lease), why));
    delete_pair();
    OK(cli_netif_clear(netif, why));
    struct cli_netif_info i;
    assert_int_equal(cli_netif_info(netif, &i, why), ERR_NOTFOUND);
    assert_int_equal(cli_netif_up(netif, why), ERR_NOTFOUND);
    assert_int_equal(cli_netif_set(netif, &hour, &to_router, left_ms(&hour), why), ERR_NOTFOUND);
    assert_non_null(strstr(why, "setting the address 10.0.0.10/24 on h1 failed: "));
}

/* In a user namespace below the one that owns the network namespace, nobody is root here. */
static int try_without_privilege(void)
{
    struct cli_netif *n;
    if (unshare(CLONE_NEWUSER) < 0)
        return EXIT_SKIPPED;
    if (cli_netif_open("h1", &n, why) < 0 ||
        cli_netif_set(n, &hour, &to_router, left_ms(&hour), why) != ERR_DENIED)
        return EXIT_FAILURE;
    cli_netif_close(n);
    return strstr(why, "CAP_NET_ADMIN") != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void lack_of_privilege_is_said(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        _exit(try_without_privilege());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == EXIT_SKIPPED)
        skip();
    assert_int_equal(WEXITSTATUS(status), EXIT_SUCCESS);
    assert_string_equal(addresses(), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
        fprintf(stderr, "skipped: no network namespace may be made here: %s\n", strerror(errno));
        return EXIT_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        TEST(interface_is_looked_up_and_set_up),
        TEST(unknown_interface_is_named),
        TEST(lease_sets_address_lifetime_and_route),
        TEST(renewal_changes_only_the_lifetime),
        TEST(lifetime_is_infinite_with_the_lease_and_never_0),
        TEST(another_address_replaces_the_first),
        TEST(route_follows_the_router),
        TEST(routes_of_every_kind_come_and_go),
        TEST(router_outside_the_subnet_is_onlink),
        TEST(mtu_is_set_and_set_back),
        TEST(what_others_set_stays),
        TEST(clear_after_somebody_else_cleared),
        TEST(interface_that_went_away),
        TEST(lack_of_privilege_is_said),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
