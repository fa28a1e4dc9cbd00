#include "fixture.h"

#include "sync/bundle.h"
#include "sync/import.h"

static struct log events;

/* Pushes of two events each, of first … last. */
static FILE *make_bundle(struct fixture *f, const uint8_t key[CM_BOX_KEY_SIZE], int first, int last)
{
    FILE *file = tmpfile();
    uint32_t pushes = 0;
    assert_non_null(file);
    assert_int_equal(cm_bundle_write_head(file, f->station.id, NULL), CM_OK);
    for (int at = first; at <= last; at += 2, pushes++) {
        struct cm_buf body;
        cm_buf_init(&body, CM_SYNC_PUSH_MAX);
        encode_push(f, &events, at, at + 1 < last ? at + 1 : last, &body);
        assert_int_equal(cm_bundle_write_push(file, key, body.data, body.size, NULL), CM_OK);
        cm_buf_finish(&body);
    }
    assert_int_equal(cm_bundle_write_end(file, pushes, NULL), CM_OK);
    rewind(file);
    return file;
}

static void begin(struct fixture *f)
{
    log_begin(&events, f);
    for (int i = 0; i < 9; i++)
        log_add(&events, "event");
}

static void a_bundle_is_imported_once(void **state)
{
    struct fixture *f = *state;
    struct srv_bundle_import import;
    begin(f);
    FILE *file = make_bundle(f, f->core.box.public_key, 1, 9);
    assert_int_equal(srv_bundle_import(&f->core, file, NULL, NULL, &import, NULL), CM_OK);
    assert_int_equal(import.events, 9);
    assert_int_equal(import.new_events, 9);
    assert_int_equal(import.pushes, 5);
    rewind(file);
    assert_int_equal(srv_bundle_import(&f->core, file, NULL, NULL, &import, NULL), CM_OK);
    assert_int_equal(import.events, 9);
    assert_int_equal(import.new_events, 0);
    fclose(file);
    assert_int_equal(count_activities(f, CM_ACTIVITY_UNKNOWN_FACE), 9);
}

static void a_bundle_that_does_not_follow_says_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct srv_bundle_import import;
    struct cm_err err = CM_ERR_INIT;
    begin(f);
    FILE *file = make_bundle(f, f->core.box.public_key, 5, 9);
    assert_int_equal(srv_bundle_import(&f->core, file, NULL, NULL, &import, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "1 to 4"));
    fclose(file);
}

static void bundles_of_others_are_refused(void **state)
{
    struct fixture *f = *state;
    struct srv_bundle_import import;
    struct cm_box other;
    begin(f);
    cm_box_create(&other);
    FILE *file = make_bundle(f, other.public_key, 1, 9); /* for another server */
    assert_int_equal(srv_bundle_import(&f->core, file, NULL, NULL, &import, NULL), CM_CORRUPT);
    fclose(file);
    cm_keys_renew(f->keys); /* by another station, under this one's name */
    begin(f);
    file = make_bundle(f, f->core.box.public_key, 1, 9);
    assert_int_equal(srv_bundle_import(&f->core, file, NULL, NULL, &import, NULL), CM_CORRUPT);
    fclose(file);
    snprintf(f->station.id, sizeof f->station.id, "nobody");
    file = make_bundle(f, f->core.box.public_key, 1, 9);
    assert_int_equal(srv_bundle_import(&f->core, file, NULL, NULL, &import, NULL), CM_NOTFOUND);
    fclose(file);
    assert_int_equal(count_activities(f, CM_ACTIVITY_UNKNOWN_FACE), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_is_imported_once),
        TEST(a_bundle_that_does_not_follow_says_what_is_missing),
        TEST(bundles_of_others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
