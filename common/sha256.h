/* SHA-256 (FIPS 180-4), for recognising texts: nothing here is secret. Pure. */
#pragma once
#include <stddef.h>

#define SHA256_HEX_LEN 65 /* 64 digits and NUL */

/* The digest of `len` bytes as lower-case hexadecimal digits; `out` holds SHA256_HEX_LEN bytes. */
void sha256_hex(const void *bytes, size_t len, char *out);
