/* The dissector: what it names, where it stands, what it complains about. Every packet here is read at every
 * shorter length, too. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/dissect.h"
#include "common/frame.h"

static struct arena arena;

static struct dissect d;

static inline int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Each prefix is a copy of its own, so that a sanitizer sees a read behind its end. */
static inline void read_shorter(int linktype, const uint8_t *bytes, size_t len)
{
    for (size_t n = 0; n < len; n++) {
        uint8_t *cut = malloc(n + 1);
        assert_non_null(cut);
        memcpy(cut, bytes, n);
        dissect_init(&d, &arena);
        dissect_packet(&d, linktype, cut, n);
        assert_int_equal(d.len, n);
        arena_reset(&arena);
        free(cut);
    }
}

static inline void read_packet(int linktype, const uint8_t *bytes, size_t len)
{
    read_shorter(linktype, bytes, len);
    dissect_init(&d, &arena);
    dissect_packet(&d, linktype, bytes, len);
    assert_false(d.out_of_memory);
}

/* The field of a path such as "udp/checksum"; NULL if there is none. */
static inline const struct dissect_field *find(const char *path)
{
    char copy[128], *rest = NULL;
    const struct dissect_field *at = d.tree;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *name = strtok_r(copy, "/", &rest); name != NULL && at != NULL;
         name = strtok_r(NULL, "/", &rest)) {
        at = at->first;
        while (at != NULL && strcmp(at->name, name) != 0)
            at = at->next;
    }
    return at;
}

/* It must be there. */
static inline const struct dissect_field *get(const char *path)
{
    const struct dissect_field *f = find(path);
    if (f == NULL) {
        fail_msg("there is no %s", path);
        abort();
    }
    return f;
}

static inline void expect(const char *path, size_t offset, size_t len, const char *value)
{
    const struct dissect_field *f = get(path);
    if (f->offset != offset || f->len != len || strcmp(f->value, value) != 0)
        fail_msg("%s is \"%s\" at %zu, %zu octets; not \"%s\" at %zu, %zu", path, f->value, f->offset, f->len,
                 value, offset, len);
}

static inline bool has_warning(const struct dissect_field *f, const char *words)
{
    for (; f != NULL; f = f->next)
        if ((f->is_warning && strstr(f->value, words) != NULL) || has_warning(f->first, words))
            return true;
    return false;
}

static inline void expect_warning(const char *words)
{
    if (!has_warning(d.tree, words))
        fail_msg("nothing warns: %s", words);
}

static const struct hw_addr client_hw = {1, 6, {2, 0, 0x5e, 0x10, 0, 1}};

static const struct hw_addr server_hw = {1, 6, {2, 0, 0x5e, 0x10, 0, 2}};

static uint8_t frame[FRAME_MAX];

static inline size_t udp_frame(uint16_t sport, uint16_t dport, const void *bytes, size_t len)
{
    const struct packet p = {.src_hw = client_hw,
                             .dst_hw = server_hw,
                             .src = 0x0a4d000a,
                             .dst = 0x0a4d0001,
                             .sport = sport,
                             .dport = dport,
                             .bytes = bytes,
                             .len = len};
    size_t n = frame_encode(&p, frame, sizeof frame);
    assert_true(n > 0);
    return n;
}

static struct dhcp_msg msg;

static inline void start(uint8_t op, uint8_t type)
{
    dhcp_msg_init(&msg, op);
    msg.htype = 1;
    msg.hlen = 6;
    msg.xid = 0x3903f326;
    memcpy(msg.chaddr, client_hw.bytes, 6);
    if (type != 0)
        assert_true(dhcp_put_u8(&msg, DHCP_OPT_TYPE, type));
}

static inline void read_message(void)
{
    uint8_t bytes[DHCP_MSG_MAX];
    unsigned dropped;
    size_t len = dhcp_msg_encode(&msg, bytes, sizeof bytes, &dropped);
    assert_int_equal(dropped, 0);
    len = udp_frame(68, 67, bytes, len);
    dissect_init(&d, &arena);
    dissect_packet(&d, DISSECT_LINK_ETHERNET, frame, len);
}
