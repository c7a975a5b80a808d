/* The files config/profiles/NAME.json as the build put them into the library. Only client/cli_profile.c reads
 * them. Pure. */
#pragma once
#include <stddef.h>

struct cli_profile_data {
    const char *name;          /* NAME */
    const unsigned char *text; /* what stands in the file */
    size_t len;
};

extern const struct cli_profile_data cli_profile_data[]; /* the default one first; the last has no name */
