#include "server/srv_reply.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/dhcp_auth.h"
#include "common/dhcp_opt_walk.h"
#include "server/srv_block.h"

enum {
    IP_UDP_HEADERS = 28,
    PIECE_MAX = 255, /* RFC 3396: a longer value is sent in pieces */
    OPT_STATIC_ROUTES = 33,
    ESSENTIAL_LEN = 2 * 3 + 5 * 6 + 2, /* 53, 52; 54, 51, 58, 59, 1; 80; with code and length */
    AUTH_HEAD_LEN = 2,                 /* code and length of 90 */
};

/* An option that is left out if there is no room for it. */
struct item {
    uint8_t code;
    bool is_left_out;
    uint16_t len;
    const uint8_t *data;
};

enum { ITEMS_MAX = 256, FIRST_MAX = 64 + DHCP_AUTH_LEN };

/* A message under construction. */
struct draft {
    const struct srv_reply *reply;
    size_t max;
    uint8_t first[FIRST_MAX]; /* the options that come first, encoded */
    size_t first_len;
    struct srv_block_codes codes; /* of these and of the echoes */
    struct item items[ITEMS_MAX]; /* the most important first: echoes, then what is configured */
    size_t n_echoes, n_items;
    size_t n_left_out; /* of the echoes: for being too long */
    struct dhcp_msg m; /* only where options do not just stand one after the other */
    unsigned dropped;  /* what did not fit `m` or `max` */
};

/* ---- sizes ---- */

/* RFC 2131 2: "A DHCP client must be prepared to receive DHCP messages with an 'options' field of at least
 * length 312 octets. ... DHCP clients may negotiate the use of larger DHCP messages through the 'maximum DHCP
 * message size' option." The option counts the IP and UDP headers (RFC 2132 9.10). */
size_t srv_reply_max_len(const struct dhcp_msg *request)
{
    uint16_t size;
    if (!dhcp_get_u16(request, DHCP_OPT_MAX_SIZE, &size) || size < DHCP_MSG_ACCEPT_MIN + IP_UDP_HEADERS)
        return DHCP_MSG_ACCEPT_MIN;
    size_t len = (size_t)size - IP_UDP_HEADERS;
    return len > DHCP_MSG_MAX ? DHCP_MSG_MAX : len;
}

static size_t encoded_len(size_t len)
{
    size_t pieces = len == 0 ? 1 : (len + PIECE_MAX - 1) / PIECE_MAX;
    return len + 2 * pieces;
}

/* RFC 951 3: 300 octets, of which vend has 64. A relay takes its option out again. */
static size_t bootp_len(const struct dhcp_msg *request)
{
    const struct dhcp_option *info = dhcp_msg_find(request, DHCP_OPT_RELAY_INFO);
    return DHCP_MSG_SEND_MIN + (info != NULL ? encoded_len(info->len) : 0);
}

static size_t max_len(const struct srv_reply *r)
{
    if (r->type == DHCP_BOOTP)
        return bootp_len(r->request);
    return r->config->kea ? DHCP_MSG_MAX : srv_reply_max_len(r->request); /* Kea does not ask */
}

/* ---- options ---- */

/* Returns where the value of `len` octets is to stand. */
static inline uint8_t *put_first(struct draft *d, uint8_t code, size_t len)
{
    uint8_t *at = d->first + d->first_len;
    d->first_len += 2 + len;
    assert(len <= PIECE_MAX && d->first_len <= FIRST_MAX);
    at[0] = code;
    at[1] = (uint8_t)len;
    srv_block_add_code(&d->codes, code);
    return at + 2;
}

static inline void put_first_u32(struct draft *d, uint8_t code, uint32_t value)
{
    wire_set_u32(put_first(d, code, sizeof value), value);
}

static void add_item(struct draft *d, uint8_t code, const uint8_t *data, size_t len)
{
    assert(d->n_items < ITEMS_MAX); /* one a code */
    d->items[d->n_items++] = (struct item){.code = code, .len = (uint16_t)len, .data = data};
}

