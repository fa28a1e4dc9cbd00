/* What every backend of the store must do with alerts, messages and cursors. */
#include "unit.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

static enum cm_code put_alert(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_alert(store, arg, err);
}

static enum cm_code put_message(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_message(store, arg, err);
}

static enum cm_code put_cursor(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_put_alert_cursor(store, arg, err);
}

static enum cm_code delete_class(struct srv_store *store, void *arg, struct cm_err *err)
{
    return srv_store_delete_class(store, arg, err);
}

static struct srv_alert alert_of(uint8_t id, const char *student, const char *class_id, int32_t trigger,
                                 int64_t created)
{
    struct srv_alert alert = {.id = {id},
                              .trigger_date = trigger,
                              .absent_count = 3,
                              .state = SRV_ALERT_ACTIVE,
                              .created_wall_ms = created,
                              .day_count = 2,
                              .note_count = 1};
    strcpy(alert.student_id, student);
    strcpy(alert.class_id, class_id);
    for (int i = 0; i < 2; i++) {
        alert.days[i].date = cm_date_add(trigger, i - 1);
        strcpy(alert.days[i].class_id, class_id);
        strcpy(alert.days[i].closed_by, i == 0 ? "Meera Nair" : "");
        alert.days[i].closed_wall_ms = i == 0 ? created - 5 : 0;
        alert.days[i].able_min = 50 + i;
        alert.days[i].window_min = 60;
    }
    alert.notes[0] = (struct srv_alert_note){.word = SRV_ALERT_MADE, .wall_ms = created};
    return alert;
}

static struct srv_message message_of(uint8_t id, const struct srv_alert *alert, int64_t next)
{
    struct srv_message message = {.id = {id},
                                  .recipient = SRV_RECIPIENT_PARENT,
                                  .name = "R. Nair",
                                  .phone = "+919876543210",
                                  .state = SRV_MESSAGE_QUEUED,
                                  .next_try_wall_ms = next,
                                  .created_wall_ms = 1000,
                                  .changed_wall_ms = 1000,
                                  .step_count = 1,
                                  .steps = {{SRV_MESSAGE_QUEUED, 1000}}};
    memcpy(message.alert_id, alert->id, 16);
    strcpy(message.student_id, alert->student_id);
    return message;
}

struct seen {
    char ids[64]; /* the first byte of each */
    int count, stop;
};

static bool see(struct seen *seen, uint8_t id)
{
    size_t length = strlen(seen->ids);
    snprintf(seen->ids + length, sizeof seen->ids - length, "%s%d", length > 0 ? " " : "", id);
    return ++seen->count != seen->stop;
}

static bool see_alert(void *arg, const struct srv_alert *alert)
{
    return see(arg, alert->id[0]);
}

static bool see_message(void *arg, const struct srv_message *message)
{
    return see(arg, message->id[0]);
}

static bool see_cursor(void *arg, const struct srv_alert_cursor *cursor)
{
    return see(arg, (uint8_t)cursor->date);
}

static void expect_alerts(struct srv_store *store, struct srv_alert_filter filter, const char *ids)
{
    struct seen seen = {0};
    assert_int_equal(srv_store_each_alert(store, &filter, see_alert, &seen, NULL), CM_OK);
    assert_string_equal(seen.ids, ids);
}

static struct srv_alert_place place_of(const struct srv_alert *alert)
{
    struct srv_alert_place place = {.trigger_date = alert->trigger_date, .generation = alert->generation};
    memcpy(place.student_id, alert->student_id, sizeof place.student_id);
    memcpy(place.id, alert->id, sizeof place.id);
    return place;
}

static void expect_by_student(struct srv_store *store, struct srv_alert_place after, int32_t from,
                              const char *ids)
{
    struct seen seen = {0};
    assert_int_equal(srv_store_each_alert_by_student(store, &after, from, see_alert, &seen, NULL), CM_OK);
    assert_string_equal(seen.ids, ids);
}

static void expect_state(struct srv_store *store, enum srv_message_state state, const char *ids)
{
    struct seen seen = {0};
    assert_int_equal(srv_store_each_message_in_state(store, state, see_message, &seen, NULL), CM_OK);
    assert_string_equal(seen.ids, ids);
}

static void expect_due(struct srv_store *store, int64_t now_ms, const char *ids)
{
    struct seen seen = {0};
    assert_int_equal(srv_store_each_due_message(store, now_ms, see_message, &seen, NULL), CM_OK);
    assert_string_equal(seen.ids, ids);
}

