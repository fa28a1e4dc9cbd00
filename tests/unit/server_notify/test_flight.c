/* What the end of a letter's way is to its message, and to all others. */
#include "unit.h"

#include "notify/private.h"
#include <string.h>

#define WALL_MS INT64_C(1795404100000)
enum { HOUR_MS = 3600 * 1000, MONO_MS = 500000 };

static struct srv_app app;
static struct srv_notify notify;
static struct srv_flight flight;

static int start(void **state)
{
    (void)state;
    app = (struct srv_app){.clock = cm_clock_system()};
    memset(&notify, 0, sizeof notify);
    notify.app = &app;
    notify.retry_ms = 30000;
    notify.max_age_ms = INT64_C(72) * HOUR_MS;
    notify.max_tries = 3;
    pthread_mutex_init(&notify.lock, NULL);
    flight = (struct srv_flight){
        .notify = &notify, .kind = SRV_LETTER_ABSENCE, .tries = 1, .created_wall_ms = WALL_MS - HOUR_MS};
    return 0;
}

static void judge(struct srv_carriage carriage)
{
    carriage.id = carriage.what == SRV_CARRIED_SENT ? "wamid.X" : "";
    carriage.text = "why";
    srv_flight_judge(&flight, &carriage, WALL_MS, MONO_MS, UINT32_MAX);
}

static void the_events(void **state)
{
    (void)state;
    judge((struct srv_carriage){.what = SRV_CARRIED_SENT});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_TAKEN);
    assert_string_equal(flight.outcome.provider_id, "wamid.X");
    judge((struct srv_carriage){.what = SRV_CARRIED_FINAL, .code = 131026});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_REFUSED);
    assert_int_equal(flight.outcome.error_code, 131026);
    assert_string_equal(flight.outcome.error_text, "why");
    judge((struct srv_carriage){.what = SRV_CARRIED_UNKNOWN, .scope = SRV_SCOPE_ALL});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_LOST);
    assert_false(srv_notify_paused(&notify, SRV_LETTER_ABSENCE, MONO_MS));
    judge((struct srv_carriage){.what = SRV_CARRIED_NOT_SENT, .scope = SRV_SCOPE_ALL});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_AGAIN);
}

static void one_message_waits_alone(void **state)
{
    (void)state;
    judge((struct srv_carriage){.what = SRV_CARRIED_RETRY, .code = 131056, .after_ms = 6000});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_AGAIN);
    assert_int_equal(flight.outcome.next_try_wall_ms, WALL_MS + 30000);
    assert_false(srv_notify_paused(&notify, SRV_LETTER_ABSENCE, MONO_MS));
    judge((struct srv_carriage){.what = SRV_CARRIED_RETRY, .after_ms = 24 * HOUR_MS});
    assert_int_equal(flight.outcome.next_try_wall_ms, WALL_MS + 24 * HOUR_MS);
    flight.tries = 3;
    judge((struct srv_carriage){.what = SRV_CARRIED_RETRY});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_REFUSED);
    assert_string_equal(flight.outcome.error_text, "given up after many tries: why");
}

static void what_concerns_all_holds_all(void **state)
{
    (void)state;
    struct srv_notify_status status;
    flight.tries = 50; /* no fault of the message */
    judge((struct srv_carriage){
        .what = SRV_CARRIED_RETRY, .scope = SRV_SCOPE_ALL, .code = 130429, .after_ms = 7000});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_AGAIN);
    assert_int_equal(flight.outcome.next_try_wall_ms, WALL_MS + 7000);
    assert_true(srv_notify_paused(&notify, SRV_LETTER_ABSENCE_STAFF, MONO_MS + 6999));
    assert_false(srv_notify_paused(&notify, SRV_LETTER_ABSENCE_STAFF, MONO_MS + 7000));
    judge((struct srv_carriage){
        .what = SRV_CARRIED_RETRY, .scope = SRV_SCOPE_ALL, .admin = true, .after_ms = HOUR_MS});
    assert_true(srv_notify_paused(&notify, SRV_LETTER_ABSENCE, MONO_MS + HOUR_MS - 1));
    srv_notify_status(&notify, &status);
    assert_true(status.trouble_wall_ms > 0 && status.admin);
    assert_string_equal(status.trouble, "why");
    judge((struct srv_carriage){.what = SRV_CARRIED_SENT}); /* one came through */
    assert_false(srv_notify_paused(&notify, SRV_LETTER_ABSENCE, MONO_MS));
    srv_notify_status(&notify, &status);
    assert_int_equal(status.trouble_wall_ms, 0);
}

