#include "server_double.h"

#include "crypt/box.h"
#include "record/codec.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cm_box box;
const struct cm_box *double_box = &box;

void double_pair(struct fixture *f)
{
    struct stn_pairing pairing = {.url = "https://school.example",
                                  .station_id = "0190a5d0-0000-7000-8000-000000000001",
                                  .name = "Door of 10-B",
                                  .token = "a-token-of-the-station-0123456789",
                                  .paired_wall_ms = f->clock.now_wall_ms};
    struct cm_err err = CM_ERR_INIT;
    if (box.public_key[0] == 0)
        cm_box_create(&box);
    memcpy(pairing.server_key, box.public_key, sizeof pairing.server_key);
    if (stn_store_put_pairing(f->store, &pairing, NULL, &err) != CM_OK)
        fail_msg("cannot pair: %s", err.msg);
}

struct page *page_create(const char *cursor)
{
    struct page *page = calloc(1, sizeof *page);
    snprintf(page->changes.cursor, sizeof page->changes.cursor, "%s", cursor);
    for (int i = 0; i < CM_SYNC_ITEMS_MAX; i++)
        cm_buf_init(&page->bodies[i], 1 << 20);
    return page;
}

void page_destroy(struct page *page)
{
    for (int i = 0; i < CM_SYNC_ITEMS_MAX; i++)
        cm_buf_finish(&page->bodies[i]);
    free(page);
}

static struct cm_buf *add(struct page *page, enum cm_item_kind kind, const char *id)
{
    struct cm_item *item = &page->changes.items[page->changes.count];
    *item = (struct cm_item){.kind = kind};
    snprintf(item->id, sizeof item->id, "%s", id);
    return &page->bodies[page->changes.count++];
}

static void end(struct page *page)
{
    struct cm_buf *body = &page->bodies[page->changes.count - 1];
    page->changes.items[page->changes.count - 1].body = (struct cm_span){body->data, body->size};
}

static void add_record(struct page *page, enum cm_item_kind kind, enum cm_record_kind record_kind,
                       const char *id, const void *record)
{
    uint8_t bytes[2048];
    size_t size;
    struct cm_buf *body = add(page, kind, id);
    assert_int_equal(cm_record_encode(record_kind, record, bytes, sizeof bytes, &size, NULL), CM_OK);
    assert_int_equal(cm_buf_append(body, bytes, size), CM_OK);
    end(page);
}

void page_class(struct page *page, const char *id)
{
    struct cm_class class_ = {
        .start_minute = 540, .late_after_min = 10, .close_after_min = 60, .weekdays = 0x3f};
    snprintf(class_.id, sizeof class_.id, "%s", id);
    add_record(page, CM_ITEM_CLASS, CM_RECORD_CLASS, id, &class_);
}

void page_student(struct page *page, const char *id, const char *class_id)
{
    page_consent(page, id, class_id, CM_CONSENT_NONE, 0);
}

void page_consent(struct page *page, const char *id, const char *class_id, enum cm_consent_state state,
                  int64_t wall_ms)
{
    struct cm_student student = {.name = "Asha Verma", .consent = state, .consent_wall_ms = wall_ms};
    snprintf(student.id, sizeof student.id, "%s", id);
    snprintf(student.class_id, sizeof student.class_id, "%s", class_id);
    add_record(page, CM_ITEM_STUDENT, CM_RECORD_STUDENT, id, &student);
}

void page_gone(struct page *page, enum cm_item_kind kind, const char *id, bool erased)
{
    add(page, kind, id);
    page->changes.items[page->changes.count - 1].gone = true;
    page->changes.items[page->changes.count - 1].erased = erased;
}

void page_templates(struct page *page, const char *id, size_t count, const uint8_t *public_key)
{
    struct cm_template templates[8];
    uint8_t key[CM_BOX_KEY_SIZE];
    struct cm_box other;
    struct cm_buf *body = add(page, CM_ITEM_TEMPLATES, id);
    if (count == 0)
        return;
    cm_box_create(&other);
    memcpy(key, other.public_key, sizeof key);
    if (public_key != NULL)
        assert_int_equal(cm_box_key_of_signer(public_key, key, NULL), CM_OK);
    fixture_templates(id, templates, count);
    assert_int_equal(cm_templates_seal(key, templates, count, body, NULL), CM_OK);
    end(page);
}

