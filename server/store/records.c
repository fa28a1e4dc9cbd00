#include "store/records.h"

#include "record/codec.h"
#include "store/row_table.h"
#include <assert.h>
#include <string.h>

/* ---- what is kept, and in which order of keys ---- */

struct student_row {
    struct srv_student s;
    struct cm_extra extra;
};
static const struct cm_field student_fields[] = {
    TEXT(struct student_row, 1, s.base.id),
    TEXT(struct student_row, 2, s.base.name),
    TEXT(struct student_row, 3, s.base.class_id),
    TEXT(struct student_row, 4, s.roll_number),
    TEXT(struct student_row, 5, s.nickname),
    FLAG(struct student_row, 6, s.board_hidden),
    FLAG(struct student_row, 7, s.archived),
    NUMBER(struct student_row, 8, s.joined_date),
    NUMBER(struct student_row, 9, s.left_date),
    TEXT(struct student_row, 10, s.parent_name),
    TEXT(struct student_row, 11, s.parent_phone),
    TEXT(struct student_row, 12, s.note),
    NUMBER(struct student_row, 13, s.template_count),
    INSTANT(struct student_row, 14, s.created_wall_ms),
    INSTANT(struct student_row, 15, s.changed_wall_ms),
    CM_ROW_RANGE(struct student_row, 16, 2, INTEGER, s.given_again_wall_ms, INT64_MIN, INT64_MAX),
    CM_ROW_RANGE(struct student_row, 17, 2, INTEGER, s.unenrolled_wall_ms, INT64_MIN, INT64_MAX),
    CM_ROW(struct student_row, 18, 3, TEXT, s.parent_email),
    CM_ROW(struct student_row, 19, 3, BOOL, s.base.accommodation),
    CM_ROW(struct student_row, 20, 3, BYTES, s.base.card_tag),
    CM_ROW(struct student_row, 21, 3, TEXT, s.base.pin_hash),
};
static const struct cm_table student_table = TABLE("student", struct student_row, student_fields);

struct user_row {
    char name[64];
    char full_name[CM_NAME_SIZE];
    int32_t role;
    char student_id[CM_ID_SIZE];
    char password_hash[SRV_PASSWORD_HASH_SIZE];
    bool must_change_password, disabled;
    int64_t password_expires_ms, created_wall_ms, password_changed_ms;
    char phone[SRV_PHONE_SIZE], email[SRV_EMAIL_SIZE];
    struct cm_extra extra;
};
static const struct cm_field user_fields[] = {
    TEXT(struct user_row, 1, name),
    TEXT(struct user_row, 2, full_name),
    NUMBER(struct user_row, 3, role),
    TEXT(struct user_row, 4, student_id),
    TEXT(struct user_row, 5, password_hash),
    FLAG(struct user_row, 6, must_change_password),
    FLAG(struct user_row, 7, disabled),
    INSTANT(struct user_row, 8, password_expires_ms),
    INSTANT(struct user_row, 9, created_wall_ms),
    INSTANT(struct user_row, 10, password_changed_ms),
    CM_ROW(struct user_row, 11, 3, TEXT, phone),
    CM_ROW(struct user_row, 12, 3, TEXT, email),
};
static const struct cm_table user_table = TABLE("user", struct user_row, user_fields);

struct station_row {
    char id[40];
    char name[CM_NAME_SIZE];
    int32_t log;
    bool paired, revoked;
    uint8_t public_key[CM_PUBLIC_KEY_SIZE], token_hash[32];
    int64_t created_wall_ms, paired_wall_ms, last_seen_wall_ms, clock_offset_ms;
    char version[16], camera[64];
    struct cm_extra extra;
};
static const struct cm_field station_fields[] = {
    TEXT(struct station_row, 1, id),
    TEXT(struct station_row, 2, name),
    NUMBER(struct station_row, 3, log),
    FLAG(struct station_row, 4, paired),
    FLAG(struct station_row, 5, revoked),
    BYTES(struct station_row, 6, public_key),
    BYTES(struct station_row, 7, token_hash),
    INSTANT(struct station_row, 8, created_wall_ms),
    INSTANT(struct station_row, 9, paired_wall_ms),
    INSTANT(struct station_row, 10, last_seen_wall_ms),
    INSTANT(struct station_row, 11, clock_offset_ms),
    TEXT(struct station_row, 12, version),
    TEXT(struct station_row, 13, camera),
};
static const struct cm_table station_table = TABLE("station", struct station_row, station_fields);

struct login_row {
    struct srv_session s;
    struct cm_extra extra;
};
static const struct cm_field login_fields[] = {
    BYTES(struct login_row, 1, s.id),
    TEXT(struct login_row, 2, s.user),
    INSTANT(struct login_row, 3, s.created_wall_ms),
    INSTANT(struct login_row, 4, s.expires_wall_ms),
    TEXT(struct login_row, 5, s.agent),
    TEXT(struct login_row, 6, s.address),
};
static const struct cm_table login_table = TABLE("login", struct login_row, login_fields);

