/*
 * What the server sent, into the store: one commit a page.
 *
 * The served table remembers what is the server's: kind ‖ id → the number of the beginning (`served_generation`) under
 * which it came last. A reset raises that number; whatever still has an older one when the last page is in is stale.
 * So a beginning that is interrupted, by a power cut or by another reset, needs no undoing.
 *
 * A server that begins anew although it gave us a cursor was put back to a backup. It may lack enrolments of which this
 * station has the only copy, so what it does not name then proves nothing about templates: they stay, and go up again. Only
 * what it says in so many words removes them (gone, erased).
 */
#include "store/store_sync.h"

#include "record/codec.h"
#include "record/table.h"
#include "store/apply.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 2048 };
enum { NO_RESET, FIRST_PULL, SERVER_WENT_BACK }; /* as `resetting` is stored */

static const char resetting_key[] = "resetting";

/* ---- keys of any table, one after the other, so that what is found may be changed ---- */

static enum cm_code take_key(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct stn_key *next = arg;
    (void)value;
    (void)err;
    memcpy(next->bytes, key.data, key.size);
    next->size = key.size;
    next->found = true;
    return CM_EOF;
}

enum cm_code stn_table_next(struct cm_txn *txn, enum stn_table table, struct stn_key *key, struct cm_err *err)
{
    struct cm_bytes first = {key->bytes, key->size > 0 ? key->size + 1 : 0};
    key->bytes[key->size] = 0; /* the first key after it */
    key->found = false;
    enum cm_code code = cm_txn_walk(txn, (int)table, first, 0, take_key, key, err);
    return code != CM_OK ? code : key->found ? CM_OK : CM_EOF;
}

/* ---- whose it is ---- */

static size_t served_key(enum stn_served kind, const char *id, uint8_t key[CM_ID_SIZE + 1])
{
    size_t size = strlen(id);
    key[0] = (uint8_t)kind;
    memcpy(key + 1, id, size);
    return size + 1;
}

bool stn_served_is(struct cm_txn *txn, enum stn_served kind, const char *id)
{
    uint8_t key[CM_ID_SIZE + 1];
    struct cm_bytes value;
    return cm_txn_get(txn, STN_TABLE_SERVED, key, served_key(kind, id, key), &value, NULL) == CM_OK;
}

enum cm_code stn_apply_note_served(struct stn_apply *a, enum stn_served kind, const char *id,
                                   struct cm_err *err)
{
    uint8_t key[CM_ID_SIZE + 1], value[8];
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(a->generation >> (8 * (7 - i)));
    return cm_txn_put(a->txn, STN_TABLE_SERVED, key, served_key(kind, id, key), value, sizeof value, err);
}

