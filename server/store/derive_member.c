/* Who is in which class when, and what a school day is. */
#include "store/derive_kv.h"
#include "store/kvstore_verbs.h"
#include "store/settings.h"
#include <stdlib.h>
#include <string.h>

/* ---- by class ---- */

static enum cm_code take_member(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_members *members = arg;
    const uint8_t *at = key.data, *end = at + key.size;
    if (srv_take_text(&at, end, CM_ID_SIZE) == NULL)
        return srv_damaged("a member has no class", err);
    const char *student_id = srv_take_text(&at, end, CM_ID_SIZE);
    if (student_id == NULL || end - at != 4 || value.size != 4)
        return srv_damaged("a member does not decode", err);
    if (members->count == members->room) {
        size_t room = members->room > 0 ? members->room * 2 : 64;
        struct srv_member *list = realloc(members->list, room * sizeof *list);
        if (list == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for the members of a class");
        members->list = list;
        members->room = room;
    }
    struct srv_member *member = &members->list[members->count++];
    strcpy(member->student_id, student_id);
    member->from = (int32_t)srv_get_u32(at);
    member->to = (int32_t)srv_get_u32(value.data);
    return CM_OK;
}

enum cm_code srv_members_load(struct srv_tx *tx, const char *class_id, struct srv_members *members,
                              struct cm_err *err)
{
    struct srv_key prefix = {0};
    members->count = 0;
    srv_key_text(&prefix, class_id);
    return srv_walk(tx, SRV_T_MEMBERS, &prefix, prefix.size, take_member, members, err);
}

/* ---- by student ---- */

struct class_on {
    int32_t date;
    char *class_id;
    bool known;
};

static enum cm_code look_at_membership(void *arg, struct cm_bytes key, struct cm_bytes value,
                                       struct cm_err *err)
{
    struct class_on *on = arg;
    const uint8_t *at = value.data, *end = at + value.size;
    if (value.size < 5 || key.size < 5)
        return srv_damaged("a membership does not decode", err);
    int32_t from = (int32_t)srv_get_u32((const uint8_t *)key.data + key.size - 4);
    int32_t to = (int32_t)srv_get_u32(at);
    at += 4;
    const char *class_id = srv_take_text(&at, end, CM_ID_SIZE);
    if (class_id == NULL)
        return srv_damaged("a membership has no class", err);
    on->known = true;
    if (on->date >= from && (to == 0 || on->date < to))
        strcpy(on->class_id, class_id);
    return CM_OK;
}

enum cm_code srv_class_on(struct srv_tx *tx, const char *student_id, int32_t date,
                          char ret_class_id[CM_ID_SIZE], bool *ret_known, struct cm_err *err)
{
    struct class_on on = {.date = date, .class_id = ret_class_id};
    struct srv_key prefix = {0};
    ret_class_id[0] = '\0';
    srv_key_text(&prefix, student_id);
    enum cm_code code = srv_walk(tx, SRV_T_MEMBERSHIPS, &prefix, prefix.size, look_at_membership, &on, err);
    if (code == CM_OK)
        *ret_known = on.known;
    return code;
}

/* ---- school days ---- */

static enum cm_code load_closure(struct srv_tx *tx, int32_t date, const char *class_id,
                                 struct cm_closure *ret_closure, struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    srv_key_u32(&key, (uint32_t)date);
    srv_key_text(&key, class_id);
    enum cm_code code = srv_get(tx, SRV_T_CLOSURES, &key, &value, err);
    return code == CM_OK ? srv_closure_decode(srv_key_all(&key), value, ret_closure, err) : code;
}

enum cm_code srv_school_day(struct srv_tx *tx, const struct cm_class *class_, int32_t date,
                            struct srv_school_day *ret_day, struct cm_err *err)
{
    struct srv_school_day day = {.no_session = false};
    struct cm_word word;
    enum cm_code code = load_closure(tx, date, class_->id, &day.closure, err);
    if (code == CM_NOTFOUND)
        code = load_closure(tx, date, "", &day.closure, err);
    if (code == CM_OK || code == CM_NOTFOUND)
        code = srv_word_load(tx, class_->id, date, &word, err);
    if (code != CM_OK)
        return code;
    day.no_session = word.word == CM_WORD_NO_SESSION;
    day.day =
        cm_day_of(class_, day.closure.date != 0 ? &day.closure : NULL, day.no_session, tx->store->zone, date);
    *ret_day = day;
    return CM_OK;
}

enum cm_code srv_kvs_get_school_day(struct srv_store *store, const struct cm_class *class_, int32_t date,
                                    struct srv_school_day *ret_day, struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_check_session(class_->id, date, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_school_day(tx, class_, date, ret_day, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_coverage_percent(struct srv_tx *tx, int32_t *ret_percent, struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    char text[16] = "";
    srv_key_byte(&key, 's');
    srv_key_text(&key, SRV_SETTING_COVERAGE_PERCENT);
    enum cm_code code = srv_get(tx, SRV_T_META, &key, &value, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (code == CM_OK && value.size < sizeof text)
        memcpy(text, value.data, value.size);
    long percent = strtol(text, NULL, 10);
    *ret_percent = percent >= 1 && percent <= 100 ? (int32_t)percent : SRV_COVERAGE_PERCENT_DEFAULT;
    return CM_OK;
}

enum cm_code srv_points_rules(struct srv_tx *tx, struct cm_points_rules *ret_rules, struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    char text[CM_POINTS_SETTING_SIZE] = "";
    srv_key_byte(&key, 's');
    srv_key_text(&key, SRV_SETTING_POINTS);
    enum cm_code code = srv_get(tx, SRV_T_META, &key, &value, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (code == CM_OK && value.size < sizeof text)
        memcpy(text, value.data, value.size);
    if (cm_points_parse(text, ret_rules, NULL) != CM_OK)
        *ret_rules = cm_points_rules_default;
    return CM_OK;
}

/* ---- where a student was seen ---- */

static void seen_key(const char *student_id, const char *class_id, struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_text(ret_key, student_id);
    srv_key_text(ret_key, class_id);
}

enum cm_code srv_note_seen(struct srv_tx *tx, const char *student_id, const char *class_id,
                           struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    seen_key(student_id, class_id, &key);
    enum cm_code code = srv_get(tx, SRV_T_SEEN, &key, &value, err);
    return code == CM_NOTFOUND ? srv_put(tx, SRV_T_SEEN, &key, "", 0, err) : code;
}

struct each_seen {
    srv_seen_fn *visit;
    void *arg;
};

static enum cm_code visit_seen(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_seen *each = arg;
    const uint8_t *at = key.data, *end = at + key.size;
    (void)value;
    const char *class_id =
        srv_take_text(&at, end, CM_ID_SIZE) != NULL ? srv_take_text(&at, end, CM_ID_SIZE) : NULL;
    if (class_id == NULL)
        return srv_damaged("where a student was seen does not decode", err);
    return each->visit(each->arg, class_id, err);
}

enum cm_code srv_each_seen(struct srv_tx *tx, const char *student_id, srv_seen_fn *visit, void *arg,
                           struct cm_err *err)
{
    struct each_seen each = {visit, arg};
    struct srv_key prefix = {0};
    srv_key_text(&prefix, student_id);
    return srv_walk(tx, SRV_T_SEEN, &prefix, prefix.size, visit_seen, &each, err);
}

/* ---- the days of one student ---- */

struct day {              /* found, to be put in order */
    const char *class_id; /* in the list of classes */
    int32_t date;
    bool school;
    enum srv_session_state state;
    struct srv_day_row row;
};

struct days {
    struct srv_tx *tx;
    const char *student_id;
    int32_t from, to;
    char (*classes)[CM_ID_SIZE]; /* in which there may be rows of his */
    size_t class_count, class_room;
    srv_student_day_fn *visit;
    void *arg;
    const char *class_id; /* the one under way */
    struct day *list;     /* several classes: collected */
    size_t count, room;
    bool collect;
};

static enum cm_code add_class(void *arg, const char *class_id, struct cm_err *err)
{
    struct days *days = arg;
    for (size_t i = 0; i < days->class_count; i++) {
        if (strcmp(days->classes[i], class_id) == 0)
            return CM_OK;
    }
    if (days->class_count == days->class_room) {
        size_t room = days->class_room > 0 ? days->class_room * 2 : 4;
        char(*classes)[CM_ID_SIZE] = realloc(days->classes, room * sizeof *classes);
        if (classes == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for a student's classes");
        days->classes = classes;
        days->class_room = room;
    }
    strcpy(days->classes[days->class_count++], class_id);
    return CM_OK;
}

static enum cm_code add_membership(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const uint8_t *at = (const uint8_t *)value.data + 4;
    (void)key;
    const char *class_id =
        value.size > 4 ? srv_take_text(&at, (const uint8_t *)value.data + value.size, CM_ID_SIZE) : NULL;
    if (class_id == NULL)
        return srv_damaged("a membership does not decode", err);
    return add_class(arg, class_id, err);
}

static enum cm_code keep_day(struct days *days, const struct day *day, struct cm_err *err)
{
    if (days->count == days->room) {
        size_t room = days->room > 0 ? days->room * 2 : 64;
        struct day *list = realloc(days->list, room * sizeof *list);
        if (list == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for a student's days");
        days->list = list;
        days->room = room;
    }
    days->list[days->count++] = *day;
    return CM_OK;
}

static enum cm_code show_day(struct days *days, const struct day *day, struct cm_err *err)
{
    struct srv_student_day shown = {day->class_id, day->date, day->school, day->state, &day->row};
    return days->visit(days->arg, &shown, err);
}

static enum cm_code look_at_session(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct days *days = arg;
    struct day day = {.class_id = days->class_id};
    struct srv_key day_key;
    if (key.size < 6)
        return srv_damaged("a session's key is cut short", err);
    day.date = (int32_t)srv_get_u32((const uint8_t *)key.data + key.size - 4);
    if (day.date > days->to)
        return CM_EOF;
    day.school = srv_session_meets(value);
    day.state = srv_session_state_of(value);
    day_key.size = 0;
    srv_key_bytes(&day_key, key.data, key.size);
    srv_key_text(&day_key, days->student_id);
    enum cm_code code = srv_day_load(days->tx, &day_key, &day.row, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    return days->collect ? keep_day(days, &day, err) : show_day(days, &day, err);
}

static enum cm_code walk_class(struct days *days, const char *class_id, struct cm_err *err)
{
    struct srv_key first;
    days->class_id = class_id;
    srv_session_key(class_id, days->from, &first);
    return srv_walk(days->tx, SRV_T_SESSIONS, &first, strlen(class_id) + 1, look_at_session, days, err);
}

static int by_date(const void *a, const void *b)
{
    const struct day *x = a, *y = b;
    if (x->date != y->date)
        return x->date < y->date ? -1 : 1;
    return strcmp(x->class_id, y->class_id);
}

static enum cm_code visit_collected(struct days *days, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    if (days->count > 1)
        qsort(days->list, days->count, sizeof days->list[0], by_date);
    for (size_t i = 0; i < days->count && code == CM_OK; i++)
        code = show_day(days, &days->list[i], err);
    return code == CM_EOF ? CM_OK : code;
}

static enum cm_code find_classes(struct days *days, struct cm_err *err)
{
    struct srv_key prefix = {0};
    srv_key_text(&prefix, days->student_id);
    enum cm_code code =
        srv_walk(days->tx, SRV_T_MEMBERSHIPS, &prefix, prefix.size, add_membership, days, err);
    return code == CM_OK ? srv_each_seen(days->tx, days->student_id, add_class, days, err) : code;
}

enum cm_code srv_each_student_day(struct srv_tx *tx, const char *student_id, int32_t from, int32_t to,
                                  srv_student_day_fn *visit, void *arg, struct cm_err *err)
{
    struct days days = {
        .tx = tx, .student_id = student_id, .from = from, .to = to, .visit = visit, .arg = arg};
    enum cm_code code = find_classes(&days, err);
    days.collect = days.class_count > 1;
    for (size_t i = 0; i < days.class_count && code == CM_OK; i++)
        code = walk_class(&days, days.classes[i], err);
    if (code == CM_OK && days.collect)
        code = visit_collected(&days, err);
    free(days.classes);
    free(days.list);
    return code;
}

enum cm_code srv_only_class(struct srv_tx *tx, const char *student_id, char ret_class_id[CM_ID_SIZE],
                            struct cm_err *err)
{
    struct days days = {.tx = tx, .student_id = student_id};
    enum cm_code code = find_classes(&days, err);
    if (code == CM_OK)
        strcpy(ret_class_id, days.class_count == 1 ? days.classes[0] : "");
    free(days.classes);
    return code;
}
