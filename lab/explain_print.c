#include "lab/explain_print.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text_format.h"
#include "lab/wrap.h"

enum {
    NS_PER_S = 1000000000,
    LINE_MAX_LEN = 512,
    CONTINUED_AT = 24, /* behind number and time */
    NAME_WIDTH = 20,
    INTERFACE_WIDTH = 11, /* "server/eth0" */
    INTERFACE_SHOWN = 24,
    HEX_SHOWN = 8, /* octets beside a field */
    HEX_LINE = 16, /* octets of a line of the dump */
};

#define SGR_RED   "\x1b[31m"
#define SGR_BLUE  "\x1b[34m"
#define SGR_BOLD  "\x1b[1m"
#define SGR_FAINT "\x1b[2m"
#define SGR_END   "\x1b[0m"

static const char *sgr(enum trace_color color, const char *code)
{
    return color == TRACE_COLOR ? code : "";
}

/* The last second's text is kept: most packets of a capture share it with the one before. */
const char *explain_time(int64_t time_ns, char *buf)
{
    static int64_t last_s = INT64_MIN;
    static char date[24], zone[8];
    int64_t s = time_ns / NS_PER_S;
    if (s != last_s) {
        time_t t = (time_t)s;
        struct tm tm;
        localtime_r(&t, &tm);
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
        long minutes = tm.tm_gmtoff / 60;
        snprintf(zone, sizeof zone, "%c%02d:%02d", minutes < 0 ? '-' : '+', (int)(labs(minutes) / 60 % 24),
                 (int)(labs(minutes) % 60));
        last_s = s;
    }
    text_format_print(buf, EXPLAIN_TIME_LEN, "%s.%09u%s", date, (unsigned)(time_ns % NS_PER_S), zone);
    return buf;
}

/* ---- one line ---- */

static void put_line(FILE *out, const struct explain_packet *packet, const struct dissect *d,
                     const char *note, enum trace_color color)
{
    char time[EXPLAIN_TIME_LEN], line[LINE_MAX_LEN];
    explain_time(packet->time_ns, time);
    dissect_summary(d, line, sizeof line);
    fprintf(out, "%5llu  %.15s  ", (unsigned long long)packet->number, time + strlen("2026-11-21T"));
    if (packet->interface[0] != '\0')
        fprintf(out, "%-*.*s  ", INTERFACE_WIDTH, INTERFACE_SHOWN, packet->interface);
    fprintf(out, "%s%-8s%s  %s", sgr(color, SGR_BOLD), d->protocol, sgr(color, SGR_END), line);
    if (note != NULL && note[0] != '\0')
        fprintf(out, "  %s(%s)%s", sgr(color, SGR_FAINT), note, sgr(color, SGR_END));
    if (d->n_warnings > 0)
        fprintf(out, "  %s[%u warning%s]%s", sgr(color, SGR_RED), d->n_warnings,
                d->n_warnings == 1 ? "" : "s", sgr(color, SGR_END));
    if (packet->comment[0] != '\0')
        fprintf(out, "  %s# %s%s", sgr(color, SGR_BLUE), packet->comment, sgr(color, SGR_END));
    putc('\n', out);
}

void explain_print_line(FILE *out, const struct explain_packet *packet, const struct dissect *d,
                        const char *note, enum trace_color color, unsigned columns)
{
    char *line = NULL;
    size_t len;
    FILE *whole = columns > 0 ? open_memstream(&line, &len) : NULL;
    put_line(whole != NULL ? whole : out, packet, d, note, color);
    if (whole == NULL)
        return;
    char *wrapped = fclose(whole) == 0 ? wrap_line(line, CONTINUED_AT, columns) : NULL;
    if (wrapped != NULL)
        fputs(wrapped, out);
    else
        put_line(out, packet, d, note, color);
    free(wrapped);
    free(line);
}

/* ---- the tree ---- */

struct tree {
    FILE *out;
    const struct dissect *d;
    bool bytes;
    enum trace_color color;
};

