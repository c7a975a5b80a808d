#include "lab/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_file.h"
#include "lab/topology.h"

enum { CLAIM_TRIES = 100 };

static const char failed_suffix[] = ".failed";

const char *lab_role_name(enum lab_role role)
{
    switch (role) {
    case LAB_PLAIN:
        return "plain";
    case LAB_SERVER:
        return "server";
    case LAB_CLIENT:
        return "client";
    }
    return "";
}

const char *rundir_life_name(enum rundir_life life)
{
    switch (life) {
    case RUNDIR_STARTING:
        return "starting";
    case RUNDIR_RUNNING:
        return "running";
    case RUNDIR_DEAD:
        return "dead";
    case RUNDIR_FAILED:
        return "failed";
    }
    return "";
}

static int told(int err, const char *what, const char *path)
{
    fprintf(stderr, "dhcplab: %s %s: %s\n", what, path, strerror(errno));
    return err;
}

static int too_long(void)
{
    fprintf(
        stderr,
        "dhcplab: the path of the run folder is too long for a socket; set DHCPLAB_RUN to a shorter one\n");
    return ERR_LIMIT;
}

/* DIR/FILE. */
static int join(const char *dir, const char *file, const char *suffix, char out[LAB_PATH_MAX])
{
    int n = snprintf(out, LAB_PATH_MAX, "%s/%s%s", dir, file, suffix);
    return n < LAB_PATH_MAX ? 0 : ERR_LIMIT;
}

/* $DHCPLAB_RUN, or NULL. */
static const char *chosen_base(void)
{
    const char *chosen = getenv("DHCPLAB_RUN");
    return chosen != NULL && chosen[0] != '\0' ? chosen : NULL;
}

/* $XDG_RUNTIME_DIR if one can write there, else NULL: after su or in a container it may name a folder of
 * somebody else, or none. */
static const char *session_folder(void)
{
    const char *session = getenv("XDG_RUNTIME_DIR");
    struct stat st;
    bool usable = session != NULL && session[0] == '/' && stat(session, &st) == 0 && S_ISDIR(st.st_mode) &&
                  access(session, W_OK | X_OK) == 0;
    return usable ? session : NULL;
}

static int find_base(char out[LAB_PATH_MAX])
{
    const char *chosen = chosen_base();
    const char *session = session_folder();
    char here[LAB_PATH_MAX];
    int n;
    if (chosen != NULL && chosen[0] == '/')
        n = snprintf(out, LAB_PATH_MAX, "%s", chosen);
    else if (chosen != NULL && getcwd(here, sizeof here) != NULL)
        n = snprintf(out, LAB_PATH_MAX, "%s/%s", here, chosen);
    else if (chosen != NULL)
        n = LAB_PATH_MAX;
    else if (geteuid() == 0)
        n = snprintf(out, LAB_PATH_MAX, "/run/dhcplab");
    else if (session != NULL)
        n = snprintf(out, LAB_PATH_MAX, "%s/dhcplab", session);
    else
        n = snprintf(out, LAB_PATH_MAX, "/tmp/dhcplab-%u", (unsigned)geteuid());
    return n < LAB_PATH_MAX ? 0 : too_long();
}

/* Somebody else's folder of that name, made in /tmp before ours, must not get our sockets, nor be believed. A
 * folder that the user chose himself is his affair. 0 if there is none, too. */
static int check_base(const char *base)
{
    struct stat st;
    if (chosen_base() != NULL || lstat(base, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 077) == 0)
        return 0;
    fprintf(stderr,
            "dhcplab: %s is not a folder that is yours alone (drwx------); set DHCPLAB_RUN to one that is\n",
            base);
    return ERR_DENIED;
}

static int make_base(const char *base)
{
    struct stat st;
    if (mkdir(base, 0700) < 0 && errno != EEXIST)
        return told(ERR_IO, "cannot make the run folder", base);
    if (stat(base, &st) < 0)
        return told(ERR_IO, "cannot read the run folder", base);
    return check_base(base);
}

