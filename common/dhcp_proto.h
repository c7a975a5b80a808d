/* The numbers of RFC 2131 and RFC 2132, with their names. */
#pragma once
#include <stdint.h>

enum {
    DHCP_PORT_SERVER = 67,
    DHCP_PORT_CLIENT = 68,
    DHCP_CHADDR_LEN = 16,
    DHCP_SNAME_LEN = 64,
    DHCP_FILE_LEN = 128,
    DHCP_XID_AT = 4, /* offsets in the message: RFC 2131 figure 1 */
    DHCP_SECS_AT = 8,
    DHCP_FLAGS_AT = 10,
    DHCP_CIADDR_AT = 12,
    DHCP_YIADDR_AT = 16,
    DHCP_SIADDR_AT = 20,
    DHCP_GIADDR_AT = 24,
    DHCP_CHADDR_AT = 28,
    DHCP_SNAME_AT = 44,
    DHCP_FILE_AT = 108,
    DHCP_COOKIE_AT = 236,
    DHCP_OPTIONS_AT = 240,
    DHCP_MSG_MIN = 240,      /* fixed fields and magic cookie: the shortest message we decode */
    DHCP_MSG_SEND_MIN = 300, /* RFC 1542 2.1: a BOOTP message has at least 300 octets */
    DHCP_MSG_ACCEPT_MIN =
        548,             /* RFC 2131 2: every client takes a 576-octet datagram, less IP and UDP headers */
    DHCP_MSG_MAX = 1472, /* what fits one Ethernet frame: 1500 less IP and UDP headers */
    DHCP_FLAG_BROADCAST = 0x8000,
    DHCP_HOPS_MAX = 16, /* RFC 1542 4.1.1 */
};

#define DHCP_COOKIE 0x63825363U /* RFC 2131 3 */

enum dhcp_op { DHCP_BOOTREQUEST = 1, DHCP_BOOTREPLY = 2 };

/* X(identifier, value of option 53, name in a log) */
#define DHCP_TYPE_MAP(X)                                                                                     \
    X(DHCP_DISCOVER, 1, "DISCOVER")                                                                          \
    X(DHCP_OFFER, 2, "OFFER")                                                                                \
    X(DHCP_REQUEST, 3, "REQUEST")                                                                            \
    X(DHCP_DECLINE, 4, "DECLINE")                                                                            \
    X(DHCP_ACK, 5, "ACK")                                                                                    \
    X(DHCP_NAK, 6, "NAK")                                                                                    \
    X(DHCP_RELEASE, 7, "RELEASE")                                                                            \
    X(DHCP_INFORM, 8, "INFORM")                                                                              \
    X(DHCP_FORCERENEW, 9, "FORCERENEW")                                                                      \
    X(DHCP_LEASEQUERY, 10, "LEASEQUERY")                                                                     \
    X(DHCP_LEASEUNASSIGNED, 11, "LEASEUNASSIGNED")                                                           \
    X(DHCP_LEASEUNKNOWN, 12, "LEASEUNKNOWN")                                                                 \
    X(DHCP_LEASEACTIVE, 13, "LEASEACTIVE")                                                                   \
    X(DHCP_BULKLEASEQUERY, 14, "BULKLEASEQUERY")                                                             \
    X(DHCP_LEASEQUERYDONE, 15, "LEASEQUERYDONE")                                                             \
    X(DHCP_ACTIVELEASEQUERY, 16, "ACTIVELEASEQUERY")                                                         \
    X(DHCP_LEASEQUERYSTATUS, 17, "LEASEQUERYSTATUS")                                                         \
    X(DHCP_TLS, 18, "TLS")

enum dhcp_type {
    DHCP_BOOTP = 0, /* no option 53: a BOOTP message */
#define X(name, value, text) name = value,
    DHCP_TYPE_MAP(X)
#undef X
};

/* "DISCOVER"; "BOOTP" for 0; NULL for an unassigned value. Static storage. */
const char *dhcp_type_name(uint8_t type);

/* The option codes that code refers to; the registry in dhcp_opt_table.c has them all. */
enum dhcp_opt_code {
    DHCP_OPT_PAD = 0,
    DHCP_OPT_SUBNET_MASK = 1,
    DHCP_OPT_ROUTERS = 3,
    DHCP_OPT_DNS_SERVERS = 6,
    DHCP_OPT_HOST_NAME = 12,
    DHCP_OPT_DOMAIN_NAME = 15,
    DHCP_OPT_MTU = 26,
    DHCP_OPT_BROADCAST = 28,
    DHCP_OPT_STATIC_ROUTES = 33,
    DHCP_OPT_VENDOR_SPECIFIC = 43,
    DHCP_OPT_REQUESTED_IP = 50,
    DHCP_OPT_LEASE_TIME = 51,
    DHCP_OPT_OVERLOAD = 52,
    DHCP_OPT_TYPE = 53,
    DHCP_OPT_SERVER_ID = 54,
    DHCP_OPT_PRL = 55,
    DHCP_OPT_MESSAGE = 56,
    DHCP_OPT_MAX_SIZE = 57,
    DHCP_OPT_T1 = 58,
    DHCP_OPT_T2 = 59,
    DHCP_OPT_VENDOR_CLASS = 60,
    DHCP_OPT_CLIENT_ID = 61,
    DHCP_OPT_USER_CLASS = 77,
    DHCP_OPT_RAPID_COMMIT = 80,
    DHCP_OPT_FQDN = 81,
    DHCP_OPT_RELAY_INFO = 82,
    DHCP_OPT_AUTH = 90,
    DHCP_OPT_CLTT = 91, /* client-last-transaction-time, RFC 4388 */
    DHCP_OPT_ASSOCIATED_IP = 92,
    DHCP_OPT_V6ONLY = 108,
    DHCP_OPT_CAPTIVE_PORTAL = 114,
    DHCP_OPT_SUBNET_SELECTION = 118,
    DHCP_OPT_DOMAIN_SEARCH = 119,
    DHCP_OPT_CLASSLESS_ROUTES = 121,
    DHCP_OPT_VIVCO = 124,
    DHCP_OPT_VIVSO = 125,
    DHCP_OPT_FORCERENEW_NONCE = 145, /* RFC 6704 */
    DHCP_OPT_STATUS_CODE = 151,      /* and those that follow: RFC 6926 */
    DHCP_OPT_BASE_TIME = 152,
    DHCP_OPT_STATE_START = 153,
    DHCP_OPT_QUERY_START = 154,
    DHCP_OPT_QUERY_END = 155,
    DHCP_OPT_STATE = 156,
    DHCP_OPT_DATA_SOURCE = 157,
    DHCP_OPT_MS_CLASSLESS_ROUTES = 249,
    DHCP_OPT_END = 255,
};

/* The sub-options of option 82 that a server acts on */
enum dhcp_relay_opt {
    DHCP_RELAY_REMOTE_ID = 2,
    DHCP_RELAY_CIRCUIT_ID = 1,
    DHCP_RELAY_LINK_SELECTION = 5, /* RFC 3527 */
    DHCP_RELAY_SERVER_ID = 11,     /* RFC 5107 */
    DHCP_RELAY_ID = 12,            /* RFC 6925 */
    DHCP_RELAY_PORT = 19,          /* RFC 8357 */
};

/* Option 52, RFC 2132 9.3 */
enum dhcp_overload {
    DHCP_OVERLOAD_NONE = 0,
    DHCP_OVERLOAD_FILE = 1,
    DHCP_OVERLOAD_SNAME = 2,
    DHCP_OVERLOAD_BOTH = 3
};
