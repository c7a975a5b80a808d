/* dhcplab relay: a relay agent, RFC 1542 4.1. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_loop.h"
#include "common/io_sock.h"
#include "common/io_trace.h"
#include "lab/command.h"
#include "lab/labclock.h"
#include "lab/relay.h"
#include "lab/rundir.h"

static const char help[] =
    "Usage: dhcplab relay SERVER... [--node NAME] [--trace FILE] [--clock FILE]\n"
    "\n"
    "A relay agent: what clients broadcast on an interface of this host goes to each SERVER, with the\n"
    "address of that interface as giaddr, and the answers go back to them. It serves every interface with\n"
    "an address, and runs until it is ended. For a client's renewals, which go straight to the server, the\n"
    "host has to be a router, too. In a lab it has the name of its host, writes into the lab's trace, which\n"
    "`dhcplab log` shows, and follows the lab's clock.\n"
    "\n"
    "  --node NAME      how this relay agent is called in the trace (default: the host, or relay)\n"
    "  --trace FILE     append every event to FILE, one JSON object a line\n"
    "  --clock FILE     follow a lab's clock instead of the machine's\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 ended as asked; 1 failed; 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  dhcplab exec router dhcplab relay 10.77.0.1\n";

enum { INTERFACES_MAX = 64, RX_BATCH = 64 };

struct agent;

struct agent_port {
    struct agent *agent;
    struct io_iface iface;
    int udp_fd, raw_fd;
};

struct agent {
    struct io_loop *loop;
    struct io_trace trace;
    bool is_in_lab; /* and goes by its clock */
    ip4 servers[RELAY_SERVERS_MAX];
    size_t n_servers;
    struct agent_port ports[INTERFACES_MAX];
    size_t n_ports;
    uint8_t buf[IO_DATAGRAM_MAX];
};

struct arguments {
    const char *node, *trace, *clock; /* NULL: no trace; the machine's clock */
    struct lab_state lab;             /* in which it runs; "" if in none */
    char lab_clock[LABCLOCK_PATH_MAX];
};

static int fail(const char *subject, const char *why)
{
    fprintf(stderr, "dhcplab relay: %s: %s\n", subject, why);
    return EXIT_CODE_FAILED;
}

/* ---- relaying ---- */

static struct agent_port *find_port(struct agent *a, ip4 addr)
{
    for (size_t i = 0; i < a->n_ports; i++)
        if (a->ports[i].iface.addr.addr == addr)
            return &a->ports[i];
    return NULL;
}

/* On the interface of the server's network, or of the first: the way to its router. */
static struct agent_port *way_to(struct agent *a, ip4 server)
{
    for (size_t i = 0; i < a->n_ports; i++)
        if (ip4_net_has(a->ports[i].iface.addr, server))
            return &a->ports[i];
    return &a->ports[0];
}

static void tell_failure(struct agent *a, const struct agent_port *port)
{
    io_trace_log(&a->trace, "error", "sending on %s failed: %s", port->iface.name, strerror(errno));
}

/* The decision comes before what is sent because of it. */
static void tell(struct agent *a, const struct dhcp_msg *msg, enum reason reason, const struct packet *packet)
{
    char servers[RELAY_SERVERS_LEN];
    const struct trace_event event =
        relay_event(msg, reason, packet, relay_servers_format(a->servers, a->n_servers, servers));
    io_trace_event(&a->trace, &event);
}

static void to_servers(struct agent_port *port, const struct dhcp_msg *msg, const struct packet *in)
{
    struct agent *a = port->agent;
    uint8_t bytes[DHCP_MSG_MAX];
    struct packet out;
    enum reason reason = relay_request(msg, in, port->iface.addr.addr, bytes, &out);
    tell(a, msg, reason, reason == REASON_RELAY_REQUEST ? &out : in);
    if (reason != REASON_RELAY_REQUEST)
        return;
    for (size_t i = 0; i < a->n_servers; i++) {
        const struct agent_port *way = way_to(a, a->servers[i]);
        out.dst = a->servers[i];
        io_trace_message(&a->trace, TRACE_TX, way->iface.name, &out);
        if (io_udp_send(way->udp_fd, way->iface.index, &out) < 0)
            tell_failure(a, way);
    }
}

static void to_client(struct agent *a, const struct dhcp_msg *msg, const struct packet *in)
{
    const struct agent_port *port = find_port(a, msg->giaddr);
    struct packet out;
    if (port == NULL) {
        tell(a, msg, REASON_RELAY_OTHER, in);
        return;
    }
    relay_reply(msg, in, &port->iface.hw, &out);
    tell(a, msg, REASON_RELAY_REPLY, &out);
    io_trace_message(&a->trace, TRACE_TX, port->iface.name, &out);
    if (io_raw_send(port->raw_fd, port->iface.index, &out) < 0)
        tell_failure(a, port);
}

