/* Derived rows as bytes: fixed numbers, big endian, for they are read by the thousand. */
#include "store/derive_kv.h"

#include <stdio.h>
#include <string.h>

enum { FORMAT = 2, FORMAT_OF_STANDINGS = 1 };

/* ---- days ---- */

enum {
    DAY_MARK = 1,
    DAY_CORRECTION = 2,
    DAY_FIRST_TRY = 4,
    DAY_EYE_CONTACT = 8,
    DAY_CLOCK_SUSPECT = 16,
    DAY_LENT = 32,
    DAY_BORROWED = 64,
    DAY_NO_FACE = 128,
    DAY_HEAD = 1 + 1 + 4,
    DAY_MARK_SIZE = 8 + 16 + 8,
    DAY_CORRECTION_SIZE = 1 + 8 + 16 + 8,
    DAY_BORROWED_SIZE = 8 + 8 + 8,
};

void srv_day_key(const char *class_id, int32_t date, const char *student_id, struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_text(ret_key, class_id);
    srv_key_u32(ret_key, (uint32_t)date);
    srv_key_text(ret_key, student_id);
}

static uint8_t *put_evidence(uint8_t *at, const struct cm_evidence *e)
{
    if (e->has_mark) {
        srv_put_u64(at, (uint64_t)e->captured_wall_ms);
        memcpy(at + 8, e->mark_id, 16);
        srv_put_u64(at + 24, e->mark_number);
        at += DAY_MARK_SIZE;
    }
    if (e->has_correction) {
        *at = (uint8_t)e->corrected;
        srv_put_u64(at + 1, (uint64_t)e->corrected_wall_ms);
        memcpy(at + 9, e->correction_id, 16);
        srv_put_u64(at + 25, e->correction_number);
        at += DAY_CORRECTION_SIZE;
    }
    return at;
}

static size_t day_encode(const struct srv_day_row *row, uint8_t bytes[SRV_DAY_ROW_MAX])
{
    const struct cm_evidence *e = &row->evidence;
    bytes[0] = (uint8_t)((e->has_mark ? DAY_MARK : 0) | (e->has_correction ? DAY_CORRECTION : 0) |
                         (e->first_try ? DAY_FIRST_TRY : 0) | (e->eye_contact ? DAY_EYE_CONTACT : 0) |
                         (e->clock_suspect ? DAY_CLOCK_SUSPECT : 0) | (row->lent ? DAY_LENT : 0) |
                         (row->borrowed ? DAY_BORROWED : 0) | (e->no_face ? DAY_NO_FACE : 0));
    bytes[1] = (uint8_t)row->status;
    srv_put_u32(bytes + 2, (uint32_t)row->points);
    uint8_t *at = put_evidence(bytes + DAY_HEAD, e);
    if (row->borrowed) {
        srv_put_u64(at, (uint64_t)row->captured_wall_ms);
        srv_put_u64(at + 8, row->mark_feed);
        srv_put_u64(at + 16, row->correction_feed);
        at += DAY_BORROWED_SIZE;
    }
    return (size_t)(at - bytes);
}

static size_t day_size(uint8_t flags)
{
    return DAY_HEAD + (flags & DAY_MARK ? DAY_MARK_SIZE : 0u) +
           (flags & DAY_CORRECTION ? DAY_CORRECTION_SIZE : 0u) +
           (flags & DAY_BORROWED ? DAY_BORROWED_SIZE : 0u);
}

