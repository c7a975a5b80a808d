#include "lab/veth_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

#define PREFIX   "dhcplab-run-"
#define DIR_NAME "/" PREFIX "XXXXXX"

enum { TRIES = 10 };

/* It will hold sockets, whose paths have a limit: a long TMPDIR cannot be used. */
static const char *find_base(void)
{
    const char *base = getenv("TMPDIR");
    return base == NULL || base[0] != '/' || strlen(base) > VETH_DIR_MAX - sizeof DIR_NAME ? "/tmp" : base;
}

/* Somebody who cleans up may take a new folder for one without an owner, before it is locked: then another
 * one is made. */
int veth_dir_make(char out[VETH_DIR_MAX], int *out_lock)
{
    int rc = ERR_NOTFOUND;
    for (int i = 0; (rc == ERR_NOTFOUND || rc == ERR_EXISTS) && i < TRIES; i++) {
        snprintf(out, VETH_DIR_MAX, "%s" DIR_NAME, find_base());
        rc = mkdtemp(out) == NULL ? ERR_IO : rundir_lock(out, out_lock);
    }
    return rc < 0 ? ERR_IO : 0;
}

/* In /tmp others have folders, too. */
static bool is_ours(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static void clean(const char *path)
{
    int lock;
    if (!is_ours(path) || rundir_lock(path, &lock) < 0)
        return;
    fprintf(stderr, "dhcplab: %s was left by a run that was killed; it is removed\n", path);
    rundir_remove(path);
    close(lock);
}

void veth_dir_clean(void)
{
    DIR *folder = opendir(find_base());
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[LAB_PATH_MAX];
        int n = snprintf(path, sizeof path, "%s/%s", find_base(), entry->d_name);
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0 && n < LAB_PATH_MAX)
            clean(path);
    }
    if (folder != NULL)
        closedir(folder);
}
