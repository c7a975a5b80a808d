/* dhcplab replay: what a capture's clients said, said again to a server of a lab. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/enter.h"
#include "lab/labnet.h"
#include "lab/replay_again.h"
#include "lab/replay_print.h"
#include "lab/replay_read.h"
#include "lab/replay_why.h"
#include "lab/view.h"

enum { TIMEOUT_S = 1, TIMEOUT_MAX_S = 3600, S_MS = 1000, MACS_MAX = 64, TOLD_WAIT_MS = 1000 };

static const char help[] =
    "Usage: dhcplab replay CAPTURE [-n NAME] [--to HOST] [--pace real|fast] [--map-mac OLD=NEW]... [--diff]\n"
    "                      [--timeout SECONDS] [--json]\n"
    "       dhcplab replay --virtual TRACE --topology FILE [--json]\n"
    "\n"
    "Sends what the clients and relay agents of a capture (pcap or pcapng, of anybody; - is standard input) "
    "said to a server\n"
    "of the running lab, and shows for each message the answer that was captured beside the live one: which "
    "fields and\n"
    "options differ, appear or are missing.\n"
    "\n"
    "Each client gets a hardware address of its own, each message a fresh transaction id. Where the live "
    "server gives another\n"
    "address than the captured one did, later messages of the client have that in ciaddr and option 50; "
    "option 54 is the live\n"
    "server's. A relay agent that is not on the server's network becomes the last address of it. Repetitions "
    "are sent once.\n"
    "These do not count as differences, nor do options 52, 90, 91, 145 and 152 to 155, which hold nonces, "
    "times of day and\n"
    "where options stand.\n"
    "\n"
    "The leases that the live server gives on the way stay until they expire, or the lab goes.\n"
    "\n"
    "With --virtual it takes a trace, as `dhcplab log --json` prints it, and gives the servers of the "
    "topology, "
    "in virtual time,\n"
    "what they heard then, at the same instants. They start without leases, as in a lab that was started "
    "anew; "
    "what they decide\n"
    "and answer is compared with the trace. What was done to a server by commands is not in a trace.\n"
    "\n"
    "  --to HOST           the server, where the lab has several\n"
    "  --pace real|fast    wait between messages as the clients did, or for the answer only (fast)\n"
    "  --map-mac OLD=NEW   this client gets that hardware address; several times for several clients\n"
    "  --diff              show all fields and options side by side, not only what differs\n"
    "  --timeout SECONDS   how long to wait for an answer (1)\n"
    "  -n, --name NAME     the lab, where several run\n"
    "  --virtual           a trace in virtual time, without a lab\n"
    "  --topology FILE     of the lab that the trace is of; a path, or a lab that comes with the program\n"
    "  --json              what came of it as JSON\n"
    "  --help              this text\n"
    "\n"
    "Exit codes: 0 the answers are equal; 1 some differ, or are missing on one side; 2 wrong usage, or no "
    "capture with a\n"
    "client's message; 3 equal, but something could not be sent or was left out; 77 this system does not "
    "allow it.\n"
    "\n"
    "Examples:\n"
    "  dhcplab replay lease.pcapng\n"
    "  dhcplab replay other-server.pcap --to server --diff\n"
    "  dhcplab replay lease.pcap --map-mac 00:1c:42:11:22:33=02:00:00:00:00:99 --pace real\n"
    "  dhcplab log --json | dhcplab replay --virtual - --topology pair\n"
    "  dhcplab replay lease.pcap --json | jq '.messages[] | select(.outcome == \"different\")'\n";

struct options {
    const char *capture, *lab, *to, *topology; /* the capture, or the trace */
    bool real_pace, diff, json, is_virtual;
    uint32_t timeout_s;
    size_t n_macs;
    struct hw_addr macs[MACS_MAX][2];
};

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "dhcplab replay: %s%s; see `dhcplab replay --help`\n", what, value);
    return EXIT_CODE_USAGE;
}

/* ---- the command line ---- */

static bool read_macs(char *text, struct options *out)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || out->n_macs == MACS_MAX)
        return false;
    *equals = '\0';
    struct hw_addr *pair = out->macs[out->n_macs++];
    return hw_parse(text, &pair[0]) && hw_parse(equals + 1, &pair[1]) && pair[0].len == pair[1].len;
}

