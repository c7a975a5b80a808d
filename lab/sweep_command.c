/* dhcplab sweep: a scenario with one seed after another. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_now.h"
#include "common/number.h"
#include "lab/command.h"
#include "lab/progress.h"
#include "lab/scenario_report.h"
#include "lab/sweep.h"

static const char help[] =
    "Usage: dhcplab sweep FILE --seeds A-B [--jobs N]\n"
    "\n"
    "Runs a scenario in virtual time with each seed from A to B: other losses, other delays, other moments. "
    "After every step\n"
    "what must always be true is checked. The first seed that fails is made as short as it can be: of its "
    "bad "
    "luck only what\n"
    "the failure needs is kept. Then it is told, with the command that repeats it.\n"
    "\n"
    "  --seeds A-B   the seeds\n"
    "  --jobs N      so many processes; without it, one for each processor\n"
    "  --help        this text\n"
    "\n"
    "Exit codes: 0 no seed failed; 1 one failed; 2 wrong usage or a file with an error.\n"
    "\n"
    "Examples:\n"
    "  dhcplab sweep faults --seeds 1-100000\n"
    "  dhcplab sweep my/scenario.json --seeds 1-1000 --jobs 4\n";

static bool read_seeds(const char *text, struct sweep_setting *out)
{
    return number_take(&text, 0, UINT64_MAX, &out->first) && *text++ == '-' &&
           number_parse(text, out->first, UINT64_MAX, &out->last) && out->last - out->first < UINT64_MAX;
}

static unsigned count_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > SWEEP_JOBS_MAX ? SWEEP_JOBS_MAX : (unsigned)n;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct sweep_setting *out, const char **out_file)
{
    enum { OPT_SEEDS = 256, OPT_JOBS };
    static const struct option options[] = {{"seeds", required_argument, NULL, OPT_SEEDS},
                                            {"jobs", required_argument, NULL, OPT_JOBS},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    bool has_seeds = false;
    int option;
    out->jobs = count_processors();
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case OPT_SEEDS:
            has_seeds = true;
            if (!read_seeds(optarg, out))
                return command_usage_error("sweep", "--seeds takes two numbers such as 1-1000, not ", optarg);
            break;
        case OPT_JOBS:
            if (!number_parse_u32(optarg, 1, SWEEP_JOBS_MAX, &out->jobs))
                return command_usage_error("sweep", "--jobs takes a number from 1 to 256, not ", optarg);
            break;
        case 'h':
            fputs(help, stdout);
            putchar('\n');
            scenario_print_names(stdout);
            return EXIT_CODE_OK;
        default:
            return command_usage_error("sweep", "an option is wrong", "");
        }
    }
    if (argc - optind != 1)
        return command_usage_error("sweep", argc == optind ? "which scenario?" : "one scenario at a time",
                                   "");
    if (!has_seeds)
        return command_usage_error("sweep", "which --seeds?", "");
    *out_file = argv[optind];
    return -1;
}

static void show_progress(void *user, uint64_t done, uint64_t total)
{
    struct progress *progress = user;
    char text[64];
    if (!progress_is_due(progress, done, total))
        return;
    snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " seeds", done, total);
    progress_draw(progress, done, total, text);
}

/* As a shell takes it for one word. */
static void print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    if (strspn(word, plain) == strlen(word)) {
        printf("%s", word);
        return;
    }
    putchar('\'');
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    putchar('\'');
}

static void print_command(const struct scenario *s, const struct sweep_outcome *o)
{
    printf("It is repeated by:\n  dhcplab run ");
    print_word(s->path);
    printf(" --seed %" PRIu64 " --only-faults '", o->seed);
    for (size_t i = 0; i < o->n_faults; i++) {
        char fault[SIM_FAULT_LEN];
        sim_fault_format(&o->faults[i], fault);
        printf("%s%s", i > 0 ? "," : "", fault);
    }
    printf("'\n");
}

static void print_failure(const struct scenario *s, const struct sweep_outcome *o)
{
    struct sim_fault_list only = {o->faults, o->n_faults};
    struct scenario_setting setting = {.seed = o->seed, .only = &only};
    struct scenario_outcome outcome;
    printf("Seed %" PRIu64 " fails. Of its %zu faults it needs %zu:\n", o->seed, o->n_faults_before,
           o->n_faults);
    uint64_t start = io_now_us();
    if (scenario_run(s, &setting, &outcome) == 0) {
        struct scenario_report report = {s, &setting, &outcome, io_now_us() - start, NULL};
        scenario_report_print(stdout, &report);
    }
    scenario_outcome_fini(&outcome);
    print_command(s, o);
}

static int sweep(const struct scenario *s, struct sweep_setting *setting)
{
    struct sweep_outcome o;
    struct progress progress;
    uint64_t start = io_now_us();
    progress_init(&progress, 0);
    setting->progress = show_progress;
    setting->progress_user = &progress;
    int rc = sweep_run(s, setting, &o);
    progress_end(&progress);
    if (rc < 0)
        fprintf(stderr, "dhcplab: the sweep ended early: %s\n", err_text(rc));
    else if (o.failed)
        print_failure(s, &o);
    else
        printf("%s: %" PRIu64 " seeds, none failed, in %.1f s\n", s->path, o.done,
               (double)(io_now_us() - start) / 1e6);
    int code = rc < 0 || o.failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
    sweep_outcome_fini(&o);
    return code;
}

int command_sweep(int argc, char **argv)
{
    struct sweep_setting setting = {0};
    const char *file = NULL;
    int code = parse_options(argc, argv, &setting, &file);
    if (code >= 0)
        return code;
    struct scenario *s = malloc(sizeof *s);
    if (s == NULL)
        return EXIT_CODE_FAILED;
    code = scenario_open(file, s);
    if (code == 0)
        code = sweep(s, &setting);
    scenario_fini(s);
    free(s);
    return code;
}
