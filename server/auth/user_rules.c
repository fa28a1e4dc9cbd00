/* Who may be a user, and who must remain one. */
#include "auth/private.h"

#include "roster/fields.h"
#include <stdio.h>
#include <string.h>

bool srv_auth_user_name(const char *typed, char ret_name[64])
{
    size_t size = strnlen(typed, 64);
    if (size == 0 || size >= 64)
        return false;
    char name[64] = "";
    for (size_t i = 0; i < size; i++) {
        char c = typed[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (i == 0 || strchr("._@-", c) == NULL))
            return false;
        name[i] = c;
    }
    memcpy(ret_name, name, sizeof(name));
    return true;
}

static enum cm_code refuse(struct srv_refusal *ret_refusal, struct srv_refusal refusal, struct cm_err *err,
                           const char *message)
{
    *ret_refusal = refusal;
    return cm_fail(err, CM_INVALID, "%s", message);
}

static enum cm_code refuse_field(struct srv_refusal *ret_refusal, const char *field, struct cm_err *err,
                                 const char *message)
{
    return refuse(ret_refusal, (struct srv_refusal){422, "invalid", field}, err, message);
}

static enum cm_code check_classes(struct srv_store *store, const struct srv_user *user,
                                  struct srv_refusal *ret_refusal, struct cm_err *err)
{
    if (user->class_count > 0 && user->role != SRV_ROLE_COORDINATOR)
        return refuse_field(ret_refusal, "classes", err, "only a coordinator has classes");
    for (int i = 0; i < user->class_count; i++) {
        struct cm_class class_;
        char message[CM_ID_SIZE + 32];
        enum cm_code code = srv_store_get_class(store, user->classes[i], &class_, err);
        snprintf(message, sizeof(message), "there is no class %s", user->classes[i]);
        if (code == CM_NOTFOUND)
            return refuse_field(ret_refusal, "classes", err, message);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

static enum cm_code check_student(struct srv_store *store, const struct srv_user *user,
                                  struct srv_refusal *ret_refusal, struct cm_err *err)
{
    struct srv_student student;
    struct srv_user other;
    if (user->role != SRV_ROLE_STUDENT)
        return user->student_id[0] == '\0'
                   ? CM_OK
                   : refuse_field(ret_refusal, "student_id", err, "only a student's login has a student");
    if (user->student_id[0] == '\0')
        return refuse_field(ret_refusal, "student_id", err, "say which student's login it is");
    enum cm_code code = srv_store_get_student(store, user->student_id, &student, err);
    if (code == CM_NOTFOUND)
        return refuse_field(ret_refusal, "student_id", err, "there is no such student");
    if (code != CM_OK)
        return code;
    code = srv_store_user_of_student(store, user->student_id, &other, err);
    if (code == CM_OK)
        return refuse(ret_refusal, (struct srv_refusal){409, "exists", NULL}, err,
                      "this student has a login already");
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code check_addresses(const struct srv_user *user, struct srv_refusal *ret_refusal,
                                    struct cm_err *err)
{
    if (user->phone[0] != '\0' && !cm_phone_fine(user->phone))
        return refuse_field(ret_refusal, "phone", err,
                            "phone is a number with its country code, such as +919876543210");
    if (user->email[0] != '\0' && !cm_email_fine(user->email))
        return refuse_field(ret_refusal, "email", err, "email is an address such as meera@school.example");
    return CM_OK;
}

struct admins {
    const char *but;
    bool another;
};

static bool note_other_admin(void *arg, const struct srv_user *user)
{
    struct admins *admins = arg;
    admins->another = user->role == SRV_ROLE_ADMIN && !user->disabled && strcmp(user->name, admins->but) != 0;
    return !admins->another;
}

/* Somebody must be able to undo what is done. user: as he is before. */
static enum cm_code check_not_last_admin(struct srv_store *store, const struct srv_user *user,
                                         struct srv_refusal *ret_refusal, struct cm_err *err)
{
    struct admins admins = {.but = user->name};
    if (user->role != SRV_ROLE_ADMIN || user->disabled)
        return CM_OK;
    enum cm_code code = srv_store_each_user(store, "", note_other_admin, &admins, err);
    if (code != CM_OK || admins.another)
        return code;
    return refuse(ret_refusal, (struct srv_refusal){409, "last_admin", NULL}, err,
                  "this is the last admin who can log in: make another one first");
}

enum cm_code srv_auth_add_user(struct srv_store *store, const struct srv_user *user,
                               struct srv_refusal *ret_refusal, struct cm_err *err)
{
    struct srv_user other;
    *ret_refusal = (struct srv_refusal){0, NULL, NULL};
    enum cm_code code = srv_store_get_user(store, user->name, &other, err);
    if (code == CM_OK)
        return refuse(ret_refusal, (struct srv_refusal){409, "exists", NULL}, err,
                      "there is a user of this name");
    if (code != CM_NOTFOUND)
        return code;
    code = check_addresses(user, ret_refusal, err);
    if (code == CM_OK)
        code = check_classes(store, user, ret_refusal, err);
    if (code == CM_OK)
        code = check_student(store, user, ret_refusal, err);
    return code == CM_OK ? srv_store_put_user(store, user, err) : code;
}

static bool same_classes(const struct srv_user *a, const struct srv_user *b)
{
    bool same = a->class_count == b->class_count;
    for (int i = 0; same && i < a->class_count; i++)
        same = strcmp(a->classes[i], b->classes[i]) == 0;
    return same;
}

enum cm_code srv_auth_change_user(struct srv_store *store, const struct srv_user *user,
                                  struct srv_refusal *ret_refusal, struct cm_err *err)
{
    struct srv_user before;
    *ret_refusal = (struct srv_refusal){0, NULL, NULL};
    enum cm_code code = srv_store_get_user(store, user->name, &before, err);
    if (code == CM_OK)
        code = check_addresses(user, ret_refusal, err);
    if (code == CM_OK &&
        !same_classes(user, &before)) /* one of his that was removed keeps nobody from the rest */
        code = check_classes(store, user, ret_refusal, err);
    if (code == CM_OK && (user->disabled || user->role != SRV_ROLE_ADMIN))
        code = check_not_last_admin(store, &before, ret_refusal, err);
    if (code == CM_OK)
        code = srv_store_put_user(store, user, err);
    bool ends =
        user->disabled || user->role != before.role || strcmp(user->password_hash, before.password_hash) != 0;
    return code == CM_OK && ends ? srv_store_delete_sessions(store, user->name, NULL, err) : code;
}

enum cm_code srv_auth_delete_user(struct srv_store *store, const char *name, struct srv_refusal *ret_refusal,
                                  struct cm_err *err)
{
    struct srv_user before;
    *ret_refusal = (struct srv_refusal){0, NULL, NULL};
    enum cm_code code = srv_store_get_user(store, name, &before, err);
    if (code == CM_OK)
        code = check_not_last_admin(store, &before, ret_refusal, err);
    return code == CM_OK ? srv_store_delete_user(store, name, err) : code;
}
