/* Stations, their logs, the feed, activities, histories. */
#include "conformance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum cm_code put_station(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_station(store, arg, err);
}

static void stations(struct world *w)
{
    struct station_log *log = station_create(w, "gate", NULL);
    struct srv_station station, found;
    assert_int_equal(srv_store_get_station(w->store, "gate", &station, NULL), CM_OK);
    assert_int_equal(srv_store_station_of_token(w->store, station.token_hash, &found, NULL), CM_OK);
    assert_string_equal(found.id, "gate");
    uint8_t old[32];
    memcpy(old, station.token_hash, sizeof old);
    station.token_hash[5] ^= 1;
    station.acked_seq = 77; /* of the log: not the caller's to say */
    assert_int_equal(srv_store_write(w->store, put_station, &station, NULL), CM_OK);
    assert_int_equal(srv_store_station_of_token(w->store, old, &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_station_of_token(w->store, station.token_hash, &found, NULL), CM_OK);
    assert_int_equal(found.acked_seq, 0);
    assert_int_equal(srv_store_get_station(w->store, "nowhere", &found, NULL), CM_NOTFOUND);
    free(log);
}

static enum cm_code fill_up(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_station station = {.class_count = 0};
    enum cm_code code = CM_OK;
    for (int i = 0; code == CM_OK && i <= SRV_STATIONS_MAX; i++) {
        snprintf(station.id, sizeof station.id, "s%d", i);
        snprintf(station.name, sizeof station.name, "Door %d", i);
        code = srv_store_put_station(store, &station, err);
        *(int *)arg += code == CM_OK;
    }
    return code == CM_INVALID ? CM_OK : code; /* what went in before is kept */
}

/* A list of stations that was cut would hide a door: there are no more than one list holds. */
static void too_many_stations(struct world *w)
{
    int added = 0;
    struct srv_station found;
    assert_int_equal(srv_store_write(w->store, fill_up, &added, NULL), CM_OK);
    assert_in_range(added, SRV_STATIONS_MAX - 2, SRV_STATIONS_MAX);
    assert_int_equal(srv_store_get_station(w->store, "s4096", &found, NULL), CM_NOTFOUND);
}

static bool add_feed(void *arg, const struct srv_feed_item *item)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d:%s%d ", (int)item->feed, item->station_id,
             (int)item->event->seq);
    return size < 20;
}

static void events(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct cm_err err = CM_ERR_INIT;
    struct spans spans = {""};
    uint8_t hash[CM_HASH_SIZE];
    uint64_t feed;
    for (uint32_t i = 1; i <= 6; i++)
        station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500 + (int)i), i);
    assert_int_equal(push(w->store, log, 1, 2, &result, &err), CM_OK);
    assert_int_equal(result.acked_seq, 2);
    assert_int_equal(result.feed, 2);
    assert_int_equal(result.appended, 2);
    assert_int_equal(push(w->store, log, 4, 6, &result, &err), CM_OK);
    assert_true(result.gap);
    assert_int_equal(result.acked_seq, 2);
    correct(w->store, "S-1", "10-A", WORLD_MONDAY, CM_ROLL_EXCUSED, at(w, WORLD_MONDAY, 700), 100);
    assert_int_equal(push(w->store, log, 1, 4, &result, &err), CM_OK); /* half of it is there */
    assert_int_equal(result.appended, 2);
    assert_int_equal(result.acked_seq, 4);
    assert_int_equal(push(w->store, log, 2, 4, &result, &err), CM_OK); /* all of it */
    assert_int_equal(result.appended, 0);
    assert_int_equal(result.feed, 0);
    assert_int_equal(srv_store_feed_last(w->store, &feed, NULL), CM_OK);
    assert_int_equal(feed, 5);
    assert_int_equal(srv_store_each_feed(w->store, 1, add_feed, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "2:g2 3:1 4:g3 5:g4 ");
    spans.text[0] = '\0';
    assert_int_equal(srv_store_get_feed(w->store, 3, add_feed, &spans, NULL), CM_OK);
    assert_int_equal(srv_store_get_feed(w->store, 6, add_feed, &spans, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_feed(w->store, 0, add_feed, &spans, NULL), CM_NOTFOUND);
    assert_string_equal(spans.text, "3:1 ");
    assert_int_equal(srv_store_hash_at(w->store, "g", 3, hash, NULL), CM_OK);
    assert_memory_equal(hash, log->hash[3], sizeof hash);
    assert_int_equal(srv_store_hash_at(w->store, "g", 0, hash, NULL), CM_OK);
    assert_memory_equal(hash, log->hash[0], sizeof hash);
    assert_int_equal(srv_store_hash_at(w->store, "g", 5, hash, NULL), CM_NOTFOUND);
    assert_int_equal(check(w->store), 5);
    free(log);
}

static void broken_events(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct cm_err err = CM_ERR_INIT;
    for (uint32_t i = 1; i <= 3; i++)
        station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500 + (int)i), i);
    log->events[2].size--;
    assert_int_equal(push(w->store, log, 1, 3, &result, &err), CM_INVALID);
    log->events[2].size++;
    struct log_event third = log->events[3];
    log->events[3] = log->events[2];
    assert_int_equal(push(w->store, log, 1, 3, &result, &err), CM_INVALID); /* another's seq */
    log->events[3] = third;
    assert_int_equal(push(w->store, log, 1, 3, &result, &err), CM_OK);
    assert_int_equal(result.appended, 3);
    check(w->store);
    free(log);
}

