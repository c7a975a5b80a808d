/* dhcplab leases: what the servers have given out. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/control.h"
#include "lab/command.h"
#include "lab/report.h"
#include "lab/view_lab.h"

static const char help[] = "Usage: dhcplab leases [HOST...] [-n NAME] [--json]\n"
                           "\n"
                           "Shows the leases of every server of the lab, or of the named ones: address, "
                           "hardware address, client identifier, host\n"
                           "name, state, how long it still runs (days hh:mm:ss) and until when.\n"
                           "\n"
                           "  -n, --name NAME  the lab, where several run\n"
                           "  --json           as JSON: a list of leases in Kea's form, with server, "
                           "state_name, expires and remaining_s\n"
                           "  --help           this text\n"
                           "\n"
                           "Exit codes: 0 ok; 1 no such lab; 2 wrong usage; 3 a server does not answer.\n"
                           "\n"
                           "Examples:\n"
                           "  dhcplab leases\n"
                           "  dhcplab leases --json | jq '.[] | {\"ip-address\", remaining_s}'\n";

enum { STATE_DECLINED = 1 }; /* of Kea */

static const struct view_command command = {help, VIEW_JSON, 0, LAB_HOSTS_MAX};

/* An address whose quarantine is over is remembered, but it is no lease of anybody. */
static bool is_of_somebody(const cJSON *lease)
{
    return view_number(lease, "state", 0) <= STATE_DECLINED || view_text(lease, "hw-address")[0] != '\0' ||
           view_text(lease, "client-id")[0] != '\0';
}

/* Moves the leases of the server to `list`. False if it does not answer. */
static bool add_leases(cJSON *list, const struct lab_host_state *host, char *why)
{
    cJSON *reply = view_call(host, "lease4-get-all", NULL, VIEW_CALL_MS, why);
    if (reply == NULL)
        return false;
    int result = (int)view_number(reply, "result", CONTROL_ERROR);
    cJSON *leases =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(reply, "arguments"), "leases");
    cJSON *lease;
    while ((lease = cJSON_DetachItemFromArray(leases, 0)) != NULL) {
        if (!is_of_somebody(lease)) {
            cJSON_Delete(lease);
            continue;
        }
        report_lease_complete(lease, host->name, (time_t)(io_now().wall_ms / 1000));
        cJSON_AddItemToArray(list, lease);
    }
    bool ok = result == CONTROL_SUCCESS || result == CONTROL_EMPTY;
    if (!ok)
        snprintf(why, VIEW_WHY_MAX, "%s does not tell its leases: %s", host->name, view_text(reply, "text"));
    cJSON_Delete(reply);
    return ok;
}

static void print_leases(const cJSON *list)
{
    if (cJSON_GetArraySize(list) == 0) {
        puts("no leases");
        return;
    }
    char *text = report_leases(list);
    if (text != NULL)
        fputs(text, stdout);
    free(text);
}

int command_leases(int argc, char **argv)
{
    struct view_args args;
    struct lab_state lab;
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code) || !view_lab_load(&args, &lab, &code))
        return code;
    code = EXIT_CODE_OK;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < lab.n_hosts; i++) {
        const struct lab_host_state *host = &lab.hosts[i];
        char why[VIEW_WHY_MAX];
        if (!view_is_wanted(&args, host->name))
            continue;
        if (host->role != LAB_SERVER) {
            if (args.n_hosts > 0 && !view_has_role(host, LAB_SERVER))
                code = EXIT_CODE_USAGE;
            continue;
        }
        if (!add_leases(list, host, why)) {
            code = EXIT_CODE_PARTLY;
            fprintf(stderr, "dhcplab: %s\n", why);
        }
    }
    /* A host that was named by mistake has no leases to speak of. */
    bool shown = code != EXIT_CODE_USAGE || cJSON_GetArraySize(list) > 0;
    if (shown && (args.flags & VIEW_JSON))
        view_print_json(list);
    else if (shown)
        print_leases(list);
    cJSON_Delete(list);
    return code;
}
