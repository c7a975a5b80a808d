#include "lab/capture_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/dissect.h"
#include "lab/rundir.h"

struct capture_file {
    FILE *out;
    int error; /* the errno of what failed first; 0: nothing */
    struct capture_notes *notes;
    capture_file_time_fn *time; /* NULL: it stays */
    void *time_user;
    char hosts[CAPTURE_FILE_INTERFACES_MAX][LAB_NAME_MAX]; /* by interface */
    uint32_t n;
    uint8_t block[PCAPNG_BLOCK_MAX];
};

static void has_failed(struct capture_file *f, int error)
{
    if (f->error == 0)
        f->error = error;
}

static void write_block(struct capture_file *f, size_t len)
{
    if (len == 0)
        has_failed(f, EMSGSIZE);
    else if (fwrite(f->block, 1, len, f->out) != len)
        has_failed(f, errno);
}

static void write_packet(void *user, const struct pcapng_packet *packet)
{
    struct capture_file *f = user;
    struct pcapng_packet written = *packet;
    if (f->time != NULL)
        written.time_ns = f->time(f->time_user, packet->time_ns);
    write_block(f, pcapng_packet(&written, f->block, sizeof f->block));
}

struct capture_file *capture_file_new(FILE *out, const char *comment)
{
    static const struct capture_notes_limits limits = {CAPTURE_FILE_HOLD_MS, CAPTURE_FILE_HELD_MAX};
    struct capture_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->out = out;
    f->notes = capture_notes_new(&limits, write_packet, f);
    if (f->notes == NULL) {
        free(f);
        return NULL;
    }
    write_block(f, pcapng_section("dhcplab " DHCPLAB_VERSION, comment, f->block, sizeof f->block));
    return f;
}

void capture_file_write(struct capture_file *f)
{
    if (fflush(f->out) != 0)
        has_failed(f, errno);
}

void capture_file_flush(struct capture_file *f)
{
    capture_notes_flush(f->notes);
    capture_file_write(f);
}

bool capture_file_free(struct capture_file *f)
{
    capture_file_flush(f);
    int error = f->error;
    capture_notes_free(f->notes);
    free(f);
    errno = error;
    return error == 0;
}

void capture_file_set_time(struct capture_file *f, capture_file_time_fn *fn, void *user)
{
    f->time = fn;
    f->time_user = user;
}

int capture_file_interface(struct capture_file *f, const char *host, const char *interface,
                           const struct hw_addr *hw)
{
    char name[2 * LAB_NAME_MAX];
    if (f->n == CAPTURE_FILE_INTERFACES_MAX)
        return -1;
    snprintf(name, sizeof name, "%s/%s", host, interface);
    snprintf(f->hosts[f->n], LAB_NAME_MAX, "%s", host);
    const struct pcapng_interface block = {.name = name, .hw = *hw, .linktype = DISSECT_LINK_ETHERNET};
    write_block(f, pcapng_interface(&block, f->block, sizeof f->block));
    return (int)f->n++;
}

void capture_file_packet(struct capture_file *f, const struct pcapng_packet *packet, time_ms now)
{
    if (!capture_notes_packet(f->notes, f->hosts[packet->interface], packet, now))
        has_failed(f, ENOMEM);
}

void capture_file_event(struct capture_file *f, const cJSON *event, time_ms now)
{
    if (!capture_notes_event(f->notes, event, now))
        has_failed(f, ENOMEM);
}

void capture_file_release(struct capture_file *f, time_ms now)
{
    capture_notes_release(f->notes, now);
}

time_ms capture_file_deadline(const struct capture_file *f)
{
    return capture_notes_deadline(f->notes);
}

bool capture_file_has_failed(const struct capture_file *f)
{
    return f->error != 0;
}

const struct capture_notes_counts *capture_file_counts(const struct capture_file *f)
{
    return capture_notes_counts(f->notes);
}
