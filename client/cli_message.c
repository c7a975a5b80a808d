#include "client/cli_message.h"

#include <assert.h>
#include <string.h>

#include "client/cli_duid.h"
#include "common/dhcp_auth.h"
#include "common/wire.h"

/* RFC 2131, tables 4 and 5, for the forms that we send:
 *
 *                         DISCOVER   REQUEST in                           DECLINE   RELEASE   INFORM
 *                                    SELECTING   RENEWING   REBINDING
 *   sent by               broadcast  broadcast   unicast    broadcast      broadcast unicast   broadcast
 *   xid                   new        the OFFER's new        new            new       new       new
 *   secs                  elapsed    DISCOVER's  elapsed    elapsed        0         0         elapsed
 *   flags BROADCAST       if wanted  if wanted   0          0              0         0         0
 *   ciaddr                0          0           address    address        0         address   address
 *   50 requested address  may        MUST        MUST NOT   MUST NOT       MUST      MUST NOT  MUST NOT
 *   54 server identifier  MUST NOT   MUST        MUST NOT   MUST NOT       MUST      MUST      MUST NOT
 *   51 lease time         may        may         may        may            MUST NOT  MUST NOT  MUST NOT
 *   12, 60 host, vendor   may        may         may        may            MUST NOT  MUST NOT  may
 *   55 request list       may        as before   as before  as before      MUST NOT  MUST NOT  may
 *   57 maximum size       may        may         may        may            MUST NOT  MUST NOT  may
 *   80 rapid commit       may        MUST NOT    MUST NOT   MUST NOT       MUST NOT  MUST NOT  MUST NOT
 *   145 forcerenew nonce  may       may         may        may            MUST NOT  MUST NOT  MUST NOT
 *   56 message            SHOULD NOT SHOULD NOT  SHOULD NOT SHOULD NOT     SHOULD    SHOULD    SHOULD NOT
 *   61 client identifier  may        as before   as before  as before      as before as before as before
 *
 * A REQUEST in REBOOTING is one of SELECTING, but for a new xid, the elapsed secs, and no server identifier
 * (MUST NOT).
 */

static void put(bool fitted)
{
    assert(fitted); /* the limits of the configuration see to it */
}

uint8_t cli_message_client_id(const struct cli_config *c, const struct hw_addr *hw, uint8_t *out)
{
    struct cli_duid duid;
    switch (c->client_id_kind) {
    case CLI_CLIENT_ID_NONE:
        return 0;
    case CLI_CLIENT_ID_BYTES:
        memcpy(out, c->client_id, c->client_id_len);
        return c->client_id_len;
    case CLI_CLIENT_ID_DUID:
        cli_duid_from_hw(hw, &duid);
        return (uint8_t)cli_duid_client_id(cli_duid_iaid(hw), &duid, out);
    case CLI_CLIENT_ID_HW:
        out[0] = hw->type;
        memcpy(out + 1, hw->bytes, hw->len);
        return (uint8_t)(1 + hw->len);
    }
    return 0;
}

static void put_client_id(const struct cli_config *c, const struct hw_addr *hw, struct dhcp_msg *out)
{
    uint8_t id[CLI_CLIENT_ID_MAX];
    uint8_t len = cli_message_client_id(c, hw, id);
    if (len > 0)
        put(dhcp_put_bytes(out, DHCP_OPT_CLIENT_ID, id, len));
}

/* RFC 6704 3.1.1: in DISCOVER and REQUEST. */
static void put_capability(const struct cli_config *c, struct dhcp_msg *out)
{
    if (c->forcerenew)
        put(dhcp_put_u8(out, DHCP_OPT_FORCERENEW_NONCE, DHCP_AUTH_ALGORITHM));
}

static void put_lease_time(const struct cli_config *c, struct dhcp_msg *out)
{
    if (c->requested_lease_s != 0)
        put(dhcp_put_u32(out, DHCP_OPT_LEASE_TIME, c->requested_lease_s));
}

/* The same in every message but DECLINE and RELEASE: a renewal without them would look like another client.
 */
