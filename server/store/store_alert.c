/*
 * Alerts, their messages, and how far each class was looked at. Primary: nothing else says who was told what.
 *
 * One table holds the rows, another the ways to find them; a row is written together with its ways, and `check` compares
 * the two.
 */
#include "store/alert_rows.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include <stdlib.h>
#include <string.h>

enum {
    ROW_ALERT = 'a',    /* ‖ alert id */
    ROW_MESSAGE = 'm',  /* ‖ alert id ‖ message id */
    ROW_CURSOR = 'c',   /* ‖ class */
    WAY_NEW = 'n',      /* ‖ created ‖ alert id */
    WAY_CLASS = 'k',    /* ‖ class ‖ created ‖ alert id */
    WAY_STUDENT = 's',  /* ‖ student ‖ trigger date ‖ generation ‖ alert id */
    WAY_MESSAGE = 'm',  /* ‖ message id → alert id */
    WAY_STATE = 'q',    /* ‖ state ‖ next try, or changed ‖ alert id ‖ message id */
    WAY_PROVIDER = 'p', /* ‖ provider id → message id */
    ID = 16
};

/* ---- keys ---- */

static struct srv_key id_key(uint8_t kind, const uint8_t id[ID])
{
    struct srv_key key = {0};
    srv_key_byte(&key, kind);
    srv_key_bytes(&key, id, ID);
    return key;
}

static struct srv_key text_key(uint8_t kind, const char *text)
{
    struct srv_key key = {0};
    srv_key_byte(&key, kind);
    srv_key_text(&key, text);
    return key;
}

static struct srv_key message_key(const uint8_t alert_id[ID], const uint8_t id[ID])
{
    struct srv_key key = id_key(ROW_MESSAGE, alert_id);
    srv_key_bytes(&key, id, ID);
    return key;
}

static struct srv_key student_key(const char *student_id, int32_t trigger_date, int32_t generation,
                                  const uint8_t id[ID])
{
    struct srv_key key = text_key(WAY_STUDENT, student_id);
    srv_key_u32(&key, (uint32_t)trigger_date);
    srv_key_u32(&key, (uint32_t)generation);
    srv_key_bytes(&key, id, ID);
    return key;
}

struct ways { /* of one row */
    struct srv_key keys[3];
    const void *values[3];
    size_t sizes[3];
    int count;
};

static struct srv_key *add_way(struct ways *ways, const void *value, size_t size)
{
    int i = ways->count++;
    ways->keys[i].size = 0;
    ways->values[i] = value;
    ways->sizes[i] = size;
    return &ways->keys[i];
}

static void alert_ways(const struct srv_alert *alert, struct ways *ret_ways)
{
    ret_ways->count = 0;
    struct srv_key *key = add_way(ret_ways, NULL, 0);
    srv_key_byte(key, WAY_NEW);
    srv_key_instant(key, alert->created_wall_ms);
    srv_key_bytes(key, alert->id, ID);
    key = add_way(ret_ways, NULL, 0);
    srv_key_byte(key, WAY_CLASS);
    srv_key_text(key, alert->class_id);
    srv_key_instant(key, alert->created_wall_ms);
    srv_key_bytes(key, alert->id, ID);
    key = add_way(ret_ways, NULL, 0);
    *key = student_key(alert->student_id, alert->trigger_date, alert->generation, alert->id);
}

static void message_ways(const struct srv_message *message, struct ways *ret_ways)
{
    ret_ways->count = 0;
    struct srv_key *key = add_way(ret_ways, message->alert_id, ID);
    srv_key_byte(key, WAY_MESSAGE);
    srv_key_bytes(key, message->id, ID);
    key = add_way(ret_ways, NULL, 0);
    srv_key_byte(key, WAY_STATE);
    srv_key_byte(key, (uint8_t)message->state);
    srv_key_instant(key, message->state == SRV_MESSAGE_QUEUED ? message->next_try_wall_ms
                                                              : message->changed_wall_ms);
    srv_key_bytes(key, message->alert_id, ID);
    srv_key_bytes(key, message->id, ID);
    if (message->provider_id[0] == '\0')
        return;
    key = add_way(ret_ways, message->id, ID);
    srv_key_byte(key, WAY_PROVIDER);
    srv_key_text(key, message->provider_id);
}

static bool has_way(const struct ways *ways, const struct srv_key *key)
{
    for (int i = 0; i < ways->count; i++)
        if (ways->keys[i].size == key->size && memcmp(ways->keys[i].bytes, key->bytes, key->size) == 0)
            return true;
    return false;
}

