#include "record/codec.h"

#include "record/table.h"

enum { DAY_FIRST = 19700101, DAY_LAST = 99991231, MINUTES_OF_DAY = 24 * 60 };

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TABLE(name_, struct_, rows_)                                                                         \
    {                                                                                                        \
        .name = (name_), .fields = (rows_), .count = COUNT(rows_), .size = sizeof(struct_),                  \
        .extra = offsetof(struct_, extra)                                                                    \
    }

#define INSTANT(struct_, key_, since_, member_)                                                              \
    CM_ROW_RANGE(struct_, key_, since_, INTEGER, member_, 0, CM_INSTANT_LAST_MS)

static const struct cm_field class_rows[] = {
    CM_ROW(struct cm_class, 1, 1, TEXT, id),
    CM_ROW(struct cm_class, 2, 1, TEXT, coordinator),
    CM_ROW_RANGE(struct cm_class, 3, 1, INTEGER, start_minute, 0, MINUTES_OF_DAY - 1),
    CM_ROW_RANGE(struct cm_class, 4, 1, INTEGER, late_after_min, 0, MINUTES_OF_DAY),
    CM_ROW_RANGE(struct cm_class, 5, 1, INTEGER, close_after_min, 0, MINUTES_OF_DAY),
    CM_ROW_RANGE(struct cm_class, 6, 1, INTEGER, weekdays, 0, 0x7f),
};

static const struct cm_field student_rows[] = {
    CM_ROW(struct cm_student, 1, 1, TEXT, id),
    CM_ROW(struct cm_student, 2, 1, TEXT, name),
    CM_ROW(struct cm_student, 3, 1, TEXT, class_id),
    CM_ROW_RANGE(struct cm_student, 4, 3, INTEGER, consent, CM_CONSENT_NONE, CM_CONSENT_WITHDRAWN),
    INSTANT(struct cm_student, 5, 3, consent_wall_ms),
    CM_ROW(struct cm_student, 6, 3, BOOL, accommodation),
    CM_ROW(struct cm_student, 7, 3, BYTES, card_tag),
    CM_ROW(struct cm_student, 8, 3, TEXT, pin_hash),
};

static const struct cm_field template_rows[] = {
    CM_ROW(struct cm_template, 1, 1, TEXT, student_id),  CM_ROW(struct cm_template, 2, 1, TEXT, model),
    CM_ROW(struct cm_template, 3, 1, FLOAT, quality),    INSTANT(struct cm_template, 4, 1, created_wall_ms),
    CM_ROW(struct cm_template, 5, 1, FLOATS, embedding),
};

static const struct cm_field mark_rows[] = {
    CM_ROW(struct cm_mark, 1, 1, TEXT, student_id),
    CM_ROW(struct cm_mark, 2, 1, TEXT, class_id),
    CM_ROW_RANGE(struct cm_mark, 3, 1, INTEGER, date, DAY_FIRST, DAY_LAST),
    INSTANT(struct cm_mark, 4, 1, captured_wall_ms),
    CM_ROW_RANGE(struct cm_mark, 5, 1, INTEGER, method, CM_METHOD_FACE, CM_METHOD_MANUAL),
    CM_ROW(struct cm_mark, 6, 1, TEXT, policy),
    CM_ROW(struct cm_mark, 7, 1, TEXT, live_reason),
    CM_ROW(struct cm_mark, 8, 1, FLOAT, distance),
    CM_ROW(struct cm_mark, 9, 1, FLOAT, margin),
    CM_ROW(struct cm_mark, 10, 1, FLOAT, threshold),
    CM_ROW_RANGE(struct cm_mark, 11, 1, INTEGER, blink_ms, 0, INT32_MAX),
    CM_ROW(struct cm_mark, 12, 1, BOOL, first_try),
    CM_ROW(struct cm_mark, 13, 1, BOOL, eye_contact),
    CM_ROW(struct cm_mark, 14, 1, BOOL, clock_suspect),
    INSTANT(struct cm_mark, 15, CM_RECORD_SAYS_WHOSE, erased_wall_ms),
    CM_ROW(struct cm_mark, 16, 3, TEXT, by),
    CM_ROW(struct cm_mark, 17, 3, TEXT, reason),
};

