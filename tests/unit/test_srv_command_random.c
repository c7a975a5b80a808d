/* Commands at random between messages at random, for the engine and the commands as the driver joins them:
 * what is promised of leases, records and statistics holds after each, whatever an administrator says in
 * between. What a seed does it does again. */
#include "server/srv_command.h"
#include "server/srv_force.h"
#include "server/srv_tally.h"
#include "test_srv_random.h"

enum {
    SEEDS = 60,
    STEPS = 400,
    BASE = 0x0a000000, /* 10.0.0.0, and with it 1024 addresses: */
    ADDRS = 1024,
    CLIENTS = 12,
    BOOT_S = 1795248000, /* 2026-11-21 08:00:00 UTC */
};

static struct srv_explain *explain;
static struct srv_command_state commands;
static struct srv_lease stored[ADDRS]; /* the last record of each address */
static bool is_stored[ADDRS];
static ip4 offered[CLIENTS]; /* to each client, last */
static size_t goes_on;       /* the client that was offered something by the last answer; CLIENTS: none */
static ip4 probed;
static uint64_t digest;
static uint64_t seed_of_life; /* 0: between two */
static unsigned long n_acks, n_changes;

/* FNV-1a, of all that is said. */
static void digest_add(const void *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ ((const uint8_t *)octets)[i]) * 0x100000001b3;
}

static struct clock_now clock_of_now(void)
{
    return (struct clock_now){.boot_ms = now, .wall_ms = now + (time_ms)BOOT_S * S};
}

/* ---- what must hold ---- */

struct walk {
    ip4 last;
    size_t n_leases;
    bool is_in_engine[ADDRS];
};

/* "that its time is over follows from its record and is not stored"; after quarantine it was nobody's. */
static bool agrees(const struct srv_lease *lease, const struct srv_lease *record)
{
    if (lease->state == SRV_LEASE_EXPIRED && record->state == SRV_LEASE_DECLINED)
        return record->expires_ms <= now && lease->hw.len == 0;
    bool is_over = lease->state == SRV_LEASE_EXPIRED && record->expires_ms <= now;
    return hw_equal(&lease->hw, &record->hw) && lease->client_id_len == record->client_id_len &&
           memcmp(lease->client_id, record->client_id, lease->client_id_len) == 0 &&
           (lease->state == record->state || is_over);
}

static bool check_lease(void *user, const struct srv_lease *lease)
{
    struct walk *w = user;
    assert_true(lease->addr >= w->last);
    w->last = lease->addr;
    assert_in_range(lease->addr, BASE, BASE + ADDRS - 1);
    if (lease->state == SRV_LEASE_OFFERED)
        return true;
    size_t place = lease->addr - BASE;
    assert_false(w->is_in_engine[place]);
    w->is_in_engine[place] = true;
    w->n_leases++;
    assert_true(is_stored[place]);
    assert_true(agrees(lease, &stored[place]));
    return true;
}

/* What is counted is what there is. */
static void check_counts(void)
{
    const struct srv_tally *tally = srv_engine_tally(engine);
    for (size_t i = 0; i < config->n_subnets; i++) {
        const struct srv_subnet *subnet = &config->subnets[i];
        const struct srv_tally_row *row = srv_tally_of_subnet(tally, subnet);
        size_t declined = srv_engine_count_leases(engine, subnet->id, SRV_LEASE_DECLINED);
        assert_int_equal(row->n[SRV_TALLY_DECLINED], declined);
        assert_int_equal(row->n[SRV_TALLY_ASSIGNED],
                         declined + srv_engine_count_leases(engine, subnet->id, SRV_LEASE_ACTIVE));
    }
}

static void check_all(void)
{
    struct walk w = {0};
    srv_engine_leases(engine, check_lease, &w);
    for (size_t i = 0; i < ADDRS; i++)
        assert_true(w.is_in_engine[i] || !is_stored[i] || srv_lease_is_deletion(&stored[i]));
    check_counts();
}

/* ---- what comes out ---- */

static void take_record(const struct srv_lease *lease)
{
    assert_in_range(lease->addr, BASE, BASE + ADDRS - 1);
    stored[lease->addr - BASE] = *lease;
    is_stored[lease->addr - BASE] = true;
}

