#include "server/srv_optdef.h"

#include <string.h>

#include "common/err.h"
#include "common/number.h"
#include "common/wire.h"

enum { TOKEN_MAX = 1024, PSID_BITS = 16 };

const char *const srv_optdef_type_names[] = {
#define X(id, name, size) name,
    SRV_FIELD_MAP(X)
#undef X
        NULL,
};

static const uint8_t field_sizes[] = {
#define X(id, name, size) size,
    SRV_FIELD_MAP(X)
#undef X
};

/* Spaces that are there without the configuration. */
static const struct {
    const char *name;
    enum opt_space space;
} standard_spaces[] = {
    {SRV_SPACE_DHCP4, OPT_SPACE_DHCP},
    {SRV_SPACE_RELAY, OPT_SPACE_RELAY},
    {SRV_SPACE_VENDOR_PREFIX "4491", OPT_SPACE_CABLELABS},
    {SRV_SPACE_DOCSIS, OPT_SPACE_CABLELABS},
    {SRV_SPACE_VENDOR_PREFIX "3561", OPT_SPACE_VIVSO},
};

const struct srv_optdef *srv_optdef_find(const struct srv_optdefs *defs, const char *space, uint8_t code)
{
    for (; defs != NULL; defs = defs->wider)
        for (size_t i = 0; i < defs->n; i++)
            if (defs->list[i].code == code && strcmp(defs->list[i].space, space) == 0)
                return &defs->list[i];
    return NULL;
}

const struct srv_optdef *srv_optdef_find_name(const struct srv_optdefs *defs, const char *space,
                                              const char *name)
{
    for (; defs != NULL; defs = defs->wider)
        for (size_t i = 0; i < defs->n; i++)
            if (strcmp(defs->list[i].name, name) == 0 && strcmp(defs->list[i].space, space) == 0)
                return &defs->list[i];
    return NULL;
}

const struct opt_def *srv_optdef_standard(const char *space, uint8_t code)
{
    for (size_t i = 0; i < sizeof standard_spaces / sizeof standard_spaces[0]; i++)
        if (strcmp(standard_spaces[i].name, space) == 0)
            return dhcp_opt_find(standard_spaces[i].space, code);
    return NULL;
}

const struct opt_def *srv_optdef_standard_name(const char *space, const char *name)
{
    for (size_t i = 0; i < sizeof standard_spaces / sizeof standard_spaces[0]; i++)
        if (strcmp(standard_spaces[i].name, space) == 0)
            return dhcp_opt_find_name(standard_spaces[i].space, name);
    return NULL;
}

const struct srv_optdef *srv_optdef_kea_form(const char *space, uint8_t code)
{
    enum { PORTPARAMS = 159 };
    static const enum srv_field portparams[] = {SRV_FIELD_UINT8, SRV_FIELD_PSID}; /* RFC 7618 9: "2, 3/4" */
    static const struct srv_optdef forms[] = {
        {SRV_SPACE_DHCP4, PORTPARAMS, "v4-portparams", portparams, 2, false, ""},
    };
    static const struct srv_optdefs all = {forms, sizeof forms / sizeof forms[0], NULL};
    return srv_optdef_find(&all, space, code);
}

bool srv_optdef_enterprise(const char *space, uint32_t *out)
{
    enum { CABLELABS = 4491 };
    size_t prefix = strlen(SRV_SPACE_VENDOR_PREFIX);
    *out = CABLELABS;
    if (strcmp(space, SRV_SPACE_DOCSIS) == 0)
        return true;
    return strncmp(space, SRV_SPACE_VENDOR_PREFIX, prefix) == 0 &&
           number_parse_u32(space + prefix, 0, UINT32_MAX, out);
}

size_t srv_optdef_min_len(const struct srv_optdef *def)
{
    size_t len = 0;
    for (size_t i = 0; i < def->n_fields; i++)
        len += field_sizes[def->fields[i]];
    return len;
}

/* ---- values ---- */

/* One value by a definition of the registry. */
static int encode_as(enum opt_type type, size_t len, const char *text, struct wire_writer *w,
                     const char **why)
{
    const struct opt_def def = {.type = type, .min = (uint16_t)len, .max = (uint16_t)len};
    uint8_t buf[TOKEN_MAX];
    int n = dhcp_opt_parse(&def, text, buf, sizeof buf, why);
    if (n > 0)
        wire_put_bytes(w, buf, (size_t)n);
    return n;
}

static int refuse(const char **why, const char *sentence)
{
    *why = sentence;
    return ERR_INVALID;
}

static int encode_int(int64_t min, int64_t max, size_t size, const char *text, struct wire_writer *w,
                      const char **why)
{
    uint8_t octets[4] = {0};
    struct wire_writer number;
    wire_writer_init(&number, octets, sizeof octets);
    int n = encode_as(OPT_S32, sizeof octets, text, &number, why);
    if (n < 0)
        return n;
    int32_t value = (int32_t)wire_u32(octets);
    if (value < min || value > max)
        return refuse(why, size == 1 ? "expected a number from -128 to 127"
                                     : "expected a number from -32768 to 32767");
    wire_put_bytes(w, octets + sizeof octets - size, size);
    return (int)size;
}

