/* The nightly job and what happens to what it makes, on a store: the known failures of such systems, by name. */
#include "unit.h"
#include "world.h"

#include "alerts/claim.h"
#include "alerts/decide.h"
#include "alerts/night.h"
#include "http/http.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a school: class 10-A, 09:00 to 10:00, Monday to Friday; S-1 is told about, S-2 is always there ---- */

struct school {
    struct world w;
    struct station_log *log;
    uint32_t ids;
    const char *phone;
};

static enum cm_code put_pupil(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_student(store, arg, err);
}

static enum cm_code put_user(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_user(store, arg, err);
}

static struct srv_student pupil(const char *id, const char *class_id, int32_t joined)
{
    struct srv_student student = {
        .joined_date = joined, .parent_name = "R. Nair", .parent_phone = "+919876543210"};
    strcpy(student.base.id, id);
    snprintf(student.base.name, sizeof student.base.name, "Student %s", id);
    strcpy(student.base.class_id, class_id);
    return student;
}

static void save(struct school *s, struct srv_student student)
{
    assert_int_equal(srv_store_write(s->w.store, put_pupil, &student, NULL), CM_OK);
}

static void open_school(struct school *s, const char *kind)
{
    memset(s, 0, sizeof *s);
    world_init(&s->w, kind);
    put_class(s->w.store, "10-A", 540);
    put_class(s->w.store, "10-B", 540);
    save(s, pupil("S-1", "10-A", WORLD_MONDAY));
    save(s, pupil("S-2", "10-A", WORLD_MONDAY));
    s->log = station_create(&s->w, "gate", (const char *const[]){"10-A", "10-B", NULL});
    s->phone = "+919999999999";
}

static void close_school(struct school *s)
{
    check(s->w.store);
    free(s->log);
    world_finish(&s->w);
}

static int32_t day(int index)
{
    return cm_date_add(WORLD_MONDAY, index);
}

static void mark(struct school *s, const char *student, int32_t date)
{
    station_mark(s->log, student, "10-A", date, at(&s->w, date, 541), ++s->ids);
}

static void say(struct school *s, const char *student, int32_t date, enum cm_roll_status status)
{
    correct(s->w.store, student, "10-A", date, status, at(&s->w, date, 700) + s->ids, s->ids + 1);
    s->ids++;
}

/* One letter a day from Monday 5 January on: P marked, A nothing, E excused, - nothing happens, O not closed. */
static void live(struct school *s, int first, const char *letters)
{
    for (int i = 0; letters[i] != '\0'; i++) {
        int32_t date = day(first + i);
        if (letters[i] == '-')
            continue;
        mark(s, "S-2", date);
        if (letters[i] == 'P')
            mark(s, "S-1", date);
        push_all(s->w.store, s->log);
        if (letters[i] == 'E')
            say(s, "S-1", date, CM_ROLL_EXCUSED);
        if (letters[i] != 'O')
            close_session(s->w.store, "10-A", date, at(&s->w, date, 620));
    }
}

