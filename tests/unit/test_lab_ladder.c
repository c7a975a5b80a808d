/* The ladder: exact drawings from traced messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lab/ladder.h"

static const char *const pair[] = {"h1", "server"};
static const char *const lan[] = {"server", "h1", "h2", "h3"};

/* One traced message, as short as the ladder takes it. */
static void add(cJSON *events, int boot_ms, const char *node, const char *direction, const char *type,
                unsigned xid)
{
    char time[32], xid_text[16];
    cJSON *e = cJSON_CreateObject();
    snprintf(time, sizeof time, "2026-11-21T12:00:%02d.%03d+01:00", boot_ms / 1000, boot_ms % 1000);
    snprintf(xid_text, sizeof xid_text, "0x%08x", xid);
    int reply = strcmp(type, "OFFER") == 0 || strcmp(type, "ACK") == 0 || strcmp(type, "NAK") == 0;
    cJSON_AddStringToObject(e, "time", time);
    cJSON_AddNumberToObject(e, "boot_ms", boot_ms);
    cJSON_AddStringToObject(e, "node", node);
    cJSON_AddStringToObject(e, "kind", "message");
    cJSON_AddStringToObject(e, "direction", direction);
    cJSON_AddStringToObject(e, "src", reply ? "10.77.0.1" : "0.0.0.0");
    cJSON_AddStringToObject(e, "dst", "255.255.255.255");
    cJSON_AddNumberToObject(e, "sport", reply ? 67 : 68);
    cJSON_AddNumberToObject(e, "dport", reply ? 68 : 67);
    cJSON_AddNumberToObject(e, "op", reply ? 2 : 1);
    cJSON_AddStringToObject(e, "type", type);
    cJSON_AddStringToObject(e, "xid", xid_text);
    cJSON_AddStringToObject(e, "chaddr", "02:00:00:00:00:02");
    cJSON_AddNumberToObject(e, "htype", 1);
    cJSON_AddNumberToObject(e, "hlen", 6);
    cJSON_AddStringToObject(e, "flags", "0x0000");
    const char *const addresses[] = {"ciaddr", "yiaddr", "siaddr", "giaddr"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        cJSON_AddStringToObject(e, addresses[i], "0.0.0.0");
    cJSON *options = cJSON_AddArrayToObject(e, "options");
    cJSON *option = cJSON_CreateObject();
    cJSON_AddNumberToObject(option, "code", 53);
    cJSON_AddStringToObject(option, "name", "dhcp-message-type");
    cJSON_AddNumberToObject(option, "length", 1);
    cJSON_AddStringToObject(option, "text", type);
    cJSON_AddStringToObject(option, "hex", type); /* as good as octets: equal for equal types */
    cJSON_AddItemToArray(options, option);
    cJSON_AddItemToArray(events, e);
}

/* Frees `events`. */
static void expect_ladder(cJSON *events, const struct ladder_view *view, const char *expected)
{
    char *text = ladder_text(events, view);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    cJSON_Delete(events);
}

static void test_two_hosts(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 250, "h1", "tx", "DISCOVER", 0x3903f326);
    add(events, 250, "server", "rx", "DISCOVER", 0x3903f326);
    add(events, 251, "server", "tx", "OFFER", 0x3903f326);
    add(events, 252, "h1", "rx", "OFFER", 0x3903f326);
    const struct ladder_view view = {.hosts = pair, .n_hosts = 2};
    expect_ladder(events, &view,
                  "               h1                                                        server\n"
                  "12:00:00.250    |------------------------ DISCOVER ------------------------>|\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x3903f326  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  DISCOVER\n"
                  "\n"
                  "12:00:00.251    |<------------------------- OFFER --------------------------|\n"
                  "    10.77.0.1:67 > 255.255.255.255:68  xid 0x3903f326  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  OFFER\n");
}

