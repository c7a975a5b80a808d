#include "test_srv_parsing.h"

#include "common/rng.h"
#include "server/srv_class.h"
#include "server/srv_index.h"
#include "server/srv_select.h"

enum { CONFIGS = 200, LOOKUPS = 100, SUBNETS_MAX = 60, CLASSES = 3, IFACES = 3, TEXT_MAX = 32768 };

static struct rng rng;
static struct srv_class_set classes;

/* ---- random configurations ---- */

static unsigned draw(unsigned n)
{
    return (unsigned)rng_between(&rng, 0, n - 1);
}

static size_t put(char *text, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static size_t put(char *text, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text + at, TEXT_MAX - at, format, args);
    va_end(args);
    assert_in_range(len, 1, TEXT_MAX - at - 1);
    return at + (size_t)len;
}

/* Few addresses, so that many are within each other, and are met by what is looked for. */
static ip4 draw_addr(void)
{
    return UINT32_C(10) << 24 | draw(4) << 16 | draw(4) << 14 | draw(4) << 8 | draw(256);
}

static struct ip4_net draw_net(void)
{
    struct ip4_net net = {draw_addr(), (uint8_t)(6 + draw(27))};
    net.addr = ip4_net_base(net);
    return net;
}

static bool is_taken(const struct ip4_net *nets, size_t n, struct ip4_net net)
{
    for (size_t i = 0; i < n; i++)
        if (nets[i].addr == net.addr && nets[i].len == net.len)
            return true;
    return false;
}

static size_t put_gate(char *text, size_t at)
{
    return draw(3) != 0 ? at : put(text, at, "\"client-class\": \"c%u\", ", draw(CLASSES));
}

static size_t put_relays(char *text, size_t at)
{
    char one[IP4_LEN], two[IP4_LEN];
    if (draw(3) != 0)
        return at;
    return put(text, at, "\"relay\": { \"ip-addresses\": [ \"%s\", \"%s\" ] }, ",
               ip4_format(draw_addr() & ~0x3fU, one), ip4_format(draw_addr() & ~0x3fU, two));
}

/* Up to `n` subnets that are not in `nets` yet. */
static size_t put_subnets(char *text, size_t at, unsigned n, struct ip4_net *nets, size_t *n_nets)
{
    const char *comma = "";
    at = put(text, at, "\"subnet4\": [");
    for (unsigned i = 0; i < n; i++) {
        char net_text[IP4_NET_LEN];
        struct ip4_net net = draw_net();
        if (is_taken(nets, *n_nets, net))
            continue;
        nets[(*n_nets)++] = net;
        at = put(text, at, "%s { ", comma);
        at = put_gate(text, at);
        at = put_relays(text, at);
        at = put(text, at, "\"id\": %u, \"subnet\": \"%s\" }", (unsigned)(7 * *n_nets % 61 + 1),
                 ip4_net_format(net, net_text));
        comma = ",";
    }
    return put(text, at, "]");
}

/* A shared network is served through one interface or by address. */
static size_t put_place(char *text, size_t at)
{
    at = put_relays(text, put_gate(text, at));
    return draw(4) == 0 ? put(text, at, "\"interface\": \"eth%u\", ", draw(IFACES)) : at;
}

static void draw_config(void)
{
    static char text[TEXT_MAX];
    struct ip4_net nets[SUBNETS_MAX];
    size_t n_nets = 0;
    unsigned n_networks = draw(6);
    size_t at = put(text, 0, "{ \"Dhcp4\": { \"client-classes\": [");
    for (unsigned i = 0; i < CLASSES; i++)
        at = put(text, at, "%s{ \"name\": \"c%u\" }", i == 0 ? "" : ", ", i);
    at = put_subnets(text, put(text, at, "], "), draw(SUBNETS_MAX / 2), nets, &n_nets);
    at = put(text, at, ", \"shared-networks\": [");
    for (unsigned i = 0; i < n_networks; i++) {
        at = put_place(text, put(text, at, "%s{ \"name\": \"n%u\", ", i == 0 ? "" : ", ", i));
        at = put(text, put_subnets(text, at, draw(SUBNETS_MAX / 12), nets, &n_nets), " }");
    }
    put(text, at, "] } }");
    accept(text);
    assert_int_equal(config->n_subnets, n_nets);
}

