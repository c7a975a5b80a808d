/* The server engine in virtual time. */
#include "test_srv_world.h"

/* ---- RFC 2131 3.1: the exchange ---- */

static void rfc2131_3_1_discover_offer_request_ack(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    assert_true(decided(REASON_SUBNET_INTERFACE));
    assert_true(decided(REASON_ADDR_NEXT));
    assert_true(decided(REASON_TO_YIADDR));
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    uint32_t lease_s = 0;
    assert_true(dhcp_get_u32(&seen.msg, DHCP_OPT_LEASE_TIME, &lease_s));
    assert_int_equal(lease_s, 3600);
    assert_int_equal(seen.put.lease_s, 3600);
    assert_true(seen.put.expires_ms == 3600 * S);
    assert_true(decided(REASON_REQUEST_SELECTING));
    assert_true(decided(REASON_LEASE_NEW));
}

static void rfc2131_4_1_ack_answers_a_retransmitted_request_again(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    at(4 * S);
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_true(decided(REASON_LEASE_KEPT));
    assert_true(seen.put.expires_ms == 3600 * S);
}

/* ---- relays ---- */

static void rfc2131_4_3_1_relayed_client_gets_an_address_of_the_relays_subnet(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_DISCOVER)->giaddr = IP(10, 0, 2, 1);
    dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, "\x01\x02p1", 4);
    send_to(SERVER);
    expect_offer(IP(10, 0, 2, 10));
    assert_true(decided(REASON_SUBNET_RELAY));
    assert_int_equal(seen.packet.dst, IP(10, 0, 2, 1));
    assert_int_equal(seen.packet.dport, DHCP_PORT_SERVER);
    const struct dhcp_option *last = &seen.msg.options[seen.msg.n_options - 1];
    assert_int_equal(last->code, DHCP_OPT_RELAY_INFO);
    assert_memory_equal(last->data, "\x01\x02p1", 4);

    msg('b', DHCP_DISCOVER)->giaddr = IP(10, 0, 3, 1);
    send_to(SERVER);
    expect_silence(REASON_NO_SUBNET);

    msg('b', DHCP_REQUEST)->giaddr = IP(10, 0, 2, 1);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    send_to(SERVER);
    expect_nak(REASON_NAK_WRONG_NET);
    assert_int_equal(seen.packet.dst, IP(10, 0, 2, 1));
    assert_int_equal(seen.msg.flags, DHCP_FLAG_BROADCAST);
}

static void rfc2131_4_3_6_relayed_unicast_with_ciaddr_is_rebinding(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_REQUEST)->giaddr = IP(10, 0, 2, 1);
    request.ciaddr = IP(10, 0, 2, 10);
    send_to(SERVER);
    assert_true(decided(REASON_REQUEST_REBINDING));
}

static void rfc2131_2_1_same_client_on_two_subnets_has_two_leases(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    msg('a', DHCP_DISCOVER)->giaddr = IP(10, 0, 2, 1);
    send_to(SERVER);
    expect_offer(IP(10, 0, 2, 10));
}

static void subnet_that_names_the_interface_comes_first(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": ["
          "  { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } "
          "] },"
          "  { \"id\": 2, \"subnet\": \"10.5.0.0/24\", \"interface\": \"eth0\","
          "    \"pools\": [ { \"pool\": \"10.5.0.10 - 10.5.0.12\" } ] } ] } }");
    discover('a', 0);
    expect_offer(IP(10, 5, 0, 10));
    assert_true(decided(REASON_SUBNET_INTERFACE_NAME));
}

/* ---- RFC 2131 4.2: who is who ---- */

static void rfc2131_4_2_client_identifier_names_the_client(void **state)
{
    (void)state;
    start(basic);
    static const uint8_t id[] = {1, 2, 0, 0, 0, 0, 10}; /* type 1 and the hardware address of a */
    bind('a', IP(10, 0, 0, 10));
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, id, sizeof id);
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 11)); /* not the client that sends none */
    dhcp_put_bytes(msg('b', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, id, sizeof id);
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 11)); /* another network card of the same client */
    const struct dhcp_option *echo = dhcp_msg_find(&seen.msg, DHCP_OPT_CLIENT_ID);
    assert_non_null(echo);
    assert_memory_equal(echo->data, id, sizeof id);
}

