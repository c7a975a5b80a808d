#include "server/srv_parse.h"

#include <string.h>

#include "common/clock.h"
#include "common/dhcp_proto.h"

const cJSON *srv_parse_at(const cJSON *map, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(map, key);
}

void *srv_parse_alloc(struct srv_parse *p, size_t count, size_t size)
{
    void *memory = arena_alloc(&p->config->arena, count * size);
    if (memory == NULL)
        p->out_of_memory = true;
    return memory;
}

const char *srv_parse_copy(struct srv_parse *p, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = srv_parse_alloc(p, size, 1);
    return copy == NULL ? "" : memcpy(copy, text, size);
}

/* ---- what global scope and subnets share ---- */

void srv_parse_offer_lifetime(struct srv_parse *p, const cJSON *map, uint32_t otherwise_s, uint32_t *out_s)
{
    enum { MAX_S = 86400 }; /* an offer is nothing that lasts */
    if (jcfg_get_u32(&p->c, map, "offer-lifetime", 0, MAX_S, out_s) && *out_s == 0)
        *out_s = otherwise_s;
}

static void read_lifetime(struct srv_parse *p, const cJSON *map, struct srv_lifetime *l)
{
    bool has_default = jcfg_get_u32(&p->c, map, "valid-lifetime", 1, LEASE_INFINITE, &l->default_s);
    bool has_min = jcfg_get_u32(&p->c, map, "min-valid-lifetime", 1, LEASE_INFINITE, &l->min_s);
    bool has_max = jcfg_get_u32(&p->c, map, "max-valid-lifetime", 1, LEASE_INFINITE, &l->max_s);
    if (has_default && !has_min)
        l->min_s = l->default_s;
    if (has_default && !has_max)
        l->max_s = l->default_s;
    if (l->min_s > l->default_s)
        jcfg_error(&p->c, srv_parse_at(map, has_min ? "min-valid-lifetime" : "valid-lifetime"),
                   "min-valid-lifetime (%u s) is above valid-lifetime (%u s)", l->min_s, l->default_s);
    if (l->max_s < l->default_s)
        jcfg_error(&p->c, srv_parse_at(map, has_max ? "max-valid-lifetime" : "valid-lifetime"),
                   "max-valid-lifetime (%u s) is below valid-lifetime (%u s)", l->max_s, l->default_s);
    srv_parse_offer_lifetime(p, map, p->config->offer_hold_s, &l->offer_s);
}

static void read_timers(struct srv_parse *p, const cJSON *map, struct srv_timers *t)
{
    bool has_renew = jcfg_get_u32(&p->c, map, "renew-timer", 0, LEASE_INFINITE, &t->renew_s);
    bool has_rebind = jcfg_get_u32(&p->c, map, "rebind-timer", 0, LEASE_INFINITE, &t->rebind_s);
    if ((has_renew || has_rebind) && t->rebind_s != 0 && t->renew_s >= t->rebind_s)
        jcfg_warning(&p->c, srv_parse_at(map, has_renew ? "renew-timer" : "rebind-timer"),
                     "renew-timer (%u s) is not below rebind-timer (%u s): T1 will not be sent", t->renew_s,
                     t->rebind_s);
    jcfg_get_bool(&p->c, map, "calculate-tee-times", &t->calculate);
    bool has_t1 = jcfg_get_real(&p->c, map, "t1-percent", 0.001, 0.998, &t->t1_percent);
    jcfg_get_real(&p->c, map, "t2-percent", 0.002, 0.999, &t->t2_percent);
    if (t->t1_percent >= t->t2_percent)
        jcfg_error(&p->c, srv_parse_at(map, has_t1 ? "t1-percent" : "t2-percent"),
                   "t1-percent (%g) is not below t2-percent (%g)", t->t1_percent, t->t2_percent);
}

/* A text that goes into a field of `size` octets of the message. */
static void read_field(struct srv_parse *p, const cJSON *map, const char *key, size_t size, const char **out)
{
    const char *text;
    if (!jcfg_get_text(&p->c, map, key, &text))
        return;
    if (strlen(text) >= size)
        jcfg_error(&p->c, srv_parse_at(map, key), "expected at most %zu octets, found %zu", size - 1,
                   strlen(text));
    *out = srv_parse_copy(p, text);
}

void srv_parse_boot(struct srv_parse *p, const cJSON *map, struct srv_boot *boot)
{
    jcfg_get_ip4(&p->c, map, "next-server", &boot->next_server);
    read_field(p, map, "server-hostname", DHCP_SNAME_LEN, &boot->server_hostname);
    read_field(p, map, "boot-file-name", DHCP_FILE_LEN, &boot->boot_file_name);
}

static void read_reservations(struct srv_parse *p, const cJSON *map, struct srv_reservations *r)
{
    jcfg_get_bool(&p->c, map, "reservations-global", &r->global);
    jcfg_get_bool(&p->c, map, "reservations-in-subnet", &r->in_subnet);
    jcfg_get_bool(&p->c, map, "reservations-out-of-pool", &r->out_of_pool);
}

const char *const srv_config_allocator_words[] = {"iterative", "random", "flq", NULL};

static void read_allocator(struct srv_parse *p, const cJSON *map, enum srv_allocator *out)
{
    int allocator;
    if (jcfg_get_word(&p->c, map, "allocator", srv_config_allocator_words, &allocator))
        *out = (enum srv_allocator)allocator;
}

void srv_parse_scope(struct srv_parse *p, const cJSON *map, struct srv_parse_scope *s)
{
    read_lifetime(p, map, &s->lifetime);
    read_timers(p, map, &s->timers);
    srv_parse_boot(p, map, &s->boot);
    read_reservations(p, map, &s->reservations);
    srv_parse_naming(p, map, &s->naming);
    read_allocator(p, map, &s->allocator);
    jcfg_get_bool(&p->c, map, "authoritative", &s->authoritative);
    jcfg_get_bool(&p->c, map, "match-client-id", &s->match_client_id);
    jcfg_get_bool(&p->c, map, "rapid-commit", &s->rapid_commit);
    jcfg_get_bool(&p->c, map, "store-extended-info", &s->store_extended_info);
}