static const struct cm_field correction_rows[] = {
    CM_ROW(struct cm_correction, 1, 1, TEXT, student_id),
    CM_ROW(struct cm_correction, 2, 1, TEXT, class_id),
    CM_ROW_RANGE(struct cm_correction, 3, 1, INTEGER, date, DAY_FIRST, DAY_LAST),
    CM_ROW_RANGE(struct cm_correction, 4, 1, INTEGER, status, CM_ROLL_NONE, CM_ROLL_PENDING),
    CM_ROW(struct cm_correction, 5, 1, TEXT, by),
    CM_ROW(struct cm_correction, 6, 1, TEXT, reason),
    INSTANT(struct cm_correction, 7, 1, corrected_wall_ms),
    INSTANT(struct cm_correction, 8, CM_RECORD_SAYS_WHOSE, erased_wall_ms),
};

/* An activity of a kind that came later is still something to review: any kind passes. */
static const struct cm_field activity_rows[] = {
    CM_ROW_RANGE(struct cm_activity, 1, 1, INTEGER, kind, 1, INT16_MAX),
    INSTANT(struct cm_activity, 2, 1, started_wall_ms),
    INSTANT(struct cm_activity, 3, 1, ended_wall_ms),
    CM_ROW(struct cm_activity, 4, 1, TEXT, student_id),
    CM_ROW(struct cm_activity, 5, 1, TEXT, other_id),
    CM_ROW(struct cm_activity, 6, 1, FLOAT, distance),
    CM_ROW(struct cm_activity, 7, 1, TEXT, reason),
    CM_ROW(struct cm_activity, 8, 2, TEXT, station_id),
};

static const struct cm_field enrolled_rows[] = {
    CM_ROW(struct cm_enrolled, 1, 1, TEXT, student_id),
    CM_ROW(struct cm_enrolled, 2, 1, TEXT, model),
    CM_ROW_RANGE(struct cm_enrolled, 3, 1, INTEGER, template_count, 0, INT32_MAX),
};

static const struct cm_field roster_rows[] = {
    CM_ROW_RANGE(struct cm_roster_change, 1, 1, INTEGER, students, 0, INT32_MAX),
    CM_ROW_RANGE(struct cm_roster_change, 2, 1, INTEGER, classes, 0, INT32_MAX),
    CM_ROW(struct cm_roster_change, 3, 1, TEXT, source),
};

static const struct cm_field coverage_rows[] = {
    INSTANT(struct cm_coverage, 1, 1, from_wall_ms),
    INSTANT(struct cm_coverage, 2, 1, to_wall_ms),
    CM_ROW(struct cm_coverage, 3, 1, BOOL, able),
    CM_ROW(struct cm_coverage, 4, 1, TEXT, reason),
};

/* These two came with version 3 as a whole. */
static const struct cm_field session_rows[] = {
    CM_ROW(struct cm_session_said, 1, 1, TEXT, class_id),
    CM_ROW_RANGE(struct cm_session_said, 2, 1, INTEGER, date, DAY_FIRST, DAY_LAST),
    CM_ROW_RANGE(struct cm_session_said, 3, 1, INTEGER, word, CM_WORD_CLOSED, CM_WORD_NO_SESSION),
    CM_ROW(struct cm_session_said, 4, 1, TEXT, by),
    CM_ROW(struct cm_session_said, 5, 1, TEXT, reason),
    INSTANT(struct cm_session_said, 6, 1, said_wall_ms),
};

static const struct cm_field consent_rows[] = {
    CM_ROW(struct cm_consent, 1, 1, TEXT, student_id),
    CM_ROW_RANGE(struct cm_consent, 2, 1, INTEGER, state, CM_CONSENT_GIVEN, CM_CONSENT_WITHDRAWN),
    CM_ROW(struct cm_consent, 3, 1, TEXT, by),
    CM_ROW(struct cm_consent, 4, 1, TEXT, given_by),
    CM_ROW(struct cm_consent, 5, 1, TEXT, text_version),
    CM_ROW(struct cm_consent, 6, 1, TEXT, words),
    INSTANT(struct cm_consent, 7, 1, said_wall_ms),
    INSTANT(struct cm_consent, 8, 1, erased_wall_ms),
};

