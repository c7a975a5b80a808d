/* dhcplab tour: the classic exercises with real packets, in a lab of its own, and what they show. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/control_result.h"
#include "common/err.h"
#include "lab/command.h"
#include "lab/tour_act.h"
#include "lab/tour_ask.h"
#include "lab/tour_capture.h"
#include "lab/tour_facts.h"
#include "lab/tour_lab.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab tour [--teach] [--json] [--keep FILE]\n"
    "\n"
    "Goes through the classic exercises with real packets, in a lab of its own, a server and a client, and "
    "explains what it\n"
    "has captured: a lease given back, got anew and renewed; ARP; a ping, and one of 8,000 octets in its "
    "fragments; the UDP\n"
    "checksum worked; a TCP connection opened, an HTTP request on it, and closed. Nothing of the lab is left "
    "behind.\n"
    "\n"
    "  --teach        with the questions of a lab report, and the answers, from the packets just captured\n"
    "  --json         as JSON\n"
    "  --keep FILE    keep the capture, for Wireshark or `dhcplab explain`\n"
    "  --help         this text\n"
    "\n"
    "Exit codes: 0 ok; 1 failed, or a packet is missing; 2 wrong usage; 77 this system does not allow "
    "namespaces.\n"
    "\n"
    "Examples:\n"
    "  dhcplab tour\n"
    "  dhcplab tour --teach | less\n"
    "  dhcplab tour --keep tour.pcapng && dhcplab explain tour.pcapng --svg tour.svg\n";

enum {
    LAB_LIMIT_MS = 30000,
    CALL_TIMEOUT_S = 15,
    BIG_OCTETS = 8000,
    PING_OCTETS = 56, /* as ping itself has it */
};

static const char interface[] = "eth0";

struct options {
    bool teach, json;
    const char *keep; /* NULL: the capture goes with the lab */
};

struct tour {
    struct tour_lab lab;
    const struct lab_host_state *client, *server;
    ip4 server_addr;
    uint16_t port; /* of the metrics */
    int64_t marks[TOUR_STEPS];
};

static int parse_options(int argc, char **argv, struct options *out)
{
    enum { OPT_TEACH = 256, OPT_JSON, OPT_KEEP };
    static const struct option options[] = {{"teach", no_argument, NULL, OPT_TEACH},
                                            {"json", no_argument, NULL, OPT_JSON},
                                            {"keep", required_argument, NULL, OPT_KEEP},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    *out = (struct options){0};
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case OPT_TEACH:
            out->teach = true;
            break;
        case OPT_JSON:
            out->json = true;
            break;
        case OPT_KEEP:
            out->keep = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default:
            return command_usage_error("tour", "an option is wrong", "");
        }
    }
    if (optind == argc)
        return -1;
    return command_usage_error("tour", "it has a lab of its own, and takes no ", argv[optind]);
}

/* ---- what is done ---- */

static void tell(const char *what)
{
    fprintf(stderr, "tour: %s\n", what);
}

static void begin(struct tour *t, enum tour_step step, const char *what)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    t->marks[step] = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    tell(what);
}

/* 0 or ERR_IO, told. */
static int ask_client(const struct tour *t, const char *command)
{
    char why[VIEW_WHY_MAX];
    cJSON *arguments = cJSON_CreateObject();
    if (strcmp(command, "renew") == 0)
        cJSON_AddNumberToObject(arguments, "timeout_s", CALL_TIMEOUT_S);
    cJSON *reply = view_call(t->client, command, arguments, CALL_TIMEOUT_S * 1000 + VIEW_CALL_MS, why);
    bool done = reply != NULL && view_number(reply, "result", CONTROL_ERROR) == CONTROL_SUCCESS;
    if (!done)
        fprintf(stderr, "dhcplab: %s: %s\n", command, reply != NULL ? view_text(reply, "text") : why);
    cJSON_Delete(arguments);
    cJSON_Delete(reply);
    return done ? 0 : ERR_IO;
}

