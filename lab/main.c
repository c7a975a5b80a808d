/* dhcplab: a private DHCPv4 network in a box. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab/command.h"
#include "lab/commands.h"

enum { CALLED_MAX = 64 };

static const char help_end[] =
    "\n"
    "Exit codes: 0 ok; 1 failed; 2 wrong usage or a file with an error; 3 partly; 77 "
    "this system does not allow it.\n"
    "\n";

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
    fprintf(out, "dhcplab: a private DHCPv4 network in a box\n\nUsage: %s\n\n", commands_usage);
    for (const struct command *c = commands; c->name != NULL; c++) {
        char usage[64];
        snprintf(usage, sizeof usage, "%s %s", c->name, c->arguments);
        if (c->summary != NULL)
            fprintf(out, "  %-28s %s\n", usage, c->summary);
    }
    fprintf(out, "\n%s%s%s", commands_help, help_end, commands_example);
}

/* -1: there is no such command; else its exit code. getopt begins what it complains of with argv[0]. */
static int run_command(const char *name, int argc, char **argv)
{
    char called[CALLED_MAX];
    snprintf(called, sizeof called, "dhcplab %s", name);
    for (const struct command *c = commands; c->name != NULL; c++) {
        if (strcmp(name, c->name) != 0)
            continue;
        argv[0] = called;
        return c->run(argc, argv);
    }
    return -1;
}

/* `dhcplab help COMMAND`: -1 if there is no such command. */
static int help_of(char *name)
{
    char option[] = "--help", *words[] = {name, option, NULL};
    return run_command(name, 2, words);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_CODE_USAGE;
    }
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

/* What was printed may still wait in a buffer for a disk that is full. */
static int end_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "dhcplab: not all of the output could be written\n");
    return code == EXIT_CODE_OK ? EXIT_CODE_FAILED : code;
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is a failing write, not the end */
    return end_output(run(argc, argv));
}
