/* How the dissectors build the tree, and how one hands on to the next. Private to dissect_*.c. */
#pragma once
#include <string.h>

#include "common/dissect.h"

/* Each adds a field under the open one. Never NULL: without a tree, or without memory, it is a spare one. */
struct dissect_field *dissect_add_number(struct dissect *d, const char *name, size_t offset, size_t len,
                                         uint64_t value); /* "64" */
struct dissect_field *dissect_add_hex(struct dissect *d, const char *name, size_t offset, size_t len,
                                      uint32_t value); /* "0x0040": two digits for each octet, len <= 4 */
struct dissect_field *dissect_add_ip4(struct dissect *d, const char *name, size_t offset, ip4 value);
struct dissect_field *dissect_add_hw(struct dissect *d, const char *name, size_t offset,
                                     const struct hw_addr *value);
/* Of a copy of the text. */
struct dissect_field *dissect_add_text(struct dissect *d, const char *name, size_t offset, size_t len,
                                       const char *value);
struct dissect_field *dissect_add(struct dissect *d, const char *name, size_t offset, size_t len,
                                  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* What is added next stands under `f`, which was just added, until dissect_close() gets what this returned.
 */
struct dissect_field *dissect_open(struct dissect *d, struct dissect_field *f);
/* Adds a field that has no value of its own, and opens it. */
struct dissect_field *dissect_layer(struct dissect *d, const char *name, size_t offset, size_t len);
void dissect_close(struct dissect *d, struct dissect_field *above);
/* What the value of `f` means: a text that lasts; ... */
static inline void dissect_mean(struct dissect_field *f, const char *meaning)
{
    f->meaning = meaning;
    f->meaning_len = (uint16_t)strlen(meaning);
}
/* ... a number with words around it; ... */
void dissect_mean_number(struct dissect *d, struct dissect_field *f, const char *before, uint64_t number,
                         const char *after);
/* ... or more. */
void dissect_mean_format(struct dissect *d, struct dissect_field *f, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Is there a tree? If not, text for it need not be made. */
bool dissect_has_tree(const struct dissect *d);
/* Something is wrong or odd about the octets at `offset`. */
void dissect_warn(struct dissect *d, size_t offset, size_t len, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* `len` octets were there and `need` are wanted: warns and is false if that is not enough. */
bool dissect_need(struct dissect *d, size_t at, size_t len, size_t need, const char *what);
/* What is not taken further apart. */
void dissect_data(struct dissect *d, const char *name, size_t at, size_t len);

/* Each reads d->now from `at`, `len` octets at most. */
void dissect_link(struct dissect *d, int linktype);
void dissect_arp(struct dissect *d, size_t at, size_t len);
void dissect_ip(struct dissect *d, size_t at, size_t len);
void dissect_ip6(struct dissect *d, size_t at, size_t len);
/* The header of another datagram inside of an ICMP error; d->ip stays. */
void dissect_ip_quoted(struct dissect *d, size_t at, size_t len);
void dissect_ip_payload(struct dissect *d, size_t at, size_t len);
void dissect_icmp(struct dissect *d, size_t at, size_t len);
void dissect_udp(struct dissect *d, size_t at, size_t len);
/* Has the datagram in d->udp more octets than there are here? The "udp" layer has warned of it. */
bool dissect_udp_is_cut(const struct dissect *d);
void dissect_tcp(struct dissect *d, size_t at, size_t len);
void dissect_http(struct dissect *d, size_t at, size_t len);
void dissect_dhcp(struct dissect *d, size_t at, size_t len);
/* What an author of servers or clients wants to be told about d->dhcp, which starts at `at`. */
void dissect_dhcp_warnings(struct dissect *d, size_t at, size_t len);

/* The sum of UDP or TCP of `len` octets at `at`, pseudo-header included: good if it comes out as zero. */
uint16_t dissect_transport_sum(const struct dissect *d, size_t at, size_t len);
