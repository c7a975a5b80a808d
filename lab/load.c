/* dhcplab load: how many leases a second does a server give, how soon, and are they right? */
#include "common/err.h"
#include "common/io_loop.h"
#include "common/number.h"
#include "lab/command.h"
#include "lab/load_report.h"
#include "lab/load_run.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: dhcplab load --server ADDRESS --local ADDRESS[/LEN] [--rate N | --window N] [OPTION...]\n"
    "       dhcplab load --interface IF [--rate N | --window N] [OPTION...]\n"
    "\n"
    "Puts a DHCP server under load, counts what comes back and how soon, and checks each answer: an address "
    "that\n"
    "no other client has, from the pools, the same in OFFER and ACK. It needs the rights of a relay (port "
    "67) or\n"
    "of raw sockets. Only ever use it in a lab of your own.\n"
    "\n"
    "Where from:\n"
    "      --server ADDRESS  the server, asked as a relay\n"
    "      --local ADDRESS[/LEN]\n"
    "                        the relay's own address, giaddr; the server answers there\n"
    "      --relays N        as N relays: the others have the addresses that follow, or with LEN the same "
    "place\n"
    "                        in the subnets that follow, from which their clients' addresses must be "
    "(default "
    "1)\n"
    "      --segments        a relay's messages pass the kernel in groups, which it cuts on the way (UDP\n"
    "                        segmentation offload): less work. Where the interface cuts them (ethtool -k: "
    "tx-\n"
    "                        udp-segmentation; in a lab it does not), packet sockets see them uncut\n"
    "      --busy-poll       looks for answers without a pause: for a processor of its own. Otherwise a fast "
    "server\n"
    "                        spends a part of its time on waking the generator\n"
    "      --interface IF    instead: as clients that are directly attached; they answer ARP, too (Linux "
    "knows 1024\n"
    "                        neighbours at one time: of more that renew, a server cannot reach the others)\n"
    "\n"
    "How much:\n"
    "      --window N        closed loop: N exchanges under way at any time (default 64)\n"
    "      --rate N          open loop: N exchanges begin each second, whether the server keeps up or not; a "
    "delay\n"
    "                        counts from when its message should have been sent\n"
    "      --clients N       so many different clients, in turn (default 50000)\n"
    "      --mix SHARES      what they do, such as dora=8,renew=1,release=1 (default dora=1)\n"
    "      --preload N       N clients get a lease beforehand, which does not count (default 0)\n"
    "      --duration S      for how many seconds exchanges begin (default 10)\n"
    "      --exchanges N     no more than N of them\n"
    "      --drop-time S     how long an answer is waited for (default 1)\n"
    "      --seed N          other hardware addresses, transaction ids and order (default 1)\n"
    "\n"
    "What is right:\n"
    "      --pool RANGE      every address must be in A-B or A/LEN; may be repeated\n"
    "\n"
    "      --progress S      a line every S seconds (default 1 on a terminal, otherwise 0: none)\n"
    "      --json            the report as JSON\n"
    "      --help            this text\n"
    "\n"
    "Ctrl-C begins no more exchanges, and reports when those under way are over; a second one at once.\n"
    "\n"
    "Exit codes: 0 every exchange ended well; 1 failed; 2 wrong usage; 3 answers were missing, wrong or "
    "late, or\n"
    "an address was given twice.\n"
    "\n"
    "Examples:\n"
    "  dhcplab exec h1 dhcplab load --server 10.77.0.1 --local 10.77.0.100 --clients 50\n"
    "  dhcplab exec h1 dhcplab load --server 10.77.0.1 --local 10.77.0.100 --clients 50 --rate 2000 --mix "
    "dora=1,renew=3\n"
    "  dhcplab load --server 10.77.0.1 --local 10.16.0.2/16 --relays 8      (10.16.0.2, 10.17.0.2, ...)\n"
    "  dhcplab exec h1 dhcplab load --interface eth0 --window 16 --clients 50 --pool 10.77.0.0/24 --json\n";

