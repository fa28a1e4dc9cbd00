#include "base/tzif.h"

#include "base/buf.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void put_u32(struct cm_buf *file, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};
    cm_buf_append(file, bytes, sizeof bytes);
}

static void put_header(struct cm_buf *file, uint32_t leaps, uint32_t times, uint32_t types)
{
    cm_buf_append(file, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    put_u32(file, 0);
    put_u32(file, 0);
    put_u32(file, leaps);
    put_u32(file, times);
    put_u32(file, types);
    put_u32(file, 4);
}

/* One change at 1000 s, from offset 600 to 1200, then the rule. */
static void make_file(struct cm_buf *file, const char *rule)
{
    cm_buf_init(file, 4096);
    put_header(file, 0, 0, 1);
    cm_buf_append(file, "\0\0\0\0\0\0ABC\0", 10);
    put_header(file, 0, 1, 2);
    cm_buf_append(file, "\0\0\0\0\0\0\x03\xE8\x01", 9);
    cm_buf_append(file, "\0\0\x02\x58\0\0\0\0\x04\xB0\0\0ABC\0", 16);
    cm_buf_appendf(file, "\n%s\n", rule);
}

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        int64_t at_s;
        int32_t offset_s;
    } cases[] = {
        {"", 999, 600},
        {"", 1000, 1200},
        {"", 4000000000, 1200},
        {"ABC-1", 4000000000, 3600},
        {"ABC+1:30", 4000000000, -5400},
        {"<+0530>-5:30", 4000000000, 19800},
        {"<-03>3", 4000000000, -10800},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1774745999, 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 1774746000, 7200},
        {"CET-1CEST-3,M3.5.0,M10.5.0/3", 1774746000, 10800},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", 1767225600, 39600}, /* 1 January 2026, south */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", 1782864000, 36000}, /* 1 July */
        {"AAA0BBB,J60/0,J61/0", 1772323199, 0},              /* J60 is 1 March, 2026 … */
        {"AAA0BBB,J60/0,J61/0", 1772323200, 3600},
        {"AAA0BBB,J60/0,J61/0", 1709251200, 3600},              /* … and 2024, the leap day not counted */
        {"AAA0BBB,J60/0,J61/0", 1709164800, 0},                 /* 29 February 2024 */
        {"AAA0BBB,59/0,60/0", 1709164800, 3600},                /* counted from 0, with the leap day */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774745999, -7200}, /* the Saturday evening before */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774746000, -3600},
        {"XXX3EDT4,0/0,J365/23", 1774746000, -14400}, /* summer all the year */
        {"XXX3EDT4,0/0,J365/23", 1767236400, -14400},
        {"AAA0BBB,M2.5.4,M12.5.4", 1769998800, 0}, /* 2 February 2026; the last Thursday is the 26th */
        {"AAA0BBB,M2.5.4,M12.5.4", 1772071200, 3600},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_buf file;
        struct cm_tzif tzif;
        make_file(&file, cases[i].rule);
        assert_int_equal(cm_tzif_parse((char *)file.data, file.size, &tzif, NULL), CM_OK);
        int32_t offset_s = cm_tzif_offset_s(&tzif, cases[i].at_s);
        if (offset_s != cases[i].offset_s)
            fail_msg("\"%s\" at %lld: %d", cases[i].rule, (long long)cases[i].at_s, (int)offset_s);
        cm_tzif_finish(&tzif);
        cm_buf_finish(&file);
    }
}

static void test_damaged_rules(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "A-1",
        "ABC",
        "ABC-25",
        "ABC-1:60",
        "ABC-1:",
        "<ABC-1",
        "ABC-1x",
        "ABC-1DEF",
        "ABC-1DEF,M3.5.0",
        "ABC-1DEF,M13.1.0,M10.5.0",
        "ABC-1DEF,M0.1.0,M10.5.0",
        "ABC-1DEF,M3.6.0,M10.5.0",
        "ABC-1DEF,M3.0.0,M10.5.0",
        "ABC-1DEF,M3.5.7,M10.5.0",
        "ABC-1DEF,J0,J5",
        "ABC-1DEF,J366,J5",
        "ABC-1DEF,366,5",
        "ABC-1DEF,M3.5.0/168,M10.5.0",
        "ABC-1DEF,M3.5.0,M10.5.0,",
        "ABC-99999999999999",
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct cm_buf file;
        struct cm_tzif tzif;
        make_file(&file, rules[i]);
        if (cm_tzif_parse((char *)file.data, file.size, &tzif, NULL) != CM_CORRUPT)
            fail_msg("\"%s\" was accepted", rules[i]);
        cm_buf_finish(&file);
    }
}

/* A copy of exactly that size: the sanitizer sees a read past the end. */
static enum cm_code parse_exactly(const uint8_t *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    struct cm_tzif tzif;
    memcpy(copy, data, size);
    enum cm_code code = cm_tzif_parse(copy, size, &tzif, NULL);
    if (code == CM_OK) {
        (void)cm_tzif_offset_s(&tzif, -1000);
        (void)cm_tzif_offset_s(&tzif, 4000000000);
        cm_tzif_finish(&tzif);
    }
    free(copy);
    return code;
}

static void test_damaged_files(void **state)
{
    (void)state;
    struct cm_buf file;
    make_file(&file, "CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t size = 0; size < file.size; size++)
        assert_int_equal(parse_exactly(file.data, size), CM_CORRUPT);
    for (size_t at = 0; at < file.size; at++) {
        uint8_t good = file.data[at];
        for (int value = 0; value < 256; value += 15) {
            file.data[at] = (uint8_t)value;
            (void)parse_exactly(file.data, file.size);
        }
        file.data[at] = good;
    }
    assert_int_equal(parse_exactly(file.data, file.size), CM_OK);
    file.data[4] = '\0'; /* version 1 */
    assert_int_equal(parse_exactly(file.data, file.size), CM_CORRUPT);
    cm_buf_finish(&file);
}

static void test_leap_seconds_are_refused(void **state)
{
    (void)state;
    struct cm_buf file;
    struct cm_tzif tzif;
    struct cm_err err = CM_ERR_INIT;
    cm_buf_init(&file, 4096);
    put_header(&file, 0, 0, 1);
    cm_buf_append(&file, "\0\0\0\0\0\0ABC\0", 10);
    put_header(&file, 1, 0, 1);
    cm_buf_append(&file, "\0\0\0\0\0\0ABC\0\0\0\0\0\0\0\0\0\0\0\0\1\nABC0\n", 28);
    assert_int_equal(cm_tzif_parse((char *)file.data, file.size, &tzif, &err), CM_INVALID);
    assert_string_equal(err.msg, "the time zone counts leap seconds");
    cm_buf_finish(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_damaged_rules),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_leap_seconds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
