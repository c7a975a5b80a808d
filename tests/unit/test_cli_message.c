/* RFC 2131, tables 4 and 5: which field and which option stands in which message. */
#include "test_cli_world.h"

/* A client that has something to say in every option. */
static int setup_talkative(void **state)
{
    setup(state);
    struct world *w = *state;
    strcpy(w->config.hostname, "h1");
    strcpy(w->config.vendor_class, "lab");
    w->config.requested_address = ADDR;
    w->config.requested_lease_s = 1200;
    w->config.broadcast = true;
    return 0;
}

static const uint8_t hw_client_id[] = {1, 2, 0, 0, 0, 0, 1};

/* The option's value is exactly these octets. */
static void assert_option(const struct dhcp_msg *m, uint8_t code, const void *data, size_t len)
{
    const struct dhcp_option *option = dhcp_msg_find(m, code);
    assert_non_null(option);
    assert_int_equal(option->len, len);
    assert_memory_equal(option->data, data, len);
}

static void assert_ip4(const struct dhcp_msg *m, uint8_t code, ip4 expected)
{
    ip4 value;
    assert_true(dhcp_get_ip4(m, code, &value));
    assert_int_equal(value, expected);
}

/* The message has these option codes, in any order, and no others. Ends with 0. */
static void assert_codes(const struct dhcp_msg *m, const uint8_t *codes)
{
    unsigned n = 0;
    for (; codes[n] != 0; n++)
        assert_true(dhcp_msg_has(m, codes[n]));
    assert_int_equal(m->n_options, n);
}

/* What every message of a client has. */
static void assert_header(const struct dhcp_msg *m)
{
    static const uint8_t zeros[DHCP_FILE_LEN];
    assert_int_equal(m->op, DHCP_BOOTREQUEST);
    assert_int_equal(m->htype, 1);
    assert_int_equal(m->hlen, 6);
    assert_int_equal(m->hops, 0);
    assert_int_equal(m->yiaddr, 0);
    assert_int_equal(m->siaddr, 0);
    assert_int_equal(m->giaddr, 0);
    assert_memory_equal(m->chaddr, own_hw.bytes, 6);
    assert_memory_equal(m->chaddr + 6, zeros, DHCP_CHADDR_LEN - 6);
    assert_memory_equal(m->sname, zeros, DHCP_SNAME_LEN);
    assert_memory_equal(m->file, zeros, DHCP_FILE_LEN);
    assert_option(m, DHCP_OPT_CLIENT_ID, hw_client_id, sizeof hw_client_id);
}

static void assert_broadcast(const struct world *w, ip4 src)
{
    static const uint8_t all_ones[6] = {255, 255, 255, 255, 255, 255};
    assert_int_equal(w->packet.src, src);
    assert_int_equal(w->packet.dst, IP4_BROADCAST);
    assert_int_equal(w->packet.sport, 68);
    assert_int_equal(w->packet.dport, 67);
    assert_true(hw_equal(&w->packet.src_hw, &own_hw));
    assert_int_equal(w->packet.dst_hw.len, 6);
    assert_memory_equal(w->packet.dst_hw.bytes, all_ones, 6);
}

static void assert_unicast(const struct world *w)
{
    assert_int_equal(w->packet.src, ADDR);
    assert_int_equal(w->packet.dst, SERVER);
    assert_int_equal(w->packet.sport, 68);
    assert_int_equal(w->packet.dport, 67);
    assert_true(hw_equal(&w->packet.src_hw, &own_hw));
    assert_int_equal(w->packet.dst_hw.len, 0); /* ARP is the kernel's business */
}

static const uint8_t plain_discover[] = {53, 61, 57, 55, 0};
static const uint8_t plain_selecting[] = {53, 61, 50, 54, 57, 55, 0};
static const uint8_t plain_renewing[] = {53, 61, 57, 55, 0};
static const uint8_t plain_release[] = {53, 61, 54, 0};
static const uint8_t full_discover[] = {53, 61, 50, 51, 12, 60, 57, 55, 0};
static const uint8_t full_selecting[] = {53, 61, 50, 54, 51, 12, 60, 57, 55, 0};
static const uint8_t full_renewing[] = {53, 61, 51, 12, 60, 57, 55, 0};

