#include "unit.h"

#include "enrol/one_person.h"
#include <math.h>

/* Pictures on one axis: the distance of two is the difference of their places. */
static void the_odd_one_is_named(void **state)
{
    (void)state;
    static const struct {
        float places[5];
        int count, odd, other;
        float distance;
    } cases[] = {
        {{0}, 0, -1, -1, 0},
        {{1}, 1, -1, -1, 0},
        {{1, 1.4f}, 2, -1, -1, 0},
        {{1, 1.5f}, 2, -1, -1, 0}, /* at the limit */
        {{1, 1.6f}, 2, 1, 0, 0.6f},
        {{1, 1.1f, 1.2f}, 3, -1, -1, 0},
        {{1, 1.1f, 1.9f}, 3, 2, 0, 0.9f},
        {{1.9f, 1, 1.1f}, 3, 0, 1, 0.9f},
        {{1, 1.9f, 1.1f, 1.2f}, 4, 1, 0, 0.9f},
        {{1, 1.2f, 1.4f, 1.6f}, 4, -1, -1, 0}, /* the ends are 0.6 apart, and near the rest */
        {{1, 1, 1, NAN, 1}, 5, 4, 0, 0},       /* fails closed; which one cannot be said */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float embeddings[5][CM_EMBEDDING_DIM] = {{0}};
        for (int k = 0; k < cases[i].count; k++)
            embeddings[k][9] = cases[i].places[k];
        struct stn_one_person check =
            stn_one_person_check((const float(*)[CM_EMBEDDING_DIM])embeddings, cases[i].count, 0.5f);
        assert_int_equal(check.odd, cases[i].odd);
        assert_int_equal(check.other, cases[i].other);
        assert_float_equal(check.distance, cases[i].distance, 1e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_odd_one_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
