/* What "lenient-option-parsing": false refuses: a message with an option that has not the form of its
 * definition. Pure. */
#pragma once
#include "common/dhcp_msg.h"
#include "common/dhcp_opt.h"
#include "server/srv_optdef.h"

/* The first option of the message that is malformed, or NULL. `defs` are those of global scope, and may be
 * NULL; before them come no others, for the client's subnet is not known yet. */
const struct dhcp_option *srv_strict_find(const struct dhcp_msg *msg, const struct srv_optdefs *defs,
                                          enum opt_defect *out_defect);
