/* dhcplab up: starts a lab, waits until its servers answer and its clients have leases, and leaves it to the
 * supervisor. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/control_call.h"
#include "common/err.h"
#include "common/io_file.h"
#include "common/io_loop.h"
#include "common/number.h"
#include "lab/command.h"
#include "lab/hostlog.h"
#include "lab/launch.h"
#include "lab/neighbours.h"
#include "lab/report.h"
#include "lab/supervisor.h"
#include "lab/view.h"

enum { CALL_LIMIT_MS = 1000, POLL_STEP_MS = 50, TIMEOUT_S = 30, TIMEOUT_MAX_S = 3600 };

static const char help[] =
    "Usage: dhcplab up [FILE] [-n NAME] [--timeout SECONDS] [--no-wait]\n"
    "\n"
    "Starts the lab that the topology FILE describes: private network namespaces, joined by veth pairs and "
    "bridges,\n"
    "with servers and clients in them. FILE is a path, or the name of a lab that comes with the program: "
    "pair (the\n"
    "default), lan, two-servers, tour. Waits until every server answers and every client has a lease.\n"
    "\n"
    "  -n, --name NAME      the lab's name, if not that of the file\n"
    "  --timeout SECONDS    how long to wait (30)\n"
    "  --no-wait            do not wait for servers and clients\n"
    "  --help               this text\n"
    "\n"
    "Exit codes: 0 ok; 1 failed; 2 an error in the topology file or in a configuration; 3 the lab is up but "
    "a client\n"
    "has no lease; 77 this system does not allow namespaces.\n"
    "\n"
    "Examples:\n"
    "  dhcplab up\n"
    "  dhcplab up lan\n"
    "  dhcplab up my/lab.json -n second --timeout 60\n";

struct up_options {
    const char *file;
    const char *name; /* NULL: the topology's */
    uint32_t timeout_s;
    bool wait;
};

/* What happens between the first line and the last. */
struct up {
    const struct topology *topology;
    const char *name;
    const char *pick; /* the name, where the other commands need -n to find this lab; else "" */
    const char *file;
    char dir[LAB_PATH_MAX];
    int channel;
    time_ms deadline_ms;
};

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct up_options *out)
{
    enum { OPT_HELP = 256, OPT_TIMEOUT, OPT_NO_WAIT };
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"timeout", required_argument, NULL, OPT_TIMEOUT},
                                            {"no-wait", no_argument, NULL, OPT_NO_WAIT},
                                            {"help", no_argument, NULL, OPT_HELP},
                                            {0}};
    *out = (struct up_options){.file = "pair", .timeout_s = TIMEOUT_S, .wait = true};
    int option;
    while ((option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            out->name = optarg;
            break;
        case OPT_TIMEOUT:
            if (!number_parse_u32(optarg, 1, TIMEOUT_MAX_S, &out->timeout_s))
                return command_usage_error("up", "--timeout expects seconds from 1 to 3600", "");
            break;
        case OPT_NO_WAIT:
            out->wait = false;
            break;
        case OPT_HELP:
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default:
            return command_usage_error("up", "an option is wrong", "");
        }
    }
    if (argc - optind > 1)
        return command_usage_error("up", "one topology file at a time", "");
    if (optind < argc)
        out->file = argv[optind];
    if (out->name != NULL && !topology_is_name(out->name))
        return command_usage_error(
            "up",
            "a lab's name has at most 31 letters, digits, '-' and '_' and begins with a letter or digit", "");
    return -1;
}

static void print_warning(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "dhcplab: %s\n", text);
}

static const struct topology_end *end_of(const struct topology *t, size_t host, size_t from)
{
    for (size_t i = from; i < t->n_ends; i++)
        if (t->ends[i].host == host)
            return &t->ends[i];
    return NULL;
}

