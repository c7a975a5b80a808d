/* Captures that others made, with the packets of programs that we did not write: every DHCP packet of an
 * Ethernet capture is found and read, its counts and message types are those of the captures' index, and
 * every shorter prefix of every packet is survived. The captures do not belong to the project: without them
 * the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/capfile.h"
#include "common/dhcp_msg.h"
#include "common/frame.h"
#include "common/io_file.h"

enum { ROWS_MAX = 128, TYPES_MAX = 32, SKIPPED = 77 };

/* One row of the index: | file | bytes | DHCP packets | message types (53) | ... */
struct row {
    char file[256];
    unsigned packets;
    bool types[TYPES_MAX];
};

static struct row rows[ROWS_MAX];
static size_t n_rows;

/* What was found in one capture. */
struct found {
    unsigned packets;
    bool types[TYPES_MAX];
};

static void parse_types(const char *text, struct row *out)
{
    char *next;
    for (const char *at = text; *at != '|'; at = next) {
        unsigned long type = strtoul(at, &next, 10);
        assert_true(next != at && type < TYPES_MAX);
        out->types[type] = true;
        next += strspn(next, " ");
    }
}

/* The rows of other protocols have no column for DHCP packets, for there are none. */
static bool parse_row(const char *line, struct row *out)
{
    unsigned bytes;
    int types_at = 0;
    *out = (struct row){0};
    int n = sscanf(line, "| %255[^ |] | %u | %u | %n", out->file, &bytes, &out->packets, &types_at);
    if (n == 3 && types_at > 0)
        parse_types(line + types_at, out);
    return n >= 2;
}

static bool load_index(void)
{
    FILE *file = fopen(CAPTURES "/INDEX.md", "r");
    if (file == NULL)
        return false;
    char line[1024];
    while (fgets(line, sizeof(line), file) != NULL && n_rows < ROWS_MAX)
        if (parse_row(line, &rows[n_rows]))
            n_rows++;
    fclose(file);
    return true;
}

static void decode_shorter(const uint8_t *bytes, size_t len)
{
    static struct dhcp_msg msg;
    for (size_t n = 0; n < len; n++) {
        uint8_t *cut = malloc(n + 1);
        assert_non_null(cut);
        memcpy(cut, bytes, n);
        enum reason reason = dhcp_msg_decode(&msg, cut, n);
        if (n < DHCP_COOKIE_AT)
            assert_int_equal(reason, REASON_MSG_TOO_SHORT);
        free(cut);
    }
}

static void decode_shorter_frames(const uint8_t *bytes, size_t len)
{
    for (size_t n = 0; n < len; n++) {
        uint8_t *cut = malloc(n + 1);
        assert_non_null(cut);
        memcpy(cut, bytes, n);
        struct packet packet;
        (void)frame_decode(cut, n, FRAME_CHECKSUM_NOT_READY, &packet);
        free(cut);
    }
}

static bool is_dhcp_port(uint16_t port)
{
    return port == DHCP_PORT_SERVER || port == DHCP_PORT_CLIENT;
}

/* Some were captured where they were sent, before the hardware filled in the checksum of the IP header. */
static void fill_in_ip_checksum(uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + FRAME_ETH_LEN;
    if (len < FRAME_ETH_LEN + FRAME_IP_LEN || ip[0] != 0x45 || ip[10] != 0 || ip[11] != 0)
        return;
    uint16_t checksum = frame_sum_finish(frame_sum(0, ip, FRAME_IP_LEN));
    ip[10] = (uint8_t)(checksum >> 8);
    ip[11] = (uint8_t)checksum;
}

static void read_frame(const uint8_t *captured, size_t len, struct found *found)
{
    static uint8_t bytes[65536];
    static struct dhcp_msg msg;
    struct packet packet;
    assert_in_range(len, 0, sizeof(bytes));
    memcpy(bytes, captured, len);
    decode_shorter_frames(bytes, len);
    fill_in_ip_checksum(bytes, len);
    if (frame_decode(bytes, len, FRAME_CHECKSUM_NOT_READY, &packet) != REASON_NONE)
        return;
    if (!is_dhcp_port(packet.sport) && !is_dhcp_port(packet.dport))
        return;
    decode_shorter(packet.bytes, packet.len);
    if (dhcp_msg_decode(&msg, packet.bytes, packet.len) != REASON_NONE)
        return;
    found->packets++;
    if (msg.type != DHCP_BOOTP)
        found->types[msg.type] = true;
}

