/* The one line of a DHCP message: what a trace and a capture of the same message show is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/dhcp_line.h"
#include "common/dhcp_msg.h"
#include "common/dissect.h"
#include "common/frame.h"
#include "common/trace.h"

static const struct dhcp_line offer = {.op = 2,
                                       .type = "OFFER",
                                       .src = "10.77.0.1",
                                       .dst = "10.77.0.100",
                                       .sport = 67,
                                       .dport = 68,
                                       .xid = "0x3903f326",
                                       .chaddr = "02:00:5e:10:00:01",
                                       .ciaddr = "0.0.0.0",
                                       .yiaddr = "10.77.0.100",
                                       .giaddr = "0.0.0.0",
                                       .requested = ""};

#define REST "10.77.0.1:67 > 10.77.0.100:68  xid 0x3903f326  chaddr 02:00:5e:10:00:01  yiaddr 10.77.0.100"

static void fields_that_say_something_are_shown(void **state)
{
    char buf[256];
    struct dhcp_line line = offer;
    (void)state;
    assert_int_equal(dhcp_line_format(&line, false, buf, sizeof buf), strlen("OFFER     " REST));
    assert_string_equal(buf, "OFFER     " REST);
    dhcp_line_format(&line, true, buf, sizeof buf);
    assert_string_equal(buf, "\x1b[1;32mOFFER\x1b[0m     " REST);
    line.type = NULL;
    dhcp_line_format(&line, true, buf, sizeof buf);
    assert_string_equal(buf, REST);
    line.type = "NAK\x1b[2J"; /* from a trace file that somebody made */
    dhcp_line_format(&line, false, buf, sizeof buf);
    assert_string_equal(buf, "NAK?[2J   " REST);
}

static void it_is_cut_at_its_room(void **state)
{
    char whole[256], buf[256];
    (void)state;
    size_t len = dhcp_line_format(&offer, false, whole, sizeof whole);
    for (size_t cap = 1; cap <= len; cap++) {
        memset(buf, '#', sizeof buf);
        assert_int_equal(dhcp_line_format(&offer, false, buf, cap), cap - 1);
        assert_memory_equal(buf, whole, cap - 1);
        assert_int_equal(buf[cap - 1], '\0');
        assert_int_equal(buf[cap], '#');
    }
}

/* What `dhcplab log` prints of a message is what `dhcplab explain` prints of its packet. */
static void a_trace_and_a_capture_say_the_same(void **state)
{
    static struct dhcp_msg m;
    static struct dissect d;
    const struct trace_stamp stamp = {{0, 0, 0}, "h1"};
    const struct hw_addr hw = {1, 6, {2, 0, 0x5e, 0x10, 0, 1}};
    uint8_t payload[DHCP_MSG_MAX], frame[FRAME_MAX];
    char summary[512];
    unsigned dropped;
    (void)state;
    dhcp_msg_init(&m, DHCP_BOOTREQUEST);
    m.htype = 1;
    m.hlen = 6;
    m.xid = 0x03f326;
    m.giaddr = 0x0a580001;
    memcpy(m.chaddr, hw.bytes, 6);
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_REQUEST);
    dhcp_put_ip4(&m, DHCP_OPT_REQUESTED_IP, 0x0a4d0064);
    const struct packet packet = {.src_hw = hw,
                                  .dst_hw = hw,
                                  .dst = IP4_BROADCAST,
                                  .sport = 68,
                                  .dport = 67,
                                  .bytes = payload,
                                  .len = dhcp_msg_encode(&m, payload, sizeof payload, &dropped)};
    cJSON *event = trace_message_json(&stamp, TRACE_TX, "eth0", &packet);
    char *line = trace_line(event, true, TRACE_PLAIN);
    dissect_init(&d, NULL);
    dissect_packet(&d, DISSECT_LINK_ETHERNET, frame, frame_encode(&packet, frame, sizeof frame));
    dissect_summary(&d, summary, sizeof summary);
    assert_string_equal(line, summary);
    assert_string_equal(
        line, "REQUEST   0.0.0.0:68 > 255.255.255.255:67  xid 0x0003f326  chaddr 02:00:5e:10:00:01  "
              "giaddr 10.88.0.1  requested 10.77.0.100");
    free(line);
    cJSON_Delete(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_that_say_something_are_shown),
        cmocka_unit_test(it_is_cut_at_its_room),
        cmocka_unit_test(a_trace_and_a_capture_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
