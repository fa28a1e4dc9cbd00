/* Sealed templates. */
#include "store/store.h"

#include "record/codec.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <stdio.h>
#include <string.h>

enum { PLAIN_MAX = 2048, KEY_MAX = CM_ID_SIZE + 2 };

/* The key of a student's template, or without its last two bytes the prefix of all. */
static size_t make_key(const char *student_id, size_t number, uint8_t key[KEY_MAX])
{
    size_t size = strlen(student_id) + 1;
    memcpy(key, student_id, size);
    key[size] = (uint8_t)(number >> 8);
    key[size + 1] = (uint8_t)number;
    return size + 2;
}

struct templates {
    struct stn_store *store;
    const char *student_id;
    const struct cm_template *templates;
    size_t count;
    const struct cm_consent *consent; /* said with it; NULL: before */
    struct cm_event event, said;
};

static enum cm_code put_sealed(struct cm_txn *txn, const struct cm_template *template_, size_t number,
                               const uint8_t student_key[CM_KEY_SIZE], struct cm_err *err)
{
    uint8_t key[KEY_MAX], plain[PLAIN_MAX], sealed[PLAIN_MAX + CM_SEAL_OVERHEAD];
    size_t size;
    enum cm_code code = cm_record_encode(CM_RECORD_TEMPLATE, template_, plain, sizeof plain, &size, err);
    if (code == CM_OK) {
        cm_seal(student_key, plain, size, sealed);
        code = cm_txn_put(txn, STN_TABLE_TEMPLATES, key, make_key(template_->student_id, number, key), sealed,
                          size + CM_SEAL_OVERHEAD, err);
    }
    cm_wipe(plain, sizeof plain);
    return code;
}

enum cm_code stn_templates_write(struct stn_store *store, struct cm_txn *txn, const char *student_id,
                                 const struct cm_template *templates, size_t count, struct cm_err *err)
{
    uint8_t prefix[KEY_MAX], student_key[CM_KEY_SIZE];
    size_t deleted;
    size_t prefix_size = make_key(student_id, 0, prefix) - 2;
    enum cm_code code = cm_txn_delete_prefix(txn, STN_TABLE_TEMPLATES, prefix, prefix_size, &deleted, err);
    if (code == CM_OK)
        code = stn_vault_key(store, txn, student_id, true, student_key, err);
    for (size_t i = 0; i < count && code == CM_OK; i++)
        code = put_sealed(txn, &templates[i], i, student_key, err);
    cm_wipe(student_key, sizeof student_key);
    return code;
}

static enum cm_code put_templates(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct templates *t = arg;
    enum cm_code code = t->consent != NULL ? stn_consent_say(t->store, txn, &t->said, err) : CM_OK;
    if (code == CM_OK)
        code = stn_consent_check(txn, t->student_id, err);
    if (code == CM_OK)
        code = stn_templates_write(t->store, txn, t->student_id, t->templates, t->count, err);
    if (code == CM_OK)
        code = stn_store_log(t->store, txn, &t->event, err);
    if (code == CM_OK && stn_txn_is_paired(txn))
        code = stn_upload_add(txn, t->student_id, t->event.seq, err);
    return code;
}

enum cm_code stn_store_put_templates(struct stn_store *store, const char *student_id,
                                     const struct cm_template *templates, size_t count,
                                     const struct cm_consent *consent, struct cm_err *err)
{
    struct templates t = {store, student_id, templates, count, consent, {0}, {0}};
    enum cm_code code = stn_store_check_id("student", student_id, err);
    if (code != CM_OK)
        return code;
    if (count == 0 || count > STN_TEMPLATES_MAX)
        return cm_fail(err, CM_INVALID, "%zu templates; a student has 1 to %d", count, STN_TEMPLATES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(templates[i].student_id, student_id) != 0)
            return cm_fail(err, CM_INVALID, "a template of %s among those of %s", templates[i].student_id,
                           student_id);
    }
    if (consent != NULL) {
        stn_store_envelope(store, CM_EVENT_CONSENT, &t.said);
        t.said.body.consent = *consent;
        snprintf(t.said.body.consent.student_id, CM_ID_SIZE, "%s", student_id);
    }
    stn_store_envelope(store, CM_EVENT_ENROLLED, &t.event);
    snprintf(t.event.body.enrolled.student_id, CM_ID_SIZE, "%s", student_id);
    memcpy(t.event.body.enrolled.model, templates[0].model, sizeof templates[0].model);
    t.event.body.enrolled.template_count = (int32_t)count;
    return stn_store_commit(store, put_templates, &t, false, err);
}

struct each {
    struct stn_store *store;
    struct cm_txn *txn;
    stn_template_visit_fn *visit;
    void *arg;
    size_t damaged;
    char student_id[CM_ID_SIZE]; /* whose key is in student_key; empty: nobody's */
    bool key_opens;
    uint8_t student_key[CM_KEY_SIZE];
};

static bool take_key(struct each *each, const char *student_id)
{
    if (strcmp(each->student_id, student_id) != 0) {
        snprintf(each->student_id, sizeof each->student_id, "%s", student_id);
        each->key_opens =
            stn_vault_key(each->store, each->txn, student_id, false, each->student_key, NULL) == CM_OK;
    }
    return each->key_opens;
}

