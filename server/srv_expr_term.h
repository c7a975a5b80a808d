/* What the grammar of expressions joins: literals, options, fields, functions, memberships. Not for others
 * than srv_expr_parse. */
#pragma once
#include "server/srv_expr_build.h"

/* Reads one term, or an expression in parentheses, and appends its steps. Returns what they give. */
enum srv_expr_type srv_expr_term(struct srv_expr_build *p);
