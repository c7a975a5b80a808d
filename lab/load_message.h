/* The messages of the load: written by filling in what changes from one to the next, and answers read. RFC
 * 2131 2, tables 1 and 5. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "lab/load_engine.h"

enum { LOAD_MESSAGE_MAX = 400 };

/* The messages of every exchange, but for what is the client's own. */
struct load_messages {
    uint64_t seed; /* whose hardware addresses the clients have */
    struct load_template {
        uint8_t bytes[LOAD_MESSAGE_MAX];
        size_t len;
        uint16_t addr_at, server_at; /* the values of options 50 and 54; 0: not in this one */
    } templates[LOAD_EXCHANGES];
};

void load_messages_init(struct load_messages *m, uint64_t seed);

/* Locally administered, of six octets: the client's number stands in the last three, the seed's low 16 bits
 * before it. */
struct hw_addr load_client_hw(uint64_t seed, uint32_t client);

/* Writes the message into `buf` of LOAD_MESSAGE_MAX octets; returns its length. */
size_t load_message_write(const struct load_messages *m, const struct load_send *send, uint8_t *buf);

/* Reads of a UDP payload what matters to the load, which is all that there is time for: not the options
 * that are split (RFC 3396), which those of a fixed length never are. False: it is no DHCP message of a
 * server. */
bool load_message_read(const struct load_messages *m, const uint8_t *bytes, size_t len,
                       struct load_answer *out);
