#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "common/err.h"
#include "common/io_file.h"
#include "common/io_loop.h"
#include "common/io_trace.h"
#include "common/text.h"

static char dir[64], path[96], shown_path[96];
static struct io_trace trace;

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_io_trace.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/trace", dir);
    snprintf(shown_path, sizeof shown_path, "%s/stderr", dir);
    return unsetenv("NO_COLOR");
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    unlink(shown_path);
    return rmdir(dir);
}

/* ---- what goes to standard error meanwhile ---- */

static int real_stderr = -1;

static void redirect_stderr(int fd)
{
    real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(real_stderr >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    close(fd);
}

static void restore_stderr(void)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
}

static void begin_stderr(void)
{
    redirect_stderr(open(shown_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

static char *read_text(const char *name)
{
    char *text = NULL;
    size_t len;
    assert_int_equal(io_file_read(name, &text, &len), 0);
    assert_int_equal(strlen(text), len);
    return text;
}

/* The caller frees. */
static char *end_stderr(void)
{
    restore_stderr();
    return read_text(shown_path);
}

/* ---- one event of each kind ---- */

static const struct trace_event decision = {
    .kind = TRACE_DECISION, .reason = REASON_ADDR_NEXT, .facts = {.addr = 0x0a4d000a}, .xid = 7};

static void send_message(struct io_trace *t)
{
    static struct dhcp_msg m;
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    dhcp_msg_init(&m, DHCP_BOOTREQUEST);
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_DISCOVER);
    dhcp_put_text(&m, DHCP_OPT_HOST_NAME, "h1");
    struct packet p = {.dst = IP4_BROADCAST, .sport = 68, .dport = 67, .bytes = buf};
    p.len = dhcp_msg_encode(&m, buf, sizeof buf, &dropped);
    io_trace_message(t, TRACE_TX, "eth0", &p);
}

static void send_all(struct io_trace *t)
{
    struct packet p = {.sport = 68, .dport = 67};
    io_trace_event(t, &decision);
    send_message(t);
    io_trace_drop(t, "eth0", &p, REASON_MSG_TOO_SHORT, &(struct trace_facts){.num = 0});
    io_trace_log(t, "info", "%s has %d of them", "h1", 3);
}

/* Takes the next line off *text, and reads it. */
static cJSON *next_line(char **text)
{
    char *end = strchr(*text, '\n');
    assert_non_null(end);
    *end = '\0';
    cJSON *line = cJSON_Parse(*text);
    assert_true(cJSON_IsObject(line));
    *text = end + 1;
    return line;
}

static void assert_kind(cJSON *line, const char *node, const char *kind)
{
    struct clock_now now = io_now();
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(line, "node")), node);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(line, "kind")), kind);
    double boot_ms = cJSON_GetNumberValue(cJSON_GetObjectItem(line, "boot_ms"));
    assert_true(boot_ms <= (double)now.boot_ms && boot_ms > (double)now.boot_ms - 60000);
    assert_int_equal(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(line, "time"))), 29);
    cJSON_Delete(line);
}

/* ---- the file ---- */

static void each_event_is_a_line_of_json(void **state)
{
    (void)state;
    begin_stderr();
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
    send_all(&trace);
    io_trace_close(&trace);
    char *shown = end_stderr();
    assert_string_equal(shown, "");
    free(shown);
    char *text = read_text(path), *at = text;
    static const char *const kinds[] = {"decision", "message", "drop", "log"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        assert_kind(next_line(&at), "h1", kinds[i]);
    assert_string_equal(at, "");
    free(text);
}

static void the_file_is_appended_to_and_may_be_shared(void **state)
{
    (void)state;
    struct io_trace other;
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
    io_trace_log(&trace, "info", "one");
    io_trace_close(&trace);
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
    assert_int_equal(io_trace_open(&other, "server", path, IO_TRACE_ERRORS), 0);
    io_trace_log(&other, "info", "two");
    io_trace_log(&trace, "info", "three");
    io_trace_log(&other, "info", "four");
    io_trace_close(&trace);
    io_trace_close(&other);
    char *text = read_text(path), *at = text;
    static const char *const nodes[] = {"h1", "server", "h1", "server"};
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        assert_kind(next_line(&at), nodes[i], "log");
    assert_string_equal(at, "");
    free(text);
}

/* A datagram socket in the file's place shows the writes as they were made. */
static void each_event_is_one_write(void **state)
{
    (void)state;
    static char line[100000];
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    assert_int_equal(io_trace_open(&trace, "h1", NULL, IO_TRACE_ERRORS), 0);
    trace.fd = ends[0];
    send_all(&trace);
    for (int i = 0; i < 4; i++) {
        ssize_t n = recv(ends[1], line, sizeof line, 0);
        assert_true(n > 2);
        assert_int_equal(line[0], '{');
        assert_int_equal(line[n - 2], '}');
        assert_int_equal(line[n - 1], '\n');
        assert_ptr_equal(memchr(line, '\n', (size_t)n), line + n - 1);
    }
    assert_int_equal(recv(ends[1], line, sizeof line, 0), -1);
    io_trace_close(&trace);
    close(ends[1]);
}

static unsigned count_lines(const char *text, const char *with)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, with)) != NULL; at += strlen(with))
        n++;
    return n;
}