static void discover_by_table_5(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    assert_header(&w->tx);
    assert_broadcast(w, 0);
    assert_codes(&w->tx, plain_discover);
    assert_int_equal(w->tx.ciaddr, 0);
    assert_int_equal(w->tx.flags, 0);
    assert_int_equal(w->tx.secs, 0);
    static const uint8_t prl[] = {1, 3, 6, 15, 26, 28, 58, 59};
    assert_option(&w->tx, DHCP_OPT_PRL, prl, sizeof prl);
    uint16_t max_size;
    assert_true(dhcp_get_u16(&w->tx, DHCP_OPT_MAX_SIZE, &max_size));
    assert_int_equal(max_size, 1472);
    assert_int_equal(w->packet.len, 300); /* RFC 1542 2.1: old relays drop what is shorter */
}

static void discover_with_every_wish(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    assert_header(&w->tx);
    assert_codes(&w->tx, full_discover);
    assert_int_equal(w->tx.flags, DHCP_FLAG_BROADCAST);
    assert_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, ADDR);
    assert_ip4(&w->tx, DHCP_OPT_LEASE_TIME, 1200);
    assert_option(&w->tx, DHCP_OPT_HOST_NAME, "h1", 2);
    assert_option(&w->tx, DHCP_OPT_VENDOR_CLASS, "lab", 3);
}

/* Traps 10 and 15: no ciaddr, and the OFFER's xid. */
static void trap_10_15_request_in_selecting_by_table_4(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    time_ms again = cli_engine_deadline(w->engine);
    FIRES(w, again, "note(retransmit) TX:DISCOVER");
    struct dhcp_msg discover = w->tx;
    RX(w, again + 2500, CHOOSES, .type = DHCP_OFFER);
    assert_header(&w->tx);
    assert_broadcast(w, 0);
    assert_codes(&w->tx, plain_selecting);
    assert_int_equal(w->tx.ciaddr, 0);
    assert_int_equal(w->tx.xid, discover.xid);
    assert_true(discover.secs > 0);
    assert_int_equal(w->tx.secs, discover.secs); /* RFC 2131 3.1 (3): the same, though time has gone by */
    assert_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, ADDR);
    assert_ip4(&w->tx, DHCP_OPT_SERVER_ID, SERVER);
}

static void requested_address_is_the_offered_one_not_the_wished_one(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER, .yiaddr = ADDR + 7);
    assert_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, ADDR + 7);
    assert_codes(&w->tx, full_selecting);
    assert_int_equal(w->tx.flags, DHCP_FLAG_BROADCAST);
}

/* Traps 7 and 8: neither 50 nor 54; sent to option 54, whatever siaddr says. */
static void trap_7_8_request_in_renewing_by_table_4(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.siaddr = OTHER});
    uint32_t xid = w->tx.xid;
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_header(&w->tx);
    assert_unicast(w);
    assert_codes(&w->tx, plain_renewing);
    assert_int_equal(w->tx.ciaddr, ADDR);
    assert_int_equal(w->tx.secs, 0);
    assert_int_not_equal(w->tx.xid, xid);
}

static void trap_7_request_in_rebinding_by_table_4(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 3150000, CLI_DEADLINE, "BOUND>REBINDING(t2) TX:REQUEST");
    assert_header(&w->tx);
    assert_broadcast(w, ADDR);
    assert_codes(&w->tx, plain_renewing);
    assert_int_equal(w->tx.ciaddr, ADDR);
}

/* Trap 12: what made the server know the client must be in the renewal too. The broadcast flag need not: the
 * client has an address by then. */
static void trap_12_renewal_repeats_every_wish(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    struct dhcp_msg discover = w->tx;
    const struct dhcp_option prl = *dhcp_msg_find(&discover, DHCP_OPT_PRL);
    uint8_t codes[CLI_PRL_MAX];
    memcpy(codes, prl.data, prl.len);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    RX(w, 0, BINDS, .type = DHCP_ACK);
    FIRES(w, 1800000, "BOUND>RENEWING(t1) TX:REQUEST");
    assert_header(&w->tx);
    assert_codes(&w->tx, full_renewing);
    assert_option(&w->tx, DHCP_OPT_PRL, codes, prl.len);
    assert_option(&w->tx, DHCP_OPT_HOST_NAME, "h1", 2);
    assert_int_equal(w->tx.flags, 0);
}

/* Trap 9 */
static void trap_9_discover_after_expiry_has_no_ciaddr(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){.lease_s = 60});
    AT(w, 60000, CLI_DEADLINE, "CLEAR BOUND>INIT(expired) INIT>SELECTING(search) TX:DISCOVER");
    assert_header(&w->tx);
    assert_broadcast(w, 0);
    assert_codes(&w->tx, plain_discover);
    assert_int_equal(w->tx.ciaddr, 0);
}

