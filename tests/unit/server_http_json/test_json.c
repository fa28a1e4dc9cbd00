#include "http_json/json.h"

#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- loading ---- */
static void loads_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cm_code code;
    } cases[] = {
        {"{}", CM_OK},
        {"[1,2]", CM_OK},
        {"{\"a\":1,\"a\":2}", CM_INVALID},
        {"{} x", CM_INVALID},
        {"", CM_INVALID},
        {"{\"a\":\"\\u0000\"}", CM_INVALID},
        {"{\"a\":\"\xff\"}", CM_INVALID},
        {"{'a':1}", CM_INVALID},
        {"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", CM_OK},
        {"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", CM_INVALID},
        {"[\"[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\"]", CM_OK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *value = NULL;
        struct cm_err err = CM_ERR_INIT;
        enum cm_code code =
            srv_json_load((const uint8_t *)cases[i].text, strlen(cases[i].text), &value, &err);
        if (code != cases[i].code)
            fail_msg("%s: %s", cases[i].text, err.msg);
        json_decref(value);
    }
}

/* What was sent may hold a password: no sentence quotes it. */
static void errors_quote_nothing(void **state)
{
    (void)state;
    static const char text[] = "{\"password\":hunter2secret}";
    json_t *value = NULL;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(srv_json_load((const uint8_t *)text, strlen(text), &value, &err), CM_INVALID);
    assert_null(strstr(err.msg, "hunter2"));
}

/* ---- fields ---- */
struct form {
    char name[8], note[16], secret[16];
    bool flag, flag_given;
    int64_t number;
    int32_t date, minute;
    char lines[3][8];
    int line_count;
    json_t *value;
};

static enum cm_code read_form(const char *text, struct form *form, struct srv_json_problem *problem)
{
    const struct srv_json_field fields[] = {
        {.name = "name",
         .type = SRV_JSON_LINE,
         .required = true,
         .ret = form->name,
         .size = 8,
         .min = 2,
         .max = 4},
        {.name = "note", .type = SRV_JSON_NOTE, .nullable = true, .ret = form->note, .size = 16},
        {.name = "secret", .type = SRV_JSON_SECRET, .ret = form->secret, .size = 16},
        {.name = "flag", .type = SRV_JSON_BOOL, .ret = &form->flag, .ret_given = &form->flag_given},
        {.name = "number", .type = SRV_JSON_INT, .ret = &form->number, .min = -5, .max = 5},
        {.name = "date", .type = SRV_JSON_DATE, .nullable = true, .ret = &form->date},
        {.name = "minute", .type = SRV_JSON_MINUTE, .ret = &form->minute},
        {.name = "lines",
         .type = SRV_JSON_LINES,
         .nullable = true,
         .ret = form->lines,
         .size = 8,
         .max = 3,
         .ret_count = &form->line_count},
        {.name = "value", .type = SRV_JSON_VALUE, .ret = &form->value},
    };
    return srv_json_read((const uint8_t *)text, strlen(text), fields, sizeof(fields) / sizeof(fields[0]),
                         problem);
}

static void reads_every_type(void **state)
{
    (void)state;
    struct form form = {.number = 9};
    struct srv_json_problem problem;
    assert_int_equal(read_form("{\"name\":\"  Äbc \",\"note\":\"a\\nb\",\"secret\":\" x \",\"flag\":true,"
                               "\"number\":-5,\"date\":\"2026-11-23\",\"minute\":\"08:45\","
                               "\"lines\":[\"10-A\",\" 10-B \"],\"value\":[1]}",
                               &form, &problem),
                     CM_OK);
    assert_string_equal(form.name, "Äbc");
    assert_string_equal(form.note, "a\nb");
    assert_string_equal(form.secret, " x ");
    assert_true(form.flag && form.flag_given);
    assert_int_equal(form.number, -5);
    assert_int_equal(form.date, 20261123);
    assert_int_equal(form.minute, 8 * 60 + 45);
    assert_int_equal(form.line_count, 2);
    assert_string_equal(form.lines[1], "10-B");
    assert_int_equal(json_array_size(form.value), 1);
    json_decref(form.value);
}

