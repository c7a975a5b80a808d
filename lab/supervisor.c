#include "lab/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/control.h"
#include "common/err.h"
#include "common/io_loop.h"
#include "common/io_trace.h"
#include "lab/hostlog.h"
#include "lab/labclock.h"
#include "lab/net.h"
#include "lab/program.h"
#include "lab/state.h"

enum {
    STOP_LIMIT_MS = 3000, /* from SIGTERM to SIGKILL, of one program or of all */
    LOG_SHOWN_MAX = 4000, /* octets of a failed program's output that are shown */
    CHANNEL_FD = 3,
    LOCK_FD = 4, /* handed down to every program of the lab, so that the lock tells whether one lives */
    EXIT_DENIED = 77,
};

struct program {
    pid_t pid;                       /* in the lab's pid namespace; 0: not running */
    struct control_request *restart; /* it is to end, and to be started anew, and then this is answered */
};

struct supervisor {
    const struct supervisor_plan *plan;
    const struct topology *topology; /* = plan->topology */
    struct net net;
    struct net_host hosts[LAB_HOSTS_MAX];
    struct program programs[LAB_HOSTS_MAX]; /* by host */
    struct state state;                     /* what lab.json says of them */
    int outer_proc;                         /* the /proc of outside */
    struct io_loop *loop;
    struct io_watch *watch; /* on the channel; NULL once `up` has let go */
    struct io_timer *stop_timer, *restart_timer;
    struct control *control;
    bool stopping, finished;
    int code;                       /* why it goes down, for `up`; 0: somebody asked for it */
    char text[SUPERVISOR_TEXT_MAX]; /* the same, for people */
};

/* The channel */

static void send_message(int channel, const struct supervisor_message *message)
{
    size_t len = offsetof(struct supervisor_message, text) + strlen(message->text) + 1;
    send(channel, message, len, MSG_NOSIGNAL);
}

void supervisor_say(int channel, enum supervisor_say say)
{
    struct supervisor_message message = {.say = say};
    send_message(channel, &message);
}

int supervisor_hear(int channel, int timeout_ms, struct supervisor_message *out)
{
    struct pollfd waiting = {.fd = channel, .events = POLLIN};
    int n = poll(&waiting, 1, timeout_ms);
    if (n <= 0)
        return ERR_TIMEOUT;
    *out = (struct supervisor_message){0};
    ssize_t len = recv(channel, out, sizeof *out, 0);
    if (len < (ssize_t)offsetof(struct supervisor_message, text) + 1)
        return ERR_NOTFOUND;
    out->text[sizeof out->text - 1] = '\0';
    return 0;
}

/* Going down */

static void record_failure(const struct supervisor *s)
{
    cJSON *record = cJSON_CreateObject();
    char now[CLOCK_ISO_LEN];
    struct clock_now clock = io_now();
    clock_iso(clock.wall_ms, clock.utc_offset_s, now);
    cJSON_AddStringToObject(record, "name", s->plan->name);
    cJSON_AddStringToObject(record, "time", now);
    cJSON_AddStringToObject(record, "reason", s->text);
    char *text = cJSON_Print(record);
    if (text != NULL)
        rundir_write_failed(s->plan->dir, text);
    cJSON_free(text);
    cJSON_Delete(record);
}

static void finish(struct supervisor *s)
{
    if (s->finished)
        return;
    s->finished = true;
    if (s->code != 0 && s->watch != NULL) {
        struct supervisor_message message = {.say = SUPERVISOR_FAILED, .code = s->code};
        memcpy(message.text, s->text, sizeof message.text);
        send_message(CHANNEL_FD, &message);
    } else if (s->code != 0) {
        record_failure(s);
    }
    control_free(s->control);
    s->control = NULL;
    rundir_remove(s->plan->dir);
    io_loop_stop(s->loop);
}

static void signal_programs(struct supervisor *s, int signal)
{
    for (size_t i = 0; i < s->topology->n_hosts; i++)
        if (s->programs[i].pid != 0)
            kill(s->programs[i].pid, signal);
}

static bool has_programs(const struct supervisor *s)
{
    for (size_t i = 0; i < s->topology->n_hosts; i++)
        if (s->programs[i].pid != 0)
            return true;
    return false;
}

