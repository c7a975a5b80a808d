/* dhcplab down: takes a lab away, whatever state it is in. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/rundir.h"
#include "lab/veth_dir.h"

enum {
    TERM_LIMIT_MS = 5000, /* the supervisor gives its programs 3 s */
    KILL_LIMIT_MS = 5000,
    PID_TRIES = 100,
    PID_STEP_MS = 10,
};

static const char help[] =
    "Usage: dhcplab down [NAME] [--all]\n"
    "\n"
    "Takes the lab NAME away: its programs, its network and its files. Without NAME, "
    "the only one that there is. A lab\n"
    "whose supervisor was killed, or which went down by itself, is cleaned up too.\n"
    "\n"
    "  -n, --name NAME  the same as NAME\n"
    "  --all            every lab of this user, and what a killed `dhcplab run --veth` "
    "has left\n"
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
            return command_usage_error("down", "an option is wrong", "");
        }
    }
    if (argc - optind > (out->name == NULL ? 1 : 0))
        return command_usage_error("down", "one name at a time", "");
    if (optind < argc)
        out->name = argv[optind];
    return out->all && out->name != NULL ? command_usage_error("down", "--all leaves nothing to name", "")
                                         : -1;
}

/* Waits until the process has gone, and with it, as it is the first of its pid namespace, all the others. */
static bool await_end(int pidfd, int timeout_ms)
{
    struct pollfd waiting = {.fd = pidfd, .events = POLLIN};
    return poll(&waiting, 1, timeout_ms) > 0;
}

/* A lab that is just starting has its pid in a moment. */
static pid_t await_pid(const struct rundir_entry *entry)
{
    pid_t pid = entry->pid;
    for (int tries = 0; pid == 0 && tries < PID_TRIES && rundir_is_held(entry->dir); tries++) {
        nanosleep(&(struct timespec){.tv_nsec = PID_STEP_MS * 1000000L}, NULL);
        pid = rundir_read_pid(entry->dir);
    }
    return pid;
}

/* Ends the process behind `pidfd`. False if it does not end. */
static bool end_process(const struct rundir_entry *entry, int pidfd)
{
    syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
    if (await_end(pidfd, TERM_LIMIT_MS))
        return true;
    if (!rundir_is_held(entry->dir))
        return false;
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    return await_end(pidfd, KILL_LIMIT_MS);
}

static int end_processes(const struct rundir_entry *entry)
{
    pid_t pid = await_pid(entry);
    int pidfd = pid == 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    bool ended = true;
    /* Asked after the process is in our hands, so that it is the supervisor and no later process of that pid.
     */
    if (pidfd >= 0 && rundir_is_held(entry->dir))
        ended = end_process(entry, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    if (rundir_is_held(entry->dir)) {
        fprintf(stderr, "dhcplab: the supervisor of %s (process %d) cannot be ended\n", entry->name,
                (int)pid);
        return ERR_TIMEOUT;
    }
    /* The kernel keeps the first process of a pid namespace until the parents of all others have noticed. */
    if (!ended)
        fprintf(stderr,
                "dhcplab: a suspended `dhcplab exec` still holds process %d of %s, which is dead otherwise\n",
                (int)pid, entry->name);
    return 0;
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
    if (options.all)
        veth_dir_clean();
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
