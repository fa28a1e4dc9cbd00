/* Templates that were made here and are to go up. One row a student: uploads: id → how it stands. */
#include "store/store_sync.h"

#include "record/table.h"
#include "store/store_private.h"
#include <stdio.h>
#include <string.h>

enum { RECORD_MAX = 512 };

struct upload_record { /* as stored */
    struct stn_upload upload;
    struct cm_extra extra;
};

static const struct cm_field upload_rows[] = {
    CM_ROW(struct upload_record, 1, 1, TEXT, upload.student_id),
    CM_ROW_RANGE(struct upload_record, 2, 1, INTEGER, upload.state, STN_UPLOAD_WAITING,
                 STN_UPLOAD_NO_CONSENT),
    CM_ROW(struct upload_record, 3, 1, TEXT, upload.other_id),
    CM_ROW_RANGE(struct upload_record, 4, 1, INTEGER, upload.number, 0, INT64_MAX),
    CM_ROW_RANGE(struct upload_record, 5, 3, INTEGER, upload.unenrolled_ms, 0, INT64_MAX),
    CM_ROW_RANGE(struct upload_record, 6, 3, INTEGER, upload.consent_ms, 0, INT64_MAX),
};
static const struct cm_table upload_table = {
    .name = "upload",
    .fields = upload_rows,
    .count = sizeof upload_rows / sizeof upload_rows[0],
    .size = sizeof(struct upload_record),
    .extra = offsetof(struct upload_record, extra),
};

