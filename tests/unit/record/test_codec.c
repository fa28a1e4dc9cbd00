#include "record/codec.h"

#include "record/table.h"
#include "unit.h"
#include <math.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cm_event envelope(enum cm_event_type type)
{
    struct cm_event event;
    memset(&event, 0, sizeof event);
    event.version = CM_RECORD_VERSION;
    event.seq = 70000;
    event.type = type;
    event.wall_ms = 1767597600000;
    event.mono_us = -5;
    for (int i = 0; i < 16; i++) {
        event.id[i] = (uint8_t)(i * 17);
        event.boot_id[i] = (uint8_t)(255 - i);
    }
    return event;
}

static struct cm_event mark_event(void)
{
    struct cm_event event = envelope(CM_EVENT_MARK);
    event.body.mark = (struct cm_mark){
        .student_id = "s1",
        .class_id = "10-B",
        .date = 20260105,
        .captured_wall_ms = 1767597600123,
        .method = CM_METHOD_FACE,
        .policy = "basic",
        .live_reason = "clean_blink",
        .distance = 0.375f,
        .margin = -0.0f,
        .threshold = NAN,
        .blink_ms = 180,
        .first_try = true,
        .clock_suspect = true,
        .erased_wall_ms = 1767597600100,
        .by = "Meera Nair",
        .reason = "hands full",
    };
    return event;
}

static struct cm_event example_event(enum cm_event_type type)
{
    struct cm_event event = type == CM_EVENT_MARK ? mark_event() : envelope(type);
    switch (type) {
    case CM_EVENT_MARK:
        break;
    case CM_EVENT_CORRECTION:
        event.body.correction = (struct cm_correction){.student_id = "s1",
                                                       .class_id = "10-B",
                                                       .date = 20260105,
                                                       .status = CM_ROLL_EXCUSED,
                                                       .by = "मीरा नायर",
                                                       .corrected_wall_ms = 253402300799999};
        memset(event.body.correction.reason, 'r', CM_TEXT_SIZE - 1); /* as long as can be */
        break;
    case CM_EVENT_ACTIVITY:
        event.body.activity = (struct cm_activity){.kind = CM_ACTIVITY_LOOK_ALIKE,
                                                   .started_wall_ms = 253402300799999,
                                                   .student_id = "s1",
                                                   .other_id = "s2",
                                                   .distance = 0.41f,
                                                   .reason = "two lines\nof text"};
        break;
    case CM_EVENT_ENROLLED:
        event.body.enrolled =
            (struct cm_enrolled){.student_id = "s1", .model = "dlib_resnet_v1", .template_count = INT32_MAX};
        break;
    case CM_EVENT_ROSTER:
        event.body.roster =
            (struct cm_roster_change){.students = 1200, .classes = 40, .source = "roster.csv"};
        break;
    case CM_EVENT_COVERAGE:
        event.body.coverage =
            (struct cm_coverage){.from_wall_ms = 0, .to_wall_ms = 1, .reason = "camera_dark"};
        break;
    case CM_EVENT_SESSION:
        event.body.session = (struct cm_session_said){.class_id = "10-B",
                                                      .date = 20260105,
                                                      .word = CM_WORD_NO_SESSION,
                                                      .by = "मीरा नायर",
                                                      .reason = "rain",
                                                      .said_wall_ms = 1767597600456};
        break;
    case CM_EVENT_CONSENT:
        event.body.consent = (struct cm_consent){.student_id = "s1",
                                                 .state = CM_CONSENT_WITHDRAWN,
                                                 .by = "office",
                                                 .given_by = "Latha Nair, mother",
                                                 .text_version = "2026-1",
                                                 .said_wall_ms = 1767597600789,
                                                 .erased_wall_ms = 1767597600100};
        memset(event.body.consent.words, 'w', CM_TEXT_SIZE - 1);
        break;
    }
    return event;
}

