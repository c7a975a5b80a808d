/* Topology files: what they mean, and the exact text of every complaint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_file.h"
#include "lab/topology.h"

static struct topology topology; /* too large for the stack */
static char error[JCFG_TEXT_MAX];

static int parse(const char *text)
{
    return topology_parse(&topology, "x.json", text, strlen(text), NULL, NULL, error);
}

static void expect_parsed(const char *text)
{
    int rc = parse(text);
    assert_string_equal(error, "");
    assert_int_equal(rc, 0);
}

static char warned[512];

static void keep_warning(void *user, const char *text)
{
    (void)user;
    size_t len = strlen(warned);
    snprintf(warned + len, sizeof warned - len, "%s\n", text);
}

/* On one link: on another one the same address is another network's. */
static void test_an_address_twice_on_a_link_is_warned_of(void **state)
{
    (void)state;
    static const char text[] =
        "{\"hosts\": {\"a\": {}, \"b\": {}, \"c\": {}}, \"links\": [\n"
        "{\"type\": \"bridge\", \"ends\": [{\"host\": \"a\", \"address\": \"10.1.0.1/24\", "
        "\"mac\": \"02:00:00:00:00:03\"},\n"
        "{\"host\": \"b\", \"address\": \"10.1.0.1/16\"},\n"
        "{\"host\": \"c\"}]},\n"
        "{\"type\": \"veth\", \"ends\": [{\"host\": \"a\", \"address\": \"10.1.0.1/24\"},\n"
        "{\"host\": \"b\", \"mac\": \"02:00:00:00:00:04\"}]}]}";
    warned[0] = '\0';
    assert_int_equal(topology_parse(&topology, "x.json", text, strlen(text), keep_warning, NULL, error), 0);
    assert_string_equal(
        warned, "x.json:3:26: at $.links[0].ends[1].address: \"a\" has this address on the same link, "
                "too\n"
                "x.json:4:1: at $.links[0].ends[2]: \"a\" has this hardware address on the same link, "
                "too\n"
                "x.json:6:22: at $.links[1].ends[1].mac: \"a\" has this hardware address on the same "
                "link, too\n");
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"[]", "x.json:1:1: at $: expected a map with hosts and links, found a list"},
        {"{}", "x.json:1:1: at $: the key \"hosts\" is missing"},
        {"{\"hosts\": {}}", "x.json:1:11: at $.hosts: a lab needs at least one host"},
        {"{\"hosts\": {\"a\": {}}, \"host\": {}}",
         "x.json:1:22: at $.host: the key is not known here: did you mean \"hosts\"?"},
        {"{\"name\": \"a b\", \"hosts\": {\"a\": {}}}",
         "x.json:1:10: at $.name: a lab's name has at most 31 letters, digits, '-' and '_' and begins with a "
         "letter "
         "or digit"},
        {"{\"hosts\": {\n \"../a\": {}}}", "x.json:2:10: at $.hosts[\"../a\"]: a host's name has at most 31 "
                                           "letters, digits, '-' and '_', begins with a "
                                           "letter or digit, and is not \"lab\""},
        {"{\"hosts\": {\n \"lab\": {}}}", "x.json:2:9: at $.hosts.lab: a host's name has at most 31 letters, "
                                          "digits, '-' and '_', begins with a letter "
                                          "or digit, and is not \"lab\""},
        {"{\"hosts\": {\"a\": []}}",
         "x.json:1:17: at $.hosts.a: expected a map: {\"server\": ...}, {\"client\": ...}, "
         "or {} for a plain host, found a list"},
        {"{\"hosts\": {\"a\": {\"server\": {}, \"client\": {}}}}",
         "x.json:1:42: at $.hosts.a.client: a host is a server or a client, not both"},
        {"{\"hosts\": {\"a\": {\"client\": 1}}}", "x.json:1:28: at $.hosts.a.client: expected the program's "
                                                  "configuration or the name of its file, found 1"},
        {"{\"hosts\": {\"a\": {\"client\": \"no-such.json\"}}}",
         "x.json:1:28: at $.hosts.a.client: the file no-such.json cannot be read (file names are relative to "
         "this "
         "file)"},
        {"{\"hosts\": {\"a\": {\"client\": {}}}}",
         "x.json:1:17: at $.hosts.a: a client needs an interface: no link has an end at \"a\""},
        {"{\"hosts\": {\"a\": {\"client\": {},\n \"interface\": \"eth2\"}},\n"
         " \"links\": [{\"type\": \"bridge\", \"ends\": [{\"host\": \"a\"}, {\"host\": \"a\"}]}]}",
         "x.json:2:15: at $.hosts.a.interface: \"a\" has no interface of that name: it has eth0 to eth1, in "
         "the "
         "order of the links"},
        {"{\"hosts\": {\"a\": {\n\"clients\": 5}}}",
         "x.json:2:12: at $.hosts.a.clients: only a client can be a crowd of clients"},
        {"{\"hosts\": {\"a\": {\n\"interface\": \"eth0\"}}}",
         "x.json:2:14: at $.hosts.a.interface: only a client has its one interface: a server names its own "
         "in "
         "interfaces-config"},
        {"{\"hosts\": {\"a\": {\"server\": {}}, \"b\": {}},\n"
         " \"links\": [{\"type\": \"veth\", \"ends\": [{\"host\": \"a\"}, {\"host\": \"b\"}]}]}",
         "x.json:1:17: at $.hosts.a: a server needs an address: give one to an end of a link at \"a\""},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"wire\", \"ends\": []}]}",
         "x.json:2:21: at $.links[0].type: expected one of \"veth\", \"bridge\", found \"wire\""},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"veth\", \"ends\": [{\"host\": \"a\"}]}]}",
         "x.json:2:37: at $.links[0].ends: a veth pair has two ends, not 1; a bridge may have more"},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"bridge\", \"ends\": []}]}",
         "x.json:2:39: at $.links[0].ends: a bridge needs at least one end"},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"bridge\"}]}",
         "x.json:2:12: at $.links[0]: the key \"ends\" is missing"},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"bridge\", \"ends\": [\n{\"host\": \"z\"}]}]}",
         "x.json:3:10: at $.links[0].ends[0].host: no host has the name \"z\""},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"bridge\", \"ends\": [\n{\"address\": "
         "\"10.0.0.1/24\"}]}]}",
         "x.json:3:1: at $.links[0].ends[0]: the key \"host\" is missing"},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"bridge\", \"ends\": [\n"
         "{\"host\": \"a\", \"address\": \"10.0.0.255/24\"}]}]}",
         "x.json:3:26: at $.links[0].ends[0].address: expected the address of one host with the length of "
         "its network, "
         "such as 10.77.0.1/24"},
        {"{\"hosts\": {\"a\": {}},\n \"links\": [{\"type\": \"bridge\", \"ends\": [\n"
         "{\"host\": \"a\", \"mac\": \"01:00:00:00:00:01\"}]}]}",
         "x.json:3:22: at $.links[0].ends[0].mac: expected the hardware address of one station, such as "
         "02:00:00:00:00:0a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(parse(rows[i].text), ERR_CONFIG);
        assert_string_equal(error, rows[i].error);
        topology_fini(&topology);
    }
}

