#include "lab/run_veth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/command.h"
#include "lab/neighbours.h"
#include "lab/own_folder.h"
#include "lab/veth_enter.h"
#include "lab/veth_run.h"

struct place {
    run_veth_fn *fn;
    void *user;
    struct net *net;
    const char *dir;
    char programs[TOPOLOGY_PATH_MAX];
};

static int run_scenario(void *where, const struct scenario *s, const struct scenario_setting *setting,
                        struct scenario_outcome *out)
{
    const struct place *place = where;
    char why[VETH_RUN_WHY_MAX] = "";
    int rc = veth_run(place->net, place->dir, place->programs, s, setting, out, why);
    if (why[0] != '\0')
        fprintf(stderr, "dhcplab: %s\n", why);
    return rc;
}

static int enter(void *user, struct net *net, const char *dir)
{
    struct place *place = user;
    place->net = net;
    place->dir = dir;
    return place->fn(place->user, run_scenario, place);
}

/* Where the programs are is asked outside: within, the path of our own may be that of another root. */
int run_veth(const struct topology *t, run_veth_fn *fn, void *user)
{
    struct place place = {.fn = fn, .user = user};
    neighbours_warn(t);
    if (own_folder(place.programs, sizeof place.programs) == 0)
        return veth_enter(enter, &place);
    fprintf(stderr, "dhcplab: cannot read /proc/self/exe: %s\n", strerror(errno));
    return EXIT_CODE_FAILED;
}
