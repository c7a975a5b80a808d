/* How the hosts of a running lab are linked: the interfaces that lab.json lists. */
#pragma once
#include <stddef.h>

#include "common/addr.h"
#include "lab/topology.h"

struct labnet_interface {
    size_t host; /* place in lab_state.hosts */
    char name[LAB_INTERFACE_MAX];
    char link[TOPOLOGY_TEXT_MAX]; /* interfaces of one link share its name */
    struct hw_addr hw;
    struct ip4_net addr; /* the fixed address with host bits; addr.addr 0: none */
};

struct labnet {
    size_t n;
    struct labnet_interface interfaces[TOPOLOGY_ENDS_MAX]; /* in the order of the hosts and their links */
};

/* 0; ERR_NOTFOUND: the lab has gone; ERR_IO: its lab.json is not understood. */
int labnet_read(const struct lab_state *lab, struct labnet *out);
