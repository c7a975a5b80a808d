/* What explain4 tells is borrowed from the actions of the engine: when these are done with, they are kept for
 * it, as long and as many as it promises. What it says of real messages is in test_srv_command.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/dhcp_proto.h"
#include "server/srv_explain.h"

enum { XID_AT = 4, CHADDR_AT = 28, MESSAGE_LEN = 300 };

static const struct clock_now now = {.wall_ms = 1795248000000};
static struct srv_explain *explain;
static struct srv_actions actions, others;

static int start(void **state)
{
    (void)state;
    explain = srv_explain_new();
    srv_actions_init(&actions);
    srv_actions_init(&others);
    return explain == NULL ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    srv_explain_free(explain);
    srv_actions_fini(&actions);
    srv_actions_fini(&others);
    return 0;
}

static struct hw_addr client_of(uint32_t xid)
{
    return (struct hw_addr){.type = 1, .len = 6, .bytes = {2, [4] = (uint8_t)(xid >> 8), [5] = (uint8_t)xid}};
}

/* A BOOTP message: op, htype 1, hlen 6; xid at 4; chaddr 02:00:00:00:xx:xx at 28; no cookie. */
static struct packet message(uint8_t op, uint32_t xid, uint8_t out[MESSAGE_LEN])
{
    struct hw_addr client = client_of(xid);
    memset(out, 0, MESSAGE_LEN);
    out[0] = op;
    out[1] = client.type;
    out[2] = client.len;
    out[XID_AT + 2] = (uint8_t)(xid >> 8);
    out[XID_AT + 3] = (uint8_t)xid;
    memcpy(out + CHADDR_AT, client.bytes, client.len);
    return (struct packet){.bytes = out, .len = MESSAGE_LEN};
}

static struct srv_action *append(struct srv_actions *to, enum srv_action_kind kind)
{
    struct srv_action *a = arena_alloc(&to->arena, sizeof *a);
    assert_non_null(a);
    a->kind = kind;
    *(to->last != NULL ? &to->last->next : &to->first) = a;
    to->last = a;
    return a;
}

/* "classes: TEXT", of the transaction. */
static void decide(struct srv_actions *to, uint32_t xid, const char *text)
{
    append(to, SRV_TRACE)->trace =
        (struct trace_event){.kind = TRACE_DECISION,
                             .reason = REASON_CLASSES,
                             .facts = {.text = arena_text(&to->arena, text, strlen(text))},
                             .xid = xid,
                             .client = client_of(xid)};
}

static void answer(struct srv_actions *to, uint32_t xid)
{
    append(to, SRV_TX)->packet = message(DHCP_BOOTREPLY, xid, arena_take(&to->arena, MESSAGE_LEN));
}

/* A message comes; what was due before it is up to `due`. */
static void explain_step(struct srv_actions *to, uint32_t xid, struct srv_action *due)
{
    to->due = due;
    uint8_t bytes[MESSAGE_LEN];
    struct packet packet = message(DHCP_BOOTREQUEST, xid, bytes);
    srv_explain_add(explain, &now, &packet, to, NULL);
}

static void explain_one(uint32_t xid)
{
    char text[16];
    snprintf(text, sizeof text, "of %u", xid);
    decide(&actions, xid, text);
    explain_step(&actions, xid, NULL);
    srv_explain_keep(explain, &actions);
}

static void assert_sentence(const cJSON *decision, const char *text)
{
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(decision, "text")), text);
}

static cJSON *all(void)
{
    return srv_explain_list(explain, &now, &(struct srv_explain_filter){.limit = SRV_EXPLAIN_MAX});
}

/* The only one with the xid. */
static cJSON *one(uint32_t xid)
{
    cJSON *list = srv_explain_list(explain, &now, &(struct srv_explain_filter){.xid = xid, .limit = 2});
    assert_int_equal(cJSON_GetArraySize(list), 1);
    return list;
}

static bool is_answered(const cJSON *list)
{
    const cJSON *record = list->child;
    bool has_response = cJSON_IsObject(cJSON_GetObjectItem(record, "response"));
    assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(record, "answered")), has_response);
    return has_response;
}

static void test_the_last_transactions_are_told_whole(void **state)
{
    (void)state;
    enum { N = 2 * SRV_EXPLAIN_MAX + 1 };
    for (uint32_t xid = 1; xid <= N; xid++)
        explain_one(xid);
    cJSON *list = all();
    assert_int_equal(cJSON_GetArraySize(list), SRV_EXPLAIN_MAX);
    uint32_t xid = N;
    for (const cJSON *record = list->child; record != NULL; record = record->next, xid--) {
        char text[32];
        const cJSON *decisions = cJSON_GetObjectItem(record, "decisions");
        assert_int_equal(cJSON_GetArraySize(decisions), 1);
        snprintf(text, sizeof text, "classes: of %u", xid);
        assert_sentence(decisions->child, text);
        assert_true(cJSON_IsObject(cJSON_GetObjectItem(record, "query")));
    }
    cJSON_Delete(list);
}

