/* Options as they are checked, printed and turned into JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_proto.h"
#include "common/err.h"
#include "common/rng.h"

enum { VALUE_MAX = 4096, TEXT_MAX = 8192 };

/* A value as hexadecimal octets, and everything that it is turned into. JSON NULL: null. */
struct sample {
    enum opt_space space;
    uint8_t code;
    const char *hex;
    enum opt_defect defect;
    const char *text;
    const char *json;
};

#define DHCP  OPT_SPACE_DHCP
#define RELAY OPT_SPACE_RELAY

/* clang-format off */
static const struct sample samples[] = {
    /* pad, end, rapid commit: no value */
    {DHCP, 0, "", OPT_OK, "", "true"},
    {DHCP, 255, "", OPT_OK, "", "true"},
    {DHCP, 80, "", OPT_OK, "", "true"},
    {DHCP, 80, "01", OPT_TOO_LONG, "01", NULL},
    /* one address */
    {DHCP, 1, "ff ff ff 00", OPT_OK, "255.255.255.0", "\"255.255.255.0\""},
    {DHCP, 1, "ff ff ff", OPT_TOO_SHORT, "ff:ff:ff", NULL},
    {DHCP, 1, "ff ff ff 00 00", OPT_TOO_LONG, "ff:ff:ff:00:00", NULL},
    {DHCP, 54, "0a 00 00 01", OPT_OK, "10.0.0.1", "\"10.0.0.1\""},
    /* a list of addresses */
    {DHCP, 3, "0a 00 00 01", OPT_OK, "10.0.0.1", "[\"10.0.0.1\"]"},
    {DHCP, 6, "0a 00 00 01  0a 00 00 02", OPT_OK, "10.0.0.1, 10.0.0.2", "[\"10.0.0.1\",\"10.0.0.2\"]"},
    {DHCP, 3, "", OPT_TOO_SHORT, "(empty)", NULL},
    {DHCP, 3, "0a 00 00 01 0a", OPT_BAD_MULTIPLE, "0a:00:00:01:0a", NULL},
    /* RFC 2132 8.13: "The minimum length is 0 (indicating no home agents are available)" */
    {DHCP, 68, "", OPT_OK, "(none)", "[]"},
    /* pairs of addresses */
    {DHCP, 33, "0a 00 00 00  0a 01 01 01", OPT_OK, "10.0.0.0 10.1.1.1", "[[\"10.0.0.0\",\"10.1.1.1\"]]"},
    {DHCP, 33, "0a 00 00 00  0a 01 01 01  0a", OPT_BAD_MULTIPLE, "0a:00:00:00:0a:01:01:01:0a", NULL},
    /* flags */
    {DHCP, 19, "00", OPT_OK, "false", "false"},
    {DHCP, 19, "01", OPT_OK, "true", "true"},
    {DHCP, 19, "02", OPT_BAD_VALUE, "02", NULL},
    /* numbers, and their legal ranges: RFC 2132 4.5, 5.1, 9.10, 9.3 */
    {DHCP, 23, "40", OPT_OK, "64", "64"},
    {DHCP, 23, "00", OPT_BAD_VALUE, "00", NULL},
    {DHCP, 26, "05 dc", OPT_OK, "1500", "1500"},
    {DHCP, 26, "00 43", OPT_BAD_VALUE, "00:43", NULL},
    {DHCP, 57, "02 40", OPT_OK, "576", "576"},
    {DHCP, 57, "02 3f", OPT_BAD_VALUE, "02:3f", NULL},
    {DHCP, 25, "00 44 05 dc", OPT_OK, "68, 1500", "[68,1500]"},
    {DHCP, 46, "08", OPT_OK, "H-node (8)", "8"},
    {DHCP, 52, "01", OPT_OK, "file (1)", "1"},
    {DHCP, 52, "03", OPT_OK, "file and sname (3)", "3"},
    {DHCP, 52, "04", OPT_BAD_VALUE, "04", NULL},
    /* seconds, in the unit that a person reads */
    {DHCP, 51, "00 00 0e 10", OPT_OK, "3600 s (1 h)", "3600"},
    {DHCP, 51, "00 00 00 2d", OPT_OK, "45 s", "45"},
    {DHCP, 51, "ff ff ff ff", OPT_OK, "4294967295 s (infinite)", "4294967295"},
    {DHCP, 51, "00 0e 10", OPT_TOO_SHORT, "00:0e:10", NULL},
    {DHCP, 2, "ff ff f1 f0", OPT_OK, "-3600 s (-1 h)", "-3600"},
    {DHCP, 2, "00 00 1c 20", OPT_OK, "7200 s (2 h)", "7200"},
    {DHCP, 2, "80 00 00 00", OPT_OK, "-2147483648 s (-24855 d 3 h 14 min 8 s)", "-2147483648"},
    {DHCP, 152, "65 92 00 80", OPT_OK, "2024-01-01T00:00:00Z", "1704067200"},
    /* message types */
    {DHCP, 53, "01", OPT_OK, "DISCOVER", "\"DISCOVER\""},
    {DHCP, 53, "12", OPT_OK, "TLS", "\"TLS\""},
    {DHCP, 53, "00", OPT_BAD_VALUE, "00", NULL},
    {DHCP, 53, "13", OPT_BAD_VALUE, "13", NULL},
    {DHCP, 53, "01 01", OPT_TOO_LONG, "01:01", NULL},
    /* requested options; 84 is not assigned */
    {DHCP, 55, "01 03 54", OPT_OK, "subnet-mask (1), routers (3), 84", "[1,3,84]"},
    /* text: NULs at the end do not count, what a terminal would act on is escaped */
    {DHCP, 12, "68 31", OPT_OK, "h1", "\"h1\""},
    {DHCP, 12, "68 31 00 00", OPT_OK, "h1", "\"h1\""},
    {DHCP, 12, "", OPT_TOO_SHORT, "(empty)", NULL},
    {DHCP, 15, "61 1b 5b 32 4a 0a c3 a4", OPT_OK, "a\\x1b[2J\\x0a\\xc3\\xa4", "\"a\\\\x1b[2J\\\\x0a\\\\xc3\\\\xa4\""},
    {DHCP, 67, "62 5c 78", OPT_OK, "b\\\\x", "\"b\\\\\\\\x\""},
    /* opaque, and unassigned */
    {DHCP, 43, "01 04 ff", OPT_OK, "01:04:ff", "\"01:04:ff\""},
    {DHCP, 43, "50 58 45", OPT_OK, "\"PXE\"", "\"50:58:45\""},
    {DHCP, 84, "00 01", OPT_UNKNOWN, "00:01", NULL},
    {DHCP, 230, "61 62", OPT_UNKNOWN, "\"ab\"", NULL},
    {DHCP, 208, "f1 00 74 7e", OPT_OK, "f1:00:74:7e", "\"f1:00:74:7e\""},
    /* client identifiers: hardware 1; 0 and text; RFC 4361: 255, IAID, DUID */
    {DHCP, 61, "01 02 00 00 00 00 02", OPT_OK, "hardware 1 02:00:00:00:00:02",
     "{\"type\":1,\"id\":\"02:00:00:00:00:02\"}"},
    {DHCP, 61, "00 6c 61 62", OPT_OK, "identifier \"lab\"", "{\"type\":0,\"id\":\"6c:61:62\"}"},
    {DHCP, 61, "01", OPT_TOO_SHORT, "01", NULL},
    /*          255 IAID        LLT   Ethernet time (2024) address */
    {DHCP, 61, "ff 00 00 00 07  00 01 00 01 2d 24 bd 00  02 00 00 00 00 02", OPT_OK,
     "IAID 00000007 DUID-LLT hardware 1 time 2024-01-01T00:00:00Z 02:00:00:00:00:02",
     "{\"type\":255,\"id\":\"00:00:00:07:00:01:00:01:2d:24:bd:00:02:00:00:00:00:02\",\"iaid\":7,"
     "\"duid\":{\"type\":1,\"name\":\"LLT\",\"hardware\":1,\"time_s\":757382400,\"id\":\"02:00:00:00:00:02\"}}"},
    {DHCP, 61, "ff 00 00 00 07  00 02 00 00 00 09 01 02", OPT_OK, "IAID 00000007 DUID-EN enterprise 9 (Cisco) 01:02",
     "{\"type\":255,\"id\":\"00:00:00:07:00:02:00:00:00:09:01:02\",\"iaid\":7,"
     "\"duid\":{\"type\":2,\"name\":\"EN\",\"enterprise\":9,\"id\":\"01:02\"}}"},
    {DHCP, 61, "ff 00 00 00 07  00 03 00 01 02 00 00 00 00 02", OPT_OK,
     "IAID 00000007 DUID-LL hardware 1 02:00:00:00:00:02",
     "{\"type\":255,\"id\":\"00:00:00:07:00:03:00:01:02:00:00:00:00:02\",\"iaid\":7,"
     "\"duid\":{\"type\":3,\"name\":\"LL\",\"hardware\":1,\"id\":\"02:00:00:00:00:02\"}}"},
    {DHCP, 61, "ff 00 00 00 07  00 04 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f", OPT_OK,
     "IAID 00000007 DUID-UUID 00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
     "{\"type\":255,\"id\":\"00:00:00:07:00:04:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f\",\"iaid\":7,"
     "\"duid\":{\"type\":4,\"name\":\"UUID\",\"id\":\"00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f\"}}"},
    /* RFC 2132 9.14: identifiers "SHOULD be treated as opaque": a DUID that is too short is no defect */
    {DHCP, 61, "ff 00 00", OPT_OK, "hardware 255 00:00", "{\"type\":255,\"id\":\"00:00\"}"},
    /* domain search, RFC 3397: 3 eng 5 apple 3 com 0; 9 marketing and a pointer to offset 4 */
    {DHCP, 119, "03 65 6e 67 05 61 70 70 6c 65 03 63 6f 6d 00  09 6d 61 72 6b 65 74 69 6e 67 c0 04", OPT_OK,
     "eng.apple.com, marketing.apple.com", "[\"eng.apple.com\",\"marketing.apple.com\"]"},
    {DHCP, 119, "00", OPT_OK, ".", "[\".\"]"},
    {DHCP, 119, "02 61 2e 00", OPT_OK, "a\\x2e", "[\"a\\\\x2e\"]"},          /* a dot inside a label */
    {DHCP, 119, "03 65 6e", OPT_BAD_NAME, "03:65:6e", NULL},                 /* cut in a label */
    {DHCP, 119, "01 61", OPT_BAD_NAME, "01:61", NULL},                       /* no root */
    {DHCP, 119, "c0 00", OPT_BAD_NAME, "c0:00", NULL},                       /* to itself */
    {DHCP, 119, "01 61 c0 00", OPT_BAD_NAME, "01:61:c0:00", NULL},           /* to the own labels: a loop */
    {DHCP, 119, "c0 02 01 61 00", OPT_BAD_NAME, "c0:02:01:61:00", NULL},     /* forwards */
    {DHCP, 119, "01 61 00 c0", OPT_BAD_NAME, "01:61:00:c0", NULL},           /* half a pointer */
    {DHCP, 119, "40 61 00", OPT_BAD_NAME, "40:61:00", NULL},                 /* RFC 1035: 01 and 10 are reserved */
    {DHCP, 137, "01 61 02 64 65 00", OPT_OK, "a.de", "\"a.de\""},
    {DHCP, 137, "01 61 00 00", OPT_BAD_NAME, "01:61:00:00", NULL},           /* one name only */
    /* RFC 3442: 8, 10, router; 0, router; 25 has four significant octets; router 0.0.0.0 */
    {DHCP, 121, "08 0a  0a 01 01 01   00  0a 01 01 fe", OPT_OK, "10.0.0.0/8 via 10.1.1.1, default via 10.1.1.254",
     "[{\"destination\":\"10.0.0.0/8\",\"router\":\"10.1.1.1\"},"
     "{\"destination\":\"0.0.0.0/0\",\"router\":\"10.1.1.254\"}]"},
    {DHCP, 249, "19 0a 00 00 80  00 00 00 00", OPT_OK, "10.0.0.128/25 on-link",
     "[{\"destination\":\"10.0.0.128/25\",\"router\":\"0.0.0.0\"}]"},
    {DHCP, 121, "21 0a 00 00 00 00  0a 01 01 01", OPT_BAD_PREFIX, "21:0a:00:00:00:00:0a:01:01:01", NULL},
    {DHCP, 121, "08 0a  0a 01 01", OPT_CUT, "08:0a:0a:01:01", NULL},
    {DHCP, 121, "00 0a 01 01", OPT_TOO_SHORT, "00:0a:01:01", NULL},
    /* relay agent: 1 "eth0"; 2 a hardware address; 5 an address; 200 nobody knows */
    {DHCP, 82, "01 04 65 74 68 30  02 06 02 00 00 00 00 09  05 04 0a 00 00 00  c8 01 ff", OPT_OK,
     "circuit-id (1) \"eth0\"; remote-id (2) 02:00:00:00:00:09; link-selection (5) 10.0.0.0; 200 ff",
     "[{\"code\":1,\"name\":\"circuit-id\",\"value\":\"65:74:68:30\",\"hex\":\"65:74:68:30\"},"
     "{\"code\":2,\"name\":\"remote-id\",\"value\":\"02:00:00:00:00:09\",\"hex\":\"02:00:00:00:00:09\"},"
     "{\"code\":5,\"name\":\"link-selection\",\"value\":\"10.0.0.0\",\"hex\":\"0a:00:00:00\"},"
     "{\"code\":200,\"value\":null,\"hex\":\"ff\",\"defect\":\"unknown-option\"}]"},
    /* one bad sub-option does not spoil the others */
    {DHCP, 82, "05 02 0a 00  0a 01 80", OPT_OK,
     "link-selection (5) 0a:00 (malformed: shorter than its definition allows); relay-flags (10) unicast (128)",
     "[{\"code\":5,\"name\":\"link-selection\",\"value\":null,\"hex\":\"0a:00\",\"defect\":\"too-short\"},"
     "{\"code\":10,\"name\":\"relay-flags\",\"value\":128,\"hex\":\"80\"}]"},
    {DHCP, 82, "01 04 65 74", OPT_CUT, "01:04:65:74", NULL},
    {DHCP, 82, "01 00 02", OPT_CUT, "01:00:02", NULL},
    {DHCP, 82, "98 00", OPT_OK, "virtual-subnet-select-ctrl (152)",
     "[{\"code\":152,\"name\":\"virtual-subnet-select-ctrl\",\"value\":true,\"hex\":\"\"}]"},
    /* RADIUS attributes count their own two octets: 1, 5, "lab"; 27, 6, 60 */
    {RELAY, 7, "01 05 6c 61 62  1b 06 00 00 00 3c", OPT_OK, "user-name (1) lab; session-timeout (27) 60 s (1 min)",
     "[{\"code\":1,\"name\":\"user-name\",\"value\":\"lab\",\"hex\":\"6c:61:62\"},"
     "{\"code\":27,\"name\":\"session-timeout\",\"value\":60,\"hex\":\"00:00:00:3c\"}]"},
    {RELAY, 7, "01 01", OPT_CUT, "01:01", NULL},
    /* RFC 4243: the vendor's sub-options inside option 82 */
    {RELAY, 9, "00 00 00 09 03 01 01 07", OPT_OK, "enterprise 9 (Cisco): 1 07",
     "[{\"enterprise\":9,\"name\":\"Cisco\",\"options\":[{\"code\":1,\"value\":null,\"hex\":\"07\","
     "\"defect\":\"unknown-option\"}]}]"},
    {RELAY, 19, "00 43", OPT_OK, "67", "67"},
    /* 124: enterprise 3561, 3 octets "cpe"; enterprise 77, 1 octet */
    {DHCP, 124, "00 00 0d e9 03 63 70 65  00 00 00 4d 01 00", OPT_OK,
     "enterprise 3561 (Broadband Forum): \"cpe\"; enterprise 77: 00",
     "[{\"enterprise\":3561,\"name\":\"Broadband Forum\",\"data\":\"63:70:65\"},{\"enterprise\":77,\"data\":\"00\"}]"},
    {DHCP, 124, "00 00 0d e9 03 63 70", OPT_CUT, "00:00:0d:e9:03:63:70", NULL},
    /* 125: enterprise 3561, 8 octets: sub-option 1 "00D0", sub-option 3 "" (too short) */
    {DHCP, 125, "00 00 0d e9 08 01 04 30 30 44 30 03 00", OPT_OK,
     "enterprise 3561 (Broadband Forum): device-manufacturer-oui (1) 00D0; "
     "device-product-class (3) (empty) (malformed: shorter than its definition allows)",
     "[{\"enterprise\":3561,\"name\":\"Broadband Forum\",\"options\":["
     "{\"code\":1,\"name\":\"device-manufacturer-oui\",\"value\":\"00D0\",\"hex\":\"30:30:44:30\"},"
     "{\"code\":3,\"name\":\"device-product-class\",\"value\":null,\"hex\":\"\",\"defect\":\"too-short\"}]}]"},
    {DHCP, 125, "00 00 11 8b 06 02 04 0a 00 00 01", OPT_OK, "enterprise 4491 (CableLabs): tftp-servers (2) 10.0.0.1",
     "[{\"enterprise\":4491,\"name\":\"CableLabs\",\"options\":["
     "{\"code\":2,\"name\":\"tftp-servers\",\"value\":[\"10.0.0.1\"],\"hex\":\"0a:00:00:01\"}]}]"},
    {DHCP, 125, "00 00 0d e9 00", OPT_OK, "enterprise 3561 (Broadband Forum): (empty)",
     "[{\"enterprise\":3561,\"name\":\"Broadband Forum\",\"options\":[]}]"},
    {DHCP, 125, "00 00 0d e9 03 01 04 30", OPT_CUT, "00:00:0d:e9:03:01:04:30", NULL}, /* the inner one runs over */
    /* FQDN: flags, two rcodes, name. S and E: 2 h1 2 de 0; E: 2 h1 (partial); ASCII "h1.de" */
    {DHCP, 81, "05 00 00 02 68 31 02 64 65 00", OPT_OK, "h1.de. (flags S E)",
     "{\"s\":true,\"o\":false,\"e\":true,\"n\":false,\"rcode1\":0,\"rcode2\":0,\"name\":\"h1.de\"}"},
    {DHCP, 81, "04 00 00 02 68 31", OPT_OK, "h1 (flags E)",
     "{\"s\":false,\"o\":false,\"e\":true,\"n\":false,\"rcode1\":0,\"rcode2\":0,\"name\":\"h1\"}"},
    {DHCP, 81, "00 ff ff 68 31 2e 64 65", OPT_OK, "h1.de (flags none, rcodes 255 255)",
     "{\"s\":false,\"o\":false,\"e\":false,\"n\":false,\"rcode1\":255,\"rcode2\":255,\"name\":\"h1.de\"}"},
    {DHCP, 81, "04 00 00 03 68 31", OPT_BAD_NAME, "04:00:00:03:68:31", NULL},
    {DHCP, 81, "04 00 00 c0 00", OPT_BAD_NAME, "04:00:00:c0:00", NULL},      /* RFC 4702: no compression */
    {DHCP, 81, "04 00", OPT_TOO_SHORT, "04:00", NULL},
    /* SIP servers: 0 and names, 1 and addresses */
    {DHCP, 120, "01 0a 00 00 01", OPT_OK, "10.0.0.1", "[\"10.0.0.1\"]"},
    {DHCP, 120, "00 01 61 00", OPT_OK, "a", "[\"a\"]"},
    {DHCP, 120, "01 0a 00", OPT_BAD_MULTIPLE, "01:0a:00", NULL},
    {DHCP, 120, "02 0a", OPT_BAD_VALUE, "02:0a", NULL},
    {DHCP, 120, "00 05 61", OPT_BAD_NAME, "00:05:61", NULL},
    /* user class: 3 lab 2 x1; a text without lengths, as many clients send it */
    {DHCP, 77, "03 6c 61 62 02 78 31", OPT_OK, "\"lab\", \"x1\"", "[\"lab\",\"x1\"]"},
    {DHCP, 77, "69 50 58 45", OPT_CUT, "\"iPXE\"", NULL},
    {DHCP, 77, "01 61 00", OPT_TOO_SHORT, "01:61:00", NULL},
    /* SZTP: two octets of length and a URI */
    {DHCP, 143, "00 03 61 3a 62", OPT_OK, "\"a:b\"", "[\"a:b\"]"},
    {DHCP, 143, "00 04 61 3a 62", OPT_CUT, "00:04:61:3a:62", NULL},
    /* PCP: two servers, the first with two addresses */
    {DHCP, 158, "08 0a 00 00 01 0a 00 00 02  04 0a 00 00 03", OPT_OK, "10.0.0.1, 10.0.0.2; 10.0.0.3",
     "[[\"10.0.0.1\",\"10.0.0.2\"],[\"10.0.0.3\"]]"},
    {DHCP, 158, "05 0a 00 00 01 0a", OPT_BAD_MULTIPLE, "05:0a:00:00:01:0a", NULL},
    /* DNR: 19 octets: priority 1, name of 6 (1 a 2 de 0), 4 octets of addresses, "alpn=x"; ADN only */
    {DHCP, 162, "00 14 00 01 06 01 61 02 64 65 00 04 0a 00 00 01 61 6c 70 6e 3d 78", OPT_OK,
     "priority 1, a.de, addresses 10.0.0.1, parameters \"alpn=x\"",
     "[{\"priority\":1,\"name\":\"a.de\",\"addresses\":[\"10.0.0.1\"],\"parameters\":\"61:6c:70:6e:3d:78\"}]"},
    {DHCP, 162, "00 06 00 01 03 01 61 00", OPT_OK, "priority 1, a",
     "[{\"priority\":1,\"name\":\"a\",\"addresses\":[],\"parameters\":\"\"}]"},
    {DHCP, 162, "00 07 00 01 03 01 61 00", OPT_CUT, "00:07:00:01:03:01:61:00", NULL},
    {DHCP, 162, "00 06 00 01 03 02 61 00", OPT_BAD_NAME, "00:06:00:01:03:02:61:00", NULL},
    {DHCP, 162, "00 09 00 01 03 01 61 00 02 0a 00", OPT_BAD_MULTIPLE, "00:09:00:01:03:01:61:00:02:0a:00", NULL},
    /* RFC 6225: 52.5 N, 13.25 W (two's complement), altitude type 1, 34.5 m, datum 1 */
    {DHCP, 123, "00 69 00 00 00  03 e5 80 00 00  10 00 00 22 80 01", OPT_OK,
     "latitude 52.500000, longitude -13.250000, altitude 34.50 m, datum 1",
     "{\"latitude\":52.5,\"latitude_uncertainty\":0,\"longitude\":-13.25,\"longitude_uncertainty\":0,"
     "\"altitude\":34.5,\"altitude_type\":1,\"altitude_uncertainty\":0,\"datum\":1}"},
    {DHCP, 144, "00", OPT_TOO_SHORT, "00", NULL},
    /* records */
    {DHCP, 78, "01 0a 00 00 01", OPT_OK, "mandatory true, addresses 10.0.0.1",
     "{\"mandatory\":true,\"addresses\":[\"10.0.0.1\"]}"},
    {DHCP, 78, "02 0a 00 00 01", OPT_BAD_VALUE, "02:0a:00:00:01", NULL},
    {DHCP, 78, "01 0a 00 00", OPT_BAD_MULTIPLE, "01:0a:00:00", NULL},
    {DHCP, 94, "01 03 10", OPT_OK, "type UNDI (1), major 3, minor 16", "{\"type\":1,\"major\":3,\"minor\":16}"},
    {DHCP, 94, "01 03", OPT_TOO_SHORT, "01:03", NULL},
    {DHCP, 94, "01 03 10 00", OPT_TOO_LONG, "01:03:10:00", NULL},
    {DHCP, 93, "00 00 00 07", OPT_OK, "x86 BIOS (0), x64 UEFI (7)", "[0,7]"},
    {DHCP, 109, "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01", OPT_OK, "2001:db8::1", "\"2001:db8::1\""},
    {DHCP, 99, "02 44 45 03 02 61 62", OPT_OK, "what of the client (2), country DE, elements a3-city (3) ab",
     "{\"what\":2,\"country\":\"DE\",\"elements\":[{\"code\":3,\"name\":\"a3-city\",\"value\":\"ab\",\"hex\":\"61:62\"}]}"},
    {DHCP, 99, "02 44 45 03 03 61 62", OPT_CUT, "02:44:45:03:03:61:62", NULL},
    {DHCP, 212, "08 20 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 00 0a 00 00 01", OPT_OK,
     "ip4_mask_len 8, prefix_len 32, prefix 2001:db8::, relays 10.0.0.1",
     "{\"ip4_mask_len\":8,\"prefix_len\":32,\"prefix\":\"2001:db8::\",\"relays\":[\"10.0.0.1\"]}"},
    {DHCP, 90, "01 01 00 00 00 00 00 00 00 00 07", OPT_OK,
     "protocol delayed authentication (1), algorithm HMAC-MD5 (1), rdm monotonic counter (0), "
     "replay_detection 00:00:00:00:00:00:00:07, information (empty)",
     "{\"protocol\":1,\"algorithm\":1,\"rdm\":0,\"replay_detection\":\"00:00:00:00:00:00:00:07\",\"information\":\"\"}"},
    {DHCP, 151, "04 6e 6f", OPT_OK, "status NotAllowed (4), message no", "{\"status\":4,\"message\":\"no\"}"},
};

