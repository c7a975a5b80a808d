#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_file.h"

enum { NOBODY = 65534 };

static char dir[64], path[96];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_io_file.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static int open_new(void)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void write_file(const void *bytes, size_t len)
{
    int fd = open_new();
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void assert_reads(const char *name, const void *bytes, size_t len)
{
    char *text = NULL;
    size_t text_len = 99;
    assert_int_equal(io_file_read(name, &text, &text_len), 0);
    assert_non_null(text);
    assert_int_equal(text_len, len);
    assert_memory_equal(text, bytes, len);
    assert_int_equal(text[len], '\0');
    free(text);
}

static void a_file_is_read_whole_and_ended_with_nul(void **state)
{
    (void)state;
    write_file("{\"a\": 1}\n", 9);
    assert_reads(path, "{\"a\": 1}\n", 9);
    write_file("", 0);
    assert_reads(path, "", 0);
    write_file("a\0b", 3);
    assert_reads(path, "a\0b", 3);
}

/* Around the sizes at which reading goes on. */
static void a_file_of_any_size_is_read_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {4095, 4096, 65535, 65536, 65537, 200000};
    static char bytes[200000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 251);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_file(bytes, sizes[i]);
        assert_reads(path, bytes, sizes[i]);
    }
}

static void the_end_of_a_file_is_read_alone(void **state)
{
    (void)state;
    char buf[4];
    size_t len;
    static const struct {
        const char *file, *end;
    } rows[] = {{"", ""}, {"abc", "abc"}, {"abcd", "abcd"}, {"abcdefg", "defg"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_file(rows[i].file, strlen(rows[i].file));
        assert_int_equal(io_file_read_end(path, buf, sizeof buf, &len), 0);
        assert_int_equal(len, strlen(rows[i].end));
        assert_memory_equal(buf, rows[i].end, len);
    }
    unlink(path);
    assert_int_equal(io_file_read_end(path, buf, sizeof buf, &len), ERR_NOTFOUND);
    assert_int_equal(io_file_read_end(dir, buf, sizeof buf, &len), ERR_IO);
    write_file("", 0); /* for the teardown */
}

static void a_dash_is_standard_input(void **state)
{
    (void)state;
    int ends[2];
    int before = dup(STDIN_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    close(ends[0]);
    assert_reads("-", "piped", 5);
    dup2(before, STDIN_FILENO);
    close(before);
}

static void assert_fails(const char *name, int rc, int why)
{
    char *text = NULL;
    size_t len;
    errno = 0;
    assert_int_equal(io_file_read(name, &text, &len), rc);
    assert_int_equal(errno, why);
    assert_null(text);
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    char below[128];
    assert_fails(path, ERR_NOTFOUND, ENOENT);
    assert_fails("", ERR_NOTFOUND, ENOENT);
    assert_fails(dir, ERR_IO, EISDIR);
    write_file("x", 1);
    snprintf(below, sizeof below, "%s/below", path);
    assert_fails(below, ERR_IO, ENOTDIR);
}

static void a_file_of_somebody_else_is_denied(void **state)
{
    (void)state;
    write_file("x", 1);
    assert_int_equal(chmod(path, 0), 0);
    bool is_root = geteuid() == 0; /* root may read everything */
    if (is_root)
        assert_int_equal(seteuid(NOBODY), 0);
    assert_fails(path, ERR_DENIED, EACCES);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
}

/* Sparse: it takes no room on the disk. */
static void a_file_above_the_limit_is_refused(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    int fd = open_new();
    assert_int_equal(ftruncate(fd, IO_FILE_MAX), 0);
    assert_int_equal(io_file_read(path, &text, &len), 0);
    assert_int_equal(len, IO_FILE_MAX);
    free(text);
    text = NULL;
    assert_int_equal(ftruncate(fd, IO_FILE_MAX + 1), 0);
    assert_int_equal(io_file_read(path, &text, &len), ERR_LIMIT);
    assert_null(text);
    close(fd);
}

static void assert_contents(const char *expected)
{
    char *text;
    size_t len;
    assert_int_equal(io_file_read(path, &text, &len), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void a_file_is_replaced_whole(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(io_file_replace(path, "the first, longer one", 21), 0);
    assert_contents("the first, longer one");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(io_file_replace(path, "the second", 10), 0);
    assert_contents("the second");
    /* Nothing else is left in the folder, or remove_dir() could not remove it. */
}

static void what_cannot_be_replaced_says_why(void **state)
{
    (void)state;
    char far[128];
    snprintf(far, sizeof far, "%s/none/file", dir);
    assert_int_equal(io_file_replace(far, "x", 1), ERR_IO);
    assert_int_equal(errno, ENOENT);
    /* A folder stands where the file should be. */
    assert_int_equal(io_file_replace(dir, "x", 1), ERR_IO);
    assert_int_equal(errno, EISDIR);
}

static void a_file_is_removed_and_may_be_gone(void **state)
{
    (void)state;
    char *text;
    size_t len;
    assert_int_equal(io_file_replace(path, "x", 1), 0);
    assert_int_equal(io_file_remove(path), 0);
    assert_int_equal(io_file_read(path, &text, &len), ERR_NOTFOUND);
    assert_int_equal(io_file_remove(path), 0);
}

/* As it is with /dev/null, which everybody on the machine would miss. */
static void what_is_no_file_stays_what_it_is(void **state)
{
    (void)state;
    char got[8] = "";
    struct stat st;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(io_file_replace(path, "text", 4), ERR_IO); /* nobody reads it */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(io_file_replace(path, "text", 4), 0);
    assert_int_equal(read(fd, got, sizeof got), 4);
    assert_string_equal(got, "text");
    close(fd);
    assert_int_equal(io_file_remove(path), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_dir, remove_dir)

static void a_write_is_whole_or_an_error(void **state)
{
    (void)state;
    int fd = open_new();
    assert_int_equal(io_file_write(fd, "abc", 3), 0);
    assert_int_equal(io_file_write(fd, "", 0), 0);
    assert_int_equal(io_file_write(fd, "de", 2), 0);
    close(fd);
    assert_reads(path, "abcde", 5);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(io_file_write(fd, "abc", 3), ERR_IO);
    assert_int_equal(errno, EBADF);
    close(fd);
}

static void a_name_is_synced_by_its_directory(void **state)
{
    (void)state;
    char missing[128];
    snprintf(missing, sizeof missing, "%s/nothing/file", dir);
    assert_int_equal(io_file_sync_name(path), 0); /* the file itself need not be there */
    assert_int_equal(io_file_sync_name(missing), ERR_IO);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_whole_and_ended_with_nul),
        TEST(a_write_is_whole_or_an_error),
        TEST(a_name_is_synced_by_its_directory),
        TEST(a_file_of_any_size_is_read_whole),
        TEST(the_end_of_a_file_is_read_alone),
        TEST(a_dash_is_standard_input),
        TEST(what_cannot_be_read_says_why),
        TEST(a_file_of_somebody_else_is_denied),
        TEST(a_file_above_the_limit_is_refused),
        TEST(a_file_is_replaced_whole),
        TEST(what_cannot_be_replaced_says_why),
        TEST(a_file_is_removed_and_may_be_gone),
        TEST(what_is_no_file_stays_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
