/* What sync keeps in the store: the pairing, the log as it goes up, what the server sent, what goes up. */
#include "unit.h"

#include "base/file.h"
#include "record/codec.h"
#include "server_double.h"
#include "store/store_roll.h"
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct cm_consent given = {.state = CM_CONSENT_GIVEN, .given_by = "Latha Nair"};

static void open_paired(struct fixture *f)
{
    fixture_init(f);
    fixture_open(f);
    double_pair(f);
}

static void enrol(struct fixture *f, const char *id, size_t count)
{
    struct cm_template templates[8];
    fixture_templates(id, templates, count);
    assert_int_equal(stn_store_put_templates(f->store, id, templates, count, &given, NULL), CM_OK);
}

static enum cm_code next_upload(struct fixture *f, struct stn_upload *upload, size_t *count)
{
    static struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
    return stn_store_next_upload(f->store, upload, templates, count, NULL);
}

/* ---- pairing ---- */

static void the_token_is_kept_and_not_plain(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_pairing pairing;
    struct cm_err err = CM_ERR_INIT;
    char *data;
    size_t size;
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(stn_store_get_pairing(f.store, &pairing, &err), CM_NOTFOUND);
    assert_non_null(strstr(err.msg, "rollcall-station pair"));
    assert_false(stn_store_is_paired(f.store));
    double_pair(&f);
    fixture_reopen(&f);
    assert_true(stn_store_is_paired(f.store));
    assert_int_equal(stn_store_get_pairing(f.store, &pairing, NULL), CM_OK);
    assert_string_equal(pairing.token, "a-token-of-the-station-0123456789");
    assert_string_equal(pairing.url, "https://school.example");
    fixture_close(&f);
    assert_int_equal(cm_file_read(fixture_path(&f, "store/data.mdb"), 1 << 28, &data, &size, NULL), CM_OK);
    assert_null(memmem(data, size, "a-token-of-the-station", 22));
    free(data);
    fixture_finish(&f);
}

static void a_paired_station_has_the_servers_roster(void **state)
{
    (void)state;
    struct fixture f;
    struct cm_student student = {.id = "s1", .name = "Asha", .class_id = "10-B"};
    struct cm_err err = CM_ERR_INIT;
    open_paired(&f);
    assert_int_equal(stn_store_put_roster(f.store, NULL, 0, &student, 1, "x.csv", &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "https://school.example"));
    assert_false(has_student(&f, "s1"));
    fixture_finish(&f);
}

/* ---- push ---- */

static void expect_push(struct fixture *f, const struct cm_buf *body, uint64_t first_seq, int count,
                        uint64_t backlog)
{
    struct cm_push *push = calloc(1, sizeof *push);
    uint8_t hash[CM_HASH_SIZE], ours[CM_HASH_SIZE];
    assert_int_equal(cm_message_decode(CM_MESSAGE_PUSH, body->data, body->size, push, NULL), CM_OK);
    assert_int_equal(push->first_seq, first_seq);
    assert_int_equal(push->count, count);
    assert_int_equal(push->backlog, backlog);
    assert_int_equal(stn_store_hash_at(f->store, first_seq - 1, ours, NULL), CM_OK);
    assert_memory_equal(push->previous_hash, ours, sizeof ours);
    memcpy(hash, push->previous_hash, sizeof hash);
    for (int i = 0; i < push->count; i++) {
        struct cm_event event;
        assert_int_equal(cm_event_decode(push->events[i].data, push->events[i].size, &event, NULL), CM_OK);
        assert_int_equal(event.seq, first_seq + (uint64_t)i);
        cm_chain_next(hash, push->events[i].data, push->events[i].size, hash);
    }
    uint64_t last_seq = first_seq + (uint64_t)count - 1;
    assert_int_equal(cm_head_verify(stn_store_public_key(f->store), last_seq, hash, push->signature, NULL),
                     CM_OK);
    assert_int_equal(stn_store_hash_at(f->store, last_seq, ours, NULL), CM_OK);
    assert_memory_equal(hash, ours, sizeof ours);
    free(push);
}

static void batches_are_signed_and_bounded(void **state)
{
    (void)state;
    struct fixture f;
    struct cm_push *push = calloc(1, sizeof *push);
    struct cm_buf body;
    struct cm_activity activity = fixture_activity("somebody");
    uint64_t last_seq = 0;
    open_paired(&f);
    cm_buf_init(&body, CM_SYNC_PUSH_MAX);
    assert_int_equal(stn_store_encode_push(f.store, 1, push, &body, &last_seq, NULL), CM_EOF);
    for (int i = 0; i < CM_SYNC_EVENTS_MAX + 7; i++)
        assert_int_equal(stn_store_append_activity(f.store, &activity, NULL), CM_OK);
    assert_int_equal(stn_store_encode_push(f.store, 1, push, &body, &last_seq, NULL), CM_OK);
    assert_int_equal(last_seq, CM_SYNC_EVENTS_MAX);
    expect_push(&f, &body, 1, CM_SYNC_EVENTS_MAX, 7);
    cm_buf_reset(&body);
    assert_int_equal(stn_store_encode_push(f.store, last_seq + 1, push, &body, &last_seq, NULL), CM_OK);
    expect_push(&f, &body, CM_SYNC_EVENTS_MAX + 1, 7, 0);
    assert_int_equal(stn_store_encode_push(f.store, last_seq + 1, push, &body, &last_seq, NULL), CM_EOF);
    cm_buf_finish(&body);
    free(push);
    fixture_finish(&f);
}

