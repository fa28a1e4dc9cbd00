/*
 * The rule of alerts, in cases. A case is a line of days, the oldest first, one letter a calendar day:
 *   P present  L late  A absent, closed  E excused  U unjudged  O open and not seen  o open, said to be absent
 *   ? a mark that waits for a person  x said to be absent in an unjudged session  - no school  p seen on a day without school
 */
#include "unit.h"

#include "alerts/rule.h"
#include <stdio.h>
#include <string.h>

enum { MONDAY = 20260105, NEVER = -1 };

static const struct srv_rule_settings settings = {.alert_days = 3, .repeat_days = 7};

static struct srv_day day_of(char letter, int32_t date)
{
    static const struct {
        char letter;
        enum cm_roll_status status;
        enum srv_session_state session;
    } letters[] = {
        {'P', CM_ROLL_PRESENT, SRV_SESSION_CLOSED},    {'L', CM_ROLL_LATE, SRV_SESSION_CLOSED},
        {'A', CM_ROLL_ABSENT, SRV_SESSION_CLOSED},     {'E', CM_ROLL_EXCUSED, SRV_SESSION_CLOSED},
        {'U', CM_ROLL_UNJUDGED, SRV_SESSION_UNJUDGED}, {'O', CM_ROLL_NONE, SRV_SESSION_OPEN},
        {'o', CM_ROLL_ABSENT, SRV_SESSION_OPEN},       {'?', CM_ROLL_PENDING, SRV_SESSION_CLOSED},
        {'x', CM_ROLL_ABSENT, SRV_SESSION_UNJUDGED},   {'-', CM_ROLL_NONE, SRV_SESSION_OPEN},
        {'p', CM_ROLL_PRESENT, SRV_SESSION_OPEN},      {'q', CM_ROLL_PRESENT, SRV_SESSION_OPEN},
        {'e', CM_ROLL_EXCUSED, SRV_SESSION_OPEN},
    };
    struct srv_day day = {.roll = {.student_id = "S-1", .class_id = "10-A", .date = date}};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (letters[i].letter == letter) {
            day.roll.status = letters[i].status;
            day.session = letters[i].session;
            day.school = letter != '-' && letter != 'p';
            return day;
        }
    }
    fail_msg("no such letter: %c", letter);
    return day;
}

/* told: the index of the day whose alert told; NEVER. */
static struct srv_decision decide(const char *days, int told)
{
    struct srv_rule rule;
    struct srv_decision decision;
    bool more = true;
    srv_rule_begin(&rule, &settings, told == NEVER ? 0 : cm_date_add(MONDAY, told));
    for (int i = (int)strlen(days) - 1; i >= 0 && more; i--) {
        struct srv_day day = day_of(days[i], cm_date_add(MONDAY, i));
        if (day.roll.status != CM_ROLL_NONE || day.school) /* as the store shows them */
            more = srv_rule_day(&rule, &day);
    }
    srv_rule_end(&rule, &decision);
    return decision;
}

