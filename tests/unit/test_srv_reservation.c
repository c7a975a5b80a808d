/* Reservations in virtual time: who gets what is kept, and how conflicts end. RFC 2131 4.3.1, 4.3.2. */
#include "test_srv_world.h"

#define A10 IP(10, 0, 0, 10)
#define A11 IP(10, 0, 0, 11)
#define A12 IP(10, 0, 0, 12)
#define OUT IP(10, 0, 0, 200) /* in no pool */

/* A configuration with these reservations of subnet 1 and these global keys. */
#define CONFIG(global, reservations)                                                                         \
    "{ \"Dhcp4\": { " global "\"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","                      \
    " \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ], \"reservations\": [ " reservations             \
    " ] } ] } }"

/* Clients "a", "b", ... */
#define FOR_A "\"hw-address\": \"02:00:00:00:00:0a\""
#define FOR_B "\"hw-address\": \"02:00:00:00:00:0b\""
#define FOR_C "\"hw-address\": \"02:00:00:00:00:0c\""

static void reload(const char *text)
{
    struct srv_config *other = parse(text);
    assert_int_equal(srv_engine_reconfigure(engine, other), 0);
    srv_config_free(config);
    config = other;
}

/* ---- the address ---- */

static void a_reserved_address_is_given_to_its_client_and_to_nobody_else(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_C ", \"ip-address\": \"10.0.0.10\" }"));
    discover('a', 0);
    expect_offer(A11); /* not the first of the pool */
    bind('a', A11);
    discover('b', A10);
    expect_offer(A12);
    assert_true(decided(REASON_ADDR_RESERVED_OTHER));
    assert_false(decided(REASON_HOST));
    selecting('b', SERVER, A10);
    expect_nak(REASON_NAK_WRONG_ADDR);
    bind('b', A12);
    discover('d', 0);
    expect_silence(REASON_POOL_EMPTY);
    discover('c', A12);
    expect_offer(A10);
    assert_true(decided(REASON_HOST));
    assert_true(decided(REASON_ADDR_RESERVED));
    selecting('c', SERVER, A10);
    expect_ack(A10);
    discover('c', 0);
    expect_offer(A10);
    assert_true(decided(REASON_ADDR_BOUND)); /* no offer beside the lease, no probe */
    renew('c', A10);
    expect_ack(A10);
    release('c', A10);
    release('b', A12);
    discover('d', A10); /* free, and still kept */
    expect_offer(A12);
}

static void a_reserved_address_may_be_outside_the_pools(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }"));
    bind('a', OUT);
    renew('a', OUT);
    expect_ack(OUT);
    init_reboot('a', OUT);
    expect_ack(OUT);
    discover('b', OUT);
    expect_offer(A10);
    assert_true(decided(REASON_ADDR_RESERVED_OTHER));
}

/* RFC 2131 4.3.2 wants silence where there is "no record of this client": a reservation is one. */
static void rfc2131_4_3_2_a_reservation_is_a_record_of_the_client(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }"));
    init_reboot('a', A10);
    expect_nak(REASON_NAK_RESERVED);
    renew('a', A10);
    expect_nak(REASON_NAK_RESERVED);
    init_reboot('a', OUT);
    expect_ack(OUT);
    init_reboot('b', A10);
    expect_silence(REASON_UNKNOWN_CLIENT);
}

static void who_has_another_address_is_refused_and_gets_the_reserved_one(void **state)
{
    (void)state;
    start(CONFIG("", ""));
    bind('a', A10);
    reload(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }"));
    renew('a', A10);
    expect_nak(REASON_NAK_RESERVED);
    assert_int_equal(seen.n_put, 0); /* the lease stays until the client has another */
    discover('a', 0);
    expect_offer(OUT);
    selecting('a', SERVER, OUT);
    expect_ack(OUT);
    assert_true(decided(REASON_LEASE_MOVED));
    bind('b', A10);
}

static void who_claims_the_reserved_address_gets_it_though_its_lease_is_another(void **state)
{
    (void)state;
    start(CONFIG("", ""));
    bind('a', A10);
    reload(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }"));
    init_reboot('a', OUT);
    expect_ack(OUT);
    assert_true(decided(REASON_LEASE_MOVED));
}