static void a_flood_of_one_kind_is_cut_and_counted(void **state)
{
    (void)state;
    struct packet p = {.sport = 68, .dport = 67};
    begin_stderr();
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
    io_trace_limit(&trace, 3);
    time_ms from = io_now().boot_ms;
    for (int i = 0; i < 10; i++)
        io_trace_drop(&trace, "eth0", &p, REASON_MSG_TOO_SHORT, NULL);
    io_trace_event(&trace, &decision); /* another kind */
    assert_true(io_trace_deadline(&trace) >= from + 1000);
    assert_true(io_trace_deadline(&trace) <= io_now().boot_ms + 1000);
    /* The second is over. */
    for (int kind = 0; kind < LOG_RATE_KINDS_MAX; kind++)
        trace.rate.kinds[kind].until = from;
    trace.rate.deadline = from;
    io_trace_tick(&trace);
    assert_true(io_trace_deadline(&trace) == TIME_NEVER);
    io_trace_drop(&trace, "eth0", &p, REASON_MSG_TOO_SHORT, NULL);
    io_trace_close(&trace);
    char *shown = end_stderr(), *text = read_text(path);
    assert_non_null(
        strstr(shown, "7 more lines of \"msg-too-short\" are suppressed: 3 a second are written"));
    assert_int_equal(count_lines(text, "\"reason\":\"msg-too-short\""), 4);
    assert_int_equal(count_lines(text, "\"reason\":\"addr-next\""), 1);
    assert_int_equal(count_lines(text, "7 more lines of"), 1);
    assert_int_equal(trace.rate.total, 7);
    free(shown);
    free(text);
}

static void the_file_is_not_for_everybody(void **state)
{
    (void)state;
    struct stat st;
    mode_t mask = umask(0);
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
    umask(mask);
    io_trace_close(&trace);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void a_file_that_cannot_be_opened_says_why(void **state)
{
    (void)state;
    assert_int_equal(io_trace_open(&trace, "h1", dir, IO_TRACE_ERRORS), ERR_IO);
    assert_int_equal(errno, EISDIR);
    io_trace_log(&trace, "info", "to nowhere");
    io_trace_close(&trace);
    assert_int_equal(io_trace_open(&trace, "h1", "", IO_TRACE_ERRORS), ERR_IO);
    assert_int_equal(errno, ENOENT);
    io_trace_close(&trace);
    io_trace_close(&trace);
}

static void a_failing_write_is_told_once(void **state)
{
    (void)state;
    struct stat st;
    if (stat("/dev/full", &st) < 0 || !S_ISCHR(st.st_mode)) /* a chroot may have none */
        skip();
    begin_stderr();
    assert_int_equal(io_trace_open(&trace, "h1", "/dev/full", IO_TRACE_ERRORS), 0);
    send_all(&trace);
    send_all(&trace);
    io_trace_close(&trace);
    char *shown = end_stderr();
    assert_string_equal(shown, "the trace file cannot be written: No space left on device\n");
    free(shown);
}

/* As many octets more as the file may have; -1: as many as it wants. */
static void leave_room(off_t octets)
{
    static struct rlimit before;
    struct stat st;
    if (octets < 0) {
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        return;
    }
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(stat(path, &st), 0);
    const struct rlimit limit = {(rlim_t)(st.st_size + octets), before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void what_a_full_disk_cost_is_told_when_there_is_room(void **state)
{
    (void)state;
    static const char *const ends[] = {
        "\"text\":\"before\"}", "{\"",
        "\"text\":\"after\"}",  "\"text\":\"3 lines before this one could not be written into the trace\"}",
        "\"text\":\"later\"}",
    };
    signal(SIGXFSZ, SIG_IGN);
    begin_stderr();
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
    io_trace_log(&trace, "info", "before");
    leave_room(2);
    io_trace_log(&trace, "info", "lost but for two octets");
    io_trace_log(&trace, "info", "lost");
    io_trace_log(&trace, "info", "lost, too");
    leave_room(-1);
    io_trace_log(&trace, "info", "after");
    io_trace_log(&trace, "info", "later");
    io_trace_close(&trace);
    free(end_stderr());
    char *text = read_text(path), *line = text;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        size_t len = strlen(line), n = strlen(ends[i]);
        assert_true(len >= n);
        assert_string_equal(line + len - n, ends[i]);
        line = end + 1;
    }
    assert_string_equal(line, "");
    free(text);
    unlink(path);
}

static void without_file_and_text_nothing_is_written(void **state)
{
    (void)state;
    begin_stderr();
    assert_int_equal(io_trace_open(&trace, "h1", NULL, IO_TRACE_ERRORS), 0);
    send_all(&trace);
    io_trace_close(&trace);
    char *shown = end_stderr();
    assert_string_equal(shown, "");
    free(shown);
    assert_int_equal(access(path, F_OK), -1);
}

/* ---- the text ---- */

static void text_goes_to_standard_error_without_colours(void **state)
{
    (void)state;
    begin_stderr();
    assert_int_equal(io_trace_open(&trace, "h1", NULL, IO_TRACE_ALL), 0);
    send_all(&trace);
    io_trace_close(&trace);
    char *shown = end_stderr();
    assert_non_null(strstr(shown, "h1 has 3 of them\n"));
    assert_non_null(strstr(shown, "DISCOVER"));
    assert_non_null(strstr(shown, "10.77.0.10: the next free address of the pools"));
    assert_null(strchr(shown, '\033'));
    free(shown);
}

static void both_can_be_had(void **state)
{
    (void)state;
    begin_stderr();
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ALL), 0);
    io_trace_log(&trace, "warning", "both");
    io_trace_close(&trace);
    char *shown = end_stderr(), *text = read_text(path), *at = text;
    assert_non_null(strstr(shown, "both\n"));
    assert_kind(next_line(&at), "h1", "log");
    free(shown);
    free(text);
}