static void match_client_id_false_goes_by_the_hardware_address(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"match-client-id\": false, \"subnet4\": [ { \"id\": 1,"
          "  \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }");
    bind('a', IP(10, 0, 0, 10));
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, "\0boot", 5);
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 10));
    dhcp_put_bytes(msg('b', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, "\0boot", 5);
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 11));
}

static void what_has_no_usable_identity_is_dropped(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_DISCOVER)->hlen = 0;
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_NO_IDENTITY);
    uint8_t id[256] = {0};
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, id, sizeof id);
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_CLIENT_ID_LONG);
    msg('a', DHCP_DISCOVER)->hlen = 0;
    dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, id, 255);
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 10));
    assert_true(decided(REASON_TO_BROADCAST_HW));
}

static void rfc2132_2_host_name_of_the_client_is_kept_without_trailing_nul(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    msg('a', DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    dhcp_put_bytes(&request, DHCP_OPT_HOST_NAME, "h1\0", 3);
    send_to(IP4_BROADCAST);
    expect_ack(IP(10, 0, 0, 10));
    assert_string_equal(seen.put.hostname, "h1");
}

/* ---- limits ---- */

static void discover_as(char client, const char *id)
{
    dhcp_put_bytes(msg(client, DHCP_DISCOVER), DHCP_OPT_CLIENT_ID, id, strlen(id));
    send_to(IP4_BROADCAST);
}

/* A client that invents identifiers cannot take all offers. One that has an offer gets it again, and other
 * hardware addresses are served. */
static void offers_for_one_hardware_address_are_limited(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"max-offers-per-client\": 2, \"offer-hold-time\": 10, \"subnet4\": [ { \"id\": 1,"
          "  \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.99\" } ] } ] } }");
    discover_as('a', "\1one");
    expect_offer(IP(10, 0, 0, 10));
    discover_as('a', "\1two");
    expect_offer(IP(10, 0, 0, 11));
    discover_as('a', "\1three");
    expect_silence(REASON_OFFER_LIMIT_CLIENT);
    assert_int_equal(seen.last.facts.num, 2);
    discover_as('a', "\1two");
    expect_offer(IP(10, 0, 0, 11));
    discover_as('b', "\1three");
    expect_offer(IP(10, 0, 0, 12));
    at(10 * S);
    discover_as('a', "\1three");
    assert_int_equal(seen.msg.type, DHCP_OFFER);
}

#define OFFERS(max, pool)                                                                                    \
    "{ \"Dhcp4\": { \"max-offers\": " max ", \"offer-hold-time\": 10, \"subnet4\": [ { \"id\": 1,"           \
    "  \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"" pool "\" } ] } ] } }"

static void offers_are_limited(void **state)
{
    (void)state;
    start(OFFERS("2", "10.0.0.10 - 10.0.0.99"));
    discover('a', 0);
    discover('b', 0);
    discover('c', 0);
    expect_silence(REASON_OFFER_LIMIT);
    assert_int_equal(seen.last.facts.num, 2);
    discover('b', 0); /* its own offer stands */
    expect_offer(IP(10, 0, 0, 11));
    at(10 * S);
    discover('c', 0);
    expect_offer(IP(10, 0, 0, 10));
}

static void leases_are_limited_and_free_ones_make_room(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"max-leases\": 2, \"subnet4\": [ { \"id\": 1,"
          "  \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.99\" } ] } ] } }");
    bind('a', IP(10, 0, 0, 10));
    discover('b', 0);
    discover('c', 0);
    expect_silence(REASON_LEASE_LIMIT); /* the offer may become the second lease */
    selecting('b', SERVER, IP(10, 0, 0, 11));
    expect_ack(IP(10, 0, 0, 11));
    selecting('c', SERVER, IP(10, 0, 0, 12));
    expect_silence(REASON_LEASE_LIMIT);
    assert_int_equal(seen.last.facts.num, 2);
    release('a', IP(10, 0, 0, 10));
    discover('c', 0);
    expect_offer(IP(10, 0, 0, 10));
    assert_true(decided(REASON_ADDR_RECLAIMED));
}