static bool unseal(struct each *each, struct cm_bytes key, struct cm_bytes value,
                   struct cm_template *ret_template)
{
    uint8_t plain[PLAIN_MAX];
    const char *student_id = key.data;
    size_t id_size = strnlen(student_id, key.size);
    if (id_size == 0 || id_size >= CM_ID_SIZE || key.size != id_size + 3)
        return false;
    if (value.size < CM_SEAL_OVERHEAD || value.size > sizeof plain + CM_SEAL_OVERHEAD ||
        !take_key(each, student_id))
        return false;
    bool opened = cm_seal_open(each->student_key, value.data, value.size, plain, NULL) == CM_OK &&
                  cm_record_decode(CM_RECORD_TEMPLATE, plain, value.size - CM_SEAL_OVERHEAD, ret_template,
                                   NULL) == CM_OK &&
                  strcmp(ret_template->student_id, student_id) == 0;
    cm_wipe(plain, sizeof plain);
    return opened;
}

static enum cm_code visit_sealed(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    (void)err;
    struct each *each = arg;
    struct cm_template template_;
    if (!unseal(each, key, value, &template_)) {
        each->damaged++;
        return CM_OK;
    }
    bool more = each->visit(each->arg, &template_);
    cm_wipe(&template_, sizeof template_);
    return more ? CM_OK : CM_EOF;
}

static enum cm_code each_template(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct each *each = arg;
    each->txn = txn;
    enum cm_code code = stn_vault_ready(each->store, txn, err);
    if (code == CM_OK)
        code = cm_txn_walk(txn, STN_TABLE_TEMPLATES, (struct cm_bytes){NULL, 0}, 0, visit_sealed, each, err);
    cm_wipe(each->student_key, sizeof each->student_key);
    return code;
}

enum cm_code stn_store_each_template(struct stn_store *store, stn_template_visit_fn *visit, void *arg,
                                     size_t *ret_damaged, struct cm_err *err)
{
    struct each each = {.store = store, .visit = visit, .arg = arg};
    enum cm_code code = cm_db_read(store->db, each_template, &each, err);
    if (code == CM_OK && ret_damaged != NULL)
        *ret_damaged = each.damaged;
    return code;
}

/* ---- one student's ---- */

struct collect {
    struct cm_template *templates;
    size_t capacity, count;
};

static bool collect(void *arg, const struct cm_template *template_)
{
    struct collect *c = arg;
    if (c->count < c->capacity)
        c->templates[c->count++] = *template_;
    return c->count < c->capacity;
}

enum cm_code stn_templates_read(struct stn_store *store, struct cm_txn *txn, const char *student_id,
                                struct cm_template *ret_templates, size_t capacity, size_t *ret_count,
                                struct cm_err *err)
{
    struct collect c = {ret_templates, capacity, 0};
    struct each each = {.store = store, .txn = txn, .visit = collect, .arg = &c};
    uint8_t prefix[KEY_MAX];
    size_t prefix_size = make_key(student_id, 0, prefix) - 2;
    enum cm_code code = stn_vault_ready(store, txn, err);
    if (code == CM_OK)
        code = cm_txn_walk(txn, STN_TABLE_TEMPLATES, (struct cm_bytes){prefix, prefix_size}, prefix_size,
                           visit_sealed, &each, err);
    cm_wipe(each.student_key, sizeof each.student_key);
    if (code == CM_OK)
        *ret_count = c.count;
    return code;
}

enum cm_code stn_templates_delete(struct cm_txn *txn, const char *student_id, bool *ret_had,
                                  struct cm_err *err)
{
    uint8_t prefix[KEY_MAX];
    size_t deleted, prefix_size = make_key(student_id, 0, prefix) - 2;
    enum cm_code code = cm_txn_delete(txn, STN_TABLE_KEYS, student_id, strlen(student_id), err);
    bool had_key = code == CM_OK;
    if (code == CM_OK || code == CM_NOTFOUND)
        code = cm_txn_delete_prefix(txn, STN_TABLE_TEMPLATES, prefix, prefix_size, &deleted, err);
    if (code == CM_OK)
        *ret_had = had_key || deleted > 0;
    return code;
}

struct erase {
    struct stn_store *store;
    const char *student_id;
    struct cm_event event;
};

static enum cm_code erase(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct erase *e = arg;
    bool had = false;
    enum cm_code code = stn_templates_delete(txn, e->student_id, &had, err);
    if (code != CM_OK)
        return code;
    if (!had)
        return cm_fail(err, CM_NOTFOUND, "%s has no templates", e->student_id);
    code = stn_vault_rotate(e->store, txn, err);
    if (code == CM_OK)
        code = stn_store_log(e->store, txn, &e->event, err);
    if (code == CM_OK && stn_txn_is_paired(txn)) /* the server is to shred its own */
        code = stn_upload_add(txn, e->student_id, e->event.seq, err);
    return code;
}

enum cm_code stn_store_erase_templates(struct stn_store *store, const char *student_id, struct cm_err *err)
{
    struct erase e = {.store = store, .student_id = student_id};
    enum cm_code code = stn_store_check_id("student", student_id, err);
    if (code != CM_OK)
        return code;
    stn_store_envelope(store, CM_EVENT_ENROLLED,
                       &e.event); /* with no templates left: a running engine forgets him too */
    strcpy(e.event.body.enrolled.student_id, student_id);
    code = stn_store_commit(store, erase, &e, true, err);
    if (code == CM_OK)
        code = stn_vault_forget(store, err);
    return code;
}