static const struct {
    const char *name, *days;
    int told;
    enum srv_rule_verdict verdict;
    int count;
} cases[] = {
    {"perfect attendance never triggers over a weekend: Sunday", "PPPPP--", NEVER, SRV_RULE_THERE, 0},
    {"perfect attendance never triggers over a weekend: Monday", "PPPPP--P", NEVER, SRV_RULE_THERE, 0},
    {"perfect attendance never triggers over holidays", "PPPPP---------", NEVER, SRV_RULE_THERE, 0},
    {"nobody knows anything of the student yet", "", NEVER, SRV_RULE_THERE, 0},
    {"absent once before a weekend", "PPPPA--", NEVER, SRV_RULE_SHORT, 1},
    {"Fri + Mon + Tue counts 3", "PPPPA--AA", NEVER, SRV_RULE_DUE, 3},
    {"Fri + Mon counts 2", "PPPPA--A", NEVER, SRV_RULE_SHORT, 2},
    {"holiday inside a streak", "PPA-A-A", NEVER, SRV_RULE_DUE, 3},
    {"a holiday does not make a day of itself", "PPA-A-", NEVER, SRV_RULE_SHORT, 2},
    {"two absent days never read as three", "PPPAA", NEVER, SRV_RULE_SHORT, 2},
    {"two absent days and a weekend never read as three", "PPPAA--", NEVER, SRV_RULE_SHORT, 2},
    {"two absent days and an excused one never read as three", "PPAAE", NEVER, SRV_RULE_SHORT, 2},
    {"two absent days and an unjudged one never read as three", "PPAUA", NEVER, SRV_RULE_SHORT, 2},
    {"absent, there, absent, absent", "PAPAA", NEVER, SRV_RULE_SHORT, 2},
    {"late is there", "PAALAA", NEVER, SRV_RULE_SHORT, 2},
    {"there again: nothing is told", "AAAP", NEVER, SRV_RULE_THERE, 0},
    {"excused inside a streak", "PAEAA", NEVER, SRV_RULE_DUE, 3},
    {"excused at the end of a streak", "PAAAE", NEVER, SRV_RULE_DUE, 3},
    {"excused alone is nothing", "PEEEE", NEVER, SRV_RULE_THERE, 0},
    {"station off on day 2", "PAUAA", NEVER, SRV_RULE_DUE, 3},
    {"station off on all three", "PUUU", NEVER, SRV_RULE_THERE, 0},
    {"said to be absent where the station was off does not count", "PAxA", NEVER, SRV_RULE_SHORT, 2},
    {"not settled at the end", "PAAAO", NEVER, SRV_RULE_OPEN, 0},
    {"not settled inside", "PAAOA", NEVER, SRV_RULE_OPEN, 1},
    {"not settled inside, though enough count", "POAAA", NEVER, SRV_RULE_OPEN, 3},
    {"not settled before he was last there", "OPAAA", NEVER, SRV_RULE_DUE, 3},
    {"reopened, and said to be absent", "PAAo", NEVER, SRV_RULE_OPEN, 0},
    {"reopened, and seen", "AAAq", NEVER, SRV_RULE_THERE, 0},
    {"reopened, and excused", "PAAeA", NEVER, SRV_RULE_DUE, 3},
    {"pending mark at the end", "PAAA?", NEVER, SRV_RULE_PENDING, 0},
    {"pending mark inside", "PA?AA", NEVER, SRV_RULE_PENDING, 2},
    {"seen on a day without school: it ends no streak and is none", "PPAAp-A", NEVER, SRV_RULE_DUE, 3},
    {"a new student who was never there", "AAA", NEVER, SRV_RULE_DUE, 3},
    {"once per streak", "PAAA", 3, SRV_RULE_TOLD, 3},
    {"once per streak, the next days", "PAAAAA", 3, SRV_RULE_TOLD, 5},
    {"once per streak, six days later", "PAAA--AAAAA-A", 3, SRV_RULE_TOLD, 9},
    {"repeat at +7", "PAAA--AAAAA--AA", 3, SRV_RULE_DUE, 10},
    {"repeat counts days absent, not days", "PAAAEEEEEEEE", 3, SRV_RULE_TOLD, 3},
    {"repeat at +14: told at +7", "PAAAAAAAAAAAAAAAA", 10, SRV_RULE_TOLD, 16},
    {"repeat at +14", "PAAAAAAAAAAAAAAAAA", 10, SRV_RULE_DUE, 17},
    {"a second streak", "PAAAPAAA", 3, SRV_RULE_DUE, 3},
    {"a second streak that is short", "PAAAPAA", 3, SRV_RULE_SHORT, 2},
    {"corrected beginning after sending", "PPAAA", 3, SRV_RULE_TOLD, 3},
    {"corrected beginning after sending: excused", "PEAAA", 3, SRV_RULE_TOLD, 3},
    {"corrected trigger after sending: excused", "PAAEA", 3, SRV_RULE_TOLD, 3},
    {"corrected trigger after sending: it was another streak", "PAAPAAA", 3, SRV_RULE_DUE, 3},
    {"told of the streak before", "AAAP-AA", 2, SRV_RULE_SHORT, 2},
};

static void by_the_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct srv_decision d = decide(cases[i].days, cases[i].told);
        char text[SRV_RULE_TEXT_SIZE];
        if (d.verdict != cases[i].verdict || d.count != cases[i].count)
            fail_msg("%s (%s): %s with %d days: %s", cases[i].name, cases[i].days,
                     srv_rule_verdict_name(d.verdict), (int)d.count, srv_decision_text(&d, &settings, text));
    }
}

static void the_days_are_told(void **state)
{
    char text[SRV_RULE_TEXT_SIZE];
    (void)state;
    struct srv_decision d = decide("PPPPA--AEA", NEVER);
    assert_int_equal(d.verdict, SRV_RULE_DUE);
    assert_int_equal(d.first_date, 20260109);
    assert_int_equal(d.trigger_date, 20260114);
    assert_int_equal(d.date_count, 3);
    assert_int_equal(d.dates[0].date, 20260114);
    assert_int_equal(d.dates[1].date, 20260112);
    assert_int_equal(d.dates[2].date, 20260109);
    assert_string_equal(d.dates[2].class_id, "10-A");
    assert_string_equal(srv_decision_text(&d, &settings, text),
                        "Absent on 3 school days in a row, from 2026-01-09 to 2026-01-14: to be told.");
    d = decide("PAAE", NEVER);
    assert_int_equal(d.trigger_date, 20260107); /* the last day absent, not the last day */
    d = decide("PAOA", NEVER);
    assert_int_equal(d.held_date, 20260107);
    assert_string_equal(d.held_class_id, "10-A");
    assert_string_equal(
        srv_decision_text(&d, &settings, text),
        "Held: the session of 10-A on 2026-01-07 is not settled. Close its roll, or wait for its station.");
    d = decide("PAAA", 3);
    assert_string_equal(srv_decision_text(&d, &settings, text),
                        "Told already, for 2026-01-08. 0 days absent since then; it is told again after 7.");
}