/* Kea: the newcomer gets another address, who has the reserved one is refused at its renewal, then the
 * newcomer at its own, and in the end each has its own. */
static void a_conflict_ends_when_both_have_renewed(void **state)
{
    (void)state;
    start(CONFIG("", ""));
    bind('b', A10);
    reload(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.10\" }"));
    discover('a', A10);
    expect_offer(A11);
    assert_true(decided(REASON_RESERVED_IN_USE));
    selecting('a', SERVER, A11);
    expect_ack(A11);
    renew('a', A11); /* as long as the other has not come back */
    expect_ack(A11);
    renew('b', A10);
    expect_nak(REASON_NAK_RESERVED_OTHER);
    renew('a', A11);
    expect_ack(A11); /* the lease of b is not taken from it before it has another */
    discover('b', A10);
    expect_offer(A12);
    selecting('b', SERVER, A12);
    expect_ack(A12);
    renew('a', A11);
    expect_nak(REASON_NAK_RESERVED);
    discover('a', 0);
    expect_offer(A10);
    selecting('a', SERVER, A10);
    expect_ack(A10);
}

static void a_conflict_ends_with_the_lease_of_who_does_not_come_back(void **state)
{
    (void)state;
    start(CONFIG("\"valid-lifetime\": 100, ", ""));
    bind('b', A10);
    reload(CONFIG("\"valid-lifetime\": 100, ", "{ " FOR_A ", \"ip-address\": \"10.0.0.10\" }"));
    at(50 * S);
    bind('a', A11);
    at(100 * S - 1);
    renew('a', A11);
    expect_ack(A11);
    at(100 * S);
    renew('a', A11);
    expect_nak(REASON_NAK_RESERVED);
    bind('a', A10);
}

static void an_offer_to_another_is_waited_for(void **state)
{
    (void)state;
    start(CONFIG("", ""));
    discover('b', A10);
    reload(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.10\" }"));
    discover('a', 0);
    expect_offer(A11);
    assert_true(decided(REASON_RESERVED_IN_USE));
    selecting('b', SERVER, A10);
    expect_nak(REASON_NAK_RESERVED_OTHER);
    at(60 * S); /* both offers end */
    discover('a', 0);
    expect_offer(A10);
}

static void a_declined_reserved_address_is_replaced_until_its_quarantine_ends(void **state)
{
    (void)state;
    start(CONFIG("\"decline-probation-period\": 100, ", "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }"));
    bind('a', OUT);
    decline('a', OUT);
    assert_true(decided(REASON_DECLINED));
    discover('a', 0);
    expect_offer(A10);
    assert_true(decided(REASON_RESERVED_DECLINED));
    selecting('a', SERVER, A10);
    expect_ack(A10);
    at(100 * S - 1);
    renew('a', A10);
    expect_ack(A10);
    at(100 * S);
    renew('a', A10);
    expect_nak(REASON_NAK_RESERVED);
    bind('a', OUT);
}

static void when_a_reservation_goes_the_address_does_too(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }, { " FOR_B
                     ", \"ip-address\": \"10.0.0.10\" }"));
    bind('a', OUT);
    bind('b', A10);
    reload(CONFIG("", ""));
    renew('b', A10); /* in the pool: a lease like any other */
    expect_ack(A10);
    renew('a', OUT);
    expect_nak(REASON_NAK_NOT_IN_POOL);
    discover('a', 0);
    expect_offer(A11);
}

static void an_unknown_client_must_not_go_on_with_a_reserved_address(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.10\" }"));
    renew('b', A10);
    expect_nak(REASON_NAK_RESERVED_OTHER);
    rebind('b', A10); /* a broadcast may be meant for another server */
    expect_silence(REASON_UNKNOWN_CLIENT);
}

static void the_server_does_not_give_its_own_address_even_if_it_is_reserved(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.1\" }"));
    discover('a', 0);
    expect_offer(A10);
    assert_true(decided(REASON_ADDR_SERVER));
}