static int lock_is_held(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool rundir_is_held(const char *dir)
{
    char path[LAB_PATH_MAX];
    if (join(dir, "lock", "", path) < 0)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool held = fd >= 0 && lock_is_held(fd);
    if (fd >= 0)
        close(fd);
    return held;
}

pid_t rundir_read_pid(const char *dir)
{
    char path[LAB_PATH_MAX], text[32] = "";
    if (join(dir, "lock", "", path) < 0)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

int rundir_set_pid(int lock, pid_t pid)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%d\n", (int)pid);
    return pwrite(lock, text, (size_t)n, 0) == n ? 0 : ERR_IO;
}

/* Removes everything in the open folder `fd` but `keep`, and closes it. Symbolic links are not followed. */
static void clear_folder(int fd, const char *keep)
{
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, keep) == 0)
            continue;
        if (unlinkat(fd, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
            continue;
        int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0)
            clear_folder(below, "");
        unlinkat(fd, name, AT_REMOVEDIR);
    }
    closedir(folder);
}

static void clear_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        clear_folder(fd, "lock");
}

void rundir_remove(const char *dir)
{
    char path[LAB_PATH_MAX];
    /* The lock goes last: as long as it is there, nobody else takes the folder for his. */
    clear_dir(dir);
    if (join(dir, "lock", "", path) == 0)
        unlink(path);
    rmdir(dir);
    if (chosen_base() == NULL && find_base(path) == 0)
        rmdir(path);
}

int rundir_lock(const char *dir, int *out_lock)
{
    char path[LAB_PATH_MAX];
    struct stat mine, there;
    if (join(dir, "lock", "", path) < 0)
        return ERR_LIMIT;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    int rc = 0;
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
        rc = errno == EAGAIN || errno == EACCES ? ERR_EXISTS : ERR_IO;
    else if (fstat(fd, &mine) < 0 || stat(path, &there) < 0 || mine.st_ino != there.st_ino)
        rc = ERR_NOTFOUND; /* a lab that was ending has removed the file between our open and our lock */
    else if (ftruncate(fd, 0) < 0)
        rc = ERR_IO;
    if (rc == 0)
        *out_lock = fd;
    else
        close(fd);
    return rc;
}

/* Removes the record of a failed lab. */
static void remove_failed(const char *dir)
{
    char path[LAB_PATH_MAX + sizeof failed_suffix];
    snprintf(path, sizeof path, "%s%s", dir, failed_suffix);
    unlink(path);
}

int rundir_claim(const char *name, char out_dir[LAB_PATH_MAX], int *out_lock)
{
    char base[LAB_PATH_MAX];
    int rc = find_base(base);
    if (rc < 0)
        return rc;
    if (join(base, name, "", out_dir) < 0)
        return too_long();
    rc = ERR_NOTFOUND;
    for (int tries = 0; rc == ERR_NOTFOUND && tries < CLAIM_TRIES; tries++) {
        rc = make_base(base);
        if (rc < 0)
            return rc;
        if (mkdir(out_dir, 0700) == 0 || errno == EEXIST)
            rc = rundir_lock(out_dir, out_lock);
        else
            rc = errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
    }
    if (rc == ERR_EXISTS)
        fprintf(stderr,
                "dhcplab: a lab of the name %s runs already; `dhcplab down %s` ends it, `dhcplab up -n NAME` "
                "starts "
                "another beside it\n",
                name, name);
    else if (rc == ERR_LIMIT)
        return too_long();
    else if (rc < 0)
        return told(ERR_IO, "cannot make the folder", out_dir);
    if (rc == 0) {
        clear_dir(out_dir);
        remove_failed(out_dir);
    }
    return rc;
}

int rundir_write(const char *dir, const char *file, const char *text)
{
    char path[LAB_PATH_MAX], fresh[LAB_PATH_MAX];
    if (join(dir, file, "", path) < 0 || join(dir, file, ".new", fresh) < 0)
        return ERR_IO;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    size_t len = strlen(text), at = 0;
    while (at < len) {
        ssize_t n = write(fd, text + at, len - at);
        if (n < 0)
            break;
        at += (size_t)n;
    }
    if (close(fd) == 0 && at == len && rename(fresh, path) == 0)
        return 0;
    unlink(fresh);
    return ERR_IO;
}

/* BASE/NAME of a lab is split, because the record stands beside the folder. */
int rundir_write_failed(const char *dir, const char *text)
{
    char base[LAB_PATH_MAX], file[LAB_NAME_MAX + sizeof failed_suffix];
    const char *slash = strrchr(dir, '/');
    snprintf(base, sizeof base, "%.*s", (int)(slash - dir), dir);
    snprintf(file, sizeof file, "%s%s", slash + 1, failed_suffix);
    return rundir_write(base, file, text);
}

