/* dhcplab log: every message of every node with every option, and every decision, from the lab's trace file.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "lab/command.h"
#include "lab/ladder.h"
#include "lab/trace_lines.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab log [HOST...] [-n NAME] [-f] [--json | --ladder]\n"
    "\n"
    "Shows what happened in the lab, or on the named hosts: every DHCP message with its header fields and "
    "every option (code,\n"
    "name, length, value), and every decision of the servers and clients with its reason.\n"
    "\n"
    "  -f, --follow     go on with what happens from now; ends when the lab goes away\n"
    "  --ladder         messages as arrows between the hosts, each drawn once, with its options\n"
    "  --json           one JSON object a line, as traced\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --help           this text\n"
    "\n"
    "Colours only on a terminal, and not with NO_COLOR set.\n"
    "\n"
    "Exit codes: 0 ok; 1 no such lab; 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  dhcplab log --ladder\n"
    "  dhcplab log -f h1\n"
    "  dhcplab log --json | jq -r 'select(.kind == \"message\") | .options[] | \"\\(.code) \\(.name) "
    "\\(.text)\"'\n"
    "  dhcplab log --json server | jq 'select(.kind == \"decision\") | .text'\n";

static const struct view_command command = {help, VIEW_JSON | VIEW_FOLLOW | VIEW_LADDER, 0, LAB_HOSTS_MAX};

/* ---- reading lines ---- */

struct show {
    const struct view_args *args;
    enum trace_color color;
    cJSON *events; /* of the ladder; NULL: print at once */
};

static void show_line(struct show *show, const char *line)
{
    cJSON *event = cJSON_Parse(line);
    bool is_event = cJSON_IsObject(event);
    if (!is_event)
        fprintf(stderr, "dhcplab: the trace file has a line that is no JSON object; it is left out\n");
    if (!is_event || (show->events == NULL && !view_is_wanted(show->args, view_text(event, "node")))) {
        cJSON_Delete(event);
        return;
    }
    if (show->events != NULL) {
        cJSON_AddItemToArray(show->events, event);
        return;
    }
    if (show->args->flags & VIEW_JSON) {
        puts(line);
    } else {
        char *text = trace_text(event, show->color);
        if (text != NULL)
            view_print(text);
        free(text);
    }
    cJSON_Delete(event);
}

/* Shows the lines up to the end of the file. False, and told, if it cannot be read. */
static bool show_file(struct trace_lines *l, struct show *show)
{
    int rc;
    while ((rc = trace_lines_read(l)) > 0)
        for (const char *line; (line = trace_lines_next(l)) != NULL;)
            show_line(show, line);
    return rc == 0;
}

/* ---- following ---- */

/* Waits for more in the file. False: there will be none, or nobody reads our output any more. */
static bool wait_for_more(struct trace_lines *l, int pidfd)
{
    struct pollfd fds[] = {{l->inotify, POLLIN, 0}, {pidfd, POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
    if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0)
        return errno == EINTR;
    bool is_there = trace_lines_wake(l);
    return is_there && fds[1].revents == 0 && !(fds[2].revents & (POLLERR | POLLHUP));
}

static int follow(struct trace_lines *l, struct show *show, const struct lab_state *lab)
{
    int pidfd = pidfd_open(lab->pid, 0);
    bool more = pidfd >= 0, done = true;
    do {
        done = show_file(l, show);
        fflush(stdout);
        more = more && done && wait_for_more(l, pidfd);
    } while (more);
    if (pidfd >= 0)
        close(pidfd);
    return done ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

/* ---- the ladder ---- */

/* A plain host is a relay agent, or none. */
static bool has_spoken(const cJSON *events, const char *host)
{
    const cJSON *event;
    cJSON_ArrayForEach(event, events)
    {
        if (strcmp(view_text(event, "node"), host) == 0)
            return true;
    }
    return false;
}

static int print_ladder(const struct show *show, const struct lab_state *lab)
{
    const char *hosts[LAB_HOSTS_MAX];
    struct ladder_view view = {hosts, 0, show->args->hosts, show->args->n_hosts, show->color};
    _Static_assert((int)LAB_HOSTS_MAX <= (int)LADDER_HOSTS_MAX, "every host has a column");
    for (size_t i = 0; i < lab->n_hosts; i++)
        if (lab->hosts[i].role != LAB_PLAIN || has_spoken(show->events, lab->hosts[i].name))
            hosts[view.n_hosts++] = lab->hosts[i].name;
    char *text = ladder_text(show->events, &view);
    if (text == NULL) {
        fprintf(stderr, "dhcplab: out of memory\n");
        return EXIT_CODE_FAILED;
    }
    view_print(text);
    free(text);
    return EXIT_CODE_OK;
}

static int show_log(const struct view_args *args, const struct lab_state *lab)
{
    struct trace_lines lines;
    struct show show = {.args = args, .color = view_color()};
    if (!trace_lines_open(&lines, lab->trace, false))
        return EXIT_CODE_FAILED;
    if (args->flags & VIEW_LADDER)
        show.events = cJSON_CreateArray();
    int code = EXIT_CODE_OK;
    if (args->flags & VIEW_FOLLOW)
        code = follow(&lines, &show, lab);
    else if (!show_file(&lines, &show))
        code = EXIT_CODE_FAILED;
    if (show.events != NULL && code == EXIT_CODE_OK)
        code = print_ladder(&show, lab);
    cJSON_Delete(show.events);
    trace_lines_close(&lines);
    return code;
}

int command_log(int argc, char **argv)
{
    struct view_args args;
    struct lab_state lab;
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code))
        return code;
    if ((args.flags & VIEW_LADDER) && (args.flags & (VIEW_JSON | VIEW_FOLLOW))) {
        fprintf(stderr, "dhcplab log: --ladder shows what has happened; it does not go with --json or -f\n");
        return EXIT_CODE_USAGE;
    }
    if (!view_lab_load(&args, &lab, &code))
        return code;
    return show_log(&args, &lab);
}
