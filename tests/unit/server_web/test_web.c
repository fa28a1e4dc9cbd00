/* The handlers: which file they give out, and with which headers. The HTTP server is played by the functions below. */
#include "unit.h"

#include "web/assets.h"
#include "web/handlers.h"
#include <stdio.h>
#include <string.h>

struct srv_call {
    const char *file, *version; /* of the request */
    const struct srv_asset *given;
    int refused;
    char headers[1024];
};

const char *srv_call_param(const struct srv_call *call, const char *name)
{
    assert_string_equal(name, "file");
    return call->file;
}

const char *srv_call_query(const struct srv_call *call, const char *name)
{
    assert_string_equal(name, "v");
    return call->version;
}

void srv_answer_header(struct srv_call *call, const char *name, const char *value)
{
    size_t used = strlen(call->headers);
    snprintf(call->headers + used, sizeof call->headers - used, "%s: %s\n", name, value);
}

void srv_asset_answer(struct srv_call *call, const struct srv_asset *asset)
{
    call->given = asset;
}

void srv_answer_error(struct srv_call *call, int status, const char *code, const char *fmt, ...)
{
    (void)code;
    (void)fmt;
    call->refused = status;
}

static void test_pages(void **state)
{
    (void)state;
    static const struct {
        srv_handler_fn *handler;
        const char *page;
    } cases[] = {
        {srv_web_login, "login.html"}, {srv_web_admin, "admin.html"}, {srv_web_student, "student.html"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_call call = {.file = ""};
        cases[i].handler(&call);
        assert_string_equal(call.given->path, cases[i].page);
        assert_false(call.given->immutable);
        assert_non_null(strstr(call.headers, "Permissions-Policy: camera=(self)"));
    }
}

static void test_files(void **state)
{
    (void)state;
    struct srv_call call = {.file = "admin.js", .version = srv_web_asset_version};
    srv_web_asset(&call);
    assert_string_equal(call.given->path, "/assets/admin.js");
    assert_true(call.given->immutable);

    call = (struct srv_call){.file = "admin.js"};
    srv_web_asset(&call);
    assert_false(call.given->immutable);

    call = (struct srv_call){.file = ""};
    srv_web_icon(&call);
    assert_string_equal(call.given->type, "image/svg+xml");
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    char longest[SRV_PARAM_SIZE];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = {"nothing.js", "..", "login.html", "../login.html", "", longest};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct srv_call call = {.file = names[i]};
        srv_web_asset(&call);
        assert_null(call.given);
        assert_int_equal(call.refused, 404);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
