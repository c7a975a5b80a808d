#include "lab/program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "common/err.h"
#include "lab/labclock.h"

pid_t program_outer_pid(int outer_proc)
{
    char text[32];
    ssize_t n = readlinkat(outer_proc, "self", text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    return (pid_t)strtol(text, NULL, 10);
}

int program_redirect(const char *out_path)
{
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(out_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        return ERR_IO;
    close(in);
    close(out);
    return 0;
}

/* The command line */

enum { ARGUMENTS_MAX = 24, ARGUMENT_PATHS = 7 };

/* The command line of a host's program. */
struct command_line {
    char path[ARGUMENT_PATHS][LAB_PATH_MAX + LAB_NAME_MAX];
    char clock[LABCLOCK_PATH_MAX];
    char program[TOPOLOGY_PATH_MAX + LAB_NAME_MAX];
    char count[16];
    char *argv[ARGUMENTS_MAX];
    size_t argc;
};

static void put(struct command_line *c, const char *argument)
{
    assert(c->argc + 1 < ARGUMENTS_MAX);
    /* exec takes char * for history's sake and does not write to it. */
    memcpy(&c->argv[c->argc++], &argument, sizeof argument);
}

static void put_pair(struct command_line *c, const char *name, const char *value)
{
    put(c, name);
    put(c, value);
}

static void put_command(const struct program_plan *p, struct command_line *c)
{
    static const char *const suffixes[ARGUMENT_PATHS] = {"json", "sock", "log", "csv", "lease", "resolv"};
    const char *name = p->host->name, *role = lab_role_name(p->host->role);
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < ARGUMENT_PATHS - 1; i++)
        snprintf(c->path[i], sizeof c->path[i], "%s/%s.%s", p->lab->dir, name, suffixes[i]);
    snprintf(c->path[6], sizeof c->path[6], "%s/trace.ndjson", p->lab->dir);
    snprintf(c->program, sizeof c->program, "%s/dhcplab-%s", p->lab->programs, role);
    put(c, c->program);
    put_pair(c, "-c", p->host->config_file != NULL ? p->host->config_file : c->path[0]);
    put_pair(c, "--control", c->path[1]);
    put_pair(c, "--trace", c->path[6]);
    put_pair(c, "--node", name);
    labclock_path(p->lab->dir, c->clock);
    put_pair(c, "--clock", c->clock);
    if (p->host->role == LAB_CLIENT) {
        put_pair(c, "-i", p->host->interface);
        if (p->host->n_clients > 0) {
            snprintf(c->count, sizeof c->count, "%u", p->host->n_clients);
            put_pair(c, "--count", c->count);
            return;
        }
        put_pair(c, "--lease-file", c->path[4]);
        put_pair(c, "--resolv-conf", c->path[5]);
        put(c, "--set-hostname");
    } else {
        put(c, "-f");
        put_pair(c, "--lease-file", c->path[3]);
    }
}

/* The child */

/* What the child tells while it becomes the program: its pid outside; then nothing more, or why it failed. */
struct birth {
    pid_t outer_pid;
    int error; /* errno, 0 in the first message */
};

static void become_program(const struct program_plan *p, int birth_fd)
{
    static const int reset[] = {SIGTERM, SIGINT, SIGCHLD, SIGHUP, SIGPIPE};
    struct command_line c;
    struct birth birth = {.outer_pid = program_outer_pid(p->outer_proc)};
    bool told = write(birth_fd, &birth, sizeof birth) == (ssize_t)sizeof birth;
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof reset / sizeof reset[0]; i++)
        signal(reset[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_range((unsigned)p->lock + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    put_command(p, &c);
    if (told && net_host_enter(p->place) == 0 && chdir(p->lab->dir) == 0 && program_redirect(c.path[2]) == 0)
        execv(c.program, c.argv);
    birth.error = errno;
    if (write(birth_fd, &birth, sizeof birth) < 0)
        _exit(1);
    _exit(1);
}

int program_start(const struct program_plan *plan, pid_t *out_pid, pid_t *out_outer_pid)
{
    int pipe_fd[2];
    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return ERR_IO;
    /* No signal may come to the child while it has our handlers: they would tell us, not it. */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    int why = errno;
    if (pid == 0)
        become_program(plan, pipe_fd[1]);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(pipe_fd[1]);
    struct birth birth = {0}, last = {0};
    if (pid > 0 && read(pipe_fd[0], &birth, sizeof birth) == (ssize_t)sizeof birth &&
        read(pipe_fd[0], &last, sizeof last) <= 0)
        last = birth;
    close(pipe_fd[0]);
    if (pid < 0 || last.error != 0 || birth.outer_pid == 0) {
        errno = pid < 0 ? why : last.error != 0 ? last.error : EIO;
        return ERR_IO;
    }
    *out_pid = pid;
    *out_outer_pid = birth.outer_pid;
    return 0;
}
