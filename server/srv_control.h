/* What administrators say over the control socket. */
#pragma once
#include "server/srv_driver_inside.h"

/* Runs a command and replies to it when what it changes is stored; a control_fn whose `user` is the driver.
 */
void srv_control_on_command(void *user, const char *command, const cJSON *arguments,
                            struct control_request *request);
