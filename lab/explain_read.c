#include "lab/explain_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/capfile.h"
#include "common/dissect.h"
#include "common/text.h"

enum { READ_AT_ONCE = 1 << 18, COMMENT_MAX = 4096 };

struct explain_reader {
    int fd;
    const char *path;
    bool live;
    struct capfile file;
    uint8_t *buf; /* buf[at] to buf[len] is not read yet */
    size_t at, len, cap;
    int linktype;
    uint64_t n;
    char comment[COMMENT_MAX];
};

/* ---- octets ---- */

/* More octets behind those that there are, which then start the buffer: 1; 0, the file has ended; or, with
 * errno, -1. */
static int read_more(struct explain_reader *r)
{
    size_t left = r->len - r->at, cap = r->file.need > READ_AT_ONCE ? 2 * CAPFILE_RECORD_MAX : READ_AT_ONCE;
    if (cap > r->cap) {
        uint8_t *buf = realloc(r->buf, cap);
        if (buf == NULL)
            return -1;
        r->buf = buf;
        r->cap = cap;
    }
    memmove(r->buf, r->buf + r->at, left);
    r->at = 0;
    r->len = left;
    ssize_t n;
    do
        n = read(r->fd, r->buf + r->len, r->cap - r->len);
    while (n < 0 && errno == EINTR);
    r->len += n > 0 ? (size_t)n : 0;
    return n < 0 ? -1 : n > 0;
}

/* ---- the head ---- */

static bool refuse(const struct explain_reader *r, const char *why)
{
    fprintf(stderr, "dhcplab: %s: %s\n", r->path, why);
    return false;
}

static bool read_head(struct explain_reader *r)
{
    enum capfile_status status;
    while ((status = capfile_start(&r->file, r->buf, r->len, &r->at)) == CAPFILE_MORE) {
        int rc = read_more(r);
        if (rc <= 0)
            return refuse(r, rc < 0 ? strerror(errno) : "no capture: it is shorter than the head of one");
    }
    if (status == CAPFILE_BAD)
        return refuse(r, r->file.why);
    int linktype = capfile_linktype(&r->file);
    if (linktype < 0 || dissect_link_is_known(linktype))
        return true;
    fprintf(stderr, "dhcplab: %s: packets of link type %d cannot be explained\n", r->path, linktype);
    return false;
}

static bool open_capture(struct explain_reader *r)
{
    struct stat st;
    r->fd = strcmp(r->path, "-") == 0 ? STDIN_FILENO : open(r->path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0)
        return refuse(r, strerror(errno));
    r->live = fstat(r->fd, &st) == 0 && !S_ISREG(st.st_mode);
    return read_head(r);
}

struct explain_reader *explain_reader_new(const char *path)
{
    struct explain_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        fprintf(stderr, "dhcplab: out of memory\n");
        return NULL;
    }
    r->path = path;
    capfile_init(&r->file);
    if (open_capture(r))
        return r;
    explain_reader_free(r);
    return NULL;
}

void explain_reader_free(struct explain_reader *r)
{
    if (r->fd > STDIN_FILENO)
        close(r->fd);
    capfile_fini(&r->file);
    free(r->buf);
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

/* ---- packets ---- */

/* What a terminal would act on, and what is no UTF-8, becomes '?'. Whole characters only. */
static size_t put_printable(char *out, size_t cap, const char *text, size_t len)
{
    size_t at = 0;
    for (size_t i = 0, n; i < len; i += n) {
        n = text_utf8_len(text + i, len - i);
        bool is_good = n > 0 && !text_is_control(text + i, n);
        size_t size = is_good ? n : 1;
        n = n > 0 ? n : 1;
        if (at + size >= cap)
            break;
        memcpy(out + at, is_good ? text + i : "?", size);
        at += size;
    }
    out[at] = '\0';
    return at;
}

static const char *read_comments(struct explain_reader *r, const struct capfile_packet *packet)
{
    static const char between[] = "; ";
    size_t at = 0, len, used = 0;
    r->comment[0] = '\0';
    for (const char *text; (text = capfile_comment(packet, &at, &len)) != NULL;) {
        if (used > 0)
            used += put_printable(r->comment + used, COMMENT_MAX - used, between, strlen(between));
        used += put_printable(r->comment + used, COMMENT_MAX - used, text, len);
    }
    return r->comment;
}

static void take_packet(struct explain_reader *r, const struct capfile_packet *packet,
                        struct explain_packet *out)
{
    r->linktype = packet->interface->linktype;
    *out = (struct explain_packet){
        .number = ++r->n,
        .time_ns = packet->time_ns,
        .bytes = packet->bytes,
        .len = packet->len,
        .wire_len = packet->wire_len,
        .interface_number = packet->interface_number,
        .interface = packet->interface->name,
        .comment = packet->options_len > 0 ? read_comments(r, packet) : "",
    };
}

bool explain_reader_next(struct explain_reader *r, struct explain_packet *out, bool *out_failed)
{
    struct capfile_packet packet;
    enum capfile_status status;
    int rc = 1;
    while ((status = capfile_next(&r->file, r->buf, r->len, &r->at, &packet)) == CAPFILE_MORE && rc > 0)
        rc = read_more(r);
    if (status == CAPFILE_PACKET) {
        take_packet(r, &packet, out);
        return true;
    }
    *out_failed = status == CAPFILE_BAD || rc < 0 || capfile_is_cut(&r->file, r->len - r->at);
    if (*out_failed)
        fprintf(stderr, "dhcplab: %s: behind packet %llu: %s\n", r->path, (unsigned long long)r->n,
                status == CAPFILE_BAD ? r->file.why
                : rc < 0              ? strerror(errno)
                                      : "the capture ends in the middle of something");
    return false;
}
