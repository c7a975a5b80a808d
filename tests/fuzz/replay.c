/* A fuzz target as an ordinary test: runs every file that is named, and every file of every folder that is
 * named, in the order of their names, each also cut at every shorter length. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 65536 };

static unsigned replayed;

/* The input lies in a block of its own size, so that a read past its end is one past the block's. */
static void replay(const uint8_t *bytes, size_t len)
{
    uint8_t *input = malloc(len + (len == 0));
    if (input == NULL)
        abort();
    memcpy(input, bytes, len);
    LLVMFuzzerTestOneInput(input, len);
    free(input);
}

static int replay_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (size_t n = 0; n <= len; n++)
        replay(bytes, n);
    replayed++;
    return 0;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, not_hidden, alphasort);
    if (n < 0)
        return replay_file(folder);
    int failed = 0;
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        failed |= replay_file(path);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay_folder(argv[i]);
    if (replayed == 0) {
        fprintf(stderr, "there was nothing to replay\n");
        return 1;
    }
    printf("%u inputs replayed\n", replayed);
    return failed;
}
