/* A scenario's own time, that of its file, and the clock of its hosts: `advance` moves the one and leaves the
 * other. */
#include "lab/scenario.h"

/* How far the hosts' clock is ahead when the scenario's time is `at`: by the advances before that, and of
 * those at that very time by the first `n_same` steps'. */
static time_ms ahead_ms(const struct scenario *s, time_ms at, size_t n_same)
{
    time_ms sum = 0;
    for (size_t i = 0; i < s->n_steps; i++) {
        const struct scenario_step *step = &s->steps[i];
        if (step->what == SCENARIO_ADVANCE && (step->from_ms < at || (step->from_ms == at && i < n_same)))
            sum += step->by_ms;
    }
    return sum;
}

time_ms scenario_clock_first(const struct scenario *s, time_ms at)
{
    return at + ahead_ms(s, at, 0);
}

time_ms scenario_clock_last(const struct scenario *s, time_ms at)
{
    return at + ahead_ms(s, at, s->n_steps);
}

bool scenario_clock_is_split(const struct scenario *s, const struct scenario_step *step)
{
    return ahead_ms(s, step->from_ms, s->n_steps) != ahead_ms(s, step->to_ms, 0) &&
           step->from_ms != step->to_ms;
}

/* From the last step to the first would do for one instant only: what the steps are moved by is found first.
 */
void scenario_clock_apply(struct scenario *s)
{
    time_ms by_ms[SCENARIO_STEPS_MAX];
    s->duration_ms = scenario_clock_last(s, s->duration_ms);
    for (size_t i = 0; i < s->n_steps; i++) /* an advance is done when its own time has passed, too */
        by_ms[i] = ahead_ms(s, s->steps[i].from_ms, s->steps[i].what == SCENARIO_ADVANCE ? i + 1 : i);
    for (size_t i = 0; i < s->n_steps; i++) {
        s->steps[i].from_ms += by_ms[i];
        s->steps[i].to_ms += by_ms[i];
    }
}
