#include "common/dissect_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REQUESTS_MAX = 32, NO_CONTENT = 204, NOT_MODIFIED = 304, SWITCHING = 101 };

/* ---- what a message begins with ---- */

static const char *const starts[] = {"HTTP/1.", "GET ",     "HEAD ",    "POST ",  "PUT ",
                                     "DELETE ", "OPTIONS ", "CONNECT ", "TRACE ", "PATCH "};

bool dissect_http_is_start(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t n = strlen(starts[i]);
        if (len > 0 && memcmp(bytes, starts[i], len < n ? len : n) == 0)
            return true;
    }
    return false;
}

static bool begins(const struct dissect_http_stream *s, const char *word)
{
    size_t n = strlen(word);
    return s->line_len >= n && memcmp(s->line, word, n) == 0;
}

/* RFC 9112 3: "request-line = method SP request-target SP HTTP-version"; of a long one the version is cut
 * off. */
static bool is_request(const struct dissect_http_stream *s)
{
    static const char version[] = " HTTP/1.x";
    size_t n = sizeof version - 1, len = s->line_len;
    bool is_method = dissect_http_is_start((const uint8_t *)s->line, len) && !begins(s, "HTTP/");
    return is_method && len > n && (len == sizeof s->line || memcmp(s->line + len - n, version, n - 1) == 0);
}

/* RFC 9112 4: "status-line = HTTP-version SP status-code SP [ reason-phrase ]". */
static bool is_status(const struct dissect_http_stream *s)
{
    static const char code[] = "HTTP/1.x 200";
    if (s->line_len < sizeof code - 1 || !begins(s, "HTTP/1.") || s->line[sizeof "HTTP/1.x" - 1] != ' ')
        return false;
    for (size_t i = sizeof "HTTP/1.x"; i < sizeof code - 1; i++)
        if (s->line[i] < '0' || s->line[i] > '9')
            return false;
    return true;
}

/* ---- between messages ---- */

static void start_message(struct dissect_http_stream *s)
{
    s->state = HTTP_START_LINE;
    s->is_chunked = s->has_length = false;
    s->left = 0;
    s->line_len = 0;
    s->segments = 1;
}

void dissect_http_gap(struct dissect_http_stream *s)
{
    s->state = HTTP_SEEK;
    s->line_len = 0;
}

static void push_request(struct dissect_http_stream *s)
{
    s->is_connect = begins(s, "CONNECT ");
    if (s->n_requests == REQUESTS_MAX) { /* nobody answers: the oldest is forgotten */
        s->heads >>= 1;
        s->n_requests--;
    }
    s->heads |= (uint32_t)begins(s, "HEAD ") << s->n_requests++;
}

/* Was it a HEAD that this answers? */
static bool pop_request(struct dissect_http_stream *requests)
{
    bool is_head = requests->heads & 1;
    if (requests->n_requests > 0)
        requests->n_requests--;
    requests->heads >>= 1;
    return is_head;
}

static bool has_body(struct dissect_http_stream *s, struct dissect_http_stream *other)
{
    if (!s->is_status)
        return s->is_chunked || s->left > 0;
    /* RFC 9112 6.3: "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No
     * Content), or 304 (Not Modified) status code is always terminated by the first empty line after the
     * header fields" */
    if (s->status < 200)
        return false;
    bool is_head = pop_request(other);
    return !is_head && s->status != NO_CONTENT && s->status != NOT_MODIFIED &&
           (s->is_chunked || !s->has_length || s->left > 0);
}

/* Behind the empty line. */
static void end_headers(struct dissect_http_stream *s, struct dissect_http_stream *other)
{
    bool is_tunnel = s->is_status && (s->status == SWITCHING || (other->is_connect && s->status / 100 == 2));
    if (is_tunnel)
        s->state = other->state = HTTP_REST;
    else if (!has_body(s, other))
        start_message(s);
    else if (s->is_chunked)
        s->state = HTTP_CHUNK_SIZE;
    else
        s->state = s->has_length ? HTTP_BODY : HTTP_REST;
}

/* ---- lines ---- */

static const char *header_value(const struct dissect_http_stream *s, const char *name)
{
    size_t n = strlen(name);
    if (s->line_len <= n || strncasecmp(s->line, name, n) != 0 || s->line[n] != ':')
        return NULL;
    const char *value = s->line + n + 1;
    return value + strspn(value, " \t");
}

static void take_header(struct dissect_http_stream *s)
{
    const char *value = header_value(s, "Content-Length");
    if (value != NULL && *value >= '0' && *value <= '9') {
        s->left = strtoull(value, NULL, 10);
        s->has_length = true;
    }
    value = header_value(s, "Transfer-Encoding");
    if (value != NULL && strncasecmp(value, "chunked", strlen("chunked")) == 0)
        s->is_chunked = true;
}

