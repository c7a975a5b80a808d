/* Client classes: who is in which, when each is looked at, and what follows from it: options, boot fields,
 * lease times, and subnets and pools that are only for members. */
#include "test_srv_world.h"

#include "common/dhcp_opt.h"
#include "server/srv_classify.h"

/* One subnet with the pool .10 - .12 and `more` in it; `classes` is the list, `global` more keys. */
static void start_with(const char *global, const char *classes, const char *more)
{
    char text[4096];
    snprintf(
        text, sizeof text,
        "{ \"Dhcp4\": { \"valid-lifetime\": 3600, %s \"client-classes\": [ %s ], \"subnet4\": [ { \"id\": 1,"
        " \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] %s } ] } }",
        global, classes, more);
    start(text);
}

#define GOLD                                                                                                 \
    "{ \"name\": \"gold\", \"test\": \"option[12].text == 'gold'\","                                         \
    "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"gold\" } ] }"
#define SILVER                                                                                               \
    "{ \"name\": \"silver\", \"test\": \"substring(option[12].text, 0, 6) == 'silver'\","                    \
    "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"silver\" },"                              \
    "                     { \"name\": \"time-servers\", \"data\": \"10.0.0.4\", \"always-send\": true } ] }"

/* A DISCOVER with a host name, which the classes of these tests go by. */
static void discover_as(char client, const char *hostname)
{
    msg(client, DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, hostname);
    send_to(IP4_BROADCAST);
}

static void request_as(char client, const char *hostname, ip4 addr)
{
    msg(client, DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, addr);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, hostname);
    send_to(IP4_BROADCAST);
}

/* What was recorded with the reason; "" if nothing was. */
static const char *recorded(enum reason reason)
{
    for (const struct srv_action *a = actions.first; a != NULL; a = a->next)
        if (a->kind == SRV_TRACE && a->trace.reason == reason)
            return a->trace.facts.text;
    return "";
}

static unsigned count_recorded(enum reason reason)
{
    unsigned n = 0;
    for (unsigned i = 0; i < seen.n_reasons; i++)
        n += seen.reasons[i] == reason;
    return n;
}

static void expect_text(uint8_t code, const char *text)
{
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, code);
    if (text == NULL) {
        assert_null(option);
        return;
    }
    assert_non_null(option);
    assert_int_equal(option->len, strlen(text));
    assert_memory_equal(option->data, text, option->len);
}

static uint32_t lease_time(void)
{
    uint32_t lease_s = 0;
    dhcp_get_u32(&seen.msg, DHCP_OPT_LEASE_TIME, &lease_s);
    return lease_s;
}

/* ---- who is in which class ---- */

/* Every transaction says it in one line, whatever becomes of it. */
static void the_record_names_the_classes(void **state)
{
    (void)state;
    start_with("", GOLD ", " SILVER, "");
    discover_as('a', "gold");
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, gold, UNKNOWN");
    assert_int_equal(count_recorded(REASON_CLASSES), 1);
    discover_as('b', "other");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    request_as('a', "gold", IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, gold, UNKNOWN");
    release('a', IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
    assert_int_equal(count_recorded(REASON_CLASSES), 1);
    dhcp_put_ip4(msg('a', DHCP_DECLINE), DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 10));
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
    msg('a', DHCP_DISCOVER)->giaddr = IP(192, 0, 2, 1);
    send_from(IP(192, 0, 2, 1), DHCP_PORT_SERVER, SERVER);
    expect_silence(REASON_NO_SUBNET);
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
}

/* Option 60 makes a class, without the NULs at its end (RFC 2132 2); what is not printable is escaped. */
static void vendor_class(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"VENDOR_CLASS_PXE\", \"next-server\": \"10.0.0.2\" },"
               "{ \"name\": \"both\", \"test\": \"member('VENDOR_CLASS_PXE') and member('ALL')\" }",
               "");
    dhcp_put_bytes(msg('a', DHCP_DISCOVER), DHCP_OPT_VENDOR_CLASS, "PXE\0", 4);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, VENDOR_CLASS_PXE, both, UNKNOWN");
    assert_int_equal(seen.msg.siaddr, IP(10, 0, 0, 2));
    dhcp_put_bytes(msg('b', DHCP_DISCOVER), DHCP_OPT_VENDOR_CLASS, "a\nb", 3);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, VENDOR_CLASS_a\\x0ab, UNKNOWN");
    assert_int_equal(seen.msg.siaddr, 0);
    dhcp_put_bytes(msg('c', DHCP_DISCOVER), DHCP_OPT_VENDOR_CLASS, "\0", 1);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
}

