/* The nonce of a DHCPACK and the signature of a DHCPFORCERENEW: RFC 6704. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_auth.h"

static const uint8_t nonce[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static uint8_t bytes[DHCP_MSG_MAX];
static size_t len;

/* A signed DHCPFORCERENEW for 10.0.0.10 */
static void make_signed(uint64_t replay)
{
    struct dhcp_msg m;
    uint8_t auth[DHCP_AUTH_LEN];
    unsigned dropped;
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    m.xid = 0x01020304;
    m.ciaddr = 0x0a00000a;
    dhcp_put_u8(&m, DHCP_OPT_TYPE, DHCP_FORCERENEW);
    dhcp_auth_put_unsigned(replay, auth);
    dhcp_put_bytes(&m, DHCP_OPT_AUTH, auth, sizeof auth);
    len = dhcp_msg_encode(&m, bytes, sizeof bytes, &dropped);
    dhcp_auth_sign(nonce, bytes, len);
}

static enum reason check(uint64_t replay, uint64_t *out_replay)
{
    struct dhcp_msg m;
    assert_int_equal(dhcp_msg_decode(&m, bytes, len), REASON_NONE);
    return dhcp_auth_check(&m, nonce, replay, bytes, len, out_replay);
}

static void option_90_of_an_ack_octet_by_octet(void **state)
{
    (void)state;
    /* protocol 3, algorithm 1, RDM 0 | replay detection | type 1 | the nonce */
    static const uint8_t expected[] = {3, 1, 0, 0, 0, 0, 1, 0, 0,  0,  2,  1,  0,  1,
                                       2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t auth[DHCP_AUTH_LEN], got[DHCP_NONCE_LEN];
    uint64_t replay = 0;
    struct dhcp_msg m;
    dhcp_auth_put_nonce(0x100000002, nonce, auth);
    assert_memory_equal(auth, expected, sizeof expected);
    dhcp_msg_init(&m, DHCP_BOOTREPLY);
    dhcp_put_bytes(&m, DHCP_OPT_AUTH, auth, sizeof auth);
    m.options[0].pieces = 1; /* as decoding says */
    assert_true(dhcp_auth_get_nonce(&m, &replay, got));
    assert_int_equal(replay, 0x100000002);
    assert_memory_equal(got, nonce, sizeof nonce);
    for (size_t i = 0; i < 3; i++) { /* of another protocol, algorithm or replay detection */
        auth[i]++;
        dhcp_put_bytes(&m, DHCP_OPT_AUTH, auth, sizeof auth);
        m.options[0].pieces = 1;
        assert_false(dhcp_auth_get_nonce(&m, &replay, got));
        auth[i]--;
    }
}

static void signed_message_is_believed_once(void **state)
{
    (void)state;
    uint64_t replay = 0;
    make_signed(7);
    assert_int_equal(check(6, &replay), REASON_NONE);
    assert_int_equal(replay, 7);
    assert_int_equal(check(7, &replay), REASON_AUTH_REPLAY);
    assert_int_equal(check(8, &replay), REASON_AUTH_REPLAY);
}

/* A relay may count hops and name itself; nobody may change anything else. */
static void every_damaged_octet_is_noticed(void **state)
{
    (void)state;
    make_signed(7);
    for (size_t i = 0; i < len; i++) {
        uint64_t replay;
        struct dhcp_msg m;
        bool is_relays = i == 3 || (i >= 24 && i < 28);
        bytes[i] ^= 1;
        if (dhcp_msg_decode(&m, bytes, len) == REASON_NONE) {
            enum reason reason = dhcp_auth_check(&m, nonce, 0, bytes, len, &replay);
            assert_int_equal(reason == REASON_NONE, is_relays);
        }
        bytes[i] ^= 1;
    }
}

/* HMAC-MD5 itself: RFC 2104's second example. */
static void digest_is_hmac_md5(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x75, 0x0c, 0x78, 0x3e, 0x6a, 0xb0, 0xb5, 0x03,
                                       0xea, 0xa8, 0x6e, 0x31, 0x0a, 0x5d, 0xb7, 0x38};
    static const uint8_t key[DHCP_NONCE_LEN] = "Jefe"; /* padded with zeros: the same key */
    uint8_t out[DHCP_NONCE_LEN];
    dhcp_auth_make_nonce(key, "what do ya want for nothing?", 28, out);
    assert_memory_equal(out, expected, sizeof expected);
}

static void a_client_is_capable_if_it_names_the_algorithm(void **state)
{
    (void)state;
    struct dhcp_msg m;
    dhcp_msg_init(&m, DHCP_BOOTREQUEST);
    assert_false(dhcp_auth_is_capable(&m));
    dhcp_put_bytes(&m, DHCP_OPT_FORCERENEW_NONCE, "\x02", 1);
    assert_false(dhcp_auth_is_capable(&m));
    dhcp_put_bytes(&m, DHCP_OPT_FORCERENEW_NONCE, "\x02\x01", 2);
    assert_true(dhcp_auth_is_capable(&m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(option_90_of_an_ack_octet_by_octet),
        cmocka_unit_test(signed_message_is_believed_once),
        cmocka_unit_test(every_damaged_octet_is_noticed),
        cmocka_unit_test(digest_is_hmac_md5),
        cmocka_unit_test(a_client_is_capable_if_it_names_the_algorithm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
