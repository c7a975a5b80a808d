#include "lab/replay_virtual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/err.h"
#include "lab/scenario_run.h"
#include "lab/sim_check.h"
#include "lab/sim_node.h"

/* ---- what was done ---- */

/* Which place in the topology; SIZE_MAX: it is no server of it. */
static size_t find_server(const struct replay_virtual *v, const char *name)
{
    const struct topology *t = &v->s->topology;
    for (size_t i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].role == LAB_SERVER && strcmp(t->hosts[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

/* Takes the event, which may be NULL: then memory is out. */
static void note(struct replay_virtual *v, bool is_now, size_t host, time_ms at_ms, cJSON *event)
{
    struct replay_did **list = is_now ? &v->now.did : &v->then.did;
    size_t *n = is_now ? &v->now.n : &v->then.n, *capacity = is_now ? &v->now.capacity : &v->then.capacity;
    if (*n == REPLAY_EVENTS_MAX) {
        v->n_left_out++;
        cJSON_Delete(event);
        return;
    }
    if (*n == *capacity) {
        size_t more = 2 * *capacity + 256;
        struct replay_did *grown = realloc(*list, more * sizeof *grown);
        if (grown == NULL) {
            v->err = ERR_NOMEM;
            cJSON_Delete(event);
            return;
        }
        *list = grown;
        *capacity = more;
    }
    struct replay_did did = {.host = host, .kind = replay_trace_kind(event), .at_ms = at_ms, .place = *n};
    snprintf(did.xid, sizeof did.xid, "%s", replay_trace_xid(event));
    did.text = event == NULL ? NULL : replay_trace_text(event);
    cJSON_Delete(event);
    if (did.text == NULL)
        v->err = ERR_NOMEM;
    else
        (*list)[(*n)++] = did;
}

static void on_message(void *user, const struct sim_host *host, enum trace_direction direction,
                       const struct sim_port *port, const struct packet *packet)
{
    struct replay_virtual *v = user;
    struct trace_stamp stamp = {.node = host->name};
    note(v, true, find_server(v, host->name), v->w->now,
         trace_message_json(&stamp, direction, port->name, packet));
}

static void on_event(void *user, const struct sim_host *host, const struct trace_event *event)
{
    struct replay_virtual *v = user;
    struct trace_stamp stamp = {.node = host->name};
    if (event->reason != REASON_SERVER_STARTED)
        note(v, true, find_server(v, host->name), v->w->now, trace_event_json(&stamp, event));
}

/* ---- doing it again ---- */

int replay_virtual_init(struct replay_virtual *v, const struct scenario *s)
{
    struct sim_observer observer = {.user = v, .message = on_message, .event = on_event};
    *v = (struct replay_virtual){.s = s, .begin_ms = -1};
    v->w = sim_world_new(1, &observer); /* nothing is left to chance: there is no wire */
    if (v->w == NULL)
        return ERR_NOMEM;
    v->w->check->off = (1U << SIM_INVARIANT_COUNT) - 1; /* the clients are elsewhere */
    int rc = scenario_build(s, v->w, v->hosts);
    for (size_t i = 0; rc == 0 && i < s->topology.n_hosts; i++)
        if (v->hosts[i]->server != NULL)
            sim_node_start(v->hosts[i]);
    return rc == 0 ? v->w->err : rc;
}

static struct sim_port *find_port(const struct sim_host *host, const char *name)
{
    for (size_t i = 0; i < host->n_ports; i++)
        if (strcmp(host->ports[i]->name, name) == 0)
            return host->ports[i];
    return NULL;
}

/* The message comes in. */
static void hear(struct replay_virtual *v, size_t host, const cJSON *event)
{
    uint8_t bytes[DHCP_MSG_MAX];
    struct packet packet;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "interface"));
    struct sim_port *port = name == NULL ? NULL : find_port(v->hosts[host], name);
    if (port != NULL && replay_trace_packet(event, bytes, sizeof bytes, &packet))
        sim_server_receive(port, &packet);
    else
        v->n_left_out++;
}

static void restart(struct replay_virtual *v, size_t host, bool is_empty)
{
    sim_node_crash(v->hosts[host]);
    if (is_empty)
        sim_server_forget(v->hosts[host]);
    sim_node_start(v->hosts[host]);
}

/* Time passes until then. */
static bool pass(struct replay_virtual *v, time_ms at_ms)
{
    int rc = at_ms > v->w->now ? sim_world_run(v->w, at_ms) : 0;
    if (rc < 0)
        v->err = rc;
    return rc == 0;
}

int replay_virtual_add(struct replay_virtual *v, cJSON *event)
{
    const char *node = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "node"));
    size_t host = node == NULL ? SIZE_MAX : find_server(v, node);
    enum replay_trace_kind kind = replay_trace_kind(event);
    time_ms at_ms = replay_trace_time(event);
    if (v->begin_ms < 0)
        v->begin_ms = at_ms;
    at_ms -= v->begin_ms;
    v->span_ms = at_ms > v->span_ms ? at_ms : v->span_ms;
    if (host == SIZE_MAX || kind == REPLAY_TRACE_OTHER) {
        cJSON_Delete(event);
        return 0;
    }
    v->n_heard += kind == REPLAY_TRACE_HEARD;
    v->n_answers += kind == REPLAY_TRACE_SENT;
    v->n_decisions += kind == REPLAY_TRACE_DECISION;
    if (kind == REPLAY_TRACE_HEARD && pass(v, at_ms))
        hear(v, host, event);
    if (kind == REPLAY_TRACE_STARTED && v->is_known[host] && pass(v, at_ms))
        restart(v, host, replay_trace_is_empty(event));
    v->is_known[host] = true;
    if (kind == REPLAY_TRACE_STARTED)
        cJSON_Delete(event);
    else
        note(v, false, host, at_ms, event);
    return v->w->err != 0 ? v->w->err : v->err;
}

