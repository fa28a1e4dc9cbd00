#include "store/alert_rows.h"

#include "record/codec.h"
#include "store/row_table.h"
#include <string.h>

#define WORD(struct_, key_, member_, last_) CM_ROW_RANGE(struct_, key_, 1, INTEGER, member_, 1, last_)
#define AMOUNT(struct_, key_, member_)      CM_ROW_RANGE(struct_, key_, 1, INTEGER, member_, 0, INT32_MAX)

/* ---- what is kept, and in which order of keys ---- */

struct alert_row {
    uint8_t id[16];
    char student_id[CM_ID_SIZE], class_id[CM_ID_SIZE];
    int32_t trigger_date, generation, absent_count, state;
    bool repeat;
    int64_t created_wall_ms, acknowledged_wall_ms;
    int32_t day_count, note_count;
    struct cm_extra extra;
};
static const struct cm_field alert_fields[] = {
    BYTES(struct alert_row, 1, id),
    TEXT(struct alert_row, 2, student_id),
    TEXT(struct alert_row, 3, class_id),
    NUMBER(struct alert_row, 4, trigger_date),
    AMOUNT(struct alert_row, 5, generation),
    AMOUNT(struct alert_row, 6, absent_count),
    FLAG(struct alert_row, 7, repeat),
    WORD(struct alert_row, 8, state, SRV_ALERT_CANCELLED),
    INSTANT(struct alert_row, 9, created_wall_ms),
    INSTANT(struct alert_row, 10, acknowledged_wall_ms),
    CM_ROW_RANGE(struct alert_row, 11, 1, INTEGER, day_count, 0, SRV_ALERT_DAYS_MAX),
    CM_ROW_RANGE(struct alert_row, 12, 1, INTEGER, note_count, 0, SRV_ALERT_NOTES_MAX),
};
static const struct cm_table alert_table = TABLE("alert", struct alert_row, alert_fields);

struct day_row {
    struct srv_alert_day d;
    struct cm_extra extra;
};
static const struct cm_field day_fields[] = {
    NUMBER(struct day_row, 1, d.date),     TEXT(struct day_row, 2, d.class_id),
    TEXT(struct day_row, 3, d.closed_by),  INSTANT(struct day_row, 4, d.closed_wall_ms),
    AMOUNT(struct day_row, 5, d.able_min), AMOUNT(struct day_row, 6, d.window_min),
};
static const struct cm_table day_table = TABLE("day of an alert", struct day_row, day_fields);

struct note_row {
    struct srv_alert_note n;
    struct cm_extra extra;
};
static const struct cm_field note_fields[] = {
    WORD(struct note_row, 1, n.word, SRV_ALERT_WAS_RESOLVED),
    INSTANT(struct note_row, 2, n.wall_ms),
    TEXT(struct note_row, 3, n.by),
    TEXT(struct note_row, 4, n.reason),
};
static const struct cm_table note_table = TABLE("note of an alert", struct note_row, note_fields);

struct message_row {
    uint8_t id[16], alert_id[16];
    char student_id[CM_ID_SIZE];
    int32_t recipient;
    char user[64], name[CM_NAME_SIZE], phone[SRV_PHONE_SIZE], email[SRV_EMAIL_SIZE], provider[16];
    char provider_id[SRV_PROVIDER_ID_SIZE];
    int32_t state, tries;
    int64_t next_try_wall_ms, created_wall_ms, changed_wall_ms;
    int32_t error_code;
    char error_text[CM_TEXT_SIZE];
    int32_t step_count;
    struct cm_extra extra;
};
static const struct cm_field message_fields[] = {
    BYTES(struct message_row, 1, id),
    BYTES(struct message_row, 2, alert_id),
    TEXT(struct message_row, 3, student_id),
    WORD(struct message_row, 4, recipient, SRV_RECIPIENT_COORDINATOR),
    TEXT(struct message_row, 5, user),
    TEXT(struct message_row, 6, name),
    TEXT(struct message_row, 7, phone),
    TEXT(struct message_row, 8, email),
    TEXT(struct message_row, 9, provider),
    TEXT(struct message_row, 10, provider_id),
    WORD(struct message_row, 11, state, SRV_MESSAGE_UNKNOWN),
    AMOUNT(struct message_row, 12, tries),
    INSTANT(struct message_row, 13, next_try_wall_ms),
    INSTANT(struct message_row, 14, created_wall_ms),
    INSTANT(struct message_row, 15, changed_wall_ms),
    NUMBER(struct message_row, 16, error_code),
    TEXT(struct message_row, 17, error_text),
    CM_ROW_RANGE(struct message_row, 18, 1, INTEGER, step_count, 0, SRV_MESSAGE_STEPS_MAX),
};
static const struct cm_table message_table = TABLE("message", struct message_row, message_fields);

