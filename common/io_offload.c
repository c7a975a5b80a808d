#include "common/io_offload.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"

enum { FEATURES_MAX = 256, BITS = 32 };

union request {
    struct ethtool_value value;
    struct ethtool_sset_info set;
    struct ethtool_gstrings strings;
    struct ethtool_gfeatures get;
    struct ethtool_sfeatures put;
    uint8_t room[sizeof(struct ethtool_gstrings) + FEATURES_MAX * ETH_GSTRING_LEN]; /* the longest of them */
};

struct feature {
    uint32_t n_words, word, bit;
};

static int ask(int fd, const char *ifname, union request *request)
{
    struct ifreq ifr = {.ifr_data = (char *)request};
    size_t len = strlen(ifname);
    if (len >= sizeof ifr.ifr_name) {
        errno = ENODEV;
        return ERR_IO;
    }
    memcpy(ifr.ifr_name, ifname, len);
    int rc = ioctl(fd, SIOCETHTOOL, &ifr);
    if (rc < 0)
        return errno == EPERM ? ERR_DENIED : ERR_IO;
    if (rc > 0) { /* ETHTOOL_F_UNSUPPORTED and such */
        errno = EOPNOTSUPP;
        return ERR_DENIED;
    }
    return 0;
}

/* The kernel numbers its features anew with each release: their names stay. */
static int find_feature(int fd, const char *ifname, struct feature *out)
{
    static const char name[] = "tx-udp-segmentation";
    union request r = {.set = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1u << ETH_SS_FEATURES}};
    int rc = ask(fd, ifname, &r);
    if (rc < 0)
        return rc;
    uint32_t n = r.set.sset_mask != 0 ? r.set.data[0] : 0;
    if (n > FEATURES_MAX) /* it would write the names of all of them, whatever `len` says */
        return ERR_NOTFOUND;
    r = (union request){.strings = {.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = n}};
    rc = ask(fd, ifname, &r);
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        if (memcmp(r.strings.data + i * ETH_GSTRING_LEN, name, sizeof name) == 0) {
            *out = (struct feature){(n + BITS - 1) / BITS, i / BITS, 1u << i % BITS};
            return 0;
        }
    }
    return rc < 0 ? rc : ERR_NOTFOUND;
}

static int get(int fd, const char *ifname, bool *out)
{
    struct feature f;
    int rc = find_feature(fd, ifname, &f);
    if (rc < 0)
        return rc;
    union request r = {.get = {.cmd = ETHTOOL_GFEATURES, .size = f.n_words}};
    rc = ask(fd, ifname, &r);
    if (rc == 0)
        *out = (r.get.features[f.word].active & f.bit) != 0;
    return rc;
}

static int set(int fd, const char *ifname, bool cuts)
{
    struct feature f;
    int rc = find_feature(fd, ifname, &f);
    if (rc < 0)
        return rc;
    union request r = {.put = {.cmd = ETHTOOL_SFEATURES, .size = f.n_words}};
    r.put.features[f.word] =
        (struct ethtool_set_features_block){.valid = f.bit, .requested = cuts ? f.bit : 0};
    return ask(fd, ifname, &r);
}

static int open_any(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int end(int fd, int rc)
{
    int why = errno;
    close(fd);
    errno = why;
    return rc;
}

int io_offload_get_udp(const char *ifname, bool *out)
{
    int fd = open_any();
    return fd < 0 ? ERR_IO : end(fd, get(fd, ifname, out));
}

int io_offload_set_tcp(const char *ifname, bool cuts)
{
    int fd = open_any();
    union request r = {.value = {.cmd = ETHTOOL_STSO, .data = cuts}};
    return fd < 0 ? ERR_IO : end(fd, ask(fd, ifname, &r));
}

int io_offload_set_udp(const char *ifname, bool cuts)
{
    int fd = open_any();
    return fd < 0 ? ERR_IO : end(fd, set(fd, ifname, cuts));
}
