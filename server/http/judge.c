#include "http/call.h"

#include "base/log.h"
#include "http/answer.h"
#include "http/conn.h"
#include "http/server.h"
#include "http/text.h"
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* The proxy's word on the client: the last hop is the one that it saw itself. */
static void believe_proxy(struct srv_call *call)
{
    const char *proxy = call->loop->http->trusted_proxy;
    if (proxy[0] == '\0' || strcmp(call->conn->peer, proxy) != 0)
        return;
    const char *hops = srv_request_last_header(&call->request, "x-forwarded-for");
    const char *proto = srv_request_last_header(&call->request, "x-forwarded-proto");
    uint8_t address[16];
    if (hops != NULL) {
        const char *comma = strrchr(hops, ',');
        const char *last = comma != NULL ? comma + 1 : hops;
        last += strspn(last, " \t");
        if (strlen(last) < sizeof call->peer &&
            (inet_pton(AF_INET, last, address) == 1 || inet_pton(AF_INET6, last, address) == 1))
            memcpy(call->peer, last, strlen(last) + 1);
    }
    if (proto != NULL)
        call->secure = strcasecmp(proto, "https") == 0;
}

static const char *usual_code(int status)
{
    switch (status) {
    case 401:
        return "unauthenticated";
    case 403:
        return "forbidden";
    case 429:
        return "too_many_tries";
    default:
        return "refused";
    }
}

static void answer_denied(struct srv_call *call, int status)
{
    if (call->deny_retry_s > 0) {
        char seconds[24];
        *srv_text_number(seconds, (uint64_t)call->deny_retry_s) = '\0';
        srv_answer_header(call, "Retry-After", seconds);
    }
    const char *code = call->deny_code[0] != '\0' ? call->deny_code : usual_code(status);
    const char *message = call->deny_message[0] != '\0' ? call->deny_message : "This is not allowed.";
    srv_answer_error(call, status, code, "%s", message);
}

/* A route for anyone is asked about only where a cookie could be abused: a write. */
static bool needs_permission(const struct srv_route *route)
{
    if ((route->roles & SRV_ROLE_ANYONE) == 0)
        return true;
    return route->method != SRV_GET && (route->flags & SRV_ORIGIN_ANY) == 0;
}

static bool permitted(struct srv_call *call, const struct srv_route *route)
{
    const struct srv_http_options *options = &call->loop->http->options;
    if (!needs_permission(route))
        return true;
    bool anyone = (route->roles & SRV_ROLE_ANYONE) != 0;
    int status = anyone ? 0 : 401;
    if (options->authorize != NULL) {
        memset(&call->identity, 0, sizeof call->identity);
        call->identified = true;
        status = options->authorize(options->app, call, route, &call->identity);
        if (status == 0 && !anyone && (call->identity.role & route->roles) == 0)
            status = 403;
    }
    if (status == 0)
        return true;
    if (status < 400 || status > 599)
        status = 500;
    answer_denied(call, status);
    return false;
}

static bool query_fits(struct srv_call *call, const struct srv_route *route)
{
    const char *names = strchrnul(route->pattern, '?');
    names += *names == '?';
    if (strcmp(names, "*") == 0)
        return true;
    const char *beyond = srv_request_query_beyond(&call->request, names);
    if (beyond == NULL)
        return true;
    srv_answer_error(call, 400, "unknown_parameter", "There is no parameter \"%.60s\" here.", beyond);
    return false;
}

static bool body_fits(struct srv_call *call, const struct srv_route *route)
{
    const struct srv_request *request = &call->request;
    if (request->expects_other) {
        srv_answer_error(call, 417, "expectation", "Only \"Expect: 100-continue\" is understood.");
        return false;
    }
    if (!request->has_body)
        return true;
    if (request->content_length > route->body_max || route->body_max == 0) {
        srv_answer_error(call, 413, "body_too_large", "The body may have at most %zu bytes.",
                         route->body_max);
        return false;
    }
    const char *type = srv_request_header(request, "content-type");
    if (route->body_type != NULL && (type == NULL || !srv_text_media_is(type, route->body_type))) {
        srv_answer_error(call, 415, "media_type", "The body must be %s.", route->body_type);
        return false;
    }
    return true;
}

bool srv_call_judge(struct srv_call *call)
{
    const struct srv_http_options *options = &call->loop->http->options;
    const struct srv_request *request = &call->request;
    believe_proxy(call);
    srv_route_match(options->routes, options->route_count, request->method, request->path, request->path_size,
                    &call->match);
    if (call->match.status == 404) {
        srv_answer_error(call, 404, "not_found", "There is nothing here.");
        return false;
    }
    if (call->match.status == 405) {
        srv_answer_header(call, "Allow", call->match.allow);
        srv_answer_error(call, 405, "method", "Here only %s can be done.", call->match.allow);
        return false;
    }
    return permitted(call, call->match.route) && query_fits(call, call->match.route) &&
           body_fits(call, call->match.route);
}

void srv_call_refuse(struct srv_call *call)
{
    static const struct {
        int status;
        const char *code;
    } codes[] = {{400, "bad_request"},       {413, "body_too_large"}, {414, "address_too_long"},
                 {431, "headers_too_large"}, {503, "no_memory"},      {505, "http_version"}};
    const char *code = "bad_request";
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].status == call->request.status)
            code = codes[i].code;
    srv_count(&call->loop->stats.refused, 1);
    call->close_after = true;
    srv_answer_error(call, call->request.status, code, "The request cannot be read: %s.",
                     call->request.problem);
}

void srv_call_run(struct srv_call *call)
{
    srv_call_ref(call);
    call->match.route->handler(call);
    if (!call->answered && call->conn != NULL && call->refs == 2) { /* nobody is left who could answer */
        cm_log(CM_LOG_ERROR, "http", "a handler gave no answer", CM_STR("route", call->match.route->pattern));
        srv_answer_error(call, 500, "internal", "This did not work. It is our mistake.");
    }
    srv_call_unref(call);
}

void srv_call_deny(struct srv_call *call, const char *code, const char *message, int retry_after_s)
{
    size_t code_size = strnlen(code, sizeof call->deny_code - 1);
    size_t message_size = strnlen(message, sizeof call->deny_message - 1);
    memcpy(call->deny_code, code, code_size);
    call->deny_code[code_size] = '\0';
    memcpy(call->deny_message, message, message_size);
    call->deny_message[message_size] = '\0';
    call->deny_retry_s = retry_after_s;
}