/* Encodes, decodes from memory of exactly that size, and encodes again: equal bytes, as hashes need. */
static void round_trip(enum cm_record_kind kind, const void *record, void *ret_record)
{
    static uint8_t bytes[CM_EVENT_MAX], again[CM_EVENT_MAX];
    struct cm_err err = CM_ERR_INIT;
    size_t size = 0, again_size = 0;
    if (cm_record_encode(kind, record, bytes, sizeof bytes, &size, &err) != CM_OK)
        fail_msg("encode: %s", err.msg);
    uint8_t *exact = malloc(size);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    if (cm_record_decode(kind, exact, size, ret_record, &err) != CM_OK)
        fail_msg("decode: %s", err.msg);
    free(exact);
    assert_int_equal(cm_record_encode(kind, ret_record, again, sizeof again, &again_size, &err), CM_OK);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    for (size_t capacity = 0; capacity < size; capacity++)
        assert_int_equal(cm_record_encode(kind, record, again, capacity, &again_size, &err), CM_NOMEM);
}

static void every_event_survives_the_trip(void **state)
{
    (void)state;
    for (int type = CM_EVENT_MARK; type <= CM_EVENT_CONSENT; type++) {
        struct cm_event event = example_event((enum cm_event_type)type), back;
        round_trip(CM_RECORD_EVENT, &event, &back);
        assert_int_equal(back.seq, event.seq);
        assert_int_equal(back.type, event.type);
        assert_int_equal(back.wall_ms, event.wall_ms);
        assert_int_equal(back.mono_us, event.mono_us);
        assert_memory_equal(back.id, event.id, 16);
        assert_memory_equal(back.boot_id, event.boot_id, 16);
    }
}

static void a_mark_keeps_its_values(void **state)
{
    (void)state;
    struct cm_event event = mark_event(), back;
    round_trip(CM_RECORD_EVENT, &event, &back);
    const struct cm_mark *mark = &back.body.mark;
    assert_string_equal(mark->student_id, "s1");
    assert_string_equal(mark->class_id, "10-B");
    assert_int_equal(mark->date, 20260105);
    assert_int_equal(mark->captured_wall_ms, 1767597600123);
    assert_int_equal(mark->method, CM_METHOD_FACE);
    assert_string_equal(mark->policy, "basic");
    assert_string_equal(mark->live_reason, "clean_blink");
    assert_true(mark->distance == 0.375f);
    assert_true(mark->margin == 0 && signbit(mark->margin));
    assert_true(isnan(mark->threshold));
    assert_int_equal(mark->blink_ms, 180);
    assert_true(mark->first_try && !mark->eye_contact && mark->clock_suspect);
    assert_int_equal(mark->erased_wall_ms, 1767597600100);
    assert_string_equal(mark->by, "Meera Nair");
    assert_string_equal(mark->reason, "hands full");
    event.version = CM_RECORD_SAYS_WHOSE - 1; /* which did not say it */
    event.body.mark.erased_wall_ms = 0;
    round_trip(CM_RECORD_EVENT, &event, &back);
    assert_int_equal(back.version, CM_RECORD_SAYS_WHOSE - 1);
}

static void other_records_survive_the_trip(void **state)
{
    (void)state;
    struct cm_class class_ = {.id = "10-B", .coordinator = "", .start_minute = 1439, .weekdays = 0x7f},
                    class_back;
    struct cm_student student = {.id = "s1",
                                 .name = "प्रिया",
                                 .class_id = "10-B",
                                 .consent = CM_CONSENT_REFUSED,
                                 .consent_wall_ms = 1767597600789,
                                 .accommodation = true,
                                 .card_tag = {1, 2, 3},
                                 .pin_hash = "$argon2id$"},
                      student_back;
    struct cm_template template_ = {.student_id = "s1", .model = "m", .quality = 1.0f}, template_back;
    for (int i = 0; i < CM_EMBEDDING_DIM; i++)
        template_.embedding[i] = (float)i / 7.0f - 3.0f;
    round_trip(CM_RECORD_CLASS, &class_, &class_back);
    round_trip(CM_RECORD_STUDENT, &student, &student_back);
    round_trip(CM_RECORD_TEMPLATE, &template_, &template_back);
    assert_int_equal(class_back.start_minute, 1439);
    assert_int_equal(class_back.weekdays, 0x7f);
    assert_string_equal(student_back.name, "प्रिया");
    assert_int_equal(student_back.consent, CM_CONSENT_REFUSED);
    assert_int_equal(student_back.consent_wall_ms, 1767597600789);
    assert_true(student_back.accommodation);
    assert_memory_equal(student_back.card_tag, student.card_tag, sizeof student.card_tag);
    assert_string_equal(student_back.pin_hash, "$argon2id$");
    assert_memory_equal(template_back.embedding, template_.embedding, sizeof template_.embedding);
}