/* The night after that day. */
static struct srv_night_totals night(struct school *s, int index)
{
    struct srv_night_options options = {.zone = s->w.zone,
                                        .now_ms = cm_zone_instant(s->w.zone, day(index + 1), 0),
                                        .coordinator_phone = s->phone};
    struct srv_night_totals totals;
    struct cm_err err = CM_ERR_INIT;
    if (srv_night_run(s->w.store, &options, &totals, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return totals;
}

static int nights(struct school *s, int first, int last)
{
    int alerts = 0;
    for (int i = first; i <= last; i++)
        alerts += night(s, i).alerts;
    return alerts;
}

struct found {
    struct srv_alert alerts[8];
    struct srv_message messages[8];
    int count;
};

static bool take_alert(void *arg, const struct srv_alert *alert)
{
    struct found *found = arg;
    assert_true(found->count < 8);
    found->alerts[found->count++] = *alert;
    return true;
}

static bool take_message(void *arg, const struct srv_message *message)
{
    struct found *found = arg;
    assert_true(found->count < 8);
    found->messages[found->count++] = *message;
    return true;
}

static enum cm_code put_the_alert(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_alert(store, arg, err);
}

/* The newest first. */
static struct found *alerts_of(struct school *s, const char *student)
{
    static struct found found;
    memset(&found, 0, sizeof found);
    assert_int_equal(srv_store_each_alert_of_student(s->w.store, student, take_alert, &found, NULL), CM_OK);
    return &found;
}

static struct found *messages_of(struct school *s, const struct srv_alert *alert)
{
    static struct found found;
    memset(&found, 0, sizeof found);
    assert_int_equal(srv_store_each_message_of_alert(s->w.store, alert->id, take_message, &found, NULL),
                     CM_OK);
    return &found;
}

static struct srv_alert the_alert(struct school *s)
{
    const struct found *found = alerts_of(s, "S-1");
    assert_int_equal(found->count, 1);
    return found->alerts[0];
}

static void no_alerts(struct school *s)
{
    assert_int_equal(alerts_of(s, "S-1")->count, 0);
    assert_int_equal(alerts_of(s, "S-2")->count, 0);
}

static struct srv_alert_cursor cursor_of(struct school *s, const char *class_id)
{
    struct srv_alert_cursor cursor = {0};
    assert_int_equal(srv_store_get_alert_cursor(s->w.store, class_id, &cursor, NULL), CM_OK);
    return cursor;
}

/* ---- claiming and recording, each in a write ---- */

struct act {
    uint8_t alert[16], message[16];
    int64_t now_ms;
    struct srv_claim_options options;
    struct srv_claim claim;
    struct srv_outcome outcome;
    size_t count;
    bool flag;
};

static enum cm_code do_claim(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_claim(store, &act->options, act->message, act->now_ms, &act->claim, err);
}

static enum cm_code do_record(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_record(store, act->message, &act->outcome, &act->flag, err);
}

static enum cm_code do_recover(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_recover(store, act->now_ms, &act->count, err);
}

static enum cm_code do_verify(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_verify_queued(store, act->now_ms, &act->count, err);
}

static enum cm_code do_cancel(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_cancel(store, act->alert, "Meera Nair", "I rang them up", act->now_ms, err);
}

static enum cm_code do_retry(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_retry(store, act->alert, "Meera Nair", act->now_ms, err);
}

static enum cm_code do_acknowledge(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_acknowledge(store, act->alert, "Meera Nair", act->now_ms, err);
}

static enum cm_code do_resolve(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct act *act = arg;
    return srv_alerts_resolve(store, act->alert, act->message, act->flag, "Meera Nair", act->now_ms, err);
}

static struct act act_on(struct school *s, const struct srv_alert *alert, enum srv_recipient recipient,
                         int32_t date, int32_t minute)
{
    const struct found *found = messages_of(s, alert);
    struct act act = {
        .now_ms = at(&s->w, date, minute),
        .options = {.zone = s->w.zone, .coordinator_phone = s->phone, .phone_provider = "whatsapp"}};
    memcpy(act.alert, alert->id, 16);
    for (int i = 0; i < found->count; i++)
        if (found->messages[i].recipient == recipient)
            memcpy(act.message, found->messages[i].id, 16);
    return act;
}

static enum srv_message_state state_of(struct school *s, const struct act *act)
{
    struct srv_message message = {0};
    assert_int_equal(srv_store_get_message(s->w.store, act->message, &message, NULL), CM_OK);
    return message.state;
}

static void record(struct school *s, struct act *act, enum srv_outbox_event event, const char *provider_id,
                   enum srv_message_state wanted)
{
    act->outcome =
        (struct srv_outcome){.event = event, .provider_id = provider_id, .wall_ms = act->now_ms + 1};
    assert_int_equal(srv_store_write(s->w.store, do_record, act, NULL), CM_OK);
    assert_int_equal(state_of(s, act), wanted);
}

static void claim_is(struct school *s, struct act *act, enum srv_claim_result wanted)
{
    struct cm_err err = CM_ERR_INIT;
    if (srv_store_write(s->w.store, do_claim, act, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(act->claim.result, wanted);
}

/* ---- what triggers ---- */

static void perfect_attendance_never_triggers_over_a_weekend(struct school *s)
{
    live(s, 0, "PPPPP--PPPPP--P");
    assert_int_equal(nights(s, 0, 14), 0);
    no_alerts(s);
}

static void friday_monday_tuesday_counts_3(struct school *s)
{
    live(s, 0, "PPPPA--A");
    assert_int_equal(nights(s, 0, 7), 0);
    live(s, 8, "A");
    assert_int_equal(nights(s, 8, 8), 1);
    struct srv_alert alert = the_alert(s);
    assert_int_equal(alert.trigger_date, day(8));
    assert_int_equal(alert.absent_count, 3);
    assert_int_equal(alert.day_count, 3);
    assert_int_equal(alert.days[0].date, day(4));
    assert_int_equal(alert.days[1].date, day(7));
    assert_int_equal(alert.days[2].date, day(8));
    assert_string_not_equal(alert.days[0].closed_by, "");
    assert_int_equal(alert.days[0].closed_wall_ms, at(&s->w, day(4), 620));
    assert_string_equal(alert.class_id, "10-A");
    assert_int_equal(alerts_of(s, "S-2")->count, 0);
    struct found *found = messages_of(s, &alert);
    assert_int_equal(found->count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(found->messages[i].state, SRV_MESSAGE_QUEUED);
        assert_string_equal(found->messages[i].phone, found->messages[i].recipient == SRV_RECIPIENT_PARENT
                                                          ? "+919876543210"
                                                          : "+919999999999");
    }
}

static void holiday_inside_a_streak(struct school *s)
{
    put_closure(s->w.store, day(2), "");
    live(s, 0, "PA-A");
    assert_int_equal(nights(s, 0, 3), 0);
    live(s, 4, "A");
    assert_int_equal(nights(s, 4, 4), 1);
    assert_int_equal(the_alert(s).absent_count, 3);
}

static void two_absent_days_never_read_as_three(struct school *s)
{
    live(s, 0, "PPPAA--PAAP");
    assert_int_equal(nights(s, 0, 12), 0);
    no_alerts(s);
}

static void excused_inside_a_streak(struct school *s)
{
    live(s, 0, "PAEA");
    assert_int_equal(nights(s, 0, 3), 0);
    live(s, 4, "A");
    assert_int_equal(nights(s, 4, 4), 1);
    assert_int_equal(the_alert(s).days[1].date, day(3));
}

/* The gate judges every day but the second. */
static void station_off_on_day_2(struct school *s)
{
    for (int i = 0; i < 5; i++) {
        if (i == 1)
            continue;
        if (i == 0) {
            mark(s, "S-1", day(i));
            mark(s, "S-2", day(i));
        }
        station_cover(s->log, at(&s->w, day(i), 530), at(&s->w, day(i), 601), true, ++s->ids);
    }
    push_all(s->w.store, s->log);
    assert_int_equal(status_of(s->w.store, "S-1", day(1)), CM_ROLL_UNJUDGED);
    assert_int_equal(nights(s, 0, 3), 0);
    assert_int_equal(nights(s, 4, 4), 2); /* S-2 was not there either */
    struct srv_alert alert = the_alert(s);
    assert_int_equal(alert.days[0].date, day(2));
    assert_string_equal(alert.days[0].closed_by, "");
    assert_int_equal(alert.days[0].able_min, 60);
}

static void sync_three_days_late(struct school *s)
{
    mark(s, "S-1", day(0));
    station_cover(s->log, at(&s->w, day(0), 530), at(&s->w, day(0), 601), true, ++s->ids);
    push_all(s->w.store, s->log);
    assert_int_equal(night(s, 0).held, 0);
    for (int i = 1; i < 4; i++) {
        mark(s, "S-2", day(i));
        station_cover(s->log, at(&s->w, day(i), 530), at(&s->w, day(i), 601), true, ++s->ids);
        assert_int_equal(night(s, i).held, 1);
    }
    struct srv_alert_cursor cursor = cursor_of(s, "10-A");
    assert_int_equal(cursor.date, day(0));
    assert_int_equal(cursor.hold, SRV_HOLD_STATIONS);
    assert_int_equal(cursor.held_date, day(1));
    assert_int_equal(cursor.held_wall_ms, cm_zone_instant(s->w.zone, day(2), 0)); /* since the first night */
    assert_int_equal(cursor.station_count, 1);
    assert_string_equal(cursor.stations[0], s->log->station.id);
    no_alerts(s);
    push_all(s->w.store, s->log);
    assert_int_equal(night(s, 3).alerts, 1);
    assert_int_equal(the_alert(s).trigger_date, day(3));
    cursor = cursor_of(s, "10-A");
    assert_int_equal(cursor.date, day(3));
    assert_int_equal(cursor.hold, SRV_HOLD_NONE);
}

static enum cm_code put_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_station(store, arg, err);
}

/* The other door was paired, saw him, and never sent it: nobody may be told that he was absent. */
static void a_station_that_was_paired_and_never_sent(struct school *s)
{
    struct station_log *other = station_create(NULL, "yard", (const char *const[]){"10-A", NULL});
    other->station.paired_wall_ms = at(&s->w, day(1), 500);
    station_add_to(other, s->w.store);
    for (int i = 0; i < 4; i++) {
        mark(s, "S-2", day(i));
        if (i == 0)
            mark(s, "S-1", day(i));
        else
            station_mark(other, "S-1", "10-A", day(i), at(&s->w, day(i), 545), ++s->ids);
        station_cover(s->log, at(&s->w, day(i), 530), at(&s->w, day(i), 601), true, ++s->ids);
    }
    push_all(s->w.store, s->log);
    assert_int_equal(night(s, 3).held, 1);
    struct srv_alert_cursor cursor = cursor_of(s, "10-A");
    assert_int_equal(cursor.held_date, day(1));
    assert_int_equal(cursor.hold, SRV_HOLD_STATIONS);
    assert_int_equal(cursor.station_count, 1);
    assert_string_equal(cursor.stations[0], "yard");
    station_activity(other, CM_ACTIVITY_LOCKOUT, at(&s->w, day(3), 602), ++s->ids);
    push_all(s->w.store, other);
    assert_int_equal(night(s, 3).held, 0);
    no_alerts(s);
    free(other);
}

/* Paired for a trial and never switched on: it holds the class until a person closes or revokes it. */
static void a_station_that_was_paired_and_never_started(struct school *s)
{
    struct station_log *other = station_create(NULL, "demo", NULL);
    other->station.paired_wall_ms = at(&s->w, day(0), 300);
    station_add_to(other, s->w.store);
    for (int i = 0; i < 4; i++) {
        mark(s, "S-2", day(i));
        station_cover(s->log, at(&s->w, day(i), 530), at(&s->w, day(i), 601), true, ++s->ids);
    }
    push_all(s->w.store, s->log);
    assert_int_equal(night(s, 3).held, 1);
    const struct srv_alert_cursor cursor = cursor_of(s, "10-A");
    char text[SRV_HOLD_TEXT_SIZE];
    assert_int_equal(cursor.held_date, day(0));
    assert_string_equal(
        srv_night_hold_text(s->w.store, s->w.zone, &cursor, text),
        "Held: station Station demo has not reported anything yet. Close the roll, or revoke a "
        "station that will not report any more.");
    close_session(s->w.store, "10-A", day(0), at(&s->w, day(3), 700));
    assert_int_equal(night(s, 3).held, 1);
    assert_int_equal(cursor_of(s, "10-A").held_date, day(1));
    other->station.revoked = true;
    assert_int_equal(srv_store_write(s->w.store, put_station, &other->station, NULL), CM_OK);
    assert_int_equal(night(s, 3).alerts, 1);
    assert_int_equal(cursor_of(s, "10-A").hold, SRV_HOLD_NONE);
    assert_int_equal(the_alert(s).absent_count, 3); /* told on the third day, as ever */
    free(other);
}

static void a_late_sync_that_says_he_was_there(struct school *s)
{
    live(s, 0, "PAAO");
    assert_int_equal(night(s, 3).held, 1);
    mark(s, "S-1", day(3));
    push_all(s->w.store, s->log);
    close_session(s->w.store, "10-A", day(3), at(&s->w, day(3), 620));
    assert_int_equal(night(s, 3).alerts, 0);
    no_alerts(s);
}

static void server_down_for_two_nights(struct school *s)
{
    live(s, 0, "PAAA");
    assert_int_equal(night(s, 0).alerts, 0);
    assert_int_equal(night(s, 3).alerts, 1);
    assert_int_equal(the_alert(s).trigger_date, day(3));
}

/* He was back before the server was: the streak was, and is told. */
static void server_down_until_after_the_streak(struct school *s)
{
    live(s, 0, "PAAAP");
    assert_int_equal(night(s, 0).alerts, 0);
    assert_int_equal(night(s, 4).alerts, 1);
    assert_int_equal(the_alert(s).trigger_date, day(3));
}

static void job_run_twice(struct school *s)
{
    live(s, 0, "PAAA");
    assert_int_equal(night(s, 3).alerts, 1);
    assert_int_equal(night(s, 3).alerts, 0);
    assert_int_equal(night(s, 3).alerts, 0);
    the_alert(s);
}

static void once_per_streak_and_repeat_at_plus_7(struct school *s)
{
    live(s, 0, "PAAAA--AAAAA");
    assert_int_equal(nights(s, 0, 11), 1);
    live(s, 14, "A");
    assert_int_equal(nights(s, 12, 14), 1); /* Thu 8 was told; 9, 12 … 16, 19 are seven more */
    struct found *found = alerts_of(s, "S-1");
    assert_int_equal(found->count, 2);
    assert_true(found->alerts[0].repeat);
    assert_int_equal(found->alerts[0].absent_count, 10);
    assert_int_equal(found->alerts[0].trigger_date, day(14));
    live(s, 15, "PAAA");
    assert_int_equal(nights(s, 15, 18), 1); /* another streak */
    assert_false(alerts_of(s, "S-1")->alerts[0].repeat);
}

static void class_moved_mid_streak(struct school *s)
{
    live(s, 0, "PAA");
    assert_int_equal(nights(s, 0, 2), 0);
    save(s, pupil("S-1", "10-B", day(3)));
    live(s, 3, "A");
    close_session(s->w.store, "10-B", day(3), at(&s->w, day(3), 620));
    assert_int_equal(night(s, 3).alerts, 1);
    struct srv_alert alert = the_alert(s);
    assert_string_equal(alert.class_id, "10-B");
    assert_string_equal(alert.days[1].class_id, "10-A");
    assert_string_equal(alert.days[2].class_id, "10-B");
}

/* Nobody closes the days from before there was a station. */
static void the_first_days_of_a_class(struct school *s)
{
    live(s, 2, "AA");
    assert_int_equal(nights(s, 2, 3), 0);
    live(s, 4, "A");
    assert_int_equal(nights(s, 4, 4), 1);
    assert_int_equal(cursor_of(s, "10-A").first_date, day(2));
    assert_int_equal(the_alert(s).absent_count, 3);
}

static void joined_mid_term(struct school *s)
{
    live(s, 0, "PPPP");
    save(s, pupil("S-3", "10-A", day(3)));
    live(s, 4, "P--P");
    assert_int_equal(nights(s, 0, 7), 1);
    struct found *found = alerts_of(s, "S-3");
    assert_int_equal(found->count, 1); /* Thu, Fri, Mon: not the days before he came */
    assert_int_equal(found->alerts[0].days[0].date, day(3));
}

static void archived(struct school *s)
{
    struct srv_student gone = pupil("S-1", "10-A", WORLD_MONDAY);
    live(s, 0, "PAAA");
    gone.archived = true;
    gone.left_date = day(4);
    save(s, gone);
    assert_int_equal(nights(s, 0, 3), 0);
    no_alerts(s);
}

static void reopened(struct school *s)
{
    live(s, 0, "PAAA");
    reopen_session(s->w.store, "10-A", day(2), at(&s->w, day(3), 700));
    assert_int_equal(night(s, 3).held, 1); /* nobody evaluated it yet */
    assert_int_equal(cursor_of(s, "10-A").hold, SRV_HOLD_REOPENED);
    no_alerts(s);
    close_session(s->w.store, "10-A", day(2), at(&s->w, day(3), 800));
    assert_int_equal(night(s, 3).alerts, 1);
}

/* The cursor is past it: the class is not held, but nobody is told over a session that is open. */
static void reopened_before_the_cursor(struct school *s)
{
    live(s, 0, "PAA");
    assert_int_equal(nights(s, 0, 2), 0);
    reopen_session(s->w.store, "10-A", day(1), at(&s->w, day(3), 500));
    live(s, 3, "A");
    assert_int_equal(night(s, 3).alerts, 0);
    close_session(s->w.store, "10-A", day(1), at(&s->w, day(4), 100));
    assert_int_equal(night(s, 3).alerts, 1);
}

static void a_correction_afterwards_counts(struct school *s)
{
    live(s, 0, "PAPA");
    assert_int_equal(nights(s, 0, 3), 0);
    say(s, "S-1", day(2), CM_ROLL_ABSENT); /* it was somebody else */
    assert_int_equal(night(s, 3).alerts, 1);
}

static void a_class_without_students_is_not_held(struct school *s)
{
    live(s, 0, "P");
    save(s, pupil("S-1", "10-B", day(1)));
    save(s, pupil("S-2", "10-B", day(1)));
    station_cover(s->log, at(&s->w, day(1), 530), at(&s->w, day(1), 601), true, ++s->ids);
    push_all(s->w.store, s->log);
    nights(s, 0, 2);
    assert_int_equal(cursor_of(s, "10-A").hold, SRV_HOLD_NONE);
    assert_int_equal(cursor_of(s, "10-A").date, day(2));
    assert_int_equal(cursor_of(s, "10-B").hold, SRV_HOLD_STATIONS); /* these are there and were not judged */
}

/* Somebody corrected a day before he came: it is no day of his. */
static void what_was_seen_while_he_was_in_no_class_is_no_day_of_his(struct school *s)
{
    put_student(s->w.store, "S-0", "10-A", cm_date_add(WORLD_MONDAY, -7)); /* the class had begun */
    close_session(s->w.store, "10-A", cm_date_add(WORLD_MONDAY, -7),
                  at(&s->w, cm_date_add(WORLD_MONDAY, -7), 620));
    for (int i = -6; i <= -3; i++)
        close_session(s->w.store, "10-A", day(i), at(&s->w, day(i), 620));
    save(s, pupil("S-0", "10-B", day(-2)));
    live(s, 0, "AAA");
    say(s, "S-1", day(-3), CM_ROLL_ABSENT);
    nights(s, -3, 2);
    assert_int_equal(the_alert(s).trigger_date, day(2)); /* the third day, not the second */
}

/* ---- what becomes of it ---- */

static struct srv_alert absent_three_days(struct school *s)
{
    live(s, 0, "PAAA");
    assert_int_equal(nights(s, 0, 3), 1);
    return the_alert(s);
}

static void correction_one_minute_before_sending(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    say(s, "S-1", day(3), CM_ROLL_PRESENT);
    claim_is(s, &act, SRV_CLAIM_WITHDRAWN);
    assert_int_equal(act.claim.message.state, SRV_MESSAGE_CANCELLED);
    assert_string_equal(act.claim.message.error_text,
                        "2026-01-08: the student was there, as the roll says now");
    alert = the_alert(s);
    assert_int_equal(alert.state, SRV_ALERT_WITHDRAWN);
    assert_int_equal(alert.notes[alert.note_count - 1].word, SRV_ALERT_WAS_WITHDRAWN);
    struct act other = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 7 * 60);
    assert_int_equal(state_of(s, &other), SRV_MESSAGE_CANCELLED);
    claim_is(s, &act, SRV_CLAIM_NOT_DUE);
}

static void a_reopened_session_takes_it_back_and_closing_makes_it_anew(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = {.now_ms = at(&s->w, day(4), 60)};
    assert_int_equal(srv_store_write(s->w.store, do_verify, &act, NULL), CM_OK);
    assert_int_equal(act.count, 0);
    reopen_session(s->w.store, "10-A", day(2), at(&s->w, day(4), 30));
    assert_int_equal(srv_store_write(s->w.store, do_verify, &act, NULL), CM_OK);
    assert_int_equal(act.count, 1);
    assert_int_equal(the_alert(s).state, SRV_ALERT_WITHDRAWN);
    assert_int_equal(night(s, 3).alerts, 0);
    close_session(s->w.store, "10-A", day(2), at(&s->w, day(4), 90));
    assert_int_equal(night(s, 3).alerts, 1);
    struct found *found = alerts_of(s, "S-1");
    assert_int_equal(found->count, 2);
    assert_int_equal(found->alerts[0].generation, 1);
    assert_int_equal(found->alerts[0].state, SRV_ALERT_ACTIVE);
    assert_memory_not_equal(found->alerts[0].id, alert.id, 16);
}

static void send_parents(struct school *s, struct act *act)
{
    claim_is(s, act, SRV_CLAIM_SEND);
    assert_string_equal(act->claim.student_name, "Student S-1");
    assert_string_equal(act->claim.message.provider, "whatsapp");
    assert_int_equal(state_of(s, act), SRV_MESSAGE_SENDING);
    record(s, act, SRV_OUTBOX_TAKEN, "wamid.1", SRV_MESSAGE_SENT);
}

static void corrected_beginning_after_sending(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    send_parents(s, &act);
    say(s, "S-1", day(1), CM_ROLL_PRESENT);
    assert_int_equal(srv_store_write(s->w.store, do_verify, &act, NULL), CM_OK);
    alert = the_alert(s);
    assert_int_equal(alert.state, SRV_ALERT_CONTRADICTED); /* shown, never hidden */
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_SENT);
    act = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 7 * 60);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_CANCELLED);
    live(s, 4, "A"); /* two and three days: the run was told */
    assert_int_equal(nights(s, 3, 4), 0);
    the_alert(s);
}

