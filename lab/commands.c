/* All commands. */
#include "lab/commands.h"

#include <stddef.h>

#include "lab/command.h"

const char commands_usage[] = "dhcplab [-n NAME] COMMAND [ARGUMENTS...]";

const struct command commands[] = {
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
    {NULL, NULL, NULL, NULL},
};

const char commands_help[] =
    "`dhcplab COMMAND --help` tells more about each. Where several labs run, `-n NAME` picks one.\n";

const char commands_example[] = "Example: a server and a client, what they said, and the end of it\n"
                                "  dhcplab up\n"
                                "  dhcplab status\n"
                                "  dhcplab exec h1 ping -c 1 10.77.0.1\n"
                                "  dhcplab release h1\n"
                                "  dhcplab log\n"
                                "  dhcplab down\n";
