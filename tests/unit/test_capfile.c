/* Capture files: pcap in its forms, pcapng by hand and by our own writer, cut and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/capfile.h"
#include "common/pcapng.h"

#define S(text) (const uint8_t *)(text), sizeof(text) - 1

static void put_octets(uint8_t *out, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = octets[i];
}

/* Reads `len` octets of a whole file; the packets' number, and the last one. */
static size_t read_all(struct capfile *c, const uint8_t *bytes, size_t len, struct capfile_packet *out,
                       enum capfile_status *out_status, size_t *out_at)
{
    size_t n = 0;
    *out_at = 0;
    capfile_init(c);
    while ((*out_status = capfile_next(c, bytes, len, out_at, out)) == CAPFILE_PACKET)
        n++;
    return n;
}

static void assert_one(const uint8_t *bytes, size_t len, int64_t time_ns, int linktype, const char *payload)
{
    struct capfile c;
    struct capfile_packet p;
    size_t at = 0;
    capfile_init(&c);
    assert_int_equal(capfile_next(&c, bytes, len, &at, &p), CAPFILE_PACKET);
    assert_true(p.time_ns == time_ns);
    assert_int_equal(p.interface->linktype, linktype);
    assert_int_equal(p.len, strlen(payload));
    assert_memory_equal(p.bytes, payload, p.len);
    assert_int_equal(capfile_next(&c, bytes, len, &at, &p), CAPFILE_MORE);
    assert_false(capfile_is_cut(&c, len - at));
    capfile_fini(&c);
}

/* Magic, version 2.4, zone 0, accuracy 0, snaplen 65535, link type; then 1 s, 2 units, captured 2, sent 9. */
#define PCAP_LE(magic, linktype)                                                                             \
    magic "\2\0\4\0"                                                                                         \
          "\0\0\0\0\0\0\0\0\xff\xff\0\0" linktype "\0\0\0"                                                   \
          "\1\0\0\0\2\0\0\0\2\0\0\0\x9\0\0\0"
#define PCAP_BE(magic, linktype)                                                                             \
    magic "\0\2\0\4"                                                                                         \
          "\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0" linktype "\0\0\0\1\0\0\0\2\0\0\0\2\0\0\0\x9"

static void pcap_has_two_byte_orders_and_two_resolutions(void **state)
{
    (void)state;
    assert_one(S(PCAP_LE("\xd4\xc3\xb2\xa1", "\1") "hi"), 1000002000, 1, "hi");
    assert_one(S(PCAP_LE("\x4d\x3c\xb2\xa1", "\x65") "hi"), 1000000002, 101, "hi");
    assert_one(S(PCAP_BE("\xa1\xb2\xc3\xd4", "\1") "hi"), 1000002000, 1, "hi");
    assert_one(S(PCAP_BE("\xa1\xb2\x3c\x4d", "\1") "hi"), 1000000002, 1, "hi");
    /* The patched form: 8 octets more in front of each packet. */
    assert_one(S(PCAP_LE("\x34\xcd\xb2\xa1", "\1") "\0\0\0\0\0\0\0\0hi"), 1000002000, 1, "hi");
}

/* A section of unknown length; an interface of link type 1 in milliseconds, one of 101 with name and 2^-1 s;
 * a block that nobody knows; a simple packet; a packet of interface 1 with two comments. */
#define SECTION "\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x1c"
#define MS_FACE "\0\0\0\1\0\0\0\x1c\0\1\0\0\0\0\0\0\0\x9\0\1\3\0\0\0\0\0\0\x1c"
#define NAMED   "\0\0\0\1\0\0\0\x2c\0\x65\0\0\0\0\0\0\0\2\0\5eth0\1\0\0\0\0\x9\0\1\x81\0\0\0\0\0\0\0\0\0\0\x2c"
#define UNKNOWN "\0\0\0\x77\0\0\0\x10????\0\0\0\x10"
#define SIMPLE  "\0\0\0\3\0\0\0\x14\0\0\0\2hi\0\0\0\0\0\x14"
#define COMMENTED                                                                                            \
    "\0\0\0\6\0\0\0\x38\0\0\0\1\0\0\0\0\0\0\0\7\0\0\0\3\0\0\0\x40"                                           \
    "abc\0"                                                                                                  \
    "\0\1\0\5first\0\0\0\0\1\0\3two\0\0\0\0\x38"