static bool read_timeout(const char *text, uint32_t *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *out = (uint32_t)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 && value <= TIMEOUT_MAX_S;
}

static bool read_pace(const char *text, bool *out_real)
{
    *out_real = strcmp(text, "real") == 0;
    return *out_real || strcmp(text, "fast") == 0;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct options *out)
{
    enum { OPT_TO = 256, OPT_PACE, OPT_MAP, OPT_DIFF, OPT_TIMEOUT, OPT_VIRTUAL, OPT_TOPOLOGY, OPT_JSON };
    static const struct option options[] = {{"to", required_argument, NULL, OPT_TO},
                                            {"pace", required_argument, NULL, OPT_PACE},
                                            {"map-mac", required_argument, NULL, OPT_MAP},
                                            {"diff", no_argument, NULL, OPT_DIFF},
                                            {"timeout", required_argument, NULL, OPT_TIMEOUT},
                                            {"virtual", no_argument, NULL, OPT_VIRTUAL},
                                            {"topology", required_argument, NULL, OPT_TOPOLOGY},
                                            {"json", no_argument, NULL, OPT_JSON},
                                            {"name", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    *out = (struct options){.timeout_s = TIMEOUT_S};
    while ((option = getopt_long(argc, argv, "hn:", options, NULL)) != -1) {
        switch (option) {
        case OPT_TO:
            out->to = optarg;
            break;
        case OPT_PACE:
            if (!read_pace(optarg, &out->real_pace))
                return usage_error("--pace is real or fast, not ", optarg);
            break;
        case OPT_MAP:
            if (!read_macs(optarg, out))
                return usage_error("--map-mac takes OLD=NEW, two hardware addresses of one length, not ",
                                   optarg);
            break;
        case OPT_DIFF:
            out->diff = true;
            break;
        case OPT_TIMEOUT:
            if (!read_timeout(optarg, &out->timeout_s))
                return usage_error("--timeout takes seconds from 1 to 3600, not ", optarg);
            break;
        case OPT_VIRTUAL:
            out->is_virtual = true;
            break;
        case OPT_TOPOLOGY:
            out->topology = optarg;
            break;
        case OPT_JSON:
            out->json = true;
            break;
        case 'n':
            out->lab = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default:
            return usage_error("an option is wrong", "");
        }
    }
    if (argc - optind != 1)
        return usage_error(argc == optind ? "which capture?" : "one capture at a time", "");
    if (out->diff && out->json)
        return usage_error("--diff is for people; --json has all of it", "");
    if (out->is_virtual != (out->topology != NULL))
        return usage_error("--virtual and --topology belong together", "");
    if (out->is_virtual &&
        (out->to != NULL || out->lab != NULL || out->diff || out->n_macs > 0 || out->real_pace))
        return usage_error("--virtual goes with --topology and --json only", "");
    out->capture = argv[optind];
    return -1;
}

/* ---- where ---- */

/* The server that is asked, and the host whose interface it is asked from. */
struct place {
    size_t server, from; /* places in the lab */
    const struct labnet_interface *server_end, *from_end;
};

static bool find_server(const struct lab_state *lab, const char *to, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < lab->n_hosts; i++) {
        bool is_meant = to == NULL || strcmp(lab->hosts[i].name, to) == 0;
        if (lab->hosts[i].role != LAB_SERVER || !is_meant)
            continue;
        *out = i;
        n++;
    }
    if (n == 1)
        return true;
    if (to != NULL)
        fprintf(stderr, "dhcplab: the lab %s has no server %s\n", lab->name, to);
    else
        fprintf(stderr, "dhcplab: the lab %s has %s; `--to HOST` says which is asked\n", lab->name,
                n == 0 ? "no server" : "several servers");
    return false;
}

/* Another host on a link of the server's: best one that is no server. */
static bool find_place(const struct lab_state *lab, const struct labnet *net, struct place *out)
{
    out->from_end = NULL;
    for (size_t s = 0; s < net->n; s++) {
        const struct labnet_interface *server = &net->interfaces[s];
        for (size_t i = 0; i < net->n && server->host == out->server && server->addr.addr != 0; i++) {
            const struct labnet_interface *other = &net->interfaces[i];
            bool is_better = out->from_end == NULL || lab->hosts[out->from].role == LAB_SERVER;
            if (other->host == out->server || strcmp(other->link, server->link) != 0 || !is_better)
                continue;
            out->server_end = server;
            out->from_end = other;
            out->from = other->host;
        }
    }
    if (out->from_end == NULL)
        fprintf(stderr, "dhcplab: %s shares no link with another host, from which it could be asked\n",
                lab->hosts[out->server].name);
    return out->from_end != NULL;
}

/* ---- what came of it ---- */

struct telling {
    const struct options *options;
    struct replay_why why;
    enum trace_color color;
    cJSON *messages; /* --json */
    uint64_t n[REPLAY_OUTCOMES];
    uint64_t n_unbegun; /* not equal, about a lease that the live server has not given */
};

static void tell(void *user, const struct replay_result *result)
{
    struct telling *t = user;
    char why[REPLAY_WHY_TEXT] = "";
    t->n[result->outcome]++;
    t->n_unbegun +=
        result->is_unbegun && result->outcome != REPLAY_EQUAL && result->outcome != REPLAY_NOTHING;
    if (!result->has_live && result->outcome != REPLAY_NOT_SENT && replay_plan_is_answerable(result->message))
        replay_why_text(&t->why, result->xid, why);
    if (t->messages != NULL)
        cJSON_AddItemToArray(t->messages, replay_print_json(result, why));
    else
        replay_print(stdout, result, t->options->diff, why, t->color);
}

/* At the pace of the capture there may be half an hour without a word. */
static void tell_wait(void *user, const struct replay_message *next, uint64_t left_ms)
{
    char span[VIEW_SPAN_LEN];
    (void)user;
    if (left_ms >= TOLD_WAIT_MS)
        fprintf(stderr, "dhcplab: packet %llu, %s, is due in %s\n", (unsigned long long)next->sent.number,
                dhcp_type_name(next->type), view_span((double)left_ms / S_MS, span));
}

static bool is_equal(const struct telling *t)
{
    return t->n[REPLAY_DIFFERENT] + t->n[REPLAY_NO_ANSWER] + t->n[REPLAY_NEW_ANSWER] == 0;
}

static void print_summary(const struct telling *t, const struct replay_plan *plan)
{
    printf("%zu message%s: %llu equal, %llu that nobody answers, %llu different, %llu without a live answer, "
           "%llu "
           "answered only now\n",
           plan->n, plan->n == 1 ? "" : "s", (unsigned long long)t->n[REPLAY_EQUAL],
           (unsigned long long)t->n[REPLAY_NOTHING], (unsigned long long)t->n[REPLAY_DIFFERENT],
           (unsigned long long)t->n[REPLAY_NO_ANSWER], (unsigned long long)t->n[REPLAY_NEW_ANSWER]);
    if (t->n_unbegun > 0)
        printf("%llu of them are about a lease that does not begin here, as where a capture starts too late: "
               "the "
               "live server does not know it\n",
               (unsigned long long)t->n_unbegun);
    if (t->n[REPLAY_NOT_SENT] + plan->n_unreadable + plan->n_left_out > 0)
        printf("%llu too long to be sent, %llu of the capture not readable, %llu beyond the limits\n",
               (unsigned long long)t->n[REPLAY_NOT_SENT], (unsigned long long)plan->n_unreadable,
               (unsigned long long)plan->n_left_out);
}

static void print_json(struct telling *t, const struct replay_plan *plan, const char *server)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "capture", t->options->capture);
    cJSON_AddStringToObject(out, "server", server);
    cJSON_AddBoolToObject(out, "equal", is_equal(t));
    cJSON *outcomes = cJSON_AddObjectToObject(out, "outcomes");
    for (int i = 0; i < REPLAY_OUTCOMES; i++)
        cJSON_AddNumberToObject(outcomes, replay_outcome_name((enum replay_outcome)i), (double)t->n[i]);
    cJSON_AddNumberToObject(out, "unreadable", (double)plan->n_unreadable);
    cJSON_AddNumberToObject(out, "left_out", (double)plan->n_left_out);
    cJSON_AddNumberToObject(out, "strays", (double)plan->n_strays);
    cJSON_AddItemToObject(out, "messages", t->messages);
    view_print_json(out);
    cJSON_Delete(out);
}

