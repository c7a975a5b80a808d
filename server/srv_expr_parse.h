/* The levels of the grammar of expressions, which terms may contain. Not for others than srv_expr_term. */
#pragma once
#include "server/srv_expr_build.h"

/* Reads an expression and appends its steps. Returns what they give. */
enum srv_expr_type srv_expr_parse_any(struct srv_expr_build *p);
/* Reads one that must be a condition; a value. */
void srv_expr_parse_condition(struct srv_expr_build *p);
void srv_expr_parse_value(struct srv_expr_build *p);