/* The promise of an ACK is on record. */
static void take_answer(const struct srv_action *a)
{
    static struct dhcp_msg answer;
    assert_int_equal(dhcp_msg_decode(&answer, a->packet.bytes, a->packet.len), REASON_NONE);
    assert_int_equal(answer.defects, 0);
    digest_add(a->packet.bytes, a->packet.len);
    size_t client = answer.chaddr[5] - 10u;
    if (answer.type == DHCP_OFFER && client < CLIENTS) {
        offered[client] = answer.yiaddr;
        goes_on = client;
    }
    if (answer.type != DHCP_ACK || answer.yiaddr == 0)
        return;
    n_acks++;
    struct srv_lease lease;
    assert_true(srv_engine_find_lease(engine, answer.yiaddr, &lease));
    assert_int_equal(lease.state, SRV_LEASE_ACTIVE);
    assert_memory_equal(lease.hw.bytes, answer.chaddr, 6);
}

/* As srv_driver does what the engine wants. */
static void take_actions(void)
{
    for (const struct srv_action *a = actions.first; a != NULL; a = a->next) {
        if (a->kind == SRV_LEASE_PUT)
            take_record(&a->lease);
        else if (a->kind == SRV_TX)
            take_answer(a);
        else if (a->kind == SRV_PROBE)
            probed = a->packet.dst;
    }
    srv_explain_keep(explain, &actions);
    srv_stat_observe(&(struct srv_stat_source){&commands.stat, engine, config, clock_of_now()});
    check_all();
}

/* ---- events ---- */

static void serve_event(const struct srv_event *event)
{
    struct clock_now clock = clock_of_now();
    assert_int_equal(srv_engine_step(engine, event, &actions), 0);
    srv_explain_add(explain, &clock, event->kind == SRV_RX ? &event->packet : NULL, &actions, NULL);
    take_actions();
}

static void pass_time(time_ms until)
{
    while (srv_engine_deadline(engine) <= until) {
        now = srv_engine_deadline(engine) > now ? srv_engine_deadline(engine) : now;
        serve_event(&(struct srv_event){.kind = SRV_DEADLINE, .now = now});
    }
    now = until;
}

static void put_random_options(size_t client)
{
    static const char *const words[] = {"gold", "drop", "a", "other"};
    uint8_t id[] = {1, (uint8_t)(client + 10)}, circuit[] = {1, 1, (uint8_t)client};
    if (client % 2 == 0 || one_in(8))
        dhcp_put_bytes(&request, DHCP_OPT_CLIENT_ID, id, sizeof id);
    if (one_in(3))
        dhcp_put_text(&request, DHCP_OPT_VENDOR_CLASS, words[any(LENGTH(words))]);
    if (one_in(4))
        dhcp_put_text(&request, DHCP_OPT_HOST_NAME, words[any(LENGTH(words))]);
    if (one_in(4))
        dhcp_put_u32(&request, DHCP_OPT_LEASE_TIME, (uint32_t)any(100));
    if (one_in(4))
        dhcp_put_bytes(&request, DHCP_OPT_PRL, "\1\3\6\17\63", 5);
    if (one_in(8))
        dhcp_put_bytes(&request, DHCP_OPT_RAPID_COMMIT, "", 0);
    if (one_in(2))
        dhcp_put_u8(&request, DHCP_OPT_FORCERENEW_NONCE, 1);
    if (one_in(8))
        dhcp_put_ip4(&request, DHCP_OPT_SUBNET_SELECTION, BASE + (ip4)any(3) * 256);
    if (request.giaddr != 0 && one_in(2))
        dhcp_put_bytes(&request, DHCP_OPT_RELAY_INFO, circuit, sizeof circuit);
}

/* The address that the client was offered, or any. */
static void put_random_addresses(size_t client, enum dhcp_type type)
{
    ip4 addr = offered[client] == 0 || one_in(8) ? BASE + 8 + (ip4)any(8) : offered[client];
    bool is_using = type == DHCP_RELEASE || type == DHCP_INFORM || type == DHCP_LEASEQUERY;
    if (is_using || (type == DHCP_REQUEST && one_in(3))) {
        request.ciaddr = addr;
        if (type == DHCP_RELEASE)
            dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
        return;
    }
    if (type != DHCP_BOOTP && !one_in(6))
        dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, addr);
    if (type == DHCP_DECLINE || (type == DHCP_REQUEST && one_in(2)))
        dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, one_in(16) ? SERVER + 1 : SERVER);
}

