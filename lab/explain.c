/* dhcplab explain: what every octet of a capture means. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/dissect.h"
#include "common/number.h"
#include "lab/command.h"
#include "lab/explain_count.h"
#include "lab/explain_exchange.h"
#include "lab/explain_ladder.h"
#include "lab/explain_print.h"
#include "lab/explain_read.h"
#include "lab/explain_relate.h"
#include "lab/explain_svg.h"
#include "lab/explain_teach.h"
#include "lab/view.h"

static const char help[] =
    "Usage: dhcplab explain FILE|- [--packet N] [--bytes] [--teach] [--json] [--ladder | --svg F | "
    "--exchanges | --count]\n"
    "\n"
    "Reads a capture of anybody, pcap or pcapng (Ethernet with VLAN tags, Linux cooked, raw IP, loopback), "
    "and\n"
    "says what is in it: one line per packet; `-` reads standard input, as it comes.\n"
    "Fragments are put together, TCP connections followed: the packet that completes a datagram shows it "
    "whole,\n"
    "and each segment tells what it does and the states of both sides. Comments of packets are shown, and "
    "where a\n"
    "capture of several interfaces (`dhcplab capture`) has a packet twice, it counts once.\n"
    "\n"
    "  --packet N       this packet only, with every field: offset, length, value, meaning\n"
    "  --bytes          every field of every packet with its octets, and a dump\n"
    "  --teach          what each packet is for, and how its numbers come about: the UDP checksum step by "
    "step,\n"
    "                   the offsets of fragments\n"
    "  --json           one JSON object per packet and line, with the tree of fields; with --bytes their "
    "octets\n"
    "  --ladder         the DHCP messages as arrows between clients and servers, with their options\n"
    "  --svg F          the same as a picture, with what each message says and the timers of leases; more "
    "than 200\n"
    "                   messages go on in F-2, F-3... before the suffix, and of more than 12 clients the "
    "others "
    "share a lane;\n"
    "                   `-`, standard output, takes one picture\n"
    "  --exchanges      what happened between clients and servers, by client: first lease, renewal, "
    "INIT-REBOOT...,\n"
    "                   who offered and who was chosen, response times, T1, T2 and expiry, what is unusual;\n"
    "                   with --json one object each\n"
    "  --count          how many packets of each protocol, how many DHCP messages of each type; with --json "
    "as one\n"
    "                   object. The fragment that completes a datagram counts as what that is\n"
    "  --limit NAME=N   follow at most so many at a time, and give up the oldest of more: connections "
    "(1024), "
    "datagrams\n"
    "                   (64) in fragments and octets (4194304) of them, addresses (4096) that are claimed; "
    "exchanges\n"
    "                   (4096) in all; pictures (20) of --svg\n"
    "  --help           this text\n"
    "\n"
    "Colours only on a terminal, and not with NO_COLOR set; there lines of packets are wrapped to its "
    "width.\n"
    "\n"
    "Exit codes: 0 ok; 1 the capture ends in the middle or packet N is not in it; 2 wrong usage or no "
    "capture.\n"
    "\n"
    "Examples:\n"
    "  dhcplab explain lease.pcapng\n"
    "  dhcplab explain lease.pcapng --packet 2 --bytes\n"
    "  dhcplab explain lease.pcapng --svg lease.svg\n"
    "  dhcplab explain ping.pcap --teach\n"
    "  dhcplab explain --count lease.pcapng\n"
    "  ssh gateway tcpdump -U -w - port 67 | dhcplab explain -\n"
    "  dhcplab explain --json lease.pcapng | jq -r 'select(.warnings > 0) | .. | select(.name? == "
    "\"warning\") | "
    ".value'\n";

enum { OUT_BUFFER = 1 << 18 };

static const struct option long_options[] = {
    {"packet", required_argument, NULL, 'p'},
    {"bytes", no_argument, NULL, 'b'},
    {"teach", no_argument, NULL, 't'},
    {"json", no_argument, NULL, 'j'},
    {"ladder", no_argument, NULL, 'l'},
    {"exchanges", no_argument, NULL, 'x'},
    {"svg", required_argument, NULL, 's'},
    {"limit", required_argument, NULL, 'm'},
    {"count", no_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct arguments {
    const char *path, *svg;
    uint64_t packet; /* 0: all */
    struct explain_limits limits;
    bool bytes, teach, json, ladder, exchanges, count;
};

/* -1 to go on, or the exit code. */
static int read_arguments(int argc, char **argv, struct arguments *out)
{
    int option;
    *out = (struct arguments){0};
    explain_limits_init(&out->limits);
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'p':
            if (!number_parse(optarg, 1, UINT64_MAX, &out->packet))
                return command_usage_error("explain", "--packet takes a number from 1, not ", optarg);
            break;
        case 'b':
            out->bytes = true;
            break;
        case 't':
            out->teach = true;
            break;
        case 'j':
            out->json = true;
            break;
        case 'l':
            out->ladder = true;
            break;
        case 'm':
            if (!explain_limits_parse(optarg, &out->limits))
                return command_usage_error("explain", "--limit takes NAME=N, N from 1 to 10000000, not ",
                                           optarg);
            break;
        case 's':
            out->svg = optarg;
            break;
        case 'x':
            out->exchanges = true;
            break;
        case 'c':
            out->count = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default: /* getopt_long has told what is wrong */
            return command_usage_error("explain", "an option is wrong", "");
        }
    }
    if (optind != argc - 1)
        return command_usage_error("explain", optind == argc ? "which capture?" : "one capture at a time",
                                   "");
    bool packets = out->bytes || out->teach || out->packet != 0;
    bool drawn = out->ladder || out->svg != NULL;
    if ((drawn && (packets || out->json)) || ((out->exchanges || out->count) && packets) ||
        out->ladder + (out->svg != NULL) + out->exchanges + out->count > 1)
        return command_usage_error(
            "explain", "--ladder, --svg, --exchanges and --count tell of all packets in their own way, alone",
            "");
    if (out->teach && out->json)
        return command_usage_error("explain", "--teach is for people, --json for programs", "");
    out->path = argv[optind];
    return -1;
}

