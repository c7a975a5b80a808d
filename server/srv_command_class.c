/* class-list, class-get. */
#include "server/srv_class.h"
#include "server/srv_command_lease.h"
#include "server/srv_report.h"

void srv_command_class_list(struct srv_command_call *call)
{
    const struct srv_config *config = call->c->config;
    cJSON *json = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(json, "client-classes");
    for (size_t i = 0; i < config->n_classes; i++) {
        cJSON *class = cJSON_CreateObject();
        cJSON_AddStringToObject(class, "name", config->classes[i].name);
        cJSON_AddItemToArray(list, class);
    }
    srv_command_say(call, config->n_classes != 0 ? CONTROL_SUCCESS : CONTROL_EMPTY, "%zu class%s found",
                    config->n_classes, config->n_classes == 1 ? "" : "es");
    call->out->arguments = json;
}

void srv_command_class_get(struct srv_command_call *call)
{
    const struct srv_config *config = call->c->config;
    const char *name;
    if (!srv_command_require(call, "name") || !srv_command_text(call, "name", &name))
        return;
    int number = srv_class_find(config, name);
    const struct srv_class *class = number < 0 ? NULL : config->class_names[number].class;
    if (class == NULL) {
        srv_command_say(call, CONTROL_EMPTY, "Class '%.127s' not found", name);
        return;
    }
    srv_command_say(call, CONTROL_SUCCESS, "Class '%s' definition returned", name);
    call->out->arguments = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(call->out->arguments, "client-classes"),
                         srv_report_class(class));
}
