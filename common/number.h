/* A number that somebody typed or wrote, as text. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* All of `text` is a decimal number from `least` to `most`: digits alone, without sign, space or fraction.
 * False, and nothing is written, if not. */
bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out);
/* The same, for what has 32 bits. */
bool number_parse_u32(const char *text, uint32_t least, uint32_t most, uint32_t *out);
/* The digits that *text begins with, as a number from `least` to `most`; *text is then behind them. */
bool number_take(const char **text, uint64_t least, uint64_t most, uint64_t *out);
/* All of `text` is an identifier as programs show it: decimal, or hexadecimal behind "0x". */
bool number_parse_id(const char *text, uint32_t *out);
