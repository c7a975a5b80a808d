/* The room that stands behind the records while many come. */
#include "common/err.h"
#include "tests/unit/test_srv_store.h"

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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        T(while_many_records_come_they_overwrite_zeros),
        T(a_file_that_is_closed_has_no_zeros),
        T(no_room_for_zeros_is_no_failure),
        T(a_write_that_fails_among_zeros_leaves_the_file_whole),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
