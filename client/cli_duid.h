/* A client identifier that outlives the hardware: RFC 4361 6.1, a DUID (RFC 8415 11) for the host and an IAID
 * for each of its interfaces; and the file that both are kept in. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/clock.h"

enum {
    CLI_DUID_MAX = 130, /* RFC 8415 11.1: two octets of type, 128 more at most */
    CLI_DUID_CLIENT_ID_MAX = 1 + 4 + CLI_DUID_MAX,
    CLI_DUID_WHY_MAX = 1024,
};

struct cli_duid {
    uint8_t bytes[CLI_DUID_MAX];
    uint8_t len; /* 3 or more */
};

/* DUID-LL, RFC 8415 11.4: of the hardware address alone, so that it is the same whenever it is made. */
void cli_duid_from_hw(const struct hw_addr *hw, struct cli_duid *out);
/* DUID-LLT, RFC 8415 11.2: of the hardware address and the time it was made at (ms since 1970). To be kept.
 */
void cli_duid_new(const struct hw_addr *hw, time_ms wall_ms, struct cli_duid *out);

/* What the IAID of an interface is when there is none yet: the last four octets of its hardware address. */
uint32_t cli_duid_iaid(const struct hw_addr *hw);

/* The value of option 61: 255, IAID, DUID. `out` holds CLI_DUID_CLIENT_ID_MAX octets; returns the length. */
uint8_t cli_duid_client_id(uint32_t iaid, const struct cli_duid *duid, uint8_t *out);

/* The file: {"duid": "00:01:...", "iaids": {"eth0": 1}}. Reads `text`, if it is not NULL, and takes from it
 * what it has for the interface: *duid and *iaid are the ones to be used if it has none. *out_text is the new
 * text of the file, malloc'ed, the caller's, or NULL if that is as it was. Returns 0; ERR_NOMEM; or
 * ERR_CONFIG with a sentence in `why`, which holds CLI_DUID_WHY_MAX bytes. `name` is the file's, for
 * messages. */
int cli_duid_keep(const char *name, const char *text, size_t len, const char *ifname, struct cli_duid *duid,
                  uint32_t *iaid, char **out_text, char *why);
