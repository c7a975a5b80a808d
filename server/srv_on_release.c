/* DHCPRELEASE, RFC 2131 4.3.4. */
#include "server/srv_on.h"

/* As Kea does where the configuration does not want it to keep the lease for its client. */
static void forget(struct srv_step *s, const struct srv_lease *lease)
{
    srv_step_decide(s, REASON_RELEASED)->addr = lease->addr;
    srv_step_forget_lease(s, lease);
}

/* "The server SHOULD retain a record of the client's initialization parameters for possible reuse in response
 * to subsequent requests from the client." */
static void release(struct srv_step *s, struct srv_lease *lease)
{
    lease->state = SRV_LEASE_RELEASED;
    lease->lease_s = 0;
    lease->granted_ms = lease->expires_ms = s->ev->now;
    srv_step_decide(s, REASON_RELEASED)->addr = lease->addr;
    srv_step_add(s, SRV_LEASE_PUT)->lease = *lease;
    if (!s->out_of_memory)
        srv_step_keep_lease(s, lease);
}

void srv_on_release(struct srv_step *s)
{
    ip4 addr = s->msg->ciaddr, server;
    if (addr == 0) {
        srv_step_drop(s, REASON_MSG_NO_ADDRESS);
        return;
    }
    if (dhcp_get_ip4(s->msg, DHCP_OPT_SERVER_ID, &server) && !srv_step_is_our_id(s, server)) {
        srv_step_decide(s, REASON_OTHER_SERVER)->other = server;
        return;
    }
    struct srv_lease lease;
    if (!srv_lease_find(s->e->leases, addr, &lease) || lease.state != SRV_LEASE_ACTIVE) {
        srv_step_decide(s, REASON_RELEASE_UNKNOWN)->addr = addr;
        return;
    }
    srv_step_identify(s, srv_config_matches_client_id(s->e->config, lease.subnet_id));
    if (srv_lease_is_of(&lease, &s->client) && srv_config_keeps_leases(s->e->config))
        release(s, &lease);
    else if (srv_lease_is_of(&lease, &s->client))
        forget(s, &lease);
    else
        srv_step_decide(s, REASON_RELEASE_NOT_OWNER)->addr = addr;
}
