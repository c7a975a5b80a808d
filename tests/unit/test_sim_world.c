/* The simulator with the real engines: what arrives, what is lost, what a crash leaves, and that a seed
 * repeats everything. One server, "server", and hosts "h1", "h2" on one segment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "common/err.h"
#include "lab/sim_check.h"
#include "lab/sim_node.h"

#define IP(a, b, c, d) ((ip4)((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)))

enum { S = 1000, LOG_MAX = 8192 };

static const char *server_text =
    "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"renew-timer\": 1800, \"rebind-timer\": 3150,"
    "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
    "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.19\" } ] } ] } }";

static struct sim_world *w;
static struct srv_config *server_config;
static struct cli_config client_config;
static struct sim_host *server, *h1, *h2;
static char log_text[LOG_MAX]; /* "0:h1>DISCOVER 0:server<DISCOVER ..." */
static unsigned n_lost, n_faults;
static struct sim_fault last_fault;

static void on_message(void *user, const struct sim_host *host, enum trace_direction direction,
                       const struct sim_port *port, const struct packet *packet)
{
    struct dhcp_msg msg;
    (void)user;
    (void)port;
    size_t used = strlen(log_text);
    assert_int_equal(dhcp_msg_decode(&msg, packet->bytes, packet->len), REASON_NONE);
    snprintf(log_text + used, sizeof log_text - used, "%s%lld:%s%s%s", used > 0 ? " " : "", (long long)w->now,
             host->name, direction == TRACE_TX ? ">" : "<", dhcp_type_name(msg.type));
}

static void on_lost(void *user, const struct sim_link *link, const struct packet *packet, enum reason reason)
{
    (void)user;
    (void)link;
    (void)packet;
    assert_true(reason == REASON_LINK_LOSS || reason == REASON_LINK_CUT || reason == REASON_LINK_SCRIPT);
    n_lost++;
}

static void on_fault(void *user, const struct sim_fault *fault)
{
    (void)user;
    n_faults++;
    last_fault = *fault;
}

static struct sim_host *add_host(const char *name, uint8_t number, struct ip4_net addr)
{
    struct hw_addr hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, number}};
    struct sim_host *host = sim_world_add_host(w, name);
    assert_non_null(host);
    assert_non_null(sim_world_add_port(w, host, 0, &hw, addr));
    return host;
}

static void make(uint64_t seed)
{
    struct sim_observer observer = {.message = on_message, .lost = on_lost, .fault = on_fault};
    char error[JCFG_TEXT_MAX] = "";
    log_text[0] = '\0';
    n_lost = n_faults = 0;
    assert_int_equal(
        srv_config_parse("s.json", server_text, strlen(server_text), NULL, NULL, error, &server_config), 0);
    assert_int_equal(cli_config_init(&client_config), 0);
    client_config.start_delay_min_ms = client_config.start_delay_max_ms = 0;
    client_config.acd = false;
    w = sim_world_new(seed, &observer);
    assert_non_null(w);
    sim_world_add_segment(w);
    server = add_host("server", 1, (struct ip4_net){IP(10, 0, 0, 1), 24});
    h1 = add_host("h1", 2, (struct ip4_net){0});
    h2 = add_host("h2", 3, (struct ip4_net){0});
    assert_int_equal(sim_server_new(server, server_config), 0);
    assert_int_equal(sim_client_new(h1, h1->ports[0], &client_config, 0), 0);
    sim_node_start(server);
}

static int unmake(void **state)
{
    (void)state;
    sim_world_free(w);
    srv_config_free(server_config);
    w = NULL;
    server_config = NULL;
    return 0;
}

static struct cli_status status_of(const struct sim_host *host)
{
    struct cli_status status;
    sim_client_status(&host->clients[0], &status);
    return status;
}

static void add_rule(const char *from, const char *to, struct sim_rule rule)
{
    snprintf(rule.from, sizeof rule.from, "%s", from);
    snprintf(rule.to, sizeof rule.to, "%s", to);
    assert_int_equal(sim_world_add_rule(w, &rule), 0);
}

static void run(time_ms until)
{
    assert_int_equal(sim_world_run(w, until), 0);
    assert_string_equal(w->check->why, "");
    assert_false(w->check->failed);
    assert_int_equal(w->now, until);
}

