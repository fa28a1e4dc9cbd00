/* POST /api/students, PATCH and DELETE /api/students/:id, DELETE …/templates, PATCH /api/me/profile */
#include "api/handlers.h"

#include "api/input.h"
#include "api/nickname.h"
#include "api/student.h"
#include "base/log.h"
#include "live/live.h"
#include <stdio.h>
#include <string.h>

/* What may be said of a student; `given` where it was. */
struct fields {
    struct srv_student to; /* only what was given is of interest */
    struct {
        bool name, class_id, roll_number, parent_name, parent_phone, parent_email, note, joined, archived,
            nickname, board_hidden, accommodation;
    } given;
};

struct student_write {
    struct srv_call_write base;
    struct fields fields;
    char id[CM_ID_SIZE], by[CM_NAME_SIZE];
    char class_before[CM_ID_SIZE]; /* set by run */
    struct srv_student now;        /* set by run */
    int64_t now_ms;
    int32_t today;
};

#define FIELD(name_, type_, member_) .name = name_, .type = type_, .ret = member_
#define TEXT(name_, type_, member_)  FIELD(name_, type_, member_), .size = sizeof(member_)

static bool read_fields(struct srv_call *call, struct fields *fields, bool is_new)
{
    struct srv_student *to = &fields->to;
    char phone[64] = "";
    const struct srv_json_field table[] = {
        {TEXT("id", SRV_JSON_LINE, to->base.id), .required = is_new, .min = 1},
        {TEXT("name", SRV_JSON_LINE, to->base.name), .required = is_new, .min = 1, .max = CM_NAME_CHARS,
         .ret_given = &fields->given.name},
        {TEXT("class_id", SRV_JSON_LINE, to->base.class_id), .required = is_new, .min = 1,
         .ret_given = &fields->given.class_id},
        {TEXT("roll_number", SRV_JSON_LINE, to->roll_number), .nullable = true,
         .ret_given = &fields->given.roll_number},
        {TEXT("parent_name", SRV_JSON_LINE, to->parent_name), .nullable = true, .max = CM_NAME_CHARS,
         .ret_given = &fields->given.parent_name},
        {TEXT("parent_phone", SRV_JSON_LINE, phone), .nullable = true,
         .ret_given = &fields->given.parent_phone},
        {TEXT("parent_email", SRV_JSON_LINE, to->parent_email), .nullable = true,
         .ret_given = &fields->given.parent_email},
        {TEXT("note", SRV_JSON_NOTE, to->note), .nullable = true, .ret_given = &fields->given.note},
        {FIELD("joined", SRV_JSON_DATE, &to->joined_date), .ret_given = &fields->given.joined},
        {TEXT("nickname", SRV_JSON_LINE, to->nickname), .nullable = true,
         .ret_given = &fields->given.nickname},
        {FIELD("board_hidden", SRV_JSON_BOOL, &to->board_hidden), .ret_given = &fields->given.board_hidden},
        {FIELD("accommodation", SRV_JSON_BOOL, &to->base.accommodation),
         .ret_given = &fields->given.accommodation},
        {FIELD("archived", SRV_JSON_BOOL, &to->archived), .ret_given = &fields->given.archived},
    };
    /* the id comes first and only with a new student; whether he is archived comes last and only later */
    size_t first = is_new ? 0 : 1, count = sizeof table / sizeof table[0] - (is_new ? 1 : 0);
    return srv_json_body(call, table + first, count - first) &&
           (!is_new || srv_input_student_id(call, "id", to->base.id)) &&
           srv_input_phone(call, "parent_phone", phone, to->parent_phone) &&
           srv_input_email(call, "parent_email", to->parent_email);
}

static void apply(const struct fields *fields, struct srv_student *student)
{
    const struct srv_student *to = &fields->to;
    if (fields->given.name)
        strcpy(student->base.name, to->base.name);
    if (fields->given.class_id)
        strcpy(student->base.class_id, to->base.class_id);
    if (fields->given.roll_number)
        strcpy(student->roll_number, to->roll_number);
    if (fields->given.parent_name)
        strcpy(student->parent_name, to->parent_name);
    if (fields->given.parent_phone)
        strcpy(student->parent_phone, to->parent_phone);
    if (fields->given.parent_email)
        strcpy(student->parent_email, to->parent_email);
    if (fields->given.note)
        strcpy(student->note, to->note);
    if (fields->given.nickname)
        strcpy(student->nickname, to->nickname);
    if (fields->given.board_hidden)
        student->board_hidden = to->board_hidden;
    if (fields->given.accommodation)
        student->base.accommodation = to->base.accommodation;
    if (fields->given.joined)
        student->joined_date = to->joined_date;
}

