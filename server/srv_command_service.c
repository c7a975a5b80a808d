/* dhcp-disable, dhcp-enable. */
#include <string.h>

#include "server/srv_command_lease.h"

/* "origin" is a word, or a number like "origin-id", which counts more. */
static uint32_t read_origin(struct srv_command_call *call)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(call->arguments, "origin");
    const char *word = "user";
    double number = SRV_ORIGIN_USER;
    if (cJSON_IsNumber(item))
        srv_command_number(call, "origin", SRV_ORIGIN_USER, SRV_ORIGIN_MAX, &number);
    else if (srv_command_text(call, "origin", &word) && strcmp(word, "ha-partner") == 0)
        number = SRV_ORIGIN_REMOTE;
    else if (strcmp(word, "user") != 0)
        srv_command_say(call, CONTROL_ERROR, "invalid value used for 'origin' parameter: '%.80s'", word);
    srv_command_number(call, "origin-id", SRV_ORIGIN_USER, SRV_ORIGIN_MAX, &number);
    return (uint32_t)number;
}

void srv_command_dhcp_disable(struct srv_command_call *call)
{
    double period_s = 0;
    const cJSON *period = cJSON_GetObjectItemCaseSensitive(call->arguments, "max-period");
    if (period != NULL && (!cJSON_IsNumber(period) || period->valuedouble < 1))
        srv_command_say(call, CONTROL_ERROR, "'max-period' must be positive integer");
    bool is_limited = srv_command_number(call, "max-period", 1, UINT32_MAX, &period_s);
    uint32_t origin = read_origin(call);
    if (srv_command_failed(call))
        return;
    time_ms now = call->c->now.boot_ms;
    time_ms until_ms = is_limited ? time_add(now, (time_ms)period_s * 1000) : TIME_NEVER;
    if (srv_service_disable(&call->c->state->service, origin, until_ms, now) < 0)
        srv_command_say(call, CONTROL_ERROR, "%d others keep the service off already",
                        SRV_SERVICE_ORIGINS_MAX);
    else if (is_limited)
        srv_command_say(call, CONTROL_SUCCESS, "DHCPv4 service disabled for %.0f seconds", period_s);
    else
        srv_command_say(call, CONTROL_SUCCESS, "DHCPv4 service disabled");
}

void srv_command_dhcp_enable(struct srv_command_call *call)
{
    uint32_t origin = read_origin(call);
    if (srv_command_failed(call))
        return;
    srv_service_enable(&call->c->state->service, origin);
    srv_command_say(call, CONTROL_SUCCESS, "DHCP service successfully enabled");
}
