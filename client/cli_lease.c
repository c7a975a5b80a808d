#include "client/cli_lease.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "common/wire.h"

enum { MTU_MIN = 68 /* RFC 2132 5.1 */ };

uint8_t cli_lease_class_len(ip4 addr)
{
    if ((addr & 0x80000000U) == 0)
        return 8;
    return (addr & 0x40000000U) == 0 ? 16 : 24;
}

static uint8_t read_prefix_len(const struct dhcp_msg *m)
{
    ip4 mask;
    int len = dhcp_get_ip4(m, DHCP_OPT_SUBNET_MASK, &mask) ? ip4_mask_len(mask) : -1;
    return len > 0 ? (uint8_t)len : cli_lease_class_len(m->yiaddr);
}

bool cli_lease_is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '.' && text[i] != '_')
            return false;
    return len > 0 && text[0] != '-' && text[0] != '.';
}

static void read_dns(const struct dhcp_msg *m, struct cli_lease *out)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_DNS_SERVERS);
    if (option == NULL || option->len % 4 != 0)
        return;
    for (size_t at = 0; at < option->len && out->n_dns < CLI_DNS_MAX; at += 4)
        out->dns[out->n_dns++] = wire_u32(option->data + at);
}

/* The name goes into files and scripts of others: only what a domain name can be made of is taken. */
static void read_domain(const struct dhcp_msg *m, struct cli_lease *out)
{
    const struct dhcp_option *option = dhcp_msg_find(m, DHCP_OPT_DOMAIN_NAME);
    if (option == NULL)
        return;
    /* RFC 2132 2: "Options containing NVT ASCII data SHOULD NOT include a trailing NULL; however, the
     * receiver of such options MUST be prepared to delete trailing nulls if they exist." */
    size_t len = option->len;
    while (len > 0 && option->data[len - 1] == '\0')
        len--;
    if (len >= CLI_DOMAIN_LEN)
        return;
    if (cli_lease_is_name((const char *)option->data, len))
        memcpy(out->domain, option->data, len);
}

void cli_lease_set_timers(const struct cli_profile *p, const uint32_t *t1_s, const uint32_t *t2_s,
                          struct cli_lease *lease)
{
    lease->t1_told_s = t1_s != NULL ? (int64_t)*t1_s : -1;
    lease->t2_told_s = t2_s != NULL ? (int64_t)*t2_s : -1;
    /* RFC 2131 4.4.5: "the client computes the lease expiration time as the sum of the time at which the
     * client sent the DHCPREQUEST message and the duration of the lease in the DHCPACK message." */
    time_ms base_ms = p->is_base_ack ? lease->acked_ms : lease->requested_ms;
    cli_timing_derive(p, lease->lease_s, t1_s, t2_s, &lease->timers);
    lease->renew_at_ms = time_add(base_ms, lease->timers.t1_ms);
    lease->rebind_at_ms = time_add(base_ms, lease->timers.t2_ms);
    lease->expires_at_ms = time_add(base_ms, time_from_lease_s(lease->lease_s));
}

void cli_lease_fuzz(const struct cli_profile *p, struct rng *rng, struct cli_lease *lease)
{
    cli_timing_fuzz(p, time_from_lease_s(lease->lease_s), rng, &lease->timers);
    lease->renew_at_ms = time_add(lease->renew_at_ms, lease->timers.t1_fuzz_ms);
    lease->rebind_at_ms = time_add(lease->rebind_at_ms, lease->timers.t2_fuzz_ms);
}

static void read_times(const struct cli_profile *p, const struct dhcp_msg *m, struct cli_lease *out)
{
    bool found = dhcp_get_u32(m, DHCP_OPT_LEASE_TIME, &out->lease_s);
    assert(found);
    uint32_t t1_s, t2_s;
    bool has_t1 = dhcp_get_u32(m, DHCP_OPT_T1, &t1_s);
    bool has_t2 = dhcp_get_u32(m, DHCP_OPT_T2, &t2_s);
    cli_lease_set_timers(p, has_t1 ? &t1_s : NULL, has_t2 ? &t2_s : NULL, out);
}

/* All but the address and the times. */
static void read_parameters(const struct dhcp_msg *ack, struct cli_lease *out)
{
    bool found = dhcp_get_ip4(ack, DHCP_OPT_SERVER_ID, &out->server_id);
    assert(found);
    uint16_t mtu;
    if (dhcp_get_u16(ack, DHCP_OPT_MTU, &mtu) && mtu >= MTU_MIN)
        out->mtu = mtu;
    read_dns(ack, out);
    read_domain(ack, out);
}

void cli_lease_read(const struct cli_profile *p, const struct dhcp_msg *ack, time_ms requested_ms,
                    time_ms acked_ms, struct cli_lease *out)
{
    *out = (struct cli_lease){
        .addr = ack->yiaddr,
        .prefix_len = read_prefix_len(ack),
        .requested_ms = requested_ms,
        .acked_ms = acked_ms,
    };
    read_parameters(ack, out);
    read_times(p, ack, out);
}

void cli_lease_read_inform(const struct dhcp_msg *ack, struct ip4_net own, time_ms requested_ms,
                           time_ms acked_ms, struct cli_lease *out)
{
    ip4 mask;
    int told_len = dhcp_get_ip4(ack, DHCP_OPT_SUBNET_MASK, &mask) ? ip4_mask_len(mask) : -1;
    *out = (struct cli_lease){
        .addr = own.addr,
        .prefix_len = told_len > 0 ? (uint8_t)told_len : own.len,
        .t1_told_s = -1,
        .t2_told_s = -1,
        .timers = {TIME_NEVER, TIME_NEVER, CLI_TIMER_NONE, CLI_TIMER_NONE, 0, 0},
        .requested_ms = requested_ms,
        .acked_ms = acked_ms,
        .renew_at_ms = TIME_NEVER,
        .rebind_at_ms = TIME_NEVER,
        .expires_at_ms = TIME_NEVER,
    };
    read_parameters(ack, out);
}

enum reason cli_lease_check_addr(const struct dhcp_msg *m)
{
    struct ip4_net net = {m->yiaddr, read_prefix_len(m)};
    if (m->yiaddr == 0)
        return REASON_OFFER_NO_ADDRESS;
    if (m->yiaddr == IP4_BROADCAST)
        return REASON_OFFER_BROADCAST;
    if (m->yiaddr >> 28 == 0xe)
        return REASON_OFFER_MULTICAST;
    if (!ip4_is_host(m->yiaddr))
        return REASON_OFFER_UNSAFE;
    /* RFC 3021: a /31 has no network and no broadcast address. */
    if (net.len >= 31)
        return REASON_NONE;
    if (m->yiaddr == ip4_net_base(net))
        return REASON_OFFER_NETWORK;
    return m->yiaddr == ip4_net_broadcast(net) ? REASON_OFFER_BROADCAST : REASON_NONE;
}
