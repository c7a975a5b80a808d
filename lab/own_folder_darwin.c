#include <libgen.h>
#include <limits.h>
#include <mach-o/dyld.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "lab/own_folder.h"

/* As dyld(3) has it, the path is that of the call, which may be a link. */
int own_folder(char *out, size_t cap)
{
    char called[PATH_MAX], program[PATH_MAX];
    uint32_t size = sizeof called;
    if (_NSGetExecutablePath(called, &size) != 0 || realpath(called, program) == NULL)
        return ERR_IO;
    const char *folder = dirname(program);
    if (strlen(folder) >= cap)
        return ERR_IO;
    strcpy(out, folder);
    return 0;
}
