#include "common/jcfg_expand.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/jcfg.h"

struct expander {
    struct jcfg_expanded *x;
    size_t text_cap, segments_cap;
    jcfg_read_fn *read; /* NULL: nothing can be included */
    void *user;
    char *error;
    int err;
};

/* A file while it is being read. */
struct source {
    const struct source *outer; /* which includes it; NULL: none does */
    const char *text;           /* borrowed */
    size_t len, at;
    struct jcfg_mark mark; /* of `at` */
};

static bool fail(struct expander *e, struct jcfg_mark where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct expander *e, struct jcfg_mark where, const char *format, ...)
{
    va_list args;
    int n =
        snprintf(e->error, JCFG_TEXT_MAX, "%s:%u:%u: ", e->x->files[where.file], where.line, where.column);
    va_start(args, format);
    if (n > 0 && n < JCFG_TEXT_MAX)
        vsnprintf(e->error + n, JCFG_TEXT_MAX - (size_t)n, format, args);
    va_end(args);
    e->err = ERR_CONFIG;
    return false;
}

static bool out_of_memory(struct expander *e)
{
    e->err = ERR_NOMEM;
    return false;
}

/* ---- the text that comes out ---- */

static bool put(struct expander *e, const char *text, size_t len)
{
    struct jcfg_expanded *x = e->x;
    if (x->len + len + 1 > e->text_cap) {
        size_t cap = (x->len + len + 1) * 2;
        char *grown = realloc(x->text, cap);
        if (grown == NULL)
            return out_of_memory(e);
        x->text = grown;
        e->text_cap = cap;
    }
    if (len > 0)
        memcpy(x->text + x->len, text, len);
    x->len += len;
    x->text[x->len] = '\0';
    return true;
}

static bool put_segment(struct expander *e, struct jcfg_mark from)
{
    struct jcfg_expanded *x = e->x;
    if (x->n_segments == e->segments_cap) {
        size_t cap = e->segments_cap == 0 ? 16 : e->segments_cap * 2;
        struct jcfg_segment *grown = realloc(x->segments, cap * sizeof *grown);
        if (grown == NULL)
            return out_of_memory(e);
        x->segments = grown;
        e->segments_cap = cap;
    }
    x->segments[x->n_segments++] = (struct jcfg_segment){x->len, from};
    return true;
}

static bool add_file(struct expander *e, char *path)
{
    struct jcfg_expanded *x = e->x;
    char **grown = path == NULL ? NULL : realloc(x->files, (x->n_files + 1) * sizeof *grown);
    if (grown == NULL) {
        free(path);
        return out_of_memory(e);
    }
    x->files = grown;
    x->files[x->n_files++] = path;
    return true;
}

/* ---- the texts that go in ---- */

static int peek(const struct source *s, size_t ahead)
{
    return s->at + ahead < s->len ? (unsigned char)s->text[s->at + ahead] : -1;
}

static bool is_at(const struct source *s, const char *word)
{
    size_t n = strlen(word);
    return s->len - s->at >= n && memcmp(s->text + s->at, word, n) == 0;
}

/* Past one octet. A column is a character, not an octet of one. */
static void advance(struct jcfg_mark *mark, char octet)
{
    if (octet == '\n') {
        mark->line++;
        mark->column = 1;
    } else if (((unsigned char)octet & 0xc0) != 0x80) {
        mark->column++;
    }
}

static void skip(struct source *s)
{
    advance(&s->mark, s->text[s->at++]);
}

static bool copy(struct expander *e, struct source *s, size_t n)
{
    const char *start = s->text + s->at;
    for (size_t i = 0; i < n; i++)
        skip(s);
    return put(e, start, n);
}

