#include "roll/word.h"

#include "unit.h"
#include <string.h>

static struct cm_session_said said(enum cm_session_word word, int64_t wall_ms, const char *by)
{
    struct cm_session_said said = {
        .class_id = "10-B", .date = 20260105, .word = word, .said_wall_ms = wall_ms};
    strcpy(said.by, by);
    return said;
}

static void an_id(uint8_t last, uint8_t ret_id[16])
{
    memset(ret_id, 0, 16);
    ret_id[15] = last;
}

/* Every order of four words, two of them of one instant, and each twice. */
static void the_latest_word_counts_in_any_order(void **state)
{
    const struct {
        struct cm_session_said said;
        uint8_t id;
    } words[4] = {
        {said(CM_WORD_CLOSED, 100, "a"), 9},
        {said(CM_WORD_REOPENED, 200, "b"), 1},
        {said(CM_WORD_NO_SESSION, 200, "c"), 2}, /* counts */
        {said(CM_WORD_CLOSED, 150, "d"), 8},
    };
    (void)state;
    for (int order = 0; order < 4 * 4 * 4 * 4; order++) {
        int picks[4] = {order % 4, order / 4 % 4, order / 16 % 4, order / 64};
        struct cm_word folded = {0}, halves[2] = {{0}, {0}};
        bool all = true;
        for (int i = 0; i < 4; i++)
            for (int j = i + 1; j < 4; j++)
                all = all && picks[i] != picks[j];
        if (!all)
            continue;
        for (int i = 0; i < 4; i++) {
            uint8_t id[16];
            an_id(words[picks[i]].id, id);
            cm_word_add(&folded, &words[picks[i]].said, id);
            assert_false(cm_word_add(&folded, &words[picks[i]].said, id)); /* again: no other word */
            cm_word_add(&halves[i % 2], &words[picks[i]].said, id);
        }
        cm_word_merge(&halves[0], &halves[1]);
        assert_int_equal(folded.word, CM_WORD_NO_SESSION);
        assert_string_equal(folded.by, "c");
        assert_memory_equal(&folded, &halves[0], sizeof folded);
    }
}

static void nothing_said_takes_nothing_back(void **state)
{
    struct cm_word nothing = {0}, word = {0};
    struct cm_session_said closed = said(CM_WORD_CLOSED, 0, "a");
    uint8_t id[16];
    (void)state;
    an_id(0, id);
    assert_true(cm_word_add(&word, &closed, id)); /* also at the first instant there is */
    cm_word_merge(&word, &nothing);
    assert_int_equal(word.word, CM_WORD_CLOSED);
    cm_word_merge(&nothing, &word);
    assert_int_equal(nothing.word, CM_WORD_CLOSED);
}

static enum cm_consent_state after(enum cm_consent_state a, int64_t a_ms, uint8_t a_id,
                                   enum cm_consent_state b, int64_t b_ms, uint8_t b_id)
{
    struct cm_consent first = {.student_id = "s1", .state = a, .said_wall_ms = a_ms};
    struct cm_consent second = {.student_id = "s1", .state = b, .said_wall_ms = b_ms};
    struct cm_consent_word one = {0}, other = {0};
    uint8_t first_id[16], second_id[16];
    an_id(a_id, first_id);
    an_id(b_id, second_id);
    cm_consent_add(&one, &first, first_id);
    cm_consent_add(&one, &second, second_id);
    cm_consent_add(&other, &second, second_id);
    cm_consent_add(&other, &first, first_id);
    assert_int_equal(one.state, other.state);
    return one.state;
}

static void consent_is_the_latest_word_and_a_tie_takes_it_away(void **state)
{
    (void)state;
    assert_int_equal(after(CM_CONSENT_WITHDRAWN, 100, 9, CM_CONSENT_GIVEN, 101, 1), CM_CONSENT_GIVEN);
    assert_int_equal(after(CM_CONSENT_GIVEN, 100, 1, CM_CONSENT_WITHDRAWN, 101, 2), CM_CONSENT_WITHDRAWN);
    assert_int_equal(after(CM_CONSENT_GIVEN, 100, 9, CM_CONSENT_WITHDRAWN, 100, 1), CM_CONSENT_WITHDRAWN);
    assert_int_equal(after(CM_CONSENT_GIVEN, 100, 9, CM_CONSENT_REFUSED, 100, 1), CM_CONSENT_REFUSED);
    assert_int_equal(after(CM_CONSENT_REFUSED, 100, 9, CM_CONSENT_WITHDRAWN, 100, 1), CM_CONSENT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_word_counts_in_any_order),
        cmocka_unit_test(nothing_said_takes_nothing_back),
        cmocka_unit_test(consent_is_the_latest_word_and_a_tie_takes_it_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
