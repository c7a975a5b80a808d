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

static unsigned names_in_dir(void)
{
    DIR *folder = opendir(dir);
    assert_non_null(folder);
    unsigned n = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

static void a_file_is_replaced_whole_and_keeps_its_mode(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(io_file_replace(path, "new", 3), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(io_file_replace(path, "newer", 5), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0604);
    assert_reads(path, "newer", 5);
    assert_int_equal(names_in_dir(), 1); /* nothing is left beside it */
}

static void what_cannot_be_replaced_leaves_nothing_behind(void **state)
{
    (void)state;
    char other[128];
    snprintf(other, sizeof other, "%s/none/file", dir);
    assert_int_equal(io_file_replace(other, "x", 1), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(io_file_replace(dir, "x", 1), ERR_IO); /* a folder */
    assert_int_equal(names_in_dir(), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_whole_and_ended_with_nul),
        TEST(a_file_of_any_size_is_read_whole),
        TEST(a_dash_is_standard_input),
        TEST(what_cannot_be_read_says_why),
        TEST(a_file_of_somebody_else_is_denied),
        TEST(a_file_above_the_limit_is_refused),
        TEST(a_file_is_replaced_whole_and_keeps_its_mode),
        TEST(what_cannot_be_replaced_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
