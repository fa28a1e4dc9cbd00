#include "unit.h"

#include "sync/message.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Filled with something different everywhere, within its bounds. */
static void *sample(enum cm_message_kind kind)
{
    static const uint8_t bytes[] = "some bytes that are borrowed";
    struct cm_span span = {bytes, sizeof bytes};
    void *message = calloc(1, 512 * 1024);
    assert_non_null(message);
    switch (kind) {
    case CM_MESSAGE_PAIR_REQUEST:
        *(struct cm_pair_request *)message =
            (struct cm_pair_request){.code = "7K2Q-9DXM", .public_key = {1, 2, 3}, .version = "1.2.3"};
        break;
    case CM_MESSAGE_PAIR_ANSWER:
        *(struct cm_pair_answer *)message = (struct cm_pair_answer){.station_id = "0190-…",
                                                                    .token = "secret",
                                                                    .name = "Tor Süd",
                                                                    .server_key = {9, 8},
                                                                    .time_ms = 1795000000000};
        break;
    case CM_MESSAGE_PUSH: {
        struct cm_push *push = message;
        *push = (struct cm_push){.first_seq = 77,
                                 .previous_hash = {1},
                                 .signature = {2},
                                 .count = 2,
                                 .backlog = 1000,
                                 .version = "1",
                                 .camera = "clear",
                                 .wall_ms = 5};
        push->events[0] = push->events[1] = span;
        break;
    }
    case CM_MESSAGE_PUSH_ANSWER:
        *(struct cm_push_answer *)message = (struct cm_push_answer){
            .problem = CM_SYNC_FORKED, .acked = UINT64_C(1) << 40, .forked_seq = 3, .time_ms = 1};
        break;
    case CM_MESSAGE_HASH_ANSWER:
        *(struct cm_hash_answer *)message = (struct cm_hash_answer){.seq = 300, .hash = {7}};
        break;
    case CM_MESSAGE_CHANGES: {
        struct cm_changes *changes = message;
        *changes = (struct cm_changes){.cursor = "ab.1",
                                       .time_ms = 1,
                                       .more = true,
                                       .frames = true,
                                       .acked = 70000,
                                       .count = 2,
                                       .job_count = 1};
        changes->items[0] = (struct cm_item){.kind = CM_ITEM_CLASS, .id = "10-B", .body = span};
        changes->items[1] = (struct cm_item){
            .kind = CM_ITEM_STUDENT, .id = "S1", .gone = true, .erased = true, .body = {bytes, 0}};
        changes->jobs[0] = (struct cm_job){.id = "j", .student_id = "S1", .name = "आशा"};
        break;
    }
    case CM_MESSAGE_CALENDAR: {
        struct cm_calendar *calendar = message;
        calendar->count = CM_SYNC_CLOSURES_MAX;
        for (int i = 0; i < CM_SYNC_CLOSURES_MAX; i++)
            calendar->closures[i] = (struct cm_closure){.date = 20261101 + i, .label = "Diwali"};
        calendar->short_count = 1;
        calendar->shorts[0] = (struct cm_closure){.date = 20261224,
                                                  .class_id = "10-B",
                                                  .kind = CM_CLOSURE_SHORT,
                                                  .start_minute = 480,
                                                  .close_after_min = 30};
        break;
    }
    case CM_MESSAGE_SCHOOL:
        *(struct cm_school *)message = (struct cm_school){.name = "School",
                                                          .timezone = "Asia/Kolkata",
                                                          .points = "present 10",
                                                          .coverage_percent = 70,
                                                          .consent_optional = true,
                                                          .card_for_all = true,
                                                          .consent_text = "2026-1"};
        break;
    case CM_MESSAGE_STATION_INFO:
        *(struct cm_station_info *)message = (struct cm_station_info){
            .name = "Gate", .revoked = true, .class_count = 2, .classes = {"A", "B"}};
        break;
    case CM_MESSAGE_TEMPLATES_PUSH:
        *(struct cm_templates_push *)message = (struct cm_templates_push){
            .student_id = "S1", .sealed = span, .erased_ms = 5, .unenrolled_ms = 6, .consent_ms = 7};
        break;
    case CM_MESSAGE_TEMPLATES_ANSWER:
        *(struct cm_templates_answer *)message = (struct cm_templates_answer){
            .problem = CM_SYNC_DUPLICATE, .other_id = "S2", .sealed = span, .time_ms = 4, .unenrolled_ms = 5};
        break;
    case CM_MESSAGE_PREVIEW_ANSWER:
        *(struct cm_preview_answer *)message = (struct cm_preview_answer){.watching = true};
        break;
    case CM_MESSAGE_JOB_RESULT:
        *(struct cm_job_result *)message = (struct cm_job_result){.ok = true,
                                                                  .reason = "ok",
                                                                  .message = "fine",
                                                                  .quality = 0.75f,
                                                                  .template_count = 1,
                                                                  .sealed = span};
        break;
    case CM_MESSAGE_JOB_ANSWER:
        *(struct cm_job_answer *)message = (struct cm_job_answer){.reason = "duplicate", .message = "as S2"};
        break;
    case CM_MESSAGE_ROLL: {
        struct cm_roll_news *news = message;
        news->date = 20261123;
        news->verdict = CM_VERDICT_CLOSED;
        news->able_min = 55;
        news->word = (struct cm_word){.word = CM_WORD_CLOSED,
                                      .said_wall_ms = 1795000000000,
                                      .id = {9},
                                      .by = "Meera",
                                      .reason = "seen"};
        news->count = CM_SYNC_ROLL_MAX;
        for (int i = 0; i < CM_SYNC_ROLL_MAX; i++) {
            struct cm_roll_line *line = &news->lines[i];
            memset(line->student_id, 'a', CM_ID_SIZE - 1); /* as large as it can be */
            line->member = i % 2 == 0;
            line->evidence = (struct cm_evidence){.has_mark = true,
                                                  .no_face = true,
                                                  .captured_wall_ms = 253402300799999,
                                                  .has_correction = true,
                                                  .corrected = CM_ROLL_LATE,
                                                  .corrected_wall_ms = 253402300799999,
                                                  .mark_id = {1},
                                                  .correction_id = {2}};
            line->standing = (struct cm_standing){.points = INT32_MAX,
                                                  .before = {INT32_MAX, INT32_MAX},
                                                  .now = {INT32_MAX, INT32_MAX},
                                                  .last_date = 20261123};
        }
        break;
    }
    case CM_MESSAGE_KINDS:
        break;
    }
    return message;
}

