#include "lab/own_folder.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

int own_folder(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap);
    if (n <= 0 || (size_t)n == cap)
        return ERR_IO;
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    assert(slash != NULL);
    *slash = '\0';
    return 0;
}