static int do_exercises(struct tour *t)
{
    const struct lab_state *lab = &t->lab.state;
    begin(t, TOUR_DHCP, "a lease is given back, got anew, renewed");
    int rc = ask_client(t, "release");
    if (rc == 0)
        rc = ask_client(t, "renew");
    if (rc == 0)
        rc = ask_client(t, "renew");
    begin(t, TOUR_PING, "ARP and ping");
    if (rc == 0)
        rc = tour_act_forget(lab, t->client, interface, t->server_addr);
    if (rc == 0)
        rc = tour_act_ping(lab, t->client, t->server_addr, PING_OCTETS);
    begin(t, TOUR_BIG_PING, "a ping of 8,000 octets");
    if (rc == 0)
        rc = tour_act_ping(lab, t->client, t->server_addr, BIG_OCTETS);
    begin(t, TOUR_WEB, "a TCP connection with an HTTP request");
    if (rc == 0)
        rc = tour_act_get(lab, t->client, t->server_addr, t->port, "/metrics");
    return rc;
}

/* Where the client is to go: from the topology and the server's configuration. */
static int find_hosts(struct tour *t)
{
    const struct topology *topology = &t->lab.topology;
    char why[VIEW_WHY_MAX];
    for (size_t i = 0; i < topology->n_ends; i++)
        if (topology->ends[i].has_address && topology->hosts[topology->ends[i].host].role == LAB_SERVER)
            t->server_addr = topology->ends[i].address.addr;
    for (size_t i = 0; i < t->lab.state.n_hosts; i++) {
        const struct lab_host_state *host = &t->lab.state.hosts[i];
        if (host->role == LAB_SERVER)
            t->server = host;
        if (host->role == LAB_CLIENT)
            t->client = host;
    }
    if (t->server == NULL || t->client == NULL)
        return ERR_NOTFOUND;
    cJSON *reply = view_call(t->server, "config-get", NULL, VIEW_CALL_MS, why);
    const cJSON *config =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(reply, "arguments"), "Dhcp4");
    t->port = (uint16_t)view_number(cJSON_GetObjectItemCaseSensitive(config, "metrics"), "port", 0);
    cJSON_Delete(reply);
    return t->port == 0 ? ERR_NOTFOUND : 0;
}

/* 0 or an error, told. */
static int capture_exercises(struct tour *t, const char *path)
{
    struct tour_capture capture;
    int rc = tour_capture_start(&capture, t->lab.state.name, t->client->name, path);
    if (rc == 0) {
        rc = do_exercises(t);
        int stopped = tour_capture_stop(&capture);
        rc = rc == 0 ? stopped : rc;
    }
    return rc;
}

/* From nothing to the facts; the lab is gone on return. The exit code. */
static int collect(struct tour *t, const struct options *options, struct tour_facts *f)
{
    char path[LAB_PATH_MAX + 32];
    tell("a lab with a server and a client");
    int code = tour_lab_start(&t->lab, "tour", LAB_LIMIT_MS);
    if (code != 0)
        return code;
    snprintf(path, sizeof path, "%s/tour.pcapng", t->lab.dir);
    const char *capture = options->keep != NULL ? options->keep : path;
    int rc = find_hosts(t);
    if (rc < 0)
        fprintf(stderr, "dhcplab: the lab of the tour is not as it should be\n");
    if (rc == 0)
        rc = capture_exercises(t, capture);
    if (rc == 0)
        rc = tour_facts_read(f, capture, t->marks);
    tell("the lab goes");
    tour_lab_stop(&t->lab);
    if (rc == 0 && tour_facts_missing(f) != NULL) {
        fprintf(stderr, "dhcplab: the capture of the tour has no %s\n", tour_facts_missing(f));
        rc = ERR_NOTFOUND;
    }
    return rc == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

/* ---- what is told ---- */

static bool is_dhcp(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return p->step == TOUR_DHCP && p->dhcp.type != 0;
}

static bool is_arp(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return p->step == TOUR_PING && p->arp.found;
}

static bool is_ping(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return p->step == TOUR_PING && p->icmp.found;
}

static bool is_big_ping(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return p->step == TOUR_BIG_PING && p->fragment.n_fragments > 0;
}

static bool is_worked(const struct tour_facts *f, const struct tour_packet *p)
{
    return p == f->discover;
}

static bool is_tcp(const struct tour_facts *f, const struct tour_packet *p)
{
    (void)f;
    return p->step == TOUR_WEB && p->tcp.found;
}

static const struct {
    const char *name, *title, *how;
    bool (*has)(const struct tour_facts *f, const struct tour_packet *p);
    void (*ask)(const struct tour_facts *f, cJSON *list);
} exercises[] = {
    {"dhcp", "DHCP: a lease given back, got anew and renewed",
     "dhcplab release h1; dhcplab renew h1; dhcplab renew h1", is_dhcp, tour_ask_dhcp},
    {"arp", "ARP: who has this address?", "with an empty ARP cache: ping -c 1", is_arp, tour_ask_arp},
    {"ping", "ICMP: ping", "ping -c 1", is_ping, tour_ask_ping},
    {"fragments", "IPv4: a ping of 8,000 octets, in fragments", "ping -c 1 -s 8000", is_big_ping,
     tour_ask_fragments},
    {"udp", "UDP: the checksum, worked", "", is_worked, tour_ask_udp},
    {"tcp", "TCP and HTTP: a connection opened, used and closed", "GET /metrics of the server", is_tcp,
     tour_ask_tcp},
};

enum { N_EXERCISES = sizeof exercises / sizeof exercises[0] };

static void print_questions(size_t exercise, const struct tour_facts *f)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *item;
    struct text t;
    unsigned n = 0;
    text_init(&t);
    exercises[exercise].ask(f, list);
    cJSON_ArrayForEach(item, list)
    {
        text_add(&t, "\n  %zu.%u  %s\n       %s\n", exercise + 1, ++n, view_text(item, "question"),
                 view_text(item, "answer"));
    }
    char *text = text_take(&t);
    if (text != NULL)
        view_print(text);
    free(text);
    cJSON_Delete(list);
}

