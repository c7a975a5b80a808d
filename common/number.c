#include "common/number.h"

#include "common/hex.h"

/* The digits that *text begins with. */
static bool take(const char **text, unsigned base, uint64_t *out)
{
    uint64_t value = 0;
    const char *p = *text;
    for (int digit; (digit = hex_digit(*p)) >= 0 && (unsigned)digit < base; p++) {
        if (value > (UINT64_MAX - (unsigned)digit) / base)
            return false;
        value = value * base + (unsigned)digit;
    }
    if (p == *text)
        return false;
    *text = p;
    *out = value;
    return true;
}

bool number_take(const char **text, uint64_t least, uint64_t most, uint64_t *out)
{
    const char *p = *text;
    uint64_t value;
    if (!take(&p, 10, &value) || value < least || value > most)
        return false;
    *text = p;
    *out = value;
    return true;
}

bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    uint64_t value;
    if (!number_take(&text, least, most, &value) || *text != '\0')
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

bool number_parse_id(const char *text, uint32_t *out)
{
    bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *p = is_hex ? text + 2 : text;
    uint64_t value;
    if (!take(&p, is_hex ? 16 : 10, &value) || *p != '\0' || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}
