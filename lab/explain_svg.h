/* The DHCP messages of a capture as pictures (ladder_svg.h): one arrow per message, in the lanes of clients,
 * relays and servers, with what each says, the timers that an ACK starts, and what is unusual. Drawn in
 * pages, each a file: memory does not grow with the capture. */
#pragma once
#include <stdbool.h>

#include "common/dissect.h"
#include "common/dissect_exchange.h"
#include "lab/explain_relate.h"

enum { EXPLAIN_SVG_MESSAGES = 200 }; /* of one page; its hosts: explain_svg_hosts.h */

struct explain_svg;

/* `path`: of the first page; the others are called like it, with "-2", "-3" before the suffix. "-": the only
 * page goes to standard output. `capture`: its name, for the title. `pages`: how many at most. `exchanges`:
 * those that explain_svg_add() gets. All are borrowed. NULL if memory is out. */
struct explain_svg *explain_svg_new(const char *path, const char *capture, size_t pages,
                                    const struct dissect_exchanges *exchanges);
void explain_svg_free(struct explain_svg *s);
/* Takes the packet; does nothing for one without DHCP, and of a twin notes that it has arrived. False, and
 * told on stderr, if memory is out or a page that is full cannot be written. */
bool explain_svg_add(struct explain_svg *s, const struct explain_packet *packet, const struct dissect *d,
                     const struct explain_relation *relation);
/* Writes the last page, of a capture without DHCP an empty one; tells on stderr what had no page. Likewise.
 */
bool explain_svg_finish(struct explain_svg *s);
