/* The exchanges of a capture (dissect_exchange.h) for people: grouped by client, what happened, how long it
 * took, the timers of the lease, what is unusual. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "common/dissect_exchange.h"
#include "common/trace.h"

enum { EXPLAIN_NOTE_LEN = 128 };
/* "renewal at T1: 10.77.0.100 for 1 h"; `buf` holds EXPLAIN_NOTE_LEN. */
const char *explain_exchange_note(const struct dissect_exchange *e, char *buf);
/* The same as JSON, one exchange a line; times as text, durations in seconds, null for what was not seen.
 * False if memory is out. */
bool explain_exchanges_json(FILE *out, const struct dissect_exchanges *x);
void explain_exchanges_print(FILE *out, const struct dissect_exchanges *x, enum trace_color color);
