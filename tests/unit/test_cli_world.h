/* One client engine in virtual time, and answers written by hand. What a step does is one line of text, in
 * order:
 *
 *   BOUND>RENEWING(t1)   the state changed, and why        TX:REQUEST   a message left; it is in w->tx
 *   SET 10.0.0.10/24     the interface is set              CLEAR        the interface is cleared
 *   ARP:PROBE, ARP:ANNOUNCE, ARP:DEFEND   an ARP message left; it is in w->arp
 *   HOST, UNHOST         what an INFORM told is set, is taken back
 *   note(retransmit)     a decision                        drop(wrong-xid)   a message was ignored, and why
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli_engine.h"
#include "common/dhcp_msg.h"
#include "common/err.h"

#define ADDR   0x0a00000aU /* 10.0.0.10 */
#define SERVER 0x0a000001U /* 10.0.0.1 */
#define OTHER  0x0a000002U /* 10.0.0.2, a second server */
#define ROUTER 0x0a0000feU /* 10.0.0.254 */
#define MASK   0xffffff00U

/* The instants of a lease of one hour, which is what an answer gives unless it says otherwise. */
#define HOUR_T1   1800000
#define HOUR_T2   3150000
#define HOUR_ENDS 3600000

static const struct hw_addr own_hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 1}};

struct world {
    struct cli_config config;
    struct cli_engine *engine;
    struct cli_counters counters;
    struct cli_actions actions;
    char log[2048];       /* of the last step */
    unsigned n_tx;        /* since the start */
    struct packet packet; /* the last one sent; its bytes in `bytes` */
    uint8_t bytes[DHCP_MSG_MAX];
    struct dhcp_msg tx;
    struct arp arp;
    bool is_saved; /* not in the log: a CLI_LEASE_SAVE, which each SET has beside it, without a
                      CLI_LEASE_FORGET yet */
    struct cli_lease saved;
    size_t ack_len; /* of the last CLI_ACK_KEEP, not in the log either; its bytes in `ack` */
    uint8_t ack[DHCP_MSG_MAX];
    bool is_set;               /* a CLI_IF_SET without its CLI_IF_CLEAR yet */
    struct cli_lease set;      /* of the last CLI_IF_SET */
    char hooks[256];           /* CLI_HOOK since the last step that had one, not in the log: "EXPIRE BOUND" */
    struct trace_event traced; /* the last one; its text in `text` */
    char text[512];
};

static inline const char *token(enum reason reason)
{
    static const char *const tokens[] = {
#define X(name, word, text) [name] = word,
        REASON_MAP(X)
#undef X
    };
    return tokens[reason];
}

static inline void say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void say(struct world *w, const char *format, ...)
{
    size_t used = strlen(w->log);
    if (used > 0)
        used += (size_t)snprintf(w->log + used, sizeof w->log - used, " ");
    va_list args;
    va_start(args, format);
    vsnprintf(w->log + used, sizeof w->log - used, format, args);
    va_end(args);
}

static inline void keep_tx(struct world *w, const struct packet *packet)
{
    assert_in_range(packet->len, DHCP_MSG_SEND_MIN, DHCP_MSG_MAX);
    memcpy(w->bytes, packet->bytes, packet->len);
    w->packet = *packet;
    w->packet.bytes = w->bytes;
    assert_int_equal(dhcp_msg_decode(&w->tx, w->bytes, packet->len), REASON_NONE);
    assert_int_equal(w->tx.defects, 0);
    w->n_tx++;
    say(w, "TX:%s", dhcp_type_name(w->tx.type));
}

static inline void keep_trace(struct world *w, const struct trace_event *event)
{
    w->traced = *event;
    if (event->facts.text != NULL)
        snprintf(w->text, sizeof w->text, "%s", event->facts.text);
    switch (event->kind) {
    case TRACE_DECISION:
        say(w, "note(%s)", token(event->reason));
        return;
    case TRACE_DROP:
        say(w, "drop(%s)", token(event->reason));
        return;
    case TRACE_STATE:
        say(w, "%s>%s(%s)", event->from, event->to, token(event->reason));
        return;
    }
}

