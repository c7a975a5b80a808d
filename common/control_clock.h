/* The commands by which a lab moves the clocks of its programs and sees where they stand. Every program
 * answers both with the same map:
 *
 * clock-set   reads the file of --clock again, does what is then due, and answers
 * clock-get   answers
 *
 *   { "now_ms": 9000000, "time": "2026-11-21T12:00:00.000+01:00", "scale": 60, "deadline_ms": 9060000,
 *     "sent": 12, "heard": 11, "busy": false }
 *
 * `now_ms` is the program's boot-time clock, `time` its wall clock; `deadline_ms` is when its engine has to
 * be stepped next, by that clock, or null; `sent` and `heard` count the packets that it has sent and taken
 * in, so that two answers tell whether something was going on between them; `busy`: work is under way that
 * will make it send, such as a lease on its way to the disk. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/clock.h"

/* Packets of whatever kind: DHCP, ARP, ICMP. */
struct control_traffic {
    uint64_t sent, heard;
};

/* The map; the caller's. NULL if memory is out. */
cJSON *control_clock_json(const struct control_traffic *traffic, time_ms deadline, bool is_busy);