static enum cm_code decode(struct cm_bytes value, struct stn_upload *ret_upload, struct cm_err *err)
{
    struct upload_record record;
    struct cm_err why = CM_ERR_INIT;
    if (cm_table_decode(&upload_table, value.data, value.size, &record, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "an upload does not decode: %s", why.msg);
    *ret_upload = record.upload;
    return CM_OK;
}

static enum cm_code get(struct cm_txn *txn, const char *student_id, struct stn_upload *ret_upload,
                        struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = cm_txn_get(txn, STN_TABLE_UPLOADS, student_id, strlen(student_id), &value, err);
    return code == CM_OK ? decode(value, ret_upload, err) : code;
}

static enum cm_code put(struct cm_txn *txn, const struct stn_upload *upload, struct cm_err *err)
{
    struct upload_record record = {.upload = *upload};
    uint8_t bytes[RECORD_MAX];
    size_t size;
    enum cm_code code = cm_table_encode(&upload_table, &record, bytes, sizeof bytes, &size, err);
    if (code == CM_OK)
        code = cm_txn_put(txn, STN_TABLE_UPLOADS, upload->student_id, strlen(upload->student_id), bytes, size,
                          err);
    return code;
}

/* ---- what the server said of withdrawals: words of the meta table ---- */

static const char unenrolled_prefix[] = "unenrolled:";
enum { UNENROLLED_WORD_SIZE = sizeof unenrolled_prefix + CM_ID_SIZE };

static void unenrolled_word(const char *student_id, char word[UNENROLLED_WORD_SIZE])
{
    snprintf(word, UNENROLLED_WORD_SIZE, "%s%s", unenrolled_prefix, student_id);
}

enum cm_code stn_unenrolled_get(struct cm_txn *txn, const char *student_id, int64_t *ret_at_ms,
                                struct cm_err *err)
{
    char word[UNENROLLED_WORD_SIZE];
    uint64_t number;
    unenrolled_word(student_id, word);
    enum cm_code code = stn_meta_get_number(txn, word, &number, err);
    if (code == CM_OK)
        *ret_at_ms = (int64_t)number;
    return code;
}

enum cm_code stn_unenrolled_put(struct cm_txn *txn, const char *student_id, int64_t at_ms, struct cm_err *err)
{
    char word[UNENROLLED_WORD_SIZE];
    int64_t before_ms;
    unenrolled_word(student_id, word);
    enum cm_code code = stn_unenrolled_get(txn, student_id, &before_ms, err);
    return code == CM_OK && at_ms > before_ms ? stn_meta_put_number(txn, word, (uint64_t)at_ms, err) : code;
}

enum cm_code stn_unenrolled_forget(struct cm_txn *txn, const char *student_id, struct cm_err *err)
{
    char word[UNENROLLED_WORD_SIZE];
    unenrolled_word(student_id, word);
    enum cm_code code = cm_txn_delete(txn, STN_TABLE_META, word, strlen(word), err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code forget_unenrolled(struct cm_txn *txn, struct cm_err *err)
{
    size_t deleted;
    return cm_txn_delete_prefix(txn, STN_TABLE_META, unenrolled_prefix, sizeof unenrolled_prefix - 1,
                                &deleted, err);
}

/* ---- uploads ---- */

static enum cm_code add(struct cm_txn *txn, const char *student_id, int64_t number, int64_t unenrolled_ms,
                        int64_t consent_ms, struct cm_err *err)
{
    struct stn_upload upload = {.state = STN_UPLOAD_WAITING,
                                .number = number,
                                .unenrolled_ms = unenrolled_ms,
                                .consent_ms = consent_ms};
    snprintf(upload.student_id, sizeof upload.student_id, "%s", student_id);
    return put(txn, &upload, err);
}

enum cm_code stn_upload_add(struct cm_txn *txn, const char *student_id, uint64_t number, struct cm_err *err)
{
    int64_t unenrolled_ms;
    struct stn_consent consent;
    enum cm_code code = stn_unenrolled_get(txn, student_id, &unenrolled_ms, err);
    if (code == CM_OK)
        code = stn_consent_get(txn, student_id, &consent, err);
    return code == CM_OK ? add(txn, student_id, (int64_t)number, unenrolled_ms, consent.said_wall_ms, err)
                         : code;
}

enum cm_code stn_upload_forget(struct cm_txn *txn, const char *student_id, struct cm_err *err)
{
    enum cm_code code = cm_txn_delete(txn, STN_TABLE_UPLOADS, student_id, strlen(student_id), err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

bool stn_upload_waits(struct cm_txn *txn, const char *student_id)
{
    struct stn_upload upload;
    return get(txn, student_id, &upload, NULL) == CM_OK && upload.state != STN_UPLOAD_DUPLICATE;
}

enum cm_code stn_upload_known(struct cm_txn *txn, const char *student_id, enum cm_consent_state consent,
                              struct cm_err *err)
{
    struct stn_upload upload;
    enum cm_code code = get(txn, student_id, &upload, err);
    bool now = code == CM_OK && (upload.state == STN_UPLOAD_UNKNOWN ||
                                 (upload.state == STN_UPLOAD_NO_CONSENT && consent == CM_CONSENT_GIVEN));
    if (code == CM_NOTFOUND || (code == CM_OK && !now))
        return CM_OK;
    upload.state = STN_UPLOAD_WAITING;
    return code == CM_OK ? put(txn, &upload, err) : code;
}

/* Far behind every number of an enrolment, so that no later one gets the same. */
static const int64_t again_step = INT64_C(1) << 40;

/* The same templates; or, where none waited, those that are here by what the server said last. */
enum cm_code stn_upload_again(struct cm_txn *txn, const char *student_id, struct cm_err *err)
{
    struct stn_upload upload = {.number = 0};
    enum cm_code code = get(txn, student_id, &upload, err);
    bool waits = code == CM_OK && upload.state != STN_UPLOAD_DUPLICATE; /* the same templates as before */
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    int64_t number = upload.number < INT64_MAX - again_step ? upload.number + again_step : again_step;
    return waits ? add(txn, student_id, number, upload.unenrolled_ms, upload.consent_ms, err)
                 : stn_upload_add(txn, student_id, (uint64_t)number, err);
}

enum cm_code stn_upload_refuse(struct cm_txn *txn, const struct stn_upload *sent, const char *other_id,
                               bool *ret_current, struct cm_err *err)
{
    struct stn_upload upload;
    enum cm_code code = get(txn, sent->student_id, &upload, err);
    *ret_current = code == CM_OK && upload.number == sent->number;
    if (code == CM_NOTFOUND || (code == CM_OK && !*ret_current))
        return CM_OK;
    if (code == CM_OK && other_id[0] == '\0')
        return stn_upload_forget(txn, sent->student_id, err);
    upload.state = STN_UPLOAD_DUPLICATE;
    snprintf(upload.other_id, sizeof upload.other_id, "%s", other_id);
    return code == CM_OK ? put(txn, &upload, err) : code;
}

/* A pairing begins: everybody whose templates are not the server's goes up. What was said of withdrawals is forgotten: it may
 * have been another server, or a device of which this is a copy. */
enum cm_code stn_uploads_begin(struct cm_txn *txn, struct cm_err *err)
{
    struct stn_key key = {.size = 0};
    enum cm_code code = forget_unenrolled(txn, err);
    if (code != CM_OK)
        return code;
    while ((code = stn_table_next(txn, STN_TABLE_KEYS, &key, err)) == CM_OK) {
        char student_id[CM_ID_SIZE];
        if (key.size >= sizeof student_id)
            return cm_fail(err, CM_CORRUPT, "a student's key has the wrong size");
        memcpy(student_id, key.bytes, key.size);
        student_id[key.size] = '\0';
        if ((!stn_served_is(txn, STN_SERVED_TEMPLATES, student_id) || stn_upload_waits(txn, student_id)) &&
            (code = stn_upload_add(txn, student_id, 0, err)) != CM_OK)
            return code;
    }
    return code == CM_EOF ? CM_OK : code;
}

/* ---- for sync ---- */

struct next_upload {
    struct stn_store *store;
    struct stn_upload upload;
    bool found;
    struct cm_template *templates;
    size_t count;
};

static enum cm_code take_waiting(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct next_upload *next = arg;
    (void)key;
    enum cm_code code = decode(value, &next->upload, err);
    next->found = code == CM_OK && next->upload.state == STN_UPLOAD_WAITING;
    return next->found ? CM_EOF : code;
}

static enum cm_code find_erasure(struct cm_txn *txn, struct stn_upload *upload, struct cm_err *err)
{
    struct stn_erased erased = {.at_ms = 0};
    enum cm_code code = stn_erased_get(txn, upload->student_id, &erased, err);
    upload->erased_ms = erased.at_ms;
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code next_upload(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct next_upload *next = arg;
    enum cm_code code =
        cm_txn_walk(txn, STN_TABLE_UPLOADS, (struct cm_bytes){NULL, 0}, 0, take_waiting, next, err);
    if (code == CM_OK && !next->found)
        return CM_NOTFOUND;
    if (code == CM_OK)
        code = find_erasure(txn, &next->upload, err);
    if (code == CM_OK)
        code = stn_templates_read(next->store, txn, next->upload.student_id, next->templates,
                                  CM_SYNC_TEMPLATES_MAX, &next->count, err);
    return code;
}

enum cm_code stn_store_next_upload(struct stn_store *store, struct stn_upload *ret_upload,
                                   struct cm_template ret_templates[CM_SYNC_TEMPLATES_MAX], size_t *ret_count,
                                   struct cm_err *err)
{
    struct next_upload next = {.store = store, .templates = ret_templates};
    enum cm_code code = cm_db_read(store->db, next_upload, &next, err);
    if (code != CM_OK)
        return code;
    *ret_upload = next.upload;
    *ret_count = next.count;
    return CM_OK;
}

struct withdrawn {
    const char *student_id;
    int64_t at_ms;
};

static enum cm_code put_withdrawn(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct withdrawn *withdrawn = arg;
    return stn_unenrolled_put(txn, withdrawn->student_id, withdrawn->at_ms, err);
}

enum cm_code stn_store_note_unenrolled(struct stn_store *store, const char *student_id, int64_t at_ms,
                                       struct cm_err *err)
{
    struct withdrawn withdrawn = {student_id, at_ms};
    return stn_store_commit(store, put_withdrawn, &withdrawn, false, err);
}

struct settle {
    const struct stn_upload *upload;
    enum stn_upload_state state;
    const char *other_id;
};

static enum cm_code settle(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct settle *s = arg;
    struct stn_upload upload;
    enum cm_code code = get(txn, s->upload->student_id, &upload, err);
    if (code == CM_NOTFOUND || (code == CM_OK && upload.number != s->upload->number))
        return CM_OK; /* enrolled again, or erased, since it was sent: this answer is of the one before */
    if (code == CM_OK && s->state == STN_UPLOAD_DONE)
        return stn_upload_forget(txn, s->upload->student_id, err);
    upload.state = s->state;
    snprintf(upload.other_id, sizeof upload.other_id, "%s", s->other_id != NULL ? s->other_id : "");
    return code == CM_OK ? put(txn, &upload, err) : code;
}

enum cm_code stn_store_settle_upload(struct stn_store *store, const struct stn_upload *upload,
                                     enum stn_upload_state state, const char *other_id, struct cm_err *err)
{
    struct settle s = {upload, state, other_id};
    return stn_store_commit(store, settle, &s, false, err);
}

struct each_upload {
    stn_upload_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_upload(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_upload *each = arg;
    struct stn_upload upload;
    (void)key;
    enum cm_code code = decode(value, &upload, err);
    return code == CM_OK && !each->visit(each->arg, &upload) ? CM_EOF : code;
}

static enum cm_code each_upload(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    return cm_txn_walk(txn, STN_TABLE_UPLOADS, (struct cm_bytes){NULL, 0}, 0, visit_upload, arg, err);
}

enum cm_code stn_store_each_upload(struct stn_store *store, stn_upload_visit_fn *visit, void *arg,
                                   struct cm_err *err)
{
    struct each_upload each = {visit, arg};
    return cm_db_read(store->db, each_upload, &each, err);
}
