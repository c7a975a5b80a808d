/* One server engine in virtual time, its clients, and what it did last. Each test is a timeline; what a
 * client would see and what the server decided stand in it. Clients are named by a letter: "a" is
 * 02:00:00:00:00:0a. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "server/srv_engine.h"

#define IP(a, b, c, d) ((ip4)((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)))

enum { NOTES_MAX = 64, S = 1000 };

#define SERVER IP(10, 0, 0, 1)

static const char basic[] =
    "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"min-valid-lifetime\": 60, \"max-valid-lifetime\": 7200,"
    "  \"subnet4\": [ { \"id\": 1, \"subnet\": \"10.0.0.0/24\","
    "    \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] },"
    "  { \"id\": 2, \"subnet\": \"10.0.2.0/24\", \"pools\": [ { \"pool\": \"10.0.2.10 - 10.0.2.12\" } ] } ] "
    "} }";

/* ---- a server, its clients, and what it did last ---- */

static struct siphash_key hash_key = {1, 2};
static struct srv_config *config;
static struct srv_engine *engine;
static struct srv_actions actions;
static time_ms now;
static const struct srv_iface eth0 = {.index = 3, .name = "eth0", .addr = {.addr = SERVER, .len = 24}};

static struct {
    unsigned n_tx, n_put, n_probes;
    ip4 probed; /* the last address that was to be probed */
    int probe_ifindex;
    struct packet packet;
    enum srv_via via;
    struct dhcp_msg msg;  /* the answer; type 0 if there was none */
    struct srv_lease put; /* the last one */
    bool put_before_tx;
    enum reason reasons[NOTES_MAX]; /* decisions and drops, in order */
    unsigned n_reasons, n_drops;
    struct trace_event last;
} seen;

static inline struct srv_config *parse(const char *text)
{
    struct srv_config *c;
    char error[JCFG_TEXT_MAX] = "";
    int err = srv_config_parse("server.json", text, strlen(text), NULL, NULL, error, &c);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    return c;
}

static inline void start(const char *text)
{
    config = parse(text);
    engine = srv_engine_new(config, &hash_key);
    assert_non_null(engine);
    srv_actions_init(&actions);
    now = 0;
}

static inline int stop(void **state)
{
    (void)state;
    srv_engine_free(engine);
    srv_config_free(config);
    srv_actions_fini(&actions);
    engine = NULL;
    config = NULL;
    return 0;
}

static inline void look(const struct srv_action *a)
{
    switch (a->kind) {
    case SRV_LEASE_PUT:
        seen.n_put++;
        seen.put = a->lease;
        break;
    case SRV_TX:
        assert_int_equal(dhcp_msg_decode(&seen.msg, a->packet.bytes, a->packet.len), REASON_NONE);
        assert_int_equal(seen.msg.defects, 0);
        assert_int_equal(a->ifindex, eth0.index);
        ++*srv_engine_sent(engine, a->type);
        seen.n_tx++;
        seen.packet = a->packet;
        seen.via = a->via;
        seen.put_before_tx = seen.n_put != 0;
        break;
    case SRV_PROBE:
        seen.n_probes++;
        seen.probed = a->packet.dst;
        seen.probe_ifindex = a->ifindex;
        break;
    case SRV_TRACE:
        assert_true(seen.n_reasons < NOTES_MAX);
        seen.reasons[seen.n_reasons++] = a->trace.reason;
        seen.n_drops += a->trace.kind == TRACE_DROP;
        seen.last = a->trace;
        break;
    }
}

static inline void step(const struct srv_event *event)
{
    srv_actions_reset(&actions);
    memset(&seen, 0, offsetof(__typeof__(seen), msg));
    dhcp_msg_init(&seen.msg, 0);
    seen.n_reasons = seen.n_drops = 0;
    assert_int_equal(srv_engine_step(engine, event, &actions), 0);
    for (const struct srv_action *a = actions.first; a != NULL; a = a->next)
        look(a);
}

static inline bool decided(enum reason reason)
{
    for (unsigned i = 0; i < seen.n_reasons; i++)
        if (seen.reasons[i] == reason)
            return true;
    return false;
}