/* As many as there is room for, and the newest among them. */
static void test_large_actions_push_old_transactions_out(void **state)
{
    (void)state;
    enum { LARGE = 1024 * 1024, N = 3 * SRV_EXPLAIN_OCTETS_MAX / LARGE };
    for (uint32_t xid = 1; xid <= N; xid++) {
        assert_non_null(arena_take(&actions.arena, LARGE));
        explain_one(xid);
    }
    cJSON *list = all();
    int n = cJSON_GetArraySize(list);
    assert_in_range(n, SRV_EXPLAIN_OCTETS_MAX / LARGE - 2, SRV_EXPLAIN_OCTETS_MAX / LARGE);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetArrayItem(list, n - 1), "decisions")),
                     1);
    cJSON_Delete(list);
    cJSON_Delete(one(N));
}

/* What needs more than there is at all is not told; what comes then is. */
static void test_actions_that_are_too_large_are_not_kept(void **state)
{
    (void)state;
    explain_one(1);
    assert_non_null(arena_take(&actions.arena, SRV_EXPLAIN_OCTETS_MAX));
    explain_one(2);
    cJSON *list = all();
    assert_int_equal(cJSON_GetArraySize(list), 0);
    cJSON_Delete(list);
    explain_one(3);
    explain_one(4);
    cJSON_Delete(one(3));
    cJSON_Delete(one(4));
}

/* A message that has waited for a probe is answered in the step of another one, of another client. */
static void test_what_is_decided_later_joins_its_transaction(void **state)
{
    (void)state;
    decide(&actions, 1, "first");
    explain_step(&actions, 1, NULL);
    srv_explain_keep(explain, &actions);
    decide(&actions, 1, "second");
    answer(&actions, 1);
    decide(&actions, 1, "third");
    struct srv_action *due = actions.last;
    decide(&actions, 2, "other");
    explain_step(&actions, 2, due);
    srv_explain_keep(explain, &actions);
    cJSON *first = one(1), *second = one(2);
    const cJSON *decisions = cJSON_GetObjectItem(first->child, "decisions");
    assert_int_equal(cJSON_GetArraySize(decisions), 3);
    assert_sentence(cJSON_GetArrayItem(decisions, 0), "classes: first");
    assert_sentence(cJSON_GetArrayItem(decisions, 1), "classes: second");
    assert_sentence(cJSON_GetArrayItem(decisions, 2), "classes: third");
    assert_true(is_answered(first));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(second->child, "decisions")), 1);
    assert_false(is_answered(second));
    cJSON_Delete(first);
    cJSON_Delete(second);
}

/* While a commit runs, the actions with its records stay, and others come and go. */
static void test_actions_may_be_done_with_in_another_order(void **state)
{
    (void)state;
    decide(&others, 1, "slow");
    explain_step(&others, 1, NULL);
    for (uint32_t xid = 2; xid < SRV_EXPLAIN_MAX; xid++)
        explain_one(xid);
    answer(&others, 3);
    srv_explain_add(explain, &now, NULL, &others, others.first);
    const struct trace_event unsent = {
        .kind = TRACE_DROP, .reason = REASON_STORE_FAILED, .xid = 3, .client = client_of(3)};
    cJSON *list = one(3);
    assert_true(is_answered(list));
    cJSON_Delete(list);
    srv_explain_unsent(explain, &now, &unsent, &others);
    srv_explain_keep(explain, &others);
    explain_one(SRV_EXPLAIN_MAX);
    cJSON *slow = one(1);
    assert_sentence(cJSON_GetObjectItem(slow->child, "decisions")->child, "classes: slow");
    cJSON_Delete(slow);
    list = one(3);
    assert_false(is_answered(list));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(list->child, "decisions")), 2);
    cJSON_Delete(list);
}

/* Each list by itself is small, and none makes an older transaction fall out: there is a limit all the same.
 */
static void test_so_many_lists_are_kept_and_no_more(void **state)
{
    (void)state;
    explain_one(1);
    for (unsigned i = 0; i < 4 * SRV_EXPLAIN_MAX; i++) {
        decide(&actions, 1, "late");
        srv_explain_add(explain, &now, NULL, &actions, NULL);
        srv_explain_keep(explain, &actions);
    }
    cJSON *list = one(1);
    const cJSON *decisions = cJSON_GetObjectItem(list->child, "decisions");
    assert_int_equal(cJSON_GetArraySize(decisions), SRV_EXPLAIN_NOTES_MAX);
    assert_sentence(decisions->child, "classes: late");
    cJSON_Delete(list);
}

static void test_more_decisions_than_are_told_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < SRV_EXPLAIN_NOTES_MAX + 3; i++)
        decide(&actions, 1, "a");
    explain_step(&actions, 1, NULL);
    cJSON *list = one(1);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(list->child, "decisions")),
                     SRV_EXPLAIN_NOTES_MAX);
    assert_int_equal(cJSON_GetObjectItem(list->child, "decisions-not-kept")->valueint, 3);
    cJSON_Delete(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_last_transactions_are_told_whole, start, stop),
        cmocka_unit_test_setup_teardown(test_large_actions_push_old_transactions_out, start, stop),
        cmocka_unit_test_setup_teardown(test_actions_that_are_too_large_are_not_kept, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_decided_later_joins_its_transaction, start, stop),
        cmocka_unit_test_setup_teardown(test_actions_may_be_done_with_in_another_order, start, stop),
        cmocka_unit_test_setup_teardown(test_so_many_lists_are_kept_and_no_more, start, stop),
        cmocka_unit_test_setup_teardown(test_more_decisions_than_are_told_are_counted, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