static void test_a_receiver_that_traced_earlier(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 250, "server", "rx", "DISCOVER", 1);
    add(events, 250, "server", "tx", "OFFER", 1);
    add(events, 250, "h1", "rx", "OFFER", 1);
    add(events, 251, "h1", "tx", "DISCOVER", 1);
    const struct ladder_view view = {.hosts = pair, .n_hosts = 2};
    expect_ladder(events, &view,
                  "               h1                                                        server\n"
                  "12:00:00.250    |------------------------ DISCOVER ------------------------>|\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  DISCOVER\n"
                  "\n"
                  "12:00:00.250    |<------------------------- OFFER --------------------------|\n"
                  "    10.77.0.1:67 > 255.255.255.255:68  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  OFFER\n");
}

static void test_retransmission_and_loss(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 0, "h1", "tx", "DISCOVER", 1);
    add(events, 4000, "h1", "tx", "DISCOVER", 1);
    add(events, 4001, "server", "rx", "DISCOVER", 1);
    const struct ladder_view view = {.hosts = pair, .n_hosts = 2};
    expect_ladder(events, &view,
                  "               h1                                                        server\n"
                  "12:00:00.000    |------------------------ DISCOVER -----------------------x |\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "    nobody was seen to receive it\n"
                  "     53 dhcp-message-type             1  DISCOVER\n"
                  "\n"
                  "12:00:04.000    |------------------------ DISCOVER ------------------------>|\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  DISCOVER\n");
}

static void test_broadcast_on_a_lan(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 0, "h2", "tx", "DISCOVER", 1);
    add(events, 1, "server", "rx", "DISCOVER", 1);
    add(events, 2, "server", "tx", "OFFER", 1);
    add(events, 3, "h1", "rx", "OFFER", 1);
    add(events, 3, "h3", "rx", "OFFER", 1);
    add(events, 4, "h2", "tx", "REQUEST", 1);
    add(events, 5, "server", "rx", "REQUEST", 1);
    add(events, 5, "h3", "rx", "REQUEST", 1);
    const struct ladder_view view = {.hosts = lan, .n_hosts = 4};
    expect_ladder(events, &view,
                  "             server                h1                  h2                  h3\n"
                  "12:00:00.000    |<------------------|---- DISCOVER -----|                   |\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  DISCOVER\n"
                  "\n"
                  "12:00:00.002    |------ OFFER ----->|-------------------|------------------>|\n"
                  "    10.77.0.1:67 > 255.255.255.255:68  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  OFFER\n"
                  "\n"
                  "12:00:00.004    |<------------------|-------------------|----- REQUEST ---->|\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  REQUEST\n");
}

static void test_sender_not_traced(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 0, "server", "rx", "DISCOVER", 1);
    add(events, 5, "h1", "rx", "ACK", 2);
    add(events, 6, "server", "rx", "ACK", 2);
    const struct ladder_view view = {.hosts = pair, .n_hosts = 2};
    expect_ladder(events, &view,
                  "               h1                                                        server\n"
                  "12:00:00.000    | o----------------------- DISCOVER ----------------------->|\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "    its sender is not traced\n"
                  "     53 dhcp-message-type             1  DISCOVER\n"
                  "\n"
                  "12:00:00.005    |<------------------------- ACK --------------------------o>|\n"
                  "    10.77.0.1:67 > 255.255.255.255:68  xid 0x00000002  chaddr 02:00:00:00:00:02\n"
                  "    its sender is not traced\n"
                  "     53 dhcp-message-type             1  ACK\n");
}

static void test_only_some_hosts(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 0, "h1", "tx", "DISCOVER", 1);
    add(events, 0, "server", "rx", "DISCOVER", 1);
    add(events, 1, "h3", "tx", "DISCOVER", 2);
    add(events, 1, "server", "rx", "DISCOVER", 2);
    add(events, 2, "elsewhere", "tx", "DISCOVER", 3);
    const char *const only[] = {"h3"};
    const struct ladder_view view = {.hosts = lan, .n_hosts = 4, .only = only, .n_only = 1};
    expect_ladder(events, &view,
                  "             server                                                        h3\n"
                  "12:00:00.001    |<----------------------- DISCOVER -------------------------|\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000002  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  DISCOVER\n");
}