/* The form that other programs and later versions rely on. */
static void the_bytes_are_these(void **state)
{
    (void)state;
    static const uint8_t expected[] = "\x89\x00\x03\x01\xa2s1\x02\xa5Priya\x03\xa4"
                                      "10-B\x04\x02\x05\x07\x06\xc3\x07\xc4\x10"
                                      "0123456789abcdef\x08\xa1$";
    struct cm_student student = {.id = "s1",
                                 .name = "Priya",
                                 .class_id = "10-B",
                                 .consent = CM_CONSENT_REFUSED,
                                 .consent_wall_ms = 7,
                                 .accommodation = true,
                                 .pin_hash = "$"};
    memcpy(student.card_tag, "0123456789abcdef", sizeof student.card_tag);
    uint8_t bytes[64];
    size_t size;
    assert_int_equal(cm_record_encode(CM_RECORD_STUDENT, &student, bytes, sizeof bytes, &size, NULL), CM_OK);
    assert_int_equal(size, sizeof expected - 1);
    assert_memory_equal(bytes, expected, size);
}

/* Students of a program that did not know yet of consent and cards. */
static void a_student_of_before_has_neither_consent_nor_card(void **state)
{
    (void)state;
    static const uint8_t old[] = "\x84\x00\x02\x01\xa2s1\x02\xa5Priya\x03\xa4"
                                 "10-B";
    struct cm_student student;
    memset(&student, 0x55, sizeof student);
    assert_int_equal(cm_record_decode(CM_RECORD_STUDENT, old, sizeof old - 1, &student, NULL), CM_OK);
    assert_int_equal(student.consent, CM_CONSENT_NONE);
    assert_int_equal(student.consent_wall_ms, 0);
    assert_false(student.accommodation);
    assert_int_equal(student.card_tag[0], 0);
    assert_string_equal(student.pin_hash, "");
}

static void another_reader_understands_it(void **state)
{
    (void)state;
    struct cm_event event = mark_event();
    uint8_t bytes[CM_EVENT_MAX];
    size_t size, offset = 0;
    msgpack_unpacked unpacked;
    assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes, &size, NULL), CM_OK);
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, (char *)bytes, size, &offset), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, size);
    const msgpack_object *body = &unpacked.data.via.map.ptr[7].val;
    assert_int_equal(unpacked.data.via.map.size, 8);
    assert_int_equal(body->type, MSGPACK_OBJECT_MAP);
    assert_int_equal(body->via.map.size, 17);
    assert_int_equal(body->via.map.ptr[2].val.via.u64, 20260105);
    assert_int_equal(body->via.map.ptr[7].val.type, MSGPACK_OBJECT_BIN); /* distance */
    assert_memory_equal(body->via.map.ptr[7].val.via.bin.ptr, "\x00\x00\xc0\x3e", 4);
    assert_int_equal(body->via.map.ptr[9].val.type, MSGPACK_OBJECT_NIL); /* NaN */
    msgpack_unpacked_destroy(&unpacked);
}

