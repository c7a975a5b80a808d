#include "common/number.h"

bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    uint64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > UINT64_MAX / 10 || value * 10 > UINT64_MAX - digit)
            return false;
        value = value * 10 + digit;
    }
    if (p == text || *p != '\0' || value < least || value > most)
        return false;
    *out = value;
    return true;
}

bool number_parse_u32(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    uint64_t value;
    if (!number_parse(text, least, most, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}