static void put_wishes(const struct cli_config *c, struct dhcp_msg *out)
{
    /* RFC 4702 3.1: "clients that send the Client FQDN option in their messages MUST NOT also send the Host
     * Name option." */
    if (c->hostname[0] != '\0' && !c->sends_fqdn)
        put(dhcp_put_text(out, DHCP_OPT_HOST_NAME, c->hostname));
    if (c->vendor_class[0] != '\0')
        put(dhcp_put_text(out, DHCP_OPT_VENDOR_CLASS, c->vendor_class));
    put(dhcp_put_u16(out, DHCP_OPT_MAX_SIZE, c->max_message_size));
    /* RFC 2131 4.4.1: "If the client included a list of requested parameters in a DHCPDISCOVER message, it
     * MUST include that list in all subsequent messages." */
    if (c->n_prl > 0)
        put(dhcp_put_bytes(out, DHCP_OPT_PRL, c->prl, c->n_prl));
    for (unsigned i = 0; i < c->extra_len;) {
        uint16_t len = wire_u16(c->extra + i + 1);
        put(dhcp_put_bytes(out, c->extra[i], c->extra + i + 3, len));
        i += 3U + len;
    }
}

void cli_message_build(const struct cli_config *config, const struct hw_addr *hw,
                       const struct cli_draft *draft, struct dhcp_msg *out)
{
    dhcp_msg_init(out, DHCP_BOOTREQUEST);
    out->htype = hw->type;
    out->hlen = hw->len;
    memcpy(out->chaddr, hw->bytes, hw->len);
    out->xid = draft->xid;
    out->secs = draft->secs;
    uint16_t flags = config->broadcast ? DHCP_FLAG_BROADCAST : 0;

    switch (draft->form) {
    case CLI_FORM_DISCOVER:
        put(dhcp_put_u8(out, DHCP_OPT_TYPE, DHCP_DISCOVER));
        out->flags = flags;
        put_client_id(config, hw, out);
        if (config->requested_address != 0)
            put(dhcp_put_ip4(out, DHCP_OPT_REQUESTED_IP, config->requested_address));
        if (config->rapid_commit)
            put(dhcp_put_bytes(out, DHCP_OPT_RAPID_COMMIT, NULL, 0));
        put_lease_time(config, out);
        put_capability(config, out);
        put_wishes(config, out);
        return;
    case CLI_FORM_REQUEST_SELECTING:
        put(dhcp_put_u8(out, DHCP_OPT_TYPE, DHCP_REQUEST));
        out->flags = flags;
        put_client_id(config, hw, out);
        put(dhcp_put_ip4(out, DHCP_OPT_REQUESTED_IP, draft->addr));
        put(dhcp_put_ip4(out, DHCP_OPT_SERVER_ID, draft->server_id));
        put_lease_time(config, out);
        put_capability(config, out);
        put_wishes(config, out);
        return;
    case CLI_FORM_REQUEST_REBOOTING:
        put(dhcp_put_u8(out, DHCP_OPT_TYPE, DHCP_REQUEST));
        out->flags = flags;
        put_client_id(config, hw, out);
        put(dhcp_put_ip4(out, DHCP_OPT_REQUESTED_IP, draft->addr));
        put_lease_time(config, out);
        put_capability(config, out);
        put_wishes(config, out);
        return;
    case CLI_FORM_REQUEST_RENEWING:
    case CLI_FORM_REQUEST_REBINDING:
        put(dhcp_put_u8(out, DHCP_OPT_TYPE, DHCP_REQUEST));
        out->ciaddr = draft->addr;
        put_client_id(config, hw, out);
        put_lease_time(config, out);
        put_capability(config, out);
        put_wishes(config, out);
        return;
    case CLI_FORM_DECLINE:
        put(dhcp_put_u8(out, DHCP_OPT_TYPE, DHCP_DECLINE));
        put_client_id(config, hw, out);
        put(dhcp_put_ip4(out, DHCP_OPT_REQUESTED_IP, draft->addr));
        put(dhcp_put_ip4(out, DHCP_OPT_SERVER_ID, draft->server_id));
        put(dhcp_put_text(out, DHCP_OPT_MESSAGE, draft->text));
        return;
    case CLI_FORM_RELEASE:
        put(dhcp_put_u8(out, DHCP_OPT_TYPE, DHCP_RELEASE));
        out->ciaddr = draft->addr;
        /* RFC 2131 4.4.6 leaves it open, 4.2 does not: an identifier used once MUST be used in all messages.
         */
        put_client_id(config, hw, out);
        put(dhcp_put_ip4(out, DHCP_OPT_SERVER_ID, draft->server_id));
        return;
    case CLI_FORM_INFORM:
        put(dhcp_put_u8(out, DHCP_OPT_TYPE, DHCP_INFORM));
        out->ciaddr = draft->addr;
        put_client_id(config, hw, out);
        put_wishes(config, out);
        return;
    }
}

bool cli_message_is_unicast(enum cli_form form)
{
    return form == CLI_FORM_REQUEST_RENEWING || form == CLI_FORM_RELEASE;
}
