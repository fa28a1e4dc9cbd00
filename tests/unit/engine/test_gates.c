/* What stands before card and PIN: how often they may be tried. */
#include "engine/card_gate.h"
#include "engine/pin_gate.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { SECOND = 1000000 };

static const uint8_t one[CM_CARD_TAG_SIZE] = {1}, other[CM_CARD_TAG_SIZE] = {2};

static void a_card_is_asked_about_once_until_it_was_away(void **state)
{
    (void)state;
    struct stn_card_gate gate = {0};
    int64_t now = 100 * SECOND;
    assert_true(stn_card_gate_see(&gate, one, now));
    for (int i = 1; i < 60; i++) /* it lies there for a minute */
        assert_false(stn_card_gate_see(&gate, one, now + i * (int64_t)SECOND));
    assert_true(stn_card_gate_see(&gate, other, now + 60 * (int64_t)SECOND));
    now += 59 * (int64_t)SECOND;
    assert_false(stn_card_gate_see(&gate, one, now + STN_CARD_REST_US - 1));
    assert_true(stn_card_gate_see(&gate, one, now + 2 * (int64_t)STN_CARD_REST_US));
    assert_true(stn_card_gate_see(&gate, one, 0)); /* another recording */
}

static void many_cards_are_remembered_within_bounds(void **state)
{
    (void)state;
    struct stn_card_gate gate = {0};
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < STN_CARD_RESTING_MAX; i++) {
            uint8_t tag[CM_CARD_TAG_SIZE] = {(uint8_t)(10 + i)};
            assert_int_equal(stn_card_gate_see(&gate, tag, SECOND + round * 100 + i), round == 0);
        }
}

static void unknown_cards_in_a_row_lock_cards(void **state)
{
    (void)state;
    struct stn_card_gate gate = {0};
    for (int i = 1; i < STN_CARD_WRONG_MAX; i++)
        assert_false(stn_card_gate_result(&gate, false, SECOND));
    assert_false(stn_card_gate_result(&gate, true, SECOND)); /* one that is known ends the row */
    for (int i = 1; i < STN_CARD_WRONG_MAX; i++)
        assert_false(stn_card_gate_result(&gate, false, SECOND));
    assert_false(stn_card_gate_locked(&gate, SECOND));
    assert_true(stn_card_gate_result(&gate, false, SECOND));
    assert_true(stn_card_gate_locked(&gate, SECOND));
    assert_true(stn_card_gate_locked(&gate, SECOND + STN_CARD_LOCK_US - 1));
    assert_false(stn_card_gate_locked(&gate, SECOND + STN_CARD_LOCK_US));
    assert_false(stn_card_gate_locked(&gate, -(int64_t)STN_CARD_LOCK_US)); /* the time went back */
}

static void five_wrong_pins_lock_the_id_for_ten_minutes(void **state)
{
    (void)state;
    static struct stn_pin_gate gate;
    gate = (struct stn_pin_gate){0};
    int64_t now = SECOND;
    for (int i = 1; i <= STN_PIN_WRONG_MAX; i++, now += SECOND) {
        assert_int_equal(stn_pin_gate_ask(&gate, "a", now), STN_PIN_TRY);
        assert_int_equal(stn_pin_gate_result(&gate, "a", false, now), i == STN_PIN_WRONG_MAX);
    }
    now -= SECOND;
    assert_int_equal(stn_pin_gate_ask(&gate, "a", now), STN_PIN_ID_LOCKED);
    assert_int_equal(stn_pin_gate_ask(&gate, "b", now), STN_PIN_TRY);
    assert_int_equal(stn_pin_gate_ask(&gate, "a", now + STN_PIN_LOCK_US - 1), STN_PIN_ID_LOCKED);
    assert_int_equal(stn_pin_gate_ask(&gate, "a", now + STN_PIN_LOCK_US), STN_PIN_TRY);
}

static void a_right_pin_clears_the_count(void **state)
{
    (void)state;
    static struct stn_pin_gate gate;
    gate = (struct stn_pin_gate){0};
    for (int round = 0; round < 10; round++) {
        for (int i = 1; i < STN_PIN_WRONG_MAX; i++)
            assert_false(stn_pin_gate_result(&gate, "a", false, SECOND));
        assert_false(stn_pin_gate_result(&gate, "a", true, SECOND));
        assert_int_equal(stn_pin_gate_ask(&gate, "a", SECOND), STN_PIN_TRY);
    }
}

static void ten_wrong_in_all_lock_the_entry(void **state)
{
    (void)state;
    static struct stn_pin_gate gate;
    gate = (struct stn_pin_gate){0};
    char id[16];
    for (int i = 1; i <= STN_PIN_WRONG_ALL; i++) {
        snprintf(id, sizeof id, "s%d", i);
        assert_int_equal(stn_pin_gate_ask(&gate, id, SECOND), STN_PIN_TRY);
        assert_int_equal(stn_pin_gate_result(&gate, id, false, SECOND), i == STN_PIN_WRONG_ALL);
    }
    assert_int_equal(stn_pin_gate_ask(&gate, "z", SECOND), STN_PIN_ALL_LOCKED);
    assert_int_equal(stn_pin_gate_ask(&gate, "z", SECOND + STN_PIN_LOCK_ALL_US), STN_PIN_TRY);
}

/* Somebody tries PINs all day, at once whenever he may, with as many ids as he likes: nobody's count is forgotten early, so no id
 * gets more than five tries in ten minutes. */
static void trying_all_day_gets_nowhere(void **state)
{
    (void)state;
    enum { IDS = 300, DAY = 24 * 60 * 60 };
    static struct stn_pin_gate gate;
    static int64_t tried[IDS][STN_PIN_WRONG_MAX + 1];
    gate = (struct stn_pin_gate){0};
    memset(tried, 0, sizeof tried);
    uint32_t random = 1;
    int tries = 0;
    for (int64_t second = 1; second < DAY; second++)
        for (int burst = 0; burst < 20; burst++) {
            random = random * 1664525 + 1013904223;
            int who = burst % 2 ? (int)(random >> 16) % IDS : (int)(random >> 16) % 3;
            char id[16];
            int64_t now = second * SECOND;
            snprintf(id, sizeof id, "s%d", who);
            if (stn_pin_gate_ask(&gate, id, now) != STN_PIN_TRY)
                continue;
            stn_pin_gate_result(&gate, id, false, now);
            tries++;
            memmove(tried[who] + 1, tried[who], sizeof tried[who] - sizeof tried[who][0]);
            tried[who][0] = now;
            int64_t sixth = tried[who][STN_PIN_WRONG_MAX];
            assert_true(sixth == 0 || now - sixth >= STN_PIN_LOCK_US);
        }
    assert_true(tries <= (DAY / 30 + 1) * STN_PIN_WRONG_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_is_asked_about_once_until_it_was_away),
        cmocka_unit_test(many_cards_are_remembered_within_bounds),
        cmocka_unit_test(unknown_cards_in_a_row_lock_cards),
        cmocka_unit_test(five_wrong_pins_lock_the_id_for_ten_minutes),
        cmocka_unit_test(a_right_pin_clears_the_count),
        cmocka_unit_test(ten_wrong_in_all_lock_the_entry),
        cmocka_unit_test(trying_all_day_gets_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
