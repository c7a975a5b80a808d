/* dhcplab events: what a client does, as it happens, over its control socket. */
#include <stdio.h>
#include <stdlib.h>

#include "common/control_call.h"
#include "common/err.h"
#include "lab/command.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab events HOST [-n NAME] [--json]\n"
    "\n"
    "Shows what the client of a host does from now on: each message, decision and change of state. It comes "
    "from "
    "the client's\n"
    "control socket, not from the lab's trace file (`dhcplab log -f`), and ends when the client does.\n"
    "\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --json           one JSON object a line, as traced\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 the client has ended; 1 it does not answer; 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab events h1\n"
    "  dhcplab events h1 --json | jq -r 'select(.kind == \"state\") | .to'\n";

static const struct view_command command = {help, VIEW_JSON, 1, 1};

struct show {
    bool json;
    enum trace_color color;
};

static bool show_line(void *user, const char *line)
{
    const struct show *show = user;
    cJSON *event = show->json ? NULL : cJSON_Parse(line);
    char *text = event != NULL ? trace_text(event, show->color) : NULL;
    if (text != NULL)
        view_print(text);
    else
        puts(line);
    free(text);
    cJSON_Delete(event);
    return fflush(stdout) == 0;
}

int command_events(int argc, char **argv)
{
    struct view_args args;
    struct lab_state lab;
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code) || !view_lab_load(&args, &lab, &code))
        return code;
    const struct lab_host_state *host = rundir_find(&lab, args.hosts[0]);
    if (!view_has_role(host, LAB_CLIENT))
        return EXIT_CODE_USAGE;
    struct show show = {.json = (args.flags & VIEW_JSON) != 0, .color = view_color()};
    cJSON *reply = NULL;
    int err = control_call_follow(host->control, "events", VIEW_CALL_MS, show_line, &show, &reply);
    code = EXIT_CODE_FAILED;
    if (err < 0)
        fprintf(stderr, "dhcplab: %s does not answer: %s\n", host->name, err_text(err));
    else if ((int)view_number(reply, "result", CONTROL_ERROR) != CONTROL_SUCCESS)
        fprintf(stderr, "dhcplab: %s: %s\n", host->name, view_text(reply, "text"));
    else
        code = EXIT_CODE_OK;
    cJSON_Delete(reply);
    return code;
}
