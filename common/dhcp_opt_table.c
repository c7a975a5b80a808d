#include "common/dhcp_opt_table.h"

#include <assert.h>

/* How to read a row: code, Kea's name, RFC and section, layout. clang-format would break the table. */
/* clang-format off */
#define ROW(code_, name_, rfc_, ...) {.code = code_, .name = name_, .rfc = rfc_, __VA_ARGS__}
#define FIELD(name_, ...)            {.name = name_, __VA_ARGS__}
#define FIELDS_END                   {.name = NULL}

/* Layouts: one value. */
#define FLAG             .type = OPT_FLAG, .min = 1, .max = 1, .high = 1
#define U8               .type = OPT_U8, .min = 1, .max = 1
#define U16              .type = OPT_U16, .min = 2, .max = 2
#define U32              .type = OPT_U32, .min = 4, .max = 4
#define S32              .type = OPT_S32, .min = 4, .max = 4
#define SECONDS          .type = OPT_SECONDS, .min = 4, .max = 4
#define TIME             .type = OPT_TIME, .min = 4, .max = 4
#define IP4              .type = OPT_IP4, .min = 4, .max = 4
#define IP6              .type = OPT_IP6, .min = 16, .max = 16
#define EMPTY            .type = OPT_EMPTY
#define TEXT             .type = OPT_TEXT, .min = 1
#define TEXT_OR_NOTHING  .type = OPT_TEXT
#define BYTES            .type = OPT_BYTES, .min = 1
#define BYTES_OR_NOTHING .type = OPT_BYTES
#define BYTES_OF(n)      .type = OPT_BYTES, .min = n, .max = n
#define DOMAIN           .type = OPT_DOMAIN, .min = 1
#define GEO              .type = OPT_GEO, .min = 16, .max = 16
#define RECORD(fields_)  .type = OPT_RECORD, .fields = fields_
/* Layouts: several. */
#define U8_LIST          .type = OPT_U8, .min = 1, .multiple = 1
#define U16_LIST         .type = OPT_U16, .min = 2, .multiple = 2
#define IP4_LIST         .type = OPT_IP4, .min = 4, .multiple = 4
#define IP4_OR_NONE      .type = OPT_IP4, .multiple = 4
#define IP4_PAIRS        .type = OPT_IP4_PAIR, .min = 8, .multiple = 8
#define CODES            .type = OPT_CODES, .min = 1, .multiple = 1
#define DOMAINS          .type = OPT_DOMAINS, .min = 1
#define ROUTES           .type = OPT_ROUTES, .min = 5
#define SERVERS          .type = OPT_SERVERS, .min = 2
#define SUBOPTIONS(sub_) .type = OPT_SUBOPTIONS, .min = 2, .sub = sub_
/* Limits and names of numbers. */
#define LOW(n)           .low = n
#define RANGE(a, b)      .low = a, .high = b
#define WORDS(words_)    .words = words_

/* ---- names of numbers ---- */

static const struct opt_word overload[] = {{1, "file"}, {2, "sname"}, {3, "file and sname"}, {0, NULL}};
static const struct opt_word netbios_node[] = {
    {1, "B-node"}, {2, "P-node"}, {4, "M-node"}, {8, "H-node"}, {0, NULL}};
static const struct opt_word auto_config[] = {{0, "do not auto-configure"}, {1, "auto-configure"}, {0, NULL}};
static const struct opt_word name_services[] = { /* RFC 2937 */
    {0, "local files"}, {6, "DNS"}, {41, "NIS"}, {44, "NetBIOS"}, {65, "NIS+"}, {0, NULL}};
