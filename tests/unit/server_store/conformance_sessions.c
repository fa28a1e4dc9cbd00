/* Sessions by people's words, half days, points of the school, and what stations are told of all that. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What people say of a session, at a station and on the server: the latest instant counts, whatever comes first. */
static void words_about_sessions(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 1);
    station_say(log, "10-A", WORLD_MONDAY, CM_WORD_CLOSED, at(w, WORLD_MONDAY, 610), 2);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=absent S-3=absent ");
    struct srv_session_info info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_string_equal(info.closed_by, "Ravi");
    assert_string_equal(info.word.reason, "at the door");
    reopen_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 620)); /* on the page */
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=none S-3=none ");
    station_say(log, "10-A", WORLD_MONDAY, CM_WORD_CLOSED, at(w, WORLD_MONDAY, 619), 3); /* comes late */
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    station_say(log, "10-A", WORLD_MONDAY, CM_WORD_CLOSED, at(w, WORLD_MONDAY, 621), 4);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 559),
                 5); /* seen before, synced after */
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=late S-3=absent ");
    station_say(log, "10-A", WORLD_MONDAY, CM_WORD_REOPENED, at(w, 20270101, 0), 6); /* its clock is ahead */
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_CLOSED);
    uint64_t feed, again;
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 630));
    assert_int_equal(srv_store_feed_last(w->store, &feed, NULL), CM_OK);
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 630)); /* the same word is one */
    assert_int_equal(srv_store_feed_last(w->store, &again, NULL), CM_OK);
    assert_int_equal(feed, again);
    check(w->store);
    free(log);
}

/* On a day without session by a person's word nobody is absent, and what was seen counts for nothing. */
static void no_session(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_session_info info;
    struct srv_school_day day;
    struct cm_class class_;
    set_up_class(w);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 1);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 545), 2);
    station_correct(log, "S-2", "10-A", 20260106, CM_ROLL_PRESENT, at(w, 20260106, 546), 3);
    push_all(w->store, log);
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 610));
    close_session(w->store, "10-A", 20260106, at(w, 20260106, 610));
    assert_int_equal(standing_of(w->store, "S-1").streak, 2);
    assert_int_equal(standing_of(w->store, "S-3").absent, 2);
    say_session(w->store, "10-A", 20260106, CM_WORD_NO_SESSION, "rain", at(w, 20260106, 620));
    info = info_of(w->store, "10-A", 20260106);
    assert_int_equal(info.word.word, CM_WORD_NO_SESSION);
    assert_string_equal(info.word.reason, "rain");
    assert_string_equal(info.word.by, "Meera");
    assert_string_equal(info.closed_by, "");
    assert_false(info.school);
    assert_int_equal(info.present + info.late + info.absent + info.none, 0);
    assert_int_equal(standing_of(w->store, "S-1").points, 20);
    assert_int_equal(standing_of(w->store, "S-1").streak, 1);
    assert_int_equal(standing_of(w->store, "S-2").points, 0);
    assert_int_equal(standing_of(w->store, "S-3").absent, 1);
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_NONE);
    assert_int_equal(srv_store_get_class(w->store, "10-A", &class_, NULL), CM_OK);
    assert_int_equal(srv_store_get_school_day(w->store, &class_, 20260106, &day, NULL), CM_OK);
    assert_true(day.no_session);
    assert_int_equal(day.day.kind, CM_DAY_CLOSED);
    reopen_session(w->store, "10-A", 20260106, at(w, 20260106, 630)); /* takes it back */
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-1=present S-2=present S-3=none ");
    assert_int_equal(standing_of(w->store, "S-1").streak, 2);
    /* of a day of which nothing else is known */
    say_session(w->store, "10-A", 20260107, CM_WORD_NO_SESSION, "", at(w, 20260107, 500));
    assert_int_equal(info_of(w->store, "10-A", 20260107).word.word, CM_WORD_NO_SESSION);
    assert_string_equal(roll_of(w->store, "10-A", 20260107), "");
    assert_int_equal(srv_store_get_session_info(w->store, "10-A", 20260108, &info, NULL), CM_OK);
    check(w->store);
    free(log);
}

/* A half day is a school day with times of its own; on a closed day nothing counts that was seen. */
static void half_days_and_closed_days(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_school_day day;
    struct cm_class class_;
    set_up_class(w);
    put_short(w->store, WORLD_MONDAY, "", 480, 30); /* 08:00, late after 08:10, closes 08:30 */
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 485), 1);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 495), 2); /* late today */
    station_cover(log, at(w, WORLD_MONDAY, 475), at(w, WORLD_MONDAY, 505), true, 3);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 511), 4);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=late S-3=absent ");
    struct srv_session_info info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_int_equal(info.window_min, 30);
    assert_int_equal(info.able_min, 25);
    assert_int_equal(info.state, SRV_SESSION_CLOSED);
    assert_int_equal(standing_of(w->store, "S-1").streak, 1);
    put_closure(w->store, WORLD_MONDAY, "10-A"); /* the class's own entry counts before that of all */
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=none S-2=none ");
    assert_int_equal(standing_of(w->store, "S-1").points, 0);
    delete_closure(w->store, WORLD_MONDAY, "10-A");
    assert_int_equal(standing_of(w->store, "S-1").points, 20);
    put_short(w->store, WORLD_MONDAY, "", 490, 30); /* other times */
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=present S-3=none ");
    delete_closure(w->store, WORLD_MONDAY, "");
    assert_int_equal(srv_store_get_class(w->store, "10-A", &class_, NULL), CM_OK);
    assert_int_equal(srv_store_get_school_day(w->store, &class_, WORLD_MONDAY, &day, NULL), CM_OK);
    assert_int_equal(day.closure.date, 0);
    assert_int_equal(day.day.times.start_wall_ms, at(w, WORLD_MONDAY, 540));
    check(w->store);
    free(log);
}

