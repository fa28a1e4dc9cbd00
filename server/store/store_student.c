/* Students, and which class they were in when. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"

#include <stdio.h>
#include <string.h>

static struct srv_key id_key(const char *id)
{
    struct srv_key key = {0};
    srv_key_text(&key, id);
    return key;
}

/* ---- memberships ---- */

struct memberships {
    struct srv_membership list[256]; /* oldest first */
    int count;
};

static enum cm_code take_membership(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct memberships *m = arg;
    const uint8_t *at = (const uint8_t *)value.data + 4, *end = (const uint8_t *)value.data + value.size;
    const char *class_id = key.size > 4 && value.size > 4 ? srv_take_text(&at, end, CM_ID_SIZE) : NULL;
    if (class_id == NULL || m->count == (int)(sizeof m->list / sizeof m->list[0]))
        return srv_damaged("a membership does not decode", err);
    struct srv_membership *membership = &m->list[m->count++];
    strcpy(membership->class_id, class_id);
    membership->from = (int32_t)srv_get_u32((const uint8_t *)key.data + key.size - 4);
    membership->to = (int32_t)srv_get_u32(value.data);
    return CM_OK;
}

static enum cm_code load_memberships(struct srv_tx *tx, const char *student_id, struct memberships *ret_m,
                                     struct cm_err *err)
{
    struct srv_key key = id_key(student_id);
    ret_m->count = 0;
    return srv_walk(tx, SRV_T_MEMBERSHIPS, &key, key.size, take_membership, ret_m, err);
}

static void member_key(const char *class_id, const char *student_id, int32_t from, struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_text(ret_key, class_id);
    srv_key_text(ret_key, student_id);
    srv_key_u32(ret_key, (uint32_t)from);
}

static enum cm_code put_membership(struct srv_tx *tx, const char *student_id, const struct srv_membership *m,
                                   struct cm_err *err)
{
    struct srv_key key = id_key(student_id);
    uint8_t bytes[4 + CM_ID_SIZE];
    size_t size = strlen(m->class_id) + 1;
    srv_key_u32(&key, (uint32_t)m->from);
    srv_put_u32(bytes, (uint32_t)m->to);
    memcpy(bytes + 4, m->class_id, size);
    enum cm_code code = srv_put(tx, SRV_T_MEMBERSHIPS, &key, bytes, 4 + size, err);
    member_key(m->class_id, student_id, m->from, &key);
    if (code == CM_OK)
        code = srv_put(tx, SRV_T_MEMBERS, &key, bytes, 4, err);
    return code == CM_OK ? srv_derive_membership(tx, student_id, m->class_id, m->from, m->to, err) : code;
}

static enum cm_code drop_membership(struct srv_tx *tx, const char *student_id, const struct srv_membership *m,
                                    struct cm_err *err)
{
    struct srv_key key = id_key(student_id);
    srv_key_u32(&key, (uint32_t)m->from);
    enum cm_code code = srv_delete(tx, SRV_T_MEMBERSHIPS, &key, err);
    member_key(m->class_id, student_id, m->from, &key);
    if (code == CM_OK)
        code = srv_delete(tx, SRV_T_MEMBERS, &key, err);
    return code == CM_OK ? srv_derive_membership(tx, student_id, m->class_id, m->from, m->to, err) : code;
}

/*
 * The last membership is the present one. Of the student as he shall be:
 * - the same class: it begins at joined_date;
 * - another class: it ends at joined_date and the new one begins then. One that would be left without a day goes, and so
 *   does everything that would begin after joined_date: the newest word on where he is counts.
 * Archived: it ends at left_date.
 */
static void wanted_memberships(const struct srv_student *student, struct memberships *m)
{
    int32_t joined = student->joined_date;
    struct srv_membership *last = m->count > 0 ? &m->list[m->count - 1] : NULL;
    bool stays = last != NULL && strcmp(last->class_id, student->base.class_id) == 0;
    if (stays)
        m->count--;
    while (m->count > 0 && m->list[m->count - 1].from >= joined)
        m->count--;
    if (m->count > 0) {
        last = &m->list[m->count - 1];
        if (last->to == 0 || last->to > joined)
            last->to = joined;
    }
    last = &m->list[m->count++];
    strcpy(last->class_id, student->base.class_id);
    last->from = joined;
    last->to = student->archived ? student->left_date : 0;
}

