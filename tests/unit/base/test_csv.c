#include "base/csv.h"

#include "unit.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) literal, sizeof(literal) - 1

/* Records as "line:[field][field] …", then the end: "." or the error. */
static void describe(const char *data, size_t size, char *out, size_t out_size)
{
    struct cm_csv csv;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code;
    size_t used = 0;
    char *exact = calloc(size + 1, 1); /* no NUL after the data: the sanitizer sees a read past the end */
    memcpy(exact, data, size);
    char *shrunk = realloc(exact, size > 0 ? size : 1);
    cm_csv_init(&csv, shrunk, size);
    while ((code = cm_csv_next(&csv, &err)) == CM_OK) {
        used += (size_t)snprintf(out + used, out_size - used, "%zu:", csv.line);
        for (size_t i = 0; i < csv.field_count; i++) {
            assert_int_equal(strlen(csv.field[i].text), csv.field[i].length);
            used += (size_t)snprintf(out + used, out_size - used, "[%s]", csv.field[i].text);
        }
        used += (size_t)snprintf(out + used, out_size - used, " ");
    }
    assert_int_equal(csv.field_count, 0);
    assert_int_equal(cm_csv_next(&csv, NULL), code);
    snprintf(out + used, out_size - used, "%s", code == CM_EOF ? "." : err.msg);
    cm_csv_finish(&csv);
    free(shrunk);
}

static void test_records(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t size;
        const char *expected;
    } cases[] = {
        {TEXT(""), "."},
        {TEXT("\xEF\xBB\xBF"), "."},
        {TEXT("\n\r\n\n"), "."},
        {TEXT("a"), "1:[a] ."},
        {TEXT("a\n"), "1:[a] ."},
        {TEXT("a,b\r\nc,d\r\n"), "1:[a][b] 2:[c][d] ."},
        {TEXT("a,b\nc,d"), "1:[a][b] 2:[c][d] ."},
        {TEXT("\xEF\xBB\xBFid,name\n1,Zoë\n"), "1:[id][name] 2:[1][Zoë] ."},
        {TEXT(","), "1:[][] ."},
        {TEXT("a,\n"), "1:[a][] ."},
        {TEXT(",,\n,"), "1:[][][] 2:[][] ."},
        {TEXT("\"\"\n"), "1:[] ."},
        {TEXT("\"a\"\"b\",\"\"\"\"\n"), "1:[a\"b][\"] ."},
        {TEXT("\"a,b\",\"c\nd\"\ne\n"), "1:[a,b][c\nd] 3:[e] ."},
        {TEXT("\"x\r\ny\",z\r\n\r\nw\r\n"), "1:[x\r\ny][z] 4:[w] ."},
        {TEXT(" a , \"b\n"),
         "line 1: a quote inside an unquoted field (quote the field, and double the quote)"},
        {TEXT(" a , b \n"), "1:[ a ][ b ] ."},
        {TEXT("a\nb,\"c\n\nd"), "1:[a] line 2: a quoted field is never closed"},
        {TEXT("\"a\nb\"c\n"), "line 2: text after the closing quote of a field"},
        {TEXT("\"a\" ,b\n"), "line 1: text after the closing quote of a field"},
        {TEXT("\"a\"\r"), "line 1: text after the closing quote of a field"},
        {TEXT("a\rb\r"), "line 1: a carriage return without a line feed"},
        {TEXT("a\r"), "line 1: a carriage return without a line feed"},
        {TEXT("a\nb\0c\n"), "1:[a] line 2: a NUL byte (is this a CSV file?)"},
        {TEXT("a\nM\xFCller\n"), "1:[a] line 2: text that is not UTF-8 (save the file as \"CSV UTF-8\")"},
        {TEXT("a,\"\xC3\",\xBC"), "line 1: text that is not UTF-8 (save the file as \"CSV UTF-8\")"},
        {TEXT("\xFF\xFEi\0d\0"), "line 1: the file is UTF-16 (save it as \"CSV UTF-8\")"},
        {TEXT("\xFE\xFF\0i\0d"), "line 1: the file is UTF-16 (save it as \"CSV UTF-8\")"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char seen[512];
        describe(cases[i].data, cases[i].size, seen, sizeof seen);
        assert_string_equal(seen, cases[i].expected);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        size_t length; /* of the last of `fields` fields */
        int fields;
        bool quoted;
        const char *error;
    } cases[] = {
        {4096, 1, false, NULL},
        {4097, 1, false, "line 1: a field is longer than 4096 bytes"},
        {4096, 1, true, NULL},
        {4097, 1, true, "line 1: a field is longer than 4096 bytes"},
        {4096, 64, true, NULL},
        {1, 64, false, NULL},
        {1, 65, false, "line 1: more than 64 fields"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_buf text;
        struct cm_csv csv;
        struct cm_err err = CM_ERR_INIT;
        cm_buf_init(&text, 1 << 20);
        for (int f = 1; f <= cases[i].fields; f++) {
            cm_buf_append_text(&text, cases[i].quoted ? "\"" : "");
            for (size_t c = 0; c < cases[i].length; c++)
                cm_buf_append_text(&text, "x");
            cm_buf_append_text(&text, cases[i].quoted ? "\"" : "");
            cm_buf_append_text(&text, f < cases[i].fields ? "," : "\n");
        }
        cm_csv_init(&csv, (const char *)text.data, text.size);
        enum cm_code code = cm_csv_next(&csv, &err);
        if (cases[i].error == NULL) {
            assert_int_equal(code, CM_OK);
            assert_int_equal(csv.field_count, cases[i].fields);
            for (size_t f = 0; f < csv.field_count; f++)
                assert_int_equal(strlen(csv.field[f].text), cases[i].length);
        } else {
            assert_int_equal(code, CM_INVALID);
            assert_string_equal(err.msg, cases[i].error);
        }
        cm_csv_finish(&csv);
        cm_buf_finish(&text);
    }
}

static void test_columns_are_found_by_name(void **state)
{
    (void)state;
    static const char header[] = " Student_ID ,name,Class,\tNAME of parent";
    struct cm_csv csv;
    cm_csv_init(&csv, header, sizeof header - 1);
    assert_int_equal(cm_csv_next(&csv, NULL), CM_OK);
    assert_int_equal(cm_csv_column(&csv, "student_id"), 0);
    assert_int_equal(cm_csv_column(&csv, "Name"), 1);
    assert_int_equal(cm_csv_column(&csv, "class"), 2);
    assert_int_equal(cm_csv_column(&csv, "name of parent"), 3);
    assert_int_equal(cm_csv_column(&csv, "nam"), -1);
    assert_int_equal(cm_csv_column(&csv, ""), -1);
    cm_csv_finish(&csv);
    assert_int_equal(cm_csv_next(&csv, NULL), CM_EOF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_columns_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