/* "2001:db8::/32": the length of the prefix, and as many octets as it has. */
static int encode_prefix(char *text, struct wire_writer *w, const char **why)
{
    static const char expected[] = "expected an IPv6 prefix such as 2001:db8::/32";
    uint8_t octets[16];
    struct wire_writer addr;
    uint32_t len;
    char *slash = strchr(text, '/');
    if (slash == NULL || !number_parse_u32(slash + 1, 0, 128, &len))
        return refuse(why, expected);
    *slash = '\0';
    wire_writer_init(&addr, octets, sizeof octets);
    if (encode_as(OPT_IP6, sizeof octets, text, &addr, why) < 0)
        return refuse(why, expected);
    wire_put_u8(w, (uint8_t)len);
    wire_put_bytes(w, octets, (len + 7) / 8);
    return 0;
}

/* "3/4", a port set of 4 bits: their number, and the bits at the high end of 16. */
static int encode_psid(char *text, struct wire_writer *w, const char **why)
{
    uint32_t psid, len;
    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash = '\0';
    if (slash == NULL || !number_parse_u32(text, 0, UINT16_MAX, &psid) ||
        !number_parse_u32(slash + 1, 0, PSID_BITS, &len) || (len < PSID_BITS && psid >> len != 0))
        return refuse(why, "expected a port set such as 3/4: its identifier, and the bits of it");
    wire_put_u8(w, (uint8_t)len);
    wire_put_u16(w, (uint16_t)(psid << (PSID_BITS - len)));
    return 0;
}

static int encode_tuple(const char *text, struct wire_writer *w, const char **why)
{
    size_t len = strlen(text);
    if (len > UINT8_MAX)
        return refuse(why, "expected a text of at most 255 octets");
    wire_put_u8(w, (uint8_t)len);
    wire_put_bytes(w, text, len);
    return 0;
}

static int encode_field(enum srv_field field, char *text, struct wire_writer *w, const char **why)
{
    switch (field) {
    case SRV_FIELD_RECORD:
    case SRV_FIELD_EMPTY:
        return *text == '\0' ? 0 : refuse(why, "expected no value");
    case SRV_FIELD_BINARY:
        return encode_as(OPT_BYTES, 0, text, w, why);
    case SRV_FIELD_BOOLEAN:
        return encode_as(OPT_FLAG, 1, text, w, why);
    case SRV_FIELD_INT8:
        return encode_int(INT8_MIN, INT8_MAX, 1, text, w, why);
    case SRV_FIELD_INT16:
        return encode_int(INT16_MIN, INT16_MAX, 2, text, w, why);
    case SRV_FIELD_INT32:
        return encode_as(OPT_S32, 4, text, w, why);
    case SRV_FIELD_UINT8:
        return encode_as(OPT_U8, 1, text, w, why);
    case SRV_FIELD_UINT16:
        return encode_as(OPT_U16, 2, text, w, why);
    case SRV_FIELD_UINT32:
        return encode_as(OPT_U32, 4, text, w, why);
    case SRV_FIELD_IP4:
        return encode_as(OPT_IP4, 4, text, w, why);
    case SRV_FIELD_IP6:
        return encode_as(OPT_IP6, 16, text, w, why);
    case SRV_FIELD_IP6_PREFIX:
        return encode_prefix(text, w, why);
    case SRV_FIELD_PSID:
        return encode_psid(text, w, why);
    case SRV_FIELD_STRING:
        wire_put_bytes(w, text, strlen(text));
        return 0;
    case SRV_FIELD_TUPLE:
        return encode_tuple(text, w, why);
    case SRV_FIELD_FQDN:
        return encode_as(OPT_DOMAIN, 0, text, w, why);
    }
    return refuse(why, "expected a type of option");
}

/* Copies the text up to the next comma, or all of it, without spaces around it; "\," is a comma of the text.
 * Returns what follows the comma, or NULL if there was none. False in *out_fits if `token` is too small. */
static const char *cut_token(const char *text, bool all, char *token, bool *out_fits)
{
    size_t n = 0;
    text += strspn(text, " \t");
    for (; *text != '\0' && (all || *text != ','); text++) {
        text += text[0] == '\\' && text[1] == ',';
        if (n + 1 < TOKEN_MAX)
            token[n++] = *text;
        else
            *out_fits = false;
    }
    while (n > 0 && (token[n - 1] == ' ' || token[n - 1] == '\t'))
        n--;
    token[n] = '\0';
    return *text == ',' ? text + 1 : NULL;
}

int srv_optdef_encode(const struct srv_optdef *def, const char *text, uint8_t *out, size_t cap,
                      const char **why)
{
    char token[TOKEN_MAX];
    struct wire_writer w;
    bool fits = true;
    wire_writer_init(&w, out, cap);
    for (size_t i = 0; text != NULL; i++) {
        if (i >= def->n_fields && !def->is_array)
            return refuse(why, "more elements than the option has");
        enum srv_field field = def->fields[i < def->n_fields ? i : def->n_fields - 1];
        text = cut_token(text, field == SRV_FIELD_STRING, token, &fits);
        int rc = fits ? encode_field(field, token, &w, why) : refuse(why, "the value is too long");
        if (rc < 0)
            return rc;
        if (text == NULL && i + 1 < def->n_fields)
            return refuse(why, "fewer elements than the option has fields");
    }
    if (w.err) {
        *why = "the value is too long";
        return ERR_LIMIT;
    }
    return (int)w.at;
}