static void test_a_lease_and_its_renewal(void **state)
{
    (void)state;
    make(1);
    sim_node_start(h1);
    run(1799 * S);
    assert_string_equal(log_text, "0:h1>DISCOVER 0:server<DISCOVER 0:server>OFFER 0:h1<OFFER "
                                  "0:h1>REQUEST 0:server<REQUEST 0:server>ACK 0:h1<ACK");
    assert_int_equal(status_of(h1).state, CLI_BOUND);
    assert_int_equal(sim_server_count(server), 1);
    assert_int_equal(h1->clients[0].station.addr, status_of(h1).lease->addr);
    log_text[0] = '\0';
    time_ms t1 = status_of(h1).lease->renew_at_ms;
    run(t1 - 1);
    assert_string_equal(log_text, "");
    run(t1);
    char expected[256];
    snprintf(expected, sizeof expected, "%lld:h1>REQUEST %lld:server<REQUEST %lld:server>ACK %lld:h1<ACK",
             (long long)t1, (long long)t1, (long long)t1, (long long)t1);
    assert_string_equal(log_text, expected);
}

static void test_delay_is_there_and_back(void **state)
{
    (void)state;
    make(1);
    add_rule("h1", "server", (struct sim_rule){.has_faults = true, .faults = {.delay_ms = 3}});
    add_rule("server", "h1", (struct sim_rule){.has_faults = true, .faults = {.delay_ms = 5}});
    sim_node_start(h1);
    run(20);
    assert_string_equal(log_text, "0:h1>DISCOVER 3:server<DISCOVER 3:server>OFFER 8:h1<OFFER "
                                  "8:h1>REQUEST 11:server<REQUEST 11:server>ACK 16:h1<ACK");
}

static void test_a_cut_wire(void **state)
{
    (void)state;
    make(1);
    add_rule("h1", "server", (struct sim_rule){.sets_cut = true, .is_cut = true});
    sim_node_start(h1);
    run(2 * S);
    assert_string_equal(log_text, "0:h1>DISCOVER");
    assert_int_equal(n_lost, 1);
    add_rule("*", "*", (struct sim_rule){.sets_cut = true, .is_cut = false});
    run(10 * S);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
}

static void test_the_scripted_ack(void **state)
{
    (void)state;
    make(1);
    add_rule("server", "h1", (struct sim_rule){.script = {.type = DHCP_ACK, .first = 1, .last = 2}});
    sim_node_start(h1);
    run(60 * S);
    assert_int_equal(n_lost, 2);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
    unsigned acks = 0;
    for (const char *at = log_text; (at = strstr(at, "server>ACK")) != NULL; at++)
        acks++;
    assert_int_equal(acks, 3);
}

static void test_a_server_keeps_what_is_durable(void **state)
{
    (void)state;
    make(1);
    w->sync_ms = 5;
    sim_node_start(h1);
    run(4); /* the lease is not stored yet: no ACK */
    assert_null(strstr(log_text, "ACK"));
    sim_node_crash(server);
    sim_node_start(server);
    assert_int_equal(sim_server_count(server), 0);
    run(60 * S);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
    sim_node_crash(server);
    run(61 * S);
    sim_node_start(server);
    assert_int_equal(sim_server_count(server), 1);
    sim_node_crash(server);
    sim_server_forget(server);
    w->check->off = 1U << SIM_LEASE_KNOWN;
    sim_node_start(server);
    assert_int_equal(sim_server_count(server), 0);
}

static void test_an_ack_before_the_store_is_found(void **state)
{
    (void)state;
    make(1);
    w->sync_ms = 5;
    w->bugs = SIM_BUG_ACK_BEFORE_STORE;
    sim_node_start(h1);
    assert_int_equal(sim_world_run(w, 2), 0);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
    sim_node_crash(server);
    sim_node_start(server);
    assert_true(w->check->failed);
    assert_int_equal(w->check->invariant, SIM_LEASE_KNOWN);
    assert_string_equal(w->check->why, "h1 has a lease of 10.0.0.10 by server, which knows nothing of it");
}

/* h1 sleeps; the server, which has lost everything, is back at `at`. */
static void forget_and_start(time_ms at)
{
    make(1);
    sim_node_start(h1);
    run(10 * S);
    sim_client_set_asleep(h1, true);
    sim_node_crash(server);
    sim_server_forget(server);
    run(at);
    sim_node_start(server);
}

static void test_a_lease_need_not_be_known_when_it_has_ended(void **state)
{
    forget_and_start(3600 * S - 1);
    assert_true(w->check->failed);
    assert_int_equal(w->check->invariant, SIM_LEASE_KNOWN);
    unmake(state);
    forget_and_start(3600 * S);
    assert_false(w->check->failed);
}

