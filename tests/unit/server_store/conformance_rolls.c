/* What is derived: rolls, sessions, coverage, standings. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void rolls(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_session_info info;
    set_up_class(w);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).none, 3);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    assert_int_equal(srv_store_get_session_info(w->store, "10-A", 20260104, &info, NULL), CM_NOTFOUND);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 1);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 556), 2);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=late S-3=none ");
    info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_int_equal(info.present, 1);
    assert_int_equal(info.late, 1);
    assert_int_equal(info.none, 1);
    assert_int_equal(standing_of(w->store, "S-1").points, 20);
    assert_int_equal(standing_of(w->store, "S-2").points, 12);
    assert_int_equal(standing_of(w->store, "S-2").streak, 1);
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 610));
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=late S-3=absent ");
    info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_string_equal(info.closed_by, "Meera");
    assert_int_equal(info.absent, 1);
    assert_int_equal(info.none, 0);
    assert_int_equal(standing_of(w->store, "S-3").absent, 1);
    reopen_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 611));
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 609)); /* earlier: says nothing */
    assert_int_equal(standing_of(w->store, "S-3").absent, 0);
    correct(w->store, "S-3", "10-A", WORLD_MONDAY, CM_ROLL_EXCUSED, at(w, WORLD_MONDAY, 620), 3);
    correct(w->store, "S-1", "10-A", WORLD_MONDAY, CM_ROLL_LATE, at(w, WORLD_MONDAY, 620), 4);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=late S-2=late S-3=excused ");
    assert_int_equal(standing_of(w->store, "S-1").points, 12);
    check(w->store);
    free(log);
}

struct said { /* spans as text */
    const struct world *world;
    char text[256];
};

static bool add_span(void *arg, const struct srv_span *span)
{
    struct said *said = arg;
    size_t used = strlen(said->text);
    int64_t midnight = at(said->world, WORLD_MONDAY, 0);
    snprintf(said->text + used, sizeof said->text - used, "%d-%d=%s ",
             (int)((span->from_wall_ms - midnight) / 60000), (int)((span->to_wall_ms - midnight) / 60000),
             span->able ? "able" : span->reason);
    return true;
}

static const char *spans_of(struct world *w, const char *station, int32_t from, int32_t to)
{
    static struct said said;
    said = (struct said){.world = w};
    assert_int_equal(srv_store_each_span(w->store, station, at(w, WORLD_MONDAY, from),
                                         at(w, WORLD_MONDAY, to), add_span, &said, NULL),
                     CM_OK);
    return said.text;
}

/* When a station could judge and why not, cut at the hours of UTC. */
static void spans(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL), *other = station_create(w, "h", NULL);
    struct cm_err err = CM_ERR_INIT;
    set_up_class(w);
    station_cover(log, at(w, WORLD_MONDAY, 545), at(w, WORLD_MONDAY, 555), true, 1);
    station_cover(log, at(w, WORLD_MONDAY, 555), at(w, WORLD_MONDAY, 565), false, 2);
    station_cover(log, at(w, WORLD_MONDAY, 565), at(w, WORLD_MONDAY, 600), true, 3);
    station_cover(other, at(w, WORLD_MONDAY, 540), at(w, WORLD_MONDAY, 541), true, 4);
    push_all(w->store, log);
    push_all(w->store, other);
    assert_string_equal(spans_of(w, "g", 550, 566), "545-555=able 555-565=dark 565-570=able ");
    assert_string_equal(spans_of(w, "g", 555, 565), "555-565=dark ");
    assert_string_equal(spans_of(w, "g", 600, 700), "");
    assert_string_equal(spans_of(w, "h", 0, 1440), "540-541=able ");
    assert_int_equal(srv_store_each_span(w->store, "nobody", 0, 1, add_span, NULL, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_each_span(w->store, "g", 2, 1, add_span, NULL, &err), CM_INVALID);
    free(log);
    free(other);
}