/* All was sent, and the roll says otherwise only then: it shows, and is to be looked at again. */
static void corrected_when_all_was_sent(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    send_parents(s, &act);
    struct act other = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 7 * 60);
    claim_is(s, &other, SRV_CLAIM_SEND);
    record(s, &other, SRV_OUTBOX_TAKEN, "wamid.2", SRV_MESSAGE_SENT);
    alert = the_alert(s);
    alert.acknowledged_wall_ms = at(&s->w, day(4), 480);
    assert_int_equal(srv_store_write(s->w.store, put_the_alert, &alert, NULL), CM_OK);
    reopen_session(s->w.store, "10-A", day(2), at(&s->w, day(4), 490));
    assert_int_equal(night(s, 3).taken_back, 0); /* not settled: it may be closed as it was */
    close_session(s->w.store, "10-A", day(2), at(&s->w, day(4), 500));
    assert_int_equal(night(s, 3).taken_back, 0);
    assert_int_equal(the_alert(s).state, SRV_ALERT_ACTIVE);
    say(s, "S-1", day(2), CM_ROLL_PRESENT);
    assert_int_equal(night(s, 3).taken_back, 1);
    alert = the_alert(s);
    assert_int_equal(alert.state, SRV_ALERT_CONTRADICTED);
    assert_int_equal(alert.acknowledged_wall_ms, 0);
    assert_string_equal(alert.notes[alert.note_count - 1].reason,
                        "2026-01-07: the student was there, as the roll says now");
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_SENT);
    assert_int_equal(night(s, 3).taken_back, 0);
    the_alert(s);
}

