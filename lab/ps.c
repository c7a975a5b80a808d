/* dhcplab ps: what is running. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab/command.h"
#include "lab/rundir.h"

static const char help[] = "Usage: dhcplab ps [-n NAME] [--json]\n"
                           "\n"
                           "Shows the labs of this user: their hosts, what runs on them, and their "
                           "interfaces. A lab that was killed, or that\n"
                           "went down by itself, is shown with the reason until `dhcplab down` removes it.\n"
                           "\n"
                           "  -n, --name NAME  only this lab\n"
                           "  --json           as JSON: a list of labs\n"
                           "  --help           this text\n"
                           "\n"
                           "Examples:\n"
                           "  dhcplab ps\n"
                           "  dhcplab ps --json | jq '.[0].hosts[].name'\n";

struct ps_options {
    const char *name; /* NULL: all */
    bool json;
};

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct ps_options *out)
{
    enum { OPT_HELP = 256, OPT_JSON };
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"json", no_argument, NULL, OPT_JSON},
                                            {"help", no_argument, NULL, OPT_HELP},
                                            {0}};
    *out = (struct ps_options){0};
    int option;
    while ((option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            out->name = optarg;
            break;
        case OPT_JSON:
            out->json = true;
            break;
        case OPT_HELP:
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default:
            fprintf(stderr, "see `dhcplab ps --help`\n");
            return EXIT_CODE_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "dhcplab ps: %s is one argument too many; see `dhcplab ps --help`\n", argv[optind]);
    return EXIT_CODE_USAGE;
}

static const char *text_in(const cJSON *map, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static int number_in(const cJSON *map, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

static void print_host(const cJSON *host)
{
    char pid[32] = "-";
    if (number_in(host, "pid") != 0)
        snprintf(pid, sizeof pid, "%d", number_in(host, "pid"));
    printf("  %-12s %-7s %8s  ", text_in(host, "name"), text_in(host, "role"), pid);
    const cJSON *interface;
    const char *separator = "";
    cJSON_ArrayForEach(interface, cJSON_GetObjectItemCaseSensitive(host, "interfaces"))
    {
        const char *address = text_in(interface, "address");
        printf("%s%s %s%s%s (%s)", separator, text_in(interface, "name"),
               text_in(interface, "hardware_address"), address[0] == '\0' ? "" : " ", address,
               text_in(interface, "link"));
        separator = ", ";
    }
    printf("\n");
}

static void print_lab(const struct rundir_entry *entry)
{
    printf("%s: %s", entry->name, rundir_life_name(entry->life));
    switch (entry->life) {
    case RUNDIR_STARTING:
        printf("\n");
        break;
    case RUNDIR_RUNNING:
        printf(" since %s, supervisor %d, from %s\n", text_in(entry->json, "started"),
               number_in(entry->json, "pid"), text_in(entry->json, "file"));
        printf("  %-12s %-7s %8s  %s\n", "HOST", "ROLE", "PID", "INTERFACES");
        const cJSON *host;
        cJSON_ArrayForEach(host, cJSON_GetObjectItemCaseSensitive(entry->json, "hosts")) print_host(host);
        break;
    case RUNDIR_DEAD:
        printf(": its supervisor was killed; `dhcplab down %s` removes what is left\n", entry->name);
        break;
    case RUNDIR_FAILED:
        printf(" at %s: %s\n", text_in(entry->json, "time"), text_in(entry->json, "reason"));
        break;
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
                            entry->life == RUNDIR_FAILED ? text_in(entry->json, "reason") : "");
    return out;
}

static int print_json(const struct rundir_list *list, const char *name)
{
    cJSON *out = cJSON_CreateArray();
    for (size_t i = 0; i < list->n; i++)
        if (name == NULL || strcmp(name, list->entries[i].name) == 0)
            cJSON_AddItemToArray(out, lab_json(&list->entries[i]));
    char *text = cJSON_Print(out);
    if (text != NULL)
        puts(text);
    int code = text != NULL ? EXIT_CODE_OK : EXIT_CODE_FAILED;
    cJSON_free(text);
    cJSON_Delete(out);
    return code;
}

int command_ps(int argc, char **argv)
{
    struct ps_options options;
    struct rundir_list list;
    int code = parse_options(argc, argv, &options);
    if (code >= 0)
        return code;
    if (rundir_list_read(&list) < 0)
        return EXIT_CODE_FAILED;
    code = EXIT_CODE_OK;
    size_t shown = 0;
    if (options.json)
        code = print_json(&list, options.name);
    for (size_t i = 0; !options.json && i < list.n; i++) {
        if (options.name != NULL && strcmp(options.name, list.entries[i].name) != 0)
            continue;
        print_lab(&list.entries[i]);
        shown++;
    }
    if (!options.json && shown == 0)
        puts("No lab runs.");
    rundir_list_free(&list);
    return code;
}