static void a_long_run_lists_the_newest(void **state)
{
    char days[201];
    (void)state;
    memset(days, 'A', sizeof days - 1);
    days[sizeof days - 1] = '\0';
    struct srv_decision d = decide(days, NEVER);
    assert_int_equal(d.verdict, SRV_RULE_DUE);
    assert_int_equal(d.count, 200);
    assert_int_equal(d.date_count, SRV_ALERT_DAYS_MAX);
    assert_int_equal(d.dates[0].date, cm_date_add(MONDAY, 199));
}

/* ---- what an alert said, some time later ---- */

static struct srv_alert alert_of(const char *days)
{
    struct srv_decision d = decide(days, NEVER);
    struct srv_alert alert = {
        .trigger_date = d.trigger_date, .absent_count = d.count, .day_count = d.date_count};
    for (int i = 0; i < d.date_count; i++) {
        alert.days[d.date_count - 1 - i].date = d.dates[i].date;
        memcpy(alert.days[d.date_count - 1 - i].class_id, d.dates[i].class_id, CM_ID_SIZE);
    }
    return alert;
}

static bool still_true(const char *then, const char *now, char reason[static CM_TEXT_SIZE])
{
    struct srv_alert alert = alert_of(then);
    struct srv_claim_check check;
    bool more = true;
    srv_claim_check_begin(&check, &alert);
    for (int i = (int)strlen(now) - 1; i >= 0 && more; i--) {
        struct srv_day day = day_of(now[i], cm_date_add(MONDAY, i));
        if (day.roll.status != CM_ROLL_NONE || day.school)
            more = srv_claim_check_day(&check, &day);
    }
    bool is = srv_claim_check_end(&check);
    snprintf(reason, CM_TEXT_SIZE, "%s", check.reason);
    return is;
}

static const struct {
    const char *name, *then, *now;
    bool still;
} claims[] = {
    {"nothing changed", "PAAA", "PAAA", true},
    {"later days do not matter", "PAAA", "PAAAPO?", true},
    {"present on the last day after all", "PAAA", "PAAP", false},
    {"present on the first day after all", "PAAA", "PPAA", false},
    {"late in the middle", "PAAA", "PALA", false},
    {"excused in the middle", "PAAA", "PAEA", false},
    {"excused on the first day, and absent on the day before instead", "PAAA", "AEAA", false},
    {"unjudged on the last", "PAAA", "PAAU", false},
    {"opened again", "PAAA", "PAAo", false},
    {"opened again, not seen", "PAAA", "PAOA", false},
    {"a mark came late and is doubtful", "PAAA", "PA?A", false},
    {"no school after all", "PAAA", "PA-A", false},
    {"an excused day inside is absent now: more than was said", "PAEAA", "PAAAA", false},
    {"the day before is absent now: what was said is true", "PAAA", "AAAA", true},
    {"the day before is open now: what was said is true", "PAAA", "OAAA", true},
};

static void alerts_are_verified(void **state)
{
    char reason[CM_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
        if (still_true(claims[i].then, claims[i].now, reason) != claims[i].still)
            fail_msg("%s: %s then, %s now: %s", claims[i].name, claims[i].then, claims[i].now, reason);
    assert_false(still_true("PAAA", "PAAP", reason));
    assert_string_equal(reason, "2026-01-08: the student was there, as the roll says now");
    assert_false(still_true("PAAA", "PAEA", reason));
    assert_string_equal(reason, "2026-01-07: excused by now");
    assert_false(still_true("PAAA", "PA-A", reason));
    assert_string_equal(reason, "only 2 of the 3 days absent count any more, by what the rolls say now");
}

/* Of a long run only the newest days are listed; the others must still be as many. */
static void long_alerts_are_verified(void **state)
{
    char then[61], now[61], reason[CM_TEXT_SIZE];
    (void)state;
    memset(then, 'A', sizeof then - 1);
    then[sizeof then - 1] = '\0';
    memcpy(now, then, sizeof now);
    assert_true(still_true(then, now, reason));
    now[5] = 'E';
    assert_false(still_true(then, now, reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_rule),
        cmocka_unit_test(the_days_are_told),
        cmocka_unit_test(a_long_run_lists_the_newest),
        cmocka_unit_test(alerts_are_verified),
        cmocka_unit_test(long_alerts_are_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
