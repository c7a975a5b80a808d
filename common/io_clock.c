#include "common/io_clock.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/err.h"
#include "common/io_file.h"
#include "common/io_loop.h"
#include "common/io_pace.h"

enum { NS_PER_US = 1000, US_PER_MS = 1000, NS_PER_MS = 1000000, LOOK_NS_MAX = 100000, LOOKS_MAX = 1000 };

/* The process has one clock, as the machine has. */
static char followed[PATH_MAX]; /* the file; "": the clock is the machine's */
static struct clock_line line = {0, 0, CLOCK_SCALE_ONE};
static int64_t shown_us; /* the latest that was told; with `followed` */

static int64_t read_ns(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t read_us(clockid_t clock)
{
    return read_ns(clock) / NS_PER_US;
}

time_ms io_real_ms(void)
{
    return read_us(CLOCK_BOOTTIME) / US_PER_MS;
}

int64_t io_real_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

int64_t io_wall_ahead_ns(void)
{
    int64_t ahead_ns = 0, least_ns = INT64_MAX;
    for (int i = 0; i < LOOKS_MAX && least_ns > LOOK_NS_MAX; i++) {
        int64_t before_ns = read_ns(CLOCK_BOOTTIME);
        int64_t wall_ns = read_ns(CLOCK_REALTIME);
        int64_t took_ns = read_ns(CLOCK_BOOTTIME) - before_ns;
        if (took_ns < least_ns) {
            least_ns = took_ns;
            ahead_ns = wall_ns - before_ns;
        }
    }
    return ahead_ns;
}

/* Looked up once a second: it takes longer than to read both clocks. */
static int32_t utc_offset_s(time_t wall_s)
{
    static time_t known_at = -1;
    static int32_t offset_s;
    struct tm tm;
    if (wall_s != known_at && localtime_r(&wall_s, &tm) != NULL) {
        known_at = wall_s;
        offset_s = (int32_t)tm.tm_gmtoff;
    }
    return offset_s;
}

/* A program that ran ahead of a new line stands until that has caught up: time never goes back. */
static int64_t lab_us(int64_t boot_us)
{
    int64_t now_us = clock_line_at(&line, boot_us);
    if (now_us > shown_us)
        shown_us = now_us;
    return shown_us;
}

struct clock_now io_now(void)
{
    if (io_pace_is_on())
        return io_pace_now();
    /* The two are read one after the other and cut to milliseconds, so that their distance seems to vary by
     * one, and by more if the program had to wait in between. It is kept until the wall clock is really
     * moved: an instant that is shown twice is the same. */
    static int64_t distance_ms = INT64_MIN;
    int64_t boot_us = read_us(CLOCK_BOOTTIME);
    int64_t measured_ms = read_us(CLOCK_REALTIME) / US_PER_MS - boot_us / US_PER_MS;
    if (distance_ms == INT64_MIN || measured_ms > distance_ms + 1 || measured_ms < distance_ms - 1)
        distance_ms = io_wall_ahead_ns() / NS_PER_MS;
    struct clock_now now = {.boot_ms = (followed[0] == '\0' ? boot_us : lab_us(boot_us)) / US_PER_MS};
    now.wall_ms = now.boot_ms + distance_ms;
    now.utc_offset_s = utc_offset_s((time_t)(now.wall_ms / 1000));
    return now;
}

static int read_line(const char *path, struct clock_line *out)
{
    char text[2 * CLOCK_LINE_MAX];
    size_t len;
    int rc = io_file_read_end(path, text, sizeof text, &len);
    if (rc < 0)
        return rc;
    return clock_line_parse_last(text, len, out) ? 0 : ERR_CONFIG;
}

int io_clock_follow(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        return io_pace_connect(path);
    struct clock_line read;
    int rc = strlen(path) < sizeof followed ? read_line(path, &read) : ERR_LIMIT;
    if (rc < 0)
        return rc;
    if (path != followed)
        snprintf(followed, sizeof followed, "%s", path);
    line = read;
    return 0;
}

int io_clock_reload(void)
{
    return followed[0] == '\0' ? ERR_INVALID : io_clock_follow(followed);
}

const char *io_clock_why(int rc)
{
    if (rc == ERR_CONFIG)
        return "this is not the file of a lab's clock";
    if (rc == ERR_NOMEM || rc == ERR_LIMIT)
        return err_text(rc);
    return rc == ERR_INVALID ? "there is no clock to follow but the machine's" : strerror(errno);
}

struct clock_line io_clock_line(void)
{
    return line;
}

/* When the boot-time clock shows it; INT64_MAX: never. */
static int64_t when_us(time_ms at)
{
    if (at > INT64_MAX / US_PER_MS)
        return INT64_MAX;
    return followed[0] == '\0' ? at * US_PER_MS : clock_line_when(&line, at * US_PER_MS);
}

void io_clock_arm(struct io_timer *t, time_ms at)
{
    if (io_pace_is_on()) {
        io_timer_pace(t, at);
        return;
    }
    /* A clock that runs ahead of its line shows it already. */
    bool past = followed[0] != '\0' && at <= io_now().boot_ms;
    io_timer_set_us(t, past ? 0 : when_us(at));
}

time_ms io_clock_wait_ms(time_ms at)
{
    if (at <= io_now().boot_ms)
        return 0;
    if (io_pace_is_on())
        return TIME_NEVER;
    int64_t us = when_us(at), left_us = us - read_us(CLOCK_BOOTTIME);
    if (us == INT64_MAX)
        return TIME_NEVER;
    return left_us <= 0 ? 0 : (left_us + US_PER_MS - 1) / US_PER_MS;
}