static inline void keep(struct world *w, const struct cli_action *action)
{
    char addr[IP4_LEN];
    switch (action->kind) {
    case CLI_TX:
        keep_tx(w, &action->packet);
        return;
    case CLI_ACK_KEEP:
        w->ack_len = action->packet.len;
        memcpy(w->ack, action->packet.bytes, w->ack_len);
        return;
    case CLI_IF_SET:
        w->set = action->lease;
        w->is_set = true;
        say(w, "SET %s/%u", ip4_format(w->set.addr, addr), w->set.prefix_len);
        return;
    case CLI_IF_CLEAR:
        assert_true(w->is_set);
        assert_int_equal(action->lease.addr, w->set.addr);
        w->is_set = false;
        say(w, "CLEAR");
        return;
    case CLI_HOST_SET:
        w->set = action->lease;
        say(w, "HOST");
        return;
    case CLI_HOST_CLEAR:
        say(w, "UNHOST");
        return;
    case CLI_LEASE_SAVE:
        assert_int_equal(action->lease.addr, w->set.addr);
        w->saved = action->lease;
        w->is_saved = true;
        return;
    case CLI_LEASE_FORGET:
        assert_true(w->is_saved);
        w->is_saved = false;
        return;
    case CLI_ARP_PROBE:
    case CLI_ARP_ANNOUNCE:
    case CLI_ARP_DEFEND:
        w->arp = action->arp;
        say(w, "ARP:%s",
            action->kind == CLI_ARP_PROBE      ? "PROBE"
            : action->kind == CLI_ARP_ANNOUNCE ? "ANNOUNCE"
                                               : "DEFEND");
        return;
    case CLI_HOOK:
        if (w->hooks[0] != '\0')
            strcat(w->hooks, " ");
        strcat(w->hooks, cli_hook_reason_name(action->hook));
        assert_int_equal(action->has_lease,
                         (action->hook >= CLI_HOOK_BOUND && action->hook <= CLI_HOOK_INFORM));
        return;
    case CLI_TRACE:
        keep_trace(w, &action->trace);
        return;
    }
}

static inline void step(struct world *w, const struct cli_event *event)
{
    w->log[0] = w->hooks[0] = '\0';
    assert_int_equal(cli_engine_step(w->engine, event, &w->actions), 0);
    for (const struct cli_action *a = w->actions.first; a != NULL; a = a->next)
        keep(w, a);
    cli_actions_reset(&w->actions);
}

/* A client that starts without delay and does not probe; change w->config before the first event for anything
 * else. */
static inline void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    assert_int_equal(cli_config_init(&w->config), 0);
    w->config.start_delay_min_ms = w->config.start_delay_max_ms = 0;
    w->config.acd = false;
    cli_actions_init(&w->actions);
    w->engine = cli_engine_new(&w->config, &own_hw, seed, &w->counters);
    assert_non_null(w->engine);
}

static inline void world_fini(struct world *w)
{
    cli_engine_free(w->engine);
    cli_actions_fini(&w->actions);
}

/* Around each test: a world of its own is its state. */
static inline int setup(void **state)
{
    static struct world w;
    world_init(&w, 1);
    *state = &w;
    return 0;
}

static inline int teardown(void **state)
{
    world_fini(*state);
    return 0;
}

static inline struct cli_status status_of(struct world *w)
{
    struct cli_status status;
    cli_engine_status(w->engine, &status);
    return status;
}

/* A command, or the deadline, at `now`. */
#define AT(w, now_ms, kind_, expected)                                                                       \
    do {                                                                                                     \
        step((w), &(struct cli_event){.kind = (kind_), .now = (now_ms)});                                    \
        assert_string_equal((w)->log, (expected));                                                           \
    } while (0)

/* Silence up to the instant before, and then this. */
#define FIRES(w, now_ms, expected)                                                                           \
    do {                                                                                                     \
        assert_int_equal(cli_engine_deadline((w)->engine), (now_ms));                                        \
        AT((w), (now_ms)-1, CLI_DEADLINE, "");                                                               \
        AT((w), (now_ms), CLI_DEADLINE, (expected));                                                         \
    } while (0)

