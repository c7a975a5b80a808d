#include "server/srv_block.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

enum { WAYS = 4 }; /* places next to each other in which a block can be */

struct entry {
    struct srv_block block;
    size_t key_len;
    uint8_t bytes[]; /* the key, then the block's octets */
};

struct srv_blocks {
    size_t max, n_ways;
    struct srv_block_counts counts;
    struct entry *latest; /* found or added: crowds of clients ask alike */
    struct entry *entries[];
};

struct srv_blocks *srv_blocks_new(size_t max)
{
    struct srv_blocks *blocks = calloc(1, sizeof *blocks + max * sizeof(struct entry *));
    if (blocks == NULL)
        return NULL;
    blocks->max = max;
    blocks->n_ways = max < WAYS ? max : WAYS;
    return blocks;
}

static void free_entry(struct entry *entry)
{
    if (entry != NULL)
        free(entry->block.text);
    free(entry);
}

void srv_blocks_free(struct srv_blocks *blocks)
{
    for (size_t i = 0; blocks != NULL && i < blocks->max; i++)
        free_entry(blocks->entries[i]);
    free(blocks);
}

struct srv_block_counts srv_blocks_counts(const struct srv_blocks *blocks)
{
    return blocks->counts;
}

/* ---- keys ---- */

/* A NAK has no configured options, a BOOTP client all that fit; in Kea's order the client's own stand between
 * them; and what options 124 and 125 of a request say counts, not only that they are there (RFC 3925 4). */
static bool is_one_of_a_kind(const struct srv_reply *r)
{
    return (r->type != DHCP_OFFER && r->type != DHCP_ACK) || r->config->kea ||
           dhcp_msg_has(r->request, DHCP_OPT_VIVCO) || dhcp_msg_has(r->request, DHCP_OPT_VIVSO);
}

static inline uint8_t *put(uint8_t *at, const void *octets, size_t len)
{
    memcpy(at, octets, len);
    return at + len;
}

void srv_block_key(const struct srv_reply *r, const struct srv_block_codes *codes, struct srv_block_key *out)
{
    enum { HEAD_LEN = sizeof *codes + 2, BITS = 64 };
    const struct dhcp_option *prl = dhcp_msg_find(r->request, DHCP_OPT_PRL);
    const struct srv_scopes *scopes = r->scopes;
    size_t n_asked = prl != NULL ? prl->len : 0;
    /* Only classes that have a name in the configuration count for options: the first bits. */
    size_t n_words = scopes->classes != NULL ? (r->config->n_class_names + BITS - 1) / BITS : 0;
    size_t len = HEAD_LEN + n_asked + n_words * sizeof(uint64_t) + scopes->n * sizeof(uint32_t);
    out->len = 0;
    if (is_one_of_a_kind(r) || len > SRV_BLOCK_KEY_MAX - sizeof(uint64_t))
        return;
    uint8_t *at = put(out->bytes, codes, sizeof *codes);
    *at++ = (uint8_t)((r->server_id != 0) | dhcp_msg_has(r->request, DHCP_OPT_HOST_NAME) << 1 |
                      (scopes->classes != NULL) << 2);
    *at++ = (uint8_t)n_asked;
    if (n_asked != 0)
        at = put(at, prl->data, n_asked);
    for (size_t i = 0; i < n_words; i++)
        at = put(at, &scopes->classes->bits[i], sizeof(uint64_t));
    for (size_t i = 0; i < scopes->n; i++)
        at = put(at, &scopes->at[i].options->number, sizeof(uint32_t));
    put(at, &(const uint64_t){0}, sizeof(uint64_t)); /* up to a whole word */
    out->len = len + -len % sizeof(uint64_t);
}

static size_t first_place(const struct srv_blocks *blocks, const struct srv_block_key *key)
{
    uint64_t hash = 0, word;
    for (size_t at = 0; at < key->len; at += sizeof word) {
        memcpy(&word, key->bytes + at, sizeof word);
        hash = hash_u64(hash ^ word);
    }
    return (size_t)(hash % blocks->max);
}

/* ---- blocks ---- */

static bool is_of(const struct entry *entry, const struct srv_block_key *key)
{
    return entry != NULL && entry->key_len == key->len && memcmp(entry->bytes, key->bytes, key->len) == 0;
}

static struct entry *find(const struct srv_blocks *blocks, const struct srv_block_key *key)
{
    if (is_of(blocks->latest, key))
        return blocks->latest;
    size_t first = first_place(blocks, key);
    for (size_t i = 0; i < blocks->n_ways; i++) {
        struct entry *entry = blocks->entries[(first + i) % blocks->max];
        if (is_of(entry, key))
            return entry;
    }
    return NULL;
}

struct srv_block *srv_block_find(struct srv_blocks *blocks, const struct srv_block_key *key)
{
    struct entry *entry = key->len == 0 || blocks->max == 0 ? NULL : find(blocks, key);
    if (entry == NULL)
        return NULL;
    blocks->latest = entry;
    blocks->counts.found++;
    return &entry->block;
}

/* Where a new one goes: a free place, or each of its places in turn. */
static struct entry **find_place(struct srv_blocks *blocks, const struct srv_block_key *key)
{
    size_t first = first_place(blocks, key), turn = (size_t)(blocks->counts.made % blocks->n_ways);
    for (size_t i = 0; i < blocks->n_ways; i++)
        if (blocks->entries[(first + i) % blocks->max] == NULL)
            return &blocks->entries[(first + i) % blocks->max];
    return &blocks->entries[(first + turn) % blocks->max];
}

struct srv_block *srv_block_add(struct srv_blocks *blocks, const struct srv_block_key *key,
                                const uint8_t *octets, size_t len)
{
    if (key->len == 0 || blocks->max == 0)
        return NULL;
    struct entry *entry = malloc(sizeof *entry + key->len + len);
    if (entry == NULL)
        return NULL;
    *entry = (struct entry){
        .block = {.number = blocks->counts.made + 1, .octets = entry->bytes + key->len, .len = len},
        .key_len = key->len};
    memcpy(entry->bytes, key->bytes, key->len);
    memcpy(entry->bytes + key->len, octets, len);
    struct entry **place = find_place(blocks, key);
    blocks->counts.kept += *place == NULL;
    blocks->counts.made++;
    free_entry(*place);
    *place = blocks->latest = entry;
    return &entry->block;
}

void srv_block_note(struct srv_block *block, enum reason reason, const char *options)
{
    size_t size = strlen(options) + 1;
    char *text = block->n_notes < SRV_BLOCK_NOTES_MAX ? realloc(block->text, block->text_size + size) : NULL;
    if (text == NULL)
        return;
    memcpy(text + block->text_size, options, size);
    block->notes[block->n_notes++] = (struct srv_block_note){reason, block->text_size};
    block->text = text;
    block->text_size += size;
}

void srv_block_told(struct srv_block *block, size_t n_notes)
{
    block->is_told = block->n_notes == n_notes;
}
