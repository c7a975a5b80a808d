/* What a packet is for and how its numbers come about, with the numbers of this packet: the UDP checksum step
 * by step, the arithmetic of fragments, the purpose of each message. */
#pragma once
#include <stdio.h>

#include "common/dissect.h"
#include "lab/explain_relate.h"

void explain_teach(FILE *out, const struct dissect *d, const struct explain_relation *relation);
