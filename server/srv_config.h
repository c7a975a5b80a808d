/* The server's configuration: the supported part of Kea's `Dhcp4` JSON, with Kea's key names, meanings and
 * defaults. Parsed once into a value that never changes. What a subnet inherits is resolved here, except for
 * options (srv_scope.h). Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/arena.h"
#include "common/jcfg.h"
#include "server/srv_host_id.h"
#include "server/srv_optdef.h"

struct srv_host_table; /* srv_host.h */
struct srv_index;      /* srv_index.h */

enum srv_socket_type {
    SRV_SOCKET_RAW, /* frames to clients that have no address yet */
    SRV_SOCKET_UDP, /* UDP only: such clients get broadcasts */
};

/* Where answers to one relay leave together. */
enum srv_segments {
    SRV_SEGMENTS_AUTO, /* where the kernel cuts them before anybody sees them */
    SRV_SEGMENTS_ALWAYS,
    SRV_SEGMENTS_NEVER,
};
extern const char *const srv_config_segments_words[];

/* When a lease counts as stored. */
enum srv_sync {
    SRV_SYNC_BATCH, /* on stable storage, with one fdatasync for all packets of a wake-up */
    SRV_SYNC_NONE,  /* handed to the kernel: a crash of the server loses nothing, one of the system may */
};

/* Which free address a client gets that asks for none. */
enum srv_allocator {
    SRV_ALLOCATOR_ITERATIVE, /* the lowest that nobody ever had; then the one that is free the longest */
    SRV_ALLOCATOR_RANDOM,    /* any that nobody ever had; then any free one */
    SRV_ALLOCATOR_FLQ,       /* the free lease queue: the one that is free the longest; at first, any */
};

/* "loggers" */
enum srv_severity {
    SRV_SEVERITY_DEBUG,
    SRV_SEVERITY_INFO,
    SRV_SEVERITY_WARN,
    SRV_SEVERITY_ERROR,
    SRV_SEVERITY_FATAL,
    SRV_SEVERITY_NONE,
};

struct srv_log_output {
    const char *output; /* "stdout", "stderr", "syslog", "syslog:NAME" or a path */
    bool flush;
    uint32_t maxsize, maxver; /* octets of a file, and how many old ones are kept */
};

struct srv_logger {
    enum srv_severity severity;
    uint32_t debuglevel;
    struct srv_log_output *outputs;
    size_t n_outputs;
};

/* Groups of commands that Kea has in libraries of their own; bits. */
enum srv_command_group {
    SRV_COMMANDS_LEASE = 1,
    SRV_COMMANDS_STAT = 2,
    SRV_COMMANDS_SUBNET = 4,
    SRV_COMMANDS_HOST = 8,
    SRV_COMMANDS_CLASS = 16,
    SRV_COMMANDS_ALL = 31,
};

/* What becomes of a lease in the lease file whose subnet is not there, or does not contain it. */
enum srv_lease_checks {
    SRV_CHECKS_NONE,
    SRV_CHECKS_WARN,    /* tell; it is loaded */
    SRV_CHECKS_FIX,     /* put it into the subnet that contains it; without one as above */
    SRV_CHECKS_FIX_DEL, /* the same; without one it is not loaded */
    SRV_CHECKS_DEL,     /* it is not loaded */
};

/* Client classes by number (srv_class.h). */
struct srv_class_list {
    const uint16_t *numbers;
    size_t n;
};

/* What the classes of a client are asked for. */
struct srv_gate {
    struct srv_class_list classes;    /* only clients in one of them; empty: all clients */
    struct srv_class_list additional; /* to look at before the answer is made, in this order */
};

/* One configured option, checked against its definition; sub-options are in its data. */
struct srv_option {
    uint8_t code;
    bool always_send; /* also to a client that did not ask for it */
    bool never_send;  /* to nobody, whatever other scopes say */
    uint16_t len;
    const uint8_t *data;
    struct srv_class_list classes; /* only for clients in one of them; empty: for all */
    /* By the classes of its sub-options: only for clients that are in one of each of these lists. Such an
     * option is there several times, what is for the fewest first. */
    const struct srv_class_list **also;
    size_t n_also;
};

/* What one scope says, in the order of the file: at most one of each code, but for those that only members of
 * classes get. See srv_scope.h. */
struct srv_options {
    uint32_t number; /* no other of the configuration has it; 0: without options */
    const struct srv_option *list;
    size_t n;
};

