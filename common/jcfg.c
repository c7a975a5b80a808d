#include "common/jcfg.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/jcfg_expand.h"
#include "common/jcfg_scan.h"
#include "common/jcfg_text.h"
#include "common/text.h"

/* From here on the text is known to be JSON. */

static void place_items(struct jcfg *c, const cJSON *item, const cJSON *parent, size_t *at)
{
    assert(*at < c->n_places);
    c->places[*at].item = item;
    c->places[*at].parent = parent;
    (*at)++;
    for (const cJSON *child = item->child; child != NULL; child = child->next)
        place_items(c, child, item, at);
}

static int compare_pointers(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

static int by_item(const void *a, const void *b)
{
    return compare_pointers(((const struct jcfg_place *)a)->item, ((const struct jcfg_place *)b)->item);
}

static bool same_key(const struct jcfg_place *a, const struct jcfg_place *b)
{
    return a->parent == b->parent && a->item->string != NULL && b->item->string != NULL &&
           strcmp(a->item->string, b->item->string) == 0;
}

/* By map, then key, then place in the text. */
static int by_key(const void *a, const void *b)
{
    const struct jcfg_place *pa = a;
    const struct jcfg_place *pb = b;
    int order = compare_pointers(pa->parent, pb->parent);
    if (order == 0 && pa->item->string != NULL && pb->item->string != NULL)
        order = strcmp(pa->item->string, pb->item->string);
    if (order == 0)
        order = (pa->at > pb->at) - (pa->at < pb->at);
    return order;
}

static const struct jcfg_place *find_place(const struct jcfg *c, const cJSON *item)
{
    struct jcfg_place wanted = {.item = item};
    const struct jcfg_place *place = bsearch(&wanted, c->places, c->n_places, sizeof wanted, by_item);
    assert(place != NULL); /* the item is of this file */
    return place;
}

static void out_path(const struct jcfg *c, const cJSON *item, struct jcfg_text *o)
{
    const struct jcfg_place *steps[JCFG_DEPTH_MAX + 1];
    size_t n = 0;
    for (const struct jcfg_place *p = find_place(c, item); p->parent != NULL; p = find_place(c, p->parent))
        steps[n++] = p;
    jcfg_text_add(o, "$");
    while (n-- > 0) {
        const cJSON *step = steps[n]->item;
        if (step->string != NULL) {
            jcfg_text_key(o, step->string, strlen(step->string), JCFG_QUOTE_DECODED);
            continue;
        }
        size_t index = 0;
        for (const cJSON *p = steps[n]->parent->child; p != step; p = p->next)
            index++;
        jcfg_text_index(o, index);
    }
}

enum at { AT_VALUE, AT_KEY };

static void report_at(const struct jcfg *c, const cJSON *item, enum at at, char *buf, const char *format,
                      va_list args) __attribute__((format(printf, 5, 0)));

static void report_at(const struct jcfg *c, const cJSON *item, enum at at, char *buf, const char *format,
                      va_list args)
{
    char path[JCFG_PATH_MAX] = "$";
    size_t where = 0;
    if (item != NULL) {
        const struct jcfg_place *place = find_place(c, item);
        struct jcfg_text o = jcfg_text_start(path, sizeof path);
        out_path(c, item, &o);
        where = at == AT_KEY ? place->key_at : place->at;
    }
    jcfg_compose(c, buf, where, path, format, args);
}

static void key_error(struct jcfg *c, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void key_error(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    if (c->error[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    report_at(c, item, AT_KEY, c->error, format, args);
    va_end(args);
}

/* RFC 8259 4: "The names within an object SHOULD be unique"; here they must be. */
static void check_duplicates(struct jcfg *c)
{
    qsort(c->places, c->n_places, sizeof *c->places, by_key);
    const cJSON *repeated = NULL;
    struct jcfg_place first = {0};
    struct jcfg_place again = {0};
    for (size_t i = 1; i < c->n_places; i++) {
        const struct jcfg_place *p = &c->places[i];
        if (!same_key(p - 1, p) || (repeated != NULL && p->at > again.at))
            continue;
        repeated = p->item;
        first = p[-1];
        again = *p;
    }
    qsort(c->places, c->n_places, sizeof *c->places, by_item);
    if (repeated == NULL)
        return;
    struct jcfg_mark there = jcfg_expanded_mark(&c->expanded, first.key_at);
    struct jcfg_mark here = jcfg_expanded_mark(&c->expanded, again.key_at);
    if (there.file == here.file)
        key_error(c, repeated, "the key stands in this map already, at line %u", there.line);
    else
        key_error(c, repeated, "the key stands in this map already, at %s:%u", c->expanded.files[there.file],
                  there.line);
}

/* Of the text, which is there in full. */
static int parse(struct jcfg *c)
{
    const struct jcfg_expanded *x = &c->expanded;
    char *blanked = malloc(x->len + 1);
    if (blanked == NULL)
        return ERR_NOMEM;
    memcpy(blanked, x->text, x->len + 1);
    int err = jcfg_scan(c, blanked);
    if (err == 0) {
        c->root = cJSON_ParseWithLength(blanked, x->len + 1);
        if (c->root == NULL)
            err = ERR_NOMEM; /* the scanner has refused everything else that cJSON refuses */
    }
    free(blanked);
    if (err != 0)
        return err;
    size_t placed = 0;
    place_items(c, c->root, NULL, &placed);
    assert(placed == c->n_places);
    check_duplicates(c);
    return jcfg_failed(c) ? ERR_CONFIG : 0;
}

static int start(struct jcfg *c, const char *name, const char *text, size_t len, jcfg_read_fn *read,
                 jcfg_warn_fn *warn, void *user)
{
    *c = (struct jcfg){.warn = warn, .user = user};
    int err = jcfg_expand(&c->expanded, name, text, len, read, user, c->error);
    if (err == 0)
        err = parse(c);
    if (err == ERR_NOMEM)
        snprintf(c->error, sizeof c->error, "%s: out of memory", name);
    return err;
}

int jcfg_parse(struct jcfg *c, const char *name, const char *text, size_t len, jcfg_warn_fn *warn, void *user)
{
    return start(c, name, text, len, NULL, warn, user);
}

int jcfg_read(struct jcfg *c, const char *path, jcfg_read_fn *read, jcfg_warn_fn *warn, void *user)
{
    return start(c, path, NULL, 0, read, warn, user);
}

void jcfg_fini(struct jcfg *c)
{
    cJSON_Delete(c->root);
    jcfg_expanded_fini(&c->expanded);
    free(c->places);
    c->root = NULL;
    c->places = NULL;
    c->n_places = 0;
}

bool jcfg_failed(const struct jcfg *c)
{
    return c->error[0] != '\0';
}

void jcfg_error(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    if (jcfg_failed(c))
        return;
    va_list args;
    va_start(args, format);
    report_at(c, item, AT_VALUE, c->error, format, args);
    va_end(args);
}

static void warn_at(struct jcfg *c, const cJSON *item, enum at at, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static void warn_at(struct jcfg *c, const cJSON *item, enum at at, const char *format, va_list args)
{
    if (c->warn == NULL)
        return;
    char text[JCFG_TEXT_MAX];
    report_at(c, item, at, text, format, args);
    c->warn(c->user, text);
}

void jcfg_warning(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    warn_at(c, item, AT_VALUE, format, args);
    va_end(args);
}

static void key_warning(struct jcfg *c, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void key_warning(struct jcfg *c, const cJSON *item, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    warn_at(c, item, AT_KEY, format, args);
    va_end(args);
}

void jcfg_where(const struct jcfg *c, const cJSON *item, unsigned *out_line, unsigned *out_column)
{
    struct jcfg_mark mark = jcfg_expanded_mark(&c->expanded, find_place(c, item)->at);
    *out_line = mark.line;
    *out_column = mark.column;
}

/* "expected WHAT, found VALUE" */
static void wrong(struct jcfg *c, const cJSON *item, const char *what)
{
    char found[JCFG_FOUND_MAX];
    struct jcfg_text o = jcfg_text_start(found, sizeof found);
    if (cJSON_IsString(item))
        jcfg_text_quoted(&o, item->valuestring, strlen(item->valuestring), JCFG_QUOTE_DECODED);
    else if (cJSON_IsNumber(item))
        snprintf(found, sizeof found, "%.15g", item->valuedouble);
    else if (cJSON_IsBool(item))
        jcfg_text_add(&o, cJSON_IsTrue(item) ? "true" : "false");
    else if (cJSON_IsObject(item))
        jcfg_text_add(&o, "a map");
    else if (cJSON_IsArray(item))
        jcfg_text_add(&o, "a list");
    else
        jcfg_text_add(&o, "null");
    jcfg_error(c, item, "expected %s, found %s", what, found);
}

static const cJSON *find(const cJSON *map, const char *key)
{
    return map == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(map, key);
}

bool jcfg_get_bool(struct jcfg *c, const cJSON *map, const char *key, bool *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (!cJSON_IsBool(item)) {
        wrong(c, item, "true or false");
        return false;
    }
    *out = cJSON_IsTrue(item);
    return true;
}

bool jcfg_get_u32(struct jcfg *c, const cJSON *map, const char *key, uint32_t min, uint32_t max,
                  uint32_t *out)
{
    const cJSON *item = find(map, key);
    return item != NULL && jcfg_as_u32(c, item, min, max, out);
}

bool jcfg_as_u32(struct jcfg *c, const cJSON *item, uint32_t min, uint32_t max, uint32_t *out)
{
    double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
    bool in_range = value >= min && value <= max;
    bool fraction = in_range && value > (uint32_t)value;
    if (!in_range || fraction) {
        char what[64];
        snprintf(what, sizeof what, "a %snumber from %u to %u", fraction ? "whole " : "", min, max);
        wrong(c, item, what);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool jcfg_get_real(struct jcfg *c, const cJSON *map, const char *key, double min, double max, double *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= min && item->valuedouble <= max)) {
        char what[80];
        snprintf(what, sizeof what, "a number from %.15g to %.15g", min, max);
        wrong(c, item, what);
        return false;
    }
    *out = item->valuedouble;
    return true;
}

bool jcfg_get_text(struct jcfg *c, const cJSON *map, const char *key, const char **out)
{
    const cJSON *item = find(map, key);
    return item != NULL && jcfg_as_text(c, item, "a string", out);
}

bool jcfg_get_ip4(struct jcfg *c, const cJSON *map, const char *key, ip4 *out)
{
    const cJSON *item = find(map, key);
    return item != NULL && jcfg_as_ip4(c, item, out);
}

bool jcfg_get_net(struct jcfg *c, const cJSON *map, const char *key, struct ip4_net *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (cJSON_IsString(item) && ip4_net_parse(item->valuestring, out))
        return true;
    wrong(c, item, "an IPv4 prefix such as 10.0.0.0/24");
    return false;
}

bool jcfg_get_hw(struct jcfg *c, const cJSON *map, const char *key, struct hw_addr *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    if (cJSON_IsString(item) && hw_parse(item->valuestring, out))
        return true;
    wrong(c, item, "a hardware address such as 02:00:00:00:00:02");
    return false;
}

/* "one of "a", "b", "c"", as many as fit. */
static void list_words(const char *start, const char *const *words, char *buf, size_t cap)
{
    struct jcfg_text o = jcfg_text_start(buf, cap - sizeof ", ...");
    jcfg_text_add(&o, start);
    bool all = true;
    for (size_t i = 0; words[i] != NULL && all; i++) {
        char word[2 * JCFG_SHOWN_MAX];
        int n = snprintf(word, sizeof word, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
        all = n > 0 && (size_t)n < sizeof word && jcfg_text_put(&o, word, (size_t)n);
    }
    o.cap = cap;
    if (!all)
        jcfg_text_add(&o, ", ...");
}

bool jcfg_get_word(struct jcfg *c, const cJSON *map, const char *key, const char *const *words, int *out)
{
    const cJSON *item = find(map, key);
    if (item == NULL)
        return false;
    for (int i = 0; cJSON_IsString(item) && words[i] != NULL; i++) {
        if (strcmp(item->valuestring, words[i]) == 0) {
            *out = i;
            return true;
        }
    }
    char what[JCFG_TEXT_MAX / 2];
    list_words(words[0] != NULL && words[1] == NULL ? "" : "one of ", words, what, sizeof what);
    wrong(c, item, what);
    return false;
}

const cJSON *jcfg_get_map(struct jcfg *c, const cJSON *map, const char *key)
{
    const cJSON *item = find(map, key);
    return item != NULL && jcfg_is_map(c, item, "a map") ? item : NULL;
}

const cJSON *jcfg_get_list(struct jcfg *c, const cJSON *map, const char *key)
{
    const cJSON *item = find(map, key);
    if (item != NULL && !cJSON_IsArray(item)) {
        wrong(c, item, "a list");
        return NULL;
    }
    return item;
}

bool jcfg_is_map(struct jcfg *c, const cJSON *item, const char *what)
{
    if (!cJSON_IsObject(item))
        wrong(c, item, what);
    return cJSON_IsObject(item);
}

bool jcfg_as_text(struct jcfg *c, const cJSON *item, const char *what, const char **out)
{
    if (!cJSON_IsString(item)) {
        wrong(c, item, what);
        return false;
    }
    *out = item->valuestring;
    return true;
}

bool jcfg_as_ip4(struct jcfg *c, const cJSON *item, ip4 *out)
{
    if (cJSON_IsString(item) && ip4_parse(item->valuestring, out))
        return true;
    wrong(c, item, "an IPv4 address such as 10.0.0.1");
    return false;
}

void jcfg_require(struct jcfg *c, const cJSON *map, const char *key)
{
    if (find(map, key) == NULL)
        jcfg_error(c, map, "the key \"%s\" is missing", key);
}

static bool has_word(const char *const *words, const char *word)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void key_unknown(struct jcfg *c, const cJSON *item, const char *const *known)
{
    char what[JCFG_TEXT_MAX / 2];
    const char *similar = text_similar(known, item->string);
    list_words("one of ", known, what, sizeof what);
    if (similar != NULL)
        key_error(c, item, "the key is not known here: did you mean \"%s\"?", similar);
    else
        key_error(c, item, "the key is not known here: expected %s", what);
}

/* A text, or a list of its lines. */
static void check_comment(struct jcfg *c, const cJSON *item)
{
    static const char what[] = "a string, or a list of strings";
    const char *text;
    const cJSON *line;
    if (!cJSON_IsArray(item))
        jcfg_as_text(c, item, what, &text);
    else
        cJSON_ArrayForEach(line, item) jcfg_as_text(c, line, what, &text);
}

/* What may stand in every map and has no effect. */
static bool is_remark(struct jcfg *c, const cJSON *item)
{
    bool is_comment = strcmp(item->string, "comment") == 0;
    bool is_context = strcmp(item->string, "user-context") == 0;
    if (is_comment)
        check_comment(c, item);
    else if (is_context)
        jcfg_is_map(c, item, "a map");
    return is_comment || is_context;
}

void jcfg_check_keys(struct jcfg *c, const cJSON *map, const char *const *known, const char *const *elsewhere)
{
    const cJSON *item;
    if (!cJSON_IsObject(map))
        return;
    cJSON_ArrayForEach(item, map)
    {
        if (has_word(known, item->string) || is_remark(c, item))
            continue;
        if (has_word(elsewhere, item->string)) {
            key_warning(c, item, "the key has no effect: Kea knows it, this program does not implement it");
            continue;
        }
        key_unknown(c, item, known);
    }
}
