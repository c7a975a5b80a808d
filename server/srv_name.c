#include "server/srv_name.h"

#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt_walk.h"

/* RFC 4702 2.1 */
enum { FLAG_S = 1, FLAG_O = 2, FLAG_E = 4, FLAG_N = 8 };
enum { FLAGS_AT = 0, NAME_AT = 3, RCODE_UNUSED = 255, LABEL_MAX = 63 };

/* A name while it is put together; too long a one is no name. */
struct name {
    char text[SRV_NAME_MAX + 1];
    size_t len;
    bool is_full, is_bad;
};

static void clear(struct name *n)
{
    n->text[0] = '\0';
    n->len = 0;
    n->is_full = n->is_bad = false;
}

static void add(struct name *n, const char *text, size_t len)
{
    if (n->len + len > SRV_NAME_MAX) {
        n->is_bad = true;
        return;
    }
    memcpy(n->text + n->len, text, len);
    n->text[n->len += len] = '\0';
}

/* Kea's hostname-char-set and hostname-char-replacement. A dot parts labels. */
static void add_clean(struct name *n, const struct srv_naming *naming, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (naming->unwanted[bytes[i] / 8] & 1 << bytes[i] % 8)
            add(n, naming->replacement, strlen(naming->replacement));
        else if (bytes[i] != '\0')
            add(n, (const char *)&bytes[i], 1);
    }
}

/* ---- reading ---- */

/* RFC 4702 2.3: labels; without the root at their end they are the first ones of a name. A dot inside a label
 * would part it. */
static void read_labels(struct name *n, const struct srv_naming *naming, const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && bytes[at] != 0) {
        const uint8_t *label = bytes + at + 1;
        size_t label_len = bytes[at];
        if (n->len != 0)
            add(n, ".", 1);
        for (size_t i = 0; i < label_len; i++)
            if (label[i] != '.')
                add_clean(n, naming, label + i, 1);
        at += 1 + label_len;
    }
    n->is_full = at < len;
}

/* RFC 4702 2.3.1, and option 12: a name with a dot is a whole one. */
static void read_ascii(struct name *n, const struct srv_naming *naming, const uint8_t *bytes, size_t len)
{
    add_clean(n, naming, bytes, len);
    n->is_full = strchr(n->text, '.') != NULL;
    if (n->len != 0 && n->text[n->len - 1] == '.')
        n->text[--n->len] = '\0';
}

/* The client's option 81, or NULL if there is none that can be read. */
static const struct dhcp_option *find_fqdn(const struct dhcp_msg *request)
{
    const struct dhcp_option *option = dhcp_msg_find(request, DHCP_OPT_FQDN);
    if (option == NULL)
        return NULL;
    const struct opt_def *def = dhcp_opt_find(OPT_SPACE_DHCP, DHCP_OPT_FQDN);
    return dhcp_opt_check(def, option->data, option->len) == OPT_OK ? option : NULL;
}

static bool read_fqdn(const struct dhcp_msg *request, const struct srv_naming *naming, struct name *out)
{
    const struct dhcp_option *option = find_fqdn(request);
    if (option == NULL)
        return false;
    if (option->data[FLAGS_AT] & FLAG_E)
        read_labels(out, naming, option->data + NAME_AT, option->len - NAME_AT);
    else
        read_ascii(out, naming, option->data + NAME_AT, option->len - NAME_AT);
    return true;
}

/* RFC 2132 2: "Options containing NVT ASCII data SHOULD NOT include a trailing NULL; however, the receiver of
 * such options MUST be prepared to delete trailing nulls if they exist." */
static void read_hostname(const struct dhcp_msg *request, const struct srv_naming *naming, struct name *out)
{
    const struct dhcp_option *option = dhcp_msg_find(request, DHCP_OPT_HOST_NAME);
    if (option != NULL)
        read_ascii(out, naming, option->data, strnlen((const char *)option->data, option->len));
}

/* ---- choosing ---- */

/* `has_fqdn`: RFC 4702 has an option 81 without a name for a client that wants the server to choose one. */
static bool is_to_be_made(const struct srv_naming *naming, bool has_fqdn, bool has_name)
{
    switch (naming->replace) {
    case SRV_REPLACE_NEVER:
        return has_fqdn && !has_name;
    case SRV_REPLACE_ALWAYS:
        return true;
    case SRV_REPLACE_WHEN_PRESENT:
        return has_name || has_fqdn;
    case SRV_REPLACE_WHEN_NOT_PRESENT:
        return !has_name;
    }
    return false;
}

/* "myhost-10-0-0-5" */
static void make(struct name *n, const struct srv_naming *naming, ip4 addr)
{
    char text[IP4_LEN];
    clear(n);
    add(n, naming->prefix, strlen(naming->prefix));
    add(n, "-", 1);
    ip4_format(addr, text);
    for (char *c = text; (c = strchr(c, '.')) != NULL;)
        *c = '-';
    add(n, text, strlen(text));
}