static void school(struct world *w)
{
    put_class(w->store, "10-A", 540);
    put_class(w->store, "10-B", 540);
    put_student(w->store, "S-1", "10-A", WORLD_MONDAY);
    put_student(w->store, "S-2", "10-B", WORLD_MONDAY);
}

static void alerts(struct world *w)
{
    struct srv_alert one, two, three, found;
    struct seen seen = {0};
    school(w);
    one = alert_of(1, "S-1", "10-A", WORLD_MONDAY + 2, 100);
    two = alert_of(2, "S-2", "10-B", WORLD_MONDAY + 3, 200);
    three = alert_of(3, "S-1", "10-A", WORLD_MONDAY + 4, 200);
    assert_int_equal(srv_store_get_alert(w->store, one.id, &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, put_alert, &one, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_alert, &two, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_alert, &three, NULL), CM_OK);
    assert_int_equal(srv_store_get_alert(w->store, one.id, &found, NULL), CM_OK);
    assert_memory_equal(&found, &one, sizeof one);
    expect_alerts(w->store, (struct srv_alert_filter){0}, "3 2 1");
    expect_alerts(w->store, (struct srv_alert_filter){.class_id = "10-A"}, "3 1");
    expect_alerts(w->store, (struct srv_alert_filter){.class_id = "10"}, "");
    expect_alerts(w->store, (struct srv_alert_filter){.before_wall_ms = 200, .before_id = {3}}, "2 1");
    expect_alerts(w->store,
                  (struct srv_alert_filter){.class_id = "10-A", .before_wall_ms = 200, .before_id = {3}},
                  "1");
    assert_int_equal(srv_store_each_alert_of_student(w->store, "S-1", see_alert, &seen, NULL), CM_OK);
    assert_string_equal(seen.ids, "3 1");
    expect_by_student(w->store, (struct srv_alert_place){.id = {0}}, 0, "1 3 2");
    expect_by_student(w->store, (struct srv_alert_place){.id = {0}}, WORLD_MONDAY + 3, "3 2");
    expect_by_student(w->store, place_of(&one), 0, "3 2");
    expect_by_student(w->store, place_of(&three), WORLD_MONDAY, "2");
    expect_by_student(w->store, place_of(&two), 0, "");
    one.state = SRV_ALERT_WITHDRAWN;
    one.acknowledged_wall_ms = 300;
    one.notes[one.note_count++] =
        (struct srv_alert_note){.word = SRV_ALERT_WAS_WITHDRAWN, .wall_ms = 300, .reason = "corrected"};
    assert_int_equal(srv_store_write(w->store, put_alert, &one, NULL), CM_OK);
    assert_int_equal(srv_store_get_alert(w->store, one.id, &found, NULL), CM_OK);
    assert_memory_equal(&found, &one, sizeof one);
    expect_alerts(w->store, (struct srv_alert_filter){.state = SRV_ALERT_ACTIVE}, "3 2");
    expect_alerts(w->store, (struct srv_alert_filter){.state = SRV_ALERT_WITHDRAWN}, "1");
    struct srv_alert other = two;
    other.created_wall_ms++;
    assert_int_equal(srv_store_write(w->store, put_alert, &other, NULL), CM_INVALID);
    other = alert_of(4, "S-9", "10-A", WORLD_MONDAY, 1);
    assert_int_equal(srv_store_write(w->store, put_alert, &other, NULL), CM_NOTFOUND);
    other = alert_of(4, "S-1", "10-A", WORLD_MONDAY, 1);
    other.day_count = SRV_ALERT_DAYS_MAX + 1;
    assert_int_equal(srv_store_write(w->store, put_alert, &other, NULL), CM_INVALID);
    check(w->store);
}

static void fill_text(char *text, size_t size)
{
    memset(text, 'x', size - 1);
    text[size - 1] = '\0';
}

