/* A packet that was taken apart (dissect.h), for people: as one line, or as its tree; and for programs. */
#pragma once
#include <stdio.h>

#include "common/dissect.h"
#include "common/trace.h"
#include "lab/explain_read.h"

enum { EXPLAIN_TIME_LEN = 48 };
/* "2026-11-21T12:00:00.250000001+01:00", in local time; `buf` holds EXPLAIN_TIME_LEN. */
const char *explain_time(int64_t time_ns, char *buf);

/* "    1  12:00:00.250000  DHCP   DISCOVER  0.0.0.0:68 > ...", with the interface behind the time and the
 * comment at the end, where the capture has them. `note` is what the packet means in its connection or
 * exchange, or NULL. Broken at `columns`, 0: not at all. */
void explain_print_line(FILE *out, const struct explain_packet *packet, const struct dissect *d,
                        const char *note, enum trace_color color, unsigned columns);
/* Every field with its offset, length, value and meaning; `bytes`: and its octets, and all octets below. */
void explain_print_tree(FILE *out, const struct explain_packet *packet, const struct dissect *d, bool bytes,
                        enum trace_color color);
/* One JSON object on one line; `bytes`: each field has "hex". */
void explain_print_json(FILE *out, const struct explain_packet *packet, const struct dissect *d,
                        const char *note, bool bytes);