static void the_limit_of_leases_holds_for_reserved_addresses_too(void **state)
{
    (void)state;
    start(CONFIG("\"max-leases\": 1, ", "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }"));
    bind('b', A10);
    discover('a', 0);
    expect_silence(REASON_LEASE_LIMIT);
}

/* ---- who it is ---- */

static void with_client_id(char client, const char *id, size_t len)
{
    msg(client, DHCP_DISCOVER);
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, id, len);
}

static void each_identifier_finds_its_reservation(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.101\" },"
                     "{ \"client-id\": \"'0one'\", \"ip-address\": \"10.0.0.102\" },"
                     "{ \"duid\": \"00:03:00:01:02:00:00:00:00:0c\", \"ip-address\": \"10.0.0.103\" },"
                     "{ \"circuit-id\": \"'eth1/2'\", \"ip-address\": \"10.0.0.104\" }"));
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 101));
    with_client_id('b', "0one", 4);
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 102));
    /* type 255, IAID 1, DUID-LL of Ethernet, 02:00:00:00:00:0c */
    with_client_id('c', "\xff\0\0\0\1\0\3\0\1\2\0\0\0\0\x0c", 15);
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 103));
    /* sub-option 1 circuit id "eth1/2" */
    msg('d', DHCP_DISCOVER)->giaddr = IP(10, 0, 0, 254);
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\1\6eth1/2", 8);
    send_from(request.giaddr, DHCP_PORT_SERVER, SERVER);
    expect_offer(IP(10, 0, 0, 104));
}

#define CIRCUIT "{ \"circuit-id\": \"'eth1/2'\", \"ip-address\": \"10.0.0.200\" }"

/* The client "a" behind the relay gets what is reserved for its circuit: sub-option 1 "eth1/2". */
static void bind_by_circuit(void)
{
    msg('a', DHCP_REQUEST)->giaddr = IP(10, 0, 0, 254);
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\1\6eth1/2", 8);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, OUT);
    send_from(request.giaddr, DHCP_PORT_SERVER, SERVER);
    expect_ack(OUT);
}

/* RFC 3046 2.1: "Relay agents are NOT required to monitor or modify client-originated DHCP packets addressed
 * to a server unicast address. This includes the DHCP-REQUEST sent when entering the RENEWING state." */
static void rfc3046_2_1_a_renewal_past_the_relay_is_no_reason_to_refuse(void **state)
{
    (void)state;
    start(CONFIG("", CIRCUIT));
    bind_by_circuit();
    renew('b', OUT); /* not the lease's client */
    expect_nak(REASON_NAK_RESERVED_OTHER);
    renew('a', OUT);
    expect_ack(OUT);
    assert_true(decided(REASON_STASHED));
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_RELAY_INFO));
    renew('a', OUT); /* and for the next one */
    expect_ack(OUT);
    rebind('a', OUT); /* on our own link, where the circuit is another one */
    expect_nak(REASON_NAK_RESERVED_OTHER);
}

/* A pool that is open for a circuit alone. */
static void rfc3046_2_1_classes_of_the_circuit_hold_for_the_renewal_too(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ { \"name\": \"port\", \"test\": \"relay4[1].hex == "
          "'eth1/2'\" } ],"
          " \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          " \"pools\": [ { \"pool\": \"10.0.0.200 - 10.0.0.200\", \"client-class\": \"port\" } ] } ] } }");
    bind_by_circuit();
    renew('a', OUT);
    expect_ack(OUT);
}

static void what_the_relay_said_may_be_forgotten(void **state)
{
    static const char *const configs[] = {CONFIG("\"stash-agent-options\": false, ", CIRCUIT),
                                          CONFIG("\"store-extended-info\": false, ", CIRCUIT),
                                          CONFIG("\"compatibility\": { \"kea\": true }, ", CIRCUIT)};
    (void)state;
    for (int i = 0; i < 3; i++) {
        start(configs[i]);
        bind_by_circuit();
        renew('a', OUT);
        expect_nak(REASON_NAK_RESERVED_OTHER);
        stop(NULL);
    }
}

