/* A scenario with one seed after another, in several processes, until it fails; and the failure made as short
 * as it can be. */
#pragma once
#include "lab/scenario_run.h"

enum { SWEEP_JOBS_MAX = 256, SWEEP_SHRINK_MAX = 5000 /* runs */ };

struct sweep_setting {
    uint64_t first, last; /* seeds; first <= last, and not all that there are */
    uint32_t jobs;        /* 1 to SWEEP_JOBS_MAX */
    unsigned bugs;        /* bits of enum sim_bug, for tests; 0 */
    /* Told now and then; NULL: nobody is. */
    void (*progress)(void *user, uint64_t done, uint64_t total);
    void *progress_user;
};

struct sweep_outcome {
    uint64_t done; /* seeds that were run */
    bool failed;
    uint64_t seed;            /* the lowest that failed */
    struct sim_fault *faults; /* of its bad luck what is needed for the failure; malloc'ed */
    size_t n_faults;
    size_t n_faults_before; /* that luck has done */
    unsigned shrink_runs;
};

/* Returns 0; ERR_NOMEM; ERR_IO: no process or pipe could be made (errno tells), or a process was ended. After
 * any return sweep_outcome_fini() frees. */
int sweep_run(const struct scenario *s, const struct sweep_setting *setting, struct sweep_outcome *out);
void sweep_outcome_fini(struct sweep_outcome *out);