static void test_interfaces_follow_the_links(void **state)
{
    (void)state;
    char mac[HW_LEN], net[IP4_NET_LEN];
    static const struct {
        size_t host;
        const char *interface, *mac, *address;
    } expected[] = {
        {1, "eth0", "02:00:00:00:00:01", ""},
        {0, "eth0", "02:00:00:00:00:02", "10.0.0.1/24"},
        {1, "eth1", "02:00:00:00:00:03", "10.1.0.1/31"},
        {2, "eth0", "0a:00:00:00:00:09", ""},
        {0, "eth1", "02:00:00:00:00:05", ""},
    };
    expect_parsed("{\"hosts\": {\"a\": {}, \"b\": {}, \"c\": {}}, \"links\": [\n"
                  "{\"type\": \"veth\", \"ends\": [{\"host\": \"b\"}, {\"host\": \"a\", \"address\": "
                  "\"10.0.0.1/24\"}]},"
                  "{\"type\": \"bridge\", \"name\": \"lan\", \"ends\": [{\"host\": \"b\", \"address\": "
                  "\"10.1.0.1/31\"},"
                  "  {\"host\": \"c\", \"mac\": \"0A:00:00:00:00:09\"}, {\"host\": \"a\"}]}]}");
    assert_string_equal(topology.name, "x");
    assert_int_equal(topology.n_links, 2);
    assert_int_equal(topology.links[0].type, TOPOLOGY_VETH);
    assert_string_equal(topology.links[0].name, "link1");
    assert_int_equal(topology.links[1].type, TOPOLOGY_BRIDGE);
    assert_string_equal(topology.links[1].name, "lan");
    assert_int_equal(topology.links[1].first_end, 2);
    assert_int_equal(topology.links[1].n_ends, 3);
    assert_int_equal(topology.n_ends, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < topology.n_ends; i++) {
        const struct topology_end *end = &topology.ends[i];
        assert_int_equal(end->host, expected[i].host);
        assert_string_equal(end->interface, expected[i].interface);
        assert_string_equal(hw_format(&end->mac, mac), expected[i].mac);
        assert_string_equal(end->has_address ? ip4_net_format(end->address, net) : "", expected[i].address);
    }
    topology_fini(&topology);
}