static void add_echo(struct draft *d, uint8_t code, const uint8_t *data, size_t len)
{
    srv_block_add_code(&d->codes, code);
    add_item(d, code, data, len);
}

void srv_reply_timers(const struct srv_timers *timers, uint32_t lease_s, uint32_t *out_t1, uint32_t *out_t2)
{
    *out_t1 = *out_t2 = 0;
    if (lease_s == LEASE_INFINITE)
        return;
    uint32_t t1 = timers->renew_s, t2 = timers->rebind_s;
    if (timers->calculate && t1 == 0)
        t1 = (uint32_t)(timers->t1_percent * lease_s);
    if (timers->calculate && t2 == 0)
        t2 = (uint32_t)(timers->t2_percent * lease_s);
    /* RFC 2131 4.4.5: "T1 MUST be earlier than T2, which, in turn, MUST be earlier than the time at which the
     * client's lease will expire." */
    *out_t2 = t2 < lease_s ? t2 : 0;
    *out_t1 = t1 < (*out_t2 != 0 ? *out_t2 : lease_s) ? t1 : 0;
}

static bool is_inform(const struct srv_reply *r)
{
    return r->inform_to != 0;
}

/* RFC 2131 4.3.5, DHCPINFORM: "The server MUST NOT send a lease expiration time to the client and SHOULD NOT
 * fill in 'yiaddr'." */
static void put_lease(struct draft *d)
{
    const struct srv_reply *r = d->reply;
    uint32_t t1, t2;
    if (is_inform(r))
        return;
    srv_reply_timers(&r->subnet->timers, r->lease_s, &t1, &t2);
    put_first_u32(d, DHCP_OPT_LEASE_TIME, r->lease_s);
    if (t1 != 0)
        put_first_u32(d, DHCP_OPT_T1, t1);
    if (t2 != 0)
        put_first_u32(d, DHCP_OPT_T2, t2);
}

bool srv_reply_is_requested(const struct dhcp_msg *request, uint8_t code)
{
    const struct dhcp_option *prl = dhcp_msg_find(request, DHCP_OPT_PRL);
    return prl != NULL && memchr(prl->data, code, prl->len) != NULL;
}

/* RFC 3442: "When a DHCP client requests the Classless Static Routes option and also requests either or both
 * of the Router option and the Static Routes option, and the DHCP server is sending Classless Static Routes
 * options to that client, the server SHOULD NOT include the Router or Static Routes options." */
bool srv_reply_is_superseded(const struct srv_reply *r, uint8_t code)
{
    if (code == DHCP_OPT_HOST_NAME) /* RFC 4702 3.1: not both */
        return r->fqdn_len != 0;
    return !r->config->kea && (code == DHCP_OPT_ROUTERS || code == OPT_STATIC_ROUTES) &&
           srv_reply_is_requested(r->request, DHCP_OPT_CLASSLESS_ROUTES) &&
           srv_scope_find(r->scopes, DHCP_OPT_CLASSLESS_ROUTES) != NULL;
}

static void add_configured(struct draft *d, const struct srv_option *option)
{
    if (!srv_reply_is_superseded(d->reply, option->code))
        add_item(d, option->code, option->data, option->len);
}

/* RFC 2132 9.8: "the DHCP server ... MUST try to insert the requested options in the order requested by the
 * client." RFC 2131 4.3.1: "The server MUST include each requested parameter only once". */
static void add_requested(struct draft *d)
{
    const struct dhcp_option *prl = dhcp_msg_find(d->reply->request, DHCP_OPT_PRL);
    bool seen[256] = {false};
    for (unsigned i = 0; prl != NULL && i < prl->len; i++) {
        const struct srv_option *option = srv_scope_find(d->reply->scopes, prl->data[i]);
        if (option != NULL && !seen[option->code])
            add_configured(d, option);
        seen[prl->data[i]] = true;
    }
}

static bool has_enterprise(const uint8_t *data, size_t len, uint32_t number)
{
    struct wire_reader r;
    struct opt_part part;
    wire_reader_init(&r, data, len);
    while (dhcp_opt_walk_enterprise(&r, &part))
        if (part.id == number)
            return true;
    return false;
}

