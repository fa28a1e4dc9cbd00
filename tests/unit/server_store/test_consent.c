/* Consent at the server: which word counts, that templates follow it, and that a rebuild finds the same. */
#include "unit.h"

#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t said_ms = 1767600000000; /* 2026-01-05; the store's clock is later */
static const int64_t day_ms = 24 * 60 * 60 * 1000;
static struct world world;

static struct srv_student student(const char *id)
{
    struct srv_student found;
    assert_int_equal(srv_store_get_student(world.store, id, &found, NULL), CM_OK);
    return found;
}

static enum cm_consent_state consent_of(const char *id)
{
    return student(id).base.consent;
}

static enum cm_code put_face(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct cm_template template_ = {.model = "dlib", .quality = 0.5f};
    snprintf(template_.student_id, sizeof template_.student_id, "%s", (const char *)arg);
    return srv_store_put_templates(store, arg, &template_, 1, err);
}

static enum cm_code enrol(const char *id)
{
    return srv_store_write(world.store, put_face, (void *)id, NULL);
}

static bool count_template(void *arg, const struct cm_template *template_)
{
    (void)template_;
    ++*(int *)arg;
    return true;
}

static int templates_of(const char *id)
{
    int count = 0;
    assert_int_equal(srv_store_each_template(world.store, id, count_template, &count, NULL), CM_OK);
    assert_int_equal(student(id).template_count, count);
    return count;
}

static enum cm_code optional(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_setting(store, "consent_required", arg, err);
}

static void nobody_is_enrolled_without_consent(void **state)
{
    (void)state;
    assert_int_equal(consent_of("S-1"), CM_CONSENT_NONE);
    assert_int_equal(enrol("S-1"), CM_INVALID);
    say_consent(world.store, "S-1", CM_CONSENT_REFUSED, said_ms, 1);
    assert_int_equal(enrol("S-1"), CM_INVALID);
    say_consent(world.store, "S-1", CM_CONSENT_GIVEN, said_ms + 1, 2);
    assert_int_equal(enrol("S-1"), CM_OK);
    assert_int_equal(templates_of("S-1"), 1);
    assert_int_equal(student("S-1").base.consent_wall_ms, said_ms + 1);
    /* a school that need not ask: but who said no is not overruled */
    assert_int_equal(srv_store_write(world.store, optional, (void *)"0", NULL), CM_OK);
    say_consent(world.store, "S-2", CM_CONSENT_REFUSED, said_ms, 3);
    assert_int_equal(enrol("S-2"), CM_INVALID);
    assert_int_equal(enrol("S-3"), CM_OK);
    assert_int_equal(srv_store_write(world.store, optional, (void *)"1", NULL), CM_OK);
    assert_int_equal(enrol("S-3"), CM_INVALID);
    check(world.store);
}

static void a_withdrawal_takes_the_templates_away(void **state)
{
    uint64_t last;
    (void)state;
    say_consent(world.store, "S-1", CM_CONSENT_GIVEN, said_ms, 1);
    assert_int_equal(enrol("S-1"), CM_OK);
    assert_int_equal(srv_store_last_change(world.store, &last, NULL), CM_OK);
    struct station_log *log = station_create(&world, "door", NULL);
    station_consent(log, "S-1", CM_CONSENT_WITHDRAWN, said_ms + 1000, 2);
    push_all(world.store, log);
    assert_int_equal(consent_of("S-1"), CM_CONSENT_WITHDRAWN);
    assert_int_equal(templates_of("S-1"), 0);
    assert_int_equal(student("S-1").consent_refused_wall_ms, said_ms + 1000);
    assert_int_equal(enrol("S-1"), CM_INVALID);
    say_consent(world.store, "S-1", CM_CONSENT_GIVEN, said_ms + 2000, 3);
    assert_int_equal(student("S-1").consent_refused_wall_ms,
                     said_ms + 1000); /* faces from before it stay away */
    assert_int_equal(enrol("S-1"), CM_OK);
    push_all(world.store, log); /* the same again changes nothing */
    assert_int_equal(templates_of("S-1"), 1);
    free(log);
    check(world.store);
}

/* Whatever comes first, and however often. */
static void the_latest_word_counts_in_any_order(void **state)
{
    (void)state;
    struct station_log *a = station_create(&world, "a", NULL), *b = station_create(&world, "b", NULL);
    station_consent(a, "S-1", CM_CONSENT_GIVEN, said_ms + 10, 1);
    station_consent(b, "S-1", CM_CONSENT_WITHDRAWN, said_ms + 20, 2);
    station_consent(b, "S-2", CM_CONSENT_GIVEN, said_ms + 10, 3);
    station_consent(a, "S-2", CM_CONSENT_REFUSED, said_ms + 10, 4); /* at one instant: the more careful */
    push_all(world.store, b);
    push_all(world.store, a);
    assert_int_equal(consent_of("S-1"), CM_CONSENT_WITHDRAWN);
    assert_int_equal(consent_of("S-2"), CM_CONSENT_REFUSED);
    assert_int_equal(srv_store_rebuild(world.store, NULL, NULL, NULL), CM_OK);
    assert_int_equal(consent_of("S-1"), CM_CONSENT_WITHDRAWN);
    assert_int_equal(consent_of("S-2"), CM_CONSENT_REFUSED);
    free(a);
    free(b);
    check(world.store);
}

