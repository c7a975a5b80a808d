#include "lab/replay_why.h"

#include <stdlib.h>
#include <string.h>

#include "lab/view.h"

void replay_why_init(struct replay_why *w, const struct lab_state *lab, const char *node)
{
    *w = (struct replay_why){.trace = fopen(lab->trace, "re")};
    snprintf(w->node, sizeof w->node, "%s", node);
    if (w->trace != NULL && fseek(w->trace, 0, SEEK_END) != 0)
        replay_why_fini(w);
}

void replay_why_fini(struct replay_why *w)
{
    if (w->trace != NULL)
        fclose(w->trace);
    w->trace = NULL;
}

/* Is the line a decision of the node? Then `buf` gets its sentence. */
static void take_line(const struct replay_why *w, const char *line, char *buf)
{
    cJSON *event = cJSON_Parse(line);
    const char *kind = view_text(event, "kind");
    if ((strcmp(kind, "decision") == 0 || strcmp(kind, "drop") == 0) &&
        strcmp(view_text(event, "node"), w->node) == 0)
        snprintf(buf, REPLAY_WHY_TEXT, "%s", view_text(event, "text"));
    cJSON_Delete(event);
}

const char *replay_why_text(struct replay_why *w, uint32_t xid, char *buf)
{
    char wanted[16], *line = NULL;
    size_t cap = 0;
    buf[0] = '\0';
    if (w->trace == NULL)
        return buf;
    snprintf(wanted, sizeof wanted, "\"0x%08x\"", xid);
    clearerr(w->trace);
    while (getline(&line, &cap, w->trace) > 0)
        if (strstr(line, wanted) != NULL)
            take_line(w, line, buf);
    free(line);
    return buf;
}
