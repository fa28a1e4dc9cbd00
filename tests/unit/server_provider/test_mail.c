/* A mail's text: what it says comes through whole, and nothing of it can become a header. */
#include "unit.h"

#include "provider/provider.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NOW_MS INT64_C(1795404100000) /* Mon, 23 Nov 2026 03:21:40 UTC */

static struct srv_letter letter_for(const char *to, const char *student)
{
    struct srv_letter letter = {.kind = SRV_LETTER_ABSENCE};
    snprintf(letter.to, sizeof letter.to, "%s", to);
    for (int i = 0; i < SRV_WORDS; i++)
        srv_letter_set(&letter, (enum srv_word)i, "w");
    srv_letter_set(&letter, SRV_WORD_STUDENT, student);
    return letter;
}

/* The base64 lines after the empty one, decoded. */
static void decode_body(const char *mail, char *out, size_t size)
{
    const char *body = strstr(mail, "\r\n\r\n");
    size_t length = 0;
    assert_non_null(body);
    assert_int_equal(sodium_base642bin((uint8_t *)out, size - 1, body + 4, strlen(body + 4), "\r\n", &length,
                                       NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    out[length] = '\0';
}

static void a_mail(void **state)
{
    (void)state;
    struct srv_letter letter =
        letter_for("mo@example.org", "प्रिया शर्मा, a name that is long enough for two words of a header");
    struct cm_buf mail;
    char body[4096];
    cm_buf_init(&mail, 32 * 1024);
    assert_int_equal(srv_mail_text(&letter, "school@example.org", NOW_MS, &mail, NULL), CM_OK);
    const char *text = (const char *)mail.data;
    assert_non_null(strstr(text, "From: <school@example.org>\r\nTo: <mo@example.org>\r\n"
                                 "Date: Mon, 23 Nov 2026 03:21:40 +0000\r\nSubject: =?utf-8?B?"));
    assert_non_null(strstr(text, "\r\nMessage-ID: <00000000-0000-0000-0000-000000000000@example.org>\r\n"));
    decode_body(text, body, sizeof body);
    assert_non_null(strstr(body, "प्रिया शर्मा, a name"));
    for (const char *line = text; *line != '\0';) { /* of ASCII, of at most 998 bytes, and ended properly */
        const char *end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= 78);
        for (; line < end; line++)
            assert_true(*line >= ' ' && *line < 0x7f);
        line = end + 2;
    }
    cm_buf_finish(&mail);
}

static void nothing_becomes_a_header(void **state)
{
    (void)state;
    struct srv_letter letter = letter_for("mo@example.org", "Asha\r\nBcc: x@example.org\r\n\r\nbody");
    struct cm_buf mail;
    strcpy(letter.words[SRV_WORD_STUDENT],
           "Asha\r\nBcc: x@example.org\r\n\r\nbody"); /* even past srv_letter_set */
    cm_buf_init(&mail, 32 * 1024);
    assert_int_equal(srv_mail_text(&letter, "school@example.org", NOW_MS, &mail, NULL), CM_OK);
    assert_null(strstr((const char *)mail.data, "Bcc"));
    cm_buf_finish(&mail);
    static const char *const bad[] = {"mo@example.org>\r\nBcc: <x@example.org", "", "mo", "a b@example.org",
                                      "mo@example.org\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        letter = letter_for(bad[i], "Asha");
        cm_buf_init(&mail, 32 * 1024);
        assert_int_equal(srv_mail_text(&letter, "school@example.org", NOW_MS, &mail, NULL), CM_INVALID);
        assert_int_equal(mail.size, 0);
        cm_buf_finish(&mail);
    }
}

static void settings(void **state)
{
    (void)state;
    static const struct {
        struct srv_smtp_options options;
        bool fine;
    } cases[] = {
        {{.url = "smtps://mail.example.org", .from = "a@example.org"}, true},
        {{.url = "mail.example.org", .from = "a@example.org", .user = "u", .password = "p"}, true},
        {{.url = "smtp://mail.example.org:587", .from = "a@example.org"}, true},
        {{.url = "http://mail.example.org", .from = "a@example.org"}, false},
        {{.url = "smtps://u:p@mail.example.org", .from = "a@example.org"}, false},
        {{.url = "smtps://mail.example.org", .from = ""}, false},
        {{.url = "smtps://mail.example.org", .from = "a@example.org", .user = "u"}, false},
        {{.url = "smtps://mail.example.org", .from = "a@example.org", .user = "u\r\n", .password = "p"},
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uv_loop_t loop;
        struct srv_provider *provider = NULL;
        struct srv_smtp_options options = cases[i].options;
        struct cm_err err = CM_ERR_INIT;
        options.clock = cm_clock_system();
        assert_int_equal(uv_loop_init(&loop), 0);
        enum cm_code code = srv_smtp_open(&loop, &options, &provider, &err);
        print_message("case %zu: %s\n", i, err.msg);
        assert_int_equal(code, cases[i].fine ? CM_OK : CM_INVALID);
        srv_provider_close(provider);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail),
        cmocka_unit_test(nothing_becomes_a_header),
        cmocka_unit_test(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
