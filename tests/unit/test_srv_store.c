#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/io_file.h"
#include "common/rng.h"
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

static char dir[64], path[96], new_path[112];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_srv_store.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/leases.csv", dir);
    snprintf(new_path, sizeof new_path, "%s.new", path);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    unlink(new_path);
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
    assert_int_equal(srv_store_put(s, &lease, 0), 0);
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

static void rfc2131_3_1_4_committed_leases_are_there_after_a_restart_newest_first(void **state)
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

static void rfc2131_3_1_4_what_was_not_committed_is_not_there(void **state)
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
static void cut_at_every_octet(size_t n_zeros)
{
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
        for (size_t i = 0; i < n_zeros; i++)
            putc(0, f);
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

static void file_cut_at_every_octet_keeps_every_whole_record(void **state)
{
    (void)state;
    cut_at_every_octet(0);
}

static void so_does_one_with_zeros_behind(void **state)
{
    (void)state;
    cut_at_every_octet(1);
    cut_at_every_octet(5000);
}

/* A crash of the system, which may keep any part of what was not synced from the disk. */
static void zeros_within_the_file_cost_the_lines_that_they_are_in(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    for (ip4 i = 1; i <= 4; i++)
        put(s, 1 << 24 | i, 100);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    char *text;
    size_t len;
    assert_int_equal(io_file_read(path, &text, &len), 0);
    size_t line_len = (len - sizeof SRV_CSV_HEADER) / 4;
    for (size_t n = 1; n < 2 * line_len; n++) {
        for (size_t from = sizeof SRV_CSV_HEADER + line_len; from + n < len; from += 7) {
            FILE *f = fopen(path, "w");
            assert_non_null(f);
            assert_int_equal(fwrite(text, 1, from, f), from);
            for (size_t i = 0; i < n; i++)
                putc(0, f);
            assert_int_equal(fwrite(text + from + n, 1, len - from - n, f), len - from - n);
            fclose(f);
            size_t first = (from - sizeof SRV_CSV_HEADER) / line_len;
            size_t last = (from + n - sizeof SRV_CSV_HEADER) / line_len; /* that of its end joins */
            srv_store_close(open_store(&seen));
            assert_int_equal(seen.n, 4 - (last - first + 1));
            assert_int_equal(seen.n_bad, 1);
            assert_int_equal(seen.bad_line, 2 + first);
            assert_string_equal(seen.bad_why,
                                "it has octets of zero, where a crash kept something from the disk");
        }
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

/* RLIMIT_FSIZE makes writes fail as a full disk does. */
static void limit_file_size(rlim_t octets)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = octets;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void failing_write_leaves_the_file_whole_and_is_made_up_for(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    put(s, 1 << 24 | 1, 100);
    assert_int_equal(srv_store_commit(s), 0);
    put(s, 1 << 24 | 2, 200);
    limit_file_size(sizeof SRV_CSV_HEADER + 70); /* in the middle of the second record */
    int rc = srv_store_commit(s), again = srv_store_commit(s);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(rc, ERR_IO);
    assert_int_equal(again, ERR_IO);
    assert_int_equal(srv_store_get_stats(s).failures, 2);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, srv_store_get_stats(s).size);
    put(s, 1 << 24 | 3, 300);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n_bad, 0);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.leases[0].addr, 1 << 24 | 3);
    assert_int_equal(seen.leases[1].addr, 1 << 24 | 2);
    assert_int_equal(seen.leases[2].addr, 1 << 24 | 1);
}

/* ---- zeros behind the records ---- */