static void one_step_expires_a_bounded_number_of_leases(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/16\","
          "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.9.255\" } ] } ] } }");
    for (unsigned i = 0; i < SRV_EXPIRE_MAX + 10; i++) {
        struct srv_lease lease = {.addr = IP(10, 0, 1, 0) + i,
                                  .subnet_id = 1,
                                  .hw = {1, 6, {2, 0, 0, 1, (uint8_t)(i >> 8), (uint8_t)i}},
                                  .expires_ms = 5 * S};
        assert_int_equal(srv_engine_load(engine, &lease, 0), 0);
    }
    now = 5 * S;
    struct srv_event deadline = {.kind = SRV_DEADLINE, .now = now};
    srv_actions_reset(&actions);
    assert_int_equal(srv_engine_step(engine, &deadline, &actions), 0);
    assert_int_equal(srv_engine_counters(engine)->reasons[REASON_LEASE_EXPIRED], SRV_EXPIRE_MAX);
    assert_true(srv_engine_deadline(engine) == 5 * S);
    step(&deadline);
    assert_int_equal(srv_engine_counters(engine)->reasons[REASON_LEASE_EXPIRED], SRV_EXPIRE_MAX + 10);
    assert_true(srv_engine_deadline(engine) == TIME_NEVER);
}

/* ---- what is not served is named ---- */

static void other_messages_are_named_and_counted(void **state)
{
    static const uint8_t types[] = {DHCP_OFFER, DHCP_LEASEACTIVE, DHCP_TLS};
    (void)state;
    start(basic);
    for (size_t i = 0; i < sizeof types; i++) {
        msg('a', types[i])->ciaddr = IP(10, 0, 0, 10);
        send_to(SERVER);
        expect_silence(REASON_MSG_TYPE_NOT_SERVED);
        assert_string_equal(seen.last.facts.text, dhcp_type_name(types[i]));
        assert_int_equal(seen.last.xid, 0x12345678);
        assert_int_equal(srv_engine_counters(engine)->received[types[i]], 1);
    }
    assert_int_equal(srv_engine_counters(engine)->dropped, 3);
}

static void broken_headers_are_dropped_with_their_reason(void **state)
{
    (void)state;
    start(basic);
    msg('a', DHCP_DISCOVER)->op = DHCP_BOOTREPLY;
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_REPLY_AT_SERVER);
    msg('a', DHCP_DISCOVER)->hops = 17;
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_HOPS);
    assert_int_equal(seen.last.facts.num, 17);
    msg('a', DHCP_DISCOVER)->hlen = 17; /* cannot be read: the driver traces it, here it is counted */
    send_to(IP4_BROADCAST);
    assert_int_equal(seen.n_tx + seen.n_put + seen.n_drops, 0);
    assert_int_equal(srv_engine_counters(engine)->reasons[REASON_MSG_BAD_HLEN], 1);
    msg('a', DHCP_DISCOVER)->hops = 16;
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 10));
}

/* A cut server identifier is not another server, a cut requested address is not none. */
static void addresses_of_a_wrong_length_are_named(void **state)
{
    static const uint8_t cut[] = {10, 0, 0};
    (void)state;
    start(basic);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    dhcp_put_bytes(msg('a', DHCP_REQUEST), DHCP_OPT_SERVER_ID, cut, sizeof cut);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_BAD_OPTION);
    assert_int_equal(seen.last.facts.num, DHCP_OPT_SERVER_ID);
    assert_int_equal(seen.last.facts.max, sizeof cut);
    dhcp_put_bytes(msg('a', DHCP_REQUEST), DHCP_OPT_REQUESTED_IP, cut, sizeof cut);
    send_to(IP4_BROADCAST);
    expect_silence(REASON_MSG_BAD_OPTION);
    selecting('a', SERVER, IP(10, 0, 0, 10)); /* the offer stands */
    expect_ack(IP(10, 0, 0, 10));
}

