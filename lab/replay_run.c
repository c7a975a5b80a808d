#include "lab/replay_run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/io_loop.h"
#include "common/io_sock.h"

enum { MS_US = 1000, US_NS = 1000, POLL_MAX_MS = 60000 };

/* Who answers ARP for an address. */
struct holder {
    ip4 addr; /* 0: nobody any more */
    struct hw_addr hw;
};

struct replay_run {
    const struct replay_plan *plan;
    struct replay_map *map;
    const struct replay_setting *setting;
    struct io_iface iface;
    int fds[3]; /* answers to clients, answers to relay agents, ARP */
    struct holder *holders;
    size_t n_holders, capacity;
    uint64_t start_us;
    struct replay_result result; /* of the message that is under way */
    uint8_t sent[FRAME_MAX];     /* as it was sent */
    uint8_t mapped[FRAME_MAX];   /* the captured answer, with what stands for what */
    uint8_t frame[IO_DATAGRAM_MAX];
    const uint8_t *answer; /* in the frame: the live answer, which borrows from it */
};

enum { TO_CLIENTS, TO_RELAYS, ARP };

static const struct hw_addr everybody = {.type = 1, .len = 6, .bytes = {255, 255, 255, 255, 255, 255}};

const char *replay_outcome_name(enum replay_outcome outcome)
{
    static const char *const names[] = {
#define X(name, token, text) [name] = token,
        REPLAY_OUTCOME_MAP(X)
#undef X
    };
    return names[outcome];
}

/* ---- addresses ---- */

static struct holder *find_holder(const struct replay_run *r, ip4 addr)
{
    for (size_t i = r->n_holders; i > 0; i--)
        if (r->holders[i - 1].addr == addr)
            return &r->holders[i - 1];
    return NULL;
}

