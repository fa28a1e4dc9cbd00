#include "http/call.h"

#include "http/conn.h"
#include "http/server.h"
#include <stdlib.h>
#include <string.h>

/* ---- the pool ---- */

static struct srv_call *call_create(struct srv_loop *loop)
{
    struct srv_call *call = malloc(sizeof *call);
    if (call == NULL)
        return NULL;
    memset(call, 0, sizeof *call);
    call->loop = loop;
    srv_request_init(&call->request);
    cm_buf_init(&call->more_headers, SRV_ANSWER_HEADERS_MAX);
    return call;
}

static void call_destroy(struct srv_call *call)
{
    srv_request_finish(&call->request);
    cm_buf_finish(&call->more_headers);
    free(call);
}

struct srv_call *srv_call_take(struct srv_conn *conn)
{
    struct srv_loop *loop = conn->loop;
    struct srv_call *call = loop->free_calls;
    if (call != NULL) {
        loop->free_calls = call->next_free;
        loop->free_call_count--;
    } else {
        call = call_create(loop);
        if (call == NULL)
            return NULL;
    }
    srv_request_reset(&call->request, SRV_CALL_KEEPS);
    cm_buf_reset(&call->more_headers);
    call->conn = conn;
    call->refs = 1;
    call->answered = call->identified = call->close_after = false;
    call->id = (uint64_t)loop->index << 48 | ++loop->next_call;
    call->overrides = 0;
    call->deny_retry_s = 0;
    call->deny_code[0] = call->deny_message[0] = '\0';
    call->match.route = NULL;
    call->match.param_count = 0;
    call->match.allow[0] = '\0';
    call->secure = conn->tls != NULL;
    memcpy(call->peer, conn->peer, sizeof call->peer);
    return call;
}

void srv_call_ref(struct srv_call *call)
{
    call->refs++;
}

void srv_call_unref(struct srv_call *call)
{
    struct srv_loop *loop = call->loop;
    if (--call->refs > 0)
        return;
    if (loop->free_call_count >= SRV_CALLS_KEPT) {
        call_destroy(call);
        return;
    }
    srv_request_reset(&call->request, SRV_CALL_KEEPS);
    call->next_free = loop->free_calls;
    loop->free_calls = call;
    loop->free_call_count++;
}

void srv_calls_free(struct srv_loop *loop)
{
    while (loop->free_calls != NULL) {
        struct srv_call *call = loop->free_calls;
        loop->free_calls = call->next_free;
        call_destroy(call);
    }
    loop->free_call_count = 0;
}

/* ---- what handlers ask ---- */

void *srv_call_app(const struct srv_call *call)
{
    return call->loop->http->options.app;
}

struct srv_loop *srv_call_loop(const struct srv_call *call)
{
    return call->loop;
}

const struct srv_route *srv_call_route(const struct srv_call *call)
{
    return call->match.route;
}

const struct srv_identity *srv_call_identity(const struct srv_call *call)
{
    static const struct srv_identity nobody;
    return call->identified ? &call->identity : &nobody;
}

const char *srv_call_path(const struct srv_call *call)
{
    return call->request.path != NULL ? call->request.path : "";
}

const char *srv_call_param(const struct srv_call *call, const char *name)
{
    for (int i = 0; i < call->match.param_count; i++)
        if (call->match.params[i].name_size == strlen(name) &&
            memcmp(call->match.params[i].name, name, call->match.params[i].name_size) == 0)
            return call->match.params[i].value;
    return "";
}

const char *srv_call_query(const struct srv_call *call, const char *name)
{
    return srv_request_query(&((struct srv_call *)call)->request, name); /* cuts the query up at first */
}

const char *srv_call_header(const struct srv_call *call, const char *name)
{
    return srv_request_header(&call->request, name);
}

const char *srv_call_cookie(const struct srv_call *call, const char *name)
{
    return srv_request_cookie(&call->request, name);
}

const uint8_t *srv_call_body(const struct srv_call *call, size_t *ret_size)
{
    if (ret_size != NULL)
        *ret_size = call->request.body.size;
    return call->request.body.size > 0 ? call->request.body.data : (const uint8_t *)"";
}

const char *srv_call_peer(const struct srv_call *call)
{
    return call->peer;
}

bool srv_call_secure(const struct srv_call *call)
{
    return call->secure;
}

const char *srv_call_host(const struct srv_call *call)
{
    return call->request.host != NULL ? call->request.host : "";
}

bool srv_call_gone(const struct srv_call *call)
{
    return call->conn == NULL && !call->answered;
}
