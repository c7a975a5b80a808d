/* Any bytes as a DHCP message: decoded, every option checked and printed, traced as JSON and as text, and
 * sent out again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/dhcp_opt.h"
#include "common/trace.h"
#include "tests/fuzz/fuzz.h"

/* A log line stays a line and a terminal stays in its mode, whatever came in. */
static void check_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert((text[i] >= ' ' && text[i] != 0x7f) || text[i] == '\n');
}

static void check_option(const struct dhcp_option *option)
{
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, option->code);
    enum opt_defect defect = dhcp_opt_check(def, option->data, option->len);
    assert(opt_defect_token(defect) != NULL && opt_defect_text(defect) != NULL);

    char text[2048];
    size_t len = dhcp_opt_format(def, option->data, option->len, text, sizeof(text));
    assert(len < sizeof(text) && strlen(text) == len);
    assert(strchr(text, '\n') == NULL);
    check_printable(text, len);

    char little[4];
    assert(dhcp_opt_format(def, option->data, option->len, little, sizeof(little)) < sizeof(little));

    cJSON *json = dhcp_opt_json(def, option->data, option->len);
    assert(json != NULL);
    assert(cJSON_IsNull(json) || defect == OPT_OK);
    cJSON_Delete(json);
}

static void check_trace(const uint8_t *data, size_t size)
{
    const struct trace_stamp stamp = {.node = "fuzz"};
    const struct packet packet = {.bytes = data, .len = size, .sport = 68, .dport = 67};
    cJSON *json = trace_message_json(&stamp, TRACE_RX, "eth0", &packet);
    assert(json != NULL);
    char *line = cJSON_PrintUnformatted(json);
    assert(line != NULL && strchr(line, '\n') == NULL);
    free(line);
    char *text = trace_text(json, TRACE_PLAIN);
    assert(text != NULL);
    size_t len = strlen(text);
    assert(len > 0 && text[len - 1] == '\n');
    check_printable(text, len);
    free(text);
    cJSON_Delete(json);
}

/* What was read without a defect and is sent again is read as the same. */
static void check_encode(const struct dhcp_msg *m)
{
    static struct dhcp_msg again;
    static uint8_t bytes[8192];
    unsigned dropped;
    size_t len = dhcp_msg_encode(m, bytes, sizeof(bytes), &dropped);
    if (m->defects != 0 || m->overload != 0 || dropped != 0)
        return;
    assert(dhcp_msg_decode(&again, bytes, len) == REASON_NONE);
    assert(again.defects == 0);
    assert(again.n_options == m->n_options);
    for (unsigned i = 0; i < m->n_options; i++) {
        const struct dhcp_option *option = dhcp_msg_find(&again, m->options[i].code);
        assert(option != NULL && option->len == m->options[i].len);
        assert(option->len == 0 || memcmp(option->data, m->options[i].data, option->len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dhcp_msg m;
    if (dhcp_msg_decode(&m, data, size) == REASON_NONE) {
        for (unsigned i = 0; i < m.n_options; i++)
            check_option(&m.options[i]);
        check_encode(&m);
    }
    check_trace(data, size);
    return 0;
}