static void what_was_acknowledged_survives(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_sync_marks marks;
    open_paired(&f);
    assert_int_equal(stn_store_set_acked(f.store, 4711, NULL), CM_OK);
    fixture_reopen(&f);
    assert_int_equal(stn_store_get_sync_marks(f.store, &marks, NULL), CM_OK);
    assert_int_equal(marks.acked_seq, 4711);
    assert_string_equal(marks.cursor, "");
    double_pair(&f); /* another server has nothing yet */
    assert_int_equal(stn_store_get_sync_marks(f.store, &marks, NULL), CM_OK);
    assert_int_equal(marks.acked_seq, 0);
    fixture_finish(&f);
}

/* ---- what the server sent ---- */

static void a_page_is_one_commit(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_sync_marks marks;
    struct stn_store_summary summary;
    open_paired(&f);
    struct page *page = page_create("e.7");
    page->changes.reset = true;
    page_class(page, "10-B");
    page_student(page, "s1", "10-B");
    page_templates(page, "s1", 3, stn_store_public_key(f.store));
    struct stn_applied applied = page_apply(&f, page);
    assert_int_equal(applied.classes, 1);
    assert_int_equal(applied.students, 1);
    assert_int_equal(applied.enrolments, 1);
    assert_int_equal(count_templates(&f, "s1"), 3);
    fixture_reopen(&f);
    assert_int_equal(stn_store_get_sync_marks(f.store, &marks, NULL), CM_OK);
    assert_string_equal(marks.cursor, "e.7");
    assert_true(has_student(&f, "s1"));
    assert_int_equal(stn_store_summary(f.store, &summary, NULL), CM_OK);
    assert_int_equal(summary.last_seq, 0); /* pulls are not logged */

    page = page_create("e.8"); /* the same again changes nothing */
    page_class(page, "10-B");
    page_student(page, "s1", "10-B");
    applied = page_apply(&f, page);
    assert_int_equal(applied.classes + applied.students, 0);
    struct stn_sync_marks after;
    assert_int_equal(stn_store_get_sync_marks(f.store, &after, NULL), CM_OK);
    assert_int_equal(after.applied, marks.applied);
    fixture_finish(&f);
}

static void a_wrong_item_takes_nothing(void **state)
{
    (void)state;
    static const uint8_t rubbish[] = {0x93, 1, 2, 3};
    struct fixture f;
    struct stn_applied applied;
    struct stn_sync_marks marks;
    open_paired(&f);
    for (int kind = CM_ITEM_CLASS; kind < CM_ITEM_KINDS; kind++) {
        struct page *page = page_create("e.9");
        page_class(page, "10-B");
        page_student(page, "s1", "10-B");
        page->changes.items[1].kind = (enum cm_item_kind)kind;
        page->changes.items[1].body = (struct cm_span){rubbish, sizeof rubbish};
        enum cm_code code = stn_store_apply_changes(f.store, &page->changes, &applied, NULL);
        page_destroy(page);
        if (kind == CM_ITEM_TEMPLATES) { /* one student's damage holds nobody up */
            assert_int_equal(code, CM_OK);
            assert_int_equal(applied.damaged, 1);
            continue;
        }
        assert_int_equal(code, CM_INVALID);
        assert_int_equal(stn_store_get_sync_marks(f.store, &marks, NULL), CM_OK);
        assert_string_equal(marks.cursor, kind > CM_ITEM_TEMPLATES ? "e.9" : "");
    }
    fixture_finish(&f);
}

static void templates_for_somebody_else_are_left_out(void **state)
{
    (void)state;
    struct fixture f;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page_student(page, "s1", "10-B");
    page_templates(page, "s1", 2, NULL);
    assert_int_equal(page_apply(&f, page).damaged, 1);
    assert_int_equal(count_templates(&f, "s1"), 0);
    assert_true(has_student(&f, "s1"));
    fixture_finish(&f);
}

