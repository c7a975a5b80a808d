#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "server/srv_lease.h"
#include "server/srv_lease_entry.h"

enum { MANY = 100000 };

static struct srv_lease_table *t;

static int setup(void **state)
{
    (void)state;
    t = srv_lease_table_new(MANY, &(struct siphash_key){1, 2});
    return t == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    srv_lease_table_free(t);
    return 0;
}

static struct hw_addr hw_of(unsigned n)
{
    return (struct hw_addr){1, 6, {2, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static struct srv_lease lease_of(ip4 addr, unsigned client, enum srv_lease_state state, time_ms expires_ms)
{
    return (struct srv_lease){
        .addr = addr, .subnet_id = 1, .hw = hw_of(client), .state = state, .expires_ms = expires_ms};
}

static void put(ip4 addr, unsigned client, enum srv_lease_state state, time_ms expires_ms)
{
    struct srv_lease lease = lease_of(addr, client, state, expires_ms);
    assert_int_equal(srv_lease_put(t, &lease, true), 0);
}

static struct srv_identity identity(unsigned client, const char *client_id)
{
    return (struct srv_identity){.match_client_id = true,
                                 .hw = hw_of(client),
                                 .client_id_len = (uint8_t)strlen(client_id),
                                 .client_id = (const uint8_t *)client_id};
}

static ip4 find_client(uint32_t subnet_id, struct srv_identity id)
{
    struct srv_lease lease;
    return srv_lease_find_client(t, subnet_id, &id, 0, &lease) ? lease.addr : 0;
}

static void what_was_put_is_found_as_it_was(void **state)
{
    (void)state;
    struct srv_lease in = lease_of(10, 1, SRV_LEASE_ACTIVE, 5000), out;
    in.lease_s = 5;
    in.granted_ms = -7;
    strcpy(in.hostname, "h1");
    in.client_id_len = 3;
    memcpy(in.client_id, "\0ab", 3);
    assert_int_equal(srv_lease_put(t, &in, true), 0);
    assert_true(srv_lease_find(t, 10, &out));
    assert_int_equal(out.subnet_id, 1);
    assert_true(hw_equal(&out.hw, &in.hw));
    assert_int_equal(out.client_id_len, 3);
    assert_memory_equal(out.client_id, "\0ab", 3);
    assert_int_equal(out.state, SRV_LEASE_ACTIVE);
    assert_int_equal(out.lease_s, 5);
    assert_true(out.granted_ms == -7 && out.expires_ms == 5000);
    assert_string_equal(out.hostname, "h1");
    assert_false(srv_lease_find(t, 11, &out));
}

static void putting_an_address_again_replaces_its_record(void **state)
{
    (void)state;
    put(10, 1, SRV_LEASE_ACTIVE, 5000);
    put(10, 2, SRV_LEASE_ACTIVE, 9000);
    assert_int_equal(srv_lease_table_count(t), 1);
    assert_int_equal(find_client(1, identity(1, "")), 0);
    assert_int_equal(find_client(1, identity(2, "")), 10);
    assert_true(srv_lease_deadline(t) == 9000);
    srv_lease_remove(t, 10);
    srv_lease_remove(t, 10); /* twice is fine */
    assert_int_equal(srv_lease_table_count(t), 0);
    assert_true(srv_lease_deadline(t) == TIME_NEVER);
}

/* The way of one client's lease through its states. */
static void a_client_that_comes_again_is_counted_and_queued_once(void **state)
{
    (void)state;
    struct srv_lease out;
    put(10, 1, SRV_LEASE_ACTIVE, 5000);
    put(11, 2, SRV_LEASE_ACTIVE, 6000);
    put(10, 1, SRV_LEASE_ACTIVE, 7000);
    assert_int_equal(srv_lease_table_held(t, 1), 2);
    assert_true(srv_lease_deadline(t) == 6000);
    put(11, 2, SRV_LEASE_RELEASED, 2000);
    assert_int_equal(srv_lease_table_held(t, 1), 1);
    assert_int_equal(srv_lease_table_count_state(t, 1, SRV_LEASE_RELEASED), 1);
    assert_true(srv_lease_deadline(t) == 7000);
    assert_true(srv_lease_find_oldest(t, 1, &out));
    assert_int_equal(out.addr, 11);
    srv_lease_withhold(t, 11, true);
    assert_false(srv_lease_find_oldest(t, 1, &out));
    put(11, 2, SRV_LEASE_ACTIVE, TIME_NEVER);
    assert_int_equal(srv_lease_table_held(t, 1), 2);
    assert_false(srv_lease_table_has_free(t));
    put(10, 1, SRV_LEASE_EXPIRED, 3000);
    assert_true(srv_lease_deadline(t) == TIME_NEVER);
    assert_true(srv_lease_table_has_free(t));
    assert_int_equal(find_client(1, identity(1, "")), 10);
    assert_int_equal(find_client(1, identity(2, "")), 11);
    assert_int_equal(srv_lease_table_count(t), 2);
}

/* What is not the same makes a new record. */
static void a_client_that_says_something_new_is_found_by_it(void **state)
{
    (void)state;
    struct srv_lease lease = lease_of(10, 1, SRV_LEASE_ACTIVE, 5000), out;
    assert_int_equal(srv_lease_put(t, &lease, true), 0);
    strcpy(lease.hostname, "h1");
    assert_int_equal(srv_lease_put(t, &lease, true), 0);
    assert_true(srv_lease_find(t, 10, &out));
    assert_string_equal(out.hostname, "h1");
    lease.relay_info_len = 2;
    memcpy(lease.relay_info, "\1\0", 2);
    assert_int_equal(srv_lease_put(t, &lease, true), 0);
    assert_true(srv_lease_find(t, 10, &out));
    assert_int_equal(out.relay_info_len, 2);
    lease.client_id_len = 1;
    lease.client_id[0] = 'x';
    assert_int_equal(srv_lease_put(t, &lease, true), 0);
    assert_int_equal(find_client(1, identity(1, "")), 0);
    assert_int_equal(find_client(1, identity(1, "x")), 10);
    lease.subnet_id = 2;
    assert_int_equal(srv_lease_put(t, &lease, true), 0);
    assert_int_equal(find_client(1, identity(1, "x")), 0);
    assert_int_equal(find_client(2, identity(1, "x")), 10);
    assert_int_equal(srv_lease_table_held(t, 1), 0);
    assert_int_equal(srv_lease_table_held(t, 2), 1);
    assert_int_equal(srv_lease_table_count(t), 1);
}

static void rfc2131_4_2_client_identifier_is_the_key_if_there_is_one(void **state)
{
    (void)state;
    struct srv_lease with_id = lease_of(11, 1, SRV_LEASE_ACTIVE, 5000);
    with_id.client_id_len = 1;
    with_id.client_id[0] = 'x';
    put(10, 1, SRV_LEASE_ACTIVE, 5000);
    assert_int_equal(srv_lease_put(t, &with_id, true), 0);
    assert_int_equal(find_client(1, identity(1, "")), 10);
    assert_int_equal(find_client(1, identity(1, "x")), 11);
    assert_int_equal(find_client(1, identity(2, "x")), 11);
    assert_int_equal(find_client(1, identity(1, "y")), 0);
    assert_int_equal(find_client(2, identity(1, "x")), 0); /* scoped by subnet, RFC 2131 2.1 */
    struct srv_identity id = identity(2, "x");
    assert_true(srv_lease_is_of(&with_id, &id));
    id.match_client_id = false;
    assert_false(srv_lease_is_of(&with_id, &id));
}

static void rfc2131_4_2_hardware_type_and_length_belong_to_the_key(void **state)
{
    (void)state;
    put(10, 1, SRV_LEASE_ACTIVE, 5000);
    struct srv_identity id = identity(1, "");
    id.hw.type = 6;
    assert_int_equal(find_client(1, id), 0);
    id.hw.type = 1;
    id.hw.len = 5;
    assert_int_equal(find_client(1, id), 0);
    id.hw.len = 6;
    id.hw.bytes[9] = 0xee; /* beyond its length: no part of the key */
    assert_int_equal(find_client(1, id), 10);
}

static void without_matching_client_identifiers_the_hardware_address_counts(void **state)
{
    (void)state;
    struct srv_lease lease = lease_of(10, 1, SRV_LEASE_ACTIVE, 5000);
    lease.client_id_len = 1;
    lease.client_id[0] = 'x';
    assert_int_equal(srv_lease_put(t, &lease, false), 0);
    struct srv_identity id = identity(1, "other");
    id.match_client_id = false;
    assert_int_equal(find_client(1, id), 10);
}

static void active_lease_comes_before_later_free_ones(void **state)
{
    (void)state;
    put(10, 1, SRV_LEASE_ACTIVE, 5000);
    struct srv_lease later = lease_of(11, 1, SRV_LEASE_RELEASED, 4000), out;
    later.granted_ms = 4000;
    assert_int_equal(srv_lease_put(t, &later, true), 0);
    put(12, 1, SRV_LEASE_EXPIRED, 3000);
    put(13, 1, SRV_LEASE_DECLINED, 9000); /* nobody's */
    struct srv_identity id = identity(1, "");
    assert_true(srv_lease_find_client(t, 1, &id, 0, &out));
    assert_int_equal(out.addr, 10);
    assert_true(srv_lease_find_client(t, 1, &id, 10, &out));
    assert_int_equal(out.addr, 11);
}

static void held_records_fall_due_in_order(void **state)
{
    (void)state;
    struct srv_lease out;
    put(10, 1, SRV_LEASE_ACTIVE, 3000);
    put(11, 2, SRV_LEASE_ACTIVE, 2000);
    put(12, 3, SRV_LEASE_ACTIVE, TIME_NEVER);
    put(13, 4, SRV_LEASE_EXPIRED, 1000); /* free: waits for nothing */
    assert_true(srv_lease_deadline(t) == 2000);
    assert_false(srv_lease_find_due(t, 1999, &out));
    assert_true(srv_lease_find_due(t, 2000, &out));
    assert_int_equal(out.addr, 11);
    out.state = SRV_LEASE_EXPIRED;
    assert_int_equal(srv_lease_put(t, &out, true), 0);
    assert_true(srv_lease_deadline(t) == 3000);
    assert_int_equal(srv_lease_table_held(t, 1), 2);
    assert_int_equal(srv_lease_table_held(t, 2), 0);
    assert_int_equal(srv_lease_table_count_state(t, 1, SRV_LEASE_ACTIVE), 2);
    assert_int_equal(srv_lease_table_count_state(t, 1, SRV_LEASE_EXPIRED), 2);
    assert_int_equal(srv_lease_table_count_state(t, 1, SRV_LEASE_OFFERED), 0);
    assert_int_equal(srv_lease_table_declined(t), 0);
    put(20, 5, SRV_LEASE_DECLINED, 4000);
    put(21, 6, SRV_LEASE_OFFERED, 4000);
    assert_int_equal(srv_lease_table_held(t, 1), 4);
    assert_int_equal(srv_lease_table_declined(t), 1);
    srv_lease_remove(t, 20);
    assert_int_equal(srv_lease_table_declined(t), 0);
    assert_int_equal(srv_lease_table_held(t, 1), 3);
}

static void oldest_free_record_is_found_unless_withheld(void **state)
{
    (void)state;
    struct srv_lease out;
    assert_false(srv_lease_find_oldest(t, 1, &out));
    put(10, 1, SRV_LEASE_RELEASED, 3000);
    put(11, 2, SRV_LEASE_EXPIRED, 2000);
    put(12, 3, SRV_LEASE_ACTIVE, 1000);
    assert_true(srv_lease_find_oldest(t, 1, &out));
    assert_int_equal(out.addr, 11);
    srv_lease_withhold(t, 11, true);
    srv_lease_withhold(t, 12, true); /* held, and so no candidate anyway */
    srv_lease_withhold(t, 99, true);
    assert_true(srv_lease_find_oldest(t, 1, &out));
    assert_int_equal(out.addr, 10);
    assert_false(srv_lease_find_oldest(t, 2, &out));
    assert_true(srv_lease_deadline(t) == 1000);
    srv_lease_withhold(t, 11, false);
    assert_true(srv_lease_find_oldest(t, 1, &out));
    assert_int_equal(out.addr, 11);
    srv_lease_withhold(t, 11, true);
    srv_lease_remove(t, 11);
    assert_true(srv_lease_find_oldest(t, 1, &out));
    assert_int_equal(out.addr, 10);
}

static void limit_keeps_new_addresses_out(void **state)
{
    (void)state;
    srv_lease_table_set_max(t, 2);
    put(10, 1, SRV_LEASE_ACTIVE, 1);
    assert_int_equal(srv_lease_table_room(t), 1);
    put(11, 2, SRV_LEASE_ACTIVE, 1);
    struct srv_lease third = lease_of(12, 3, SRV_LEASE_ACTIVE, 1);
    assert_int_equal(srv_lease_put(t, &third, true), ERR_LIMIT);
    put(11, 3, SRV_LEASE_ACTIVE, 2); /* not a new one */
    srv_lease_table_set_max(t, 1);
    assert_int_equal(srv_lease_table_room(t), 0);
    assert_int_equal(srv_lease_table_count(t), 2);
}

static void records_are_counted_by_hardware_address(void **state)
{
    enum { CLIENTS = 1000 };
    (void)state;
    assert_int_equal(srv_lease_table_count_by_hw(t), 0);
    for (unsigned i = 0; i < 3 * CLIENTS; i++)
        put(1 + i, i % CLIENTS, SRV_LEASE_ACTIVE, 1);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct hw_addr hw = hw_of(i);
        assert_int_equal(srv_lease_count_hw(t, &hw), 3);
    }
    for (unsigned i = 0; i < 3 * CLIENTS; i += 2) /* those of every other client */
        srv_lease_remove(t, 1 + i);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct hw_addr hw = hw_of(i);
        assert_int_equal(srv_lease_count_hw(t, &hw), i % 2 == 0 ? 0 : 3);
    }
    put(2, 0, SRV_LEASE_ACTIVE, 1); /* was the first of client 1 */
    put(4, 3, SRV_LEASE_ACTIVE, 2); /* is what it was */
    static const size_t now[] = {1, 2, 0, 3};
    for (unsigned i = 0; i < 4; i++) {
        struct hw_addr hw = hw_of(i);
        assert_int_equal(srv_lease_count_hw(t, &hw), now[i]);
    }
    struct hw_addr other = hw_of(1);
    other.type = 6;
    assert_int_equal(srv_lease_count_hw(t, &other), 0);
}

/* Found by its identifier or by its hardware address, each is counted by the latter. */
static void records_with_and_without_an_identifier_are_counted(void **state)
{
    (void)state;
    assert_int_equal(srv_lease_table_count_by_hw(t), 0);
    for (unsigned i = 0; i < 8; i++) {
        struct srv_lease lease = lease_of(1 + i, 7, SRV_LEASE_OFFERED, 1);
        lease.subnet_id = 1 + i;
        lease.client_id_len = i % 2;
        lease.client_id[0] = (uint8_t)i;
        assert_int_equal(srv_lease_put(t, &lease, i < 4), 0); /* the last four go by no identifier */
    }
    struct hw_addr hw = hw_of(7), other = hw_of(8);
    assert_int_equal(srv_lease_count_hw(t, &hw), 8);
    assert_int_equal(srv_lease_count_hw(t, &other), 0);
    for (unsigned left = 8; left > 0; left--) {
        srv_lease_remove(t, left);
        assert_int_equal(srv_lease_count_hw(t, &hw), left - 1);
    }
}

static void a_client_has_a_record_in_whatever_subnet(void **state)
{
    (void)state;
    struct srv_lease lease = lease_of(10, 1, SRV_LEASE_DECLINED, 1);
    struct srv_identity by_id = identity(1, "a"), by_hw = by_id, other = identity(2, "b"),
                        none = identity(1, "");
    by_hw.match_client_id = false;
    lease.subnet_id = 9;
    lease.client_id_len = 1;
    lease.client_id[0] = 'a';
    for (int matches = 0; matches < 2; matches++) {
        assert_false(srv_lease_has_client(t, &by_id, 0));
        assert_int_equal(srv_lease_put(t, &lease, matches == 1), 0);
        assert_true(srv_lease_has_client(t, &by_id, 0));
        assert_true(srv_lease_has_client(t, &by_hw, 0));
        assert_int_equal(srv_lease_has_client(t, &none, 0), matches == 0);
        assert_false(srv_lease_has_client(t, &other, 0));
        assert_true(srv_lease_has_client(t, &by_id, 11));
        assert_false(srv_lease_has_client(t, &by_id, 10));
        srv_lease_remove(t, 10);
    }
}

static void sorting_gives_address_order(void **state)
{
    (void)state;
    srv_lease_sort(t); /* empty is fine */
    put(30, 1, SRV_LEASE_ACTIVE, 1);
    put(0xf0000000U, 2, SRV_LEASE_ACTIVE, 1);
    put(20, 3, SRV_LEASE_ACTIVE, 1);
    srv_lease_sort(t);
    static const ip4 order[] = {20, 30, 0xf0000000U};
    for (size_t i = 0; i < 3; i++) {
        struct srv_lease out;
        srv_lease_at(t, i, &out);
        assert_int_equal(out.addr, order[i]);
    }
    srv_lease_remove(t, 20); /* removing after sorting finds the right place */
    assert_true(srv_lease_find(t, 30, NULL));
}

/* Offers are made and taken back again and again, each time to clients that say a little more. */
static void entries_of_ever_new_sizes_take_no_more_memory(void **state)
{
    (void)state;
    enum { N = 500 };
    struct srv_lease_memory memory = {0};
    struct srv_lease_entry *entries[N];
    struct srv_lease lease = lease_of(1, 7, SRV_LEASE_OFFERED, 1);
    for (unsigned len = 0; len <= SRV_CLIENT_ID_MAX; len++) {
        lease.client_id_len = lease.relay_info_len = (uint8_t)len;
        memset(lease.hostname, 'h', len);
        for (unsigned i = 0; i < N; i++)
            assert_non_null(entries[i] = srv_lease_entry_new(&memory, &lease, true, 0));
        for (unsigned i = 0; i < N; i++)
            srv_lease_entry_free(entries[i], &memory);
    }
    assert_in_range(arena_size(&memory.arena), N * SRV_LEASE_ENTRY_MAX, 4 * N * SRV_LEASE_ENTRY_MAX);
    arena_fini(&memory.arena);
}

/* The table grows with each new address; every tenth is gone soon, and its client comes back to another. */
static void all_are_found_whatever_their_number(void **state)
{
    (void)state;
    enum { N = 1100 };
    for (unsigned n = 1; n <= N; n++) {
        put(n, n, SRV_LEASE_ACTIVE, n);
        if (n % 10 == 0) {
            srv_lease_remove(t, n - 5);
            put(N + n, n - 5, SRV_LEASE_ACTIVE, n);
        }
        for (unsigned i = 1; i <= n; i++) {
            bool has_moved = i % 10 == 5 && i + 5 <= n;
            assert_int_equal(find_client(1, identity(i, "")), has_moved ? N + i + 5 : i);
            assert_int_equal(srv_lease_find(t, i, NULL), !has_moved);
        }
    }
    assert_int_equal(srv_lease_table_count(t), N);
}

static void a_hundred_thousand_leases(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        struct srv_lease lease = lease_of(0x0a000000U + i, i, SRV_LEASE_ACTIVE, (i * 7919U) % MANY);
        lease.subnet_id = i % 16;
        assert_int_equal(srv_lease_put(t, &lease, true), 0);
    }
    assert_int_equal(srv_lease_table_room(t), 0);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(find_client(i % 16, identity(i, "")), 0x0a000000U + i);
    time_ms last = 0;
    for (unsigned i = 0; i < MANY; i++) {
        struct srv_lease lease;
        assert_true(srv_lease_find_due(t, MANY, &lease));
        assert_true(lease.expires_ms >= last);
        last = lease.expires_ms;
        srv_lease_remove(t, lease.addr);
    }
    assert_int_equal(srv_lease_table_count(t), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_is_found_as_it_was),
        TEST(putting_an_address_again_replaces_its_record),
        TEST(a_client_that_comes_again_is_counted_and_queued_once),
        TEST(a_client_that_says_something_new_is_found_by_it),
        TEST(rfc2131_4_2_client_identifier_is_the_key_if_there_is_one),
        TEST(rfc2131_4_2_hardware_type_and_length_belong_to_the_key),
        TEST(without_matching_client_identifiers_the_hardware_address_counts),
        TEST(active_lease_comes_before_later_free_ones),
        TEST(held_records_fall_due_in_order),
        TEST(oldest_free_record_is_found_unless_withheld),
        TEST(limit_keeps_new_addresses_out),
        TEST(records_are_counted_by_hardware_address),
        TEST(records_with_and_without_an_identifier_are_counted),
        TEST(a_client_has_a_record_in_whatever_subnet),
        TEST(sorting_gives_address_order),
        TEST(entries_of_ever_new_sizes_take_no_more_memory),
        TEST(all_are_found_whatever_their_number),
        TEST(a_hundred_thousand_leases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
