/* Who claims an address: RFC 5227 2.1.1 and 2.4, to the instant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/dhcp_proto.h"
#include "common/dissect_claims.h"

#define S INT64_C(1000000000)
enum {
    ADDR = 0x0a4d000a,
    A = 1,
    B = 2,
    C = 3,
    PROBE = DISSECT_ARP_PROBE,
    ASK = DISSECT_ARP_REQUEST,
    REPLY = DISSECT_ARP_REPLY,
    ANNOUNCE = DISSECT_ARP_ANNOUNCEMENT,
    ACK = -DHCP_ACK,
    RELEASE = -DHCP_RELEASE
};

static struct dissect_claims *claims;
static struct dissect d;

static int set_up(void **state)
{
    (void)state;
    claims = dissect_claims_new(8);
    return claims == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    dissect_claims_free(claims);
    return 0;
}

static struct hw_addr hw_of(int host)
{
    return (struct hw_addr){1, 6, {2, 0, 0, 0, 0, (uint8_t)host}};
}

/* `what`: a kind of ARP message, or, negative, a type of DHCP message to or from the host. */
static struct dissect_claim_answer step_at(int64_t now_ns, int host, int what, ip4 addr)
{
    struct dissect_claim_answer answer;
    dissect_init(&d, NULL);
    d.arp.found = d.has_dhcp = false;
    if (what >= 0) {
        bool probe = what == PROBE;
        d.arp = (struct dissect_arp){.found = true,
                                     .kind = (enum dissect_arp_kind)what,
                                     .sender_hw = hw_of(host),
                                     .sender = probe ? 0 : addr,
                                     .target = probe ? addr : 0x0a4d0001};
    } else {
        d.has_dhcp = true;
        dhcp_msg_init(&d.dhcp, DHCP_BOOTREPLY);
        d.dhcp.type = (uint8_t)-what;
        d.dhcp.htype = 1;
        d.dhcp.hlen = 6;
        d.dhcp.chaddr[0] = 2;
        d.dhcp.chaddr[5] = (uint8_t)host;
        d.dhcp.yiaddr = what == ACK ? addr : 0;
        d.dhcp.ciaddr = addr;
    }
    dissect_claims_step(claims, &d, now_ns, &answer);
    return answer;
}

struct row {
    int64_t at_ns;
    int host, what;
    enum dissect_claim_event event;
    int other;
};

static void play(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct dissect_claim_answer answer = step_at(rows[i].at_ns, rows[i].host, rows[i].what, ADDR);
        struct hw_addr other = hw_of(rows[i].other);
        if (answer.event != rows[i].event || (rows[i].other != 0 && !hw_equal(&answer.other, &other)))
            fail_msg("packet %zu: event %d", i + 1, answer.event);
    }
}

#define PLAY(...)                                                                                            \
    do {                                                                                                     \
        static const struct row rows[] = {__VA_ARGS__};                                                      \
        play(rows, sizeof rows / sizeof rows[0]);                                                            \
    } while (0)

static void test_an_address_that_nobody_else_claims(void **state)
{
    (void)state;
    PLAY({0, A, PROBE, CLAIM_NOTHING, 0}, {1 * S, A, PROBE, CLAIM_NOTHING, 0},
         {2 * S, A, PROBE, CLAIM_NOTHING, 0}, {4 * S, A, ANNOUNCE, CLAIM_NOTHING, 0},
         {6 * S, A, ANNOUNCE, CLAIM_NOTHING, 0}, {7 * S, A, ASK, CLAIM_NOTHING, 0},
         {8 * S, A, REPLY, CLAIM_NOTHING, 0});
}

/* The probing lasts until ANNOUNCE_WAIT, 2 s, after the last probe. */
static void test_who_is_probed_for_answers(void **state)
{
    (void)state;
    PLAY({0, A, PROBE, CLAIM_NOTHING, 0}, {1, B, REPLY, CLAIM_IN_USE, A}, {1 * S, A, PROBE, CLAIM_NOTHING, 0},
         {3 * S, B, ASK, CLAIM_IN_USE, A}, {3 * S + 1, B, ASK, CLAIM_NOTHING, 0});
}

