#include "lab/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/labclock.h"
#include "lab/own_folder.h"
#include "lab/supervisor.h"

static int write_file(const char *dir, const char *file, const char *text)
{
    if (rundir_write(dir, file, text) == 0)
        return 0;
    fprintf(stderr, "dhcplab: cannot write %s/%s: %s\n", dir, file, strerror(errno));
    return ERR_IO;
}

/* Inline configurations become files for their programs. */
static int write_configs(const struct launch *l, const char *dir)
{
    for (size_t i = 0; i < l->topology->n_hosts; i++) {
        const struct topology_host *host = &l->topology->hosts[i];
        char file[LAB_NAME_MAX + sizeof ".json"];
        snprintf(file, sizeof file, "%s.json", host->name);
        if (host->config_text != NULL && write_file(dir, file, host->config_text) < 0)
            return ERR_IO;
    }
    return 0;
}

/* The lab begins with the machine's clock. */
static int write_clock(const char *dir)
{
    if (labclock_write(dir, &CLOCK_LINE_REAL) == 0)
        return 0;
    fprintf(stderr, "dhcplab: cannot write the clock of %s: %s\n", dir, strerror(errno));
    return ERR_IO;
}

/* The sockets of the lab, which the kernel limits to LAB_PATH_MAX. */
static int check_paths(const struct launch *l, const char *dir)
{
    for (size_t i = 0; i < l->topology->n_hosts; i++)
        if (strlen(dir) + strlen(l->topology->hosts[i].name) + sizeof "/trace.ndjson.new" > LAB_PATH_MAX) {
            fprintf(
                stderr,
                "dhcplab: the path %s/%s.sock is too long for a socket; set DHCPLAB_RUN to a shorter one\n",
                dir, l->topology->hosts[i].name);
            return ERR_LIMIT;
        }
    return 0;
}

static int write_files(const struct launch *l, const char *dir)
{
    int rc = check_paths(l, dir);
    if (rc == 0)
        rc = write_configs(l, dir);
    if (rc == 0)
        rc = write_file(dir, "trace.ndjson", ""); /* for who reads it before a program says anything */
    return rc == 0 ? write_clock(dir) : rc;
}

static int start(const struct supervisor_plan *plan, int *out_channel)
{
    int rc = supervisor_start(plan, out_channel);
    if (rc < 0)
        fprintf(stderr, "dhcplab: cannot start the supervisor: %s\n", strerror(errno));
    return rc;
}

/* What ends a program that does not look after itself; *out_before has what was blocked. */
static void block_ends(sigset_t *out_before)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGHUP);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGQUIT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, out_before);
}

/* The folder that was claimed gets a supervisor, or is removed. */
static int fill(const struct launch *l, const struct supervisor_plan *plan, int *out_channel)
{
    int rc = write_files(l, plan->dir);
    if (rc == 0)
        rc = start(plan, out_channel);
    if (rc < 0)
        rundir_remove(plan->dir);
    return rc;
}

int launch(const struct launch *l, char out_dir[LAB_PATH_MAX], int *out_channel)
{
    char programs[TOPOLOGY_PATH_MAX];
    struct supervisor_plan plan = {
        .topology = l->topology, .name = l->name, .file = l->file, .dir = out_dir, .programs = programs};
    if (own_folder(programs, sizeof programs) < 0) {
        fprintf(stderr, "dhcplab: cannot read /proc/self/exe: %s\n", strerror(errno));
        return ERR_IO;
    }
    /* Ctrl-C waits until there is a supervisor, which takes the folder away when we are gone. */
    block_ends(&plan.signals);
    int rc = rundir_claim(l->name, out_dir, &plan.lock);
    if (rc == 0) {
        rc = fill(l, &plan, out_channel);
        /* From here on the supervisor alone holds the lock. */
        close(plan.lock);
    }
    sigprocmask(SIG_SETMASK, &plan.signals, NULL);
    return rc;
}