/* ---- hostile and damaged input ---- */

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct cm_event event = mark_event(), back;
    uint8_t bytes[CM_EVENT_MAX];
    size_t size;
    memset(&back, 0x55, sizeof back);
    assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes - 1, &size, NULL), CM_OK);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut > 0 ? cut : 1);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        assert_int_equal(cm_event_decode(exact, cut, &back, NULL), CM_INVALID);
        free(exact);
    }
    bytes[size] = 0xc0;
    assert_int_equal(cm_event_decode(bytes, size + 1, &back, NULL), CM_INVALID);
    for (size_t i = 0; i < sizeof back; i++)
        assert_int_equal(((uint8_t *)&back)[i], 0x55); /* untouched on failure */
}

#define BYTES(text) (const uint8_t *)text, sizeof text - 1

static void hostile_records_are_refused_with_a_reason(void **state)
{
    static const struct {
        enum cm_record_kind kind;
        const uint8_t *bytes;
        size_t size;
        const char *problem;
    } cases[] = {
        {CM_RECORD_STUDENT, BYTES("\xc0"), "is not a map"},
        {CM_RECORD_STUDENT, BYTES("\x80"), "no version"},
        {CM_RECORD_STUDENT,
         BYTES("\x83\x01\xa1s\x02\xa1n\x03\xa1"
               "c"),
         "no version"},
        {CM_RECORD_STUDENT,
         BYTES("\x84\x00\x00\x01\xa1s\x02\xa1n\x03\xa1"
               "c"),
         "no version"},
        {CM_RECORD_STUDENT,
         BYTES("\x84\x00\xa1\x31\x01\xa1s\x02\xa1n\x03\xa1"
               "c"),
         "no version"},
        {CM_RECORD_STUDENT, BYTES("\x83\x00\x01\x01\xa1s\x02\xa1n"), "class_id is missing"},
        {CM_RECORD_STUDENT,
         BYTES("\x83\x00\x01\x01\xa1s\x03\xa1"
               "c"),
         "name is missing"},
        {CM_RECORD_STUDENT,
         BYTES("\x84\x00\x01\x01\x05\x02\xa1n\x03\xa1"
               "c"),
         "id is not a text"},
        {CM_RECORD_STUDENT,
         BYTES("\x84\x00\x01\x01\xc4\x01s\x02\xa1n\x03\xa1"
               "c"),
         "id is not a text"},
        {CM_RECORD_STUDENT,
         BYTES("\x84\x00\x01\x01\xd9\x40"
               "0123456789012345678901234567890123456789012345678901234567890123"
               "\x02\xa1n\x03\xa1"
               "c"),
         "id is too long"},
        {CM_RECORD_CLASS,
         BYTES("\x87\x00\x01\x01\xa1"
               "c\x02\xa1k\x03\xcd\x05\xa0\x04\x0a\x05\x3c\x06\x1f"),
         "start_minute is out of range"}, /* 1440 */
        {CM_RECORD_CLASS,
         BYTES("\x87\x00\x01\x01\xa1"
               "c\x02\xa1k\x03\xff\x04\x0a\x05\x3c\x06\x1f"),
         "start_minute is out of range"},
        {CM_RECORD_CLASS,
         BYTES("\x87\x00\x01\x01\xa1"
               "c\x02\xa1k\x03\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x04\x0a\x05\x3c\x06\x1f"),
         "start_minute is out of range"},
        {CM_RECORD_CLASS,
         BYTES("\x87\x00\x01\x01\xa1"
               "c\x02\xa1k\x03\xc3\x04\x0a\x05\x3c\x06\x1f"),
         "start_minute is not a number"},
        {CM_RECORD_EVENT,
         BYTES("\x82\x00\x01\x01\xc4\x0f"
               "123456789012345"),
         "id has the wrong size"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_err err = CM_ERR_INIT;
        union {
            struct cm_class class_;
            struct cm_student student;
            struct cm_event event;
        } record;
        enum cm_code code = cm_record_decode(cases[i].kind, cases[i].bytes, cases[i].size, &record, &err);
        if (code != CM_INVALID || strstr(err.msg, cases[i].problem) == NULL)
            fail_msg("case %zu: %s, \"%s\" instead of \"%s\"", i, cm_code_name(code), err.msg,
                     cases[i].problem);
    }
}

/* Changes the value of a byte in an encoded mark and expects the reason. The value's place is found by its bytes. */
static void changed_marks_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *find;
        size_t find_size;
        const char *put;
        const char *problem;
        enum cm_code code;
    } cases[] = {
        {"\x03\x01\x04\xcf", 4, "\x03\x00\x04\xcf", "type is out of range", CM_INVALID},
        {"\x03\x01\x04\xcf", 4, "\x03\x63\x04\xcf", "unknown type", CM_INVALID},
        {"\x05\x01\x06\xa5", 4, "\x05\x05\x06\xa5", "method is out of range", CM_INVALID},
        {"\x0c\xc3\x0d", 3, "\x0c\x01\x0d", "first_try is neither", CM_INVALID},
        {"\x08\xc4\x04\x00\x00\xc0\x3e", 7, "\x08\xc4\x04\x00\x00\xc0\x7f", "no number",
         CM_INVALID}, /* NaN */
        {"\x08\xc4\x04\x00\x00\xc0\x3e", 7, "\x08\xc4\x04\x00\x00\x80\x7f", "no number",
         CM_INVALID}, /* infinite */
        {"\x0b\xcc\xb4\x0c", 4, "\x0b\xd0\xb4\x0c", "blink_ms is out of range", CM_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cm_event event = mark_event(), back;
        struct cm_err err = CM_ERR_INIT;
        uint8_t bytes[CM_EVENT_MAX];
        size_t size;
        assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes, &size, NULL), CM_OK);
        uint8_t *at = memmem(bytes, size, cases[i].find, cases[i].find_size);
        if (at == NULL)
            fail_msg("case %zu: its bytes are not there", i);
        memcpy(at, cases[i].put, cases[i].find_size);
        enum cm_code code = cm_event_decode(bytes, size, &back, &err);
        if (code != cases[i].code || strstr(err.msg, cases[i].problem) == NULL)
            fail_msg("case %zu: %s, \"%s\"", i, cm_code_name(code), err.msg);
    }
}

