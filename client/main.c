#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/cli_crowd.h"
#include "client/cli_driver.h"
#include "client/cli_identity.h"
#include "client/cli_load.h"
#include "client/cli_remote.h"
#include "common/dhcp_proto.h"
#include "common/io_clock.h"
#include "common/number.h"

enum { EXIT_USAGE = 2, ONCE_LIMIT_S = 60 };

static const char usage[] =
    "Usage: dhcplab-client -i INTERFACE [OPTION]...\n"
    "       dhcplab-client --control PATH COMMAND [ARGUMENTS]\n"
    "A DHCPv4 client (RFC 2131) that stays in the foreground and logs every option of every message.\n"
    "\n"
    "  -i, --interface IF   the interface to configure\n"
    "  -c, --config FILE    settings, JSON with comments (see config/client.json)\n"
    "  -1, --once           end with the first lease and leave it on the interface\n"
    "  -t, --timeout S      with -1: give up S seconds after the first message (default 60); before that "
    "comes a start delay\n"
    "                       of 1 to 10 s, and 4 to 7 s of it are ARP probes, unless the configuration says\n"
    "                       otherwise: a lease takes up to 17 s where the server answers at once\n"
    "      --control PATH   listen for commands on this unix socket; with COMMAND: tell the client that "
    "does\n"
    "      --lease-file FILE  keep the lease here over a restart, and ask for it again (RFC 2131 3.2); with\n"
    "                       --count a line for each client\n"
    "      --duid-file FILE  with \"client-id\": \"duid\", keep DUID and IAID here (RFC 4361)\n"
    "      --hook SCRIPT    run SCRIPT for each transition, with dhcpcd's variables (see config/hook.sh)\n"
    "      --resolv-conf FILE  write name servers and search list here while there is a lease; asks for\n"
    "                       options 6, 15 and 119\n"
    "      --set-hostname   call the machine what option 12 says while there is a lease; asks for it\n"
    "      --trace FILE     append every event to FILE, one JSON object a line\n"
    "      --node NAME      how this client is called in the trace (default: the interface)\n"
    "      --clock FILE     follow a lab's clock instead of the machine's\n"
    "      --profile NAME   wait like this client: rfc2131 (the default), dhcpcd, udhcpc, networkd, "
    "dhclient,\n"
    "                       networkmanager, or a file; see `dhcplab timeline`\n"
    "      --seed N         make transaction ids, jitter and delays repeatable\n"
    "      --count N        a crowd of N clients, with hardware addresses of their own; the interface's\n"
    "                       addresses are left alone, and every lease is released at the end\n"
    "      --wave N         with --count: start and release N of them every 10 ms (default 32)\n"
    "  -q, --quiet          nothing on standard error but errors and warnings\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Signals: SIGUSR1 renews, SIGUSR2 releases, SIGTERM, SIGINT and SIGHUP end without a RELEASE and take "
    "the "
    "address away.\n"
    "Commands: status, renew, rebind, release, decline, inform, events, clock-get, clock-set, stop, "
    "list-commands. ARGUMENTS is a "
    "JSON map,\n"
    "such as {\"timeout_s\": 10} for renew, rebind and inform, {\"address\": \"10.0.0.5/24\"} for inform.\n"
    "Exit codes: 0 ended as asked, 1 failed (with -1: no lease), 2 usage or bad configuration, 3 a command "
    "that "
    "found\n"
    "nothing, such as a lease to release.\n"
    "\n"
    "Examples:\n"
    "  dhcplab-client -i eth0                      # lease, renew, until stopped\n"
    "  dhcplab-client -i eth0 -1 -t 10             # get a lease, or fail ten seconds after asking\n"
    "  dhcplab-client -i eth0 --profile udhcpc     # with the timers of BusyBox\n"
    "  dhcplab exec h1 dhcplab-client -i eth0 --count 50 -q    # fifty clients, on a host of a lab\n"
    "  dhcplab-client -i eth0 -c client.json --control /run/client.sock\n"
    "  dhcplab-client --control /run/client.sock renew '{\"timeout_s\": 10}'\n"
    "  dhcplab-client --control /run/client.sock status | jq .lease.t1\n";

struct arguments {
    struct cli_driver_options driver;
    const char *config, *profile, *trace, *node, *duid_file, *clock;
    uint32_t count; /* 0: one client, that configures the interface */
    uint32_t wave;
    bool quiet, seeded;
};