/* Nobody was told yet, and a letter must not say what is not so. */
static void corrected_before_the_letter(struct school *s)
{
    struct srv_student without = pupil("S-1", "10-A", WORLD_MONDAY);
    without.parent_phone[0] = '\0';
    save(s, without);
    s->phone = NULL;
    absent_three_days(s);
    say(s, "S-1", day(2), CM_ROLL_EXCUSED);
    assert_int_equal(night(s, 3).taken_back, 1);
    assert_int_equal(the_alert(s).state, SRV_ALERT_WITHDRAWN);
}

static void archived_before_sending(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    struct srv_student gone = pupil("S-1", "10-A", WORLD_MONDAY);
    gone.archived = true;
    gone.left_date = day(4);
    save(s, gone);
    claim_is(s, &act, SRV_CLAIM_WITHDRAWN);
    assert_string_equal(act.claim.message.error_text, "the student left the school");
}

static void erased_before_sending(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    erase_student(s->w.store, "S-1");
    assert_int_equal(srv_store_write(s->w.store, do_claim, &act, NULL), CM_NOTFOUND);
    assert_int_equal(nights(s, 3, 4), 0);
}

static enum cm_code put_stopped(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_stopped(store, arg, 1, err);
}

/* STOP comes when the sender has picked the message already: the commit that would let it go sees it. */
static void stop_one_moment_before_sending(struct school *s)
{
    live(s, 0, "PAAA");
    assert_int_equal(night(s, 3).alerts, 1);
    const struct srv_alert alert = the_alert(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 420);
    assert_int_equal(srv_store_write(s->w.store, put_stopped, (void *)"+919876543210", NULL), CM_OK);
    claim_is(s, &act, SRV_CLAIM_NO_ADDRESS);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_FAILED);
    assert_string_equal(act.claim.message.error_text, SRV_OPTED_OUT_TEXT);
    act = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 420);
    claim_is(s, &act, SRV_CLAIM_SEND); /* another number */
}