/* Time passes; what is due happens at its instant. */
static inline void at(time_ms when)
{
    while (srv_engine_deadline(engine) <= when) {
        now = srv_engine_deadline(engine);
        step(&(struct srv_event){.kind = SRV_DEADLINE, .now = now});
    }
    now = when;
}

static struct dhcp_msg request;

static inline struct dhcp_msg *msg(char client, enum dhcp_type type)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0};
    dhcp_msg_init(&request, DHCP_BOOTREQUEST);
    request.htype = 1;
    request.hlen = 6;
    request.xid = 0x12345678;
    memcpy(request.chaddr, mac, sizeof mac);
    request.chaddr[5] = (uint8_t)(client - 'a' + 10);
    assert_true(dhcp_put_u8(&request, DHCP_OPT_TYPE, (uint8_t)type));
    return &request;
}

static inline void send_from(ip4 src, uint16_t sport, ip4 dst)
{
    static uint8_t buf[DHCP_MSG_MAX];
    unsigned dropped;
    size_t len = dhcp_msg_encode(&request, buf, sizeof buf, &dropped);
    assert_int_equal(dropped, 0);
    step(&(struct srv_event){
        .kind = SRV_RX,
        .now = now,
        .iface = &eth0,
        .packet = {
            .src = src, .dst = dst, .sport = sport, .dport = DHCP_PORT_SERVER, .bytes = buf, .len = len}});
}

static inline void send_to(ip4 dst)
{
    send_from(request.ciaddr, DHCP_PORT_CLIENT, dst);
}

static inline void discover(char client, ip4 wanted)
{
    msg(client, DHCP_DISCOVER);
    if (wanted != 0)
        dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, wanted);
    send_to(IP4_BROADCAST);
}

static inline void selecting(char client, ip4 server, ip4 addr)
{
    msg(client, DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, server);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, addr);
    send_to(IP4_BROADCAST);
}

static inline void init_reboot(char client, ip4 addr)
{
    dhcp_put_ip4(msg(client, DHCP_REQUEST), DHCP_OPT_REQUESTED_IP, addr);
    send_to(IP4_BROADCAST);
}

static inline void renew(char client, ip4 addr)
{
    msg(client, DHCP_REQUEST)->ciaddr = addr;
    send_to(SERVER);
}

static inline void rebind(char client, ip4 addr)
{
    msg(client, DHCP_REQUEST)->ciaddr = addr;
    send_to(IP4_BROADCAST);
}

static inline void release(char client, ip4 addr)
{
    msg(client, DHCP_RELEASE)->ciaddr = addr;
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    send_to(SERVER);
}

static inline void decline(char client, ip4 addr)
{
    dhcp_put_ip4(msg(client, DHCP_DECLINE), DHCP_OPT_REQUESTED_IP, addr);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    send_to(IP4_BROADCAST);
}

static inline void expect_offer(ip4 addr)
{
    assert_int_equal(seen.n_tx, 1);
    assert_int_equal(seen.msg.type, DHCP_OFFER);
    assert_int_equal(seen.msg.yiaddr, addr);
    assert_int_equal(seen.n_put, 0); /* only an ACK commits */
}

static inline void expect_ack(ip4 addr)
{
    assert_int_equal(seen.n_tx, 1);
    assert_int_equal(seen.msg.type, DHCP_ACK);
    assert_int_equal(seen.msg.yiaddr, addr);
    assert_true(seen.n_put >= 1);
    assert_true(seen.put_before_tx);
    assert_int_equal(seen.put.addr, addr);
    assert_int_equal(seen.put.state, SRV_LEASE_ACTIVE);
}

/* The option of the answer; NULL: it has none. */
static inline void expect_text_option(uint8_t code, const char *text)
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

static inline void expect_nak(enum reason reason)
{
    assert_int_equal(seen.n_tx, 1);
    assert_int_equal(seen.msg.type, DHCP_NAK);
    assert_int_equal(seen.msg.yiaddr, 0);
    assert_int_equal(seen.n_put, 0);
    assert_true(decided(reason));
}

static inline void expect_silence(enum reason reason)
{
    assert_int_equal(seen.n_tx, 0);
    assert_int_equal(seen.n_put, 0);
    assert_true(decided(reason));
}

static inline void bind(char client, ip4 addr)
{
    discover(client, addr);
    expect_offer(addr);
    selecting(client, SERVER, addr);
    expect_ack(addr);
}
