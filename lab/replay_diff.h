/* Two answers side by side: the captured one, and the live one to the same message. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "common/dhcp_msg.h"

/* X(identifier, name, what it says) */
#define REPLAY_KIND_MAP(X)                                                                                   \
    X(REPLAY_SAME, "same", "both have the same")                                                             \
    X(REPLAY_MAPPED, "mapped", "the live value is what stands for the captured one")                         \
    X(REPLAY_VOLATILE, "volatile", "differs from one answer to the next")                                    \
    X(REPLAY_DIFFERS, "differs", "both have it, with other values")                                          \
    X(REPLAY_APPEARS, "appears", "only the live answer has it")                                              \
    X(REPLAY_MISSING, "missing", "only the captured answer has it")

enum replay_kind {
#define X(name, token, text) name,
    REPLAY_KIND_MAP(X)
#undef X
};

const char *replay_kind_name(enum replay_kind kind); /* "differs"; static storage */

/* Options that are not compared. X(code, why) */
#define REPLAY_VOLATILE_MAP(X)                                                                               \
    X(DHCP_OPT_OVERLOAD, "where the options stand")                                                          \
    X(DHCP_OPT_AUTH, "a nonce, or a replay detection field")                                                 \
    X(DHCP_OPT_CLTT, "the time since the client was last heard")                                             \
    X(DHCP_OPT_FORCERENEW_NONCE, "a nonce")                                                                  \
    X(DHCP_OPT_BASE_TIME, "a time of day")                                                                   \
    X(DHCP_OPT_STATE_START, "a time of day")                                                                 \
    X(DHCP_OPT_QUERY_START, "a time of day")                                                                 \
    X(DHCP_OPT_QUERY_END, "a time of day")

/* How a field of the fixed part is shown. */
enum replay_form { REPLAY_NUMBER, REPLAY_HEX, REPLAY_IP4, REPLAY_HW, REPLAY_TEXT };

enum { REPLAY_FIELDS = 14, REPLAY_ROWS_MAX = REPLAY_FIELDS + 2 * DHCP_OPTIONS_MAX };

struct replay_row {
    enum replay_kind kind;
    const char *name;               /* "yiaddr"; of an option its name in the registry, NULL if it has none */
    uint8_t code;                   /* of an option; 0: a field */
    enum replay_form form;          /* of a field */
    const uint8_t *captured, *live; /* borrowed from the messages; NULL: it is not there */
    size_t captured_len, live_len;
};

struct replay_diff {
    unsigned n_different; /* rows that differ, appear or are missing */
    size_t n;
    struct replay_row rows[REPLAY_ROWS_MAX]; /* the fields, the captured options, the live ones beside them */
};

/* `mapped` is the captured answer with all that stands for something else in the replay (replay_map.h). */
void replay_diff_answers(const struct dhcp_msg *captured, const uint8_t *captured_bytes,
                         const struct dhcp_msg *mapped, const uint8_t *mapped_bytes,
                         const struct dhcp_msg *live, const uint8_t *live_bytes, struct replay_diff *out);

/* Does the row count as a difference? */
bool replay_row_is_different(const struct replay_row *row);
/* The value as text, cut at `cap`: "3600 s (1 h)"; "-" where it is not there. Returns `buf`. */
const char *replay_row_captured(const struct replay_row *row, char *buf, size_t cap);
const char *replay_row_live(const struct replay_row *row, char *buf, size_t cap);
