/* What every SVG text of ours is made of: text that is safe in XML, and lines that fit a width. Pure. */
#pragma once
#include <stddef.h>

#include "common/text.h"

/* Appends text as the content of an element or of a quoted attribute: & < > " are escaped, characters that
 * XML 1.0 2.2 does not allow, and octets that are no UTF-8, become '?'. At most `max` characters: of what is
 * longer the end is "…". */
void svg_add_text(struct text *t, const char *text, size_t max);

/* The next line of at most `max` characters of *at, broken at a space if there is one; moves *at behind it.
 * The length in octets; 0 at the end. UTF-8 characters stay whole. */
size_t svg_take_line(const char **at, size_t max);
