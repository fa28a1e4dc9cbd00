#include "base/date.h"

#include "unit.h"

static void test_validity(void **state)
{
    (void)state;
    static const struct {
        int32_t date;
        bool valid;
    } cases[] = {
        {20261123, true},   {20240229, true},   {20260229, false}, {20000229, true},  {19000229, false},
        {21000229, false},  {10101, true},      {99991231, true},  {0, false},        {-20261123, false},
        {101, false},       {20260431, false},  {20261301, false}, {20260001, false}, {20260100, false},
        {INT32_MAX, false}, {INT32_MIN, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cm_date_valid(cases[i].date), cases[i].valid);
    assert_int_equal(cm_date_make(2026, 11, 23), 20261123);
    assert_int_equal(cm_date_make(2026, 2, 29), 0);
    assert_int_equal(cm_date_make(10000, 1, 1), 0);
}

static void test_every_day_follows_the_one_before(void **state)
{
    (void)state;
    int32_t expected_year = 1, expected_month = 1, expected_day = 1;
    for (int32_t day = CM_DAY_FIRST; day <= CM_DAY_LAST; day++) {
        int32_t date = cm_date_of_day(day);
        if (date != expected_year * 10000 + expected_month * 100 + expected_day ||
            cm_date_day_number(date) != day)
            fail_msg("day %d is %d", (int)day, (int)date);
        expected_day++;
        if (cm_date_make(expected_year, expected_month, expected_day) == 0) {
            expected_day = 1;
            expected_month++;
        }
        if (expected_month == 13) {
            expected_month = 1;
            expected_year++;
        }
    }
    assert_int_equal(expected_year, 10000);
}

static void test_arithmetic(void **state)
{
    (void)state;
    assert_int_equal(cm_date_day_number(19700101), 0);
    assert_int_equal(cm_date_add(20261231, 1), 20270101);
    assert_int_equal(cm_date_add(20240228, 1), 20240229);
    assert_int_equal(cm_date_add(20240301, -1), 20240229);
    assert_int_equal(cm_date_add(20250228, 1), 20250301);
    assert_int_equal(cm_date_add(99991231, 1), 99991231);
    assert_int_equal(cm_date_add(10101, INT32_MIN), 10101);
    assert_int_equal(cm_date_add(20260101, INT32_MAX), 99991231);
    assert_int_equal(cm_date_days_between(20240101, 20250101), 366);
    assert_int_equal(cm_date_days_between(20250101, 20240101), -366);
    assert_int_equal(cm_date_weekday(20261123), 0);
    assert_int_equal(cm_date_weekday(20261122), 6);
    assert_int_equal(cm_date_weekday(19700101), 3);
    assert_int_equal(cm_date_weekday(10101), 0);
}

static void test_text(void **state)
{
    (void)state;
    char iso[CM_DATE_ISO_SIZE], brief[CM_DATE_SHORT_SIZE], minute[CM_MINUTE_TEXT_SIZE];
    assert_string_equal(cm_date_iso(20261123, iso), "2026-11-23");
    assert_string_equal(cm_date_iso(10203, iso), "0001-02-03");
    assert_string_equal(cm_date_iso(20260230, iso), "?");
    assert_string_equal(cm_date_short(20261123, brief), "Mon 23 Nov");
    assert_string_equal(cm_date_short(20260101, brief), "Thu 01 Jan");
    assert_string_equal(cm_date_short(0, brief), "?");
    assert_string_equal(cm_minute_text(532, minute), "08:52");
    assert_string_equal(cm_minute_text(1439, minute), "23:59");
    assert_string_equal(cm_minute_text(1440, minute), "?");
    assert_string_equal(cm_minute_text(-1, minute), "?");
    assert_string_equal(cm_weekday_name(6), "Sun");
    assert_string_equal(cm_weekday_name(7), "?");
}

static void test_parsing_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t date; /* 0: refused */
    } dates[] = {
        {"2026-11-23", 20261123}, {"2024-02-29", 20240229},
        {"0001-01-01", 10101},    {"2026-02-29", 0},
        {"2026-1-23", 0},         {"2026-11-23 ", 0},
        {" 2026-11-23", 0},       {"2026/11/23", 0},
        {"20261123", 0},          {"", 0},
        {"2026-11-2x", 0},        {"+026-11-23", 0},
        {"2026--1-23", 0},        {"0000-01-01", 0},
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        int32_t date = 7;
        enum cm_code code = cm_date_parse(dates[i].text, &date, NULL);
        assert_int_equal(code, dates[i].date != 0 ? CM_OK : CM_INVALID);
        assert_int_equal(date, dates[i].date != 0 ? dates[i].date : 7);
    }
    static const struct {
        const char *text;
        int32_t minute; /* -1: refused */
    } minutes[] = {
        {"08:52", 532}, {"8:52", 532}, {"00:00", 0},  {"23:59", 1439}, {"24:00", -1},
        {"08:60", -1},  {"8:5", -1},   {":30", -1},   {"", -1},        {"0852", -1},
        {"08:52 ", -1}, {"-8:52", -1}, {"08:5x", -1}, {"108:52", -1},
    };
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
        int32_t minute = -1;
        enum cm_code code = cm_minute_parse(minutes[i].text, &minute, NULL);
        assert_int_equal(code, minutes[i].minute >= 0 ? CM_OK : CM_INVALID);
        assert_int_equal(minute, minutes[i].minute);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validity),          cmocka_unit_test(test_every_day_follows_the_one_before),
        cmocka_unit_test(test_arithmetic),        cmocka_unit_test(test_text),
        cmocka_unit_test(test_parsing_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