static cJSON *read_json(const char *path)
{
    char *text;
    size_t len;
    if (io_file_read(path, &text, &len) < 0)
        return NULL;
    cJSON *json = cJSON_ParseWithLength(text, len);
    free(text);
    return json;
}

/* What is there under the name. False if it has gone meanwhile. */
static bool read_entry(const char *base, const char *name, bool failed, struct rundir_entry *out)
{
    char path[LAB_PATH_MAX + sizeof failed_suffix];
    *out = (struct rundir_entry){.life = RUNDIR_FAILED};
    snprintf(out->name, sizeof out->name, "%s", name);
    if (join(base, name, "", out->dir) < 0)
        return false;
    if (failed) {
        snprintf(path, sizeof path, "%s%s", out->dir, failed_suffix);
        out->json = read_json(path);
        return out->json != NULL;
    }
    if (!rundir_is_held(out->dir)) {
        out->life = RUNDIR_DEAD;
        return access(out->dir, F_OK) == 0;
    }
    snprintf(path, sizeof path, "%s/lab.json", out->dir);
    out->pid = rundir_read_pid(out->dir);
    out->json = read_json(path);
    out->life = out->json != NULL ? RUNDIR_RUNNING : RUNDIR_STARTING;
    return true;
}

/* "pair" of a folder or of "pair.failed". */
static bool parse_entry_name(const char *text, char out_name[LAB_NAME_MAX], bool *out_failed)
{
    size_t len = strlen(text), suffix = sizeof failed_suffix - 1;
    *out_failed = len > suffix && strcmp(text + len - suffix, failed_suffix) == 0;
    if (*out_failed)
        len -= suffix;
    if (len >= LAB_NAME_MAX)
        return false;
    memcpy(out_name, text, len);
    out_name[len] = '\0';
    return topology_is_name(out_name);
}

static int by_name(const void *a, const void *b)
{
    const struct rundir_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int list_folder(DIR *folder, const char *base, struct rundir_list *out)
{
    const struct dirent *entry;
    size_t cap = 0;
    while ((entry = readdir(folder)) != NULL) {
        char name[LAB_NAME_MAX];
        bool failed;
        if (!parse_entry_name(entry->d_name, name, &failed))
            continue;
        if (out->n == cap) {
            cap = cap == 0 ? 8 : 2 * cap;
            struct rundir_entry *more = realloc(out->entries, cap * sizeof *more);
            if (more == NULL)
                return ERR_NOMEM;
            out->entries = more;
        }
        if (read_entry(base, name, failed, &out->entries[out->n]))
            out->n++;
    }
    if (out->n > 0)
        qsort(out->entries, out->n, sizeof *out->entries, by_name);
    return 0;
}

int rundir_list_read(struct rundir_list *out)
{
    char base[LAB_PATH_MAX];
    *out = (struct rundir_list){0};
    int rc = find_base(base);
    if (rc == 0)
        rc = check_base(base);
    if (rc < 0)
        return ERR_IO;
    DIR *folder = opendir(base);
    if (folder == NULL)
        return errno == ENOENT ? 0 : told(ERR_IO, "cannot read the run folder", base);
    rc = list_folder(folder, base, out);
    closedir(folder);
    if (rc < 0) {
        fprintf(stderr, "dhcplab: %s\n", err_text(rc));
        rundir_list_free(out);
    }
    return rc;
}

void rundir_list_free(struct rundir_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        cJSON_Delete(list->entries[i].json);
    free(list->entries);
    *list = (struct rundir_list){0};
}

static bool get_text(const cJSON *map, const char *key, char *out, size_t cap)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsString(item) && (size_t)snprintf(out, cap, "%s", item->valuestring) < cap;
}

static bool get_int(const cJSON *map, const char *key, int *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    if (cJSON_IsNumber(item))
        *out = item->valueint;
    return cJSON_IsNumber(item);
}

static bool get_role(const cJSON *map, enum lab_role *out)
{
    char text[LAB_NAME_MAX];
    if (!get_text(map, "role", text, sizeof text))
        return false;
    for (enum lab_role role = LAB_PLAIN; role <= LAB_CLIENT; role++)
        if (strcmp(text, lab_role_name(role)) == 0) {
            *out = role;
            return true;
        }
    return false;
}