static void complete(struct name *n, const struct srv_naming *naming)
{
    if (n->len == 0 || n->is_full || naming->suffix[0] == '\0')
        return;
    add(n, ".", 1);
    add(n, naming->suffix, strlen(naming->suffix));
    n->is_full = true;
}

/* RFC 1035 3.1: labels with their lengths; the root if the name ends with a dot. 0 if it is none: an empty
 * label, or one of more than 63 octets. */
static size_t put_labels(const char *name, uint8_t *out)
{
    size_t at = 0;
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        if (len == 0 || len > LABEL_MAX || at + 1 + len + 1 > OPT_NAME_MAX)
            return 0;
        out[at++] = (uint8_t)len;
        memcpy(out + at, name, len);
        at += len;
        name += len;
        if (*name == '.' && *++name == '\0')
            out[at++] = 0;
    }
    return at;
}

/* The administrator's word, as it is. */
static void read_reserved(struct name *n, const char *reserved)
{
    static const struct srv_naming as_it_is = {.replacement = ""};
    clear(n);
    read_ascii(n, &as_it_is, (const uint8_t *)reserved, strlen(reserved));
}

static bool says_name(const struct dhcp_msg *request)
{
    return dhcp_msg_has(request, DHCP_OPT_FQDN) || dhcp_msg_has(request, DHCP_OPT_HOST_NAME);
}

/* Makes *n the name that the client gets, of what it says itself; which one that is, is the reason. */
static enum reason choose(struct name *n, const struct srv_naming *naming, const char *reserved, ip4 addr,
                          bool has_fqdn)
{
    if (reserved[0] != '\0') {
        read_reserved(n, reserved);
        return REASON_NAME_RESERVED;
    }
    if (is_to_be_made(naming, has_fqdn, n->len != 0)) {
        make(n, naming, addr);
        return REASON_NAME_MADE;
    }
    return has_fqdn ? REASON_NAME_FQDN : REASON_NONE;
}

static __attribute__((noinline)) enum reason choose_of(const struct dhcp_msg *request,
                                                       const struct srv_naming *naming, const char *reserved,
                                                       ip4 addr, char *out)
{
    uint8_t labels[OPT_NAME_MAX];
    struct name n;
    clear(&n);
    bool has_fqdn = read_fqdn(request, naming, &n);
    if (!has_fqdn)
        read_hostname(request, naming, &n);
    enum reason reason = choose(&n, naming, reserved, addr, has_fqdn);
    complete(&n, naming);
    if (has_fqdn && n.is_full)
        add(&n, ".", 1);
    bool is_bad = n.is_bad || (has_fqdn && put_labels(n.text, labels) == 0);
    if (!is_bad)
        memcpy(out, n.text, n.len + 1);
    return dhcp_msg_has(request, DHCP_OPT_FQDN) && (!has_fqdn || is_bad) ? REASON_FQDN_BAD : reason;
}

/* Where nobody has a name, none is put together. */
enum reason srv_name_choose(const struct dhcp_msg *request, const struct srv_naming *naming,
                            const char *reserved, ip4 addr, char *out)
{
    out[0] = '\0';
    if (!says_name(request) && reserved[0] == '\0' && !is_to_be_made(naming, false, false))
        return REASON_NONE;
    return choose_of(request, naming, reserved, addr, out);
}

/* ---- answering ---- */

/* RFC 4702 2.1: "A server sets the "N" bit to indicate whether the server SHALL (0) or SHALL NOT (1) perform
 * DNS updates. If the "N" bit is 1, the "S" bit MUST be 0." "A server MUST set this bit [O] to 1 if the "S"
 * bit in its reply to the client does not match the "S" bit received from the client." "A server MUST use the
 * same encoding as that used by the client." 2.2 has 255 in both fields of response codes. */
size_t srv_name_encode(const struct dhcp_msg *request, const char *name, uint8_t *out)
{
    const struct dhcp_option *asked = name[0] != '\0' ? find_fqdn(request) : NULL;
    if (asked == NULL)
        return 0;
    uint8_t flags = asked->data[FLAGS_AT];
    struct wire_writer w;
    wire_writer_init(&w, out, SRV_NAME_OPTION_MAX);
    wire_put_u8(&w, (uint8_t)(FLAG_N | (flags & FLAG_E) | (flags & FLAG_S ? FLAG_O : 0)));
    wire_put_u8(&w, RCODE_UNUSED);
    wire_put_u8(&w, RCODE_UNUSED);
    size_t len = strlen(name);
    if (flags & FLAG_E) {
        uint8_t labels[OPT_NAME_MAX];
        len = put_labels(name, labels);
        wire_put_bytes(&w, labels, len);
    } else {
        len -= name[len - 1] == '.';
        wire_put_bytes(&w, name, len);
    }
    return len == 0 ? 0 : w.at;
}
