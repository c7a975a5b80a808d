/* dhcplab timeline: when would each client send what? */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli_load.h"
#include "common/err.h"
#include "common/number.h"
#include "lab/command.h"
#include "lab/timeline.h"
#include "lab/view.h"

static const char help[] =
    "Usage: dhcplab timeline [--lease S] [--t1 S] [--t2 S] [--profile A,B,...] [--no-server] [--until S] "
    "[--seed N] [--all] [--json]\n"
    "\n"
    "Shows side by side when each client would send what, by its profile (config/profiles/*.json): the very\n"
    "engine of dhcplab-client, in virtual time. It needs no network and no rights.\n"
    "\n"
    "The server answers DISCOVER and REQUEST at once and is gone as soon as the lease is given: then come "
    "T1\n"
    "(RENEWING, unicast), T2 (REBINDING, broadcast) and the end of the lease. Of many repetitions the first\n"
    "five and the last one of each state are shown, with their number.\n"
    "\n"
    "      --lease S      the lease time in seconds, or `infinite` (default 3600)\n"
    "      --t1 S, --t2 S what the server says in options 58 and 59 (default: nothing)\n"
    "      --profile A,B  these profiles, by name or file (default: all that come with the program)\n"
    "      --no-server    nobody answers: how DISCOVER is repeated\n"
    "      --until S      with --no-server: how long to look on (default 300)\n"
    "      --seed N       other luck for what is drawn at random (default 1)\n"
    "      --all          show every repetition\n"
    "      --json         as JSON, with every event\n"
    "      --help         this text\n"
    "\n"
    "Exit codes: 0 ok; 1 failed; 2 wrong usage or a profile with an error.\n"
    "\n"
    "Examples:\n"
    "  dhcplab timeline\n"
    "  dhcplab timeline --lease 60 --profile rfc2131,udhcpc\n"
    "  dhcplab timeline --no-server\n"
    "  dhcplab timeline --profile ./mine.json --all\n"
    "  dhcplab timeline --json | jq '.clients[] | [.profile, .t1_s, .t2_s]'\n";

enum {
    UNTIL_S = 300,
    UNTIL_MAX_S = 86400,
    OPT_LEASE = 256,
    OPT_T1,
    OPT_T2,
    OPT_PROFILE,
    OPT_UNTIL,
    OPT_SEED
};

