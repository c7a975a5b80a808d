/* The commands of the client's control socket. */
#pragma once
#include "client/cli_driver_inside.h"

/* A control_fn; `user` is the struct cli_driver. */
void cli_control_on_command(void *user, const char *command, const cJSON *arguments,
                            struct control_request *request);
/* Answers the commands whose outcome the status shows. After each step. */
void cli_control_settle(struct cli_driver *d, const struct cli_status *status);
/* Answers all that still wait, and closes the socket: the client ends. */
void cli_control_finish(struct cli_driver *d);
