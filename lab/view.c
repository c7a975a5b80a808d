#include "lab/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lab/wrap.h"

const char *view_text(const cJSON *map, const char *key)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));
    return value != NULL ? value : "";
}

double view_number(const cJSON *map, const char *key, double otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

const char *view_span(double seconds, char *buf)
{
    const double most = 4294967295.0;
    unsigned s = !(seconds > 0) ? 0 : seconds > most ? UINT32_MAX : (unsigned)seconds;
    unsigned days = s / 86400;
    int n = days > 0 ? snprintf(buf, VIEW_SPAN_LEN, "%u d ", days) : 0;
    snprintf(buf + n, VIEW_SPAN_LEN - (size_t)n, "%02u:%02u:%02u", s / 3600 % 24, s / 60 % 60, s % 60);
    return buf;
}

const char *view_instant(const char *iso, char *buf)
{
    snprintf(buf, VIEW_SPAN_LEN, "%.19s", iso);
    char *separator = strchr(buf, 'T');
    if (separator != NULL)
        *separator = ' ';
    return buf;
}

enum trace_color view_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    bool wanted = no_color == NULL || no_color[0] == '\0';
    return wanted && isatty(STDOUT_FILENO) ? TRACE_COLOR : TRACE_PLAIN;
}

unsigned view_columns(void)
{
    struct winsize size = {0};
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void view_print(const char *text)
{
    char *wrapped = wrap_text(text, view_columns());
    fputs(wrapped != NULL ? wrapped : text, stdout);
    free(wrapped);
}

void view_print_json(const cJSON *json)
{
    char *text = cJSON_Print(json);
    if (text != NULL)
        puts(text);
    cJSON_free(text);
}
