/* dhcplab explain: what every octet of a capture means. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/dissect.h"
#include "common/dissect_conn.h"
#include "common/dissect_exchange.h"
#include "common/dissect_reasm.h"
#include "lab/command.h"
#include "lab/explain_exchange.h"
#include "lab/explain_ladder.h"
#include "lab/explain_print.h"
#include "lab/explain_read.h"
#include "lab/explain_teach.h"
#include "lab/view.h"

static const char help[] =
    "Usage: dhcplab explain FILE|- [--packet N] [--bytes] [--teach] [--json] [--ladder | --exchanges]\n"
    "\n"
    "Reads a capture of anybody, pcap or pcapng (Ethernet with VLAN tags, Linux cooked, raw IP, loopback), "
    "and\n"
    "says what is in it: one line per packet; `-` reads standard input, as it comes.\n"
    "Fragments are put together, TCP connections followed: the packet that completes a datagram shows it "
    "whole,\n"
    "and each segment tells what it does and the states of both sides.\n"
    "\n"
    "  --packet N       this packet only, with every field: offset, length, value, meaning\n"
    "  --bytes          every field of every packet with its octets, and a dump\n"
    "  --teach          what each packet is for, and how its numbers come about: the UDP checksum step by "
    "step,\n"
    "                   the offsets of fragments\n"
    "  --json           one JSON object per packet and line, with the tree of fields; with --bytes their "
    "octets\n"
    "  --ladder         the DHCP messages as arrows between clients and servers, with their options\n"
    "  --exchanges      what happened between clients and servers, by client: first lease, renewal, "
    "INIT-REBOOT...,\n"
    "                   who offered and who was chosen, response times, T1, T2 and expiry, what is unusual;\n"
    "                   with --json one object each\n"
    "  --help           this text\n"
    "\n"
    "Colours only on a terminal, and not with NO_COLOR set.\n"
    "\n"
    "Exit codes: 0 ok; 1 the capture ends in the middle or packet N is not in it; 2 wrong usage or no "
    "capture.\n"
    "\n"
    "Examples:\n"
    "  dhcplab explain lease.pcapng\n"
    "  dhcplab explain lease.pcapng --packet 2 --bytes\n"
    "  dhcplab explain ping.pcap --teach\n"
    "  dhcplab exec h1 tcpdump -U -w - -i eth0 | dhcplab explain -\n"
    "  dhcplab explain --json lease.pcapng | jq -r 'select(.warnings > 0) | .. | select(.name? == "
    "\"warning\") | "
    ".value'\n";

enum { OUT_BUFFER = 1 << 18, NOTE_MAX = 256, NS_PER_S = 1000000000 };

static const struct option long_options[] = {
    {"packet", required_argument, NULL, 'p'}, {"bytes", no_argument, NULL, 'b'},
    {"teach", no_argument, NULL, 't'},        {"json", no_argument, NULL, 'j'},
    {"ladder", no_argument, NULL, 'l'},       {"exchanges", no_argument, NULL, 'x'},
    {"help", no_argument, NULL, 'h'},         {0},
};

struct arguments {
    const char *path;
    uint64_t packet; /* 0: all */
    bool bytes, teach, json, ladder, exchanges;
};

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "dhcplab: explain: %s%s; `dhcplab explain --help` tells more\n", what, value);
    return EXIT_CODE_USAGE;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out > 0;
}

/* -1 to go on, or the exit code. */
static int read_arguments(int argc, char **argv, struct arguments *out)
{
    int option;
    *out = (struct arguments){0};
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'p':
            if (!read_number(optarg, &out->packet))
                return usage_error("--packet takes a number from 1, not ", optarg);
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
        case 'x':
            out->exchanges = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default: /* getopt_long has told what is wrong */
            return EXIT_CODE_USAGE;
        }
    }
    if (optind != argc - 1)
        return usage_error(optind == argc ? "which capture?" : "one capture at a time", "");
    bool packets = out->bytes || out->teach || out->packet != 0;
    if ((out->ladder && (packets || out->json || out->exchanges)) || (out->exchanges && packets))
        return usage_error("--ladder and --exchanges show all messages in their own way, alone", "");
    if (out->teach && out->json)
        return usage_error("--teach is for people, --json for programs", "");
    out->path = argv[optind];
    return -1;
}

struct explain {
    const struct arguments *args;
    enum trace_color color;
    struct arena arena;
    struct dissect dissect;
    struct dissect_reasm *reasm;
    struct dissect_conns *conns;
    struct dissect_exchanges *exchanges;
    struct dissect_reasm_answer fragment; /* of the packet, if it is one */
    struct dissect_conn_answer segment;   /* likewise */
    char note[NOTE_MAX];                  /* what the packet means to what it belongs to */
    struct explain_ladder ladder;
};

static bool has_tree(const struct arguments *args)
{
    return args->json || args->bytes || args->packet != 0;
}

