#include "server/srv_privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include <cap-ng.h>

#include "common/err.h"

enum { USER_NAME_MAX = 256 };

int srv_privilege_find_user(const char *spec, struct srv_user *out)
{
    char name[USER_NAME_MAX];
    size_t len = strcspn(spec, ":");
    if (len >= sizeof name)
        return ERR_NOTFOUND;
    memcpy(name, spec, len);
    name[len] = '\0';
    const struct passwd *user = getpwnam(name);
    const struct group *group = spec[len] == ':' ? getgrnam(spec + len + 1) : NULL;
    if (user == NULL || (spec[len] == ':' && group == NULL))
        return ERR_NOTFOUND;
    *out = (struct srv_user){.uid = user->pw_uid, .gid = group != NULL ? group->gr_gid : user->pw_gid};
    return 0;
}

/* What is used after the start, as far as we have it: one who was given less serves with less. */
static void choose_capabilities(void)
{
    static const unsigned used[] = {CAP_NET_BIND_SERVICE, CAP_NET_RAW};
    bool has[sizeof used / sizeof used[0]];
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        has[i] = capng_have_capability(CAPNG_PERMITTED, used[i]);
    capng_clear(CAPNG_SELECT_BOTH);
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        if (has[i])
            capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, used[i]);
}

static int failure(void)
{
    return errno == EPERM ? ERR_DENIED : ERR_IO;
}

int srv_privilege_drop(const struct srv_user *user)
{
    if (capng_get_caps_process() < 0)
        return ERR_IO;
    /* Without CAP_SETPCAP the bounding set stays: it is of no use to who may not gain privileges. */
    bool can_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
    choose_capabilities();
    errno = EPERM; /* libcap-ng does not say why in every case */
    int rc = user == NULL ? capng_apply(can_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS)
                          : capng_change_id((int)user->uid, (int)user->gid,
                                            CAPNG_INIT_SUPP_GRP | (can_bound ? CAPNG_CLEAR_BOUNDING : 0));
    if (rc < 0)
        return failure();
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? ERR_IO : 0;
}
