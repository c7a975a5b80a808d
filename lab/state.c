#include "lab/state.h"

#include <stdio.h>

#include "common/err.h"

static void add_interfaces(const struct topology *topology, size_t host, cJSON *out)
{
    for (size_t l = 0; l < topology->n_links; l++) {
        const struct topology_link *link = &topology->links[l];
        for (size_t e = link->first_end; e < link->first_end + link->n_ends; e++) {
            const struct topology_end *end = &topology->ends[e];
            char mac[HW_LEN], address[IP4_NET_LEN] = "";
            if (end->host != host)
                continue;
            if (end->has_address)
                ip4_net_format(end->address, address);
            cJSON *item = cJSON_CreateObject();
            cJSON_AddStringToObject(item, "name", end->interface);
            cJSON_AddStringToObject(item, "hardware_address", hw_format(&end->mac, mac));
            cJSON_AddStringToObject(item, "address", address);
            cJSON_AddStringToObject(item, "link", link->name);
            cJSON_AddItemToArray(out, item);
        }
    }
}

static cJSON *host_json(const struct state *s, size_t index)
{
    const struct topology_host *host = &s->plan->topology->hosts[index];
    const struct net_host *place = &s->places[index];
    char control[LAB_PATH_MAX + LAB_NAME_MAX] = "";
    cJSON *out = cJSON_CreateObject();
    if (host->role != LAB_PLAIN)
        snprintf(control, sizeof control, "%s/%s.sock", s->plan->dir, host->name);
    cJSON_AddStringToObject(out, "name", host->name);
    cJSON_AddStringToObject(out, "role", lab_role_name(host->role));
    cJSON_AddNumberToObject(out, "pid", s->programs[index].pid);
    cJSON_AddStringToObject(out, "ended", s->programs[index].ended);
    cJSON_AddStringToObject(out, "control", control);
    cJSON_AddNumberToObject(out, "net_fd", place->net_fd);
    cJSON_AddNumberToObject(out, "mnt_fd", place->mnt_fd);
    cJSON_AddNumberToObject(out, "uts_fd", place->uts_fd);
    cJSON_AddNumberToObject(out, "root_fd", place->root_fd);
    add_interfaces(s->plan->topology, index, cJSON_AddArrayToObject(out, "interfaces"));
    return out;
}

void state_trace_path(const struct supervisor_plan *plan, char out[LAB_PATH_MAX + LAB_NAME_MAX])
{
    snprintf(out, LAB_PATH_MAX + LAB_NAME_MAX, "%s/trace.ndjson", plan->dir);
}

cJSON *state_json(const struct state *state)
{
    char trace[LAB_PATH_MAX + LAB_NAME_MAX];
    state_trace_path(state->plan, trace);
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "name", state->plan->name);
    cJSON_AddStringToObject(out, "description", state->plan->topology->description);
    cJSON_AddStringToObject(out, "file", state->plan->file);
    cJSON_AddStringToObject(out, "dir", state->plan->dir);
    cJSON_AddStringToObject(out, "trace", trace);
    cJSON_AddNumberToObject(out, "pid", state->pid);
    cJSON_AddStringToObject(out, "started", state->started);
    cJSON *hosts = cJSON_AddArrayToObject(out, "hosts");
    for (size_t i = 0; i < state->plan->topology->n_hosts; i++)
        cJSON_AddItemToArray(hosts, host_json(state, i));
    return out;
}

int state_write(const struct state *state)
{
    cJSON *json = state_json(state);
    char *text = cJSON_Print(json);
    int rc = text == NULL ? ERR_NOMEM : rundir_write(state->plan->dir, "lab.json", text);
    cJSON_free(text);
    cJSON_Delete(json);
    return rc;
}
