#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io_clock.h"
#include "server/srv_driver.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "Usage: dhcplab-server -c FILE [OPTION]...\n"
    "A DHCPv4 server (RFC 2131) that says why: every message with every option, and every decision.\n"
    "\n"
    "  -c, --config FILE      the configuration, Kea's Dhcp4 JSON (see config/server.json)\n"
    "  -i, --interface IF     serve this interface; repeat for more; overrides interfaces-config\n"
    "  -f, --foreground       stay in the foreground and log to standard error; without it the server goes "
    "to the\n"
    "                         background once it serves, and errors and warnings go to the system's log\n"
    "  -t, --check            only read the configuration, and print it as JSON, completed with defaults "
    "and\n"
    "                         what is inherited; then, on standard error, warnings and \"FILE: ok\", or the "
    "error\n"
    "      --lease-file FILE  keep leases in FILE (CSV); overrides lease-database\n"
    "      --control PATH     listen for commands (Kea's command channel) on this unix socket\n"
    "      --user NAME[:GROUP]  once it serves, go on as this user, who then owns lease file and control "
    "socket\n"
    "      --no-seccomp       do not filter system calls: for debuggers and systems where the filter is in "
    "the way\n"
    "      --trace FILE       append every event to FILE, one JSON object a line\n"
    "      --node NAME        how this server is called in the trace (default: server)\n"
    "      --clock FILE       follow a lab's clock instead of the machine's\n"
    "  -q, --quiet            nothing on standard error but errors and warnings\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Signals: SIGHUP reads the configuration again and keeps the leases; SIGTERM and SIGINT end the server.\n"
    "Exit codes: 0 ended as asked, 1 failed, 2 usage or bad configuration.\n"
    "\n"
    "Examples:\n"
    "  dhcplab-server -c server.json -t             # is the file right?\n"
    "  dhcplab-server -c server.json -i eth0 -f     # serve eth0, log to the terminal\n"
    "  dhcplab-server -c server.json --control /run/dhcp.sock --lease-file /var/lib/dhcplab/leases.csv\n"
    "  dhcplab-server -c server.json --user dhcplab # as root; serve without root's rights\n";

struct arguments {
    struct srv_driver_options driver;
    struct srv_user user;
    const char *trace, *node, *clock;
    bool quiet;
};

enum { OPT_CONTROL = 256, OPT_TRACE, OPT_NODE, OPT_CLOCK, OPT_LEASE_FILE, OPT_USER, OPT_NO_SECCOMP };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"interface", required_argument, NULL, 'i'},
    {"foreground", no_argument, NULL, 'f'},
    {"check", no_argument, NULL, 't'},
    {"lease-file", required_argument, NULL, OPT_LEASE_FILE},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"user", required_argument, NULL, OPT_USER},
    {"no-seccomp", no_argument, NULL, OPT_NO_SECCOMP},
    {"trace", required_argument, NULL, OPT_TRACE},
    {"node", required_argument, NULL, OPT_NODE},
    {"clock", required_argument, NULL, OPT_CLOCK},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "dhcplab-server: %s%s\nTry 'dhcplab-server --help'.\n", what, value);
    return EXIT_USAGE;
}

static int add_interface(struct srv_driver_options *o)
{
    if (o->n_ifnames == SRV_IFACES_MAX)
        return usage_error("too many interfaces at ", optarg);
    o->ifnames[o->n_ifnames++] = optarg;
    return -1;
}

static int set_user(struct arguments *a)
{
    if (srv_privilege_find_user(optarg, &a->user) < 0)
        return usage_error("there is no such user or group: ", optarg);
    a->driver.user = &a->user;
    return -1;
}

/* One option; returns -1 to go on, or the exit code. */
static int take_option(int option, struct arguments *a)
{
    switch (option) {
    case 'c':
        a->driver.config = optarg;
        return -1;
    case 'i':
        return add_interface(&a->driver);
    case 'f':
        a->driver.foreground = true;
        return -1;
    case 't':
        a->driver.check_only = true;
        return -1;
    case OPT_LEASE_FILE:
        a->driver.lease_file = optarg;
        return -1;
    case OPT_CONTROL:
        a->driver.control = optarg;
        return -1;
    case OPT_USER:
        return set_user(a);
    case OPT_NO_SECCOMP:
        a->driver.no_seccomp = true;
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
    case 'q':
        a->quiet = true;
        return -1;
    case 'h':
        fputs(usage, stdout);
        return 0;
    case 'V':
        puts("dhcplab-server " DHCPLAB_VERSION);
        return 0;
    default: /* getopt_long has told what is wrong */
        return usage_error("the command line is not understood", "");
    }
}

int main(int argc, char **argv)
{
    struct arguments a = {.node = "server"};
    int option;
    while ((option = getopt_long(argc, argv, "c:i:ftqhV", long_options, NULL)) != -1) {
        int code = take_option(option, &a);
        if (code >= 0)
            return code;
    }
    if (optind < argc)
        return usage_error("there are no arguments but options: ", argv[optind]);
    if (a.driver.config == NULL)
        return usage_error("-c FILE is missing", "");
    int rc = a.clock != NULL ? io_clock_follow(a.clock) : 0;
    if (rc < 0) {
        fprintf(stderr, "dhcplab-server: %s: %s\n", a.clock, io_clock_why(rc));
        return EXIT_USAGE;
    }
    struct io_trace trace;
    if (io_trace_open(&trace, a.node, a.trace,
                      a.quiet || !a.driver.foreground ? IO_TRACE_ERRORS : IO_TRACE_ALL) < 0) {
        fprintf(stderr, "dhcplab-server: %s: %s\n", a.trace, strerror(errno));
        return EXIT_FAILURE;
    }
    int code = srv_driver_run(&a.driver, &trace);
    io_trace_close(&trace);
    return code;
}
