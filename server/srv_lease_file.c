#include "server/srv_lease_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "server/srv_csv.h"

/* The first octet of the line that goes on until `end`. */
static size_t start_of_line(const char *text, size_t end)
{
    while (end > 0 && text[end - 1] != '\n')
        end--;
    return end;
}

static unsigned long count_lines(const char *text, size_t len)
{
    unsigned long n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

/* The header's octets with its newline. */
static size_t header_len(const char *text, size_t len)
{
    const char *newline = memchr(text, '\n', len);
    return newline == NULL ? len : (size_t)(newline + 1 - text);
}

/* ---- reading ---- */

/* From the last line to the first, so that the newest record of an address comes first. `text` starts after
 * the header. */
static void read_backwards(const char *text, size_t len, int64_t wall_offset_ms,
                           srv_lease_file_lease_fn *each, srv_lease_file_bad_fn *bad, void *user)
{
    unsigned long line = 1 + count_lines(text, len);
    for (size_t end = len; end > 0; line--) {
        size_t last = end - 1; /* the newline */
        size_t start = start_of_line(text, last);
        struct srv_lease lease;
        const char *why;
        if (last == start || text[start] == '#') {
            /* an empty line or a comment */
        } else if (srv_csv_parse(text + start, last - start, wall_offset_ms, &lease, &why)) {
            each(user, &lease);
        } else {
            bad(user, line, why);
        }
        end = start;
    }
}

/* Without the zeros at the end. */
static size_t written_len(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '\0')
        len--;
    return len;
}

static bool starts_with(const char *text, size_t len, const char *start, size_t start_len)
{
    return len >= start_len && memcmp(text, start, start_len) == 0;
}

int srv_lease_file_read(const char *text, size_t len, int64_t wall_offset_ms, srv_lease_file_lease_fn *each,
                        srv_lease_file_bad_fn *bad, void *user, size_t *out_whole)
{
    static const char ours[] = SRV_CSV_HEADER "\n";
    static const char required[] =
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname";
    size_t written = written_len(text, len), whole = start_of_line(text, written);
    *out_whole = whole;
    if (whole == 0 && starts_with(ours, sizeof ours - 1, text, written))
        return 0;
    if (whole == 0 || !starts_with(text, written, required, sizeof required - 1))
        return ERR_CONFIG;
    if (whole < written)
        bad(user, 1 + count_lines(text, whole), "the last line is cut: the record was not acknowledged");
    size_t head = header_len(text, whole);
    read_backwards(text + head, whole - head, wall_offset_ms, each, bad, user);
    return 0;
}

/* ---- compacting ---- */

/* A set of addresses: open addressing; 0, which is no client's address, marks a free place. */
struct address_set {
    ip4 *places;
    size_t mask;
};

static int set_init(struct address_set *set, size_t max)
{
    size_t n = 64;
    while (n < 2 * max)
        n *= 2;
    set->places = calloc(n, sizeof *set->places);
    set->mask = n - 1;
    return set->places == NULL ? ERR_NOMEM : 0;
}

/* True if it was not there. */
static bool set_add(struct address_set *set, ip4 addr)
{
    size_t i = (addr * UINT32_C(2654435761)) & set->mask;
    while (set->places[i] != 0 && set->places[i] != addr)
        i = (i + 1) & set->mask;
    bool added = set->places[i] == 0;
    set->places[i] = addr;
    return added;
}

/* Moves what is kept of `text` to its end, the lines in their order. Returns where it starts. A deletion has
 * done its part when the older records of its address are gone. */
static size_t keep_newest(char *text, size_t len, struct address_set *seen)
{
    size_t kept = len;
    for (size_t end = len; end > 0;) {
        size_t start = start_of_line(text, end - 1);
        struct srv_lease lease;
        const char *why;
        bool is_lease = srv_csv_parse(text + start, end - 1 - start, 0, &lease, &why);
        if (!is_lease || (set_add(seen, lease.addr) && !srv_lease_is_deletion(&lease))) {
            kept -= end - start;
            memmove(text + kept, text + start, end - start);
        }
        end = start;
    }
    return kept;
}

int srv_lease_file_compact(char *text, size_t len, size_t *out_start)
{
    struct address_set seen;
    size_t head = header_len(text, len);
    int rc = set_init(&seen, count_lines(text + head, len - head));
    if (rc < 0)
        return rc;
    *out_start = keep_newest(text + head, len - head, &seen);
    memmove(text + *out_start, text, head);
    free(seen.places);
    return 0;
}
