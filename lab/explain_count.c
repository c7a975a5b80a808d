#include "lab/explain_count.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/dhcp_proto.h"
#include "lab/explain_print.h"

/* Names of protocols are literals, the same one each time; the last row is for what is too much. */
static struct explain_count_row *find_row(struct explain_count *c, const char *name)
{
    for (size_t i = 0; i < c->n_protocols; i++)
        if (c->protocols[i].name == name)
            return &c->protocols[i];
    for (size_t i = 0; i < c->n_protocols; i++)
        if (strcmp(c->protocols[i].name, name) == 0)
            return &c->protocols[i];
    if (c->n_protocols < EXPLAIN_COUNT_PROTOCOLS_MAX)
        c->protocols[c->n_protocols++].name = name;
    return &c->protocols[c->n_protocols - 1];
}

void explain_count_add(struct explain_count *c, const struct explain_packet *packet, const struct dissect *d,
                       bool is_twin)
{
    if (is_twin) {
        c->twins++;
        return;
    }
    struct explain_count_row *row = find_row(c, d->protocol);
    if (c->packets++ == 0)
        c->first_ns = packet->time_ns;
    c->last_ns = packet->time_ns;
    c->octets += packet->len;
    c->warnings += d->n_warnings > 0;
    row->packets++;
    row->octets += packet->len;
    if (d->has_dhcp)
        c->types[d->dhcp.type]++;
}

static void print_row(FILE *out, const char *name, uint64_t packets, uint64_t octets)
{
    fprintf(out, "%-12s %12llu %16llu\n", name, (unsigned long long)packets, (unsigned long long)octets);
}

void explain_count_print(FILE *out, const struct explain_count *c)
{
    char first[EXPLAIN_TIME_LEN], last[EXPLAIN_TIME_LEN];
    if (c->packets > 0)
        fprintf(out, "From %s to %s\n\n", explain_time(c->first_ns, first), explain_time(c->last_ns, last));
    fprintf(out, "%-12s %12s %16s\n", "Protocol", "Packets", "Octets");
    for (size_t i = 0; i < c->n_protocols; i++)
        print_row(out, c->protocols[i].name, c->protocols[i].packets, c->protocols[i].octets);
    print_row(out, "all", c->packets, c->octets);
    if (c->warnings > 0)
        fprintf(out, "%-12s %12llu\n", "odd", (unsigned long long)c->warnings);
    if (c->twins > 0)
        fprintf(out, "%-12s %12llu  of the same packets, at other interfaces\n", "seen again",
                (unsigned long long)c->twins);
    bool is_first = true;
    for (size_t i = 0; i < EXPLAIN_COUNT_TYPES_MAX; i++) {
        if (c->types[i] == 0)
            continue;
        if (is_first)
            fprintf(out, "\n%-12s %12s\n", "DHCP", "Messages");
        is_first = false;
        fprintf(out, "%-12s %12llu\n", dhcp_type_name((uint8_t)i), (unsigned long long)c->types[i]);
    }
}

static cJSON *protocols_json(const struct explain_count *c)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < c->n_protocols; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "protocol", c->protocols[i].name);
        cJSON_AddNumberToObject(row, "packets", (double)c->protocols[i].packets);
        cJSON_AddNumberToObject(row, "octets", (double)c->protocols[i].octets);
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

bool explain_count_json(FILE *out, const struct explain_count *c)
{
    char time[EXPLAIN_TIME_LEN];
    cJSON *all = cJSON_CreateObject();
    cJSON_AddNumberToObject(all, "packets", (double)c->packets);
    cJSON_AddNumberToObject(all, "octets", (double)c->octets);
    cJSON_AddNumberToObject(all, "odd", (double)c->warnings);
    cJSON_AddNumberToObject(all, "seen_again", (double)c->twins);
    cJSON_AddItemToObject(all, "first",
                          c->packets == 0 ? cJSON_CreateNull()
                                          : cJSON_CreateString(explain_time(c->first_ns, time)));
    cJSON_AddItemToObject(all, "last",
                          c->packets == 0 ? cJSON_CreateNull()
                                          : cJSON_CreateString(explain_time(c->last_ns, time)));
    cJSON_AddItemToObject(all, "protocols", protocols_json(c));
    cJSON *types = cJSON_AddObjectToObject(all, "dhcp");
    for (size_t i = 0; i < EXPLAIN_COUNT_TYPES_MAX; i++)
        if (c->types[i] > 0)
            cJSON_AddNumberToObject(types, dhcp_type_name((uint8_t)i), (double)c->types[i]);
    char *text = cJSON_PrintUnformatted(all);
    bool is_done = text != NULL && types != NULL;
    if (is_done)
        fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(all);
    return is_done;
}