static void a_missing_template_holds_its_kind(void **state)
{
    (void)state;
    judge((struct srv_carriage){
        .what = SRV_CARRIED_RETRY, .scope = SRV_SCOPE_KIND, .admin = true, .after_ms = HOUR_MS});
    assert_true(srv_notify_paused(&notify, SRV_LETTER_ABSENCE, MONO_MS));
    assert_false(srv_notify_paused(&notify, SRV_LETTER_ABSENCE_STAFF, MONO_MS));
}

static void what_is_too_old_is_given_up(void **state)
{
    (void)state;
    flight.created_wall_ms = WALL_MS - INT64_C(72) * HOUR_MS + 10000;
    judge((struct srv_carriage){.what = SRV_CARRIED_RETRY});
    assert_int_equal(flight.outcome.event, SRV_OUTBOX_REFUSED);
    assert_string_equal(flight.outcome.error_text, "too late to be sent: why");
}

static void the_letter(void **state)
{
    (void)state;
    static struct srv_claim claim = {
        .message = {.recipient = SRV_RECIPIENT_PARENT, .name = "Mo Rao", .phone = "+919876543210"},
        .alert = {.absent_count = 3,
                  .class_id = "10-B",
                  .day_count = 3,
                  .days = {{.date = 20261120}, {.date = 20261123}, {.date = 20261201}}},
        .student_name = "Asha Rao",
    };
    struct srv_letter letter;
    claim.message.id[0] = 7;
    srv_notify_letter(&claim, "Hill School", "+919876543210", &letter);
    assert_int_equal(letter.kind, SRV_LETTER_ABSENCE);
    assert_int_equal(letter.id[0], 7);
    assert_string_equal(letter.to, "+919876543210");
    assert_string_equal(letter.words[SRV_WORD_RECIPIENT], "Mo Rao");
    assert_string_equal(letter.words[SRV_WORD_STUDENT], "Asha Rao");
    assert_string_equal(letter.words[SRV_WORD_CLASS], "10-B");
    assert_string_equal(letter.words[SRV_WORD_DAYS], "3");
    assert_string_equal(letter.words[SRV_WORD_DATES], "20 Nov, 23 Nov, 1 Dec");
    claim.message.recipient = SRV_RECIPIENT_COORDINATOR;
    claim.message.name[0] = '\0';
    claim.alert.absent_count = 40;
    claim.alert.day_count = SRV_ALERT_DAYS_MAX;
    for (int i = 0; i < SRV_ALERT_DAYS_MAX; i++)
        claim.alert.days[i].date = 20261001 + i % 28;
    srv_notify_letter(&claim, "Hill School", "a@example.org", &letter);
    assert_int_equal(letter.kind, SRV_LETTER_ABSENCE_STAFF);
    assert_string_equal(letter.words[SRV_WORD_RECIPIENT], "colleague");
    assert_string_equal(letter.words[SRV_WORD_DATES],
                        "…, 26 Oct, 27 Oct, 28 Oct, 1 Oct, 2 Oct, 3 Oct, 4 Oct");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_events, start),
        cmocka_unit_test_setup(one_message_waits_alone, start),
        cmocka_unit_test_setup(what_concerns_all_holds_all, start),
        cmocka_unit_test_setup(a_missing_template_holds_its_kind, start),
        cmocka_unit_test_setup(what_is_too_old_is_given_up, start),
        cmocka_unit_test(the_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