/* An error in an inline configuration must be told with its place in the topology file: so line and column
 * stay. */
static void test_inline_configuration_keeps_its_place(void **state)
{
    (void)state;
    expect_parsed("{ /* \xc3\xbc */ \"hosts\": {\n"
                  "/* \xc3\xbc\xc3\xbc */ \"h1\": { \"client\": { // a } here does not end it, nor does ]\n"
                  "  \"hostname\": \"a\\\"}\", # nor this }\n"
                  "  /* } */ \"list\": [ {} ] } } },\n"
                  "  \"links\": [{\"type\": \"bridge\", \"ends\": [{\"host\": \"h1\"}]}] }");
    assert_int_equal(topology.n_hosts, 1);
    assert_int_equal(topology.hosts[0].role, LAB_CLIENT);
    assert_null(topology.hosts[0].config_file);
    assert_string_equal(topology.hosts[0].config_text,
                        "                    \n"
                        "                           { // a } here does not end it, nor does ]\n"
                        "  \"hostname\": \"a\\\"}\", # nor this }\n"
                        "  /* } */ \"list\": [ {} ] }\n");
    topology_fini(&topology);
}

static void test_files_are_beside_the_topology(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_lab_topology.XXXXXX", path[64], config[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/my.lab.json", folder);
    snprintf(config, sizeof config, "%s/client.json", folder);
    FILE *file = fopen(config, "w");
    assert_non_null(file);
    fclose(file);
    const char *text = "{\"hosts\": {\"h1\": {\"client\": \"client.json\"}}, \"links\": "
                       "[{\"type\": \"bridge\", \"ends\": [{\"host\": \"h1\"}]}]}";
    int rc = topology_parse(&topology, path, text, strlen(text), NULL, NULL, error);
    unlink(config);
    rmdir(folder);
    assert_string_equal(error, "");
    assert_int_equal(rc, 0);
    assert_string_equal(topology.name, "my");
    assert_null(topology.hosts[0].config_text);
    assert_string_equal(topology.hosts[0].config_file, config);
    topology_fini(&topology);
}

