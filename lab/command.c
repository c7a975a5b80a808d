#include "lab/command.h"

#include <stdio.h>

int command_usage_error(const char *name, const char *what, const char *value)
{
    fprintf(stderr, "dhcplab %s: %s%s; see `dhcplab %s --help`\n", name, what, value, name);
    return EXIT_CODE_USAGE;
}
