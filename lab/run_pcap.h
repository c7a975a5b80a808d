/* What a run puts onto its wires, as a pcapng file: each frame where it leaves and where it arrives, with
 * what was decided (capture_file.h). */
#pragma once
#include <stdbool.h>

#include "lab/capture_file.h"
#include "lab/scenario_run.h"

struct run_pcap;

/* `comment` is about the whole run. NULL: the file cannot be written, or memory is out. */
struct run_pcap *run_pcap_open(const char *path, const char *comment);
/* `user` is the capture; see struct scenario_setting. */
void run_pcap_frame(void *user, time_ms now, const struct scenario_port *port, enum trace_direction direction,
                    const struct packet *packet, const struct arp *arp);
void run_pcap_event(struct run_pcap *p, const cJSON *event);
/* False: not all of it could be written. */
bool run_pcap_close(struct run_pcap *p);
