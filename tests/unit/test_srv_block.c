/* Answers are the same, octet by octet and with the same record, whether their option blocks are kept or not.
 */
#include "common/rng.h"
#include "common/trace_options.h"
#include "server/srv_block.h"
#include "test_srv_world.h"

/* ---- the same from two engines ---- */

enum { KEEPS_NONE, KEEPS_FEW, KEEPS_ALL, N_ENGINES, CONFIGS = 40, MESSAGES = 1500, TEXT_MAX = 16384 };
/* The actions of so many messages are kept, while the first ones find a new configuration now and then. */
enum { KEPT_STEPS = 7, RELOAD_STEPS = 3, RELOADS = 20 };

static const unsigned max_blocks[N_ENGINES] = {0, 3, 1024};

/* What a scope may say: of each option one thing or another, or nothing. */
static const char *const options[][3] = {
    {"{ \"name\": \"routers\", \"data\": \"10.0.0.1\" }", "{ \"name\": \"routers\", \"data\": \"10.0.0.2\" }",
     "{ \"name\": \"routers\", \"data\": \"10.0.0.3\", \"never-send\": true }"},
    {"{ \"name\": \"domain-name-servers\", \"data\": \"10.0.0.4, 10.0.0.5\" }",
     "{ \"name\": \"domain-name-servers\", \"data\": \"10.0.0.6\", \"client-classes\": [ \"gold\" ] }",
     "{ \"name\": \"domain-name-servers\", \"data\": \"10.0.0.7\" }"},
    {"{ \"name\": \"host-name\", \"data\": \"one\" }",
     "{ \"name\": \"host-name\", \"data\": \"two\", \"always-send\": true }",
     "{ \"name\": \"host-name\", \"data\": \"three\", \"client-classes\": [ \"HA\", \"gold\" ] }"},
    {"{ \"name\": \"classless-static-route\", \"data\": \"10.0.0.0/8 - 10.0.0.1\" }",
     "{ \"name\": \"classless-static-route\", \"data\": \"10.0.0.0/8 - 10.0.0.1\", \"never-send\": true }",
     "{ \"name\": \"classless-static-route\", \"data\": \"0.0.0.0/0 - 10.0.0.9\", \"always-send\": true }"},
    {"{ \"name\": \"ntp-servers\", \"data\": \"10.0.0.8\", \"always-send\": true }",
     "{ \"name\": \"ntp-servers\", \"data\": \"10.0.0.9\" }",
     "{ \"name\": \"ntp-servers\", \"data\": \"10.0.0.10\", \"client-classes\": [ \"KNOWN\" ] }"},
    {"{ \"code\": 224, \"csv-format\": false, \"data\": \"LONG\" }",
     "{ \"code\": 224, \"csv-format\": false, \"data\": \"01\", \"always-send\": true }",
     "{ \"code\": 224, \"csv-format\": false, \"data\": \"02\" }"},
    {"{ \"name\": \"v6-only-preferred\", \"data\": \"300\" }",
     "{ \"code\": 90, \"csv-format\": false, \"data\": \"0101010000000000000000\", \"always-send\": true }",
     "{ \"code\": 145, \"csv-format\": false, \"data\": \"05\" }"},
    {"{ \"code\": 125, \"csv-format\": false, \"data\": \"00000001020100\" }",
     "{ \"code\": 125, \"csv-format\": false, \"data\": \"00000002020100\" }",
     "{ \"code\": 125, \"csv-format\": false, \"data\": \"00000001020100\", \"always-send\": true }"},
    {"{ \"code\": 43, \"csv-format\": false, \"data\": \"0102\" }",
     "{ \"code\": 43, \"csv-format\": false, \"data\": \"0103\", \"always-send\": true }",
     "{ \"code\": 43, \"csv-format\": false, \"data\": \"\" }"},
};

enum { N_OPTIONS = sizeof options / sizeof options[0] };

static bool chance(struct rng *rng, int percent)
{
    return rng_between(rng, 1, 100) <= percent;
}

