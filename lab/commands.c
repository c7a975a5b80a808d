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

const struct commands_real commands_real_run = {
    .usage = " | --veth | --parity",
    .what =
        "On veth the programs themselves run, each host in namespaces of its own, with real packets over a "
        "wire in user space\n"
        "that has the same luck. Their clock is the scenario's: it stands while there is anything to do, "
        "and jumps to the next\n"
        "instant at which there is.\n",
    .options = "  --veth               with the programs, in namespaces; of this and --virtual the last "
               "counts\n"
               "  --parity             on veth and in virtual time, and both must have the same ladder\n",
    .exit_codes = "With --parity 1 also if the ladders differ; with it and --veth 77 if this system does not "
                  "allow namespaces.\n",
    .examples = "  dhcplab run teaching --veth --pcap /tmp/teaching.pcapng\n",
};

const struct commands_real commands_real_replay = {
    .usage =
        "dhcplab replay CAPTURE [-n NAME] [--to HOST] [--pace real|fast] [--map-mac OLD=NEW]... [--diff]\n"
        "                      [--timeout SECONDS] [--json]\n"
        "       ",
    .what = "Sends what the clients and relay agents of a capture (pcap or pcapng, of anybody; - is standard "
            "input) said to a server\n"
            "of the running lab, and shows for each message the answer that was captured beside the live "
            "one: which fields and\n"
            "options differ, appear or are missing.\n"
            "\n"
            "Each client gets a hardware address of its own, each message a fresh transaction id. Where the "
            "live server gives another\n"
            "address than the captured one did, later messages of the client have that in ciaddr and option "
            "50; option 54 is the live\n"
            "server's. A relay agent that is not on the server's network becomes the last address of it. "
            "Repetitions are sent once.\n"
            "These do not count as differences, nor do options 52, 90, 91, 145 and 152 to 155, which hold "
            "nonces, times of day and\n"
            "where options stand.\n"
            "\n"
            "The leases that the live server gives on the way stay until they expire, or the lab goes.\n"
            "\n",
    .options =
        "  --to HOST           the server, where the lab has several, or a plain host that runs another one\n"
        "  --pace real|fast    wait between messages as the clients did, or for the answer only (fast)\n"
        "  --map-mac OLD=NEW   this client gets that hardware address; several times for several "
        "clients\n"
        "  --diff              show all fields and options side by side, not only what differs\n"
        "  --timeout SECONDS   how long to wait for an answer (1)\n"
        "  -n, --name NAME     the lab, where several run\n",
    .exit_codes = "Without --virtual 3 also if something could not be sent; 77 if this system does not allow "
                  "it.\n",
    .examples = "  dhcplab replay lease.pcapng\n"
                "  dhcplab replay other-server.pcap --to server --diff\n"
                "  dhcplab replay lease.pcap --map-mac 00:1c:42:11:22:33=02:00:00:00:00:99 --pace real\n"
                "  dhcplab replay lease.pcap --json | jq '.messages[] | select(.outcome == \"different\")'\n"
                "  dhcplab log --json | dhcplab replay --virtual - --topology pair\n",
};
