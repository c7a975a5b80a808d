/* dhcplab exec: runs a program inside a host of a lab. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/enter.h"
#include "lab/rundir.h"

enum { EXIT_NOT_RUN = 126, EXIT_NOT_THERE = 127, EXIT_SIGNAL = 128 };

static const char help[] = "Usage: dhcplab exec [-n NAME] HOST [--] COMMAND [ARGUMENTS...]\n"
                           "\n"
                           "Runs COMMAND inside HOST: with its network and with the processes of the lab, in "
                           "the folder and on the terminal\n"
                           "where you are. The exit code is that of COMMAND; 126 if it cannot be run, 127 if "
                           "there is none of that name,\n"
                           "128 + N if signal N ended it.\n"
                           "\n"
                           "  -n, --name NAME  the lab, where several run\n"
                           "  --help           this text\n"
                           "\n"
                           "Examples:\n"
                           "  dhcplab exec h1 ping -c 1 10.77.0.1\n"
                           "  dhcplab exec server tcpdump -n -i eth0\n"
                           "  dhcplab exec h1 bash\n";

static volatile sig_atomic_t child_pid;

/* Ends with us, if somebody ends us and not the whole process group as a terminal does. */
static void forward(int signal)
{
    int error = errno;
    if (child_pid > 0)
        kill((pid_t)child_pid, signal);
    errno = error;
}

/* -1: go on, with optind at HOST and *out_command at COMMAND; else the exit code. */
static int parse_options(int argc, char **argv, const char **out_name, char ***out_command)
{
    enum { OPT_HELP = 256 };
    static const struct option options[] = {
        {"name", required_argument, NULL, 'n'}, {"help", no_argument, NULL, OPT_HELP}, {0}};
    int option;
    *out_name = NULL;
    while ((option = getopt_long(argc, argv, "+n:h", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            *out_name = optarg;
            break;
        case OPT_HELP:
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default:
            return command_usage_error("exec", "an option is wrong", "");
        }
    }
    int at = optind + 1;
    if (at < argc && strcmp(argv[at], "--") == 0)
        at++;
    *out_command = argv + at;
    if (at < argc)
        return -1;
    return command_usage_error("exec", "expected a host and a command", "");
}

/* So that a `dhcplab` inside finds the same labs as outside, where it may look like root, and knows where it
 * is. */
static void tell_place(const struct lab_state *lab, const struct lab_host_state *host)
{
    char base[LAB_PATH_MAX];
    snprintf(base, sizeof base, "%s", lab->dir);
    char *slash = strrchr(base, '/');
    if (slash != NULL && slash != base) {
        *slash = '\0';
        setenv("DHCPLAB_RUN", base, 1);
    }
    setenv("DHCPLAB_LAB", lab->name, 1);
    setenv("DHCPLAB_HOST", host->name, 1);
}

/* While the program runs: end it if somebody ends us; and leave to it what the terminal sends to both. */
static const struct {
    int signal;
    void (*handler)(int);
} while_running[] = {{SIGTERM, forward}, {SIGHUP, forward}, {SIGINT, SIG_IGN}, {SIGQUIT, SIG_IGN}};

enum { N_WHILE_RUNNING = sizeof while_running / sizeof while_running[0] };

/* Is there such a program, whether it can be run or not? */
static bool is_there(const char *program)
{
    const char *path = getenv("PATH");
    if (strchr(program, '/') != NULL || path == NULL)
        return true;
    for (;;) {
        char file[4096];
        int len = (int)strcspn(path, ":");
        snprintf(file, sizeof file, "%.*s/%s", len, path, program);
        if (access(file, F_OK) == 0)
            return true;
        if (path[len] == '\0')
            return false;
        path += len + 1;
    }
}

static void run(char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGXFSZ, SIG_DFL); /* main() ignores it */
    execvp(argv[0], argv);
    int error = errno;
    /* A folder of PATH that is closed to this user is no program that is. */
    if (error == EACCES && !is_there(argv[0]))
        error = ENOENT;
    fprintf(stderr, "dhcplab exec: %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? EXIT_NOT_THERE : EXIT_NOT_RUN);
}

/* Runs the program and returns its exit code. */
static int run_and_wait(char **argv)
{
    struct sigaction before[N_WHILE_RUNNING];
    sigset_t all, mask;
    int status;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    for (size_t i = 0; i < N_WHILE_RUNNING; i++) {
        struct sigaction action = {.sa_handler = while_running[i].handler};
        sigaction(while_running[i].signal, &action, &before[i]);
    }
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < N_WHILE_RUNNING; i++)
            sigaction(while_running[i].signal, &before[i], NULL);
        sigprocmask(SIG_SETMASK, &mask, NULL);
        run(argv);
    }
    child_pid = pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pid < 0) {
        fprintf(stderr, "dhcplab exec: cannot make a process: %s\n", strerror(errno));
        return EXIT_NOT_RUN;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_NOT_RUN;
    child_pid = 0;
    return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

int command_exec(int argc, char **argv)
{
    struct lab_state lab;
    const char *name;
    char here[4096], **command;
    int code = parse_options(argc, argv, &name, &command);
    if (code >= 0)
        return code;
    if (rundir_load(name, &lab) < 0)
        return EXIT_CODE_FAILED;
    const struct lab_host_state *host = rundir_find(&lab, argv[optind]);
    if (host == NULL) {
        fprintf(stderr, "dhcplab exec: the lab %s has no host %s; `dhcplab ps` lists them\n", lab.name,
                argv[optind]);
        return EXIT_CODE_USAGE;
    }
    bool has_folder = getcwd(here, sizeof here) != NULL;
    if (enter_host(&lab, host) < 0) {
        fprintf(stderr, "dhcplab exec: cannot enter %s: %s\n", host->name, strerror(errno));
        return EXIT_NOT_RUN;
    }
    /* In "/" already: that is where one stays if the folder is not there. */
    if (has_folder && chdir(here) < 0)
        fprintf(stderr, "dhcplab exec: the folder %s is not there inside %s: %s\n", here, host->name,
                strerror(errno));
    tell_place(&lab, host);
    code = run_and_wait(command);
    /* Our children are in another pid namespace than we are, so that we can have no threads any more; some
     * exit handlers, those of sanitizers, start one. */
    fflush(NULL);
    _exit(code);
}