/* It believes to have its lease for as much longer as the ACK was on its way. */
static void test_a_client_may_count_from_the_ack(void **state)
{
    (void)state;
    make(1);
    client_config.profile.is_base_ack = true;
    add_rule("*", "*", (struct sim_rule){.has_faults = true, .faults = {.delay_ms = 50}});
    sim_node_start(h1);
    run(10 * S);
    struct srv_lease known;
    assert_true(srv_engine_find_lease(sim_server_engine(server), IP(10, 0, 0, 10), &known));
    assert_int_equal(status_of(h1).lease->expires_at_ms, known.expires_ms + 50);
    assert_false(w->check->failed);
}

static void test_a_late_renewal_is_found(void **state)
{
    (void)state;
    make(1);
    w->bugs = SIM_BUG_RENEW_LATE;
    sim_node_start(h1);
    run(10 * S);
    sim_node_crash(server);
    assert_int_equal(sim_world_run(w, 3600 * S), 0);
    assert_true(w->check->failed);
    assert_int_equal(w->check->invariant, SIM_TIMERS_KEPT);
}

/* The squatter answers the ARP probe: the client declines, and gets another address. */
static void decline_one(void)
{
    struct ip4_net squatted = {IP(10, 0, 0, 10), 24};
    client_config.acd = true;
    struct sim_host *squatter = add_host("squatter", 9, squatted);
    sim_node_start(squatter);
    sim_node_start(h1);
}

static void test_a_squatted_address_is_declined(void **state)
{
    (void)state;
    make(1);
    decline_one();
    run(60 * S);
    assert_non_null(strstr(log_text, "server<DECLINE"));
    assert_int_equal(status_of(h1).lease->addr, IP(10, 0, 0, 11));
    assert_int_equal(w->check->n_quarantines, 1);
}

static void test_a_forgotten_quarantine_is_found(void **state)
{
    (void)state;
    make(1);
    w->bugs = SIM_BUG_NO_QUARANTINE;
    decline_one();
    assert_int_equal(sim_world_run(w, 60 * S), 0);
    assert_true(w->check->failed);
    assert_int_equal(w->check->invariant, SIM_QUARANTINE);
}

/* Two servers with one pool, and clients that do not ask by ARP. */
static void test_two_clients_with_one_address_are_found(void **state)
{
    (void)state;
    make(1);
    struct sim_host *second = add_host("second", 8, (struct ip4_net){IP(10, 0, 0, 2), 24});
    assert_int_equal(sim_server_new(second, server_config), 0);
    assert_int_equal(sim_client_new(h2, h2->ports[0], &client_config, 0), 0);
    sim_node_start(h1);
    run(1 * S);
    sim_node_crash(server);
    sim_node_start(second);
    sim_node_start(h2);
    assert_int_equal(sim_world_run(w, 20 * S), 0);
    assert_true(w->check->failed);
    assert_int_equal(w->check->invariant, SIM_UNIQUE_ADDRESS);
    assert_string_equal(w->check->why, "h2 and h1 both hold 10.0.0.10");
}

static void expect_offer_is_found(ip4 yiaddr, const char *why)
{
    struct dhcp_msg msg;
    uint8_t bytes[DHCP_MSG_MAX];
    unsigned dropped;
    dhcp_msg_init(&msg, DHCP_BOOTREPLY);
    msg.yiaddr = yiaddr;
    msg.htype = 1;
    msg.hlen = 6;
    dhcp_put_u8(&msg, DHCP_OPT_TYPE, DHCP_OFFER);
    struct packet packet = {.bytes = bytes, .len = dhcp_msg_encode(&msg, bytes, sizeof bytes, &dropped)};
    sim_check_answer(server, &packet);
    assert_int_equal(w->check->failed, why != NULL);
    if (why == NULL)
        return;
    assert_int_equal(w->check->invariant, SIM_OFFER_RIGHT);
    assert_string_equal(w->check->why, why);
    w->check->failed = false;
}