enum {
    CLIENTS = 50000,
    WINDOW = 64,
    DURATION_S = 10,
    S_MAX = 86400,
    RATE_MAX = 10000000,
    SHARE_MAX = 1000000,
    MIX_MAX = 128,
    WHAT_MAX = 128,
    OPT_SERVER = 256,
    OPT_LOCAL,
    OPT_INTERFACE,
    OPT_RELAYS,
    OPT_SEGMENTS,
    OPT_BUSY_POLL,
    OPT_WINDOW,
    OPT_RATE,
    OPT_CLIENTS,
    OPT_MIX,
    OPT_PRELOAD,
    OPT_DURATION,
    OPT_EXCHANGES,
    OPT_DROP_TIME,
    OPT_SEED,
    OPT_POOL,
    OPT_PROGRESS,
};

#define SECOND_US 1e6

static const struct option long_options[] = {
    {"server", required_argument, NULL, OPT_SERVER},
    {"local", required_argument, NULL, OPT_LOCAL},
    {"interface", required_argument, NULL, OPT_INTERFACE},
    {"relays", required_argument, NULL, OPT_RELAYS},
    {"segments", no_argument, NULL, OPT_SEGMENTS},
    {"busy-poll", no_argument, NULL, OPT_BUSY_POLL},
    {"window", required_argument, NULL, OPT_WINDOW},
    {"rate", required_argument, NULL, OPT_RATE},
    {"clients", required_argument, NULL, OPT_CLIENTS},
    {"mix", required_argument, NULL, OPT_MIX},
    {"preload", required_argument, NULL, OPT_PRELOAD},
    {"duration", required_argument, NULL, OPT_DURATION},
    {"exchanges", required_argument, NULL, OPT_EXCHANGES},
    {"drop-time", required_argument, NULL, OPT_DROP_TIME},
    {"seed", required_argument, NULL, OPT_SEED},
    {"pool", required_argument, NULL, OPT_POOL},
    {"progress", required_argument, NULL, OPT_PROGRESS},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* What their values are: a text, and where `most` is not 0, that and the text behind it. */
static const struct {
    const char *text;
    uint32_t most;
    const char *rest;
} values[] = {
    [OPT_SERVER] = {"the address of a host", 0, ""},
    [OPT_LOCAL] = {"the address of a host, with the length of its subnet or without", 0, ""},
    [OPT_RELAYS] = {"a number from 1 to ", LOAD_RELAYS_MAX, ""},
    [OPT_WINDOW] = {"a number from 1 to ", LOAD_CLIENTS_MAX, ""},
    [OPT_RATE] = {"a number from 1 to ", RATE_MAX, ""},
    [OPT_CLIENTS] = {"a number from 1 to ", LOAD_CLIENTS_MAX, ""},
    [OPT_MIX] = {"shares from 0 to ", SHARE_MAX,
                 " of dora, renew and release, not all 0, such as dora=8,renew=1"},
    [OPT_PRELOAD] = {"a number up to ", LOAD_CLIENTS_MAX, ""},
    [OPT_DURATION] = {"seconds from 0.001 to ", S_MAX, ""},
    [OPT_EXCHANGES] = {"a number from 1", 0, ""},
    [OPT_DROP_TIME] = {"seconds from 0.001 to ", S_MAX, ""},
    [OPT_SEED] = {"a number", 0, ""},
    [OPT_POOL] = {"a range such as 10.0.0.10-10.0.0.99 or 10.0.0.0/24, at most ", LOAD_POOLS_MAX, " times"},
    [OPT_PROGRESS] = {"seconds up to ", S_MAX, ""},
};

struct arguments {
    struct load_settings settings;
    struct load_link_settings link;
    uint64_t progress_us;
    bool busy_poll, json, closed; /* closed: --window was given */
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
    (void)number;
    ended = ended == 0 ? 1 : 2;
}

/* ---- the command line ---- */

static int value_error(const struct option *option, const char *value)
{
    char what[WHAT_MAX], most[sizeof "4294967295"];
    snprintf(most, sizeof most, "%" PRIu32, values[option->val].most);
    snprintf(what, sizeof what, "--%s takes %s%s%s, not ", option->name, values[option->val].text,
             values[option->val].most != 0 ? most : "", values[option->val].rest);
    return command_usage_error("load", what, value);
}

/* Seconds, with or without a fraction. */
static bool read_span(const char *text, double least, uint64_t *out_us)
{
    char *end;
    double s = strtod(text, &end);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || !(s >= least && s <= S_MAX))
        return false;
    *out_us = (uint64_t)(s * SECOND_US);
    return true;
}

