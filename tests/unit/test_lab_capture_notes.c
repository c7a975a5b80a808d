/* What the traces say becomes the comment of the packet that it is about, whichever comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/frame.h"
#include "common/trace.h"
#include "lab/capture_notes.h"

enum { SERVER_IP = 0x0a4d0001, CLIENT_IP = 0x0a4d0064, HOLD_MS = 500, XID = 0x3903f326 };

static const struct hw_addr client_hw = {1, 6, {2, 0, 0, 0, 0, 2}};
static const struct hw_addr server_hw = {1, 6, {2, 0, 0, 0, 0, 1}};

static struct world {
    struct capture_notes *notes;
    char written[8192]; /* "time[comment] " of each packet */
    uint8_t payload[1500], frame[FRAME_MAX];
    struct packet packet;
} w;

static void write_packet(void *user, const struct pcapng_packet *packet)
{
    (void)user;
    size_t len = strlen(w.written);
    snprintf(w.written + len, sizeof w.written - len, "%d[%s] ", (int)packet->time_ns, packet->comment);
}

static void open_world(size_t packets)
{
    const struct capture_notes_limits limits = {HOLD_MS, packets};
    w = (struct world){0};
    w.notes = capture_notes_new(&limits, write_packet, NULL);
    assert_non_null(w.notes);
}

static int set_up(void **state)
{
    (void)state;
    open_world(100);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    capture_notes_free(w.notes);
    return 0;
}

/* In the end. */
static void expect_written(const char *written)
{
    capture_notes_flush(w.notes);
    assert_string_equal(w.written, written);
}

/* The message that is spoken of from now on. */
static void set_message(uint8_t type, uint32_t xid)
{
    static struct dhcp_msg m;
    unsigned dropped;
    bool request = type == DHCP_DISCOVER || type == DHCP_REQUEST || type == DHCP_RELEASE;
    dhcp_msg_init(&m, request ? DHCP_BOOTREQUEST : DHCP_BOOTREPLY);
    m.htype = 1;
    m.hlen = 6;
    m.xid = xid;
    memcpy(m.chaddr, client_hw.bytes, 6);
    dhcp_put_u8(&m, DHCP_OPT_TYPE, type);
    m.type = type;
    size_t len = dhcp_msg_encode(&m, w.payload, sizeof w.payload, &dropped);
    w.packet = (struct packet){.src_hw = request ? client_hw : server_hw,
                               .dst_hw = request ? server_hw : client_hw,
                               .src = request ? CLIENT_IP : SERVER_IP,
                               .dst = request ? SERVER_IP : CLIENT_IP,
                               .sport = request ? 68 : 67,
                               .dport = request ? 67 : 68,
                               .bytes = w.payload,
                               .len = len};
}

static void see_packet(const char *node, bool sent, int time_ns, time_ms now)
{
    size_t len = frame_encode(&w.packet, w.frame, sizeof w.frame);
    const struct pcapng_packet p = {0,   time_ns, w.frame, len, len, sent ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
                                    NULL};
    assert_true(capture_notes_packet(w.notes, node, &p, now));
}

static void take(cJSON *event, time_ms now)
{
    assert_non_null(event);
    assert_true(capture_notes_event(w.notes, event, now));
    cJSON_Delete(event);
}

static void trace_message(const char *node, bool sent, time_ms now)
{
    const struct trace_stamp stamp = {{now, now, 0}, node};
    take(trace_message_json(&stamp, sent ? TRACE_TX : TRACE_RX, "eth0", &w.packet), now);
}

static void trace_decision(const char *node, enum reason reason, time_ms now)
{
    const struct trace_stamp stamp = {{now, now, 0}, node};
    const struct trace_event event = {.kind = TRACE_DECISION,
                                      .reason = reason,
                                      .facts = {.addr = 0x0a090909, .net = {0x0a4d0000, 24}},
                                      .xid = XID,
                                      .client = client_hw};
    take(trace_event_json(&stamp, &event), now);
}

static void trace_state(const char *node, const char *from, const char *to, enum reason reason, time_ms now)
{
    const struct trace_stamp stamp = {{now, now, 0}, node};
    const struct trace_event event = {
        .kind = TRACE_STATE, .reason = reason, .xid = XID, .client = client_hw, .from = from, .to = to};
    take(trace_event_json(&stamp, &event), now);
}

#define NAK "NAK: 10.9.9.9 is not in subnet 10.77.0.0/24"

static void a_server_answers(void **state)
{
    (void)state;
    set_message(DHCP_REQUEST, XID);
    see_packet("server", false, 1, 0);
    trace_message("server", false, 0);
    trace_decision("server", REASON_SUBNET_INTERFACE, 0);
    trace_decision("server", REASON_NAK_WRONG_NET, 0);
    trace_decision("server", REASON_TO_BROADCAST_NAK, 0);
    set_message(DHCP_NAK, XID);
    trace_message("server", true, 0); /* before its packet is seen */
    see_packet("server", true, 2, 0);
    see_packet("h1", false, 3, 0); /* h1's trace says nothing */
    expect_written("1[" NAK "] 2[" NAK "] 3[] ");
}

