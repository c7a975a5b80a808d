#include "lab/sim_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/dhcp_msg.h"
#include "common/number.h"

static const char *luck_name(enum sim_luck luck)
{
    static const char *const names[] = {
#define X(name, word) [name] = word,
        SIM_LUCK_MAP(X)
#undef X
    };
    return names[luck];
}

void sim_link_init(struct sim_link *l, uint64_t seed, const char *name)
{
    *l = (struct sim_link){0};
    snprintf(l->name, sizeof l->name, "%s", name);
    rng_init(&l->rng, seed, l->name);
}

bool sim_link_add_script(struct sim_link *l, struct sim_script script)
{
    if (l->n_scripts == SIM_SCRIPTS_MAX)
        return false;
    l->scripts[l->n_scripts++] = script;
    return true;
}

static bool is_named(const char *pattern, const char *host)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, host) == 0;
}

void sim_link_apply(struct sim_link *l, const struct sim_rule *rule, const char *from, const char *to)
{
    if (!is_named(rule->from, from) || !is_named(rule->to, to))
        return;
    if (rule->has_faults)
        l->faults = rule->faults;
    if (rule->sets_cut)
        l->is_cut = rule->is_cut;
    if (rule->script.type != 0)
        sim_link_add_script(l, rule->script);
}

static bool is_scripted(struct sim_link *l, const struct packet *packet)
{
    struct dhcp_msg msg;
    bool drop = false;
    if (l->n_scripts == 0 || packet == NULL ||
        dhcp_msg_decode(&msg, packet->bytes, packet->len) != REASON_NONE)
        return false;
    for (size_t i = 0; i < l->n_scripts; i++) {
        struct sim_script *s = &l->scripts[i];
        if (s->type != msg.type)
            continue;
        s->seen++;
        drop = drop || (s->seen >= s->first && s->seen <= s->last);
    }
    return drop;
}

static bool is_listed(const struct sim_fault_list *only, const struct sim_fault *fault)
{
    for (size_t i = 0; i < only->n; i++)
        if (only->list[i].frame == fault->frame && only->list[i].luck == fault->luck &&
            strcmp(only->list[i].link, fault->link) == 0)
            return true;
    return false;
}

/* Draws; a fault that happens is noted in `out`. */
static bool happens(struct sim_link *l, enum sim_luck luck, uint32_t ppm, const struct sim_fault_list *only,
                    struct sim_fate *out)
{
    bool drawn = rng_u64(&l->rng) % SIM_PPM < ppm;
    struct sim_fault fault = {.frame = l->frames, .luck = luck};
    if (!drawn || out->n_faults == sizeof out->faults / sizeof out->faults[0])
        return false;
    memcpy(fault.link, l->name, sizeof fault.link);
    if (only != NULL && !is_listed(only, &fault))
        return false;
    out->faults[out->n_faults++] = fault;
    return true;
}

static void lose(struct sim_fate *fate, enum reason reason)
{
    fate->copies = 0;
    fate->reason = reason;
    fate->n_faults = reason == REASON_LINK_LOSS ? fate->n_faults : 0;
}

void sim_link_pass(struct sim_link *l, time_ms now, const struct packet *packet,
                   const struct sim_fault_list *only, struct sim_fate *out)
{
    *out = (struct sim_fate){.copies = 1};
    l->frames++;
    time_ms jitter = (time_ms)(rng_u64(&l->rng) % (uint64_t)(l->faults.jitter_ms + 1));
    bool lost = happens(l, SIM_LOSS, l->faults.loss, only, out);
    struct sim_fate unlucky = *out;
    bool twice = happens(l, SIM_DUPLICATE, l->faults.duplicate, only, out);
    bool late = happens(l, SIM_REORDER, l->faults.reorder, only, out);
    bool scripted = is_scripted(l, packet);

    time_ms at = now + l->faults.delay_ms + jitter;
    if (late) {
        at += l->faults.reorder_by_ms;
    } else {
        at = at < l->last_ms ? l->last_ms : at;
        l->last_ms = at;
    }
    out->at_ms[0] = out->at_ms[1] = at;
    if (l->is_cut) {
        lose(out, REASON_LINK_CUT);
    } else if (scripted) {
        lose(out, REASON_LINK_SCRIPT);
    } else if (lost) {
        *out = unlucky;
        lose(out, REASON_LINK_LOSS);
    } else if (twice) {
        out->copies = 2;
    }
}

void sim_fault_format(const struct sim_fault *fault, char buf[SIM_FAULT_LEN])
{
    snprintf(buf, SIM_FAULT_LEN, "%s#%" PRIu64 ":%s", fault->link, fault->frame, luck_name(fault->luck));
}

bool sim_fault_parse(const char *text, struct sim_fault *out)
{
    const char *at = strchr(text, '#');
    struct sim_fault fault = {.frame = 0};
    if (at == NULL || at == text || at - text >= (ptrdiff_t)sizeof fault.link)
        return false;
    memcpy(fault.link, text, (size_t)(at++ - text));
    if (!number_take(&at, 0, UINT64_MAX, &fault.frame) || *at++ != ':')
        return false;
    for (unsigned i = 0; i <= SIM_REORDER; i++)
        if (strcmp(luck_name((enum sim_luck)i), at) == 0) {
            fault.luck = (enum sim_luck)i;
            *out = fault;
            return true;
        }
    return false;
}