/* What a terminal is shown, or NULL where there are no terminals. */
static const char *terminal_shows(void)
{
    static char shown[65536];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0)
        return NULL;
    int screen = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (screen < 0)
        return NULL;
    redirect_stderr(screen);
    int rc = io_trace_open(&trace, "h1", NULL, IO_TRACE_ALL);
    io_trace_event(&trace, &decision);
    io_trace_close(&trace);
    ssize_t n = read(terminal, shown, sizeof shown - 1);
    restore_stderr();
    close(terminal);
    assert_int_equal(rc, 0);
    assert_true(n > 0);
    shown[n] = '\0';
    return shown;
}

static void a_terminal_has_colours_unless_they_are_unwanted(void **state)
{
    (void)state;
    const char *shown = terminal_shows();
    if (shown == NULL)
        skip();
    assert_non_null(strchr(shown, '\033'));
    setenv("NO_COLOR", "1", 1);
    shown = terminal_shows();
    assert_null(strchr(shown, '\033'));
    setenv("NO_COLOR", "", 1); /* no-color.org: "when present and not an empty string" */
    shown = terminal_shows();
    assert_non_null(strchr(shown, '\033'));
}

/* ---- log lines ---- */

static void assert_utf8(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t len = text_utf8_len(text, left);
        assert_int_not_equal(len, 0);
        text += len;
        left -= len;
    }
}

/* Cut at every octet of a character of three. */
static void a_long_log_line_is_cut_and_stays_a_line(void **state)
{
    (void)state;
    char words[3000];
    for (size_t i = 0; i < 3; i++) {
        memset(words, 'x', i);
        words[i] = '\0';
        for (int n = 0; n < 900; n++)
            strcat(words, "\xe2\x82\xac");
        unlink(path);
        assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
        io_trace_log(&trace, "info", "%s", words);
        io_trace_close(&trace);
        char *text = read_text(path), *at = text;
        assert_utf8(text);
        cJSON *line = next_line(&at);
        assert_in_range(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(line, "text"))), 1000, 1023);
        assert_kind(line, "h1", "log");
        assert_string_equal(at, "");
        free(text);
    }
}

static void a_log_line_with_line_breaks_stays_a_line(void **state)
{
    (void)state;
    assert_int_equal(io_trace_open(&trace, "h1", path, IO_TRACE_ERRORS), 0);
    io_trace_log(&trace, "info", "%s", "one\ntwo\r\"\\\033[2J");
    io_trace_close(&trace);
    char *text = read_text(path), *at = text;
    assert_kind(next_line(&at), "h1", "log");
    assert_string_equal(at, "");
    free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_event_is_a_line_of_json),
        TEST(the_file_is_appended_to_and_may_be_shared),
        TEST(each_event_is_one_write),
        TEST(a_flood_of_one_kind_is_cut_and_counted),
        TEST(the_file_is_not_for_everybody),
        TEST(a_file_that_cannot_be_opened_says_why),
        TEST(a_failing_write_is_told_once),
        TEST(what_a_full_disk_cost_is_told_when_there_is_room),
        TEST(without_file_and_text_nothing_is_written),
        TEST(text_goes_to_standard_error_without_colours),
        TEST(both_can_be_had),
        TEST(a_terminal_has_colours_unless_they_are_unwanted),
        TEST(a_long_log_line_is_cut_and_stays_a_line),
        TEST(a_log_line_with_line_breaks_stays_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
