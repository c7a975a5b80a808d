/* Every reason for a decision, a silence or a discard that this project knows, in one table. A reason has a
 * token for machines, and a sentence for people with places that trace.h fills from struct facts: {addr}
 * {other} {net} {num} {max} {span} {hw} {text}. Names follow the RFCs. */
#pragma once

/* X(identifier, token, sentence) */
#define REASON_MAP(X)                                                                                        \
    X(REASON_NONE, "none", "no reason given")                                                                \
    /* frames and datagrams, before DHCP */                                                                  \
    X(REASON_FRAME_CUT, "frame-cut", "the frame is shorter than its headers say")                            \
    X(REASON_FRAME_NOT_IP4, "frame-not-ipv4", "the frame does not carry IPv4")                               \
    X(REASON_FRAME_IP_HEADER, "frame-ip-header", "the IPv4 header is not valid")                             \
    X(REASON_FRAME_IP_CHECKSUM, "frame-ip-checksum", "the IPv4 header checksum is wrong")                    \
    X(REASON_FRAME_FRAGMENT, "frame-fragment", "the datagram is a fragment")                                 \
    X(REASON_FRAME_NOT_UDP, "frame-not-udp", "the datagram does not carry UDP")                              \
    X(REASON_FRAME_UDP_LENGTH, "frame-udp-length", "the UDP length does not fit the datagram")               \
    X(REASON_FRAME_UDP_CHECKSUM, "frame-udp-checksum", "the UDP checksum is wrong")                          \
    X(REASON_LINK_LOSS, "link-loss", "the wire {text} loses the frame")                                      \
    X(REASON_LINK_CUT, "link-cut", "the wire {text} is cut")                                                 \
    X(REASON_LINK_SCRIPT, "link-script", "the wire {text} drops the frame, as the scenario says")            \
    X(REASON_FRAME_NOT_ARP, "frame-not-arp",                                                                 \
      "the frame carries no ARP request or reply of IPv4 and Ethernet")                                      \
    /* the DHCP message as a whole */                                                                        \
    X(REASON_MSG_TOO_SHORT, "msg-too-short", "{num} octets are fewer than the 240 of the fixed fields")      \
    X(REASON_MSG_TOO_LONG, "msg-too-long", "{num} octets are more than a UDP datagram holds")                \
    X(REASON_MSG_BAD_OP, "msg-bad-op", "op is {num}, neither BOOTREQUEST nor BOOTREPLY")                     \
    X(REASON_MSG_BAD_HLEN, "msg-bad-hlen", "hlen is {num}, more than the 16 octets of chaddr")               \
    X(REASON_MSG_BAD_COOKIE, "msg-bad-cookie", "the magic cookie is not 99.130.83.99 (RFC 2131 3)")          \
    X(REASON_MSG_BAD_TYPE, "msg-bad-type", "option 53 is not one octet with an assigned message type")       \
    X(REASON_MSG_REPLY_AT_SERVER, "msg-reply-at-server", "op is BOOTREPLY: a server answers requests only")  \
    X(REASON_MSG_OWN_ADDRESS, "msg-own-address", "it comes from our own address {addr}: a loop")             \
    X(REASON_MSG_REQUEST_AT_CLIENT, "msg-request-at-client",                                                 \
      "op is BOOTREQUEST: a client takes replies only")                                                      \
    X(REASON_MSG_TYPE_NOT_SERVED, "msg-type-not-served", "this server does not serve {text} messages")       \
    X(REASON_MSG_HOPS, "msg-hops", "hops is {num}, above 16 (RFC 1542 4.1.1)")                               \
    X(REASON_MSG_NO_IDENTITY, "msg-no-identity", "neither a client identifier nor a hardware address")       \
    X(REASON_MSG_CLIENT_ID_LONG, "msg-client-id-long",                                                       \
      "the client identifier has {num} octets, more than the {max} that are served")                         \
    X(REASON_MSG_BAD_OPTION, "msg-bad-option", "option {num} has {max} octets, not the 4 of an address")     \
    X(REASON_MSG_MALFORMED_OPTION, "msg-malformed-option", "option {num} is malformed: {text}")              \
    X(REASON_MSG_NO_ADDRESS, "msg-no-address", "no address: neither ciaddr nor a requested address")         \
    X(REASON_AUTH_NONE, "auth-none", "it is not authenticated with a nonce (RFC 6704)")                      \
    X(REASON_AUTH_DIGEST, "auth-digest", "its digest is not that of our nonce (RFC 6704)")                   \
    X(REASON_AUTH_REPLAY, "auth-replay", "it is no newer than one that came before (RFC 3118 2)")            \
    X(REASON_SERVICE_DISABLED, "service-disabled", "the service is switched off (dhcp-disable)")             \
    X(REASON_QUEUE_REPLACED, "queue-replaced", "the client has asked again before its turn came")            \
    X(REASON_NOT_OUR_INTERFACE, "interface-given-up", "its interface is not served any more")                \
    X(REASON_QUEUE_FULL, "queue-full", "{num} packets wait, as many as allowed: this one goes")              \
    X(REASON_KERNEL_DROPPED, "kernel-dropped",                                                               \
      "the kernel dropped {num} packets on {text}: the socket was full, or they were DISCOVERs while the "   \
      "queue was")                                                                                           \
    X(REASON_SERVER_STARTED, "server-started", "the server has started; leases from before: {num}")          \
    /* server: classes of clients */                                                                         \
    X(REASON_CLASSES, "classes", "classes: {text}")                                                          \
    X(REASON_CLASSES_ADDITIONAL, "classes-additional",                                                       \
      "classes on request of pool, subnet or network: {text}")                                               \
    X(REASON_CLASS_FAILED, "class-failed", "the expression of the class {text}")                             \
    X(REASON_CLASS_DROP, "class-drop", "the client is in the class DROP")                                    \
    /* server: which subnet */                                                                               \
    X(REASON_SUBNET_RELAY, "subnet-relay", "subnet {net}: giaddr {addr} is in it (RFC 2131 4.3.1)")          \
    X(REASON_SUBNET_RELAY_NAMED, "subnet-relay-named", "subnet {net}: it names the relay {addr}")            \
    X(REASON_SUBNET_LINK, "subnet-link-selection",                                                           \
      "subnet {net}: the relay selects {addr} in option 82 (RFC 3527)")                                      \
    X(REASON_SUBNET_SELECTED, "subnet-selection",                                                            \
      "subnet {net}: the client selects {addr} with option 118 (RFC 3011)")                                  \
    X(REASON_SUBNET_CIADDR, "subnet-ciaddr",                                                                 \
      "subnet {net}: the client's address {addr} is in it (RFC 2131 4.3.2)")                                 \
    X(REASON_SUBNET_INTERFACE, "subnet-interface", "subnet {net}: the receiving interface has {addr}")       \
    X(REASON_SUBNET_INTERFACE_NAME, "subnet-interface-name", "subnet {net}: it names the interface {text}")  \
    X(REASON_SUBNET_SHARED, "subnet-shared", "subnet {net}: it is in the same shared network, {text}")       \
    X(REASON_STASHED, "relay-info-stashed",                                                                  \
      "a renewal goes past the relay: option 82 is that of the lease of {addr} (stash-agent-options)")       \
    X(REASON_HOST, "reservation", "a reservation for {text} in {net} holds")                                 \
    X(REASON_HOST_GLOBAL, "reservation-global", "a global reservation for {text} holds")                     \
    X(REASON_IDENTITY_ID, "identity-client-id",                                                              \
      "the client is known by its client identifier {text} (RFC 2131 4.2)")                                  \
    X(REASON_IDENTITY_HW, "identity-hardware-address",                                                       \
      "the client is known by its hardware address {hw}: it sends no client identifier (RFC 2131 4.2)")      \
    X(REASON_IDENTITY_HW_ONLY, "identity-match-client-id",                                                   \
      "the client is known by its hardware address {hw}: its client identifier does not count "              \
      "(match-client-id)")                                                                                   \
    X(REASON_SERVER_ID_OVERRIDE, "server-id-override",                                                       \
      "the relay wants the server identifier {addr} (RFC 5107)")                                             \
    X(REASON_SUBNET_CLASS, "subnet-class", "subnet {net} is not for the classes that the client is in")      \
    X(REASON_NO_SUBNET, "no-subnet", "no configured subnet contains {addr}")                                 \
    /* server: which address */                                                                              \
    X(REASON_ADDR_RESERVED, "addr-reserved", "{addr}: reserved for this client")                             \
    X(REASON_RESERVED_IN_USE, "reserved-in-use",                                                             \
      "{addr} is reserved for this client, but {hw} has it: another address until that ends")                \
    X(REASON_RESERVED_DECLINED, "reserved-declined",                                                         \
      "{addr} is reserved for this client, but in quarantine: another address until that ends")              \
    X(REASON_ADDR_BOUND, "addr-bound", "{addr}: the client's current lease (RFC 2131 4.3.1)")                \
    X(REASON_ADDR_OFFERED, "addr-offered", "{addr}: already offered to this client")                         \
    X(REASON_ADDR_PREVIOUS, "addr-previous", "{addr}: the client's previous lease (RFC 2131 4.3.1)")         \
    X(REASON_ADDR_REQUESTED, "addr-requested",                                                               \
      "{addr}: the client asked for it and it is free (RFC 2131 4.3.1)")                                     \
    X(REASON_ADDR_NEXT, "addr-next", "{addr}: the next free address of the pools")                           \
    X(REASON_ADDR_RANDOM, "addr-random", "{addr}: drawn at random from the free addresses of the pools")     \
    X(REASON_ADDR_QUEUED, "addr-queued",                                                                     \
      "{addr}: the first of the free lease queue, never leased or long ago")                                 \
    X(REASON_ADDR_RECLAIMED, "addr-reclaimed",                                                               \
      "{addr}: no address was left that nobody ever had; this one is free the longest")                      \
    X(REASON_REQ_NOT_IN_POOL, "requested-not-in-pool", "{addr} was asked for but is in no pool of {net}")    \
    X(REASON_REQ_IN_USE, "requested-in-use", "{addr} was asked for but belongs to {hw}")                     \
    X(REASON_REQ_DECLINED, "requested-declined", "{addr} was asked for but is in quarantine")                \
    X(REASON_PREVIOUS_NOT_IN_POOL, "previous-not-in-pool",                                                   \
      "{addr}, the client's previous lease, is in no pool of {net} any more")                                \
    X(REASON_PREVIOUS_IN_USE, "previous-in-use", "{addr}, the client's previous lease, is offered to {hw}")  \
    X(REASON_ADDR_NETWORK, "addr-network", "{addr} is not given: network or broadcast address of {net}")     \
    X(REASON_ADDR_FIRST_LAST, "addr-first-last",                                                             \
      "{addr} is not given: the first or the last of its 256 addresses (exclude-first-last-24)")             \
    X(REASON_ADDR_SERVER, "addr-server", "{addr} is not given: it is the server's own address")              \
    X(REASON_ADDR_ROUTER, "addr-router", "{addr} is not given: it is a router of {net}")                     \
    X(REASON_ADDR_CLASS, "addr-class",                                                                       \
      "{addr} is not given: its pool is not for the classes that the client is in")                          \
    X(REASON_POOL_CLASS, "pool-class",                                                                       \
      "the pool {addr} - {other} is not for the classes that the client is in")                              \
    X(REASON_ADDR_RESERVED_OTHER, "addr-reserved-other",                                                     \
      "{addr} is not given: it is reserved for another client")                                              \
    X(REASON_POOL_EMPTY, "pool-empty",                                                                       \
      "no address is free in {net}: {num} are leased, offered or in quarantine")                             \
    X(REASON_NETWORK_EMPTY, "network-empty",                                                                 \
      "no address is free in the shared network {text}: {num} are leased, offered or in quarantine")         \
    X(REASON_OFFER_LIMIT, "offer-limit",                                                                     \
      "{num} offers are outstanding, as many as the configuration allows")                                   \
    X(REASON_OFFER_LIMIT_CLIENT, "offer-limit-client",                                                       \
      "{num} offers to {hw} are outstanding, as many as the configuration allows for one hardware address")  \
    X(REASON_LEASE_LIMIT, "lease-limit", "{num} leases are held, as many as the configuration allows")       \
    /* server: is anybody at the address? RFC 2131 2.2 */                                                    \
    X(REASON_PROBING, "probing", "{addr} is probed before it is given (RFC 2131 2.2)")                       \
    X(REASON_PROBE_PENDING, "probe-pending", "{addr} is being probed: the answer waits for that")            \
    X(REASON_PROBE_SILENT, "probe-silent", "nobody at {addr} answered {num} echo requests")                  \
    X(REASON_PROBE_ANSWERED, "probe-answered",                                                               \
      "{addr} is in quarantine for {span}: somebody there answers echo requests")                            \
    X(REASON_PROBE_LATE, "probe-late",                                                                       \
      "{addr} answers an echo request, but too late: nobody waits for that any more")                        \
    X(REASON_PROBE_LIMIT, "probe-limit",                                                                     \
      "{num} clients wait for a probe, as many as the configuration allows")                                 \
    /* server: the verdict on a REQUEST, RFC 2131 4.3.2 */                                                   \
    X(REASON_REQUEST_SELECTING, "request-selecting", "SELECTING: it names a server (RFC 2131 table 4)")      \
    X(REASON_REQUEST_INIT_REBOOT, "request-init-reboot",                                                     \
      "INIT-REBOOT: it names no server and has no ciaddr (RFC 2131 table 4)")                                \
    X(REASON_REQUEST_RENEWING, "request-renewing", "RENEWING: ciaddr, unicast (RFC 2131 table 4)")           \
    X(REASON_REQUEST_REBINDING, "request-rebinding", "REBINDING: ciaddr, broadcast (RFC 2131 table 4)")      \
    X(REASON_OFFER_TAKEN_BACK, "offer-taken-back",                                                           \
      "the client chose the server {other}: the offer of {addr} is taken back")                              \
    X(REASON_OTHER_SERVER, "other-server", "the client chose the server {other}")                            \
    X(REASON_UNKNOWN_CLIENT, "unknown-client", "no lease of this client is known: silent (RFC 2131 4.3.2)")  \
    X(REASON_NAK_WRONG_NET, "nak-wrong-network", "{addr} is not in subnet {net}")                            \
    X(REASON_NAK_WRONG_ADDR, "nak-wrong-address",                                                            \
      "{addr} is not the address this client has: that is {other}")                                          \
    X(REASON_NAK_IN_USE, "nak-in-use", "{addr} belongs to another client")                                   \
    X(REASON_NAK_RESERVED, "nak-reserved",                                                                   \
      "{addr} is not the address reserved for this client: that is {other}")                                 \
    X(REASON_NAK_RESERVED_OTHER, "nak-reserved-other", "{addr} is reserved for another client")              \
    X(REASON_NAK_DECLINED, "nak-declined", "{addr} is in quarantine: a client found it in use")              \
    X(REASON_NAK_NOT_IN_POOL, "nak-not-in-pool", "{addr} is in no pool of {net}")                            \
    X(REASON_NAK_CLASS, "nak-class", "{addr} is not for the classes that the client is in")                  \
    X(REASON_NAK_UNKNOWN, "nak-unknown", "no lease of {addr} by this client is known")                       \
    X(REASON_V6ONLY, "v6-only-preferred",                                                                    \
      "no address is offered: client and configuration prefer IPv6 (RFC 8925)")                              \
    X(REASON_RAPID_COMMIT, "rapid-commit",                                                                   \
      "{addr} is granted at once: the client and the configuration want it (RFC 4039)")                      \
    X(REASON_LEASE_NEW, "lease-new", "new lease of {addr} for {span}")                                       \
    X(REASON_LEASE_EXTENDED, "lease-extended", "lease of {addr} extended by {span}")                         \
    X(REASON_LEASE_KEPT, "lease-kept",                                                                       \
      "{span} are left of the lease of {addr}: the client asks for no more (RFC 2131 4.3.1)")                \
    X(REASON_BOOTP_SHORT, "bootp-short",                                                                     \
      "{num} octets are fewer than the 300 of a BOOTP message (RFC 1542 2.1), and there is no option 53")    \
    X(REASON_BOOTP_INFORM, "bootp-inform",                                                                   \
      "the BOOTP client knows its address {addr}: it gets the rest, and no lease (RFC 951)")                 \
    X(REASON_BOOTP_NOT_RESERVED, "bootp-not-reserved",                                                       \
      "no address is reserved for this BOOTP client, and the configuration gives it none of the pools")      \
    X(REASON_BOOTP_OTHER_SERVER, "bootp-other-server",                                                       \
      "the BOOTP client wants another server: its sname is not our server-hostname (RFC 951)")               \
    X(REASON_NAME_RESERVED, "name-reserved", "the client is called {text}: the reservation says so")         \
    X(REASON_NAME_FQDN, "name-fqdn",                                                                         \
      "the client is called {text}, by its option 81; no DNS update is made (RFC 4702)")                     \
    X(REASON_NAME_MADE, "name-made", "the client is called {text}: the name is made from its address")       \
    X(REASON_FQDN_BAD, "fqdn-bad", "option 81 is ignored: it holds no name that can be used")                \
    X(REASON_LEASE_CLAMPED, "lease-clamped",                                                                 \
      "the client asked for {num} s: the configuration allows {span}")                                       \
    X(REASON_LEASE_MOVED, "lease-moved", "{addr} is free again: the client has {other} now")                 \
    X(REASON_OFFER_EXPIRED, "offer-expired", "the offer of {addr} was not taken up in time")                 \
    X(REASON_LEASE_FORGOTTEN, "lease-forgotten",                                                             \
      "the lease of {addr}, free for {num} s, is not kept for its client any more")                          \
    X(REASON_RECLAIM_BEHIND, "reclaim-behind",                                                               \
      "expired leases were left over {num} times in a row: max-reclaim-leases may be too low")               \
    X(REASON_LEASE_EXPIRED, "lease-expired", "the lease of {addr} has expired")                              \
    X(REASON_RELEASED, "released", "{addr} is free again: the client released it")                           \
    X(REASON_RELEASE_NOT_OWNER, "release-not-owner",                                                         \
      "{addr} does not belong to this client: RELEASE ignored")                                              \
    X(REASON_RELEASE_UNKNOWN, "release-unknown", "{addr} is not leased: RELEASE ignored")                    \
    /* server: DHCPDECLINE, RFC 2131 4.3.3 */                                                                \
    X(REASON_DECLINED, "declined", "{addr} is in quarantine for {span}: the client found it in use")         \
    X(REASON_DECLINE_ENDED, "decline-ended", "the quarantine of {addr} is over: it may be given again")      \
    X(REASON_DECLINE_NO_ADDR, "decline-no-address",                                                          \
      "DECLINE ignored: the requested address (option 50) is missing (RFC 2131 4.4.1, table 5)")             \
    X(REASON_DECLINE_UNKNOWN, "decline-unknown", "{addr} is neither leased nor offered: DECLINE ignored")    \
    X(REASON_DECLINE_NOT_OWNER, "decline-not-owner",                                                         \
      "{addr} does not belong to this client: DECLINE ignored")                                              \
    X(REASON_DECLINE_LIMIT, "decline-limit",                                                                 \
      "{num} addresses are in quarantine for this client, as many as allowed: DECLINE of {addr} ignored")    \
    X(REASON_DECLINE_FULL, "decline-full",                                                                   \
      "{num} addresses are in quarantine, as many as allowed: DECLINE of {addr} ignored")                    \
    /* server: DHCPINFORM, RFC 2131 4.3.5 */                                                                 \
    X(REASON_INFORM, "inform", "{addr} asks for its configuration: no lease is looked up or made")           \
    X(REASON_INFORM_ADDR, "inform-address",                                                                  \
      "INFORM ignored: {addr} cannot be the address of a client in {net}")                                   \
    /* server: the options of the answer */                                                                  \
    X(REASON_OPTIONS_SENT, "options-sent", "options, each with where it comes from: {text}")                 \
    X(REASON_OPTIONS_NOT_CONFIGURED, "options-not-configured", "asked for, but in no scope: {text}")         \
    X(REASON_OPTIONS_NEVER_SENT, "options-never-sent", "asked for, but a scope says never-send: {text}")     \
    X(REASON_OPTIONS_CLASS, "options-class", "asked for, but only for clients of other classes: {text}")     \
    X(REASON_OPTIONS_SUPERSEDED, "options-superseded",                                                       \
      "asked for, but another option is sent in its place (RFC 3442, RFC 4702 3.1): {text}")                 \
    X(REASON_OPTIONS_NO_LEASE, "options-no-lease",                                                           \
      "asked for, but the answer to an INFORM has no lease (RFC 2131 4.3.5): {text}")                        \
    X(REASON_OPTIONS_NO_ROOM, "options-no-room", "asked for, but the message has no room for it: {text}")    \
    /* server: where the answer goes, RFC 2131 4.1 */                                                        \
    X(REASON_TO_RELAY, "to-relay", "to the relay {addr}, port 67: giaddr is set (RFC 2131 4.1)")             \
    X(REASON_TO_RELAY_PORT, "to-relay-port",                                                                 \
      "to the relay {addr}, port {num}: option 82 says that it listens there (RFC 8357)")                    \
    X(REASON_TO_CIADDR, "to-ciaddr", "unicast to ciaddr {addr} (RFC 2131 4.1)")                              \
    X(REASON_TO_BOOTP, "to-bootp", "unicast to ciaddr {addr} (RFC 1542 5.4)")                                \
    X(REASON_TO_INFORM, "to-inform", "unicast to ciaddr {addr} (RFC 2131 4.3.5)")                            \
    X(REASON_TO_SOURCE, "to-source", "unicast to the source address {addr}: ciaddr is 0")                    \
    X(REASON_TO_BROADCAST_FLAG, "to-broadcast-flag",                                                         \
      "broadcast: the client set the broadcast flag (RFC 2131 4.1)")                                         \
    X(REASON_TO_BROADCAST_NAK, "to-broadcast-nak",                                                           \
      "broadcast: a NAK without giaddr always is (RFC 2131 4.1)")                                            \
    X(REASON_TO_BROADCAST_UDP, "to-broadcast-udp",                                                           \
      "broadcast: the udp socket cannot reach a host that has no address yet (RFC 2131 4.1)")                \
    X(REASON_TO_BROADCAST_HW, "to-broadcast-hardware",                                                       \
      "broadcast: hardware type {num}, length {max} is no Ethernet address to unicast to")                   \
    X(REASON_TO_BROADCAST_NO_ADDR, "to-broadcast-no-address", "broadcast: the answer gives no address")      \
    X(REASON_TO_YIADDR, "to-yiaddr", "unicast to {addr} at {hw}, without ARP (RFC 2131 4.1)")                \
    X(REASON_OPTIONS_DROPPED, "options-dropped",                                                             \
      "{num} options did not fit the {max} octets that the client takes")                                    \
    /* server: leasequery, RFC 4388 */                                                                       \
    X(REASON_QUERY_OFF, "leasequery-off", "leasequery is not switched on")                                   \
    X(REASON_QUERY_NO_RELAY, "leasequery-no-giaddr",                                                         \
      "a leasequery without giaddr is not answered (RFC 4388 6.4.3)")                                        \
    X(REASON_QUERY_REQUESTER, "leasequery-requester", "{addr} may not ask for leases")                       \
    X(REASON_QUERY_KIND, "leasequery-kind",                                                                  \
      "a leasequery goes by exactly one of ciaddr, hardware address and client identifier (RFC 4388 6.3)")   \
    X(REASON_QUERY_CONNECTIONS, "leasequery-connections",                                                    \
      "the connection of {addr} is closed: {num} are open, as many as the configuration allows")             \
    X(REASON_QUERY_ACTIVE, "leasequery-active", "{addr} is leased to {hw}")                                  \
    X(REASON_QUERY_UNASSIGNED, "leasequery-unassigned", "{addr} is ours and leased to nobody")               \
    X(REASON_QUERY_UNKNOWN_ADDR, "leasequery-unknown-address", "{addr} is not an address of this server")    \
    X(REASON_QUERY_UNKNOWN_CLIENT, "leasequery-unknown-client", "the client that is asked for has no lease") \
    X(REASON_NONCE, "nonce", "the client of {addr} is handed a nonce for DHCPFORCERENEW (RFC 6704)")         \
    X(REASON_FORCERENEW, "forcerenew", "{hw} at {addr} is asked to renew now (RFC 3203)")                    \
    X(REASON_STORE_FAILED, "store-failed", "the lease of {addr} could not be stored: no ACK ({text})")       \
    /* relay agent */                                                                                        \
    X(REASON_RELAY_REQUEST, "relayed-request", "relayed to {text} with giaddr {addr} (RFC 1542 4.1.1)")      \
    X(REASON_RELAY_REPLY, "relayed-reply",                                                                   \
      "relayed to {addr} on the link of giaddr {other} (RFC 1542 4.1.2)")                                    \
    X(REASON_RELAY_HOPS, "relay-hops", "hops is {num}: not relayed any further (RFC 1542 4.1.1)")            \
    X(REASON_RELAY_LONG, "relay-too-long", "{num} octets are more than are relayed")                         \
    X(REASON_RELAY_OTHER, "relay-other-giaddr", "giaddr {other} is no address of this relay agent")          \
    /* client */                                                                                             \
    X(REASON_XID, "wrong-xid", "the transaction id is not ours")                                             \
    X(REASON_CHADDR, "wrong-chaddr", "the hardware address is {hw}, not ours")                               \
    X(REASON_STATE, "not-in-this-state", "{text} is not expected in this state")                             \
    X(REASON_OFFER_NO_ADDRESS, "offer-no-address", "the offer by {other} is refused: yiaddr is 0")           \
    X(REASON_OFFER_BROADCAST, "offer-broadcast",                                                             \
      "the offer of {addr} by {other} is refused: a broadcast address")                                      \
    X(REASON_OFFER_MULTICAST, "offer-multicast",                                                             \
      "the offer of {addr} by {other} is refused: a multicast address")                                      \
    X(REASON_OFFER_NETWORK, "offer-network",                                                                 \
      "the offer of {addr} by {other} is refused: the address of its own network")                           \
    X(REASON_OFFER_UNSAFE, "offer-unsafe",                                                                   \
      "the offer of {addr} by {other} is refused: not the address of a host")                                \
    X(REASON_SERVER_DENIED, "server-denied", "{text} of {other} is ignored: the configuration denies it")    \
    X(REASON_NO_SERVER_ID, "no-server-id", "the server identifier (option 54) is missing")                   \
    X(REASON_BAD_SERVER_ID, "bad-server-id",                                                                 \
      "the server identifier (option 54) {other} is not the address of a host")                              \
    X(REASON_NO_LEASE_TIME, "no-lease-time", "the lease time (option 51) is missing")                        \
    X(REASON_LEASE_ZERO, "lease-zero", "the lease time (option 51) is 0")                                    \
    X(REASON_OFFER_OTHER_WANTED, "offer-not-wanted",                                                         \
      "the offer of {addr} by {other} is refused: the configuration wants another server")                   \
    X(REASON_OFFER_LATER, "offer-later",                                                                     \
      "the offer of {addr} by {other} is refused: another one was chosen")                                   \
    X(REASON_OFFER_COLLECTED, "offer-collected",                                                             \
      "the offer of {addr} by {other} is kept; waiting {num} ms for more")                                   \
    X(REASON_OFFER_AGAIN, "offer-again", "the offer of {addr} by {other} is known already")                  \
    X(REASON_OFFERS_FULL, "offers-full",                                                                     \
      "the offer of {addr} by {other} is refused: {num} are kept already")                                   \
    X(REASON_OFFER_FIRST, "offer-first", "the offer of {addr} by {other} is chosen: it came first")          \
    X(REASON_OFFER_SHORTER, "offer-shorter",                                                                 \
      "the offer of {addr} by {other} for {span} is refused: the one chosen lasts longer")                   \
    X(REASON_OFFER_OTHER_ADDRESS, "offer-other-address",                                                     \
      "the offer of {addr} by {other} is refused: the one chosen has the wanted address")                    \
    X(REASON_OFFER_LONGEST, "offer-longest",                                                                 \
      "the offer of {addr} by {other} is chosen: its lease of {span} is the longest")                        \
    X(REASON_OFFER_WANTED_ADDRESS, "offer-wanted-address",                                                   \
      "the offer of {addr} by {other} is chosen: the configuration wants this address")                      \
    X(REASON_OFFER_WANTED, "offer-wanted",                                                                   \
      "the offer of {addr} by {other} is chosen: the configuration wants this server")                       \
    X(REASON_ACK_OTHER_SERVER, "other-server-answer",                                                        \
      "the answer comes from {other}, not from the chosen server")                                           \
    X(REASON_ACK_ADDRESS, "ack-address", "the ACK gives {addr}, not the requested {other}")                  \
    X(REASON_ACK_LATE, "ack-late", "the lease of {addr} had ended before its ACK came")                      \
    X(REASON_ACK_NOT_RAPID, "ack-not-rapid",                                                                 \
      "the ACK answers a DISCOVER, but has no option 80: it commits nothing (RFC 4039 3.1)")                 \
    X(REASON_ACK_RAPID, "ack-rapid", "{other} commits {addr} at once (RFC 4039)")                            \
    X(REASON_V6ONLY_WAIT, "v6-only-wait",                                                                    \
      "the {text} of {other} prefers IPv6: no IPv4 for {span} (RFC 8925)")                                   \
    X(REASON_GOT_ACK, "ack", "{addr} is ours for {span}")                                                    \
    X(REASON_SAVED, "saved-lease", "{addr} was ours when we stopped")                                        \
    X(REASON_SAVED_OVER, "saved-lease-over", "the saved lease of {addr} has ended meanwhile")                \
    X(REASON_SAVED_OTHER, "saved-lease-other-server",                                                        \
      "the saved lease of {addr} is of {other}: the configuration wants another server")                     \
    X(REASON_REBOOT, "reboot", "asking whether {addr} is still ours (RFC 2131 3.2)")                         \
    X(REASON_REBOOT_SILENT, "reboot-silent",                                                                 \
      "no answer after {num} transmissions: {addr} is used until its lease ends (RFC 2131 3.2)")             \
    X(REASON_ACK_PROBE, "ack-probe",                                                                         \
      "the server {other} gives {addr} for {span}: first we ask whether anybody uses it (RFC 5227)")         \
    X(REASON_PROBE, "probe", "ARP probe {num} of {max}: does anybody use {addr}?")                           \
    X(REASON_PROBED, "probed", "{addr} is ours for {span}: nobody answered {num} ARP probes")                \
    X(REASON_PROBE_SKIPPED, "probe-skipped",                                                                 \
      "{addr} is used unprobed: its lease of {span} would be over before the probes are")                    \
    X(REASON_ANNOUNCE, "announce", "ARP announcement {num} of {max}: {addr} is ours")                        \
    X(REASON_CONFLICT, "conflict", "{hw} uses {addr}: declined")                                             \
    X(REASON_CONFLICT_PROBE, "conflict-probe", "{hw} probes for {addr} at the same time: declined")          \
    X(REASON_CONFLICT_DEFENDED, "conflict-defended",                                                         \
      "{hw} uses {addr}, too: an ARP announcement defends it (RFC 5227 2.4)")                                \
    X(REASON_CONFLICT_LOST, "conflict-lost",                                                                 \
      "{hw} uses {addr} again within {num} ms: given up and declined (RFC 5227 2.4)")                        \
    X(REASON_DECLINE_WAIT, "decline-wait",                                                                   \
      "waiting {num} ms before starting again: conflict number {max} in a row (RFC 2131 3.1 (5))")           \
    X(REASON_GOT_NAK, "nak", "the server {other} refused: {text}")                                           \
    X(REASON_NAK_WAIT, "nak-wait", "waiting {num} ms before starting again: NAK number {max} in a row")      \
    X(REASON_STARTED, "start", "started")                                                                    \
    X(REASON_RUNNING, "already-started", "started already")                                                  \
    X(REASON_START_DELAY, "start-delay", "waiting {num} ms before the first message (RFC 2131 4.4.1)")       \
    X(REASON_SEARCH, "search", "asking every server for an offer")                                           \
    X(REASON_RETRANSMIT, "retransmit", "no answer: transmission {num}")                                      \
    X(REASON_GAVE_UP, "gave-up", "no answer after {num} transmissions: back to the start")                   \
    X(REASON_RENEW_GAVE_UP, "renew-gave-up",                                                                 \
      "no answer after {num} transmissions: the lease is infinite and stays")                                \
    X(REASON_NONCE_TAKEN, "nonce-taken",                                                                     \
      "the server can ask for a renewal of {addr} from now on (RFC 6704)")                                   \
    X(REASON_FORCE_OFF, "forcerenew-off", "{text}: forcerenew is off in the configuration")                  \
    X(REASON_NO_NONCE, "no-nonce", "no server has handed a nonce to us: {text} is not believed (RFC 6704)")  \
    X(REASON_FORCED, "forced", "{other} asks for a renewal of {addr} now (RFC 3203)")                        \
    X(REASON_T1, "t1", "T1: half of the lease or the server's option 58")                                    \
    X(REASON_T2, "t2", "T2: the lease's owner does not answer, ask any server")                              \
    X(REASON_EXPIRED, "expired", "the lease of {addr} has expired: its use stops now (RFC 2131 4.4.5)")      \
    X(REASON_T_REPAIRED, "timers-repaired",                                                                  \
      "T1 or T2 of the server break T1 < T2 < lease (RFC 2131 4.4.5): defaults used")                        \
    X(REASON_COMMAND_RELEASE, "command-release", "asked to release")                                         \
    X(REASON_COMMAND_RENEW, "command-renew", "asked to renew")                                               \
    X(REASON_COMMAND_REBIND, "command-rebind", "asked to rebind: any server may answer")                     \
    X(REASON_COMMAND_DECLINE, "command-decline", "asked to decline {addr}")                                  \
    X(REASON_COMMAND_INFORM, "command-inform", "asking for the configuration of {addr} (RFC 2131 4.4.3)")    \
    X(REASON_INFORMED, "informed", "{other} told the configuration of {addr}")                               \
    X(REASON_INFORM_GAVE_UP, "inform-gave-up",                                                               \
      "no answer after {num} transmissions: {addr} is without the configuration of a server")                \
    X(REASON_INFORM_LEASED, "inform-leased",                                                                 \
      "{addr} is leased: its configuration comes with the lease, a renewal asks again")                      \
    X(REASON_READER_SLOW, "reader-slow",                                                                     \
      "a reader of the events is dropped: more than {num} octets would wait for it")                         \
    X(REASON_CARRIER_LOST, "carrier-lost",                                                                   \
      "the interface has lost its carrier: what is set stays until it is back")                              \
    X(REASON_CARRIER_BACK, "carrier-back",                                                                   \
      "the interface has a carrier again: it may be on another network (RFC 2131 3.7)")                      \
    X(REASON_COMMAND_STOP, "command-stop", "asked to stop")                                                  \
    X(REASON_NO_LEASE, "no-lease", "there is no lease")

enum reason {
#define X(name, token, text) name,
    REASON_MAP(X)
#undef X
        REASON_COUNT
};

const char *reason_token(enum reason reason); /* static storage */
const char *reason_text(enum reason reason);  /* with its places not filled in; static storage */
