#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_lease.h"
#include "test_cli_profiles.h"

#define ADDR   0x0a00000aU
#define SERVER 0x0a000001U

static void ack_init(struct dhcp_msg *m, ip4 addr)
{
    dhcp_msg_init(m, DHCP_BOOTREPLY);
    m->yiaddr = addr;
    dhcp_put_u32(m, DHCP_OPT_LEASE_TIME, 3600);
    dhcp_put_ip4(m, DHCP_OPT_SERVER_ID, SERVER);
}

static void everything_an_ack_can_say_is_kept(void **state)
{
    (void)state;
    struct dhcp_msg m;
    ack_init(&m, ADDR);
    dhcp_put_ip4(&m, DHCP_OPT_SUBNET_MASK, 0xfffffff0);
    static const uint8_t dns[] = {10, 0, 0, 3, 10, 0, 0, 4};
    dhcp_put_bytes(&m, DHCP_OPT_DNS_SERVERS, dns, sizeof dns);
    dhcp_put_text(&m, DHCP_OPT_DOMAIN_NAME, "example.org");
    dhcp_put_u16(&m, DHCP_OPT_MTU, 1400);
    dhcp_put_u32(&m, DHCP_OPT_T1, 600);
    dhcp_put_u32(&m, DHCP_OPT_T2, 1200);
    struct cli_lease lease;
    cli_lease_read(profile_of("rfc2131"), &m, 5000, 5040, &lease);
    assert_int_equal(lease.addr, ADDR);
    assert_int_equal(lease.prefix_len, 28);
    assert_int_equal(lease.server_id, SERVER);
    assert_int_equal(lease.n_dns, 2);
    assert_int_equal(lease.dns[1], 0x0a000004);
    assert_string_equal(lease.domain, "example.org");
    assert_int_equal(lease.mtu, 1400);
    assert_int_equal(lease.lease_s, 3600);
    assert_int_equal(lease.requested_ms, 5000);
    assert_int_equal(lease.acked_ms, 5040);
    assert_int_equal(lease.renew_at_ms, 605000);
    assert_int_equal(lease.rebind_at_ms, 1205000);
    assert_int_equal(lease.expires_at_ms, 3605000);
}

static void mask_missing_or_broken_gives_that_of_the_address_class(void **state)
{
    (void)state;
    static const struct {
        ip4 addr, mask; /* mask 0: absent */
        uint8_t prefix_len;
    } rows[] = {
        {0x0a00000a, 0, 8},           {0xac10000a, 0, 16},          {0xc0a8000a, 0, 24},
        {0xc0a8000a, 0xff00ff00, 24}, {0x0a00000a, 0xffffffff, 32}, {0x0a00000a, 0x80000000, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dhcp_msg m;
        ack_init(&m, rows[i].addr);
        if (rows[i].mask != 0)
            dhcp_put_ip4(&m, DHCP_OPT_SUBNET_MASK, rows[i].mask);
        struct cli_lease lease;
        cli_lease_read(profile_of("rfc2131"), &m, 0, 0, &lease);
        assert_int_equal(lease.prefix_len, rows[i].prefix_len);
    }
}

static void values_that_make_no_sense_are_left_out(void **state)
{
    (void)state;
    struct dhcp_msg m;
    ack_init(&m, ADDR);
    dhcp_put_u16(&m, DHCP_OPT_MTU, 67); /* RFC 2132 5.1: the minimum is 68 */
    dhcp_put_bytes(&m, DHCP_OPT_DNS_SERVERS, "12345", 5);
    dhcp_put_text(&m, DHCP_OPT_DOMAIN_NAME, "a;rm -rf /\n");
    dhcp_put_bytes(&m, DHCP_OPT_T1, "123", 3);
    struct cli_lease lease;
    cli_lease_read(profile_of("rfc2131"), &m, 0, 0, &lease);
    assert_int_equal(lease.mtu, 0);
    assert_int_equal(lease.n_dns, 0);
    assert_string_equal(lease.domain, "");
    assert_int_equal(lease.timers.t1_origin, CLI_TIMER_DEFAULT);
}

/* RFC 2132 2: trailing NULs are deleted. */
static void domain_loses_trailing_nuls(void **state)
{
    (void)state;
    struct dhcp_msg m;
    ack_init(&m, ADDR);
    dhcp_put_bytes(&m, DHCP_OPT_DOMAIN_NAME, "lab\0\0", 5);
    struct cli_lease lease;
    cli_lease_read(profile_of("rfc2131"), &m, 0, 0, &lease);
    assert_string_equal(lease.domain, "lab");
}

static void domain_of_255_octets_is_kept_and_a_longer_one_is_not(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'a', sizeof name);
    struct dhcp_msg m;
    struct cli_lease lease;
    ack_init(&m, ADDR);
    dhcp_put_bytes(&m, DHCP_OPT_DOMAIN_NAME, name, 255);
    cli_lease_read(profile_of("rfc2131"), &m, 0, 0, &lease);
    assert_int_equal(strlen(lease.domain), 255);
    dhcp_put_bytes(&m, DHCP_OPT_DOMAIN_NAME, name, 256);
    cli_lease_read(profile_of("rfc2131"), &m, 0, 0, &lease);
    assert_string_equal(lease.domain, "");
}

static void only_the_first_four_name_servers_are_kept(void **state)
{
    (void)state;
    struct dhcp_msg m;
    ack_init(&m, ADDR);
    uint8_t dns[4 * 6] = {0};
    for (uint8_t i = 0; i < 6; i++)
        dns[4 * i + 3] = i;
    dhcp_put_bytes(&m, DHCP_OPT_DNS_SERVERS, dns, sizeof dns);
    struct cli_lease lease;
    cli_lease_read(profile_of("rfc2131"), &m, 0, 0, &lease);
    assert_int_equal(lease.n_dns, CLI_DNS_MAX);
    assert_int_equal(lease.dns[3], 3);
}

static void infinite_lease_never_ends(void **state)
{
    (void)state;
    struct dhcp_msg m;
    ack_init(&m, ADDR);
    dhcp_put_u32(&m, DHCP_OPT_LEASE_TIME, LEASE_INFINITE);
    struct cli_lease lease;
    cli_lease_read(profile_of("rfc2131"), &m, 1000, 1000, &lease);
    assert_int_equal(lease.renew_at_ms, TIME_NEVER);
    assert_int_equal(lease.rebind_at_ms, TIME_NEVER);
    assert_int_equal(lease.expires_at_ms, TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_an_ack_can_say_is_kept),
        cmocka_unit_test(mask_missing_or_broken_gives_that_of_the_address_class),
        cmocka_unit_test(values_that_make_no_sense_are_left_out),
        cmocka_unit_test(domain_loses_trailing_nuls),
        cmocka_unit_test(domain_of_255_octets_is_kept_and_a_longer_one_is_not),
        cmocka_unit_test(only_the_first_four_name_servers_are_kept),
        cmocka_unit_test(infinite_lease_never_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
