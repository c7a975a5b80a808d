/* What is wrong or odd about a DHCP message, beyond the layout of its options: RFC 2131 4.3 table 3, 4.4
 * table 5, 4.3.6 table 4; RFC 2132; RFC 3046. One row, one rule. */
#include "common/dissect_tree.h"

#include <string.h>

#include "common/dhcp_proto.h"

static bool is_ethernet_of_other_length(const struct dhcp_msg *m)
{
    return m->htype == 1 && m->hlen != 6;
}

static bool from_client(const struct dhcp_msg *m)
{
    return m->type == DHCP_DISCOVER || m->type == DHCP_REQUEST || m->type == DHCP_DECLINE ||
           m->type == DHCP_RELEASE || m->type == DHCP_INFORM;
}

static bool from_server(const struct dhcp_msg *m)
{
    return m->type == DHCP_OFFER || m->type == DHCP_ACK || m->type == DHCP_NAK;
}

/* RFC 2131 4.3.2: a REQUEST without option 54 and with ciaddr is for an address that the client uses. */
static bool is_renewal(const struct dhcp_msg *m)
{
    return m->type == DHCP_REQUEST && m->ciaddr != 0;
}

static bool is_selecting(const struct dhcp_msg *m)
{
    return m->type == DHCP_REQUEST && dhcp_msg_has(m, DHCP_OPT_SERVER_ID) && m->ciaddr == 0;
}

/* Gives an address: an ACK of an INFORM does not. */
static bool is_grant(const struct dhcp_msg *m)
{
    return (m->type == DHCP_OFFER || m->type == DHCP_ACK) && m->yiaddr != 0;
}

static bool no_type(const struct dhcp_msg *m)
{
    return m->type == DHCP_BOOTP && m->n_options > 0;
}

static bool no_type_no_options(const struct dhcp_msg *m)
{
    return m->type == DHCP_BOOTP && m->n_options == 0;
}

static bool wrong_op(const struct dhcp_msg *m)
{
    return (from_client(m) && m->op != DHCP_BOOTREQUEST) || (from_server(m) && m->op != DHCP_BOOTREPLY);
}

static bool reserved_flags(const struct dhcp_msg *m)
{
    return (m->flags & ~DHCP_FLAG_BROADCAST) != 0;
}

static bool client_yiaddr(const struct dhcp_msg *m)
{
    return from_client(m) && m->yiaddr != 0;
}

static bool discover_ciaddr(const struct dhcp_msg *m)
{
    return m->type == DHCP_DISCOVER && m->ciaddr != 0;
}

static bool renewal_requested(const struct dhcp_msg *m)
{
    return is_renewal(m) && dhcp_msg_has(m, DHCP_OPT_REQUESTED_IP);
}

static bool renewal_server(const struct dhcp_msg *m)
{
    return is_renewal(m) && dhcp_msg_has(m, DHCP_OPT_SERVER_ID);
}

static bool request_nothing(const struct dhcp_msg *m)
{
    return m->type == DHCP_REQUEST && m->ciaddr == 0 && !is_selecting(m) &&
           !dhcp_msg_has(m, DHCP_OPT_REQUESTED_IP);
}

static bool selecting_nothing(const struct dhcp_msg *m)
{
    return is_selecting(m) && !dhcp_msg_has(m, DHCP_OPT_REQUESTED_IP);
}

static bool release_ciaddr(const struct dhcp_msg *m)
{
    return m->type == DHCP_RELEASE && m->ciaddr == 0;
}

static bool inform_ciaddr(const struct dhcp_msg *m)
{
    return m->type == DHCP_INFORM && m->ciaddr == 0;
}

static bool client_siaddr(const struct dhcp_msg *m)
{
    return from_client(m) && m->siaddr != 0;
}

static bool discover_server(const struct dhcp_msg *m)
{
    return (m->type == DHCP_DISCOVER || m->type == DHCP_INFORM) && dhcp_msg_has(m, DHCP_OPT_SERVER_ID);
}

static bool decline_ciaddr(const struct dhcp_msg *m)
{
    return m->type == DHCP_DECLINE && m->ciaddr != 0;
}

static bool is_farewell(const struct dhcp_msg *m)
{
    return m->type == DHCP_RELEASE || m->type == DHCP_DECLINE;
}

