/* What came of a replay, for people and for programs. */
#pragma once
#include <stdio.h>

#include "common/trace.h"
#include "lab/replay_run.h"

/* One message: a line with both answers, and a line for each field and option that differs; with `all` for
 * every field and option. `why` is what the server says about its silence, or "". */
void replay_print(FILE *out, const struct replay_result *result, bool all, const char *why,
                  enum trace_color color);
/* The same as a JSON object, the caller's. NULL: memory. */
cJSON *replay_print_json(const struct replay_result *result, const char *why);