static void stop(struct supervisor *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    signal_programs(s, SIGTERM);
    io_timer_after(s->stop_timer, STOP_LIMIT_MS);
    if (!has_programs(s))
        finish(s);
}

static void on_stop_timer(void *user)
{
    signal_programs(user, SIGKILL);
}

/* Whoever was told to end so long ago or later than that. */
static void on_restart_timer(void *user)
{
    struct supervisor *s = user;
    for (size_t i = 0; i < s->topology->n_hosts; i++)
        if (s->programs[i].restart != NULL && s->programs[i].pid != 0)
            kill(s->programs[i].pid, SIGKILL);
}

static void fail(struct supervisor *s, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first failure is the one that is told: what follows, follows from it. */
static void fail(struct supervisor *s, int code, const char *format, ...)
{
    if (!s->stopping && s->code == 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(s->text, sizeof s->text, format, args);
        va_end(args);
        s->code = code;
    }
    stop(s);
}

static void fail_net(struct supervisor *s, int rc)
{
    if (rc == ERR_DENIED)
        fail(s, EXIT_DENIED, "%s.\n%s", s->net.error, net_advice());
    else
        fail(s, 1, "%s", s->net.error);
}

/* Programs */

/* False if the program cannot be started; how it ended says why. */
static bool start_program(struct supervisor *s, size_t index)
{
    struct program_plan plan = {.lab = s->plan,
                                .host = &s->topology->hosts[index],
                                .place = &s->hosts[index],
                                .outer_proc = s->outer_proc,
                                .lock = LOCK_FD};
    struct state_program *shown = &s->state.programs[index];
    shown->ended[0] = '\0';
    if (program_start(&plan, &s->programs[index].pid, &shown->pid) == 0)
        return true;
    snprintf(shown->ended, sizeof shown->ended, "cannot be started: %s", strerror(errno));
    shown->pid = 0;
    return false;
}

static void start_programs(struct supervisor *s, enum lab_role role)
{
    for (size_t i = 0; i < s->topology->n_hosts; i++) {
        if (s->topology->hosts[i].role != role || start_program(s, i))
            continue;
        fail(s, 1, "dhcplab-%s on %s %s", lab_role_name(role), s->topology->hosts[i].name,
             s->state.programs[i].ended);
        return;
    }
}

static void write_state(struct supervisor *s)
{
    if (state_write(&s->state) < 0)
        fail(s, 1, "cannot write %s/lab.json: %s", s->plan->dir, strerror(errno));
}

/* The end of a program */

/* What a program wrote, all that fits: the error may stand anywhere in it. */
static void append_log(struct supervisor *s, const struct topology_host *host)
{
    char *log = hostlog_read(s->plan->dir, host->name, host->config_text != NULL ? s->plan->file : NULL);
    if (log == NULL)
        return;
    size_t len = strlen(log), used = strlen(s->text);
    snprintf(s->text + used, sizeof s->text - used, "%s",
             len > LOG_SHOWN_MAX ? log + len - LOG_SHOWN_MAX : log);
    free(log);
    used = strlen(s->text);
    while (used > 0 && s->text[used - 1] == '\n')
        s->text[--used] = '\0';
}

/* While `up` looks on, a program that ends takes the lab with it. */
static void fail_with_program(struct supervisor *s, size_t index, int status)
{
    const struct topology_host *host = &s->topology->hosts[index];
    bool tells = WIFEXITED(status) && (WEXITSTATUS(status) == 2 || WEXITSTATUS(status) == EXIT_DENIED);
    s->code = tells ? WEXITSTATUS(status) : 1;
    snprintf(s->text, sizeof s->text, "dhcplab-%s on %s %s\n", lab_role_name(host->role), host->name,
             s->state.programs[index].ended);
    append_log(s, host);
    stop(s);
}

/* Into the lab's log, as an event of the host: how its program ended, and its last word. */
static void trace_end(const struct supervisor *s, size_t index, bool in_order)
{
    const struct topology_host *host = &s->topology->hosts[index];
    char path[LAB_PATH_MAX + LAB_NAME_MAX], last[LOG_SHOWN_MAX] = "";
    struct io_trace trace;
    state_trace_path(s->plan, path);
    labclock_follow(s->plan->dir); /* as it is now */
    if (io_trace_open(&trace, host->name, path, IO_TRACE_ERRORS) < 0)
        return;
    char *log =
        in_order ? NULL
                 : hostlog_read(s->plan->dir, host->name, host->config_text != NULL ? s->plan->file : NULL);
    if (log != NULL)
        hostlog_last(log, last, sizeof last);
    io_trace_log(&trace, in_order ? "info" : "error", "dhcplab-%s %s%s%s", lab_role_name(host->role),
                 s->state.programs[index].ended, last[0] == '\0' ? "" : "; its last word: ", last);
    free(log);
    io_trace_close(&trace);
}

static void describe_end(int status, char out[LAB_ENDED_MAX])
{
    if (WIFSIGNALED(status))
        snprintf(out, LAB_ENDED_MAX, "was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        snprintf(out, LAB_ENDED_MAX, "ended with exit code %d", WEXITSTATUS(status));
    else
        snprintf(out, LAB_ENDED_MAX, "%s", LAB_ENDED_IN_ORDER);
}

/* A lab that stands alone goes on without the program: `dhcplab restart` starts it anew. */
static void on_program_end(struct supervisor *s, size_t index, int status)
{
    s->state.programs[index].pid = 0;
    describe_end(status, s->state.programs[index].ended);
    if (s->stopping)
        return;
    if (s->watch != NULL) {
        fail_with_program(s, index, status);
        return;
    }
    trace_end(s, index, status == 0);
    write_state(s);
}

/* Starts the program of a host whose former one has ended, and answers the request. */
static void start_again(struct supervisor *s, size_t index, struct control_request *request)
{
    const struct topology_host *host = &s->topology->hosts[index];
    char text[LAB_NAME_MAX + LAB_ENDED_MAX + 64];
    bool started = start_program(s, index);
    write_state(s);
    snprintf(text, sizeof text, "dhcplab-%s on %s %s", lab_role_name(host->role), host->name,
             started ? "is started anew" : s->state.programs[index].ended);
    control_reply(request, started ? CONTROL_SUCCESS : CONTROL_ERROR, text, NULL);
}

static void on_child(void *user, int signal)
{
    (void)signal;
    struct supervisor *s = user;
    int status;
    pid_t pid;
    /* Orphans of the lab come here too: we are its first process. */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < s->topology->n_hosts; i++) {
            if (s->programs[i].pid != pid)
                continue;
            struct control_request *restart = s->programs[i].restart;
            s->programs[i].pid = 0;
            s->programs[i].restart = NULL;
            if (restart != NULL && !s->stopping)
                start_again(s, i, restart);
            else
                on_program_end(s, i, status);
        }
    }
    if (s->stopping && !has_programs(s))
        finish(s);
}

