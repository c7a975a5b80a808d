#include "common/trace_options.h"

#include <string.h>

#include "common/dhcp_opt.h"
#include "common/dhcp_opt_text.h"

/* An option is its code, its origin and this octet. As a code it says that there are more. */
enum { END = 255 };

void trace_options_init(struct trace_options *t)
{
    t->len = 0;
    t->is_cut = false;
    t->packed[0] = '\0';
}

void trace_options_add(struct trace_options *t, uint8_t code, const char *origin)
{
    enum { AROUND = 2, MORE = 2 }; /* code and END; END and NUL */
    size_t len = strlen(origin);
    if (t->is_cut)
        return;
    t->is_cut = t->len + AROUND + len + MORE > sizeof t->packed;
    char *at = t->packed + t->len;
    if (!t->is_cut) {
        *at++ = (char)code;
        memcpy(at, origin, len);
        at += len;
    }
    *at++ = (char)END;
    *at = '\0';
    t->len = (size_t)(at - t->packed);
}

void trace_options_format(const char *packed, char *buf, size_t cap)
{
    static const char end[] = {(char)END, '\0'};
    struct opt_text t;
    dhcp_opt_text_init(&t, buf, cap);
    while (*packed != '\0') {
        uint8_t code = (uint8_t)*packed++;
        if (t.len != 0)
            dhcp_opt_text_put(&t, ", ");
        if (code == END) {
            dhcp_opt_text_put(&t, "...");
            return;
        }
        const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, code);
        int len = (int)strcspn(packed, end);
        dhcp_opt_text_add(&t, "%u%s%s", code, def != NULL ? " " : "", def != NULL ? def->name : "");
        if (len != 0)
            dhcp_opt_text_add(&t, " (%.*s)", len, packed);
        packed += len;
        packed += *packed != '\0';
    }
}
