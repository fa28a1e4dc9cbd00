/* What stations pull: for each thing its newest change, in one order. */
#include "store/derive_kv.h"
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

static enum cm_code note_thing(struct srv_tx *tx, const struct srv_key *thing, struct cm_err *err)
{
    struct srv_key number = {0};
    uint64_t last;
    enum cm_code code = drop(tx, thing, err);
    if (code == CM_OK)
        code = srv_get_counter(tx, last_word, &last, err);
    if (code == CM_OK)
        code = srv_put_counter(tx, last_word, last + 1, err);
    if (code != CM_OK)
        return code;
    srv_key_u64(&number, last + 1);
    code = srv_put(tx, SRV_T_CHANGES, &number, thing->bytes, thing->size, err);
    return code == CM_OK ? srv_put(tx, SRV_T_CHANGE_OF, thing, number.bytes, number.size, err) : code;
}

static enum cm_code note(struct srv_tx *tx, enum srv_change_kind kind, bool erased, const char *id,
                         struct cm_err *err)
{
    struct srv_key thing;
    make_thing(kind, erased, id, &thing);
    return note_thing(tx, &thing, err);
}

/* ---- rolls: what is further back is dropped when something newer of the class comes ---- */

static int32_t oldest_roll(const struct srv_tx *tx)
{
    return cm_date_add(cm_zone_date(tx->store->zone, cm_wall_ms(tx->store->clock)), -SRV_ROLL_BACK_DAYS);
}

static enum cm_code take_thing(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_key *thing = arg;
    (void)value;
    (void)err;
    thing->size = 0;
    srv_key_bytes(thing, key.data, key.size);
    return CM_EOF;
}

/* The class's oldest dated roll goes when it is too old. */
static enum cm_code drop_oldest(struct srv_tx *tx, const char *class_id, int32_t oldest, bool *ret_dropped,
                                struct cm_err *err)
{
    struct srv_key first, thing = {0};
    make_thing(SRV_CHANGE_ROLL, false, class_id, &first);
    size_t prefix = first.size;
    srv_key_u32(&first, 1); /* date 0 is of standings */
    enum cm_code code = srv_walk(tx, SRV_T_CHANGE_OF, &first, prefix, take_thing, &thing, err);
    *ret_dropped =
        code == CM_OK && thing.size == prefix + 4 && (int32_t)srv_get_u32(thing.bytes + prefix) < oldest;
    return *ret_dropped ? drop(tx, &thing, err) : code;
}

enum cm_code srv_note_roll(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_err *err)
{
    struct srv_key thing;
    int32_t oldest = oldest_roll(tx);
    bool dropped = true;
    enum cm_code code = CM_OK;
    while (code == CM_OK && dropped)
        code = drop_oldest(tx, class_id, oldest, &dropped, err);
    make_thing(SRV_CHANGE_ROLL, false, class_id, &thing);
    srv_key_u32(&thing, date >= oldest ? (uint32_t)date : 0);
    return code == CM_OK ? note_thing(tx, &thing, err) : code;
}

struct recent { /* sessions of one class */
    char class_id[CM_ID_SIZE];
    int32_t dates[SRV_ROLL_BACK_DAYS * 8];
    int count;
};

static enum cm_code take_session(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct recent *recent = arg;
    (void)value;
    (void)err;
    recent->dates[recent->count++] =
        (int32_t)srv_get_u32((const uint8_t *)key.data + strlen(recent->class_id) + 1);
    return recent->count == (int)(sizeof recent->dates / sizeof recent->dates[0]) ? CM_EOF : CM_OK;
}

static enum cm_code note_class(struct srv_tx *tx, const char *class_id, struct cm_err *err)
{
    struct recent recent = {.count = 0};
    struct srv_key first;
    snprintf(recent.class_id, sizeof recent.class_id, "%s", class_id);
    srv_session_key(class_id, oldest_roll(tx), &first);
    enum cm_code code =
        srv_walk(tx, SRV_T_SESSIONS, &first, strlen(class_id) + 1, take_session, &recent, err);
    for (int i = 0; i < recent.count && code == CM_OK; i++)
        code = srv_note_roll(tx, class_id, recent.dates[i], err);
    return code == CM_OK ? srv_note_roll(tx, class_id, 0, err) : code;
}

static enum cm_code next_class(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    (void)value;
    (void)err;
    memcpy(arg, key.data, key.size);
    return CM_EOF;
}

enum cm_code srv_note_rolls(struct srv_tx *tx, const char *class_id, struct cm_err *err)
{
    char id[CM_ID_SIZE + 1] = "";
    if (class_id != NULL)
        return note_class(tx, class_id, err);
    for (;;) {
        struct srv_key after = {0};
        char before[CM_ID_SIZE + 1];
        memcpy(before, id, sizeof before);
        srv_key_bytes(&after, id, strlen(id));
        srv_key_byte(&after, id[0] != '\0' ? 1 : 0); /* behind the class itself */
        enum cm_code code = srv_walk(tx, SRV_T_CLASSES, &after, 0, next_class, id, err);
        if (code != CM_OK || strcmp(id, before) == 0)
            return code;
        code = note_class(tx, id, err);
        if (code != CM_OK)
            return code;
    }
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
    size_t rest = id != NULL ? (size_t)(bytes + value.size - at) : 0;
    if (id == NULL || key.size != 8 || rest != (bytes[0] == SRV_CHANGE_ROLL ? 4 : 0))
        return srv_damaged("a change does not decode", err);
    change.date = rest == 4 ? (int32_t)srv_get_u32(at) : 0;
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
