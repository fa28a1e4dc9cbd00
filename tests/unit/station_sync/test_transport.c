/* The transport against a server that answers anything: what it sends, what it makes of what comes, and that it never waits. */
#include "unit.h"

#include "http_double.h"
#include "sync/transport.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
    uv_loop_t loop;
    struct stn_transport *transport;
    bool done;
    struct stn_sync_answer answer;
    char body[256], text[256];
};

static void take(void *arg, enum stn_sync_channel channel, const struct stn_sync_answer *answer)
{
    struct call *call = arg;
    (void)channel;
    call->done = true;
    call->answer = *answer;
    snprintf(call->body, sizeof call->body, "%.*s", (int)(answer->size < 200 ? answer->size : 200),
             answer->body != NULL ? (const char *)answer->body : "");
    snprintf(call->text, sizeof call->text, "%s", answer->text != NULL ? answer->text : "");
}

static void open_call(struct call *call, struct stn_transport_options options)
{
    struct cm_err err = CM_ERR_INIT;
    memset(call, 0, sizeof *call);
    assert_int_equal(uv_loop_init(&call->loop), 0);
    options.loop = &call->loop;
    if (stn_transport_open(&options, &call->transport, &err) != CM_OK)
        fail_msg("%s", err.msg);
}

static void close_call(struct call *call)
{
    stn_transport_close(call->transport);
    uv_run(&call->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&call->loop), 0); /* no handle is left */
}

static void ask(struct call *call, const struct stn_sync_request *request)
{
    call->done = false;
    stn_transport_send(call->transport, request, take, call);
    assert_false(call->done); /* never from within */
    while (!call->done)
        uv_run(&call->loop, UV_RUN_ONCE);
}

static const char *url_of(const struct http_double *server, const char *scheme)
{
    static char url[64];
    snprintf(url, sizeof url, "%s://127.0.0.1:%d", scheme, http_double_port(server));
    return url;
}

static const struct stn_sync_request get = {
    .channel = STN_SYNC_DOWN, .path = "/sync/v1/changes?cursor=", .timeout_ms = 5000, .answer_max = 1000};

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/msgpack\r\n"

static void what_is_sent(void **state)
{
    (void)state;
    struct http_double *server =
        http_double_start(&(struct http_script){.answer = OK_HEAD "Content-Length: 2\r\n\r\nhi"});
    struct call call;
    open_call(&call, (struct stn_transport_options){.url = url_of(server, "http"), .token = "secret-token"});
    struct stn_sync_request post = {.channel = STN_SYNC_UP,
                                    .post = true,
                                    .path = "/sync/v1/events",
                                    .content_type = "application/msgpack",
                                    .body = (const uint8_t *)"body-of-it",
                                    .size = 10,
                                    .timeout_ms = 5000,
                                    .answer_max = 1000};
    ask(&call, &post);
    assert_int_equal(call.answer.failure, STN_SYNC_ANSWERED);
    assert_int_equal(call.answer.status, 200);
    assert_string_equal(call.body, "hi");
    ask(&call, &get);
    ask(&call, &get);
    close_call(&call);
    const char *seen = http_double_seen(server);
    assert_non_null(strstr(seen, "POST /sync/v1/events HTTP/1.1\r\n"));
    assert_non_null(strstr(seen, "\r\nAuthorization: Bearer secret-token\r\n"));
    assert_non_null(strstr(seen, "\r\nContent-Type: application/msgpack\r\n"));
    assert_non_null(strstr(seen, "\r\nContent-Length: 10\r\n"));
    assert_non_null(strstr(seen, "\r\n\r\nbody-of-it"));
    assert_non_null(strstr(seen, "GET /sync/v1/changes?cursor= HTTP/1.1\r\n"));
    assert_null(strstr(seen, "Expect:"));
    assert_null(strstr(seen, "Accept-Encoding"));
    assert_int_equal(http_double_connections(server), 1); /* kept alive */
    http_double_stop(server);
}

