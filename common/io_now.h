/* A clock to measure with. */
#pragma once
#include <stdint.h>

/* Microseconds on a clock that only ever goes forward. */
uint64_t io_now_us(void);