static void on_terminate(void *user, int signal)
{
    (void)signal;
    stop(user);
}

/* Commands */

static size_t find_host(const struct supervisor *s, const char *name)
{
    size_t i = 0;
    while (i < s->topology->n_hosts && (name == NULL || strcmp(s->topology->hosts[i].name, name) != 0))
        i++;
    return i;
}

static void restart(struct supervisor *s, const cJSON *arguments, struct control_request *request)
{
    size_t index = find_host(s, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(arguments, "host")));
    if (index == s->topology->n_hosts || s->topology->hosts[index].role == LAB_PLAIN) {
        control_reply(request, CONTROL_ERROR, "\"host\" does not name a host with a program", NULL);
    } else if (s->programs[index].restart != NULL || s->stopping) {
        control_reply(request, CONTROL_CONFLICT, "the program is ending already", NULL);
    } else if (s->watch != NULL && s->programs[index].pid == 0) {
        control_reply(request, CONTROL_CONFLICT, "the lab is just starting", NULL);
    } else if (s->programs[index].pid == 0) {
        start_again(s, index, request);
    } else {
        s->programs[index].restart = request;
        kill(s->programs[index].pid, SIGTERM);
        io_timer_after(s->restart_timer, STOP_LIMIT_MS);
    }
}

static void on_command(void *user, const char *command, const cJSON *arguments,
                       struct control_request *request)
{
    struct supervisor *s = user;
    if (strcmp(command, "hosts") == 0) {
        control_reply(request, CONTROL_SUCCESS, "the lab's state", state_json(&s->state));
    } else if (strcmp(command, "restart") == 0) {
        restart(s, arguments, request);
    } else if (strcmp(command, "down") == 0) {
        control_reply(request, CONTROL_SUCCESS, "the lab goes down", NULL);
        stop(s);
    } else {
        control_reply(request, CONTROL_UNSUPPORTED,
                      "this is a lab's supervisor: it knows hosts, restart and down", NULL);
    }
}