static void null_empties_what_may_be_null(void **state)
{
    (void)state;
    struct form form = {.note = "old", .date = 20260101, .line_count = 2};
    struct srv_json_problem problem;
    assert_int_equal(
        read_form("{\"name\":\"ab\",\"note\":null,\"date\":null,\"lines\":null}", &form, &problem), CM_OK);
    assert_string_equal(form.note, "");
    assert_int_equal(form.date, 0);
    assert_int_equal(form.line_count, 0);
    assert_false(form.flag_given);
}

static void refuses_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        const char *field;
    } cases[] = {
        {"", 422, "name"},
        {"{", 400, ""},
        {"[]", 400, ""},
        {"{}", 422, "name"},
        {"{\"name\":\"abcd\",\"extra\":1}", 422, "extra"},
        {"{\"name\":\"ab\",\"\\u001b[2J\":1}", 422, "\\u{1b}[2J"},
        {"{\"name\":7}", 422, "name"},
        {"{\"name\":null}", 422, "name"},
        {"{\"name\":\"a\"}", 422, "name"},
        {"{\"name\":\"   \"}", 422, "name"},
        {"{\"name\":\"abcde\"}", 422, "name"},
        {"{\"name\":\"ÄÄÄÄ\"}", 422, "name"}, /* 8 bytes, and the NUL */
        {"{\"name\":\"a\\nb\"}", 422, "name"},
        {"{\"name\":\"a\\u202eb\"}", 422, "name"},
        {"{\"name\":\"ab\",\"note\":\"\\u001b\"}", 422, "note"},
        {"{\"name\":\"ab\",\"secret\":\"a\\tb\"}", 422, "secret"},
        {"{\"name\":\"ab\",\"flag\":1}", 422, "flag"},
        {"{\"name\":\"ab\",\"number\":6}", 422, "number"},
        {"{\"name\":\"ab\",\"number\":1.0}", 422, "number"},
        {"{\"name\":\"ab\",\"date\":\"2026-02-30\"}", 422, "date"},
        {"{\"name\":\"ab\",\"minute\":\"24:00\"}", 422, "minute"},
        {"{\"name\":\"ab\",\"lines\":[\"a\",\"b\",\"c\",\"d\"]}", 422, "lines"},
        {"{\"name\":\"ab\",\"lines\":[\"a\",\" a\"]}", 422, "lines"},
        {"{\"name\":\"ab\",\"lines\":[\"\"]}", 422, "lines"},
        {"{\"name\":\"ab\",\"lines\":\"a\"}", 422, "lines"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct form form = {.name = "before", .number = 9};
        struct srv_json_problem problem = {.status = 0};
        if (read_form(cases[i].text, &form, &problem) != CM_INVALID)
            fail_msg("taken: %s", cases[i].text);
        if (problem.status != cases[i].status || strcmp(problem.field, cases[i].field) != 0)
            fail_msg("%s: %d \"%s\" %s", cases[i].text, problem.status, problem.field, problem.message);
        assert_string_equal(form.name, "before"); /* untouched */
        assert_int_equal(form.number, 9);
    }
}

/* ---- values ---- */
static void prints_times(void **state)
{
    (void)state;
    struct cm_zone *zone = NULL;
    if (cm_zone_open("Asia/Kolkata", &zone, NULL) != CM_OK)
        skip();
    json_t *all = json_pack("[o,o,o,o,o]", srv_json_instant(zone, 1795404100123), srv_json_instant(zone, 0),
                            srv_json_date(20261123), srv_json_date(0), srv_json_text(""));
    char *text = json_dumps(all, JSON_COMPACT);
    assert_string_equal(text, "[\"2026-11-23T08:51:40.123+05:30\",null,\"2026-11-23\",null,null]");
    free(text);
    json_decref(all);
    cm_zone_close(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_strictly),   cmocka_unit_test(errors_quote_nothing),
        cmocka_unit_test(reads_every_type), cmocka_unit_test(null_empties_what_may_be_null),
        cmocka_unit_test(refuses_by_name),  cmocka_unit_test(prints_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
