/* The commands that this program has. Of this there are two: commands.c has all, commands_virtual.c, for any
 * POSIX system, those that need no real packets. */
#pragma once

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* command.h */
    const char *arguments;
    const char *summary; /* NULL: --help does not show it */
};

extern const struct command commands[]; /* the last has no name */

/* What `dhcplab --help` says of them. */
extern const char commands_usage[], commands_help[], commands_example[];

/* What the --help of a command that is in both says only where there are real packets: in the other "" each.
 * All but `usage` are whole lines. */
struct commands_real {
    const char *usage, *what, *options, *exit_codes, *examples;
};
extern const struct commands_real commands_real_run, commands_real_replay;
