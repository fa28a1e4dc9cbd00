#include "fixture.h"

#include "record/codec.h"

static char cursor[CM_SYNC_CURSOR_SIZE];

static void pull_all(struct fixture *f)
{
    while (pull(f, cursor)->more)
        ;
}

static size_t count_faces(const struct fixture *f, const struct cm_item *item)
{
    struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
    size_t count = 0;
    if (item->body.size == 0)
        return 0;
    assert_int_equal(
        cm_templates_open(cm_keys_box_open, f->keys, item->body, item->id, templates, &count, NULL), CM_OK);
    return count;
}

static void the_first_pull_brings_what_the_station_serves(void **state)
{
    struct fixture *f = *state;
    put_class(f, "A");
    put_class(f, "B");
    put_student(f, "S1", "A");
    put_student(f, "S2", "B");
    put_faces(f, "S1", 1);
    put_faces(f, "S2", 2);
    cursor[0] = '\0';
    const struct cm_changes *changes = pull(f, cursor);
    assert_true(changes->reset);
    assert_false(changes->more);
    assert_non_null(find_item(changes, CM_ITEM_CLASS, "A"));
    assert_null(find_item(changes, CM_ITEM_CLASS, "B"));
    assert_non_null(find_item(changes, CM_ITEM_STUDENT, "S1"));
    assert_null(find_item(changes, CM_ITEM_STUDENT, "S2"));
    assert_null(find_item(changes, CM_ITEM_TEMPLATES, "S2"));
    const struct cm_item *templates = find_item(changes, CM_ITEM_TEMPLATES, "S1");
    assert_non_null(templates);
    assert_int_equal(count_faces(f, templates), 1);
    changes = pull(f, cursor);
    assert_false(changes->reset);
    assert_int_equal(changes->count, 0);
}

static void a_student_who_moves_goes_and_comes_with_his_templates(void **state)
{
    struct fixture *f = *state;
    put_class(f, "A");
    put_class(f, "B");
    put_student(f, "S1", "A");
    put_faces(f, "S1", 1);
    cursor[0] = '\0';
    pull_all(f);
    put_student(f, "S1", "B");
    const struct cm_item *item = find_item(pull(f, cursor), CM_ITEM_STUDENT, "S1");
    assert_non_null(item);
    assert_true(item->gone);
    assert_false(item->erased);
    put_student(f, "S1", "A");
    const struct cm_changes *changes = pull(f, cursor);
    item = find_item(changes, CM_ITEM_STUDENT, "S1");
    assert_non_null(item);
    assert_false(item->gone);
    item = find_item(changes, CM_ITEM_TEMPLATES, "S1");
    assert_non_null(item);
    assert_int_equal(count_faces(f, item), 1);
}

static void an_erased_student_is_told_to_all_also_from_the_start(void **state)
{
    struct fixture *f = *state;
    put_class(f, "A");
    put_student(f, "S1", "A");
    put_faces(f, "S1", 1);
    cursor[0] = '\0';
    pull_all(f);
    erase(f, "S1");
    const struct cm_item *item = find_item(pull(f, cursor), CM_ITEM_STUDENT, "S1");
    assert_non_null(item);
    assert_true(item->gone && item->erased);
    cursor[0] = '\0';
    item = find_item(pull(f, cursor), CM_ITEM_STUDENT, "S1");
    assert_non_null(item);
    assert_true(item->erased);
}

/* The server was put back to a backup: a station may have whom it is not to have any more. A station that begins has not. */
static void a_store_that_went_back_says_who_is_gone(void **state)
{
    struct fixture *f = *state;
    static const char other_epoch[] = "00000000000000000000000000000000.1";
    put_class(f, "A");
    put_class(f, "B");
    put_student(f, "S1", "A");
    put_student(f, "S2", "B"); /* moved to where this station does not serve */
    set_classes(f, "A", NULL);
    cursor[0] = '\0';
    assert_null(find_item(pull(f, cursor), CM_ITEM_STUDENT, "S2"));
    snprintf(cursor, sizeof cursor, "%s", other_epoch);
    const struct cm_changes *changes = pull(f, cursor);
    assert_true(changes->reset);
    const struct cm_item *item = find_item(changes, CM_ITEM_STUDENT, "S2");
    assert_non_null(item);
    assert_true(item->gone);
    assert_false(find_item(changes, CM_ITEM_STUDENT, "S1")->gone);
}

