/* Bytes from anywhere, as one connection sees them: requests one after another. The first byte says how they are cut into
 * pieces; whatever the cuts, the same requests must come out. */
#include "http/request.h"
#include "http/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 4096 };

static uint64_t add(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    return hash;
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* What a handler would see, as one number. */
static uint64_t look_at(uint64_t hash, struct srv_request *request)
{
    check(request->path != NULL && request->path[0] == '/' && strlen(request->path) == request->path_size);
    check(srv_text_path_ok(request->path, request->path_size));
    check(request->field_count <= SRV_FIELDS_MAX && request->body.size <= BODY_MAX);
    check(!request->chunked || request->content_length == 0);
    check(request->chunked || request->body.size == request->content_length);
    for (int i = 0; i < request->field_count; i++) {
        check(strpbrk(request->fields[i].value, "\r\n") == NULL &&
              strpbrk(request->fields[i].name, "\r\n :") == NULL);
        hash = add(hash, request->fields[i].name, strlen(request->fields[i].name));
        hash = add(hash, request->fields[i].value, strlen(request->fields[i].value));
    }
    (void)srv_request_query(request, "x");
    check(request->query_count <= SRV_QUERY_MAX && request->cookie_count <= SRV_COOKIES_MAX);
    for (int i = 0; i < request->query_count; i++)
        hash = add(hash, request->queries[i].value, strlen(request->queries[i].value));
    for (int i = 0; i < request->cookie_count; i++)
        hash = add(hash, request->cookies[i].value, strlen(request->cookies[i].value));
    const char *range = srv_request_header(request, "range");
    uint64_t first = 0, last = 0;
    if (range != NULL && srv_text_range(range, 1000, &first, &last) == SRV_RANGE_PART)
        check(first <= last && last < 1000);
    hash = add(hash, request->path, request->path_size);
    return request->body.size > 0 ? add(hash, request->body.data, request->body.size) : hash;
}

static uint64_t read_all(const uint8_t *data, size_t size, size_t piece)
{
    struct srv_request request;
    uint64_t hash = 14695981039346656037u;
    srv_request_init(&request);
    srv_request_reset(&request, 0);
    for (size_t at = 0; at < size;) {
        size_t part = size - at < piece ? size - at : piece, used = 0;
        enum srv_request_step step = srv_request_feed(&request, data + at, part, &used);
        check(used <= part && (step != SRV_STEP_MORE || used == part));
        at += used;
        if (step == SRV_STEP_HEAD)
            step = srv_request_expect_body(&request, BODY_MAX, false);
        if (step == SRV_STEP_BAD) {
            check(request.status >= 400 && request.status <= 505 && request.problem != NULL);
            hash = add(hash, &request.status, sizeof request.status);
            break;
        }
        if (step == SRV_STEP_DONE) {
            hash = look_at(hash, &request);
            srv_request_reset(&request, 256);
        }
    }
    srv_request_finish(&request);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint64_t whole = read_all(data + 1, size - 1, SIZE_MAX);
    check(read_all(data + 1, size - 1, 1 + data[0]) == whole);
    check(read_all(data + 1, size - 1, 1) == whole);
    return 0;
}