struct explain {
    const struct arguments *args;
    enum trace_color color;
    unsigned columns; /* of the terminal; 0: there is none */
    struct arena arena;
    struct dissect dissect;
    struct explain_relate *relate;
    struct explain_relation relation; /* of the packet */
    struct explain_ladder ladder;
    struct explain_svg *svg; /* NULL without --svg */
    struct explain_count count;
};

static bool has_tree(const struct arguments *args)
{
    return (args->json && !args->count) || args->bytes || args->svg != NULL || args->packet != 0;
}

static bool has_memory(bool is_enough)
{
    if (!is_enough)
        fprintf(stderr, "dhcplab: out of memory\n");
    return is_enough;
}

/* False, and told, if memory is out or a file cannot be written. */
static bool show_packet(struct explain *e, const struct explain_packet *packet)
{
    const struct dissect *d = &e->dissect;
    if (e->args->ladder)
        return has_memory(explain_ladder_add(&e->ladder, packet, d, &e->relation));
    if (e->svg != NULL)
        return explain_svg_add(e->svg, packet, d, &e->relation);
    if (e->args->exchanges)
        return true;
    if (e->args->packet != 0 && e->args->packet != packet->number)
        return true;
    if (e->args->json)
        explain_print_json(stdout, packet, d, e->relation.note, e->args->bytes);
    else if (has_tree(e->args))
        explain_print_tree(stdout, packet, d, e->args->bytes, e->color);
    else
        explain_print_line(stdout, packet, d, e->relation.note, e->color, e->columns);
    if (e->args->teach) {
        explain_teach(stdout, d, &e->relation);
        putchar('\n');
    }
    return has_memory(!d->out_of_memory);
}

/* Reads until the end, the packet that is wanted or the end of whoever reads us. An exit code. */
static int show_packets(struct explain *e, struct explain_reader *reader)
{
    struct explain_packet packet = {0};
    bool failed = false;
    uint64_t wanted = e->args->packet;
    dissect_init(&e->dissect, has_tree(e->args) ? &e->arena : NULL);
    while ((wanted == 0 || packet.number < wanted) && !ferror(stdout) &&
           explain_reader_next(reader, &packet, &failed)) {
        arena_reset(&e->arena);
        dissect_packet(&e->dissect, explain_reader_linktype(reader), packet.bytes, packet.len);
        if (e->args->count) {
            explain_relate_datagram(e->relate, &packet, &e->dissect, &e->relation);
            explain_count_add(&e->count, &packet, &e->dissect, e->relation.twin != 0);
            continue;
        }
        explain_relate_packet(e->relate, &packet, &e->dissect, &e->relation);
        if (!show_packet(e, &packet))
            return EXIT_CODE_FAILED;
        if (explain_reader_is_live(reader))
            fflush(stdout);
    }
    if (!failed && wanted > packet.number) {
        fprintf(stderr, "dhcplab: %s has %llu packets\n", e->args->path, (unsigned long long)packet.number);
        failed = true;
    }
    if (e->args->ladder && !explain_ladder_print(&e->ladder))
        failed = true;
    if (e->svg != NULL && !explain_svg_finish(e->svg))
        failed = true;
    explain_relate_tell_limits(e->relate);
    if (e->args->count && e->args->json)
        failed = !explain_count_json(stdout, &e->count) || failed;
    else if (e->args->count)
        explain_count_print(stdout, &e->count);
    if (e->args->exchanges && e->args->json)
        failed = !explain_exchanges_json(stdout, explain_relate_exchanges(e->relate)) || failed;
    else if (e->args->exchanges)
        explain_exchanges_print(stdout, explain_relate_exchanges(e->relate), e->color);
    return failed || fflush(stdout) != 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static void explain_free(struct explain *e)
{
    arena_fini(&e->arena);
    explain_relate_free(e->relate);
    explain_ladder_fini(&e->ladder);
    explain_svg_free(e->svg);
    free(e);
}

/* NULL if memory is out. */
static struct explain *explain_new(const struct arguments *args)
{
    struct explain *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->args = args;
    e->color = view_color();
    e->columns = view_columns();
    arena_init(&e->arena);
    e->relate = explain_relate_new(&args->limits);
    if (args->svg != NULL && e->relate != NULL)
        e->svg = explain_svg_new(args->svg, args->path, args->limits.pictures,
                                 explain_relate_exchanges(e->relate));
    if (e->relate != NULL && (args->svg == NULL || e->svg != NULL) &&
        explain_ladder_init(&e->ladder, stdout, e->color))
        return e;
    explain_free(e);
    return NULL;
}

int command_explain(int argc, char **argv)
{
    struct arguments args;
    int code = read_arguments(argc, argv, &args);
    if (code >= 0)
        return code;
    struct explain_reader *reader = explain_reader_new(args.path);
    if (reader == NULL)
        return EXIT_CODE_USAGE;
    struct explain *e = explain_new(&args);
    if (e != NULL) {
        setvbuf(stdout, NULL, _IOFBF, OUT_BUFFER);
        code = show_packets(e, reader);
        explain_free(e);
    } else {
        fprintf(stderr, "dhcplab: out of memory\n");
        code = EXIT_CODE_FAILED;
    }
    explain_reader_free(reader);
    return code;
}
