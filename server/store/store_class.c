/* Classes and the calendar. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"

#include "record/codec.h"
#include <stdio.h>
#include <string.h>

static struct srv_key id_key(const char *id)
{
    struct srv_key key = {0};
    srv_key_text(&key, id);
    return key;
}

/* ---- classes ---- */

static enum cm_code decode_class(struct cm_bytes value, struct cm_class *ret_class, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    enum cm_code code = cm_record_decode(CM_RECORD_CLASS, value.data, value.size, ret_class, &why);
    if (code == CM_OK)
        return CM_OK;
    return cm_fail(err, CM_CORRUPT, "a class of the store does not decode: %s", why.msg);
}

enum cm_code srv_load_class(struct srv_tx *tx, const char *id, struct cm_class *ret_class, struct cm_err *err)
{
    struct cm_bytes value;
    if (srv_check_id("class", id, NULL) != CM_OK)
        return CM_NOTFOUND;
    struct srv_key key = id_key(id);
    enum cm_code code = srv_get(tx, SRV_T_CLASSES, &key, &value, err);
    return code == CM_OK ? decode_class(value, ret_class, err) : code;
}

enum cm_code srv_kvs_get_class(struct srv_store *store, const char *id, struct cm_class *ret_class,
                               struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_load_class(tx, id, ret_class, err);
    srv_tx_end(&own);
    return code;
}

static bool same_times(const struct cm_class *a, const struct cm_class *b)
{
    return a->start_minute == b->start_minute && a->late_after_min == b->late_after_min &&
           a->close_after_min == b->close_after_min && a->weekdays == b->weekdays;
}

