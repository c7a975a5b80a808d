/* One direction of a wire: its luck, and what is scripted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_msg.h"
#include "lab/sim_link.h"

enum { FRAMES = 2000 };

static struct sim_link link_;
static struct sim_fate fate;

static void make(struct sim_faults faults)
{
    sim_link_init(&link_, 1, "a.eth0>b.eth0");
    link_.faults = faults;
}

/* How often a frame comes before one that was sent earlier. */
static unsigned overtakings(void)
{
    unsigned n = 0;
    time_ms last = 0;
    for (time_ms now = 0; now < FRAMES; now++) {
        sim_link_pass(&link_, now, NULL, NULL, &fate);
        assert_int_equal(fate.copies, 1);
        assert_true(fate.at_ms[0] >= now + link_.faults.delay_ms);
        n += fate.at_ms[0] < last;
        last = fate.at_ms[0];
    }
    return n;
}

static void test_jitter_keeps_the_order(void **state)
{
    (void)state;
    make((struct sim_faults){.delay_ms = 5, .jitter_ms = 50});
    assert_int_equal(overtakings(), 0);
}

static void test_reordering_does_not(void **state)
{
    (void)state;
    make((struct sim_faults){.reorder = 100000, .reorder_by_ms = 10});
    assert_in_range(overtakings(), FRAMES / 20, FRAMES / 5);
}

static void test_loss_and_duplication(void **state)
{
    unsigned lost = 0, twice = 0;
    (void)state;
    make((struct sim_faults){.loss = 250000, .duplicate = 100000});
    for (time_ms now = 0; now < FRAMES; now++) {
        sim_link_pass(&link_, now, NULL, NULL, &fate);
        lost += fate.copies == 0;
        twice += fate.copies == 2;
        assert_int_equal(fate.n_faults, fate.copies != 1);
        assert_true(fate.copies != 0 || fate.reason == REASON_LINK_LOSS);
    }
    assert_in_range(lost, FRAMES / 5, FRAMES * 3 / 10);
    assert_in_range(twice, FRAMES / 20, FRAMES / 10);
}

/* What happens to one frame leaves the luck of the others alone. */
static void test_a_cut_does_not_change_the_luck(void **state)
{
    bool lost[FRAMES];
    (void)state;
    make((struct sim_faults){.loss = 500000, .jitter_ms = 7});
    for (size_t i = 0; i < FRAMES; i++) {
        sim_link_pass(&link_, 0, NULL, NULL, &fate);
        lost[i] = fate.copies == 0;
    }
    make((struct sim_faults){.loss = 500000, .jitter_ms = 7});
    for (size_t i = 0; i < FRAMES; i++) {
        link_.is_cut = i < 100;
        sim_link_pass(&link_, 0, NULL, NULL, &fate);
        assert_int_equal(fate.copies == 0, i < 100 || lost[i]);
        assert_int_equal(fate.reason, i < 100 ? REASON_LINK_CUT : lost[i] ? REASON_LINK_LOSS : REASON_NONE);
    }
}

static void test_the_third_ack(void **state)
{
    static const struct {
        enum dhcp_type type;
        bool passes;
    } rows[] = {{DHCP_ACK, true},   {DHCP_OFFER, true}, {DHCP_ACK, true}, {DHCP_OFFER, true},
                {DHCP_OFFER, true}, {DHCP_ACK, false},  {DHCP_ACK, true}};
    (void)state;
    make((struct sim_faults){0});
    for (size_t i = 0; i < SIM_SCRIPTS_MAX; i++)
        assert_true(
            sim_link_add_script(&link_, (struct sim_script){.type = DHCP_ACK, .first = 3, .last = 3}));
    assert_false(sim_link_add_script(&link_, (struct sim_script){.type = DHCP_ACK, .first = 3, .last = 3}));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dhcp_msg msg;
        uint8_t bytes[DHCP_MSG_MAX];
        unsigned dropped;
        dhcp_msg_init(&msg, DHCP_BOOTREPLY);
        dhcp_put_u8(&msg, DHCP_OPT_TYPE, (uint8_t)rows[i].type);
        struct packet packet = {.bytes = bytes, .len = dhcp_msg_encode(&msg, bytes, sizeof bytes, &dropped)};
        sim_link_pass(&link_, 0, &packet, NULL, &fate);
        assert_int_equal(fate.copies, rows[i].passes);
        assert_int_equal(fate.reason, rows[i].passes ? REASON_NONE : REASON_LINK_SCRIPT);
    }
}

static void test_faults_as_text(void **state)
{
    static const char *const wrong[] = {"",
                                        "a>b",
                                        "a>b#1",
                                        "a>b#x:loss",
                                        "a>b#1:luck",
                                        "a>b#1:loss,",
                                        "#1:loss",
                                        "a>b#-1:loss",
                                        "a>b# 1:loss",
                                        "a>b#18446744073709551616:loss"};
    struct sim_fault fault = {.link = "a.eth0>b.eth0", .frame = 12, .luck = SIM_REORDER}, back = {.frame = 7};
    char text[SIM_FAULT_LEN];
    (void)state;
    sim_fault_format(&fault, text);
    assert_string_equal(text, "a.eth0>b.eth0#12:reorder");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(sim_fault_parse(wrong[i], &back));
        assert_int_equal(back.frame, 7);
    }
    assert_true(sim_fault_parse(text, &back));
    assert_string_equal(back.link, fault.link);
    assert_int_equal(back.frame, 12);
    assert_int_equal(back.luck, SIM_REORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jitter_keeps_the_order), cmocka_unit_test(test_reordering_does_not),
        cmocka_unit_test(test_loss_and_duplication),   cmocka_unit_test(test_a_cut_does_not_change_the_luck),
        cmocka_unit_test(test_the_third_ack),          cmocka_unit_test(test_faults_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