static const struct opt_word arch[] = { /* RFC 4578 2.1 and the IANA list "Processor Architecture Types" */
    {0, "x86 BIOS"}, {1, "NEC/PC98"}, {2, "Itanium"}, {3, "DEC Alpha"}, {4, "Arc x86"},
    {5, "Intel Lean Client"}, {6, "x86 UEFI"}, {7, "x64 UEFI"}, {8, "EFI Xscale"}, {9, "EBC"},
    {10, "ARM 32-bit UEFI"}, {11, "ARM 64-bit UEFI"}, {12, "PowerPC Open Firmware"}, {13, "PowerPC ePAPR"},
    {14, "POWER OPAL v3"}, {15, "x86 UEFI HTTP"}, {16, "x64 UEFI HTTP"}, {17, "EBC HTTP"},
    {18, "ARM 32-bit UEFI HTTP"}, {19, "ARM 64-bit UEFI HTTP"}, {20, "x86 BIOS HTTP"},
    {21, "ARM 32-bit U-Boot"}, {22, "ARM 64-bit U-Boot"}, {23, "ARM 32-bit U-Boot HTTP"},
    {24, "ARM 64-bit U-Boot HTTP"}, {25, "RISC-V 32-bit UEFI"}, {26, "RISC-V 32-bit UEFI HTTP"},
    {27, "RISC-V 64-bit UEFI"}, {28, "RISC-V 64-bit UEFI HTTP"}, {29, "RISC-V 128-bit UEFI"},
    {30, "RISC-V 128-bit UEFI HTTP"}, {31, "s390 Basic"}, {32, "s390 Extended"}, {33, "MIPS 32-bit UEFI"},
    {34, "MIPS 64-bit UEFI"}, {35, "Sunway 32-bit UEFI"}, {36, "Sunway 64-bit UEFI"},
    {37, "LoongArch 32-bit UEFI"}, {38, "LoongArch 32-bit UEFI HTTP"}, {39, "LoongArch 64-bit UEFI"},
    {40, "LoongArch 64-bit UEFI HTTP"}, {41, "ARM rpiboot"}, {0, NULL}};
static const struct opt_word ndi[] = {{1, "UNDI"}, {0, NULL}};
static const struct opt_word uuid_kind[] = {{0, "UUID"}, {0, NULL}};
static const struct opt_word auth_protocol[] = { /* RFC 3118 4 and 5, RFC 6704 */
    {0, "configuration token"}, {1, "delayed authentication"}, {3, "reconfigure key"}, {0, NULL}};
static const struct opt_word auth_algorithm[] = {{1, "HMAC-MD5"}, {0, NULL}};
static const struct opt_word auth_rdm[] = {{0, "monotonic counter"}, {0, NULL}};
static const struct opt_word status[] = { /* RFC 6926, RFC 7724 */
    {0, "Success"}, {1, "UnspecFail"}, {2, "QueryTerminated"}, {3, "MalformedQuery"}, {4, "NotAllowed"},
    {5, "DataMissing"}, {6, "ConnectionActive"}, {7, "CatchUpComplete"}, {8, "TLSConnectionRefused"}, {0, NULL}};
static const struct opt_word dhcp_state[] = { /* RFC 6926 */
    {1, "AVAILABLE"}, {2, "ACTIVE"}, {3, "EXPIRED"}, {4, "RELEASED"}, {5, "ABANDONED"}, {6, "RESET"},
    {7, "REMOTE"}, {8, "TRANSITIONING"}, {0, NULL}};
static const struct opt_word data_source[] = {{0, "local"}, {1, "remote"}, {0, NULL}};
static const struct opt_word vss_kind[] = { /* RFC 6607 */
    {0, "NVT ASCII VPN identifier"}, {1, "RFC 2685 VPN-ID"}, {255, "global VPN"}, {0, NULL}};
static const struct opt_word civic_what[] = { /* RFC 4776 */
    {0, "of the DHCP server"}, {1, "of the network element"}, {2, "of the client"}, {0, NULL}};
static const struct opt_word rdnss_preference[] = {{0, "medium"}, {1, "high"}, {3, "low"}, {0, NULL}};
static const struct opt_word docsis_class[] = {{1, "CPE-controlled cable modem"}, {0, NULL}};
static const struct opt_word relay_flags[] = {{0, "broadcast"}, {0x80, "unicast"}, {0, NULL}}; /* RFC 5010 */
static const struct opt_word access_kind[] = { /* RFC 7839 via RFC 6757 */
    {1, "virtual"}, {2, "PPP"}, {3, "IEEE 802.3"}, {4, "IEEE 802.11a/b/g"}, {5, "IEEE 802.16e"},
    {6, "3GPP GERAN"}, {7, "3GPP UTRAN"}, {8, "3GPP E-UTRAN"}, {0, NULL}};

/* ---- records ---- */

static const struct opt_def slp_agent[] = { /* RFC 2610 */
    FIELD("mandatory", FLAG), FIELD("addresses", IP4_OR_NONE), FIELDS_END};
