/* subnet4-list, subnet4-get, subnet4-select-test. */
#include <stdio.h>
#include <string.h>

#include "server/srv_command_lease.h"
#include "server/srv_report.h"
#include "server/srv_select.h"

static cJSON *subnet_brief(const struct srv_subnet *subnet)
{
    char net[IP4_NET_LEN];
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "id", subnet->id);
    cJSON_AddStringToObject(json, "subnet", ip4_net_format(subnet->net, net));
    return json;
}

void srv_command_subnet_list(struct srv_command_call *call)
{
    const struct srv_config *config = call->c->config;
    cJSON *json = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(json, "subnets");
    for (size_t i = 0; i < config->n_subnets; i++)
        cJSON_AddItemToArray(list, subnet_brief(&config->subnets[i]));
    srv_command_say(call, config->n_subnets != 0 ? CONTROL_SUCCESS : CONTROL_EMPTY, "%zu IPv4 subnet%s found",
                    config->n_subnets, config->n_subnets == 1 ? "" : "s");
    call->out->arguments = json;
}

static const struct srv_subnet *find_net(const struct srv_config *config, struct ip4_net net)
{
    for (size_t i = 0; i < config->n_subnets; i++)
        if (config->subnets[i].net.addr == ip4_net_base(net) && config->subnets[i].net.len == net.len)
            return &config->subnets[i];
    return NULL;
}

/* NULL: the answer says why. */
static const struct srv_subnet *find_subnet(struct srv_command_call *call)
{
    const struct srv_config *config = call->c->config;
    const struct srv_subnet *subnet = NULL;
    double id;
    const char *text;
    struct ip4_net net;
    if (srv_command_number(call, "id", 1, UINT32_MAX, &id)) {
        subnet = srv_config_find_subnet_id(config, (uint32_t)id);
        if (subnet == NULL)
            srv_command_say(call, CONTROL_EMPTY, "No subnet with id %.0f found", id);
        return subnet;
    }
    if (srv_command_failed(call) || !srv_command_text(call, "subnet", &text)) {
        if (!srv_command_failed(call))
            srv_command_say(call, CONTROL_ERROR, "'id' or 'subnet' parameter required");
        return NULL;
    }
    if (!ip4_net_parse(text, &net)) {
        srv_command_say(call, CONTROL_ERROR, "'subnet' parameter must be an IPv4 prefix");
        return NULL;
    }
    subnet = find_net(config, net);
    if (subnet == NULL)
        srv_command_say(call, CONTROL_EMPTY, "No %s subnet found", text);
    return subnet;
}

/* The list has the name that it has in a configuration: Kea's manual calls it "subnets", its program does
 * not.
 */
void srv_command_subnet_get(struct srv_command_call *call)
{
    const struct srv_subnet *subnet = find_subnet(call);
    char net[IP4_NET_LEN];
    if (subnet == NULL)
        return;
    srv_command_say(call, CONTROL_SUCCESS, "Info about IPv4 subnet %s (id %u) returned",
                    ip4_net_format(subnet->net, net), subnet->id);
    call->out->arguments = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(call->out->arguments, "subnet4"), srv_report_subnet(subnet));
}

/* The classes that the client is said to be in; all are in ALL. */
static void read_classes(struct srv_command_call *call, struct srv_class_set *out)
{
    const struct srv_config *config = call->c->config;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(call->arguments, "classes"), *item;
    srv_class_init(out, config);
    if (list != NULL && !cJSON_IsArray(list))
        srv_command_say(call, CONTROL_ERROR, "'classes' is not a list");
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item))
            srv_class_add_name(out, config, item->valuestring);
        else
            srv_command_say(call, CONTROL_ERROR, "'classes' is not a list of names");
    }
}

/* As the engine chooses. With "address", the client has that one and renews it: nothing else counts then. */
void srv_command_subnet_select_test(struct srv_command_call *call)
{
    static const char *const keys[] = {"address", "classes", "interface", "link",
                                       "local",   "relay",   "subnet",    NULL};
    const struct srv_config *config = call->c->config;
    struct srv_class_set classes;
    struct srv_select_from from = {.ifname = "", .classes = &classes};
    const struct srv_subnet *closed;
    ip4 addr = 0;
    enum reason reason;
    char net[IP4_NET_LEN];
    if (!srv_command_takes_only(call, keys))
        return;
    srv_command_text(call, "interface", &from.ifname);
    srv_command_ip4(call, "address", &addr);
    srv_command_ip4(call, "relay", &from.giaddr);
    srv_command_ip4(call, "link", &from.link);
    srv_command_ip4(call, "subnet", &from.selected);
    srv_command_ip4(call, "local", &from.ifaddr);
    read_classes(call, &classes);
    if (srv_command_failed(call))
        return;
    for (size_t i = 0; i < call->c->n_ifaces && from.ifaddr == 0; i++)
        if (strcmp(call->c->ifaces[i].name, from.ifname) == 0)
            from.ifaddr = call->c->ifaces[i].addr.addr;
    const struct srv_subnet *subnet = addr != 0 ? srv_config_find_subnet(config, addr)
                                                : srv_select_find(config, &from, &reason, &addr, &closed);
    if (subnet == NULL || !srv_class_passes_subnet(&classes, subnet))
        srv_command_say(call, CONTROL_EMPTY, "no selected subnet");
    else
        srv_command_say(call, CONTROL_SUCCESS, "selected subnet '%s' id %u", ip4_net_format(subnet->net, net),
                        subnet->id);
}