/* "dora=8,renew=1": what is not named has no share. */
static bool read_mix(const char *text, uint32_t *out)
{
    static const char *const jobs[LOAD_JOBS] = {
        [LOAD_DORA] = "dora", [LOAD_RENEW] = "renew", [LOAD_RELEASE] = "release"};
    uint32_t mix[LOAD_JOBS] = {0};
    char words[MIX_MAX], *rest = words;
    if (snprintf(words, sizeof words, "%s", text) >= (int)sizeof words) /* strsep() cuts it up */
        return false;
    for (char *part; (part = strsep(&rest, ",")) != NULL;) {
        char *value = strchr(part, '=');
        size_t job = 0, len = value == NULL ? 0 : (size_t)(value - part);
        while (job < LOAD_JOBS && (strlen(jobs[job]) != len || strncmp(jobs[job], part, len) != 0))
            job++;
        if (job == LOAD_JOBS || value == NULL || !number_parse_u32(value + 1, 0, SHARE_MAX, &mix[job]))
            return false;
    }
    memcpy(out, mix, sizeof mix);
    return mix[LOAD_DORA] + mix[LOAD_RENEW] + mix[LOAD_RELEASE] > 0;
}

/* The first relay's address, with its subnet's length or without. */
static bool read_local(const char *text, struct ip4_net *out)
{
    struct ip4_net net = {.len = 32};
    if (!(strchr(text, '/') == NULL ? ip4_parse(text, &net.addr) : ip4_net_parse(text, &net)) ||
        !ip4_is_host(net.addr) || net.len == 0)
        return false;
    *out = net;
    return true;
}

static bool add_pool(const char *text, struct load_settings *s)
{
    return s->n_pools < LOAD_POOLS_MAX && ip4_range_parse(text, &s->pools[s->n_pools]) && ++s->n_pools > 0;
}

/* Whether the option's value is one. */
static bool take_option(int option, struct arguments *a)
{
    struct load_settings *s = &a->settings;
    switch (option) {
    case OPT_SERVER:
        return ip4_parse(optarg, &a->link.server) && ip4_is_host(a->link.server);
    case OPT_LOCAL:
        return read_local(optarg, &s->relay);
    case OPT_INTERFACE:
        a->link.ifname = optarg;
        return true;
    case OPT_RELAYS:
        return number_parse_u32(optarg, 1, LOAD_RELAYS_MAX, &s->relays);
    case OPT_SEGMENTS:
        return a->link.segments = true;
    case OPT_BUSY_POLL:
        return a->busy_poll = true;
    case OPT_WINDOW:
        a->closed = true;
        return number_parse_u32(optarg, 1, LOAD_CLIENTS_MAX, &s->window);
    case OPT_RATE:
        return number_parse(optarg, 1, RATE_MAX, &s->rate);
    case OPT_CLIENTS:
        return number_parse_u32(optarg, 1, LOAD_CLIENTS_MAX, &s->clients);
    case OPT_MIX:
        return read_mix(optarg, s->mix);
    case OPT_PRELOAD:
        return number_parse_u32(optarg, 0, LOAD_CLIENTS_MAX, &s->preload);
    case OPT_DURATION:
        return read_span(optarg, 1e-3, &s->duration_us);
    case OPT_EXCHANGES:
        return number_parse(optarg, 1, UINT64_MAX, &s->limit);
    case OPT_DROP_TIME:
        return read_span(optarg, 1e-3, &s->drop_us);
    case OPT_SEED:
        return number_parse(optarg, 0, UINT64_MAX, &s->seed);
    case OPT_POOL:
        return add_pool(optarg, s);
    case OPT_PROGRESS:
        return read_span(optarg, 0, &a->progress_us);
    default:
        return false;
    }
}