/* RFC 3925 4: who says by option 124 or 125 of which enterprise it is, is told what is configured for that.
 */
static bool is_of_enterprise(const struct srv_reply *r, const struct srv_option *option)
{
    static const uint8_t codes[] = {DHCP_OPT_VIVCO, DHCP_OPT_VIVSO};
    struct wire_reader ours;
    struct opt_part part;
    wire_reader_init(&ours, option->data, option->len);
    while (dhcp_opt_walk_enterprise(&ours, &part)) {
        for (size_t i = 0; i < sizeof codes; i++) {
            const struct dhcp_option *said = dhcp_msg_find(r->request, codes[i]);
            if (said != NULL && has_enterprise(said->data, said->len, part.id))
                return true;
        }
    }
    return false;
}

/* RFC 8925 3.3 has option 108 only for a client that asks for it, whatever the configuration says. */
bool srv_reply_is_usual(const struct srv_scopes *scopes, uint8_t code)
{
    if (code == DHCP_OPT_V6ONLY)
        return false;
    return code == DHCP_OPT_ROUTERS || code == DHCP_OPT_DNS_SERVERS || code == DHCP_OPT_DOMAIN_NAME ||
           srv_scope_is_always_sent(scopes, code);
}

/* A BOOTP client has no option 55 to ask with. RFC 8925 3.3 has option 108 only for a client that asks. */
static bool is_all_sent(const struct srv_reply *r, uint8_t code)
{
    return r->type == DHCP_BOOTP && code != DHCP_OPT_V6ONLY;
}

/* As Kea: who tells its name learns the one that it is to have. */
static bool is_renamed(const struct srv_reply *r, const struct srv_option *option)
{
    return option->code == DHCP_OPT_HOST_NAME && dhcp_msg_has(r->request, DHCP_OPT_HOST_NAME);
}

static bool is_sent_unasked(const struct srv_reply *r, const struct srv_option *option)
{
    return !srv_reply_is_requested(r->request, option->code) &&
           (is_all_sent(r, option->code) || srv_reply_is_usual(r->scopes, option->code) ||
            is_renamed(r, option) || (option->code == DHCP_OPT_VIVSO && is_of_enterprise(r, option)));
}

static void add_unasked(struct draft *d)
{
    const struct srv_scopes *scopes = d->reply->scopes;
    for (size_t i = 0; i < scopes->n; i++) {
        const struct srv_options *options = scopes->at[i].options;
        for (size_t j = 0; j < options->n; j++) {
            const struct srv_option *option = &options->list[j];
            if (srv_scope_find(scopes, option->code) == option && is_sent_unasked(d->reply, option))
                add_configured(d, option);
        }
    }
}

/* The answer to a relayed DHCPINFORM goes past the relay, which could not take its option out again. */
static bool is_past_relay(const struct srv_reply *r)
{
    return is_inform(r) && r->request->giaddr != 0;
}

/* RFC 6842 3: "If the 'client identifier' option is present in a message received from a client, the server
 * MUST return the 'client identifier' option, unaltered, in its response message." */
static void add_client_id(struct draft *d)
{
    const struct dhcp_option *option = dhcp_msg_find(d->reply->request, DHCP_OPT_CLIENT_ID);
    if (option != NULL && d->reply->config->echo_client_id && d->reply->type != DHCP_BOOTP)
        add_echo(d, option->code, option->data, option->len);
}

/* RFC 3011 2: "Servers configured to support this option MUST return an identical copy of the option to any
 * client that sends it"; those that ignore it "MUST NOT return this option". Table 3 has it not in a NAK. */
static void add_subnet_selection(struct draft *d)
{
    const struct dhcp_option *option = dhcp_msg_find(d->reply->request, DHCP_OPT_SUBNET_SELECTION);
    if (option != NULL && d->reply->config->subnet_selection && d->reply->type != DHCP_NAK)
        add_echo(d, option->code, option->data, option->len);
}