static int exit_code(const struct telling *t, const struct replay_plan *plan)
{
    if (!is_equal(t))
        return EXIT_CODE_FAILED;
    return t->n[REPLAY_NOT_SENT] + plan->n_unreadable + plan->n_left_out > 0 ? EXIT_CODE_PARTLY
                                                                             : EXIT_CODE_OK;
}

/* ---- doing it ---- */

static int failed(int rc, const char *what)
{
    fprintf(stderr, "dhcplab: %s\n", what);
    return rc == ERR_DENIED ? EXIT_CODE_DENIED : EXIT_CODE_FAILED;
}

static int replay(const struct options *o, const struct lab_state *lab, const struct place *place,
                  const struct replay_plan *plan, struct replay_map *map)
{
    const char *server = lab->hosts[place->server].name;
    char why[REPLAY_WHY_MAX];
    struct telling t = {.options = o, .color = view_color()};
    struct replay_setting setting = {.interface = place->from_end->name,
                                     .server = place->server_end->addr,
                                     .server_hw = place->server_end->hw,
                                     .real_pace = o->real_pace,
                                     .timeout_ms = o->timeout_s * S_MS,
                                     .waits = tell_wait,
                                     .told = tell,
                                     .user = &t};
    setvbuf(stdout, NULL, _IOLBF, 0); /* each message when its answer is there, be it into a pipe */
    if (o->json)
        t.messages = cJSON_CreateArray();
    else
        printf("%s to %s, from %s's %s: captured on the left, live on the right\n", o->capture, server,
               lab->hosts[place->from].name, place->from_end->name);
    replay_why_init(&t.why, lab, server);
    int rc = enter_network(lab, &lab->hosts[place->from]);
    if (rc < 0)
        snprintf(why, sizeof why, "cannot enter %s: %s", lab->hosts[place->from].name, strerror(errno));
    else
        rc = replay_run(plan, map, &setting, why);
    replay_why_fini(&t.why);
    if (rc < 0) {
        cJSON_Delete(t.messages);
        return failed(rc, why);
    }
    if (o->json)
        print_json(&t, plan, server);
    else
        print_summary(&t, plan);
    return exit_code(&t, plan);
}