static void every_message_comes_back_the_same(void **state)
{
    (void)state;
    for (int kind = 0; kind < CM_MESSAGE_KINDS; kind++) {
        struct cm_buf once, again;
        void *message = sample(kind), *copy = calloc(1, 512 * 1024);
        cm_buf_init(&once, CM_SYNC_PUSH_MAX);
        cm_buf_init(&again, CM_SYNC_PUSH_MAX);
        assert_int_equal(cm_message_encode(kind, message, &once, NULL), CM_OK);
        assert_int_equal(cm_message_decode(kind, once.data, once.size, copy, NULL), CM_OK);
        assert_int_equal(cm_message_encode(kind, copy, &again, NULL), CM_OK);
        assert_int_equal(once.size, again.size);
        assert_memory_equal(once.data, again.data, once.size);
        free(message);
        free(copy);
        cm_buf_finish(&once);
        cm_buf_finish(&again);
    }
}

/* The largest roll goes into an item; one of an ordinary class is small. */
static void rolls_stay_within_their_bounds(void **state)
{
    struct cm_buf buf;
    struct cm_roll_news *news = sample(CM_MESSAGE_ROLL);
    (void)state;
    cm_buf_init(&buf, CM_SYNC_PUSH_MAX);
    assert_int_equal(cm_message_encode(CM_MESSAGE_ROLL, news, &buf, NULL), CM_OK);
    assert_true(buf.size <= CM_SYNC_SEALED_MAX * 2);
    cm_buf_reset(&buf);
    news->count = 60;
    for (int i = 0; i < 60; i++)
        strcpy(news->lines[i].student_id, "2026-104");
    assert_int_equal(cm_message_encode(CM_MESSAGE_ROLL, news, &buf, NULL), CM_OK);
    assert_true(buf.size <= 10 * 1024);
    cm_buf_finish(&buf);
    free(news);
}

/* A server or a station of before says less: what it does not say is zero. */
static void what_came_later_may_be_missing(void **state)
{
    static const uint8_t school[] = "\x82\x01\xa1S\x02\xa3UTC", calendar[] = "\x81\x01\x90";
    struct cm_school read = {.coverage_percent = 7};
    struct cm_calendar *days = calloc(1, sizeof *days);
    (void)state;
    days->short_count = 7;
    assert_int_equal(cm_message_decode(CM_MESSAGE_SCHOOL, school, sizeof school - 1, &read, NULL), CM_OK);
    assert_string_equal(read.timezone, "UTC");
    assert_string_equal(read.points, "");
    assert_int_equal(read.coverage_percent, 0);
    assert_int_equal(cm_message_decode(CM_MESSAGE_CALENDAR, calendar, sizeof calendar - 1, days, NULL),
                     CM_OK);
    assert_int_equal(days->short_count, 0);
    free(days);
}

