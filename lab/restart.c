/* dhcplab restart: ends the program of a host and starts it anew, in the same place. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control_call.h"
#include "common/err.h"
#include "common/io_loop.h"
#include "lab/command.h"
#include "lab/hostlog.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab restart HOST [-n NAME] [--timeout SECONDS]\n"
    "\n"
    "Ends the server or client of a host (SIGTERM, and SIGKILL to one that does not heed it for three\n"
    "seconds) and starts it anew; one that has ended is just started. A client takes its address away when\n"
    "it ends, without a RELEASE, and asks for the same one again: INIT-REBOOT (RFC 2131 3.2). A server has\n"
    "the leases of its lease file. The command waits until the new program answers.\n"
    "\n"
    "  --timeout SECONDS  wait that long at most (60)\n"
    "  -n, --name NAME    the lab, where several run\n"
    "  --help             this text\n"
    "\n"
    "Exit codes: 0 it answers; 1 it cannot be started, or does not answer; 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab restart h1 && dhcplab log --ladder h1    # REQUEST without DISCOVER\n"
    "  dhcplab restart server && dhcplab leases\n";

static const struct view_command command = {help, VIEW_TIMEOUT, 1, 1};

enum { POLL_STEP_MS = 20, LAST_WORD_MAX = 1024 };

static bool answers(const struct lab_host_state *host)
{
    char why[VIEW_WHY_MAX];
    cJSON *reply = view_call(host, "version-get", NULL, VIEW_CALL_MS, why);
    cJSON_Delete(reply);
    return reply != NULL;
}

static void tell_end(const struct lab_state *lab, const struct lab_host_state *host)
{
    char last[LAST_WORD_MAX] = "";
    char *log = hostlog_read(lab->dir, host->name, NULL);
    if (log != NULL)
        hostlog_last(log, last, sizeof last);
    free(log);
    fprintf(stderr, "dhcplab: %s: dhcplab-%s was started anew, and %s%s%s\n", host->name,
            lab_role_name(host->role), host->ended, last[0] == '\0' ? "" : "; its last word: ", last);
}

/* Until the program that was started answers, or has ended, too. */
static int await_answer(const char *lab_name, const char *host_name, unsigned timeout_s)
{
    struct lab_state lab;
    time_ms until_ms = io_real_ms() + (time_ms)timeout_s * 1000;
    while (rundir_load(lab_name, &lab) == 0) {
        const struct lab_host_state *host = rundir_find(&lab, host_name);
        if (host->ended[0] != '\0') {
            tell_end(&lab, host);
            return EXIT_CODE_FAILED;
        }
        if (answers(host))
            return EXIT_CODE_OK;
        if (io_real_ms() >= until_ms) {
            fprintf(stderr, "dhcplab: %s was started anew, but does not answer\n", host->name);
            return EXIT_CODE_FAILED;
        }
        poll(NULL, 0, POLL_STEP_MS);
    }
    return EXIT_CODE_FAILED;
}

static int restart(const struct lab_state *lab, const struct lab_host_state *host, unsigned timeout_s)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX];
    cJSON *reply = NULL, *arguments = cJSON_CreateObject();
    snprintf(path, sizeof path, "%s/lab.sock", lab->dir);
    cJSON_AddStringToObject(arguments, "host", host->name);
    int err = control_call(path, "restart", arguments, (int)timeout_s * 1000, &reply);
    int code = EXIT_CODE_FAILED;
    if (err < 0)
        fprintf(stderr, "dhcplab: the lab %s does not answer: %s\n", lab->name, err_text(err));
    else if ((int)view_number(reply, "result", CONTROL_ERROR) != CONTROL_SUCCESS)
        fprintf(stderr, "dhcplab: %s: %s\n", host->name, view_text(reply, "text"));
    else
        code = await_answer(lab->name, host->name, timeout_s);
    if (code == EXIT_CODE_OK)
        printf("%s: %s\n", host->name, view_text(reply, "text"));
    cJSON_Delete(arguments);
    cJSON_Delete(reply);
    return code;
}

int command_restart(int argc, char **argv)
{
    struct view_args args;
    struct lab_state lab;
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code) || !view_lab_load(&args, &lab, &code))
        return code;
    const struct lab_host_state *host = rundir_find(&lab, args.hosts[0]);
    if (!view_has_program(host))
        return EXIT_CODE_USAGE;
    return restart(&lab, host, args.timeout_s);
}
