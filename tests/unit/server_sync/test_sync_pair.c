#include "fixture.h"

#include "auth/auth.h"

struct making {
    const char *id;
    char code[SRV_CODE_TEXT_SIZE];
};

static enum cm_code make_code(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct making *making = arg;
    return srv_auth_make_code(store, "pair", making->id, NOW_MS, 10, making->code, err);
}

static enum cm_code revoke(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct fixture *f = arg;
    f->station.revoked = true;
    return srv_store_put_station(store, &f->station, err);
}

static struct cm_pair_answer paired;

static int pair(struct fixture *f, const char *code, const uint8_t key[CM_PUBLIC_KEY_SIZE])
{
    struct srv_work *work = malloc(sizeof *work);
    struct cm_pair_request request = {.version = "1.0"};
    struct cm_buf body;
    snprintf(request.code, sizeof request.code, "%s", code);
    memcpy(request.public_key, key, CM_PUBLIC_KEY_SIZE);
    cm_buf_init(&body, CM_SYNC_SMALL_MAX);
    assert_int_equal(cm_message_encode(CM_MESSAGE_PAIR_REQUEST, &request, &body, NULL), CM_OK);
    int status = do_work(f, work, SRV_WORK_PAIR, &body);
    assert_int_equal(work->effects.paired, status == 200);
    if (status == 200)
        assert_int_equal(cm_message_decode(CM_MESSAGE_PAIR_ANSWER, work->reply.body.data,
                                           work->reply.body.size, &paired, NULL),
                         CM_OK);
    srv_work_finish(work);
    free(work);
    cm_buf_finish(&body);
    return status;
}

static void a_code_pairs_once(void **state)
{
    struct fixture *f = *state;
    struct making making = {.id = f->station.id};
    struct srv_station station;
    uint8_t hash[32];
    assert_int_equal(srv_store_write(f->store, make_code, &making, NULL), CM_OK);
    assert_int_equal(pair(f, "AAAA-AAAA", cm_keys_public(f->keys)), 401);
    assert_int_equal(pair(f, making.code, cm_keys_public(f->keys)), 200);
    assert_string_equal(paired.station_id, f->station.id);
    assert_string_equal(paired.name, "Gate");
    assert_memory_equal(paired.server_key, f->core.box.public_key, CM_BOX_KEY_SIZE);
    srv_auth_hash_token(paired.token, hash);
    assert_int_equal(srv_store_station_of_token(f->store, hash, &station, NULL), CM_OK);
    assert_string_equal(station.id, f->station.id);
    assert_int_equal(pair(f, making.code, cm_keys_public(f->keys)), 401);
}

static void a_code_is_over_after_its_time(void **state)
{
    struct fixture *f = *state;
    struct making making = {.id = f->station.id};
    assert_int_equal(srv_store_write(f->store, make_code, &making, NULL), CM_OK);
    cm_clock_manual_advance(&f->clock, 11 * 60 * INT64_C(1000000));
    assert_int_equal(pair(f, making.code, cm_keys_public(f->keys)), 401);
}

static void a_code_from_before_a_station_was_revoked_is_void(void **state)
{
    struct fixture *f = *state;
    struct making making = {.id = f->station.id};
    assert_int_equal(srv_store_write(f->store, make_code, &making, NULL), CM_OK);
    assert_int_equal(srv_store_write(f->store, revoke, f, NULL), CM_OK);
    assert_int_equal(pair(f, making.code, cm_keys_public(f->keys)), 401);
    assert_int_equal(srv_store_get_station(f->store, f->station.id, &f->station, NULL), CM_OK);
    assert_true(f->station.revoked);
}

static void a_station_with_events_keeps_its_key(void **state)
{
    struct fixture *f = *state;
    struct making making = {.id = f->station.id};
    struct log events;
    struct cm_push_answer answer;
    struct srv_effects effects;
    struct cm_keys *other;
    log_begin(&events, f);
    log_add(&events, "one");
    assert_int_equal(push(f, &events, 1, 1, &answer, &effects), 200);
    assert_int_equal(cm_keys_create(&other, NULL), CM_OK);
    assert_int_equal(srv_store_write(f->store, make_code, &making, NULL), CM_OK);
    assert_int_equal(pair(f, making.code, cm_keys_public(other)), 409);
    assert_int_equal(srv_store_write(f->store, make_code, &making, NULL), CM_OK);
    assert_int_equal(pair(f, making.code, cm_keys_public(f->keys)), 200);
    log_add(&events, "two");
    assert_int_equal(push(f, &events, 2, 2, &answer, &effects), 200);
    cm_keys_destroy(other);
}

static void a_new_station_pushes_from_its_start(void **state)
{
    struct fixture *f = *state;
    struct making making = {.id = f->station.id};
    struct log events;
    struct cm_push_answer answer;
    struct srv_effects effects;
    cm_keys_renew(f->keys); /* not the key that the row was made with */
    assert_int_equal(srv_store_write(f->store, make_code, &making, NULL), CM_OK);
    assert_int_equal(pair(f, making.code, cm_keys_public(f->keys)), 200);
    log_begin(&events, f);
    log_add(&events, "one");
    assert_int_equal(push(f, &events, 1, 1, &answer, &effects), 200);
    assert_int_equal(answer.acked, 1);
}

static void nonsense_is_refused(void **state)
{
    struct fixture *f = *state;
    struct srv_work *work = malloc(sizeof *work);
    static const uint8_t zeros[CM_PUBLIC_KEY_SIZE];
    struct cm_buf body;
    cm_buf_init(&body, 16);
    assert_int_equal(cm_buf_append_text(&body, "\x81\x01\x01"), CM_OK);
    assert_int_equal(do_work(f, work, SRV_WORK_PAIR, &body), 400);
    srv_work_finish(work);
    free(work);
    cm_buf_finish(&body);
    assert_int_equal(pair(f, "AAAA-AAAA", zeros), 400); /* a key that nothing can be sealed to */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_code_pairs_once),
        TEST(a_code_is_over_after_its_time),
        TEST(a_code_from_before_a_station_was_revoked_is_void),
        TEST(a_station_with_events_keeps_its_key),
        TEST(a_new_station_pushes_from_its_start),
        TEST(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