static void the_order_of_identifiers_decides(void **state)
{
    (void)state;
    static const char *const orders[] = {
        CONFIG("", "{ " FOR_A ", \"ip-address\": \"10.0.0.101\" },"
                   "{ \"client-id\": \"'0one'\", \"ip-address\": \"10.0.0.102\" }"),
        CONFIG("\"host-reservation-identifiers\": [ \"client-id\", \"hw-address\" ], ",
               "{ " FOR_A ", \"ip-address\": \"10.0.0.101\" },"
               "{ \"client-id\": \"'0one'\", \"ip-address\": \"10.0.0.102\" }"),
        CONFIG("\"host-reservation-identifiers\": [ \"duid\" ], ",
               "{ " FOR_A ", \"ip-address\": \"10.0.0.101\" },"
               "{ \"client-id\": \"'0one'\", \"ip-address\": \"10.0.0.102\" }"),
    };
    static const ip4 offers[] = {IP(10, 0, 0, 101), IP(10, 0, 0, 102), A10};
    for (size_t i = 0; i < 3; i++) {
        start(orders[i]);
        with_client_id('a', "0one", 4);
        send_to(IP4_BROADCAST);
        expect_offer(offers[i]);
        stop(NULL);
    }
}

/* Two cards of one machine: whichever has the address keeps it from the other. */
static void several_clients_may_share_an_address(void **state)
{
    (void)state;
    start(CONFIG("\"ip-reservations-unique\": false, ",
                 "{ " FOR_A ", \"ip-address\": \"10.0.0.10\" }, { " FOR_B
                 ", \"ip-address\": \"10.0.0.10\" }"));
    bind('a', A10);
    discover('b', 0);
    expect_offer(A11);
    assert_true(decided(REASON_RESERVED_IN_USE));
    release('a', A10);
    discover('b', 0);
    expect_offer(A10);
    discover('c', A10);
    assert_true(decided(REASON_ADDR_RESERVED_OTHER));
}

/* ---- which reservations hold ---- */

#define GLOBAL_A(keys)                                                                                       \
    CONFIG(keys "\"reservations\": [ { " FOR_A                                                               \
                ", \"ip-address\": \"10.0.0.200\", \"hostname\": \"global\" } ], ",                          \
           "{ " FOR_B ", \"ip-address\": \"10.0.0.10\" }")

static void global_reservations_hold_where_they_are_wanted(void **state)
{
    (void)state;
    start(GLOBAL_A(""));
    discover('a', 0);
    expect_offer(A11); /* the subnet's own: 10.0.0.10 is kept for b */
    assert_false(decided(REASON_HOST_GLOBAL));
    discover('c', OUT);
    expect_offer(A12);
    stop(NULL);

    start(GLOBAL_A("\"reservations-global\": true, "));
    discover('a', 0);
    expect_offer(OUT);
    assert_true(decided(REASON_HOST_GLOBAL));
    discover('b', 0);
    expect_offer(A10);
    stop(NULL);

    start(GLOBAL_A("\"reservations-global\": true, \"reservations-in-subnet\": false, "));
    bind('a', OUT);
    discover('c', 0);
    expect_offer(A10); /* nobody looks at the subnet's reservations */
}

static void the_subnets_own_reservation_goes_before_a_global_one(void **state)
{
    (void)state;
    start(CONFIG("\"reservations-global\": true, \"reservations\": [ { " FOR_A
                 ", \"ip-address\": \"10.0.0.200\" } ], ",
                 "{ " FOR_A ", \"ip-address\": \"10.0.0.11\" }"));
    discover('a', 0);
    expect_offer(A11);
    assert_true(decided(REASON_HOST));
}

static void a_global_address_of_another_subnet_is_not_given_here(void **state)
{
    (void)state;
    start(CONFIG("\"reservations-global\": true, \"reservations\": [ { " FOR_A
                 ", \"ip-address\": \"192.0.2.9\", \"hostname\": \"a\" } ], ",
                 ""));
    bind('a', A10);
    assert_string_equal(seen.put.hostname, "a"); /* the rest of the reservation holds */
}