static void tell_line(const struct dissect_http_stream *s, size_t at, size_t end,
                      struct dissect_http_answer *out)
{
    if (out->n == DISSECT_HTTP_LINES_MAX) {
        out->n_more++;
        return;
    }
    struct dissect_http_line *line = &out->lines[out->n++];
    *line = (struct dissect_http_line){
        .is_status = s->is_status, .at = at, .len = end - at, .segments = s->segments};
    for (size_t i = 0; i < s->line_len && i < sizeof line->text - 1; i++)
        line->text[i] = s->line[i] >= ' ' && s->line[i] < 0x7f ? s->line[i] : '?';
}

/* A start line that is whole. */
static void take_start(struct dissect_http_stream *s, size_t at, size_t end, struct dissect_http_answer *out)
{
    if (s->line_len == 0) { /* RFC 9112 2.2: "SHOULD ignore at least one empty line (CRLF)" */
        start_message(s);
        return;
    }
    s->is_status = is_status(s);
    if (!s->is_status && !is_request(s)) {
        dissect_http_gap(s);
        return;
    }
    tell_line(s, at, end, out);
    if (s->is_status)
        s->status = (uint16_t)strtoul(s->line + sizeof "HTTP/1.x", NULL, 10);
    else
        push_request(s);
    s->state = HTTP_HEADERS;
}

static void take_chunk_size(struct dissect_http_stream *s)
{
    uint64_t size = strtoull(s->line, NULL, 16);
    s->state = size > 0 ? HTTP_CHUNK : HTTP_TRAILERS;
    s->left = size < UINT32_MAX ? size + 2 : 0; /* with its CR, LF; so large a chunk there is none */
    if (s->left == 0 && size > 0)
        dissect_http_gap(s);
}

static void take_line(struct dissect_http_stream *s, struct dissect_http_stream *other, size_t at, size_t end,
                      struct dissect_http_answer *out)
{
    if (s->line_len > 0 && s->line[s->line_len - 1] == '\r')
        s->line_len--;
    bool is_cut = s->line_len == sizeof s->line;
    s->line[is_cut ? s->line_len - 1 : s->line_len] = '\0';
    bool is_empty = s->line_len == 0;
    switch (s->state) {
    case HTTP_START_LINE:
        take_start(s, at, end, out);
        break;
    case HTTP_HEADERS:
        if (is_empty)
            end_headers(s, other);
        else
            take_header(s);
        break;
    case HTTP_CHUNK_SIZE:
        take_chunk_size(s);
        break;
    case HTTP_TRAILERS:
        if (is_empty)
            start_message(s);
        break;
    case HTTP_SEEK:
    case HTTP_BODY:
    case HTTP_CHUNK:
    case HTTP_REST:
        break;
    }
    s->line_len = 0;
    s->segments = 1;
}

/* ---- octets ---- */

static bool is_of_lines(enum dissect_http_state state)
{
    return state == HTTP_START_LINE || state == HTTP_HEADERS || state == HTTP_CHUNK_SIZE ||
           state == HTTP_TRAILERS;
}

/* Up to the end of the line, or of the octets. */
static size_t take_text(struct dissect_http_stream *s, struct dissect_http_stream *other,
                        const uint8_t *bytes, size_t at, size_t len, struct dissect_http_answer *out)
{
    const uint8_t *end = memchr(bytes + at, '\n', len - at);
    size_t n = end != NULL ? (size_t)(end - bytes) - at : len - at, room = sizeof s->line - s->line_len;
    memcpy(s->line + s->line_len, bytes + at, n < room ? n : room);
    s->line_len = (uint16_t)(s->line_len + (n < room ? n : room));
    if (end == NULL)
        return len;
    bool is_crlf = n > 0 && bytes[at + n - 1] == '\r';
    take_line(s, other, at, at + n - is_crlf, out);
    return at + n + 1;
}

static size_t take_body(struct dissect_http_stream *s, size_t at, size_t len)
{
    size_t n = s->left < len - at ? (size_t)s->left : len - at;
    s->left -= n;
    if (s->left == 0 && s->state == HTTP_CHUNK)
        s->state = HTTP_CHUNK_SIZE;
    else if (s->left == 0)
        start_message(s);
    return at + n;
}

void dissect_http_take(struct dissect_http_stream *s, struct dissect_http_stream *other, const uint8_t *bytes,
                       size_t len, struct dissect_http_answer *out)
{
    out->n = out->n_more = 0;
    s->segments = s->line_len > 0 ? s->segments + 1 : 1;
    if (s->state == HTTP_SEEK && dissect_http_is_start(bytes, len))
        start_message(s);
    for (size_t at = 0; at < len;) {
        if (is_of_lines(s->state))
            at = take_text(s, other, bytes, at, len, out);
        else if (s->state == HTTP_BODY || s->state == HTTP_CHUNK)
            at = take_body(s, at, len);
        else
            return;
    }
}
