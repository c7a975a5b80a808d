/* dhcplab timers: everything that a client's timers are made of, once or again and again. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/control_call.h"
#include "common/err.h"
#include "common/io_loop.h"
#include "lab/command.h"
#include "lab/labclock.h"
#include "lab/report.h"
#include "lab/timers_report.h"
#include "lab/view_lab.h"
#include "lab/wrap.h"

enum { COLUMNS = 80 };

static const char help[] =
    "Usage: dhcplab timers [HOST...] [-n NAME] [--watch | --json]\n"
    "\n"
    "Shows what each client's timers are made of: its state; when its lease was requested and obtained, by "
    "the clock "
    "on the\n"
    "wall and by the one that runs since boot; T1, T2 and expiry as duration, instant, what remains and a "
    "bar; where T1 "
    "and T2\n"
    "came from, and their random part; the next timer, and of a retransmission its base and random part; ARP "
    "probes; the "
    "last\n"
    "messages and the round-trip time; what was discarded; the server's view of the lease and the "
    "difference; checks; "
    "the last\n"
    "twenty changes of state.\n"
    "\n"
    "  --watch          again every second and with every event, until interrupted or until the lab goes "
    "away\n"
    "  --json           the same as JSON: a list of hosts, what does not apply is null\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 ok; 1 no such lab; 2 wrong usage; 3 a client does not answer, or a check has failed.\n"
    "\n"
    "Examples:\n"
    "  dhcplab timers h1\n"
    "  dhcplab timers --watch\n"
    "  dhcplab timers --json | jq '.[] | {host, t1: .lease.t1.remaining_s, off: "
    ".server_view.difference_s}'\n";

static const struct view_command command = {help, VIEW_JSON | VIEW_WATCH, 0, LAB_HOSTS_MAX};

/* ---- one look ---- */

/* What the first server that knows the address says of it; NULL: none does. *out_server is its host. */
static cJSON *ask_servers(const struct lab_state *lab, const char *address, const char **out_server)
{
    cJSON *lease = NULL, *arguments = cJSON_CreateObject();
    char why[VIEW_WHY_MAX];
    cJSON_AddStringToObject(arguments, "ip-address", address);
    for (size_t i = 0; i < lab->n_hosts && lease == NULL; i++) {
        if (lab->hosts[i].role != LAB_SERVER)
            continue;
        cJSON *reply = view_call(&lab->hosts[i], "lease4-get", arguments, VIEW_CALL_MS, why);
        lease = cJSON_DetachItemFromObjectCaseSensitive(reply, "arguments");
        *out_server = lab->hosts[i].name;
        cJSON_Delete(reply);
    }
    cJSON_Delete(arguments);
    return lease;
}

/* Many clients in one program: they are told of by state, as `dhcplab status` does. */
static bool is_crowd(const cJSON *status)
{
    return cJSON_HasObjectItem(status, "clients");
}

/* The client's status with the server's view and the checks; NULL: it does not answer, and `missing` says so.
 */
static cJSON *look(const struct lab_state *lab, const struct lab_host_state *host, struct text *missing)
{
    char why[VIEW_WHY_MAX];
    const char *server = NULL;
    cJSON *reply = view_call(host, "status", NULL, VIEW_CALL_MS, why);
    cJSON *status = cJSON_DetachItemFromObjectCaseSensitive(reply, "arguments");
    if (status == NULL)
        text_add(missing, "dhcplab: %s\n", reply == NULL ? why : view_text(reply, "text"));
    cJSON_Delete(reply);
    if (status == NULL)
        return NULL;
    cJSON_AddStringToObject(status, "host", host->name);
    if (is_crowd(status))
        return status;
    struct clock_now now = io_now();
    const char *address = view_text(cJSON_GetObjectItemCaseSensitive(status, "lease"), "address");
    cJSON *lease = address[0] != '\0' ? ask_servers(lab, address, &server) : NULL;
    timers_report_add_server(status, server, lease, &now);
    timers_report_add_checks(status);
    cJSON_Delete(lease);
    return status;
}