static void the_largest_alert(struct world *w)
{
    static struct srv_alert alert, found;
    school(w);
    alert = alert_of(1, "S-1", "10-A", WORLD_MONDAY + 2, 100);
    alert.day_count = SRV_ALERT_DAYS_MAX;
    alert.note_count = SRV_ALERT_NOTES_MAX;
    for (int i = 0; i < SRV_ALERT_DAYS_MAX; i++) {
        alert.days[i] = (struct srv_alert_day){
            .date = INT32_MAX, .closed_wall_ms = INT64_MAX, .able_min = INT32_MAX, .window_min = INT32_MAX};
        fill_text(alert.days[i].class_id, sizeof alert.days[i].class_id);
        fill_text(alert.days[i].closed_by, sizeof alert.days[i].closed_by);
    }
    for (int i = 0; i < SRV_ALERT_NOTES_MAX; i++) {
        alert.notes[i] = (struct srv_alert_note){.word = SRV_ALERT_WAS_RETRIED, .wall_ms = INT64_MAX};
        fill_text(alert.notes[i].by, sizeof alert.notes[i].by);
        fill_text(alert.notes[i].reason, sizeof alert.notes[i].reason);
    }
    assert_int_equal(srv_store_write(w->store, put_alert, &alert, NULL), CM_OK);
    assert_int_equal(srv_store_get_alert(w->store, alert.id, &found, NULL), CM_OK);
    assert_memory_equal(&found, &alert, sizeof alert);
    check(w->store);
}

