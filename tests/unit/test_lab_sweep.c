/* Sweeps: mistakes that a program could have are found, and the failure is made short and repeats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/sweep.h"

static struct scenario scenario;
static struct sweep_outcome outcome;

static int setup(void **state)
{
    char error[JCFG_TEXT_MAX];
    (void)state;
    int rc = scenario_load(&scenario, "config/scenarios/faults.json", error);
    assert_string_equal(error, "");
    return rc;
}

static int teardown(void **state)
{
    (void)state;
    sweep_outcome_fini(&outcome);
    scenario_fini(&scenario);
    return 0;
}

static void sweep(unsigned bugs, uint64_t last, unsigned jobs)
{
    struct sweep_setting setting = {.first = 1, .last = last, .jobs = jobs, .bugs = bugs};
    assert_int_equal(sweep_run(&scenario, &setting, &outcome), 0);
}

/* What is left of the luck gives the failure, and with any one fault less there is another outcome or none.
 */
static void expect_found(unsigned bug, enum sim_invariant invariant)
{
    struct scenario_outcome again;
    sweep(bug, 200, 2);
    assert_true(outcome.failed);
    struct sim_fault_list only = {outcome.faults, outcome.n_faults};
    struct scenario_setting setting = {.seed = outcome.seed, .only = &only, .bugs = bug};
    assert_int_equal(scenario_run(&scenario, &setting, &again), 0);
    assert_true(again.check.failed);
    assert_int_equal(again.check.invariant, invariant);
    scenario_outcome_fini(&again);
    assert_true(outcome.n_faults <= outcome.n_faults_before);
    for (size_t i = 0; i < outcome.n_faults; i++) {
        struct sim_fault removed = outcome.faults[i];
        outcome.faults[i].frame = 0; /* no frame has that number */
        assert_int_equal(scenario_run(&scenario, &setting, &again), 0);
        assert_false(again.check.failed && again.check.invariant == invariant);
        scenario_outcome_fini(&again);
        outcome.faults[i] = removed;
    }
    /* The mistake is what fails, not the luck. */
    setting.bugs = 0;
    assert_int_equal(scenario_run(&scenario, &setting, &again), 0);
    assert_true(again.met);
    scenario_outcome_fini(&again);
}

static void test_an_ack_before_the_store(void **state)
{
    (void)state;
    expect_found(SIM_BUG_ACK_BEFORE_STORE, SIM_LEASE_KNOWN);
}

static void test_a_forgotten_quarantine(void **state)
{
    (void)state;
    expect_found(SIM_BUG_NO_QUARANTINE, SIM_QUARANTINE);
}

static void test_a_renewal_that_waits_too_long(void **state)
{
    (void)state;
    expect_found(SIM_BUG_RENEW_LATE, SIM_TIMERS_KEPT);
}

static void test_without_a_mistake(void **state)
{
    (void)state;
    sweep(0, 300, 2);
    assert_false(outcome.failed);
    assert_int_equal(outcome.done, 300);
}

static void test_the_lowest_seed_whatever_the_jobs(void **state)
{
    (void)state;
    sweep(SIM_BUG_ACK_BEFORE_STORE, 200, 1);
    uint64_t seed = outcome.seed;
    size_t n_faults = outcome.n_faults;
    assert_true(outcome.failed);
    sweep_outcome_fini(&outcome);
    sweep(SIM_BUG_ACK_BEFORE_STORE, 200, 7);
    assert_int_equal(outcome.seed, seed);
    assert_int_equal(outcome.n_faults, n_faults);
}

/* After the last there is none. */
static void test_the_highest_seeds(void **state)
{
    (void)state;
    struct sweep_setting setting = {.first = UINT64_MAX - 2, .last = UINT64_MAX, .jobs = 5};
    assert_int_equal(sweep_run(&scenario, &setting, &outcome), 0);
    assert_false(outcome.failed);
    assert_int_equal(outcome.done, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_ack_before_the_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_forgotten_quarantine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_renewal_that_waits_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_mistake, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_lowest_seed_whatever_the_jobs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_highest_seeds, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
