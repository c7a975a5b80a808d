/* dhcplab clock: what time it is in a lab, and moving it. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_clock.h"
#include "lab/command.h"
#include "lab/labclock.h"
#include "lab/progress.h"
#include "lab/scenario.h"
#include "lab/view_lab.h"

static const char help[] =
    "Usage: dhcplab clock [-n NAME] [--json]\n"
    "       dhcplab clock advance DURATION [-n NAME] [--json]\n"
    "       dhcplab clock scale FACTOR [-n NAME] [--json]\n"
    "\n"
    "Shows what time it is in a lab, how far its clock is ahead of the machine's, how fast it runs, and when "
    "the next\n"
    "timer of each program comes by it. All programs of a lab have one clock, which runs like the machine's "
    "until it is\n"
    "moved:\n"
    "\n"
    "  advance DURATION  lets so much time pass at once, such as 30m, 1h30m, 2d. What is due on the way "
    "happens in its\n"
    "                    order and at its time, with real packets: the clock jumps from timer to timer, and "
    "waits for\n"
    "                    the answers at each; at most 3660d at once\n"
    "  scale FACTOR      lets time run so many times as fast, from 0.001 to 86400; 1 is as the machine's; "
    "with 0 it\n"
    "                    stands, and only `advance` moves it\n"
    "\n"
    "Leases, T1, T2, expiry, logs, traces, captures and the lifetimes of the interfaces' addresses follow. A "
    "clock never\n"
    "goes back. An `advance` that is interrupted leaves it where it is.\n"
    "\n"
    "  -n, --name NAME  the lab, where several run\n"
    "  --json           as JSON\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 ok; 1 no such lab, or its clock cannot be moved; 2 wrong usage; 3 a program does not "
    "answer.\n"
    "\n"
    "Examples:\n"
    "  dhcplab clock advance 30m && dhcplab timers h1    # renewed at T1\n"
    "  dhcplab clock scale 60 && dhcplab timers --watch  # a minute in a second\n"
    "  dhcplab clock --json | jq .ahead_s\n";

enum { WORDS_MAX = 16, DURATION_MAX = 128, ADVANCE_DAYS_MAX = 3660, QUIET_US = 1000000 };

static const time_ms advance_max_ms = (time_ms)ADVANCE_DAYS_MAX * 86400000;

static const struct view_command command = {help, VIEW_JSON, 0, WORDS_MAX};

/* ---- showing it ---- */

static cJSON *program_json(struct labclock_program *program)
{
    cJSON *json = labclock_ask(program, "clock-get");
    const cJSON *deadline = cJSON_GetObjectItemCaseSensitive(json, "deadline_ms");
    if (json == NULL)
        return NULL;
    if (cJSON_IsNumber(deadline))
        cJSON_AddNumberToObject(json, "due_in_s",
                                (deadline->valuedouble - view_number(json, "now_ms", 0)) / 1000);
    else
        cJSON_AddNullToObject(json, "due_in_s");
    cJSON_AddStringToObject(json, "host", program->name);
    return json;
}

static cJSON *clock_json(const struct lab_state *lab, struct labclock *clock, int *out_code)
{
    char iso[CLOCK_ISO_LEN], scale[CLOCK_SCALE_LEN];
    struct clock_now now = io_now();
    struct clock_line line = io_clock_line();
    int64_t real_us = io_real_us();
    cJSON *json = cJSON_CreateObject();
    clock_iso(now.wall_ms, now.utc_offset_s, iso);
    cJSON_AddStringToObject(json, "lab", lab->name);
    cJSON_AddStringToObject(json, "time", iso);
    cJSON_AddNumberToObject(json, "now_ms", (double)now.boot_ms);
    cJSON_AddNumberToObject(json, "ahead_s", (double)(clock_line_at(&line, real_us) - real_us) / 1e6);
    cJSON_AddRawToObject(json, "scale", clock_scale_format(line.scale, scale));
    cJSON *programs = cJSON_AddArrayToObject(json, "programs");
    for (size_t i = 0; i < clock->n; i++) {
        cJSON *program = program_json(&clock->programs[i]);
        if (program == NULL)
            *out_code = EXIT_CODE_PARTLY;
        else
            cJSON_AddItemToArray(programs, program);
    }
    return json;
}

static void print_speed(uint64_t scale)
{
    char text[CLOCK_SCALE_LEN];
    if (scale == 0)
        puts("it stands");
    else if (scale == CLOCK_SCALE_ONE)
        puts("it runs like the machine's");
    else
        printf("it runs %s times as fast\n", clock_scale_format(scale, text));
}

static void print_clock(const cJSON *json)
{
    char instant[CLOCK_ISO_LEN], span[VIEW_SPAN_LEN];
    double ahead_s = view_number(json, "ahead_s", 0);
    printf("%s: %s, %s %s the machine's clock; ", view_text(json, "lab"),
           view_instant(view_text(json, "time"), instant), view_span(fabs(ahead_s) + 0.5, span),
           ahead_s < 0 ? "behind" : "ahead of");
    print_speed(io_clock_line().scale);
    const cJSON *program;
    cJSON_ArrayForEach(program, cJSON_GetObjectItemCaseSensitive(json, "programs"))
    {
        double due_in_s = view_number(program, "due_in_s", -1);
        bool waits = cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(program, "due_in_s"));
        printf("  %-8s %s%s\n", view_text(program, "host"), waits ? "next timer in " : "no timer",
               waits ? view_span(due_in_s, span) : "");
    }
}

