#include "server/srv_origin.h"

#include "common/trace_options.h"

/* ---- what is sent ---- */

/* Of options that no scope has the say in. */
static const char *const origins[256] = {
    [DHCP_OPT_TYPE] = "server",        [DHCP_OPT_SERVER_ID] = "server",
    [DHCP_OPT_LEASE_TIME] = "lease",   [DHCP_OPT_T1] = "lease",
    [DHCP_OPT_T2] = "lease",           [DHCP_OPT_SUBNET_MASK] = "subnet",
    [DHCP_OPT_AUTH] = "server",        [DHCP_OPT_FORCERENEW_NONCE] = "request",
    [DHCP_OPT_MESSAGE] = "server",     [DHCP_OPT_RAPID_COMMIT] = "request",
    [DHCP_OPT_FQDN] = "name",          [DHCP_OPT_CLIENT_ID] = "request",
    [DHCP_OPT_RELAY_INFO] = "request", [DHCP_OPT_SUBNET_SELECTION] = "request",
};

static const char *origin_of(const struct srv_reply *r, uint8_t code)
{
    if (code == DHCP_OPT_SERVER_ID && r->server_id != 0)
        return "relay";
    if (origins[code] != NULL)
        return origins[code];
    const struct srv_option *option = srv_scope_find(r->scopes, code);
    return option != NULL ? srv_scope_name(r->scopes, option) : "server";
}

static void tell_sent(const struct srv_reply *r, const struct dhcp_msg *answer, srv_origin_fn *tell,
                      void *user)
{
    struct trace_options sent;
    trace_options_init(&sent);
    for (unsigned i = 0; i < answer->n_options; i++)
        trace_options_add(&sent, answer->options[i].code, origin_of(r, answer->options[i].code));
    if (sent.len != 0) /* BOOTP has answers without */
        tell(user, REASON_OPTIONS_SENT, sent.packed);
}

/* ---- what is absent ---- */

static enum reason absence(const struct srv_reply *r, uint8_t code)
{
    bool is_time = code == DHCP_OPT_LEASE_TIME || code == DHCP_OPT_T1 || code == DHCP_OPT_T2;
    if (is_time && r->inform_to != 0)
        return REASON_OPTIONS_NO_LEASE;
    if (srv_reply_is_superseded(r, code))
        return REASON_OPTIONS_SUPERSEDED;
    if (srv_scope_find(r->scopes, code) != NULL)
        return REASON_OPTIONS_NO_ROOM;
    if (!srv_scope_mentions(r->scopes, code))
        return REASON_OPTIONS_NOT_CONFIGURED;
    return srv_scope_is_never_sent(r->scopes, code) ? REASON_OPTIONS_NEVER_SENT : REASON_OPTIONS_CLASS;
}

/* What the client wants and does not get, each once, in its order. */
struct absent {
    size_t n;
    uint8_t codes[UINT8_MAX];
    enum reason reasons[UINT8_MAX];
};

static void find_absent(const struct srv_reply *r, const struct dhcp_msg *answer, struct absent *out)
{
    const struct dhcp_option *prl = dhcp_msg_find(r->request, DHCP_OPT_PRL);
    bool seen[256] = {false};
    out->n = 0;
    for (unsigned i = 0; prl != NULL && i < prl->len; i++) {
        uint8_t code = prl->data[i];
        if (!seen[code] && !dhcp_msg_has(answer, code)) {
            out->reasons[out->n] = absence(r, code);
            out->codes[out->n++] = code;
        }
        seen[code] = true;
    }
}

static void tell_absent(const struct absent *absent, enum reason reason, srv_origin_fn *tell, void *user)
{
    struct trace_options list;
    trace_options_init(&list);
    for (size_t i = 0; i < absent->n; i++)
        if (absent->reasons[i] == reason)
            trace_options_add(&list, absent->codes[i], "");
    if (list.len != 0)
        tell(user, reason, list.packed);
}

void srv_origin_tell(const struct srv_reply *reply, const struct dhcp_msg *answer, srv_origin_fn *tell,
                     void *user)
{
    static const enum reason reasons[] = {REASON_OPTIONS_NOT_CONFIGURED, REASON_OPTIONS_NEVER_SENT,
                                          REASON_OPTIONS_CLASS,          REASON_OPTIONS_SUPERSEDED,
                                          REASON_OPTIONS_NO_LEASE,       REASON_OPTIONS_NO_ROOM};
    struct absent absent;
    tell_sent(reply, answer, tell, user);
    if (reply->type == DHCP_NAK)
        return;
    find_absent(reply, answer, &absent);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        tell_absent(&absent, reasons[i], tell, user);
}