static bool farewell_flags(const struct dhcp_msg *m)
{
    return is_farewell(m) && (m->flags & DHCP_FLAG_BROADCAST) != 0;
}

static bool farewell_options(const struct dhcp_msg *m)
{
    return is_farewell(m) && (dhcp_msg_has(m, DHCP_OPT_LEASE_TIME) || dhcp_msg_has(m, DHCP_OPT_PRL) ||
                              dhcp_msg_has(m, DHCP_OPT_MAX_SIZE) || dhcp_msg_has(m, DHCP_OPT_VENDOR_CLASS));
}

static bool release_requested(const struct dhcp_msg *m)
{
    return m->type == DHCP_RELEASE && dhcp_msg_has(m, DHCP_OPT_REQUESTED_IP);
}

static bool decline_requested(const struct dhcp_msg *m)
{
    return m->type == DHCP_DECLINE && !dhcp_msg_has(m, DHCP_OPT_REQUESTED_IP);
}

static bool release_server(const struct dhcp_msg *m)
{
    return (m->type == DHCP_RELEASE || m->type == DHCP_DECLINE) && !dhcp_msg_has(m, DHCP_OPT_SERVER_ID);
}

static bool inform_lease(const struct dhcp_msg *m)
{
    return m->type == DHCP_INFORM &&
           (dhcp_msg_has(m, DHCP_OPT_LEASE_TIME) || dhcp_msg_has(m, DHCP_OPT_REQUESTED_IP));
}

static bool reply_server(const struct dhcp_msg *m)
{
    return from_server(m) && !dhcp_msg_has(m, DHCP_OPT_SERVER_ID);
}

static bool reply_client_options(const struct dhcp_msg *m)
{
    return from_server(m) && (dhcp_msg_has(m, DHCP_OPT_PRL) || dhcp_msg_has(m, DHCP_OPT_REQUESTED_IP) ||
                              dhcp_msg_has(m, DHCP_OPT_MAX_SIZE));
}

static bool offer_nothing(const struct dhcp_msg *m)
{
    return m->type == DHCP_OFFER && m->yiaddr == 0;
}

static bool grant_no_time(const struct dhcp_msg *m)
{
    return is_grant(m) && !dhcp_msg_has(m, DHCP_OPT_LEASE_TIME);
}

static bool nak_address(const struct dhcp_msg *m)
{
    return m->type == DHCP_NAK && (m->yiaddr != 0 || dhcp_msg_has(m, DHCP_OPT_LEASE_TIME));
}

/* RFC 2131 table 3: "All others MUST NOT"; later RFCs make servers send some back. */
static bool nak_options(const struct dhcp_msg *m)
{
    static const uint8_t allowed[] = {DHCP_OPT_LEASE_TIME, /* has a row of its own */
                                      DHCP_OPT_TYPE,         DHCP_OPT_SERVER_ID,       DHCP_OPT_MESSAGE,
                                      DHCP_OPT_VENDOR_CLASS, DHCP_OPT_CLIENT_ID,       DHCP_OPT_RELAY_INFO,
                                      DHCP_OPT_AUTH,         DHCP_OPT_SUBNET_SELECTION};
    for (unsigned i = 0; m->type == DHCP_NAK && i < m->n_options; i++)
        if (memchr(allowed, m->options[i].code, sizeof allowed) == NULL)
            return true;
    return false;
}

static bool inform_answer_time(const struct dhcp_msg *m)
{
    return m->type == DHCP_ACK && m->yiaddr == 0 && m->ciaddr != 0 && dhcp_msg_has(m, DHCP_OPT_LEASE_TIME);
}

static bool zero_lease(const struct dhcp_msg *m)
{
    uint32_t lease;
    return is_grant(m) && dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &lease) && lease == 0;
}

static bool t1_after_t2(const struct dhcp_msg *m)
{
    uint32_t t1, t2;
    return dhcp_get_u32(m, DHCP_OPT_T1, &t1) && dhcp_get_u32(m, DHCP_OPT_T2, &t2) && t1 > t2;
}

static bool after_lease(const struct dhcp_msg *m)
{
    uint32_t lease, t;
    return dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &lease) && ((dhcp_get_u32(m, DHCP_OPT_T1, &t) && t > lease) ||
                                                            (dhcp_get_u32(m, DHCP_OPT_T2, &t) && t > lease));
}

