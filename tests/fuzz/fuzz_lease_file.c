/* Any octets as a lease file, and as what stands behind its header: each line is told once, as a lease or
 * with a reason; a cut last line costs itself alone; what was read, written again and read again is the same;
 * and so are the newest leases of what was compacted. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "server/srv_csv.h"
#include "server/srv_lease_file.h"
#include "tests/fuzz/fuzz.h"

enum {
    OFFSET_MS = 1700000123, /* wall clock minus boot-time clock */
    LEASE_LEN_MIN = 16      /* no line that is a lease is shorter */
};

static const char header[] = SRV_CSV_HEADER "\n";

/* What was told. */
struct told {
    struct srv_lease *leases;
    size_t n, max, n_bad;
    unsigned long last_bad; /* its line */
};

static void on_lease(void *user, const struct srv_lease *lease)
{
    struct told *told = user;
    assert(lease->addr != 0 && lease->hw.len <= HW_MAX);
    assert(memchr(lease->hostname, '\0', sizeof lease->hostname) != NULL);
    assert(lease->state != SRV_LEASE_OFFERED);
    assert(told->n < told->max);
    told->leases[told->n++] = *lease;
}

static void on_bad(void *user, unsigned long line, const char *why)
{
    struct told *told = user;
    assert(line > 1 && why != NULL && why[0] != '\0');
    assert(told->n_bad == 0 || line < told->last_bad);
    told->last_bad = line;
    told->n_bad++;
}

static struct told room_for(size_t max)
{
    struct told told = {.leases = malloc(max * sizeof *told.leases), .max = max};
    assert(told.leases != NULL);
    return told;
}

/* False if it is no lease file. */
static bool read_text(const char *text, size_t len, struct told *out, size_t *whole)
{
    *out = room_for(len / LEASE_LEN_MIN + 1);
    int rc = srv_lease_file_read(text, len, OFFSET_MS, on_lease, on_bad, out, whole);
    assert(rc == 0 || rc == ERR_CONFIG);
    assert(rc == 0 || (out->n == 0 && out->n_bad == 0));
    return rc == 0;
}

static bool is_same_lease(const struct srv_lease *a, const struct srv_lease *b)
{
    return a->addr == b->addr && a->subnet_id == b->subnet_id && hw_equal(&a->hw, &b->hw) &&
           a->client_id_len == b->client_id_len &&
           memcmp(a->client_id, b->client_id, a->client_id_len) == 0 && a->state == b->state &&
           a->lease_s == b->lease_s && a->granted_ms == b->granted_ms && a->expires_ms == b->expires_ms &&
           strcmp(a->hostname, b->hostname) == 0 && a->relay_info_len == b->relay_info_len &&
           memcmp(a->relay_info, b->relay_info, a->relay_info_len) == 0;
}

static void check_same(const struct told *a, const struct told *b)
{
    assert(a->n == b->n);
    for (size_t i = 0; i < a->n; i++)
        assert(is_same_lease(&a->leases[i], &b->leases[i]));
}

/* Whoever reads lines from the first to the last finds as many. */
static void check_count(const char *text, size_t whole, bool is_cut, const struct told *told)
{
    size_t n = is_cut;
    const char *line = (const char *)memchr(text, '\n', whole) + 1;
    while (line < text + whole) {
        n += *line != '\n' && *line != '#';
        line = (const char *)memchr(line, '\n', (size_t)(text + whole - line)) + 1;
    }
    assert(told->n + told->n_bad == n);
}

static void check_without_cut_line(const char *text, size_t whole, const struct told *told)
{
    struct told again;
    size_t again_whole;
    assert(read_text(text, whole, &again, &again_whole));
    assert(again_whole == whole && again.n_bad <= told->n_bad && told->n_bad <= again.n_bad + 1);
    check_same(told, &again);
    free(again.leases);
}

static void check_written(const struct told *told)
{
    char *text = malloc(sizeof header + told->n * SRV_CSV_LINE_MAX);
    assert(text != NULL);
    size_t len = sizeof header - 1, whole;
    memcpy(text, header, sizeof header);
    for (size_t i = told->n; i > 0; i--)
        len += srv_csv_format(&told->leases[i - 1], 0, OFFSET_MS, text + len);
    struct told again;
    assert(read_text(text, len, &again, &whole));
    assert(whole == len && again.n_bad == 0);
    check_same(told, &again);
    free(again.leases);
    free(text);
}

/* Of each address the first that was told, unless that is a deletion. */
static struct told newest_of(const struct told *told)
{
    struct told newest = room_for(told->max);
    for (size_t i = 0; i < told->n; i++) {
        size_t first = 0;
        while (told->leases[first].addr != told->leases[i].addr)
            first++;
        if (first == i && !srv_lease_is_deletion(&told->leases[i]))
            newest.leases[newest.n++] = told->leases[i];
    }
    return newest;
}

static void check_compacted(const char *text, size_t whole, const struct told *told)
{
    char *copy = malloc(whole);
    size_t start, again_whole;
    struct told again, newest = newest_of(told);
    assert(copy != NULL);
    memcpy(copy, text, whole);
    assert(srv_lease_file_compact(copy, whole, &start) == 0);
    assert(start <= whole);
    assert(read_text(copy + start, whole - start, &again, &again_whole));
    assert(again_whole == whole - start);
    check_same(&newest, &again);
    free(newest.leases);
    free(again.leases);
    free(copy);
}

static void check(const char *text, size_t len)
{
    struct told told;
    size_t whole;
    bool is_read = read_text(text, len, &told, &whole);
    assert(whole <= len);
    if (is_read && whole > 0) {
        bool is_cut = false;
        for (size_t i = whole; i < len; i++)
            is_cut = is_cut || text[i] != '\0';
        check_count(text, whole, is_cut, &told);
        check_without_cut_line(text, whole, &told);
        check_written(&told);
        check_compacted(text, whole, &told);
    }
    free(told.leases);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(sizeof header + size);
    assert(text != NULL);
    memcpy(text, header, sizeof header - 1);
    memcpy(text + sizeof header - 1, data, size);
    check(text, sizeof header - 1 + size);
    check(text + sizeof header - 1, size);
    free(text);
    return 0;
}