static void gone_and_erased_students_leave_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_store_summary summary;
    open_paired(&f);
    struct page *page = page_create("e.1");
    for (int i = 1; i <= 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        page_student(page, id, "10-B");
        page_templates(page, id, 2, stn_store_public_key(f.store));
    }
    page_apply(&f, page);
    page = page_create("e.2");
    page_gone(page, CM_ITEM_STUDENT, "s1", false);
    page_gone(page, CM_ITEM_STUDENT, "s2", true);
    page_gone(page, CM_ITEM_STUDENT, "never-here", true);
    assert_int_equal(page_apply(&f, page).gone, 2);
    fixture_reopen(&f);
    assert_false(has_student(&f, "s1"));
    assert_false(has_student(&f, "s2"));
    assert_int_equal(count_templates(&f, NULL), 2); /* of s3, after the master key changed */
    assert_int_equal(stn_store_summary(f.store, &summary, NULL), CM_OK);
    assert_int_equal(summary.students_with_templates, 1);
    fixture_finish(&f);
}

static enum cm_code mark(struct fixture *f, const char *student_id)
{
    struct cm_mark mark = {.class_id = "10-B",
                           .date = 20261123,
                           .captured_wall_ms = 1000,
                           .method = CM_METHOD_FACE,
                           .distance = 0.3f,
                           .margin = 0.2f,
                           .threshold = 0.5f};
    struct cm_roll_entry entry = {.class_id = "10-B", .date = 20261123, .status = CM_ROLL_PRESENT};
    snprintf(mark.student_id, sizeof mark.student_id, "%s", student_id);
    snprintf(entry.student_id, sizeof entry.student_id, "%s", student_id);
    return stn_store_append_mark(f->store, &mark, &entry, NULL, NULL);
}

static struct page *page_erased(const char *cursor, const char *id, int64_t at_ms)
{
    struct page *page = page_create(cursor);
    page_gone(page, CM_ITEM_STUDENT, id, true);
    page->changes.items[0].at_ms = at_ms;
    return page;
}

static bool count_roll(void *arg, const struct cm_roll_entry *entry)
{
    (void)entry;
    ++*(int *)arg;
    return true;
}

static bool keep_said(void *arg, const struct cm_event *event)
{
    int64_t *said_ms = arg;
    if (event->seq < 4)
        said_ms[event->seq] = event->body.mark.erased_wall_ms;
    return true;
}

/* The log goes up as it is; the roll forgets him, so that whoever is given the id is marked like everybody else. */
static void an_id_that_is_given_again_is_marked_again(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t events, last_seq;
    int on_roll = 0;
    struct stn_upload upload;
    static struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
    size_t count;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page_student(page, "s1", "10-B");
    page_student(page, "s2", "10-B");
    page_templates(page, "s1", 2, stn_store_public_key(f.store));
    page_apply(&f, page);
    assert_int_equal(mark(&f, "s1"), CM_OK);
    assert_int_equal(mark(&f, "s2"), CM_OK);
    assert_int_equal(page_apply(&f, page_erased("e.2", "s1", 5000)).erased, 1);
    assert_int_equal(stn_store_each_roll(f.store, 20261123, count_roll, &on_roll, NULL), CM_OK);
    assert_int_equal(on_roll, 1);
    assert_int_equal(count_templates(&f, "s1"), 0);
    assert_int_equal(stn_store_last_seq(f.store, &last_seq, NULL), CM_OK);
    assert_int_equal(last_seq, 2);
    assert_int_equal(stn_store_check(f.store, &events, NULL), CM_OK);
    page = page_create("e.3");
    page_student(page, "s1", "10-B");
    page_apply(&f, page);
    assert_int_equal(mark(&f, "s1"), CM_OK);
    assert_int_equal(mark(&f, "s1"), CM_EXISTS);
    int64_t said_ms[4] = {0};
    assert_int_equal(stn_store_each_event(f.store, 1, keep_said, said_ms, NULL), CM_OK);
    assert_int_equal(said_ms[1], 0);    /* of the one before, … */
    assert_int_equal(said_ms[3], 5000); /* … and of whoever has the id now */
    enrol(&f, "s1", 2);                 /* and goes up, as of him who has the id now */
    assert_int_equal(stn_store_next_upload(f.store, &upload, templates, &count, NULL), CM_OK);
    assert_string_equal(upload.student_id, "s1");
    assert_int_equal(upload.erased_ms, 5000);
    page = page_erased("x.4", "s1", 5000); /* a server that begins anew says it again */
    page->changes.reset = true;
    page_student(page, "s1", "10-B");
    page_student(page, "s2", "10-B");
    assert_int_equal(page_apply(&f, page).erased, 0);
    fixture_reopen(&f);
    assert_int_equal(mark(&f, "s1"), CM_EXISTS);
    assert_int_equal(count_templates(&f, "s1"), 2);
    assert_int_equal(stn_store_check(f.store, &events, NULL), CM_OK);
    assert_int_equal(page_apply(&f, page_erased("x.5", "s1", 9000)).erased, 1); /* the new one too */
    assert_int_equal(count_templates(&f, "s1"), 0);
    assert_int_equal(stn_store_check(f.store, &events, NULL), CM_OK);
    fixture_finish(&f);
}

