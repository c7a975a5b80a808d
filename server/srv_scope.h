/* Where the options that are configured for a client come from: the scopes that hold for it, the narrowest
 * first. What a narrower scope says of an option hides what a wider one says. Pure. */
#pragma once
#include "server/srv_class.h"
#include "server/srv_host.h"

enum { SRV_SCOPES_MAX = SRV_CLASS_NAMES_MAX + 8 }; /* every class, and the scopes beside these */

struct srv_scope {
    const char *name; /* "pool", "subnet", "class gold", ...: for the record of a decision */
    const struct srv_options *options;
};

/* A list on the stack; what it points to is the configuration's. */
struct srv_scopes {
    const struct srv_class_set *classes; /* of the client: some options are only for members; may be NULL */
    size_t n;
    struct srv_scope at[SRV_SCOPES_MAX];
};

/* Adds a scope that is wider than those before. Without options nothing happens. */
void srv_scope_add(struct srv_scopes *scopes, const char *name, const struct srv_options *options);
/* The scopes of the reservation (NULL: there is none), of the pool (NULL: the address is in none), of the
 * subnet, of its shared network, and of the client's classes (NULL: none). */
void srv_scope_list(const struct srv_config *config, const struct srv_host *host,
                    const struct srv_subnet *subnet, const struct srv_pool *pool,
                    const struct srv_class_set *classes, struct srv_scopes *out);

/* The option of the narrowest scope that has it, or NULL. As in Kea, one scope that never sends it, whichever
 * it is, makes that NULL. */
const struct srv_option *srv_scope_find(const struct srv_scopes *scopes, uint8_t code);
/* The name of the scope that has this very option, which is one of the list's. */
const char *srv_scope_name(const struct srv_scopes *scopes, const struct srv_option *option);
/* Does any scope have the option, if only for other clients or to say that it is never sent? */
bool srv_scope_mentions(const struct srv_scopes *scopes, uint8_t code);
/* Does any scope say that the option is never sent? */
bool srv_scope_is_never_sent(const struct srv_scopes *scopes, uint8_t code);
/* Does any scope say that the option is sent to clients that do not ask for it? As in Kea, a narrower scope
 * does not take that back. */
bool srv_scope_is_always_sent(const struct srv_scopes *scopes, uint8_t code);
