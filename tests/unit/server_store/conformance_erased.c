/* Students who were erased, and what comes about them later. */
#include "conformance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every id and text that the feed shows, with a mark where somebody was erased. */
static bool add_named(void *arg, const struct srv_feed_item *item)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    const struct cm_event *event = item->event;
    const char *id = "", *text = "";
    switch (event->type) {
    case CM_EVENT_MARK:
        id = event->body.mark.student_id;
        break;
    case CM_EVENT_CORRECTION:
        id = event->body.correction.student_id;
        text = event->body.correction.reason;
        break;
    case CM_EVENT_ACTIVITY:
        id = event->body.activity.student_id;
        text = event->body.activity.reason;
        break;
    default:
        break;
    }
    snprintf(spans->text + size, sizeof spans->text - size, "%s%s%s ", id, text, item->erased ? "!" : "");
    return true;
}

static const char *feed_of(struct srv_store *store)
{
    static struct spans spans;
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_feed(store, 0, add_named, &spans, NULL), CM_OK);
    return spans.text;
}

static void set_clock(struct world *w, int32_t date, int32_t minute)
{
    cm_clock_manual_init(&w->clock, at(w, date, minute), 1000000);
}

static void erased_students(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_standing standing;
    set_up_class(w);
    set_clock(w, WORLD_MONDAY, 600);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 1);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 542), 2);
    push_all(w->store, log);
    erase_student(w->store, "S-1");
    assert_int_equal(srv_store_get_standing(w->store, "S-1", &standing, NULL), CM_NOTFOUND);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-2=present S-3=none ");
    assert_string_equal(feed_of(w->store), "! S-2 ");
    assert_int_equal(check(w->store), 2);
    free(log);
}

/* A station was offline when its student was erased: what it sends after that is acknowledged, and counts nowhere. */
static void late_events_of_the_erased(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    struct srv_student student;
    set_up_class(w);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 1);
    station_correct(log, "S-1", "10-A", WORLD_MONDAY, CM_ROLL_LATE, at(w, WORLD_MONDAY, 570), 2);
    set_clock(w, WORLD_MONDAY, 600);
    erase_student(w->store, "S-1");
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 3); /* it does not know yet */
    set_clock(w, 20260106, 600);
    push_all(w->store, log);
    assert_string_equal(feed_of(w->store), "! ! ! ");
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-2=unjudged S-3=unjudged ");
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).present, 0);
    assert_int_equal(check(w->store), 3);

    log->erased_ms =
        at(w, WORLD_MONDAY, 601); /* an older erasure of the id than the last is as good as none */
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 605), 4);
    set_clock(w, 20260106, 610);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    assert_int_equal(srv_store_get_student(w->store, "S-1", &student, NULL), CM_OK);
    assert_int_equal(student.given_again_wall_ms, at(w, 20260106, 610));
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 615), 5); /* the old face, of a door offline */
    station_correct(log, "S-1", "10-A", 20260106, CM_ROLL_LATE, at(w, 20260106, 616), 6);
    log->erased_ms = at(w, WORLD_MONDAY, 600); /* it is told */
    station_mark(log, "S-1", "10-A", 20260107, at(w, 20260107, 541), 7);
    push_all(w->store, log);
    assert_string_equal(feed_of(w->store), "! ! ! ! ! ! S-1 ");
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=unjudged S-2=unjudged S-3=unjudged ");
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-1=unjudged S-2=unjudged S-3=unjudged ");
    assert_string_equal(roll_of(w->store, "10-A", 20260107), "S-1=present S-2=none S-3=none ");
    assert_int_equal(srv_store_each_history(w->store, "S-1", 0, add_named, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-1 ");
    assert_int_equal(standing_of(w->store, "S-1").present, 1);
    assert_int_equal(standing_of(w->store, "S-1").first_seen_wall_ms, at(w, 20260107, 541));
    assert_int_equal(check(w->store), 7);
    assert_int_equal(srv_store_rebuild(w->store, NULL, NULL, NULL), CM_OK);
    assert_string_equal(roll_of(w->store, "10-A", 20260107), "S-1=present S-2=none S-3=none ");

    correct(w->store, "S-1", "10-A", 20260106, CM_ROLL_EXCUSED, at(w, 20260107, 600), 8); /* said here */
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_EXCUSED);

    erase_student(w->store, "S-1"); /* and once more */
    assert_string_equal(feed_of(w->store), "! ! ! ! ! ! ! ! ");
    assert_int_equal(check(w->store), 8);
    free(log);
}

