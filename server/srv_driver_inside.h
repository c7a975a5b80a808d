/* Inside of the driver: what its modules share. srv_driver runs the engine and executes its actions,
 * srv_start opens what it needs, srv_receive takes packets in, srv_reload puts a configuration into effect,
 * srv_control is what administrators say over the control socket. */
#pragma once
#include <stdio.h>

#include "common/control_clock.h"
#include "common/io_batch.h"
#include "common/io_sock.h"
#include "server/srv_bulk_port.h"
#include "server/srv_channel.h"
#include "server/srv_command.h"
#include "server/srv_driver.h"
#include "server/srv_engine.h"
#include "server/srv_explain.h"
#include "server/srv_exporter.h"
#include "server/srv_group_commit.h"
#include "server/srv_persist.h"
#include "server/srv_ports.h"
#include "server/srv_probe.h"
#include "server/srv_queue.h"
#include "server/srv_shed.h"
#include "server/srv_transmit.h"

/* SRV_TX among actions, in their order. */
struct srv_answers {
    struct srv_action *first, *last;
    unsigned n;
};

struct srv_driver {
    const struct srv_driver_options *options;
    struct io_trace *trace;
    struct srv_config *config;
    FILE *warnings;      /* of the configuration, a line each; NULL: they go to the trace at once */
    unsigned n_warnings; /* up to now */
    struct io_loop *loop;
    struct srv_engine *engine;
    struct srv_actions actions;
    const struct srv_action *taken; /* the last action that was taken up; NULL: none yet */
    size_t n_taken;   /* up to there, with messages: while a commit runs they are kept for their records */
    bool has_records; /* there is one among the actions */
    struct srv_answers free;       /* among the actions: these can leave, */
    struct srv_answers promised;   /* and these wait for their records */
    struct srv_group_commit group; /* when a commit begins */
    struct srv_actions storing;    /* the commit that runs has the records of these, */
    struct srv_answers stored;     /* and these wait for it */
    struct srv_persist *persist;
    struct srv_exporter *exporter;
    struct histogram answer_time;
    uint64_t received_us;      /* of the packet that is being served; 0: none is */
    struct io_batch *received; /* from a socket, on its way into the queue */
    struct srv_queue *queue;   /* received, not yet served */
    struct srv_shed shed;      /* whether the kernel drops DISCOVERs */
    struct srv_transmit *transmit;
    struct io_timer *deadline;
    struct io_timer *more;    /* the queue is not empty */
    struct io_timer *log_due; /* suppressed lines are to be told */
    struct srv_channels channels;
    struct control_traffic traffic;
    struct srv_bulk_port *bulk;
    struct srv_ports ports;
    time_ms started_ms, reloaded_ms;
    unsigned long loaded, refused; /* lease records at start-up */
    struct srv_probe *probe;       /* NULL until the first address is probed */
    bool probe_failed;             /* the last one, and was told */
    struct srv_command_state commands;
    struct srv_explain *explain;
    int exit_value; /* as `shutdown` asked */
};

/* One event for the engine, of the instant `now`. Its decisions are told at once; its answers wait for
 * srv_driver_flush(). */
void srv_driver_step(struct srv_driver *d, const struct srv_event *event, const struct clock_now *now);
/* Sends the answers that no record promises; begins to store the records of the others if it is time for that
 * (srv_group_commit_on_served()). */
void srv_driver_send(struct srv_driver *d);
/* The same for all of them, before there is nothing else to do: the others leave when their records are
 * stored. */
void srv_driver_flush(struct srv_driver *d);
/* So many answers wait for their records, or so many messages and decisions are kept with these (a disk may
 * stand still while offers leave), that no more messages are to be served before some have left. */
bool srv_driver_is_full(const struct srv_driver *d);
/* So many answers wait for their records that srv_driver_send() would begin to store. */
bool srv_driver_is_commit_due(const struct srv_driver *d);
/* When a commit has ended. */
void srv_driver_on_stored(void *user, bool is_stored);

/* Says on standard error why the server cannot start. Returns ERR_IO. */
int srv_driver_fail(const char *subject, const char *why);
/* An error as text: of ERR_IO, what errno says. */
const char *srv_driver_why(int rc);