static void messages(struct world *w)
{
    struct srv_message one, two, three, found;
    struct seen seen = {0};
    school(w);
    struct srv_alert a = alert_of(1, "S-1", "10-A", WORLD_MONDAY + 2, 100);
    struct srv_alert b = alert_of(2, "S-2", "10-B", WORLD_MONDAY + 2, 101);
    one = message_of(11, &a, 500);
    two = message_of(12, &a, 400);
    three = message_of(13, &b, 600);
    assert_int_equal(srv_store_write(w->store, put_message, &one, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, put_alert, &a, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_alert, &b, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_message, &one, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_message, &two, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_message, &three, NULL), CM_OK);
    assert_int_equal(srv_store_get_message(w->store, one.id, &found, NULL), CM_OK);
    assert_memory_equal(&found, &one, sizeof one);
    expect_due(w->store, 399, "");
    expect_due(w->store, 500, "12 11");
    expect_state(w->store, SRV_MESSAGE_QUEUED, "12 11 13");
    assert_int_equal(srv_store_each_message_of_alert(w->store, a.id, see_message, &seen, NULL), CM_OK);
    assert_string_equal(seen.ids, "11 12");

    two.state = SRV_MESSAGE_SENT;
    two.changed_wall_ms = 700;
    two.steps[two.step_count++] = (struct srv_message_step){SRV_MESSAGE_SENT, 700};
    strcpy(two.provider_id, "wamid.A");
    assert_int_equal(srv_store_write(w->store, put_message, &two, NULL), CM_OK);
    expect_due(w->store, 10000, "11 13");
    expect_state(w->store, SRV_MESSAGE_SENT, "12");
    assert_int_equal(srv_store_message_of_provider_id(w->store, "wamid.A", &found, NULL), CM_OK);
    assert_memory_equal(&found, &two, sizeof two);
    assert_int_equal(srv_store_message_of_provider_id(w->store, "wamid", &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_message_of_provider_id(w->store, "", &found, NULL), CM_NOTFOUND);
    strcpy(one.provider_id, "wamid.A");
    assert_int_equal(srv_store_write(w->store, put_message, &one, NULL), CM_EXISTS);
    strcpy(two.provider_id, "wamid.B"); /* sent again */
    assert_int_equal(srv_store_write(w->store, put_message, &two, NULL), CM_OK);
    assert_int_equal(srv_store_message_of_provider_id(w->store, "wamid.A", &found, NULL), CM_NOTFOUND);
    struct srv_message moved = three;
    memcpy(moved.alert_id, a.id, 16);
    assert_int_equal(srv_store_write(w->store, put_message, &moved, NULL), CM_INVALID);
    strcpy(moved.student_id, "S-1");
    assert_int_equal(srv_store_write(w->store, put_message, &moved, NULL), CM_INVALID);
    check(w->store);
}

static void cursors(struct world *w)
{
    struct srv_alert_cursor cursor = {.class_id = "10-A",
                                      .first_date = 3,
                                      .date = 7,
                                      .hold = SRV_HOLD_STATIONS,
                                      .held_date = WORLD_MONDAY,
                                      .held_wall_ms = 5,
                                      .station_count = 1,
                                      .listed_count = 1,
                                      .stations = {"gate"}},
                            found;
    struct seen seen = {0};
    assert_int_equal(srv_store_write(w->store, put_cursor, &cursor, NULL), CM_NOTFOUND);
    put_class(w->store, "10-A", 540);
    assert_int_equal(srv_store_get_alert_cursor(w->store, "10-A", &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_write(w->store, put_cursor, &cursor, NULL), CM_OK);
    assert_int_equal(srv_store_get_alert_cursor(w->store, "10-A", &found, NULL), CM_OK);
    assert_memory_equal(&found, &cursor, sizeof cursor);
    assert_int_equal(srv_store_each_alert_cursor(w->store, see_cursor, &seen, NULL), CM_OK);
    assert_string_equal(seen.ids, "7");
    assert_int_equal(srv_store_write(w->store, delete_class, (void *)"10-A", NULL), CM_OK);
    assert_int_equal(srv_store_get_alert_cursor(w->store, "10-A", &found, NULL), CM_NOTFOUND);
    check(w->store);
}

static void an_erased_student_has_no_alerts(struct world *w)
{
    struct srv_alert found;
    struct srv_message no_message;
    school(w);
    struct srv_alert a = alert_of(1, "S-1", "10-A", WORLD_MONDAY + 2, 100);
    struct srv_alert b = alert_of(2, "S-2", "10-B", WORLD_MONDAY + 2, 101);
    struct srv_message one = message_of(11, &a, 500), two = message_of(12, &a, 500),
                       three = message_of(13, &b, 500);
    strcpy(one.provider_id, "wamid.A");
    assert_int_equal(srv_store_write(w->store, put_alert, &a, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_alert, &b, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_message, &one, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_message, &two, NULL), CM_OK);
    assert_int_equal(srv_store_write(w->store, put_message, &three, NULL), CM_OK);
    erase_student(w->store, "S-1");
    expect_alerts(w->store, (struct srv_alert_filter){0}, "2");
    expect_due(w->store, 10000, "13");
    assert_int_equal(srv_store_get_alert(w->store, a.id, &found, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_get_message(w->store, one.id, &no_message, NULL), CM_NOTFOUND);
    assert_int_equal(srv_store_message_of_provider_id(w->store, "wamid.A", &no_message, NULL), CM_NOTFOUND);
    check(w->store);
}

static void rebuilding_keeps_alerts(struct world *w)
{
    school(w);
    struct srv_alert a = alert_of(1, "S-1", "10-A", WORLD_MONDAY + 2, 100);
    assert_int_equal(srv_store_write(w->store, put_alert, &a, NULL), CM_OK);
    assert_int_equal(srv_store_rebuild(w->store, NULL, NULL, NULL), CM_OK);
    expect_alerts(w->store, (struct srv_alert_filter){0}, "1");
    check(w->store);
}

static const struct {
    const char *name;
    void (*run)(struct world *w);
} cases[] = {
    {"alerts", alerts},
    {"the largest alert", the_largest_alert},
    {"messages", messages},
    {"cursors", cursors},
    {"an erased student has no alerts", an_erased_student_has_no_alerts},
    {"rebuilding keeps alerts", rebuilding_keeps_alerts},
};

static void run_all(const char *kind)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world world;
        print_message("%s %s\n", kind, cases[i].name);
        world_init(&world, kind);
        cases[i].run(&world);
        world_finish(&world);
    }
}

static void in_memory(void **state)
{
    (void)state;
    run_all("memory:");
}

static void in_lmdb(void **state)
{
    (void)state;
    run_all("lmdb:");
}

static void a_backup_has_alerts(void **state)
{
    struct world w, copy;
    struct cm_err err = CM_ERR_INIT;
    char dir[280];
    (void)state;
    world_init(&w, "lmdb:");
    school(&w);
    struct srv_alert a = alert_of(1, "S-1", "10-A", WORLD_MONDAY + 2, 100);
    struct srv_message one = message_of(11, &a, 500);
    assert_int_equal(srv_store_write(w.store, put_alert, &a, NULL), CM_OK);
    assert_int_equal(srv_store_write(w.store, put_message, &one, NULL), CM_OK);
    snprintf(dir, sizeof dir, "%s/copy", w.dir);
    if (srv_store_backup(w.store, dir, &err) != CM_OK)
        fail_msg("%s", err.msg);
    copy = w;
    snprintf(copy.url, sizeof copy.url, "lmdb:%s", dir);
    world_open(&copy);
    expect_alerts(copy.store, (struct srv_alert_filter){0}, "1");
    expect_due(copy.store, 500, "11");
    check(copy.store);
    world_close(&copy);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),
        cmocka_unit_test(in_lmdb),
        cmocka_unit_test(a_backup_has_alerts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
