#include "lab/explain_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pcap/pcap.h>

#include "common/dissect.h"

enum { NS_PER_S = 1000000000 };

struct explain_reader {
    pcap_t *pcap;
    const char *path;
    int linktype;
    bool live;
    uint64_t n;
};

/* libpcap numbers some link types by system; the registry has one number for each. */
static int linktype_of(pcap_t *pcap)
{
    int type = pcap_datalink(pcap);
    return type == DLT_RAW ? DISSECT_LINK_RAW : type;
}

static bool open_capture(struct explain_reader *r)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    bool is_stdin = strcmp(r->path, "-") == 0;
    struct stat st;
    FILE *file = is_stdin ? stdin : fopen(r->path, "rbe");
    if (file == NULL) {
        fprintf(stderr, "dhcplab: %s: %s\n", r->path, strerror(errno));
        return false;
    }
    r->live = fstat(fileno(file), &st) == 0 && !S_ISREG(st.st_mode);
    r->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (r->pcap == NULL) {
        fprintf(stderr, "dhcplab: %s: %s\n", r->path, why);
        if (!is_stdin)
            fclose(file);
        return false;
    }
    r->linktype = linktype_of(r->pcap);
    if (!dissect_link_is_known(r->linktype)) {
        const char *name = pcap_datalink_val_to_name(r->linktype);
        fprintf(stderr, "dhcplab: %s: packets of link type %s (%d) cannot be explained\n", r->path,
                name != NULL ? name : "?", r->linktype);
        return false;
    }
    return true;
}

struct explain_reader *explain_reader_new(const char *path)
{
    struct explain_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        fprintf(stderr, "dhcplab: out of memory\n");
        return NULL;
    }
    r->path = path;
    if (open_capture(r))
        return r;
    explain_reader_free(r);
    return NULL;
}

void explain_reader_free(struct explain_reader *r)
{
    if (r->pcap != NULL)
        pcap_close(r->pcap);
    free(r);
}

int explain_reader_linktype(const struct explain_reader *r)
{
    return r->linktype;
}

bool explain_reader_is_live(const struct explain_reader *r)
{
    return r->live;
}

bool explain_reader_next(struct explain_reader *r, struct explain_packet *out, bool *out_failed)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int status = pcap_next_ex(r->pcap, &header, &bytes);
    if (status != 1) {
        *out_failed = status == PCAP_ERROR;
        if (*out_failed)
            fprintf(stderr, "dhcplab: %s: behind packet %llu: %s\n", r->path, (unsigned long long)r->n,
                    pcap_geterr(r->pcap));
        return false;
    }
    /* Asked for nanoseconds, libpcap has them in tv_usec. */
    *out = (struct explain_packet){
        .number = ++r->n,
        .time_ns = (int64_t)header->ts.tv_sec * NS_PER_S + header->ts.tv_usec,
        .bytes = bytes,
        .len = header->caplen,
        .wire_len = header->len,
    };
    return true;
}
