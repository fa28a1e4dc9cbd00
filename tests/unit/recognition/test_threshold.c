#include "unit.h"

#include "recognition/threshold.h"
#include <math.h>

static void known_points(void **state)
{
    (void)state;
    static const struct {
        double budget;
        size_t templates;
        float threshold;
    } cases[] = {
        /* rate 1e-4, 1e-5, 1e-6: 0.853 + 0.105 * (-3.7190, -4.2649, -4.7534) */
        {1e-4, 1, 0.4625f},
        {1e-3, 10, 0.4625f},
        {1e-5, 1, 0.4052f},
        {1e-3, 100, 0.4052f},
        {1e-6, 1, 0.36f}, /* 0.3539: the floor */
        {1e-3, 1000000, 0.36f},
        {1e-3, 0, 0.52f}, /* 0.5285: the ceiling; nobody is as one */
        {0.1, 1, 0.52f},
        {0.999999, 1, 0.52f},
        /* budgets that are none */
        {0, 10, 0.36f},
        {1, 10, 0.36f},
        {-1, 10, 0.36f},
        {NAN, 10, 0.36f},
        {INFINITY, 10, 0.36f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_float_equal(stn_threshold(cases[i].budget, cases[i].templates), cases[i].threshold, 2e-4);
}

static void more_templates_and_less_budget_are_stricter(void **state)
{
    (void)state;
    static const double budgets[] = {0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-300};
    float last_of_budget = 1;
    for (size_t b = 0; b < sizeof budgets / sizeof budgets[0]; b++) {
        float last = 1;
        for (size_t templates = 1; templates <= 200000; templates = templates * 3 + 1) {
            float threshold = stn_threshold(budgets[b], templates);
            assert_true(threshold <= last);
            assert_true(threshold >= STN_THRESHOLD_FLOOR && threshold <= STN_THRESHOLD_CEILING);
            last = threshold;
        }
        assert_true(stn_threshold(budgets[b], 100) <= last_of_budget);
        last_of_budget = stn_threshold(budgets[b], 100);
    }
}

static void the_rate_at_a_threshold_is_the_budget(void **state)
{
    (void)state;
    static const double budgets[] = {1e-2, 1e-3, 1e-4};
    for (size_t b = 0; b < sizeof budgets / sizeof budgets[0]; b++)
        for (size_t templates = 1; templates <= 1000; templates *= 10) {
            float threshold = stn_threshold(budgets[b], templates);
            double rate = stn_false_accept(threshold, templates);
            if (threshold > STN_THRESHOLD_FLOOR && threshold < STN_THRESHOLD_CEILING)
                assert_float_equal(rate / budgets[b], 1, 1e-3);
            else if (threshold >= STN_THRESHOLD_CEILING)
                assert_true(rate <= budgets[b]);
            else
                assert_true(rate > budgets[b]); /* what the floor costs */
        }
    assert_float_equal(stn_false_accept(0.45f, 0), 0, 0);
    assert_true(stn_false_accept(0.52f, 200000) <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_points),
        cmocka_unit_test(more_templates_and_less_budget_are_stricter),
        cmocka_unit_test(the_rate_at_a_threshold_is_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