/* In the order of the file; a class may build on those before it. */
static void order_and_dependence(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"a\", \"test\": \"option[12].exists\" },"
               "{ \"name\": \"b\", \"test\": \"member('a') and not member('UNKNOWN')\" },"
               "{ \"name\": \"c\", \"test\": \"member('a')\" },"
               "{ \"name\": \"d\", \"test\": \"unknown and member('c')\" },"
               "{ \"name\": \"e\", \"test\": \"member('d')\" },"
               "{ \"name\": \"nobody\" }",
               "");
    discover_as('a', "x");
    /* b, d and e speak of reservations: they come when it is known that there is none */
    assert_string_equal(recorded(REASON_CLASSES), "ALL, a, c, UNKNOWN, d, e");
}

/* A template spawns a class that is named after the value; the spawned one comes first. */
static void templates(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"SPAWN_room_12\", \"option-data\": [ { \"name\": \"domain-name\", \"data\": "
               "\"twelve\" } ] },"
               "{ \"name\": \"room\", \"template-test\": \"substring(option[12].hex, 4, 2)\","
               "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"room\" } ] },"
               "{ \"name\": \"after\", \"test\": \"member('SPAWN_room_12') and member('room')\" }",
               "");
    discover_as('a', "room12");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, SPAWN_room_12, room, after, UNKNOWN");
    expect_text(DHCP_OPT_DOMAIN_NAME, "twelve");
    discover_as('b', "room34");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, SPAWN_room_34, room, UNKNOWN");
    expect_text(DHCP_OPT_DOMAIN_NAME, "room");
    discover_as('c', "hall"); /* an empty value spawns nothing */
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
}

/* What cannot be evaluated makes nobody a member, and is told. */
static void failed_expressions(void **state)
{
    (void)state;
    start_with("", "{ \"name\": \"bad\", \"test\": \"int8totext(option[12].hex) == '1'\" }", "");
    discover_as('a', "xy");
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASS_FAILED), "bad: int8totext and uint8totext need 1 octet");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    discover_as('a', "1");
    assert_false(decided(REASON_CLASS_FAILED));
}

/* Every name is in the bit set and the list: as many as there can be. */
static void as_many_classes_as_there_can_be(void **state)
{
    enum { N = SRV_CLASS_NAMES_MAX - SRV_CLASS_BUILT_IN, SIZE = 65536 };
    static char classes[SIZE], text[SIZE + 256], error[JCFG_TEXT_MAX];
    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        char *at = classes;
        for (int i = 0; i < N + extra; i++)
            at += sprintf(at, "%s{\"name\":\"c%d\",\"test\":\"option[12].exists\"}", i == 0 ? "" : ",", i);
        snprintf(text, sizeof text,
                 "{\"Dhcp4\":{\"client-classes\":[%s],\"subnet4\":[{\"id\":1,\"subnet\":\"10.0.0.0/24\","
                 "\"pools\":[{\"pool\":\"10.0.0.10-10.0.0.12\"}]}]}}",
                 classes);
        struct srv_config *c = NULL;
        error[0] = '\0';
        srv_config_parse("server.json", text, strlen(text), NULL, NULL, error, &c);
        srv_config_free(c);
        if (extra == 0) {
            assert_string_equal(error, "");
            start(text);
            discover_as('a', "x");
            expect_offer(IP(10, 0, 0, 10));
            assert_string_equal(recorded(REASON_CLASSES) + strlen(recorded(REASON_CLASSES)) - 3, "...");
            stop(NULL);
        }
    }
    assert_non_null(strstr(error, "more than 1024 names of classes"));
}

/* A reservation makes its client KNOWN, and puts it into the classes that it names, defined or not. */
static void reservations_make_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ { \"name\": \"regular\", \"test\": \"known\" },"
          "  { \"name\": \"vip\", \"boot-file-name\": \"vip.img\", \"server-hostname\": \"vip\" },"
          "  { \"name\": \"both\", \"test\": \"member('regular') and member('vip')\" } ], \"subnet4\": [ {"
          "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"reservations\": [ {"
          "    \"hw-address\": \"02:00:00:00:00:0a\", \"client-classes\": [ \"vip\", \"seen\" ],"
          "    \"boot-file-name\": \"own.img\" } ],"
          "  \"pools\": [ { \"pool\": \"10.0.0.10/32\", \"client-class\": \"seen\" },"
          "               { \"pool\": \"10.0.0.11/32\", \"client-class\": \"UNKNOWN\" } ] } ] } }");
    discover('b', 0);
    expect_offer(IP(10, 0, 0, 11));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES), "ALL, vip, seen, KNOWN, regular, both");
    /* the reservation is narrower than its class */
    assert_string_equal((const char *)seen.msg.file, "own.img");
    assert_string_equal((const char *)seen.msg.sname, "vip");
}

