#include "common/dhcp_auth.h"

#include <assert.h>
#include <string.h>

#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "common/wire.h"

/* The fields of option 90: protocol, algorithm, RDM, replay detection, type, nonce or digest. */
enum {
    PROTOCOL = 3,
    RDM_COUNTER = 0,
    TYPE_NONCE = 1,
    TYPE_DIGEST = 2,
    REPLAY_AT = 3,
    TYPE_AT = 11,
    KEY_AT = 12
};
enum { HOPS_AT = 3, GIADDR_AT = 24 };

static const uint8_t zeros[DHCP_NONCE_LEN];

void dhcp_auth_make_nonce(const uint8_t secret[DHCP_NONCE_LEN], const void *purpose, size_t len,
                          uint8_t out[DHCP_NONCE_LEN])
{
    struct hmac_md5_ctx ctx;
    hmac_md5_set_key(&ctx, DHCP_NONCE_LEN, secret);
    hmac_md5_update(&ctx, len, purpose);
    hmac_md5_digest(&ctx, DHCP_NONCE_LEN, out);
}

bool dhcp_auth_is_capable(const struct dhcp_msg *request)
{
    const struct dhcp_option *option = dhcp_msg_find(request, DHCP_OPT_FORCERENEW_NONCE);
    return option != NULL && memchr(option->data, DHCP_AUTH_ALGORITHM, option->len) != NULL;
}

static void put(uint64_t replay, uint8_t type, const uint8_t key[DHCP_NONCE_LEN], uint8_t out[DHCP_AUTH_LEN])
{
    struct wire_writer w;
    wire_writer_init(&w, out, DHCP_AUTH_LEN);
    wire_put_u8(&w, PROTOCOL);
    wire_put_u8(&w, DHCP_AUTH_ALGORITHM);
    wire_put_u8(&w, RDM_COUNTER);
    wire_put_u32(&w, (uint32_t)(replay >> 32));
    wire_put_u32(&w, (uint32_t)replay);
    wire_put_u8(&w, type);
    wire_put_bytes(&w, key, DHCP_NONCE_LEN);
    assert(!w.err && w.at == DHCP_AUTH_LEN);
}

/* Option 90 of our protocol with this type of key, or NULL. */
static const uint8_t *find(const struct dhcp_msg *m, uint8_t type)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_AUTH);
    if (option == NULL || option->len != DHCP_AUTH_LEN || option->pieces != 1)
        return NULL;
    const uint8_t *data = option->data;
    bool is_ours = data[0] == PROTOCOL && data[1] == DHCP_AUTH_ALGORITHM && data[2] == RDM_COUNTER;
    return is_ours && data[TYPE_AT] == type ? data : NULL;
}

static uint64_t get_replay(const uint8_t *data)
{
    return (uint64_t)wire_u32(data + REPLAY_AT) << 32 | wire_u32(data + REPLAY_AT + 4);
}

void dhcp_auth_put_nonce(uint64_t replay, const uint8_t nonce[DHCP_NONCE_LEN], uint8_t out[DHCP_AUTH_LEN])
{
    put(replay, TYPE_NONCE, nonce, out);
}

bool dhcp_auth_get_nonce(const struct dhcp_msg *ack, uint64_t *out_replay, uint8_t out[DHCP_NONCE_LEN])
{
    const uint8_t *data = find(ack, TYPE_NONCE);
    if (data == NULL)
        return false;
    *out_replay = get_replay(data);
    memcpy(out, data + KEY_AT, DHCP_NONCE_LEN);
    return true;
}

void dhcp_auth_put_unsigned(uint64_t replay, uint8_t out[DHCP_AUTH_LEN])
{
    put(replay, TYPE_DIGEST, zeros, out);
}

/* RFC 3118 5.2 by way of RFC 6704: the digest is that of the whole message with 'hops', 'giaddr' and the
 * digest itself zero. `key_at` is the digest's place. */
static void digest(const uint8_t nonce[DHCP_NONCE_LEN], const uint8_t *bytes, size_t len, size_t key_at,
                   uint8_t out[DHCP_NONCE_LEN])
{
    struct hmac_md5_ctx ctx;
    hmac_md5_set_key(&ctx, DHCP_NONCE_LEN, nonce);
    hmac_md5_update(&ctx, HOPS_AT, bytes);
    hmac_md5_update(&ctx, 1, zeros);
    hmac_md5_update(&ctx, GIADDR_AT - HOPS_AT - 1, bytes + HOPS_AT + 1);
    hmac_md5_update(&ctx, 4, zeros);
    hmac_md5_update(&ctx, key_at - GIADDR_AT - 4, bytes + GIADDR_AT + 4);
    hmac_md5_update(&ctx, DHCP_NONCE_LEN, zeros);
    hmac_md5_update(&ctx, len - key_at - DHCP_NONCE_LEN, bytes + key_at + DHCP_NONCE_LEN);
    hmac_md5_digest(&ctx, DHCP_NONCE_LEN, out);
}

void dhcp_auth_sign(const uint8_t nonce[DHCP_NONCE_LEN], uint8_t *bytes, size_t len)
{
    struct dhcp_msg m;
    enum reason reason = dhcp_msg_decode(&m, bytes, len);
    const uint8_t *data = find(&m, TYPE_DIGEST);
    assert(reason == REASON_NONE && data != NULL); /* we have built it */
    size_t key_at = (size_t)(data - bytes) + KEY_AT;
    digest(nonce, bytes, len, key_at, bytes + key_at);
}

enum reason dhcp_auth_check(const struct dhcp_msg *m, const uint8_t nonce[DHCP_NONCE_LEN], uint64_t replay,
                            const uint8_t *bytes, size_t len, uint64_t *out_replay)
{
    uint8_t expected[DHCP_NONCE_LEN];
    const uint8_t *data = find(m, TYPE_DIGEST);
    if (data == NULL)
        return REASON_AUTH_NONE;
    digest(nonce, bytes, len, (size_t)(data - bytes) + KEY_AT, expected);
    if (!memeql_sec(expected, data + KEY_AT, DHCP_NONCE_LEN))
        return REASON_AUTH_DIGEST;
    if (get_replay(data) <= replay)
        return REASON_AUTH_REPLAY;
    *out_replay = get_replay(data);
    return REASON_NONE;
}
