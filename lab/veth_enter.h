/* Into namespaces of our own, and out again with nothing left behind. */
#pragma once
#include "lab/net.h"

/* What is done there: returns the exit code. `dir` is an empty folder, which is removed afterwards. */
typedef int veth_enter_fn(void *user, struct net *net, const char *dir);

/* Calls `fn` in a process of its own, the first of new namespaces (net_unshare()). However that ends, the
 * kernel ends every process there, and with them goes the network. Returns the exit code: that of `fn`;
 * EXIT_CODE_DENIED, EXIT_CODE_FAILED with everything told. */
int veth_enter(veth_enter_fn *fn, void *user);
