#include "lab/program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "common/err.h"
#include "lab/labclock.h"
#include "lab/sim_world.h"

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

enum { ARGUMENTS_MAX = 32, ARGUMENT_PATHS = 7, NUMBER_LEN = 24 };

/* The command line of a host's program. */
struct command_line {
    char path[ARGUMENT_PATHS][LAB_PATH_MAX + LAB_NAME_MAX];
    char clock[LABCLOCK_PATH_MAX];
    char program[TOPOLOGY_PATH_MAX + LAB_NAME_MAX];
    char count[NUMBER_LEN], seed[NUMBER_LEN];
    char servers[RELAY_SERVERS_MAX][IP4_LEN];
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

/* What a paced client keeps of a lab's: its lease. The host around it is left as it is, and a crowd starts at
 * one instant. */
static void put_paced_client(const struct program_plan *p, struct command_line *c)
{
    snprintf(c->seed, sizeof c->seed, "%" PRIu64, p->pacing->seed);
    put_pair(c, "--seed", c->seed);
    put_pair(c, "--lease-file", c->path[4]);
    put_pair(c, "-i", p->host->interface);
    if (p->host->n_clients > 0) {
        put_pair(c, "--count", c->count);
        put_pair(c, "--wave", c->count);
    }
}

static void put_relay(const struct program_plan *p, struct command_line *c)
{
    snprintf(c->program, sizeof c->program, "%s/dhcplab", p->lab->programs);
    put(c, c->program);
    put(c, "relay");
    put_pair(c, "--trace", p->pacing->trace);
    put_pair(c, "--node", p->host->name);
    put_pair(c, "--clock", p->pacing->socket);
    for (size_t i = 0; i < p->pacing->n_relay_servers; i++)
        put(c, ip4_format(p->pacing->relay_servers[i], c->servers[i]));
}

/* Is its configuration read from where it is? */
static bool is_own_file(const struct program_plan *p)
{
    return p->host->config_file != NULL && (p->pacing == NULL || !p->pacing->is_copied);
}

static void put_command(const struct program_plan *p, struct command_line *c)
{
    static const char *const suffixes[ARGUMENT_PATHS] = {"json", "sock", "log", "csv", "lease", "resolv"};
    const char *name = p->host->name, *role = lab_role_name(p->host->role);
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < ARGUMENT_PATHS - 1; i++)
        snprintf(c->path[i], sizeof c->path[i], "%s/%s.%s", p->lab->dir, name, suffixes[i]);
    snprintf(c->path[6], sizeof c->path[6], "%s/trace.ndjson", p->lab->dir);
    snprintf(c->count, sizeof c->count, "%u", p->host->n_clients);
    if (p->host->role == LAB_PLAIN) {
        put_relay(p, c);
        return;
    }
    snprintf(c->program, sizeof c->program, "%s/dhcplab-%s", p->lab->programs, role);
    put(c, c->program);
    put_pair(c, "-c", is_own_file(p) ? p->host->config_file : c->path[0]);
    put_pair(c, "--control", c->path[1]);
    put_pair(c, "--trace", p->pacing != NULL ? p->pacing->trace : c->path[6]);
    put_pair(c, "--node", name);
    labclock_path(p->lab->dir, c->clock);
    put_pair(c, "--clock", p->pacing != NULL ? p->pacing->socket : c->clock);
    if (p->pacing != NULL && p->host->role == LAB_CLIENT) {
        put_paced_client(p, c);
    } else if (p->host->role == LAB_CLIENT) {
        put_pair(c, "-i", p->host->interface);
        if (p->host->n_clients > 0) {
            put_pair(c, "--count", c->count);
            return;
        }
        put_pair(c, "--lease-file", c->path[4]);
        put_pair(c, "--resolv-conf", c->path[5]);
        put(c, "--set-hostname");
    } else if (p->host->role == LAB_SERVER) {
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
    close_range((unsigned)(p->lock < 0 ? STDERR_FILENO : p->lock) + 1, ~0U, CLOSE_RANGE_CLOEXEC);
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
