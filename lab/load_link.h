/* The sockets of the load: as one relay or several, over UDP, or as hosts on an interface, over AF_PACKET. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "lab/load_engine.h"
#include "lab/load_message.h"

enum { LOAD_RELAYS_MAX = 1024, LOAD_WHY_MAX = 160 };

struct load_link_settings {
    ip4 server;         /* where a relay sends to */
    const char *ifname; /* as hosts there; NULL: as the relays of the load's settings */
    bool segments;      /* as relays: messages leave as io_batch_join() does it */
};

struct load_link;

/* `why`, of LOAD_WHY_MAX octets, tells what failed. ERR_DENIED, ERR_EXISTS, ERR_NOTFOUND, ERR_NOMEM, ERR_IO.
 */
int load_link_open(const struct load_link_settings *settings, const struct load_settings *load,
                   struct load_link **out, char *why);
void load_link_close(struct load_link *l); /* NULL is fine */

typedef void load_link_answer_fn(void *user, uint64_t now_us, const uint8_t *bytes, size_t len);
/* Reads up to IO_BATCH_MAX datagrams; `answer` gets their payload, and when they were read. How many there
 * were, or ERR_IO (errno). */
int load_link_receive(struct load_link *l, load_link_answer_fn *answer, void *user);

typedef uint32_t load_link_holder_fn(void *user, ip4 addr);
/* Tells whoever asks by ARP for an address which of the hosts has it; `holder` knows the client, or
 * UINT32_MAX. As a relay there is nothing to do. */
void load_link_resolve(struct load_link *l, const struct load_messages *messages, load_link_holder_fn *holder,
                       void *user);

bool load_link_has_room(const struct load_link *l);
/* Where there is room. */
void load_link_add(struct load_link *l, const struct load_messages *messages, const struct load_send *send);
/* Sends what was added. 0 or ERR_IO (errno). */
int load_link_flush(struct load_link *l);
/* Waits until something can be read, `us` at most. */
void load_link_wait(struct load_link *l, uint64_t us);
