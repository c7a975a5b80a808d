/* The DUID of this host and the IAID of one of its interfaces, kept in a file. Part of the program, not of
 * the pure engine. */
#pragma once
#include "client/cli_config.h"
#include "client/cli_duid.h"

/* With client_id_kind CLI_CLIENT_ID_DUID: makes it CLI_CLIENT_ID_BYTES, by the DUID and IAID of the file,
 * which is made or completed if need be (mode 0600, durably). Else nothing. Returns 0, or a negative enum err
 * with a sentence in `why`, which holds CLI_DUID_WHY_MAX bytes. */
int cli_identity_load(const char *path, const char *ifname, struct cli_config *config, char *why);
