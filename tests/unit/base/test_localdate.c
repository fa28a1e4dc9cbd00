#include "base/localdate.h"

#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct cm_zone *open_zone(const char *name)
{
    struct cm_zone *zone = NULL;
    struct cm_err err = CM_ERR_INIT;
    if (cm_zone_open(name, &zone, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return zone;
}

static void test_instant_to_local(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int64_t wall_s;
        int32_t date, minute, second, weekday, offset_s;
    } cases[] = {
        {"Asia/Kolkata", 1795404127, 20261123, 532, 7, 0, 19800},
        {"Asia/Kolkata", 1795372199, 20261122, 1439, 59, 6, 19800},
        {"Asia/Kolkata", 1795372200, 20261123, 0, 0, 0, 19800},
        {"UTC", 0, 19700101, 0, 0, 3, 0},
        {"UTC", -1, 19691231, 1439, 59, 2, 0},
        /* Berlin 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC */
        {"Europe/Berlin", 1774745999, 20260329, 119, 59, 6, 3600},
        {"Europe/Berlin", 1774746000, 20260329, 180, 0, 6, 7200},
        {"Europe/Berlin", 1792889999, 20261025, 179, 59, 6, 7200},
        {"Europe/Berlin", 1792890000, 20261025, 120, 0, 6, 3600},
        {"America/New_York", 1772953199, 20260308, 119, 59, 6, -18000},
        {"America/New_York", 1772953200, 20260308, 180, 0, 6, -14400},
        {"America/New_York", 1793512800, 20261101, 60, 0, 6, -18000},
        /* Apia crossed the date line: after Thursday 29 December 2011 came Saturday the 31st */
        {"Pacific/Apia", 1325239199, 20111229, 1439, 59, 3, -36000},
        {"Pacific/Apia", 1325239200, 20111231, 0, 0, 5, 50400},
        /* beyond the file's table, by its rule */
        {"Europe/Berlin", 7930051200, 22210418, 120, 0, 2, 7200},
        {"Europe/Berlin", 7920000000, 22201222, 1020, 0, 4, 3600},
        {"Australia/Sydney", 7920000000, 22201223, 180, 0, 5, 39600}, /* summer across the new year */
        {"Asia/Kolkata", 7930051200, 22210418, 330, 0, 2, 19800},
        /* leap days */
        {"Asia/Kolkata", 1709164800, 20240229, 330, 0, 3, 19800},
        {"Asia/Kolkata", 951782400, 20000229, 330, 0, 1, 19800},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_zone *zone = open_zone(cases[i].zone);
        struct cm_local local = cm_zone_local(zone, cases[i].wall_s * 1000 + 789);
        if (local.date != cases[i].date || local.minute != cases[i].minute ||
            local.second != cases[i].second || local.weekday != cases[i].weekday ||
            local.offset_s != cases[i].offset_s || local.ms != 789)
            fail_msg("case %zu: %s %d %d:%d weekday %d offset %d ms %d", i, cases[i].zone, (int)local.date,
                     (int)local.minute, (int)local.second, (int)local.weekday, (int)local.offset_s,
                     (int)local.ms);
        assert_int_equal(cm_zone_date(zone, cases[i].wall_s * 1000), cases[i].date);
        cm_zone_close(zone);
    }
}

static void test_local_to_instant(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int32_t date, minute;
        int64_t wall_s;
    } cases[] = {
        {"Asia/Kolkata", 20261123, 532, 1795404120},
        {"Asia/Kolkata", 20261123, 0, 1795372200},
        {"Asia/Kolkata", 20261122, 1440, 1795372200},
        {"Asia/Kolkata", 20261124, -1440, 1795372200},
        {"Europe/Berlin", 20260329, 119, 1774745940},
        {"Europe/Berlin", 20260329, 120, 1774746000}, /* skipped: 02:00 is 03:00 … */
        {"Europe/Berlin", 20260329, 150, 1774747800}, /* … and 02:30 is 03:30 */
        {"Europe/Berlin", 20260329, 180, 1774746000},
        {"Europe/Berlin", 20261025, 150, 1792888200}, /* twice: the first, in summer time */
        {"Europe/Berlin", 20261025, 179, 1792889940},
        {"Europe/Berlin", 20261025, 180, 1792893600},
        {"America/New_York", 20260308, 150, 1772955000},
        {"America/New_York", 20261101, 90, 1793511000},
        {"Pacific/Apia", 20111229, 480, 1325181600},
        {"Pacific/Apia", 20111230, 480, 1325268000}, /* a day that was not: the next one */
        {"Pacific/Apia", 20111231, 480, 1325268000},
        {"America/Sao_Paulo", 20181104, 0, 1541300400}, /* midnight skipped: the day's first instant, 01:00 */
        {"America/Sao_Paulo", 20180217, 1410, 1518917400}, /* 23:30 twice, before midnight */
        {"America/Sao_Paulo", 20180218, 0, 1518922800},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_zone *zone = open_zone(cases[i].zone);
        int64_t wall_ms = cm_zone_instant(zone, cases[i].date, cases[i].minute);
        if (wall_ms != cases[i].wall_s * 1000)
            fail_msg("case %zu: %s %d %d is %lld", i, cases[i].zone, (int)cases[i].date, (int)cases[i].minute,
                     (long long)wall_ms / 1000);
        cm_zone_close(zone);
    }
}

