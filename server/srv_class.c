#include "server/srv_class.h"

#include <assert.h>
#include <string.h>

#include "common/dhcp_opt_text.h"
#include "common/err.h"

enum { WORD_BITS = 64 };

int srv_class_find(const struct srv_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_class_names; i++)
        if (strcmp(config->class_names[i].text, name) == 0)
            return (int)i;
    return ERR_NOTFOUND;
}

bool srv_class_is_built_in(const char *name)
{
    static const char *const names[] = {"ALL", "KNOWN", "UNKNOWN", "DROP", "BOOTP", "SKIP_DDNS"};
    static const char *const prefixes[] = {"VENDOR_CLASS_", "SPAWN_", "HA_", "AFTER_", "EXTERNAL_"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

enum { ORDER_BITS = 16 };

/* `mark` is what is told of it in set->order; 0: it cannot be told there. */
static inline void append(struct srv_class_set *set, const char *name, const struct srv_class *class,
                          unsigned mark)
{
    assert(set->n < SRV_CLASS_SET_MAX); /* each number once; one generated name per class and message */
    bool has_room = set->order <= UINT64_MAX >> ORDER_BITS;
    set->order = has_room && mark != 0 ? set->order << ORDER_BITS | mark : SRV_CLASS_ORDER_LONG;
    set->list[set->n++] = (struct srv_class_member){name, class};
}

static inline void add(struct srv_class_set *set, const struct srv_config *config, unsigned number)
{
    set->bits[number / WORD_BITS] |= UINT64_C(1) << number % WORD_BITS;
    append(set, config->class_names[number].text, config->class_names[number].class, number + 1);
}

void srv_class_init(struct srv_class_set *set, const struct srv_config *config)
{
    memset(set->bits, 0, sizeof set->bits);
    set->order = 0;
    set->n = 0;
    add(set, config, SRV_CLASS_ALL);
}

void srv_class_add(struct srv_class_set *set, const struct srv_config *config, unsigned number)
{
    assert(number < config->n_class_names);
    if (!srv_class_is_in(set, number))
        add(set, config, number);
}

static bool is_listed(const struct srv_class_set *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->list[i].name, name) == 0)
            return true;
    return false;
}

void srv_class_add_name(struct srv_class_set *set, const struct srv_config *config, const char *name)
{
    int number = srv_class_find(config, name);
    if (number >= 0)
        srv_class_add(set, config, (unsigned)number);
    else if (!is_listed(set, name) && set->n < SRV_CLASS_SET_MAX)
        append(set, name, NULL, 0);
}

bool srv_class_is_in_any(const struct srv_class_set *set, const struct srv_class_list *list)
{
    for (size_t i = 0; set != NULL && i < list->n; i++)
        if (srv_class_is_in(set, list->numbers[i]))
            return true;
    return false;
}

static void add_name(struct opt_text *t, const char *name)
{
    if (t->len != 0)
        dhcp_opt_text_put(t, ", ");
    dhcp_opt_text_put(t, name);
}

void srv_class_format_set(const struct srv_class_set *set, size_t first, char *buf, size_t cap)
{
    struct opt_text t;
    dhcp_opt_text_init(&t, buf, cap);
    for (size_t i = first; i < set->n; i++)
        add_name(&t, set->list[i].name);
    if (t.len == 0)
        dhcp_opt_text_add(&t, "none");
}

static void apply_lifetime(const struct srv_lifetime *said, struct srv_lifetime *out)
{
    uint32_t offer_s = said->offer_s != 0 ? said->offer_s : out->offer_s;
    if (said->default_s != 0)
        *out = *said;
    out->offer_s = offer_s;
}

/* From the last to the first: what the first says stays. */
void srv_class_apply(const struct srv_class_set *set, struct srv_boot *boot, struct srv_lifetime *lifetime)
{
    for (size_t i = set->n; i-- > 0;) {
        const struct srv_class *class = set->list[i].class;
        if (class == NULL)
            continue;
        if (class->boot.next_server != 0)
            boot->next_server = class->boot.next_server;
        if (class->boot.server_hostname[0] != '\0')
            boot->server_hostname = class->boot.server_hostname;
        if (class->boot.boot_file_name[0] != '\0')
            boot->boot_file_name = class->boot.boot_file_name;
        apply_lifetime(&class->lifetime, lifetime);
    }
}
