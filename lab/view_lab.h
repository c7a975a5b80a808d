/* What the commands that look at a running lab share: their options, asking a host's program. */
#pragma once
#include "lab/rundir.h"
#include "lab/view.h"

/* Options that a command takes besides -n and --help. */
enum view_flag { VIEW_JSON = 1, VIEW_FOLLOW = 2, VIEW_LADDER = 4, VIEW_TIMEOUT = 8, VIEW_WATCH = 16 };

struct view_args {
    const char *lab; /* NULL: the only one */
    unsigned flags;  /* those of enum view_flag that were given */
    uint32_t timeout_s;
    const char *const *hosts; /* into argv */
    size_t n_hosts;
};

struct view_command {
    const char *help; /* what --help prints; its first line is the usage */
    unsigned flags;   /* of enum view_flag that are allowed */
    size_t min_hosts, max_hosts;
};

/* Reads the command line. True: go on. False: *out_exit is the exit code; what was wrong, or the help, is
 * printed. */
bool view_args_read(int argc, char **argv, const struct view_command *command, struct view_args *out,
                    int *out_exit);

/* Loads the lab, whose clock the process then follows, and checks that it has the hosts of the command line;
 * otherwise tells the user, and *out_exit is the exit code. */
bool view_lab_load(const struct view_args *args, struct lab_state *out, int *out_exit);

/* Does the host run that program, or any? If not, the user is told, whose mistake that is. */
bool view_has_role(const struct lab_host_state *host, enum lab_role role);
bool view_has_program(const struct lab_host_state *host);

/* No hosts named: every host. */
bool view_is_wanted(const struct view_args *args, const char *host);

enum { VIEW_CALL_MS = 5000, VIEW_WHY_MAX = 256 };

/* Asks the host's program. NULL if it does not answer: `why` (VIEW_WHY_MAX bytes) is then a sentence for the
 * user. Otherwise the reply, with its "result", is the caller's. */
cJSON *view_call(const struct lab_host_state *host, const char *command, const cJSON *arguments,
                 int timeout_ms, char *why);
