#include "http/request.h"

#include "http/text.h"
#include <stdlib.h>
#include <string.h>

static enum srv_request_step refuse(struct srv_request *request, int status, const char *problem)
{
    if (request->status == 0) {
        request->status = status;
        request->problem = problem;
    }
    return SRV_STEP_BAD;
}

/* ---- the head, line by line ---- */

/* Only what may stand in a line: no control characters but tab, and CR only before the LF. */
static bool line_is_clean(const uint8_t *line, size_t size)
{
    if (size < 2 || line[size - 2] != '\r')
        return false;
    for (size_t i = 0; i < size - 2; i++)
        if ((line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return false;
    return true;
}

static enum srv_request_step end_request_line(struct srv_request *request, const char *line, size_t size)
{
    static const char version[] = " HTTP/1.";
    const size_t tail = sizeof version + 2; /* with the digit, CR LF */
    if (size < tail + 1)
        return refuse(request, 400, "the request line is broken");
    const char *at = line + size - tail;
    if (memcmp(at, version, sizeof version - 1) != 0 || (at[8] != '0' && at[8] != '1')) {
        bool other = memmem(line, size, " HTTP/", 6) != NULL;
        return refuse(request, other ? 505 : 400, "HTTP/1.1 is spoken here");
    }
    const char *first = memchr(line, ' ', size);
    if (memchr(first + 1, ' ', size - (size_t)(first + 1 - line)) != at) /* llhttp 8 takes several spaces */
        return refuse(request, 400, "the request line is broken");
    request->request_line_size = size;
    return SRV_STEP_MORE;
}

/* A whole line is in the head, from line_start on. */
static enum srv_request_step end_line(struct srv_request *request)
{
    const uint8_t *line = request->head.data + request->line_start;
    size_t size = request->head.size - request->line_start;
    bool first = request->request_line_size == 0;
    if (!line_is_clean(line, size))
        return refuse(request, 400, "a line of the head is broken");
    if (first && size == 2) { /* blank lines before a request are allowed */
        if (++request->blank_lines > SRV_BLANK_LINES_MAX)
            return refuse(request, 400, "too many blank lines");
        cm_buf_reset(&request->head);
        return SRV_STEP_MORE;
    }
    request->line_start = request->head.size;
    if (first)
        return end_request_line(request, (const char *)line, size);
    if (line[0] == ' ' || line[0] == '\t')
        return refuse(request, 400, "a line of the head is folded");
    if (size == 2)
        return SRV_STEP_HEAD;
    if (line[0] == ':') /* llhttp 8 takes an empty name */
        return refuse(request, 400, "a header field has no name");
    if (++request->field_count > SRV_FIELDS_MAX)
        return refuse(request, 431, "too many header fields");
    return SRV_STEP_MORE;
}

static enum srv_request_step head_bytes(struct srv_request *request, const uint8_t *bytes, size_t size)
{
    bool first = request->request_line_size == 0;
    if (first && request->head.size + size > SRV_LINE_MAX)
        return refuse(request, 414, "the address is too long");
    if (!first && request->head.size + size - request->request_line_size > SRV_FIELD_BYTES_MAX)
        return refuse(request, 431, "the header fields are too large");
    if (cm_buf_append(&request->head, bytes, size) != CM_OK)
        return refuse(request, 503, "no memory");
    return SRV_STEP_MORE;
}

/* ---- llhttp: the whole head at once ---- */

static int on_url(llhttp_t *parser, const char *at, size_t size)
{
    struct srv_request *request = parser->data;
    request->target = at;
    request->target_size = size;
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t size)
{
    struct srv_request *request = parser->data;
    if (request->head_done)
        return -1; /* a trailer */
    request->span_name = at;
    request->span_name_size = size;
    request->span_value = at + size; /* where an empty value may end */
    request->span_value_size = 0;
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t size)
{
    struct srv_request *request = parser->data;
    if (request->head_done)
        return -1;
    if (size > 0) { /* an empty one is said to be behind its line */
        request->span_value = at;
        request->span_value_size = size;
    }
    return 0;
}

static void add_cookies(struct srv_request *request, char *list)
{
    while (request->cookie_count < SRV_COOKIES_MAX) {
        list += strspn(list, "; \t");
        if (*list == '\0')
            return;
        char *end = list + strcspn(list, ";");
        bool last = *end == '\0';
        *end = '\0';
        char *equals = strchr(list, '=');
        if (equals != NULL) {
            *equals = '\0';
            request->cookies[request->cookie_count++] = (struct srv_pair){list, equals + 1};
        }
        if (last)
            return;
        list = end + 1;
    }
}

/* Where a second one could be read otherwise by a program in front of us. */
static bool counts_once(const char *name)
{
    static const char *const once[] = {"host",   "authorization",     "content-length", "content-type",
                                       "origin", "transfer-encoding", "expect",         "range"};
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        if (strcmp(name, once[i]) == 0)
            return true;
    return false;
}

/* The spans point into request->head, which is ours to write to. */
static int on_header_value_complete(llhttp_t *parser)
{
    struct srv_request *request = parser->data;
    if (request->head_done || request->field_count == SRV_FIELDS_MAX)
        return -1;
    char *name = (char *)request->head.data + (request->span_name - (const char *)request->head.data);
    char *value = (char *)request->head.data + (request->span_value - (const char *)request->head.data);
    size_t size = request->span_value_size;
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t'))
        size--;
    for (size_t i = 0; i < request->span_name_size; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
    name[request->span_name_size] = '\0';
    value[size] = '\0';
    if (strcmp(name, "cookie") == 0) {
        add_cookies(request, value);
        return 0;
    }
    if (counts_once(name) && srv_request_header(request, name) != NULL)
        return -1;
    request->fields[request->field_count++] = (struct srv_pair){name, value};
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    parser->upgrade = 0; /* nothing is upgraded here: the request is an ordinary one */
    return HPE_PAUSED;
}

static int on_body(llhttp_t *parser, const char *at, size_t size)
{
    struct srv_request *request = parser->data;
    if (size > request->body.max - request->body.size) {
        (void)refuse(request, 413, "the body is too large");
        return -1;
    }
    if (cm_buf_append(&request->body, at, size) != CM_OK) {
        (void)refuse(request, 503, "no memory");
        return -1;
    }
    return 0;
}

/* What a chunk announces beyond the limit need not come before it is refused. */
static int on_chunk_header(llhttp_t *parser)
{
    struct srv_request *request = parser->data;
    if (parser->content_length <= request->body.max - request->body.size)
        return 0;
    (void)refuse(request, 413, "the body is too large");
    return -1;
}

static int on_message_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk_header,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- what the head says ---- */

static enum srv_method method_of(uint8_t method)
{
    switch (method) {
    case HTTP_GET:
    case HTTP_HEAD:
        return SRV_GET;
    case HTTP_POST:
        return SRV_POST;
    case HTTP_PUT:
        return SRV_PUT;
    case HTTP_PATCH:
        return SRV_PATCH;
    case HTTP_DELETE:
        return SRV_DELETE;
    default:
        return 0;
    }
}

static enum srv_request_step read_target(struct srv_request *request)
{
    char *target = (char *)request->head.data + (request->target - (const char *)request->head.data);
    target[request->target_size] = '\0'; /* the space after it */
    char *mark = memchr(target, '?', request->target_size);
    request->path = target;
    request->path_size = mark != NULL ? (size_t)(mark - target) : request->target_size;
    request->query = NULL;
    request->query_count = -1;
    if (!srv_text_path_ok(request->path, request->path_size))
        return refuse(request, 400, "the address is broken");
    if (mark == NULL)
        return SRV_STEP_MORE;
    *mark = '\0';
    request->query = mark + 1;
    int pairs = 1;
    for (const char *c = request->query; *c != '\0'; c++)
        pairs += *c == '&';
    if (!srv_text_query_ok(request->query, strlen(request->query)) || pairs > SRV_QUERY_MAX)
        return refuse(request, 400, "the query is broken");
    return SRV_STEP_MORE;
}

static enum srv_request_step read_host(struct srv_request *request)
{
    const char *host = srv_request_header(request, "host");
    if (host == NULL && request->minor == 1)
        return refuse(request, 400, "the Host field is missing");
    if (host != NULL && !srv_text_host_ok(host, strlen(host)))
        return refuse(request, 400, "the Host field is broken");
    request->host = host != NULL ? host : "";
    return SRV_STEP_MORE;
}

static enum srv_request_step read_framing(struct srv_request *request)
{
    const char *encoding = srv_request_header(request, "transfer-encoding");
    const char *expect = srv_request_header(request, "expect");
    if (encoding != NULL && (request->minor == 0 || strcasecmp(encoding, "chunked") != 0 ||
                             srv_request_header(request, "content-length") != NULL))
        return refuse(request, 400, "the Transfer-Encoding is not understood");
    request->chunked = encoding != NULL;
    request->content_length = request->chunked ? 0 : request->parser.content_length;
    request->has_body = request->chunked || request->content_length > 0;
    request->expects_continue =
        expect != NULL && request->minor == 1 && strcasecmp(expect, "100-continue") == 0;
    request->expects_other = expect != NULL && !request->expects_continue && request->minor == 1;
    request->keep_alive = llhttp_should_keep_alive(&request->parser) == 1;
    return SRV_STEP_MORE;
}

static enum srv_request_step parse_head(struct srv_request *request)
{
    llhttp_init(&request->parser, HTTP_REQUEST, &settings);
    request->parser.data = request;
    request->field_count = 0;
    const char *head = (const char *)request->head.data;
    if (llhttp_execute(&request->parser, head, request->head.size) != HPE_PAUSED ||
        llhttp_get_error_pos(&request->parser) != head + request->head.size)
        return refuse(request, 400, "the request is broken");
    request->head_done = true;
    request->minor = request->parser.http_minor;
    if (request->parser.http_major != 1 || request->minor > 1)
        return refuse(request, 505, "HTTP/1.1 is spoken here");
    request->method = method_of(request->parser.method);
    request->head_only = request->parser.method == HTTP_HEAD;
    if (read_target(request) == SRV_STEP_BAD || read_host(request) == SRV_STEP_BAD ||
        read_framing(request) == SRV_STEP_BAD)
        return SRV_STEP_BAD;
    return SRV_STEP_HEAD;
}

static enum srv_request_step feed_head(struct srv_request *request, const uint8_t *bytes, size_t size,
                                       size_t *ret_used)
{
    size_t used = 0;
    enum srv_request_step step = SRV_STEP_MORE;
    while (step == SRV_STEP_MORE && used < size) {
        const uint8_t *end = memchr(bytes + used, '\n', size - used);
        size_t length = end != NULL ? (size_t)(end + 1 - (bytes + used)) : size - used;
        step = head_bytes(request, bytes + used, length);
        used += length;
        if (step == SRV_STEP_MORE && end != NULL)
            step = end_line(request);
    }
    *ret_used = used;
    return step == SRV_STEP_HEAD ? parse_head(request) : step;
}

/* ---- the body ---- */

static enum srv_request_step feed_body(struct srv_request *request, const uint8_t *bytes, size_t size,
                                       size_t *ret_used)
{
    llhttp_errno_t code = llhttp_execute(&request->parser, (const char *)bytes, size);
    size_t used = size;
    if (code == HPE_PAUSED)
        used = (size_t)(llhttp_get_error_pos(&request->parser) - (const char *)bytes);
    else if (code != HPE_OK)
        return refuse(request, 400, "the body is broken");
    *ret_used = used;
    request->body_raw_size += used;
    if (request->body_raw_size > request->body.size * 8 + SRV_CHUNK_OVERHEAD_MAX)
        return refuse(request, 400, "the chunks are too small");
    uint8_t before = used >= 2 ? bytes[used - 2] : request->last_raw;
    if (used > 0)
        request->last_raw = bytes[used - 1];
    if (code == HPE_OK)
        return SRV_STEP_MORE;
    llhttp_resume(&request->parser);
    if (request->chunked && before != '\r') /* llhttp 8 lets the very last CR be missing */
        return refuse(request, 400, "the body is broken");
    return SRV_STEP_DONE;
}

enum srv_request_step srv_request_feed(struct srv_request *request, const uint8_t *bytes, size_t size,
                                       size_t *ret_used)
{
    *ret_used = 0;
    if (request->status != 0)
        return SRV_STEP_BAD;
    if (!request->head_done)
        return feed_head(request, bytes, size, ret_used);
    return feed_body(request, bytes, size, ret_used);
}

/* Reset has left it empty; what it has from before may be too small. */
static bool give_whole_body(struct srv_request *request)
{
    struct cm_buf *body = &request->body;
    size_t capacity = (request->chunked ? body->max : (size_t)request->content_length) + 1;
    if (body->capacity >= capacity)
        return true;
    uint8_t *data = calloc(1, capacity);
    if (data == NULL)
        return false;
    free(body->data);
    body->data = data;
    body->capacity = capacity;
    return true;
}

enum srv_request_step srv_request_expect_body(struct srv_request *request, size_t max, bool at_once)
{
    static const uint8_t nothing[1];
    size_t used;
    request->body.max = max;
    llhttp_resume(&request->parser);
    if (!request->has_body) { /* llhttp has to see its end too */
        enum srv_request_step step = feed_body(request, nothing, 0, &used);
        return step == SRV_STEP_MORE ? refuse(request, 400, "the request is broken") : step;
    }
    if (request->content_length > max)
        return refuse(request, 413, "the body is too large");
    if (at_once && !give_whole_body(request))
        return refuse(request, 503, "no memory");
    return SRV_STEP_MORE;
}
