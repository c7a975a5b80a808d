#include "lab/veth_kept.h"

#include <stdlib.h>
#include <string.h>

#include "lab/scenario_report.h"

/* The kind stands before what the message is about. */
static bool is_message(const char *line)
{
    const char *kind = strstr(line, "\"kind\":\"");
    return kind != NULL && strncmp(kind, "\"kind\":\"message\"", sizeof "\"kind\":\"message\"" - 1) == 0;
}

bool veth_kept_add(struct veth_kept *k, const char *line)
{
    if (!is_message(line))
        return false;
    char **place = &k->lines[k->n++ % VETH_KEPT_MAX];
    free(*place);
    *place = strdup(line);
    return true;
}

char *veth_kept_ladder(const struct veth_kept *k, const struct scenario *s, const char *host)
{
    cJSON *events = cJSON_CreateArray();
    size_t first = k->n > VETH_KEPT_MAX ? k->n - VETH_KEPT_MAX : 0;
    for (size_t i = first; i < k->n; i++) {
        cJSON *event = k->lines[i % VETH_KEPT_MAX] == NULL ? NULL : cJSON_Parse(k->lines[i % VETH_KEPT_MAX]);
        if (event != NULL)
            cJSON_AddItemToArray(events, event);
    }
    char *text = scenario_report_ladder(s, host, events);
    cJSON_Delete(events);
    return text;
}

void veth_kept_fini(struct veth_kept *k)
{
    for (size_t i = 0; i < VETH_KEPT_MAX; i++)
        free(k->lines[i]);
}
