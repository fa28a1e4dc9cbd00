/* Classes and students. */
#include "store/store.h"

#include "record/codec.h"
#include "store/store_private.h"
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 2048 }; /* the largest class or student as encoded */

struct roster {
    struct stn_store *store;
    const struct cm_class *classes;
    const struct cm_student *students;
    size_t class_count, student_count;
    struct cm_event event;
};

static enum cm_code put(struct cm_txn *txn, enum stn_table table, enum cm_record_kind kind, const char *id,
                        const void *record, struct cm_err *err)
{
    uint8_t value[VALUE_MAX];
    size_t size;
    enum cm_code code = stn_store_check_id(kind == CM_RECORD_CLASS ? "class" : "student", id, err);
    if (code == CM_OK)
        code = cm_record_encode(kind, record, value, sizeof value, &size, err);
    if (code == CM_OK)
        code = cm_txn_put(txn, (int)table, id, strlen(id), value, size, err);
    return code;
}

/* Name and class are the roster's; the rest of a student who is there already stays. */
static enum cm_code put_student(struct cm_txn *txn, const struct cm_student *student, struct cm_err *err)
{
    struct cm_student merged;
    struct cm_err why = CM_ERR_INIT;
    struct cm_bytes value;
    enum cm_code code = cm_txn_get(txn, STN_TABLE_STUDENTS, student->id, strlen(student->id), &value, err);
    if (code == CM_NOTFOUND)
        return put(txn, STN_TABLE_STUDENTS, CM_RECORD_STUDENT, student->id, student, err);
    if (code != CM_OK)
        return code;
    if (cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &merged, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "the record of %s does not decode: %s", student->id, why.msg);
    memcpy(merged.name, student->name, sizeof merged.name);
    memcpy(merged.class_id, student->class_id, sizeof merged.class_id);
    return put(txn, STN_TABLE_STUDENTS, CM_RECORD_STUDENT, student->id, &merged, err);
}

static enum cm_code put_roster(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct roster *roster = arg;
    char server[STN_SERVER_URL_SIZE];
    if (stn_txn_is_paired(txn) && stn_txn_server_name(txn, server, NULL) == CM_OK)
        return cm_fail(err, CM_INVALID,
                       "the roster of this station comes from %.120s: change students and classes there",
                       server);
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < roster->class_count && code == CM_OK; i++)
        code = put(txn, STN_TABLE_CLASSES, CM_RECORD_CLASS, roster->classes[i].id, &roster->classes[i], err);
    for (size_t i = 0; i < roster->student_count && code == CM_OK; i++)
        code = put_student(txn, &roster->students[i], err);
    return code == CM_OK ? stn_store_log(roster->store, txn, &roster->event, err) : code;
}

enum cm_code stn_store_put_roster(struct stn_store *store, const struct cm_class *classes, size_t class_count,
                                  const struct cm_student *students, size_t student_count, const char *source,
                                  struct cm_err *err)
{
    struct roster roster = {store, classes, students, class_count, student_count, {0}};
    if (class_count > INT32_MAX || student_count > INT32_MAX)
        return cm_fail(err, CM_INVALID, "a roster of more than %d entries", INT32_MAX);
    stn_store_envelope(store, CM_EVENT_ROSTER, &roster.event);
    roster.event.body.roster.classes = (int32_t)class_count;
    roster.event.body.roster.students = (int32_t)student_count;
    snprintf(roster.event.body.roster.source, sizeof roster.event.body.roster.source, "%s", source);
    return stn_store_commit(store, put_roster, &roster, false, err);
}

struct lookup {
    enum stn_table table;
    enum cm_record_kind kind;
    const char *id;
    void *record;
};

