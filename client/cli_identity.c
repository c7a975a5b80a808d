#include "client/cli_identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_file.h"
#include "common/io_loop.h"
#include "common/io_sock.h"

static int fail(int rc, const char *subject, char *why)
{
    snprintf(why, CLI_DUID_WHY_MAX, "%s: %s", subject, rc == ERR_IO ? strerror(errno) : err_text(rc));
    return rc;
}

int cli_identity_load(const char *path, const char *ifname, struct cli_config *config, char *why)
{
    if (config->client_id_kind != CLI_CLIENT_ID_DUID)
        return 0;
    struct io_iface iface;
    int rc = io_iface_find(ifname, &iface);
    if (rc < 0)
        return fail(rc, ifname, why);
    char *text = NULL, *new_text;
    size_t len = 0;
    rc = io_file_read(path, &text, &len);
    if (rc < 0 && rc != ERR_NOTFOUND)
        return fail(rc, path, why);
    struct cli_duid duid;
    uint32_t iaid = cli_duid_iaid(&iface.hw);
    cli_duid_new(&iface.hw, io_now().wall_ms, &duid);
    rc = cli_duid_keep(path, text, len, ifname, &duid, &iaid, &new_text, why);
    free(text);
    if (rc < 0)
        return rc == ERR_CONFIG ? rc : fail(rc, path, why);
    if (new_text != NULL)
        rc = io_file_replace(path, new_text, strlen(new_text));
    free(new_text);
    if (rc < 0)
        return fail(rc, path, why);
    config->client_id_kind = CLI_CLIENT_ID_BYTES;
    config->client_id_len = cli_duid_client_id(iaid, &duid, config->client_id);
    return 0;
}
