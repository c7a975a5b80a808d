/* What a user may set for one client, from JSON or as defaults. A plain value: nothing to free. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/cli_profile.h"
#include "common/addr.h"
#include "common/clock.h"
#include "common/jcfg.h"

enum {
    CLI_PATH_MAX = 1024,
    CLI_TEXT_MAX = 255, /* one option's worth */
    CLI_PRL_MAX = 254,
    CLI_CLIENT_ID_MAX = 255,
    CLI_DELAY_MAX_MS = 600000,
    CLI_DENY_MAX = 16,
    CLI_EXTRA_MAX = 1024,
};

/* Which offer is chosen, of those that can be. X(identifier, word in the configuration) */
#define CLI_CHOICE_MAP(X)                                                                                    \
    X(CLI_CHOOSE_FIRST, "first")                                                                             \
    X(CLI_CHOOSE_LONGEST, "longest-lease")                                                                   \
    X(CLI_CHOOSE_ADDRESS, "requested-address") /* the one with requested_address; else the first */

enum cli_choice {
#define X(name, word) name,
    CLI_CHOICE_MAP(X)
#undef X
};

enum cli_client_id {
    CLI_CLIENT_ID_HW,    /* hardware type and address, as RFC 2132 9.14 suggests */
    CLI_CLIENT_ID_DUID,  /* IAID and DUID of the hardware address, RFC 4361 6.1 and RFC 8415 11.4 */
    CLI_CLIENT_ID_NONE,  /* no option 61: the server goes by chaddr */
    CLI_CLIENT_ID_BYTES, /* the configured octets, type octet included */
};

struct cli_config {
    struct cli_profile profile;          /* every wait, but for what is set below */
    char profile_file[CLI_PATH_MAX];     /* the profile is still to be read from this file; "": it is there */
    char hostname[CLI_TEXT_MAX + 1];     /* option 12; "": not sent */
    char vendor_class[CLI_TEXT_MAX + 1]; /* option 60; "": not sent */
    enum cli_client_id client_id_kind;
    uint8_t client_id[CLI_CLIENT_ID_MAX]; /* CLI_CLIENT_ID_BYTES */
    uint8_t client_id_len;                /* 2 or more */
    uint8_t prl[CLI_PRL_MAX];             /* option 55: distinct codes; sent if there is one */
    uint8_t n_prl;
    uint8_t extra[CLI_EXTRA_MAX]; /* other options of DISCOVER and REQUEST: code, 16 bits of length, octets of
                                     each */
    uint16_t extra_len;
    bool sends_fqdn;            /* option 81 is among them: option 12 is not sent */
    bool forcerenew;            /* option 145: let the server ask for a renewal (RFC 6704) */
    bool rapid_commit;          /* option 80: take an ACK that answers the DISCOVER (RFC 4039) */
    ip4 requested_address;      /* option 50 of DISCOVER; 0: none */
    uint32_t requested_lease_s; /* option 51; 0: none, LEASE_INFINITE allowed */
    uint16_t max_message_size;  /* option 57; 576..1500 */
    bool broadcast;             /* ask for broadcast answers while without an address */
    bool has_start_delay;       /* set here; else it is the profile's */
    bool has_acd;
    bool has_fuzz;
    struct cli_range fuzz;      /* has_fuzz: in place of the profile's random part of T1 and T2 */
    time_ms start_delay_min_ms; /* RFC 2131 4.4.1; min <= max */
    time_ms start_delay_max_ms;
    time_ms collect_offers_ms; /* wait this long for more after the first that can be chosen; 0: take it at
                                  once */
    enum cli_choice choice;
    ip4 server;             /* take offers and answers of this server only; 0: of any */
    ip4 deny[CLI_DENY_MAX]; /* servers that are never believed */
    uint8_t n_deny;
    char hook[CLI_TEXT_MAX + 1]; /* the script to run for each transition; "": none */
    time_ms hook_limit_ms;       /* how long it may take */
    bool default_route;          /* use routes to everywhere */
    bool acd;                    /* address conflict detection, RFC 5227 */
};

/* The defaults: the profile CLI_PROFILE_DEFAULT, the client identifier from the hardware address, the first
 * offer wins. Returns 0 or ERR_NOMEM. */
int cli_config_init(struct cli_config *c);

/* Adds an option, 1 to 254, to the parameter request list. False: it stands there already. */
bool cli_config_request(struct cli_config *c, uint8_t code);

/* Goes by this profile, but for what the configuration itself sets. */
void cli_config_use_profile(struct cli_config *c, const struct cli_profile *profile);

/* Reads `len` bytes of JSON `text` over the defaults. `name` is the file's, for messages; `warn` may be NULL.
 * Returns 0, ERR_NOMEM, or ERR_CONFIG with "client.json:3:12: at $.hostname: ..." in out_error, which holds
 * JCFG_TEXT_MAX bytes. *out is whole in any case, but only to be used after 0. A profile that is a file is
 * for the caller to read and to use. */
int cli_config_parse(const char *name, const char *text, size_t len, jcfg_warn_fn *warn, void *warn_user,
                     char *out_error, struct cli_config *out);