static void detach(struct supervisor *s)
{
    io_watch_free(s->watch);
    s->watch = NULL;
    close(CHANNEL_FD);
}

static void on_channel(void *user, int fd, int what)
{
    (void)what;
    struct supervisor *s = user;
    struct supervisor_message message;
    if (supervisor_hear(fd, 0, &message) < 0) {
        /* `up` was interrupted: what it has begun goes with it. */
        detach(s);
        stop(s);
    } else if (message.say == SUPERVISOR_START_CLIENTS && !s->stopping) {
        start_programs(s, LAB_CLIENT);
        if (!s->stopping)
            write_state(s);
        if (!s->stopping)
            supervisor_say(fd, SUPERVISOR_UP);
    } else if (message.say == SUPERVISOR_DETACH && !s->stopping) {
        detach(s);
    }
}

/* Coming up */

static struct net_port port_of(const struct supervisor *s, size_t end)
{
    const struct topology_end *e = &s->topology->ends[end];
    return (struct net_port){.host = &s->hosts[e->host],
                             .interface = e->interface,
                             .mac = &e->mac,
                             .address = e->has_address ? &e->address : NULL};
}

static int make_link(struct supervisor *s, size_t index)
{
    const struct topology_link *link = &s->topology->links[index];
    struct net_port ports[TOPOLOGY_ENDS_MAX];
    for (size_t i = 0; i < link->n_ends; i++)
        ports[i] = port_of(s, link->first_end + i);
    switch (link->type) {
    case TOPOLOGY_VETH:
        return net_veth(&s->net, &ports[0], &ports[1]);
    case TOPOLOGY_BRIDGE:
        return net_bridge(&s->net, (unsigned)index, ports, link->n_ends);
    }
    return 0;
}

static int make_network(struct supervisor *s)
{
    char path[LAB_PATH_MAX + 2 * LAB_NAME_MAX];
    int rc = net_init(&s->net);
    for (size_t i = 0; rc == 0 && i < s->topology->n_hosts; i++) {
        snprintf(path, sizeof path, "%s/%s.resolv", s->plan->dir, s->topology->hosts[i].name);
        rc = net_host_new(&s->net, s->topology->hosts[i].name, path, &s->hosts[i]);
    }
    for (size_t i = 0; rc == 0 && i < s->topology->n_links; i++)
        rc = make_link(s, i);
    return rc;
}

/* Leaves the terminal, the caller's files and his folder. */
static int detach_from_caller(const struct supervisor_plan *plan, int channel)
{
    char log[LAB_PATH_MAX + LAB_NAME_MAX];
    snprintf(log, sizeof log, "%s/lab.log", plan->dir);
    setsid();
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* An ordinary user finds the namespaces through /proc only while this holds. */
    prctl(PR_SET_DUMPABLE, 1);
    /* Out of the way first: either may have the other's number. */
    int far_channel = fcntl(channel, F_DUPFD_CLOEXEC, LOCK_FD + 1);
    int far_lock = fcntl(plan->lock, F_DUPFD_CLOEXEC, LOCK_FD + 1);
    if (far_channel < 0 || far_lock < 0 || dup3(far_channel, CHANNEL_FD, O_CLOEXEC) < 0 ||
        dup2(far_lock, LOCK_FD) < 0 || close_range(LOCK_FD + 1, ~0U, 0) < 0)
        return ERR_IO;
    return program_redirect(log) < 0 || chdir("/") < 0 ? ERR_IO : 0;
}

