/* What a started server gives up: every capability but those it goes on to use, and the user that started it.
 */
#pragma once
#include <sys/types.h>

struct srv_user {
    uid_t uid;
    gid_t gid;
};

/* "NAME" (and the group of that user) or "NAME:GROUP". ERR_NOTFOUND: there is no such user or group. */
int srv_privilege_find_user(const char *spec, struct srv_user *out);

/* Keeps, of what the process may do now, CAP_NET_BIND_SERVICE (port 67) and CAP_NET_RAW (packet sockets): an
 * interface may be opened later. From now on no program that is executed gains privileges. With `user` (may
 * be NULL) the process goes on as that user, in that user's groups. Not to be called while there are threads.
 * ERR_DENIED: this process may not become that user; ERR_IO. errno tells. */
int srv_privilege_drop(const struct srv_user *user);
