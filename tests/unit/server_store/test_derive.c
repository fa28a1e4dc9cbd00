/* How a session is judged: nobody is absent while a station that serves the class may still have marks. */
#include "unit.h"

#include "store/derive.h"

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
        struct srv_session_facts facts;
        struct srv_station_facts stations[2];
        size_t count;
        enum srv_session_state want;
    } cases[] = {
        {"nobody was there", FACTS(), {{0}}, 0, SRV_SESSION_OPEN},
        {"one, to the end, able", FACTS(), {{1, CLOSE, 60 * MINUTE}}, 1, SRV_SESSION_CLOSED},
        {"just enough", FACTS(), {{1, CLOSE, 48 * MINUTE}}, 1, SRV_SESSION_CLOSED},
        {"just not", FACTS(), {{1, CLOSE, 48 * MINUTE - 1}}, 1, SRV_SESSION_UNJUDGED},
        {"not to the end", FACTS(), {{1, CLOSE - 1, 59 * MINUTE}}, 1, SRV_SESSION_OPEN},
        {"the other door has not synced",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE}, {1, START, 0}},
         2,
         SRV_SESSION_OPEN},
        {"the other door was blind",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE}, {1, CLOSE, 0}},
         2,
         SRV_SESSION_CLOSED},
        {"both were blind", FACTS(), {{1, CLOSE, 0}, {1, CLOSE, 0}}, 2, SRV_SESSION_UNJUDGED},
        {"the other came later",
         FACTS(),
         {{1, CLOSE, 60 * MINUTE}, {CLOSE, CLOSE + 5, 0}},
         2,
         SRV_SESSION_CLOSED},
        {"the other never logged", FACTS(), {{1, CLOSE, 60 * MINUTE}, {0, 0, 0}}, 2, SRV_SESSION_CLOSED},
        {"a person closed", FACTS(.person = SRV_PERSON_CLOSED), {{1, START, 0}}, 1, SRV_SESSION_CLOSED},
        {"a person opened it again",
         FACTS(.person = SRV_PERSON_REOPENED),
         {{1, CLOSE, 60 * MINUTE}},
         1,
         SRV_SESSION_OPEN},
        {"no school",
         {.start_wall_ms = START, .close_wall_ms = CLOSE, .coverage_percent = 80},
         {{1, CLOSE, 60 * MINUTE}},
         1,
         SRV_SESSION_OPEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct srv_judgement got =
            srv_judge_session(&cases[i].facts, cases[i].stations, cases[i].count);
        if (got.state != cases[i].want)
            fail_msg("%s: %d, wanted %d", cases[i].name, got.state, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sessions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