static const struct cm_table bodies[] = {
    [CM_EVENT_MARK] = TABLE("mark", struct cm_mark, mark_rows),
    [CM_EVENT_CORRECTION] = TABLE("correction", struct cm_correction, correction_rows),
    [CM_EVENT_ACTIVITY] = TABLE("activity", struct cm_activity, activity_rows),
    [CM_EVENT_ENROLLED] = TABLE("enrolled", struct cm_enrolled, enrolled_rows),
    [CM_EVENT_ROSTER] = TABLE("roster", struct cm_roster_change, roster_rows),
    [CM_EVENT_COVERAGE] = TABLE("coverage", struct cm_coverage, coverage_rows),
    [CM_EVENT_SESSION] = TABLE("session", struct cm_session_said, session_rows),
    [CM_EVENT_CONSENT] = TABLE("consent", struct cm_consent, consent_rows),
};

static const struct cm_table *body_of(const void *record)
{
    const struct cm_event *event = record;
    size_t type = (size_t)event->type;
    return type < COUNT(bodies) && bodies[type].name != NULL ? &bodies[type] : NULL;
}

/* The type comes before the body that it tells about. */
static const struct cm_field event_rows[] = {
    CM_ROW(struct cm_event, 1, 1, BYTES, id),
    CM_ROW_RANGE(struct cm_event, 2, 1, INTEGER, seq, 1, INT64_MAX),
    CM_ROW_RANGE(struct cm_event, 3, 1, INTEGER, type, 1, INT16_MAX),
    INSTANT(struct cm_event, 4, 1, wall_ms),
    CM_ROW_RANGE(struct cm_event, 5, 1, INTEGER, mono_us, INT64_MIN, INT64_MAX),
    CM_ROW(struct cm_event, 6, 1, BYTES, boot_id),
    {.name = "body",
     .key = 7,
     .since = 1,
     .type = CM_FIELD_NESTED,
     .offset = offsetof(struct cm_event, body),
     .nested = body_of},
};

static const struct cm_table kinds[CM_RECORD_KINDS] = {
    [CM_RECORD_CLASS] = TABLE("class", struct cm_class, class_rows),
    [CM_RECORD_STUDENT] = TABLE("student", struct cm_student, student_rows),
    [CM_RECORD_TEMPLATE] = TABLE("template", struct cm_template, template_rows),
    [CM_RECORD_EVENT] = {.name = "event",
                         .fields = event_rows,
                         .count = COUNT(event_rows),
                         .size = sizeof(struct cm_event),
                         .extra = offsetof(struct cm_event, extra),
                         .holds_version = true,
                         .version = offsetof(struct cm_event, version)},
};

_Static_assert(sizeof(struct cm_event) <= CM_TABLE_RECORD_MAX &&
                   sizeof(struct cm_template) <= CM_TABLE_RECORD_MAX &&
                   sizeof(struct cm_class) <= CM_TABLE_RECORD_MAX &&
                   sizeof(struct cm_student) <= CM_TABLE_RECORD_MAX,
               "a record is larger than the decoder's");
_Static_assert(sizeof(enum cm_event_type) == sizeof(int32_t), "enums are decoded as four bytes");

enum cm_code cm_record_encode(enum cm_record_kind kind, const void *record, uint8_t *bytes, size_t capacity,
                              size_t *ret_size, struct cm_err *err)
{
    return cm_table_encode(&kinds[kind], record, bytes, capacity, ret_size, err);
}

enum cm_code cm_record_decode(enum cm_record_kind kind, const uint8_t *bytes, size_t size, void *ret_record,
                              struct cm_err *err)
{
    return cm_table_decode(&kinds[kind], bytes, size, ret_record, err);
}

enum cm_code cm_event_encode(const struct cm_event *event, uint8_t *bytes, size_t capacity, size_t *ret_size,
                             struct cm_err *err)
{
    return cm_record_encode(CM_RECORD_EVENT, event, bytes, capacity, ret_size, err);
}

enum cm_code cm_event_decode(const uint8_t *bytes, size_t size, struct cm_event *ret_event,
                             struct cm_err *err)
{
    return cm_record_decode(CM_RECORD_EVENT, bytes, size, ret_event, err);
}