static uint64_t file_size(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

/* Commits of many records each, until there are so many octets more of them. Returns the number of records.
 */
static unsigned grow(struct srv_store *s, uint64_t octets)
{
    uint64_t wanted = srv_store_get_stats(s).size + octets;
    unsigned n = 0;
    while (srv_store_get_stats(s).size < wanted) {
        for (int i = 0; i < 10; i++)
            put(s, 1 << 24 | ++n, 100);
        assert_int_equal(srv_store_commit(s), 0);
    }
    return n;
}

static void on_counted(void *user, const struct srv_lease *lease)
{
    (void)lease;
    ++*(unsigned *)user;
}

static void on_none(void *user, unsigned long line, const char *why)
{
    (void)user;
    fail_msg("line %lu: %s", line, why);
}

static unsigned count_records(void)
{
    struct srv_store *s;
    unsigned n = 0;
    assert_int_equal(srv_store_open(path, on_counted, on_none, &n, &s), 0);
    srv_store_close(s);
    return n;
}

static void while_many_records_come_they_overwrite_zeros(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    unsigned n = grow(s, SRV_STORE_BUSY_MIN - 2000);
    assert_false(srv_store_is_ahead(s));
    assert_int_equal(file_size(), srv_store_get_stats(s).size);
    n += grow(s, 2000);
    assert_true(srv_store_is_ahead(s));
    uint64_t size = srv_store_get_stats(s).size, end = file_size();
    assert_int_equal(end, size + SRV_STORE_AHEAD);
    char *text;
    size_t len;
    assert_int_equal(io_file_read(path, &text, &len), 0);
    assert_int_equal(strlen(text), size);
    for (size_t i = size; i < len; i++)
        assert_int_equal(text[i], 0);
    free(text);
    n += grow(s, SRV_STORE_AHEAD / 2);
    assert_int_equal(file_size(), end);
    n += grow(s, SRV_STORE_AHEAD);
    assert_in_range(file_size(), end + 1, end + 2 * SRV_STORE_AHEAD);
    srv_store_rest(s);
    assert_false(srv_store_is_ahead(s));
    assert_int_equal(file_size(), srv_store_get_stats(s).size);
    n += grow(s, 1); /* one alone needs none */
    assert_int_equal(file_size(), srv_store_get_stats(s).size);
    srv_store_close(s);
    assert_int_equal(count_records(), n);
}

static void a_file_that_is_closed_has_no_zeros(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    unsigned n = grow(s, SRV_STORE_BUSY_MIN);
    uint64_t size = srv_store_get_stats(s).size;
    assert_true(file_size() > size);
    srv_store_close(s);
    assert_int_equal(file_size(), size);
    assert_int_equal(count_records(), n);
}

static void no_room_for_zeros_is_no_failure(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    limit_file_size(SRV_STORE_BUSY_MIN + 10000);
    unsigned n = grow(s, SRV_STORE_BUSY_MIN + 5000);
    uint64_t size = file_size(), failures = srv_store_get_stats(s).failures;
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(failures, 0);
    assert_in_range(size, srv_store_get_stats(s).size, SRV_STORE_BUSY_MIN + 10000);
    srv_store_close(s);
    assert_int_equal(count_records(), n);
}

static void a_write_that_fails_among_zeros_leaves_the_file_whole(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    unsigned n = grow(s, SRV_STORE_BUSY_MIN);
    uint64_t size = srv_store_get_stats(s).size;
    put(s, 1 << 24 | ++n, 100);
    limit_file_size(size + 20);
    int rc = srv_store_commit(s);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(rc, ERR_IO);
    assert_int_equal(file_size(), size);
    assert_false(srv_store_is_ahead(s));
    n += grow(s, SRV_STORE_BUSY_MIN);
    srv_store_close(s);
    assert_int_equal(count_records(), n);
}

static void what_waits_for_a_failing_disk_is_bounded(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    struct srv_lease lease = lease_of(1 << 24 | 1, 100);
    put(s, lease.addr, 100);
    limit_file_size(1);
    int rc = srv_store_commit(s);
    unsigned n = 1;
    while (n < SRV_STORE_KEPT_MAX && srv_store_put(s, &lease, 0) == 0)
        n++;
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(rc, ERR_IO);
    assert_in_range(n, SRV_STORE_KEPT_MAX / 100, SRV_STORE_KEPT_MAX / 10);
    assert_int_equal(srv_store_put(s, &lease, 0), ERR_LIMIT);
    assert_int_equal(srv_store_commit(s), 0);
    assert_int_equal(srv_store_put(s, &lease, 0), 0);
    srv_store_close(s);
}

static void records_are_taken_while_others_are_written(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    assert_false(srv_store_begin(s));
    put(s, 1 << 24 | 1, 100);
    assert_true(srv_store_begin(s));
    put(s, 1 << 24 | 2, 100);
    srv_store_write(s);
    assert_int_equal(srv_store_get_stats(s).commits, 0);
    assert_int_equal(srv_store_end(s), 0);
    assert_int_equal(srv_store_get_stats(s).commits, 1);
    srv_store_close(s); /* as a crash: the second was gathered, and not written */
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.leases[0].addr, 1 << 24 | 1);
}

