/* Kea's commands about reservations; parts of srv_command. Each fills in the reply. There is no database of
 * hosts: what is added, changed and deleted is that in the running configuration (Kea's operation-target
 * "memory"). Pure. */
#pragma once
#include "server/srv_command_lease.h"

void srv_command_host_get(struct srv_command_call *call);
void srv_command_host_get_all(struct srv_command_call *call);
void srv_command_host_get_page(struct srv_command_call *call);
void srv_command_host_get_by_hostname(struct srv_command_call *call);
void srv_command_host_get_by_id(struct srv_command_call *call);
void srv_command_host_get_by_address(struct srv_command_call *call);
void srv_command_host_add(struct srv_command_call *call);
void srv_command_host_update(struct srv_command_call *call);
void srv_command_host_del(struct srv_command_call *call);
