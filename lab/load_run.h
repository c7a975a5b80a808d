/* Puts a load on a server until its time is over: engine, messages and sockets together. */
#pragma once
#include <signal.h>

#include "lab/load_engine.h"
#include "lab/load_link.h"

struct load_run {
    struct load_engine *engine; /* borrowed */
    struct load_link *link;     /* borrowed */
    struct load_messages messages;
    uint64_t progress_us;               /* how often standard error tells how it goes; 0: never */
    bool busy_poll;                     /* it never sleeps */
    const volatile sig_atomic_t *ended; /* 1: begin nothing new; 2: what is under way is lost, too */
};

/* 0, or ERR_IO (errno): a socket failed. */
int load_run(struct load_run *run);