static void what_could_not_be_written_stays_in_front_of_what_came_since(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    put(s, 1 << 24 | 1, 100);
    assert_true(srv_store_begin(s));
    limit_file_size(1);
    srv_store_write(s);
    limit_file_size(RLIM_INFINITY);
    put(s, 1 << 24 | 1, 200);
    assert_int_equal(srv_store_end(s), ERR_IO);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.leases[0].lease_s, 200); /* the newest comes first */
    assert_int_equal(seen.leases[1].lease_s, 100);
}

static void sync_none_leaves_the_moment_to_the_kernel(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    put(s, 1 << 24 | 1, 100);
    assert_int_equal(srv_store_commit(s), 0);
    assert_int_equal(srv_store_get_stats(s).syncs, 1);
    srv_store_set_sync(s, SRV_SYNC_NONE);
    put(s, 1 << 24 | 2, 100);
    assert_int_equal(srv_store_commit(s), 0);
    assert_int_equal(srv_store_get_stats(s).syncs, 1);
    assert_int_equal(srv_store_get_stats(s).commits, 2);
    srv_store_set_sync(s, SRV_SYNC_BATCH);
    put(s, 1 << 24 | 3, 100);
    assert_int_equal(srv_store_commit(s), 0);
    assert_int_equal(srv_store_get_stats(s).syncs, 2);
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 3);
}

/* ---- rewriting ---- */

static void wait_for(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 60000), 1);
}

static void rewrite(struct srv_store *s)
{
    int fd;
    assert_int_equal(srv_store_rewrite(s, &fd), 0);
    wait_for(fd);
    assert_int_equal(srv_store_rewrite_finish(s), 0);
}

static bool exists(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0;
}

static char *contents(const char *name)
{
    char *text;
    size_t len;
    assert_int_equal(io_file_read(name, &text, &len), 0);
    return text;
}

/* 10.0.0.4 was deleted: nothing of it is left. */
static void rewriting_keeps_the_newest_record_of_each_address_in_order(void **state)
{
    (void)state;
    struct seen seen;
    static const char before[] = SRV_CSV_HEADER "\n"
                                                "10.0.0.1,aa:bb:cc:dd:ee:ff,,60,1700000000,1,0,0,old,0,,0\n"
                                                "10.0.0.4,aa:bb:cc:dd:ee:ff,,60,1700000000,1,0,0,,0,,0\n"
                                                "10.0.0.4,aa:bb:cc:dd:ee:ff,,0,1700000060,1,0,0,,0,,0\n"
                                                "# a remark\n"
                                                "10.0.0.2,aa:bb:cc:dd:ee:ff,,60,1700000000,1,0,0,,0,,0\n"
                                                "10.0.0.1,aa:bb:cc:dd:ee:ff,,60,1700000100,1,0,0,new,0,,0\n"
                                                "nonsense\n"
                                                "10.0.0.3,,01:02,60,1700000000,1,0,0,,2,,0\n"
                                                "10.0.0.2,aa:bb:cc:dd:ee:ff,,60,17000not,1,0,0,,0,,0\n";
    static const char after[] = SRV_CSV_HEADER "\n"
                                               "# a remark\n"
                                               "10.0.0.2,aa:bb:cc:dd:ee:ff,,60,1700000000,1,0,0,,0,,0\n"
                                               "10.0.0.1,aa:bb:cc:dd:ee:ff,,60,1700000100,1,0,0,new,0,,0\n"
                                               "nonsense\n"
                                               "10.0.0.3,,01:02,60,1700000000,1,0,0,,2,,0\n"
                                               "10.0.0.2,aa:bb:cc:dd:ee:ff,,60,17000not,1,0,0,,0,,0\n";
    write_file(before);
    assert_int_equal(chmod(path, 0604), 0);
    struct srv_store *s = open_store(&seen);
    assert_true(srv_store_has_news(s));
    rewrite(s);
    assert_false(srv_store_has_news(s));
    assert_int_equal(srv_store_get_stats(s).rewrites, 1);
    assert_int_equal(srv_store_get_stats(s).size, sizeof after - 1);
    char *text = contents(path);
    assert_string_equal(text, after);
    free(text);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
    assert_false(exists(new_path));
    struct srv_store *second;
    assert_int_equal(srv_store_open(path, on_lease, on_bad, &seen, &second), ERR_EXISTS);
    put(s, 1 << 24 | 1, 100); /* and it goes on */
    assert_int_equal(srv_store_commit(s), 0);
    assert_true(srv_store_has_news(s));
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 4);
    assert_int_equal(seen.leases[0].addr, 1 << 24 | 1);
}

