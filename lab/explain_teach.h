/* What a packet is for and how its numbers come about, with the numbers of this packet: the UDP checksum step
 * by step, the arithmetic of fragments, the purpose of each message. */
#pragma once
#include <stdio.h>

#include "common/dissect.h"
#include "common/dissect_conn.h"
#include "common/dissect_reasm.h"

/* What was found out about the packet beyond itself; NULL for what does not apply. */
struct explain_context {
    const struct dissect_reasm_answer *fragment;
    const struct dissect_conn_answer *segment;
};

void explain_teach(FILE *out, const struct dissect *d, const struct explain_context *context);
