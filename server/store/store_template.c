/* Templates, sealed per student. */
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"

#include "crypt/seal.h"
#include "lane/rule.h"
#include "record/codec.h"
#include "store/settings.h"
#include <stdio.h>
#include <string.h>

enum { PLAIN_MAX = 2048, TEMPLATES_MAX = 100 };

/* ---- how the vault reaches its rows ---- */

static enum cm_code io_get(void *txn, int table, const void *key, size_t key_size, struct cm_bytes *ret_value,
                           struct cm_err *err)
{
    struct srv_kv_txn *kv = txn;
    return kv->ops->get(kv->impl, table, key, key_size, ret_value, err);
}

static enum cm_code io_put(void *txn, int table, const void *key, size_t key_size, const void *value,
                           size_t value_size, struct cm_err *err)
{
    struct srv_kv_txn *kv = txn;
    return kv->ops->put(kv->impl, table, key, key_size, value, value_size, err);
}

static enum cm_code io_walk(void *txn, int table, struct cm_bytes first, size_t prefix_size,
                            cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_kv_txn *kv = txn;
    return kv->ops->walk(kv->impl, table, first, prefix_size, visit, arg, err);
}

struct commit {
    struct srv_kvstore *store;
    cm_keyvault_fn *fn;
    void *arg;
};

/* The write comes first, then the vault: as in every other place that needs both. */
static enum cm_code run_commit(struct srv_kv_txn *txn, void *arg, struct cm_err *err)
{
    const struct commit *commit = arg;
    pthread_mutex_lock(&commit->store->vault_lock);
    enum cm_code code = commit->fn(txn, commit->arg, err);
    pthread_mutex_unlock(&commit->store->vault_lock);
    return code;
}

static enum cm_code io_commit(void *db, cm_keyvault_fn *fn, void *arg, struct cm_err *err)
{
    struct srv_kvstore *store = db;
    struct commit commit = {store, fn, arg};
    return store->kv->ops->write(store->kv, run_commit, &commit, err);
}

const struct cm_keyvault_io srv_vault_io = {io_get, io_put, io_walk, io_commit};

static enum cm_code student_key(struct srv_tx *tx, const char *student_id, bool create,
                                uint8_t ret_key[CM_KEY_SIZE], struct cm_err *err)
{
    struct srv_kvstore *store = tx->store;
    pthread_mutex_lock(&store->vault_lock);
    enum cm_code code = cm_keyvault_key(&store->vault, &tx->primary, student_id, create, ret_key, err);
    pthread_mutex_unlock(&store->vault_lock);
    return code;
}

/* ---- writing ---- */

static enum cm_code put_sealed(struct srv_tx *tx, const struct cm_template *template_, size_t number,
                               const uint8_t key_bytes[CM_KEY_SIZE], struct cm_err *err)
{
    uint8_t plain[PLAIN_MAX], sealed[PLAIN_MAX + CM_SEAL_OVERHEAD];
    struct srv_key key = {0};
    uint8_t tail[2];
    size_t size;
    srv_key_text(&key, template_->student_id);
    srv_put_u16(tail, (uint16_t)number);
    srv_key_bytes(&key, tail, sizeof tail);
    enum cm_code code = cm_record_encode(CM_RECORD_TEMPLATE, template_, plain, sizeof plain, &size, err);
    if (code == CM_OK) {
        cm_seal(key_bytes, plain, size, sealed);
        code = srv_put(tx, SRV_T_TEMPLATES, &key, sealed, size + CM_SEAL_OVERHEAD, err);
    }
    cm_wipe(plain, sizeof plain);
    return code;
}