static const struct opt_def slp_scope[] = { /* RFC 2610 */
    FIELD("mandatory", FLAG), FIELD("scopes", TEXT_OR_NOTHING), FIELDS_END};
static const struct opt_def isns[] = { /* RFC 4174 */
    FIELD("functions", U16), FIELD("discovery_access", U16), FIELD("administrative", U16),
    FIELD("security", U32), FIELD("addresses", IP4_LIST), FIELDS_END};
static const struct opt_def auth[] = { /* RFC 3118 2 */
    FIELD("protocol", U8, WORDS(auth_protocol)), FIELD("algorithm", U8, WORDS(auth_algorithm)),
    FIELD("rdm", U8, WORDS(auth_rdm)), FIELD("replay_detection", BYTES_OF(8)),
    FIELD("information", BYTES_OR_NOTHING), FIELDS_END};
static const struct opt_def client_ndi[] = { /* RFC 4578 2.2 */
    FIELD("type", U8, WORDS(ndi)), FIELD("major", U8), FIELD("minor", U8), FIELDS_END};
static const struct opt_def uuid[] = { /* RFC 4578 2.3: other types than 0 are reserved */
    FIELD("type", U8, WORDS(uuid_kind)), FIELD("identifier", BYTES), FIELDS_END};
static const struct opt_def civic[] = { /* RFC 4776 */
    FIELD("what", U8, WORDS(civic_what)), FIELD("country", .type = OPT_TEXT, .min = 2, .max = 2),
    FIELD("elements", .type = OPT_SUBOPTIONS, .sub = OPT_SPACE_CIVIC), FIELDS_END};
static const struct opt_def rdnss[] = { /* RFC 6731 */
    FIELD("preference", U8, WORDS(rdnss_preference)), FIELD("primary", IP4), FIELD("secondary", IP4),
    FIELD("domains", DOMAINS), FIELDS_END};
static const struct opt_def status_code[] = { /* RFC 6926 */
    FIELD("status", U8, WORDS(status)), FIELD("message", TEXT_OR_NOTHING), FIELDS_END};
static const struct opt_def portparams[] = { /* RFC 7618 */
    FIELD("offset", U8), FIELD("psid_len", U8), FIELD("psid", U16), FIELDS_END};
static const struct opt_def sixrd[] = { /* RFC 5969 */
    FIELD("ip4_mask_len", U8, RANGE(0, 32)), FIELD("prefix_len", U8, RANGE(0, 128)), FIELD("prefix", IP6),
    FIELD("relays", IP4_LIST), FIELDS_END};
static const struct opt_def alloc[] = { /* RFC 6656 */
    FIELD("flags", U8), FIELD("suboptions", .type = OPT_SUBOPTIONS, .sub = OPT_SPACE_ALLOC), FIELDS_END};
static const struct opt_def vss[] = { /* RFC 6607 */
    FIELD("type", U8, WORDS(vss_kind)), FIELD("vpn", BYTES_OR_NOTHING), FIELDS_END};
static const struct opt_def backoff[] = { /* RFC 3495 5.4, 5.5 */
    FIELD("nominal_timeout", U32), FIELD("maximum_timeout", U32), FIELD("maximum_retries", U32), FIELDS_END};
static const struct opt_def relay_auth[] = { /* RFC 4030 */
    FIELD("algorithm", U8), FIELD("rdm", U8), FIELD("replay_detection", BYTES_OF(8)),
    FIELD("relay_id", BYTES_OF(4)), FIELD("hmac", BYTES), FIELDS_END};
static const struct opt_def subnet_request[] = { /* RFC 6656 */
    FIELD("flags", U8), FIELD("prefix_len", U8, RANGE(0, 32)), FIELDS_END};

/* ---- the spaces ---- */