/* A server that was put back to a backup took templates away before that, while this station was offline. */
static void what_was_taken_away_does_not_come_back(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    size_t count;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page->changes.reset = true;
    page_student(page, "s1", "10-B");
    page_student(page, "s2", "10-B");
    page_templates(page, "s1", 2, stn_store_public_key(f.store));
    page_templates(page, "s2", 2, stn_store_public_key(f.store));
    page_student(page, "s3", "10-B");
    page_templates(page, "s3", 2, stn_store_public_key(f.store)); /* made after one of which it knows */
    page->changes.items[page->changes.count - 1].at_ms = 7;
    page_apply(&f, page);
    page = page_create("x.1");
    page->changes.reset = true;
    page_student(page, "s1", "10-B");
    page_student(page, "s2", "10-B");
    page_student(page, "s3", "10-B");
    page_templates(page, "s3", 0, stn_store_public_key(f.store));
    page->changes.items[page->changes.count - 1].at_ms = 7;
    page_templates(page, "s1", 0, stn_store_public_key(f.store)); /* before they were made, by this clock */
    page->changes.items[page->changes.count - 1].at_ms = 7;
    page_templates(page, "s2", 0,
                   stn_store_public_key(f.store)); /* there never were any, as far as it knows */
    page_apply(&f, page);
    assert_int_equal(count_templates(&f, "s1"), 0);
    assert_int_equal(count_templates(&f, "s2"), 2);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_string_equal(upload.student_id, "s2");
    assert_int_equal(upload.unenrolled_ms, 0);
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_DONE, NULL, NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_string_equal(upload.student_id, "s3");
    assert_int_equal(upload.unenrolled_ms, 7);
    fixture_finish(&f);
}

/* What waits says what was known when it was made, whatever is said meanwhile; the server refuses it then. */
static void a_withdrawal_that_comes_while_templates_wait(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    size_t count;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page_student(page, "s1", "10-B");
    page_apply(&f, page);
    enrol(&f, "s1", 2); /* offline */
    page = page_create("e.2");
    page_templates(page, "s1", 0, NULL);
    page->changes.items[0].at_ms = 5000;
    page_apply(&f, page);
    fixture_reopen(&f);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(upload.unenrolled_ms, 0);
    assert_int_equal(stn_store_refuse_upload(f.store, &upload, "", (struct cm_span){NULL, 0}, NULL), CM_OK);
    assert_int_equal(count_templates(&f, "s1"), 0);
    assert_int_equal(next_upload(&f, &upload, &count), CM_NOTFOUND);
    enrol(&f, "s1", 2); /* a person says it again */
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_int_equal(upload.unenrolled_ms, 5000);
    double_pair(&f); /* with another server, whose times are other ones */
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(upload.unenrolled_ms, 0);
    fixture_finish(&f);
}

/* Of another server: what is stale then was the one's before. */
static void a_new_beginning_removes_what_does_not_come_again(void **state)
{
    (void)state;
    struct fixture f;
    struct cm_student own = {.id = "own", .name = "Only here", .class_id = "10-B"};
    struct cm_class class_;
    size_t count;
    fixture_init(&f);
    fixture_open(&f);
    assert_int_equal(stn_store_put_roster(f.store, NULL, 0, &own, 1, "x.csv", NULL), CM_OK);
    double_pair(&f);
    struct page *page = page_create("e.1");
    page->changes.reset = true;
    page_class(page, "10-B");
    page_class(page, "9-A");
    page_student(page, "s1", "10-B");
    page_student(page, "s2", "9-A");
    page_templates(page, "s1", 2, stn_store_public_key(f.store));
    page_templates(page, "s2", 2, stn_store_public_key(f.store));
    page_apply(&f, page);

    double_pair(&f);
    page = page_create("x.1"); /* in two pages, with a restart between them */
    page->changes.reset = page->changes.more = true;
    page_class(page, "10-B");
    page_apply(&f, page);
    assert_true(has_student(&f, "s2"));
    fixture_reopen(&f);
    page = page_create("x.2");
    page_student(page, "s1", "10-B");
    page_apply(&f, page);
    fixture_reopen(&f);
    assert_true(has_student(&f, "s1"));
    assert_false(has_student(&f, "s2"));
    assert_int_equal(stn_store_get_class(f.store, "9-A", &class_, NULL), CM_NOTFOUND);
    assert_int_equal(count_templates(&f, NULL), 0); /* those of s1 were not named either */
    assert_true(has_student(&f, "own"));            /* never was the server's */
    assert_int_equal(stn_store_count_own_students(f.store, &count, NULL), CM_OK);
    assert_int_equal(count, 1);
    fixture_finish(&f);
}

