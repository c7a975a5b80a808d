#include "lab/replay_live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/err.h"
#include "lab/command.h"
#include "lab/enter.h"
#include "lab/labnet.h"
#include "lab/replay_print.h"
#include "lab/replay_read.h"
#include "lab/replay_why.h"
#include "lab/view.h"

enum { S_MS = 1000, TOLD_WAIT_MS = 1000 };

/* ---- where ---- */

/* The server that is asked, and the host whose interface it is asked from. */
struct place {
    size_t server, from; /* places in the lab */
    const struct labnet_interface *server_end, *from_end;
};

/* On a plain host there may be a server of others: who names it knows. */
static bool find_server(const struct lab_state *lab, const char *to, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < lab->n_hosts; i++) {
        enum lab_role role = lab->hosts[i].role;
        bool is_meant =
            to == NULL ? role == LAB_SERVER : role != LAB_CLIENT && strcmp(lab->hosts[i].name, to) == 0;
        if (!is_meant)
            continue;
        *out = i;
        n++;
    }
    if (n == 1)
        return true;
    if (to != NULL)
        fprintf(stderr, "dhcplab: the lab %s has no host %s on which a server could be\n", lab->name, to);
    else
        fprintf(stderr, "dhcplab: the lab %s has %s; `--to HOST` says which is asked\n", lab->name,
                n == 0 ? "no server" : "several servers");
    return false;
}

/* Another host on a link of the server's: best one that is no server. */
static bool find_place(const struct lab_state *lab, const struct labnet *net, struct place *out)
{
    out->from_end = NULL;
    for (size_t s = 0; s < net->n; s++) {
        const struct labnet_interface *server = &net->interfaces[s];
        for (size_t i = 0; i < net->n && server->host == out->server && server->addr.addr != 0; i++) {
            const struct labnet_interface *other = &net->interfaces[i];
            bool is_better = out->from_end == NULL || lab->hosts[out->from].role == LAB_SERVER;
            if (other->host == out->server || strcmp(other->link, server->link) != 0 || !is_better)
                continue;
            out->server_end = server;
            out->from_end = other;
            out->from = other->host;
        }
    }
    if (out->from_end == NULL)
        fprintf(stderr, "dhcplab: %s shares no link with another host, from which it could be asked\n",
                lab->hosts[out->server].name);
    return out->from_end != NULL;
}

/* ---- what came of it ---- */

struct telling {
    const struct replay_live *options;
    struct replay_why why;
    enum trace_color color;
    cJSON *messages; /* --json */
    uint64_t n[REPLAY_OUTCOMES];
    uint64_t n_unbegun; /* not equal, about a lease that the live server has not given */
};

static void tell(void *user, const struct replay_result *result)
{
    struct telling *t = user;
    char why[REPLAY_WHY_TEXT] = "";
    t->n[result->outcome]++;
    t->n_unbegun +=
        result->is_unbegun && result->outcome != REPLAY_EQUAL && result->outcome != REPLAY_NOTHING;
    if (!result->has_live && result->outcome != REPLAY_NOT_SENT && replay_plan_is_answerable(result->message))
        replay_why_text(&t->why, result->xid, why);
    if (t->messages != NULL)
        cJSON_AddItemToArray(t->messages, replay_print_json(result, why));
    else
        replay_print(stdout, result, t->options->diff, why, t->color);
}

/* At the pace of the capture there may be half an hour without a word. */
static void tell_wait(void *user, const struct replay_message *next, uint64_t left_ms)
{
    char span[VIEW_SPAN_LEN];
    (void)user;
    if (left_ms >= TOLD_WAIT_MS)
        fprintf(stderr, "dhcplab: packet %llu, %s, is due in %s\n", (unsigned long long)next->sent.number,
                dhcp_type_name(next->type), view_span((double)left_ms / S_MS, span));
}

static bool is_equal(const struct telling *t)
{
    return t->n[REPLAY_DIFFERENT] + t->n[REPLAY_NO_ANSWER] + t->n[REPLAY_NEW_ANSWER] == 0;
}

static void print_summary(const struct telling *t, const struct replay_plan *plan)
{
    printf("%zu message%s: %llu equal, %llu that nobody answers, %llu different, %llu without a live answer, "
           "%llu answered only now\n",
           plan->n, plan->n == 1 ? "" : "s", (unsigned long long)t->n[REPLAY_EQUAL],
           (unsigned long long)t->n[REPLAY_NOTHING], (unsigned long long)t->n[REPLAY_DIFFERENT],
           (unsigned long long)t->n[REPLAY_NO_ANSWER], (unsigned long long)t->n[REPLAY_NEW_ANSWER]);
    if (t->n_unbegun > 0)
        printf("%llu of them are about a lease that does not begin here, as where a capture starts too late: "
               "the live server does not know it\n",
               (unsigned long long)t->n_unbegun);
    if (t->n[REPLAY_NOT_SENT] + plan->n_unreadable + plan->n_left_out > 0)
        printf("%llu too long to be sent, %llu of the capture not readable, %llu beyond the limits\n",
               (unsigned long long)t->n[REPLAY_NOT_SENT], (unsigned long long)plan->n_unreadable,
               (unsigned long long)plan->n_left_out);
}