static void on_udp(void *user, int fd, int what)
{
    (void)what;
    struct agent_port *port = user;
    struct agent *a = port->agent;
    struct packet packet;
    struct dhcp_msg msg;
    if (a->is_in_lab) /* nobody tells us that the lab's clock was moved */
        io_clock_reload();
    for (int i = 0; i < RX_BATCH && io_udp_recv(fd, a->buf, sizeof a->buf, &packet) > 0; i++) {
        io_trace_message(&a->trace, TRACE_RX, port->iface.name, &packet);
        if (dhcp_msg_decode(&msg, packet.bytes, packet.len) != REASON_NONE)
            continue;
        if (msg.op == DHCP_BOOTREQUEST)
            to_servers(port, &msg, &packet);
        else
            to_client(a, &msg, &packet);
    }
}

/* ---- start and end ---- */

static int open_port(struct agent *a, const struct io_iface *iface)
{
    struct agent_port *port = &a->ports[a->n_ports];
    *port = (struct agent_port){.agent = a, .iface = *iface, .udp_fd = -1, .raw_fd = -1};
    int rc = io_udp_open(iface->name, DHCP_PORT_SERVER, &port->udp_fd);
    if (rc == 0)
        rc = io_raw_open(iface->index, 0, &port->raw_fd);
    if (rc < 0)
        return fail(iface->name, io_sock_error(errno));
    a->n_ports++;
    return io_watch_new(a->loop, port->udp_fd, IO_READ, on_udp, port) != NULL
               ? 0
               : fail("start", err_text(ERR_NOMEM));
}

static void on_end(void *user, int signal)
{
    (void)signal;
    io_loop_stop(user);
}

static int start(struct agent *a)
{
    struct io_iface list[INTERFACES_MAX];
    int n = io_iface_list(list, INTERFACES_MAX), code = 0;
    a->loop = io_loop_new();
    if (a->loop == NULL || io_signal_add(a->loop, SIGTERM, on_end, a->loop) < 0 ||
        io_signal_add(a->loop, SIGINT, on_end, a->loop) < 0)
        return fail("start", err_text(ERR_NOMEM));
    for (int i = 0; code == 0 && i < n; i++)
        if (!list[i].loopback && list[i].addr.addr != 0)
            code = open_port(a, &list[i]);
    return code == 0 && a->n_ports == 0 ? fail("start", "no interface has an address") : code;
}

/* What `dhcplab exec` tells a program inside of a host. -1: go on; else the exit code. */
static int take_place(struct arguments *args)
{
    const char *lab = getenv("DHCPLAB_LAB"), *host = getenv("DHCPLAB_HOST");
    if (lab == NULL || host == NULL)
        return -1;
    if (rundir_load(lab, &args->lab) < 0)
        return EXIT_CODE_FAILED;
    labclock_path(args->lab.dir, args->lab_clock);
    args->node = host;
    args->trace = args->lab.trace;
    args->clock = args->lab_clock;
    return -1;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct agent *a, struct arguments *out)
{
    static const struct option options[] = {{"node", required_argument, NULL, 'n'},
                                            {"trace", required_argument, NULL, 't'},
                                            {"clock", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'n') {
            out->node = optarg;
        } else if (option == 't') {
            out->trace = optarg;
        } else if (option == 'c') {
            out->clock = optarg;
        } else if (option == 'h') {
            fputs(help, stdout);
            return EXIT_CODE_OK;
        } else {
            return command_usage_error("relay", "an option is wrong", "");
        }
    }
    for (int i = optind; i < argc; i++)
        if (a->n_servers == RELAY_SERVERS_MAX || !ip4_parse(argv[i], &a->servers[a->n_servers++])) {
            fprintf(stderr, "dhcplab relay: one to %d addresses of servers, not %s\n", RELAY_SERVERS_MAX,
                    argv[i]);
            return EXIT_CODE_USAGE;
        }
    if (a->n_servers > 0)
        return -1;
    return command_usage_error("relay", "which servers?", "");
}

int command_relay(int argc, char **argv)
{
    static struct agent a; /* static: too large for a small stack, as is the lab */
    static struct arguments args;
    args = (struct arguments){.node = "relay"};
    int code = take_place(&args);
    if (code < 0)
        code = parse_options(argc, argv, &a, &args);
    if (code >= 0)
        return code;
    int rc = args.clock != NULL ? io_clock_follow(args.clock) : 0;
    if (rc < 0)
        return fail(args.clock, io_clock_why(rc));
    a.is_in_lab = args.clock == args.lab_clock;
    if (io_trace_open(&a.trace, args.node, args.trace, IO_TRACE_ALL) < 0)
        return fail(args.trace, strerror(errno));
    code = start(&a);
    if (code == 0 && io_loop_run(a.loop) < 0)
        code = EXIT_CODE_FAILED;
    io_trace_close(&a.trace);
    io_loop_free(a.loop);
    return code;
}