static void add_fqdn(struct draft *d)
{
    if (d->reply->fqdn_len != 0)
        add_echo(d, DHCP_OPT_FQDN, d->reply->fqdn, d->reply->fqdn_len);
}

/* RFC 3046 2.2: "DHCP servers claiming to support the Relay Agent Information option SHALL echo the entire
 * contents of the Relay Agent Information option in all replies"; a relay that gets none back is better off
 * than one that gets a part, and a client than one that misses what every answer has in the options field. */
static void add_relay_info(struct draft *d)
{
    const struct dhcp_option *option = dhcp_msg_find(d->reply->request, DHCP_OPT_RELAY_INFO);
    if (option == NULL || is_past_relay(d->reply) || d->reply->is_stashed)
        return;
    add_echo(d, option->code, option->data, option->len);
    size_t auth_len = d->reply->auth_len,
           essential = ESSENTIAL_LEN + (auth_len != 0 ? AUTH_HEAD_LEN + auth_len : 0);
    bool is_long = encoded_len(option->len) + essential > d->max - DHCP_OPTIONS_AT - 1; /* 1: END */
    d->items[d->n_items - 1].is_left_out = is_long;
    d->n_left_out += is_long;
}

static void add_echoes(struct draft *d)
{
    add_client_id(d);
    add_subnet_selection(d);
    add_fqdn(d);
    add_relay_info(d);
    d->n_echoes = d->n_items;
}

static void add_asked(struct draft *d)
{
    const struct srv_reply *r = d->reply;
    if (r->type == DHCP_NAK && r->config->kea)
        return;
    if (r->type == DHCP_NAK) {
        size_t len = strlen(r->message);
        add_item(d, DHCP_OPT_MESSAGE, (const uint8_t *)r->message, len > PIECE_MAX ? PIECE_MAX : len);
    } else {
        add_requested(d);
        add_unasked(d);
    }
}

static void put_essentials(struct draft *d)
{
    const struct srv_reply *r = d->reply;
    if (r->type != DHCP_BOOTP) {
        *put_first(d, DHCP_OPT_TYPE, 1) = (uint8_t)r->type;
        put_first_u32(d, DHCP_OPT_SERVER_ID, r->server_id != 0 ? r->server_id : r->server);
    }
    if (r->type == DHCP_NAK)
        return;
    if (r->type != DHCP_BOOTP)
        put_lease(d);
    /* RFC 2132 3.3: "If both the subnet mask and the router option are specified in a DHCP reply, the subnet
     * mask option MUST be first." */
    put_first_u32(d, DHCP_OPT_SUBNET_MASK, ip4_net_mask(r->subnet->net));
    /* RFC 4039 3.1: the option in the DHCPACK tells the client that this one is final. */
    if (r->rapid_commit)
        put_first(d, DHCP_OPT_RAPID_COMMIT, 0);
    if (r->forcerenew)
        *put_first(d, DHCP_OPT_FORCERENEW_NONCE, 1) = DHCP_AUTH_ALGORITHM;
    if (r->auth_len != 0)
        memcpy(put_first(d, DHCP_OPT_AUTH, r->auth_len), r->auth, r->auth_len);
}

/* ---- header ---- */

static void write_text(uint8_t *field, const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++)
        field[i] = (uint8_t)text[i];
}

