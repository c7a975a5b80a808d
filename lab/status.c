/* dhcplab status: the lease and the timers of each client, and the servers in brief. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/command.h"
#include "lab/report.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab status [HOST...] [-n NAME] [--json]\n"
    "\n"
    "Shows what each DHCP client of the lab has and when its timers run: like `ipconfig /all`, with the "
    "client's state, T1,\n"
    "T2, the end of the lease and the next timer. Servers are shown in brief.\n"
    "\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --json           as JSON: a list of hosts; timers as durations, instants and remaining seconds\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 ok; 1 no such lab; 2 wrong usage; 3 a host does not answer, or its program has ended.\n"
    "\n"
    "Examples:\n"
    "  dhcplab status\n"
    "  dhcplab status h1\n"
    "  watch -n 1 dhcplab status h1\n"
    "  dhcplab status --json | jq '.[] | select(.role == \"client\") | .lease.t1.remaining_s'\n";

static const struct view_command command = {help, VIEW_JSON, 0, LAB_HOSTS_MAX};

static void print_host(const struct lab_host_state *host, const cJSON *status, const char *separator)
{
    bool is_crowd = cJSON_HasObjectItem(status, "clients");
    char *text = host->role == LAB_SERVER ? report_server(host->name, status)
                 : is_crowd               ? report_crowd(host->name, status)
                                          : report_client(host->name, status);
    if (text != NULL)
        printf("%s%s", separator, text);
    free(text);
}

/* "h1: DHCP client, stopped" */
static void print_ended(const struct lab_host_state *host, const char *separator)
{
    bool in_order = strcmp(host->ended, LAB_ENDED_IN_ORDER) == 0;
    printf("%s%s: DHCP %s, %s%s; `dhcplab restart %s` starts it anew\n", separator, host->name,
           lab_role_name(host->role), in_order ? "" : "its program ", host->ended, host->name);
}

/* Takes `status` over; NULL if the host did not answer. */
static void add_host(cJSON *list, const struct lab_host_state *host, cJSON *status, const char *why)
{
    cJSON *json = status != NULL ? status : cJSON_CreateObject();
    cJSON_AddStringToObject(json, "host", host->name);
    cJSON_AddStringToObject(json, "role", lab_role_name(host->role));
    if (status == NULL)
        cJSON_AddStringToObject(json, "error", why);
    if (host->ended[0] != '\0')
        cJSON_AddStringToObject(json, "ended", host->ended);
    cJSON_AddItemToArray(list, json);
}

/* Kea's names become ours, and the pid, which the program knows from inside the lab, is that of outside. */
static void adapt(cJSON *status, const struct lab_host_state *host)
{
    static const char *const names[][2] = {{"uptime", "uptime_s"}, {"reload", "reload_s"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(status, names[i][0]);
        if (item != NULL)
            cJSON_AddItemToObject(status, names[i][1], item);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(status, "pid");
    cJSON_AddNumberToObject(status, "pid", host->pid);
}

/* The arguments of the host's answer, or NULL. */
static cJSON *ask(const struct lab_host_state *host, char *why)
{
    const char *name = host->role == LAB_CLIENT ? "status" : "status-get";
    cJSON *reply = view_call(host, name, NULL, VIEW_CALL_MS, why);
    cJSON *status = cJSON_DetachItemFromObjectCaseSensitive(reply, "arguments");
    if (reply != NULL && status == NULL)
        snprintf(why, VIEW_WHY_MAX, "%s does not tell its status: %s", host->name, view_text(reply, "text"));
    cJSON_Delete(reply);
    if (status != NULL)
        adapt(status, host);
    return status;
}

int command_status(int argc, char **argv)
{
    struct view_args args;
    struct lab_state lab;
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code) || !view_lab_load(&args, &lab, &code))
        return code;
    code = EXIT_CODE_OK;
    cJSON *list = cJSON_CreateArray();
    const char *separator = "";
    for (size_t i = 0; i < lab.n_hosts; i++) {
        const struct lab_host_state *host = &lab.hosts[i];
        char why[VIEW_WHY_MAX] = "";
        if (!view_is_wanted(&args, host->name))
            continue;
        if (host->role == LAB_PLAIN) {
            if (args.n_hosts > 0) {
                fprintf(stderr, "dhcplab: %s runs neither a DHCP client nor a server\n", host->name);
                code = EXIT_CODE_USAGE;
            }
            continue;
        }
        cJSON *status = ask(host, why);
        if (status == NULL) {
            code = EXIT_CODE_PARTLY;
            bool shown = host->ended[0] != '\0' && !(args.flags & VIEW_JSON);
            if (shown)
                print_ended(host, separator);
            else
                fprintf(stderr, "dhcplab: %s\n", why);
            if (shown)
                separator = "\n";
        } else if (!(args.flags & VIEW_JSON)) {
            print_host(host, status, separator);
            separator = "\n";
        }
        add_host(list, host, status, why);
    }
    if (args.flags & VIEW_JSON)
        view_print_json(list);
    cJSON_Delete(list);
    return code;
}
