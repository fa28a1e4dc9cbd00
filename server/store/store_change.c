/* What stations pull: for each thing its newest change, in one order. */
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include <stdio.h>
#include <string.h>

static const char last_word[] = "last_change";

static void make_thing(enum srv_change_kind kind, bool erased, const char *id, struct srv_key *key)
{
    key->size = 0;
    srv_key_byte(key, (uint8_t)kind);
    srv_key_byte(key, erased);
    srv_key_text(key, id);
}

/* Forgets the thing's earlier change. */
static enum cm_code drop(struct srv_tx *tx, const struct srv_key *thing, struct cm_err *err)
{
    struct cm_bytes value;
    struct srv_key number = {0};
    enum cm_code code = srv_get(tx, SRV_T_CHANGE_OF, thing, &value, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    if (value.size != 8)
        return srv_damaged("a change has no number", err);
    srv_key_bytes(&number, value.data, value.size);
    code = srv_delete(tx, SRV_T_CHANGES, &number, err);
    return code == CM_OK ? srv_delete(tx, SRV_T_CHANGE_OF, thing, err) : code;
}

static enum cm_code note(struct srv_tx *tx, enum srv_change_kind kind, bool erased, const char *id,
                         struct cm_err *err)
{
    struct srv_key thing, number = {0};
    uint64_t last;
    make_thing(kind, erased, id, &thing);
    enum cm_code code = drop(tx, &thing, err);
    if (code == CM_OK)
        code = srv_get_counter(tx, last_word, &last, err);
    if (code == CM_OK)
        code = srv_put_counter(tx, last_word, last + 1, err);
    if (code != CM_OK)
        return code;
    srv_key_u64(&number, last + 1);
    code = srv_put(tx, SRV_T_CHANGES, &number, thing.bytes, thing.size, err);
    return code == CM_OK ? srv_put(tx, SRV_T_CHANGE_OF, &thing, number.bytes, number.size, err) : code;
}

enum cm_code srv_note_change(struct srv_tx *tx, enum srv_change_kind kind, const char *id, struct cm_err *err)
{
    return note(tx, kind, false, id, err);
}

enum cm_code srv_note_erased(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct srv_key thing;
    make_thing(SRV_CHANGE_STUDENT, false, student_id, &thing);
    enum cm_code code = drop(tx, &thing, err);
    make_thing(SRV_CHANGE_TEMPLATES, false, student_id, &thing);
    if (code == CM_OK)
        code = drop(tx, &thing, err);
    return code == CM_OK ? note(tx, SRV_CHANGE_STUDENT, true, student_id, err) : code;
}

struct each {
    struct srv_tx *tx;
    srv_change_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each *each = arg;
    const uint8_t *bytes = value.data, *at = bytes + 2;
    struct srv_change change = {0};
    const char *id = value.size > 2 ? srv_take_text(&at, bytes + value.size, CM_ID_SIZE) : NULL;
    if (id == NULL || key.size != 8)
        return srv_damaged("a change does not decode", err);
    change.number = srv_get_u64(key.data);
    change.kind = (enum srv_change_kind)bytes[0];
    change.erased = bytes[1] != 0;
    snprintf(change.id, sizeof change.id, "%s", id);
    enum cm_code code =
        change.erased ? srv_erased_when(each->tx, change.id, &change.erased_wall_ms, err) : CM_OK;
    if (code != CM_OK)
        return code;
    return each->visit(each->arg, &change) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_change(struct srv_store *store, uint64_t after, srv_change_visit_fn *visit,
                                 void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key first = {0};
    struct each each = {.visit = visit, .arg = arg};
    if (after == UINT64_MAX)
        return CM_OK;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    srv_key_u64(&first, after + 1);
    code = srv_walk(tx, SRV_T_CHANGES, &first, 0, visit_row, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_last_change(struct srv_store *store, uint64_t *ret_number, struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_get_counter(tx, last_word, ret_number, err);
    srv_tx_end(&own);
    return code;
}
