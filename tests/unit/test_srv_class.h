/* A server with classes that go by the host name, which a client says of itself. */
#pragma once
#include "common/dhcp_opt.h"
#include "server/srv_classify.h"
#include "test_srv_world.h"

/* One subnet with the pool .10 - .12 and `more` in it; `classes` is the list, `global` more keys. */
static inline void start_with(const char *global, const char *classes, const char *more)
{
    char text[4096];
    snprintf(
        text, sizeof text,
        "{ \"Dhcp4\": { \"valid-lifetime\": 3600, %s \"client-classes\": [ %s ], \"subnet4\": [ { \"id\": 1,"
        " \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.12\" } ] %s } ] } }",
        global, classes, more);
    start(text);
}

#define GOLD                                                                                                 \
    "{ \"name\": \"gold\", \"test\": \"option[12].text == 'gold'\","                                         \
    "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"gold\" } ] }"

#define SILVER                                                                                               \
    "{ \"name\": \"silver\", \"test\": \"substring(option[12].text, 0, 6) == 'silver'\","                    \
    "  \"option-data\": [ { \"name\": \"domain-name\", \"data\": \"silver\" },"                              \
    "                     { \"name\": \"time-servers\", \"data\": \"10.0.0.4\", \"always-send\": true } ] }"

/* A DISCOVER with a host name, which the classes of these tests go by. */
static inline void discover_as(char client, const char *hostname)
{
    msg(client, DHCP_DISCOVER);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, hostname);
    send_to(IP4_BROADCAST);
}

static inline void request_as(char client, const char *hostname, ip4 addr)
{
    msg(client, DHCP_REQUEST);
    dhcp_put_ip4(&request, DHCP_OPT_SERVER_ID, SERVER);
    dhcp_put_ip4(&request, DHCP_OPT_REQUESTED_IP, addr);
    dhcp_put_text(&request, DHCP_OPT_HOST_NAME, hostname);
    send_to(IP4_BROADCAST);
}

/* What was recorded with the reason; "" if nothing was. */
static inline const char *recorded(enum reason reason)
{
    for (const struct srv_action *a = actions.first; a != NULL; a = a->next)
        if (a->kind == SRV_TRACE && a->trace.reason == reason)
            return a->trace.facts.text;
    return "";
}

static inline unsigned count_recorded(enum reason reason)
{
    unsigned n = 0;
    for (unsigned i = 0; i < seen.n_reasons; i++)
        n += seen.reasons[i] == reason;
    return n;
}