/* RFC 2132 and the IANA list "BOOTP Vendor Extensions and DHCP Options". */
static const struct opt_def dhcp_rows[] = {
    ROW(0, "pad", "2132 3.1", .type = OPT_PAD_END),
    ROW(1, "subnet-mask", "2132 3.3", IP4),
    ROW(2, "time-offset", "2132 3.4", S32),
    ROW(3, "routers", "2132 3.5", IP4_LIST),
    ROW(4, "time-servers", "2132 3.6", IP4_LIST),
    ROW(5, "name-servers", "2132 3.7", IP4_LIST),
    ROW(6, "domain-name-servers", "2132 3.8", IP4_LIST),
    ROW(7, "log-servers", "2132 3.9", IP4_LIST),
    ROW(8, "cookie-servers", "2132 3.10", IP4_LIST),
    ROW(9, "lpr-servers", "2132 3.11", IP4_LIST),
    ROW(10, "impress-servers", "2132 3.12", IP4_LIST),
    ROW(11, "resource-location-servers", "2132 3.13", IP4_LIST),
    ROW(12, "host-name", "2132 3.14", TEXT),
    ROW(13, "boot-size", "2132 3.15", U16),
    ROW(14, "merit-dump", "2132 3.16", TEXT),
    ROW(15, "domain-name", "2132 3.17", TEXT),
    ROW(16, "swap-server", "2132 3.18", IP4),
    ROW(17, "root-path", "2132 3.19", TEXT),
    ROW(18, "extensions-path", "2132 3.20", TEXT),
    ROW(19, "ip-forwarding", "2132 4.1", FLAG),
    ROW(20, "non-local-source-routing", "2132 4.2", FLAG),
    ROW(21, "policy-filter", "2132 4.3", IP4_PAIRS),
    ROW(22, "max-dgram-reassembly", "2132 4.4", U16, LOW(576)),
    ROW(23, "default-ip-ttl", "2132 4.5", U8, LOW(1)),
    ROW(24, "path-mtu-aging-timeout", "2132 4.6", SECONDS),
    ROW(25, "path-mtu-plateau-table", "2132 4.7", U16_LIST, LOW(68)),
    ROW(26, "interface-mtu", "2132 5.1", U16, LOW(68)),
    ROW(27, "all-subnets-local", "2132 5.2", FLAG),
    ROW(28, "broadcast-address", "2132 5.3", IP4),
    ROW(29, "perform-mask-discovery", "2132 5.4", FLAG),
    ROW(30, "mask-supplier", "2132 5.5", FLAG),
    ROW(31, "router-discovery", "2132 5.6", FLAG),
    ROW(32, "router-solicitation-address", "2132 5.7", IP4),
    ROW(33, "static-routes", "2132 5.8", IP4_PAIRS),
    ROW(34, "trailer-encapsulation", "2132 6.1", FLAG),
    ROW(35, "arp-cache-timeout", "2132 6.2", SECONDS),
    ROW(36, "ieee802-3-encapsulation", "2132 6.3", FLAG),
    ROW(37, "default-tcp-ttl", "2132 7.1", U8, LOW(1)),
    ROW(38, "tcp-keepalive-interval", "2132 7.2", SECONDS),
    ROW(39, "tcp-keepalive-garbage", "2132 7.3", FLAG),
    ROW(40, "nis-domain", "2132 8.1", TEXT),
    ROW(41, "nis-servers", "2132 8.2", IP4_LIST),
    ROW(42, "ntp-servers", "2132 8.3", IP4_LIST),
    ROW(43, "vendor-encapsulated-options", "2132 8.4", BYTES),
    ROW(44, "netbios-name-servers", "2132 8.5", IP4_LIST),
    ROW(45, "netbios-dd-server", "2132 8.6", IP4_LIST),
    ROW(46, "netbios-node-type", "2132 8.7", U8, RANGE(1, 8), WORDS(netbios_node)),
    ROW(47, "netbios-scope", "2132 8.8", TEXT),
    ROW(48, "font-servers", "2132 8.9", IP4_LIST),
    ROW(49, "x-display-manager", "2132 8.10", IP4_LIST),
    ROW(50, "dhcp-requested-address", "2132 9.1", IP4),
    ROW(51, "dhcp-lease-time", "2132 9.2", SECONDS),
    ROW(52, "dhcp-option-overload", "2132 9.3", U8, RANGE(1, 3), WORDS(overload)),
    ROW(53, "dhcp-message-type", "2132 9.6", .type = OPT_TYPE, .min = 1, .max = 1),
    ROW(54, "dhcp-server-identifier", "2132 9.7", IP4),
    ROW(55, "dhcp-parameter-request-list", "2132 9.8", CODES),
    ROW(56, "dhcp-message", "2132 9.9", TEXT),
    ROW(57, "dhcp-max-message-size", "2132 9.10", U16, LOW(576)),
    ROW(58, "dhcp-renewal-time", "2132 9.11", SECONDS),
    ROW(59, "dhcp-rebinding-time", "2132 9.12", SECONDS),
    ROW(60, "vendor-class-identifier", "2132 9.13", TEXT),
    ROW(61, "dhcp-client-identifier", "2132 9.14", .type = OPT_CLIENT_ID, .min = 2),
    ROW(62, "nwip-domain-name", "2242", TEXT),
    ROW(63, "nwip-suboptions", "2242", SUBOPTIONS(OPT_SPACE_NWIP)),
    ROW(64, "nisplus-domain-name", "2132 8.11", TEXT),
    ROW(65, "nisplus-servers", "2132 8.12", IP4_LIST),
    ROW(66, "tftp-server-name", "2132 9.4", TEXT),
    ROW(67, "boot-file-name", "2132 9.5", TEXT),
    ROW(68, "mobile-ip-home-agent", "2132 8.13", IP4_OR_NONE),
    ROW(69, "smtp-server", "2132 8.14", IP4_LIST),
    ROW(70, "pop-server", "2132 8.15", IP4_LIST),
    ROW(71, "nntp-server", "2132 8.16", IP4_LIST),
    ROW(72, "www-server", "2132 8.17", IP4_LIST),
    ROW(73, "finger-server", "2132 8.18", IP4_LIST),
    ROW(74, "irc-server", "2132 8.19", IP4_LIST),
    ROW(75, "streettalk-server", "2132 8.20", IP4_LIST),
    ROW(76, "streettalk-directory-assistance-server", "2132 8.21", IP4_LIST),
    ROW(77, "user-class", "3004", .type = OPT_STRINGS8, .min = 2),
    ROW(78, "slp-directory-agent", "2610", RECORD(slp_agent)),
    ROW(79, "slp-service-scope", "2610", RECORD(slp_scope)),
    ROW(80, "rapid-commit", "4039", EMPTY),
    ROW(81, "fqdn", "4702 2", .type = OPT_FQDN, .min = 3),
    ROW(82, "dhcp-agent-options", "3046 2", SUBOPTIONS(OPT_SPACE_RELAY)),
    ROW(83, "isns", "4174", RECORD(isns)),
    ROW(85, "nds-servers", "2241", IP4_LIST),
    ROW(86, "nds-tree-name", "2241", TEXT),
    ROW(87, "nds-context", "2241", TEXT),
    ROW(88, "bcms-controller-names", "4280", DOMAINS),
    ROW(89, "bcms-controller-address", "4280", IP4_LIST),
    ROW(90, "authenticate", "3118 2", RECORD(auth)),
    ROW(91, "client-last-transaction-time", "4388 6.1", SECONDS),
    ROW(92, "associated-ip", "4388 6.1", IP4_LIST),
    ROW(93, "client-system", "4578 2.1", U16_LIST, WORDS(arch)),
    ROW(94, "client-ndi", "4578 2.2", RECORD(client_ndi)),
    ROW(95, "ldap", "3679", TEXT),
    ROW(97, "uuid-guid", "4578 2.3", RECORD(uuid)),
    ROW(98, "uap-servers", "2485", TEXT),
    ROW(99, "geoconf-civic", "4776", RECORD(civic)),
    ROW(100, "pcode", "4833", TEXT),
    ROW(101, "tcode", "4833", TEXT),
    ROW(108, "v6-only-preferred", "8925", SECONDS),
    ROW(109, "dhcp4o6-s46-saddr", "8539", IP6),
    ROW(112, "netinfo-server-address", "3679", IP4_LIST),
    ROW(113, "netinfo-server-tag", "3679", TEXT),
    ROW(114, "v4-captive-portal", "8910", TEXT),
    ROW(116, "auto-config", "2563", U8, RANGE(0, 1), WORDS(auto_config)),
    ROW(117, "name-service-search", "2937", U16_LIST, WORDS(name_services)),
    ROW(118, "subnet-selection", "3011 2", IP4),
    ROW(119, "domain-search", "3397 2", DOMAINS),
    ROW(120, "sip-servers", "3361", SERVERS),
    ROW(121, "classless-static-route", "3442", ROUTES),
    ROW(122, "cablelabs-client-conf", "3495 4", SUBOPTIONS(OPT_SPACE_CCC)),
    ROW(123, "geoconf", "6225", GEO),
    ROW(124, "vivco-suboptions", "3925 3", .type = OPT_VIVCO, .min = 5),
    ROW(125, "vivso-suboptions", "3925 4", .type = OPT_VIVSO, .min = 5),
    ROW(128, "pxe-vendor-128", "4578 2.4", BYTES),
    ROW(129, "pxe-vendor-129", "4578 2.4", BYTES),
    ROW(130, "pxe-vendor-130", "4578 2.4", BYTES),
    ROW(131, "pxe-vendor-131", "4578 2.4", BYTES),
    ROW(132, "pxe-vendor-132", "4578 2.4", BYTES),
    ROW(133, "pxe-vendor-133", "4578 2.4", BYTES),
    ROW(134, "pxe-vendor-134", "4578 2.4", BYTES),
    ROW(135, "pxe-vendor-135", "4578 2.4", BYTES),
    ROW(136, "pana-agent", "5192", IP4_LIST),
    ROW(137, "v4-lost", "5223", DOMAIN),
    ROW(138, "capwap-ac-v4", "5417", IP4_LIST),
    ROW(139, "ipv4-address-mos", "5678", SUBOPTIONS(OPT_SPACE_MOS_ADDR)),
    ROW(140, "ipv4-fqdn-mos", "5678", SUBOPTIONS(OPT_SPACE_MOS_NAME)),
    ROW(141, "sip-ua-cs-domains", "6011", DOMAINS),
    ROW(142, "ipv4-address-andsf", "6153", IP4_LIST),
    ROW(143, "v4-sztp-redirect", "8572", .type = OPT_STRINGS16, .min = 3),
    ROW(144, "geoloc", "6225", GEO),
    ROW(145, "forcerenew-nonce-capable", "6704", U8_LIST, WORDS(auth_algorithm)),
    ROW(146, "rdnss-selection", "6731", RECORD(rdnss)),
    ROW(147, "v4-dots-ri", "8973", DOMAIN),
    ROW(148, "v4-dots-address", "8973", IP4_LIST),
    ROW(150, "tftp-server-address", "5859", IP4_LIST),
    ROW(151, "status-code", "6926", RECORD(status_code)),
    ROW(152, "base-time", "6926", TIME),
    ROW(153, "start-time-of-state", "6926", SECONDS),
    ROW(154, "query-start-time", "6926", TIME),
    ROW(155, "query-end-time", "6926", TIME),
    ROW(156, "dhcp-state", "6926", U8, WORDS(dhcp_state)),
    ROW(157, "data-source", "6926", U8, WORDS(data_source)),
    ROW(158, "v4-pcp-server", "7291", .type = OPT_IP4_GROUPS, .min = 5),
    ROW(159, "v4-portparams", "7618", RECORD(portparams)),
    ROW(161, "mud-url-v4", "8520", TEXT),
    ROW(162, "v4-dnr", "9463", .type = OPT_DNR, .min = 6),
    ROW(175, "etherboot-175", "-", BYTES),
    ROW(176, "ip-telephone", "-", BYTES),
    ROW(177, "etherboot-177", "-", BYTES),
    ROW(208, "pxelinux-magic", "5071", BYTES_OF(4)),
    ROW(209, "pxelinux-config-file", "5071", TEXT),
    ROW(210, "pxelinux-path-prefix", "5071", TEXT),
    ROW(211, "pxelinux-reboot-time", "5071", SECONDS),
    ROW(212, "option-6rd", "5969", RECORD(sixrd)),
    ROW(213, "v4-access-domain", "5986", DOMAIN),
    ROW(220, "subnet-allocation", "6656", RECORD(alloc)),
    ROW(221, "virtual-subnet-selection", "6607", RECORD(vss)),
    ROW(249, "ms-classless-static-route", "-", ROUTES), /* Microsoft: 121 before RFC 3442 had a number */
    ROW(252, "wpad-proxy-url", "-", TEXT),              /* draft-ietf-wrec-wpad-01: proxy auto-discovery */
    ROW(255, "end", "2132 3.2", .type = OPT_PAD_END),
};