/* RFC 2131 4.3.1, table 3. What is not copied from the request stays 0: hops and secs in every answer. */
static void write_header(const struct srv_reply *r, uint8_t *bytes)
{
    static const struct srv_boot none = {.server_hostname = "", .boot_file_name = ""};
    const struct srv_boot *boot = r->type == DHCP_NAK ? &none : r->boot;
    bool has_ciaddr = r->type == DHCP_ACK || r->type == DHCP_BOOTP;
    ip4 giaddr = is_past_relay(r) ? 0 : r->request->giaddr;
    /* RFC 2131 4.3.2: "If 'giaddr' is set in the DHCPREQUEST message, ... The server MUST set the broadcast
     * bit in the DHCPNAK, so that the relay agent will broadcast the DHCPNAK to the client" */
    unsigned broadcast = r->type == DHCP_NAK && giaddr != 0 ? DHCP_FLAG_BROADCAST : 0;
    bytes[0] = DHCP_BOOTREPLY;
    bytes[1] = r->request->htype;
    bytes[2] = r->request->hlen;
    bytes[3] = r->config->kea ? r->request->hops : 0;
    wire_set_u32(bytes + DHCP_XID_AT, r->request->xid);
    wire_set_u16(bytes + DHCP_SECS_AT, 0);
    wire_set_u16(bytes + DHCP_FLAGS_AT, (uint16_t)(r->request->flags | broadcast));
    wire_set_u32(bytes + DHCP_CIADDR_AT, has_ciaddr ? r->request->ciaddr : 0);
    wire_set_u32(bytes + DHCP_YIADDR_AT, r->type == DHCP_NAK ? 0 : r->yiaddr);
    wire_set_u32(bytes + DHCP_SIADDR_AT, boot->next_server);
    wire_set_u32(bytes + DHCP_GIADDR_AT, giaddr);
    memcpy(bytes + DHCP_CHADDR_AT, r->request->chaddr, DHCP_CHADDR_LEN);
    memset(bytes + DHCP_SNAME_AT, 0, DHCP_SNAME_LEN + DHCP_FILE_LEN);
    write_text(bytes + DHCP_SNAME_AT, boot->server_hostname);
    write_text(bytes + DHCP_FILE_AT, boot->boot_file_name);
    wire_set_u32(bytes + DHCP_COOKIE_AT, DHCP_COOKIE);
}

/* Table 3: file and sname may hold options, except in a DHCPNAK. */
static uint8_t find_overloadable(const struct srv_reply *r)
{
    bool may_be = r->type != DHCP_NAK && r->type != DHCP_BOOTP && !r->config->kea;
    return may_be ? DHCP_OVERLOAD_BOTH : DHCP_OVERLOAD_NONE;
}

/* Kea sends no more than there is, where RFC 1542 2.1 has 300 octets. */
static size_t without_padding(const uint8_t *buf, size_t len)
{
    while (buf[len - 1] == 0)
        len--;
    return len;
}

/* ---- one option after the other ---- */

static void write_items(const struct draft *d, size_t first, size_t end, struct wire_writer *w)
{
    for (size_t i = first; i < end; i++)
        dhcp_write_option(w, d->items[i].code, d->items[i].data, d->items[i].len);
}

/* Does each option stand where it was put, and none in another one's place? */
static bool is_in_order(const struct draft *d)
{
    if (d->reply->config->kea)
        return false;
    for (size_t i = d->n_echoes; i < d->n_items; i++)
        if (srv_block_has_code(&d->codes, d->items[i].code))
            return false;
    return true;
}

/* The message, with the configured options as they are encoded in `asked`; false if it has no room for all of
 * its options. */
static bool write_straight(const struct draft *d, const uint8_t *asked, size_t len, uint8_t *buf,
                           size_t *out_len)
{
    struct wire_writer w;
    wire_writer_init(&w, buf, d->max);
    write_header(d->reply, wire_reserve(&w, DHCP_OPTIONS_AT)); /* there is room: max_len() */
    wire_put_bytes(&w, d->first, d->first_len);
    wire_put_bytes(&w, asked, len);
    write_items(d, 0, d->n_echoes, &w);
    dhcp_write_end(&w, DHCP_MSG_SEND_MIN);
    *out_len = w.at;
    return !w.err && d->n_left_out == 0;
}

/* The same for an answer of whose configured options there is no block: one is made. */
static bool write_asked(const struct draft *d, const struct srv_block_key *key, uint8_t *buf,
                        struct srv_reply_size *out)
{
    uint8_t asked[DHCP_MSG_MAX];
    struct wire_writer w;
    wire_writer_init(&w, asked, sizeof asked);
    write_items(d, d->n_echoes, d->n_items, &w);
    if (w.err || !is_in_order(d) || !write_straight(d, asked, w.at, buf, &out->len))
        return false;
    if (d->reply->blocks != NULL)
        out->block = srv_block_add(d->reply->blocks, key, asked, w.at);
    return true;
}