static void put_options(struct rng *rng, FILE *to)
{
    const char *between = "";
    fprintf(to, "\"option-data\": [");
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (chance(rng, 60))
            continue;
        const char *option = options[i][rng_between(rng, 0, 2)], *place = strstr(option, "LONG");
        fprintf(to, "%s%.*s", between, place == NULL ? (int)strlen(option) : (int)(place - option), option);
        for (int n = place == NULL ? 0 : (int)rng_between(rng, 200, 400); n > 0; n--)
            fprintf(to, "5a");
        fprintf(to, "%s", place == NULL ? "" : place + 4);
        between = ", ";
    }
    fprintf(to, "]");
}

static char *write_config(struct rng *rng, unsigned max)
{
    static char text[TEXT_MAX];
    FILE *to = fmemopen(text, sizeof text, "w");
    assert_non_null(to);
    fprintf(to, "{ \"Dhcp4\": { \"max-option-blocks\": %u, \"rapid-commit\": %s, \"subnet-selection\": %s,",
            max, chance(rng, 50) ? "true" : "false", chance(rng, 50) ? "true" : "false");
    fprintf(to, "\"echo-client-id\": %s, \"match-client-id\": false, ", chance(rng, 80) ? "true" : "false");
    put_options(rng, to);
    fprintf(to, ", \"client-classes\": [ { \"name\": \"gold\", \"test\": \"option[60].exists\", ");
    put_options(rng, to);
    fprintf(
        to,
        " }, { \"name\": \"silver\", \"test\": \"option[77].exists\", \"only-in-additional-list\": true, ");
    put_options(rng, to);
    fprintf(to, " } ], \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\", %s ",
            chance(rng, 50) ? "\"evaluate-additional-classes\": [ \"silver\" ]," : "");
    put_options(rng, to);
    fprintf(to, ", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.14\", ");
    put_options(rng, to);
    fprintf(to, "}, { \"pool\": \"10.0.0.15 - 10.0.0.60\" } ], \"reservations\": [ { \"hw-address\": "
                "\"02:00:00:00:00:0a\", ");
    put_options(rng, to);
    fprintf(to, "}, { \"hw-address\": \"02:00:00:00:00:0b\", \"hostname\": \"berta\" }, "
                "{ \"hw-address\": \"02:00:00:00:00:0c\", \"hostname\": \"clara\" } ] } ] } }");
    fclose(to);
    return text;
}

static void put_some(struct rng *rng, uint8_t code, int percent, const char *data, size_t len)
{
    if (chance(rng, percent))
        dhcp_put_bytes(&request, code, data, len);
}

/* One of few lists, each of few codes. */
static void put_prl(struct rng *rng)
{
    static const uint8_t wanted[] = {3,  6,  12, 15, 33, 42,  43,  51,  58,  61,
                                     81, 82, 1,  54, 90, 108, 121, 145, 224, 252};
    struct rng list;
    uint8_t prl[8];
    rng_init(&list, (uint64_t)rng_between(rng, 0, 7), "list");
    size_t n = (size_t)rng_between(&list, 0, sizeof prl);
    for (size_t i = 0; i < n; i++)
        prl[i] = wanted[rng_between(&list, 0, sizeof wanted - 1)];
    if (chance(rng, 90))
        dhcp_put_bytes(&request, DHCP_OPT_PRL, prl, n);
}

/* A message of one of few clients, which ask for the same now and then. */
static void make_request(struct rng *rng)
{
    static const enum dhcp_type types[] = {DHCP_DISCOVER, DHCP_DISCOVER, DHCP_REQUEST, DHCP_REQUEST,
                                           DHCP_INFORM};
    msg((char)('a' + rng_between(rng, 0, 3)), types[rng_between(rng, 0, 4)]);
    request.xid = (uint32_t)rng_u64(rng);
    request.flags = chance(rng, 30) ? DHCP_FLAG_BROADCAST : 0;
    if (request.type == DHCP_INFORM || chance(rng, 10))
        request.ciaddr = IP(10, 0, 0, 10);
    put_prl(rng);
    put_some(rng, DHCP_OPT_REQUESTED_IP, 70, chance(rng, 80) ? "\12\0\0\12" : "\12\0\0\24", 4);
    put_some(rng, DHCP_OPT_HOST_NAME, 30, "pc", 2);
    put_some(rng, DHCP_OPT_VENDOR_CLASS, 30, "phone", 5);
    put_some(rng, 77, 30, "\1x", 2);
    put_some(rng, DHCP_OPT_CLIENT_ID, 50, chance(rng, 50) ? "\1abcdef" : "\0ab", 3);
    put_some(rng, DHCP_OPT_FQDN, 30, "\1\0\0pc.example", 13);
    put_some(rng, DHCP_OPT_SUBNET_SELECTION, 20, "\12\0\0\0", 4);
    put_some(rng, DHCP_OPT_RAPID_COMMIT, 20, "", 0);
    put_some(rng, DHCP_OPT_VIVCO, 10, "\0\0\0\1\1x", 6);
    put_some(rng, DHCP_OPT_LEASE_TIME, 20, "\0\0\2\0", 4);
    put_some(rng, DHCP_OPT_MAX_SIZE, 30, chance(rng, 50) ? "\2\x50" : "\4\0", 2);
    put_some(rng, DHCP_OPT_RELAY_INFO, 30,
             chance(rng, 50) ? "\1\4abcd\5\4\12\0\0\0" : "\1\4abcd\13\4\12\0\0\1", 12);
    if (dhcp_msg_has(&request, DHCP_OPT_RELAY_INFO))
        request.giaddr = IP(10, 0, 0, 254);
    put_some(rng, DHCP_OPT_SERVER_ID, request.type == DHCP_REQUEST ? 50 : 0, "\12\0\0\1", 4);
}