static void test_limits(void **state)
{
    (void)state;
    static char text[64 * 1024];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"hosts\": {");
    for (int i = 0; i <= LAB_HOSTS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "\"h%d\": {},", i);
    snprintf(text + used, sizeof text - used, "}}");
    assert_int_equal(parse(text), ERR_CONFIG);
    assert_non_null(strstr(error, "a lab has at most 64 hosts"));
    topology_fini(&topology);

    used = (size_t)snprintf(text, sizeof text, "{\"hosts\": {\"a\": {}}, \"links\": [");
    for (int i = 0; i <= TOPOLOGY_LINKS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "{\"type\": \"bridge\", \"ends\": [{\"host\": \"a\"}]},");
    snprintf(text + used, sizeof text - used, "]}");
    assert_int_equal(parse(text), ERR_CONFIG);
    assert_non_null(strstr(error, "a lab has at most 64 links"));
    topology_fini(&topology);

    used = (size_t)snprintf(text, sizeof text,
                            "{\"hosts\": {\"a\": {}}, \"links\": [{\"type\": \"bridge\", \"ends\": [");
    for (int i = 0; i <= TOPOLOGY_ENDS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "{\"host\": \"a\"},");
    snprintf(text + used, sizeof text - used, "]}]}");
    assert_int_equal(parse(text), ERR_CONFIG);
    assert_non_null(strstr(error, "the links of a lab have at most 256 ends"));
    topology_fini(&topology);
}

static const char *const shipped[] = {"pair", "lan", "two-servers"};

static void test_labs_that_come_with_the_program(void **state)
{
    (void)state;
    char path[TOPOLOGY_PATH_MAX], with_suffix[64], again[TOPOLOGY_PATH_MAX];
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        assert_int_equal(topology_find(shipped[i], path), 0);
        snprintf(with_suffix, sizeof with_suffix, "%s.json", shipped[i]);
        assert_int_equal(topology_find(with_suffix, again), 0);
        assert_string_equal(path, again);
        assert_int_equal(topology_load(&topology, path, NULL, NULL, error), 0);
        assert_string_equal(topology.name, shipped[i]);
        assert_int_equal(topology.hosts[0].role, LAB_SERVER);
        assert_int_equal(topology.hosts[topology.n_hosts - 1].role, LAB_CLIENT);
        topology_fini(&topology);
    }
    assert_int_equal(topology_find("no-such-lab", path), ERR_NOTFOUND);
    assert_int_equal(topology_find("./pair", path), ERR_NOTFOUND);
    assert_int_equal(topology_load(&topology, "no-such-lab.json", NULL, NULL, error), ERR_NOTFOUND);
    assert_string_equal(error, "no-such-lab.json cannot be read: not found");
    topology_fini(&topology);
}

/* A file that was cut anywhere is refused, not read past its end. */
static void test_every_shorter_prefix(void **state)
{
    (void)state;
    char path[TOPOLOGY_PATH_MAX];
    char *text;
    size_t len;
    assert_int_equal(topology_find("two-servers", path), 0);
    assert_int_equal(io_file_read(path, &text, &len), 0);
    while (text[len - 1] != '}')
        len--;
    for (size_t cut = 0; cut < len; cut++) {
        char *exact = malloc(cut + 1); /* so that a sanitizer sees any read past the end */
        assert_non_null(exact);
        memcpy(exact, text, cut);
        char *shorter = realloc(exact, cut > 0 ? cut : 1);
        assert_non_null(shorter);
        assert_int_equal(topology_parse(&topology, path, shorter, cut, NULL, NULL, error), ERR_CONFIG);
        topology_fini(&topology);
        free(shorter);
    }
    free(text);
}

static void test_names(void **state)
{
    (void)state;
    assert_true(topology_is_name("h1"));
    assert_true(topology_is_name("Two-servers_2"));
    assert_true(topology_is_name("1234567890123456789012345678901"));
    assert_false(topology_is_name("12345678901234567890123456789012"));
    assert_false(topology_is_name(""));
    assert_false(topology_is_name("-a"));
    assert_false(topology_is_name("a.b"));
    assert_false(topology_is_name("a/b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_twice_on_a_link_is_warned_of),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_interfaces_follow_the_links),
        cmocka_unit_test(test_inline_configuration_keeps_its_place),
        cmocka_unit_test(test_files_are_beside_the_topology),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_labs_that_come_with_the_program),
        cmocka_unit_test(test_every_shorter_prefix),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