static enum cm_code put_fork(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_fork(store, "g", arg, err);
}

static void forked_events(struct world *w)
{
    struct srv_fork fork = {.seq = 2, .wall_ms = 77, .address = "192.0.2.7", .request = {99}},
                    none = {.seq = 0};
    struct station_log *log = station_create(w, "g", NULL);
    struct srv_append result;
    struct srv_station station;
    struct cm_err err = CM_ERR_INIT;
    for (uint32_t i = 1; i <= 3; i++)
        station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500 + (int)i), i);
    push_all(w->store, log);
    struct station_log *clone = malloc(sizeof *clone);
    memcpy(clone, log, sizeof *clone);
    clone->last = 1;
    for (uint32_t i = 2; i <= 5; i++)
        station_activity(clone, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 600 + (int)i), 10 + i);
    assert_int_equal(push(w->store, clone, 1, 3, &result, &err), CM_OK); /* other content */
    assert_true(result.forked);
    assert_int_equal(result.forked_seq, 2);
    assert_int_equal(result.acked_seq, 3);
    assert_int_equal(push(w->store, clone, 4, 5, &result, &err), CM_OK); /* another chain */
    assert_true(result.forked);
    assert_int_equal(result.forked_seq, 3);
    assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_OK);
    assert_int_equal(srv_store_get_station(w->store, "g", &station, NULL), CM_OK);
    assert_true(station.forked);
    assert_int_equal(station.forked_seq, 2);
    assert_int_equal(station.forked_wall_ms, 77);
    assert_string_equal(station.forked_address, "192.0.2.7");
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 700), 30);
    push_all(w->store, log); /* what follows our chain is still taken */
    assert_int_equal(srv_store_write(w->store, put_fork, &none, NULL), CM_OK);
    assert_int_equal(srv_store_get_station(w->store, "g", &station, NULL), CM_OK);
    assert_false(station.forked);
    assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL),
                     CM_EXISTS); /* the same request once more */
    for (uint8_t i = 1; i <= 8; i++) {
        fork.request[0] = i;
        assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_OK);
        assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL),
                         CM_OK); /* while it is not settled */
    }
    assert_int_equal(srv_store_write(w->store, put_fork, &none, NULL), CM_OK);
    for (uint8_t i = 1; i <= 8; i++) {
        fork.request[0] = i;
        assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_EXISTS);
    }
    fork.request[0] = 9;
    assert_int_equal(srv_store_write(w->store, put_fork, &fork, NULL), CM_OK);
    assert_int_equal(check(w->store), 4);
    free(clone);
    free(log);
}

static bool add_activity(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d/%d%s ", (int)item->feed, (int)review->state,
             review->note);
    return true;
}

static enum cm_code put_review(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_review review = {.state = SRV_REVIEW_DISMISSED, .by = "Meera", .note = "!"};
    return srv_store_put_review(store, *(uint64_t *)arg, &review, err);
}

