/* A capture of a lab as a pcapng file: one interface per interface of a host, called "h1/eth0", and on each
 * DHCP packet what was decided (capture_notes.h). */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "lab/capture_notes.h"

enum { CAPTURE_FILE_HOLD_MS = 500, CAPTURE_FILE_HELD_MAX = 65536, CAPTURE_FILE_INTERFACES_MAX = 512 };

struct capture_file;

/* Writes to `out`, which stays the caller's. `comment` is about the whole capture, NULL: none. NULL if memory
 * is out. */
struct capture_file *capture_file_new(FILE *out, const char *comment);
/* Writes what is still held. False, with errno of the first failure: not all could be written. */
bool capture_file_free(struct capture_file *f);

/* What a packet's time (ns since 1970) becomes when it is written; the order stays. */
typedef int64_t capture_file_time_fn(void *user, int64_t time_ns);
void capture_file_set_time(struct capture_file *f, capture_file_time_fn *fn, void *user);

/* The number of the interface, for struct pcapng_packet; -1: there are CAPTURE_FILE_INTERFACES_MAX. */
int capture_file_interface(struct capture_file *f, const char *host, const char *interface,
                           const struct hw_addr *hw);
/* capture_notes.h. Memory that is out counts as something that could not be written. */
void capture_file_packet(struct capture_file *f, const struct pcapng_packet *packet, time_ms now);
void capture_file_event(struct capture_file *f, const cJSON *event, time_ms now);
void capture_file_release(struct capture_file *f, time_ms now);
/* Writes what is not held any more, down to the file. */
void capture_file_write(struct capture_file *f);
/* Writes all, down to the file. */
void capture_file_flush(struct capture_file *f);
time_ms capture_file_deadline(const struct capture_file *f);
/* Something could not be written. */
bool capture_file_has_failed(const struct capture_file *f);
const struct capture_notes_counts *capture_file_counts(const struct capture_file *f);