/* Who sends no DHCP is in BOOTP. */
static void bootp_clients(void **state)
{
    (void)state;
    start_with("\"hooks-libraries\": [ { \"library\": \"libdhcp_bootp.so\" } ],",
               "{ \"name\": \"BOOTP\", \"boot-file-name\": \"bootp.img\" },"
               "{ \"name\": \"modern\", \"test\": \"not member('BOOTP')\" }",
               "");
    struct dhcp_msg dhcp = *msg('a', DHCP_DISCOVER);
    dhcp_msg_init(&request, DHCP_BOOTREQUEST); /* without option 53 */
    request.htype = dhcp.htype;
    request.hlen = dhcp.hlen;
    request.xid = dhcp.xid;
    memcpy(request.chaddr, dhcp.chaddr, sizeof request.chaddr);
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, BOOTP, UNKNOWN");
    assert_string_equal((const char *)seen.msg.file, "bootp.img");
    discover('b', 0);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, modern, UNKNOWN");
}

/* ---- DROP ---- */

static void members_of_drop_get_no_answer(void **state)
{
    (void)state;
    start_with("", "{ \"name\": \"DROP\", \"test\": \"option[12].text == 'rogue'\" }", "");
    discover_as('a', "rogue");
    expect_silence(REASON_CLASS_DROP);
    assert_int_equal(seen.n_drops, 1);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, DROP");
    assert_int_equal(srv_engine_counters(engine)->dropped, 1);
    discover_as('b', "good");
    expect_offer(IP(10, 0, 0, 10));
}

/* Since Kea 1.9.8 DROP may speak of KNOWN: it is looked at again when that is known. */
static void drop_of_the_unknown(void **state)
{
    (void)state;
    start_with("", "{ \"name\": \"DROP\", \"test\": \"unknown\" }", "");
    discover_as('a', "x");
    expect_silence(REASON_CLASS_DROP);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN, DROP");
    assert_int_equal(count_recorded(REASON_CLASSES), 1);
}

/* ---- what members get ---- */

/* Classes stand between the shared network and the global scope; of several the first one counts. */
static void options_of_classes(void **state)
{
    (void)state;
    start_with("\"option-data\": [ { \"name\": \"domain-name\", \"data\": \"global\" } ],", SILVER ", " GOLD,
               "");
    discover_as('a', "gold");
    expect_text(DHCP_OPT_DOMAIN_NAME, "gold");
    assert_false(dhcp_msg_has(&seen.msg, 4));
    discover_as('b', "silver");
    expect_text(DHCP_OPT_DOMAIN_NAME, "silver");
    assert_true(dhcp_msg_has(&seen.msg, 4)); /* always-send */
    discover_as('c', "iron");
    expect_text(DHCP_OPT_DOMAIN_NAME, "global");
}

static void the_subnet_is_narrower_than_a_class(void **state)
{
    (void)state;
    start_with("", GOLD, ", \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"subnet\" } ]");
    discover_as('a', "gold");
    expect_text(DHCP_OPT_DOMAIN_NAME, "subnet");
}

/* Kea: lease times and boot fields of a class override those of the subnet, unlike options. */
static void times_and_boot_fields_of_a_class_win(void **state)
{
    (void)state;
    start_with(
        "",
        "{ \"name\": \"a\", \"test\": \"option[12].exists\", \"boot-file-name\": \"a.img\" },"
        "{ \"name\": \"b\", \"test\": \"option[12].exists\", \"boot-file-name\": \"b.img\","
        "  \"next-server\": \"10.0.0.2\", \"server-hostname\": \"b\", \"valid-lifetime\": 100,"
        "  \"min-valid-lifetime\": 50, \"max-valid-lifetime\": 200 },"
        "{ \"name\": \"c\", \"test\": \"option[12].exists\", \"valid-lifetime\": 7 }",
        ", \"boot-file-name\": \"subnet.img\", \"valid-lifetime\": 1000, \"max-valid-lifetime\": 2000");
    discover_as('a', "x");
    assert_string_equal((const char *)seen.msg.file, "a.img");
    assert_string_equal((const char *)seen.msg.sname, "b");
    assert_int_equal(seen.msg.siaddr, IP(10, 0, 0, 2));
    assert_int_equal(lease_time(), 100);
    msg('a', DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, "x");
    dhcp_put_u32(&request, DHCP_OPT_LEASE_TIME, 1500);
    send_to(IP4_BROADCAST);
    assert_int_equal(lease_time(), 200);
    discover('b', 0);
    assert_string_equal((const char *)seen.msg.file, "subnet.img");
    assert_int_equal(lease_time(), 1000);
}