static void records_that_break_the_rules_are_not_written(void **state)
{
    (void)state;
    struct cm_event event;
    struct cm_err err = CM_ERR_INIT;
    uint8_t bytes[CM_EVENT_MAX];
    size_t size = 12345;
#define EXPECT(change, words)                                                                                \
    do {                                                                                                     \
        event = mark_event();                                                                                \
        change;                                                                                              \
        assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes, &size, &err), CM_INVALID);             \
        if (strstr(err.msg, words) == NULL)                                                                  \
            fail_msg("\"%s\" does not say \"%s\"", err.msg, words);                                          \
    } while (0)
    EXPECT(event.seq = 0, "seq is out of range");
    EXPECT(event.version = 0, "no version");
    EXPECT(event.type = (enum cm_event_type)77, "unknown type");
    EXPECT(event.body.mark.method = (enum cm_method)9, "method is out of range");
    EXPECT(event.body.mark.date = 5, "date is out of range");
    EXPECT(event.body.mark.distance = INFINITY, "no number");
    EXPECT(memset(event.body.mark.student_id, 'x', CM_ID_SIZE), "has no end");
    EXPECT(memcpy(event.body.mark.policy, "\xed\xa0\x80", 4), "is not UTF-8");
    EXPECT(event.extra.size = CM_EXTRA_SIZE + 1, "more unknown fields than fit");
#undef EXPECT
    assert_int_equal(size, 12345);
}

/* ---- versions ---- */

/* What version 3 added to a student, with nothing in it. */
#define STUDENT_OF_3 "\x04\x00\x05\x00\x06\xc2\x07\xc4\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\xa0"

