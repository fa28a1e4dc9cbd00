/* When the nightly job runs. */
#include "unit.h"

#include "alerts/schedule.h"

enum { MINUTE_MS = 60 * 1000 };

static void when_it_is_time(void **state)
{
    struct cm_zone *zone;
    (void)state;
    assert_int_equal(cm_zone_open("America/New_York", &zone, NULL), CM_OK);
    const int64_t midnight = cm_zone_instant(zone, 20260309, 0); /* the day after the clocks changed */
    struct srv_schedule_times times = {0};
    assert_true(srv_schedule_is_time(&times, zone, midnight)); /* at the start */
    times = (struct srv_schedule_times){.done_date = 20260308, .done_wall_ms = midnight - 5 * MINUTE_MS};
    assert_false(srv_schedule_is_time(&times, zone, midnight - 1));
    assert_true(srv_schedule_is_time(&times, zone, midnight)); /* a new day */
    times = (struct srv_schedule_times){.done_date = 20260309, .done_wall_ms = midnight};
    assert_false(srv_schedule_is_time(&times, zone, midnight + SRV_SCHEDULE_HOUR_MS - 1));
    assert_true(srv_schedule_is_time(&times, zone, midnight + SRV_SCHEDULE_HOUR_MS)); /* every hour */
    assert_true(srv_schedule_is_time(&times, zone, midnight - 1)); /* the clock was set back */
    times.failed_wall_ms = midnight;
    assert_false(srv_schedule_is_time(&times, zone, midnight + SRV_SCHEDULE_RETRY_MS - 1));
    assert_true(srv_schedule_is_time(&times, zone, midnight + SRV_SCHEDULE_RETRY_MS));
    assert_true(srv_schedule_is_time(&times, zone, midnight - 1));
    cm_zone_close(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(when_it_is_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