static void expect_same(const struct srv_action *a, const struct srv_action *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        assert_int_equal(a->kind, b->kind);
        if (a->kind == SRV_TX) {
            assert_int_equal(a->packet.len, b->packet.len);
            assert_memory_equal(a->packet.bytes, b->packet.bytes, a->packet.len);
        } else if (a->kind == SRV_TRACE) {
            assert_int_equal(a->trace.reason, b->trace.reason);
            assert_int_equal(a->trace.facts.form, b->trace.facts.form);
            if (a->trace.facts.text != NULL)
                assert_string_equal(a->trace.facts.text, b->trace.facts.text);
        }
    }
    assert_null(a);
    assert_null(b);
}

/* An answer whose options stand one after the other is what dhcp_msg_encode() makes of it. */
static void expect_encoded(const struct srv_action *first)
{
    for (const struct srv_action *a = first; a != NULL; a = a->next) {
        uint8_t buf[DHCP_MSG_MAX];
        struct dhcp_msg answer;
        unsigned dropped;
        if (a->kind != SRV_TX)
            continue;
        assert_int_equal(dhcp_msg_decode(&answer, a->packet.bytes, a->packet.len), REASON_NONE);
        if (dhcp_msg_has(&answer, DHCP_OPT_OVERLOAD))
            continue;
        size_t len = dhcp_msg_encode(&answer, buf, sizeof buf, &dropped);
        assert_int_equal(dropped, 0);
        assert_int_equal(len, a->packet.len);
        assert_memory_equal(buf, a->packet.bytes, len);
    }
}

/* An engine that serves two configurations in turn. */
struct server {
    struct srv_config *configs[2];
    struct srv_engine *e;
    struct srv_actions out;
};

static void start_server(struct server *s, uint64_t seed, unsigned max)
{
    struct rng rng;
    rng_init(&rng, seed, "configuration");
    for (int i = 0; i < 2; i++)
        s->configs[i] = parse(write_config(&rng, max));
    s->e = srv_engine_new(s->configs[0], &hash_key);
    assert_non_null(s->e);
    srv_actions_init(&s->out);
}

static void end_server(struct server *s)
{
    srv_engine_free(s->e);
    srv_config_free(s->configs[0]);
    srv_config_free(s->configs[1]);
    srv_actions_fini(&s->out);
}

/* What it answers to message n: the actions behind those that are there. */
static const struct srv_action *answer_of(struct server *s, const struct packet *packet, int n)
{
    if (n % KEPT_STEPS == 0)
        srv_actions_reset(&s->out);
    if (n % RELOAD_STEPS == RELOAD_STEPS - 1 && n < RELOADS * RELOAD_STEPS)
        assert_int_equal(srv_engine_reconfigure(s->e, s->configs[(n / RELOAD_STEPS + 1) % 2]), 0);
    const struct srv_action *last = s->out.last;
    const struct srv_event ev = {.kind = SRV_RX, .now = (time_ms)n * S, .iface = &eth0, .packet = *packet};
    assert_int_equal(srv_engine_step(s->e, &ev, &s->out), 0);
    return last != NULL ? last->next : s->out.first;
}