static const struct opt_def relay_rows[] = {
    ROW(1, "circuit-id", "3046 3.1", BYTES),
    ROW(2, "remote-id", "3046 3.2", BYTES),
    ROW(4, "docsis-device-class", "3256", U32, WORDS(docsis_class)),
    ROW(5, "link-selection", "3527", IP4),
    ROW(6, "subscriber-id", "3993", TEXT),
    ROW(7, "radius", "4014", .type = OPT_ATTRIBUTES, .min = 2, .sub = OPT_SPACE_RADIUS),
    ROW(8, "auth", "4030", RECORD(relay_auth)),
    ROW(9, "vendor-specific-info", "4243", .type = OPT_VIVSO, .min = 5),
    ROW(10, "relay-flags", "5010", U8, WORDS(relay_flags)),
    ROW(11, "server-id-override", "5107", IP4),
    ROW(12, "relay-id", "6925", BYTES),
    ROW(13, "access-techno-type", "7839", U16, WORDS(access_kind)),
    ROW(14, "access-network-name", "7839", TEXT),
    ROW(15, "access-point-name", "7839", TEXT),
    ROW(16, "access-point-bssid", "7839", BYTES_OF(6)),
    ROW(17, "operator-id", "7839", U32),
    ROW(18, "operator-realm", "7839", TEXT),
    ROW(19, "relay-port", "8357", U16),
    ROW(151, "virtual-subnet-select", "6607", RECORD(vss)),
    ROW(152, "virtual-subnet-select-ctrl", "6607", EMPTY),
};