static void quiet_hours(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60 - 1);
    claim_is(s, &act, SRV_CLAIM_QUIET);
    assert_int_equal(act.claim.from_wall_ms, at(&s->w, day(4), 7 * 60));
    act.now_ms = at(&s->w, day(4), 20 * 60);
    claim_is(s, &act, SRV_CLAIM_QUIET);
    assert_int_equal(act.claim.from_wall_ms, at(&s->w, day(5), 7 * 60));
    act.now_ms = at(&s->w, day(4), 20 * 60) - 1;
    claim_is(s, &act, SRV_CLAIM_SEND);
}

static void a_crash_between_send_and_record(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    claim_is(s, &act, SRV_CLAIM_SEND);
    claim_is(s, &act, SRV_CLAIM_NOT_DUE); /* not a second time */
    assert_int_equal(srv_store_write(s->w.store, do_recover, &act, NULL), CM_OK);
    assert_int_equal(act.count, 1);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_UNKNOWN);
    claim_is(s, &act, SRV_CLAIM_NOT_DUE); /* nor by itself, ever */
    act.flag = true;
    assert_int_equal(srv_store_write(s->w.store, do_resolve, &act, NULL), CM_OK);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_SENT);
    assert_int_equal(srv_store_write(s->w.store, do_resolve, &act, NULL), CM_INVALID);
}

static void an_unknown_one_is_sent_again_by_a_person_alone(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    claim_is(s, &act, SRV_CLAIM_SEND);
    record(s, &act, SRV_OUTBOX_LOST, NULL, SRV_MESSAGE_UNKNOWN);
    act.flag = false;
    assert_int_equal(srv_store_write(s->w.store, do_resolve, &act, NULL), CM_OK);
    claim_is(s, &act, SRV_CLAIM_SEND);
    assert_int_equal(act.claim.message.tries, 2);
    record(s, &act, SRV_OUTBOX_TOLD_DELIVERED, "wamid.1", SRV_MESSAGE_DELIVERED);
    record(s, &act, SRV_OUTBOX_LOST, NULL, SRV_MESSAGE_DELIVERED); /* the answer, too late */
    alert = the_alert(s);
    assert_int_equal(alert.notes[alert.note_count - 1].word, SRV_ALERT_WAS_RESOLVED);
    assert_string_equal(alert.notes[alert.note_count - 1].by, "Meera Nair");
}

/* The first try may have left: the run was told, as far as anybody knows. */
static void what_may_have_left_before_is_contradicted_not_withdrawn(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    claim_is(s, &act, SRV_CLAIM_SEND);
    record(s, &act, SRV_OUTBOX_LOST, NULL, SRV_MESSAGE_UNKNOWN);
    assert_int_equal(srv_store_write(s->w.store, do_retry, &act, NULL), CM_OK);
    say(s, "S-1", day(3), CM_ROLL_PRESENT);
    claim_is(s, &act, SRV_CLAIM_WITHDRAWN);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_CANCELLED);
    assert_int_equal(the_alert(s).state, SRV_ALERT_CONTRADICTED);
    say(s, "S-1", day(3), CM_ROLL_ABSENT);
    assert_int_equal(nights(s, 3, 3), 0); /* not a second time */
}

/* A person knows that it did not leave: then it is as if it had never been. */
static void what_a_person_knows_was_not_sent_is_withdrawn(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    claim_is(s, &act, SRV_CLAIM_SEND);
    record(s, &act, SRV_OUTBOX_LOST, NULL, SRV_MESSAGE_UNKNOWN);
    act.flag = false;
    assert_int_equal(srv_store_write(s->w.store, do_resolve, &act, NULL), CM_OK);
    say(s, "S-1", day(3), CM_ROLL_PRESENT);
    claim_is(s, &act, SRV_CLAIM_WITHDRAWN);
    assert_int_equal(the_alert(s).state, SRV_ALERT_WITHDRAWN);
    /* and still it is believed who got it */
    record(s, &act, SRV_OUTBOX_TOLD_DELIVERED, "wamid.1", SRV_MESSAGE_DELIVERED);
    alert = the_alert(s);
    assert_int_equal(alert.state, SRV_ALERT_CONTRADICTED);
    assert_int_equal(alert.notes[alert.note_count - 1].word, SRV_ALERT_WAS_CONTRADICTED);
}

static void no_connection_is_tried_again_later(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 7 * 60);
    claim_is(s, &act, SRV_CLAIM_SEND);
    act.outcome = (struct srv_outcome){.event = SRV_OUTBOX_AGAIN,
                                       .next_try_wall_ms = act.now_ms + 60000,
                                       .error_text = "no connection",
                                       .wall_ms = act.now_ms};
    assert_int_equal(srv_store_write(s->w.store, do_record, &act, NULL), CM_OK);
    act.now_ms += 59999;
    claim_is(s, &act, SRV_CLAIM_NOT_DUE);
    act.now_ms++;
    claim_is(s, &act, SRV_CLAIM_SEND);
}

static void cancelled_by_a_person(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 60);
    assert_int_equal(srv_store_write(s->w.store, do_cancel, &act, NULL), CM_OK);
    alert = the_alert(s);
    assert_int_equal(alert.state, SRV_ALERT_CANCELLED);
    assert_string_equal(alert.notes[alert.note_count - 1].reason, "I rang them up");
    act.now_ms = at(&s->w, day(4), 8 * 60);
    claim_is(s, &act, SRV_CLAIM_NOT_DUE);
    assert_int_equal(srv_store_write(s->w.store, do_cancel, &act, NULL), CM_INVALID);
    assert_int_equal(srv_store_write(s->w.store, do_retry, &act, NULL), CM_INVALID);
    live(s, 4, "A");
    assert_int_equal(nights(s, 3, 4), 0); /* it counts as told */
    the_alert(s);
}

