/* The request and status lines on a TCP connection, wherever segments begin and end: RFC 9112. Each direction
 * is a stream, whose octets come in order; a message is followed to its end by Content-Length, chunks or the
 * request that it answers, so that of several in a row each is found and a body is not taken for one.
 * Bounded; of the lines of headers only what is needed is read. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISSECT_HTTP_TEXT_LEN = 128, DISSECT_HTTP_LINES_MAX = 8, DISSECT_HTTP_LINE_MAX = 256 };

struct dissect_http_line {
    bool is_status;
    char text[DISSECT_HTTP_TEXT_LEN]; /* printable; what is longer is cut */
    size_t at, len;                   /* the part of it in these octets, without the line end */
    unsigned segments;                /* over which it is spread; 1: it is whole here */
};

/* The lines that end in some octets. */
struct dissect_http_answer {
    unsigned n, n_more; /* in `lines`; for which there was no room there */
    struct dissect_http_line lines[DISSECT_HTTP_LINES_MAX];
};

enum dissect_http_state {
    HTTP_SEEK, /* whatever this is, it is not known to be HTTP: a segment that begins like it may be */
    HTTP_START_LINE,
    HTTP_HEADERS,
    HTTP_BODY, /* `left` octets */
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK, /* `left` octets with the line end behind them */
    HTTP_TRAILERS,
    HTTP_REST, /* the body ends with the connection, or HTTP does */
};

/* One direction. All zero: nothing was seen. Private but for its size. */
struct dissect_http_stream {
    enum dissect_http_state state;
    uint64_t left;
    bool is_status, is_chunked, has_length;
    uint16_t status;
    uint32_t heads; /* of the requests that are not answered, from the oldest: bit set, it is a HEAD */
    uint8_t n_requests;
    bool is_connect; /* the newest of them is a CONNECT */
    unsigned segments;
    uint16_t line_len; /* of `line`, without what does not fit */
    char line[DISSECT_HTTP_LINE_MAX];
};

/* Takes the next octets of the stream `s`; `other` is the other direction. */
void dissect_http_take(struct dissect_http_stream *s, struct dissect_http_stream *other, const uint8_t *bytes,
                       size_t len, struct dissect_http_answer *out);
/* Octets of the stream are missing here. */
void dissect_http_gap(struct dissect_http_stream *s);

/* Do these octets begin like a message, as far as there are any? */
bool dissect_http_is_start(const uint8_t *bytes, size_t len);