/* Broadband Forum TR-069 amendment 6, 3.1 and annex F */
static const struct opt_def vivso_rows[] = {
    ROW(1, "device-manufacturer-oui", "-", TEXT),
    ROW(2, "device-serial-number", "-", TEXT),
    ROW(3, "device-product-class", "-", TEXT),
    ROW(4, "gateway-manufacturer-oui", "-", TEXT),
    ROW(5, "gateway-serial-number", "-", TEXT),
    ROW(6, "gateway-product-class", "-", TEXT),
    ROW(11, "acs-url", "-", TEXT),
    ROW(12, "provisioning-code", "-", TEXT),
    ROW(13, "cwmp-retry-minimum-wait-interval", "-", TEXT),
    ROW(14, "cwmp-retry-interval-multiplier", "-", TEXT),
};

static const struct opt_def cablelabs_rows[] = {
    ROW(1, "oro", "-", U8_LIST),
    ROW(2, "tftp-servers", "-", IP4_LIST),
};

static const struct opt_def ccc_rows[] = {
    ROW(1, "primary-dhcp-server", "3495 5.1", IP4),
    ROW(2, "secondary-dhcp-server", "3495 5.1", IP4),
    ROW(3, "provisioning-server", "3495 5.2", SERVERS),
    ROW(4, "as-req-backoff", "3495 5.3", RECORD(backoff)),
    ROW(5, "ap-req-backoff", "3495 5.4", RECORD(backoff)),
    ROW(6, "kerberos-realm", "3495 5.5", DOMAIN),
    ROW(7, "ticket-granting-server", "3495 5.6", FLAG),
    ROW(8, "provisioning-timer", "3495 5.7", U8),
    ROW(9, "security-ticket-control", "3594", U16),
    ROW(10, "kdc-servers", "3634", IP4_LIST),
};

