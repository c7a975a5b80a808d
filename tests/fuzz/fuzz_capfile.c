/* Any bytes as a capture file: read at once and in parts it gives the same packets; each lies in what was
 * read; and written as pcapng by us it reads as the same packet again. */
#include <assert.h>
#include <string.h>

#include "common/capfile.h"
#include "common/pcapng.h"
#include "tests/fuzz/fuzz.h"

enum { PACKETS_MAX = 256 };

struct seen {
    int64_t time_ns;
    size_t len, wire_len, comments;
    size_t linktype;
};

static size_t count_comments(const struct capfile_packet *p)
{
    size_t n = 0, at = 0, len;
    for (const char *text; (text = capfile_comment(p, &at, &len)) != NULL; n++)
        assert((const uint8_t *)text >= p->options &&
               (const uint8_t *)text + len <= p->options + p->options_len);
    return n;
}

static void write_again(const struct capfile_packet *p)
{
    static uint8_t file[2 * PCAPNG_BLOCK_MAX];
    const struct pcapng_interface interface = {.name = p->interface->name,
                                               .linktype = (uint16_t)p->interface->linktype};
    const struct pcapng_packet packet = {0, p->time_ns, p->bytes, p->len, p->wire_len, PCAPNG_INBOUND, "why"};
    if (p->time_ns < 0)
        return;
    size_t len = pcapng_section("fuzz", NULL, file, sizeof file), at = 0;
    len += pcapng_interface(&interface, file + len, sizeof file - len);
    len += pcapng_packet(&packet, file + len, sizeof file - len);
    struct capfile c;
    struct capfile_packet again;
    capfile_init(&c);
    assert(capfile_next(&c, file, len, &at, &again) == CAPFILE_PACKET);
    assert(at == len && again.time_ns == p->time_ns && again.len == p->len && again.wire_len == p->wire_len);
    assert(memcmp(again.bytes, p->bytes, p->len) == 0 &&
           strcmp(again.interface->name, p->interface->name) == 0);
    assert(count_comments(&again) == 1);
    capfile_fini(&c);
}

/* `step`: how many octets more there are each time that more is wanted; 0: all. */
static size_t read_file(const uint8_t *data, size_t size, size_t step, struct seen *out)
{
    struct capfile c;
    struct capfile_packet p;
    size_t n = 0, at = 0, len = step == 0 ? size : 0;
    enum capfile_status status;
    capfile_init(&c);
    while (n < PACKETS_MAX) {
        size_t before = at;
        status = capfile_next(&c, data, len, &at, &p);
        assert(at >= before && at <= len);
        if (status == CAPFILE_PACKET) {
            assert(p.bytes >= data && p.bytes + p.len <= data + at);
            out[n++] = (struct seen){p.time_ns, p.len, p.wire_len, count_comments(&p),
                                     (size_t)p.interface->linktype};
            if (step == 0)
                write_again(&p);
            continue;
        }
        assert(status == CAPFILE_MORE ? c.need > len - at : c.why[0] != '\0');
        if (status == CAPFILE_BAD || len == size)
            break;
        len = step < size - len ? len + step : size;
    }
    capfile_fini(&c);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct seen whole[PACKETS_MAX], parts[PACKETS_MAX];
    memset(whole, 0, sizeof whole);
    memset(parts, 0, sizeof parts);
    size_t n = read_file(data, size, 0, whole);
    assert(read_file(data, size, 7, parts) == n);
    assert(memcmp(whole, parts, n * sizeof whole[0]) == 0);
    return 0;
}