static enum cm_code look_up(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct lookup *lookup = arg;
    struct cm_err why = CM_ERR_INIT;
    struct cm_bytes value;
    enum cm_code code = cm_txn_get(txn, (int)lookup->table, lookup->id, strlen(lookup->id), &value, err);
    if (code == CM_OK &&
        cm_record_decode(lookup->kind, value.data, value.size, lookup->record, &why) != CM_OK)
        code = cm_fail(err, CM_CORRUPT, "the record of %s does not decode: %s", lookup->id, why.msg);
    if (code == CM_OK && lookup->kind == CM_RECORD_STUDENT)
        code = stn_consent_merge(txn, lookup->record, err);
    return code;
}

enum cm_code stn_store_get_class(struct stn_store *store, const char *id, struct cm_class *ret_class,
                                 struct cm_err *err)
{
    struct lookup lookup = {STN_TABLE_CLASSES, CM_RECORD_CLASS, id, ret_class};
    enum cm_code code = id[0] == '\0' ? CM_NOTFOUND : cm_db_read(store->db, look_up, &lookup, err);
    return code == CM_NOTFOUND ? cm_fail(err, CM_NOTFOUND, "there is no class \"%.63s\" on the roster", id)
                               : code;
}

enum cm_code stn_store_get_student(struct stn_store *store, const char *id, struct cm_student *ret_student,
                                   struct cm_err *err)
{
    struct lookup lookup = {STN_TABLE_STUDENTS, CM_RECORD_STUDENT, id, ret_student};
    enum cm_code code = id[0] == '\0' ? CM_NOTFOUND : cm_db_read(store->db, look_up, &lookup, err);
    return code == CM_NOTFOUND ? cm_fail(err, CM_NOTFOUND, "there is no student \"%.63s\" on the roster", id)
                               : code;
}

struct walk {
    struct cm_txn *txn;
    stn_class_visit_fn *visit_class;
    stn_student_visit_fn *visit_student;
    void *arg;
};

static enum cm_code fail_decode(struct cm_bytes key, const struct cm_err *why, struct cm_err *err)
{
    return cm_fail(err, CM_CORRUPT, "the record of %.*s does not decode: %s", (int)key.size,
                   (const char *)key.data, why->msg);
}

static enum cm_code visit_class(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct walk *walk = arg;
    struct cm_err why = CM_ERR_INIT;
    struct cm_class class_;
    if (cm_record_decode(CM_RECORD_CLASS, value.data, value.size, &class_, &why) != CM_OK)
        return fail_decode(key, &why, err);
    return walk->visit_class(walk->arg, &class_) ? CM_OK : CM_EOF;
}

static enum cm_code visit_student(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct walk *walk = arg;
    struct cm_err why = CM_ERR_INIT;
    struct cm_student student;
    if (cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &student, &why) != CM_OK)
        return fail_decode(key, &why, err);
    enum cm_code code = stn_consent_merge(walk->txn, &student, err);
    if (code != CM_OK)
        return code;
    return walk->visit_student(walk->arg, &student) ? CM_OK : CM_EOF;
}

static enum cm_code walk_classes(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    return cm_txn_walk(txn, STN_TABLE_CLASSES, (struct cm_bytes){NULL, 0}, 0, visit_class, arg, err);
}

static enum cm_code walk_students(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct walk *walk = arg;
    walk->txn = txn;
    return cm_txn_walk(txn, STN_TABLE_STUDENTS, (struct cm_bytes){NULL, 0}, 0, visit_student, arg, err);
}

enum cm_code stn_store_each_class(struct stn_store *store, stn_class_visit_fn *visit, void *arg,
                                  struct cm_err *err)
{
    struct walk walk = {.visit_class = visit, .arg = arg};
    return cm_db_read(store->db, walk_classes, &walk, err);
}

enum cm_code stn_store_each_student(struct stn_store *store, stn_student_visit_fn *visit, void *arg,
                                    struct cm_err *err)
{
    struct walk walk = {.visit_student = visit, .arg = arg};
    return cm_db_read(store->db, walk_students, &walk, err);
}