static const struct opt_def nwip_rows[] = {
    ROW(1, "nwip-does-not-exist", "2242", EMPTY),
    ROW(2, "nwip-in-options-area", "2242", EMPTY),
    ROW(3, "nwip-in-sname-file", "2242", EMPTY),
    ROW(4, "nwip-too-big", "2242", EMPTY),
    ROW(5, "nsq-broadcast", "2242", FLAG),
    ROW(6, "preferred-dss", "2242", IP4_LIST),
    ROW(7, "nearest-nwip-server", "2242", IP4_LIST),
    ROW(8, "autoretries", "2242", U8),
    ROW(9, "autoretry-seconds", "2242", U8),
    ROW(10, "nwip-1-1", "2242", FLAG),
    ROW(11, "primary-dss", "2242", IP4),
};

static const struct opt_def alloc_rows[] = {
    ROW(1, "subnet-request", "6656", RECORD(subnet_request)),
    ROW(2, "subnet-information", "6656", BYTES),
    ROW(3, "subnet-name", "6656", TEXT),
    ROW(4, "suggested-lease-time", "6656", SECONDS),
};

static const struct opt_def civic_rows[] = { /* RFC 4776 */
    ROW(0, "language", "4776", TEXT),
    ROW(1, "a1-state", "4776", TEXT),
    ROW(2, "a2-county", "4776", TEXT),
    ROW(3, "a3-city", "4776", TEXT),
    ROW(4, "a4-city-division", "4776", TEXT),
    ROW(5, "a5-neighborhood", "4776", TEXT),
    ROW(6, "a6-street", "4776", TEXT),
    ROW(16, "leading-street-direction", "4776", TEXT),
    ROW(17, "trailing-street-suffix", "4776", TEXT),
    ROW(18, "street-suffix", "4776", TEXT),
    ROW(19, "house-number", "4776", TEXT),
    ROW(20, "house-number-suffix", "4776", TEXT),
    ROW(21, "landmark", "4776", TEXT),
    ROW(22, "additional-location", "4776", TEXT),
    ROW(23, "name", "4776", TEXT),
    ROW(24, "postal-code", "4776", TEXT),
    ROW(25, "building", "4776", TEXT),
    ROW(26, "unit", "4776", TEXT),
    ROW(27, "floor", "4776", TEXT),
    ROW(28, "room", "4776", TEXT),
    ROW(29, "type-of-place", "4776", TEXT),
    ROW(30, "postal-community-name", "4776", TEXT),
    ROW(31, "post-office-box", "4776", TEXT),
    ROW(32, "additional-code", "4776", TEXT),
    ROW(33, "seat", "4776", TEXT),
    ROW(34, "primary-road", "4776", TEXT),
    ROW(35, "road-section", "4776", TEXT),
    ROW(36, "branch-road", "4776", TEXT),
    ROW(37, "road-sub-branch", "4776", TEXT),
    ROW(38, "street-pre-modifier", "4776", TEXT),
    ROW(39, "street-post-modifier", "4776", TEXT),
    ROW(128, "script", "4776", TEXT),
};