/* Reads the whole capture; false, and why is told, if libpcap cannot or if it is not of Ethernet. */
static bool read_capture(const char *path, struct found *found)
{
    char why[PCAP_ERRBUF_SIZE];
    *found = (struct found){0};
    pcap_t *pcap = pcap_open_offline(path, why);
    if (pcap == NULL) {
        print_message("left out: %s: %s\n", path, why);
        return false;
    }
    int status = PCAP_ERROR;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    if (pcap_datalink(pcap) != DLT_EN10MB)
        print_message("left out: %s: not of Ethernet\n", path);
    else {
        while ((status = pcap_next_ex(pcap, &header, &bytes)) == 1)
            read_frame(bytes, header->caplen, found);
        if (status == PCAP_ERROR)
            print_message("left out: %s: %s\n", path, pcap_geterr(pcap));
    }
    pcap_close(pcap);
    return status == PCAP_ERROR_BREAK;
}

/* ---- our reader beside libpcap ---- */

struct ours {
    struct capfile file;
    uint8_t *bytes;
    size_t len, at;
};

static bool open_ours(const char *path, struct ours *out)
{
    char *text;
    *out = (struct ours){0};
    capfile_init(&out->file);
    if (io_file_read(path, &text, &out->len) < 0)
        return false;
    out->bytes = (uint8_t *)text;
    return true;
}

/* Of each packet that libpcap reads: time, lengths and octets; but what is beyond the length that the capture
 * says it has of a packet, libpcap cuts off. */
static void compare_packets(const char *path, pcap_t *pcap, struct ours *ours)
{
    struct pcap_pkthdr *header;
    struct capfile_packet packet;
    const u_char *bytes;
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        enum capfile_status status = capfile_next(&ours->file, ours->bytes, ours->len, &ours->at, &packet);
        if (status != CAPFILE_PACKET)
            fail_msg("%s: libpcap has more packets", path);
        assert_true(packet.time_ns == (int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec);
        assert_int_equal(packet.wire_len, header->len);
        assert_true(packet.len >= header->caplen);
        assert_memory_equal(packet.bytes, bytes, header->caplen);
    }
}

static void test_our_reader_and_libpcap_find_the_same_packets(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_rows; i++) {
        char path[512], why[PCAP_ERRBUF_SIZE];
        struct ours ours;
        snprintf(path, sizeof(path), "%s/%s", CAPTURES, rows[i].file);
        pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
        if (pcap == NULL)
            continue;
        assert_true(open_ours(path, &ours));
        compare_packets(path, pcap, &ours);
        capfile_fini(&ours.file);
        free(ours.bytes);
        pcap_close(pcap);
    }
}

static void test_counts_and_types_are_those_of_the_index(void **state)
{
    (void)state;
    unsigned captures = 0;
    int wrong = 0;
    for (size_t i = 0; i < n_rows; i++) {
        char path[512];
        struct found found;
        snprintf(path, sizeof(path), "%s/%s", CAPTURES, rows[i].file);
        if (!read_capture(path, &found))
            continue;
        captures++;
        if (found.packets != rows[i].packets ||
            memcmp(found.types, rows[i].types, sizeof(found.types)) != 0) {
            print_error("%s: %u DHCP packets instead of %u, or other message types\n", rows[i].file,
                        found.packets, rows[i].packets);
            wrong++;
        }
    }
    print_message("%u of %zu captures read\n", captures, n_rows);
    assert_true(captures > n_rows / 2);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    if (access(CAPTURES, R_OK) != 0) {
        printf("skipped: there are no captures in " CAPTURES "\n");
        return SKIPPED;
    }
    if (!load_index()) {
        printf("there is no index in " CAPTURES "\n");
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_reader_and_libpcap_find_the_same_packets),
        cmocka_unit_test(test_counts_and_types_are_those_of_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
