/* Events as lines for people. */
#include "common/trace.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_line.h"
#include "common/dhcp_opt.h"
#include "common/text.h"

#define SGR_RESET "\x1b[0m"
#define SGR_FAINT "\x1b[2m"
#define SGR_RED   "\x1b[31m"

enum { CLOCK_WIDTH = 12, WORD_WIDTH = 15, LINE_MAX_LEN = 512 };

struct view {
    struct text text;
    enum trace_color color;
};

/* `word` in at least `width` columns. */
static void add_colored(struct view *v, const char *sgr, int width, const char *word)
{
    if (v->color == TRACE_COLOR)
        text_put(&v->text, sgr);
    text_add(&v->text, "%-*s", width, word);
    if (v->color == TRACE_COLOR)
        text_put(&v->text, SGR_RESET);
}

static const char *get_text(const cJSON *map, const char *key)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
    return value != NULL ? value : "";
}

static int get_number(const cJSON *map, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

/* "12:00:00.250 h1       " */
static void add_stamp(struct view *v, const cJSON *event)
{
    char clock[16] = "";
    const char *time = get_text(event, "time");
    if (strlen(time) > strlen("2026-11-21T"))
        snprintf(clock, sizeof clock, "%.12s", time + strlen("2026-11-21T"));
    add_colored(v, SGR_FAINT, CLOCK_WIDTH, clock);
    text_add(&v->text, " %-8s ", get_text(event, "node"));
}

static void add_way(struct view *v, const cJSON *event)
{
    text_add(&v->text, "%s:%d > %s:%d", get_text(event, "src"), get_number(event, "sport"),
             get_text(event, "dst"), get_number(event, "dport"));
}

/* Which header fields are worth a word beside those of the line: those that are not at their usual value. */
static void add_header_numbers(struct text *t, const cJSON *event)
{
    static const struct {
        const char *key;
        int usual;
    } rows[] = {{"htype", 1}, {"hlen", 6}, {"hops", 0}, {"secs", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (get_number(event, rows[i].key) != rows[i].usual)
            text_add(t, "  %s %d", rows[i].key, get_number(event, rows[i].key));
    if (strcmp(get_text(event, "flags"), "0x0000") != 0) {
        bool broadcast = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "broadcast"));
        text_add(t, "  flags %s%s", get_text(event, "flags"), broadcast ? " [broadcast]" : "");
    }
}

static void add_header_texts(struct text *t, const cJSON *event)
{
    static const char *const fields[] = {"sname", "file"};
    if (strcmp(get_text(event, "siaddr"), "0.0.0.0") != 0)
        text_add(t, "  siaddr %s", get_text(event, "siaddr"));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (get_text(event, fields[i])[0] != '\0')
            text_add(t, "  %s \"%s\"", fields[i], get_text(event, fields[i]));
}

static void add_header(struct view *v, const cJSON *event)
{
    struct text fields;
    text_init(&fields);
    add_header_numbers(&fields, event);
    add_header_texts(&fields, event);
    char *line = text_take(&fields);
    if (line == NULL)
        v->text.failed = true;
    else if (line[0] != '\0')
        text_add(&v->text, "  %s\n", line);
    free(line);
}

static void add_option(struct view *v, const cJSON *option)
{
    const cJSON *malformed = cJSON_GetObjectItemCaseSensitive(option, "malformed");
    const cJSON *pieces = cJSON_GetObjectItemCaseSensitive(option, "pieces");
    const char *region = get_text(option, "region");
    const char *name = get_text(option, "name");
    text_add(&v->text, "    %3d %-27s %3d  %s", get_number(option, "code"), name,
             get_number(option, "length"), get_text(option, "text"));
    if (region[0] != '\0')
        text_add(&v->text, "  [in %s]", region);
    if (pieces != NULL)
        text_add(&v->text, "  [%d pieces]", cJSON_GetArraySize(pieces));
    if (malformed != NULL) {
        add_colored(v, SGR_RED, 0, "  malformed: ");
        text_add(&v->text, "%s", get_text(malformed, "text"));
    } else if (strcmp(name, "unknown") == 0) {
        text_add(&v->text, "  %s", opt_defect_text(OPT_UNKNOWN));
    }
    text_put(&v->text, "\n");
}

static void add_defect(struct view *v, const cJSON *defect)
{
    const cJSON *offset = cJSON_GetObjectItemCaseSensitive(defect, "offset");
    add_colored(v, SGR_RED, 0, "    malformed: ");
    text_add(&v->text, "%s", get_text(defect, "text"));
    if (cJSON_IsNumber(offset))
        text_add(&v->text, " (octet %d)", offset->valueint);
    text_put(&v->text, "\n");
}

static void add_details(struct view *v, const cJSON *message)
{
    const cJSON *item;
    add_header(v, message);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(message, "options"))
    {
        add_option(v, item);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(message, "defects"))
    {
        add_defect(v, item);
    }
}