static void coverage(struct world *w)
{
    static const char *const other[] = {"10-Z", NULL};
    struct station_log *log = station_create(w, "g", NULL), *elsewhere = station_create(w, "h", other);
    uint32_t id = 1;
    set_up_class(w);
    station_cover(log, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 560), true, id++);
    push_all(w->store, log);
    struct srv_session_info info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_int_equal(info.able_min, 20);
    assert_int_equal(info.window_min, 60);
    assert_int_equal(info.state, SRV_SESSION_OPEN);
    station_cover(elsewhere, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 620), true, id++);
    push_all(w->store, elsewhere);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    station_cover(log, at(w, WORLD_MONDAY, 560), at(w, WORLD_MONDAY, 570), false, id++);
    station_cover(log, at(w, WORLD_MONDAY, 570), at(w, WORLD_MONDAY, 588), true, id++);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 601), id++);
    push_all(w->store, log); /* 38 of 60 minutes */
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_UNJUDGED);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=unjudged S-2=unjudged S-3=unjudged ");
    station_cover(log, at(w, WORLD_MONDAY, 588), at(w, WORLD_MONDAY, 599), true, id++);
    push_all(w->store, log); /* 49: enough, but the newest event lies before the end */
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 600), id++);
    push_all(w->store, log);
    info = info_of(w->store, "10-A", WORLD_MONDAY);
    assert_int_equal(info.state, SRV_SESSION_CLOSED);
    assert_string_equal(info.closed_by, "");
    assert_int_equal(info.able_min, 49);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=absent S-2=absent S-3=absent ");
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 542), id++); /* comes late */
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 605), id++);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=absent S-2=present S-3=absent ");
    reopen_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 700));
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=none S-2=present S-3=none ");
    check(w->store);
    free(log);
    free(elsewhere);
}

static void calendar(struct world *w)
{
    struct srv_session_info info;
    set_up_class(w);
    close_session(w->store, "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 610));
    close_session(w->store, "10-A", 20260106, at(w, 20260106, 610));
    assert_int_equal(standing_of(w->store, "S-1").absent, 2);
    put_closure(w->store, 20260106, "");
    assert_int_equal(standing_of(w->store, "S-1").absent, 1);
    assert_int_equal(srv_store_get_session_info(w->store, "10-A", 20260107, &info, NULL), CM_OK);
    delete_closure(w->store, 20260106, "");
    put_closure(w->store, WORLD_MONDAY, "10-B");
    assert_int_equal(standing_of(w->store, "S-1").absent, 2);
    put_closure(w->store, 20260107, "10-A");
    assert_int_equal(srv_store_get_session_info(w->store, "10-A", 20260107, &info, NULL), CM_NOTFOUND);
    check(w->store);
}

static void streaks(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    uint32_t id = 1;
    set_up_class(w);
    for (int32_t day = 5; day <= 9; day++) { /* Mon … Fri */
        if (day != 7)
            station_mark(log, "S-1", "10-A", 20260100 + day, at(w, 20260100 + day, 541), id++);
        station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, 20260100 + day, 610), id++);
    }
    station_mark(log, "S-1", "10-A", 20260112, at(w, 20260112, 541), id++);
    push_all(w->store, log);
    assert_int_equal(standing_of(w->store, "S-1").streak, 5); /* the 7th is unjudged: it does not break */
    assert_int_equal(standing_of(w->store, "S-1").unjudged, 1);
    close_session(w->store, "10-A", 20260107, at(w, 20260107, 620));
    assert_int_equal(standing_of(w->store, "S-1").streak, 3); /* over the weekend */
    assert_int_equal(standing_of(w->store, "S-1").best_streak, 3);
    correct(w->store, "S-1", "10-A", 20260107, CM_ROLL_EXCUSED, at(w, 20260112, 700), id++);
    assert_int_equal(standing_of(w->store, "S-1").streak, 5);
    assert_int_equal(standing_of(w->store, "S-1").first_seen_wall_ms, at(w, 20260105, 541));
    assert_int_equal(standing_of(w->store, "S-1").last_seen_wall_ms, at(w, 20260112, 541));
    check(w->store);
    free(log);
}

static void moved_students(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    put_class(w->store, "10-B", 540);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 1);
    station_mark(log, "S-9", "10-A", 20260106, at(w, 20260106, 542), 2); /* nobody yet */
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-1=present S-2=none S-3=none ");
    put_student(w->store, "S-1", "10-B", 20260106); /* the station did not know */
    close_session(w->store, "10-B", 20260106, at(w, 20260106, 700));
    close_session(w->store, "10-A", 20260106, at(w, 20260106, 700));
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-2=absent S-3=absent ");
    assert_string_equal(roll_of(w->store, "10-B", 20260106), "S-1=present ");
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_PRESENT);
    assert_int_equal(standing_of(w->store, "S-1").present, 1);
    put_student(w->store, "S-9", "10-A", WORLD_MONDAY); /* what was kept counts now */
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-2=absent S-3=absent S-9=present ");
    assert_int_equal(standing_of(w->store, "S-9").present, 1);
    put_student(w->store, "S-9", "10-A", 20260110); /* joined later: he was a guest then */
    assert_string_equal(roll_of(w->store, "10-A", 20260106), "S-2=absent S-3=absent S-9=present ");
    check(w->store);
    free(log);
}

