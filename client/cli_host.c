#include "client/cli_host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_file.h"

struct cli_host {
    const char *resolv_conf; /* NULL: none */
    bool set_name;
    const char *ifname;

    bool has_resolv; /* we wrote the file */
    char *before;    /* what it was, malloc'ed; NULL: there was none */
    size_t before_len;
    bool has_name;
    char name_before[HOST_NAME_MAX + 1];
};

struct cli_host *cli_host_new(const char *resolv_conf, bool set_name, const char *ifname)
{
    struct cli_host *h = calloc(1, sizeof *h);
    if (h != NULL)
        *h = (struct cli_host){.resolv_conf = resolv_conf, .set_name = set_name, .ifname = ifname};
    return h;
}

void cli_host_free(struct cli_host *h)
{
    if (h == NULL)
        return;
    free(h->before);
    free(h);
}

static int fail(const char *what, const char *subject, int rc, char *why)
{
    snprintf(why, CLI_HOST_WHY_MAX, "%s %s failed: %s", what, subject,
             rc == ERR_NOMEM ? err_text(rc) : strerror(errno));
    return rc;
}

/* ---- the resolver's file ---- */

static int write_in_place(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return ERR_IO;
    int rc = io_file_write(fd, text, len);
    if (close(fd) < 0)
        rc = ERR_IO;
    return rc;
}

/* A client that was killed leaves its text behind: that is nothing to put back. The file stays, empty: it may
 * be what is mounted somewhere. */
static int remember_resolv(struct cli_host *h, char *why)
{
    free(h->before);
    h->before = NULL;
    int rc = io_file_read(h->resolv_conf, &h->before, &h->before_len);
    if (rc == ERR_NOTFOUND)
        return 0;
    if (rc < 0)
        return fail("reading", h->resolv_conf, rc, why);
    if (strncmp(h->before, CLI_RESOLV_MARK, strlen(CLI_RESOLV_MARK)) == 0)
        h->before_len = 0;
    return 0;
}

static int clear_resolv(struct cli_host *h, char *why)
{
    if (!h->has_resolv)
        return 0;
    int rc = 0;
    if (h->before != NULL)
        rc = write_in_place(h->resolv_conf, h->before, h->before_len);
    else if (unlink(h->resolv_conf) < 0 &&
             errno != ENOENT) /* a mount point cannot be removed, only emptied */
        rc = write_in_place(h->resolv_conf, "", 0);
    if (rc < 0)
        return fail("putting back", h->resolv_conf, rc, why);
    free(h->before);
    h->before = NULL;
    h->has_resolv = false;
    return 0;
}

static int set_resolv(struct cli_host *h, const struct cli_lease *lease, const struct cli_settings *settings,
                      char *why)
{
    if (h->resolv_conf == NULL)
        return 0;
    if (lease->n_dns == 0 && lease->domain[0] == '\0' && settings->search[0] == '\0')
        return clear_resolv(h, why);
    int rc = h->has_resolv ? 0 : remember_resolv(h, why);
    if (rc < 0)
        return rc;
    char *text = cli_settings_resolv(lease, settings, h->ifname);
    rc = text == NULL ? ERR_NOMEM : write_in_place(h->resolv_conf, text, strlen(text));
    free(text);
    if (rc < 0)
        return fail("writing", h->resolv_conf, rc, why);
    h->has_resolv = true;
    return 0;
}

/* ---- the machine's name ---- */

static int clear_name(struct cli_host *h, char *why)
{
    if (!h->has_name)
        return 0;
    if (sethostname(h->name_before, strlen(h->name_before)) < 0)
        return fail("setting back the host name", h->name_before, ERR_IO, why);
    h->has_name = false;
    return 0;
}

static int set_name(struct cli_host *h, const char *name, char *why)
{
    if (!h->set_name || name[0] == '\0')
        return clear_name(h, why);
    if (!h->has_name && gethostname(h->name_before, sizeof h->name_before) < 0)
        return fail("reading", "the host name", ERR_IO, why);
    if (sethostname(name, strlen(name)) < 0)
        return fail("setting the host name", name, ERR_IO, why);
    h->has_name = true;
    return 0;
}

/* ---- both ---- */

int cli_host_set(struct cli_host *h, const struct cli_lease *lease, const struct cli_settings *settings,
                 char *why)
{
    char sentence[CLI_HOST_WHY_MAX];
    int first = set_resolv(h, lease, settings, why);
    int second = set_name(h, settings->hostname, first < 0 ? sentence : why);
    return first < 0 ? first : second;
}

int cli_host_clear(struct cli_host *h, char *why)
{
    char sentence[CLI_HOST_WHY_MAX];
    int first = clear_resolv(h, why);
    int second = clear_name(h, first < 0 ? sentence : why);
    return first < 0 ? first : second;
}
