/* One input of a fuzz target: libFuzzer calls it with what it makes up, replay.c with the files of the
 * corpus. It returns 0; whatever is wrong is an assert or a sanitizer's report. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