static bool add_date(void *arg, const struct srv_day *day)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d=%s ", (int)day->roll.date % 100,
             cm_roll_status_name(day->roll.status));
    return true;
}

static void days_of_a_month(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    set_up_class(w);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 1);
    station_mark(log, "S-1", "10-A", 20260110, at(w, 20260110, 541), 2); /* a Saturday */
    push_all(w->store, log);
    put_closure(w->store, 20260108, "");
    close_session(w->store, "10-A", 20260107, at(w, 20260107, 700));
    assert_int_equal(srv_store_each_day(w->store, "S-1", 20260101, 20260113, add_date, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "5=none 6=present 7=absent 9=unjudged 10=present 12=none 13=none ");
    assert_int_equal(standing_of(w->store, "S-1").streak, 0);
    check(w->store);
    free(log);
}

static void times_changed(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 545), 1);
    push_all(w->store, log);
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_PRESENT);
    put_class(w->store, "10-A", 530); /* late after 09:00 */
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_LATE);
    assert_int_equal(standing_of(w->store, "S-1").points, 12);
    check(w->store);
    free(log);
}

static enum cm_code reaffirm(struct srv_store *store, void *arg, struct cm_err *err)
{
    (void)arg;
    return srv_store_rebuild(store, NULL, NULL, err);
}

static void rebuilding(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    station_cover(log, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 610), true, 1);
    station_mark(log, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 2);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 611), 3);
    push_all(w->store, log);
    assert_int_equal(srv_store_write(w->store, reaffirm, NULL, NULL), CM_BACKEND);
    assert_int_equal(srv_store_rebuild(w->store, NULL, NULL, NULL), CM_OK);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=absent S-3=absent ");
    assert_int_equal(check(w->store), 3);
    free(log);
}

static void percentages(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct pair half = {"coverage_percent", "50"};
    set_up_class(w);
    station_cover(log, at(w, WORLD_MONDAY, 540), at(w, WORLD_MONDAY, 575), true, 1);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 611), 3);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_UNJUDGED);
    assert_int_equal(srv_store_write(w->store, put_setting, &half, NULL), CM_OK);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_CLOSED);
    check(w->store);
    free(log);
}

/* More sessions end with one event than a write keeps in mind at once. */
static void many_sessions(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    enum { CLASSES = 210, DAYS = 150 };
    char class_id[16], student[16];
    for (int i = 0; i < CLASSES; i++) {
        snprintf(class_id, sizeof class_id, "%d", i);
        snprintf(student, sizeof student, "S-%d", i);
        put_class(w->store, class_id, 540);
        put_student(w->store, student, class_id, WORLD_MONDAY);
    }
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 500), 1);
    w->clock.now_wall_ms = at(w, cm_date_add(WORLD_MONDAY, DAYS), 1000);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, cm_date_add(WORLD_MONDAY, DAYS), 1000), 2);
    push_all(w->store, log);
    assert_int_equal(standing_of(w->store, "S-0").unjudged, 109); /* weekdays */
    assert_int_equal(standing_of(w->store, "S-209").unjudged, 109);
    close_session(w->store, "209", 20260520, at(w, 20260520, 700));
    assert_int_equal(standing_of(w->store, "S-209").absent, 1);
    check(w->store);
    free(log);
}

static enum cm_code revoke(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station;
    enum cm_code code = srv_store_get_station(store, arg, &station, err);
    station.revoked = true;
    return code == CM_OK ? srv_store_put_station(store, &station, err) : code;
}

/* A door that never comes back holds its classes until it is revoked; what it had sent counts. */
static void revoked_stations(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL), *lost = station_create(w, "h", NULL);
    set_up_class(w);
    station_mark(lost, "S-1", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 545), 1);
    push_all(w->store, lost);
    station_cover(log, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 601), true, 2);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 601), 3);
    push_all(w->store, log);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=none S-3=none ");
    assert_int_equal(srv_store_write(w->store, revoke, (void *)"h", NULL), CM_OK);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_CLOSED);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=absent S-3=absent ");
    check(w->store);
    free(log);
    free(lost);
}

