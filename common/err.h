/* Errors of the environment: memory, disk, socket, configuration. A packet's defects are not errors
 * (reason.h), and our own bugs are asserts. Functions that can fail so return 0 or a negative enum err. */
#pragma once

#define ERR_MAP(X)                                                                                           \
    X(ERR_NOMEM, 1, "out of memory")                                                                         \
    X(ERR_IO, 2, "input/output error")                                                                       \
    X(ERR_CONFIG, 3, "configuration is not valid")                                                           \
    X(ERR_LIMIT, 4, "a configured limit is reached")                                                         \
    X(ERR_NOTFOUND, 5, "not found")                                                                          \
    X(ERR_DENIED, 6, "permission denied")                                                                    \
    X(ERR_EXISTS, 7, "already exists")                                                                       \
    X(ERR_TIMEOUT, 8, "timed out")                                                                           \
    X(ERR_INVALID, 9, "invalid argument")

enum err {
#define X(name, number, text) name = -(number),
    ERR_MAP(X)
#undef X
};

/* Text of a negative enum err; "success" for 0, "unknown error" for anything else. Static storage. */
const char *err_text(int err);
