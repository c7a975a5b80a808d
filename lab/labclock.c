#include "lab/labclock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/control_call.h"
#include "common/err.h"
#include "common/io_clock.h"
#include "common/io_file.h"

#define FILE_NAME "lab.clock"

enum { CALL_MS = 5000, REST_MS = 3 };

/* ---- the file ---- */

void labclock_path(const char *dir, char out[LABCLOCK_PATH_MAX])
{
    snprintf(out, LABCLOCK_PATH_MAX, "%s/" FILE_NAME, dir);
}

/* To be added to. Of several who move the clock at one time, the others wait meanwhile. */
static int open_locked(const char *path)
{
    struct stat mine, there;
    for (;;) {
        int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX) == 0 && fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
            mine.st_ino == there.st_ino)
            return fd;
        close(fd); /* it was shortened meanwhile */
    }
}

/* The last half of the file, and `text` behind it, take its place. */
static int shorten(const char *path, const char *text)
{
    char *kept = malloc(LABCLOCK_FILE_MAX);
    size_t len;
    if (kept == NULL)
        return ERR_NOMEM;
    int rc = io_file_read_end(path, kept, LABCLOCK_FILE_MAX / 2, &len);
    const char *first = rc < 0 ? NULL : memchr(kept, '\n', len); /* the end of a line that is cut */
    if (first != NULL) {
        len -= (size_t)(first + 1 - kept);
        memmove(kept, first + 1, len);
        len += (size_t)snprintf(kept + len, CLOCK_LINE_MAX, "%s", text);
        rc = io_file_replace(path, kept, len);
    }
    free(kept);
    return rc;
}

int labclock_write(const char *dir, const struct clock_line *line)
{
    char path[LABCLOCK_PATH_MAX], text[CLOCK_LINE_MAX];
    labclock_path(dir, path);
    int fd = open_locked(path);
    if (fd < 0)
        return ERR_IO;
    clock_line_format(line, text);
    off_t size = lseek(fd, 0, SEEK_END);
    int rc = size + (off_t)strlen(text) > LABCLOCK_FILE_MAX ? shorten(path, text)
                                                            : io_file_write(fd, text, strlen(text));
    int why = errno;
    close(fd);
    errno = why;
    return rc;
}

void labclock_follow(const char *dir)
{
    char path[LABCLOCK_PATH_MAX];
    labclock_path(dir, path);
    io_clock_follow(path);
}

/* ---- moving it ---- */

void labclock_programs(const struct lab_state *lab, struct labclock *out)
{
    static const enum lab_role order[] = {LAB_SERVER, LAB_CLIENT};
    *out = (struct labclock){.dir = lab->dir};
    for (size_t r = 0; r < sizeof order / sizeof order[0]; r++)
        for (size_t i = 0; i < lab->n_hosts; i++)
            if (lab->hosts[i].role == order[r] && lab->hosts[i].pid != 0)
                out->programs[out->n++] =
                    (struct labclock_program){.name = lab->hosts[i].name, .control = lab->hosts[i].control};
}

cJSON *labclock_ask(struct labclock_program *program, const char *command)
{
    cJSON *reply;
    if (program->is_silent)
        return NULL;
    if (control_call(program->control, command, NULL, CALL_MS, &reply) < 0) {
        fprintf(stderr, "dhcplab: %s does not answer: the clock goes on without it\n", program->name);
        program->is_silent = true;
        return NULL;
    }
    cJSON *arguments = cJSON_DetachItemFromObjectCaseSensitive(reply, "arguments");
    cJSON_Delete(reply);
    return arguments;
}

struct clock_line labclock_turned(uint64_t scale)
{
    struct clock_line line = io_clock_line();
    int64_t boot_us = io_real_us();
    return (struct clock_line){boot_us, clock_line_at(&line, boot_us), scale};
}

/* A signal waits until all are told: none of them may be left behind. */
int labclock_set(struct labclock *clock, const struct clock_line *line)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    int rc = labclock_write(clock->dir, line);
    for (size_t i = 0; rc == 0 && i < clock->n; i++)
        cJSON_Delete(labclock_ask(&clock->programs[i], "clock-set"));
    if (rc == 0)
        labclock_follow(clock->dir);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* 0 where there is none. */
static double number(const cJSON *map, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static bool look(void *user, size_t program, struct pace_look *out)
{
    struct labclock *clock = user;
    cJSON *answer = labclock_ask(&clock->programs[program], "clock-get");
    if (answer == NULL)
        return false;
    bool waits = cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(answer, "deadline_ms"));
    *out = (struct pace_look){
        .now = (time_ms)number(answer, "now_ms"),
        .deadline = waits ? (time_ms)number(answer, "deadline_ms") : TIME_NEVER,
        .sent = (uint64_t)number(answer, "sent"),
        .heard = (uint64_t)number(answer, "heard"),
        .is_busy = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "busy")),
    };
    cJSON_Delete(answer);
    return true;
}

static int jump(void *user, time_ms at)
{
    struct clock_line line = labclock_turned(io_clock_line().scale);
    if (line.lab_us < at * 1000)
        line.lab_us = at * 1000;
    return labclock_set(user, &line);
}

static void rest(void *user)
{
    (void)user;
    poll(NULL, 0, REST_MS);
}

struct pace labclock_pace(struct labclock *clock)
{
    return (struct pace){.user = clock, .n = clock->n, .look = look, .jump = jump, .rest = rest};
}