static void an_empty_file_can_be_rewritten(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    assert_false(srv_store_has_news(s));
    rewrite(s);
    srv_store_close(s);
    char *text = contents(path);
    assert_string_equal(text, SRV_CSV_HEADER "\n");
    free(text);
}

/* Whatever is committed before, during and after the thread's work. */
static void what_is_appended_meanwhile_is_carried_over(void **state)
{
    (void)state;
    enum { ROUNDS = 20 };
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    for (ip4 round = 1; round <= ROUNDS; round++) {
        int fd;
        put(s, 1 << 24 | 1, round);
        assert_int_equal(srv_store_commit(s), 0);
        assert_int_equal(srv_store_rewrite(s, &fd), 0);
        assert_true(srv_store_get_stats(s).rewriting);
        put(s, 1 << 24 | 2, round);
        assert_int_equal(srv_store_commit(s), 0);
        wait_for(fd);
        put(s, 1 << 24 | 3, round);
        assert_int_equal(srv_store_commit(s), 0);
        put(s, 1 << 24 | 4, round); /* gathered, not committed */
        assert_int_equal(srv_store_rewrite_finish(s), 0);
        assert_int_equal(srv_store_commit(s), 0);
    }
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n_bad, 0);
    assert_in_range(seen.n, 4, 8);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(seen.leases[i].addr, 1 << 24 | (4 - i));
        assert_int_equal(seen.leases[i].lease_s, ROUNDS);
    }
}

static void a_rewrite_is_given_up_at_the_end(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    int fd;
    put(s, 1 << 24 | 1, 100);
    assert_int_equal(srv_store_commit(s), 0);
    assert_int_equal(srv_store_rewrite(s, &fd), 0);
    srv_store_close(s);
    assert_false(exists(new_path));
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 1);
}

static void a_rewrite_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    int fd;
    put(s, 1 << 24 | 1, 100);
    put(s, 1 << 24 | 2, 100);
    assert_int_equal(srv_store_commit(s), 0);
    limit_file_size(sizeof SRV_CSV_HEADER + 70);
    assert_int_equal(srv_store_rewrite(s, &fd), 0);
    wait_for(fd);
    int rc = srv_store_rewrite_finish(s);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(rc, ERR_IO);
    assert_false(exists(new_path));
    assert_int_equal(srv_store_get_stats(s).rewrites, 0);
    put(s, 1 << 24 | 3, 100);
    assert_int_equal(srv_store_commit(s), 0);
    rewrite(s);
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 3);
}

static void a_file_of_somebody_else_is_not_overwritten(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    int fd;
    put(s, 1 << 24 | 1, 100);
    assert_int_equal(srv_store_commit(s), 0);
    assert_int_equal(unlink(path), 0);
    write_file("a backup, put back\n");
    assert_int_equal(srv_store_rewrite(s, &fd), 0);
    wait_for(fd);
    assert_int_equal(srv_store_rewrite_finish(s), ERR_IO);
    char *text = contents(path);
    assert_string_equal(text, "a backup, put back\n");
    free(text);
    assert_int_equal(unlink(path), 0);
    rewrite(s); /* the file was removed: it comes back */
    srv_store_close(s);
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n, 1);
}