static void pcapng_has_interfaces_of_different_types_and_comments(void **state)
{
    static const char file[] = SECTION MS_FACE NAMED UNKNOWN SIMPLE COMMENTED;
    struct capfile c;
    struct capfile_packet p;
    size_t at = 0, comment_at = 0, len;
    const uint8_t *bytes = (const uint8_t *)file;
    (void)state;
    capfile_init(&c);
    assert_int_equal(capfile_next(&c, bytes, sizeof file - 1, &at, &p), CAPFILE_PACKET);
    assert_int_equal(p.interface->linktype, 1);
    assert_string_equal(p.interface->name, "");
    assert_int_equal(p.len, 2);
    assert_int_equal(p.time_ns, 0);
    assert_null(capfile_comment(&p, &comment_at, &len));
    assert_int_equal(capfile_next(&c, bytes, sizeof file - 1, &at, &p), CAPFILE_PACKET);
    assert_int_equal(p.interface->linktype, 101);
    assert_string_equal(p.interface->name, "eth0?");
    assert_true(p.time_ns == 3500000000); /* 7 halves of a second */
    assert_int_equal(p.wire_len, 64);
    assert_memory_equal(p.bytes, "abc", p.len);
    assert_memory_equal(capfile_comment(&p, &comment_at, &len), "first", 5);
    assert_int_equal(len, 5);
    assert_memory_equal(capfile_comment(&p, &comment_at, &len), "two", 3);
    assert_int_equal(len, 3);
    assert_null(capfile_comment(&p, &comment_at, &len));
    assert_int_equal(capfile_next(&c, bytes, sizeof file - 1, &at, &p), CAPFILE_MORE);
    assert_false(capfile_is_cut(&c, sizeof file - 1 - at));
    capfile_fini(&c);
}

/* A file cut at any octet gives the packets before the cut; the cut is seen but between two blocks. */
static void every_prefix_is_read_up_to_its_end(void **state)
{
    static const char file[] = SECTION MS_FACE NAMED UNKNOWN SIMPLE COMMENTED;
    static const size_t ends[] = {28, 56, 100, 116, 136, 192};
    (void)state;
    assert_int_equal(sizeof file - 1, 192);
    for (size_t len = 0; len < sizeof file; len++) {
        struct capfile c;
        struct capfile_packet p;
        enum capfile_status status;
        size_t at, n = read_all(&c, (const uint8_t *)file, len, &p, &status, &at);
        bool between = false;
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            between = between || len == ends[i];
        assert_int_equal(status, CAPFILE_MORE);
        assert_int_equal(capfile_is_cut(&c, len - at), !between);
        assert_int_equal(n, (len >= 136) + (len >= 192));
        capfile_fini(&c);
    }
}

/* A block that is not read may be longer than any that is, and than any buffer. */
static void what_is_not_read_is_passed_over_in_parts(void **state)
{
    static const char head[] = SECTION "\0\0\0\x77\x10\0\0\0";
    static const uint8_t zeros[65536];
    struct capfile c;
    struct capfile_packet p;
    size_t at = 0, passed = 8;
    (void)state;
    capfile_init(&c);
    assert_int_equal(capfile_next(&c, (const uint8_t *)head, sizeof head - 1, &at, &p), CAPFILE_MORE);
    assert_int_equal(at, sizeof head - 1);
    for (; passed < 0x10000000 - sizeof zeros; passed += at) {
        at = 0;
        assert_int_equal(capfile_next(&c, zeros, sizeof zeros, &at, &p), CAPFILE_MORE);
        assert_int_equal(at, sizeof zeros);
        assert_true(capfile_is_cut(&c, 0));
    }
    at = 0;
    assert_int_equal(capfile_next(&c, zeros, 0x10000000 - passed, &at, &p), CAPFILE_MORE);
    assert_false(capfile_is_cut(&c, 0));
    capfile_fini(&c);
}

static void assert_bad(const uint8_t *bytes, size_t len, const char *why)
{
    struct capfile c;
    struct capfile_packet p;
    enum capfile_status status;
    size_t at;
    read_all(&c, bytes, len, &p, &status, &at);
    assert_int_equal(status, CAPFILE_BAD);
    if (strstr(c.why, why) == NULL)
        fail_msg("\"%s\" has no \"%s\"", c.why, why);
    capfile_fini(&c);
}

static void what_is_damaged_is_told(void **state)
{
    (void)state;
    assert_bad(S("no capture"), "neither pcap nor pcapng: it starts with 6e6f2063");
    assert_bad(S("\x1f\x8b\x08\x08"), "it is compressed: `gzip -dc` undoes that, and - reads what it prints");
    assert_bad(S("\x28\xb5\x2f\xfd"), "it is compressed: `zstd -dc` undoes that, and - reads what it prints");
    assert_bad(S(PCAP_LE("\xd4\xc3\xb2\xa1", "\1") "hi"
                                                   "\0\0\0\0\0\0\0\0\0\0\0\x7f\0\0\0\0"),
               "a packet of 2130706432 octets");
    assert_bad(S(SECTION SIMPLE), "a packet of interface 0, which was not described");
    assert_bad(S(SECTION "\0\0\0\1\0\0\0\xb"), "a block of 11 octets");
    assert_bad(S(SECTION "\0\0\0\1\0\x10\0\4"), "a block of 1048580 octets");
    assert_bad(S(SECTION MS_FACE "\0\0\0\3\0\0\0\x14\0\0\0\2hi\0\0\0\0\0\x18"),
               "two things about its length");
    assert_bad(S(SECTION MS_FACE "\0\0\0\3\0\0\0\x14\0\0\0\5hi\0\0\0\0\0\x14"),
               "a packet of 5 octets in a block");
    assert_bad(S(SECTION MS_FACE "\0\0\0\6\0\0\0\x0c\0\0\0\x0c"), "a packet block of 0 octets");
    assert_bad(S(SECTION "\0\0\0\1\0\0\0\x0c\0\0\0\x0c"), "an interface block of 0 octets");
    assert_bad(S(SECTION "\0\0\0\1\0\0\0\x1c\0\1\0\0\0\0\0\0\0\x9\0\1\x14\0\0\0\0\0\0\x1c"), "too fine");
    assert_bad(S("\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x00\0\1\0\0"), "without its byte order");
    assert_bad(S("\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\2\0\0"), "version 2");
}

