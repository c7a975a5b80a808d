/* BOOTP requests: RFC 951, RFC 1542, RFC 1534. They have no option 53, and one exchange of two messages gives
 * an address for ever: such a client never renews. */
#include "server/srv_on.h"

#include <string.h>

#include "server/srv_grant.h"
#include "server/srv_select.h"
#include "server/srv_send.h"

/* RFC 951 has a client name the server that it wants in sname. */
static bool is_for_us(const struct srv_step *s)
{
    const char *wanted = (const char *)s->msg->sname;
    return wanted[0] == '\0' || strncmp(wanted, s->boot.server_hostname, sizeof s->msg->sname) == 0;
}

/* RFC 951: yiaddr is for a client that does not know its address; this one only wants to know the rest. */
static void inform(struct srv_step *s)
{
    ip4 addr = s->msg->ciaddr;
    srv_step_decide(s, REASON_BOOTP_INFORM)->addr = addr;
    srv_send_reply(s, srv_config_find_pool(s->subnet, addr), &(struct srv_reply){.type = DHCP_BOOTP});
}

/* RFC 1534 2: a server may give such a client an address of its pools, but then nobody else ever gets that.
 * So the administrator must want it, for all, or for this client by reserving the address. */
static bool may_have(const struct srv_step *s, ip4 addr)
{
    return s->e->config->bootp || srv_host_addr(s->e->config, s->subnet, &s->host_ids) == addr;
}

static void give(struct srv_step *s)
{
    enum reason reason;
    ip4 addr = srv_grant_pick(s, 0, &reason);
    if (addr == 0)
        return;
    if (!may_have(s, addr)) {
        srv_step_drop(s, REASON_BOOTP_NOT_RESERVED);
        return;
    }
    s->lifetime.min_s = s->lifetime.default_s = s->lifetime.max_s = LEASE_INFINITE;
    srv_step_decide(s, reason)->addr = addr;
    if (!srv_park_hold(s, addr, reason))
        srv_grant(s, addr);
}

/* What is shorter than the standard allows is more likely a DHCP message that was cut. */
void srv_on_bootp(struct srv_step *s)
{
    if (s->ev->packet.len < DHCP_MSG_SEND_MIN) {
        srv_step_drop(s, REASON_BOOTP_SHORT)->num = (int64_t)s->ev->packet.len;
        return;
    }
    if (!srv_select_subnet(s))
        return;
    if (!is_for_us(s))
        srv_step_decide(s, REASON_BOOTP_OTHER_SERVER);
    else if (s->msg->ciaddr != 0)
        inform(s);
    else
        give(s);
}