/* Kea: a part of the triplet is enough; what is missing follows from what is there. */
static void a_part_of_the_lease_times(void **state)
{
    (void)state;
    start_with("",
               "{ \"name\": \"low\", \"test\": \"option[12].text == 'low'\", \"min-valid-lifetime\": 50 },"
               "{ \"name\": \"high\", \"test\": \"option[12].text == 'high'\", \"max-valid-lifetime\": 60 }",
               "");
    discover_as('a', "low");
    assert_int_equal(lease_time(), 50);
    discover_as('a', "high");
    assert_int_equal(lease_time(), 60);
}

/* Kea: an option that is only for members is, for all others, as if it were not there. */
static void options_only_for_members(void **state)
{
    (void)state;
    start_with("\"option-data\": [ { \"name\": \"domain-name\", \"data\": \"global\" } ],", GOLD ", " SILVER,
               ", \"option-data\": ["
               "  { \"name\": \"domain-name\", \"data\": \"for-gold\", \"client-classes\": [ \"gold\" ] },"
               "  { \"name\": \"domain-name\", \"data\": \"for-both\", \"client-classes\": [ \"gold\", "
               "\"silver\" ] },"
               "  { \"name\": \"tftp-server-name\", \"data\": \"t\", \"always-send\": true, "
               "\"client-classes\": [ \"gold\" ] } ]");
    discover_as('a', "gold");
    expect_text(DHCP_OPT_DOMAIN_NAME, "for-gold");
    expect_text(66, "t");
    discover_as('b', "silver");
    expect_text(DHCP_OPT_DOMAIN_NAME, "for-both");
    expect_text(66, NULL);
    discover_as('c', "iron");
    expect_text(DHCP_OPT_DOMAIN_NAME, "global");
    expect_text(66, NULL);
}

/* Clients "g", "s" and "gs" are in these. */
#define EITHER                                                                                               \
    "{ \"name\": \"gold\", \"test\": \"option[12].text == 'g' or option[12].text == 'gs'\" },"               \
    "{ \"name\": \"silver\", \"test\": \"option[12].text == 's' or option[12].text == 'gs'\" }"
#define SUB(space, code, data) "{ \"space\": \"" space "\", \"code\": " code ", \"data\": \"" data "\""
#define FOR(class)             ", \"client-classes\": [ \"" class "\" ] }"

static void expect_octets(const char *name, uint8_t code, const char *octets, size_t len)
{
    discover_as('a', name);
    expect_offer(IP(10, 0, 0, 10));
    const struct dhcp_option *option = dhcp_msg_find(&seen.msg, code);
    if (octets == NULL) {
        assert_null(option);
        return;
    }
    assert_non_null(option);
    assert_int_equal(option->len, len);
    assert_memory_equal(option->data, octets, len);
}

/* The same for sub-options: what contains them has those that are for the client. */
static void suboptions_only_for_members(void **state)
{
    (void)state;
    start_with("", EITHER,
               ", \"option-data\": [ { \"code\": 43, \"always-send\": true }," SUB(
                   "vendor-encapsulated-options-space", "1", "aa")
                   FOR("gold") "," SUB("vendor-encapsulated-options-space", "2", "bb")
                       FOR("silver") "," SUB("vendor-encapsulated-options-space", "1", "cc") " } ]");
    expect_octets("iron", 43, "\1\1\xcc", 3);
    expect_octets("g", 43, "\1\1\xaa", 3);
    expect_octets("s", 43, "\2\1\xbb\1\1\xcc", 6);
    expect_octets("gs", 43, "\1\1\xaa\2\1\xbb", 6);
}

/* RFC 3925: enterprise 9 has one for all, enterprise 7 only for members; without any the option is not there.
 */