static enum cm_code check_class(struct srv_store *store, struct student_write *write, struct cm_err *err)
{
    struct cm_class class_;
    enum cm_code code = srv_store_get_class(store, write->now.base.class_id, &class_, err);
    if (code != CM_NOTFOUND)
        return code;
    write->base.refusal = (struct srv_refusal){422, "invalid", "class_id"};
    return cm_fail(err, CM_INVALID, "there is no class %.60s", write->now.base.class_id);
}

/* Only one that is given is judged: what others are called may have changed since. */
static enum cm_code check_nickname(struct srv_store *store, struct student_write *write, struct cm_err *err)
{
    if (!write->fields.given.nickname)
        return CM_OK;
    enum cm_code code = srv_nickname_check(store, &write->now, err);
    if (code == CM_INVALID)
        write->base.refusal = (struct srv_refusal){422, "invalid", "nickname"};
    return code;
}

static void tell(const struct student_write *write)
{
    struct srv_live *live = write->base.app->live;
    srv_live_changes(live);
    srv_live_changed(live, "students", write->now.base.class_id, NULL);
    if (write->class_before[0] != '\0' && strcmp(write->class_before, write->now.base.class_id) != 0)
        srv_live_changed(live, "students", write->class_before, NULL);
}

static struct student_write *create(struct srv_call *call, srv_store_fn *run,
                                    void (*answer)(struct srv_call_write *), const char *id)
{
    struct student_write *write = srv_call_write_create(call, sizeof *write, run, answer);
    if (write == NULL)
        return NULL;
    const struct srv_identity *who = srv_call_identity(call);
    snprintf(write->id, sizeof write->id, "%s", id);
    snprintf(write->by, sizeof write->by, "%s", who->name[0] != '\0' ? who->name : who->user);
    write->now_ms = srv_api_now(write->base.app);
    write->today = srv_api_today(write->base.app);
    return write;
}

static void submit_if(struct student_write *write, bool fine)
{
    if (fine)
        srv_call_write_submit(&write->base);
    else
        srv_call_write_drop(&write->base);
}

/* ---- a new one ---- */

static enum cm_code run_post(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct student_write *write = arg;
    const struct srv_student *to = &write->fields.to;
    enum cm_code code = srv_store_get_student(store, to->base.id, &write->now, NULL);
    if (code == CM_OK)
        return cm_fail(err, CM_EXISTS, "there is a student %.60s already", to->base.id);
    if (code != CM_NOTFOUND)
        return cm_fail(err, code, "the student could not be looked up");
    write->now = (struct srv_student){.created_wall_ms = write->now_ms, .joined_date = write->today};
    strcpy(write->now.base.id, to->base.id);
    apply(&write->fields, &write->now);
    write->now.changed_wall_ms = write->now_ms;
    code = check_class(store, write, err);
    if (code == CM_OK)
        code = check_nickname(store, write, err);
    return code == CM_OK ? srv_store_put_student(store, &write->now, err) : code;
}

static void answer_post(struct srv_call_write *base)
{
    const struct student_write *write = (struct student_write *)base;
    tell(write);
    srv_student_answer(base->call, 201, write->now.base.id);
}

void srv_api_student_post(struct srv_call *call)
{
    struct student_write *write = create(call, run_post, answer_post, "");
    if (write != NULL)
        submit_if(write, read_fields(call, &write->fields, true));
}

/* ---- changes ---- */

static void apply_archived(struct student_write *write)
{
    bool archived = write->fields.to.archived;
    if (!write->fields.given.archived || archived == write->now.archived)
        return;
    write->now.archived = archived;
    write->now.left_date = archived ? write->today : 0;
    if (!archived && !write->fields.given.joined)
        write->now.joined_date = write->today; /* who comes back owes nothing for the time between */
}

