/* What a run of the load came to: as text in the form of perfdhcp, as JSON, and as a line of progress. Pure.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdint.h>

#include "common/text.h"
#include "lab/load_engine.h"

/* Appends the whole report. `settings` is what was asked for. */
void load_report_text(struct text *out, const struct load_settings *settings, const struct load_stats *stats);
/* The same as an object, the caller's. Parts are missing if memory is out. */
cJSON *load_report_json(const struct load_settings *settings, const struct load_stats *stats);

/* Jobs done, lost answers: where a run stands. */
struct load_progress {
    uint64_t at_us, done, lost;
};
struct load_progress load_report_state(const struct load_stats *stats, uint64_t now_us);
/* Appends one line without its end: what has happened by now, and how fast it went since `before`. */
void load_report_progress(struct text *out, const struct load_progress *before,
                          const struct load_progress *now, uint32_t under_way);
