/* Looking in a sorted list by halving it. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Does the element come before what is looked for? */
typedef bool bisect_fn(const void *element, const void *key);

/* How many of the `n` elements, of `size` octets each, come before what is looked for: the place of the first
 * that does not. They stand before all others. */
static inline size_t bisect(const void *list, size_t n, size_t size, bisect_fn *is_before, const void *key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before((const char *)list + middle * size, key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
