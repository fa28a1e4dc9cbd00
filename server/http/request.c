#include "http/request.h"

#include "http/text.h"
#include <string.h>

/* A body's largest size is its route's; this bounds what may be asked for. */
enum { HEAD_MAX = SRV_LINE_MAX + SRV_FIELD_BYTES_MAX };

void srv_request_init(struct srv_request *request)
{
    memset(request, 0, sizeof *request);
    cm_buf_init(&request->head, HEAD_MAX);
    cm_buf_init(&request->body, 0);
    request->query_count = -1;
}

void srv_request_finish(struct srv_request *request)
{
    if (request->body.size > 0)
        explicit_bzero(request->body.data, request->body.size);
    cm_buf_finish(&request->head);
    cm_buf_finish(&request->body);
}

static void empty(struct cm_buf *buf, size_t keep)
{
    if (buf->capacity > keep)
        cm_buf_finish(buf);
    else
        cm_buf_reset(buf);
}

void srv_request_reset(struct srv_request *request, size_t keep)
{
    if (request->body.size > 0) /* it may have held a password */
        explicit_bzero(request->body.data, request->body.size);
    empty(&request->head, keep);
    empty(&request->body, keep);
    request->line_start = request->request_line_size = 0;
    request->blank_lines = 0;
    request->head_done = false;
    request->method = 0;
    request->path = request->query = NULL;
    request->host = NULL;
    request->path_size = 0;
    request->field_count = request->cookie_count = 0;
    request->query_count = -1;
    request->head_only = request->keep_alive = request->has_body = request->chunked = false;
    request->expects_continue = request->expects_other = false;
    request->minor = 1; /* a refusal may come before it is known */
    request->content_length = request->body_raw_size = 0;
    request->last_raw = 0;
    request->status = 0;
    request->problem = NULL;
}

const char *srv_request_header(const struct srv_request *request, const char *name)
{
    for (int i = 0; i < request->field_count; i++)
        if (strcmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    return NULL;
}

const char *srv_request_last_header(const struct srv_request *request, const char *name)
{
    for (int i = request->field_count - 1; i >= 0; i--)
        if (strcmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    return NULL;
}

/* Decodes in place; the escapes were checked with the head, so that it cannot fail. */
static const char *decode(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if (*c == '+')
            *c = ' ';
    size_t size = strlen(text);
    return srv_text_unescape(text, size, text, size + 1) ? text : "";
}

static void cut_query(struct srv_request *request)
{
    request->query_count = 0;
    for (char *at = request->query; at != NULL && request->query_count < SRV_QUERY_MAX;) {
        char *next = strchr(at, '&');
        if (next != NULL)
            *next++ = '\0';
        char *equals = strchr(at, '=');
        if (equals != NULL)
            *equals++ = '\0';
        if (*at != '\0')
            request->queries[request->query_count++] =
                (struct srv_pair){decode(at), equals != NULL ? decode(equals) : ""};
        at = next;
    }
}

const char *srv_request_query(struct srv_request *request, const char *name)
{
    if (request->query_count < 0)
        cut_query(request);
    for (int i = 0; i < request->query_count; i++)
        if (strcmp(request->queries[i].name, name) == 0)
            return request->queries[i].value;
    return NULL;
}

static bool is_among(const char *name, const char *names)
{
    size_t size = strlen(name);
    for (const char *at = names; *at != '\0'; at += strspn(at, "&")) {
        size_t length = strcspn(at, "&");
        if (length == size && memcmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

const char *srv_request_query_beyond(struct srv_request *request, const char *names)
{
    if (request->query_count < 0)
        cut_query(request);
    for (int i = 0; i < request->query_count; i++)
        if (!is_among(request->queries[i].name, names))
            return request->queries[i].name;
    return NULL;
}

const char *srv_request_cookie(const struct srv_request *request, const char *name)
{
    for (int i = 0; i < request->cookie_count; i++)
        if (strcmp(request->cookies[i].name, name) == 0)
            return request->cookies[i].value;
    return NULL;
}
