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
#include "store/store_private.h"
#include "store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 2048, CLOSURE_KEY_MAX = 4 + CM_ID_SIZE };
enum { NO_RESET, FIRST_PULL, SERVER_WENT_BACK }; /* as `resetting` is stored */

static const char generation_key[] = "served_generation", resetting_key[] = "resetting",
                  calendar_key[] = "calendar", school_key[] = "school";

struct apply {
    struct stn_store *store;
    const struct cm_changes *changes;
    struct cm_txn *txn;
    uint64_t generation;
    bool went_back; /* this page is of a beginning after the server was put back to a backup */
    bool shred;     /* an erased student had a key: the master key must change */
    bool any;
    struct stn_applied applied;
    struct cm_template templates[CM_SYNC_TEMPLATES_MAX];
};

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

static enum cm_code note_served(struct apply *a, enum stn_served kind, const char *id, struct cm_err *err)
{
    uint8_t key[CM_ID_SIZE + 1], value[8];
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(a->generation >> (8 * (7 - i)));
    return cm_txn_put(a->txn, STN_TABLE_SERVED, key, served_key(kind, id, key), value, sizeof value, err);
}

static enum cm_code forget_served(struct apply *a, enum stn_served kind, const char *id, struct cm_err *err)
{
    uint8_t key[CM_ID_SIZE + 1];
    enum cm_code code = cm_txn_delete(a->txn, STN_TABLE_SERVED, key, served_key(kind, id, key), err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

/* ---- removing ---- */

static enum cm_code remove_row(struct apply *a, enum stn_table table, const char *id, bool *ret_was_there,
                               struct cm_err *err)
{
    enum cm_code code = cm_txn_delete(a->txn, (int)table, id, strlen(id), err);
    *ret_was_there = code == CM_OK;
    a->any = a->any || code == CM_OK;
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code remove_class(struct apply *a, const char *id, struct cm_err *err)
{
    bool was_there = false;
    enum cm_code code = remove_row(a, STN_TABLE_CLASSES, id, &was_there, err);
    a->applied.gone += was_there;
    return code == CM_OK ? forget_served(a, STN_SERVED_CLASS, id, err) : code;
}

static enum cm_code remove_templates(struct apply *a, const char *id, bool shred, struct cm_err *err)
{
    bool had_key = false;
    enum cm_code code = stn_templates_delete(a->txn, id, &had_key, err);
    if (code == CM_OK && had_key) {
        a->any = true;
        a->applied.enrolments++;
        a->shred = a->shred || shred;
    }
    return code == CM_OK ? forget_served(a, STN_SERVED_TEMPLATES, id, err) : code;
}

/* Templates that wait to go up go too: there is nobody left to whom they belong. */
static enum cm_code remove_student(struct apply *a, const char *id, bool erased, struct cm_err *err)
{
    bool was_there = false;
    enum cm_code code = remove_row(a, STN_TABLE_STUDENTS, id, &was_there, err);
    a->applied.gone += was_there;
    if (code == CM_OK)
        code = cm_txn_delete(a->txn, STN_TABLE_STANDINGS, id, strlen(id), err);
    if (code == CM_OK || code == CM_NOTFOUND)
        code = remove_templates(a, id, erased, err);
    if (code == CM_OK)
        code = stn_upload_forget(a->txn, id, err);
    return code == CM_OK ? forget_served(a, STN_SERVED_STUDENT, id, err) : code;
}

/* What came before, for whoever has the id now, stays when the server says once more what was done already. */
static enum cm_code erase_student(struct apply *a, const struct cm_item *item, struct cm_err *err)
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

/* The server, put back to a backup, has no templates of him: those here go up. *ret_kept: there are any. */
static enum cm_code keep_enrolment(struct apply *a, const char *id, bool *ret_kept, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = cm_txn_get(a->txn, STN_TABLE_KEYS, id, strlen(id), &value, err);
    *ret_kept = code == CM_OK;
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    a->applied.kept++;
    code = forget_served(a, STN_SERVED_TEMPLATES, id, err);
    return code == CM_OK ? stn_upload_again(a->txn, id, err) : code;
}

/* ---- items ---- */

static enum cm_code put_record(struct apply *a, enum stn_table table, const char *id,
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

static enum cm_code wrong_item(const struct cm_item *item, const char *why, struct cm_err *err)
{
    return cm_fail(err, CM_INVALID, "the server sent something about \"%.40s\" that is not right: %.150s",
                   item->id, why);
}

static enum cm_code apply_class(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_class class_;
    struct cm_err why = CM_ERR_INIT;
    bool changed = false;
    if (item->gone)
        return remove_class(a, item->id, err);
    if (item->body.size > VALUE_MAX ||
        cm_record_decode(CM_RECORD_CLASS, item->body.data, item->body.size, &class_, &why) != CM_OK)
        return wrong_item(item, why.msg, err);
    if (strcmp(class_.id, item->id) != 0)
        return wrong_item(item, "the class has another id", err);
    enum cm_code code = put_record(a, STN_TABLE_CLASSES, item->id, &item->body, &changed, err);
    a->applied.classes += changed;
    return code == CM_OK ? note_served(a, STN_SERVED_CLASS, item->id, err) : code;
}

/* Whoever refused or withdrew, here or anywhere, has no templates here, whatever waits to go up. */
static enum cm_code obey_consent(struct apply *a, const char *id, bool *ret_said_no, struct cm_err *err)
{
    struct stn_consent consent;
    enum cm_code code = stn_consent_get(a->txn, id, &consent, err);
    *ret_said_no =
        code == CM_OK && (consent.state == CM_CONSENT_REFUSED || consent.state == CM_CONSENT_WITHDRAWN);
    if (!*ret_said_no)
        return code;
    code = remove_templates(a, id, true, err);
    return code == CM_OK ? stn_upload_forget(a->txn, id, err) : code;
}

static enum cm_code apply_student(struct apply *a, const struct cm_item *item, struct cm_err *err)
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
        return wrong_item(item, why.msg, err);
    if (strcmp(student.id, item->id) != 0)
        return wrong_item(item, "the student has another id", err);
    enum cm_code code = put_record(a, STN_TABLE_STUDENTS, item->id, &item->body, &changed, err);
    a->applied.students += changed;
    if (code == CM_OK)
        code = stn_consent_settled(a->txn, item->id, a->changes->acked, err);
    if (code == CM_OK)
        code = obey_consent(a, item->id, &said_no, err);
    if (code == CM_OK && !said_no)
        code = stn_upload_known(a->txn, item->id, student.consent, err);
    return code == CM_OK ? note_served(a, STN_SERVED_STUDENT, item->id, err) : code;
}

static enum cm_code replace_templates(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    size_t count = 0;
    enum cm_code code = stn_vault_ready(a->store, a->txn, err);
    if (code != CM_OK)
        return code;
    code =
        cm_templates_open(cm_keys_box_open, a->store->keys, item->body, item->id, a->templates, &count, &why);
    if (code != CM_OK) { /* one student who must be enrolled again holds nobody else up */
        a->applied.damaged++;
        return CM_OK;
    }
    if (count == 0)
        return remove_templates(a, item->id, true, err);
    code = stn_templates_write(a->store, a->txn, item->id, a->templates, count, err);
    cm_wipe(a->templates, sizeof a->templates);
    a->any = true;
    a->applied.enrolments++;
    return code == CM_OK ? note_served(a, STN_SERVED_TEMPLATES, item->id, err) : code;
}

/* Nothing of ours waits: what the server refused once is settled by what it sends now. */
static enum cm_code put_templates(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    enum cm_code code = replace_templates(a, item, err);
    return code == CM_OK ? stn_upload_forget(a->txn, item->id, err) : code;
}

static bool same_templates(const struct cm_template *a, const struct cm_template *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].created_wall_ms != b[i].created_wall_ms ||
            memcmp(a[i].embedding, b[i].embedding, sizeof a[i].embedding) != 0)
            return false;
    return true;
}

/* Ours wait to go up and are newer, so the server's are passed over. Mostly they are ours, which come back before the answer
 * to the push does. If not, another station enrolled the student at the same time, and whoever pushed last counts: ours go
 * up once more, for these will not be sent again. */
static enum cm_code pass_over(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_template *own = calloc(CM_SYNC_TEMPLATES_MAX, sizeof *own);
    size_t theirs = 0, ours = 0;
    if (own == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for templates");
    enum cm_code code = stn_vault_ready(a->store, a->txn, err);
    if (code == CM_OK)
        code = stn_templates_read(a->store, a->txn, item->id, own, CM_SYNC_TEMPLATES_MAX, &ours, err);
    if (code == CM_OK && item->body.size > 0 &&
        cm_templates_open(cm_keys_box_open, a->store->keys, item->body, item->id, a->templates, &theirs,
                          NULL) != CM_OK)
        theirs = ours + 1; /* whatever it is, it is not ours */
    if (code == CM_OK && (theirs != ours || !same_templates(own, a->templates, ours)))
        code = stn_upload_again(a->txn, item->id, err);
    cm_wipe(a->templates, sizeof a->templates);
    cm_wipe(own, CM_SYNC_TEMPLATES_MAX * sizeof *own);
    free(own);
    return code;
}

/* … but not those that it took away on purpose: only if this station knew of that, for then they are from after it. */
static enum cm_code keep_newer(struct apply *a, const struct cm_item *item, int64_t known_ms, bool *ret_kept,
                               struct cm_err *err)
{
    return known_ms >= item->at_ms ? keep_enrolment(a, item->id, ret_kept, err) : CM_OK;
}

static enum cm_code apply_templates(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    bool kept = false, says = !item->gone && !item->erased, said_no = false;
    int64_t known_ms;
    enum cm_code code = stn_unenrolled_get(a->txn, item->id, &known_ms, err);
    if (code == CM_OK && says)
        code = stn_unenrolled_put(a->txn, item->id, item->at_ms, err);
    if (code == CM_OK)
        code = obey_consent(a, item->id, &said_no, err);
    if (code != CM_OK || said_no)
        return code;
    if (stn_upload_waits(a->txn, item->id))
        return pass_over(a, item, err);
    if (item->body.size > 0 && says)
        return put_templates(a, item, err);
    if (a->went_back && says)
        code = keep_newer(a, item, known_ms, &kept, err);
    return code == CM_OK && !kept ? remove_templates(a, item->id, true, err) : code;
}

static enum cm_code apply_words(struct apply *a, const char *word, const struct cm_span *body,
                                struct cm_err *err)
{
    struct cm_bytes before;
    enum cm_code code = stn_meta_get(a->txn, word, &before, err);
    if (code == CM_OK && before.size == body->size && memcmp(before.data, body->data, body->size) == 0)
        return CM_OK;
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    a->any = true;
    return stn_meta_put(a->txn, word, body->data, body->size, err);
}

/* Kept as it came; store_roll.c reads it. */
static enum cm_code apply_calendar(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    struct cm_calendar *calendar = malloc(sizeof *calendar);
    if (calendar == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the calendar");
    enum cm_code code =
        cm_message_decode(CM_MESSAGE_CALENDAR, item->body.data, item->body.size, calendar, &why);
    free(calendar);
    bool before = a->any;
    a->any = false;
    code = code == CM_OK ? apply_words(a, calendar_key, &item->body, err) : wrong_item(item, why.msg, err);
    a->applied.calendar = a->applied.calendar || a->any;
    a->any = a->any || before;
    return code;
}

static enum cm_code apply_roll(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    struct cm_roll_news *news = malloc(sizeof *news);
    if (news == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for a roll");
    enum cm_code code = cm_message_decode(CM_MESSAGE_ROLL, item->body.data, item->body.size, news, &why);
    code = code == CM_OK ? stn_rolls_put(a->txn, item->id, news, item->body, err)
                         : wrong_item(item, why.msg, err);
    a->applied.rolls += code == CM_OK;
    free(news);
    return code;
}

static enum cm_code apply_settings(struct apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_school school;
    struct cm_err why = CM_ERR_INIT;
    if (cm_message_decode(CM_MESSAGE_SCHOOL, item->body.data, item->body.size, &school, &why) != CM_OK)
        return wrong_item(item, why.msg, err);
    return apply_words(a, school_key, &item->body, err);
}

static bool serves(const struct cm_station_info *info, const char *class_id)
{
    for (int i = 0; i < info->class_count; i++)
        if (strcmp(info->classes[i], class_id) == 0)
            return true;
    return info->class_count == 0;
}

/* The next id of one kind that is the server's, in order. */
static enum cm_code next_served(struct apply *a, struct stn_key *key, enum stn_served *ret_kind,
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

static enum cm_code leave_if_not_served(struct apply *a, const struct cm_station_info *info,
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

static enum cm_code apply_station(struct apply *a, const struct cm_item *item, struct cm_err *err)
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
        return wrong_item(item, why.msg, err);
    a->applied.revoked = info.revoked;
    enum cm_code code = stn_txn_rename_station(a->txn, info.name, err);
    while (code == CM_OK && (code = next_served(a, &key, &kind, id, err)) == CM_OK)
        code = leave_if_not_served(a, &info, kind, id, err);
    return code == CM_EOF ? CM_OK : code;
}

static enum cm_code apply_item(struct apply *a, const struct cm_item *item, struct cm_err *err)
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
        return apply_templates(a, item, err);
    case CM_ITEM_CALENDAR:
        return apply_calendar(a, item, err);
    case CM_ITEM_SETTINGS:
        return apply_settings(a, item, err);
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
static enum cm_code begin_anew(struct apply *a, uint64_t *resetting, struct cm_err *err)
{
    *resetting = *resetting != FIRST_PULL && stn_txn_has_cursor(a->txn) ? SERVER_WENT_BACK : FIRST_PULL;
    enum cm_code code = stn_meta_put_number(a->txn, generation_key, a->generation + 1, err);
    a->generation++;
    if (code == CM_OK)
        code = stn_rolls_forget(a->txn, err);
    return code == CM_OK ? stn_meta_put_number(a->txn, resetting_key, *resetting, err) : code;
}

static bool is_stale(struct apply *a, const struct stn_key *key)
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
static enum cm_code remove_stale(struct apply *a, enum stn_served kind, const char *id, struct cm_err *err)
{
    bool kept = false;
    enum cm_code code = CM_OK;
    if (a->went_back && kind != STN_SERVED_CLASS)
        code = keep_enrolment(a, id, &kept, err);
    if (code != CM_OK)
        return code;
    switch (kind) {
    case STN_SERVED_CLASS:
        return remove_class(a, id, err);
    case STN_SERVED_STUDENT:
        return kept ? forget_served(a, kind, id, err) : remove_student(a, id, false, err);
    case STN_SERVED_TEMPLATES: /* those made here meanwhile stay, and go up */
        return kept || stn_upload_waits(a->txn, id) ? forget_served(a, kind, id, err)
                                                    : remove_templates(a, id, false, err);
    }
    return cm_fail(err, CM_CORRUPT, "the store's list of what is the server's is damaged");
}

static enum cm_code sweep(struct apply *a, struct cm_err *err)
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
    struct apply *a = arg;
    uint64_t resetting = NO_RESET;
    a->txn = txn;
    a->shred = a->any = false;
    a->applied = (struct stn_applied){0};
    if (!stn_txn_is_paired(txn))
        return cm_fail(err, CM_INVALID, "this station is not paired");
    enum cm_code code = stn_meta_get_number(txn, generation_key, &a->generation, err);
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
    struct apply *a = calloc(1, sizeof *a);
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

/* ---- what the server refused ---- */

struct refuse {
    struct apply apply; /* first: what it changes is changed as by a page */
    const struct stn_upload *upload;
    const char *other_id;
    struct cm_item item;
};

static enum cm_code refuse(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct refuse *r = arg;
    struct apply *a = &r->apply;
    bool current = false;
    a->txn = txn;
    a->shred = a->any = false;
    enum cm_code code = stn_meta_get_number(txn, generation_key, &a->generation, err);
    if (code == CM_OK)
        code = stn_upload_refuse(txn, r->upload, r->other_id, &current, err);
    if (code != CM_OK || !current)
        return code;
    code = r->item.body.size > 0 ? replace_templates(a, &r->item, err)
                                 : remove_templates(a, r->item.id, true, err);
    if (code == CM_OK && a->shred)
        code = stn_vault_rotate(a->store, txn, err);
    return code == CM_OK ? stn_txn_count_applied(txn, err) : code;
}

enum cm_code stn_store_refuse_upload(struct stn_store *store, const struct stn_upload *upload,
                                     const char *other_id, struct cm_span sealed, struct cm_err *err)
{
    struct refuse *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for what the server sent");
    *r = (struct refuse){.apply.store = store,
                         .upload = upload,
                         .other_id = other_id,
                         .item = {.kind = CM_ITEM_TEMPLATES, .body = sealed}};
    memcpy(r->item.id, upload->student_id, sizeof r->item.id);
    enum cm_code code = stn_store_commit(store, refuse, r, true, err);
    if (code == CM_OK && r->apply.shred) /* when it fails, the next start does it (vault.h) */
        (void)stn_vault_forget(store, NULL);
    cm_wipe(r->apply.templates, sizeof r->apply.templates);
    free(r);
    return code;
}

/* ---- reading ---- */

enum cm_code stn_txn_calendar(struct cm_txn *txn, struct cm_calendar **ret_calendar, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = stn_meta_get(txn, calendar_key, &value, err);
    if (code != CM_OK)
        return code;
    struct cm_calendar *calendar = malloc(sizeof *calendar);
    if (calendar == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the calendar");
    code = cm_message_decode(CM_MESSAGE_CALENDAR, value.data, value.size, calendar, err);
    if (code == CM_OK)
        *ret_calendar = calendar;
    else
        free(calendar);
    return code;
}

enum cm_code stn_txn_school(struct cm_txn *txn, struct cm_school *ret_school, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code = stn_meta_get(txn, school_key, &value, err);
    return code == CM_OK ? cm_message_decode(CM_MESSAGE_SCHOOL, value.data, value.size, ret_school, err)
                         : code;
}

static enum cm_code get_school(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    return stn_txn_school(txn, arg, err);
}

enum cm_code stn_store_get_school(struct stn_store *store, struct cm_school *ret_school, struct cm_err *err)
{
    struct cm_school school;
    enum cm_code code = cm_db_read(store->db, get_school, &school, err);
    if (code == CM_OK)
        *ret_school = school;
    return code;
}

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
