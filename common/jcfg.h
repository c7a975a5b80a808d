/* JSON configuration with places: every error names file, line, column and JSON path, and says what was
 * expected.
 *
 * The text is JSON with `#`, `//` and block comments, extra commas at the end of lists and maps (each extra
 * comma is a warning), fractions such as .5, and `<?include "file"?>` (jcfg_expand.h). cJSON holds the
 * values; a scanner of ours remembers where each one stood. Pure: a function of the caller reads the files.
 *
 * Errors are sticky: the first one is kept, later getters still work and give defaults. Read everything, then
 * ask jcfg_failed() once. Keys that nobody asks for are reported by jcfg_check_keys(). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/addr.h"
#include "common/jcfg_expand.h"

struct jcfg_place; /* where a value stood */

enum { JCFG_TEXT_MAX = 1024, JCFG_DEPTH_MAX = 64 };

/* Told about each warning, in order: "server.json:3:5: at $.Dhcp4.hooks: ...". `text` is valid during the
 * call. */
typedef void jcfg_warn_fn(void *user, const char *text);

struct jcfg {
    cJSON *root; /* NULL if the text could not be read */
    struct jcfg_expanded expanded;
    struct jcfg_place *places;
    size_t n_places;
    char error[JCFG_TEXT_MAX]; /* "" or "server.json:16:26: at $.Dhcp4.x: expected ..., found ..." */
    jcfg_warn_fn *warn;        /* may be NULL */
    void *user;
};

/* Parses `len` bytes of `text`, which can include no file. `name` is the file's, for messages. Returns 0,
 * ERR_CONFIG (c->error says where and what) or ERR_NOMEM. After any return, jcfg_fini() frees. */
int jcfg_parse(struct jcfg *c, const char *name, const char *text, size_t len, jcfg_warn_fn *warn,
               void *user);
/* The same for the file `path` and those that it includes, which `read` reads. */
int jcfg_read(struct jcfg *c, const char *path, jcfg_read_fn *read, jcfg_warn_fn *warn, void *user);
void jcfg_fini(struct jcfg *c);
bool jcfg_failed(const struct jcfg *c);

/* Reports an error or a warning at a value. `item` NULL: at the start of the file. printf-style. */
void jcfg_error(struct jcfg *c, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void jcfg_warning(struct jcfg *c, const cJSON *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Line and column (from 1) of a value. */
void jcfg_where(const struct jcfg *c, const cJSON *item, unsigned *out_line, unsigned *out_column);

/* Getters. Each looks up `key` in the map `map` (NULL map: absent). Present and right: *out is set, true is
 * returned. Absent: false, *out untouched. Present and wrong: an error is recorded, false, *out untouched. */
bool jcfg_get_bool(struct jcfg *c, const cJSON *map, const char *key, bool *out);
bool jcfg_get_u32(struct jcfg *c, const cJSON *map, const char *key, uint32_t min, uint32_t max,
                  uint32_t *out);
bool jcfg_get_real(struct jcfg *c, const cJSON *map, const char *key, double min, double max, double *out);
bool jcfg_get_text(struct jcfg *c, const cJSON *map, const char *key, const char **out); /* borrowed */
bool jcfg_get_ip4(struct jcfg *c, const cJSON *map, const char *key, ip4 *out);
bool jcfg_get_net(struct jcfg *c, const cJSON *map, const char *key, struct ip4_net *out);
bool jcfg_get_hw(struct jcfg *c, const cJSON *map, const char *key, struct hw_addr *out);
/* Index of the string in `words` (NULL-terminated); the error lists the words. */
bool jcfg_get_word(struct jcfg *c, const cJSON *map, const char *key, const char *const *words, int *out);
/* The value if it is a map or a list; iterate a list with cJSON_ArrayForEach. */
const cJSON *jcfg_get_map(struct jcfg *c, const cJSON *map, const char *key);
const cJSON *jcfg_get_list(struct jcfg *c, const cJSON *map, const char *key);
/* The same for an element at hand; `what` names what was expected ("an address"). */
bool jcfg_is_map(struct jcfg *c, const cJSON *item, const char *what);
bool jcfg_as_text(struct jcfg *c, const cJSON *item, const char *what, const char **out);
bool jcfg_as_ip4(struct jcfg *c, const cJSON *item, ip4 *out);
bool jcfg_as_u32(struct jcfg *c, const cJSON *item, uint32_t min, uint32_t max, uint32_t *out);
/* Records an error if `key` is absent. */
void jcfg_require(struct jcfg *c, const cJSON *map, const char *key);

/* Checks the keys of a map: one in `known` is fine; one in `elsewhere` (keys that Kea knows and we do not
 * implement; may be NULL) is a warning; "comment" (a string, or a list of them) and "user-context" (a map)
 * are fine everywhere; any other is an error, which names the key that it resembles, or those that there are.
 * NULL-terminated lists. */
void jcfg_check_keys(struct jcfg *c, const cJSON *map, const char *const *known,
                     const char *const *elsewhere);