static void print_json(struct telling *t, const struct replay_plan *plan, const char *server)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "capture", t->options->capture);
    cJSON_AddStringToObject(out, "server", server);
    cJSON_AddBoolToObject(out, "equal", is_equal(t));
    cJSON *outcomes = cJSON_AddObjectToObject(out, "outcomes");
    for (int i = 0; i < REPLAY_OUTCOMES; i++)
        cJSON_AddNumberToObject(outcomes, replay_outcome_name((enum replay_outcome)i), (double)t->n[i]);
    cJSON_AddNumberToObject(out, "unreadable", (double)plan->n_unreadable);
    cJSON_AddNumberToObject(out, "left_out", (double)plan->n_left_out);
    cJSON_AddNumberToObject(out, "strays", (double)plan->n_strays);
    cJSON_AddItemToObject(out, "messages", t->messages);
    view_print_json(out);
    cJSON_Delete(out);
}

static int exit_code(const struct telling *t, const struct replay_plan *plan)
{
    if (!is_equal(t))
        return EXIT_CODE_FAILED;
    return t->n[REPLAY_NOT_SENT] + plan->n_unreadable + plan->n_left_out > 0 ? EXIT_CODE_PARTLY
                                                                             : EXIT_CODE_OK;
}

/* ---- doing it ---- */

static int failed(int rc, const char *what)
{
    fprintf(stderr, "dhcplab: %s\n", what);
    return rc == ERR_DENIED ? EXIT_CODE_DENIED : EXIT_CODE_FAILED;
}

static int replay(const struct replay_live *o, const struct lab_state *lab, const struct place *place,
                  const struct replay_plan *plan, struct replay_map *map)
{
    const char *server = lab->hosts[place->server].name;
    char why[REPLAY_WHY_MAX];
    struct telling t = {.options = o, .color = view_color()};
    struct replay_setting setting = {.interface = place->from_end->name,
                                     .server = place->server_end->addr,
                                     .server_hw = place->server_end->hw,
                                     .real_pace = o->real_pace,
                                     .timeout_ms = o->timeout_s * S_MS,
                                     .waits = tell_wait,
                                     .told = tell,
                                     .user = &t};
    setvbuf(stdout, NULL, _IOLBF, 0); /* each message when its answer is there, be it into a pipe */
    if (o->json)
        t.messages = cJSON_CreateArray();
    else
        printf("%s to %s, from %s's %s: captured on the left, live on the right\n", o->capture, server,
               lab->hosts[place->from].name, place->from_end->name);
    replay_why_init(&t.why, lab, server);
    int rc = enter_network(lab, &lab->hosts[place->from]);
    if (rc < 0)
        snprintf(why, sizeof why, "cannot enter %s: %s", lab->hosts[place->from].name, strerror(errno));
    else
        rc = replay_run(plan, map, &setting, why);
    replay_why_fini(&t.why);
    if (rc < 0) {
        cJSON_Delete(t.messages);
        return failed(rc, why);
    }
    if (o->json)
        print_json(&t, plan, server);
    else
        print_summary(&t, plan);
    return exit_code(&t, plan);
}

static int map_macs(const struct replay_live *o, struct replay_map *map)
{
    for (size_t i = 0; i < o->n_macs; i++) {
        char hw[HW_LEN];
        int rc = replay_map_client_as(map, &o->macs[i][0], &o->macs[i][1]);
        if (rc == ERR_INVALID)
            return command_usage_error("replay",
                                       "--map-mac has this client twice: ", hw_format(&o->macs[i][0], hw));
        if (rc < 0)
            return failed(rc, err_text(rc));
    }
    return -1;
}

static int find_and_replay(const struct replay_live *o, const struct replay_plan *plan)
{
    struct lab_state lab;
    struct labnet net;
    struct place place = {0};
    struct replay_map map;
    uint64_t seed;
    int rc = rundir_load(o->lab, &lab);
    if (rc < 0)
        return rc == ERR_EXISTS ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
    if (!find_server(&lab, o->to, &place.server))
        return EXIT_CODE_USAGE;
    if ((rc = labnet_read(&lab, &net)) < 0)
        return failed(rc, err_text(rc));
    if (!find_place(&lab, &net, &place))
        return EXIT_CODE_USAGE;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return failed(ERR_IO, strerror(errno));
    replay_map_init(&map, seed, place.server_end->addr);
    int code = map_macs(o, &map);
    if (code < 0)
        code = replay(o, &lab, &place, plan, &map);
    replay_map_fini(&map);
    return code;
}

int replay_live(const struct replay_live *o)
{
    struct replay_plan plan;
    int code;
    replay_plan_init(&plan);
    int rc = replay_read(o->capture, &plan);
    if (rc == ERR_INVALID)
        code = EXIT_CODE_USAGE; /* told */
    else if (rc < 0)
        code = failed(rc, err_text(rc));
    else if (plan.n == 0)
        code = command_usage_error("replay", "no message of a DHCP client is in ", o->capture);
    else
        code = find_and_replay(o, &plan);
    replay_plan_fini(&plan);
    return code;
}