static void what_a_restored_server_lacks_goes_up_again(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    struct stn_applied applied;
    size_t count = 0;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page->changes.reset = true;
    static const char *const enrolled[] = {"enrolled", "added", "left", "erased", "both"};
    for (size_t i = 0; i < sizeof enrolled / sizeof enrolled[0]; i++) {
        page_student(page, enrolled[i], "10-B");
        page_templates(page, enrolled[i], 2, stn_store_public_key(f.store));
    }
    page_student(page, "no-face", "10-B");
    page_apply(&f, page);
    assert_int_equal(next_upload(&f, &upload, &count), CM_NOTFOUND);

    page = page_create("x.1"); /* the backup is older than the enrolments, and than some of the students */
    page->changes.reset = page->changes.more = true;
    page_gone(page, CM_ITEM_STUDENT, "erased", true);
    page_student(page, "both", "10-B");
    page_templates(page, "both", 3, stn_store_public_key(f.store));
    page_apply(&f, page);
    fixture_reopen(&f);
    page = page_create("x.2");
    page_student(page, "enrolled", "10-B");
    page_templates(page, "enrolled", 0, NULL);
    page_gone(page, CM_ITEM_STUDENT, "left", false);
    applied = page_apply(&f, page);
    assert_int_equal(applied.kept, 2);
    assert_int_equal(count_templates(&f, "enrolled"), 2);
    assert_int_equal(count_templates(&f, "added"), 2);
    assert_int_equal(count_templates(&f, "both"), 3);
    assert_int_equal(count_templates(&f, NULL), 7); /* neither who left nor who was erased */
    assert_true(has_student(&f, "added"));
    assert_false(has_student(&f, "left") || has_student(&f, "erased") || has_student(&f, "no-face"));
    assert_int_equal(stn_store_count_own_students(f.store, &count, NULL), CM_OK);
    assert_int_equal(count, 1);

    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_string_equal(upload.student_id, "added");
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_UNKNOWN, NULL, NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_string_equal(upload.student_id, "enrolled");
    assert_int_equal(count, 2);
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_DONE, NULL, NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_NOTFOUND);

    page = page_create("x.3"); /* he is added at the server again; and now taking away means that again */
    page_student(page, "added", "10-B");
    page_templates(page, "added", 0, NULL);
    page_templates(page, "enrolled", 0, NULL);
    page_apply(&f, page);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_string_equal(upload.student_id, "added");
    assert_int_equal(count, 2);
    assert_int_equal(count_templates(&f, "enrolled"), 0);
    assert_int_equal(stn_store_count_own_students(f.store, &count, NULL), CM_OK);
    assert_int_equal(count, 0);
    fixture_finish(&f);
}

/* The templates were sent to the server before it was put back; its answer to that comes after the new beginning. */
static void an_answer_from_before_the_restore_settles_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    size_t count = 0;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page->changes.reset = true;
    page_student(page, "a", "10-B");
    page_student(page, "b", "10-B");
    page_apply(&f, page);
    enrol(&f, "a", 2);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    page = page_create("x.1"); /* it does not know him any more */
    page->changes.reset = true;
    page_student(page, "b", "10-B");
    page_apply(&f, page);
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_DONE, NULL, NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_string_equal(upload.student_id, "a");
    assert_int_equal(count, 2);
    fixture_finish(&f);
}

/* What is stale then may be of the server before, and is not this one's to get. */
static void a_first_pull_that_is_begun_again_keeps_nothing(void **state)
{
    (void)state;
    struct fixture f;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page->changes.reset = true;
    page_student(page, "a", "10-B");
    page_templates(page, "a", 2, stn_store_public_key(f.store));
    page_apply(&f, page);
    double_pair(&f);
    for (int i = 0; i < 2; i++) {
        page = page_create(i == 0 ? "x.1" : "y.1");
        page->changes.reset = true;
        page->changes.more = i == 0;
        page_student(page, "b", "10-B");
        assert_int_equal(page_apply(&f, page).kept, 0);
    }
    assert_false(has_student(&f, "a"));
    assert_int_equal(count_templates(&f, NULL), 0);
    fixture_finish(&f);
}

static void a_beginning_that_begins_again(void **state)
{
    (void)state;
    struct fixture f;
    open_paired(&f);
    for (int i = 0; i < 3; i++) { /* the answer to the first page is lost twice */
        struct page *page = page_create("e.1");
        page->changes.reset = page->changes.more = true;
        page_student(page, "s1", "10-B");
        page_apply(&f, page);
    }
    struct page *page = page_create("e.2");
    page_student(page, "s2", "10-B");
    page_apply(&f, page);
    assert_true(has_student(&f, "s1"));
    assert_true(has_student(&f, "s2"));
    fixture_finish(&f);
}

static void a_station_that_serves_less(void **state)
{
    (void)state;
    struct fixture f;
    struct cm_class class_;
    struct stn_pairing pairing;
    open_paired(&f);
    struct page *page = page_create("e.1");
    page_class(page, "10-B");
    page_class(page, "9-A");
    page_student(page, "s1", "10-B");
    page_student(page, "s2", "9-A");
    page_apply(&f, page);
    page = page_create("e.2");
    page_station(page, "9-A");
    page_apply(&f, page);
    assert_int_equal(stn_store_get_class(f.store, "10-B", &class_, NULL), CM_NOTFOUND);
    assert_false(has_student(&f, "s1"));
    assert_true(has_student(&f, "s2"));
    assert_int_equal(stn_store_get_pairing(f.store, &pairing, NULL), CM_OK);
    assert_string_equal(pairing.name, "Renamed door");
    assert_string_equal(pairing.token, "a-token-of-the-station-0123456789");
    fixture_finish(&f);
}

