/* What commands share: fields of JSON, times for people, the terminal. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "common/text.h"
#include "common/trace.h"

/* Fields of a map: "" or `otherwise` if absent or of another type. */
const char *view_text(const cJSON *map, const char *key);
double view_number(const cJSON *map, const char *key, double otherwise);

#define VIEW_SPAN_LEN 32
/* "00:29:48", "6 d 23:59:59"; negative counts as 0. `buf` holds VIEW_SPAN_LEN. */
const char *view_span(double seconds, char *buf);
/* "2026-11-21 12:00:00" of "2026-11-21T12:00:00.250+01:00": the time that the clock on the wall showed. */
const char *view_instant(const char *iso, char *buf);

/* Colours only on a terminal, and not with NO_COLOR. */
enum trace_color view_color(void);

/* Of the terminal that standard output is; 0: it is none, or its width is not known. */
unsigned view_columns(void);

/* Prints a text, its long lines wrapped to the terminal; as it is, where standard output is none. */
void view_print(const char *text);

/* Prints a JSON text, indented, with a newline. */
void view_print_json(const cJSON *json);
