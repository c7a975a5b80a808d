/* What a step adds to the counters: a part of srv_engine. */
#pragma once
#include "server/srv_step.h"

/* Of a step that has succeeded, whose actions begin with `first`. */
void srv_count(struct srv_step *s, const struct srv_action *first);