static void unknown_fields_are_kept_and_passed_on(void **state)
{
    (void)state;
    /* a newer version of a student: a field 9 with a map, a field 300 with a list */
    static const uint8_t newer[] =
        "\x8b\x00\x04\x01\xa1s\x02\xa1n\x03\xa1"
        "c" STUDENT_OF_3 "\x09\x82\x00\xa1x\x07\xc0\xcd\x01\x2c\x92\x01\xc4\x01\xff";
    struct cm_student student;
    uint8_t bytes[128];
    size_t size;
    assert_int_equal(cm_record_decode(CM_RECORD_STUDENT, newer, sizeof newer - 1, &student, NULL), CM_OK);
    assert_int_equal(student.extra.count, 2);
    memcpy(student.name, "m", 2); /* an older program changes what it knows */
    assert_int_equal(cm_record_encode(CM_RECORD_STUDENT, &student, bytes, sizeof bytes, &size, NULL), CM_OK);
    assert_int_equal(size, sizeof newer - 1);
    assert_memory_equal(bytes + 11, newer + 11, size - 11);
    assert_memory_equal(bytes + 6, "\x02\xa1m", 3);
}

static void an_event_keeps_its_version(void **state)
{
    (void)state;
    struct cm_event event = mark_event(), back;
    event.version = 9;
    event.extra = (struct cm_extra){.count = 1, .size = 2, .bytes = {0x08, 0xc3}};
    event.body.mark.extra = (struct cm_extra){.count = 1, .size = 3, .bytes = {0x20, 0xcc, 0xc8}};
    round_trip(CM_RECORD_EVENT, &event, &back);
    assert_int_equal(back.version, 9);
    assert_int_equal(back.extra.count, 1);
    assert_memory_equal(back.body.mark.extra.bytes, "\x20\xcc\xc8", 3);
}

static void a_newer_type_is_told_apart_from_damage(void **state)
{
    (void)state;
    struct cm_event event = mark_event(), back;
    uint8_t bytes[CM_EVENT_MAX];
    size_t size;
    event.version = CM_RECORD_VERSION + 1;
    assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes, &size, NULL), CM_OK);
    uint8_t *type = memmem(bytes, size, "\x03\x01\x04\xcf", 4);
    assert_non_null(type);
    type[1] = 99;
    assert_int_equal(cm_event_decode(bytes, size, &back, NULL), CM_NEWER);
}

static void too_many_unknown_fields_are_refused(void **state)
{
    (void)state;
    static const uint8_t known[] = "\x8a\x00\x04\x01\xa1s\x02\xa1n\x03\xa1"
                                   "c" STUDENT_OF_3 "\x09\xc4";
    enum { KNOWN = sizeof known - 1 };
    uint8_t bytes[512];
    struct cm_student student;
    struct cm_err err = CM_ERR_INIT;
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, known, KNOWN);
    for (int value = CM_EXTRA_SIZE - 3; value <= CM_EXTRA_SIZE - 2 && value < 256; value++) {
        bytes[KNOWN] = (uint8_t)value;
        enum cm_code expected = value + 3 <= CM_EXTRA_SIZE ? CM_OK : CM_NOMEM;
        assert_int_equal(
            cm_record_decode(CM_RECORD_STUDENT, bytes, KNOWN + 1 + (size_t)value, &student, &err), expected);
    }
}

