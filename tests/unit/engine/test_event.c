/* Every event becomes one JSON object, whatever it holds. */
#include "engine/event.h"

#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_every_kind(void **state)
{
    (void)state;
    for (int kind = STN_EV_STARTED; kind <= STN_EV_STOPPED; kind++) {
        struct stn_event event = {.kind = (enum stn_event_kind)kind, .wall_ms = 5};
        json_t *json = stn_event_to_json(&event);
        assert_non_null(json);
        assert_string_equal(json_string_value(json_object_get(json, "event")),
                            stn_event_kind_name(event.kind));
        assert_int_equal(json_integer_value(json_object_get(json, "at_ms")), 5);
        json_decref(json);
    }
    assert_string_equal(stn_event_kind_name((enum stn_event_kind)99), "unknown");
}

static void test_scores_that_were_not_measured_are_null(void **state)
{
    (void)state;
    struct stn_event event = {.kind = STN_EV_MARKED};
    event.u.marked.distance = NAN;
    event.u.marked.margin = INFINITY;
    event.u.marked.threshold = 0.46f;
    json_t *json = stn_event_to_json(&event);
    assert_true(json_is_null(json_object_get(json, "distance")));
    assert_true(json_is_null(json_object_get(json, "margin")));
    assert_float_equal(json_real_value(json_object_get(json, "threshold")), 0.46, 1e-6);
    json_decref(json);
}

static void test_bad_text_loses_no_event(void **state)
{
    (void)state;
    struct stn_event event = {.kind = STN_EV_MARKED};
    strcpy(event.u.marked.student_name, "\xff\xfe broken");
    json_t *json = stn_event_to_json(&event);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "name")), "?");
    json_decref(json);
}

static void test_frame_with_all_tracks(void **state)
{
    (void)state;
    struct stn_event event = {.kind = STN_EV_FRAME};
    event.u.frame.track_count = STN_FACES_MAX;
    json_t *json = stn_event_to_json(&event);
    assert_int_equal(json_array_size(json_object_get(json, "tracks")), STN_FACES_MAX);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_scores_that_were_not_measured_are_null),
        cmocka_unit_test(test_bad_text_loses_no_event),
        cmocka_unit_test(test_frame_with_all_tracks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
