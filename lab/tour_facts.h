/* What the tour's own capture shows: its packets by the step they belong to, and among them those that the
 * exercises speak of. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/dissect.h"
#include "common/dissect_conn.h"
#include "common/dissect_reasm.h"

enum tour_step { TOUR_DHCP, TOUR_PING, TOUR_BIG_PING, TOUR_WEB, TOUR_STEPS };

struct tour_message {
    uint8_t type; /* DHCP_DISCOVER, ... */
    uint32_t xid;
    ip4 ciaddr, yiaddr, giaddr;
    ip4 server, requested, router, mask; /* options 54, 50, 3, 1; 0: it has none */
    uint32_t lease_s, t1_s, t2_s;        /* options 51, 58, 59; likewise */
};

/* Texts are in the arena of the facts. */
struct tour_packet {
    uint64_t number; /* in the capture */
    int64_t time_ns;
    enum tour_step step;
    size_t len;
    const char *line; /* as `dhcplab explain` prints it */
    const char *protocol, *summary, *note;
    const char *comment; /* what the client decided; "" where it has not to do with the packet */
    unsigned n_warnings;
    struct dissect_link link;
    struct dissect_arp arp;
    struct dissect_ip ip;
    struct dissect_icmp icmp; /* of the whole datagram in its last fragment */
    struct dissect_udp udp;
    struct dissect_tcp tcp;
    uint16_t icmp_checksum, udp_checksum;
    struct dissect_reasm_answer fragment; /* n_fragments 0: it is none; its bytes are gone */
    struct dissect_conn_answer segment;   /* number 0: none */
    const char *http;                     /* request or status line; "" */
    struct tour_message dhcp;             /* type 0: none */
};

/* X(name, step, what): those that are to be there, in the order of the capture. */
#define TOUR_FOUND_MAP(X)                                                                                    \
    X(release, TOUR_DHCP, "RELEASE")                                                                         \
    X(discover, TOUR_DHCP, "DISCOVER")                                                                       \
    X(offer, TOUR_DHCP, "OFFER")                                                                             \
    X(request, TOUR_DHCP, "REQUEST of the offer")                                                            \
    X(ack, TOUR_DHCP, "ACK of the lease")                                                                    \
    X(renewal, TOUR_DHCP, "REQUEST that renews")                                                             \
    X(renewal_ack, TOUR_DHCP, "ACK of the renewal")                                                          \
    X(arp_request, TOUR_PING, "ARP request")                                                                 \
    X(arp_reply, TOUR_PING, "ARP reply")                                                                     \
    X(echo, TOUR_PING, "echo request")                                                                       \
    X(echo_reply, TOUR_PING, "echo reply")                                                                   \
    X(big_echo, TOUR_BIG_PING, "last fragment of the echo request")                                          \
    X(big_reply, TOUR_BIG_PING, "last fragment of the echo reply")                                           \
    X(syn, TOUR_WEB, "SYN")                                                                                  \
    X(syn_ack, TOUR_WEB, "SYN, ACK")                                                                         \
    X(opened, TOUR_WEB, "ACK that opens the connection")                                                     \
    X(get, TOUR_WEB, "HTTP request")                                                                         \
    X(status, TOUR_WEB, "HTTP status line")                                                                  \
    X(first_fin, TOUR_WEB, "first FIN")                                                                      \
    X(second_fin, TOUR_WEB, "second FIN")                                                                    \
    X(done, TOUR_WEB, "last ACK")

struct tour_facts {
    struct arena arena;
    size_t n;
    struct tour_packet *packets;
    const char *checksum; /* the UDP checksum of `discover`, worked step by step */
#define X(name, step, what) const struct tour_packet *name; /* NULL: it was not captured */
    TOUR_FOUND_MAP(X)
#undef X
};

/* Reads the capture `path`. `marks`: when each step began, since 1970. 0; ERR_IO, ERR_NOMEM, told on stderr.
 * After any return tour_facts_fini() frees. */
int tour_facts_read(struct tour_facts *f, const char *path, const int64_t marks[TOUR_STEPS]);
void tour_facts_fini(struct tour_facts *f);
/* The first packet that is to be there and is not, in words; NULL if there is none. */
const char *tour_facts_missing(const struct tour_facts *f);
