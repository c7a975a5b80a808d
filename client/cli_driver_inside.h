/* Inside of the driver: what its modules share. cli_driver runs the engine and executes its actions,
 * cli_control is what users say over the control socket, cli_events whom all that is told to. */
#pragma once
#include "client/cli_driver.h"
#include "client/cli_engine.h"
#include "client/cli_events.h"
#include "client/cli_history.h"
#include "client/cli_hook.h"
#include "client/cli_host.h"
#include "client/cli_netif.h"
#include "common/control.h"
#include "common/control_clock.h"
#include "common/io_sock.h"

struct cli_waiter;

struct cli_driver {
    const struct cli_driver_options *options;
    const struct cli_config *config;
    struct io_trace *trace;
    struct io_loop *loop;
    struct io_iface iface;
    struct cli_netif *netif;
    struct cli_host *host;
    struct cli_hook *hook; /* NULL: no script */
    struct cli_engine *engine;
    struct cli_counters counters;
    struct cli_actions actions;
    struct io_timer *deadline, *once_limit;
    struct control *control;
    struct control_traffic traffic;
    struct cli_waiter *waiters; /* commands that wait for their outcome */
    struct cli_history history;
    struct cli_events events;            /* who follows what happens */
    struct cli_ack ack;                  /* of the lease or of INFORM, if there is one */
    struct cli_settings settings;        /* of that ACK */
    char not_applied[CLI_NETIF_WHY_MAX]; /* why the lease is not on the interface; "" if it is */
    int raw_fd, udp_fd;                  /* one is open at a time, the other is -1 */
    int arp_fd;                          /* -1 without address conflict detection */
    struct io_watch *raw_watch, *udp_watch, *arp_watch, *link_watch;
    struct cli_hook_link link; /* the interface now */
    uint8_t buf[IO_DATAGRAM_MAX];
    bool is_limited; /* once_limit runs */
    int exit_code;
};

/* One event for the engine; executes its actions, and answers who waited for what came of it. */
void cli_driver_step(struct cli_driver *d, const struct cli_event *event);
/* The clock was moved: what is due by now is done, timers and the address's lifetime follow. */
void cli_driver_follow_clock(struct cli_driver *d);
