/* Any text as a configuration of the server, of the client and of a lab, and as the value of an option:
 * either it is taken, or it is refused with a place and a sentence. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli_config.h"
#include "common/dhcp_opt.h"
#include "common/err.h"
#include "common/jcfg.h"
#include "lab/topology.h"
#include "server/srv_config.h"
#include "server/srv_index.h"
#include "tests/fuzz/fuzz.h"

/* "fuzz.json:3:12: at $...": a name, a line, a column, a path. */
static void check_message(const char *text)
{
    assert(strncmp(text, "fuzz.json:", 10) == 0);
    assert(strlen(text) < JCFG_TEXT_MAX);
    char *end;
    assert(strtoul(text + 10, &end, 10) >= 1 && *end == ':');
    assert(strtoul(end + 1, &end, 10) >= 1 && *end == ':');
}

static void check_warning(void *user, const char *text)
{
    (void)user;
    check_message(text);
}

static void check_result(int result, const char *error)
{
    if (result == 0)
        assert(error[0] == '\0');
    else {
        assert(result == ERR_CONFIG);
        check_message(error);
    }
}

static void parse_json(const char *text, size_t len)
{
    struct jcfg c;
    int result = jcfg_parse(&c, "fuzz.json", text, len, check_warning, NULL);
    check_result(result, c.error);
    jcfg_fini(&c);
}

/* What the header promises of a configuration that was taken. */
static void check_server(const struct srv_config *config)
{
    for (size_t i = 0; i < config->n_subnets; i++) {
        const struct srv_subnet *subnet = &config->subnets[i];
        assert(srv_config_find_subnet_id(config, subnet->id) == subnet);
        assert(srv_index_find_net(config->index, subnet->net.addr) != NULL);
        assert(1 <= subnet->lifetime.min_s && subnet->lifetime.min_s <= subnet->lifetime.default_s &&
               subnet->lifetime.default_s <= subnet->lifetime.max_s);
        for (size_t p = 0; p < subnet->n_pools; p++) {
            const struct srv_pool *pool = &subnet->pools[p];
            assert(srv_config_find_pool(subnet, pool->range.first) == pool);
            assert(srv_config_find_pool(subnet, pool->range.last) == pool);
            assert(ip4_net_has(subnet->net, pool->range.first));
            assert(ip4_net_has(subnet->net, pool->range.last));
        }
    }
}

static void parse_server(const char *text, size_t len)
{
    struct srv_config *config = NULL;
    char error[JCFG_TEXT_MAX] = "";
    int result = srv_config_parse("fuzz.json", text, len, check_warning, NULL, error, &config);
    check_result(result, error);
    assert((result == 0) == (config != NULL));
    if (config != NULL)
        check_server(config);
    srv_config_free(config);
}

static void parse_client(const char *text, size_t len)
{
    static struct cli_config config;
    char error[JCFG_TEXT_MAX] = "";
    check_result(cli_config_parse("fuzz.json", text, len, check_warning, NULL, error, &config), error);
}

static void parse_lab(const char *text, size_t len)
{
    static struct topology topology;
    char error[JCFG_TEXT_MAX] = "";
    check_result(topology_parse(&topology, "fuzz.json", text, len, check_warning, NULL, error), error);
    topology_fini(&topology);
}

/* What an option's text makes follows the option's definition. The first octet chooses the option. */
static void parse_option(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, data[0]);
    char *text = strndup((const char *)data + 1, size - 1);
    assert(text != NULL);
    uint8_t out[512];
    const char *why = NULL;
    int len = def == NULL ? ERR_INVALID : dhcp_opt_parse(def, text, out, sizeof(out), &why);
    if (len >= 0)
        assert(dhcp_opt_check(def, out, (size_t)len) == OPT_OK);
    else if (def != NULL && len == ERR_INVALID)
        assert(why != NULL);
    len = dhcp_opt_parse_hex(text, out, sizeof(out), &why);
    assert(len <= (int)sizeof(out) && len <= (int)strlen(text));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    parse_json(text, size);
    parse_server(text, size);
    parse_client(text, size);
    parse_lab(text, size);
    parse_option(data, size);
    return 0;
}