struct code_row {
    struct srv_code c;
    struct cm_extra extra;
};
static const struct cm_field code_fields[] = {
    BYTES(struct code_row, 1, c.hash),      TEXT(struct code_row, 2, c.kind),
    TEXT(struct code_row, 3, c.subject),    INSTANT(struct code_row, 4, c.expires_wall_ms),
    NUMBER(struct code_row, 5, c.failures),
};
static const struct cm_table code_table = TABLE("code", struct code_row, code_fields);

struct review_row {
    struct srv_review r;
    struct cm_extra extra;
};
static const struct cm_field review_fields[] = {
    CM_ROW_RANGE(struct review_row, 1, 1, INTEGER, r.state, SRV_REVIEW_OPEN, SRV_REVIEW_DISMISSED),
    TEXT(struct review_row, 2, r.by),
    TEXT(struct review_row, 3, r.note),
    INSTANT(struct review_row, 4, r.reviewed_wall_ms),
};
static const struct cm_table review_table = TABLE("review", struct review_row, review_fields);

struct log_row {
    struct srv_log l;
    struct cm_extra extra;
};
static const struct cm_field log_fields[] = {
    TEXT(struct log_row, 1, l.station_id),
    CM_ROW_RANGE(struct log_row, 2, 1, INTEGER, l.acked_seq, 0, INT64_MAX),
    BYTES(struct log_row, 3, l.head_hash),
    INSTANT(struct log_row, 4, l.first_wall_ms),
    INSTANT(struct log_row, 5, l.last_wall_ms),
    INSTANT(struct log_row, 6, l.reach_wall_ms),
    FLAG(struct log_row, 7, l.forked),
    CM_ROW_RANGE(struct log_row, 8, 1, INTEGER, l.forked_seq, 0, INT64_MAX),
    INSTANT(struct log_row, 9, l.latest_wall_ms),
    CM_ROW_RANGE(struct log_row, 10, 2, INTEGER, l.forked_wall_ms, INT64_MIN, INT64_MAX),
    CM_ROW(struct log_row, 11, 2, TEXT, l.forked_address),
    CM_ROW(struct log_row, 12, 2, BYTES, l.refused),
};
static const struct cm_table log_table = TABLE("log", struct log_row, log_fields);

/* ---- a record, and behind it a list of classes ---- */

enum { PREFIX = 2 }; /* size of the record */

static enum cm_code decode(const struct cm_table *table, const uint8_t *bytes, size_t size, void *ret_record,
                           struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    enum cm_code code = cm_table_decode(table, bytes, size, ret_record, &why);
    if (code == CM_OK)
        return CM_OK;
    return cm_fail(err, code == CM_NEWER ? CM_NEWER : CM_CORRUPT, "a %s of the store does not decode: %s",
                   table->name, why.msg);
}

static enum cm_code encode_listed(const struct cm_table *table, const void *record, int count,
                                  const char (*classes)[CM_ID_SIZE], uint8_t bytes[SRV_ROW_MAX],
                                  size_t *ret_size, struct cm_err *err)
{
    size_t size;
    enum cm_code code =
        cm_table_encode(table, record, bytes + PREFIX, SRV_ROW_MAX - PREFIX - 32 * CM_ID_SIZE, &size, err);
    if (code != CM_OK)
        return code;
    if (count < 0 || count > 32)
        return cm_fail(err, CM_INVALID, "%s: %d classes; 32 at most", table->name, count);
    srv_put_u16(bytes, (uint16_t)size);
    size += PREFIX;
    for (int i = 0; i < count; i++) {
        if ((code = srv_check_id("class", classes[i], err)) != CM_OK)
            return code;
        size_t length = strlen(classes[i]) + 1;
        memcpy(bytes + size, classes[i], length);
        size += length;
    }
    *ret_size = size;
    return CM_OK;
}

static enum cm_code decode_listed(const struct cm_table *table, struct cm_bytes row, void *ret_record,
                                  int *ret_count, char (*ret_classes)[CM_ID_SIZE], struct cm_err *err)
{
    const uint8_t *at = row.data, *end = at + row.size;
    int count = 0;
    if (row.size < PREFIX || (size_t)srv_get_u16(at) > row.size - PREFIX)
        return srv_damaged("a row is cut short", err);
    size_t size = srv_get_u16(at);
    enum cm_code code = decode(table, at + PREFIX, size, ret_record, err);
    at += PREFIX + size;
    while (code == CM_OK && at < end) {
        const char *class_id = srv_take_text(&at, end, CM_ID_SIZE);
        if (class_id == NULL || count == 32)
            return srv_damaged("a list of classes has no end", err);
        strcpy(ret_classes[count++], class_id);
    }
    *ret_count = count;
    return code;
}

/* ---- students, logins, codes, reviews, logs: the struct itself with room for unknown fields ---- */