static void release_by_table_5(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    uint32_t xid = w->tx.xid;
    AT(w, 5000, CLI_RELEASE, "TX:RELEASE CLEAR BOUND>STOPPED(command-release)");
    assert_header(&w->tx);
    assert_unicast(w);
    assert_codes(&w->tx, plain_release);
    assert_int_equal(w->tx.ciaddr, ADDR);
    assert_int_equal(w->tx.secs, 0);
    assert_int_equal(w->tx.flags, 0);
    assert_int_not_equal(w->tx.xid, xid);
    assert_ip4(&w->tx, DHCP_OPT_SERVER_ID, SERVER);
}

/* The client of every wish says no more in a RELEASE. */
static void release_has_no_wishes(void **state)
{
    struct world *w = *state;
    bind_at(w, 0, (struct answer){0});
    AT(w, 5000, CLI_RELEASE, "TX:RELEASE CLEAR BOUND>STOPPED(command-release)");
    assert_codes(&w->tx, plain_release);
    assert_int_equal(w->tx.flags, 0);
}

static void decline_by_table_5(void **state)
{
    struct world *w = *state;
    static const uint8_t codes[] = {53, 61, 50, 54, 56, 0};
    w->config.acd = true;
    w->config.broadcast = true;
    w->config.requested_lease_s = 600;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 2000, CHOOSES, .type = DHCP_OFFER);
    RX(w, 2000, "REQUESTING>PROBING(ack-probe)", .type = DHCP_ACK);
    uint32_t xid = w->tx.xid;
    struct arp arp = {.op = ARP_REPLY, .sender_hw = {1, 6, {2, 0, 0, 0, 0, 9}}, .sender = ADDR};
    step(w, &(struct cli_event){.kind = CLI_ARP_RX, .now = 2000, .arp = arp});
    assert_int_equal(w->tx.type, DHCP_DECLINE);
    assert_header(&w->tx);
    assert_broadcast(w, 0);
    assert_codes(&w->tx, codes);
    assert_int_equal(w->tx.ciaddr, 0);
    assert_int_equal(w->tx.secs, 0);
    assert_int_equal(w->tx.flags, 0);
    assert_int_not_equal(w->tx.xid, xid);
    assert_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, ADDR);
    assert_ip4(&w->tx, DHCP_OPT_SERVER_ID, SERVER);
    static const char text[] = "in use by 02:00:00:00:00:09";
    assert_option(&w->tx, DHCP_OPT_MESSAGE, (const uint8_t *)text, sizeof text - 1);
}

/* Table 4, INIT-REBOOT: option 50, no option 54, ciaddr 0, a new xid, the elapsed secs. */
static void request_in_rebooting_by_table_4(void **state)
{
    struct world *w = *state;
    static const uint8_t codes[] = {53, 61, 50, 57, 55, 0};
    bind_at(w, 0, (struct answer){0});
    uint32_t xid = w->tx.xid;
    struct cli_lease saved = w->saved;
    AT(w, 1000, CLI_STOP, "CLEAR BOUND>STOPPED(command-stop)");
    step(w, &(struct cli_event){.kind = CLI_START, .now = 2000, .saved = &saved});
    assert_string_equal(w->log, "STOPPED>INIT-REBOOT(saved-lease) INIT-REBOOT>REBOOTING(reboot) TX:REQUEST");
    assert_header(&w->tx);
    assert_broadcast(w, 0);
    assert_codes(&w->tx, codes);
    assert_int_equal(w->tx.ciaddr, 0);
    assert_int_equal(w->tx.flags, 0);
    assert_int_not_equal(w->tx.xid, xid);
    assert_ip4(&w->tx, DHCP_OPT_REQUESTED_IP, ADDR);
    assert_int_equal(w->tx.secs, 0);
    time_ms again = cli_engine_deadline(w->engine);
    FIRES(w, again, "note(retransmit) TX:REQUEST");
    assert_codes(&w->tx, codes);
    assert_int_equal(w->tx.secs, (again - 2000) / 1000);
}

