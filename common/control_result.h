/* Kea's result codes of commands. */
#pragma once

enum control_result {
    CONTROL_SUCCESS = 0,
    CONTROL_ERROR = 1,
    CONTROL_UNSUPPORTED = 2,
    CONTROL_EMPTY = 3,
    CONTROL_CONFLICT = 4,
};