static void reservations_out_of_pool_leave_the_pool_alone(void **state)
{
    (void)state;
    start(CONFIG("\"reservations-out-of-pool\": true, ",
                 "{ " FOR_A ", \"ip-address\": \"10.0.0.200\" }, { " FOR_B
                 ", \"ip-address\": \"10.0.0.10\" }"));
    bind('a', OUT);
    bind('c', A10); /* kept for nobody */
    discover('b', 0);
    expect_offer(A11);
}

/* ---- what goes with it ---- */

static void what_a_reservation_says_goes_before_all_else(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"next-server\": \"10.0.0.2\", \"boot-file-name\": \"global\","
          "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"global\" },"
          "                     { \"name\": \"domain-name-servers\", \"data\": \"10.0.0.3\" } ],"
          "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
          "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\","
          "      \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"pool\" } ] } ],"
          "    \"reservations\": [ { " FOR_A ", \"boot-file-name\": \"mine\", \"server-hostname\": \"box\","
          "      \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"mine\" } ] } ] } ] } }");
    bind('a', A10); /* no address is reserved */
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "mine");
    assert_non_null(dhcp_msg_find(&seen.msg, DHCP_OPT_DNS_SERVERS));
    assert_string_equal((const char *)seen.msg.file, "mine");
    assert_string_equal((const char *)seen.msg.sname, "box");
    assert_int_equal(seen.msg.siaddr, IP(10, 0, 0, 2));
    bind('b', A11);
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "pool");
    assert_string_equal((const char *)seen.msg.file, "global");
}

static void a_reserved_host_name_is_the_clients(void **state)
{
    (void)state;
    start(CONFIG("", "{ " FOR_A ", \"hostname\": \"printer\" }"));
    bind('a', A10);
    assert_string_equal(seen.put.hostname, "printer");
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_HOST_NAME)); /* neither asked for nor sent */
    msg('a', DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, "laptop");
    send_to(IP4_BROADCAST);
    expect_text_option(DHCP_OPT_HOST_NAME, "printer");
    msg('a', DHCP_DISCOVER);
    dhcp_put_u8(&request, DHCP_OPT_PRL, DHCP_OPT_HOST_NAME);
    send_to(IP4_BROADCAST);
    expect_text_option(DHCP_OPT_HOST_NAME, "printer");
    msg('b', DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, "laptop");
    send_to(IP4_BROADCAST);
    assert_false(dhcp_msg_has(&seen.msg, DHCP_OPT_HOST_NAME));
}

static void classes_of_a_reservation_and_known_clients(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": ["
          "    { \"name\": \"gold\", \"boot-file-name\": \"gold\" },"
          "    { \"name\": \"after\", \"test\": \"member('KNOWN')\","
          "      \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"known\" } ] } ],"
          "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
          "    { \"pool\": \"10.0.0.10/32\", \"client-classes\": [ \"gold\" ] },"
          "    { \"pool\": \"10.0.0.11/32\", \"client-classes\": [ \"UNKNOWN\" ] } ],"
          "    \"reservations\": [ { " FOR_A ", \"client-classes\": [ \"gold\" ] } ] } ] } }");
    discover('b', 0);
    expect_offer(A11);
    discover('a', 0);
    expect_offer(A10);
    expect_text_option(DHCP_OPT_DOMAIN_NAME, "known");
    assert_string_equal((const char *)seen.msg.file, "gold");
}