static void test_what_was_lost_on_the_way_to_a_host(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 0, "h1", "tx", "DISCOVER", 1);
    add(events, 1, "server", "rx", "DISCOVER", 1);
    add(events, 2, "server", "tx", "OFFER", 1);
    add(events, 3, "server", "tx", "OFFER", 2); /* another client's */
    const char *const only[] = {"h1"};
    const struct ladder_view view = {.hosts = pair, .n_hosts = 2, .only = only, .n_only = 1};
    expect_ladder(events, &view,
                  "               h1                                                        server\n"
                  "12:00:00.000    |------------------------ DISCOVER ------------------------>|\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "     53 dhcp-message-type             1  DISCOVER\n"
                  "\n"
                  "12:00:00.002    | x------------------------ OFFER --------------------------|\n"
                  "    10.77.0.1:67 > 255.255.255.255:68  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "    nobody was seen to receive it\n"
                  "     53 dhcp-message-type             1  OFFER\n");
}

static void test_one_host_alone(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 0, "h1", "tx", "DISCOVER", 1);
    const struct ladder_view view = {.hosts = pair, .n_hosts = 1};
    expect_ladder(events, &view,
                  "               h1\n"
                  "12:00:00.000    |------------------------ DISCOVER -----------------------x\n"
                  "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
                  "    nobody was seen to receive it\n"
                  "     53 dhcp-message-type             1  DISCOVER\n");
}

static void test_colors(void **state)
{
    (void)state;
    cJSON *events = cJSON_CreateArray();
    add(events, 0, "h1", "tx", "DISCOVER", 1);
    const struct ladder_view view = {.hosts = pair, .n_hosts = 2, .color = TRACE_COLOR};
    expect_ladder(
        events, &view,
        "               h1                                                        server\n"
        "12:00:00.000    |------------------------\033[1;36m DISCOVER \033[0m-----------------------x |\n"
        "    0.0.0.0:68 > 255.255.255.255:67  xid 0x00000001  chaddr 02:00:00:00:00:02\n"
        "\033[31m    nobody was seen to receive it\033[0m\n"
        "     53 dhcp-message-type             1  DISCOVER\n");
}

static void test_nothing_to_draw(void **state)
{
    (void)state;
    cJSON *events = cJSON_Parse("[{\"kind\":\"decision\",\"node\":\"h1\"}, 1, null, {\"kind\":\"message\"}]");
    const struct ladder_view view = {.hosts = pair, .n_hosts = 2};
    expect_ladder(events, &view, "");
}

/* Every width of lab and every pair of sender and receiver stays inside its line. */
static void test_every_size(void **state)
{
    (void)state;
    char names[LADDER_HOSTS_MAX][32];
    const char *hosts[LADDER_HOSTS_MAX];
    for (size_t i = 0; i < LADDER_HOSTS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "a-host-with-a-long-name-%zu", i);
        hosts[i] = names[i];
    }
    for (size_t n = 1; n <= LADDER_HOSTS_MAX; n += n < 8 ? 1 : 7) {
        cJSON *events = cJSON_CreateArray();
        for (size_t from = 0; from < n; from++) {
            add(events, (int)from * 10, hosts[from], "tx", "DISCOVER", (unsigned)from);
            add(events, (int)from * 10, hosts[(from * 5 + 1) % n], "rx", "DISCOVER", (unsigned)from);
            add(events, (int)from * 10, hosts[(from * 3 + 2) % n], "rx", "LEASEQUERYSTATUS", (unsigned)from);
        }
        const struct ladder_view view = {.hosts = hosts, .n_hosts = n};
        char *text = ladder_text(events, &view);
        assert_non_null(text);
        size_t longest = 0;
        for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
            if (strcspn(line, "\n") > longest)
                longest = strcspn(line, "\n");
        if (n <= 5)
            assert_in_range(longest, 1, 80);
        free(text);
        cJSON_Delete(events);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_hosts),
        cmocka_unit_test(test_a_receiver_that_traced_earlier),
        cmocka_unit_test(test_retransmission_and_loss),
        cmocka_unit_test(test_broadcast_on_a_lan),
        cmocka_unit_test(test_sender_not_traced),
        cmocka_unit_test(test_only_some_hosts),
        cmocka_unit_test(test_what_was_lost_on_the_way_to_a_host),
        cmocka_unit_test(test_one_host_alone),
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_nothing_to_draw),
        cmocka_unit_test(test_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