/* The same messages to engines that keep none, few and all blocks. */
static struct srv_block_counts serve_alike(uint64_t seed)
{
    struct server servers[N_ENGINES];
    struct rng rng;
    for (int i = 0; i < N_ENGINES; i++)
        start_server(&servers[i], seed, max_blocks[i]);
    rng_init(&rng, seed, "messages");
    for (int n = 0; n < MESSAGES; n++) {
        uint8_t buf[DHCP_MSG_MAX];
        unsigned dropped;
        const struct srv_action *first[N_ENGINES];
        make_request(&rng);
        struct packet packet = {.src = request.ciaddr,
                                .dst = IP4_BROADCAST,
                                .sport = DHCP_PORT_CLIENT,
                                .dport = DHCP_PORT_SERVER,
                                .bytes = buf,
                                .len = dhcp_msg_encode(&request, buf, sizeof buf, &dropped)};
        for (int i = 0; i < N_ENGINES; i++) {
            first[i] = answer_of(&servers[i], &packet, n);
            expect_same(first[KEEPS_NONE], first[i]);
        }
        expect_encoded(first[KEEPS_NONE]);
    }
    assert_int_equal(srv_engine_blocks(servers[KEEPS_NONE].e).kept, 0);
    assert_true(srv_engine_blocks(servers[KEEPS_FEW].e).kept <= max_blocks[KEEPS_FEW]);
    struct srv_block_counts counts = srv_engine_blocks(servers[KEEPS_ALL].e);
    for (int i = 0; i < N_ENGINES; i++)
        end_server(&servers[i]);
    return counts;
}

static void answers_are_the_same_with_and_without_blocks(void **state)
{
    (void)state;
    struct srv_block_counts all = {0};
    for (uint64_t seed = 1; seed <= CONFIGS; seed++) {
        struct srv_block_counts counts = serve_alike(seed);
        all.found += counts.found;
        all.made += counts.made;
    }
    assert_true(all.found > 5000); /* or nothing was looked at */
    assert_true(all.made > 5000);
}

/* ---- what makes them differ ---- */

static const char one_router[] =
    "{ \"Dhcp4\": { \"max-option-blocks\": 8, \"option-data\": ["
    "    { \"name\": \"routers\", \"data\": \"10.0.0.%d\" },"
    "    { \"name\": \"host-name\", \"data\": \"pc\" } ],"
    "  \"client-classes\": [ { \"name\": \"gold\", \"test\": \"option[60].exists\","
    "    \"option-data\": [ { \"name\": \"ntp-servers\", \"data\": \"10.0.0.5\" } ] } ],"
    "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
    "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] } ] } }";

static void start_router(int last)
{
    char text[1024];
    snprintf(text, sizeof text, one_router, last);
    start(text);
}

static void ask(char client, const char *prl, const char *vendor_class)
{
    dhcp_put_text(msg(client, DHCP_DISCOVER), DHCP_OPT_PRL, prl);
    if (vendor_class != NULL)
        dhcp_put_text(&request, DHCP_OPT_VENDOR_CLASS, vendor_class);
    send_to(IP4_BROADCAST);
    assert_int_equal(seen.n_tx, 1);
}

static void expect_counts(uint64_t found, uint64_t made, size_t kept)
{
    struct srv_block_counts counts = srv_engine_blocks(engine);
    assert_int_equal(counts.found, found);
    assert_int_equal(counts.made, made);
    assert_int_equal(counts.kept, kept);
}

static void clients_that_ask_alike_share_a_block(void **state)
{
    (void)state;
    start_router(1);
    ask('a', "\3\6", NULL);
    expect_counts(0, 1, 1);
    ask('b', "\3\6", NULL);
    expect_counts(1, 1, 1);
    ask('a', "\6\3", NULL); /* in another order */
    expect_counts(1, 2, 2);
    ask('a', "\3\6", "phone"); /* in another class */
    expect_counts(1, 3, 3);
    assert_false(dhcp_msg_has(&seen.msg, 42));
    ask('b', "\52\3", "phone");
    assert_true(dhcp_msg_has(&seen.msg, 42));
    ask('a', "\52\3", NULL);
    assert_false(dhcp_msg_has(&seen.msg, 42));
    expect_counts(1, 5, 5);
}

