/* dhcplab run --veth: a scenario with real packets, in namespaces of its own. */
#pragma once
#include "lab/scenario_run.h"

/* As scenario_run(), on veth; also ERR_IO and ERR_DENIED, which have been told. */
typedef int run_veth_scenario_fn(void *where, const struct scenario *s,
                                 const struct scenario_setting *setting, struct scenario_outcome *out);
/* What is done within the namespaces, where `scenario` may be called with `where`: returns the exit code. */
typedef int run_veth_fn(void *user, run_veth_scenario_fn *scenario, void *where);

/* Calls `fn` in namespaces of our own for a lab of this topology. Returns the exit code (command.h), that of
 * `fn` or, everything told, of what prevented it. */
int run_veth(const struct topology *t, run_veth_fn *fn, void *user);
