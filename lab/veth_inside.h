/* Inside of a run on the wire: what its modules share. veth_run makes the time pass, veth_steps does what the
 * scenario wants done, veth_judge looks at what comes of it, veth_check at what must be true. The first
 * failure ends the run; what is called after it does nothing more. */
#pragma once
#include "lab/veth_host.h"
#include "lab/veth_kept.h"
#include "lab/veth_run.h"
#include "lab/veth_wire.h"

struct veth_run {
    const struct scenario *s;
    const struct scenario_setting *setting;
    struct scenario_outcome *out;
    const char *dir;
    const char *programs;
    struct veth_host hosts[LAB_HOSTS_MAX]; /* by place in the topology */
    size_t n_hosts;
    struct veth_wire *wire;
    struct io_pace_page *page; /* the time */
    int page_fd, outer_proc;
    time_ms now, checked_ms;
    time_ms *steps_at; /* by step */
    struct veth_kept kept;
    bool has_failed;
    char *why; /* VETH_RUN_WHY_MAX octets */
};

/* ---- veth_run ---- */

void veth_run_fail(struct veth_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The host's program `what`, and what it wrote. */
void veth_run_fail_with_log(struct veth_run *r, const struct veth_host *h, const char *what);
/* Until the host's program has nothing to do. What it says or sends meanwhile is taken: it may wait for us.
 */
void veth_run_wait_quiet(struct veth_run *r, struct veth_host *h);
/* Kicks it, and waits. */
void veth_run_kick(struct veth_run *r, struct veth_host *h);

/* ---- veth_steps ---- */

/* Writes the configurations of all programs. ERR_IO. */
int veth_steps_write_configs(struct veth_run *r);
/* Starts all hosts but those that are off. */
void veth_steps_start_all(struct veth_run *r);
/* What is to be done now, in the order of the file. */
void veth_steps_do(struct veth_run *r);

/* ---- veth_judge ---- */

/* Takes the events of the host's program that have come. */
void veth_judge_events(struct veth_run *r, struct veth_host *h);
/* What is expected to be seen now. */
void veth_judge_open(struct veth_run *r);
/* The time of the expectation number `i` is over. */
void veth_judge_end(struct veth_run *r, size_t i);

/* ---- veth_check ---- */

/* The host sends a datagram. */
void veth_check_sent(struct veth_run *r, struct veth_host *h, const struct packet *packet);
/* A datagram has arrived at it. */
void veth_check_received(struct veth_run *r, struct veth_host *h, const struct packet *packet);
/* Its client has another state. */
void veth_check_state(struct veth_run *r, struct veth_host *h, struct veth_client *c, const cJSON *event);
/* Nothing is left to do at this instant. */
void veth_check_rest(struct veth_run *r);
/* The lease of each client that has one, in the file of its server. */
void veth_check_leases(struct veth_run *r);
/* Every client that runs has a lease. */
void veth_check_bound(struct veth_run *r);
