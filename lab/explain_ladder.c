#include "lab/explain_ladder.h"

#include <stdlib.h>
#include <string.h>

#include "common/dhcp_proto.h"
#include "common/text.h"
#include "lab/ladder.h"
#include "lab/wrap.h"

enum { NAME_LEN = 64, NS_PER_MS = 1000000, COLUMNS = 80 };

bool explain_ladder_init(struct explain_ladder *l, FILE *out, enum trace_color color)
{
    *l = (struct explain_ladder){.out = out, .color = color, .events = cJSON_CreateArray()};
    return l->events != NULL;
}

void explain_ladder_fini(struct explain_ladder *l)
{
    cJSON_Delete(l->events);
}

static void client_name(const struct dhcp_msg *m, char *out)
{
    struct hw_addr hw = dhcp_msg_hw(m);
    char text[HW_LEN];
    hw_format(&hw, text);
    size_t len = strlen(text), shown = strlen("5e:10:00:01");
    snprintf(out, NAME_LEN, "%s", len > shown ? text + len - shown : text);
}

/* Who speaks with the client. A request to all goes to the server that it names; who else got it does not
 * show in a capture. */
static void other_name(const struct dissect *d, char *out)
{
    char addr[IP4_LEN];
    ip4 other = d->dhcp.op == DHCP_BOOTREPLY ? d->ip.src : d->ip.dst;
    if (d->dhcp.op == DHCP_BOOTREPLY || other == IP4_BROADCAST)
        dhcp_get_ip4(&d->dhcp, DHCP_OPT_SERVER_ID, &other);
    snprintf(out, NAME_LEN, "%s", other == IP4_BROADCAST ? "all" : ip4_format(other, addr));
}

/* The name as it stands in the list; NULL if there is no more room. */
static const char *find_host(struct explain_ladder *l, const char *name)
{
    for (size_t i = 0; i < l->n_hosts; i++)
        if (strcmp(l->hosts[i], name) == 0)
            return l->hosts[i];
    if (l->n_hosts == EXPLAIN_LADDER_HOSTS)
        return NULL;
    return strcpy(l->hosts[l->n_hosts++], name);
}

static bool add_event(struct explain_ladder *l, const struct explain_packet *packet, const struct dissect *d,
                      enum trace_direction direction, const char *node)
{
    const uint8_t *base = d->payload_source == DISSECT_CAPTURED ? d->bytes : d->datagram;
    const struct trace_stamp stamp = {{packet->time_ns / NS_PER_MS, packet->time_ns / NS_PER_MS, 0}, node};
    const struct packet p = {.src_hw = d->link.src_hw,
                             .dst_hw = d->link.dst_hw,
                             .src = d->ip.src,
                             .dst = d->ip.dst,
                             .sport = d->udp.sport,
                             .dport = d->udp.dport,
                             .bytes = base + d->udp.payload_at,
                             .len = d->udp.payload_len};
    cJSON *event = trace_message_json(&stamp, direction, "", &p);
    return event != NULL && cJSON_AddItemToArray(l->events, event);
}

/* What is to all may be lost on one wire, and pass another. */
static bool add_arrived(struct explain_ladder *l, const struct explain_packet *packet,
                        const struct dissect *d, uint64_t number)
{
    char name[NAME_LEN];
    for (size_t i = 0; i < l->n_lost; i++) {
        if (l->lost[i] != number)
            continue;
        l->lost[i] = l->lost[--l->n_lost];
        if (d->dhcp.op == DHCP_BOOTREPLY)
            client_name(&d->dhcp, name);
        else
            other_name(d, name);
        return add_event(l, packet, d, TRACE_RX, find_host(l, name));
    }
    return true;
}

bool explain_ladder_add(struct explain_ladder *l, const struct explain_packet *packet,
                        const struct dissect *d, const struct explain_relation *relation)
{
    char name[NAME_LEN];
    if (!d->has_dhcp)
        return true;
    if (relation->twin != 0)
        return add_arrived(l, packet, d, relation->twin);
    size_t n_hosts = l->n_hosts;
    client_name(&d->dhcp, name);
    const char *client = find_host(l, name);
    other_name(d, name);
    const char *other = find_host(l, name);
    if (client == NULL || other == NULL || l->n == EXPLAIN_LADDER_MAX) {
        l->n_hosts = n_hosts;
        return explain_ladder_print(l) && explain_ladder_add(l, packet, d, relation);
    }
    l->n++;
    if (relation->is_lost)
        l->lost[l->n_lost++] = packet->number;
    bool reply = d->dhcp.op == DHCP_BOOTREPLY;
    return add_event(l, packet, d, TRACE_TX, reply ? other : client) &&
           (relation->is_lost || add_event(l, packet, d, TRACE_RX, reply ? client : other));
}

bool explain_ladder_print(struct explain_ladder *l)
{
    const char *hosts[EXPLAIN_LADDER_HOSTS];
    for (size_t i = 0; i < l->n_hosts; i++)
        hosts[i] = l->hosts[i];
    const struct ladder_view view = {.hosts = hosts, .n_hosts = l->n_hosts, .color = l->color};
    char *text = ladder_text(l->events, &view);
    char *wrapped = text != NULL ? wrap_text(text, COLUMNS) : NULL;
    bool done = wrapped != NULL;
    if (done)
        fputs(wrapped, l->out);
    free(wrapped);
    free(text);
    cJSON_Delete(l->events);
    l->events = cJSON_CreateArray();
    l->n = 0;
    l->n_hosts = 0;
    l->n_lost = 0;
    return done && l->events != NULL;
}
