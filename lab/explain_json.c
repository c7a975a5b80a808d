/* A packet as a line of JSON. Written directly: a tree of values beside the tree of fields would cost more
 * than all the rest. */
#include <string.h>

#include "lab/explain_print.h"

enum { LINE_MAX_LEN = 512 };

static const char hex_digits[] = "0123456789abcdef";

static void put_raw(FILE *out, const char *text)
{
    fputs_unlocked(text, out);
}

/* Our texts are UTF-8 without control characters, so that only two of them need an escape. */
static void put_text(FILE *out, const char *text)
{
    putc_unlocked('"', out);
    for (size_t n; *text != '\0'; text += n) {
        n = strcspn(text, "\"\\");
        fwrite_unlocked(text, 1, n, out);
        if (text[n] != '\0') {
            putc_unlocked('\\', out);
            putc_unlocked(text[n++], out);
        }
    }
    putc_unlocked('"', out);
}

static void put_number(FILE *out, uint64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    fwrite_unlocked(digits + at, 1, sizeof digits - at, out);
}

static void put_hex(FILE *out, const uint8_t *bytes, size_t len)
{
    put_raw(out, ",\"hex\":\"");
    for (size_t i = 0; i < len; i++) {
        putc_unlocked(hex_digits[bytes[i] >> 4], out);
        putc_unlocked(hex_digits[bytes[i] & 15], out);
    }
    putc_unlocked('"', out);
}

static void put_fields(FILE *out, const struct dissect *d, const struct dissect_field *f, bool bytes)
{
    putc_unlocked('[', out);
    for (; f != NULL; f = f->next) {
        put_raw(out, "{\"name\":");
        put_text(out, f->name);
        put_raw(out, ",\"offset\":");
        put_number(out, f->offset);
        put_raw(out, ",\"length\":");
        put_number(out, f->len);
        if (f->source == DISSECT_REASSEMBLED)
            put_raw(out, ",\"source\":\"reassembled\"");
        put_raw(out, ",\"value\":");
        put_text(out, f->value);
        if (f->meaning != NULL) {
            put_raw(out, ",\"meaning\":");
            put_text(out, f->meaning);
        }
        if (bytes && f->len > 0)
            put_hex(out, dissect_field_bytes(d, f), f->len);
        if (f->first != NULL) {
            put_raw(out, ",\"fields\":");
            put_fields(out, d, f->first, bytes);
        }
        put_raw(out, f->next != NULL ? "}," : "}");
    }
    putc_unlocked(']', out);
}

void explain_print_json(FILE *out, const struct explain_packet *packet, const struct dissect *d,
                        const char *note, bool bytes)
{
    char text[LINE_MAX_LEN];
    put_raw(out, "{\"packet\":");
    put_number(out, packet->number);
    put_raw(out, ",\"time\":");
    put_text(out, explain_time(packet->time_ns, text));
    put_raw(out, ",\"length\":");
    put_number(out, packet->wire_len);
    put_raw(out, ",\"captured\":");
    put_number(out, packet->len);
    if (packet->interface[0] != '\0') {
        put_raw(out, ",\"interface\":");
        put_text(out, packet->interface);
    }
    if (packet->comment[0] != '\0') {
        put_raw(out, ",\"comment\":");
        put_text(out, packet->comment);
    }
    put_raw(out, ",\"protocol\":");
    put_text(out, d->protocol);
    dissect_summary(d, text, sizeof text);
    put_raw(out, ",\"summary\":");
    put_text(out, text);
    if (note != NULL && note[0] != '\0') {
        put_raw(out, ",\"note\":");
        put_text(out, note);
    }
    put_raw(out, ",\"warnings\":");
    put_number(out, d->n_warnings);
    put_raw(out, ",\"layers\":");
    put_fields(out, d, d->tree != NULL ? d->tree->first : NULL, bytes);
    put_raw(out, "}\n");
}