enum {
    OPT_CONTROL = 256,
    OPT_LEASE_FILE,
    OPT_DUID_FILE,
    OPT_HOOK,
    OPT_RESOLV_CONF,
    OPT_SET_HOSTNAME,
    OPT_TRACE,
    OPT_NODE,
    OPT_CLOCK,
    OPT_PROFILE,
    OPT_SEED,
    OPT_COUNT,
    OPT_WAVE
};

static const struct option long_options[] = {
    {"interface", required_argument, NULL, 'i'},
    {"config", required_argument, NULL, 'c'},
    {"once", no_argument, NULL, '1'},
    {"timeout", required_argument, NULL, 't'},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"lease-file", required_argument, NULL, OPT_LEASE_FILE},
    {"duid-file", required_argument, NULL, OPT_DUID_FILE},
    {"hook", required_argument, NULL, OPT_HOOK},
    {"resolv-conf", required_argument, NULL, OPT_RESOLV_CONF},
    {"set-hostname", no_argument, NULL, OPT_SET_HOSTNAME},
    {"trace", required_argument, NULL, OPT_TRACE},
    {"node", required_argument, NULL, OPT_NODE},
    {"clock", required_argument, NULL, OPT_CLOCK},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"seed", required_argument, NULL, OPT_SEED},
    {"count", required_argument, NULL, OPT_COUNT},
    {"wave", required_argument, NULL, OPT_WAVE},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "dhcplab-client: %s%s\nTry 'dhcplab-client --help'.\n", what, value);
    return EXIT_USAGE;
}

/* One option; returns -1 to go on, or the exit code. */
static int take_option(int option, struct arguments *a)
{
    uint64_t number;
    switch (option) {
    case 'i':
        a->driver.ifname = optarg;
        return -1;
    case 'c':
        a->config = optarg;
        return -1;
    case '1':
        a->driver.once = true;
        return -1;
    case 't':
        if (!number_parse(optarg, 1, 86400, &number))
            return usage_error("--timeout takes a number of seconds from 1 to 86400, not ", optarg);
        a->driver.once_limit_ms = (time_ms)number * 1000;
        return -1;
    case OPT_CONTROL:
        a->driver.control = optarg;
        return -1;
    case OPT_LEASE_FILE:
        a->driver.lease_file = optarg;
        return -1;
    case OPT_DUID_FILE:
        a->duid_file = optarg;
        return -1;
    case OPT_HOOK:
        a->driver.hook = optarg;
        return -1;
    case OPT_RESOLV_CONF:
        a->driver.resolv_conf = optarg;
        return -1;
    case OPT_SET_HOSTNAME:
        a->driver.set_hostname = true;
        return -1;
    case OPT_TRACE:
        a->trace = optarg;
        return -1;
    case OPT_NODE:
        a->node = optarg;
        return -1;
    case OPT_CLOCK:
        a->clock = optarg;
        return -1;
    case OPT_COUNT:
        if (!number_parse_u32(optarg, 1, CLI_CROWD_MAX, &a->count))
            return usage_error("--count takes a number from 1 to 100000, not ", optarg);
        return -1;
    case OPT_WAVE:
        if (!number_parse_u32(optarg, 1, CLI_CROWD_MAX, &a->wave))
            return usage_error("--wave takes a number from 1 to 100000, not ", optarg);
        return -1;
    case OPT_PROFILE:
        a->profile = optarg;
        return -1;
    case OPT_SEED:
        if (!number_parse(optarg, 0, UINT64_MAX, &a->driver.seed))
            return usage_error("--seed takes a number, not ", optarg);
        a->seeded = true;
        return -1;
    case 'q':
        a->quiet = true;
        return -1;
    case 'h':
        fputs(usage, stdout);
        return 0;
    case 'V':
        puts("dhcplab-client " DHCPLAB_VERSION);
        return 0;
    default: /* getopt_long has told what is wrong */
        return usage_error("the command line is not understood", "");
    }
}

static void warn(void *user, const char *text)
{
    io_trace_log(user, "warning", "%s", text);
}

static int read_config(const struct arguments *a, struct io_trace *trace, struct cli_config *out)
{
    char error[JCFG_TEXT_MAX] = "";
    int rc = cli_load_config(a->config, warn, trace, error, out);
    struct cli_profile profile;
    if (rc == 0 && a->profile != NULL) {
        rc = cli_load_profile(a->profile, error, &profile);
        if (rc == 0)
            cli_config_use_profile(out, &profile);
    }
    if (rc < 0)
        fprintf(stderr, "dhcplab-client: %s\n", error);
    return rc;
}

