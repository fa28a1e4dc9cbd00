/* What is sent to the Cloud API, and what its answers and failures are to us. */
#include "unit.h"

#include "http_double.h"
#include "http_json/json.h"
#include "provider/provider.h"
#include <stdio.h>
#include <string.h>

static uv_loop_t loop;
static struct srv_provider *provider;
static struct {
    int count;
    struct srv_carriage carriage;
    char id[SRV_PROVIDER_ID_SIZE], text[256];
} got;

static void take(void *arg, const struct srv_carriage *carriage)
{
    (void)arg;
    got.count++;
    got.carriage = *carriage;
    snprintf(got.id, sizeof got.id, "%s", carriage->id);
    snprintf(got.text, sizeof got.text, "%s", carriage->text);
}

static struct srv_whatsapp_options options_for(const char *base_url)
{
    struct srv_whatsapp_options options = {
        .base_url = base_url, .api_version = "v23.0", .phone_id = "1234", .token = "secret-token"};
    options.templates[SRV_LETTER_ABSENCE] =
        (struct srv_template_options){"absence_alert", "en", "recipient,student,days"};
    options.templates[SRV_LETTER_ABSENCE_STAFF] =
        (struct srv_template_options){"absence_staff", "en", "student"};
    options.templates[SRV_LETTER_CODE] = (struct srv_template_options){"login_code", "en_US", "code"};
    options.templates[SRV_LETTER_TEST] = (struct srv_template_options){"hello_world", "en_US", ""};
    return options;
}

static void open_provider(const char *base_url)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_whatsapp_options options = options_for(base_url);
    memset(&got, 0, sizeof got);
    provider = NULL;
    assert_int_equal(uv_loop_init(&loop), 0);
    if (srv_whatsapp_open(&loop, &options, &provider, &err) != CM_OK)
        fail_msg("%s", err.msg);
}

static void close_provider(void)
{
    srv_provider_close(provider);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0); /* no handle is left */
}