/* ---- the walk through all subnets that the index saves ---- */

typedef bool rule_fn(const struct srv_subnet *subnet, const struct srv_select_from *from, ip4 addr);

static bool names_relay(const struct srv_subnet *subnet, const struct srv_select_from *from, ip4 addr)
{
    (void)from;
    for (size_t i = 0; i < subnet->n_relays; i++)
        if (subnet->relays[i] == addr)
            return true;
    return false;
}

static bool names_interface(const struct srv_subnet *subnet, const struct srv_select_from *from, ip4 addr)
{
    (void)addr;
    return subnet->interface[0] != '\0' && strcmp(subnet->interface, from->ifname) == 0;
}

static bool contains(const struct srv_subnet *subnet, const struct srv_select_from *from, ip4 addr)
{
    (void)from;
    return ip4_net_has(subnet->net, addr);
}

/* The first that the rule is true of and whose classes the client is in; but of those that contain the
 * address the one with the longest prefix. Of those that are closed to the client the last one is told. */
static const struct srv_subnet *walk(rule_fn *rule, const struct srv_select_from *from, ip4 addr,
                                     const struct srv_subnet **out_closed)
{
    const struct srv_subnet *found = NULL;
    for (size_t i = 0; i < config->n_subnets; i++) {
        const struct srv_subnet *subnet = &config->subnets[i];
        if (!rule(subnet, from, addr) ||
            (found != NULL && (rule != contains || subnet->net.len <= found->net.len)))
            continue;
        if (srv_class_passes_subnet(from->classes, subnet))
            found = subnet;
        else
            *out_closed = subnet;
    }
    return found;
}

static const struct srv_subnet *walk_all(const struct srv_select_from *from,
                                         const struct srv_subnet **out_closed)
{
    const struct srv_subnet *found = from->giaddr != 0 ? walk(names_relay, from, from->giaddr, out_closed)
                                                       : walk(names_interface, from, 0, out_closed);
    ip4 addr = from->giaddr != 0 ? from->giaddr : from->ifaddr;
    return found != NULL ? found : walk(contains, from, addr, out_closed);
}

static void draw_classes(void)
{
    char name[8];
    srv_class_init(&classes, config);
    for (unsigned i = 0; i < CLASSES; i++) {
        snprintf(name, sizeof name, "c%u", i);
        if (draw(2) == 0)
            srv_class_add_name(&classes, config, name);
    }
}

static void a_subnet_is_found_as_by_a_walk_through_all(void **state)
{
    (void)state;
    unsigned n_found = 0, n_closed = 0;
    rng_init(&rng, 1, "subnets");
    for (unsigned i = 0; i < CONFIGS; i++) {
        draw_config();
        for (unsigned k = 0; k < LOOKUPS; k++) {
            char ifname[8];
            struct srv_select_from from = {.ifname = ifname, .ifaddr = draw_addr(), .classes = &classes};
            const struct srv_subnet *closed, *expected_closed = NULL;
            enum reason reason;
            ip4 addr;
            snprintf(ifname, sizeof ifname, "eth%u", draw(IFACES));
            from.giaddr = draw(2) == 0 ? draw_addr() & ~0x3fU : 0;
            draw_classes();
            const struct srv_subnet *expected = walk_all(&from, &expected_closed);
            const struct srv_subnet *found = srv_select_find(config, &from, &reason, &addr, &closed);
            assert_ptr_equal(found, expected);
            if (expected == NULL)
                assert_ptr_equal(closed, expected_closed);
            n_found += found != NULL;
            n_closed += found == NULL && closed != NULL;
        }
    }
    assert_in_range(n_found, CONFIGS * LOOKUPS / 4, CONFIGS * LOOKUPS); /* it is no test of nothing */
    assert_in_range(n_closed, CONFIGS, CONFIGS * LOOKUPS);
}

