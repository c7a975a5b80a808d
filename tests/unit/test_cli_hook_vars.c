/* What a hook script is told of a lease. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_hook_vars.h"

static const struct cli_lease lease = {.addr = 0x0a00000a, .prefix_len = 24};
static struct dhcp_msg m;
static char *vars;

static int setup(void **state)
{
    (void)state;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_ACK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(vars);
    vars = NULL;
    return 0;
}

static void make(void)
{
    struct cli_ack ack;
    unsigned dropped;
    ack.len = (uint16_t)dhcp_msg_encode(&m, ack.bytes, sizeof ack.bytes, &dropped);
    assert_int_equal(dropped, 0);
    vars = cli_hook_vars(&lease, &ack);
    assert_non_null(vars);
}

#define OF_THE_LEASE                                                                                         \
    "ip_address=10.0.0.10\nsubnet_mask=255.255.255.0\nsubnet_cidr=24\nnetwork_number=10.0.0.0\n"             \
    "broadcast_address=10.0.0.255\n"

static void names_are_those_of_dhcpcd(void **state)
{
    (void)state;
    static const uint8_t two[] = {10, 0, 0, 1, 10, 0, 0, 2};
    /* 10.0.0.0/8 by 10.0.0.1 */
    static const uint8_t routes[] = {8, 10, 10, 0, 0, 1};
    static const uint8_t opaque[] = {0, 0xff};
    dhcp_put_ip4(&m, DHCP_OPT_SUBNET_MASK, 0xff000000); /* the lease's is right */
    dhcp_put_u32(&m, DHCP_OPT_LEASE_TIME, 3600);
    dhcp_put_u32(&m, DHCP_OPT_T1, 1800);
    dhcp_put_u32(&m, DHCP_OPT_T2, 3150);
    dhcp_put_ip4(&m, DHCP_OPT_SERVER_ID, 0x0a000001);
    dhcp_put_bytes(&m, DHCP_OPT_ROUTERS, two, 4);
    dhcp_put_bytes(&m, DHCP_OPT_DNS_SERVERS, two, 8);
    dhcp_put_text(&m, DHCP_OPT_DOMAIN_NAME, "lab.example");
    dhcp_put_text(&m, DHCP_OPT_HOST_NAME, "h1");
    dhcp_put_u16(&m, DHCP_OPT_MTU, 1400);
    dhcp_put_bytes(&m, DHCP_OPT_CLASSLESS_ROUTES, routes, sizeof routes);
    dhcp_put_bytes(&m, 224, opaque, sizeof opaque);
    make();
    assert_string_equal(vars, OF_THE_LEASE
                        "dhcp_message_type=5\ndhcp_lease_time=3600\ndhcp_renewal_time=1800\n"
                        "dhcp_rebinding_time=3150\ndhcp_server_identifier=10.0.0.1\nrouters=10.0.0.1\n"
                        "domain_name_servers=10.0.0.1 10.0.0.2\ndomain_name=lab.example\nhost_name=h1\n"
                        "interface_mtu=1400\nclassless_static_routes=10.0.0.0/8 10.0.0.1\noption_224=00ff\n");
}

static void values_cannot_make_lines_or_names_of_their_own(void **state)
{
    (void)state;
    dhcp_put_text(&m, DHCP_OPT_HOST_NAME, "$(reboot)");
    dhcp_put_text(&m, DHCP_OPT_DOMAIN_NAME, "a\nreason=RELEASE");
    dhcp_put_text(&m, DHCP_OPT_MESSAGE, "one\nPATH=/tmp\033[2J");
    make();
    assert_null(strstr(vars, "host_name"));
    assert_null(strstr(vars, "domain_name"));
    assert_null(strchr(vars, '\033'));
    for (const char *line = vars; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_memory_not_equal(line, "PATH", 4);
        assert_memory_not_equal(line, "reason", 6);
    }
    assert_non_null(strstr(vars, "\ndhcp_message=one"));
}

static void without_an_ack_there_is_the_address(void **state)
{
    (void)state;
    struct cli_ack none = {.len = 0};
    vars = cli_hook_vars(&lease, &none);
    assert_string_equal(vars, OF_THE_LEASE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_those_of_dhcpcd),
        TEST(values_cannot_make_lines_or_names_of_their_own),
        TEST(without_an_ack_there_is_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
