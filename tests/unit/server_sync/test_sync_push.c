#include "fixture.h"

static struct log events;
static struct cm_push_answer answer;
static struct srv_effects effects;

static void begin(struct fixture *f, int count)
{
    char reason[32];
    log_begin(&events, f);
    for (int i = 0; i < count; i++) {
        snprintf(reason, sizeof reason, "event %d", i + 1);
        log_add(&events, reason);
    }
}

static void batches_are_taken_once(void **state)
{
    struct fixture *f = *state;
    begin(f, 10);
    assert_int_equal(push(f, &events, 1, 4, &answer, &effects), 200);
    assert_int_equal(answer.acked, 4);
    assert_int_equal(answer.time_ms, NOW_MS);
    assert_int_equal(effects.feed_last, 4);
    assert_int_equal(effects.last_seq, 7);
    assert_int_equal(push(f, &events, 1, 4, &answer, &effects), 200); /* again */
    assert_int_equal(answer.acked, 4);
    assert_int_equal(effects.feed_last, 0);
    assert_int_equal(push(f, &events, 3, 7, &answer, &effects), 200); /* half of it again */
    assert_int_equal(answer.acked, 7);
    assert_int_equal(effects.feed_last, 7);
    assert_int_equal(push(f, &events, 2, 3, &answer, &effects), 200); /* an old one, late */
    assert_int_equal(answer.acked, 7);
    assert_int_equal(push(f, &events, 8, 10, &answer, &effects), 200);
    assert_int_equal(answer.acked, 10);
    assert_int_equal(count_activities(f, CM_ACTIVITY_UNKNOWN_FACE), 10);
}

static void a_gap_is_answered_with_what_is_expected(void **state)
{
    struct fixture *f = *state;
    begin(f, 10);
    assert_int_equal(push(f, &events, 3, 4, &answer, &effects), 409);
    assert_int_equal(answer.problem, CM_SYNC_GAP);
    assert_int_equal(answer.acked, 0);
    assert_int_equal(push(f, &events, 1, 2, &answer, &effects), 200);
    assert_int_equal(push(f, &events, 6, 10, &answer, &effects), 409);
    assert_int_equal(answer.acked, 2);
    assert_int_equal(count_activities(f, CM_ACTIVITY_UNKNOWN_FACE), 2);
}

static enum cm_code settle(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct srv_fork none = {.seq = 0};
    return srv_store_put_fork(store, arg, &none, err);
}

static bool names_the_station(void *arg, const struct srv_feed_item *item, const struct srv_review *review)
{
    (void)review;
    const struct cm_activity *activity = &item->event->body.activity;
    if (activity->kind == CM_ACTIVITY_LOG_FORKED)
        assert_string_equal(activity->station_id, arg);
    return true;
}

static void another_log_is_a_fork_and_is_raised_once(void **state)
{
    struct fixture *f = *state;
    struct srv_station station;
    static struct log known;
    begin(f, 5);
    known = events;
    log_add(&known, "the healthy one goes on");
    assert_int_equal(push(f, &events, 1, 5, &answer, &effects), 200);
    events.count = 3; /* back to an old state … */
    log_add(&events, "something else happened");
    log_add(&events, "and more");
    assert_int_equal(push(f, &events, 4, 5, &answer, &effects), 409);
    assert_int_equal(answer.problem, CM_SYNC_FORKED);
    assert_int_equal(answer.forked_seq, 4);
    assert_int_equal(answer.acked, 5);
    assert_int_equal(push(f, &events, 4, 5, &answer, &effects), 409);
    assert_int_equal(count_activities(f, CM_ACTIVITY_LOG_FORKED), 1);
    assert_int_equal(count_activities(f, CM_ACTIVITY_UNKNOWN_FACE), 5);
    assert_int_equal(srv_store_get_station(f->store, f->station.id, &station, NULL), CM_OK);
    assert_true(station.forked);
    assert_int_equal(station.forked_seq, 4);
    assert_int_equal(station.forked_wall_ms, cm_wall_ms(f->core.clock));
    assert_false(effects.said);                                      /* it is not the station that speaks */
    assert_int_equal(push(f, &known, 6, 6, &answer, &effects), 200); /* which goes on */
    assert_int_equal(answer.acked, 6);
    assert_int_equal(srv_store_write(f->store, settle, f->station.id, NULL), CM_OK);
    assert_int_equal(srv_store_get_station(f->store, f->station.id, &station, NULL), CM_OK);
    assert_false(station.forked);
    assert_int_equal(push(f, &events, 4, 5, &answer, &effects), 409); /* the same request, come twice */
    assert_int_equal(answer.problem, CM_SYNC_FORKED);
    assert_int_equal(srv_store_get_station(f->store, f->station.id, &station, NULL), CM_OK);
    assert_false(station.forked);
    assert_int_equal(count_activities(f, CM_ACTIVITY_LOG_FORKED), 1);
    cm_clock_manual_advance(&f->clock, 300 * INT64_C(1000000));
    assert_int_equal(push(f, &events, 4, 5, &answer, &effects), 409); /* the copy tries again: that is news */
    assert_int_equal(srv_store_get_station(f->store, f->station.id, &station, NULL), CM_OK);
    assert_true(station.forked);
    assert_int_equal(count_activities(f, CM_ACTIVITY_LOG_FORKED), 2);
    assert_int_equal(srv_store_each_activity(f->store, 0, names_the_station, f->station.id, NULL), CM_OK);
}

