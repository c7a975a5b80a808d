#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_file.h"
#include "server/srv_csv.h"
#include "server/srv_store.h"

enum { READ_MAX = 64 };

/* What an open told. */
struct seen {
    unsigned n, n_bad;
    struct srv_lease leases[READ_MAX];
    unsigned long bad_line;
    char bad_why[128];
};

static char dir[64], path[96];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_srv_store.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/leases.csv", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void on_lease(void *user, const struct srv_lease *lease)
{
    struct seen *seen = user;
    assert_true(seen->n < READ_MAX);
    seen->leases[seen->n++] = *lease;
}

static void on_bad(void *user, unsigned long line, const char *why)
{
    struct seen *seen = user;
    seen->n_bad++;
    seen->bad_line = line;
    snprintf(seen->bad_why, sizeof seen->bad_why, "%s", why);
}

static struct srv_store *open_store(struct seen *seen)
{
    struct srv_store *s;
    memset(seen, 0, sizeof *seen);
    assert_int_equal(srv_store_open(path, on_lease, on_bad, seen, &s), 0);
    return s;
}

static struct srv_lease lease_of(ip4 addr, uint32_t lease_s)
{
    return (struct srv_lease){.addr = addr,
                              .subnet_id = 1,
                              .hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 2}},
                              .lease_s = lease_s,
                              .expires_ms = (time_ms)lease_s * 1000};
}

static void put(struct srv_store *s, ip4 addr, uint32_t lease_s)
{
    struct srv_lease lease = lease_of(addr, lease_s);
    assert_int_equal(srv_store_put(s, &lease), 0);
}

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void new_file_has_the_header_and_no_lease(void **state)
{
    (void)state;
    struct seen seen;
    char *text;
    size_t len;
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n + seen.n_bad, 0);
    assert_int_equal(io_file_read(path, &text, &len), 0);
    assert_string_equal(text, SRV_CSV_HEADER "\n");
    free(text);
}

static void committed_leases_are_there_after_a_restart_newest_first(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    put(s, 1 << 24 | 1, 100);
    put(s, 1 << 24 | 2, 200);
    assert_int_equal(srv_store_commit(s), 0);
    put(s, 1 << 24 | 1, 300);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.n_bad, 0);
    assert_int_equal(seen.leases[0].addr, 1 << 24 | 1);
    assert_int_equal(seen.leases[0].lease_s, 300);
    assert_int_equal(seen.leases[2].lease_s, 100);
}

static void what_was_not_committed_is_not_there(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    put(s, 1 << 24 | 1, 100);
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 0);
}

/* A crash can cut the file anywhere: each whole line before the cut is a lease, the cut one costs itself
 * alone. */
static void file_cut_at_every_octet_keeps_every_whole_record(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    for (ip4 i = 1; i <= 3; i++)
        put(s, 1 << 24 | i, 100);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    char *text;
    size_t len;
    assert_int_equal(io_file_read(path, &text, &len), 0);
    for (size_t cut = sizeof SRV_CSV_HEADER; cut <= len; cut++) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, cut, f), cut);
        fclose(f);
        unsigned whole = 0;
        for (size_t i = sizeof SRV_CSV_HEADER; i < cut; i++)
            whole += text[i] == '\n';
        bool is_cut = text[cut - 1] != '\n';
        s = open_store(&seen);
        assert_int_equal(seen.n, whole);
        assert_int_equal(seen.n_bad, is_cut);
        put(s, 9 << 24, 7); /* and the file goes on as if nothing had been */
        assert_int_equal(srv_store_commit(s), 0);
        srv_store_close(s);
        srv_store_close(open_store(&seen));
        assert_int_equal(seen.n, whole + 1);
        assert_int_equal(seen.n_bad, 0);
        assert_int_equal(seen.leases[0].addr, 9 << 24);
    }
    free(text);
}

static void file_cut_in_its_header_starts_anew(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof SRV_CSV_HEADER; cut++) {
        char text[sizeof SRV_CSV_HEADER] = "";
        struct seen seen;
        memcpy(text, SRV_CSV_HEADER, cut);
        write_file(text);
        struct srv_store *s = open_store(&seen);
        put(s, 1 << 24 | 1, 100);
        assert_int_equal(srv_store_commit(s), 0);
        srv_store_close(s);
        srv_store_close(open_store(&seen));
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.n_bad, 0);
    }
}

static void bad_line_costs_itself_alone_and_is_named(void **state)
{
    (void)state;
    struct seen seen;
    write_file(SRV_CSV_HEADER "\n10.0.0.1,aa:bb:cc:dd:ee:ff,,60,1700000000,1,0,0,,0,,0\nnonsense\n"
                              "10.0.0.2,aa:bb:cc:dd:ee:ff,,60,1700000000,1,0,0,,0,,0\n");
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.n_bad, 1);
    assert_int_equal(seen.bad_line, 3);
    assert_string_equal(seen.bad_why, "it does not have the columns of the header");
}

static void file_that_is_no_lease_file_is_left_alone(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct srv_store *s;
    char *text;
    size_t len;
    write_file("dear diary\n");
    assert_int_equal(srv_store_open(path, on_lease, on_bad, &seen, &s), ERR_CONFIG);
    assert_int_equal(io_file_read(path, &text, &len), 0);
    assert_string_equal(text, "dear diary\n");
    free(text);
}

static void second_server_is_refused(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *first = open_store(&seen), *second;
    assert_int_equal(srv_store_open(path, on_lease, on_bad, &seen, &second), ERR_EXISTS);
    srv_store_close(first);
}

/* RLIMIT_FSIZE makes the write fail as a full disk does. */
static void failing_write_promises_nothing_and_leaves_the_file_whole(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    put(s, 1 << 24 | 1, 100);
    assert_int_equal(srv_store_commit(s), 0);
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    tight = before;
    tight.rlim_cur = sizeof SRV_CSV_HEADER + 70; /* in the middle of the second record */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    put(s, 1 << 24 | 2, 200);
    int rc = srv_store_commit(s);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, ERR_IO);
    put(s, 1 << 24 | 3, 300);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n_bad, 0);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.leases[0].addr, 1 << 24 | 3);
    assert_int_equal(seen.leases[1].addr, 1 << 24 | 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        T(new_file_has_the_header_and_no_lease),
        T(committed_leases_are_there_after_a_restart_newest_first),
        T(what_was_not_committed_is_not_there),
        T(file_cut_at_every_octet_keeps_every_whole_record),
        T(file_cut_in_its_header_starts_anew),
        T(bad_line_costs_itself_alone_and_is_named),
        T(file_that_is_no_lease_file_is_left_alone),
        T(second_server_is_refused),
        T(failing_write_promises_nothing_and_leaves_the_file_whole),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
