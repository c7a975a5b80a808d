#include "server/srv_seccomp.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <seccomp.h>

#include "common/err.h"

/* Allowed whatever the arguments. Names that this kernel's architecture does not have are passed over. */
static const char *const calls[] = {
    /* files: configuration, leases, trace, the time zone */
    "read", "readv", "write", "writev", "pread64", "pwrite64", "lseek", "_llseek", "close", "open", "openat",
    "fstat", "fstat64", "stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "rename", "renameat",
    "renameat2", "unlink", "unlinkat", "fsync", "fdatasync", "ftruncate", "ftruncate64", "flock", "fcntl",
    "fcntl64", "fchown", "fchown32", "chmod", "fchmod", "fchmodat", "umask", "dup", "dup2", "dup3", "pipe2",
    /* the event loop */
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "poll", "ppoll", "ppoll_time64", "select",
    "_newselect", "pselect6", "pselect6_time64", "eventfd2", "timerfd_create", "timerfd_settime",
    "timerfd_settime64",
    /* sockets, once there is one */
    "bind", "connect", "listen", "accept", "accept4", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom", "recvmsg", "recvmmsg",
    "recvmmsg_time64", "shutdown",
    /* memory */
    "brk", "mremap", "munmap", "madvise",
    /* threads and signals */
    "futex", "futex_time64", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq", "set_tid_address",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall", "tgkill",
    "exit", "exit_group",
    /* who and when */
    "getpid", "gettid", "getuid", "getuid32", "geteuid", "geteuid32", "getgid", "getgid32", "getegid",
    "getegid32", "uname", "sysinfo", "getrlimit", "ugetrlimit", "clock_gettime", "clock_gettime64",
    "gettimeofday", "time", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "getrandom"};

/* Allowed if an argument is what it should be: (argument & mask) == value. */
static const struct rule {
    const char *call;
    unsigned argument;
    uint64_t mask, value;
} rules[] = {
    {"socket", 0, UINT64_MAX, AF_UNIX}, /* the system's log, a control socket after a reload */
    {"socket", 0, UINT64_MAX, AF_INET},
    {"socket", 0, UINT64_MAX, AF_PACKET},
    {"socket", 0, UINT64_MAX, AF_NETLINK}, /* which interfaces there are */
    {"ioctl", 1, UINT32_MAX, SIOCOUTQ},
    {"ioctl", 1, UINT32_MAX, SIOCGIFINDEX},
    {"ioctl", 1, UINT32_MAX, SIOCGIFNAME},
    {"ioctl", 1, UINT32_MAX, SIOCETHTOOL}, /* what an interface cuts */
    {"ioctl", 1, UINT32_MAX, FIONREAD},
    {"ioctl", 1, UINT32_MAX, TCGETS}, /* isatty */
    {"mmap", 2, PROT_EXEC, 0},
    {"mmap2", 2, PROT_EXEC, 0},
    {"mprotect", 2, PROT_EXEC, 0},
    {"clone", 0, CLONE_THREAD, CLONE_THREAD}, /* no other process */
    {"prlimit64", 2, UINT64_MAX, 0},          /* looking, not setting */
    {"prctl", 0, UINT32_MAX, PR_SET_NAME},
    {"prctl", 0, UINT32_MAX, 0x53564d41}, /* PR_SET_VMA: the C library names its memory */
};

/* Fails where a library tries it: the argument of clone3 cannot be looked into, of clone it can. */
static const struct {
    const char *call;
    int why;
} absent[] = {{"clone3", ENOSYS}};

/* ---- what the end looks like ---- */

static int log_fd = -1; /* to the system's log; opened before, for the handler may do little */

static void open_log(void)
{
    const struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (log_fd >= 0 && connect(log_fd, (const struct sockaddr *)&at, sizeof at) < 0) {
        close(log_fd);
        log_fd = -1;
    }
}

static char *put(char *at, const char *text)
{
    return stpcpy(at, text);
}

static char *put_number(char *at, unsigned n)
{
    if (n >= 10)
        at = put_number(at, n / 10);
    *at = (char)('0' + n % 10);
    return at + 1;
}

static void say(int fd, const char *head, unsigned call)
{
    char line[256], *at = put(line, head);
    at = put(at, "dhcplab-server: error: system call ");
    at = put_number(at, call);
    at = put(
        at, " is not on the list of those that a server makes: ended (--no-seccomp runs without the list)\n");
    ssize_t n = write(fd, line, (size_t)(at - line));
    (void)n; /* who does not listen is not told */
}

/* Only what POSIX allows in a handler. */
static void on_refused(int number, siginfo_t *info, void *context)
{
    (void)context;
    char priority[16], *at = put(priority, "<");
    at = put_number(at, LOG_DAEMON | LOG_ERR);
    strcpy(at, ">");
    say(STDERR_FILENO, "", (unsigned)info->si_syscall);
    if (log_fd >= 0)
        say(log_fd, priority, (unsigned)info->si_syscall);
    signal(number, SIG_DFL);
    raise(number);
}

/* ---- the filter ---- */

static int allow(scmp_filter_ctx filter, const char *name, const struct scmp_arg_cmp *condition)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return 0;
    int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, condition != NULL, condition);
    return rc == -EDOM ? 0 : rc; /* not on this architecture */
}

static int fill(scmp_filter_ctx filter)
{
    int rc = 0;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0] && rc == 0; i++)
        rc = allow(filter, calls[i], NULL);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && rc == 0; i++)
        rc = allow(filter, rules[i].call,
                   &SCMP_CMP(rules[i].argument, SCMP_CMP_MASKED_EQ, rules[i].mask, rules[i].value));
    for (size_t i = 0; i < sizeof absent / sizeof absent[0] && rc == 0; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)absent[i].why),
                              seccomp_syscall_resolve_name(absent[i].call), 0);
    return rc;
}

int srv_seccomp_start(void)
{
    struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    if (filter == NULL)
        return ERR_NOMEM;
    open_log();
    sigaction(SIGSYS, &action, NULL);
    int rc = fill(filter);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    if (rc < 0)
        errno = -rc;
    return rc < 0 ? ERR_IO : 0;
}
