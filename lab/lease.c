/* dhcplab release, renew, rebind, decline and inform: drive a client. */
#include <stdbool.h>
#include <stdio.h>

#include "common/control.h"
#include "lab/command.h"
#include "lab/view_lab.h"

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

static const char help_rebind[] =
    "Usage: dhcplab rebind HOST [-n NAME] [--timeout SECONDS] [--json]\n"
    "\n"
    "The client asks every server to extend its lease (a broadcast REQUEST), as it does by itself at T2; "
    "without "
    "a lease it\n"
    "searches anew. The command waits for the outcome.\n"
    "\n"
    "  --timeout SECONDS  give up after that long (60)\n"
    "  -n, --name NAME    the lab, where several run\n"
    "  --json             the client's answer as JSON, with its status\n"
    "  --help             this text\n"
    "\n"
    "Exit codes: 0 the lease is there; 1 no server gave one, or the client does not answer; 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab rebind h1\n"
    "  dhcplab rebind h1 --timeout 5 && dhcplab timers h1\n";

static const char help_decline[] =
    "Usage: dhcplab decline HOST [-n NAME] [--json]\n"
    "\n"
    "The client says that its address must not be used: it takes the address off its interface, sends "
    "DECLINE, and "
    "begins anew\n"
    "after ten seconds (RFC 2131 3.1 (5)). The server keeps the address from everybody for its\n"
    "decline-probation-period (24 hours, if it is not told otherwise); lease4-del gets it back at once.\n"
    "\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --json           the client's answer as JSON, with its status\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 declined; 1 there was no address to decline, or the client does not answer; 2 wrong "
    "usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab decline h1 && dhcplab leases\n"
    "  dhcplab decline h1 && dhcplab log --ladder h1\n"
    "  dhcplab command server lease4-del '{\"ip-address\": \"10.77.0.100\"}'\n";

static const char help_inform[] =
    "Usage: dhcplab inform HOST [-n NAME] [--timeout SECONDS] [--json]\n"
    "\n"
    "The client asks for the configuration that goes with an address of its interface which did not come "
    "from DHCP "
    "(INFORM,\n"
    "RFC 2131 3.4): no lease, no timers, nothing on the interface is changed; `dhcplab status` shows the "
    "answer. A "
    "client that\n"
    "searches for a lease stops doing so; one that has a lease refuses.\n"
    "\n"
    "  --timeout SECONDS  give up after that long (60)\n"
    "  -n, --name NAME    the lab, where several run\n"
    "  --json             the client's answer as JSON, with its status\n"
    "  --help             this text\n"
    "\n"
    "Exit codes: 0 a server answered; 1 none did, or there is no such address, or the client does not "
    "answer; 2 "
    "wrong usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab release h1; dhcplab exec h1 ip address add 10.77.0.50/24 dev eth0; dhcplab inform h1\n"
    "  dhcplab inform h1 --json | jq .arguments.inform.dns\n";

static const struct view_command release = {help_release, VIEW_JSON, 1, 1};
static const struct view_command renew = {help_renew, VIEW_JSON | VIEW_TIMEOUT, 1, 1};
static const struct view_command rebind = {help_rebind, VIEW_JSON | VIEW_TIMEOUT, 1, 1};
static const struct view_command decline = {help_decline, VIEW_JSON, 1, 1};
static const struct view_command inform = {help_inform, VIEW_JSON | VIEW_TIMEOUT, 1, 1};

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

/* `name`: what it is called by the client, too. */
static int run(int argc, char **argv, const char *name, const struct view_command *command)
{
    struct view_args args;
    struct lab_state lab;
    char why[VIEW_WHY_MAX];
    int code;
    if (!view_args_read(argc, argv, command, &args, &code) || !view_lab_load(&args, &lab, &code))
        return code;
    const struct lab_host_state *host = rundir_find(&lab, args.hosts[0]);
    if (!view_has_role(host, LAB_CLIENT))
        return EXIT_CODE_USAGE;
    cJSON *arguments = NULL;
    int timeout_ms = VIEW_CALL_MS;
    if (command->flags & VIEW_TIMEOUT) {
        arguments = cJSON_CreateObject();
        cJSON_AddNumberToObject(arguments, "timeout_s", args.timeout_s);
        timeout_ms = (int)args.timeout_s * 1000 + GRACE_MS;
    }
    cJSON *reply = view_call(host, name, arguments, timeout_ms, why);
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
    return run(argc, argv, "release", &release);
}

int command_renew(int argc, char **argv)
{
    return run(argc, argv, "renew", &renew);
}

int command_rebind(int argc, char **argv)
{
    return run(argc, argv, "rebind", &rebind);
}

int command_decline(int argc, char **argv)
{
    return run(argc, argv, "decline", &decline);
}

int command_inform(int argc, char **argv)
{
    return run(argc, argv, "inform", &inform);
}
