/* Kea's commands as functions of the server's state: arguments in; result code, text and arguments out. What
 * they change in leases comes out as actions, which the driver makes durable before it answers; what only a
 * driver can do (files, interfaces, the end) comes out as an effect. Pure. */
#pragma once
#include <cjson/cJSON.h>

#include "common/control_result.h"
#include "server/srv_engine.h"
#include "server/srv_explain.h"
#include "server/srv_service.h"
#include "server/srv_stat.h"

/* What commands leave behind. */
struct srv_command_state {
    struct srv_service service;
    struct srv_stat stat;
};

struct srv_command_iface {
    const char *name;
    int index; /* the kernel's */
    struct ip4_net addr;
    struct hw_addr hw;
};

/* What a command may look at. All borrowed during the call. */
struct srv_command_context {
    struct srv_command_state *state;
    struct srv_engine *engine;
    const struct srv_config *config;
    const struct srv_explain *explain;
    struct srv_actions *out; /* what is appended is to be executed before the reply is sent */
    struct clock_now now;
    time_ms started_ms, reloaded_ms;
    int pid;
    const char *config_path;
    const char *lease_path; /* ""; or of the lease file in use */
    const struct srv_command_iface *ifaces;
    size_t n_ifaces;
};

/* What the driver does before it sends the reply; if it cannot, it changes the reply. */
enum srv_command_effect {
    SRV_DO_NOTHING,
    SRV_DO_CONFIG_SET,    /* serve reply.config, which it then owns */
    SRV_DO_CONFIG_RELOAD, /* read the file again */
    SRV_DO_CONFIG_WRITE,  /* replace the file reply.path by reply.file */
    SRV_DO_LEASES_WRITE,  /* the same, of leases */
    SRV_DO_CLOCK_GET,     /* the program's clock as arguments: control_clock.h */
    SRV_DO_CLOCK_SET,     /* follow the clock anew, then the same */
    SRV_DO_SHUTDOWN,      /* end with reply.exit_value once the reply is sent */
};

enum { SRV_COMMAND_TEXT_MAX = JCFG_TEXT_MAX + 64, SRV_COMMAND_PATH_MAX = 4096 };

struct srv_command_reply {
    enum control_result result;
    char text[SRV_COMMAND_TEXT_MAX];
    cJSON *arguments; /* the caller's; may be NULL */
    enum srv_command_effect effect;
    struct srv_config *config;
    char path[SRV_COMMAND_PATH_MAX];
    char *file; /* malloc'ed, the caller's */
    int exit_value;
};

/* Runs a command; `arguments` (a map) may be NULL. Unknown ones are CONTROL_UNSUPPORTED. */
void srv_command_run(const struct srv_command_context *c, const char *command, const cJSON *arguments,
                     struct srv_command_reply *out);