enum cm_code srv_day_decode(struct cm_bytes value, struct srv_day_row *ret_row, struct cm_err *err)
{
    const uint8_t *bytes = value.data, *at = bytes + DAY_HEAD;
    struct srv_day_row row = {0};
    struct cm_evidence *e = &row.evidence;
    if (value.size < DAY_HEAD || value.size != day_size(bytes[0]) || bytes[1] > CM_ROLL_PENDING)
        return srv_damaged("a day does not decode", err);
    e->has_mark = (bytes[0] & DAY_MARK) != 0;
    e->has_correction = (bytes[0] & DAY_CORRECTION) != 0;
    e->first_try = (bytes[0] & DAY_FIRST_TRY) != 0;
    e->eye_contact = (bytes[0] & DAY_EYE_CONTACT) != 0;
    e->clock_suspect = (bytes[0] & DAY_CLOCK_SUSPECT) != 0;
    e->no_face = (bytes[0] & DAY_NO_FACE) != 0;
    row.lent = (bytes[0] & DAY_LENT) != 0;
    row.borrowed = (bytes[0] & DAY_BORROWED) != 0;
    row.status = (enum cm_roll_status)bytes[1];
    row.points = (int32_t)srv_get_u32(bytes + 2);
    if (e->has_mark) {
        row.captured_wall_ms = e->captured_wall_ms = (int64_t)srv_get_u64(at);
        memcpy(e->mark_id, at + 8, 16);
        row.mark_feed = e->mark_number = srv_get_u64(at + 24);
        at += DAY_MARK_SIZE;
    }
    if (e->has_correction) {
        e->corrected = (enum cm_roll_status)at[0];
        e->corrected_wall_ms = (int64_t)srv_get_u64(at + 1);
        memcpy(e->correction_id, at + 9, 16);
        row.correction_feed = e->correction_number = srv_get_u64(at + 25);
        at += DAY_CORRECTION_SIZE;
    }
    if (row.borrowed) {
        row.captured_wall_ms = (int64_t)srv_get_u64(at);
        row.mark_feed = srv_get_u64(at + 8);
        row.correction_feed = srv_get_u64(at + 16);
    }
    *ret_row = row;
    return CM_OK;
}

bool srv_day_says_nothing(const struct srv_day_row *row)
{
    return !row->evidence.has_mark && !row->evidence.has_correction && row->status == CM_ROLL_NONE;
}

enum cm_code srv_day_load(struct srv_tx *tx, const struct srv_key *key, struct srv_day_row *ret_row,
                          struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = srv_get(tx, SRV_T_DAYS, key, &value, err);
    return code == CM_OK ? srv_day_decode(value, ret_row, err) : code;
}

enum cm_code srv_day_save(struct srv_tx *tx, const struct srv_key *key, const struct srv_day_row *row,
                          struct cm_err *err)
{
    uint8_t bytes[SRV_DAY_ROW_MAX];
    if (srv_day_says_nothing(row))
        return srv_delete(tx, SRV_T_DAYS, key, err);
    return srv_put(tx, SRV_T_DAYS, key, bytes, day_encode(row, bytes), err);
}

/* ---- sessions ---- */

enum { SESSION_HEAD = 2 + 4 + 4 + 7 * 4 };

void srv_session_key(const char *class_id, int32_t date, struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_text(ret_key, class_id);
    srv_key_u32(ret_key, (uint32_t)date);
}

enum { SESSION_SCHOOL = 0x80 }; /* beside the state */

/* A word: 1 byte, said (8), id (16), by, reason. */
enum { WORD_HEAD = 1 + 8 + 16, WORD_MAX = WORD_HEAD + CM_NAME_SIZE + CM_TEXT_SIZE };
_Static_assert(SESSION_HEAD + WORD_MAX <= SRV_SESSION_ROW_MAX, "a session's row fits");

static size_t word_encode(const struct cm_word *word, uint8_t bytes[WORD_MAX])
{
    size_t by = strlen(word->by) + 1, reason = strlen(word->reason) + 1;
    bytes[0] = (uint8_t)word->word;
    srv_put_u64(bytes + 1, (uint64_t)word->said_wall_ms);
    memcpy(bytes + 9, word->id, sizeof word->id);
    memcpy(bytes + WORD_HEAD, word->by, by);
    memcpy(bytes + WORD_HEAD + by, word->reason, reason);
    return WORD_HEAD + by + reason;
}