static void what_comes_back(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct http_script script;
        enum stn_sync_failure failure;
        int status;
        int32_t retry_after_s;
        const char *body;
    } cases[] = {
        {"chunked",
         {.answer = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"},
         STN_SYNC_ANSWERED,
         200,
         0,
         "hi"},
        {"busy",
         {.answer = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"},
         STN_SYNC_ANSWERED,
         503,
         7,
         ""},
        {"a redirect is not followed",
         {.answer = "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"},
         STN_SYNC_ANSWERED,
         302,
         0,
         ""},
        {"too large by its header",
         {.answer = OK_HEAD "Content-Length: 1001\r\n\r\n", .repeat = 1001},
         STN_SYNC_GARBLED,
         0,
         0,
         ""},
        {"too large without one",
         {.answer = OK_HEAD "\r\n", .repeat = 100 << 20},
         STN_SYNC_GARBLED,
         0,
         0,
         ""},
        {"cut off",
         {.answer = OK_HEAD "Content-Length: 100\r\n\r\nhi", .close = true},
         STN_SYNC_AWAY,
         0,
         0,
         ""},
        {"hung up", {.answer = "", .close = true}, STN_SYNC_AWAY, 0, 0, ""},
        {"no HTTP", {.answer = "SSH-2.0-OpenSSH_9.2\r\n", .close = true}, STN_SYNC_GARBLED, 0, 0, ""},
        {"a compressed body that nobody asked for",
         {.answer = OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"},
         STN_SYNC_ANSWERED,
         200,
         0,
         "hi"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_double *server = http_double_start(&cases[i].script);
        struct call call;
        open_call(&call, (struct stn_transport_options){.url = url_of(server, "http"), .token = "t"});
        ask(&call, &get);
        if (call.answer.failure != cases[i].failure || call.answer.status != cases[i].status ||
            call.answer.retry_after_s != cases[i].retry_after_s || strcmp(call.body, cases[i].body) != 0)
            fail_msg("%s: failure %d, status %d, retry after %d, body %s (%s)", cases[i].name,
                     (int)call.answer.failure, call.answer.status, (int)call.answer.retry_after_s, call.body,
                     call.text);
        close_call(&call);
        http_double_stop(server);
    }
}

static void nobody_there(void **state)
{
    (void)state;
    struct http_double *server = http_double_start(&(struct http_script){.answer = ""});
    char url[64];
    snprintf(url, sizeof url, "%s", url_of(server, "http"));
    http_double_stop(server);
    struct call call;
    open_call(&call, (struct stn_transport_options){.url = url, .token = "t"});
    ask(&call, &get);
    assert_int_equal(call.answer.failure, STN_SYNC_AWAY);
    assert_non_null(strstr(call.text, "connect"));
    close_call(&call);
}

static void a_server_that_stalls(void **state)
{
    (void)state;
    struct http_double *server = http_double_start(&(struct http_script){.answer = NULL});
    struct call call;
    struct stn_sync_request impatient = get;
    impatient.timeout_ms = 60000;
    impatient.stall_ms = 1000;
    open_call(&call, (struct stn_transport_options){.url = url_of(server, "http"), .token = "t"});
    ask(&call, &impatient);
    assert_int_equal(call.answer.failure, STN_SYNC_AWAY);
    close_call(&call);
    http_double_stop(server);
}

static void closing_waits_for_nothing(void **state)
{
    (void)state;
    struct http_double *server = http_double_start(&(struct http_script){.answer = NULL});
    const char *const urls[] = {url_of(server, "http"), "https://a-name-that-does-not-exist.invalid"};
    for (size_t i = 0; i < 2; i++) {
        struct call call;
        struct stn_sync_request poll = get;
        poll.timeout_ms = 60000;
        open_call(&call, (struct stn_transport_options){.url = urls[i], .token = "t"});
        uint64_t before_ns = uv_hrtime();
        stn_transport_send(call.transport, &poll, take, &call);
        for (int turn = 0; turn < 3; turn++)
            uv_run(&call.loop, UV_RUN_NOWAIT);
        close_call(&call);
        assert_true(uv_hrtime() - before_ns < 2000000000u);
        assert_int_equal(call.done && i == 0, false);
    }
    http_double_stop(server);
}

static void certificates(void **state)
{
    (void)state;
    static const char wrong_pin[] = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    struct http_double *server = http_double_start(
        &(struct http_script){.answer = OK_HEAD "Content-Length: 2\r\n\r\nhi", .tls = true, .close = true});
    const char *ca = http_double_certificate(server), *pin = http_double_pin(server);
    const struct {
        const char *ca, *pin;
        enum stn_sync_failure failure;
    } cases[] = {
        {NULL, NULL, STN_SYNC_UNTRUSTED}, /* signed by nobody that this machine knows */
        {ca, NULL, STN_SYNC_ANSWERED},         {NULL, pin, STN_SYNC_ANSWERED},
        {NULL, wrong_pin, STN_SYNC_UNTRUSTED}, {ca, pin, STN_SYNC_ANSWERED},
        {ca, wrong_pin, STN_SYNC_UNTRUSTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct call call;
        open_call(&call, (struct stn_transport_options){.url = url_of(server, "https"),
                                                        .token = "secret-token",
                                                        .ca_pem = cases[i].ca,
                                                        .pin = cases[i].pin});
        ask(&call, &get);
        if (call.answer.failure != cases[i].failure)
            fail_msg("case %zu: %d (%s)", i, (int)call.answer.failure, call.text);
        close_call(&call);
    }
    http_double_stop(server);
}

static void a_token_never_goes_to_the_wrong_server(void **state)
{
    (void)state;
    struct http_double *server = http_double_start(
        &(struct http_script){.answer = OK_HEAD "Content-Length: 2\r\n\r\nhi", .tls = true, .close = true});
    struct call call;
    open_call(&call, (struct stn_transport_options){.url = url_of(server, "https"), .token = "secret-token"});
    ask(&call, &get);
    close_call(&call);
    assert_null(strstr(http_double_seen(server), "secret-token"));
    http_double_stop(server);
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        bool allow_plain;
        const char *url; /* NULL: refused */
    } cases[] = {
        {"https://school.example", false, "https://school.example"},
        {"school.example", false, "https://school.example"},
        {"school.example:8443", false, "https://school.example:8443"},
        {"https://school.example/rollcall//", false, "https://school.example/rollcall"},
        {"HTTPS://School.Example/", false, "https://School.Example"},
        {"http://school.example", false, NULL},
        {"http://school.example", true, "http://school.example"},
        {"http://127.0.0.1:8080", false, "http://127.0.0.1:8080"},
        {"http://localhost", false, "http://localhost"},
        {"http://[::1]:80", false, "http://[::1]:80"},
        {"http://127.0.0.1.evil.example", false, NULL},
        {"http://1270.example", false, NULL},
        {"ftp://school.example", true, NULL},
        {"file:///etc/passwd", true, NULL},
        {"https://name:password@school.example", false, NULL},
        {"https://school.example/?a=b", false, NULL},
        {"https://school.example/#x", false, NULL},
        {"https://school.example\r\nX: y", false, NULL},
        {"https://", false, NULL},
        {"", false, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[256] = "";
        struct cm_err err = CM_ERR_INIT;
        enum cm_code code =
            stn_transport_check_url(cases[i].typed, cases[i].allow_plain, url, sizeof url, &err);
        if ((code == CM_OK) != (cases[i].url != NULL) || (code == CM_OK && strcmp(url, cases[i].url) != 0))
            fail_msg("%s: %d %s", cases[i].typed, (int)code, url);
        assert_int_equal(code != CM_OK, err.msg[0] != '\0');
    }
}

static void pins(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "sha256//", "sha256//AAAA", "md5//AAAA",
                                        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;x"};
    assert_int_equal(stn_transport_check_pin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", NULL),
                     CM_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(stn_transport_check_pin(wrong[i], NULL), CM_INVALID);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent),
        cmocka_unit_test(what_comes_back),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(a_server_that_stalls),
        cmocka_unit_test(closing_waits_for_nothing),
        cmocka_unit_test(certificates),
        cmocka_unit_test(a_token_never_goes_to_the_wrong_server),
        cmocka_unit_test(urls),
        cmocka_unit_test(pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
