/* A list of options for the record of a decision, each perhaps with where it comes from: packed while the
 * decision is made, spelled out only when somebody reads it. Packed, it is a string: facts.text of form
 * TRACE_OPTIONS. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACE_OPTIONS_MAX = 768 };

struct trace_options {
    size_t len;
    bool is_cut;                    /* more options than there is room for */
    char packed[TRACE_OPTIONS_MAX]; /* NUL-terminated */
};

void trace_options_init(struct trace_options *t);
/* The code is one of 1..254. `origin` is text without the octet 255, so any UTF-8; "": it is not told. */
void trace_options_add(struct trace_options *t, uint8_t code, const char *origin);

/* "3 routers (subnet), 61 dhcp-client-identifier (request)"; cut with "..." at `cap` > 3, and where the list
 * was cut. */
void trace_options_format(const char *packed, char *buf, size_t cap);
