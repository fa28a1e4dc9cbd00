/* How a session is judged: nobody is absent while a station that serves the class may still have marks. */
#include "unit.h"

#include "roll/judge.h"

enum { MINUTE = 60000, START = 1000 * MINUTE, CLOSE = 1060 * MINUTE };

#define FACTS(...)                                                                                           \
    {                                                                                                        \
        .school = true, .start_wall_ms = START, .close_wall_ms = CLOSE, .coverage_percent = 80, __VA_ARGS__  \
    }

static void sessions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct cm_judge_facts facts;
        struct cm_judge_station stations[2];
        size_t count;
        enum cm_verdict want;
    } cases[] = {
        {"nobody was there", FACTS(), {{0}}, 0, CM_VERDICT_OPEN},
        {"one, to the end, able", FACTS(), {{1, CLOSE, 60 * MINUTE, false}}, 1, CM_VERDICT_CLOSED},
        {"just enough", FACTS(), {{1, CLOSE, 48 * MINUTE, false}}, 1, CM_VERDICT_CLOSED},
        {"just not", FACTS(), {{1, CLOSE, 48 * MINUTE - 1, false}}, 1, CM_VERDICT_UNJUDGED},
        {"not to the end", FACTS(), {{1, CLOSE - 1, 59 * MINUTE, false}}, 1, CM_VERDICT_OPEN},
        {"the other door has not synced",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE, false}, {1, START, 0, false}},
         2,
         CM_VERDICT_OPEN},
        {"the other door will not sync any more",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE, false}, {1, START, 0, true}},
         2,
         CM_VERDICT_CLOSED},
        {"one that was revoked alone", FACTS(), {{1, START, 0, true}}, 1, CM_VERDICT_UNJUDGED},
        {"the other door was blind",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE, false}, {1, CLOSE, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"both were blind", FACTS(), {{1, CLOSE, 0, false}, {1, CLOSE, 0, false}}, 2, CM_VERDICT_UNJUDGED},
        {"the other came later",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE, false}, {CLOSE, CLOSE + 5, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"the other never logged",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE, false}, {0, 0, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"a person closed", FACTS(.word = CM_WORD_CLOSED), {{1, START, 0, false}}, 1, CM_VERDICT_CLOSED},
        {"a person opened it again",
         FACTS(.word = CM_WORD_REOPENED),
         {{1, CLOSE, 60 * MINUTE, false}},
         1,
         CM_VERDICT_OPEN},
        {"no school",
         {.start_wall_ms = START, .close_wall_ms = CLOSE, .coverage_percent = 80},
         {{1, CLOSE, 60 * MINUTE, false}},
         1,
         CM_VERDICT_OPEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cm_judgement got = cm_judge_session(&cases[i].facts, cases[i].stations, cases[i].count);
        if (got.verdict != cases[i].want)
            fail_msg("%s: %d, wanted %d", cases[i].name, got.verdict, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sessions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