enum cm_code srv_shred_templates(struct srv_tx *tx, const char *student_id, bool *ret_any, struct cm_err *err)
{
    struct srv_key key = {0}, prefix = {0};
    struct cm_bytes value;
    srv_key_bytes(&key, student_id, strlen(student_id)); /* the vault's keys have no NUL */
    srv_key_text(&prefix, student_id);
    enum cm_code code = srv_get(tx, SRV_T_KEYS, &key, &value, err);
    *ret_any = code == CM_OK;
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    code = srv_delete(tx, SRV_T_KEYS, &key, err);
    if (code == CM_OK)
        code = srv_delete_prefix(tx, SRV_T_TEMPLATES, &prefix, err);
    if (code == CM_OK)
        tx->store->forget_keys = true; /* the master key turns at the end of the write */
    return code;
}

enum cm_code srv_rotate_keys(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_kvstore *store = tx->store;
    pthread_mutex_lock(&store->vault_lock);
    enum cm_code code = cm_keyvault_rotate(&store->vault, &tx->primary, err);
    pthread_mutex_unlock(&store->vault_lock);
    return code;
}

static enum cm_code check(const char *student_id, const struct cm_template *templates, size_t count,
                          struct cm_err *err)
{
    uint8_t plain[PLAIN_MAX];
    size_t size;
    enum cm_code code = CM_OK;
    if (count > TEMPLATES_MAX)
        return cm_fail(err, CM_INVALID, "%zu templates; a student has %d at most", count, TEMPLATES_MAX);
    for (size_t i = 0; i < count && code == CM_OK; i++) {
        if (strcmp(templates[i].student_id, student_id) != 0)
            return cm_fail(err, CM_INVALID, "a template of %s among those of %s", templates[i].student_id,
                           student_id);
        code = cm_record_encode(CM_RECORD_TEMPLATE, &templates[i], plain, sizeof plain, &size, err);
    }
    cm_wipe(plain, sizeof plain);
    return code;
}

static enum cm_code replace(struct srv_tx *tx, const char *student_id, const struct cm_template *templates,
                            size_t count, struct cm_err *err)
{
    uint8_t key_bytes[CM_KEY_SIZE];
    struct srv_key prefix = {0};
    srv_key_text(&prefix, student_id);
    enum cm_code code = srv_delete_prefix(tx, SRV_T_TEMPLATES, &prefix, err);
    if (code == CM_OK)
        code = student_key(tx, student_id, true, key_bytes, err);
    for (size_t i = 0; i < count && code == CM_OK; i++)
        code = put_sealed(tx, &templates[i], i, key_bytes, err);
    cm_wipe(key_bytes, sizeof key_bytes);
    return code;
}

void srv_note_unenrolled(struct srv_student *student)
{
    int64_t before_ms = student->unenrolled_wall_ms;
    student->unenrolled_wall_ms =
        student->changed_wall_ms > before_ms ? student->changed_wall_ms : before_ms + 1;
}