static void other_classes_come_when_the_station_serves_them(void **state)
{
    struct fixture *f = *state;
    struct cm_station_info info;
    put_class(f, "A");
    put_class(f, "B");
    put_student(f, "S2", "B");
    put_faces(f, "S2", 2);
    cursor[0] = '\0';
    pull_all(f);
    set_classes(f, "A", "B");
    const struct cm_changes *changes = pull(f, cursor);
    assert_non_null(find_item(changes, CM_ITEM_CLASS, "B"));
    assert_non_null(find_item(changes, CM_ITEM_STUDENT, "S2"));
    assert_int_equal(count_faces(f, find_item(changes, CM_ITEM_TEMPLATES, "S2")), 1);
    const struct cm_item *item = find_item(changes, CM_ITEM_STATION, f->station.id);
    assert_non_null(item);
    assert_int_equal(
        cm_message_decode(CM_MESSAGE_STATION_INFO, item->body.data, item->body.size, &info, NULL), CM_OK);
    assert_int_equal(info.class_count, 2);
    set_classes(f, "B", NULL);
    item = find_item(pull(f, cursor), CM_ITEM_STATION, f->station.id);
    assert_int_equal(
        cm_message_decode(CM_MESSAGE_STATION_INFO, item->body.data, item->body.size, &info, NULL), CM_OK);
    assert_int_equal(info.class_count, 1);
    assert_string_equal(info.classes[0], "B");
}

static void many_come_in_pages(void **state)
{
    struct fixture *f = *state;
    char id[CM_ID_SIZE];
    int pages = 0, students = 0;
    put_class(f, "A");
    put_class(f, "B");
    for (int i = 0; i < 500; i++) {
        snprintf(id, sizeof id, "S%03d", i);
        put_student(f, id, i % 5 == 0 ? "B" : "A");
    }
    cursor[0] = '\0';
    const struct cm_changes *changes;
    do {
        changes = pull(f, cursor);
        assert_int_equal(changes->reset, pages == 0);
        assert_true(changes->count <= CM_SYNC_ITEMS_MAX);
        for (int i = 0; i < changes->count; i++) {
            assert_false(changes->items[i].gone);
            students += changes->items[i].kind == CM_ITEM_STUDENT;
        }
        pages++;
    } while (changes->more);
    assert_int_equal(students, 400);
    assert_true(pages > 2);
}

static void cursors_of_another_epoch_begin_anew(void **state)
{
    struct fixture *f = *state;
    struct srv_pull ask = {.core = &f->core, .station_id = f->station.id};
    struct srv_sync_reply reply;
    bool news;
    static const char *const bad[] = {"x",
                                      "0123",
                                      "0123456789abcdef0123456789abcdef",
                                      "0123456789abcdef0123456789abcdef.",
                                      "0123456789abcdef0123456789abcdef.1.",
                                      "0123456789abcdef0123456789abcdef.1.2.3",
                                      "0123456789abcdef0123456789abcdef.00000000000000001",
                                      "0123456789abcdef0123456789abcdef.-1"};
    put_class(f, "A");
    snprintf(cursor, sizeof cursor, "0123456789abcdef0123456789abcdef.5");
    assert_true(pull(f, cursor)->reset);
    strcat(cursor, "ffff"); /* a number that we never gave */
    assert_true(pull(f, cursor)->reset);
    srv_sync_reply_init(&reply);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(ask.asked.cursor, sizeof ask.asked.cursor, "%s", bad[i]);
        if (srv_pull_answer(&ask, &reply, &news, NULL) != CM_INVALID)
            fail_msg("%s is a cursor", bad[i]);
    }
    srv_sync_reply_finish(&reply);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_pull_brings_what_the_station_serves),
        TEST(a_student_who_moves_goes_and_comes_with_his_templates),
        TEST(an_erased_student_is_told_to_all_also_from_the_start),
        TEST(a_store_that_went_back_says_who_is_gone),
        TEST(other_classes_come_when_the_station_serves_them),
        TEST(many_come_in_pages),
        TEST(cursors_of_another_epoch_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