/* The label of the day, "" for one like any other. */
static const char *closed_on(struct fixture *f, int32_t date, const char *class_id)
{
    static char label[CM_NAME_SIZE];
    struct cm_closure *list;
    struct cm_closures calendar;
    assert_int_equal(stn_store_get_calendar(f->store, date, &list, &calendar, NULL), CM_OK);
    const struct cm_closure *closure = cm_closure_of(&calendar, class_id, date);
    snprintf(label, sizeof label, "%s", closure != NULL ? closure->label : "");
    free(list);
    return label;
}

static void closed_days(void **state)
{
    (void)state;
    struct fixture f;
    open_paired(&f);
    assert_string_equal(closed_on(&f, 20261109, "10-B"), "");
    struct page *page = page_create("e.1");
    page_closure(page, 20261109, "", "Diwali");
    assert_true(page_apply(&f, page).calendar);
    assert_string_equal(closed_on(&f, 20261109, "10-B"), "Diwali");
    assert_string_equal(closed_on(&f, 20261110, "10-B"), "");
    page = page_create("e.2");
    page_closure(page, 20261110, "10-B", "Excursion");
    page_apply(&f, page);
    assert_string_equal(closed_on(&f, 20261109, "10-B"), "");
    assert_string_equal(closed_on(&f, 20261110, "10-B"), "Excursion");
    assert_string_equal(closed_on(&f, 20261110, "9-A"), "");
    fixture_finish(&f);
}

/* ---- templates that go up ---- */

static void enrolments_before_and_after_the_pairing_go_up(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    size_t count = 0;
    fixture_init(&f);
    fixture_open(&f);
    enrol(&f, "a", 2);
    assert_int_equal(next_upload(&f, &upload, &count), CM_NOTFOUND);
    double_pair(&f);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_string_equal(upload.student_id, "a");
    assert_int_equal(count, 2);
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_DONE, NULL, NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_NOTFOUND);

    enrol(&f, "b", 3);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    enrol(&f, "b", 4); /* while it was under way */
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_DONE, NULL, NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_int_equal(count, 4);
    fixture_finish(&f);
}

static void an_erasure_goes_up_too(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    size_t count = 9;
    open_paired(&f);
    enrol(&f, "a", 2);
    assert_int_equal(stn_store_erase_templates(f.store, "a", NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_int_equal(count, 0);
    fixture_finish(&f);
}

static void unknown_students_wait_for_the_roster(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    size_t count;
    open_paired(&f);
    enrol(&f, "a", 2);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_UNKNOWN, NULL, NULL), CM_OK);
    assert_int_equal(next_upload(&f, &upload, &count), CM_NOTFOUND);
    struct page *page = page_create("e.1");
    page_student(page, "a", "10-B");
    page_templates(page, "a", 0, NULL); /* the server has none: ours stay */
    page_apply(&f, page);
    assert_int_equal(count_templates(&f, "a"), 2);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    fixture_finish(&f);
}

static void a_refused_duplicate_waits_for_a_person(void **state)
{
    (void)state;
    struct fixture f;
    struct stn_upload upload;
    size_t count;
    open_paired(&f);
    enrol(&f, "a", 2);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    assert_int_equal(stn_store_settle_upload(f.store, &upload, STN_UPLOAD_DUPLICATE, "z", NULL), CM_OK);
    struct page *page = page_create("e.1");
    page_student(page, "a", "10-B");
    page_apply(&f, page);
    assert_int_equal(next_upload(&f, &upload, &count), CM_NOTFOUND);
    enrol(&f, "a", 1);
    assert_int_equal(next_upload(&f, &upload, &count), CM_OK);
    fixture_finish(&f);
}

/* ---- a new log ---- */

static bool keep_event(void *arg, const struct cm_event *event)
{
    struct cm_event *kept = arg;
    kept[event->seq] = *event;
    return true;
}