static void more_interfaces_than_allowed_are_refused(void **state)
{
    static uint8_t file[28 + 28 * (CAPFILE_INTERFACES_MAX + 1)];
    (void)state;
    put_octets(file, S(SECTION));
    for (size_t i = 0; i <= CAPFILE_INTERFACES_MAX; i++)
        put_octets(file + 28 + 28 * i, S(MS_FACE));
    assert_bad(file, sizeof file, "more than 4096 interfaces");
}

/* ---- what we write ---- */

static size_t write_file(uint8_t *buf, size_t cap, const struct pcapng_packet *packet)
{
    static const struct pcapng_interface faces[] = {
        {"server/eth0", {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 1}}, 1}, {"h1/tun0", {0}, 101}};
    size_t n = pcapng_section("dhcplab", "a lab", buf, cap);
    for (size_t i = 0; i < 2; i++)
        n += pcapng_interface(&faces[i], buf + n, cap - n);
    return n + pcapng_packet(packet, buf + n, cap - n);
}

static void what_is_written_reads_the_same(void **state)
{
    static uint8_t file[PCAPNG_BLOCK_MAX], bytes[70000];
    static char comment[2 * PCAPNG_COMMENT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    memset(comment, 'x', sizeof comment - 1);
    for (size_t len = 0; len < sizeof bytes; len = len < 9 ? len + 1 : 5 * len) {
        comment[len] = '\0';
        struct pcapng_packet packet = {1, 1767225600123456789, bytes, len, len + 3, PCAPNG_OUTBOUND, comment};
        size_t n = write_file(file, sizeof file, &packet), at, comment_at = 0, comment_len = 0;
        struct capfile c;
        struct capfile_packet p;
        enum capfile_status status;
        assert_int_equal(read_all(&c, file, n, &p, &status, &at), 1);
        assert_false(capfile_is_cut(&c, n - at));
        assert_true(p.time_ns == packet.time_ns);
        assert_int_equal(p.wire_len, len + 3);
        assert_int_equal(p.len, len);
        assert_memory_equal(p.bytes, bytes, len);
        assert_string_equal(p.interface->name, "h1/tun0");
        assert_int_equal(p.interface->linktype, 101);
        const char *text = capfile_comment(&p, &comment_at, &comment_len);
        assert_int_equal(text != NULL, len > 0);
        assert_int_equal(comment_len, len < PCAPNG_COMMENT_MAX ? len : PCAPNG_COMMENT_MAX);
        comment[len] = 'x';
        capfile_fini(&c);
        if (5 * len >= sizeof comment)
            break;
    }
}

static void what_does_not_fit_is_not_written(void **state)
{
    static uint8_t file[PCAPNG_BLOCK_MAX], bytes[PCAPNG_SNAPLEN + 1];
    static char comment[PCAPNG_COMMENT_MAX + 2];
    struct pcapng_packet packet = {0, 1, bytes, PCAPNG_SNAPLEN + 1, PCAPNG_SNAPLEN + 1, PCAPNG_INBOUND, NULL};
    (void)state;
    assert_int_equal(pcapng_packet(&packet, file, sizeof file), 0);
    packet.len = PCAPNG_SNAPLEN;
    memset(comment, 'x', PCAPNG_COMMENT_MAX - 1);
    put_octets((uint8_t *)comment + PCAPNG_COMMENT_MAX - 1,
               S("\xc3\xa4")); /* one character, which the limit would part */
    packet.comment = comment;
    size_t n = pcapng_packet(&packet, file, sizeof file);
    /* head 28, the packet, 4 + 4095 + 1 of the comment, 8 of the direction, 4 of the end, 4 of the length */
    assert_int_equal(n, 28 + PCAPNG_SNAPLEN + 4100 + 8 + 4 + 4);
    assert_int_equal(pcapng_packet(&packet, file, n - 1), 0);
    packet.time_ns = -1;
    assert_int_equal(pcapng_packet(&packet, file, sizeof file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_has_two_byte_orders_and_two_resolutions),
        cmocka_unit_test(pcapng_has_interfaces_of_different_types_and_comments),
        cmocka_unit_test(every_prefix_is_read_up_to_its_end),
        cmocka_unit_test(what_is_not_read_is_passed_over_in_parts),
        cmocka_unit_test(what_is_damaged_is_told),
        cmocka_unit_test(more_interfaces_than_allowed_are_refused),
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(what_does_not_fit_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
