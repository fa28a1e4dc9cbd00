#include "unit.h"

#include "api/attendance_csv.h"
#include "api/reply.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void values(void **state)
{
    (void)state;
    struct srv_reply out;
    struct cm_zone *zone = NULL;
    assert_int_equal(cm_zone_open("Asia/Kolkata", &zone, NULL), CM_OK);
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_null(&out, "a");
    srv_reply_bool(&out, "b", true);
    srv_reply_bool(&out, "c", false);
    srv_reply_int(&out, "d", 0);
    srv_reply_int(&out, "e", INT64_MIN);
    srv_reply_int(&out, "f", INT64_MAX);
    srv_reply_real(&out, "g", 0.5, 4);
    srv_reply_real(&out, "h", -0.00004, 4);
    srv_reply_real(&out, "i", -12.34567, 2);
    srv_reply_real(&out, "j", (double)NAN, 4);
    srv_reply_real(&out, "k", (double)INFINITY, 4);
    srv_reply_real(&out, "l", 0.99999, 4);
    srv_reply_text(&out, "m", NULL);
    srv_reply_text(&out, "n", "");
    srv_reply_words(&out, "o", "");
    srv_reply_date(&out, "p", 20261123);
    srv_reply_date(&out, "q", 0);
    srv_reply_minute(&out, "r", 525);
    srv_reply_instant(&out, "s", zone, 1795403500123);
    srv_reply_instant(&out, "t", zone, 0);
    srv_reply_list(&out, "u");
    srv_reply_begin(&out, NULL);
    srv_reply_end(&out);
    srv_reply_int(&out, NULL, 1);
    srv_reply_list(&out, NULL);
    srv_reply_list_end(&out);
    srv_reply_list_end(&out);
    srv_reply_end(&out);
    assert_false(out.failed);
    assert_string_equal(
        (const char *)out.buf.data,
        "{\"a\":null,\"b\":true,\"c\":false,\"d\":0,\"e\":-9223372036854775808,"
        "\"f\":9223372036854775807,\"g\":0.5000,\"h\":0.0000,\"i\":-12.35,\"j\":null,\"k\":null,"
        "\"l\":1.0000,\"m\":null,\"n\":\"\",\"o\":null,\"p\":\"2026-11-23\",\"q\":null,"
        "\"r\":\"08:45\",\"s\":\"2026-11-23T08:41:40.123+05:30\",\"t\":null,\"u\":[{},1,[]]}");
    srv_reply_finish(&out);
    cm_zone_close(zone);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    struct srv_reply out;
    char all[0x80];
    for (int i = 1; i < 0x80; i++)
        all[i - 1] = (char)i;
    all[0x7f] = '\0';
    srv_reply_init(&out);
    srv_reply_text(&out, NULL, all);
    srv_reply_text(&out, NULL, "मीरा \"शर्मा\"\\ </script>");
    assert_non_null(
        strstr((const char *)out.buf.data,
               "\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\u0008\\t\\n\\u000b\\u000c\\r"));
    assert_non_null(strstr((const char *)out.buf.data, "!\\\"#"));
    assert_non_null(strstr((const char *)out.buf.data, "[\\\\]"));
    assert_non_null(strstr((const char *)out.buf.data, "~\\u007f\""));
    assert_non_null(strstr((const char *)out.buf.data, ",\"मीरा \\\"शर्मा\\\"\\\\ </script>\""));
    srv_reply_finish(&out);
}

static void too_much_is_remembered(void **state)
{
    (void)state;
    struct srv_reply out;
    srv_reply_init(&out);
    out.buf.max = 10;
    srv_reply_text(&out, NULL, "1234");
    assert_false(out.failed);
    srv_reply_text(&out, NULL, "1234");
    assert_true(out.failed);
    srv_reply_finish(&out);
}

static void cells(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cell;
    } cases[] = {
        {"", ","},
        {"Asha", "Asha,"},
        {"Sen, Ravi", "\"Sen, Ravi\","},
        {"say \"hi\"", "\"say \"\"hi\"\"\","},
        {"two\nlines", "\"two\nlines\","},
        {"=1+1", "'=1+1,"},
        {"+91", "'+91,"},
        {"-3", "'-3,"},
        {"@SUM(A1)", "'@SUM(A1),"},
        {"\t=1", "\"'\t=1\","},
        {"\r=1", "\"'\r=1\","},
        {"=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\","},
        {"a=1", "a=1,"},
        {"'=1", "'=1,"},
        {"a;=1;b", "\"a;'=1;b\","}, /* where ";" separates */
        {"a; \"=1;", "\"a; \"\"'=1;\","},
        {"\uff1d1", "'\uff1d1,"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_buf buf;
        cm_buf_init(&buf, 1000);
        assert_int_equal(srv_csv_cell(&buf, cases[i].text, ","), CM_OK);
        assert_string_equal((const char *)buf.data, cases[i].cell);
        cm_buf_finish(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(too_much_is_remembered),
        cmocka_unit_test(cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