static void a_new_log_has_what_the_server_lacks(void **state)
{
    (void)state;
    struct fixture f;
    struct cm_event *before = calloc(8, sizeof *before), *after = calloc(8, sizeof *after);
    struct cm_keys *keys;
    struct stn_pairing pairing;
    struct stn_sync_marks marks;
    struct cm_roll_entry entry;
    struct cm_err err = CM_ERR_INIT;
    uint64_t events = 0;
    open_paired(&f);
    enrol(&f, "a", 2);
    for (int i = 0; i < 4; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        assert_int_equal(fixture_append_mark(f.store, id, NULL, NULL), CM_OK);
    }
    assert_int_equal(stn_store_each_event(f.store, 1, keep_event, before, NULL), CM_OK);
    assert_int_equal(stn_store_get_pairing(f.store, &pairing, NULL), CM_OK);
    pairing.paired_wall_ms++;
    assert_int_equal(stn_store_new_keys(f.store, &keys, NULL), CM_OK);
    struct stn_renewal renewal = {.new_keys = keys, .first_seq = 5, .pairing = &pairing};
    if (stn_store_renew(f.store, &renewal, &events, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_memory_equal(cm_keys_public(keys), stn_store_public_key(f.store), CM_PUBLIC_KEY_SIZE);
    cm_keys_destroy(keys);
    assert_int_equal(events, 2);
    fixture_reopen(&f);
    assert_int_equal(fixture_check(&f), 2);
    assert_int_equal(stn_store_each_event(f.store, 1, keep_event, after, NULL), CM_OK);
    for (int i = 1; i <= 2; i++) {
        assert_memory_equal(after[i].id, before[i + 4].id, sizeof after[i].id);
        assert_int_equal(after[i].body.mark.captured_wall_ms, before[i + 4].body.mark.captured_wall_ms);
        assert_int_equal(after[i].wall_ms, before[i + 4].wall_ms);
    }
    for (int i = 0; i < 4; i++) { /* whoever was marked is marked still */
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        assert_int_equal(fixture_append_mark(f.store, id, &entry, NULL), CM_EXISTS);
    }
    assert_int_equal(count_templates(&f, "a"), 2);
    assert_int_equal(stn_store_get_sync_marks(f.store, &marks, NULL), CM_OK);
    assert_int_equal(marks.acked_seq, 0);
    assert_int_equal(stn_store_get_pairing(f.store, &pairing, NULL), CM_OK);
    assert_string_equal(pairing.token, "a-token-of-the-station-0123456789");
    assert_int_equal(fixture_append_mark(f.store, "new", &entry, NULL), CM_OK);
    assert_int_equal(entry.mark_seq, 3);
    assert_int_equal(fixture_check(&f), 3);
    free(before);
    free(after);
    fixture_finish(&f);
}

static void an_erasure_while_the_key_is_made_stops_the_renewal(void **state)
{
    (void)state;
    struct fixture f;
    struct cm_keys *keys;
    struct stn_pairing pairing;
    struct cm_err err = CM_ERR_INIT;
    uint64_t events = 0;
    open_paired(&f);
    enrol(&f, "a", 2);
    enrol(&f, "b", 3);
    assert_int_equal(stn_store_get_pairing(f.store, &pairing, NULL), CM_OK);
    assert_int_equal(stn_store_new_keys(f.store, &keys, NULL), CM_OK);
    struct stn_renewal renewal = {.new_keys = keys, .first_seq = 1, .pairing = &pairing};
    assert_int_equal(stn_store_erase_templates(f.store, "a", NULL), CM_OK);
    assert_int_equal(stn_store_renew(f.store, &renewal, &events, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "try again"));
    cm_keys_destroy(keys);
    assert_int_equal(access(fixture_path(&f, "station.key.next"), F_OK), -1);
    fixture_reopen(&f);
    assert_int_equal(fixture_check(&f), 5);
    assert_int_equal(count_templates(&f, "b"), 3);

    assert_int_equal(stn_store_new_keys(f.store, &keys, NULL), CM_OK);
    renewal.new_keys = keys;
    assert_int_equal(stn_store_renew(f.store, &renewal, &events, NULL), CM_OK);
    cm_keys_destroy(keys);
    fixture_reopen(&f);
    assert_int_equal(count_templates(&f, "b"), 3);
    fixture_finish(&f);
}

/* As an engine does that ran all the time: its store has the old identity still. */
static void erase_when_told(struct fixture *f, int told, int ready)
{
    char word = 'r';
    if (fixture_try_open(f, false, 0, NULL) != CM_OK || write(ready, &word, 1) != 1 ||
        read(told, &word, 1) != 1)
        _exit(2);
    _exit(stn_store_erase_templates(f->store, "a", NULL) == CM_OK ? 0 : 1);
}

/* Puts the folder back to the instant before the new key file took the old one's name. */
static void undo_rename(struct fixture *f)
{
    char path[600], next[600];
    snprintf(path, sizeof path, "%s", fixture_path(f, "station.key"));
    snprintf(next, sizeof next, "%s", fixture_path(f, "station.key.next"));
    assert_int_equal(rename(path, next), 0);
    assert_int_equal(rename(fixture_path(f, "kept.key"), path), 0);
}

static void renew_now(struct fixture *f)
{
    struct cm_keys *keys;
    struct stn_pairing pairing;
    uint64_t events;
    char path[600];
    snprintf(path, sizeof path, "%s", fixture_path(f, "station.key"));
    assert_int_equal(stn_store_get_pairing(f->store, &pairing, NULL), CM_OK);
    assert_int_equal(stn_store_new_keys(f->store, &keys, NULL), CM_OK);
    struct stn_renewal renewal = {.new_keys = keys, .first_seq = 1, .pairing = &pairing};
    assert_int_equal(link(path, fixture_path(f, "kept.key")), 0);
    assert_int_equal(stn_store_renew(f->store, &renewal, &events, NULL), CM_OK);
    cm_keys_destroy(keys);
}

static void an_engine_with_the_old_identity_erases(void **state)
{
    (void)state;
    for (int renamed = 0; renamed < 2; renamed++) {
        struct fixture f;
        int told[2], ready[2], status;
        char word;
        open_paired(&f);
        enrol(&f, "a", 2);
        enrol(&f, "b", 3);
        fixture_close(&f);
        assert_int_equal(pipe(told), 0);
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(told[1]); /* so that it ends with its parent */
            erase_when_told(&f, told[0], ready[1]);
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &word, 1), 1);
        fixture_open(&f);
        renew_now(&f);
        if (!renamed)
            undo_rename(&f);
        assert_int_equal(write(told[1], "x", 1), 1);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        fixture_reopen(&f);
        assert_int_equal(count_templates(&f, NULL), 3); /* of b, and they open */
        assert_int_equal(fixture_check(&f), 5);
        close(told[0]);
        close(told[1]);
        close(ready[0]);
        fixture_finish(&f);
    }
}

