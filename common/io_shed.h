/* Overload of a UDP socket: what the kernel drops costs us nothing, what we read in order to drop it nearly a
 * tenth of what an answer costs. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Whether from now on the kernel drops each DISCOVER that comes to the socket (socket(7), SO_ATTACH_FILTER).
 * Only those are known to it that begin with their type, as nearly all clients write them. Where the kernel
 * has no such filters, it goes on as before. */
void io_shed_discovers(int fd, bool sheds);
/* How many packets the kernel has dropped that were for the socket, since it was opened, modulo 2^32: it was
 * full, they were DISCOVERs that it was to drop, or their checksum was wrong. */
uint32_t io_shed_count(int fd);