static void a_log_that_goes_on_beside_the_known_one_is_a_fork(void **state)
{
    struct fixture *f = *state;
    begin(f, 5);
    assert_int_equal(push(f, &events, 1, 5, &answer, &effects), 200);
    events.count = 4;
    log_add(&events, "another fifth");
    log_add(&events, "a sixth that follows it");
    assert_int_equal(push(f, &events, 6, 6, &answer, &effects), 409);
    assert_int_equal(answer.problem, CM_SYNC_FORKED);
}

/* Any changed byte: refused whole, and raised once in ten minutes. */
static void what_is_not_signed_is_refused(void **state)
{
    struct fixture *f = *state;
    struct srv_work *work = malloc(sizeof *work);
    struct cm_buf body;
    begin(f, 3);
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    encode_push(f, &events, 1, 3, &body);
    for (size_t i = 60; i < body.size; i += 37) {
        body.data[i] ^= 0x10;
        int status = do_work(f, work, SRV_WORK_EVENTS, &body);
        assert_true(status == 422 || status == 400 || status == 200);
        if (status == 200) /* what is said beside the events is not signed */
            assert_true(i > body.size - 40);
        srv_work_finish(work);
        body.data[i] ^= 0x10;
    }
    assert_int_equal(count_activities(f, CM_ACTIVITY_LOG_BROKEN), 1);
    cm_clock_manual_advance(&f->clock, SRV_SYNC_RAISE_EVERY_MS * INT64_C(1000));
    body.data[60] ^= 0x10;
    assert_int_equal(do_work(f, work, SRV_WORK_EVENTS, &body), 422);
    assert_true(work->effects.feed_last > 0);
    srv_work_finish(work);
    assert_int_equal(count_activities(f, CM_ACTIVITY_LOG_BROKEN), 2);
    cm_buf_finish(&body);
    free(work);
}

static void an_event_that_is_none_is_refused_although_signed(void **state)
{
    struct fixture *f = *state;
    begin(f, 2);
    events.count = 3;
    memcpy(events.bytes[2], "\x80", 1);
    events.sizes[2] = 1;
    cm_chain_next(events.hashes[2], events.bytes[2], 1, events.hashes[3]);
    assert_int_equal(push(f, &events, 1, 3, &answer, &effects), 422);
    assert_int_equal(answer.problem, CM_SYNC_BROKEN);
    assert_int_equal(count_activities(f, CM_ACTIVITY_UNKNOWN_FACE), 0);
    assert_int_equal(count_activities(f, CM_ACTIVITY_LOG_BROKEN), 1);
    assert_int_equal(push(f, &events, 1, 2, &answer, &effects), 200);
}

static void a_revoked_station_is_not_heard(void **state)
{
    struct fixture *f = *state;
    begin(f, 2);
    f->station.revoked = true;
    put_station(f);
    assert_int_equal(push(f, &events, 1, 2, &answer, &effects), 401);
    assert_int_equal(count_activities(f, CM_ACTIVITY_UNKNOWN_FACE), 0);
}

static void hashes_are_told(void **state)
{
    struct fixture *f = *state;
    struct cm_hash_answer hash;
    struct srv_sync_reply reply;
    begin(f, 3);
    assert_int_equal(push(f, &events, 1, 3, &answer, &effects), 200);
    srv_sync_reply_init(&reply);
    for (uint64_t seq = 0; seq <= 3; seq++) {
        srv_sync_hash_reply(&f->core, f->station.id, seq, &reply);
        assert_int_equal(reply.status, 200);
        assert_int_equal(
            cm_message_decode(CM_MESSAGE_HASH_ANSWER, reply.body.data, reply.body.size, &hash, NULL), CM_OK);
        assert_int_equal(hash.seq, seq);
        assert_memory_equal(hash.hash, events.hashes[seq], CM_HASH_SIZE);
    }
    srv_sync_hash_reply(&f->core, f->station.id, 4, &reply);
    assert_int_equal(reply.status, 404);
    srv_sync_reply_finish(&reply);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(batches_are_taken_once),
        TEST(a_gap_is_answered_with_what_is_expected),
        TEST(another_log_is_a_fork_and_is_raised_once),
        TEST(a_log_that_goes_on_beside_the_known_one_is_a_fork),
        TEST(what_is_not_signed_is_refused),
        TEST(an_event_that_is_none_is_refused_although_signed),
        TEST(a_revoked_station_is_not_heard),
        TEST(hashes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
