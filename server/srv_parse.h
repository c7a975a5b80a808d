/* Reading the configuration: what the parsers of its parts share. Not for others than srv_config and
 * srv_parse_*.
 */
#pragma once
#include "common/jcfg.h"
#include "server/srv_config.h"

struct srv_parse {
    struct jcfg c;
    struct srv_config *config;         /* under construction */
    const struct srv_optdefs *optdefs; /* of the scope at hand and those around it; NULL: none */
    uint32_t n_option_lists;           /* so far: each has its number */
    bool out_of_memory;
};

/* What a narrower scope takes over from the wider one. */
struct srv_parse_scope {
    struct srv_lifetime lifetime;
    struct srv_timers timers;
    struct srv_boot boot;
    struct srv_naming naming;
    struct srv_reservations reservations;
    enum srv_allocator allocator;
    bool authoritative, match_client_id, rapid_commit, store_extended_info;
    const char *interface;
    const ip4 *relays;
    size_t n_relays;
};

/* The keys that subnets, shared networks and the whole configuration have in common: those served here, and
 * those of Kea's that are not. */
/* clang-format off */
#define SRV_PARSE_SCOPE_KEYS \
    "allocator", \
    "authoritative", \
    "boot-file-name", \
    "calculate-tee-times", \
    "client-classes", \
    "ddns-generated-prefix", \
    "ddns-qualifying-suffix", \
    "ddns-replace-client-name", \
    "hostname-char-replacement", \
    "hostname-char-set", \
    "match-client-id", \
    "max-valid-lifetime", \
    "min-valid-lifetime", \
    "next-server", \
    "offer-lifetime", \
    "option-data", \
    "rapid-commit", \
    "rebind-timer", \
    "renew-timer", \
    "reservations-global", \
    "reservations-in-subnet", \
    "reservations-out-of-pool", \
    "server-hostname", \
    "store-extended-info", \
    "t1-percent", \
    "t2-percent", \
    "valid-lifetime"
#define SRV_PARSE_SCOPE_ELSEWHERE \
    "adaptive-lease-time-threshold", \
    "cache-max-age", \
    "cache-threshold", \
    "ddns-conflict-resolution-mode", \
    "ddns-override-client-update", \
    "ddns-override-no-update", \
    "ddns-send-updates", \
    "ddns-ttl", \
    "ddns-ttl-max", \
    "ddns-ttl-min", \
    "ddns-ttl-percent", \
    "ddns-update-on-renew", \
    "ddns-use-conflict-resolution", \
    "reservation-mode"
/* clang-format on */

/* The item of the map, or NULL. */
const cJSON *srv_parse_at(const cJSON *map, const char *key);
/* Memory of the configuration, cleared; NULL, and p->out_of_memory, if there is none. */
void *srv_parse_alloc(struct srv_parse *p, size_t count, size_t size);
/* A copy that lives as long as the configuration; "" without memory. */
const char *srv_parse_copy(struct srv_parse *p, const char *text);

/* Reads the keys that all scopes have over what `s` holds already. */
void srv_parse_scope(struct srv_parse *p, const cJSON *map, struct srv_parse_scope *s);
/* "offer-lifetime"; Kea: 0 is none, and then it is `otherwise_s`. *out_s stays as it is without the key. */
void srv_parse_offer_lifetime(struct srv_parse *p, const cJSON *map, uint32_t otherwise_s, uint32_t *out_s);
/* "next-server", "server-hostname" and "boot-file-name" over what `boot` holds already. */
void srv_parse_boot(struct srv_parse *p, const cJSON *map, struct srv_boot *boot);
/* Gives the built-in classes their numbers: before anything speaks of a class. */
void srv_parse_class_names(struct srv_parse *p);
/* "client-classes" of the global map. */
void srv_parse_classes(struct srv_parse *p, const cJSON *global);
/* The number of the class with the name, which gets one if it has none; 0, and an error, if there are too
 * many. */
unsigned srv_parse_class_number(struct srv_parse *p, const cJSON *item, const char *name);
/* The list of classes under the key `many`, or the one under `one` (NULL: there is no such key); *out stays
 * as it is if there is neither. */
void srv_parse_class_list(struct srv_parse *p, const cJSON *map, const char *one, const char *many,
                          struct srv_class_list *out);
/* "client-classes" and "evaluate-additional-classes" of a shared network, subnet or pool, or under their old
 * names. */
void srv_parse_gate(struct srv_parse *p, const cJSON *map, struct srv_gate *out);
/* "option-def" of the map: what follows is read with it. Returns what p->optdefs was, for the end of a scope.
 */
const struct srv_optdefs *srv_parse_optdefs(struct srv_parse *p, const cJSON *map);
/* What holds without a word about names; then the keys of the map about them. */
void srv_parse_naming_default(struct srv_naming *out);
void srv_parse_naming(struct srv_parse *p, const cJSON *map, struct srv_naming *naming);
/* "option-data" of the map, with the sub-options of other spaces put into the options that contain them; *out
 * stays as it is if there is none. */
void srv_parse_options(struct srv_parse *p, const cJSON *map, struct srv_options *out);
/* "compatibility" and "sanity-checks" of the map. */
void srv_parse_compatibility(struct srv_parse *p, const cJSON *global);
void srv_parse_sanity_checks(struct srv_parse *p, const cJSON *global);
/* "expired-leases-processing" of the map; after srv_parse_compatibility(). */
void srv_parse_expiry(struct srv_parse *p, const cJSON *global);
/* Makes room for all reservations below the global map, and reads how they are looked up. */
void srv_parse_hosts_begin(struct srv_parse *p, const cJSON *global);
/* "reservations" of the map of a subnet, or of the global one (NULL). */
void srv_parse_hosts(struct srv_parse *p, const cJSON *map, const struct srv_subnet *subnet);
/* "loggers" of the map; "control-socket" and "control-sockets". */
void srv_parse_loggers(struct srv_parse *p, const cJSON *global);
void srv_parse_control(struct srv_parse *p, const cJSON *global);
/* Warns of what is legal and hardly meant; after all else. */
void srv_parse_sense(struct srv_parse *p, const cJSON *global);
/* "hooks-libraries" and "parked-packet-limit" of the map. */
void srv_parse_hooks(struct srv_parse *p, const cJSON *global);
/* The hook libdhcp_lease_query.so. */
void srv_parse_lease_query(struct srv_parse *p, const cJSON *hook);
/* "interface" and "relay", which subnets and shared networks have, over what `s` holds already. */
void srv_parse_place(struct srv_parse *p, const cJSON *map, struct srv_parse_scope *s);
/* "dhcp-queue-control", "metrics", "max-log-rate", "max-declined-addresses", "max-option-blocks" and
 * "statistic-default-*" of the map. */
void srv_parse_limits(struct srv_parse *p, const cJSON *global);
/* "subnet4" of the map: added to the configuration's subnets, where there is room for them. */
void srv_parse_subnets(struct srv_parse *p, const cJSON *map, const struct srv_parse_scope *wider,
                       const struct srv_network *network);
/* "subnet4" and "shared-networks" of the global map. */
void srv_parse_networks(struct srv_parse *p, const cJSON *map, const struct srv_parse_scope *global);
