/* The commands that look at and change leases and subnets; parts of srv_command. Each fills in the reply,
 * which is zeroed before. Pure. */
#pragma once
#include "server/srv_command.h"

struct srv_command_call {
    const struct srv_command_context *c;
    const cJSON *arguments; /* may be NULL */
    struct srv_command_reply *out;
};

void srv_command_say(struct srv_command_call *call, enum control_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Getters of arguments. Absent: false, and *out untouched. Of the wrong type or out of range: likewise, and
 * the reply is the error. */
bool srv_command_text(struct srv_command_call *call, const char *key, const char **out);
bool srv_command_number(struct srv_command_call *call, const char *key, double min, double max, double *out);
bool srv_command_bool(struct srv_command_call *call, const char *key, bool *out);
bool srv_command_ip4(struct srv_command_call *call, const char *key, ip4 *out);
/* The argument that is there and unknown, and most likely was meant to be `key`; NULL: none is. */
const char *srv_command_mistyped(const struct srv_command_call *call, const char *key);
/* Makes the reply an error if there is an argument that is not among `keys` (NULL-terminated). */
bool srv_command_takes_only(struct srv_command_call *call, const char *const *keys);
/* Makes the reply an error if the argument is absent. */
bool srv_command_require(struct srv_command_call *call, const char *key);
/* Lets the driver serve the map "Dhcp4", which is freed, instead of the running one: a changed copy of that.
 * What is changed so is lost with the next config-reload, unless config-write comes before. False, and the
 * reply is the error, if it is not right. */
bool srv_command_change(struct srv_command_call *call, const char *command, cJSON *map);
/* Puts the path that "filename" means, or that of the configuration, into the reply. False, and the reply is
 * the error, if it is not in the folder of the configuration. */
bool srv_command_choose_path(struct srv_command_call *call);
/* Has the reply been made an error? */
bool srv_command_failed(const struct srv_command_call *call);

void srv_command_lease_get(struct srv_command_call *call);
void srv_command_lease_get_all(struct srv_command_call *call);
void srv_command_lease_get_page(struct srv_command_call *call);
void srv_command_lease_get_by_hw_address(struct srv_command_call *call);
void srv_command_lease_get_by_client_id(struct srv_command_call *call);
void srv_command_lease_get_by_hostname(struct srv_command_call *call);
void srv_command_lease_get_by_state(struct srv_command_call *call);
void srv_command_lease_add(struct srv_command_call *call);
void srv_command_lease_update(struct srv_command_call *call);
void srv_command_lease_del(struct srv_command_call *call);
void srv_command_lease_force_renew(struct srv_command_call *call);
void srv_command_lease_resend_ddns(struct srv_command_call *call);
void srv_command_lease_write(struct srv_command_call *call);
void srv_command_lease_wipe(struct srv_command_call *call);
void srv_command_leases_reclaim(struct srv_command_call *call);

void srv_command_dhcp_disable(struct srv_command_call *call);
void srv_command_dhcp_enable(struct srv_command_call *call);

void srv_command_stat_lease(struct srv_command_call *call);
void srv_command_statistic_get(struct srv_command_call *call);
void srv_command_statistic_get_all(struct srv_command_call *call);
void srv_command_statistic_remove(struct srv_command_call *call);
void srv_command_statistic_remove_all(struct srv_command_call *call);
void srv_command_statistic_reset(struct srv_command_call *call);
void srv_command_statistic_reset_all(struct srv_command_call *call);
void srv_command_statistic_sample_age_set(struct srv_command_call *call);
void srv_command_statistic_sample_age_set_all(struct srv_command_call *call);
void srv_command_statistic_sample_count_set(struct srv_command_call *call);
void srv_command_statistic_sample_count_set_all(struct srv_command_call *call);

void srv_command_explain(struct srv_command_call *call);

void srv_command_class_get(struct srv_command_call *call);
void srv_command_class_list(struct srv_command_call *call);

void srv_command_subnet_list(struct srv_command_call *call);
void srv_command_subnet_get(struct srv_command_call *call);
void srv_command_subnet_select_test(struct srv_command_call *call);
