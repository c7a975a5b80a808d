/* dhcplab run: a scenario in virtual time, or on veth. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_now.h"
#include "common/number.h"
#include "lab/command.h"
#include "lab/commands.h"
#include "lab/parity.h"
#include "lab/progress.h"
#include "lab/run_pcap.h"
#include "lab/run_veth.h"
#include "lab/scenario_report.h"
#include "lab/view.h"

/* %s: those of commands_real_run, in their order. */
static const char help[] =
    "Usage: dhcplab run FILE [--virtual%s] [--seed N] [--only-faults LIST] [--trace FILE] [--pcap FILE] "
    "[--json]\n"
    "\n"
    "Runs a scenario: a lab, what happens to it when, and what is expected of it. FILE is a path, or the "
    "name of a scenario that\n"
    "comes with the program. For what was not met it is told what was seen instead, with the ladder of the "
    "messages around.\n"
    "\n"
    "In virtual time the engines are those of dhcplab-server and dhcplab-client; the network and the clock "
    "are simulated, so that\n"
    "a week passes in a second, and a seed repeats every stroke of bad luck.\n"
    "%s"
    "\n"
    "  --virtual            in virtual time, as without this: no privilege is needed\n"
    "%s"
    "  --seed N             of what is left to chance; the scenario's own, or 1\n"
    "  --only-faults LIST   of the bad luck of the seed only this, as `dhcplab sweep` tells it; \"\" for "
    "none\n"
    "  --trace FILE         write each event as a JSON object a line\n"
    "  --pcap FILE          write each frame as a pcapng capture, lost ones included, with what was decided\n"
    "  --json               what came of it as JSON\n"
    "  --help               this text\n"
    "\n"
    "Exit codes: 0 all expectations are met; 1 one is not, or an invariant is violated; 2 wrong usage or a "
    "file with an error.\n"
    "%s"
    "\n"
    "Examples:\n"
    "  dhcplab run teaching\n"
    "%s"
    "  dhcplab run lost-ack --seed 7 --trace /tmp/trace.ndjson\n"
    "  dhcplab run my/scenario.json --json | jq '.expectations[] | select(.met | not)'\n";

enum { COMMENT_MAX = 512, QUIET_US = 1000000 };

struct run_options {
    const char *file, *trace, *pcap;
    bool veth, parity, json, has_seed, has_only;
    uint64_t seed;
    struct sim_fault *faults; /* has_only */
    size_t n_faults;
};

/* "A>B#3:loss,A>B#5:duplicate". */
static int read_faults(char *list, struct run_options *out)
{
    size_t n = 0;
    for (const char *p = list; *p != '\0'; p++)
        n += *p == ',';
    free(out->faults); /* of the option before */
    out->n_faults = 0;
    out->faults = calloc(n + 1, sizeof *out->faults);
    if (out->faults == NULL)
        return EXIT_CODE_FAILED;
    out->has_only = true;
    for (char *word = strtok(list, ","); word != NULL; word = strtok(NULL, ","))
        if (!sim_fault_parse(word, &out->faults[out->n_faults++]))
            return command_usage_error("run", "this is no fault: ", word);
    return -1;
}