/* The new file as a crash may leave it: absent, at every length, or already in the place of the old one. */
static void a_crash_at_any_stage_of_a_rewrite_loses_nothing(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    put(s, 1 << 24 | 1, 100);
    put(s, 1 << 24 | 1, 200);
    put(s, 1 << 24 | 2, 200);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    char *before = contents(path);
    s = open_store(&seen);
    rewrite(s);
    srv_store_close(s);
    char *after = contents(path);
    for (size_t cut = 0; cut <= strlen(after) + 1; cut++) {
        FILE *f = fopen(new_path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(after, 1, cut, f), cut);
        fclose(f);
        write_file(before);
        if (cut == strlen(after))
            assert_int_equal(rename(new_path, path), 0);
        srv_store_close(open_store(&seen));
        assert_false(exists(new_path));
        assert_int_equal(seen.n_bad, 0);
        assert_int_equal(seen.n, cut == strlen(after) ? 2 : 3);
        assert_int_equal(seen.leases[0].addr, 1 << 24 | 2);
        assert_int_equal(seen.leases[1].addr, 1 << 24 | 1);
        assert_int_equal(seen.leases[1].lease_s, 200);
    }
    free(before);
    free(after);
}

static void the_file_has_grown_when_it_doubled_beyond_a_least_size(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    srv_store_set_sync(s, SRV_SYNC_NONE);
    uint64_t start = srv_store_get_stats(s).size;
    while (srv_store_get_stats(s).size < start + SRV_STORE_GROWN_MIN) {
        assert_false(srv_store_has_grown(s));
        for (ip4 i = 1; i <= 1000; i++)
            put(s, 1 << 24 | i, 100);
        assert_int_equal(srv_store_commit(s), 0);
    }
    assert_true(srv_store_has_grown(s));
    rewrite(s);
    assert_false(srv_store_has_grown(s));
    assert_in_range(srv_store_get_stats(s).size, 1000 * 50, 1000 * 100);
    srv_store_close(s);
}

/* ---- kill -9 ---- */

enum { CRASH_ROUNDS = 100, CRASH_ADDRESSES = 40, CRASH_FIRST = SRV_STORE_BUSY_MIN / 50 };

static void on_newest(void *user, const struct srv_lease *lease)
{
    uint32_t *newest = user;
    ip4 i = lease->addr - (1 << 24 | 1);
    assert_true(i < CRASH_ADDRESSES);
    if (newest[i] == 0)
        newest[i] = lease->lease_s;
}

/* A crash of the program, not of the system, leaves no torn line but the last. */
static void on_torn(void *user, unsigned long line, const char *why)
{
    (void)user, (void)line;
    assert_string_equal(why, "the last line is cut: the record was not acknowledged");
}

/* A server that does nothing but store and rewrite, and says after each commit which number it has reached:
 * record n is of address n % CRASH_ADDRESSES and has n as its lease time. There are many of the first, so
 * that zeros soon stand behind the records. */
static void store_for_ever(int out, uint32_t n)
{
    uint32_t newest[CRASH_ADDRESSES] = {0};
    struct srv_store *s;
    if (srv_store_open(path, on_newest, on_torn, newest, &s) < 0)
        _exit(1);
    struct pollfd p = {.fd = -1, .events = POLLIN};
    for (int i = 0; i < CRASH_FIRST; i++)
        put(s, (1 << 24 | 1) + n % CRASH_ADDRESSES, n);
    for (;; n++) {
        put(s, (1 << 24 | 1) + n % CRASH_ADDRESSES, n);
        if (srv_store_commit(s) < 0 || write(out, &n, sizeof n) != sizeof n)
            _exit(1);
        if (p.fd < 0 && srv_store_rewrite(s, &p.fd) < 0)
            _exit(1);
        if (poll(&p, 1, 0) != 1)
            continue;
        if (srv_store_rewrite_finish(s) < 0)
            _exit(1);
        p.fd = -1;
    }
}