static bool same_membership(const struct srv_membership *a, const struct srv_membership *b)
{
    return a->from == b->from && a->to == b->to && strcmp(a->class_id, b->class_id) == 0;
}

static enum cm_code change_memberships(struct srv_tx *tx, const struct srv_student *student,
                                       const struct memberships *before, struct cm_err *err)
{
    struct memberships after = *before;
    enum cm_code code = CM_OK;
    wanted_memberships(student, &after);
    int same = 0;
    while (same < before->count && same < after.count &&
           same_membership(&before->list[same], &after.list[same]))
        same++;
    for (int i = same; i < before->count && code == CM_OK; i++)
        code = drop_membership(tx, student->base.id, &before->list[i], err);
    for (int i = same; i < after.count && code == CM_OK; i++)
        code = put_membership(tx, student->base.id, &after.list[i], err);
    return code == CM_OK && before->count == 0 ? srv_derive_student(tx, student->base.id, err) : code;
}

enum cm_code srv_kvs_each_membership(struct srv_store *store, const char *student_id,
                                     srv_membership_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct memberships m;
    enum cm_code code = srv_check_id("student", student_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = load_memberships(tx, student_id, &m, err);
    for (int i = 0; i < m.count && code == CM_OK; i++) {
        if (!visit(arg, &m.list[i]))
            break;
    }
    srv_tx_end(&own);
    return code;
}

/* ---- students ---- */

/* With what the events say of his consent. */
static enum cm_code decode_student(struct srv_tx *tx, struct cm_bytes value, struct srv_student *ret_student,
                                   struct cm_err *err)
{
    struct cm_consent_word word;
    int64_t refused_wall_ms;
    enum cm_code code = srv_student_decode(value, ret_student, err);
    if (code == CM_OK)
        code = srv_consent_load(tx, ret_student->base.id, &word, &refused_wall_ms, err);
    if (code != CM_OK)
        return code;
    ret_student->base.consent = word.state;
    ret_student->base.consent_wall_ms = word.said_wall_ms;
    ret_student->consent_refused_wall_ms = refused_wall_ms;
    return CM_OK;
}

enum cm_code srv_load_student(struct srv_tx *tx, const char *id, struct srv_student *ret_student,
                              struct cm_err *err)
{
    struct cm_bytes value;
    if (srv_check_id("student", id, NULL) != CM_OK)
        return CM_NOTFOUND;
    struct srv_key key = id_key(id);
    enum cm_code code = srv_get(tx, SRV_T_STUDENTS, &key, &value, err);
    return code == CM_OK ? decode_student(tx, value, ret_student, err) : code;
}

enum cm_code srv_kvs_get_student(struct srv_store *store, const char *id, struct srv_student *ret_student,
                                 struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_load_student(tx, id, ret_student, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code count_enrolled(struct srv_tx *tx, int by, struct cm_err *err)
{
    uint64_t count;
    enum cm_code code = srv_get_counter(tx, "enrolled", &count, err);
    return code == CM_OK ? srv_put_counter(tx, "enrolled", count + (uint64_t)(int64_t)by, err) : code;
}

enum cm_code srv_save_student(struct srv_tx *tx, const struct srv_student *student, struct cm_err *err)
{
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    struct srv_student before;
    enum cm_code code = srv_student_encode(student, row, &size, err);
    if (code != CM_OK)
        return code;
    code = srv_load_student(tx, student->base.id, &before, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    bool was = code == CM_OK && before.template_count > 0, is = student->template_count > 0;
    struct srv_key key = id_key(student->base.id);
    code = srv_put(tx, SRV_T_STUDENTS, &key, row, size, err);
    return code == CM_OK && was != is ? count_enrolled(tx, is ? 1 : -1, err) : code;
}

static enum cm_code check_student(struct srv_tx *tx, const struct srv_student *student, struct cm_err *err)
{
    struct cm_class class_;
    enum cm_code code = srv_check_id("student", student->base.id, err);
    if (code == CM_OK)
        code = srv_load_class(tx, student->base.class_id, &class_, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no class %.63s", student->base.class_id);
    if (code != CM_OK)
        return code;
    if (student->joined_date != 0 && !cm_date_valid(student->joined_date))
        return cm_fail(err, CM_INVALID, "joined must be a date");
    if (student->archived && student->left_date != 0 && !cm_date_valid(student->left_date))
        return cm_fail(err, CM_INVALID, "left must be a date");
    return CM_OK;
}

/* The fields that the caller does not decide, and the dates that he left out. */
static void fill_in(const struct srv_kvstore *store, const struct srv_student *before,
                    const struct memberships *m, struct srv_student *student)
{
    int64_t now = cm_wall_ms(store->clock);
    int32_t today = cm_zone_date(store->zone, now);
    bool stays = before != NULL && strcmp(before->base.class_id, student->base.class_id) == 0;
    student->template_count = before != NULL ? before->template_count : 0;
    student->created_wall_ms = before != NULL ? before->created_wall_ms : now;
    student->given_again_wall_ms = before != NULL ? before->given_again_wall_ms : 0;
    student->unenrolled_wall_ms = before != NULL ? before->unenrolled_wall_ms : 0;
    student->changed_wall_ms = now;
    memset(student->base.card_tag, 0, sizeof student->base.card_tag);
    memset(student->base.pin_hash, 0, sizeof student->base.pin_hash);
    if (before != NULL) {
        memcpy(student->base.card_tag, before->base.card_tag, sizeof student->base.card_tag);
        memcpy(student->base.pin_hash, before->base.pin_hash, sizeof student->base.pin_hash);
    }
    if (before != NULL && !stays && student->joined_date == before->joined_date)
        student->joined_date = today; /* moved, and nobody said when */
    if (student->joined_date == 0)
        student->joined_date = stays && m->count > 0 ? m->list[m->count - 1].from : today;
    if (!student->archived)
        student->left_date = 0;
    else if (student->left_date == 0)
        student->left_date = today;
    if (student->archived && student->left_date < student->joined_date)
        student->left_date = student->joined_date;
    memset(&student->base.extra, 0, sizeof student->base.extra);
}

static bool told_to_stations(const struct srv_student *a, const struct srv_student *b)
{
    return strcmp(a->base.name, b->base.name) != 0 || strcmp(a->base.class_id, b->base.class_id) != 0 ||
           a->base.accommodation != b->base.accommodation || a->archived != b->archived;
}

static enum cm_code tell(struct srv_tx *tx, const struct srv_student *before,
                         const struct srv_student *student, struct cm_err *err)
{
    if (before != NULL && !told_to_stations(before, student))
        return CM_OK;
    enum cm_code code = srv_note_change(tx, SRV_CHANGE_STUDENT, student->base.id, err);
    bool moved = before == NULL || strcmp(before->base.class_id, student->base.class_id) != 0;
    if (code == CM_OK && student->template_count > 0 && (moved || (before->archived && !student->archived)))
        code = srv_note_change(tx, SRV_CHANGE_TEMPLATES, student->base.id, err);
    return code;
}

enum cm_code srv_kvs_put_student(struct srv_store *store, const struct srv_student *student_,
                                 struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_student before, student = *student_;
    struct memberships m;
    bool had_templates = false, again = false;
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = check_student(tx, &student, err);
    if (code != CM_OK)
        return code;
    code = srv_load_student(tx, student.base.id, &before, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    const struct srv_student *known = code == CM_OK ? &before : NULL;
    code = load_memberships(tx, student.base.id, &m, err);
    if (code != CM_OK)
        return code;
    if (m.count >= (int)(sizeof m.list / sizeof m.list[0]) - 1)
        return cm_fail(err, CM_NOMEM, "%s changed class too often", student.base.id);
    fill_in(tx->store, known, &m, &student);
    code = srv_student_encode(&student, row, &size,
                              err); /* whether it can be kept, before anything is written */
    if (code == CM_OK && student.archived && student.template_count > 0) {
        code = srv_shred_templates(tx, student.base.id, &had_templates, err);
        student.template_count = 0;
        srv_note_unenrolled(&student);
    }
    if (code == CM_OK && known == NULL)
        code = srv_erased_given_again(tx, student.base.id, student.created_wall_ms, &again, err);
    if (again)
        student.given_again_wall_ms = student.created_wall_ms;
    if (code == CM_OK)
        code = srv_save_student(tx, &student, err);
    if (code == CM_OK)
        code = change_memberships(tx, &student, &m, err);
    if (code == CM_OK && had_templates)
        code = srv_note_change(tx, SRV_CHANGE_TEMPLATES, student.base.id, err);
    return code == CM_OK ? tell(tx, known, &student, err) : code;
}

/* ---- lists ---- */

struct each_student {
    struct srv_tx *tx;
    srv_student_visit_fn *visit;
    void *arg;
    const char *after, *class_id;
};

static enum cm_code visit_student(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_student *each = arg;
    struct srv_student student;
    if (strcmp(key.data, each->after) == 0)
        return CM_OK;
    enum cm_code code = decode_student(each->tx, value, &student, err);
    if (code != CM_OK)
        return code;
    return each->visit(each->arg, &student) ? CM_OK : CM_EOF;
}

/* Of a class: by its members, of whom those who left or moved are passed over. */
static enum cm_code visit_member(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_student *each = arg;
    const char *student_id = (const char *)key.data + strlen(each->class_id) + 1;
    struct srv_student student;
    (void)value;
    if (strcmp(student_id, each->after) == 0)
        return CM_OK;
    enum cm_code code = srv_load_student(each->tx, student_id, &student, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("a member is no student", err);
    if (code != CM_OK)
        return code;
    uint32_t from = srv_get_u32((const uint8_t *)key.data + key.size - 4);
    if (strcmp(student.base.class_id, each->class_id) != 0 || from != (uint32_t)student.joined_date)
        return CM_OK;
    return each->visit(each->arg, &student) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_student(struct srv_store *store, const char *class_id, const char *after,
                                  srv_student_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key first = {0};
    struct each_student each = {
        .visit = visit, .arg = arg, .after = after != NULL ? after : "", .class_id = class_id};
    enum cm_code code = CM_OK;
    if (each.after[0] != '\0')
        code = srv_check_id("student", each.after, err);
    if (code == CM_OK && class_id != NULL)
        code = srv_check_id("class", class_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    if (class_id != NULL)
        srv_key_text(&first, class_id);
    size_t prefix = first.size;
    srv_key_text(&first, each.after);
    code = srv_walk(tx, class_id != NULL ? SRV_T_MEMBERS : SRV_T_STUDENTS, &first, prefix,
                    class_id != NULL ? visit_member : visit_student, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_count(struct srv_store *store, size_t *ret_students, size_t *ret_classes,
                           size_t *ret_enrolled, struct cm_err *err)
{
    struct srv_tx own, *tx;
    size_t students, classes;
    uint64_t enrolled;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_count(tx, SRV_T_STUDENTS, &students, err);
    if (code == CM_OK)
        code = srv_count(tx, SRV_T_CLASSES, &classes, err);
    if (code == CM_OK)
        code = srv_get_counter(tx, "enrolled", &enrolled, err);
    if (code == CM_OK) {
        *ret_students = students;
        *ret_classes = classes;
        *ret_enrolled = (size_t)enrolled;
    }
    srv_tx_end(&own);
    return code;
}

/* ---- erasing ---- */

static enum cm_code erase_login(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct srv_user user;
    enum cm_code code = srv_kvs_user_of_student(&tx->store->base, student_id, &user, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    return srv_kvs_delete_user(&tx->store->base, user.name, err);
}

struct search {
    const char *phone;
    bool found;
};

static bool has_phone(void *arg, const struct srv_student *student)
{
    struct search *search = arg;
    search->found = strcmp(student->parent_phone, search->phone) == 0;
    return !search->found;
}

/* That its owner wants no messages is kept for others who have the number, and for nobody else. */
static enum cm_code forget_stopped(struct srv_store *store, const char *phone, struct cm_err *err)
{
    struct search search = {.phone = phone};
    int64_t wall_ms;
    if (phone[0] == '\0' || srv_kvs_get_stopped(store, phone, &wall_ms, NULL) != CM_OK)
        return CM_OK;
    enum cm_code code = srv_kvs_each_student(store, NULL, "", has_phone, &search, err);
    return code == CM_OK && !search.found ? srv_kvs_delete_stopped(store, phone, err) : code;
}

static enum cm_code erase_student(struct srv_store *store, const char *id, const char *by, struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_student student;
    struct memberships m;
    bool any;
    (void)by; /* who did it is in the caller's log: nothing of the student stays here */
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_load_student(tx, id, &student, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no student %.63s", id);
    if (code == CM_OK)
        code = srv_alerts_erase(tx, id, err);
    if (code == CM_OK)
        code = srv_derive_erase(tx, id, err);
    if (code == CM_OK)
        code = load_memberships(tx, id, &m, err);
    for (int i = 0; code == CM_OK && i < m.count; i++)
        code = drop_membership(tx, id, &m.list[i], err);
    if (code == CM_OK)
        code = erase_login(tx, id, err);
    if (code == CM_OK)
        code = srv_shred_templates(tx, id, &any, err);
    if (code == CM_OK && student.template_count > 0)
        code = count_enrolled(tx, -1, err);
    struct srv_key key = id_key(id);
    if (code == CM_OK)
        code = srv_delete(tx, SRV_T_STUDENTS, &key, err);
    if (code == CM_OK)
        code = forget_stopped(store, student.parent_phone, err);
    if (code == CM_OK)
        code = srv_erased_forget_notes(tx, id, err);
    if (code == CM_OK)
        code = srv_erased_put(tx, id, err);
    return code == CM_OK ? srv_note_erased(tx, id, err) : code;
}

enum cm_code srv_kvs_erase_student(struct srv_store *store, const char *id, const char *by,
                                   struct cm_err *err)
{
    const uint64_t before = srv_store_written(store);
    enum cm_code code = erase_student(store, id, by, err);
    ((struct srv_kvstore *)store)->written_erasing += srv_store_written(store) - before;
    return code;
}

/* ---- again, for stations ---- */

struct touch {
    struct srv_student students[16];
    int count;
};

static bool take_student(void *arg, const struct srv_student *student)
{
    struct touch *touch = arg;
    touch->students[touch->count++] = *student;
    return touch->count < (int)(sizeof touch->students / sizeof touch->students[0]);
}

enum cm_code srv_kvs_touch_class(struct srv_store *store, const char *class_id, struct cm_err *err)
{
    struct srv_tx *tx;
    struct touch touch;
    char after[CM_ID_SIZE] = "";
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_check_id("class", class_id, err);
    if (code == CM_OK)
        code = srv_note_change(tx, SRV_CHANGE_CLASS, class_id, err);
    do {
        touch.count = 0;
        if (code == CM_OK)
            code = srv_kvs_each_student(store, class_id, after, take_student, &touch, err);
        for (int i = 0; i < touch.count && code == CM_OK; i++) {
            strcpy(after, touch.students[i].base.id);
            code = srv_note_change(tx, SRV_CHANGE_STUDENT, after, err);
            if (code == CM_OK && touch.students[i].template_count > 0)
                code = srv_note_change(tx, SRV_CHANGE_TEMPLATES, after, err);
        }
    } while (code == CM_OK && touch.count > 0);
    return code == CM_OK ? srv_note_rolls(tx, class_id, err) : code;
}
