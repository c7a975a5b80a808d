#include "common/io_now.h"

#include <time.h>

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

uint64_t io_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / NS_PER_US;
}