struct step_row {
    struct srv_message_step s;
    struct cm_extra extra;
};
static const struct cm_field step_fields[] = {
    WORD(struct step_row, 1, s.state, SRV_MESSAGE_UNKNOWN),
    INSTANT(struct step_row, 2, s.wall_ms),
};
static const struct cm_table step_table = TABLE("step of a message", struct step_row, step_fields);

struct cursor_row {
    char class_id[CM_ID_SIZE];
    int32_t first_date, date, hold, held_date;
    int64_t held_wall_ms;
    int32_t station_count, listed_count;
    struct cm_extra extra;
};
static const struct cm_field cursor_fields[] = {
    TEXT(struct cursor_row, 1, class_id),
    NUMBER(struct cursor_row, 2, date),
    CM_ROW_RANGE(struct cursor_row, 3, 1, INTEGER, hold, SRV_HOLD_NONE, SRV_HOLD_NOBODY),
    NUMBER(struct cursor_row, 4, held_date),
    INSTANT(struct cursor_row, 5, held_wall_ms),
    AMOUNT(struct cursor_row, 6, station_count),
    CM_ROW_RANGE(struct cursor_row, 7, 1, INTEGER, listed_count, 0, SRV_HOLD_STATIONS_MAX),
    NUMBER(struct cursor_row, 8, first_date),
};
static const struct cm_table cursor_table = TABLE("alert cursor", struct cursor_row, cursor_fields);

struct station_row {
    char id[40];
    struct cm_extra extra;
};
static const struct cm_field station_fields[] = {TEXT(struct station_row, 1, id)};
static const struct cm_table station_table = TABLE("station of a hold", struct station_row, station_fields);

/* ---- records one after the other, each with its size before it ---- */

enum { PREFIX = 2 };

static enum cm_code append(const struct cm_table *table, const void *record, uint8_t *bytes, size_t *size,
                           struct cm_err *err)
{
    size_t more;
    if (*size + PREFIX > SRV_ALERT_ROW_MAX)
        return cm_fail(err, CM_NOMEM, "a %s has no room left in its row", table->name);
    enum cm_code code = cm_table_encode(table, record, bytes + *size + PREFIX,
                                        SRV_ALERT_ROW_MAX - PREFIX - *size, &more, err);
    if (code != CM_OK)
        return code;
    srv_put_u16(bytes + *size, (uint16_t)more);
    *size += PREFIX + more;
    return CM_OK;
}

static enum cm_code take(const struct cm_table *table, const uint8_t **at, const uint8_t *end,
                         void *ret_record, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    if (end - *at < PREFIX || end - *at - PREFIX < srv_get_u16(*at))
        return srv_damaged("a row of the alerts is cut short", err);
    size_t size = srv_get_u16(*at);
    enum cm_code code = cm_table_decode(table, *at + PREFIX, size, ret_record, &why);
    if (code != CM_OK)
        return cm_fail(err, code == CM_NEWER ? CM_NEWER : CM_CORRUPT, "a %s of the store does not decode: %s",
                       table->name, why.msg);
    *at += PREFIX + size;
    return CM_OK;
}

static enum cm_code take_end(const uint8_t *at, const uint8_t *end, struct cm_err *err)
{
    return at == end ? CM_OK : srv_damaged("a row of the alerts has more than it says", err);
}

/* ---- alerts ---- */