/* Up to its end, or to that of the line: the scanner tells what is wrong then. */
static bool copy_string(struct expander *e, struct source *s)
{
    size_t n = 1;
    while (peek(s, n) >= 0 && peek(s, n) != '\n' && peek(s, n) != '"')
        n += peek(s, n) == '\\' && peek(s, n + 1) >= 0 ? 2 : 1;
    return copy(e, s, peek(s, n) == '"' ? n + 1 : n);
}

static bool copy_line(struct expander *e, struct source *s)
{
    size_t n = 0;
    while (peek(s, n) >= 0 && peek(s, n) != '\n')
        n++;
    return copy(e, s, n);
}

static bool copy_comment(struct expander *e, struct source *s)
{
    size_t n = 2;
    while (peek(s, n) >= 0 && !(peek(s, n) == '*' && peek(s, n + 1) == '/'))
        n++;
    if (peek(s, n) < 0 && s->outer != NULL)
        return fail(e, s->mark, "the comment is not closed before the end of the file");
    return copy(e, s, peek(s, n) < 0 ? n : n + 2);
}

static bool is_digit(int ch)
{
    return ch >= '0' && ch <= '9';
}

/* ".5", and not the middle of a number or a word. */
static bool is_bare_fraction(const struct source *s)
{
    int before = s->at > 0 ? s->text[s->at - 1] : ' ';
    return peek(s, 0) == '.' && is_digit(peek(s, 1)) && strchr(" \t\r\n:,[-/", before) != NULL;
}

static bool copy_fraction(struct expander *e, struct source *s)
{
    return put_segment(e, s->mark) && put(e, "0", 1) && put_segment(e, s->mark) && copy(e, s, 1);
}

/* ---- including ---- */

static void skip_space(struct source *s)
{
    while (peek(s, 0) == ' ' || peek(s, 0) == '\t' || peek(s, 0) == '\r' || peek(s, 0) == '\n')
        skip(s);
}

static bool skip_word(struct source *s, const char *word)
{
    if (!is_at(s, word))
        return false;
    for (size_t n = strlen(word); n > 0; n--)
        skip(s);
    return true;
}

/* The name in `<?include "name"?>`. */
static bool read_directive(struct source *s, const char **out_name, size_t *out_len)
{
    skip_word(s, "<?");
    skip_space(s);
    if (!skip_word(s, "include"))
        return false;
    skip_space(s);
    if (!skip_word(s, "\""))
        return false;
    *out_name = s->text + s->at;
    while (peek(s, 0) >= 0 && peek(s, 0) != '"' && peek(s, 0) != '\n')
        skip(s);
    *out_len = (size_t)(s->text + s->at - *out_name);
    if (*out_len == 0 || memchr(*out_name, '\0', *out_len) != NULL || !skip_word(s, "\""))
        return false;
    skip_space(s);
    return skip_word(s, "?>");
}

/* The path of a file that `includer` names; malloc'ed, NULL if memory is out. */
static char *join(const char *includer, const char *name, size_t len)
{
    const char *slash = strrchr(includer, '/');
    size_t folder = name[0] == '/' || slash == NULL ? 0 : (size_t)(slash - includer) + 1;
    char *path = malloc(folder + len + 1);
    if (path == NULL)
        return NULL;
    memcpy(path, includer, folder);
    memcpy(path + folder, name, len);
    path[folder + len] = '\0';
    return path;
}

/* Does a file include itself, or too many each other? */
static bool check_depth(struct expander *e, const struct source *s, struct jcfg_mark place, const char *path)
{
    unsigned depth = 0;
    for (const struct source *o = s; o != NULL; o = o->outer, depth++)
        if (strcmp(e->x->files[o->mark.file], path) == 0)
            return fail(e, place, "the file %s includes itself", path);
    if (depth > JCFG_INCLUDE_DEPTH_MAX)
        return fail(e, place, "more than %d files include each other", JCFG_INCLUDE_DEPTH_MAX);
    return true;
}

static bool expand(struct expander *e, struct source *s);