static int prepare(struct supervisor *s)
{
    struct clock_now now = io_now();
    clock_iso(now.wall_ms, now.utc_offset_s, s->state.started);
    s->outer_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s->state.pid = s->outer_proc < 0 ? 0 : program_outer_pid(s->outer_proc);
    s->loop = io_loop_new();
    if (s->loop == NULL || s->state.pid == 0 || rundir_set_pid(LOCK_FD, s->state.pid) < 0)
        return ERR_IO;
    s->stop_timer = io_timer_new(s->loop, on_stop_timer, s);
    s->watch = io_watch_new(s->loop, CHANNEL_FD, IO_READ, on_channel, s);
    s->restart_timer = io_timer_new(s->loop, on_restart_timer, s);
    if (s->stop_timer == NULL || s->restart_timer == NULL || s->watch == NULL)
        return ERR_NOMEM;
    int rc = io_signal_add(s->loop, SIGCHLD, on_child, s);
    if (rc == 0)
        rc = io_signal_add(s->loop, SIGTERM, on_terminate, s);
    if (rc == 0)
        rc = io_signal_add(s->loop, SIGINT, on_terminate, s);
    sigprocmask(SIG_SETMASK, &s->plan->signals, NULL); /* what came meanwhile is heard now */
    return rc;
}

static void come_up(struct supervisor *s)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX];
    int rc = make_network(s);
    if (rc < 0) {
        fail_net(s, rc);
        return;
    }
    snprintf(path, sizeof path, "%s/lab.sock", s->plan->dir);
    if (control_listen(s->loop, path, on_command, s, &s->control) < 0) {
        fail(s, 1, "cannot listen on %s: %s", path, strerror(errno));
        return;
    }
    start_programs(s, LAB_SERVER);
    if (!s->stopping)
        supervisor_say(CHANNEL_FD, SUPERVISOR_READY);
}

static void tell_failure(int channel, const struct supervisor_plan *plan, int code, const char *text)
{
    struct supervisor_message message = {.say = SUPERVISOR_FAILED, .code = code};
    snprintf(message.text, sizeof message.text, "%s", text);
    send_message(channel, &message);
    rundir_remove(plan->dir);
}

/* The life of the supervisor: the first process in the new namespaces. Returns its exit code. */
static int supervise(const struct supervisor_plan *plan, int channel)
{
    static struct supervisor s; /* static: too large for a small stack */
    s.plan = plan;
    s.topology = plan->topology;
    s.state = (struct state){.plan = plan, .places = s.hosts};
    if (detach_from_caller(plan, channel) < 0 || prepare(&s) < 0) {
        snprintf(s.text, sizeof s.text, "the supervisor cannot start: %s", strerror(errno));
        tell_failure(CHANNEL_FD, plan, 1, s.text);
        return 1;
    }
    come_up(&s);
    /* A failure so early has stopped the loop before it ran; only running programs are still waited for. */
    if (!(s.stopping && !has_programs(&s)))
        io_loop_run(s.loop);
    return s.code;
}

/* Makes the namespaces and the first process in them. unshare() puts only children into a new pid namespace,
 * so this process lives just long enough to have one. */
static void launch(const struct supervisor_plan *plan, int channel)
{
    struct net n = {0};
    char text[SUPERVISOR_TEXT_MAX];
    int rc = net_unshare(&n);
    if (rc < 0) {
        bool denied = rc == ERR_DENIED;
        snprintf(text, sizeof text, "%s%s%s", n.error, denied ? ".\n" : "", denied ? net_advice() : "");
        tell_failure(channel, plan, denied ? EXIT_DENIED : 1, text);
        _exit(1);
    }
    pid_t pid = fork();
    if (pid == 0)
        _exit(supervise(plan, channel));
    if (pid < 0)
        tell_failure(channel, plan, 1, "cannot start the supervisor: no process can be made");
    _exit(0);
}

int supervisor_start(const struct supervisor_plan *plan, int *out_channel)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return ERR_IO;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        launch(plan, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return ERR_IO;
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *out_channel = ends[0];
    return 0;
}
