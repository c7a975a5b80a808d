/* Inside of cli_config: readers of parts of the file. Pure. */
#pragma once
#include "client/cli_config.h"

/* user-class, fqdn, fqdn-update and option-data into out->extra. */
void cli_config_read_options(struct jcfg *j, struct cli_config *out);
