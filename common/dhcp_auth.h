/* Option 90 with the protocol "reconfigure key": a server hands a nonce out in a DHCPACK, and signs a
 * DHCPFORCERENEW with it. RFC 3118 2, RFC 6704. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dhcp_msg.h"

enum {
    DHCP_AUTH_ALGORITHM = 1, /* HMAC-MD5, in options 90 and 145 */
    DHCP_NONCE_LEN = 16,
    DHCP_AUTH_LEN = 3 + 8 + 1 + DHCP_NONCE_LEN, /* of option 90 in both messages */
};

/* A nonce from a secret and what it is for: who has the secret knows it again, nobody else can guess it. */
void dhcp_auth_make_nonce(const uint8_t secret[DHCP_NONCE_LEN], const void *purpose, size_t len,
                          uint8_t out[DHCP_NONCE_LEN]);

/* Does the client take a signed DHCPFORCERENEW? Its option 145 names our algorithm. */
bool dhcp_auth_is_capable(const struct dhcp_msg *request);

/* Option 90 of a DHCPACK that hands out the nonce. `replay` grows from message to message (RFC 3118 2). */
void dhcp_auth_put_nonce(uint64_t replay, const uint8_t nonce[DHCP_NONCE_LEN], uint8_t out[DHCP_AUTH_LEN]);
/* The nonce of a DHCPACK. False, and nothing touched, if it hands none out. */
bool dhcp_auth_get_nonce(const struct dhcp_msg *ack, uint64_t *out_replay, uint8_t out[DHCP_NONCE_LEN]);

/* Option 90 of a DHCPFORCERENEW, still unsigned. */
void dhcp_auth_put_unsigned(uint64_t replay, uint8_t out[DHCP_AUTH_LEN]);
/* Signs an encoded message that has such an option. */
void dhcp_auth_sign(const uint8_t nonce[DHCP_NONCE_LEN], uint8_t *bytes, size_t len);

/* Is the message, decoded from `bytes`, signed with the nonce, and newer than `replay`? REASON_NONE, then
 * *out_replay is its own; REASON_AUTH_NONE (not signed so), REASON_AUTH_DIGEST, REASON_AUTH_REPLAY. */
enum reason dhcp_auth_check(const struct dhcp_msg *m, const uint8_t nonce[DHCP_NONCE_LEN], uint64_t replay,
                            const uint8_t *bytes, size_t len, uint64_t *out_replay);
