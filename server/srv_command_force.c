/* lease4-force-renew: a command that Kea does not have. */
#include "common/err.h"
#include "server/srv_command_lease.h"
#include "server/srv_force.h"

/* The interface on the client's link, or the first: the way to its router. */
static const struct srv_command_iface *find_iface(const struct srv_command_context *c, ip4 addr)
{
    for (size_t i = 0; i < c->n_ifaces; i++)
        if (ip4_net_has(c->ifaces[i].addr, addr))
            return &c->ifaces[i];
    return &c->ifaces[0];
}

void srv_command_lease_force_renew(struct srv_command_call *call)
{
    ip4 addr = 0;
    char text[IP4_LEN];
    srv_command_require(call, "ip-address");
    srv_command_ip4(call, "ip-address", &addr);
    if (srv_command_failed(call))
        return;
    const struct srv_command_iface *found = find_iface(call->c, addr);
    struct srv_iface iface = {.index = found->index, .name = found->name, .addr = found->addr};
    switch (srv_force_renew(call->c->engine, addr, &iface, call->c->out)) {
    case 0:
        srv_command_say(call, CONTROL_SUCCESS, "DHCPFORCERENEW sent to %s.", ip4_format(addr, text));
        break;
    case ERR_NOTFOUND:
        srv_command_say(call, CONTROL_EMPTY, "IPv4 lease not found.");
        break;
    case ERR_INVALID:
        srv_command_say(call, CONTROL_ERROR, "forcerenew is switched off.");
        break;
    case ERR_DENIED:
        srv_command_say(call, CONTROL_ERROR,
                        "the client has not said that it takes DHCPFORCERENEW (option 145) since the server "
                        "started");
        break;
    default:
        srv_command_say(call, CONTROL_ERROR, "%s", err_text(ERR_NOMEM));
        break;
    }
}
