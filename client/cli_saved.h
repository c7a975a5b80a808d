/* A lease and its ACK as a file keeps it over a restart (RFC 2131 3.2), as JSON. Instants are wall-clock time
 * there. Pure.
 */
#pragma once
#include "client/cli_lease.h"
#include "client/cli_settings.h"
#include "common/addr.h"
#include "common/clock.h"

enum { CLI_SAVED_WHY_MAX = 1024 };

/* The file's text, malloc'ed, the caller's; NULL if memory is out. `hw` is the interface's, `now` both
 * clocks. */
char *cli_saved_format(const struct cli_lease *lease, const struct cli_ack *ack, const struct hw_addr *hw,
                       const struct clock_now *now);

/* Who reads it, and when. All borrowed. */
struct cli_saved_reader {
    const struct cli_profile *profile;
    const struct hw_addr *hw;
    const struct clock_now *now;
};

/* Reads it back. `name` is the file's, for messages. Returns 0; ERR_NOMEM; or ERR_CONFIG with a sentence in
 * `why`, which holds CLI_SAVED_WHY_MAX bytes: not such a file, of another interface, or begun in the future
 * by the wall clock, which then has been set back. A lease that has ended is returned like any other. */
int cli_saved_parse(const char *name, const char *text, size_t len, const struct cli_saved_reader *reader,
                    struct cli_lease *out, struct cli_ack *out_ack, char *why);
