#include "lab/run_pcap.h"

#include <assert.h>
#include <stdlib.h>

#include "common/frame.h"

enum { NS_PER_MS = 1000000 };

struct run_pcap {
    FILE *out;
    struct capture_file *file;
    int interfaces[SIM_PORTS_MAX + 1]; /* by the port's index: number + 1; 0: none yet */
};

struct run_pcap *run_pcap_open(const char *path, const char *comment)
{
    struct run_pcap *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->out = fopen(path, "wbe");
    p->file = p->out == NULL ? NULL : capture_file_new(p->out, comment);
    if (p->file != NULL)
        return p;
    if (p->out != NULL)
        fclose(p->out);
    free(p);
    return NULL;
}

static uint32_t interface_of(struct run_pcap *p, const struct scenario_port *port)
{
    static_assert((int)SIM_PORTS_MAX <= (int)CAPTURE_FILE_INTERFACES_MAX, "every port has its interface");
    int *number = &p->interfaces[port->index];
    if (*number == 0)
        *number = 1 + capture_file_interface(p->file, port->host, port->name, &port->hw);
    return (uint32_t)(*number - 1);
}

void run_pcap_frame(void *user, time_ms now, const struct scenario_port *port, enum trace_direction direction,
                    const struct packet *packet, const struct arp *arp)
{
    struct run_pcap *p = user;
    uint8_t frame[FRAME_MAX];
    size_t len = packet != NULL ? frame_encode(packet, frame, sizeof frame)
                                : frame_arp_encode(arp, frame, sizeof frame);
    const struct pcapng_packet seen = {
        .interface = interface_of(p, port),
        .time_ns = (SIM_EPOCH_MS + now) * NS_PER_MS,
        .bytes = frame,
        .len = len,
        .wire_len = len,
        .direction = direction == TRACE_TX ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
    };
    capture_file_release(p->file, now);
    if (len > 0)
        capture_file_packet(p->file, &seen, now);
}

void run_pcap_event(struct run_pcap *p, const cJSON *event)
{
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(event, "boot_ms");
    if (cJSON_IsNumber(now))
        capture_file_event(p->file, event, (time_ms)now->valuedouble);
}

bool run_pcap_close(struct run_pcap *p)
{
    bool is_written = capture_file_free(p->file);
    is_written = fclose(p->out) == 0 && is_written;
    free(p);
    return is_written;
}
