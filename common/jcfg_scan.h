/* The scanner of jcfg: one pass over the text that refuses what is not JSON, notes where each value starts,
 * and blanks what cJSON would not take. Only jcfg.c includes this. Pure. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

#include "common/jcfg.h"

enum { JCFG_PATH_MAX = 512, JCFG_FOUND_MAX = 160 }; /* octets of a path, of "found ..." */

struct jcfg_place {
    const cJSON *item;   /* set when the tree is there */
    const cJSON *parent; /* NULL for the root */
    size_t at;           /* in the text */
    size_t key_at;       /* of the key; of the value itself in a list and for the root */
};

/* Scans c->expanded into c->places, in the order of the text, and overwrites comments and extra commas in
 * `blanked`, which is a copy of the text. 0, ERR_CONFIG with c->error set, or ERR_NOMEM. */
int jcfg_scan(struct jcfg *c, char *blanked);

/* "NAME:LINE:COLUMN: at PATH: MESSAGE" for the place `at` of the text, into JCFG_TEXT_MAX octets. */
void jcfg_compose(const struct jcfg *c, char *buf, size_t at, const char *path, const char *format,
                  va_list args) __attribute__((format(printf, 5, 0)));
