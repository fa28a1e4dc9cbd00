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

/* ---- what the rest of the server asks about a request ---- */

static void handler(struct srv_call *call)
{
    (void)call;
}

static const struct srv_route routes[] = {
    {.method = SRV_GET, .pattern = "/", .handler = handler},
    {.method = SRV_GET, .pattern = "/a/:x", .handler = handler},
    {.method = SRV_POST, .pattern = "/a/:x/b", .handler = handler},
    {.method = SRV_GET, .pattern = "/:a/:b/:c", .handler = handler},
};

static uint64_t match(uint64_t hash, const struct srv_request *request)
{
    struct srv_match found;
    srv_route_match(routes, sizeof routes / sizeof routes[0], request->method, request->path,
                    request->path_size, &found);
    check(found.status == 200 || found.status == 404 || found.status == 405);
    check((found.status == 200) == (found.route != NULL) && found.param_count <= SRV_PARAMS_MAX);
    for (int i = 0; i < found.param_count; i++) {
        const char *value = found.params[i].value;
        check(value[0] != '\0' && memchr(value, '\0', SRV_PARAM_SIZE) != NULL && strchr(value, '/') == NULL);
        for (const char *c = value; *c != '\0'; c++)
            check((unsigned char)*c >= ' ' && *c != 0x7f);
        hash = add(hash, value, strlen(value));
    }
    return hash;
}

static void read_ranges(const char *range)
{
    static const uint64_t sizes[] = {0, 1, 1000, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t first = 0, last = 0;
        if (srv_text_range(range, sizes[i], &first, &last) == SRV_RANGE_PART)
            check(first <= last && last < sizes[i]);
    }
}

static void read_fields(const struct srv_request *request)
{
    const char *range = srv_request_header(request, "range");
    const char *encoding = srv_request_header(request, "accept-encoding");
    const char *tags = srv_request_last_header(request, "if-none-match");
    const char *type = srv_request_header(request, "content-type");
    if (range != NULL)
        read_ranges(range);
    if (encoding != NULL)
        (void)srv_text_takes_gzip(encoding);
    if (tags != NULL)
        (void)srv_text_names_tag(tags, "\"abc\"");
    if (type != NULL)
        (void)srv_text_media_is(type, "application/json");
    check(request->host[0] == '\0' || srv_text_host_ok(request->host, strlen(request->host)));
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
    read_fields(request);
    hash = match(hash, request);
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
