#include "base/clock.h"

#include "unit.h"
#include <string.h>
#include <time.h>

static void test_the_system_clock_is_the_machines(void **state)
{
    (void)state;
    const struct cm_clock *clock = cm_clock_system();
    int64_t before = (int64_t)time(NULL) * 1000 - 1000; /* time() may lag a tick behind */
    int64_t wall = cm_wall_ms(clock);
    assert_true(wall >= before);
    assert_true(wall < before + 60000);
    int64_t mono = cm_mono_us(clock);
    assert_true(mono > 0);
    assert_true(cm_mono_us(clock) >= mono);
    assert_ptr_equal(clock, cm_clock_system());
    uint8_t none[16] = {0};
    assert_memory_not_equal(clock->boot_id, none, sizeof none);
}

static void test_the_manual_clock_shows_what_is_written(void **state)
{
    (void)state;
    struct cm_clock_manual clock;
    cm_clock_manual_init(&clock, 1000, 2000);
    assert_int_equal(cm_wall_ms(&clock.base), 1000);
    assert_int_equal(cm_mono_us(&clock.base), 2000);
    for (int i = 0; i < 3000; i++)
        cm_clock_manual_advance(&clock, 333);
    assert_int_equal(cm_mono_us(&clock.base), 2000 + 999000);
    assert_int_equal(cm_wall_ms(&clock.base), 1000 + 999);
    clock.now_wall_ms = 5;
    assert_int_equal(cm_wall_ms(&clock.base), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_system_clock_is_the_machines),
        cmocka_unit_test(test_the_manual_clock_shows_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