static void too_late_to_cancel(struct school *s)
{
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 8 * 60);
    send_parents(s, &act);
    struct act other = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 8 * 60);
    claim_is(s, &other, SRV_CLAIM_SEND);
    record(s, &other, SRV_OUTBOX_TAKEN, "wamid.2", SRV_MESSAGE_SENT);
    assert_int_equal(srv_store_write(s->w.store, do_cancel, &act, NULL), CM_INVALID);
    assert_int_equal(srv_store_write(s->w.store, do_acknowledge, &act, NULL), CM_OK);
    assert_int_equal(srv_store_write(s->w.store, do_acknowledge, &act, NULL), CM_OK);
    alert = the_alert(s);
    assert_int_equal(alert.acknowledged_wall_ms, act.now_ms);
    assert_int_equal(alert.note_count, 2);
}

static void without_an_address_somebody_writes_a_letter(struct school *s)
{
    struct srv_student student = pupil("S-1", "10-A", WORLD_MONDAY);
    student.parent_phone[0] = '\0';
    save(s, student);
    struct srv_alert alert = absent_three_days(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 8 * 60);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_FAILED);
    assert_int_equal(srv_store_write(s->w.store, do_retry, &act, NULL), CM_OK);
    claim_is(s, &act, SRV_CLAIM_NO_ADDRESS);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_FAILED);
    student.parent_phone[0] = '+';
    strcpy(student.parent_phone, "+919876543211");
    save(s, student);
    assert_int_equal(srv_store_write(s->w.store, do_retry, &act, NULL), CM_OK);
    claim_is(s, &act, SRV_CLAIM_SEND);
    assert_string_equal(act.claim.message.phone, "+919876543211");
}

static void coordinators_of_the_class_are_told(struct school *s)
{
    struct srv_user user = {
        .name = "meera", .full_name = "Meera Nair", .role = SRV_ROLE_COORDINATOR, .class_count = 1};
    strcpy(user.classes[0], "10-A");
    strcpy(user.email, "meera@school.example");
    assert_int_equal(srv_store_write(s->w.store, put_user, &user, NULL), CM_OK);
    struct srv_user other = user;
    strcpy(other.name, "of-10-b");
    strcpy(other.classes[0], "10-B");
    assert_int_equal(srv_store_write(s->w.store, put_user, &other, NULL), CM_OK);
    struct srv_user disabled = user;
    strcpy(disabled.name, "gone");
    disabled.disabled = true;
    assert_int_equal(srv_store_write(s->w.store, put_user, &disabled, NULL), CM_OK);
    struct srv_user silent = user;
    strcpy(silent.name, "silent");
    silent.email[0] = '\0';
    assert_int_equal(srv_store_write(s->w.store, put_user, &silent, NULL), CM_OK);
    struct srv_alert alert = absent_three_days(s);
    struct found *found = messages_of(s, &alert);
    assert_int_equal(found->count, 2);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 8 * 60);
    act.options.email_provider = "smtp";
    claim_is(s, &act, SRV_CLAIM_SEND);
    assert_string_equal(act.claim.message.user, "meera");
    assert_string_equal(act.claim.message.email, "meera@school.example");
    assert_string_equal(act.claim.message.provider, "smtp");
}

static void who_has_the_class_no_more_is_not_told(struct school *s)
{
    struct srv_user user = {
        .name = "meera", .role = SRV_ROLE_COORDINATOR, .class_count = 1, .phone = "+919000000000"};
    strcpy(user.classes[0], "10-A");
    assert_int_equal(srv_store_write(s->w.store, put_user, &user, NULL), CM_OK);
    struct srv_alert alert = absent_three_days(s);
    strcpy(user.classes[0], "10-B");
    assert_int_equal(srv_store_write(s->w.store, put_user, &user, NULL), CM_OK);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 8 * 60);
    claim_is(s, &act, SRV_CLAIM_NO_ADDRESS);
}

static enum cm_code switch_off(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_setting(store, SRV_SETTING_ALERTS_ENABLED, arg, err);
}

static void switched_off(struct school *s)
{
    live(s, 0, "P");
    assert_int_equal(night(s, 0).alerts, 0);
    assert_int_equal(srv_store_write(s->w.store, switch_off, (void *)"0", NULL), CM_OK);
    live(s, 1, "AAAP");
    assert_int_equal(nights(s, 1, 4), 0);
    assert_int_equal(srv_store_write(s->w.store, switch_off, (void *)"1", NULL), CM_OK);
    assert_int_equal(nights(s, 4, 6), 0); /* what passed meanwhile stays untold */
    no_alerts(s);
}

static void switch_alerts(struct school *s, bool on)
{
    assert_int_equal(srv_store_write(s->w.store, switch_off, (void *)(on ? "1" : "0"), NULL), CM_OK);
}

static void switched_on_a_running_streak_is_told_whole(struct school *s)
{
    live(s, 0, "P");
    assert_int_equal(night(s, 0).alerts, 0);
    switch_alerts(s, false);
    live(s, 1, "AAAA--AA");
    assert_int_equal(nights(s, 1, 8), 0);
    switch_alerts(s, true);
    assert_int_equal(night(s, 8).alerts, 1);
    assert_int_equal(the_alert(s).trigger_date, day(8));
    assert_int_equal(the_alert(s).absent_count, 6);
    assert_false(the_alert(s).repeat);
    assert_int_equal(night(s, 8).alerts, 0);
}

static void switched_on_a_streak_that_ended_is_not_told(struct school *s)
{
    live(s, 0, "P");
    assert_int_equal(night(s, 0).alerts, 0);
    switch_alerts(s, false);
    live(s, 1, "AAAP--AA");
    assert_int_equal(nights(s, 1, 8), 0);
    switch_alerts(s, true);
    assert_int_equal(night(s, 8).alerts, 0);
    live(s, 9, "A");
    assert_int_equal(night(s, 9).alerts, 1); /* the next one is */
    assert_int_equal(the_alert(s).absent_count, 3);
}

/* One that is settled when alerts are on again is not made up for either. */
static void what_is_settled_late_is_told_only_if_it_goes_on(struct school *s)
{
    live(s, 0, "PAA");
    assert_int_equal(nights(s, 0, 2), 0);
    switch_alerts(s, false);
    live(s, 3, "OP");
    assert_int_equal(nights(s, 3, 4), 0);
    switch_alerts(s, true);
    close_session(s->w.store, "10-A", day(3), at(&s->w, day(4), 700)); /* the third day */
    assert_int_equal(nights(s, 4, 6), 0);
    no_alerts(s);
}

