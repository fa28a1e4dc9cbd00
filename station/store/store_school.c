/* The calendar and the school, as the server sent them. */
#include "store/apply.h"
#include "store/store_private.h"
#include <stdlib.h>
#include <string.h>

static const char calendar_key[] = "calendar", school_key[] = "school";

static enum cm_code apply_words(struct stn_apply *a, const char *word, const struct cm_span *body,
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
enum cm_code stn_apply_calendar(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
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
    code =
        code == CM_OK ? apply_words(a, calendar_key, &item->body, err) : stn_apply_wrong(item, why.msg, err);
    a->applied.calendar = a->applied.calendar || a->any;
    a->any = a->any || before;
    return code;
}

enum cm_code stn_apply_settings(struct stn_apply *a, const struct cm_item *item, struct cm_err *err)
{
    struct cm_school school;
    struct cm_err why = CM_ERR_INIT;
    if (cm_message_decode(CM_MESSAGE_SCHOOL, item->body.data, item->body.size, &school, &why) != CM_OK)
        return stn_apply_wrong(item, why.msg, err);
    return apply_words(a, school_key, &item->body, err);
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
