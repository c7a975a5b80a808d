/* dhcplab: a private DHCPv4 network in a box. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab/command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments;
    const char *summary;
} commands[] = {
    {"up", command_up, "[FILE]", "start a lab: its network, servers and clients"},
    {"ps", command_ps, "", "what is running"},
    {"status", command_status, "[HOST...]", "the clients' leases and timers, the servers in brief"},
    {"timers", command_timers, "[HOST...]", "what the clients' timers are made of; --watch keeps looking"},
    {"release", command_release, "HOST", "give a client's lease back"},
    {"renew", command_renew, "HOST", "get a lease, or renew the one that there is"},
    {"rebind", command_rebind, "HOST", "ask every server to extend the lease, as at T2"},
    {"decline", command_decline, "HOST", "say that the client's address must not be used"},
    {"inform", command_inform, "HOST", "ask for the configuration of an address that is not leased"},
    {"restart", command_restart, "HOST", "end a host's server or client and start it anew"},
    {"leases", command_leases, "[HOST...]", "the servers' view: who has which address, and until when"},
    {"clock", command_clock, "[advance T|scale X]",
     "the time in the lab: let half an hour pass, or run faster"},
    {"events", command_events, "HOST", "what a client does, as it happens, from the client itself"},
    {"log", command_log, "[HOST...]", "every message with every option, every decision"},
    {"capture", command_capture, "FILE [HOST...]",
     "record what passes, with what was decided, for Wireshark"},
    {"explain", command_explain, "FILE|-", "what is in a capture, packet by packet and octet by octet"},
    {"tour", command_tour, "", "the classic exercises with real packets, in a lab of its own, explained"},
    {"replay", command_replay, "CAPTURE", "say again what a capture's clients said, and compare the answers"},
    {"timeline", command_timeline, "", "when each kind of client would send what, in virtual time"},
    {"load", command_load, "--server A --local B", "put a server under load: rate, delays, wrong answers"},
    {"run", command_run, "FILE",
     "a scenario, in virtual time or on veth: what happens when, what is expected"},
    {"relay", command_relay, "SERVER...", "a relay agent between clients and servers"},
    {"sweep", command_sweep, "FILE --seeds A-B", "a scenario with one seed after another, until one fails"},
    {"command", command_send, "HOST COMMAND [JSON]", "send a command of Kea's command channel to a program"},
    {"exec", command_exec, "HOST COMMAND...", "run a program inside a host"},
    {"down", command_down, "[NAME]", "take a lab away, whatever state it is in"},
};

enum { CALLED_MAX = 64 };

static const char help_start[] = "dhcplab: a private DHCPv4 network in a box\n"
                                 "\n"
                                 "Usage: dhcplab [-n NAME] COMMAND [ARGUMENTS...]\n"
                                 "\n";

static const char help_end[] =
    "\n"
    "`dhcplab COMMAND --help` tells more about each. Where several labs run, `-n NAME` picks one.\n"
    "\n"
    "Exit codes: 0 ok; 1 failed; 2 wrong usage or a file with an error; 3 partly; 77 this system does not "
    "allow it.\n"
    "\n"
    "Example: a server and a client, what they said, and the end of it\n"
    "  dhcplab up\n"
    "  dhcplab status\n"
    "  dhcplab exec h1 ping -c 1 10.77.0.1\n"
    "  dhcplab release h1\n"
    "  dhcplab log\n"
    "  dhcplab down\n";

/* `dhcplab -n NAME COMMAND ...` is `dhcplab COMMAND -n NAME ...`: brings argv into that order. */
static void move_name_behind(int argc, char **argv)
{
    bool apart = strcmp(argv[1], "-n") == 0 || strcmp(argv[1], "--name") == 0;
    bool joined = !apart && (strncmp(argv[1], "-n", 2) == 0 || strncmp(argv[1], "--name=", 7) == 0);
    int words = apart ? 2 : joined ? 1 : 0;
    if (words == 0 || argc < words + 2)
        return;
    char *command = argv[words + 1];
    memmove(argv + 2, argv + 1, (size_t)words * sizeof *argv);
    argv[1] = command;
}

static void print_help(FILE *out)
{
    fputs(help_start, out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "%s %s", commands[i].name, commands[i].arguments);
        fprintf(out, "  %-28s %s\n", usage, commands[i].summary);
    }
    fputs(help_end, out);
}

/* -1: there is no such command; else its exit code. getopt begins what it complains of with argv[0]. */
static int run_command(const char *name, int argc, char **argv)
{
    char called[CALLED_MAX];
    snprintf(called, sizeof called, "dhcplab %s", name);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        argv[0] = called;
        return commands[i].run(argc, argv);
    }
    return -1;
}

/* `dhcplab help COMMAND`: -1 if there is no such command. */
static int help_of(char *name)
{
    char option[] = "--help", *words[] = {name, option, NULL};
    return run_command(name, 2, words);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_CODE_USAGE;
    }
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is a failing write, not the end */
    move_name_behind(argc, argv);
    int code = strcmp(argv[1], "help") == 0 && argc > 2 ? help_of(argv[2])
                                                        : run_command(argv[1], argc - 1, argv + 1);
    if (code >= 0)
        return code;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_CODE_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("dhcplab " DHCPLAB_VERSION);
        return EXIT_CODE_OK;
    }
    fprintf(stderr, "dhcplab: there is no command %s; `dhcplab --help` lists them\n", argv[1]);
    return EXIT_CODE_USAGE;
}
