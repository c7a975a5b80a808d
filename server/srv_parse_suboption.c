#include "server/srv_parse_suboption.h"

#include <assert.h>
#include <string.h>

#include "common/dhcp_proto.h"

enum {
    SUBOPTION_MAX = 255, /* octets of a sub-option: its length is one octet */
    NESTING_MAX = 8,     /* spaces inside each other */
};

/* Is the entry there for clients that meet these conditions, a bit each? */
static bool holds(const struct srv_parse_entry *e, unsigned conditions)
{
    return e->condition < 0 || (conditions >> e->condition & 1) != 0;
}

/* Kea: of the same option for several classes, the first that is for the client. */
static bool is_before(const struct srv_parse_entries *entries, const struct srv_parse_entry *e,
                      unsigned conditions)
{
    for (const struct srv_parse_entry *other = entries->list; other < e; other++)
        if (other->option.code == e->option.code && strcmp(other->space, e->space) == 0 &&
            holds(other, conditions))
            return true;
    return false;
}

/* The sub-options of the space, in the order of the list, behind the `*len` octets that are in `data`. */
static void put_suboptions(struct srv_parse *p, struct srv_parse_entries *entries, const char *space,
                           unsigned depth, unsigned conditions, uint8_t *data, size_t *len)
{
    for (size_t i = 0; i < entries->n && !jcfg_failed(&p->c); i++) {
        struct srv_parse_entry *e = &entries->list[i];
        uint8_t inner[SRV_OPTION_DATA_MAX];
        size_t inner_len = e->option.len;
        if (strcmp(e->space, space) != 0)
            continue;
        e->is_used = true;
        entries->is_split |= e->condition >= 0;
        if (e->option.never_send || !holds(e, conditions) || is_before(entries, e, conditions))
            continue;
        if (e->option.len > 0)
            memcpy(inner, e->option.data, e->option.len);
        if (depth == NESTING_MAX)
            jcfg_error(&p->c, e->item, "more than %d option spaces are inside each other", NESTING_MAX);
        else if (e->encapsulate[0] != '\0')
            put_suboptions(p, entries, e->encapsulate, depth + 1, conditions, inner, &inner_len);
        if (inner_len > SUBOPTION_MAX)
            jcfg_error(&p->c, e->item, "a sub-option has at most %d octets", SUBOPTION_MAX);
        else if (*len + 2 + inner_len > SRV_OPTION_DATA_MAX)
            jcfg_error(&p->c, e->item, "an option has at most %d octets", SRV_OPTION_DATA_MAX);
        if (jcfg_failed(&p->c))
            return;
        data[(*len)++] = e->option.code;
        data[(*len)++] = (uint8_t)inner_len;
        memcpy(data + *len, inner, inner_len);
        *len += inner_len;
    }
}

/* The octets of an option for clients that meet the conditions; how many there are. */
typedef size_t build_fn(struct srv_parse *p, struct srv_parse_entries *entries,
                        const struct srv_parse_entry *e, unsigned conditions, uint8_t *data);

static void add_variant(struct srv_parse *p, struct srv_parse_entries *entries, struct srv_parse_entry *e,
                        build_fn *build, unsigned conditions)
{
    uint8_t data[SRV_OPTION_DATA_MAX];
    size_t len = build(p, entries, e, conditions, data);
    const struct srv_class_list **also =
        srv_parse_alloc(p, SRV_OPTION_CONDITIONS_MAX, sizeof(const struct srv_class_list *));
    if (len == 0 || also == NULL)
        return;
    struct srv_option *variant = &e->variants[e->n_variants++];
    *variant = e->option;
    variant->also = also;
    for (unsigned i = 0; i < entries->n_conditions; i++)
        if (conditions >> i & 1)
            also[variant->n_also++] = entries->conditions[i];
    srv_parse_option_data(p, variant, data, len);
}

static unsigned count_bits(unsigned bits)
{
    return bits == 0 ? 0 : (bits & 1) + count_bits(bits >> 1);
}

/* An option whose sub-options are for some clients only is another one for each combination of what these ask
 * for; first those with the most conditions, so that the first which is for a client is the one with all that
 * it may have. */
static void make(struct srv_parse *p, struct srv_parse_entries *entries, struct srv_parse_entry *e,
                 build_fn *build)
{
    uint8_t data[SRV_OPTION_DATA_MAX];
    unsigned all = (1U << entries->n_conditions) - 1;
    entries->is_split = false;
    size_t len = build(p, entries, e, all, data);
    if (!entries->is_split) {
        srv_parse_option_data(p, &e->option, data, len);
        return;
    }
    e->variants = srv_parse_alloc(p, all + 1, sizeof *e->variants);
    for (unsigned n = entries->n_conditions + 1; n-- > 0 && e->variants != NULL;)
        for (unsigned conditions = 0; conditions <= all; conditions++)
            if (count_bits(conditions) == n)
                add_variant(p, entries, e, build, conditions);
}

