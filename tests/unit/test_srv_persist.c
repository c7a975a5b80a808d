/* When the lease file is rewritten that cannot be: in virtual time, with real files. */
#include <sys/syscall.h>
#include <time.h>

#include "common/io_loop.h"
#include "server/srv_persist.h"
#include "tests/unit/test_srv_store.h"

enum { INTERVAL_S = 3600, BOOTED_S = 1000000000 };

static time_ms now_ms; /* of the machine */
static struct io_loop *loop;
static struct io_trace trace;
static struct srv_config *config;
static struct srv_engine *engine;
static struct srv_persist *persist;
static unsigned n_failures, n_rewritten; /* that were told */

/* In the place of the C library's. */
int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    if (clock_id != CLOCK_BOOTTIME && clock_id != CLOCK_REALTIME)
        return (int)syscall(SYS_clock_gettime, clock_id, tp);
    *tp = (struct timespec){.tv_sec = now_ms / 1000 + (clock_id == CLOCK_REALTIME ? BOOTED_S : 0),
                            .tv_nsec = now_ms % 1000 * 1000000};
    return 0;
}

static bool has(const char *line, size_t len, const char *words)
{
    return memmem(line, len, words, strlen(words)) != NULL;
}

static void on_line(void *user, const char *line, size_t len)
{
    (void)user;
    n_failures += has(line, len, "the lease file cannot be rewritten, it grows: Is a directory");
    if (has(line, len, "the lease file is rewritten")) {
        n_rewritten++;
        io_loop_stop(loop);
    }
}

static void on_old_lease(void *user, const struct srv_lease *lease)
{
    (void)user, (void)lease;
}

/* Of one lease, so often renewed that the file is to be rewritten. */
static void write_grown_file(void)
{
    static const char record[] = "10.0.0.10,02:00:00:00:00:0a,,3600,1000003600,1,0,0,,0,,0\n";
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(SRV_CSV_HEADER "\n", f);
    for (size_t size = 0; size < SRV_STORE_GROWN_MIN; size += sizeof record - 1)
        fputs(record, f);
    assert_int_equal(fclose(f), 0);
}

static void on_stored(void *user, bool is_stored)
{
    (void)user;
    assert_true(is_stored);
}

static int setup(void **state)
{
    static const char text[] = "{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
                               "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }";
    static const struct siphash_key key = {1, 2};
    char error[JCFG_TEXT_MAX] = "";
    struct srv_store *store;
    assert_int_equal(make_dir(state), 0);
    now_ms = 1000;
    n_failures = n_rewritten = 0;
    write_grown_file();
    assert_int_equal(srv_config_parse("s.json", text, strlen(text), NULL, NULL, error, &config), 0);
    assert_int_equal(srv_store_open(path, on_old_lease, on_bad, NULL, &store), 0);
    assert_int_equal(io_trace_open(&trace, "s", NULL, IO_TRACE_ERRORS), 0);
    trace.tap = on_line;
    loop = io_loop_new();
    engine = srv_engine_new(config, &key);
    persist = srv_persist_new(loop, &trace, engine, store);
    assert_non_null(persist);
    srv_persist_on_stored(persist, on_stored, NULL);
    srv_persist_configure(persist, SRV_SYNC_NONE, INTERVAL_S);
    return 0;
}

static int teardown(void **state)
{
    srv_persist_free(persist);
    srv_engine_free(engine);
    srv_config_free(config);
    io_loop_free(loop);
    io_trace_close(&trace);
    return remove_dir(state);
}

static bool is_rewriting(void)
{
    return srv_store_get_stats(srv_persist_store(persist)).rewriting;
}

/* A lease is stored; then the file is rewritten that has grown. */
static void store_at(time_ms at_ms)
{
    now_ms = at_ms;
    srv_persist_put(persist, &(struct srv_action){.kind = SRV_LEASE_PUT, .lease = lease_of(10, 60)});
    srv_persist_commit(persist);
}

/* A folder stands where the new file is to be made. */
static void a_rewrite_that_failed_is_tried_again_after_a_minute(void **state)
{
    (void)state;
    assert_int_equal(mkdir(new_path, 0700), 0);
    store_at(5000);
    assert_int_equal(n_failures, 1);
    assert_int_equal(rmdir(new_path), 0);
    store_at(64999);
    assert_false(is_rewriting());

    assert_int_equal(mkdir(new_path, 0700), 0);
    store_at(65000);
    assert_int_equal(n_failures, 1); /* it was told */
    assert_int_equal(rmdir(new_path), 0);
    store_at(124999);
    assert_false(is_rewriting());

    store_at(125000);
    assert_true(is_rewriting());
    assert_int_equal(io_loop_run(loop), 0);
    assert_int_equal(n_rewritten, 1);
    assert_false(is_rewriting());
    struct srv_store_stats stats = srv_store_get_stats(srv_persist_store(persist));
    assert_int_equal(stats.rewrites, 1);
    assert_true(stats.size < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_rewrite_that_failed_is_tried_again_after_a_minute, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