static void every_shorter_packet_is_answered_or_counted_by_reason(void **state)
{
    (void)state;
    start(basic);
    uint8_t whole[DHCP_MSG_MAX];
    unsigned dropped;
    uint64_t n_dropped = 0;
    dhcp_put_ip4(msg('a', DHCP_DISCOVER), DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 11));
    size_t len = dhcp_msg_encode(&request, whole, sizeof whole, &dropped);
    for (size_t i = 0; i <= len; i++) {
        uint8_t *part = malloc(i + 1); /* exact size: a sanitizer sees every octet read too far */
        assert_non_null(part);
        memcpy(part, whole, i);
        step(&(struct srv_event){.kind = SRV_RX,
                                 .now = now,
                                 .iface = &eth0,
                                 .packet = {.dst = IP4_BROADCAST, .bytes = part, .len = i}});
        uint64_t dropped_before = n_dropped;
        n_dropped = srv_engine_counters(engine)->dropped;
        assert_true(seen.n_tx == 1 || n_dropped == dropped_before + 1);
        free(part);
    }
    assert_int_equal(srv_engine_counters(engine)->reasons[REASON_MSG_TOO_SHORT], DHCP_MSG_MIN);
}

static void counters_tell_what_happened(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    init_reboot('a', IP(10, 0, 0, 11));
    const struct srv_counters *c = srv_engine_counters(engine);
    assert_int_equal(c->received[DHCP_DISCOVER], 1);
    assert_int_equal(c->received[DHCP_REQUEST], 2);
    assert_int_equal(c->sent[DHCP_OFFER], 1);
    assert_int_equal(c->sent[DHCP_ACK], 1);
    assert_int_equal(c->sent[DHCP_NAK], 1);
    assert_int_equal(c->reasons[REASON_LEASE_NEW], 1);
    assert_int_equal(c->reasons[REASON_NAK_WRONG_ADDR], 1);
    assert_int_equal(c->dropped, 0);
}

/* ---- start and reload ---- */

static struct srv_lease stored(ip4 addr, uint32_t subnet_id, char client, time_ms expires_ms)
{
    return (struct srv_lease){.addr = addr,
                              .subnet_id = subnet_id,
                              .hw = {1, 6, {2, 0, 0, 0, 0, (uint8_t)(client - 'a' + 10)}},
                              .lease_s = 3600,
                              .expires_ms = expires_ms};
}

static void stored_leases_are_known_after_a_start(void **state)
{
    (void)state;
    start(basic);
    struct srv_lease active = stored(IP(10, 0, 0, 10), 1, 'a', 1000 * S);
    struct srv_lease over = stored(IP(10, 0, 0, 11), 1, 'b', 400 * S);
    struct srv_lease strange = stored(IP(172, 16, 0, 1), 1, 'c', 1000 * S);
    struct srv_lease moved = stored(IP(10, 0, 2, 10), 77, 'd', 1000 * S);
    assert_int_equal(srv_engine_load(engine, &active, 400 * S), 0);
    assert_int_equal(srv_engine_load(engine, &active, 400 * S), ERR_EXISTS);
    assert_int_equal(srv_engine_load(engine, &over, 400 * S), 0);
    assert_int_equal(srv_engine_load(engine, &strange, 400 * S), ERR_INVALID);
    assert_int_equal(srv_engine_load(engine, &moved, 400 * S), 0);
    now = 400 * S;
    assert_true(srv_engine_deadline(engine) == 1000 * S);
    init_reboot('a', IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    discover('b', 0);
    assert_true(decided(REASON_ADDR_PREVIOUS));
    discover('c', 0);
    expect_offer(IP(10, 0, 0, 12));
    renew('d', IP(10, 0, 2, 10));
    expect_ack(IP(10, 0, 2, 10));
    assert_int_equal(seen.put.subnet_id, 2);
}

static void reconfigure(const char *text)
{
    struct srv_config *fresh = parse(text);
    assert_int_equal(srv_engine_reconfigure(engine, fresh), 0);
    srv_config_free(config);
    config = fresh;
}

static void reload_keeps_leases_and_moves_clients_out_of_a_smaller_pool(void **state)
{
    (void)state;
    start(basic);
    bind('a', IP(10, 0, 0, 10));
    bind('b', IP(10, 0, 0, 12));
    discover('c', IP(10, 0, 0, 11));
    reconfigure("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 9, \"subnet\": \"10.0.0.0/24\","
                "  \"pools\": [ { \"pool\": \"10.0.0.11 - 10.0.0.13\" } ] } ] } }");
    rebind('b', IP(10, 0, 0, 12)); /* the subnet has another id now */
    expect_ack(IP(10, 0, 0, 12));
    assert_int_equal(seen.put.subnet_id, 9);
    rebind('a', IP(10, 0, 0, 10));
    expect_nak(REASON_NAK_NOT_IN_POOL);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 13)); /* the offer to c is still held */
    assert_true(decided(REASON_PREVIOUS_NOT_IN_POOL));
    selecting('a', SERVER, IP(10, 0, 0, 13));
    expect_ack(IP(10, 0, 0, 13));
    assert_int_equal(seen.n_put, 2);
    assert_true(decided(REASON_LEASE_MOVED));
    selecting('c', SERVER, IP(10, 0, 0, 11));
    expect_ack(IP(10, 0, 0, 11));
}