/* A clock that is days ahead gives no consent over a withdrawal that it did not know of; a withdrawal it makes counts. */
static void a_clock_that_is_ahead_gives_no_consent(void **state)
{
    int64_t now_ms = world.clock.now_wall_ms;
    (void)state;
    struct station_log *log = station_create(&world, "ahead", NULL);
    say_consent(world.store, "S-1", CM_CONSENT_WITHDRAWN, now_ms, 1);
    say_consent(world.store, "S-2", CM_CONSENT_GIVEN, now_ms, 2);
    station_consent(log, "S-1", CM_CONSENT_GIVEN, now_ms + 100 * day_ms, 3);
    station_consent(log, "S-2", CM_CONSENT_WITHDRAWN, now_ms + 100 * day_ms, 4);
    push_all(world.store, log);
    assert_int_equal(consent_of("S-1"), CM_CONSENT_WITHDRAWN);
    assert_int_equal(consent_of("S-2"), CM_CONSENT_WITHDRAWN);
    assert_int_equal(student("S-2").base.consent_wall_ms, now_ms + day_ms);
    free(log);
    check(world.store);
}

static bool add_state(void *arg, const struct srv_feed_item *item)
{
    char *text = arg;
    assert_int_equal(item->event->type, CM_EVENT_CONSENT);
    strcat(text, cm_consent_name(item->event->body.consent.state));
    strcat(text, item->station_id[0] != '\0' ? "@door " : " ");
    return true;
}

static const char *history(const char *id)
{
    static char text[256];
    text[0] = '\0';
    assert_int_equal(srv_store_each_consent(world.store, id, add_state, text, NULL), CM_OK);
    return text;
}

static void every_word_is_kept_until_he_is_erased(void **state)
{
    (void)state;
    struct station_log *log = station_create(&world, "door", NULL);
    assert_string_equal(history("S-1"), "");
    say_consent(world.store, "S-1", CM_CONSENT_REFUSED, said_ms, 1);
    say_consent(world.store, "S-1", CM_CONSENT_GIVEN, said_ms + 1, 2);
    say_consent(world.store, "S-10", CM_CONSENT_GIVEN, said_ms, 3); /* an id that begins like it */
    station_consent(log, "S-1", CM_CONSENT_WITHDRAWN, said_ms + 2, 4);
    push_all(world.store, log);
    assert_string_equal(history("S-1"), "refused given withdrawn@door ");
    erase_student(world.store, "S-1");
    assert_string_equal(history("S-1"), "");
    station_consent(log, "S-1", CM_CONSENT_GIVEN, said_ms + 3, 5); /* it does not know of the erasure */
    push_all(world.store, log);
    put_student(world.store, "S-1", "10-A", WORLD_MONDAY);
    assert_int_equal(consent_of("S-1"), CM_CONSENT_NONE); /* of the one before */
    station_consent(log, "S-1", CM_CONSENT_GIVEN, world.clock.now_wall_ms + 60000, 6);
    push_all(world.store, log); /* nor whoever has the id now, whatever its clock says */
    assert_int_equal(consent_of("S-1"), CM_CONSENT_NONE);
    free(log);
    check(world.store);
}

struct credentials {
    const char *id, *pin_hash;
    const uint8_t *tag;
};

static enum cm_code put_credentials(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct credentials *c = arg;
    return srv_store_put_credentials(store, c->id, c->tag, c->pin_hash, err);
}

static bool names_student(void *arg, const struct srv_change *change)
{
    *(bool *)arg = *(bool *)arg || (change->kind == SRV_CHANGE_STUDENT && strcmp(change->id, "S-1") == 0);
    return true;
}

static void card_and_pin_stay_until_he_is_erased(void **state)
{
    static const uint8_t tag[CM_CARD_TAG_SIZE] = {1, 2, 3};
    struct credentials card = {.id = "S-1", .tag = tag}, pin = {.id = "S-1", .pin_hash = "$argon2id$x"},
                       nobody = {.id = "S-99", .tag = tag};
    uint64_t before;
    bool told = false;
    (void)state;
    assert_int_equal(srv_store_last_change(world.store, &before, NULL), CM_OK);
    assert_int_equal(srv_store_write(world.store, put_credentials, &card, NULL), CM_OK);
    assert_int_equal(srv_store_write(world.store, put_credentials, &pin, NULL), CM_OK);
    assert_int_equal(srv_store_write(world.store, put_credentials, &nobody, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_each_change(world.store, before, names_student, &told, NULL), CM_OK);
    assert_true(told);
    put_student(world.store, "S-1", "10-A", WORLD_MONDAY); /* as an import does */
    struct srv_student found = student("S-1");
    assert_memory_equal(found.base.card_tag, tag, sizeof tag);
    assert_string_equal(found.base.pin_hash, "$argon2id$x");
    erase_student(world.store, "S-1");
    put_student(world.store, "S-1", "10-A", WORLD_MONDAY);
    found = student("S-1");
    assert_int_equal(found.base.card_tag[0], 0);
    assert_string_equal(found.base.pin_hash, "");
}

static int set_up(void **state)
{
    (void)state;
    world_init(&world, "lmdb:");
    put_class(world.store, "10-A", 540);
    put_student(world.store, "S-1", "10-A", WORLD_MONDAY);
    put_student(world.store, "S-2", "10-A", WORLD_MONDAY);
    put_student(world.store, "S-3", "10-A", WORLD_MONDAY);
    put_student(world.store, "S-10", "10-A", WORLD_MONDAY);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_finish(&world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_enrolled_without_consent),    TEST(a_withdrawal_takes_the_templates_away),
        TEST(the_latest_word_counts_in_any_order),   TEST(a_clock_that_is_ahead_gives_no_consent),
        TEST(every_word_is_kept_until_he_is_erased), TEST(card_and_pin_stay_until_he_is_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