static void test_a_wrong_offer_is_found(void **state)
{
    (void)state;
    make(1);
    expect_offer_is_found(IP(10, 0, 0, 19), NULL);
    expect_offer_is_found(IP(10, 0, 0, 20), "server offers 10.0.0.20 to 00:00:00:00:00:00: it is in no pool");
    unmake(state);

    const char *text = server_text;
    char reserved[1024];
    snprintf(reserved, sizeof reserved,
             "%.*s, \"reservations\": [ { \"hw-address\": \"02:00:00:00:00:02\","
             " \"ip-address\": \"10.0.0.12\" } ] } ] } }",
             (int)(strlen(text) - strlen(" } ] } }")), text);
    server_text = reserved;
    make(1);
    server_text = text;
    expect_offer_is_found(IP(10, 0, 0, 12),
                          "server offers 10.0.0.12 to 00:00:00:00:00:00: it is reserved for another");
}

static void test_an_overstayed_lease_is_found(void **state)
{
    (void)state;
    make(1);
    sim_node_start(h1);
    run(10 * S);
    struct cli_status status = status_of(h1);
    struct cli_lease over = *status.lease;
    over.expires_at_ms = 10 * S;
    over.rebind_at_ms = over.renew_at_ms = 9 * S;
    status.lease = &over;
    status.state = CLI_REBINDING;
    sim_check_client(&h1->clients[0], &status, 10 * S);
    assert_true(w->check->failed);
    assert_int_equal(w->check->invariant, SIM_NOT_EXPIRED);
    assert_string_equal(w->check->why, "h1 uses 10.0.0.10, whose lease has ended");
}

/* RFC 2131 3.2: the saved lease is asked for again. */
static void test_a_client_without_power(void **state)
{
    (void)state;
    make(1);
    sim_node_start(h1);
    run(10 * S);
    ip4 addr = status_of(h1).lease->addr;
    sim_node_crash(h1);
    assert_int_equal(h1->clients[0].station.addr, 0);
    assert_int_equal(status_of(h1).state, CLI_STOPPED);
    log_text[0] = '\0';
    run(20 * S);
    sim_node_start(h1);
    run(21 * S);
    assert_string_equal(log_text, "20000:h1>REQUEST 20000:server<REQUEST 20000:server>ACK 20000:h1<ACK");
    assert_int_equal(status_of(h1).lease->addr, addr);
}

/* A machine that sleeps through the end of its lease has no lease when it wakes up. */
static void test_a_sleeping_client(void **state)
{
    (void)state;
    make(1);
    sim_node_start(h1);
    run(10 * S);
    sim_client_set_asleep(h1, true);
    run(4000 * S);
    log_text[0] = '\0';
    sim_client_set_asleep(h1, false);
    assert_int_equal(h1->clients[0].station.addr, 0);
    run(4001 * S);
    assert_non_null(strstr(log_text, "4000000:h1>DISCOVER"));
    assert_int_equal(status_of(h1).state, CLI_BOUND);
}

/* The kernel knows how long an address is the machine's, even where the client sleeps. */
static void test_a_sleeping_client_loses_its_address(void **state)
{
    (void)state;
    make(1);
    sim_node_start(h1);
    run(10 * S);
    ip4 addr = h1->clients[0].station.addr;
    sim_client_set_asleep(h1, true);
    run(3600 * S - 1);
    assert_int_equal(h1->clients[0].station.addr, addr);
    run(3600 * S);
    assert_int_equal(h1->clients[0].station.addr, 0);
    client_config.requested_address = addr;
    assert_int_equal(sim_client_new(h2, h2->ports[0], &client_config, 0), 0);
    sim_node_start(h2);
    run(5410 * S);
    assert_int_equal(h2->clients[0].station.addr, addr);
    assert_non_null(
        strstr(log_text, "5400000:h2>REQUEST 5400000:server<REQUEST 5400000:server>ACK 5400000:h2<ACK"));
    sim_client_set_asleep(h1, false);
    run(5420 * S);
    assert_int_equal(h1->clients[0].station.addr, addr + 1);
    assert_false(w->check->failed);
}

static void test_a_sleeping_client_is_not_spoken_to(void **state)
{
    (void)state;
    make(1);
    sim_client_set_asleep(h1, true); /* it is off */
    sim_node_start(h1);
    run(10 * S);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
    sim_client_set_asleep(h1, true);
    log_text[0] = '\0';
    sim_client_command(h1, CLI_RENEW);
    sim_client_command(h1, CLI_RELEASE);
    sim_client_inform(h1);
    sim_node_start(h1);
    run(20 * S);
    assert_string_equal(log_text, "");
    sim_node_crash(h1);
    sim_node_start(h1);
    assert_string_equal(log_text, "20000:h1>REQUEST");
    run(30 * S);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
}

