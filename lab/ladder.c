#include "lab/ladder.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum {
    GUTTER = 13, /* "12:00:00.250 " */
    FIRST_X = 16,
    LAST_X = 76,
    MARGIN = 4,       /* right of the last column */
    SPACING_MIN = 14, /* "|- DISCOVER ->|" */
    LINE_LEN = FIRST_X + SPACING_MIN * LADDER_HOSTS_MAX + 64,
    REPEAT_NAMES = 20, /* lines after which the hosts' names are written again, before the next exchange */
    SKEW_MS = 50,      /* a receiver may have stamped before its sender did */
    SAME_MS = 1000,    /* receptions of one message whose sender is not known */
};

static const double no_time = -1;

static const char *get_text(const cJSON *map, const char *key)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
    return value != NULL ? value : "";
}

static double get_number(const cJSON *map, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsNumber(item) ? item->valuedouble : no_time;
}

/* ---- from events to arrows ---- */

enum { NOBODY = -1 };

struct arrow {
    const cJSON *message; /* as sent, or as first received if the sender is not known */
    uint64_t hash;
    double boot_ms;   /* of the earliest of its events */
    const char *time; /* likewise */
    size_t order;     /* of its first event in the list */
    int from;         /* host, or NOBODY */
    uint64_t to;      /* bit per host */
    bool is_shown;
};

struct arrows {
    struct arrow *rows;
    size_t n;
};

/* FNV-1a. */
static uint64_t hash_add(uint64_t hash, const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3U;
    return (hash ^ 0xff) * 0x100000001b3U;
}

static uint64_t hash_field(uint64_t hash, const cJSON *map, const char *key)
{
    char number[32];
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    if (cJSON_IsString(item))
        return hash_add(hash, item->valuestring);
    snprintf(number, sizeof number, "%.0f", cJSON_IsNumber(item) ? item->valuedouble : 0.0);
    return hash_add(hash, number);
}

/* Equal for the copies of one message at its sender and its receivers; a relay's copy differs in hops and
 * giaddr. */
static uint64_t hash_message(const cJSON *message)
{
    static const char *const fields[] = {"length", "op",     "htype",  "hlen",   "hops",
                                         "xid",    "secs",   "flags",  "ciaddr", "yiaddr",
                                         "siaddr", "giaddr", "chaddr", "sname",  "file"};
    static const char *const option_fields[] = {"code", "offset", "hex"};
    const cJSON *option;
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        hash = hash_field(hash, message, fields[i]);
    cJSON_ArrayForEach(option, cJSON_GetObjectItemCaseSensitive(message, "options"))
    {
        for (size_t i = 0; i < sizeof option_fields / sizeof option_fields[0]; i++)
            hash = hash_field(hash, option, option_fields[i]);
    }
    return hash;
}

static int find_host(const struct ladder_view *view, const char *name)
{
    for (size_t i = 0; i < view->n_hosts; i++)
        if (strcmp(view->hosts[i], name) == 0)
            return (int)i;
    return NOBODY;
}

static uint64_t bit(int host)
{
    return UINT64_C(1) << host;
}

/* The latest arrow with this message that can have come to `host` at `boot_ms`, or NULL. */
static struct arrow *find_arrow(const struct arrows *arrows, uint64_t hash, int host, double boot_ms)
{
    struct arrow *best = NULL;
    for (size_t i = 0; i < arrows->n; i++) {
        struct arrow *a = &arrows->rows[i];
        if (a->hash != hash || a->from == host || (a->to & bit(host)) || a->boot_ms > boot_ms + SKEW_MS)
            continue;
        if (a->from == NOBODY && boot_ms > a->boot_ms + SAME_MS)
            continue;
        if (best == NULL || a->boot_ms >= best->boot_ms)
            best = a;
    }
    return best;
}

static void take_event(struct arrows *arrows, const struct ladder_view *view, const cJSON *event,
                       size_t order, bool sent)
{
    const char *direction = get_text(event, "direction");
    int host = find_host(view, get_text(event, "node"));
    if (strcmp(get_text(event, "kind"), "message") != 0 || host == NOBODY ||
        strcmp(direction, sent ? "tx" : "rx") != 0)
        return;
    uint64_t hash = hash_message(event);
    double boot_ms = get_number(event, "boot_ms");
    struct arrow *known = sent ? NULL : find_arrow(arrows, hash, host, boot_ms);
    if (known == NULL) {
        known = &arrows->rows[arrows->n++];
        *known = (struct arrow){event, hash, boot_ms, get_text(event, "time"), order, sent ? host : NOBODY,
                                0,     false};
    }
    if (!sent)
        known->to |= bit(host);
    if (order < known->order)
        known->order = order;
    if (boot_ms < known->boot_ms) {
        known->boot_ms = boot_ms;
        known->time = get_text(event, "time");
    }
}

