/* The commands: exact texts, result codes, and what they change. Each row is a command with its arguments and
 * the whole reply, in the order it is given. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/srv_command.h"

static const char text[] =
    "{ \"Dhcp4\": { \"valid-lifetime\": 3600, \"max-leases\": 3, \"subnet4\": ["
    " { \"id\": 1, \"subnet\": \"10.0.0.0/24\", \"pools\": [ { \"pool\": \"10.0.0.10 - 10.0.0.19\" } ] },"
    " { \"id\": 7, \"subnet\": \"10.0.7.0/24\", \"valid-lifetime\": 60, \"interface\": \"eth7\" } ] } }";

static struct srv_config *config;

static struct srv_engine *engine;

static struct srv_explain *explain;

static struct srv_actions actions;

static struct srv_command_state command_state;

static struct srv_command_reply reply;

/* 2026-11-21 08:00:00 UTC, 1000 s after the machine was started */
static struct clock_now now;

static inline struct srv_config *parse(const char *json)
{
    struct srv_config *c;
    char error[JCFG_TEXT_MAX] = "";
    assert_int_equal(srv_config_parse("server.json", json, strlen(json), NULL, NULL, error, &c), 0);
    return c;
}

static inline int start(void **state)
{
    (void)state;
    now = (struct clock_now){.boot_ms = 1000000, .wall_ms = 1795248000000};
    config = parse(text);
    engine = srv_engine_new(config, &(struct siphash_key){1, 2});
    explain = srv_explain_new();
    assert_non_null(engine);
    assert_non_null(explain);
    srv_actions_init(&actions);
    command_state = (struct srv_command_state){0};
    reply = (struct srv_command_reply){0};
    return 0;
}

static inline void forget_reply(void)
{
    cJSON_Delete(reply.arguments);
    srv_config_free(reply.config);
    free(reply.file);
    reply = (struct srv_command_reply){0};
}

static inline int stop(void **state)
{
    (void)state;
    forget_reply();
    srv_engine_free(engine);
    srv_explain_free(explain);
    srv_stat_fini(&command_state.stat);
    srv_config_free(config);
    srv_actions_fini(&actions);
    return 0;
}

static inline void run(const char *command, const char *arguments)
{
    static const struct srv_command_iface eth0 = {
        .name = "eth0", .addr = {.addr = 0x0a000001, .len = 24}, .hw = {1, 6, {2, 0, 0, 0, 0, 1}}};
    struct srv_command_context c = {.state = &command_state,
                                    .engine = engine,
                                    .config = config,
                                    .explain = explain,
                                    .out = &actions,
                                    .now = now,
                                    .pid = 42,
                                    .config_path = "/etc/dhcplab/server.json",
                                    .lease_path = "/var/lib/leases.csv",
                                    .ifaces = &eth0,
                                    .n_ifaces = 1};
    cJSON *json = arguments == NULL ? NULL : cJSON_Parse(arguments);
    assert_true(arguments == NULL || json != NULL);
    forget_reply();
    srv_explain_keep(explain, &actions);
    srv_command_run(&c, command, json, &reply);
    cJSON_Delete(json);
}

/* `answer` NULL: the arguments do not matter. */
static inline void expect(const char *command, const char *arguments, int result, const char *says,
                          const char *answer)
{
    run(command, arguments);
    assert_string_equal(reply.text, says);
    assert_int_equal(reply.result, result);
    if (answer == NULL)
        return;
    char *json = cJSON_PrintUnformatted(reply.arguments);
    assert_string_equal(json == NULL ? "" : json, answer);
    free(json);
}

static inline const cJSON *answer(const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(reply.arguments, key);
}

/* The arguments of a lease4-add. */
#define ADD_10 "{\"ip-address\": \"10.0.0.10\", \"hw-address\": \"02:00:00:00:00:0a\"}"