/* 0 or ERR_NOMEM. */
static int hold(struct replay_run *r, ip4 addr, const struct hw_addr *hw)
{
    if (addr == 0 || addr == r->setting->server.addr)
        return 0;
    struct holder *h = find_holder(r, addr);
    if (h == NULL && r->n_holders == r->capacity) {
        size_t capacity = 2 * r->capacity + 64;
        struct holder *more = realloc(r->holders, capacity * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        r->holders = more;
        r->capacity = capacity;
    }
    if (h == NULL)
        h = &r->holders[r->n_holders++];
    *h = (struct holder){addr, *hw};
    return 0;
}

static void let_go(struct replay_run *r, ip4 addr)
{
    struct holder *h = find_holder(r, addr);
    if (h != NULL)
        h->addr = 0;
}

static void answer_arp(struct replay_run *r)
{
    struct arp arp;
    enum reason reason;
    while (io_arp_recv(r->fds[ARP], &arp, &reason) > 0) {
        const struct holder *h =
            reason == REASON_NONE && arp.op == ARP_REQUEST ? find_holder(r, arp.target) : NULL;
        if (h == NULL || h->addr == 0)
            continue;
        struct arp reply = {.op = ARP_REPLY,
                            .sender_hw = h->hw,
                            .sender = h->addr,
                            .target_hw = arp.sender_hw,
                            .target = arp.sender};
        io_arp_send(r->fds[ARP], r->iface.index, &reply); /* if it is lost, the server asks again */
    }
}

/* ---- waiting ---- */

/* Is the datagram the answer that is waited for? Another server's is counted. */
static bool is_awaited(struct replay_run *r, const struct packet *p)
{
    struct replay_result *result = &r->result;
    ip4 server = 0;
    if (dhcp_msg_decode(&result->live, p->bytes, p->len) != REASON_NONE ||
        result->live.op != DHCP_BOOTREPLY || result->live.xid != result->xid)
        return false;
    dhcp_get_ip4(&result->live, DHCP_OPT_SERVER_ID, &server);
    bool is_ours = p->src == r->setting->server.addr || server == r->setting->server.addr;
    result->n_others += !is_ours;
    r->answer = p->bytes;
    return is_ours;
}

static bool receive(struct replay_run *r, int fd)
{
    struct packet p;
    enum reason reason;
    while (io_raw_recv(fd, r->frame, sizeof r->frame, &p, &reason) > 0)
        if (reason == REASON_NONE && is_awaited(r, &p))
            return true;
    return false;
}

/* Until the answer is there (true) or the time has come. */
static bool wait_until(struct replay_run *r, uint64_t until_us, bool for_answer)
{
    struct pollfd fds[] = {
        {r->fds[TO_CLIENTS], POLLIN, 0}, {r->fds[TO_RELAYS], POLLIN, 0}, {r->fds[ARP], POLLIN, 0}};
    for (;;) {
        answer_arp(r);
        bool is_there = receive(r, r->fds[TO_CLIENTS]) || receive(r, r->fds[TO_RELAYS]);
        uint64_t now_us = io_now_us();
        if ((is_there && for_answer) || now_us >= until_us)
            return is_there && for_answer;
        uint64_t left_ms = (until_us - now_us) / MS_US + 1;
        poll(fds, sizeof fds / sizeof fds[0], left_ms < POLL_MAX_MS ? (int)left_ms : POLL_MAX_MS);
    }
}

/* ---- sending ---- */

/* RFC 2131 4.1: who has no address sends from 0.0.0.0; RFC 1542 4.1.1: a relay agent from port 67 to the
 * server. */
static struct packet packet_of(struct replay_run *r, const struct replay_message *m,
                               const struct hw_addr *relay_hw)
{
    const struct replay_setting *s = r->setting;
    ip4 relay = replay_map_relay(r->map, m->relay);
    bool is_broadcast = relay == 0 && m->sent.dst == IP4_BROADCAST;
    return (struct packet){
        .src_hw = relay != 0 ? *relay_hw : r->result.client->frame,
        .dst_hw = is_broadcast ? everybody : s->server_hw,
        .src = relay != 0 ? relay : replay_map_addr(r->map, r->result.client, m->sent.src),
        .dst = is_broadcast ? IP4_BROADCAST : s->server.addr,
        .sport = relay != 0 ? DHCP_PORT_SERVER : DHCP_PORT_CLIENT,
        .dport = DHCP_PORT_SERVER,
        .bytes = r->sent,
        .len = m->sent.len,
    };
}

/* A relay agent stands in the table of clients under its address. */
static const struct replay_client *relay_of(struct replay_run *r, ip4 relay)
{
    struct hw_addr key = {.len = sizeof relay};
    memcpy(key.bytes, &relay, sizeof relay);
    return replay_map_client(r->map, &key);
}

/* What the message says of who holds which address. */
static int note_holders(struct replay_run *r, const struct replay_message *m, const struct packet *p,
                        const struct dhcp_msg *sent)
{
    ip4 asked;
    if (m->type == DHCP_RELEASE)
        let_go(r, sent->ciaddr);
    else if (m->type == DHCP_DECLINE && dhcp_get_ip4(sent, DHCP_OPT_REQUESTED_IP, &asked))
        let_go(r, asked);
    else if (hold(r, sent->ciaddr, &r->result.client->frame) < 0)
        return ERR_NOMEM;
    return m->type == DHCP_RELEASE ? 0 : hold(r, p->src, &p->src_hw);
}

/* Was the client seen to get the address before, or to be offered it? */
static bool was_promised(const struct replay_run *r, const struct replay_message *m, ip4 addr)
{
    for (const struct replay_message *before = r->plan->messages; before < m; before++) {
        const struct replay_datagram *answer = replay_plan_answer(before);
        struct dhcp_msg promise;
        if (answer != NULL && hw_equal(&before->client, &m->client) &&
            dhcp_msg_decode(&promise, answer->bytes, answer->len) == REASON_NONE && promise.yiaddr == addr)
            return true;
    }
    return false;
}

/* Who takes an address, asks for more of its lease, or gives it up, has been promised it: then the map knows
 * it, unless the live server has not answered. */
static bool is_unbegun(const struct replay_run *r, const struct replay_message *m,
                       const struct dhcp_msg *captured)
{
    ip4 addr = captured->ciaddr;
    if (captured->type != DHCP_REQUEST && captured->type != DHCP_RELEASE && captured->type != DHCP_DECLINE)
        return false;
    if (addr == 0)
        dhcp_get_ip4(captured, DHCP_OPT_REQUESTED_IP, &addr);
    return !replay_map_knows(r->map, r->result.client, addr) && !was_promised(r, m, addr);
}

static int send_message(struct replay_run *r, const struct replay_message *m)
{
    struct dhcp_msg captured, sent;
    const struct replay_client *relay = m->relay != 0 ? relay_of(r, m->relay) : r->result.client;
    if (relay == NULL)
        return ERR_NOMEM;
    memcpy(r->sent, m->sent.bytes, m->sent.len);
    dhcp_msg_decode(&captured, m->sent.bytes, m->sent.len); /* it could be read before */
    r->result.is_unbegun = is_unbegun(r, m, &captured);
    replay_map_rewrite(r->map, r->result.client, &captured, r->result.xid, r->sent);
    dhcp_msg_decode(&sent, r->sent, m->sent.len);
    struct packet p = packet_of(r, m, &relay->frame);
    int rc = note_holders(r, m, &p, &sent);
    return rc < 0 ? rc : io_raw_send(r->fds[TO_CLIENTS], r->iface.index, &p);
}

/* ---- comparing ---- */

/* The address that the client got then is the one that it gets now; the first time whichever that is. */
static int compare(struct replay_run *r, const struct replay_datagram *answer)
{
    struct replay_result *result = &r->result;
    struct dhcp_msg mapped;
    ip4 then = result->captured.yiaddr, now = result->live.yiaddr;
    bool both = then != 0 && now != 0;
    if (both && !replay_map_knows(r->map, result->client, then) &&
        replay_map_learn(r->map, result->client, then, now) < 0)
        return ERR_NOMEM;
    memcpy(r->mapped, answer->bytes, answer->len);
    replay_map_rewrite(r->map, result->client, &result->captured, result->xid, r->mapped);
    dhcp_msg_decode(&mapped, r->mapped, answer->len);
    replay_diff_answers(&result->captured, answer->bytes, &mapped, r->mapped, &result->live, r->answer,
                        &result->diff);
    return both ? replay_map_learn(r->map, result->client, then, now) : 0;
}

static enum replay_outcome outcome_of(const struct replay_result *result)
{
    if (result->has_captured != result->has_live)
        return result->has_captured ? REPLAY_NO_ANSWER : REPLAY_NEW_ANSWER;
    if (!result->has_live)
        return REPLAY_NOTHING;
    return result->diff.n_different > 0 ? REPLAY_DIFFERENT : REPLAY_EQUAL;
}

/* ---- one after the other ---- */

static int replay_one(struct replay_run *r, const struct replay_message *m)
{
    struct replay_result *result = &r->result;
    const struct replay_datagram *answer = replay_plan_answer(m);
    *result = (struct replay_result){.message = m,
                                     .client = replay_map_client(r->map, &m->client),
                                     .xid = replay_map_xid(r->map),
                                     .has_captured = answer != NULL};
    if (result->client == NULL)
        return ERR_NOMEM;
    if (m->sent.len > DHCP_MSG_MAX || (answer != NULL && answer->len > sizeof r->mapped)) {
        result->outcome = REPLAY_NOT_SENT;
        return 0;
    }
    if (answer != NULL)
        dhcp_msg_decode(&result->captured, answer->bytes, answer->len);
    uint64_t sent_us = io_now_us();
    int rc = send_message(r, m);
    if (rc < 0)
        return rc;
    if (replay_plan_is_answerable(m))
        result->has_live = wait_until(r, sent_us + (uint64_t)r->setting->timeout_ms * MS_US, true);
    result->answered_us = (int64_t)(io_now_us() - sent_us);
    if (result->has_live && answer != NULL)
        rc = compare(r, answer);
    if (rc == 0 && result->has_live && result->live.type == DHCP_ACK)
        rc = hold(r, result->live.yiaddr, &result->client->frame);
    result->outcome = outcome_of(result);
    return rc;
}

static void wait_for_time(struct replay_run *r, const struct replay_message *m, uint64_t at_us)
{
    uint64_t now_us = io_now_us();
    if (at_us > now_us)
        r->setting->waits(r->setting->user, m, (at_us - now_us) / MS_US);
    wait_until(r, at_us, false);
}

static int replay_all(struct replay_run *r)
{
    const struct replay_plan *plan = r->plan;
    r->start_us = io_now_us();
    for (size_t i = 0; i < plan->n; i++) {
        const struct replay_message *m = &plan->messages[i];
        int64_t since_ns = m->sent.time_ns - plan->messages[0].sent.time_ns;
        if (r->setting->real_pace && since_ns > 0)
            wait_for_time(r, m, r->start_us + (uint64_t)(since_ns / US_NS));
        int rc = replay_one(r, m);
        if (rc < 0)
            return rc;
        r->setting->told(r->setting->user, &r->result);
    }
    return 0;
}

static int open_sockets(struct replay_run *r)
{
    int rc = io_iface_find(r->setting->interface, &r->iface);
    if (rc == 0)
        rc = io_raw_open_promiscuous(r->iface.index, DHCP_PORT_CLIENT, &r->fds[TO_CLIENTS]);
    if (rc == 0)
        rc = io_raw_open_promiscuous(r->iface.index, DHCP_PORT_SERVER, &r->fds[TO_RELAYS]);
    return rc == 0 ? io_arp_open(r->iface.index, &r->fds[ARP]) : rc;
}

int replay_run(const struct replay_plan *plan, struct replay_map *map, const struct replay_setting *setting,
               char *why)
{
    struct replay_run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    r->plan = plan;
    r->map = map;
    r->setting = setting;
    r->fds[TO_CLIENTS] = r->fds[TO_RELAYS] = r->fds[ARP] = -1;
    int rc = open_sockets(r);
    if (rc == 0)
        rc = replay_all(r);
    if (rc < 0)
        snprintf(why, REPLAY_WHY_MAX, "%s: %s", setting->interface,
                 rc == ERR_IO ? strerror(errno) : err_text(rc));
    for (size_t i = 0; i < sizeof r->fds / sizeof r->fds[0]; i++)
        if (r->fds[i] >= 0)
            close(r->fds[i]);
    free(r->holders);
    free(r);
    return rc;
}