/* What is left when there is no other decision. */
static void the_way_is_told_where_there_is_nothing_else(void **state)
{
    (void)state;
    set_message(DHCP_REQUEST, XID);
    see_packet("server", false, 1, 0);
    trace_message("server", false, 0);
    trace_decision("server", REASON_REQUEST_SELECTING, 0);
    expect_written("1[SELECTING: it names a server (RFC 2131 table 4)] ");
}

/* Its RELEASE is told before its change of state; a transmission again has a transaction id of its own. */
static void a_client_decides(void **state)
{
    (void)state;
    set_message(DHCP_RELEASE, XID);
    trace_message("h1", true, 0);
    trace_state("h1", "BOUND", "STOPPED", REASON_COMMAND_RELEASE, 0);
    see_packet("h1", true, 1, 0);
    trace_state("h1", "INIT", "SELECTING", REASON_SEARCH, 1000);
    set_message(DHCP_DISCOVER, XID);
    trace_message("h1", true, 1000);
    see_packet("h1", true, 2, 1000);
    trace_decision("h1", REASON_RETRANSMIT, 5000);
    set_message(DHCP_DISCOVER, XID + 1);
    trace_message("h1", true, 5000);
    see_packet("h1", true, 3, 5000);
    expect_written(
        "1[BOUND -> STOPPED: asked to release] 2[INIT -> SELECTING: asking every server for an offer] "
        "3[no answer: transmission 0] ");
}

/* What a client is asked to do at once after an ACK has nothing to do with the ACK. */
static void what_a_client_is_asked_to_do_is_apart(void **state)
{
    (void)state;
    set_message(DHCP_ACK, XID);
    see_packet("h1", false, 1, 0);
    trace_message("h1", false, 0);
    trace_state("h1", "REQUESTING", "BOUND", REASON_GOT_ACK, 0);
    trace_state("h1", "BOUND", "RENEWING", REASON_COMMAND_RENEW, 1);
    set_message(DHCP_REQUEST, XID + 1);
    trace_message("h1", true, 1);
    see_packet("h1", true, 2, 1);
    set_message(DHCP_ACK, XID + 1);
    see_packet("h1", false, 3, 2);
    trace_message("h1", false, 2);
    trace_state("h1", "RENEWING", "BOUND", REASON_GOT_ACK, 2);
    set_message(DHCP_RELEASE, XID + 2);
    see_packet("h1", true, 4, 3);
    trace_message("h1", true, 3);
    trace_state("h1", "BOUND", "STOPPED", REASON_COMMAND_RELEASE, 3);
    expect_written("1[REQUESTING -> BOUND: 0.0.0.0 is ours for 0 s] 2[BOUND -> RENEWING: asked to renew] "
                   "3[RENEWING -> BOUND: 0.0.0.0 is ours for 0 s] 4[BOUND -> STOPPED: asked to release] ");
}

/* The lab's clock may be advanced to T1, and a conflict may be seen, at once after an ACK. */
static void a_timer_after_a_message_is_apart(void **state)
{
    (void)state;
    set_message(DHCP_ACK, XID);
    see_packet("h1", false, 1, 0);
    trace_message("h1", false, 0);
    trace_state("h1", "REQUESTING", "BOUND", REASON_GOT_ACK, 0);
    trace_state("h1", "BOUND", "RENEWING", REASON_T1, 1);
    set_message(DHCP_REQUEST, XID + 1);
    trace_message("h1", true, 1);
    see_packet("h1", true, 2, 1);
    expect_written("1[REQUESTING -> BOUND: 0.0.0.0 is ours for 0 s] "
                   "2[BOUND -> RENEWING: T1: half of the lease or the server's option 58] ");
}

/* What leads to one message is told at it whole: no message was received between. */
static void changes_before_a_message_are_together(void **state)
{
    (void)state;
    trace_state("h1", "STOPPED", "INIT", REASON_COMMAND_RENEW, 0);
    trace_state("h1", "INIT", "SELECTING", REASON_SEARCH, 1);
    set_message(DHCP_DISCOVER, XID);
    trace_message("h1", true, 1);
    see_packet("h1", true, 1, 1);
    expect_written(
        "1[STOPPED -> INIT: asked to renew; INIT -> SELECTING: asking every server for an offer] ");
}

/* A relay agent's RELEASE is the one that it got. */
static void a_release_is_relayed(void **state)
{
    (void)state;
    set_message(DHCP_RELEASE, XID);
    see_packet("r", false, 1, 0);
    trace_message("r", false, 0);
    trace_decision("r", REASON_UNKNOWN_CLIENT, 0);
    trace_message("r", true, 0);
    see_packet("r", true, 2, 0);
    expect_written("1[no lease of this client is known: silent (RFC 2131 4.3.2)] "
                   "2[no lease of this client is known: silent (RFC 2131 4.3.2)] ");
}

