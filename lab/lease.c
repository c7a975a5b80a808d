/* dhcplab release and renew: drive a client as `ipconfig /release` and `ipconfig /renew` do. */
#include <stdbool.h>
#include <stdio.h>

#include "common/control.h"
#include "lab/command.h"
#include "lab/view.h"

static const char help_release[] =
    "Usage: dhcplab release HOST [-n NAME] [--json]\n"
    "\n"
    "The client gives its lease back: it sends RELEASE, takes the address off its interface and stops.\n"
    "\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --json           the client's answer as JSON\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 released; 1 there was nothing to release, or the client does not answer; 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab release h1\n"
    "  dhcplab release h1 && dhcplab leases\n";

static const char help_renew[] =
    "Usage: dhcplab renew HOST [-n NAME] [--timeout SECONDS] [--json]\n"
    "\n"
    "The client gets a lease: with one, it asks its server to extend it (a unicast REQUEST); without one, it "
    "searches anew\n"
    "(DISCOVER, OFFER, REQUEST, ACK). The command waits for the outcome.\n"
    "\n"
    "  --timeout SECONDS  give up after that long (60)\n"
    "  -n, --name NAME    the lab, where several run\n"
    "  --json             the client's answer as JSON, with its status\n"
    "  --help             this text\n"
    "\n"
    "Exit codes: 0 the lease is there; 1 no server gave one, or the client does not answer; 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab renew h1\n"
    "  dhcplab renew h1 --timeout 10\n"
    "  dhcplab renew h1 --json | jq .arguments.lease.expiry\n";

static const struct view_command release = {help_release, VIEW_JSON, 1, 1};
static const struct view_command renew = {help_renew, VIEW_JSON | VIEW_TIMEOUT, 1, 1};

/* A client answers within its own timeout; what comes later than this is no answer. */
enum { GRACE_MS = 5000 };

static int print_reply(const struct view_args *args, const char *host, cJSON *reply)
{
    bool ok = (int)view_number(reply, "result", CONTROL_ERROR) == CONTROL_SUCCESS;
    const char *text = view_text(reply, "text");
    if (args->flags & VIEW_JSON) {
        cJSON_AddStringToObject(reply, "host", host);
        view_print_json(reply);
    } else if (ok) {
        printf("%s: %s\n", host, text);
    } else {
        fprintf(stderr, "dhcplab: %s: %s\n", host, text);
    }
    return ok ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int run(int argc, char **argv, const struct view_command *command)
{
    struct view_args args;
    struct lab_state lab;
    char why[VIEW_WHY_MAX];
    int code;
    if (!view_args_read(argc, argv, command, &args, &code) || !view_lab_load(&args, &lab, &code))
        return code;
    const struct lab_host_state *host = rundir_find(&lab, args.hosts[0]);
    if (host->role != LAB_CLIENT) {
        fprintf(stderr, "dhcplab: %s runs no DHCP client: its role is %s\n", host->name,
                lab_role_name(host->role));
        return EXIT_CODE_USAGE;
    }
    cJSON *arguments = NULL;
    int timeout_ms = VIEW_CALL_MS;
    if (command->flags & VIEW_TIMEOUT) {
        arguments = cJSON_CreateObject();
        cJSON_AddNumberToObject(arguments, "timeout_s", args.timeout_s);
        timeout_ms = (int)args.timeout_s * 1000 + GRACE_MS;
    }
    cJSON *reply = view_call(host, argv[0], arguments, timeout_ms, why);
    if (reply == NULL) {
        fprintf(stderr, "dhcplab: %s\n", why);
        code = EXIT_CODE_FAILED;
    } else {
        code = print_reply(&args, host->name, reply);
    }
    cJSON_Delete(arguments);
    cJSON_Delete(reply);
    return code;
}

int command_release(int argc, char **argv)
{
    return run(argc, argv, &release);
}

int command_renew(int argc, char **argv)
{
    return run(argc, argv, &renew);
}