/* An offer may take the place of the client's own, but not while there are more than there may be. */
static void reload_with_a_lower_limit_makes_no_new_offers(void **state)
{
    (void)state;
    start(OFFERS("2", "10.0.0.10 - 10.0.0.99"));
    discover('a', 0);
    discover('b', 0);
    reconfigure(OFFERS("1", "10.0.0.11 - 10.0.0.99"));
    discover('b', 0);
    expect_offer(IP(10, 0, 0, 11));
    reconfigure(OFFERS("1", "10.0.0.12 - 10.0.0.99"));
    discover('b', 0);
    expect_silence(REASON_OFFER_LIMIT);
    at(10 * S);
    discover('b', 0);
    expect_offer(IP(10, 0, 0, 12));
    reconfigure(OFFERS("1", "10.0.0.13 - 10.0.0.99"));
    discover('b', 0); /* as many as there may be */
    expect_offer(IP(10, 0, 0, 13));
}

/* It ends by its own time; nobody else is given an address of that subnet before. */
static void an_offer_of_a_removed_subnet_becomes_no_lease(void **state)
{
    (void)state;
    start(basic);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    reconfigure("{ \"Dhcp4\": { \"subnet4\": [] } }");
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_silence(REASON_NO_SUBNET);
    reconfigure(
        "{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 5, \"subnet\": \"10.0.5.0/24\", \"interface\": \"eth0\","
        "  \"pools\": [ { \"pool\": \"10.0.5.10 - 10.0.5.12\" } ] } ] } }");
    selecting('a', SERVER, IP(10, 0, 0, 10));
    expect_nak(REASON_NAK_WRONG_NET);
    assert_int_equal(seen.n_put, 0);
    discover('a', IP(10, 0, 0, 10));
    expect_offer(IP(10, 0, 5, 10));
    struct srv_lease lease;
    assert_false(srv_engine_find_lease(engine, IP(10, 0, 0, 10), &lease));
}

struct listing {
    char text[256];
};

static bool list(void *user, const struct srv_lease *lease)
{
    struct listing *l = user;
    char addr[IP4_LEN];
    size_t used = strlen(l->text);
    snprintf(l->text + used, sizeof l->text - used, "%s:%d ", ip4_format(lease->addr, addr), lease->state);
    return true;
}

static void leases_are_visited_in_address_order_with_the_offers(void **state)
{
    (void)state;
    start(basic);
    bind('b', IP(10, 0, 0, 12));
    bind('a', IP(10, 0, 0, 11));
    release('b', IP(10, 0, 0, 12));
    discover('c', 0);
    struct listing l = {""};
    srv_engine_leases(engine, list, &l);
    assert_string_equal(l.text, "10.0.0.10:100 10.0.0.11:0 10.0.0.12:3 ");
    reconfigure("{ \"Dhcp4\": { \"subnet4\": [] } }"); /* leases outlive their subnet */
    l.text[0] = '\0';
    srv_engine_leases(engine, list, &l);
    assert_string_equal(l.text, "10.0.0.10:100 10.0.0.11:0 10.0.0.12:3 ");
    discover('a', 0);
    expect_silence(REASON_NO_SUBNET);
    reconfigure(basic);
    renew('a', IP(10, 0, 0, 11));
    expect_ack(IP(10, 0, 0, 11));
}