/* clang-format on */

enum { N_SAMPLES = sizeof samples / sizeof samples[0] };

/* The octets in memory of exactly their length, so that the sanitizer sees a read past the end. */
static uint8_t *octets_of(const char *hex, size_t *out_len)
{
    uint8_t buf[VALUE_MAX];
    const char *why;
    char packed[2 * VALUE_MAX + 1];
    size_t used = 0;
    for (const char *p = hex; *p != '\0'; p++)
        if (*p != ' ')
            packed[used++] = *p;
    packed[used] = '\0';
    int len = dhcp_opt_parse_hex(packed, buf, sizeof buf, &why);
    assert_true(len >= 0);
    uint8_t *exact = malloc((size_t)len);
    assert_true(exact != NULL || len == 0);
    if (len > 0)
        memcpy(exact, buf, (size_t)len);
    *out_len = (size_t)len;
    return exact;
}

static char *json_text(const struct opt_def *def, const uint8_t *data, size_t len)
{
    cJSON *json = dhcp_opt_json(def, data, len);
    assert_non_null(json);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    assert_non_null(text);
    return text;
}

/* ---- the samples ---- */

static void samples_are_checked_printed_and_turned_into_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct sample *s = &samples[i];
        const struct opt_def *def = dhcp_opt_find(s->space, s->code);
        size_t len;
        uint8_t *data = octets_of(s->hex, &len);
        char text[TEXT_MAX];
        print_message("option %u: %s\n", s->code, s->hex);
        assert_string_equal(opt_defect_token(dhcp_opt_check(def, data, len)), opt_defect_token(s->defect));
        assert_int_equal(dhcp_opt_format(def, data, len, text, sizeof text), strlen(s->text));
        assert_string_equal(text, s->text);
        char *json = json_text(def, data, len);
        assert_string_equal(json, s->json != NULL ? s->json : "null");
        cJSON_free(json);
        free(data);
    }
}

