/* Any bytes as a captured packet: the first octet picks the link type. The tree is whole, every field lies in
 * the packet, its text can be shown; with and without a tree the same is found. Every prefix is survived. */
#include <assert.h>
#include <string.h>

#include "common/dissect.h"
#include "tests/fuzz/fuzz.h"

enum { DEPTH_MAX = 16 };

static void check_text(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        assert((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void check_fields(const struct dissect *d, const struct dissect_field *f, unsigned depth)
{
    assert(depth < DEPTH_MAX);
    for (; f != NULL; f = f->next) {
        assert(f->name != NULL && f->value != NULL);
        check_text(f->value);
        if (f->meaning != NULL)
            check_text(f->meaning);
        size_t len = f->source == DISSECT_CAPTURED ? d->len : d->datagram_len;
        assert(f->len == 0 || (f->offset <= len && f->len <= len - f->offset));
        check_fields(d, f->first, depth + 1);
    }
}

static void check(struct arena *arena, int linktype, const uint8_t *data, size_t size)
{
    static struct dissect with, without;
    char line[256];
    dissect_init(&with, arena);
    dissect_packet(&with, linktype, data, size);
    check_fields(&with, with.tree, 0);
    check_text(line + (dissect_summary(&with, line, sizeof line), 0));
    dissect_init(&without, NULL);
    dissect_packet(&without, linktype, data, size);
    assert(strcmp(with.protocol, without.protocol) == 0);
    assert(with.n_warnings == without.n_warnings);
    assert(with.has_dhcp == without.has_dhcp && with.tcp.found == without.tcp.found);
    if (with.ip.found && (with.ip.offset != 0 || with.ip.more)) {
        dissect_datagram(&with, data, size);
        check_fields(&with, with.tree, 0);
    }
    arena_reset(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int types[] = {DISSECT_LINK_ETHERNET, DISSECT_LINK_NULL, DISSECT_LINK_RAW,
                                DISSECT_LINK_SLL,      DISSECT_LINK_SLL2, DISSECT_LINK_LOOP};
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena);
    check(&arena, types[data[0] % (sizeof types / sizeof types[0])], data + 1, size - 1);
    arena_fini(&arena);
    return 0;
}