static void random_message(void)
{
    static const uint8_t types[] = {DHCP_DISCOVER, DHCP_DISCOVER,   DHCP_DISCOVER, DHCP_REQUEST,
                                    DHCP_REQUEST,  DHCP_REQUEST,    DHCP_REQUEST,  DHCP_RELEASE,
                                    DHCP_DECLINE,  DHCP_INFORM,     DHCP_BOOTP,    DHCP_REQUEST,
                                    DHCP_DISCOVER, DHCP_LEASEQUERY, DHCP_REQUEST};
    static const ip4 relays[] = {
        0, 0, 0, IP(10, 0, 1, 1), IP(10, 0, 2, 1), IP(192, 0, 2, 1), IP(10, 9, 9, 9)};
    static uint8_t bytes[DHCP_MSG_MAX];
    bool is_eager = goes_on < CLIENTS && !one_in(4);
    enum dhcp_type type = is_eager ? DHCP_REQUEST : types[any(LENGTH(types))];
    size_t client = is_eager ? goes_on : any(CLIENTS);
    goes_on = CLIENTS;
    unsigned dropped;
    msg((char)('a' + client), type == DHCP_BOOTP ? DHCP_DISCOVER : type);
    if (type == DHCP_BOOTP) { /* without option 53 */
        dhcp_msg_init(&request, DHCP_BOOTREQUEST);
        request.htype = 1;
        request.hlen = 6;
        memcpy(request.chaddr, (uint8_t[6]){2, [5] = (uint8_t)(client + 10)}, 6);
    }
    request.xid = (uint32_t)any(40);
    request.giaddr = relays[one_in(6) ? any(LENGTH(relays)) : client % LENGTH(relays)];
    put_random_addresses(client, type);
    put_random_options(client);
    size_t len = dhcp_msg_encode(&request, bytes, sizeof bytes, &dropped);
    for (size_t n = one_in(12) ? 1 + any(4) : 0; n > 0; n--)
        bytes[any(len)] = (uint8_t)any(256);
    struct packet packet = {.src = request.giaddr != 0 ? request.giaddr : request.ciaddr,
                            .dst = one_in(2) ? SERVER : IP4_BROADCAST,
                            .sport = request.giaddr != 0 ? DHCP_PORT_SERVER : DHCP_PORT_CLIENT,
                            .dport = DHCP_PORT_SERVER,
                            .bytes = bytes,
                            .len = len};
    if (srv_service_is_disabled(&commands.service, now))
        srv_engine_count_drops(engine, REASON_SERVICE_DISABLED, 1);
    else
        serve_event(&(struct srv_event){.kind = SRV_RX, .now = now, .iface = &eth0, .packet = packet});
}

/* ---- commands ---- */

/* @a: an address, @c: a client identifier, @i: the identifier of a subnet, @m: a hardware address, @n: a
 * number, @w: a word; ': a quotation mark. */