static void enterprises_only_for_members(void **state)
{
    (void)state;
    start_with("", EITHER,
               ", \"option-data\": [" SUB("vendor-9", "1", "aa") ", \"always-send\": true }," SUB(
                   "vendor-7", "2", "bb") FOR("gold") " ]");
    expect_octets("iron", 125, "\0\0\0\x09\3\1\1\xaa", 8);
    expect_octets("gs", 125, "\0\0\0\x09\3\1\1\xaa\0\0\0\x07\3\2\1\xbb", 16);
    stop(state);
    start_with("", EITHER,
               ", \"option-data\": [" SUB("vendor-7", "2", "bb") ", \"always-send\": true" FOR("gold") " ]");
    expect_octets("iron", 125, NULL, 0);
    expect_octets("g", 125, "\0\0\0\x07\3\2\1\xbb", 8);
}

/* ---- additional lists ---- */

/* Pool before subnet, each in the order of its list; what has no condition takes everybody. They come after
 * the address is chosen: too late for lease times and boot fields. */
static void additional_classes(void **state)
{
    (void)state;
    start(
        "{ \"Dhcp4\": { \"client-classes\": ["
        "  { \"name\": \"late\", \"only-in-additional-list\": true, \"test\": \"option[12].exists\","
        "    \"valid-lifetime\": 5, \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"late\" } ] },"
        "  { \"name\": \"old\", \"only-if-required\": true, \"test\": \"member('late')\" },"
        "  { \"name\": \"all\", \"only-in-additional-list\": true },"
        "  { \"name\": \"never\", \"only-in-additional-list\": true, \"test\": \"option[12].exists\" } ],"
        "\"valid-lifetime\": 3600, \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        "  \"require-client-classes\": [ \"old\", \"all\" ],"
        "  \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\","
        "                 \"evaluate-additional-classes\": [ \"late\" ] } ] } ] } }");
    discover_as('a', "x");
    assert_string_equal(recorded(REASON_CLASSES), "ALL, UNKNOWN");
    assert_string_equal(recorded(REASON_CLASSES_ADDITIONAL), "late, old, all");
    expect_text(DHCP_OPT_DOMAIN_NAME, "late");
    assert_int_equal(lease_time(), 3600);
    discover('b', 0);
    assert_string_equal(recorded(REASON_CLASSES_ADDITIONAL), "all");
    expect_text(DHCP_OPT_DOMAIN_NAME, NULL);
}

/* ---- subnets and pools only for members ---- */

#define NAMED(name) "{ \"name\": \"" name "\", \"test\": \"option[12].text == '" name "'\" }"

static void pools_only_for_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED("gold") ", " NAMED(
        "iron") " ], \"subnet4\": [ {"
                "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
                "    { \"pool\": \"10.0.0.10 - 10.0.0.11\", \"client-class\": \"gold\" },"
                "    { \"pool\": \"10.0.0.20 - 10.0.0.21\", \"client-classes\": [ \"iron\", \"gold\" ] } ] } "
                "] } }");
    discover_as('a', "iron");
    expect_offer(IP(10, 0, 0, 20));
    assert_int_equal(count_recorded(REASON_POOL_CLASS), 1);
    discover_as('b', "gold");
    expect_offer(IP(10, 0, 0, 10));
    assert_false(decided(REASON_POOL_CLASS));
    discover_as('c', "tin");
    expect_silence(REASON_POOL_EMPTY);
    assert_int_equal(count_recorded(REASON_POOL_CLASS), 2);
    /* to ask for it does not help */
    msg('d', DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, "iron");
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, IP(10, 0, 0, 11));
    send_to(IP4_BROADCAST);
    expect_offer(IP(10, 0, 0, 21));
    assert_true(decided(REASON_ADDR_CLASS));
    request_as('e', "tin", IP(10, 0, 0, 11));
    expect_nak(REASON_NAK_CLASS);
}