/* Neither 50, 51 nor 54, though the configuration has wishes for the first two. */
static void inform_by_table_5(void **state)
{
    struct world *w = *state;
    static const uint8_t codes[] = {53, 61, 12, 60, 57, 55, 0};
    step(w, &(struct cli_event){.kind = CLI_INFORM, .now = 1000, .addr = {ADDR, 24}});
    assert_int_equal(w->tx.type, DHCP_INFORM);
    assert_header(&w->tx);
    assert_broadcast(w, ADDR);
    assert_codes(&w->tx, codes);
    assert_int_equal(w->tx.ciaddr, ADDR);
    assert_int_equal(w->tx.flags, 0);
    assert_int_equal(w->tx.secs, 0);
}

static void client_identifier_can_be_left_out(void **state)
{
    struct world *w = *state;
    w->config.client_id_kind = CLI_CLIENT_ID_NONE;
    AT(w, 0, CLI_START, STARTS);
    assert_false(dhcp_msg_has(&w->tx, DHCP_OPT_CLIENT_ID));
}

/* RFC 2131 2: one identifier in all messages. */
static void client_identifier_of_the_configuration_is_in_every_message(void **state)
{
    struct world *w = *state;
    static const uint8_t id[] = {0, 'a', 'b', 'c'};
    w->config.client_id_kind = CLI_CLIENT_ID_BYTES;
    w->config.client_id_len = sizeof id;
    memcpy(w->config.client_id, id, sizeof id);
    AT(w, 0, CLI_START, STARTS);
    assert_option(&w->tx, DHCP_OPT_CLIENT_ID, id, sizeof id);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    assert_option(&w->tx, DHCP_OPT_CLIENT_ID, id, sizeof id);
    RX(w, 0, BINDS, .type = DHCP_ACK);
    AT(w, 1, CLI_RENEW, "BOUND>RENEWING(command-renew) TX:REQUEST");
    assert_option(&w->tx, DHCP_OPT_CLIENT_ID, id, sizeof id);
    AT(w, 2, CLI_RELEASE, "TX:RELEASE CLEAR RENEWING>STOPPED(command-release)");
    assert_option(&w->tx, DHCP_OPT_CLIENT_ID, id, sizeof id);
}

/* The longest of everything still fits one message: nothing is dropped on the way out. */
static void largest_configuration_fits_one_message(void **state)
{
    struct world *w = *state;
    struct cli_config *c = &w->config;
    memset(c->hostname, 'h', CLI_TEXT_MAX);
    memset(c->vendor_class, 'v', CLI_TEXT_MAX);
    c->client_id_kind = CLI_CLIENT_ID_BYTES;
    c->client_id_len = CLI_CLIENT_ID_MAX;
    for (unsigned i = 0; i < CLI_PRL_MAX; i++)
        c->prl[i] = (uint8_t)(i + 1);
    c->n_prl = CLI_PRL_MAX;
    AT(w, 0, CLI_START, STARTS);
    RX(w, 0, CHOOSES, .type = DHCP_OFFER);
    assert_codes(&w->tx, full_selecting);
    assert_int_equal(dhcp_msg_find(&w->tx, DHCP_OPT_PRL)->len, CLI_PRL_MAX);
}

static void secs_stops_at_its_largest_value(void **state)
{
    struct world *w = *state;
    AT(w, 0, CLI_START, STARTS);
    AT(w, 65535000, CLI_DEADLINE, "note(retransmit) TX:DISCOVER");
    assert_int_equal(w->tx.secs, 65535);
    AT(w, 70000000, CLI_DEADLINE, "note(retransmit) TX:DISCOVER");
    assert_int_equal(w->tx.secs, 65535);
}

#define PLAIN(name)     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TALKATIVE(name) cmocka_unit_test_setup_teardown(name, setup_talkative, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(discover_by_table_5),
        TALKATIVE(discover_with_every_wish),
        PLAIN(trap_10_15_request_in_selecting_by_table_4),
        TALKATIVE(requested_address_is_the_offered_one_not_the_wished_one),
        PLAIN(trap_7_8_request_in_renewing_by_table_4),
        PLAIN(trap_7_request_in_rebinding_by_table_4),
        TALKATIVE(trap_12_renewal_repeats_every_wish),
        PLAIN(trap_9_discover_after_expiry_has_no_ciaddr),
        PLAIN(release_by_table_5),
        TALKATIVE(release_has_no_wishes),
        PLAIN(decline_by_table_5),
        PLAIN(request_in_rebooting_by_table_4),
        TALKATIVE(inform_by_table_5),
        PLAIN(client_identifier_can_be_left_out),
        PLAIN(client_identifier_of_the_configuration_is_in_every_message),
        TALKATIVE(largest_configuration_fits_one_message),
        PLAIN(secs_stops_at_its_largest_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