/* A code never changes its JSON type: what one sample gives, the others give too, or null. */
static void json_types_are_stable(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        for (size_t k = i + 1; k < N_SAMPLES; k++) {
            const char *a = samples[i].json, *b = samples[k].json;
            if (a == NULL || b == NULL || samples[i].space != samples[k].space ||
                samples[i].code != samples[k].code)
                continue;
            cJSON *x = cJSON_Parse(a), *y = cJSON_Parse(b);
            bool both_bool = cJSON_IsBool(x) && cJSON_IsBool(y);
            assert_true(both_bool || x->type == y->type);
            cJSON_Delete(x);
            cJSON_Delete(y);
        }
    }
}

static void use(const struct opt_def *def, const uint8_t *data, size_t len)
{
    char text[TEXT_MAX], cut[16];
    enum opt_defect defect = dhcp_opt_check(def, data, len);
    assert_non_null(opt_defect_text(defect));
    size_t used = dhcp_opt_format(def, data, len, text, sizeof text);
    assert_int_equal(used, strlen(text));
    for (size_t i = 0; i < used; i++)
        assert_true(text[i] >= ' ' && text[i] < 0x7f);
    size_t short_used = dhcp_opt_format(def, data, len, cut, sizeof cut);
    assert_int_equal(short_used, strlen(cut));
    if (used < sizeof cut)
        assert_string_equal(cut, text);
    else
        assert_string_equal(cut + sizeof cut - 4, "...");
    char *json = json_text(def, data, len);
    if (defect != OPT_OK)
        assert_string_equal(json, "null");
    cJSON_free(json);
}