static void test_two_probe_at_a_time(void **state)
{
    (void)state;
    PLAY({0, A, PROBE, CLAIM_NOTHING, 0}, {2 * S, B, PROBE, CLAIM_BOTH_PROBE, A},
         {4 * S + 1, A, PROBE, CLAIM_NOTHING, 0});
}

static void test_another_uses_it_too_and_the_first_defends_it(void **state)
{
    (void)state;
    PLAY({0, A, ANNOUNCE, CLAIM_NOTHING, 0}, {100 * S, B, ANNOUNCE, CLAIM_CONFLICT, A},
         {101 * S, A, ANNOUNCE, CLAIM_DEFENCE, B}, {102 * S, B, REPLY, CLAIM_CONFLICT, A},
         {112 * S, A, REPLY, CLAIM_DEFENCE, B}, {112 * S + 1, A, REPLY, CLAIM_NOTHING, 0});
    struct dissect_claim_answer answer = step_at(200 * S, C, ASK, ADDR);
    assert_int_equal(answer.event, CLAIM_CONFLICT);
    assert_int_equal(answer.other_ns, 112 * S + 1);
    char text[DISSECT_CLAIM_TEXT_LEN];
    assert_string_equal(dissect_claim_format(&answer, text),
                        "conflict: 02:00:00:00:00:01 uses 10.77.0.10, too");
    assert_int_equal(d.n_warnings, 0);
    dissect_claims_show(&d, &answer);
    assert_int_equal(d.n_warnings, 1);
}

/* DHCP gives the address to another host: no conflict, unless it was given to the one that has it. */
static void test_dhcp_hands_addresses_over(void **state)
{
    (void)state;
    PLAY({0, A, ANNOUNCE, CLAIM_NOTHING, 0}, {1, B, ACK, CLAIM_NOTHING, 0},
         {2, B, ANNOUNCE, CLAIM_NOTHING, 0}, {3, B, ACK, CLAIM_NOTHING, 0},
         {4, C, ANNOUNCE, CLAIM_CONFLICT, B}, {5, B, RELEASE, CLAIM_NOTHING, 0},
         {6, C, ANNOUNCE, CLAIM_NOTHING, 0});
}

/* What DHCP has settled is no matter of defence any more. */
static void test_a_lease_ends_a_conflict(void **state)
{
    (void)state;
    PLAY({0, A, ANNOUNCE, CLAIM_NOTHING, 0}, {1, B, ANNOUNCE, CLAIM_CONFLICT, A},
         {2, A, ACK, CLAIM_NOTHING, 0}, {3, A, ANNOUNCE, CLAIM_NOTHING, 0});
}

static void test_a_vlan_is_a_link_of_its_own(void **state)
{
    (void)state;
    struct dissect_claim_answer answer;
    step_at(0, A, ANNOUNCE, ADDR);
    d.link.n_vlans = 1;
    d.link.vlans[0] = 5;
    d.arp.sender_hw = hw_of(B);
    dissect_claims_step(claims, &d, 1, &answer);
    assert_int_equal(answer.event, CLAIM_NOTHING);
}

static void test_addresses_are_limited(void **state)
{
    (void)state;
    for (ip4 addr = 1; addr <= 100; addr++)
        step_at(addr, A, ANNOUNCE, addr);
    assert_int_equal(dissect_claims_forgotten(claims), 92);
    assert_int_equal(step_at(200, B, ANNOUNCE, 100).event, CLAIM_CONFLICT);
    assert_int_equal(step_at(201, B, ANNOUNCE, 1).event, CLAIM_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_address_that_nobody_else_claims, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_is_probed_for_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_probe_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_uses_it_too_and_the_first_defends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dhcp_hands_addresses_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_lease_ends_a_conflict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_vlan_is_a_link_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_addresses_are_limited, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
