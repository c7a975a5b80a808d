/* The frames at an interface, in both directions, with the kernel's times. */
#pragma once
#include <stdint.h>

#include "common/pcapng.h"

/* A socket on the interface of the network that the process is in. ERR_NOTFOUND: there is none of that name;
 * ERR_DENIED; ERR_IO. */
int capture_link_open(const char *interface, int *out_fd);
/* The next frame into `buf` (PCAPNG_SNAPLEN octets): out->bytes, times, lengths and direction. A VLAN tag
 * that the kernel took off is back in its place; a checksum that it left to hardware, which a veth pair does
 * not have, is filled in as hardware would. 1; 0 if none waits; ERR_IO. */
int capture_link_next(int fd, uint8_t *buf, struct pcapng_packet *out);
/* How many the kernel had no room for since it was asked last. */
unsigned capture_link_lost(int fd);
