#include "server/srv_host_id.h"

#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_walk.h"
#include "common/err.h"
#include "common/wire.h"

enum { CLIENT_ID_DUID = 255, CLIENT_ID_DUID_AT = 5 /* after type and IAID */ };

static const char *const names[SRV_HOST_ID_TYPES] = {
    [SRV_HOST_HW_ADDRESS] = "hw-address",
    [SRV_HOST_DUID] = "duid",
    [SRV_HOST_CIRCUIT_ID] = "circuit-id",
    [SRV_HOST_CLIENT_ID] = "client-id",
};

const char *srv_host_id_name(enum srv_host_id_type type)
{
    return names[type];
}

bool srv_host_id_type_find(const char *name, enum srv_host_id_type *out)
{
    for (int i = 0; i < SRV_HOST_ID_TYPES; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *out = (enum srv_host_id_type)i;
        return true;
    }
    return false;
}

int srv_host_id_parse(const char *text, uint8_t *bytes, const char **why)
{
    int len = dhcp_opt_parse_hex(text, bytes, SRV_HOST_ID_MAX, why);
    if (len > 0)
        return len;
    *why = "expected 1 to 255 octets such as 02:00:00:00:00:02, or text in single quotes";
    return ERR_INVALID;
}

/* The whole value of option 61, or the DUID that stands in it behind the type 255 and the four octets of the
 * IAID (RFC 4361 6.1). */
static struct srv_host_id read_client_id(const struct dhcp_msg *msg, enum srv_host_id_type type)
{
    const struct dhcp_option *option = dhcp_msg_find(msg, DHCP_OPT_CLIENT_ID);
    struct srv_host_id id = {.type = type};
    size_t skip = type == SRV_HOST_DUID ? CLIENT_ID_DUID_AT : 0;
    if (option == NULL || option->len <= skip || option->len - skip > SRV_HOST_ID_MAX ||
        (type == SRV_HOST_DUID && option->data[0] != CLIENT_ID_DUID))
        return id;
    id.bytes = option->data + skip;
    id.len = (uint8_t)(option->len - skip);
    return id;
}

static struct srv_host_id read_circuit_id(const struct dhcp_msg *msg)
{
    const struct dhcp_option *info = dhcp_msg_find(msg, DHCP_OPT_RELAY_INFO);
    struct srv_host_id id = {.type = SRV_HOST_CIRCUIT_ID};
    struct wire_reader r;
    struct opt_part part;
    if (info == NULL)
        return id;
    wire_reader_init(&r, info->data, info->len);
    while (id.len == 0 && dhcp_opt_walk_suboption(&r, OPT_SUBOPTIONS, &part)) {
        if (part.id != DHCP_RELAY_CIRCUIT_ID)
            continue;
        id.bytes = part.data;
        id.len = (uint8_t)part.len; /* a sub-option has no more */
    }
    return id;
}

/* len 0: the message does not have it. */
static struct srv_host_id read_id(const struct dhcp_msg *msg, enum srv_host_id_type type, bool is_relays)
{
    switch (type) {
    case SRV_HOST_HW_ADDRESS:
        return (struct srv_host_id){type, msg->hlen, msg->chaddr};
    case SRV_HOST_DUID:
    case SRV_HOST_CLIENT_ID:
        return read_client_id(msg, type);
    case SRV_HOST_CIRCUIT_ID:
        return is_relays ? read_circuit_id(msg) : (struct srv_host_id){.type = type};
    }
    return (struct srv_host_id){0};
}

void srv_host_ids_read(const enum srv_host_id_type *order, size_t n, const struct dhcp_msg *msg,
                       bool is_relays, struct srv_host_ids *out)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        out->list[out->n] = read_id(msg, order[i], is_relays);
        out->n += out->list[out->n].len != 0;
    }
}

bool srv_host_id_equal(const struct srv_host_id *a, const struct srv_host_id *b)
{
    return a->type == b->type && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

const char *srv_host_id_format(const struct srv_host_id *id, char *buf)
{
    size_t len = (size_t)snprintf(buf, SRV_HOST_ID_TEXT, "%s", names[id->type]);
    for (size_t i = 0; i < id->len && len + 4 < SRV_HOST_ID_TEXT; i++, len += 3)
        snprintf(buf + len, SRV_HOST_ID_TEXT - len, "%c%02x", i == 0 ? ' ' : ':', id->bytes[i]);
    return buf;
}