static size_t build_container(struct srv_parse *p, struct srv_parse_entries *entries,
                              const struct srv_parse_entry *e, unsigned conditions, uint8_t *data)
{
    size_t len = e->option.len;
    if (len > 0)
        memcpy(data, e->option.data, len);
    put_suboptions(p, entries, e->encapsulate, 0, conditions, data, &len);
    return len;
}

static bool is_first_of_space(const struct srv_parse_entries *entries, const struct srv_parse_entry *e)
{
    const struct srv_parse_entry *first = entries->list;
    while (strcmp(first->space, e->space) != 0)
        first++;
    return first == e;
}

/* RFC 3925 4: enterprise number, length, sub-options; one block for each enterprise that the list has options
 * of. A vivso-suboptions with the number alone says the same, and may say that it is always sent. */
static void put_enterprise(struct srv_parse *p, struct srv_parse_entries *entries,
                           const struct srv_parse_entry *e, unsigned conditions, uint8_t *data, size_t *len)
{
    uint32_t number;
    uint8_t inner[SRV_OPTION_DATA_MAX];
    size_t inner_len = 0;
    if (!srv_optdef_enterprise(e->space, &number) || !is_first_of_space(entries, e))
        return;
    put_suboptions(p, entries, e->space, 0, conditions, inner, &inner_len);
    if (inner_len > SUBOPTION_MAX || *len + 5 + inner_len > SRV_OPTION_DATA_MAX)
        jcfg_error(&p->c, e->item, "the options of an enterprise have at most %d octets", SUBOPTION_MAX);
    if (jcfg_failed(&p->c) || inner_len == 0)
        return;
    for (int shift = 24; shift >= 0; shift -= 8)
        data[(*len)++] = (uint8_t)(number >> shift);
    data[(*len)++] = (uint8_t)inner_len;
    memcpy(data + *len, inner, inner_len);
    *len += inner_len;
}

static struct srv_parse_entry *find_entry(const struct srv_parse_entries *entries, const char *space,
                                          uint8_t code)
{
    for (size_t i = 0; i < entries->n; i++)
        if (entries->list[i].option.code == code && strcmp(entries->list[i].space, space) == 0)
            return &entries->list[i];
    return NULL;
}

/* Does option 125 say nothing but the number of an enterprise? */
static bool is_number_alone(const struct srv_option *option)
{
    enum { NUMBER_AND_LENGTH = 5 };
    assert(option->len == 0 || option->data != NULL);
    return option->len == NUMBER_AND_LENGTH && option->data[NUMBER_AND_LENGTH - 1] == 0;
}

static size_t build_enterprises(struct srv_parse *p, struct srv_parse_entries *entries,
                                const struct srv_parse_entry *own, unsigned conditions, uint8_t *data)
{
    size_t len = 0, n = entries->n;
    if (own->option.data != NULL && !is_number_alone(&own->option)) {
        len = own->option.len;
        memcpy(data, own->option.data, len);
    }
    for (size_t i = 0; i < n && !jcfg_failed(&p->c); i++)
        put_enterprise(p, entries, &entries->list[i], conditions, data, &len);
    return len;
}

static void fill_enterprises(struct srv_parse *p, struct srv_parse_entries *entries)
{
    bool always_send = false;
    const cJSON *place = NULL;
    uint32_t number;
    for (size_t i = 0; i < entries->n; i++) {
        const struct srv_parse_entry *e = &entries->list[i];
        if (!srv_optdef_enterprise(e->space, &number))
            continue;
        always_send |= e->option.always_send;
        place = e->item;
    }
    if (place == NULL || jcfg_failed(&p->c))
        return;
    struct srv_parse_entry *own = find_entry(entries, SRV_SPACE_DHCP4, DHCP_OPT_VIVSO);
    bool is_ours = own == NULL;
    if (is_ours) {
        own = &entries->list[entries->n++];
        *own = (struct srv_parse_entry){
            .item = place, .space = SRV_SPACE_DHCP4, .encapsulate = "", .condition = -1, .is_used = true};
        own->option.code = DHCP_OPT_VIVSO;
    }
    struct srv_option before = own->option;
    own->option.always_send |= always_send;
    make(p, entries, own, build_enterprises);
    if (own->option.len == 0 && own->n_variants == 0) { /* nothing of it is ever sent */
        own->option = before;
        entries->n -= is_ours;
    }
}

void srv_parse_suboptions(struct srv_parse *p, struct srv_parse_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        struct srv_parse_entry *e = &entries->list[i];
        if (!jcfg_failed(&p->c) && strcmp(e->space, SRV_SPACE_DHCP4) == 0 && e->encapsulate[0] != '\0' &&
            !e->option.never_send)
            make(p, entries, e, build_container);
    }
    fill_enterprises(p, entries);
}