static void activities(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    uint64_t first = 1, second = 2;
    station_activity(log, CM_ACTIVITY_UNKNOWN_FACE, at(w, WORLD_MONDAY, 500), 1);
    station_cover(log, at(w, WORLD_MONDAY, 500), at(w, WORLD_MONDAY, 505), true, 2);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, WORLD_MONDAY, 506), 3);
    push_all(w->store, log);
    assert_int_equal(srv_store_write(w->store, put_review, &first, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_review, &second, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_each_activity(w->store, 0, add_activity, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "3/0 1/2! ");
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_activity(w->store, 3, add_activity, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "1/2! ");
    free(log);
}

static bool add_history(void *arg, const struct srv_feed_item *item)
{
    struct spans *spans = arg;
    size_t size = strlen(spans->text);
    snprintf(spans->text + size, sizeof spans->text - size, "%d%c ", (int)item->feed,
             "?mca"[item->event->type]);
    return true;
}

static void histories(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    struct spans spans = {""};
    struct cm_event dispute = {.type = CM_EVENT_ACTIVITY, .wall_ms = at(w, 20260107, 700)};
    set_up_class(w);
    station_mark(log, "S-1", "10-A", 20260105, at(w, 20260105, 545), 1);
    station_mark(log, "S-1", "10-A", 20260105, at(w, 20260105, 541), 2); /* earlier: it counts */
    station_mark(log, "S-1", "10-A", 20260105, at(w, 20260105, 550), 3);
    station_mark(log, "S-1", "10-A", 20260106, at(w, 20260106, 541), 4);
    push_all(w->store, log);
    correct(w->store, "S-1", "10-A", 20260105, CM_ROLL_LATE, at(w, 20260106, 700), 5);
    correct(w->store, "S-1", "10-A", 20260105, CM_ROLL_ABSENT, at(w, 20260106, 699), 6);
    dispute.body.activity = (struct cm_activity){.kind = CM_ACTIVITY_DISPUTE,
                                                 .started_wall_ms = at(w, 20260107, 700),
                                                 .student_id = "S-1",
                                                 .distance = NAN,
                                                 .reason = "2026-01-05 I was on time"};
    event_id(7, dispute.id);
    assert_int_equal(srv_store_write(w->store, append_event, &dispute, NULL), CM_OK);
    assert_int_equal(srv_store_each_history(w->store, "S-1", 0, add_history, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "4m 7a 6c 5c 3m 2m 1m ");
    spans.text[0] = '\0';
    assert_int_equal(srv_store_each_history(w->store, "S-1", 20260106, add_history, &spans, NULL), CM_OK);
    assert_string_equal(spans.text, "7a 6c 5c 3m 2m 1m ");
    assert_int_equal(status_of(w->store, "S-1", 20260105), CM_ROLL_LATE);
    check(w->store);
    free(log);
}

static void services(struct world *w)
{
    static const char *const classes[] = {"10-A", NULL};
    struct station_log *log = station_create(w, "g", classes);
    struct srv_station station;
    set_up_class(w);
    put_class(w->store, "10-B", 540);
    put_student(w->store, "S-5", "10-B", WORLD_MONDAY);
    station_cover(log, at(w, 20260105, 530), at(w, 20260105, 610), true, 1);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", 20260105).state, SRV_SESSION_CLOSED);
    assert_int_equal(info_of(w->store, "10-B", 20260105).state, SRV_SESSION_OPEN);
    w->clock.now_wall_ms = at(w, 20260105, 1000);
    assert_int_equal(srv_store_get_station(w->store, "g", &station, NULL), CM_OK);
    strcpy(station.classes[0], "10-B"); /* carried to another room in the afternoon */
    assert_int_equal(srv_store_write(w->store, put_station, &station, NULL), CM_OK);
    w->clock.now_wall_ms = at(w, 20260106, 1000);
    station_cover(log, at(w, 20260106, 530), at(w, 20260106, 610), true, 2);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", 20260105).state, SRV_SESSION_CLOSED);
    assert_int_equal(info_of(w->store, "10-B", 20260105).state, SRV_SESSION_OPEN);
    assert_int_equal(info_of(w->store, "10-A", 20260106).state, SRV_SESSION_OPEN);
    assert_int_equal(info_of(w->store, "10-B", 20260106).state, SRV_SESSION_CLOSED);
    check(w->store);
    free(log);
}

static void clock_far_ahead(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    w->clock.now_wall_ms = at(w, 20260106, 700);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, 20260105, 500), 1);
    station_activity(log, CM_ACTIVITY_LOCKOUT, at(w, 20400101, 500), 2);
    push_all(w->store, log);
    assert_int_equal(info_of(w->store, "10-A", 20260106).state, SRV_SESSION_UNJUDGED);
    assert_int_equal(info_of(w->store, "10-A", 20260108).state, SRV_SESSION_OPEN);
    check(w->store);
    free(log);
}

static void hostile_events(struct world *w)
{
    struct station_log *log = station_create(w, "g", NULL);
    set_up_class(w);
    station_mark(log, "", "10-A", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 1);
    station_mark(log, "S-1", "", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 2);
    station_mark(log, "S-1", "10-A", 20260231, at(w, WORLD_MONDAY, 541), 3);
    station_mark(log, "S-1", "no such class", WORLD_MONDAY, at(w, WORLD_MONDAY, 541), 4);
    station_mark(log, "S-2", "10-A", WORLD_MONDAY, 0, 5);
    station_mark(log, "S-3", "10-A", WORLD_MONDAY, INT64_C(253402300799999), 6);
    station_cover(log, 0, INT64_C(253402300799999), true, 7);
    station_cover(log, at(w, WORLD_MONDAY, 600), at(w, WORLD_MONDAY, 500), true, 8);
    station_cover(log, at(w, WORLD_MONDAY, 0), at(w, 20260305, 0), true, 9);
    push_all(w->store, log);
    check(w->store);
    assert_string_equal(roll_of(w->store, "10-A", WORLD_MONDAY), "S-1=present S-2=unjudged S-3=unjudged ");
    for (uint32_t i = 0; i < 40; i++) {
        char class_id[16];
        snprintf(class_id, sizeof class_id, "X-%u", (unsigned)(i * 7 % 40));
        station_mark(log, "S-1", class_id, 20260106, at(w, 20260106, 541), 20 + i);
    }
    push_all(w->store, log);
    assert_int_equal(status_of(w->store, "S-1", 20260106), CM_ROLL_PRESENT);
    check(w->store);
    free(log);
}

const struct conformance_case conformance_events[] = {
    {"stations", stations},
    {"too many stations", too_many_stations},
    {"events", events},
    {"broken events", broken_events},
    {"forked events", forked_events},
    {"activities", activities},
    {"histories", histories},
    {"services", services},
    {"clock far ahead", clock_far_ahead},
    {"hostile events", hostile_events},
    {NULL, NULL},
};
