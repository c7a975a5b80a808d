#include "lab/load_message.h"

#include <assert.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/wire.h"

enum {
    XID_AT = 4,
    CIADDR_AT = 12,
    YIADDR_AT = 16,
    GIADDR_AT = 24,
    CHADDR_AT = 28,
    HOPS_AT = 3,
    HW_OCTETS = 6
};

struct hw_addr load_client_hw(uint64_t seed, uint32_t client)
{
    return (struct hw_addr){.type = 1,
                            .len = HW_OCTETS,
                            .bytes = {0x02, (uint8_t)(seed >> 8), (uint8_t)seed, (uint8_t)(client >> 16),
                                      (uint8_t)(client >> 8), (uint8_t)client}};
}

/* The client of a hardware address; UINT32_MAX: it is none of ours. */
static uint32_t client_of(uint64_t seed, const uint8_t *hw)
{
    uint32_t client = (uint32_t)hw[3] << 16 | (uint32_t)hw[4] << 8 | hw[5];
    struct hw_addr ours = load_client_hw(seed, client);
    return memcmp(ours.bytes, hw, HW_OCTETS) == 0 ? client : UINT32_MAX;
}

static void init_template(struct load_template *t, enum load_exchange exchange)
{
    static const uint8_t types[LOAD_EXCHANGES] = {[LOAD_DISCOVER_OFFER] = DHCP_DISCOVER,
                                                  [LOAD_REQUEST_ACK] = DHCP_REQUEST,
                                                  [LOAD_RENEW_ACK] = DHCP_REQUEST,
                                                  [LOAD_RELEASE_ONLY] = DHCP_RELEASE};
    static const uint8_t wanted[] = {DHCP_OPT_SUBNET_MASK, DHCP_OPT_ROUTERS, DHCP_OPT_DNS_SERVERS,
                                     DHCP_OPT_DOMAIN_NAME, DHCP_OPT_BROADCAST};
    struct dhcp_msg msg;
    unsigned dropped;
    dhcp_msg_init(&msg, DHCP_BOOTREQUEST);
    msg.htype = 1;
    msg.hlen = HW_OCTETS;
    bool fits = dhcp_put_u8(&msg, DHCP_OPT_TYPE, types[exchange]);
    /* RFC 2131 table 5: option 50 MUST be in a REQUEST after an OFFER and MUST NOT be in one that renews, nor
     * in a RELEASE; option 54 MUST be in the former and in a RELEASE, and MUST NOT be in one that renews. */
    if (exchange == LOAD_REQUEST_ACK)
        fits = fits && dhcp_put_ip4(&msg, DHCP_OPT_REQUESTED_IP, 0);
    if (exchange == LOAD_REQUEST_ACK || exchange == LOAD_RELEASE_ONLY)
        fits = fits && dhcp_put_ip4(&msg, DHCP_OPT_SERVER_ID, 0);
    if (exchange != LOAD_RELEASE_ONLY)
        fits = fits && dhcp_put_bytes(&msg, DHCP_OPT_PRL, wanted, sizeof wanted);
    assert(fits);
    t->len = dhcp_msg_encode(&msg, t->bytes, sizeof t->bytes, &dropped);
    assert(dropped == 0 && dhcp_msg_decode(&msg, t->bytes, t->len) == REASON_NONE);
    const struct dhcp_option *addr = dhcp_msg_find(&msg, DHCP_OPT_REQUESTED_IP);
    const struct dhcp_option *server = dhcp_msg_find(&msg, DHCP_OPT_SERVER_ID);
    t->addr_at = addr == NULL ? 0 : (uint16_t)(addr->offset + 2);
    t->server_at = server == NULL ? 0 : (uint16_t)(server->offset + 2);
}

void load_messages_init(struct load_messages *m, uint64_t seed)
{
    m->seed = seed;
    for (int i = 0; i < LOAD_EXCHANGES; i++)
        init_template(&m->templates[i], (enum load_exchange)i);
}

size_t load_message_write(const struct load_messages *m, const struct load_send *send, uint8_t *buf)
{
    const struct load_template *t = &m->templates[send->exchange];
    bool bound = send->exchange == LOAD_RENEW_ACK || send->exchange == LOAD_RELEASE_ONLY;
    struct hw_addr hw = load_client_hw(m->seed, send->client);
    memcpy(buf, t->bytes, t->len);
    buf[HOPS_AT] = send->relay != 0;
    wire_set_u32(buf + XID_AT, send->xid);
    wire_set_u32(buf + CIADDR_AT, bound ? send->addr : 0);
    wire_set_u32(buf + GIADDR_AT, send->relay);
    memcpy(buf + CHADDR_AT, hw.bytes, HW_OCTETS);
    if (t->addr_at != 0)
        wire_set_u32(buf + t->addr_at, send->addr);
    if (t->server_at != 0)
        wire_set_u32(buf + t->server_at, send->server);
    return t->len;
}

/* The options that matter of those between the offsets `at` and `end`, as far as they are whole. */
static void read_options(const uint8_t *bytes, size_t at, size_t end, struct load_answer *out,
                         uint8_t *out_overload)
{
    while (at < end && bytes[at] != DHCP_OPT_END) {
        if (bytes[at] == DHCP_OPT_PAD) {
            at++;
            continue;
        }
        if (end - at < 2 || bytes[at + 1] > end - at - 2)
            return;
        const uint8_t *value = bytes + at + 2;
        uint8_t code = bytes[at], len = bytes[at + 1];
        if (code == DHCP_OPT_TYPE && len == 1)
            out->type = value[0];
        else if (code == DHCP_OPT_SERVER_ID && len == 4)
            out->server = wire_u32(value);
        else if (code == DHCP_OPT_LEASE_TIME && len == 4)
            out->lease_s = wire_u32(value);
        else if (code == DHCP_OPT_OVERLOAD && len == 1)
            *out_overload = value[0];
        at += 2U + len;
    }
}

bool load_message_read(const struct load_messages *m, const uint8_t *bytes, size_t len,
                       struct load_answer *out)
{
    if (len < DHCP_OPTIONS_AT || bytes[0] != DHCP_BOOTREPLY ||
        wire_u32(bytes + DHCP_COOKIE_AT) != DHCP_COOKIE)
        return false;
    uint8_t overload = DHCP_OVERLOAD_NONE, ignored;
    *out = (struct load_answer){.xid = wire_u32(bytes + XID_AT),
                                .client = client_of(m->seed, bytes + CHADDR_AT),
                                .addr = wire_u32(bytes + YIADDR_AT)};
    read_options(bytes, DHCP_OPTIONS_AT, len, out, &overload);
    if (overload & DHCP_OVERLOAD_FILE)
        read_options(bytes, DHCP_FILE_AT, DHCP_FILE_AT + DHCP_FILE_LEN, out, &ignored);
    if (overload & DHCP_OVERLOAD_SNAME)
        read_options(bytes, DHCP_SNAME_AT, DHCP_SNAME_AT + DHCP_SNAME_LEN, out, &ignored);
    return out->type != DHCP_BOOTP;
}