struct srv_lifetime {
    uint32_t min_s, default_s, max_s; /* 1 <= min_s <= default_s <= max_s; LEASE_INFINITE allowed */
    uint32_t offer_s;                 /* how long an offer waits for its REQUEST */
};

struct srv_timers {
    uint32_t renew_s, rebind_s; /* 0: not configured */
    bool calculate;             /* T1 and T2 follow from the lease time where not configured */
    double t1_percent;          /* 0 < t1_percent < t2_percent < 1, if calculate */
    double t2_percent;
};

struct srv_boot {
    ip4 next_server;             /* siaddr; 0: none */
    const char *server_hostname; /* sname, at most 63 octets; "": none */
    const char *boot_file_name;  /* file, at most 127 octets; "": none */
};

struct srv_pool {
    uint32_t id;            /* of its statistics; several may have one */
    struct ip4_range range; /* inside its subnet; no two pools overlap */
    struct srv_gate gate;
    struct srv_options options;
};

/* What to do with the names that clients have. */
enum srv_replace_name {
    SRV_REPLACE_NEVER,
    SRV_REPLACE_ALWAYS,
    SRV_REPLACE_WHEN_PRESENT,     /* a client that has a name gets another one */
    SRV_REPLACE_WHEN_NOT_PRESENT, /* a client without a name gets one */
};

enum { SRV_CHAR_SET_LEN = 32 };

struct srv_naming {
    const char *suffix; /* completes a partial name; "": nothing does */
    const char *prefix; /* of a name that is made from an address */
    enum srv_replace_name replace;
    const char *char_set;               /* as it was written */
    uint8_t unwanted[SRV_CHAR_SET_LEN]; /* the set of octets, a bit each, that are taken out of names */
    const char *replacement;            /* what stands in their place */
};

/* Which reservations hold in a subnet. */
struct srv_reservations {
    bool global, in_subnet;
    bool out_of_pool; /* the subnet's reserved addresses are in no pool: those that are, are not kept */
};

/* Subnets on one link: a client there can have an address of any of them. */
struct srv_network {
    const char *name; /* unique, not "" */
    size_t first, n;  /* its subnets: places in srv_config.subnets */
    struct srv_gate gate;
    struct srv_options options;
    struct srv_lifetime lifetime; /* what a subnet of it inherits */
    struct srv_timers timers;
    struct srv_boot boot;
    struct srv_naming naming;
    struct srv_reservations reservations;
    const char *interface;
    enum srv_allocator allocator;
    bool authoritative, match_client_id, rapid_commit, store_extended_info;
    const cJSON *source; /* the map as it was read */
};

struct srv_subnet {
    uint32_t id; /* 1..4294967294, unique */
    struct ip4_net net;
    const struct srv_network *network; /* NULL: of none */
    const ip4 *relays;                 /* giaddr that stand for this subnet, though they are not in it */
    size_t n_relays;
    const char *interface; /* serves clients on this interface; "": by address */
    struct srv_gate gate;
    struct srv_pool *pools;
    size_t n_pools;
    struct srv_options options;
    struct srv_lifetime lifetime;
    struct srv_timers timers;
    struct srv_boot boot;
    struct srv_naming naming;
    struct srv_reservations reservations;
    enum srv_allocator allocator;
    bool authoritative;       /* also NAK clients of which nothing is known */
    bool rapid_commit;        /* RFC 4039: an ACK at once to who asks for it */
    bool match_client_id;     /* go by option 61 where there is one, as RFC 2131 4.2 demands */
    bool store_extended_info; /* keep option 82 with the lease */
    const cJSON *source;      /* the map as it was read */
};

/* Where the metrics are told over HTTP. */
struct srv_metrics_at {
    ip4 address;
    uint16_t port; /* 0: nowhere */
};

/* Is anybody at an address before it is given? Kea's libdhcp_ping_check. */
struct srv_ping {
    bool enabled;
    uint32_t requests;    /* ICMP echo requests without an answer that make an address free; >= 1 */
    uint32_t timeout_ms;  /* how long each waits for its answer; >= 1 */
    uint32_t cltt_s;      /* a client that had the address so short a time ago gets it without */
    uint32_t max_pending; /* clients that wait for a probe at one time; >= 1 */
};

/* RFC 6926: leasequery over TCP. */
struct srv_bulk_query {
    bool enabled;
    ip4 addr; /* where the server listens; 0: everywhere */
    uint16_t port;
    uint32_t max_connections;
    uint32_t idle_s; /* a connection on which nothing happens for so long is closed */
    uint32_t fetch;  /* addresses that are looked at before other clients get their turn */
};