/* A table of a version 2 that got fields: records of version 1 lack them, records of version 2 must not. */
static void later_fields_have_defaults_in_older_records(void **state)
{
    struct thing {
        int32_t old, later;
        float later_float;
        struct cm_extra extra;
    };
    struct versioned { /* first the same fields */
        struct thing thing;
        uint32_t version;
    };
    static const struct cm_field rows[] = {
        CM_ROW_RANGE(struct thing, 1, 1, INTEGER, old, 0, 9),
        CM_ROW_RANGE(struct thing, 2, 2, INTEGER, later, 0, 9),
        CM_ROW(struct thing, 3, 2, FLOAT, later_float),
    };
    static const struct cm_table table = {.name = "thing",
                                          .fields = rows,
                                          .count = 3,
                                          .size = sizeof(struct thing),
                                          .extra = offsetof(struct thing, extra)};
    struct thing thing;
    struct cm_err err = CM_ERR_INIT;
    (void)state;
    assert_int_equal(cm_table_decode(&table, BYTES("\x82\x00\x01\x01\x07"), &thing, &err), CM_OK);
    assert_int_equal(thing.old, 7);
    assert_int_equal(thing.later, 0);
    assert_true(isnan(thing.later_float));
    uint8_t again[16];
    size_t size;
    static const struct cm_table old_event = {.name = "thing",
                                              .fields = rows,
                                              .count = 3,
                                              .size = sizeof(struct versioned),
                                              .extra = offsetof(struct versioned, thing.extra),
                                              .holds_version = true,
                                              .version = offsetof(struct versioned, version)};
    struct versioned old;
    assert_int_equal(cm_table_decode(&old_event, BYTES("\x82\x00\x01\x01\x07"), &old, &err), CM_OK);
    assert_int_equal(cm_table_encode(&old_event, &old, again, sizeof again, &size, &err), CM_OK);
    assert_int_equal(size, 5); /* the same bytes, without what came later */
    assert_memory_equal(again, "\x82\x00\x01\x01\x07", 5);
    assert_int_equal(cm_table_decode(&table, BYTES("\x83\x00\x01\x01\x07\x02\x01"), &thing, &err),
                     CM_INVALID);
    assert_int_equal(cm_table_decode(&table, BYTES("\x82\x00\x02\x01\x07"), &thing, &err), CM_INVALID);
    assert_non_null(strstr(err.msg, "later is missing"));
    assert_int_equal(cm_table_decode(&table, BYTES("\x83\x00\x02\x01\x07\x03\xc0"), &thing, &err),
                     CM_INVALID);
}

/* As programs of versions 1 and 2 wrote them: read, and written again as the same bytes, for hashes rely on it. */
static void older_records_keep_their_bytes(void **state)
{
    static const int types[] = {CM_EVENT_MARK,     CM_EVENT_CORRECTION, CM_EVENT_ACTIVITY,
                                CM_EVENT_ENROLLED, CM_EVENT_ROSTER,     CM_EVENT_COVERAGE};
    static const char version_1[] = /* a coverage */
        "\x88\x00\x01\x01\xc4\x10"
        "0123456789abcdef\x02\x07\x03\x06\x04\xcf\x00\x00\x01\x9b\x8d\x00\x00\x00\x05\x00\x06\xc4\x10"
        "fedcba9876543210\x07\x84\x01\x01\x02\x02\x03\xc3\x04\xa0";
    struct cm_event event, back;
    struct cm_err err = CM_ERR_INIT;
    (void)state;
    for (uint32_t version = 1; version <= CM_RECORD_VERSION; version++)
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            event = example_event((enum cm_event_type)types[i]);
            event.version = version;
            round_trip(CM_RECORD_EVENT, &event, &back);
            assert_int_equal(back.version, version);
        }
    uint8_t again[CM_EVENT_MAX];
    size_t size;
    if (cm_event_decode(BYTES(version_1), &event, &err) != CM_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(event.version, 1);
    assert_int_equal(event.body.coverage.to_wall_ms, 2);
    assert_int_equal(cm_event_encode(&event, again, sizeof again, &size, &err), CM_OK);
    assert_int_equal(size, sizeof version_1 - 1);
    assert_memory_equal(again, version_1, size);
}