enum cm_code srv_kvs_put_class(struct srv_store *store, const struct cm_class *class_, struct cm_err *err)
{
    struct srv_tx *tx;
    struct cm_class before;
    struct cm_bytes old;
    uint8_t row[CM_EVENT_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_check_id("class", class_->id, err);
    if (code == CM_OK)
        code = cm_class_check(class_, err);
    if (code == CM_OK)
        code = cm_record_encode(CM_RECORD_CLASS, class_, row, sizeof row, &size, err);
    if (code != CM_OK)
        return code;
    struct srv_key key = id_key(class_->id);
    code = srv_get(tx, SRV_T_CLASSES, &key, &old, err);
    if (code == CM_OK && old.size == size && memcmp(old.data, row, size) == 0)
        return CM_OK;
    bool known = code == CM_OK;
    if (known)
        code = decode_class(old, &before, err);
    if (code == CM_OK || code == CM_NOTFOUND)
        code = srv_put(tx, SRV_T_CLASSES, &key, row, size, err);
    if (code == CM_OK)
        code = srv_note_change(tx, SRV_CHANGE_CLASS, class_->id, err);
    if (code == CM_OK && !(known && same_times(&before, class_)))
        code = srv_derive_class(tx, class_->id, err);
    return code;
}

static enum cm_code find_any(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    bool *found = arg;
    (void)key;
    (void)err;
    if (value.size == 4 && srv_get_u32(value.data) == 0) /* open: a present member */
        *found = true;
    return *found ? CM_EOF : CM_OK;
}

enum cm_code srv_kvs_delete_class(struct srv_store *store, const char *id, struct cm_err *err)
{
    struct srv_tx *tx;
    struct cm_class class_;
    bool members = false;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_load_class(tx, id, &class_, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no class %.63s", id);
    if (code != CM_OK)
        return code;
    struct srv_key key = id_key(id);
    code = srv_walk(tx, SRV_T_MEMBERS, &key, key.size, find_any, &members, err);
    if (code == CM_OK && members)
        return cm_fail(err, CM_EXISTS, "class %s still has students", id);
    if (code == CM_OK)
        code = srv_delete(tx, SRV_T_CLASSES, &key, err);
    if (code == CM_OK)
        code = srv_alerts_forget_class(tx, id, err);
    if (code == CM_OK)
        code = srv_note_change(tx, SRV_CHANGE_CLASS, id, err);
    return code == CM_OK ? srv_derive_class(tx, id, err) : code;
}

struct each_class {
    srv_class_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_class(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_class *each = arg;
    struct cm_class class_;
    (void)key;
    enum cm_code code = decode_class(value, &class_, err);
    if (code != CM_OK)
        return code;
    return each->visit(each->arg, &class_) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_class(struct srv_store *store, srv_class_visit_fn *visit, void *arg,
                                struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key all = {0};
    struct each_class each = {visit, arg};
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_walk(tx, SRV_T_CLASSES, &all, 0, visit_class, &each, err);
    srv_tx_end(&own);
    return code;
}

/* ---- calendar ---- */

static enum cm_code closure_key(int32_t date, const char *class_id, struct srv_key *ret_key,
                                struct cm_err *err)
{
    if (!cm_date_valid(date))
        return cm_fail(err, CM_INVALID, "%d is not a date", (int)date);
    if (class_id[0] != '\0' && srv_check_id("class", class_id, err) != CM_OK)
        return CM_INVALID;
    ret_key->size = 0;
    srv_key_u32(ret_key, (uint32_t)date);
    srv_key_text(ret_key, class_id);
    return CM_OK;
}

enum { CLOSURE_MAX = CM_LABEL_SIZE + 4 };

/* A day without school is its label alone, as ever. */
static size_t closure_encode(const struct cm_closure *closure, uint8_t bytes[CLOSURE_MAX])
{
    size_t size = strlen(closure->label) + 1;
    memcpy(bytes, closure->label, size);
    if (closure->kind == CM_CLOSURE_CLOSED)
        return size;
    srv_put_u16(bytes + size, (uint16_t)closure->start_minute);
    srv_put_u16(bytes + size + 2, (uint16_t)closure->close_after_min);
    return size + 4;
}

enum cm_code srv_closure_decode(struct cm_bytes key, struct cm_bytes value, struct cm_closure *ret_closure,
                                struct cm_err *err)
{
    const uint8_t *at = (const uint8_t *)key.data + 4, *end = (const uint8_t *)key.data + key.size;
    const uint8_t *rest = value.data, *value_end = rest + value.size;
    struct cm_closure closure = {.kind = CM_CLOSURE_CLOSED};
    const char *class_id = key.size > 4 ? srv_take_text(&at, end, CM_ID_SIZE) : NULL;
    const char *label = value.size > 0 ? srv_take_text(&rest, value_end, CM_LABEL_SIZE) : NULL;
    if (class_id == NULL || label == NULL || (rest != value_end && rest + 4 != value_end))
        return srv_damaged("an entry of the calendar does not decode", err);
    closure.date = (int32_t)srv_get_u32(key.data);
    strcpy(closure.class_id, class_id);
    strcpy(closure.label, label);
    if (rest != value_end) {
        closure.kind = CM_CLOSURE_SHORT;
        closure.start_minute = srv_get_u16(rest);
        closure.close_after_min = srv_get_u16(rest + 2);
    }
    *ret_closure = closure;
    return CM_OK;
}

static bool same_day(const struct cm_closure *a, const struct cm_closure *b)
{
    return a->kind == b->kind && (a->kind == CM_CLOSURE_CLOSED || (a->start_minute == b->start_minute &&
                                                                   a->close_after_min == b->close_after_min));
}

enum cm_code srv_kvs_put_closure(struct srv_store *store, const struct cm_closure *closure,
                                 struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key;
    struct cm_bytes old;
    struct cm_closure before;
    uint8_t bytes[CLOSURE_MAX];
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = cm_closure_check(closure, err);
    if (code == CM_OK)
        code = closure_key(closure->date, closure->class_id, &key, err);
    if (code == CM_OK && strnlen(closure->label, CM_LABEL_SIZE) == CM_LABEL_SIZE)
        code = cm_fail(err, CM_INVALID, "a closure's label has no end");
    if (code != CM_OK)
        return code;
    code = srv_get(tx, SRV_T_CLOSURES, &key, &old, err);
    bool known = code == CM_OK;
    if (known)
        code = srv_closure_decode(srv_key_all(&key), old, &before, err);
    if (code == CM_OK || code == CM_NOTFOUND)
        code = srv_put(tx, SRV_T_CLOSURES, &key, bytes, closure_encode(closure, bytes), err);
    if (code == CM_OK)
        code = srv_note_change(tx, SRV_CHANGE_CALENDAR, "", err);
    return code == CM_OK && !(known && same_day(&before, closure))
               ? srv_derive_closure(tx, closure->class_id, closure->date, err)
               : code;
}

enum cm_code srv_kvs_delete_closure(struct srv_store *store, int32_t date, const char *class_id,
                                    struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key;
    struct cm_bytes old;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = closure_key(date, class_id, &key, err);
    if (code == CM_OK)
        code = srv_get(tx, SRV_T_CLOSURES, &key, &old, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no such closure");
    if (code == CM_OK)
        code = srv_delete(tx, SRV_T_CLOSURES, &key, err);
    if (code == CM_OK)
        code = srv_note_change(tx, SRV_CHANGE_CALENDAR, "", err);
    return code == CM_OK ? srv_derive_closure(tx, class_id, date, err) : code;
}

struct each_closure {
    srv_closure_visit_fn *visit;
    void *arg;
    int32_t to;
};

static enum cm_code visit_closure(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_closure *each = arg;
    struct cm_closure closure;
    enum cm_code code = srv_closure_decode(key, value, &closure, err);
    if (code != CM_OK)
        return code;
    if (closure.date > each->to)
        return CM_EOF;
    return each->visit(each->arg, &closure) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_closure(struct srv_store *store, int32_t from, int32_t to,
                                  srv_closure_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key first = {0};
    struct each_closure each = {visit, arg, to};
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    srv_key_u32(&first, (uint32_t)from);
    code = srv_walk(tx, SRV_T_CLOSURES, &first, 0, visit_closure, &each, err);
    srv_tx_end(&own);
    return code;
}