static void lossy(uint64_t seed, bool with_h2)
{
    make(seed);
    add_rule("*", "*",
             (struct sim_rule){.has_faults = true,
                               .faults = {.loss = 300000,
                                          .duplicate = 200000,
                                          .reorder = 200000,
                                          .delay_ms = 2,
                                          .jitter_ms = 20,
                                          .reorder_by_ms = 50}});
    if (with_h2)
        sim_client_new(h2, h2->ports[0], &client_config, 0);
    sim_node_start(h1);
    run(20 * S);
}

static void test_a_seed_repeats_everything(void **state)
{
    char first[LOG_MAX];
    lossy(7, false);
    memcpy(first, log_text, sizeof first);
    assert_true(n_faults > 0);
    unmake(state);
    lossy(7, false);
    assert_string_equal(log_text, first);
    unmake(state);
    lossy(7, true); /* a node more that says nothing */
    assert_string_equal(log_text, first);
    unmake(state);
    lossy(8, false);
    assert_string_not_equal(log_text, first);
}

static void test_only_the_listed_faults(void **state)
{
    struct sim_fault_list none = {NULL, 0};
    (void)state;
    make(7);
    w->only = &none;
    add_rule("*", "*", (struct sim_rule){.has_faults = true, .faults = {.loss = SIM_PPM}});
    sim_node_start(h1);
    run(1 * S);
    assert_int_equal(n_faults, 0);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
    unmake(state);

    struct sim_fault one = {.link = "server.eth0>h1.eth0", .frame = 2, .luck = SIM_LOSS};
    struct sim_fault_list list = {&one, 1};
    make(7);
    w->only = &list;
    add_rule("*", "*", (struct sim_rule){.has_faults = true, .faults = {.loss = SIM_PPM}});
    sim_node_start(h1);
    run(60 * S);
    assert_int_equal(n_faults, 1);
    assert_int_equal(n_lost, 1);
    assert_string_equal(last_fault.link, one.link);
    assert_int_equal(status_of(h1).state, CLI_BOUND);
}

static void test_the_budget_ends_a_run(void **state)
{
    (void)state;
    make(1);
    w->budget = 3;
    sim_node_start(h1);
    assert_int_equal(sim_world_run(w, 10 * S), ERR_LIMIT);
}

static void test_a_crowd(void **state)
{
    (void)state;
    make(1);
    assert_int_equal(sim_client_new(h2, h2->ports[0], &client_config, 10), 0);
    sim_node_start(h2);
    run(10 * S);
    assert_int_equal(sim_server_count(server), 10);
    for (size_t i = 0; i < h2->n_clients; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(h2->clients[i].station.addr, h2->clients[k].station.addr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_lease_and_its_renewal, unmake),
        cmocka_unit_test_teardown(test_delay_is_there_and_back, unmake),
        cmocka_unit_test_teardown(test_a_cut_wire, unmake),
        cmocka_unit_test_teardown(test_the_scripted_ack, unmake),
        cmocka_unit_test_teardown(test_a_server_keeps_what_is_durable, unmake),
        cmocka_unit_test_teardown(test_an_ack_before_the_store_is_found, unmake),
        cmocka_unit_test_teardown(test_a_lease_need_not_be_known_when_it_has_ended, unmake),
        cmocka_unit_test_teardown(test_a_client_may_count_from_the_ack, unmake),
        cmocka_unit_test_teardown(test_a_late_renewal_is_found, unmake),
        cmocka_unit_test_teardown(test_a_squatted_address_is_declined, unmake),
        cmocka_unit_test_teardown(test_a_forgotten_quarantine_is_found, unmake),
        cmocka_unit_test_teardown(test_two_clients_with_one_address_are_found, unmake),
        cmocka_unit_test_teardown(test_a_wrong_offer_is_found, unmake),
        cmocka_unit_test_teardown(test_an_overstayed_lease_is_found, unmake),
        cmocka_unit_test_teardown(test_a_client_without_power, unmake),
        cmocka_unit_test_teardown(test_a_sleeping_client, unmake),
        cmocka_unit_test_teardown(test_a_sleeping_client_loses_its_address, unmake),
        cmocka_unit_test_teardown(test_a_sleeping_client_is_not_spoken_to, unmake),
        cmocka_unit_test_teardown(test_a_seed_repeats_everything, unmake),
        cmocka_unit_test_teardown(test_only_the_listed_faults, unmake),
        cmocka_unit_test_teardown(test_the_budget_ends_a_run, unmake),
        cmocka_unit_test_teardown(test_a_crowd, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
