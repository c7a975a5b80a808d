/* The subcommands of `dhcplab`. Each returns the exit code: 0 ok, 1 failed, 2 usage or bad file, 3 partly, 77
 * not allowed here. argv[0] is "dhcplab COMMAND". Every one answers --help with examples. `-n
 * NAME`/`--name NAME` picks a lab where several run. */
#pragma once
#include <stdio.h>

enum {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_PARTLY = 3,
    EXIT_CODE_DENIED = 77
};

/* Tells on standard error what is wrong with the command line of `dhcplab NAME`: `what`, and then `value`, ""
 * for none; and where to read more. Returns EXIT_CODE_USAGE. */
static inline int command_usage_error(const char *name, const char *what, const char *value)
{
    fprintf(stderr, "dhcplab %s: %s%s; see `dhcplab %s --help`\n", name, what, value, name);
    return EXIT_CODE_USAGE;
}

int command_up(int argc, char **argv);       /* up.c: start a lab */
int command_down(int argc, char **argv);     /* down.c: take it all away */
int command_ps(int argc, char **argv);       /* ps.c: what is running */
int command_exec(int argc, char **argv);     /* exec.c: run a program inside a host */
int command_status(int argc, char **argv);   /* status.c: lease and timers of the clients */
int command_timers(int argc, char **argv);   /* timers.c: what the timers are made of */
int command_release(int argc, char **argv);  /* lease.c: give a lease back */
int command_renew(int argc, char **argv);    /* lease.c: get or renew one */
int command_rebind(int argc, char **argv);   /* lease.c: ask every server */
int command_decline(int argc, char **argv);  /* lease.c: give an address up for bad */
int command_inform(int argc, char **argv);   /* lease.c: configuration without a lease */
int command_restart(int argc, char **argv);  /* restart.c: a host's program anew */
int command_clock(int argc, char **argv);    /* clock.c: the time in a lab */
int command_leases(int argc, char **argv);   /* leases.c: the servers' view */
int command_events(int argc, char **argv);   /* events.c: a client's events as they happen */
int command_log(int argc, char **argv);      /* log.c: messages and decisions */
int command_capture(int argc, char **argv);  /* capture.c: what passes the hosts' interfaces */
int command_explain(int argc, char **argv);  /* explain.c: what is in a capture */
int command_replay(int argc, char **argv);   /* replay.c: a capture's clients again */
int command_send(int argc, char **argv);     /* command_send.c: any command to a program */
int command_tour(int argc, char **argv);     /* tour.c: the classic exercises, explained */
int command_load(int argc, char **argv);     /* load.c: a server under load */
int command_run(int argc, char **argv);      /* run.c: a scenario in virtual time, or on veth */
int command_relay(int argc, char **argv);    /* relay_command.c: a relay agent */
int command_sweep(int argc, char **argv);    /* sweep_command.c: a scenario with many seeds */
int command_timeline(int argc, char **argv); /* timeline_command.c: when each client would send what */