static void each_subnet_is_found_by_its_id_and_addresses(void **state)
{
    (void)state;
    rng_init(&rng, 2, "subnets");
    for (unsigned i = 0; i < CONFIGS; i++) {
        draw_config();
        for (const struct srv_subnet *s = config->subnets; s < config->subnets + config->n_subnets; s++) {
            assert_ptr_equal(srv_config_find_subnet_id(config, s->id), s);
            assert_null(srv_config_find_subnet_id(config, s->id + 100));
            const struct srv_index_place *place = srv_index_find_net(config->index, s->net.addr);
            while (place != NULL && place->subnet != s)
                place = place->next;
            assert_non_null(place);
        }
    }
}

static const struct srv_subnet *walk_neighbours(const struct srv_subnet *subnet, ip4 addr)
{
    const struct srv_subnet *best = NULL;
    for (const struct srv_subnet *s = subnet; s != NULL; s = srv_config_next_neighbour(config, subnet, s))
        if (ip4_net_has(s->net, addr) && (best == NULL || s->net.len > best->net.len))
            best = s;
    return best;
}

static void a_neighbour_is_found_as_by_a_walk_through_the_network(void **state)
{
    (void)state;
    unsigned n_found = 0, n_others = 0;
    rng_init(&rng, 3, "subnets");
    for (unsigned i = 0; i < CONFIGS; i++) {
        draw_config();
        for (unsigned k = 0; k < LOOKUPS && config->n_subnets > 0; k++) {
            const struct srv_subnet *subnet = &config->subnets[draw((unsigned)config->n_subnets)];
            ip4 addr = draw_addr();
            const struct srv_subnet *found = srv_config_find_neighbour(config, subnet, addr);
            assert_ptr_equal(found, walk_neighbours(subnet, addr));
            n_found += found != NULL;
            n_others += found != NULL && found != subnet;
        }
    }
    assert_in_range(n_found, CONFIGS * LOOKUPS / 8, CONFIGS * LOOKUPS);
    assert_in_range(n_others, CONFIGS, CONFIGS * LOOKUPS);
}

static void nothing_is_found_among_no_subnets(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": {} }");
    assert_null(srv_index_find_net(config->index, 0));
    assert_null(srv_index_find_relay(config->index, 0));
    assert_null(srv_index_find_interface(config->index, ""));
    assert_null(srv_index_find_id(config->index, 1));
}

static void the_widest_subnet_holds_every_address(void **state)
{
    (void)state;
    accept("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"255.255.255.255/32\" },"
           " { \"id\": 2, \"subnet\": \"0.0.0.0/0\" } ] } }");
    assert_int_equal(srv_index_find_net(config->index, 0)->subnet->id, 2);
    assert_int_equal(srv_index_find_net(config->index, UINT32_MAX - 1)->subnet->id, 2);
    const struct srv_index_place *place = srv_index_find_net(config->index, UINT32_MAX);
    assert_int_equal(place->subnet->id, 1);
    assert_int_equal(place->next->subnet->id, 2);
    assert_null(place->next->next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_subnet_is_found_as_by_a_walk_through_all, stop),
        cmocka_unit_test_teardown(each_subnet_is_found_by_its_id_and_addresses, stop),
        cmocka_unit_test_teardown(a_neighbour_is_found_as_by_a_walk_through_the_network, stop),
        cmocka_unit_test_teardown(nothing_is_found_among_no_subnets, stop),
        cmocka_unit_test_teardown(the_widest_subnet_holds_every_address, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
