#include "server/srv_strict.h"

/* Kea judges what has a fixed size, lists of such, names and the data of option 124. Texts, opaque octets and
 * what contains other options are for who reads them. */
static bool is_judged(enum opt_type type)
{
    switch (type) {
    case OPT_FLAG:
    case OPT_U8:
    case OPT_U16:
    case OPT_U32:
    case OPT_S32:
    case OPT_SECONDS:
    case OPT_TIME:
    case OPT_IP4:
    case OPT_IP4_PAIR:
    case OPT_IP6:
    case OPT_TYPE:
    case OPT_CODES:
    case OPT_CLIENT_ID:
    case OPT_DOMAIN:
    case OPT_DOMAINS:
    case OPT_VIVCO:
    case OPT_FQDN:
    case OPT_RECORD:
        return true;
    case OPT_PAD_END:
    case OPT_EMPTY:
    case OPT_TEXT:
    case OPT_BYTES:
    case OPT_ROUTES:
    case OPT_SUBOPTIONS:
    case OPT_ATTRIBUTES:
    case OPT_VIVSO:
    case OPT_SERVERS:
    case OPT_STRINGS8:
    case OPT_STRINGS16:
    case OPT_IP4_GROUPS:
    case OPT_DNR:
    case OPT_GEO:
        return false;
    }
    return false;
}

/* Octets too many can be left, and so can a number that is not allowed, such as a size of 100 octets in
 * option 57. */
static bool is_serious(enum opt_defect defect)
{
    switch (defect) {
    case OPT_TOO_SHORT:
    case OPT_BAD_MULTIPLE:
    case OPT_BAD_NAME:
    case OPT_CUT:
        return true;
    case OPT_OK:
    case OPT_UNKNOWN:
    case OPT_TOO_LONG:
    case OPT_BAD_VALUE:
    case OPT_BAD_PREFIX:
        return false;
    }
    return false;
}

static enum opt_defect check(const struct dhcp_option *option, const struct srv_optdefs *defs)
{
    const struct srv_optdef *own = srv_optdef_find(defs, SRV_SPACE_DHCP4, option->code);
    if (own != NULL)
        return option->len < srv_optdef_min_len(own) ? OPT_TOO_SHORT : OPT_OK;
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, option->code);
    if (def == NULL || !is_judged(def->type))
        return OPT_OK;
    return dhcp_opt_check(def, option->data, option->len);
}

const struct dhcp_option *srv_strict_find(const struct dhcp_msg *msg, const struct srv_optdefs *defs,
                                          enum opt_defect *out_defect)
{
    for (size_t i = 0; i < msg->n_options; i++) {
        *out_defect = check(&msg->options[i], defs);
        if (is_serious(*out_defect))
            return &msg->options[i];
    }
    return NULL;
}
