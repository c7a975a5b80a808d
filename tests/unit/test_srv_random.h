/* Luck, and configurations at random: subnets of 10.0.0.0/22 with small pools, and whatever else may be in
 * one. */
#pragma once
#include "common/rng.h"
#include "test_srv_world.h"

enum { TEXT_MAX = 16384 };

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static struct rng rng;

static inline size_t any(size_t n)
{
    return (size_t)rng_between(&rng, 0, (int64_t)n - 1);
}

static inline bool one_in(int64_t n)
{
    return rng_between(&rng, 1, n) == 1;
}

/* Of each row one is in a configuration, or none: "" */
static const char *const globals[][4] = {
    {"'valid-lifetime': 60,", "'valid-lifetime': 4294967295,",
     "'valid-lifetime': 600, 'min-valid-lifetime': 30,"},
    {"'max-leases': 5,", "'max-leases': 12,"},
    {"'max-offers': 3,", "'max-offers-per-client': 1,"},
    {"'offer-hold-time': 1,", "'offer-lifetime': 20,"},
    {"'decline-probation-period': 30,", "'max-declined-addresses': 1,", "'max-declines-per-client': 1,"},
    {"'match-client-id': false,"},
    {"'authoritative': true,"},
    {"'allocator': 'random',", "'allocator': 'flq',"},
    {"'rapid-commit': true,"},
    {"'reservations-global': true,", "'reservations-in-subnet': false,", "'reservations-out-of-pool': true,"},
    {"'ip-reservations-unique': false,"},
    {"'reservations': [ { 'hw-address': '02:00:00:00:00:0a', 'hostname': 'a', 'client-classes': [ 'gold' ] } "
     "],",
     "'reservations': [ { 'client-id': '01:0b', 'next-server': '10.0.0.9' } ],"},
    {"'early-global-reservations-lookup': true,"},
    {"'subnet-selection': true,"},
    {"'max-option-blocks': 0,", "'max-option-blocks': 1,"},
    {"'statistic-default-sample-count': 2,", "'statistic-default-sample-age': 5,"},
    {"'compatibility': { 'kea': true }, 'expired-leases-processing': { 'reclaim-timer-wait-time': 1,"
     "  'flush-reclaimed-timer-wait-time': 2, 'hold-reclaimed-time': 5, 'max-reclaim-leases': 2 },",
     "'expired-leases-processing': { 'reclaim-timer-wait-time': 0 },"},
    {"'hooks-libraries': [ { 'library': 'libdhcp_ping_check.so', 'parameters': { 'reply-timeout': 500 } },"
     "  { 'library': 'libdhcp_bootp.so' }, { 'library': 'libdhcp_lease_query.so', 'parameters': {"
     "    'requesters': [ '10.0.0.0/8' ] } } ], 'parked-packet-limit': 2,",
     "'hooks-libraries': [ { 'library': 'libdhcp_bootp.so' } ],",
     "'hooks-libraries': [ { 'library': 'libdhcp_lease_cmds.so' }, { 'library': 'libdhcp_host_cmds.so' } ],"},
    {"'option-data': [ { 'name': 'domain-name', 'data': 'one' }, { 'name': 'routers', 'data': '10.0.0.1' } "
     "],",
     "'option-data': [ { 'name': 'domain-name', 'data': 'two', 'client-classes': [ 'gold' ] } ],"},
    {"'client-classes': [ { 'name': 'gold', 'test': 'option[60].text == \"gold\"', 'valid-lifetime': 5 },"
     "  { 'name': 'late', 'only-in-additional-list': true, 'test': 'member(\"gold\")' } ],",
     "'client-classes': [ { 'name': 'gold' }, { 'name': 'other', 'test': 'not member(\"gold\")' } ],",
     "'client-classes': [ { 'name': 'gold', 'test': 'member(\"KNOWN\")' },"
     "  { 'name': 'DROP', 'test': 'option[60].text == \"drop\"' } ],"},
};