#define PLAIN(word_, row_, member_, type_)                                                                   \
    enum cm_code srv_##word_##_encode(const struct type_ *value, uint8_t bytes[SRV_ROW_MAX],                 \
                                      size_t *ret_size, struct cm_err *err)                                  \
    {                                                                                                        \
        struct row_ row = {.member_ = *value};                                                               \
        return cm_table_encode(&word_##_table, &row, bytes, SRV_ROW_MAX, ret_size, err);                     \
    }                                                                                                        \
    enum cm_code srv_##word_##_decode(struct cm_bytes bytes, struct type_ *ret_value, struct cm_err *err)    \
    {                                                                                                        \
        struct row_ row;                                                                                     \
        enum cm_code code = decode(&word_##_table, bytes.data, bytes.size, &row, err);                       \
        if (code == CM_OK)                                                                                   \
            *ret_value = row.member_;                                                                        \
        return code;                                                                                         \
    }

PLAIN(student, student_row, s, srv_student)
PLAIN(login, login_row, s, srv_session)
PLAIN(code, code_row, c, srv_code)
PLAIN(review, review_row, r, srv_review)
PLAIN(log, log_row, l, srv_log)

/* ---- users ---- */

enum cm_code srv_user_encode(const struct srv_user *user, uint8_t bytes[SRV_ROW_MAX], size_t *ret_size,
                             struct cm_err *err)
{
    struct user_row row = {
        .role = (int32_t)user->role,
        .must_change_password = user->must_change_password,
        .disabled = user->disabled,
        .password_expires_ms = user->password_expires_ms,
        .created_wall_ms = user->created_wall_ms,
        .password_changed_ms = user->password_changed_ms,
    };
    memcpy(row.name, user->name, sizeof row.name);
    memcpy(row.full_name, user->full_name, sizeof row.full_name);
    memcpy(row.student_id, user->student_id, sizeof row.student_id);
    memcpy(row.password_hash, user->password_hash, sizeof row.password_hash);
    memcpy(row.phone, user->phone, sizeof row.phone);
    memcpy(row.email, user->email, sizeof row.email);
    return encode_listed(&user_table, &row, user->class_count, user->classes, bytes, ret_size, err);
}

enum cm_code srv_user_decode(struct cm_bytes bytes, struct srv_user *ret_user, struct cm_err *err)
{
    struct user_row row;
    struct srv_user user = {0};
    enum cm_code code = decode_listed(&user_table, bytes, &row, &user.class_count, user.classes, err);
    if (code != CM_OK)
        return code;
    memcpy(user.name, row.name, sizeof user.name);
    memcpy(user.full_name, row.full_name, sizeof user.full_name);
    memcpy(user.student_id, row.student_id, sizeof user.student_id);
    memcpy(user.password_hash, row.password_hash, sizeof user.password_hash);
    memcpy(user.phone, row.phone, sizeof user.phone);
    memcpy(user.email, row.email, sizeof user.email);
    user.role = (uint32_t)row.role;
    user.must_change_password = row.must_change_password;
    user.disabled = row.disabled;
    user.password_expires_ms = row.password_expires_ms;
    user.created_wall_ms = row.created_wall_ms;
    user.password_changed_ms = row.password_changed_ms;
    *ret_user = user;
    return CM_OK;
}

/* ---- stations ---- */

enum cm_code srv_station_encode(const struct srv_station *station, uint32_t log, uint8_t bytes[SRV_ROW_MAX],
                                size_t *ret_size, struct cm_err *err)
{
    struct station_row row = {
        .log = (int32_t)log,
        .paired = station->paired,
        .revoked = station->revoked,
        .created_wall_ms = station->created_wall_ms,
        .paired_wall_ms = station->paired_wall_ms,
        .last_seen_wall_ms = station->last_seen_wall_ms,
        .clock_offset_ms = station->clock_offset_ms,
    };
    memcpy(row.id, station->id, sizeof row.id);
    memcpy(row.name, station->name, sizeof row.name);
    memcpy(row.public_key, station->public_key, sizeof row.public_key);
    memcpy(row.token_hash, station->token_hash, sizeof row.token_hash);
    memcpy(row.version, station->version, sizeof row.version);
    memcpy(row.camera, station->camera, sizeof row.camera);
    return encode_listed(&station_table, &row, station->class_count, station->classes, bytes, ret_size, err);
}

enum cm_code srv_station_decode(struct cm_bytes bytes, struct srv_station *ret_station, uint32_t *ret_log,
                                struct cm_err *err)
{
    struct station_row row;
    struct srv_station station = {0};
    enum cm_code code =
        decode_listed(&station_table, bytes, &row, &station.class_count, station.classes, err);
    if (code != CM_OK)
        return code;
    memcpy(station.id, row.id, sizeof station.id);
    memcpy(station.name, row.name, sizeof station.name);
    memcpy(station.public_key, row.public_key, sizeof station.public_key);
    memcpy(station.token_hash, row.token_hash, sizeof station.token_hash);
    memcpy(station.version, row.version, sizeof station.version);
    memcpy(station.camera, row.camera, sizeof station.camera);
    station.paired = row.paired;
    station.revoked = row.revoked;
    station.created_wall_ms = row.created_wall_ms;
    station.paired_wall_ms = row.paired_wall_ms;
    station.last_seen_wall_ms = row.last_seen_wall_ms;
    station.clock_offset_ms = row.clock_offset_ms;
    *ret_station = station;
    *ret_log = (uint32_t)row.log;
    return CM_OK;
}