/* What comes in and what goes out belong together. */
static void a_relay_agent_passes_on(void **state)
{
    (void)state;
    set_message(DHCP_DISCOVER, XID);
    see_packet("r", false, 1, 0);
    trace_message("r", false, 0);
    trace_decision("r", REASON_RELAY_HOPS, 0);
    set_message(DHCP_OFFER, XID);
    see_packet("r", false, 2, 1);
    trace_message("r", false, 1);
    trace_decision("r", REASON_RELAY_REPLY, 1);
    trace_message("r", true, 1);
    see_packet("r", true, 3, 1);
    expect_written("1[hops is 0: not relayed any further (RFC 1542 4.1.1)] "
                   "2[OFFER: relayed to 10.9.9.9 on the link of giaddr 0.0.0.0 (RFC 1542 4.1.2)] "
                   "3[OFFER: relayed to 10.9.9.9 on the link of giaddr 0.0.0.0 (RFC 1542 4.1.2)] ");
}

/* Two of the same in a row: each has its own. */
static void the_first_that_waits_is_meant(void **state)
{
    (void)state;
    set_message(DHCP_REQUEST, XID);
    see_packet("server", false, 1, 0);
    see_packet("server", false, 2, 0);
    trace_message("server", false, 0);
    trace_decision("server", REASON_NAK_WRONG_NET, 0);
    trace_message("server", false, 0);
    trace_decision("server", REASON_UNKNOWN_CLIENT, 0);
    capture_notes_flush(w.notes);
    assert_non_null(strstr(w.written, "1[10.9.9.9 is not in subnet"));
    assert_non_null(strstr(w.written, "2["));
    assert_null(strstr(strstr(w.written, "2["), "10.9.9.9 is not in"));
}

static void packets_leave_in_the_order_of_their_times_when_they_were_held(void **state)
{
    (void)state;
    assert_true(capture_notes_deadline(w.notes) == TIME_NEVER);
    set_message(DHCP_DISCOVER, XID);
    see_packet("h1", true, 5, 10);
    see_packet("server", false, 7, 11);
    see_packet("h2", false, 6, 12);
    see_packet("h3", false, 5, 13);
    assert_int_equal(capture_notes_deadline(w.notes), 10 + HOLD_MS);
    capture_notes_release(w.notes, 10 + HOLD_MS - 1);
    assert_string_equal(w.written, "");
    capture_notes_release(w.notes, 10 + HOLD_MS);
    assert_string_equal(w.written, "5[] ");
    trace_decision("server", REASON_NAK_WRONG_NET, 600); /* of no message that was heard of */
    expect_written("5[] 5[] 6[] 7[] ");
}

static void of_too_many_the_oldest_leave_early(void **state)
{
    (void)state;
    tear_down(state);
    open_world(2);
    set_message(DHCP_DISCOVER, XID);
    for (int i = 1; i <= 4; i++)
        see_packet("h1", true, i, 0);
    assert_string_equal(w.written, "1[] 2[] ");
    trace_message("h1", true, 0);
    trace_state("h1", "INIT", "SELECTING", REASON_SEARCH, 0);
    const struct capture_notes_counts *c = capture_notes_counts(w.notes);
    assert_int_equal(c->early, 2);
    assert_int_equal(c->packets, 4);
    assert_int_equal(c->dhcp, 4);
    capture_notes_flush(w.notes);
    assert_int_equal(c->commented, 1);
    expect_written("1[] 2[] 3[INIT -> SELECTING: asking every server for an offer] 4[] ");
}

static void a_lost_frame_says_so_at_its_sender(void **state)
{
    const struct trace_stamp stamp = {{0, 0, 0}, "h1.eth0>server.eth0"};
    const struct trace_facts facts = {.text = "h1.eth0>server.eth0"};
    (void)state;
    set_message(DHCP_DISCOVER, XID);
    trace_state("h1", "INIT", "SELECTING", REASON_SEARCH, 0);
    trace_message("h1", true, 0);
    see_packet("h1", true, 1, 0);
    take(trace_drop_json(&stamp, "wire", &w.packet, REASON_LINK_CUT, &facts), 0);
    expect_written("1[INIT -> SELECTING: asking every server for an offer; dropped: the wire "
                   "h1.eth0>server.eth0 is cut] ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_way_is_told_where_there_is_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_client_is_asked_to_do_is_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_after_a_message_is_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_before_a_message_are_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_release_is_relayed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_relay_agent_passes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_that_waits_is_meant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(packets_leave_in_the_order_of_their_times_when_they_were_held, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_too_many_the_oldest_leave_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_frame_says_so_at_its_sender, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
