#include "http/request.h"

#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1000 };

/* Feeds a text in pieces of a size. Returns what the last step was; ret_left is what was not taken. */
static enum srv_request_step feed(struct srv_request *request, const char *text, size_t size, size_t piece,
                                  size_t *ret_left)
{
    enum srv_request_step step = SRV_STEP_MORE;
    size_t at = 0;
    while (step == SRV_STEP_MORE && at < size) {
        size_t part = size - at < piece ? size - at : piece, used = 0;
        uint8_t *exact = malloc(part); /* the sanitizer sees a read past the end */
        assert_non_null(exact);
        memcpy(exact, text + at, part);
        step = srv_request_feed(request, exact, part, &used);
        free(exact);
        at += used;
        if (step == SRV_STEP_HEAD)
            step = srv_request_expect_body(request, BODY_MAX, piece % 2 == 0);
    }
    *ret_left = size - at;
    return step;
}

#define GET        "GET / HTTP/1.1\r\n"
#define POST       "POST / HTTP/1.1\r\n"
#define HOST       "Host: x\r\n"
#define CHUNKED    POST HOST "Transfer-Encoding: chunked\r\n\r\n"
#define TEXT(text) text, sizeof(text) - 1

static const struct {
    const char *name, *text;
    size_t size;
    int status; /* 0: a whole request */
    const char *body;
    size_t left;
} cases[] = {
    {"plain", TEXT(GET HOST "\r\n"), 0, "", 0},
    {"next one behind", TEXT(GET HOST "\r\nGET /2"), 0, "", 6},
    {"blank lines before", TEXT("\r\n\r\n" GET HOST "\r\n"), 0, "", 0},
    {"too many blank lines", TEXT("\r\n\r\n\r\n\r\n\r\n" GET HOST "\r\n"), 400, NULL, 0},
    {"HTTP/1.0 without Host", TEXT("GET / HTTP/1.0\r\n\r\n"), 0, "", 0},
    {"body", TEXT(POST HOST "Content-Length: 3\r\n\r\nabcX"), 0, "abc", 1},
    {"empty body", TEXT(POST HOST "Content-Length: 0\r\n\r\nX"), 0, "", 1},
    {"chunked", TEXT(CHUNKED "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nX"), 0, "abcde", 1},
    {"h2c upgrade is ignored",
     TEXT(POST HOST "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"), 0, "abc", 0},
    {"empty value", TEXT(GET HOST "X:\r\nY: \t \r\n\r\n"), 0, "", 0},
    /* smuggling */
    {"CL and TE", TEXT(POST HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400,
     NULL, 0},
    {"TE and CL", TEXT(POST HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"), 400,
     NULL, 0},
    {"TE and CL 0", TEXT(POST HOST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"), 400,
     NULL, 0},
    {"two CL", TEXT(POST HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400, NULL, 0},
    {"two CL, different", TEXT(POST HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400, NULL, 0},
    {"CL list", TEXT(POST HOST "Content-Length: 3,3\r\n\r\nabc"), 400, NULL, 0},
    {"CL plus", TEXT(POST HOST "Content-Length: +3\r\n\r\nabc"), 400, NULL, 0},
    {"CL minus", TEXT(POST HOST "Content-Length: -3\r\n\r\nabc"), 400, NULL, 0},
    {"CL hex", TEXT(POST HOST "Content-Length: 0x3\r\n\r\nabc"), 400, NULL, 0},
    {"CL empty", TEXT(POST HOST "Content-Length:\r\n\r\nabc"), 400, NULL, 0},
    {"CL overflow", TEXT(POST HOST "Content-Length: 18446744073709551617\r\n\r\nabc"), 400, NULL, 0},
    {"CL huge", TEXT(POST HOST "Content-Length: 18446744073709551615\r\n\r\nabc"), 413, NULL, 0},
    {"TE gzip, chunked", TEXT(POST HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400, NULL, 0},
    {"TE chunked, identity", TEXT(POST HOST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), 400,
     NULL, 0},
    {"TE xchunked", TEXT(POST HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400, NULL, 0},
    {"TE identity", TEXT(POST HOST "Transfer-Encoding: identity\r\n\r\n"), 400, NULL, 0},
    {"two TE", TEXT(POST HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     400, NULL, 0},
    {"TE in 1.0", TEXT("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, NULL,
     0},
    {"TE, vertical tab",
     TEXT(POST HOST "Transfer-Encoding: \x0b"
                    "chunked\r\n\r\n0\r\n\r\n"),
     400, NULL, 0},
    {"space before the colon", TEXT(POST HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), 400, NULL, 0},
    {"space in the name", TEXT(GET HOST "X Y: z\r\n\r\n"), 400, NULL, 0},
    {"folded", TEXT(GET HOST "X: a\r\n b\r\n\r\n"), 400, NULL, 0},
    {"folded TE", TEXT(POST HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), 400, NULL, 0},
    {"folded by tab", TEXT(GET HOST "X: a\r\n\tb\r\n\r\n"), 400, NULL, 0},
    {"first field begins with a space", TEXT(GET " " HOST "\r\n"), 400, NULL, 0},
    {"bare LF after the request line", TEXT("GET / HTTP/1.1\n" HOST "\r\n"), 400, NULL, 0},
    {"bare LF after a field", TEXT(GET "Host: x\n\r\n"), 400, NULL, 0},
    {"bare LF at the end", TEXT(GET HOST "\n"), 400, NULL, 0},
    {"bare CR in a value", TEXT(GET HOST "X: a\rTransfer-Encoding: chunked\r\n\r\n"), 400, NULL, 0},
    {"CR CR LF", TEXT(GET HOST "X: a\r\r\n\r\n"), 400, NULL, 0},
    {"NUL in a value", TEXT(GET HOST "X: a\0b\r\n\r\n"), 400, NULL, 0},
    {"NUL in the name", TEXT(GET HOST "X\0: b\r\n\r\n"), 400, NULL, 0},
    {"NUL in the line", TEXT("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"control character", TEXT(GET HOST "X: a\x01\r\n\r\n"), 400, NULL, 0},
    {"no colon", TEXT(GET HOST "X\r\n\r\n"), 400, NULL, 0},
    {"empty name", TEXT(GET HOST ": x\r\n\r\n"), 400, NULL, 0},
    {"chunk: bare LF", TEXT(CHUNKED "3\nabc\n0\n\n"), 400, NULL, 0},
    {"chunk: last CR is missing", TEXT(CHUNKED "3\r\nabc\r\n0\r\n\n"), 400, NULL, 0},
    {"chunk: LF in an extension", TEXT(CHUNKED "3;x\nabc\r\n0\r\n\r\n"), 400, NULL, 0},
    {"chunk: 0x", TEXT(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), 400, NULL, 0},
    {"chunk: minus", TEXT(CHUNKED "-3\r\nabc\r\n0\r\n\r\n"), 400, NULL, 0},
    {"chunk: space", TEXT(CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), 400, NULL, 0},
    {"chunk: longer than it says", TEXT(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), 400, NULL, 0},
    {"chunk: overflow", TEXT(CHUNKED "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"), 400, NULL, 0},
    {"chunk: larger than the body may be", TEXT(CHUNKED "3e9\r\n"), 413, NULL, 0}, /* before it comes */
    {"trailer", TEXT(CHUNKED "0\r\nX: y\r\n\r\n"), 400, NULL, 0},
    {"trailer Content-Length", TEXT(CHUNKED "0\r\nContent-Length: 5\r\n\r\n"), 400, NULL, 0},
    /* who and what */
    {"HTTP/0.9", TEXT("GET /\r\n"), 400, NULL, 0},
    {"HTTP/0.9 with fields", TEXT("GET /\r\n" HOST "\r\n"), 400, NULL, 0},
    {"HTTP/2.0", TEXT("GET / HTTP/2.0\r\n" HOST "\r\n"), 505, NULL, 0},
    {"HTTP/1.2", TEXT("GET / HTTP/1.2\r\n" HOST "\r\n"), 505, NULL, 0},
    {"HTTP/1.10", TEXT("GET / HTTP/1.10\r\n" HOST "\r\n"), 505, NULL, 0},
    {"http/1.1", TEXT("GET / http/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"ICE", TEXT("SOURCE / ICE/1.0\r\n" HOST "\r\n"), 400, NULL, 0},
    {"RTSP", TEXT("DESCRIBE / RTSP/1.0\r\n" HOST "\r\n"), 400, NULL, 0},
    {"PRI", TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, NULL, 0},
    {"CONNECT", TEXT("CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"OPTIONS *", TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"absolute form", TEXT("GET http://x/ HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"absolute form, another host", TEXT("GET http://y/ HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"unknown method", TEXT("FROB / HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"lower-case method", TEXT("get / HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"two spaces", TEXT("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"space in the address", TEXT("GET /a b HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"tab in the line", TEXT("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"fragment", TEXT("GET /#x HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"raw byte in the address", TEXT("GET /\xff HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"dots", TEXT("GET /a/../b HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"escaped dots", TEXT("GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"%00", TEXT("GET /a%00 HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"%00 in the query", TEXT("GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"broken escape in the query", TEXT("GET /?a=%4 HTTP/1.1\r\n" HOST "\r\n"), 400, NULL, 0},
    {"no Host", TEXT(GET "\r\n"), 400, NULL, 0},
    {"two Hosts", TEXT(GET HOST HOST "\r\n"), 400, NULL, 0},
    {"two Hosts in 1.0", TEXT("GET / HTTP/1.0\r\n" HOST "host: y\r\n\r\n"), 400, NULL, 0},
    {"empty Host", TEXT(GET "Host:\r\n\r\n"), 400, NULL, 0},
    {"Host with a path", TEXT(GET "Host: x/y\r\n\r\n"), 400, NULL, 0},
    {"Host list", TEXT(GET "Host: x, y\r\n\r\n"), 400, NULL, 0},
    {"two Authorization", TEXT(GET HOST "Authorization: a\r\nAuthorization: b\r\n\r\n"), 400, NULL, 0},
    {"body too large", TEXT(POST HOST "Content-Length: 1001\r\n\r\n"), 413, NULL, 0},
    {"garbage", TEXT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"), 400, NULL, 0},
};

static void check_case(size_t i, size_t piece)
{
    struct srv_request request;
    size_t left = 0;
    srv_request_init(&request);
    enum srv_request_step step = feed(&request, cases[i].text, cases[i].size, piece, &left);
    if (cases[i].status != 0) {
        if (step != SRV_STEP_BAD || request.status != cases[i].status)
            fail_msg("%s in pieces of %zu: step %d, status %d", cases[i].name, piece, step, request.status);
    } else if (cases[i].body != NULL) {
        if (step != SRV_STEP_DONE)
            fail_msg("%s in pieces of %zu: step %d, status %d", cases[i].name, piece, step, request.status);
        assert_int_equal(request.body.size, strlen(cases[i].body));
        if (request.body.size > 0)
            assert_memory_equal(request.body.data, cases[i].body, request.body.size);
        assert_int_equal(left, cases[i].left);
    } else {
        assert_int_equal(step, SRV_STEP_MORE);
    }
    srv_request_finish(&request);
}

/* However it is cut into pieces, the same comes out. */
static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t piece = 1; piece <= cases[i].size; piece += piece < 40 ? 1 : 64)
            check_case(i, piece);
}

static void test_what_a_head_says(void **state)
{
    static const char text[] =
        "POST /a%20b?x=1+2&y&x=3&=4&z=%26%3d HTTP/1.1\r\nHOST: School:80\r\nX-One:  a b \t\r\n"
        "x-one: second\r\nCookie: s=1; t=a=b\r\nCookie: u=3;;s=9; bad\r\nExpect: 100-Continue\r\n"
        "Content-Length: 2\r\nConnection: close\r\n\r\nhi";
    struct srv_request request;
    size_t left;
    (void)state;
    srv_request_init(&request);
    for (int round = 0; round < 2; round++) { /* used again, nothing of the first one is left */
        assert_int_equal(feed(&request, TEXT(text), 7, &left), SRV_STEP_DONE);
        assert_int_equal(request.method, SRV_POST);
        assert_string_equal(request.path, "/a%20b");
        assert_string_equal(request.host, "School:80");
        assert_string_equal(srv_request_header(&request, "x-one"), "a b");
        assert_string_equal(srv_request_last_header(&request, "x-one"), "second");
        assert_null(srv_request_header(&request, "cookie"));
        assert_null(srv_request_header(&request, "x-two"));
        assert_string_equal(srv_request_query(&request, "x"), "1 2");
        assert_string_equal(srv_request_query(&request, "y"), "");
        assert_string_equal(srv_request_query(&request, "z"), "&=");
        assert_null(srv_request_query(&request, ""));
        assert_null(srv_request_query_beyond(&request, "x&y&z"));
        assert_string_equal(srv_request_query_beyond(&request, "x&z&yy"), "y");
        assert_string_equal(srv_request_query_beyond(&request, ""), "x");
        assert_string_equal(srv_request_cookie(&request, "s"), "1");
        assert_string_equal(srv_request_cookie(&request, "t"), "a=b");
        assert_string_equal(srv_request_cookie(&request, "u"), "3");
        assert_null(srv_request_cookie(&request, "bad"));
        assert_true(request.expects_continue);
        assert_false(request.keep_alive);
        assert_memory_equal(request.body.data, "hi", 3);
        srv_request_reset(&request, 64);
        assert_int_equal(request.head.size, 0);
    }
    srv_request_finish(&request);
}

static void expect_status(const char *text, size_t size, int status)
{
    struct srv_request request;
    size_t left;
    srv_request_init(&request);
    enum srv_request_step step = feed(&request, text, size, 1000, &left);
    if (status == 0)
        assert_int_equal(step, SRV_STEP_DONE);
    else
        assert_int_equal(step, SRV_STEP_BAD);
    assert_int_equal(request.status, status);
    srv_request_finish(&request);
}

static void test_limits_of_the_head(void **state)
{
    enum { ROOM = 64 * 1024 };
    char *text = malloc(ROOM);
    (void)state;
    assert_non_null(text);
    const int around = (int)strlen("GET / HTTP/1.1\r\n");
    for (int more = 0; more <= 1; more++) {
        int size =
            snprintf(text, ROOM, "GET /%0*d HTTP/1.1\r\nHost: x\r\n\r\n", SRV_LINE_MAX - around + more, 0);
        expect_status(text, (size_t)size, more == 0 ? 0 : 414);
        const int used = (int)strlen("Host: x\r\nX: \r\n\r\n");
        size = snprintf(text, ROOM, "GET / HTTP/1.1\r\nHost: x\r\nX: %0*d\r\n\r\n",
                        SRV_FIELD_BYTES_MAX - used + more, 0);
        expect_status(text, (size_t)size, more == 0 ? 0 : 431);
        size = snprintf(text, ROOM, "GET / HTTP/1.1\r\nHost: x\r\n");
        for (int i = 1; i < SRV_FIELDS_MAX + more; i++)
            size += snprintf(text + size, ROOM - (size_t)size, "X%d: y\r\n", i);
        size += snprintf(text + size, ROOM - (size_t)size, "\r\n");
        expect_status(text, (size_t)size, more == 0 ? 0 : 431);
        size = snprintf(text, ROOM, "GET /?a");
        for (int i = 1; i < SRV_QUERY_MAX + more; i++)
            size += snprintf(text + size, ROOM - (size_t)size, "&a");
        size += snprintf(text + size, ROOM - (size_t)size, " HTTP/1.1\r\nHost: x\r\n\r\n");
        expect_status(text, (size_t)size, more == 0 ? 0 : 400);
    }
    memset(text, 'A', ROOM); /* a line without an end */
    expect_status(text, ROOM, 414);
    free(text);
}

static void test_bodies_have_an_end(void **state)
{
    struct srv_request request;
    size_t left;
    enum srv_request_step step = SRV_STEP_MORE;
    (void)state;
    srv_request_init(&request); /* chunks until the body's limit */
    assert_int_equal(feed(&request, TEXT(CHUNKED), 9999, &left), SRV_STEP_MORE);
    for (int i = 0; i < 300 && step == SRV_STEP_MORE; i++)
        step = feed(&request, TEXT("4\r\nabcd\r\n"), 9999, &left);
    assert_int_equal(request.status, 413);
    srv_request_reset(&request, 0);
    step = feed(&request, TEXT(CHUNKED "1;"), 9999, &left); /* an extension without an end */
    for (int i = 0; i < 100000 && step == SRV_STEP_MORE; i++)
        step = feed(&request, TEXT("aaaaaaaaaaaaaaaa"), 9999, &left);
    assert_int_equal(request.status, 400);
    srv_request_finish(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_what_a_head_says),
        cmocka_unit_test(test_limits_of_the_head),
        cmocka_unit_test(test_bodies_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