static bool odd_mask(const struct dhcp_msg *m)
{
    ip4 mask;
    return dhcp_get_ip4(m, DHCP_OPT_SUBNET_MASK, &mask) && ip4_mask_len(mask) < 0;
}

/* The network that option 1 makes of yiaddr; false if there is none. */
static bool get_net(const struct dhcp_msg *m, struct ip4_net *out)
{
    ip4 mask;
    if (!is_grant(m) || !dhcp_get_ip4(m, DHCP_OPT_SUBNET_MASK, &mask) || ip4_mask_len(mask) < 0)
        return false;
    *out = (struct ip4_net){m->yiaddr, (uint8_t)ip4_mask_len(mask)};
    return true;
}

static bool no_host(const struct dhcp_msg *m)
{
    struct ip4_net net;
    return get_net(m, &net) && net.len < 31 &&
           (m->yiaddr == ip4_net_base(net) || m->yiaddr == ip4_net_broadcast(net));
}

static bool far_router(const struct dhcp_msg *m)
{
    struct ip4_net net;
    ip4 router;
    return get_net(m, &net) && net.len < 32 && dhcp_get_ip4_first(m, DHCP_OPT_ROUTERS, &router) &&
           !ip4_net_has(net, router);
}

static bool relay_hops(const struct dhcp_msg *m)
{
    return m->op == DHCP_BOOTREQUEST && m->giaddr != 0 && m->hops == 0;
}

static bool relay_last(const struct dhcp_msg *m)
{
    return dhcp_msg_has(m, DHCP_OPT_RELAY_INFO) && m->options[m->n_options - 1U].code != DHCP_OPT_RELAY_INFO;
}

static bool relay_without_giaddr(const struct dhcp_msg *m)
{
    return m->op == DHCP_BOOTREQUEST && m->giaddr == 0 && dhcp_msg_has(m, DHCP_OPT_RELAY_INFO);
}

static bool small_max_size(const struct dhcp_msg *m)
{
    uint16_t size;
    return dhcp_get_u16(m, DHCP_OPT_MAX_SIZE, &size) && size < 576;
}

struct rule {
    bool (*applies)(const struct dhcp_msg *m);
    uint8_t code; /* of the option it is about; 0: of the fixed fields */
    const char *text;
};

/* What is missing; nobody knows of a message that was captured in part. */
static const struct rule absences[] = {
    {no_type, 0, "option 53 is missing: there are options and no message type"},
    {no_type_no_options, 0, "option 53 is missing: BOOTP (RFC 951)"},
    {request_nothing, 0, "REQUEST with neither ciaddr nor option 50: no address is asked for"},
    {selecting_nothing, 54,
     "a REQUEST that selects a server, without option 50: MUST have it (RFC 2131 table 5)"},
    {decline_requested, 0, "DECLINE without option 50: MUST have it (RFC 2131 table 5)"},
    {release_server, 0, "RELEASE or DECLINE without option 54: MUST have it (RFC 2131 table 5)"},
    {reply_server, 0, "a server's message without option 54: MUST have it (RFC 2131 table 3)"},
    {grant_no_time, 0, "an address without option 51: how long is it leased? (RFC 2131 table 3)"},
};