enum cm_code srv_alert_encode(const struct srv_alert *alert, uint8_t bytes[SRV_ALERT_ROW_MAX],
                              size_t *ret_size, struct cm_err *err)
{
    struct alert_row row = {
        .trigger_date = alert->trigger_date,
        .generation = alert->generation,
        .absent_count = alert->absent_count,
        .state = (int32_t)alert->state,
        .repeat = alert->repeat,
        .created_wall_ms = alert->created_wall_ms,
        .acknowledged_wall_ms = alert->acknowledged_wall_ms,
        .day_count = alert->day_count,
        .note_count = alert->note_count,
    };
    memcpy(row.id, alert->id, sizeof row.id);
    memcpy(row.student_id, alert->student_id, sizeof row.student_id);
    memcpy(row.class_id, alert->class_id, sizeof row.class_id);
    size_t size = 0;
    enum cm_code code = append(&alert_table, &row, bytes, &size, err);
    for (int i = 0; i < alert->day_count && code == CM_OK; i++) {
        struct day_row day = {.d = alert->days[i]};
        code = append(&day_table, &day, bytes, &size, err);
    }
    for (int i = 0; i < alert->note_count && code == CM_OK; i++) {
        struct note_row note = {.n = alert->notes[i]};
        code = append(&note_table, &note, bytes, &size, err);
    }
    *ret_size = size;
    return code;
}

enum cm_code srv_alert_decode(struct cm_bytes bytes, struct srv_alert *ret_alert, struct cm_err *err)
{
    const uint8_t *at = bytes.data, *end = at + bytes.size;
    struct alert_row row;
    enum cm_code code = take(&alert_table, &at, end, &row, err);
    if (code != CM_OK)
        return code;
    *ret_alert = (struct srv_alert){
        .trigger_date = row.trigger_date,
        .generation = row.generation,
        .absent_count = row.absent_count,
        .repeat = row.repeat,
        .state = (enum srv_alert_state)row.state,
        .created_wall_ms = row.created_wall_ms,
        .acknowledged_wall_ms = row.acknowledged_wall_ms,
        .day_count = row.day_count,
        .note_count = row.note_count,
    };
    memcpy(ret_alert->id, row.id, sizeof row.id);
    memcpy(ret_alert->student_id, row.student_id, sizeof row.student_id);
    memcpy(ret_alert->class_id, row.class_id, sizeof row.class_id);
    for (int i = 0; i < row.day_count && code == CM_OK; i++) {
        struct day_row day;
        code = take(&day_table, &at, end, &day, err);
        if (code == CM_OK)
            ret_alert->days[i] = day.d;
    }
    for (int i = 0; i < row.note_count && code == CM_OK; i++) {
        struct note_row note;
        code = take(&note_table, &at, end, &note, err);
        if (code == CM_OK)
            ret_alert->notes[i] = note.n;
    }
    return code == CM_OK ? take_end(at, end, err) : code;
}

/* ---- messages ---- */

enum cm_code srv_message_encode(const struct srv_message *message, uint8_t bytes[SRV_ALERT_ROW_MAX],
                                size_t *ret_size, struct cm_err *err)
{
    struct message_row row = {
        .recipient = (int32_t)message->recipient,
        .state = (int32_t)message->state,
        .tries = message->tries,
        .next_try_wall_ms = message->next_try_wall_ms,
        .created_wall_ms = message->created_wall_ms,
        .changed_wall_ms = message->changed_wall_ms,
        .error_code = message->error_code,
        .step_count = message->step_count,
    };
    memcpy(row.id, message->id, sizeof row.id);
    memcpy(row.alert_id, message->alert_id, sizeof row.alert_id);
    memcpy(row.student_id, message->student_id, sizeof row.student_id);
    memcpy(row.user, message->user, sizeof row.user);
    memcpy(row.name, message->name, sizeof row.name);
    memcpy(row.phone, message->phone, sizeof row.phone);
    memcpy(row.email, message->email, sizeof row.email);
    memcpy(row.provider, message->provider, sizeof row.provider);
    memcpy(row.provider_id, message->provider_id, sizeof row.provider_id);
    memcpy(row.error_text, message->error_text, sizeof row.error_text);
    size_t size = 0;
    enum cm_code code = append(&message_table, &row, bytes, &size, err);
    for (int i = 0; i < message->step_count && code == CM_OK; i++) {
        struct step_row step = {.s = message->steps[i]};
        code = append(&step_table, &step, bytes, &size, err);
    }
    *ret_size = size;
    return code;
}

