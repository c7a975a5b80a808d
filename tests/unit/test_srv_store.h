/* A lease file in a folder of its own, a server that puts records into it, and what is read from it. */
#pragma once
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io_file.h"
#include "server/srv_csv.h"
#include "server/srv_store.h"

enum { READ_MAX = 64 };

/* What an open told. */
struct seen {
    unsigned n, n_bad;
    struct srv_lease leases[READ_MAX];
    unsigned long bad_line;
    char bad_why[128];
};

static char dir[64], path[96], new_path[112];

static inline int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_srv_store.XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/leases.csv", dir);
    snprintf(new_path, sizeof new_path, "%s.new", path);
    return 0;
}

static inline int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    unlink(new_path);
    return rmdir(dir);
}

static inline void on_lease(void *user, const struct srv_lease *lease)
{
    struct seen *seen = user;
    assert_true(seen->n < READ_MAX);
    seen->leases[seen->n++] = *lease;
}

static inline void on_bad(void *user, unsigned long line, const char *why)
{
    struct seen *seen = user;
    seen->n_bad++;
    seen->bad_line = line;
    snprintf(seen->bad_why, sizeof seen->bad_why, "%s", why);
}

static inline struct srv_store *open_store(struct seen *seen)
{
    struct srv_store *s;
    memset(seen, 0, sizeof *seen);
    assert_int_equal(srv_store_open(path, on_lease, on_bad, seen, &s), 0);
    return s;
}

static inline struct srv_lease lease_of(ip4 addr, uint32_t lease_s)
{
    return (struct srv_lease){.addr = addr,
                              .subnet_id = 1,
                              .hw = {.type = 1, .len = 6, .bytes = {2, 0, 0, 0, 0, 2}},
                              .lease_s = lease_s,
                              .expires_ms = (time_ms)lease_s * 1000};
}

static inline void put(struct srv_store *s, ip4 addr, uint32_t lease_s)
{
    struct srv_lease lease = lease_of(addr, lease_s);
    assert_int_equal(srv_store_put(s, &lease, 0), 0);
}

static inline void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline char *contents(const char *name)
{
    char *text;
    size_t len;
    assert_int_equal(io_file_read(name, &text, &len), 0);
    return text;
}

static inline bool exists(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0;
}

static inline uint64_t file_size(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

/* RLIMIT_FSIZE makes writes fail as a full disk does. */
static inline void limit_file_size(rlim_t octets)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = octets;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static inline void wait_for(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 60000), 1);
}

static inline void rewrite(struct srv_store *s)
{
    int fd;
    assert_int_equal(srv_store_rewrite(s, &fd), 0);
    wait_for(fd);
    assert_int_equal(srv_store_rewrite_finish(s), 0);
}
