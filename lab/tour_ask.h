/* The questions of a classic lab report, with their answers: every number is taken from the packets that the
 * tour has captured. */
#pragma once
#include <cjson/cJSON.h>

#include "lab/tour_facts.h"

/* Each appends {"question", "answer"} objects to `list`. `f` misses nothing: tour_facts_missing(). */
void tour_ask_dhcp(const struct tour_facts *f, cJSON *list);
void tour_ask_arp(const struct tour_facts *f, cJSON *list);
void tour_ask_ping(const struct tour_facts *f, cJSON *list);
void tour_ask_fragments(const struct tour_facts *f, cJSON *list);
void tour_ask_udp(const struct tour_facts *f, cJSON *list);
void tour_ask_tcp(const struct tour_facts *f, cJSON *list);