/* RFC 2131 4.3.1: an ACK has the same parameters as the OFFER. */
static void offer_and_ack_share_a_block(void **state)
{
    (void)state;
    start_router(1);
    bind('a', IP(10, 0, 0, 10));
    expect_counts(1, 1, 1);
}

static void a_new_configuration_has_new_blocks(void **state)
{
    (void)state;
    ip4 router;
    start_router(1);
    ask('a', "\3", NULL);
    struct srv_config *before = config;
    char text[1024];
    snprintf(text, sizeof text, one_router, 2);
    config = parse(text);
    assert_int_equal(srv_engine_reconfigure(engine, config), 0);
    srv_config_free(before);
    expect_counts(0, 0, 0);
    ask('a', "\3", NULL);
    assert_true(dhcp_get_ip4(&seen.msg, DHCP_OPT_ROUTERS, &router));
    assert_int_equal(router, IP(10, 0, 0, 2));
}

/* What is on record of the options of an answer to the client that asked last, behind the actions so far. */
static const char *tell_again(void)
{
    uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    const char *text = NULL;
    const struct srv_action *last = actions.last;
    const struct srv_event ev = {.kind = SRV_RX,
                                 .now = now,
                                 .iface = &eth0,
                                 .packet = {.dst = IP4_BROADCAST,
                                            .bytes = buf,
                                            .len = dhcp_msg_encode(&request, buf, sizeof buf, &dropped)}};
    assert_int_equal(srv_engine_step(engine, &ev, &actions), 0);
    for (const struct srv_action *a = last != NULL ? last->next : actions.first; a != NULL; a = a->next)
        if (a->kind == SRV_TRACE && a->trace.reason == REASON_OPTIONS_SENT)
            text = a->trace.facts.text;
    assert_non_null(text);
    return text;
}

/* While the actions of the old one are kept. */
static void a_new_configuration_has_new_records(void **state)
{
    (void)state;
    static const char with[] = "{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
                               "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ], \"option-data\": ["
                               "    { \"name\": \"%s\", \"data\": \"10.0.0.1\" } ] } ] } }";
    char text[512];
    const char *told[2];
    snprintf(text, sizeof text, with, "routers");
    start(text);
    ask('a', "\3\6", NULL);
    told[0] = tell_again();
    assert_ptr_equal(tell_again(), told[0]); /* written once */
    struct srv_config *before = config;
    snprintf(text, sizeof text, with, "domain-name-servers");
    config = parse(text);
    assert_int_equal(srv_engine_reconfigure(engine, config), 0);
    srv_config_free(before);
    told[1] = tell_again();
    assert_string_not_equal(told[0], told[1]);
    assert_string_equal(tell_again(), told[1]);
}

/* ---- the limit ---- */

/* Anybody can ask for 2^800 different lists. */
static void the_number_of_blocks_is_limited(void **state)
{
    (void)state;
    enum { MAX = 8 };
    start_router(1);
    for (int i = 1; i <= 100; i++) {
        ask('a', (const char[]){3, (char)(100 + i), '\0'}, NULL);
        assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_ROUTERS));
        assert_true(srv_engine_blocks(engine).kept <= MAX);
    }
    expect_counts(0, 100, MAX);
    ask('a', "\3\6", NULL); /* a newcomer finds a place */
    ask('a', "\3\6", NULL);
    expect_counts(1, 101, MAX);
}

/* A list that is too long for a key is answered, but not kept. */
static void an_answer_to_too_long_a_list_is_not_kept(void **state)
{
    (void)state;
    char prl[254];
    memset(prl, 100, sizeof prl);
    prl[0] = DHCP_OPT_ROUTERS;
    prl[sizeof prl - 1] = '\0';
    start_router(1);
    ask('a', prl, NULL);
    ask('a', prl, NULL);
    assert_true(dhcp_msg_has(&seen.msg, DHCP_OPT_ROUTERS));
    expect_counts(0, 0, 0);
}

#define TEST(function) cmocka_unit_test_teardown(function, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_same_with_and_without_blocks),
        TEST(clients_that_ask_alike_share_a_block),
        TEST(offer_and_ack_share_a_block),
        TEST(a_new_configuration_has_new_blocks),
        TEST(a_new_configuration_has_new_records),
        TEST(the_number_of_blocks_is_limited),
        TEST(an_answer_to_too_long_a_list_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
