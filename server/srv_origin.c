#include "server/srv_origin.h"

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_text.h"

/* ---- what is sent ---- */

/* Of options that no scope has the say in. */
static const struct {
    uint8_t code;
    const char *origin;
} origins[] = {
    {DHCP_OPT_TYPE, "server"},        {DHCP_OPT_SERVER_ID, "server"},
    {DHCP_OPT_LEASE_TIME, "lease"},   {DHCP_OPT_T1, "lease"},
    {DHCP_OPT_T2, "lease"},           {DHCP_OPT_SUBNET_MASK, "subnet"},
    {DHCP_OPT_AUTH, "server"},        {DHCP_OPT_FORCERENEW_NONCE, "request"},
    {DHCP_OPT_MESSAGE, "server"},     {DHCP_OPT_RAPID_COMMIT, "request"},
    {DHCP_OPT_FQDN, "name"},          {DHCP_OPT_CLIENT_ID, "request"},
    {DHCP_OPT_RELAY_INFO, "request"}, {DHCP_OPT_SUBNET_SELECTION, "request"},
};

static const char *origin_of(const struct srv_reply *r, uint8_t code)
{
    const struct srv_option *option;
    if (code == DHCP_OPT_SERVER_ID && r->server_id != 0)
        return "relay";
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
        if (origins[i].code == code)
            return origins[i].origin;
    option = srv_scope_find(r->scopes, code);
    return option != NULL ? srv_scope_name(r->scopes, option) : "server";
}

static void add_option(struct opt_text *t, uint8_t code)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, code);
    if (t->len != 0)
        dhcp_opt_text_put(t, ", ");
    dhcp_opt_text_add(t, "%u", code);
    if (def != NULL) {
        dhcp_opt_text_put(t, " ");
        dhcp_opt_text_put(t, def->name);
    }
}

static void tell_sent(const struct srv_reply *r, const struct dhcp_msg *answer, srv_origin_fn *tell,
                      void *user)
{
    char buf[SRV_ORIGIN_TEXT];
    struct opt_text t;
    dhcp_opt_text_init(&t, buf, sizeof buf);
    for (unsigned i = 0; i < answer->n_options; i++) {
        uint8_t code = answer->options[i].code;
        add_option(&t, code);
        dhcp_opt_text_put(&t, " (");
        dhcp_opt_text_put(&t, origin_of(r, code));
        dhcp_opt_text_put(&t, ")");
    }
    if (t.len != 0) /* BOOTP has answers without */
        tell(user, REASON_OPTIONS_SENT, buf);
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

static bool list_absent(const struct absent *absent, enum reason reason, char *buf)
{
    struct opt_text t;
    dhcp_opt_text_init(&t, buf, SRV_ORIGIN_TEXT);
    for (size_t i = 0; i < absent->n; i++)
        if (absent->reasons[i] == reason)
            add_option(&t, absent->codes[i]);
    return t.len != 0;
}

void srv_origin_tell(const struct srv_reply *reply, const struct dhcp_msg *answer, srv_origin_fn *tell,
                     void *user)
{
    static const enum reason reasons[] = {REASON_OPTIONS_NOT_CONFIGURED, REASON_OPTIONS_NEVER_SENT,
                                          REASON_OPTIONS_CLASS,          REASON_OPTIONS_SUPERSEDED,
                                          REASON_OPTIONS_NO_LEASE,       REASON_OPTIONS_NO_ROOM};
    char buf[SRV_ORIGIN_TEXT];
    struct absent absent;
    tell_sent(reply, answer, tell, user);
    if (reply->type == DHCP_NAK)
        return;
    find_absent(reply, answer, &absent);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (list_absent(&absent, reasons[i], buf))
            tell(user, reasons[i], buf);
}