/* ---- the key of its hashes ---- */

/* What 60 clients are told, among them those of one network card that differ in their identifier only. */
static size_t record_answers(const struct siphash_key *key, uint8_t *out, size_t cap)
{
    size_t len = 0;
    hash_key = *key;
    start("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": "
          "\"10.0.0.10 - 10.0.0.49\" } ] } ] } }");
    for (unsigned i = 0; i < 240; i++) {
        bool asks = i % 3 != 2;
        msg((char)('a' + i % 20), asks ? DHCP_DISCOVER : DHCP_REQUEST);
        dhcp_put_u32(&request, DHCP_OPT_CLIENT_ID, i * 7 % 60 % 3);
        if (!asks)
            dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10 + i % 40));
        at(now + 1000);
        send_to(IP4_BROADCAST);
        assert_true(len + 8 <= cap);
        out[len++] = (uint8_t)seen.n_tx;
        out[len++] = (uint8_t)seen.msg.type;
        out[len++] = (uint8_t)seen.msg.yiaddr;
        out[len++] = (uint8_t)seen.n_put;
        for (unsigned r = 0; r < 4; r++)
            out[len++] = (uint8_t)(r < seen.n_reasons ? seen.reasons[r] : 0);
    }
    stop(NULL);
    return len;
}

static void what_is_answered_does_not_depend_on_the_key(void **state)
{
    (void)state;
    static const struct siphash_key keys[] = {{1, 2}, {1, 2}, {0, 0}, {UINT64_MAX, 0x123456789abcdefU}};
    static uint8_t first[4096], again[4096];
    size_t len = record_answers(&keys[0], first, sizeof first);
    for (size_t i = 1; i < sizeof keys / sizeof keys[0]; i++) {
        assert_int_equal(record_answers(&keys[i], again, sizeof again), len);
        assert_memory_equal(first, again, len);
    }
    start(basic); /* for the end of the test */
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc2131_3_1_discover_offer_request_ack),
        TEST(rfc2131_4_1_ack_answers_a_retransmitted_request_again),
        TEST(rfc2131_4_3_1_relayed_client_gets_an_address_of_the_relays_subnet),
        TEST(rfc2131_4_3_6_relayed_unicast_with_ciaddr_is_rebinding),
        TEST(rfc2131_2_1_same_client_on_two_subnets_has_two_leases),
        TEST(subnet_that_names_the_interface_comes_first),
        TEST(rfc2131_4_2_client_identifier_names_the_client),
        TEST(match_client_id_false_goes_by_the_hardware_address),
        TEST(what_has_no_usable_identity_is_dropped),
        TEST(rfc2132_2_host_name_of_the_client_is_kept_without_trailing_nul),
        TEST(offers_are_limited),
        TEST(offers_for_one_hardware_address_are_limited),
        TEST(leases_are_limited_and_free_ones_make_room),
        TEST(one_step_expires_a_bounded_number_of_leases),
        TEST(other_messages_are_named_and_counted),
        TEST(broken_headers_are_dropped_with_their_reason),
        TEST(addresses_of_a_wrong_length_are_named),
        TEST(every_shorter_packet_is_answered_or_counted_by_reason),
        TEST(what_is_answered_does_not_depend_on_the_key),
        TEST(counters_tell_what_happened),
        TEST(stored_leases_are_known_after_a_start),
        TEST(reload_keeps_leases_and_moves_clients_out_of_a_smaller_pool),
        TEST(reload_with_a_lower_limit_makes_no_new_offers),
        TEST(an_offer_of_a_removed_subnet_becomes_no_lease),
        TEST(leases_are_visited_in_address_order_with_the_offers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
