/* The rows of the option registry. Only dhcp_opt.c and its tests look at whole spaces. */
#pragma once
#include <stddef.h>

#include "common/dhcp_opt.h"

struct opt_rows {
    const struct opt_def *rows; /* ascending by code; static storage */
    size_t n;
};

struct opt_rows dhcp_opt_table(enum opt_space space);