/* What becomes of leases whose time is over. Without the map "expired-leases-processing" each is free at its
 * instant, and its client gets it again until its address is needed: RFC 2131 4.3.4, "The server SHOULD
 * retain a record of the client's initialization parameters for possible reuse". With the map, and with
 * "compatibility": { "kea": true }, the rest of this holds. */
struct srv_expiry {
    bool is_given;
    uint32_t reclaim_wait_s; /* from one pass over the leases to the next; 0: none, only messages cause it */
    uint32_t max_leases;     /* that one pass makes free; 0: all */
    uint32_t max_time_ms;    /* that one pass takes; 0: as long as it has to */
    uint32_t unwarned;       /* passes in a row that leave some without a warning */
    uint32_t hold_s;         /* how long a free lease is kept for its client */
    uint32_t flush_wait_s;   /* from one removal of those to the next; 0: they are not kept at all */
};

/* Who may ask for other people's leases. RFC 4388 7. */
struct srv_lease_query {
    bool enabled;
    const struct ip4_net *requesters;
    size_t n_requesters;
    const uint8_t *options; /* codes of configured options that may be told; none: all */
    size_t n_options;
    struct srv_bulk_query bulk;
};
struct srv_class;
struct srv_class_name;

struct srv_config {
    struct arena arena;      /* holds everything below */
    const char **interfaces; /* "*", "eth0" or "eth0/192.0.2.1" */
    size_t n_interfaces;
    enum srv_socket_type socket_type;
    enum srv_segments udp_segments;
    const char *lease_file;  /* NULL: leases are kept in memory only */
    enum srv_sync sync;      /* of the lease file */
    uint32_t lfc_interval_s; /* how often the lease file is rewritten; 0: never */
    bool forcerenew;         /* RFC 6704: hand out nonces, so that renewals can be forced */
    bool echo_client_id;     /* RFC 6842 */
    bool subnet_selection;   /* RFC 3011: obey option 118 */
    struct srv_logger *loggers;
    size_t n_loggers;             /* 0: as the command line says */
    const char **control_sockets; /* paths, none of them twice */
    size_t n_control_sockets;
    unsigned commands; /* bits of enum srv_command_group: those that are served */
    /* "compatibility" */
    bool kea;                   /* where Kea and an RFC differ, do what Kea does */
    bool ignore_server_id;      /* answer a REQUEST that is for another server */
    bool ignore_link_selection; /* of a relay, RFC 3527 */
    bool strict;                /* drop a message with a malformed option */
    bool exclude_first_last;    /* no addresses x.x.x.0 and x.x.x.255, where the prefix is 24 or shorter */
    enum srv_lease_checks lease_checks;
    uint32_t decline_s;      /* how long an address that a client declined stays unused */
    uint32_t max_declines;   /* addresses that one client can have in quarantine in one subnet */
    uint32_t max_declined;   /* addresses in quarantine, all in all */
    uint32_t queue_capacity; /* packets that are received and not yet served; >= 1 */
    struct srv_metrics_at metrics;
    uint32_t max_option_blocks;      /* kept ready for answers (srv_block.h) */
    uint32_t max_log_rate;           /* lines of one kind in a second; 0: no limit */
    uint32_t stat_count, stat_age_s; /* samples of a statistic that are kept: so many; 0: of so long */
    bool bootp; /* RFC 951 clients get addresses of the pools; reserved ones in any case */
    struct srv_ping ping;
    struct srv_expiry expiry;
    uint32_t offer_hold_s; /* where there is no offer-lifetime: how long an offer waits for its REQUEST */
    uint32_t max_offers;
    uint32_t max_offers_per_client; /* for one hardware address, whatever its client identifiers */
    uint32_t max_leases;            /* records of leases, expired and released ones included */
    struct srv_lease_query lease_query;
    struct srv_class_name *class_names; /* by number */
    size_t n_class_names;
    const struct srv_class *classes; /* in the order of the file */
    size_t n_classes;
    const struct srv_optdefs *optdefs; /* of global scope; NULL: none */
    struct srv_options options;        /* of global scope */
    struct srv_lifetime lifetime;      /* of global scope: what a subnet inherits */
    struct srv_timers timers;
    struct srv_boot boot;
    struct srv_naming naming;
    enum srv_allocator allocator;
    bool authoritative, match_client_id, rapid_commit, store_extended_info;
    struct srv_subnet *subnets; /* those of no shared network first */
    size_t n_subnets;
    const struct srv_index *index; /* what they are found by */
    struct srv_network *networks;
    size_t n_networks;
    struct srv_host_table *hosts; /* reservations */
    struct srv_host *host_list;   /* all of them, in the order of the file */
    size_t n_hosts;
    enum srv_host_id_type host_ids[SRV_HOST_ID_TYPES]; /* what they are looked up by, in this order */
    size_t n_host_ids;
    bool early_global_hosts;  /* global reservations are looked up before the subnet is chosen */
    bool stash_relay_info;    /* what the relay said when a lease was made holds at its renewal, too */
    bool unique_reservations; /* an address is reserved for one client */
    struct srv_reservations reservations;
    cJSON *source; /* the map "Dhcp4" as it was read */
};