/* ---- where there is no room, or an order of its own ---- */

static void put(struct draft *d, uint8_t code, const void *data, size_t len)
{
    d->dropped += !dhcp_put_bytes(&d->m, code, data, len);
}

static void put_octets(struct draft *d, const uint8_t *octets, size_t len)
{
    for (size_t at = 0; at < len; at += 2U + octets[at + 1])
        put(d, octets[at], octets + at + 2, octets[at + 1]);
}

static void put_items(struct draft *d, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (!d->items[i].is_left_out)
            put(d, d->items[i].code, d->items[i].data, d->items[i].len);
}

/* The message without what is left out; true if all of it fits. */
static bool compose(struct draft *d, uint8_t *buf, size_t *out_len)
{
    unsigned dropped;
    d->dropped = 0;
    dhcp_msg_init(&d->m, DHCP_BOOTREPLY);
    write_header(d->reply, buf);
    dhcp_read_header(&d->m, buf);
    d->m.may_overload = find_overloadable(d->reply);
    put_octets(d, d->first, d->first_len);
    put_items(d, d->n_echoes, d->n_items);
    put_items(d, 0, d->n_echoes);
    bool kea = d->reply->config->kea;
    if (kea) /* options by their codes, whatever the client's order */
        dhcp_msg_sort(&d->m);
    *out_len = dhcp_msg_encode(&d->m, buf, d->max, &dropped);
    if (kea)
        *out_len = without_padding(buf, *out_len);
    d->dropped += dropped;
    return d->dropped == 0;
}

/* Takes the options in the order of their importance, each one that fits beside those before it. */
static void leave_out(struct draft *d, uint8_t *buf, size_t *out_len)
{
    bool is_out[ITEMS_MAX] = {false};
    for (size_t i = 0; i < d->n_items; i++) {
        is_out[i] = d->items[i].is_left_out;
        d->items[i].is_left_out = true;
    }
    for (size_t i = 0; i < d->n_items; i++) {
        d->items[i].is_left_out = is_out[i];
        if (!is_out[i])
            d->items[i].is_left_out = !compose(d, buf, out_len);
    }
    compose(d, buf, out_len);
}

static void compose_what_fits(struct draft *d, uint8_t *buf, struct srv_reply_size *out)
{
    if (!compose(d, buf, &out->len))
        leave_out(d, buf, &out->len);
    for (size_t i = 0; i < d->n_items; i++)
        d->dropped += d->items[i].is_left_out;
    out->dropped = d->dropped;
}

/* Everything but the configured options. */
static void start(struct draft *d, const struct srv_reply *reply)
{
    d->reply = reply;
    d->max = max_len(reply);
    d->first_len = 0;
    d->codes = (struct srv_block_codes){0};
    d->n_echoes = d->n_items = d->n_left_out = 0;
    put_essentials(d);
    add_echoes(d);
}

static struct srv_block *find_block(const struct draft *d, struct srv_block_key *out_key)
{
    if (d->reply->blocks == NULL)
        return NULL;
    srv_block_key(d->reply, &d->codes, out_key);
    return srv_block_find(d->reply->blocks, out_key);
}

void srv_reply_encode(const struct srv_reply *reply, uint8_t *buf, struct srv_reply_size *out_size)
{
    struct draft d; /* not zeroed: it is large, and valid only up to its counts */
    struct srv_block_key key;
    start(&d, reply);
    struct srv_block *block = find_block(&d, &key);
    *out_size = (struct srv_reply_size){.max = d.max, .block = block};
    if (block != NULL && write_straight(&d, block->octets, block->len, buf, &out_size->len))
        return;
    out_size->block = NULL;
    add_asked(&d);
    if (block != NULL || !write_asked(&d, &key, buf, out_size))
        compose_what_fits(&d, buf, out_size);
}
