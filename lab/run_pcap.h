/* What a run puts onto its wires, as a capture file. */
#pragma once
#include <stdbool.h>

#include "common/clock.h"
#include "common/packet.h"

struct run_pcap;

/* NULL: the file cannot be written, or memory is out. */
struct run_pcap *run_pcap_open(const char *path);
/* `user` is the capture; the packet has both hardware addresses. */
void run_pcap_write(void *user, time_ms now, const struct packet *packet);
/* False: not all of it could be written. */
bool run_pcap_close(struct run_pcap *p);
