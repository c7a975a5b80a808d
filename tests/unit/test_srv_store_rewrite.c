#include "common/err.h"
#include "tests/unit/test_srv_store.h"

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
        assert_true(srv_store_has_news(s)); /* older records of what came last may be there */
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        T(rewriting_keeps_the_newest_record_of_each_address_in_order),
        T(an_empty_file_can_be_rewritten),
        T(what_is_appended_meanwhile_is_carried_over),
        T(a_rewrite_is_given_up_at_the_end),
        T(a_rewrite_that_fails_changes_nothing),
        T(a_file_of_somebody_else_is_not_overwritten),
        T(a_crash_at_any_stage_of_a_rewrite_loses_nothing),
        T(the_file_has_grown_when_it_doubled_beyond_a_least_size),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