static const char *requested(const cJSON *message)
{
    const cJSON *option;
    cJSON_ArrayForEach(option, cJSON_GetObjectItemCaseSensitive(message, "options"))
    {
        if (get_number(option, "code") == DHCP_OPT_REQUESTED_IP && !cJSON_HasObjectItem(option, "malformed"))
            return get_text(option, "text");
    }
    return "";
}

char *trace_line(const cJSON *message, bool with_type, enum trace_color color)
{
    char buf[LINE_MAX_LEN];
    const struct dhcp_line line = {
        .op = (uint8_t)get_number(message, "op"),
        .type = with_type ? get_text(message, "type") : NULL,
        .src = get_text(message, "src"),
        .dst = get_text(message, "dst"),
        .sport = (unsigned)get_number(message, "sport"),
        .dport = (unsigned)get_number(message, "dport"),
        .xid = get_text(message, "xid"),
        .chaddr = get_text(message, "chaddr"),
        .ciaddr = get_text(message, "ciaddr"),
        .yiaddr = get_text(message, "yiaddr"),
        .giaddr = get_text(message, "giaddr"),
        .requested = requested(message),
    };
    dhcp_line_format(&line, color == TRACE_COLOR, buf, sizeof buf);
    return strdup(buf);
}

static void add_message(struct view *v, const cJSON *event)
{
    bool sent = strcmp(get_text(event, "direction"), "tx") == 0;
    char *line = trace_line(event, true, v->color);
    v->text.failed = v->text.failed || line == NULL;
    text_add(&v->text, "%s %s  ", sent ? ">" : "<", get_text(event, "interface"));
    text_put(&v->text, line != NULL ? line : "");
    text_put(&v->text, "\n");
    free(line);
    add_details(v, event);
}

static void add_drop(struct view *v, const cJSON *event)
{
    add_colored(v, "\x1b[33m", WORD_WIDTH, get_text(event, "reason"));
    text_put(&v->text, " dropped");
    if (cJSON_HasObjectItem(event, "src")) {
        text_put(&v->text, ", ");
        add_way(v, event);
        text_add(&v->text, " on %s", get_text(event, "interface"));
    }
    text_add(&v->text, ": %s\n", get_text(event, "text"));
}

static void add_decision(struct view *v, const cJSON *event)
{
    add_colored(v, "\x1b[34m", WORD_WIDTH, get_text(event, "reason"));
    text_add(&v->text, " %s\n", get_text(event, "text"));
}

static void add_state(struct view *v, const cJSON *event)
{
    add_colored(v, "\x1b[35m", WORD_WIDTH, get_text(event, "reason"));
    text_add(&v->text, " %s -> %s: %s\n", get_text(event, "from"), get_text(event, "to"),
             get_text(event, "text"));
}

static void add_log(struct view *v, const cJSON *event)
{
    const char *level = get_text(event, "level");
    add_colored(v, strcmp(level, "info") == 0 ? SGR_FAINT : SGR_RED, WORD_WIDTH, level);
    text_add(&v->text, " %s\n", get_text(event, "text"));
}

static char *unformatted(const cJSON *event)
{
    char *json = cJSON_PrintUnformatted(event);
    struct text t;
    text_init(&t);
    if (json == NULL)
        t.failed = true;
    else
        text_add(&t, "%s\n", json);
    free(json);
    return text_take(&t);
}

char *trace_text(const cJSON *event, enum trace_color color)
{
    static const struct {
        const char *kind;
        void (*add)(struct view *v, const cJSON *event);
    } rows[] = {
        {"message", add_message}, {"drop", add_drop}, {"decision", add_decision},
        {"state", add_state},     {"log", add_log},
    };
    const char *kind = get_text(event, "kind");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(kind, rows[i].kind) != 0)
            continue;
        struct view v = {.color = color};
        text_init(&v.text);
        add_stamp(&v, event);
        rows[i].add(&v, event);
        return text_take(&v.text);
    }
    return unformatted(event);
}

char *trace_details(const cJSON *message, enum trace_color color)
{
    struct view v = {.color = color};
    text_init(&v.text);
    add_details(&v, message);
    return text_take(&v.text);
}
