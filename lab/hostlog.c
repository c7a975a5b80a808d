#include "lab/hostlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io_file.h"
#include "common/text.h"
#include "lab/rundir.h"

char *hostlog_read(const char *dir, const char *host, const char *file)
{
    char path[LAB_PATH_MAX + LAB_NAME_MAX], copy[LAB_PATH_MAX + LAB_NAME_MAX];
    char *log;
    size_t len;
    struct text t;
    snprintf(path, sizeof path, "%s/%s.log", dir, host);
    snprintf(copy, sizeof copy, "%s/%s.json", dir, host);
    if (io_file_read(path, &log, &len) < 0)
        return NULL;
    if (file == NULL)
        return log;
    text_init(&t);
    const char *at = log;
    for (const char *found; (found = strstr(at, copy)) != NULL; at = found + strlen(copy))
        text_add(&t, "%.*s%s", (int)(found - at), at, file);
    text_put(&t, at);
    free(log);
    return text_take(&t);
}

/* Copies the line at `line` without its newline; what does not fit is cut. */
static void copy_line(const char *line, char *out, size_t cap)
{
    snprintf(out, cap, "%.*s", (int)strcspn(line, "\n"), line);
}

/* The word after time and node; "" if the line has no more. */
static const char *third_word(const char *line)
{
    for (int words = 0; words < 2; words++) {
        line += strcspn(line, " \n");
        line += strspn(line, " ");
    }
    return line;
}

/* "08:57:57.405 server   < eth0  REQUEST ...", or a line under it. */
static bool is_message(const char *line)
{
    const char *third = third_word(line);
    return line[0] == ' ' || ((third[0] == '<' || third[0] == '>') && third[1] == ' ');
}

void hostlog_last(const char *log, char *out, size_t cap)
{
    out[0] = '\0';
    for (const char *line = log; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (len > 0 && !is_message(line))
            copy_line(line, out, cap);
        line += len + (line[len] == '\n');
    }
}

bool hostlog_next_warning(const char **at, char *out, size_t cap)
{
    for (const char *line = *at; *line != '\0'; line = *at) {
        size_t len = strcspn(line, "\n");
        *at = line + len + (line[len] == '\n');
        const char *word = third_word(line);
        if (strncmp(word, "warning ", strlen("warning ")) != 0)
            continue;
        word += strlen("warning ");
        copy_line(word + strspn(word, " "), out, cap);
        return true;
    }
    return false;
}
