/* dhcplab command: any command over a program's control socket, and the reply as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control.h"
#include "lab/command.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab command HOST COMMAND [ARGUMENTS] [-n NAME]\n"
    "\n"
    "Sends a command of Kea's command channel to the program of a host and prints the reply. ARGUMENTS is a "
    "JSON map.\n"
    "`list-commands` tells what the program knows.\n"
    "\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 the result is 0; 3 the result is 3 (nothing found); 1 any other, or no answer; 2 wrong "
    "usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab command server list-commands\n"
    "  dhcplab command server lease4-get '{\"ip-address\": \"10.77.0.100\"}'\n"
    "  dhcplab command server statistic-get-all | jq .arguments\n"
    "  dhcplab command server config-get | jq '{Dhcp4: .arguments.Dhcp4}'\n";

/* The command and its arguments stand where other commands have hosts. */
enum { MAX_WORDS = 3 };

static const struct view_command command = {help, 0, 2, MAX_WORDS};

static bool read_arguments(const struct view_args *args, cJSON **out)
{
    *out = NULL;
    if (args->n_hosts < MAX_WORDS)
        return true;
    *out = cJSON_ParseWithOpts(args->hosts[2], NULL, true);
    if (cJSON_IsObject(*out))
        return true;
    fprintf(stderr, "dhcplab command: ARGUMENTS is not a JSON map: %s\n", args->hosts[2]);
    cJSON_Delete(*out);
    return false;
}

static int exit_code(const cJSON *reply)
{
    switch ((int)view_number(reply, "result", CONTROL_ERROR)) {
    case CONTROL_SUCCESS:
        return EXIT_CODE_OK;
    case CONTROL_EMPTY:
        return EXIT_CODE_PARTLY;
    default: /* not our enum: whatever the program answers */
        return EXIT_CODE_FAILED;
    }
}

static int send_command(const struct lab_host_state *host, const char *name, const cJSON *arguments)
{
    char why[VIEW_WHY_MAX];
    cJSON *reply = view_call(host, name, arguments, VIEW_CALL_MS, why);
    if (reply == NULL) {
        fprintf(stderr, "dhcplab: %s\n", why);
        return EXIT_CODE_FAILED;
    }
    int code = exit_code(reply);
    view_print_json(reply);
    cJSON_Delete(reply);
    return code;
}

int command_send(int argc, char **argv)
{
    struct view_args args;
    struct lab_state lab;
    cJSON *arguments;
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code))
        return code;
    const char *const *words = args.hosts;
    if (!read_arguments(&args, &arguments))
        return EXIT_CODE_USAGE;
    args.n_hosts = 1; /* what follows is no host */
    if (view_lab_load(&args, &lab, &code)) {
        const struct lab_host_state *host = rundir_find(&lab, words[0]);
        code = view_has_program(host) ? send_command(host, words[1], arguments) : EXIT_CODE_USAGE;
    }
    cJSON_Delete(arguments);
    return code;
}