static void a_global_reservation_may_count_in_the_choice_of_the_subnet(void **state)
{
    (void)state;
#define EARLY(value)                                                                                         \
    "{ \"Dhcp4\": { \"early-global-reservations-lookup\": " value ", \"reservations\": [ { " FOR_A           \
    ",  \"client-classes\": [ \"gold\" ] }, { " FOR_B ", \"client-classes\": [ \"DROP\" ] } ],"              \
    " \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.1.0.0/24\", \"interface\": \"eth0\","                     \
    "   \"client-classes\": [ \"gold\" ], \"pools\": [ { \"pool\": \"10.1.0.10/32\" } ] },"                  \
    "  { \"id\": 2, \"subnet\": \"10.2.0.0/24\", \"interface\": \"eth0\","                                   \
    "   \"pools\": [ { \"pool\": \"10.2.0.10/32\" } ] } ] } }"
    start(EARLY("true"));
    discover('a', 0);
    expect_offer(IP(10, 1, 0, 10));
    assert_true(decided(REASON_HOST_GLOBAL));
    discover('b', 0);
    expect_silence(REASON_CLASS_DROP);
    discover('c', 0);
    expect_offer(IP(10, 2, 0, 10));
    stop(NULL);
    start(EARLY("false"));
    discover('a', 0);
    expect_offer(IP(10, 2, 0, 10));
    assert_false(decided(REASON_HOST_GLOBAL));
}

/* ---- in shared networks ---- */

static void a_reservation_in_any_subnet_of_the_link_holds(void **state)
{
    (void)state;
    start(
        "{ \"Dhcp4\": { \"shared-networks\": [ { \"name\": \"n\", \"subnet4\": ["
        " { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] },"
        " { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10/32\" } ],"
        "   \"reservations\": [ { " FOR_A ", \"ip-address\": \"10.0.2.10\" } ],"
        "   \"option-data\": [ { \"name\": \"routers\", \"data\": \"10.0.2.254\" } ] } ] } ] } }");
    init_reboot('a', A10);
    expect_nak(REASON_NAK_RESERVED);
    discover('a', A10);
    expect_offer(IP(10, 0, 2, 10));
    assert_true(decided(REASON_HOST));
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_ROUTERS));
    selecting('a', SERVER, IP(10, 0, 2, 10));
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(seen.put.subnet_id, 2);
    bind('b', A10);
    bind('c', A11);
    bind('d', A12);
    discover('e', 0); /* the second subnet has but the reserved address */
    expect_silence(REASON_NETWORK_EMPTY);
}

#define TEST(f) cmocka_unit_test_teardown(f, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reserved_address_is_given_to_its_client_and_to_nobody_else),
        TEST(a_reserved_address_may_be_outside_the_pools),
        TEST(rfc2131_4_3_2_a_reservation_is_a_record_of_the_client),
        TEST(who_has_another_address_is_refused_and_gets_the_reserved_one),
        TEST(who_claims_the_reserved_address_gets_it_though_its_lease_is_another),
        TEST(a_conflict_ends_when_both_have_renewed),
        TEST(a_conflict_ends_with_the_lease_of_who_does_not_come_back),
        TEST(an_offer_to_another_is_waited_for),
        TEST(a_declined_reserved_address_is_replaced_until_its_quarantine_ends),
        TEST(when_a_reservation_goes_the_address_does_too),
        TEST(an_unknown_client_must_not_go_on_with_a_reserved_address),
        TEST(the_server_does_not_give_its_own_address_even_if_it_is_reserved),
        TEST(the_limit_of_leases_holds_for_reserved_addresses_too),
        TEST(each_identifier_finds_its_reservation),
        TEST(rfc3046_2_1_a_renewal_past_the_relay_is_no_reason_to_refuse),
        TEST(rfc3046_2_1_classes_of_the_circuit_hold_for_the_renewal_too),
        TEST(what_the_relay_said_may_be_forgotten),
        TEST(the_order_of_identifiers_decides),
        TEST(several_clients_may_share_an_address),
        TEST(global_reservations_hold_where_they_are_wanted),
        TEST(the_subnets_own_reservation_goes_before_a_global_one),
        TEST(a_global_address_of_another_subnet_is_not_given_here),
        TEST(reservations_out_of_pool_leave_the_pool_alone),
        TEST(what_a_reservation_says_goes_before_all_else),
        TEST(a_reserved_host_name_is_the_clients),
        TEST(classes_of_a_reservation_and_known_clients),
        TEST(a_global_reservation_may_count_in_the_choice_of_the_subnet),
        TEST(a_reservation_in_any_subnet_of_the_link_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
