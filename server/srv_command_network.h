/* Kea's commands about shared networks; parts of srv_command. Each fills in the reply. Pure. */
#pragma once
#include "server/srv_command_lease.h"

void srv_command_network_get(struct srv_command_call *call);
void srv_command_network_list(struct srv_command_call *call);