static void print_help(void)
{
    const struct commands_real *real = &commands_real_run;
    printf(help, real->usage, real->what, real->options, real->exit_codes, real->examples);
    putchar('\n');
    scenario_print_names(stdout);
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct run_options *out)
{
    enum { OPT_VIRTUAL = 256, OPT_VETH, OPT_PARITY, OPT_SEED, OPT_ONLY, OPT_TRACE, OPT_PCAP, OPT_JSON };
    static const struct option options[] = {{"virtual", no_argument, NULL, OPT_VIRTUAL},
                                            {"veth", no_argument, NULL, OPT_VETH},
                                            {"parity", no_argument, NULL, OPT_PARITY},
                                            {"seed", required_argument, NULL, OPT_SEED},
                                            {"only-faults", required_argument, NULL, OPT_ONLY},
                                            {"trace", required_argument, NULL, OPT_TRACE},
                                            {"pcap", required_argument, NULL, OPT_PCAP},
                                            {"json", no_argument, NULL, OPT_JSON},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, code = -1;
    while (code < 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case OPT_VIRTUAL:
            out->veth = out->parity = false;
            break;
        case OPT_PARITY:
            out->parity = true; /* and with it: */
            out->veth = true;
            break;
        case OPT_VETH:
            out->veth = true;
            break;
        case OPT_SEED:
            out->has_seed = true;
            if (!number_parse(optarg, 0, UINT64_MAX, &out->seed))
                code = command_usage_error("run", "--seed takes a number, not ", optarg);
            break;
        case OPT_ONLY:
            code = read_faults(optarg, out);
            break;
        case OPT_TRACE:
            out->trace = optarg;
            break;
        case OPT_PCAP:
            out->pcap = optarg;
            break;
        case OPT_JSON:
            out->json = true;
            break;
        case 'h':
            print_help();
            return EXIT_CODE_OK;
        default:
            return command_usage_error("run", "an option is wrong", "");
        }
    }
    if (code < 0 && ((out->trace != NULL && strcmp(out->trace, "-") == 0) ||
                     (out->pcap != NULL && strcmp(out->pcap, "-") == 0)))
        return command_usage_error(
            "run", "--trace and --pcap take a file: standard output has what came of the run", "");
    if (code < 0 && argc - optind != 1)
        return command_usage_error("run", argc == optind ? "which scenario?" : "one scenario at a time", "");
    out->file = argv[optind];
    return code;
}

/* What a run leaves behind; NULL: not asked for. */
struct run_files {
    FILE *trace;
    struct run_pcap *pcap;
    struct parity_log *parity;
};

static void take_frame(void *user, time_ms now, const struct scenario_port *port,
                       enum trace_direction direction, const struct packet *packet, const struct arp *arp)
{
    const struct run_files *files = user;
    if (files->pcap != NULL)
        run_pcap_frame(files->pcap, now, port, direction, packet, arp);
    if (files->parity != NULL && packet != NULL && direction == TRACE_TX)
        parity_log_add(files->parity, now, port->host, packet);
}

static void take_event(void *user, cJSON *event)
{
    const struct run_files *files = user;
    char *line = files->trace == NULL ? NULL : cJSON_PrintUnformatted(event);
    if (line != NULL)
        fprintf(files->trace, "%s\n", line);
    if (files->pcap != NULL)
        run_pcap_event(files->pcap, event);
    free(line);
    cJSON_Delete(event);
}