/* Those of `old` that are not among `new_` go; those of `new_` are written. */
static enum cm_code change_ways(struct srv_tx *tx, const struct ways *old, const struct ways *new_,
                                struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (int i = 0; i < old->count && code == CM_OK; i++)
        if (!has_way(new_, &old->keys[i]))
            code = srv_delete(tx, SRV_T_ALERT_WAYS, &old->keys[i], err);
    for (int i = 0; i < new_->count && code == CM_OK; i++)
        if (!has_way(old, &new_->keys[i]))
            code = srv_put(tx, SRV_T_ALERT_WAYS, &new_->keys[i], new_->values[i], new_->sizes[i], err);
    return code;
}

/* What is there already is no change of the store. */
static enum cm_code put_row(struct srv_tx *tx, const struct srv_key *key, const uint8_t *row, size_t size,
                            struct cm_err *err)
{
    struct cm_bytes old;
    enum cm_code code = srv_get(tx, SRV_T_ALERTS, key, &old, err);
    if (code == CM_OK && old.size == size && memcmp(old.data, row, size) == 0)
        return CM_OK;
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    return srv_put(tx, SRV_T_ALERTS, key, row, size, err);
}

/* ---- alerts ---- */

static enum cm_code load_alert(struct srv_tx *tx, const uint8_t id[ID], struct srv_alert *ret_alert,
                               struct cm_err *err)
{
    struct srv_key key = id_key(ROW_ALERT, id);
    struct cm_bytes value;
    enum cm_code code = srv_get(tx, SRV_T_ALERTS, &key, &value, err);
    return code == CM_OK ? srv_alert_decode(value, ret_alert, err) : code;
}