/* An answer to the last message sent. What is 0 has the value in the comment. */
struct answer {
    uint8_t type;
    ip4 server;          /* SERVER; option 54 */
    ip4 yiaddr;          /* ADDR; 0 in a NAK */
    uint32_t lease_s;    /* 3600; option 51 */
    uint32_t t1_s, t2_s; /* absent; options 58 and 59 */
    ip4 mask;            /* MASK; option 1 */
    ip4 siaddr;          /* 0 */
    ip4 source;          /* SERVER; of the datagram */
    bool no_yiaddr, no_server, no_lease, zero_lease, no_mask, zero_t1;
    const char *message; /* absent; option 56 */
    bool rapid;          /* option 80 */
    bool has_v6only;     /* option 108, with this value */
    uint32_t v6only_s;
    uint32_t xid_xor; /* 0 */
    uint8_t hw_xor;   /* 0; changes the last octet of chaddr */
    uint8_t op;       /* BOOTREPLY */
};

static inline size_t write_answer(const struct world *w, const struct answer *a, uint8_t *buf)
{
    struct dhcp_msg m;
    dhcp_msg_init(&m, a->op ? a->op : DHCP_BOOTREPLY);
    m.htype = w->tx.htype;
    m.hlen = w->tx.hlen;
    memcpy(m.chaddr, w->tx.chaddr, sizeof m.chaddr);
    m.chaddr[5] ^= a->hw_xor;
    m.xid = w->tx.xid ^ a->xid_xor;
    m.siaddr = a->siaddr;
    m.yiaddr = a->yiaddr ? a->yiaddr : a->type == DHCP_NAK || a->no_yiaddr ? 0 : ADDR;
    if (a->type != DHCP_BOOTP)
        dhcp_put_u8(&m, DHCP_OPT_TYPE, a->type);
    if (!a->no_server)
        dhcp_put_ip4(&m, DHCP_OPT_SERVER_ID, a->server ? a->server : SERVER);
    if (a->rapid)
        dhcp_put_bytes(&m, DHCP_OPT_RAPID_COMMIT, NULL, 0);
    if (a->has_v6only)
        dhcp_put_u32(&m, DHCP_OPT_V6ONLY, a->v6only_s);
    if (a->message != NULL)
        dhcp_put_text(&m, DHCP_OPT_MESSAGE, a->message);
    if (a->type != DHCP_NAK) {
        if (!a->no_lease)
            dhcp_put_u32(&m, DHCP_OPT_LEASE_TIME, a->zero_lease ? 0 : a->lease_s ? a->lease_s : 3600);
        if (a->t1_s != 0 || a->zero_t1)
            dhcp_put_u32(&m, DHCP_OPT_T1, a->t1_s);
        if (a->t2_s != 0)
            dhcp_put_u32(&m, DHCP_OPT_T2, a->t2_s);
        if (!a->no_mask)
            dhcp_put_ip4(&m, DHCP_OPT_SUBNET_MASK, a->mask ? a->mask : MASK);
        dhcp_put_ip4(&m, DHCP_OPT_ROUTERS, ROUTER);
    }
    unsigned dropped;
    return dhcp_msg_encode(&m, buf, DHCP_MSG_MAX, &dropped);
}

static inline void answer(struct world *w, time_ms now, const struct answer *a)
{
    uint8_t buf[DHCP_MSG_MAX];
    struct cli_event event = {
        .kind = CLI_RX,
        .now = now,
        .packet = {.src = a->source ? a->source : SERVER,
                   .sport = DHCP_PORT_SERVER,
                   .dport = DHCP_PORT_CLIENT,
                   .bytes = buf},
    };
    event.packet.len = write_answer(w, a, buf);
    step(w, &event);
}

/* The answer { ... } comes in at `now`. */
#define RX(w, now_ms, expected, ...)                                                                         \
    do {                                                                                                     \
        answer((w), (now_ms), &(struct answer){__VA_ARGS__});                                                \
        assert_string_equal((w)->log, (expected));                                                           \
    } while (0)

#define STARTS  "STOPPED>INIT(start) INIT>SELECTING(search) TX:DISCOVER"
#define CHOOSES "SELECTING>REQUESTING(offer-first) TX:REQUEST"
#define BINDS   "SET 10.0.0.10/24 REQUESTING>BOUND(ack)"

/* BOUND, with everything sent at the instant `now`. */
static inline void bind_at(struct world *w, time_ms now, struct answer ack)
{
    AT(w, now, CLI_START, STARTS);
    RX(w, now, CHOOSES, .type = DHCP_OFFER);
    ack.type = DHCP_ACK;
    answer(w, now, &ack);
    assert_int_equal(status_of(w).state, CLI_BOUND);
}