static bool has_failed(const cJSON *status)
{
    const cJSON *check;
    cJSON_ArrayForEach(check, cJSON_GetObjectItemCaseSensitive(status, "checks"))
    {
        if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(check, "ok")))
            return true;
    }
    return false;
}

/* The statuses of the wanted clients, and who does not answer; *out_code is the exit code. */
static cJSON *look_at_all(const struct view_args *args, const struct lab_state *lab, struct text *missing,
                          int *out_code)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < lab->n_hosts; i++) {
        const struct lab_host_state *host = &lab->hosts[i];
        if (!view_is_wanted(args, host->name))
            continue;
        if (host->role != LAB_CLIENT) {
            if (args->n_hosts > 0 && !view_has_role(host, LAB_CLIENT))
                *out_code = EXIT_CODE_USAGE;
            continue;
        }
        cJSON *status = look(lab, host, missing);
        if (status == NULL || has_failed(status))
            *out_code = EXIT_CODE_PARTLY;
        if (status != NULL)
            cJSON_AddItemToArray(list, status);
    }
    return list;
}

/* All of them as text; NULL if memory is out. */
static char *describe(const cJSON *list)
{
    const cJSON *status;
    struct text t;
    text_init(&t);
    cJSON_ArrayForEach(status, list)
    {
        const char *host = view_text(status, "host");
        char *text = is_crowd(status) ? report_crowd(host, status) : timers_report_text(host, status);
        char *wrapped = text != NULL ? wrap_text(text, COLUMNS) : NULL;
        if (wrapped != NULL)
            text_add(&t, "%s%s", t.len > 0 ? "\n" : "", wrapped);
        free(wrapped);
        free(text);
    }
    return text_take(&t);
}

/* ---- again and again ---- */

enum { REDRAW_MS = 1000, EVENTS_TOGETHER_MS = 50 };

struct watch {
    const struct view_args *args;
    struct lab_state lab;
    struct io_loop *loop;
    struct io_timer *redraw;
    bool terminal;
    bool nobody; /* answered at the last look */
    int code;
};

#define SCREEN_OTHER "\x1b[?1049h\x1b[?25l" /* the alternate screen, no cursor */
#define SCREEN_BACK  "\x1b[?25h\x1b[?1049l"
#define SCREEN_HOME  "\x1b[H"
#define LINE_REST    "\x1b[K\r\n"
#define SCREEN_REST  "\x1b[J"

