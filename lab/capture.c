/* dhcplab capture: what passes the interfaces of a running lab's hosts, with what its programs decided. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_loop.h"
#include "common/io_sock.h"
#include "common/number.h"
#include "lab/capture_file.h"
#include "lab/capture_link.h"
#include "lab/command.h"
#include "lab/enter.h"
#include "lab/explain_twin.h"
#include "lab/labclock_history.h"
#include "lab/labnet.h"
#include "lab/trace_lines.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab capture FILE|- [HOST...] [-n NAME] [--duration S] [--count N]\n"
    "\n"
    "Records what passes the interfaces of the lab's hosts, or of the named ones, into a pcapng file that "
    "Wireshark,\n"
    "tshark and `dhcplab explain` read; `-` is standard output. Each interface is one of the file, called "
    "HOST/INTERFACE,\n"
    "so that a packet which passes two of them is in it twice. Times are the kernel's, in nanoseconds, by "
    "the lab's clock\n"
    "(`dhcplab clock`). Each DHCP message has as its packet comment what the server "
    "or client that\n"
    "sent or got it decided, from the lab's trace.\n"
    "A file that there is already is replaced, as tcpdump and dumpcap do, but only when the first packet "
    "comes.\n"
    "Ends with Ctrl-C, with the lab, or as the options say; then tells what was captured.\n"
    "\n"
    "      --duration S     for so many seconds\n"
    "      --count N        so many packets; one that passes several interfaces counts once\n"
    "  -n, --name NAME      the lab, where several run\n"
    "      --help           this text\n"
    "\n"
    "Exit codes: 0 ok; 1 no such lab, or the file cannot be written; 2 wrong usage; 77 this system does not "
    "allow it.\n"
    "\n"
    "Examples:\n"
    "  dhcplab capture lease.pcapng\n"
    "  dhcplab capture lease.pcapng server --duration 60\n"
    "  tshark -r lease.pcapng -Y dhcp -T fields -e frame.interface_name -e frame.comment\n"
    "  dhcplab capture - | dhcplab explain -\n"
    "  dhcplab capture - | wireshark -k -i -\n";

enum {
    FIXED_FDS = 3,
    AT_ONCE = 256,        /* frames of an interface, before the others have their turn */
    OUT_BUFFER = 1 << 18, /* more than the blocks of all interfaces */
};

struct arguments {
    struct view_args view;
    const char *path;
    uint64_t duration_s, count; /* 0: no limit */
};

struct link {
    int fd;
    uint32_t interface;
    char name[LAB_NAME_MAX + LAB_INTERFACE_MAX];
    uint64_t packets, lost;
};

struct capture {
    const struct arguments *args;
    FILE *out;
    bool has_older; /* `out` has another capture, which stays until the first packet */
    struct capture_file *file;
    struct trace_lines trace;
    struct labclock_history clock;
    int pidfd, signals;
    struct link links[TOPOLOGY_ENDS_MAX];
    size_t n_links;
    uint64_t packets; /* each once if they are counted */
    struct explain_twins twins;
    time_ms begun, ended; /* ended TIME_NEVER: it goes on */
    uint8_t frame[PCAPNG_SNAPLEN];
};

/* ---- the command line ---- */

