/* dhcplab replay: what a capture's clients said, said again to a server of a lab. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/number.h"
#include "lab/command.h"
#include "lab/commands.h"
#include "lab/replay_again.h"
#include "lab/replay_live.h"

enum { TIMEOUT_S = 1, TIMEOUT_MAX_S = 3600 };

/* %s: those of commands_real_replay, in their order. */
static const char help[] =
    "Usage: %sdhcplab replay --virtual TRACE --topology FILE [--json]\n"
    "\n"
    "%s"
    "With --virtual it takes a trace, as `dhcplab run --trace` writes and `dhcplab log --json` prints it, "
    "and gives the servers\n"
    "of the topology, in virtual time, what they heard then, at the same instants. They start without "
    "leases, as in a lab that\n"
    "was started anew; what they decide and answer is compared with the trace. What was done to a server by "
    "commands is not in\n"
    "a trace.\n"
    "\n"
    "%s"
    "  --virtual           a trace in virtual time, without a lab; - is standard input\n"
    "  --topology FILE     of the lab that the trace is of; a path, or a lab that comes with the program\n"
    "  --json              what came of it as JSON\n"
    "  --help              this text\n"
    "\n"
    "Exit codes: 0 the answers are equal; 1 some differ, or are missing on one side; 2 wrong usage, or no "
    "message to repeat;\n"
    "3 equal, but something was left out.\n"
    "%s"
    "\n"
    "Examples:\n"
    "%s"
    "  dhcplab run teaching --trace t.ndjson && dhcplab replay --virtual t.ndjson --topology pair\n";

struct options {
    const char *topology;
    bool is_virtual;
    struct replay_live live; /* with --virtual its capture is the trace */
};

/* ---- the command line ---- */

static void print_help(void)
{
    const struct commands_real *real = &commands_real_replay;
    printf(help, real->usage, real->what, real->options, real->exit_codes, real->examples);
}

static bool read_macs(char *text, struct replay_live *out)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || out->n_macs == REPLAY_LIVE_MACS_MAX)
        return false;
    *equals = '\0';
    struct hw_addr *pair = out->macs[out->n_macs++];
    return hw_parse(text, &pair[0]) && hw_parse(equals + 1, &pair[1]) && pair[0].len == pair[1].len;
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
    struct replay_live *live = &out->live;
    *out = (struct options){.live.timeout_s = TIMEOUT_S};
    while ((option = getopt_long(argc, argv, "hn:", options, NULL)) != -1) {
        switch (option) {
        case OPT_TO:
            live->to = optarg;
            break;
        case OPT_PACE:
            if (!read_pace(optarg, &live->real_pace))
                return command_usage_error("replay", "--pace is real or fast, not ", optarg);
            break;
        case OPT_MAP:
            if (!read_macs(optarg, live))
                return command_usage_error(
                    "replay", "--map-mac takes OLD=NEW, two hardware addresses of one length, not ", optarg);
            break;
        case OPT_DIFF:
            live->diff = true;
            break;
        case OPT_TIMEOUT:
            if (!number_parse_u32(optarg, 1, TIMEOUT_MAX_S, &live->timeout_s))
                return command_usage_error("replay", "--timeout takes seconds from 1 to 3600, not ", optarg);
            break;
        case OPT_VIRTUAL:
            out->is_virtual = true;
            break;
        case OPT_TOPOLOGY:
            out->topology = optarg;
            break;
        case OPT_JSON:
            live->json = true;
            break;
        case 'n':
            live->lab = optarg;
            break;
        case 'h':
            print_help();
            return EXIT_CODE_OK;
        default:
            return command_usage_error("replay", "an option is wrong", "");
        }
    }
    if (argc - optind != 1)
        return command_usage_error("replay", argc == optind ? "which capture?" : "one capture at a time", "");
    if (live->diff && live->json)
        return command_usage_error("replay", "--diff is for people; --json has all of it", "");
    if (out->is_virtual != (out->topology != NULL))
        return command_usage_error("replay", "--virtual and --topology belong together", "");
    if (out->is_virtual &&
        (live->to != NULL || live->lab != NULL || live->diff || live->n_macs > 0 || live->real_pace))
        return command_usage_error("replay", "--virtual goes with --topology and --json only", "");
    live->capture = argv[optind];
    return -1;
}

int command_replay(int argc, char **argv)
{
    struct options o;
    int code = parse_options(argc, argv, &o);
    if (code >= 0)
        return code;
    return o.is_virtual ? replay_again(o.live.capture, o.topology, o.live.json) : replay_live(&o.live);
}