static enum cm_code pair(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station;
    const struct station_log *log = arg;
    enum cm_code code = srv_store_get_station(store, log->station.id, &station, err);
    station.paired_wall_ms = log->station.paired_wall_ms;
    return code == CM_OK ? srv_store_put_station(store, &station, err) : code;
}

static bool list_station(void *arg, const struct srv_station *station)
{
    strcat(arg, station->id);
    strcat(arg, " ");
    return true;
}

static const char *awaited(struct srv_store *store, int32_t date)
{
    static char text[200];
    text[0] = '\0';
    assert_int_equal(srv_store_each_awaited(store, "10-A", date, list_station, text, NULL), CM_OK);
    return text;
}

/* A door that was paired before a session's end is waited for, whether it ever sent anything or not. */
static void stations_that_never_sent(struct world *w)
{
    const int32_t tuesday = cm_date_add(WORLD_MONDAY, 1), wednesday = cm_date_add(WORLD_MONDAY, 2);
    struct station_log *log = station_create(w, "g", NULL), *silent = station_create(w, "h", NULL);
    set_up_class(w);
    silent->station.paired_wall_ms = at(w, tuesday, 599); /* Tuesday's session ends at 600 */
    for (int i = 0; i < 3; i++) {
        int32_t date = cm_date_add(WORLD_MONDAY, i);
        station_cover(log, at(w, date, 530), at(w, date, 601), true, 10 + (uint32_t)i);
    }
    push_all(w->store, log);
    assert_string_equal(awaited(w->store, tuesday), "");
    assert_int_equal(info_of(w->store, "10-A", tuesday).state, SRV_SESSION_CLOSED);
    assert_int_equal(srv_store_write(w->store, pair, silent, NULL), CM_OK);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_CLOSED);
    assert_int_equal(info_of(w->store, "10-A", tuesday).state, SRV_SESSION_OPEN);
    assert_int_equal(info_of(w->store, "10-A", wednesday).state, SRV_SESSION_OPEN);
    assert_int_equal(status_of(w->store, "S-1", tuesday), CM_ROLL_NONE);
    assert_string_equal(awaited(w->store, WORLD_MONDAY), "");
    assert_string_equal(awaited(w->store, tuesday), "h ");
    check(w->store);
    close_session(w->store, "10-A", tuesday, at(w, tuesday, 700)); /* a person needs not wait */
    assert_int_equal(status_of(w->store, "S-1", tuesday), CM_ROLL_ABSENT);
    station_mark(silent, "S-1", "10-A", wednesday, at(w, wednesday, 545), 20); /* its first event of all */
    push_all(w->store, silent);
    assert_int_equal(info_of(w->store, "10-A", wednesday).state, SRV_SESSION_OPEN);
    station_activity(silent, CM_ACTIVITY_LOCKOUT, at(w, wednesday, 600), 21);
    push_all(w->store, silent);
    assert_string_equal(awaited(w->store, wednesday), "");
    assert_string_equal(roll_of(w->store, "10-A", wednesday), "S-1=present S-2=absent S-3=absent ");
    check(w->store);
    free(log);
    free(silent);
}

static void a_station_that_never_sent_is_revoked(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL), *silent = station_create(w, "h", NULL);
    set_up_class(w);
    silent->station.paired_wall_ms = at(w, WORLD_MONDAY, 300);
    assert_int_equal(srv_store_write(w->store, pair, silent, NULL), CM_OK);
    station_cover(log, at(w, WORLD_MONDAY, 530), at(w, WORLD_MONDAY, 601), true, 1);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_OPEN);
    assert_int_equal(srv_store_write(w->store, revoke, (void *)"h", NULL), CM_OK);
    assert_string_equal(awaited(w->store, WORLD_MONDAY), "");
    assert_int_equal(info_of(w->store, "10-A", WORLD_MONDAY).state, SRV_SESSION_CLOSED);
    check(w->store);
    free(log);
    free(silent);
}

const struct conformance_case conformance_rolls[] = {
    {"rolls", rolls},
    {"spans", spans},
    {"coverage", coverage},
    {"revoked stations", revoked_stations},
    {"stations that never sent", stations_that_never_sent},
    {"a station that never sent is revoked", a_station_that_never_sent_is_revoked},
    {"calendar", calendar},
    {"streaks", streaks},
    {"moved students", moved_students},
    {"days of a month", days_of_a_month},
    {"times changed", times_changed},
    {"rebuilding", rebuilding},
    {"percentages", percentages},
    {"many sessions", many_sessions},
    {NULL, NULL},
};