/* -1 to go on, or the exit code. */
static int read_arguments(int argc, char **argv, struct arguments *out)
{
    enum { NUMBER_MAX = 1000000000 };
    enum { OPT_DURATION = 256, OPT_COUNT };
    static const struct option options[] = {{"duration", required_argument, NULL, OPT_DURATION},
                                            {"count", required_argument, NULL, OPT_COUNT},
                                            {"name", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    *out = (struct arguments){0};
    while ((option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
        switch (option) {
        case OPT_DURATION:
            if (!number_parse(optarg, 1, NUMBER_MAX, &out->duration_s))
                return command_usage_error("capture", "--duration takes a number of seconds, not ", optarg);
            break;
        case OPT_COUNT:
            if (!number_parse(optarg, 1, NUMBER_MAX, &out->count))
                return command_usage_error("capture", "--count takes a number of packets, not ", optarg);
            break;
        case 'n':
            out->view.lab = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_CODE_OK;
        default: /* getopt_long has told what is wrong */
            return command_usage_error("capture", "an option is wrong", "");
        }
    }
    if (optind == argc)
        return command_usage_error("capture", "into which file?", "");
    out->path = argv[optind];
    if (strcmp(out->path, "-") == 0 && isatty(STDOUT_FILENO))
        return command_usage_error("capture",
                                   "a capture is nothing for a terminal: name a file, or read it with "
                                   "`dhcplab capture - | dhcplab explain -`",
                                   "");
    out->view.hosts = (const char *const *)argv + optind + 1;
    out->view.n_hosts = (size_t)(argc - optind - 1);
    return -1;
}

/* ---- the interfaces ---- */

/* An exit code, EXIT_CODE_OK to go on; what is wrong is told. */
static int open_link(struct capture *c, const struct lab_state *lab, const struct labnet_interface *interface)
{
    const struct lab_host_state *host = &lab->hosts[interface->host];
    struct link *l = &c->links[c->n_links];
    snprintf(l->name, sizeof l->name, "%s/%s", host->name, interface->name);
    int rc = enter_network(lab, host);
    if (rc == 0)
        rc = capture_link_open(interface->name, &l->fd);
    if (rc < 0) {
        fprintf(stderr, "dhcplab: %s cannot be captured: %s\n", l->name,
                rc == ERR_NOTFOUND ? "the interface is gone" : io_sock_error(errno));
        return rc == ERR_DENIED || errno == EPERM ? EXIT_CODE_DENIED : EXIT_CODE_FAILED;
    }
    c->n_links++;
    l->interface = (uint32_t)capture_file_interface(c->file, host->name, interface->name, &interface->hw);
    return EXIT_CODE_OK;
}

static int open_links(struct capture *c, const struct lab_state *lab)
{
    static_assert((int)TOPOLOGY_ENDS_MAX <= (int)CAPTURE_FILE_INTERFACES_MAX, "every end has its interface");
    struct labnet net;
    if (labnet_read(lab, &net) < 0) {
        fprintf(stderr, "dhcplab: the lab's state cannot be read\n");
        return EXIT_CODE_FAILED;
    }
    int code = EXIT_CODE_OK;
    for (size_t i = 0; i < net.n && code == EXIT_CODE_OK; i++)
        if (view_is_wanted(&c->args->view, lab->hosts[net.interfaces[i].host].name))
            code = open_link(c, lab, &net.interfaces[i]);
    if (code == EXIT_CODE_OK && c->n_links == 0) {
        fprintf(stderr, "dhcplab: there is no interface to capture at\n");
        code = EXIT_CODE_FAILED;
    }
    return code;
}

/* ---- the run ---- */

/* Is it one more than was asked for? What another interface has had already belongs to it. */
static bool is_too_much(struct capture *c, const struct pcapng_packet *packet)
{
    const struct explain_packet seen = {.number = c->packets + 1,
                                        .time_ns = packet->time_ns,
                                        .bytes = packet->bytes,
                                        .len = packet->len,
                                        .wire_len = packet->wire_len,
                                        .interface_number = packet->interface};
    uint64_t twin = explain_twin_find(&c->twins, &seen);
    return (twin != 0 ? twin : ++c->packets) > c->args->count;
}

/* The capture of before makes room for this one. */
static void replace_older(struct capture *c)
{
    if (c->has_older && ftruncate(fileno(c->out), 0) == 0)
        c->has_older = false;
}

static void drain_link(struct capture *c, struct link *l, time_ms now)
{
    struct pcapng_packet packet;
    for (int i = 0; i < AT_ONCE && capture_link_next(l->fd, c->frame, &packet) > 0; i++) {
        packet.interface = l->interface;
        if (c->args->count > 0 && is_too_much(c, &packet))
            continue;
        replace_older(c);
        capture_file_packet(c->file, &packet, now);
        l->packets++;
    }
}

static void drain_links(struct capture *c, time_ms now)
{
    for (size_t i = 0; i < c->n_links; i++)
        drain_link(c, &c->links[i], now);
}

static void take_lines(struct capture *c, time_ms now)
{
    for (const char *line; (line = trace_lines_next(&c->trace)) != NULL;) {
        cJSON *event = cJSON_Parse(line);
        if (event != NULL)
            capture_file_event(c->file, event, now);
        cJSON_Delete(event);
    }
}

/* What is in the trace when a packet is seen may be about it: the trace is read first, then the packets, and
 * the lines are told when the packets are known. False: the trace cannot be read. */
static bool take_what_there_is(struct capture *c, time_ms now)
{
    int rc;
    do {
        rc = trace_lines_read(&c->trace);
        if (c->ended == TIME_NEVER)
            drain_links(c, now);
        if (rc > 0)
            take_lines(c, now);
    } while (rc > 0);
    return rc == 0;
}

static int wait_ms(const struct capture *c, time_ms now)
{
    time_ms until = capture_file_deadline(c->file);
    time_ms end = c->ended != TIME_NEVER    ? c->ended + CAPTURE_FILE_HOLD_MS
                  : c->args->duration_s > 0 ? c->begun + (time_ms)c->args->duration_s * 1000
                                            : TIME_NEVER;
    if (end < until)
        until = end;
    if (until == TIME_NEVER)
        return -1;
    return until <= now ? 0 : until - now > 1000 ? 1000 : (int)(until - now);
}

/* Does anything say that it is enough? */
static bool is_over(const struct capture *c, const struct pollfd *fixed, bool lab_is_there, time_ms now)
{
    return (c->args->count > 0 && c->packets >= c->args->count) ||
           (c->args->duration_s > 0 && now - c->begun >= (time_ms)c->args->duration_s * 1000) ||
           fixed[1].revents != 0 || fixed[2].revents != 0 || !lab_is_there;
}

/* Until it is over, and then for as long as a decision may come late. */
static int run(struct capture *c)
{
    struct pollfd fds[FIXED_FDS + TOPOLOGY_ENDS_MAX] = {
        {c->trace.inotify, POLLIN, 0}, {c->pidfd, POLLIN, 0}, {c->signals, POLLIN, 0}};
    for (size_t i = 0; i < c->n_links; i++)
        fds[FIXED_FDS + i] = (struct pollfd){c->links[i].fd, POLLIN, 0};
    c->begun = io_real_ms();
    c->ended = TIME_NEVER;
    for (;;) {
        bool is_ending = c->ended != TIME_NEVER;
        nfds_t n = is_ending ? 1 : FIXED_FDS + (nfds_t)c->n_links;
        if (poll(fds, n, wait_ms(c, io_real_ms())) < 0 && errno != EINTR)
            return EXIT_CODE_FAILED;
        time_ms now = io_real_ms();
        bool lab_is_there = trace_lines_wake(&c->trace);
        if (!take_what_there_is(c, now))
            return EXIT_CODE_FAILED;
        capture_file_release(c->file, now);
        if (!c->has_older)
            capture_file_write(c->file);
        if (capture_file_has_failed(c->file))
            return EXIT_CODE_FAILED;
        if (!is_ending && is_over(c, fds, lab_is_there, now)) {
            if (c->args->count > 0)
                drain_links(c, now); /* at the other interfaces */
            c->ended = now;
        }
        if (is_ending && now >= c->ended + CAPTURE_FILE_HOLD_MS)
            return EXIT_CODE_OK;
    }
}

/* ---- around it ---- */

static void tell_start(const struct capture *c)
{
    fprintf(stderr, "capturing at");
    for (size_t i = 0; i < c->n_links; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", c->links[i].name);
    fprintf(stderr, "; Ctrl-C ends\n");
}

static void tell_end(struct capture *c, const struct capture_notes_counts *counts)
{
    for (size_t i = 0; i < c->n_links; i++) {
        struct link *l = &c->links[i];
        l->lost = capture_link_lost(l->fd);
        fprintf(stderr, "%s: %llu packets", l->name, (unsigned long long)l->packets);
        if (l->lost > 0)
            fprintf(stderr, "; %llu more were lost, for which the kernel had no room",
                    (unsigned long long)l->lost);
        putc('\n', stderr);
    }
    fprintf(stderr, "%s: %llu packets, %llu of them of DHCP, %llu with what was decided\n", c->args->path,
            (unsigned long long)counts->packets, (unsigned long long)counts->dhcp,
            (unsigned long long)counts->commented);
    if (c->has_older)
        fprintf(stderr, "%s: there was nothing to capture, and the file is as it was\n", c->args->path);
    if (counts->early > 0)
        fprintf(stderr, "%llu packets could not wait for it: more than %d at a time\n",
                (unsigned long long)counts->early, CAPTURE_FILE_HELD_MAX);
}

/* From now on Ctrl-C can be waited for. -1 if it cannot. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is a file that cannot be written */
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int capture(struct capture *c, const struct lab_state *lab)
{
    c->signals = open_signals();
    c->pidfd = pidfd_open(lab->pid, 0);
    if (c->signals < 0 || c->pidfd < 0) {
        fprintf(stderr, "dhcplab: the lab cannot be watched: %s\n", strerror(errno));
        return EXIT_CODE_FAILED;
    }
    int code = open_links(c, lab);
    if (code != EXIT_CODE_OK)
        return code;
    tell_start(c);
    return run(c);
}

static void close_all(struct capture *c)
{
    for (size_t i = 0; i < c->n_links; i++)
        close(c->links[i].fd);
    if (c->signals >= 0)
        close(c->signals);
    if (c->pidfd >= 0)
        close(c->pidfd);
    trace_lines_close(&c->trace);
    labclock_history_close(&c->clock);
    free(c);
}

/* The kernel stamps by the machine's clock, the lab's programs by the lab's. */
static int64_t lab_time(void *user, int64_t time_ns)
{
    return labclock_history_time_ns(user, time_ns);
}

/* Opens what stands outside of the lab, before its namespaces are entered. `has_older`: `out` has another
 * capture, and a buffer for all that stands in front of the first packet. */
static int capture_into(FILE *out, bool has_older, const struct arguments *args, const struct lab_state *lab)
{
    char comment[LAB_NAME_MAX + sizeof "dhcplab capture of the lab "];
    struct capture *c = calloc(1, sizeof *c);
    snprintf(comment, sizeof comment, "dhcplab capture of the lab %s", lab->name);
    if (c == NULL || (c->file = capture_file_new(out, comment)) == NULL) {
        fprintf(stderr, "dhcplab: out of memory\n");
        free(c);
        return EXIT_CODE_FAILED;
    }
    c->args = args;
    c->out = out;
    c->has_older = has_older;
    c->signals = c->pidfd = -1;
    capture_file_set_time(c->file, lab_time, &c->clock);
    bool has_trace = trace_lines_open(&c->trace, lab->trace, true);
    bool has_clock = labclock_history_open(&c->clock, lab->dir);
    int code = has_trace && has_clock ? capture(c, lab) : EXIT_CODE_FAILED;
    if (c->has_older)
        __fpurge(out);
    capture_file_flush(c->file);
    if (code == EXIT_CODE_OK)
        tell_end(c, capture_file_counts(c->file));
    if (!capture_file_free(c->file)) {
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", args->path, strerror(errno));
        code = EXIT_CODE_FAILED;
    }
    close_all(c);
    return code;
}

/* NULL, with errno: it cannot be. */
static FILE *open_out(const char *path, bool *out_has_older)
{
    static char head[OUT_BUFFER];
    struct stat st;
    *out_has_older = false;
    if (strcmp(path, "-") == 0)
        return stdout;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (out == NULL)
        return NULL;
    setvbuf(out, head, _IOFBF, sizeof head);
    *out_has_older = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
    return out;
}

int command_capture(int argc, char **argv)
{
    struct arguments args;
    bool has_older;
    struct lab_state lab;
    int code = read_arguments(argc, argv, &args);
    if (code >= 0)
        return code;
    if (!view_lab_load(&args.view, &lab, &code))
        return code;
    FILE *out = open_out(args.path, &has_older);
    if (out == NULL) {
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", args.path, strerror(errno));
        return EXIT_CODE_FAILED;
    }
    code = capture_into(out, has_older, &args, &lab);
    if (out != stdout && fclose(out) != 0 && code == EXIT_CODE_OK) {
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", args.path, strerror(errno));
        code = EXIT_CODE_FAILED;
    }
    return code;
}