static uint32_t last_told(int in, uint32_t last)
{
    uint32_t n;
    while (read(in, &n, sizeof n) == sizeof n)
        last = n;
    return last;
}

/* The first may have been killed before it had made the file. */
static bool ends_with_zero(void)
{
    char last = '\n';
    size_t len;
    int rc = io_file_read_end(path, &last, 1, &len);
    assert_true(rc == 0 || rc == ERR_NOTFOUND);
    return last == '\0';
}

/* Every address has the last record that was told, or the one that was being committed. */
static void check_after_crash(const uint32_t *newest, uint32_t told)
{
    for (uint32_t n = told < CRASH_ADDRESSES ? 1 : told - CRASH_ADDRESSES + 1; n <= told; n++)
        if (newest[n % CRASH_ADDRESSES] != n)
            assert_int_equal(newest[n % CRASH_ADDRESSES], told + 1);
}

static void kill_at_any_moment_loses_nothing_that_was_committed(void **state)
{
    (void)state;
    const char *wish = getenv("DHCPLAB_SEED");
    uint64_t seed = wish != NULL ? strtoull(wish, NULL, 10) : (uint64_t)time(NULL);
    struct rng rng;
    rng_init(&rng, seed, "crash");
    print_message("repeat with: DHCPLAB_SEED=%llu test_srv_store\n", (unsigned long long)seed);
    uint32_t told = 0;
    unsigned n_with_zeros = 0;
    for (int round = 0; round < CRASH_ROUNDS; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(fds[0]);
            store_for_ever(fds[1], told + 1);
        }
        close(fds[1]);
        usleep((useconds_t)rng_between(&rng, 0, 15000));
        assert_int_equal(kill(pid, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        told = last_told(fds[0], told);
        close(fds[0]);
        n_with_zeros += ends_with_zero();
        uint32_t newest[CRASH_ADDRESSES] = {0};
        struct srv_store *s;
        assert_int_equal(srv_store_open(path, on_newest, on_torn, newest, &s), 0);
        rewrite(s); /* so that it stays short */
        srv_store_close(s);
        assert_false(exists(new_path));
        check_after_crash(newest, told);
    }
    assert_true(told > 0);
    assert_true(n_with_zeros > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        T(new_file_has_the_header_and_no_lease),
        T(rfc2131_3_1_4_committed_leases_are_there_after_a_restart_newest_first),
        T(rfc2131_3_1_4_what_was_not_committed_is_not_there),
        T(file_cut_at_every_octet_keeps_every_whole_record),
        T(so_does_one_with_zeros_behind),
        T(zeros_within_the_file_cost_the_lines_that_they_are_in),
        T(file_cut_in_its_header_starts_anew),
        T(bad_line_costs_itself_alone_and_is_named),
        T(file_that_is_no_lease_file_is_left_alone),
        T(second_server_is_refused),
        T(failing_write_leaves_the_file_whole_and_is_made_up_for),
        T(while_many_records_come_they_overwrite_zeros),
        T(a_file_that_is_closed_has_no_zeros),
        T(no_room_for_zeros_is_no_failure),
        T(a_write_that_fails_among_zeros_leaves_the_file_whole),
        T(what_waits_for_a_failing_disk_is_bounded),
        T(records_are_taken_while_others_are_written),
        T(what_could_not_be_written_stays_in_front_of_what_came_since),
        T(sync_none_leaves_the_moment_to_the_kernel),
        T(rewriting_keeps_the_newest_record_of_each_address_in_order),
        T(an_empty_file_can_be_rewritten),
        T(what_is_appended_meanwhile_is_carried_over),
        T(a_rewrite_is_given_up_at_the_end),
        T(a_rewrite_that_fails_changes_nothing),
        T(a_file_of_somebody_else_is_not_overwritten),
        T(a_crash_at_any_stage_of_a_rewrite_loses_nothing),
        T(the_file_has_grown_when_it_doubled_beyond_a_least_size),
        T(kill_at_any_moment_loses_nothing_that_was_committed),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