static const struct option long_options[] = {
    {"lease", required_argument, NULL, OPT_LEASE},
    {"t1", required_argument, NULL, OPT_T1},
    {"t2", required_argument, NULL, OPT_T2},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"no-server", no_argument, NULL, 'n'},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"seed", required_argument, NULL, OPT_SEED},
    {"all", no_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct arguments {
    struct timeline_setting setting;
    char *profiles; /* NULL: all */
    bool json;
};

/* What one command line asks for. */
struct comparison {
    struct cli_profile profiles[TIMELINE_PROFILES_MAX];
    struct timeline clients[TIMELINE_PROFILES_MAX];
    size_t n;
};

/* Seconds from 1 on. */
static int take_seconds(const char *option, uint64_t max, uint64_t *out)
{
    if (number_parse(optarg, 1, max, out))
        return -1;
    char what[64];
    snprintf(what, sizeof what, "%s takes seconds from 1 to %llu, not ", option, (unsigned long long)max);
    return command_usage_error("timeline", what, optarg);
}

/* -1 to go on, or the exit code. */
static int take_option(int option, struct arguments *a)
{
    uint64_t number = 0;
    int code;
    switch (option) {
    case OPT_LEASE:
        if (strcmp(optarg, "infinite") == 0) {
            a->setting.lease_s = LEASE_INFINITE;
            return -1;
        }
        code = take_seconds("--lease", LEASE_INFINITE, &number);
        a->setting.lease_s = (uint32_t)number;
        return code;
    case OPT_T1:
        code = take_seconds("--t1", LEASE_INFINITE, &number);
        a->setting.t1_s = (uint32_t)number;
        return code;
    case OPT_T2:
        code = take_seconds("--t2", LEASE_INFINITE, &number);
        a->setting.t2_s = (uint32_t)number;
        return code;
    case OPT_UNTIL:
        code = take_seconds("--until", UNTIL_MAX_S, &number);
        a->setting.until_ms = (time_ms)number * 1000;
        return code;
    case OPT_SEED:
        return number_parse(optarg, 0, UINT64_MAX, &a->setting.seed)
                   ? -1
                   : command_usage_error("timeline", "--seed takes a number, not ", optarg);
    case OPT_PROFILE:
        a->profiles = optarg;
        return -1;
    case 'n':
        a->setting.no_server = true;
        return -1;
    case 'a':
        a->setting.all = true;
        return -1;
    case 'j':
        a->json = true;
        return -1;
    case 'h':
        fputs(help, stdout);
        return EXIT_CODE_OK;
    default: /* getopt_long has told what is wrong */
        return command_usage_error("timeline", "an option is wrong", "");
    }
}

/* An exit code. */
static int add_profile(struct comparison *c, const char *name)
{
    char error[JCFG_TEXT_MAX] = "";
    if (c->n == TIMELINE_PROFILES_MAX)
        return command_usage_error("timeline", "these are too many profiles", "");
    if (cli_load_profile(name, error, &c->profiles[c->n]) < 0) {
        fprintf(stderr, "dhcplab: %s\n", error);
        return EXIT_CODE_USAGE;
    }
    c->n++;
    return EXIT_CODE_OK;
}

static int add_profiles(struct comparison *c, char *names)
{
    int code = EXIT_CODE_OK;
    if (names == NULL) {
        for (size_t i = 0; code == EXIT_CODE_OK && cli_profile_name(i) != NULL; i++)
            code = add_profile(c, cli_profile_name(i));
        return code;
    }
    for (char *name = strtok(names, ","); code == EXIT_CODE_OK && name != NULL; name = strtok(NULL, ","))
        code = add_profile(c, name);
    return code == EXIT_CODE_OK && c->n == 0 ? command_usage_error("timeline", "--profile names none", "")
                                             : code;
}

static int show(const struct arguments *a, const struct comparison *c)
{
    if (a->json) {
        cJSON *json = timeline_json(&a->setting, c->clients, c->n);
        view_print_json(json);
        cJSON_Delete(json);
        return EXIT_CODE_OK;
    }
    return timeline_print(stdout, &a->setting, c->clients, c->n) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int compare(const struct arguments *a, struct comparison *c)
{
    int code = add_profiles(c, a->profiles);
    if (code != EXIT_CODE_OK)
        return code;
    for (size_t i = 0; i < c->n; i++) {
        int rc = timeline_run(&a->setting, &c->profiles[i], &c->clients[i]);
        if (rc == 0)
            continue;
        fprintf(stderr, "dhcplab: timeline: %s: %s\n", c->profiles[i].name,
                rc == ERR_LIMIT ? "the lease is too long for all of its messages" : err_text(rc));
        return EXIT_CODE_FAILED;
    }
    return show(a, c);
}

int command_timeline(int argc, char **argv)
{
    struct arguments a = {.setting = {.lease_s = 3600, .until_ms = UNTIL_S * 1000, .seed = 1}};
    int option;
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        int code = take_option(option, &a);
        if (code >= 0)
            return code;
    }
    if (optind < argc)
        return command_usage_error("timeline", "there are no arguments but options: ", argv[optind]);
    struct comparison *c = calloc(1, sizeof *c);
    if (c == NULL) {
        fprintf(stderr, "dhcplab: timeline: %s\n", err_text(ERR_NOMEM));
        return EXIT_CODE_FAILED;
    }
    int code = compare(&a, c);
    for (size_t i = 0; i < c->n; i++)
        timeline_fini(&c->clients[i]);
    free(c);
    return code;
}
