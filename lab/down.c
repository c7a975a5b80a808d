/* dhcplab down: takes a lab away, whatever state it is in. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/rundir.h"

enum { TERM_LIMIT_MS = 6000, KILL_LIMIT_MS = 10000 };

static const char help[] = "Usage: dhcplab down [NAME] [--all]\n"
                           "\n"
                           "Takes the lab NAME away: its programs, its network and its files. Without NAME, "
                           "the only one that there is. A lab\n"
                           "whose supervisor was killed, or which went down by itself, is cleaned up too.\n"
                           "\n"
                           "  -n, --name NAME  the same as NAME\n"
                           "  --all            every lab of this user\n"
                           "  --help           this text\n"
                           "\n"
                           "Examples:\n"
                           "  dhcplab down\n"
                           "  dhcplab down lan\n"
                           "  dhcplab down --all\n";

struct down_options {
    const char *name; /* NULL: the only one */
    bool all;
};

static int usage_error(const char *text)
{
    fprintf(stderr, "dhcplab down: %s; see `dhcplab down --help`\n", text);
    return EXIT_CODE_USAGE;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct down_options *out)
{
    enum { OPT_HELP = 256, OPT_ALL };
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"all", no_argument, NULL, OPT_ALL},
                                            {"help", no_argument, NULL, OPT_HELP},
                                            {0}};
    *out = (struct down_options){0};
    int option;
    while ((option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            out->name = optarg;
            break;
        case OPT_ALL:
            out->all = true;
            break;
        case OPT_HELP:
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default:
            return usage_error("an option is wrong");
        }
    }
    if (argc - optind > (out->name == NULL ? 1 : 0))
        return usage_error("one name at a time");
    if (optind < argc)
        out->name = argv[optind];
    return out->all && out->name != NULL ? usage_error("--all leaves nothing to name") : -1;
}

/* Waits until the process has gone, and with it, as it is the first of its pid namespace, all the others. */
static bool await_end(int pidfd, int timeout_ms)
{
    struct pollfd waiting = {.fd = pidfd, .events = POLLIN};
    return poll(&waiting, 1, timeout_ms) > 0;
}

/* While the lock is held a process of the lab lives, and while one lives, the first of them keeps its pid: so
 * the pid in the lock is the supervisor's if the lock is still held once we have a hold on the process. */
static int end_processes(const struct rundir_entry *entry)
{
    if (entry->pid == 0) {
        fprintf(stderr, "dhcplab: the lab %s is just starting; try again in a moment\n", entry->name);
        return ERR_EXISTS;
    }
    int pidfd = (int)syscall(SYS_pidfd_open, entry->pid, 0);
    int rc = 0;
    if (pidfd >= 0 && rundir_is_held(entry->dir)) {
        syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
        if (!await_end(pidfd, TERM_LIMIT_MS)) {
            syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
            if (!await_end(pidfd, KILL_LIMIT_MS))
                rc = ERR_TIMEOUT;
        }
    }
    if (pidfd >= 0)
        close(pidfd);
    if (rc == 0 && !rundir_is_held(entry->dir))
        return 0;
    fprintf(stderr,
            "dhcplab: the supervisor of %s (process %d) cannot be ended; is a `dhcplab exec` suspended?\n",
            entry->name, (int)entry->pid);
    return rc < 0 ? rc : ERR_DENIED;
}

/* Takes the lock of what a dead lab left, so that no new one of that name starts in it meanwhile. */
static int remove_files(const struct rundir_entry *entry)
{
    char dir[LAB_PATH_MAX];
    int lock;
    int rc = rundir_claim(entry->name, dir, &lock);
    if (rc < 0)
        return rc;
    rundir_remove(dir);
    close(lock);
    return 0;
}

static int take_down(const struct rundir_entry *entry)
{
    int rc = 0;
    switch (entry->life) {
    case RUNDIR_STARTING:
    case RUNDIR_RUNNING:
        rc = end_processes(entry);
        break;
    case RUNDIR_DEAD:
        printf("The supervisor of %s was killed; its files are removed.\n", entry->name);
        break;
    case RUNDIR_FAILED:
        printf("The lab %s had gone down by itself; the record of it is removed.\n", entry->name);
        break;
    }
    if (rc == 0)
        rc = remove_files(entry);
    if (rc < 0)
        return EXIT_CODE_FAILED;
    printf("The lab %s is down.\n", entry->name);
    return EXIT_CODE_OK;
}

static int tell_none(const struct down_options *options)
{
    if (options->all) {
        puts("No lab runs.");
        return EXIT_CODE_OK;
    }
    if (options->name == NULL)
        fprintf(stderr, "dhcplab: no lab runs\n");
    else
        fprintf(stderr, "dhcplab: there is no lab of the name %s; `dhcplab ps` shows those that are\n",
                options->name);
    return EXIT_CODE_FAILED;
}

int command_down(int argc, char **argv)
{
    struct down_options options;
    struct rundir_list list;
    int code = parse_options(argc, argv, &options);
    if (code >= 0)
        return code;
    if (rundir_list_read(&list) < 0)
        return EXIT_CODE_FAILED;
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++)
        n += options.name == NULL || strcmp(options.name, list.entries[i].name) == 0;
    if (n == 0) {
        code = tell_none(&options);
    } else if (n > 1 && !options.all && options.name == NULL) {
        fprintf(stderr, "dhcplab: there are several labs; name one, or say --all:");
        for (size_t i = 0; i < list.n; i++)
            fprintf(stderr, " %s", list.entries[i].name);
        fprintf(stderr, "\n");
        code = EXIT_CODE_USAGE;
    } else {
        code = EXIT_CODE_OK;
        for (size_t i = 0; i < list.n; i++)
            if ((options.name == NULL || strcmp(options.name, list.entries[i].name) == 0) &&
                take_down(&list.entries[i]) != EXIT_CODE_OK)
                code = EXIT_CODE_FAILED;
    }
    rundir_list_free(&list);
    return code;
}