static const struct rule rules[] = {
    {wrong_op, 53, "op does not fit the message type"},
    {reserved_flags, 0, "reserved bits of flags are set (RFC 2131 2: \"MUST be set to zero by clients\")"},
    {is_ethernet_of_other_length, 0, "htype is Ethernet and hlen is not 6"},
    {client_yiaddr, 0, "a client's message has yiaddr, which only servers fill in (RFC 2131 table 5)"},
    {discover_ciaddr, 0, "DISCOVER with ciaddr: it is to be 0 (RFC 2131 table 5)"},
    {renewal_requested, 50,
     "option 50 in a REQUEST with ciaddr, a renewing or rebinding one: MUST NOT be (RFC 2131 table 5)"},
    {renewal_server, 54,
     "option 54 in a REQUEST with ciaddr: MUST NOT be after the lease was obtained (table 5)"},
    {release_ciaddr, 0, "RELEASE without ciaddr: it does not say which address"},
    {inform_ciaddr, 0, "INFORM without ciaddr: the client is to fill in its address (RFC 2131 4.4.3)"},
    {client_siaddr, 0, "a client's message has siaddr, which only servers fill in (RFC 2131 table 5)"},
    {discover_server, 54, "DISCOVER or INFORM with option 54: MUST NOT be (RFC 2131 table 5)"},
    {decline_ciaddr, 0, "DECLINE with ciaddr: it is to be 0 (RFC 2131 table 5)"},
    {farewell_flags, 0, "RELEASE or DECLINE with flags: they are to be 0, nobody answers (RFC 2131 table 5)"},
    {farewell_options, 0,
     "RELEASE or DECLINE with an option that is for other messages: 51, 55, 57 or 60 (RFC 2131 table 5)"},
    {release_requested, 50,
     "RELEASE with option 50: MUST NOT be, the address is in ciaddr (RFC 2131 table 5)"},
    {inform_lease, 0, "INFORM with option 50 or 51: MUST NOT be (RFC 2131 table 5)"},
    {reply_client_options, 0,
     "a server's message with option 50, 55 or 57, which only clients send (table 3)"},
    {offer_nothing, 0, "OFFER without yiaddr: nothing is offered"},
    {nak_address, 0, "NAK with yiaddr or option 51: MUST NOT be (RFC 2131 table 3)"},
    {nak_options, 0, "NAK with other options than 53, 54, 56, 60, 61, 82, 90 and 118 (RFC 2131 table 3)"},
    {inform_answer_time, 51, "option 51 in the answer to INFORM: MUST NOT be (RFC 2131 4.3.5)"},
    {zero_lease, 51, "the lease time is 0"},
    {t1_after_t2, 58, "T1 (58) is later than T2 (59)"},
    {after_lease, 51, "T1 or T2 is later than the end of the lease"},
    {odd_mask, 1, "the bits of the subnet mask are not contiguous"},
    {no_host, 1, "yiaddr is the network's own or its broadcast address"},
    {far_router, 3, "the first router is not in the network of yiaddr"},
    {relay_hops, 0, "giaddr without hops: a relay increments it (RFC 1542 4.1.1)"},
    {relay_last, 82, "option 82 is not the last (RFC 3046 2.1: it SHOULD be)"},
    {relay_without_giaddr, 82, "option 82 without giaddr: a client's own? (RFC 3046 2.1)"},
    {small_max_size, 57, "option 57 is less than 576, the least that is legal (RFC 2132 9.10)"},
};

static void warn_about(struct dissect *d, size_t at, size_t len, uint8_t code, const char *text)
{
    const struct dhcp_option *option = code != 0 ? dhcp_msg_find(&d->dhcp, code) : NULL;
    if (option == NULL)
        dissect_warn(d, at, len < DHCP_COOKIE_AT ? len : DHCP_COOKIE_AT, "%s", text);
    else
        dissect_warn(d, at + option->offset, option->pieces == 1 ? option->len + 2U : 0, "%s", text);
}

static void check_rules(struct dissect *d, size_t at, size_t len, const struct rule *rule, size_t n)
{
    for (; n > 0; n--, rule++)
        if (rule->applies(&d->dhcp))
            warn_about(d, at, len, rule->code, rule->text);
}

void dissect_dhcp_warnings(struct dissect *d, size_t at, size_t len)
{
    static const struct {
        unsigned bit;
        const char *text;
    } defects[] = {
#define X(name, bit, token, text) {1U << (bit), text},
        DHCP_DEFECT_MAP(X)
#undef X
    };
    const struct dhcp_msg *m = &d->dhcp;
    /* Of a message that was captured in part, the end says nothing about its sender. */
    bool captured_in_part = dissect_udp_is_cut(d);
    unsigned told = captured_in_part ? (unsigned)DHCP_DEFECT_NO_END | DHCP_DEFECT_CUT : 0;
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++)
        if (m->defects & ~told & defects[i].bit)
            dissect_warn(d, at + m->defect_at, m->defect_at < len ? 1 : 0, "%s", defects[i].text);
    if (!captured_in_part)
        check_rules(d, at, len, absences, sizeof absences / sizeof absences[0]);
    check_rules(d, at, len, rules, sizeof rules / sizeof rules[0]);
    if (len < DHCP_MSG_SEND_MIN && !captured_in_part)
        dissect_warn(d, at, len, "the message has %zu octets, fewer than the 300 of BOOTP (RFC 1542 2.1)",
                     len);
}