static unsigned count_lines(const char *text)
{
    unsigned n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* As many lines as the terminal has; none scrolls, and what stood there before is overwritten. The last one
 * says how many there is no room for. */
static void draw(const char *text)
{
    struct winsize size = {.ws_row = 24};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    unsigned n = count_lines(text), room = size.ws_row > 1 ? size.ws_row - 1 : 1;
    unsigned shown = n <= room ? n : room - 1;
    fputs(SCREEN_HOME, stdout);
    for (unsigned row = 0; row < shown; row++) {
        int len = (int)strcspn(text, "\n");
        printf("%.*s" LINE_REST, len < size.ws_col || size.ws_col == 0 ? len : size.ws_col, text);
        text += len + (text[len] == '\n');
    }
    if (shown < n)
        printf("... %u more lines: a taller window has room for them" LINE_REST, n - shown);
    fputs(SCREEN_REST, stdout);
}

/* Who does not answer stands first: below, a terminal might have no room. */
static void show(const struct watch *w, const char *missing, const char *text)
{
    struct text all;
    text_init(&all);
    text_add(&all, "%s%s", missing, text);
    char *joined = text_take(&all);
    if (joined != NULL && w->terminal)
        draw(joined);
    else if (joined != NULL)
        printf("%s\n", joined);
    free(joined);
}

/* A client may be started anew; the end of them all is no news before it is known whether the lab ends. */
static void on_redraw(void *user)
{
    struct watch *w = user;
    struct text missing;
    bool was_nobody = w->nobody;
    text_init(&missing);
    w->code = EXIT_CODE_OK;
    labclock_follow(w->lab.dir); /* as it is now */
    cJSON *list = look_at_all(w->args, &w->lab, &missing, &w->code);
    char *text = describe(list), *told = text_take(&missing);
    w->nobody = cJSON_GetArraySize(list) == 0;
    bool gone = w->nobody && !rundir_is_held(w->lab.dir);
    bool is_news = text != NULL && told != NULL && !gone && (!w->nobody || was_nobody);
    if (is_news)
        show(w, told, text);
    free(told);
    free(text);
    cJSON_Delete(list);
    if (gone)
        w->code = EXIT_CODE_OK;
    if (fflush(stdout) != 0 || gone)
        io_loop_stop(w->loop);
    io_timer_after(w->redraw, REDRAW_MS);
}

/* Something was traced: events that come together are drawn together. */
static void on_trace(void *user, int fd, int what)
{
    (void)what;
    struct watch *w = user;
    char events[4096];
    if (read(fd, events, sizeof events) > 0)
        io_timer_after(w->redraw, EVENTS_TOGETHER_MS);
}

static void on_signal(void *user, int signal)
{
    (void)signal;
    io_loop_stop(user);
}

static int run_watch(struct watch *w, int inotify)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct io_watch *watch = io_watch_new(w->loop, inotify, IO_READ, on_trace, w);
    w->redraw = io_timer_new(w->loop, on_redraw, w);
    int rc = watch == NULL || w->redraw == NULL ? ERR_NOMEM : 0;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0] && rc == 0; i++)
        rc = io_signal_add(w->loop, signals[i], on_signal, w->loop);
    if (rc == 0) {
        if (w->terminal)
            fputs(SCREEN_OTHER, stdout);
        io_timer_after(w->redraw, 0);
        rc = io_loop_run(w->loop);
        if (w->terminal)
            fputs(SCREEN_BACK, stdout);
    }
    io_watch_free(watch);
    io_timer_free(w->redraw);
    return rc;
}

static int watch_timers(struct watch *w)
{
    int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    int rc = ERR_IO;
    w->loop = io_loop_new();
    w->terminal = isatty(STDOUT_FILENO);
    if (w->loop != NULL && inotify >= 0 && inotify_add_watch(inotify, w->lab.trace, IN_MODIFY) >= 0)
        rc = run_watch(w, inotify);
    io_loop_free(w->loop);
    if (inotify >= 0)
        close(inotify);
    if (rc == 0)
        return w->code;
    fprintf(stderr, "dhcplab: the lab %s cannot be watched: %s\n", w->lab.name, err_text(rc));
    return EXIT_CODE_FAILED;
}

int command_timers(int argc, char **argv)
{
    struct view_args args;
    struct text missing;
    struct watch w = {.args = &args};
    int code;
    if (!view_args_read(argc, argv, &command, &args, &code))
        return code;
    if ((args.flags & VIEW_WATCH) && (args.flags & VIEW_JSON)) {
        fprintf(stderr, "dhcplab timers: --watch is for people; it does not go with --json\n");
        return EXIT_CODE_USAGE;
    }
    if (!view_lab_load(&args, &w.lab, &code))
        return code;
    if (args.flags & VIEW_WATCH)
        return watch_timers(&w);
    code = EXIT_CODE_OK;
    text_init(&missing);
    cJSON *list = look_at_all(&args, &w.lab, &missing, &code);
    char *told = text_take(&missing);
    char *text = describe(list);
    fputs(told != NULL ? told : "", stderr);
    if (args.flags & VIEW_JSON)
        view_print_json(list);
    else if (text != NULL)
        fputs(text, stdout);
    free(told);
    free(text);
    cJSON_Delete(list);
    return code;
}