static void test_far_instants_are_taken_into_range(void **state)
{
    (void)state;
    struct cm_zone *zone = open_zone("Pacific/Apia");
    char text[CM_INSTANT_TEXT_SIZE];
    assert_int_equal(cm_zone_local(zone, INT64_MAX).date, 99991231);
    assert_int_equal(cm_zone_date(zone, INT64_MIN), 10102);
    assert_int_equal(strlen(cm_instant_local(zone, INT64_MAX, text)), 29);
    assert_int_equal(strlen(cm_instant_local(zone, INT64_MIN, text)), 29);
    (void)cm_zone_instant(zone, 99991231, INT32_MAX);
    (void)cm_zone_instant(zone, 10101, INT32_MIN);
    cm_zone_close(zone);
}

static void test_instants_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *zone; /* NULL: UTC with Z */
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        {"Asia/Kolkata", 1795404127123, "2026-11-23T08:52:07.123+05:30"},
        {"America/New_York", 1795404127123, "2026-11-22T22:22:07.123-05:00"},
        {"America/St_Johns", 1795404127000, "2026-11-22T23:52:07.000-03:30"},
        {"UTC", 1795404127123, "2026-11-23T03:22:07.123+00:00"},
        {NULL, 1795404127123, "2026-11-23T03:22:07.123Z"},
        {NULL, -1, "1969-12-31T23:59:59.999Z"},
        {NULL, 0, "1970-01-01T00:00:00.000Z"},
        {"Asia/Kolkata", -4000000000000, "1843-03-31T22:46:20.000+05:53"}, /* local mean time, +05:53:28 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CM_INSTANT_TEXT_SIZE];
        if (cases[i].zone == NULL) {
            assert_string_equal(cm_instant_utc(cases[i].wall_ms, text), cases[i].text);
            continue;
        }
        struct cm_zone *zone = open_zone(cases[i].zone);
        assert_string_equal(cm_instant_local(zone, cases[i].wall_ms, text), cases[i].text);
        cm_zone_close(zone);
    }
}

/* The C library reads the same files by code of its own. */
static void test_agrees_with_the_c_library(void **state)
{
    (void)state;
    static const char *const names[] = {"Asia/Kolkata",
                                        "Europe/Berlin",
                                        "America/New_York",
                                        "Pacific/Apia",
                                        "Australia/Sydney",
                                        "Africa/Casablanca",
                                        "America/Sao_Paulo",
                                        "Europe/Dublin",
                                        "America/Godthab",
                                        "Asia/Kathmandu",
                                        "UTC"};
    const time_t first = -2208988800, last = 7258118400,
                 step = 86400 + 3607; /* 1900 to 2200, every hour of day */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cm_zone *zone = NULL;
        if (cm_zone_open(names[i], &zone, NULL) == CM_NOTFOUND)
            continue; /* a name that newer systems keep in another package */
        setenv("TZ", names[i], 1);
        tzset();
        for (time_t at = first; at < last; at += step) {
            struct tm tm;
            localtime_r(&at, &tm);
            struct cm_local local = cm_zone_local(zone, (int64_t)at * 1000);
            if (local.offset_s != tm.tm_gmtoff || local.minute != tm.tm_hour * 60 + tm.tm_min ||
                local.date != (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday ||
                local.second != tm.tm_sec || local.weekday != (tm.tm_wday + 6) % 7)
                fail_msg("%s at %lld: offset %d, the C library says %ld", names[i], (long long)at,
                         (int)local.offset_s, tm.tm_gmtoff);
            int64_t back = cm_zone_instant(zone, local.date, local.minute) + local.second * 1000;
            struct cm_local again = cm_zone_local(zone, back);
            if (again.date != local.date || again.minute != local.minute || back > (int64_t)at * 1000)
                fail_msg("%s at %lld does not come back", names[i], (long long)at);
        }
        cm_zone_close(zone);
    }
    unsetenv("TZ");
    tzset();
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum cm_code code;
        const char *msg;
    } cases[] = {
        {"Asia/Kolkata", CM_OK, ""},
        {"America/Argentina/Buenos_Aires", CM_OK, ""},
        {"Etc/GMT+5", CM_OK, ""},
        {"Asia/Kolkatta", CM_NOTFOUND,
         "no time zone Asia/Kolkatta in /usr/share/zoneinfo: names look like Asia/Kolkata; older ones may "
         "need the "
         "package tzdata-legacy"},
        {"", CM_INVALID, "\"\" is not a time zone name: they look like Asia/Kolkata"},
        {"../../../etc/passwd", CM_INVALID,
         "\"../../../etc/passwd\" is not a time zone name: they look like Asia/Kolkata"},
        {"/etc/localtime", CM_INVALID,
         "\"/etc/localtime\" is not a time zone name: they look like Asia/Kolkata"},
        {"Asia//Kolkata", CM_INVALID,
         "\"Asia//Kolkata\" is not a time zone name: they look like Asia/Kolkata"},
        {"Asia/", CM_INVALID, "\"Asia/\" is not a time zone name: they look like Asia/Kolkata"},
        {"a\nb", CM_INVALID, "\"a\\nb\" is not a time zone name: they look like Asia/Kolkata"},
        {"Asia", CM_INVALID, "cannot read /usr/share/zoneinfo/Asia: not a regular file"},
        {"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", CM_INVALID,
         "\"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is not a time zone name: they "
         "look "
         "like Asia/Kolkata"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_zone *zone = NULL;
        struct cm_err err = CM_ERR_INIT;
        assert_int_equal(cm_zone_open(cases[i].name, &zone, &err), cases[i].code);
        assert_string_equal(err.msg, cases[i].msg);
        if (cases[i].code == CM_OK)
            assert_string_equal(cm_zone_name(zone), cases[i].name);
        else
            assert_null(zone);
        cm_zone_close(zone);
    }
}

static void test_a_machine_without_zones_says_what_to_install(void **state)
{
    (void)state;
    struct cm_zone *zone = NULL;
    struct cm_err err = CM_ERR_INIT;
    assert_int_equal(cm_zone_open_in("/nonexistent/zoneinfo", "Asia/Kolkata", &zone, &err), CM_NOTFOUND);
    assert_string_equal(err.msg,
                        "no time zones on this machine (/nonexistent/zoneinfo): install the package tzdata");
    assert_null(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instant_to_local),
        cmocka_unit_test(test_local_to_instant),
        cmocka_unit_test(test_far_instants_are_taken_into_range),
        cmocka_unit_test(test_instants_as_text),
        cmocka_unit_test(test_agrees_with_the_c_library),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_machine_without_zones_says_what_to_install),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