static enum cm_code put_templates(struct srv_store *store, const char *student_id,
                                  const struct cm_template *templates, size_t count, struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_student student;
    bool any, consent_required = true;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_load_student(tx, student_id, &student, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no student %.63s", student_id);
    if (code == CM_OK && student.archived && count > 0)
        code = cm_fail(err, CM_INVALID, "%s has left: no templates", student_id);
    if (code == CM_OK)
        code = srv_setting_flag(store, SRV_SETTING_CONSENT_REQUIRED, true, &consent_required, err);
    if (code == CM_OK && count > 0 && !cm_consent_allows_face(student.base.consent, consent_required))
        code = cm_fail(err, CM_INVALID, "there is no consent for templates of %.63s", student_id);
    if (code == CM_OK)
        code = check(student_id, templates, count, err);
    if (code == CM_OK)
        code = count > 0 ? replace(tx, student_id, templates, count, err)
                         : srv_shred_templates(tx, student_id, &any, err);
    if (code != CM_OK)
        return code;
    student.changed_wall_ms = cm_wall_ms(tx->store->clock);
    if (count == 0 && student.template_count > 0)
        srv_note_unenrolled(&student);
    student.template_count = (int32_t)count;
    code = srv_save_student(tx, &student, err);
    return code == CM_OK ? srv_note_change(tx, SRV_CHANGE_TEMPLATES, student_id, err) : code;
}

enum cm_code srv_kvs_put_templates(struct srv_store *store, const char *student_id,
                                   const struct cm_template *templates, size_t count, struct cm_err *err)
{
    const uint64_t before = srv_store_written(store);
    enum cm_code code = put_templates(store, student_id, templates, count, err);
    if (count == 0) /* un-enrolling erases faces */
        ((struct srv_kvstore *)store)->written_erasing += srv_store_written(store) - before;
    return code;
}

enum cm_code srv_withdraw_templates(struct srv_tx *tx, struct srv_student *student, struct cm_err *err)
{
    bool any;
    enum cm_code code = srv_shred_templates(tx, student->base.id, &any, err);
    student->changed_wall_ms = cm_wall_ms(tx->store->clock);
    student->template_count = 0; /* older ones of a station are told by consent_refused_wall_ms */
    if (code == CM_OK)
        code = srv_save_student(tx, student, err);
    return code == CM_OK ? srv_note_change(tx, SRV_CHANGE_TEMPLATES, student->base.id, err) : code;
}

/* ---- reading ---- */

struct each {
    struct srv_tx *tx;
    srv_template_visit_fn *visit;
    void *arg;
    char student_id[CM_ID_SIZE]; /* whose key is in key_bytes; "" nobody's */
    uint8_t key_bytes[CM_KEY_SIZE];
};

static enum cm_code take_key(struct each *each, const char *student_id, struct cm_err *err)
{
    if (strcmp(each->student_id, student_id) == 0)
        return CM_OK;
    each->student_id[0] = '\0';
    enum cm_code code = student_key(each->tx, student_id, false, each->key_bytes, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_CORRUPT, "the templates of %s have no key", student_id);
    if (code == CM_OK)
        strcpy(each->student_id, student_id);
    return code;
}

static enum cm_code unseal(struct each *each, const char *student_id, struct cm_bytes value,
                           struct cm_template *ret_template, struct cm_err *err)
{
    uint8_t plain[PLAIN_MAX];
    if (value.size < CM_SEAL_OVERHEAD || value.size > sizeof plain + CM_SEAL_OVERHEAD)
        return srv_damaged("a template has the wrong size", err);
    enum cm_code code = take_key(each, student_id, err);
    if (code == CM_OK && cm_seal_open(each->key_bytes, value.data, value.size, plain, NULL) != CM_OK)
        code = cm_fail(err, CM_CORRUPT, "a template of %s does not open", student_id);
    if (code == CM_OK && (cm_record_decode(CM_RECORD_TEMPLATE, plain, value.size - CM_SEAL_OVERHEAD,
                                           ret_template, NULL) != CM_OK ||
                          strcmp(ret_template->student_id, student_id) != 0))
        code = cm_fail(err, CM_CORRUPT, "a template of %s does not decode", student_id);
    cm_wipe(plain, sizeof plain);
    return code;
}

static enum cm_code visit_sealed(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct each *each = arg;
    struct cm_template template_;
    const uint8_t *at = key.data;
    const char *student_id = srv_take_text(&at, at + key.size, CM_ID_SIZE);
    if (student_id == NULL)
        return srv_damaged("a template is nobody's", err);
    enum cm_code code = unseal(each, student_id, value, &template_, err);
    if (code != CM_OK)
        return code;
    bool more = each->visit(each->arg, &template_);
    cm_wipe(&template_, sizeof template_);
    return more ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_template(struct srv_store *store, const char *student_id,
                                   srv_template_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each each = {.visit = visit, .arg = arg};
    struct srv_key first = {0};
    enum cm_code code = student_id != NULL ? srv_check_id("student", student_id, err) : CM_OK;
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    if (student_id != NULL)
        srv_key_text(&first, student_id);
    code = srv_walk(tx, SRV_T_TEMPLATES, &first, first.size, visit_sealed, &each, err);
    cm_wipe(each.key_bytes, sizeof each.key_bytes);
    srv_tx_end(&own);
    return code;
}