static void put_octets(const struct tree *t, const struct dissect_field *f)
{
    const uint8_t *p = dissect_field_bytes(t->d, f);
    size_t n = p == NULL || f->first != NULL ? 0 : f->len < HEX_SHOWN ? f->len : HEX_SHOWN;
    for (size_t i = 0; i < HEX_SHOWN; i++) {
        if (i < n)
            fprintf(t->out, "%02x ", p[i]);
        else
            fputs("   ", t->out);
    }
    fputs(n > 0 && f->len > n ? "+ " : "  ", t->out);
}

static void put_field(const struct tree *t, const struct dissect_field *f, int depth)
{
    if (f->len > 0 || f->source == DISSECT_REASSEMBLED)
        fprintf(t->out, "%6zu %5zu  ", f->offset, f->len);
    else
        fprintf(t->out, "%14s", "");
    if (t->bytes)
        put_octets(t, f);
    fprintf(t->out, "%*s", 2 * depth, "");
    if (f->is_warning) {
        fprintf(t->out, "%s! %s%s\n", sgr(t->color, SGR_RED), f->value, sgr(t->color, SGR_END));
        return;
    }
    bool layer = depth == 0;
    bool more = f->value[0] != '\0' || f->meaning != NULL;
    fprintf(t->out, "%s%-*s%s", sgr(t->color, layer ? SGR_BOLD : ""), more ? NAME_WIDTH - 2 * depth : 0,
            f->name, sgr(t->color, layer ? SGR_END : ""));
    if (f->value[0] != '\0')
        fprintf(t->out, " %s", f->value);
    if (f->meaning != NULL)
        fprintf(t->out, "  %s(%s)%s", sgr(t->color, SGR_FAINT), f->meaning, sgr(t->color, SGR_END));
    putc('\n', t->out);
}

static void put_fields(const struct tree *t, const struct dissect_field *f, int depth)
{
    enum dissect_source before = DISSECT_CAPTURED;
    for (; f != NULL; f = f->next) {
        if (depth == 0 && f->source != before)
            fprintf(t->out, "        the payload of the whole datagram, put together from its fragments:\n");
        before = f->source;
        put_field(t, f, depth);
        put_fields(t, f->first, depth + 1);
    }
}

static void put_dump(FILE *out, const char *what, const uint8_t *bytes, size_t len)
{
    fprintf(out, "%s\n", what);
    for (size_t at = 0; at < len; at += HEX_LINE) {
        fprintf(out, "%6zu  ", at);
        for (size_t i = at; i < at + HEX_LINE; i++) {
            if (i < len)
                fprintf(out, "%02x ", bytes[i]);
            else
                fputs("   ", out);
        }
        putc(' ', out);
        for (size_t i = at; i < at + HEX_LINE && i < len; i++)
            putc(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.', out);
        putc('\n', out);
    }
}

void explain_print_tree(FILE *out, const struct explain_packet *packet, const struct dissect *d, bool bytes,
                        enum trace_color color)
{
    char time[EXPLAIN_TIME_LEN];
    const struct tree t = {out, d, bytes, color};
    fprintf(out, "%sPacket %llu%s, %s, %zu octets", sgr(color, SGR_BOLD), (unsigned long long)packet->number,
            sgr(color, SGR_END), explain_time(packet->time_ns, time), packet->wire_len);
    if (packet->len < packet->wire_len)
        fprintf(out, ", of which %zu were captured", packet->len);
    if (packet->interface[0] != '\0')
        fprintf(out, ", at %s", packet->interface);
    if (packet->comment[0] != '\0')
        fprintf(out, "\n%s# %s%s", sgr(color, SGR_BLUE), packet->comment, sgr(color, SGR_END));
    fprintf(out, "\nOffset Length %-*s%-*s Value  (Meaning)\n", bytes ? 3 * HEX_SHOWN + 2 : 0,
            bytes ? "Octets" : "", NAME_WIDTH, "Field");
    if (d->tree != NULL)
        put_fields(&t, d->tree->first, 0);
    if (bytes) {
        put_dump(out, "The packet:", d->bytes, d->len);
        if (d->datagram != NULL)
            put_dump(out, "The payload of the whole datagram:", d->datagram, d->datagram_len);
    }
    putc('\n', out);
}