static void switched_off_before_sending(struct school *s)
{
    live(s, 0, "PAAA");
    assert_int_equal(nights(s, 0, 3), 1);
    const struct srv_alert first = the_alert(s);
    struct act act = act_on(s, &first, SRV_RECIPIENT_PARENT, day(4), 420);
    switch_alerts(s, false);
    claim_is(s, &act, SRV_CLAIM_WITHDRAWN);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_CANCELLED);
    assert_int_equal(the_alert(s).state, SRV_ALERT_WITHDRAWN);
    switch_alerts(s, true);
    assert_int_equal(night(s, 3).alerts, 1); /* it goes on: told anew */
    struct found *found = alerts_of(s, "S-1");
    assert_int_equal(found->count, 2);
    struct srv_alert second = found->alerts[0].generation == 1 ? found->alerts[0] : found->alerts[1];
    assert_int_equal(second.generation, 1);
    switch_alerts(s, false);
    assert_int_equal(srv_store_write(s->w.store, do_verify, &act, NULL), CM_OK); /* within a minute */
    assert_int_equal(act.count, 1);
    act = act_on(s, &second, SRV_RECIPIENT_PARENT, day(4), 420);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_CANCELLED);
}

static void switched_off_when_the_parents_were_told(struct school *s)
{
    live(s, 0, "PAAA");
    assert_int_equal(nights(s, 0, 3), 1);
    const struct srv_alert alert = the_alert(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 420);
    claim_is(s, &act, SRV_CLAIM_SEND);
    record(s, &act, SRV_OUTBOX_TAKEN, "wamid.1", SRV_MESSAGE_SENT);
    switch_alerts(s, false);
    assert_int_equal(srv_store_write(s->w.store, do_verify, &act, NULL), CM_OK);
    assert_int_equal(act.count, 1);
    assert_int_equal(the_alert(s).state, SRV_ALERT_ACTIVE); /* it was told, and is so */
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_SENT);
    act = act_on(s, &alert, SRV_RECIPIENT_COORDINATOR, day(4), 430);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_CANCELLED);
    switch_alerts(s, true);
    assert_int_equal(night(s, 3).alerts, 0);
}

static void nothing_is_sent_again_while_switched_off(struct school *s)
{
    live(s, 0, "PAAA");
    assert_int_equal(nights(s, 0, 3), 1);
    const struct srv_alert alert = the_alert(s);
    struct act act = act_on(s, &alert, SRV_RECIPIENT_PARENT, day(4), 420);
    claim_is(s, &act, SRV_CLAIM_SEND);
    record(s, &act, SRV_OUTBOX_REFUSED, NULL, SRV_MESSAGE_FAILED);
    switch_alerts(s, false);
    assert_int_equal(srv_store_write(s->w.store, do_retry, &act, NULL), CM_INVALID);
    assert_int_equal(state_of(s, &act), SRV_MESSAGE_FAILED);
    switch_alerts(s, true);
    assert_int_equal(srv_store_write(s->w.store, do_retry, &act, NULL), CM_OK);
}

/* ---- why ---- */

struct lines {
    char text[4096];
};

static void take_line(void *arg, const struct srv_night_line *line)
{
    struct lines *lines = arg;
    size_t length = strlen(lines->text);
    snprintf(lines->text + length, sizeof lines->text - length, "%s %d %s: %s\n", line->class_id,
             (int)line->date, line->student_id != NULL ? line->student_id : "-", line->text);
}

static void dry_run(struct school *s, int index, int through, const char *wanted, int alerts)
{
    struct srv_night_options options = {.zone = s->w.zone,
                                        .now_ms = cm_zone_instant(s->w.zone, day(index + 1), 0),
                                        .through_date = through >= 0 ? day(through) : 0};
    struct srv_night_totals totals;
    struct lines lines = {""};
    uint64_t version = srv_store_version(s->w.store);
    assert_int_equal(srv_night_dry_run(s->w.store, &options, take_line, &lines, &totals, NULL), CM_OK);
    assert_string_equal(lines.text, wanted);
    assert_int_equal(totals.alerts, alerts);
    assert_int_equal(srv_store_version(s->w.store), version);
}

static void a_dry_run_says_why_and_writes_nothing(struct school *s)
{
    live(s, 0, "PAAAAO");
    close_session(s->w.store, "10-A", day(4), at(&s->w, day(4), 630));
    dry_run(
        s, 3, -1,
        "10-A 20260106 S-1: Absent on 1 school day in a row; it is told from 3 on.\n"
        "10-A 20260106 S-2: No day absent since the student was last there.\n"
        "10-A 20260107 S-1: Absent on 2 school days in a row; it is told from 3 on.\n"
        "10-A 20260107 S-2: No day absent since the student was last there.\n"
        "10-A 20260108 S-1: Absent on 3 school days in a row, from 2026-01-06 to 2026-01-08: to be told.\n"
        "10-A 20260108 S-2: No day absent since the student was last there.\n",
        1);
    no_alerts(s);
    assert_int_equal(nights(s, 0, 3), 1);
    dry_run(
        s, 4, 3,
        "10-A 20260108 S-1: Told already, for 2026-01-08. 0 days absent since then; it is told again after "
        "7.\n"
        "10-A 20260108 S-2: No day absent since the student was last there.\n",
        0);
}

static void why_was_nobody_told(struct school *s)
{
    struct srv_why why;
    live(s, 0, "PAAO");
    assert_int_equal(night(s, 3).held, 1);
    assert_int_equal(srv_night_why(s->w.store, "S-1", day(2), &why, NULL), CM_OK);
    assert_string_equal(why.text, "Absent on 2 school days in a row; it is told from 3 on.");
    assert_int_equal(srv_night_why(s->w.store, "S-1", day(3), &why, NULL), CM_OK);
    assert_string_equal(
        why.text, "The class is held at 2026-01-08, so later days wait. By the rule: Held: the session of "
                  "10-A on 2026-01-08 is not settled. Close its roll, or wait for its station.");
    assert_int_equal(srv_night_why(s->w.store, "S-9", day(3), &why, NULL), CM_NOTFOUND);
    assert_int_equal(srv_night_why(s->w.store, "S-1", cm_date_add(WORLD_MONDAY, -1), &why, NULL), CM_OK);
    assert_false(why.member);
}