static void send_one(enum srv_letter_kind kind)
{
    struct srv_letter letter = {.kind = kind, .id = {1, 2, 3}, .to = "+919876543210"};
    for (int i = 0; i < SRV_WORDS; i++)
        srv_letter_set(&letter, (enum srv_word)i, "w");
    srv_letter_set(&letter, SRV_WORD_STUDENT, "Asha \"Ash\"\nRao");
    srv_letter_set(&letter, SRV_WORD_CODE, "123456");
    srv_provider_send(provider, &letter, take, NULL);
    assert_int_equal(got.count, 0);
    while (got.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(got.count, 1);
}

static void ask(enum srv_letter_kind kind, const char *answer, char *request, size_t size)
{
    struct http_double *server = http_double_start(&(struct http_script){.answer = answer, .close = true});
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", http_double_port(server));
    open_provider(url);
    send_one(kind);
    close_provider();
    snprintf(request, size, "%s", http_double_seen(server));
    http_double_stop(server);
}

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define OK_ANSWER    HEAD("200 OK") "\r\n{\"messages\":[{\"id\":\"wamid.X\",\"message_status\":\"accepted\"}]}"

static void what_is_sent(void **state)
{
    (void)state;
    char request[8192], want[200];
    ask(SRV_LETTER_ABSENCE, OK_ANSWER, request, sizeof request);
    assert_int_equal(got.carriage.what, SRV_CARRIED_SENT);
    assert_string_equal(got.id, "wamid.X");
    assert_non_null(strstr(request, "POST /v23.0/1234/messages HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "Authorization: Bearer secret-token\r\n"));
    snprintf(want, sizeof want, "%s",
             "\"biz_opaque_callback_data\":\"01020300-0000-0000-0000-000000000000\"");
    assert_non_null(strstr(request, want));
    assert_non_null(strstr(request, "\"to\":\"919876543210\""));
    assert_non_null(strstr(request, "{\"type\":\"text\",\"text\":\"w\"},{\"type\":\"text\",\"text\":\"Asha "
                                    "\\\"Ash\\\" Rao\"},{\"type\":\"text\",\"text\":\"w\"}]"));
    ask(SRV_LETTER_CODE, OK_ANSWER, request, sizeof request);
    assert_non_null(strstr(request, "\"sub_type\":\"url\""));
    ask(SRV_LETTER_TEST, OK_ANSWER, request, sizeof request);
    assert_non_null(strstr(request, "\"components\":[]"));
}

static void what_answers_are(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum srv_carried what;
        enum srv_carried_scope scope;
        bool admin;
        int64_t after_ms;
        int32_t code;
    } cases[] = {
        {HEAD("400 Bad Request") "\r\n{\"error\":{\"message\":\"m\",\"code\":131026,\"error_data\":{"
                                 "\"details\":\"d\"}}}",
         SRV_CARRIED_FINAL, SRV_SCOPE_MESSAGE, false, 0, 131026},
        {HEAD("400 Bad Request") "\r\n{\"error\":{\"code\":131047}}", SRV_CARRIED_FINAL, SRV_SCOPE_MESSAGE,
         false, 0, 131047},
        {HEAD("429 Too Many") "Retry-After: 7\r\n\r\n{\"error\":{\"code\":130429}}", SRV_CARRIED_RETRY,
         SRV_SCOPE_ALL, false, 7000, 130429},
        {HEAD("400 Bad Request") "\r\n{\"error\":{\"code\":131056}}", SRV_CARRIED_RETRY, SRV_SCOPE_MESSAGE,
         false, 6000, 131056},
        {HEAD("401 No") "\r\n{\"error\":{\"code\":190}}", SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, 3600000,
         190},
        {HEAD("404 No") "\r\n{\"error\":{\"code\":132001}}", SRV_CARRIED_RETRY, SRV_SCOPE_KIND, true, 3600000,
         132001},
        {HEAD("400 No") "\r\n{\"error\":{\"code\":100}}", SRV_CARRIED_FINAL, SRV_SCOPE_MESSAGE, false, 0,
         100},
        {HEAD("400 No") "\r\n{\"error\":{\"code\":777777}}", SRV_CARRIED_FINAL, SRV_SCOPE_MESSAGE, false, 0,
         777777},
        {HEAD("500 Oh") "\r\n{\"error\":{\"code\":777777}}", SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0,
         777777},
        {HEAD("500 Oh") "\r\noh", SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0, 500},
        {HEAD("503 Oh") "Retry-After: 3\r\n\r\n", SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 3000, 503},
        {HEAD("429 Oh") "\r\n", SRV_CARRIED_RETRY, SRV_SCOPE_ALL, false, 0, 429},
        {HEAD("401 No") "\r\n", SRV_CARRIED_RETRY, SRV_SCOPE_ALL, true, 3600000, 401},
        {HEAD("404 No") "\r\n<html>", SRV_CARRIED_FINAL, SRV_SCOPE_MESSAGE, false, 0, 404},
        /* a gateway that gave up, and answers that say nothing: it may have been sent */
        {HEAD("504 Oh") "\r\n<html>", SRV_CARRIED_UNKNOWN, SRV_SCOPE_MESSAGE, false, 0, 504},
        {HEAD("502 Oh") "\r\n", SRV_CARRIED_UNKNOWN, SRV_SCOPE_MESSAGE, false, 0, 502},
        {HEAD("200 OK") "\r\n{}", SRV_CARRIED_UNKNOWN, SRV_SCOPE_MESSAGE, false, 0, 200},
        {HEAD("200 OK") "\r\n{\"messages\":", SRV_CARRIED_UNKNOWN, SRV_SCOPE_MESSAGE, false, 0, 200},
        {HEAD("200 OK") "\r\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", SRV_CARRIED_UNKNOWN, SRV_SCOPE_MESSAGE,
         false, 0, 200},
        {"", SRV_CARRIED_UNKNOWN, SRV_SCOPE_ALL, false, 0, 0}, /* dropped after it was taken */
        {HEAD("200 OK") "Content-Length: 100\r\n\r\n{", SRV_CARRIED_UNKNOWN, SRV_SCOPE_ALL, false, 0, 0},
    };
    char request[8192];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("case %.60s\n", cases[i].answer);
        ask(SRV_LETTER_ABSENCE, cases[i].answer, request, sizeof request);
        assert_int_equal(got.carriage.what, cases[i].what);
        assert_int_equal(got.carriage.scope, cases[i].scope);
        assert_int_equal(got.carriage.admin, cases[i].admin);
        assert_int_equal(got.carriage.after_ms, cases[i].after_ms);
        assert_int_equal(got.carriage.code, cases[i].code);
    }
}

static void nobody_there(void **state)
{
    (void)state;
    open_provider("http://127.0.0.1:1");
    send_one(SRV_LETTER_ABSENCE);
    assert_int_equal(got.carriage.what, SRV_CARRIED_NOT_SENT);
    close_provider();
    open_provider("https://no-such-host.invalid");
    send_one(SRV_LETTER_ABSENCE);
    assert_int_equal(got.carriage.what, SRV_CARRIED_NOT_SENT);
    close_provider();
}

static void settings(void **state)
{
    (void)state;
    uv_loop_t own;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(uv_loop_init(&own), 0);
    for (int i = 0; i < 8; i++) {
        struct srv_whatsapp_options options = options_for("https://graph.facebook.com");
        provider = NULL;
        switch (i) {
        case 0:
            options.base_url = "http://graph.example.org";
            break;
        case 1:
            options.api_version = "v23.0/../x";
            break;
        case 2:
            options.phone_id = "";
            break;
        case 3:
            options.token = "";
            break;
        case 4:
            options.token = "a\r\nHost: b";
            break;
        case 5:
            options.templates[SRV_LETTER_CODE].name = "";
            break;
        case 6:
            options.templates[SRV_LETTER_ABSENCE].words = "student,pupil";
            break;
        default:
            break;
        }
        assert_int_equal(srv_whatsapp_open(&own, &options, &provider, &err), i < 7 ? CM_INVALID : CM_OK);
        print_message("%s\n", err.msg);
        srv_provider_close(provider);
    }
    uv_run(&own, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&own), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent),
        cmocka_unit_test(what_answers_are),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
