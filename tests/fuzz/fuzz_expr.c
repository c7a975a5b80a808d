/* Any text as an expression over any message. The input is the text, up to its first NUL, then the message.
 * Either the text is refused with a place inside it and a sentence, or it gives a value of bounded length,
 * the same each time. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "server/srv_expr.h"
#include "tests/fuzz/fuzz.h"

static bool is_member(const void *user, unsigned number)
{
    (void)user;
    return number == 1;
}

static int find_class(void *user, const char *name)
{
    (void)user;
    return name[0] == 'n' ? ERR_NOTFOUND : name[0] == 'g';
}

static void check_value(const struct srv_expr *expr, const struct srv_expr_input *in)
{
    static uint8_t out[SRV_EXPR_SCRATCH_MAX], again[SRV_EXPR_SCRATCH_MAX];
    const char *why = NULL;
    int len = srv_expr_value(expr, in, out, sizeof out, &why);
    assert(len >= 0 ? len <= (int)sizeof out : len == ERR_INVALID && why != NULL);
    assert(srv_expr_value(expr, in, again, sizeof again, &why) == len);
    assert(len <= 0 || memcmp(out, again, (size_t)len) == 0);
}

static void check_condition(const struct srv_expr *expr, const struct srv_expr_input *in)
{
    const char *why = NULL;
    enum srv_expr_verdict verdict = srv_expr_test(expr, in, &why);
    assert((verdict == SRV_EXPR_FAILED) == (why != NULL));
    assert(srv_expr_test(expr, in, &why) == verdict);
}

static void check(const char *text, enum srv_expr_type type, const struct srv_expr_input *in)
{
    static const struct srv_expr_names names = {.find_class = find_class};
    const struct srv_expr *expr;
    struct srv_expr_error error = {0};
    struct arena arena;
    arena_init(&arena);
    int err = srv_expr_compile(&arena, text, type, &names, &expr, &error);
    if (err != 0) {
        assert(err == ERR_INVALID && error.text[0] != '\0');
        assert(error.column >= 1 && error.column <= strlen(text) + 1);
    } else if (type == SRV_EXPR_VALUE)
        check_value(expr, in);
    else
        check_condition(expr, in);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dhcp_msg m;
    char *text = strndup((const char *)data, size);
    assert(text != NULL);
    size_t head = strlen(text) < size ? strlen(text) + 1 : size;
    const struct packet packet = {.bytes = data + head, .len = size - head, .src = 1, .dst = 2};
    const struct srv_expr_input in = {.msg = &m, .packet = &packet, .iface = "eth0", .is_member = is_member};
    if (dhcp_msg_decode(&m, packet.bytes, packet.len) != REASON_NONE)
        dhcp_msg_init(&m, DHCP_BOOTREQUEST);
    check(text, SRV_EXPR_CONDITION, &in);
    check(text, SRV_EXPR_VALUE, &in);
    free(text);
    return 0;
}