static const struct {
    const char *name;
    void (*run)(struct school *s);
} cases[] = {
    {"perfect attendance never triggers over a weekend", perfect_attendance_never_triggers_over_a_weekend},
    {"Fri + Mon + Tue counts 3", friday_monday_tuesday_counts_3},
    {"holiday inside a streak", holiday_inside_a_streak},
    {"two absent days never read as three", two_absent_days_never_read_as_three},
    {"excused inside a streak", excused_inside_a_streak},
    {"station off on day 2", station_off_on_day_2},
    {"sync three days late", sync_three_days_late},
    {"a station that was paired and never sent", a_station_that_was_paired_and_never_sent},
    {"a station that was paired and never started", a_station_that_was_paired_and_never_started},
    {"a late sync that says he was there", a_late_sync_that_says_he_was_there},
    {"server down for two nights", server_down_for_two_nights},
    {"server down until after the streak", server_down_until_after_the_streak},
    {"job run twice", job_run_twice},
    {"once per streak, and repeat at +7", once_per_streak_and_repeat_at_plus_7},
    {"class moved mid-streak", class_moved_mid_streak},
    {"joined mid-term", joined_mid_term},
    {"the first days of a class", the_first_days_of_a_class},
    {"archived", archived},
    {"reopened", reopened},
    {"reopened before the cursor", reopened_before_the_cursor},
    {"a correction afterwards counts", a_correction_afterwards_counts},
    {"a class without students is not held", a_class_without_students_is_not_held},
    {"what was seen while he was in no class", what_was_seen_while_he_was_in_no_class_is_no_day_of_his},
    {"correction one minute before sending", correction_one_minute_before_sending},
    {"a reopened session takes it back", a_reopened_session_takes_it_back_and_closing_makes_it_anew},
    {"corrected beginning after sending", corrected_beginning_after_sending},
    {"corrected when all was sent", corrected_when_all_was_sent},
    {"corrected before the letter", corrected_before_the_letter},
    {"archived before sending", archived_before_sending},
    {"erased before sending", erased_before_sending},
    {"STOP one moment before sending", stop_one_moment_before_sending},
    {"quiet hours", quiet_hours},
    {"a crash between send and record", a_crash_between_send_and_record},
    {"an unknown one is sent again by a person alone", an_unknown_one_is_sent_again_by_a_person_alone},
    {"what may have left before is contradicted", what_may_have_left_before_is_contradicted_not_withdrawn},
    {"what a person knows was not sent is withdrawn", what_a_person_knows_was_not_sent_is_withdrawn},
    {"no connection is tried again later", no_connection_is_tried_again_later},
    {"cancelled by a person", cancelled_by_a_person},
    {"too late to cancel", too_late_to_cancel},
    {"without an address somebody writes a letter", without_an_address_somebody_writes_a_letter},
    {"coordinators of the class are told", coordinators_of_the_class_are_told},
    {"who has the class no more is not told", who_has_the_class_no_more_is_not_told},
    {"switched off", switched_off},
    {"switched on: a running streak is told whole", switched_on_a_running_streak_is_told_whole},
    {"switched on: a streak that ended is not told", switched_on_a_streak_that_ended_is_not_told},
    {"switched on: what is settled late", what_is_settled_late_is_told_only_if_it_goes_on},
    {"switched off before sending", switched_off_before_sending},
    {"switched off when the parents were told", switched_off_when_the_parents_were_told},
    {"nothing is sent again while switched off", nothing_is_sent_again_while_switched_off},
    {"a dry run says why and writes nothing", a_dry_run_says_why_and_writes_nothing},
    {"why was nobody told", why_was_nobody_told},
};

static void by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct school s;
        print_message("%s\n", cases[i].name);
        open_school(&s, "memory:");
        cases[i].run(&s);
        close_school(&s);
    }
}

/* Two processes at the same moment: each class once. */
static void job_run_in_two_processes(void **state)
{
    struct school s;
    int status;
    (void)state;
    open_school(&s, "lmdb:");
    live(&s, 0, "PAAA");
    world_close(&s.w);
    pid_t child = fork();
    assert_true(child >= 0);
    world_open(&s.w);
    struct srv_night_totals totals = night(&s, 3);
    if (child == 0) {
        world_close(&s.w);
        _exit(totals.alerts);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(totals.alerts + WEXITSTATUS(status), 1);
    the_alert(&s);
    close_school(&s);
}

static enum srv_message_state state_in(struct school *s, const struct srv_alert *alert,
                                       enum srv_recipient recipient)
{
    struct act act = act_on(s, alert, recipient, day(0), 0);
    return state_of(s, &act);
}

/* The server sent on after the backup: nobody is told twice without a person who says so. */
static void put_back_to_a_backup(void **state)
{
    struct school s;
    char backup[270], url[300];
    struct cm_err err = CM_ERR_INIT;
    (void)state;
    open_school(&s, "lmdb:");
    struct srv_alert alert = absent_three_days(&s);
    assert_int_equal(state_in(&s, &alert, SRV_RECIPIENT_PARENT), SRV_MESSAGE_QUEUED);
    live(&s, 4, "P--AAA");
    snprintf(backup, sizeof backup, "%.250s/backup", s.w.dir);
    assert_int_equal(srv_store_backup(s.w.store, backup, NULL), CM_OK);
    assert_int_equal(nights(&s, 4, 9), 1); /* told, and forgotten by what follows */
    world_close(&s.w);
    snprintf(url, sizeof url, "lmdb:%.250s/again", s.w.dir);
    if (srv_store_restore(backup, url, &err) != CM_OK)
        fail_msg("%s", err.msg);
    memcpy(s.w.url, url, sizeof s.w.url);
    world_open(&s.w);
    assert_int_equal(night(&s, 9).alerts, 1);
    assert_int_equal(state_in(&s, &alert, SRV_RECIPIENT_PARENT), SRV_MESSAGE_UNKNOWN);
    struct srv_alert newest = alerts_of(&s, "S-1")->alerts[0];
    assert_int_equal(newest.trigger_date, day(9));
    assert_int_equal(state_in(&s, &newest, SRV_RECIPIENT_PARENT), SRV_MESSAGE_UNKNOWN);
    live(&s, 10, "P");
    live(&s, 11, "A--AA");
    assert_int_equal(nights(&s, 10, 15), 1); /* what comes after it is as ever */
    newest = alerts_of(&s, "S-1")->alerts[0];
    assert_int_equal(newest.trigger_date, day(15));
    assert_int_equal(state_in(&s, &newest, SRV_RECIPIENT_PARENT), SRV_MESSAGE_QUEUED);
    close_school(&s);
}

/* The day that ended is the school's, also where the clocks change at night. */
static void the_day_that_ended(void **state)
{
    static const struct {
        const char *zone;
        int32_t today, minute, wanted;
    } nights_of[] = {
        {"Asia/Kolkata", 20260110, 0, 20260109},       {"America/New_York", 20260309, 0, 20260308},
        {"America/New_York", 20261102, 0, 20261101},   {"America/Havana", 20260308, 60, 20260307},
        {"Pacific/Kiritimati", 20260110, 0, 20260109}, {"Asia/Kolkata", 20260110, 1439, 20260109},
    };
    (void)state;
    for (size_t i = 0; i < sizeof nights_of / sizeof nights_of[0]; i++) {
        struct world w;
        struct cm_zone *zone;
        struct srv_night *job;
        struct cm_err err = CM_ERR_INIT;
        world_init(&w, "memory:");
        assert_int_equal(cm_zone_open(nights_of[i].zone, &zone, NULL), CM_OK);
        struct srv_night_options options = {
            .zone = zone, .now_ms = cm_zone_instant(zone, nights_of[i].today, nights_of[i].minute)};
        options.through_date = nights_of[i].wanted;
        assert_int_equal(srv_night_begin(w.store, &options, &job, &err), CM_OK);
        srv_night_destroy(job);
        options.through_date = cm_date_add(nights_of[i].wanted, 1);
        assert_int_equal(srv_night_begin(w.store, &options, &job, &err), CM_INVALID);
        cm_zone_close(zone);
        world_finish(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_name),
        cmocka_unit_test(job_run_in_two_processes),
        cmocka_unit_test(put_back_to_a_backup),
        cmocka_unit_test(the_day_that_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