/* ---- comparing ---- */

/* By server, transaction and what it is; within, in the order of happening. */
static int group_order(const struct replay_did *a, const struct replay_did *b)
{
    if (a->host != b->host)
        return a->host < b->host ? -1 : 1;
    int by_xid = strcmp(a->xid, b->xid);
    if (by_xid != 0)
        return by_xid;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

static int order(const void *x, const void *y)
{
    const struct replay_did *a = x, *b = y;
    int by_group = group_order(a, b);
    return by_group != 0 ? by_group : (a->place > b->place) - (a->place < b->place);
}

static int by_time(const void *x, const void *y)
{
    const struct replay_unlike *a = x, *b = y;
    return a->at_ms != b->at_ms ? (a->at_ms > b->at_ms ? 1 : -1)
                                : (a->place > b->place) - (a->place < b->place);
}

static void sort_side(struct replay_did *did, size_t n)
{
    if (n > 0)
        qsort(did, n, sizeof *did, order);
}

int replay_virtual_compare(struct replay_virtual *v)
{
    size_t i = 0, k = 0;
    int rc = sim_world_run(v->w, v->span_ms);
    if (rc < 0)
        return rc;
    v->unlike = calloc(v->then.n + v->now.n + 1, sizeof *v->unlike);
    if (v->unlike == NULL)
        return ERR_NOMEM;
    sort_side(v->then.did, v->then.n);
    sort_side(v->now.did, v->now.n);
    while (i < v->then.n || k < v->now.n) {
        const struct replay_did *then = i < v->then.n ? &v->then.did[i] : NULL;
        const struct replay_did *now = k < v->now.n ? &v->now.did[k] : NULL;
        int first = then == NULL ? 1 : now == NULL ? -1 : group_order(then, now);
        i += first <= 0;
        k += first >= 0;
        if (first == 0 && strcmp(then->text, now->text) == 0)
            continue;
        const struct replay_did *any = first <= 0 ? then : now;
        v->unlike[v->n_unlike] = (struct replay_unlike){first <= 0 ? then : NULL, first >= 0 ? now : NULL,
                                                        any->host, any->at_ms, v->n_unlike};
        v->n_unlike++;
    }
    if (v->n_unlike > 0)
        qsort(v->unlike, v->n_unlike, sizeof *v->unlike, by_time);
    return 0;
}

void replay_virtual_fini(struct replay_virtual *v)
{
    for (size_t i = 0; i < v->then.n; i++)
        free(v->then.did[i].text);
    for (size_t i = 0; i < v->now.n; i++)
        free(v->now.did[i].text);
    free(v->then.did);
    free(v->now.did);
    free(v->unlike);
    sim_world_free(v->w);
    *v = (struct replay_virtual){0};
}