static int show(const struct view_args *args, const struct lab_state *lab, struct labclock *clock)
{
    int code = EXIT_CODE_OK;
    cJSON *json = clock_json(lab, clock, &code);
    if (args->flags & VIEW_JSON)
        view_print_json(json);
    else
        print_clock(json);
    cJSON_Delete(json);
    return code;
}

/* ---- moving it ---- */

/* What the command line asks for. */
struct order {
    bool moves, advances;
    time_ms by;     /* advances */
    uint64_t scale; /* else */
};

static bool read_duration(const struct view_args *args, time_ms *out)
{
    char text[DURATION_MAX] = "";
    size_t len = 0;
    for (size_t i = 1; i < args->n_hosts && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s ", args->hosts[i]);
    if (len == 0 || len >= sizeof text)
        return false;
    text[len - 1] = '\0';
    return scenario_time_parse(text, out) && *out > 0 && *out <= advance_max_ms;
}

static bool read_order(const struct view_args *args, struct order *out)
{
    *out = (struct order){.moves = args->n_hosts > 0};
    if (!out->moves)
        return true;
    const char *verb = args->hosts[0];
    out->advances = strcmp(verb, "advance") == 0;
    if (out->advances && read_duration(args, &out->by))
        return true;
    if (out->advances)
        fprintf(stderr, "dhcplab clock: advance wants a duration such as 30m, 1h30m or 2d, at most %d d.\n",
                ADVANCE_DAYS_MAX);
    else if (strcmp(verb, "scale") != 0)
        fprintf(stderr, "dhcplab clock: \"%s\" is neither advance nor scale.\n", verb);
    else if (args->n_hosts == 2 && clock_scale_parse(args->hosts[1], &out->scale))
        return true;
    else
        fprintf(stderr,
                "dhcplab clock: scale wants a number from 0.001 to 86400 with at most six places, or 0.\n");
    return false;
}

/* An advance that is under way: the pace of the lab, and who waits for it. */
struct advance {
    struct pace pace;
    struct progress bar;
    time_ms from, by;
};

static bool look(void *user, size_t program, struct pace_look *out)
{
    const struct advance *a = user;
    return a->pace.look(a->pace.user, program, out);
}

static int jump(void *user, time_ms at)
{
    struct advance *a = user;
    int rc = a->pace.jump(a->pace.user, at);
    progress_time(&a->bar, at - a->from, a->by);
    return rc;
}

static void rest(void *user)
{
    const struct advance *a = user;
    a->pace.rest(a->pace.user);
}

static int advance(struct labclock *clock, time_ms by)
{
    struct advance a = {.pace = labclock_pace(clock), .from = io_now().boot_ms, .by = by};
    struct pace told = {.user = &a, .n = clock->n, .look = look, .jump = jump, .rest = rest};
    uint64_t jumps;
    progress_init(&a.bar, QUIET_US);
    int rc = pace_advance(&told, time_add(a.from, by), &jumps);
    progress_end(&a.bar);
    return rc;
}

static int move(const struct order *order, struct labclock *clock)
{
    struct clock_line line = labclock_turned(order->scale);
    return order->advances ? advance(clock, order->by) : labclock_set(clock, &line);
}

/* 0 or ERR_IO. */
static int take_turn(int dir, const char *path)
{
    if (flock(dir, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return ERR_IO;
    fprintf(stderr, "dhcplab: another command moves the clock of %s: waiting for its end\n", path);
    return flock(dir, LOCK_EX) == 0 ? 0 : ERR_IO;
}

/* One at a time: two that move a clock would lay their lines from what both had found. */
static int move_alone(const struct order *order, struct labclock *clock)
{
    int dir = open(clock->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = dir < 0 ? ERR_IO : take_turn(dir, clock->dir);
    if (rc == 0) {
        labclock_follow(clock->dir); /* as whoever was before us has left it */
        rc = move(order, clock);
    }
    if (rc < 0)
        fprintf(stderr, "dhcplab: the clock of %s cannot be moved: %s\n", clock->dir, strerror(errno));
    if (dir >= 0)
        close(dir);
    return rc;
}

/* "-5m" would be taken for options. */
static bool wants_back(int argc, char **argv)
{
    bool found = false;
    for (int i = 1; i < argc; i++)
        found = found || (argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9');
    return found;
}

int command_clock(int argc, char **argv)
{
    struct view_args args;
    struct lab_state lab;
    struct labclock clock;
    struct order order;
    int code;
    if (wants_back(argc, argv)) {
        fprintf(stderr, "dhcplab clock: a lab's clock never goes back.\n");
        return EXIT_CODE_USAGE;
    }
    if (!view_args_read(argc, argv, &command, &args, &code))
        return code;
    if (!read_order(&args, &order))
        return EXIT_CODE_USAGE;
    args.n_hosts = 0; /* they were no hosts */
    if (!view_lab_load(&args, &lab, &code))
        return code;
    labclock_programs(&lab, &clock);
    if (order.moves && move_alone(&order, &clock) < 0)
        return EXIT_CODE_FAILED;
    return show(&args, &lab, &clock);
}