/* offer-lifetime: of a class before that of the subnet, before that of the top; 0 is offer-hold-time. */
static void an_offer_waits_as_long_as_the_class_or_the_scope_says(void **state)
{
    static const struct {
        const char *global, *class, *subnet;
        time_ms end_s;
    } rows[] = {
        {"", "", "", 60},
        {"\"offer-hold-time\": 9,", "", "", 9},
        {"\"offer-hold-time\": 9, \"offer-lifetime\": 20,", "", "", 20},
        {"\"offer-lifetime\": 20,", "", "\"offer-lifetime\": 30,", 30},
        {"\"offer-lifetime\": 20,", ", \"offer-lifetime\": 40", "\"offer-lifetime\": 30,", 40},
        {"\"offer-lifetime\": 20,", ", \"valid-lifetime\": 500", "", 20},
        {"\"offer-hold-time\": 9, \"offer-lifetime\": 20,", "", "\"offer-lifetime\": 0,", 9},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        snprintf(
            text, sizeof text,
            "{ \"Dhcp4\": { %s \"client-classes\": [ { \"name\": \"all\", \"test\": \"member('ALL')\"%s } ],"
            "  \"subnet4\": [ { \"id\": 1, %s \"subnet\": \"10.0.0.0/24\","
            "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.10\" } ] } ] } }",
            rows[i].global, rows[i].class, rows[i].subnet);
        start(text);
        discover('a', 0);
        expect_offer(IP(10, 0, 0, 10));
        at(rows[i].end_s * S - 1);
        discover('b', 0);
        expect_silence(REASON_POOL_EMPTY);
        at(rows[i].end_s * S);
        assert_true(decided(REASON_OFFER_EXPIRED));
        discover('b', 0);
        expect_offer(IP(10, 0, 0, 10));
        stop(state);
    }
}

/* Who has left the class loses the address at the next occasion, and is offered another one. */
static void who_leaves_the_class_leaves_the_pool(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED(
        "gold") " ], \"subnet4\": [ {"
                "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
                "    { \"pool\": \"10.0.0.10 - 10.0.0.11\", \"client-class\": \"gold\" },"
                "    { \"pool\": \"10.0.0.20 - 10.0.0.21\" } ] } ] } }");
    discover_as('a', "gold");
    request_as('a', "gold", IP(10, 0, 0, 10));
    expect_ack(IP(10, 0, 0, 10));
    renew('a', IP(10, 0, 0, 10));
    expect_nak(REASON_NAK_CLASS);
    discover('a', 0);
    expect_offer(IP(10, 0, 0, 20));
    assert_true(decided(REASON_ADDR_CLASS));
    discover_as('a', "gold");
    expect_offer(IP(10, 0, 0, 10));
}

/* Addresses that are free again are given by age, those of closed pools left for their clients. */
static void old_addresses_of_closed_pools_wait(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"valid-lifetime\": 100, \"client-classes\": [ " NAMED(
        "gold") " ], \"subnet4\": [ {"
                "  \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": ["
                "    { \"pool\": \"10.0.0.10/32\", \"client-class\": \"gold\" },"
                "    { \"pool\": \"10.0.0.20 - 10.0.0.21\" } ] } ] } }");
    discover_as('a', "gold");
    request_as('a', "gold", IP(10, 0, 0, 10));
    at(1 * S);
    bind('b', IP(10, 0, 0, 21));
    at(2 * S);
    bind('c', IP(10, 0, 0, 20));
    at(500 * S); /* all have expired, gold's first */
    discover('d', 0);
    expect_offer(IP(10, 0, 0, 21));
    assert_true(decided(REASON_ADDR_RECLAIMED));
    discover('e', 0);
    expect_offer(IP(10, 0, 0, 20));
    discover('f', 0);
    expect_silence(REASON_POOL_EMPTY);
    discover_as('g', "gold");
    expect_offer(IP(10, 0, 0, 10));
}

static void subnets_only_for_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED("gold") ", " NAMED(
        "iron") " ], \"subnet4\": ["
                "  { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"client-class\": \"gold\", \"interface\": "
                "\"eth0\","
                "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.11\" } ] },"
                "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"client-class\": \"iron\", \"interface\": "
                "\"eth0\","
                "    \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.11\" } ] } ] } }");
    discover_as('a', "iron");
    expect_offer(IP(10, 0, 2, 10));
    discover_as('b', "gold");
    expect_offer(IP(10, 0, 0, 10));
    discover_as('c', "tin");
    expect_silence(REASON_SUBNET_CLASS);
    assert_int_equal(seen.n_drops, 1);
    assert_string_equal(recorded(REASON_CLASSES), "ALL");
    /* RFC 2131 4.3.2: a renewal is of the subnet of ciaddr */
    msg('b', DHCP_REQUEST)->ciaddr = IP(10, 0, 0, 10);
    send_to(SERVER);
    expect_silence(REASON_SUBNET_CLASS);
}

