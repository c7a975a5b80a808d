#include "common/sha256.h"

#include <stdint.h>

#include <nettle/base16.h>
#include <nettle/sha2.h>

void sha256_hex(const void *bytes, size_t len, char *out)
{
    struct sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    sha256_update(&ctx, len, bytes);
    sha256_digest(&ctx, sizeof digest, digest);
    base16_encode_update(out, sizeof digest, digest);
    out[SHA256_HEX_LEN - 1] = '\0';
}
