#include "server/srv_command_network.h"

#include "server/srv_report.h"

void srv_command_network_list(struct srv_command_call *call)
{
    const struct srv_config *config = call->c->config;
    cJSON *list = cJSON_AddArrayToObject(call->out->arguments = cJSON_CreateObject(), "shared-networks");
    for (size_t i = 0; i < config->n_networks; i++) {
        cJSON *network = cJSON_CreateObject();
        cJSON_AddStringToObject(network, "name", config->networks[i].name);
        cJSON_AddItemToArray(list, network);
    }
    srv_command_say(call, config->n_networks != 0 ? CONTROL_SUCCESS : CONTROL_EMPTY,
                    "%zu IPv4 network(s) found", config->n_networks);
}

void srv_command_network_get(struct srv_command_call *call)
{
    const struct srv_config *config = call->c->config;
    const char *name;
    if (!srv_command_require(call, "name") || !srv_command_text(call, "name", &name))
        return;
    const struct srv_network *network = srv_config_find_network(config, name);
    if (network == NULL) {
        srv_command_say(call, CONTROL_EMPTY, "No '%.80s' shared network found", name);
        return;
    }
    srv_command_say(call, CONTROL_SUCCESS, "Info about IPv4 shared network '%.80s' returned", name);
    call->out->arguments = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(call->out->arguments, "shared-networks"),
                         srv_report_network(config, network));
}