enum cm_code stn_apply_forget_served(struct stn_apply *a, enum stn_served kind, const char *id,
                                     struct cm_err *err)
{
    uint8_t key[CM_ID_SIZE + 1];
    enum cm_code code = cm_txn_delete(a->txn, STN_TABLE_SERVED, key, served_key(kind, id, key), err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

/* ---- removing ---- */

static enum cm_code remove_row(struct stn_apply *a, enum stn_table table, const char *id, bool *ret_was_there,
                               struct cm_err *err)
{
    enum cm_code code = cm_txn_delete(a->txn, (int)table, id, strlen(id), err);
    *ret_was_there = code == CM_OK;
    a->any = a->any || code == CM_OK;
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code remove_class(struct stn_apply *a, const char *id, struct cm_err *err)
{
    bool was_there = false;
    enum cm_code code = remove_row(a, STN_TABLE_CLASSES, id, &was_there, err);
    a->applied.gone += was_there;
    return code == CM_OK ? stn_apply_forget_served(a, STN_SERVED_CLASS, id, err) : code;
}

/* Templates that wait to go up go too: there is nobody left to whom they belong. */
static enum cm_code remove_student(struct stn_apply *a, const char *id, bool erased, struct cm_err *err)
{
    bool was_there = false;
    enum cm_code code = remove_row(a, STN_TABLE_STUDENTS, id, &was_there, err);
    a->applied.gone += was_there;
    if (code == CM_OK)
        code = cm_txn_delete(a->txn, STN_TABLE_STANDINGS, id, strlen(id), err);
    if (code == CM_OK || code == CM_NOTFOUND)
        code = stn_apply_remove_templates(a, id, erased, err);
    if (code == CM_OK)
        code = stn_upload_forget(a->txn, id, err);
    return code == CM_OK ? stn_apply_forget_served(a, STN_SERVED_STUDENT, id, err) : code;
}

/* What came before, for whoever has the id now, stays when the server says once more what was done already. */
static enum cm_code erase_student(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct stn_erased before;
    enum cm_code code = stn_erased_get(a->txn, item->id, &before, err);
    if (code == CM_OK && before.at_ms == item->at_ms)
        return CM_OK;
    if (code == CM_OK || code == CM_NOTFOUND)
        code = remove_student(a, item->id, true, err);
    if (code == CM_OK)
        code = stn_unenrolled_forget(a->txn, item->id, err);
    if (code == CM_OK)
        code = stn_consent_forget(a->txn, item->id, err);
    if (code == CM_OK)
        code = stn_erased_put(a->store, a->txn, item->id, item->at_ms, err);
    a->any = true;
    a->applied.erased++;
    return code;
}

/* ---- items ---- */

enum cm_code stn_apply_wrong(const struct cm_item *item, const char *why, struct cm_err *err)
{
    return cm_fail(err, CM_INVALID, "the server sent something about \"%.40s\" that is not right: %.150s",
                   item->id, why);
}

static enum cm_code put_record(struct stn_apply *a, enum stn_table table, const char *id,
                               const struct cm_span *body, bool *ret_changed, struct cm_err *err)
{
    struct cm_bytes before;
    enum cm_code code = cm_txn_get(a->txn, (int)table, id, strlen(id), &before, err);
    *ret_changed =
        code != CM_OK || before.size != body->size || memcmp(before.data, body->data, body->size) != 0;
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (!*ret_changed)
        return CM_OK;
    a->any = true;
    return cm_txn_put(a->txn, (int)table, id, strlen(id), body->data, body->size, err);
}

static enum cm_code apply_class(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_class class_;
    struct cm_err why = CM_ERR_INIT;
    bool changed = false;
    if (item->gone)
        return remove_class(a, item->id, err);
    if (item->body.size > VALUE_MAX ||
        cm_record_decode(CM_RECORD_CLASS, item->body.data, item->body.size, &class_, &why) != CM_OK)
        return stn_apply_wrong(item, why.msg, err);
    if (strcmp(class_.id, item->id) != 0)
        return stn_apply_wrong(item, "the class has another id", err);
    enum cm_code code = put_record(a, STN_TABLE_CLASSES, item->id, &item->body, &changed, err);
    a->applied.classes += changed;
    return code == CM_OK ? stn_apply_note_served(a, STN_SERVED_CLASS, item->id, err) : code;
}

static enum cm_code apply_student(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_student student;
    struct cm_err why = CM_ERR_INIT;
    bool changed = false, said_no;
    if (item->erased)
        return erase_student(a, item, err);
    if (item->gone)
        return remove_student(a, item->id, false, err);
    if (item->body.size > VALUE_MAX ||
        cm_record_decode(CM_RECORD_STUDENT, item->body.data, item->body.size, &student, &why) != CM_OK)
        return stn_apply_wrong(item, why.msg, err);
    if (strcmp(student.id, item->id) != 0)
        return stn_apply_wrong(item, "the student has another id", err);
    enum cm_code code = put_record(a, STN_TABLE_STUDENTS, item->id, &item->body, &changed, err);
    a->applied.students += changed;
    if (code == CM_OK)
        code = stn_consent_settled(a->txn, item->id, a->changes->acked, err);
    if (code == CM_OK)
        code = stn_apply_consent(a, item->id, &said_no, err);
    if (code == CM_OK && !said_no)
        code = stn_upload_known(a->txn, item->id, student.consent, err);
    return code == CM_OK ? stn_apply_note_served(a, STN_SERVED_STUDENT, item->id, err) : code;
}

static enum cm_code apply_roll(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    struct cm_roll_news *news = malloc(sizeof *news);
    if (news == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for a roll");
    enum cm_code code = cm_message_decode(CM_MESSAGE_ROLL, item->body.data, item->body.size, news, &why);
    code = code == CM_OK ? stn_rolls_put(a->txn, item->id, news, item->body, err)
                         : stn_apply_wrong(item, why.msg, err);
    a->applied.rolls += code == CM_OK;
    free(news);
    return code;
}

static bool serves(const struct cm_station_info *info, const char *class_id)
{
    for (int i = 0; i < info->class_count; i++)
        if (strcmp(info->classes[i], class_id) == 0)
            return true;
    return info->class_count == 0;
}

/* The next id of one kind that is the server's, in order. */
static enum cm_code next_served(struct stn_apply *a, struct stn_key *key, enum stn_served *ret_kind,
                                char ret_id[CM_ID_SIZE], struct cm_err *err)
{
    enum cm_code code = stn_table_next(a->txn, STN_TABLE_SERVED, key, err);
    if (code != CM_OK)
        return code;
    if (key->size < 2 || key->size > CM_ID_SIZE)
        return cm_fail(err, CM_CORRUPT, "the store's list of what is the server's is damaged");
    *ret_kind = (enum stn_served)key->bytes[0];
    memcpy(ret_id, key->bytes + 1, key->size - 1);
    ret_id[key->size - 1] = '\0';
    return CM_OK;
}

static enum cm_code leave_if_not_served(struct stn_apply *a, const struct cm_station_info *info,
                                        enum stn_served kind, const char *id, struct cm_err *err)
{
    struct cm_bytes value;
    struct cm_student student;
    if (kind == STN_SERVED_CLASS)
        return serves(info, id) ? CM_OK : remove_class(a, id, err);
    if (kind != STN_SERVED_STUDENT ||
        cm_txn_get(a->txn, STN_TABLE_STUDENTS, id, strlen(id), &value, NULL) != CM_OK ||
        cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &student, NULL) != CM_OK)
        return CM_OK;
    return serves(info, student.class_id) ? CM_OK : remove_student(a, id, false, err);
}

static enum cm_code apply_station(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_station_info info;
    struct cm_err why = CM_ERR_INIT;
    struct stn_key key = {.size = 0};
    enum stn_served kind;
    char id[CM_ID_SIZE];
    if (item->gone) {
        a->applied.revoked = true;
        return CM_OK;
    }
    if (cm_message_decode(CM_MESSAGE_STATION_INFO, item->body.data, item->body.size, &info, &why) != CM_OK)
        return stn_apply_wrong(item, why.msg, err);
    a->applied.revoked = info.revoked;
    enum cm_code code = stn_txn_rename_station(a->txn, info.name, err);
    while (code == CM_OK && (code = next_served(a, &key, &kind, id, err)) == CM_OK)
        code = leave_if_not_served(a, &info, kind, id, err);
    return code == CM_EOF ? CM_OK : code;
}

static enum cm_code apply_item(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    bool named = item->kind == CM_ITEM_CLASS || item->kind == CM_ITEM_STUDENT ||
                 item->kind == CM_ITEM_TEMPLATES || item->kind == CM_ITEM_ROLL;
    if (named && stn_store_check_id("server's", item->id, err) != CM_OK)
        return CM_INVALID;
    switch (item->kind) {
    case CM_ITEM_CLASS:
        return apply_class(a, item, err);
    case CM_ITEM_STUDENT:
        return apply_student(a, item, err);
    case CM_ITEM_TEMPLATES:
        return stn_apply_templates(a, item, err);
    case CM_ITEM_CALENDAR:
        return stn_apply_calendar(a, item, err);
    case CM_ITEM_SETTINGS:
        return stn_apply_settings(a, item, err);
    case CM_ITEM_STATION:
        return apply_station(a, item, err);
    case CM_ITEM_ROLL:
        return apply_roll(a, item, err);
    case CM_ITEM_KINDS:
        break;
    }
    return CM_OK; /* of a newer server: nothing that this program has */
}

/* ---- a beginning, and its end ---- */

/* A first pull that is begun again stays one: what is stale then may be of another server, and is not this one's loss. */
static enum cm_code begin_anew(struct stn_apply *a, uint64_t *resetting, struct cm_err *err)
{
    *resetting = *resetting != FIRST_PULL && stn_txn_has_cursor(a->txn) ? SERVER_WENT_BACK : FIRST_PULL;
    enum cm_code code = stn_meta_put_number(a->txn, STN_GENERATION_KEY, a->generation + 1, err);
    a->generation++;
    if (code == CM_OK)
        code = stn_rolls_forget(a->txn, err);
    return code == CM_OK ? stn_meta_put_number(a->txn, resetting_key, *resetting, err) : code;
}

static bool is_stale(struct stn_apply *a, const struct stn_key *key)
{
    struct cm_bytes value;
    uint64_t generation = 0;
    if (cm_txn_get(a->txn, STN_TABLE_SERVED, key->bytes, key->size, &value, NULL) != CM_OK)
        return false;
    for (size_t i = 0; i < value.size && i < 8; i++)
        generation = generation << 8 | ((const uint8_t *)value.data)[i];
    return generation != a->generation;
}

/* A student whom a server that went back does not know stays as one of this station's own while he has templates: on no
 * other roster, counted, and the server's again when somebody adds him there under the same id. */
static enum cm_code remove_stale(struct stn_apply *a, enum stn_served kind, const char *id,
                                 struct cm_err *err)
{
    bool kept = false;
    enum cm_code code = CM_OK;
    if (a->went_back && kind != STN_SERVED_CLASS)
        code = stn_apply_keep_enrolment(a, id, &kept, err);
    if (code != CM_OK)
        return code;
    switch (kind) {
    case STN_SERVED_CLASS:
        return remove_class(a, id, err);
    case STN_SERVED_STUDENT:
        return kept ? stn_apply_forget_served(a, kind, id, err) : remove_student(a, id, false, err);
    case STN_SERVED_TEMPLATES: /* those made here meanwhile stay, and go up */
        return kept || stn_upload_waits(a->txn, id) ? stn_apply_forget_served(a, kind, id, err)
                                                    : stn_apply_remove_templates(a, id, false, err);
    }
    return cm_fail(err, CM_CORRUPT, "the store's list of what is the server's is damaged");
}

static enum cm_code sweep(struct stn_apply *a, struct cm_err *err)
{
    struct stn_key key = {.size = 0};
    enum stn_served kind;
    char id[CM_ID_SIZE];
    enum cm_code code = CM_OK;
    while (code == CM_OK && (code = next_served(a, &key, &kind, id, err)) == CM_OK)
        if (is_stale(a, &key))
            code = remove_stale(a, kind, id, err);
    if (code == CM_EOF)
        code = stn_meta_put_number(a->txn, resetting_key, NO_RESET, err);
    return code;
}

static enum cm_code apply(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct stn_apply *a = arg;
    uint64_t resetting = NO_RESET;
    a->txn = txn;
    a->shred = a->any = false;
    a->applied = (struct stn_applied){0};
    if (!stn_txn_is_paired(txn))
        return cm_fail(err, CM_INVALID, "this station is not paired");
    enum cm_code code = stn_meta_get_number(txn, STN_GENERATION_KEY, &a->generation, err);
    if (code == CM_OK)
        code = stn_meta_get_number(txn, resetting_key, &resetting, err);
    if (code == CM_OK && a->changes->reset)
        code = begin_anew(a, &resetting, err);
    a->went_back = resetting == SERVER_WENT_BACK;
    for (int i = 0; i < a->changes->count && code == CM_OK; i++)
        code = apply_item(a, &a->changes->items[i], err);
    if (code == CM_OK && resetting != NO_RESET && !a->changes->more)
        code = sweep(a, err);
    if (code == CM_OK && a->shred)
        code = stn_vault_rotate(a->store, txn, err);
    if (code == CM_OK && a->any)
        code = stn_txn_count_applied(txn, err);
    if (code == CM_OK && !a->changes->more)
        code = stn_txn_put_pulled(txn, a->changes->acked, err);
    return code == CM_OK ? stn_txn_put_cursor(txn, a->changes->cursor, err) : code;
}

static bool erases(const struct cm_changes *changes)
{
    for (int i = 0; i < changes->count; i++)
        if (changes->items[i].erased)
            return true;
    return false;
}

enum cm_code stn_store_apply_changes(struct stn_store *store, const struct cm_changes *changes,
                                     struct stn_applied *ret_applied, struct cm_err *err)
{
    struct stn_apply *a = calloc(1, sizeof *a);
    if (a == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for what the server sent");
    a->store = store;
    a->changes = changes;
    enum cm_code code = stn_store_commit(store, apply, a, erases(changes), err);
    if (code == CM_OK && a->shred) /* when it fails, the next start does it (vault.h) */
        (void)stn_vault_forget(store, NULL);
    if (code == CM_OK)
        *ret_applied = a->applied;
    cm_wipe(a->templates, sizeof a->templates);
    free(a);
    return code;
}

/* ---- counting ---- */

struct count_own {
    struct cm_txn *txn;
    size_t count;
};

static enum cm_code count_own(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct count_own *own = arg;
    char id[CM_ID_SIZE];
    (void)value;
    if (key.size >= sizeof id)
        return cm_fail(err, CM_CORRUPT, "a student's id is too long");
    memcpy(id, key.data, key.size);
    id[key.size] = '\0';
    own->count += !stn_served_is(own->txn, STN_SERVED_STUDENT, id);
    return CM_OK;
}

static enum cm_code count_own_students(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct count_own *own = arg;
    own->txn = txn;
    return cm_txn_walk(txn, STN_TABLE_STUDENTS, (struct cm_bytes){NULL, 0}, 0, count_own, own, err);
}

enum cm_code stn_store_count_own_students(struct stn_store *store, size_t *ret_count, struct cm_err *err)
{
    struct count_own own = {.count = 0};
    enum cm_code code = cm_db_read(store->db, count_own_students, &own, err);
    if (code == CM_OK)
        *ret_count = own.count;
    return code;
}