static void shared_networks_only_for_members(void **state)
{
    (void)state;
    start("{ \"Dhcp4\": { \"client-classes\": [ " NAMED("gold") ", " NAMED(
        "iron") ","
                "  { \"name\": \"ours\", \"test\": \"member('gold') or member('iron')\" },"
                "  { \"name\": \"net\", \"only-in-additional-list\": true } ],"
                "  \"shared-networks\": [ { \"name\": \"floor\", \"client-class\": \"ours\", \"interface\": "
                "\"eth0\","
                "  \"evaluate-additional-classes\": [ \"net\" ], \"subnet4\": ["
                "  { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - "
                "10.0.0.10\" } ] },"
                "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"client-class\": \"iron\","
                "    \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.11\" } ] } ] } ] } }");
    discover_as('a', "tin");
    expect_silence(REASON_SUBNET_CLASS);
    discover_as('a', "iron");
    expect_offer(IP(10, 0, 0, 10));
    assert_string_equal(recorded(REASON_CLASSES_ADDITIONAL), "net");
    discover_as('b', "iron");
    expect_offer(IP(10, 0, 2, 10));
    discover_as('c', "gold"); /* 10.0.2.0/24 is not for gold */
    expect_silence(REASON_NETWORK_EMPTY);
    assert_true(decided(REASON_POOL_CLASS));
}

/* ---- options of the configuration's own ---- */

/* option-def of the whole server counts in expressions; that of a class for the class's options. */
static void own_options(void **state)
{
    (void)state;
    start_with("\"option-def\": [ { \"name\": \"room\", \"code\": 230, \"type\": \"string\" } ],",
               "{ \"name\": \"attic\", \"test\": \"option[room].text == 'attic'\","
               "  \"option-def\": [ { \"name\": \"floor\", \"code\": 231, \"type\": \"uint16\" } ],"
               "  \"option-data\": [ { \"name\": \"floor\", \"data\": \"7\", \"always-send\": true } ] }",
               "");
    dhcp_put_text(msg('a', DHCP_DISCOVER), 230, "attic");
    send_to(IP4_BROADCAST);
    assert_string_equal(recorded(REASON_CLASSES), "ALL, attic, UNKNOWN");
    assert_int_equal(dhcp_msg_find(&seen.msg, 231)->len, 2);
    assert_memory_equal(dhcp_msg_find(&seen.msg, 231)->data, "\0\7", 2);
}

/* ---- mistakes in the configuration ---- */

static char warnings[2048];

static void keep_warning(void *user, const char *text)
{
    (void)user;
    strncat(warnings, text, sizeof warnings - strlen(warnings) - 1);
}

static void mistakes(void **state)
{
    static const struct {
        const char *classes, *error;
    } rows[] = {
        {"{ }", ":1:34: at $.Dhcp4.client-classes[0]: "},
        {"{ \"name\": \"a\", \"option-data\": [ { \"space\": \"vendor-9\", \"code\": 1, \"data\": \"aa\", "
         "\"client-classes\": [ \"c1\" ] }, { \"space\": \"vendor-9\", \"code\": 2, \"data\": \"aa\", "
         "\"client-classes\": [ \"c2\" ] }, { \"space\": \"vendor-9\", \"code\": 3, \"data\": \"aa\", "
         "\"client-classes\": [ \"c3\" ] }, { \"space\": \"vendor-9\", \"code\": 4, \"data\": \"aa\", "
         "\"client-classes\": [ \"c4\" ] }, { \"space\": \"vendor-9\", \"code\": 5, \"data\": \"aa\", "
         "\"client-classes\": [ \"c5\" ] } ] }",
         "option-data[4].client-classes: the sub-options of one list ask for more than 4 different lists of "
         "classes"},
        {"{ \"name\": \"\" }", "expected a name of 1 to 127 octets"},
        {"{ \"name\": \"a\", \"test\": \"option[12].text = 'x'\" }",
         ":1:57: at $.Dhcp4.client-classes[0].test: column 17 of the expression: expected \"==\" after a "
         "value,"},
        {"{ \"name\": \"a\", \"test\": \"member('b')\" }, { \"name\": \"b\" }",
         "column 8 of the expression: the class \"b\" is not defined before this one"},
        {"{ \"name\": \"a\", \"test\": \"member('a')\" }", "the class \"a\" is not defined before this one"},
        {"{ \"name\": \"b\", \"only-in-additional-list\": true }, { \"name\": \"a\", \"test\": "
         "\"member('b')\" }",
         "the class \"b\" is not defined before this one"},
        {"{ \"name\": \"a\", \"test\": \"known\", \"template-test\": \"'x'\" }",
         "test or template-test, not both"},
        {"{ \"name\": \"a\", \"template-test\": \"known\" }", "expected a value, found a condition"},
        {"{ \"name\": \"a\" }, { \"name\": \"a\" }", "the class \"a\" is there already"},
        {"{ \"name\": \"KNOWN\", \"test\": \"option[12].exists\" }",
         "KNOWN is a built-in class: it has no expression"},
        {"{ \"name\": \"DROP\", \"only-if-required\": true }", "DROP is a built-in class"},
        {"{ \"name\": \"a\", \"min-valid-lifetime\": 9, \"valid-lifetime\": 8 }", "do not ascend"},
        {"{ \"name\": \"a\", \"tests\": \"x\" }", "tests"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024], error[JCFG_TEXT_MAX] = "";
        struct srv_config *c = NULL;
        snprintf(text, sizeof text, "{ \"Dhcp4\": { \"client-classes\": [ %s ] } }", rows[i].classes);
        assert_int_equal(srv_config_parse("s.json", text, strlen(text), NULL, NULL, error, &c), ERR_CONFIG);
        if (strstr(error, rows[i].error) == NULL)
            fail_msg("%s: %s", rows[i].classes, error);
    }
}

