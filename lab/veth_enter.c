#include "lab/veth_enter.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/veth_dir.h"

static volatile sig_atomic_t ended_by;     /* the signal; 0: none */
static volatile sig_atomic_t child;        /* 0: none yet */
static volatile sig_atomic_t child_signal; /* that ends it */

static void on_signal(int signal)
{
    ended_by = signal;
    if (child > 0)
        kill((pid_t)child, child_signal);
}

/* A signal that came before ends it at once. */
static void note_child(pid_t pid, int signal)
{
    child_signal = signal;
    child = (sig_atomic_t)pid;
    if (ended_by != 0 && pid > 0)
        kill(pid, signal);
}

static int await(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_CODE_FAILED;
}

/* unshare() puts only children into a new pid namespace, so this process is there for the first of them. When
 * that has ended, so has everybody in there. */
static int enter(veth_enter_fn *fn, void *user, const char *dir)
{
    struct net net = {0};
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int rc = net_unshare(&net);
    if (rc < 0) {
        bool denied = rc == ERR_DENIED;
        fprintf(stderr, "dhcplab: %s%s%s\n", net.error, denied ? ".\n" : "", denied ? net_advice() : "");
        return denied ? EXIT_CODE_DENIED : EXIT_CODE_FAILED;
    }
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        int code = fn(user, &net, dir);
        fflush(NULL);
        _exit(code);
    }
    note_child(pid, SIGKILL);
    if (pid < 0)
        fprintf(stderr, "dhcplab: no process can be made: %s\n", strerror(errno));
    return pid < 0 ? EXIT_CODE_FAILED : await(pid);
}

int veth_enter(veth_enter_fn *fn, void *user)
{
    char dir[VETH_DIR_MAX];
    int lock;
    struct sigaction ours = {.sa_handler = on_signal}, before[2];
    veth_dir_clean();
    if (veth_dir_make(dir, &lock) < 0) {
        fprintf(stderr, "dhcplab: %s cannot be made: %s\n", dir, strerror(errno));
        return EXIT_CODE_FAILED;
    }
    sigaction(SIGINT, &ours, &before[0]);
    sigaction(SIGTERM, &ours, &before[1]);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int code = enter(fn, user, dir);
        fflush(NULL);
        _exit(code);
    }
    note_child(pid, SIGTERM);
    int code = EXIT_CODE_FAILED;
    if (pid < 0)
        fprintf(stderr, "dhcplab: no process can be made: %s\n", strerror(errno));
    else
        code = await(pid);
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    rundir_remove(dir);
    close(lock);
    if (ended_by != 0)
        raise(ended_by);
    return code;
}