/* ---- kill -9 ---- */

enum { KILLS = 30 };

static void apply_until_killed(struct fixture *f, unsigned round)
{
    if (fixture_try_open(f, false, 0, NULL) != CM_OK)
        _exit(2);
    for (unsigned i = 0;; i++) {
        char id[32], cursor[32];
        snprintf(id, sizeof id, "r%u-%u", round, i);
        snprintf(cursor, sizeof cursor, "e.%u", round * 1000 + i);
        struct page *page = page_create(cursor);
        page_student(page, id, "10-B");
        page_templates(page, id, 2, stn_store_public_key(f->store));
        if (i > 0 && i % 2 == 0) {
            snprintf(id, sizeof id, "r%u-%u", round, i - 1);
            page_gone(page, CM_ITEM_STUDENT, id, true);
        }
        page_apply(f, page);
    }
}

static bool student_and_templates_agree(void *arg, const struct cm_student *student)
{
    struct fixture *f = arg;
    if (student->id[0] == 'r')
        assert_int_equal(count_templates(f, student->id), 2);
    return true;
}

static void pages_survive_kill_9_whole(void **state)
{
    (void)state;
    struct fixture f;
    unsigned long long random = 88172645463325252ull;
    open_paired(&f);
    fixture_close(&f);
    for (unsigned round = 0; round < KILLS; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            apply_until_killed(&f, round);
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        usleep(5000 + (useconds_t)(random % 60000)); /* any moment will do */
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFSIGNALED(status))
            fail_msg("the child ended by itself: %d", WEXITSTATUS(status));
        fixture_open(&f);
        (void)fixture_check(&f);
        assert_int_equal(stn_store_each_student(f.store, student_and_templates_agree, &f, NULL), CM_OK);
        assert_int_equal(access(fixture_path(&f, "station.key.new"), F_OK), -1);
        fixture_close(&f);
    }
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_is_kept_and_not_plain),
        cmocka_unit_test(a_paired_station_has_the_servers_roster),
        cmocka_unit_test(batches_are_signed_and_bounded),
        cmocka_unit_test(what_was_acknowledged_survives),
        cmocka_unit_test(a_page_is_one_commit),
        cmocka_unit_test(a_wrong_item_takes_nothing),
        cmocka_unit_test(templates_for_somebody_else_are_left_out),
        cmocka_unit_test(gone_and_erased_students_leave_nothing),
        cmocka_unit_test(an_id_that_is_given_again_is_marked_again),
        cmocka_unit_test(a_withdrawal_that_comes_while_templates_wait),
        cmocka_unit_test(what_was_taken_away_does_not_come_back),
        cmocka_unit_test(a_new_beginning_removes_what_does_not_come_again),
        cmocka_unit_test(what_a_restored_server_lacks_goes_up_again),
        cmocka_unit_test(an_answer_from_before_the_restore_settles_nothing),
        cmocka_unit_test(a_first_pull_that_is_begun_again_keeps_nothing),
        cmocka_unit_test(a_beginning_that_begins_again),
        cmocka_unit_test(a_station_that_serves_less),
        cmocka_unit_test(closed_days),
        cmocka_unit_test(enrolments_before_and_after_the_pairing_go_up),
        cmocka_unit_test(an_erasure_goes_up_too),
        cmocka_unit_test(unknown_students_wait_for_the_roster),
        cmocka_unit_test(a_refused_duplicate_waits_for_a_person),
        cmocka_unit_test(a_new_log_has_what_the_server_lacks),
        cmocka_unit_test(an_erasure_while_the_key_is_made_stops_the_renewal),
        cmocka_unit_test(an_engine_with_the_old_identity_erases),
        cmocka_unit_test(pages_survive_kill_9_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