static void every_shorter_prefix_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        size_t len;
        uint8_t *data = octets_of(samples[i].hex, &len);
        for (size_t n = 0; n <= len; n++) {
            uint8_t *exact = malloc(n == 0 ? 1 : n);
            assert_non_null(exact);
            if (n > 0)
                memcpy(exact, data, n);
            use(dhcp_opt_find(samples[i].space, samples[i].code), exact, n);
            free(exact);
        }
        free(data);
    }
}

/* Random octets, with small ones often so that inner lengths fit now and then. */
static void random_octets_are_safe_in_every_code(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 42, "test_dhcp_opt");
    for (int space = 0; space < OPT_SPACE_COUNT; space++) {
        for (int code = 0; code < 256; code++) {
            const struct opt_def *def = dhcp_opt_find((enum opt_space)space, (uint8_t)code);
            for (int round = 0; def != NULL && round < 60; round++) {
                size_t len = (size_t)rng_between(&rng, 0, 64);
                uint8_t *data = malloc(len == 0 ? 1 : len);
                assert_non_null(data);
                for (size_t i = 0; i < len; i++)
                    data[i] = (uint8_t)rng_between(&rng, 0, round % 3 == 0 ? 255 : 6);
                use(def, data, len);
                free(data);
            }
        }
    }
}