static int map_macs(const struct options *o, struct replay_map *map)
{
    for (size_t i = 0; i < o->n_macs; i++) {
        char hw[HW_LEN];
        int rc = replay_map_client_as(map, &o->macs[i][0], &o->macs[i][1]);
        if (rc == ERR_INVALID)
            return usage_error("--map-mac has this client twice: ", hw_format(&o->macs[i][0], hw));
        if (rc < 0)
            return failed(rc, err_text(rc));
    }
    return -1;
}

static int find_and_replay(const struct options *o, const struct replay_plan *plan)
{
    struct lab_state lab;
    struct labnet net;
    struct place place = {0};
    struct replay_map map;
    uint64_t seed;
    int rc = rundir_load(o->lab, &lab);
    if (rc < 0)
        return rc == ERR_EXISTS ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
    if (!find_server(&lab, o->to, &place.server))
        return EXIT_CODE_USAGE;
    if ((rc = labnet_read(&lab, &net)) < 0)
        return failed(rc, err_text(rc));
    if (!find_place(&lab, &net, &place))
        return EXIT_CODE_USAGE;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return failed(ERR_IO, strerror(errno));
    replay_map_init(&map, seed, place.server_end->addr);
    int code = map_macs(o, &map);
    if (code < 0)
        code = replay(o, &lab, &place, plan, &map);
    replay_map_fini(&map);
    return code;
}

int command_replay(int argc, char **argv)
{
    struct options o;
    struct replay_plan plan;
    int code = parse_options(argc, argv, &o);
    if (code >= 0)
        return code;
    if (o.is_virtual)
        return replay_again(o.capture, o.topology, o.json);
    replay_plan_init(&plan);
    int rc = replay_read(o.capture, &plan);
    if (rc == ERR_INVALID)
        code = EXIT_CODE_USAGE; /* told */
    else if (rc < 0)
        code = failed(rc, err_text(rc));
    else if (plan.n == 0)
        code = usage_error("no message of a DHCP client is in ", o.capture);
    else
        code = find_and_replay(&o, &plan);
    replay_plan_fini(&plan);
    return code;
}
