/* Where the options that are configured for a client come from: the scopes that hold for it, the narrowest
 * first. What a narrower scope says of an option hides what a wider one says. Pure. */
#pragma once
#include "server/srv_config.h"

enum { SRV_SCOPES_MAX = 64 };

struct srv_scope {
    const char *name; /* "pool", "subnet", ...: for the record of a decision */
    const struct srv_options *options;
};

/* A list on the stack; what it points to is the configuration's. */
struct srv_scopes {
    size_t n;
    struct srv_scope at[SRV_SCOPES_MAX];
};

/* Adds a scope that is wider than those before. Without options, or if the list is full, nothing happens. */
void srv_scope_add(struct srv_scopes *scopes, const char *name, const struct srv_options *options);
/* The scopes of the subnet, of its pool (NULL: the address is in none) and of its shared network. */
void srv_scope_list(const struct srv_config *config, const struct srv_subnet *subnet,
                    const struct srv_pool *pool, struct srv_scopes *out);

/* The option of the narrowest scope that has it, or NULL. As in Kea, one scope that never sends it, whichever
 * it is, makes that NULL. */
const struct srv_option *srv_scope_find(const struct srv_scopes *scopes, uint8_t code);
/* Does any scope say that the option is sent to clients that do not ask for it? As in Kea, a narrower scope
 * does not take that back. */
bool srv_scope_is_always_sent(const struct srv_scopes *scopes, uint8_t code);
