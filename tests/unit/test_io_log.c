/* Loggers: what goes where, line by line. */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_log.h"
#include "common/trace.h"

static char folder[64], file[96];
static struct io_log *logs;

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/dhcplab-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/log", folder);
    logs = io_log_new();
    assert_non_null(logs);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int stop(void **state)
{
    (void)state;
    io_log_free(logs);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *content(const char *suffix)
{
    static char text[4096];
    char path[128];
    snprintf(path, sizeof path, "%s%s", file, suffix);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return "absent";
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void say(const char *level, const char *text)
{
    struct trace_stamp stamp = {.node = "server"};
    cJSON *event = trace_log_json(&stamp, level, text);
    io_log_write(logs, event);
    cJSON_Delete(event);
}

static void decide(void)
{
    struct trace_stamp stamp = {.node = "server"};
    struct trace_event decision = {.kind = TRACE_DECISION, .reason = REASON_UNKNOWN_CLIENT};
    cJSON *event = trace_event_json(&stamp, &decision);
    io_log_write(logs, event);
    cJSON_Delete(event);
}

static void severity_is_a_threshold(void **state)
{
    (void)state;
    static const struct {
        enum io_log_severity severity;
        const char *said; /* first letters of what is written */
    } rows[] = {{IO_LOG_DEBUG, "diwe"}, {IO_LOG_INFO, "iwe"}, {IO_LOG_WARNING, "we"},
                {IO_LOG_ERROR, "e"},    {IO_LOG_FATAL, ""},   {IO_LOG_NONE, ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unlink(file);
        io_log_free(logs);
        logs = io_log_new();
        assert_int_equal(
            io_log_add(logs,
                       &(struct io_log_target){.output = file, .severity = rows[i].severity, .flush = true}),
            0);
        assert_int_equal(io_log_wants_events(logs), rows[i].severity == IO_LOG_DEBUG);
        decide();
        say("info", "it starts");
        say("warning", "who is that");
        say("error", "no more room");
        const char *text = content("");
        assert_int_equal(strstr(text, "it starts") != NULL, strchr(rows[i].said, 'i') != NULL);
        assert_int_equal(strstr(text, "who is that") != NULL, strchr(rows[i].said, 'w') != NULL);
        assert_int_equal(strstr(text, "no more room") != NULL, strchr(rows[i].said, 'e') != NULL);
        size_t lines = 0;
        for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
            lines++;
        assert_int_equal(lines, strlen(rows[i].said));
    }
}

/* The header is all zeros but op, htype, hlen and the cookie; 53: DISCOVER. */
static void message_has_its_options_from_level_55_on(void **state)
{
    (void)state;
    uint8_t bytes[300] = {1, 1, 6};
    static const uint8_t tail[] = {99, 130, 83, 99, 53, 1, 1, 255};
    memcpy(bytes + 236, tail, sizeof tail);
    struct packet packet = {.bytes = bytes, .len = sizeof bytes};
    for (uint32_t level = 54; level <= 55; level++) {
        unlink(file);
        io_log_free(logs);
        logs = io_log_new();
        io_log_add(logs, &(struct io_log_target){.output = file, .debuglevel = level, .flush = true});
        struct trace_stamp stamp = {.node = "server"};
        cJSON *event = trace_message_json(&stamp, TRACE_RX, "eth0", &packet);
        io_log_write(logs, event);
        cJSON_Delete(event);
        const char *text = content("");
        assert_non_null(strstr(text, "DISCOVER"));
        assert_int_equal(strstr(text, "dhcp-message-type") != NULL, level == 55);
        assert_int_equal(text[strlen(text) - 1], '\n');
    }
}

static void full_file_makes_room(void **state)
{
    (void)state;
    assert_int_equal(
        io_log_add(logs,
                   &(struct io_log_target){
                       .output = file, .severity = IO_LOG_INFO, .flush = true, .maxsize = 120, .maxver = 2}),
        0);
    static const char *const lines[] = {
        "the first line of all, which is long enough", "the second line, just as long as the first was",
        "the third line, no shorter than those before", "the fourth line, which is the last that we write"};
    for (size_t i = 0; i < 4; i++)
        say("info", lines[i]);
    assert_non_null(strstr(content(""), lines[3]));
    assert_non_null(strstr(content(".1"), lines[2]));
    assert_non_null(strstr(content(".2"), lines[1]));
    assert_string_equal(content(".3"), "absent");
}

static void file_is_appended_to_and_its_size_counts(void **state)
{
    (void)state;
    struct io_log_target target = {.output = file, .severity = IO_LOG_INFO, .flush = true, .maxsize = 120};
    io_log_add(logs, &target);
    say("info", "before the restart there was this line here");
    io_log_free(logs);
    logs = io_log_new();
    io_log_add(logs, &target);
    say("info", "after it, there is no room for this one beside it");
    assert_null(strstr(content(""), "before")); /* maxver 0: nothing is kept */
    assert_non_null(strstr(content(""), "after"));
    assert_string_equal(content(".1"), "absent");
}

/* As it is with /dev/null: its name does not become that of an old log. */
static void what_is_no_file_is_never_full(void **state)
{
    (void)state;
    struct stat st;
    unlink(file);
    assert_int_equal(mkfifo(file, 0600), 0);
    int reader = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    io_log_add(logs, &(struct io_log_target){
                         .output = file, .severity = IO_LOG_INFO, .flush = true, .maxsize = 40, .maxver = 1});
    for (int i = 0; i < 4; i++)
        say("info", "a line that is longer than a log may be");
    assert_int_equal(stat(file, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_string_equal(content(".1"), "absent");
    close(reader);
}

static void without_flush_a_line_waits(void **state)
{
    (void)state;
    io_log_add(logs, &(struct io_log_target){.output = file, .severity = IO_LOG_INFO});
    say("info", "waits");
    assert_string_equal(content(""), "");
    io_log_free(logs);
    logs = NULL;
    assert_non_null(strstr(content(""), "waits"));
}

static void file_that_cannot_be_opened(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/no/log", folder);
    assert_int_equal(io_log_add(logs, &(struct io_log_target){.output = path}), ERR_IO);
    say("error", "goes nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(severity_is_a_threshold, setup, stop),
        cmocka_unit_test_setup_teardown(message_has_its_options_from_level_55_on, setup, stop),
        cmocka_unit_test_setup_teardown(full_file_makes_room, setup, stop),
        cmocka_unit_test_setup_teardown(file_is_appended_to_and_its_size_counts, setup, stop),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_never_full, setup, stop),
        cmocka_unit_test_setup_teardown(without_flush_a_line_waits, setup, stop),
        cmocka_unit_test_setup_teardown(file_that_cannot_be_opened, setup, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