static bool include_file(struct expander *e, const struct source *s, struct jcfg_mark place, const char *path)
{
    char *text = NULL;
    const char *why = "";
    struct source inner = {.outer = s, .mark = {(unsigned)e->x->n_files - 1, 1, 1}};
    int rc = e->read(e->user, path, &text, &inner.len, &why);
    if (rc == ERR_NOMEM)
        return out_of_memory(e);
    if (rc < 0)
        return fail(e, place, "the file %s cannot be included: %s", path, why);
    inner.text = text;
    bool good = put(e, "\n", 1) && expand(e, &inner) && put(e, "\n", 1);
    free(text);
    return good;
}

static bool include(struct expander *e, struct source *s)
{
    struct jcfg_mark place = s->mark;
    const char *name;
    size_t len;
    if (!read_directive(s, &name, &len))
        return fail(e, place, "expected <?include \"file\"?>");
    if (e->read == NULL)
        return fail(e, place, "nothing can be included here");
    if (e->x->n_files == JCFG_FILES_MAX)
        return fail(e, place, "there are more than %d files", JCFG_FILES_MAX);
    if (!add_file(e, join(e->x->files[s->mark.file], name, len)))
        return false;
    const char *path = e->x->files[e->x->n_files - 1];
    return check_depth(e, s, place, path) && include_file(e, s, place, path) && put_segment(e, s->mark);
}

static bool expand_one(struct expander *e, struct source *s)
{
    if (is_at(s, "\""))
        return copy_string(e, s);
    if (is_at(s, "#") || is_at(s, "//"))
        return copy_line(e, s);
    if (is_at(s, "/*"))
        return copy_comment(e, s);
    if (is_at(s, "<?"))
        return include(e, s);
    if (is_bare_fraction(s))
        return copy_fraction(e, s);
    return copy(e, s, 1);
}

static bool expand(struct expander *e, struct source *s)
{
    static const char bom[] = "\xef\xbb\xbf"; /* an editor shows no column for it */
    if (is_at(s, bom))
        s->at += sizeof bom - 1;
    if (!put_segment(e, s->mark))
        return false;
    while (s->at < s->len) {
        if (e->x->len > JCFG_LEN_MAX)
            return fail(e, s->mark, "all files together have more than %d octets", JCFG_LEN_MAX);
        if (!expand_one(e, s))
            return false;
    }
    return true;
}

int jcfg_expand(struct jcfg_expanded *x, const char *path, const char *text, size_t len, jcfg_read_fn *read,
                void *user, char *error)
{
    *x = (struct jcfg_expanded){0};
    struct expander e = {.x = x, .read = read, .user = user, .error = error};
    struct source top = {.text = text, .len = len, .mark = {0, 1, 1}};
    char *owned = NULL;
    const char *why = "";
    if (!put(&e, "", 0) || !add_file(&e, strdup(path)))
        return e.err;
    if (text == NULL) {
        int rc = read(user, path, &owned, &top.len, &why);
        if (rc < 0 && rc != ERR_NOMEM)
            snprintf(error, JCFG_TEXT_MAX, "%s: %s", path, why);
        if (rc < 0)
            return rc == ERR_NOMEM ? rc : ERR_CONFIG;
        top.text = owned;
    }
    expand(&e, &top);
    free(owned);
    return e.err;
}

struct jcfg_mark jcfg_expanded_mark(const struct jcfg_expanded *x, size_t at)
{
    size_t i = x->n_segments - 1;
    while (x->segments[i].at > at)
        i--;
    struct jcfg_mark mark = x->segments[i].mark;
    for (size_t p = x->segments[i].at; p < at; p++)
        advance(&mark, x->text[p]);
    return mark;
}

void jcfg_expanded_fini(struct jcfg_expanded *x)
{
    for (size_t i = 0; i < x->n_files; i++)
        free(x->files[i]);
    free(x->files);
    free(x->segments);
    free(x->text);
    *x = (struct jcfg_expanded){0};
}