static bool get_host(const cJSON *map, struct lab_host_state *out)
{
    return get_text(map, "name", out->name, sizeof out->name) && get_role(map, &out->role) &&
           get_int(map, "pid", &out->pid) && get_text(map, "ended", out->ended, sizeof out->ended) &&
           get_text(map, "control", out->control, sizeof out->control) &&
           get_int(map, "net_fd", &out->net_fd) && get_int(map, "mnt_fd", &out->mnt_fd) &&
           get_int(map, "uts_fd", &out->uts_fd) && get_int(map, "root_fd", &out->root_fd);
}

static bool get_state(const cJSON *map, struct lab_state *out)
{
    const cJSON *hosts = cJSON_GetObjectItemCaseSensitive(map, "hosts");
    const cJSON *host;
    *out = (struct lab_state){0};
    if (!get_text(map, "name", out->name, sizeof out->name) ||
        !get_text(map, "dir", out->dir, sizeof out->dir) ||
        !get_text(map, "trace", out->trace, sizeof out->trace) || !get_int(map, "pid", &out->pid) ||
        !cJSON_IsArray(hosts) || cJSON_GetArraySize(hosts) > LAB_HOSTS_MAX)
        return false;
    cJSON_ArrayForEach(host, hosts) if (!get_host(host, &out->hosts[out->n_hosts++])) return false;
    return true;
}

/* Why the lab that was asked for does not run. */
static void tell_absent(const char *name, const struct rundir_entry *entry)
{
    char reason[512] = "for an unknown reason";
    if (entry == NULL) {
        fprintf(stderr,
                name == NULL ? "dhcplab: no lab runs; `dhcplab up` starts one\n"
                             : "dhcplab: no lab of the name %s runs; `dhcplab ps` shows those that do\n",
                name);
        return;
    }
    switch (entry->life) {
    case RUNDIR_RUNNING:
        break;
    case RUNDIR_STARTING:
        fprintf(stderr, "dhcplab: the lab %s is just starting; try again in a moment\n", entry->name);
        break;
    case RUNDIR_DEAD:
        fprintf(stderr, "dhcplab: the lab %s was killed; `dhcplab down %s` removes what is left of it\n",
                entry->name, entry->name);
        break;
    case RUNDIR_FAILED:
        get_text(entry->json, "reason", reason, sizeof reason);
        fprintf(stderr, "dhcplab: the lab %s went down by itself: %s\n", entry->name, reason);
        break;
    }
}

static void tell_several(const struct rundir_list *list)
{
    fprintf(stderr, "dhcplab: several labs run; choose one with -n:");
    for (size_t i = 0; i < list->n; i++)
        if (list->entries[i].life == RUNDIR_RUNNING)
            fprintf(stderr, " %s", list->entries[i].name);
    fprintf(stderr, "\n");
}

int rundir_load(const char *name, struct lab_state *out)
{
    struct rundir_list list;
    const struct rundir_entry *found = NULL, *other = NULL;
    size_t n_running = 0;
    if (rundir_list_read(&list) < 0)
        return ERR_IO;
    for (size_t i = 0; i < list.n; i++) {
        const struct rundir_entry *entry = &list.entries[i];
        if (name != NULL && strcmp(name, entry->name) != 0)
            continue;
        other = entry;
        if (entry->life == RUNDIR_RUNNING) {
            n_running++;
            found = entry;
        }
    }
    int rc = 0;
    if (n_running == 0) {
        tell_absent(name, other);
        rc = ERR_NOTFOUND;
    } else if (n_running > 1) {
        tell_several(&list);
        rc = ERR_EXISTS;
    } else if (!get_state(found->json, out)) {
        fprintf(stderr, "dhcplab: %s/lab.json is not the state of a lab\n", found->dir);
        rc = ERR_IO;
    }
    rundir_list_free(&list);
    return rc;
}

const struct lab_host_state *rundir_find(const struct lab_state *lab, const char *host)
{
    for (size_t i = 0; i < lab->n_hosts; i++)
        if (strcmp(lab->hosts[i].name, host) == 0)
            return &lab->hosts[i];
    return NULL;
}
