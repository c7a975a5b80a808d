#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "server/srv_csv.h"
#include "server/srv_lease_file.h"

enum { TOLD_LEN = 1000 };

/* A line for each that was told: "10.0.0.1 60" or "3: why". */
struct told {
    char text[TOLD_LEN];
    size_t len;
};

static void on_lease(void *user, const struct srv_lease *lease)
{
    struct told *told = user;
    char addr[IP4_LEN];
    told->len += (size_t)snprintf(told->text + told->len, TOLD_LEN - told->len, "%s %u\n",
                                  ip4_format(lease->addr, addr), lease->lease_s);
}

static void on_bad(void *user, unsigned long line, const char *why)
{
    struct told *told = user;
    told->len += (size_t)snprintf(told->text + told->len, TOLD_LEN - told->len, "%lu: %s\n", line, why);
}

static int read_text(const char *text, size_t len, struct told *told, size_t *whole)
{
    memset(told, 0, sizeof *told);
    return srv_lease_file_read(text, len, 0, on_lease, on_bad, told, whole);
}

#define RECORD(addr, lease_s) addr ",aa:bb:cc:dd:ee:ff,," lease_s ",1700000000,1,0,0,,0,,0\n"

static void leases_come_from_the_last_line_to_the_first(void **state)
{
    (void)state;
    static const char text[] =
        SRV_CSV_HEADER "\n" RECORD("10.0.0.1", "60") RECORD("10.0.0.2", "70") RECORD("10.0.0.1", "80");
    struct told told;
    size_t whole;
    assert_int_equal(read_text(text, sizeof text - 1, &told, &whole), 0);
    assert_string_equal(told.text, "10.0.0.1 80\n10.0.0.2 70\n10.0.0.1 60\n");
    assert_int_equal(whole, sizeof text - 1);
}

static void each_line_that_is_no_lease_costs_itself_and_has_its_number(void **state)
{
    (void)state;
    static const char text[] = SRV_CSV_HEADER "\nnonsense\n\n# a remark\n" RECORD("10.0.0.1", "60")
        RECORD("10.0.0.2", "x") "\0\0" RECORD("", "");
    static const char wanted[] = "7: it has octets of zero, where a crash kept something from the disk\n"
                                 "6: valid_lifetime is not a number of seconds\n"
                                 "10.0.0.1 60\n"
                                 "2: it does not have the columns of the header\n";
    struct told told;
    size_t whole;
    assert_int_equal(read_text(text, sizeof text - 1, &told, &whole), 0);
    assert_string_equal(told.text, wanted);
    assert_int_equal(whole, sizeof text - 1);
}

static void a_cut_last_line_is_told_first_and_not_worth_keeping(void **state)
{
    (void)state;
    static const char text[] = SRV_CSV_HEADER "\n" RECORD("10.0.0.1", "60") "10.0.0.2,aa\0\0\0\0";
    static const char wanted[] = "3: the last line is cut: the record was not acknowledged\n10.0.0.1 60\n";
    struct told told;
    size_t whole;
    assert_int_equal(read_text(text, sizeof text - 1, &told, &whole), 0);
    assert_string_equal(told.text, wanted);
    assert_int_equal(whole, strlen(text) - strlen("10.0.0.2,aa"));
}

static void zeros_at_the_end_are_no_line(void **state)
{
    (void)state;
    static const char text[] = SRV_CSV_HEADER "\n" RECORD("10.0.0.1", "60") "\0\0\0\0";
    struct told told;
    size_t whole;
    assert_int_equal(read_text(text, sizeof text - 1, &told, &whole), 0);
    assert_string_equal(told.text, "10.0.0.1 60\n");
    assert_int_equal(whole, strlen(text));
}

static void whoever_has_no_whole_header_never_had_a_lease(void **state)
{
    (void)state;
    static const char text[] = SRV_CSV_HEADER "\n\0\0";
    struct told told;
    size_t whole;
    for (size_t len = 0; len < sizeof SRV_CSV_HEADER; len++) {
        assert_int_equal(read_text(text, len, &told, &whole), 0);
        assert_int_equal(whole, 0);
    }
    assert_int_equal(read_text(text, sizeof SRV_CSV_HEADER, &told, &whole), 0);
    assert_int_equal(whole, sizeof SRV_CSV_HEADER);
    assert_int_equal(read_text("\0\0\0", 3, &told, &whole), 0);
    assert_int_equal(whole, 0);
    assert_int_equal(told.len, 0);
}

static void what_has_another_header_is_no_lease_file(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "dear diary\n",
        "dear diary",
        "\n" RECORD("10.0.0.1", "60"),
        "address,hwaddr,client_id\n" RECORD("10.0.0.1", "60"),
        SRV_CSV_HEADER "X",
        RECORD("10.0.0.1", "60"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct told told;
        size_t whole;
        assert_int_equal(read_text(texts[i], strlen(texts[i]), &told, &whole), ERR_CONFIG);
        assert_int_equal(told.len, 0);
    }
}