static const struct opt_def mos_addr_rows[] = {
    ROW(1, "information-service", "5678", IP4_LIST),
    ROW(2, "command-service", "5678", IP4_LIST),
    ROW(3, "event-service", "5678", IP4_LIST),
};

static const struct opt_def mos_name_rows[] = {
    ROW(1, "information-service", "5678", DOMAINS),
    ROW(2, "command-service", "5678", DOMAINS),
    ROW(3, "event-service", "5678", DOMAINS),
};

/* The attributes that RFC 4014 4 lets a relay agent send */
static const struct opt_def radius_rows[] = {
    ROW(1, "user-name", "2865 5.1", TEXT),
    ROW(6, "service-type", "2865 5.6", U32),
    ROW(26, "vendor-specific", "2865 5.26", BYTES),
    ROW(27, "session-timeout", "2865 5.27", SECONDS),
    ROW(88, "framed-pool", "2869", TEXT),
    ROW(100, "framed-ipv6-pool", "3162", TEXT),
};
/* clang-format on */

struct opt_rows dhcp_opt_table(enum opt_space space)
{
#define ROWS(array) ((struct opt_rows){.rows = (array), .n = sizeof(array) / sizeof(array)[0]})
    switch (space) {
    case OPT_SPACE_DHCP:
        return ROWS(dhcp_rows);
    case OPT_SPACE_RELAY:
        return ROWS(relay_rows);
    case OPT_SPACE_VIVCO:
        return (struct opt_rows){.rows = NULL, .n = 0};
    case OPT_SPACE_VIVSO:
        return ROWS(vivso_rows);
    case OPT_SPACE_CABLELABS:
        return ROWS(cablelabs_rows);
    case OPT_SPACE_CCC:
        return ROWS(ccc_rows);
    case OPT_SPACE_NWIP:
        return ROWS(nwip_rows);
    case OPT_SPACE_ALLOC:
        return ROWS(alloc_rows);
    case OPT_SPACE_CIVIC:
        return ROWS(civic_rows);
    case OPT_SPACE_MOS_ADDR:
        return ROWS(mos_addr_rows);
    case OPT_SPACE_MOS_NAME:
        return ROWS(mos_name_rows);
    case OPT_SPACE_RADIUS:
        return ROWS(radius_rows);
    }
#undef ROWS
    assert(false && "an unknown option space");
    return (struct opt_rows){.rows = NULL, .n = 0};
}
