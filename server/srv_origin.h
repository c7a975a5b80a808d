/* Where each option of an answer comes from, and why one that was asked for is absent: for the record of the
 * decision. Pure. */
#pragma once
#include "common/reason.h"
#include "server/srv_reply.h"

/* One thing to tell; `user` is the caller's. `options` lives during the call; trace_options.h spells it out.
 */
typedef void srv_origin_fn(void *user, enum reason reason, const char *options);

/* Tells of `answer`, which `reply` was encoded to,
 * - with REASON_OPTIONS_SENT its options in their order: "3 routers (subnet), 61 dhcp-client-identifier
 *   (request)". In parentheses stands the scope that has it, by its name in srv_scope.h; or request: returned
 * or agreed to; server: of this server; relay: the relay's stand-in; lease: a time of the lease; name: what
 * the client is called;
 * - what option 55 of the request names and the answer has not, once for each reason that there is:
 *   REASON_OPTIONS_NOT_CONFIGURED, _NEVER_SENT, _CLASS, _SUPERSEDED, _NO_LEASE, _NO_ROOM. Not for a NAK.
 */
void srv_origin_tell(const struct srv_reply *reply, const struct dhcp_msg *answer, srv_origin_fn *tell,
                     void *user);