/* "  server   server  eth0 10.77.0.1/24, eth1  answers" */
static void print_host(const struct up *u, size_t host, const char *what)
{
    const struct topology_host *h = &u->topology->hosts[host];
    printf("  %-10s %-7s", h->name, lab_role_name(h->role));
    const char *separator = " ";
    const struct topology_end *end = end_of(u->topology, host, 0);
    while (end != NULL) {
        char address[IP4_NET_LEN] = "";
        if (end->has_address)
            ip4_net_format(end->address, address);
        printf("%s%s%s%s", separator, end->interface, end->has_address ? " " : "", address);
        separator = ", ";
        end = end_of(u->topology, host, (size_t)(end - u->topology->ends) + 1);
    }
    printf("%s%s\n", what[0] == '\0' ? "" : "  ", what);
    fflush(stdout);
}

/* Prints why the supervisor gave up, and waits until it has gone. Returns the exit code. */
static int told_failure(const struct up *u, const struct supervisor_message *message)
{
    struct supervisor_message rest;
    fprintf(stderr, "dhcplab: the lab %s did not start: %s\n", u->name, message->text);
    while (supervisor_hear(u->channel, -1, &rest) != ERR_NOTFOUND)
        ;
    return message->code;
}

static int told_gone(const struct up *u)
{
    fprintf(stderr, "dhcplab: the supervisor of the lab %s was ended while it started\n", u->name);
    rundir_remove(u->dir);
    return EXIT_CODE_FAILED;
}

/* Waits for `expected`. 0, or the exit code, with everything told. */
static int await(const struct up *u, enum supervisor_say expected)
{
    struct supervisor_message message;
    if (supervisor_hear(u->channel, -1, &message) < 0)
        return told_gone(u);
    return message.say == expected ? 0 : told_failure(u, &message);
}

static bool is_late(const struct up *u)
{
    return io_real_ms() >= u->deadline_ms;
}

/* A moment's rest, in which the supervisor may tell that it gives up. 0, or the exit code. */
static int rest(const struct up *u)
{
    struct supervisor_message message;
    int rc = supervisor_hear(u->channel, POLL_STEP_MS, &message);
    if (rc == ERR_TIMEOUT)
        return 0;
    return rc < 0 ? told_gone(u) : told_failure(u, &message);
}

/* Asks the host's program. The reply is the caller's; NULL if there is none yet. */
static cJSON *ask(const struct up *u, size_t host, const char *command)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX];
    cJSON *reply = NULL;
    snprintf(path, sizeof path, "%s/%s.sock", u->dir, u->topology->hosts[host].name);
    return control_call(path, command, NULL, CALL_LIMIT_MS, &reply) == 0 ? reply : NULL;
}

/* What the host's program has to say about its configuration: the lab runs, but not as its author thinks. */
static void print_warnings(const struct up *u, size_t host)
{
    const struct topology_host *h = &u->topology->hosts[host];
    char *log = hostlog_read(u->dir, h->name, h->config_text != NULL ? u->file : NULL);
    char line[JCFG_TEXT_MAX + LAB_PATH_MAX];
    const char *at = log;
    while (log != NULL && hostlog_next_warning(&at, line, sizeof line))
        fprintf(stderr, "%s: warning: %s\n", h->name, line);
    free(log);
}

static int await_server(const struct up *u, size_t host)
{
    for (;;) {
        cJSON *reply = ask(u, host, "version-get");
        cJSON_Delete(reply);
        if (reply != NULL)
            break;
        int rc = rest(u);
        if (rc != 0)
            return rc;
        if (is_late(u)) {
            fprintf(stderr, "dhcplab: the server on %s does not answer; the lab %s goes down again\n",
                    u->topology->hosts[host].name, u->name);
            return EXIT_CODE_FAILED;
        }
    }
    print_host(u, host, "answers");
    print_warnings(u, host);
    return 0;
}

/* "10.77.0.100/24 from 10.77.0.1 for 1 h" */
static void describe_lease(const cJSON *lease, char *out, size_t cap)
{
    double seconds = view_number(cJSON_GetObjectItemCaseSensitive(lease, "expiry"), "duration_s", 0);
    char span[CLOCK_SPAN_LEN];
    clock_span(seconds >= 0 && seconds <= UINT32_MAX ? (uint32_t)seconds : 0, span);
    snprintf(out, cap, "%s/%d from %s for %s", view_text(lease, "address"),
             (int)view_number(lease, "prefix_length", 0), view_text(lease, "server"), span);
}