static const struct {
    const char *name, *arguments;
} rows[] = {
    {"lease4-add", "{'ip-address': '@a', 'hw-address': '@m'}"},
    {"lease4-add",
     "{'ip-address': '@a', 'hw-address': '@m', 'client-id': '@c', 'valid-lft': @n, 'state': 1}"},
    {"lease4-add", "{'ip-address': '@a', 'hw-address': '@m', 'subnet-id': @i, 'hostname': '@w', 'state': 3}"},
    {"lease4-update", "{'ip-address': '@a', 'hw-address': '@m', 'force-create': true}"},
    {"lease4-update", "{'ip-address': '@a', 'state': 0, 'valid-lft': @n, 'subnet-id': @i}"},
    {"lease4-update", "{'ip-address': '@a', 'expire': 1795300000, 'client-id': '@c'}"},
    {"lease4-del", "{'ip-address': '@a'}"},
    {"lease4-del", "{'subnet-id': @i, 'identifier-type': 'hw-address', 'identifier': '@m'}"},
    {"lease4-wipe", "{'subnet-id': @i}"},
    {"lease4-get", "{'subnet-id': @i, 'identifier-type': 'client-id', 'identifier': '@c'}"},
    {"lease4-get", "{'ip-address': '@a'}"},
    {"lease4-get-all", NULL},
    {"lease4-get-all", "{'subnets': [@i, @i]}"},
    {"lease4-get-by-client-id", "{'client-id': '@c'}"},
    {"lease4-get-by-hostname", "{'hostname': '@w'}"},
    {"lease4-get-by-hw-address", "{'hw-address': '@m'}"},
    {"lease4-get-by-state", "{'state': 1, 'subnet-id': @i}"},
    {"lease4-get-page", "{'from': '@a', 'limit': @n}"},
    {"lease4-force-renew", "{'ip-address': '@a'}"},
    {"lease4-resend-ddns", "{'ip-address': '@a'}"},
    {"lease4-write", "{'filename': 'copy.csv'}"},
    {"leases-reclaim", "{'remove': false}"},
    {"leases-reclaim", "{'remove': true}"},
    {"reservation-add", "{'reservation': {'subnet-id': @i, 'hw-address': '@m', 'ip-address': '@a'}}"},
    {"reservation-add", "{'reservation': {'subnet-id': @i, 'client-id': '@c', 'hostname': '@w'}}"},
    {"reservation-add", "{'reservation': {'subnet-id': 0, 'hw-address': '@m', 'client-classes': ['gold']}}"},
    {"reservation-update", "{'reservation': {'subnet-id': @i, 'hw-address': '@m', 'hostname': '@w'}}"},
    {"reservation-del", "{'subnet-id': @i, 'identifier-type': 'hw-address', 'identifier': '@m'}"},
    {"reservation-del", "{'subnet-id': @i, 'ip-address': '@a'}"},
    {"reservation-get", "{'subnet-id': @i, 'identifier-type': 'hw-address', 'identifier': '@m'}"},
    {"reservation-get-all", "{'subnet-id': @i}"},
    {"reservation-get-by-address", "{'ip-address': '@a'}"},
    {"reservation-get-by-hostname", "{'hostname': '@w'}"},
    {"reservation-get-by-id", "{'identifier-type': 'hw-address', 'identifier': '@m'}"},
    {"reservation-get-page", "{'limit': @n, 'from': @n}"},
    {"subnet4-get", "{'id': @i}"},
    {"subnet4-list", NULL},
    {"subnet4-select-test", "{'relay': '@a'}"},
    {"network4-get", "{'name': 'floor'}"},
    {"network4-list", NULL},
    {"class-get", "{'name': '@w'}"},
    {"class-list", NULL},
    {"explain4", "{'hw-address': '@m', 'limit': @n}"},
    {"explain4", "{'ip-address': '@a'}"},
    {"explain4", "{'client-id': '@c', 'xid': '@n'}"},
    {"stat-lease4-get", NULL},
    {"stat-lease4-get", "{'subnet-id': @i}"},
    {"statistic-get", "{'name': 'subnet[@i].assigned-addresses'}"},
    {"statistic-get", "{'name': 'pkt4-ack-sent'}"},
    {"statistic-get-all", NULL},
    {"statistic-remove", "{'name': 'subnet[@i].pool[0].total-addresses'}"},
    {"statistic-remove-all", NULL},
    {"statistic-reset", "{'name': 'pkt4-received'}"},
    {"statistic-reset-all", NULL},
    {"statistic-sample-age-set", "{'name': 'pkt4-received', 'duration': @n}"},
    {"statistic-sample-age-set-all", "{'duration': @n}"},
    {"statistic-sample-count-set", "{'name': 'subnet[@i].assigned-addresses', 'max-samples': @n}"},
    {"statistic-sample-count-set-all", "{'max-samples': @n}"},
    {"dhcp-disable", "{'max-period': 1}"},
    {"dhcp-disable", "{'origin': 'ha-partner', 'max-period': 20}"},
    {"dhcp-enable", "{'origin': 'ha-partner'}"},
    {"config-reload", NULL},
    {"config-write", NULL},
    {"config-hash-get", NULL},
    {"status-get", NULL},
    {"list-commands", NULL},
};
static unsigned n_worked[LENGTH(rows)];

static const struct srv_subnet *meant; /* by a command, mostly; NULL: there is none */

