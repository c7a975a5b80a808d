/* Reads the files of a client's configuration. Part of the programs, not of the pure engine. */
#pragma once
#include "client/cli_config.h"

/* The configuration in the file `path`, or the defaults if that is NULL; the file of its profile, if it names
 * one, lies relative to the folder of `path`. Returns 0 or a negative enum err with a sentence in out_error,
 * which holds JCFG_TEXT_MAX bytes. */
int cli_load_config(const char *path, jcfg_warn_fn *warn, void *warn_user, char *out_error,
                    struct cli_config *out);

/* The profile of that name among those that come with the program, or in the file of that name. Returns 0 or
 * a negative enum err with a sentence in out_error, which holds JCFG_TEXT_MAX bytes. */
int cli_load_profile(const char *name, char *out_error, struct cli_profile *out);