/* Asks the server for what the options of the command line are to set. */
static void request_needed(const struct cli_driver_options *o, struct io_trace *trace,
                           struct cli_config *config)
{
    const struct {
        const char *option; /* NULL: not given */
        uint8_t code;
    } needs[] = {
        {o->set_hostname ? "--set-hostname" : NULL, DHCP_OPT_HOST_NAME},
        {o->resolv_conf != NULL ? "--resolv-conf" : NULL, DHCP_OPT_DNS_SERVERS},
        {o->resolv_conf != NULL ? "--resolv-conf" : NULL, DHCP_OPT_DOMAIN_NAME},
        {o->resolv_conf != NULL ? "--resolv-conf" : NULL, DHCP_OPT_DOMAIN_SEARCH},
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (needs[i].option != NULL && cli_config_request(config, needs[i].code))
            io_trace_log(trace, "info", "option %u is added to the parameter request list: %s needs it",
                         (unsigned)needs[i].code, needs[i].option);
}

static int read_identity(const struct arguments *a, struct cli_config *config)
{
    char why[CLI_DUID_WHY_MAX];
    int rc = a->duid_file ? cli_identity_load(a->duid_file, a->driver.ifname, config, why) : 0;
    if (rc < 0)
        fprintf(stderr, "dhcplab-client: %s\n", why);
    return rc;
}

/* Is there an option that is about the host that gets the lease? */
static bool has_host_option(const struct cli_driver_options *o)
{
    return o->once || o->hook != NULL || o->resolv_conf != NULL || o->set_hostname;
}

static int run_crowd(const struct arguments *a, const struct cli_config *config, struct io_trace *trace)
{
    struct cli_crowd_options options = {.ifname = a->driver.ifname,
                                        .control = a->driver.control,
                                        .count = a->count,
                                        .seed = a->driver.seed,
                                        .lease_file = a->driver.lease_file,
                                        .wave = a->wave};
    if (config->hook[0] != '\0')
        return usage_error("--count runs no \"hook\"", "");
    if (config->client_id_kind == CLI_CLIENT_ID_HW || config->client_id_kind == CLI_CLIENT_ID_NONE)
        return cli_crowd_run(&options, config, trace);
    return usage_error("--count needs \"client-id\": \"hw\" or \"none\": to a server clients with one ",
                       "identifier are one client");
}

int main(int argc, char **argv)
{
    struct arguments a = {.driver = {.once_limit_ms = ONCE_LIMIT_S * 1000}};
    int option;
    while ((option = getopt_long(argc, argv, "i:c:1t:qhV", long_options, NULL)) != -1) {
        int code = take_option(option, &a);
        if (code >= 0)
            return code;
    }
    if (optind < argc) {
        if (a.driver.ifname != NULL || a.driver.control == NULL)
            return usage_error("a command goes with --control PATH, and without -i: ", argv[optind]);
        if (argc - optind > 2)
            return usage_error("this is one argument too many: ", argv[optind + 2]);
        return cli_remote_run(a.driver.control, argv[optind], argv[optind + 1]);
    }
    if (a.driver.ifname == NULL)
        return usage_error("-i INTERFACE is missing", "");
    if (a.count > 0 && has_host_option(&a.driver))
        return usage_error("--count leaves the host alone: it does not go with -1, --hook, ",
                           "--resolv-conf and --set-hostname");
    if (!a.seeded && getrandom(&a.driver.seed, sizeof a.driver.seed, 0) < 0) {
        perror("dhcplab-client: no random seed");
        return EXIT_FAILURE;
    }
    int rc = a.clock != NULL ? io_clock_follow(a.clock) : 0;
    if (rc < 0) {
        fprintf(stderr, "dhcplab-client: %s: %s\n", a.clock, io_clock_why(rc));
        return EXIT_USAGE;
    }
    struct io_trace trace;
    if (io_trace_open(&trace, a.node ? a.node : a.driver.ifname, a.trace,
                      a.quiet ? IO_TRACE_ERRORS : IO_TRACE_ALL) < 0) {
        fprintf(stderr, "dhcplab-client: %s: %s\n", a.trace, strerror(errno));
        return EXIT_FAILURE;
    }
    struct cli_config config;
    int code = EXIT_USAGE;
    if (read_config(&a, &trace, &config) == 0 && read_identity(&a, &config) == 0) {
        request_needed(&a.driver, &trace, &config);
        code = a.count > 0 ? run_crowd(&a, &config, &trace) : cli_driver_run(&a.driver, &config, &trace);
    }
    io_trace_close(&trace);
    return code;
}
