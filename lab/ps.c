/* dhcplab ps: what is running. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/control_call.h"
#include "lab/command.h"
#include "lab/rundir.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab ps [-n NAME] [--json]\n"
    "\n"
    "Shows the labs of this user: their hosts, what runs on them, and their interfaces. A host whose\n"
    "program has ended says how; `dhcplab restart` starts it anew. A lab that was killed, or that went\n"
    "down by itself, is shown with the reason until `dhcplab down` removes it.\n"
    "\n"
    "  -n, --name NAME  only this lab\n"
    "  --json           as JSON: a list of labs\n"
    "  --help           this text\n"
    "\n"
    "Examples:\n"
    "  dhcplab ps\n"
    "  dhcplab ps --json | jq '.[0].hosts[].name'\n";

enum { ASK_LIMIT_MS = 500 };

static const struct view_command command = {help, VIEW_JSON, 0, 0};

static int pid_in(const cJSON *map)
{
    return (int)view_number(map, "pid", 0);
}

static void print_host(const cJSON *host)
{
    char pid[32] = "-";
    if (pid_in(host) != 0)
        snprintf(pid, sizeof pid, "%d", pid_in(host));
    printf("  %-12s %-7s %8s  ", view_text(host, "name"), view_text(host, "role"), pid);
    const cJSON *interface;
    const char *separator = "";
    cJSON_ArrayForEach(interface, cJSON_GetObjectItemCaseSensitive(host, "interfaces"))
    {
        const char *address = view_text(interface, "address");
        printf("%s%s %s%s%s (%s)", separator, view_text(interface, "name"),
               view_text(interface, "hardware_address"), address[0] == '\0' ? "" : " ", address,
               view_text(interface, "link"));
        separator = ", ";
    }
    const char *ended = view_text(host, "ended");
    printf("%s%s\n", ended[0] == '\0' ? "" : "  ", ended);
}

static void print_lab(const struct rundir_entry *entry)
{
    char at[VIEW_SPAN_LEN];
    printf("%s: %s", entry->name, rundir_life_name(entry->life));
    switch (entry->life) {
    case RUNDIR_STARTING:
        printf("\n");
        break;
    case RUNDIR_RUNNING:
        printf(" since %s, supervisor %d, from %s\n", view_instant(view_text(entry->json, "started"), at),
               pid_in(entry->json), view_text(entry->json, "file"));
        printf("  %-12s %-7s %8s  %s\n", "HOST", "ROLE", "PID", "INTERFACES");
        const cJSON *host;
        cJSON_ArrayForEach(host, cJSON_GetObjectItemCaseSensitive(entry->json, "hosts")) print_host(host);
        break;
    case RUNDIR_DEAD:
        printf(": its supervisor was killed; `dhcplab down %s` removes what is left\n", entry->name);
        break;
    case RUNDIR_FAILED:
        printf(" at %s: %s\n", view_instant(view_text(entry->json, "time"), at),
               view_text(entry->json, "reason"));
        break;
    }
}

/* What does not apply is null, not an empty text. */
static void set_nulls(cJSON *json)
{
    cJSON *next;
    for (cJSON *item = json->child; item != NULL; item = next) {
        next = item->next;
        if (cJSON_IsString(item) && item->valuestring[0] == '\0' && item->string != NULL)
            cJSON_ReplaceItemInObjectCaseSensitive(json, item->string, cJSON_CreateNull());
        else
            set_nulls(item);
    }
}

/* Every lab has "name", "state", "reason" and "hosts"; a running one has all of lab.json. */
static cJSON *lab_json(const struct rundir_entry *entry)
{
    cJSON *out = entry->life == RUNDIR_RUNNING ? cJSON_Duplicate(entry->json, true) : cJSON_CreateObject();
    if (entry->life != RUNDIR_RUNNING) {
        cJSON_AddStringToObject(out, "name", entry->name);
        cJSON_AddNumberToObject(out, "pid", entry->pid);
        cJSON_AddArrayToObject(out, "hosts");
    }
    cJSON_AddStringToObject(out, "state", rundir_life_name(entry->life));
    cJSON_AddStringToObject(out, "reason",
                            entry->life == RUNDIR_FAILED ? view_text(entry->json, "reason") : "");
    set_nulls(out);
    return out;
}

/* What a client's interface has at the moment, which no file knows. A client that does not answer at once is
 * shown without. */
static void add_lease(cJSON *host)
{
    cJSON *reply = NULL, *interface;
    if (strcmp(view_text(host, "role"), lab_role_name(LAB_CLIENT)) != 0 ||
        control_call(view_text(host, "control"), "status", NULL, ASK_LIMIT_MS, &reply) < 0)
        return;
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(reply, "arguments");
    const cJSON *lease = cJSON_GetObjectItemCaseSensitive(status, "lease");
    char address[64];
    snprintf(address, sizeof address, "%s/%d", view_text(lease, "address"),
             (int)view_number(lease, "prefix_length", 0));
    cJSON_ArrayForEach(interface, cJSON_GetObjectItemCaseSensitive(host, "interfaces"))
    {
        if (cJSON_IsObject(lease) &&
            strcmp(view_text(interface, "name"), view_text(status, "interface")) == 0)
            cJSON_ReplaceItemInObjectCaseSensitive(interface, "address", cJSON_CreateString(address));
    }
    cJSON_Delete(reply);
}

static void add_leases(const struct rundir_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        cJSON *host;
        if (list->entries[i].life != RUNDIR_RUNNING)
            continue;
        cJSON_ArrayForEach(host, cJSON_GetObjectItemCaseSensitive(list->entries[i].json, "hosts"))
            add_lease(host);
    }
}

static bool is_wanted(const struct rundir_entry *entry, const char *name)
{
    return name == NULL || strcmp(name, entry->name) == 0;
}

static void print_json(const struct rundir_list *list, const char *name)
{
    cJSON *out = cJSON_CreateArray();
    for (size_t i = 0; i < list->n; i++)
        if (is_wanted(&list->entries[i], name))
            cJSON_AddItemToArray(out, lab_json(&list->entries[i]));
    view_print_json(out);
    cJSON_Delete(out);
}

static void print_text(const struct rundir_list *list, const char *name)
{
    bool shown = false;
    for (size_t i = 0; i < list->n; i++)
        if (is_wanted(&list->entries[i], name)) {
            print_lab(&list->entries[i]);
            shown = true;
        }
    if (!shown)
        puts("No lab runs.");
}

int command_ps(int argc, char **argv)
{
    struct view_args args;
    struct rundir_list list;
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code))
        return code;
    if (rundir_list_read(&list) < 0)
        return EXIT_CODE_FAILED;
    add_leases(&list);
    if (args.flags & VIEW_JSON)
        print_json(&list, args.lab);
    else
        print_text(&list, args.lab);
    rundir_list_free(&list);
    return EXIT_CODE_OK;
}