static enum cm_code run_patch(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct student_write *write = arg;
    enum cm_code code = srv_store_get_student(store, write->id, &write->now, err);
    if (code != CM_OK)
        return code;
    strcpy(write->class_before, write->now.base.class_id);
    apply(&write->fields, &write->now);
    if (strcmp(write->class_before, write->now.base.class_id) != 0) {
        if (!write->fields.given.joined)
            write->now.joined_date = write->today;
        code = check_class(store, write, err);
    }
    if (code == CM_OK)
        code = check_nickname(store, write, err);
    apply_archived(write);
    write->now.changed_wall_ms = write->now_ms;
    return code == CM_OK ? srv_store_put_student(store, &write->now, err) : code;
}

static void answer_patch(struct srv_call_write *base)
{
    const struct student_write *write = (struct student_write *)base;
    tell(write);
    srv_student_answer(base->call, 200, write->id);
}

void srv_api_student_patch(struct srv_call *call)
{
    struct srv_student student;
    if (!srv_api_find_student(call, &student))
        return;
    struct student_write *write = create(call, run_patch, answer_patch, student.base.id);
    if (write != NULL)
        submit_if(write, read_fields(call, &write->fields, false));
}

/* ---- erasing, and taking the templates away ---- */

static enum cm_code run_erase(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct student_write *write = arg;
    enum cm_code code = srv_store_get_student(store, write->id, &write->now, err);
    return code == CM_OK ? srv_store_erase_student(store, write->id, write->by, err) : code;
}

static enum cm_code run_unenrol(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct student_write *write = arg;
    enum cm_code code = srv_store_get_student(store, write->id, &write->now, err);
    return code == CM_OK ? srv_store_put_templates(store, write->id, NULL, 0, err) : code;
}

static void answer_empty(struct srv_call_write *base)
{
    tell((struct student_write *)base);
    srv_json_answer_empty(base->call);
}

/* The store keeps nothing of him; who erased him stays in the log. */
static void answer_erased(struct srv_call_write *base)
{
    const struct student_write *write = (const struct student_write *)base;
    cm_log(CM_LOG_INFO, "api", "a student was erased", CM_STR("student", write->id),
           CM_STR("by", srv_call_identity(base->call)->user));
    answer_empty(base);
}

void srv_api_student_delete(struct srv_call *call)
{
    struct srv_student student;
    char confirm[CM_ID_SIZE] = "";
    const struct srv_json_field table[] = {{TEXT("confirm", SRV_JSON_LINE, confirm), .required = true}};
    if (!srv_api_find_student(call, &student) || !SRV_JSON_BODY(call, table))
        return;
    if (strcmp(confirm, student.base.id) != 0) {
        srv_json_invalid(call, "confirm", "to erase this student, confirm with his id");
        return;
    }
    struct student_write *write = create(call, run_erase, answer_erased, student.base.id);
    if (write != NULL)
        srv_call_write_submit(&write->base);
}

void srv_api_student_unenrol(struct srv_call *call)
{
    struct srv_student student;
    if (!srv_api_find_student(call, &student))
        return;
    struct student_write *write = create(call, run_unenrol, answer_empty, student.base.id);
    if (write != NULL)
        srv_call_write_submit(&write->base);
}

/* ---- how a student appears on the board ---- */

static void answer_profile(struct srv_call_write *base)
{
    const struct student_write *write = (struct student_write *)base;
    struct srv_reply out;
    tell(write);
    srv_reply_init(&out);
    srv_reply_begin(&out, NULL);
    srv_reply_text(&out, "nickname", write->now.nickname);
    srv_reply_bool(&out, "board_hidden", write->now.board_hidden);
    srv_reply_end(&out);
    srv_reply_answer(base->call, 200, &out);
}

void srv_api_profile_patch(struct srv_call *call)
{
    struct student_write *write =
        create(call, run_patch, answer_profile, srv_call_identity(call)->student_id);
    if (write == NULL)
        return;
    struct fields *fields = &write->fields;
    const struct srv_json_field table[] = {
        {TEXT("nickname", SRV_JSON_LINE, fields->to.nickname), .nullable = true,
         .ret_given = &fields->given.nickname, .max = 30},
        {FIELD("board_hidden", SRV_JSON_BOOL, &fields->to.board_hidden),
         .ret_given = &fields->given.board_hidden},
    };
    submit_if(write, SRV_JSON_BODY(call, table));
}