enum progress { STILL_WAITING, HAS_LEASE, HAS_NO_LEASE };

/* How far the client is; what to print goes to `out`. */
static enum progress client_progress(const struct up *u, size_t host, char *out, size_t cap)
{
    cJSON *reply = ask(u, host, "status");
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(reply, "arguments");
    const cJSON *lease = cJSON_GetObjectItemCaseSensitive(status, "lease");
    const char *state = view_text(status, "state");
    enum progress progress = STILL_WAITING;
    double clients = view_number(status, "clients", 0);
    if (clients > 0) {
        const cJSON *by_state = cJSON_GetObjectItemCaseSensitive(status, "by_state");
        double bound = view_number(by_state, "BOUND", 0);
        snprintf(out, cap, "%.0f of %.0f clients have a lease", bound, clients);
        progress = bound == clients ? HAS_LEASE : STILL_WAITING;
    } else if (cJSON_IsObject(lease)) {
        describe_lease(lease, out, cap);
        progress = HAS_LEASE;
    } else if (reply == NULL) {
        snprintf(out, cap, "does not answer");
    } else {
        snprintf(out, cap, "no lease, state %s: %s", state, view_text(status, "state_text"));
        progress = strcmp(state, "STOPPED") == 0 ? HAS_NO_LEASE : STILL_WAITING;
    }
    cJSON_Delete(reply);
    return progress;
}

/* 0, or the exit code; *out_partly becomes true if the client has no lease. */
static int await_client(const struct up *u, size_t host, bool *out_partly)
{
    char what[256];
    enum progress progress;
    while ((progress = client_progress(u, host, what, sizeof what)) == STILL_WAITING && !is_late(u)) {
        int rc = rest(u);
        if (rc != 0)
            return rc;
    }
    print_host(u, host, what);
    print_warnings(u, host);
    if (progress != HAS_LEASE)
        *out_partly = true;
    return 0;
}

/* A line to be pasted: how this program was called, and the lab, where the others would not find it. */
static void print_step(const struct up *u, const char *command, const char *arguments)
{
    printf("  %s %s%s%s%s\n", program_invocation_name, command, u->pick[0] == '\0' ? "" : " -n ", u->pick,
           arguments);
}

static void print_next_steps(const struct up *u)
{
    char shell[LAB_NAME_MAX + sizeof "  sh"];
    snprintf(shell, sizeof shell, " %s sh", u->topology->hosts[u->topology->n_hosts - 1].name);
    printf("The lab %s is up. Go on with:\n", u->name);
    print_step(u, "status", "");
    print_step(u, "log", "");
    print_step(u, "exec", shell);
    print_step(u, "down", "");
}

/* The sentence of the last message that the server refused or did not answer, "" if there is none. */
static void last_refusal(const struct up *u, const char *host, char *out, size_t cap)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX];
    char *trace;
    size_t len;
    out[0] = '\0';
    snprintf(path, sizeof path, "%s/trace.ndjson", u->dir);
    if (io_file_read(path, &trace, &len) < 0)
        return;
    for (const char *line = trace; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        cJSON *event = cJSON_ParseWithLength(line, strcspn(line, "\n"));
        if (strcmp(view_text(event, "node"), host) == 0 && report_is_refusal(view_text(event, "reason")))
            snprintf(out, cap, "%s", view_text(event, "text"));
        cJSON_Delete(event);
    }
    free(trace);
}

