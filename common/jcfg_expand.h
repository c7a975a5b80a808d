/* The files of a configuration as one text, which remembers where each piece stood: what `<?include
 * "file"?>` names is put in its place. Pure: the caller's function reads the files. */
#pragma once
#include <stddef.h>

enum {
    JCFG_INCLUDE_DEPTH_MAX = 10, /* files inside each other, as in Kea */
    JCFG_FILES_MAX = 1000,
    JCFG_LEN_MAX = 64 * 1024 * 1024, /* octets, of all files together */
};

/* Reads a file: 0, *out_text is malloc'ed and has *out_len octets; or a negative enum err, and *out_why says
 * why, in storage that lives until the next call. */
typedef int jcfg_read_fn(void *user, const char *path, char **out_text, size_t *out_len,
                         const char **out_why);

struct jcfg_mark {
    unsigned file; /* index in the list of files */
    unsigned line, column;
};

/* From `at` on, the text was read from `mark` on. */
struct jcfg_segment {
    size_t at;
    struct jcfg_mark mark;
};

struct jcfg_expanded {
    char *text; /* `len` octets and a NUL */
    size_t len;
    struct jcfg_segment *segments; /* ascending; the first is at 0 */
    size_t n_segments;
    char **files; /* paths; the first is the configuration itself */
    size_t n_files;
};

/* Expands `len` octets of `text`, or, where `text` is NULL, the file `path`. A file that is not named by an
 * absolute path is looked for in the folder of the file that includes it (Kea: in the folder in which the
 * server was started). `read` NULL: nothing can be included. Between an included file and what stands around
 * it is a line break, so that no word, string or `#` comment crosses its ends. Where Kea takes ".5" for a
 * number, JSON has "0.5".
 *
 * 0; ERR_CONFIG with "x.json:3:5: ..." in `error`, which holds JCFG_TEXT_MAX octets; or ERR_NOMEM. After any
 * return jcfg_expanded_fini() frees. */
int jcfg_expand(struct jcfg_expanded *x, const char *path, const char *text, size_t len, jcfg_read_fn *read,
                void *user, char *error);
/* Where the octet `at` (at most x->len) was read. */
struct jcfg_mark jcfg_expanded_mark(const struct jcfg_expanded *x, size_t at);
void jcfg_expanded_fini(struct jcfg_expanded *x);
