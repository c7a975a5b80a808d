/* One seed, one life: and whatever comes, the client keeps its promises. */
#include "test_cli_world.h"

/* Start delay, four DISCOVERs, an OFFER that nobody confirms: everything that a seed decides, as octets and
 * instants. */
static size_t record(uint64_t seed, const struct hw_addr *hw, uint8_t *out, size_t cap)
{
    struct cli_config config;
    assert_int_equal(cli_config_init(&config), 0);
    struct cli_counters counters = {0};
    struct cli_engine *e = cli_engine_new(&config, hw, seed, &counters);
    struct cli_actions actions;
    cli_actions_init(&actions);
    size_t used = 0;
    struct cli_event event = {.kind = CLI_START};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(cli_engine_step(e, &event, &actions), 0);
        for (const struct cli_action *a = actions.first; a != NULL; a = a->next)
            if (a->kind == CLI_TX) {
                assert_true(used + sizeof event.now + a->packet.len <= cap);
                memcpy(out + used, &event.now, sizeof event.now);
                memcpy(out + used + sizeof event.now, a->packet.bytes, a->packet.len);
                used += sizeof event.now + a->packet.len;
            }
        cli_actions_reset(&actions);
        event = (struct cli_event){.kind = CLI_DEADLINE, .now = cli_engine_deadline(e)};
    }
    cli_actions_fini(&actions);
    cli_engine_free(e);
    return used;
}

static void same_seed_same_octets(void **state)
{
    (void)state;
    static uint8_t a[8192], b[8192];
    size_t len = record(42, &own_hw, a, sizeof a);
    assert_int_equal(record(42, &own_hw, b, sizeof b), len);
    assert_memory_equal(a, b, len);
    record(43, &own_hw, b, sizeof b);
    assert_memory_not_equal(a, b, len);
    struct hw_addr neighbour = own_hw; /* one seed for a whole lab: its clients still differ in their luck */
    neighbour.bytes[5]++;
    record(42, &neighbour, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof(time_ms));
}

/* An answer of any kind, often wrong in one way. */
static struct answer random_answer(struct rng *rng)
{
    static const uint8_t types[] = {DHCP_OFFER, DHCP_OFFER, DHCP_ACK,   DHCP_ACK,
                                    DHCP_ACK,   DHCP_NAK,   DHCP_INFORM};
    static const uint32_t leases_s[] = {1, 2, 60, 3600, 86400, LEASE_INFINITE - 1, LEASE_INFINITE};
    struct answer a = {.type = types[rng_between(rng, 0, 6)], .lease_s = leases_s[rng_between(rng, 0, 6)]};
    switch (rng_between(rng, 0, 15)) {
    case 0:
        a.xid_xor = 1;
        break;
    case 1:
        a.hw_xor = 1;
        break;
    case 2:
        a.server = OTHER;
        break;
    case 3:
        a.yiaddr = ADDR + 1;
        break;
    case 4:
        a.zero_lease = true;
        break;
    case 5:
        a.t1_s = (uint32_t)rng_between(rng, 1, 4000);
        a.t2_s = (uint32_t)rng_between(rng, 1, 4000);
        break;
    default:
        break;
    }
    return a;
}

static time_ms random_event(struct world *w, struct rng *rng, time_ms now)
{
    static const enum cli_event_kind commands[] = {CLI_START,   CLI_RELEASE, CLI_RENEW, CLI_REBIND,
                                                   CLI_DECLINE, CLI_INFORM,  CLI_STOP};
    time_ms deadline = cli_engine_deadline(w->engine);
    struct answer a = random_answer(rng);
    switch (rng_between(rng, 0, 9)) {
    case 0:
        now += rng_between(rng, 0, 100000);
        step(w,
             &(struct cli_event){.kind = commands[rng_between(rng, 0, 6)], .now = now, .addr = {ADDR, 24}});
        return now;
    case 1: /* asleep for a while */
        now += rng_between(rng, 0, 4000000);
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = now});
        return now;
    case 2:
    case 3:
    case 4:
        now = deadline == TIME_NEVER ? now : deadline;
        step(w, &(struct cli_event){.kind = CLI_DEADLINE, .now = now});
        return now;
    default:
        now += rng_between(rng, 0, 2000);
        answer(w, now, &a);
        return now;
    }
}

/* What must hold after every step, whatever came in. */
static void assert_invariants(struct world *w, time_ms now)
{
    struct cli_status s = status_of(w);
    bool leased = s.state == CLI_BOUND || s.state == CLI_RENEWING || s.state == CLI_REBINDING;
    assert_int_equal(s.lease != NULL, leased);
    assert_int_equal(w->is_set, leased);
    assert_true(s.timer_at_ms > now);
    assert_int_equal(s.timer == CLI_NO_TIMER, s.timer_at_ms == TIME_NEVER);
    if (s.lease == NULL)
        return;
    assert_true(s.timer_at_ms <= s.lease->expires_at_ms || s.lease->expires_at_ms == TIME_NEVER);
    assert_true(s.lease->expires_at_ms > now);
    assert_true(s.lease->requested_ms <= s.lease->acked_ms);
    if (s.lease->expires_at_ms != TIME_NEVER) {
        assert_true(s.lease->requested_ms < s.lease->renew_at_ms);
        assert_true(s.lease->renew_at_ms < s.lease->rebind_at_ms);
        assert_true(s.lease->rebind_at_ms < s.lease->expires_at_ms);
    }
}

static void random_events_keep_the_invariants(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct world w;
        struct rng rng;
        world_init(&w, seed);
        rng_init(&rng, seed, "events");
        w.config.collect_offers_ms = seed % 3 == 0 ? 500 : 0;
        AT(&w, 0, CLI_START, STARTS);
        time_ms now = 0;
        for (int i = 0; i < 400; i++) {
            now = random_event(&w, &rng, now);
            assert_invariants(&w, now);
        }
        world_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_octets),
        cmocka_unit_test(random_events_keep_the_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
