#include "lab/run_pcap.h"

#include <pcap/pcap.h>
#include <stdlib.h>

#include "common/frame.h"
#include "lab/sim_world.h"

struct run_pcap {
    pcap_t *format;
    pcap_dumper_t *file;
};

struct run_pcap *run_pcap_open(const char *path)
{
    struct run_pcap *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->format = pcap_open_dead(DLT_EN10MB, FRAME_MAX);
    p->file = p->format == NULL ? NULL : pcap_dump_open(p->format, path);
    if (p->file != NULL)
        return p;
    if (p->format != NULL)
        pcap_close(p->format);
    free(p);
    return NULL;
}

void run_pcap_write(void *user, time_ms now, const struct packet *packet)
{
    struct run_pcap *p = user;
    uint8_t frame[FRAME_MAX];
    int64_t wall_ms = SIM_EPOCH_MS + now;
    size_t len = frame_encode(packet, frame, sizeof frame);
    struct pcap_pkthdr head = {
        .ts = {.tv_sec = wall_ms / 1000, .tv_usec = wall_ms % 1000 * 1000},
        .caplen = (bpf_u_int32)len,
        .len = (bpf_u_int32)len,
    };
    if (len > 0)
        pcap_dump((u_char *)p->file, &head, frame);
}

bool run_pcap_close(struct run_pcap *p)
{
    bool is_written = pcap_dump_flush(p->file) == 0;
    pcap_dump_close(p->file);
    pcap_close(p->format);
    free(p);
    return is_written;
}
