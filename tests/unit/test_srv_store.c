#include <errno.h>

#include "common/err.h"
#include "tests/unit/test_srv_store.h"

static void new_file_has_the_header_and_no_lease(void **state)
{
    (void)state;
    struct seen seen;
    srv_store_close(open_store(&seen));
    assert_int_equal(seen.n + seen.n_bad, 0);
    char *text = contents(path);
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
    write_file("dear diary\n");
    assert_int_equal(srv_store_open(path, on_lease, on_bad, &seen, &s), ERR_CONFIG);
    char *text = contents(path);
    assert_string_equal(text, "dear diary\n");
    free(text);
}

static void what_is_no_file_at_all_is_left_alone(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct srv_store *s;
    struct stat st;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(srv_store_open(path, on_lease, on_bad, &seen, &s), ERR_CONFIG);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    unlink(path);
}

static void second_server_is_refused(void **state)
{
    (void)state;
    struct seen seen;
    struct srv_store *first = open_store(&seen), *second;
    assert_int_equal(srv_store_open(path, on_lease, on_bad, &seen, &second), ERR_EXISTS);
    srv_store_close(first);
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        T(new_file_has_the_header_and_no_lease),
        T(rfc2131_3_1_4_committed_leases_are_there_after_a_restart_newest_first),
        T(rfc2131_3_1_4_what_was_not_committed_is_not_there),
        T(bad_line_costs_itself_alone_and_is_named),
        T(file_that_is_no_lease_file_is_left_alone),
        T(what_is_no_file_at_all_is_left_alone),
        T(second_server_is_refused),
        T(failing_write_leaves_the_file_whole_and_is_made_up_for),
        T(what_waits_for_a_failing_disk_is_bounded),
        T(records_are_taken_while_others_are_written),
        T(what_could_not_be_written_stays_in_front_of_what_came_since),
        T(sync_none_leaves_the_moment_to_the_kernel),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
