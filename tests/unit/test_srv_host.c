#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "server/srv_host.h"

enum { MANY = 100000 };

static struct arena arena;
static struct srv_host_table *t;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    t = srv_host_table_new(&arena, MANY);
    return t == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct srv_host_id id_of(enum srv_host_id_type type, const char *text)
{
    return (struct srv_host_id){type, (uint8_t)strlen(text), (const uint8_t *)text};
}

static const struct srv_host *put(uint32_t subnet_id, struct srv_host_id id, ip4 addr)
{
    struct srv_host *host = arena_alloc(&arena, sizeof *host);
    assert_non_null(host);
    *host = (struct srv_host){.subnet_id = subnet_id, .id = id, .addr = addr};
    srv_host_put(t, host);
    return host;
}

static struct srv_host_ids ids_of(struct srv_host_id first, struct srv_host_id second)
{
    return (struct srv_host_ids){.list = {first, second}, .n = 2};
}

static void a_reservation_is_found_by_subnet_type_and_octets(void **state)
{
    (void)state;
    struct srv_host_id a = id_of(SRV_HOST_HW_ADDRESS, "aaaaaa"),
                       other_type = id_of(SRV_HOST_CIRCUIT_ID, "aaaaaa"),
                       longer = id_of(SRV_HOST_HW_ADDRESS, "aaaaaaa");
    const struct srv_host *host = put(1, a, 10);
    assert_ptr_equal(srv_host_find_id(t, 1, &a), host);
    assert_null(srv_host_find_id(t, 2, &a));
    assert_null(srv_host_find_id(t, SRV_HOST_GLOBAL, &a));
    assert_null(srv_host_find_id(t, 1, &other_type));
    assert_null(srv_host_find_id(t, 1, &longer));
}

static void the_first_identifier_that_has_a_reservation_decides(void **state)
{
    (void)state;
    struct srv_host_id hw = id_of(SRV_HOST_HW_ADDRESS, "aaaaaa"),
                       client = id_of(SRV_HOST_CLIENT_ID, "\1aaaaaa");
    const struct srv_host *by_hw = put(1, hw, 10), *by_client = put(1, client, 11);
    struct srv_host_ids hw_first = ids_of(hw, client), client_first = ids_of(client, hw);
    assert_ptr_equal(srv_host_find(t, 1, &hw_first), by_hw);
    assert_ptr_equal(srv_host_find(t, 1, &client_first), by_client);
    struct srv_host_ids unknown_first = ids_of(id_of(SRV_HOST_DUID, "x"), client);
    assert_ptr_equal(srv_host_find(t, 1, &unknown_first), by_client);
    assert_null(srv_host_find(t, 1, &(struct srv_host_ids){.n = 0}));
}

static void identifiers_without_a_reservation_are_left_out(void **state)
{
    (void)state;
    struct srv_host_id hw = id_of(SRV_HOST_HW_ADDRESS, "aaaaaa"),
                       other = id_of(SRV_HOST_HW_ADDRESS, "bbbbbb"),
                       type = id_of(SRV_HOST_CIRCUIT_ID, "aaaaaa"), client = id_of(SRV_HOST_CLIENT_ID, "cc");
    put(2, hw, 10);
    put(3, hw, 11); /* the same one elsewhere */
    put(SRV_HOST_GLOBAL, client, 0);
    struct srv_host_ids ids = {.list = {type, client, other, hw}, .n = 4};
    srv_host_keep_known(t, &ids);
    assert_int_equal(ids.n, 2);
    assert_true(srv_host_id_equal(&ids.list[0], &client));
    assert_true(srv_host_id_equal(&ids.list[1], &hw));
    ids = ids_of(other, type);
    srv_host_keep_known(t, &ids);
    assert_int_equal(ids.n, 0);
}

/* Kea's ip-reservations-unique false: two cards of one machine. */
static void an_address_may_be_kept_for_several_clients(void **state)
{
    (void)state;
    struct srv_host_id a = id_of(SRV_HOST_HW_ADDRESS, "aaaaaa"), b = id_of(SRV_HOST_HW_ADDRESS, "bbbbbb");
    const struct srv_host *first = put(1, a, 10), *second = put(1, b, 10);
    assert_ptr_equal(srv_host_find_addr(t, 1, 10, NULL), first);
    assert_ptr_equal(srv_host_find_addr(t, 1, 10, first), second);
    assert_null(srv_host_find_addr(t, 1, 10, second));
}

