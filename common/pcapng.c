#include "common/pcapng.h"

#include <string.h>

#include "common/pcapng_format.h"
#include "common/wire.h"

static void put_padding(struct wire_writer *w, size_t len)
{
    wire_put_zeros(w, PCAPNG_PAD(len));
}

static void put_option(struct wire_writer *w, uint16_t code, const void *value, size_t len)
{
    wire_put_u16(w, code);
    wire_put_u16(w, (uint16_t)len);
    wire_put_bytes(w, value, len);
    put_padding(w, len);
}

/* Cut between the characters of UTF-8: octets 10xxxxxx go on with one. */
static void put_text(struct wire_writer *w, uint16_t code, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    size_t len = strlen(text);
    if (len > PCAPNG_COMMENT_MAX) {
        len = PCAPNG_COMMENT_MAX;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    put_option(w, code, text, len);
}

static void put_end(struct wire_writer *w)
{
    wire_put_u16(w, PCAPNG_OPT_END);
    wire_put_u16(w, 0);
}

/* Type and length, which close_block() fills in. */
static struct wire_writer open_block(enum pcapng_block type, uint8_t *buf, size_t cap)
{
    struct wire_writer w;
    wire_writer_init(&w, buf, cap);
    wire_put_u32(&w, type);
    wire_put_u32(&w, 0);
    return w;
}

static size_t close_block(struct wire_writer *w)
{
    size_t len = w->at + sizeof(uint32_t);
    struct wire_writer head;
    wire_put_u32(w, (uint32_t)len);
    if (w->err)
        return 0;
    wire_writer_init(&head, w->bytes + PCAPNG_LENGTH_AT, sizeof(uint32_t));
    wire_put_u32(&head, (uint32_t)len);
    return len;
}

size_t pcapng_section(const char *application, const char *comment, uint8_t *buf, size_t cap)
{
    struct wire_writer w = open_block(PCAPNG_SECTION, buf, cap);
    wire_put_u32(&w, PCAPNG_ORDER);
    wire_put_u16(&w, PCAPNG_MAJOR);
    wire_put_u16(&w, 0);
    wire_put_u32(&w, UINT32_MAX); /* how long the section is: not known */
    wire_put_u32(&w, UINT32_MAX);
    put_text(&w, PCAPNG_OPT_COMMENT, comment);
    put_text(&w, PCAPNG_OPT_SECTION_APPLICATION, application);
    put_end(&w);
    return close_block(&w);
}

size_t pcapng_interface(const struct pcapng_interface *interface, uint8_t *buf, size_t cap)
{
    static const uint8_t nanoseconds = 9; /* times count units of 10^-9 s */
    struct wire_writer w = open_block(PCAPNG_INTERFACE, buf, cap);
    wire_put_u16(&w, interface->linktype);
    wire_put_u16(&w, 0);
    wire_put_u32(&w, PCAPNG_SNAPLEN);
    put_text(&w, PCAPNG_OPT_INTERFACE_NAME, interface->name);
    if (interface->hw.len == 6)
        put_option(&w, PCAPNG_OPT_INTERFACE_HW, interface->hw.bytes, interface->hw.len);
    put_option(&w, PCAPNG_OPT_INTERFACE_RESOLUTION, &nanoseconds, 1);
    put_end(&w);
    return close_block(&w);
}

size_t pcapng_packet(const struct pcapng_packet *packet, uint8_t *buf, size_t cap)
{
    if (packet->len > PCAPNG_SNAPLEN || packet->wire_len > UINT32_MAX || packet->time_ns < 0)
        return 0;
    uint64_t time_ns = (uint64_t)packet->time_ns;
    struct wire_writer w = open_block(PCAPNG_ENHANCED_PACKET, buf, cap);
    wire_put_u32(&w, packet->interface);
    wire_put_u32(&w, (uint32_t)(time_ns >> 32));
    wire_put_u32(&w, (uint32_t)time_ns);
    wire_put_u32(&w, (uint32_t)packet->len);
    wire_put_u32(&w, (uint32_t)packet->wire_len);
    wire_put_bytes(&w, packet->bytes, packet->len);
    put_padding(&w, packet->len);
    put_text(&w, PCAPNG_OPT_COMMENT, packet->comment);
    if (packet->direction != PCAPNG_UNKNOWN) {
        const uint8_t flags[] = {0, 0, 0, (uint8_t)packet->direction};
        put_option(&w, PCAPNG_OPT_PACKET_FLAGS, flags, sizeof flags);
    }
    put_end(&w);
    return close_block(&w);
}
