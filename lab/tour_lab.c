#include "lab/tour_lab.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_loop.h"
#include "lab/command.h"
#include "lab/launch.h"
#include "lab/supervisor.h"
#include "lab/view_lab.h"

enum { STEP_MS = 20, STOP_LIMIT_MS = 10000 };

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
}

static time_ms now_ms(void)
{
    return io_real_ms();
}

static int left_ms(time_ms deadline_ms)
{
    time_ms left = deadline_ms - now_ms();
    return left > 0 ? (int)left : 0;
}

/* 0, or the exit code. */
static int await(const struct tour_lab *l, enum supervisor_say expected, time_ms deadline_ms)
{
    struct supervisor_message message;
    int rc = supervisor_hear(l->channel, left_ms(deadline_ms), &message);
    if (rc == 0 && message.say == expected)
        return 0;
    if (rc == 0) {
        fprintf(stderr, "dhcplab: the lab did not start: %s\n", message.text);
        return message.code;
    }
    fprintf(stderr, "dhcplab: the lab did not start: its supervisor %s\n",
            rc == ERR_TIMEOUT ? "takes too long" : "was ended");
    return EXIT_CODE_FAILED;
}

static bool has_lease(const struct lab_host_state *host)
{
    char why[VIEW_WHY_MAX];
    cJSON *reply = view_call(host, "status", NULL, VIEW_CALL_MS, why);
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(reply, "arguments");
    bool has = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(status, "lease"));
    cJSON_Delete(reply);
    return has;
}

static int await_leases(const struct tour_lab *l, time_ms deadline_ms)
{
    for (size_t i = 0; i < l->state.n_hosts; i++) {
        const struct lab_host_state *host = &l->state.hosts[i];
        while (host->role == LAB_CLIENT && !has_lease(host)) {
            if (left_ms(deadline_ms) == 0) {
                fprintf(stderr, "dhcplab: %s has no lease\n", host->name);
                return EXIT_CODE_FAILED;
            }
            rest();
        }
    }
    return 0;
}

static int bring_up(struct tour_lab *l, const char *name, time_ms deadline_ms)
{
    int code = await(l, SUPERVISOR_READY, deadline_ms);
    if (code != 0)
        return code;
    supervisor_say(l->channel, SUPERVISOR_START_CLIENTS);
    code = await(l, SUPERVISOR_UP, deadline_ms);
    if (code == 0 && rundir_load(name, &l->state) < 0)
        code = EXIT_CODE_FAILED;
    return code == 0 ? await_leases(l, deadline_ms) : code;
}

int tour_lab_start(struct tour_lab *l, const char *file, int limit_ms)
{
    char path[TOPOLOGY_PATH_MAX], error[JCFG_TEXT_MAX] = "", name[LAB_NAME_MAX];
    time_ms deadline_ms = time_add(now_ms(), limit_ms);
    *l = (struct tour_lab){.channel = -1};
    if (topology_find(file, path) < 0) {
        fprintf(stderr, "dhcplab: the lab %s, which comes with the program, is not there\n", file);
        return EXIT_CODE_FAILED;
    }
    snprintf(name, sizeof name, "%.16s-%d", file, (int)getpid());
    int code = EXIT_CODE_FAILED;
    if (topology_load(&l->topology, path, NULL, NULL, error) < 0)
        fprintf(stderr, "dhcplab: %s\n", error);
    else if (launch(&(struct launch){&l->topology, name, path}, l->dir, &l->channel) == 0)
        code = bring_up(l, name, deadline_ms);
    if (code != 0)
        tour_lab_stop(l);
    return code;
}

void tour_lab_stop(struct tour_lab *l)
{
    time_ms deadline_ms = time_add(now_ms(), STOP_LIMIT_MS);
    if (l->channel >= 0) {
        close(l->channel);
        while (rundir_is_held(l->dir) && left_ms(deadline_ms) > 0)
            rest();
        if (rundir_is_held(l->dir))
            fprintf(stderr, "dhcplab: the lab in %s does not end; `dhcplab down --all` ends it\n", l->dir);
    }
    l->channel = -1;
    topology_fini(&l->topology);
}