static void print_exercise(size_t exercise, const struct tour_facts *f, bool teach)
{
    const char *how = exercises[exercise].how;
    printf("\n%zu. %s%s%s%s\n\n", exercise + 1, exercises[exercise].title, how[0] != '\0' ? "  (" : "", how,
           how[0] != '\0' ? ")" : "");
    for (size_t i = 0; i < f->n; i++)
        if (exercises[exercise].has(f, &f->packets[i]))
            view_print(f->packets[i].line);
    if (exercises[exercise].has == is_worked)
        view_print(f->checksum);
    if (teach)
        print_questions(exercise, f);
}

static cJSON *packet_json(const struct tour_packet *p)
{
    cJSON *map = cJSON_CreateObject();
    cJSON_AddNumberToObject(map, "packet", (double)p->number);
    cJSON_AddStringToObject(map, "protocol", p->protocol);
    cJSON_AddStringToObject(map, "summary", p->summary);
    cJSON_AddStringToObject(map, "note", p->note);
    cJSON_AddStringToObject(map, "comment", p->comment);
    cJSON_AddNumberToObject(map, "warnings", p->n_warnings);
    return map;
}

static void print_json(const struct tour_facts *f, const struct options *options)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "capture",
                          options->keep != NULL ? cJSON_CreateString(options->keep) : cJSON_CreateNull());
    cJSON *list = cJSON_AddArrayToObject(json, "exercises");
    for (size_t i = 0; i < N_EXERCISES; i++) {
        cJSON *map = cJSON_CreateObject();
        cJSON_AddStringToObject(map, "name", exercises[i].name);
        cJSON_AddStringToObject(map, "title", exercises[i].title);
        cJSON *packets = cJSON_AddArrayToObject(map, "packets");
        for (size_t j = 0; j < f->n; j++)
            if (exercises[i].has(f, &f->packets[j]))
                cJSON_AddItemToArray(packets, packet_json(&f->packets[j]));
        if (exercises[i].has == is_worked)
            cJSON_AddStringToObject(map, "worked", f->checksum);
        cJSON *questions = options->teach ? cJSON_AddArrayToObject(map, "questions") : NULL;
        if (questions != NULL)
            exercises[i].ask(f, questions);
        cJSON_AddItemToArray(list, map);
    }
    view_print_json(json);
    cJSON_Delete(json);
}

int command_tour(int argc, char **argv)
{
    static struct tour tour; /* static: too large for a small stack */
    struct options options;
    struct tour_facts facts = {0};
    int code = parse_options(argc, argv, &options);
    if (code >= 0)
        return code;
    code = collect(&tour, &options, &facts);
    if (code == EXIT_CODE_OK && options.json)
        print_json(&facts, &options);
    for (size_t i = 0; code == EXIT_CODE_OK && !options.json && i < N_EXERCISES; i++)
        print_exercise(i, &facts, options.teach);
    tour_facts_fini(&facts);
    return code;
}
