/* The commands that need no real packets, and what is said of the others: they need Linux. */
#include "lab/commands.h"

#include <stddef.h>
#include <stdio.h>

#include "lab/command.h"
#include "lab/replay_live.h"
#include "lab/run_veth.h"

/* The exit code. */
static int needs_linux(const char *what)
{
    fprintf(stderr, "%s needs Linux: it works with real packets, and this program was built without them\n",
            what);
    return EXIT_CODE_USAGE;
}

static int command_real(int argc, char **argv)
{
    (void)argc;
    return needs_linux(argv[0]);
}

int run_veth(const struct topology *t, run_veth_fn *fn, void *user)
{
    (void)t, (void)fn, (void)user;
    return needs_linux("dhcplab run --veth or --parity");
}

int replay_live(const struct replay_live *o)
{
    (void)o;
    return needs_linux("dhcplab replay without --virtual");
}

const char commands_usage[] = "dhcplab COMMAND [ARGUMENTS...]";

#define REAL(name)                                                                                           \
    {                                                                                                        \
        name, command_real, NULL, NULL                                                                       \
    }

const struct command commands[] = {
    {"explain", command_explain, "FILE|-", "what is in a capture, packet by packet and octet by octet"},
    {"replay", command_replay, "--virtual TRACE", "the trace of a lab again, and compare the answers"},
    {"timeline", command_timeline, "", "when each kind of client would send what"},
    {"run", command_run, "FILE", "a scenario: what happens when, what is expected"},
    {"sweep", command_sweep, "FILE --seeds A-B", "a scenario with one seed after another, until one fails"},
    REAL("up"),
    REAL("ps"),
    REAL("status"),
    REAL("timers"),
    REAL("release"),
    REAL("renew"),
    REAL("rebind"),
    REAL("decline"),
    REAL("inform"),
    REAL("restart"),
    REAL("leases"),
    REAL("clock"),
    REAL("events"),
    REAL("log"),
    REAL("capture"),
    REAL("tour"),
    REAL("load"),
    REAL("relay"),
    REAL("command"),
    REAL("exec"),
    REAL("down"),
    {NULL, NULL, NULL, NULL},
};

const char commands_help[] = "`dhcplab COMMAND --help` tells more about each. All of it is in virtual time: "
                             "labs with real packets need Linux.\n";

const char commands_example[] = "Examples: a scenario, the same with a thousand seeds, a capture\n"
                                "  dhcplab run teaching\n"
                                "  dhcplab sweep faults --seeds 1-1000\n"
                                "  dhcplab explain lease.pcapng\n";

const struct commands_real commands_real_run = {"", "", "", "", ""};
const struct commands_real commands_real_replay = {"", "", "", "", ""};
