#include "client/cli_duid.h"

#include <stdio.h>
#include <string.h>

#include "common/dhcp_opt.h"
#include "common/err.h"
#include "common/jcfg.h"
#include "common/wire.h"

enum { DUID_LLT = 1, DUID_LL = 3, CLIENT_ID_DUID = 255 /* RFC 4361 6.1 */ };

/* RFC 8415 11.2: "seconds since midnight (UTC), January 1, 2000, modulo 2^32." */
#define EPOCH_2000_S 946684800LL

static void finish(struct cli_duid *out, struct wire_writer *w, const struct hw_addr *hw)
{
    wire_put_bytes(w, hw->bytes, hw->len);
    out->len = (uint8_t)w->at;
}

void cli_duid_from_hw(const struct hw_addr *hw, struct cli_duid *out)
{
    struct wire_writer w;
    wire_writer_init(&w, out->bytes, sizeof out->bytes);
    wire_put_u16(&w, DUID_LL);
    wire_put_u16(&w, hw->type);
    finish(out, &w, hw);
}

void cli_duid_new(const struct hw_addr *hw, time_ms wall_ms, struct cli_duid *out)
{
    struct wire_writer w;
    wire_writer_init(&w, out->bytes, sizeof out->bytes);
    wire_put_u16(&w, DUID_LLT);
    wire_put_u16(&w, hw->type);
    wire_put_u32(&w, (uint32_t)(wall_ms / 1000 - EPOCH_2000_S));
    finish(out, &w, hw);
}

uint32_t cli_duid_iaid(const struct hw_addr *hw)
{
    uint32_t iaid = 0;
    for (unsigned i = hw->len < 4 ? 0 : hw->len - 4U; i < hw->len; i++)
        iaid = iaid << 8 | hw->bytes[i];
    return iaid;
}

uint8_t cli_duid_client_id(uint32_t iaid, const struct cli_duid *duid, uint8_t *out)
{
    struct wire_writer w;
    wire_writer_init(&w, out, CLI_DUID_CLIENT_ID_MAX);
    wire_put_u8(&w, CLIENT_ID_DUID);
    wire_put_u32(&w, iaid);
    wire_put_bytes(&w, duid->bytes, duid->len);
    return (uint8_t)w.at;
}

/* ---- the file ---- */

static void read_duid(struct jcfg *j, struct cli_duid *duid)
{
    const char *text, *why;
    jcfg_require(j, j->root, "duid");
    if (!jcfg_get_text(j, j->root, "duid", &text))
        return;
    int len = dhcp_opt_parse_hex(text, duid->bytes, sizeof duid->bytes, &why);
    if (len < 3)
        jcfg_error(j, cJSON_GetObjectItemCaseSensitive(j->root, "duid"),
                   "expected 3 to %d hexadecimal octets", CLI_DUID_MAX);
    else
        duid->len = (uint8_t)len;
}

static bool add_iaid(cJSON *root, const char *ifname, uint32_t iaid)
{
    cJSON *iaids = cJSON_GetObjectItemCaseSensitive(root, "iaids");
    if (iaids == NULL)
        iaids = cJSON_AddObjectToObject(root, "iaids");
    return cJSON_AddNumberToObject(iaids, ifname, iaid) != NULL;
}

/* The file's map with what it lacks; true if it lacked something. */
static bool complete(struct jcfg *j, const char *ifname, struct cli_duid *duid, uint32_t *iaid)
{
    static const char *const known[] = {"duid", "iaids", NULL};
    if (!jcfg_is_map(j, j->root, "a map with a DUID"))
        return false;
    jcfg_check_keys(j, j->root, known, NULL);
    read_duid(j, duid);
    const cJSON *iaids = jcfg_get_map(j, j->root, "iaids");
    if (jcfg_get_u32(j, iaids, ifname, 0, UINT32_MAX, iaid) || jcfg_failed(j))
        return false;
    return add_iaid(j->root, ifname, *iaid);
}

static char *new_file(const char *ifname, const struct cli_duid *duid, uint32_t iaid)
{
    char hex[3 * CLI_DUID_MAX];
    for (unsigned i = 0; i < duid->len; i++)
        snprintf(hex + 3 * i, 4, "%02x:", duid->bytes[i]);
    hex[3 * duid->len - 1] = '\0';
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    if (cJSON_AddStringToObject(root, "duid", hex) != NULL && add_iaid(root, ifname, iaid))
        text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

int cli_duid_keep(const char *name, const char *text, size_t len, const char *ifname, struct cli_duid *duid,
                  uint32_t *iaid, char **out_text, char *why)
{
    *out_text = NULL;
    if (text == NULL) {
        *out_text = new_file(ifname, duid, *iaid);
        return *out_text == NULL ? ERR_NOMEM : 0;
    }
    struct jcfg j;
    int rc = jcfg_parse(&j, name, text, len, NULL, NULL);
    if (rc == 0) {
        bool lacks = complete(&j, ifname, duid, iaid);
        if (jcfg_failed(&j))
            rc = ERR_CONFIG;
        else if (lacks && (*out_text = cJSON_Print(j.root)) == NULL)
            rc = ERR_NOMEM;
    }
    if (rc == ERR_CONFIG)
        snprintf(why, CLI_DUID_WHY_MAX, "%s", j.error);
    jcfg_fini(&j);
    return rc;
}