static enum cm_code word_decode(const uint8_t *bytes, const uint8_t *end, struct cm_word *ret_word,
                                struct cm_err *err)
{
    struct cm_word word = {0};
    const uint8_t *at = bytes + WORD_HEAD;
    if (end - bytes <= WORD_HEAD || bytes[0] == 0 || bytes[0] >= CM_WORD_KINDS)
        return srv_damaged("a word about a session does not decode", err);
    const char *by = srv_take_text(&at, end, sizeof word.by);
    const char *reason = by != NULL ? srv_take_text(&at, end, sizeof word.reason) : NULL;
    if (reason == NULL || at != end)
        return srv_damaged("a word about a session does not decode", err);
    word.word = (enum cm_session_word)bytes[0];
    word.said_wall_ms = (int64_t)srv_get_u64(bytes + 1);
    memcpy(word.id, bytes + 9, sizeof word.id);
    strcpy(word.by, by);
    strcpy(word.reason, reason);
    *ret_word = word;
    return CM_OK;
}

enum cm_code srv_word_load(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_word *ret_word,
                           struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    *ret_word = (struct cm_word){0};
    srv_session_key(class_id, date, &key);
    enum cm_code code = srv_get(tx, SRV_T_WORDS, &key, &value, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    return word_decode(value.data, (const uint8_t *)value.data + value.size, ret_word, err);
}

enum cm_code srv_word_save(struct srv_tx *tx, const char *class_id, int32_t date, const struct cm_word *word,
                           struct cm_err *err)
{
    uint8_t bytes[WORD_MAX];
    struct srv_key key;
    srv_session_key(class_id, date, &key);
    return srv_put(tx, SRV_T_WORDS, &key, bytes, word_encode(word, bytes), err);
}

enum cm_code srv_session_save(struct srv_tx *tx, const struct srv_session_info *info, struct cm_err *err)
{
    const int32_t counts[] = {info->present,  info->late,    info->excused, info->absent,
                              info->unjudged, info->pending, info->none};
    uint8_t bytes[SRV_SESSION_ROW_MAX];
    struct srv_key key;
    bytes[0] = FORMAT;
    bytes[1] = (uint8_t)((unsigned)info->state | (info->school ? SESSION_SCHOOL : 0u));
    srv_put_u32(bytes + 2, (uint32_t)info->able_min);
    srv_put_u32(bytes + 6, (uint32_t)info->window_min);
    for (int i = 0; i < 7; i++)
        srv_put_u32(bytes + 10 + 4 * i, (uint32_t)counts[i]);
    size_t word = info->word.word != 0 ? word_encode(&info->word, bytes + SESSION_HEAD) : 0;
    srv_session_key(info->class_id, info->date, &key);
    return srv_put(tx, SRV_T_SESSIONS, &key, bytes, SESSION_HEAD + word, err);
}

static void take_closing(struct srv_session_info *info)
{
    if (info->word.word != CM_WORD_CLOSED)
        return;
    strcpy(info->closed_by, info->word.by);
    info->closed_wall_ms = info->word.said_wall_ms;
}

enum cm_code srv_session_decode(struct cm_bytes key, struct cm_bytes value, struct srv_session_info *ret_info,
                                struct cm_err *err)
{
    const uint8_t *bytes = value.data, *at = key.data;
    struct srv_session_info info = {0};
    const char *class_id = srv_take_text(&at, at + key.size, CM_ID_SIZE);
    if (class_id == NULL || (const uint8_t *)key.data + key.size != at + 4 || value.size < SESSION_HEAD ||
        bytes[0] != FORMAT || (bytes[1] & ~SESSION_SCHOOL) > SRV_SESSION_UNJUDGED)
        return srv_damaged("a session does not decode", err);
    strcpy(info.class_id, class_id);
    info.date = (int32_t)srv_get_u32(at);
    info.state = (enum srv_session_state)(bytes[1] & ~SESSION_SCHOOL);
    info.school = (bytes[1] & SESSION_SCHOOL) != 0;
    info.able_min = (int32_t)srv_get_u32(bytes + 2);
    info.window_min = (int32_t)srv_get_u32(bytes + 6);
    int32_t *const counts[] = {&info.present,  &info.late,    &info.excused, &info.absent,
                               &info.unjudged, &info.pending, &info.none};
    for (int i = 0; i < 7; i++)
        *counts[i] = (int32_t)srv_get_u32(bytes + 10 + 4 * i);
    if (value.size > SESSION_HEAD) {
        enum cm_code code = word_decode(bytes + SESSION_HEAD, bytes + value.size, &info.word, err);
        if (code != CM_OK)
            return code;
    }
    take_closing(&info);
    *ret_info = info;
    return CM_OK;
}

bool srv_session_meets(struct cm_bytes value)
{
    return value.size > 1 && (((const uint8_t *)value.data)[1] & SESSION_SCHOOL) != 0;
}

enum srv_session_state srv_session_state_of(struct cm_bytes value)
{
    return value.size > 1 ? (enum srv_session_state)(((const uint8_t *)value.data)[1] & ~SESSION_SCHOOL)
                          : SRV_SESSION_OPEN;
}

/* ---- standings ---- */

enum { STANDING_SIZE = 1 + 4 + 7 * 4 + 4 * 4 + 4 + 8 + 8 };

enum cm_code srv_standing_save(struct srv_tx *tx, const char *student_id, const struct cm_standing *row,
                               struct cm_err *err)
{
    const int32_t runs[] = {row->before.streak, row->before.best, row->now.streak, row->now.best};
    uint8_t bytes[STANDING_SIZE];
    struct srv_key key = {0};
    int32_t days = 0;
    bytes[0] = FORMAT_OF_STANDINGS;
    srv_put_u32(bytes + 1, (uint32_t)row->points);
    for (int i = 0; i <= CM_ROLL_PENDING; i++) {
        srv_put_u32(bytes + 5 + 4 * i, (uint32_t)row->counts[i]);
        days += row->counts[i];
    }
    for (int i = 0; i < 4; i++)
        srv_put_u32(bytes + 33 + 4 * i, (uint32_t)runs[i]);
    srv_put_u32(bytes + 49, (uint32_t)row->last_date);
    srv_put_u64(bytes + 53, (uint64_t)row->first_seen_wall_ms);
    srv_put_u64(bytes + 61, (uint64_t)row->last_seen_wall_ms);
    srv_key_text(&key, student_id);
    if (days == 0)
        return srv_delete(tx, SRV_T_STANDINGS, &key, err);
    return srv_put(tx, SRV_T_STANDINGS, &key, bytes, sizeof bytes, err);
}

enum cm_code srv_standing_load(struct srv_tx *tx, const char *student_id, struct cm_standing *ret_standing,
                               struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    struct cm_standing row = {0};
    srv_key_text(&key, student_id);
    enum cm_code code = srv_get(tx, SRV_T_STANDINGS, &key, &value, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (code == CM_OK) {
        const uint8_t *bytes = value.data;
        if (value.size != STANDING_SIZE || bytes[0] != FORMAT_OF_STANDINGS)
            return srv_damaged("a standing does not decode", err);
        row.points = (int32_t)srv_get_u32(bytes + 1);
        for (int i = 0; i <= CM_ROLL_PENDING; i++)
            row.counts[i] = (int32_t)srv_get_u32(bytes + 5 + 4 * i);
        row.before = (struct cm_run){(int32_t)srv_get_u32(bytes + 33), (int32_t)srv_get_u32(bytes + 37)};
        row.now = (struct cm_run){(int32_t)srv_get_u32(bytes + 41), (int32_t)srv_get_u32(bytes + 45)};
        row.last_date = (int32_t)srv_get_u32(bytes + 49);
        row.first_seen_wall_ms = (int64_t)srv_get_u64(bytes + 53);
        row.last_seen_wall_ms = (int64_t)srv_get_u64(bytes + 61);
    }
    *ret_standing = row;
    return CM_OK;
}
