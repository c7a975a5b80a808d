#include "server/srv_control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io_file.h"
#include "server/srv_receive.h"
#include "server/srv_reload.h"

static void refuse(struct srv_command_reply *reply, const char *what, const char *why)
{
    reply->result = CONTROL_ERROR;
    snprintf(reply->text, sizeof reply->text, "%s%s", what, why);
    cJSON_Delete(reply->arguments);
    reply->arguments = NULL;
}

/* What is due by the clock that was moved is done before the answer. */
static void follow_clock(struct srv_driver *d, struct srv_command_reply *reply)
{
    int rc = io_clock_reload();
    if (rc < 0) {
        refuse(reply, "", io_clock_why(rc));
        return;
    }
    struct clock_now now = io_now();
    if (srv_engine_deadline(d->engine) <= now.boot_ms)
        srv_driver_step(d, &(struct srv_event){.kind = SRV_DEADLINE, .now = now.boot_ms}, &now);
    srv_driver_flush(d);
}

/* What a command wants of the driver. */
static void do_effect(struct srv_driver *d, const char *command, struct srv_command_reply *reply)
{
    char why[JCFG_TEXT_MAX] = "";
    switch (reply->effect) {
    case SRV_DO_NOTHING:
    case SRV_DO_CLOCK_GET: /* below */
    case SRV_DO_SHUTDOWN:  /* when the reply is sent */
        break;
    case SRV_DO_CLOCK_SET:
        follow_clock(d, reply);
        break;
    case SRV_DO_CONFIG_SET:
        if (srv_reload_serve(d, reply->config, why) < 0)
            refuse(reply, "", why);
        else
            io_trace_log(d->trace, "info", "another configuration is served: %s; leases are kept", command);
        break;
    case SRV_DO_CONFIG_RELOAD:
        if (srv_reload_again(d, why) < 0)
            refuse(reply, "Config reload failed: ", why);
        break;
    case SRV_DO_CONFIG_WRITE:
    case SRV_DO_LEASES_WRITE:
        if (io_file_replace(reply->path, reply->file, strlen(reply->file)) < 0)
            refuse(reply,
                   reply->effect == SRV_DO_CONFIG_WRITE ? "Error during write-config: "
                                                        : "Error during lease4-write: ",
                   strerror(errno));
        free(reply->file);
        break;
    }
}

static bool changes_leases(const struct srv_action *first)
{
    const struct srv_action *a = first;
    while (a != NULL && a->kind != SRV_LEASE_PUT)
        a = a->next;
    return a != NULL;
}

void srv_control_on_command(void *user, const char *command, const cJSON *arguments,
                            struct control_request *request)
{
    struct srv_driver *d = user;
    struct srv_command_iface ifaces[SRV_PORTS_MAX];
    for (size_t i = 0; i < d->ports.n; i++) {
        const struct io_iface *iface = &d->ports.list[i].iface;
        ifaces[i] = (struct srv_command_iface){iface->name, iface->index, iface->addr, iface->hw};
    }
    struct srv_command_context context = {.state = &d->commands,
                                          .engine = d->engine,
                                          .config = d->config,
                                          .explain = d->explain,
                                          .out = &d->actions,
                                          .now = io_now(),
                                          .started_ms = d->started_ms,
                                          .reloaded_ms = d->reloaded_ms,
                                          .pid = getpid(),
                                          .config_path = d->options->config,
                                          .lease_path = srv_reload_lease_path(d, d->config),
                                          .ifaces = ifaces,
                                          .n_ifaces = d->ports.n};
    struct srv_command_reply reply;
    srv_receive_count_dropped(d);
    srv_command_run(&context, command, arguments, &reply);
    bool changes = changes_leases(d->taken != NULL ? d->taken->next : d->actions.first);
    srv_driver_flush(d);
    if (changes)
        srv_persist_settle(d->persist);
    int failure = changes ? srv_persist_failure(d->persist) : 0;
    if (failure != 0 && reply.result == CONTROL_SUCCESS)
        refuse(&reply,
               "the change is in memory, but not stored yet, which is tried again: ", strerror(failure));
    do_effect(d, command, &reply);
    bool tells_clock = reply.effect == SRV_DO_CLOCK_GET || reply.effect == SRV_DO_CLOCK_SET;
    if (tells_clock) /* whoever counts messages counts those that wait for the disk */
        srv_persist_settle(d->persist);
    if (tells_clock && reply.result == CONTROL_SUCCESS)
        reply.arguments =
            control_clock_json(&d->traffic, srv_engine_deadline(d->engine),
                               srv_persist_is_busy(d->persist) || srv_queue_count(d->queue) > 0);
    if (strcmp(command, "status-get") == 0 && reply.result == CONTROL_SUCCESS)
        cJSON_AddItemToObject(reply.arguments, "lease_file", srv_persist_json(d->persist));
    control_reply(request, reply.result, reply.text, reply.arguments);
    if (reply.effect == SRV_DO_SHUTDOWN) {
        io_trace_log(d->trace, "info", "the server ends: shutdown");
        d->exit_value = reply.exit_value;
        io_loop_stop(d->loop);
    }
}
