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
        {"one, to the end, able", FACTS(), {{0, 1, CLOSE, 60 * MINUTE, false}}, 1, CM_VERDICT_CLOSED},
        {"just enough", FACTS(), {{0, 1, CLOSE, 48 * MINUTE, false}}, 1, CM_VERDICT_CLOSED},
        {"just not", FACTS(), {{0, 1, CLOSE, 48 * MINUTE - 1, false}}, 1, CM_VERDICT_UNJUDGED},
        {"not to the end", FACTS(), {{0, 1, CLOSE - 1, 59 * MINUTE, false}}, 1, CM_VERDICT_OPEN},
        {"the other door has not synced",
         FACTS(),
         {{0, 1, CLOSE, 60 * MINUTE, false}, {0, 1, START, 0, false}},
         2,
         CM_VERDICT_OPEN},
        {"the other door will not sync any more",
         FACTS(),
         {{0, 1, CLOSE, 60 * MINUTE, false}, {0, 1, START, 0, true}},
         2,
         CM_VERDICT_CLOSED},
        {"one that was revoked alone", FACTS(), {{0, 1, START, 0, true}}, 1, CM_VERDICT_UNJUDGED},
        {"one that was revoked before it", FACTS(), {{0, 1, START - 1, 0, true}}, 1, CM_VERDICT_OPEN},
        {"the other door was blind",
         FACTS(),
         {{0, 1, CLOSE, 60 * MINUTE, false}, {0, 1, CLOSE, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"both were blind",
         FACTS(),
         {{0, 1, CLOSE, 0, false}, {0, 1, CLOSE, 0, false}},
         2,
         CM_VERDICT_UNJUDGED},
        {"the other came later",
         FACTS(),
         {{0, 1, CLOSE, 60 * MINUTE, false}, {0, CLOSE, CLOSE + 5, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"the other never logged",
         FACTS(),
         {{0, 1, CLOSE, 60 * MINUTE, false}, {0, 0, 0, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"the other is paired and never logged",
         FACTS(),
         {{1, 1, CLOSE, 60 * MINUTE, false}, {START, 0, 0, 0, false}},
         2,
         CM_VERDICT_OPEN},
        {"the other was paired in the last moment",
         FACTS(),
         {{1, 1, CLOSE, 60 * MINUTE, false}, {CLOSE - 1, 0, 0, 0, false}},
         2,
         CM_VERDICT_OPEN},
        {"the other was paired when it was over",
         FACTS(),
         {{1, 1, CLOSE, 60 * MINUTE, false}, {CLOSE, 0, 0, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"the other never logged and is revoked",
         FACTS(),
         {{1, 1, CLOSE, 60 * MINUTE, false}, {START, 0, 0, 0, true}},
         2,
         CM_VERDICT_CLOSED},
        {"the other was paired before and began afterwards",
         FACTS(),
         {{1, 1, CLOSE, 60 * MINUTE, false}, {START, CLOSE, CLOSE + 5, 0, false}},
         2,
         CM_VERDICT_CLOSED},
        {"the other was paired before, and its clock was set back",
         FACTS(),
         {{1, 1, CLOSE, 60 * MINUTE, false}, {START, CLOSE, START, 0, false}},
         2,
         CM_VERDICT_OPEN},
        {"paired alone, and never logged", FACTS(), {{START, 0, 0, 0, false}}, 1, CM_VERDICT_OPEN},
        {"a person closed while one is awaited that never logged",
         FACTS(.word = CM_WORD_CLOSED),
         {{START, 0, 0, 0, false}},
         1,
         CM_VERDICT_CLOSED},
        {"a person closed", FACTS(.word = CM_WORD_CLOSED), {{0, 1, START, 0, false}}, 1, CM_VERDICT_CLOSED},
        {"a person opened it again",
         FACTS(.word = CM_WORD_REOPENED),
         {{0, 1, CLOSE, 60 * MINUTE, false}},
         1,
         CM_VERDICT_OPEN},
        {"no school",
         {.start_wall_ms = START, .close_wall_ms = CLOSE, .coverage_percent = 80},
         {{0, 1, CLOSE, 60 * MINUTE, false}},
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