static enum cm_code put_points(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_setting(store, "points", arg, err);
}

/* Points are rules of the school: another setting recounts everything; who is marked by card is not behind. */
static void points_of_the_school(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct cm_points_rules rules;
    set_up_class(w);
    put_class(w->store, "ghost", 540);
    put_student(w->store, "S-4", "ghost", WORLD_MONDAY);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 1);
    station_card(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 546), 2);
    station_mark(log, "S-4", "ghost", WORLD_MONDAY, at(w, WORLD_MONDAY, 546), 3);
    station_card(log, "S-2", "10-A", 20260106, at(w, 20260106, 556), 4);
    push_all(w->store, log);
    assert_int_equal(standing_of(w->store, "S-1").points, 20);
    assert_int_equal(standing_of(w->store, "S-2").points, 20 + 12);
    set_setting(w->store, "points", "present 4, late -1, no_face 1, least 1");
    assert_int_equal(standing_of(w->store, "S-1").points, 4);
    assert_int_equal(standing_of(w->store, "S-2").points, 5 + 4);
    assert_int_equal(standing_of(w->store, "S-4").points, 4);
    assert_int_equal(standing_of(w->store, "S-2").streak, 2);
    assert_int_equal(srv_store_write(w->store, put_points, (void *)"present lots", NULL), CM_INVALID);
    assert_int_equal(srv_store_get_points(w->store, &rules, NULL), CM_OK);
    assert_int_equal(rules.count, 3);
    check(w->store);
    free(log);
}

static bool add_evidence(void *arg, const struct srv_day_evidence *day)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%s%s=%s%s%d/%d ", day->student_id,
             day->member ? "" : "*", day->evidence.has_mark ? "m" : "",
             day->evidence.has_correction ? "c" : "", (int)day->standing.points,
             (int)day->standing.now.streak);
    return true;
}

static const char *evidence_of(struct srv_store *store, const char *class_id, int32_t date)
{
    static struct spans spans;
    struct cm_err err = CM_ERR_INIT;
    spans.text[0] = '\0';
    if (srv_store_each_evidence(store, class_id, date, add_evidence, &spans, &err) != CM_OK)
        fail_msg("%s", err.msg);
    return spans.text;
}

/* What a station gets to merge with its own, and which sessions it is told of. */
static void evidence_for_stations(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    uint64_t last;
    set_up_class(w);
    put_class(w->store, "10-B", 540);
    w->clock.now_wall_ms = at(w, WORLD_MONDAY, 600);
    assert_int_equal(srv_store_last_change(w->store, &last, NULL), CM_OK);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 1);
    station_mark(log, "S-2", "10-B", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 2); /* for another class */
    push_all(w->store, log);
    correct(w->store, "S-3", "10-A", WORLD_MONDAY, CM_ROLL_EXCUSED, at(w, WORLD_MONDAY, 550), 3);
    assert_string_equal(evidence_of(w->store, "10-A", WORLD_MONDAY), "S-1=m20/1 S-2=m20/1 S-3=c0/0 ");
    assert_string_equal(evidence_of(w->store, "10-A", 20260106), "S-1=20/1 S-2=20/1 S-3=0/0 ");
    assert_string_equal(evidence_of(w->store, "10-A", 0), "S-1=20/1 S-2=20/1 S-3=0/0 ");
    assert_string_equal(changes_after(w->store, last), "7:10-B@20260105 7:10-A@20260105 ");
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 551));
    assert_string_equal(changes_after(w->store, last), "7:10-B@20260105 7:10-A@20260105 ");
    station_cover(log, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 540), true,
                  4); /* changes nobody's roll */
    assert_int_equal(srv_store_last_change(w->store, &last, NULL), CM_OK);
    push_all(w->store, log);
    assert_string_equal(changes_after(w->store, last), "");
    w->clock.now_wall_ms =
        at(w, 20260126, 600); /* three weeks later: the old ones go with the first new one */
    correct(w->store, "S-3", "10-A", 20260107, CM_ROLL_EXCUSED, at(w, 20260107, 550), 5);
    assert_string_equal(changes_after(w->store, last), "7:10-A ");
    correct(w->store, "S-1", "10-A", 20260126, CM_ROLL_PRESENT, at(w, 20260126, 545), 6);
    assert_string_equal(changes_after(w->store, last), "7:10-A 7:10-A@20260126 ");
    put_student(w->store, "S-1", "10-B", 20260126); /* moved: both classes' rolls are others */
    assert_string_equal(evidence_of(w->store, "10-A", 20260126), "S-2=20/1 S-3=0/0 ");
    assert_string_equal(evidence_of(w->store, "10-B", 20260126), "S-1=c35/2 ");
    check(w->store);
    free(log);
}

const struct conformance_case conformance_sessions[] = {
    {"words about sessions", words_about_sessions},           {"no session", no_session},
    {"half days and closed days", half_days_and_closed_days}, {"points of the school", points_of_the_school},
    {"evidence for stations", evidence_for_stations},         {NULL, NULL},
};
