#include "client/cli_hook.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli_hook_vars.h"
#include "common/err.h"
#include "common/text.h"

enum { WAIT_STEP_MS = 5, VARS_MAX = 600 };

struct run {
    enum cli_hook_reason reason;
    char *env; /* NAME=VALUE, one a line */
};

struct cli_hook {
    struct io_loop *loop;
    const char *script, *ifname;
    time_ms limit_ms;
    struct io_trace *trace;
    char *old; /* the variables of the last lease, NULL without one */

    struct run queue[CLI_HOOK_QUEUE_MAX]; /* in their order; the first one runs if pid is not 0 */
    unsigned n_queue;
    pid_t pid;
    struct io_timer *limit;
};

/* ---- one run ---- */

/* Each line of `vars` with the prefix in front. */
static void add_vars(struct text *t, const char *prefix, const char *vars)
{
    for (const char *line = vars; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1)
        text_add(t, "%s%.*s\n", prefix, (int)strcspn(line, "\n"), line);
}

static bool is_up(enum cli_hook_reason reason)
{
    return reason >= CLI_HOOK_BOUND && reason <= CLI_HOOK_INFORM;
}

static char *make_env(struct cli_hook *h, enum cli_hook_reason reason, const struct cli_hook_link *link,
                      const char *vars)
{
    struct text t;
    const char *path = getenv("PATH");
    text_init(&t);
    text_add(&t, "PATH=%s\n", path != NULL ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
    text_add(&t, "reason=%s\ninterface=%s\npid=%d\nprotocol=dhcp\n", cli_hook_reason_name(reason), h->ifname,
             (int)getpid());
    text_add(&t, "ifcarrier=%s\nifmtu=%u\n", link->has_carrier ? "up" : "down", link->mtu);
    text_add(&t, "if_up=%s\nif_down=%s\n", is_up(reason) ? "true" : "false",
             is_up(reason) ? "false" : "true");
    add_vars(&t, "new_", vars);
    add_vars(&t, "old_", h->old);
    return text_take(&t);
}

/* In the child: the lines of `env` become the environment. */
static void become_script(const char *script, char *env)
{
    char *vars[VARS_MAX + 1], *argv[2] = {NULL, NULL};
    unsigned n = 0;
    sigset_t none;
    for (char *line = strtok(env, "\n"); line != NULL && n < VARS_MAX; line = strtok(NULL, "\n"))
        vars[n++] = line;
    vars[n] = NULL;
    /* exec takes char * for history's sake and does not write to it. */
    memcpy(&argv[0], &script, sizeof script);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    execve(script, argv, vars);
    fprintf(stderr, "%s: %s\n", script, strerror(errno));
    _exit(127);
}

static void start_next(struct cli_hook *h);

static void end_run(struct cli_hook *h, int status)
{
    const char *name = cli_hook_reason_name(h->queue[0].reason);
    if (WIFSIGNALED(status))
        io_trace_log(h->trace, "warning", "the hook script for %s was ended by signal %d", name,
                     WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        io_trace_log(h->trace, "warning", "the hook script for %s has failed: exit code %d", name,
                     WEXITSTATUS(status));
    free(h->queue[0].env);
    memmove(h->queue, h->queue + 1, --h->n_queue * sizeof h->queue[0]);
    h->pid = 0;
    io_loop_release(h->loop);
    io_timer_set(h->limit, TIME_NEVER);
    start_next(h);
}

static void start_next(struct cli_hook *h)
{
    while (h->n_queue > 0 && h->pid == 0) {
        h->pid = fork();
        if (h->pid == 0)
            become_script(h->script, h->queue[0].env);
        if (h->pid > 0) {
            io_loop_hold(h->loop);
            io_timer_after(h->limit, h->limit_ms);
            return;
        }
        io_trace_log(h->trace, "error", "the hook script cannot be run: %s", strerror(errno));
        h->pid = 0;
        free(h->queue[0].env);
        memmove(h->queue, h->queue + 1, --h->n_queue * sizeof h->queue[0]);
    }
}

static void reap(struct cli_hook *h)
{
    int status;
    if (h->pid > 0 && waitpid(h->pid, &status, WNOHANG) == h->pid)
        end_run(h, status);
}

static void on_child(void *user, int signal)
{
    (void)signal;
    reap(user);
}

/* It and what it has started. */
static void on_limit(void *user)
{
    struct cli_hook *h = user;
    io_trace_log(h->trace, "warning", "the hook script for %s takes longer than %lld ms: killed",
                 cli_hook_reason_name(h->queue[0].reason), (long long)h->limit_ms);
    kill(-h->pid, SIGKILL);
    kill(h->pid, SIGKILL);
}

/* ---- all runs ---- */

struct cli_hook *cli_hook_new(struct io_loop *loop, const char *script, time_ms limit_ms, const char *ifname,
                              struct io_trace *trace)
{
    struct cli_hook *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    *h = (struct cli_hook){
        .loop = loop, .script = script, .limit_ms = limit_ms, .ifname = ifname, .trace = trace};
    h->limit = io_timer_new(loop, on_limit, h);
    if (h->limit != NULL && io_signal_add(loop, SIGCHLD, on_child, h) == 0)
        return h;
    io_timer_free(h->limit);
    free(h);
    return NULL;
}

void cli_hook_free(struct cli_hook *h)
{
    if (h == NULL)
        return;
    time_ms end = time_add(io_real_ms(), h->limit_ms);
    for (unsigned before = h->n_queue; h->n_queue > 0; before = h->n_queue) {
        reap(h);
        if (h->n_queue < before)
            end = time_add(io_real_ms(), h->limit_ms);
        else if (io_real_ms() > end) {
            on_limit(h);
            end = TIME_NEVER;
        }
        if (h->n_queue > 0)
            poll(NULL, 0, WAIT_STEP_MS);
    }
    io_timer_free(h->limit);
    free(h->old);
    free(h);
}

void cli_hook_run(struct cli_hook *h, enum cli_hook_reason reason, const struct cli_hook_link *link,
                  const struct cli_lease *lease, const struct cli_ack *ack)
{
    if (h == NULL)
        return;
    char *vars = lease != NULL ? cli_hook_vars(lease, ack) : NULL;
    char *env = lease != NULL && vars == NULL ? NULL : make_env(h, reason, link, vars);
    if (reason != CLI_HOOK_NOCARRIER) {
        free(h->old);
        h->old = vars;
    }
    if (env == NULL || h->n_queue == CLI_HOOK_QUEUE_MAX) {
        io_trace_log(h->trace, "error", "the hook script is not run for %s: %s", cli_hook_reason_name(reason),
                     env == NULL ? err_text(ERR_NOMEM) : "too many of its runs are waiting");
        free(env);
        return;
    }
    h->queue[h->n_queue++] = (struct run){reason, env};
    start_next(h);
}