/* The words for enum srv_replace_name, and so on, and a NULL. */
extern const char *const srv_config_replace_words[];
extern const char *const srv_config_allocator_words[];
extern const char *const srv_config_lease_check_words[];
extern const char *const srv_config_severity_words[];

/* Reads `len` bytes of JSON `text`. `name` is the file's, for messages; `warn` (may be NULL) is told about
 * every key of Kea's that has no effect here. Returns 0 and *out, which the caller frees; ERR_NOMEM; or
 * ERR_CONFIG with "server.json:16:26: at $.Dhcp4.subnet4[0].id: ..." in out_error, which holds JCFG_TEXT_MAX
 * bytes. *out is NULL unless 0 is returned. */
int srv_config_parse(const char *name, const char *text, size_t len, jcfg_warn_fn *warn, void *user,
                     char *out_error, struct srv_config **out);
/* The same for the file `path` and those that it includes, which `read` reads. */
int srv_config_read(const char *path, jcfg_read_fn *read, jcfg_warn_fn *warn, void *user, char *out_error,
                    struct srv_config **out);
void srv_config_free(struct srv_config *config); /* NULL is fine */

/* Is a lease that its client does not use any more kept for it? */
bool srv_config_keeps_leases(const struct srv_config *config);
/* May a leasequery of the relay be answered? */
bool srv_config_is_requester(const struct srv_config *config, ip4 giaddr);
/* The option, or NULL. */
const struct srv_option *srv_config_find_option(const struct srv_options *options, uint8_t code);
/* Of the subnets that contain `addr` the one with the longest prefix, or NULL. */
const struct srv_subnet *srv_config_find_subnet(const struct srv_config *config, ip4 addr);
/* The subnet with the identifier, or NULL. */
const struct srv_subnet *srv_config_find_subnet_id(const struct srv_config *config, uint32_t id);
/* The subnets on the link of `first`, itself included: in the order of the file, starting again with the
 * first one after the last. The one after `subnet`; NULL when all have had their turn. */
static inline const struct srv_subnet *srv_config_next_neighbour(const struct srv_config *config,
                                                                 const struct srv_subnet *first,
                                                                 const struct srv_subnet *subnet)
{
    const struct srv_network *network = first->network;
    if (network == NULL)
        return NULL;
    const struct srv_subnet *next = subnet + 1;
    if (next == &config->subnets[network->first + network->n])
        next = &config->subnets[network->first];
    return next == first ? NULL : next;
}

static inline bool srv_config_is_neighbour(const struct srv_subnet *subnet, const struct srv_subnet *other)
{
    return other == subnet || (subnet->network != NULL && other->network == subnet->network);
}

/* Of the subnets on the link of `subnet` that which contains `addr`, with the longest prefix, or NULL. */
const struct srv_subnet *srv_config_find_neighbour(const struct srv_config *config,
                                                   const struct srv_subnet *subnet, ip4 addr);
/* The shared network with the name, or NULL. */
const struct srv_network *srv_config_find_network(const struct srv_config *config, const char *name);
/* Do clients of the subnet go by option 61? True if there is no such subnet. */
bool srv_config_matches_client_id(const struct srv_config *config, uint32_t subnet_id);
/* The pool of the subnet that contains `addr`, or NULL. */
static inline const struct srv_pool *srv_config_find_pool(const struct srv_subnet *subnet, ip4 addr)
{
    for (size_t i = 0; i < subnet->n_pools; i++)
        if (ip4_range_has(subnet->pools[i].range, addr))
            return &subnet->pools[i];
    return NULL;
}

/* The pool-id of the pool that has the address in the subnet with the id; 0: none has. */
uint32_t srv_config_pool_id(const struct srv_config *config, uint32_t subnet_id, ip4 addr);