/* Kept like everything that a station signed, but no evidence. */
static void marks_that_cannot_be_are_no_evidence(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct spans spans = {""};
    set_up_class(w);
    set_clock(w, WORLD_MONDAY, 600);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, 20260102, 541), 1); /* captured days before */
    station_mark(log, "S-1", "10-A", 20260107, at(w, WORLD_MONDAY, 541), 2); /* for a day to come */
    station_mark(log, "S-2", "10-A", 20991231, at(w, 20991231, 541), 3);     /* of a time to come */
    station_correct(log, "S-2", "10-A", WORLD_MONDAY, CM_ROLL_ABSENT, at(w, 20991231, 541), 4);
    station_mark(log, "S-3", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 5);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=none S-2=none S-3=present ");
    assert_string_equal(roll_of(w->store, "10-A", 20260107), "S-1=none S-2=none S-3=none ");
    assert_int_equal(standing_of(w->store, "S-2").present, 0);
    assert_int_equal(srv_store_each_history(w->store, "S-1", 0, add_named, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-1 S-1 ");
    assert_int_equal(check(w->store), 5);

    station_activity(log, CM_ACTIVITY_LOG_FORKED, at(w, WORLD_MONDAY, 542), 6); /* the server says that */
    assert_int_equal(push(w->store, log, 6, 6, &result, NULL), CM_INVALID);
    free(log);
}

static enum cm_code review_first(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_review review = {.state = SRV_REVIEW_DISMISSED, .by = "admin"};
    snprintf(review.note, sizeof review.note, "%s", (const char *)arg);
    return srv_store_put_review(store, 1, &review, err);
}

static bool add_note(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    struct spans *spans = arg;
    snprintf(spans->text, sizeof spans->text, "%.60s|%.60s|%.60s|%.60s",
             item->event->body.activity.student_id, item->event->body.activity.other_id,
             item->event->body.activity.reason, review->note);
    return true;
}

static void texts_about_the_erased(struct world *w)
{
    struct spans spans = {""};
    struct cm_event event = {.type = CM_EVENT_ACTIVITY, .wall_ms = at(w, WORLD_MONDAY, 700)};
    event.body.activity = (struct cm_activity){.kind = CM_ACTIVITY_LOOK_ALIKE,
                                               .started_wall_ms = at(w, WORLD_MONDAY, 700),
                                               .student_id = "S-2",
                                               .other_id = "S-1",
                                               .distance = NAN,
                                               .reason = "looks like Asha"};
    set_up_class(w);
    event_id(7, event.id);
    assert_int_equal(srv_store_write(w->store, append_event, &event, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, review_first, (void *)"her twin", NULL), CM_OK);
    assert_int_equal(srv_store_each_activity(w->store, 0, add_note, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-2|S-1|looks like Asha|her twin");
    erase_student(w->store, "S-1");
    assert_int_equal(srv_store_each_activity(w->store, 0, add_note, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "S-2|||");
    check(w->store);
}

const struct conformance_case conformance_erased[] = {
    {"erased students", erased_students},
    {"late events of the erased", late_events_of_the_erased},
    {"marks that cannot be", marks_that_cannot_be_are_no_evidence},
    {"texts about the erased", texts_about_the_erased},
    {NULL, NULL},
};
