/* lease4-write, lease4-resend-ddns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "server/srv_command_lease.h"
#include "server/srv_csv.h"

struct writing {
    const struct srv_engine *engine;
    char *text;
    size_t len, cap;
    int64_t offset_ms;
};

static bool write_lease(void *user, const struct srv_lease *lease)
{
    struct writing *w = user;
    if (lease->state == SRV_LEASE_OFFERED)
        return true;
    if (w->cap - w->len < SRV_CSV_LINE_MAX) {
        size_t cap = w->cap * 2 + SRV_CSV_LINE_MAX;
        char *text = realloc(w->text, cap);
        if (text == NULL) {
            free(w->text);
            w->text = NULL;
            return false;
        }
        w->text = text;
        w->cap = cap;
    }
    w->len += srv_csv_format(lease, srv_engine_pool_id(w->engine, lease), w->offset_ms, w->text + w->len);
    return true;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The lease file in use and the configuration are not to be lost by a slip. */
static bool choose_lease_path(struct srv_command_call *call)
{
    if (!srv_command_require(call, "filename") || !srv_command_choose_path(call))
        return false;
    const char *name = name_of(call->out->path);
    const char *const used[] = {call->c->config_path, call->c->lease_path};
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        if (used[i] != NULL && strcmp(name, name_of(used[i])) == 0)
            srv_command_say(call, CONTROL_ERROR, "'filename' parameter must not be that of a file in use");
    return !srv_command_failed(call);
}

void srv_command_lease_write(struct srv_command_call *call)
{
    const struct clock_now *now = &call->c->now;
    struct writing w = {.engine = call->c->engine,
                        .text = strdup(SRV_CSV_HEADER "\n"),
                        .len = sizeof SRV_CSV_HEADER,
                        .cap = sizeof SRV_CSV_HEADER + 1,
                        .offset_ms = now->wall_ms - now->boot_ms};
    if (choose_lease_path(call)) {
        if (w.text != NULL)
            srv_engine_leases(call->c->engine, write_lease, &w);
        if (w.text != NULL)
            srv_command_say(call, CONTROL_SUCCESS, "IPv4 lease database into '%.*s'.", JCFG_TEXT_MAX,
                            call->out->path);
        else
            srv_command_say(call, CONTROL_ERROR, "%s", err_text(ERR_NOMEM));
    }
    if (srv_command_failed(call)) {
        free(w.text);
        return;
    }
    call->out->file = w.text;
    call->out->effect = SRV_DO_LEASES_WRITE;
}

/* Names are not put into the DNS here; the answer is that of a Kea which does not, either. */
void srv_command_lease_resend_ddns(struct srv_command_call *call)
{
    if (cJSON_GetObjectItemCaseSensitive(call->arguments, "ip-address") == NULL)
        srv_command_say(call, CONTROL_ERROR, "'ip-address' parameter is missing.");
    else
        srv_command_say(call, CONTROL_ERROR, "DDNS updating is not enabled");
}