static int check_arguments(const struct arguments *a)
{
    bool hosts = a->link.ifname != NULL;
    const struct load_settings *s = &a->settings;
    if (hosts && (a->link.server != 0 || s->relay.addr != 0 || s->relays != 1 || a->link.segments))
        return command_usage_error(
            "load", "--interface is for clients, --server, --local, --relays and --segments are for relays",
            "");
    if (!hosts && (a->link.server == 0 || s->relay.addr == 0))
        return command_usage_error("load", "--server and --local are needed, or --interface", "");
    if (!hosts && (UINT32_MAX - s->relay.addr) >> (32 - s->relay.len) < s->relays - 1)
        return command_usage_error("load", "there are not so many subnets after that of --local", "");
    if (a->closed && s->rate > 0)
        return command_usage_error("load", "--rate and --window exclude each other", "");
    if (s->preload > s->clients)
        return command_usage_error("load", "--preload is at most --clients", "");
    return -1;
}

/* -1 to go on, or the exit code. */
static int parse(int argc, char **argv, struct arguments *a)
{
    optind = 1;
    for (int option, i; (option = getopt_long(argc, argv, "h", long_options, &i)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_CODE_OK;
        }
        if (option == '?')
            return command_usage_error("load", "an option is not understood", "");
        if (option == 'j')
            a->json = true;
        else if (!take_option(option, a))
            return value_error(&long_options[i], optarg);
    }
    if (optind < argc)
        return command_usage_error("load", "not understood: ", argv[optind]);
    return check_arguments(a);
}

/* ---- running ---- */

static int failed(const char *what)
{
    fprintf(stderr, "dhcplab: load: %s\n", what);
    return EXIT_CODE_FAILED;
}

static void print_report(const struct arguments *a, const struct load_stats *stats)
{
    struct text t;
    text_init(&t);
    cJSON *json = a->json ? load_report_json(&a->settings, stats) : NULL;
    if (!a->json)
        load_report_text(&t, &a->settings, stats);
    char *text = a->json ? cJSON_Print(json) : text_take(&t);
    if (text != NULL)
        printf("%s%s", text, a->json ? "\n" : "");
    free(text);
    cJSON_Delete(json);
    if (a->json)
        text_fini(&t);
}

static int run_and_report(const struct arguments *a, struct load_engine *engine, struct load_link *link)
{
    struct load_run run = {.engine = engine,
                           .link = link,
                           .progress_us = a->progress_us,
                           .busy_poll = a->busy_poll,
                           .ended = &ended};
    load_messages_init(&run.messages, a->settings.seed);
    if (load_run(&run) < 0)
        return failed(strerror(errno));
    const struct load_stats *stats = load_engine_stats(engine);
    print_report(a, stats);
    return load_stats_is_good(stats) ? EXIT_CODE_OK : EXIT_CODE_PARTLY;
}

int command_load(int argc, char **argv)
{
    struct arguments a = {.settings = {.clients = CLIENTS,
                                       .window = WINDOW,
                                       .mix = {[LOAD_DORA] = 1},
                                       .drop_us = (uint64_t)SECOND_US,
                                       .duration_us = DURATION_S * (uint64_t)SECOND_US,
                                       .relays = 1,
                                       .seed = 1},
                          .progress_us = isatty(STDERR_FILENO) ? (uint64_t)SECOND_US : 0};
    int code = parse(argc, argv, &a);
    if (code >= 0)
        return code;
    char why[LOAD_WHY_MAX];
    struct load_link *link = NULL;
    int rc = load_link_open(&a.link, &a.settings, &link, why);
    if (rc < 0) {
        failed(why);
        return rc == ERR_DENIED ? EXIT_CODE_DENIED : EXIT_CODE_FAILED;
    }
    struct load_engine *engine = load_engine_new(&a.settings, io_now_us());
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    code = engine == NULL ? failed(err_text(ERR_NOMEM)) : run_and_report(&a, engine, link);
    load_engine_free(engine);
    load_link_close(link);
    return code;
}