/* Kea added columns behind `hostname` one version after the other. */
static void the_header_of_an_older_kea_is_one(void **state)
{
    (void)state;
    static const char text[] =
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname\n"
        "10.0.0.1,aa:bb:cc:dd:ee:ff,,60,1700000000,1,0,0,\n";
    struct told told;
    size_t whole;
    assert_int_equal(read_text(text, sizeof text - 1, &told, &whole), 0);
    assert_string_equal(told.text, "10.0.0.1 60\n");
}

static void compacting_keeps_the_newest_and_what_it_cannot_read(void **state)
{
    (void)state;
    static const char after[] =
        SRV_CSV_HEADER "\n# a remark\n\n" RECORD("10.0.0.2", "70") "nonsense\n" RECORD("10.0.0.1", "80");
    /* 10.0.0.3 was deleted: nothing of it is left. */
    char text[] = SRV_CSV_HEADER "\n# a remark\n" RECORD("10.0.0.1", "60") "\n" RECORD("10.0.0.3", "60")
        RECORD("10.0.0.2", "70") RECORD("10.0.0.3", "0") "nonsense\n" RECORD("10.0.0.1", "80");
    size_t start;
    assert_int_equal(srv_lease_file_compact(text, sizeof text - 1, &start), 0);
    assert_string_equal(text + start, after);
}

/* It may say anything, so the record before it stays the newest. */
static void compacting_takes_no_line_with_zeros_for_a_record(void **state)
{
    (void)state;
    char text[] = SRV_CSV_HEADER "\n" RECORD("10.0.0.1", "60") RECORD("10.0.0.1", "80");
    size_t len = sizeof text - 1, start, whole;
    struct told told;
    memset(text + len - 10, 0, 5);
    assert_int_equal(srv_lease_file_compact(text, len, &start), 0);
    assert_int_equal(read_text(text + start, len - start, &told, &whole), 0);
    assert_string_equal(told.text, "3: it has octets of zero, where a crash kept something from the disk\n"
                                   "10.0.0.1 60\n");
}

static void what_is_compact_stays_as_it_is(void **state)
{
    (void)state;
    static const char before[] = SRV_CSV_HEADER "\n" RECORD("10.0.0.1", "60");
    char text[sizeof before];
    size_t start, head = sizeof SRV_CSV_HEADER;
    strcpy(text, before);
    assert_int_equal(srv_lease_file_compact(text, sizeof text - 1, &start), 0);
    assert_int_equal(start, 0);
    assert_string_equal(text, before);
    assert_int_equal(srv_lease_file_compact(text, head, &start), 0); /* no record at all */
    assert_int_equal(start, 0);
    assert_string_equal(text, before);
}

/* More than any table of a fixed size has room for. */
static void compacting_tells_many_addresses_apart(void **state)
{
    (void)state;
    enum { ADDRESSES = 1000, LINE_MAX_LEN = 80 };
    static char text[2 * ADDRESSES * LINE_MAX_LEN];
    size_t len = (size_t)sprintf(text, SRV_CSV_HEADER "\n"), start;
    for (unsigned lease_s = 60; lease_s <= 61; lease_s++)
        for (unsigned i = 0; i < ADDRESSES; i++)
            len += (size_t)sprintf(text + len, "10.0.%u.%u,aa:bb:cc:dd:ee:ff,,%u,1700000000,1,0,0,,0,,0\n",
                                   i / 256, i % 256, lease_s);
    assert_int_equal(srv_lease_file_compact(text, len, &start), 0);
    unsigned n = 0;
    for (const char *c = text + start; (c = strchr(c, '\n')) != NULL; c++)
        n++;
    assert_int_equal(n, 1 + ADDRESSES);
    assert_null(strstr(text + start, ",,60,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leases_come_from_the_last_line_to_the_first),
        cmocka_unit_test(each_line_that_is_no_lease_costs_itself_and_has_its_number),
        cmocka_unit_test(a_cut_last_line_is_told_first_and_not_worth_keeping),
        cmocka_unit_test(zeros_at_the_end_are_no_line),
        cmocka_unit_test(whoever_has_no_whole_header_never_had_a_lease),
        cmocka_unit_test(what_has_another_header_is_no_lease_file),
        cmocka_unit_test(the_header_of_an_older_kea_is_one),
        cmocka_unit_test(compacting_keeps_the_newest_and_what_it_cannot_read),
        cmocka_unit_test(compacting_takes_no_line_with_zeros_for_a_record),
        cmocka_unit_test(what_is_compact_stays_as_it_is),
        cmocka_unit_test(compacting_tells_many_addresses_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