static int by_time(const void *a, const void *b)
{
    const struct arrow *pa = a;
    const struct arrow *pb = b;
    int order = (pa->boot_ms > pb->boot_ms) - (pa->boot_ms < pb->boot_ms);
    return order != 0 ? order : (pa->order > pb->order) - (pa->order < pb->order);
}

static bool is_same_exchange(const struct arrow *a, const struct arrow *b)
{
    return strcmp(get_text(a->message, "xid"), get_text(b->message, "xid")) == 0;
}

static bool is_of_wanted(const struct ladder_view *view, const struct arrow *arrow)
{
    for (size_t i = 0; i < view->n_only; i++) {
        int host = find_host(view, view->only[i]);
        if (host != NOBODY && (host == arrow->from || (arrow->to & bit(host))))
            return true;
    }
    return view->n_only == 0;
}

/* What was lost on its way, too: it belongs to whom the rest of its exchange belongs to. */
static bool is_shown(const struct ladder_view *view, const struct arrows *arrows, const struct arrow *arrow)
{
    bool found = is_of_wanted(view, arrow);
    for (size_t i = 0; i < arrows->n && arrow->to == 0 && !found; i++)
        found = is_of_wanted(view, &arrows->rows[i]) && is_same_exchange(&arrows->rows[i], arrow);
    return found;
}

/* False if memory is out. */
static bool find_arrows(const cJSON *events, const struct ladder_view *view, struct arrows *out)
{
    const cJSON *event;
    size_t n = (size_t)cJSON_GetArraySize(events);
    *out = (struct arrows){calloc(n + 1, sizeof *out->rows), 0};
    if (out->rows == NULL)
        return false;
    for (int sent = 1; sent >= 0; sent--) { /* what was sent first: a receiver may have traced earlier */
        size_t order = 0;
        cJSON_ArrayForEach(event, events)
        {
            take_event(out, view, event, order++, sent != 0);
        }
    }
    for (size_t i = 0; i < out->n; i++)
        out->rows[i].is_shown = is_shown(view, out, &out->rows[i]);
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++)
        if (out->rows[i].is_shown)
            out->rows[kept++] = out->rows[i];
    out->n = kept;
    qsort(out->rows, out->n, sizeof *out->rows, by_time);
    return true;
}

/* ---- drawing ---- */

struct columns {
    int n;
    int spacing;
    int x[LADDER_HOSTS_MAX]; /* by host; 0: has no column */
    const char *const *names;
    size_t n_hosts;
};

static struct columns place_columns(const struct ladder_view *view, const struct arrows *arrows)
{
    uint64_t used = 0;
    struct columns c = {.names = view->hosts, .n_hosts = view->n_hosts};
    for (size_t i = 0; i < arrows->n; i++)
        used |= arrows->rows[i].to | (arrows->rows[i].from != NOBODY ? bit(arrows->rows[i].from) : 0);
    for (size_t i = 0; i < view->n_hosts; i++)
        c.n += view->n_only == 0 || (used & bit((int)i)) ? 1 : 0;
    c.spacing = c.n > 1 ? (LAST_X - FIRST_X) / (c.n - 1) : LAST_X - FIRST_X;
    if (c.spacing < SPACING_MIN)
        c.spacing = SPACING_MIN;
    int x = FIRST_X;
    for (size_t i = 0; i < view->n_hosts; i++) {
        if (view->n_only != 0 && !(used & bit((int)i)))
            continue;
        c.x[i] = x;
        x += c.spacing;
    }
    return c;
}

static void blank(char *line)
{
    memset(line, ' ', LINE_LEN);
    line[LINE_LEN] = '\0';
}

static void trim(char *line)
{
    size_t len = strlen(line);
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
}

/* Writes at most `width` octets of `word` with its middle at `x`, between `low` and `high`. Returns where it
 * ends. */
static int put_centered(char *line, int x, int width, int low, int high, const char *word)
{
    int len = (int)strlen(word);
    if (len > width)
        len = width;
    int start = x - len / 2;
    if (start > high - len)
        start = high - len;
    if (start < low)
        start = low;
    if (len > high - start)
        len = high - start;
    memcpy(line + start, word, (size_t)len);
    return start + len;
}

static void add_names(struct text *t, const struct columns *c)
{
    char line[LINE_LEN + 1];
    int low = GUTTER;
    int high = FIRST_X + (c->n - 1) * c->spacing + MARGIN;
    blank(line);
    for (size_t i = 0; i < c->n_hosts; i++)
        if (c->x[i] != 0)
            low = put_centered(line, c->x[i], c->spacing - 1, low, high, c->names[i]) + 1;
    trim(line);
    text_add(t, "%s\n", line);
}

static void draw_dashes(char *line, int a, int b)
{
    int low = a < b ? a : b;
    int high = a < b ? b : a;
    for (int x = low + 1; x < high; x++)
        if (line[x] == ' ')
            line[x] = '-';
}

/* Where an arrow starts and where its name goes. */
struct tail {
    int x;
    int next; /* the name stands between x and this */
};