static void note_fragment(struct explain *e)
{
    const struct dissect_reasm_answer *a = &e->fragment;
    switch (a->status) {
    case DISSECT_REASM_KEPT:
        snprintf(e->note, sizeof e->note, "fragment %u, %zu octets so far%s", a->n_fragments, a->octets,
                 a->overlap ? ", overlaps another" : "");
        return;
    case DISSECT_REASM_WHOLE:
        snprintf(e->note, sizeof e->note, "fragment %u, the datagram is whole: %zu octets%s", a->n_fragments,
                 a->total, a->overlap ? ", overlaps another" : "");
        return;
    case DISSECT_REASM_REFUSED:
        snprintf(e->note, sizeof e->note, "does not fit the other fragments, or is cut");
        return;
    }
}

static void note_segment(struct explain *e)
{
    const struct dissect_conn_answer *a = &e->segment;
    const char *text = dissect_conn_event_text(a->event);
    snprintf(e->note, sizeof e->note, "connection %u, relative seq %u ack %u%s%s; %s, %s", a->number, a->seq,
             a->ack, text[0] != '\0' ? "; " : "", text, dissect_conn_state_name(a->sender),
             dissect_conn_state_name(a->receiver));
}

/* What the packet means to the packets before it. */
static void relate_packet(struct explain *e, const struct explain_packet *packet)
{
    struct dissect *d = &e->dissect;
    e->note[0] = '\0';
    if (dissect_reasm_is_fragment(d)) {
        dissect_reasm_add(e->reasm, d, packet->time_ns, &e->fragment);
        note_fragment(e);
        if (e->fragment.status == DISSECT_REASM_WHOLE)
            dissect_datagram(d, e->fragment.bytes, e->fragment.total);
    }
    if (d->has_dhcp) {
        const struct dissect_exchange *exchange =
            dissect_exchanges_add(e->exchanges, d, packet->number, packet->time_ns);
        if (exchange != NULL)
            explain_exchange_note(exchange, e->note);
    }
    if (d->tcp.found) {
        dissect_conns_step(e->conns, d, &e->segment);
        dissect_conns_show(d, &e->segment);
        note_segment(e);
    }
}

static void teach_packet(const struct explain *e)
{
    const struct explain_context context = {
        .fragment = dissect_reasm_is_fragment(&e->dissect) ? &e->fragment : NULL,
        .segment = e->dissect.tcp.found ? &e->segment : NULL,
    };
    explain_teach(stdout, &e->dissect, &context);
    putchar('\n');
}

/* False if memory is out. */
static bool show_packet(struct explain *e, const struct explain_packet *packet)
{
    const struct dissect *d = &e->dissect;
    if (e->args->ladder)
        return explain_ladder_add(&e->ladder, packet, d);
    if (e->args->exchanges)
        return true;
    if (e->args->packet != 0 && e->args->packet != packet->number)
        return true;
    if (e->args->json)
        explain_print_json(stdout, packet, d, e->note, e->args->bytes);
    else if (has_tree(e->args))
        explain_print_tree(stdout, packet, d, e->args->bytes, e->color);
    else
        explain_print_line(stdout, packet, d, e->note, e->color);
    if (e->args->teach)
        teach_packet(e);
    return !d->out_of_memory;
}

/* What was given up on the way, where somebody might look for it. */
static void tell_limits(const struct explain *e)
{
    const struct dissect_reasm_counts *counts = dissect_reasm_counts(e->reasm);
    if (counts->expired > 0)
        fprintf(stderr, "dhcplab: of %llu datagrams fragments were missing for longer than %d s\n",
                (unsigned long long)counts->expired, (int)(dissect_reasm_default.time_ns / NS_PER_S));
    if (counts->evicted > 0)
        fprintf(stderr, "dhcplab: %llu datagrams were given up: more than %zu in fragments at a time\n",
                (unsigned long long)counts->evicted, dissect_reasm_default.datagrams);
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
        relate_packet(e, &packet);
        if (!show_packet(e, &packet)) {
            fprintf(stderr, "dhcplab: out of memory\n");
            return EXIT_CODE_FAILED;
        }
        if (explain_reader_is_live(reader))
            fflush(stdout);
    }
    if (!failed && wanted > packet.number) {
        fprintf(stderr, "dhcplab: %s has %llu packets\n", e->args->path, (unsigned long long)packet.number);
        failed = true;
    }
    if (e->args->ladder && !explain_ladder_print(&e->ladder))
        failed = true;
    tell_limits(e);
    if (e->args->exchanges && e->args->json)
        failed = !explain_exchanges_json(stdout, e->exchanges) || failed;
    else if (e->args->exchanges)
        explain_exchanges_print(stdout, e->exchanges, e->color);
    return failed || fflush(stdout) != 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static void explain_free(struct explain *e)
{
    arena_fini(&e->arena);
    dissect_reasm_free(e->reasm);
    dissect_conns_free(e->conns);
    dissect_exchanges_free(e->exchanges);
    explain_ladder_fini(&e->ladder);
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
    arena_init(&e->arena);
    e->reasm = dissect_reasm_new(&dissect_reasm_default);
    e->conns = dissect_conns_new();
    e->exchanges = dissect_exchanges_new();
    if (e->reasm != NULL && e->conns != NULL && e->exchanges != NULL &&
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
