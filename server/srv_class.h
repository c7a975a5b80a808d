/* Client classes: what the configuration says of each, and which of them the client of a message is in.
 * Classes have numbers, so that asking for membership is looking at a bit: every name that the configuration
 * speaks of has one, also if no class is defined under it. Pure. */
#pragma once
#include "server/srv_config.h"
#include "server/srv_expr.h"

/* Kea's built-in classes; other names follow. */
enum {
    SRV_CLASS_ALL,
    SRV_CLASS_KNOWN,   /* there is a reservation for the client */
    SRV_CLASS_UNKNOWN, /* there is none */
    SRV_CLASS_DROP,    /* the message is dropped */
    SRV_CLASS_BOOTP,   /* no DHCP, but BOOTP */
    SRV_CLASS_BUILT_IN,
    SRV_CLASS_NAMES_MAX = 1024,
    /* one message: every name, and the generated ones (VENDOR_CLASS_*, SPAWN_*) that have no number */
    SRV_CLASS_SET_MAX = 2 * SRV_CLASS_NAMES_MAX + 1,
};

struct srv_class {
    const char *name;
    const char *scope; /* "class gold": where its options come from */
    uint16_t number;
    const struct srv_expr *test;          /* who is in it; NULL: nobody by himself */
    const struct srv_expr *template_test; /* not with `test`: what the class is that it spawns */
    bool only_additional;                 /* looked at only where it is asked for by name */
    bool needs_known; /* looked at only after it is known whether there is a reservation */
    struct srv_options options;
    struct srv_boot boot;         /* what is 0 or "" is left to wider scopes */
    struct srv_lifetime lifetime; /* default_s 0, offer_s 0: likewise */
    const cJSON *source;          /* its map */
};

struct srv_class_name {
    const char *text;
    const struct srv_class *class; /* NULL: none is defined */
    bool is_wanted;                /* a subnet, a pool or an option is for it */
};

/* The number of the name, or ERR_NOTFOUND. */
int srv_class_find(const struct srv_config *config, const char *name);
/* Is it a name that needs no definition: a built-in class, or one with a prefix that programs give? */
bool srv_class_is_built_in(const char *name);

/* ---- the classes of one message ---- */

struct srv_class_member {
    const char *name;              /* borrowed */
    const struct srv_class *class; /* NULL: none is defined under the name */
};

#define SRV_CLASS_ORDER_LONG UINT64_MAX

struct srv_class_set {
    uint64_t bits[SRV_CLASS_NAMES_MAX / 64];
    uint64_t order; /* which these are and in which order, 16 bits each; or SRV_CLASS_ORDER_LONG */
    size_t n;
    struct srv_class_member list[SRV_CLASS_SET_MAX]; /* in the order in which they were added */
};

/* ALL, which every client is in, and no other. */
void srv_class_init(struct srv_class_set *set, const struct srv_config *config);
/* Adds one; nothing happens if it is there. */
void srv_class_add(struct srv_class_set *set, const struct srv_config *config, unsigned number);
/* The same by name, which is borrowed as long as the set is used. A name that has no number is only
 * remembered, for the record: nothing can ask for it. */
void srv_class_add_name(struct srv_class_set *set, const struct srv_config *config, const char *name);

static inline bool srv_class_is_in(const struct srv_class_set *set, unsigned number)
{
    return (set->bits[number / 64] >> number % 64 & 1) != 0;
}

/* Is the client in one of the classes? `set` NULL: it is in none. */
bool srv_class_is_in_any(const struct srv_class_set *set, const struct srv_class_list *list);

/* Does the client pass: is the list empty, or is the client in one of its classes? */
static inline bool srv_class_passes(const struct srv_class_set *set, const struct srv_class_list *list)
{
    return list->n == 0 || srv_class_is_in_any(set, list);
}

/* The same for the classes of a subnet and of its shared network. */
static inline bool srv_class_passes_subnet(const struct srv_class_set *set, const struct srv_subnet *subnet)
{
    return srv_class_passes(set, &subnet->gate.classes) &&
           (subnet->network == NULL || srv_class_passes(set, &subnet->network->gate.classes));
}

/* "ALL, gold", or "none"; at most `cap` octets with the NUL, cut with "...". */
void srv_class_format_set(const struct srv_class_set *set, size_t first, char *buf, size_t cap);

/* Of the classes of the set, in their order, the first that says something of it: replaces *boot field by
 * field, and *lifetime. */
void srv_class_apply(const struct srv_class_set *set, struct srv_boot *boot, struct srv_lifetime *lifetime);