/* The sender's column; for an unknown sender a place beside the first receiver. */
static struct tail find_tail(const struct columns *c, const struct arrow *arrow)
{
    if (arrow->from != NOBODY) {
        int x = c->x[arrow->from];
        int last = FIRST_X + (c->n - 1) * c->spacing;
        bool right = arrow->to == 0 && (x < last || c->n == 1);
        for (size_t i = 0; i < c->n_hosts; i++)
            right = right || ((arrow->to & bit((int)i)) && c->x[i] > x);
        return (struct tail){x, right ? x + c->spacing : x - c->spacing};
    }
    int first = 0;
    while (!(arrow->to & bit(first)))
        first++;
    int x = c->x[first];
    return (struct tail){x > FIRST_X ? x - c->spacing + 2 : x + c->spacing - 2, x};
}

static void draw_heads(char *line, const struct columns *c, const struct arrow *arrow, struct tail tail)
{
    for (size_t i = 0; i < c->n_hosts; i++) {
        if (!(arrow->to & bit((int)i)))
            continue;
        draw_dashes(line, tail.x, c->x[i]);
        line[c->x[i] > tail.x ? c->x[i] - 1 : c->x[i] + 1] = c->x[i] > tail.x ? '>' : '<';
    }
    if (arrow->to == 0) {
        int end = tail.next > tail.x ? tail.next - 2 : tail.next + 2;
        draw_dashes(line, tail.x, end);
        line[end] = 'x';
    }
    if (arrow->from == NOBODY)
        line[tail.x] = 'o';
}

static void add_arrow(struct text *t, const struct columns *c, const struct arrow *arrow,
                      enum trace_color color)
{
    char line[LINE_LEN + 1], name[32];
    bool reply = get_number(arrow->message, "op") > 1;
    blank(line);
    if (strlen(arrow->time) > strlen("2026-11-21T12:00:00.250"))
        memcpy(line, arrow->time + strlen("2026-11-21T"), strlen("12:00:00.250"));
    for (size_t i = 0; i < c->n_hosts; i++)
        if (c->x[i] != 0)
            line[c->x[i]] = '|';
    struct tail tail = find_tail(c, arrow);
    draw_heads(line, c, arrow, tail);
    snprintf(name, sizeof name, " %s ", get_text(arrow->message, "type"));
    int room = abs(tail.next - tail.x) - 3;
    int len = (int)strlen(name) < room ? (int)strlen(name) : room;
    int start = put_centered(line, (tail.x + tail.next + 1) / 2, len, 0, LINE_LEN, name) - len;
    trim(line);
    text_add(t, "%.*s", start, line);
    if (color == TRACE_COLOR)
        text_put(t, reply ? "\x1b[1;32m" : "\x1b[1;36m");
    text_add(t, "%.*s", len, line + start);
    if (color == TRACE_COLOR)
        text_put(t, "\x1b[0m");
    text_add(t, "%s\n", line + start + len);
}

static void add_mark(struct text *t, const char *mark, enum trace_color color)
{
    if (color == TRACE_COLOR)
        text_put(t, "\x1b[31m");
    text_add(t, "    %s", mark);
    if (color == TRACE_COLOR)
        text_put(t, "\x1b[0m");
    text_put(t, "\n");
}

static void add_details(struct text *t, const struct arrow *arrow, enum trace_color color)
{
    const cJSON *m = arrow->message;
    char *line = trace_line(m, false, color);
    t->failed = t->failed || line == NULL;
    text_add(t, "    %s\n", line != NULL ? line : "");
    free(line);
    if (arrow->to == 0)
        add_mark(t, "nobody was seen to receive it", color);
    if (arrow->from == NOBODY)
        add_mark(t, "its sender is not traced", color);
    char *details = trace_details(m, color);
    if (details == NULL)
        t->failed = true;
    else
        text_put(t, details);
    free(details);
}

static size_t count_lines(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

char *ladder_text(const cJSON *events, const struct ladder_view *view)
{
    struct arrows arrows;
    struct text t;
    assert(view->n_hosts <= LADDER_HOSTS_MAX);
    if (!find_arrows(events, view, &arrows))
        return NULL;
    struct columns columns = place_columns(view, &arrows);
    text_init(&t);
    size_t lines = REPEAT_NAMES;
    for (size_t i = 0; i < arrows.n; i++) {
        if (i > 0)
            text_put(&t, "\n");
        size_t start = t.len;
        if (lines >= REPEAT_NAMES && (i == 0 || !is_same_exchange(&arrows.rows[i - 1], &arrows.rows[i]))) {
            add_names(&t, &columns);
            lines = 0;
        }
        add_arrow(&t, &columns, &arrows.rows[i], view->color);
        add_details(&t, &arrows.rows[i], view->color);
        lines += t.buf != NULL ? count_lines(t.buf + start, t.len - start) : 0;
    }
    free(arrows.rows);
    return text_take(&t);
}