void page_closure(struct page *page, int32_t date, const char *class_id, const char *label)
{
    struct cm_calendar *calendar = calloc(1, sizeof *calendar);
    struct cm_buf *body = add(page, CM_ITEM_CALENDAR, "");
    calendar->count = 1;
    calendar->closures[0].date = date;
    snprintf(calendar->closures[0].class_id, CM_ID_SIZE, "%s", class_id);
    snprintf(calendar->closures[0].label, CM_LABEL_SIZE, "%s", label);
    assert_int_equal(cm_message_encode(CM_MESSAGE_CALENDAR, calendar, body, NULL), CM_OK);
    free(calendar);
    end(page);
}

void page_short(struct page *page, int32_t date, const char *class_id, int32_t start_minute,
                int32_t close_after_min)
{
    struct cm_calendar *calendar = calloc(1, sizeof *calendar);
    struct cm_buf *body = add(page, CM_ITEM_CALENDAR, "");
    calendar->short_count = 1;
    calendar->shorts[0] = (struct cm_closure){.date = date,
                                              .kind = CM_CLOSURE_SHORT,
                                              .start_minute = start_minute,
                                              .close_after_min = close_after_min};
    snprintf(calendar->shorts[0].class_id, CM_ID_SIZE, "%s", class_id);
    assert_int_equal(cm_message_encode(CM_MESSAGE_CALENDAR, calendar, body, NULL), CM_OK);
    free(calendar);
    end(page);
}

void page_points(struct page *page, const char *points)
{
    struct cm_school school = {.name = "School", .timezone = "Asia/Kolkata"};
    struct cm_buf *body = add(page, CM_ITEM_SETTINGS, "");
    snprintf(school.points, sizeof school.points, "%s", points);
    assert_int_equal(cm_message_encode(CM_MESSAGE_SCHOOL, &school, body, NULL), CM_OK);
    end(page);
}

void page_roll(struct page *page, const char *class_id, const struct cm_roll_news *news)
{
    struct cm_buf *body = add(page, CM_ITEM_ROLL, class_id);
    assert_int_equal(cm_message_encode(CM_MESSAGE_ROLL, news, body, NULL), CM_OK);
    end(page);
}

void page_station(struct page *page, const char *only_class)
{
    struct cm_station_info *info = calloc(1, sizeof *info);
    struct cm_buf *body = add(page, CM_ITEM_STATION, "s");
    snprintf(info->name, sizeof info->name, "Renamed door");
    info->class_count = only_class != NULL;
    if (only_class != NULL)
        snprintf(info->classes[0], CM_ID_SIZE, "%s", only_class);
    assert_int_equal(cm_message_encode(CM_MESSAGE_STATION_INFO, info, body, NULL), CM_OK);
    free(info);
    end(page);
}

struct stn_applied page_apply(struct fixture *f, struct page *page)
{
    struct stn_applied applied = {0};
    struct cm_err err = CM_ERR_INIT;
    if (stn_store_apply_changes(f->store, &page->changes, &applied, &err) != CM_OK)
        fail_msg("the page was not taken: %s", err.msg);
    page_destroy(page);
    return applied;
}

struct counting {
    const char *student_id;
    size_t count;
};

static bool count_template(void *arg, const struct cm_template *template_)
{
    struct counting *counting = arg;
    counting->count +=
        counting->student_id == NULL || strcmp(counting->student_id, template_->student_id) == 0;
    return true;
}

size_t count_templates(struct fixture *f, const char *student_id)
{
    struct counting counting = {student_id, 0};
    size_t damaged = 0;
    assert_int_equal(stn_store_each_template(f->store, count_template, &counting, &damaged, NULL), CM_OK);
    assert_int_equal(damaged, 0);
    return counting.count;
}

bool has_student(struct fixture *f, const char *id)
{
    struct cm_student student;
    return stn_store_get_student(f->store, id, &student, NULL) == CM_OK;
}
