/* What the server answers, octet by octet. RFC 2131 4.3.1 table 3. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dhcp_msg.h"
#include "common/packet.h"
#include "common/trace.h"
#include "server/srv_scope.h"

struct srv_block;
struct srv_blocks;

/* An answer before it is octets. All pointers are borrowed. */
struct srv_reply {
    enum dhcp_type type;            /* DHCP_OFFER, DHCP_ACK, DHCP_NAK; DHCP_BOOTP: no DHCP message */
    const struct dhcp_msg *request; /* what is answered */
    const struct srv_config *config;
    const struct srv_subnet *subnet; /* not for a NAK */
    const struct srv_boot *boot;     /* not for a NAK */
    const struct srv_scopes *scopes; /* whose options are sent; not for a NAK */
    struct srv_blocks *blocks;       /* where these are kept ready (srv_block.h); NULL: nowhere */
    ip4 server;                      /* our address there; option 54 unless overridden */
    ip4 server_id;                   /* option 54 as the relay wants it (RFC 5107); 0: it does not */
    ip4 yiaddr;                      /* not for a NAK; 0 for a DHCPINFORM, or if none is offered */
    ip4 inform_to;                   /* where the client of a DHCPINFORM is; else 0 */
    uint32_t lease_s;                /* not for a NAK */
    uint16_t relay_port;             /* where the relay listens (RFC 8357); 0: port 67 */
    bool is_stashed;                 /* option 82 is not the message's, and not returned */
    bool rapid_commit;               /* RFC 4039: an ACK that answers a DHCPDISCOVER */
    bool forcerenew;                 /* RFC 6704: option 145 of an OFFER */
    const uint8_t *fqdn;             /* option 81: what the client is called; not for a NAK */
    size_t fqdn_len;                 /* 0: none */
    const uint8_t *auth;             /* option 90, auth_len octets; 0: none */
    size_t auth_len;
    const char *message; /* option 56 of a NAK: why */
};

struct srv_reply_size {
    size_t len, max;         /* of the message; len <= max unless max is below DHCP_MSG_SEND_MIN */
    unsigned dropped;        /* options that did not fit `max` */
    struct srv_block *block; /* in which the configured options are kept; NULL: in none */
};

/* Encodes the answer. `buf` holds DHCP_MSG_MAX octets.
 *
 * Options stand in this order: 53, 54, 51, 58, 59, 1, 80, 145, 90; the configured ones in the order in which
 * the client asks for them; routers, DNS servers, domain name and always-send ones that it did not ask for;
 * 61; 118; 81; 82. What does not fit the options field stands in file and sname, with option 52, where these
 * are free (RFC 2132 9.3; not in a NAK). What the client asks for first is the last to be dropped; 61 and 82
 * are never dropped for a configured one. The answer to a DHCPINFORM (RFC 2131 4.3.5) has no lease: neither
 * yiaddr nor 51, 58, 59; and what a relay put into the request is not in it, as it does not go through the
 * relay. A BOOTP client takes 64 octets of options: it gets as many of the configured ones as that holds, and
 * none of DHCP's own. */
void srv_reply_encode(const struct srv_reply *reply, uint8_t *buf, struct srv_reply_size *out_size);

/* How long the answer to a message may be: what its option 57 says, less the headers, or the least that
 * everybody takes. */
size_t srv_reply_max_len(const struct dhcp_msg *request);

/* Is the option sent to whoever does not ask for it? Routers, DNS servers, domain name, always-send. */
bool srv_reply_is_usual(const struct srv_scopes *scopes, uint8_t code);
/* Does the message ask for the option, in its option 55? */
bool srv_reply_is_requested(const struct dhcp_msg *request, uint8_t code);

/* Does another option of the answer stand in for this one, which is not sent then? */
bool srv_reply_is_superseded(const struct srv_reply *reply, uint8_t code);

/* T1 and T2 for a lease time, as configured; 0 for one that is not to be sent. *out_t1 < *out_t2 < lease_s
 * for those that are not 0. */
void srv_reply_timers(const struct srv_timers *timers, uint32_t lease_s, uint32_t *out_t1, uint32_t *out_t2);