static const char *const subnets[][4] = {
    {"{ 'id': 1, 'subnet': '10.0.0.0/24', 'pools': [ { 'pool': '10.0.0.10 - 10.0.0.14' } ],"
     "  'reservations': [ { 'hw-address': '02:00:00:00:00:0b', 'ip-address': '10.0.0.9', 'hostname': 'a' },"
     "    { 'hw-address': '02:00:00:00:00:0c', 'ip-address': '10.0.0.14' } ] }",
     "{ 'id': 1, 'subnet': '10.0.0.0/24', 'pools': [ { 'pool': '10.0.0.12 - 10.0.0.13', 'pool-id': 3 },"
     "  { 'pool': '10.0.0.20/30', 'pool-id': 3 }, { 'pool': '10.0.0.30/31' } ],"
     "  'reservations': [ { 'hw-address': '02:00:00:00:00:0b', 'ip-address': '10.0.0.12' } ] }",
     "{ 'id': 7, 'subnet': '10.0.0.0/25', 'pools': [ { 'pool': '10.0.0.10 - 10.0.0.11', 'client-classes': [ "
     "'gold' ] },"
     "  { 'pool': '10.0.0.13 - 10.0.0.15' } ] }",
     "{ 'id': 2, 'subnet': '10.0.0.0/22', 'pools': [ { 'pool': '10.0.0.8/29' }, { 'pool': '10.0.1.10/31' } ] "
     "}"},
    {"{ 'id': 3, 'subnet': '10.0.1.0/24', 'pools': [ { 'pool': '10.0.1.10 - 10.0.1.12' } ],"
     "  'relay': { 'ip-addresses': [ '192.0.2.1' ] } }",
     "{ 'id': 1, 'subnet': '10.0.1.0/24', 'evaluate-additional-classes': [ 'late' ] }",
     "{ 'id': 3, 'subnet': '10.0.1.0/24', 'pools': [ { 'pool': '10.0.1.10 - 10.0.1.10' } ], "
     "'valid-lifetime': 7,"
     "  'reservations': [ { 'hw-address': '02:00:00:00:00:0c', 'ip-address': '10.0.1.10' },"
     "    { 'hw-address': '02:00:00:00:00:0d', 'hostname': 'd' } ] }"},
};

static const char *const networks[] = {
    "",
    ("{ 'name': 'floor', 'relay': { 'ip-addresses': [ '10.0.2.1' ] }, 'subnet4': ["
     "  { 'id': 11, 'subnet': '10.0.2.0/25', 'pools': [ { 'pool': '10.0.2.10 - 10.0.2.11' } ] },"
     "  { 'id': 12, 'subnet': '10.0.2.128/25', 'pools': [ { 'pool': '10.0.2.130 - 10.0.2.131' } ] } ] }"),
    ("{ 'name': 'floor', 'interface': 'eth0', 'subnet4': ["
     "  { 'id': 12, 'subnet': '10.0.2.0/24', 'pools': [ { 'pool': '10.0.2.10 - 10.0.2.131' } ] } ] }"),
};

/* ' and " change places: the expressions of classes have strings of their own. */
static inline void append(char *text, size_t cap, const char *more)
{
    size_t len = strlen(text);
    for (; *more != '\0'; more++) {
        assert_true(len < cap - 1);
        text[len++] = *more == '\'' ? '"' : *more == '"' ? '\'' : *more;
    }
    text[len] = '\0';
}

static inline const char *one_of_row(const char *const row[4])
{
    const char *text = row[any(4)];
    return text == NULL ? "" : text;
}

/* A map "Dhcp4"; not each is right. */
static inline void random_config(char text[TEXT_MAX])
{
    snprintf(text, TEXT_MAX, "{ \"Dhcp4\": { ");
    for (size_t i = 0; i < LENGTH(globals); i++)
        append(text, TEXT_MAX, one_in(2) ? one_of_row(globals[i]) : "");
    append(text, TEXT_MAX, "'subnet4': [ ");
    const char *first = one_of_row(subnets[0]), *second = one_of_row(subnets[1]);
    append(text, TEXT_MAX, first);
    append(text, TEXT_MAX, first[0] != '\0' && second[0] != '\0' ? ", " : "");
    append(text, TEXT_MAX, second);
    append(text, TEXT_MAX, " ], 'shared-networks': [ ");
    append(text, TEXT_MAX, networks[any(LENGTH(networks))]);
    append(text, TEXT_MAX, " ] } }");
}

static inline struct srv_config *parse_random(void)
{
    static char text[TEXT_MAX];
    char error[JCFG_TEXT_MAX];
    struct srv_config *c = NULL;
    while (c == NULL) {
        random_config(text);
        if (srv_config_parse("server.json", text, strlen(text), NULL, NULL, error, &c) < 0)
            c = NULL;
    }
    return c;
}
