#include "unit.h"

#include "live/seats.h"
#include <stdio.h>

static const uint8_t one[16] = {1}, two[16] = {2}, three[16] = {3};

static int take(struct srv_seats *seats, const char *user, const uint8_t session[16])
{
    struct cm_err err = CM_ERR_INIT;
    return srv_seats_take(seats, user, session, &err);
}

static void by_session_and_by_user(void **state)
{
    struct srv_seats *seats = NULL;
    struct cm_err err = CM_ERR_INIT;
    (void)state;
    assert_int_equal(srv_seats_create(2, 3, &seats, &err), CM_OK);
    assert_int_equal(take(seats, "asha", one), CM_OK);
    assert_int_equal(take(seats, "asha", one), CM_OK);
    assert_int_equal(take(seats, "asha", one), CM_AGAIN); /* her session is full */
    assert_int_equal(take(seats, "asha", two), CM_OK);
    assert_int_equal(take(seats, "asha", two), CM_AGAIN); /* she has three */
    assert_int_equal(take(seats, "ravi", three), CM_OK);  /* he is another */
    srv_seats_give(seats, "asha", one);
    assert_int_equal(take(seats, "asha", one), CM_OK);
    srv_seats_give(seats, "asha", one);
    srv_seats_give(seats, "asha", one);
    srv_seats_give(seats, "asha", two);
    for (int i = 0; i < 100; i++) { /* a refusal takes nothing */
        assert_int_equal(take(seats, "asha", two), CM_OK);
        srv_seats_give(seats, "asha", two);
    }
    srv_seats_give(seats, "ravi", three);
    srv_seats_destroy(seats);
}

static void thousands_of_users(void **state)
{
    enum { USERS = 5000 };
    struct srv_seats *seats = NULL;
    struct cm_err err = CM_ERR_INIT;
    (void)state;
    assert_int_equal(srv_seats_create(1, 1, &seats, &err), CM_OK);
    for (int round = 0; round < 3; round++) {
        char user[64];
        for (int i = 0; i < USERS; i++) {
            const uint8_t session[16] = {(uint8_t)i, (uint8_t)(i >> 8)};
            snprintf(user, sizeof user, "student%d", i);
            assert_int_equal(take(seats, user, session), CM_OK);
            assert_int_equal(take(seats, user, session), CM_AGAIN);
        }
        for (int i = USERS - 1; i >= 0; i--) {
            const uint8_t session[16] = {(uint8_t)i, (uint8_t)(i >> 8)};
            snprintf(user, sizeof user, "student%d", i);
            srv_seats_give(seats, user, session);
        }
    }
    srv_seats_destroy(seats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_session_and_by_user),
        cmocka_unit_test(thousands_of_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