static void a_reservation_without_an_address_keeps_none(void **state)
{
    (void)state;
    struct srv_host_id a = id_of(SRV_HOST_HW_ADDRESS, "aaaaaa");
    const struct srv_host *host = put(1, a, 0);
    assert_ptr_equal(srv_host_find_id(t, 1, &a), host);
    assert_null(srv_host_find_addr(t, 1, 0, NULL));
}

static void each_of_many_is_found(void **state)
{
    (void)state;
    static uint8_t macs[MANY][6];
    for (uint32_t i = 0; i < MANY; i++) {
        macs[i][2] = (uint8_t)(i >> 16);
        macs[i][3] = (uint8_t)(i >> 8);
        macs[i][4] = (uint8_t)i;
        put(1 + i % 3, (struct srv_host_id){SRV_HOST_HW_ADDRESS, 6, macs[i]}, 1000 + i);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        const struct srv_host *host =
            srv_host_find_id(t, 1 + i % 3, &(struct srv_host_id){SRV_HOST_HW_ADDRESS, 6, macs[i]});
        assert_non_null(host);
        assert_int_equal(host->addr, 1000 + i);
        assert_ptr_equal(srv_host_find_addr(t, 1 + i % 3, 1000 + i, NULL), host);
    }
}

/* ---- what a message says ---- */

static struct dhcp_msg msg;
static const enum srv_host_id_type all[] = {SRV_HOST_HW_ADDRESS, SRV_HOST_DUID, SRV_HOST_CIRCUIT_ID,
                                            SRV_HOST_CLIENT_ID};

static struct srv_host_ids read_all(void)
{
    struct srv_host_ids ids;
    srv_host_ids_read(all, 4, &msg, msg.giaddr != 0, &ids);
    return ids;
}

static void expect_id(const struct srv_host_id *id, enum srv_host_id_type type, const void *bytes, size_t len)
{
    assert_int_equal(id->type, type);
    assert_int_equal(id->len, len);
    assert_memory_equal(id->bytes, bytes, len);
}

static void start_msg(ip4 giaddr)
{
    dhcp_msg_init(&msg, DHCP_BOOTREQUEST);
    msg.htype = 1;
    msg.hlen = 6;
    memcpy(msg.chaddr, "\2\0\0\0\0\x0a", 6);
    msg.giaddr = giaddr;
}

static void all_identifiers_are_read_in_their_order(void **state)
{
    (void)state;
    /* type 255 (DUID), IAID 7, DUID-LL (3), Ethernet (1), 02:00:00:00:00:0a */
    static const uint8_t client_id[] = {255, 0, 0, 0, 7, 0, 3, 0, 1, 2, 0, 0, 0, 0, 10};
    /* sub-option 2 remote id "r"; sub-option 1 circuit id "eth1" */
    static const uint8_t relay[] = {2, 1, 'r', 1, 4, 'e', 't', 'h', '1'};
    start_msg(IP4_BROADCAST);
    assert_true(dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, client_id, sizeof client_id));
    assert_true(dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO, relay, sizeof relay));
    struct srv_host_ids ids = read_all();
    assert_int_equal(ids.n, 4);
    expect_id(&ids.list[0], SRV_HOST_HW_ADDRESS, "\2\0\0\0\0\x0a", 6);
    expect_id(&ids.list[1], SRV_HOST_DUID, client_id + 5, sizeof client_id - 5);
    expect_id(&ids.list[2], SRV_HOST_CIRCUIT_ID, "eth1", 4);
    expect_id(&ids.list[3], SRV_HOST_CLIENT_ID, client_id, sizeof client_id);

    static const enum srv_host_id_type two[] = {SRV_HOST_CLIENT_ID, SRV_HOST_HW_ADDRESS};
    srv_host_ids_read(two, 2, &msg, true, &ids);
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.list[0].type, SRV_HOST_CLIENT_ID);
    assert_int_equal(ids.list[1].type, SRV_HOST_HW_ADDRESS);
}

static void rfc4361_only_type_255_has_a_duid(void **state)
{
    (void)state;
    /* type 1 (Ethernet), 02:00:00:00:00:0a */
    static const uint8_t by_mac[] = {1, 2, 0, 0, 0, 0, 10};
    start_msg(0);
    assert_true(dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, by_mac, sizeof by_mac));
    struct srv_host_ids ids = read_all();
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.list[1].type, SRV_HOST_CLIENT_ID);

    /* type 255, IAID 7, and no DUID */
    static const uint8_t cut[] = {255, 0, 0, 0, 7};
    start_msg(0);
    assert_true(dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, cut, sizeof cut));
    ids = read_all();
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.list[1].type, SRV_HOST_CLIENT_ID);
}

