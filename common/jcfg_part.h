/* A configuration that stands inside another one. Pure. */
#pragma once
#include <stddef.h>

#include <cjson/cJSON.h>

#include "common/jcfg.h"

/* The text with everything but the value `item` blanked: line and column of an error in what is left are
 * those of the whole. `text` is what `c` was parsed from. malloc'ed, the caller's; NULL if memory is out. */
char *jcfg_part(const struct jcfg *c, const char *text, size_t len, const cJSON *item);
