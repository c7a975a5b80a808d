/* The folder of a run on the wire, in $TMPDIR, else /tmp. It is locked for as long as the run lives: so one
 * whose run was killed is known for that. */
#pragma once
#include "lab/rundir.h"

enum { VETH_DIR_MAX = LAB_PATH_MAX - LAB_NAME_MAX - (int)sizeof "/.trace" };

/* Makes one. *out_lock as of rundir_claim(). ERR_IO (errno tells) with the path in `out`. */
int veth_dir_make(char out[VETH_DIR_MAX], int *out_lock);
/* Removes the user's folders whose runs are gone, and tells of each on standard error. */
void veth_dir_clean(void);
