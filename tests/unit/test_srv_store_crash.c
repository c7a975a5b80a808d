/* What a crash leaves behind, of the program or of the system. */
#include <sys/wait.h>
#include <time.h>

#include "common/err.h"
#include "common/rng.h"
#include "tests/unit/test_srv_store.h"

/* A file with so many leases: its text, which is the caller's to free. */
static char *write_leases(ip4 n, size_t *out_len)
{
    struct seen seen;
    struct srv_store *s = open_store(&seen);
    for (ip4 i = 1; i <= n; i++)
        put(s, 1 << 24 | i, 100);
    assert_int_equal(srv_store_commit(s), 0);
    srv_store_close(s);
    char *text;
    assert_int_equal(io_file_read(path, &text, out_len), 0);
    return text;
}

/* A crash can cut the file anywhere: each whole line before the cut is a lease, the cut one costs itself
 * alone. */
static void cut_at_every_octet(size_t n_zeros)
{
    struct seen seen;
    size_t len;
    char *text = write_leases(3, &len);
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
        struct srv_store *s = open_store(&seen);
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
    size_t len;
    char *text = write_leases(4, &len);
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

/* However slow the disk is. */
static uint32_t await_told(int in, uint32_t last, int64_t count)
{
    while (count-- > 0)
        assert_int_equal(read(in, &last, sizeof last), sizeof last);
    return last;
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
    print_message("repeat with: DHCPLAB_SEED=%llu test_srv_store_crash\n", (unsigned long long)seed);
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
        told = await_told(fds[0], told, rng_between(&rng, 0, 3));
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
        T(file_cut_at_every_octet_keeps_every_whole_record),      T(so_does_one_with_zeros_behind),
        T(zeros_within_the_file_cost_the_lines_that_they_are_in), T(file_cut_in_its_header_starts_anew),
        T(kill_at_any_moment_loses_nothing_that_was_committed),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