static ip4 random_addr(void)
{
    if (one_in(3))
        return offered[any(CLIENTS)];
    return meant == NULL || one_in(6) ? BASE + (ip4)any(ADDRS) : meant->net.addr + 8 + (ip4)any(8);
}

static void append_value(char *text, size_t cap, char what)
{
    static const char *const words[] = {"gold", "late", "a", "d", "", "x"};
    char value[32] = "";
    switch (what) {
    case 'a':
        ip4_format(random_addr(), value);
        break;
    case 'c':
        snprintf(value, sizeof value, "01:%02zx", 10 + any(CLIENTS));
        break;
    case 'i':
        snprintf(value, sizeof value, "%zu", meant == NULL || one_in(6) ? any(14) : meant->id);
        break;
    case 'm':
        snprintf(value, sizeof value, "02:00:00:00:00:%02zx", 10 + any(one_in(2) ? 4 : CLIENTS));
        break;
    case 'n':
        snprintf(value, sizeof value, "%zu", any(40));
        break;
    case 'w':
        snprintf(value, sizeof value, "%s", words[any(LENGTH(words))]);
        break;
    }
    append(text, cap, value);
}

static cJSON *random_arguments(const char *row)
{
    char text[512] = "", one[2] = "";
    meant = config->n_subnets == 0 ? NULL : &config->subnets[any(config->n_subnets)];
    for (; *row != '\0'; row++) {
        one[0] = *row;
        if (*row == '@')
            append_value(text, sizeof text, *++row);
        else
            append(text, sizeof text, one);
    }
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    return json;
}

/* Somebody mistakes one of them. */
static void spoil(cJSON *map)
{
    static const char *const values[] = {"null",     "true",  "-1",           "0",  "4294967296",
                                         "1e300",    "0.5",   "[]",           "{}", "\"\"",
                                         "\"%s%n\"", "[[1]]", "{\"a\": null}"};
    cJSON *item = cJSON_GetArrayItem(map, (int)any((size_t)cJSON_GetArraySize(map)));
    if (item == NULL)
        return;
    if (cJSON_IsObject(item) && cJSON_GetArraySize(item) > 0 && one_in(2))
        spoil(item);
    else if (one_in(4))
        cJSON_DeleteItemFromObjectCaseSensitive(map, item->string);
    else {
        char *name = strdup(item->string);
        cJSON_ReplaceItemInObjectCaseSensitive(map, name, cJSON_Parse(values[any(LENGTH(values))]));
        free(name);
    }
}

static void use_config(struct srv_config *next)
{
    assert_int_equal(srv_engine_reconfigure(engine, next), 0);
    srv_config_free(config);
    config = next;
    n_changes++;
}

/* As srv_control does it, where it can. */
static void do_effect(struct srv_command_reply *reply)
{
    switch (reply->effect) {
    case SRV_DO_CONFIG_SET:
        assert_int_equal(reply->result, CONTROL_SUCCESS);
        use_config(reply->config);
        break;
    case SRV_DO_CONFIG_RELOAD:
        use_config(parse_random());
        break;
    case SRV_DO_CONFIG_WRITE: /* it can be read again */
        srv_config_free(parse(reply->file));
        break;
    case SRV_DO_LEASES_WRITE:
    case SRV_DO_CLOCK_GET:
    case SRV_DO_CLOCK_SET:
    case SRV_DO_SHUTDOWN:
    case SRV_DO_NOTHING:
        break;
    }
    free(reply->file);
}

/* Takes the arguments, which may be NULL. The arguments of the answer are the caller's; whether it worked. */
static bool command(const char *name, cJSON *arguments, cJSON **out)
{
    static const struct srv_command_iface iface = {
        .name = "eth0", .index = 3, .addr = {.addr = SERVER, .len = 24}, .hw = {1, 6, {2, 0, 0, 0, 0, 1}}};
    static struct srv_command_reply reply;
    struct srv_command_context c = {.state = &commands,
                                    .engine = engine,
                                    .config = config,
                                    .explain = explain,
                                    .out = &actions,
                                    .now = clock_of_now(),
                                    .pid = 42,
                                    .config_path = "/etc/dhcplab/server.json",
                                    .lease_path = "/var/lib/leases.csv",
                                    .ifaces = &iface,
                                    .n_ifaces = 1};
    srv_command_run(&c, name, arguments, &reply);
    cJSON_Delete(arguments);
    take_actions();
    bool has_worked_out = reply.result == CONTROL_SUCCESS;
    assert_true(has_worked_out || reply.effect == SRV_DO_NOTHING);
    assert_in_range(reply.result, CONTROL_SUCCESS, CONTROL_CONFLICT);
    char *text = reply.arguments == NULL ? NULL : cJSON_PrintUnformatted(reply.arguments);
    assert_int_equal(text == NULL, reply.arguments == NULL);
    digest_add(reply.text, strlen(reply.text));
    if (text != NULL)
        digest_add(text, strlen(text));
    free(text);
    do_effect(&reply);
    check_all();
    *out = reply.arguments;
    return has_worked_out;
}