static int report(const struct scenario_report *r, bool json)
{
    if (json) {
        cJSON *value = scenario_report_json(r);
        view_print_json(value);
        cJSON_Delete(value);
    } else {
        scenario_report_print(stdout, r);
    }
    bool is_same = r->parity == NULL || r->parity->is_same;
    return r->outcome->met && is_same ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

/* False, and told, if it cannot be written. */
static bool open_files(const struct run_options *o, uint64_t seed, struct run_files *out)
{
    char comment[COMMENT_MAX];
    *out = (struct run_files){.parity = o->parity ? parity_log_new() : NULL};
    if (o->parity && out->parity == NULL)
        return false;
    out->trace = o->trace == NULL ? NULL : fopen(o->trace, "w");
    if (o->trace != NULL && out->trace == NULL) {
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", o->trace, strerror(errno));
        return false;
    }
    snprintf(comment, sizeof comment, "dhcplab run %s --seed %" PRIu64, o->file, seed);
    if (o->pcap != NULL && (out->pcap = run_pcap_open(o->pcap, comment)) == NULL) {
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", o->pcap, strerror(errno));
        return false;
    }
    return true;
}

/* False, and told, if not all of it is written. */
static bool close_files(const struct run_options *o, struct run_files *files)
{
    bool is_written = files->trace == NULL || fclose(files->trace) == 0;
    if (!is_written)
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", o->trace, strerror(errno));
    if (files->pcap != NULL && !run_pcap_close(files->pcap)) {
        fprintf(stderr, "dhcplab: %s cannot be written: %s\n", o->pcap, strerror(errno));
        is_written = false;
    }
    parity_log_free(files->parity);
    return is_written;
}

/* Shown where it takes long. */
struct run_progress {
    struct progress bar;
    time_ms duration_ms;
};

static void show_progress(void *user, time_ms now)
{
    struct run_progress *progress = user;
    progress_time(&progress->bar, now, progress->duration_ms);
}

/* What is run, and how. */
struct run_job {
    const struct scenario *s;
    const struct run_options *o;
    run_veth_scenario_fn *on_veth; /* NULL: in virtual time */
    void *where;
};

static int run_in_its_time(const struct run_job *job, const struct scenario_setting *setting,
                           struct scenario_outcome *out)
{
    return job->on_veth == NULL ? scenario_run(job->s, setting, out)
                                : job->on_veth(job->where, job->s, setting, out);
}

/* The same once more in the simulator. 0 or ERR_NOMEM. */
static int compare_with_virtual(const struct scenario *s, const struct scenario_setting *setting,
                                struct parity_log *real, struct scenario_parity *out)
{
    struct run_files files = {.parity = parity_log_new()};
    struct scenario_outcome outcome = {0};
    struct scenario_setting again = {.seed = setting->seed,
                                     .only = setting->only,
                                     .as_on_wire = true,
                                     .frame = take_frame,
                                     .frame_user = &files};
    int rc = files.parity == NULL ? ERR_NOMEM : scenario_run(s, &again, &outcome);
    if (rc == 0) {
        out->n_messages = parity_log_count(real);
        out->differences = parity_compare(real, "veth", files.parity, "virtual", &out->is_same);
        rc = out->is_same || out->differences != NULL ? 0 : ERR_NOMEM;
    }
    scenario_outcome_fini(&outcome);
    parity_log_free(files.parity);
    return rc;
}

static int run(const struct run_job *job)
{
    const struct scenario *s = job->s;
    const struct run_options *o = job->o;
    struct scenario_outcome outcome = {0};
    struct run_files files;
    struct run_progress progress = {.duration_ms = s->duration_ms};
    uint64_t seed = o->has_seed ? o->seed : s->seed;
    bool is_open = open_files(o, seed, &files);
    struct sim_fault_list only = {o->faults, o->n_faults};
    struct scenario_setting setting = {.seed = seed,
                                       .only = o->has_only ? &only : NULL,
                                       .trace = o->trace == NULL && o->pcap == NULL ? NULL : take_event,
                                       .trace_user = &files,
                                       .frame = o->pcap == NULL && !o->parity ? NULL : take_frame,
                                       .frame_user = &files,
                                       .progress = show_progress,
                                       .progress_user = &progress};
    uint64_t start = io_now_us();
    progress_init(&progress.bar, QUIET_US);
    int rc = is_open ? run_in_its_time(job, &setting, &outcome) : 0;
    progress_end(&progress.bar);
    struct scenario_report r = {s, &setting, &outcome, io_now_us() - start, NULL};
    struct scenario_parity parity = {0};
    if (is_open && rc == 0 && o->parity) {
        rc = compare_with_virtual(s, &setting, files.parity, &parity);
        r.parity = &parity;
    }
    int code = EXIT_CODE_FAILED;
    if (rc == ERR_NOMEM)
        fprintf(stderr, "dhcplab: %s\n", err_text(rc));
    if (close_files(o, &files) && is_open && rc == 0)
        code = report(&r, o->json);
    scenario_outcome_fini(&outcome);
    free(parity.differences);
    return code;
}

static int run_within(void *user, run_veth_scenario_fn *on_veth, void *where)
{
    struct run_job *job = user;
    job->on_veth = on_veth;
    job->where = where;
    return run(job);
}

int command_run(int argc, char **argv)
{
    struct run_options o = {0};
    struct scenario *s = malloc(sizeof *s);
    struct run_job job = {.s = s, .o = &o};
    int code = s == NULL ? EXIT_CODE_FAILED : parse_options(argc, argv, &o);
    if (code < 0) {
        code = scenario_open(o.file, s);
        if (code == 0)
            code = o.veth ? run_veth(&s->topology, run_within, &job) : run(&job);
        scenario_fini(s);
    }
    free(o.faults);
    free(s);
    return code;
}
