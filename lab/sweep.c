#include "lab/sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"

/* ---- one run ---- */

enum { NO_FAILURE = -1, FIRST_EXPECTATION = 100, NOT_ENDED = 99 };

_Static_assert((int)SIM_INVARIANT_COUNT < (int)NOT_ENDED, "failures have numbers of their own");

/* Which failure it is: an invariant, or the first expectation that is not met. */
static int failure_of(const struct scenario *s, const struct scenario_outcome *o)
{
    if (o->check.failed)
        return (int)o->check.invariant;
    if (o->err != 0)
        return NOT_ENDED;
    for (size_t i = 0; i < s->n_expects; i++)
        if (!o->verdicts[i].met)
            return FIRST_EXPECTATION + (int)i;
    return NO_FAILURE;
}

/* ERR_NOMEM, or 0. `out_faults` NULL: nobody asks. */
static int run_one(const struct scenario *s, const struct scenario_setting *setting, int *out_failure,
                   struct sweep_outcome *out_faults)
{
    struct scenario_outcome o;
    int rc = scenario_run(s, setting, &o);
    *out_failure = rc == 0 ? failure_of(s, &o) : NO_FAILURE;
    if (rc == 0 && out_faults != NULL) {
        out_faults->faults = o.faults;
        out_faults->n_faults = out_faults->n_faults_before = o.n_faults;
        o.faults = NULL;
    }
    scenario_outcome_fini(&o);
    return rc;
}

/* ---- many processes ---- */

/* What a process writes when it has run a seed. */
struct record {
    uint64_t seed;
    bool failed;
};

/* Each process takes every jobs-th seed, as long as no lower one has failed. */
static void work(const struct scenario *s, const struct sweep_setting *setting, unsigned job,
                 _Atomic uint64_t *limit, int fd)
{
    for (uint64_t i = job; i <= setting->last - setting->first; i += setting->jobs) {
        uint64_t seed = setting->first + i;
        if (seed > atomic_load(limit))
            break;
        struct scenario_setting one = {.seed = seed, .bugs = setting->bugs};
        struct record record = {.seed = seed};
        int failure = NO_FAILURE;
        if (run_one(s, &one, &failure, NULL) < 0)
            _exit(1);
        record.failed = failure != NO_FAILURE;
        for (uint64_t known = atomic_load(limit);
             record.failed && seed < known && !atomic_compare_exchange_weak(limit, &known, seed);)
            ;
        if (write(fd, &record, sizeof record) != (ssize_t)sizeof record) /* a pipe takes it whole */
            _exit(1);
    }
    _exit(0);
}

static void take(const struct sweep_setting *setting, const struct record *record, struct sweep_outcome *out)
{
    out->done++;
    if (record->failed && (!out->failed || record->seed < out->seed)) {
        out->failed = true;
        out->seed = record->seed;
    }
    if (setting->progress != NULL)
        setting->progress(setting->progress_user, out->done, setting->last - setting->first + 1);
}

static int read_all(const struct sweep_setting *setting, int fd, struct sweep_outcome *out)
{
    struct record record;
    ssize_t n;
    while ((n = read(fd, &record, sizeof record)) != 0) {
        if (n == (ssize_t)sizeof record)
            take(setting, &record, out);
        else if (n >= 0 || errno != EINTR)
            return ERR_IO;
    }
    return 0;
}

static int wait_for(const pid_t *pids, unsigned n)
{
    int rc = 0;
    for (unsigned i = 0; i < n; i++) {
        int status;
        while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR)
            ;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            rc = ERR_IO;
    }
    return rc;
}

static int run_jobs(const struct scenario *s, const struct sweep_setting *setting, _Atomic uint64_t *limit,
                    struct sweep_outcome *out)
{
    pid_t pids[SWEEP_JOBS_MAX];
    unsigned n = 0;
    int fds[2];
    if (pipe(fds) < 0)
        return ERR_IO;
    int rc = 0;
    for (; n < setting->jobs && rc == 0; n++) {
        pids[n] = fork();
        if (pids[n] == 0) {
            close(fds[0]);
            work(s, setting, n, limit, fds[1]);
        }
        if (pids[n] < 0) {
            rc = ERR_IO;
            break;
        }
    }
    close(fds[1]);
    if (rc == 0)
        rc = read_all(setting, fds[0], out);
    close(fds[0]); /* those that still run end when they write */
    int ended = wait_for(pids, n);
    return rc < 0 ? rc : ended;
}

/* ---- shrinking ---- */

/* The list without `n` faults from place `from`. */
static void cut(const struct sweep_outcome *o, size_t from, size_t n, struct sim_fault *out)
{
    if (from > 0)
        memcpy(out, o->faults, from * sizeof *out);
    if (from + n < o->n_faults)
        memcpy(out + from, o->faults + from + n, (o->n_faults - from - n) * sizeof *out);
}

/* Takes away what the failure does not need: halves first, then ever smaller parts, down to single faults. */
static int shrink(const struct scenario *s, unsigned bugs, struct sweep_outcome *out)
{
    struct scenario_setting setting = {.seed = out->seed, .bugs = bugs};
    int failure = NO_FAILURE, again = NO_FAILURE;
    int rc = run_one(s, &setting, &failure, out);
    struct sim_fault *fewer = rc == 0 ? calloc(out->n_faults + 1, sizeof *fewer) : NULL;
    if (fewer == NULL)
        return ERR_NOMEM;
    for (size_t part = out->n_faults; part > 0 && rc == 0; part = part > 1 ? (part + 1) / 2 : 0) {
        for (size_t from = 0; from < out->n_faults && rc == 0 && out->shrink_runs < SWEEP_SHRINK_MAX;) {
            size_t n = part < out->n_faults - from ? part : out->n_faults - from;
            struct sim_fault_list only = {fewer, out->n_faults - n};
            cut(out, from, n, fewer);
            setting.only = &only;
            out->shrink_runs++;
            rc = run_one(s, &setting, &again, NULL);
            if (rc < 0 || again != failure) {
                from += n;
                continue;
            }
            memcpy(out->faults, fewer, only.n * sizeof *fewer);
            out->n_faults = only.n;
        }
    }
    free(fewer);
    return rc;
}

int sweep_run(const struct scenario *s, const struct sweep_setting *setting, struct sweep_outcome *out)
{
    *out = (struct sweep_outcome){0};
    void *shared =
        mmap(NULL, sizeof(_Atomic uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return ERR_IO;
    _Atomic uint64_t *limit = shared;
    atomic_init(limit, UINT64_MAX);
    int rc = run_jobs(s, setting, limit, out);
    munmap(shared, sizeof(_Atomic uint64_t));
    return rc == 0 && out->failed ? shrink(s, setting->bugs, out) : rc;
}

void sweep_outcome_fini(struct sweep_outcome *out)
{
    free(out->faults);
    *out = (struct sweep_outcome){0};
}
