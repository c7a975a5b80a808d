/* How many hosts the kernel can speak to at one time. */
#pragma once
#include "lab/topology.h"

/* Warns on standard error if a topology has more clients than that. All network namespaces of the machine
 * share one table of neighbours, and only outside of them its limit can be read or changed. */
void neighbours_warn(const struct topology *t);