enum cm_code srv_message_decode(struct cm_bytes bytes, struct srv_message *ret_message, struct cm_err *err)
{
    const uint8_t *at = bytes.data, *end = at + bytes.size;
    struct message_row row;
    enum cm_code code = take(&message_table, &at, end, &row, err);
    if (code != CM_OK)
        return code;
    *ret_message = (struct srv_message){
        .recipient = (enum srv_recipient)row.recipient,
        .state = (enum srv_message_state)row.state,
        .tries = row.tries,
        .next_try_wall_ms = row.next_try_wall_ms,
        .created_wall_ms = row.created_wall_ms,
        .changed_wall_ms = row.changed_wall_ms,
        .error_code = row.error_code,
        .step_count = row.step_count,
    };
    memcpy(ret_message->id, row.id, sizeof row.id);
    memcpy(ret_message->alert_id, row.alert_id, sizeof row.alert_id);
    memcpy(ret_message->student_id, row.student_id, sizeof row.student_id);
    memcpy(ret_message->user, row.user, sizeof row.user);
    memcpy(ret_message->name, row.name, sizeof row.name);
    memcpy(ret_message->phone, row.phone, sizeof row.phone);
    memcpy(ret_message->email, row.email, sizeof row.email);
    memcpy(ret_message->provider, row.provider, sizeof row.provider);
    memcpy(ret_message->provider_id, row.provider_id, sizeof row.provider_id);
    memcpy(ret_message->error_text, row.error_text, sizeof row.error_text);
    for (int i = 0; i < row.step_count && code == CM_OK; i++) {
        struct step_row step;
        code = take(&step_table, &at, end, &step, err);
        if (code == CM_OK)
            ret_message->steps[i] = step.s;
    }
    return code == CM_OK ? take_end(at, end, err) : code;
}

/* ---- cursors ---- */

enum cm_code srv_cursor_encode(const struct srv_alert_cursor *cursor, uint8_t bytes[SRV_ALERT_ROW_MAX],
                               size_t *ret_size, struct cm_err *err)
{
    struct cursor_row row = {
        .first_date = cursor->first_date,
        .date = cursor->date,
        .hold = (int32_t)cursor->hold,
        .held_date = cursor->held_date,
        .held_wall_ms = cursor->held_wall_ms,
        .station_count = cursor->station_count,
        .listed_count = cursor->listed_count,
    };
    memcpy(row.class_id, cursor->class_id, sizeof row.class_id);
    size_t size = 0;
    enum cm_code code = append(&cursor_table, &row, bytes, &size, err);
    for (int i = 0; i < cursor->listed_count && code == CM_OK; i++) {
        struct station_row station = {0};
        memcpy(station.id, cursor->stations[i], sizeof station.id);
        code = append(&station_table, &station, bytes, &size, err);
    }
    *ret_size = size;
    return code;
}

enum cm_code srv_cursor_decode(struct cm_bytes bytes, struct srv_alert_cursor *ret_cursor, struct cm_err *err)
{
    const uint8_t *at = bytes.data, *end = at + bytes.size;
    struct cursor_row row;
    enum cm_code code = take(&cursor_table, &at, end, &row, err);
    if (code != CM_OK)
        return code;
    *ret_cursor = (struct srv_alert_cursor){
        .first_date = row.first_date,
        .date = row.date,
        .hold = (enum srv_hold)row.hold,
        .held_date = row.held_date,
        .held_wall_ms = row.held_wall_ms,
        .station_count = row.station_count,
        .listed_count = row.listed_count,
    };
    memcpy(ret_cursor->class_id, row.class_id, sizeof row.class_id);
    for (int i = 0; i < row.listed_count && code == CM_OK; i++) {
        struct station_row station;
        code = take(&station_table, &at, end, &station, err);
        if (code == CM_OK)
            memcpy(ret_cursor->stations[i], station.id, sizeof station.id);
    }
    return code == CM_OK ? take_end(at, end, err) : code;
}
