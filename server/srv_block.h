/* Option blocks: the configured options of an answer, encoded, kept for all answers in which they are the
 * same: to clients that ask alike, for which the same scopes hold. Which of a thousand subnets, pools,
 * classes and reservations that is, and what each client asks for, is seen by its answer: so they are made
 * when they are needed first. Pure. */
#pragma once
#include "common/reason.h"
#include "server/srv_reply.h"

enum {
    SRV_BLOCK_KEY_MAX = 256, /* octets of what an answer's options follow from; nothing is kept of more */
    SRV_BLOCK_NOTES_MAX = 8,
};

/* The options that are in an answer beside the configured ones: a bit for each code. Their order follows from
 * which they are. */
struct srv_block_codes {
    uint64_t bits[4];
};

static inline void srv_block_add_code(struct srv_block_codes *codes, uint8_t code)
{
    codes->bits[code / 64] |= UINT64_C(1) << code % 64;
}

static inline bool srv_block_has_code(const struct srv_block_codes *codes, uint8_t code)
{
    return (codes->bits[code / 64] >> code % 64 & 1) != 0;
}

/* What the configured options of an answer follow from, and the record of them. */
struct srv_block_key {
    size_t len; /* 0: from more than a key holds, or this answer is one of a kind */
    uint8_t bytes[SRV_BLOCK_KEY_MAX];
};

/* A part of the record of what is in the answer (srv_origin.h). */
struct srv_block_note {
    enum reason reason;
    size_t at; /* where its options stand in the block's text, up to a NUL */
};

struct srv_block {
    uint64_t number;       /* no other one has had it; from 1 on */
    const uint8_t *octets; /* with codes and lengths */
    size_t len;
    bool is_told; /* all notes are there */
    size_t n_notes;
    struct srv_block_note notes[SRV_BLOCK_NOTES_MAX];
    char *text; /* of all notes; NULL without any */
    size_t text_size;
};

/* What became of the answers that have a key. */
struct srv_block_counts {
    uint64_t found; /* there was a block */
    uint64_t made;  /* there was none: one was made */
    size_t kept;    /* blocks there are now */
};

struct srv_blocks;

/* For the answers of one configuration. Keeps `max` blocks at most: a newer one takes the place of an older
 * one. NULL if memory is out. */
struct srv_blocks *srv_blocks_new(size_t max);
void srv_blocks_free(struct srv_blocks *blocks); /* NULL is fine */
struct srv_block_counts srv_blocks_counts(const struct srv_blocks *blocks);

void srv_block_key(const struct srv_reply *reply, const struct srv_block_codes *codes,
                   struct srv_block_key *out);

/* The block of the key; NULL: there is none. Borrowed until one is added. */
struct srv_block *srv_block_find(struct srv_blocks *blocks, const struct srv_block_key *key);
/* Adds one, which is not there. NULL: none is kept, or memory is out. */
struct srv_block *srv_block_add(struct srv_blocks *blocks, const struct srv_block_key *key,
                                const uint8_t *octets, size_t len);
/* Adds a copy of a note: not without memory for it. */
void srv_block_note(struct srv_block *block, enum reason reason, const char *options);
/* After the last note of so many. */
void srv_block_told(struct srv_block *block, size_t n_notes);
