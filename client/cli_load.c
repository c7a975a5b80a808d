#include "client/cli_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/io_file.h"

/* The whole file, malloc'ed; on failure a sentence in out_error. */
static int read_file(const char *path, char **out_text, size_t *out_len, char *out_error)
{
    int rc = io_file_read(path, out_text, out_len);
    if (rc < 0)
        snprintf(out_error, JCFG_TEXT_MAX, "%s: %s", path, rc == ERR_IO ? strerror(errno) : err_text(rc));
    return rc;
}

static int tell(int rc, char *out_error)
{
    if (rc < 0 && rc != ERR_CONFIG)
        snprintf(out_error, JCFG_TEXT_MAX, "%s", err_text(rc));
    return rc;
}

static int load_profile_file(const char *path, char *out_error, struct cli_profile *out)
{
    char *text;
    size_t len;
    int rc = read_file(path, &text, &len, out_error);
    if (rc < 0)
        return rc;
    rc = cli_profile_parse(path, text, len, out_error, out);
    free(text);
    return tell(rc, out_error);
}

int cli_load_profile(const char *name, char *out_error, struct cli_profile *out)
{
    int rc = cli_profile_find(name, out);
    if (rc != ERR_NOTFOUND)
        return tell(rc, out_error);
    if (strchr(name, '/') != NULL || strchr(name, '.') != NULL)
        return load_profile_file(name, out_error, out);
    int used = snprintf(out_error, JCFG_TEXT_MAX, "there is no profile %s; there are", name);
    for (size_t i = 0; cli_profile_name(i) != NULL; i++)
        used += snprintf(out_error + used, JCFG_TEXT_MAX - (size_t)used, "%s %s", i == 0 ? "" : ",",
                         cli_profile_name(i));
    return ERR_NOTFOUND;
}

/* The profile that the configuration in `path` names as a file. */
static int load_own_profile(const char *path, char *out_error, struct cli_config *out)
{
    const char *slash = strrchr(path, '/');
    int folder = out->profile_file[0] == '/' || slash == NULL ? 0 : (int)(slash - path) + 1;
    char file[2 * CLI_PATH_MAX];
    int len = snprintf(file, sizeof file, "%.*s%s", folder, path, out->profile_file);
    if (len >= (int)sizeof file)
        return tell(ERR_LIMIT, out_error);
    struct cli_profile profile;
    int rc = load_profile_file(file, out_error, &profile);
    if (rc == 0)
        cli_config_use_profile(out, &profile);
    return rc;
}

int cli_load_config(const char *path, jcfg_warn_fn *warn, void *warn_user, char *out_error,
                    struct cli_config *out)
{
    if (path == NULL)
        return tell(cli_config_init(out), out_error);
    char *text;
    size_t len;
    int rc = read_file(path, &text, &len, out_error);
    if (rc < 0)
        return rc;
    rc = tell(cli_config_parse(path, text, len, warn, warn_user, out_error, out), out_error);
    free(text);
    return rc == 0 && out->profile_file[0] != '\0' ? load_own_profile(path, out_error, out) : rc;
}