static void rfc3046_a_client_cannot_forge_a_circuit(void **state)
{
    (void)state;
    /* sub-option 1 circuit id "eth1" */
    static const uint8_t relay[] = {1, 4, 'e', 't', 'h', '1'};
    start_msg(0);
    assert_true(dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO, relay, sizeof relay));
    struct srv_host_ids ids = read_all();
    assert_int_equal(ids.n, 1);
    assert_int_equal(ids.list[0].type, SRV_HOST_HW_ADDRESS);
}

static void what_is_not_there_is_no_identifier(void **state)
{
    (void)state;
    start_msg(0);
    msg.hlen = 0;
    assert_int_equal(read_all().n, 0);
    /* a circuit identifier that runs past its option: 4 octets announced, 1 there */
    static const uint8_t cut[] = {1, 4, 'e'};
    start_msg(IP4_BROADCAST);
    assert_true(dhcp_put_bytes(&msg, DHCP_OPT_RELAY_INFO, cut, sizeof cut));
    assert_int_equal(read_all().n, 1);
    /* longer than any reservation's */
    static const uint8_t big[SRV_HOST_ID_MAX + 1] = {0};
    start_msg(0);
    assert_true(dhcp_put_bytes(&msg, DHCP_OPT_CLIENT_ID, big, sizeof big));
    assert_int_equal(read_all().n, 1);
}

/* ---- as text ---- */

static void identifiers_are_hexadecimal_or_quoted_text(void **state)
{
    (void)state;
    uint8_t bytes[SRV_HOST_ID_MAX];
    const char *why;
    assert_int_equal(srv_host_id_parse("01:0a:Ff", bytes, &why), 3);
    assert_memory_equal(bytes, "\x01\x0a\xff", 3);
    assert_int_equal(srv_host_id_parse("010aff", bytes, &why), 3);
    assert_memory_equal(bytes, "\x01\x0a\xff", 3);
    assert_int_equal(srv_host_id_parse("'charter950'", bytes, &why), 10);
    assert_memory_equal(bytes, "charter950", 10);
    static const char *const wrong[] = {"", "''", "charter950", "01:0g", "'open"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(srv_host_id_parse(wrong[i], bytes, &why), ERR_INVALID);
    char longest[2 * SRV_HOST_ID_MAX + 3];
    memset(longest, '0', sizeof longest);
    longest[2 * SRV_HOST_ID_MAX] = '\0';
    assert_int_equal(srv_host_id_parse(longest, bytes, &why), SRV_HOST_ID_MAX);
    longest[2 * SRV_HOST_ID_MAX] = '0';
    longest[2 * SRV_HOST_ID_MAX + 2] = '\0';
    assert_int_equal(srv_host_id_parse(longest, bytes, &why), ERR_INVALID);
}

static void types_have_the_names_of_kea(void **state)
{
    (void)state;
    static const char *const names[] = {"hw-address", "duid", "circuit-id", "client-id"};
    for (size_t i = 0; i < 4; i++) {
        enum srv_host_id_type type;
        assert_string_equal(srv_host_id_name(all[i]), names[i]);
        assert_true(srv_host_id_type_find(names[i], &type));
        assert_int_equal(type, all[i]);
    }
    enum srv_host_id_type type = SRV_HOST_CLIENT_ID;
    assert_false(srv_host_id_type_find("flex-id", &type));
    assert_int_equal(type, SRV_HOST_CLIENT_ID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reservation_is_found_by_subnet_type_and_octets),
        TEST(the_first_identifier_that_has_a_reservation_decides),
        TEST(identifiers_without_a_reservation_are_left_out),
        TEST(an_address_may_be_kept_for_several_clients),
        TEST(a_reservation_without_an_address_keeps_none),
        TEST(each_of_many_is_found),
        cmocka_unit_test(all_identifiers_are_read_in_their_order),
        cmocka_unit_test(rfc4361_only_type_255_has_a_duid),
        cmocka_unit_test(rfc3046_a_client_cannot_forge_a_circuit),
        cmocka_unit_test(what_is_not_there_is_no_identifier),
        cmocka_unit_test(identifiers_are_hexadecimal_or_quoted_text),
        cmocka_unit_test(types_have_the_names_of_kea),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