static void parse_with_warnings(const char *text)
{
    char error[JCFG_TEXT_MAX] = "";
    struct srv_config *c = NULL;
    warnings[0] = '\0';
    srv_config_parse("s.json", text, strlen(text), keep_warning, NULL, error, &c);
    assert_string_equal(error, "");
    srv_config_free(c);
}

static void names_that_nothing_defines_are_told(void **state)
{
    (void)state;
    parse_with_warnings("{ \"Dhcp4\": { \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
                        " \"pools\": [ { \"pool\": \"10.0.0.10/32\", \"client-class\": \"gld\" } ] } ] } }");
    assert_non_null(
        strstr(warnings, "pools[0].client-class: no class \"gld\" is defined: only a reservation"));
    parse_with_warnings(
        "{ \"Dhcp4\": { \"client-classes\": [ { \"name\": \"SKIP_DDNS\" } ], \"subnet4\": [ {"
        " \"id\": 1, \"subnet\": \"10.0.0.0/24\","
        " \"pools\": [ { \"pool\": \"10.0.0.10/32\", \"client-class\": \"VENDOR_CLASS_x\" } ] } ] } }");
    assert_null(strstr(warnings, "no class"));
    assert_non_null(strstr(warnings, "SKIP_DDNS has no effect"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_record_names_the_classes, stop),
        cmocka_unit_test_teardown(vendor_class, stop),
        cmocka_unit_test_teardown(order_and_dependence, stop),
        cmocka_unit_test_teardown(templates, stop),
        cmocka_unit_test_teardown(failed_expressions, stop),
        cmocka_unit_test(as_many_classes_as_there_can_be),
        cmocka_unit_test_teardown(reservations_make_members, stop),
        cmocka_unit_test_teardown(bootp_clients, stop),
        cmocka_unit_test_teardown(members_of_drop_get_no_answer, stop),
        cmocka_unit_test_teardown(drop_of_the_unknown, stop),
        cmocka_unit_test_teardown(options_of_classes, stop),
        cmocka_unit_test_teardown(the_subnet_is_narrower_than_a_class, stop),
        cmocka_unit_test_teardown(times_and_boot_fields_of_a_class_win, stop),
        cmocka_unit_test_teardown(a_part_of_the_lease_times, stop),
        cmocka_unit_test_teardown(options_only_for_members, stop),
        cmocka_unit_test_teardown(suboptions_only_for_members, stop),
        cmocka_unit_test_teardown(enterprises_only_for_members, stop),
        cmocka_unit_test_teardown(additional_classes, stop),
        cmocka_unit_test_teardown(pools_only_for_members, stop),
        cmocka_unit_test_teardown(an_offer_waits_as_long_as_the_class_or_the_scope_says, stop),
        cmocka_unit_test_teardown(who_leaves_the_class_leaves_the_pool, stop),
        cmocka_unit_test_teardown(old_addresses_of_closed_pools_wait, stop),
        cmocka_unit_test_teardown(subnets_only_for_members, stop),
        cmocka_unit_test_teardown(shared_networks_only_for_members, stop),
        cmocka_unit_test_teardown(own_options, stop),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(names_that_nothing_defines_are_told),
    };
    return cmocka_run_group_tests_name("srv_class", tests, NULL, NULL);
}
