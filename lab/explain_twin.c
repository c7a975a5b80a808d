#include "lab/explain_twin.h"

#include "common/hash.h"

enum { TWIN_NS = 1000000000 };

static bool is_twin(const struct explain_twin *t, uint64_t hash, const struct explain_packet *packet)
{
    int64_t apart = packet->time_ns - t->time_ns;
    return t->number != 0 && t->hash == hash && t->interface_number != packet->interface_number &&
           apart > -TWIN_NS && apart < TWIN_NS;
}

/* The first that passes an interface stands for all; it meets each other interface once, and the same octets
 * there again are a packet of their own. */
uint64_t explain_twin_find(struct explain_twins *t, const struct explain_packet *packet)
{
    uint64_t hash = hash_bytes(packet->wire_len, packet->bytes, packet->len);
    t->has_several = t->has_several || packet->interface_number != t->seen[0].interface_number;
    for (size_t i = 1; t->has_several && i <= EXPLAIN_TWINS_MAX; i++) {
        const struct explain_twin *before = &t->seen[(t->next + EXPLAIN_TWINS_MAX - i) % EXPLAIN_TWINS_MAX];
        if (is_twin(before, hash, packet))
            return before->number;
    }
    t->seen[t->next] = (struct explain_twin){hash, packet->number, packet->time_ns, packet->interface_number};
    t->next = (t->next + 1) % EXPLAIN_TWINS_MAX;
    return 0;
}