static void random_command(void)
{
    size_t row = any(LENGTH(rows));
    cJSON *arguments = rows[row].arguments == NULL ? NULL : random_arguments(rows[row].arguments), *answer;
    if (arguments != NULL && one_in(6))
        spoil(arguments);
    n_worked[row] += command(rows[row].name, arguments, &answer);
    cJSON_Delete(answer);
}

/* Whatever is set may be refused; what is served can be set again, and is the same. */
static void random_config_set(void)
{
    static char text[TEXT_MAX];
    cJSON *answer, *before, *after;
    random_config(text);
    cJSON *map = cJSON_Parse(text);
    assert_non_null(map);
    if (one_in(4))
        spoil(cJSON_GetObjectItem(map, "Dhcp4"));
    command(one_in(4) ? "config-test" : "config-set", map, &answer);
    cJSON_Delete(answer);
    assert_true(command("config-get", NULL, &before));
    assert_true(command("config-set", cJSON_Duplicate(before, true), &answer));
    assert_true(command("config-get", NULL, &after));
    assert_true(cJSON_Compare(before, after, true));
    cJSON_Delete(answer);
    cJSON_Delete(before);
    cJSON_Delete(after);
}

/* ---- a life ---- */

static void random_step(void)
{
    size_t what = any(40);
    if (what < 20)
        random_message();
    else if (what < 34)
        random_command();
    else if (what == 34)
        random_config_set();
    else if (what == 35)
        serve_event(&(struct srv_event){.kind = SRV_PROBE_ANSWERED, .now = now, .addr = probed});
    else
        pass_time(now + (time_ms)any(one_in(3) ? 100 * S : 2 * S));
}

/* What all of it said. */
static uint64_t live(uint64_t seed)
{
    seed_of_life = seed;
    rng_init(&rng, seed, "commands");
    memset(is_stored, 0, sizeof is_stored);
    memset(offered, 0, sizeof offered);
    goes_on = CLIENTS;
    commands = (struct srv_command_state){0};
    digest = 0xcbf29ce484222325;
    probed = 0;
    now = 1000 * S;
    config = parse_random();
    engine = srv_engine_new(config, &hash_key);
    explain = srv_explain_new();
    assert_non_null(engine);
    assert_non_null(explain);
    srv_force_set_secret(engine, &(struct srv_secret){.replay = 1});
    srv_actions_init(&actions);
    for (int i = 0; i < STEPS; i++)
        random_step();
    srv_explain_free(explain);
    srv_stat_fini(&commands.stat);
    stop(NULL);
    seed_of_life = 0;
    return digest;
}

static int tell_seed(void **state)
{
    (void)state;
    if (seed_of_life != 0)
        print_error("it was seed %llu\n", (unsigned long long)seed_of_life);
    return 0;
}

static void what_is_promised_holds_whatever_is_said(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        live(seed);
    /* It was more than refusals. */
    size_t n_never = 0;
    for (size_t i = 0; i < LENGTH(rows); i++)
        n_never += n_worked[i] == 0;
    assert_in_range(n_never, 1, 3); /* lease4-resend-ddns never works */
    assert_true(n_acks > SEEDS * 5);
    assert_true(n_changes > SEEDS * 10);
}

static void a_seed_says_the_same_again(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        assert_true(live(seed) == live(seed));
    assert_true(live(1) != live(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_promised_holds_whatever_is_said, tell_seed),
        cmocka_unit_test_teardown(a_seed_says_the_same_again, tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