/* ---- domain names, RFC 1035 and RFC 3397 ---- */

/* RFC 1035 2.3.4: "names 255 octets or less". Three labels of 63 and one of 61 with their lengths and the
 * root are 3 * 64 + 62 + 1 = 255; one octet more is too many, also when a pointer brings it in. */
static void names_of_255_octets_are_the_longest(void **state)
{
    (void)state;
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, 119);
    uint8_t data[600];
    memset(data, 'a', sizeof data);
    data[0] = data[64] = data[128] = 63;
    data[192] = 61;
    data[254] = 0;
    assert_int_equal(dhcp_opt_check(def, data, 255), OPT_OK);
    char text[TEXT_MAX];
    assert_int_equal(dhcp_opt_format(def, data, 255, text, sizeof text), 253);
    data[192] = 62;
    data[255] = 0;
    assert_int_equal(dhcp_opt_check(def, data, 256), OPT_BAD_NAME);
    /* 255 octets at offset 0, then one label in front of them: 1 a, pointer to 0 */
    data[192] = 61;
    data[254] = 0;
    data[255] = 1;
    data[256] = 'a';
    data[257] = 0xc0;
    data[258] = 0;
    assert_int_equal(dhcp_opt_check(def, data, 259), OPT_BAD_NAME);
    /* the same to offset 64: 2 + 191 octets are fine */
    data[258] = 64;
    assert_int_equal(dhcp_opt_check(def, data, 259), OPT_OK);
}