static void no_part_of_a_message_passes_for_the_whole(void **state)
{
    (void)state;
    for (int kind = 0; kind < CM_MESSAGE_KINDS; kind++) {
        struct cm_buf buf;
        void *message = sample(kind), *copy = calloc(1, 512 * 1024);
        cm_buf_init(&buf, CM_SYNC_PUSH_MAX);
        assert_int_equal(cm_message_encode(kind, message, &buf, NULL), CM_OK);
        for (size_t size = 0; size < buf.size; size += 1 + size / 200) {
            uint8_t *part = malloc(size + 1); /* exact: the sanitizer sees a read past its end */
            memcpy(part, buf.data, size);
            part = realloc(part, size > 0 ? size : 1);
            assert_int_equal(cm_message_decode(kind, part, size, copy, NULL), CM_INVALID);
            free(part);
        }
        free(message);
        free(copy);
        cm_buf_finish(&buf);
    }
}

static void a_failed_encoding_leaves_the_buffer_as_it_was(void **state)
{
    struct cm_buf buf;
    struct cm_push push = {.first_seq = 1, .count = 0};
    struct cm_job_result result = {.quality = NAN};
    (void)state;
    cm_buf_init(&buf, 40);
    assert_int_equal(cm_buf_append_text(&buf, "before"), CM_OK);
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, &push, &buf, NULL), CM_NOMEM); /* larger than 40 */
    assert_int_equal(cm_message_encode(CM_MESSAGE_JOB_RESULT, &result, &buf, NULL), CM_INVALID);
    assert_string_equal((const char *)buf.data, "before");
    cm_buf_finish(&buf);
}

static void what_a_newer_program_added_is_skipped(void **state)
{
    static const uint8_t bytes[] = {0x82, 0x01, 0xc3, 0x09, 0x93,
                                    0x01, 0x02, 0x81, 0x01, 0xc0}; /* {1: true, 9: …} */
    static const uint8_t without[] = {0x81, 0x09, 0x01};
    struct cm_preview_answer answer = {.watching = false};
    (void)state;
    assert_int_equal(cm_message_decode(CM_MESSAGE_PREVIEW_ANSWER, bytes, sizeof bytes, &answer, NULL), CM_OK);
    assert_true(answer.watching);
    assert_int_equal(cm_message_decode(CM_MESSAGE_PREVIEW_ANSWER, without, sizeof without, &answer, NULL),
                     CM_INVALID);
}

static void bounds_are_kept(void **state)
{
    struct cm_err err = CM_ERR_INIT;
    struct cm_buf buf;
    struct cm_push *push = sample(CM_MESSAGE_PUSH);
    static const uint8_t event[CM_EVENT_MAX + 1];
    (void)state;
    cm_buf_init(&buf, CM_SYNC_PUSH_MAX);
    push->count = CM_SYNC_EVENTS_MAX + 1;
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, push, &buf, &err), CM_INVALID);
    push->count = 0;
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, push, &buf, &err), CM_INVALID);
    push->count = 1;
    push->events[0] = (struct cm_span){event, CM_EVENT_MAX + 1};
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, push, &buf, &err), CM_INVALID);
    push->events[0].size = CM_EVENT_MAX;
    push->first_seq = 0;
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, push, &buf, &err), CM_INVALID);
    push->first_seq = 1;
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, push, &buf, &err), CM_OK);
    free(push);
    cm_buf_finish(&buf);
}

static void the_overheads_that_the_header_tells_are_enough(void **state)
{
    struct cm_buf buf;
    struct cm_push *push = sample(CM_MESSAGE_PUSH);
    static const uint8_t event[300];
    (void)state;
    memset(push->version, 'v', sizeof push->version - 1);
    memset(push->camera, 'c', sizeof push->camera - 1);
    push->first_seq = INT64_MAX - CM_SYNC_EVENTS_MAX;
    push->backlog = INT64_MAX;
    push->wall_ms = CM_INSTANT_LAST_MS;
    push->count = CM_SYNC_EVENTS_MAX;
    for (int i = 0; i < push->count; i++)
        push->events[i] = (struct cm_span){event, sizeof event};
    cm_buf_init(&buf, CM_SYNC_PUSH_MAX);
    assert_int_equal(cm_message_encode(CM_MESSAGE_PUSH, push, &buf, NULL), CM_OK);
    assert_true(buf.size <=
                CM_SYNC_PUSH_OVERHEAD + (size_t)push->count * (sizeof event + CM_SYNC_EVENT_OVERHEAD));
    free(push);
    cm_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_back_the_same),
        cmocka_unit_test(rolls_stay_within_their_bounds),
        cmocka_unit_test(what_came_later_may_be_missing),
        cmocka_unit_test(no_part_of_a_message_passes_for_the_whole),
        cmocka_unit_test(a_failed_encoding_leaves_the_buffer_as_it_was),
        cmocka_unit_test(what_a_newer_program_added_is_skipped),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(the_overheads_that_the_header_tells_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