static void a_persons_word_keeps_its_values(void **state)
{
    (void)state;
    struct cm_event event = example_event(CM_EVENT_SESSION), back;
    round_trip(CM_RECORD_EVENT, &event, &back);
    assert_string_equal(back.body.session.class_id, "10-B");
    assert_int_equal(back.body.session.date, 20260105);
    assert_int_equal(back.body.session.word, CM_WORD_NO_SESSION);
    assert_string_equal(back.body.session.by, "मीरा नायर");
    assert_string_equal(back.body.session.reason, "rain");
    assert_int_equal(back.body.session.said_wall_ms, 1767597600456);
    event = example_event(CM_EVENT_CONSENT);
    round_trip(CM_RECORD_EVENT, &event, &back);
    assert_string_equal(back.body.consent.student_id, "s1");
    assert_int_equal(back.body.consent.state, CM_CONSENT_WITHDRAWN);
    assert_string_equal(back.body.consent.by, "office");
    assert_string_equal(back.body.consent.given_by, "Latha Nair, mother");
    assert_string_equal(back.body.consent.text_version, "2026-1");
    assert_int_equal(strlen(back.body.consent.words), CM_TEXT_SIZE - 1);
    assert_int_equal(back.body.consent.said_wall_ms, 1767597600789);
}

static void words_out_of_range_are_not_written(void **state)
{
    (void)state;
    uint8_t bytes[CM_EVENT_MAX];
    size_t size;
    struct cm_event event = example_event(CM_EVENT_SESSION);
    event.body.session.word = CM_WORD_KINDS;
    assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes, &size, NULL), CM_INVALID);
    event.body.session.word = 0;
    assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes, &size, NULL), CM_INVALID);
    event = example_event(CM_EVENT_CONSENT);
    event.body.consent.state = CM_CONSENT_NONE;
    assert_int_equal(cm_event_encode(&event, bytes, sizeof bytes, &size, NULL), CM_INVALID);
}

static void names_are_stable_words(void **state)
{
    (void)state;
    assert_string_equal(cm_method_name(CM_METHOD_MANUAL), "manual");
    assert_string_equal(cm_roll_status_name(CM_ROLL_PENDING), "pending");
    assert_string_equal(cm_activity_name(CM_ACTIVITY_SPOOF_SUSPECTED), "spoof_suspected");
    assert_string_equal(cm_event_type_name(CM_EVENT_COVERAGE), "coverage");
    assert_string_equal(cm_event_type_name(CM_EVENT_SESSION), "session");
    assert_string_equal(cm_event_type_name(CM_EVENT_CONSENT), "consent");
    assert_string_equal(cm_session_word_name(CM_WORD_NO_SESSION), "no_session");
    assert_string_equal(cm_session_word_name(CM_WORD_KINDS), "unknown");
    assert_string_equal(cm_consent_name(CM_CONSENT_WITHDRAWN), "withdrawn");
    assert_string_equal(cm_consent_name((enum cm_consent_state) - 1), "unknown");
    assert_string_equal(cm_activity_name((enum cm_activity_kind)0), "unknown");
    assert_string_equal(cm_activity_name(CM_ACTIVITY_KINDS), "unknown");
    assert_string_equal(cm_method_name((enum cm_method) - 1), "unknown");
    for (int kind = 1; kind < CM_ACTIVITY_KINDS; kind++)
        assert_string_not_equal(cm_activity_name((enum cm_activity_kind)kind), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_survives_the_trip),
        cmocka_unit_test(a_mark_keeps_its_values),
        cmocka_unit_test(other_records_survive_the_trip),
        cmocka_unit_test(the_bytes_are_these),
        cmocka_unit_test(a_student_of_before_has_neither_consent_nor_card),
        cmocka_unit_test(another_reader_understands_it),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(hostile_records_are_refused_with_a_reason),
        cmocka_unit_test(changed_marks_are_refused_with_a_reason),
        cmocka_unit_test(records_that_break_the_rules_are_not_written),
        cmocka_unit_test(unknown_fields_are_kept_and_passed_on),
        cmocka_unit_test(an_event_keeps_its_version),
        cmocka_unit_test(a_newer_type_is_told_apart_from_damage),
        cmocka_unit_test(too_many_unknown_fields_are_refused),
        cmocka_unit_test(later_fields_have_defaults_in_older_records),
        cmocka_unit_test(older_records_keep_their_bytes),
        cmocka_unit_test(a_persons_word_keeps_its_values),
        cmocka_unit_test(words_out_of_range_are_not_written),
        cmocka_unit_test(names_are_stable_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
