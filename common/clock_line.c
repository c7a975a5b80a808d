#include "common/clock_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

enum { US_PER_S = 1000000, PLACES = 6 };

/* Beyond, products would not fit: a line is laid anew long before, and no lease is so long. */
#define SPAN_MAX_US (INT64_C(100000000) * US_PER_S)
/* Whole microseconds that a double holds exactly, as any time of a boot-time clock is. */
#define FILE_MAX_US 9e15

static bool is_scale(uint64_t scale)
{
    return scale == 0 || (scale >= CLOCK_SCALE_MIN && scale <= CLOCK_SCALE_MAX);
}

/* In two parts, whole seconds and the rest: the product of all of it with a large scale would not fit. */
int64_t clock_line_at(const struct clock_line *line, int64_t boot_us)
{
    int64_t span_us = boot_us - line->boot_us, scale = (int64_t)line->scale;
    if (span_us < 0)
        span_us = 0;
    if (span_us > SPAN_MAX_US)
        span_us = SPAN_MAX_US;
    return line->lab_us + span_us / US_PER_S * scale + span_us % US_PER_S * scale / US_PER_S;
}

int64_t clock_line_when(const struct clock_line *line, int64_t lab_us)
{
    int64_t span_us = lab_us - line->lab_us, scale = (int64_t)line->scale;
    if (lab_us <= line->lab_us)
        return line->boot_us;
    if (scale == 0 || span_us / scale >= SPAN_MAX_US / US_PER_S)
        return INT64_MAX;
    return line->boot_us + span_us / scale * US_PER_S + (span_us % scale * US_PER_S + scale - 1) / scale;
}

const char *clock_line_format(const struct clock_line *line, char *buf)
{
    char scale[CLOCK_SCALE_LEN];
    snprintf(buf, CLOCK_LINE_MAX, "{ \"boot_us\": %" PRId64 ", \"lab_us\": %" PRId64 ", \"scale\": %s }\n",
             line->boot_us, line->lab_us, clock_scale_format(line->scale, scale));
    return buf;
}

static bool read_us(const cJSON *map, const char *key, int64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > FILE_MAX_US)
        return false;
    *out = (int64_t)item->valuedouble;
    return true;
}

static bool read_scale(const cJSON *map, uint64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, "scale");
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 ||
        item->valuedouble > (double)CLOCK_SCALE_MAX / (double)CLOCK_SCALE_ONE)
        return false;
    *out = (uint64_t)(item->valuedouble * (double)CLOCK_SCALE_ONE + 0.5);
    return is_scale(*out);
}

bool clock_line_parse(const char *text, size_t len, struct clock_line *out)
{
    struct clock_line line;
    cJSON *map = cJSON_ParseWithLength(text, len);
    bool ok = read_us(map, "boot_us", &line.boot_us) && read_us(map, "lab_us", &line.lab_us) &&
              read_scale(map, &line.scale);
    cJSON_Delete(map);
    if (ok)
        *out = line;
    return ok;
}

/* Behind the newline before `len`; 0 without one. */
static size_t start_of_line(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] != '\n')
        len--;
    return len;
}

bool clock_line_parse_last(const char *text, size_t len, struct clock_line *out)
{
    size_t end = start_of_line(text, len);
    if (end == 0)
        return false;
    size_t start = start_of_line(text, end - 1);
    return clock_line_parse(text + start, end - start, out);
}

static bool read_digits(const char **at, unsigned max, uint64_t *value, unsigned *out_count)
{
    unsigned n = 0;
    for (; **at >= '0' && **at <= '9' && n <= max; (*at)++, n++)
        *value = *value * 10 + (uint64_t)(**at - '0');
    *out_count = n;
    return n > 0 && n <= max;
}

bool clock_scale_parse(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    unsigned n, places = 0;
    if (!read_digits(&text, PLACES, &value, &n))
        return false;
    if (*text == '.') {
        text++;
        if (!read_digits(&text, PLACES, &value, &places))
            return false;
    }
    for (; places < PLACES; places++)
        value *= 10;
    if (*text != '\0' || !is_scale(value))
        return false;
    *out = value;
    return true;
}

const char *clock_scale_format(uint64_t scale, char *buf)
{
    int len = snprintf(buf, CLOCK_SCALE_LEN, "%" PRIu64 ".%06" PRIu64, scale / CLOCK_SCALE_ONE,
                       scale % CLOCK_SCALE_ONE);
    while (buf[len - 1] == '0')
        buf[--len] = '\0';
    if (buf[len - 1] == '.')
        buf[--len] = '\0';
    return buf;
}