/* A chain of pointers, each to the one before: as long as an option can make it, it ends. */
static void chains_of_pointers_end(void **state)
{
    (void)state;
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, 119);
    uint8_t data[VALUE_MAX] = {0};
    size_t len = 1; /* the root at offset 0 */
    for (size_t before = 0; len + 2 <= sizeof data; before = len, len += 2) {
        data[len] = (uint8_t)(0xc0 | before >> 8);
        data[len + 1] = (uint8_t)before;
    }
    assert_int_equal(dhcp_opt_check(def, data, len), OPT_OK);
    cJSON *json = dhcp_opt_json(def, data, len);
    assert_int_equal(cJSON_GetArraySize(json), (int)(len + 1) / 2);
    cJSON_Delete(json);
}

/* ---- text that does not fit ---- */

static void text_is_cut_with_dots(void **state)
{
    (void)state;
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, 15);
    const uint8_t data[] = "example.org";
    char buf[12];
    assert_int_equal(dhcp_opt_format(def, data, 11, buf, 12), 11);
    assert_string_equal(buf, "example.org");
    assert_int_equal(dhcp_opt_format(def, data, 11, buf, 11), 10);
    assert_string_equal(buf, "example...");
    assert_int_equal(dhcp_opt_format(def, data, 11, buf, 4), 3);
    assert_string_equal(buf, "...");
}

/* ---- message types ---- */

static void message_types_have_names(void **state)
{
    (void)state;
    assert_string_equal(dhcp_type_name(DHCP_BOOTP), "BOOTP");
    assert_string_equal(dhcp_type_name(DHCP_DISCOVER), "DISCOVER");
    assert_string_equal(dhcp_type_name(DHCP_TLS), "TLS");
    assert_null(dhcp_type_name(19));
    assert_null(dhcp_type_name(255));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_checked_printed_and_turned_into_json),
        cmocka_unit_test(json_types_are_stable),
        cmocka_unit_test(every_shorter_prefix_is_safe),
        cmocka_unit_test(random_octets_are_safe_in_every_code),
        cmocka_unit_test(names_of_255_octets_are_the_longest),
        cmocka_unit_test(chains_of_pointers_end),
        cmocka_unit_test(text_is_cut_with_dots),
        cmocka_unit_test(message_types_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