/* A client has no lease: what each server did about it. */
static void print_refusals(const struct up *u)
{
    size_t n_servers = 0;
    printf("Why a client has no lease, as the servers tell:\n");
    for (size_t i = 0; i < u->topology->n_hosts; i++) {
        const struct topology_host *host = &u->topology->hosts[i];
        if (host->role != LAB_SERVER)
            continue;
        n_servers++;
        cJSON *reply = ask(u, i, "status-get");
        char *text = report_refusals(cJSON_GetObjectItemCaseSensitive(reply, "arguments"));
        char sentence[JCFG_TEXT_MAX];
        last_refusal(u, host->name, sentence, sizeof sentence);
        const char *counts = reply == NULL || text == NULL ? "does not answer" : text;
        if (sentence[0] == '\0')
            printf("  %-10s %s\n", host->name, counts);
        else
            printf("  %-10s %s (%s)\n", host->name, sentence, counts);
        free(text);
        cJSON_Delete(reply);
    }
    if (n_servers == 0)
        printf("  no host of the lab has a server\n");
    printf("Message by message:\n");
    print_step(u, "log", "");
}

/* From the started supervisor to the lab that stands alone. Returns the exit code. */
static int bring_up(const struct up *u, bool wait)
{
    bool partly = false;
    int rc = await(u, SUPERVISOR_READY);
    for (size_t i = 0; rc == 0 && i < u->topology->n_hosts; i++) {
        enum lab_role role = u->topology->hosts[i].role;
        if (role == LAB_SERVER && wait)
            rc = await_server(u, i);
        else if (role != LAB_CLIENT || !wait)
            print_host(u, i, "");
    }
    if (rc == 0) {
        supervisor_say(u->channel, SUPERVISOR_START_CLIENTS);
        rc = await(u, SUPERVISOR_UP);
    }
    for (size_t i = 0; rc == 0 && wait && i < u->topology->n_hosts; i++)
        if (u->topology->hosts[i].role == LAB_CLIENT)
            rc = await_client(u, i, &partly);
    if (rc != 0)
        return rc;
    supervisor_say(u->channel, SUPERVISOR_DETACH);
    if (partly)
        print_refusals(u);
    print_next_steps(u);
    return partly ? EXIT_CODE_PARTLY : EXIT_CODE_OK;
}

/* Does another lab run beside the one to be started? */
static bool has_company(void)
{
    struct rundir_list list;
    bool found = false;
    if (rundir_list_read(&list) < 0)
        return false;
    for (size_t i = 0; i < list.n; i++)
        found = found || list.entries[i].life == RUNDIR_RUNNING || list.entries[i].life == RUNDIR_STARTING;
    rundir_list_free(&list);
    return found;
}

static int start(struct up *u, const struct up_options *options)
{
    const struct launch plan = {u->topology, u->name, u->file};
    if (launch(&plan, u->dir, &u->channel) < 0)
        return EXIT_CODE_FAILED;
    printf("Lab %s from %s\n", u->name, u->file);
    fflush(stdout);
    int code = bring_up(u, options->wait);
    close(u->channel);
    return code;
}

int command_up(int argc, char **argv)
{
    static struct topology topology; /* static: too large for a small stack */
    struct up_options options;
    char path[TOPOLOGY_PATH_MAX], error[JCFG_TEXT_MAX];
    int code = parse_options(argc, argv, &options);
    if (code >= 0)
        return code;
    if (topology_find(options.file, path) < 0) {
        char names[JCFG_TEXT_MAX];
        topology_names_in("labs", names, sizeof names);
        fprintf(
            stderr,
            "dhcplab: there is no topology file %s, and no lab of that name comes with the program; there "
            "are: %s\n",
            options.file, names);
        return EXIT_CODE_USAGE;
    }
    if (topology_load(&topology, path, print_warning, NULL, error) < 0) {
        fprintf(stderr, "dhcplab: %s\n", error);
        topology_fini(&topology);
        return EXIT_CODE_USAGE;
    }
    struct up u = {.topology = &topology,
                   .name = options.name != NULL ? options.name : topology.name,
                   .file = path,
                   .deadline_ms = io_real_ms() + (time_ms)options.timeout_s * 1000};
    u.pick = options.name != NULL || has_company() ? u.name : "";
    neighbours_warn(&topology);
    code = start(&u, &options);
    topology_fini(&topology);
    return code;
}
