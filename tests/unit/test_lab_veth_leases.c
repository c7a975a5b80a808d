/* A lease file that grows, has room at its end, and is replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "lab/sim_world.h"
#include "lab/veth_leases.h"
#include "server/srv_csv.h"

#define ADDR(last) (10U << 24 | (last))

static char dir[] = "/tmp/test_veth_leases.XXXXXX", path[64];

/* At the octet `at` of the file, with zeros behind. Returns where the next one goes. */
static long write_record(long at, uint8_t last, enum srv_lease_state state)
{
    enum { ROOM = 200 };
    static const char zeros[ROOM];
    char line[SRV_CSV_LINE_MAX];
    struct srv_lease lease = {.addr = ADDR(last),
                              .subnet_id = 1,
                              .hw = {1, 6, {2, 0, 0, 0, 0, last}},
                              .state = state,
                              .lease_s = 60,
                              .expires_ms = 60000};
    size_t len = srv_csv_format(&lease, 0, SIM_EPOCH_MS, line);
    FILE *file = fopen(path, at == 0 ? "w" : "r+");
    assert_non_null(file);
    if (at == 0)
        at = fprintf(file, "%s\n", SRV_CSV_HEADER);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(line, 1, len, file), len);
    assert_int_equal(fwrite(zeros, 1, ROOM, file), ROOM);
    assert_int_equal(fclose(file), 0);
    return at + (long)len;
}

static void records_are_found_as_they_come(void **state)
{
    (void)state;
    struct veth_leases leases = {0};
    struct srv_lease found;
    assert_int_equal(veth_leases_follow(&leases, path), ERR_NOTFOUND);
    assert_false(veth_leases_find(&leases, ADDR(1), &found));
    long at = write_record(0, 1, SRV_LEASE_ACTIVE);
    assert_int_equal(veth_leases_follow(&leases, path), 0);
    assert_true(veth_leases_find(&leases, ADDR(1), &found));
    assert_true(found.expires_ms == 60000);
    at = write_record(at, 2, SRV_LEASE_ACTIVE);
    write_record(at, 1, SRV_LEASE_DECLINED);
    assert_int_equal(veth_leases_follow(&leases, path), 0);
    assert_true(veth_leases_find(&leases, ADDR(2), &found));
    assert_true(veth_leases_find(&leases, ADDR(1), &found));
    assert_int_equal(found.state, SRV_LEASE_DECLINED);
    veth_leases_fini(&leases);
}

static void set_octet(long at, int octet)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(octet, file), octet);
    assert_int_equal(fclose(file), 0);
}

/* Read while the server writes, a record may have its end before its middle. */
static void a_record_that_is_being_written_is_waited_for(void **state)
{
    (void)state;
    struct veth_leases leases = {0};
    struct srv_lease found;
    long begin = write_record(0, 1, SRV_LEASE_ACTIVE);
    write_record(begin, 2, SRV_LEASE_ACTIVE);
    set_octet(begin + 1, '\0');
    assert_int_equal(veth_leases_follow(&leases, path), 0);
    assert_false(veth_leases_find(&leases, ADDR(2), &found));
    set_octet(begin + 1, '0'); /* of 10.0.0.2 */
    assert_int_equal(veth_leases_follow(&leases, path), 0);
    assert_true(veth_leases_find(&leases, ADDR(2), &found));
    veth_leases_fini(&leases);
    assert_int_equal(unlink(path), 0);
}

static void a_file_that_takes_its_place_is_read_from_the_start(void **state)
{
    (void)state;
    struct veth_leases leases = {0};
    struct srv_lease found;
    char old[80];
    write_record(0, 1, SRV_LEASE_ACTIVE);
    assert_int_equal(veth_leases_follow(&leases, path), 0);
    snprintf(old, sizeof old, "%s.old", path); /* so that the new one is another */
    assert_int_equal(rename(path, old), 0);
    write_record(0, 2, SRV_LEASE_ACTIVE);
    assert_int_equal(veth_leases_follow(&leases, path), 0);
    assert_false(veth_leases_find(&leases, ADDR(1), &found));
    assert_true(veth_leases_find(&leases, ADDR(2), &found));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(veth_leases_follow(&leases, path), ERR_NOTFOUND);
    assert_false(veth_leases_find(&leases, ADDR(2), &found));
    assert_int_equal(unlink(old), 0);
    veth_leases_fini(&leases);
}

static int make_dir(void **state)
{
    (void)state;
    bool is_made = mkdtemp(dir) != NULL;
    snprintf(path, sizeof path, "%s/leases.csv", dir);
    return is_made ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found_as_they_come),
        cmocka_unit_test(a_record_that_is_being_written_is_waited_for),
        cmocka_unit_test(a_file_that_takes_its_place_is_read_from_the_start),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
