#include "client/cli_v6only.h"

#include <string.h>

#include "client/cli_fsm.h"

bool cli_v6only_applies(const struct cli_config *config, const struct dhcp_msg *m, uint32_t *out_wait_s)
{
    /* RFC 8925 3.2: the client on a host that needs IPv4 does not ask for the option, and "MUST ignore that
     * option in packets received from DHCPv4 servers." 3.1: so it does if the length is not 4. */
    if (memchr(config->prl, DHCP_OPT_V6ONLY, config->n_prl) == NULL ||
        !dhcp_get_u32(m, DHCP_OPT_V6ONLY, out_wait_s))
        return false;
    if (*out_wait_s < CLI_V6ONLY_WAIT_MIN_S)
        *out_wait_s = CLI_V6ONLY_WAIT_MIN_S;
    return true;
}

void cli_v6only_enter(struct cli_step *s, const struct dhcp_msg *m, uint32_t wait_s)
{
    struct trace_facts facts = {.text = dhcp_type_name(m->type), .span_s = wait_s};
    dhcp_get_ip4(m, DHCP_OPT_SERVER_ID, &facts.other);
    cli_fsm_enter_init(s, REASON_V6ONLY_WAIT, facts, (time_ms)wait_s * 1000);
    cli_step_forget(s);
}
