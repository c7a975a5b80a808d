/* What a client says, and in which fields: tables 4 and 5 of RFC 2131. Pure. */
#pragma once
#include <stdint.h>

#include "client/cli_config.h"
#include "common/dhcp_msg.h"

enum cli_form {
    CLI_FORM_DISCOVER,
    CLI_FORM_REQUEST_SELECTING,
    CLI_FORM_REQUEST_REBOOTING,
    CLI_FORM_REQUEST_RENEWING,
    CLI_FORM_REQUEST_REBINDING,
    CLI_FORM_DECLINE,
    CLI_FORM_RELEASE,
    CLI_FORM_INFORM,
};

struct cli_draft {
    enum cli_form form;
    uint32_t xid;
    uint16_t secs;
    ip4 addr;         /* the offered or the leased address; 0 in a DISCOVER */
    ip4 server_id;    /* who offered or leased it; 0 in a DISCOVER */
    const char *text; /* DECLINE: why, for the server's administrator */
};

/* The message, ready for encoding; it always fits DHCP_MSG_MAX. */
void cli_message_build(const struct cli_config *config, const struct hw_addr *hw,
                       const struct cli_draft *draft, struct dhcp_msg *out);

/* The value of option 61 as the messages have it; `out` holds CLI_CLIENT_ID_MAX octets. Returns its length,
 * 0: there is none. */
uint8_t cli_message_client_id(const struct cli_config *config, const struct hw_addr *hw, uint8_t *out);

/* Does the form go to one server, or to all? */
bool cli_message_is_unicast(enum cli_form form);