enum cm_code srv_kvs_get_alert(struct srv_store *store, const uint8_t id[16], struct srv_alert *ret_alert,
                               struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = load_alert(tx, id, ret_alert, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code check_alert(struct srv_tx *tx, const struct srv_alert *alert, struct cm_err *err)
{
    struct srv_student student;
    enum cm_code code = srv_check_id("student", alert->student_id, err);
    if (code == CM_OK)
        code = srv_check_id("class", alert->class_id, err);
    if (code == CM_OK && !cm_date_valid(alert->trigger_date))
        code = cm_fail(err, CM_INVALID, "an alert needs the date that triggered it");
    if (code == CM_OK)
        code = srv_load_student(tx, alert->student_id, &student, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no student %.63s", alert->student_id);
    return code;
}

/* The same alert as far as nobody may change it? */
static bool is_same(const struct srv_alert *a, const struct srv_alert *b)
{
    return strcmp(a->student_id, b->student_id) == 0 && strcmp(a->class_id, b->class_id) == 0 &&
           a->trigger_date == b->trigger_date && a->generation == b->generation &&
           a->created_wall_ms == b->created_wall_ms;
}

enum cm_code srv_kvs_put_alert(struct srv_store *store, const struct srv_alert *alert, struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_alert known;
    struct ways none = {0}, ways;
    uint8_t row[SRV_ALERT_ROW_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = check_alert(tx, alert, err);
    if (code == CM_OK)
        code = srv_alert_encode(alert, row, &size, err);
    if (code != CM_OK)
        return code;
    struct srv_key key = id_key(ROW_ALERT, alert->id);
    code = load_alert(tx, alert->id, &known, err);
    if (code == CM_OK)
        return is_same(&known, alert) ? put_row(tx, &key, row, size, err)
                                      : cm_fail(err, CM_INVALID, "an alert stays of whom and when it is");
    if (code != CM_NOTFOUND)
        return code;
    alert_ways(alert, &ways);
    code = change_ways(tx, &none, &ways, err);
    return code == CM_OK ? put_row(tx, &key, row, size, err) : code;
}

struct each_alert {
    struct srv_tx *tx;
    enum srv_alert_state state;   /* 0: in any */
    const struct srv_key *before; /* where the walk begins, passed over; NULL: nothing is */
    int32_t from;                 /* on ways of students: the first trigger date; 0: any */
    srv_alert_visit_fn *visit;
    void *arg;
};

/* Of a way WAY_STUDENT. */
static int32_t trigger_date_of(struct cm_bytes key)
{
    enum { TAIL = 4 + 4 + ID };
    return key.size > TAIL ? (int32_t)srv_get_u32((const uint8_t *)key.data + key.size - TAIL) : 0;
}

/* A way ends with the alert's id. */
static enum cm_code visit_way(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_alert *each = arg;
    struct srv_alert alert;
    (void)value;
    if (key.size <= ID)
        return srv_damaged("a way to an alert is cut short", err);
    if (each->before != NULL && key.size == each->before->size &&
        memcmp(key.data, each->before->bytes, key.size) == 0)
        return CM_OK;
    if (each->from != 0 && trigger_date_of(key) < each->from)
        return CM_OK;
    enum cm_code code = load_alert(each->tx, (const uint8_t *)key.data + key.size - ID, &alert, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("a way leads to no alert", err);
    if (code != CM_OK)
        return code;
    if (each->state != 0 && alert.state != each->state)
        return CM_OK;
    return each->visit(each->arg, &alert) ? CM_OK : CM_EOF;
}

static void fill_key(struct srv_key *key, size_t size)
{
    static const uint8_t last[8 + ID] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                         255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    srv_key_bytes(key, last, size);
}

enum cm_code srv_kvs_each_alert(struct srv_store *store, const struct srv_alert_filter *filter,
                                srv_alert_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key last = {0};
    struct each_alert each = {.state = filter->state, .visit = visit, .arg = arg};
    enum cm_code code = filter->class_id != NULL ? srv_check_id("class", filter->class_id, err) : CM_OK;
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    srv_key_byte(&last, filter->class_id != NULL ? WAY_CLASS : WAY_NEW);
    if (filter->class_id != NULL)
        srv_key_text(&last, filter->class_id);
    size_t prefix = last.size;
    if (filter->before_wall_ms != 0) {
        srv_key_instant(&last, filter->before_wall_ms);
        srv_key_bytes(&last, filter->before_id, ID);
        each.before = &last;
    } else {
        fill_key(&last, 8 + ID);
    }
    code = srv_walk_back(tx, SRV_T_ALERT_WAYS, &last, prefix, visit_way, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_each_alert_by_student(struct srv_store *store, const struct srv_alert_place *after,
                                           int32_t from, srv_alert_visit_fn *visit, void *arg,
                                           struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key first = {0};
    struct each_alert each = {.before = &first, .from = from, .visit = visit, .arg = arg};
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    if (after->student_id[0] != '\0')
        first = student_key(after->student_id, after->trigger_date, after->generation, after->id);
    else
        srv_key_byte(&first, WAY_STUDENT);
    code = srv_walk(tx, SRV_T_ALERT_WAYS, &first, 1, visit_way, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_each_alert_of_student(struct srv_store *store, const char *student_id,
                                           srv_alert_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each_alert each = {.visit = visit, .arg = arg};
    enum cm_code code = srv_check_id("student", student_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    struct srv_key last = text_key(WAY_STUDENT, student_id);
    size_t prefix = last.size;
    fill_key(&last, 8 + ID);
    code = srv_walk_back(tx, SRV_T_ALERT_WAYS, &last, prefix, visit_way, &each, err);
    srv_tx_end(&own);
    return code;
}

/* ---- messages ---- */

static enum cm_code load_message(struct srv_tx *tx, const uint8_t id[ID], struct srv_message *ret_message,
                                 struct cm_err *err)
{
    struct srv_key way = id_key(WAY_MESSAGE, id);
    struct cm_bytes value;
    enum cm_code code = srv_get(tx, SRV_T_ALERT_WAYS, &way, &value, err);
    if (code == CM_OK && value.size != ID)
        return srv_damaged("a message's alert is no id", err);
    if (code != CM_OK)
        return code;
    struct srv_key key = message_key(value.data, id);
    code = srv_get(tx, SRV_T_ALERTS, &key, &value, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("a way leads to no message", err);
    return code == CM_OK ? srv_message_decode(value, ret_message, err) : code;
}

enum cm_code srv_kvs_get_message(struct srv_store *store, const uint8_t id[16],
                                 struct srv_message *ret_message, struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = load_message(tx, id, ret_message, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code of_provider_id(struct srv_tx *tx, const char *provider_id,
                                   struct srv_message *ret_message, struct cm_err *err)
{
    struct cm_bytes value;
    size_t length = strnlen(provider_id, SRV_PROVIDER_ID_SIZE);
    if (length == 0 || length >= SRV_PROVIDER_ID_SIZE - 2) /* the key has room for no more */
        return CM_NOTFOUND;
    struct srv_key way = text_key(WAY_PROVIDER, provider_id);
    enum cm_code code = srv_get(tx, SRV_T_ALERT_WAYS, &way, &value, err);
    if (code == CM_OK && value.size != ID)
        return srv_damaged("a provider's message is no id", err);
    if (code != CM_OK)
        return code;
    uint8_t id[ID];
    memcpy(id, value.data, sizeof id);
    code = load_message(tx, id, ret_message, err);
    return code == CM_NOTFOUND ? srv_damaged("a way leads to no message", err) : code;
}

enum cm_code srv_kvs_message_of_provider_id(struct srv_store *store, const char *provider_id,
                                            struct srv_message *ret_message, struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = of_provider_id(tx, provider_id, ret_message, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code check_message(struct srv_tx *tx, const struct srv_message *message, struct cm_err *err)
{
    struct srv_alert alert;
    struct srv_message other;
    enum cm_code code = load_alert(tx, message->alert_id, &alert, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no such alert");
    if (code == CM_OK && strcmp(alert.student_id, message->student_id) != 0)
        return cm_fail(err, CM_INVALID, "a message is about the student of its alert");
    if (code == CM_OK && strlen(message->provider_id) >= SRV_PROVIDER_ID_SIZE - 2)
        return cm_fail(err, CM_INVALID, "a provider's id has %d bytes at most", SRV_PROVIDER_ID_SIZE - 3);
    if (code != CM_OK || message->provider_id[0] == '\0')
        return code;
    code = of_provider_id(tx, message->provider_id, &other, err);
    if (code == CM_OK && memcmp(other.id, message->id, ID) != 0)
        return cm_fail(err, CM_EXISTS, "another message has that id of the provider");
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_kvs_put_message(struct srv_store *store, const struct srv_message *message,
                                 struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_message known;
    struct ways old = {0}, ways;
    uint8_t row[SRV_ALERT_ROW_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = check_message(tx, message, err);
    if (code == CM_OK)
        code = srv_message_encode(message, row, &size, err);
    if (code != CM_OK)
        return code;
    code = load_message(tx, message->id, &known, err);
    if (code == CM_OK && memcmp(known.alert_id, message->alert_id, ID) != 0)
        return cm_fail(err, CM_INVALID, "a message stays with its alert");
    if (code == CM_OK)
        message_ways(&known, &old);
    else if (code != CM_NOTFOUND)
        return code;
    message_ways(message, &ways);
    struct srv_key key = message_key(message->alert_id, message->id);
    code = change_ways(tx, &old, &ways, err);
    return code == CM_OK ? put_row(tx, &key, row, size, err) : code;
}

struct each_message {
    struct srv_tx *tx;
    int64_t until_wall_ms; /* of a walk by state */
    srv_message_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_message(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_message *each = arg;
    struct srv_message message;
    (void)key;
    enum cm_code code = srv_message_decode(value, &message, err);
    if (code != CM_OK)
        return code;
    return each->visit(each->arg, &message) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_message_of_alert(struct srv_store *store, const uint8_t alert_id[16],
                                           srv_message_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each_message each = {.visit = visit, .arg = arg};
    struct srv_key prefix = id_key(ROW_MESSAGE, alert_id);
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_walk(tx, SRV_T_ALERTS, &prefix, prefix.size, visit_message, &each, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code visit_state(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_message *each = arg;
    const uint8_t *at = key.data;
    struct cm_bytes row;
    (void)value;
    if (key.size != 2 + 8 + 2 * ID)
        return srv_damaged("a way to a message is cut short", err);
    if (srv_get_instant(at + 2) > each->until_wall_ms)
        return CM_EOF;
    struct srv_key message = message_key(at + 10, at + 10 + ID);
    enum cm_code code = srv_get(each->tx, SRV_T_ALERTS, &message, &row, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("a way leads to no message", err);
    return code == CM_OK ? visit_message(arg, key, row, err) : code;
}

static enum cm_code each_in_state(struct srv_store *store, enum srv_message_state state,
                                  int64_t until_wall_ms, srv_message_visit_fn *visit, void *arg,
                                  struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each_message each = {.until_wall_ms = until_wall_ms, .visit = visit, .arg = arg};
    struct srv_key prefix = {0};
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    srv_key_byte(&prefix, WAY_STATE);
    srv_key_byte(&prefix, (uint8_t)state);
    code = srv_walk(tx, SRV_T_ALERT_WAYS, &prefix, prefix.size, visit_state, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_each_due_message(struct srv_store *store, int64_t now_ms, srv_message_visit_fn *visit,
                                      void *arg, struct cm_err *err)
{
    return each_in_state(store, SRV_MESSAGE_QUEUED, now_ms, visit, arg, err);
}

enum cm_code srv_kvs_each_message_in_state(struct srv_store *store, enum srv_message_state state,
                                           srv_message_visit_fn *visit, void *arg, struct cm_err *err)
{
    return each_in_state(store, state, INT64_MAX, visit, arg, err);
}

/* ---- cursors ---- */

enum cm_code srv_kvs_get_alert_cursor(struct srv_store *store, const char *class_id,
                                      struct srv_alert_cursor *ret_cursor, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct cm_bytes value;
    enum cm_code code = srv_check_id("class", class_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    struct srv_key key = text_key(ROW_CURSOR, class_id);
    code = srv_get(tx, SRV_T_ALERTS, &key, &value, err);
    if (code == CM_OK)
        code = srv_cursor_decode(value, ret_cursor, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_put_alert_cursor(struct srv_store *store, const struct srv_alert_cursor *cursor,
                                      struct cm_err *err)
{
    struct srv_tx *tx;
    struct cm_class class_;
    uint8_t row[SRV_ALERT_ROW_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_check_id("class", cursor->class_id, err);
    if (code == CM_OK)
        code = srv_load_class(tx, cursor->class_id, &class_, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no class %.63s", cursor->class_id);
    if (code == CM_OK)
        code = srv_cursor_encode(cursor, row, &size, err);
    if (code != CM_OK)
        return code;
    struct srv_key key = text_key(ROW_CURSOR, cursor->class_id);
    return put_row(tx, &key, row, size, err);
}

struct each_cursor {
    srv_alert_cursor_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_cursor(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_cursor *each = arg;
    struct srv_alert_cursor cursor;
    (void)key;
    enum cm_code code = srv_cursor_decode(value, &cursor, err);
    if (code != CM_OK)
        return code;
    return each->visit(each->arg, &cursor) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_alert_cursor(struct srv_store *store, srv_alert_cursor_visit_fn *visit, void *arg,
                                       struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each_cursor each = {visit, arg};
    struct srv_key prefix = {0};
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    srv_key_byte(&prefix, ROW_CURSOR);
    code = srv_walk(tx, SRV_T_ALERTS, &prefix, prefix.size, visit_cursor, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_alerts_forget_class(struct srv_tx *tx, const char *class_id, struct cm_err *err)
{
    struct srv_key key = text_key(ROW_CURSOR, class_id);
    return srv_delete(tx, SRV_T_ALERTS, &key, err);
}

/* ---- erasing ---- */

struct ids {
    uint8_t (*list)[ID];
    size_t count, room;
    struct cm_err *err;
    enum cm_code code;
};

static bool take_id(struct ids *ids, const uint8_t id[ID])
{
    if (ids->count == ids->room) {
        size_t room = ids->room > 0 ? ids->room * 2 : 16;
        uint8_t(*list)[ID] = realloc(ids->list, room * sizeof *list);
        if (list == NULL) {
            ids->code = cm_fail(ids->err, CM_NOMEM, "no memory for a student's alerts");
            return false;
        }
        ids->list = list;
        ids->room = room;
    }
    memcpy(ids->list[ids->count++], id, ID);
    return true;
}

static bool take_alert(void *arg, const struct srv_alert *alert)
{
    return take_id(arg, alert->id);
}

static bool take_message(void *arg, const struct srv_message *message)
{
    return take_id(arg, message->id);
}

static enum cm_code erase_message(struct srv_tx *tx, const uint8_t id[ID], struct cm_err *err)
{
    struct srv_message message;
    struct ways ways, none = {0};
    enum cm_code code = load_message(tx, id, &message, err);
    if (code != CM_OK)
        return code;
    message_ways(&message, &ways);
    struct srv_key key = message_key(message.alert_id, id);
    code = change_ways(tx, &ways, &none, err);
    return code == CM_OK ? srv_delete(tx, SRV_T_ALERTS, &key, err) : code;
}

static enum cm_code erase_alert(struct srv_tx *tx, const uint8_t id[ID], struct cm_err *err)
{
    struct ids messages = {.err = err};
    struct srv_alert alert;
    struct ways ways, none = {0};
    enum cm_code code = srv_kvs_each_message_of_alert(&tx->store->base, id, take_message, &messages, err);
    if (code == CM_OK)
        code = messages.code;
    for (size_t i = 0; i < messages.count && code == CM_OK; i++)
        code = erase_message(tx, messages.list[i], err);
    free(messages.list);
    if (code == CM_OK)
        code = load_alert(tx, id, &alert, err);
    if (code != CM_OK)
        return code;
    alert_ways(&alert, &ways);
    struct srv_key key = id_key(ROW_ALERT, id);
    code = change_ways(tx, &ways, &none, err);
    return code == CM_OK ? srv_delete(tx, SRV_T_ALERTS, &key, err) : code;
}

enum cm_code srv_alerts_erase(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct ids alerts = {.err = err};
    enum cm_code code = srv_kvs_each_alert_of_student(&tx->store->base, student_id, take_alert, &alerts, err);
    if (code == CM_OK)
        code = alerts.code;
    for (size_t i = 0; i < alerts.count && code == CM_OK; i++)
        code = erase_alert(tx, alerts.list[i], err);
    free(alerts.list);
    return code;
}

/* ---- checking ---- */

struct check {
    struct srv_tx *tx;
    size_t ways;
};

static enum cm_code check_ways(struct check *c, const struct ways *ways, struct cm_err *err)
{
    for (int i = 0; i < ways->count; i++) {
        struct cm_bytes value;
        enum cm_code code = srv_get(c->tx, SRV_T_ALERT_WAYS, &ways->keys[i], &value, err);
        if (code == CM_NOTFOUND ||
            (code == CM_OK && (value.size != ways->sizes[i] ||
                               (value.size > 0 && memcmp(value.data, ways->values[i], value.size) != 0))))
            return srv_damaged("an alert or a message cannot be found", err);
        if (code != CM_OK)
            return code;
    }
    c->ways += (size_t)ways->count;
    return CM_OK;
}

static enum cm_code check_alert_row(struct check *c, struct cm_bytes key, struct cm_bytes value,
                                    struct cm_err *err)
{
    struct srv_alert alert;
    struct ways ways;
    enum cm_code code = srv_alert_decode(value, &alert, err);
    if (code == CM_OK && (key.size != 1 + ID || memcmp((const uint8_t *)key.data + 1, alert.id, ID) != 0))
        return srv_damaged("an alert has another's key", err);
    if (code == CM_OK)
        code = check_alert(c->tx, &alert, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("an alert is about nobody", err);
    if (code != CM_OK)
        return code;
    alert_ways(&alert, &ways);
    return check_ways(c, &ways, err);
}

static enum cm_code check_message_row(struct check *c, struct cm_bytes key, struct cm_bytes value,
                                      struct cm_err *err)
{
    struct srv_message message;
    struct ways ways;
    enum cm_code code = srv_message_decode(value, &message, err);
    if (code != CM_OK)
        return code;
    struct srv_key own = message_key(message.alert_id, message.id);
    if (key.size != own.size || memcmp(key.data, own.bytes, own.size) != 0)
        return srv_damaged("a message has another's key", err);
    code = check_message(c->tx, &message, err);
    if (code == CM_NOTFOUND || code == CM_EXISTS)
        return srv_damaged("a message is of no alert, or its provider's id is another's", err);
    if (code != CM_OK)
        return code;
    message_ways(&message, &ways);
    return check_ways(c, &ways, err);
}

static enum cm_code check_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_alert_cursor cursor;
    switch (*(const uint8_t *)key.data) {
    case ROW_ALERT:
        return check_alert_row(arg, key, value, err);
    case ROW_MESSAGE:
        return check_message_row(arg, key, value, err);
    case ROW_CURSOR:
        return srv_cursor_decode(value, &cursor, err);
    default:
        return srv_damaged("a row of the alerts is of no known kind", err);
    }
}

enum cm_code srv_alerts_check(struct srv_tx *tx, struct cm_err *err)
{
    struct check c = {.tx = tx};
    struct srv_key all = {0};
    size_t count;
    enum cm_code code = srv_walk(tx, SRV_T_ALERTS, &all, 0, check_row, &c, err);
    if (code == CM_OK)
        code = srv_count(tx, SRV_T_ALERT_WAYS, &count, err);
    if (code == CM_OK && count != c.ways)
        return srv_damaged("a way leads to an alert or a message that is not there", err);
    return code;
}
